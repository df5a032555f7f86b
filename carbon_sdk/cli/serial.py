"""`carbon serial`: the life of any unit, what an account has, and certificates of existence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.history import Opened, open_histories, store_option, synced, with_store
from carbon_sdk.cli.options import open_scheme, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.audit.histories import Station


class _LifeFirst(click.Group):
    """A group in which an instrument may stand where a command does: `carbon serial UKA21 57`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The life for whatever is no command's name."""
        return self.commands.get(cmd_name, self.commands["life"])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The life, unless a command is named."""
        known = not args or args[0].startswith("-") or args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["life", *args])


@click.group(cls=_LifeFirst)
def serial() -> None:
    """Tell the life of a unit: `carbon serial UKA21 57`. What an account has, certificates of existence."""


@serial.command()
@click.argument("instrument")
@click.argument("number", metavar="SERIAL")
@with_store
def life(
    instrument: str, number: str, store: str, sync: bool, rpc: str | None, deployment: str | None, as_json: bool
) -> None:
    """Tell what happened to the unit SERIAL of INSTRUMENT since it was issued.

    Times are UTC. Which units moved follows from the rule that an account's oldest go first.
    """
    with open_histories(store, sync, rpc, deployment) as opened:
        what = opened.instrument(instrument)
        stations = opened.histories.life(what, _serial(number))
        _show(opened, f"{opened.name_of(what)} unit {number}", [_station(one) for one in stations], as_json)


@serial.command()
@click.argument("account")
@click.argument("instrument")
@with_store
def holdings(
    account: str, instrument: str, store: str, sync: bool, rpc: str | None, deployment: str | None, as_json: bool
) -> None:
    """Tell which units of INSTRUMENT an ACCOUNT has: free, bound and why, in orders; in the order of their turn."""
    from carbon_sdk.identifiers import address

    whose = address(account)
    with open_histories(store, sync, rpc, deployment) as opened:
        what = opened.instrument(instrument)
        rows = [
            {"where": one.where, "why": one.why, "first": one.first, "last": one.last, "units": one.size}
            for one in opened.histories.holdings(whose, what)
        ]
        _show(opened, f"{opened.name_of(what)} of {whose}", rows, as_json)


@serial.command()
@click.argument("instrument")
@click.argument("number", metavar="SERIAL")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write it. Default: standard output.")
@store_option
@with_scheme
def certificate(
    instrument: str,
    number: str,
    out: Path | None,
    store: str,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Certify that the unit SERIAL of INSTRUMENT exists: how it was issued, proved against the last block's hash.

    The store is brought up to date first. Anyone can verify the certificate, without a node.
    """
    from carbon_sdk.audit.existence import certify
    from carbon_sdk.deployment.model import write_atomically

    with open_scheme(rpc, deployment) as scheme, synced(scheme, store) as histories:
        what = Opened(histories, lambda: scheme.deployment).instrument(instrument)
        ledger = scheme.deployment.address_of("InstrumentLedger")
        content = certify(scheme.chain.endpoint, histories, ledger, what, _serial(number))
    if out is None:
        click.echo(content)
        return
    write_atomically(out, content.decode())
    if as_json:
        from carbon_sdk.cli.output import print_json

        print_json({"file": str(out)})
    else:
        click.echo(f"Written to {out}.")


