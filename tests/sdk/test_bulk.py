"""Many acts at once: in order, whoever signs; told before they are sent; mined when the caller says so."""

import pytest

from carbon_sdk.chain import sender
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import Fees, send_many, submit_many
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.errors import InputError, NodeError

NOBODY = LocalSigner(b"\x07" * 32).address
GAS = 30_000


def nothing() -> Act[bytes]:
    return Act(NOBODY, b"", gas=GAS)


def funded(clock, count):
    signers = [LocalSigner(bytes(31) + bytes((7 + n,))) for n in range(count)]
    for signer in signers:
        clock.fund(signer.address)
    return signers


def test_send_many__keys_in_turn_in_one_block__mined_in_their_order(chain, clock):
    """anvil by itself mines what a key sent later after everybody's first: the bids keep the order."""
    signers = funded(clock, 3)
    turns = [signers[n] for n in (0, 1, 0, 2, 2, 1, 0, 0, 1, 2)]
    with clock.by_hand():
        outcomes = list(send_many(chain, [(one, nothing()) for one in turns], mine=clock.mine))
    places = [(outcome.receipt.block, outcome.receipt.position) for outcome in outcomes]
    assert places == sorted(places)
    assert len({block for block, _ in places}) == 1
    assert [outcome.receipt.sender for outcome in outcomes] == [one.address for one in turns]


def test_send_many__many_keys__asks_for_their_numbers_at_once(chain, clock, monkeypatch):
    signers = funded(clock, 20)
    asked = []
    request = chain.endpoint.request
    monkeypatch.setattr(chain.endpoint, "request", lambda method, *rest: asked.append(method) or request(method, *rest))
    assert all(outcome.done for outcome in send_many(chain, [(one, nothing()) for one in signers]))
    assert "eth_getTransactionCount" not in asked


def test_send_many__told_before_sending__has_the_bytes(chain, clock):
    (signer,) = funded(clock, 1)
    told = []

    def on_signed(batch):
        assert chain.receipt(batch[0].hash) is None
        told.append([(one.row, one.hash, one.raw) for one in batch])

    outcomes = list(send_many(chain, [(signer, nothing())] * 5, batch=2, on_signed=on_signed))
    assert [[row for row, _, _ in batch] for batch in told] == [[0, 1], [2, 3], [4]]
    assert [hash_ for batch in told for _, hash_, _ in batch] == [outcome.receipt.hash for outcome in outcomes]
    # The same bytes again are no second transaction.
    with pytest.raises(NodeError):
        chain.endpoint.request("eth_sendRawTransaction", f"0x{told[0][0][2].hex()}")


def test_send_many__a_failed_act__has_its_receipt(chain, clock):
    (signer,) = funded(clock, 1)
    wrong = Act(None, b"\xfe", gas=100_000)  # creation with an invalid opcode
    (outcome,) = send_many(chain, [(signer, wrong)])
    assert outcome.error is not None
    assert not outcome.receipt.succeeded
    assert outcome.receipt.gas_used > 21_000


def test_submit_many__handed_over__mined_later(chain, clock):
    signers = funded(clock, 4)
    with clock.by_hand():
        submitted = list(submit_many(chain, [(signers[n % 4], nothing()) for n in range(250)]))
        assert [one.row for one in submitted] == list(range(250))
        assert all(one.error is None and one.raw for one in submitted)
        assert chain.receipts([one.hash for one in submitted]) == [None] * 250
        clock.mine()
        assert all(receipt and receipt.succeeded for receipt in chain.receipts([one.hash for one in submitted]))


def test_submit_many__key_without_coin__is_an_error_of_its_row(chain, clock):
    (rich,) = funded(clock, 1)
    poor = LocalSigner(b"\x05" * 32)
    first, second, third = submit_many(chain, [(rich, nothing()), (poor, nothing()), (rich, nothing())])
    assert isinstance(second.error, NodeError)
    assert first.error is None
    assert third.error is None


def test_submit_many__where_gas_is_free__offers_nothing(monkeypatch):
    """A consortium's chain on which no key has any coin."""
    monkeypatch.setattr(sender, "_fees", lambda block, tip: Fees(0, 0))
    with Anvil(options=("--block-base-fee-per-gas", "0", "--no-priority-fee")) as anvil:
        chain = Chain(anvil.url)
        poor = LocalSigner(b"\x05" * 32)
        assert all(outcome.done for outcome in send_many(chain, [(poor, nothing())] * 3))


def test_submit_many__batch_of_nothing__is_refused(chain, clock):
    with pytest.raises(InputError):
        list(submit_many(Chain(chain.endpoint), [], batch=0))
