"""Every way in which a contract can go wrong arrives as a typed exception."""

import pytest

from carbon_sdk.chain import catalogue
from carbon_sdk.chain.abi import codec_of
from carbon_sdk.chain.calls import Act, Function
from carbon_sdk.chain.reasons import reason_of, refusal_in
from carbon_sdk.chain.sender import Sender, send_many
from carbon_sdk.contracts.generated.authority import Authority
from carbon_sdk.contracts.generated.errors import (
    ERRORS,
    AccessManagedUnauthorized,
    InsufficientFree,
)
from carbon_sdk.errors import (
    NodeError,
    NotPermitted,
    OutOfGas,
    Panicked,
    RevertedSilently,
    RevertedWithReason,
    RuleBroken,
)
from carbon_sdk.identifiers import keccak
from tests.conftest import creation


class TooDeep(RuleBroken):
    error = "TooDeep"
    signature = "TooDeep(address,uint256,uint256)"
    selector = keccak(signature.encode())[:4]
    names = ("account", "asked", "left")
    meaning = "`account` has `left` tonnes left; `asked` were asked."


class Unwanted(RuleBroken):
    error = "Unwanted"
    signature = "Unwanted(uint256)"
    selector = keccak(signature.encode())[:4]
    names = ("value",)


class Empty(RuleBroken):
    error = "Empty"
    signature = "Empty()"
    selector = keccak(signature.encode())[:4]


@pytest.fixture(scope="module", autouse=True)
def known():
    for kind, types in ((TooDeep, ("address", "uint256", "uint256")), (Unwanted, ("uint256",)), (Empty, ())):
        catalogue.ERRORS[kind.selector] = (kind, codec_of(types))
    yield
    for kind in (TooDeep, Unwanted, Empty):
        del catalogue.ERRORS[kind.selector]


def function(signature, *outputs):
    inner = signature[signature.index("(") + 1 : -1]
    return Function.of(
        "Faulty", signature, [f"a{i}" for i in range(inner.count(",") + bool(inner))], outputs, lambda v: v
    )


@pytest.fixture
def faulty(sender, compiled):
    authority = sender.do(Authority.creation(sender.address)).receipt.created
    deeper = sender.do(creation(compiled("Faulty.sol", "Deeper"))).receipt.created
    arguments = codec_of(["address", "address"]).encode((authority, deeper), "")
    address = sender.do(creation(compiled("Faulty.sol", "Faulty"), arguments)).receipt.created
    return lambda signature, *values, gas=None: _limited(function(signature).act(address, *values), gas)


def _limited(act, gas):
    return Act(act.to, act.data, act.function, act.arguments, gas=gas)


CASES = [
    ("note(uint256,string,uint8)", (13, "", 0), Unwanted, "13"),
    ("nested(uint256)", (12,), TooDeep, "12 were asked"),
    ("empty()", (), Empty, "Empty"),
    ("reason()", (), RevertedWithReason, "no more tonnes"),
    ("silent()", (), RevertedSilently, "without a reason"),
    ("strange()", (), RevertedSilently, "deadbeef"),
    ("overflow(uint256)", (0,), Panicked, "0x11"),
    ("assertion(bool)", (False,), Panicked, "assertion"),
]


@pytest.mark.parametrize(("signature", "values", "error", "words"), CASES)
@pytest.mark.parametrize("way", ["simulation", "estimation", "sending", "mined"])
def test_refusal__each_kind_each_way__typed(chain, sender, faulty, way, signature, values, error, words):
    act = faulty(signature, *values)

    def mined():
        [outcome] = send_many(chain, [(sender.signer, act)], gas=200_000)
        raise outcome.error

    ways = {
        "simulation": lambda: sender.simulate(act),
        "estimation": lambda: chain.estimate(act, sender.address),
        "sending": lambda: sender.do(act),
        "mined": mined,
    }
    with pytest.raises(error, match=words) as caught:
        ways[way]()
    assert caught.value.sender == sender.address
    assert (caught.value.transaction_hash is not None) == (way == "mined")


