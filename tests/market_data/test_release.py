from __future__ import annotations

from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sdk.audit.auditor import Auditor
from carbon_sdk.audit.store import Store
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import ZERO_ADDRESS, OrderId, Side
from carbon_sdk.market_data import MarketData, TradePrint, book_of, candles_of
from carbon_sdk.market_data.page import MarketDay, Page, render
from carbon_sdk.market_data.positions import Position
from tests.audit.market_chain import MarketChain, abis

Market = tuple[MarketChain, Store, MarketData]


def test_book__now__as_the_contract_shows_it(market: Market) -> None:
    chain, store, data = market
    state = Auditor(chain.rpc, store, chain.contracts, abis()).fold()
    assert data.book(1) == book_of(state, 1)
    assert data.book(1).bids or data.book(1).asks


def test_bulletin__of_each_day__adds_up_to_all_trades(market: Market) -> None:
    _, _, data = market
    trades = list(data.trades(1))
    bulletins = [data.bulletin(1, day) for day in data.days(1)]
    assert len(bulletins) >= 2
    assert sum(one.tonnes for one in bulletins) == sum(trade.tonnes for trade in trades)
    assert sum(one.turnover for one in bulletins) == sum(trade.turnover for trade in trades)
    assert sum(one.trades for one in bulletins) == len(trades)
    assert bulletins[1].previous_close == bulletins[0].close
    for one in bulletins:
        assert one.low is not None
        assert one.high is not None
        assert one.average is not None
        assert one.low <= one.average <= one.high
        assert isinstance(one.average, Decimal)


def test_bulletin__of_no_market__says_which_there_are(market: Market) -> None:
    _, _, data = market
    with pytest.raises(InputError, match="there are: 1, 2"):
        data.bulletin(9, data.days(1)[0])


def test_best_prices__through_time__ends_with_the_book(market: Market) -> None:
    _, _, data = market
    changes = list(data.best_prices(1))
    book = data.book(1)
    assert changes[-1].bid == (book.bids[0].price if book.bids else None)
    assert changes[-1].ask == (book.asks[0].price if book.asks else None)
    for one in changes:
        assert one.bid is None or one.ask is None or one.bid < one.ask


def some_trade(at: int, ticks: int, tonnes: int) -> TradePrint:
    price = Decimal(ticks).scaleb(-2)
    return TradePrint(
        1, at, price, ticks, tonnes, ticks * tonnes, ZERO_ADDRESS, ZERO_ADDRESS, Side.BUY, 0, OrderId(0), "0x"
    )


@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(1, 999), st.integers(1, 99)), min_size=1, max_size=40),
    st.integers(1, 2_000),
    st.sampled_from((0, 3_600, -7_200)),
)
def test_candles__any_interval__lose_nothing(raw: list[tuple[int, int, int]], interval: int, offset: int) -> None:
    trades = [some_trade(1_800_000_000 + at, ticks, tonnes) for at, ticks, tonnes in sorted(raw)]
    candles = candles_of(trades, interval, offset)
    assert sum(one.tonnes for one in candles) == sum(trade.tonnes for trade in trades)
    assert sum(one.trades for one in candles) == len(trades)
    assert candles[0].open == trades[0].price
    assert candles[-1].close == trades[-1].price
    assert [one.start for one in candles] == sorted({one.start for one in candles})
    for one in candles:
        inside = [t.price for t in trades if one.start <= t.at < one.start + interval]
        assert (one.high, one.low) == (max(inside), min(inside))
        assert (one.start + offset) % interval == 0


class Balanced(HTMLParser):
    """Every element is closed; nothing comes from elsewhere."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            assert name not in ("src", "onclick", "onload")
            assert name != "href" or (value or "").startswith("#")
            if name == "id":
                self.ids.append(value or "")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page__of_a_real_day__self_contained_and_well_formed(market: Market) -> None:
    chain, store, data = market
    report = Auditor(chain.rpc, store, chain.contracts, abis()).run()
    day = data.days(1)[0]
    markets = [
        MarketDay(
            f"Market {number} <of two>",
            data.bulletin(number, day),
            [trade for trade in data.trades(number) if data.day_of(trade.at) == day],
        )
        for number in (1, 2)
    ]
    positions = [
        Position(ZERO_ADDRESS, "Works & Sons <Ltd>", 100, 60, 0, 0, "B", 400_00),
        Position(ZERO_ADDRESS, "Nothing owed", 0, 0, 10, 0, "–", 0),
        Position(ZERO_ADDRESS, "Covered", 10**7, 10**7, 10**8, 0, "A", 0),
    ]
    html = render(Page("A scheme", day, markets=markets, positions=positions, audit=report, next_steps=[("a", "b")]))

    parser = Balanced()
    parser.feed(html)
    assert not parser.open
    assert len(parser.ids) == len(set(parser.ids))
    for foreign in ("http://", "https://", "url(//", "@import", "<script"):
        assert foreign not in html
    assert "Works &amp; Sons &lt;Ltd&gt;" in html
    assert "40 t short" in html
    assert html.count("<svg") == 5
    assert "Equal" in html


def test_page__of_a_day_without_anything__still_says_so(market: Market) -> None:
    _, _, data = market
    day = data.days(1)[0].replace(year=2040)
    html = render(Page("A scheme", day, markets=[MarketDay("Empty", data.bulletin(1, day), [])]))
    Balanced().feed(html)
    assert "no trades" in html
