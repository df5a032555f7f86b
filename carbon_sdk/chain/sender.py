"""Acts become transactions: simulated, priced, numbered, signed, sent, confirmed; or a typed error says why not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from carbon_sdk.chain.calls import Act, Done, Receipt
from carbon_sdk.chain.catalogue import decode_log
from carbon_sdk.chain.chain import Chain, act_fields, decoded_result, receipt_of
from carbon_sdk.chain.signers import Signer
from carbon_sdk.chain.transactions import Transaction, transaction_hash
from carbon_sdk.errors import CarbonError, InputError, NodeError, NonceRefused, NotConfirmed, Refused, TransportError
from carbon_sdk.identifiers import Address

T = TypeVar("T")

METHOD_NOT_FOUND = -32601
GAS_MARGIN_PERCENT = 25
"""On top of the estimate: state may change between the estimate and the block."""
_PRIORITY_FEE = 10**9
_ALREADY_THERE = ("already known", "already imported", "known transaction", "already in the mempool")
_NONCE_WORDS = ("nonce too low", "nonce too high", "invalid nonce", "nonce is too")


@dataclass(frozen=True, slots=True)
class Prepared(Generic[T]):
    """An act that has been simulated, numbered and signed, and only needs to be handed over.

    Attributes:
        act: What it does.
        transaction: As signed.
        raw: The bytes to send; sending them twice is one transaction.
        hash: `0x…`, known before sending.
        result: What the simulation returned.
    """

    act: Act[T]
    transaction: Transaction
    raw: bytes
    hash: str
    result: T


@dataclass(frozen=True, slots=True)
class Fees:
    """What is offered for each gas, in the native coin's smallest unit."""

    max_fee: int
    priority_fee: int


