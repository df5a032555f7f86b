"""Proof bundles: transactions, balances, statuses and whole statements for whoever trusts a block's hash (R-TRC-1).

    content = prove_transaction(rpc, contracts, decoders, transaction)
    problems = check(content, [trusted_block_hash], decoders)          # asks nobody

A bundle is canonical JSON. Each block in it has its header, which must hash to the block's hash; a transaction has its
path from the header's transactions root, and the path of its receipt from the receipts root; a fact has its path from
the state root by the contract to a word of its storage. What the bundle says in words (events, balances, statuses) is
read from these bytes once more by whoever checks it, and must be the same. A block is trusted when its hash is, or when
a trusted block of the bundle names it as its parent.

A bundle of an account's statement has every transaction that the ledger tells of the account: what went in less what
went out must be what the ledger's storage holds, so that a transaction left out is found too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from carbon_sdk.audit.decode import Decoders, MalformedLog
from carbon_sdk.audit.forms import (
    BYTES_TEXT,
    HASH_TEXT,
    Problem,
    address_text,
    canonical,
    decimal,
    list_of,
    text,
    whole,
    wrong_form,
)
from carbon_sdk.audit.indexer import Rpc
from carbon_sdk.audit.receipts import header_rlp, index_key, receipts_of, trie_proof
from carbon_sdk.audit.state_proofs import (
    ProofInvalid,
    ProvenHeader,
    account_at,
    checked_header,
    decoded_rlp,
    header_of,
    mapping_slot,
    namespace_slot,
    trie_value,
    word_at,
)
from carbon_sdk.audit.store import Store
from carbon_sdk.errors import CarbonError, InputError, NodeError
from carbon_sdk.identifiers import Address, InstrumentId, checksummed, keccak

FORMAT = "carbon-proof/1"
MOST_BLOCKS = 10_000
"""From the first to the last block of a bundle: each one's header is in it, so that one hash is enough to trust."""

_BATCH = 200
_ACCOUNTS, _HOLDINGS, _OBLIGATIONS = 0, 2, 1
_ACCOUNT_STATUS = ("NONE", "ACTIVE", "SUSPENDED", "CLOSED")
_STATUS = ("NOT_APPLICABLE", "A", "B", "C", "EXCLUDED")
"""Members and enums of the contracts' storage; tests compare them with the compiler's layout."""


class BundleForged(CarbonError):
    """A bundle does not prove what it says.

    Attributes:
        problems: Everything that is wrong with it.
    """

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("The bundle proves nothing: " + "; ".join(map(str, problems)))


# WHAT STORAGE HOLDS


def units_slot(account: Address, instrument: int) -> int:
    """Where the ledger keeps what an account holds of an instrument (not of the main money)."""
    return mapping_slot(namespace_slot("carbon.storage.InstrumentLedger") + _HOLDINGS, account, int(instrument))


def account_slot(account: Address, instrument: int = 0) -> int:
    """Where the ledger keeps an account's standing and its main money."""
    return mapping_slot(namespace_slot("carbon.storage.InstrumentLedger") + _ACCOUNTS, account)


def obligation_slot(account: Address, instrument: int = 0) -> int:
    """Where an account's obligation and its compliance status are kept."""
    return mapping_slot(namespace_slot("carbon.storage.Obligations") + _OBLIGATIONS, account)


def _units(word: int) -> dict[str, Any]:
    return {
        "balance": str(_bits(word, 0, 96)),
        "encumbered": str(_bits(word, 96, 96)),
        "frozen": bool(_bits(word, 192, 1)),
    }


def _standing(word: int) -> dict[str, Any]:
    return {
        "balance": str(_bits(word, 0, 96)),
        "certificateUntil": _bits(word, 96, 40),
        "restrictions": _bits(word, 136, 16),
        "region": _bits(word, 152, 16),
        "kind": _bits(word, 200, 8),
        "status": _named(_ACCOUNT_STATUS, _bits(word, 208, 8)),
    }


