"""One chain a test run; each test finds it as it was before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.sender import Sender
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.demo.year import Year, play

ROOT = Path(__file__).resolve().parent.parent
FORGE_OUT = ROOT / ".build" / "forge" / "out"

# The first keys of anvil's well-known mnemonic.
KEYS = (
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
)


class Played(NamedTuple):
    """A year that was played, the folder that it left, and what it told of its progress."""

    year: Year
    folder: Path
    told: tuple[str, ...]


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    with Anvil() as running:
        yield running


@pytest.fixture(scope="session")
def session_chain(anvil: Anvil) -> Chain:
    return Chain(anvil.url)


@pytest.fixture
def chain(session_chain: Chain) -> Iterator[Chain]:
    clock = Clock(session_chain)
    snapshot = clock.snapshot()
    yield session_chain
    clock.revert(snapshot)
    session_chain.knows_synchronous_sending = True


@pytest.fixture
def clock(chain: Chain) -> Clock:
    return Clock(chain)


@pytest.fixture(scope="session")
def keys() -> tuple[LocalSigner, ...]:
    return tuple(map(LocalSigner, KEYS))


@pytest.fixture
def sender(chain: Chain, keys: tuple[LocalSigner, ...]) -> Sender:
    return Sender(chain, keys[0])


@pytest.fixture
def stranger(chain: Chain, keys: tuple[LocalSigner, ...]) -> Sender:
    return Sender(chain, keys[1])


@pytest.fixture(scope="session")
def compiled() -> Callable[[str, str], dict[str, object]]:
    """The compiler's output for a contract of tests/contracts/support; what did not change is not compiled again."""
    known: set[str] = set()

    def compiled(file: str, name: str) -> dict[str, object]:
        if file not in known:
            forge = ROOT / ".build" / "bin" / "forge"
            source = f"tests/contracts/support/{file}"
            run = subprocess.run([str(forge), "build", source], cwd=ROOT, capture_output=True, text=True)
            assert run.returncode == 0, run.stdout + run.stderr
            known.add(file)
        found: dict[str, object] = json.loads((FORGE_OUT / file / f"{name}.json").read_text())
        return found

    return compiled


def creation(output: dict[str, object], arguments: bytes = b"") -> Act[bytes]:
    bytecode = output["bytecode"]
    assert isinstance(bytecode, dict)
    return Act(None, bytes.fromhex(bytecode["object"][2:]) + arguments)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """The year of the repository's own scheme and installations, played once, with its record in a folder."""
    folder = tmp_path_factory.mktemp("year")
    told: list[str] = []
    year = play(
        ROOT / "schemes" / "uk-ets.toml", ROOT / "schemes" / "samples" / "installations.csv", folder, told.append
    )
    return Played(year, folder, tuple(told))
