"""Random instructions to the book: most of them sensible, many that break a rule, some at the ends of what fits."""

from __future__ import annotations

import random
from typing import Any

from carbon_sdk.contracts.generated.enums import MarketState, SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.structs import Order
from carbon_sdk.identifiers import Side
from tests.differential.both import Both, Instruction
from tests.differential.evm import ANYBODY, MARKETS

VERBS = {
    "place": 1000,
    "cancel": 170,
    "reduce": 60,
    "replace": 110,
    "cancel_many": 12,
    "batch": 45,
    "evict": 40,
    "suspend": 6,
    "bar": 6,
    "set_owner": 2,
    "halt": 12,
    "resume": 45,
    "set_conduct": 10,
    "uncross": 40,
    "set_band": 3,
    "set_limits": 8,
    "collect_fees": 4,
    "travel": 100,
}
"""What is tried, and how often."""

MIDDLE = (1_030, 100, 500_000)
"""Where each market trades, in ticks."""
WIDE_TICKS = (1, 2, 255, 256, 257, 65_535, 65_536, 499_968, 500_000, 500_001, 500_032, 500_224, 2**20 - 2, 2**20 - 1)
"""Where the book's index of prices begins a new word, and its ends."""
WIDE_QUANTITIES = (1, 2, 3, 5, 1_000, 2**32, 2**40, 2**47, 2**48 - 1)
UNKNOWN = 77  # no market has this number