def _obligation(word: int) -> dict[str, Any]:
    return {
        "emissions": str(_bits(word, 0, 48)),
        "surrendered": str(_bits(word, 48, 48)),
        "status": _named(_STATUS, _bits(word, 240, 8)),
        "restricts": _bits(word, 248, 8),
    }


_FACTS: dict[str, tuple[str, Callable[[Address, int], int], Callable[[int], dict[str, Any]]]] = {
    "units": ("InstrumentLedger", units_slot, _units),
    "account": ("InstrumentLedger", account_slot, _standing),
    "obligation": ("Obligations", obligation_slot, _obligation),
}
"""Fact → contract, slot, and what its word says."""


# MAKING


def prove_transaction(rpc: Rpc, contracts: Mapping[Address, str], decoders: Decoders, transaction: str) -> bytes:
    """The bundle of one transaction.

    Args:
        rpc: A node that knows the block's transactions and receipts.
        contracts: Contract's name by its address.
        decoders: What reads the logs.
        transaction: Its hash, `0x…`.

    Raises:
        InputError: The node knows no such transaction in a block.
        ProofInvalid: What the node gives does not fit together.
        NodeError: The node does not give raw transactions.
    """
    found = rpc.request("eth_getTransactionByHash", transaction)
    if not found or not found.get("blockNumber"):
        raise InputError(f"The node has no transaction {transaction} in a block.")
    block = _block(rpc, int(found["blockNumber"], 16))
    maker = _Maker(rpc, contracts, decoders)
    return maker.bundle([maker.block(block, [transaction])])


def prove_facts(
    rpc: Rpc,
    contracts: Mapping[Address, str],
    decoders: Decoders,
    facts: Sequence[tuple[str, Address, int]],
    block: int | None = None,
) -> bytes:
    """The bundle of words in the contracts' storage.

    Args:
        rpc: A node that knows the block's state.
        contracts: Contract's name by its address.
        decoders: What reads the logs.
        facts: (`units`, `account` or `obligation`, account, instrument); the instrument is 0 but for `units`. The
            `account` has the balance of the main money.
        block: Its number; None takes the last one.
    """
    number = int(rpc.request("eth_blockNumber"), 16) if block is None else block
    maker = _Maker(rpc, contracts, decoders)
    return maker.bundle([maker.block(_block(rpc, number), (), facts)])


def prove_statement(
    rpc: Rpc,
    store: Store,
    contracts: Mapping[Address, str],
    account: Address,
    main_money: int,
    *,
    chain: int | None = None,
) -> bytes:
    """The bundle of an account's whole statement, as of the store's last block.

    Args:
        rpc: A node that knows that block's state, and all blocks of the account's transactions.
        store: Read up to date; it finds the transactions.
        contracts: Contract's name by its address.
        account: Whose.
        main_money: The instrument that the ledger keeps beside the account's standing.
        chain: Chain id; None takes the store's only one.

    Raises:
        InputError: The account has no event, or too many blocks lie between its first one and the last.
    """
    number = store.only_chain() if chain is None else chain
    cursor = store.cursor(number)
    if cursor is None:
        raise InputError("The store is empty: index first.")
    word = bytes(12) + bytes.fromhex(account[2:])
    wanted: dict[int, dict[str, None]] = {}
    for log in store.raw_logs(number):
        if word in log.topics or word in log.data:
            wanted.setdefault(log.block, {})[f"0x{log.transaction.hex()}"] = None
    if not wanted:
        raise InputError(f"No event tells of {account}.")
    first, last = min(wanted), cursor.number
    if last - first >= MOST_BLOCKS:
        raise InputError(
            f"From block {first:,}, where {account} begins, to {last:,} there are more than {MOST_BLOCKS:,} blocks: "
            "prove its transactions one by one, and its balances."
        )
    maker = _Maker(rpc, contracts, store.decoders)
    blocks = []
    for start in range(first, last + 1, _BATCH):
        numbers = range(start, min(start + _BATCH, last + 1))
        for one in _blocks(rpc, numbers):
            at = int(one["number"], 16)
            blocks.append(maker.block(one, list(wanted.get(at, ()))))
    if blocks[-1]["hash"] != f"0x{cursor.hash.hex()}":
        raise InputError(f"Block {last} of the node is not the store's. Index again, then prove.")
    moved = _moves(blocks, account)
    facts: list[tuple[str, Address, int]] = [("account", account, main_money if main_money in moved else 0)]
    facts.extend(("units", account, instrument) for instrument in sorted(moved) if instrument != main_money)
    if "Obligations" in contracts.values():
        facts.append(("obligation", account, 0))
    blocks[-1]["state"] = maker.state(last, facts)
    return maker.bundle(blocks, account)


