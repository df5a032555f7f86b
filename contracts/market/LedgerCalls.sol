// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";

/// @title The three calls to the ledger that every order needs, as the compiler would make them, without its detours.
/// @dev What is left out: asking whether the ledger has code (it is an immutable, the address of a proxy that exists; `OrderBook`
///      looks once, when it is made), copying arrays that stand where they are sent from already, and memory for answers of one
///      word. An answer that is too short for its word reverts without a word. What the ledger reverts with is the caller's answer.
library LedgerCalls {
    uint256 private constant _HEAD = 0xa0; // selector and four words before the makers' array

    /// @notice As `IInstrumentLedger.escrowFrom`, for who called the book.
    function escrow(IInstrumentLedger ledger, uint256 instrument, uint256 quantity) internal returns (address account) {
        uint256 selector = uint32(IInstrumentLedger.escrowFrom.selector);
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, selector)
            mstore(add(at, 0x20), caller())
            mstore(add(at, 0x40), instrument)
            mstore(add(at, 0x60), quantity)
            // Arguments are evaluated from the last: the call, then the length of its answer.
            if iszero(and(gt(returndatasize(), 0x1f), call(gas(), ledger, 0, add(at, 0x1c), 0x64, 0, 0x20))) {
                returndatacopy(at, 0, returndatasize())
                revert(at, returndatasize())
            }
            account := mload(0)
        }
    }

    /// @notice As `IInstrumentLedger.releaseEscrowTo`, for who called the book.
    function giveBack(IInstrumentLedger ledger, uint256 instrument, uint256 quantity, address account) internal {
        uint256 selector = uint32(IInstrumentLedger.releaseEscrowTo.selector);
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, selector)
            mstore(add(at, 0x20), caller())
            mstore(add(at, 0x40), instrument)
            mstore(add(at, 0x60), quantity)
            mstore(add(at, 0x80), account)
            if iszero(call(gas(), ledger, 0, add(at, 0x1c), 0x84, 0, 0)) {
                returndatacopy(at, 0, returndatasize())
                revert(at, returndatasize())
            }
        }
    }

    /// @notice An array for `settle`, with room before it for the rest of the call; all its words are written before it is sent.
    function makersFor(uint256 length) internal pure returns (uint256[] memory makers) {
        assembly ("memory-safe") {
            makers := add(mload(0x40), _HEAD)
            mstore(0x40, add(makers, shl(5, add(length, 1))))
            mstore(makers, length)
        }
    }

    /// @notice As `IInstrumentLedger.settle`, for who called the book.
    /// @param makers Of `makersFor`.
    /// @return account 0: makers were refused.
    function settle(IInstrumentLedger ledger, uint256[] memory makers, uint256 amounts, uint256 terms)
        internal
        returns (address account, uint256 blocked, uint256 own)
    {
        uint256 selector = uint32(IInstrumentLedger.settle.selector);
        uint256 refused = uint32(IInstrumentLedger.MakersRefused.selector);
        assembly ("memory-safe") {
            let at := sub(makers, _HEAD)
            mstore(at, selector)
            mstore(add(at, 0x20), 0x80)
            mstore(add(at, 0x40), amounts)
            mstore(add(at, 0x60), terms)
            mstore(add(at, 0x80), caller())
            let length := add(0xa4, shl(5, mload(makers)))
            switch and(gt(returndatasize(), 0x1f), call(gas(), ledger, 0, add(at, 0x1c), length, 0, 0x20))
            case 0 {
                // The words of `MakersRefused`; anything else is the caller's answer.
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                if iszero(and(eq(returndatasize(), 0x44), eq(shr(224, mload(free)), refused))) {
                    revert(free, returndatasize())
                }
                blocked := mload(add(free, 0x04))
                own := mload(add(free, 0x24))
            }
            default { account := mload(0) }
        }
    }
}
