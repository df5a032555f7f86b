"""The market's release from the event store: candles, bulletins, prices and depth through time, charts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from carbon_sdk.cli.history import open_histories, with_store
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.market_data import BookSnapshot, MarketData
    from carbon_sdk.market_data.release import Candle

F = TypeVar("F", bound=Callable[..., Any])


def _with_time(command: F) -> F:
    """Add the options that name a time."""
    since = click.option("--since", metavar="TIME", help="From then on, UTC: 2021-05-12 or 2021-05-12T09:00:00.")
    return since(click.option("--until", metavar="TIME", help="Before then.")(command))


_interval = click.option("--interval", default="1h", show_default=True, help="30s, 5m, 1h, 1d: any length.")


@click.command()
@click.argument("market")
@_interval
@_with_time
@with_store
def candles(
    market: str,
    interval: str,
    since: str | None,
    until: str | None,
    store: str,
    sync: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Tell the candles of MARKET: open, high, low, close, volume and turnover of each interval with trades."""
    from carbon_sdk.cli.output import print_json, print_rows
    from carbon_sdk.market_data.chart import seconds_of

    length = seconds_of(interval)
    with _released(market, store, sync, rpc, deployment) as (data, number, name, _):
        found = data.candles(number, length, since=_second(since), until=_second(until))
    if as_json:
        print_json(found)
    else:
        print_rows(f"{name}, {interval}", [_candle(one) for one in found])


@click.command()
@click.argument("market")
@click.option("--day", metavar="DATE", help="In the scheme's civil time. Default: the last one with trades.")
@with_store
def bulletin(
    market: str, day: str | None, store: str, sync: bool, rpc: str | None, deployment: str | None, as_json: bool
) -> None:
    """Tell the daily bulletin of MARKET: prices, change, average, volume, orders, and the book at the day's end."""
    from carbon_sdk.cli.output import show

    with _released(market, store, sync, rpc, deployment) as (data, number, name, _):
        days = data.days(number)
        if day is None and not days:
            raise InputError(f"{name} has had no trade: name a day with --day.")
        found = data.bulletin(number, days[-1] if day is None else _day(day))
    show(found, as_json)


