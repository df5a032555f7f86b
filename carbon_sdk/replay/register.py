"""The years of a register through the contracts: allocation, reports, verification, surrender, cancellation, status."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.state import State
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.allocator import Allocator
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.enums import ApplicationState, Part, Status
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.deployment.scheme_file import SchemeRules, YearTable
from carbon_sdk.identifiers import InstrumentClass, InstrumentId
from carbon_sdk.methods.allocation import Term, formula_inputs
from carbon_sdk.methods.emissions import Process
from carbon_sdk.replay.accounts import Party
from carbon_sdk.replay.confirmation import confirm_state
from carbon_sdk.replay.conveyor import Keyed, ReplayStopped
from carbon_sdk.replay.ground import Ground, Tell, open_ground
from carbon_sdk.replay.holdings import bring_in, define, enter, hand_out
from carbon_sdk.replay.journal import Journal, digest_of
from carbon_sdk.replay.notes import Notes
from carbon_sdk.replay.operators import Acts, Operator, batches, open_operators, rules_for
from carbon_sdk.replay.recorded_register import Row, Run, read_register, runs_of
from carbon_sdk.replay.source import MalformedCase, Source

PRODUCT = "installation"
"""What is allocated to: one a run, its benchmark the allocation of the year."""
DECIDED_AT_ONCE = 30
"""Applications that one transaction approves."""
DECISIONS_GAS = 15_000_000
UNFAVOURABLE = 0xFF
"""Findings that speak against an application."""
MOST_TONNES = 2**63
DAY = 86_400
ORIGIN = 1
REGISTRIES = {ORIGIN: "ORIGIN"}
"""Where credits of a register come from: it does not say more."""
_COUNTED = ("cumulative_verified", "cumulative_surrendered", "shortfall", "status")


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be replayed, checked as a whole.

    Attributes:
        rows: In the order of the file.
        runs: Over which figures add up; each is an account.
        rules: The scheme, with years, caps and allowances as the case needs them.
        units: Which allowance a run has.
        digest: Of all of it.
    """

    rows: Sequence[Row]
    runs: Sequence[Run]
    rules: SchemeRules
    units: Mapping[str, InstrumentId]
    digest: bytes

    @property
    def years(self) -> range:
        """First to last year of the file."""
        return range(min(row.year for row in self.rows), max(row.year for row in self.rows) + 1)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the contracts say of an account after a year's surrender."""

    verified: int
    surrendered: int
    shortfall: int
    status: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Attributes:
        case: That was replayed.
        standings: By line of the row.
        totals: Of the contracts, in tonnes.
        totals_of_events: The same as the auditor adds them up from events.
        gas: Since the deployment.
        milliseconds: That this run took, accounts and the rest of the openings included, the auditor not.
        sent: Rows that this run did; the others were done by an earlier one.
        audit: The auditor's report.
    """

    case: Case
    standings: Mapping[int, Standing]
    totals: Mapping[str, int]
    totals_of_events: Mapping[str, int]
    gas: int
    milliseconds: int
    sent: int
    audit: AuditReport

    @property
    def confirmed(self) -> bool:
        """Whether the auditor found no difference, and the same totals."""
        return self.audit.ok and self.totals == self.totals_of_events

    def as_json(self) -> dict[str, Any]:
        """The result in JSON's types; docs/replay.md says what each field is."""
        statuses = Counter(one.status for one in self.standings.values())
        return {
            "rows": [self._row_as_json(row) for row in self.case.rows],
            "totals": {
                "rows": len(self.case.rows),
                "installations": len({row.id for row in self.case.rows}),
                "accounts": len(self.case.runs),
                **self.totals,
                "statuses": {one.name: statuses[one.name] for one in Status if statuses[one.name]},
                "confirmed": self.confirmed,
            },
            "totals_of_events": dict(self.totals_of_events),
            "gas": {"total": self.gas},
            "speed": {
                "rows": self.sent,
                "milliseconds": self.milliseconds,
                "rows_per_second": self.sent * 1000 // max(self.milliseconds, 1),
            },
            "confirmed": self.confirmed,
            "audit": self.audit.as_json(),
        }

    def _row_as_json(self, row: Row) -> dict[str, Any]:
        one = self.standings[row.line]
        found: dict[str, Any] = {"id": row.id, "year": row.year, **({"phase": row.phase} if row.phase else {})}
        taken = {*found, *_COUNTED}
        found |= {f"given_{name}" if name in taken else name: cell for name, cell in row.further.items()}
        counted = (one.verified, one.surrendered, one.shortfall, one.status)
        return found | dict(zip(_COUNTED, counted, strict=True))


