"""`carbon replay auction`: published and made-up cases through the contracts."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from carbon_sdk.cli.replay import replay as command
from carbon_sdk.identifiers import keccak
from carbon_sdk.replay.auction import AuctionCase, Replayed, case_of, replay
from carbon_sdk.replay.ground import scheme_named
from carbon_sdk.replay.source import MalformedCase, Source

SHARED = next(
    (up / "shared" for up in Path(__file__).resolve().parents if (up / "shared" / "cases").exists()), Path("shared")
)
EEX = SHARED / "data" / "auctions"


def case(**content: Any) -> AuctionCase:
    return case_of(Source("case", json.dumps(content).encode()))


def bids(*told: tuple[str, int, str]) -> list[dict[str, Any]]:
    return [{"id": f"b{n}", "bidder": who, "quantity": q, "price": p} for n, (who, q, p) in enumerate(told, 1)]


def run(*cases: AuctionCase) -> Replayed:
    found = replay(cases, scheme_named("orders"), lambda _: None)
    assert found.audit.ok, found.audit.summary()
    return found


def quantities(found: dict[str, Any]) -> dict[str, int]:
    return {one["id"]: one["quantity"] for one in found["allocations"]}


TIED = bids(("A", 1000, "25.00"), ("B", 1500, "24.00"), ("C", 1500, "24.00"), ("D", 500, "23.00"))


def test_replay__every_rule__as_the_contracts_decide() -> None:
    """R-TRD-1: pro rata, time, random; partial, cancel, roll over. All on one chain, and the auditor confirms it."""
    common = {"offered": 2500, "lot": 500, "reserve": "22.00", "tick": "0.01"}
    few = bids(("A", 1000, "25.00"), ("B", 500, "23.00"), ("C", 500, "21.00"))
    cases = [
        case(**common, tie_rule="pro_rata", bids=TIED),
        case(**common, tie_rule="time", bids=TIED),
        case(**common, tie_rule="random", seed=7, bids=TIED),
        case(**common, under_subscription="partial", bids=few),
        case(**common, under_subscription="cancel", bids=few),
        case(**common, under_subscription="roll_over", bids=few),
        case(**common, bids=[]),
    ]
    found = run(*cases)
    pro_rata, time, drawn, partial, cancelled, rolled, empty = [one.as_json() for one in found.outcomes]
    # b2 and b3 share 3 lots: 1.5 each, rounded down to 1; the lot that is left is b2's, which came first
    assert quantities(pro_rata) == {"b1": 1000, "b2": 1000, "b3": 500}
    assert pro_rata == {
        "status": "cleared",
        "clearing_price": "24.00",
        "sold": 2500,
        "cover_ratio": "1.80",
        "allocations": [
            {"id": "b1", "bidder": "A", "quantity": 1000, "payment": "24000.00"},
            {"id": "b2", "bidder": "B", "quantity": 1000, "payment": "24000.00"},
            {"id": "b3", "bidder": "C", "quantity": 500, "payment": "12000.00"},
        ],
    }
    assert quantities(time) == {"b1": 1000, "b2": 1500}
    from eth_abi.abi import encode

    first = min(("b2", "b3"), key=lambda id_: keccak(encode(("uint256", "string"), (7, id_))))
    assert quantities(drawn) == {"b1": 1000, first: 1500}
    assert (partial["clearing_price"], partial["sold"]) == ("23.00", 1500)
    assert quantities(rolled) == quantities(partial) == {"b1": 1000, "b2": 500}
    assert cancelled == {
        "status": "cancelled",
        "clearing_price": None,
        "sold": 0,
        "cover_ratio": "0.80",
        "allocations": [],
    }
    assert empty["status"] == "cancelled"


@pytest.mark.skipif(not SHARED.exists(), reason="the published cases are not beside the repository")
def test_replay__published_one_sided_example__its_price_and_shares() -> None:
    for one in json.loads((SHARED / "cases" / "worked_examples.json").read_text())["uniform_price"]:
        if "supply" not in one:
            continue  # a double auction is another mechanism
        told = bids(*((who, quantity, f"{Decimal(str(price)):f}") for who, quantity, price in one["bids"]))
        found = run(case(offered=one["supply"], lot=1, tick="0.0001", bids=told)).outcomes[0].as_json()
        assert Decimal(found["clearing_price"]) == Decimal(str(one["expected_price"]))
        assert {a["bidder"]: a["quantity"] for a in found["allocations"]} == one["expected_alloc"]


def synthesised(row: dict[str, str], seed: int) -> dict[str, Any]:
    """Bids that fit what EEX published: the highest at the maximum, the lowest at the minimum, the total of all bids,
    and a price at which what is asked for reaches what is offered."""

    def of(*names: str) -> Decimal:
        return next(Decimal(row[key]) for key in row if any(key.startswith(name) for name in names) and row[key])

    price, volume, total = of("Auction Price"), int(of("Auction Volume")), int(of("Total Amount of Bids"))
    lowest, highest = of("Minim"), of("Maxim")
    rng = random.Random(seed)
    lots, left = volume // 500, (total - volume) // 500
    above = rng.randrange(1, lots) if highest > price and lots > 1 else 0
    told = []
    if above:
        first = rng.randrange(1, above + 1)
        told.append((first, highest))
        if above > first:
            told.append((above - first, price + Decimal("0.01") if highest > price + Decimal("0.01") else highest))
    told.append((lots - above, price))
    if left > 0 and lowest < price:
        low = rng.randrange(1, left + 1)
        told.append((low, lowest))
        if left > low:
            told.append((left - low, (price - Decimal("0.01")) if lowest < price - Decimal("0.01") else lowest))
    elif left > 0:
        told[-1] = (told[-1][0] + left, price)
    rng.shuffle(told)
    return {
        "offered": lots * 500,
        "lot": 500,
        "tick": "0.01",
        "bids": bids(*((f"bidder {n % 6}", q * 500, f"{p:.2f}") for n, (q, p) in enumerate(told))),
    }


@pytest.mark.skipif(not EEX.exists(), reason="the published results are not beside the repository")
def test_replay__eex_results__clear_at_the_published_price_and_revenue_to_the_cent() -> None:
    """EU auctions 2012 to 2019, a few of each year: price, volume and revenue are those that EEX published."""
    wanted, cases = [], []
    for file in sorted(EEX.glob("eex_*.csv")):
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = [row for row in csv.DictReader(lines) if _is_complete(row)]
        for number in range(0, len(rows), max(len(rows) // 3, 1)):
            row = rows[number]
            cases.append(case(**synthesised(row, number)))
            wanted.append(row)
    found = run(*cases)
    for row, one in zip(wanted, found.outcomes, strict=True):
        told = one.as_json()
        price = next(row[key] for key in row if key.startswith("Auction Price"))
        revenue = next(row[key] for key in row if key.startswith("Total Revenue"))
        volume = next(row[key] for key in row if key.startswith("Auction Volume"))
        assert Decimal(told["clearing_price"]) == Decimal(price), row
        assert told["sold"] == int(Decimal(volume)), row
        assert sum(Decimal(a["payment"]) for a in told["allocations"]) == Decimal(revenue), row
        total = next(row[key] for key in row if key.startswith("Total Amount of Bids"))
        assert one.asked * 500 == int(Decimal(total)), row


@pytest.mark.skipif(not EEX.exists(), reason="the published results are not beside the repository")
def test_replay__eex_member_states__each_gets_its_published_part_to_the_cent() -> None:
    """The common auctions of the member states: revenue is shared out on the chain as EEX published it."""
    wanted, cases = [], []
    for year in (2017, 2018, 2019):
        with (EEX / f"eex_{year}.csv").open(newline="", encoding="utf-8-sig") as lines:
            rows = [row for row in csv.DictReader(lines) if _is_complete(row) and len(_shares(row)) > 5]
        for row in (rows[0], rows[len(rows) // 2]):
            price = Decimal(next(row[key] for key in row if key.startswith("Auction Price")))
            told = _shares(row)
            tonnes = tuple((state, int(amount / price)) for state, amount in told.items())
            assert all(Decimal(share) * price == told[state] for state, share in tonnes)
            cases.append(replace(case(**synthesised(row, year)), beneficiaries=tonnes))
            wanted.append(told)
    for told, one in zip(wanted, run(*cases).outcomes, strict=True):
        assert {state: Decimal(amount).scaleb(-2) for state, amount in one.shares.items()} == told


def _shares(row: dict[str, str]) -> dict[str, Decimal]:
    """Revenue by member state, where the whole of it is published so."""
    states = {k: Decimal(v) for k, v in row.items() if k and v and (k.endswith(")") or k == "Innovation Fund")}
    states = {k: v for k, v in states.items() if "€" not in k and "EUR" not in k and v}
    revenue = next(Decimal(row[key]) for key in row if key and key.startswith("Total Revenue"))
    return states if sum(states.values()) == revenue else {}


@pytest.mark.skipif(not EEX.exists(), reason="the published results are not beside the repository")
def test_replay__wci_quarters__sold_and_unsold_are_what_was_offered() -> None:
    """WCI: what was available is sold or unsold. Bids for what was sold clear just that, the rest is the seller's."""
    with (EEX / "wci_quarterly.csv").open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    cases, wanted = [], []
    for row in rows[:: max(len(rows) // 8, 1)]:
        offered, sold = (round(Decimal(row[name]) * 1000) * 1000 for name in ("Available", "Sold"))
        if not offered:
            continue
        told = bids(("A", sold, "10.00")) if sold else []
        cases.append(case(offered=offered, lot=1000, reserve="10.00", tick="0.01", bids=told))
        wanted.append((offered, sold, round(Decimal(row["Unsold"]) * 1000) * 1000))
    for (offered, sold, unsold), one in zip(wanted, run(*cases).outcomes, strict=True):
        assert one.sold * 1000 == sold
        assert one.case.lots * 1000 - one.sold * 1000 == offered - sold
        assert abs(offered - sold - unsold) <= 1000, "to the rounding of the publication"


def _is_complete(row: dict[str, str]) -> bool:
    """With a price, a whole number of lots, and a revenue that is price x volume (a few rows were misprinted)."""
    told = {key.split(" ")[0] + " " + key.split(" ")[1]: row[key] for key in row if key and " " in key}
    try:
        price, volume, revenue = (Decimal(told[k]) for k in ("Auction Price", "Auction Volume", "Total Revenue"))
        total = Decimal(next(row[key] for key in row if key.startswith("Total Amount of Bids")))
    except (ArithmeticError, KeyError):
        return False
    return volume > 0 and not volume % 500 and not total % 500 and total >= volume and price * volume == revenue


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"offered": 1200}, "offered"),
        ({"lot": 0}, "lot"),
        ({"tick": 0.01}, "tick"),
        ({"tie_rule": "luck"}, "tie_rule"),
        ({"seed": -1}, "seed"),
        ({"more": 1}, "more"),
        ({"bids": [{"id": "x", "bidder": "A", "quantity": 499, "price": "25.00"}]}, "bid x"),
        ({"bids": [{"id": "x", "bidder": "A", "quantity": 500, "price": "25.001"}]}, "bid x"),
        ({"bids": [{"id": "x", "bidder": "A", "quantity": 500, "price": 25}]}, "bid x"),
        ({"bids": bids(("A", 500, "25.00")) * 2}, "b1"),
    ],
)
def test_case_of__malformed__named_and_nothing_sent(change: dict[str, Any], named: str) -> None:
    content = {"offered": 1000, "lot": 500, "tick": "0.01", "bids": bids(("A", 500, "25.00"))} | change
    with pytest.raises(MalformedCase, match=named):
        case(**content)


def test_command__one_document__one_document_of_json() -> None:
    content = {"offered": 1000, "lot": 500, "reserve": "22.00", "tick": "0.01", "bids": TIED}
    found = CliRunner().invoke(command, ["auction", "-", "--json"], input=json.dumps(content))
    assert found.exit_code == 0, found.output
    told = json.loads(found.stdout)
    assert (told["status"], told["clearing_price"], told["confirmed"]) == ("cleared", "25.00", True)