class _Maker:
    def __init__(self, rpc: Rpc, contracts: Mapping[Address, str], decoders: Decoders) -> None:
        self._rpc, self._contracts, self._decoders = rpc, dict(contracts), decoders
        self._used: dict[str, str] = {}

    def bundle(self, blocks: Sequence[Mapping[str, Any]], account: str = "") -> bytes:
        content = canonical({"format": FORMAT, "contracts": self._used, "statement": account, "blocks": list(blocks)})
        trusted = [bytes.fromhex(blocks[-1]["hash"][2:])]
        if problems := check(content, trusted, self._decoders):
            raise ProofInvalid("What the node gave proves nothing: " + "; ".join(map(str, problems)))
        return content

    def block(
        self,
        block: Mapping[str, Any],
        transactions: Sequence[str] = (),
        facts: Sequence[tuple[str, Address, int]] = (),
    ) -> dict[str, Any]:
        header = header_rlp(block)
        number = int(block["number"], 16)
        if f"0x{keccak(header).hex()}" != block["hash"]:
            raise ProofInvalid(f"The header of block {number} that the node gave does not have the block's hash.")
        return {
            "number": number,
            "hash": block["hash"],
            "timestamp": int(block["timestamp"], 16),
            "header": f"0x{header.hex()}",
            "transactions": self._transactions(block, transactions) if transactions else [],
            "state": self.state(number, facts) if facts else [],
        }

    def _transactions(self, block: Mapping[str, Any], wanted: Sequence[str]) -> list[dict[str, Any]]:
        hashes: list[str] = block["transactions"]
        answers = self._rpc.batch([("eth_getRawTransactionByHash", [one]) for one in hashes])
        raw = {}
        for i, answer in enumerate(answers):
            if isinstance(answer, NodeError):
                raise answer
            raw[index_key(i)] = bytes.fromhex(answer[2:])
        receipts = receipts_of(self._rpc.request("eth_getBlockReceipts", block["hash"]))
        found = []
        for one in sorted(wanted, key=hashes.index):
            index = hashes.index(one)
            key = index_key(index)
            status, logs = receipt_said(receipts[key])
            events = events_of(logs, self._contracts, self._decoders)
            self._used.update((event["address"], event["contract"]) for event in events)
            found.append(
                {
                    "index": index,
                    "hash": one,
                    "chain": chain_of(raw[key]),
                    "status": status,
                    "events": events,
                    "path": _hexed(trie_proof(raw, key)),
                    "receiptPath": _hexed(trie_proof(receipts, key)),
                }
            )
        return found

    def state(self, number: int, facts: Sequence[tuple[str, Address, int]]) -> list[dict[str, Any]]:
        at = {name: one for one, name in self._contracts.items()}
        found = []
        for fact, account, instrument in facts:
            name, slot, said = _FACTS[fact]
            if name not in at:
                raise InputError(f"There is no {name} among the contracts.")
            self._used[at[name]] = name
            proof = self._rpc.request("eth_getProof", at[name], [f"0x{slot(account, instrument):064x}"], hex(number))
            (word,) = proof["storageProof"]
            found.append(
                {
                    "fact": fact,
                    "contract": at[name],
                    "account": account,
                    "instrument": str(int(instrument)),
                    "value": said(int(word["value"], 16)),
                    "accountPath": proof["accountProof"],
                    "storagePath": word["proof"],
                }
            )
        return found


