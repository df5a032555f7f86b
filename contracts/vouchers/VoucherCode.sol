// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { CivilDate } from "../types/CivilDate.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { VoucherSeries } from "./VoucherSeries.sol";

/// @title The code of a voucher as text, and its check characters (R-VCH-1). The form is drawn in `IVoucherBook`.
/// @dev Characters count 0–9, A–Z 10–35 and the hyphen 36. The code's characters, read as digits to the base 36 and the
///      check characters included, leave 1 when divided by 1271 = 31 x 41. One wrong character changes the number by
///      d x 36^k, 0 < |d| <= 36, an exchange of neighbours by d x 35 x 36^k: never a multiple of 1271. So the hyphen may
///      take part although it is no digit to the base 36; only the two check characters must be digits.
library VoucherCode {
    uint256 private constant _MODULUS = 1271;
    uint256 private constant _RADIX = 36;
    uint256 private constant _HYPHEN = 36; // its value
    uint256 private constant _NONE = type(uint256).max;
    bytes private constant _DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// @dev A text that is being written; `room` is what remains.
    struct Pen {
        bytes text;
        uint256 length;
    }

    /// @param scheme Letters from the left, at least one.
    /// @param kinds Letters of the kinds, from `VoucherKind.TRADE` on.
    /// @param utcOffset Seconds east of UTC of the civil day.
    function encode(Voucher memory voucher, bytes8 scheme, bytes4 kinds, int32 utcOffset, uint256 version)
        internal
        pure
        returns (string memory)
    {
        Pen memory pen = Pen({ text: new bytes(96), length: 0 });
        for (uint256 i; i < 8 && scheme[i] != 0; ++i) {
            _put(pen, scheme[i]);
        }
        _hyphen(pen);
        _put(pen, kinds[uint256(voucher.kind) - 1]);
        _hyphen(pen);
        _day(pen, VoucherSeries.dayOf(voucher.at, utcOffset));
        _hyphen(pen);
        _number(pen, voucher.series, 10, 1);
        _hyphen(pen);
        _number(pen, voucher.orderOfDay, 10, 1);
        _hyphen(pen);
        _instrument(pen, voucher.instrument);
        _hyphen(pen);
        _number(pen, version, 10, 1);
        _hyphen(pen);
        _check(pen);

        bytes memory text = pen.text;
        uint256 length = pen.length;
        assembly ("memory-safe") {
            mstore(text, length) // shorter than it was made
        }
        return string(text);
    }

    /// @notice Whether `text` has a code's alphabet and check characters.
    function isSound(bytes memory text) internal pure returns (bool) {
        if (text.length < 4) return false;
        uint256 sum;
        uint256 value;
        for (uint256 i; i < text.length; ++i) {
            value = _valueOf(text[i]);
            if (value == _NONE) return false;
            sum = (sum * _RADIX + value) % _MODULUS;
        }
        // `value` is the last character's: no check character is a hyphen.
        return sum == 1 && value != _HYPHEN && text[text.length - 2] != "-";
    }

    function isCapitalOrDigit(bytes1 character) internal pure returns (bool) {
        return (character >= "0" && character <= "9") || (character >= "A" && character <= "Z");
    }

    /// @dev The two characters c such that what is written, then c, leaves 1 when divided by the modulus.
    function _check(Pen memory pen) private pure {
        uint256 sum;
        for (uint256 i; i < pen.length; ++i) {
            sum = (sum * _RADIX + _valueOf(pen.text[i])) % _MODULUS;
        }
        uint256 check = (_MODULUS + 1 - (sum * _RADIX * _RADIX) % _MODULUS) % _MODULUS;
        _number(pen, check, _RADIX, 2);
    }

    /// @dev Class letter, vintage, then project and series as one number.
    function _instrument(Pen memory pen, uint256 instrument) private pure {
        InstrumentId id = InstrumentId.wrap(instrument);
        bytes memory letters = "XACM"; // by class; X for none that is known
        uint256 class = instrument >> 80;
        _put(pen, letters[class < letters.length ? class : 0]);
        _number(pen, id.vintage(), 10, 1);
        _hyphen(pen);
        _number(pen, (uint256(id.project()) << 16) | id.series(), _RADIX, 1);
    }

    function _day(Pen memory pen, uint256 day) private pure {
        (uint256 year, uint256 month, uint256 dayOfMonth) = CivilDate.toDate(day);
        _number(pen, year, 10, 4);
        _number(pen, month, 10, 2);
        _number(pen, dayOfMonth, 10, 2);
    }

    /// @dev With leading zeros up to `width`.
    function _number(Pen memory pen, uint256 number, uint256 base, uint256 width) private pure {
        uint256 digits = 1;
        for (uint256 rest = number / base; rest != 0; rest /= base) {
            ++digits;
        }
        if (digits < width) digits = width;
        for (uint256 i = pen.length + digits; i > pen.length; number /= base) {
            pen.text[--i] = _DIGITS[number % base];
        }
        pen.length += digits;
    }

    function _hyphen(Pen memory pen) private pure {
        _put(pen, "-");
    }

    function _put(Pen memory pen, bytes1 character) private pure {
        pen.text[pen.length++] = character;
    }

    function _valueOf(bytes1 character) private pure returns (uint256) {
        uint256 code = uint8(character);
        if (character >= "0" && character <= "9") return code - 48;
        if (character >= "A" && character <= "Z") return code - 55;
        return character == "-" ? _HYPHEN : _NONE;
    }
}
