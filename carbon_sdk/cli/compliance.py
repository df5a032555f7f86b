"""`carbon compliance`: where accounts stand in their obligation, what to surrender, and what a year came to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.options import open_scheme, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.actors.compliance_position import CompliancePosition
    from carbon_sdk.identifiers import InstrumentId
    from carbon_sdk.market_data.position_chart import Bar
    from carbon_sdk.scheme import Scheme


@click.group()
def compliance() -> None:
    """Tell where an account stands in its obligation, what to surrender, and what a year came to. No key is needed."""


@compliance.command()
@click.argument("account")
@click.option("--chart", is_flag=True, help="Draw bars, too.")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Draw them into this file.")
@with_scheme
def position(
    account: str, chart: bool, png: Path | None, rpc: str | None, deployment: str | None, as_json: bool
) -> None:
    """Tell an ACCOUNT's emissions to date, holdings, free units, shortfall, and what covering it costs."""
    from carbon_sdk.actors.compliance_position import position_of
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.identifiers import address
    from carbon_sdk.market_data.position_chart import terminal_chart, write_png

    with open_scheme(rpc, deployment) as scheme:
        found = position_of(scheme, address(account))
        money = _money(scheme)
    bars = bars_of(found)
    if png:
        write_png(png, f"{found.account}: status {found.status.name}", bars, _cost(found, money))
    if as_json:
        print_json(_as_json(found))
        return
    for name, text in _told(found, money):
        click.echo(f"{name:<22}{text}")
    if chart:
        click.echo("\n" + "\n".join(terminal_chart(bars)))
    if png:
        click.echo(f"\nDrawn into {png}.")


@compliance.command()
@click.argument("account")
@click.option("--tonnes", type=click.IntRange(min=1), metavar="N", help="To surrender. Default: the shortfall.")
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="INSTRUMENT=SMALLEST_UNITS",
    help="What a tonne is worth, instead of the market's price; may be given several times.",
)
@with_scheme
def propose(
    account: str, tonnes: int | None, prices: tuple[str, ...], rpc: str | None, deployment: str | None, as_json: bool
) -> None:
    """Propose the cheapest eligible units of an ACCOUNT to surrender, within the limits of the scheme.

    Exit code 3: what is free and eligible does not suffice.
    """
    from carbon_sdk.actors.compliance_position import position_of
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.identifiers import address

    with open_scheme(rpc, deployment) as scheme:
        given = dict(_price(scheme, text) for text in prices)
        mix = position_of(scheme, address(account), given, tonnes=tonnes).mix
        decimals, name = _money(scheme)
    if as_json:
        print_json(mix)
    else:
        from carbon_sdk.units import format_money

        for instrument, amount in mix.lines:
            click.echo(f"{instrument!s:<40}{amount:>16,} t")
        click.echo(
            f"{mix.tonnes:,} t in all, worth {format_money(mix.worth, decimals, name)}; {mix.lacking:,} t lacking."
        )
    if mix.lacking:
        raise click.exceptions.Exit(3)


@compliance.command()
@click.argument("account")
@click.option("--year", required=True, type=int, help="Compliance year.")
@with_scheme
def statement(account: str, year: int, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell what an ACCOUNT owed for a year, what it gave up by that year's rules, its status and penalty."""
    from carbon_sdk.actors.compliance_position import statement_of_year
    from carbon_sdk.actors.values import year_of
    from carbon_sdk.cli.output import print_json, show
    from carbon_sdk.identifiers import address

    with open_scheme(rpc, deployment) as scheme:
        found = statement_of_year(scheme, address(account), year_of(year))
    if as_json:
        print_json({"statement": found, "surrendered": found.surrendered, "pending": found.pending})
    else:
        show(found, as_json=False)


def bars_of(found: CompliancePosition) -> list[Bar]:
    """What is owed, what was given, what there is and what lacks."""
    from carbon_sdk.market_data.position_chart import Bar

    return [
        Bar("emissions to date", found.emissions_to_date, "owes"),
        Bar("owed", found.owed, "owes"),
        Bar("surrendered", found.surrendered, "gave"),
        Bar("held, free", found.free, "has"),
        Bar("held, bound", found.bound, "has"),
        Bar("in orders", found.in_orders, "has"),
        Bar("shortfall", found.shortfall, "lacks"),
        Bar("lacking after these", found.lacking, "lacks"),
    ]


def _as_json(found: CompliancePosition) -> dict[str, Any]:
    from carbon_sdk.cli.output import plain

    content: dict[str, Any] = plain(found)
    return content | {"held": found.held, "free": found.free}


def _told(found: CompliancePosition, money: tuple[int, str]) -> list[tuple[str, str]]:
    rows = [
        ("account", str(found.account)),
        ("block", f"{found.block:,}"),
        ("open year", str(found.year)),
        ("status", found.status.name),
        ("emissions to date", f"{found.emissions_to_date:,} t"),
        ("owed", f"{found.owed:,} t"),
        ("surrendered", f"{found.surrendered:,} t"),
        ("shortfall", f"{found.shortfall:,} t"),
        ("held", f"{found.held:,} t, of which {found.free:,} t free"),
        ("in orders", f"{found.in_orders:,} t"),
        ("lacking", f"{found.lacking:,} t"),
        ("cost to cover", _cost(found, money)),
    ]
    if found.missing_year:
        rows.insert(4, ("emissions missing", str(found.missing_year)))
    return rows


def _cost(found: CompliancePosition, money: tuple[int, str]) -> str:
    from carbon_sdk.units import format_money

    if found.price is None or found.cost is None:
        return "unknown: nobody trades what would cover it"
    return f"{format_money(found.cost, *money)}, at {format_money(found.price, *money)} a tonne"


def _money(scheme: Scheme) -> tuple[int, str]:
    """Decimals of the main money, and the name that the deployment gives it."""
    from carbon_sdk.cli.values import decimals_of
    from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger

    main = scheme.contract(InstrumentLedger).main_money()
    names = {number: name for name, number in scheme.deployment.instruments.items()}
    return decimals_of(scheme), names.get(main, "")


def _price(scheme: Scheme, text: str) -> tuple[InstrumentId, int]:
    name, _, amount = text.rpartition("=")
    if not name or not amount.isascii() or not amount.isdecimal():
        raise InputError(f"--price {text} is not INSTRUMENT=SMALLEST_UNITS, such as UKA21=4500.")
    return scheme.instrument(name).id, int(amount)
