// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Side } from "../types/OrderId.sol";

/// @title Which price levels have orders: a tree of 256-bit words, three deep, over ticks of 24 bits.
/// @dev A word's key: side << 24 | depth << 16 | position. Depth 2 has a bit for each tick (position tick >> 8), depth 1 a bit
///      for each word of depth 2 (position tick >> 16), depth 0 one word with a bit for each word of depth 1.
library TickBitmap {
    struct State {
        mapping(uint256 key => uint256) words;
    }

    function set(State storage s, Side side, uint256 tick) internal {
        uint256 key = _key(side, 2, tick >> 8);
        uint256 word = s.words[key];
        s.words[key] = word | _bit(tick);
        if (word != 0) return;

        key = _key(side, 1, tick >> 16);
        word = s.words[key];
        s.words[key] = word | _bit(tick >> 8);
        if (word != 0) return;

        key = _key(side, 0, 0);
        s.words[key] |= _bit(tick >> 16);
    }

    function clear(State storage s, Side side, uint256 tick) internal {
        uint256 key = _key(side, 2, tick >> 8);
        uint256 word = s.words[key] & ~_bit(tick);
        s.words[key] = word;
        if (word != 0) return;

        key = _key(side, 1, tick >> 16);
        word = s.words[key] & ~_bit(tick >> 8);
        s.words[key] = word;
        if (word != 0) return;

        key = _key(side, 0, 0);
        s.words[key] &= ~_bit(tick >> 16);
    }

    /// @notice The next worse price with orders: above `tick` among sells, below it among buys; 0 where there is none.
    function nextWorse(State storage s, Side side, uint256 tick) internal view returns (uint256) {
        return side == Side.SELL ? _above(s, tick) : _below(s, tick);
    }

    function _above(State storage s, uint256 tick) private view returns (uint256) {
        uint256 rest = s.words[_key(Side.SELL, 2, tick >> 8)] & _higher(tick & 0xff);
        if (rest != 0) return (tick & ~uint256(0xff)) | _lowest(rest);

        rest = s.words[_key(Side.SELL, 1, tick >> 16)] & _higher((tick >> 8) & 0xff);
        uint256 position;
        if (rest != 0) {
            position = (tick >> 16) << 8 | _lowest(rest);
        } else {
            rest = s.words[_key(Side.SELL, 0, 0)] & _higher(tick >> 16);
            if (rest == 0) return 0;
            position = _lowest(rest);
            position = position << 8 | _lowest(s.words[_key(Side.SELL, 1, position)]);
        }
        return position << 8 | _lowest(s.words[_key(Side.SELL, 2, position)]);
    }

    function _below(State storage s, uint256 tick) private view returns (uint256) {
        uint256 rest = s.words[_key(Side.BUY, 2, tick >> 8)] & _lower(tick & 0xff);
        if (rest != 0) return (tick & ~uint256(0xff)) | _highest(rest);

        rest = s.words[_key(Side.BUY, 1, tick >> 16)] & _lower((tick >> 8) & 0xff);
        uint256 position;
        if (rest != 0) {
            position = (tick >> 16) << 8 | _highest(rest);
        } else {
            rest = s.words[_key(Side.BUY, 0, 0)] & _lower(tick >> 16);
            if (rest == 0) return 0;
            position = _highest(rest);
            position = position << 8 | _highest(s.words[_key(Side.BUY, 1, position)]);
        }
        return position << 8 | _highest(s.words[_key(Side.BUY, 2, position)]);
    }

    function _key(Side side, uint256 depth, uint256 position) private pure returns (uint256) {
        return uint256(side) << 24 | depth << 16 | position;
    }

    function _bit(uint256 position) private pure returns (uint256) {
        return 1 << (position & 0xff);
    }

    /// @dev Bits strictly above `bit`.
    function _higher(uint256 bit) private pure returns (uint256) {
        return bit == 255 ? 0 : type(uint256).max << (bit + 1);
    }

    /// @dev Bits strictly below `bit`.
    function _lower(uint256 bit) private pure returns (uint256) {
        return (1 << bit) - 1;
    }

    function _lowest(uint256 word) private pure returns (uint256) {
        return _highest(word & (~word + 1));
    }

    /// @dev Position of the highest set bit of a word that is not zero.
    function _highest(uint256 word) private pure returns (uint256 bit) {
        assembly ("memory-safe") {
            bit := shl(7, lt(0xffffffffffffffffffffffffffffffff, word))
            bit := or(bit, shl(6, lt(0xffffffffffffffff, shr(bit, word))))
            bit := or(bit, shl(5, lt(0xffffffff, shr(bit, word))))
            bit := or(bit, shl(4, lt(0xffff, shr(bit, word))))
            bit := or(bit, shl(3, lt(0xff, shr(bit, word))))
            bit := or(bit, shl(2, lt(0xf, shr(bit, word))))
            bit := or(bit, shl(1, lt(0x3, shr(bit, word))))
            bit := or(bit, lt(0x1, shr(bit, word)))
        }
    }
}
