"""SVG drawn by us: prices and volumes, the book's depth, holdings against obligations.

Coordinates are tenths of a pixel computed with whole numbers. Colours are the page's variables, so that a picture is
light or dark as the page is. No meaning is in a colour alone.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from carbon_sdk.market_data.positions import Position
from carbon_sdk.market_data.release import BookSnapshot, LevelView, TradePrint

_NOTHING = "<p class='quiet'>There is nothing to draw.</p>"


def price_picture(trades: Sequence[TradePrint], decimals: int, currency: str, utc_offset: int, name: str) -> str:
    """Each trade's price as a point on a stepped line, and the volume below it."""
    if not trades:
        return _NOTHING
    width, left, right = 760, 58, 60
    top, middle, volume_top, bottom = 14, 232, 256, 322
    prices = [int(trade.price.scaleb(decimals)) for trade in trades]
    steps = _nice(min(prices), max(prices), 5)
    low, high = steps[0], steps[-1]
    span = trades[-1].at - trades[0].at
    by_time = span >= 60

    def x_of(i: int) -> int:
        done, of = (trades[i].at - trades[0].at, span) if by_time else (i, max(1, len(trades) - 1))
        return _scaled(done, of, left + 8, width - right - 8)

    def y_of(price: int) -> int:
        return _scaled(price - low, high - low, middle, top)

    parts = [
        f"<line class='grid' x1='{left}' x2='{width - right}' y1='{_px(y_of(step))}' y2='{_px(y_of(step))}'/>"
        f"<text x='{left - 8}' y='{_px(y_of(step) + 40)}' text-anchor='end'>{_decimal(step, decimals)}</text>"
        for step in steps
    ]
    parts.append(f"<text x='{left - 8}' y='{volume_top + 4}' text-anchor='end'>tonnes</text>")

    buckets = 38
    bars = [0] * buckets
    for i, trade in enumerate(trades):
        place = (x_of(i) - 10 * left) * buckets // (10 * (width - right - left))
        bars[max(0, min(buckets - 1, place))] += trade.tonnes
    most = max(bars)
    wide = 10 * (width - right - left) // buckets
    for i, tonnes in enumerate(bars):
        if tonnes:
            height = max(10, _scaled(tonnes, most, 0, bottom - volume_top))
            parts.append(
                f"<rect x='{_px(10 * left + i * wide + 10)}' y='{_px(10 * bottom - height)}' width='{_px(wide - 20)}' "
                f"height='{_px(height)}' fill='var(--soft)'><title>{tonnes:,} t</title></rect>"
            )
    parts.append(f"<text x='{left - 8}' y='{volume_top + 20}' text-anchor='end'>{most:,}</text>")
    parts.append(f"<line class='axis' x1='{left}' x2='{width - right}' y1='{bottom}' y2='{bottom}'/>")

    path = f"M{_px(x_of(0))} {_px(y_of(prices[0]))}"
    for i in range(1, len(trades)):
        path += f"H{_px(x_of(i))}V{_px(y_of(prices[i]))}"
    area = f"{path}V{middle}H{_px(x_of(0))}Z"
    parts.append(f"<path d='{area}' fill='var(--soft)' opacity='.22'/>")
    parts.append(f"<path d='{path}' fill='none' stroke='var(--main)' stroke-width='2' stroke-linejoin='round'/>")
    for i, trade in enumerate(trades):
        when = _clock(trade.at, utc_offset)
        parts.append(
            f"<circle cx='{_px(x_of(i))}' cy='{_px(y_of(prices[i]))}' r='{'4' if i == len(trades) - 1 else '2.2'}' "
            f"fill='var(--main)'><title>{when}: {trade.tonnes:,} t {trade.verb} at {trade.price} {_e(currency)}</title>"
            "</circle>"
        )
    parts.extend(_times(trades, x_of, by_time, bottom, utc_offset))
    last_x, last_y = x_of(len(trades) - 1), y_of(prices[-1])
    parts.append(f"<text class='ink strong' x='{_px(last_x + 90)}' y='{_px(last_y + 40)}'>{trades[-1].price}</text>")
    said = (
        f"{len(trades)} trades between {_decimal(min(prices), decimals)} and {_decimal(max(prices), decimals)} "
        f"{currency} per tonne; the first at {trades[0].price}, the last at {trades[-1].price}."
    )
    return _svg(width, bottom + 30, f"price-{name}", "Price and volume of the day", said, "".join(parts))


