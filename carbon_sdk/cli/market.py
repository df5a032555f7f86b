"""`carbon market`: what the market tells everybody: books as they are, and requirements from the event store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.history import open_histories, with_store
from carbon_sdk.cli.market_book import BOOK_COMMANDS
from carbon_sdk.cli.market_release import RELEASE_COMMANDS

if TYPE_CHECKING:
    from carbon_sdk.cli.history import Opened
    from carbon_sdk.market_data.requirements import Match, Requirements, Want

_DIGITS = 18
"""Of an account or a reference that a table shows."""


@click.group()
def market() -> None:
    """Tell what the market wants and does."""


for _command in (*BOOK_COMMANDS, *RELEASE_COMMANDS):
    market.add_command(_command)


@market.command()
@click.option("--instrument", metavar="NAME", help="Only this one.")
@with_store
def requirements(
    instrument: str | None, store: str, sync: bool, rpc: str | None, deployment: str | None, as_json: bool
) -> None:
    """Tell what is wanted: open orders, listed quotes, proposed blocks, price ranges of public plans, and what meets.

    Prices are in the main unit; in JSON in the smallest.
    """
    from carbon_sdk.market_data.requirements import requirements_of

    with open_histories(store, sync, rpc, deployment) as opened:
        only = None if instrument is None else opened.instrument(instrument)
        histories = opened.histories
        found = requirements_of(histories.store, opened.contracts(), only, chain=histories.chain)
    if as_json:
        from carbon_sdk.cli.output import print_json

        print_json(found)
    else:
        _print(found, opened)


def _print(found: Requirements, opened: Opened) -> None:
    from carbon_sdk.audit.statements import moment
    from carbon_sdk.cli.output import print_rows

    click.echo(f"What was wanted at {moment(found.at)}.")
    print_rows("Wanted", [_want(one, opened) for one in found.wants])
    print_rows("What meets", [_match(one, opened) for one in found.matches])
    if found.left_off:
        click.echo(f"{found.left_off:,} more meet.")


def _want(one: Want, opened: Opened) -> dict[str, Any]:
    return {
        "instrument": opened.name_of(one.instrument),
        "side": one.side.name.lower(),
        "tonnes": one.tonnes,
        "from": _money(one.least),
        "to": _money(one.greatest),
        "where": one.source,
        "account": one.account or "",
        "for": ", ".join(one.named),
        "reference": one.reference,
    }


def _match(one: Match, opened: Opened) -> dict[str, Any]:
    return {
        "instrument": opened.name_of(one.buyer.instrument),
        "tonnes": one.tonnes,
        "from": _money(one.least),
        "to": _money(one.greatest),
        "buyer": _short(one.buyer),
        "seller": _short(one.seller),
    }


def _short(one: Want) -> str:
    account = f" of {one.account[:_DIGITS]}…" if one.account else ""
    return f"{one.reference}{account}"


def _money(amount: int) -> str:
    from carbon_sdk.audit.statements import decimal
    from carbon_sdk.cli.values import MONEY_DECIMALS

    return decimal(amount, MONEY_DECIMALS)
