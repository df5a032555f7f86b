"""Following logs: each is told once, in order, and told again as removed when a reorganisation takes its block away.

What is told never depends on what a connection delivers. A follower remembers the blocks that it has seen; at each step
it asks the node for the newest one, finds where its memory and the chain part, tells what is removed, and reads on from
there. A WebSocket only says when to look (`NewHeads`), so a cut connection, a restart of the node or a message twice
change when something is told, and nothing else.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit, urlunsplit

import orjson

from carbon_sdk.chain.calls import Data
from carbon_sdk.chain.endpoint import Endpoint
from carbon_sdk.errors import CarbonError, InputError, MalformedData, NodeError, TransportError
from carbon_sdk.identifiers import Address, keccak

T = TypeVar("T")

FORMAT = "carbon-follower/1"
_ATTEMPTS = 20
_LONGEST_PAUSE = 5.0


class FollowerLost(CarbonError):
    """The chain has none of the blocks that were remembered: what was told before may all be removed."""

    exit_code = 4


class _Moved(Exception):
    """What was read belongs to different branches."""


@dataclass(frozen=True, slots=True)
class Told:
    """One log.

    Attributes:
        log: As the node gives it.
        timestamp: Unix seconds of its block.
        removed: It was told before, and a reorganisation took it back.
    """

    log: Data
    timestamp: int
    removed: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    """A block and its logs."""

    number: int
    hash: str
    timestamp: int
    logs: tuple[Data, ...]


class Follower:
    """Reads logs step by step.

    Args:
        endpoint: The node.
        addresses: Whose logs.
        topics: Which; as `eth_getLogs` takes them.
        since: The first block; None: what comes after the newest one now.
        remembered: Blocks that a reorganisation can take back.
        most_blocks: Of one step.
        cursor: Of an earlier follower with the same addresses and topics; then `since` is not used.

    Raises:
        InputError: The cursor is none, or of another chain or filter.
        TransportError: No node answers.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        addresses: Sequence[Address],
        topics: Sequence[str | Sequence[str] | None] = (),
        *,
        since: int | None = None,
        remembered: int = 256,
        most_blocks: int = 2_000,
        cursor: Mapping[str, Any] | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._filter = {"address": list(addresses), "topics": list(topics)}
        self._blooms = [_bloom_mask(bytes.fromhex(one[2:])) for one in addresses]
        self._remembered = max(1, remembered)
        self._most_blocks = max(1, most_blocks)
        self._chain = int(endpoint.request("eth_chainId"), 16)
        self._trail: deque[_Seen]
        if cursor is not None:
            self._trail = self._taken_up(cursor)
        else:
            self._trail = self._begun(since)
        self.is_behind = False
        """Whether there is more to read at once."""

    @property
    def block(self) -> int:
        """Up to which everything was told."""
        return self._trail[-1].number if self._trail else -1

    def cursor(self) -> dict[str, Any]:
        """Where it is, for a later follower: JSON's types only."""
        return {
            "format": FORMAT,
            "chain": self._chain,
            "filter": _digest_of(self._filter),
            "blocks": [[one.number, one.hash, one.timestamp, list(one.logs)] for one in self._trail],
        }

    def advance(self) -> list[Told]:
        """What is new since the last step, first what is removed; all or nothing.

        Raises:
            TransportError: No node answered; nothing is lost, the next step tells it.
            FollowerLost: The chain has none of the blocks that were remembered.
            MalformedData: The node's answers do not fit together, and did not after several attempts.
        """
        for _ in range(_ATTEMPTS):
            try:
                return self._step()
            except _Moved as moved:
                why = moved
        raise MalformedData(f"The node's answers do not fit together: {why}. Try another node.")

    def _step(self) -> list[Told]:
        head = self._header("latest")
        number, hash_, _ = _head(head)
        common = self._common(number, hash_)
        if common is None:
            self.is_behind = False
            return []
        removed = [
            Told(log, one.timestamp, removed=True)
            for one in reversed([*self._trail][common:])
            for log in reversed(one.logs)
        ]
        kept = [*self._trail][:common]
        start = kept[-1].number + 1 if kept else 0
        end = min(number, start + self._most_blocks - 1)
        read = self._read(start, end, number, kept[-1] if kept else None) if start <= end else []
        self._trail = deque([*kept, *read][-self._remembered :])
        self.is_behind = end < number
        return [*removed, *(Told(log, one.timestamp) for one in read for log in one.logs)]

    def _common(self, number: int, hash_: str) -> int | None:
        """How many of the remembered blocks the chain still has. None: nothing can be said, the node is behind."""
        trail = [*self._trail]
        if not trail:
            return 0
        if number < trail[-1].number:
            below = [one for one in trail if one.number <= number]
            if not below or below[-1].number < number or below[-1].hash == hash_:
                return None  # a shorter chain of the same blocks is not a reorganisation yet
        for step in (1, 8, len(trail)):
            asked = trail[-step:]
            answers = self._endpoint.batch([("eth_getBlockByNumber", (hex(one.number), False)) for one in asked])
            for back, (one, answer) in enumerate(zip(reversed(asked), reversed(answers), strict=True)):
                if isinstance(answer, NodeError):
                    raise answer
                if answer and answer["hash"] == one.hash:
                    return len(trail) - back
        raise FollowerLost(
            f"The chain has none of the blocks {trail[0].number} to {trail[-1].number} that were remembered. Take what "
            "was told from them as removed, and begin anew."
        )

    # READING

    def _read(self, start: int, end: int, head: int, before: _Seen | None) -> list[_Seen]:
        """Blocks with their logs: every one near the head, further back those that have some, and the last."""
        last = self._header(hex(end))
        near = range(max(start, head - self._remembered + 1), end + 1)
        raw = self._endpoint.request("eth_getLogs", {"fromBlock": hex(start), "toBlock": hex(end), **self._filter})
        by_block: dict[int, list[Data]] = {}
        for log in raw:
            by_block.setdefault(int(log["blockNumber"], 16), []).append(log)
        headers = self._headers(sorted({*near, *by_block, end}))
        if headers[-1]["hash"] != last["hash"] or self._header(hex(end))["hash"] != last["hash"]:
            raise _Moved(f"block {end} changed while it was read")
        self._add_what_blooms_promise([one for one in headers if int(one["number"], 16) in near], by_block)
        found, parent = [], before
        for header in headers:
            number, hash_, timestamp = _head(header)
            if parent and parent.number + 1 == number and header["parentHash"] != parent.hash:
                raise _Moved(f"the parent of block {number} is not the block before it")
            logs = sorted(by_block.get(number, ()), key=lambda log: int(log["logIndex"], 16))
            if any(log["blockHash"] != hash_ or log.get("removed") for log in logs):
                raise _Moved(f"a log of block {number} is not of that block")
            parent = _Seen(number, hash_, timestamp, tuple(logs))
            found.append(parent)
        return found

    def _add_what_blooms_promise(self, headers: Sequence[Data], by_block: dict[int, list[Data]]) -> None:
        """A node may know a block before its logs: ask again, by hash, where the bloom filter has an address."""
        silent = [one for one in headers if int(one["number"], 16) not in by_block and self._may_have_logs(one)]
        if not silent:
            return
        answers = self._endpoint.batch(
            [("eth_getLogs", ({"blockHash": one["hash"], **self._filter},)) for one in silent]
        )
        for header, logs in zip(silent, answers, strict=True):
            if isinstance(logs, NodeError):
                raise _Moved(f"a block's logs cannot be read by its hash: {logs}")
            if logs:
                by_block[int(header["number"], 16)] = list(logs)

    def _may_have_logs(self, header: Data) -> bool:
        bloom = int(header.get("logsBloom") or "0x0", 16)
        return any(bloom & mask == mask for mask in self._blooms)

    def _header(self, which: str) -> Data:
        answer: Data | None = self._endpoint.request("eth_getBlockByNumber", which, False)
        if not answer:
            raise _Moved(f"there is no block {which}")
        return answer

    def _headers(self, numbers: Sequence[int]) -> list[Data]:
        answers = self._endpoint.batch([("eth_getBlockByNumber", (hex(number), False)) for number in numbers])
        headers: list[Data] = []
        for number, answer in zip(numbers, answers, strict=True):
            if isinstance(answer, NodeError):
                raise answer
            if not answer or int(answer["number"], 16) != number:
                raise _Moved(f"there is no block {number} any more")
            headers.append(answer)
        return headers

    def _begun(self, since: int | None) -> deque[_Seen]:
        if since == 0:
            return deque()
        try:
            before = self._header("latest") if since is None else self._header(hex(since - 1))
        except _Moved:
            raise InputError(f"The chain has no block before {since} yet.") from None
        return deque([_Seen(*_head(before), ())])

    def _taken_up(self, cursor: Mapping[str, Any]) -> deque[_Seen]:
        try:
            told = (cursor["format"], cursor["chain"], cursor["filter"])
            trail = deque(_Seen(number, hash_, at, tuple(logs)) for number, hash_, at, logs in cursor["blocks"])
        except (KeyError, TypeError, ValueError):
            raise InputError("That is no follower's cursor. Begin anew without it.") from None
        if told != (FORMAT, self._chain, _digest_of(self._filter)):
            raise InputError("The cursor is of another chain, or of other logs. Begin anew without it.")
        return trail


