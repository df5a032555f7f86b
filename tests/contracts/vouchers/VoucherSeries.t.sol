// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { VoucherSeries } from "../../../contracts/vouchers/VoucherSeries.sol";
import { Test } from "../support/Test.sol";

/// @dev The accumulator behind an external face, so that what it refuses can be expected.
contract Series {
    using VoucherSeries for VoucherSeries.Peaks;

    VoucherSeries.Peaks private _peaks;
    uint256 public count;

    function append(bytes32 leaf) external {
        _peaks.append(count++, leaf);
    }

    function appendAll(uint256[] memory leaves) external {
        uint256 length = leaves.length;
        _peaks.appendAll(count, leaves);
        count += length;
    }

    function includes(uint256 index, bytes32 leaf, bytes32[] calldata siblings) external view returns (bool) {
        return _peaks.includes(count, index, leaf, siblings);
    }

    function peak(uint256 height) external view returns (bytes32) {
        return _peaks.at[height];
    }

    function root() external view returns (bytes32) {
        return _peaks.root(count);
    }

    function peakOf(uint256 index, uint256 count_) external pure returns (uint256) {
        return VoucherSeries.peakOf(index, count_);
    }
}

/// @dev Against a Merkle mountain range computed naively from all leaves.
contract VoucherSeriesTest is Test {
    Series private series = new Series();

    function leafAt(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode("leaf", index));
    }

    function grow(uint256 count) private {
        for (uint256 i = series.count(); i < count; ++i) {
            series.append(leafAt(i));
        }
    }

    // Only peaks that last are written, so the others may differ.
    function testFuzz_appendAll_anyRuns_sameSeriesAsOneByOne(uint8[8] calldata runs) public {
        Series other = new Series();
        for (uint256 i; i < runs.length; ++i) {
            uint256[] memory leaves = new uint256[](runs[i] % 2 == 0 ? runs[i] % 8 : runs[i]);
            uint256 count = series.count();
            for (uint256 j; j < leaves.length; ++j) {
                leaves[j] = uint256(leafAt(count + j));
                series.append(bytes32(leaves[j]));
            }
            other.appendAll(leaves);
            count = series.count();
            assertEq(other.count(), count, "count");
            for (uint256 height; height < 12; ++height) {
                if (count >> height & 1 == 1) assertEq(other.peak(height), series.peak(height), "peak");
            }
            assertEq(other.root(), series.root(), "root");
        }
    }

    /// @dev The node over leaves `from` to `from + 2^height - 1`.
    function node(uint256 from, uint256 height) private pure returns (bytes32) {
        if (height == 0) return leafAt(from);
        uint256 half = 1 << (height - 1);
        return keccak256(abi.encode(node(from, height - 1), node(from + half, height - 1)));
    }

    /// @dev The mountain that covers `index`, found by walking from the oldest.
    function mountain(uint256 index, uint256 count) private pure returns (uint256 from, uint256 height) {
        for (height = 255;; --height) {
            if (count >> height & 1 == 0) continue;
            if (index < from + (1 << height)) return (from, height);
            from += 1 << height;
        }
    }

    function siblingsOf(uint256 index, uint256 count) private pure returns (bytes32[] memory siblings) {
        (uint256 from, uint256 height) = mountain(index, count);
        siblings = new bytes32[](height);
        for (uint256 h; h < height; ++h) {
            uint256 start = (((index - from) >> h) ^ 1) << h;
            siblings[h] = node(from + start, h);
        }
    }

    // @requirement R-VCH-2
    function test_append_upTo33_everyLeafIncludedInEveryState() public {
        for (uint256 count = 1; count <= 33; ++count) {
            grow(count);
            for (uint256 i; i < count; i += count > 20 ? 5 : 1) {
                assertTrue(series.includes(i, leafAt(i), siblingsOf(i, count)), "included");
            }
        }
    }

    // @requirement R-VCH-2
    function testFuzz_includes_leafOrProofOfAnother_refused(uint256 count, uint256 index, uint256 other) public {
        count = bound(count, 2, 70);
        index = bound(index, 0, count - 1);
        other = bound(other, 0, count - 1);
        grow(count);
        bytes32[] memory siblings = siblingsOf(index, count);
        (uint256 from, uint256 height) = mountain(index, count);
        assertEq(series.peakOf(index, count), height, "height");
        assertEq(series.peak(height), node(from, height), "peak");
        assertTrue(series.includes(index, leafAt(index), siblings), "included");

        if (other != index) {
            assertFalse(series.includes(index, leafAt(other), siblings), "another leaf");
            if (siblings.length == series.peakOf(other, count)) {
                assertFalse(series.includes(other, leafAt(index), siblings), "another place");
            }
        }
        if (height != 0) {
            siblings[height - 1] = bytes32(uint256(siblings[height - 1]) ^ 1);
            assertFalse(series.includes(index, leafAt(index), siblings), "another sibling");
        }
    }

    function testFuzz_root_isTheBagOfAllPeaks(uint256 count) public {
        count = bound(count, 1, 70);
        grow(count);
        bytes32 bag;
        uint256 end = count;
        for (uint256 h; h < 8; ++h) {
            if (count >> h & 1 == 0) continue;
            end -= 1 << h;
            bag = bag == 0 ? node(end, h) : keccak256(abi.encode(node(end, h), bag));
        }
        assertEq(series.root(), keccak256(abi.encode(bag, count)));
    }

    function test_includes_beyondTheCount_refused() public {
        grow(5);
        vm.expectRevert(abi.encodeWithSelector(VoucherSeries.NoSuchVoucher.selector, 5, 5));
        series.includes(5, leafAt(5), new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(VoucherSeries.NoSuchVoucher.selector, 0, 0));
        series.peakOf(0, 0);
    }

    function test_includes_wrongLength_refused() public {
        grow(5);
        vm.expectRevert(abi.encodeWithSelector(VoucherSeries.WrongProofLength.selector, 1, 2));
        series.includes(0, leafAt(0), new bytes32[](1));
        vm.expectRevert(abi.encodeWithSelector(VoucherSeries.WrongProofLength.selector, 1, 0));
        series.includes(4, leafAt(4), new bytes32[](1));
    }

    function testFuzz_dayOf_isTheCivilDay(uint40 timestamp, int24 offset) public pure {
        int256 seconds_ = int256(uint256(timestamp)) + offset;
        if (seconds_ < 0 || seconds_ >= int256(uint256(type(uint24).max)) * 1 days) return;
        assertEq(VoucherSeries.dayOf(timestamp, offset), uint256(seconds_) / 1 days);
    }
}
