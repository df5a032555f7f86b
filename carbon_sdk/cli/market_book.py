"""`carbon market watch, depth, trades, orders, order`: a market's book as the chain has it."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.options import open_scheme, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbon_sdk.actors.markets import Fill, Market
    from carbon_sdk.actors.views import Level, OpenOrder
    from carbon_sdk.identifiers import Address
    from carbon_sdk.scheme import Scheme

CSV_COLUMNS = (
    "time",
    "market",
    "instrument",
    "price",
    "tonnes",
    "amount",
    "buyer",
    "seller",
    "voucher",
    "order",
    "block",
    "transaction",
    "log",
)
"""Of trades."""

account_option = click.option("--account", metavar="ADDRESS", help="Only this account's, or mark its own.")


@click.command()
@click.argument("market")
@account_option
@click.option("--levels", type=click.IntRange(1, 100), default=10, show_default=True, help="Of each side.")
@click.option("--trades", type=click.IntRange(0, 100), default=8, show_default=True, help="The last ones.")
@click.option("--websocket", metavar="URL", help="Where the node tells of new blocks, such as ws://127.0.0.1:8545.")
@click.option(
    "--every", metavar="SECONDS", type=click.FloatRange(0.05), help="To look again. Default: 1; 15 by --websocket."
)
@click.option("--once", is_flag=True, help="Print one picture and stop.")
@with_scheme
def watch(
    market: str,
    account: str | None,
    levels: int,
    trades: int,
    websocket: str | None,
    every: float | None,
    once: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Show the book of MARKET (its name or number) as it changes: both sides, the last trades, its phase, own orders.

    With --json one line tells the whole picture, then a line each change: a level (0 tonnes: it is gone), a trade
    (removed: a reorganisation took it back), the market's state, an own order. It ends with Ctrl-C.
    """
    from carbon_sdk.cli.book_view import Screen, as_lines, print_picture, watched

    with open_scheme(rpc, deployment) as scheme:
        reader, whose = _market(scheme, market), _account(account)
        looks = watched(
            reader,
            _name(scheme, reader),
            whose,
            levels=levels,
            trades=trades,
            websocket=websocket or False,
            every=every,
        )
        with contextlib.closing(looks):
            if once and not as_json:
                print_picture(next(looks))
                return
            if as_json:
                for line in as_lines(looks, once=once):
                    click.echo(line)
                return
            with Screen() as screen, contextlib.suppress(KeyboardInterrupt):
                for look in looks:
                    screen.show(look)


