// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Rounding } from "../types/FixedPoint.sol";

/// @title How a free allocation is computed (R-ALC-1): code without state, not behind a proxy.
/// @notice quantity = round( Σ over terms (level x benchmark x factor)  x  Π factors ), exact with one rounding at the end.
///
///         HISTORICAL: one term, whose level is the installation's registered emissions and whose benchmark is one.
///         BENCHMARK: up to 8 terms, each the activity level x benchmark of a product.
///
///         Levels, benchmarks and factors have 18 decimals: 1e18 is one.
interface IAllocationFormula {
    enum Method {
        NONE,
        HISTORICAL,
        BENCHMARK
    }

    struct Term {
        bytes32 subject; // "emissions" or the name of a product: which baseline
        uint128 benchmark; // tonnes CO2e for each unit of the product; one for HISTORICAL
        uint128 factor; // of this term only, e.g. exposure to carbon leakage; one where there is none
    }

    struct Inputs {
        Method method;
        Rounding rounding;
        Term[] terms;
        uint128[] factors; // of the whole, e.g. cross-sectoral; at most 8
    }

    /// @notice The subject does not fit the method: "emissions" goes with HISTORICAL, a product with BENCHMARK.
    error WrongSubject(bytes32 subject, Method method);
    /// @notice 1 to `limit` terms (one for HISTORICAL), at most `limit` factors.
    error BadTermCount(uint256 terms, uint256 factors, uint256 limit);
    /// @notice HISTORICAL knows no benchmark: it must be one.
    error BadBenchmark(uint128 benchmark);
    /// @notice Levels and terms differ in number.
    error LengthMismatch(uint256 levels, uint256 terms);

    /// @param levels By term.
    /// @return quantity Whole tonnes.
    function compute(uint256[] calldata levels, Inputs calldata inputs) external pure returns (uint64 quantity);

    /// @notice The figure step by step: each term, their sum, then the product after each factor, all with 18 decimals and
    ///         cut off after them; the quantity is rounded from the exact product. An allocation is explained from the
    ///         event of its determination alone.
    function explain(uint256[] calldata levels, Inputs calldata inputs)
        external
        pure
        returns (uint64 quantity, uint256[] memory steps);
}
