// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Whether the platform limits itself to its core functions (R-TRD-13).
/// @notice Declared here and implemented by `MarketRules`, so that the arrow between the folders keeps its direction. Whoever
///         lists, clicks, proposes or confirms something new asks; taking back, settling what was agreed before, withdrawing
///         money and surrendering do not.
interface IDowngrade {
    /// @notice Since `since` (Unix seconds) nothing new is listed, clicked, proposed, confirmed or placed; what is open can be
    ///         taken back.
    error PlatformDowngraded(uint40 since);

    /// @notice Reverts with `PlatformDowngraded` while it is.
    function requireNormal() external view;

    function isDowngraded() external view returns (bool);
}
