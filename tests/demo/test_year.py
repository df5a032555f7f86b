"""The whole year on a real chain, once; each test looks at one part of what it left."""

from __future__ import annotations

import sqlite3
from collections import Counter
from html.parser import HTMLParser

import orjson
import pytest

from carbon_sdk.contracts.generated.enums import Status, Verdict
from carbon_sdk.contracts.generated.errors import AccountRestricted
from carbon_sdk.demo import closing
from carbon_sdk.demo.trading import goal
from carbon_sdk.deployment.model import Deployment
from tests.conftest import Played


@pytest.mark.requirement("R-TRD-2")
def test_trading_day__of_the_sample__has_orders_trades_and_cancels(played: Played):
    day = played.year.day
    assert day.orders >= 200
    assert len(day.trades) >= 60
    assert day.cancels >= 20
    assert sum(trade.quantity for trade in day.trades) == played.year.record.bulletin.tonnes == day.tonnes
    assert min(day.prices) < day.prices[0] or max(day.prices) > day.prices[0]
    assert all(4_000 < price < 5_000 for price in day.prices)
    numbers = [trade.voucher for trade in day.trades]
    assert numbers == list(range(len(numbers)))


@pytest.mark.requirement("R-ALC-1")
def test_allocation__by_both_methods__is_what_was_published(played: Played):
    stage = played.year.stage
    given = sum(party.plant.allocated for party in stage.cast.companies)
    lacking = sum(max(0, party.gap) for party in stage.cast.companies)
    assert played.year.issued == given + lacking * 12 // 10
    assert {party.plant.method for party in stage.cast.companies} == {"historical", "benchmark"}


@pytest.mark.requirement("R-CMP-1")
def test_surrender__of_everybody__covers_what_was_emitted(played: Played):
    year = played.year
    owed = {party.account: party.emissions for party in year.stage.cast.companies}
    assert {one.account: one.owed for one in year.record.positions} == owed
    for one in year.record.positions:
        short = one.account == year.shortfall.party.account
        assert one.status == ("B" if short else "A"), one.name
        assert one.surrendered == one.owed - (year.shortfall.tonnes if short else 0), one.name
    assert year.surrendered == sum(one.surrendered for one in year.record.positions)


@pytest.mark.requirement("R-CMP-3")
def test_shortfall__of_one_company__has_its_exact_penalty_and_no_more_trade(played: Played):
    short = played.year.shortfall
    party = short.party
    assert short.tonnes == party.gap - goal(party) > 0
    assert short.penalty == short.tonnes * 100_00
    assert short.status is Status.B
    assert isinstance(short.refusal, AccountRestricted)
    assert short.refusal.arguments["account"] == party.account
    (fined,) = [one for one in played.year.record.positions if one.penalty]
    assert (fined.account, fined.penalty) == (party.account, short.penalty)


@pytest.mark.requirement("R-TRD-8")
def test_units__of_every_account__are_what_it_got_less_what_it_gave(played: Played):
    year = played.year
    net: Counter[str] = Counter()
    for trade in year.record.trades:
        net[trade.buyer] += trade.tonnes
        net[trade.seller] -= trade.tonnes
    has = {one.account: one.held + one.in_orders for one in year.record.positions}
    given_up = {one.account: one.surrendered for one in year.record.positions}
    given_up[year.canceller.account] += year.cancelled
    for party in year.stage.cast.companies:
        got = party.plant.allocated + net[party.account]
        assert has[party.account] == got - given_up[party.account], party.name
    auctioned = year.issued - sum(party.plant.allocated for party in year.stage.cast.companies)
    others = auctioned + sum(net[party.account] for party in [year.stage.cast.treasury, *year.stage.cast.traders])
    assert year.retired == sum(given_up.values())
    assert year.outstanding == sum(has.values()) + others


@pytest.mark.requirement("R-TRC-3")
def test_audit__of_the_year__equals_the_contracts(played: Played):
    audit = played.year.record.audit
    assert audit.ok
    assert audit.events > 1_500
    assert audit.checks["balances"] > 20
    assert not audit.passed_over


@pytest.mark.requirement("R-VCH-2")
def test_vouchers__one_for_each_conclusion__are_files(played: Played):
    year = played.year
    files = sorted((played.folder / closing.VOUCHERS).glob("*.json"))
    companies = len(year.stage.cast.companies)
    assert len(files) == year.record.vouchers == len(year.day.trades) + companies + 1
    kinds = [orjson.loads(file.read_bytes())["voucher"]["kind"] for file in files]
    assert kinds.count("TRADE") == len(year.day.trades)
    assert kinds.count("SURRENDER") == companies
    assert kinds.count("CANCELLATION") == 1
    assert year.record.proven.verdict is Verdict.VALID
    assert year.record.proven.file in files


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pictures += tag == "svg"
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]


def test_folder__of_the_year__has_the_record(played: Played):
    deployment = Deployment.load(played.folder / closing.DEPLOYMENT)
    assert deployment.contracts == played.year.stage.suite.deployment.contracts
    with sqlite3.connect(played.folder / closing.STORE) as store:
        assert store.execute("select count(*) from sqlite_master where type = 'table'").fetchone()[0] > 0
    assert (played.folder / closing.KEYS).stat().st_mode & 0o077 == 0
    page = (played.folder / closing.PAGE).read_text()
    reader = _Links()
    reader.feed(page)
    assert reader.pictures >= 2
    assert all(link.startswith("#") for link in reader.links), reader.links
    assert "Steven&#x27;s Croft Power Station" in page
    assert played.year.record.proven.code in page


def test_progress__of_the_year__is_told_line_by_line(played: Played):
    assert len(played.told) >= 12
    assert not any("\n" in line for line in played.told)
