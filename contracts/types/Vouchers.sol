// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @dev What was concluded (clause 8.9).
enum VoucherKind {
    NONE,
    TRADE,
    SURRENDER,
    CANCELLATION,
    AWARD
}

/// @title What a voucher attests; its hash is a leaf of the series that issued it (R-VCH-2).
/// @dev `leaf = keccak256(bytes.concat(keccak256(abi.encode(voucher))))`; hashed twice so that no inner node is a leaf.
struct Voucher {
    VoucherKind kind;
    uint32 series; // number of the series in the VoucherBook's directory
    uint40 index; // 0, 1, 2 … in its series, for ever
    uint32 orderOfDay; // 1, 2, 3 … in its series and civil day
    uint40 at; // Unix seconds of the block
    uint256 instrument;
    uint256 quantity; // whole tonnes
    uint256 price; // smallest units of money per tonne; 0 where nothing was paid
    address from; // seller; who surrendered or cancelled
    address to; // buyer; 0 where the units ceased to exist
    uint256 ref; // maker's order, application or cancellation that it concludes
}
