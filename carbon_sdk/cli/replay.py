"""`carbon replay`: recorded, published or hypothetical cases through the deployed contracts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from carbon_sdk.cli.options import json_option, signer_of, with_key

if TYPE_CHECKING:
    from carbon_sdk.replay.auction import Replayed as AuctionsReplayed
    from carbon_sdk.replay.compliance import Replayed as ComplianceReplayed
    from carbon_sdk.replay.orders import Replayed as OrdersReplayed
    from carbon_sdk.replay.register import Replayed as RegisterReplayed
    from carbon_sdk.replay.transfers import Replayed

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--rpc", metavar="URL", help="Any chain instead of a fresh local one. Its clock is not moved."),
    click.option(
        "--folder",
        type=click.Path(path_type=Path),
        help="Keep chain, journal and events here; a replay that was stopped goes on from it. Default: keep nothing.",
    ),
    click.option(
        "--scheme", type=click.Path(path_type=Path), help="Scheme file. Default: one that comes with the replay."
    ),
)


def with_ground(command: F) -> F:
    """Add the options that say where a case is run."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return with_key(json_option(command))


@click.group()
def replay() -> None:
    """Run cases through the deployed contracts, and tell what the contracts did.

    The suite is deployed afresh. FILE may be - for standard input. Progress is shown on standard error when that is a
    terminal. The exit code is 0 when the case ran, whatever came of it, and 2 when FILE is malformed: then nothing is
    sent.
    """


@replay.command()
@click.argument("file", metavar="FILE")
@click.option("--openings", metavar="FILE", help="CSV of what accounts begin with. Default: the least that suffices.")
@click.option("--singly", is_flag=True, help="Every row as a transaction of its own.")
@with_ground
def transfers(
    file: str,
    openings: str | None,
    singly: bool,
    rpc: str | None,
    folder: Path | None,
    scheme: Path | None,
    keystore: str | None,
    key_env: str | None,
    as_json: bool,
) -> None:
    """Transfers of a register, as the EU transaction log publishes them: CSV, or a zip with one CSV in it.

    Every account is registered with a certificate and opens with the least that lets its transfers happen. The rows
    of one transaction between the same accounts are one transaction here, signed by the holder's representative.
    """
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.scheme_file import load_scheme
    from carbon_sdk.replay.ground import scheme_named
    from carbon_sdk.replay.source import read_source
    from carbon_sdk.replay.transfers import case_of, replay

    payer = signer_of(keystore, key_env) if keystore or key_env else None
    rules = load_scheme(scheme) if scheme else scheme_named("eu-ets-2005")
    begun = read_source(openings) if openings else None
    case = case_of(read_source(file), rules, openings=begun, singly=singly)
    found = replay(case, _teller(), folder=folder, rpc=rpc, payer=payer)
    if as_json:
        print_json(found.as_json())
    else:
        _show(found)


@replay.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--checkpoint", type=click.IntRange(min=1), metavar="N", help="Tell the book after every N instructions, too."
)
@with_ground
def orders(
    file: str,
    checkpoint: int | None,
    rpc: str | None,
    folder: Path | None,
    scheme: Path | None,
    keystore: str | None,
    key_env: str | None,
    as_json: bool,
) -> None:
    """Instructions to the order book, as JSON Lines: limit, market, cancel, reduce, replace, time.

    Each is a transaction signed by the holder's representative; accounts are registered and funded as needed. The
    result has the trades, the book that is left, and what the contracts refused. The clock of another chain (--rpc)
    is not moved: a case with `time` needs the replay's own.
    """
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.scheme_file import load_scheme
    from carbon_sdk.replay.ground import scheme_named
    from carbon_sdk.replay.orders import case_of, replay
    from carbon_sdk.replay.source import read_source

    payer = signer_of(keystore, key_env) if keystore or key_env else None
    case = case_of(read_source(file), load_scheme(scheme) if scheme else scheme_named("orders"))
    found = replay(case, _teller(), checkpoint=checkpoint or 0, folder=folder, rpc=rpc, payer=payer)
    if as_json:
        print_json(found.as_json(with_checkpoints=checkpoint is not None))
    else:
        _show_orders(found)


