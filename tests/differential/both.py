"""The contracts and the plain book side by side: each instruction is given to both, and both must come to the same.

After each instruction: whether it was refused and for which rule, what it answered, what it told, every queue that it
touched, the market's figures, the holdings of everybody whom it touched. `compare_all` compares everything there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from carbon_sdk.audit.vouchers import Mountains, Voucher, VoucherKind
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import ClosingRule, MarketState
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import Conduct, Limits
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.identifiers import Address, InstrumentId, Side, address
from tests.differential.evm import Declined, Evm, Exchange, registry_of, words
from tests.differential.reference import Queue, Refused, Told

NO_TRADE = 1
CAUSE = b"\3" * 32
CLOSED_AFTER = 4_000  # ids that are remembered after their orders have gone
PLACES = 512  # of a queue that are looked at; there are never so many


class Instruction(NamedTuple):
    """Who asks what: a name of `Both`'s verbs, the key, and what the verb takes."""

    verb: str
    key: str
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.verb}{self.arguments} by {self.key}"


class Both:
    """The two books.

    Args:
        exchange: As it was deployed.
        evm: Of the exchange; None makes one.
    """

    def __init__(self, exchange: Exchange, evm: Evm | None = None) -> None:
        self.exchange = exchange
        self.plain = exchange.plain_book()
        self.evm = evm or Evm(exchange)
        self.book = OrderBook(None, exchange.book)
        self.registry = registry_of(exchange)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.gone: list[int] = []
        self._series: dict[int, Mountains] = {number: Mountains() for number in exchange.markets}
        self._issued = 0
        people = exchange.people.values()
        self._instruments = (exchange.money, exchange.units, exchange.wide_units)
        self._holding = {
            (person.account, instrument): InstrumentLedger.BALANCE_OF.data(_address(person.account), instrument)
            for person in people
            for instrument in self._instruments
        }
        self._figures = {number: OrderBook.MARKET_OF.data(number) for number in exchange.markets}

    # ------------------------------------------------------------------------------------------------- instructions

    def do(self, one: Instruction) -> None:
        """Give an instruction to both. Raises AssertionError where they differ."""
        verb = _VERBS[one.verb]
        self.plain.now = self.evm.now
        answer = rules = declined = seen = None
        try:
            answer = self.plain.act(verb.plain(self), *(one.key, *one.arguments)[verb.officer is not None :])
        except Refused as refused:
            rules = refused.rules
        sender = one.key if verb.officer is None else self.exchange.key(verb.officer)
        seen_told: list[Told] = []
        try:
            while True:
                seen = self.evm.send(sender, verb.act(self, *one.arguments))
                seen_told += self.evm.told()
                if verb.is_done(seen):
                    break
        except Declined as reason:
            declined = reason.error
        if declined is not None and rules is None and declined in self.plain.may_break:
            self.plain.undo()
            rules = self.plain.may_break
        if declined is not None:
            assert rules is not None, f"{one}: the contracts refuse with {declined}"
            assert declined in rules | self.plain.may_break, f"{one}: {declined} instead of one of {rules}"
            self.refused[declined] += 1
            return
        assert rules is None, f"{one}: the contracts accept what breaks {rules}"
        self.done[one.verb] += 1
        if answer is not None:
            assert verb.answer(seen) == answer, one
        told = self.plain.told
        self.told.update(event[0] for event in told)
        if verb.is_of_book:
            assert seen_told == told, one
        self._compare_touched(one, told)

    def travel(self, seconds: int) -> None:
        self.evm.travel(seconds)
        self.plain.now = self.evm.now

    # ------------------------------------------------------------------------------------------------------ compare

    def _compare_touched(self, one: Instruction, told: Sequence[Told]) -> None:
        queues, markets, accounts = set(), set(), set()
        for name, first, *rest in told:
            if name == "AuctionTrade":
                buyer, seller, *pair = rest[:4]
                queues.update(_queue_of(number) for number in pair)
                self.gone += pair
                markets.add(first)
                accounts.update((buyer, seller))
            elif name in _OF_ORDERS:
                queues.add(_queue_of(first))
                markets.add(first >> 104)
                accounts.add(rest[0])
                if name == "OrderClosed" or name == "Trade":
                    self.gone.append(first)
                if name == "Trade":
                    accounts.add(rest[1])
            else:
                markets.add(first)
        del self.gone[:-CLOSED_AFTER]
        if one.key in self.plain.people:
            accounts.add(self.plain.people[one.key].account)
        for queue in queues:
            self._compare_queue(queue)
        for market in markets:
            self._compare_market(market)
        self._compare_holdings(accounts, markets)

    def compare_all(self) -> None:
        """Every order, level, holding, figure and voucher; and that nothing is missing or left over."""
        for market in self.exchange.markets:
            self._compare_market(market)
            for side in Side:
                queues = self.plain.queues(market, side)
                seen = self.evm.read(self.exchange.book, OrderBook.DEPTH, market, side, len(queues) + 1)
                levels = [(queue.tick, sum(o.open for o in self.plain.places[queue] if o)) for queue in queues]
                assert list(zip(seen.ticks, seen.tonnes, strict=True)) == levels
                for queue in queues:
                    self._compare_queue(queue)
        self._compare_holdings({person.account for person in self.plain.people.values()}, self.exchange.markets)
        self._compare_supplies()
        self._compare_vouchers()

    def _compare_queue(self, queue: Queue) -> None:
        """Who waits, in the order of time."""
        data = OrderBook.ORDERS_AT.data(queue.market, queue.side, queue.tick, 0, PLACES)
        seen = OrderBook.ORDERS_AT.decoded(self.evm.ask(self.exchange.book, data))
        found = [
            (int(number), int(view.account, 16), view.open, view.expires)
            for number, view in zip(seen.ids, seen.orders, strict=True)
        ]
        waiting = [order for order in self.plain.places.get(queue, ()) if order is not None]
        assert found == [(order.id, order.account, order.open, order.expires) for order in waiting], queue

    def _compare_market(self, market: int) -> None:
        m = self.plain.markets[market]
        figures = list(words(self.evm.ask(self.exchange.book, self._figures[market])))
        assert figures[7:] == [
            m.lowest,
            m.highest,
            m.state,
            self.plain.best(market, Side.BUY),
            self.plain.best(market, Side.SELL),
            m.last,
            m.fees,
            m.trades,
            m.until,
            m.close,
            m.day,
            m.lots_today,
            m.turnover_today,
        ], m

    def _compare_holdings(self, accounts: Iterable[int], markets: Iterable[int]) -> None:
        for account in accounts:
            for instrument in self._instruments:
                seen = self.evm.ask(self.exchange.ledger, self._holding[account, instrument])
                assert int.from_bytes(seen, "big") == self.plain.balance(account, instrument), (account, instrument)
            for market in markets:
                counted = self.evm.read(self.exchange.book, OrderBook.OPEN_ORDERS_OF, market, _address(account))
                assert counted == self.plain.counted(market, account), (account, market)

    def _compare_supplies(self) -> None:
        """What was issued is held, or in orders, or owed as fees: to the last unit."""
        for instrument in self._instruments:
            known = self.evm.read(self.exchange.ledger, InstrumentLedger.INSTRUMENT_OF, instrument)
            held = sum(amount for (_, kind), amount in self.plain.balances.items() if kind == instrument)
            fees = sum(m.fees for m in self.plain.markets.values()) if instrument == self.exchange.money else 0
            assert known.issued - known.cancelled == held + self.plain.held_by_orders(instrument) + fees

    def _compare_vouchers(self) -> None:
        """Each trade has its voucher, in the market's series."""
        for market, index, today, at, tick, quantity, seller, buyer, order in self.plain.vouchers[self._issued :]:
            m = self.plain.markets[market]
            voucher = Voucher(
                VoucherKind.TRADE,
                market,
                index,
                today,
                at,
                InstrumentId(m.instrument),
                quantity,
                tick * m.tick,
                _address(seller),
                _address(buyer),
                order,
            )
            self._series[market].append(voucher.leaf())
        self._issued = len(self.plain.vouchers)
        for market, series in self._series.items():
            assert self.evm.read(self.exchange.book, OrderBook.VOUCHER_COUNT, market) == len(series)
            if len(series):
                assert self.evm.read(self.exchange.book, OrderBook.VOUCHER_ROOT, market) == series.root()

    # -------------------------------------------------------------------------------------------------------- verbs

    def account_of(self, key: str) -> Address:
        return _address(self.plain.people[key].account)


