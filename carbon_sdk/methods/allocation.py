"""Free allocation, as `contracts/allocation/AllocationFormula.sol` computes it.

quantity = round( sum over terms (level x benchmark x factor) x product of factors )
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carbon_sdk.contracts.generated.enums import Method, Rounding
from carbon_sdk.contracts.generated.structs import Inputs
from carbon_sdk.contracts.generated.structs import Term as Words
from carbon_sdk.errors import InputError
from carbon_sdk.methods.fixed_point import factor, rounded
from carbon_sdk.units import Quantity, Tonnes

EMISSIONS = "emissions"
MOST_TERMS = 8
_TERM_PLACES = 3


@dataclass(frozen=True, slots=True)
class Term:
    """One product of an installation, or its emissions.

    Attributes:
        subject: `emissions`, or the product's name: which baseline.
        benchmark: Tonnes CO2e a unit of the product; 1 for emissions.
        factor: Of this term only, such as exposure to carbon leakage.
    """

    subject: str = EMISSIONS
    benchmark: Quantity = 1
    factor: Quantity = 1


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure, step by step.

    Attributes:
        quantity: Whole tonnes.
        steps: Each term, their sum, then the product after each factor; 18 decimals, cut off.
    """

    quantity: Tonnes
    steps: tuple[int, ...]


def formula_inputs(
    terms: Sequence[Term], factors: Sequence[Quantity] = (), rounding: Rounding = Rounding.NEAREST
) -> Inputs:
    """What the contract is told; the method follows from the terms' subjects.

    Raises:
        FloatRefused: A factor is a float.
        InputError: No terms or too many, emissions beside products, or a benchmark for emissions.
    """
    if not terms or len(terms) > MOST_TERMS or len(factors) > MOST_TERMS:
        raise InputError(f"Give 1 to {MOST_TERMS} terms and at most {MOST_TERMS} factors.")
    historical = any(term.subject == EMISSIONS for term in terms)
    if historical and len(terms) > 1:
        raise InputError("Emissions stand alone: give one term, or products only.")
    words = tuple(
        Words(_label(term.subject), factor(term.benchmark, "benchmark"), factor(term.factor, "factor"))
        for term in terms
    )
    if historical and words[0].benchmark != factor(1, "benchmark"):
        raise InputError(f"Emissions have no benchmark: it must be 1, not {terms[0].benchmark}.")
    return Inputs(
        Method.HISTORICAL if historical else Method.BENCHMARK,
        rounding,
        words,
        tuple(factor(item, "factor") for item in factors),
    )


def compute_allocation(levels: Sequence[int], inputs: Inputs) -> Tonnes:
    """Whole tonnes. Levels by term, in units of 10^-18. Raises InputError as the contract refuses."""
    return explain_allocation(levels, inputs).quantity


def explain_allocation(levels: Sequence[int], inputs: Inputs) -> Explanation:
    """The figure step by step, as the contract explains it. Raises InputError as the contract refuses."""
    if len(levels) != len(inputs.terms):
        raise InputError(f"There are {len(levels)} levels for {len(inputs.terms)} terms.")
    steps: list[int] = []
    total = 0
    for level, term in zip(levels, inputs.terms, strict=True):
        part = level * term.benchmark * term.factor
        steps.append(rounded(part, _TERM_PLACES - 1, Rounding.DOWN))
        total += part
    places = _TERM_PLACES
    steps.append(rounded(total, places - 1, Rounding.DOWN))
    for item in inputs.factors:
        total *= item
        places += 1
        steps.append(rounded(total, places - 1, Rounding.DOWN))
    quantity = rounded(total, places, inputs.rounding)
    if quantity >= 1 << 64:
        raise InputError(f"The quantity {quantity} t is above what the contracts issue.")
    return Explanation(Tonnes(quantity), tuple(steps))


def _label(subject: str) -> bytes:
    if not subject.isascii() or not 1 <= len(subject) <= 32:
        raise InputError(f"{subject!r} is no subject: give 1 to 32 ASCII characters.")
    return subject.encode().ljust(32, b"\0")
