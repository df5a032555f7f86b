"""What a contract's storage held at a block, proved against the block's hash and nothing else.

    header = header_of(encoded)                                    # its hash is to be one that the verifier trusts
    account = account_at(header.state_root, ledger, account_proof)
    word = word_at(account.storage_root, slot, storage_proof)

The nodes of a proof are checked from the root down, each by its hash: a node that is altered, missing or superfluous is
refused. A proof that a slot or an account is empty is verified too, and gives 0 or None.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple

from carbon_sdk.audit.forms import Problem
from carbon_sdk.audit.indexer import Rpc
from carbon_sdk.audit.receipts import EMPTY_ROOT, header_rlp, rlp
from carbon_sdk.errors import CarbonError
from carbon_sdk.identifiers import Address, keccak

_PARENT, _STATE_ROOT, _TRANSACTIONS_ROOT, _RECEIPTS_ROOT, _NUMBER, _TIMESTAMP = 0, 3, 4, 5, 8, 11
_LEAST_FIELDS = 15


class ProofInvalid(CarbonError):
    """A proof does not prove what it is for."""

    exit_code = 3


class ProvenHeader(NamedTuple):
    """What a header says, once its hash is trusted."""

    hash: bytes
    number: int
    timestamp: int
    state_root: bytes
    parent: bytes
    transactions_root: bytes
    receipts_root: bytes


class ProvenAccount(NamedTuple):
    """An account of the state."""

    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes


class StorageProof(NamedTuple):
    """One word of a contract at a block, with what proves it."""

    header: bytes
    """The block's header, RLP-encoded."""
    account: tuple[bytes, ...]
    """Nodes from the state root to the contract."""
    storage: tuple[bytes, ...]
    """Nodes from the contract's storage root to the slot."""


# WHERE THINGS LIE


def namespace_slot(namespace: str) -> int:
    """The first slot of an ERC-7201 namespace, such as `carbon.storage.InstrumentLedger`."""
    inner = int.from_bytes(keccak(namespace.encode()), "big") - 1
    return int.from_bytes(keccak(inner.to_bytes(32, "big")), "big") & ~0xFF


def mapping_slot(base: int, *keys: int | str) -> int:
    """The slot of a mapping's value; several keys for mappings of mappings. Keys are numbers or addresses."""
    for key in keys:
        word = int(key, 16) if isinstance(key, str) else key
        base = int.from_bytes(keccak(word.to_bytes(32, "big") + base.to_bytes(32, "big")), "big")
    return base


# ASKING


def fetch(rpc: Rpc, contract: Address, slot: int, block: int) -> StorageProof:
    """The proof of one word from a node that knows the block's state.

    Raises:
        ProofInvalid: The node's header is not the block's.
        NodeError: The node does not know that state, or gives no proofs.
    """
    found = rpc.request("eth_getBlockByNumber", hex(block), False)
    header = header_rlp(found)
    if keccak(header) != bytes.fromhex(found["hash"][2:]):
        raise ProofInvalid(f"The header of block {block} that the node gave does not have the block's hash.")
    proof: Mapping[str, Any] = rpc.request("eth_getProof", contract, [f"0x{slot:064x}"], hex(block))
    return StorageProof(header, _nodes(proof["accountProof"]), _nodes(proof["storageProof"][0]["proof"]))


# VERIFYING


def header_of(encoded: bytes) -> ProvenHeader:
    """Read a header. Raises ProofInvalid for what is none; whether its hash is to be trusted is the caller's to say."""
    fields = decoded_rlp(encoded, "the header")
    if not isinstance(fields, list) or len(fields) < _LEAST_FIELDS or not all(isinstance(one, bytes) for one in fields):
        raise ProofInvalid("The header is no header.")
    if any(len(fields[at]) != 32 for at in (_PARENT, _STATE_ROOT, _TRANSACTIONS_ROOT, _RECEIPTS_ROOT)):
        raise ProofInvalid("The header is no header.")
    return ProvenHeader(
        keccak(encoded),
        _number(fields[_NUMBER], "the header's number"),
        _number(fields[_TIMESTAMP], "the header's time"),
        fields[_STATE_ROOT],
        fields[_PARENT],
        fields[_TRANSACTIONS_ROOT],
        fields[_RECEIPTS_ROOT],
    )


def checked_header(
    block: Mapping[str, Any], encoded: bytes, header_at: str, block_at: str
) -> Generator[Problem, None, ProvenHeader | None]:
    """What of a block that a document names is not as its header says; returns the header, None where it is none.

    Args:
        block: Its `hash`, `number` and `timestamp` in the document.
        encoded: The header.
        header_at: Place of the header in the document, for problems.
        block_at: Place of the block.
    """
    if keccak(encoded) != bytes.fromhex(block["hash"][2:]):
        yield Problem(header_at, "it does not hash to the block's hash: one of them was altered")
    try:
        header = header_of(encoded)
    except ProofInvalid as error:
        yield Problem(header_at, str(error))
        return None
    for name, true in (("number", header.number), ("timestamp", header.timestamp)):
        if block[name] != true:
            yield Problem(f"{block_at}.{name}", f"{block[name]}; the header says {true}")
    return header


