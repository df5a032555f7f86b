"""`carbon bank`: the settlement bank's verbs, and the reconciliation with its own statement."""

from __future__ import annotations

from datetime import date

import click

from carbon_sdk.cli.audit import NOT_EQUAL
from carbon_sdk.cli.options import open_scheme, with_key, with_scheme
from carbon_sdk.cli.roles import bank
from carbon_sdk.errors import InputError

__all__ = ["bank"]


@bank.command()
@with_scheme
@with_key
@click.option("--statement", metavar="FILE", help="CSV with the columns reference, amount, kind, date.")
@click.option(
    "--day", metavar="DAY", help="The civil day to compare, such as 2022-03-31. Default: the statement's days."
)
@click.option("--until", metavar="DAY", help="The last day, where several are compared from --day on.")
@click.option("--instrument", metavar="INSTRUMENT", help="The money. Default: the main money.")
@click.option("--decimals", type=click.IntRange(0, 18), default=2, show_default=True, help="Of the money.")
@click.option("--store", metavar="FILE", help="An event store to read on with, as of carbon audit run.")
def reconcile(
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
    statement: str | None,
    day: str | None,
    until: str | None,
    instrument: str | None,
    decimals: int,
    store: str | None,
) -> None:
    """Compare deposits and payments with the ledger and, given a statement, with the bank's own books.

    Each reference of the statement is looked up on the chain and the other way round, and the totals of each civil
    day are compared. Kinds are deposit, withdrawal and penalty; amounts are in the main unit. No key is needed. Exit
    code 3 when anything differs.
    """
    from carbon_sdk.actors.bank_statement import read_statement, reconcile_with
    from carbon_sdk.cli.output import print_json, show
    from carbon_sdk.cli.values import convert
    from carbon_sdk.contracts.generated.cash_desk import CashDesk
    from carbon_sdk.identifiers import InstrumentId

    first, last = _day(day, "--day"), _day(until, "--until")
    lines = read_statement(statement, decimals) if statement else []
    with open_scheme(rpc, deployment) as scheme:
        money = convert(scheme, "instrument", InstrumentId, instrument, {}) if instrument else None
        if not statement:
            desk = scheme.contract(CashDesk)
            answer = desk.reconcile() if money is None else desk.reconcile_of(int(money))
            show(answer, as_json)
            if not answer.agrees:
                raise click.exceptions.Exit(NOT_EQUAL)
            return
        report = reconcile_with(
            scheme, lines, first, last or first, instrument=money, store=store or ":memory:", decimals=decimals
        )
    if as_json:
        print_json({"ok": report.ok, **{name: getattr(report, name) for name in report.__slots__}})
    else:
        from rich.console import Console

        for table in report.tables(decimals):
            Console(highlight=False).print(table)
        click.echo("Equal." if report.ok else f"{len(report.differences)} differences.")
    if not report.ok:
        raise click.exceptions.Exit(NOT_EQUAL)


def _day(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name} {text!r} is no day: give 2022-03-31.") from None