@click.command()
@click.argument("market")
@click.option("--levels", type=click.IntRange(1, 10_000), default=10, show_default=True, help="Of each side.")
@with_scheme
def depth(market: str, levels: int, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell the book of MARKET by levels: price, tonnes, and tonnes up to there."""
    from carbon_sdk.cli.output import print_json, print_rows

    with open_scheme(rpc, deployment) as scheme:
        reader = _market(scheme, market)
        picture = reader.picture(levels)
    sides = {
        "bids": _levels(reader, picture.depth.bids),
        "asks": _levels(reader, picture.depth.asks),
    }
    if as_json:
        print_json({"market": reader.number, "block": picture.block, "state": picture.view.state, **sides})
        return
    click.echo(f"Market {reader.number} at block {picture.block}: {picture.view.state.name.lower()}.")
    for name, rows in sides.items():
        print_rows(name.capitalize(), rows)


@click.command()
@click.argument("market")
@account_option
@click.option("--since", metavar="BLOCK", type=click.IntRange(0), help="First block. Default: all.")
@click.option("--csv", "file", metavar="FILE", type=click.Path(path_type=Path), help="Write them there; -: print CSV.")
@with_scheme
def trades(
    market: str,
    account: str | None,
    since: int | None,
    file: Path | None,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Tell the trades of MARKET in order, with their vouchers; as CSV: times in UTC, prices and amounts as decimals."""
    from carbon_sdk.cli.output import print_json, print_rows

    with open_scheme(rpc, deployment) as scheme:
        reader = _market(scheme, market)
        first = scheme.deployment.block if since is None else since
        with reader.fills(_account(account), since=first) as feed:
            found = feed.take()
        rows = [_trade(reader, _name(scheme, reader), _instrument(scheme, reader), one) for one in found]
    if file is not None:
        _write_csv(file, rows)
    elif as_json:
        print_json(rows)
    else:
        shown = ("time", "price", "tonnes", "amount", "buyer", "seller", "voucher")
        print_rows("Trades", [{name: row[name] for name in shown} for row in rows])


@click.command()
@click.argument("market")
@account_option
@with_scheme
def orders(market: str, account: str | None, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell the open orders of MARKET: bids, then asks, each in the order in which they would trade."""
    from carbon_sdk.cli.output import print_json, print_rows

    whose = _account(account)
    with open_scheme(rpc, deployment) as scheme:
        reader = _market(scheme, market)
        rows = [_open(reader, one) for one in reader.orders() if whose in (None, one.account)]
    if as_json:
        print_json(rows)
    else:
        print_rows("Open orders", rows)


@click.command()
@click.argument("order")
@click.option("--store", metavar="FILE", help="An event store to ask instead of the node's logs; it is read up to now.")
@with_scheme
def order(order: str, store: str | None, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell what became of ORDER (market/side/tick/generation/index): open, partly filled, filled, cancelled, expired.

    With its trades, and those of the call that placed it.
    """
    from carbon_sdk.audit.statements import moment
    from carbon_sdk.cli.output import print_json, print_rows
    from carbon_sdk.identifiers import OrderId

    id_ = OrderId.parse(order)
    with open_scheme(rpc, deployment) as scheme, contextlib.ExitStack() as stack:
        reader = _market(scheme, str(id_.market))
        events = None
        if store:
            from carbon_sdk.audit.suite import indexer_of, open_store

            events = stack.enter_context(contextlib.closing(open_store(store)))
            indexer_of(scheme, events).sync()
        found = reader.order_record(id_, events)
        name, instrument = _name(scheme, reader), _instrument(scheme, reader)
        fills, taken = ([_trade(reader, name, instrument, one) for one in some] for some in (found.fills, found.taken))
    said = {
        "order": str(found.id),
        "account": found.account,
        "state": found.state.value,
        "side": found.side.name.lower(),
        "price": str(found.price),
        "placed": found.placed,
        "open": found.open,
        "filled": found.filled,
        "reduced": found.reduced,
        "expires": moment(found.expires) if found.expires else None,
        "reason": found.reason.name.lower() if found.reason is not None else None,
        "block": found.block,
        "transaction": found.transaction,
    }
    if as_json:
        print_json({**said, "fills": fills, "taken": taken})
        return
    for name, value in said.items():
        if value is not None:
            click.echo(f"{name:<12} {value}")
    shown = ("time", "price", "tonnes", "buyer", "seller", "voucher")
    for title, rows in (("Traded before it rested", taken), ("Traded while it rested", fills)):
        if rows:
            print_rows(title, [{name: row[name] for name in shown} for row in rows])


BOOK_COMMANDS = (watch, depth, trades, orders, order)


def _market(scheme: Scheme, text: str) -> Market:
    return scheme.market(int(text) if text.isdecimal() else text)


def _account(text: str | None) -> Address | None:
    from carbon_sdk.identifiers import address

    return None if text is None else address(text)


def _name(scheme: Scheme, market: Market) -> str:
    return next((name for name, one in scheme.deployment.markets.items() if one == market.number), str(market.number))


def _instrument(scheme: Scheme, market: Market) -> str:
    known = scheme.deployment.instruments.items()
    return next((name for name, one in known if one == int(market.instrument)), str(market.instrument))


def _levels(market: Market, levels: Iterable[Level]) -> list[dict[str, Any]]:
    rows, total = [], 0
    for one in levels:
        total += one.quantity
        rows.append({"price": str(market.price(one.price)), "tonnes": int(one.quantity), "up to there": total})
    return rows


def _open(market: Market, one: OpenOrder) -> dict[str, Any]:
    from carbon_sdk.audit.statements import moment

    return {
        "order": str(one.id),
        "side": one.side.name.lower(),
        "price": str(market.price(one.price)),
        "tonnes": int(one.quantity),
        "account": one.account,
        "expires": moment(one.expires) if one.expires else "",
    }


def _trade(market: Market, name: str, instrument: str, one: Fill) -> dict[str, Any]:
    from carbon_sdk.audit.statements import moment

    return {
        "time": moment(one.at),
        "market": name,
        "instrument": instrument,
        "price": str(one.price),
        "tonnes": int(one.quantity),
        "amount": str(one.price * one.quantity),
        "buyer": one.buyer,
        "seller": one.seller,
        "voucher": market.voucher_code(one),
        "order": str(one.maker),
        "block": one.block,
        "transaction": one.transaction,
        "log": one.log_index,
    }


def _write_csv(file: Path, rows: list[dict[str, Any]]) -> None:
    """As RFC 4180 has it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    if str(file) == "-":
        click.echo(text.getvalue(), nl=False)
        return
    try:
        file.write_bytes(text.getvalue().encode())
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}.") from None
