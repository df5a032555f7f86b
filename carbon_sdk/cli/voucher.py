"""`carbon voucher`: certificates of what was concluded, and whether one is what the chain recorded."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.history import store_option
from carbon_sdk.cli.options import open_scheme, signer_of, with_key, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.audit.state import State
    from carbon_sdk.audit.vouchers import Voucher
    from carbon_sdk.scheme import Scheme


@click.group()
def voucher() -> None:
    """Certify vouchers, and check them, on the chain and offline."""


@voucher.command()
@click.argument("code")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Default: CODE.json.")
@click.option("--pdf", metavar="FILE", type=click.Path(path_type=Path), help="Also a page to print, with a QR code.")
@store_option
@with_scheme
@with_key
def certificate(
    code: str,
    out: Path | None,
    pdf: Path | None,
    store: str,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
) -> None:
    """Make the holder's copy of the voucher CODE, signed with the platform's key, proved against the last block's hash.

    The key is the platform's confirmation key; the store is brought up to date first.
    """
    from carbon_sdk.audit.certificates import certify, voucher_by_code
    from carbon_sdk.audit.suite import contracts_of
    from carbon_sdk.cli.output import show
    from carbon_sdk.deployment.model import write_atomically

    signer = signer_of(keystore, key_env)
    with open_scheme(rpc, deployment) as scheme, _folded(scheme, store) as (state, header):
        _, found = voucher_by_code(state, code)
        content = certify(
            scheme.chain.endpoint, state, contracts_of(scheme.deployment), found, header, scheme.chain.id, signer
        )
    file = out or Path(f"{code}.json")
    write_atomically(file, content.decode())
    if pdf:
        from carbon_sdk.audit.certificate_page import as_pdf
        from carbon_sdk.cli.values import MONEY_DECIMALS

        pdf.write_bytes(as_pdf(content, MONEY_DECIMALS))
    show(
        {
            "file": str(file),
            **({"pdf": str(pdf)} if pdf else {}),
            "block": header.number,
            "block_hash": header.hash,
            "signed_by": signer.address,
        },
        as_json,
    )


@voucher.command()
@click.argument("what", metavar="FILE|CODE")
@click.option("--offline", is_flag=True, help="Without a node: by what you trust, named below, and your own --store.")
@click.option("--block-hash", metavar="0x…", help="Hash of the certificate's block, from a source that you trust.")
@click.option("--key", metavar="ADDRESS", help="The platform's key, from a source that you trust.")
@click.option("--store", metavar="FILE", help="A store of your own: every field is compared with what it says.")
@with_scheme
def verify(
    what: str,
    offline: bool,
    block_hash: str | None,
    key: str | None,
    store: str | None,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
) -> None:
    """Verify the certificate in FILE, or the voucher CODE as it is printed or in its QR code.

    Exit code 3 when it is not genuine; everything that is wrong is named. With a chain the contracts are asked; offline
    the certificate is checked in itself and against what you trust.
    """
    from carbon_sdk.cli.output import show

    code = what.removeprefix("carbon-voucher:")
    if not Path(what).exists() and _looks_like_code(code):
        found = _verify_code(code, offline, store, rpc, deployment)
    else:
        found = _verify_file(Path(what), offline, block_hash, key, store, rpc, deployment)
    show(found, as_json)


def _verify_code(
    code: str, offline: bool, store: str | None, rpc: str | None, deployment: str | None
) -> dict[str, Any]:
    from carbon_sdk.audit.certificates import voucher_by_code
    from carbon_sdk.audit.forms import Problem
    from carbon_sdk.audit.vouchers import VoucherForged, code_is_sound

    if not code_is_sound(code):
        raise VoucherForged([Problem("code", f"{code} is mistyped: its check characters are wrong")])
    if offline and store is None:
        return {"code": code, "offline": "well formed: with --store or a node it can be looked up"}
    if offline:
        assert store is not None  # noqa: S101 -- said above
        state = _state_of(store, deployment)
        return {"code": code, "voucher": voucher_by_code(state, code)[1], "offline": "as in the store"}
    with open_scheme(rpc, deployment) as scheme, _folded(scheme, store or ":memory:") as (state, _):
        _, found = voucher_by_code(state, code)
        return {"code": code, "voucher": found, "on_chain": _ask(scheme, found, code)}


def _verify_file(
    file: Path,
    offline: bool,
    block_hash: str | None,
    key: str | None,
    store: str | None,
    rpc: str | None,
    deployment: str | None,
) -> dict[str, Any]:
    import orjson

    from carbon_sdk.audit import certificates, vouchers
    from carbon_sdk.audit.vouchers import VoucherForged, from_json
    from carbon_sdk.identifiers import address

    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    known = None if store is None else _known(store, content, deployment)
    is_copy = _format_of(content) == certificates.FORMAT
    trusted = None if block_hash is None else _digest(block_hash)
    if is_copy:
        trust = certificates.Trust(
            block_hash=trusted,
            keys=None if key is None else {address(key)},
            known=known,
        )
        problems = certificates.check(content, trust)
    else:
        problems = vouchers.check(content, known=known)
        if key is not None or trusted is not None:
            raise InputError(f"{file} is not a holder's copy: it is neither signed nor proved against a block.")
    if problems:
        raise VoucherForged(problems)
    document = orjson.loads(content)
    claimed = from_json(document["voucher"])
    found: dict[str, Any] = {"code": document["code"], "voucher": claimed, "block": document["block"]}
    if is_copy:
        found["signed_by"] = document["key"]
        found["key"] = "as you trust" if key else "compare it with the platform's"
        found["issuer"] = document["issuer"]
        found["proof"] = "leads to the block hash that you gave" if trusted else "leads to block.hash: compare it"
    else:
        found["root"], found["vouchers_then"] = document["proof"]["root"], document["proof"]["count"]
    found["offline"] = "as in the store" if known else "consistent"
    if not offline:
        with open_scheme(rpc, deployment) as scheme:
            if document["chain"] != scheme.chain.id:
                raise InputError(f"The certificate is of chain {document['chain']}, not of {scheme.chain.id}.")
            if is_copy:
                _ask_of_copy(scheme, document)
            found["on_chain"] = _ask(scheme, claimed, document["code"])
    return found


def _ask(scheme: Scheme, claimed: Voucher, code: str) -> str:
    """What the contracts say, by a proof of now. Raises VoucherForged when it is not `VALID`."""
    from carbon_sdk.actors.views import leaf_of
    from carbon_sdk.audit.vouchers import Problem, VoucherForged
    from carbon_sdk.contracts.generated.enums import Verdict

    try:
        reader = scheme.voucher(claimed.series, claimed.index)
    except InputError as error:
        raise VoucherForged([Problem("voucher", str(error))]) from None
    verdict = reader.verify() if leaf_of(reader.voucher) == claimed.leaf() else Verdict.ALTERED
    true = reader.code
    if verdict is not Verdict.VALID:
        raise VoucherForged([Problem("voucher", f"the contracts say {verdict.name}")])
    if true != code:
        raise VoucherForged([Problem("code", f"the contracts say {true}")])
    return verdict.name


def _ask_of_copy(scheme: Scheme, document: dict[str, Any]) -> None:
    """Whether block, issuer and key are the chain's. Raises VoucherForged."""
    from carbon_sdk.audit.forms import Problem
    from carbon_sdk.audit.suite import contracts_of
    from carbon_sdk.audit.vouchers import VoucherForged
    from carbon_sdk.confirmations.process import key_of
    from carbon_sdk.contracts.generated.trade_confirmations import TradeConfirmations
    from carbon_sdk.identifiers import address

    problems = []
    issuer, block = document["issuer"], document["block"]
    if contracts_of(scheme.deployment).get(address(issuer["address"])) != issuer["name"]:
        problems.append(Problem("issuer", f"{issuer['address']} is not this scheme's {issuer['name']}"))
    if not scheme.chain.endpoint.request("eth_getBlockByHash", block["hash"], False):
        problems.append(Problem("block.hash", "the chain has no such block"))
    period = key_of(scheme.contract(TradeConfirmations), address(document["key"]))
    if period is None:
        problems.append(Problem("key", f"{document['key']} is no key of the platform"))
    elif why := period.why_not(block["timestamp"]):  # when it was signed, not when the voucher was issued
        problems.append(Problem("key", f"{document['key']} {why}"))
    if problems:
        raise VoucherForged(problems)


