// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What the authority asks of a module that binds units: to give named ones up (R-AST-3).
/// @notice Declared here and implemented by modules that bind for a reason of the ledger, so that an act of the authority can
///         reach units in which somebody else has a right: only where the act names that right, and no more than it needs.
interface IBinder {
    /// @notice Release to `account` up to `quantity` units of `instrument` that are bound under `id`.
    /// @dev Only the AuthorityDesk calls it. A binding that has ended meanwhile, or binds nothing of the instrument, gives 0;
    ///      one that never was this account's reverts. A module may have to release more than was asked, where what is left
    ///      would no longer be what was agreed.
    /// @param id Of the pledge, dispute … in the module.
    /// @param act Number of the act of the authority, for the record.
    /// @return given How many units of `instrument` were released.
    function giveUp(uint256 id, address account, uint256 instrument, uint256 quantity, uint256 act)
        external
        returns (uint256 given);
}
