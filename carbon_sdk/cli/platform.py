"""`carbon platform`: the operator's verbs, the watch for stress, trade confirmations, the list of large positions."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import click

from carbon_sdk.cli.options import open_scheme, signer_of, with_key, with_scheme
from carbon_sdk.cli.roles import platform

if TYPE_CHECKING:
    from carbon_sdk.actors.conduct_watch import Kept
    from carbon_sdk.actors.watcher import Seen
    from carbon_sdk.confirmations import Confirmed

__all__ = ["platform"]

PASSED = 3


@platform.command()
@with_scheme
@with_key
@click.option("--act", is_flag=True, help="Limit the platform when a threshold is passed; takes a risk manager's key.")
@click.option("--once", is_flag=True, help="Stop at the newest block. Exit code 3 when a threshold was passed.")
@click.option("--state", metavar="FILE", default="watch.json", show_default=True, help="Where it goes on from.")
@click.option("--since", metavar="BLOCK", type=click.IntRange(0), help="First block. Default: the civil day's first.")
@click.option("--every", metavar="SECONDS", type=click.IntRange(1), default=2, show_default=True, help="To look again.")
@click.option(
    "--fresh", metavar="SECONDS", type=click.IntRange(0), default=600, show_default=True, help="Act on no older."
)
@click.option(
    "--all", "every_block", is_flag=True, help="Tell of every block, not only of those that pass a threshold."
)
def watch(
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
    act: bool,
    once: bool,
    state: str,
    since: int | None,
    every: int,
    fresh: int,
    every_block: bool,
) -> None:
    """Follow the chain, measure stress, and tell which thresholds of the market rules are passed.

    Measured are orders in a block, failed settlements of the civil day, how full blocks are, seconds between blocks;
    thresholds are those on the chain. With --act the platform is limited to its core functions at once; its
    supervisor lets it return (carbon supervision restore). Credit records that time has changed are refreshed, and
    what an account's tier forbids its owner is extended to the owner's other accounts; without --act it is told.
    """
    from carbon_sdk.actors.conduct_watch import ConductWatcher
    from carbon_sdk.actors.watcher import StressWatcher

    with open_scheme(rpc, deployment) as scheme:
        officer = scheme.risk_officer(signer_of(keystore, key_env)) if act else None
        watcher = StressWatcher(scheme, state, since=since, officer=officer, fresh=fresh)
        records = ConductWatcher(scheme, officer)
        due: set[Kept] = set()  # told already
        passed = False
        while True:
            for seen in watcher.catch_up():
                passed = passed or bool(seen.excesses)
                if seen.excesses or every_block:
                    _tell(seen, as_json)
            kept = list(records.catch_up())
            for one in kept:
                if one not in due:
                    _tell_kept(one, as_json)
            due = set(kept)
            if once:
                break
            time.sleep(every)
    if passed:
        raise click.exceptions.Exit(PASSED)


def _tell(seen: Seen, as_json: bool) -> None:
    import orjson

    from carbon_sdk.cli.output import plain

    if as_json:
        click.echo(orjson.dumps(plain(seen)))
        return
    one = seen.measures
    click.echo(
        f"block {one.block}: {one.orders} orders, {one.failures} failed settlements of the day, "
        f"{one.fullness} hundredths of a per cent full, {one.gap} s after the one before"
        f"{', downgraded' if one.downgraded else ''}"
    )
    for excess in seen.excesses:
        click.echo(f"  passed: {excess} (rules {seen.version})")
    if seen.acted:
        click.echo(f"  the platform is limited to its core functions by {seen.acted}")


def _tell_kept(one: Kept, as_json: bool) -> None:
    import orjson

    from carbon_sdk.cli.output import plain

    if as_json:
        click.echo(orjson.dumps(plain(one)))
        return
    what = "refreshed" if one.source is None else f"held from {one.source} of the same owner"
    click.echo(f"credit record of {one.account}: {f'{what} by {one.acted}' if one.acted else f'to be {what}'}")


@platform.command()
@with_scheme
@with_key
@click.option(
    "--out", metavar="FOLDER", default="confirmations", show_default=True, help="Where files and journal lie."
)
@click.option("--store", metavar="FILE", default="audit.sqlite", show_default=True, help="Where the events are kept.")
@click.option(
    "--finality",
    metavar="LEVEL",
    default="finalized",
    show_default=True,
    help="finalized, safe, latest, or how many blocks must lie above a trade's.",
)
@click.option("--since", metavar="BLOCK", type=click.IntRange(0), default=0, help="First block, in a new folder.")
@click.option("--once", is_flag=True, help="Stop at the last block of that finality.")
@click.option("--every", metavar="SECONDS", type=click.IntRange(1), default=2, show_default=True, help="To look again.")
def confirm(
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
    out: str,
    store: str,
    finality: str,
    since: int,
    once: bool,
    every: int,
) -> None:
    """Follow the chain and sign a confirmation of every trade: one file each, for both parties.

    The key is the platform's confirmation key; it needs no role, and must be registered for the time of the trades
    (carbon platform register-confirmation-key). Stopped at any moment, it goes on where it was: no trade is left out
    and none confirmed twice. What a reorganisation takes back moves to the folder withdrawn.
    """
    from carbon_sdk.audit.suite import open_store
    from carbon_sdk.confirmations import Confirmer

    level: str | int = int(finality) if finality.isdecimal() else finality
    with (
        open_scheme(rpc, deployment) as scheme,
        contextlib.closing(open_store(store)) as events,
        Confirmer(scheme, signer_of(keystore, key_env), out, events, finality=level, since=since) as confirmer,
    ):
        while True:
            for confirmed in confirmer.catch_up():
                _tell_confirmed(confirmed, as_json)
            if once:
                break
            time.sleep(every)


def _tell_confirmed(one: Confirmed, as_json: bool) -> None:
    import orjson

    what = "withdrawn" if one.withdrawn else "found" if one.found else "confirmed"
    if as_json:
        block = None if one.confirmation is None else one.confirmation.block
        click.echo(orjson.dumps({"voucher": one.voucher, "what": what, "file": str(one.path), "block": block}))
    else:
        click.echo(f"{what} {one.voucher}: {one.path}")


@platform.command()
@with_scheme
@click.option("--store", metavar="FILE", default="audit.sqlite", show_default=True, help="Where the events are kept.")
@click.option("--due", is_flag=True, help="Only those that have to report.")
def positions(rpc: str | None, deployment: str | None, as_json: bool, store: str, due: bool) -> None:
    """List positions from their thresholds on, by account and by beneficial owner, and how their reports stand."""
    from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
    from carbon_sdk.cli.output import print_json, show
    from carbon_sdk.market_data.large_positions import due_reports, groups_of, large_positions

    with open_scheme(rpc, deployment) as scheme, contextlib.closing(open_store(store)) as events:
        indexer_of(scheme, events).sync()
        state = auditor_of(scheme, events).fold()
        found = list(due_reports(state) if due else large_positions(state))
        groups = [] if due else list(groups_of(state))
    if as_json:
        print_json({"accounts": found, "owners": groups})
        return
    for title, rows in (("accounts", found), ("owners", groups)):
        if rows:
            click.echo(title)
            show(rows, False)
    if not found and not groups:
        click.echo("No position is large.")
