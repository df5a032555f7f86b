"""What random instructions found once, as cases of their own."""

from __future__ import annotations

from typing import Any

import pytest

from carbon_sdk.contracts.generated.enums import CloseReason, SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.structs import Order
from carbon_sdk.identifiers import Side
from tests.differential.both import Both, Instruction
from tests.differential.evm import Exchange
from tests.differential.instructions import MIDDLE

PENCE = 0  # the first market: single tonnes
HELD = 19_000  # less than everybody has at the beginning


@pytest.fixture
def both(exchange: Exchange) -> Both:
    return Both(exchange)


def say(both: Both, verb: str, name: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """What the contracts told, which is what the plain book told."""
    both.do(Instruction(verb, both.exchange.keys.get(name, ""), arguments))
    both.compare_all()
    return list(both.plain.told)


def order(both: Both, side: Side, tonnes: int, mode: SelfTrade = SelfTrade.ALLOW) -> Order:
    return Order(both.exchange.markets[PENCE], MIDDLE[PENCE], side, tonnes, 0, TimeInForce.GTC, mode, 255, 0)


@pytest.mark.requirement("R-TRD-2")
@pytest.mark.parametrize(
    ("mode", "told"),
    [
        (SelfTrade.CANCEL_NEWEST, []),
        (SelfTrade.CANCEL_OLDEST, ["OrderClosed", "Trade"]),
        (SelfTrade.DECREMENT, ["SelfTradePrevented"]),
    ],
)
def test_self_trade__with_an_account_at_its_holding_limit__goes_by_the_mode(
    both: Both, mode: SelfTrade, told: list[str]
) -> None:
    """An own order never trades, so it never brings its account beyond what it may hold."""
    say(both, "place", "alone", order(both, Side.BUY, 10))
    say(both, "place", "treasury", order(both, Side.BUY, 10))
    say(both, "set_limits", "", both.exchange.markets[PENCE], 0, HELD, 0)

    events = say(both, "place", "alone", order(both, Side.SELL, 10, mode))

    assert [event[0] for event in events] == told
    assert [event[4] for event in events if event[0] == "OrderClosed"] == [CloseReason.SELF_TRADE] * told.count(
        "OrderClosed"
    )


@pytest.mark.requirement("R-TRD-9")
def test_open_orders__filled_by_several_takers__are_counted_off_each_time(both: Both) -> None:
    """The vouchers of the trades must not lie where the walk's notes are still read."""
    market = both.exchange.markets[PENCE]
    maker = both.plain.people[both.exchange.keys["alone"]].account
    say(both, "set_limits", "", market, 0, 0, 3)
    for _ in range(8):
        for _ in range(3):
            say(both, "place", "alone", order(both, Side.SELL, 2))
        say(both, "place", "poor", order(both, Side.BUY, 6))
        assert both.plain.counted(market, maker) == 0
