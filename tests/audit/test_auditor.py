"""The replay equals the contracts; three injected faults are each found and located."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from carbon_sdk.audit.auditor import Auditor, ChainMovedOn
from carbon_sdk.audit.decode import Abi, Decoders
from carbon_sdk.audit.indexer import Indexer
from carbon_sdk.audit.receipts import prove_logs, trie_root
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.store import Store, logs
from carbon_sdk.audit.vouchers import Anchor, certificate, check
from carbon_sdk.identifiers import Side, keccak
from tests.audit.market_chain import MONEY, UNITS, MarketChain, trade_at_random

TRANSFER = f"0x{keccak(b'TransferSingle(address,address,address,uint256,uint256)').hex()}"


class Lying:
    """A node that changes one log and is honest otherwise."""

    def __init__(self, rpc: Any, transaction: str, log_index: str) -> None:
        self._rpc, self._lie = rpc, (transaction, log_index)

    def request(self, method: str, *parameters: Any) -> Any:
        answer = self._rpc.request(method, *parameters)
        return [self._changed(log) for log in answer] if method == "eth_getLogs" else answer

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [
            [self._changed(log) for log in answer] if method == "eth_getLogs" and isinstance(answer, list) else answer
            for (method, _), answer in zip(calls, self._rpc.batch(calls), strict=True)
        ]

    def _changed(self, log: dict[str, Any]) -> dict[str, Any]:
        if (log["transactionHash"], log["logIndex"]) != self._lie:
            return log
        value = int(log["data"][-64:], 16)
        return {**log, "data": f"{log['data'][:-64]}{value + 1:064x}"}


def audited(chain: MarketChain, abis: dict[str, Abi], rpc: Any = None, store: Store | None = None) -> AuditReport:
    store = store or indexed(chain, abis, rpc)
    return Auditor(chain.rpc, store, chain.contracts, abis).run()


def indexed(chain: MarketChain, abis: dict[str, Abi], rpc: Any = None) -> Store:
    store = Store(":memory:", Decoders(abis))
    Indexer(rpc or chain.rpc, store, chain.contracts).sync()
    return store


def transfers(chain: MarketChain) -> list[dict[str, Any]]:
    """Transfers that changed something: one to oneself leaves no trace in any figure."""
    found = chain.rpc.request("eth_getLogs", {"address": chain.ledger, "topics": [TRANSFER], "fromBlock": "0x0"})
    return [log for log in found if log["topics"][2] != log["topics"][3]]


def test_audit__random_acts__equals_the_contracts(chain: MarketChain, abis: dict[str, Abi]) -> None:
    report = audited(chain, abis)
    assert report.ok, report.lines()
    assert report.compared > 200
    assert set(report.checks) >= {
        "balances",
        "encumbrances",
        "frozen",
        "orders",
        "levels",
        "queues",
        "vouchers",
        "roles",
    }


@pytest.mark.parametrize("seed", [2, pytest.param(3, marks=pytest.mark.full), pytest.param(4, marks=pytest.mark.full)])
def test_audit__more_acts_on_the_same_chain__equals_again(chain: MarketChain, abis: dict[str, Abi], seed: int) -> None:
    store = indexed(chain, abis)
    trade_at_random(chain, 150, seed)
    Indexer(chain.rpc, store, chain.contracts).sync()
    report = audited(chain, abis, store=store)
    assert report.ok, report.lines()


def test_audit__node_that_lies_in_one_log__located_in_its_transaction(chain: MarketChain, abis: dict[str, Abi]) -> None:
    honest = transfers(chain)
    for log in (honest[len(honest) // 3], honest[-1]):
        report = audited(chain, abis, rpc=Lying(chain.rpc, log["transactionHash"], log["logIndex"]))
        assert not report.ok
        assert report.discrepancies
        assert log["transactionHash"] in {one.first.transaction for one in report.discrepancies if one.first}


def test_audit__contract_that_credits_wrongly__told_with_account_and_transaction(
    chain: MarketChain, abis: dict[str, Abi]
) -> None:
    account = chain.accounts[2]
    slot = holding_slot(account, int(UNITS))
    before = int(chain.rpc.request("eth_getStorageAt", chain.ledger, slot, "latest"), 16)
    chain.rpc.request("anvil_setStorageAt", chain.ledger, slot, f"0x{before + 3:064x}")
    chain.mine()
    report = audited(chain, abis)
    wrong = [one for one in report.discrepancies if one.group == "balances"]
    assert [one.about.split(" in ")[0] for one in wrong] == [f"balance of {account}"]
    assert int(str(wrong[0].on_chain)) == int(str(wrong[0].folded)) + 3
    assert wrong[0].last is not None
    assert "says" in str(wrong[0])


def test_audit__row_changed_in_the_store__located(chain: MarketChain, abis: dict[str, Abi]) -> None:
    store = indexed(chain, abis)
    with store.engine.begin() as connection:
        row = connection.execute(
            sa.select(logs)
            .where(sa.func.substr(logs.c.topics, 1, 32) == bytes.fromhex(TRANSFER[2:]))
            .offset(40)
            .limit(1)
        ).one()
        data = row.data[:-1] + bytes([row.data[-1] ^ 1])
        this = (logs.c.block == row.block) & (logs.c.log_index == row.log_index)
        connection.execute(sa.update(logs).where(this).values(data=data))
    report = audited(chain, abis, store=store)
    assert f"0x{row.transaction.hex()}" in {finding.transaction for finding in report.findings}
    assert report.discrepancies


@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_prove__any_altered_log__named(chain: MarketChain, abis: dict[str, Abi], place: float) -> None:
    found = chain.rpc.request("eth_getLogs", {"address": chain.ledger, "topics": [TRANSFER], "fromBlock": "0x0"})
    log = found[int((len(found) - 1) * place)]
    store = indexed(chain, abis, Lying(chain.rpc, log["transactionHash"], log["logIndex"]))
    assert not list(prove_logs(chain.rpc, indexed(chain, abis), store.only_chain(), chain.contracts))
    findings = list(prove_logs(chain.rpc, store, store.only_chain(), chain.contracts))
    assert [(one.log_index, one.transaction) for one in findings] == [
        (int(log["logIndex"], 16), log["transactionHash"])
    ]
    assert "data" in findings[0].what


def test_trie__many_items__as_another_library_builds_it() -> None:
    rlp_library = pytest.importorskip("rlp")
    trie = pytest.importorskip("trie")
    for count in (0, 1, 2, 17, 128, 300):
        reference = trie.HexaryTrie({})
        items = {rlp_library.encode(i): bytes([i % 251]) * (i % 90 + 1) for i in range(count)}
        for key, value in items.items():
            reference[key] = value
        assert trie_root(items) == reference.root_hash


def test_audit__chain_that_moved_on__refused(chain: MarketChain, abis: dict[str, Abi]) -> None:
    args = (chain.accounts[0], int(MONEY), chain.accounts[1])
    chain.act(chain.keys[0], "InstrumentLedger", "safeTransferFrom", args[0], args[2], args[1], 5, b"")
    store = indexed(chain, abis)
    chain.rpc.request("anvil_reorg", 1, [])
    with pytest.raises(ChainMovedOn, match="Index again"):
        audited(chain, abis, store=store)
    Indexer(chain.rpc, store, chain.contracts).sync()
    assert audited(chain, abis, store=store).ok
    assert len(store.reorganisations(store.only_chain())) == 1


def test_report__json_table_html__hold_everything(chain: MarketChain, abis: dict[str, Abi]) -> None:
    log = transfers(chain)[-1]
    report = audited(chain, abis, rpc=Lying(chain.rpc, log["transactionHash"], log["logIndex"]))
    said = json.loads(json.dumps(report.as_json()), parse_float=lambda text: pytest.fail(f"float {text}"))
    assert said["ok"] is False
    assert said["discrepancies"][0]["lastTouched"]["transaction"].startswith("0x")
    assert "NOT equal" in report.html()
    from rich.console import Console

    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(report.table())
    assert "does NOT equal" in console.export_text()


def test_voucher__of_a_trade__certificate_against_the_contracts_own_root(
    chain: MarketChain, abis: dict[str, Abi]
) -> None:
    auditor = Auditor(chain.rpc, indexed(chain, abis), chain.contracts, abis)
    report = auditor.run()
    assert auditor.state
    series = auditor.state.vouchers.series[chain.book, 1]
    anchor = Anchor(
        report.chain,
        chain.book,
        1,
        len(series.mountains),
        series.mountains.root(),
        report.block,
        bytes.fromhex(report.block_hash[2:]),
    )
    for voucher in series.vouchers[:5]:
        assert voucher
        assert check(certificate(voucher, series.mountains, anchor), anchor, known=voucher) == []


def test_serials__of_a_sold_unit__its_life_from_issue_to_now(chain: MarketChain, abis: dict[str, Abi]) -> None:
    auditor = Auditor(chain.rpc, indexed(chain, abis), chain.contracts, abis)
    state = auditor.fold()
    sold = next(m for m in state.serials.journal[int(UNITS)] if m.act == "traded")
    life = state.serials.life_of(int(UNITS), sold.first)
    assert life[0].act == "issued"
    assert sold in life
    where, whose = state.serials.holder_of(int(UNITS), sold.first)
    assert where != "unknown"
    assert whose == life[-1].holder
    assert state.book.markets[1].best(Side.BUY) >= 0
    assert int(MONEY) not in state.serials.journal


def holding_slot(account: str, instrument: int) -> str:
    base = 0xAF9D6AE6AF9E049CE8306CC24C9400BA0BB14498D090F682397BC1C99D2CEF00 + 2  # the mapping `holdings`
    outer = keccak(bytes.fromhex(account[2:]).rjust(32, b"\0") + base.to_bytes(32, "big"))
    return f"0x{keccak(instrument.to_bytes(32, 'big') + outer).hex()}"
