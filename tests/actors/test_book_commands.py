"""`carbon market watch, depth, trades, orders, order` on a real chain: pictures as printed, changes as lines."""

from __future__ import annotations

import csv
import io
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from carbon_sdk.chain.chain import Chain
from carbon_sdk.cli.book_view import Look, Screen, rendered, watched
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import MarketState
from carbon_sdk.identifiers import OrderId
from carbon_sdk.scheme import Scheme
from tests.actors.conftest import ROOT, Town, key
from tests.actors.proxy import Proxy

BOOK = """\
{name}  open until 2021-01-13T00:00:00Z  block {block}, {at}
last 51.00  spread 0.80  close 50.00  band {band}  traded today 30 t

     own     bid t       bid       ask     ask t       own
                40     50.40     51.20        50        30
                 5     50.30     51.30        10        10
                                                          \n\
"""


@pytest.fixture
def book(floor: Town) -> Town:
    """Two levels a side, and a trade."""
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    works.sell(1, 30, Decimal("51.00"))
    trader.buy(1, 30, Decimal("51.00"))
    works.sell(1, 30, Decimal("51.20"))
    broker.buy(1, 5, Decimal("50.30"))
    trader.buy(1, 40, Decimal("50.40"))
    broker_sells(floor, 20)
    works.sell(1, 10, Decimal("51.30"))
    return floor


def broker_sells(town: Town, quantity: int) -> OrderId:
    """Bought first, beside the market."""
    works, broker = town.company("works"), town.company("broker")
    quote = works.list_quote(1, 1, 100, 5000).result
    broker.click(quote)
    return broker.sell(1, quantity, Decimal("51.20")).result.id


@pytest.fixture
def command(book: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    book.scheme.deployment.save(tmp_path / "deployment.json")
    return ["--rpc", book.scheme.chain.url, "--deployment", "deployment.json"]


def drawn(look: Look) -> str:
    console = Console(width=120, file=io.StringIO(), highlight=False)
    console.print(rendered(look))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def name_of(town: Town) -> str:
    return next(name for name, number in town.scheme.deployment.markets.items() if number == 1)


# PICTURES


def test_rendered__with_own_orders__is_this_picture(book: Town) -> None:
    works, market = book.company("works"), book.scheme.market(1)
    with closing(watched(market, name_of(book), works.account, levels=3, trades=2)) as looks:
        look = next(looks)
    lines = drawn(look).splitlines()
    terms, picture = market.terms, look.picture
    from carbon_sdk.audit.statements import moment

    expected = BOOK.format(
        name=name_of(book),
        block=picture.block,
        at=moment(picture.at),
        band=f"{market.price(terms.lowest)} to {market.price(terms.highest)}",
    )
    assert [line.rstrip() for line in lines[:6]] == [line.rstrip() for line in expected.splitlines()[:6]]
    assert lines[6].strip() == "", "a third row, so that nothing jumps"
    trades = [line.split() for line in lines if "buys" in line or "sells" in line]
    assert trades[0][1:] == ["51.00", "30", "buys", "(own)"]
    assert [line.split()[1:4] for line in lines if line.startswith("1/sell/")] == [
        ["sell", "51.20", "30"],
        ["sell", "51.30", "10"],
    ]


def test_screen__nothing_looks_different__writes_nothing(book: Town) -> None:
    console = Console(width=120, file=io.StringIO(), force_terminal=True)
    with closing(watched(book.scheme.market(1), "m")) as looks, Screen(console) as screen:
        look = next(looks)
        screen.show(look)
        size = len(console.file.getvalue())  # type: ignore[attr-defined]
        for _ in range(5):
            screen.show(look)
        assert screen.drawn == 1
        assert len(console.file.getvalue()) == size  # type: ignore[attr-defined]
        book.company("works").sell(1, 10, Decimal("51.40"))
        screen.show(next(looks))
        assert screen.drawn == 2


def test_watched__node_lost_and_found__says_so_and_goes_on(book: Town) -> None:
    proxy = Proxy(book.scheme.chain.url)
    market = Scheme(Chain(proxy.url), book.scheme.deployment).market(1)
    with closing(watched(market, "m", every=0.05)) as looks:
        next(looks)
        proxy.cut()
        look = next(looks)
        assert look.trouble
        assert "no news" in drawn(look)
        proxy.heal()
        assert not next(looks).trouble
        book.company("works").sell(1, 10, Decimal("51.40"))
        assert len(next(looks).picture.depth.asks) == 3
    proxy.cut()


def test_watched__reorganisation__the_book_and_trades_of_the_branch(book: Town) -> None:
    works, trader = book.company("works"), book.company("trader")
    with closing(watched(book.scheme.market(1), "m", works.account, every=0.05)) as looks:
        before = next(looks)
        snapshot = book.clock.snapshot()
        trader.buy(1, 30, Decimal("51.20"))
        assert next(looks).trades[0].quantity in (20, 30)
        book.clock.revert(snapshot)
        book.scheme.chain.forget_nonces()
        book.clock.mine(3)
        look = next(looks)
    assert {one.removed for one in look.told} == {True}
    assert look.trades == before.trades
    assert (look.picture.depth, look.picture.own) == (before.picture.depth, before.picture.own)


# COMMANDS


def test_watch__once__prints_one_picture(book: Town, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["market", "watch", name_of(book), "--once", "--account", book.company("works").account, *command]) == 0
    shown = capsys.readouterr().out
    assert "spread 0.80" in shown
    assert "own orders" in shown
    assert run(["market", "watch", "1", "--once", "--json", *command]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert said["bids"] == [{"price": "50.40", "tonnes": 40}, {"price": "50.30", "tonnes": 5}]
    assert said["asks"] == [{"price": "51.20", "tonnes": 50}, {"price": "51.30", "tonnes": 10}]
    assert (said["state"], said["last"], said["trades"][0]["price"]) == ("open", "51.00", "51.00")


@pytest.fixture(params=["polling", "websocket"])
def lines(
    book: Town, command: list[str], tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], dict[str, Any]]]:
    """The lines that the command prints while it runs, one by one."""
    options = ["--account", book.company("works").account, "--json", *command]
    if request.param == "websocket":
        options += ["--websocket", book.scheme.chain.url.replace("http", "ws"), "--every", "60"]
    process = subprocess.Popen(
        [sys.executable, "-m", "carbon_sdk.cli", "market", "watch", "1", *options],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    out = process.stdout
    told: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: [told.put(line) for line in out], daemon=True).start()
    yield lambda: json.loads(told.get(timeout=30))
    process.terminate()
    process.wait(timeout=10)
    out.close()


