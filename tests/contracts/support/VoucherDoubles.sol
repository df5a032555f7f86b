// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Voucher } from "../../../contracts/types/Vouchers.sol";
import { IVoucherIssuer } from "../../../contracts/vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../../../contracts/vouchers/VoucherSeries.sol";

/// @dev An issuer of whatever it is given; keeps the leaves, so that a path can be made.
contract IssuerDouble is IVoucherIssuer {
    using VoucherSeries for VoucherSeries.Peaks;

    VoucherSeries.Peaks private _peaks;
    bytes32[] private _leaves;

    function issue(Voucher calldata voucher) external {
        bytes32 leaf = VoucherSeries.leafOf(voucher);
        _peaks.append(_leaves.length, leaf);
        _leaves.push(leaf);
    }

    function voucherCount(uint32) external view returns (uint40) {
        return uint40(_leaves.length);
    }

    function voucherPeak(uint32, uint256 height) external view returns (bytes32) {
        return _peaks.at[height];
    }

    function voucherRoot(uint32) external view returns (bytes32) {
        return _peaks.root(_leaves.length);
    }

    /// @dev The siblings of `index` from the bottom up, from the leaves alone.
    function pathOf(uint256 index) external view returns (bytes32[] memory siblings) {
        uint256 height = VoucherSeries.peakOf(index, _leaves.length);
        siblings = new bytes32[](height);
        for (uint256 i; i < height; ++i) {
            siblings[i] = _node((index >> i) ^ 1, i);
        }
    }

    /// @dev The node over the leaves from `place` x 2^`height`.
    function _node(uint256 place, uint256 height) private view returns (bytes32) {
        uint256 width = 1 << height;
        bytes32[] memory row = new bytes32[](width);
        for (uint256 i; i < width; ++i) {
            row[i] = _leaves[place * width + i];
        }
        for (; width > 1; width /= 2) {
            for (uint256 i; i < width / 2; ++i) {
                row[i] = keccak256(abi.encode(row[2 * i], row[2 * i + 1]));
            }
        }
        return row[0];
    }
}
