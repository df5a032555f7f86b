// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What the proxy itself answers (R-OPS-1: back to the last good version, even when the new one is broken).
interface IGovernedProxy {
    /// @notice `caller` does not hold the role ROLLBACK, or holds it with a delay: the way back is immediate or not at all.
    error MayNotRollBack(address caller);
    /// @notice `current` replaced nothing, or has been rolled back to.
    error NothingToRollBackTo(address current);

    /// @notice The proxy runs `to` again, with all of its state. ERC-1967's `Upgraded` is emitted too.
    event RolledBack(address indexed from, address indexed to);

    /// @notice Return to the version that the present one replaced. For ROLLBACK, which never is UPGRADER.
    function rollback() external;

    /// @notice Where `rollback()` leads; zero where there is no way back.
    function previousImplementation() external view returns (address);
}
