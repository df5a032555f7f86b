"""Many applications from one table, in a run that can be killed anywhere and goes on where it stopped.

Each row's key is derived (HKDF-SHA256) from one master secret and the row's own `id`. So nothing is lost that the
master's keystore does not bring back, and nothing is done twice: the contract takes a key for one application, ever,
and before a row is sent the chain is asked what became of its key. The journal on disk only saves asking again, and
sees to it that a row was not changed in between.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import orjson

from carbon_sdk.actors.company import REGISTRATION_POLICY, AccountHolder
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.sender import send_many
from carbon_sdk.chain.signers import LocalSigner, Signer
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.contracts.generated.rule_book import RuleBook
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.evidence.record import Record
from carbon_sdk.evidence.registration import DOCUMENTS, NUMBER, RegistrationData, problem_of
from carbon_sdk.evidence.vault import Vault
from carbon_sdk.identifiers import Address, keccak

COLUMNS = ("id", "kind", "region", "sector", "owner", *NUMBER)
"""Of the table. Documents are files' names, beside the table."""
_NUMBERS = ("region", "sector", "owner")
_MOST = {"region": (1 << 16) - 1, "sector": (1 << 16) - 1, "owner": (1 << 32) - 1}
_EXAMPLE = (
    "A-1",
    "OPERATOR",
    "1",
    "35",
    "0",
    "Example Power Ltd",
    "limited company",
    "electric power",
    "1 High Street",
)
_EXAMPLE_REST = ("", "licence.pdf", "identity.pdf", "attorney.pdf", "GB00 0000 0000")
_LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with one cell.

    Attributes:
        row: As a spreadsheet counts, the header being 1.
        column: Its name.
        problem: In words.
    """

    row: int
    column: str
    problem: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.problem}"


class BadTable(InputError):
    """A table cannot be taken as it is; nothing was sent.

    Attributes:
        errors: Every cell that is wrong.
    """

    def __init__(self, path: Path, errors: Sequence[CellError]) -> None:
        self.errors = tuple(errors)
        shown = "; ".join(map(str, errors[:20]))
        more = f"; and {len(errors) - 20} more" if len(errors) > 20 else ""
        super().__init__(f"{path} has {len(errors)} cells to correct: {shown}{more}.")


@dataclass(frozen=True, slots=True)
class Entity:
    """One row, checked."""

    row: int
    id: str
    kind: AccountKind
    region: int
    sector: int
    owner: int
    data: RegistrationData = field(repr=False)

    def digest(self) -> bytes:
        """Of all that the row says, documents included."""
        said = [self.id, self.kind.name, self.region, self.sector, self.owner]
        whole = [getattr(self.data, name) for name in NUMBER]
        return sha256(orjson.dumps([*said, *(sha256(_raw(one)).hexdigest() for one in whole)])).digest()


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one row.

    Attributes:
        id: The row's.
        key: Its key's address.
        application: Number of its application; 0: none.
        is_new: Whether this run filed it.
        problem: Why not; empty: it stands.
    """

    id: str
    key: Address
    application: int
    is_new: bool
    problem: str = ""


def write_template(path: str | Path) -> None:
    """A table with the columns and one example, as CSV or XLSX by its name. Raises InputError."""
    target = Path(path)
    if target.exists():
        raise InputError(f"{target} exists. Name another file.")
    rows = [COLUMNS, (*_EXAMPLE, *_EXAMPLE_REST)]
    if target.suffix.lower() == ".xlsx":
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.active
        assert sheet is not None  # noqa: S101 -- a new workbook has one
        for row in rows:
            sheet.append(row)
        book.save(target)
    elif target.suffix.lower() == ".csv":
        with target.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    else:
        raise InputError(f"{target}: give a name that ends in .csv or .xlsx.")


def read_table(path: str | Path) -> list[Entity]:
    """All rows, or what is wrong with any of them.

    Raises:
        BadTable: With every wrong cell.
        InputError: It is no such table.
    """
    source = Path(path)
    lines = _lines(source)
    header = tuple(one.strip() for one in next(lines, ()))
    if header != COLUMNS:
        missing, odd = [c for c in COLUMNS if c not in header], [h for h in header if h not in COLUMNS]
        said = f"lacks {', '.join(missing)}" if missing else f"has {', '.join(odd)} too" if odd else "has another order"
        raise InputError(f"{source}: the first row {said}. It must be {', '.join(COLUMNS)}.")
    entities: list[Entity] = []
    errors: list[CellError] = []
    seen: dict[str, int] = {}
    for row, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(COLUMNS):
            errors.append(CellError(row, COLUMNS[-1], f"the row has {len(cells)} cells, not {len(COLUMNS)}"))
            continue
        said_ = {name: cell.strip() for name, cell in zip(COLUMNS, cells, strict=True)}
        if said_["id"] in seen:
            errors.append(CellError(row, "id", f"{said_['id']!r} stands in row {seen[said_['id']]} already"))
        seen.setdefault(said_["id"], row)
        found = _entity(source.parent, row, said_)
        if isinstance(found, Entity):
            entities.append(found)
        else:
            errors.extend(found)
    if errors:
        raise BadTable(source, errors)
    if not entities:
        raise InputError(f"{source} has no rows.")
    return entities


