"""Concentration: purchases of a few days after which one party has a dominant part of what can be had at all.

What counts was bought, net of what was sold; units that somebody was allocated are no corner. An account that must
surrender may buy what it needs: what it owes is taken off.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.surveillance.early_warning import (
    EarlyWarning,
    WarningKind,
    percent,
    score_of,
    share,
    trade_evidence,
)
from carbon_sdk.surveillance.tape import DAY, GOVERNMENT, Change, Deal, Tape
from carbon_sdk.surveillance.thresholds import Concentration


@dataclass(frozen=True, slots=True)
class _Peak:
    """How one party stood at the end of a day."""

    day: int
    part: int
    """Of the units that can be had, in basis points."""
    of_bought: int
    """Of all net purchases of the window, in basis points."""
    own: int
    bought: int
    supply: int
    needed: int
    deals: tuple[Deal, ...]


def concentration(
    tape: Tape, terms: Concentration, needs: Mapping[Address, int] | None = None
) -> Iterator[EarlyWarning]:
    """Parties that bought themselves a dominant holding.

    Args:
        tape: What happened.
        terms: Thresholds.
        needs: Tonnes that accounts owe and have not surrendered.
    """
    needed: dict[str, int] = defaultdict(int)
    for account, tonnes in (needs or {}).items():
        needed[tape.party(account)] += tonnes
    changes: dict[int, list[Change]] = defaultdict(list)
    for change in tape.changes:
        changes[change.instrument].append(change)
    for instrument, deals in tape.by_instrument():
        least = terms.least_tonnes_in_orders * tape.median_order(instrument)
        peaks: dict[str, list[_Peak]] = defaultdict(list)
        for party, peak in _peaks(tape, terms, deals, changes[instrument], needed, least):
            peaks[party].append(peak)
        for party, several in sorted(peaks.items()):
            for group in _together(several, terms.apart_days):
                warning = _judge(tape, terms, instrument, party, group)
                if warning is not None:
                    yield warning


def _peaks(
    tape: Tape,
    terms: Concentration,
    deals: Sequence[Deal],
    changes: Sequence[Change],
    needed: Mapping[str, int],
    least: int,
) -> Iterator[tuple[str, _Peak]]:
    """Parties beyond the thresholds at the end of a day on which there were trades."""
    own: dict[str, int] = defaultdict(int)
    supply, at = 0, 0
    days: dict[int, list[Deal]] = defaultdict(list)
    for deal in deals:
        days[tape.day(deal.at)].append(deal)
    recent: deque[tuple[int, list[Deal]]] = deque()
    net: dict[str, int] = defaultdict(int)
    for day in sorted(days):
        recent.append((day, days[day]))
        _count(tape, net, days[day], 1)
        while recent[0][0] <= day - terms.window_days:
            _count(tape, net, recent.popleft()[1], -1)
        highest: dict[str, int] = {}
        while at < len(changes) and tape.day(changes[at].at) <= day:
            change = changes[at]
            at += 1
            if tape.kinds.get(change.account) != GOVERNMENT:
                who = tape.party(change.account)
                own[who] += change.by
                supply += change.by
                highest[who] = max(highest.get(who, 0), own[who])
        everybody = sum(value for value in net.values() if value > 0)
        for party in {tape.party(deal.buyer) for deal in days[day]}:
            # Within a day, too: what was bought may be sold again before it ends.
            most = highest.get(party, own[party])
            bought = net[party] + most - own[party]
            free = min(bought, most - needed.get(party, 0))
            part, of_bought = (
                share(max(most - needed.get(party, 0), 0), supply),
                share(free, everybody + most - own[party]),
            )
            if free < least or part < terms.least_share or of_bought < terms.least_bought:
                continue
            of_party = tuple(
                deal
                for _, some in recent
                for deal in some
                if party in (tape.party(deal.buyer), tape.party(deal.seller))
            )
            yield party, _Peak(day, part, of_bought, most, bought, supply, needed.get(party, 0), of_party)


def _count(tape: Tape, net: dict[str, int], deals: Sequence[Deal], sign: int) -> None:
    for deal in deals:
        net[tape.party(deal.buyer)] += sign * deal.quantity
        net[tape.party(deal.seller)] -= sign * deal.quantity


def _together(peaks: Sequence[_Peak], apart: int) -> Iterator[list[_Peak]]:
    group: list[_Peak] = []
    for peak in peaks:
        if group and peak.day > group[-1].day + apart:
            yield group
            group = []
        group.append(peak)
    if group:
        yield group


def _judge(
    tape: Tape, terms: Concentration, instrument: int, party: str, peaks: Sequence[_Peak]
) -> EarlyWarning | None:
    peak = max(peaks, key=lambda one: (one.part, -one.day))
    purchases = [deal for deal in peak.deals if tape.party(deal.buyer) == party]
    if len(purchases) < terms.least_trades:
        return None
    third = max(len(purchases) // 3, 1)
    first, last = _average(purchases[:third]), _average(purchases[-third:])
    rise = share(last - first, first) if last > first else 0
    taken = share(sum(one.quantity for one in purchases if one.aggressor == one.buyer), peak.bought)
    score = score_of(
        (35, 35),
        ((peak.part - terms.least_share) // 100 + 5, 25),
        ((peak.of_bought - terms.least_bought) // 200 + 5, 15),
        (rise // 20, 20),
        (taken // 600, 15),
    )
    if score < terms.least_score:
        return None
    accounts = tuple(dict.fromkeys(deal.buyer for deal in purchases))
    summary = (
        f"One party bought {peak.bought} t net within {terms.window_days} days, {percent(peak.of_bought)} of all net "
        f"purchases, and then had {peak.own} t, {percent(peak.part)} of what can be had; it owes {peak.needed} t. "
        f"What it paid rose by {rise // 100}.{rise % 100:02d} %."
    )
    return EarlyWarning(
        WarningKind.CONCENTRATION,
        score,
        tape.market_of(instrument),
        InstrumentId(instrument),
        accounts,
        purchases[0].at,
        purchases[-1].at,
        {
            "tonnes_bought_net": peak.bought,
            "tonnes_owned": peak.own,
            "tonnes_owed": peak.needed,
            "supply": peak.supply,
            "share_basis_points": peak.part,
            "share_of_purchases_basis_points": peak.of_bought,
            "price_rise_basis_points": rise,
            "peak_day": peak.day * DAY,
        },
        summary,
        tuple(map(trade_evidence, purchases)),
        (),
    )


def _average(deals: Sequence[Deal]) -> int:
    tonnes = sum(deal.quantity for deal in deals)
    return sum(deal.quantity * deal.price for deal in deals) // tonnes if tonnes else 0
