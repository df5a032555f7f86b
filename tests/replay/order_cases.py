"""Instructions for replays of orders, and what came of them by the names of the case."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from carbon_sdk.replay.ground import scheme_named
from carbon_sdk.replay.orders import Case, Replayed, case_of, replay
from carbon_sdk.replay.source import Source

Said = Mapping[str, Any]


def lines(instructions: Iterable[Said]) -> bytes:
    """JSON Lines."""
    return "".join(json.dumps(one) + "\n" for one in instructions).encode()


def case(instructions: Iterable[Said]) -> Case:
    return case_of(Source("orders.jsonl", lines(instructions)), scheme_named("orders"))


def play(instructions: Iterable[Said], **how: Any) -> Replayed:
    return replay(case(instructions), lambda what: None, **how)


def limit(id_: str, side: str, quantity: int, price: str, **more: Any) -> Said:
    return {"op": "limit", "id": id_, "side": side, "price": price, "quantity": quantity} | more


def market(id_: str, side: str, quantity: int, **more: Any) -> Said:
    return {"op": "market", "id": id_, "side": side, "quantity": quantity} | more


def trades(found: Said) -> list[tuple[str, str, str, int]]:
    """(taker, maker, price, quantity) of a result."""
    return [(one["taker"], one["maker"], one["price"], one["quantity"]) for one in found["trades"]]


def queue(book: Said, side: str) -> list[tuple[str, list[tuple[str, int]]]]:
    """Price and orders of each level of a side, best first."""
    return [(level["price"], [(one["id"], one["quantity"]) for one in level["orders"]]) for level in book[side]]
