// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Rounding } from "../../../contracts/types/FixedPoint.sol";

/// @dev Products of decimals in another formulation than the contracts': binary limbs of 128 bits, multiplied out, then
///      divided by 1e18 as often as there are decimals to leave out. Slow, and independent.
library WideNumbers {
    uint256 private constant LIMBS = 64;
    uint256 private constant LIMB = 1 << 128;

    /// @return whole round(Π values / 1e18^places). Each value is at most 2^128 − 1.
    function productOf(uint256[] memory values, uint256 places, Rounding rounding)
        internal
        pure
        returns (uint256 whole)
    {
        uint256[] memory n = new uint256[](LIMBS);
        n[0] = 1;
        for (uint256 i; i < values.length; ++i) {
            times(n, values[i]);
        }
        return divided(n, places, rounding);
    }

    function divided(uint256[] memory n, uint256 places, Rounding rounding) internal pure returns (uint256 whole) {
        // Rounding down is the same in one division or in many, and so is rounding up; the nearest, halves up, is
        // (floor(2 n / d) + 1) / 2.
        if (rounding == Rounding.NEAREST) times(n, 2);
        bool inexact;
        for (uint256 i; i < places; ++i) {
            inexact = divide(n) != 0 || inexact;
        }
        for (uint256 i = 2; i < LIMBS; ++i) {
            require(n[i] == 0, "does not fit");
        }
        whole = n[1] * LIMB + n[0];
        if (rounding == Rounding.NEAREST) whole = (whole + 1) / 2;
        if (rounding == Rounding.UP && inexact) ++whole;
    }

    function plus(uint256[] memory n, uint256[] memory other) internal pure {
        uint256 carry;
        for (uint256 i; i < LIMBS; ++i) {
            carry += n[i] + other[i];
            n[i] = carry % LIMB;
            carry /= LIMB;
        }
        require(carry == 0, "sum does not fit");
    }

    function times(uint256[] memory n, uint256 factor) internal pure {
        require(factor < LIMB, "factor does not fit");
        uint256 carry;
        for (uint256 i; i < LIMBS; ++i) {
            carry += n[i] * factor;
            n[i] = carry % LIMB;
            carry /= LIMB;
        }
        require(carry == 0, "product does not fit");
    }

    function divide(uint256[] memory n) internal pure returns (uint256 remainder) {
        for (uint256 i = LIMBS; i != 0; --i) {
            uint256 dividend = remainder * LIMB + n[i - 1];
            n[i - 1] = dividend / 1e18;
            remainder = dividend % 1e18;
        }
    }

    function one() internal pure returns (uint256[] memory n) {
        n = new uint256[](LIMBS);
        n[0] = 1;
    }
}