# CHECKING


def check(
    content: bytes,
    trusted: Iterable[bytes],
    decoders: Decoders,
    contracts: Mapping[Address, str] | None = None,
) -> list[Problem]:
    """Everything that is wrong with a bundle; empty when it proves what it says to who trusts these block hashes.

    Args:
        content: As it was handed over.
        trusted: Hashes of blocks that the verifier trusts. None of them: only the bundle's inner consistency is
            checked, and the verifier must compare the last block's hash with what it trusts.
        decoders: What reads the logs.
        contracts: The suite's, where the verifier knows it; else it must compare the bundle's `contracts` itself.
    """
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return [Problem("file", f"no JSON ({error})")]
    if problems := list(wrong_form("", document, _FORM)):
        return problems
    if canonical(document) != content:
        problems.append(Problem("file", "not in its canonical form: something was added, reordered or written twice"))
    if document["format"] != FORMAT:
        problems.append(Problem("format", f"{document['format']}, not {FORMAT}"))
    problems.extend(_check_contracts(document, contracts))
    problems.extend(_check_blocks(document["blocks"], set(trusted)))
    named = {Address(at): name for at, name in document["contracts"].items()}
    for i, block in enumerate(document["blocks"]):
        try:
            header = header_of(_raw(block["header"]))
        except ProofInvalid:
            continue  # already told
        last = -1
        for j, one in enumerate(block["transactions"]):
            if one["index"] <= last:
                problems.append(Problem(f"blocks[{i}].transactions[{j}].index", f"{one['index']} follows {last}"))
            last = one["index"]
            problems.extend(_check_transaction(f"blocks[{i}].transactions[{j}]", one, header, named, decoders))
        for j, one in enumerate(block["state"]):
            problems.extend(_check_state(f"blocks[{i}].state[{j}]", one, header, named))
            if one["fact"] != "units" and one["instrument"] != "0" and not document["statement"]:
                problems.append(Problem(f"blocks[{i}].state[{j}].instrument", "the storage does not say it: write 0"))
    if document["statement"] and not problems:
        problems.extend(_check_statement(document))
    return problems


def verify(
    content: bytes,
    trusted: Iterable[bytes],
    decoders: Decoders,
    contracts: Mapping[Address, str] | None = None,
) -> dict[str, Any]:
    """The document of a bundle that proves what it says. Raises BundleForged."""
    if problems := check(content, trusted, decoders, contracts):
        raise BundleForged(problems)
    document: dict[str, Any] = orjson.loads(content)
    return document


def _check_contracts(document: Mapping[str, Any], contracts: Mapping[Address, str] | None) -> Iterator[Problem]:
    used = {
        event["address"] for block in document["blocks"] for one in block["transactions"] for event in one["events"]
    }
    used |= {one["contract"] for block in document["blocks"] for one in block["state"]}
    for at, name in document["contracts"].items():
        if contracts is not None and contracts.get(Address(at)) != name:
            known = contracts.get(Address(at), "none of the suite")
            yield Problem(f"contracts.{at}", f"{name}; the deployment has there {known}")
        if at not in used:
            yield Problem(f"contracts.{at}", "nothing in the bundle is of this contract")


def _check_blocks(blocks: Sequence[Mapping[str, Any]], trusted: set[bytes]) -> Iterator[Problem]:
    if not blocks:
        yield Problem("blocks", "there is none")
        return
    linked: bytes | None = None  # what the block above names as its parent, if that block is trusted
    for i in range(len(blocks) - 1, -1, -1):
        block, where = blocks[i], f"blocks[{i}]"
        said = _raw(block["hash"])
        if trusted and said not in trusted and said != linked:
            yield Problem(f"{where}.hash", f"{block['hash']} is not trusted, and no trusted block names it as parent")
        header = yield from checked_header(block, _raw(block["header"]), f"{where}.header", where)
        if header is None:
            linked = None
            continue
        linked = header.parent
        if i and blocks[i - 1]["number"] != block["number"] - 1:
            yield Problem(f"{where}.number", f"{block['number']} does not follow {blocks[i - 1]['number']}")
        if i and _raw(blocks[i - 1]["hash"]) != header.parent:
            yield Problem(f"{where}.header", "its parent is not the block before it")


