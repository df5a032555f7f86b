"""The auditor's way into one deployment: store, indexer, auditor and voucher files from what the SDK already knows.

store = open_store("audit.sqlite")
indexer_of(suite, store).sync()
auditor = auditor_of(suite, store)
report = auditor.run()
write_vouchers(auditor, report, "vouchers")
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from carbon_sdk.audit.auditor import Auditor
from carbon_sdk.audit.decode import Abi, Decoders
from carbon_sdk.audit.indexer import Indexer, Rpc
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.state import Series, State
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.vouchers import Anchor, Voucher, certificate, code_of
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address

if TYPE_CHECKING:
    from carbon_sdk.deployment.model import Deployment
    from carbon_sdk.deployment.suite import Suite


def suite_abis() -> dict[str, Abi]:
    """Contract's name → ABI, from the artifacts that the wheel carries."""
    folder = files("carbon_sdk.contracts") / "artifacts"
    return {
        entry.name.removesuffix(".json"): orjson.loads(entry.read_bytes())["abi"]
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".json")
    }


def contracts_of(deployment: Deployment) -> dict[Address, str]:
    """Contract's name by its address: what the indexer listens to."""
    return {Address(item.address): name for name, item in deployment.contracts.items()}


def open_store(where: str | Path) -> Store:
    """The event store of the suite. A path of an SQLite file, `:memory:`, or an SQLAlchemy URL."""
    return Store(where, Decoders(suite_abis()))


def indexer_of(suite: Suite, store: Store, rpc: Rpc | None = None) -> Indexer:
    """Reads the deployment's events into a store; from another node than the suite's when `rpc` is given."""
    return Indexer(
        suite.chain.endpoint if rpc is None else rpc, store, contracts_of(suite.deployment), suite.deployment.block
    )


def auditor_of(suite: Suite, store: Store, rpc: Rpc | None = None) -> Auditor:
    """Audits the deployment; by another node than the suite's when `rpc` is given."""
    return Auditor(
        suite.chain.endpoint if rpc is None else rpc,
        store,
        contracts_of(suite.deployment),
        suite_abis(),
        suite.deployment.chain_id,
    )


def series_by_number(state: State, number: int) -> Series:
    """The series of a number in the directory. Raises InputError."""
    for (_, known), series in state.vouchers.series.items():
        if known == number:
            return series
    raise InputError(f"No voucher was issued in series {number}.")


def anchor_of(state: State, series: Series, report: AuditReport) -> Anchor:
    """What an auditor who found everything equal can vouch for: the series' root at the audited block."""
    mountains = series.mountains
    block_hash = bytes.fromhex(report.block_hash[2:])
    return Anchor(
        report.chain, series.issuer, series.number, len(mountains), mountains.root(), report.block, block_hash
    )


def certificates(state: State, report: AuditReport) -> list[tuple[str, Voucher, bytes]]:
    """(code, voucher, certificate) of every voucher, series by series."""
    found = []
    for series in sorted(state.vouchers.series.values(), key=lambda one: one.number):
        anchor = anchor_of(state, series, report)
        for voucher in series.vouchers:
            if voucher is None:
                continue
            code = code_of(voucher, state.vouchers.rules) if state.vouchers.rules else ""
            found.append((code, voucher, certificate(voucher, series.mountains, anchor, code)))
    return found


def write_vouchers(auditor: Auditor, report: AuditReport, folder: str | Path) -> list[Path]:
    """Every voucher's certificate as `<code>.json`, after an audit. Returns the paths.

    Raises:
        InputError: Nothing has been audited yet.
    """
    if auditor.state is None:
        raise InputError("Run the audit first.")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for code, voucher, document in certificates(auditor.state, report):
        path = target / f"{code or f'series-{voucher.series}-{voucher.index}'}.json"
        path.write_bytes(document)
        paths.append(path)
    return paths
