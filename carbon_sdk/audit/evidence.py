"""Evidence as events tell it. Mirror of `contracts/registry/EvidenceRegistry.sol`."""

from __future__ import annotations

from dataclasses import dataclass, field

from carbon_sdk.identifiers import Address

ASKED, GRANTED, REFUSED = 1, 2, 3
"""States of a request."""


@dataclass(slots=True)
class Document:
    """One document: whose, for which office, about what, and its versions as (commitment, Unix seconds)."""

    owner: Address
    office: int
    subject: bytes
    versions: list[tuple[bytes, int]]


@dataclass(slots=True)
class Request:
    """One request for access."""

    document: int
    party: Address
    state: int = ASKED


@dataclass(slots=True)
class Evidence:
    """All of it.

    Attributes:
        keys: Encryption keys by party, each with its Unix seconds; version 1 first.
        documents: By number.
        grants: (document, party) → (since, until), Unix seconds; until 0: without end.
        requests: By number.
        readings: How often parties said that they read, by (document, party).
    """

    keys: dict[Address, list[tuple[bytes, int]]] = field(default_factory=dict)
    documents: dict[int, Document] = field(default_factory=dict)
    grants: dict[tuple[int, Address], tuple[int, int]] = field(default_factory=dict)
    requests: dict[int, Request] = field(default_factory=dict)
    readings: dict[tuple[int, Address], int] = field(default_factory=dict)

    def is_granted(self, document: int, party: Address, at: int) -> bool:
        """Whether a grant is in force at a time."""
        since, until = self.grants.get((document, party), (0, 0))
        return since != 0 and (until == 0 or at < until)