class Dice:
    """Makes instructions for two books as they stand; the same seed makes the same ones."""

    def __init__(self, both: Both, seed: int) -> None:
        self.both = both
        self.random = random.Random(seed)
        self.traders = list(both.plain.people)
        self.weights = tuple(VERBS.values())

    def roll(self) -> Instruction | None:
        """The next instruction; None: time has passed instead."""
        verb = self.random.choices(tuple(VERBS), self.weights)[0]
        if verb == "travel":
            self.both.travel(self.seconds())
            return None
        return getattr(self, f"_{verb}")()

    def seconds(self) -> int:
        kind = self.random.random()
        if kind < 0.94:
            return self.random.randint(1, 40)
        return self.random.randint(60, 3_600) if kind < 0.97 else self.random.randint(20_000, 100_000)

    # -------------------------------------------------------------------------------------------------------- parts

    def key(self) -> str:
        return ANYBODY if self.random.random() < 0.005 else self.random.choice(self.traders)

    def side(self) -> Side:
        return Side(self.random.randrange(2))

    def market(self) -> int:
        return self.random.choices(range(len(MARKETS)), (5, 4, 2))[0]

    def tick(self, market: int, side: Side) -> int:
        """About the middle, the own side of it somewhat more often."""
        if market == 2 and self.random.random() < 0.3:
            return self.random.choice(WIDE_TICKS)
        away = self.random.choice((0, 1, 1, 2, 2, 3, 4, 6, -1, -2, -4))
        if self.random.random() < 0.01:
            away = self.random.choice((500, -99))
        return max(0, MIDDLE[market] + (away if side is Side.SELL else -away))

    def quantity(self, market: int) -> int:
        terms = MARKETS[market]
        if market == 2:
            most = self.random.choice(WIDE_QUANTITIES)
            return self.random.choice((most, self.random.randint(1, most)))
        kind = self.random.random()
        if kind < 0.015:
            return self.random.choice((0, 1, terms.lot - 1, 2**48 - 1, 2**48 - 2**48 % terms.lot - terms.lot))
        if kind < 0.03:
            return self.random.randint(1, 60)
        most = 400 if kind < 0.05 else 14
        return terms.lot * self.random.randint(terms.least_lots, most)

    def order(self, market: int | None = None, side: Side | None = None, **fixed: Any) -> Order:
        dice = self.random
        market = self.market() if market is None else market
        side = self.side() if side is None else side
        kind = dice.choices(tuple(TimeInForce), (12, 4, 3, 2))[0]
        expires = latest = 0
        if dice.random() < (0.25 if kind in (TimeInForce.GTC, TimeInForce.POST_ONLY) else 0.004):
            expires = self.both.evm.now + dice.choice((-1, 0, 1, 5, 30, 90, 90, 400, 2_000))
        if dice.random() < 0.02:
            latest = self.both.evm.now + dice.choice((-1, 0, 1, 50))
        made = {
            "market": self.both.exchange.markets[market],
            "tick": self.tick(market, side),
            "side": side,
            "quantity": self.quantity(market),
            "expires": expires,
            "time_in_force": kind,
            "self_trade": dice.choice(tuple(SelfTrade)),
            "most_makers": dice.choice((255, 255, 255, 255, 40, 10, 5, 4, 3, 2, 1)) if dice.random() < 0.99 else 0,
            "latest": latest,
        }
        if dice.random() < 0.004:
            made["most_makers"] = 256
        if dice.random() < 0.002:
            made["market"] = UNKNOWN
        return Order(**{**made, **fixed})

    def number(self) -> int:
        """Of an open order most of the time; else of one that has gone, or of none."""
        dice = self.random
        ids = self.both.plain.open_ids()
        if ids and dice.random() < 0.95:
            return dice.choice(ids)
        if self.both.gone and dice.random() < 0.8:
            return dice.choice(self.both.gone)
        near = (dice.choice(ids) if ids else 0) ^ 1 << dice.choice(
            (0, 1, 32, 40, 64, 70, 88, 96, 97, 108, 127, 128, 200, 255)
        )
        return near if near >> 104 & 0xFFFFFF in self.both.plain.markets else UNKNOWN << 104

    def holder(self, number: int) -> str:
        """The key of whose order it is; at times another."""
        found = self.both.plain.find(number)
        if found is None or self.random.random() < 0.04:
            return self.key()
        return next(key for key, one in self.both.plain.people.items() if one.account == found[1].account)

    def own_ids(self, key: str, most: int) -> list[int]:
        """Some orders of the key's account, now and then one of others or of nobody."""
        person = self.both.plain.people.get(key)
        places = self.both.plain.places.values()
        own = [o.id for queue in places for o in queue if o and person and o.account == person.account]
        ids: list[int] = self.random.sample(own, min(len(own), self.random.randint(0, most)))
        if self.random.random() < 0.2:
            number = self.number()
            if number >> 104 & 0xFFFFFF in self.both.plain.markets or self.random.random() < 0.1:
                ids.append(number)
        return ids

    # ------------------------------------------------------------------------------------------------------- orders

    def _place(self) -> Instruction:
        return Instruction("place", self.key(), (self.order(),))

    def _cancel(self) -> Instruction:
        number = self.number()
        return Instruction("cancel", self.holder(number), (number,))

    def _reduce(self) -> Instruction:
        number = self.number()
        found = self.both.plain.find(number)
        lot = self.both.plain.markets[found[0].market].lot if found else 1
        by = self.random.choice((0, 1, lot, lot, lot, 2 * lot, 5 * lot, found[1].open - lot if found else 1))
        return Instruction("reduce", self.holder(number), (number, max(0, by)))

    def _replace(self) -> Instruction:
        number = self.number()
        found = self.both.plain.find(number)
        if found is None:
            return Instruction("replace", self.key(), (number, self.order()))
        queue, order = found
        market = self.both.exchange.markets.index(queue.market)
        fixed: dict[str, Any] = {}
        if self.random.random() < 0.5:
            fixed["tick"] = queue.tick
        if self.random.random() < 0.5:
            lot = self.both.plain.markets[queue.market].lot
            asked = order.open + lot * self.random.choice((-3, -2, -1, -1, 0, 0, 1, 4))
            fixed["quantity"] = min(max(0, asked), 2**48 - 1)
        if self.random.random() < 0.02:
            return Instruction("replace", self.holder(number), (number, self.order()))
        return Instruction("replace", self.holder(number), (number, self.order(market, queue.side, **fixed)))

    def _cancel_many(self) -> Instruction:
        key = self.key()
        return Instruction("cancel_many", key, (self.own_ids(key, 6),))

    def _batch(self) -> Instruction:
        """Mostly quotes on both sides of one market in place of the former."""
        key = self.key()
        if self.random.random() < 0.05:
            return Instruction("batch", key, ([], [self.order()] * 65))
        market = self.market()
        orders = [self.order(market, Side(n % 2)) for n in range(self.random.randint(0, 3))]
        return Instruction("batch", key, (self.own_ids(key, 4), orders))

    def _evict(self) -> Instruction:
        now = self.both.evm.now
        stale = [o.id for queue in self.both.plain.places.values() for o in queue if o and 0 < o.expires <= now]
        number = self.random.choice(stale) if stale and self.random.random() < 0.6 else self.number()
        return Instruction("evict", self.key(), (number,))

    # ----------------------------------------------------------------------------------------------------- officers

    def _suspend(self) -> Instruction:
        key = self.somebody("suspended")
        return Instruction("suspend", "", (key, not self.both.plain.people[key].suspended))

    def _bar(self) -> Instruction:
        key = self.somebody("barred")
        return Instruction("bar", "", (key, not self.both.plain.people[key].barred))

    def somebody(self, flag: str) -> str:
        """Whose flag is set, mostly; so that few are kept out at a time."""
        kept_out = [key for key, one in self.both.plain.people.items() if getattr(one, flag)]
        return self.random.choice(kept_out if kept_out and self.random.random() < 0.8 else self.traders)

    def _set_owner(self) -> Instruction:
        return Instruction("set_owner", "", (self.random.choice(self.traders), self.random.choice((0, 7, 8, 9))))

    def _halt(self) -> Instruction:
        return Instruction("halt", "", (self.random.choice(self.both.exchange.markets),))

    def _resume(self) -> Instruction:
        halted = [number for number, m in self.both.plain.markets.items() if m.state is MarketState.HALTED]
        return Instruction("resume", "", (self.random.choice(halted or self.both.exchange.markets),))

    def _set_conduct(self) -> Instruction:
        """Not for the widest market, whose trades would be more than it can number."""
        market = self.both.exchange.markets[self.random.randrange(2)]
        return Instruction("set_conduct", "", (market, self.random.randint(1, 9), self.random.choice((0, 1, 2, 5, 5))))

    def _uncross(self) -> Instruction:
        waiting = [
            number
            for number, m in self.both.plain.markets.items()
            if m.state is MarketState.UNCROSSING or (m.state is MarketState.CALL and m.until <= self.both.evm.now)
        ]
        market = self.random.choice(waiting or self.both.exchange.markets)
        return Instruction("uncross", self.key(), (market, self.random.choice((1, 2, 3, 7, 1_000))))

    def _set_band(self) -> Instruction:
        market = self.market()
        terms = MARKETS[market]
        narrower = self.random.randint(0, 5)
        band = (MIDDLE[market] - narrower, MIDDLE[market] + narrower)
        if self.random.random() < 0.8:
            band = (terms.lowest, terms.highest)
        return Instruction("set_band", "", (self.both.exchange.markets[market], *band))

    def _set_limits(self) -> Instruction:
        market = self.market()
        lots = self.random.choice((0, 0, 0, 13, 120, 1_000))
        held = 0 if market == 2 else self.random.choice((0, 0, 19_000, 20_000, 21_000, 25_000))
        most = self.random.choice((0, 2, 4, 12))
        return Instruction("set_limits", "", (self.both.exchange.markets[market], lots, held, most))

    def _collect_fees(self) -> Instruction:
        account = self.both.plain.people[self.random.choice(self.traders)].account
        return Instruction("collect_fees", "", (self.random.choice(self.both.exchange.markets), account))
