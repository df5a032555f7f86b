"""`carbon index`: the event store itself: read a chain into it, tell its state, hand it out, keep and restore it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.history import store_option
from carbon_sdk.cli.options import json_option, open_scheme, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.audit.indexer import Progress
    from carbon_sdk.audit.store import Cursor, Store

chain_option = click.option("--chain", type=int, help="Chain id. Default: the store's only one.")
until_options = (
    click.option("--until-block", type=click.IntRange(0), help="Only up to this block."),
    click.option("--until-time", metavar="TIME", help="Only up to this moment, UTC, such as 2021-05-12T17:00:00Z."),
)


@click.group()
def index() -> None:
    """Keep the event store: SQLite in a file, or PostgreSQL by a URL such as postgresql+psycopg://user@host/name."""


@index.command()
@store_option
@click.option("--to", type=click.IntRange(0), help="Read up to this block. Default: the head.")
@click.option("--follow", is_flag=True, help="Go on with each new block, until Ctrl-C.")
@click.option("--every", type=click.FloatRange(0.1), default=2.0, show_default=True, help="Seconds between two looks.")
@with_scheme
def run(
    store: str,
    to: int | None,
    follow: bool,
    every: float,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Read what is new into the store. It may be killed at any moment: the next run goes on where the rows end."""
    from threading import Event

    from carbon_sdk.audit.suite import indexer_of, open_store

    if follow and to is not None:
        raise InputError("Give --to or --follow, not both.")
    with open_scheme(rpc, deployment) as scheme, contextlib.closing(open_store(store)) as events:
        indexer = indexer_of(scheme, events)
        while True:
            done = indexer.sync(to, None if as_json else _tell)
            if not follow or done.logs or done.reorganisations:
                _show_done(done, as_json)
            if not follow:
                return
            Event().wait(every)


@index.command()
@store_option
@chain_option
@click.option("--events", is_flag=True, help="Also how many there are of each event.")
@click.option("--check", is_flag=True, help="Also look whether a row was changed since it was written: exit code 3.")
@json_option
def status(store: str, chain: int | None, events: bool, check: bool, as_json: bool) -> None:
    """Tell what the store has, how far, and which reorganisations it followed."""
    from carbon_sdk.cli.output import show

    with _opened(store) as opened:
        number = opened.only_chain() if chain is None else chain
        cursor = _cursor(opened, number)
        counts = opened.counts(number)
        found: dict[str, Any] = {
            "chain": number,
            "database": opened.engine.dialect.name,
            "first_block": cursor.first,
            "block": cursor.number,
            "block_hash": cursor.hash,
            "safe": cursor.safe,
            "finalized": cursor.finalized,
            "events": sum(counts.values()),
            "not_decoded": counts.get(("", ""), 0),
            "reorganisations": opened.reorganisations(number),
        }
        if events:
            found["by_event"] = {
                f"{contract}.{name}": count for (contract, name), count in sorted(counts.items()) if name
            }
        wrong = [str(finding) for finding in opened.verify(number)] if check else []
        if check:
            found["changed"] = wrong
    show(found, as_json)
    if wrong:
        raise click.exceptions.Exit(3)


@index.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "form", type=click.Choice(("csv", "parquet")), help="Default: what FILE ends with, else CSV.")
@click.option("--event", metavar="NAME", help="Only this one, such as OrderBook.Trade, its arguments as columns.")
@click.option("--account", metavar="ADDRESS", help="Only what names this account: a participant's own part.")
@click.option("--from-block", type=click.IntRange(0), default=0, help="First block.")
@click.option("--to-block", type=click.IntRange(0), help="Last block.")
@store_option
@chain_option
@json_option
def export(
    file: Path,
    form: str | None,
    event: str | None,
    account: str | None,
    from_block: int,
    to_block: int | None,
    store: str,
    chain: int | None,
    as_json: bool,
) -> None:
    """Write the events to FILE (-: standard output) as CSV or Parquet; equal from every database. Amounts are text."""
    from carbon_sdk.audit.export import export as write
    from carbon_sdk.audit.export import open_file
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.identifiers import address

    whose = None if account is None else address(account)
    form = form or ("parquet" if file.suffix == ".parquet" else "csv")
    with _opened(store) as opened:
        number = opened.only_chain() if chain is None else chain
        stdout = str(file) == "-"
        with contextlib.nullcontext(sys.stdout.buffer) if stdout else open_file(file) as to:
            count = write(opened, number, to, form, event=event, account=whose, after=from_block - 1, until=to_block)
    if as_json and not stdout:
        print_json({"file": str(file), "events": count})
    else:
        click.echo(f"{count:,} events written{'' if stdout else f' to {file}'}", err=True)


@index.command()
@click.argument("target", metavar="FILE|URL")
@until_options[0]
@until_options[1]
@store_option
@chain_option
@json_option
def backup(
    target: str, until_block: int | None, until_time: str | None, store: str, chain: int | None, as_json: bool
) -> None:
    """Copy the store into another one, FILE or a database. Every block is checked on the way; again, it goes on."""
    _copy(store, target, chain, until_block, until_time, as_json)


@index.command()
@click.argument("source", metavar="FILE|URL")
@until_options[0]
@until_options[1]
@store_option
@chain_option
@json_option
def restore(
    source: str, until_block: int | None, until_time: str | None, store: str, chain: int | None, as_json: bool
) -> None:
    """Make a store from a backup, as it was at a point in time; `carbon index run` then reads on from the chain."""
    if "://" not in source and not Path(source).exists():
        raise InputError(f"There is no backup {source}.")
    _copy(source, store, chain, until_block, until_time, as_json)


@index.command()
@store_option
@with_scheme
def redecode(store: str, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Write the decoded form of every event anew from its raw log, after an upgrade that brought new events."""
    from carbon_sdk.audit.store import addresses
    from carbon_sdk.audit.suite import contracts_of
    from carbon_sdk.cli.output import show

    with open_scheme(rpc, deployment) as scheme, _opened(store) as opened:
        count = opened.redecode(scheme.chain.id, addresses(contracts_of(scheme.deployment)))
        unknown = opened.counts(scheme.chain.id).get(("", ""), 0)
    show({"events": count, "not_decoded": unknown}, as_json)


def _copy(
    source: str, target: str, chain: int | None, until_block: int | None, until_time: str | None, as_json: bool
) -> None:
    from carbon_sdk.audit.export import copy
    from carbon_sdk.audit.suite import open_store
    from carbon_sdk.cli.output import print_json

    moment = None if until_time is None else _second(until_time)
    with _opened(source) as origin, contextlib.closing(open_store(target)) as place:
        number = origin.only_chain() if chain is None else chain
        reached = copy(origin, place, number, until=until_block, until_time=moment)
        count = place.count(number)
    where = _without_password(target)
    if as_json:
        print_json({"store": where, "chain": number, "block": reached.number, "hash": reached.hash, "events": count})
    else:
        click.echo(f"{count:,} events up to block {reached.number:,} of chain {number} are in {where}")


@contextlib.contextmanager
def _opened(store: str) -> Iterator[Store]:
    from carbon_sdk.audit.suite import open_store

    if "://" not in store and not Path(store).exists():
        raise InputError(f"There is no store {store}. Make one with `carbon index run`, or name another with --store.")
    with contextlib.closing(open_store(store)) as opened:
        yield opened


def _cursor(store: Store, chain: int) -> Cursor:
    cursor = store.cursor(chain)
    if cursor is None:
        raise InputError(f"The store has nothing of chain {chain}; it has {store.chains()}.")
    return cursor


def _tell(done: Progress) -> None:
    click.echo(f"carbon: block {done.block:,} of {done.target:,}, {done.logs:,} events", err=True)


def _show_done(done: Progress, as_json: bool) -> None:
    import orjson

    from carbon_sdk.cli.output import plain

    if as_json:
        click.echo(orjson.dumps(plain(done)))
        return
    for one in done.reorganisations:
        click.echo(
            f"Reorganisation: {one.depth} blocks above {one.ancestor:,} left, {one.logs_removed:,} events removed"
        )
    click.echo(f"Read up to block {done.block:,}: {done.logs:,} new events")


def _second(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--until-time {text!r} is no moment: give it as 2021-05-12T17:00:00Z.") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _without_password(where: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(where).render_as_string(hide_password=True) if "://" in where else where
