"""Serial blocks: which very units an account holds, and the life of each (DESIGN: an account's oldest serials first).

The chain moves quantities; this fold says which units they were. An account's blocks stand in the order in which it got
them. What it gives, offers or has bound is taken from the front; what comes back to it without having left (an order
taken back, an encumbrance released) returns to the place that it had.

Units only, no money: nobody asks for the life of a penny, and money's blocks would shatter.

What events do to units is in `rules/units.py`. The life of any unit is asked of `histories.Histories`, which keeps
it in the event store.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from carbon_sdk.audit.events import Position
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId, OrderId

ENDS = {1: "surrendered", 8: "converted", 10: "exported"}
"""How units end that were bound for a reason of `IInstrumentLedger`; others are cancelled."""


VOUCHED = ("surrendered", "cancelled")
"""Ends that the ComplianceDesk gives a voucher for."""


class Block(NamedTuple):
    """Serials `first` to `first + size − 1`, since when the account has had them (a running number)."""

    since: int
    first: int
    size: int

    @property
    def end(self) -> int:
        """The serial after the last."""
        return self.first + self.size


class Movement(NamedTuple):
    """One station in the life of a block of serials."""

    position: Position
    act: str
    """issued, transferred, forced, traded, offered, returned, bound, released; surrendered, converted, lapsed,
    exported, cancelled."""
    holder: Address
    """Who has them afterwards; who had them, for those that ended."""
    former: Address | None
    """Who had them before, where another account had."""
    first: int
    size: int
    reference: str
    """Voucher, order, application, cause."""

    @property
    def last(self) -> int:
        """The last serial."""
        return self.first + self.size - 1


class NotEnough(Exception):
    """A queue has fewer units than an event takes."""

    def __init__(self, missing: int) -> None:
        self.missing = missing
        super().__init__(f"{missing} units are not there")


class Queue:
    """Blocks in the order in which they came: their age, then their first serial."""

    __slots__ = ("_blocks", "_head", "changed", "total")

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self._blocks = list(blocks)  # those before `_head` are gone: taking from the front moves nothing
        self._head = 0
        self.total = sum(block.size for block in self._blocks)
        self.changed = False

    @property
    def blocks(self) -> list[Block]:
        """A copy, oldest first."""
        return self._blocks[self._head :]

    @property
    def first(self) -> Block:
        """The oldest."""
        return self._blocks[self._head]

    def __len__(self) -> int:
        return len(self._blocks) - self._head

    def take(self, quantity: int) -> list[Block]:
        """The oldest `quantity` units. Raises NotEnough, and takes nothing, when there are fewer."""
        if quantity > self.total:
            raise NotEnough(quantity - self.total)
        blocks, at = self._blocks, self._head
        taken: list[Block] = []
        left = quantity
        while left:
            block = blocks[at]
            if block.size <= left:
                taken.append(block)
                at += 1
                left -= block.size
            else:
                taken.append(Block(block.since, block.first, left))
                blocks[at] = Block(block.since, block.first + left, block.size - left)
                left = 0
        self._head = at
        if at > 32 and at * 2 > len(blocks):
            del blocks[:at]
            self._head = 0
        self.total -= quantity
        self.changed = True
        return taken

    def put(self, blocks: Iterable[Block]) -> None:
        """Put blocks where their age says, joined to neighbours that continue them."""
        own = self._blocks
        self.changed = True
        for block in blocks:
            self.total += block.size
            at = len(own)
            if at > self._head and own[-1] > block:
                at = bisect_left(own, block, self._head)
            since, first, size = block
            if at > self._head:
                before = own[at - 1]
                if before.since == since and before.first + before.size == first:
                    at -= 1
                    first, size = before.first, before.size + size
                    del own[at]
            if at < len(own):
                after = own[at]
                if after.since == since and first + size == after.first:
                    size += after.size
                    del own[at]
            own.insert(at, Block(since, first, size))

    def cut(self, wanted: Block) -> None:
        """Take a certain block out, alone or as a part of another. Raises NotEnough."""
        own = self._blocks
        at = bisect_left(own, (wanted.since, wanted.first + 1), self._head) - 1
        held = own[at] if at >= self._head else None
        if held is None or held.since != wanted.since or wanted.end > held.end:
            raise NotEnough(wanted.size)
        parts = (
            Block(held.since, held.first, wanted.first - held.first),
            Block(held.since, wanted.end, held.end - wanted.end),
        )
        own[at : at + 1] = [part for part in parts if part.size]
        self.total -= wanted.size
        self.changed = True

    def has(self, serial: int) -> bool:
        """Whether a serial is in it."""
        return any(block.first <= serial < block.end for block in self.blocks)


K = TypeVar("K")
V = TypeVar("V")


class Places(dict[K, V], Generic[K, V]):
    """Where units are, by place; what is not in memory comes from `load`."""

    def __init__(self, load: Callable[[K], V]) -> None:
        super().__init__()
        self.load = load

    def __missing__(self, key: K) -> V:
        found = self[key] = self.load(key)
        return found


FreeAt = tuple[Address, int]
BoundAt = tuple[Address, int, int]
OfferedAt = tuple[Address, int, int]


def _free() -> Places[FreeAt, Queue]:
    return Places(lambda _: Queue())


def _bound() -> Places[BoundAt, dict[bytes, Queue]]:
    return Places(lambda _: {})


def _offered() -> Places[OfferedAt, Queue]:
    return Places(lambda _: Queue())


@dataclass(slots=True)
class Serials:
    """Whose each unit is.

    Attributes:
        free: By account and instrument: what can be given.
        bound: By account, instrument and reason, then by cause.
        offered: By account, instrument and order.
        transit: What the running transaction gave to the book and has not been told yet where it went.
        kept: What orders held that left the book in the running transaction, as far as it has not given it back.
        ended: By instrument: what was cancelled.
        issued: By instrument: serials so far.
        journal: By instrument: every movement, in order; as long as there is no `sink`.
        sink: Who gets each transaction's movements when it ends, instead of the journal in memory.
        told: Instrument and movement: what the running transaction did.
        clock: A running number: the age of the block that came last.
        giving_back: Cause for which the units were bound that this transaction releases, where it is not the one told.
    """

    free: Places[FreeAt, Queue] = field(default_factory=_free)
    bound: Places[BoundAt, dict[bytes, Queue]] = field(default_factory=_bound)
    offered: Places[OfferedAt, Queue] = field(default_factory=_offered)
    transit: dict[tuple[Address, int], Queue] = field(default_factory=dict)
    kept: dict[tuple[Address, int], int] = field(default_factory=dict)
    ended: dict[int, Queue] = field(default_factory=dict)
    issued: dict[int, int] = field(default_factory=dict)
    journal: dict[int, list[Movement]] = field(default_factory=dict)
    sink: Callable[[list[tuple[int, Movement]]], None] | None = None
    told: list[tuple[int, Movement]] = field(default_factory=list)
    clock: int = 0
    giving_back: bytes | None = None
    _direct: dict[tuple[Address, Address, int], list[tuple[int, range]]] = field(default_factory=dict)
    """What the running transaction moved from account to account: quantity, and where `told` has it. A sale to resting
    orders moves the units first, and its trades tell afterwards why."""
    _cancelled: list[range] = field(default_factory=list)
    """Where `told` has cancellations."""
    _vouchers: list[Callable[[int, bool], str]] = field(default_factory=list)
    _because: str = ""
    _conversion: str = ""
    _moved: tuple[Address, Address, int, int] | None = None
    _released: tuple[Address, int, int, bytes, list[Block], range] | None = None

    # WHAT HAPPENS TO UNITS

    def issue(
        self, position: Position, account: Address, instrument: int, first: int, quantity: int, reference: str = ""
    ) -> None:
        """A block comes to be."""
        self.issued[instrument] = max(self.issued.get(instrument, 0), first + quantity - 1)
        reference = self._conversion or reference
        self._conversion = ""
        self._arrive(position, "issued", account, None, instrument, [Block(0, first, quantity)], reference)

    def transfer(
        self,
        position: Position,
        sender: Address,
        receiver: Address,
        instrument: int,
        quantity: int,
        reference: str = "",
    ) -> None:
        """Units go from one account to another."""
        blocks = self.free[sender, instrument].take(quantity)
        places = self._arrive(position, "transferred", receiver, sender, instrument, blocks, reference)
        self._direct.setdefault((sender, receiver, instrument), []).append((quantity, places))

    def force(self, sender: Address, receiver: Address, instrument: int, quantity: int) -> None:
        """The transfer just told was the authority's."""
        for _, places in reversed(self._direct.get((sender, receiver, instrument), [])):
            if sum(self.told[place][1].size for place in places) == quantity:
                self._retell(places, act="forced")
                return

    def converting(self, reference: str) -> None:
        """What the next block of this transaction is issued for: units of another instrument, given up for it."""
        self._conversion = reference

    def because(self, reference: str) -> None:
        """Why the authority moves units in this transaction."""
        self._because = reference

    def give_to_book(self, account: Address, instrument: int, quantity: int) -> None:
        """An account hands units to the book; the events that follow say for what."""
        self._released = None
        blocks = self.free[account, instrument].take(quantity)
        self.transit.setdefault((account, instrument), Queue()).put(blocks)

    def offer(self, position: Position, account: Address, instrument: int, order: int, quantity: int) -> None:
        """What was handed over rests as an order, with what the book kept of orders that left it just before."""
        key = (account, instrument)
        handed = self.transit.get(key, Queue())
        kept = min(self.kept.get(key, 0), max(0, quantity - handed.total))
        blocks = handed.take(quantity - kept)
        if kept:
            self.kept[key] -= kept
            blocks += self.free[key].take(kept)  # to which they have returned
        # An order is placed once: nothing is looked up for it.
        self.offered.setdefault((account, instrument, order), Queue()).put(blocks)
        self._note(position, "offered", account, None, instrument, blocks, f"order {OrderId(order)}")

    def give_back(self, account: Address, instrument: int, quantity: int) -> None:
        """The book gives units: of an order that left it, told before, or bought, which a trade tells."""
        key = (account, instrument)
        if key in self.kept:
            self.kept[key] = max(0, self.kept[key] - quantity)

    def trade_from_order(
        self,
        position: Position,
        order: int,
        seller: Address,
        buyer: Address,
        instrument: int,
        quantity: int,
        reference: str = "",
    ) -> None:
        """Units of a resting order are sold."""
        queue = self.offered[seller, instrument, order]
        blocks = queue.take(quantity)
        if not queue.total:
            del self.offered[seller, instrument, order]
        self._arrive(position, "traded", buyer, seller, instrument, blocks, reference)

    def trade_from_taker(
        self,
        position: Position,
        seller: Address,
        buyer: Address,
        instrument: int,
        quantity: int,
        reference: str = "",
    ) -> None:
        """Units of an arriving order are sold: they have gone to the buyer in this transaction, and here is why."""
        if seller == buyer:
            return  # who trades with an order of its own gives and gets the same units
        moved = self._direct.get((seller, buyer, instrument), [])
        found = next((index for index, (size, _) in enumerate(moved) if size == quantity), None)
        if found is None:
            raise NotEnough(quantity)
        _, places = moved.pop(found)
        self._retell(places, position=position, act="traded", reference=reference)

    def take_back(self, position: Position, account: Address, instrument: int, order: int, quantity: int) -> None:
        """Units of an order return to its account: the youngest of them first, as the oldest are to be traded first."""
        if not quantity:
            return
        key = (account, instrument, order)
        queue = self.offered[key]
        if quantity > queue.total:
            raise NotEnough(quantity - queue.total)
        kept = queue.take(queue.total - quantity)
        blocks = queue.take(quantity)
        queue.put(kept)
        if not queue.total:
            del self.offered[key]
        self.free[account, instrument].put(blocks)
        self.kept[account, instrument] = self.kept.get((account, instrument), 0) + quantity
        self._note(position, "returned", account, None, instrument, blocks, f"order {OrderId(order)}")

    def bind(
        self,
        position: Position,
        account: Address,
        instrument: int,
        reason: int,
        cause: bytes,
        quantity: int,
        reference: str = "",
    ) -> None:
        """Units are bound for a reason."""
        blocks = self.free[account, instrument].take(quantity)
        self.bound[account, instrument, reason].setdefault(cause, Queue()).put(blocks)
        self._note(position, "bound", account, None, instrument, blocks, reference)

    def release(
        self,
        position: Position,
        account: Address,
        instrument: int,
        reason: int,
        cause: bytes,
        quantity: int,
        reference: str = "",
    ) -> None:
        """Bound units are free again: those of the same cause first, else the oldest."""
        blocks, left = self._unbind(account, instrument, reason, cause, quantity)
        self.free[account, instrument].put(blocks)
        told = self._note(position, "released", account, None, instrument, blocks, reference)
        self._released = (account, instrument, reason, cause, blocks, told)
        if left:
            raise NotEnough(left)

    def move_bound(
        self,
        position: Position,
        account: Address,
        instrument: int,
        reason: int,
        cause: bytes,
        receiver: Address,
        quantity: int,
        reference: str = "",
    ) -> None:
        """Bound units go to another account, where they are free: those of the same cause first, else the oldest."""
        blocks, left = self._unbind(account, instrument, reason, cause, quantity)
        if receiver == account:  # they have not left: back to the place that they had
            self.free[account, instrument].put(blocks)
            self._note(position, "released", account, None, instrument, blocks, reference)
        else:
            self._arrive(position, "transferred", receiver, account, instrument, blocks, reference)
            self._moved = (account, receiver, instrument, quantity)
        if left:
            raise NotEnough(left)

    def moved_already(self, sender: Address, receiver: Address, instrument: int, quantity: int) -> bool:
        """Whether the transfer now told is that of bound units, told just before. Asked once."""
        told, self._moved = self._moved, None
        return told == (sender, receiver, instrument, quantity)

    def cancel(
        self, position: Position, account: Address, instrument: int, cause: bytes, quantity: int, reference: str = ""
    ) -> None:
        """Units cease to be: those that were released for it just before, else the account's oldest."""
        reason, blocks = self._just_released(account, instrument, cause, quantity)
        if blocks is None:
            blocks = self.free[account, instrument].take(quantity)
        self.ended.setdefault(instrument, Queue()).put([block._replace(since=0) for block in blocks])
        act = ENDS.get(reason, "cancelled")
        told = self._note(position, act, account, None, instrument, blocks, reference)
        if act in VOUCHED:
            self._cancelled.append(told)

    def voucher(self, code_of: Callable[[int, bool], str]) -> None:
        """A voucher of this transaction's surrenders or cancellations, which have theirs in order.

        Args:
            code_of: Its code for an instrument, and whether it was surrendered.
        """
        self._vouchers.append(code_of)

    def end_transaction(self) -> list[str]:
        """What is left in transit when a transaction ends: nothing, or a fault. Hands its movements on."""
        left = [
            f"{queue.total} units of {instrument:#x} of {account} went to the book for no order or trade"
            for (account, instrument), queue in self.transit.items()
            if queue.total
        ]
        self.transit.clear()
        self.kept.clear()
        if self.told:
            self._refer()
            if self.sink:
                self.sink(self.told)
            else:
                for instrument, movement in self.told:
                    self.journal.setdefault(instrument, []).append(movement)
            self.told = []
        self._direct.clear()
        self._conversion = ""
        self._cancelled.clear()
        self._vouchers.clear()
        self._because = ""
        self._released = self._moved = self.giving_back = None
        return left

    def direct_transfers(self) -> Iterator[tuple[Address, Address, int, int]]:
        """Sender, receiver, instrument, quantity: what the running transaction moved between accounts by no trade."""
        for (sender, receiver, instrument), several in self._direct.items():
            for quantity, _ in several:
                yield sender, receiver, instrument, quantity

    # QUESTIONS: by looking through everything; `histories.Histories` answers at once

    def holder_of(self, instrument: int, serial: int) -> tuple[str, Address | None]:
        """Where a unit is now: held, bound, offered, cancelled or unknown; and whose it is."""
        for (account, held), queue in self.free.items():
            if held == instrument and queue.has(serial):
                return "held", account
        for (account, held, _), causes in self.bound.items():
            if held == instrument and any(queue.has(serial) for queue in causes.values()):
                return "bound", account
        for (account, held, _), queue in self.offered.items():
            if held == instrument and queue.has(serial):
                return "offered", account
        if instrument in self.ended and self.ended[instrument].has(serial):
            life = self.life_of(instrument, serial)
            return "cancelled", life[-1].holder if life else None
        return "unknown", None

    def life_of(self, instrument: int, serial: int) -> list[Movement]:
        """Every station of one unit, in order, as far as the journal is kept."""
        running = [movement for what, movement in self.told if what == instrument]
        return [
            movement
            for movement in [*self.journal.get(instrument, []), *running]
            if movement.first <= serial <= movement.last
        ]

    def blocks_of(self, account: Address, instrument: int) -> list[Block]:
        """The free blocks of an account, oldest first."""
        return self.free[account, instrument].blocks

    # INSIDE

    def _unbind(
        self, account: Address, instrument: int, reason: int, cause: bytes, quantity: int
    ) -> tuple[list[Block], int]:
        """Bound blocks, and how many units were missing."""
        causes = self.bound[account, instrument, reason]
        cause_of_binding = cause if self.giving_back is None else self.giving_back
        blocks: list[Block] = []
        left = quantity
        known: bytes | None = cause_of_binding if cause_of_binding in causes else _oldest(causes)
        while left and known is not None:
            queue = causes[known]
            part = queue.take(min(left, queue.total))
            blocks.extend(part)
            left -= sum(block.size for block in part)
            if not queue.total:
                del causes[known]
            known = _oldest(causes)
        return blocks, left

    def _arrive(
        self,
        position: Position,
        act: str,
        account: Address,
        former: Address | None,
        instrument: int,
        blocks: list[Block],
        reference: str,
    ) -> range:
        self.clock += 1
        queue = self.free[account, instrument]
        # One arrival keeps the order in which the units were given: each block a moment later than the one before.
        end = 0
        for block in blocks:
            self.clock += block.first != end  # what continues the block before it stays one block with it
            queue.put((Block(self.clock, block.first, block.size),))
            end = block.end
        return self._note(position, act, account, former, instrument, blocks, reference)

    def _note(
        self,
        position: Position,
        act: str,
        holder: Address,
        former: Address | None,
        instrument: int,
        blocks: list[Block],
        reference: str,
    ) -> range:
        """Tell the movement of blocks, those that continue each other as one; returns where `told` has it."""
        start = len(self.told)
        first = end = 0
        for block in blocks:
            if block.first != end:
                if end:
                    self.told.append(
                        (instrument, Movement(position, act, holder, former, first, end - first, reference))
                    )
                first = block.first
            end = block.first + block.size
        if end:
            self.told.append((instrument, Movement(position, act, holder, former, first, end - first, reference)))
        return range(start, len(self.told))

    def _retell(self, places: Iterable[int], **changed: object) -> None:
        for place in places:
            instrument, movement = self.told[place]
            self.told[place] = (instrument, movement._replace(**changed))  # type: ignore[arg-type]

    def _just_released(
        self, account: Address, instrument: int, cause: bytes, quantity: int
    ) -> tuple[int, list[Block] | None]:
        """The reason and the blocks of a release that was a step of this cancellation."""
        if self._released is None:
            return 0, None
        whose, what, reason, why, blocks, told = self._released
        if (whose, what, why) != (account, instrument, cause) or sum(block.size for block in blocks) != quantity:
            return 0, None
        self._released = None
        if told.stop != len(self.told):
            return 0, None  # something else happened meanwhile
        for block in blocks:
            self.free[account, instrument].cut(block)
        del self.told[told.start :]  # they were not free again: their end follows
        return reason, blocks

    def _refer(self) -> None:
        """Give references that were told before or after the movements themselves."""
        for places, code_of in zip(self._cancelled, self._vouchers, strict=False):
            for place in places:
                instrument, movement = self.told[place]
                code = code_of(instrument, movement.act == "surrendered")
                self._retell((place,), reference=f"{movement.reference}, voucher {code}")
        self._convert()
        if self._because:
            forced = [place for place, (_, movement) in enumerate(self.told) if movement.act == "forced"]
            self._retell(forced, reference=self._because)

    def _convert(self) -> None:
        """What was bound for conversion became units of another instrument for the same cause, or nothing."""
        places = [place for place, (_, movement) in enumerate(self.told) if movement.act == "converted"]
        became = {
            movement.reference: f"{InstrumentId(instrument)} {movement.first} to {movement.last}"
            for instrument, movement in (self.told if places else ())
            if movement.act == "issued"
        }
        for place in places:
            reference = self.told[place][1].reference
            if reference in became:
                self._retell((place,), reference=f"{reference}, into {became[reference]}")
            else:
                self._retell((place,), act="lapsed")


def _oldest(causes: dict[bytes, Queue]) -> bytes | None:
    """The cause under which the oldest units are bound."""
    return min(causes, key=lambda cause: causes[cause].first, default=None)


def is_unit(instrument: int) -> bool:
    """Whether an instrument's units have serials: all but money."""
    return instrument >> 80 != InstrumentClass.MONEY
