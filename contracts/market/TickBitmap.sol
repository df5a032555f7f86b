// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Which price levels are listed: a tree of 256-bit words, three deep, over ticks of 24 bits.
/// @dev A word's key: side << 24 | depth << 16 | position. Depth 2 has a bit for each tick (position tick >> 8), depth 1 a bit
///      for each word of depth 2 (position tick >> 16), depth 0 one word with a bit for each word of depth 1. `side` is a `Side`
///      as a number, which is not checked again at every step.
library TickBitmap {
    struct State {
        mapping(uint256 key => uint256) words;
    }

    uint256 private constant _SELL = 1;
    uint256 private constant _LEAVES = 2; // depth

    function set(State storage s, uint256 side, uint256 tick) internal {
        unchecked {
            for (uint256 depth = _LEAVES;; --depth) {
                uint256 key = _key(side, depth, tick >> 8);
                uint256 word = s.words[key];
                s.words[key] = word | 1 << (tick & 0xff);
                if (word != 0 || depth == 0) return;
                tick >>= 8;
            }
        }
    }

    /// @notice Clear the ticks `leaf << 8 | b` for all bits b of `bits`.
    function clear(State storage s, uint256 side, uint256 leaf, uint256 bits) internal {
        unchecked {
            for (uint256 depth = _LEAVES;; --depth) {
                uint256 key = _key(side, depth, leaf);
                uint256 word = s.words[key] & ~bits;
                s.words[key] = word;
                if (word != 0 || depth == 0) return;
                bits = 1 << (leaf & 0xff);
                leaf >>= 8;
            }
        }
    }

    /// @notice The next worse listed price: above `tick` among sells, below it among buys; 0 where there is none.
    function nextWorse(State storage s, uint256 side, uint256 tick) internal view returns (uint256 next) {
        unchecked {
            uint256 depth = _LEAVES;
            uint256 rest;
            while (rest == 0) {
                uint256 bit = tick & 0xff;
                tick >>= 8;
                // Bits strictly above `bit`, strictly below it.
                uint256 worse = side == _SELL ? type(uint256).max << bit << 1 : (1 << bit) - 1;
                rest = s.words[_key(side, depth, tick)] & worse;
                if (rest == 0 && depth-- == 0) return 0;
            }
            next = tick << 8 | _first(side, rest);
            while (depth != _LEAVES) {
                ++depth;
                next = next << 8 | _first(side, s.words[_key(side, depth, next)]);
            }
        }
    }

    function _first(uint256 side, uint256 word) private pure returns (uint256) {
        unchecked {
            return _highest(side == _SELL ? word & (~word + 1) : word);
        }
    }

    function _key(uint256 side, uint256 depth, uint256 position) private pure returns (uint256) {
        return side << 24 | depth << 16 | position;
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
