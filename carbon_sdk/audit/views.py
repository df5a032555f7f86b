"""What the contracts are asked, and what they should answer if the events told everything.

One function for each folder of contracts: from the folded state to `Question`s. A question names a view, its arguments,
and the fields of the answer that the fold knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from carbon_sdk.audit.market_rules import DOWNGRADED
from carbon_sdk.audit.state import Determination, InAndOut, Lines, State, Subject
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId, Side

Expected = Mapping[str, Any]


class Question(NamedTuple):
    """One view call and the answer that the fold expects."""

    group: str
    """What kind of thing is compared, such as `balances`."""
    about: str
    """For people: `balance of 0x… in allowance/1/2024/0/0`."""
    contract: Address
    name: str
    """Name of the contract."""
    function: str
    arguments: tuple[object, ...]
    expected: Expected
    """Field of the answer → value; `""` is the answer itself where it has no fields."""
    subject: Subject
    """Key into `State.touched`."""


Asking = Callable[[State, Mapping[str, Address]], Iterator[Question]]


def questions(state: State, contracts: Mapping[Address, str]) -> Iterator[Question]:
    """Everything that can be compared between this state and these contracts."""
    by_name = {name: address for address, name in contracts.items()}
    for ask in _ASKING:
        yield from ask(state, by_name)


def _ledger(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "InstrumentLedger"
    if name not in contracts:
        return
    at, ledger = contracts[name], state.ledger
    for number, one in ledger.instruments.items():
        yield Question(
            "instruments",
            f"{one.id}",
            at,
            name,
            "instrumentOf",
            (number,),
            {
                "issued": one.issued,
                "cancelled": one.cancelled,
                "validUntil": one.valid_until,
                "state": one.state,
                "rules": ledger.rules.get(number, 0),
            },
            ("instrument", number),
        )
    for (sender, receiver, rules), since in ledger.direct.items():
        yield Question(
            "direct transfers",
            f"direct transfers from {sender} to {receiver} under set {rules}",
            at,
            name,
            "directFrom",
            (sender, receiver, rules),
            {"": since},
            ("direct", sender, receiver, rules),
        )
    for reason, module in ledger.binders.items():
        yield Question(
            "binders",
            f"who binds for reason {reason}",
            at,
            name,
            "binderOf",
            (reason,),
            {"": module},
            ("binder", reason),
        )
    bound: dict[tuple[Address, int], int] = {}
    for (account, number, reason), quantity in ledger.encumbered.items():
        bound[account, number] = bound.get((account, number), 0) + quantity
        yield Question(
            "encumbrances",
            f"bound for reason {reason} of {account} in {InstrumentId(number)}",
            at,
            name,
            "encumberedFor",
            (account, number, reason),
            {"": quantity},
            ("encumbered", account, number, reason),
        )
    for (account, number), balance in ledger.balances.items():
        key = (account, number)
        free = max(0, balance - bound.get(key, 0) - ledger.frozen.get(key, 0))
        what = f"of {account} in {InstrumentId(number)}"
        subject = ("balance", account, number)
        yield Question("balances", f"balance {what}", at, name, "balanceOf", key, {"": balance}, subject)
        yield Question("free units", f"free {what}", at, name, "freeOf", key, {"": free}, subject)
        if key in bound:
            yield Question("encumbrances", f"bound {what}", at, name, "encumberedOf", key, {"": bound[key]}, subject)
    for key, quantity in ledger.frozen.items():
        what = f"frozen of {key[0]} in {InstrumentId(key[1])}"
        yield Question("frozen", what, at, name, "getFrozenTokens", key, {"": quantity}, ("frozen", *key))
    for account, known in ledger.eligibility.items():
        yield Question(
            "eligibility",
            f"eligibility of {account}",
            at,
            name,
            "eligibilityOf",
            (account,),
            {
                "status": known.status,
                "kind": known.kind,
                "restrictions": known.restrictions_at(state.timestamp),
                "region": known.region,
                "owner": known.owner,
                "certificateUntil": known.certificate_until,
            },
            ("eligibility", account),
        )
    for key_, has in ledger.keys.items():
        expected = {"account": has.account, "certificateUntil": has.certificate_until, "rights": has.rights}
        if not has.rights:
            expected = {"rights": 0}
        yield Question("keys", f"key {key_}", at, name, "representationOf", (key_,), expected, ("key", key_))


def _cash(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "CashDesk"
    if name not in contracts:
        return
    at, cash = contracts[name], state.cash
    for number, money in {state.main_money: InAndOut(), **cash.moneys}.items():
        # That it agrees says too that the desk has the tokens that it owes.
        expected = {
            "deposited": money.deposited,
            "withdrawn": money.withdrawn,
            "outstanding": money.deposited - money.withdrawn,
            "agrees": True,
        }
        subject: Subject = ("deposits", number)
        what = f"deposits and withdrawals of {InstrumentId(number)}"
        yield Question("deposits", what, at, name, "reconcileOf", (number,), expected, subject)
        if number == state.main_money:
            yield Question("deposits", what, at, name, "reconcile", (), expected, subject)
    for number, (token, decimals, stopped) in cash.backings.items():
        yield Question(
            "backings",
            f"what backs {InstrumentId(number)}",
            at,
            name,
            "backingOf",
            (number,),
            {"token": token, "decimals": decimals, "stopped": stopped},
            ("backing", number),
        )
    for account, (to, usable) in cash.payout_addresses.items():
        yield Question(
            "withdrawals",
            f"payout address of {account}",
            at,
            name,
            "payoutAddressOf",
            (account,),
            {"to": to, "usableFrom": usable},
            ("payout address", account),
        )
    if cash.hold is not None:
        yield Question("withdrawals", "hold", at, name, "hold", (), {"": cash.hold}, ("hold",))
    yield Question(
        "withdrawals",
        "number of withdrawals",
        at,
        name,
        "withdrawalCount",
        (),
        {"": len(cash.withdrawals)},
        ("withdrawal", len(cash.withdrawals)),
    )
    for number, one in cash.withdrawals.items():
        yield Question(
            "withdrawals",
            f"withdrawal {number}",
            at,
            name,
            "withdrawalOf",
            (number,),
            {
                "account": one.account,
                "state": one.state,
                "amount": one.amount,
                "instrument": one.instrument,
                "payout": one.payout,
            },
            ("withdrawal", number),
        )
    for account, (commitment, usable) in cash.payouts.items():
        yield Question(
            "withdrawals",
            f"payout destination of {account}",
            at,
            name,
            "payoutOf",
            (account,),
            {"commitment": commitment, "usableFrom": usable},
            ("payout", account),
        )


def _transfers(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "TransferRules"
    if name not in contracts:
        return
    at, told = contracts[name], state.transfers

    def ask(
        group: str, about: str, function: str, arguments: tuple[object, ...], expected: Expected, subject: Subject
    ) -> Question:
        return Question(group, about, at, name, function, arguments, expected, subject)

    count = len(told.rules)
    yield ask("transfer rules", "number of sets", "rulesCount", (), {"": count}, ("transfer rules", count))
    for number, types in told.rules.items():
        subject: Subject = ("transfer rules", number)
        yield ask("transfer rules", f"types of set {number}", "typesOf", (number,), {"": types}, subject)
    if told.calendar is not None:
        yield ask("calendar", "business hours", "calendarOf", (), told.calendar, ("calendar",))
    for day, is_one in told.holidays.items():
        yield ask("calendar", f"holiday on day {day}", "isHoliday", (day,), {"": is_one}, ("holiday", day))
    if told.trust_rules is not None:
        yield ask("trusted accounts", "rules of lists", "trustRulesOf", (), told.trust_rules, ("trust rules",))
    for account, on in told.opted_in.items():
        subject = ("opt-in", account)
        yield ask("trusted accounts", f"option of {account}", "hasOptedIn", (account,), {"": on}, subject)
    for place, entry in told.trusts.items():
        expected: Expected = {"key": entry.key, "state": entry.state, "since": entry.since}
        about = f"{place[1]} on the list of {place[0]}"
        yield ask("trusted accounts", about, "trustOf", place, expected, ("trust", *place))
    count = len(told.transfers)
    yield ask("transfers", "number of transfers", "transferCount", (), {"": count}, ("transfer", count))
    for number, one in told.transfers.items():
        expected = {
            "from": one.giver,
            "to": one.receiver,
            "key": one.key,
            "instrument": one.instrument,
            "quantity": one.quantity,
            "rules": one.rules,
            "kind": one.kind,
            "state": one.state,
            "proposedAt": one.proposed_at,
            "dueAt": one.due_at,
            "closedAt": one.closed_at,
        }
        yield ask("transfers", f"transfer {number}", "transferOf", (number,), expected, ("transfer", number))


def _banking(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "Banking"
    if name not in contracts:
        return
    at, banking = contracts[name], state.banking
    yield Question("banking", "number of acts", at, name, "actCount", (), {"": banking.acts}, ("banking acts",))
    count = len(banking.rules)
    yield Question("banking", "number of rules", at, name, "ruleCount", (), {"": count}, ("banking rule", count))
    for number, rule in banking.rules.items():
        yield Question(
            "banking",
            f"rule {number}",
            at,
            name,
            "ruleOf",
            (number,),
            {
                "terms.from": rule.source,
                "terms.to": rule.target,
                "terms.opens": rule.opens,
                "terms.closes": rule.closes,
                "converted": rule.converted,
                "lapsed": rule.lapsed,
            },
            ("banking rule", number),
        )
    for instrument, number in banking.latest.items():
        what = f"latest rule for {InstrumentId(instrument)}"
        yield Question("banking", what, at, name, "ruleFor", (instrument,), {"": number}, ("banking rule", number))
    for (number, account), one in banking.accounts.items():
        what, subject = f"{account} under rule {number}", ("banking account", number, account)
        expected = {
            "converted": one.converted,
            "netSales": one.net_sales,
            "held": one.held,
            "recorded": int(one.recorded),
        }
        yield Question("banking", what, at, name, "standingOf", (number, account), expected, subject)
        room = banking.room(banking.rules[number], one)
        yield Question("banking", f"room of {what}", at, name, "roomOf", (number, account), {"": room}, subject)


def _pledges(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "PledgeBook"
    if name not in contracts:
        return
    at, book = contracts[name], state.pledges
    count = {"": len(book.pledges)}
    yield Question("pledges", "number of pledges", at, name, "pledgeCount", (), count, ("pledge", len(book.pledges)))
    least = {"": book.least_notice}
    yield Question("pledges", "least notice", at, name, "leastNotice", (), least, ("least notice",))
    sides: dict[Address, int] = {}
    for number, one in book.pledges.items():
        for side in (one.pledgor, one.pledgee):
            sides[side] = sides.get(side, 0) + 1
        subject: Subject = ("pledge", number)
        expected = {
            "pledge.pledgor": one.pledgor,
            "pledge.state": one.state,
            "pledge.offeredAt": one.offered_at,
            "pledge.noticeAt": one.notice_at,
            "pledge.amendedBy": one.amended_by,
            "pledge.exchanges": one.exchanges,
            "pledge.exchangeOpen": one.added is not None,
            "pledge.terms": {
                "pledgee": one.pledgee,
                "receiver": one.receiver,
                "due": one.due,
                "noticePeriod": one.notice_period,
                "offerUntil": one.offer_until,
                "agreement": one.agreement,
            },
            "units": _rows(one.lines),
        }
        yield Question("pledges", f"pledge {number}", at, name, "pledgeOf", (number,), expected, subject)
        exchange = {
            "number": one.exchanges if one.added is not None else 0,
            "removed": _rows(one.removed),
            "added": _rows(one.added),
        }
        yield Question("pledges", f"exchange of pledge {number}", at, name, "exchangeOf", (number,), exchange, subject)
    for side, total in sides.items():
        about, asked = f"number of pledges of {side}", {"total": total}
        yield Question("pledges", about, at, name, "pledgesOf", (side, 0, 0), asked, ("pledges of", side))


def _rows(lines: Lines | None) -> tuple[dict[str, int], ...]:
    return tuple({"instrument": instrument, "quantity": quantity} for instrument, quantity in (lines or Lines()).rows)


def _acts(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "AuthorityDesk"
    if name not in contracts:
        return
    at, acts = contracts[name], state.acts.acts
    yield Question("acts", "number of acts", at, name, "actCount", (), {"": len(acts)}, ("act", len(acts)))
    fields = ("fromUnits", "fromMoney", "period", "reversibleFor")
    rules = dict(zip(fields, state.acts.rules, strict=True))
    about = "when a second officer confirms"
    yield Question("acts", about, at, name, "secondOfficerRules", (), rules, ("second officer rules",))
    for number, one in acts.items():
        yield Question(
            "acts",
            f"act {number} of the authority",
            at,
            name,
            "actOf",
            (number,),
            {
                "act": {
                    "kind": one.kind,
                    "state": one.state,
                    "orderedAt": one.ordered_at,
                    "doneAt": one.done_at,
                    "confirmBy": one.confirm_by,
                    "officer": one.officer,
                    "reverses": one.reverses,
                    "confirmedBy": one.confirmed_by,
                    "reversedBy": one.reversed_by,
                    "from": one.source,
                    "to": one.target,
                    "instrument": one.instrument,
                    "quantity": one.quantity,
                    "cause": one.cause,
                    "document": one.document,
                },
                "bindings": tuple({"reason": reason, "id": id_} for reason, id_ in one.bindings),
            },
            ("act", number),
        )


def _book(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "OrderBook"
    if name not in contracts:
        return
    at = contracts[name]
    count = len(state.book.markets)
    yield Question("markets", "number of markets", at, name, "marketCount", (), {"": count}, ("market", count))
    for number, market in state.book.markets.items():
        subject: Subject = ("market", number)
        yield Question(
            "markets",
            f"market {number}",
            at,
            name,
            "marketOf",
            (number,),
            {
                "state": market.state,
                "bestBid": market.best(Side.BUY),
                "bestAsk": market.best(Side.SELL),
                "last": market.last,
                "feesAccrued": market.fees,
                "trades": market.trades,
                "terms.instrument": market.instrument,
                "terms.lowest": market.lowest,
                "terms.highest": market.highest,
                "close": market.close,
                "day": market.day,
                "lotsToday": market.lots_today,
                "turnoverToday": market.turnover_today,
                **({"until": market.until} if market.until else {}),
            },
            subject,
        )
        limits, conduct = market.limits, market.conduct
        yield Question(
            "markets",
            f"limits of market {number}",
            at,
            name,
            "limitsOf",
            (number,),
            {
                "mostLots": limits.most_lots,
                "dynamicPermille": limits.dynamic_permille,
                "mostHeld": limits.most_held,
                "mostOpen": limits.most_open,
            },
            subject,
        )
        yield Question(
            "markets",
            f"conduct of market {number}",
            at,
            name,
            "conductOf",
            (number,),
            {
                "bandBasisPoints": conduct.band_basis_points,
                "closing": conduct.closing,
                "interruptionMinutes": conduct.interruption_minutes,
                "resumptionMinutes": conduct.resumption_minutes,
                "choice": conduct.choice,
            },
            subject,
        )
        for side in Side:
            levels = market.levels(side)
            most = len(levels) + 1  # one more than expected, so that a level too many shows
            yield Question(
                "levels",
                f"levels of market {number}, {side.name.lower()}",
                at,
                name,
                "depth",
                (number, int(side), most),
                {"ticks": tuple(tick for tick, _ in levels), "tonnes": tuple(level.total for _, level in levels)},
                subject,
            )
            for tick, level in levels:
                places = market.generations[side, tick][1]
                yield Question(
                    "queues",
                    f"queue of market {number}, {side.name.lower()} {tick}",
                    at,
                    name,
                    "ordersAt",
                    (number, int(side), tick, 0, places + 1),
                    {"ids": tuple(int(order) for order in level.orders)},
                    ("level", number, side, tick),
                )
    for identity, order in state.book.orders.items():
        yield Question(
            "orders",
            f"order {order.id}",
            at,
            name,
            "orderOf",
            (int(identity),),
            {"account": order.account, "open": order.open, "expires": order.expires},
            ("order", int(identity)),
        )
    for identity in state.book.closed:
        yield Question(
            "orders",
            f"closed order {identity:#x}",
            at,
            name,
            "orderOf",
            (int(identity),),
            {"open": 0},
            ("order", identity),
        )


def _market_rules(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "MarketRules"
    if name not in contracts:
        return
    at, rules = contracts[name], state.market_rules
    count = len(rules.calendars)
    yield Question("calendars", "number of calendars", at, name, "calendarCount", (), {"": count}, ("calendar", count))
    for number, calendar in rules.calendars.items():
        told: Expected = {"name": calendar.name, "week": calendar.week}
        yield Question("calendars", f"calendar {number}", at, name, "calendarOf", (number,), told, ("calendar", number))
        for day in calendar.marked:
            kind: Expected = {"": calendar.day_type_on(day)}
            subject: Subject = ("calendar day", number, day)
            what = f"day {day} of calendar {number}"
            yield Question("calendars", what, at, name, "dayTypeOn", (number, day), kind, subject)
    for market, one in rules.assignments.items():
        assigned: Expected = {"calendar": one.calendar, "next": one.next, "from": one.since}
        subject = ("calendar of market", market)
        yield Question(
            "calendars", f"calendar of market {market}", at, name, "assignmentOf", (market,), assigned, subject
        )
    yield from _sessions(state, at)
    since = {"": rules.downgraded_since}
    yield Question("downgrade", "downgraded since", at, name, "downgradedSince", (), since, ("downgrade",))
    stress: Expected = {
        "version": rules.stress_version,
        **{f"rules.{key}": value for key, value in rules.stress.items()},
    }
    yield Question("downgrade", "stress rules", at, name, "stressRules", (), stress, ("stress rules",))
    for instrument, terms in rules.terms.items():
        expected = {
            "tonnes": terms.tonnes,
            "basisPoints": terms.basis_points,
            "reportWithin": terms.report_within,
            "validFor": terms.valid_for,
        }
        what, subject = f"reported positions in {InstrumentId(instrument)}", ("position terms", instrument)
        yield Question("large positions", what, at, name, "positionTermsOf", (instrument,), expected, subject)
    for (account, instrument), duty in rules.duties.items():
        owed = {
            "due": duty.due,
            "overdue": duty.overdue,
            "reportedUntil": duty.reported_until,
            "overdueCount": duty.overdue_count,
        }
        what = f"reports of {account} on {InstrumentId(instrument)}"
        subject = ("duty to report", account, instrument)
        yield Question("large positions", what, at, name, "largePositionOf", (account, instrument), owed, subject)


def _sessions(state: State, at: Address) -> Iterator[Question]:
    """The phase of each market at every boundary of the present day and the next."""
    rules = state.market_rules
    for market in rules.assignments:
        for day in (rules.day_of(state.timestamp), rules.day_of(state.timestamp) + 1):
            midnight = day * 86_400 - rules.offset
            boundaries = {0, *(minute for one in rules.sessions_of(market, day) for minute in one[1:3])} - {1440}
            for minute in sorted(boundaries):
                time = midnight + minute * 60
                state_then = rules.session_at(market, time)
                expected = {"state": DOWNGRADED if rules.downgraded_since else state_then}
                what = f"phase of market {market} at {time}"
                subject = ("calendar of market", market)
                yield Question("calendars", what, at, "MarketRules", "phaseAt", (market, time), expected, subject)


def _quotes(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "QuoteBoard"
    if name not in contracts:
        return
    at, quotes = contracts[name], state.quotes
    count = len(quotes.boards)
    yield Question("boards", "number of boards", at, name, "boardCount", (), {"": count}, ("board", count))
    yield Question("boards", "account for fees", at, name, "feeAccount", (), {"": quotes.fee_account}, ("quote fees",))
    for number, board in quotes.boards.items():
        expected = {
            "state": board.state,
            "quotes": board.quotes,
            "terms.instrument": board.instrument,
            "terms.tickSize": board.tick_size,
            "terms.lowest": board.lowest,
            "terms.highest": board.highest,
        }
        yield Question("boards", f"board {number}", at, name, "boardOf", (number,), expected, ("board", number))
    for identity, quote in quotes.open.items():
        told: Expected = {
            "account": quote.account,
            "open": quote.open,
            "leastFill": quote.least_fill,
            "expires": quote.expires,
            "named": quote.digest,
        }
        subject: Subject = ("quote", int(identity))
        yield Question("quotes", f"quote {quote.id}", at, name, "quoteOf", (int(identity),), told, subject)
    for identity in quotes.closed:
        yield Question(
            "quotes",
            f"closed quote {identity:#x}",
            at,
            name,
            "quoteOf",
            (int(identity),),
            {"open": 0},
            ("quote", int(identity)),
        )


def _sealed_auctions(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name, group = "SealedAuction", "sealed auctions"
    if name not in contracts:
        return
    at, sales = contracts[name], state.sealed.sales
    count = len(sales)
    yield Question(group, "number of auctions", at, name, "auctionCount", (), {"": count}, ("auction", count))
    for number, sale in sales.items():
        subject: Subject = ("auction", number)
        expected: Expected = {
            "state": sale.state,
            "seller": sale.seller,
            "bids": sale.made,
            "opened": sale.opened,
            "offered": sale.offered,
            "delivered": sale.delivered,
            "unsold": sale.unsold,
            "proceeds": sale.proceeds,
        }
        yield Question(group, f"auction {number}", at, name, "auctionOf", (number,), expected, subject)
        for bid in sale.bids.values():
            if bid.lots:
                told: Expected = {"account": bid.account, "lots": bid.lots, "tick": bid.tick, "counted": bid.counted}
                yield Question(
                    group, f"bid {bid.id} of auction {number}", at, name, "bidOf", (number, bid.id), told, subject
                )


def _blocks(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "BlockTrades"
    if name not in contracts:
        return
    at, blocks = contracts[name], state.blocks
    count = len(blocks.markets)
    what = "number of block markets"
    yield Question("block markets", what, at, name, "blockMarketCount", (), {"": count}, ("block market", count))
    fees: Subject = ("block fees",)
    yield Question("block markets", "account for fees", at, name, "feeAccount", (), {"": blocks.fee_account}, fees)
    for number, market in blocks.markets.items():
        expected = {
            "state": market.state,
            "referenceTick": market.reference,
            "terms.instrument": market.instrument,
            "terms.tickSize": market.tick_size,
            "terms.opens": market.opens,
            "terms.closes": market.closes,
            "terms.weekdays": market.weekdays,
        }
        yield Question(
            "block markets",
            f"block market {number}",
            at,
            name,
            "blockMarketOf",
            (number,),
            expected,
            ("block market", number),
        )
    for identity, block in blocks.blocks.items():
        yield Question(
            "blocks",
            f"state of block 0x{identity.hex()}",
            at,
            name,
            "stateOf",
            (identity,),
            {"": block.state},
            ("block", identity),
        )
    for account, nonce in blocks.nonces:
        key = (account, nonce)
        what = f"nonce {nonce} of {account}"
        yield Question("nonces", what, at, name, "isNonceUsed", key, {"": True}, ("nonce", *key))
    for account, (lacked, not_eligible, latest) in blocks.failures.items():
        yield Question(
            "failures",
            f"failed settlements of {account}",
            at,
            name,
            "failuresOf",
            (account,),
            {"lacked": lacked, "notEligible": not_eligible, "latest": latest},
            ("failures", account),
        )


def _conduct(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name, conduct = "CreditRecord", state.conduct
    if name not in contracts:
        return
    at = contracts[name]
    for kind in {*conduct.kinds, *conduct.reporters}:
        points, counts, restrictions, barred, appeal, officers = conduct.kinds.get(kind, (0, 0, 0, 0, 0, False))
        expected = {
            "points": points,
            "countsFor": counts,
            "restrictions": restrictions,
            "barredFor": barred,
            "appealWithin": appeal,
            "byOfficers": officers,
        }
        subject: Subject = ("conduct kind", kind)
        what = f"misconduct of kind {kind}"
        yield Question("conduct", what, at, name, "conductKind", (kind,), expected, subject)
        reporter = conduct.reporters.get(kind, ZERO_ADDRESS)
        yield Question("conduct", f"who reports {what}", at, name, "reporterOf", (kind,), {"": reporter}, subject)
    for account, standing in conduct.standings.items():
        told = {
            "entries": len(standing.entries),
            "score": standing.score,
            "tier": standing.tier,
            "restrictions": standing.restrictions,
            "at": standing.at,
            "lapsing": standing.lapsing,
            "lapseAt": standing.lapse_at,
        }
        subject = ("credit", account)
        yield Question("credit", f"credit of {account}", at, name, "standingOf", (account,), told, subject)
        source = {"": standing.source}
        what = f"source of restrictions of {account}"
        yield Question("credit", what, at, name, "sourceOf", (account,), source, subject)
        for number, entry in enumerate(standing.entries, 1):
            yield Question(
                "credit",
                f"entry {number} of {account}",
                at,
                name,
                "entryOf",
                (account, number),
                {
                    "kind": entry.kind,
                    "state": entry.state,
                    "points": entry.points,
                    "restrictions": entry.restrictions,
                    "at": entry.at,
                    "countsUntil": entry.counts_until,
                    "barredUntil": entry.barred_until,
                    "appealUntil": entry.appeal_until,
                    "compensates": entry.compensates,
                    "reporter": entry.reporter,
                    "confirmer": entry.confirmer,
                    "cause": entry.cause,
                },
                ("conduct entry", account, number),
            )
    count = len(conduct.accusations)
    yield Question(
        "accusations", "number of accusations", at, name, "accusationCount", (), {"": count}, ("accusation", count)
    )
    for number, one in conduct.accusations.items():
        case = {"account": one.account, "kind": one.kind, "state": one.state, "accuser": one.accuser}
        subject = ("accusation", number)
        yield Question("accusations", f"accusation {number}", at, name, "accusationOf", (number,), case, subject)


def _plans(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "TradingPlans"
    if name not in contracts:
        return
    at = contracts[name]
    for key, filed in state.plans.filed.items():
        account, *period = key
        what = f"plans of {account} for {period[1]}, quarter {period[2]}, in {InstrumentId(period[0])}"
        arguments = (account, tuple(period))
        yield Question("plans", what, at, name, "planCount", arguments, {"": len(filed)}, ("plans", *key))
        for plan in filed:
            told = {"digest": plan.digest, "at": plan.at, "isPublic": plan.terms is not None}
            subject: Subject = ("plan", *key, plan.version)
            asked = (*arguments, plan.version)
            yield Question("plans", f"version {plan.version} of {what}", at, name, "planOf", asked, told, subject)


def _confirmation_keys(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "TradeConfirmations"
    if name not in contracts:
        return
    for key, known in state.confirmation_keys.items():
        told = {"from": known.since, "until": known.until, "revokedSince": known.revoked_since}
        subject: Subject = ("confirmation key", key)
        what = f"period of the confirmation key {key}"
        yield Question("confirmations", what, contracts[name], name, "confirmationKeyOf", (key,), told, subject)


def _evidence(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "EvidenceRegistry"
    if name not in contracts:
        return
    at, group, told = contracts[name], "evidence", state.evidence
    subject: Subject
    for party, keys in told.keys.items():
        subject = ("encryption key", party)
        what = f"encryption keys of {party}"
        yield Question(group, f"number of {what}", at, name, "encryptionKeyCount", (party,), {"": len(keys)}, subject)
        known: Expected = {"publicKey": keys[-1][0], "since": keys[-1][1]}
        yield Question(group, f"last of the {what}", at, name, "encryptionKeyOf", (party, len(keys)), known, subject)
    subject = ("document", len(told.documents))
    yield Question(group, "number of documents", at, name, "documentCount", (), {"": len(told.documents)}, subject)
    for number, one in told.documents.items():
        subject, what = ("document", number), f"document {number}"
        filed: Expected = {
            "owner": one.owner,
            "office": one.office,
            "versions": len(one.versions),
            "subject": one.subject,
        }
        yield Question(group, what, at, name, "documentOf", (number,), filed, subject)
        commitment, since = one.versions[-1]
        latest: Expected = {"commitment": commitment, "at": since}
        yield Question(group, f"latest of {what}", at, name, "versionOf", (number, len(one.versions)), latest, subject)
    for (document, party), (since, until) in told.grants.items():
        what = f"access of {party} to document {document}"
        grant: Expected = {"since": since, "until": until}
        yield Question(group, what, at, name, "grantOf", (document, party), grant, ("grant", document, party))
    subject = ("request", len(told.requests))
    yield Question(group, "number of requests", at, name, "requestCount", (), {"": len(told.requests)}, subject)
    for number, asked in told.requests.items():
        state_of: Expected = {"document": asked.document, "party": asked.party, "state": asked.state}
        yield Question(group, f"request {number}", at, name, "requestOf", (number,), state_of, ("request", number))


def _vouchers(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    names = {address: name for name, address in contracts.items()}
    for (issuer, number), series in state.vouchers.series.items():
        if issuer not in names:
            continue
        subject: Subject = ("series", issuer, number)
        mountains, what = series.mountains, f"series {number} of {names[issuer]}"
        for function, arguments, expected, meaning in (
            ("voucherCount", (number,), len(mountains), "vouchers in"),
            ("voucherRoot", (number,), mountains.root(), "root of"),
            *(("voucherPeak", (number, h), node, f"peak {h} of") for h, node in mountains.peaks()),
        ):
            yield Question(
                "vouchers", f"{meaning} {what}", issuer, names[issuer], function, arguments, {"": expected}, subject
            )
    name = "VoucherBook"
    if name not in contracts:
        return
    for number, (issuer, kinds) in state.vouchers.directory.items():
        yield Question(
            "vouchers",
            f"directory entry of series {number}",
            contracts[name],
            name,
            "seriesOf",
            (number,),
            {"issuer": issuer, "kinds": kinds},
            ("directory", number),
        )
    for rules in state.vouchers.rules:
        yield Question(
            "vouchers",
            f"coding rules {rules.version}",
            contracts[name],
            name,
            "codingRules",
            (rules.version,),
            {
                "scheme": rules.scheme.encode().ljust(8, b"\0"),
                "kinds": rules.kinds.encode().ljust(4, b"\0"),
                "utcOffset": rules.utc_offset,
                "effectiveFrom": rules.effective_from,
            },
            ("coding rules", rules.version),
        )


def _registry(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "StakeholderRegistry"
    if name in contracts:
        at = contracts[name]
        for number, application in state.registry.applications.items():
            yield Question(
                "applications",
                f"application {number}",
                at,
                name,
                "applicationOf",
                (number,),
                {"key": application.key, "status": application.status, "form.record": application.record},
                ("application", number),
            )
        for address, account in state.registry.accounts.items():
            subject: Subject = ("account", address)
            yield Question(
                "accounts",
                f"account {address}",
                at,
                name,
                "accountRecordOf",
                (address,),
                {
                    "applicationId": account.application,
                    "kind": account.kind,
                    "status": account.status,
                    "capabilities": account.capabilities,
                    "region": account.region,
                    "sector": account.sector,
                    "owner": account.owner,
                    "authorityRestrictions": account.authority_restrictions,
                    "complianceRestrictions": account.compliance_restrictions,
                    "conductRestrictions": account.conduct_restrictions,
                    "openedAt": account.opened_at,
                    "certificateUntil": account.certificate_until,
                },
                subject,
            )
            lapsing, until = account.conduct_lapse
            yield Question(
                "accounts",
                f"what ends by itself of {address}",
                at,
                name,
                "conductLapseOf",
                (address,),
                {"lapsing": lapsing, "at": until},
                subject,
            )
            for function, expected in (("recordOf", account.record), ("principalOf", account.principal)):
                yield Question(
                    "accounts", f"{function} {address}", at, name, function, (address,), {"": expected}, subject
                )
        for officer, region in state.registry.officers.items():
            yield Question(
                "officers", f"region of {officer}", at, name, "regionOf", (officer,), {"": region}, ("officer", officer)
            )
        within, notice = state.registry.rules
        rules = {"rotationWithin": within, "closingNotice": notice}
        yield Question("accounts", "rules of accounts", at, name, "accountRules", (), rules, ("account rules",))
        for old_key, (new_key, until, by) in state.registry.rotations.items():
            asked = {"newKey": new_key, "until": until, "by": by}
            what = f"rotation of {old_key}"
            yield Question("representatives", what, at, name, "rotationOf", (old_key,), asked, ("rotation", old_key))
        for address, since in state.registry.closings.items():
            what = f"closing of {address}"
            yield Question("accounts", what, at, name, "closingOf", (address,), {"": since}, ("closing", address))
    name = "CertificateRegistry"
    if name in contracts:
        at = contracts[name]
        for fingerprint, certificate in state.registry.certificates.items():
            yield Question(
                "certificates",
                f"certificate 0x{fingerprint.hex()}",
                at,
                name,
                "certificateOf",
                (fingerprint,),
                {
                    "key": certificate.key,
                    "signer": certificate.signer,
                    "notAfter": certificate.not_after,
                    "revokedAt": certificate.revoked_at,
                    "current": certificate.current,
                },
                ("certificate", fingerprint),
            )
        for signer, (number, since, until, withdrawn) in state.registry.accredited.items():
            yield Question(
                "certificates",
                f"accreditation of {signer}",
                at,
                name,
                "accreditationOf",
                (signer,),
                {"number": number, "since": since, "until": until, "withdrawnAt": withdrawn},
                ("signer", signer),
            )


def _reports(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "EmissionReports"
    if name not in contracts:
        return
    at, reports = contracts[name], state.reports
    for number, installation in reports.installations.items():
        yield Question(
            "installations",
            f"installation {number}",
            at,
            name,
            "installationOf",
            (number,),
            {
                "account": installation.account,
                "region": installation.region,
                "sector": installation.sector,
                "firstYear": installation.first_year,
                "lastYear": installation.last_year,
                "plans": len(installation.plans),
                "permit": installation.permit,
            },
            ("installation", number),
        )
    for (number, year), filing in reports.filings.items():
        yield Question(
            "reports",
            f"filing of installation {number} for {year}",
            at,
            name,
            "filingOf",
            (number, year),
            {
                "state": filing.state,
                "version": filing.version,
                "acceptedVersion": filing.accepted_version,
                "grams": filing.grams,
            },
            ("filing", number, year),
        )
    for (account, year), (grams, complete) in reports.accepted.items():
        yield Question(
            "accepted emissions",
            f"accepted emissions of {account} in {year}",
            at,
            name,
            "acceptedOf",
            (account, year),
            {"grams": grams, "complete": complete},
            ("accepted emissions", account, year),
        )
    for year, deadline in reports.deadlines.items():
        yield Question(
            "deadlines",
            f"reporting deadline of {year}",
            at,
            name,
            "deadlineOf",
            (year,),
            {"": deadline},
            ("reporting deadline", year),
        )
    if "Verifications" in contracts:
        yield from _verifiers(state, contracts["Verifications"])


def _verifiers(state: State, at: Address) -> Iterator[Question]:
    name = "Verifications"
    for account, until in state.reports.verifiers.items():
        what = f"accreditation of {account}"
        expected = {"": until}
        yield Question("verifiers", what, at, name, "accreditedUntil", (account,), expected, ("verifier", account))
    for (number, year), filing in state.reports.filings.items():
        subject: Subject = ("filing", number, year)
        what = f"verifier of installation {number} for {year}"
        expected_verifier = {"": filing.verifier}
        yield Question("verifiers", what, at, name, "engagedFor", (number, year), expected_verifier, subject)
        for version, (verifier, grams, conclusion) in filing.opinions.items():
            yield Question(
                "verifiers",
                f"opinion on version {version} of installation {number} for {year}",
                at,
                name,
                "verificationOf",
                (number, year, version),
                {"verifier": verifier, "opinion.verifiedGrams": grams, "opinion.conclusion": conclusion},
                subject,
            )


def _allocation(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "Allocator"
    if name not in contracts:
        return
    at, allocation = contracts[name], state.allocation
    for year, cap in allocation.caps.items():
        issued = allocation.issued.get(year, [0, 0, 0])
        fields = ("total", "free", "auction", "reserve")
        subject: Subject = ("cap", year)
        yield Question(
            "caps", f"cap of {year}", at, name, "capOf", (year,), dict(zip(fields, cap, strict=True)), subject
        )
        yield Question(
            "caps",
            f"issued for {year}",
            at,
            name,
            "issuedOf",
            (year,),
            dict(zip(fields, (sum(issued), *issued), strict=True)),
            subject,
        )
    yield Question(
        "determinations",
        "number of determinations",
        at,
        name,
        "determinationCount",
        (),
        {"": len(allocation.determinations)},
        ("determination", len(allocation.determinations)),
    )
    for number, one in allocation.determinations.items():
        yield Question(
            "determinations",
            f"determination {number}",
            at,
            name,
            "determinationOf",
            (number,),
            _determination(one),
            ("determination", number),
        )
    for (year, region), tonnes in allocation.region_totals.items():
        yield Question(
            "determinations",
            f"total of region {region} in {year}",
            at,
            name,
            "regionTotalOf",
            (year, region),
            {"": tonnes},
            ("region total", year, region),
        )


def _determination(one: Determination) -> Expected:
    return {
        "account": one.account,
        "year": one.year,
        "state": one.state,
        "part": one.part,
        "installation": one.installation,
        "quantity": one.quantity,
        "instrument": one.instrument,
        "digest": one.digest,
    }


def _compliance(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    if "ComplianceDesk" in contracts:
        yield from _surrenders(state, contracts["ComplianceDesk"])
    if "Obligations" in contracts:
        yield from _obligations(state, contracts["Obligations"])


def _services(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name, services = "ServiceRecords", state.services
    if name not in contracts:
        return
    at = contracts[name]
    for (service, kind), versions in services.documents.items():
        subject: Subject = ("service document", service, kind)
        for number, (digest, since) in enumerate(versions, 1):
            told: Expected = {"digest": digest, "effectiveFrom": since}
            what = f"version {number} of document {kind} of service 0x{service.hex()}"
            yield Question("services", what, at, name, "documentOf", (service, kind, number), told, subject)
    count = {"": len(services.releases)}
    yield Question("services", "number of releases", at, name, "releaseCount", (), count, ("release", 0))
    for number, (developer, basis, digest, status) in services.releases.items():
        told = {"developer": developer, "basis": basis, "digest": digest, "status": status}
        yield Question("services", f"release {number}", at, name, "releaseOf", (number,), told, ("release", number))
    count = {"": len(services.supplies)}
    yield Question("services", "number of supplies", at, name, "supplyCount", (), count, ("supply", 0))
    for number, (supporter, supply, digest) in services.supplies.items():
        told = {"supporter": supporter, "supply": supply, "digest": digest}
        yield Question("services", f"supply {number}", at, name, "supplyOf", (number,), told, ("supply", number))


def _surrenders(state: State, at: Address) -> Iterator[Question]:
    name, desk = "ComplianceDesk", state.compliance
    second, what = {"": desk.second_from}, "when a second representative endorses"
    yield Question("surrenders", what, at, name, "secondRepresentativeFrom", (), second, ("second representative",))
    yield Question(
        "surrenders",
        "number of applications",
        at,
        name,
        "applicationCount",
        (),
        {"": len(desk.surrenders)},
        ("surrender", len(desk.surrenders)),
    )
    for number, one in desk.surrenders.items():
        yield Question(
            "surrenders",
            f"application {number} to surrender",
            at,
            name,
            "applicationOf",
            (number,),
            {
                "application.account": one.account,
                "application.state": one.state,
                "application.year": one.year,
                "application.findings": one.findings,
                "application.since": one.since,
                "lines": tuple({"instrument": instrument, "quantity": quantity} for instrument, quantity in one.lines),
            },
            ("surrender", number),
        )


def _disputes(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name, desk = "DisputeDesk", state.disputes
    if name not in contracts:
        return
    at, count = contracts[name], len(desk.disputes)
    yield Question("disputes", "number of disputes", at, name, "disputeCount", (), {"": count}, ("dispute", count))
    if desk.terms:
        terms = {"": desk.terms}
        yield Question("disputes", "terms of disputes", at, name, "termsOf", (), terms, ("dispute terms",))
    for number, one in desk.disputes.items():
        expected = {
            "dispute.claimant": one.claimant,
            "dispute.respondent": one.respondent,
            "dispute.state": one.state,
            "dispute.kind": one.kind,
            "dispute.subject": one.subject,
            "dispute.until": one.until,
            "dispute.upheld": one.upheld,
            "dispute.evidenceUntil": one.evidence_until,
            "dispute.evidence": one.evidence,
            "dispute.terms": one.terms,
            "dispute.arbitrator": one.arbitrator,
            "dispute.appealArbitrator": one.appeal_arbitrator,
            "dispute.ruling": one.ruling,
            "lines": tuple(one.lines),
        }
        subject: Subject = ("dispute", number)
        yield Question("disputes", f"dispute {number}", at, name, "disputeOf", (number,), expected, subject)


def _obligations(state: State, at: Address) -> Iterator[Question]:
    name, desk = "Obligations", state.compliance
    scheme = {"currentYear": desk.current_year}
    yield Question("obligations", "open year", at, name, "schemeOf", (), scheme, ("open year",))
    for account, obliged in desk.accounts.items():
        subject: Subject = ("status", account)
        status = desk.judge(account)
        yield Question("statuses", f"status of {account}", at, name, "statusOf", (account,), {"": status}, subject)
        owed = desk.owed(obliged)
        yield Question(
            "obligations",
            f"position of {account}",
            at,
            name,
            "positionOf",
            (account,),
            {
                "firstYear": obliged.first_year,
                "lastYear": obliged.last_year,
                "emissions": owed,
                "surrendered": obliged.surrendered,
                "shortfall": max(0, owed - obliged.surrendered),
                "status": status,
            },
            subject,
        )
    for (account, year), tonnes in desk.emissions.items():
        yield Question(
            "obligations",
            f"emissions of {account} in {year}",
            at,
            name,
            "yearOf",
            (account, year),
            {"emissions": tonnes},
            ("obligation", account, year),
        )
    for (account, year), penalty in desk.penalties.items():
        yield Question(
            "penalties",
            f"penalty of {account} for {year}",
            at,
            name,
            "yearOf",
            (account, year),
            {"penalty": penalty.amount, "stage": 3 if penalty.paid else 2},
            ("penalty", account, year),
        )


def _governance(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "Authority"
    if name in contracts:
        at = contracts[name]
        for role, account in state.governance.grants:
            yield Question(
                "roles",
                f"role {role} of {account}",
                at,
                name,
                "hasRole",
                (role, account),
                {"isMember": True},
                ("role", role, account),
            )
        for (target, selector), role in state.governance.functions.items():
            yield Question(
                "permissions",
                f"role for 0x{selector.hex()} of {target}",
                at,
                name,
                "getTargetFunctionRole",
                (target, selector),
                {"": role},
                ("permission", target, selector),
            )
        for target, closed in state.governance.closed.items():
            yield Question(
                "permissions",
                f"whether {target} is closed",
                at,
                name,
                "isTargetClosed",
                (target,),
                {"": closed},
                ("closed", target),
            )
    name = "RuleBook"
    if name in contracts:
        for topic, versions in state.governance.documents.items():
            subject: Subject = ("document", topic)
            yield Question(
                "documents",
                f"versions of 0x{topic.hex()}",
                contracts[name],
                name,
                "count",
                (topic,),
                {"": len(versions)},
                subject,
            )
            for version, (digest, effective) in enumerate(versions, 1):
                yield Question(
                    "documents",
                    f"version {version} of 0x{topic.hex()}",
                    contracts[name],
                    name,
                    "at",
                    (topic, version),
                    {"digest": digest, "effectiveFrom": effective},
                    subject,
                )


def _credit_projects(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "CreditProjects"
    if name not in contracts:
        return
    at, told = contracts[name], state.credits
    group = "credit projects"
    count = len(told.projects)
    yield Question(group, "number of projects", at, name, "projectCount", (), {"": count}, ("project", count))
    for number, project in told.projects.items():
        expected = {
            "proponent": project.proponent,
            "state": project.state,
            "reports": len(project.reports),
            "monitoredUntil": project.monitored_until,
            "body": project.body,
            "bufferAccount": project.buffer_account,
            "design.document": project.document,
            "design.scope": project.scope,
            "crediting.firstDay": project.first_day,
            "crediting.lastDay": project.last_day,
            "crediting.renewals": project.renewals,
            "crediting.bufferShare": project.buffer_share,
            "crediting.liableUntil": project.liable_until,
            "issued": project.issued,
            "buffered": project.buffered,
            "reversed": project.reversed,
            "owed": project.owed,
        }
        subject: Subject = ("project", number)
        yield Question(group, f"project {number}", at, name, "projectOf", (number,), expected, subject)
        for index, report in project.reports.items():
            yield Question(
                "monitoring reports",
                f"report {index} of project {number}",
                at,
                name,
                "monitoringOf",
                (number, index),
                {
                    "firstDay": report.first_day,
                    "lastDay": report.last_day,
                    "before": report.before,
                    "state": report.state,
                    "claimed": report.claimed,
                    "verified": report.verified,
                },
                ("monitoring", number, index),
            )
    for body, (scopes, since, until) in told.bodies.items():
        expected = {"scopes": scopes, "from": since, "until": until}
        subject = ("body", body)
        yield Question(group, f"accreditation of {body}", at, name, "accreditationOf", (body,), expected, subject)
    for instrument, quantity in told.buffers.items():
        what = f"buffer of {InstrumentId(instrument)}"
        yield Question("buffers", what, at, name, "bufferOf", (instrument,), {"": quantity}, ("buffer", instrument))
    account = {"": told.buffer_account}
    yield Question("buffers", "account of buffers", at, name, "bufferAccount", (), account, ("buffer account",))
    for instrument, labels in told.labels.items():
        what = f"labels of {InstrumentId(instrument)}"
        yield Question("labels", what, at, name, "labelsOf", (instrument,), {"": labels}, ("labels", instrument))
    required = {"": told.required_labels}
    yield Question("labels", "required labels", at, name, "requiredLabels", (), required, ("required labels",))


def _credit_offers(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "CreditOffers"
    if name not in contracts:
        return
    at, told = contracts[name], state.credits
    for function, count in (("offerCount", len(told.offers)), ("purchaseCount", len(told.purchases))):
        yield Question("credit offers", function, at, name, function, (), {"": count}, ("offer", count))
    for number, offer in told.offers.items():
        expected = {
            "seller": offer.seller,
            "state": offer.state,
            "instrument": offer.instrument,
            "buyer": offer.buyer,
            "expires": offer.expires,
            "left": offer.left,
            "price": offer.price,
        }
        subject: Subject = ("offer", number)
        yield Question("credit offers", f"offer {number}", at, name, "offerOf", (number,), expected, subject)
    for number, one in told.purchases.items():
        asked = {"offer": one.offer, "buyer": one.buyer, "state": one.state, "quantity": one.quantity}
        subject = ("purchase", number)
        yield Question("credit offers", f"purchase {number}", at, name, "purchaseOf", (number,), asked, subject)


def _origins(state: State, contracts: Mapping[str, Address]) -> Iterator[Question]:
    name = "OriginRegister"
    if name not in contracts:
        return
    at, told = contracts[name], state.credits
    group = "origins"
    for function, count in (("importCount", len(told.imports)), ("exportCount", len(told.exports))):
        yield Question(group, function, at, name, function, (), {"": count}, ("import", count))
    for registry, accepted in told.registries.items():
        subject: Subject = ("foreign registry", registry)
        what = f"registry 0x{registry.hex()}"
        yield Question(group, what, at, name, "isAccepted", (registry,), {"": accepted}, subject)
    for key, number in told.foreign.items():
        what = f"number of project 0x{key[1].hex()}"
        yield Question(group, what, at, name, "projectNumber", key, {"": number}, ("foreign project", *key))
    for number, one in told.imports.items():
        subject = ("import", number)
        expected = {"instrument": one.instrument, "firstSerial": one.first_serial, "exists": True}
        yield Question(group, f"import {number}", at, name, "importOf", (number,), expected, subject)
        serials = {"last": one.last, "id": number}
        arguments = (one.batch_key, one.first)
        yield Question(group, f"serials of import {number}", at, name, "rangeOf", arguments, serials, subject)
    for number, export in told.exports.items():
        asked: Expected = {
            "account": export.account,
            "state": export.state,
            "instrument": export.instrument,
            "quantity": export.quantity,
            "registry": export.registry,
        }
        yield Question(group, f"export {number}", at, name, "exportOf", (number,), asked, ("export", number))


_ASKING: tuple[Asking, ...] = (
    _ledger,
    _cash,
    _transfers,
    _banking,
    _pledges,
    _disputes,
    _acts,
    _book,
    _market_rules,
    _quotes,
    _blocks,
    _sealed_auctions,
    _conduct,
    _plans,
    _confirmation_keys,
    _vouchers,
    _registry,
    _reports,
    _allocation,
    _compliance,
    _governance,
    _services,
    _credit_projects,
    _credit_offers,
    _origins,
    _evidence,
)