def account_at(state_root: bytes, account: Address, proof: Sequence[bytes]) -> ProvenAccount | None:
    """An account by its proof; None when it is proved that there is none. Raises ProofInvalid."""
    found = trie_value(state_root, keccak(bytes.fromhex(account[2:])), proof)
    if found is None:
        return None
    fields = decoded_rlp(found, "the account")
    if not isinstance(fields, list) or len(fields) != 4 or not all(isinstance(one, bytes) for one in fields):
        raise ProofInvalid("What the state has at the address is no account.")
    nonce, balance, storage_root, code_hash = fields
    return ProvenAccount(_number(nonce, "the nonce"), _number(balance, "the balance"), storage_root, code_hash)


def word_at(storage_root: bytes, slot: int, proof: Sequence[bytes]) -> int:
    """A word of storage by its proof; 0 when it is proved that nothing was written there. Raises ProofInvalid."""
    found = trie_value(storage_root, keccak(slot.to_bytes(32, "big")), proof)
    if found is None:
        return 0
    word = decoded_rlp(found, "the word")
    # anvil keeps a word in its trie that was written and is zero again; other clients take it out.
    if not isinstance(word, bytes) or len(word) > 32:
        raise ProofInvalid("What the storage has at the slot is no word.")
    return _number(word, "the word")


def trie_value(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The value of a key in a Merkle-Patricia trie; None when the proof shows that there is none.

    Args:
        root: Trusted.
        key: As the trie has it: for state and storage the hash of the address or slot.
        proof: Encoded nodes from the root down, no more and no less than lead to the key.

    Raises:
        ProofInvalid: A node is not the one that its parent names, is missing, superfluous, or no node.
    """
    nodes = list(proof)
    if root == EMPTY_ROOT and nodes in ([], [b"\x80"]):
        return None
    path = [nibble for byte in key for nibble in (byte >> 4, byte & 15)]
    at, used = 0, 0
    node: Any = root
    while True:
        if isinstance(node, bytes):  # a hash, or the empty end of a branch
            if not node:
                value = None
                break
            if used == len(nodes):
                raise ProofInvalid(f"Node {used} of the proof is missing.")
            if len(node) != 32 or keccak(nodes[used]) != node:
                raise ProofInvalid(f"Node {used} of the proof is not the one that the node above it names.")
            node = decoded_rlp(nodes[used], f"node {used} of the proof")
            used += 1
        elif used < len(nodes) and rlp(node) == nodes[used]:
            used += 1  # a short node lies inside the one above it; some clients give it once more
        if not isinstance(node, list) or len(node) not in (2, 17):
            raise ProofInvalid("A node of the proof is no node.")
        if len(node) == 17:
            if at == len(path):
                value = node[16] or None
                break
            node, at = node[path[at]], at + 1
            continue
        step, leaf = _steps(node[0])
        if path[at : at + len(step)] != step or (leaf and at + len(step) != len(path)):
            value = None  # another key lies here: this one is not there
            break
        at += len(step)
        if leaf:
            value = node[1]
            break
        node = node[1]
    if used != len(nodes):
        raise ProofInvalid(f"The proof has {len(nodes) - used} nodes too many.")
    if value is not None and not isinstance(value, bytes):
        raise ProofInvalid("A node of the proof is no node.")
    return value


def _steps(encoded: Any) -> tuple[list[int], bool]:
    """The nibbles of a leaf's or an extension's path, and whether it is a leaf's."""
    if not isinstance(encoded, bytes) or not encoded or encoded[0] >> 4 > 3:
        raise ProofInvalid("A node of the proof has no path.")
    nibbles = [nibble for byte in encoded for nibble in (byte >> 4, byte & 15)]
    odd = nibbles[0] & 1
    if not odd and nibbles[1]:
        raise ProofInvalid("A node of the proof has no path.")
    return nibbles[1 if odd else 2 :], nibbles[0] >= 2


def decoded_rlp(encoded: bytes, what: str) -> Any:
    """Bytes and lists of them from RLP. Raises ProofInvalid, which names `what`."""
    from rlp import decode
    from rlp.exceptions import DecodingError

    try:
        return _plain(decode(encoded))
    except (DecodingError, TypeError, RecursionError) as error:
        raise ProofInvalid(f"{what[0].upper()}{what[1:]} is no RLP: {error}.") from None


def _plain(item: Any) -> Any:
    return [_plain(part) for part in item] if isinstance(item, (list, tuple)) else bytes(item)


def _number(encoded: bytes, what: str) -> int:
    if encoded[:1] == b"\0":
        raise ProofInvalid(f"{what[0].upper()}{what[1:]} has zeros before it.")
    return int.from_bytes(encoded, "big")


def _nodes(said: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(node[2:]) for node in said)