def _check_transaction(
    where: str,
    one: Mapping[str, Any],
    header: ProvenHeader,
    contracts: Mapping[Address, str],
    decoders: Decoders,
) -> Iterator[Problem]:
    key = index_key(one["index"])
    try:
        raw = trie_value(header.transactions_root, key, [_raw(node) for node in one["path"]])
        if raw is None:
            raise ProofInvalid("The block has no transaction of that number.")
        chain = chain_of(raw)
    except ProofInvalid as error:
        yield Problem(f"{where}.path", f"it does not lead to transaction {one['index']} of the block: {error}")
    else:
        if f"0x{keccak(raw).hex()}" != one["hash"]:
            yield Problem(f"{where}.hash", f"{one['hash']}; the transaction there is 0x{keccak(raw).hex()}")
        if chain != one["chain"]:
            yield Problem(f"{where}.chain", f"{one['chain']}; the transaction was signed for {chain}")
    try:
        encoded = trie_value(header.receipts_root, key, [_raw(node) for node in one["receiptPath"]])
        if encoded is None:
            raise ProofInvalid("The block has no receipt of that number.")
        status, logs = receipt_said(encoded)
        events = events_of(logs, contracts, decoders)
    except ProofInvalid as error:
        yield Problem(f"{where}.receiptPath", f"it does not lead to receipt {one['index']} of the block: {error}")
        return
    if status != one["status"]:
        yield Problem(f"{where}.status", f"{one['status']}; the receipt says {status}")
    given = one["events"]
    if len(given) != len(events):
        yield Problem(f"{where}.events", f"{len(given)} events; the receipt has {len(events)} of these contracts")
    for i, (said, true) in enumerate(zip(given, events, strict=False)):
        for name, value in true.items():
            if said[name] != value:
                yield Problem(f"{where}.events[{i}].{name}", f"{said[name]}; the receipt says {value}")


def _check_state(
    where: str, one: Mapping[str, Any], header: ProvenHeader, contracts: Mapping[Address, str]
) -> Iterator[Problem]:
    name, slot_of, said = _FACTS[one["fact"]]
    if contracts.get(Address(one["contract"])) != name:
        yield Problem(f"{where}.contract", f"{one['contract']} is not named as {name}, which knows this")
    try:
        account = account_at(header.state_root, Address(one["contract"]), [_raw(node) for node in one["accountPath"]])
    except ProofInvalid as error:
        yield Problem(f"{where}.accountPath", f"it does not lead from the header's state to the contract: {error}")
        return
    if account is None:
        yield Problem(f"{where}.contract", f"at that block there is nothing at {one['contract']}")
        return
    slot = slot_of(Address(one["account"]), int(one["instrument"]))
    try:
        word = word_at(account.storage_root, slot, [_raw(node) for node in one["storagePath"]])
    except ProofInvalid as error:
        yield Problem(f"{where}.storagePath", f"it does not lead to this fact of this account: {error}")
        return
    if (true := said(word)) != one["value"]:
        yield Problem(f"{where}.value", f"{one['value']}; the storage says {true}")


