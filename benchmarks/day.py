"""A day of orders on a chain with full blocks: how many trades a block of 30 million gas has room for.

The stage is the gas cases': the deployment that production has, with its companies. Orders are signed, sent and mined
as on any chain; the node mines by hand, so that every block is as full as its limit allows. What a block has room for
follows from receipts; how fast the node was is wall time of this machine.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.gas import INSTALLATIONS, MARKET, PRICE, SCHEME, Floor
from carbon_sdk.actors.views import MarketReader
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import send_many
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.enums import SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.events import OrderPlaced, Trade
from carbon_sdk.demo import allocation, opening, registration
from carbon_sdk.demo.installations import load_installations
from carbon_sdk.demo.stage import Stage
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.identifiers import Side

ORDERS = 10_000
BLOCK = 30_000_000  # gas
MOST_MAKERS = 20
GAS = 600_000  # of one order that meets so many makers
TOGETHER = 1_000  # orders in flight
SEED = 2021


def measure(
    tell: Callable[[str], None], orders: int = ORDERS, then: Callable[[Stage], None] | None = None
) -> dict[str, int]:
    """Figures by name; none is typed in by hand.

    Args:
        tell: Told what is being done.
        orders: To be placed.
        then: Called with the stage when the day is over, before the chain is gone.
    """
    rules = load_scheme(SCHEME)
    options = ("--gas-limit", str(BLOCK))
    with Anvil(timestamp=opening.start_of(rules), options=options) as anvil:
        stage = opening.open_stage(Chain(anvil.url), rules, load_installations(INSTALLATIONS), tell)
        registration.register_everybody(stage)
        registration.register_installations(stage)
        allocation.allocate(stage)
        allocation.put_up_for_sale(stage)
        allocation.deposit_money(stage)
        floor = Floor(stage)
        floor.fund()
        tell(f"day: {orders:,} orders by {len(floor.traders)} companies")
        figures = _trade(floor, orders)
        if then:
            then(stage)
        return figures


def _trade(floor: Floor, orders: int) -> dict[str, int]:
    chain = floor.stage.chain
    blocks: set[int] = set()
    gas = trades = rested = refused = 0
    began = time.perf_counter()
    with floor.clock.by_hand() as clock:
        for outcome in send_many(chain, _orders(floor, orders), gas=GAS, batch=TOGETHER, mine=clock.mine):
            if outcome.done is None:
                refused += 1
                continue
            blocks.add(outcome.done.block)
            gas += outcome.done.gas_used
            trades += len(outcome.done.all(Trade))
            rested += len(outcome.done.all(OrderPlaced))
    seconds = time.perf_counter() - began
    told = MarketReader(floor.stage.suite, MARKET).now().trades
    if told != trades:
        raise AssertionError(f"the receipts tell {trades} trades, the market {told}")
    done = orders - refused
    return {
        "orders": done,
        "refused": refused,
        "trades": trades,
        "rested": rested,
        "blocks": len(blocks),
        "gas_per_order": gas // done,
        "orders_per_30_million_gas": done * BLOCK // gas,
        "trades_per_30_million_gas": trades * BLOCK // gas,
        "orders_per_second": int(done / seconds),
    }


def _orders(floor: Floor, count: int) -> Iterator[tuple[Signer, Act[Any]]]:
    """Limit orders about a price that wanders, and a fifth market orders with a protection price."""
    dice = random.Random(SEED)
    middle = PRICE
    for _ in range(count):
        middle += dice.choice((-1, 0, 0, 0, 1))
        party = dice.choice(floor.traders)
        side = dice.choice((Side.BUY, Side.SELL))
        company = floor.stage.company(party)
        say = company.buy if side is Side.BUY else company.sell
        better = 1 if side is Side.BUY else -1
        at_once = dice.random() < 0.2
        tick = middle + better * (15 if at_once else dice.choice((-8, -6, -4, -3, -2, -2, -1, -1, 0, 0, 1, 2)))
        act = say.act(
            MARKET,
            dice.randint(1, 12),
            tick,
            time_in_force=TimeInForce.IOC if at_once else TimeInForce.GTC,
            self_trade=SelfTrade.CANCEL_OLDEST,
            most_makers=MOST_MAKERS,
        )
        yield party.signer, act
