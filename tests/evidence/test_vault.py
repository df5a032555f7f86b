"""Documents of any size: for their readers only, whole or not at all, in bounded memory, and back from a backup."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from carbon_sdk.errors import InputError
from carbon_sdk.evidence.backup import back_up, restore, states
from carbon_sdk.evidence.keys import Keyring
from carbon_sdk.evidence.vault import CHUNK, MAGIC, EvidenceAltered, NotAReader, Sealed, Vault
from carbon_sdk.identifiers import Address, address

ALICE, BOB = (address(bytes([i]) * 20) for i in (1, 2))


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "ring", "password")


def opened(vault: Vault, sealed: Sealed) -> bytes:
    target = io.BytesIO()
    vault.open(sealed, target)
    return target.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
@pytest.mark.parametrize("where", ["folder", "memory"])
def test_a_document__of_any_size__comes_back_as_it_was(tmp_path: Path, ring: Keyring, where: str, size: int) -> None:
    vault = Vault(tmp_path / "vault" if where == "folder" else f"memory://{tmp_path.name}-{size}")
    content, told = os.urandom(size), list[int]()
    sealed = vault.seal(content, told.append)
    assert told[-1] == size == sealed.size
    vault.let_in(sealed, ALICE, ring.new())
    assert opened(vault, vault.key_of(sealed.commitment, ALICE, ring)) == content
    assert vault.has(sealed.commitment)


def test_a_document__twice_the_same__has_two_commitments_and_keys(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    one, other = vault.seal(b"report"), vault.seal(b"report")
    assert one.commitment != other.commitment
    assert one.key != other.key


def test_a_reader__without_a_key_or_with_anothers__reads_nothing(tmp_path: Path, ring: Keyring) -> None:
    vault = Vault(tmp_path / "vault")
    sealed = vault.seal(b"licence")
    public = ring.new()
    vault.let_in(sealed, ALICE, public)
    with pytest.raises(NotAReader, match="for others only"):
        vault.key_of(sealed.commitment, BOB, ring)
    with pytest.raises(NotAReader, match="this ring lacks"):
        vault.key_of(sealed.commitment, ALICE, Keyring(tmp_path / "another", "password"))
    with pytest.raises(InputError, match="password is wrong"):
        vault.key_of(sealed.commitment, ALICE, Keyring(ring.folder, "guess"))
    folder = tmp_path / "vault" / "keys" / sealed.commitment.hex()
    (folder / f"{ALICE.lower()}-{public.hex()}").rename(folder / f"{BOB.lower()}-{public.hex()}")
    with pytest.raises(EvidenceAltered):  # a key is bound to its party
        vault.key_of(sealed.commitment, BOB, ring)


def test_withdrawing__after_a_version__closes_the_next_one(tmp_path: Path, ring: Keyring) -> None:
    vault = Vault(tmp_path / "vault")
    first = vault.seal(b"version 1")
    key = ring.new()
    vault.let_in(first, BOB, key)
    kept = vault.key_of(first.commitment, BOB, ring)
    assert vault.readers(first.commitment) == [BOB]
    assert vault.shut_out(first.commitment, BOB) == 1
    assert vault.readers(first.commitment) == []
    second = vault.seal(b"version 2")
    with pytest.raises(NotAReader):
        vault.key_of(second.commitment, BOB, ring)
    with pytest.raises(EvidenceAltered):  # what he kept opens nothing else
        opened(vault, Sealed(second.commitment, kept.key, kept.salt))


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


SEALED_CHUNK = CHUNK + 16
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "flipped": lambda data: _flip(data, len(MAGIC) + 5),
    "header": lambda data: _flip(data, 0),
    "cut at a chunk": lambda data: data[: len(MAGIC) + SEALED_CHUNK],
    "cut within": lambda data: data[:-1],
    "emptied": lambda data: MAGIC,
    "grown": lambda data: data + b"x",
    "chunk left out": lambda data: MAGIC + data[len(MAGIC) + SEALED_CHUNK :],
    "chunks swapped": lambda data: (
        MAGIC
        + data[len(MAGIC) + SEALED_CHUNK : len(MAGIC) + 2 * SEALED_CHUNK]
        + data[len(MAGIC) : len(MAGIC) + SEALED_CHUNK]
        + data[len(MAGIC) + 2 * SEALED_CHUNK :]
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_document__altered_anywhere__is_refused_with_its_place(tmp_path: Path, damage: str) -> None:
    vault = Vault(tmp_path / "vault")
    sealed = vault.seal(os.urandom(2 * CHUNK + 100))
    path = tmp_path / "vault" / "documents" / sealed.commitment.hex()
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(EvidenceAltered, match=sealed.commitment.hex()):
        opened(vault, sealed)


def test_a_document__exchanged_by_one_who_has_the_key__is_not_what_was_committed_to(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "vault")
    sealed = vault.seal(b"the truth")
    with pytest.raises(EvidenceAltered, match="has the commitment"):
        opened(vault, Sealed(sealed.commitment, sealed.key, bytes(32)))


def test_a_key__with_a_longer_salt__is_refused(tmp_path: Path, ring: Keyring) -> None:
    """A salt that took in the beginning of a document would give it another content under the same commitment."""
    vault = Vault(tmp_path / "vault")
    sealed = vault.seal(b"the truth")
    vault.let_in(Sealed(sealed.commitment, sealed.key, sealed.salt + b"the "), ALICE, ring.new())
    with pytest.raises(EvidenceAltered, match="has 68 bytes, not 64"):
        vault.key_of(sealed.commitment, ALICE, ring)


def test_bad_input__is_refused(tmp_path: Path, ring: Keyring) -> None:
    vault = Vault(tmp_path / "vault")
    with pytest.raises(InputError, match="cannot be read"):
        vault.seal(tmp_path / "none")
    sealed = vault.seal(b"x")
    for bad in (b"short", bytes(32)):  # 32 zeros are a point of low order
        with pytest.raises(InputError, match="no X25519 public key"):
            vault.let_in(sealed, BOB, bad)
    with pytest.raises(InputError, match="no document"):
        opened(vault, Sealed(bytes(32), sealed.key, sealed.salt))
    with pytest.raises(InputError, match="no place in a vault"):
        vault.read("../outside")
    with pytest.raises(InputError, match="32 bytes"):
        ring.private(b"short")
    with pytest.raises(InputError, match="password"):
        Keyring(tmp_path / "none", "").new()
    assert (next(ring.folder.glob("*")) if ring.new() else None).stat().st_mode & 0o077 == 0  # type: ignore[union-attr]


def test_restore__to_a_moment__is_what_was_then(tmp_path: Path, ring: Keyring) -> None:
    vault, kept = Vault(tmp_path / "vault"), tmp_path / "kept"
    first = vault.seal(b"one")
    public = ring.new()
    vault.let_in(first, ALICE, public)
    assert (back_up(vault, kept, 100).copied, back_up(vault, kept, 150).copied) == (2, 0)
    vault.shut_out(first.commitment, ALICE)
    second = vault.seal(b"two")
    vault.let_in(second, ALICE, public)
    assert back_up(vault, kept, 200).files == 3
    assert states(kept) == [100, 150, 200]
    before, after = Vault(tmp_path / "before"), Vault(tmp_path / "after")
    assert restore(kept, before, 199).at == 150
    assert restore(kept, after).at == 200
    assert list(after.paths()) == list(vault.paths())
    assert opened(before, before.key_of(first.commitment, ALICE, ring)) == b"one"
    assert not before.has(second.commitment)
    with pytest.raises(NotAReader):
        after.key_of(first.commitment, ALICE, ring)
    with pytest.raises(InputError, match="not empty"):
        restore(kept, after)
    with pytest.raises(InputError, match="no state"):
        restore(kept, Vault(tmp_path / "new"), 99)
    with pytest.raises(InputError, match="already"):
        back_up(vault, kept, 200)


def test_restore__of_a_damaged_backup__says_which_file(tmp_path: Path) -> None:
    vault, kept = Vault(tmp_path / "vault"), tmp_path / "kept"
    vault.seal(b"one")
    back_up(vault, kept, 1)
    held = next(path for path in (kept / "objects").rglob("*") if path.is_file())
    held.write_bytes(held.read_bytes() + b"x")
    with pytest.raises(EvidenceAltered, match="documents/"):
        restore(kept, Vault(tmp_path / "restored"))
    held.unlink()
    with pytest.raises(EvidenceAltered, match="lacks the content"):
        restore(kept, Vault(tmp_path / "again"))


def test_back_up__after_one_that_was_stopped__copies_what_is_half_there(tmp_path: Path) -> None:
    vault, kept = Vault(tmp_path / "vault"), tmp_path / "kept"
    sealed = vault.seal(b"one")
    back_up(vault, kept, 1)
    held = next(path for path in (kept / "objects").rglob("*") if path.is_file())
    held.write_bytes(held.read_bytes()[:-1])
    (kept / "states" / f"{1:012d}.json").unlink()
    assert back_up(vault, kept, 2).copied == 1
    restored = Vault(tmp_path / "restored")
    restore(kept, restored)
    assert opened(restored, sealed) == b"one"


LARGE = """
import resource, sys
from carbon_sdk.evidence.vault import Vault
vault = Vault(sys.argv[2])
vault.seal(b"warm"); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sealed = vault.seal(sys.argv[1])
with open(sys.argv[3], "wb") as target:
    size = vault.open(sealed, target)
