"""Endpoints, sending, receipts, the local chain."""

import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pytest
from eth_account import Account

from carbon_sdk.chain.anvil import Anvil, find_anvil
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.endpoint import CallableEndpoint, HttpEndpoint
from carbon_sdk.chain.sender import Sender, send_many
from carbon_sdk.chain.signers import EnvironmentSigner, KeystoreSigner, LocalSigner, Signer, create_keystore
from carbon_sdk.chain.transactions import Transaction, created_address, transaction_hash
from carbon_sdk.contracts.generated.authority import Authority
from carbon_sdk.contracts.generated.events import RoleGrantedOfAuthority as RoleGranted
from carbon_sdk.errors import (
    AnvilFailed,
    AnvilNotFound,
    InputError,
    MalformedData,
    NodeError,
    NotLocal,
    SignerError,
    TransportError,
    TransportTimeout,
)
from tests.conftest import KEYS

NOTHING = Act(to="0x" + "00" * 19 + "99", data=b"")


class FakeNode(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((body, dict(self.headers)))
        self.server.behave(self, body)

    def answer(self, content, status=200):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def fake():
    servers = []

    def start(behave):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FakeNode)
        server.behave, server.seen, server.daemon_threads = behave, [], True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        server.url = f"http://127.0.0.1:{server.server_port}"
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def ok(handler, body):
    if isinstance(body, list):
        handler.answer([{"jsonrpc": "2.0", "id": item["id"], "result": item["method"]} for item in reversed(body)])
    else:
        handler.answer({"jsonrpc": "2.0", "id": body["id"], "result": body["method"]})


