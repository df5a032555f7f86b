// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { OrderId } from "../types/OrderId.sol";
import { IERC7943MultiToken } from "./IERC7943.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";
import { IAuthorityDesk } from "./IAuthorityDesk.sol";

/// @title What the authority does with units of others, and why: freezes, forced transfers, reversals (R-AST-3). Its manual is `IAuthorityDesk`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract AuthorityDesk is IAuthorityDesk, Governed {
    // Proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;

    /// @custom:storage-location erc7201:carbon.storage.AuthorityDesk
    struct Storage {
        uint256 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.AuthorityDesk")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xf62d9042117698c3c5b6773b19192879ed97771cf37a5dca85b8d46378ba9100;

    constructor(address ledger) {
        LEDGER = ledger;
    }

    /// @inheritdoc IAuthorityDesk
    function freeze(address account, uint256 instrument, uint256 quantity, bytes32 cause, string calldata reason)
        external
        restricted
    {
        require(cause != 0, CauseMissing());

        emit Caused(cause, reason);

        // It answers true or reverts, as ERC-7943 has it.
        // slither-disable-next-line unused-return
        IERC7943MultiToken(LEDGER).setFrozenTokens(account, instrument, quantity);
    }

    /// @inheritdoc IAuthorityDesk
    function forceTransfer(
        address from,
        address to,
        uint256 instrument,
        uint256 quantity,
        OrderId[] calldata orders,
        bytes32 cause,
        string calldata reason
    ) external restricted {
        require(cause != 0, CauseMissing());

        emit Caused(cause, reason);

        if (orders.length != 0) IInstrumentLedger(LEDGER).takeBackOrders(from, orders);
        // It answers true or reverts, as ERC-7943 has it.
        // slither-disable-next-line unused-return
        IERC7943MultiToken(LEDGER).forcedTransfer(from, to, instrument, quantity);
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
