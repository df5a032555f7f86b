"""The process that confirms: follows the chain, signs one confirmation a trade, goes on where it stopped.

Everything lies in a folder: `<voucher code>.json` for each trade, and `journal.jsonl`, one line a trade in the chain's
order. A trade is first signed and its file put in place whole, then its line is written. Whenever the process is
killed, the folder has every confirmation up to some trade, and at most one file more than lines: the next run finds
that file, looks at it, and writes its line. So none is lost and none made twice, also with a signer that never gives
the same signature again.

Where a reorganisation takes trades back whose confirmations were made (with a finality level below `finalized`), their
files go to `withdrawn/` and the journal says so; the new branch's trades are confirmed as they come.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from carbon_sdk.audit.clearing import Settled, TradeTape
from carbon_sdk.audit.confirmation_keys import ConfirmationKey
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.suite import indexer_of
from carbon_sdk.audit.vouchers import Mountains, Voucher, VoucherKind
from carbon_sdk.chain.signers import Signer
from carbon_sdk.confirmations.paper import (
    FORMAT,
    Confirmation,
    ConfirmationForged,
    Trust,
    check,
    made,
    parsed,
    platform_word,
)
from carbon_sdk.contracts.generated import enums, structs
from carbon_sdk.contracts.generated.structs import TradeConfirmation
from carbon_sdk.contracts.generated.trade_confirmations import TradeConfirmations
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError, MalformedData
from carbon_sdk.identifiers import Address, InstrumentId

JOURNAL = "journal.jsonl"
WITHDRAWN = "withdrawn"
LEVELS = ("finalized", "safe", "latest")
"""Of finality; a number of blocks is one too."""


class KeyCannotConfirm(InputError):
    """The signer's key may not speak for a trade; nothing was signed, and the next run comes to the same trade.

    Attributes:
        voucher: The trade's code.
    """

    def __init__(self, voucher: str, why: str) -> None:
        self.voucher = voucher
        super().__init__(f"Trade {voucher} cannot be confirmed: {why}. Let the operator register a key for its time.")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One step of the process.

    Attributes:
        voucher: Code.
        path: Of the file.
        confirmation: What it says; None when it was withdrawn.
        found: The file was there: an earlier run was stopped before it noted it.
        withdrawn: The chain does not have the trade any more.
    """

    voucher: str
    path: Path
    confirmation: Confirmation | None
    found: bool = False
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """Of the journal: a trade that was confirmed."""

    voucher: str
    block: int
    hash: str
    log: int

    @property
    def place(self) -> tuple[int, int]:
        return self.block, self.log


