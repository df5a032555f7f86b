"""`carbon replay orders`: cases through the book of a real chain, and input that cannot be meant (R-TRD-2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carbon_sdk.cli.main import run
from carbon_sdk.replay import ground
from carbon_sdk.replay.journal import Journal
from carbon_sdk.replay.source import MalformedCase
from tests.replay.order_cases import case, limit, lines, market, play, queue, trades

NOON = 1_770_000_000
RULES = {"op": "market_rules", "tick": "0.05", "lot": 5}
# Every kind of instruction in one run; what it must leave stands beside the tests.
DAY = [
    RULES,
    {"op": "time", "at": NOON},
    limit("b1", "buy", 100, "10.50", account="A"),
    limit("b2", "buy", 50, "10.50", account="B"),
    limit("b3", "buy", 50, "10.45", account="A"),
    limit("s1", "sell", 40, "11.00"),
    limit("s2", "sell", 60, "11.00", time_in_force="GTT", expires=NOON + 100),
    limit("post", "buy", 5, "11.00", time_in_force="POST_ONLY"),
    limit("all", "buy", 500, "11.00", time_in_force="FOK"),
    market("m1", "sell", 120, account="C"),
    limit("i1", "buy", 45, "11.00", time_in_force="IOC", account="C"),
    limit("odd", "buy", 3, "10.00"),
    limit("between", "buy", 5, "10.02"),
    {"op": "cancel", "id": "m1"},
    {"op": "cancel", "id": "nobody's"},
    {"op": "reduce", "id": "b3", "by": 10},
    {"op": "reduce", "id": "b3", "by": 40},
    limit("b4", "buy", 20, "10.45"),
    {"op": "replace", "id": "b3", "price": "10.45", "quantity": 30},
    {"op": "replace", "id": "b2", "price": "10.45", "quantity": 35},
    {"op": "replace", "id": "b2", "price": "10.47", "quantity": 35},
    {"op": "replace", "id": "m1", "price": "10.45", "quantity": 5},
    {"op": "time", "at": NOON + 100},
    limit("late", "sell", 5, "11.05", time_in_force="GTT", expires=NOON + 100),
    limit("b5", "buy", 100, "11.00"),
]


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """The day's result, once; the folder is kept so that it can be taken up."""
    folder = tmp_path_factory.mktemp("day")
    return folder, play(DAY, checkpoint=8, folder=folder)


def test_replay__a_day_of_all_instructions__trades_by_price_then_time(day):
    found = day[1].as_json()
    assert trades(found) == [
        ("m1", "b1", "10.50", 100),
        ("m1", "b2", "10.50", 20),
        ("i1", "s1", "11.00", 40),
        ("i1", "s2", "11.00", 5),
    ]


def test_replay__a_day_of_all_instructions__leaves_the_book_without_what_expired(day):
    book = day[1].as_json()["book"]
    # b3 was made smaller twice and kept its place before b4; b2 came anew, behind both.
    assert queue(book, "bids") == [("11.00", [("b5", 100)]), ("10.45", [("b3", 30), ("b4", 20), ("b2", 35)])]
    assert queue(book, "asks") == []
    assert book["bids"][1]["quantity"] == 85


def test_replay__what_the_contracts_refuse__is_told_by_the_error(day):
    found = day[1].as_json()
    assert [(one["id"], one["error"]) for one in found["rejected"]] == [
        ("post", "WouldTrade"),
        ("all", "NotFillable"),
        ("odd", "BadOrderQuantity"),
        ("between", "PriceBetweenTicks"),
        ("m1", "OrderNotOpen"),
        ("nobody's", "OrderNotOpen"),
        ("b3", "BadReduction"),
        ("b2", "PriceBetweenTicks"),
        ("m1", "OrderNotOpen"),
        ("late", "BadExpiry"),
    ]
    assert found["gas"]["total"] > 21_000 * 20


def test_replay__checkpoints__show_the_book_after_so_many_instructions(day):
    found = day[1].as_json(with_checkpoints=True)["checkpoints"]
    assert [one["after"] for one in found] == [8, 16, 24]
    assert queue(found[0]["book"], "bids") == [("10.50", [("b1", 100), ("b2", 50)]), ("10.45", [("b3", 50)])]
    assert queue(found[0]["book"], "asks") == [("11.00", [("s1", 40), ("s2", 60)])]
    assert found[2]["book"] == day[1].as_json()["book"]


