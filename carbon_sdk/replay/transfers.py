"""Recorded transfers through the ledger: each is the holder's own signed transaction, between registered accounts."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carbon_sdk.audit.report import AuditReport
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId
from carbon_sdk.replay.accounts import Party, open_accounts
from carbon_sdk.replay.books import Books, Difference
from carbon_sdk.replay.confirmation import confirm
from carbon_sdk.replay.conveyor import IN_FLIGHT, Keyed
from carbon_sdk.replay.ground import Ground, Tell, open_ground
from carbon_sdk.replay.holdings import Holdings, open_holdings, transfer
from carbon_sdk.replay.journal import Journal, Landed, digest_of
from carbon_sdk.replay.recorded_transfers import (
    MOST_TONNES,
    REGISTRIES,
    Movement,
    Row,
    movements_of,
    openings_of,
    read_openings,
    read_rows,
)
from carbon_sdk.replay.source import MalformedCase, Source

TREASURY = " issuing authority"
"""No account of a file has its name: what stands in a cell begins with no space."""
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be replayed, checked as a whole.

    Attributes:
        rows: In the order of the file.
        movements: In the order of dates.
        openings: What everybody begins with, by account and instrument.
        rules: The scheme.
        digest: Of all of it.
    """

    rows: Sequence[Row]
    movements: Sequence[Movement]
    openings: Holdings
    rules: SchemeRules
    digest: bytes

    @property
    def accounts(self) -> list[str]:
        """Everybody, in the order in which they first appear."""
        named = [name for row in self.rows for name in (row.sender, row.receiver)]
        return list(dict.fromkeys([*named, *(name for name, _ in self.openings)]))


@dataclass(frozen=True, slots=True)
class Rejection:
    """A movement that the contracts would not do.

    Attributes:
        rows: That were to go in it; none of them went.
        row: The one that could not, where the error tells.
        instrument: Of that row in the ledger.
        landed: The error, and its transaction.
    """

    rows: tuple[Row, ...]
    row: Row | None
    instrument: InstrumentId
    landed: Landed


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Attributes:
        case: That was replayed.
        parties: Account holders, without the issuing authority.
        rejections: In the order of dates.
        gas: Of the transfers, and of everything since the deployment.
        milliseconds: That this run spent on transfers, comparisons included; `sent` rows were sent in that time.
        sent: Rows that this run sent; the others were done by an earlier one.
        books: Holdings as they should be, and how they compared after each step.
        equal: Whether at the end all of them were as they should be.
        audit: The auditor's report.
    """

    case: Case
    parties: int
    rejections: tuple[Rejection, ...]
    gas: Mapping[str, int]
    milliseconds: int
    sent: int
    books: Books
    equal: bool
    audit: AuditReport

    @property
    def confirmed(self) -> bool:
        """Whether holdings and supplies were right after every step, and the auditor found no difference."""
        return not self.books.differences and self.audit.ok

    def as_json(self) -> dict[str, Any]:
        """The result in JSON's types; docs/replay.md says what each field is."""
        rows, books = self.case.rows, self.books
        refused = {row.line for one in self.rejections for row in one.rows}
        types: dict[str, Counter[str]] = defaultdict(Counter)
        for row in rows:
            types[row.unit_type].update(_counted(row, refused=row.line in refused))
        return {
            "transfers": {
                "rows": len(rows),
                "transactions": len(self.case.movements),
                "accepted": len(rows) - len(refused),
                "rejected": len(refused),
                "tonnes": sum(row.tonnes for row in rows if row.line not in refused),
            },
            "by_unit_type": {name: _type_as_json(types[name]) for name in sorted(types)},
            "accounts": self.parties,
            "instruments": len({instrument for _, instrument in self.case.openings} | {row.instrument for row in rows}),
            "openings": {"holdings": len(self.case.openings), "tonnes": sum(self.case.openings.values())},
            "rejected": [_rejection_as_json(one) for one in self.rejections],
            "conservation": {
                "steps": books.steps,
                "figures": books.figures,
                "differences": [_difference_as_json(one) for one in books.differences],
            },
            "holdings": {
                "compared": len(books.held),
                "equal": self.equal,
            },
            "gas": dict(self.gas),
            "speed": {
                "rows": self.sent,
                "milliseconds": self.milliseconds,
                "rows_per_second": self.sent * 1000 // max(self.milliseconds, 1),
            },
            "confirmed": self.confirmed,
            "audit": self.audit.as_json(),
        }


