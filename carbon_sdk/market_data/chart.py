"""Candles and volume as a picture: PNG for a page or a bulletin, characters for a terminal.

Places are whole numbers throughout: a price is put where it belongs by integer arithmetic on the currency's smallest
part, so that the picture shows the figures and not what a float made of them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from carbon_sdk.errors import InputError
from carbon_sdk.market_data.release import Candle

WIDTH, HEIGHT = 1_200, 640
_LEFT, _RIGHT, _TOP, _BOTTOM = 20, 100, 64, 40
_VOLUME = 110
"""Height of the volume's part."""
_INK, _SOFT, _GRID, _PAPER = (24, 32, 40), (105, 112, 120), (226, 230, 234), (255, 255, 255)
_UP, _DOWN, _BAR = (22, 128, 84), (184, 52, 44), (176, 190, 204)
_BLOCKS = " ▁▂▃▄▅▆▇█"


class Scale:
    """Where a price or a volume is drawn."""

    def __init__(self, candles: Sequence[Candle]) -> None:
        if not candles:
            raise InputError("There is no trade in that time: there is nothing to draw.")
        self.least = min(candle.low for candle in candles)
        self.most = max(candle.high for candle in candles)
        self.volume = max(candle.tonnes for candle in candles)

    def place(self, price: Decimal, size: int) -> int:
        """Steps above the lowest price, of `size` in all; a price in the middle where there is only one."""
        span = self.most - self.least
        return size // 2 if not span else int((price - self.least) * size // span)


def as_png(candles: Sequence[Candle], title: str, currency: str, utc_offset: int = 0) -> bytes:
    """The picture of candles.

    Args:
        candles: In order.
        title: Such as `UKA21/GBP, 1 hour`.
        currency: Code of the currency.
        utc_offset: Seconds east of UTC, for the times under the picture.

    Raises:
        InputError: There are no candles, or the library that draws is not installed.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise InputError("Pictures need Pillow: install carbon-sdk[print].") from None
    scale = Scale(candles)
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    large, small = ImageFont.load_default(22), ImageFont.load_default(14)
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    floor = bottom - _VOLUME - 20  # of the prices
    high = floor - _TOP
    last = candles[-1]
    draw.text((_LEFT, 16), title, fill=_INK, font=large)
    tonnes, trades = (sum(getattr(one, name) for one in candles) for name in ("tonnes", "trades"))
    draw.text(
        (right, 20),
        f"{last.close} {currency}/t, {tonnes:,} t in {trades:,} trades",
        fill=_SOFT,
        font=small,
        anchor="ra",
    )
    for i in range(5):
        y = floor - high * i // 4
        price = scale.least + (scale.most - scale.least) * i / 4
        draw.line((_LEFT, y, right, y), fill=_GRID)
        draw.text((right + 8, y), f"{price.quantize(last.close)}", fill=_SOFT, font=small, anchor="lm")
    draw.text((right + 8, bottom - _VOLUME), f"{scale.volume:,} t", fill=_SOFT, font=small, anchor="lm")
    draw.line((_LEFT, bottom, right, bottom), fill=_GRID)

    step = (right - _LEFT) // len(candles)
    if not step:
        raise InputError(f"{len(candles):,} candles are more than the picture has room for: take a longer interval.")
    step, half = min(step, 60), max(0, min(step, 60) * 3 // 8)
    width_of_label, label_end = 90, -1
    for i, candle in enumerate(candles):
        x = _LEFT + step * i + step // 2
        colour = _UP if candle.close >= candle.open else _DOWN
        top, low = floor - scale.place(candle.high, high), floor - scale.place(candle.low, high)
        draw.line((x, top, x, low), fill=colour)
        ends = sorted((floor - scale.place(candle.open, high), floor - scale.place(candle.close, high)))
        draw.rectangle((x - half, ends[0], x + half, max(ends[1], ends[0] + 1)), fill=colour)
        bar = max(1, candle.tonnes * _VOLUME // scale.volume)
        draw.rectangle((x - half, bottom - bar, x + half, bottom), fill=_BAR)
        if x - width_of_label // 2 > label_end:
            draw.text((x, bottom + 8), _moment(candle.start + utc_offset), fill=_SOFT, font=small, anchor="ma")
            label_end = x + width_of_label // 2
    content = io.BytesIO()
    image.save(content, "PNG", optimize=True)
    return content.getvalue()


def as_text(candles: Sequence[Candle], columns: int = 80, rows: int = 16, utc_offset: int = 0) -> list[tuple[str, str]]:
    """The same for a terminal: lines as (text, the row's kind); the newest candles where there is not room for all.

    A body is `█` when it closed higher and `░` when lower, a wick `│`.

    Raises:
        InputError: There are no candles.
    """
    label = max((len(str(price)) for one in candles for price in (one.high, one.low)), default=0) + 1
    room = max(1, (columns - label) // 2)
    shown = candles[-room:]
    scale = Scale(shown)
    grid = [[" "] * (2 * len(shown)) for _ in range(rows)]
    for i, candle in enumerate(shown):
        body = sorted((scale.place(candle.open, rows - 1), scale.place(candle.close, rows - 1)))
        for y in range(scale.place(candle.low, rows - 1), scale.place(candle.high, rows - 1) + 1):
            inside = body[0] <= y <= body[1]
            grid[rows - 1 - y][2 * i] = ("█" if candle.close >= candle.open else "░") if inside else "│"
    lines = []
    for y, line in enumerate(grid):
        price = {0: str(scale.most), rows - 1: str(scale.least)}.get(y, "")
        lines.append((f"{''.join(line).ljust(2 * room)} {price}".rstrip(), "price"))
    bars = "".join(_BLOCKS[max(1, one.tonnes * 8 // scale.volume)] + " " for one in shown)
    lines.append((f"{bars.ljust(2 * room)} {scale.volume:,} t", "volume"))
    first, last = (_moment(one.start + utc_offset) for one in (shown[0], shown[-1]))
    lines.append((first if len(shown) == 1 else f"{first}  to  {last}", "time"))
    return lines


def seconds_of(interval: str) -> int:
    """Seconds of an interval such as `30s`, `5m`, `1h`, `1d`. Raises InputError."""
    unit = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}.get(interval[-1:])
    if unit is None or not interval[:-1].isascii() or not interval[:-1].isdigit() or not int(interval[:-1]):
        raise InputError(f"{interval!r} is no interval: give it as 30s, 5m, 1h or 1d.")
    return int(interval[:-1]) * unit


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%m-%d %H:%M")