def test_replay__a_day_of_all_instructions__is_confirmed_by_the_auditor(day):
    assert day[1].audit.ok, day[1].audit.summary()


def test_replay__taken_up_when_done__sends_nothing_and_tells_the_same(day):
    folder, first = day
    again = play(DAY, checkpoint=8, folder=folder)
    assert again.sent == 0
    told, before = (one.as_json(with_checkpoints=True) for one in (again, first))
    assert {**told, "speed": 0} == {**before, "speed": 0}


class Stopped(BaseException):
    """As a kill: nothing catches it."""


@pytest.mark.parametrize("what", ["take_off", "land"])
@pytest.mark.parametrize("nth", [1, 3, 6])
def test_replay__stopped_on_the_way__goes_on_to_the_same(day, what, nth, tmp_path, monkeypatch):
    """Signed and not sent, or sent and not noted; before, between and after moves of the clock that expire an order."""
    original, count = getattr(Journal, what), 0

    def stop(self: Journal, said: list[object]) -> None:
        nonlocal count
        of_orders = bool(said) and said[0].key.startswith("instruction")  # type: ignore[attr-defined]
        count += of_orders
        if of_orders and count == nth:
            if what == "take_off":
                original(self, said)
            raise Stopped
        original(self, said)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, what, stop)
        with pytest.raises(Stopped):
            play(DAY, checkpoint=8, folder=tmp_path)
    told, undisturbed = (
        one.as_json(with_checkpoints=True) for one in (play(DAY, checkpoint=8, folder=tmp_path), day[1])
    )
    # Keys and salts differ from run to run, and so does the gas of their bytes.
    assert {**told, "speed": 0, "gas": 0} == {**undisturbed, "speed": 0, "gas": 0}


def test_replay__moments_of_long_ago_and_far_ahead__are_moments():
    found = play(
        [
            limit("gone", "buy", 1, "1.00", time_in_force="GTT", expires=5),
            limit("for ever", "buy", 1, "1.00", time_in_force="GTT", expires=2**40 - 1),
            {"op": "time", "at": 4_102_444_800},
        ]
    ).as_json()
    assert queue(found["book"], "bids") == [("1.00", [("for ever", 1)])]


def test_replay__own_orders_met__both_shrink():
    found = play(
        [
            {"op": "market_rules", "self_trade_prevention": "decrement"},
            limit("s1", "sell", 30, "10.00", account="A"),
            limit("s2", "sell", 30, "10.00", account="B"),
            limit("b1", "buy", 50, "10.00", account="A"),
        ]
    ).as_json()
    assert trades(found) == [("b1", "s2", "10.00", 20)]
    assert queue(found["book"], "asks") == [("10.00", [("s2", 10)])]
    assert queue(found["book"], "bids") == []


def test_replay__more_makers_than_a_transaction_meets__all_of_them_trade():
    makers = [limit(f"s{n}", "sell", 1, "10.00", account="M") for n in range(300)]
    found = play([*makers, limit("b", "buy", 310, "10.00"), market("m", "sell", 4)]).as_json()
    assert [one[1] for one in trades(found)] == [f"s{n}" for n in range(300)] + ["b"]
    assert queue(found["book"], "bids") == [("10.00", [("b", 6)])]
    assert found["rejected"] == []


def test_replay__replacement_that_meets_more_than_a_transaction_does__all_of_them_trade():
    makers = [limit(f"s{n}", "sell", 1, "10.00", account="M") for n in range(260)]
    resting = limit("b", "buy", 300, "9.00", account="B")
    found = play([resting, *makers, {"op": "replace", "id": "b", "price": "10.00", "quantity": 270}])
    result = found.as_json()
    assert [one[1] for one in trades(result)] == [f"s{n}" for n in range(260)]
    assert queue(result["book"], "bids") == [("10.00", [("b", 10)])]
    assert found.sent == 1 + 260 + 2, "the replacement, and what is left of it"


def test_replay__replacements__are_one_transaction_each_and_leave_the_old_where_refused():
    odd = {"op": "replace", "id": "a", "price": "10.00", "quantity": 7}
    said = [
        {"op": "market_rules", "tick": "0.05", "lot": 5},
        limit("a", "buy", 50, "10.00"),
        limit("b", "buy", 50, "10.00"),
        odd,
        {**odd, "price": "10.05"},
        {"op": "replace", "id": "a", "price": "10.00", "quantity": 40},
        {"op": "replace", "id": "b", "price": "10.05", "quantity": 60},
    ]
    found = play(said)
    result = found.as_json()
    assert [one["error"] for one in result["rejected"]] == ["BadOrderQuantity"] * 2
    assert queue(result["book"], "bids") == [("10.05", [("b", 60)]), ("10.00", [("a", 40)])]
    assert found.sent == 6


