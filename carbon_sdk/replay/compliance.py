"""Events of a registry through the contracts: what the status of each account is after each of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from carbon_sdk.audit.report import AuditReport
from carbon_sdk.chain.catalogue import decode_log
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.events import SurrenderApplied
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.identifiers import InstrumentId, keccak
from carbon_sdk.methods.emissions import Process
from carbon_sdk.replay.confirmation import confirm
from carbon_sdk.replay.conveyor import IN_FLIGHT, Keyed
from carbon_sdk.replay.ground import Ground, Tell, open_ground
from carbon_sdk.replay.holdings import hand_out
from carbon_sdk.replay.journal import Journal, Landed, digest_of
from carbon_sdk.replay.notes import Notes
from carbon_sdk.replay.operators import Acts, Operator, batches, open_operators, rules_for
from carbon_sdk.replay.recorded_compliance import Entity, Event, read_compliance, rounds_of
from carbon_sdk.replay.source import Source

NEVER = datetime(2999, 12, 31, tzinfo=UTC)
"""No deadline passes by itself: the case says when a status is to stand."""
REVERSED = keccak(b"reversed in the case")
WINDOW = 100 * 365 * 86_400
"""Seconds: the case says what is reversed, and when."""
NOTHING = 0
"""Number of an application that never was."""
UNFAVOURABLE = 0xFF
"""Findings that speak against an application."""
YEAR = 365 * 86_400

Steps = Generator[Keyed, Landed, None]
"""The acts of one event, one after the other: each is told what became of it before the next one."""


@dataclass(frozen=True, slots=True)
class Round:
    """Entities that are played beside each other, on one deployment.

    Attributes:
        number: From 1.
        entities: In the order of the case.
        rules: The scheme, with the years that these entities need.
        units: What they surrender.
        digest: Of all of it.
    """

    number: int
    entities: Sequence[Entity]
    rules: SchemeRules
    units: InstrumentId
    digest: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be replayed, checked as a whole.

    Attributes:
        entities: In order.
        rounds: Of them; several only where the same deadline passes at different times.
        digest: Of all of it.
    """

    entities: Sequence[Entity]
    rounds: Sequence[Round]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that the contracts would not do; the status stays what it was."""

    entity: str
    event: Event
    error: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Attributes:
        case: That was replayed.
        statuses: By entity, one after each event.
        rejections: In the order in which they happened.
        gas: Of everything since the deployment.
        audits: The auditor's reports, one a round.
    """

    case: Case
    statuses: Mapping[str, Sequence[str]]
    rejections: Sequence[Rejection]
    gas: int
    audits: Sequence[AuditReport]

    @property
    def confirmed(self) -> bool:
        """Whether the auditor found no difference between the events and the contracts."""
        return all(audit.ok for audit in self.audits)

    def as_json(self) -> dict[str, Any]:
        """The result in JSON's types; docs/replay.md says what each field is."""
        return {
            "entities": [{"id": one.id, "statuses": list(self.statuses[one.id])} for one in self.case.entities],
            "rejected": [
                {"id": one.entity, "event": one.event.number, "error": one.error, "explanation": one.explanation}
                for one in self.rejections
            ],
            "gas": {"total": self.gas},
            "confirmed": self.confirmed,
        }


def case_of(source: Source, base: SchemeRules) -> Case:
    """Read and check everything; nothing is sent. Raises MalformedCase, which names the entity and the event."""
    entities = read_compliance(source)
    digest = digest_of(source.content, base.digest)
    rounds = [_round(number, members, base, digest) for number, members in enumerate(rounds_of(entities), 1) if members]
    return Case(entities, rounds, digest)


