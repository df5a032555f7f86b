// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { OrderId } from "../types/OrderId.sol";

/// @title What the ledger asks of a book: to give back what orders hold, for acts of the authority.
/// @notice Declared here and implemented by the book, so that the arrow between the folders keeps its direction.
interface IOrderEscrow {
    /// @notice Cancel those of `orders` that are open and belong to `account`; what they hold is released to it.
    /// @dev Only the ledger calls it. Ids that are closed or another's are passed over.
    function cancelFor(address account, OrderId[] calldata orders) external;

    /// @notice Halt all markets of an instrument, because it has been closed.
    /// @dev Only the ledger calls it. So no order needs to ask the ledger whether the instrument is open.
    function haltMarkets(uint256 instrument) external;
}