@replay.command()
@click.argument("file", metavar="FILE")
@with_ground
def compliance(
    file: str,
    rpc: str | None,
    folder: Path | None,
    scheme: Path | None,
    keystore: str | None,
    key_env: str | None,
    as_json: bool,
) -> None:
    """Events of a registry about who owes what, as one JSON document: each entity's status after each event.

    Every entity is an operator with an installation. A figure is reported, verified and accepted; a surrender is of
    real units: applied for, examined, approved, cancelled.

    What the contracts refuse is told and leaves the status as it was.
    """
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.scheme_file import load_scheme
    from carbon_sdk.replay.compliance import case_of, replay
    from carbon_sdk.replay.ground import scheme_named
    from carbon_sdk.replay.source import read_source

    payer = signer_of(keystore, key_env) if keystore or key_env else None
    case = case_of(read_source(file), load_scheme(scheme) if scheme else scheme_named("compliance"))
    found = replay(case, _teller(), folder=folder, rpc=rpc, payer=payer)
    if as_json:
        print_json(found.as_json())
    else:
        _show_compliance(found)


@replay.command()
@click.argument("file", metavar="FILE")
@with_ground
def register(
    file: str,
    rpc: str | None,
    folder: Path | None,
    scheme: Path | None,
    keystore: str | None,
    key_env: str | None,
    as_json: bool,
) -> None:
    """Years of a register as CSV: id, year, allocated, verified, surrendered, and phase if cumulatives restart with it.

    The columns may have the names of the EU transaction log. Each year is allocated, reported, verified, accepted,
    surrendered and cancelled; the result of a row is what the contracts say after that.
    """
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.scheme_file import load_scheme
    from carbon_sdk.replay.ground import scheme_named
    from carbon_sdk.replay.register import case_of, replay
    from carbon_sdk.replay.source import read_source

    payer = signer_of(keystore, key_env) if keystore or key_env else None
    case = case_of(read_source(file), load_scheme(scheme) if scheme else scheme_named("compliance"))
    found = replay(case, _teller(), folder=folder, rpc=rpc, payer=payer)
    if as_json:
        print_json(found.as_json())
    else:
        _show_register(found)


@replay.command()
@click.argument("file", metavar="FILE")
@with_ground
def auction(
    file: str,
    rpc: str | None,
    folder: Path | None,
    scheme: Path | None,
    keystore: str | None,
    key_env: str | None,
    as_json: bool,
) -> None:
    """A sealed auction at one price, as one JSON document: what is offered, its rules, and the bids in order of time.

    Every bid is committed to by its bidder's key, opened after the window, ranked and settled by the contracts. The
    result has the price, what was sold, and what each winner gets and pays. It takes a chain of the replay's own.
    """
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.scheme_file import load_scheme
    from carbon_sdk.replay.auction import case_of, replay
    from carbon_sdk.replay.ground import scheme_named
    from carbon_sdk.replay.source import read_source

    case = case_of(read_source(file))
    rules = load_scheme(scheme) if scheme else scheme_named("orders")
    found = replay([case], rules, _teller(), folder=folder, rpc=rpc)
    if as_json:
        print_json(found.as_json())
    else:
        _show_auction(found)


def _teller() -> Callable[[str], None]:
    began, shown = time.monotonic_ns(), sys.stderr.isatty()

    def tell(what: str) -> None:
        if shown:
            tenths = (time.monotonic_ns() - began) // 10**8
            click.echo(f"{tenths // 10:4d}.{tenths % 10} s  {what}", err=True)

    return tell


