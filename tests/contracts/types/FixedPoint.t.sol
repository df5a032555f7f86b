// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { FixedPoint, Rounding } from "../../../contracts/types/FixedPoint.sol";
import { Test } from "../support/Test.sol";
import { WideNumbers } from "../support/WideNumbers.sol";

contract FixedPointTest is Test {
    uint256 private constant ONE = 1e18;
    uint256 private constant HIGHEST = type(uint128).max;

    // @requirement R-MRV-3 exact, and rounded once
    function test_product_anyFactors_equalsIndependentFormulation(uint128[6] memory given, uint8 sizes, uint8 mode)
        public
        view
    {
        Rounding rounding = Rounding(mode % 3);
        uint256[] memory values = new uint256[](6);
        for (uint256 i; i < 6; ++i) {
            // Some factors are wide, some small, so that the product fits and every length of number occurs.
            uint256 highest = (sizes >> i) & 1 == 0 ? 2 * ONE : (i == 0 ? 1e30 : 50 * ONE);
            values[i] = bound(given[i], 0, highest);
        }

        uint256 expected = WideNumbers.productOf(values, 5, rounding);
        assertEq(this.product(values, 5, rounding), expected, "product");
    }

    // @requirement R-MRV-3
    function test_product_factorsInAnotherOrder_isTheSame(uint128 a, uint128 b, uint128 c) public view {
        uint256[] memory values = new uint256[](3);
        values[0] = bound(a, 0, 1e30);
        values[1] = bound(b, 0, 1e22);
        values[2] = bound(c, 0, 1e18);
        uint256 first = this.product(values, 2, Rounding.NEAREST);
        (values[0], values[2]) = (values[2], values[0]);
        assertEq(this.product(values, 2, Rounding.NEAREST), first, "order");
    }

    function test_round_halves_goUp() public view {
        assertEq(_one(1, 5e17, Rounding.NEAREST), 1);
        assertEq(_one(1, 5e17 - 1, Rounding.NEAREST), 0);
        assertEq(_one(3, 5e17, Rounding.NEAREST), 2);
        assertEq(_one(3, 5e17, Rounding.DOWN), 1);
        assertEq(_one(3, 5e17, Rounding.UP), 2);
        assertEq(_one(1, 1, Rounding.UP), 1, "the least part");
        assertEq(_one(1, 0, Rounding.UP), 0, "nothing");
        assertEq(_one(7, ONE, Rounding.UP), 7, "whole");
    }

    function test_round_morePlacesThanDigits_isZeroOrOne() public view {
        uint256[] memory values = new uint256[](1);
        values[0] = 5;
        assertEq(this.product(values, 3, Rounding.NEAREST), 0);
        assertEq(this.product(values, 3, Rounding.DOWN), 0);
        assertEq(this.product(values, 3, Rounding.UP), 1);
    }

    function test_product_highestOfAll_isExact() public view {
        uint256[] memory values = new uint256[](4);
        values[0] = HIGHEST;
        values[1] = HIGHEST;
        values[2] = 1;
        values[3] = 1;
        assertEq(
            this.product(values, 3, Rounding.DOWN), WideNumbers.productOf(values, 3, Rounding.DOWN), "2^256 / 1e54"
        );
    }

    function test_sum_ofProducts_carries(uint128 a, uint128 b, uint128 c) public view {
        uint256[] memory n = WideNumbers.one();
        WideNumbers.times(n, a);
        WideNumbers.times(n, c);
        uint256[] memory m = WideNumbers.one();
        WideNumbers.times(m, b);
        WideNumbers.times(m, c);
        WideNumbers.plus(n, m);
        assertEq(this.sum(a, b, c), WideNumbers.divided(n, 3, Rounding.NEAREST), "sum");
    }

    function test_number_tooHigh_isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(FixedPoint.OutOfRange.selector, bytes32("number"), HIGHEST + 1, HIGHEST));
        _this().product(_pair(HIGHEST + 1, 1), 1, Rounding.DOWN);
    }

    function test_times_factorTooHigh_isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(FixedPoint.OutOfRange.selector, bytes32("factor"), HIGHEST + 1, HIGHEST));
        _this().product(_pair(1, HIGHEST + 1), 1, Rounding.DOWN);
    }

    function test_round_resultTooHigh_isRefused() public {
        vm.expectPartialRevert(FixedPoint.OutOfRange.selector);
        _this().product(_pair(HIGHEST, HIGHEST), 1, Rounding.DOWN);
    }

    /* WHAT IS TESTED */

    function product(uint256[] memory values, uint256 places, Rounding rounding) external pure returns (uint256) {
        FixedPoint.Number memory n = FixedPoint.number(values[0], values.length - 1);
        for (uint256 i = 1; i < values.length; ++i) {
            FixedPoint.times(n, values[i]);
        }
        return FixedPoint.rounded(n, places, rounding);
    }

    /// @dev round((a c + b c) / 1e54)
    function sum(uint256 a, uint256 b, uint256 c) external pure returns (uint256) {
        FixedPoint.Number memory n = FixedPoint.number(a, 2);
        FixedPoint.times(n, c);
        FixedPoint.Number memory m = FixedPoint.number(b, 1);
        FixedPoint.times(m, c);
        FixedPoint.plus(n, m);
        return FixedPoint.rounded(n, 3, Rounding.NEAREST);
    }

    function _one(uint256 value, uint256 factor, Rounding rounding) private view returns (uint256) {
        return this.product(_pair(value, factor), 1, rounding);
    }

    function _pair(uint256 a, uint256 b) private pure returns (uint256[] memory values) {
        values = new uint256[](2);
        values[0] = a;
        values[1] = b;
    }

    function _this() private view returns (FixedPointTest) {
        return this;
    }
}
