"""Every command that the documents name exists, with the options that they give it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from carbon_sdk.cli import main as cli
from tests.docs.conftest import ROOT

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def commands(text: str) -> Iterator[list[str]]:
    """What is typed after `carbon`, in blocks of a shell and in code."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *re.findall(r"`([^`\n]+)`", text)]:
        words = shlex.split(line) if line.count("'") % 2 == 0 else []
        if words and Path(words[0]).name == "carbon" and words[0] in ("carbon", ".venv/bin/carbon") and len(words) > 1:
            yield words[1:]


def wrong(words: list[str]) -> str:
    """What there is not of a command; empty when all of it is there."""
    group = next(item for item in vars(cli).values() if isinstance(item, click.Group))
    command: click.Command | None = group
    rest = list(words)
    while rest and isinstance(command, click.Group) and not rest[0].startswith("-"):
        command = command.get_command(click.Context(command), rest.pop(0))
    if command is None:
        return f"there is no `carbon {' '.join(words)}`"
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h", "--version"}
    unknown = [word for word in rest if word.startswith("-") and word != "-" and word.partition("=")[0] not in known]
    return f"`carbon {' '.join(words)}` has no {', '.join(unknown)}" if unknown else ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands__of_a_document__exist(document: Path) -> None:
    assert [found for found in map(wrong, commands(document.read_text())) if found] == []


def test_commands__are_found() -> None:
    assert ["audit", "run"] in [found[:2] for found in commands((ROOT / "docs/operations.md").read_text())]
    assert wrong(["frobnicate"])
    assert wrong(["demo", "--frobnicate"])


def test_targets_of_make__that_documents_name__exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)$", document.read_text(), re.MULTILINE))
        assert {first or second for first, second in named} <= targets, document
