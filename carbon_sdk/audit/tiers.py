"""Reading by tier: what a reader gets of the store's events, statements, lives of units and projects' reductions.

Which tier reads what is data: `tiers.toml` beside this module. A grant in the EvidenceRegistry on a subject (a unit, a
project) opens that one thing to its reader, until the grant ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal

from carbon_sdk.audit.credits import Project
from carbon_sdk.audit.events import Event
from carbon_sdk.audit.histories import Histories, Station
from carbon_sdk.audit.state import State
from carbon_sdk.audit.statements import Statement, statement_of
from carbon_sdk.deployment.strict_toml import Strict, load
from carbon_sdk.errors import CarbonError
from carbon_sdk.identifiers import Address, keccak

FILE = Path(__file__).with_name("tiers.toml")


class Tier(Enum):
    """Of whom reads."""

    PUBLIC = "public"
    OWN_DATA = "own_data"
    COORDINATION = "coordination"
    SUPER_NODE = "super_node"


class NotInTier(CarbonError):
    """The reader's tier does not read this, and nobody granted it."""

    exit_code = 2


class _Tier(Strict):
    whole: list[str]
    partly: dict[str, list[str]]
    own: bool
    statements: Literal["none", "own", "all"]
    lives: Literal["granted", "own", "all"]
    reductions: Literal["granted", "own", "all"]


class _Tiers(Strict):
    public: _Tier
    own_data: _Tier
    coordination: _Tier
    super_node: _Tier


@cache
def _tiers() -> _Tiers:
    return load(_Tiers, FILE)[0]


def unit_subject(instrument: int, serial: int) -> bytes:
    """What a document on one unit is filed under."""
    return keccak(b"carbon.unit" + int(instrument).to_bytes(32, "big") + serial.to_bytes(32, "big"))


def project_subject(project: int) -> bytes:
    """What a document on one project is filed under."""
    return keccak(b"carbon.project" + project.to_bytes(32, "big"))


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads.

    Attributes:
        tier: As whom.
        accounts: Its own.
        grants: (subject, who granted) of documents granted to it, the grant being in force. It opens the thing only
            where who granted holds it now: anybody can file a document on anything.
    """

    tier: Tier
    accounts: frozenset[Address] = frozenset()
    grants: frozenset[tuple[bytes, Address]] = frozenset()


@dataclass(frozen=True, slots=True)
class Reductions:
    """What was verified of a project, in tonnes, by monitoring report: (first day, last day, verified, issued)."""

    project: int
    proponent: Address
    verified: int
    issued: int
    reports: tuple[tuple[int, int, int, int], ...]


class TieredReader:
    """The read side of a store as one reader has it.

    Args:
        histories: Caught up.
        reader: Who reads.
    """

    def __init__(self, histories: Histories, reader: Reader) -> None:
        self._histories = histories
        self._reader = reader
        self._tier: _Tier = getattr(_tiers(), reader.tier.value)

    def events(self, *, after: int = -1, until: int | None = None) -> Iterator[Event]:
        """All events in order, each as far as the reader may see it."""
        for event in self._histories.store.events(self._histories.chain, after=after, until=until):
            yield self.seen(event)

    def seen(self, event: Event) -> Event:
        """One event without the values that are not the reader's to see."""
        tier, name = self._tier, f"{event.contract}.{event.name}"
        if tier.own and self._reader.accounts and _names(event.args) & self._reader.accounts:
            return event
        if name in tier.partly:
            return event._replace(args={key: event.args[key] for key in tier.partly[name] if key in event.args})
        if {name, f"{event.contract}.*", "*.*"} & set(tier.whole):
            return event
        return event._replace(args={})

    def statement(self, account: Address, since: date | None = None, until: date | None = None) -> Statement:
        """An account's statement. Raises NotInTier."""
        self._require(self._tier.statements, account in self._reader.accounts, f"the statement of {account}")
        return statement_of(self._histories, account, since, until)

    def life(self, instrument: int, serial: int) -> list[Station]:
        """Origin and stations of a unit: whoever holds it now, or was granted it. Raises NotInTier."""
        what = f"the origin of unit {serial} of {instrument}"
        granters = self._granters(unit_subject(instrument, serial))
        if self._tier.lives == "granted" and not granters:  # nor is told whether there is such a unit
            self._require("none", False, what)
        life = self._histories.life(instrument, serial)
        holder = life[-1].movement.holder
        own = holder in self._reader.accounts and self._tier.lives == "own"
        self._require(self._tier.lives, own or holder in granters, what)
        return life

    def reductions(self, state: State, project: int) -> Reductions:
        """What was verified of a project: its proponent, or whoever was granted it. Raises NotInTier."""
        known: Project | None = state.credits.projects.get(project)
        owned = known is not None and known.proponent in self._reader.accounts and self._tier.reductions == "own"
        granted = known is not None and known.proponent in self._granters(project_subject(project))
        self._require(self._tier.reductions, owned or granted, f"what was verified of project {project}")
        if known is None:
            raise NotInTier(f"There is no project {project}.")
        rows = tuple(
            (one.first_day, one.last_day, one.verified, one.issued) for one in known.reports.values() if one.stands
        )
        return Reductions(project, known.proponent, sum(row[2] for row in rows), known.issued, rows)

    def _granters(self, subject: bytes) -> frozenset[Address]:
        return frozenset(granter for about, granter in self._reader.grants if about == subject)

    def _require(self, rule: str, own: bool, what: str) -> None:
        if rule == "all" or own:
            return
        raise NotInTier(
            f"The tier {self._reader.tier.value} does not read {what}. Its holder can grant it: carbon evidence grant."
        )


def _names(args: Mapping[str, Any]) -> frozenset[str]:
    """Every address in an event, however deep."""
    found: set[str] = set()

    def look(value: object) -> None:
        if isinstance(value, str) and value.startswith("0x") and len(value) == 42:
            found.add(value)
        elif isinstance(value, Mapping):
            for one in value.values():
                look(one)
        elif isinstance(value, (tuple, list)):
            for one in value:
                look(one)

    look(args)
    return frozenset(found)
