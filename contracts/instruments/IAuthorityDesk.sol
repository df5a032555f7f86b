// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { OrderId } from "../types/OrderId.sol";

/// @title What the authority does with units of others, and why: freezes, forced transfers, reversals (R-AST-3).
/// @notice Quantities are whole tonnes, or smallest units of money.
interface IAuthorityDesk {
    /// @notice A digest must say why.
    error CauseMissing();

    /// @notice Why the freeze or forced transfer of this transaction happened.
    event Caused(bytes32 indexed cause, string reason);

    /// @notice Set how much of a holding is frozen: an absolute amount that may exceed the balance; 0 ends it. For REGULATOR.
    function freeze(address account, uint256 instrument, uint256 quantity, bytes32 cause, string calldata reason)
        external;

    /// @notice Move units by order of a court or the authority: free ones first, then what `orders` held, then frozen ones.
    ///         For REGULATOR.
    function forceTransfer(
        address from,
        address to,
        uint256 instrument,
        uint256 quantity,
        OrderId[] calldata orders,
        bytes32 cause,
        string calldata reason
    ) external;
}
