// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IPledgeBook } from "./IPledgeBook.sol";

/// @title Liens on units, agreed by both sides (R-STK-2). Its manual is `IPledgeBook`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract PledgeBook is IPledgeBook, Governed {
    // Proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    address private immutable AUTHORITY_DESK;

    /// @custom:storage-location erc7201:carbon.storage.PledgeBook
    struct Storage {
        uint256 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.PledgeBook")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x1b6ade5366f65a5c3c3e91bafc87c6909c9fb144c03799abf445f2e66c1ba800;

    constructor(address ledger, address authorityDesk) {
        LEDGER = ledger;
        AUTHORITY_DESK = authorityDesk;
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
