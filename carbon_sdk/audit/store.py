"""The event store: what the chain said, kept so that it can be read again, checked and rolled back.

A log's key is (chain, block hash, log index): `blocks` gives each (chain, block hash) a number that only grows, and
`logs` is ordered by it, so that writing stays equally fast however much is there. Each row holds the raw log (topics,
data) beside its decoded form; the raw log is what the fold reads, and `redecode` writes the decoded form anew.

Each block carries a digest over its rows: `verify` finds a row that was changed, added or taken away. Finality is a
property of the cursor, shown on each row by the view `events`.

SQLite by default; any database that SQLAlchemy knows by its URL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from carbon_sdk.audit.decode import Decoders, MalformedLog
from carbon_sdk.audit.events import Event, Header, Position, RawLog
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, checksummed

_VERSION = 1
_PAGE = 10_000

_schema = sa.MetaData()
_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

meta = sa.Table(
    "meta", _schema, sa.Column("key", sa.String(64), primary_key=True), sa.Column("value", sa.String, nullable=False)
)

blocks = sa.Table(
    "blocks",
    _schema,
    sa.Column("id", _id, primary_key=True, autoincrement=False),
    sa.Column("chain", sa.BigInteger, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sa.Column("parent", sa.LargeBinary(32), nullable=False),
    sa.Column("timestamp", sa.BigInteger, nullable=False),
    sa.Column("logs", sa.Integer, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.UniqueConstraint("chain", "hash"),
    sa.UniqueConstraint("chain", "number"),
)

kinds = sa.Table(
    "kinds",
    _schema,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("contract", sa.String, nullable=False),
    sa.Column("event", sa.String, nullable=False),
    sa.Column("signature", sa.String, nullable=False),
    sa.UniqueConstraint("contract", "signature"),
)

logs = sa.Table(
    "logs",
    _schema,
    sa.Column("block", _id, primary_key=True, autoincrement=False),
    sa.Column("log_index", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("transaction_index", sa.Integer, nullable=False),
    sa.Column("transaction", sa.LargeBinary(32), nullable=False),
    sa.Column("address", sa.LargeBinary(20), nullable=False),
    sa.Column("topics", sa.LargeBinary, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("kind", sa.Integer, nullable=False),
    sa.Column("args", sa.Text, nullable=True),
    sa.Index("logs_by_kind", "kind", "block", "log_index"),
    sqlite_with_rowid=False,
)

cursors = sa.Table(
    "cursors",
    _schema,
    sa.Column("chain", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("first", sa.BigInteger, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    sa.Column("safe", sa.BigInteger, nullable=False),
    sa.Column("finalized", sa.BigInteger, nullable=False),
)

reorganisations = sa.Table(
    "reorganisations",
    _schema,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
    sa.Column("chain", sa.BigInteger, nullable=False),
    sa.Column("ancestor", sa.BigInteger, nullable=False),
    sa.Column("depth", sa.BigInteger, nullable=False),
    sa.Column("old_head", sa.LargeBinary(32), nullable=False),
    sa.Column("logs_removed", sa.Integer, nullable=False),
)

UNKNOWN_KIND = 0
"""Kind of a log that no ABI explains: kept raw, to be decoded when an ABI does."""

_EVENTS_VIEW = """
CREATE VIEW events AS
SELECT b.chain, b.number AS block_number, b.hash AS block_hash, b.timestamp, l.log_index, l.transaction_index,
       l."transaction" AS transaction_hash, l.address, k.contract, k.event, l.args,
       CASE WHEN b.number <= c.finalized THEN 'finalized'
            WHEN b.number <= c.safe THEN 'safe' ELSE 'head' END AS finality
FROM logs l JOIN blocks b ON b.id = l.block JOIN cursors c ON c.chain = b.chain LEFT JOIN kinds k ON k.id = l.kind
"""


class StoreDamaged(InputError):
    """The store is not one of ours, or of a version that this SDK does not read."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a chain has been read.

    Attributes:
        first: First block that was asked for.
        number: Last block that was read.
        hash: Its hash.
        safe: Last block that the node calls safe.
        finalized: Last block that the node calls finalized.
    """

    first: int
    number: int
    hash: bytes
    safe: int
    finalized: int


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """A rollback that happened.

    Attributes:
        ancestor: Last block that both branches share.
        depth: Blocks of the old branch above it, up to its head.
        old_head: Hash of the branch that was left.
        logs_removed: Rows that went with it.
    """

    ancestor: int
    depth: int
    old_head: bytes
    logs_removed: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in the store, and where."""

    block: int
    log_index: int | None
    transaction: str | None
    what: str

    def __str__(self) -> str:
        where = f"block {self.block}" + ("" if self.log_index is None else f", log {self.log_index}")
        return f"{where}{f', transaction {self.transaction}' if self.transaction else ''}: {self.what}"