def _show(found: Replayed) -> None:
    from rich.console import Console
    from rich.table import Table

    content = found.as_json()
    console = Console(highlight=False)
    table = Table("unit type", "rows", "accepted", "rejected", "tonnes", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in content["by_unit_type"].items():
        table.add_row(name, *(f"{counts[what]:,}" for what in ("rows", "accepted", "rejected", "tonnes")))
    console.print(table)
    moved, speed, conserved = content["transfers"], content["speed"], content["conservation"]
    console.print(
        f"\n{moved['rows']:,} rows in {moved['transactions']:,} transactions between {content['accounts']:,} accounts, "
        f"{content['instruments']:,} instruments; {content['gas']['total']:,} gas; "
        f"{speed['rows_per_second']:,} rows a second.",
        soft_wrap=True,
    )
    for one in content["rejected"]:
        console.print(f"Rejected: row {one['id']} (line {one['line']}): {one['explanation']}", soft_wrap=True)
    console.print(
        f"Holdings and supplies compared after each of {conserved['steps']:,} steps: {conserved['figures']:,} figures, "
        f"{len(conserved['differences']):,} differ.",
        soft_wrap=True,
    )
    console.print(found.audit.summary(), style="green" if found.confirmed else "red", soft_wrap=True)


def _show_orders(found: OrdersReplayed) -> None:
    from rich.console import Console
    from rich.table import Table

    content = found.as_json()
    console = Console(highlight=False)
    table = Table("orders", "bid", "price", "ask", "orders", box=None, pad_edge=False)
    for column in table.columns:
        column.justify = "right"
    for level in reversed(content["book"]["asks"]):
        table.add_row("", "", level["price"], f"{level['quantity']:,}", f"{len(level['orders']):,}")
    for level in content["book"]["bids"]:
        table.add_row(f"{len(level['orders']):,}", f"{level['quantity']:,}", level["price"], "", "")
    console.print(table)
    speed = content["speed"]
    traded = sum(one["quantity"] for one in content["trades"])
    console.print(
        f"\n{len(found.case.instructions):,} instructions of {len(found.case.accounts):,} accounts: "
        f"{len(content['trades']):,} trades of {traded:,} t, {len(content['rejected']):,} rejected; "
        f"{content['gas']['total']:,} gas; {speed['instructions_per_second']:,} instructions a second.",
        soft_wrap=True,
    )
    for one in found.rejections:
        line = one.instruction.line
        console.print(f"Rejected: {one.instruction.id} (line {line}): {one.explanation}", soft_wrap=True)
    console.print(found.audit.summary(), style="green" if found.audit.ok else "red", soft_wrap=True)


def _show_compliance(found: ComplianceReplayed) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table("entity", "event", "year", "tonnes", "status", box=None, pad_edge=False)
    table.columns[3].justify = "right"
    for entity in found.case.entities:
        name = entity.id
        for event, status in zip(entity.events, found.statuses[entity.id], strict=True):
            tonnes = "" if event.tonnes is None else f"{event.tonnes:,}"
            table.add_row(name, event.kind, str(event.year or ""), tonnes, status)
            name = ""
    console.print(table)
    for one in found.rejections:
        where = f"{one.entity}, event {one.event.number} ({one.event.kind})"
        console.print(f"Rejected: {where}: {one.explanation}", soft_wrap=True)
    for audit in found.audits:
        console.print(audit.summary(), style="green" if audit.ok else "red", soft_wrap=True)


def _show_register(found: RegisterReplayed) -> None:
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    content = found.as_json()
    totals, speed = content["totals"], content["speed"]
    table = Table("year", "rows", "A", "B", "C", "excluded", "shortfall t", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for year in found.case.years:
        of_year = [found.standings[row.line] for row in found.case.rows if row.year == year]
        counted = Counter(one.status for one in of_year)
        counts = [len(of_year), *(counted[name] for name in ("A", "B", "C", "EXCLUDED"))]
        table.add_row(str(year), *(f"{count:,}" for count in [*counts, sum(one.shortfall for one in of_year)]))
    console.print(table)
    console.print(
        f"\n{totals['rows']:,} rows of {totals['installations']:,} installations, {totals['accounts']:,} accounts: "
        f"{totals['allocated']:,} t allocated, {totals['verified']:,} t verified, "
        f"{totals['surrendered']:,} t surrendered, "
        f"{totals['shortfall']:,} t short; {content['gas']['total']:,} gas; "
        f"{speed['rows_per_second']:,} rows a second.",
        soft_wrap=True,
    )
    console.print(found.audit.summary(), style="green" if found.confirmed else "red", soft_wrap=True)


def _show_auction(found: AuctionsReplayed) -> None:
    from rich.console import Console
    from rich.table import Table

    content = found.as_json()
    console = Console(highlight=False)
    table = Table("bid", "bidder", "tonnes", "payment", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for one in content["allocations"]:
        table.add_row(one["id"], one["bidder"], f"{one['quantity']:,}", one["payment"])
    console.print(table)
    price = f"{content['sold']:,} t at {content['clearing_price']}" if content["sold"] else "nothing sold"
    console.print(
        f"\n{content['status']}: {price}, cover ratio {content['cover_ratio']}; {content['gas']['total']:,} gas.",
        soft_wrap=True,
    )
    console.print(found.audit.summary(), style="green" if found.audit.ok else "red", soft_wrap=True)
