"""What a replay has done, so that one that was stopped goes on without doing anything twice.

In the replay's folder `replay.json` says which replay it is and what its keys are made from, `place.json` on which
chain; `done.jsonl` has a line for each act that the chain has recorded; `flight.json` has the signed bytes of what is
on its way, written before they are sent. Sending the same bytes again is one transaction, so whatever became of them
can be found out.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.deployment.model import write_atomically
from carbon_sdk.errors import InputError, Refused, RuleBroken
from carbon_sdk.identifiers import keccak

HEAD, PLACE, DONE, FLIGHT = "replay.json", "place.json", "done.jsonl", "flight.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of an act.

    Attributes:
        key: Of the act.
        hash: Of its transaction.
        block: Number of its block.
        gas_used: By the transaction, a failed one too.
        error: The contract's error by name; empty when it succeeded.
        arguments: Of the error, in JSON's types.
        explanation: What the error means here, and what to do.
    """

    key: str
    hash: str
    block: int
    gas_used: int
    error: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    explanation: str = ""

    @classmethod
    def refused(cls, key: str, hash_: str, block: int, gas_used: int, refusal: Refused) -> Landed:
        """What a contract refused."""
        if not isinstance(refusal, RuleBroken):
            return cls(key, hash_, block, gas_used, type(refusal).__name__, {}, refusal.what)
        arguments = {name: _plain(value) for name, value in refusal.arguments.items()}
        return cls(key, hash_, block, gas_used, refusal.error, arguments, refusal.what)


class Flying(NamedTuple):
    """An act whose bytes are signed, and sent or about to be."""

    key: str
    hash: str
    raw: str


def digest_of(*parts: bytes) -> bytes:
    """Of all that a replay depends on: its parts, and the version of this package."""
    every = (*parts, version("carbon-sdk").encode())
    return sha256(b"".join(sha256(part).digest() for part in every)).digest()


class Journal:
    """Of one replay; without a folder it is kept in memory and ends with the process.

    Attributes:
        seed: What the replay's keys are made from.
        done: What the chain has recorded, by the act's key, in order.
        flying: What an earlier run may have sent, and nobody knows what became of it.
    """

    def __init__(self, folder: Path | None, seed: str) -> None:
        self.folder = folder
        self.seed = bytes.fromhex(seed)
        self.done: dict[str, Landed] = {}
        self.flying: list[Flying] = []

    @classmethod
    def open(cls, folder: Path | None, digest: bytes) -> Journal:
        """The journal of a folder, or a new one.

        Args:
            folder: Made if it is not there.
            digest: Of all that the replay depends on.

        Raises:
            InputError: The folder has another replay's, or something that is no journal.
        """
        head: dict[str, Any] = {"format": FORMAT, "replay": digest.hex(), "seed": secrets.token_hex(32)}
        if folder is None:
            return cls(None, head["seed"])
        path = folder / HEAD
        if not path.exists():
            try:
                folder.mkdir(parents=True, exist_ok=True)
                path.touch(mode=0o600)
            except OSError as error:
                raise InputError(f"{folder} cannot be used: {error.strerror}.") from None
            with path.open("wb") as file:
                file.write(orjson.dumps(head))
            return cls(folder, head["seed"])
        try:
            known = orjson.loads(path.read_bytes())
            same = known["format"] == FORMAT and known["replay"] == head["replay"]
            journal = cls(folder, known["seed"])
            journal._load()
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{folder} holds no replay that can be read. Name another folder.") from None
        if not same:
            raise InputError(f"{folder} holds another replay, or one of another version. Name another folder.")
        return journal

    def key(self, name: str) -> LocalSigner:
        """The key of somebody in the replay; the same whenever it is asked for."""
        return LocalSigner(keccak(self.seed + name.encode()))

    def attach(self, chain: Chain, *, own: bool) -> None:
        """Say which chain it is about, and forget what that chain does not know.

        Raises:
            InputError: It is about another chain.
        """
        place = {"chain": chain.id, "genesis": chain.block(0).hash}
        if self.folder:
            file = self.folder / PLACE
            if file.exists() and file.read_bytes() != orjson.dumps(place):
                if not own:
                    raise InputError(f"{self.folder} holds a replay on another chain. Name another folder.")
                self._forget()
            write_atomically(file, orjson.dumps(place).decode())
        self._forget_what_is_lost(chain)

    def take_off(self, flying: Sequence[Flying]) -> None:
        """Note what is about to be sent."""
        self.flying = list(flying)
        if self.folder:
            write_atomically(self.folder / FLIGHT, orjson.dumps([list(one) for one in self.flying]).decode())

    def land(self, landed: Sequence[Landed]) -> None:
        """Note what the chain has recorded; nothing is on its way any more."""
        self.done.update((one.key, one) for one in landed)
        self.flying = []
        if self.folder and landed:
            self._append(landed)
            (self.folder / FLIGHT).unlink(missing_ok=True)

    def _append(self, landed: Sequence[Landed]) -> None:
        assert self.folder is not None  # noqa: S101 -- callers look first
        with (self.folder / DONE).open("ab") as file:
            file.write(b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in landed))
            file.flush()
            os.fsync(file.fileno())

    def _load(self) -> None:
        assert self.folder is not None  # noqa: S101 -- callers look first
        if (self.folder / DONE).exists():
            lines = (self.folder / DONE).read_bytes().split(b"\n")
            # What follows the last end of a line was being written when the run was stopped: it still flies.
            for line in lines[:-1]:
                one = Landed(**orjson.loads(line))
                self.done[one.key] = one
            if lines[-1]:
                (self.folder / DONE).write_bytes(b"".join(line + b"\n" for line in lines[:-1]))
        if (self.folder / FLIGHT).exists():
            self.flying = [Flying(*one) for one in orjson.loads((self.folder / FLIGHT).read_bytes())]

    def _forget_what_is_lost(self, chain: Chain) -> None:
        """A local chain that was killed may have come back without its last blocks, or without any."""
        head = chain.block_number()
        kept = {key: one for key, one in self.done.items() if one.block <= head}
        newest = next(reversed(kept.values()), None)
        if newest and chain.receipt(newest.hash) is None:
            kept = {}
        if len(kept) == len(self.done):
            return
        self._forget()
        self.land(list(kept.values()))

    def _forget(self) -> None:
        self.done, self.flying = {}, []
        if self.folder:
            for name in (DONE, FLIGHT):
                (self.folder / name).unlink(missing_ok=True)


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value) if -(2**53) < value < 2**53 else str(int(value))
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)
