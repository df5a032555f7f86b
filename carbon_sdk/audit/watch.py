"""The live audit: each time the chain has something new it is read and compared, and what is wrong is told once.

    for look in AuditWatch(suite, store).looks():
        if look.alarms:
            post(webhook, look)

An alarm is a sentence of the report that no earlier look of this watch had. Whoever is told must not depend on being
told in time: the report of each look is whole.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from carbon_sdk.audit.auditor import ChainMovedOn
from carbon_sdk.audit.indexer import NodeContradictsItself, Rpc
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.suite import auditor_of, indexer_of
from carbon_sdk.errors import CarbonError, InputError, TransportError

if TYPE_CHECKING:
    from carbon_sdk.deployment.suite import Suite

FORMAT = "carbon-audit-alarm/1"
_TIMEOUT = 10


class WebhookFailed(CarbonError):
    """The webhook did not take an alarm."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the chain.

    Attributes:
        report: The audit.
        alarms: What is wrong that was not before.
        reorganisations: Depths of those that were followed on the way.
    """

    report: AuditReport
    alarms: tuple[str, ...]
    reorganisations: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "format": FORMAT,
            "alarms": list(self.alarms),
            "reorganisations": list(self.reorganisations),
            "report": self.report.as_json(),
        }


class AuditWatch:
    """Audits one deployment again and again.

    Args:
        suite: The deployment; its node is asked what the contracts say.
        store: The events.
        source: The node whose logs are read; None takes the suite's. Another one finds out a node that lies.
        proofs: Prove every log by its block's header and receipts too.
        every: Seconds between two looks at the head.
        patience: Looks in a row in which no node answers, or answers do not fit together, before it gives up.
    """

    def __init__(
        self,
        suite: Suite,
        store: Store,
        source: Rpc | None = None,
        *,
        proofs: bool = False,
        every: float = 2.0,  # nosemgrep -- seconds to wait
        patience: int = 30,
    ) -> None:
        self._suite, self._store = suite, store
        self._indexer = indexer_of(suite, store, source)
        self._auditor = auditor_of(suite, store)
        self._proofs, self._every, self._patience = proofs, every, patience
        self._known: set[str] = set()
        self._audited = b""
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End `looks` after the look that is under way."""
        self._stopped.set()

    def look(self) -> Look | None:
        """Read what is new and audit it; None when nothing is new.

        Raises:
            ChainMovedOn: The chain changed meanwhile: look again.
            NodeContradictsItself: The node's answers do not fit together.
            TransportError: No node answered.
        """
        done = self._indexer.sync()
        cursor = self._store.cursor(self._suite.chain.id)
        if cursor is None or cursor.hash == self._audited:
            return None
        report = self._auditor.run(proofs=self._proofs)
        lines = report.lines()
        new = tuple(line for line in lines if line not in self._known)
        self._known = set(lines)
        self._audited = bytes.fromhex(report.block_hash[2:])
        return Look(report, new, tuple(one.depth for one in done.reorganisations))

    def looks(self) -> Iterator[Look]:
        """Looks at which something was new, until `stop`. Raises what `look` raises when patience is over."""
        failed = 0
        while not self._stopped.is_set():
            try:
                found = self.look()
            except (ChainMovedOn, NodeContradictsItself, TransportError):
                failed += 1
                if failed >= self._patience:
                    raise
                found = None
            else:
                failed = 0
            if found:
                yield found
            self._stopped.wait(self._every)


def post(url: str, look: Look) -> None:
    """Tell a webhook: one POST with the look as JSON.

    Raises:
        InputError: The address is none of http or https.
        WebhookFailed: It did not answer, or not with 2xx.
    """
    import http.client

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("The webhook is no address: give it as https://host/path.")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, orjson.dumps(look.as_json()), {"Content-Type": "application/json"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise WebhookFailed(f"The webhook at {parts.hostname} cannot be told: {error}.") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise WebhookFailed(f"The webhook at {parts.hostname} answered {status}.")