def case_of(source: Source, rules: SchemeRules, *, openings: Source | None = None, singly: bool = False) -> Case:
    """Read and check everything; nothing is sent.

    Args:
        source: The transfers.
        rules: The scheme.
        openings: What accounts begin with; None: the least that lets every transfer happen.
        singly: Every row as a transaction of its own.

    Raises:
        MalformedCase: By its line.
    """
    number = rules.file.scheme.number
    rows = read_rows(source, number)
    movements = movements_of(rows, singly=singly)
    known = openings_of(movements) if openings is None else read_openings(openings, number)
    _check_caps(source if openings is None else openings, known)
    begun = openings.content if openings else b""
    digest = digest_of(source.content, begun, rules.digest, b"singly" if singly else b"")
    return Case(rows, movements, known, rules, digest)


def _check_caps(source: Source, openings: Holdings) -> None:
    needed: Counter[int] = Counter()
    for (_, instrument), tonnes in openings.items():
        if instrument.kind is InstrumentClass.ALLOWANCE:
            needed[instrument.vintage] += tonnes
    for vintage, tonnes in needed.items():
        if tonnes > MOST_TONNES:
            raise MalformedCase(
                f"{source.name}: {tonnes} t of {vintage} would be needed; a cap has at most {MOST_TONNES}."
            )


def replay(
    case: Case,
    tell: Tell,
    *,
    folder: Path | None = None,
    rpc: str | None = None,
    payer: Signer | None = None,
) -> Replayed:
    """Run a case through the contracts.

    Args:
        case: What.
        tell: Told of progress, a line at a time.
        folder: Keeps chain, journal and events, so that a run that was stopped goes on; None keeps nothing.
        rpc: Of a chain; None starts a fresh one, whose clock follows the dates of the transfers.
        payer: Pays for gas on a chain that is not local.

    Raises:
        InputError: The folder has another replay, or nobody pays for gas.
        ReplayStopped: The scheme does not allow what the case needs before the first transfer.
    """
    first, last = case.movements[0].at, case.movements[-1].at
    journal = Journal.open(folder, case.digest)
    with open_ground(case.rules, journal, max(first - DAY, 1), tell, rpc=rpc, payer=payer) as ground:
        kinds = [(TREASURY, AccountKind.GOVERNMENT), *((name, AccountKind.TRADER) for name in case.accounts)]
        parties = open_accounts(ground, kinds, max(last, ground.chain.block().timestamp) + 365 * DAY)
        treasury = parties.pop(TREASURY)
        used = dict.fromkeys(row.instrument for row in case.rows)
        instruments = open_holdings(ground, parties, treasury, case.openings, used, REGISTRIES)
        run = _Run(ground, parties, instruments, Books(ground.scheme))
        run.open(case.openings)
        began = time.monotonic_ns()
        rejections = run.move(case.movements)
        milliseconds = (time.monotonic_ns() - began) // 10**6
        equal = run.books.compare_all(ground.chain.block_number())
        audit = confirm(ground)
        gas = {
            "total": sum(one.gas_used for one in journal.done.values()),
            "transfers": sum(journal.done[one.key].gas_used for one in case.movements),
        }
        return Replayed(case, len(parties), tuple(rejections), gas, milliseconds, run.sent, run.books, equal, audit)


