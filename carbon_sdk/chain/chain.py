"""One chain, to read from: calls, simulations, logs, receipts."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from carbon_sdk.chain.calls import Act, Data, Event, Logged, Receipt, View
from carbon_sdk.chain.catalogue import decode_log
from carbon_sdk.chain.endpoint import Endpoint, HttpEndpoint
from carbon_sdk.chain.reasons import reason_of, refusal_in
from carbon_sdk.errors import CarbonError, NodeError, OutOfGas, Refused, RevertedSilently
from carbon_sdk.identifiers import Address, checksummed

T = TypeVar("T")
BlockTag = int | str
"""A block's number, or `latest`, `finalized`, `safe`, `earliest`, `pending`."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's head.

    Attributes:
        number: From 0.
        hash: `0x…`
        timestamp: Unix seconds.
        base_fee: For each gas, in the native coin's smallest unit.
        gas_limit: Of the block.
        gas_used: By its transactions.
    """

    number: int
    hash: str
    timestamp: int
    base_fee: int
    gas_limit: int
    gas_used: int = 0


class Chain:
    """One chain behind an endpoint. Safe to share between threads.

    Args:
        endpoint: An endpoint or a URL.
    """

    def __init__(self, endpoint: Endpoint | str) -> None:
        self.endpoint: Endpoint = HttpEndpoint(endpoint) if isinstance(endpoint, str) else endpoint
        self._id: int | None = None
        self._client: str | None = None
        self._lock = threading.Lock()
        self._nonces: dict[Address, _Nonce] = {}
        self.knows_synchronous_sending = True
        """Whether the node has `eth_sendRawTransactionSync`; found out at the first sending."""

    @property
    def url(self) -> str:
        """Where it is, without credentials."""
        return self.endpoint.url

    @property
    def id(self) -> int:
        """The chain's number (EIP-155)."""
        if self._id is None:
            self._id = int(self.endpoint.request("eth_chainId"), 16)
        return self._id

    @property
    def client(self) -> str:
        """Name and version of the node's software."""
        if self._client is None:
            try:
                self._client = str(self.endpoint.request("web3_clientVersion"))
            except NodeError:
                self._client = "unknown"
        return self._client

    @property
    def is_local(self) -> bool:
        """Whether it is an anvil, whose clock can be moved."""
        return self.client.lower().startswith("anvil")

    # READING

    def block_number(self) -> int:
        """Of the newest block."""
        return int(self.endpoint.request("eth_blockNumber"), 16)

    def block(self, block: BlockTag = "latest") -> Block:
        """A block's head.

        Raises:
            NodeError: The node has no such block.
        """
        found = self.endpoint.request("eth_getBlockByNumber", _tag(block), False)
        if found is None:
            raise NodeError(0, f"there is no block {block}", method="eth_getBlockByNumber")
        return _block(found)

    def code(self, at: Address, block: BlockTag = "latest") -> bytes:
        """A contract's code; empty where there is none."""
        return bytes.fromhex(self.endpoint.request("eth_getCode", at, _tag(block))[2:])

    def storage(self, at: Address, slot: int, block: BlockTag = "latest") -> bytes:
        """One word of a contract's storage."""
        return bytes.fromhex(self.endpoint.request("eth_getStorageAt", at, hex(slot), _tag(block))[2:].rjust(64, "0"))

    def balance(self, of: Address, block: BlockTag = "latest") -> int:
        """Native coin, in its smallest unit."""
        return int(self.endpoint.request("eth_getBalance", of, _tag(block)), 16)

    def call(self, to: Address, data: bytes, *, sender: Address | None = None, block: BlockTag = "latest") -> bytes:
        """Call without changing anything.

        Raises:
            Refused: The contract's typed refusal.
        """
        fields = {"to": to, "data": "0x" + data.hex(), **({"from": sender} if sender else {})}
        try:
            return bytes.fromhex(self.endpoint.request("eth_call", fields, _tag(block))[2:])
        except NodeError as error:
            raise refusal_in(error) or error from None

    def read(self, view: View[T], *, block: BlockTag = "latest") -> T:
        """Do one read. Raises Refused."""
        try:
            return view.function.decoded(self.call(view.to, view.data, block=block))
        except Refused as error:
            raise error.of(str(view), "") from None

    def read_many(self, views: Sequence[View[T]], *, block: BlockTag = "latest") -> list[T]:
        """Do many reads in batches, all at one block.

        Raises:
            Refused: The first of them that a contract refused.
        """
        if block == "latest" and views:
            block = self.block_number()
        answers = self.endpoint.batch(
            [("eth_call", ({"to": view.to, "data": "0x" + view.data.hex()}, _tag(block))) for view in views]
        )
        results: list[T] = []
        for view, answer in zip(views, answers, strict=True):
            if isinstance(answer, NodeError):
                refusal = refusal_in(answer)
                raise (refusal.of(str(view), "") if refusal else answer) from None
            results.append(view.function.decoded(bytes.fromhex(answer[2:])))
        return results

    def simulate(self, act: Act[T], sender: Address, *, block: BlockTag = "latest") -> T:
        """What the act would return if it were done now; nothing changes.

        Raises:
            Refused: It would be refused, with the contract's reason.
        """
        try:
            answer = self.endpoint.request("eth_call", act_fields(act, sender), _tag(block))
        except NodeError as error:
            raise self.refusal(error, act, sender) from None
        return decoded_result(act, answer)

    def estimate(self, act: Act[Any], sender: Address) -> int:
        """Gas that the act would use now. Raises Refused."""
        try:
            return int(self.endpoint.request("eth_estimateGas", act_fields(act, sender)), 16)
        except NodeError as error:
            raise self.refusal(error, act, sender) from None

    def logs(
        self,
        first: BlockTag = "earliest",
        last: BlockTag = "latest",
        addresses: Sequence[Address] = (),
        topics: Sequence[str | Sequence[str] | None] = (),
    ) -> list[Data]:
        """Raw logs of a range of blocks, both ends included; `decode_log` reads them."""
        query: dict[str, Any] = {"fromBlock": _tag(first), "toBlock": _tag(last)}
        if addresses:
            query["address"] = list(addresses)
        if topics:
            query["topics"] = list(topics)
        found: list[Data] = self.endpoint.request("eth_getLogs", query)
        return found

    def events(
        self,
        first: BlockTag = "earliest",
        last: BlockTag = "latest",
        addresses: Sequence[Address] = (),
        topics: Sequence[str | Sequence[str] | None] = (),
    ) -> Iterator[Logged[Event]]:
        """Decoded events of a range of blocks, in order."""
        return map(decode_log, self.logs(first, last, addresses, topics))

    # RECEIPTS

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """A mined transaction's receipt; None while there is none."""
        found = self.endpoint.request("eth_getTransactionReceipt", transaction_hash)
        return None if found is None else receipt_of(found)

    def receipts(self, hashes: Sequence[str]) -> list[Receipt | None]:
        """Many receipts in batches, in order."""
        answers = self.endpoint.batch([("eth_getTransactionReceipt", (item,)) for item in hashes])
        found: list[Receipt | None] = []
        for answer in answers:
            if isinstance(answer, NodeError):
                raise answer
            found.append(None if answer is None else receipt_of(answer))
        return found

    def why_failed(self, receipt: Receipt, act: Act[Any] | None = None) -> Refused:
        """Why a mined transaction reverted: traced where the node can, else simulated again at its block."""
        sent = self.endpoint.request("eth_getTransactionByHash", receipt.hash)
        title = str(act) if act else ""
        if self.is_local or "geth" in self.client.lower() or "reth" in self.client.lower():
            try:
                trace = self.endpoint.request("debug_traceTransaction", receipt.hash, {"tracer": "callTracer"})
                if refusal := _traced(trace):
                    return refusal.of(title, receipt.sender, receipt.hash)
            except NodeError:
                pass  # tracing is switched off there
        fields = {
            "from": receipt.sender,
            "data": sent["input"],
            "value": sent["value"],
            "gas": sent["gas"],
            **({"to": receipt.to} if receipt.to else {}),
        }
        for block in (receipt.block - 1, receipt.block):
            try:
                self.endpoint.request("eth_call", fields, hex(max(block, 0)))
            except NodeError as error:
                if refusal := refusal_in(error):
                    return refusal.of(title, receipt.sender, receipt.hash)
        if receipt.gas_used >= int(sent["gas"], 16):
            return OutOfGas().of(title, receipt.sender, receipt.hash)
        return RevertedSilently().of(title, receipt.sender, receipt.hash)

    def refusal(self, error: NodeError, act: Act[Any], sender: Address) -> CarbonError:
        """A node's error while an act was tried, as the contracts' refusal where it is one."""
        refusal = refusal_in(error)
        return refusal.of(str(act), sender) if refusal else error

    # NONCES

    def nonce_of(self, account: Address) -> _Nonce:
        """The account's running number on this chain, shared by all senders of this object."""
        with self._lock:
            return self._nonces.setdefault(account, _Nonce())

    def learn_nonces(self, accounts: Iterable[Address]) -> None:
        """Ask for the running numbers of many accounts at once; those that are known are left alone."""
        unknown = [account for account in dict.fromkeys(accounts) if self.nonce_of(account).next is None]
        if len(unknown) < 2:
            return
        answers = self.endpoint.batch([("eth_getTransactionCount", (account, "pending")) for account in unknown])
        for account, answer in zip(unknown, answers, strict=True):
            if isinstance(answer, NodeError):
                continue  # it is asked for again, alone, when it is needed
            nonce = self.nonce_of(account)
            with nonce.lock:
                if nonce.next is None:
                    nonce.next = int(answer, 16)

    def forget_nonces(self) -> None:
        """Ask the node again; needed after a local chain was set back."""
        with self._lock:
            self._nonces.clear()