class _Verb(NamedTuple):
    """How an instruction is given to the one and to the other."""

    plain: Callable[[Both], Callable[..., Any]]
    act: Callable[..., Act[Any]]
    officer: Role | None = None
    answer: Callable[[Any], Any] = lambda seen: seen
    is_of_book: bool = True
    is_done: Callable[[Any], bool] = lambda seen: True
    """Of an answer: if not, the contracts are asked again, as the plain book does all at once."""


def _placed(seen: Any) -> tuple[int, int, int]:
    return int(seen.id), seen.filled, seen.rested


def _person(field: str) -> Callable[[Both], Callable[..., None]]:
    return lambda both: lambda key, value: both.plain.amend_person(key, **{field: value})


def _suspended(both: Both, key: str, suspended: bool) -> Act[Any]:
    say = both.registry.suspend if suspended else both.registry.reinstate
    return say(both.account_of(key), CAUSE)


_VERBS: dict[str, _Verb] = {
    "place": _Verb(lambda b: b.plain.place, lambda b, order: b.book.place(order), answer=_placed),
    "cancel": _Verb(lambda b: b.plain.cancel, lambda b, number: b.book.cancel(number)),
    "reduce": _Verb(lambda b: b.plain.reduce, lambda b, number, by: b.book.reduce(number, by)),
    "evict": _Verb(lambda b: b.plain.evict, lambda b, number: b.book.evict(number)),
    "replace": _Verb(lambda b: b.plain.replace, lambda b, number, order: b.book.replace(number, order), answer=_placed),
    "cancel_many": _Verb(lambda b: b.plain.cancel_many, lambda b, ids: b.book.cancel_many(ids), answer=tuple),
    "batch": _Verb(
        lambda b: b.plain.batch,
        lambda b, ids, orders: b.book.batch(ids, orders),
        answer=lambda seen: (tuple(seen.taken), tuple(map(_placed, seen.placed))),
    ),
    "halt": _Verb(
        lambda b: b.plain.halt,
        lambda b, market: b.book.set_market_state(market, MarketState.HALTED),
        Role.SERVICE_REGULATOR,
    ),
    "resume": _Verb(
        lambda b: b.plain.resume,
        lambda b, market: b.book.set_market_state(market, MarketState.OPEN),
        Role.SERVICE_REGULATOR,
    ),
    "set_conduct": _Verb(
        lambda b: b.plain.set_conduct,
        lambda b, market, interruption, call: b.book.set_conduct(
            market, Conduct(0, ClosingRule.LAST, interruption, call, False)
        ),
        Role.SERVICE_REGULATOR,
    ),
    "uncross": _Verb(
        lambda b: lambda key, market, work: b.plain.uncross(market),
        lambda b, market, work: b.book.uncross(market, work),
        is_done=bool,
    ),
    "set_band": _Verb(
        lambda b: b.plain.set_band,
        lambda b, market, lowest, highest: b.book.set_band(market, lowest, highest),
        Role.PLATFORM_OPERATOR,
    ),
    "set_limits": _Verb(
        lambda b: b.plain.set_limits,
        lambda b, market, lots, held, most: b.book.set_limits(market, Limits(lots, 0, held, most)),
        Role.RISK_MANAGER,
    ),
    "collect_fees": _Verb(
        lambda b: b.plain.collect_fees,
        lambda b, market, account: b.book.collect_fees(market, _address(account)),
        Role.PLATFORM_OPERATOR,
    ),
    "suspend": _Verb(_person("suspended"), _suspended, Role.REGULATOR, is_of_book=False),
    "bar": _Verb(
        _person("barred"),
        lambda b, key, on: b.registry.set_restrictions(b.account_of(key), NO_TRADE if on else 0, CAUSE),
        Role.REGULATOR,
        is_of_book=False,
    ),
    "set_owner": _Verb(
        _person("owner"),
        lambda b, key, owner: b.registry.set_owner(b.account_of(key), owner, CAUSE),
        Role.REGISTRY_OPERATOR,
        is_of_book=False,
    ),
}
_OF_ORDERS = ("OrderPlaced", "Trade", "OrderClosed", "OrderReduced", "ExpiryChanged", "SelfTradePrevented")


def _queue_of(number: int) -> Queue:
    return Queue(number >> 104, Side(number >> 96 & 1), number >> 64 & 0xFFFFFF)


def _address(account: int) -> Address:
    return address(account.to_bytes(20, "big"))
