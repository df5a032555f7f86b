"""Random acts on the real ledger, in an EVM of this process, against a plain model and against the auditor's fold.

The machine stands for every module of the suite. The model says of each act whether the ledger lets it through, and
what every holding is afterwards; the fold must come to the same from the events alone, and the ledger's views must
answer both.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyrevm
import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from carbon_sdk.audit.decode import Decoders, views_of
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.views import questions
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId, address, keccak

ARTIFACTS = Path(__file__).parents[2] / "carbon_sdk" / "contracts" / "artifacts"
MODULE = address(b"\x77" * 20)
NOW, FAR = 1_800_000_000, 4_000_000_000
MONEY = int(InstrumentId.of(InstrumentClass.MONEY, 826, 0, 0, 826))
UNITS = int(InstrumentId.of(InstrumentClass.ALLOWANCE, 826, 2021))
KEYS = [address(bytes([n]) * 20) for n in (1, 2, 3)]
ACCOUNTS = [address(bytes([n]) * 20) for n in (0xA1, 0xA2, 0xA3)]
ROOM = 1 << 59  # of a holding's word, for one reason
SURRENDER, WITHDRAWAL, DELAYED = 1, 2, 5
NO_TRADE, NO_TRANSFER, NO_RECEIPT = 1, 2, 4
RIGHTS = 63
ELIGIBILITY = "(uint8,uint8,uint16,uint16,uint32,uint40)"

who = st.integers(0, 2)
what = st.sampled_from([MONEY, UNITS])
why = st.sampled_from([SURRENDER, WITHDRAWAL, DELAYED])
# What may be right, what is surely too much, and what does not fit beside a reason.
amounts = st.one_of(st.integers(0, 60), st.integers(0, 3000), st.sampled_from([ROOM - 1, ROOM, (1 << 96) - 1, 1 << 96]))


def artifact(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ARTIFACTS / f"{name}.json").read_text())
    return content


def bytecode(name: str) -> bytes:
    code = artifact(name)["bytecode"]
    return bytes.fromhex((code["object"] if isinstance(code, dict) else code).removeprefix("0x"))


class Refused(Exception):
    """The model says that the ledger does not let an act through."""


class Model:
    """What the ledger is about, in dictionaries."""

    def __init__(self) -> None:
        self.balance: dict[tuple[int, int], int] = defaultdict(int)
        self.bound: dict[tuple[int, int, int], int] = defaultdict(int)
        self.frozen: dict[tuple[int, int], int] = defaultdict(int)
        self.escrow: dict[int, int] = defaultdict(int)
        self.issued: dict[int, int] = defaultdict(int)
        self.cancelled: dict[int, int] = defaultdict(int)
        self.restrictions = [0, 0, 0]
        self.open = {MONEY: True, UNITS: True}

    def encumbered(self, n: int, i: int) -> int:
        return sum(self.bound[n, i, reason] for reason in (SURRENDER, WITHDRAWAL, DELAYED))

    def free(self, n: int, i: int) -> int:
        return max(0, self.balance[n, i] - self.encumbered(n, i) - self.frozen[n, i])

    def need(self, *conditions: bool) -> None:
        if not all(conditions):
            raise Refused

    def may(self, n: int, barred: int) -> bool:
        return not self.restrictions[n] & barred

    def move(self, sender: int, receiver: int, i: int, q: int) -> None:
        self.balance[sender, i] -= q
        self.balance[receiver, i] += q

    def unbind(self, n: int, i: int, q: int, reason: int) -> None:
        self.need(0 < q < 1 << 96, self.bound[n, i, reason] >= q)
        self.bound[n, i, reason] -= q

    def thaw(self, n: int, i: int, q: int, reason: int) -> None:
        unfrozen = max(0, self.balance[n, i] - self.frozen[n, i])
        if q > unfrozen:
            self.need(reason != DELAYED)
            self.frozen[n, i] -= q - unfrozen

    def snapshot(self) -> tuple[dict[Any, int], ...]:
        return tuple(
            dict(part)
            for part in (self.balance, self.bound, self.frozen, self.escrow, self.issued, self.cancelled, self.open)
        )

    def restore(self, saved: tuple[dict[Any, int], ...]) -> None:
        parts: tuple[dict[Any, Any], ...] = (
            self.balance,
            self.bound,
            self.frozen,
            self.escrow,
            self.issued,
            self.cancelled,
            self.open,
        )
        for part, former in zip(parts, saved, strict=True):
            part.clear()
            part.update(former)


class LedgerMachine(RuleBasedStateMachine):
    """The ledger behind its proxy, the model, the fold."""

    decoders: Decoders
    views: dict[str, Any]

    @initialize()
    def deploy(self) -> None:
        self.evm = pyrevm.EVM(spec_id="CANCUN")
        self.evm.set_block_env(pyrevm.BlockEnv(number=1, timestamp=NOW))
        self.block = 0
        authority = self.create("Authority", ["address"], [MODULE])
        seed = self.create("Seed")
        start = self.data("initialize(address)", ["address"], [authority])
        proxy = ["address", "address", "bytes"]
        self.ledger = self.create("GovernedProxy", proxy, [seed, authority, start])
        implementation = self.create(
            "InstrumentLedger",
            ["(address,address,address,address,address,address,address)", "uint256"],
            [(MODULE,) * 7, MONEY],
        )
        self.model = Model()
        self.fold = Fold({self.ledger: "InstrumentLedger", MODULE: "OrderBook"}, MONEY)
        self.applied: list[str] = []
        begin = self.data("initialize(bytes32)", ["bytes32"], [b"terms"])
        assert self.call(MODULE, "upgradeToAndCall(address,bytes)", implementation, begin)
        assert self.call(MODULE, "defineInstrument(uint256,uint40,bytes32)", UNITS, 0, b"terms")
        for n in range(3):
            self.set_eligibility(n, 0)
            assert self.call(
                MODULE, "setRepresentation(address,(address,uint40,uint16))", KEYS[n], (ACCOUNTS[n], FAR, RIGHTS)
            )
            for i in (MONEY, UNITS):
                self.issue(n, i, 1000)

    # --------------------------------------------------------------------------------------------------- the chain

    def create(self, name: str, types: Sequence[str] = (), values: Sequence[Any] = ()) -> Address:
        return address(self.evm.deploy(MODULE, bytecode(name) + encode(types, values)))

    def data(self, signature: str, types: Sequence[str], values: Sequence[Any]) -> bytes:
        return keccak(signature.encode())[:4] + encode(types, values)

    def call(self, sender: str, signature: str, *values: Any) -> bool:
        """Whether it went through; what it told is folded."""
        inner = signature[signature.index("(") + 1 : -1]
        call = self.data(signature, _types(inner), values)
        self.block += 1
        self.evm.set_block_env(pyrevm.BlockEnv(number=self.block, timestamp=NOW))
        try:
            self.evm.message_call(caller=sender, to=self.ledger, calldata=call)
        except RuntimeError:
            return False
        assert self.evm.result is not None
        for index, log in enumerate(self.evm.result.logs):
            topics = b"".join(bytes.fromhex(topic.removeprefix("0x")) for topic in log.topics)
            decoder = self.decoders.of("InstrumentLedger", topics[:32])
            if decoder is None:
                continue  # of the proxy
            place = Position(self.block, index, f"0x{self.block:064x}")
            args = decoder.decode(topics, _raw(log))
            self.fold.apply(Event("InstrumentLedger", decoder.name, args, self.ledger, NOW, place))
        self.fold.close_transaction()
        return True

    def ask(self, function: str, *arguments: object) -> Any:
        call = bytes.fromhex(self.views[function].ask(*arguments)[2:])
        answer = self.evm.message_call(caller=MODULE, to=self.ledger, calldata=call, is_static=True)
        return self.views[function].answer(bytes(answer))

    def act(self, model: Callable[[], None], sender: str, signature: str, *values: Any) -> None:
        """The same act on both; both let it through or neither."""
        saved = self.model.snapshot()
        try:
            model()
            expected = True
        except Refused:
            self.model.restore(saved)
            expected = False
        went = self.call(sender, signature, *values)
        assert went == expected, f"{signature}{values}: the ledger says {went}, the model {expected}"

    # ----------------------------------------------------------------------------------------------------- the acts

    @rule(n=who, i=what, q=amounts)
    def issue(self, n: int, i: int, q: int) -> None:
        m = self.model

        def say() -> None:
            m.need(m.open[i], m.may(n, NO_RECEIPT), q > 0, m.issued[i] + q < 1 << 96)
            m.issued[i] += q
            m.balance[n, i] += q

        self.act(say, MODULE, "issue(address,uint256,uint256,bytes32)", ACCOUNTS[n], i, q, b"cause")

    @rule(n=who, restrictions=st.sampled_from([0, 0, 0, NO_TRADE, NO_TRANSFER, NO_RECEIPT, 15]))
    def set_eligibility(self, n: int, restrictions: int) -> None:
        self.model.restrictions[n] = restrictions
        said = (1, 1, restrictions, 3, 0, FAR)
        assert self.call(MODULE, f"setEligibility(address,{ELIGIBILITY})", ACCOUNTS[n], said)

    @rule(n=who, to=who, i=what, q=amounts)
    def transfer(self, n: int, to: int, i: int, q: int) -> None:
        m = self.model

        def say() -> None:
            m.need(m.open[i], m.may(n, NO_TRANSFER), m.may(to, NO_RECEIPT), q <= m.free(n, i))
            m.move(n, to, i, q)

        signature = "safeTransferFrom(address,address,uint256,uint256,bytes)"
        self.act(say, KEYS[n], signature, ACCOUNTS[n], ACCOUNTS[to], i, q, b"")

    @rule(n=who, to=who, lines=st.lists(st.tuples(what, st.integers(0, 400)), max_size=4))
    def transfer_batch(self, n: int, to: int, lines: list[tuple[int, int]]) -> None:
        m = self.model

        def say() -> None:
            m.need(m.may(n, NO_TRANSFER), m.may(to, NO_RECEIPT))
            for i, q in lines:
                m.need(m.open[i], q <= m.free(n, i))
                m.move(n, to, i, q)

        signature = "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)"
        ids, quantities = [i for i, _ in lines], [q for _, q in lines]
        self.act(say, KEYS[n], signature, ACCOUNTS[n], ACCOUNTS[to], ids, quantities, b"")

    @rule(n=who, to=who, i=what, q=amounts)
    def move_for(self, n: int, to: int, i: int, q: int) -> None:
        m = self.model

        def say() -> None:
            m.need(0 < q < 1 << 96, m.open[i], m.may(to, NO_RECEIPT), q <= m.free(n, i))
            m.move(n, to, i, q)

        signature = "moveFor(address,address,address,uint256,uint256)"
        self.act(say, MODULE, signature, KEYS[n], ACCOUNTS[n], ACCOUNTS[to], i, q)

    @rule(n=who, i=what, q=amounts)
    def cancel(self, n: int, i: int, q: int) -> None:
        m = self.model

        def say() -> None:
            m.need(0 < q < 1 << 96, m.may(n, NO_TRANSFER), q <= m.free(n, i))
            m.balance[n, i] -= q
            m.cancelled[i] += q

        self.act(say, MODULE, "cancel(address,uint256,uint256,bytes32)", KEYS[n], i, q, b"cause")

    @rule(n=who, i=what, q=amounts, reason=why)
    def encumber(self, n: int, i: int, q: int, reason: int) -> None:
        m = self.model

        def say() -> None:
            m.need(0 < q < 1 << 96, q <= m.free(n, i))
            m.bound[n, i, reason] += q

        signature = "encumber(address,uint256,uint256,uint8,bytes32)"
        self.act(say, MODULE, signature, ACCOUNTS[n], i, q, reason, b"cause")

    @rule(n=who, i=what, q=amounts, reason=why, everything=st.booleans())
    def release(self, n: int, i: int, q: int, reason: int, everything: bool) -> None:
        q = self.model.bound[n, i, reason] if everything else q
        signature = "release(address,uint256,uint256,uint8,bytes32)"
        self.act(lambda: self.model.unbind(n, i, q, reason), MODULE, signature, ACCOUNTS[n], i, q, reason, b"cause")

    @rule(n=who, i=what, q=amounts, reason=why, everything=st.booleans())
    def cancel_bound(self, n: int, i: int, q: int, reason: int, everything: bool) -> None:
        m = self.model
        q = m.bound[n, i, reason] if everything else q

        def say() -> None:
            m.unbind(n, i, q, reason)
            m.thaw(n, i, q, reason)
            m.balance[n, i] -= q
            m.cancelled[i] += q

        signature = "cancelEncumbered(address,uint256,uint256,uint8,bytes32)"
        self.act(say, MODULE, signature, ACCOUNTS[n], i, q, reason, b"cause")

    @rule(n=who, to=who, i=what, q=amounts, reason=why, everything=st.booleans())
    def move_bound(self, n: int, to: int, i: int, q: int, reason: int, everything: bool) -> None:
        m = self.model
        q = m.bound[n, i, reason] if everything else q

        def say() -> None:
            m.need(m.open[i], m.may(to, NO_RECEIPT))
            m.unbind(n, i, q, reason)
            m.thaw(n, i, q, reason)
            m.move(n, to, i, q)

        signature = "moveEncumbered(address,address,uint256,uint256,uint8,bytes32)"
        self.act(say, MODULE, signature, ACCOUNTS[n], ACCOUNTS[to], i, q, reason, b"cause")

    @rule(n=who, i=what, q=st.one_of(st.just(0), amounts, st.just((1 << 256) - 1)))
    def freeze(self, n: int, i: int, q: int) -> None:
        def say() -> None:
            self.model.frozen[n, i] = q

        self.act(say, MODULE, "setFrozenTokens(address,uint256,uint256)", ACCOUNTS[n], i, q)

    @rule(n=who, to=who, i=what, q=amounts)
    def force(self, n: int, to: int, i: int, q: int) -> None:
        m = self.model

        def say() -> None:
            m.need(m.may(to, NO_RECEIPT), q <= m.balance[n, i] - m.encumbered(n, i))
            if n != to:
                m.frozen[n, i] -= max(0, q - m.free(n, i))
            m.move(n, to, i, q)

        signature = "forcedTransfer(address,address,uint256,uint256)"
        self.act(say, MODULE, signature, ACCOUNTS[n], ACCOUNTS[to], i, q)

    @rule(n=who, i=what, q=amounts)
    def into_the_book(self, n: int, i: int, q: int) -> None:
        m = self.model

        def say() -> None:
            m.need(m.may(n, NO_TRADE), q <= m.free(n, i))
            m.balance[n, i] -= q
            m.escrow[i] += q

        self.act(say, MODULE, "escrowFrom(address,uint256,uint256)", KEYS[n], i, q)

    @rule(n=who, i=what, q=st.integers(0, 3000))
    def out_of_the_book(self, n: int, i: int, q: int) -> None:
        m = self.model
        q = min(q, m.escrow[i])

        def say() -> None:
            m.escrow[i] -= q
            m.balance[n, i] += q

        self.act(say, MODULE, "releaseEscrow(address,uint256,uint256)", ACCOUNTS[n], i, q)

    @rule(n=who, maker=who, given=st.integers(0, 500), got=st.integers(0, 500), buys=st.booleans(), own=st.booleans())
    def settle(self, n: int, maker: int, given: int, got: int, buys: bool, own: bool) -> None:
        """The maker gets half of what is given, the book keeps the rest and gives what it has."""
        m = self.model
        gives, gets = (MONEY, UNITS) if buys else (UNITS, MONEY)
        got = min(got, m.escrow[gets])
        paid = given // 2

        def say() -> None:
            m.need(m.may(n, NO_TRADE), m.may(maker, NO_TRADE), own or maker != n, given <= m.free(n, gives))
            m.balance[n, gives] -= given
            m.balance[maker, gives] += paid
            m.escrow[gives] += given - paid
            m.escrow[gets] -= got
            m.balance[n, gets] += got

        makers = [int(ACCOUNTS[maker], 16) << 96 | paid]
        terms = own << 83 | buys << 82 | UNITS
        self.act(say, MODULE, "settle(uint256[],uint256,uint256,address)", makers, given << 96 | got, terms, KEYS[n])

    @rule(n=who, to=who, i=what, q=amounts)
    def key_of_another(self, n: int, to: int, i: int, q: int) -> None:
        """Nobody moves what is another's."""
        if n != to:
            signature = "safeTransferFrom(address,address,uint256,uint256,bytes)"
            assert not self.call(KEYS[to], signature, ACCOUNTS[n], ACCOUNTS[to], i, q, b"")

    # ------------------------------------------------------------------------------------------------- what must hold

    @invariant()
    def the_ledger_the_model_and_the_fold_agree(self) -> None:
        m, told = self.model, self.fold.state.ledger
        for i in (MONEY, UNITS):
            held = sum(m.balance[n, i] for n in range(3))
            assert m.issued[i] == held + m.escrow[i] + m.cancelled[i]
            assert told.instruments[i].issued == m.issued[i]
            assert told.instruments[i].cancelled == m.cancelled[i]
            for n, account in enumerate(ACCOUNTS):
                assert self.ask("balanceOf", account, i) == m.balance[n, i] == told.balances.get((account, i), 0)
                assert self.ask("freeOf", account, i) == m.free(n, i)
                assert self.ask("encumberedOf", account, i) == m.encumbered(n, i)
                assert told.frozen.get((account, i), 0) == m.frozen[n, i]
                for reason in (SURRENDER, WITHDRAWAL, DELAYED):
                    assert told.encumbered.get((account, i, reason), 0) == m.bound[n, i, reason]
        for question in questions(self.fold.state, {self.ledger: "InstrumentLedger"}):
            if question.name != "InstrumentLedger":
                continue
            answer = self.ask(question.function, *question.arguments)
            for field, expected in question.expected.items():
                assert (answer[field] if field else answer) == expected, question.about


def _types(inner: str) -> list[str]:
    """The parameters of a signature, tuples whole."""
    found, depth, start = [], 0, 0
    for at, letter in enumerate(inner):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            found.append(inner[start:at])
            start = at + 1
    return [*found, inner[start:]] if inner else []


def _raw(log: Any) -> bytes:
    data = log.data
    if isinstance(data, tuple):  # topics and data
        data = data[1]
    return bytes(data)


def run(decoders: Decoders, examples: int, steps: int) -> None:
    LedgerMachine.decoders = decoders
    LedgerMachine.views = views_of(artifact("InstrumentLedger")["abi"])
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_ledger__random_acts__as_the_model_and_the_fold_have_it(decoders: Decoders) -> None:
    run(decoders, examples=8, steps=40)


@pytest.mark.full
def test_ledger__many_random_acts__as_the_model_and_the_fold_have_it(decoders: Decoders) -> None:
    run(decoders, examples=150, steps=100)