def _check_statement(document: Mapping[str, Any]) -> Iterator[Problem]:
    """What went in less what went out is what is there: so nothing that moves the account's balance was left out."""
    blocks, account = document["blocks"], document["statement"]
    moves = _moves(blocks, account)
    held: dict[int, int] = {}
    if [one["fact"] for one in blocks[-1]["state"]].count("account") != 1:
        yield Problem("statement", "the account's standing at the last block must be in it, once")
    for i, one in enumerate(blocks[-1]["state"]):
        if one["account"] != account:
            yield Problem(f"blocks[{len(blocks) - 1}].state[{i}].account", f"the statement is of {account}")
        elif one["fact"] == "obligation":
            if one["instrument"] != "0":
                yield Problem(f"blocks[{len(blocks) - 1}].state[{i}].instrument", "of none: write 0")
        elif one["fact"] == "account" and int(one["instrument"]) not in {*moves, 0}:
            yield Problem(f"blocks[{len(blocks) - 1}].state[{i}].instrument", "no transfer of the bundle is of it")
        elif int(one["instrument"]) in held:
            yield Problem(f"blocks[{len(blocks) - 1}].state[{i}].instrument", "twice")
        else:
            held[int(one["instrument"])] = int(one["value"]["balance"])
    for instrument in sorted({*moves, *held}):
        named = InstrumentId(instrument) if instrument else "the main money"
        if instrument not in held:
            yield Problem("statement", f"the balance of {named} at the last block is missing")
        elif moves[instrument] != held[instrument]:
            yield Problem(
                "statement",
                f"the transfers of {named} add up to {moves[instrument]}, the ledger holds {held[instrument]}: a "
                "transaction is missing",
            )


# WHAT THE BYTES SAY


def receipt_said(encoded: bytes) -> tuple[int, list[tuple[Address, bytes, bytes]]]:
    """Status and logs (address, topics, data) of an encoded receipt. Raises ProofInvalid."""
    fields = decoded_rlp(encoded if encoded[:1] >= b"\xc0" else encoded[1:], "the receipt")
    try:
        status, _, _, logs = fields
        found = [(checksummed(at.hex()), b"".join(topics), data) for at, topics, data in logs]
    except (TypeError, ValueError, AttributeError):
        raise ProofInvalid("The receipt is no receipt.") from None
    if len(status) > 1:
        raise ProofInvalid("The receipt tells no status: it is older than Byzantium.")
    return int.from_bytes(status, "big"), found


def chain_of(transaction: bytes) -> int:
    """The chain id that a raw transaction was signed for; 0 where it names none. Raises ProofInvalid."""
    legacy = transaction[:1] >= b"\xc0"
    fields = decoded_rlp(transaction if legacy else transaction[1:], "the transaction")
    if not isinstance(fields, list) or len(fields) < 9 or not all(isinstance(one, bytes) for one in fields[6:7]):
        raise ProofInvalid("The transaction is no transaction.")
    if not legacy:
        return int.from_bytes(fields[0], "big")
    v = int.from_bytes(fields[6], "big")
    return (v - 35) // 2 if v >= 35 else 0


def events_of(
    logs: Sequence[tuple[Address, bytes, bytes]], contracts: Mapping[Address, str], decoders: Decoders
) -> list[dict[str, Any]]:
    """The events of known contracts among a receipt's logs. Raises ProofInvalid for one that is not as its ABI says."""
    found = []
    for index, (at, topics, data) in enumerate(logs):
        contract = contracts.get(at)
        decoder = decoders.of(contract, topics[:32]) if contract else None
        if contract is None or decoder is None:
            continue
        try:
            args = decoder.as_json(topics, data)
        except MalformedLog as error:
            raise ProofInvalid(str(error)) from None
        found.append({"index": index, "address": at, "contract": contract, "event": decoder.name, "args": args})
    return found


def _moves(blocks: Sequence[Mapping[str, Any]], account: str) -> Counter[int]:
    """Instrument → what the ledger's transfers brought an account, less what they took."""
    net: Counter[int] = Counter()
    for block in blocks:
        for one in block["transactions"]:
            for event in one["events"]:
                if event["contract"] != "InstrumentLedger" or event["event"] not in _TRANSFERS:
                    continue
                args = event["args"]
                single = event["event"] == "TransferSingle"
                pairs = [(args["id"], args["value"])] if single else zip(args["ids"], args["values"], strict=True)
                for instrument, value in pairs:
                    if args["to"] == account:
                        net[int(instrument)] += int(value)
                    if args["from"] == account:
                        net[int(instrument)] -= int(value)
    return net


