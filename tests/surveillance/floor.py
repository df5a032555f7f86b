"""A trading floor by a seed: honest traders of many kinds, some of which look like abuse, and cases that are abuse.

Nothing here knows of thresholds or of how the scan works: strengths and disguises are drawn from wide ranges. Times are
Unix seconds, prices ticks of 0.01, quantities whole tonnes.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.identifiers import Side
from carbon_sdk.surveillance import WarningKind
from tests.surveillance.book import BOOK, MARKET, Logs, Order, PlainMarket, account_of, open_floor

Course = Generator[int, None, None]
"""What somebody does: yields the seconds until the next step."""

DAY, OPENS, CLOSES = 86_400, 9 * 3_600, 17 * 3_600
BEGIN = 1_767_225_600 + 5 * DAY  # 2026-01-06, 00:00 UTC
FAR_AWAY = 2**40


def other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY


@dataclass
class Case:
    """What was planted: by whom, from when to when."""

    kind: WarningKind
    accounts: tuple[str, ...]
    since: int = FAR_AWAY
    until: int = 0
    note: str = ""


@dataclass(slots=True)
class Sent:
    """What came of an order."""

    order: Order | None
    filled: int


@dataclass
class Floor:
    """One run; `orders` placed in all, `each` cases of each kind."""

    seed: int
    orders: int = 10_000
    each: int = 10
    days: int = 60
    cases: list[Case] = field(default_factory=list)
    instructions: list[dict[str, Any]] = field(default_factory=list)
    kinds: dict[str, AccountKind] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    begun: dict[str, int] = field(default_factory=dict)
    needs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.book, self.logs = PlainMarket(), Logs()
        self.now, self.placed, self.trades = BEGIN, 0, 0
        self.last = self.fair = 5_000
        self.history: list[tuple[int, int]] = [(BEGIN, self.last)]
        self.own: dict[str, int] = defaultdict(int)
        self.mine: dict[str, dict[str, Order]] = defaultdict(dict)
        self.queue: list[tuple[int, int, Course, Case | None]] = []
        self.tie = self.names = self.vouchers = 0
        self.told_at = 0
        self.acting: Case | None = None
        self.met: dict[frozenset[str], int] = defaultdict(int)
        self.hit: Callable[[str], None] = lambda name: None
        self._people()
        self._plan_cases()
        open_floor(self.logs, BEGIN, self.kinds, self.owners, self.begun)

    # PEOPLE

    def _people(self) -> None:
        dice = self.dice
        self.makers = [f"maker {n}" for n in range(4)]
        self.hedgers = [f"hedger {n}" for n in range(6)]
        self.momentum = [f"momentum {n}" for n in range(5)]
        self.emitters = [f"emitter {n}" for n in range(10)]
        self.utility, self.treasury = "utility", "treasury"
        self.surplus = [f"surplus {n}" for n in range(8)]
        self.scalpers = [f"scalper {n}" for n in range(3)]
        self.funds = [f"fund {n}" for n in range(2)]
        self.private = [f"private {n}" for n in range(60)]
        groups = [
            [self.emitters[0], self.surplus[0], self.hedgers[0]],
            [self.emitters[1], self.hedgers[1]],
            [self.surplus[1], self.surplus[2], self.private[0]],
        ]
        for number, members in enumerate(groups, 1):
            self.owners |= dict.fromkeys(members, number)
        for names, low, high in (
            (self.makers, 1_100, 1_700),
            (self.hedgers, 150, 300),
            (self.momentum, 80, 200),
            (self.emitters, 80, 200),
            (self.surplus, 500, 900),
            (self.scalpers, 80, 200),
            (self.funds, 50, 100),
            (self.private, 40, 120),
            ([self.utility], 200, 300),
        ):
            for name in names:
                self.kinds[name] = (
                    AccountKind.OPERATOR
                    if name in (*self.emitters, *self.surplus, self.utility)
                    else (AccountKind.TRADER)
                )
                self.begun[name] = self.own[name] = dice.randint(low, high)
        self.supply = sum(self.begun.values())
        self.kinds[self.treasury] = AccountKind.GOVERNMENT
        self.begun[self.treasury] = self.own[self.treasury] = self.supply // 2
        self.needs = {name: dice.randint(100, 300) for name in self.emitters}
        self.needs[self.utility] = self.supply * dice.randint(8, 14) // 100
        self.style = {name: (dice.randint(20, 45), dice.randint(3, 9), dice.randint(2, 6)) for name in self.makers}

    # PLACING AND TAKING BACK

    def _begin(self) -> None:
        if self.told_at != self.now:
            self.instructions.append({"op": "time", "at": self.now})
            self.told_at = self.now
        self.logs.begin(self.now)
        if self.acting is not None:
            self.acting.since = min(self.acting.since, self.now)
            self.acting.until = max(self.acting.until, self.now)

    def place(self, account: str, side: Side, tick: int, quantity: int, *, rests: bool = True) -> Sent:
        """A limit order; without `rests` what does not fill at once is dropped."""
        if side is Side.SELL:
            quantity = min(quantity, self.own[account])
        if quantity <= 0 or tick <= 0 or self.placed == self.orders:
            return Sent(None, 0)
        self._begin()
        self.placed += 1
        self.names += 1
        name = f"o{self.names}"
        said = {"op": "limit", "id": name, "account": account, "side": side.name.lower(), "quantity": quantity}
        said |= {"price": f"{tick // 100}.{tick % 100:02d}", "time_in_force": "GTC" if rests else "IOC"}
        self.instructions.append(said)
        fills = self.book.meet(account, side, tick, quantity, self.now)
        for fill in fills:
            self._fill(fill.maker, account, side, fill.quantity)
        filled = sum(fill.quantity for fill in fills)
        order = None
        if rests and filled < quantity:
            order = Order(name, account, side, tick, quantity - filled, self.now, quantity - filled)
            self.book.rest(order)
            self.mine[account][name] = order
            if side is Side.SELL:
                self.own[account] -= order.quantity
                self.logs.moved(account_of(account), BOOK, order.quantity)
            self.logs.tell(
                "OrderBook",
                "OrderPlaced",
                id=int(order.id),
                account=account_of(account),
                quantity=order.quantity,
                expires=0,
            )
        for maker in dict.fromkeys(fill.maker.account for fill in fills):
            self.hit(maker)
        return Sent(order, filled)

    def _fill(self, maker: Order, taker: str, side: Side, quantity: int) -> None:
        self.met[frozenset((maker.account, taker))] += quantity
        if side is Side.BUY:
            self.own[taker] += quantity
            self.logs.moved(BOOK, account_of(taker), quantity)
        else:
            self.own[taker] -= quantity
            self.own[maker.account] += quantity
            self.logs.moved(account_of(taker), account_of(maker.account), quantity)
        if not maker.left:
            self.mine[maker.account].pop(maker.name, None)
        self.logs.tell(
            "OrderBook",
            "Trade",
            maker=int(maker.id),
            makerAccount=account_of(maker.account),
            taker=account_of(taker),
            quantity=quantity,
            voucher=self.vouchers,
            orderOfDay=self.vouchers + 1,
        )
        self.vouchers += 1
        self.trades += 1
        self.last = maker.tick
        self.history.append((self.now, self.last))
        # What is paid tells something of what it is worth.
        self.fair += (self.last - self.fair) // 40

    def cancel(self, order: Order | None) -> None:
        if order is None or not order.left:
            return
        self._begin()
        self.instructions.append({"op": "cancel", "id": order.name})
        left = order.left
        self.book.shrink(order, left)
        self.mine[order.account].pop(order.name, None)
        if order.side is Side.SELL:
            self.own[order.account] += left
            self.logs.moved(BOOK, account_of(order.account), left)
        said = {"id": int(order.id), "account": account_of(order.account), "open": left, "reason": 0}
        self.logs.tell("OrderBook", "OrderClosed", **said)

    def mid(self) -> int:
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        return (bid + ask) // 2 if bid and ask else self.last

    # TIME

    def start(self, course: Course, at: int, case: Case | None = None) -> None:
        self.tie += 1
        heappush(self.queue, (at, self.tie, course, case))

    def run(self) -> Floor:
        dice = self.dice
        day, pace = 0, 150
        while self.placed < self.orders:
            opens = BEGIN + day * DAY + OPENS
            left, before = max(self.days - day, 1), self.placed
            budget = (self.orders - self.placed) // left
            self._plan_day(day, opens, budget * 100 // pace)
            while self.queue and self.placed < self.orders:
                at, _, course, case = self.queue[0]
                if at > BEGIN + day * DAY + CLOSES:
                    break
                heappop(self.queue)
                self.now = max(self.now, at)
                self._step(course, case)
            day += 1
            pace = (3 * pace + (self.placed - before) * 100 * 100 // max(budget * 100 // pace, 1) // 100) // 4
            # What would go on at night goes on in the morning.
            opens = BEGIN + day * DAY + OPENS
            self.queue = sorted(
                (at if at > opens else opens + dice.randint(0, 1_800), tie, course, case)
                for at, tie, course, case in self.queue
            )
            self.fair += dice.randint(-14, 14) + (5_000 - self.fair) // 15
        return self

    def _step(self, course: Course, case: Case | None) -> None:
        self.acting = case
        try:
            wait = next(course)
        except StopIteration:
            return
        finally:
            self.acting = None
        self.start(course, self.now + max(wait, 0), case)

    def _plan_day(self, day: int, opens: int, budget: int) -> None:
        dice = self.dice
        length = CLOSES - OPENS
        late = day * 100 // self.days
        spent = 0
        self.hit = self._requote

        def at(where: int | None = None) -> int:
            return opens + (dice.randint(0, length) if where is None else where)

        for _ in range(dice.randint(2, 6)):
            self.start(self._auction(), at())
        while spent < budget:
            what = dice.randrange(100)
            if what < 20:
                self.start(self._quote(dice.choice(self.makers)), at())
                spent += 5
            elif what < 58:
                self.start(self._private(dice.choice(self.private)), at())
                spent += 1
            elif what < 64:
                self.start(self._scalp(dice.choice(self.scalpers)), at())
                spent += 2
            elif what < 72:
                self.start(self._hedge(dice.choice(self.hedgers)), at())
                spent += 5
            elif what < 82:
                where = length - dice.randint(0, 2_400) if dice.random() < 0.25 else None
                self.start(self._follow(dice.choice(self.momentum)), at(where))
                spent += 1
            elif what < 91:
                self.start(self._offer_surplus(dice.choice(self.surplus)), at())
                spent += 1
            elif what < 98 or late > 65:
                if dice.randrange(100) < 25 + late:
                    who = self.utility if dice.random() < 0.3 else dice.choice(self.emitters)
                    where = length - dice.randint(0, 1_500) if dice.random() < 0.2 else None
                    self.start(self._comply(who), at(where))
                    spent += 1
            else:
                self.start(self._invest(dice.choice(self.funds)), at())
                spent += 2

    # HONEST TRADERS

    def _requote(self, name: str) -> None:
        if name in self.style and self.dice.random() < 0.5:
            self.start(self._quote(name), self.now + self.dice.randint(3, 150))

    def _quote(self, name: str) -> Course:
        """A market maker renews its quotes: takes all back, and shows several levels on both sides."""
        dice = self.dice
        size, half, step = self.style[name]
        for order in list(self.mine[name].values()):
            self.cancel(order)
        skew = (self.own[name] - self.begun[name]) * 25 // self.begun[name]
        mid = (3 * self.fair + self.last) // 4 - skew + dice.randint(-2, 2)
        levels = dice.choice((1, 2, 2, 3))
        for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
            lean = dice.randint(60, 150)
            for level in range(levels):
                away = half + dice.randint(0, 2) + level * step
                self.place(name, side, mid + sign * away, size * lean // 100 + dice.randint(0, 9))
        yield from ()

    def _private(self, name: str) -> Course:
        """Anybody: a limit order, sometimes taken back, sometimes a large one; or a market order."""
        dice = self.dice
        dear = min(max(50 + (self.last - self.fair) // 2, 15), 85)  # what is dear is rather sold
        side = Side.SELL if dice.randrange(100) < dear else Side.BUY
        sign = 1 if side is Side.BUY else -1
        if dice.random() < 0.45:
            self.place(name, side, self.mid() + sign * dice.randint(3, 25), dice.randint(5, 50), rests=False)
            return
        large = dice.random() < 0.06
        quantity = dice.randint(80, 220) if large else dice.randint(5, 50)
        sent = self.place(name, side, self.mid() - sign * dice.randint(0, 70 if dice.random() < 0.4 else 20), quantity)
        if sent.order is not None and dice.random() < 0.55:
            yield dice.randint(120, 9_000)
            self.cancel(sent.order)
            if dice.random() < 0.08:  # changed its mind
                yield dice.randint(60, 3_600)
                self.place(name, other(side), self.mid() - sign * dice.randint(3, 20), dice.randint(5, 60), rests=False)

    def _scalp(self, name: str) -> Course:
        """Both sides, of different sizes; when one has traded the other is taken back."""
        dice = self.dice
        mid = self.mid()
        one = self.place(name, Side.BUY, mid - dice.randint(1, 6), dice.randint(15, 60))
        two = self.place(name, Side.SELL, mid + dice.randint(1, 6), dice.randint(15, 60))
        for _ in range(dice.randint(2, 8)):
            yield dice.randint(20, 600)
            orders = [sent.order for sent in (one, two) if sent.order is not None]
            if any(order.left < order.quantity for order in orders):
                break
        for sent in (one, two):
            self.cancel(sent.order)

    def _hedge(self, name: str) -> Course:
        """A large order in slices that follow the price: placed, taken back, placed nearer, at last crossing."""
        dice = self.dice
        side = dice.choice((Side.BUY, Side.SELL))
        sign = 1 if side is Side.BUY else -1
        left = dice.randint(60, 260)
        for _ in range(dice.randint(2, 6)):
            if left <= 0:
                return
            best = self.book.best(side) or self.last
            part = min(left, dice.randint(20, 90))
            sent = self.place(name, side, best + sign * dice.randint(-2, 2), part)
            left -= sent.filled
            yield dice.randint(200, 2_000)
            if sent.order is not None:
                left -= sent.order.quantity - sent.order.left
                self.cancel(sent.order)
        if left > 0 and dice.random() < 0.6:
            self.place(name, side, self.mid() + sign * 25, left, rests=False)

    def _follow(self, name: str) -> Course:
        """With the trend of the last hours."""
        dice = self.dice
        then = next((price for at, price in reversed(self.history) if at <= self.now - 7_200), self.last)
        if abs(self.last - then) >= 6:
            side = Side.BUY if self.last > then else Side.SELL
            sign = 1 if side is Side.BUY else -1
            self.place(name, side, self.mid() + sign * dice.randint(6, 20), dice.randint(15, 80), rests=False)
        yield from ()

    def _offer_surplus(self, name: str) -> Course:
        """Sells what it has too much of, above the market, more when the price is high."""
        dice = self.dice
        high = max(self.last - self.fair, 0)
        sent = self.place(name, Side.SELL, self.mid() + dice.randint(1, 40), dice.randint(15, 70) + min(high, 100))
        if sent.order is not None and dice.random() < 0.5:
            yield dice.randint(3_000, 20_000)
            self.cancel(sent.order)

    def _comply(self, name: str) -> Course:
        """Buys what it owes, in a hurry when the deadline comes."""
        dice = self.dice
        missing = self.needs[name] - self.own[name]
        if missing <= 0:
            return
        quantity = min(missing, dice.randint(30, 140) if name == self.utility else dice.randint(15, 70))
        if dice.random() < 0.5:
            self.place(name, Side.BUY, self.mid() + dice.randint(4, 30), quantity, rests=False)
            return
        sent = self.place(name, Side.BUY, self.mid() - dice.randint(0, 6), quantity)
        yield dice.randint(900, 7_000)
        if sent.order is not None and sent.order.left:
            self.cancel(sent.order)
            self.place(name, Side.BUY, self.mid() + dice.randint(4, 30), sent.order.quantity // 2, rests=False)

    def _auction(self) -> Course:
        """The authority brings new units to the market, a little every day."""
        sent = self.place(self.treasury, Side.SELL, self.mid() + self.dice.randint(0, 12), self.dice.randint(20, 60))
        yield self.dice.randint(5_000, 20_000)
        self.cancel(sent.order)

    def _invest(self, name: str) -> Course:
        """Buys and holds a part of the supply."""
        dice = self.dice
        if self.own[name] < self.supply // 14:
            for _ in range(dice.randint(1, 3)):
                self.place(name, Side.BUY, self.mid() + dice.randint(0, 10), dice.randint(20, 60), rests=False)
                yield dice.randint(300, 3_000)
        else:
            self.place(name, Side.SELL, self.mid() + dice.randint(5, 40), dice.randint(20, 60))

    # WHAT IS PLANTED

    def _plan_cases(self) -> None:
        dice = self.dice
        first, last = 2, self.days - max(self.days // 8, 3)
        span = last - first
        pool = self.private[1:]
        number = 100

        def moment(kind: int, n: int) -> int:
            day = first + span * n // self.each + dice.randint(0, max(span // self.each - 1, 0))
            return BEGIN + min(day, last) * DAY + OPENS + dice.randint(600, CLOSES - OPENS - 4 * 3_600) + kind

        for n in range(self.each):
            # Who does it trades honestly besides; nobody is in two cases of one kind.
            dice.shuffle(pool)
            people = pool[:20]
            number += 1
            variant = n % 3
            pair = self._of_one_owner(number, pool) if variant == 1 else tuple(people[: 1 + variant // 2])
            self._plant(WarningKind.WASH, pair, self._wash, moment(1, n))
            ring = tuple(people[2 : 2 + dice.randint(3, 6)])
            self._plant(WarningKind.RING, ring, self._ring, moment(2, n))
            self._plant(WarningKind.SPOOFING, (people[9],), self._spoof, moment(3, n))
            end = moment(4, n) // DAY * DAY + CLOSES - dice.randint(90, 1_200)
            two = self._of_one_owner(200 + number, pool) if n % 4 == 3 else (people[10],)
            self._plant(WarningKind.CLOSE, two, self._mark, end)
            some = self._of_one_owner(300 + number, pool) if n % 4 == 1 else (people[13],)
            early = moment(5, n) - (4 * DAY if n == self.each - 1 else 0)
            self._plant(WarningKind.CONCENTRATION, some, self._corner, early)

    def _of_one_owner(self, number: int, pool: list[str]) -> tuple[str, ...]:
        """Two accounts that belong together from now on."""
        pair = tuple([name for name in pool if name not in self.owners][:2])
        self.owners |= dict.fromkeys(pair, number)
        return pair

    def _plant(self, kind: WarningKind, accounts: tuple[str, ...], course: Callable[[Case], Course], at: int) -> None:
        case = Case(kind, accounts)
        self.cases.append(case)
        self.start(course(case), at, case)

    def _hand_over(self, seller: str, buyer: str, quantity: int, wait: int) -> Course:
        """One sells, the other takes it up, if possible between the best prices; tried again if others come between."""
        dice = self.dice
        before = self.met[frozenset((seller, buyer))]
        for _ in range(4):
            bid, ask = self.book.best(Side.BUY) or self.last - 10, self.book.best(Side.SELL) or self.last + 10
            tick = dice.randint(bid + 1, ask - 1) if ask - bid > 1 else ask
            if dice.random() < 0.5:
                sent, taker, side = self.place(seller, Side.SELL, tick, quantity), buyer, Side.BUY
            else:
                sent, taker, side = self.place(buyer, Side.BUY, tick, quantity), seller, Side.SELL
            yield wait
            if sent.order is not None:
                self.place(taker, side, tick, sent.order.left, rests=False)
                self.cancel(sent.order)
            if self.met[frozenset((seller, buyer))] - before >= quantity // 2:
                return
            yield from self._stock(seller, quantity)

    def _wash(self, case: Case) -> Course:
        dice = self.dice
        rounds, quantity = dice.randint(3, 9), dice.randint(20, 90)
        slow = dice.random() < 0.2
        case.note = f"{rounds} rounds of {quantity} t by {len(case.accounts)}{', slowly' if slow else ''}"
        one, two = case.accounts[0], case.accounts[-1]
        yield from self._stock(one, quantity)
        case.since = self.now
        for turn in range(rounds):
            seller, buyer = (one, two) if turn % 2 == 0 else (two, one)
            amount = min(quantity + dice.randint(-3, 3), self.own[seller])
            yield from self._hand_over(seller, buyer, amount, dice.randint(1, 240 if slow else 45))
            if dice.random() < 0.25:
                side = dice.choice((Side.BUY, Side.SELL))
                price = self.mid() + (10 if side is Side.BUY else -10)
                self.place(dice.choice(case.accounts), side, price, dice.randint(5, 20), rests=False)
            yield dice.randint(60, 2_400 if not slow else 9_000)

    def _ring(self, case: Case) -> Course:
        dice = self.dice
        members = case.accounts
        rounds = dice.randint(2, 4) if len(members) < 5 else dice.randint(1, 3)
        quantity, jitter = dice.randint(30, 100), dice.choice((0, 2, 6))
        case.note = f"{rounds} rounds of {quantity} t among {len(members)}"
        yield from self._stock(members[0], quantity)
        case.since = self.now
        for _ in range(rounds):
            for n, seller in enumerate(members):
                buyer = members[(n + 1) % len(members)]
                amount = min(quantity + dice.randint(-jitter, jitter), self.own[seller])
                yield from self._hand_over(seller, buyer, amount, dice.randint(1, 60))
                yield dice.randint(20, 1_500)
            if dice.random() < 0.3:
                self.place(dice.choice(members), Side.BUY, self.mid() + 8, dice.randint(5, 20), rests=False)

    def _stock(self, name: str, quantity: int) -> Course:
        """Who needs units to begin with buys them in the market, from whoever sells."""
        for _ in range(20):
            missing = quantity - self.own[name]
            if missing <= 0:
                return
            self.place(name, Side.BUY, self.mid() + 30, missing, rests=False)
            yield self.dice.randint(100, 1_500)

    def _spoof(self, case: Case) -> Course:
        dice = self.dice
        name = case.accounts[0]
        episodes, strength = dice.randint(1, 4), dice.randint(4, 12)
        case.note = f"{episodes} episodes, {strength} times"
        done = 0
        for _ in range(episodes + 12):
            side = dice.choice((Side.BUY, Side.SELL))  # of the genuine order
            sign = 1 if side is Side.BUY else -1
            genuine = dice.randint(15, 45)
            false = other(side)
            if false is Side.SELL:
                strength = min(strength, 6)
                yield from self._stock(name, genuine * strength)
            layers = dice.randint(1, 5)
            passive = dice.random() < 0.5
            mine = None
            if passive:
                mine = self.place(name, side, self.book.best(side) or self.last, genuine)
                yield dice.randint(5, 90)
            best = self.book.best(false) or self.last
            shown = [
                self.place(name, false, best + sign * (2 + level * dice.randint(1, 6)), genuine * strength // layers)
                for level in range(layers)
            ]
            yield dice.randint(10, 240)
            if passive:
                # Somebody believes it.
                victim = dice.choice([one for one in (*self.momentum, *self.scalpers) if one != name])
                limit = (self.book.best(side) or self.last) - sign * 3
                self.place(victim, false, limit, genuine + dice.randint(0, 20), rests=False)
                traded = 0 if mine is None else mine.filled
                traded += mine.order.quantity - mine.order.left if mine is not None and mine.order else 0
            else:
                traded = self.place(name, side, self.mid() + sign * 15, genuine, rests=False).filled
            yield dice.randint(3, 400)
            for sent in shown:
                self.cancel(sent.order)
                if dice.random() < 0.4:
                    yield dice.randint(1, 20)
            if mine is not None:
                self.cancel(mine.order)
            done += int(traded) >= genuine // 2
            if done >= episodes:
                break
            yield dice.randint(300, 5_000)

    def _mark(self, case: Case) -> Course:
        """Pushes the day's last price, and gets rid of the rest the next day. What fails is tried again."""
        dice = self.dice
        for _ in range(10):
            side = dice.choice((Side.BUY, Side.SELL))
            if side is Side.SELL and sum(self.own[name] for name in case.accounts) < 150:
                side = Side.BUY
            sign = 1 if side is Side.BUY else -1
            start, aim = self.mid(), dice.randint(35, 110)
            case.note = f"{'up' if sign > 0 else 'down'} by {aim} ticks"
            closes = self.now // DAY * DAY + CLOSES
            steps = dice.randint(1, 4)
            got = 0
            for step in range(1, steps + 1):
                name = case.accounts[step % len(case.accounts)]
                limit = start + sign * aim * step // steps
                got += self.place(name, side, limit, dice.randint(30, 90), rests=False).filled
                yield max((closes - self.now) // (steps - step + 2) - dice.randint(0, 30), 1)
            yield max(closes - self.now - dice.randint(2, 40), 0)
            # The last price of the day is the one that counts, whatever it costs up to twice the aim.
            pushed = False
            for _ in range(6):
                if (self.last - start) * sign >= aim * 2 // 3 and pushed:
                    break
                best = self.book.best(other(side))
                if not best or (best - start) * sign > 2 * aim:
                    break
                limit = best + sign * dice.randint(0, 10)
                filled = self.place(case.accounts[0], side, limit, dice.randint(20, 80), rests=False).filled
                pushed = pushed or filled > 0
                got += filled
            moved = (self.last - start) * sign
            yield DAY - CLOSES + OPENS + dice.randint(1_200, 9_000)
            part = max(got // 3, 1)
            for _ in range(3):
                name = dice.choice(case.accounts)
                self.place(name, other(side), self.mid() - sign * 15, part, rests=False)
                yield dice.randint(300, 4_000)
            if pushed and moved >= 25:
                return
            yield max(self.now // DAY * DAY + CLOSES - dice.randint(90, 1_200) - self.now, 0)

    def _corner(self, case: Case) -> Course:
        dice = self.dice
        supply = sum(tonnes for name, tonnes in self.own.items() if name != self.treasury)
        supply += sum(order.left for level in self.book.levels[Side.SELL].values() for order in level)
        aim = supply * dice.randint(16, 30) // 100
        case.note = f"{aim} of {supply} t"
        for _ in range(400):
            name = dice.choice(case.accounts)
            own = sum(self.own[one] for one in case.accounts)
            if own >= aim:
                break
            quantity = min(dice.randint(50, 220), aim - own)
            if dice.random() < 0.75:
                self.place(name, Side.BUY, self.mid() + dice.randint(10, 50), quantity, rests=False)
                yield dice.randint(120, 1_500)
            else:
                sent = self.place(name, Side.BUY, self.mid() + dice.randint(-3, 3), quantity)
                yield dice.randint(400, 2_500)
                self.cancel(sent.order)
        case.note += f", bought by {self.now}"
        yield dice.randint(3_600, DAY)
        # Squeezed out of it: sold dearly first, then as it comes.
        for n in range(300):
            name = dice.choice(case.accounts)
            if self.own[name] < 60 and all(self.own[one] < 60 for one in case.accounts):
                break
            if n < 5:
                sent = self.place(name, Side.SELL, self.mid() + dice.randint(20, 80), dice.randint(80, 250))
                yield dice.randint(1_000, 6_000)
                self.cancel(sent.order)
            else:
                self.place(name, Side.SELL, self.mid() - dice.randint(5, 20), dice.randint(80, 260), rests=False)
                yield dice.randint(300, 1_800)


__all__ = ["MARKET", "Case", "Floor"]
