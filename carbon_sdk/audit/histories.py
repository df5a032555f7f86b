"""The life of every unit and the lines of every account, derived from the events and kept beside them in the store.

    histories = Histories(store)
    histories.catch_up()
    histories.life(instrument, 57)

Events are folded once, in batches; each batch's movements, lines and what changed of the places of units are written in
one transaction with how far it came, so that a process that is killed goes on where it stopped. A batch knows the hash
of its last block: when the store has returned to another branch, batches that lie on the old one are undone. What is
needed of the present is looked up, not loaded whole.

A movement of serials `first` to `last` lies at one node of a binary tree over all serials: the number between them that
can be halved most often. The movements of one serial lie at the nodes above it, so that a life is a few dozen look-ups,
however many movements there are (a relational interval tree).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from carbon_sdk.audit.accounts import Accounts, BoundLine, Line, Owned
from carbon_sdk.audit.events import Event, Header, Position
from carbon_sdk.audit.fold import UNIT_RULES, load_rules
from carbon_sdk.audit.serials import Block, Movement, NotEnough, Places, Queue, Serials
from carbon_sdk.audit.setting import SETTING_EVENTS, Setting, bound_for
from carbon_sdk.audit.state import State
from carbon_sdk.audit.store import Cursor, Store, blocks, insert_rows, logs, meta
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.identifiers import Address, InstrumentId, OrderId, checksummed

_VERSION = "1"
_BATCH = 40_000
"""Events in a batch, at least, while there are so many."""
_REVERSIBLE = 4_096
"""Blocks below the last one that can be undone where the node does not say what is final."""
_PAGE = 5_000
_EVER = 1 << 62
_WIDTH = 12
"""Bytes of a serial: the ledger counts in 96 bits."""

_schema = sa.MetaData()
_big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, _schema, *columns, sqlite_with_rowid=False)


def _key(name: str, kind: Any = _big) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _is(name: str, kind: Any = _big) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


batches = _table(
    "history_batches",
    _key("chain"),
    _key("batch"),
    _is("number"),
    _is("hash", sa.LargeBinary(32)),
    _is("seq"),
    _is("clock"),
    _is("setting", sa.Text),
    _is("decodings", sa.String(32)),
)

movements = _table(
    "unit_movements",
    _key("seq"),  # first, so that the key is no way to find all of a chain
    _key("chain"),
    _is("instrument", sa.LargeBinary),
    _is("node", sa.LargeBinary(_WIDTH)),
    _is("first", sa.LargeBinary(_WIDTH)),
    _is("last", sa.LargeBinary(_WIDTH)),
    _is("number"),
    _is("log_index", sa.Integer),
    _is("act", sa.String(16)),
    _is("holder", sa.LargeBinary(20)),
    sa.Column("former", sa.LargeBinary(20)),
    _is("reference", sa.Text),
    sa.Index("unit_movements_by_serial", "chain", "instrument", "node", "first", "last"),
)

places = _table(
    "unit_places",
    _key("chain"),
    _key("instrument", sa.LargeBinary),
    _key("first", sa.LargeBinary(_WIDTH)),
    _key("born"),
    _is("last", sa.LargeBinary(_WIDTH)),
    _is("since"),
    _is("place", sa.LargeBinary),
    _is("gone"),
    sa.Index("unit_places_by_place", "chain", "instrument", "place", "gone"),
    sa.Index("unit_places_gone", "chain", "gone", sqlite_where=sa.text("gone > 0")),
)
"""Blocks of units where they are (gone = 0), and where they were in batches that may still be undone."""

lines = _table(
    "account_lines",
    _key("seq"),
    _key("chain"),
    _is("account", sa.LargeBinary(20)),
    _is("instrument", sa.LargeBinary),
    _is("timestamp"),
    _is("number"),
    _is("log_index", sa.Integer),
    _is("act", sa.String(16)),
    _is("quantity", sa.String(80)),
    sa.Column("counterparty", sa.LargeBinary(20)),
    _is("reference", sa.Text),
    _is("balance", sa.String(80)),
    _is("in_orders", sa.String(80)),
    sa.Index("account_lines_by_account", "chain", "account", "instrument", "timestamp", "seq"),
)

bounds = _table(
    "account_bounds",
    _key("seq"),
    _key("chain"),
    _is("account", sa.LargeBinary(20)),
    _is("instrument", sa.LargeBinary),
    _is("reason", sa.Integer),
    _is("timestamp"),
    _is("number"),
    _is("log_index", sa.Integer),
    _is("quantity", sa.String(80)),
    _is("reference", sa.Text),
    _is("after", sa.String(80)),
    sa.Index("account_bounds_by_account", "chain", "account", "instrument", "reason", "timestamp", "seq"),
)

_FREE, _BOUND, _OFFERED = b"f", b"b", b"o"


class Station(NamedTuple):
    """One station in the life of a unit, with when it was."""

    timestamp: int
    """Unix seconds of the block."""
    movement: Movement


class Holding(NamedTuple):
    """A block of serials that an account has."""

    where: str
    """free, bound or in an order."""
    why: str
    """Of bound ones the reason and cause, of offered ones the order."""
    first: int
    last: int

    @property
    def size(self) -> int:
        """Units in it."""
        return self.last - self.first + 1


class StoreMoved(CarbonError):
    """The store kept changing while it was read: another process rolls it back. Try again."""

    exit_code = 4


class _Changed(Exception):
    """The store is not what it was when this began."""


class Histories:
    """What a store tells of units and accounts.

    Args:
        store: The events.
        chain: Chain id; None takes the store's only one.
        most_blocks: Blocks of serials that stay in memory between batches, at most.
    """

    def __init__(self, store: Store, chain: int | None = None, *, most_blocks: int = 400_000) -> None:
        load_rules()
        self._store = store
        self._engine = store.engine
        self.chain = store.only_chain() if chain is None else chain
        self._most_blocks = most_blocks
        self.faults: list[str] = []
        """What could not be: an audit says more of it."""
        self._prepare()

    # CATCHING UP

    def catch_up(self, on_progress: Callable[[int, int], None] | None = None) -> int:
        """Take in what the store has read since; undo what it has rolled back. Can be stopped anywhere.

        Args:
            on_progress: Told the block that was reached, and the one to reach.

        Returns:
            Events folded.

        Raises:
            InputError: The store is empty.
            MalformedLog: A log is not what the ABI says.
            StoreMoved: The store keeps changing.
        """
        for _ in range(5):
            try:
                return self._catch_up(on_progress or (lambda block, of: None))
            except (_Changed, sa.exc.IntegrityError):
                continue  # rolled back meanwhile, or another process was quicker
        raise StoreMoved("The store is being changed by another process. Try again when it is done.")

    def _catch_up(self, tell: Callable[[int, int], None]) -> int:
        cursor = self.cursor()
        writer = self._begin()
        if writer.number >= cursor.number:
            return 0
        count = done = 0
        at = writer.number
        for event in self._store.events(self.chain, after=writer.number, until=cursor.number):
            if event.position.block != at:
                if count >= _BATCH:
                    writer.close_transaction()
                    self._write(writer, at, cursor)
                    tell(at, cursor.number)
                    done, count = done + count, 0
                at = event.position.block
            writer.apply(event)
            count += 1
        writer.close_transaction()
        self._write(writer, cursor.number, cursor)
        self.faults.extend(writer.faults)
        return done + count

    def _begin(self) -> _Writer:
        """Return to the last batch that the store still has, and go on from there."""
        decodings = self._store.decodings(self.chain)
        with self._engine.connect() as connection:
            latest = connection.execute(
                sa.select(batches).where(batches.c.chain == self.chain).order_by(batches.c.batch.desc())
            )
            last, newest = None, None
            for row in latest:
                newest = row if newest is None else newest
                if row.decodings == decodings and self._hash_of(connection, row.number) == row.hash:
                    last = row
                    break
        if newest is not None and newest is not last:
            self._undo(0 if last is None else last.batch, 0 if last is None else last.seq)
        if last is None:
            return _Writer(self, 1, -1, 0, Setting(), decodings)
        setting = Setting.from_json(orjson.loads(last.setting))
        return _Writer(self, last.batch + 1, last.number, last.seq, setting, decodings, last.clock)

    def _hash_of(self, connection: Connection, number: int) -> bytes | None:
        query = sa.select(blocks.c.hash).where(blocks.c.chain == self.chain, blocks.c.number == number)
        found: bytes | None = connection.execute(query).scalar()
        return found

    def _undo(self, batch: int, seq: int) -> None:
        """Forget every batch after `batch`; 0 forgets all."""
        with self._engine.begin() as connection:
            for table in (movements, lines, bounds):
                connection.execute(sa.delete(table).where(table.c.chain == self.chain, table.c.seq > seq))
            here = places.c.chain == self.chain
            connection.execute(sa.delete(places).where(here, places.c.born > batch))
            connection.execute(sa.update(places).where(here, places.c.gone > batch).values(gone=0))
            connection.execute(sa.delete(batches).where(batches.c.chain == self.chain, batches.c.batch > batch))

    def _write(self, writer: _Writer, number: int, cursor: Cursor) -> None:
        """One batch, all or nothing."""
        floor = cursor.finalized if cursor.finalized >= 0 else cursor.number - _REVERSIBLE
        with self._engine.begin() as connection:
            # First of all: a second process that writes the same batch fails here.
            at = self._hash_of(connection, number)
            if at is None or self._hash_of(connection, cursor.number) != cursor.hash:
                raise _Changed
            insert_rows(
                connection,
                batches,
                [
                    (
                        self.chain,
                        writer.batch,
                        number,
                        at,
                        writer.seq,
                        writer.serials.clock,
                        orjson.dumps(writer.setting.as_json()).decode(),
                        writer.decodings,
                    )
                ],
            )
            writer.write(connection)
            self._prune(connection, writer.batch, number, floor)
        writer.written(number)

    def _prune(self, connection: Connection, batch: int, number: int, floor: int) -> None:
        """Forget how to undo what is final."""
        here = batches.c.chain == self.chain
        oldest = connection.execute(
            sa.select(sa.func.max(batches.c.batch)).where(here, batches.c.number <= floor)
        ).scalar()
        if oldest:
            connection.execute(sa.delete(batches).where(here, batches.c.batch < oldest))
            gone = (places.c.chain == self.chain) & (places.c.gone > 0) & (places.c.gone <= oldest)
            connection.execute(sa.delete(places).where(gone))

    def start_anew(self) -> None:
        """Forget everything, so that the next `catch_up` makes it from the events again."""
        self._undo(0, 0)

    def differences(self, state: State) -> Iterator[str]:
        """Where balances, what is bound, and the places of units are not what a fold of the same events says.

        The events in the store carry digests, what is derived from them does not: an auditor compares it with this.

        Args:
            state: Folded up to the block that these histories have caught up with.
        """
        for key in {*state.ledger.balances, *state.book.in_orders}:
            held, in_orders = state.ledger.balances.get(key, 0), state.book.in_orders.get(key, 0)
            found = self.owned(*key, before=_EVER)
            if found != (held + in_orders, in_orders):
                yield f"{key[0]} in {InstrumentId(key[1])}: {found}, the fold has {held} held and {in_orders} in orders"
        for (account, instrument, reason), quantity in state.ledger.encumbered.items():
            known = self.bound(account, instrument, _EVER).get(reason, 0)
            if known != quantity:
                yield f"{account} in {InstrumentId(instrument)}: {known} bound for reason {reason}, not {quantity}"
        serials = state.serials
        expected = {
            (_instrument(key[1]), place, _bytes(block.first), _bytes(block.end - 1), block.since)
            for key, queues in _places_of(serials)
            for place, queue in queues
            for block in queue.blocks
        }
        columns = (places.c.instrument, places.c.place, places.c.first, places.c.last, places.c.since)
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(*columns).where(places.c.chain == self.chain, places.c.gone == 0))
            real = {tuple(row) for row in rows}
        for instrument, _, first, last, _ in sorted(expected ^ real):
            about = InstrumentId(int.from_bytes(instrument, "big"))
            yield f"{about}: units {int.from_bytes(first, 'big')} to {int.from_bytes(last, 'big')} are elsewhere"

    # QUESTIONS

    def cursor(self) -> Cursor:
        """How far the store has read. Raises InputError for an empty one."""
        cursor = self._store.cursor(self.chain)
        if cursor is None:
            raise InputError("The store is empty: index first.")
        return cursor

    def life(self, instrument: int, serial: int) -> list[Station]:
        """Every station of one unit, in order. Raises InputError for a serial that was never issued."""
        if not 0 < serial < 1 << 8 * _WIDTH:
            raise InputError(f"{serial} is no serial: they are counted from 1.")
        at = _bytes(serial)
        columns = movements.c
        here = (columns.chain == self.chain) & (columns.instrument == _instrument(instrument))
        query = _with_logs(movements)
        with self._engine.connect() as connection:
            highest = connection.execute(
                sa.select(columns.node).where(here).order_by(columns.node.desc()).limit(1)
            ).scalar()
            if highest is None:
                raise InputError(f"{InstrumentId(instrument)} has no units, as far as the store was read.")
            nodes = [node for node in _nodes_above(serial) if node <= highest]
            left = here & columns.node.in_([node for node in nodes if node >= at]) & (columns.first <= at)
            right = here & columns.node.in_([node for node in nodes if node < at]) & (columns.last >= at)
            rows = [row for where in (left, right) for row in connection.execute(query.where(where))]
        if not rows:
            raise InputError(f"{InstrumentId(instrument)} has no unit with the serial {serial}.")
        return [_station(row) for row in sorted(rows, key=lambda row: row.seq)]

    def header_at(self, number: int) -> Header | None:
        """The stored block of that number; None where it was not stored."""
        return self._store.header_at(self.chain, number)

    def event_at(self, position: Position) -> Event:
        """The event of a movement, with all that it says."""
        block = self._store.events(self.chain, after=position.block - 1, until=position.block)
        return next(event for event in block if event.position.log_index == position.log_index)

    def holdings(self, account: Address, instrument: int) -> list[Holding]:
        """The blocks of serials that an account has now: free, bound, in orders; each in the order of its turn."""
        whose = _address(account)
        found = []
        with self._engine.connect() as connection:
            for kind in (_FREE, _BOUND, _OFFERED):
                for place, since, first, last in self._present(connection, instrument, kind + whose):
                    found.append((kind, place[21:], since, first, last))
        return [Holding(*_said_of(kind, rest), first, last) for kind, rest, _, first, last in found]

    def count(self) -> tuple[int, int]:
        """Movements of units and lines of accounts."""
        with self._engine.connect() as connection:
            query = [sa.select(sa.func.count()).where(table.c.chain == self.chain) for table in (movements, lines)]
            return connection.execute(query[0]).scalar_one(), connection.execute(query[1]).scalar_one()

    def instruments_of(self, account: Address) -> list[int]:
        """What an account ever had lines or bound units in."""
        found: set[int] = set()
        with self._engine.connect() as connection:
            for table in (lines, bounds):
                here = (table.c.chain == self.chain) & (table.c.account == _address(account))
                last = b""
                while (  # from one to the next: an account may have a million lines
                    following := connection.execute(
                        sa.select(table.c.instrument)
                        .where(here, table.c.instrument > last)
                        .order_by(table.c.instrument)
                        .limit(1)
                    ).scalar()
                ) is not None:
                    last = following
                    found.add(int.from_bytes(last, "big"))
        return sorted(found)

    @property
    def store(self) -> Store:
        """The events."""
        return self._store

    def accounts_between(self, since: int, before: int) -> list[Address]:
        """Accounts with lines from a time on and before another."""
        query = sa.select(lines.c.account).where(
            lines.c.chain == self.chain, lines.c.timestamp >= since, lines.c.timestamp < before
        )
        with self._engine.connect() as connection:
            found = connection.execute(query.distinct()).scalars().all()
        return sorted(account for one in found if (account := _account(one)))

    def owned(self, account: Address, instrument: int, before: int) -> Owned:
        """What an account owned before a time (Unix seconds)."""
        with self._engine.connect() as connection:
            row = connection.execute(
                self._lines_of(account, instrument, sa.select(lines))
                .where(lines.c.timestamp < before)
                .order_by(lines.c.timestamp.desc(), lines.c.seq.desc())
                .limit(1)
            ).first()
        return Owned(int(row.balance), int(row.in_orders)) if row else Owned()

    def bound(self, account: Address, instrument: int, before: int) -> dict[int, int]:
        """What was bound of an account's holding before a time, by reason; `accounts.FROZEN` for what was frozen."""
        found = {}
        here = (bounds.c.chain == self.chain) & (bounds.c.account == _address(account))
        here &= bounds.c.instrument == _instrument(instrument)
        with self._engine.connect() as connection:
            for reason in connection.execute(sa.select(bounds.c.reason).where(here).distinct()).scalars().all():
                after = connection.execute(
                    sa.select(bounds.c.after)
                    .where(here, bounds.c.reason == reason, bounds.c.timestamp < before)
                    .order_by(bounds.c.timestamp.desc(), bounds.c.seq.desc())
                    .limit(1)
                ).scalar()
                if after is not None and int(after):
                    found[reason] = int(after)
        return dict(sorted(found.items()))

    def lines(self, account: Address, instrument: int, since: int, before: int) -> Iterator[Line]:
        """An account's lines from a time on and before another, in order; a page at a time."""
        last = (since, -1)
        while True:
            beyond = (lines.c.timestamp > last[0]) | ((lines.c.timestamp == last[0]) & (lines.c.seq > last[1]))
            query = self._lines_of(account, instrument, _with_logs(lines)).where(
                lines.c.timestamp >= last[0], lines.c.timestamp < before, beyond
            )
            query = query.order_by(lines.c.timestamp, lines.c.seq).limit(_PAGE)
            with self._engine.connect() as connection:
                page = connection.execute(query).all()
            for row in page:
                yield Line(
                    Position(row.number, row.log_index, f"0x{row.transaction.hex()}"),
                    row.timestamp,
                    account,
                    instrument,
                    row.act,
                    int(row.quantity),
                    _account(row.counterparty),
                    row.reference,
                    int(row.balance),
                    int(row.in_orders),
                )
            if len(page) < _PAGE:
                return
            last = (page[-1].timestamp, page[-1].seq)

    # INSIDE

    def _lines_of(self, account: Address, instrument: int, query: sa.Select[Any]) -> sa.Select[Any]:
        return query.where(
            lines.c.chain == self.chain,
            lines.c.account == _address(account),
            lines.c.instrument == _instrument(instrument),
        )

    def _present(self, connection: Connection, instrument: int, start: bytes) -> Iterator[tuple[bytes, int, int, int]]:
        """Place, age and serials of the blocks whose place begins so, oldest first."""
        query = (
            sa.select(places.c.place, places.c.since, places.c.first, places.c.last)
            .where(
                places.c.chain == self.chain,
                places.c.instrument == _instrument(instrument),
                places.c.place.between(start, start + b"\xff" * 40),
                places.c.gone == 0,
            )
            .order_by(places.c.since, places.c.first)
        )
        for place, since, first, last in connection.execute(query):
            yield place, since, int.from_bytes(first, "big"), int.from_bytes(last, "big")

    def _prepare(self) -> None:
        inspector = sa.inspect(self._engine)
        with self._engine.begin() as connection:
            version = connection.execute(sa.select(meta.c.value).where(meta.c.key == "histories")).scalar()
            if version == _VERSION and inspector.has_table(batches.name):
                return
            _schema.drop_all(connection)
            _schema.create_all(connection)
            connection.execute(sa.delete(meta).where(meta.c.key == "histories"))
            connection.execute(sa.insert(meta).values(key="histories", value=_VERSION))


