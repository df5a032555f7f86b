"""Marking the close: trades shortly before a day ends that leave a price which others then do not pay.

For each day and market the price before the closing window is compared with the last one. A day counts when the move
is large, of itself and against what closing windows of this market usually bring, and one party's taking makes most of
it. Whether the next day's first trades return speaks for or against it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from carbon_sdk.identifiers import InstrumentId, Side
from carbon_sdk.surveillance.early_warning import (
    EarlyWarning,
    WarningKind,
    percent,
    score_of,
    share,
    trade_evidence,
)
from carbon_sdk.surveillance.tape import Deal, Tape
from carbon_sdk.surveillance.thresholds import Close


@dataclass(frozen=True, slots=True)
class _Closing:
    """The end of one day; prices in smallest units per tonne."""

    window: Sequence[Deal]
    before: int
    """Average price of trades before the window."""
    close: int
    after: int
    """Average of the next day's first trades; 0: none yet."""

    @property
    def move(self) -> int:
        return self.close - self.before


def marking_the_close(tape: Tape, terms: Close) -> Iterator[EarlyWarning]:
    """Days whose closing price one party's taking moved."""
    by_market: dict[int, list[Deal]] = defaultdict(list)
    for deal in tape.deals:
        if deal.market:
            by_market[deal.market].append(deal)
    for market, deals in sorted(by_market.items()):
        closings = list(_closings(tape, deals, terms))
        moves = sorted(abs(one.move) for one in closings)
        usual = max(moves[len(moves) // 2], tape.tick_sizes[market]) if moves else 1
        habits = _habits(tape, deals)
        least = terms.least_tonnes_in_orders * tape.median_order(tape.markets[market])
        for closing in closings:
            warning = _judge(tape, terms, market, closing, usual, habits, least)
            if warning is not None:
                yield warning


def _closings(tape: Tape, deals: Sequence[Deal], terms: Close) -> Iterator[_Closing]:
    days: dict[int, list[Deal]] = defaultdict(list)
    for deal in deals:
        days[tape.day(deal.at)].append(deal)
    ordered = [days[day] for day in sorted(days)]
    for place, of_day in enumerate(ordered):
        begins = of_day[-1].at - terms.window_seconds
        window = [deal for deal in of_day if deal.at > begins]
        earlier = of_day[: len(of_day) - len(window)] or (ordered[place - 1] if place else [])
        if not earlier:
            continue
        following = ordered[place + 1] if place + 1 < len(ordered) else []
        yield _Closing(
            window,
            _average(earlier[-terms.compared_trades :]),
            of_day[-1].price,
            _average(following[: terms.compared_trades]),
        )


def _average(deals: Sequence[Deal]) -> int:
    """Weighted by tonnes, to the smallest unit; 0 of none."""
    tonnes = sum(deal.quantity for deal in deals)
    return (sum(deal.quantity * deal.price for deal in deals) + tonnes // 2) // tonnes if tonnes else 0


def _habits(tape: Tape, deals: Sequence[Deal]) -> dict[str, int]:
    """Tonnes that each party takes on a day on which it takes any, on average."""
    tonnes: dict[str, int] = defaultdict(int)
    days: dict[str, set[int]] = defaultdict(set)
    for deal in deals:
        if deal.aggressor is not None:
            party = tape.party(deal.aggressor)
            tonnes[party] += deal.quantity
            days[party].add(tape.day(deal.at))
    return {party: max(tonnes[party] // len(days[party]), 1) for party in tonnes}


def _judge(
    tape: Tape, terms: Close, market: int, closing: _Closing, usual: int, habits: Mapping[str, int], least: int
) -> EarlyWarning | None:
    size = abs(closing.move)
    relative, times = share(size, closing.before), size * 100 // usual
    if relative < terms.least_move_basis_points or times < terms.least_moves:
        return None
    side = Side.BUY if closing.move > 0 else Side.SELL
    taken: dict[str, list[Deal]] = defaultdict(list)
    for deal in closing.window:
        if deal.taker is side and deal.aggressor is not None:
            taken[tape.party(deal.aggressor)].append(deal)
    found = [
        _judge_party(tape, terms, market, closing, deals, usual, habits[party], least) for party, deals in taken.items()
    ]
    return max((one for one in found if one is not None), key=lambda one: (one.score, one.until), default=None)


def _judge_party(
    tape: Tape, terms: Close, market: int, closing: _Closing, deals: Sequence[Deal], usual: int, habit: int, least: int
) -> EarlyWarning | None:
    up, size = closing.move > 0, abs(closing.move)
    relative, times = share(size, closing.before), size * 100 // usual
    tonnes = sum(deal.quantity for deal in deals)
    part = share(tonnes, sum(deal.quantity for deal in closing.window))
    if part < terms.least_share or tonnes < least:
        return None
    furthest = max(deal.price for deal in deals) if up else min(deal.price for deal in deals)
    made = furthest >= closing.close if up else furthest <= closing.close
    if not made:
        return None
    last = closing.window[-1] in deals
    unusual = tonnes * 100 // habit
    ends = closing.window[-1].at - terms.final_seconds
    pushes = len({deal.position.transaction for deal in deals if deal.at >= ends})
    returned = 0
    if closing.after:
        back = closing.close - closing.after if up else closing.after - closing.close
        returned = max(min(share(back, size), 10_000), -10_000) if back >= 0 else -min(share(-back, size), 10_000)
    score = score_of(
        (15, 15),
        ((part - terms.least_share) // 300 + 5, 20),
        (times // 10, 25),
        (10 if last else 0, 10),
        (6 * (pushes - 1), 18),
        ((unusual - 100) // 15, 10),
        (returned // 400, 20),
    )
    if score < terms.least_score:
        return None
    accounts = tuple(dict.fromkeys(deal.buyer if up else deal.seller for deal in deals))
    summary = (
        f"One party {'bought' if up else 'sold'} {tonnes} t by taking in the last {terms.window_seconds} s, "
        f"{percent(part)} of what traded; the price went from {closing.before} to {closing.close}, "
        f"{times // 100}.{times % 100:02d} times the usual move, and {percent(max(returned, 0))} of it was gone with "
        "the next day's first trades."
    )
    return EarlyWarning(
        WarningKind.CLOSE,
        score,
        market,
        InstrumentId(tape.markets[market]),
        accounts,
        deals[0].at,
        deals[-1].at,
        {
            "trades": len(deals),
            "tonnes": tonnes,
            "share_basis_points": part,
            "price_before": closing.before,
            "close": closing.close,
            "price_next_day": closing.after,
            "move_basis_points": relative,
            "usual_move": usual,
            "returned_basis_points": returned,
            "transactions_at_last": pushes,
            "hundredths_of_its_usual_day": unusual,
        },
        summary,
        tuple(map(trade_evidence, deals)),
        (),
    )