@click.command()
@click.argument("market")
@with_store
def prices(market: str, store: str, sync: bool, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell the best prices of MARKET through time: a line for each change."""
    from carbon_sdk.audit.statements import moment
    from carbon_sdk.cli.output import print_json, print_rows

    with _released(market, store, sync, rpc, deployment) as (data, number, name, _):
        found = list(data.best_prices(number))
    if as_json:
        print_json(found)
        return
    rows = [
        {
            "time": moment(one.at),
            "block": one.block,
            "bid": one.bid,
            "bid tonnes": one.bid_tonnes,
            "ask": one.ask,
            "ask tonnes": one.ask_tonnes,
        }
        for one in found
    ]
    print_rows(f"Best prices of {name}", rows)


@click.command()
@click.argument("market")
@_interval
@click.option("--levels", type=click.IntRange(1, 10_000), default=5, show_default=True, help="Of each side.")
@_with_time
@with_store
def depths(
    market: str,
    interval: str,
    levels: int,
    since: str | None,
    until: str | None,
    store: str,
    sync: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Tell the depth of MARKET through time: the book at the end of each interval in which something happened."""
    from carbon_sdk.audit.statements import moment
    from carbon_sdk.cli.output import print_json, print_rows
    from carbon_sdk.market_data.chart import seconds_of

    length = seconds_of(interval)
    with _released(market, store, sync, rpc, deployment) as (data, number, name, _):
        found = list(data.depths(number, length, since=_second(since), until=_second(until)))
    if as_json:
        print_json([{"at": at, "bids": book.bids[:levels], "asks": book.asks[:levels]} for at, book in found])
        return
    for at, book in found:
        print_rows(f"{name} before {moment(at)}", _sides(book, levels))


@click.command()
@click.argument("market")
@_interval
@click.option("--png", metavar="FILE", type=click.Path(path_type=Path), help="Write a picture instead.")
@click.option("--rows", type=click.IntRange(4, 60), default=16, show_default=True, help="Of the terminal's picture.")
@_with_time
@with_store
def chart(
    market: str,
    interval: str,
    png: Path | None,
    rows: int,
    since: str | None,
    until: str | None,
    store: str,
    sync: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Draw the candles and the volume of MARKET, in the terminal or as PNG. With --json the figures that are drawn."""
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.market_data.chart import as_png, seconds_of

    length = seconds_of(interval)
    with _released(market, store, sync, rpc, deployment) as (data, number, name, offset):
        found = data.candles(number, length, since=_second(since), until=_second(until))
    if as_json:
        print_json(found)
    elif png:
        content = as_png(found, f"{name}, {interval}", name.partition("/")[2], offset)
        try:
            png.write_bytes(content)
        except OSError as error:
            raise InputError(f"{png} cannot be written: {error.strerror}.") from None
        click.echo(f"Written to {png}: {len(found)} candles.")
    else:
        _draw(found, f"{name}, {interval}", rows, offset)


RELEASE_COMMANDS = (candles, bulletin, prices, depths, chart)


@contextlib.contextmanager
def _released(
    market: str, store: str, sync: bool, rpc: str | None, deployment: str | None
) -> Iterator[tuple[MarketData, int, str, int]]:
    """The releases of the store, the market's number and name, and the civil day's offset."""
    from carbon_sdk.cli.values import MONEY_DECIMALS
    from carbon_sdk.market_data import MarketData

    with open_histories(store, sync, rpc, deployment) as opened:
        events, chain = opened.histories.store, opened.histories.chain
        rules = list(events.events(chain, events=[("VoucherBook", "CodingRulesSet")]))
        offset = rules[-1].args["rules"]["utcOffset"] if rules else 0
        named = opened.markets()
        number = _number(market, named)
        name = next((one for one, known in named.items() if known == number), f"market {number}")
        data = MarketData(events, opened.contracts(), decimals=MONEY_DECIMALS, utc_offset=offset, chain=chain)
        yield data, number, name, offset


def _number(market: str, named: dict[str, int]) -> int:
    if market in named:
        return named[market]
    if market.isascii() and market.isdigit():
        return int(market)
    raise InputError(f"There is no market {market!r}. Markets are {', '.join(named) or 'not known: name its number'}.")


def _draw(found: list[Candle], title: str, rows: int, offset: int) -> None:
    from rich.console import Console
    from rich.text import Text

    from carbon_sdk.market_data.chart import as_text

    console = Console(highlight=False)
    console.print(title, style="bold")
    for line, kind in as_text(found, console.width, rows, offset):
        if kind != "price":
            console.print(Text(line, style="dim"), no_wrap=True)
            continue
        text = Text(line)
        text.highlight_regex("█", "green")
        text.highlight_regex("░", "red")
        console.print(text, no_wrap=True)


def _candle(one: Candle) -> dict[str, Any]:
    from carbon_sdk.audit.statements import moment

    return {
        "from": moment(one.start),
        "open": one.open,
        "high": one.high,
        "low": one.low,
        "close": one.close,
        "tonnes": one.tonnes,
        "turnover": one.turnover,
        "trades": one.trades,
    }


def _sides(book: BookSnapshot, levels: int) -> list[dict[str, Any]]:
    rows = []
    for i in range(min(levels, max(len(book.bids), len(book.asks)))):
        bid = book.bids[i] if i < len(book.bids) else None
        ask = book.asks[i] if i < len(book.asks) else None
        rows.append(
            {
                "bid tonnes": bid.tonnes if bid else "",
                "bid": bid.price if bid else "",
                "ask": ask.price if ask else "",
                "ask tonnes": ask.tonnes if ask else "",
            }
        )
    return rows


def _second(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no moment: give it as 2021-05-12 or 2021-05-12T09:00:00.") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"--day {text!r} is no day: give it as 2021-12-31.") from None
