// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title How much of an instrument an account may hold after a purchase outside the order book (R-TRD-7, R-TRD-10).
/// @notice What holds is the smallest `Limits.mostHeld` of the instrument's markets in the order book: so the risk manager sets one
///         figure, and a listed quote or a block is no way around it. Accounts of the authority have no limit. Bound units
///         count, what open sell orders of the book hold does not, as in the book itself.
interface IHoldingLimits {
    /// @notice Reverts with the ledger's `HoldingLimit` where the account would hold too much with `more` tonnes.
    function requireMayHold(address account, uint256 instrument, uint256 more) external view;

    function mayHold(address account, uint256 instrument, uint256 more) external view returns (bool);
}
