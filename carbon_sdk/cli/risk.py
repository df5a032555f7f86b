"""`carbon risk`: the risk manager's verbs, and the scan for market abuse, which needs no key."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.options import open_scheme, with_scheme
from carbon_sdk.cli.roles import risk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carbon_sdk.scheme import Scheme
    from carbon_sdk.surveillance import EarlyWarning

__all__ = ["risk"]

KINDS = ("wash", "ring", "spoofing", "close", "concentration")
CSV_COLUMNS = (
    "id",
    "score",
    "kind",
    "market",
    "instrument",
    "since",
    "until",
    "accounts",
    "orders",
    "trades",
    "transactions",
    "figures",
    "summary",
    "source",
    "commands",
)


@click.command()
@click.option("--store", metavar="FILE", default="audit.sqlite", show_default=True, help="Where the events are kept.")
@click.option("--since", metavar="TIME", help="Leave out what ended before; as 2022-03-31T09:00:00+01:00 or seconds.")
@click.option("--until", metavar="TIME", help="Look at nothing later.")
@click.option("--market", metavar="MARKET", help="Only this market of the order book, by name or number.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only this kind; may be repeated.")
@click.option("--thresholds", metavar="FILE", help="TOML, in the shape of the SDK's surveillance/thresholds.toml.")
@click.option("--least-score", type=click.IntRange(0, 100), default=0, help="Leave out weaker warnings.")
@click.option("--csv", "file", metavar="FILE", type=click.Path(path_type=Path), help="Write them there; -: print CSV.")
@click.option(
    "--evidence", metavar="FOLDER", type=click.Path(path_type=Path), help="Write a JSON file for each warning there."
)
@with_scheme
def scan(
    store: str,
    since: str | None,
    until: str | None,
    market: str | None,
    kinds: tuple[str, ...],
    thresholds: str | None,
    least_score: int,
    file: Path | None,
    evidence: Path | None,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Scan the market for signs of abuse, and tell early warnings, the strongest first.

    Kinds: wash trades, rings, spoofing and layering, marking the close, concentration. The store is read up to now
    first. A warning is no verdict; one that is confirmed is entered by two officers: carbon risk accuse with the
    warning's file from --evidence, then carbon supervision confirm-accusation.
    """
    from carbon_sdk.audit.suite import open_store
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.cli.values import seconds_of
    from carbon_sdk.surveillance import WarningKind

    with open_scheme(rpc, deployment) as scheme, contextlib.closing(open_store(store)) as events:
        number = 0 if market is None else scheme.market(int(market) if market.isdecimal() else market).number
        found = scheme.risk_manager.scan(
            events,
            [WarningKind(kind) for kind in kinds],
            market=number,
            since=0 if since is None else seconds_of("since", since),
            until=0 if until is None else seconds_of("until", until),
            thresholds=thresholds,
        )
        found = tuple(one for one in found if one.score >= least_score)
        rows = [_content(scheme, one, evidence) for one in found]
    if evidence is not None:
        _write_evidence(evidence, rows)
    if file is not None:
        _write_csv(file, rows)
    elif as_json:
        print_json(rows)
    else:
        _show(found, rows)


risk.add_command(scan)


def _content(scheme: Scheme, one: EarlyWarning, evidence: Path | None) -> dict[str, Any]:
    """A warning in JSON's types; its commands name the file that `--evidence` writes."""
    from carbon_sdk.audit.statements import moment
    from carbon_sdk.cli.output import plain

    said: dict[str, Any] = plain(one)
    markets = (name for name, number in scheme.deployment.markets.items() if number == one.market)
    instruments = (name for name, id_ in scheme.deployment.instruments.items() if id_ == int(one.instrument))
    return {
        "id": one.id,
        **said,
        "kind": one.kind.value,
        "market": next(markets, str(one.market) if one.market else "elsewhere"),
        "instrument": next(instruments, str(one.instrument)),
        "since": moment(one.since),
        "until": moment(one.until),
        "chain": scheme.deployment.chain_id,
        "source": one.source,
        "commands": list(one.commands(evidence.as_posix() if evidence else "")),
    }


def _write_evidence(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Its bytes are what an accusation's digest is of, so they are the same whenever the scan is made."""
    import orjson

    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        kept = {name: value for name, value in row.items() if name != "commands"}
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
        (folder / f"{row['id']}.json").write_bytes(orjson.dumps(kept, option=options))


def _write_csv(file: Path, rows: Sequence[dict[str, Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        transactions = dict.fromkeys(one["transaction"] for one in (*row["orders"], *row["trades"]))
        flat = {
            **row,
            "accounts": " ".join(row["accounts"]),
            "orders": " ".join(one["order"] for one in row["orders"]),
            "trades": " ".join(one["voucher"].replace(" ", "_") for one in row["trades"]),
            "transactions": " ".join(transactions),
            "figures": "; ".join(f"{name} {value}" for name, value in row["figures"].items()),
            "commands": "; ".join(row["commands"]),
        }
        writer.writerow([flat[name] for name in CSV_COLUMNS])
    if str(file) == "-":
        click.echo(text.getvalue(), nl=False)
    else:
        file.write_text(text.getvalue(), encoding="utf-8")


def _show(found: Sequence[EarlyWarning], rows: Sequence[dict[str, Any]]) -> None:
    from carbon_sdk.cli.output import print_rows

    shown = ("score", "kind", "market", "since", "until", "id")
    print_rows("Early warnings", [{name: row[name] for name in shown} for row in rows])
    for one, row in zip(found, rows, strict=True):
        click.echo(f"\n{row['id']} ({one.source})")
        click.echo(f"  {one.summary}")
        click.echo(f"  accounts      {', '.join(one.accounts)}")
        if one.orders:
            click.echo(f"  orders        {', '.join(str(order.order) for order in one.orders)}")
        if one.trades:
            click.echo(f"  trades        {', '.join(trade.voucher for trade in one.trades)}")
        for command in row["commands"]:
            click.echo(f"  if confirmed  {command}")
