"""The auditor that believes nobody: a replay of all events must equal the contracts' state, account by account.

    report = Auditor(rpc, store, contracts, abis).run()
    assert report.ok, report.summary()

It reads the events from the store, folds them, tries every invariant, and asks the contracts, at the block that the
store has read to, for every figure that the fold knows. For each figure that differs it names the last transaction that
touched it and, where the node still knows older states, the transaction in which contract and events parted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from carbon_sdk.audit.decode import Abi, MalformedLog, ViewCodec, views_of
from carbon_sdk.audit.events import Event, Header, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.indexer import Rpc
from carbon_sdk.audit.invariants import ALL, violations
from carbon_sdk.audit.receipts import prove_logs
from carbon_sdk.audit.report import AuditReport, Discrepancy, Violation
from carbon_sdk.audit.state import State, Subject
from carbon_sdk.audit.store import Store, addresses
from carbon_sdk.audit.views import Question, questions
from carbon_sdk.errors import CarbonError, InputError, NodeError
from carbon_sdk.identifiers import Address

_BATCH = 500
_MOST_LOCATED = 20


class ChainMovedOn(CarbonError):
    """The store's last block is not the node's block of that number: index again, then audit."""

    exit_code = 4


class Auditor:
    """Compares one deployment with its own events.

    Args:
        rpc: A node; best another one than the one that was indexed.
        store: The events.
        contracts: Contract's name by its address.
        abis: Contract's name → ABI, for its views.
        chain: Chain id; None takes the store's only one.
    """

    def __init__(
        self,
        rpc: Rpc,
        store: Store,
        contracts: Mapping[Address, str],
        abis: Mapping[str, Abi],
        chain: int | None = None,
    ) -> None:
        self._rpc = rpc
        self._store = store
        self._contracts = dict(contracts)
        self._views = {name: views_of(abi) for name, abi in abis.items()}
        self._chain = store.only_chain() if chain is None else chain
        self.state: State | None = None
        """What the last run folded."""

    def fold(self, until: int | None = None, events: Iterable[Event] | None = None, *, journal: bool = True) -> State:
        """The state that the store's events add up to.

        Args:
            until: Up to this block; None takes all.
            events: Instead of the store's.
            journal: Whether the movements of serials stay in memory; `histories.Histories` keeps them in the store.
        """
        fold = Fold(self._contracts, self._main_money(), journal=journal)
        return fold.apply_all(self._store.events(self._chain, until=until) if events is None else events)

    def run(
        self, *, locate: bool = True, proofs: bool = False, on_progress: Callable[[str, int, int], None] | None = None
    ) -> AuditReport:
        """Fold, try the invariants, compare.

        Args:
            locate: For figures that differ, look for the transaction in which they parted.
            proofs: Prove every log by its block's header and receipts too (`receipts.prove_logs`).
            on_progress: Told what is being done, how much of it is done, and of how much.

        Raises:
            ChainMovedOn: The node has another block where the store ends.
            TransportError: No node answered.
        """
        header = self._pinned()
        tell = on_progress or (lambda what, done, of: None)
        tell("checking the store", 0, 1)
        findings = tuple(self._store.verify(self._chain, addresses(self._contracts)))
        if proofs:
            tell("proving the logs", 0, 1)
            findings += tuple(prove_logs(self._rpc, self._store, self._chain, self._contracts))
        tell("folding the events", 0, 1)
        broken: list[Violation] = []
        try:
            state = self.fold(header.number, journal=False)
        except MalformedLog as error:
            # A store that cannot be read is a finding, not a reason to say nothing.
            return AuditReport(
                self._chain,
                header.number,
                f"0x{header.hash.hex()}",
                header.timestamp,
                0,
                {},
                (),
                violations=(Violation("every_log_can_be_read", str(error)),),
                findings=findings,
            )
        self.state = state
        broken.extend(Violation(name, what) for name, what in violations(state))
        state.timestamp = header.timestamp  # some answers depend on the time alone
        asked = list(questions(state, self._contracts))
        discrepancies, checks, missing = self._compare(state, asked, header, tell)
        if locate and discrepancies:
            discrepancies = self._located(discrepancies, asked)
        self._require_pinned(header)
        return AuditReport(
            self._chain,
            header.number,
            f"0x{header.hash.hex()}",
            header.timestamp,
            state.events,
            checks,
            tuple(invariant.__name__ for invariant in ALL),
            tuple(discrepancies),
            tuple(broken),
            findings,
            {f"{contract}.{event}": count for (contract, event), count in state.passed_over.items()},
            tuple(sorted(missing)),
        )

    # THE BLOCK

    def _pinned(self) -> Header:
        cursor = self._store.cursor(self._chain)
        if cursor is None:
            raise InputError("The store is empty: index first.")
        header = self._store.header_at(self._chain, cursor.number)
        if header is None:
            raise InputError("The store has no header of its last block: index again.")
        self._require_pinned(header)
        return header

    def _require_pinned(self, header: Header) -> None:
        found = self._rpc.request("eth_getBlockByNumber", hex(header.number), False)
        if not found or bytes.fromhex(found["hash"][2:]) != header.hash:
            raise ChainMovedOn(f"Block {header.number} of the node is not the store's. Index again, then audit.")

    def _main_money(self) -> int:
        ledger = next((address for address, name in self._contracts.items() if name == "InstrumentLedger"), None)
        view = self._views.get("InstrumentLedger", {}).get("mainMoney")
        if ledger is None or view is None:
            return 0
        try:
            answer = self._rpc.request("eth_call", {"to": ledger, "data": view.ask()}, "latest")
        except NodeError:
            return 0
        return int(answer, 16) if answer not in ("0x", "") else 0

    # COMPARING

    def _compare(
        self, state: State, asked: Sequence[Question], header: Header, tell: Callable[[str, int, int], None]
    ) -> tuple[list[Discrepancy], dict[str, int], set[str]]:
        missing: set[str] = set()
        checks: Counter[str] = Counter()
        discrepancies: list[Discrepancy] = []
        ready: list[tuple[Question, ViewCodec]] = []
        for question in asked:
            view = self._views.get(question.name, {}).get(question.function)
            if view is None:
                missing.add(f"{question.name}.{question.function}")
            else:
                ready.append((question, view))
                checks[question.group] += len(question.expected)
        for start in range(0, len(ready), _BATCH):
            tell("comparing with the contracts", start, len(ready))
            part = ready[start : start + _BATCH]
            for question, answer in zip((q for q, _ in part), self._answers(part, header.number), strict=True):
                discrepancies.extend(_differences(question, answer, state.touched))
        discrepancies.extend(self._implementations(state, header.number, checks))
        return discrepancies, dict(checks), missing

    def _answers(self, part: Sequence[tuple[Question, ViewCodec]], block: int) -> Iterator[Any]:
        calls = [
            ("eth_call", [{"to": question.contract, "data": view.ask(*question.arguments)}, hex(block)])
            for question, view in part
        ]
        for (_, view), answer in zip(part, self._rpc.batch(calls), strict=True):
            if isinstance(answer, NodeError):
                yield answer
                continue
            try:
                yield view.answer(bytes.fromhex(answer[2:]))
            except MalformedLog as error:
                yield error

    def _implementations(self, state: State, block: int, checks: Counter[str]) -> Iterator[Discrepancy]:
        """Which code runs behind each proxy (the slot of ERC-1967)."""
        slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
        known = {at: code for at, code in state.governance.implementations.items() if at in self._contracts}
        answers = self._rpc.batch([("eth_getStorageAt", [at, slot, hex(block)]) for at in known])
        for (at, code), answer in zip(known.items(), answers, strict=True):
            checks["implementations"] += 1
            found = answer if isinstance(answer, NodeError) else f"0x{answer[2:].rjust(64, '0')[24:]}"
            if isinstance(found, NodeError) or found != code.lower():
                yield Discrepancy(
                    "implementations",
                    f"implementation of {self._contracts[at]}",
                    self._contracts[at],
                    "",
                    str(found),
                    code,
                    state.touched.get(("implementation", at)),
                )

    # LOCATING

    def _located(self, discrepancies: Sequence[Discrepancy], asked: Sequence[Question]) -> list[Discrepancy]:
        """Look for the block in which contract and events parted, by halving the blocks that touched the figure."""
        by_about = {question.about: question for question in asked}
        wanted = {
            one.about: by_about[one.about] for one in discrepancies if one.about in by_about and one.last is not None
        }
        wanted = dict(list(wanted.items())[:_MOST_LOCATED])
        history = self._history(wanted)
        parted: dict[str, Position] = {}
        for about, steps in history.items():
            if found := self._first_wrong(wanted[about], steps):
                parted[about] = found
        return [replace(one, first=parted.get(one.about)) for one in discrepancies]

    def _history(self, wanted: Mapping[str, Question]) -> dict[str, list[tuple[Position, Mapping[str, Any]]]]:
        """Replay once more and write down what each wanted figure should be after each block that touched it."""
        steps: dict[str, list[tuple[Position, Mapping[str, Any]]]] = {about: [] for about in wanted}
        subjects: dict[Subject, list[str]] = {}
        for about, question in wanted.items():
            subjects.setdefault(question.subject, []).append(about)
        fold = Fold(self._contracts, self._main_money(), journal=False)
        pending: set[str] = set()

        def write_down() -> None:
            now = {question.about: question for question in questions(fold.state, self._contracts) if pending}
            for about in pending & now.keys():
                place = fold.state.touched.get(now[about].subject)
                if place:
                    steps[about].append((place, now[about].expected))
            pending.clear()

        block = -1
        for event in self._store.events(self._chain):
            if event.position.block != block and pending:
                write_down()
            block = event.position.block
            fold.apply(event)
            for subject, abouts in subjects.items():
                if fold.state.touched.get(subject) == event.position:
                    pending.update(abouts)
        if pending:
            write_down()
        return steps

    def _first_wrong(self, question: Question, steps: Sequence[tuple[Position, Mapping[str, Any]]]) -> Position | None:
        view = self._views[question.name][question.function]
        low, high = 0, len(steps) - 1
        found: Position | None = None
        while low <= high:
            middle = (low + high) // 2
            position, expected = steps[middle]
            answer = next(self._answers([(question, view)], position.block))
            if isinstance(answer, NodeError):
                return None  # the node does not know states that old
            if any(True for _ in _differences(question._replace(expected=expected), answer, {})):
                found, high = position, middle - 1
            else:
                low = middle + 1
        return found


def _differences(question: Question, answer: Any, touched: Mapping[Subject, Position]) -> Iterator[Discrepancy]:
    for name, expected in question.expected.items():
        said = str(answer) if isinstance(answer, CarbonError) else _field(answer, name)
        if isinstance(answer, CarbonError) or said != expected:
            yield Discrepancy(
                question.group,
                question.about,
                question.name,
                name,
                said,
                expected,
                touched.get(question.subject),
            )


def _field(answer: Any, path: str) -> Any:
    for part in path.split(".") if path else ():
        answer = answer.get(part) if isinstance(answer, dict) else None
    return answer