class Confirmer:
    """Confirms the trades of a deployment: of the book, listed quotes, blocks and offered credits.

    Args:
        suite: Which.
        signer: The platform's confirmation key.
        folder: Where the files and the journal lie.
        store: Of events; read up to the node's last block at each `catch_up`.
        finality: `finalized`, `safe`, `latest`, or how many blocks must lie above a trade's.
        since: First block whose trades are confirmed, where the folder is new; 0: all.

    Raises:
        InputError: The folder belongs to another deployment, or its journal is damaged.
    """

    def __init__(
        self,
        suite: Suite,
        signer: Signer,
        folder: str | Path,
        store: Store,
        *,
        finality: str | int = "finalized",
        since: int = 0,
    ) -> None:
        if finality not in LEVELS and (isinstance(finality, (str, bool)) or finality < 0):
            raise InputError(f"Finality {finality!r} is none of {', '.join(LEVELS)} nor a number of blocks.")
        self.suite = suite
        self.signer = signer
        self.folder = Path(folder)
        self.store = store
        self.finality = finality
        self._desk = suite.contract(TradeConfirmations)
        self._chain = suite.chain.id
        self._platform = self._desk.platform().rstrip(b"\0").decode()
        self._indexer = indexer_of(suite, store)
        self._begin_reading()
        self._lock = _locked(self.folder)
        try:
            self._journal = _Journal(self.folder / JOURNAL, self._chain, self._desk.address, since)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process have the folder."""
        self._lock.close()

    def __enter__(self) -> Confirmer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def catch_up(self) -> Iterator[Confirmed]:
        """Every trade from where it stopped up to the finality level, confirmed one by one; first what is withdrawn.

        Raises:
            KeyCannotConfirm: The key may not speak for the next trade.
            SignerError: The signer refused.
            InputError: A file is in the way that is no confirmation of the trade.
        """
        self._indexer.sync()
        if len(self.store.reorganisations(self._chain)) != self._rolled_back:
            self._begin_reading()
        yield from self._withdraw()
        key = self._key()
        try:
            yield from self._confirm_until(self._end(), key)
        except BaseException:  # whoever stops in the middle of a block begins anew
            self._begin_reading()
            raise

    def _confirm_until(self, end: int, key: ConfirmationKey) -> Iterator[Confirmed]:
        for block, trades in _by_block(self._tape.until(end)):
            vouchers = [(trade, _voucher(trade)) for trade in trades]
            for trade, voucher in vouchers:
                self._append(trade, voucher)
            if block < self._journal.since:
                continue
            for trade, voucher in vouchers:
                if (block, trade.position.log_index) > self._journal.last:
                    yield self._confirm(trade, voucher, key)

    # ONE TRADE

    def _confirm(self, trade: Settled, voucher: Voucher, key: ConfirmationKey) -> Confirmed:
        header = self.store.header_at(self._chain, trade.position.block)
        if header is None:
            raise MalformedData(
                f"The store has a trade of block {trade.position.block} without the block. Read it anew."
            )
        confirmation = confirmation_of(self._chain, self._desk.address, self._platform, self._tape, trade, header.hash)
        path = self.folder / f"{trade.voucher}.json"
        found = path.exists()
        if found:
            self._require_same(path, confirmation)
        else:
            if why := key.why_not(voucher.at):
                raise KeyCannotConfirm(trade.voucher, f"the key {self.signer.address} {why}")
            mountains = self._series[voucher.series]
            _put(path, made(confirmation, self.signer, mountains, len(mountains)))
        self._journal.note(_Line(trade.voucher, header.number, header.hash.hex(), trade.position.log_index))
        return Confirmed(trade.voucher, path, confirmation, found=found)

    def _require_same(self, path: Path, confirmation: Confirmation) -> None:
        """What an earlier run left must be this trade's, signed by whichever key that may."""
        content = path.read_bytes()
        try:
            _, key, _ = parsed(content)
        except ConfirmationForged as error:
            raise InputError(f"{path} is in the way: {error}. Move it away, and run again.") from None
        registered = self._key_of(key)
        keys = {} if registered is None else {key: registered}
        if problems := check(content, Trust(keys=keys, known=confirmation)):
            said = "; ".join(map(str, problems))
            raise InputError(f"{path} is in the way and does not confirm its trade: {said}. Move it, and run again.")

    def _append(self, trade: Settled, voucher: Voucher) -> None:
        mountains = self._series.setdefault(voucher.series, Mountains())
        if len(mountains) != voucher.index:
            raise MalformedData(
                f"Trade {trade.voucher} is number {voucher.index} of its series, and {len(mountains)} came before it."
            )
        mountains.append(voucher.leaf())

    # WHERE IT IS

    def _begin_reading(self) -> None:
        self._tape = TradeTape(self.store, self._chain)
        self._series: dict[int, Mountains] = {}
        self._rolled_back = len(self.store.reorganisations(self._chain))

    def _end(self) -> int:
        """The last block whose trades may be confirmed."""
        cursor = self.store.cursor(self._chain)
        if cursor is None:
            return -1
        if isinstance(self.finality, int):
            return cursor.number - self.finality
        return {"finalized": cursor.finalized, "safe": cursor.safe, "latest": cursor.number}[self.finality]

    def _withdraw(self) -> Iterator[Confirmed]:
        """Confirmations of blocks that the chain does not have any more, the newest first."""
        cursor = self.store.cursor(self._chain)
        while (line := self._journal.newest) is not None:
            if cursor is None or cursor.number < line.block:
                return  # the node is behind: it may yet come to the same blocks
            header = self.store.header_at(self._chain, line.block)
            if header is not None and header.hash.hex() == line.hash:
                return
            path, away = self.folder / f"{line.voucher}.json", self.folder / WITHDRAWN
            target = away / f"{line.voucher}-{line.hash[:16]}.json"
            if path.exists():
                away.mkdir(exist_ok=True)
                path.replace(target)
                _sync_folder(away)
                _sync_folder(self.folder)
            self._journal.withdraw()
            yield Confirmed(line.voucher, target, None, withdrawn=True)

    def _key(self) -> ConfirmationKey:
        known = self._key_of(self.signer.address)
        if known is None:
            raise InputError(
                f"{self.signer.address} is no confirmation key of {self._platform}. Let the operator register it "
                "(carbon platform register-confirmation-key), or sign with another."
            )
        return known

    def _key_of(self, key: Address) -> ConfirmationKey | None:
        return key_of(self._desk, key)


def trades_as_confirmed(suite: Suite, store: Store) -> Iterator[Confirmation]:
    """Every trade as the platform should confirm it, in order, from a store that has been read.

    Raises:
        InputError: Nothing was read into the store.
    """
    chain, desk = suite.chain.id, suite.contract(TradeConfirmations)
    cursor = store.cursor(chain)
    if cursor is None:
        raise InputError("The store is empty. Read the chain into it first.")
    platform = desk.platform().rstrip(b"\0").decode()
    tape = TradeTape(store, chain)
    for trade in tape.until(cursor.number):
        header = store.header_at(chain, trade.position.block)
        if header is not None:
            yield confirmation_of(chain, desk.address, platform, tape, trade, header.hash)


def confirmed_trade(suite: Suite, store: Store, code: str) -> Confirmation | None:
    """A trade by its voucher's code as the platform should confirm it, from a store that was read; None: no such."""
    return next((one for one in trades_as_confirmed(suite, store) if one.code == code), None)