@serial.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--block-hash", metavar="0x…", help="Hash of the certificate's block, from a source that you trust.")
@click.option("--ledger", metavar="0x…", help="Address of the ledger, where you know it.")
@click.option("--store", metavar="FILE", help="A store of your own: every field is compared with what it says.")
@click.option("--online", is_flag=True, help="Ask the contract and the node of --rpc too.")
@with_scheme
def verify(
    file: Path,
    block_hash: str | None,
    ledger: str | None,
    store: str | None,
    online: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Verify the certificate of existence in FILE; needs no node. Exit code 3 when it is not genuine.

    Without --block-hash or --online only its inner consistency is checked; compare what is printed with what you trust.
    """
    from carbon_sdk.audit.existence import CertificateForged, check
    from carbon_sdk.cli.output import show
    from carbon_sdk.identifiers import address

    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    known = address(ledger) if ledger else None
    problems = check(content, _hash(block_hash), ledger=known)
    if not problems and store:
        with open_histories(store, sync=False, rpc=rpc, deployment=deployment) as opened:
            problems = check(content, _hash(block_hash), ledger=known, histories=opened.histories)
    if problems:
        raise CertificateForged(problems)
    show(dict(_verified(content, bool(block_hash), bool(store), online, rpc, deployment)), as_json)


def _verified(
    content: bytes, trusted: bool, compared: bool, online: bool, rpc: str | None, deployment: str | None
) -> Iterator[tuple[str, Any]]:
    import orjson

    from carbon_sdk.audit.statements import moment
    from carbon_sdk.identifiers import InstrumentId

    document = orjson.loads(content)
    issued, unit, block = document["issued"], document["unit"], document["block"]
    last = int(issued["firstSerial"]) + int(issued["quantity"]) - 1
    yield "instrument", InstrumentId(issued["instrument"])
    yield "issued", f"serials {issued['firstSerial']} to {last} to {issued['account']}"
    yield "issued_at", moment(issued["at"])
    yield "cause", issued["cause"]
    yield "chain", document["chain"]
    yield "ledger", document["ledger"]
    yield "block", block["number"]
    yield "block_hash", block["hash"]
    yield "block_time", moment(block["timestamp"])
    yield "proof", "leads to the block hash that you gave" if trusted else "leads to block_hash: compare it"
    yield "unit", f"{unit['serial']}: {unit['state']}, {unit['account']}, since {moment(unit['since'])}"
    yield "unit_by", "the store that you gave" if compared else "the word of who made the certificate"
    if online:
        yield "contract", _ask(content, rpc, deployment)


def _ask(content: bytes, rpc: str | None, deployment: str | None) -> str:
    """What the contract and the node say. Raises CertificateForged."""
    import orjson

    from carbon_sdk.audit.existence import CertificateForged, block_in
    from carbon_sdk.audit.forms import Problem
    from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
    from carbon_sdk.contracts.generated.structs import IssuedBlock

    document = orjson.loads(content)
    ledger, issued = block_in(content)
    with open_scheme(rpc, deployment) as scheme:
        if document["chain"] != scheme.chain.id:
            raise InputError(f"The certificate is of chain {document['chain']}, not of {scheme.chain.id}.")
        real = scheme.deployment.address_of("InstrumentLedger")
        if ledger != real:
            raise CertificateForged([Problem("ledger", f"{ledger}; this scheme's ledger is {real}")])
        said = IssuedBlock(
            issued.instrument, issued.first, issued.quantity, issued.account, issued.cause, issued.at
        )  # fmt: skip
        if not scheme.contract(InstrumentLedger).is_block(said):
            raise CertificateForged([Problem("issued", "the contract never issued such a block")])
        found = scheme.chain.endpoint.request("eth_getBlockByHash", document["block"]["hash"], False)
        if not found:
            raise CertificateForged([Problem("block.hash", "the chain has no such block")])
    return "issued so, and the block is the chain's"


def _station(station: Station) -> dict[str, Any]:
    from carbon_sdk.audit.statements import moment

    movement = station.movement
    return {
        "when": moment(station.timestamp),
        "block": movement.position.block,
        "what": movement.act,
        "first": movement.first,
        "last": movement.last,
        "holder": movement.holder,
        "from": movement.former,
        "reference": movement.reference,
        "transaction": movement.position.transaction,
    }


def _show(opened: Opened, title: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    """Rows as JSON, or as a table that says up to which block it is true."""
    from carbon_sdk.cli.output import print_json, print_rows

    if as_json:
        print_json(rows)
        return
    cursor = opened.histories.cursor()
    print_rows(f"{title}, as of block {cursor.number:,}", rows)


def _serial(text: str) -> int:
    from carbon_sdk.units import scaled

    return scaled(text, 0, name="SERIAL")


def _hash(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InputError(f"--block-hash {text!r} is no hash: give 0x and 64 hexadecimal digits.")
    return found
