"""Orders that take others' places, and several at once: replace, requote, batch, take everything back.

trader.replace(id, 40, "50.20")
trader.requote(1, bid="50.10", bid_quantity=20, ask="50.30", ask_quantity=20)
trader.cancel_all(1).left == ()
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.markets import MOST_MAKERS, Market, named
from carbon_sdk.actors.values import Moment, Price, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.actors.views import AccountView
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import BatchAnswer, OrderBook
from carbon_sdk.contracts.generated.structs import Order, Placed
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, MarketId, OrderId, Side
from carbon_sdk.units import Quantity, tonnes

MOST_AT_ONCE = 64
"""Orders that one call takes back and places together, at most."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What became of an account's open orders.

    Attributes:
        taken: Were taken back.
        left: Are still open: their market is locked, or waits for its auction to be executed.
        transactions: Hashes, one for each page.
    """

    taken: tuple[OrderId, ...]
    left: tuple[OrderId, ...]
    transactions: tuple[str, ...]


class RearrangesOrders(Actor):
    """Of an account's representative with the right TRADE."""

    @verb
    def replace(
        self,
        order: OrderId | int,
        quantity: Quantity,
        price: Price,
        *,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        self_trade: SelfTrade | str = SelfTrade.CANCEL_NEWEST,
        expires: Moment = 0,
        latest: Moment = 0,
        most_makers: int = MOST_MAKERS,
    ) -> Act[Placed]:
        """Replace an own open order by another of the same market and side; returns as `order`.

        At the same price and with no larger quantity it keeps its place in the queue and its id: it is only smaller, or
        has another expiry. Else it goes behind the others under a new id. What the old one held pays for the new one.

        Args:
            order: Its id.
            quantity: Whole tonnes that are to be open, not what was placed at first.
            price: As of `order`.
            time_in_force: As of `order`; what does not rest never keeps the place.
            self_trade: As of `order`.
            expires: Of the new order; 0: until it is taken back, also where the old one had an expiry.
            latest: The call does nothing after it; 0: any time.
            most_makers: Resting orders to look at, 1 to 255.

        Raises:
            InputError: The price is no whole number of ticks.
            OrderNotOpen: It was filled or taken back meanwhile: nothing is placed either.
            NotPermitted: It is another account's.
            RuleBroken: As of `order`; the old order stays.
        """
        id_ = OrderId(order)
        return self._orders.replace(
            id_,
            order_of(
                self.suite,
                id_.market,
                id_.side,
                quantity,
                price,
                time_in_force=time_in_force,
                self_trade=self_trade,
                expires=expires,
                latest=latest,
                most_makers=most_makers,
            ),
        )

    @verb
    def batch(self, cancel: Iterable[OrderId | int], place: Iterable[Order]) -> Act[BatchAnswer]:
        """Take orders back, then place others, all or nothing; tells which were taken, and what became of the others.

        What the orders that are taken back held pays for those that rest: only the difference moves.

        Args:
            cancel: Ids of own orders; those that are no longer open, and others', are passed over.
            place: As of `Market.order`, or `order_of` with prices in ticks; of any markets.

        Raises:
            TooManyAtOnce: More than 64 together.
            RuleBroken: One of them is refused, or the market of one to be taken back is locked: nothing happens.
        """
        return self._orders.batch([OrderId(one) for one in cancel], list(place))

    @verb
    def requote(
        self,
        market: MarketId | int,
        *,
        bid: Price | None = None,
        bid_quantity: Quantity = 0,
        ask: Price | None = None,
        ask_quantity: Quantity = 0,
        replacing: Iterable[OrderId | int] | None = None,
        time_in_force: TimeInForce | str = TimeInForce.POST_ONLY,
        expires: Moment = 0,
        latest: Moment = 0,
    ) -> Act[BatchAnswer]:
        """Put new prices in the place of the old ones in one call: both sides, one, or none.

        Args:
            market: Its number.
            bid: Price to buy at, as of `order`; None: do not quote this side.
            bid_quantity: Whole tonnes of it.
            ask: Price to sell at; None: do not quote this side.
            ask_quantity: Whole tonnes of it.
            replacing: Orders that are taken back; None: all that this account has open in the market now.
            time_in_force: POST_ONLY by default: a quote that would trade at once is refused, and the old ones stay.
            expires: Good till then; 0: until they are taken back.
            latest: The call does nothing after it; 0: any time.

        Raises:
            InputError: A price without a quantity or the other way round, or more than 64 orders together.
            RuleBroken: One side is refused: nothing happens.
        """
        number = positive(market, "market")
        orders = []
        for side, quantity, price in ((Side.BUY, bid_quantity, bid), (Side.SELL, ask_quantity, ask)):
            if (price is None) != (tonnes(quantity) == 0):
                name = "bid" if side is Side.BUY else "ask"
                raise InputError(f"Give {name} and {name}_quantity together, or neither.")
            if price is not None:
                orders.append(
                    order_of(
                        self.suite,
                        number,
                        side,
                        quantity,
                        price,
                        time_in_force=time_in_force,
                        expires=expires,
                        latest=latest,
                    )
                )
        old = self._open_in(number) if replacing is None else [OrderId(one) for one in replacing]
        if len(old) + len(orders) > MOST_AT_ONCE:
            raise InputError(
                f"{len(old)} orders to take back and {len(orders)} to place: at most {MOST_AT_ONCE} go together. "
                "Take some back first: cancel_all, or cancel_many."
            )
        return self._orders.batch(old, orders)

    def cancel_all(self, market: MarketId | int | None = None) -> TakenBack:
        """Take every open order of this account back, in one market or in all: page by page, until none is left.

        Also while the account is suspended or the market halted. Orders of a market that is locked, or waits for its
        auction, stay and are told. In a dry run nothing is sent, and told is what would come back.

        Args:
            market: Its number; None: all.

        Raises:
            InputError: The key acts for no account.
            NotPermitted: The key may not.
        """
        self._own_account()
        taken: list[OrderId] = []
        passed: set[OrderId] = set()
        transactions: list[str] = []
        while ids := [one for one in self._open_in(market) if one not in passed]:
            for at in range(0, len(ids), MOST_AT_ONCE):
                page = ids[at : at + MOST_AT_ONCE]
                act = self._orders.cancel_many(page)
                if self.dry_run:
                    answers = self._rehearse(act)
                else:
                    done = self._do(act)
                    answers = done.result
                    transactions.append(done.transaction_hash)
                taken += [one for one, was in zip(page, answers, strict=True) if was]
                passed |= {one for one, was in zip(page, answers, strict=True) if not was}
            if self.dry_run:
                break
        left = sorted(passed.intersection(self._open_in(market))) if passed else []
        return TakenBack(tuple(taken), tuple(left), tuple(transactions))

    def _open_in(self, market: MarketId | int | None) -> list[OrderId]:
        """None where the key acts for no account: the book says so."""
        account = self.suite.contract(InstrumentLedger).representation_of(self.address).account
        if account == ZERO_ADDRESS:
            return []
        return [one.id for one in AccountView(self.suite, account).open_orders(market)]

    @property
    def _orders(self) -> OrderBook:
        return self.suite.contract(OrderBook)