def refuse(handler, body):
    handler.answer({"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32000, "message": "no"}}, 400)


def test_endpoint__nobody_there__one_sentence():
    with pytest.raises(TransportError, match="nothing listens there") as caught:
        HttpEndpoint("http://user:secret@127.0.0.1:1").request("eth_chainId")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("bad", ["", "localhost:8545", "ftp://x", "http://", "http://x:port"])
def test_endpoint__no_url__refused(bad):
    with pytest.raises(InputError):
        HttpEndpoint(bad)


def test_endpoint__first_is_down__second_answers(fake):
    endpoint = HttpEndpoint("http://127.0.0.1:1", fake(ok).url)
    assert endpoint.request("eth_chainId") == "eth_chainId"
    assert endpoint.url != "http://127.0.0.1:1"


def test_endpoint__node_refuses__no_failover(fake):
    second = fake(ok)
    with pytest.raises(NodeError, match="no"):
        HttpEndpoint(fake(refuse).url, second.url).request("eth_chainId")
    assert not second.seen


@pytest.mark.parametrize("status", [429, 500, 503])
def test_endpoint__gateway_fails__failover(fake, status):
    first, second = fake(lambda h, b: h.answer(b"<html>", status)), fake(ok)
    assert HttpEndpoint(first.url, second.url).request("a") == "a"


def test_endpoint__node_hangs__timeout(fake):
    slow = fake(lambda h, b: time.sleep(3))
    with pytest.raises(TransportTimeout):
        HttpEndpoint(slow.url, timeout=1).request("a")


def test_endpoint__batch__in_order_divided(fake):
    node = fake(ok)
    names = [f"m{i}" for i in range(250)]
    assert HttpEndpoint(node.url).batch([(name, ()) for name in names]) == names
    assert [len(body) for body, _ in node.seen] == [100, 100, 50]


def test_endpoint__batches_not_supported__one_by_one(fake):
    def picky(handler, body):
        if isinstance(body, list):
            handler.answer({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batches"}})
        else:
            ok(handler, body)

    assert HttpEndpoint(fake(picky).url).batch([("a", ()), ("b", ())]) == ["a", "b"]


def test_endpoint__connection_closed_between_requests__opened_again(fake):
    def once(handler, body):
        ok(handler, body)
        handler.close_connection = True

    endpoint = HttpEndpoint(fake(once).url)
    assert [endpoint.request("a") for _ in range(5)] == ["a"] * 5


def test_endpoint__credentials__sent_not_shown(fake):
    node = fake(ok)
    endpoint = HttpEndpoint(node.url.replace("//", "//me:secret@"))
    endpoint.request("a")
    assert node.seen[0][1]["Authorization"] == "Basic bWU6c2VjcmV0"
    assert "secret" not in endpoint.url


def test_endpoint__lent_by_another_library__works(anvil):
    from web3 import HTTPProvider

    provider = HTTPProvider(anvil.url)

    def send(method, parameters):
        answer = provider.make_request(method, parameters)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["result"]

    def refusal(error):
        details = error.args[0]
        return (details["code"], details["message"], details.get("data")) if isinstance(details, dict) else None

    chain = Chain(CallableEndpoint(send, anvil.url, refusal))
    assert chain.id == 31337
    with pytest.raises(NodeError, match="Method not found"):
        chain.endpoint.request("no_such_method")


def test_transaction__bytes__as_eth_account(keys):
    for to in ("0x" + "Ab" * 20, None):
        transaction = Transaction(
            31337, 5, Account.from_key(KEYS[1]).address if to else None, b"\x01" * 77, 10**6, 7, 3, 9
        )
        raw = keys[0].sign_transaction(transaction)
        peer = Account.from_key(KEYS[0]).sign_transaction(transaction.as_dict())
        assert raw == peer.raw_transaction
        assert transaction_hash(raw) == "0x" + peer.hash.hex().removeprefix("0x")


def test_sender__act__done_with_events(chain, sender, stranger):
    done = sender.do(Authority.creation(sender.address))
    assert done.receipt.created == created_address(sender.address, 0)
    granted = done.first(RoleGranted)
    assert (granted.role_id, granted.account) == (0, sender.address)
    authority = Authority(chain, done.receipt.created)
    sender.do(authority.grant_role(7, stranger.address, 0))
    assert authority.has_role(7, stranger.address) == (True, 0)
    assert chain.read_many([Authority.HAS_ROLE.on(authority.address, n, stranger.address) for n in (6, 7)]) == [
        (False, 0),
        (True, 0),
    ]
    with pytest.raises(MalformedData):
        done.first(type("Other", (RoleGranted,), {}))


@pytest.mark.parametrize("synchronous", [True, False])
def test_sender__threads__every_act_once(chain, keys, synchronous):
    chain.knows_synchronous_sending = synchronous
    before = chain.balance(NOTHING.to)
    sender = Sender(chain, keys[0])
    threads = [
        threading.Thread(target=lambda: [sender.do(Act(NOTHING.to, b"", value=1)) for _ in range(10)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert chain.balance(NOTHING.to) - before == 40


def test_sender__key_used_elsewhere_meanwhile__goes_on(chain, keys):
    first, second = Sender(chain, keys[0]), Sender(Chain(chain.endpoint), keys[0])
    for _ in range(3):
        first.do(NOTHING)
        second.do(NOTHING)


def test_sender__prepared_twice_submitted__one_transaction(chain, sender):
    prepared = sender.prepare(Act(NOTHING.to, b"", value=5))
    before = chain.balance(NOTHING.to)
    first = sender.submit(prepared)
    second = sender.submit(prepared)
    assert first.receipt == second.receipt
    assert chain.balance(NOTHING.to) - before == 5


def test_sender__answer_lost_while_sending__same_bytes_once(chain, keys):
    class Lossy:
        url = chain.url

        def __init__(self):
            self.lost = 0

        def request(self, method, *parameters):
            result = chain.endpoint.request(method, *parameters)
            if method.startswith("eth_sendRawTransaction") and not self.lost:
                self.lost += 1
                raise TransportError(self.url, "the connection was cut")
            return result

        def batch(self, calls):
            return chain.endpoint.batch(calls)

    before = chain.balance(NOTHING.to)
    done = Sender(Chain(Lossy()), keys[2]).do(Act(NOTHING.to, b"", value=3))
    assert done.receipt.succeeded
    assert chain.balance(NOTHING.to) - before == 3


def test_send_many__some_refused__the_others_done(chain, keys):
    acts = [(keys[i % 3], Act(NOTHING.to, b"", value=1)) for i in range(250)]
    acts[120] = (keys[0], Act(NOTHING.to, b"", value=10**30))  # more than it has
    outcomes = list(send_many(chain, acts, gas=50_000))
    assert [o.row for o in outcomes] == list(range(250))
    assert [o.row for o in outcomes if o.error] == [120]
    assert Sender(chain, keys[0]).do(NOTHING).receipt.succeeded


def test_send_many__while_mining_by_hand__all_in_blocks(chain, clock, keys):
    with clock.by_hand():
        stop = threading.Event()
        threading.Thread(
            target=lambda: [clock.mine() for _ in iter(lambda: stop.wait(0.05), True)], daemon=True
        ).start()
        outcomes = list(send_many(Chain(chain.endpoint), [(keys[0], NOTHING)] * 200, gas=30_000))
        stop.set()
    assert all(o.done for o in outcomes)


def test_clock__travel(chain, clock):
    then = clock.now() + 10_000
    clock.travel_to(then)
    assert chain.block().timestamp == then
    with pytest.raises(InputError):
        clock.travel_to(then)


def test_clock__real_chain__refused(fake):
    with pytest.raises(NotLocal):
        Clock(Chain(fake(ok).url))


def test_chain__no_contract_there__said(chain):
    with pytest.raises(MalformedData, match="no code"):
        Authority(chain, NOTHING.to).expiration()


def test_signers__keystore_and_environment(tmp_path, monkeypatch, keys):
    path = tmp_path / "keys" / "me.json"
    assert create_keystore(path, "secret", keys[0]) == keys[0].address
    assert path.stat().st_mode & 0o777 == 0o600
    signer = KeystoreSigner(path, lambda: "secret")
    assert signer.address == keys[0].address
    assert isinstance(signer, Signer)
    assert KEYS[0] not in repr(signer)
    with pytest.raises(SignerError, match="password"):
        KeystoreSigner(path, "wrong")
    with pytest.raises(SignerError, match="exists"):
        create_keystore(path, "x")
    with pytest.raises(SignerError, match="cannot be read"):
        KeystoreSigner(tmp_path / "none", "x")
    path.write_text("{}")
    with pytest.raises(SignerError, match="no keystore"):
        KeystoreSigner(path, "x")
    monkeypatch.setenv("CARBON_KEY", "0x" + KEYS[1])
    assert EnvironmentSigner().address == keys[1].address
    monkeypatch.setenv("CARBON_KEY", "rubbish")
    with pytest.raises(SignerError) as caught:
        EnvironmentSigner()
    assert "rubbish" not in str(caught.value)
    monkeypatch.delenv("CARBON_KEY")
    with pytest.raises(SignerError, match="not set"):
        EnvironmentSigner()
    for bad in (b"", b"\0" * 32, "ff" * 32, "zz"):
        with pytest.raises(SignerError):
            LocalSigner(bad)


def test_signers__typed_data__as_eth_account(keys):
    data = {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}],
            "Hello": [{"name": "who", "type": "address"}],
        },
        "primaryType": "Hello",
        "domain": {"name": "carbon"},
        "message": {"who": keys[1].address},
    }
    peer = Account.sign_typed_data(KEYS[0], full_message=data)
    assert keys[0].sign_typed_data(data) == bytes(peer.signature)


def test_anvil__state__found_by_the_next(tmp_path, keys):
    with Anvil(tmp_path / "chain") as first:
        done = Sender(Chain(first.url), keys[0]).do(Authority.creation(keys[0].address))
        genesis = Chain(first.url).block(0).hash
        with Anvil(tmp_path / "chain") as same:
            assert same.url == first.url
            assert not same.is_owner
        assert Chain(first.url).id == 31337
    with Anvil(tmp_path / "chain") as second:
        chain = Chain(second.url)
        assert chain.block(0).hash == genesis
        assert chain.code(done.receipt.created)
        assert chain.receipt(done.transaction_hash) == done.receipt
        assert len(list(chain.events())) == 1


@pytest.mark.parametrize("start", [1_609_750_800, None])
def test_anvil__started_again_and_again__keeps_its_first_block_and_its_clock(tmp_path, start):
    first_blocks, newest = set(), []
    for turn in range(4):
        with Anvil(tmp_path / "chain", timestamp=None if turn else start) as anvil:
            chain = Chain(anvil.url)
            first_blocks.add(chain.block(0).hash)
            if start and not turn:
                Clock(chain).travel_to(start + 400 * 86_400)
            chain.endpoint.request("evm_mine")
            newest.append(chain.block().timestamp)
    assert len(first_blocks) == 1
    assert newest == sorted(set(newest))
    by_hand = (start or int(time.time())) + (400 * 86_400 if start else 0)
    assert abs(newest[-1] - by_hand) < 120


def test_anvil__parent_killed__state_written_and_gone(tmp_path):
    script = (
        "import sys, time\nfrom carbon_sdk.chain.anvil import Anvil\n"
        f"a = Anvil({str(tmp_path / 'chain')!r}); print(a.url, flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."}
    )
    url = child.stdout.readline().strip()
    Chain(url).endpoint.request("anvil_mine", "0x5")
    time.sleep(0.5)  # anvil listens for signals only some moments after it answers
    child.send_signal(signal.SIGKILL)
    child.wait()
    with Anvil(tmp_path / "chain") as again:
        assert again.is_owner
        assert Chain(again.url).block_number() == 5


def test_anvil__does_not_start__last_words(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(AnvilFailed, match="unexpected argument"):
        Anvil(options=("--no-such-option",))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", [None, "chain"])
def test_anvil__stopped_after_many_blocks__their_states_are_off_the_disk(tmp_path, monkeypatch, folder):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with Anvil(folder and tmp_path / folder) as anvil:
        chain = Chain(anvil.url)
        chain.endpoint.request("anvil_mine", "0x800")
        assert list(tmp_path.rglob("anvil-state-*"))
        assert int(chain.endpoint.request("eth_getBalance", Account.from_key(KEYS[0]).address, "0x5"), 16)
    assert list(tmp_path.rglob("anvil-state-*")) == []
    assert list(temporary.iterdir()) == []


def test_anvil__states_left_by_a_killed_process__removed_those_of_a_living_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen(["true"])
    dead.wait()
    left, others = tmp_path / f"carbon-anvil-{dead.pid}-x", tmp_path / f"carbon-anvil-{os.getppid()}-y"
    for folder in (left, others):
        (folder / "anvil-state-1").mkdir(parents=True)
    with Anvil():
        assert not left.exists()
        assert others.exists()


def test_anvil__nowhere__says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_ANVIL", str(tmp_path / "none"))
    with pytest.raises(AnvilNotFound, match="CARBON_ANVIL"):
        find_anvil()
    monkeypatch.delenv("CARBON_ANVIL")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("carbon_sdk.chain.anvil._candidates", lambda: iter(()))
    with pytest.raises(AnvilNotFound, match="npm install"):
        find_anvil()