class _Writer:
    """One batch after the other: folds events, and writes what came of them."""

    def __init__(
        self,
        histories: Histories,
        batch: int,
        number: int,
        seq: int,
        setting: Setting,
        decodings: str,
        clock: int = 0,
    ) -> None:
        self._histories = histories
        self.batch, self.number, self.seq, self.decodings = batch, number, seq, decodings
        self.setting = setting
        self.faults: list[str] = []
        self._whole = batch == 1
        """Whether everything is in memory, so that nothing need be looked up."""
        self.serials = Serials(
            free=Places(self._free), bound=Places(self._bound), offered=Places(self._offered), clock=clock
        )
        self.serials.sink = self._take
        self.accounts = Accounts(setting, Places(self._owned), Places(self._bound_of))
        self._saved: dict[tuple[bytes, tuple[Any, ...]], set[tuple[bytes, Block]]] = {}
        """What the store has of the places that are in memory."""
        self._saving: dict[tuple[bytes, tuple[Any, ...]], set[tuple[bytes, Block]]] = {}
        self._transaction = ""
        self._movements: list[tuple[Any, ...]] = []
        self._lines: list[tuple[Any, ...]] = []
        self._bounds: list[tuple[Any, ...]] = []

    # FOLDING

    def apply(self, event: Event) -> None:
        """Fold one event."""
        if event.position.transaction != self._transaction:
            self.close_transaction()
            self._transaction = event.position.transaction
        key = (event.contract, event.name)
        if rule := UNIT_RULES.get(key):
            try:
                rule(self.serials, self.setting, event)
            except NotEnough as missing:
                self.faults.append(f"{event.contract}.{event.name}: {missing}, by {event.position}")
        elif key in SETTING_EVENTS:
            self.setting.learn(event)
        self.accounts.apply(event)

    def close_transaction(self) -> None:
        """Hand on what the transaction that is over did."""
        self.faults.extend(self.serials.end_transaction())
        entries, changes = self.accounts.end_transaction()
        for entry in entries:
            self._lines.append(self._line(entry))
        for change in changes:
            self._bounds.append(self._bound_line(change))

    def _take(self, told: list[tuple[int, Movement]]) -> None:
        chain, seq, append = self._histories.chain, self.seq, self._movements.append
        for instrument, movement in told:
            seq += 1
            first, last = movement.first, movement.first + movement.size - 1
            append(
                (
                    seq,
                    chain,
                    _instrument(instrument),
                    _node(first, last),
                    first.to_bytes(_WIDTH, "big"),
                    last.to_bytes(_WIDTH, "big"),
                    movement.position.block,
                    movement.position.log_index,
                    movement.act,
                    _address(movement.holder),
                    None if movement.former is None else _address(movement.former),
                    movement.reference,
                )
            )
        self.seq = seq

    def _line(self, line: Line) -> tuple[Any, ...]:
        self.seq += 1
        return (
            self.seq,
            self._histories.chain,
            _address(line.account),
            _instrument(line.instrument),
            line.timestamp,
            line.position.block,
            line.position.log_index,
            line.act,
            str(line.quantity),
            None if line.counterparty is None else _address(line.counterparty),
            line.reference,
            str(line.balance),
            str(line.in_orders),
        )

    def _bound_line(self, line: BoundLine) -> tuple[Any, ...]:
        self.seq += 1
        return (
            self.seq,
            self._histories.chain,
            _address(line.account),
            _instrument(line.instrument),
            line.reason,
            line.timestamp,
            line.position.block,
            line.position.log_index,
            str(line.quantity),
            line.reference,
            str(line.after),
        )

    # WRITING

    def write(self, connection: Connection) -> None:
        """Movements, lines and places of this batch."""
        insert_rows(connection, movements, self._movements)
        insert_rows(connection, lines, self._lines)
        insert_rows(connection, bounds, self._bounds)
        born, left = self._changes()
        chain = self._histories.chain
        if left:
            here = (places.c.chain == chain) & (places.c.gone == 0)
            connection.execute(
                sa.update(places)
                .where(here, places.c.instrument == sa.bindparam("i"), places.c.first == sa.bindparam("f"))
                .values(gone=self.batch),
                [{"i": instrument, "f": first} for instrument, first in left],
            )
        insert_rows(
            connection,
            places,
            [
                (chain, instrument, _bytes(block.first), self.batch, _bytes(block.end - 1), block.since, place, 0)
                for instrument, place, block in born
            ],
        )

    def written(self, number: int) -> None:
        """The batch is in the store: begin the next one."""
        self.number, self.batch = number, self.batch + 1
        self._movements, self._lines, self._bounds = [], [], []
        self.serials.ended.clear()
        for key, now in self._saving.items():
            if now:
                self._saved[key] = now
            else:
                self._saved.pop(key, None)
        self._saving = {}
        for _, queues in self._places():
            for _, queue in queues:
                queue.changed = False
        if sum(map(len, self._saved.values())) > self._histories._most_blocks:
            self._forget()

    def _forget(self) -> None:
        """Keep nothing in memory; what is needed is looked up."""
        self._whole = False
        self._saved.clear()
        for known in (self.serials.free, self.serials.bound, self.serials.offered):
            known.clear()
        self.accounts.owned.clear()
        self.accounts.bound.clear()

    def _changes(self) -> tuple[list[tuple[bytes, bytes, Block]], list[tuple[bytes, bytes]]]:
        """Blocks that came to a place, and those that left theirs, since the last batch."""
        born: list[tuple[bytes, bytes, Block]] = []
        left: list[tuple[bytes, bytes]] = []
        unseen = dict(self._saved)
        for key, queues in self._places():
            before = unseen.pop(key, _NONE)
            if not any(queue.changed for _, queue in queues) and len(before) == sum(len(queue) for _, queue in queues):
                continue
            instrument = _instrument(key[1][1])
            now = self._saving[key] = {(place, block) for place, queue in queues for block in queue.blocks}
            born.extend((instrument, place, block) for place, block in now - before)
            left.extend((instrument, _bytes(block.first)) for _, block in before - now)
        for key, before in unseen.items():
            self._saving[key] = set()
            left.extend((_instrument(key[1][1]), _bytes(block.first)) for _, block in before)
        return born, left

    def _places(self) -> Iterator[tuple[tuple[bytes, tuple[Any, ...]], Sequence[tuple[bytes, Queue]]]]:
        for key, queues in _places_of(self.serials):
            yield (queues[0][0][:1] if queues else _BOUND, key), queues

    # LOOKING UP

    def _free(self, key: tuple[Address, int]) -> Queue:
        queue = Queue()
        for _, found in self._load(_FREE, key, _FREE + _address(key[0])):
            queue = found
        return queue

    def _offered(self, key: tuple[Address, int, int]) -> Queue:
        queue = Queue()
        for _, found in self._load(_OFFERED, key, _offered_place(key)):
            queue = found
        return queue

    def _bound(self, key: tuple[Address, int, int]) -> dict[bytes, Queue]:
        start = _bound_place(key)
        return {place[len(start) :]: queue for place, queue in self._load(_BOUND, key, start)}

    def _load(self, kind: bytes, key: tuple[Any, ...], start: bytes) -> Iterator[tuple[bytes, Queue]]:
        if self._whole:
            return
        found: dict[bytes, list[Block]] = {}
        with self._histories._engine.connect() as connection:
            for place, since, first, last in self._histories._present(connection, key[1], start):
                found.setdefault(place, []).append(Block(since, first, last - first + 1))
        if found:
            self._saved[kind, key] = {(place, block) for place, queue in found.items() for block in queue}
        for place, queue in found.items():
            yield place, Queue(queue)

    def _owned(self, key: tuple[Address, int]) -> Owned:
        return Owned() if self._whole else self._histories.owned(*key, before=_EVER)

    def _bound_of(self, key: tuple[Address, int, int]) -> int:
        if self._whole:
            return 0
        return self._histories.bound(key[0], key[1], before=_EVER).get(key[2], 0)


