// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Voucher } from "../types/Vouchers.sol";

/// @title An append-only accumulator of vouchers (R-VCH-2, R-VCH-3).
/// @notice A Merkle mountain range. After n leaves there is one peak of height h for each set bit h of n, covering 2^h
///         leaves, the highest (oldest) first. Appending the leaf number n (from 0) writes exactly one peak, of the height
///         that is the number of trailing ones of n; peaks that it swallows stay in storage, unread, until overwritten.
///         So a leaf costs one slot and no peak has to be cleared.
/// @dev Who issues vouchers keeps `count` where it writes anyway, and hands it in.
library VoucherSeries {
    uint256 internal constant SELLER = 0x100;
    uint256 internal constant BUYER = 0x120;

    struct Peaks {
        mapping(uint256 height => bytes32 node) at;
    }

    /// @notice Index `index` is not below the `count` of the series.
    error NoSuchVoucher(uint256 index, uint256 count);
    /// @notice The path has `given` nodes; the mountain that covers the index has height `height`.
    error WrongProofLength(uint256 given, uint256 height);

    /// @dev `keccak256(bytes.concat(keccak256(abi.encode(voucher))))`: a struct of words lies in memory as it is encoded.
    function leafOf(Voucher memory voucher) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            mstore(0x00, keccak256(voucher, 0x160)) // eleven fields
            leaf := keccak256(0x00, 0x20)
        }
    }

    /// @notice Memory in which the leaves of trades are hashed one after another, as a `Voucher` lies there: what the trades of
    ///         one call have in common stays, and the taker is both seller and buyer until a maker takes one's place.
    function templateFor(uint256 kind, uint256 series, uint256 instrument, address taker)
        internal
        view
        returns (uint256 at)
    {
        assembly ("memory-safe") {
            at := mload(0x40)
            mstore(0x40, add(at, 0x160))
            mstore(at, kind)
            mstore(add(at, 0x20), series)
            mstore(add(at, 0x80), timestamp())
            mstore(add(at, 0xa0), instrument)
            mstore(add(at, 0x100), taker)
            mstore(add(at, 0x120), taker)
        }
    }

    /// @notice The leaf of one more trade.
    /// @param party Where the maker stands in the template: `SELLER` or `BUYER`.
    function leafOf(
        uint256 template,
        uint256 party,
        address maker,
        uint256 index,
        uint256 orderOfDay,
        uint256 quantity,
        uint256 price,
        uint256 ref
    ) internal pure returns (uint256 leaf) {
        assembly ("memory-safe") {
            mstore(add(template, party), maker)
            mstore(add(template, 0x40), index)
            mstore(add(template, 0x60), orderOfDay)
            mstore(add(template, 0xc0), quantity)
            mstore(add(template, 0xe0), price)
            mstore(add(template, 0x140), ref)
            mstore(0x00, keccak256(template, 0x160))
            leaf := keccak256(0x00, 0x20)
        }
    }

    /// @param count Leaves so far; the new leaf's index.
    function append(Peaks storage peaks, uint256 count, bytes32 leaf) internal {
        unchecked {
            uint256 height;
            for (; count & 1 == 1; count >>= 1) {
                leaf = _node(peaks.at[height], leaf);
                ++height;
            }
            peaks.at[height] = leaf;
        }
    }

    /// @notice As `append` for each leaf in turn, but a peak that the next leaves swallow again is never written.
    /// @dev Uses `leaves` up. At each height the nodes that are complete stand in memory from `at` on.
    function appendAll(Peaks storage peaks, uint256 count, uint256[] memory leaves) internal {
        unchecked {
            uint256 nodes = leaves.length;
            if (nodes == 1) return append(peaks, count, bytes32(leaves[0]));
            uint256 at;
            assembly ("memory-safe") {
                at := add(leaves, 32)
            }
            for (uint256 height; nodes != 0; ++height) {
                if (count & 1 == 1) {
                    // An older peak is the left neighbour of the first node; the word before that one is free.
                    at -= 32;
                    ++nodes;
                    _put(at, peaks.at[height]);
                }
                if (nodes & 1 == 1) peaks.at[height] = _get(at + 32 * (nodes - 1));
                nodes >>= 1;
                for (uint256 i; i < nodes; ++i) {
                    // One place further than it could stand: so the word before the first is free again.
                    _put(at + 32 * (i + 1), _pair(at + 64 * i));
                }
                at += 32;
                count >>= 1;
            }
        }
    }

    /// @notice The peak that covers `index`: its height, and what must hash to it.
    function peakOf(uint256 index, uint256 count) internal pure returns (uint256 height) {
        require(index < count, NoSuchVoucher(index, count));
        // The mountains lie from high to low. The highest bit in which index and count differ is the mountain's:
        // above it both agree (mountains passed), there count has one and index zero.
        uint256 differing = index ^ count;
        while (differing > 1) {
            differing >>= 1;
            ++height;
        }
    }

    /// @notice Whether `leaf` is the leaf number `index` of `count`, by its siblings from the bottom up.
    function includes(Peaks storage peaks, uint256 count, uint256 index, bytes32 leaf, bytes32[] memory siblings)
        internal
        view
        returns (bool)
    {
        uint256 height = peakOf(index, count);
        require(siblings.length == height, WrongProofLength(siblings.length, height));
        return climb(index, leaf, siblings) == peaks.at[height];
    }

    /// @notice The node above `leaf` when its siblings are as given.
    function climb(uint256 index, bytes32 leaf, bytes32[] memory siblings) internal pure returns (bytes32 node) {
        node = leaf;
        for (uint256 i; i < siblings.length; ++i) {
            node = (index >> i) & 1 == 0 ? _node(node, siblings[i]) : _node(siblings[i], node);
        }
    }

    /// @notice One digest for the whole series: the peaks bagged from the lowest to the highest, then the count.
    function root(Peaks storage peaks, uint256 count) internal view returns (bytes32 bag) {
        bool started;
        uint256 rest = count;
        for (uint256 height; rest != 0; rest >>= 1) {
            if (rest & 1 == 1) {
                bag = started ? _node(peaks.at[height], bag) : peaks.at[height];
                started = true;
            }
            ++height;
        }
        return _node(bag, bytes32(count));
    }

    /// @dev The civil day of `timestamp` in a zone that is `offset` seconds east of UTC: days since 1970-01-01.
    function dayOf(uint256 timestamp, int256 offset) internal pure returns (uint24) {
        unchecked {
            return uint24(uint256(int256(timestamp) + offset) / 1 days); // times are far below 2^63 seconds, days below 2^24
        }
    }

    function _get(uint256 at) private pure returns (bytes32 node) {
        assembly ("memory-safe") {
            node := mload(at)
        }
    }

    function _put(uint256 at, bytes32 node) private pure {
        assembly ("memory-safe") {
            mstore(at, node)
        }
    }

    /// @dev The node above two that stand side by side in memory.
    function _pair(uint256 at) private pure returns (bytes32 node) {
        assembly ("memory-safe") {
            node := keccak256(at, 0x40)
        }
    }

    function _node(bytes32 left, bytes32 right) private pure returns (bytes32 node) {
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            node := keccak256(0x00, 0x40)
        }
    }
}
