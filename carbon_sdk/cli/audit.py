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


@audit.command()
@with_scheme
@click.option("--store", metavar="FILE", default="audit.sqlite", show_default=True, help="Where the events are kept.")
@click.option("--from-node", metavar="URL", help="Read the events from this node; ask that of --rpc for the state.")
@click.option("--proofs", is_flag=True, help="Prove every log by its block's header and receipts too.")
@click.option("--webhook", metavar="URL", envvar="CARBON_WEBHOOK", help="Where alarms are posted as JSON.")
@click.option("--every", metavar="SECONDS", type=click.IntRange(1), default=2, show_default=True, help="To look again.")
@click.option("--looks", type=click.IntRange(1), help="Stop after so many audits. Default: go on until Ctrl-C.")
@click.option("--keep-on", is_flag=True, help="Go on after an alarm, too. Exit code 3 at the end all the same.")
def watch(
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    store: str,
    from_node: str | None,
    proofs: bool,
    webhook: str | None,
    every: int,
    looks: int | None,
    keep_on: bool,
) -> None:
    """Audit each time the chain has something new. What is wrong is told once, by the webhook and by exit code 3.

    With --json one line a look.
    """
    import orjson

    from carbon_sdk.audit.suite import open_store
    from carbon_sdk.audit.watch import AuditWatch, WebhookFailed, post
    from carbon_sdk.chain.endpoint import HttpEndpoint
    from carbon_sdk.cli.output import plain

    alarmed = False
    with open_scheme(rpc, deployment) as scheme, contextlib.closing(open_store(store)) as events:
        source = HttpEndpoint(from_node) if from_node else None
        for done, look in enumerate(AuditWatch(scheme, events, source, proofs=proofs, every=every).looks(), 1):
            if as_json:
                click.echo(orjson.dumps(plain(look.as_json())))
            else:
                click.echo(look.report.summary())
                for line in look.alarms:
                    click.echo(f"ALARM {line}")
            if look.alarms:
                alarmed = True
                if webhook:
                    try:
                        post(webhook, look)
                    except WebhookFailed as error:
                        click.echo(f"carbon: {error}", err=True)  # the exit code tells it all the same
            if (look.alarms and not keep_on) or done == looks:
                break
    if alarmed:
        raise click.exceptions.Exit(NOT_EQUAL)


@audit.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_scheme
@click.option("--store", metavar="FILE", default="audit.sqlite", show_default=True, help="Where the events are kept.")
@click.option("--roles", metavar="FILE", help="The roles file: who should hold which role.")
@click.option("--proofs", is_flag=True, help="Prove every log by its block's header and receipts too.")
def report(
    file: Path, rpc: str | None, deployment: str | None, as_json: bool, store: str, roles: str | None, proofs: bool
) -> None:
    """Write the functional and the security audit report to FILE: .md to be signed, .html, or .json.

    Exit code 3 when an opinion is adverse.
    """
    import orjson

    from carbon_sdk.audit.filing import Opinion, file_report
    from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.model import write_atomically
    from carbon_sdk.deployment.roles_file import load_roles
    from carbon_sdk.errors import InputError

    if file.suffix not in (".md", ".html", ".json"):
        raise InputError(f"{file} ends with {file.suffix or 'nothing'}: give .md, .html or .json.")
    members = None if roles is None else load_roles(roles).members
    with open_scheme(rpc, deployment) as scheme, contextlib.closing(open_store(store)) as events:
        indexer_of(scheme, events).sync()
        auditor = auditor_of(scheme, events)
        found = auditor.run(proofs=proofs)
        filed = file_report(scheme, auditor, found, events, members, proofs=proofs)
    if file.suffix == ".json":
        written = orjson.dumps(filed.as_json(), option=orjson.OPT_INDENT_2).decode()
    else:
        written = filed.markdown() if file.suffix == ".md" else filed.page()
    write_atomically(file, written)
    opinions = {"functional": filed.opinion_functional.value, "security": filed.opinion_security.value}
    if as_json:
        print_json({"file": str(file), **opinions})
    else:
        click.echo(f"Written to {file}: functional {opinions['functional']}, security {opinions['security']}.")
    if Opinion.ADVERSE in (filed.opinion_functional, filed.opinion_security):
        raise click.exceptions.Exit(NOT_EQUAL)
