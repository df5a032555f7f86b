"""A day of orders on full blocks, replayed from its events: the auditor equals the chain."""

from __future__ import annotations

import os

from benchmarks.day import measure
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.demo.stage import Stage

ORDERS = 10_000 if os.environ.get("CARBON_FULL") else 500


# R-TRC-3
def test_audit__of_a_day_of_orders__equals_the_chain() -> None:
    audited = []

    def audit(stage: Stage) -> None:
        with open_store(":memory:") as store:
            indexer_of(stage.suite, store).sync()
            report = auditor_of(stage.suite, store).run()
            assert report.ok, report.lines()[:20]
            audited.append(report.events)

    figures = measure(lambda _: None, ORDERS, audit)
    assert audited[0] > ORDERS
    assert figures
