"""`carbon voucher`: is this certificate what the chain recorded?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from carbon_sdk.cli.options import open_scheme, with_scheme
from carbon_sdk.errors import InputError


@click.group()
def voucher() -> None:
    """Check vouchers, on the chain and offline."""


@voucher.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--offline", is_flag=True, help="Only the certificate's inner consistency; tells what to compare.")
@with_scheme
def verify(file: Path, offline: bool, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Verify the certificate in FILE. Exit code 3 when it is not genuine.

    With a chain the contracts are asked; offline the certificate is checked in itself, and its root and block are to be
    compared with ones that you trust.
    """
    import orjson

    from carbon_sdk.audit.vouchers import VoucherForged, check, from_json
    from carbon_sdk.cli.output import show

    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    if problems := check(content):
        raise VoucherForged(problems)
    document = orjson.loads(content)
    found = {
        "code": document["code"],
        "voucher": from_json(document["voucher"]),
        "root": document["proof"]["root"],
        "vouchers_then": document["proof"]["count"],
        "block": document["block"],
        "offline": "consistent",
    }
    if not offline:
        found["on_chain"] = _ask(document, rpc, deployment)
    show(found, as_json)


def _ask(document: dict[str, Any], rpc: str | None, deployment: str | None) -> str:
    """What the contracts say, by a proof of now. Raises VoucherForged when it is not `VALID`."""
    from carbon_sdk.actors.views import leaf_of
    from carbon_sdk.audit.vouchers import Problem, VoucherForged, from_json
    from carbon_sdk.contracts.generated.enums import Verdict

    claimed = from_json(document["voucher"])
    with open_scheme(rpc, deployment) as scheme:
        if document["chain"] != scheme.chain.id:
            raise InputError(f"The certificate is of chain {document['chain']}, not of {scheme.chain.id}.")
        try:
            reader = scheme.voucher(claimed.series, claimed.index)
        except InputError as error:
            raise VoucherForged([Problem("voucher", str(error))]) from None
        verdict = reader.verify() if leaf_of(reader.voucher) == claimed.leaf() else Verdict.ALTERED
        code = reader.code
    if verdict is not Verdict.VALID:
        raise VoucherForged([Problem("voucher", f"the contracts say {verdict.name}")])
    if code != document["code"]:
        raise VoucherForged([Problem("code", f"the contracts say {code}")])
    return verdict.name
