// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What the MarketRules tell the order book. Declared here, implemented by `MarketOperations`.
interface IMarketStop {
    /// @notice Downgrade all markets: orders can only be taken back; or let each go on as its calendar says now.
    /// @dev Only the MarketRules call it. A halted market stays halted either way, and a call that was under way when the markets
    ///      were downgraded is not executed: its orders rest.
    function downgradeMarkets(bool on) external;
}