def case_of(source: Source, base: SchemeRules) -> Case:
    """Read and check everything; nothing is sent.

    Args:
        source: The register.
        base: The scheme; its years, caps and allowances become the case's.

    Raises:
        MalformedCase: By its line.
    """
    rows = read_register(source)
    runs = runs_of(rows)
    beginnings: dict[str, int] = {}
    for row in rows:
        beginnings[row.phase] = min(row.year, beginnings.get(row.phase, row.year))
    free: Counter[int] = Counter()
    lacking: Counter[int] = Counter()
    for row in rows:
        free[row.year] += row.allocated
    for run in runs:
        lacking[beginnings[run.rows[0].phase]] += run.lacking
    first, last = min(free), max(free)
    if sum(free.values()) + sum(lacking.values()) >= MOST_TONNES:
        raise MalformedCase(f"{source.name}: more tonnes are needed than a cap can have.")
    years = [_year(base.file.years[0], year, free[year], lacking[year]) for year in range(first, last + 2)]
    rules, ids = rules_for(base, years, list(beginnings.values()), first)
    units = {run.name: ids[beginnings[run.rows[0].phase]] for run in runs}
    return Case(rows, runs, rules, units, digest_of(source.content, rules.digest))


def _year(like: YearTable, year: int, free: int, auction: int) -> YearTable:
    def moved(moment: datetime) -> datetime:
        return moment.replace(year=moment.year + year - like.year)

    return like.model_copy(
        update={
            "year": year,
            "cap_tonnes": free + auction,
            "free_tonnes": free,
            "auction_tonnes": auction,
            "reserve_tonnes": 0,
            "reporting_deadline": moved(like.reporting_deadline),
            "surrender_deadline": moved(like.surrender_deadline),
        }
    )


def replay(
    case: Case, tell: Tell, *, folder: Path | None = None, rpc: str | None = None, payer: Signer | None = None
) -> Replayed:
    """Run a case through the contracts.

    Args:
        case: What.
        tell: Told of progress, a line at a time.
        folder: Keeps chain, journal and events, so that a run that was stopped goes on; None keeps nothing.
        rpc: Of a chain; None starts a fresh one, whose clock follows the years.
        payer: Pays for gas on a chain that is not local.

    Raises:
        InputError: The folder has another replay, or nobody pays for gas.
        ReplayStopped: The scheme does not allow what the case needs.
    """
    journal = Journal.open(folder, case.digest)
    birth = max(_unix(case.years[0], 1, 1), 1)
    with open_ground(case.rules, journal, birth, tell, rpc=rpc, payer=payer) as ground:
        began = time.monotonic_ns()
        until = max(_unix(case.years[-1] + 2, 1, 1), ground.chain.block().timestamp + 365 * DAY)
        operators, treasury, verifier = open_operators(ground, {run.name: run.first for run in case.runs}, until)
        run = _Years(ground, case, operators, Acts(ground, verifier))
        run.open(treasury)
        for year in case.years:
            run.play(year)
        milliseconds = (time.monotonic_ns() - began) // 10**6
        totals = run.totals()
        audit, state = confirm_state(ground)
        units = [*case.units.values(), *run.offsets.values()]
        told = totals if state is None else _totals_of(state, case, operators, units)
        gas = sum(one.gas_used for one in journal.done.values())
        return Replayed(case, run.standings, totals, told, gas, milliseconds, run.sent, audit)