class Store:
    """One database with the events of one or several chains.

    Args:
        where: A path of an SQLite file, `:memory:`, or an SQLAlchemy URL such as `postgresql+psycopg://…`.
        decoders: What reads the logs.
    """

    def __init__(self, where: str | Path, decoders: Decoders) -> None:
        self.decoders = decoders
        self._engine = _engine(where)
        self._kinds: dict[tuple[str, bytes], tuple[int, Callable[[bytes, bytes], dict[str, Any]]]] = {}
        self._known: dict[tuple[str, str], int] = {}
        with self._engine.begin() as connection:
            _prepare(connection)
        self._remember()

    def _remember(self) -> None:
        """What this object knows of the database, read from it: at the start, and after a write that did not happen."""
        self._kinds.clear()
        with self._engine.connect() as connection:
            self._known = {(row.contract, row.signature): row.id for row in connection.execute(sa.select(kinds))}
            self._next_block = (connection.execute(sa.select(sa.func.max(blocks.c.id))).scalar() or 0) + 1

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """For queries of your own: the tables of this module and the view `events`."""
        return self._engine

    # WRITING

    def append(
        self,
        chain: int,
        headers: Sequence[Header],
        raw: Sequence[RawLog],
        contracts: Mapping[bytes, str],
        cursor: Cursor,
    ) -> int:
        """Write blocks, their logs and the cursor, all or nothing.

        Args:
            chain: Chain id.
            headers: In ascending order; every block that has a log must be among them.
            raw: Logs in the chain's order.
            contracts: Contract's name by its address.
            cursor: What has been read when this is written.

        Returns:
            Logs written.
        """
        try:
            return self._append(chain, headers, raw, contracts, cursor)
        except BaseException:
            self._remember()
            raise

    def _append(
        self,
        chain: int,
        headers: Sequence[Header],
        raw: Sequence[RawLog],
        contracts: Mapping[bytes, str],
        cursor: Cursor,
    ) -> int:
        first_id = self._next_block
        ids = {header.number: first_id + i for i, header in enumerate(headers)}
        new_kinds: list[dict[str, Any]] = []
        rows, digests, counts = self._rows(raw, ids, contracts, new_kinds)
        block_rows = [
            {
                "id": ids[header.number],
                "chain": chain,
                "number": header.number,
                "hash": header.hash,
                "parent": header.parent,
                "timestamp": header.timestamp,
                "logs": counts.get(header.number, 0),
                "digest": _digest(header, digests.get(header.number, b"")),
            }
            for header in headers
        ]
        with self._engine.begin() as connection:
            if new_kinds:
                connection.execute(sa.insert(kinds), new_kinds)
            if block_rows:
                connection.execute(sa.insert(blocks), block_rows)
            if rows:
                insert_rows(connection, logs, rows)
            _write_cursor(connection, chain, cursor)
        self._next_block += len(headers)
        return len(rows)

    def mark(self, chain: int, safe: int, finalized: int) -> None:
        """Move the marks of what the node calls safe and finalized; never beyond what has been read."""
        with self._engine.begin() as connection:
            cursor = _cursor(connection, chain)
            if cursor:
                safe, finalized = min(safe, cursor.number), min(finalized, cursor.number)
                if (safe, finalized) != (cursor.safe, cursor.finalized):
                    _write_cursor(connection, chain, replace(cursor, safe=safe, finalized=finalized))

    def roll_back(self, chain: int, ancestor: int) -> Reorganisation | None:
        """Forget every block above `ancestor`; the cursor returns to it. None when there was nothing above it."""
        with self._engine.begin() as connection:
            old = _cursor(connection, chain)
            if old is None or old.number <= ancestor:
                return None
            above = sa.select(blocks.c.id).where(blocks.c.chain == chain, blocks.c.number > ancestor)
            removed = connection.execute(sa.delete(logs).where(logs.c.block.in_(above))).rowcount
            connection.execute(sa.delete(blocks).where(blocks.c.chain == chain, blocks.c.number > ancestor))
            kept = connection.execute(
                sa.select(blocks.c.hash).where(blocks.c.chain == chain, blocks.c.number == ancestor)
            ).scalar()
            happened = Reorganisation(ancestor, old.number - ancestor, old.hash, removed)
            connection.execute(
                sa.insert(reorganisations).values(
                    chain=chain,
                    ancestor=ancestor,
                    depth=happened.depth,
                    old_head=happened.old_head,
                    logs_removed=removed,
                )
            )
            if kept is None:  # nothing is left: start again
                connection.execute(sa.delete(cursors).where(cursors.c.chain == chain))
            else:
                safe, finalized = min(old.safe, ancestor), min(old.finalized, ancestor)
                _write_cursor(connection, chain, Cursor(old.first, ancestor, kept, safe, finalized))
            return happened

    def redecode(self, chain: int, contracts: Mapping[bytes, str]) -> int:
        """Write every log's decoded form anew from its raw form, with this store's decoders. Returns the logs read."""
        count = 0
        for page in self._pages(chain):
            changes = []
            new_kinds: list[dict[str, Any]] = []
            for row in page:
                kind, args = self._decoded(contracts.get(row.address), row.topics, row.data, new_kinds)
                if (kind, args) != (row.kind, row.args):
                    changes.append({"b": row.block, "i": row.log_index, "kind": kind, "args": args})
            with self._engine.begin() as connection:
                if new_kinds:
                    connection.execute(sa.insert(kinds), new_kinds)
                if changes:
                    _count_decoding(connection, chain)
                    where = (logs.c.block == sa.bindparam("b")) & (logs.c.log_index == sa.bindparam("i"))
                    connection.execute(sa.update(logs).where(where), changes)
            count += len(page)
        return count

    def decodings(self, chain: int) -> str:
        """Changes whenever decoded forms were written anew: what was derived from the old ones is to be made again."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(meta.c.value).where(meta.c.key == f"decodings {chain}")).scalar() or "0"

    def _rows(
        self,
        raw: Sequence[RawLog],
        ids: Mapping[int, int],
        contracts: Mapping[bytes, str],
        new_kinds: list[dict[str, Any]],
    ) -> tuple[list[tuple[Any, ...]], dict[int, bytes], dict[int, int]]:
        rows: list[tuple[Any, ...]] = []
        digests: dict[int, Any] = {}
        counts: dict[int, int] = {}
        at, digest = -1, hashlib.sha256()
        for block, log_index, transaction_index, transaction, address, topics, data in raw:
            kind, args = self._decoded(contracts.get(address), topics, data, new_kinds)
            rows.append((ids[block], log_index, transaction_index, transaction, address, topics, data, kind, args))
            if block != at:
                at, digest = block, digests.setdefault(block, hashlib.sha256())
                counts.setdefault(block, 0)
            digest.update(_of_row(log_index, transaction_index, transaction, address, topics, data))
            counts[block] += 1
        return rows, {number: digest.digest() for number, digest in digests.items()}, counts

    def _decoded(
        self, contract: str | None, topics: bytes, data: bytes, new_kinds: list[dict[str, Any]]
    ) -> tuple[int, str | None]:
        topic = topics[:32]
        found = self._kinds.get((contract or "", topic))
        if found is None:
            decoder = self.decoders.of(contract, topic) if contract else None
            if contract is None or decoder is None:
                return UNKNOWN_KIND, None
            kind = self._known.get((contract, decoder.signature))
            if kind is None:
                kind = len(self._known) + 1
                self._known[contract, decoder.signature] = kind
                new_kinds.append(
                    {"id": kind, "contract": contract, "event": decoder.name, "signature": decoder.signature}
                )
            found = self._kinds[contract, topic] = (kind, decoder.as_json)
        kind, as_json = found
        return kind, orjson.dumps(as_json(topics, data)).decode()

    # READING

    def cursor(self, chain: int) -> Cursor | None:
        """How far `chain` has been read; None when it has not."""
        with self._engine.connect() as connection:
            return _cursor(connection, chain)

    def chains(self) -> tuple[int, ...]:
        """Ids of the chains in this store."""
        with self._engine.connect() as connection:
            return tuple(connection.execute(sa.select(cursors.c.chain).order_by(cursors.c.chain)).scalars())

    def only_chain(self) -> int:
        """Id of the one chain in this store. Raises InputError when there is none or more than one."""
        found = self.chains()
        if len(found) != 1:
            raise InputError(f"The store has {len(found)} chains {found}: say which one you mean.")
        return found[0]

    def reorganisations(self, chain: int) -> list[Reorganisation]:
        """The rollbacks so far, oldest first."""
        columns = reorganisations.c
        query = sa.select(columns.ancestor, columns.depth, columns.old_head, columns.logs_removed)
        with self._engine.connect() as connection:
            rows = connection.execute(query.where(columns.chain == chain).order_by(columns.id)).all()
        return [Reorganisation(*row) for row in rows]

    def headers_down(self, chain: int, below: int, count: int) -> list[Header]:
        """The stored blocks below a number, highest first, at most `count`."""
        columns = blocks.c
        query = sa.select(columns.number, columns.hash, columns.parent, columns.timestamp)
        query = query.where(columns.chain == chain, columns.number < below).order_by(columns.number.desc()).limit(count)
        with self._engine.connect() as connection:
            return [Header(*row) for row in connection.execute(query)]

    def header_at(self, chain: int, number: int) -> Header | None:
        """The stored block of that number; None when it was not stored."""
        found = self.headers_down(chain, number + 1, 1)
        return found[0] if found and found[0].number == number else None

    def count(self, chain: int) -> int:
        """Logs stored of a chain."""
        query = sa.select(sa.func.coalesce(sa.func.sum(blocks.c.logs), 0)).where(blocks.c.chain == chain)
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def counts(self, chain: int) -> dict[tuple[str, str], int]:
        """Logs stored by (contract, event); those that no ABI explains under two empty names."""
        query = (
            sa.select(kinds.c.contract, kinds.c.event, sa.func.count())
            .select_from(logs.join(blocks, blocks.c.id == logs.c.block).outerjoin(kinds, kinds.c.id == logs.c.kind))
            .where(blocks.c.chain == chain)
            .group_by(kinds.c.contract, kinds.c.event)
        )
        with self._engine.connect() as connection:
            return {(row[0] or "", row[1] or ""): row[2] for row in connection.execute(query)}

    def events(
        self,
        chain: int,
        *,
        events: Iterable[tuple[str, str]] | None = None,
        after: int = -1,
        until: int | None = None,
    ) -> Iterator[Event]:
        """Decoded events in the chain's order, from their raw logs, a page at a time.

        Args:
            chain: Chain id.
            events: (contract, event) names to read; None reads all. Logs that no ABI explains are passed over.
            after: Read blocks above this number.
            until: Read blocks up to this number; None reads all.
        """
        chosen = None
        if events is not None:
            wanted = set(events)
            names = self._names()
            chosen = [kind for kind, (contract, event, _) in names.items() if (contract, event) in wanted]
            if not chosen:
                return
        decode: dict[int, tuple[str, str, Callable[[bytes, bytes], dict[str, Any]]]] = {}
        for kind, (contract, event, signature) in self._names().items():
            if decoder := self.decoders.by_signature(contract, signature):
                decode[kind] = (contract, event, decoder.decode)
        number, timestamp, at_block = 0, 0, -1
        transaction, text = b"", ""
        for page in self._pages(chain, chosen, after, until):
            headers = self._headers_between(page[0].block, page[-1].block)
            for row in page:
                if row.kind not in decode:
                    continue
                if row.block != at_block:
                    at_block = row.block
                    number, timestamp = headers[at_block]
                if row.transaction != transaction:
                    transaction = row.transaction
                    text = f"0x{transaction.hex()}"
                contract, event, read = decode[row.kind]
                try:
                    args = read(row.topics, row.data)
                except MalformedLog as error:
                    raise MalformedLog(error.event, f"{error} It is log {row.log_index} of block {number}.") from None
                yield Event(
                    contract,
                    event,
                    args,
                    checksummed(row.address.hex()),
                    timestamp,
                    Position(number, row.log_index, text),
                )

    def raw_logs(self, chain: int, *, after: int = -1, until: int | None = None) -> Iterator[RawLog]:
        """Raw logs in the chain's order."""
        for page in self._pages(chain, None, after, until):
            headers = self._headers_between(page[0].block, page[-1].block)
            for row in page:
                yield RawLog(
                    headers[row.block][0],
                    row.log_index,
                    row.transaction_index,
                    row.transaction,
                    row.address,
                    row.topics,
                    row.data,
                )

    # CHECKING

    def verify(self, chain: int, contracts: Mapping[bytes, str] | None = None) -> Iterator[Finding]:
        """Whatever was changed in the store since it was written: rows, decoded forms, links between blocks.

        Args:
            chain: Chain id.
            contracts: Contract's name by its address; when given, each log's contract is compared with it.
        """
        named = self._names()
        previous: Header | None = None
        columns = blocks.c
        query = sa.select(blocks).where(columns.chain == chain).order_by(columns.number)
        with self._engine.connect() as connection:
            for block in connection.execution_options(yield_per=_PAGE).execute(query):
                header = Header(block.number, block.hash, block.parent, block.timestamp)
                if previous is not None and previous.number + 1 == header.number and header.parent != previous.hash:
                    yield Finding(header.number, None, None, "its parent is not the block stored before it")
                previous = header
                yield from self._verify_block(block, header, named, contracts)

    def _verify_block(
        self,
        block: sa.Row[Any],
        header: Header,
        named: Mapping[int, tuple[str, str, str]],
        contracts: Mapping[bytes, str] | None,
    ) -> Iterator[Finding]:
        digest = hashlib.sha256()
        count = 0
        wrong_form = []
        if block.logs:
            query = sa.select(logs).where(logs.c.block == block.id).order_by(logs.c.log_index)
            with self._engine.connect() as connection:
                for row in connection.execute(query):
                    count += 1
                    digest.update(
                        _of_row(
                            row.log_index, row.transaction_index, row.transaction, row.address, row.topics, row.data
                        )
                    )
                    said = self._decoded_form_of(row, named, contracts)
                    if said:
                        wrong_form.append(Finding(block.number, row.log_index, f"0x{row.transaction.hex()}", said))
        if count != block.logs:
            yield Finding(block.number, None, None, f"{count} logs are stored, {block.logs} were written")
        elif _digest(header, digest.digest() if count else b"") != block.digest:
            yield Finding(block.number, None, None, "the block or one of its logs was changed after it was written")
        yield from wrong_form

    def _decoded_form_of(
        self, row: sa.Row[Any], named: Mapping[int, tuple[str, str, str]], contracts: Mapping[bytes, str] | None
    ) -> str:
        if row.kind == UNKNOWN_KIND:
            return "" if row.args is None else "arguments without an event"
        if row.kind not in named:
            return f"no event has the number {row.kind}"
        contract, event, _ = named[row.kind]
        if contracts is not None and contracts.get(row.address) != contract:
            return f"0x{row.address.hex()} is not {contract}"
        decoder = self.decoders.of(contract, row.topics[:32])
        if decoder is None:
            return f"{contract} has no such event"
        if decoder.name != event:
            return f"stored as {event}, but its topic is {decoder.name}"
        try:
            said = orjson.dumps(decoder.as_json(row.topics, row.data)).decode()
        except MalformedLog as error:
            return str(error)
        return "" if said == row.args else f"{event}: the decoded form {row.args} is not the raw log's {said}"

    def _names(self) -> dict[int, tuple[str, str, str]]:
        with self._engine.connect() as connection:
            return {row.id: (row.contract, row.event, row.signature) for row in connection.execute(sa.select(kinds))}

    def _pages(
        self, chain: int, chosen: Sequence[int] | None = None, after: int = -1, until: int | None = None
    ) -> Iterator[Sequence[sa.Row[Any]]]:
        numbers = sa.select(blocks.c.id).where(blocks.c.chain == chain, blocks.c.number > after)
        if until is not None:
            numbers = numbers.where(blocks.c.number <= until)
        with self._engine.connect() as connection:
            bounds = numbers.with_only_columns(sa.func.min(blocks.c.id), sa.func.max(blocks.c.id))
            low, high = connection.execute(bounds).one()
        if low is None:
            return
        several = len(self.chains()) > 1
        at, index = low, -1
        while True:
            beyond = (logs.c.block > at) | ((logs.c.block == at) & (logs.c.log_index > index))
            query = sa.select(logs).where(logs.c.block >= at, logs.c.block <= high, beyond)
            if several:
                query = query.where(logs.c.block.in_(numbers))
            if chosen is not None:
                query = query.where(logs.c.kind.in_(chosen))
            query = query.order_by(logs.c.block, logs.c.log_index).limit(_PAGE)
            with self._engine.connect() as connection:
                page = connection.execute(query).all()
            if not page:
                return
            yield page
            at, index = page[-1].block, page[-1].log_index

    def _headers_between(self, low: int, high: int) -> dict[int, tuple[int, int]]:
        query = sa.select(blocks.c.id, blocks.c.number, blocks.c.timestamp).where(blocks.c.id.between(low, high))
        with self._engine.connect() as connection:
            return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def insert_rows(connection: Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows in the order of the table's columns. SQLite takes them as they are, PostgreSQL by COPY: much faster."""
    if not rows:
        return
    if connection.dialect.name == "postgresql" and connection.dialect.driver == "psycopg":
        columns = ", ".join(f'"{column.name}"' for column in table.c)
        cursor = connection.connection.cursor()
        with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.close()
        return
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(table.c))
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} VALUES ({places})",  # noqa: S608 -- a name of ours and question marks
            list(rows),
        )
    else:
        names = [column.name for column in table.c]
        connection.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])


