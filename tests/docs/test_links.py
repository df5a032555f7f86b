"""Every path that the documents name exists, and nothing in the repository tells of the machine it was written on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FOLDERS = ("contracts", "carbon_sdk", "scripts", "tests", "schemes", "docs", "benchmarks", "deployments")
MADE_LATER = {"deployments/31337.json"}
"""Named by the documents and written by what they describe."""

# Joined here, so that this file does not find itself.
MACHINE = re.compile(
    "|".join(
        ("/wor" + "k/", "/op" + "t/", "/hom" + "e/[a-z]", "/roo" + "t/", "file" + "://(?!/?$)", r"wt" + r"-[a-z]+/")
    )
)
FORBIDDEN = re.compile(r"\bissues? #?\d+|(?<!trading )\bsessions?\b|\bcoordinator\b|\bhelpers?\b", re.IGNORECASE)


def links(text: str) -> Iterator[str]:
    """Targets of Markdown links and pictures."""
    yield from re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def paths(text: str) -> Iterator[str]:
    """What stands in code and begins with a folder of the repository; none with a placeholder."""
    for code in re.findall(r"`([^`\n]+)`", text):
        for word in code.split():
            if word.partition("/")[0] in FOLDERS and "/" in word and not re.search(r"[<>*…{]", word):
                yield word.partition("::")[0].rstrip(".,;:")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_document__links_and_paths__lead_somewhere(document: Path) -> None:
    text = document.read_text()
    broken = []
    for target in links(text):
        file = target.partition("#")[0]
        if file and "://" not in target and not (document.parent / file).exists():
            broken.append(target)
    broken += [path for path in paths(text) if path not in MADE_LATER and not (ROOT / path).exists()]
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_document__headings_that_links_name__exist(document: Path) -> None:
    broken = []
    for target in links(document.read_text()):
        file, _, heading = target.partition("#")
        if heading and "://" not in target:
            other = (document.parent / file).resolve() if file else document
            titles = re.findall(r"^#+ (.+)$", other.read_text(), re.MULTILINE)
            if heading not in {re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-") for title in titles}:
                broken.append(target)
    assert broken == []


def test_decisions__numbers__are_given_once() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs/decisions").glob("0*.md")]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_document__words_that_say_nothing_to_a_reader__are_absent(document: Path) -> None:
    text = document.read_text()
    assert [found.group() for found in FORBIDDEN.finditer(text)] == []
    assert re.findall(r"^(?:<{7}|={7}|>{7}).*$", text, re.MULTILINE) == []  # of a merge


def test_repository__machine_paths__are_absent() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in (".lock", ".png") or path.name == "package-lock.json" or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="ignore").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{name}:{number}: {line.strip()[:120]}")
    assert found == []
