"""Backup of a vault, as it lies: encrypted. Restores the state of any moment at which one was made.

The target is a folder too: `objects/<sha-256>` holds each content once, `states/<time>.json` says which file had which
content then. A later backup copies only what is new.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from carbon_sdk.errors import InputError
from carbon_sdk.evidence.vault import CHUNK, EvidenceAltered, Vault

FORMAT = "carbon-backup/1"


@dataclass(frozen=True, slots=True)
class BackupState:
    """What one backup or restoring did.

    Attributes:
        at: Unix seconds of the state.
        files: In it.
        copied: Of them had to be copied.
        bytes: Of all files.
    """

    at: int
    files: int
    copied: int
    bytes: int


def back_up(
    vault: Vault, target: str | Path, at: int | None = None, progress: Callable[[int], object] | None = None
) -> BackupState:
    """Copy what is new of a vault, and write down its state.

    Args:
        vault: What to keep.
        target: A folder or URL, another disk or region by preference.
        at: Unix seconds of the state; None: now.
        progress: Told the files done so far.

    Raises:
        InputError: There is a state of that second already.
    """
    when = int(datetime.now(UTC).timestamp()) if at is None else at
    kept = Vault(target)
    name = f"states/{when:012d}.json"
    known = dict(kept.paths())
    if name in known:
        raise InputError(f"{target} has a state of {when} already. Wait a second.")
    rows: dict[str, list[Any]] = {}
    copied = 0
    for number, (path, size) in enumerate(vault.paths(), 1):
        digest = _digest(vault, path)
        place = f"objects/{digest[:2]}/{digest}"
        if known.get(place) != size:  # also what a stopped run left half
            with vault.read(path) as source, kept.write(place) as file:
                shutil.copyfileobj(source, file, CHUNK)
            known[place] = size
            copied += 1
        rows[path] = [digest, size]
        if progress:
            progress(number)
    # The state comes last: what it names is there.
    with kept.write(name) as file:
        file.write(orjson.dumps({"format": FORMAT, "at": when, "files": rows}))
    return BackupState(when, len(rows), copied, sum(size for _, size in rows.values()))


def states(target: str | Path) -> list[int]:
    """Unix seconds of every state in a backup, earliest first."""
    found = [path for path, _ in Vault(target).paths() if path.startswith("states/")]
    return sorted(int(path[len("states/") :].removesuffix(".json")) for path in found)


def restore(
    target: str | Path, vault: Vault, until: int | None = None, progress: Callable[[int], object] | None = None
) -> BackupState:
    """Make a vault what it was.

    Args:
        target: The backup.
        vault: An empty one.
        until: Unix seconds: the last state not after this; None: the last.
        progress: Told the files done so far.

    Raises:
        InputError: There is no such state, or the vault is not empty.
        EvidenceAltered: A file of the backup is not what was kept; all before it are restored.
    """
    known = [at for at in states(target) if until is None or at <= until]
    if not known:
        raise InputError(f"{target} has no state" + (f" of {until} or before." if until is not None else "."))
    if next(vault.paths(), None) is not None:
        raise InputError(f"{vault.url} is not empty. Restore into a new folder, then change over.")
    kept = Vault(target)
    with kept.read(f"states/{known[-1]:012d}.json") as file:
        state = orjson.loads(file.read())
    if state.get("format") != FORMAT:
        raise EvidenceAltered(f"The state of {known[-1]} in {target} has another format.")
    for number, (path, (digest, _)) in enumerate(sorted(state["files"].items()), 1):
        found = sha256()
        try:
            with kept.read(f"objects/{digest[:2]}/{digest}") as source, vault.write(path) as file:
                while chunk := source.read(CHUNK):
                    found.update(chunk)
                    file.write(chunk)
        except FileNotFoundError:
            raise EvidenceAltered(f"The backup {target} lacks the content of {path}.") from None
        if found.hexdigest() != digest:
            vault.remove(path)
            raise EvidenceAltered(f"The content of {path} was altered or damaged in the backup {target}.")
        if progress:
            progress(number)
    sizes = [size for _, size in state["files"].values()]
    return BackupState(known[-1], len(sizes), len(sizes), sum(sizes))


def _digest(vault: Vault, path: str) -> str:
    digest = sha256()
    with vault.read(path) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
