"""Clearing of made-up trades: on every day what trades say is what the ledger moved, and nothing is gained."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from benchmarks.events import CHAIN, Market, fill, new_store
from carbon_sdk.audit.clearing import clearing_of, settlement_of, trades_between
from carbon_sdk.audit.histories import Histories
from carbon_sdk.identifiers import Address


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_settlement__of_every_day_of_a_made_up_market__nets_to_zero_plus_fees(seed: int) -> None:
    store = new_store(":memory:")
    fill(store, Market(seed=seed, accounts=12), 3_000, per_block=20)
    histories = Histories(store)
    histories.catch_up()
    trades = 0
    for day in days_of(histories):
        found = settlement_of(histories, day)
        assert found.reconciles, found.findings
        everybody = [clearing_of(histories, account, day) for account in accounts_of(histories, day)]
        assert all(one.reconciles for one in everybody)
        assert sum(one.net_money for one in everybody) == -found.accrued
        assert sum(one.paid for one in everybody) == sum(one.received for one in everybody) == found.turnover
        assert sum(one.fees for one in everybody) == found.fees
        assert sum(part.bought - part.sold for one in everybody for part in one.units) == 0
        assert sum(len(one.trades) for one in everybody) == 2 * found.trades
        trades += found.trades
    assert trades == len(trades_between(store, CHAIN, date(1970, 1, 1), date(2200, 1, 1)).trades) > 100


def days_of(histories: Histories) -> list[date]:
    moments = [event.timestamp for event in histories.store.events(CHAIN)]
    first, last = (datetime.fromtimestamp(one, UTC).date() for one in (min(moments), max(moments)))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def accounts_of(histories: Histories, day: date) -> list[Address]:
    today = trades_between(histories.store, CHAIN, day, day)
    return sorted({account for one in today.trades for account in (one.seller, one.buyer)})
