// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What a contract that concludes things shows of its series. The VoucherBook asks it; anyone can.
interface IVoucherIssuer {
    /// @notice A voucher came to be; `leaf` is the hash of its `Voucher`. Emitted for surrenders and cancellations; a trade's
    ///         own event carries the same data.
    event VoucherIssued(uint32 indexed series, uint40 indexed index, uint32 orderOfDay, bytes32 leaf);

    /// @notice Vouchers issued so far in `series`.
    function voucherCount(uint32 series) external view returns (uint40);

    /// @notice The node of `series` at `height`: a peak when bit `height` of the count is set.
    function voucherPeak(uint32 series, uint256 height) external view returns (bytes32);

    /// @notice One digest of the whole series.
    function voucherRoot(uint32 series) external view returns (bytes32);
}
