"""From a node into the store: ranges of logs, headers that tie them together, and the way back on a reorganisation.

Nothing that a node says is taken alone. A range of logs is kept only when the block at its end had the same hash before
and after, when each log's block hash is that of the block's header, and when each block's parent is the one stored
before it. Near the head every header is read, and where its bloom filter says that one of our contracts may have logged
although no log came, the block is asked for again by its hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from carbon_sdk.audit.events import Header, RawLog
from carbon_sdk.audit.store import Cursor, Reorganisation, Store, addresses
from carbon_sdk.errors import CarbonError, InputError, NodeError
from carbon_sdk.identifiers import Address, keccak

Json = Any


class Rpc(Protocol):
    """A node: the two calls that the auditor makes of it, from two threads. `carbon_sdk.chain` endpoints have them."""

    def request(self, method: str, *parameters: Json) -> Json:
        """One request's result. Raises NodeError when the node answered with an error."""

    def batch(self, calls: Sequence[tuple[str, Sequence[Json]]]) -> Sequence[Json | NodeError]:
        """Many requests; results in order, each the result or the error that the node answered."""


class NodeContradictsItself(CarbonError):
    """Answers of the node do not fit together, and did not after several attempts."""

    exit_code = 4


class _Moved(Exception):
    """What was read belongs to different branches."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one step or one run of the indexer did.

    Attributes:
        block: Last block that was read.
        target: Block to which it reads.
        logs: Logs written so far in this run.
        reorganisations: Rollbacks of this run.
    """

    block: int
    target: int
    logs: int
    reorganisations: tuple[Reorganisation, ...] = ()


class _Fetched(NamedTuple):
    start: int
    end: int
    before: Header
    """The header of the range's last block, read before the logs."""
    logs: list[RawLog]
    hashes: dict[int, bytes]
    """Block hash that the logs name, by number."""


