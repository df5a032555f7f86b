"""The functional and the security audit report, in the form in which an auditor files them (clause 7.5c, R-TRC-3).

    filed = file_report(suite, auditor, report, store, members)
    print(filed.markdown())

Both parts say what was examined, how, with which result, and what was not examined; the opinion follows from the
findings by a rule that stands in the report. The numbers are the audit's: nothing is examined here but what only a
report on security asks for: code, ways to change it, who holds which role, and what was done with it.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from carbon_sdk.audit.auditor import Auditor
from carbon_sdk.audit.invariants import ALL
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.store import Store
from carbon_sdk.deployment.checks import check_contracts, check_matrix, check_roles, members_of
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.identifiers import Address

if TYPE_CHECKING:
    from carbon_sdk.deployment.suite import Suite

FORMAT = "carbon-audit-report/1"
_MOST_ROWS = 200
_AUTHORITY = ("RoleGranted", "RoleRevoked", "TargetFunctionRoleUpdated", "TargetClosed", "RoleAdminChanged")
_CODE = ("Upgraded", "RolledBack")
_POWERS = (
    "ActDone",
    "ActOrdered",
    "ActWithdrawn",
    "ForcedTransfer",
    "Frozen",
    "MarketStateChanged",
    "RestrictionsChanged",
)


class Opinion(StrEnum):
    """What the auditor concludes, after the usual three grades."""

    UNQUALIFIED = "unqualified"
    QUALIFIED = "qualified"
    ADVERSE = "adverse"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under names."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One numbered part of a report."""

    title: str
    sentences: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A report as it is filed.

    Attributes:
        scheme: Name of the scheme.
        chain: Chain id.
        block: Number of the block.
        block_hash: Its hash.
        at: Unix seconds of the block.
        functional: Sections of the functional part.
        security: Sections of the security part.
        opinion_functional: What follows from the findings of that part.
        opinion_security: Likewise.
    """

    scheme: str
    chain: int
    block: int
    block_hash: str
    at: int
    functional: tuple[Section, ...]
    security: tuple[Section, ...]
    opinion_functional: Opinion
    opinion_security: Opinion

    @property
    def ok(self) -> bool:
        """Whether both opinions are unqualified."""
        return self.opinion_functional is self.opinion_security is Opinion.UNQUALIFIED

    def as_json(self) -> dict[str, Any]:
        """For programs."""

        def part(sections: Sequence[Section]) -> list[dict[str, Any]]:
            return [
                {
                    "title": one.title,
                    "sentences": list(one.sentences),
                    "findings": list(one.findings),
                    "table": None
                    if one.table is None
                    else [dict(zip(one.table.columns, row, strict=True)) for row in one.table.rows],
                }
                for one in sections
            ]

        return {
            "format": FORMAT,
            "scheme": self.scheme,
            "chain": self.chain,
            "block": {"number": self.block, "hash": self.block_hash, "timestamp": self.at},
            "functional": {"opinion": self.opinion_functional.value, "sections": part(self.functional)},
            "security": {"opinion": self.opinion_security.value, "sections": part(self.security)},
        }

    def markdown(self) -> str:
        """To be read, printed and signed."""
        lines = [f"# Audit report on {self.scheme}", "", *self._head(), ""]
        for letter, title, opinion, sections in self._parts():
            lines += [f"## {letter}. {title}", "", f"**Opinion: {opinion.value}.** {_MEANING[opinion]}", ""]
            for number, one in enumerate(sections, 1):
                lines += [f"### {letter}.{number} {one.title}", ""]
                lines += [f"{sentence}\n" for sentence in one.sentences]
                lines += [f"- **Finding.** {_cell(finding)}" for finding in one.findings]
                if one.findings:
                    lines.append("")
                if one.table and one.table.rows:
                    lines += [f"| {' | '.join(one.table.columns)} |", f"|{'---|' * len(one.table.columns)}"]
                    lines += [f"| {' | '.join(map(_cell, row))} |" for row in one.table.rows]
                    lines.append("")
        lines += [
            "## Signature",
            "",
            "Auditor: ________________________   Place and date: ________________________",
            "",
        ]
        return "\n".join(lines)

    def page(self) -> str:
        """The same as one page of HTML that needs nothing else."""
        parts = [f"<h1>Audit report on {html.escape(self.scheme)}</h1>"]
        parts += [f"<p>{html.escape(line)}</p>" for line in self._head() if line]
        for letter, title, opinion, sections in self._parts():
            parts.append(f"<h2>{letter}. {title}</h2>")
            parts.append(
                f"<p class='{opinion.value}'><strong>Opinion: {opinion.value}.</strong> {_MEANING[opinion]}</p>"
            )
            for number, one in enumerate(sections, 1):
                parts.append(f"<h3>{letter}.{number} {html.escape(one.title)}</h3>")
                parts += [f"<p>{html.escape(sentence)}</p>" for sentence in one.sentences]
                if one.findings:
                    found = "".join(f"<li>{html.escape(finding)}</li>" for finding in one.findings)
                    parts.append(f"<ul class='adverse'>{found}</ul>")
                if one.table and one.table.rows:
                    head = "".join(f"<th>{html.escape(name)}</th>" for name in one.table.columns)
                    rows = "".join(
                        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
                        for row in one.table.rows
                    )
                    parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>")
        parts.append("<h2>Signature</h2><p>Auditor: ____________________ Place and date: ____________________</p>")
        return _PAGE.format(title=html.escape(f"Audit report on {self.scheme}"), body="".join(parts))

    def _head(self) -> list[str]:
        when = datetime.fromtimestamp(self.at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return [f"Chain {self.chain}, as of block {self.block:,} of {when}, {self.block_hash}."]

    def _parts(self) -> tuple[tuple[str, str, Opinion, tuple[Section, ...]], ...]:
        return (
            ("A", "Functional audit", self.opinion_functional, self.functional),
            ("B", "Security audit", self.opinion_security, self.security),
        )


def file_report(
    suite: Suite,
    auditor: Auditor,
    report: AuditReport,
    store: Store,
    members: Mapping[Role, Sequence[Address]] | None = None,
    *,
    proofs: bool = False,
) -> Filed:
    """Both reports, after an audit.

    Args:
        suite: The deployment; its node is asked for code and roles.
        auditor: Has run, and found `report`.
        report: What it found.
        store: The events.
        members: Who should hold which role; None tells the holders without comparing them.
        proofs: Whether the audit proved every log by its block.
    """
    functional = _functional(auditor, report, proofs)
    security = _security(suite, report, store, members, proofs)
    return Filed(
        suite.deployment.scheme,
        report.chain,
        report.block,
        report.block_hash,
        report.timestamp,
        functional,
        security,
        _opinion(functional, report.not_asked or report.passed_over),
        _opinion(security, ()),
    )


# THE FUNCTIONAL PART


def _functional(auditor: Auditor, report: AuditReport, proofs: bool) -> tuple[Section, ...]:
    names = {invariant.__name__: (invariant.__doc__ or "").strip().splitlines()[0] for invariant in ALL}
    broken = {one.invariant for one in report.violations}
    wrong: dict[str, int] = {}
    for one in report.discrepancies:
        wrong[one.group] = wrong.get(one.group, 0) + 1
    return (
        Section(
            "Object and method",
            (
                f"{report.events:,} events of the suite's contracts were replayed by a program that shares no code "
                "with the contracts or with those who act in them. The state that they add up to was compared, figure "
                f"by figure, with what the contracts answer at this block: {report.compared:,} figures.",
                "Every log was proved by its block's header and receipts."
                if proofs
                else "The logs were taken from one node and not proved by headers and receipts.",
            ),
        ),
        Section(
            "Figures compared",
            findings=tuple(map(str, report.discrepancies[:_MOST_ROWS])),
            table=Table(
                ("what", "figures", "differ"),
                tuple((group, f"{count:,}", str(wrong.get(group, 0))) for group, count in report.checks.items()),
            ),
        ),
        Section(
            "Invariants",
            findings=tuple(map(str, report.violations[:_MOST_ROWS])),
            table=Table(
                ("invariant", "says", "holds"),
                tuple((name, names.get(name, ""), "no" if name in broken else "yes") for name in report.invariants),
            ),
        ),
        Section(
            "The record",
            ("Each block of the store carries a digest of its logs, and names the block before it.",),
            findings=tuple(map(str, report.findings[:_MOST_ROWS])),
        ),
        Section("Obligations and holdings", _totals(auditor)),
        Section(
            "Not examined",
            (
                *(
                    f"{count:,} events {name}: the replay has no rule for them."
                    for name, count in report.passed_over.items()
                ),
                *(f"{view}: the contract has no such view." for view in report.not_asked),
                "Whether what was reported of the world outside (emissions, payments at the bank, persons) is true.",
            ),
        ),
    )


def _totals(auditor: Auditor) -> tuple[str, ...]:
    state = auditor.state
    if state is None:
        return ("The events could not be replayed.",)
    known = state.ledger.instruments.values()
    return tuple(
        f"{one.id}: issued {one.issued:,}, cancelled {one.cancelled:,}, so {one.issued - one.cancelled:,} exist."
        for one in sorted(known, key=lambda one: int(one.id))
        if one.issued
    )


# THE SECURITY PART


def _security(
    suite: Suite,
    report: AuditReport,
    store: Store,
    members: Mapping[Role, Sequence[Address]] | None,
    proofs: bool,
) -> tuple[Section, ...]:
    chain, deployment = suite.chain, suite.deployment
    holders = members_of(chain, deployment)
    names = {int(role): role.name.lower().replace("_", "-") for role in Role}
    reorganisations = store.reorganisations(report.chain)
    return (
        Section(
            "Code",
            (
                "Each contract's code was compared with the hash in the deployment file, each proxy's implementation "
                "with the file's, and each proxy's authority with the suite's one.",
            ),
            findings=tuple(check_contracts(chain, deployment)),
            table=Table(
                ("contract", "address", "implementation", "version", "code hash"),
                tuple(
                    (name, one.address, one.implementation or "no proxy", one.version, one.code_hash)
                    for name, one in sorted(deployment.contracts.items())
                ),
            ),
        ),
        Section(
            "Changes of code",
            ("Every upgrade and every rollback that the proxies told, oldest first.",),
            table=_told(store, report, _CODE),
        ),
        Section(
            "Permissions",
            ("The role of every function that changes something was compared with the permission matrix.",),
            findings=tuple(check_matrix(chain, deployment)),
        ),
        Section(
            "Holders of roles",
            (
                "The holders were compared with the roles file."
                if members is not None
                else "No roles file was given: the holders are told, and were not compared with who should hold them.",
            ),
            findings=() if members is None else tuple(check_roles(chain, deployment, members)),
            table=Table(
                ("role", "holders"),
                tuple(
                    (names.get(role, str(role)), ", ".join(sorted(found)))
                    for role, found in sorted(holders.items())
                    if found
                ),
            ),
        ),
        Section(
            "Changes of permissions",
            ("What the authority told after the deployment's own steps, oldest first; each is to be accounted for.",),
            table=_told(store, report, _AUTHORITY, after=_end_of_deployment(store, report)),
        ),
        Section(
            "Use of power",
            ("Freezes, forced transfers, restrictions, halts: each is to be accounted for by a decision.",),
            table=_told(store, report, _POWERS, after=_end_of_deployment(store, report)),
        ),
        Section(
            "The chain underneath",
            (
                f"{len(reorganisations)} reorganisations were followed while the store was read"
                + (f", the deepest of {max(one.depth for one in reorganisations)} blocks." if reorganisations else "."),
                "Headers, receipts and logs were proved against each other."
                if proofs
                else "Headers and receipts were not proved in this audit.",
            ),
            findings=tuple(map(str, report.findings[:_MOST_ROWS])),
        ),
        Section(
            "Not examined",
            (
                "How keys are kept, by whom they are used, and the machines of nodes and clients.",
                "Faults of the code that no event, figure or invariant shows: a review of the source is another audit.",
            ),
        ),
    )


def _end_of_deployment(store: Store, report: AuditReport) -> int:
    """The block of the first application for an account: until then the deployment sets itself up."""
    found = store.events(report.chain, events=[("StakeholderRegistry", "ApplicationFiled")])
    first = next(found, None)
    return -1 if first is None else first.position.block - 1


def _told(store: Store, report: AuditReport, events: Sequence[str], after: int = -1) -> Table:
    wanted = [key for key in store.counts(report.chain) if key[1] in events]
    rows: list[tuple[str, ...]] = []
    left = 0
    for event in store.events(report.chain, events=wanted, after=after, until=report.block) if wanted else ():
        if len(rows) == _MOST_ROWS:
            left += 1
            continue
        when = datetime.fromtimestamp(event.timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows.append((when, str(event), event.position.transaction))
    if left:
        rows.append(("", f"{left:,} more", ""))
    return Table(("when (UTC)", "what", "transaction"), tuple(rows))


# THE OPINION

_MEANING = {
    Opinion.UNQUALIFIED: "Nothing that was examined is otherwise than it should be.",
    Opinion.QUALIFIED: "What was examined is as it should be; something that belongs to the object was not examined.",
    Opinion.ADVERSE: "Something is not as it should be: see the findings.",
}


def _opinion(sections: Sequence[Section], left_out: object) -> Opinion:
    if any(one.findings for one in sections):
        return Opinion.ADVERSE
    return Opinion.QUALIFIED if left_out else Opinion.UNQUALIFIED


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #182028; }}
table {{ border-collapse: collapse; font-size: 13px; }}
td, th {{ border-top: 1px solid #ccd; padding: .2rem .6rem; text-align: left; }}
td {{ vertical-align: top; overflow-wrap: anywhere; }}
.adverse {{ color: #a11; }} .unqualified {{ color: #163; }} .qualified {{ color: #850; }}
</style></head><body>{body}</body></html>
"""

__all__ = ["Filed", "Opinion", "Section", "Table", "file_report"]