class Sender:
    """Does acts with one key on one chain. Safe to share between threads.

    Args:
        chain: Where.
        signer: Who.
        wait: Seconds to wait for a receipt.
        confirmations: Blocks on top of the receipt's block to wait for.
    """

    def __init__(self, chain: Chain, signer: Signer, *, wait: int = 120, confirmations: int = 0) -> None:
        self.chain = chain
        self.signer = signer
        self.wait = wait
        self.confirmations = confirmations

    @property
    def address(self) -> Address:
        """Of the key."""
        return self.signer.address

    def simulate(self, act: Act[T]) -> T:
        """What the act would return now; nothing is sent. Raises Refused."""
        return self.chain.simulate(act, self.address)

    def do(self, act: Act[T]) -> Done[T]:
        """Simulate, send and wait for the receipt.

        Returns:
            What the chain recorded.

        Raises:
            Refused: The contracts would not do it (nothing was sent), or did not (`transaction_hash` is set).
            NodeError: The node would not take it.
            NotConfirmed: It was sent, but no receipt came in time.
            TransportError: No node answered.
            SignerError: The key could not be used.
        """
        nonce = self.chain.nonce_of(self.address)
        with nonce.lock:  # until the node has it: numbers reach the node in order
            try:
                prepared = self.prepare(act)
            except NonceRefused:
                nonce.next = None
                prepared = self.prepare(act)
            try:
                receipt = self._hand_over(prepared)
            except NonceRefused:
                # Another program used this key. The node refused these bytes for good, so new ones are no repetition.
                nonce.next = None
                prepared = self.prepare(act)
                receipt = self._hand_over(prepared)
            except NodeError:
                nonce.next = None
                raise
            except TransportError:
                nonce.next = None
                raise
        return self._done(prepared, receipt or self.await_receipt(prepared.hash))

    def prepare(self, act: Act[T], *, nonce: int | None = None) -> Prepared[T]:
        """Simulate, price, number and sign, without sending.

        Args:
            act: What to do.
            nonce: A number of one's own; None takes the next.

        Raises:
            Refused: The contracts would not do it.
        """
        chain, sender = self.chain, self.address
        running = chain.nonce_of(sender)
        fields = act_fields(act, sender)
        with running.lock:
            calls: list[tuple[str, Sequence[object]]] = [
                ("eth_call", (fields, "latest")),
                ("eth_getBlockByNumber", ("latest", False)),
                ("eth_maxPriorityFeePerGas", ()),
            ]
            if act.gas is None:
                calls.append(("eth_estimateGas", (fields,)))
            answers = chain.endpoint.batch(calls)
            simulated = answers[0]
            if isinstance(simulated, NodeError):
                raise chain.refusal(simulated, act, sender) from None
            result = decoded_result(act, simulated)
            block = answers[1]
            if isinstance(block, NodeError):
                raise block
            gas = act.gas
            if gas is None:
                estimate = answers[3]
                if isinstance(estimate, NodeError):
                    raise chain.refusal(estimate, act, sender) from None
                gas = min(int(estimate, 16) * (100 + GAS_MARGIN_PERCENT) // 100, int(block["gasLimit"], 16))
            fees = _fees(block, answers[2])
            number = running.take(chain, sender) if nonce is None else nonce
            transaction = Transaction(
                chain.id, number, act.to, act.data, gas, fees.max_fee, fees.priority_fee, act.value
            )
            try:
                raw = self.signer.sign_transaction(transaction)
            except BaseException:
                if nonce is None:
                    running.next = None
                raise
        return Prepared(act, transaction, raw, transaction_hash(raw), result)

    def submit(self, prepared: Prepared[T]) -> Done[T]:
        """Hand over what was prepared and wait for the receipt. The same bytes twice are one transaction.

        Raises:
            As `do`.
        """
        receipt = self._hand_over(prepared)
        return self._done(prepared, receipt or self.await_receipt(prepared.hash))

    def await_receipt(self, hash_: str) -> Receipt:
        """Wait for a receipt. Raises NotConfirmed."""
        deadline = time.monotonic() + self.wait
        pause = 0.002
        while True:
            receipt = self.chain.receipt(hash_)
            if receipt and (not self.confirmations or self.chain.block_number() >= receipt.block + self.confirmations):
                return receipt
            if time.monotonic() > deadline:
                raise NotConfirmed(hash_, f"within {self.wait} s")
            time.sleep(pause)
            pause = min(pause * 2, 0.02 if self.chain.is_local else 1)

    def _hand_over(self, prepared: Prepared[Any]) -> Receipt | None:
        """Send; the receipt when the node waits for it, else None."""
        chain, raw = self.chain, "0x" + prepared.raw.hex()
        if chain.knows_synchronous_sending and not self.confirmations:
            try:
                found = chain.endpoint.request("eth_sendRawTransactionSync", raw)
                if isinstance(found, dict):
                    return receipt_of(found)
                return None
            except NodeError as error:
                if error.code == METHOD_NOT_FOUND or "not supported" in error.node_message.lower():
                    chain.knows_synchronous_sending = False
                elif self._is_there(error, prepared) or error.code in (4, 5):  # the node's patience ended: it has it
                    return None
                else:
                    raise _as_nonce_refusal(error) from None
            except TransportError as error:
                return self._after_silence(prepared, error)
        try:
            chain.endpoint.request("eth_sendRawTransaction", raw)
        except NodeError as error:
            if not self._is_there(error, prepared):
                raise _as_nonce_refusal(error) from None
        except TransportError as error:
            return self._after_silence(prepared, error)
        return None

    def _is_there(self, error: NodeError, prepared: Prepared[Any]) -> bool:
        words = error.node_message.lower()
        if any(word in words for word in _ALREADY_THERE):
            return True
        return "nonce too low" in words and self._is_known(prepared.hash)

    def _after_silence(self, prepared: Prepared[Any], error: TransportError) -> Receipt | None:
        """The connection broke while sending: it may have arrived. The same bytes again, then say what is known."""
        for pause in (0.05, 0.5):
            time.sleep(pause)
            try:
                self.chain.endpoint.request("eth_sendRawTransaction", "0x" + prepared.raw.hex())
                return None
            except NodeError as answer:
                if self._is_there(answer, prepared):
                    return None
                raise _as_nonce_refusal(answer) from None
            except TransportError:
                continue
        raise NotConfirmed(prepared.hash, f"because the connection broke while sending ({error})") from error

    def _is_known(self, hash_: str) -> bool:
        return self.chain.endpoint.request("eth_getTransactionByHash", hash_) is not None

    def _done(self, prepared: Prepared[T], receipt: Receipt) -> Done[T]:
        if not receipt.succeeded:
            raise self.chain.why_failed(receipt, prepared.act)
        return Done(prepared.result, tuple(map(decode_log, receipt.logs)), receipt)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of one act of many: either `done` or `error`.

    Attributes:
        row: Its place among the acts, from 0.
        act: What was wanted.
        done: The record; its `result` is None, since bulk acts are not simulated one by one.
        error: Why not.
        receipt: Of the transaction, a failed one too; None if it was not mined.
    """

    row: int
    act: Act[T]
    done: Done[None] | None
    error: CarbonError | None
    receipt: Receipt | None = None


@dataclass(slots=True)
class _Row:
    row: int
    signer: Signer
    act: Act[Any]
    raw: bytes = b""
    hash: str = ""
    nonce: int = -1
    error: CarbonError | None = None


@dataclass(frozen=True, slots=True)
class Submitted(Generic[T]):
    """One act of many on its way.

    Attributes:
        row: Its place among the acts, from 0.
        act: What is wanted.
        hash: Of its transaction; empty if it was refused before it was signed.
        raw: The bytes that are sent; sending them twice is one transaction.
        error: Why the node, or a contract while gas was estimated, would not take it; None if it was taken.
    """

    row: int
    act: Act[T]
    hash: str
    raw: bytes = field(repr=False)
    error: CarbonError | None = None


Signed = Callable[[Sequence[Submitted[Any]]], None]
"""Told what a batch will hand over, when it is signed and before it is sent: the moment to write a journal."""


def send_many(
    chain: Chain,
    acts: Iterable[tuple[Signer, Act[T]]],
    *,
    gas: int | None = None,
    batch: int = 100,
    wait: int = 120,
    on_signed: Signed | None = None,
    mine: Callable[[], object] | None = None,
) -> Iterator[Outcome[T]]:
    """Do many acts, `batch` at a time, in order for each key; outcomes come in order, one for each act.

    Acts of one batch are in flight together: an act may rely on an earlier one of the same batch only if its gas limit
    is given, since without one it is estimated (and refused) before the others are mined. Each offers the smallest unit
    of coin less for its gas than the one before, so a node that mines the best offer first keeps their order.

    Args:
        chain: Where.
        acts: Key and act, as many as you like; they are taken as they are needed.
        gas: Limit for acts that have none; None lets the node estimate, which also simulates.
        batch: Acts in flight together.
        wait: Seconds to wait for the receipts of a batch.
        on_signed: Told each batch before it is sent.
        mine: Makes a block of what waits, on a local chain that mines by hand; called until all receipts are there.

    Raises:
        TransportError: No node answered. Outcomes so far have been given; look at the chain before repeating the batch.
    """
    for rows in _batches(acts, batch):
        _send_rows(chain, rows, gas, on_signed)
        yield from _outcomes(chain, rows, wait, mine)


def submit_many(
    chain: Chain,
    acts: Iterable[tuple[Signer, Act[T]]],
    *,
    gas: int | None = None,
    batch: int = 100,
    on_signed: Signed | None = None,
) -> Iterator[Submitted[T]]:
    """Sign many acts and hand them over without waiting for receipts; arguments and errors as of `send_many`.

    An act whose transaction the node took may still fail: look for its receipt by its hash.
    """
    for rows in _batches(acts, batch):
        _send_rows(chain, rows, gas, on_signed)
        yield from map(_submitted, rows)


def _batches(acts: Iterable[tuple[Signer, Act[Any]]], size: int) -> Iterator[list[_Row]]:
    if size < 1:
        raise InputError(f"A batch has at least one act, not {size}.")
    source = enumerate(acts)
    while rows := [_Row(row, signer, act) for row, (signer, act) in islice(source, size)]:
        yield rows


def _submitted(row: _Row) -> Submitted[Any]:
    return Submitted(row.row, row.act, row.hash, row.raw, row.error)


def _send_rows(chain: Chain, rows: list[_Row], gas: int | None, on_signed: Signed | None) -> None:
    unknown = [row for row in rows if row.act.gas is None and gas is None]
    calls: list[tuple[str, Sequence[object]]] = [
        ("eth_getBlockByNumber", ("latest", False)),
        ("eth_maxPriorityFeePerGas", ()),
        *(("eth_estimateGas", (act_fields(row.act, row.signer.address),)) for row in unknown),
    ]
    block, tip, *estimates = chain.endpoint.batch(calls)
    if isinstance(block, NodeError):
        raise block
    fees = _fees(block, tip)
    limit = int(block["gasLimit"], 16)
    estimated: dict[int, int] = {}
    for row, estimate in zip(unknown, estimates, strict=True):
        if isinstance(estimate, NodeError):
            row.error = chain.refusal(estimate, row.act, row.signer.address)
        else:
            estimated[row.row] = min(int(estimate, 16) * (100 + GAS_MARGIN_PERCENT) // 100, limit)
    chain.learn_nonces(row.signer.address for row in rows if row.error is None)
    for before, row in enumerate(rows):
        if row.error is not None:
            continue
        address, act = row.signer.address, row.act
        nonce = chain.nonce_of(address)
        with nonce.lock:
            row.nonce = nonce.take(chain, address)
        amount = act.gas or gas or estimated[row.row]
        # Nodes mine the best offer first: so the order of the acts is theirs, too. Where gas is free it stays free.
        more = len(rows) - before if fees.max_fee else 0
        transaction = Transaction(
            chain.id, row.nonce, act.to, act.data, amount, fees.max_fee + more, fees.priority_fee + more, act.value
        )
        row.raw = row.signer.sign_transaction(transaction)
        row.hash = transaction_hash(row.raw)
    sent = [row for row in rows if row.raw]
    if on_signed:
        on_signed([_submitted(row) for row in sent])
    answers = chain.endpoint.batch([("eth_sendRawTransaction", ("0x" + row.raw.hex(),)) for row in sent])
    for row, answer in zip(sent, answers, strict=True):
        if isinstance(answer, NodeError) and not any(word in answer.node_message.lower() for word in _ALREADY_THERE):
            row.error = chain.refusal(_as_nonce_refusal(answer), row.act, row.signer.address)
            nonce = chain.nonce_of(row.signer.address)
            with nonce.lock:
                if isinstance(row.error, NonceRefused):
                    nonce.next = None
                else:
                    nonce.gaps.append(row.nonce)
    _fill_gaps(chain, rows, fees)


def _fill_gaps(chain: Chain, rows: list[_Row], fees: Fees) -> None:
    """A number that the node refused holds up the later ones of its key: spend it on nothing."""
    for signer in {row.signer.address: row.signer for row in rows}.values():
        nonce = chain.nonce_of(signer.address)
        with nonce.lock:
            last = max(
                (row.nonce for row in rows if row.signer.address == signer.address and not row.error), default=-1
            )
            holding_up = sorted(gap for gap in nonce.gaps if gap < last)
            if not holding_up:
                if nonce.gaps:
                    nonce.gaps.clear()
                    nonce.next = None
                continue
            nonce.gaps.clear()
            for gap in holding_up:
                transaction = Transaction(chain.id, gap, signer.address, b"", 21_000, fees.max_fee, fees.priority_fee)
                chain.endpoint.request("eth_sendRawTransaction", "0x" + signer.sign_transaction(transaction).hex())
            nonce.next = None


def _outcomes(chain: Chain, rows: list[_Row], wait: int, mine: Callable[[], object] | None) -> Iterator[Outcome[Any]]:
    waiting = [row for row in rows if row.error is None]
    receipts: dict[int, Receipt] = {}
    deadline = time.monotonic() + wait
    pause = 0.002
    while waiting:
        if mine:
            mine()
        for row, receipt in zip(waiting, chain.receipts([row.hash for row in waiting]), strict=True):
            if receipt:
                receipts[row.row] = receipt
        waiting = [row for row in waiting if row.row not in receipts]
        if waiting and time.monotonic() > deadline:
            break
        if waiting:
            time.sleep(pause)
            pause = min(pause * 2, 0.05 if chain.is_local else 1)
    for row in rows:
        receipt = receipts.get(row.row)
        error: CarbonError | None = row.error
        done: Done[None] | None = None
        if error is None and receipt is None:
            error = NotConfirmed(row.hash, f"within {wait} s")
        elif receipt is not None and not receipt.succeeded:
            error = chain.why_failed(receipt, row.act)
        elif receipt is not None:
            done = Done(None, tuple(map(decode_log, receipt.logs)), receipt)
        yield Outcome(row.row, row.act, done, error, receipt)


def _fees(block: dict[str, Any], tip: object) -> Fees:
    base = int(block.get("baseFeePerGas") or "0x0", 16)
    priority = int(tip, 16) if isinstance(tip, str) else (_PRIORITY_FEE if base else 0)
    return Fees(2 * base + priority, priority)


def _as_nonce_refusal(error: NodeError) -> NodeError:
    if any(word in error.node_message.lower() for word in _NONCE_WORDS):
        return NonceRefused(error.code, error.node_message, error.data, method=error.method)
    return error


__all__ = ["Fees", "Outcome", "Prepared", "Refused", "Sender", "Submitted", "send_many", "submit_many"]
