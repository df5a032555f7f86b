"""`carbon account`: what an account had, what happened, what it has."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.history import Opened, open_histories, with_store
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.audit.statements import Part, Statement

_LEFT = ("transaction", "block")
"""Columns that a table on a screen has no room for; CSV and JSON have them."""


@click.group()
def account() -> None:
    """Tell what an account had, what happened, and what it has."""


@account.command()
@click.argument("whose", metavar="ACCOUNT")
@click.option("--from", "since", metavar="DATE", help="First day, UTC, such as 2021-01-01. Default: the beginning.")
@click.option("--to", "until", metavar="DATE", help="Last day, included. Default: up to now.")
@click.option("--instrument", "instruments", multiple=True, help="Only this one; may be given several times.")
@click.option("--orders", is_flag=True, help="Also lines for orders placed and returned, which change no balance.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of tables.")
@with_store
def statement(
    whose: str,
    since: str | None,
    until: str | None,
    instruments: tuple[str, ...],
    orders: bool,
    as_csv: bool,
    store: str,
    sync: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Tell an ACCOUNT's opening balances, movements with references, closing balances, and what is bound.

    Balances are of what the account owns, its open orders included. Money is in the main unit; in JSON in the smallest.
    """
    from carbon_sdk.audit.statements import statement_of
    from carbon_sdk.identifiers import address

    if as_csv and as_json:
        raise InputError("Give --csv or --json, not both.")
    owner, first, last = address(whose), _day("--from", since), _day("--to", until)
    with open_histories(store, sync, rpc, deployment) as opened:
        found = statement_of(
            opened.histories, owner, first, last, [opened.instrument(text) for text in instruments], with_orders=orders
        )
    if as_json:
        from carbon_sdk.cli.output import print_json

        print_json(_as_json(found, opened))
    elif as_csv:
        _print_csv(found, opened)
    else:
        _print_tables(found, opened)


@account.command()
@click.argument("whose", metavar="ACCOUNT")
@click.option("--day", required=True, metavar="DATE", help="In the scheme's civil time, such as 2021-05-12.")
@click.option("--taxes", metavar="FILE", help="TOML, in the shape of schemes/samples/taxes.toml: tell what is owed.")
@with_store
def clearing(
    whose: str,
    day: str,
    taxes: str | None,
    store: str,
    sync: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Tell an ACCOUNT's trades of a day with fees and vouchers, their totals, and whether the ledger moved just that.

    Trades of the book, of listed quotes, of blocks and of credits. Money is in the main unit; in JSON in the smallest.
    Exit code 3: trades and movements differ.
    """
    from carbon_sdk.audit.clearing import clearing_of, day_of
    from carbon_sdk.audit.taxes import load_taxes, taxes_of
    from carbon_sdk.cli.clearing import clearing_as_json, print_clearing
    from carbon_sdk.identifiers import address

    owner, when = address(whose), day_of(day)
    rules = load_taxes(taxes).rules if taxes else []
    with open_histories(store, sync, rpc, deployment) as opened:
        found = clearing_of(opened.histories, owner, when)
    owed = taxes_of(found, rules)
    if as_json:
        from carbon_sdk.cli.output import print_json

        print_json(clearing_as_json(found, owed, opened))
    else:
        print_clearing(found, owed, opened)
    if not found.reconciles:
        raise click.exceptions.Exit(3)


@account.command()
@click.option("--day", required=True, metavar="DATE", help="In the scheme's civil time, such as 2021-05-12.")
@with_store
def settlement(day: str, store: str, sync: bool, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell the settlement figures of a day over all accounts, and whether they are what the ledger moved.

    Exit code 3: trades and movements differ.
    """
    from carbon_sdk.audit.clearing import day_of, settlement_of
    from carbon_sdk.cli.clearing import print_settlement, settlement_as_json

    when = day_of(day)
    with open_histories(store, sync, rpc, deployment) as opened:
        found = settlement_of(opened.histories, when)
    if as_json:
        from carbon_sdk.cli.output import print_json

        print_json(settlement_as_json(found, opened))
    else:
        print_settlement(found, opened)
    if not found.reconciles:
        raise click.exceptions.Exit(3)


def _as_json(found: Statement, opened: Opened) -> dict[str, Any]:
    return {
        "account": found.account,
        "chain": found.chain,
        "block": found.block,
        "block_hash": found.block_hash,
        "from": found.since,
        "to": found.until,
        "adds_up": found.adds_up,
        "instruments": [_part(part, opened) for part in found.parts],
    }


def _part(part: Part, opened: Opened) -> dict[str, Any]:
    return {
        "instrument": part.instrument,
        "name": opened.name_of(part.instrument),
        "decimals": _decimals(part.instrument),
        "opening": part.opening.total,
        "movements": [
            {
                "when": datetime.fromtimestamp(line.timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "what": line.act,
                "quantity": line.quantity,
                "balance": line.balance,
                "counterparty": line.counterparty,
                "reference": line.reference,
                "transaction": line.position.transaction,
                "block": line.position.block,
            }
            for line in part.lines
        ],
        "closing": part.closing.total,
        "in_orders": part.closing.in_orders,
        "held": part.held,
        "bound": part.bound,
        "frozen": part.frozen,
        "free": part.free,
    }


def _print_csv(found: Statement, opened: Opened) -> None:
    import csv
    import io

    from carbon_sdk.audit.statements import COLUMNS, rows_of
    from carbon_sdk.cli.values import MONEY_DECIMALS

    content = io.StringIO(newline="")
    writer = csv.DictWriter(content, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows_of(found, MONEY_DECIMALS))
    click.echo(content.getvalue(), nl=False)


def _print_tables(found: Statement, opened: Opened) -> None:
    from itertools import groupby

    from carbon_sdk.audit.statements import COLUMNS, rows_of
    from carbon_sdk.cli.output import print_rows
    from carbon_sdk.cli.values import MONEY_DECIMALS
    from carbon_sdk.identifiers import InstrumentId

    days = f"{found.since or 'the beginning'} to {found.until or 'now'}"
    click.echo(f"Statement of {found.account}, {days}, as of block {found.block:,} of chain {found.chain}.")
    columns = [column for column in COLUMNS[1:] if column not in _LEFT]
    for instrument, rows in groupby(rows_of(found, MONEY_DECIMALS), key=lambda row: row["instrument"]):
        name = opened.name_of(InstrumentId.parse(instrument))
        print_rows(name, [{column: row.get(column, "") for column in columns} for row in rows])
    if not found.parts:
        click.echo("There was nothing.")
    if not found.adds_up:
        click.echo("carbon: opening and movements do not give the closing: run `carbon audit run`.", err=True)


def _decimals(instrument: int) -> int:
    from carbon_sdk.audit.serials import is_unit
    from carbon_sdk.cli.values import MONEY_DECIMALS

    return 0 if is_unit(instrument) else MONEY_DECIMALS


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} {text!r} is no day: give it as 2021-12-31.") from None
