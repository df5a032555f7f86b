import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentClass, InstrumentId, OrderId, Side, address, keccak


def test_instrument__layout__is_that_of_the_contracts():
    uka = InstrumentId.of(InstrumentClass.ALLOWANCE, 826, 2024, 0, 3)
    assert uka == 1 << 80 | 826 << 64 | 2024 << 48 | 3
    assert (uka.kind, uka.scheme, uka.vintage, uka.project, uka.series) == (1, 826, 2024, 0, 3)
    assert str(uka) == "allowance/826/2024/0/3"


@given(st.sampled_from(list(InstrumentClass)[1:]), *[st.integers(0, (1 << bits) - 1) for bits in (16, 16, 32, 16)])
def test_instrument__text__there_and_back(kind, scheme, vintage, project, series):
    made = InstrumentId.of(kind, scheme, vintage, project, series)
    assert InstrumentId.parse(str(made)) == made == InstrumentId.parse(str(int(made)))


@pytest.mark.parametrize(
    "bad", ["", "x", "none/1/1/1/1", "credit/1/1/1", "credit/1/70000/1/1", "0", "1.5", str(9 << 80)]
)
def test_instrument__malformed__refused(bad):
    with pytest.raises(InputError):
        InstrumentId.parse(bad)


@given(*[st.integers(0, (1 << bits) - 1) for bits in (24, 1, 24, 32, 32)])
def test_order__text__there_and_back(market, side, tick, generation, index):
    made = OrderId.of(market, Side(side), tick, generation, index)
    assert (made.market, made.side, made.tick, made.generation, made.index) == (market, side, tick, generation, index)
    assert OrderId.parse(str(made)) == made


@pytest.mark.parametrize("bad", ["", "1/2", "1/up/3/4/5", "a/buy/1/1/1", "1/buy/1/1/x", "16777216/buy/1/1/1"])
def test_order__malformed__refused(bad):
    with pytest.raises(InputError):
        OrderId.parse(bad)


def test_address__checksum():
    good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert address(good.lower()) == good == address(bytes.fromhex(good[2:]))
    with pytest.raises(InputError, match="mistyped"):
        address(good.replace("5aAe", "5aae"))
    for bad in ("0x12", "", good[2:], good + "0"):
        with pytest.raises(InputError):
            address(bad)
    with pytest.raises(InputError):
        address(b"123")


def test_keccak__known_answer():
    assert keccak(b"").hex().startswith("c5d2460186f7233c")
