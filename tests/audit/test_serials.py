from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from carbon_sdk.audit.events import Position
from carbon_sdk.audit.serials import NotEnough, Serials
from carbon_sdk.identifiers import address

ACCOUNTS = [address(bytes([i]) * 20) for i in range(1, 4)]
UNITS = 1 << 80
AT = Position(1, 0, "0x01")
account = st.sampled_from(ACCOUNTS)
quantity = st.integers(1, 12)


class Naive:
    """Each unit by itself: (turn in which the account got it, serial), in lists that are sorted anew each time."""

    def __init__(self) -> None:
        self.free: dict[Any, list[tuple[int, int]]] = {a: [] for a in ACCOUNTS}
        self.turn = 0

    def take(self, where: list[tuple[int, int]], quantity: int) -> list[tuple[int, int]] | None:
        where.sort()
        if len(where) < quantity:
            return None
        taken = where[:quantity]
        del where[:quantity]
        return taken

    def arrive(self, whose: Any, units: list[tuple[int, int]]) -> None:
        for _, serial in units:
            self.turn += 1
            self.free[whose].append((self.turn, serial))


class SerialsMachine(RuleBasedStateMachine):
    """The blocks must say of every unit what the naive lists say."""

    @initialize()
    def start(self) -> None:
        self.serials, self.naive = Serials(), Naive()
        self.issued = 0
        self.bound: dict[tuple[Any, bytes], list[tuple[int, int]]] = {}
        self.orders: dict[int, tuple[Any, list[tuple[int, int]]]] = {}
        self.ended: set[int] = set()
        self.next_order = 1

    @rule(to=account, quantity=quantity)
    def issue(self, to: Any, quantity: int) -> None:
        self.serials.issue(AT, to, UNITS, self.issued + 1, quantity)
        self.naive.arrive(to, [(0, self.issued + 1 + i) for i in range(quantity)])
        self.issued += quantity

    @rule(sender=account, to=account, quantity=quantity)
    def transfer(self, sender: Any, to: Any, quantity: int) -> None:
        units = self.naive.take(self.naive.free[sender], quantity)
        try:
            self.serials.transfer(AT, sender, to, UNITS, quantity)
        except NotEnough:
            assert units is None
        else:
            assert units is not None
            self.naive.arrive(to, units)

    @rule(who=account, quantity=quantity, cause=st.sampled_from((b"a", b"b")))
    def bind(self, who: Any, quantity: int, cause: bytes) -> None:
        units = self.naive.take(self.naive.free[who], quantity)
        try:
            self.serials.bind(AT, who, UNITS, 1, cause, quantity, "")
        except NotEnough:
            assert units is None
        else:
            assert units is not None
            self.bound.setdefault((who, cause), []).extend(units)

    @rule(who=account, quantity=quantity, cause=st.sampled_from((b"a", b"b")), given_up=st.booleans())
    def release(self, who: Any, quantity: int, cause: bytes, given_up: bool) -> None:
        units = self.naive.take(self.bound.get((who, cause), []), quantity)
        if units is None:
            return
        self.serials.release(AT, who, UNITS, 1, cause, quantity, "")
        if given_up:
            self.serials.cancel(AT, who, UNITS, cause, quantity, "")
            self.ended.update(serial for _, serial in units)
        else:
            self.naive.free[who].extend(units)
        assert not list(self.serials.end_transaction())

    @rule(who=account, quantity=quantity)
    def offer(self, who: Any, quantity: int) -> None:
        units = self.naive.take(self.naive.free[who], quantity)
        if units is None:
            return
        self.serials.give_to_book(who, UNITS, quantity)
        self.serials.offer(AT, who, UNITS, self.next_order, quantity)
        self.orders[self.next_order] = (who, units)
        self.next_order += 1

    @rule(pick=st.integers(0, 9), quantity=quantity, buyer=account)
    def trade(self, pick: int, quantity: int, buyer: Any) -> None:
        if not self.orders:
            return
        order = sorted(self.orders)[pick % len(self.orders)]
        units = self.naive.take(self.orders[order][1], min(quantity, len(self.orders[order][1])))
        if not units:
            return
        self.serials.trade_from_order(AT, order, self.orders[order][0], buyer, UNITS, len(units))
        self.naive.arrive(buyer, units)

    @rule(pick=st.integers(0, 9), quantity=quantity)
    def take_back(self, pick: int, quantity: int) -> None:
        if not self.orders:
            return
        order = sorted(self.orders)[pick % len(self.orders)]
        who, units = self.orders[order]
        units.sort()
        quantity = min(quantity, len(units))
        back = units[len(units) - quantity :]
        del units[len(units) - quantity :]
        self.serials.take_back(AT, who, UNITS, order, quantity)
        self.naive.free[who].extend(back)

    @invariant()
    def same_units_in_same_order(self) -> None:
        for who in ACCOUNTS:
            blocks = self.serials.blocks_of(who, UNITS)
            serials = [serial for block in blocks for serial in range(block.first, block.end)]
            assert serials == [serial for _, serial in sorted(self.naive.free[who])]

    @invariant()
    def every_life_ends_where_the_unit_is(self) -> None:
        for serial in range(1, self.issued + 1, 5):
            where, whose = self.serials.holder_of(UNITS, serial)
            if serial in self.ended:
                assert where == "cancelled"
            elif any(serial in [s for _, s in units] for units in self.naive.free.values()):
                assert where == "held"
                assert serial in [s for _, s in self.naive.free[whose]]
            else:
                assert where in ("bound", "offered")
            assert self.serials.life_of(UNITS, serial)[0].act == "issued"


TestSerials = SerialsMachine.TestCase
TestSerials.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
