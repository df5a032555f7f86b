"""What a replay is given: a file, a zip with one file in it, or standard input; wrong lines are named."""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from carbon_sdk.errors import InputError

STANDARD_INPUT = "-"
LARGEST = 1 << 29
"""Bytes that one input may have."""


class MalformedCase(InputError):
    """What was given to a replay cannot be meant. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was given.

    Attributes:
        name: For messages.
        content: All of it.
    """

    name: str
    content: bytes

    def wrong(self, line: int, what: str) -> MalformedCase:
        """The error that a line, from 1, is not what it should be."""
        return MalformedCase(f"{self.name}:{line}: {what}")

    def head(self) -> list[str]:
        """The columns of a CSV. Raises MalformedCase."""
        line = self.content.split(b"\n", 1)[0]
        return next((list(cells) for _, cells in Source(self.name, line + b"\n" + line).table((), every=True)), [])

    def table(self, wanted: Sequence[str], *, every: bool = False) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Rows of a CSV with their lines.

        Args:
            wanted: Columns that must be there.
            every: Give the further ones, too, which otherwise are passed over.

        Raises:
            MalformedCase: It is no CSV with these columns.
        """
        try:
            text = self.content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            raise self.wrong(line, "this is not UTF-8.") from None
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            head = next(reader, [])
            if every:
                wanted = [*wanted, *(name for name in head if name not in wanted)]
            for name in wanted:
                if head.count(name) != 1:
                    raise self.wrong(1, f"there must be one column {name!r}; there are {head.count(name)}.")
            places = {name: head.index(name) for name in wanted}
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(head):
                    raise self.wrong(reader.line_num, f"the row has {len(cells)} cells; the head has {len(head)}.")
                yield reader.line_num, {name: cells[place].strip() for name, place in places.items()}
        except csv.Error as error:
            raise self.wrong(reader.line_num, f"this is no CSV: {error}.") from None


def read_source(file: str | Path) -> Source:
    """All of a file, of the one CSV in a zip, or of standard input (`-`).

    Raises:
        MalformedCase: There is no such file, or a zip that holds none or several.
    """
    name = str(file)
    try:
        content = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(file).read_bytes()
    except OSError as error:
        raise MalformedCase(f"{name} cannot be read: {error.strerror}.") from None
    if name == STANDARD_INPUT:
        name = "standard input"
    return Source(name, _unpacked(name, content) if content.startswith(b"PK\x03\x04") else content)


def _unpacked(name: str, content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = [item for item in archive.infolist() if item.filename.lower().endswith(".csv")]
            if len(found) != 1:
                raise MalformedCase(f"{name} must hold one CSV file; it holds {len(found)}.")
            if found[0].file_size > LARGEST:
                raise MalformedCase(f"{name} holds a file of {found[0].file_size} bytes; at most {LARGEST} are read.")
            return archive.read(found[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise MalformedCase(f"{name} is no zip that can be read: {error}.") from None
