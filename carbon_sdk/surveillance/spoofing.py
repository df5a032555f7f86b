"""Spoofing and layering: orders on one side that others see, a trade on the other, and the orders are gone.

A market maker takes back most of what it quotes, too, also after a trade; but what it shows on one side it shows on the
other. So tonnes that were taken back are compared with those that were meant: traded on the other side, and still
offered there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from carbon_sdk.identifiers import InstrumentId, Side
from carbon_sdk.surveillance.early_warning import (
    EarlyWarning,
    WarningKind,
    order_evidence,
    percent,
    score_of,
    share,
    trade_evidence,
)
from carbon_sdk.surveillance.tape import Deal, Resting, Tape
from carbon_sdk.surveillance.thresholds import Spoofing


@dataclass(slots=True)
class _Side:
    """What one party did on one side of a market."""

    orders: list[Resting] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)


@dataclass(slots=True)
class _Episode:
    """Trades on one side, and the orders of the other that were taken back after them."""

    deals: list[Deal]
    shown: dict[int, Resting]
    """By number."""
    meant: int
    """Tonnes on the side of the trades: traded, and still offered."""


def spoofing(tape: Tape, terms: Spoofing) -> Iterator[EarlyWarning]:
    """Orders of one party, large for their side of the book, taken back when it had traded on the other side."""
    sides: dict[tuple[str, int, Side], _Side] = defaultdict(_Side)
    for order in tape.orders:
        sides[tape.party(order.account), int(order.id.market), order.id.side].orders.append(order)
    for deal in tape.deals:
        if deal.market and tape.party(deal.seller) != tape.party(deal.buyer):
            sides[tape.party(deal.seller), deal.market, Side.SELL].deals.append(deal)
            sides[tape.party(deal.buyer), deal.market, Side.BUY].deals.append(deal)
    medians = {number: tape.median_order(instrument) for number, instrument in tape.markets.items()}
    for (party, market, side), shown in sorted(sides.items()):
        other = sides.get((party, market, Side.BUY if side is Side.SELL else Side.SELL))
        if other is None or not other.deals:
            continue
        episodes = list(_episodes(shown.orders, other, terms))
        lopsided = sum(_ratio(one) >= terms.least_ratio_hundredths for one in episodes)
        habit = share(lopsided, len(episodes))
        # Whoever quotes both sides all day is now and then lopsided; whoever always is means it.
        established = len(episodes) >= terms.established_episodes and habit <= terms.established_share
        for episode in episodes:
            warning = _judge(tape, terms, market, side, episode, medians[market], habit, established)
            if warning is not None:
                yield warning


def _episodes(orders: Sequence[Resting], genuine: _Side, terms: Spoofing) -> Iterator[_Episode]:
    """Trades of the genuine side with the orders that were shown meanwhile; trades that share orders go together."""
    suspects = [order for order in orders if _is_suspect(order, terms)]
    numbers = [order.number for order in suspects]
    current: _Episode | None = None
    for deal in genuine.deals:
        # Backwards from the trade: as far as orders are young enough.
        shown: dict[int, Resting] = {}
        for at in range(bisect_left(numbers, deal.number) - 1, -1, -1):
            order = suspects[at]
            if deal.at - order.at > terms.before_seconds:
                break
            if order.end > deal.number and order.ended_at - deal.at <= terms.after_seconds:
                shown[order.number] = order
        if not shown:
            continue
        offered = _offered(genuine.orders, deal)
        if current is not None and current.shown.keys() & shown.keys():
            current.deals.append(deal)
            current.shown.update(shown)
            current.meant = sum(one.quantity for one in current.deals) + offered
        else:
            if current is not None:
                yield current
            current = _Episode([deal], shown, deal.quantity + offered)
    if current is not None:
        yield current


def _is_suspect(order: Resting, terms: Spoofing) -> bool:
    if not order.end or not order.taken_back or share(order.traded, order.quantity) > terms.most_traded:
        return False
    tick, best = order.id.tick, order.best or order.id.tick
    away = best - tick if order.id.side is Side.BUY else tick - best
    return share(max(away, 0), best) <= terms.near_basis_points


def _offered(orders: Sequence[Resting], deal: Deal) -> int:
    """Tonnes that the party had in the book on the side of its trade, when that was over."""
    tonnes = 0
    at = bisect_left(orders, deal.number, key=lambda order: order.number)
    for order in reversed(orders[max(at - _LOOKED_AT, 0) : at]):
        if not order.end or order.end > deal.number:
            tonnes += order.quantity - order.traded if order is not deal.maker else order.quantity - deal.quantity
    return max(tonnes, 0)


_LOOKED_AT = 64
"""Of a party's latest orders, so many are looked at for each of its trades: the scan stays linear."""


