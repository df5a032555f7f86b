// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IBanking } from "./IBanking.sol";

/// @title Units of one period into units of the next, or lapse (R-AST-5). Its manual is `IBanking`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract Banking is IBanking, Governed {
    // Proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;

    /// @custom:storage-location erc7201:carbon.storage.Banking
    struct Storage {
        uint256 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.Banking")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x11c84160af03f3fdaba507eb843889f815b902a3f985d056bee8c44e9b60d300;

    constructor(address ledger) {
        LEDGER = ledger;
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