def test_refusal__out_of_gas__before_and_after(chain, sender, faulty):
    with pytest.raises(OutOfGas):
        sender.do(faulty("burn()", gas=100_000))
    [outcome] = send_many(chain, [(sender.signer, faulty("burn()"))], gas=100_000)
    assert isinstance(outcome.error, OutOfGas)
    assert outcome.error.transaction_hash


def test_refusal__invalid_opcode__silent(sender, faulty):
    with pytest.raises(RevertedSilently):
        sender.do(faulty("invalid()"))


def test_refusal__restricted__not_permitted_with_who(stranger, faulty):
    with pytest.raises(AccessManagedUnauthorized, match="role") as caught:
        stranger.do(faulty("guarded()"))
    assert isinstance(caught.value, NotPermitted)
    assert caught.value.caller == stranger.address
    assert caught.value.exit_code == 2


def test_refusal__only_in_the_block__reason_found(chain, clock, sender, keys, faulty):
    """What the simulation could not see: another's transaction came between."""
    other = Sender(chain, keys[1])
    prepared = sender.prepare(faulty("noteAfter(uint256,uint256)", 0, 5))
    other.do(faulty("note(uint256,string,uint8)", 9, "", 0))
    with pytest.raises(Unwanted) as caught:
        sender.submit(prepared)
    assert caught.value.arguments == {"value": 9}
    assert caught.value.transaction_hash == prepared.hash


def test_refusal__nothing_sent__nonce_unused(chain, sender, faulty):
    before = chain.block_number()
    with pytest.raises(Unwanted):
        sender.do(faulty("note(uint256,string,uint8)", 13, "", 0))
    assert chain.block_number() == before
    sender.do(faulty("note(uint256,string,uint8)", 1, "", 0))


REVERT = (
    InsufficientFree.selector.hex()
    + codec_of(["address", "uint256", "uint256", "uint256"]).encode(("0x" + "11" * 20, 7, 5, 10), "").hex()
)


@pytest.mark.parametrize(
    "error",
    [
        NodeError(3, "execution reverted", "0x" + REVERT),
        NodeError(-32000, "execution reverted", "0x" + REVERT),
        NodeError(-32015, "VM execution error.", "Reverted 0x" + REVERT),
        NodeError(-32603, "Error: VM Exception while processing transaction", {"data": "0x" + REVERT}),
        NodeError(-32603, "revert", {"message": "x", "data": {"data": "0x" + REVERT, "message": "y"}}),
        NodeError(-32000, "VM Exception", {"0xabc": {"error": "revert", "return": "0x" + REVERT}}),
        NodeError(3, "execution reverted: custom error 0x" + REVERT),
    ],
)
def test_refusal__error_shapes_of_other_clients__same_exception(error):
    found = refusal_in(error)
    assert isinstance(found, InsufficientFree)
    assert (found.free, found.needed) == (5, 10)
    assert "has 5 units" in str(found)


def test_refusal__node_errors_that_no_contract_caused__are_not_refusals():
    for code, message in ((-32000, "nonce too low"), (-32000, "insufficient funds"), (-32601, "Method not found")):
        assert refusal_in(NodeError(code, message)) is None


def test_refusal__geth_text_only__reason():
    found = refusal_in(NodeError(3, "execution reverted: no more tonnes"))
    assert isinstance(found, RevertedWithReason)
    assert found.reason == "no more tonnes"


def test_advice__every_error_of_every_contract__has_some():
    missing = [kind.signature for kind, _ in ERRORS.values() if not kind.advice]
    assert not missing, f"add to carbon_sdk/contracts/advice.py: {missing}"


def test_errors__each__reads_its_own_arguments():
    defaults = {"address": "0x" + "22" * 20, "bool": True, "string": "text", "bytes": b"data", "bytes[]": (b"x",)}
    for selector, (kind, codec) in ERRORS.items():
        inner = kind.signature[kind.signature.index("(") + 1 : -1]
        types = [part for part in inner.split(",") if part]
        values = tuple(defaults[t] if t in defaults else 1 if "int" in t else b"\1" * int(t[5:]) for t in types)
        found = reason_of(selector + codec.encode(values, ""))
        assert type(found) is kind
        assert tuple(found.arguments.values()) == tuple(values)
        assert kind.error in str(found)