@dataclass
class _Years:
    """The years of one run."""

    ground: Ground
    case: Case
    operators: Mapping[str, Operator]
    acts: Acts
    standings: dict[int, Standing] = field(default_factory=dict)
    sent: int = 0
    applications: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Number and findings of the latest one, by account."""
    offsets: Mapping[InstrumentId, InstrumentId] = field(default_factory=dict)
    """Credits that are surrendered beside each allowance, where the register has some."""
    seen: int = 0
    """Applications that were looked at."""

    def __post_init__(self) -> None:
        self.notes = Notes(self.ground, "years.jsonl")
        self.last = {run.name: run.last for run in self.case.runs}
        self.of_year: dict[int, list[tuple[Row, Operator]]] = defaultdict(list)
        for run in self.case.runs:
            for row in run.rows:
                self.of_year[row.year].append((row, self.operators[run.name]))

    def open(self, treasury: Party) -> None:
        """Enrol, register what allocation needs, issue and hand out what will be lacking."""
        regulator, carry = self.acts.regulator, self.ground.conveyor.carry_all
        runs = [(run, self.operators[run.name]) for run in self.case.runs]
        acts: list[Keyed] = []
        for run, one in runs:
            # Its last year would be owed for when it begins: it is told when it is over.
            act = regulator.enrol.act(one.account, run.first)
            acts.append(self.acts.by_regulator(f"enrol {run.name}", act))
            if any(row.allocated for row in run.rows):
                level = regulator.register_baseline.act(
                    one.installation, PRODUCT, 1, run.first, run.last, f"level of {run.name}"
                )
                acts.append(self.acts.by_regulator(f"level {run.name}", level))
            for year in [*run.gaps, *(row.year for row in run.rows if row.excluded)]:
                why = regulator.exclude.act(one.account, year, "excluded in the register, or without an entry")
                acts.append(self.acts.by_regulator(f"exclude {run.name} {year}", why))
        carry(acts)
        lacking = {(run.name, self.case.units[run.name]): run.lacking for run, _ in runs if run.lacking}
        totals: Counter[InstrumentId] = Counter()
        for (_, units), tonnes in lacking.items():
            totals[units] += tonnes
        carry(
            [
                self.acts.by_regulator(
                    f"issue {units}",
                    regulator.issue_for_auction.act(
                        treasury.account, units.vintage, units, tonnes, "what the register's surrenders need"
                    ),
                )
                for units, tonnes in totals.items()
            ]
        )
        given = lacking | self._bring_in(treasury)
        hand_out(self.ground, {name: one.account for name, one in self.operators.items()}, treasury, given)
        self.ground.tell(
            f"{len(runs):,} accounts enrolled; {sum(totals.values()):,} t handed out to {len(lacking):,} that lack them"
        )

    def _bring_in(self, treasury: Party) -> dict[tuple[str, InstrumentId], int]:
        """Credits that the register says were surrendered: another registry issued them."""
        needed = {run.name: sum(row.credits for row in run.rows) for run in self.case.runs}
        totals: Counter[InstrumentId] = Counter()
        for name, tonnes in needed.items():
            totals[self.case.units[name]] += tonnes
        foreign = {
            units: InstrumentId.of(InstrumentClass.CREDIT, units.scheme, units.vintage, 1, ORIGIN)
            for units, tonnes in totals.items()
            if tonnes
        }
        found = enter(self.ground, list(foreign.values()), REGISTRIES)
        define(self.ground, list(found.values()))
        bring_in(self.ground, treasury.account, {one: totals[units] for units, one in foreign.items()}, REGISTRIES)
        self.offsets = {units: found[one] for units, one in foreign.items()}
        return {(name, self.offsets[self.case.units[name]]): tonnes for name, tonnes in needed.items() if tonnes}

    def play(self, year: int) -> None:
        """One year, from its allocation to the status after its surrender; what an earlier run saw stands."""
        rows = self.of_year[year]
        seen = self.notes.get(str(year))
        if seen is None:
            self._allocate(year, [(row, one) for row, one in rows if row.allocated])
            opening = self.acts.regulator.open_year.act(year + 1)
            self._carry([self.acts.by_regulator(f"open {year + 1}", opening)], 1, 2, of=year + 1)
            self._end(year, rows)
            self._report(
                year, [(one, Process(row.verified, 1, row.share)) for row, one in rows if row.verified is not None]
            )
            self._surrender(year, [(row, one) for row, one in rows if row.surrendered])
            seen = self._look([one for _, one in rows])
            self.notes.put(str(year), seen)
            self.sent += len(rows)
        for (row, _), found in zip(rows, seen, strict=True):
            self.standings[row.line] = Standing(*found)
        short = sum(found[2] > 0 for found in seen)
        self.ground.tell(f"{year}: {len(rows):,} rows, {len(self.standings):,} in all; {short:,} are short")

    def _allocate(self, year: int, rows: Sequence[tuple[Row, Operator]]) -> None:
        regulator, allocator = self.acts.regulator, self.ground.scheme.contract(Allocator)
        determine = []
        for row, one in rows:
            inputs = formula_inputs([Term(PRODUCT, row.allocated)])
            act = regulator.determine_allocation.act(one.installation, year, self.case.units[one.name], inputs)
            determine.append(self.acts.by_regulator(f"determine {one.name} {year}", act))
        self._carry(determine, 5, 31, of=year)
        found = self.ground.chain.read_many(
            [allocator.ALLOCATION_OF.on(allocator.address, one.installation, year, Part.FREE) for _, one in rows]
        )
        ids = [one.id for one in found]
        apply = [
            self.acts.by(one, f"claim {one.name} {year}", self.acts.company(one).apply_for_allocation.act(id_))
            for (_, one), id_ in zip(rows, ids, strict=True)
        ]
        self._carry(apply, 6, 1, of=year)
        approve = [
            self.acts.by_regulator(f"certify {one.name} {year}", regulator.approve_allocation.act(id_))
            for (_, one), id_ in zip(rows, ids, strict=True)
        ]
        self._carry(approve, 6, 2, of=year)

    def _end(self, year: int, rows: Sequence[tuple[Row, Operator]]) -> None:
        set_last_year = self.acts.regulator.set_last_year.act
        self._carry(
            [
                self.acts.by_regulator(f"end {one.name}", set_last_year(one.account, year))
                for _, one in rows
                if self.last[one.name] == year
            ],
            1,
            3,
            of=year + 1,
        )

    def _report(self, year: int, figures: Sequence[tuple[Operator, Process]]) -> None:
        acts = self.acts
        self._carry([acts.engage(one, year) for one, _ in figures], 1, 15, of=year + 1)
        self._carry([acts.report(one, year, data) for one, data in figures], 2, 15, of=year + 1)
        self._carry([acts.verify(one, year, data) for one, data in figures], 3, 1, of=year + 1)
        self._carry([acts.accept(one, year) for one, _ in figures], 3, 15, of=year + 1)

    def _surrender(self, year: int, rows: Sequence[tuple[Row, Operator]]) -> None:
        self._carry(
            [
                self.acts.by(
                    one,
                    f"surrender {one.name} {year}",
                    self.acts.company(one).apply_surrender.act(self._lines(row, one.name)),
                )
                for row, one in rows
            ],
            4,
            1,
            of=year + 1,
        )
        self._look_at_applications()
        decided = [self.applications[one.account] for _, one in rows]
        refused = [id_ for id_, findings in decided if findings & UNFAVOURABLE]
        if refused:
            raise ReplayStopped(
                f"{len(refused):,} applications of {year} have an unfavourable opinion, the first is {refused[0]}: the "
                f"scheme does not accept what the register did."
            )
        approve = self.acts.regulator.approve_surrenders.act
        # Whatever an earlier run approved stays in the part in which it stood.
        parts = list(batches([id_ for id_, _ in decided], DECIDED_AT_ONCE))
        self._carry(
            [
                Keyed(
                    f"approve {year} {number}",
                    self.acts.regulator.signer,
                    replace(approve(list(ids)), gas=DECISIONS_GAS),
                )
                for number, ids in enumerate(parts)
            ],
            4,
            15,
            of=year + 1,
        )

    def _lines(self, row: Row, name: str) -> list[tuple[InstrumentId, int]]:
        units = self.case.units[name]
        lines = [(units, row.surrendered - row.credits), (self.offsets.get(units, units), row.credits)]
        return [(instrument, tonnes) for instrument, tonnes in lines if tonnes]

    def _look_at_applications(self) -> None:
        desk = self.ground.scheme.contract(ComplianceDesk)
        last = desk.application_count()
        new = range(self.seen + 1, last + 1)
        for id_, found in zip(
            new, self.ground.chain.read_many([desk.APPLICATION_OF.on(desk.address, id_) for id_ in new]), strict=True
        ):
            if found.application.state in (ApplicationState.FILED, ApplicationState.APPROVED):
                self.applications[found.application.account] = (id_, found.application.findings)
        self.seen = last

    def _look(self, operators: Sequence[Operator]) -> list[list[Any]]:
        contract = self.ground.scheme.contract(Obligations)
        found = self.ground.chain.read_many(
            [contract.POSITION_OF.on(contract.address, one.account) for one in operators]
        )
        return [[one.emissions, one.surrendered, one.shortfall, one.status.name] for one in found]

    def _carry(self, acts: Sequence[Keyed], month: int, day: int, *, of: int) -> None:
        """Do them, on that day where the clock is ours."""
        at = _unix(of, month, day)
        for part in batches(acts, 100):
            landed = self.ground.conveyor.carry(part, at)
            if refused := next((one for one in landed if one.error), None):
                raise ReplayStopped(f"{refused.key} was refused: {refused.explanation}")

    def totals(self) -> dict[str, int]:
        """What the contracts have in the end."""
        chain = self.ground.chain
        allocator, ledger = self.ground.scheme.contract(Allocator), self.ground.scheme.contract(InstrumentLedger)
        contract = self.ground.scheme.contract(Obligations)
        issued = chain.read_many([allocator.ISSUED_OF.on(allocator.address, year) for year in self.case.years])
        units = dict.fromkeys([*self.case.units.values(), *self.offsets.values()])
        known = chain.read_many([ledger.INSTRUMENT_OF.on(ledger.address, int(one)) for one in units])
        found = chain.read_many(
            [contract.POSITION_OF.on(contract.address, one.account) for one in self.operators.values()]
        )
        return {
            "allocated": sum(one.free for one in issued),
            "verified": sum(one.emissions for one in found),
            "surrendered": sum(one.surrendered for one in found),
            "cancelled": sum(one.cancelled for one in known),
            "shortfall": sum(one.shortfall for one in found),
        }


def _totals_of(
    state: State, case: Case, operators: Mapping[str, Operator], units: Sequence[InstrumentId]
) -> dict[str, int]:
    obliged = [state.compliance.accounts[one.account] for one in operators.values()]
    owed = [state.compliance.owed(one) for one in obliged]
    return {
        "allocated": sum(state.allocation.issued.get(year, [0])[0] for year in case.years),
        "verified": sum(owed),
        "surrendered": sum(one.surrendered for one in obliged),
        "cancelled": sum(state.ledger.instruments[one].cancelled for one in dict.fromkeys(map(int, units))),
        "shortfall": sum(max(0, due - one.surrendered) for due, one in zip(owed, obliged, strict=True)),
    }


def _unix(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())