def test_case__prices_of_many_digits__get_a_tick_that_the_book_can_hold():
    rules = case([limit("a", "buy", 1, "100000.5"), limit("b", "buy", 1, "0.5")]).market
    assert (rules.tick.to_eng_string(), rules.ticks(rules.tick * 10**7)) == ("0.01", 10**6)
    assert rules.price(rules.ticks(rules.tick * 10**7)) == "100000.00"
    assert case([limit("a", "buy", 1, "1.12345")]).market.decimals == 5


def test_case__accounts_left_out__each_order_has_its_own():
    instructions = [limit("a", "buy", 1, "1.00"), limit("b", "buy", 1, "1.00"), {"op": "cancel", "id": "a"}]
    assert case(instructions).accounts == [" a", " b"]


GOOD = limit("a", "buy", 1, "1.00")


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("{", "no JSON"),
        ("[]", "a JSON object"),
        ('{"op":"stop"}', '"op" is'),
        ({"op": "cancel"}, 'needs "id"'),
        ({"op": "cancel", "id": "a", "by": 1}, 'no field "by"'),
        ({"op": "cancel", "id": 7}, "is a text"),
        (GOOD, "was there before"),
        (GOOD | {"id": "b", "side": "bid"}, '"side" is'),
        (GOOD | {"id": "b", "price": 1.5}, "decimal string"),
        (GOOD | {"id": "b", "price": "1e3"}, "decimal string"),
        (GOOD | {"id": "b", "price": "-1"}, "decimal string"),
        (GOOD | {"id": "b", "quantity": 1.0}, "whole number"),
        (GOOD | {"id": "b", "quantity": -1}, "whole number"),
        (GOOD | {"id": "b", "quantity": True}, "whole number"),
        (GOOD | {"id": "b", "quantity": 2**48}, "whole number"),
        (GOOD | {"id": "b", "time_in_force": "DAY"}, "is one of"),
        (GOOD | {"id": "b", "time_in_force": "GTT"}, "only then"),
        (GOOD | {"id": "b", "expires": 5}, "only then"),
        (GOOD | {"id": "b", "price": "99999999.99"}, "more than"),
        ({"op": "time", "at": "now"}, "whole number"),
        ({"op": "time", "at": 4_102_444_801}, "whole number"),
        (RULES, "only be the first line"),
    ],
)
def test_command__malformed_line__is_named_and_nothing_is_sent(second, words, tmp_path: Path, capsys, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a chain was started")

    monkeypatch.setattr(ground, "Anvil", refuse)
    file = tmp_path / "orders.jsonl"
    file.write_bytes(lines([GOOD]) + (second.encode() if isinstance(second, str) else lines([second])))
    assert run(["replay", "orders", str(file), "--json"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"{file}:2:" in said.err
    assert words in said.err


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"tick": "0"}, "above 0"),
        ({"tick": "0.12345678"}, "digits"),
        ({"lot": 0}, "at least 1"),
        ({"self_trade_prevention": "all"}, "is one of"),
    ],
)
def test_case__impossible_rules__are_refused(rules, words):
    with pytest.raises(MalformedCase, match=words):
        case([{"op": "market_rules"} | rules, GOOD])


def test_command__time_on_a_chain_of_others__is_refused(tmp_path: Path, capsys):
    file = tmp_path / "orders.jsonl"
    file.write_bytes(lines([{"op": "time", "at": NOON}]))
    assert run(["replay", "orders", str(file), "--rpc", "http://127.0.0.1:1", "--json"]) == 2
    assert "moves the clock" in capsys.readouterr().err


def test_command__for_people__shows_the_book(tmp_path: Path, capsys):
    file = tmp_path / "orders.jsonl"
    file.write_bytes(lines([GOOD, {"op": "cancel", "id": "b"}]))
    assert run(["replay", "orders", str(file)]) == 0
    said = capsys.readouterr().out
    assert "1.00" in said
    assert "Rejected: b (line 2)" in said
    assert run(["replay", "orders", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["book"]["bids"][0]["orders"] == [{"id": "a", "quantity": 1}]
