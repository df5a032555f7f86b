"""Logs proved by their block: header hash, receipts root, every log of the suite.

A node that invents, alters or withholds a log is found here even where no figure shows it, and the log is named: the
header must hash to the block hash that the store knows, the receipts must hash to the header's receipts root, and the
logs in the receipts must be those in the store. The trie and its encoding are written out below; nothing is trusted but
Keccak.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, zip_longest
from typing import Any

from carbon_sdk.audit.events import RawLog
from carbon_sdk.audit.indexer import Rpc
from carbon_sdk.audit.store import Finding, Store, addresses
from carbon_sdk.errors import NodeError
from carbon_sdk.identifiers import Address, keccak

Rlp = bytes | Sequence["Rlp"]

EMPTY_ROOT = keccak(b"\x80")

_HEADER = (
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "#difficulty",
    "#number",
    "#gasLimit",
    "#gasUsed",
    "#timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "#baseFeePerGas",
    "withdrawalsRoot",
    "#blobGasUsed",
    "#excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
)
"""Fields in the order of the header; whole numbers with `#`. From `baseFeePerGas` on, those that the block has."""


def rlp(item: Rlp) -> bytes:
    """Ethereum's encoding of bytes and lists of them."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _length(len(item), 0x80) + item
    inside = b"".join(map(rlp, item))
    return _length(len(inside), 0xC0) + inside


def header_hash(block: Mapping[str, Any]) -> bytes:
    """The hash of a header as `eth_getBlockByNumber` gives it."""
    return keccak(header_rlp(block))


def header_rlp(block: Mapping[str, Any]) -> bytes:
    """The encoding of a header as `eth_getBlockByNumber` gives it, whose hash is the block's."""
    values: list[Rlp] = []
    for name in _HEADER:
        value = block.get(name.removeprefix("#"))
        if value is not None:
            values.append(_whole(int(value, 16)) if name[0] == "#" else bytes.fromhex(value[2:]))
    return rlp(values)


def receipts_root(receipts: Sequence[Mapping[str, Any]]) -> bytes:
    """The root over receipts as `eth_getBlockReceipts` gives them, in the block's order."""
    return trie_root(receipts_of(receipts))


def trie_root(items: Mapping[bytes, bytes]) -> bytes:
    """The root of a Merkle-Patricia trie."""
    if not items:
        return EMPTY_ROOT
    pairs = [([nibble for byte in key for nibble in (byte >> 4, byte & 15)], value) for key, value in items.items()]
    return keccak(rlp(_node(sorted(pairs), 0)))


def trie_proof(items: Mapping[bytes, bytes], key: bytes) -> list[bytes]:
    """The encoded nodes from a trie's root down to a key that it has."""
    pairs = sorted(
        ([nibble for byte in one for nibble in (byte >> 4, byte & 15)], value) for one, value in items.items()
    )
    wanted = [nibble for byte in key for nibble in (byte >> 4, byte & 15)]
    nodes: list[bytes] = []
    at = 0
    while True:
        node = _node(pairs, at)
        encoded = rlp(node)
        if not nodes or len(encoded) >= 32:
            nodes.append(encoded)
        if len(node) == 2:
            if len(pairs) == 1:
                return nodes
            shared = at
            while all(len(one) > shared and one[shared] == wanted[shared] for one, _ in pairs):
                shared += 1
            at = shared
        elif at == len(wanted):
            return nodes
        else:
            pairs = [pair for pair in pairs if len(pair[0]) > at and pair[0][at] == wanted[at]]
            at += 1


def receipts_of(receipts: Sequence[Mapping[str, Any]]) -> dict[bytes, bytes]:
    """The receipts of a block, as its trie has them."""
    return {rlp(_whole(i)): _receipt(receipt) for i, receipt in enumerate(receipts)}


def index_key(index: int) -> bytes:
    """The key under which a block's tries have their transaction or receipt of a number."""
    return rlp(_whole(index))