# WHEN TO LOOK


class Wake:
    """Says when to look: after some time, or when somebody says so. Nobody waits busily."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._is_woken = False
        self.is_closed = False

    def now(self) -> None:
        """Let who waits look at once."""
        with self._condition:
            self._is_woken = True
            self._condition.notify_all()

    def close(self) -> None:
        """Let who waits stop."""
        self.is_closed = True
        self.now()

    def wait(self, seconds: float) -> None:
        """Until woken, closed, or the time is over."""
        with self._condition:
            if not self._is_woken:
                self._condition.wait(seconds)
            self._is_woken = False


class NewHeads:
    """Wakes when a node tells of a new block or a log over a WebSocket; connects again when it is cut.

    Args:
        url: `ws://` or `wss://`.
        wake: Who is woken: also when a connection begins and when it ends.
        addresses: Whose logs wake.
    """

    def __init__(self, url: str, wake: Wake, addresses: Sequence[Address] = ()) -> None:
        if urlsplit(url).scheme not in ("ws", "wss"):
            raise InputError(f"{url!r} is no WebSocket's address: give ws:// or wss://.")
        self._url = url
        self._wake = wake
        self._addresses = list(addresses)
        self._stopped = threading.Event()
        self._connection: Any = None
        self.connections = 0
        """How often it was connected."""
        self._thread = threading.Thread(target=self._run, name="new-heads", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and wait until it has."""
        self._stopped.set()
        connection = self._connection
        if connection is not None:
            connection.close()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        pause = 0.1
        while not self._stopped.is_set():
            try:
                with connect(self._url, open_timeout=10, close_timeout=1, max_size=2**24) as connection:
                    self._connection = connection
                    self._subscribe(connection)
                    self.connections += 1
                    pause = 0.1
                    self._wake.now()  # what came while nobody listened
                    for _ in connection:
                        self._wake.now()
            except (OSError, TimeoutError, WebSocketException):
                pass  # it is tried again; looking at times goes on meanwhile
            finally:
                self._connection = None
            self._wake.now()
            self._stopped.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _subscribe(self, connection: Any) -> None:
        for number, what in enumerate((["newHeads"], ["logs", {"address": self._addresses}]), 1):
            connection.send(
                orjson.dumps({"jsonrpc": "2.0", "id": number, "method": "eth_subscribe", "params": what}), text=True
            )


