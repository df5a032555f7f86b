from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from carbon_sdk.audit.events import Position
from carbon_sdk.audit.serials import Block, NotEnough, Queue, Serials
from carbon_sdk.audit.setting import REASONS
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

    def unbound(self, who: Any, cause: bytes, quantity: int) -> list[tuple[int, int]]:
        """Of the cause first, else of the cause with the oldest unit."""
        units: list[tuple[int, int]] = []
        while len(units) < quantity:
            known = {why: sorted(some) for (whose, why), some in self.bound.items() if whose == who and some}
            if not known:
                break
            why = cause if cause in known else min(known, key=lambda one: known[one][0])
            units += self.naive.take(self.bound[who, why], min(quantity - len(units), len(known[why]))) or []
        return units

    def bound_of(self, who: Any) -> int:
        return sum(len(units) for (whose, _), units in self.bound.items() if whose == who)

    @rule(who=account, quantity=quantity, cause=st.sampled_from((b"a", b"b", b"z")), told=st.booleans())
    def release_of_any_cause(self, who: Any, quantity: int, cause: bytes, told: bool) -> None:
        """As an application that is rejected: the release has another cause, and an event before it told which."""
        if quantity > self.bound_of(who):
            with pytest.raises(NotEnough):
                copy.deepcopy(self.serials).release(AT, who, UNITS, 1, cause, quantity)
            return
        if told:
            self.serials.giving_back = cause
        self.naive.free[who].extend(self.unbound(who, cause, quantity))
        self.serials.release(AT, who, UNITS, 1, b"why" if told else cause, quantity)
        assert not self.serials.end_transaction()

    @rule(who=account, to=account, quantity=quantity, cause=st.sampled_from((b"a", b"b", b"z")))
    def move_bound(self, who: Any, to: Any, quantity: int, cause: bytes) -> None:
        if quantity > self.bound_of(who):
            return
        units = self.unbound(who, cause, quantity)
        self.serials.move_bound(AT, who, UNITS, 1, cause, to, quantity)
        if who == to:
            self.naive.free[who].extend(units)
        else:
            assert self.serials.moved_already(who, to, UNITS, quantity)  # the TransferSingle that follows
            assert not self.serials.moved_already(who, to, UNITS, quantity)  # another one of the same size
            self.naive.arrive(to, units)
        assert not self.serials.end_transaction()

    @rule(who=account, to=account, quantity=quantity)
    def force(self, who: Any, to: Any, quantity: int) -> None:
        units = self.naive.take(self.naive.free[who], quantity) if who != to else None
        if units is None:
            return
        self.serials.because("an order")
        self.serials.transfer(AT, who, to, UNITS, quantity)
        self.serials.force(who, to, UNITS, quantity)
        self.naive.arrive(to, units)
        assert not self.serials.end_transaction()
        last = self.serials.life_of(UNITS, units[0][1])[-1]
        assert (last.act, last.former, last.holder, last.reference) == ("forced", who, to, "an order")

    @rule(who=account, buyers=st.lists(st.tuples(account, quantity), min_size=1, max_size=4), rest=st.integers(0, 5))
    def sell_to_resting_orders(self, who: Any, buyers: list[tuple[Any, int]], rest: int) -> None:
        """The ledger tells all movements first, the book then each trade; what is left rests."""
        if len(self.naive.free[who]) < sum(size for _, size in buyers) + rest:
            return
        for buyer, size in buyers:
            if buyer != who:
                self.serials.transfer(AT, who, buyer, UNITS, size)
                self.naive.arrive(buyer, self.naive.take(self.naive.free[who], size) or [])
        if rest:
            self.serials.give_to_book(who, UNITS, rest)
        for place, (buyer, size) in enumerate(buyers):
            self.serials.trade_from_taker(AT, who, buyer, UNITS, size, f"voucher {place}")
        if rest:
            self.serials.offer(AT, who, UNITS, self.next_order, rest)
            self.orders[self.next_order] = (who, self.naive.take(self.naive.free[who], rest) or [])
            self.next_order += 1
        assert not self.serials.end_transaction()

    @rule(who=account, quantity=quantity)
    def cancel(self, who: Any, quantity: int) -> None:
        units = self.naive.take(self.naive.free[who], quantity)
        if units is None:
            return
        self.serials.cancel(AT, who, UNITS, b"c", quantity)
        self.ended.update(serial for _, serial in units)
        assert not self.serials.end_transaction()

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

    @rule(pick=st.integers(0, 9), quantity=quantity, first=st.booleans())
    def replace(self, pick: int, quantity: int, first: bool) -> None:
        """What the order held pays for the next; only the difference moves, before or after that is told."""
        if not self.orders:
            return
        order = sorted(self.orders)[pick % len(self.orders)]
        who, units = self.orders[order]
        if not units or quantity > len(units) + len(self.naive.free[who]):
            return
        assert not self.serials.end_transaction()
        self.orders[order] = (who, [])
        more = quantity - len(units)
        self.naive.free[who].extend(units)
        self.serials.take_back(AT, who, UNITS, order, len(units))
        if more > 0:
            self.serials.give_to_book(who, UNITS, more)
        elif first:
            self.serials.give_back(who, UNITS, -more)
        self.serials.offer(AT, who, UNITS, self.next_order, quantity)
        if more < 0 and not first:
            self.serials.give_back(who, UNITS, -more)
        self.orders[self.next_order] = (who, self.naive.take(self.naive.free[who], quantity) or [])
        self.next_order += 1
        with pytest.raises(NotEnough):  # the book keeps nothing more of it
            copy.deepcopy(self.serials).offer(AT, who, UNITS, self.next_order, 1)
        assert not self.serials.end_transaction()

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
    def each_serial_is_in_exactly_one_place(self) -> None:
        """And where the naive lists have it, bound ones and those of orders too."""
        serials = self.serials
        queues = [*serials.free.values(), *serials.offered.values(), *serials.ended.values(), *serials.transit.values()]
        queues += [queue for causes in serials.bound.values() for queue in causes.values()]
        everywhere = sorted(
            serial for queue in queues for block in queue.blocks for serial in range(block.first, block.end)
        )
        assert everywhere == list(range(1, self.issued + 1))
        for queue in queues:
            assert queue.total == sum(block.size for block in queue.blocks)
            assert queue.blocks == sorted(queue.blocks)
        for (who, cause), units in self.bound.items():
            assert units_of(serials.bound[who, UNITS, 1].get(cause, Queue())) == sorted(serial for _, serial in units)
        for order, (who, units) in self.orders.items():
            assert units_of(serials.offered[who, UNITS, order]) == sorted(serial for _, serial in units)

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


