"""A market's book in a terminal: looked at when something changed, drawn when it looks different."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import orjson

from carbon_sdk.actors.markets import Fill, Market, Picture, Said
from carbon_sdk.audit.statements import moment
from carbon_sdk.contracts.generated.enums import MarketState
from carbon_sdk.contracts.generated.events import AuctionTrade, OrderPlaced, Trade
from carbon_sdk.errors import TransportError
from carbon_sdk.identifiers import Address, OrderId, Side

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_ENDLESS = (MarketState.HALTED, MarketState.UNCROSSING)
"""What no time ends."""


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to show.

    Attributes:
        market: Whose book.
        name: Of the market.
        picture: At the end of a block.
        trades: The last ones, the newest first.
        told: What was told since the look before: trades that came or were removed.
        levels: Rows of each side.
        account: Whose orders are marked; None: nobody's.
        trouble: Why nothing new can be said; empty: nothing is wrong.
    """

    market: Market
    name: str
    picture: Picture
    trades: tuple[Fill, ...]
    told: tuple[Fill, ...]
    levels: int
    account: Address | None = None
    trouble: str = ""


def watched(
    market: Market,
    name: str,
    account: Address | None = None,
    *,
    levels: int = 10,
    trades: int = 8,
    websocket: str | bool = False,
    every: float | None = None,
) -> Generator[Look, None, None]:
    """One look now, then one each time that the book changed, or that the node was lost or found again. Never ends."""
    own: list[OrderId] = []
    with market.changes(websocket=websocket, every=every) as feed:
        if account is not None:
            own = [one.id for one in market.open_orders(account)]
        latest = deque(market.latest_fills(trades, feed.block), maxlen=max(trades, 1))
        look = Look(
            market,
            name,
            market.picture(levels, own, feed.block),
            tuple(reversed(latest)) if trades else (),
            (),
            levels,
            account,
        )
        yield look
        while not feed.is_closed:
            feed.wait()
            try:
                said = feed.take()
                if said:
                    own = _own_after(market, account, own, said)
                    fills = [market.fill_of(one) for one in said if isinstance(one.event, (Trade, AuctionTrade))]
                    _note(latest, fills)
                    picture = market.picture(levels, own, feed.block)
                    own = [one.id for one in picture.own]
                    shown = tuple(reversed(latest)) if trades else ()
                    look = replace(look, picture=picture, trades=shown, told=tuple(fills), trouble="")
                    yield look
                elif look.trouble:
                    look = replace(look, told=(), trouble="")
                    yield look
            except TransportError as error:
                if str(error) != look.trouble:
                    look = replace(look, told=(), trouble=str(error))
                    yield look


def _own_after(market: Market, account: Address | None, own: list[OrderId], said: list[Said]) -> list[OrderId]:
    """Orders that the account may have open now."""
    if account is None:
        return []
    if any(one.removed for one in said):  # what had closed an order may be gone
        return [one.id for one in market.open_orders(account)]
    placed = (one.event for one in said if isinstance(one.event, OrderPlaced))
    return [*own, *(event.id for event in placed if event.account == account)]


def _note(latest: deque[Fill], fills: list[Fill]) -> None:
    for fill in fills:
        if fill.removed:
            for one in [one for one in latest if one.place == fill.place]:
                latest.remove(one)
        else:
            latest.append(fill)


# IN A TERMINAL


class Screen:
    """Draws looks over each other; writes nothing while nothing looks different."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(console=console or Console(), auto_refresh=False)
        self._shown: tuple[Any, ...] | None = None
        self.drawn = 0
        """How often."""

    def show(self, look: Look) -> None:
        """Draw it, if it looks different."""
        content = (look.picture.view, look.picture.depth, look.picture.own, look.trades, look.trouble)
        if content == self._shown:
            return
        self._live.update(rendered(look), refresh=True)
        self._shown = content
        self.drawn += 1

    def __enter__(self) -> Screen:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()


def print_picture(look: Look, console: Console | None = None) -> None:
    """Once, and done."""
    from rich.console import Console

    (console or Console(highlight=False)).print(rendered(look))


def rendered(look: Look) -> RenderableType:
    """Always as many rows, so that nothing jumps."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(line) for line in _head(look)]
    if look.trouble:
        parts.append(Text(f"no news: {look.trouble}", style="bold red"))
    parts += [Text(), _book(look)]
    if look.trades:
        parts += [Text(), _trades(look)]
    if look.account is not None:
        parts += [Text(), _own(look)]
    return Group(*parts)


def _head(look: Look) -> list[str]:
    picture, market = look.picture, look.market
    view = picture.view
    last = market.price(view.last) if view.last else "–"
    close = market.price(view.close) if view.close else "–"
    spread = "–" if picture.spread is None else _signed(market, picture.spread)
    band = f"{market.price(view.terms.lowest)} to {market.price(view.terms.highest)}"
    today = f"{view.lots_today * view.terms.lot:,} t"
    return [
        f"{look.name}  {_phase(picture)}  block {picture.block}, {moment(picture.at)}",
        f"last {last}  spread {spread}  close {close}  band {band}  traded today {today}",
    ]


def _phase(picture: Picture) -> str:
    view = picture.view
    state = view.state.name.lower()
    return state if view.state in _ENDLESS or not view.until else f"{state} until {moment(view.until)}"


def _signed(market: Market, ticks: int) -> str:
    """Prices cross while orders are collected for a call: then it is negative."""
    return str(market.price(ticks) if ticks >= 0 else -market.price(-ticks))


