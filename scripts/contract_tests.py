#!/usr/bin/env python3
"""All contract tests, compiled and run in as many shares as there are cores: the compiler uses one core only.

Usage: scripts/contract_tests.py [arguments for `forge test`]

Each share has its own copy of what `make build` compiled, so only tests are compiled. What a suite says is printed as a
whole when it is there, and kept in .build/reports/forge.txt. Exits with 1 when a share fails or runs no test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = Path("tests/contracts")
FORGE = Path(".build/bin/forge")  # the native binary: npm's wrapper exits 0 when tests fail
BUILT = Path(".build/forge")
REPORT = Path(".build/reports/forge.txt")
PASSED = re.compile(r"(\d+) tests passed, (\d+) failed, (\d+) skipped")


def main() -> int:
    os.chdir(ROOT)
    shares = shares_of(sorted(TESTS.rglob("*.t.sol")), max(1, min(os.cpu_count() or 1, 4)))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    speaking = threading.Lock()
    ends: list[tuple[int, str]] = []
    with REPORT.open("w") as report:

        def say(text: str) -> None:
            with speaking:
                print(text, end="", flush=True)
                report.write(text)

        def follow(number: int, files: Sequence[Path]) -> None:
            ends.append(run(number, files, sys.argv[1:], say))

        threads = [threading.Thread(target=follow, args=one) for one in enumerate(shares, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = [[int(part) for part in found.groups()] for _, text in ends if (found := PASSED.search(text))]
        passed, failed, skipped = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0, 0)
        files = sum(len(share) for share in shares)
        say(f"{files} files of tests: {passed} tests passed, {failed} failed, {skipped} skipped\n")
    return 0 if len(counts) == len(shares) and all(code == 0 for code, _ in ends) and failed == 0 else 1


def shares_of(files: Sequence[Path], number: int) -> list[list[Path]]:
    """The files in shares of about equal length, longest first into the lightest."""
    shares: list[list[Path]] = [[] for _ in range(min(number, len(files)))]
    weights = [0] * len(shares)
    for file in sorted(files, key=lambda one: -one.stat().st_size):
        lightest = weights.index(min(weights))
        shares[lightest].append(file)
        weights[lightest] += file.stat().st_size
    return shares


def run(number: int, files: Sequence[Path], arguments: Sequence[str], say: Callable[[str], None]) -> tuple[int, str]:
    """One share's `forge test`; its exit code and last words."""
    place = BUILT / f"share-{number}"
    copy_what_is_built(place)
    chosen = "{" + ",".join(map(str, sorted(files))) + "}"
    surroundings = {**os.environ, "FOUNDRY_OUT": f"{place}/out", "FOUNDRY_CACHE_PATH": f"{place}/cache"}
    command = [str(FORGE), "test", "--match-path", chosen, *arguments]
    with subprocess.Popen(
        command, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as forge:
        assert forge.stdout is not None
        suite, last = "", ""
        for line in forge.stdout:
            suite += line
            if not line.strip():
                say(suite)
                suite = ""
            last = (last + line)[-2000:]
        say(suite)
    return forge.returncode, last


def copy_what_is_built(place: Path) -> None:
    """Contracts as `make build` left them, unless tests were compiled here since."""
    cache = Path("cache/solidity-files-cache.json")
    if (place / cache).exists() and (place / cache).stat().st_mtime > (BUILT / cache).stat().st_mtime:
        return
    shutil.rmtree(place, ignore_errors=True)
    for part in ("out", "cache"):
        shutil.copytree(BUILT / part, place / part)
    text = (place / cache).read_text().replace(f'"{BUILT}/out', f'"{place}/out')
    (place / cache).write_text(text)


if __name__ == "__main__":
    sys.exit(main())
