"""A node that is a list of blocks, and can fork, limit, lag, lie and fall silent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode

from carbon_sdk.errors import NodeError
from carbon_sdk.identifiers import Address, address, keccak

LEDGER = address(keccak(b"ledger")[12:])
OTHER = address(keccak(b"somebody else")[12:])
TRANSFER = keccak(b"TransferSingle(address,address,address,uint256,uint256)")
CONTRACTS: dict[Address, str] = {LEDGER: "InstrumentLedger"}


@dataclass
class Block:
    number: int
    hash: bytes
    parent: bytes
    logs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def timestamp(self) -> int:
        return 1_700_000_000 + 12 * self.number


def transfer_log(
    sender: Address, receiver: Address, instrument: int, value: int, at: Address = LEDGER
) -> dict[str, Any]:
    def topic(word: int) -> str:
        return f"0x{word.to_bytes(32, 'big').hex()}"

    return {
        "address": at.lower(),
        "topics": [f"0x{TRANSFER.hex()}", topic(1), topic(int(sender, 16)), topic(int(receiver, 16))],
        "data": f"0x{encode(['uint256', 'uint256'], [instrument, value]).hex()}",
    }


class FakeNode:
    """Blocks from 0; `fork` replaces the last ones."""

    def __init__(self, *, most_logs: int = 10**9, most_blocks: int = 10**9) -> None:
        self.blocks = [Block(0, keccak(b"genesis"), bytes(32))]
        self.most_logs, self.most_blocks = most_logs, most_blocks
        self.asked: list[str] = []
        self.before: Callable[[str, Sequence[Any]], None] = lambda method, parameters: None
        self.changed: Callable[[dict[str, Any]], dict[str, Any]] = lambda log: log
        self.finalized = 0
        self.blooms = True

    def mine(self, logs: Sequence[dict[str, Any]] = (), salt: str = "") -> Block:
        parent = self.blocks[-1]
        said = repr((parent.hash, salt, [(log["topics"], log["data"]) for log in logs]))
        block = Block(parent.number + 1, keccak(said.encode()), parent.hash)
        for i, log in enumerate(logs):
            block.logs.append(
                {
                    **log,
                    "blockNumber": hex(block.number),
                    "blockHash": f"0x{block.hash.hex()}",
                    "transactionHash": f"0x{keccak(f'{said}{i // 2}'.encode()).hex()}",
                    "transactionIndex": hex(i // 2),
                    "logIndex": hex(i),
                    "removed": False,
                }
            )
        self.blocks.append(block)
        return block

    def fork(self, depth: int) -> None:
        """Forget the last `depth` blocks."""
        del self.blocks[len(self.blocks) - depth :]

    # JSON-RPC

    def request(self, method: str, *parameters: Any) -> Any:
        self.asked.append(method)
        self.before(method, parameters)
        return getattr(self, method)(*parameters)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        results: list[Any] = []
        for method, parameters in calls:
            try:
                results.append(self.request(method, *parameters))
            except NodeError as error:
                results.append(error)
        return results

    def eth_chainId(self) -> str:  # noqa: N802
        return hex(7)

    def eth_getBlockByNumber(self, which: str, _full: bool) -> dict[str, Any] | None:  # noqa: N802
        head = len(self.blocks) - 1
        number = {"latest": head, "safe": self.finalized, "finalized": self.finalized}.get(which)
        number = int(which, 16) if number is None else number
        if number > head:
            return None
        block = self.blocks[number]
        bloom = 0
        for log in block.logs if self.blooms else ():
            bloom |= _bloom(bytes.fromhex(log["address"][2:]))
        return {
            "number": hex(block.number),
            "hash": f"0x{block.hash.hex()}",
            "parentHash": f"0x{block.parent.hex()}",
            "timestamp": hex(block.timestamp),
            "logsBloom": f"0x{bloom.to_bytes(256, 'big').hex()}",
        }

    def eth_getLogs(self, wanted: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: N802
        if "blockHash" in wanted:
            chosen = [block for block in self.blocks if f"0x{block.hash.hex()}" == wanted["blockHash"]]
            if not chosen:
                raise NodeError(-32000, "unknown block")
        else:
            low, high = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
            if high - low + 1 > self.most_blocks:
                raise NodeError(-32005, "block range is too large")
            chosen = self.blocks[low : high + 1]
        found = [self.changed(log) for block in chosen for log in block.logs if log["address"] in wanted["address"]]
        if len(found) > self.most_logs:
            raise NodeError(-32005, f"query returned more than {self.most_logs} results")
        return found


def _bloom(item: bytes) -> int:
    digest = keccak(item)
    return sum({1 << (int.from_bytes(digest[at : at + 2], "big") & 2047) for at in (0, 2, 4)})
