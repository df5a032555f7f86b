// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { FixedPoint, Rounding } from "../types/FixedPoint.sol";
import { IAllocationFormula } from "./IAllocationFormula.sol";

/// @title The formula of free allocation. Its manual is `IAllocationFormula`.
contract AllocationFormula is IAllocationFormula {
    bytes32 private constant _EMISSIONS = "emissions";
    uint256 private constant _MAX_TERMS = 8; // and factors
    uint256 private constant _TERM_PLACES = 3; // level, benchmark, factor: 18 decimals each

    /// @inheritdoc IAllocationFormula
    function compute(uint256[] calldata levels, Inputs calldata inputs) external pure returns (uint64 quantity) {
        (quantity,) = _compute(levels, inputs, false);
    }

    /// @inheritdoc IAllocationFormula
    function explain(uint256[] calldata levels, Inputs calldata inputs)
        external
        pure
        returns (uint64 quantity, uint256[] memory steps)
    {
        return _compute(levels, inputs, true);
    }

    /// @dev round(Σ (level x benchmark x factor) x Π factors): exact until the one rounding at the end.
    function _compute(uint256[] calldata levels, Inputs calldata inputs, bool explained)
        private
        pure
        returns (uint64 quantity, uint256[] memory steps)
    {
        uint256 terms = inputs.terms.length;
        uint256 factors = inputs.factors.length;
        require(levels.length == terms, LengthMismatch(levels.length, terms));
        require(
            terms != 0 && terms <= _MAX_TERMS && factors <= _MAX_TERMS
                && (inputs.method != Method.HISTORICAL || terms == 1),
            BadTermCount(terms, factors, _MAX_TERMS)
        );
        if (explained) steps = new uint256[](terms + 1 + factors);
        uint256 step;

        FixedPoint.Number memory sum = FixedPoint.number(0, _TERM_PLACES + factors);
        for (uint256 i; i < terms; ++i) {
            Term calldata term = inputs.terms[i];
            _requireFitting(term, inputs.method);
            FixedPoint.Number memory product = FixedPoint.number(levels[i], _TERM_PLACES);
            FixedPoint.times(product, term.benchmark);
            FixedPoint.times(product, term.factor);
            FixedPoint.plus(sum, product);
            if (explained) steps[step++] = FixedPoint.rounded(product, _TERM_PLACES - 1, Rounding.DOWN);
        }
        uint256 places = _TERM_PLACES;
        if (explained) steps[step++] = FixedPoint.rounded(sum, places - 1, Rounding.DOWN);
        for (uint256 i; i < factors; ++i) {
            FixedPoint.times(sum, inputs.factors[i]);
            ++places;
            if (explained) steps[step++] = FixedPoint.rounded(sum, places - 1, Rounding.DOWN);
        }

        uint256 whole = FixedPoint.rounded(sum, places, inputs.rounding);
        FixedPoint.requireAtMost("quantity", whole, type(uint64).max);
        // Fits: checked above
        quantity = uint64(whole);
    }

    function _requireFitting(Term calldata term, Method method) private pure {
        require(
            method == Method.HISTORICAL
                ? term.subject == _EMISSIONS
                : method == Method.BENCHMARK && term.subject != _EMISSIONS,
            WrongSubject(term.subject, method)
        );
        require(method == Method.BENCHMARK || term.benchmark == FixedPoint.ONE, BadBenchmark(term.benchmark));
    }
}
