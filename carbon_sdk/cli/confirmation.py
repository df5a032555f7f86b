"""`carbon confirmation`: what does this trade confirmation say, and is it genuine?"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.options import open_scheme, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.confirmations import Confirmation
    from carbon_sdk.identifiers import Address
    from carbon_sdk.scheme import Scheme


@click.group()
def confirmation() -> None:
    """Show and check the platform's confirmations of trades."""


@confirmation.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def show(file: Path, as_json: bool) -> None:
    """Show what FILE says. Nothing is verified but its form: that is what verify does."""
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.confirmations import parsed

    one, key, _ = parsed(_content(file))
    if as_json:
        print_json({**one.as_json(), "key": key})
        return
    for name, value in _lines(one, key):
        click.echo(f"{name:<14} {value}")


@confirmation.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--offline", is_flag=True, help="Without a node: by what you trust, named with --key and --root.")
@click.option("--key", metavar="ADDRESS", help="Offline: the platform's confirmation key, from a source you trust.")
@click.option("--root", metavar="0x…", help="Offline: the root of the voucher's series at the trade's block.")
@click.option("--store", metavar="FILE", default="audit.sqlite", show_default=True, help="Where the events are kept.")
@with_scheme
def verify(
    file: Path,
    offline: bool,
    key: str | None,
    root: str | None,
    store: str,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Verify the confirmation in FILE. Exit code 3 when it is not genuine; every wrong field is named.

    With a chain its events are read, the trade is looked up, and the contract is asked. Offline the signature and the
    voucher's path are checked; the key that signed, and the root, are to be compared with ones that you trust.
    """
    from carbon_sdk.cli.output import show as print_found

    content = _content(file)
    if (key or root) and not offline:
        raise InputError("--key and --root go with --offline: with a node the chain's own are taken.")
    found = _offline(content, key, root) if offline else _online(content, store, rpc, deployment)
    print_found(found, as_json)


def _offline(content: bytes, key: str | None, root: str | None) -> dict[str, Any]:
    import orjson

    from carbon_sdk.confirmations import ConfirmationKey, Root, Trust, parsed, verified
    from carbon_sdk.identifiers import address

    one, signed_by, _ = parsed(content)
    proof = orjson.loads(content)["proof"]
    keys = {address(key): ConfirmationKey(0, 1 << 40)} if key else None
    trusted = Root(proof["count"], _digest(root)) if root else None
    verified(content, Trust(keys=keys, root=trusted))
    return {
        "code": one.code,
        "signed by": signed_by,
        "key": "as you trust" if key else "compare it with one that you trust",
        "root": proof["root"],
        "series": one.voucher.series,
        "vouchers then": proof["count"],
        "block": one.block,
        "root is": "as you trust" if root else "compare it with voucherRoot of the series at that block",
        "offline": "consistent",
    }


def _online(content: bytes, store: str, rpc: str | None, deployment: str | None) -> dict[str, Any]:
    from carbon_sdk.audit.forms import Problem
    from carbon_sdk.audit.suite import indexer_of, open_store
    from carbon_sdk.confirmations import ConfirmationForged, Trust, check, parsed
    from carbon_sdk.confirmations.process import confirmed_trade, key_of
    from carbon_sdk.contracts.generated.trade_confirmations import TradeConfirmations

    one, signed_by, signature = parsed(content)
    with open_scheme(rpc, deployment) as scheme, contextlib.closing(open_store(store)) as events:
        desk = scheme.contract(TradeConfirmations)
        indexer_of(scheme, events).sync()
        known = confirmed_trade(scheme, events, one.code) or _by_place(scheme, events, one)
        period = key_of(desk, signed_by)
        trust = Trust(
            chain=scheme.chain.id,
            contract=desk.address,
            platform=desk.platform().rstrip(b"\0").decode(),
            keys={} if period is None else {signed_by: period},
            known=known,
        )
        problems = check(content, trust)
        if known is None:
            problems.append(Problem("confirmation", "the chain has no such trade, by its code or by its place"))
        if problems:
            raise ConfirmationForged(problems)
        verdict = _ask(scheme, one, signature)
    if verdict != "VALID":
        raise ConfirmationForged([Problem("confirmation", f"the contract says {verdict}")])
    return {"code": one.code, "signed by": signed_by, "block": one.block, "on chain": verdict}


def _by_place(scheme: Scheme, events: Any, one: Confirmation) -> Confirmation | None:
    """The trade where the file says it was settled, or with its voucher's number: the code may be what is wrong."""
    from carbon_sdk.confirmations.process import trades_as_confirmed

    place, number = (one.block, one.log_index), (one.voucher.series, one.voucher.index)
    for known in trades_as_confirmed(scheme, events):
        if place == (known.block, known.log_index) or number == (known.voucher.series, known.voucher.index):
            return known
    return None


def _ask(scheme: Scheme, one: Confirmation, signature: bytes) -> str:
    """What the contract says, with a path of now."""
    from carbon_sdk.confirmations.process import as_struct
    from carbon_sdk.contracts.generated.enums import ConfirmationVerdict
    from carbon_sdk.contracts.generated.trade_confirmations import TradeConfirmations

    siblings = scheme.voucher(one.voucher.series, one.voucher.index).proof()
    answer = scheme.contract(TradeConfirmations).verify(as_struct(one), signature, siblings)
    if answer.verdict is ConfirmationVerdict.NOT_IN_SERIES:
        return f"{answer.verdict.name} ({answer.of_voucher.name})"
    return answer.verdict.name


def _lines(one: Confirmation, key: Address) -> list[tuple[str, str]]:
    from carbon_sdk.audit.statements import decimal, moment
    from carbon_sdk.cli.values import MONEY_DECIMALS

    def money(amount: int) -> str:
        return decimal(amount, MONEY_DECIMALS)

    trade = one.voucher
    return [
        ("trade", one.code),
        ("platform", one.platform),
        ("when", moment(trade.at)),
        ("instrument", str(trade.instrument)),
        ("tonnes", f"{trade.quantity:,}"),
        ("price", money(trade.price)),
        ("amount", money(trade.price * trade.quantity)),
        ("seller", trade.sender),
        ("seller's fee", money(one.seller_fee)),
        ("buyer", trade.receiver),
        ("buyer's fee", money(one.buyer_fee)),
        ("settled in", f"block {one.block} of chain {one.chain}, log {one.log_index}"),
        ("transaction", f"0x{one.transaction.hex()}"),
        ("signed by", key),
    ]


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None


def _digest(text: str) -> bytes:
    import re

    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise InputError(f"--root {text!r} is no root: give 0x and 64 hexadecimal digits.")
    return bytes.fromhex(text[2:])
