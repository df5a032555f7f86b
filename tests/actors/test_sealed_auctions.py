"""Sealed auctions on a real chain: officers, bidders, an auctioneer who withholds; audited at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from carbon_sdk.actors.auctions import decrypted, ranking, sealed_bids, ties, unopened
from carbon_sdk.contracts.generated.enums import AuctionState, TieRule, UnderSubscription
from carbon_sdk.contracts.generated.errors import CollateralTooSmall, FalseOpening, NoSuchBid, OutsideAuctionTime
from carbon_sdk.contracts.generated.sealed_auction import SealedAuction
from carbon_sdk.contracts.generated.structs import AuctionTerms, Opening
from carbon_sdk.errors import NotPermitted, RuleBroken
from carbon_sdk.evidence.sealing import CannotUnseal, SplitKey, join_key, split_key, unseal
from carbon_sdk.market_data.auction_results import results_of
from tests.actors.conftest import YEAR, Town, audited, key

HOUR = 3_600
LOT = 500


def terms_of(town: Town, sealing: SplitKey, *, tie: TieRule = TieRule.PRO_RATA, share: int = 10_000) -> AuctionTerms:
    opens = town.clock.now() + HOUR
    return AuctionTerms(
        town.allowance, 1, 20, LOT, 2200, 10_000, 1, 20, 0, 100_00, share, 5_000, 12_500, tie,
        UnderSubscription.PARTIAL, False, opens, opens + 2 * HOUR, opens + 4 * HOUR, opens + 5 * HOUR,
        bytes(32), bytes(32), bytes(32), sealing.public, sealing.threshold, len(sealing.shares), sealing.digest,
    )  # fmt: skip


def announced(town: Town, sealing: SplitKey, **rules: object) -> tuple[int, AuctionTerms]:
    treasury = town.company("treasury")
    town.regulator.issue_for_auction(treasury.account, YEAR, town.allowance, 20 * LOT, f"calendar {town.clock.now()}")
    terms = terms_of(town, sealing, **rules)  # type: ignore[arg-type]
    number = treasury.announce_auction(terms).result
    town.clock.travel_to(terms.opens)
    return number, terms


def test_auction__officers_open_all_bids__winners_pay_one_price(floor: Town, tmp_path: Path) -> None:
    """R-TRD-1: sealed while the window is open, opened by k of n officers, cleared, settled, told as a bulletin."""
    sealing = split_key(2, 3)
    number, terms = announced(floor, sealing)
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    contract = floor.scheme.contract(SealedAuction)
    before = floor.scheme.account(trader.account).holding(floor.scheme.deployment.instruments["GBP"]).balance

    first = trader.prepare_bid(number, 12, 2500, label="t1")
    trader.place_bid(first)
    second = broker.prepare_bid(number, 8, 2400, collateral=20_000_000)
    again = broker.prepare_bid(number, 10, 2450)
    changed = broker.change_bid(broker.place_bid(second).result, second, again).result
    loser = works.prepare_bid(number, 4, 2300)
    works.place_bid(loser)
    dropped = works.prepare_bid(number, 1, 2600)
    at = works.place_bid(dropped).result
    with pytest.raises(NoSuchBid):
        trader.withdraw_bid(at, dropped)
    works.withdraw_bid(at, dropped)
    with pytest.raises(OutsideAuctionTime):
        trader.open_own_bid(1, first)

    # All that the chain has and one share: nothing.
    for bid in sealed_bids(floor.scheme, number):
        with pytest.raises(CannotUnseal):
            unseal(join_key(sealing.public, sealing.shares[:1]), bid.commitment, bid.sealed_opening)

    floor.clock.travel_to(terms.closes)
    openings, spoilt = decrypted(floor.scheme, number, join_key(sealing.public, sealing.shares[1:]))
    assert (len(openings), spoilt) == (3, [])
    with pytest.raises(FalseOpening):
        works.open_bids(number, [Opening(1, first.account, first.collateral, 13, 2500, first.salt, "t1")])
    floor.company("treasury").open_bids(number, openings)
    floor.clock.travel_to(terms.open_until)
    order = ranking(floor.scheme, number)
    assert order[:2] == [1, changed]
    works.rank_bids(number, order[:1])
    trader.rank_bids(number, order[1:])
    floor.clock.travel_to(terms.settles)
    tied = ties(floor.scheme, number, order)
    trader.apportion_ties(number, tied)
    works.settle_awards(number, order[:2])
    works.give_back_collateral(number, order[2:])

    known = contract.auction_of(number)
    assert (known.state, known.sale.tick, known.delivered) == (AuctionState.SETTLED, 2450, 20)
    assert floor.scheme.account(trader.account).holding(floor.allowance).balance == 12 * LOT
    money = floor.scheme.account(trader.account).holding(floor.scheme.deployment.instruments["GBP"])
    assert (money.balance, money.encumbered) == (before - 12 * LOT * 2450, 0)
    found = results_of(floor.scheme, number)
    assert found.as_json() == {
        "auction": number,
        "state": "settled",
        "price": "24.50",
        "offered": 10_000,
        "sold": 10_000,
        "unsold": 0,
        "revenue": "245000.00",
        "total_bids": 13_000,
        "cover_ratio": "1.30",
        "bidders": 3,
        "successful_bidders": 2,
        "bids": 3,
        "successful_bids": 2,
        "minimum": "23.00",
        "maximum": "25.00",
        "mean": "24.50",
        "median": "24.50",
        "concentration": 5200,
        "demand": [
            {"price": "25.00", "quantity": 6_000},
            {"price": "24.50", "quantity": 11_000},
            {"price": "23.00", "quantity": 13_000},
        ],
    }
    assert "24.50" in found.as_text()
    assert found.as_svg().startswith("<svg")
    audited(floor, tmp_path)


def test_auction__auctioneer_withholds_and_one_default__defined_and_audited(floor: Town, tmp_path: Path) -> None:
    """R-TRD-1: a bidder opens its own; what nobody opens is punished; a sealed text of rubbish stops nobody."""
    number, terms = announced(floor, split_key(2, 3), tie=TieRule.TIME)
    trader, broker = floor.company("trader"), floor.company("broker")
    mine = trader.prepare_bid(number, 5, 3000)
    at = trader.place_bid(mine).result
    lost = broker.prepare_bid(number, 5, 3100)
    broker.place_bid(lost)
    with pytest.raises(CollateralTooSmall):
        broker.place_bid(broker.prepare_bid(number, 1, 2300, collateral=1))
    floor.clock.travel_to(terms.closes)
    trader.open_own_bid(at, mine)
    floor.clock.travel_to(terms.open_until)
    trader.rank_bids(number, ranking(floor.scheme, number))
    for bid in unopened(floor.scheme, number):
        trader.end_sealed_bid(number, bid)
    floor.clock.travel_to(terms.settles)
    trader.settle_awards(number, [at])
    held = floor.scheme.account(broker.account).holding(floor.scheme.deployment.instruments["GBP"])
    assert (held.balance, held.encumbered) == (300_000_000 - lost.collateral // 2, 0)
    with pytest.raises(NotPermitted):
        trader.take_unsold(number)
    with pytest.raises(RuleBroken):
        floor.company("treasury").take_unsold(number)
    audited(floor, tmp_path)


def test_auction__cancelled_or_excused_by_the_regulator__nothing_is_forfeited(floor: Town, tmp_path: Path) -> None:
    number, terms = announced(floor, split_key(1, 1))
    trader = floor.company("trader")
    trader.place_bid(trader.prepare_bid(number, 5, 3000))
    trader.place_bid(trader.prepare_bid(number, 6, 3000))
    floor.clock.travel_to(terms.closes)
    left = unopened(floor.scheme, number)
    floor.regulator.excuse_bid(number, left[0], "the platform was down")
    floor.regulator.cancel_auction(number, "the platform was down")
    trader.end_sealed_bid(number, left[1])
    held = floor.scheme.account(trader.account).holding(floor.scheme.deployment.instruments["GBP"])
    assert (held.balance, held.encumbered) == (300_000_000, 0)
    with pytest.raises(NotPermitted):
        floor.scheme.regulator(key("trader")).cancel_auction(number, "cause")
    audited(floor, tmp_path)


def test_auction__a_company_sells_its_surplus__as_the_authority_does(floor: Town, tmp_path: Path) -> None:
    """R-TRD-5: one-way bidding; no role is needed."""
    works, trader = floor.company("works"), floor.company("trader")
    sealing = split_key(2, 2)
    terms = terms_of(floor, sealing, tie=TieRule.TIME)
    number = works.announce_auction(terms).result
    called_off = works.announce_auction(terms).result
    with pytest.raises(NotPermitted):
        trader.call_off_auction(called_off)
    works.call_off_auction(called_off)
    floor.clock.travel_to(terms.opens)
    trader.place_bid(trader.prepare_bid(number, 6, 2500))
    floor.clock.travel_to(terms.closes)
    openings, _ = decrypted(floor.scheme, number, join_key(sealing.public, sealing.shares))
    trader.open_bids(number, openings)
    floor.clock.travel_to(terms.open_until)
    trader.rank_bids(number, ranking(floor.scheme, number))
    floor.clock.travel_to(terms.settles)
    trader.settle_awards(number, [1])
    assert floor.scheme.account(trader.account).holding(floor.allowance).balance == 6 * LOT
    held = floor.scheme.account(works.account).holding(floor.allowance)
    assert (held.balance, held.encumbered) == (40_000 - 6 * LOT, 0)
    audited(floor, tmp_path)