print(size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("megabytes", [64, pytest.param(1024, marks=pytest.mark.full)])
def test_a_large_document__there_and_back__takes_little_memory(tmp_path: Path, megabytes: int) -> None:
    source, back = tmp_path / "large", tmp_path / "back"
    with source.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1 << 20))
    ran = subprocess.run(
        [sys.executable, "-c", LARGE, source, tmp_path / "vault", back], capture_output=True, text=True, check=True
    )
    size, kilobytes = map(int, ran.stdout.split())
    assert size == megabytes << 20
    assert kilobytes < 32 * 1024, f"{kilobytes} KiB more than before"
    with source.open("rb") as one, back.open("rb") as other:
        while chunk := one.read(1 << 20):
            assert other.read(1 << 20) == chunk


@pytest.mark.parametrize("number", [300, pytest.param(10_000, marks=pytest.mark.full)])
def test_many_documents__of_one_reader__take_little_memory(tmp_path: Path, ring: Keyring, number: int) -> None:
    vault, public = Vault(tmp_path / "vault"), ring.new()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    filed: list[tuple[bytes, Address]] = []
    for i in range(number):
        sealed = vault.seal(b"document %d" % i)
        vault.let_in(sealed, ALICE, public)
        filed.append((sealed.commitment, ALICE))
    for i in range(0, number, 7):
        assert opened(vault, vault.key_of(*filed[i], ring)) == b"document %d" % i
    state = back_up(vault, tmp_path / "kept", 1)
    assert state.files == 2 * number
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
