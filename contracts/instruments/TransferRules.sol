// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { ITransferRules } from "./ITransferRules.sol";

/// @title How units may move between accounts: transaction types, trusted accounts, delays, second approvals (R-AST-3, R-ACC-2). Its manual is `ITransferRules`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract TransferRules is ITransferRules, Governed {
    // Proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;

    /// @custom:storage-location erc7201:carbon.storage.TransferRules
    struct Storage {
        uint256 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.TransferRules")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x5b98a71ebf9c2f1592fcba13a4d6ac0f9f9d0ce54ff275f627cee43096036800;

    constructor(address ledger) {
        LEDGER = ledger;
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