@contextlib.contextmanager
def _folded(scheme: Scheme, store: str) -> Any:
    """The state of a store that is brought up to date, and its last block."""
    from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store

    with contextlib.closing(open_store(store)) as events:
        indexer_of(scheme, events).sync()
        cursor = events.cursor(scheme.chain.id)
        assert cursor is not None  # noqa: S101 -- it was just read
        header = events.header_at(scheme.chain.id, cursor.number)
        assert header is not None  # noqa: S101 -- the last block is always stored
        yield auditor_of(scheme, events).fold(cursor.number, journal=False), header


def _state_of(store: str, deployment: str | None) -> State:
    """The state of a store, with no node."""
    from carbon_sdk.audit.fold import Fold
    from carbon_sdk.cli.history import open_histories

    with open_histories(store, False, None, deployment) as opened:
        histories = opened.histories
        fold = Fold(opened.contracts(), journal=False)
        return fold.apply_all(histories.store.events(histories.chain))


def _known(store: str, content: bytes, deployment: str | None) -> Voucher | None:
    """The voucher in the certificate's place, as the store tells it."""
    import orjson

    from carbon_sdk.audit.forms import Problem
    from carbon_sdk.audit.vouchers import VoucherForged

    try:
        said = orjson.loads(content)["voucher"]
        series, index = int(said["series"]), int(said["index"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None  # check tells what is wrong with the form
    for one in _state_of(store, deployment).vouchers.series.values():
        if one.number == series and 0 <= index < len(one.vouchers):
            return one.vouchers[index]
    raise VoucherForged([Problem("voucher.index", f"series {series} has no voucher {index}")])


def _format_of(content: bytes) -> str:
    import orjson

    try:
        return str(orjson.loads(content).get("format"))
    except (orjson.JSONDecodeError, AttributeError):
        return ""


def _looks_like_code(text: str) -> bool:
    import re

    return re.fullmatch(r"[0-9A-Z-]{4,80}", text) is not None


def _digest(text: str) -> bytes:
    import re

    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise InputError(f"--block-hash {text!r} is no hash: give 0x and 64 hexadecimal digits.")
    return bytes.fromhex(text[2:])