def _book(look: Look) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("own", "bid t", "bid", "ask", "ask t", "own"):
        table.add_column(name, justify="right", min_width=8, style=_STYLES.get(name))
    own = _own_by_level(look)
    depth = look.picture.depth
    rows = [*zip_longest(depth.bids[: look.levels], depth.asks[: look.levels])]
    for bid, ask in [*rows, *[(None, None)] * (look.levels - len(rows))]:
        table.add_row(*_side(look.market, bid, own, Side.BUY), *reversed(_side(look.market, ask, own, Side.SELL)))
    return table


_STYLES = {"bid": "green", "ask": "red"}


def _side(market: Market, level: Any, own: dict[tuple[Side, int], int], side: Side) -> tuple[str, str, str]:
    if level is None:
        return "", "", ""
    mine = own.get((side, level.price), 0)
    return f"{mine:,}" if mine else "", f"{level.quantity:,}", str(market.price(level.price))


def _own_by_level(look: Look) -> dict[tuple[Side, int], int]:
    found: dict[tuple[Side, int], int] = {}
    for one in look.picture.own:
        found[one.side, one.price] = found.get((one.side, one.price), 0) + one.quantity
    return found


def _trades(look: Look) -> RenderableType:
    from rich.table import Table

    table = Table("last trades", "price", "tonnes", "taker", box=None, pad_edge=False)
    for one in look.trades:
        side = "buys" if one.maker.side is Side.SELL else "sells"
        side = side if one.ask is None else "auction"
        mine = " (own)" if look.account in (one.buyer, one.seller) else ""
        table.add_row(moment(one.at), str(one.price), f"{one.quantity:,}", f"{side}{mine}")
    return table


def _own(look: Look) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    if not look.picture.own:
        return Text(f"no open orders of {look.account}")
    table = Table("own orders", "side", "price", "tonnes", "expires", box=None, pad_edge=False)
    for one in look.picture.own:
        expires = moment(one.expires) if one.expires else ""
        price = str(look.market.price(one.price))
        table.add_row(str(one.id), one.side.name.lower(), price, f"{one.quantity:,}", expires)
    return table


# FOR PROGRAMS


def as_lines(looks: Iterator[Look], *, once: bool = False) -> Iterator[bytes]:
    """One JSON line for the first look, then one for each change."""
    before = next(looks)
    yield orjson.dumps(_whole(before))
    if once:
        return
    for look in looks:
        yield from (orjson.dumps({**change, "block": look.picture.block}) for change in changes_of(before, look))
        before = look


def changes_of(before: Look, after: Look) -> Iterator[dict[str, Any]]:
    """What differs between two looks."""
    if after.trouble != before.trouble:
        yield {"what": "trouble", "said": after.trouble or None}
    for fill in after.told:
        yield _trade(fill)
    then, now = before.picture.view, after.picture.view
    if (then.state, then.until) != (now.state, now.until):
        yield {"what": "state", **_state(after.picture)}
    if (then.terms.lowest, then.terms.highest) != (now.terms.lowest, now.terms.highest):
        price = after.market.price
        yield {"what": "band", "lowest": str(price(now.terms.lowest)), "highest": str(price(now.terms.highest))}
    for side, old, new in (
        ("bid", before.picture.depth.bids, after.picture.depth.bids),
        ("ask", before.picture.depth.asks, after.picture.depth.asks),
    ):
        was, is_ = ({one.price: int(one.quantity) for one in levels} for levels in (old, new))
        for tick in [*was, *(tick for tick in is_ if tick not in was)]:
            if was.get(tick, 0) != is_.get(tick, 0):
                price_of = str(after.market.price(tick))
                yield {"what": "level", "side": side, "price": price_of, "tonnes": is_.get(tick, 0)}
    held, holds = ({one.id: int(one.quantity) for one in look.picture.own} for look in (before, after))
    for order in [*held, *(order for order in holds if order not in held)]:
        if held.get(order, 0) != holds.get(order, 0):
            yield {"what": "order", "id": str(order), "open": holds.get(order, 0)}


def _whole(look: Look) -> dict[str, Any]:
    picture, market = look.picture, look.market
    bids, asks = (
        [{"price": str(market.price(one.price)), "tonnes": int(one.quantity)} for one in side]
        for side in (picture.depth.bids, picture.depth.asks)
    )
    last = picture.view.last
    return {
        "what": "picture",
        "market": int(picture.market),
        "name": look.name,
        "block": picture.block,
        "at": moment(picture.at),
        **_state(picture),
        "last": str(market.price(last)) if last else None,
        "bids": bids,
        "asks": asks,
        "trades": [_trade(one) for one in look.trades],
        "own": [
            {
                "id": str(one.id),
                "side": one.side.name.lower(),
                "price": str(market.price(one.price)),
                "tonnes": int(one.quantity),
            }
            for one in picture.own
        ],
    }


def _state(picture: Picture) -> dict[str, Any]:
    view = picture.view
    ends = view.until and view.state not in _ENDLESS
    return {"state": view.state.name.lower(), "until": moment(view.until) if ends else None}


def _trade(fill: Fill) -> dict[str, Any]:
    return {
        "what": "trade",
        "at": moment(fill.at),
        "price": str(fill.price),
        "tonnes": int(fill.quantity),
        "buyer": fill.buyer,
        "seller": fill.seller,
        "order": str(fill.maker),
        "removed": fill.removed,
    }
