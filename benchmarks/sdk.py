"""How fast the SDK and its tools are, each beside something measured in the same run on the same machine."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carbon_sdk.audit.decode import Decoders
from carbon_sdk.audit.indexer import Indexer
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.suite import suite_abis
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.sender import send_many, submit_many
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.chain.transactions import Transaction
from carbon_sdk.errors import NodeError
from carbon_sdk.identifiers import Address, keccak

ROOT = Path(__file__).resolve().parent.parent

KEYS = 50
ACTS = 4_000
ROUNDS = 3
GWEI = 10**9
EMITTER = Address("0x00000000000000000000000000000000000C0de5")
LOGS_A_CALL = 250
FEW, MANY = 10_000, 100_000
TESTS, FEWER_TESTS = 220, 20

Tell = Callable[[str], None]
Result = dict[str, int | float]


@dataclass(frozen=True, slots=True)
class Speed:
    """One case.

    Attributes:
        meaning: In a line.
        unit: Of value and reference.
        reference: What it stands beside.
        goal: In words.
        reached: Whether a result does it.
    """

    meaning: str
    unit: str
    reference: str
    goal: str
    reached: Callable[[Result], bool]


def _percent(result: Result) -> int:
    return int(result["value"] * 100 // result["reference"])


SPEEDS: dict[str, Speed] = {
    "bulk_submit": Speed(
        "acts formed, priced, signed and handed over to an anvil that does not mine",
        "transactions a second",
        "batches signed before",
        "at least 40 % of it",
        lambda result: _percent(result) >= 40,
    ),
    "index_events": Speed(
        f"{MANY:,} events read from anvil, decoded into the audit store",
        "events a second",
        "web3's get_logs",
        "at least 20 times it",
        lambda result: _percent(result) >= 2_000,
    ),
    "cli_help": Speed(
        "`carbon --help`",
        "milliseconds",
        "Python that does nothing",
        "300 ms",
        lambda result: result["value"] <= 300,
    ),
    "isolated_test": Speed(
        "a test under pytest: snapshot, a transaction, a read, its logs, back again",
        "microseconds",
        "the same calls in a loop",
        "15 ms",
        lambda result: result["value"] <= 15_000,
    ),
}


def measure(tell: Tell) -> dict[str, Result]:
    """All cases, by name."""
    found: dict[str, Result] = {}
    for name, case in (
        ("bulk_submit", bulk_submit),
        ("index_events", index_events),
        ("cli_help", cli_help),
        ("isolated_test", isolated_test),
    ):
        found[name] = case()
        tell(f"{name}: {found[name]['value']} {SPEEDS[name].unit}")
    return found


def result(value: int, reference: int, **more: int) -> Result:
    """A case's figures."""
    return {"value": value, "reference": reference, "ratio": round(value / reference, 2), **more}


def clocked(what: Callable[[], object]) -> int:
    """Nanoseconds."""
    began = time.perf_counter_ns()
    what()
    return time.perf_counter_ns() - began


def a_second(count: int, nanoseconds: int) -> int:
    return count * 10**9 // nanoseconds


# ------------------------------------------------------------------------------------------------------- bulk_submit


def bulk_submit() -> Result:
    """The best of some rounds of each, in turns, so that what else the machine does meets both."""
    ours, presigned = [], []
    for _ in range(ROUNDS):
        with Anvil(options=("--no-mining",)) as anvil:
            chain = Chain(anvil.url)
            raws = _presigned(chain, _keys(chain, "ceiling"))
            signers = _keys(chain, "ours")
            presigned.append(clocked(lambda chain=chain, raws=raws: _hand_over(chain, raws)))  # type: ignore[misc]
            ours.append(clocked(lambda chain=chain, signers=signers: _submit(chain, signers)))  # type: ignore[misc]
    return result(a_second(ACTS, min(ours)), a_second(ACTS, min(presigned)))


def _keys(chain: Chain, name: str) -> list[LocalSigner]:
    keys = [LocalSigner(keccak(f"{name} {number}".encode())) for number in range(KEYS)]
    clock = Clock(chain)
    for key in keys:
        clock.fund(key.address)
    return keys


def _act() -> Act[bytes]:
    return Act(EMITTER, bytes(range(200)), gas=100_000)


