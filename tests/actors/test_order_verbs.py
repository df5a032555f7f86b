"""Orders replaced, taken back together, quoted anew and batched, by the SDK and by `carbon order` (R-TRD-2)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from carbon_sdk.actors.base import DryRun
from carbon_sdk.actors.company import Company
from carbon_sdk.actors.orders import MOST_AT_ONCE, order_of
from carbon_sdk.actors.views import Holding
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.suite import open_store
from carbon_sdk.chain.sender import send_many
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import CloseReason, MarketState
from carbon_sdk.contracts.generated.errors import (
    AccountNotActive,
    BadOrderQuantity,
    InsufficientFree,
    OrderNotOpen,
    OtherQueue,
    TooManyAtOnce,
    WouldTrade,
)
from carbon_sdk.contracts.generated.events import OrderClosed, OrderReduced
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.identifiers import OrderId, Side
from tests.actors.conftest import Town, audited, key

FOR_EVER = 1 << 40


def ids_at(town: Town, side: Side, price: str) -> list[OrderId]:
    market = town.scheme.market(1)
    return [one.id for one in market.orders() if (one.side, market.price(one.price)) == (side, Decimal(price))]


def owned(holdings: tuple[Holding, ...], town: Town) -> int:
    """Tonnes of the allowance."""
    return next(one.balance for one in holdings if one.instrument == town.allowance)


# REPLACE


def test_replace__smaller_at_its_price__keeps_its_place_and_else_goes_behind(floor: Town, tmp_path: Path) -> None:
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    first = trader.buy(1, 40, "50.40").result.id
    second = broker.buy(1, 40, "50.40").result.id
    done = trader.replace(first, 30, "50.40")
    assert (done.result.id, done.result.filled, done.result.rested) == (first, 0, 30)
    assert [type(event) for event in done.events if not hasattr(event, "operator")] == [OrderReduced]
    assert ids_at(floor, Side.BUY, "50.40") == [first, second]

    expires = floor.clock.now() + 3_600
    trader.replace(first, 30, "50.40", expires=expires)
    record = floor.scheme.market(1).order_record(first)
    assert (record.open, record.reduced, record.expires) == (30, 10, expires)

    larger = trader.replace(first, 35, "50.40").result.id
    assert ids_at(floor, Side.BUY, "50.40") == [second, larger]
    closed = floor.scheme.market(1).order_record(first)
    assert (closed.open, closed.reason) == (0, CloseReason.TAKEN_BACK)

    works.sell(1, 10, "50.60")
    crossing = trader.replace(larger, 35, "50.60")
    assert (crossing.result.filled, crossing.result.rested) == (10, 25)
    assert audited(floor, tmp_path)


def test_replace__what_cannot_be__leaves_the_old_order(floor: Town) -> None:
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    resting = works.sell(1, 40, "51.00").result.id
    trader.buy(1, 10, "50.00")
    with pytest.raises(WouldTrade):
        works.replace(resting, 10, "50.00", time_in_force="post-only")
    with pytest.raises(BadOrderQuantity):
        works.replace(resting, 0, "51.00")
    with pytest.raises(InputError, match="no whole number"):
        works.replace(resting, 10, "51.005")
    with pytest.raises(InsufficientFree):
        works.replace(resting, 50_000, 5_100)
    with pytest.raises(NotPermitted):
        broker.replace(resting, 10, "51.00")
    book = floor.scheme.contract(OrderBook)
    other = order_of(floor.scheme, 1, Side.BUY, 10, 5_000)
    with pytest.raises(OtherQueue):
        works._do(book.replace(resting, other))
    assert ids_at(floor, Side.SELL, "51.00") == [resting]
    works.cancel(resting)
    with pytest.raises(OrderNotOpen):
        works.replace(resting, 10, "51.00")


def test_replace__in_a_dry_run__sends_nothing(floor: Town) -> None:
    works = floor.company("works")
    resting = works.sell(1, 40, "51.00").result.id
    works.dry_run = True
    with pytest.raises(DryRun) as would:
        works.replace(resting, 30, "51.00")
    assert would.value.result.rested == 30  # type: ignore[attr-defined]
    assert floor.scheme.market(1).order_record(resting).open == 40


# SEVERAL AT ONCE


def test_requote__both_sides__moves_only_the_difference(floor: Town, tmp_path: Path) -> None:
    works = floor.company("works")
    before = works.holdings()
    first = works.requote(1, bid="50.10", bid_quantity=20, ask="50.90", ask_quantity=20).result
    assert [one.rested for one in first.placed] == [20, 20]
    done = works.requote(1, bid="50.20", bid_quantity=20, ask="50.80", ask_quantity=20)
    assert done.result.taken == (True, True)
    moved = [event for event in done.events if type(event).__name__ == "TransferSingle"]
    assert [event.value for event in moved] == [20 * 10], "pence for the bid; the units stay in the book"  # type: ignore[attr-defined]
    market = floor.scheme.market(1)
    assert market.best() == (market.ticks("50.20"), market.ticks("50.80"))
    alone = works.requote(1, ask="50.70", ask_quantity=10, replacing=[done.result.placed[1].id]).result
    assert market.best() == (market.ticks("50.20"), market.ticks("50.70"))
    assert alone.taken == (True,)
    assert audited(floor, tmp_path)
    with closing(open_store(tmp_path / "audit.sqlite")) as store:
        histories = Histories(store)
        histories.catch_up()
        assert histories.faults == []
        lines = list(histories.lines(works.account, int(floor.allowance), 0, FOR_EVER))
    assert (lines[-1].balance, lines[-1].in_orders) == (owned(before, floor), 10)
    assert "other" not in {line.act for line in lines}, "every movement is explained"
    works.requote(1)
    assert works.holdings() == before
    assert works.open_orders(1) == ()


def test_requote__one_side_refused__nothing_happens(floor: Town) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    works.requote(1, bid="50.10", bid_quantity=20, ask="50.90", ask_quantity=20)
    standing = [one.id for one in works.open_orders(1)]
    trader.buy(1, 10, "50.60")
    with pytest.raises(WouldTrade):
        works.requote(1, bid="50.20", bid_quantity=20, ask="50.60", ask_quantity=20)
    assert [one.id for one in works.open_orders(1)] == standing
    with pytest.raises(InputError, match="Give bid and bid_quantity together"):
        works.requote(1, bid="50.20")
    with pytest.raises(InputError, match="64 orders to take back and 1 to place"):
        works.requote(1, ask="50.20", ask_quantity=1, replacing=standing * 32)


def test_batch__of_several__is_all_or_nothing(floor: Town, tmp_path: Path) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    market = floor.scheme.market(1)
    own = [works.sell(1, 10, price).result.id for price in ("51.00", "51.10")]
    foreign = trader.buy(1, 10, "50.00").result.id
    place = [market.order(Side.SELL, 10, price) for price in ("51.20", "51.30", "51.40")]
    answer = works.batch([own[0], foreign], place).result
    assert answer.taken == (True, False)
    assert [one.rested for one in answer.placed] == [10, 10, 10]
    assert [one.id for one in works.open_orders(1)] == [own[1], *(one.id for one in answer.placed)]
    standing = works.open_orders(1)
    with pytest.raises(BadOrderQuantity):
        works.batch([own[1]], [*place, replace(place[0], quantity=0)])
    with pytest.raises(TooManyAtOnce):
        works.batch([], place * 22)
    assert works.open_orders(1) == standing
    assert trader.open_orders(1)[0].id == foreign
    assert audited(floor, tmp_path)


def test_cancel_many__others_and_closed__are_passed_over(floor: Town, tmp_path: Path) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    own = [works.sell(1, 10, "51.00").result.id, works.buy(1, 10, "49.00").result.id]
    foreign = trader.buy(1, 10, "50.00").result.id
    works.cancel(own[0])
    done = works.cancel_many([*own, foreign])
    assert done.result == (False, True, False)
    assert [event.id for event in done.all(OrderClosed)] == [own[1]]
    assert Company(floor.scheme, floor.signer("stranger")).cancel_many([foreign]).result == (False,)
    assert trader.open_orders(1)[0].id == foreign
    assert audited(floor, tmp_path)


def test_cancel_all__more_than_a_page__until_none_is_left(floor: Town) -> None:
    works = floor.company("works")
    before = works.holdings()
    many = MOST_AT_ONCE + 6
    acts = [works.sell.act(1, 1, 5_100 + n % 30) for n in range(many)]
    for sent in send_many(floor.scheme.chain, [(works.signer, act) for act in acts]):
        assert sent.error is None
    assert len(works.open_orders(1)) == many
    works.dry_run = True
    would = works.cancel_all(1)
    assert (len(would.taken), would.left, would.transactions) == (many, (), ())
    assert len(works.open_orders(1)) == many, "nothing was sent"
    works.dry_run = False
    found = works.cancel_all()
    assert (len(found.taken), found.left, len(found.transactions)) == (many, (), 2)
    assert works.open_orders() == ()
    assert works.holdings() == before
    assert works.cancel_all(1).transactions == (), "nothing to do"
    with pytest.raises(InputError, match="acts for no account"):
        Company(floor.scheme, floor.signer("stranger")).cancel_all()


# Taking back is always possible.
def test_cancel_all__of_a_suspended_account_in_a_halted_market__works(floor: Town, tmp_path: Path) -> None:
    works = floor.company("works")
    works.requote(1, bid="50.10", bid_quantity=20, ask="50.90", ask_quantity=20)
    floor.regulator.suspend(works.account, "decision")
    floor.scheme.service_regulator(key("service-regulator")).halt(1)
    assert floor.scheme.market(1).state is MarketState.HALTED
    with pytest.raises(AccountNotActive):
        works.requote(1)
    assert len(works.cancel_all(1).taken) == 2
    assert audited(floor, tmp_path)


# THE COMMAND LINE


@pytest.fixture
def said(
    floor: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """What `carbon order …` prints as JSON, with the key of the works."""
    monkeypatch.chdir(tmp_path)
    floor.scheme.deployment.save(tmp_path / "deployment.json")
    signer = key("works")
    assert isinstance(signer, LocalSigner)
    monkeypatch.setenv("CARBON_KEY", signer.secret().hex())

    def said(*arguments: str, code: int = 0) -> Any:
        where = ["--rpc", floor.scheme.chain.url, "--deployment", "deployment.json", "--json"]
        capsys.readouterr()
        floor.scheme.chain.forget_nonces()
        assert run(["order", *arguments, *where]) == code, capsys.readouterr().err
        out, err = capsys.readouterr()
        return json.loads(out) if out else err

    return said


def test_commands__replace_requote_batch_cancel_all__as_the_sdk(
    floor: Town, said: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    works = floor.company("works")
    name = next(name for name, number in floor.scheme.deployment.markets.items() if number == 1)
    quoted = said("requote", name, "--bid", "20@50.10", "--ask", "30@50.90")
    assert [one["rested"] for one in quoted["result"]["placed"]] == [20, 30]
    bid, ask = (one["id"] for one in quoted["result"]["placed"])

    would = said("replace", ask, "25", "50.90", "--dry-run")
    assert (would["result"]["id"], would["sent"]) == (ask, "nothing")
    assert said("replace", ask, "25", "50.90")["result"]["id"] == ask
    moved = said("replace", ask, "25", "50.80", "--time-in-force", "post-only", "--expires", "2021-01-13T00:00:00Z")
    ask = moved["result"]["id"]
    assert {str(one.id) for one in works.open_orders(1)} == {bid, ask}

    (file := Path("batch.json")).write_text(
        json.dumps(
            {
                "cancel": [bid],
                "place": [
                    {"market": name, "side": "buy", "quantity": 5, "price": "50.20", "time_in_force": "post-only"},
                    {"market": 1, "side": "sell", "quantity": "5", "price": "51.20"},
                ],
            }
        )
    )
    answer = said("batch", str(file))
    assert answer["result"]["taken"] == [True]
    assert [one["rested"] for one in answer["result"]["placed"]] == [5, 5]
    again = {"place": [{"market": 1, "side": "sell", "quantity": 5, "price": "51.30"}]}
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(again).encode())))
    assert len(said("batch", "-")["result"]["placed"]) == 1

    assert len(said("cancel-all", name, "--dry-run")["taken"]) == 4
    done = said("cancel-all", "1")
    assert (len(done["taken"]), done["left"], len(done["transactions"])) == (4, [], 1)
    assert works.open_orders(1) == ()
    assert said("cancel-all")["taken"] == []


@pytest.mark.parametrize(
    ("arguments", "content", "message"),
    [
        (["requote", "1", "--bid", "50.10"], "", "give TONNES@PRICE"),
        (["requote", "nowhere", "--bid", "1@50.10"], "", "nowhere"),
        (["replace", "1/sell/5", "1", "50.10"], "", "1/sell/5"),
        (["batch", "missing.json"], "", "cannot be read"),
        (["batch", "batch.json"], "{", "is no JSON"),
        (["batch", "batch.json"], "[]", 'an object with "cancel", "place" or both'),
        (["batch", "batch.json"], '{"cancel": [1]}', "cancel is no list of order ids"),
        (["batch", "batch.json"], '{"place": [{"market": 1}]}', "place[0] lacks side"),
        (["batch", "batch.json"], '{"place": [{"prize": 1}]}', "unknown key prize"),
        (
            ["batch", "batch.json"],
            '{"place": [{"market": 1, "side": "buy", "quantity": 1, "price": 50.1}]}',
            "place[0].price is 50.1: give text",
        ),
    ],
)
def test_commands__what_cannot_be_meant__is_said_and_nothing_sent(
    floor: Town, said: Callable[..., Any], arguments: list[str], content: str, message: str
) -> None:
    Path("batch.json").write_text(content)
    assert message in said(*arguments, code=2)
    assert floor.company("works").open_orders(1) == ()