def prove_logs(rpc: Rpc, store: Store, chain: int, contracts: Mapping[Address, str]) -> Iterator[Finding]:
    """Every stored block against its own header and receipts; yields what is not so.

    Args:
        rpc: A node that knows the blocks.
        store: What was indexed.
        chain: Chain id.
        contracts: Contract's name by its address.
    """
    suite = addresses(contracts)
    known = {number: list(group) for number, group in groupby(store.raw_logs(chain), key=lambda log: log.block)}
    cursor = store.cursor(chain)
    below = cursor.number + 1 if cursor else 0
    while headers := store.headers_down(chain, below, 200):
        below = headers[-1].number
        hashes = [f"0x{header.hash.hex()}" for header in headers]
        blocks = rpc.batch([("eth_getBlockByHash", [one, False]) for one in hashes])
        receipts = rpc.batch([("eth_getBlockReceipts", [one]) for one in hashes])
        for header, block, its_receipts in zip(headers, blocks, receipts, strict=True):
            if not block or isinstance(block, NodeError) or its_receipts is None or isinstance(its_receipts, NodeError):
                yield Finding(header.number, None, None, "the node has no such block, or not its receipts")
            elif header_hash(block) != header.hash:
                yield Finding(header.number, None, None, "the node's header does not have the block's hash")
            elif receipts_root(its_receipts) != bytes.fromhex(block["receiptsRoot"][2:]):
                yield Finding(header.number, None, None, "the node's receipts are not those of the block")
            else:
                yield from _compare(header.number, known.get(header.number, []), its_receipts, suite)


def _compare(
    number: int, stored: Sequence[RawLog], receipts: Sequence[Mapping[str, Any]], suite: Mapping[bytes, str]
) -> Iterator[Finding]:
    real = []
    index = 0
    for receipt in receipts:
        for log in receipt["logs"]:
            address = bytes.fromhex(log["address"][2:])
            if address in suite:
                topics = b"".join(bytes.fromhex(topic[2:]) for topic in log["topics"])
                data = bytes.fromhex(log["data"][2:])
                real.append((index, bytes.fromhex(receipt["transactionHash"][2:]), address, topics, data))
            index += 1
    have = {log.log_index: (log.transaction, log.address, log.topics, log.data) for log in stored}
    true = {place: tuple(rest) for place, *rest in real}
    for place in sorted({*have, *true}):
        if have.get(place) == true.get(place):
            continue
        if place not in have:
            what = "the block has this log, the store has not"
        elif place not in true:
            what = "the store has a log that the block has not"
        else:
            names = ("transaction", "address", "topics", "data")
            differ = [name for name, a, b in zip_longest(names, have[place], true[place]) if a != b]
            what = f"the stored log is not the block's: {', '.join(differ)}"
        transaction = (true.get(place) or have[place])[0]
        yield Finding(number, place, f"0x{bytes(transaction).hex()}", what)


def _receipt(receipt: Mapping[str, Any]) -> bytes:
    logs: list[Rlp] = [
        (
            bytes.fromhex(log["address"][2:]),
            tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]),
            bytes.fromhex(log["data"][2:]),
        )
        for log in receipt["logs"]
    ]
    status = receipt.get("status")
    first = _whole(int(status, 16)) if status is not None else bytes.fromhex(receipt["root"][2:])
    body = rlp([first, _whole(int(receipt["cumulativeGasUsed"], 16)), bytes.fromhex(receipt["logsBloom"][2:]), logs])
    kind = int(receipt.get("type") or "0x0", 16)
    return bytes([kind]) + body if kind else body


def _node(pairs: Sequence[tuple[list[int], bytes]], at: int) -> Rlp:
    """The node over sorted pairs whose keys agree up to `at`."""
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return [_path(first[at:], leaf=True), pairs[0][1]]
    shared = at
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    if shared > at:
        return [_path(first[at:shared], leaf=False), _embedded(_node(pairs, shared))]
    branch: list[Rlp] = [b""] * 17
    for key, value in pairs:
        if len(key) == at:
            branch[16] = value
    longer = [pair for pair in pairs if len(pair[0]) > at]
    for nibble, group in groupby(longer, key=lambda pair: pair[0][at]):
        branch[nibble] = _embedded(_node(list(group), at + 1))
    return branch


def _embedded(node: Rlp) -> Rlp:
    """A node inside another: itself when it is short, else its hash."""
    encoded = rlp(node)
    return node if len(encoded) < 32 else keccak(encoded)


def _path(nibbles: Sequence[int], *, leaf: bool) -> bytes:
    flag = 2 * leaf + len(nibbles) % 2
    padded = [flag, *nibbles] if len(nibbles) % 2 else [flag, 0, *nibbles]
    return bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True))


def _whole(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _length(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    size = _whole(length)
    return bytes([offset + 55 + len(size)]) + size
