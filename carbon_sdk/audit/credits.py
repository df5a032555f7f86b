"""What the events of CreditProjects, CreditOffers and OriginRegister say: a part of the state."""

from __future__ import annotations

from dataclasses import dataclass, field

from carbon_sdk.audit.vouchers import Voucher
from carbon_sdk.identifiers import ZERO_ADDRESS, Address


@dataclass(slots=True)
class Monitoring:
    """A monitoring report."""

    first_day: int
    last_day: int
    before: int
    claimed: int
    verified: int = 0
    issued: int = 0
    state: int = 1  # 1 filed, 2 verified, 3 issued, 4 refused, 5 withdrawn

    @property
    def stands(self) -> bool:
        """Neither refused nor withdrawn."""
        return self.state < 4


@dataclass(slots=True)
class Project:
    """A crediting project."""

    proponent: Address
    document: bytes
    scope: int
    state: int = 1  # 1 listed, 2 validated, 3 registered, 4 refused, 5 withdrawn, 6 closed
    body: Address = ZERO_ADDRESS
    buffer_account: Address = ZERO_ADDRESS
    first_day: int = 0
    last_day: int = 0
    renewals: int = 0
    buffer_share: int = 0
    liable_until: int = 0
    monitored_until: int = 0
    issued: int = 0
    buffered: int = 0
    reversed: int = 0
    owed: int = 0
    reports: dict[int, Monitoring] = field(default_factory=dict)
    documents: set[bytes] = field(default_factory=set)
    """Of the designs before."""


@dataclass(slots=True)
class Offer:
    """An offer of credits."""

    seller: Address
    instrument: int
    buyer: Address
    left: int
    price: int
    expires: int
    state: int = 1  # 1 open, 2 sold, 3 withdrawn, 4 removed, 5 expired


@dataclass(slots=True)
class Purchase:
    """An application to buy credits."""

    offer: int
    buyer: Address
    quantity: int
    state: int = 1  # 1 applied, 2 confirmed, 3 declined, 4 withdrawn, 5 released, 6 removed


@dataclass(slots=True)
class Import:
    """Credits that came from another registry."""

    batch_key: bytes
    first: int
    last: int
    instrument: int
    first_serial: int


@dataclass(slots=True)
class Export:
    """Credits on their way to another registry."""

    account: Address
    instrument: int
    quantity: int
    registry: bytes
    state: int = 1  # 1 requested, 2 confirmed, 3 rejected, 4 cancelled, 5 accepted

    @property
    def is_open(self) -> bool:
        """Requested or accepted: bound."""
        return self.state in (1, 5)


@dataclass(slots=True)
class Credits:
    """CreditProjects, CreditOffers, OriginRegister."""

    projects: dict[int, Project] = field(default_factory=dict)
    bodies: dict[Address, tuple[int, int, int]] = field(default_factory=dict)
    """Body → scopes, from, until; zeros: dismissed."""
    buffers: dict[int, int] = field(default_factory=dict)
    """By instrument: what the buffer of its project has."""
    issued_in: dict[int, int] = field(default_factory=dict)
    """By instrument: what was issued for monitoring reports."""
    converted: dict[int, int] = field(default_factory=dict)
    """By instrument: what the module that converts has issued."""
    buffer_account: Address = ZERO_ADDRESS
    labels: dict[int, int] = field(default_factory=dict)
    required_labels: int = 0
    offers: dict[int, Offer] = field(default_factory=dict)
    purchases: dict[int, Purchase] = field(default_factory=dict)
    registries: dict[bytes, bool] = field(default_factory=dict)
    foreign: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    """Registry and project there → number here."""
    imports: dict[int, Import] = field(default_factory=dict)
    exports: dict[int, Export] = field(default_factory=dict)
    entries: set[bytes] = field(default_factory=set)
    """Of other registries, that confirmed an export."""
    cancelled: int = 0
    """Tonnes that ceased to exist for reversals and exports."""
    awaiting_vouchers: list[Voucher] = field(default_factory=list)
    """Purchases of this transaction whose vouchers follow; index and order of the day are not known yet."""
