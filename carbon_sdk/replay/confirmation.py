"""The auditor's word at the end of a replay: all events folded, every figure compared with the contracts."""

from __future__ import annotations

import contextlib

from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.state import State
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.replay.ground import Ground


def confirm(ground: Ground) -> AuditReport:
    """Read the events that are new, fold, try the invariants, compare. Its report; `ok` when nothing differs."""
    return confirm_state(ground)[0]


def confirm_state(ground: Ground) -> tuple[AuditReport, State | None]:
    """As `confirm`, with what the events add up to; None where they could not be read."""
    with contextlib.closing(open_store(ground.store)) as store:
        indexer_of(ground.scheme, store).sync()
        auditor = auditor_of(ground.scheme, store)
        report = auditor.run()
    ground.tell(report.summary())
    return report, auditor.state
