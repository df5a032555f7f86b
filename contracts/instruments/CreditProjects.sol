// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { ICreditProjects } from "./ICreditProjects.sol";

/// @title From a project to a credit: validation, registration, monitoring, verification, issue (R-AST-4). Its manual is `ICreditProjects`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract CreditProjects is ICreditProjects, Governed {
    // Proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;

    /// @custom:storage-location erc7201:carbon.storage.CreditProjects
    struct Storage {
        uint256 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.CreditProjects")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x629e68599bd3edf195eb26b732fcbf9a61d9ef7f90830ac72517d0ead02b9e00;

    constructor(address ledger) {
        LEDGER = ledger;
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
