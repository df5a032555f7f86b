"""The live audit finds each of three faults as it happens, and names its transaction."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

import pytest
import sqlalchemy as sa

from carbon_sdk.audit.decode import Abi, Decoders
from carbon_sdk.audit.store import Store, logs
from carbon_sdk.audit.watch import AuditWatch, Look, WebhookFailed, post
from carbon_sdk.errors import InputError, TransportError
from carbon_sdk.identifiers import keccak
from tests.audit.market_chain import UNITS, MarketChain
from tests.audit.test_auditor import Lying, holding_slot


class _Suite:
    """What the watch asks of a suite, for the chain of ledger and book alone."""

    def __init__(self, chain: MarketChain) -> None:
        contracts = {name: type("Item", (), {"address": at}) for at, name in chain.contracts.items()}
        self.chain = type("Chain", (), {"endpoint": chain.rpc, "id": 31337})
        self.deployment = type("Deployment", (), {"contracts": contracts, "block": 0, "chain_id": 31337})


def watch(chain: MarketChain, store: Store, source: Any = None, **options: Any) -> AuditWatch:
    return AuditWatch(cast(Any, _Suite(chain)), store, source, **options)


@pytest.fixture
def store(abis: dict[str, Abi]) -> Iterator[Store]:
    with Store(":memory:", Decoders(abis)) as opened:
        yield opened


def transfer(chain: MarketChain, amount: int = 7) -> str:
    """Of units; the hash of its transaction."""
    a, b = chain.accounts[3], chain.accounts[4]
    data = (a, b, int(UNITS), amount, b"")
    receipt = chain.act(chain.keys[3], "InstrumentLedger", "safeTransferFrom", *data)
    return str(receipt["transactionHash"])


def able(chain: MarketChain) -> None:
    """Accounts 3 and 4 may transfer, whatever random acts did to them before."""
    for account in chain.accounts[3:5]:
        chain.act(chain.registry, "InstrumentLedger", "setEligibility", account, (1, 2, 0, 1, 0, 2**40 - 1))
        chain.act(chain.admin, "InstrumentLedger", "setFrozenTokens", account, int(UNITS), 0)
        chain.act(chain.allocator, "InstrumentLedger", "issue", account, int(UNITS), 1_000, b"\x04" * 32)


def credit_too_much(chain: MarketChain, account: str) -> Callable[[], None]:
    """Let the ledger's code credit an account three tonnes too many at each transfer; its events stay right.

    What is put in the implementation's place runs the real one on the same storage, then adds.
    """
    slot = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc"
    real = f"0x{chain.rpc.request('eth_getStorageAt', chain.ledger, slot, 'latest')[-40:]}"
    code, elsewhere = chain.rpc.request("eth_getCode", real, "latest"), f"0x{b'elsewhere'.hex():0>40}"
    chain.rpc.request("anvil_setCode", elsewhere, code)
    selector = keccak(b"safeTransferFrom(address,address,uint256,uint256,bytes)")[:4].hex()
    run = f"363d3d373d3d363d73{elsewhere[2:]}5af43d600060003e"
    on_success = len(run) // 2 + 3 + 4
    add = f"7f{holding_slot(account, int(UNITS))[2:]}805460030190" + "55"
    head = f"5b60003560e01c63{selector}141560"
    end = on_success + len(head) // 2 + 2 + len(add) // 2
    wrong = f"0x{run}60{on_success:02x}573d6000fd{head}{end:02x}57{add}5b3d6000f3"
    chain.rpc.request("anvil_setCode", real, wrong)
    return lambda: chain.rpc.request("anvil_setCode", real, code)


# R-TRC-3
def test_watch__contract_that_credits_wrongly__located_in_that_very_transaction(
    chain: MarketChain, store: Store
) -> None:
    able(chain)
    live = watch(chain, store)
    first = live.look()
    assert first
    assert first.alarms == ()
    assert live.look() is None, "nothing is new"
    undo = credit_too_much(chain, chain.accounts[4])
    sent = transfer(chain)
    undo()
    transfer(chain)  # more happens before anybody looks
    look = live.look()
    assert look
    wrong = [one for one in look.report.discrepancies if one.group == "balances"]
    assert {one.first.transaction for one in wrong if one.first} == {sent}
    assert any(chain.accounts[4] in alarm and sent in alarm for alarm in look.alarms)
    chain.mine()
    again = live.look()
    assert again
    assert (again.alarms, again.report.ok) == ((), False), "told once, and still wrong"


def test_watch__node_that_lies_in_one_log__located(chain: MarketChain, store: Store) -> None:
    able(chain)
    sent = transfer(chain)
    receipt = chain.rpc.request("eth_getTransactionReceipt", sent)
    liar = Lying(chain.rpc, sent, receipt["logs"][-1]["logIndex"])
    look = watch(chain, store, liar, proofs=True).look()
    assert look
    assert sent in {finding.transaction for finding in look.report.findings}
    assert sent in {one.first.transaction for one in look.report.discrepancies if one.first}
    assert any(sent in alarm for alarm in look.alarms)


def test_watch__row_changed_in_the_store__located(chain: MarketChain, store: Store) -> None:
    able(chain)
    sent = transfer(chain)
    live = watch(chain, store)
    assert live.look()
    with store.engine.begin() as connection:
        this = logs.c.transaction == bytes.fromhex(sent[2:])
        row = connection.execute(sa.select(logs).where(this)).first()
        assert row
        changed = row.data[:-1] + bytes([row.data[-1] ^ 1])
        connection.execute(sa.update(logs).where(this, logs.c.log_index == row.log_index).values(data=changed))
    chain.mine()
    look = live.look()
    assert look
    assert sent in {finding.transaction for finding in look.report.findings}


def test_watch__reorganisation__is_followed_without_an_alarm(chain: MarketChain, store: Store) -> None:
    able(chain)
    live = watch(chain, store)
    assert live.look()
    chain.rpc.request("anvil_reorg", 3, [])
    chain.mine()
    look = live.look()
    assert look
    assert look.alarms == ()
    assert look.reorganisations


def test_watch__no_node__gives_up_when_patience_is_over(chain: MarketChain, store: Store) -> None:
    class Gone:
        def request(self, method: str, *parameters: Any) -> Any:
            raise TransportError("node", "gone")

        batch = request

    live = watch(chain, store, Gone(), every=0.001, patience=3)
    with pytest.raises(TransportError):
        next(live.looks())


def test_post__an_alarm__arrives_as_json(chain: MarketChain, store: Store) -> None:
    taken: list[dict[str, Any]] = []
    answers = [200, 500]

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    look = watch(chain, store).look()
    assert look
    look = Look(look.report, ("balance of somebody: wrong",))
    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/alarm"
    post(url, look)
    assert taken[0]["alarms"] == ["balance of somebody: wrong"]
    assert taken[0]["report"]["chain"] == 31337
    with pytest.raises(WebhookFailed, match="answered 500"):
        post(url, look)
    server.shutdown()
    server.server_close()
    with pytest.raises(WebhookFailed, match="cannot be told"):
        post(url, look)
    with pytest.raises(InputError, match="no address"):
        post("ftp://127.0.0.1/x", look)
