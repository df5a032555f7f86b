"""Watches a chain for stress: computes from its blocks what the market rules set thresholds for (R-TRD-13).

A watcher is resumable: what it has seen lies in a file, and it goes on there. It follows a reorganisation back to the
last block that the chain still has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from carbon_sdk.actors.market_rules import RiskOfficer
from carbon_sdk.chain.calls import Done
from carbon_sdk.chain.chain import Block
from carbon_sdk.contracts.generated.block_trades import BlockTrades
from carbon_sdk.contracts.generated.events import DowngradeBegan, DowngradeEnded, OrderPlaced, SettlementFailed, Trade
from carbon_sdk.contracts.generated.market_rules import MarketRules
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import StressRules
from carbon_sdk.deployment.model import write_atomically
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError

FORMAT = 1
_DAY = 86_400
_WHOLE = 10_000
_KEPT = 256
"""Blocks that are remembered: so far a reorganisation is followed back."""
_RANGE = 200
"""Blocks whose logs are asked for at once."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What one block brought, and what its day had until then.

    Attributes:
        block: Number.
        hash: Of the block.
        timestamp: Unix seconds.
        orders: Orders placed in it; one that filled at once counts as one.
        failures: Settlements that failed on its civil day so far, since the latest return from a downgrade.
        used, limit: Gas.
        fullness: Hundredths of a per cent of the limit used on average over the rules' window; 0 before there is one.
        gap: Seconds since the block before.
        downgraded: Whether the platform was limited after it.
    """

    block: int
    hash: str
    timestamp: int
    orders: int
    failures: int
    used: int
    limit: int
    fullness: int
    gap: int
    downgraded: bool


@dataclass(frozen=True, slots=True)
class Excess:
    """A threshold that a block passed: which, what was measured, from where on it is too much."""

    measure: str
    value: int
    threshold: int
    block: int

    def __str__(self) -> str:
        return f"{self.measure} {self.value} in block {self.block}, threshold {self.threshold}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One block as the watcher judged it: its measures, the thresholds that it passed, and what was done about it."""

    measures: Measures
    excesses: tuple[Excess, ...]
    version: int
    acted: str | None = None


