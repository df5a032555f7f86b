"""`carbon audit`: a replay of all events against the contracts' state."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from carbon_sdk.cli.options import open_scheme, with_scheme

if TYPE_CHECKING:
    from carbon_sdk.audit.auditor import Auditor
    from carbon_sdk.audit.histories import Histories

NOT_EQUAL = 3


def _bring_up(histories: Histories, auditor: Auditor) -> None:
    """Let `carbon serial` and `carbon account` answer at once, with what the audit found to be true."""
    histories.catch_up()
    wrong = next(histories.differences(auditor.state), None) if auditor.state else None
    if wrong:
        click.echo(f"carbon: the histories in the store were altered and are made anew ({wrong})", err=True)
        histories.start_anew()
        histories.catch_up()


@click.group()
def audit() -> None:
    """Replay all events and compare them with the contracts, account by account."""


@audit.command()
@with_scheme
@click.option("--store", metavar="FILE", default="audit.sqlite", show_default=True, help="Where the events are kept.")
@click.option("--proofs", is_flag=True, help="Prove every log by its block's header and receipts too.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write the report as a page, too.")
def run(rpc: str | None, deployment: str | None, as_json: bool, store: str, proofs: bool, page: Path | None) -> None:
    """Read what is new, fold, try the invariants, compare. Exit code 3 when anything differs."""
    from rich.console import Console

    from carbon_sdk.audit.histories import Histories
    from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.model import write_atomically
    from carbon_sdk.market_data.page import Page, render

    with open_scheme(rpc, deployment) as scheme, contextlib.closing(open_store(store)) as events:
        indexer_of(scheme, events).sync()
        auditor = auditor_of(scheme, events)
        report = auditor.run(proofs=proofs)
        title = scheme.deployment.scheme
        if report.ok:
            _bring_up(Histories(events, scheme.chain.id), auditor)
    if page:
        day = datetime.fromtimestamp(report.timestamp, UTC).date()
        write_atomically(page, render(Page(title, day, audit=report)))
    if as_json:
        print_json(report.as_json())
    else:
        Console().print(report.table())
    if not report.ok:
        raise click.exceptions.Exit(NOT_EQUAL)