def addresses(contracts: Mapping[Address, str]) -> dict[bytes, str]:
    """The same map with addresses as bytes, as the store takes it."""
    return {bytes.fromhex(address[2:]): name for address, name in contracts.items()}


def _engine(where: str | Path) -> Engine:
    text = str(where)
    if "://" not in text:
        text = "sqlite://" if text == ":memory:" else f"sqlite:///{Path(text)}"
    if text == "sqlite://":
        engine = sa.create_engine(text, poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = sa.create_engine(text)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _tune)
    return engine


def _tune(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare(connection: Connection) -> None:
    inspector = sa.inspect(connection)
    if inspector.has_table("meta"):
        version = connection.execute(sa.select(meta.c.value).where(meta.c.key == "version")).scalar()
        if version != str(_VERSION):
            raise StoreDamaged(f"The store's version is {version}; this SDK reads {_VERSION}. Index into a new store.")
        return
    if inspector.has_table("blocks") or inspector.has_table("logs"):
        raise StoreDamaged("The database has tables of something else. Give an empty one.")
    _schema.create_all(connection)
    connection.execute(sa.text(_EVENTS_VIEW))
    connection.execute(sa.insert(meta).values(key="version", value=str(_VERSION)))


def _cursor(connection: Connection, chain: int) -> Cursor | None:
    columns = cursors.c
    query = sa.select(columns.first, columns.number, columns.hash, columns.safe, columns.finalized)
    row = connection.execute(query.where(columns.chain == chain)).first()
    return Cursor(*row) if row else None


def _count_decoding(connection: Connection, chain: int) -> None:
    key = f"decodings {chain}"
    known = connection.execute(sa.select(meta.c.value).where(meta.c.key == key)).scalar()
    if known is None:
        connection.execute(sa.insert(meta).values(key=key, value="1"))
    else:
        connection.execute(sa.update(meta).where(meta.c.key == key).values(value=str(int(known) + 1)))


def _write_cursor(connection: Connection, chain: int, cursor: Cursor) -> None:
    values = {
        "first": cursor.first,
        "number": cursor.number,
        "hash": cursor.hash,
        "safe": cursor.safe,
        "finalized": cursor.finalized,
    }
    if not connection.execute(sa.update(cursors).where(cursors.c.chain == chain).values(values)).rowcount:
        connection.execute(sa.insert(cursors).values(chain=chain, **values))


def block_digest(header: Header, raw: Iterable[RawLog]) -> bytes:
    """What a store keeps of a block and its logs, to see later whether one was changed."""
    digest, count = hashlib.sha256(), 0
    for _, log_index, transaction_index, transaction, address, topics, data in raw:
        digest.update(_of_row(log_index, transaction_index, transaction, address, topics, data))
        count += 1
    return _digest(header, digest.digest() if count else b"")


def _of_row(
    log_index: int, transaction_index: int, transaction: bytes, address: bytes, topics: bytes, data: bytes
) -> bytes:
    head = b"%d,%d,%d,%d;" % (log_index, transaction_index, len(topics), len(data))
    return head + transaction + address + topics + data


def _digest(header: Header, of_logs: bytes) -> bytes:
    head = b"%d,%d;" % (header.number, header.timestamp)
    return hashlib.sha256(head + header.hash + header.parent + of_logs).digest()