def websocket_of(url: str) -> str:
    """The same node's WebSocket, where it listens on the same port."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    return urlunsplit(parts._replace(scheme=scheme))


# WHAT IS TOLD


class Feed(Generic[T]):
    """What a follower tells, as whatever it means; each once, however often the connection is cut.

        for fill in feed: …                # waits for the next
        feed.take()                        # what there is now
        with feed.start(callback): …       # in a thread of its own

    Args:
        follower: Of the logs.
        meaning: Of a log; None: it is passed over.
        every: Seconds after which to look without being told.
        websocket: Where a node tells of new blocks; None: only time passes.
        on_trouble: Told when no node answers; it is tried again for ever.
        pending: What an earlier feed's cursor had not handed over yet.
    """

    def __init__(
        self,
        follower: Follower,
        meaning: Callable[[Told], T | None],
        *,
        every: float = 1.0,
        websocket: str | None = None,
        on_trouble: Callable[[TransportError], None] | None = None,
        pending: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._follower = follower
        self._meaning = meaning
        self._every = every
        self._on_trouble = on_trouble
        self._pending: deque[Told] = deque(Told(one["log"], one["timestamp"], one["removed"]) for one in pending)
        self._wake = Wake()
        self.new_heads = (
            NewHeads(websocket, self._wake, follower._filter["address"]) if websocket else None  # type: ignore[arg-type]
        )

    @property
    def block(self) -> int:
        """Up to which everything was read."""
        return self._follower.block

    def cursor(self) -> dict[str, Any]:
        """Where it is, JSON's types only: whoever begins with it is told all that was not handed over before."""
        pending = [{"log": one.log, "timestamp": one.timestamp, "removed": one.removed} for one in self._pending]
        return {**self._follower.cursor(), "pending": pending}

    def take(self) -> list[T]:
        """All that there is now; does not wait. Raises TransportError."""
        self._pending.extend(self._follower.advance())
        while self._follower.is_behind:
            self._pending.extend(self._follower.advance())
        meant = [self._meaning(told) for told in self._pending]
        self._pending.clear()
        return [one for one in meant if one is not None]

    def __iter__(self) -> Iterator[T]:
        """One after another; waits for the next until the feed is closed."""
        pause = 0.1
        while not self._wake.is_closed:
            try:
                if not self._pending:
                    self._pending.extend(self._follower.advance())
                one = self._next()
                pause = 0.1
            except TransportError as error:
                if self._on_trouble:
                    self._on_trouble(error)
                self._wake.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            if one is not None:
                yield one
            elif not self._follower.is_behind and not self._wake.is_closed:
                self._wake.wait(self._every)

    def _next(self) -> T | None:
        """The next that means something; what is handed over is forgotten only then."""
        while self._pending:
            meant = self._meaning(self._pending[0])
            self._pending.popleft()
            if meant is not None:
                return meant
        return None

    def wait(self) -> None:
        """Until it is time to look again, or the feed is closed."""
        self._wake.wait(self._every)

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._wake.is_closed

    def start(self, callback: Callable[[T], None]) -> Running:
        """Hand each over in a thread of its own, until it is stopped."""
        return Running(self, callback)

    def close(self) -> None:
        """End the iteration, from any thread."""
        self._wake.close()
        if self.new_heads:
            self.new_heads.close()

    def __enter__(self) -> Feed[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Running:
    """A feed that calls back.

    Attributes:
        error: What ended it, when it was not stopped.
    """

    def __init__(self, feed: Feed[T], callback: Callable[[T], None]) -> None:
        self.error: BaseException | None = None
        self._feed = feed

        def run() -> None:
            try:
                for one in feed:
                    callback(one)
            except BaseException as error:  # noqa: BLE001 -- whoever stops it is told
                self.error = error

        self._thread = threading.Thread(target=run, name="feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the feed and wait for its end. Raises what had ended it before."""
        self._feed.close()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _head(header: Data) -> tuple[int, str, int]:
    return int(header["number"], 16), header["hash"], int(header["timestamp"], 16)


def _digest_of(filter_: Mapping[str, Any]) -> str:
    return keccak(orjson.dumps(filter_)).hex()


def _bloom_mask(value: bytes) -> int:
    """The three bits of a header's bloom filter that a value sets."""
    digest = keccak(value)
    mask = 0
    for at in (0, 2, 4):
        mask |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return mask