def _round(number: int, members: Sequence[Entity], base: SchemeRules, digest: bytes) -> Round:
    spoken = [year for one in members for year in one.years]
    first, last = min(spoken), max(spoken) + 1
    needed = sum(event.tonnes or 0 for one in members for event in one.events if event.kind == "surrender")
    years = [
        base.file.years[0].model_copy(
            update={
                "year": year,
                "cap_tonnes": needed if year == first else 0,
                "free_tonnes": 0,
                "auction_tonnes": needed if year == first else 0,
                "reserve_tonnes": 0,
                "reporting_deadline": NEVER,
                "surrender_deadline": NEVER,
            }
        )
        for year in range(first, last + 1)
    ]
    rules, ids = rules_for(base, years, [first], min(one.events[0].current for one in members))
    return Round(number, members, rules, ids[first], digest_of(digest, f"round {number}".encode(), rules.digest))


def replay(
    case: Case, tell: Tell, *, folder: Path | None = None, rpc: str | None = None, payer: Signer | None = None
) -> Replayed:
    """Run a case through the contracts.

    Args:
        case: What.
        tell: Told of progress, a line at a time.
        folder: Keeps chain, journal and events, so that a run that was stopped goes on; None keeps nothing. A case of
            several rounds keeps them in folders of their own in it.
        rpc: Of a chain; None starts a fresh one for each round.
        payer: Pays for gas on a chain that is not local.

    Raises:
        InputError: The folder has another replay, or nobody pays for gas.
        ReplayStopped: The scheme does not allow what the case needs before the first event.
    """
    statuses: dict[str, Sequence[str]] = {}
    rejections: list[Rejection] = []
    audits: list[AuditReport] = []
    gas = 0
    for one in case.rounds:
        where = folder / f"round-{one.number}" if folder and len(case.rounds) > 1 else folder
        journal = Journal.open(where, one.digest)
        birth = int(datetime(max(one.rules.file.scheme.first_year, 1971), 1, 1, tzinfo=UTC).timestamp())
        with open_ground(one.rules, journal, birth, tell, rpc=rpc, payer=payer) as ground:
            until = ground.chain.block().timestamp + 60 * YEAR
            first = {entity.name: min(entity.years) for entity in one.entities}
            operators, treasury, verifier = open_operators(ground, first, until)
            acts = Acts(ground, verifier)
            _open(acts, one, operators, treasury)
            run = _Play(ground, one, operators, acts)
            run.play()
            statuses |= run.statuses
            rejections += run.rejections
            audits.append(confirm(ground))
            gas += sum(landed.gas_used for landed in journal.done.values())
    return Replayed(case, statuses, rejections, gas, audits)


def _open(acts: Acts, one: Round, operators: Mapping[str, Operator], treasury: Any) -> None:
    """Issue what will be surrendered, and hand it out; let surrenders be reversed where the case does so."""
    if any(event.kind == "surrender_reversal" for entity in one.entities for event in entity.events):
        acts.ground.conveyor.carry(
            [acts.by_regulator("reversal window", acts.regulator.set_reversal_window.act(WINDOW))]
        )
    needed: Counter[str] = Counter()
    for entity in one.entities:
        needed[entity.name] += sum(event.tonnes or 0 for event in entity.events if event.kind == "surrender")
    holdings = {(name, one.units): tonnes for name, tonnes in needed.items() if tonnes}
    if not holdings:
        return
    units, total = one.units, sum(holdings.values())
    issue = acts.regulator.issue_for_auction.act(
        treasury.account, units.vintage, units, total, "what the case's surrenders need"
    )
    acts.ground.conveyor.carry_all([acts.by_regulator("issue", issue)])
    hand_out(acts.ground, {name: operator.account for name, operator in operators.items()}, treasury, holdings)