def _entity(folder: Path, row: int, said: Mapping[str, str]) -> Entity | list[CellError]:
    errors = []

    def wrong(column: str, problem: str) -> None:
        errors.append(CellError(row, column, problem))

    if not said["id"]:
        wrong("id", "it is missing")
    kind = AccountKind.__members__.get(said["kind"].upper().replace("-", "_"), AccountKind.NONE)
    if kind is AccountKind.NONE:
        wrong("kind", f"{said['kind']!r} is none of {', '.join(one.name for one in AccountKind if one)}")
    numbers: dict[str, int] = {}
    for name in _NUMBERS:
        text = said[name] or "0"
        if not (text.isascii() and text.isdigit()) or int(text) > _MOST[name]:
            wrong(name, f"{said[name]!r} is no whole number up to {_MOST[name]}")
        else:
            numbers[name] = int(text)
    values: dict[str, Any] = {}
    for name in NUMBER:
        values[name] = said[name]
        if name in DOCUMENTS and said[name]:
            file = folder / said[name]
            try:
                if not file.resolve().is_relative_to(folder.resolve()):
                    wrong(name, f"{said[name]} lies outside of the table's folder")
                    continue
                if file.stat().st_size > _LARGEST:
                    wrong(name, f"{said[name]} is larger than {_LARGEST >> 20} MiB")
                    continue
                values[name] = file.read_bytes()
            except OSError as error:
                wrong(name, f"{said[name]} cannot be read: {error.strerror}")
                continue
        if problem := problem_of(name, values[name]):
            wrong(name, problem)
    if errors:
        return errors
    return Entity(
        row, said["id"], kind, numbers["region"], numbers["sector"], numbers["owner"], RegistrationData(**values)
    )


def _lines(source: Path) -> Iterator[Sequence[str]]:
    try:
        if source.suffix.lower() == ".xlsx":
            from openpyxl import load_workbook

            book = load_workbook(source, read_only=True, data_only=True)
            try:
                for row in book.worksheets[0].iter_rows(values_only=True, max_col=len(COLUMNS)):
                    yield ["" if cell is None else str(cell) for cell in row]
            finally:
                book.close()
        else:
            with source.open(newline="", encoding="utf-8-sig") as file:
                yield from csv.reader(file, strict=True)
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error, KeyError, ValueError) as error:
        raise InputError(f"{source} is no table: {error}.") from None
    except Exception as error:
        from zipfile import BadZipFile

        from openpyxl.utils.exceptions import InvalidFileException

        if isinstance(error, (BadZipFile, InvalidFileException)):
            raise InputError(f"{source} is no XLSX file: {error}.") from None
        raise


