// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "./IOrderBook.sol";

/// @title What the order book asks of the rules of its markets: when each of them trades, and how.
interface IMarketPhases {
    /// @notice The phase of a market at a time: a session, or CLOSED between two. A market without a calendar is OPEN until the
    ///         civil day ends; while the platform is downgraded, all are DOWNGRADED.
    /// @dev The book asks when the phase that it knows has ended, and keeps the answer until `until`. It ends a phase itself
    ///      when the instrument's validity ends first; halts, and calls that a breaker or an officer begins, are its own too.
    ///      It calls with all its gas and needs an answer: never reverts. A LOCKED session is the end of the CALL before it: what
    ///      both collected is executed after it.
    /// @param market Of the order book; unknown markets have a phase too.
    /// @param at Unix seconds.
    /// @return state OPEN, CLOSED, CALL, LOCKED or DOWNGRADED: never NONE, HALTED or UNCROSSING, which are the book's own.
    /// @return until Unix seconds at which the phase ends: whole minutes, later than `at`, and not later than the end of the
    ///         civil day of `at`.
    function phaseAt(uint24 market, uint40 at) external view returns (IOrderBook.MarketState state, uint40 until);
}