def test_watch__json__tells_changes_line_by_line(book: Town, lines: Callable[[], dict[str, Any]]) -> None:
    works = book.company("works")
    assert lines()["what"] == "picture"
    order = works.sell(1, 10, Decimal("51.50")).result.id
    assert lines() == {
        "what": "level",
        "side": "ask",
        "price": "51.50",
        "tonnes": 10,
        "block": book.scheme.chain.block_number(),
    }
    said = lines()
    assert (said["what"], said["id"], said["open"]) == ("order", str(order), 10)
    book.company("broker").sell(1, 5, Decimal("50.40"), time_in_force="ioc")
    assert (lines()["what"], lines()["tonnes"]) == ("trade", 35)
    book.scheme.service_regulator(key("service-regulator")).halt(1)
    said = lines()
    assert (said["what"], said["state"], said["until"]) == ("state", MarketState.HALTED.name.lower(), None)
    works.cancel(order)
    assert (lines()["tonnes"], lines()["open"]) == (0, 0)


def test_depth_orders_order_and_trades__by_command__tell_the_book(
    book: Town, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    works = book.company("works")
    assert run(["market", "depth", "1", "--json", *command]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["up to there"] for one in said["asks"]] == [50, 60]
    assert run(["market", "depth", "1", *command]) == 0
    assert "51.20" in capsys.readouterr().out

    assert run(["market", "orders", "1", "--json", *command]) == 0
    orders = json.loads(capsys.readouterr().out)
    assert [(one["side"], one["price"], one["tonnes"]) for one in orders] == [
        ("buy", "50.40", 40),
        ("buy", "50.30", 5),
        ("sell", "51.20", 30),
        ("sell", "51.20", 20),
        ("sell", "51.30", 10),
    ]
    assert run(["market", "orders", "1", "--account", works.account, "--json", *command]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2

    book.company("trader").buy(1, 10, Decimal("51.20"))
    first = orders[2]["order"]
    assert run(["market", "order", first, "--json", *command]) == 0
    by_logs = json.loads(capsys.readouterr().out)
    assert (by_logs["state"], by_logs["open"], by_logs["fills"][0]["tonnes"]) == ("partly filled", 20, 10)
    assert run(["market", "order", first, "--store", "audit.sqlite", "--json", *command]) == 0
    assert json.loads(capsys.readouterr().out) == by_logs
    assert run(["market", "order", first, *command]) == 0
    assert "partly filled" in capsys.readouterr().out
    assert run(["market", "order", "1/sell/5120/0/99", *command]) == 2

    assert run(["market", "trades", "1", "--csv", "trades.csv", *command]) == 0
    rows = list(csv.DictReader(io.StringIO(Path("trades.csv").read_bytes().decode(), newline="")))
    assert [(row["price"], row["tonnes"], row["amount"]) for row in rows[-2:]] == [
        ("51.00", "30", "1530.00"),
        ("51.20", "10", "512.00"),
    ]
    assert rows[-1]["time"].endswith("Z")
    reader = book.scheme.voucher(1, len(rows) - 1)
    assert rows[-1]["voucher"] == reader.code
    assert rows[-1]["instrument"] == "UKA21"
    capsys.readouterr()
    assert run(["market", "trades", "1", "--csv", "-", "--since", rows[-1]["block"], *command]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert run(["market", "trades", "1", *command]) == 0
    assert "Trades" in capsys.readouterr().out
