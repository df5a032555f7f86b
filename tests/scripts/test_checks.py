"""Each check finds what it is for: a small tree with the fault in it must fail, and the same tree without must pass."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HEAD = "// SPDX-License-Identifier: Apache-2.0\npragma solidity 0.8.34;\n"
UPGRADEABLE = (
    HEAD
    + """
import { UUPSUpgradeable } from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import { AccessManagedUpgradeable } from
    "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";

contract Ledger is UUPSUpgradeable, AccessManagedUpgradeable {
    /// @custom:storage-location erc7201:carbon.test.Ledger
    struct S { %(members)s mapping(address account => Holding) holdings; }
    struct Holding { uint128 tonnes; uint64 since; }
    %(state)s
    bytes32 private constant SLOT = %(slot)s;

    function initialize(address authority) external initializer { __AccessManaged_init(authority); }

    %(function)s

    function _authorizeUpgrade(address) internal override restricted { }
}
"""
)
GOOD = {
    "members": "uint64 issued;",
    "state": "",
    "slot": 'keccak256(abi.encode(uint256(keccak256("carbon.test.Ledger")) - 1)) & ~bytes32(uint256(0xff))',
    "function": "",
}


class Tree:
    """A copy of the scripts over contracts and SDK modules of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "package.json", folder)
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        (folder / ".build").mkdir()
        (folder / ".build/bin").symlink_to(ROOT / ".build/bin")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def ledger(self, **changed: str) -> None:
        self.write("contracts/instruments/Ledger.sol", UPGRADEABLE % (GOOD | changed))

    def run(self, check: str, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [self.folder / "scripts" / check, *arguments], cwd=self.folder, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.fixture(scope="module")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What --update writes for the good ledger; a second look finds nothing."""
    tree = Tree(tmp_path_factory.mktemp("layouts"))
    tree.ledger()
    assert tree.run("checks/storage_layouts.js", "--update") == (0, "storage layouts: 1 contracts written\n")
    assert tree.run("checks/storage_layouts.js") == (0, "storage layouts: 1 contracts as committed\n")
    return (tree.folder / "contracts/storage-layouts.json").read_text()


@pytest.mark.parametrize(
    ("source", "statement", "complaint"),
    [
        ("market/OrderBook.sol", 'import { A } from "../allocation/IAllocator.sol";', "must not import allocation"),
        ("governance/Governed.sol", 'import { A } from "../registry/IRegistry.sol";', "must not import registry"),
        ("market/OrderBook.sol", 'import { A } from "../instruments/Ledger.sol";', "only interfaces"),
        ("market/OrderBook.sol", 'import "forge-std/Test.sol";', "pinned libraries"),
        ("bazaar/OrderBook.sol", "", "has no place"),
    ],
)
def test_arrows_of_contracts(tree: Tree, source: str, statement: str, complaint: str) -> None:
    tree.write(f"contracts/{source}", HEAD + statement)
    status, said = tree.run("checks/arrows.py")
    assert status == 1
    assert complaint in said
    assert source in said


@pytest.mark.parametrize(
    ("module", "statement", "complaint"),
    [
        ("audit/fold.py", "def f():\n    from carbon_sdk.actors import regulator", "audit must not import actors"),
        ("audit/fold.py", "from ..actors.regulator import Regulator", "audit must not import actors"),
        ("actors/regulator.py", "import carbon_sdk.cli", "actors must not import cli"),
        ("actors/regulator.py", "from carbon_sdk import connect", "public names"),
        ("deployment.py", "import ape", "not on Ape"),
        ("extras.py", "", "has no place"),
    ],
)
def test_arrows_of_the_sdk(tree: Tree, module: str, statement: str, complaint: str) -> None:
    for part in ("actors/regulator.py", "cli/main.py"):
        tree.write(f"carbon_sdk/{part}", "")
    tree.write(f"carbon_sdk/{module}", statement)
    status, said = tree.run("checks/arrows.py")
    assert status == 1
    assert complaint in said


def test_arrows_that_run_down(tree: Tree) -> None:
    tree.write("contracts/governance/Governed.sol", HEAD)
    tree.write(
        "contracts/market/OrderBook.sol",
        'import { A } from "../instruments/ILedger.sol";\nimport { B } from "../governance/Governed.sol";\n'
        'import { C } from "../types/OrderId.sol";\nimport { Book } from "./Book.sol";\n',
    )
    tree.write("carbon_sdk/errors.py", "")
    tree.write("carbon_sdk/actors/trader.py", "from carbon_sdk.errors import X\nfrom ..errors import Y")
    assert tree.run("checks/arrows.py") == (0, "arrows: 2 Solidity files and 2 Python modules import downwards only\n")


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"members": "bool paused; uint64 issued;"}, "was  0:0 uint64 issued"),
        ({"members": "uint128 issued;"}, "was  0:0 uint64 issued"),
        ({"members": ""}, "was  0:0 uint64 issued"),
        ({"slot": "0x" + "ab" * 32}, "stands nowhere in the file"),
        ({"state": "uint256 private counter;"}, "stands outside of a namespace"),
    ],
)
def test_storage_layout_that_moved(tree: Tree, layouts: str, changed: dict[str, str], complaint: str) -> None:
    tree.write("contracts/storage-layouts.json", layouts)
    tree.ledger(**changed)
    status, said = tree.run("checks/storage_layouts.js")
    assert status == 1
    assert complaint in said


def test_upgrade_safety(tree: Tree) -> None:
    tree.ledger()
    assert tree.run("checks/upgrade_safety.js") == (0, "upgrade safety: 1 contracts validated\n")
    tree.ledger(function="function run(address to) external { (bool ok,) = to.delegatecall(msg.data); require(ok); }")
    status, said = tree.run("checks/upgrade_safety.js")
    assert status == 1
    assert "delegatecall" in said


def test_size_over_the_limit(tree: Tree) -> None:
    tree.write("contracts/market/Big.sol", HEAD)
    target = '{"settings": {"compilationTarget": {"contracts/market/Big.sol": "Big"}}}'
    for size, expected in ((24_576, 0), (24_577, 1)):
        code = f'{{"object": "0x{"00" * size}"}}'
        tree.write(
            ".build/forge/out/Big.sol/Big.json",
            f'{{"metadata": {target}, "bytecode": {code}, "deployedBytecode": {code}}}',
        )
        assert tree.run("checks/sizes.py")[0] == expected


def test_tool_of_another_version_is_refused() -> None:
    done = subprocess.run(
        ["python3", ROOT / "scripts/toolchain/locate.py", "forge"],
        env=os.environ | {"CARBON_FORGE": "/bin/true"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "CARBON_FORGE=/bin/true is version unknown; this suite is pinned to forge" in done.stderr


def test_own_tool_of_the_pinned_version_is_used(tmp_path: Path) -> None:
    own = tmp_path / "bin/anvil"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\necho 'anvil Version: 1.7.1'\n")
    own.chmod(0o755)
    environment = os.environ | {"PATH": f"{own.parent}:{os.environ['PATH']}"}
    environment.pop("CARBON_ANVIL", None)
    located = subprocess.run(
        ["python3", ROOT / "scripts/toolchain/locate.py", "anvil"], env=environment, capture_output=True, text=True
    )
    assert located.stdout.strip() == str(own)