class _Nonce:
    """One account's next number. None: ask the node."""

    __slots__ = ("gaps", "lock", "next")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.next: int | None = None
        self.gaps: list[int] = []

    def take(self, chain: Chain, account: Address) -> int:
        """The next number; call with the lock held."""
        if self.gaps:
            return self.gaps.pop(0)
        if self.next is None:
            self.next = int(chain.endpoint.request("eth_getTransactionCount", account, "pending"), 16)
        self.next += 1
        return self.next - 1


def act_fields(act: Act[Any], sender: Address) -> dict[str, str]:
    """An act in the form that `eth_call` and `eth_estimateGas` take."""
    fields: dict[str, str] = {"from": sender, "data": "0x" + act.data.hex()}
    if act.to is not None:
        fields["to"] = act.to
    if act.value:
        fields["value"] = hex(act.value)
    if act.gas is not None:
        fields["gas"] = hex(act.gas)
    return fields


def decoded_result(act: Act[T], answer: str) -> T:
    """What a simulation returned."""
    if act.function is None:
        return bytes.fromhex(answer[2:])  # type: ignore[return-value] # an act without a function is an Act[bytes]
    return act.function.decoded(bytes.fromhex(answer[2:]))


def receipt_of(found: Data) -> Receipt:
    """A receipt as the node gives it, typed."""
    to, created = found.get("to"), found.get("contractAddress")
    return Receipt(
        found["transactionHash"],
        int(found["blockNumber"], 16),
        found["blockHash"],
        int(found["transactionIndex"], 16),
        checksummed(found["from"][2:].lower()),
        checksummed(to[2:].lower()) if to else None,
        checksummed(created[2:].lower()) if created else None,
        int(found["status"], 16) == 1,
        int(found["gasUsed"], 16),
        int(found.get("effectiveGasPrice", "0x0"), 16),
        tuple(found["logs"]),
    )


def _block(found: Data) -> Block:
    return Block(
        int(found["number"], 16),
        found["hash"],
        int(found["timestamp"], 16),
        int(found.get("baseFeePerGas") or "0x0", 16),
        int(found["gasLimit"], 16),
        int(found.get("gasUsed") or "0x0", 16),
    )


def _traced(trace: Data) -> Refused | None:
    message = str(trace.get("error", ""))
    output = trace.get("output") or "0x"
    if not message:
        return None
    if len(output) >= 10:
        return reason_of(bytes.fromhex(output[2:]))
    return refusal_in(NodeError(3, message))


def _tag(block: BlockTag) -> str:
    return hex(block) if isinstance(block, int) else block
