"""A scheme's rules of transfer as data: `[transfers]` and `[[transfer_types]]` of its file."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal

from pydantic import Field, model_validator

from carbon_sdk.contracts.generated.enums import AccountKind, BusinessHours, Counterparty
from carbon_sdk.contracts.generated.structs import Calendar, TransferType, TrustRules
from carbon_sdk.deployment.strict_toml import Strict

ALWAYS = 2**32 - 1
"""Of `TransferType.cancellable`: until it is completed."""
EPOCH = date(1970, 1, 1)
_HOUR, _DAY = 3600, 86_400
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_RESTRICTIONS = ("no-trade", "no-transfer", "no-receipt", "no-surrender")

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Restricted = Literal["no-trade", "no-transfer", "no-receipt", "no-surrender"]
Kind = Literal[
    "any",
    "operator",
    "trader",
    "verifier",
    "certification-authority",
    "settlement-bank",
    "platform-operator",
    "registry-operator",
    "project-proponent",
    "supporter",
    "government",
]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Approvals = Annotated[int, Field(ge=1, le=2)]
WorkingDays = Annotated[int, Field(ge=0, le=60)]
Hours = Annotated[int, Field(ge=0, le=24 * 366)]
Days = Annotated[int, Field(ge=0, le=3660)]
Most = Annotated[int, Field(ge=0, lt=2**96)]


class TransfersTable(Strict):
    """`[transfers]`: business hours, trusted accounts, and what moves by which set."""

    units: Name
    money: Name
    utc_offset_seconds: Annotated[int, Field(gt=-86400, lt=86400)]
    opens: time
    closes: time
    weekdays: tuple[Weekday, ...] = Field(strict=False, min_length=1)
    holidays: tuple[date, ...] = Field(strict=False)
    trust_approvals: Approvals
    trust_working_days: WorkingDays
    trust_delay_hours: Hours = 0

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> TransfersTable:
        if self.opens >= self.closes:
            raise ValueError(f"business hours end at {self.closes}, before they begin at {self.opens}")
        return self

    @property
    def calendar(self) -> Calendar:
        """As the contract takes it."""
        days = sum(1 << _WEEKDAYS.index(name) for name in set(self.weekdays))
        return Calendar(self.utc_offset_seconds, _second(self.opens), _second(self.closes), days)

    @property
    def trust_rules(self) -> TrustRules:
        """As the contract takes them."""
        return TrustRules(self.trust_approvals, self.trust_working_days, self.trust_delay_hours * _HOUR)

    @property
    def holiday_numbers(self) -> list[int]:
        """Civil days since 1970-01-01."""
        return [(day - EPOCH).days for day in self.holidays]


class TransferTypeTable(Strict):
    """`[[transfer_types]]`: one type; a set's types are tried in the order of the file."""

    rules: Name
    senders: tuple[Kind, ...] = Field(strict=False, min_length=1)
    receivers: tuple[Kind, ...] = Field(strict=False, min_length=1)
    counterparty: Literal["any", "listed", "not-listed", "same-owner"] = "any"
    opt_in: bool = False
    approvals: Approvals
    delay_hours: Hours = 0
    working_days: WorkingDays = 0
    business_hours: Literal["ignored", "executed", "proposed"] = "ignored"
    forbidden_under: tuple[Restricted, ...] = Field(("no-transfer",), strict=False)
    cancellable_hours: Hours | None = None
    reversible_days: Days = 0
    expiry_days: Days = 0
    most: Most = 0
    most_per_day: Most = 0

    @model_validator(mode="after")
    def _units_come_free(self) -> TransferTypeTable:
        if self.cancellable_hours is not None and not self.expiry_days:
            raise ValueError("where an account cannot always take a transfer back, give expiry_days")
        return self

    @property
    def type(self) -> TransferType:
        """As the contract takes it."""
        return TransferType(
            from_kinds=_kinds(self.senders),
            to_kinds=_kinds(self.receivers),
            counterparty=Counterparty[self.counterparty.upper().replace("-", "_")],
            opt_in=self.opt_in,
            approvals=self.approvals,
            working_days=self.working_days,
            within=BusinessHours[self.business_hours.upper()],
            forbidding=sum(1 << _RESTRICTIONS.index(name) for name in set(self.forbidden_under)),
            delay=self.delay_hours * _HOUR,
            cancellable=ALWAYS if self.cancellable_hours is None else self.cancellable_hours * _HOUR,
            reversible=self.reversible_days * _DAY,
            expiry=self.expiry_days * _DAY,
            most=self.most,
            most_per_day=self.most_per_day,
        )


def sets_of(table: TransfersTable | None, types: tuple[TransferTypeTable, ...]) -> dict[str, list[TransferType]]:
    """The sets by name, in the order of their numbers from 1.

    Raises:
        ValueError: A set that instruments move by has no types, or there are types and no `[transfers]`.
    """
    found: dict[str, list[TransferType]] = {}
    for item in types:
        found.setdefault(item.rules, []).append(item.type)
    if table is None:
        if types:
            raise ValueError("transfer_types need a table transfers")
        return {}
    for name in (table.units, table.money):
        if name not in found:
            raise ValueError(f"transfers names the rules {name}, of which there are no transfer_types")
    return found


def _kinds(names: tuple[str, ...]) -> int:
    if "any" in names:
        return sum(1 << kind for kind in AccountKind if kind is not AccountKind.NONE)
    return sum(1 << AccountKind[name.upper().replace("-", "_")] for name in set(names))


def _second(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second