def as_struct(one: Confirmation) -> TradeConfirmation:
    """A confirmation as the contract takes it."""
    trade = one.voucher
    return TradeConfirmation(
        platform_word(one.platform),
        structs.Voucher(
            enums.VoucherKind(trade.kind),
            trade.series,
            trade.index,
            trade.order_of_day,
            trade.at,
            trade.instrument,
            trade.quantity,
            trade.price,
            trade.sender,
            trade.receiver,
            trade.ref,
        ),
        one.code,
        int(one.money),
        one.seller_fee,
        one.buyer_fee,
        one.block,
        one.block_hash,
        one.transaction,
        one.log_index,
    )


def confirmation_of(
    chain: int, contract: Address, platform: str, tape: TradeTape, trade: Settled, block_hash: bytes
) -> Confirmation:
    """What there is to confirm of a trade."""
    return Confirmation(
        chain,
        contract,
        platform,
        _voucher(trade),
        trade.voucher,
        InstrumentId(tape.money),
        trade.seller_fee,
        trade.buyer_fee,
        trade.position.block,
        block_hash,
        bytes.fromhex(trade.position.transaction[2:]),
        trade.position.log_index,
    )


def key_of(desk: TradeConfirmations, key: Address) -> ConfirmationKey | None:
    """A key's period, as the chain has it; None: it was never registered."""
    known = desk.confirmation_key_of(key)
    return ConfirmationKey(known.from_, known.until, known.revoked_since) if known.until else None


def _voucher(trade: Settled) -> Voucher:
    series, index, order_of_day = trade.place
    return Voucher(
        VoucherKind.TRADE,
        series,
        index,
        order_of_day,
        trade.at,
        InstrumentId(trade.instrument),
        trade.quantity,
        trade.price,
        trade.seller,
        trade.buyer,
        trade.ref,
    )


def _by_block(trades: Iterator[Settled]) -> Iterator[tuple[int, list[Settled]]]:
    """The trades of each block together: a path leads to the root at its end."""
    block, found = -1, list[Settled]()
    for trade in trades:
        if trade.position.block != block and found:
            yield block, found
            found = []
        block = trade.position.block
        found.append(trade)
    if found:
        yield block, found


class _Journal:
    """What was confirmed, in the chain's order; only ever written at its end.

    The first line says whose it is. A line that a cut left unfinished is dropped: its file is found again.
    """

    def __init__(self, path: Path, chain: int, contract: Address, since: int) -> None:
        self._path = path
        self._lines: list[_Line] = []
        head = {"format": f"{FORMAT} journal", "chain": chain, "contract": contract}
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        whole, _, torn = content.rpartition(b"\n")
        said = [self._parsed(number, line) for number, line in enumerate(whole.split(b"\n"), 1)] if whole else []
        if not said:
            self._rewrite({**head, "since": since})
            self.since = since
            return
        if {name: said[0].get(name) for name in head} != head:
            raise InputError(f"{path} belongs to another deployment. Name another folder.")
        self.since = int(said[0].get("since", 0))
        for one in said[1:]:
            self._take(one)
        if torn:
            with path.open("r+b") as file:
                file.truncate(len(whole) + 1)
                os.fsync(file.fileno())

    @property
    def newest(self) -> _Line | None:
        """The last trade that was confirmed and not withdrawn."""
        return self._lines[-1] if self._lines else None

    @property
    def last(self) -> tuple[int, int]:
        """Its block and log."""
        return self._lines[-1].place if self._lines else (-1, -1)

    def note(self, line: _Line) -> None:
        self._write({"voucher": line.voucher, "block": line.block, "hash": line.hash, "log": line.log})
        self._lines.append(line)

    def withdraw(self) -> None:
        """Take the newest back."""
        line = self._lines[-1]
        self._write({"withdrawn": line.voucher, "hash": line.hash})
        self._lines.pop()

    def _take(self, said: dict[str, Any]) -> None:
        if "withdrawn" in said:
            if not self._lines or self._lines[-1].voucher != said["withdrawn"]:
                raise self._damaged(f"{said['withdrawn']} is withdrawn, and was not confirmed last")
            self._lines.pop()
            return
        try:
            line = _Line(said["voucher"], said["block"], said["hash"], said["log"])
        except KeyError as error:
            raise self._damaged(f"a line lacks {error}") from None
        if line.place <= self.last:
            raise self._damaged(f"{line.voucher} stands after a later trade")
        self._lines.append(line)

    def _parsed(self, number: int, line: bytes) -> dict[str, Any]:
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise self._damaged(f"line {number} is no JSON object")
        return found

    def _damaged(self, what: str) -> InputError:
        return InputError(f"{self._path} is damaged: {what}. Restore it, or begin anew in another folder.")

    def _write(self, said: dict[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(orjson.dumps(said) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _rewrite(self, head: dict[str, Any]) -> None:
        _put(self._path, orjson.dumps(head) + b"\n")


def _locked(folder: Path) -> IO[bytes]:
    """A folder is one process's at a time. Raises InputError."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise InputError(f"Another process confirms into {folder}. Stop it, or name another folder.") from None
    return lock


def _put(path: Path, content: bytes) -> None:
    """A file whole or not at all, and there after a power cut."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
