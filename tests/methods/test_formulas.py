"""The SDK computes what the contracts compute, to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Function
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import Sender
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.base import contract_class
from carbon_sdk.contracts.generated.enums import Method, Rounding
from carbon_sdk.contracts.generated.structs import Inputs
from carbon_sdk.contracts.generated.structs import Term as Words
from carbon_sdk.errors import FloatRefused, InputError, Refused
from carbon_sdk.identifiers import Address
from carbon_sdk.methods import Combustion, Process, Term, explain_allocation, formula_inputs

KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
ONE = 10**18
HUGE = st.integers(0, 2**128 - 1)
USUAL = st.integers(0, 10**9 * ONE)
NUMBER = st.one_of(USUAL, HUGE, st.integers(0, 10))
SHARE = st.integers(0, ONE)
FACTOR = st.one_of(st.integers(0, 3 * ONE), HUGE)
SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def placed() -> Iterator[tuple[Chain, dict[str, Address]]]:
    from carbon_sdk.chain.calls import Act
    from carbon_sdk.contracts.base import artifact

    with Anvil() as anvil:
        chain = Chain(anvil.url)
        sender = Sender(chain, LocalSigner(KEY))
        addresses: dict[str, Address] = {}
        for name in ("Combustion", "Process", "AllocationFormula"):
            created = sender.do(Act(None, artifact(name).bytecode)).receipt.created
            assert created is not None
            addresses[name] = created
        yield chain, addresses


def exact(number: int) -> Decimal:
    return Decimal(f"{number}e-18")


def same(chain: Chain, at: Address, function: Function[int], mirror: Combustion | Process) -> None:
    try:
        expected: int | None = mirror.grams()
    except InputError:
        expected = None
    try:
        found: int | None = chain.read(function.on(at, mirror.inputs()))
    except Refused:
        found = None
    assert found == expected


@SETTINGS
@given(NUMBER, NUMBER, NUMBER, SHARE, SHARE)
def test_combustion__of_any_inputs__is_the_contracts(
    placed: tuple[Chain, dict[str, Address]], activity: int, ncv: int, factor: int, oxidation: int, biomass: int
) -> None:
    chain, at = placed
    mirror = Combustion(*map(exact, (activity, ncv, factor, oxidation, biomass)))
    assert mirror.numbers() == (activity, ncv, factor, oxidation, biomass)
    same(chain, at["Combustion"], contract_class("Combustion").EMISSIONS, mirror)  # type: ignore[attr-defined]


@SETTINGS
@given(NUMBER, NUMBER, SHARE)
def test_process__of_any_inputs__is_the_contracts(
    placed: tuple[Chain, dict[str, Address]], activity: int, factor: int, conversion: int
) -> None:
    chain, at = placed
    mirror = Process(*map(exact, (activity, factor, conversion)))
    same(chain, at["Process"], contract_class("Process").EMISSIONS, mirror)  # type: ignore[attr-defined]


@SETTINGS
@given(
    st.lists(st.tuples(NUMBER, FACTOR, FACTOR), min_size=1, max_size=4),
    st.lists(FACTOR, max_size=4),
    st.sampled_from(Rounding),
)
def test_allocation__of_any_inputs__is_explained_as_by_the_contract(
    placed: tuple[Chain, dict[str, Address]], terms: list[tuple[int, int, int]], factors: list[int], rounding: Rounding
) -> None:
    chain, at = placed
    subject = b"product".ljust(32, b"\0")
    words = tuple(Words(subject, benchmark, factor) for _, benchmark, factor in terms)
    inputs = Inputs(Method.BENCHMARK, rounding, words, tuple(factors))
    levels = [level for level, _, _ in terms]
    try:
        mirror = explain_allocation(levels, inputs)
        expected: tuple[int, tuple[int, ...]] | None = (mirror.quantity, mirror.steps)
    except InputError:
        expected = None
    explain = contract_class("AllocationFormula").EXPLAIN  # type: ignore[attr-defined]
    try:
        answer = chain.read(explain.on(at["AllocationFormula"], levels, inputs))
        found: tuple[int, tuple[int, ...]] | None = (answer.quantity, tuple(answer.steps))
    except Refused:
        found = None
    assert found == expected


def test_halves__are_rounded_up_once() -> None:
    assert Process("0.0000005", 1).grams() == 1
    assert Process("0.000000499999999999", 1).grams() == 0
    assert Combustion("1", "1", "1", "1", "1").grams() == 0


def test_inputs__that_cannot_be_meant__are_refused() -> None:
    with pytest.raises(FloatRefused):
        Combustion(1.5, 1, 1)  # type: ignore[arg-type]
    for bad in (("1e-19", 1), (-1, 1), (1, 1, "1.1"), (2**128, 1)):
        with pytest.raises(InputError):
            Process(*bad)  # type: ignore[arg-type]


def test_terms__that_do_not_fit__are_refused() -> None:
    for bad in ([], [Term()] * 2, [Term("a")] * 9, [Term(benchmark=2)], [Term("é")], [Term("a" * 33)]):
        with pytest.raises(InputError):
            formula_inputs(bad)
    with pytest.raises(FloatRefused):
        formula_inputs([Term()], [0.5])  # type: ignore[list-item]
    with pytest.raises(InputError, match="levels"):
        explain_allocation([], formula_inputs([Term()]))
    assert formula_inputs([Term()]).method is Method.HISTORICAL
    assert formula_inputs([Term("a", "0.7")], ["0.9"]).factors == (9 * 10**17,)
