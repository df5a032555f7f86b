"""Statements of accounts: what there was, what happened, what there is (R-TBL-2).

    statement = statement_of(histories, account, since=date(2021, 1, 1), until=date(2021, 12, 31))
    for part in statement.parts:
        assert part.adds_up

Balances are of what the account owns: what it holds and what its orders hold. Quantities are whole tonnes, or the
smallest unit of money.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from carbon_sdk.audit.accounts import FROZEN, Line, Owned
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.serials import is_unit
from carbon_sdk.audit.setting import reason_of
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId

_EVER = 1 << 62
_INNER = ("ordered", "returned")
"""What moves units between the account and its own orders."""


@dataclass(frozen=True, slots=True)
class Part:
    """An account's statement in one instrument.

    Attributes:
        instrument: What it is about.
        opening: What the account owned before.
        lines: What changed that, in order.
        closing: What it owned at the end.
        bound: What of it was bound at the end, by reason.
        frozen: What of it the authority had frozen at the end; may be more than there is.
    """

    instrument: InstrumentId
    opening: Owned
    lines: tuple[Line, ...]
    closing: Owned
    bound: dict[str, int]
    frozen: int

    @property
    def held(self) -> int:
        """What the account holds at the end: all but what is in orders."""
        return self.closing.total - self.closing.in_orders

    @property
    def free(self) -> int:
        """What it may move at the end."""
        return max(0, self.held - sum(self.bound.values()) - self.frozen)

    @property
    def adds_up(self) -> bool:
        """Whether opening and movements give the closing, line by line."""
        balance = self.opening.total
        for line in self.lines:
            balance += line.quantity
            if line.balance != balance:
                return False
        return balance == self.closing.total


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's statement.

    Attributes:
        account: Whose.
        chain: Chain id.
        block: The block to which the store was read.
        block_hash: Its hash.
        since: First day (UTC); None from the beginning.
        until: Last day; None to the block.
        parts: By instrument: those in which there was or is anything.
    """

    account: Address
    chain: int
    block: int
    block_hash: str
    since: date | None
    until: date | None
    parts: tuple[Part, ...]

    @property
    def adds_up(self) -> bool:
        """Whether every part does."""
        return all(part.adds_up for part in self.parts)


def statement_of(
    histories: Histories,
    account: Address,
    since: date | None = None,
    until: date | None = None,
    instruments: Sequence[int] = (),
    *,
    with_orders: bool = False,
) -> Statement:
    """The statement of an account, from histories that have caught up.

    Args:
        histories: Of the store.
        account: Whose.
        since: First day (UTC); None from the beginning.
        until: Last day, included; None up to now.
        instruments: Only these; none takes all in which there was or is anything.
        with_orders: Also the lines that move units between the account and its own orders, and change nothing.

    Raises:
        InputError: The days are in the wrong order, or the store is empty.
    """
    if since and until and until < since:
        raise InputError(f"{until} is before {since}.")
    start = _second(since) if since else 0
    end = _second(until + timedelta(days=1)) if until else _EVER
    cursor = histories.cursor()
    parts = (
        _part(histories, account, instrument, start, end, with_orders)
        for instrument in (instruments or histories.instruments_of(account))
    )
    kept = tuple(part for part in parts if instruments or _is_something(part))
    return Statement(account, histories.chain, cursor.number, f"0x{cursor.hash.hex()}", since, until, kept)


def rows_of(statement: Statement, decimals_of_money: int) -> Iterator[dict[str, str]]:
    """The statement as rows for a table or CSV: opening, movements, closing, bound; quantities as decimal text."""
    for part in statement.parts:
        decimals = 0 if is_unit(part.instrument) else decimals_of_money
        first = {"instrument": str(part.instrument)}
        yield {**first, "what": "opening", "balance": decimal(part.opening.total, decimals)}
        for line in part.lines:
            yield {
                **first,
                "when": moment(line.timestamp),
                "what": line.act,
                "quantity": decimal(line.quantity, decimals),
                "balance": decimal(line.balance, decimals),
                "counterparty": line.counterparty or "",
                "reference": line.reference,
                "transaction": line.position.transaction,
                "block": str(line.position.block),
            }
        yield {**first, "what": "closing", "balance": decimal(part.closing.total, decimals)}
        rest = {"in orders": part.closing.in_orders, **{f"bound: {why}": much for why, much in part.bound.items()}}
        for what, quantity in {**rest, "frozen": part.frozen, "free": part.free}.items():
            if quantity or what == "free":
                yield {**first, "what": what, "quantity": decimal(quantity, decimals)}


COLUMNS = (
    "instrument",
    "when",
    "what",
    "quantity",
    "balance",
    "counterparty",
    "reference",
    "transaction",
    "block",
)
"""Of `rows_of`, in order."""


def decimal(value: int, decimals: int) -> str:
    """Smallest units as decimal text, exactly."""
    if not decimals:
        return str(value)
    whole, part = divmod(abs(value), 10**decimals)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{decimals}d}"


def moment(timestamp: int) -> str:
    """Unix seconds as `2021-05-12T09:30:00Z`."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _part(histories: Histories, account: Address, instrument: int, start: int, end: int, with_orders: bool) -> Part:
    lines = tuple(
        line for line in histories.lines(account, instrument, start, end) if with_orders or line.act not in _INNER
    )
    bound = histories.bound(account, instrument, end)
    frozen = bound.pop(FROZEN, 0)
    return Part(
        InstrumentId(instrument),
        histories.owned(account, instrument, start),
        lines,
        histories.owned(account, instrument, end),
        {reason_of(reason): quantity for reason, quantity in bound.items()},
        frozen,
    )


def _is_something(part: Part) -> bool:
    return bool(part.opening.total or part.lines or part.closing.total or part.bound or part.frozen)


def _second(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
