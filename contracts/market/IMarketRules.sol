// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "./IOrderBook.sol";

/// @title What the order book asks of the rules of its markets: when each of them trades, and how.
interface IMarketRules {
    /// @notice The phase of a market at a time. A market without a calendar is OPEN until the civil day ends.
    /// @dev The book asks when the phase that it knows has ended, and keeps the answer until `until`. It ends a phase itself
    ///      when the instrument's validity ends first. It calls with all its gas and needs an answer: never reverts.
    /// @param market Of the order book; unknown markets have a phase too.
    /// @param at Unix seconds.
    /// @return state OPEN, CLOSED, CALL, LOCKED or DOWNGRADED: never NONE, HALTED or UNCROSSING, which are the book's own.
    /// @return until Unix seconds at which the phase ends: whole minutes, later than `at`, and not later than the end of the
    ///         civil day of `at`. When the phase that follows is LOCKED, it has its own end.
    function phaseAt(uint24 market, uint40 at) external view returns (IOrderBook.MarketState state, uint40 until);
}