@dataclass
class _Run:
    """The transfers of one run."""

    ground: Ground
    parties: Mapping[str, Party]
    instruments: Mapping[InstrumentId, InstrumentId]
    books: Books
    sent: int = 0

    def open(self, openings: Holdings) -> None:
        for (name, instrument), tonnes in openings.items():
            self.books.move(None, self.parties[name].account, self.instruments[instrument], tonnes)
        if not any(key.startswith("move ") for key in self.ground.journal.done):
            self.books.compare(self.ground.chain.block_number())

    def move(self, movements: Sequence[Movement]) -> list[Rejection]:
        rejections: list[Rejection] = []
        done, rows, told = self.ground.journal.done, 0, 0
        for batch in self._batches(movements):
            left = sum(len(one.rows) for one in batch if one.key not in done)
            landed = self.ground.conveyor.carry([self._act(one) for one in batch], max(one.at for one in batch))
            for one, outcome in zip(batch, landed, strict=True):
                if rejection := self._note(one, outcome):
                    rejections.append(rejection)
            self.sent += left
            rows += sum(len(one.rows) for one in batch)
            if left:  # what was done before is compared with the first that is not
                self.books.compare(max(one.block for one in landed))
            if rows - told >= 1_000:
                told = rows
                self.ground.tell(f"{rows:,} rows moved, {len(rejections):,} transactions rejected")
        self.ground.tell(f"{rows:,} rows moved, {len(rejections):,} transactions rejected")
        return rejections

    def _batches(self, movements: Sequence[Movement]) -> Iterator[list[Movement]]:
        """Movements that go together, so that on a chain of others none relies on one that is under way with it.

        The replay's own chain mines them in their order; elsewhere nobody promises that.
        """
        batch: list[Movement] = []
        changed: set[tuple[str, InstrumentId]] = set()
        for one in movements:
            given = {(one.sender, row.instrument) for row in one.rows}
            got = {(one.receiver, row.instrument) for row in one.rows}
            relies = not self.ground.conveyor.own and not changed.isdisjoint(given)
            if batch and (len(batch) == IN_FLIGHT or relies):
                yield batch
                batch, changed = [], set()
            batch.append(one)
            changed |= got
        if batch:
            yield batch

    def _act(self, movement: Movement) -> Keyed:
        sender, receiver = self.parties[movement.sender], self.parties[movement.receiver]
        lines = [(int(self.instruments[row.instrument]), row.tonnes) for row in movement.rows]
        ledger = self.ground.scheme.contract(InstrumentLedger)
        return Keyed(movement.key, sender.signer, transfer(ledger, sender.account, receiver.account, lines))

    def _note(self, movement: Movement, landed: Landed) -> Rejection | None:
        sender, receiver = self.parties[movement.sender].account, self.parties[movement.receiver].account
        if landed.error:
            for row in movement.rows:
                self.books.touch(sender, self.instruments[row.instrument])
                self.books.touch(receiver, self.instruments[row.instrument])
            culprit = self._culprit(movement, sender, receiver)
            instrument = self.instruments[(culprit or movement.rows[0]).instrument]
            return Rejection(movement.rows, culprit, instrument, landed)
        for row in movement.rows:
            self.books.move(sender, receiver, self.instruments[row.instrument], row.tonnes)
        return None

    def _culprit(self, movement: Movement, sender: Address, receiver: Address) -> Row | None:
        """The first row that the sender has too little for, when those before it have gone."""
        held = {row.instrument: self.books.held[sender, self.instruments[row.instrument]] for row in movement.rows}
        for row in movement.rows:
            if held[row.instrument] < row.tonnes:
                return row
            if sender != receiver:
                held[row.instrument] -= row.tonnes
        return movement.rows[0] if len(movement.rows) == 1 else None


def _counted(row: Row, *, refused: bool) -> dict[str, int]:
    if refused:
        return {"rows": 1, "rejected": 1, "tonnes_rejected": row.tonnes}
    return {"rows": 1, "accepted": 1, "tonnes": row.tonnes}


def _type_as_json(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("rows", "accepted", "rejected", "tonnes", "tonnes_rejected")}


def _rejection_as_json(one: Rejection) -> dict[str, Any]:
    row = one.row or one.rows[0]
    return {
        "id": row.id,
        "line": row.line,
        "rows": [other.id for other in one.rows],
        "transaction": row.transaction,
        "account": row.sender,
        "instrument": str(one.instrument),
        "tonnes": row.tonnes,
        "error": one.landed.error,
        "arguments": dict(one.landed.arguments),
        "explanation": one.landed.explanation,
        "hash": one.landed.hash,
    }


def _difference_as_json(one: Difference) -> dict[str, Any]:
    return {
        "block": one.block,
        "instrument": str(one.instrument),
        "account": one.account,
        "expected": one.expected,
        "found": one.found,
    }