_NONE: set[tuple[bytes, Block]] = set()


def _places_of(serials: Serials) -> Iterator[tuple[tuple[Any, ...], Sequence[tuple[bytes, Queue]]]]:
    """Every place where units are, as the store names it, by account, instrument and the rest of its key."""
    for free, queue in serials.free.items():
        yield free, ((_FREE + _address(free[0]), queue),)
    for bound, causes in serials.bound.items():
        start = _bound_place(bound)
        yield bound, [(start + cause, queue) for cause, queue in causes.items()]
    for offered, queue in serials.offered.items():
        yield offered, ((_offered_place(offered), queue),)


def _with_logs(table: sa.Table) -> sa.Select[Any]:
    """A table's rows with the transaction that each was told in, and the time of its block."""
    block = table.join(blocks, (blocks.c.chain == table.c.chain) & (blocks.c.number == table.c.number))
    log = block.join(logs, (logs.c.block == blocks.c.id) & (logs.c.log_index == table.c.log_index))
    return sa.select(table, logs.c.transaction, blocks.c.timestamp.label("at")).select_from(log)


def _station(row: sa.Row[Any]) -> Station:
    first, last = int.from_bytes(row.first, "big"), int.from_bytes(row.last, "big")
    holder = _account(row.holder)
    assert holder is not None  # noqa: S101 -- the column is never empty
    movement = Movement(
        Position(row.number, row.log_index, f"0x{row.transaction.hex()}"),
        row.act,
        holder,
        _account(row.former),
        first,
        last - first + 1,
        row.reference,
    )
    return Station(row.at, movement)


