"""`carbon demo`: a whole year, then what to look at."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.options import json_option, signer_of, with_key

if TYPE_CHECKING:
    from rich.console import Console

    from carbon_sdk.demo.year import Year

SCHEME, INPUT, OUT = Path("schemes/uk-ets.toml"), Path("schemes/samples/installations.csv"), Path("demo-out")


@click.command()
@click.option("--input", "installations", type=click.Path(path_type=Path), default=INPUT, show_default=True)
@click.option("--scheme", type=click.Path(path_type=Path), default=SCHEME, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True, help="Folder for the record.")
@click.option("--rpc", metavar="URL", help="Any chain instead of an embedded one. Its clock is not moved.")
@with_key
@json_option
def demo(
    installations: Path,
    scheme: Path,
    out: Path,
    rpc: str | None,
    keystore: str | None,
    key_env: str | None,
    as_json: bool,
) -> None:
    """Play a compliance year: from applications for accounts to surrender, with a day of trading in between.

    The suite is deployed afresh; all keys are made on the fly. On a chain that is not local, name a key that pays for
    gas.
    """
    from carbon_sdk.demo.year import play

    payer = signer_of(keystore, key_env) if keystore or key_env else None
    began = time.monotonic_ns()
    year = play(scheme, installations, out, _teller(began), rpc=rpc, payer=payer)
    if as_json:
        from carbon_sdk.cli.output import print_json

        print_json(_facts(year))
    else:
        _show(year, (time.monotonic_ns() - began) // 10**9)


def _teller(began: int) -> Any:
    def tell(what: str) -> None:
        tenths = (time.monotonic_ns() - began) // 10**8
        click.echo(f"{tenths // 10:4d}.{tenths % 10} s  {what}", err=True)

    return tell


def _facts(year: Year) -> dict[str, object]:
    record, shortfall = year.record, year.shortfall
    return {
        "scheme": year.title,
        "year": year.year,
        "transactions": year.stage.sent,
        "units": {"issued": year.issued, "retired": year.retired, "outstanding": year.outstanding},
        "market": {
            "day": record.bulletin.day,
            "orders": year.day.orders,
            "trades": len(year.day.trades),
            "cancels": year.day.cancels,
            "tonnes": record.bulletin.tonnes,
            "turnover": record.bulletin.turnover,
            "open": record.bulletin.open,
            "high": record.bulletin.high,
            "low": record.bulletin.low,
            "close": record.bulletin.close,
        },
        "surrendered": year.surrendered,
        "voluntary_cancellation": {"name": year.canceller.name, "tonnes": year.cancelled},
        "shortfall": {
            "name": shortfall.party.name,
            "account": shortfall.party.account,
            "tonnes": shortfall.tonnes,
            "penalty": shortfall.penalty,
            "status": shortfall.status,
            "refused": {"error": shortfall.refusal.error, "arguments": shortfall.refusal.arguments},
        },
        "positions": record.positions,
        "voucher": {
            "code": record.proven.code,
            "file": str(record.proven.file),
            "on_chain": record.proven.verdict,
            "offline": "VALID",
        },
        "vouchers": record.vouchers,
        "audit": record.audit.as_json(),
        "folder": str(record.folder),
    }


def _show(year: Year, seconds: int) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print()
    _show_positions(console, year)
    _show_market(console, year)
    _show_shortfall(console, year)
    console.print(year.record.audit.summary(), style="green", soft_wrap=True)
    proven = year.record.proven
    console.print(
        f"Voucher [bold]{proven.code}[/] ({proven.voucher.quantity:,} t): the contract says {proven.verdict.name}, "
        "and so does its certificate without the chain.",
        soft_wrap=True,
    )
    console.print(
        f"Units issued {year.issued:,} t = retired {year.retired:,} t + outstanding {year.outstanding:,} t",
        soft_wrap=True,
    )
    console.print()
    _show_folder(console, year)
    console.print(f"\n{year.stage.sent:,} transactions, {seconds} s.", style="dim")


def _show_positions(console: Console, year: Year) -> None:
    from rich.box import SIMPLE
    from rich.table import Table

    money = year.stage.rules.file.money
    plants = {party.account: party for party in year.stage.cast.companies}
    table = Table(
        *("installation", "free", "emitted", "given up", "left", "status", "penalty"),
        title=f"Holdings against obligations of {year.year}, in tonnes; penalties in {money.name}",
        title_justify="left",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
    )
    for column in table.columns:
        column.no_wrap = True
    table.columns[0].max_width = 24
    _right(table, (1, 2, 3, 4, 6))
    for one in year.record.positions:
        plant = plants[one.account].plant
        table.add_row(
            one.name,
            f"{plant.due:,}" if plant else "",
            f"{one.owed:,}",
            f"{one.surrendered:,}",
            f"{one.held + one.in_orders:,}",
            one.status,
            f"{one.penalty // 10**money.decimals:,}" if one.penalty else "",
            style="red" if one.shortfall else "",
        )
    console.print(table)


def _show_market(console: Console, year: Year) -> None:
    from rich.table import Table

    bulletin = year.record.bulletin
    money, market = year.stage.rules.file.money, year.stage.rules.file.markets[0]
    table = Table(
        "orders", "trades", "tonnes", "open", "high", "low", "close", "average",
        title=f"{market.name} on {bulletin.day}, prices in {money.name} per tonne", title_justify="left",
    )  # fmt: skip
    _right(table, range(8))
    prices = (bulletin.open, bulletin.high, bulletin.low, bulletin.close, bulletin.average)
    table.add_row(f"{year.day.orders}", f"{bulletin.trades}", f"{bulletin.tonnes:,}", *map(str, prices))
    console.print(table)
    largest = Table("tonnes", "price", "buyer", "seller", title="Largest trades", title_justify="left")
    _right(largest, (0, 1))
    names = {party.account: party.name for party in year.stage.cast.parties}
    for trade in sorted(year.record.trades, key=lambda one: -one.tonnes)[:5]:
        largest.add_row(f"{trade.tonnes:,}", str(trade.price), names[trade.buyer], names[trade.seller])
    console.print(largest)


def _show_shortfall(console: Console, year: Year) -> None:
    from carbon_sdk.units import format_money

    shortfall, money = year.shortfall, year.stage.rules.file.money
    console.print(
        f"{shortfall.party.name} fell short by {shortfall.tonnes:,} t: status {shortfall.status.name}, "
        f"penalty {format_money(shortfall.penalty, money.decimals, money.name)}. Its next order was refused:",
        soft_wrap=True,
    )
    console.print(f"  {shortfall.refusal.what}", style="red", markup=False, soft_wrap=True)


def _show_folder(console: Console, year: Year) -> None:
    from rich.table import Table

    from carbon_sdk.demo import closing

    folder = year.record.folder
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("Look at", str(folder / closing.PAGE), "prices, volume, holdings: open it in a browser")
    table.add_row("", str(folder / closing.VOUCHERS), f"{year.record.vouchers} certificates")
    table.add_row("", str(folder / closing.STORE), "every event, for queries")
    table.add_row("", str(folder / closing.DEPLOYMENT), "what lies where on the chain")
    console.print(table)
    console.print("\nWhat to do next:")
    for what, how in year.record.steps:
        console.print(f"  {what}:\n    [bold]{how}[/]", soft_wrap=True)


def _right(table: Any, columns: Sequence[int]) -> None:
    for column in columns:
        table.columns[column].justify = "right"
