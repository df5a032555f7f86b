// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { AllocationFormula } from "../../../contracts/allocation/AllocationFormula.sol";
import { IAllocationFormula } from "../../../contracts/allocation/IAllocationFormula.sol";
import { FixedPoint, Rounding } from "../../../contracts/types/FixedPoint.sol";
import { Test } from "../support/Test.sol";
import { WideNumbers } from "../support/WideNumbers.sol";

contract AllocationFormulaTest is Test {
    uint128 private constant ONE = 1e18;

    AllocationFormula private formula = new AllocationFormula();

    // @requirement R-ALC-1 published profile of an exposed installation, 2013 to 2020, by cross-sectoral factors
    function test_historical_publishedProfile_isReproduced() public view {
        uint128[8] memory crossSectoral = [
            uint128(0.94272151e18),
            0.92634731e18,
            0.90978052e18,
            0.89304105e18,
            0.87612124e18,
            0.85903685e18,
            0.8417396e18,
            0.82438204e18
        ];
        uint64[8] memory published = [uint64(42_159), 41_426, 40_685, 39_937, 39_180, 38_416, 37_643, 36_866];
        for (uint256 i; i < 8; ++i) {
            assertEq(_historical(44_720e18, Rounding.NEAREST, _factors(crossSectoral[i])), published[i], "year");
        }
    }

    // @requirement R-ALC-1
    function test_historical_roundingRules_differ() public view {
        assertEq(_historical(1001e18, Rounding.DOWN, _factors(0.5e18)), 500);
        assertEq(_historical(1001e18, Rounding.NEAREST, _factors(0.5e18)), 501);
        assertEq(_historical(1001e18, Rounding.UP, _factors(0.5e18)), 501);
        assertEq(_historical(1000e18, Rounding.UP, _factors(0.5e18)), 500);
    }

    // @requirement R-ALC-1 products of several factors are not rounded between
    function test_historical_manyFactors_areNotRoundedBetween() public view {
        uint128[] memory factors = new uint128[](8);
        for (uint256 i; i < 8; ++i) {
            factors[i] = 0.1e18;
        }
        assertEq(_historical(50_000_000e18, Rounding.NEAREST, factors), 1, "half a tonne and up");
        assertEq(_historical(49_999_999e18, Rounding.NEAREST, factors), 0, "less than half");
    }

    // @requirement R-ALC-1 a power plant: electricity and heat, one rounding
    function test_benchmark_twoProducts_addBeforeRounding() public view {
        IAllocationFormula.Inputs memory inputs = _benchmark(2);
        inputs.terms[0] = IAllocationFormula.Term("electricity", 0.877e18, ONE);
        inputs.terms[1] = IAllocationFormula.Term("heat", 0.126e18, 0.5e18);
        uint256[] memory levels = new uint256[](2);
        (levels[0], levels[1]) = (1000.5e18, 10e18);
        // 877.4385 + 0.63 = 878.0685
        assertEq(formula.compute(levels, inputs), 878);
        inputs.rounding = Rounding.UP;
        assertEq(formula.compute(levels, inputs), 879);
    }

    // @requirement R-ALC-1
    function test_benchmark_anyInputs_equalsIndependentFormulation(
        uint128[3] memory levels_,
        uint128[3] memory benchmarks,
        uint128[3] memory termFactors,
        uint128[2] memory common,
        uint8 mode
    ) public view {
        IAllocationFormula.Inputs memory inputs = _benchmark(3);
        inputs.rounding = Rounding(mode % 3);
        inputs.factors = new uint128[](2);
        uint256[] memory levels = new uint256[](3);
        uint256[] memory sum = WideNumbers.one();
        WideNumbers.times(sum, 0);
        for (uint256 i; i < 3; ++i) {
            levels[i] = bound(levels_[i], 0, 1e28);
            inputs.terms[i] = IAllocationFormula.Term(
                "product", uint128(bound(benchmarks[i], 0, 100e18)), uint128(bound(termFactors[i], 0, 2e18))
            );
            uint256[] memory term = WideNumbers.one();
            WideNumbers.times(term, levels[i]);
            WideNumbers.times(term, inputs.terms[i].benchmark);
            WideNumbers.times(term, inputs.terms[i].factor);
            WideNumbers.plus(sum, term);
        }
        for (uint256 i; i < 2; ++i) {
            inputs.factors[i] = uint128(bound(common[i], 0, 2e18));
            WideNumbers.times(sum, inputs.factors[i]);
        }
        assertEq(formula.compute(levels, inputs), WideNumbers.divided(sum, 5, inputs.rounding), "tonnes");
    }

    // @requirement R-ALC-1
    function test_historical_moreEmissions_neverGetLess(uint256 less, uint256 more, uint256 factor) public view {
        less = bound(less, 0, 1e28);
        more = bound(more, less, 1e28);
        uint128[] memory factors = _factors(uint128(bound(factor, 0, 2e18)));
        assertLe(_historical(less, Rounding.NEAREST, factors), _historical(more, Rounding.NEAREST, factors), "monotone");
    }

    // @requirement R-ALC-1 each figure is explained
    function test_explain_threeFactors_givesEachStep() public view {
        IAllocationFormula.Inputs memory inputs = _benchmark(1);
        inputs.terms[0] = IAllocationFormula.Term("clinker", 0.766e18, 0.8e18);
        inputs.factors = new uint128[](2);
        inputs.factors[0] = 0.94272151e18;
        inputs.factors[1] = 0.5e18;
        uint256[] memory levels = new uint256[](1);
        levels[0] = 100_000e18;
        (uint64 quantity, uint256[] memory steps) = formula.explain(levels, inputs);
        assertEq(steps.length, 4, "steps");
        assertEq(steps[0], 61_280e18, "term");
        assertEq(steps[1], 61_280e18, "sum");
        assertEq(steps[2], 57_769.9741328e18, "after the first factor");
        assertEq(steps[3], 28_884.9870664e18, "after the second");
        assertEq(quantity, 28_885, "tonnes");
        assertEq(formula.compute(levels, inputs), quantity, "the same figure");
    }

    /* REFUSED */

    function test_compute_termsAndLevelsDiffer_isRefused() public {
        IAllocationFormula.Inputs memory inputs = _benchmark(1);
        vm.expectRevert(abi.encodeWithSelector(IAllocationFormula.LengthMismatch.selector, 2, 1));
        formula.compute(new uint256[](2), inputs);
    }

    function test_compute_noTermsOrTooMany_isRefused() public {
        IAllocationFormula.Inputs memory inputs = _benchmark(0);
        vm.expectRevert(abi.encodeWithSelector(IAllocationFormula.BadTermCount.selector, 0, 0, 8));
        formula.compute(new uint256[](0), inputs);
        inputs = _benchmark(9);
        vm.expectRevert(abi.encodeWithSelector(IAllocationFormula.BadTermCount.selector, 9, 0, 8));
        formula.compute(new uint256[](9), inputs);
        inputs = _benchmark(1);
        inputs.factors = new uint128[](9);
        vm.expectRevert(abi.encodeWithSelector(IAllocationFormula.BadTermCount.selector, 1, 9, 8));
        formula.compute(new uint256[](1), inputs);
        inputs = _benchmark(2);
        inputs.method = IAllocationFormula.Method.HISTORICAL;
        vm.expectRevert(abi.encodeWithSelector(IAllocationFormula.BadTermCount.selector, 2, 0, 8));
        formula.compute(new uint256[](2), inputs);
    }

    function test_compute_subjectOfTheOtherMethod_isRefused() public {
        IAllocationFormula.Inputs memory inputs = _benchmark(1);
        inputs.method = IAllocationFormula.Method.HISTORICAL;
        vm.expectRevert(
            abi.encodeWithSelector(
                IAllocationFormula.WrongSubject.selector, bytes32("product"), IAllocationFormula.Method.HISTORICAL
            )
        );
        formula.compute(new uint256[](1), inputs);
        inputs = _benchmark(1);
        inputs.terms[0].subject = "emissions";
        vm.expectRevert(
            abi.encodeWithSelector(
                IAllocationFormula.WrongSubject.selector, bytes32("emissions"), IAllocationFormula.Method.BENCHMARK
            )
        );
        formula.compute(new uint256[](1), inputs);
        inputs = _benchmark(1);
        inputs.method = IAllocationFormula.Method.NONE;
        vm.expectRevert(
            abi.encodeWithSelector(
                IAllocationFormula.WrongSubject.selector, bytes32("product"), IAllocationFormula.Method.NONE
            )
        );
        formula.compute(new uint256[](1), inputs);
    }

    function test_compute_historicalWithBenchmark_isRefused() public {
        IAllocationFormula.Inputs memory inputs = _benchmark(1);
        inputs.method = IAllocationFormula.Method.HISTORICAL;
        inputs.terms[0].subject = "emissions";
        inputs.terms[0].benchmark = 2 * ONE;
        vm.expectRevert(abi.encodeWithSelector(IAllocationFormula.BadBenchmark.selector, 2 * ONE));
        formula.compute(new uint256[](1), inputs);
    }

    function test_compute_moreThanAYearCanHave_isRefused() public {
        uint256[] memory levels = new uint256[](1);
        levels[0] = (uint256(type(uint64).max) + 1) * ONE;
        IAllocationFormula.Inputs memory inputs = _benchmark(1);
        vm.expectRevert(
            abi.encodeWithSelector(
                FixedPoint.OutOfRange.selector,
                bytes32("quantity"),
                uint256(type(uint64).max) + 1,
                uint256(type(uint64).max)
            )
        );
        formula.compute(levels, inputs);
    }

    /* HELP */

    function _factors(uint128 factor) private pure returns (uint128[] memory factors) {
        factors = new uint128[](1);
        factors[0] = factor;
    }

    function _historical(uint256 level, Rounding rounding, uint128[] memory factors) private view returns (uint64) {
        IAllocationFormula.Inputs memory inputs = _benchmark(1);
        inputs.method = IAllocationFormula.Method.HISTORICAL;
        inputs.rounding = rounding;
        inputs.terms[0].subject = "emissions";
        inputs.factors = factors;
        uint256[] memory levels = new uint256[](1);
        levels[0] = level;
        return formula.compute(levels, inputs);
    }

    function _benchmark(uint256 terms) private pure returns (IAllocationFormula.Inputs memory inputs) {
        inputs.method = IAllocationFormula.Method.BENCHMARK;
        inputs.terms = new IAllocationFormula.Term[](terms);
        for (uint256 i; i < terms; ++i) {
            inputs.terms[i] = IAllocationFormula.Term("product", ONE, ONE);
        }
    }
}
