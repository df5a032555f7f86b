// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { StorageSlot } from "@openzeppelin/contracts/utils/StorageSlot.sol";

/// @title Where a proxy remembers the version that the present one replaced (R-OPS-1).
library PreviousImplementation {
    /// @dev keccak256("carbon.proxy.previousImplementation") - 1: beside no variable of any layout, as in ERC-1967.
    bytes32 internal constant SLOT = bytes32(uint256(keccak256("carbon.proxy.previousImplementation")) - 1);

    function get() internal view returns (address) {
        return StorageSlot.getAddressSlot(SLOT).value;
    }

    function set(address implementation) internal {
        StorageSlot.getAddressSlot(SLOT).value = implementation;
    }
}
