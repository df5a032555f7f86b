"""Wash trades and rings: trades after which those who made them have what they had before.

Trades are looked at in windows of days. Within a window two accounts that trade with each other far more than with
anybody else, both ways, with nothing left over, are a pair; three or more whose trades go round are a ring. A market
maker trades with everybody: nobody is a large part of what it trades. Orders that one other takes up whole, soon after
they were placed, speak for an arrangement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.surveillance.early_warning import (
    EarlyWarning,
    WarningKind,
    percent,
    score_of,
    share,
    trade_evidence,
)
from carbon_sdk.surveillance.tape import DAY, Deal, Tape
from carbon_sdk.surveillance.thresholds import Ring, Wash


@dataclass(slots=True)
class _Window:
    """The trades of some days."""

    edges: dict[tuple[Address, Address], list[Deal]] = field(default_factory=lambda: defaultdict(list))
    """By seller and buyer."""
    sold: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    bought: dict[Address, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, deal: Deal) -> None:
        self.edges[deal.seller, deal.buyer].append(deal)
        self.sold[deal.seller] += deal.quantity
        self.bought[deal.buyer] += deal.quantity

    def turnover(self, account: Address) -> int:
        """Tonnes that an account traded."""
        return self.sold[account] + self.bought[account]


def wash_trades(tape: Tape, terms: Wash) -> Iterator[EarlyWarning]:
    """Pairs of accounts, or an account and itself, between which nothing changed hands."""
    for instrument, deals in tape.by_instrument():
        least = terms.least_tonnes_in_orders * tape.median_order(instrument)
        found: list[EarlyWarning] = []
        for window in _windows(tape, deals, terms.windows_days):
            pairs = {(min(pair), max(pair)) for pair in window.edges}
            for pair in sorted(pairs):
                warning = _pair(tape, terms, window, pair, least)
                if warning is not None:
                    found.append(warning)
        yield from _merged(found)


def rings(tape: Tape, terms: Ring) -> Iterator[EarlyWarning]:
    """Three accounts or more among which units went round."""
    for _, deals in tape.by_instrument():
        found: list[EarlyWarning] = []
        for window in _windows(tape, deals, terms.windows_days):
            found.extend(_rings_of(window, terms))
        yield from _merged(found)


def _rings_of(window: _Window, terms: Ring) -> Iterator[EarlyWarning]:
    """Rings of one window. The clearest first: two rings that share a trade are not one large ring."""
    known: list[set[Address]] = []
    arranged = _arranged(window, terms)
    for of, some in ((arranged, _balanced(arranged, terms)), (window, _circles(window, terms))):
        for members in some:
            if not any(one & set(members) for one in known):
                warning = _ring(terms, of, window, members)
                if warning is not None:
                    known.append(set(members))
                    yield warning


def _arranged(window: _Window, terms: Ring) -> _Window:
    """Only the trades that may have been arranged."""
    found = _Window()
    for deals in window.edges.values():
        for deal in deals:
            if deal.was_matched(terms.matched_seconds):
                found.add(deal)
    return found


def _balanced(window: _Window, terms: Ring) -> Iterator[tuple[Address, ...]]:
    """Sets of accounts joined in a circle, each of which sold within it about what it bought within it."""
    left = {pair: sum(deal.quantity for deal in deals) for pair, deals in window.edges.items() if pair[0] != pair[1]}
    while True:
        following: dict[Address, list[Address]] = defaultdict(list)
        for seller, buyer in left:
            following[seller].append(buyer)
        loose: set[Address] = set()
        for component in _components(following):
            members = set(component)
            sold: dict[Address, int] = defaultdict(int)
            bought: dict[Address, int] = defaultdict(int)
            for (seller, buyer), tonnes in left.items():
                if seller in members and buyer in members:
                    sold[seller] += tonnes
                    bought[buyer] += tonnes
            skew = {one: share(abs(sold[one] - bought[one]), sold[one] + bought[one]) for one in members}
            worst = max(members, key=lambda one: (skew[one], one))
            if len(members) < terms.least_accounts or skew[worst] > terms.most_net:
                # Alone, or the least balanced leaves: what remains may be a circle still.
                loose |= members if len(members) < terms.least_accounts else {worst}
        if not loose:
            break
        left = {pair: tonnes for pair, tonnes in left.items() if loose.isdisjoint(pair)}
    for component in _components(following):
        if terms.least_accounts <= len(component) <= terms.most_accounts:
            yield tuple(sorted(component))


def _windows(tape: Tape, deals: Sequence[Deal], lengths: Iterable[int]) -> Iterator[_Window]:
    """Windows of each length, each beginning half a length after the one before; empty ones are left out."""
    for days in lengths:
        step = max(days * DAY // 2, 1)
        windows: dict[int, _Window] = defaultdict(_Window)
        for deal in deals:
            latest = (deal.at + tape.offset) // step
            windows[latest].add(deal)
            windows[latest - 1].add(deal)
        yield from (windows[number] for number in sorted(windows))


def _pair(tape: Tape, terms: Wash, window: _Window, pair: tuple[Address, Address], least: int) -> EarlyWarning | None:
    one, other = pair
    there, back = window.edges.get((one, other), []), window.edges.get((other, one), [])
    deals = list(there) if one == other else [*there, *back]
    gross = sum(deal.quantity for deal in deals)
    if gross < least:
        return None
    net = 0 if one == other else abs(gross - 2 * sum(deal.quantity for deal in back))
    same = tape.party(one) == tape.party(other)
    matched = sum(deal.quantity for deal in deals if deal.was_matched(terms.matched_seconds))
    shares = [share(gross if one != other else 2 * gross, window.turnover(account)) for account in pair]
    left = share(net, gross)
    close = min(shares) >= terms.least_share or share(matched, gross) >= terms.least_matched
    if same:
        if len(deals) < terms.least_trades_of_one_owner:
            return None
    elif len(deals) < terms.least_trades or left > terms.most_net or not close:
        return None
    score = score_of(
        (60 if same else 35, 60),
        (min(shares) // 400, 20),
        ((terms.most_net - left) * 15 // max(terms.most_net, 1), 15),
        (share(matched, gross) // 400, 25),
        (len(deals), 10),
    )
    if score < terms.least_score:
        return None
    owners = "of one owner" if same else "of different owners"
    who = "An account traded with itself" if one == other else f"Two accounts {owners} traded with each other"
    summary = (
        f"{who}: {len(deals)} trades of {gross} t, {net} t of which stayed with one of them; that is "
        f"{percent(min(shares))} or more of all that either traded; {percent(share(matched, gross))} were orders "
        f"taken up whole within {terms.matched_seconds} s."
    )
    figures = {
        "trades": len(deals),
        "tonnes": gross,
        "net_tonnes": net,
        "least_share_basis_points": min(shares),
        "matched_tonnes": matched,
        "same_owner": int(same),
    }
    accounts = (one,) if one == other else (one, other)
    return _warning(WarningKind.WASH, score, accounts, figures, summary, deals)


def _circles(window: _Window, terms: Ring) -> Iterator[tuple[Address, ...]]:
    """Sets of accounts that are joined by tight trades in both directions of the circle."""
    following: dict[Address, list[Address]] = defaultdict(list)
    for (seller, buyer), deals in window.edges.items():
        tonnes = sum(deal.quantity for deal in deals)
        tight = max(share(tonnes, window.sold[seller]), share(tonnes, window.bought[buyer]))
        if seller != buyer and tight >= terms.least_edge:
            following[seller].append(buyer)
    for component in _components(following):
        members = set(component)
        while len(members) >= terms.least_accounts:
            loose = {one for one in members if _inside(window, one, members) < terms.least_share}
            if not loose:
                break
            # The loosest leaves first: others may be tight without it.
            members.remove(min(loose, key=lambda one: (_inside(window, one, members), one)))
        if terms.least_accounts <= len(members) <= terms.most_accounts:
            yield tuple(sorted(members))


def _inside(window: _Window, account: Address, members: set[Address]) -> int:
    """The share of what an account trades that it trades with members."""
    tonnes = 0
    for other in members:
        tonnes += sum(deal.quantity for deal in window.edges.get((account, other), ()))
        tonnes += sum(deal.quantity for deal in window.edges.get((other, account), ()))
    return share(tonnes, window.turnover(account))


def _mutual(window: _Window, members: Sequence[Address]) -> int:
    """Tonnes that went from one to another and came back between the same two: as market makers trade, not a circle."""
    tonnes = 0
    for place, one in enumerate(members):
        for other in members[place + 1 :]:
            there, back = (
                sum(deal.quantity for deal in window.edges.get(pair, ())) for pair in ((one, other), (other, one))
            )
            tonnes += 2 * min(there, back)
    return tonnes


def _ring(terms: Ring, window: _Window, whole: _Window, members: tuple[Address, ...]) -> EarlyWarning | None:
    inside = set(members)
    deals: list[Deal] = []
    balance: dict[Address, int] = dict.fromkeys(members, 0)
    for (seller, buyer), some in window.edges.items():
        if seller in inside and buyer in inside:
            deals.extend(some)
            tonnes = sum(deal.quantity for deal in some)
            balance[seller] -= tonnes
            balance[buyer] += tonnes
    gross = sum(deal.quantity for deal in deals)
    net = sum(abs(value) for value in balance.values()) // 2
    left = share(net, gross)
    if len(deals) < terms.least_trades or left > terms.most_net:
        return None
    matched = sum(deal.quantity for deal in deals if deal.was_matched(terms.matched_seconds))
    closed = share(2 * gross, sum(whole.turnover(account) for account in members))
    between = sum(deal.quantity for one in members for other in members for deal in whole.edges.get((one, other), ()))
    if closed < terms.least_share if window is whole else share(gross, between) < terms.least_matched:
        return None
    score = score_of(
        (10, 10),
        (closed // 500, 20),
        ((terms.most_net - left) * 15 // max(terms.most_net, 1), 15),
        (share(matched, gross) // 250, 35),
        (share(gross - _mutual(window, members), gross) // 500, 15),
        (len(deals) * 2 // len(members), 5),
    )
    if score < terms.least_score:
        return None
    summary = (
        f"{len(members)} accounts traded in a circle: {len(deals)} trades of {gross} t, after which {net} t lay "
        f"elsewhere than before; {percent(closed)} of all that they traded; {percent(share(matched, gross))} were "
        f"orders taken up whole within {terms.matched_seconds} s."
    )
    figures = {
        "accounts": len(members),
        "trades": len(deals),
        "tonnes": gross,
        "net_tonnes": net,
        "inside_share_basis_points": closed,
        "matched_tonnes": matched,
    }
    return _warning(WarningKind.RING, score, members, figures, summary, deals)


def _warning(
    kind: WarningKind,
    score: int,
    accounts: tuple[Address, ...],
    figures: dict[str, int],
    summary: str,
    deals: Iterable[Deal],
) -> EarlyWarning:
    ordered = sorted(deals, key=lambda one: (one.at, one.position))
    return EarlyWarning(
        kind,
        score,
        ordered[0].market,
        InstrumentId(ordered[0].instrument),
        accounts,
        ordered[0].at,
        ordered[-1].at,
        figures,
        summary,
        tuple(map(trade_evidence, ordered)),
        (),
    )


def _merged(found: Sequence[EarlyWarning]) -> Iterator[EarlyWarning]:
    """One warning of the same accounts where windows overlap or lie within a day: the strongest, then the longest."""
    by_accounts: dict[tuple[Address, ...], list[EarlyWarning]] = defaultdict(list)
    for warning in found:
        by_accounts[warning.accounts].append(warning)
    for several in by_accounts.values():
        several.sort(key=lambda one: (one.since, one.until))
        group: list[EarlyWarning] = []
        end = 0
        for warning in several:
            if group and warning.since > end + DAY:
                yield max(group, key=_strength)
                group = []
            group.append(warning)
            end = max(end, warning.until)
        if group:
            yield max(group, key=_strength)


def _strength(one: EarlyWarning) -> tuple[int, int, int]:
    return one.score, len(one.trades), one.until - one.since


def _components(following: Mapping[Address, Sequence[Address]]) -> Iterator[list[Address]]:
    """Strongly connected components (Tarjan), without recursion."""
    index: dict[Address, int] = {}
    low: dict[Address, int] = {}
    stack: list[Address] = []
    stacked: set[Address] = set()
    for root in sorted(following):
        if root in index:
            continue
        work = [(root, iter(following.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        stacked.add(root)
        while work:
            node, rest = work[-1]
            for nxt in rest:
                if nxt not in index:
                    index[nxt] = low[nxt] = len(index)
                    stack.append(nxt)
                    stacked.add(nxt)
                    work.append((nxt, iter(following.get(nxt, ()))))
                    break
                if nxt in stacked:
                    low[node] = min(low[node], index[nxt])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        stacked.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    yield component
