// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @dev How a figure becomes whole; a rule that is given as data.
enum Rounding {
    NEAREST, // halves up
    DOWN,
    UP
}

/// @title Exact products of decimal numbers, rounded once, at the end (R-MRV-3, R-ALC-1).
/// @notice A factor is an unsigned integer with 18 decimals: 1e18 is one. A product of n of them has 18 n decimals; all of
///         them are kept until `rounded` is asked for a whole number, so a result does not depend on the order of the
///         factors, nor on how steps are grouped.
/// @dev A number is a row of digits in base 1e18, the lowest first. With that base, leaving out 18 decimals is leaving out
///      one digit, and a half is told by the highest digit that is left out: no division by a power of ten is needed.
library FixedPoint {
    struct Number {
        uint256 length; // digits in use; the highest of them is not zero, unless it is the only one
        uint256[] digits; // room for all digits that the number will ever have
    }

    /// @notice `input` was `value`; the highest allowed is `highest`.
    error OutOfRange(bytes32 input, uint256 value, uint256 highest);

    uint256 internal constant ONE = 1e18;
    /// @dev The highest factor, about 3.4e20: more than any quantity on Earth in the units that the methods use.
    uint256 internal constant HIGHEST = type(uint128).max;
    /// @dev A factor adds at most so many digits: 2^128 < 1e54.
    uint256 internal constant DIGITS = 3;

    function requireAtMost(bytes32 input, uint256 value, uint256 highest) internal pure {
        require(value <= highest, OutOfRange(input, value, highest));
    }

    /// @param value Whole; at most HIGHEST.
    /// @param factors How many `times` may follow.
    function number(uint256 value, uint256 factors) internal pure returns (Number memory n) {
        requireAtMost("number", value, HIGHEST);
        n.digits = new uint256[](DIGITS * (factors + 1));
        n.digits[0] = value;
        n.length = 1;
        if (value >= ONE) times(n, 1); // carries what is above the base into the next digits
    }

    /// @notice Multiply by `factor`, at most HIGHEST; the number has 18 decimals more.
    function times(Number memory n, uint256 factor) internal pure {
        requireAtMost("factor", factor, HIGHEST);
        uint256[] memory digits = n.digits;
        uint256 length = n.length;
        uint256 carry;
        // digit x factor < 2^60 x 2^128 (in `number`: 2^128 x 1) and carry < 2^129: nothing overflows.
        unchecked {
            for (uint256 i; i < length; ++i) {
                carry += digits[i] * factor;
                digits[i] = carry % ONE;
                carry /= ONE;
            }
        }
        while (carry != 0) {
            digits[length++] = carry % ONE;
            carry /= ONE;
        }
        while (length > 1 && digits[length - 1] == 0) --length;
        n.length = length;
    }

    /// @notice Add `other`, which has as many decimals as `n` and no more room.
    function plus(Number memory n, Number memory other) internal pure {
        uint256[] memory digits = n.digits;
        uint256 length = n.length > other.length ? n.length : other.length;
        uint256 carry;
        for (uint256 i; i < length; ++i) {
            carry += digits[i];
            if (i < other.length) carry += other.digits[i];
            digits[i] = carry % ONE;
            carry /= ONE;
        }
        if (carry != 0) digits[length++] = carry;
        n.length = length;
    }

    /// @notice The whole number after leaving out `places` times 18 decimals. Reverts above HIGHEST.
    function rounded(Number memory n, uint256 places, Rounding rounding) internal pure returns (uint256 whole) {
        uint256[] memory digits = n.digits;
        uint256 length = n.length;
        for (uint256 i = length; i > places; --i) {
            requireAtMost("result", whole, HIGHEST / ONE);
            whole = whole * ONE + digits[i - 1];
        }
        if (rounding == Rounding.NEAREST) {
            if (places != 0 && places <= length && digits[places - 1] >= ONE / 2) ++whole;
        } else if (rounding == Rounding.UP) {
            uint256 left = places < length ? places : length;
            for (uint256 i; i < left; ++i) {
                if (digits[i] != 0) {
                    ++whole;
                    break;
                }
            }
        }
        requireAtMost("result", whole, HIGHEST);
    }
}
