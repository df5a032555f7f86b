"""What the auditor found, for people (table, HTML) and programs (JSON)."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from carbon_sdk.audit.events import Position
from carbon_sdk.audit.store import Finding

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One figure that the contract and the events tell differently.

    Attributes:
        group: Kind of thing, such as `balances`.
        about: Which one.
        contract: Name of the contract that was asked.
        field: Field of its answer; empty where the answer has none.
        on_chain: What the contract says.
        folded: What the events add up to.
        last: The last event that touched it; None where none did.
        first: Where the two parted, if it was looked for and found.
    """

    group: str
    about: str
    contract: str
    field: str
    on_chain: object
    folded: object
    last: Position | None
    first: Position | None = None

    def __str__(self) -> str:
        what = f"{self.about}{f', {self.field}' if self.field else ''}"
        where = self.first or self.last
        told = f"; {'parted' if self.first else 'last touched'} in {where}" if where else "; no event touched it"
        return f"{what}: {self.contract} says {shown(self.on_chain)}, the events say {shown(self.folded)}{told}"


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The result of one audit at one block.

    Attributes:
        chain: Chain id.
        block: Number of the block.
        block_hash: Its hash.
        timestamp: Its Unix seconds.
        events: Events that were folded.
        checks: Kind of thing → figures compared with the contracts.
        invariants: Names of the invariants that were tried.
        discrepancies: Figures that differ.
        violations: Invariants that do not hold.
        findings: What was changed in the store since it was written.
        passed_over: Events of the suite that the fold has no rule for, and how many there were.
        not_asked: Views that the ABI lacks, so that nothing was compared.
    """

    chain: int
    block: int
    block_hash: str
    timestamp: int
    events: int
    checks: Mapping[str, int]
    invariants: tuple[str, ...]
    discrepancies: tuple[Discrepancy, ...] = ()
    violations: tuple[Violation, ...] = ()
    findings: tuple[Finding, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)
    not_asked: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the events tell everything and the contracts agree with all of it."""
        return not (self.discrepancies or self.violations or self.findings or self.passed_over or self.not_asked)

    @property
    def compared(self) -> int:
        """Figures that were compared with the contracts."""
        return sum(self.checks.values())

    def summary(self) -> str:
        """One sentence."""
        if self.ok:
            return (
                f"The replay of {self.events:,} events equals the contracts' state at block {self.block:,}: "
                f"{self.compared:,} figures compared, {len(self.invariants)} invariants hold."
            )
        parts = (
            (len(self.discrepancies), "figures differ"),
            (len(self.violations), "invariants violated"),
            (len(self.findings), "findings in the store"),
            (sum(self.passed_over.values()), "events without a rule"),
            (len(self.not_asked), "views missing"),
        )
        told = ", ".join(f"{count} {what}" for count, what in parts if count)
        return f"The replay of {self.events:,} events does NOT equal the contracts at block {self.block:,}: {told}."

    def lines(self) -> list[str]:
        """Everything that is wrong, one sentence each."""
        return [
            *map(str, self.findings),
            *map(str, self.discrepancies),
            *map(str, self.violations),
            *(f"{count} events {name} have no rule" for name, count in self.passed_over.items()),
            *(f"{view} could not be asked" for view in self.not_asked),
        ]

    def table(self) -> RenderableType:
        """For a terminal."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        counted = Table("compared", "figures", "differ", title="Audit", title_justify="left")
        counted.columns[1].justify = counted.columns[2].justify = "right"
        for group, count in self.checks.items():
            wrong = len({one.about for one in self.discrepancies if one.group == group})
            counted.add_row(group, f"{count:,}", str(wrong) if wrong else "-", style="red" if wrong else "")
        verdict = Text(self.summary(), style="green" if self.ok else "bold red")
        parts: list[RenderableType] = [counted, verdict]
        if not self.ok:
            wrong_table = Table("what is wrong", show_lines=True)
            for line in self.lines()[:100]:
                wrong_table.add_row(Text(line))
            parts.append(wrong_table)
        return Group(*parts)

    def as_json(self) -> dict[str, Any]:
        """For programs: whole numbers beyond 2^53 as text, bytes as `0x…`."""
        return {
            "ok": self.ok,
            "chain": self.chain,
            "block": {"number": self.block, "hash": self.block_hash, "timestamp": self.timestamp},
            "events": self.events,
            "checks": dict(self.checks),
            "invariants": list(self.invariants),
            "discrepancies": [
                {
                    "group": one.group,
                    "about": one.about,
                    "contract": one.contract,
                    "field": one.field,
                    "onChain": _plain(one.on_chain),
                    "folded": _plain(one.folded),
                    "lastTouched": _place(one.last),
                    "parted": _place(one.first),
                }
                for one in self.discrepancies
            ],
            "violations": [{"invariant": one.invariant, "what": one.what} for one in self.violations],
            "findings": [
                {"block": one.block, "logIndex": one.log_index, "transaction": one.transaction, "what": one.what}
                for one in self.findings
            ],
            "passedOver": dict(self.passed_over),
            "notAsked": list(self.not_asked),
        }

    def html(self) -> str:
        """A fragment for a page: a verdict, what was compared, and what is wrong. Uses the page's own classes."""
        verdict = "good" if self.ok else "bad"
        when = datetime.fromtimestamp(self.timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        checks = "".join(map(self._check, self.checks))
        wrong = "".join(f"<li>{html.escape(line)}</li>" for line in self.lines()[:200])
        return (
            f"<div class='verdict {verdict}' role='status'><strong>{'Equal' if self.ok else 'NOT equal'}</strong> "
            f"{html.escape(self.summary())}</div>"
            f"<p class='quiet'>Chain {self.chain}, block {self.block:,} "
            f"<code>{html.escape(self.block_hash)}</code>, {when}.</p>"
            f"{f'<ul class=wrong>{wrong}</ul>' if wrong else ''}"
            f"<h3>Figures compared with the contracts</h3><ul class='checks'>{checks}</ul>"
        )

    def _check(self, group: str) -> str:
        wrong = len({one.about for one in self.discrepancies if one.group == group})
        told = f"<span class='differ'>{wrong:,} of {self.checks[group]:,} differ</span>" if wrong else ""
        return f"<li><span>{html.escape(group)}</span>{told or f'<span>{self.checks[group]:,} equal</span>'}</li>"


def shown(value: object) -> str:
    """A value for people."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, tuple) and len(value) > 8:
        return f"({', '.join(map(shown, value[:8]))}, … {len(value)} in all)"
    if isinstance(value, tuple):
        return f"({', '.join(map(shown, value))})"
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 53 else str(int(value))
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return shown(value)


def _place(position: Position | None) -> dict[str, object] | None:
    if position is None:
        return None
    return {"block": position.block, "logIndex": position.log_index, "transaction": position.transaction}