def _presigned(chain: Chain, keys: list[LocalSigner]) -> list[str]:
    act = _act()
    return [
        "0x"
        + keys[n % KEYS]
        .sign_transaction(Transaction(chain.id, n // KEYS, act.to, act.data, 100_000, 3 * GWEI, GWEI, 0))
        .hex()
        for n in range(ACTS)
    ]


def _hand_over(chain: Chain, raws: list[str]) -> None:
    answers = chain.endpoint.batch([("eth_sendRawTransaction", (raw,)) for raw in raws])
    assert not any(isinstance(answer, NodeError) for answer in answers)


def _submit(chain: Chain, keys: list[LocalSigner]) -> None:
    submitted = submit_many(chain, ((keys[n % KEYS], _act()) for n in range(ACTS)))
    assert sum(one.error is None for one in submitted) == ACTS


# ------------------------------------------------------------------------------------------------------ index_events


def index_events() -> Result:
    """From an anvil that has `MANY` transfers of the ledger's, and the rate for the first `FEW` of them beside it."""
    with Anvil(options=("--gas-limit", "1000000000")) as anvil, tempfile.TemporaryDirectory() as folder:
        chain = Chain(anvil.url)
        last = emit(chain, FEW)
        reference = max(_by_web3(anvil.url, last) for _ in range(ROUNDS))
        few = max(_indexed(chain, Path(folder) / f"few-{n}.sqlite", FEW) for n in range(ROUNDS))
        emit(chain, MANY - FEW)
        many = max(_indexed(chain, Path(folder) / f"many-{n}.sqlite", MANY) for n in range(ROUNDS))
    return result(many, reference, at_ten_thousand=few)


def emit(chain: Chain, logs: int, calls_a_block: int = 40) -> int:
    """Have so many events recorded; the last block's number."""
    clock = Clock(chain)
    clock.set_code(EMITTER, emitter())
    (key,) = _keys(chain, "emitter")[:1]
    act = Act(EMITTER, LOGS_A_CALL.to_bytes(32, "big"), gas=2_000_000)
    with clock.by_hand():
        for outcome in send_many(
            chain, ((key, act) for _ in range(logs // LOGS_A_CALL)), batch=calls_a_block, mine=clock.mine
        ):
            assert outcome.done is not None, outcome.error
    return chain.block_number()


def emitter() -> bytes:
    """Code that logs an ERC-1155 transfer as often as its input says."""
    topic = keccak(b"TransferSingle(address,address,address,uint256,uint256)")
    push = {1: b"\x60", 20: b"\x73", 32: b"\x7f"}

    def pushed(value: bytes) -> bytes:
        return push[len(value)] + value

    body = b"".join(pushed(bytes([n]) * 20) for n in (3, 2, 1)) + pushed(topic) + b"\x60\x40\x60\x00\xa4"
    start = b"\x60\x07\x60\x00\x52\x60\x09\x60\x20\x52\x60\x00\x35"  # id 7, value 9, count
    loop = len(start)
    head = b"\x5b\x80\x15\x60"  # while count
    step = b"\x60\x01\x90\x03\x60" + bytes([loop]) + b"\x56"
    end = loop + len(head) + 2 + len(body) + len(step)
    return start + head + bytes([end]) + b"\x57" + body + step + b"\x5b\x00"


def _by_web3(url: str, last: int) -> int:
    from web3 import HTTPProvider, Web3

    abi: Any = suite_abis()["InstrumentLedger"]
    contract = Web3(HTTPProvider(url)).eth.contract(address=Web3.to_checksum_address(EMITTER), abi=abi)
    found: list[object] = []
    spent = clocked(lambda: found.extend(contract.events.TransferSingle().get_logs(from_block=0, to_block=last)))
    assert len(found) == FEW
    return a_second(FEW, spent)


def _indexed(chain: Chain, file: Path, logs: int) -> int:
    with contextlib.closing(Store(file, Decoders(suite_abis()))) as store:
        indexer = Indexer(chain.endpoint, store, {EMITTER: "InstrumentLedger"})
        spent = clocked(indexer.sync)
        assert sum(1 for _ in store.events(chain.id)) == logs
    return a_second(logs, spent)


# ---------------------------------------------------------------------------------------------------------- cli_help


def cli_help() -> Result:
    """The best of some, as the machine may be busy."""

    def best(*arguments: str) -> int:
        command = [sys.executable, *arguments]
        runs = [clocked(lambda: subprocess.run(command, cwd=ROOT, capture_output=True, check=True)) for _ in range(7)]
        return min(runs) // 10**6

    return result(best("-m", "carbon_sdk.cli", "--help"), max(best("-c", "pass"), 1))


# ----------------------------------------------------------------------------------------------------- isolated_test

_MODULE = """
import pytest

from benchmarks.sdk import Isolated
from carbon_sdk.chain.anvil import Anvil


@pytest.fixture(scope="session")
def running():
    with Anvil() as anvil:
        yield Isolated(anvil.url)


@pytest.fixture
def isolated(running):
    with running.as_it_was():
        yield running


@pytest.mark.parametrize("number", range({tests}))
def test_one(isolated, number):
    assert isolated.logs() == 1
"""


class Isolated:
    """A contract on a chain that goes back to where it was."""

    def __init__(self, url: str) -> None:
        self.chain = Chain(url)
        self.clock = Clock(self.chain)
        self.clock.set_code(EMITTER, emitter())
        (self.key,) = _keys(self.chain, "test")[:1]
        self.sender = self._sender()

    def _sender(self) -> Any:
        from carbon_sdk.chain.sender import Sender

        return Sender(self.chain, self.key)

    @contextlib.contextmanager
    def as_it_was(self) -> Iterator[None]:
        snapshot = self.clock.snapshot()
        yield
        self.clock.revert(snapshot)

    def logs(self) -> int:
        """One transaction, one read, and how many logs there are."""
        done = self.sender.do(Act(EMITTER, (1).to_bytes(32, "big")))
        self.chain.call(EMITTER, (1).to_bytes(32, "big"))
        return len(self.chain.logs(done.block, done.block, [EMITTER]))


def isolated_test() -> Result:
    """What each further test costs, in a process of its own."""
    with Anvil() as anvil:
        isolated = Isolated(anvil.url)

        def once() -> None:
            with isolated.as_it_was():
                assert isolated.logs() == 1

        once()
        bare = clocked(lambda: [once() for _ in range(TESTS - FEWER_TESTS)])
    runs = [(_tests(TESTS), _tests(FEWER_TESTS)) for _ in range(2)]
    further = min(many for many, _ in runs) - min(few for _, few in runs)
    each = (TESTS - FEWER_TESTS) * 1000
    return result(further // each, bare // each)


def _tests(count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_isolated.py").write_text(textwrap.dedent(_MODULE.format(tests=count)))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:ape_test", folder]
        command += ["--rootdir", folder, "-o", f"pythonpath={ROOT}"]
        return clocked(lambda: subprocess.run(command, cwd=folder, capture_output=True, check=True))
