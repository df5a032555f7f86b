"""Where accounts stand in their obligation, on the chain that a year left."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from carbon_sdk.actors.compliance_position import market_prices, position_of, statement_of_year
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import Status, YearStage
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.demo import closing
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentId
from carbon_sdk.market_data.position_chart import Bar, terminal_chart
from carbon_sdk.scheme import Scheme, connect
from tests.conftest import Played


@pytest.fixture(scope="module")
def scheme(played: Played):
    with Anvil(played.folder / closing.CHAIN) as anvil:
        yield connect(anvil.url, played.folder / closing.DEPLOYMENT)


@pytest.fixture
def said(capsys, scheme: Scheme, played: Played):
    def said(*arguments: object, code: int = 0):
        where = ["--rpc", played.folder / closing.CHAIN, "--deployment", played.folder / closing.DEPLOYMENT]
        assert run(list(map(str, ["compliance", *arguments, *where]))) == code, capsys.readouterr().err
        out = capsys.readouterr().out
        return orjson.loads(out) if "--json" in arguments else out

    return said


@pytest.mark.requirement("R-CMP-4")
def test_position__company_that_falls_short__tells_what_covering_costs(said, scheme, played):
    short = played.year.stage.cast.short.account
    found = said("position", short, "--json")
    position = scheme.contract(Obligations).position_of(short)
    assert (found["status"], found["shortfall"]) == ("B", position.shortfall)
    assert found["emissions_to_date"] == found["owed"] == position.emissions
    assert found["lacking"] == position.shortfall - found["mix"]["tonnes"]
    price = market_prices(scheme)[InstrumentId(scheme.deployment.instruments["UKA21"])]
    assert (found["price"], found["cost"]) == (price, price * found["lacking"])


@pytest.mark.requirement("R-CMP-4")
def test_position__company_that_is_covered__lacks_nothing(scheme, played):
    party = next(one for one in played.year.stage.cast.companies if one.account != played.year.stage.cast.short.account)
    found = position_of(scheme, party.account)
    assert (found.status, found.shortfall, found.lacking, found.cost) == (Status.A, 0, 0, 0)
    assert found.free + found.bound == found.held


def test_position__who_owes_nothing__is_said(said, played, capsys):
    said("position", played.year.stage.cast.treasury.account, code=2)


def test_position__chart_and_png__are_drawn(said, played, tmp_path: Path):
    short, file = played.year.stage.cast.short.account, tmp_path / "position.png"
    out = said("position", short, "--chart", "--png", file)
    assert "cost to cover" in out
    assert "lacking after these" in out
    assert file.read_bytes().startswith(b"\x89PNG")


def test_chart__bars__are_as_long_as_their_tonnes():
    lines = terminal_chart([Bar("owed", 100, "owes"), Bar("held", 50, "has"), Bar("lacks", 0, "lacks")], width=10)
    assert lines == ["owed   100 t  ██████████", "held    50 t  ▓▓▓▓▓", "lacks    0 t  "]


@pytest.mark.requirement("R-CMP-2")
def test_propose__company_with_units__takes_what_is_free(said, scheme, played):
    party = max(played.year.stage.cast.companies, key=lambda one: position_of(scheme, one.account).free)
    free = position_of(scheme, party.account).free
    assert free
    found = said("propose", party.account, "--tonnes", free, "--price", "UKA21=4500", "--json")
    assert (found["tonnes"], found["lacking"], found["worth"]) == (free, 0, 4500 * free)
    said("propose", party.account, "--tonnes", free + 1, code=3)


@pytest.mark.parametrize("price", ["UKA21", "UKA21=4.5", "=4500"])
def test_propose__price_that_is_none__is_refused(said, played, price):
    said("propose", played.year.stage.cast.short.account, "--price", price, code=2)


@pytest.mark.requirement("R-CMP-2", "R-CMP-3")
def test_statement__year_of_the_company_that_fell_short__adds_up(said, scheme, played):
    short = played.year.stage.cast.short.account
    found = statement_of_year(scheme, short, played.year.stage.year)
    assert found.stage in (YearStage.ASSESSED, YearStage.PAID)  # another test may have paid it
    assert found.status is Status.B
    assert found.surrendered == found.surrendered_by_deadline
    assert found.penalty == (found.emissions - found.surrendered) * 10_000
    content = said("statement", short, "--year", played.year.stage.year, "--json")
    assert (content["surrendered"], content["pending"]) == (found.surrendered, 0)
    assert len(content["statement"]["lines"]) == len(found.lines)


def test_position__account_that_is_not_enrolled__is_refused(scheme, played):
    with pytest.raises(InputError, match="not enrolled"):
        position_of(scheme, played.year.stage.cast.treasury.account)