_TRANSFERS = ("TransferSingle", "TransferBatch")


def _block(rpc: Rpc, number: int) -> Mapping[str, Any]:
    return next(_blocks(rpc, [number]))


def _blocks(rpc: Rpc, numbers: Sequence[int]) -> Iterator[Mapping[str, Any]]:
    answers = rpc.batch([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
    for number, answer in zip(numbers, answers, strict=True):
        if isinstance(answer, NodeError):
            raise answer
        if not answer:
            raise InputError(f"The node has no block {number}.")
        yield answer


def _bits(word: int, at: int, size: int) -> int:
    return word >> at & ((1 << size) - 1)


def _named(names: Sequence[str], value: int) -> str:
    return names[value] if value < len(names) else str(value)


def _hexed(nodes: Iterable[bytes]) -> list[str]:
    return [f"0x{node.hex()}" for node in nodes]


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])


# THE FORM OF A BUNDLE


def _all(form: Mapping[str, Any], most: int) -> Callable[[Any], str]:
    """A list of objects of one form."""

    def wrong(value: Any) -> str:
        if not isinstance(value, list) or len(value) > most:
            return f"no list of at most {most}"
        for i, item in enumerate(value):
            if said := next(wrong_form(f"[{i}]", item, form), None):
                return str(said)
        return ""

    return wrong


def _contracts_form(value: Any) -> str:
    if not isinstance(value, dict) or len(value) > 200:
        return "no contracts by address"
    for at, name in value.items():
        if said := address_text(at) or _NAME(name):
            return said
    return ""


def _said_form(value: Any) -> str:
    return "" if isinstance(value, dict) else f"{value!r} is no object"


def _fact_form(value: Any) -> str:
    return "" if isinstance(value, str) and value in _FACTS else f"{value!r} is no fact: {', '.join(_FACTS)}"


def _account_form(value: Any) -> str:
    return "" if value == "" else address_text(value)


_NAME = text(re.compile(r"[A-Za-z][A-Za-z0-9]{0,60}"), "name")
_EVENT_FORM: dict[str, Any] = {
    "index": whole(32),
    "address": address_text,
    "contract": _NAME,
    "event": _NAME,
    "args": _said_form,
}
_TRANSACTION_FORM: dict[str, Any] = {
    "index": whole(32),
    "hash": HASH_TEXT,
    "chain": whole(64),
    "status": whole(8),
    "events": _all(_EVENT_FORM, 10_000),
    "path": list_of(BYTES_TEXT),
    "receiptPath": list_of(BYTES_TEXT),
}
_STATE_FORM: dict[str, Any] = {
    "fact": _fact_form,
    "contract": address_text,
    "account": address_text,
    "instrument": decimal(96),
    "value": _said_form,
    "accountPath": list_of(BYTES_TEXT),
    "storagePath": list_of(BYTES_TEXT),
}
_BLOCK_FORM: dict[str, Any] = {
    "number": whole(64),
    "hash": HASH_TEXT,
    "timestamp": whole(40),
    "header": BYTES_TEXT,
    "transactions": _all(_TRANSACTION_FORM, 10_000),
    "state": _all(_STATE_FORM, 1_000),
}
_FORM: dict[str, Any] = {
    "format": text(re.compile(r"[a-z0-9/-]{1,40}"), "format"),
    "contracts": _contracts_form,
    "statement": _account_form,
    "blocks": _all(_BLOCK_FORM, MOST_BLOCKS),
}

__all__ = [
    "FORMAT",
    "BundleForged",
    "account_slot",
    "check",
    "obligation_slot",
    "prove_facts",
    "prove_statement",
    "prove_transaction",
    "units_slot",
    "verify",
]