def _times(
    trades: Sequence[TradePrint], x_of: Callable[[int], int], by_time: bool, bottom: int, utc_offset: int
) -> list[str]:
    """A handful of labels under the axis, never on top of one another."""
    marks: list[str] = []
    last = -(10**6)
    for i, trade in enumerate(trades):
        x = x_of(i)
        is_last = i == len(trades) - 1
        if x - last < 1100 and not (is_last and x - last >= 700):
            continue
        label = _clock(trade.at, utc_offset)[:5] if by_time else f"trade {i + 1}"
        anchor = "end" if is_last else "middle" if marks else "start"
        marks.append(f"<text x='{_px(x)}' y='{bottom + 18}' text-anchor='{anchor}'>{label}</text>")
        last = x
    return marks


def depth_picture(book: BookSnapshot, currency: str, name: str, most: int = 8) -> str:
    """Tonnes offered at the best prices: asks above, bids below, as people write a book."""
    asks, bids = list(book.asks[:most])[::-1], list(book.bids[:most])
    if not asks and not bids:
        return "<p class='quiet'>The book is empty.</p>"
    width, row, head = 380, 20, 20
    largest = max(level.tonnes for level in (*asks, *bids))
    parts = [
        f"<text x='96' y='12' text-anchor='end'>{_e(currency)}/t</text><text x='108' y='12'>tonnes (orders)</text>"
    ]
    y = head

    def draw(level: LevelView, colour: str, side: str, best: bool) -> None:
        nonlocal y
        length = max(10, _scaled(level.tonnes, largest, 0, width - 108 - 96))
        weight = " strong" if best else ""
        parts.append(
            f"<rect x='108' y='{y + 3}' width='{_px(length)}' height='{row - 6}' rx='2' fill='var(--{colour})'>"
            f"<title>{side}: {level.tonnes:,} t at {level.price} in {level.orders} orders</title></rect>"
            f"<text class='ink{weight}' x='96' y='{y + 15}' text-anchor='end'>{level.price}</text>"
            f"<text x='{_px(1080 + length + 60)}' y='{y + 15}'>{level.tonnes:,} ({level.orders})</text>"
        )
        y += row

    for i, level in enumerate(asks):
        draw(level, "ask", "asked", i == len(asks) - 1)
    spread = f"spread {book.spread}" if book.spread is not None else "no offers" if not asks else "no bids"
    parts.append(
        f"<line class='axis' x1='8' x2='228' y1='{y + 14}' y2='{y + 14}'/>"
        f"<line class='axis' x1='332' x2='{width - 8}' y1='{y + 14}' y2='{y + 14}'/>"
        f"<text x='280' y='{y + 18}' text-anchor='middle'>{spread}</text>"
        + (f"<text x='8' y='{y - row + 15}'>offers</text>" if asks else "")
        + (f"<text x='8' y='{y + 28 + 15}'>bids</text>" if bids else "")
    )
    y += 28
    for i, level in enumerate(bids):
        draw(level, "bid", "bid", i == 0)
    said = (
        f"{len(book.bids)} bid prices with {sum(level.tonnes for level in book.bids):,} t and {len(book.asks)} asked "
        f"prices with {sum(level.tonnes for level in book.asks):,} t."
    )
    return _svg(width, y + 6, f"depth-{name}", "Order book at the day's end", said, "".join(parts))


def coverage_picture(positions: Sequence[Position]) -> str:
    """For each company what it surrendered and what it has in hand, in per cent of what it owes."""
    if not positions:
        return _NOTHING
    width, left, right, row, top = 1060, 268, 190, 30, 40
    hundred = _scaled(100, 150, left, width - right)
    height = top + row * len(positions) + 10
    parts = [
        "<defs><pattern id='short' width='6' height='6' patternUnits='userSpaceOnUse' patternTransform='rotate(45)'>"
        "<rect width='6' height='6' fill='var(--badbg)'/><line x1='0' y1='0' x2='0' y2='6' stroke='var(--bad)' "
        "stroke-width='2.4'/></pattern></defs>",
        _legend(left),
    ]
    for percent in (0, 25, 50, 75, 100, 125, 150):
        x = _px(_scaled(percent, 150, left, width - right))
        parts.append(
            f"<line class='grid' x1='{x}' x2='{x}' y1='{top}' y2='{height - 10}'/>"
            f"<text x='{x}' y='{top - 6}' text-anchor='middle'>{percent}{' %' if percent in (0, 150) else ''}</text>"
        )
    for i, one in enumerate(positions):
        parts.append(_coverage_row(one, top + row * i, row, left, width, right))
    parts.append(
        f"<line x1='{_px(hundred)}' x2='{_px(hundred)}' y1='{top - 2}' y2='{height - 10}' stroke='var(--ink)' "
        f"stroke-width='1.6'/>"
    )
    short = [one.name for one in positions if one.shortfall]
    said = f"{len(positions) - len(short)} of {len(positions)} companies have surrendered what they owe."
    if short:
        said += f" Short: {', '.join(short)}."
    return _svg(width, height, "coverage", "Holdings against obligations by company", said, "".join(parts))


