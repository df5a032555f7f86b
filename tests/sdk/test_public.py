"""The public surface: one list, loaded when used, complete."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import carbon_sdk
from carbon_sdk.deployment.checks import HALVES
from carbon_sdk.deployment.permissions import GOVERNED, MATRIX, Role
from carbon_sdk.identifiers import InstrumentClass, Side
from carbon_sdk.scheme import connect

ROOT = Path(__file__).resolve().parents[2]


def test_names__all_of_them__load():
    for name in carbon_sdk.__all__:
        assert getattr(carbon_sdk, name) is not None
    assert carbon_sdk.__all__ == sorted(carbon_sdk.__all__)
    assert set(dir(carbon_sdk)) == {*carbon_sdk.__all__, "__version__"}
    with pytest.raises(AttributeError):
        carbon_sdk.nothing  # noqa: B018


def test_names__connect__is_the_function():
    assert carbon_sdk.connect is connect


def test_import__nothing_heavy():
    code = "import sys, carbon_sdk; carbon_sdk.Chain; carbon_sdk.InputError; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"web3", "eth_abi", "eth_account", "pydantic", "sqlalchemy", "requests"} & set(loaded)


def test_generated__is_what_the_contracts_say():
    run = subprocess.run(
        [sys.executable, "scripts/generate_contracts.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr


def enum_in(file, name):
    text = re.sub(r"//[^\n]*", "", (ROOT / "contracts" / "types" / file).read_text())
    return [part.strip() for part in re.search(rf"enum {name} \{{([^}}]*)\}}", text)[1].split(",") if part.strip()]


def test_mirrors__of_contracts_types__same():
    assert enum_in("InstrumentId.sol", "InstrumentClass") == [item.name for item in InstrumentClass]
    assert enum_in("OrderId.sol", "Side") == [item.name for item in Side]
    roles = re.findall(
        r"uint64 internal constant (\w+) = (\d+);", (ROOT / "contracts" / "types" / "Roles.sol").read_text()
    )
    assert [(name, int(number)) for name, number in roles] == [(role.name, role.value) for role in Role]


def test_matrix__every_restricted_function__stands_in_it_and_nothing_else():
    found = {}
    for path in (ROOT / "contracts").rglob("*.sol"):
        for match in re.finditer(r"function (\w+)\(([^{;]*?)\{", path.read_text(), re.S):
            if re.search(r"\)[^)]*\brestricted\b", match[2]) and not match[1].startswith("_"):
                whole = {half: name for name, half in HALVES.items()}.get(path.stem, path.stem)
                found.setdefault(whole, set()).add(match[1])
    assert found == {name: set(functions) - set(GOVERNED) for name, functions in MATRIX.items()}


def test_roles__by_name():
    assert Role.parse("settlement-bank") is Role.SETTLEMENT_BANK
    assert Role.parse("Risk manager") is Role.RISK_MANAGER
    with pytest.raises(carbon_sdk.InputError, match="settlement-bank"):
        Role.parse("bank")
