"""How clearing statements and settlement figures are printed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from carbon_sdk.audit.clearing import Clearing, InstrumentTotal, Settlement
    from carbon_sdk.audit.taxes import Tax
    from carbon_sdk.cli.history import Opened


def clearing_as_json(found: Clearing, taxes: tuple[Tax, ...], opened: Opened) -> dict[str, Any]:
    """Money in smallest units."""
    from carbon_sdk.audit.statements import moment

    return {
        "account": found.account,
        "day": found.day,
        "chain": found.chain,
        "block": found.block,
        "block_hash": found.block_hash,
        "trades": [
            {**asdict(one), "at": moment(one.at), "instrument": one.instrument, "name": opened.name_of(one.instrument)}
            for one in found.trades
        ],
        "units": [_total(one, opened) for one in found.units],
        "paid": found.paid,
        "received": found.received,
        "fees": found.fees,
        "fees_received": found.fees_received,
        "net_money": found.net_money,
        "taxes": [one._asdict() for one in taxes],
        "money": _total(found.money, opened),
        "reconciles": found.reconciles,
        "findings": list(found.findings),
    }


def settlement_as_json(found: Settlement, opened: Opened) -> dict[str, Any]:
    """Money in smallest units."""
    said = {**asdict(found), "reconciles": found.reconciles}
    said["totals"] = [
        {**asdict(one), "instrument": one.instrument, "name": opened.name_of(one.instrument)} for one in found.totals
    ]
    return said


def print_clearing(found: Clearing, taxes: tuple[Tax, ...], opened: Opened) -> None:
    """As tables; money in the main unit."""
    from carbon_sdk.audit.statements import moment
    from carbon_sdk.cli.output import print_rows

    click.echo(f"Clearing of {found.account} on {found.day}, as of block {found.block:,} of chain {found.chain}.")
    print_rows(
        "Trades",
        [
            {
                "when": moment(one.at),
                "market": one.source,
                "side": one.side.name.lower(),
                "instrument": opened.name_of(one.instrument),
                "tonnes": one.tonnes,
                "price": _money(one.price),
                "amount": _money(one.amount),
                "fee": _money(one.fee),
                "counterparty": one.counterparty,
                "voucher": one.voucher,
            }
            for one in found.trades
        ],
    )
    print_rows("Units", [_row(one, opened, money=False) for one in found.units])
    print_rows("Money", [_row(found.money, opened, money=True)])
    figures = (("paid", found.paid), ("received", found.received), ("fees", found.fees))
    more = (("fees received", found.fees_received),) if found.fees_received else ()
    for name, amount in (*figures, *more, ("net", found.net_money)):
        click.echo(f"{name:<14} {_money(amount)}")
    if taxes:
        shown = [
            {"tax": one.rule, "voucher": one.voucher, "of": _money(one.base), "owed": _money(one.amount)}
            for one in taxes
        ]
        print_rows("Taxes that are owed, and were not withheld", shown)
    _conclude(found.findings)


def print_settlement(found: Settlement, opened: Opened) -> None:
    """As tables; money in the main unit."""
    from carbon_sdk.cli.output import print_rows

    click.echo(f"Settlement of {found.day}, as of block {found.block:,} of chain {found.chain}.")
    print_rows(
        "Trades",
        [
            {
                "market": one.source,
                "instrument": opened.name_of(one.instrument),
                "trades": one.trades,
                "tonnes": one.tonnes,
                "turnover": _money(one.turnover),
                "fees": _money(one.fees),
            }
            for one in found.totals
        ],
    )
    click.echo(
        f"{found.trades} trades of {found.accounts} accounts: {found.tonnes:,} t for {_money(found.turnover)}, "
        f"fees {_money(found.fees)}, of which {_money(found.accrued)} accrue in the book."
    )
    click.echo(
        f"All accounts together: units {found.net_units:+,}, money {_money(found.net_money)}, "
        f"and {_money(found.accrued)} that accrue."
    )
    _conclude(found.findings)


def _conclude(findings: tuple[str, ...]) -> None:
    if not findings:
        click.echo("The ledger moved what the trades say.")
    for finding in findings:
        click.echo(f"carbon: {finding}", err=True)


def _total(one: InstrumentTotal, opened: Opened) -> dict[str, Any]:
    return {**asdict(one), "instrument": one.instrument, "name": opened.name_of(one.instrument)}


def _row(one: InstrumentTotal, opened: Opened, *, money: bool) -> dict[str, Any]:
    show = _money if money else str
    into, out = ("in", "out") if money else ("bought", "sold")
    return {
        "instrument": opened.name_of(one.instrument),
        "opening": show(one.opening),
        into: show(one.bought),
        out: show(one.sold),
        "other": show(one.other),
        "closing": show(one.closing),
    }


def _money(amount: int) -> str:
    from carbon_sdk.audit.statements import decimal
    from carbon_sdk.cli.values import MONEY_DECIMALS

    return decimal(amount, MONEY_DECIMALS)