def order_of(
    suite: Suite,
    market: MarketId | int,
    side: Side,
    quantity: Quantity,
    price: Price,
    *,
    time_in_force: TimeInForce | str = TimeInForce.GTC,
    self_trade: SelfTrade | str = SelfTrade.CANCEL_NEWEST,
    expires: Moment = 0,
    latest: Moment = 0,
    most_makers: int = MOST_MAKERS,
    account: Address | None = None,
) -> Order:
    """An order as the book takes it; nothing is sent. With a price in money it is checked first; see `Market.order`.

    Args:
        suite: Where.
        market: Its number.
        side: BUY or SELL.
        quantity: Whole tonnes.
        price: Whole ticks, or a Decimal or text in the money's main unit.
        time_in_force: Also by name.
        self_trade: Also by name.
        expires: Good till then (GTC and POST_ONLY); 0: until it is taken back.
        latest: The call does nothing after it; 0: any time.
        most_makers: Resting orders to look at, 1 to 255.
        account: Whose, where a limit of its open orders stands against one more.

    Raises:
        InputError: Something of it cannot be meant.
        RuleBroken: As of `Market.order`.
    """
    force = named(TimeInForce, time_in_force, "time_in_force")
    prevention = named(SelfTrade, self_trade, "self_trade")
    if isinstance(price, (Decimal, str)):
        return Market(suite, market).order(
            side,
            quantity,
            price,
            time_in_force=force,
            self_trade=prevention,
            expires=expires,
            latest=latest,
            most_makers=most_makers,
            account=account,
        )
    if not 1 <= whole(most_makers, "most_makers") <= 255:
        raise InputError(f"most_makers is {most_makers}: give 1 to 255.")
    until = moment(expires, "expires")
    if until and force not in (TimeInForce.GTC, TimeInForce.POST_ONLY):
        raise InputError(f"A {force.name} order never rests: leave expires out.")
    return Order(
        positive(market, "market"),
        positive(price, "price"),
        Side(side),
        positive(tonnes(quantity), "quantity"),
        until,
        force,
        prevention,
        most_makers,
        moment(latest, "latest"),
    )