def _said_of(kind: bytes, rest: bytes) -> tuple[str, str]:
    if kind == _FREE:
        return "free", ""
    if kind == _OFFERED:
        return "in an order", f"order {OrderId(int.from_bytes(rest, 'big'))}"
    return "bound", bound_for(rest[0], rest[1:])


def _bound_place(key: tuple[Address, int, int]) -> bytes:
    return _BOUND + _address(key[0]) + bytes([key[2]])


def _offered_place(key: tuple[Address, int, int]) -> bytes:
    return _OFFERED + _address(key[0]) + key[2].to_bytes(32, "big")


def _node(first: int, last: int) -> bytes:
    """The number from `first` to `last` that can be halved most often."""
    power = ((first - 1) ^ last).bit_length() - 1
    return (last >> power << power).to_bytes(_WIDTH, "big")


def _nodes_above(serial: int) -> list[bytes]:
    """The nodes at which a movement of `serial` may lie: itself, and those above it."""
    lowest = (serial & -serial).bit_length() - 1
    return [
        (((serial >> power + 1) << power + 1) | 1 << power).to_bytes(_WIDTH, "big")
        for power in range(lowest, 8 * _WIDTH)
    ]


def _bytes(serial: int) -> bytes:
    return serial.to_bytes(_WIDTH, "big")


def _instrument(number: int) -> bytes:
    return number.to_bytes(max(_WIDTH, (number.bit_length() + 7) // 8), "big")


def _address(account: Address) -> bytes:
    return bytes.fromhex(account[2:])


def _account(said: bytes | None) -> Address | None:
    return None if said is None else checksummed(said.hex())
