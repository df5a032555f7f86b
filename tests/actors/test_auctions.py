"""Call auctions and trading by choice on a real chain, by the SDK and the command line, audited at the end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from carbon_sdk.actors.markets import Market, OrderState, fills_of
from carbon_sdk.audit.clearing import BOOK, clearing_of, settlement_of, trades_of
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.suite import auditor_of, contracts_of, indexer_of, open_store
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import MarketState, TimeInForce
from carbon_sdk.contracts.generated.errors import (
    AuctionPending,
    MarketMatches,
    NoAuctionPending,
    NotAmongBest,
    OrderMustRest,
    PickedOwnOrder,
    WouldTrade,
)
from carbon_sdk.contracts.generated.structs import Session
from carbon_sdk.identifiers import OrderId
from carbon_sdk.market_data.release import MarketData
from tests.actors.conftest import Town, key
from tests.actors.test_market_rules import (
    CLOSED,
    OPEN,
    WEDNESDAY,
    WORKING_DAYS,
    floor,  # noqa: F401 -- a fixture
    moment,
    platform,
    rules,
    supervisor,
)

CALL, LOCKED, UNCROSSING = MarketState.CALL, MarketState.LOCKED, MarketState.UNCROSSING
A_DAY = (
    Session(1, 540, 595, CALL),
    Session(1, 595, 600, LOCKED),
    Session(1, 600, 900, OPEN),
    Session(1, 900, 910, CALL),
)


@pytest.fixture
def exchange(floor: Town) -> Town:  # noqa: F811 -- the fixture
    """A market whose days begin and end with a call; the evening before the first of them."""
    number = supervisor(floor).define_calendar("with auctions", WORKING_DAYS, A_DAY).result
    supervisor(floor).assign_calendar(1, number, WEDNESDAY)
    return floor


@pytest.fixture
def store(exchange: Town, tmp_path: Path) -> Store:
    return open_store(tmp_path / "audit.sqlite")


def at(town: Town, hour: int, minute: int = 0) -> None:
    town.clock.travel_to(moment(WEDNESDAY, hour, minute))


def audited(town: Town, store: Store) -> None:
    indexer_of(town.scheme, store).sync()
    report = auditor_of(town.scheme, store).run()
    assert report.ok, report.lines()


def execute(town: Town, work: int) -> int:
    """By anybody, in parts; returns how many they were."""
    parts = 1
    while not town.scheme.platform_operator(key("trader")).uncross(1, work).result:
        parts += 1
    return parts


# @requirement R-TRD-10
def test_a_day__opening_auction_trading_closing_auction__audited(exchange: Town, store: Store) -> None:
    works, trader, broker = (exchange.company(name) for name in ("works", "trader", "broker"))
    market = market_of(exchange)
    units = {one: _units(one, market) for one in (works, trader, broker)}
    feed = fills_of(market.suite, [market], since=exchange.scheme.chain.block_number() + 1)

    at(exchange, 9)
    asked = works.sell(1, 100, 5000).result.id
    bid = trader.buy(1, 70, 5200).result.id
    late = broker.buy(1, 40, 5100, expires=moment(WEDNESDAY, 9, 30)).result.id
    with pytest.raises(OrderMustRest):
        broker.buy(1, 10, 5100, time_in_force=TimeInForce.IOC)
    assert market.indication() == (5000, 100), "bids of 10 would be left over"
    with pytest.raises(NoAuctionPending):
        platform(exchange).uncross(1)
    second = broker.buy(1, 20, 5100).result.id

    at(exchange, 10)
    with pytest.raises(AuctionPending):
        trader.buy(1, 10, 5000)
    assert market.state is UNCROSSING
    assert execute(exchange, 3) > 1
    assert market.state is OPEN
    assert market.now().last == 5000, "asks are left over at 5000 to 5100; the reference is 5000"
    assert [_open(exchange, one) for one in (asked, bid, late, second)] == [10, 0, 0, 0]
    assert _units(trader, market) - units[trader] == 70
    assert _units(broker, market) - units[broker] == 20
    assert market.now().lots_today * market.terms.lot == 90

    assert trader.buy(1, 10, 5050).result.filled == 10  # continuous trading
    works.sell(1, 30, 5300)

    at(exchange, 15)
    works.sell(1, 20, 5100)
    broker.buy(1, 20, 5100)
    at(exchange, 15, 10)
    assert platform(exchange).uncross(1).result
    assert market.state is CLOSED
    assert rules(exchange).phase(1).state is CLOSED
    assert market.now().last == 5100

    fills = feed.take()
    assert [(one.quantity, one.ticks) for one in fills] == [(70, 5000), (20, 5000), (10, 5000), (20, 5100)]
    assert (fills[0].maker, fills[0].ask, fills[0].buyer, fills[0].seller) == (
        bid,
        asked,
        trader.account,
        works.account,
    )
    assert market.latest_fills(4) == fills
    assert [one.quantity for one in market.trades()][-4:] == [70, 20, 10, 20]
    record = market.order_record(asked)
    assert (record.state, record.filled, len(record.fills)) == (OrderState.FILLED, 100, 3)
    assert market.order_record(late).state is OrderState.EXPIRED

    audited(exchange, store)
    assert market.order_record(asked, store) == record
    histories = Histories(store)
    histories.catch_up()
    day = trades_of(histories, WEDNESDAY)
    assert [one.quantity for one in day.trades if one.source == BOOK] == [70, 20, 10, 20]
    fee = 70 // market.terms.lot * market.terms.maker_fee * 10**market.terms.tick_exponent
    assert (day.trades[0].buyer_fee, day.trades[0].seller_fee) == (fee, fee), "the maker's, of both"
    assert settlement_of(histories, WEDNESDAY).reconciles
    for account in (works.account, trader.account, broker.account):
        clearing = clearing_of(histories, account, WEDNESDAY)
        assert clearing.reconciles, clearing.findings
    data = MarketData(store, contracts_of(exchange.scheme.deployment))
    prints = list(data.trades(1, since=moment(WEDNESDAY, 0)))
    assert [one.verb for one in prints] == ["auctioned", "auctioned", "bought", "auctioned"]
    assert data.bulletin(1, WEDNESDAY).tonnes == 120


# @requirement R-TRD-10 after a breaker, trading begins again with an auction
def test_interruption__then_an_auction__then_trading(exchange: Town, store: Store) -> None:
    works, trader = exchange.company("works"), exchange.company("trader")
    market = market_of(exchange)
    exchange.scheme.risk_officer(key("risk-manager")).set_limits(1, dynamic_permille=50)
    at(exchange, 10)
    works.sell(1, 10, 5000)
    trader.buy(1, 10, 5000)
    works.sell(1, 50, 5400)  # beyond 5 % of 5000
    assert trader.buy(1, 30, 5500).result.filled == 0
    assert market.state is CALL
    exchange.clock.travel_to(market.now().until)
    assert execute(exchange, 2) > 1
    assert market.state is OPEN
    assert market.now().last == 5400, "30 execute at 5400 to 5500; the nearest to 5000"
    assert trader.buy(1, 5, 5450).result.filled == 5
    audited(exchange, store)


# @requirement R-TRD-2 R-TRD-10
def test_auction__one_owner_and_parts_over_midnight__audited(exchange: Town, store: Store) -> None:
    works, trader = exchange.company("works"), exchange.company("trader")
    at(exchange, 15, 1)
    works.sell(1, 10, 5000)
    works.buy(1, 10, 5100)
    works.sell(1, 10, 5000)
    trader.buy(1, 10, 5050)
    at(exchange, 15, 10)
    assert not platform(exchange).uncross(1, 7).result
    exchange.clock.travel_to(moment(date(2021, 1, 14), 1))
    execute(exchange, 1)
    view = market_of(exchange).now()
    assert view.lots_today * view.terms.lot == 10, "with the trader"
    assert view.day == (date(2021, 1, 14) - date(1970, 1, 1)).days
    audited(exchange, store)


# @requirement R-TRD-2
def test_choice__any_order_of_the_best_five_levels__audited(exchange: Town, store: Store) -> None:
    works, trader = exchange.company("works"), exchange.company("trader")
    market = market_of(exchange)
    at(exchange, 11)
    first = works.sell(1, 10, 5000).result.id
    with pytest.raises(MarketMatches):
        trader.pick(first, 10)
    supervisor(exchange).set_conduct(1, replace(market.conduct(), choice=True))
    second = works.sell(1, 10, 5000).result.id
    levels = [works.sell(1, 10, 5000 + 10 * step).result.id for step in range(1, 6)]
    with pytest.raises(WouldTrade):
        trader.buy(1, 10, 5000)
    with pytest.raises(NotAmongBest):
        trader.pick(levels[-1], 10)
    with pytest.raises(PickedOwnOrder):
        works.pick(first, 10)
    assert trader.pick(second, 4).result == 4, "though the first is before it"
    assert trader.pick(levels[-2], 10).result == 10
    assert trader.pick(levels[-1], 10).result == 10, "the fifth now"
    assert [_open(exchange, one) for one in (first, second, levels[-2])] == [10, 6, 0]
    assert market.now().last == levels[-1].tick
    audited(exchange, store)


def test_commands__uncross_and_pick(
    exchange: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    works, trader = exchange.company("works"), exchange.company("trader")
    file = exchange.scheme.deployment.save(tmp_path / "deployment.json")

    def carbon(who: str, *words: str) -> object:
        monkeypatch.setenv("CARBON_TEST_KEY", "0x" + key(who)._key.secret.hex())  # type: ignore[attr-defined]
        where = [
            "--rpc",
            exchange.scheme.chain.url,
            "--deployment",
            str(file),
            "--json",
            "--key-env",
            "CARBON_TEST_KEY",
        ]
        assert run([*words[:2], *where, *words[2:]]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)["result"]

    at(exchange, 9)
    works.sell(1, 10, 5000)
    trader.buy(1, 10, 5000)
    at(exchange, 10)
    assert carbon("trader", "platform", "uncross", "UKA21/GBP", "--most-work", "1") is False, "a part, by anybody"
    assert carbon("platform-operator", "platform", "uncross", "UKA21/GBP") is True
    supervisor(exchange).set_conduct(1, replace(market_of(exchange).conduct(), choice=True))
    order = works.sell(1, 10, 5000).result.id
    assert carbon("trader", "company", "pick", str(order), "10") == 10
    assert market_of(exchange).now().last == 5000


def market_of(town: Town) -> Market:
    return town.scheme.market(1)


def _open(town: Town, order: OrderId) -> int:
    market = town.scheme.market(order.market)
    return sum(one.quantity for one in market.orders() if one.id == order)


def _units(company, market: Market) -> int:  # type: ignore[no-untyped-def]
    return sum(one.free for one in company.holdings() if one.instrument == market.instrument)
