"""Other people's cases of price-time matching (CoinTossX's test suite, MIT), where they lie beside the repository."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from carbon_sdk.replay.orders import Replayed
from tests.replay.order_cases import Said, limit, market, play, queue, trades

ROOT = Path(__file__).resolve().parents[2]
NAME = Path("shared") / "cases" / "price_time_matching.json"
MARKET, LIMIT = "1", "2"
KINDS = {"3": "stop orders", "4": "stop limit orders", "5": "hidden orders with a smallest execution"}
SIDES = {"B": "buy", "O": "sell", "BO": "sell"}  # a slip: the order of that case is an offer, as it says itself
RUN = 20
"""Cases that are run; the others have orders of kinds that the market does not have."""


def reason(published: Mapping[str, Any]) -> str | None:
    """Why a case cannot be run; None for one that can."""
    orders = [*(published["initial"] or []), *published["input"]]
    kinds = sorted({KINDS[one["Type"]] for one in orders if one["Type"] in KINDS})
    return f"it has {' and '.join(kinds)}" if kinds else None


def name(published: Mapping[str, Any]) -> str:
    return f"{published['suite'].split('/')[-2]} {published['test']}"


def instructions(published: Mapping[str, Any]) -> Iterator[Said]:
    """What the case does, its orders called by the case; before the next one its orders are taken back."""
    prefix, cancels = name(published), published["suite"].startswith("cancel")
    initial, given = published["initial"] or [], published["input"]
    for one in sorted(initial, key=lambda order: order["Time"]):
        yield placed(prefix, one)
    for one in given:
        yield {"op": "cancel", "id": f"{prefix}/{one['OrderID']}"} if cancels else placed(prefix, one)


def placed(prefix: str, one: Mapping[str, str]) -> Said:
    id_, side, size = f"{prefix}/{one['OrderID']}", SIDES[one["Side"]], int(one["Size"])
    return market(id_, side, size) if one["Type"] == MARKET else limit(id_, side, size, one["Price"])


def expected_book(published: Mapping[str, Any], side: str) -> list[tuple[str, list[tuple[str, int]]]]:
    orders = [one for one in published["expected_book"] if SIDES[one["Side"]] == side]
    levels: dict[int, list[tuple[str, int]]] = {}
    for one in sorted(orders, key=lambda order: order["Time"]):
        levels.setdefault(int(one["Price"]), []).append((f"{name(published)}/{one['OrderID']}", int(one["Size"])))
    return [(f"{price}.00", levels[price]) for price in sorted(levels, reverse=side == "buy")]


@pytest.fixture(scope="module")
def published() -> Sequence[Mapping[str, Any]]:
    file = next((folder / NAME for folder in ROOT.parents if (folder / NAME).is_file()), None)
    if file is None:
        pytest.skip("the published cases are not beside the repository")
    found: Sequence[Mapping[str, Any]] = json.loads(file.read_text())["cases"]
    return found


@pytest.fixture(scope="module")
def played(published: Sequence[Mapping[str, Any]]) -> tuple[Replayed, dict[str, int]]:
    """All cases in one run, each in an empty book: what came of it, and how many instructions end each case."""
    said: list[Said] = []
    ends: dict[str, int] = {}
    for one in published:
        if reason(one) is None:
            own = list(instructions(one))
            said += own
            ends[name(one)] = len(said)
            said += [{"op": "cancel", "id": each["id"]} for each in own if each["op"] == "limit"]
    rules = {"op": "market_rules", "tick": "1", "lot": 1}
    return play([rules, *said], checkpoint=1), ends


def test_cases__of_kinds_that_the_market_has__are_run(published):
    assert len(published) == 73
    assert sum(reason(one) is None for one in published) == RUN
    others = {reason(one) for one in published} - {None}
    assert all(KINDS[kind] in " ".join(others) for kind in KINDS)


def test_cases__all_that_can_be_run__trade_as_published(published, played):
    found, wrong = trades(played[0].as_json()), []
    for one in published:
        if reason(one) is None:
            got = [(price, quantity) for taker, _, price, quantity in found if taker.startswith(f"{name(one)}/")]
            wanted = [(f"{each['Price']}.00", int(each["Quantity"])) for each in one["expected_trades"]]
            if got != wanted:
                wrong.append((name(one), got, wanted))
    assert wrong == []


def test_cases__all_that_can_be_run__leave_the_book_as_published(published, played):
    result, ends = played
    books = {one["after"]: one["book"] for one in result.as_json(with_checkpoints=True)["checkpoints"]}
    wrong = []
    for one in published:
        if reason(one) is None:
            book = books[ends[name(one)]]
            got = {side: queue(book, place) for side, place in (("buy", "bids"), ("sell", "asks"))}
            wanted = {side: expected_book(one, side) for side in ("buy", "sell")}
            if got != wanted:
                wrong.append((name(one), got, wanted))
    assert wrong == []
    assert result.audit.ok