class Journal:
    """Rows that stand on the chain, one line each; a torn last line is dropped. One process at a time.

    Args:
        path: Made when it is not there.
    """

    def __init__(self, path: str | Path) -> None:
        import fcntl

        self.path = Path(path)
        self._file: IO[bytes] = self.path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise InputError(f"{self.path} is used by another run.") from None
        self.done: dict[str, tuple[str, int]] = {}
        """id → (row's digest, application)."""
        self._file.seek(0)
        end = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            told = orjson.loads(line)
            self.done[told["id"]] = told["digest"], told["application"]
        self._file.truncate(end)
        self._file.seek(0, os.SEEK_END)

    def write(self, rows: Sequence[tuple[Entity, int]]) -> None:
        """Remember applications; they are on the disk when this returns."""
        for entity, application in rows:
            digest = entity.digest().hex()
            told = {"id": entity.id, "digest": digest, "application": application}
            self._file.write(orjson.dumps(told) + b"\n")
            self.done[entity.id] = digest, application
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let another run have it."""
        self._file.close()


class BulkRegistration:
    """Files applications for the rows of a table.

    Args:
        suite: Where.
        master: From it every row's key is derived: keep its keystore.
        vault: Takes each record, encrypted.
        readers: Parties with their encryption keys, for whom records are encrypted: the registry's office.
        fund: Gives many keys what they pay for gas with, where the chain wants that; None: it does not.
    """

    def __init__(
        self,
        suite: Suite,
        master: LocalSigner,
        vault: Vault,
        readers: Mapping[Address, bytes],
        fund: Callable[[Sequence[Address]], object] | None = None,
    ) -> None:
        if not readers:
            raise InputError("Name at least one reader: nobody could read the records.")
        self._suite, self._master, self._vault = suite, master, vault
        self._readers, self._fund = readers, fund

    def key_of(self, id: str) -> LocalSigner:  # noqa: A002 -- that is the column's name
        """The key of a row."""
        return LocalSigner(self._derived(f"key/{id}"))

    def record_of(self, entity: Entity) -> Record:
        """The record of a row; the same row gives the same salts, so a run that goes on gives the same root."""
        contents = {name: _raw(getattr(entity.data, name)) for name in NUMBER}
        whole = entity.digest().hex()
        return Record(contents, {name: self._derived(f"salt/{whole}/{name}") for name in contents})

    def run(
        self,
        entities: Sequence[Entity],
        journal: Journal,
        *,
        batch: int = 100,
        progress: Callable[[int], object] | None = None,
    ) -> Iterator[Imported]:
        """File what is not filed yet; outcomes come batch by batch.

        Raises:
            InputError: A row was changed after it was filed.
            TransportError: No node answers. Run again: nothing is lost or doubled.
        """
        version = self._suite.contract(RuleBook).current(keccak(REGISTRATION_POLICY.encode())).version
        for start in range(0, len(entities), batch):
            part = entities[start : start + batch]
            yield from self._batch(part, journal, version)
            if progress:
                progress(start + len(part))

    def _batch(self, part: Sequence[Entity], journal: Journal, version: int) -> Iterator[Imported]:
        keys = {one.id: self.key_of(one.id) for one in part}
        for one in part:
            known = journal.done.get(one.id)
            if known and known[0] != one.digest().hex():
                raise InputError(
                    f"Row {one.row}, {one.id}, was filed as application {known[1]} and says something else now. Amend "
                    "the application, or put the row back."
                )
        open_ = [one for one in part if one.id not in journal.done]
        for one in part:
            if one.id in journal.done:
                yield Imported(one.id, keys[one.id].address, journal.done[one.id][1], is_new=False)
        before = self._applications([keys[one.id].address for one in open_])
        left = []
        for one, application in zip(open_, before, strict=True):
            if application:  # sent by a run that was stopped before it could write it down
                journal.write([(one, application)])
                yield Imported(one.id, keys[one.id].address, application, is_new=False)
            else:
                left.append(one)
        if not left:
            return
        for one in left:
            self._store(one)
        if self._fund:
            self._fund([keys[one.id].address for one in left])
        # A run that was killed may have left transactions: nonces are asked for anew.
        self._suite.chain.forget_nonces()
        acts: list[tuple[Signer, Act[int]]] = [(keys[one.id], self._act(one, keys[one.id], version)) for one in left]
        outcomes = list(send_many(self._suite.chain, acts, batch=len(acts)))
        after = self._applications([keys[one.id].address for one in left])
        filed = [(one, number) for one, number in zip(left, after, strict=True) if number]
        journal.write(filed)
        for one, number, outcome in zip(left, after, outcomes, strict=True):
            problem = "" if number else str(outcome.error)
            yield Imported(one.id, keys[one.id].address, number, is_new=bool(number), problem=problem)

    def _act(self, one: Entity, key: LocalSigner, version: int) -> Act[int]:
        holder = AccountHolder(self._suite, key)
        root = self.record_of(one).root
        return holder.apply_for_account.act(
            one.kind, root, region=one.region, sector=one.sector, owner=one.owner, policy_version=version
        )

    def _store(self, one: Entity) -> None:
        """The record, under its root's name, encrypted for the readers."""
        record = self.record_of(one)
        place = f"records/{record.root.hex()}"
        if self._vault.holds(place):
            return
        sealed = self._vault.seal(record.as_bytes())
        for party, public in self._readers.items():
            self._vault.let_in(sealed, party, public)
        with self._vault.write(place) as file:  # last: what it names is there
            file.write(sealed.commitment)

    def _applications(self, keys: Sequence[Address]) -> list[int]:
        at = self._suite.contract(StakeholderRegistry).address
        return self._suite.chain.read_many([StakeholderRegistry.APPLICATION_OF_KEY.on(at, key) for key in keys])

    def _derived(self, what: str) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = b"carbon-registration/1/" + what.encode()
        return HKDF(SHA256(), 32, salt=None, info=info).derive(self._master.secret())


def _raw(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
