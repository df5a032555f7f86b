"""A replay's own account of who holds what, compared with the contracts after every batch of acts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.scheme import Scheme

Place = tuple[Address, int]
"""An account and an instrument."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that the contracts contradict.

    Attributes:
        block: At which.
        instrument: Of what.
        account: Whose holding; None for the supply.
        expected: By the books, in tonnes; of a supply, what the holdings add up to.
        found: In the ledger; of a supply, issued less cancelled.
    """

    block: int
    instrument: InstrumentId
    account: Address | None
    expected: int
    found: int


@dataclass
class Books:
    """What the acts that succeeded add up to, and what the ledger says.

    Attributes:
        scheme: The contracts.
        held: Tonnes by account and instrument, as they should be.
        steps: Comparisons so far, each after a batch of acts.
        figures: Holdings and supplies that were compared.
        differences: What did not fit.
    """

    scheme: Scheme
    held: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    steps: int = 0
    figures: int = 0
    differences: list[Difference] = field(default_factory=list)
    _seen: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    _supply: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _touched: dict[Place, None] = field(default_factory=dict)

    def move(self, sender: Address | None, receiver: Address, instrument: int, tonnes: int) -> None:
        """Note a transfer that was done, or without a sender an issue."""
        if sender is not None:
            self.held[sender, instrument] -= tonnes
            self._touched[sender, instrument] = None
        self.held[receiver, instrument] += tonnes
        self._touched[receiver, instrument] = None

    def touch(self, account: Address, instrument: int) -> None:
        """Compare this holding, too, the next time: something was refused that would have changed it."""
        self._touched[account, instrument] = None

    def compare(self, block: int) -> None:
        """Ask the ledger for every holding that was touched, and whether holdings add up to supplies.

        What the ledger says is added up, not what the books say: that supply is conserved is seen from the contracts
        alone.
        """
        touched, self._touched = list(self._touched), {}
        for place, found in self._balances(touched, block):
            self._supply[place[1]] += found - self._seen[place]
            self._seen[place] = found
            self._check(block, place[1], place[0], self.held[place], found)
        instruments = list(dict.fromkeys(instrument for _, instrument in touched))
        for instrument, supply in self._supplies(instruments, block):
            self._check(block, instrument, None, self._supply[instrument], supply)
        self.steps += 1

    def compare_all(self, block: int) -> bool:
        """The same for everything that ever was touched; whether all of it is as it should be."""
        before = len(self.differences)
        self._touched = dict.fromkeys(self.held)
        self.compare(block)
        return len(self.differences) == before

    def _check(self, block: int, instrument: int, account: Address | None, expected: int, found: int) -> None:
        self.figures += 1
        if expected != found:
            self.differences.append(Difference(block, InstrumentId(instrument), account, expected, found))

    def _balances(self, places: Iterable[Place], block: int) -> Iterable[tuple[Place, int]]:
        ledger = self.scheme.contract(InstrumentLedger)
        source = iter(places)
        while part := list(islice(source, _AT_ONCE)):
            accounts, instruments = [place[0] for place in part], [place[1] for place in part]
            yield from zip(part, ledger.balance_of_batch(accounts, instruments, block=block), strict=True)

    def _supplies(self, instruments: list[int], block: int) -> Iterable[tuple[int, int]]:
        ledger = self.scheme.contract(InstrumentLedger)
        views = [ledger.INSTRUMENT_OF.on(ledger.address, one) for one in instruments]
        for instrument, found in zip(instruments, self.scheme.chain.read_many(views, block=block), strict=True):
            yield instrument, found.issued - found.cancelled
