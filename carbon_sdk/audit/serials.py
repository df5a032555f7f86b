"""Serial blocks: which very units an account holds, and the life of each (DESIGN: an account's oldest serials first).

The chain moves quantities; this fold says which units they were. An account's blocks stand in the order in which it got
them. What it gives, offers or has bound is taken from the front; what comes back to it without having left (an order
taken back, an encumbrance released) returns to the place that it had.

Units only, no money: nobody asks for the life of a penny, and money's blocks would shatter.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from carbon_sdk.audit.events import Position
from carbon_sdk.identifiers import Address


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
    """issued, transferred, forced, traded, offered, returned, bound, released, cancelled."""
    holder: Address
    """Who has them afterwards; who had them, for cancelled ones."""
    first: int
    size: int
    note: str


class NotEnough(Exception):
    """A queue has fewer units than an event takes."""

    def __init__(self, missing: int) -> None:
        self.missing = missing
        super().__init__(f"{missing} units are not there")


@dataclass(slots=True)
class Queue:
    """Blocks in the order in which they came."""

    blocks: list[Block] = field(default_factory=list)
    total: int = 0

    def take(self, quantity: int) -> list[Block]:
        """The oldest `quantity` units; takes what there is and raises NotEnough when that is less."""
        taken: list[Block] = []
        used, left = 0, quantity
        while left and used < len(self.blocks):
            block = self.blocks[used]
            if block.size <= left:
                taken.append(block)
                used += 1
                left -= block.size
            else:
                taken.append(block._replace(size=left))
                self.blocks[used] = Block(block.since, block.first + left, block.size - left)
                left = 0
        del self.blocks[:used]
        self.total -= quantity - left
        if left:
            self.put(taken)
            raise NotEnough(left)
        return taken

    def put(self, blocks: Iterable[Block]) -> None:
        """Put blocks where their age says, joined to neighbours that continue them."""
        for block in blocks:
            self.total += block.size
            if not self.blocks or (self.blocks[-1].since, self.blocks[-1].first) < (block.since, block.first):
                at = len(self.blocks)
                self.blocks.append(block)
            else:
                insort(self.blocks, block)
                at = self.blocks.index(block)
            self._join(at)

    def _join(self, at: int) -> None:
        for left in (at, at - 1):
            if 0 <= left < len(self.blocks) - 1:
                a, b = self.blocks[left], self.blocks[left + 1]
                if a.since == b.since and a.end == b.first:
                    self.blocks[left : left + 2] = [Block(a.since, a.first, a.size + b.size)]


@dataclass(slots=True)
class Serials:
    """Whose each unit is.

    Attributes:
        free: By account and instrument: what can be given.
        bound: By account, instrument and reason, then by cause.
        offered: By order.
        transit: What the running transaction gave to the book and has not been told yet where it went.
        ended: By instrument: what was cancelled.
        issued: By instrument: serials so far.
        journal: By instrument: every movement, in order.
    """

    free: dict[tuple[Address, int], Queue] = field(default_factory=dict)
    bound: dict[tuple[Address, int, int], dict[bytes, Queue]] = field(default_factory=dict)
    offered: dict[int, Queue] = field(default_factory=dict)
    transit: dict[tuple[Address, int], Queue] = field(default_factory=dict)
    ended: dict[int, Queue] = field(default_factory=dict)
    issued: dict[int, int] = field(default_factory=dict)
    journal: dict[int, list[Movement]] = field(default_factory=dict)
    giving_back: bytes | None = None
    """Cause for which the units were bound that this transaction releases, where it is not the release's own."""
    direct: dict[tuple[Address, Address, int], list[tuple[int, range]]] = field(default_factory=dict)
    """What the running transaction moved from account to account: quantity, and where the journal has it. A sale to
    resting orders moves the units first, and its trades tell afterwards why."""
    _clock: int = 0
    _moved: tuple[Address, Address, int, int] | None = None
    _released: tuple[Position, Address, int, bytes, list[Block]] | None = None

    # WHAT HAPPENS TO UNITS

    def issue(
        self, position: Position, account: Address, instrument: int, first: int, quantity: int, note: str = ""
    ) -> None:
        """A block comes to be."""
        self.issued[instrument] = max(self.issued.get(instrument, 0), first + quantity - 1)
        self._arrive(position, "issued", account, instrument, [Block(0, first, quantity)], note)

    def transfer(
        self, position: Position, sender: Address, receiver: Address, instrument: int, quantity: int, act: str
    ) -> None:
        """Units go from one account to another."""
        blocks = self._of(sender, instrument).take(quantity)
        start = len(self.journal.get(instrument, ()))
        self._arrive(position, act, receiver, instrument, blocks, f"from {sender}")
        places = range(start, len(self.journal.get(instrument, ())))
        self.direct.setdefault((sender, receiver, instrument), []).append((quantity, places))

    def give_to_book(self, account: Address, instrument: int, quantity: int) -> None:
        """An account hands units to the book; the events that follow say for what."""
        blocks = self._of(account, instrument).take(quantity)
        self.transit.setdefault((account, instrument), Queue()).put(blocks)

    def offer(self, position: Position, account: Address, instrument: int, order: int, quantity: int) -> None:
        """What was handed over rests as an order."""
        blocks = self._in_transit(account, instrument, quantity)
        self.offered.setdefault(order, Queue()).put(blocks)
        self._note(position, "offered", account, instrument, blocks, f"order {order:#x}")

    def trade_from_order(
        self, position: Position, order: int, buyer: Address, instrument: int, quantity: int, note: str
    ) -> None:
        """Units of a resting order are sold."""
        blocks = self.offered.get(order, Queue()).take(quantity)
        self._arrive(position, "traded", buyer, instrument, blocks, note)

    def trade_from_taker(
        self, position: Position, seller: Address, buyer: Address, instrument: int, quantity: int, note: str
    ) -> None:
        """Units of an arriving order are sold: they have gone to the buyer in this transaction, and here is why."""
        if seller == buyer:
            return  # who trades with an order of its own gives and gets the same units
        moved = self.direct.get((seller, buyer, instrument), [])
        found = next((index for index, (size, _) in enumerate(moved) if size == quantity), None)
        if found is None:
            raise NotEnough(quantity)
        _, places = moved.pop(found)
        journal = self.journal[instrument]
        for place in places:
            journal[place] = journal[place]._replace(position=position, act="traded", note=note)

    def take_back(self, position: Position, account: Address, instrument: int, order: int, quantity: int) -> None:
        """Units of an order return to its account: the youngest of them first, as the oldest are to be traded first."""
        queue = self.offered.get(order, Queue())
        kept = queue.take(max(0, queue.total - quantity))
        blocks = queue.take(quantity)
        queue.put(kept)
        if not queue.total:
            self.offered.pop(order, None)
        self._of(account, instrument).put(blocks)
        self._note(position, "returned", account, instrument, blocks, f"order {order:#x}")

    def bind(
        self, position: Position, account: Address, instrument: int, reason: int, cause: bytes, quantity: int, note: str
    ) -> None:
        """Units are bound for a reason."""
        blocks = self._of(account, instrument).take(quantity)
        self.bound.setdefault((account, instrument, reason), {}).setdefault(cause, Queue()).put(blocks)
        self._note(position, "bound", account, instrument, blocks, note)

    def release(
        self, position: Position, account: Address, instrument: int, reason: int, cause: bytes, quantity: int, note: str
    ) -> None:
        """Bound units are free again: those of the same cause first, else the oldest."""
        blocks, left = self._unbind(account, instrument, reason, cause, quantity)
        self._of(account, instrument).put(blocks)
        self._released = (position, account, instrument, cause, blocks)
        self._note(position, "released", account, instrument, blocks, note)
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
        note: str,
    ) -> None:
        """Bound units go to another account, where they are free: those of the same cause first, else the oldest."""
        blocks, left = self._unbind(account, instrument, reason, cause, quantity)
        self._arrive(position, "transferred", receiver, instrument, blocks, f"from {account}, {note}")
        self._moved = (account, receiver, instrument, quantity)
        if left:
            raise NotEnough(left)

    def moved_already(self, sender: Address, receiver: Address, instrument: int, quantity: int) -> bool:
        """Whether the transfer now told is that of bound units, told just before. Asked once."""
        told, self._moved = self._moved, None
        return told == (sender, receiver, instrument, quantity)

    def _unbind(
        self, account: Address, instrument: int, reason: int, cause: bytes, quantity: int
    ) -> tuple[list[Block], int]:
        """Bound blocks, and how many units were missing."""
        causes = self.bound.get((account, instrument, reason), {})
        cause_of_binding = cause if self.giving_back is None else self.giving_back
        blocks: list[Block] = []
        left = quantity
        for known in [cause_of_binding, *(other for other in list(causes) if other != cause_of_binding)]:
            queue = causes.get(known)
            if queue is None or not left:
                continue
            part = queue.take(min(left, queue.total))
            blocks.extend(part)
            left -= sum(block.size for block in part)
            if not queue.total:
                del causes[known]
        return blocks, left

    def cancel(
        self, position: Position, account: Address, instrument: int, cause: bytes, quantity: int, note: str
    ) -> None:
        """Units cease to be: those that were released for it just before, else the account's oldest."""
        queue = self._of(account, instrument)
        blocks = self._just_released(position, account, instrument, cause, quantity, queue)
        if blocks is None:
            blocks = queue.take(quantity)
        self.ended.setdefault(instrument, Queue()).put([block._replace(since=0) for block in blocks])
        self._note(position, "cancelled", account, instrument, blocks, note)

    def end_transaction(self) -> Iterator[str]:
        """What is left in transit when a transaction ends: nothing, or a fault."""
        for (account, instrument), queue in self.transit.items():
            if queue.total:
                yield f"{queue.total} units of {instrument:#x} of {account} went to the book for no order or trade"
        self.transit.clear()
        self.direct.clear()
        self._released = None
        self.giving_back = None

    # QUESTIONS

    def holder_of(self, instrument: int, serial: int) -> tuple[str, Address | None]:
        """Where a unit is now: held, bound, offered, cancelled or unknown; and whose it is."""
        for (account, held), queue in self.free.items():
            if held == instrument and _contains(queue, serial):
                return "held", account
        for (account, held, _), causes in self.bound.items():
            if held == instrument and any(_contains(queue, serial) for queue in causes.values()):
                return "bound", account
        life = self.life_of(instrument, serial)
        if _contains(self.ended.get(instrument, Queue()), serial):
            return "cancelled", life[-1].holder if life else None
        if life and life[-1].act == "offered":
            return "offered", life[-1].holder
        return "unknown", None

    def life_of(self, instrument: int, serial: int) -> list[Movement]:
        """Every station of one unit, in order."""
        return [
            movement
            for movement in self.journal.get(instrument, [])
            if movement.first <= serial < movement.first + movement.size
        ]

    def blocks_of(self, account: Address, instrument: int) -> list[Block]:
        """The free blocks of an account, oldest first."""
        return list(self.free.get((account, instrument), Queue()).blocks)

    # INSIDE

    def _of(self, account: Address, instrument: int) -> Queue:
        queue = self.free.get((account, instrument))
        if queue is None:
            queue = self.free[account, instrument] = Queue()
        return queue

    def _in_transit(self, account: Address, instrument: int, quantity: int) -> list[Block]:
        return self.transit.get((account, instrument), Queue()).take(quantity)

    def _arrive(
        self, position: Position, act: str, account: Address, instrument: int, blocks: list[Block], note: str
    ) -> None:
        self._clock += 1
        queue = self._of(account, instrument)
        # One arrival keeps the order in which the units were given: each block a moment later than the one before.
        end = 0
        for block in blocks:
            self._clock += block.first != end  # what continues the block before it stays one block with it
            queue.put([Block(self._clock, block.first, block.size)])
            end = block.end
        self._note(position, act, account, instrument, blocks, note)

    def _note(
        self, position: Position, act: str, holder: Address, instrument: int, blocks: list[Block], note: str
    ) -> None:
        journal = self.journal.setdefault(instrument, [])
        journal.extend(Movement(position, act, holder, block.first, block.size, note) for block in blocks)

    def _just_released(
        self, position: Position, account: Address, instrument: int, cause: bytes, quantity: int, queue: Queue
    ) -> list[Block] | None:
        if self._released is None:
            return None
        at, whose, what, why, blocks = self._released
        same = at.transaction == position.transaction and (whose, what, why) == (account, instrument, cause)
        if not same or sum(block.size for block in blocks) != quantity:
            return None
        self._released = None
        for block in blocks:
            _cut(queue, block)
        return blocks


def _contains(queue: Queue, serial: int) -> bool:
    return any(block.first <= serial < block.end for block in queue.blocks)


def _cut(queue: Queue, wanted: Block) -> None:
    """Take a certain block out of a queue that holds it, alone or as a part of another."""
    for i, block in enumerate(queue.blocks):
        if block.since == wanted.since and block.first <= wanted.first and wanted.end <= block.end:
            parts = [
                Block(block.since, block.first, wanted.first - block.first),
                Block(block.since, wanted.end, block.end - wanted.end),
            ]
            queue.blocks[i : i + 1] = [part for part in parts if part.size]
            queue.total -= wanted.size
            return
    raise NotEnough(wanted.size)
