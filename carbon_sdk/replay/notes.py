"""What a replay saw of the chain when it stood at a block, for a run that goes on after the chain has gone on, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from carbon_sdk.replay.ground import Ground


class Notes:
    """Lines of a file in the replay's folder; without a folder they end with the process.

    Args:
        ground: Whose chain they are about. A note about a block that this chain does not have counts as none.
        name: Of the file.
    """

    def __init__(self, ground: Ground, name: str) -> None:
        self._chain = ground.chain
        self._file: Path | None = ground.journal.folder / name if ground.journal.folder else None
        self._known: dict[str, tuple[int, str, Any]] = {}
        if self._file and self._file.exists():
            # What follows the last end of a line was being written when the run was stopped.
            whole = self._file.read_bytes().split(b"\n")[:-1]
            self._file.write_bytes(b"".join(line + b"\n" for line in whole))
            for key, block, hash_, seen in map(orjson.loads, whole):
                self._known[key] = (block, hash_, seen)

    def get(self, key: str) -> Any:
        """What was noted under a name; None if nothing was that still holds."""
        block, hash_, seen = self._known.get(key, (0, "", None))
        if seen is None or block > self._chain.block_number() or self._chain.block(block).hash != hash_:
            return None
        return seen

    def put(self, key: str, seen: Any) -> None:
        """Note what is seen now, in JSON's types."""
        head = self._chain.block()
        self._known[key] = (head.number, head.hash, seen)
        if self._file:
            with self._file.open("ab") as out:
                out.write(orjson.dumps([key, head.number, head.hash, seen], option=orjson.OPT_APPEND_NEWLINE))
