"""The same figures as the contracts compute, off the chain and to the last digit: emissions and free allocation.

Factors are decimal numbers with up to 18 places (`"2.5"`, `Decimal`, int); a float is refused. Every product is exact
and rounded once, at the end.
"""

from carbon_sdk.methods.allocation import Explanation, Term, compute_allocation, explain_allocation, formula_inputs
from carbon_sdk.methods.emissions import Combustion, Process

__all__ = [
    "Combustion",
    "Explanation",
    "Process",
    "Term",
    "compute_allocation",
    "explain_allocation",
    "formula_inputs",
]
