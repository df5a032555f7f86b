from __future__ import annotations

import io
from decimal import Decimal

import pytest

from carbon_sdk.audit.store import Store
from carbon_sdk.errors import InputError
from carbon_sdk.market_data import Candle, MarketData
from carbon_sdk.market_data.chart import HEIGHT, WIDTH, as_png, as_text, seconds_of
from tests.audit.market_chain import MarketChain

Market = tuple[MarketChain, Store, MarketData]


def candle(i: int, open_: str, high: str, low: str, close: str, tonnes: int) -> Candle:
    prices = (Decimal(price) for price in (open_, high, low, close))
    return Candle(1_700_000_000 + 3_600 * i, *prices, tonnes, 1, 1)


CANDLES = [candle(0, "10.00", "14.00", "10.00", "14.00", 80), candle(1, "13.00", "13.00", "10.00", "11.00", 10)]


# R-TRD-11
def test_depths__through_time__are_the_book_at_each_moment(market: Market) -> None:
    _, _, data = market
    found = list(data.depths(1, 7_200))
    assert len(found) > 1
    for at, book in found:
        assert book == data.book(1, until=at)
    assert found[-1][1] == data.book(1)
    ends = [at for at, _ in found]
    assert ends == sorted(set(ends))
    since = ends[len(ends) // 2]
    assert list(data.depths(1, 7_200, since=since)) == [one for one in found if one[0] > since]
    with pytest.raises(InputError, match="positive"):
        list(data.depths(1, 0))
    with pytest.raises(InputError, match="no market 9"):
        list(data.depths(9, 60))


@pytest.mark.parametrize("interval", ["30s", "1m", "7m", "1h", "1d"])
def test_candles__of_any_interval__add_up_to_the_trades(market: Market, interval: str) -> None:
    _, _, data = market
    trades, found = list(data.trades(1)), data.candles(1, seconds_of(interval))
    assert sum(one.tonnes for one in found) == sum(one.tonnes for one in trades)
    assert sum(one.trades for one in found) == len(trades)
    assert (found[0].open, found[-1].close) == (trades[0].price, trades[-1].price)
    assert all(one.low <= min(one.open, one.close) <= max(one.open, one.close) <= one.high for one in found)


@pytest.mark.parametrize("wrong", ["", "h", "0h", "1w", "-1h", "1.5h", "²h"])
def test_interval__that_is_none__refused(wrong: str) -> None:
    with pytest.raises(InputError, match="is no interval"):
        seconds_of(wrong)


def test_text__of_candles__shows_bodies_wicks_and_volume() -> None:
    lines = as_text(CANDLES, columns=40, rows=5)
    picture = [line[:4].rstrip() for line, kind in lines if kind == "price"]
    assert picture == ["█", "█ ░", "█ ░", "█ ░", "█ │"]
    assert lines[0][0].endswith("14.00")
    assert lines[4][0].endswith("10.00")
    assert lines[5][0].split() == ["█", "▁", "80", "t"]
    flat = as_text([candle(0, "5", "5", "5", "5", 1)], columns=20, rows=5)
    assert [line[:1] for line, kind in flat if kind == "price"][2] == "█"
    with pytest.raises(InputError, match="nothing to draw"):
        as_text([], columns=40)


def test_png__of_candles__is_a_picture_of_them(market: Market) -> None:
    from PIL import Image

    _, _, data = market
    content = as_png(data.candles(1, 60), "UKA21/GBP, 1m", "GBP")
    image = Image.open(io.BytesIO(content))
    assert image.format == "PNG"
    assert image.size == (WIDTH, HEIGHT)
    colours = {colour for _, colour in image.getcolors(1 << 24)}
    assert {(22, 128, 84), (184, 52, 44), (176, 190, 204)} <= colours, "rises, falls and volume are drawn"
    assert as_png(data.candles(1, 60), "UKA21/GBP, 1m", "GBP") == content
    with pytest.raises(InputError, match="longer interval"):
        as_png(CANDLES * 1_000, "x", "GBP")
    with pytest.raises(InputError, match="nothing to draw"):
        as_png([], "x", "GBP")