def _ratio(episode: _Episode) -> int:
    """Tonnes shown to tonnes meant, in hundredths."""
    return sum(order.taken_back for order in episode.shown.values()) * 100 // max(episode.meant, 1)


def _part_of_depth(shown: Sequence[Resting]) -> int:
    """What part of the tonnes at these prices or better was the party's, when it showed most of them."""
    most, part = 0, 0
    for order in shown:
        worse = order.id.side is Side.SELL
        own = sum(
            one.taken_back
            for one in shown
            if one.number <= order.number and (one.id.tick <= order.id.tick if worse else one.id.tick >= order.id.tick)
        )
        if own > most:
            most, part = own, share(min(own, order.depth), order.depth)
    return part


def _judge(
    tape: Tape,
    terms: Spoofing,
    market: int,
    side: Side,
    episode: _Episode,
    median: int,
    habit: int,
    established: bool,
) -> EarlyWarning | None:
    shown = sorted(episode.shown.values(), key=lambda one: one.number)[:_LOOKED_AT]
    tonnes = sum(order.taken_back for order in shown)
    ratio, depth = _ratio(episode), _part_of_depth(shown)
    if ratio < terms.least_ratio_hundredths or share(tonnes, median) < terms.least_shown or depth < terms.least_depth:
        return None
    traded = sum(deal.quantity for deal in episode.deals)
    if share(traded, median) < terms.least_traded:
        return None
    last = max(deal.at for deal in episode.deals)
    waited = max(min(order.ended_at - last for order in shown), 0)
    ticks = len({order.id.tick for order in shown})
    score = score_of(
        (20, 20),
        (ratio * 5 // terms.least_ratio_hundredths, 20),
        (depth * 5 // max(terms.least_depth, 1), 15),
        ((terms.after_seconds - waited) * 15 // max(terms.after_seconds, 1), 15),
        (5 * (ticks - 1), 10),
        (habit // 250, 20),
    )
    if established:
        score = max(score - terms.established_points, 0)
    if score < terms.least_score:
        return None
    did, showed = ("sold", "buy") if side is Side.BUY else ("bought", "sell")
    how = f"layered on {ticks} prices" if ticks > 1 else "at one price"
    summary = (
        f"{len(shown)} orders to {showed} {tonnes} t, {how}, up to {percent(depth)} of their side of the book, stood "
        f"when the party {did} {traded} t, and were taken back from {waited} s after it; "
        f"{ratio // 100}.{ratio % 100:02d} times what it meant to trade."
    )
    accounts = dict.fromkeys(order.account for order in shown)
    accounts |= dict.fromkeys(deal.seller if side is Side.BUY else deal.buyer for deal in episode.deals)
    return EarlyWarning(
        WarningKind.SPOOFING,
        score,
        market,
        InstrumentId(tape.markets[market]),
        tuple(accounts),
        min(shown[0].at, episode.deals[0].at),
        max(order.ended_at for order in shown),
        {
            "orders": len(shown),
            "tonnes_shown": tonnes,
            "tonnes_traded": traded,
            "tonnes_meant": episode.meant,
            "ratio_hundredths": ratio,
            "depth_share_basis_points": depth,
            "prices": ticks,
            "lopsided_episodes_basis_points": habit,
            "seconds_until_taken_back": waited,
        },
        summary,
        tuple(map(trade_evidence, episode.deals)),
        tuple(map(order_evidence, shown)),
    )