def _coverage_row(one: Position, y: int, row: int, left: int, width: int, right: int) -> str:
    base = max(1, one.owed)
    limit = 150 * base

    def x_of(tonnes: int) -> int:
        return _scaled(min(100 * tonnes, limit), limit, left, width - right)

    bar_y, bar = y + 7, row - 14
    zero, given = 10 * left, x_of(one.surrendered)
    in_hand = x_of(one.surrendered + one.held + one.in_orders)
    parts = [
        f"<text class='ink' x='{left - 12}' y='{y + row // 2 + 4}' text-anchor='end'>{_e(_short(one.name))}</text>",
    ]
    if one.shortfall and one.owed:
        due = x_of(one.owed)
        parts.append(
            f"<rect x='{_px(given)}' y='{bar_y}' width='{_px(max(0, due - given))}' height='{bar}' fill='url(#short)'>"
            f"<title>{_e(one.name)}: {one.shortfall:,} t missing</title></rect>"
        )
    if in_hand > given:
        parts.append(
            f"<rect x='{_px(given)}' y='{bar_y + 3}' width='{_px(in_hand - given)}' height='{bar - 6}' "
            f"fill='var(--soft)'><title>{_e(one.name)}: {one.held + one.in_orders:,} t in hand</title></rect>"
        )
    if given > zero:
        parts.append(
            f"<rect x='{_px(zero)}' y='{bar_y}' width='{_px(given - zero)}' height='{bar}' fill='var(--main)'>"
            f"<title>{_e(one.name)}: {one.surrendered:,} of {one.owed:,} t surrendered</title></rect>"
        )
    if 100 * (one.surrendered + one.held + one.in_orders) > limit:
        x = width - right
        parts.append(f"<path d='M{x} {bar_y}l7 {bar // 2}l-7 {bar // 2}z' fill='var(--soft)'/>")
    text = f"{one.shortfall:,} t short" if one.shortfall else f"{one.owed:,} t"
    kind = "style='fill:var(--bad)' class='strong'" if one.shortfall else ""
    parts.append(f"<text x='{width - 40}' y='{y + row // 2 + 4}' text-anchor='end' {kind}>{text}</text>")
    colour = {"A": "good", "B": "bad", "C": "warn"}.get(one.status, "quiet")
    parts.append(
        f"<text x='{width - 8}' y='{y + row // 2 + 4}' text-anchor='end' class='strong' "
        f"style='fill:var(--{colour})'>{_e(one.status[:1])}</text>"
    )
    return "".join(parts)


def _legend(left: int) -> str:
    entries = (("var(--main)", "surrendered", 100), ("var(--soft)", "in hand", 76), ("url(#short)", "missing", 78))
    parts, x = [], left
    for fill, label, advance in entries:
        parts.append(
            f"<rect x='{x}' y='2' width='12' height='12' fill='{fill}'/><text x='{x + 17}' y='12'>{label}</text>"
        )
        x += advance + 17
    parts.append(f"<line x1='{x + 2}' x2='{x + 2}' y1='1' y2='15' stroke='var(--ink)' stroke-width='1.6'/>")
    parts.append(f"<text x='{x + 10}' y='12'>obligation</text>")
    return "".join(parts)


def _short(name: str) -> str:
    return name if len(name) <= 36 else f"{name[:35].rstrip()}…"


def _nice(low: int, high: int, count: int) -> list[int]:
    """Round numbers from at or below `low` to at or above `high`, about `count` of them."""
    span = max(high - low, 4)
    step = 1
    while step * count < span:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2  # 1, 2, 5, 10, 20, 50 …
    first = low // step * step
    steps = [first]
    while steps[-1] < high or len(steps) < 3:
        steps.append(steps[-1] + step)
    return steps


def _scaled(value: int, of: int, low: int, high: int) -> int:
    """Where `value` of `of` lies between two places given in pixels; in tenths of a pixel."""
    return 10 * low + 10 * (high - low) * value // max(1, of)


def _px(tenths: int) -> str:
    whole, rest = divmod(abs(tenths), 10)
    sign = "-" if tenths < 0 else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def _decimal(value: int, decimals: int) -> str:
    return str(Decimal(value).scaleb(-decimals).quantize(Decimal(1).scaleb(-decimals)))


def _svg(width: int, height: int, name: str, title: str, description: str, inside: str) -> str:
    return (
        f"<svg viewBox='0 0 {width} {height}' role='img' aria-labelledby='{name}-t {name}-d'>"
        f"<title id='{name}-t'>{_e(title)}</title><desc id='{name}-d'>{_e(description)}</desc>{inside}</svg>"
    )


def _clock(timestamp: int, offset: int) -> str:
    return datetime.fromtimestamp(timestamp + offset, UTC).strftime("%H:%M:%S")


def _e(text: str) -> str:
    return html.escape(text)