class Indexer:
    """Reads one deployment's logs into a store.

    Args:
        rpc: The node.
        store: Where to.
        contracts: Contract's name by its address: the suite.
        first: Block of the deployment; nothing before it is asked for.
        window: Blocks below the head of which every header is stored and checked.
        most_blocks: Blocks in one request, at most.
        wanted_logs: Logs that one request should bring; ranges adapt to it.
    """

    def __init__(
        self,
        rpc: Rpc,
        store: Store,
        contracts: Mapping[Address, str],
        first: int = 0,
        *,
        window: int = 128,
        most_blocks: int = 10_000,
        wanted_logs: int = 4_000,
    ) -> None:
        if not contracts:
            raise InputError("There are no contracts to read. Give the deployment's addresses.")
        self._rpc = rpc
        self._store = store
        self._contracts = addresses(contracts)
        self._filter = [f"0x{address.hex()}" for address in sorted(self._contracts)]
        self._blooms = [_bloom_mask(address) for address in self._contracts]
        self._first = first
        self._window = window
        self._most_blocks = most_blocks
        self._wanted = wanted_logs
        self._step = min(most_blocks, 4)  # grows until requests bring what is wanted
        self._chain: int | None = None
        self._bloom_of: dict[int, int] = {}

    @property
    def chain(self) -> int:
        """The node's chain id."""
        if self._chain is None:
            self._chain = _number(self._rpc.request("eth_chainId"))
        return self._chain

    def sync(self, to: int | None = None, on_progress: Callable[[Progress], None] | None = None) -> Progress:
        """Read up to the head, or to block `to`. Can be stopped anywhere and called again.

        Raises:
            NodeContradictsItself: The node's answers do not fit together.
            NodeError: The node refuses even a single block.
            TransportError: No node answered.
        """
        chain, logs, attempts = self.chain, 0, 0
        happened: list[Reorganisation] = []
        while True:
            try:
                head = self._header("latest")
                rolled = self._return_to_chain(chain)
                if rolled:
                    happened.append(rolled)
                target = head.number if to is None else min(to, head.number)
                safe, finalized = self._finality(head.number)
                cursor = self._store.cursor(chain)
                start = self._first if cursor is None else cursor.number + 1
                for fetched in self._fetched(start, target):
                    logs += self._keep(chain, fetched, head.number, safe, finalized)
                    attempts = 0
                    if on_progress:
                        on_progress(Progress(fetched.end, target, logs, tuple(happened)))
                self._store.mark(chain, safe, finalized)
                cursor = self._store.cursor(chain)
                return Progress(cursor.number if cursor else target, target, logs, tuple(happened))
            except _Moved as moved:
                attempts += 1
                if attempts > 20:
                    raise NodeContradictsItself(
                        f"The node's answers do not fit together: {moved}. Try another node."
                    ) from None

    # ONE RANGE

    def _fetched(self, start: int, target: int) -> Iterator[_Fetched]:
        """Ranges up to the target; while one is kept, the next is asked for."""
        with ThreadPoolExecutor(1) as ahead:
            pending = ahead.submit(self._fetch, start, target) if start <= target else None
            while pending:
                fetched = pending.result()
                pending = ahead.submit(self._fetch, fetched.end + 1, target) if fetched.end < target else None
                yield fetched

    def _fetch(self, start: int, target: int) -> _Fetched:
        while True:
            end = min(start + self._step - 1, target)
            before = self._header(hex(end))
            try:
                raw = self._rpc.request(
                    "eth_getLogs", {"address": self._filter, "fromBlock": hex(start), "toBlock": hex(end)}
                )
                # Here, so that what waits to be written is small: the node's JSON is many times its logs.
                hashes: dict[int, bytes] = {}
                logs = _parsed(raw, hashes)
                del raw
            except NodeError:
                if end == start:
                    raise
                self._step = max(1, (end - start + 1) // 2)  # too much at once for this node
            else:
                self._adapt(len(logs), whole=end - start + 1 == self._step)
                return _Fetched(start, end, before, logs, hashes)

    def _adapt(self, logs: int, *, whole: bool) -> None:
        """So many blocks next time as would have brought what is wanted; at most four times as many as now."""
        if logs > self._wanted or whole:
            fitting = self._step * self._wanted // max(1, logs)
            self._step = max(1, min(self._most_blocks, self._step * 4, fitting))

    def _keep(self, chain: int, fetched: _Fetched, head: int, safe: int, finalized: int) -> int:
        """Check a range against its headers and write it."""
        start, end, before, logs, hashes = fetched
        cursor = self._store.cursor(chain)
        if logs and not start <= logs[0].block <= logs[-1].block <= end:
            raise _Moved(f"logs of blocks {logs[0].block} to {logs[-1].block} for a range {start} to {end}")

        near = max(start, head - self._window + 1)
        numbers = sorted({*hashes, *range(near, end + 1), end})
        headers = self._headers(numbers)
        self._require_linked(headers, cursor, hashes, before)
        logs = self._with_what_blooms_promise(headers, logs, hashes, near)
        first = self._first if cursor is None else cursor.first
        return self._store.append(
            chain,
            headers,
            logs,
            self._contracts,
            Cursor(first, end, before.hash, min(safe, end), min(finalized, end)),
        )

    def _require_linked(
        self, headers: Sequence[Header], cursor: Cursor | None, hashes: Mapping[int, bytes], before: Header
    ) -> None:
        if headers[-1].hash != before.hash:
            raise _Moved(f"block {before.number} changed while it was read")
        previous = None if cursor is None else (cursor.number, cursor.hash)
        for header in headers:
            if previous and previous[0] + 1 == header.number and header.parent != previous[1]:
                raise _Moved(f"the parent of block {header.number} is not the block before it")
            if header.number in hashes and hashes[header.number] != header.hash:
                raise _Moved(f"a log of block {header.number} names another block hash than its header")
            previous = (header.number, header.hash)

    def _with_what_blooms_promise(
        self, headers: Sequence[Header], logs: list[RawLog], hashes: dict[int, bytes], near: int
    ) -> list[RawLog]:
        """Near the head a node may know a block before it knows its logs: ask again where the bloom filter says so."""
        silent = [
            header
            for header in headers
            if header.number >= near and header.number not in hashes and self._may_have_logs(header)
        ]
        if not silent:
            return logs
        answers = self._rpc.batch(
            [("eth_getLogs", [{"address": self._filter, "blockHash": f"0x{header.hash.hex()}"}]) for header in silent]
        )
        more: list[RawLog] = []
        for answer in answers:
            if isinstance(answer, NodeError):
                raise _Moved(f"a block's logs cannot be read by its hash: {answer}")
            more.extend(_parsed(answer, hashes))
        for header in silent:
            if header.number in hashes and hashes[header.number] != header.hash:
                raise _Moved(f"a log of block {header.number} names another block hash than its header")
        return sorted([*logs, *more], key=lambda log: (log.block, log.log_index)) if more else logs

    def _may_have_logs(self, header: Header) -> bool:
        bloom = self._bloom_of.get(header.number)
        return bloom is not None and any(bloom & mask == mask for mask in self._blooms)

    # HEADERS

    def _header(self, which: str) -> Header:
        answer = self._rpc.request("eth_getBlockByNumber", which, False)
        if not answer:
            raise _Moved(f"there is no block {which}")
        return _header_of(answer)

    def _headers(self, numbers: Sequence[int]) -> list[Header]:
        answers = self._rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
        headers = []
        self._bloom_of = {}
        for number, answer in zip(numbers, answers, strict=True):
            if isinstance(answer, NodeError):
                raise answer
            if not answer:
                raise _Moved(f"there is no block {number} any more")
            header = _header_of(answer)
            if header.number != number:
                raise _Moved(f"asked for block {number}, the node answered with {header.number}")
            if bloom := answer.get("logsBloom"):
                self._bloom_of[number] = int(bloom, 16)
            headers.append(header)
        return headers

    def _finality(self, head: int) -> tuple[int, int]:
        answers = self._rpc.batch([("eth_getBlockByNumber", [tag, False]) for tag in ("safe", "finalized")])
        known = [
            _number(answer["number"]) if isinstance(answer, dict) and answer.get("number") else -1 for answer in answers
        ]
        return min(known[0], head), min(known[1], head)

    # REORGANISATION

    def _return_to_chain(self, chain: int) -> Reorganisation | None:
        """Roll back to the highest stored block that the chain still has."""
        cursor = self._store.cursor(chain)
        if cursor is None:
            return None
        below, count = cursor.number + 1, 1
        while True:
            stored = self._store.headers_down(chain, below, count)
            if not stored:
                return self._store.roll_back(chain, self._first - 1)
            answers = self._rpc.batch([("eth_getBlockByNumber", [hex(header.number), False]) for header in stored])
            for header, answer in zip(stored, answers, strict=True):
                if isinstance(answer, NodeError):
                    raise answer
                if answer and _bytes(answer["hash"]) == header.hash:
                    return self._store.roll_back(chain, header.number)
            below, count = stored[-1].number, min(128, count * 4)


def _parsed(raw: Json, hashes: dict[int, bytes]) -> list[RawLog]:
    """Logs in the chain's order; fills in the block hash that they name, by number."""
    logs: list[RawLog] = []
    append = logs.append
    fromhex = bytes.fromhex
    number, number_text, hash_text = 0, "", ""
    transaction_text, transaction, transaction_index = "", b"", 0
    ordered, last = True, (-1, -1)
    for log in raw:
        if log.get("removed"):
            raise _Moved("a log was removed while it was read")
        if log["blockNumber"] != number_text or log["blockHash"] != hash_text:
            number_text, hash_text = log["blockNumber"], log["blockHash"]
            number, named = int(number_text, 16), fromhex(hash_text[2:])
            if hashes.setdefault(number, named) != named:
                raise _Moved(f"logs of block {number} name different block hashes")
        if log["transactionHash"] != transaction_text:
            transaction_text = log["transactionHash"]
            transaction = fromhex(transaction_text[2:])
            transaction_index = int(log["transactionIndex"], 16)
        index = int(log["logIndex"], 16)
        place = (number, index)
        if place <= last:
            ordered = False
        last = place
        append(
            RawLog(
                number,
                index,
                transaction_index,
                transaction,
                fromhex(log["address"][2:]),
                b"".join([fromhex(topic[2:]) for topic in log["topics"]]),
                fromhex(log["data"][2:]),
            )
        )
    if not ordered:
        logs.sort(key=lambda log: (log.block, log.log_index))
        if any(a.block == b.block and a.log_index == b.log_index for a, b in pairwise(logs)):
            raise _Moved("two logs of one block have the same number")
    return logs


def _header_of(answer: Mapping[str, Json]) -> Header:
    return Header(
        _number(answer["number"]), _bytes(answer["hash"]), _bytes(answer["parentHash"]), _number(answer["timestamp"])
    )


def _number(value: str) -> int:
    return int(value, 16)


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _bloom_mask(item: bytes) -> int:
    digest = keccak(item)
    mask = 0
    for at in (0, 2, 4):
        mask |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return mask
