"""`carbon prove` and `carbon verify`: bundles that prove to anyone what the chain recorded, with no node to trust."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.history import store_option
from carbon_sdk.cli.options import deployment_option, json_option, open_scheme, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.audit.decode import Decoders
    from carbon_sdk.identifiers import Address
    from carbon_sdk.scheme import Scheme

out_option = click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Default: proof-….json.")
block_option = click.option("--block", type=click.IntRange(0), help="As of this block. Default: the last one.")


class _TransactionFirst(click.Group):
    """A group in which a transaction may stand where a command does: `carbon prove 0x…`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The transaction, unless a command is named."""
        known = not args or not args[0].startswith("0x")
        return super().resolve_command(ctx, args if known else ["transaction", *args])


@click.group(cls=_TransactionFirst)
def prove() -> None:
    """Write a proof of a transaction: `carbon prove 0x…`. Of balances, of a status, of an account's whole statement."""


@prove.command()
@click.argument("transaction", metavar="0x…")
@out_option
@with_scheme
def transaction(transaction: str, out: Path | None, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Prove a transaction and its events by the block's header and the paths to the transaction and its receipt."""
    from carbon_sdk.audit.bundles import prove_transaction

    wanted = f"0x{_digest('The transaction', transaction).hex()}"
    _make(
        lambda scheme, contracts, decoders: prove_transaction(scheme.chain.endpoint, contracts, decoders, wanted),
        out or Path(f"proof-{wanted[2:10]}.json"),
        rpc,
        deployment,
        as_json,
    )


@prove.command()
@click.argument("account")
@click.argument("instruments", metavar="INSTRUMENT…", nargs=-1, required=True)
@block_option
@out_option
@with_scheme
def balance(
    account: str,
    instruments: tuple[str, ...],
    block: int | None,
    out: Path | None,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Prove what an ACCOUNT holds of each INSTRUMENT (a name or an id), and its standing and main money."""
    from carbon_sdk.audit.bundles import prove_facts
    from carbon_sdk.cli.values import instrument_of
    from carbon_sdk.identifiers import address

    owner = address(account)

    def made(scheme: Scheme, contracts: dict[Address, str], decoders: Decoders) -> bytes:
        wanted = [instrument_of(scheme, text) for text in instruments]
        main = _main_money(scheme)
        facts: list[tuple[str, Address, int]] = [("account", owner, 0)]
        facts += [("units", owner, int(one)) for one in wanted if int(one) != main]
        return prove_facts(scheme.chain.endpoint, contracts, decoders, facts, block)

    _make(made, out or Path(f"proof-{owner[2:10]}.json"), rpc, deployment, as_json)


@prove.command()
@click.argument("account")
@block_option
@out_option
@with_scheme
def status(
    account: str, block: int | None, out: Path | None, rpc: str | None, deployment: str | None, as_json: bool
) -> None:
    """Prove an ACCOUNT's standing and its compliance status."""
    from carbon_sdk.audit.bundles import prove_facts
    from carbon_sdk.identifiers import address

    owner = address(account)
    _make(
        lambda scheme, contracts, decoders: prove_facts(
            scheme.chain.endpoint, contracts, decoders, [("account", owner, 0), ("obligation", owner, 0)], block
        ),
        out or Path(f"proof-{owner[2:10]}.json"),
        rpc,
        deployment,
        as_json,
    )


@prove.command()
@click.argument("account")
@store_option
@out_option
@with_scheme
def statement(
    account: str, store: str, out: Path | None, rpc: str | None, deployment: str | None, as_json: bool
) -> None:
    """Prove all transactions that tell of an ACCOUNT, and what it holds at the end: the two must agree."""
    import contextlib

    from carbon_sdk.audit.bundles import prove_statement
    from carbon_sdk.audit.suite import indexer_of, open_store
    from carbon_sdk.identifiers import address

    owner = address(account)

    def made(scheme: Scheme, contracts: dict[Address, str], decoders: Decoders) -> bytes:
        with contextlib.closing(open_store(store)) as events:
            indexer_of(scheme, events).sync()
            return prove_statement(
                scheme.chain.endpoint, events, contracts, owner, _main_money(scheme), chain=scheme.chain.id
            )

    _make(made, out or Path(f"proof-{owner[2:10]}.json"), rpc, deployment, as_json)


@click.group()
def verify() -> None:
    """Check what was handed to you, with no node."""


@verify.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--block-hash",
    "hashes",
    metavar="0x…",
    multiple=True,
    help="Hash of the bundle's last block, from a source that you trust. Others may be given, too.",
)
@deployment_option
@json_option
def bundle(file: Path, hashes: tuple[str, ...], deployment: str | None, as_json: bool) -> None:
    """Check the bundle in FILE and tell what it proves. Exit code 3 when it proves nothing; every wrong field is named.

    With --deployment the contracts are compared with that file's; without it, compare the addresses yourself.
    """
    from carbon_sdk.audit.bundles import verify as verified
    from carbon_sdk.audit.decode import Decoders
    from carbon_sdk.audit.suite import contracts_of, suite_abis
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.model import Deployment

    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    trusted = [_digest("--block-hash", one) for one in hashes]
    contracts = contracts_of(Deployment.load(deployment)) if deployment else None
    found = verified(content, trusted, Decoders(suite_abis()), contracts)
    if as_json:
        print_json(_without_paths(found))
    else:
        _print(found, bool(trusted), contracts is not None)


def _make(
    make: Callable[[Scheme, dict[Address, str], Decoders], bytes],
    out: Path,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    import orjson

    from carbon_sdk.audit.decode import Decoders
    from carbon_sdk.audit.suite import contracts_of, suite_abis
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.model import write_atomically

    with open_scheme(rpc, deployment) as scheme:
        content = make(scheme, contracts_of(scheme.deployment), Decoders(suite_abis()))
    write_atomically(out, content.decode())
    last = orjson.loads(content)["blocks"][-1]
    if as_json:
        print_json({"file": str(out), "block": last["number"], "block_hash": last["hash"], "bytes": len(content)})
    else:
        click.echo(f"Written to {out}. Whoever trusts block {last['number']}, {last['hash']}, checks it with")
        click.echo(f"  carbon verify bundle {out} --block-hash {last['hash']}")


def _print(found: dict[str, Any], trusted: bool, compared: bool) -> None:
    from carbon_sdk.audit.statements import moment
    from carbon_sdk.cli.output import print_rows

    last = found["blocks"][-1]
    said = "leads to a block hash that you trust" if trusted else "is consistent; compare the block hash"
    click.echo(f"The proof {said}: block {last['number']:,}, {last['hash']}, {moment(last['timestamp'])}.")
    transactions: list[dict[str, Any]] = []
    facts: list[dict[str, Any]] = []
    for block in found["blocks"]:
        for one in block["transactions"]:
            for event in one["events"] or [{"contract": "", "event": "", "args": {}}]:
                args = ", ".join(f"{name} {value}" for name, value in event["args"].items())
                transactions.append(
                    {
                        "block": block["number"],
                        "transaction": one["hash"],
                        "done": one["status"] == 1,
                        "event": f"{event['contract']}.{event['event']}",
                        "says": args,
                    }
                )
        facts.extend({"account": one["account"], "fact": one["fact"], **_of(one)} for one in block["state"])
    if transactions:
        print_rows("Transactions", transactions)
    for kind in ("account", "units", "obligation"):
        if rows := [row for row in facts if row["fact"] == kind]:
            print_rows(kind.capitalize(), rows)
    if found["statement"]:
        click.echo(f"The transfers add up to what {found['statement']} holds: no transaction that moves it is missing.")
    as_said = "as in the deployment file" if compared else "compare them with the deployment's"
    print_rows(f"Contracts, {as_said}", [{"contract": name, "address": at} for at, name in found["contracts"].items()])


def _of(one: dict[str, Any]) -> dict[str, Any]:
    from carbon_sdk.identifiers import InstrumentId

    known = {} if one["instrument"] == "0" else {"instrument": str(InstrumentId(one["instrument"]))}
    return {**known, **one["value"]}


def _without_paths(found: dict[str, Any]) -> dict[str, Any]:
    """What is proved, without what proves it."""
    left_out = {"path", "receiptPath", "accountPath", "storagePath", "header"}

    def kept(item: Any) -> Any:
        if isinstance(item, dict):
            return {name: kept(part) for name, part in item.items() if name not in left_out}
        return [kept(part) for part in item] if isinstance(item, list) else item

    blocks = [one for one in found["blocks"] if one["transactions"] or one["state"]]
    return {**{name: item for name, item in found.items() if name != "blocks"}, "blocks": kept(blocks)}


def _main_money(scheme: Scheme) -> int:
    from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger

    return int(scheme.contract(InstrumentLedger).main_money())


def _digest(what: str, text: str) -> bytes:
    import re

    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise InputError(f"{what} {text!r} is no hash: give 0x and 64 hexadecimal digits.")
    return bytes.fromhex(text[2:])
