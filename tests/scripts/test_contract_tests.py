"""The shares of the contract tests: every file in one of them, and no failure that passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import contract_tests

SAID = "Ran 1 test suite: {passed} tests passed, {failed} failed, 0 skipped (3 total tests)"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of three test files, with what a build leaves, and no forge yet."""
    for name, size in (("A", 300), ("B", 200), ("C", 150)):
        file = tmp_path / "tests/contracts" / f"{name}.t.sol"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x" * size)
    (tmp_path / ".build/forge/out").mkdir(parents=True)
    cache = tmp_path / ".build/forge/cache/solidity-files-cache.json"
    cache.parent.mkdir()
    cache.write_text(json.dumps({"paths": {"artifacts": ".build/forge/out"}}))
    (tmp_path / ".build/bin").mkdir()
    monkeypatch.setattr(contract_tests, "ROOT", tmp_path)
    monkeypatch.setattr(contract_tests.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(contract_tests.sys, "argv", ["contract_tests.py"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def forge(tree: Path, script: str) -> None:
    file = tree / ".build/bin/forge"
    file.write_text(f'#!/bin/sh\necho "$3" >> asked\n{script}\n')
    file.chmod(0o755)


def test_main__all_pass__every_file_was_in_one_share(tree: Path, capsys):
    forge(tree, f"echo '{SAID.format(passed=3, failed=0)}'")
    assert contract_tests.main() == 0
    asked = (tree / "asked").read_text()
    assert [asked.count(f"{name}.t.sol") for name in "ABC"] == [1, 1, 1]
    assert asked.count("\n") == 2
    assert "3 files of tests: 6 tests passed, 0 failed, 0 skipped" in capsys.readouterr().out


@pytest.mark.parametrize(
    "script",
    [
        f"echo '{SAID.format(passed=2, failed=1)}'; exit 1",
        f"echo '{SAID.format(passed=2, failed=1)}'",  # as npm's wrapper, which exits 0 whatever happened
        "exit 0",  # ran nothing
        f"echo '{SAID.format(passed=3, failed=0)}'; exit 1",
    ],
)
def test_main__one_share_fails_or_says_nothing__fails(script: str, tree: Path):
    forge(tree, f"case \"$3\" in *A.t.sol*) {script};; *) echo '{SAID.format(passed=1, failed=0)}';; esac")
    assert contract_tests.main() == 1


def test_copy__of_a_cache__leads_to_the_copy(tree: Path):
    contract_tests.copy_what_is_built(Path(".build/forge/share-1"))
    copied = json.loads((tree / ".build/forge/share-1/cache/solidity-files-cache.json").read_text())
    assert copied["paths"]["artifacts"] == ".build/forge/share-1/out"