@dataclass
class _Play:
    """The events of one round.

    What happens next follows from what became of acts, never from the chain as it is: a run that is taken up finds a
    chain that has gone on.
    """

    ground: Ground
    round: Round
    operators: Mapping[str, Operator]
    acts: Acts
    statuses: dict[str, list[str]] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    figures: set[tuple[str, int]] = field(default_factory=set)
    """Entities and years that have a figure."""
    engaged: set[tuple[str, int]] = field(default_factory=set)
    versions: Counter[tuple[str, int]] = field(default_factory=Counter)
    surrendered: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """Approved applications and their tonnes."""
    passed: int = 0
    """The last year whose deadline has passed."""
    waves: int = 0

    def __post_init__(self) -> None:
        self.notes = Notes(self.ground, "statuses.jsonl")
        self.obligations = self.ground.scheme.contract(Obligations)
        self.current = self.round.rules.file.scheme.current_year
        self.statuses = {entity.id: [] for entity in self.round.entities}

    def play(self) -> None:
        """All events; those of different entities beside each other, as far as the years allow."""
        while True:
            while wave := [(entity, event) for entity, event in self._next() if self._may(event)]:
                self._play(wave)
            waiting = [event for _, event in self._next()]
            if not waiting:
                return
            deadlines = [
                event.year
                for event in waiting
                if event.kind == "static_status" and event.current == self.current and event.year is not None
            ]
            if deadlines:
                self._pass(min(deadlines))
            else:
                self._open(self.current + 1)

    def _next(self) -> list[tuple[Entity, Event]]:
        return [
            (one, one.events[len(self.statuses[one.id])])
            for one in self.round.entities
            if len(self.statuses[one.id]) < len(one.events)
        ]

    def _may(self, event: Event) -> bool:
        if event.current != self.current:
            return False
        return event.kind != "static_status" or (event.year or 0) <= self.passed

    def _open(self, year: int) -> None:
        self.ground.conveyor.carry_all(
            [self.acts.by_regulator(f"open {year}", self.acts.regulator.open_year.act(year))]
        )
        self.current = year
        self.ground.tell(f"{year} is open")

    def _pass(self, year: int) -> None:
        """The deadline of a year, and of those before it, is over from now on."""
        now = self.ground.chain.block().timestamp
        acts = []
        for one in range(max(self.passed + 1, self.round.rules.file.scheme.first_year), year + 1):
            over = replace(self.obligations.rules_of(one), reporting_deadline=now - 1, surrender_deadline=now - 1)
            acts.append(self.acts.by_regulator(f"deadline {one}", self.acts.regulator.set_year_rules.act(one, over)))
        self.ground.conveyor.carry_all(acts)
        self.passed = year

    def _play(self, wave: Sequence[tuple[Entity, Event]]) -> None:
        """One event of each; then the status of each."""
        self.waves += 1
        under_way = [(entity, event, self._steps(self.operators[entity.name], event)) for entity, event in wave]
        pending = [(entity, event, steps, next(steps, None)) for entity, event, steps in under_way]
        while acts := [(entity, event, steps, act) for entity, event, steps, act in pending if act is not None]:
            landed = [
                one
                for part in batches([act for *_, act in acts], IN_FLIGHT)
                for one in self.ground.conveyor.carry(part)
            ]
            pending = [
                (entity, event, steps, self._after(entity, event, steps, one))
                for (entity, event, steps, _), one in zip(acts, landed, strict=True)
            ]
        seen = self.notes.get(str(self.waves))
        if seen is None:
            seen = self._look(wave)
            self.notes.put(str(self.waves), seen)
        for (entity, _), status in zip(wave, seen, strict=True):
            self.statuses[entity.id].append(status)

    def _after(self, entity: Entity, event: Event, steps: Steps, landed: Landed) -> Keyed | None:
        if landed.error:
            self.rejections.append(Rejection(entity.id, event, landed.error, landed.explanation))
            return None
        try:
            return steps.send(landed)
        except StopIteration:
            return None

    def _look(self, wave: Sequence[tuple[Entity, Event]]) -> list[str]:
        at, read = self.obligations.address, self.ground.chain.read_many
        accounts = [self.operators[entity.name].account for entity, _ in wave]
        found = read([self.obligations.STATUS_OF.on(at, account) for account in accounts])
        seen = [status.name for status in found]
        statics = [n for n, (_, event) in enumerate(wave) if event.kind == "static_status"]
        years = read([self.obligations.YEAR_OF.on(at, accounts[n], wave[n][1].year) for n in statics])
        for n, year in zip(statics, years, strict=True):
            seen[n] = year.status.name
        return seen

    # WHAT AN EVENT IS HERE

    def _steps(self, one: Operator, event: Event) -> Steps:
        key = f"{one.name} event {event.number}"
        regulator, year = self.acts.regulator, event.year or 0
        if event.kind == "emissions":
            yield from self._report(one, year, event.tonnes, key)
        elif event.kind == "surrender":
            yield from self._surrender(one, event.tonnes or 0, key)
        elif event.kind == "surrender_reversal":
            yield from self._reverse(one, event.tonnes or 0, key)
        elif event.kind != "change_year":  # which the regulator does for everybody
            act = {
                "init": lambda: regulator.enrol.act(one.account, event.first_year, event.last_year),
                "exclude": lambda: regulator.exclude.act(one.account, year, "excluded in the case"),
                "exclude_reversal": lambda: regulator.include.act(one.account, year, "included again in the case"),
                "set_first_year": lambda: regulator.set_first_year.act(one.account, year),
                "set_last_year": lambda: regulator.set_last_year.act(one.account, event.year),
                "static_status": lambda: regulator.freeze_status.act(one.account, year),
            }[event.kind]()
            yield self.acts.by_regulator(key, act)

    def _report(self, one: Operator, year: int, tonnes: int | None, key: str) -> Steps:
        """A new figure takes the place of an old one: the authority withdraws that first."""
        place = (one.name, year)
        if place in self.figures:
            why = "the case withdraws the figure" if tonnes is None else "the case has another figure"
            yield self.acts.by_regulator(f"{key} reopen", self.acts.regulator.reopen.act(one.installation, year, why))
            self.figures.discard(place)
        if tonnes is None:
            return
        if place not in self.engaged:
            yield self.acts.engage(one, year)
            self.engaged.add(place)
        version = self.versions[place] + 1
        yield self.acts.report(one, year, Process(tonnes, 1), version)
        self.versions[place] = version
        yield self.acts.verify(one, year, Process(tonnes, 1), version)
        yield self.acts.accept(one, year, version)
        self.figures.add(place)

    def _surrender(self, one: Operator, tonnes: int, key: str) -> Steps:
        """Applied for, examined, decided as the opinion is, cancelled."""
        apply = self.acts.company(one).apply_surrender
        landed = yield self.acts.by(one, f"{key} apply", apply.act([(self.round.units, tonnes)]))
        application = self._application(landed)
        findings = self.ground.scheme.contract(ComplianceDesk).application_of(application).application.findings
        regulator = self.acts.regulator
        if findings & UNFAVOURABLE:
            reject = regulator.reject_surrender.act(application, f"findings {findings}")
            yield self.acts.by_regulator(f"{key} reject", reject)
            return
        yield self.acts.by_regulator(f"{key} approve", regulator.approve_surrender.act(application))
        self.surrendered[one.name].append((application, tonnes))

    def _application(self, landed: Landed) -> int:
        receipt = self.ground.chain.receipt(landed.hash)
        assert receipt is not None  # noqa: S101 -- it has landed
        told = (decode_log(log).event for log in receipt.logs)
        return next(event.id for event in told if isinstance(event, SurrenderApplied))

    def _reverse(self, one: Operator, tonnes: int, key: str) -> Steps:
        """The authority reverses whole surrenders, the latest first; what that is too much is surrendered again.

        What was never surrendered is asked for under the number of an application that never was: the contract refuses.
        """
        done = self.surrendered[one.name]
        taken: list[tuple[int, int]] = []
        while done and sum(amount for _, amount in taken) < tonnes:
            taken.append(done.pop())
        excess = sum(amount for _, amount in taken) - tonnes
        if excess < 0:
            done += reversed(taken)
            taken, excess = [(NOTHING, 0)], 0
        for application, _ in taken:
            act = self.ground.scheme.contract(ComplianceDesk).reverse_surrender(application, REVERSED)
            yield self.acts.by_regulator(f"{key} reverse {application}", act)
        if excess:
            yield from self._surrender(one, excess, f"{key} again")
