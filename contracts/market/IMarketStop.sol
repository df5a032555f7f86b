// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What the market rules ask of the order book: to trade no more in any market, and to begin again.
interface IMarketStop {
    /// @notice Put every market into DOWNGRADED, or let each turn to the phase that its calendar names.
    /// @dev Only the market rules call it, after they have written down that they are downgraded (or no more): what is turned
    ///      from then on asks them. Halted markets stay halted.
    function downgradeMarkets(bool downgraded) external;
}