def units_of(queue: Queue) -> list[int]:
    return sorted(serial for block in queue.blocks for serial in range(block.first, block.end))


def test_queue__of_a_hundred_thousand_blocks__takes_and_puts_back_at_once() -> None:
    count = 100_000
    queue = Queue(Block(since, 10 * since, 3) for since in range(1, count + 1))
    began = time.perf_counter()
    for turn in range(2_000):
        taken = queue.take(1)  # a part of the oldest
        late = queue.take(6)
        queue.put(late)
        queue.put(taken)  # back to its place, joined again
        queue.put([Block(count + 2 + turn, 10 * count + 20 * turn + 10, 1)])
        middle = Block(count // 2 + turn, 10 * (count // 2 + turn) + 1, 1)
        queue.cut(middle)
        queue.put([middle])
    assert time.perf_counter() - began < 3  # ten thousand acts; one that looks through all blocks takes minutes
    assert queue.total == 3 * count + 2_000
    assert queue.first == Block(1, 10, 3)


def test_reasons__of_binding__are_the_ledgers() -> None:
    from carbon_sdk.contracts.generated.enums import Reason

    assert list(REASONS[: len(Reason)]) == [
        "no reason",
        *(one.name.lower().replace("_", " ") for one in list(Reason)[1:]),
    ]


@pytest.mark.parametrize("becomes", [True, False])
def test_bound_for_conversion__of_other_units_or_of_none__is_converted_or_lapsed(becomes: bool) -> None:
    serials, who, other = Serials(), ACCOUNTS[0], UNITS | 1 << 48
    serials.issue(AT, who, UNITS, 1, 10)
    assert not serials.end_transaction()
    serials.bind(AT, who, UNITS, 8, b"c", 4)
    serials.release(AT, who, UNITS, 8, b"c", 4)
    serials.cancel(AT, who, UNITS, b"c", 4, "cause 7")
    if becomes:
        serials.issue(AT, who, other, 1, 4, "cause 7")
    assert not serials.end_transaction()
    last = serials.life_of(UNITS, 2)[-1]
    assert last.act == ("converted" if becomes else "lapsed")
    assert last.reference == ("cause 7, into allowance/0/1/0/0 1 to 4" if becomes else "cause 7")
    assert [movement.act for movement in serials.life_of(UNITS, 2)] == ["issued", "bound", last.act]
    assert serials.holder_of(UNITS, 2) == ("cancelled", who)
    assert serials.holder_of(other, 2) == (("held", who) if becomes else ("unknown", None))


def test_queue__that_lacks_units__takes_nothing() -> None:
    queue = Queue([Block(1, 1, 5)])
    with pytest.raises(NotEnough, match="2 units"):
        queue.take(7)
    assert queue.blocks == [Block(1, 1, 5)]
    for wanted in (Block(1, 5, 2), Block(2, 1, 1), Block(1, 0, 1), Block(0, 9, 1)):
        with pytest.raises(NotEnough):
            queue.cut(wanted)
    assert queue.blocks == [Block(1, 1, 5)]


def test_rules__of_units__stand_in_their_module_alone() -> None:
    """What another module did to serials, the histories in the store would not see."""
    rules = Path(__file__).parents[2] / "carbon_sdk" / "audit" / "rules"
    elsewhere = [path.name for path in rules.glob("*.py") if path.name != "units.py" and "serials" in path.read_text()]
    assert elsewhere == []


TestSerials = SerialsMachine.TestCase
TestSerials.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