class StressWatcher:
    """Follows the chain block by block.

    Args:
        suite: What to watch.
        path: The file that remembers; None: nothing is remembered.
        since: The first block, where nothing is remembered yet; None: the first of the present civil day.
        officer: Limits the platform when a threshold is passed; None: nobody does.
        fresh: Seconds: older blocks are measured, but nobody acts on them, nor on those before the latest return.

    Raises:
        InputError: The file is no watcher's, or another chain's.
    """

    def __init__(
        self,
        suite: Suite,
        path: str | Path | None = None,
        *,
        since: int | None = None,
        officer: RiskOfficer | None = None,
        fresh: int = 600,
    ) -> None:
        self.suite = suite
        self.path = Path(path) if path is not None else None
        self.officer = officer
        self.fresh = fresh
        self._book = suite.contract(OrderBook).address
        self._blocks = suite.contract(BlockTrades).address
        self._rules = suite.contract(MarketRules)
        self._offset = _offset_of(suite)
        self._seen: list[Measures] = self._remembered()
        self._since = since

    @property
    def next_block(self) -> int | None:
        """Where it goes on; None: nothing was seen yet."""
        return self._seen[-1].block + 1 if self._seen else None

    def catch_up(self) -> Iterator[Seen]:
        """Every block from where it stopped to the newest; one that passed a threshold is told once."""
        self._follow_back()
        newest = self.suite.chain.block()
        version, rules = self._rules.stress_rules()
        first = self.next_block
        if first is None:
            first = self._since if self._since is not None else self._first_of_day(newest)
        if first > newest.number:
            return
        judged = self._latest_return(first, newest.number)
        while first <= newest.number:
            last = min(first + _RANGE - 1, newest.number)
            for measures in self._measured(first, last, rules):
                excesses = tuple(excesses_of(measures, rules))
                stands = measures.block > judged and newest.timestamp - measures.timestamp <= self.fresh
                acted = self._act(excesses) if excesses and stands else None
                self._seen = [*self._seen[-_most_kept(rules) :], measures]
                if excesses:
                    self._remember()
                yield Seen(measures, excesses, version, acted.transaction_hash if acted else None)
            first = last + 1
            self._remember()

    # MEASURING

    def _measured(self, first: int, last: int, rules: StressRules) -> Iterator[Measures]:
        orders, failures, modes = self._counted(first, last)
        before = self._seen[-1] if self._seen else None
        if before is None and first > 0:
            head = self.suite.chain.block(first - 1)
            before = Measures(head.number, head.hash, head.timestamp, 0, 0, 0, 0, 0, 0, self._was_downgraded(first))
        for number in range(first, last + 1):
            block = self.suite.chain.block(number)
            if before is not None and self._day(before.timestamp) == self._day(block.timestamp):
                failed = before.failures
            else:
                failed = 0
            failed += failures[number]
            downgraded = before.downgraded if before is not None else False
            if number in modes:
                downgraded = modes[number]
                failed = failed if downgraded else 0
            gap = block.timestamp - before.timestamp if before is not None else 0
            before = Measures(
                number,
                block.hash,
                block.timestamp,
                orders[number],
                failed,
                block.gas_used,
                block.gas_limit,
                self._fullness(block, rules.window),
                gap,
                downgraded,
            )
            yield before

    def _counted(self, first: int, last: int) -> tuple[Counter[int], Counter[int], dict[int, bool]]:
        """By block: orders, failed settlements, and the mode that it ended in, where that changed."""
        placed: Counter[tuple[int, str]] = Counter()
        traded: set[tuple[int, str]] = set()
        failed: set[tuple[int, bytes]] = set()  # told of each side that is at fault
        modes: dict[int, bool] = {}
        topics = [kind.TOPIC for kind in (OrderPlaced, Trade, SettlementFailed, DowngradeBegan, DowngradeEnded)]
        at = [self._book, self._blocks, self._rules.address]
        for item in self.suite.chain.events(first, last, addresses=at, topics=[topics]):
            event, where = item.event, (item.block, item.transaction)
            if isinstance(event, OrderPlaced):
                placed[where] += 1
            elif isinstance(event, Trade):
                traded.add(where)
            elif isinstance(event, SettlementFailed):
                failed.add((item.block, event.id))
            else:
                modes[item.block] = isinstance(event, DowngradeBegan)
        orders: Counter[int] = Counter()
        for where in placed.keys() | traded:
            orders[where[0]] += max(1, placed[where])
        return orders, Counter(block for block, _ in failed), modes

    def _fullness(self, block: Block, window: int) -> int:
        """Over the window that ends with a block; 0 before there are so many."""
        others = self._seen[-(window - 1) :] if window > 1 else []
        if not window or len(others) < window - 1:
            return 0
        used = block.gas_used + sum(one.used for one in others)
        limit = block.gas_limit + sum(one.limit for one in others)
        return used * _WHOLE // limit if limit else 0

    def _was_downgraded(self, first: int) -> bool:
        topics = [[DowngradeBegan.TOPIC, DowngradeEnded.TOPIC]]
        events = self.suite.chain.events(
            self.suite.deployment.block, first - 1, addresses=[self._rules.address], topics=topics
        )
        last = None
        for item in events:
            last = item.event
        return isinstance(last, DowngradeBegan)

    def _day(self, timestamp: int) -> int:
        return (timestamp + self._offset) // _DAY

    def _first_of_day(self, newest: Block) -> int:
        """The first block of the civil day of a block, and not before the deployment's: found by halving."""
        low, high = min(self.suite.deployment.block, newest.number), newest.number
        while low < high:
            middle = (low + high) // 2
            if self._day(self.suite.chain.block(middle).timestamp) < self._day(newest.timestamp):
                low = middle + 1
            else:
                high = middle
        return low

    # ACTING

    def _latest_return(self, first: int, last: int) -> int:
        """The latest block in which the platform returned: what was before it has been judged. 0: none."""
        found = self.suite.chain.events(first, last, addresses=[self._rules.address], topics=[DowngradeEnded.TOPIC])
        return max((item.block for item in found), default=0)

    def _act(self, excesses: Sequence[Excess]) -> Done[None] | None:
        """Limit the platform, unless it is."""
        if self.officer is None or self._rules.is_downgraded():
            return None
        return self.officer.downgrade("; ".join(str(one) for one in excesses))

    # REMEMBERING

    def _remembered(self) -> list[Measures]:
        if self.path is None or not self.path.exists():
            return []
        try:
            found = orjson.loads(self.path.read_bytes())
            told = (found["format"], found["chain"], found["rules"])
            seen = [Measures(**one) for one in found["seen"]]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise InputError(f"{self.path} is no watcher's file. Name another one, or remove it.") from None
        if told != (FORMAT, self.suite.chain.id, self._rules.address):
            raise InputError(f"{self.path} belongs to another deployment. Name another one, or remove it.")
        return seen

    def _remember(self) -> None:
        if self.path is not None:
            content = {
                "format": FORMAT,
                "chain": self.suite.chain.id,
                "rules": self._rules.address,
                "seen": [asdict(one) for one in self._seen],
            }
            write_atomically(self.path, orjson.dumps(content).decode())

    def _follow_back(self) -> None:
        """Forget blocks that the chain does not have any more. Raises InputError where none is left."""
        remembered = bool(self._seen)
        newest = self.suite.chain.block_number()
        while self._seen:
            last = self._seen[-1]
            if last.block <= newest and self.suite.chain.block(last.block).hash == last.hash:
                return
            self._seen.pop()
        if remembered:
            raise InputError(
                "The chain has none of the blocks that the watcher remembers. Begin anew: remove its file, or name "
                "another."
            )


def excesses_of(measures: Measures, rules: StressRules) -> Iterator[Excess]:
    """The thresholds that a block passed."""
    for name, value, threshold in (
        ("orders in a block", measures.orders, rules.orders_in_block),
        ("failed settlements in a day", measures.failures, rules.failures_in_day),
        ("hundredths of a per cent of the gas limit", measures.fullness, rules.fullness),
        ("seconds between blocks", measures.gap, rules.gap),
    ):
        if threshold and value >= threshold:
            yield Excess(name, value, threshold, measures.block)


def _most_kept(rules: StressRules) -> int:
    return max(_KEPT, rules.window)


def _offset_of(suite: Suite) -> int:
    """Seconds that the civil day of the market rules begins before UTC's: they said so when they were installed."""
    from carbon_sdk.contracts.generated.events import DayOffsetSet

    at = suite.contract(MarketRules).address
    for item in suite.chain.events(suite.deployment.block, addresses=[at], topics=[DayOffsetSet.TOPIC]):
        if isinstance(item.event, DayOffsetSet):
            return item.event.offset
    raise InputError(f"The market rules at {at} never said their civil day. Is the deployment file this chain's?")
