"""The store as files: every event as CSV or Parquet; and copies of a store up to a block, for any database.

Rows, columns and their order are the chain's, not the database's: a store in SQLite and one in PostgreSQL that read the
same chain give the same file, byte for byte. Numbers that may be amounts are decimal text; there is no float.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from carbon_sdk.audit.events import Header, RawLog
from carbon_sdk.audit.store import Cursor, Store, StoreDamaged, block_digest, blocks, cursors, kinds, logs
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address

if TYPE_CHECKING:
    import pyarrow

FORMATS = ("csv", "parquet")
COLUMNS = (
    "block_number",
    "block_hash",
    "timestamp",
    "finality",
    "transaction_index",
    "transaction_hash",
    "log_index",
    "address",
    "contract",
    "event",
    "args",
    "topics",
    "data",
)
"""Of an export of all events. Of one event, `args`, `topics` and `data` give way to its arguments."""

_WHOLE = ("block_number", "timestamp", "transaction_index", "log_index")
_RAW = ("args", "topics", "data")
_PAGE = 10_000

Row = dict[str, Any]


def rows(
    store: Store,
    chain: int,
    *,
    event: str | None = None,
    account: Address | None = None,
    after: int = -1,
    until: int | None = None,
) -> Iterator[Row]:
    """Every log in the chain's order with its block, its finality and its decoded form.

    Args:
        store: The events.
        chain: Chain id.
        event: Only this one, such as `InstrumentLedger.TransferSingle`, its arguments as columns `arg_…` of text.
        account: Only what names this account: a participant's own part.
        after: Of blocks above this number.
        until: Of blocks up to this number; None takes all.
    """
    # One statement, so that all rows and the marks are of one moment.
    query = (
        sa.select(
            blocks.c.number,
            blocks.c.hash,
            blocks.c.timestamp,
            cursors.c.safe,
            cursors.c.finalized,
            logs.c.transaction_index,
            logs.c.transaction,
            logs.c.log_index,
            logs.c.address,
            kinds.c.contract,
            kinds.c.event,
            logs.c.args,
            logs.c.topics,
            logs.c.data,
        )
        .select_from(
            logs.join(blocks, blocks.c.id == logs.c.block)
            .join(cursors, cursors.c.chain == blocks.c.chain)
            .outerjoin(kinds, kinds.c.id == logs.c.kind)
        )
        .where(blocks.c.chain == chain, blocks.c.number > after)
        .order_by(logs.c.block, logs.c.log_index)
    )
    if until is not None:
        query = query.where(blocks.c.number <= until)
    if event is not None:
        contract, _, name = event.partition(".")
        query = query.where(kinds.c.contract == contract, kinds.c.event == name)
    word = bytes(12) + bytes.fromhex(account[2:]) if account else b""
    with store.engine.connect() as connection:
        for row in connection.execution_options(yield_per=_PAGE).execute(query):
            if word not in row.topics and word not in row.data:
                continue
            number, finalized, safe = row.number, row.finalized, row.safe
            said = {
                "block_number": number,
                "block_hash": f"0x{row.hash.hex()}",
                "timestamp": row.timestamp,
                "finality": "finalized" if number <= finalized else "safe" if number <= safe else "head",
                "transaction_index": row.transaction_index,
                "transaction_hash": f"0x{row.transaction.hex()}",
                "log_index": row.log_index,
                "address": f"0x{row.address.hex()}",
                "contract": row.contract or "",
                "event": row.event or "",
            }
            if event is None:
                said["args"] = row.args or ""
                said["topics"] = f"0x{row.topics.hex()}"
                said["data"] = f"0x{row.data.hex()}"
            else:
                said |= {f"arg_{name}": _text(value) for name, value in orjson.loads(row.args).items()}
            yield said


def export(
    store: Store,
    chain: int,
    to: IO[bytes],
    form: str,
    *,
    event: str | None = None,
    account: Address | None = None,
    after: int = -1,
    until: int | None = None,
) -> int:
    """Write the events to a file; returns how many.

    Args:
        store: The events.
        chain: Chain id.
        to: Where to, opened for bytes.
        form: `csv` or `parquet`.
        event: As for `rows`.
        account: As for `rows`.
        after: As for `rows`.
        until: As for `rows`.

    Raises:
        InputError: The store has no such event or knows no such form, or Parquet is not installed.
    """
    found = rows(store, chain, event=event, account=account, after=after, until=until)
    columns = _columns(store, event)
    if form == "csv":
        return _as_csv(found, columns, to)
    if form == "parquet":
        return _as_parquet(found, columns, to)
    raise InputError(f"{form!r} is no form of an export: give {' or '.join(FORMATS)}.")


def copy(
    source: Store, target: Store, chain: int, *, until: int | None = None, until_time: int | None = None
) -> Cursor:
    """Copy a chain's blocks and raw logs into another store; a backup, or the restoring of one, to a point in time.

    A block that was changed in the source is not copied. Stopped anywhere, it goes on where it stopped.

    Args:
        source: Where from.
        target: Where to; has nothing of the chain, or an earlier part of the same.
        chain: Chain id.
        until: Blocks up to this number.
        until_time: Blocks up to this Unix second.

    Returns:
        How far the target has been read now.

    Raises:
        InputError: The source has nothing of the chain, or the target has something else.
        StoreDamaged: A block of the source is not what was written.
    """
    cursor = source.cursor(chain)
    if cursor is None:
        raise InputError(f"The store has nothing of chain {chain}: there is nothing to copy.")
    have = target.cursor(chain)
    if have is not None:
        known = source.header_at(chain, have.number)
        if known is None or known.hash != have.hash:
            raise InputError(f"The target has block {have.number} of another branch or store. Give an empty one.")
    reached = have
    last = -1 if have is None else have.number
    for headers, digests, raw, contracts in _copied(source, chain, last, until, until_time):
        by_block: dict[int, list[RawLog]] = {header.number: [] for header in headers}
        for log in raw:
            by_block[log.block].append(log)
        for header in headers:
            if block_digest(header, by_block[header.number]) != digests[header.number]:
                raise StoreDamaged(f"Block {header.number} was changed after it was written: it is not copied.")
        at = headers[-1]
        reached = Cursor(
            cursor.first, at.number, at.hash, min(cursor.safe, at.number), min(cursor.finalized, at.number)
        )
        target.append(chain, headers, raw, contracts, reached)
    if reached is None:
        raise InputError("The store has no block up to there.")
    return reached


def _copied(
    source: Store, chain: int, after: int, until: int | None, until_time: int | None
) -> Iterator[tuple[list[Header], dict[int, bytes], list[RawLog], dict[bytes, str]]]:
    """Blocks with their logs, some ten thousand logs at a time."""
    while True:
        query = sa.select(blocks).where(blocks.c.chain == chain, blocks.c.number > after)
        if until is not None:
            query = query.where(blocks.c.number <= until)
        if until_time is not None:
            query = query.where(blocks.c.timestamp <= until_time)
        with source.engine.connect() as connection:
            chosen: list[sa.Row[Any]] = []
            size = 0
            for row in connection.execute(query.order_by(blocks.c.number).limit(_PAGE)):
                if chosen and size + row.logs > _PAGE:
                    break
                chosen.append(row)
                size += row.logs
            if not chosen:
                return
            numbers = {row.id: row.number for row in chosen}
            among = sa.select(logs, kinds.c.contract).outerjoin(kinds, kinds.c.id == logs.c.kind)
            among = among.where(logs.c.block.between(chosen[0].id, chosen[-1].id)).order_by(
                logs.c.block, logs.c.log_index
            )
            found = [row for row in connection.execute(among) if row.block in numbers]
        yield (
            [Header(row.number, row.hash, row.parent, row.timestamp) for row in chosen],
            {row.number: row.digest for row in chosen},
            [
                RawLog(
                    numbers[row.block],
                    row.log_index,
                    row.transaction_index,
                    row.transaction,
                    row.address,
                    row.topics,
                    row.data,
                )
                for row in found
            ],
            {row.address: row.contract for row in found if row.contract},
        )
        after = chosen[-1].number


def _columns(store: Store, event: str | None) -> list[str]:
    if event is None:
        return list(COLUMNS)
    contract, _, name = event.partition(".")
    with store.engine.connect() as connection:
        known = connection.execute(
            sa.select(kinds.c.signature).where(kinds.c.contract == contract, kinds.c.event == name)
        ).scalars()
        decoders = [store.decoders.by_signature(contract, signature) for signature in known]
    found = [decoder for decoder in decoders if decoder is not None]
    if not found:
        raise InputError(f"The store has no event {event}. `carbon index status --events` lists what it has.")
    arguments = dict.fromkeys(f"arg_{one}" for decoder in found for one in decoder.fields)
    return [*(column for column in COLUMNS if column not in _RAW), *arguments]


def _as_csv(found: Iterator[Row], columns: Sequence[str], to: IO[bytes]) -> int:
    import io

    text = io.TextIOWrapper(to, encoding="utf-8", newline="", write_through=True)
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in found:
        writer.writerow(row)
        count += 1
    text.detach()
    return count


def _as_parquet(found: Iterator[Row], columns: Sequence[str], to: IO[bytes]) -> int:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise InputError("Parquet needs pyarrow: install carbon-sdk[parquet].") from None

    schema: pyarrow.Schema = pa.schema(
        [pa.field(name, pa.int64() if name in _WHOLE else pa.string(), nullable=False) for name in columns]
    )
    count = 0
    with parquet.ParquetWriter(to, schema, compression="zstd", version="2.6", data_page_version="1.0") as writer:
        while page := list(islice(found, _PAGE)):
            content = [[row.get(name, "") for row in page] for name in columns]
            writer.write_table(pa.table(content, schema=schema), row_group_size=_PAGE)
            count += len(page)
    return count


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else orjson.dumps(value).decode()


def open_file(path: Path) -> IO[bytes]:
    """A new file. Raises InputError where there is no such folder or it may not be written."""
    try:
        return path.open("wb")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None
