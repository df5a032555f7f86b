// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { OrderId } from "../types/OrderId.sol";

/// @title Call auctions, and trading by choice among the best five levels (R-TRD-2, R-TRD-10).
/// @notice Called at the order book's address, as `IMarketOperations` is.
///
///         Call auctions. When a call has ended and prices cross, the market is UNCROSSING: anyone executes the auction, in
///         calls of as much work as they like. First, orders that have expired, or whose account may not trade, or would hold
///         more than it may, leave the book: bids from the best down to the best ask, then asks likewise. Then the price is
///         fixed: the one that executes the most; among such, the one that leaves the least on one side; among such, the
///         nearest to the reference, which is the day's last trade, or without one the last close. Then orders trade at it, the best price
///         first, then the earlier. Orders of one beneficial owner that meet shrink by the same quantity and do not trade.
///         An order whose account may no longer trade when its turn comes leaves the book; where prices still cross at
///         the end, what is left has another auction. At last the market turns to the phase that its calendar names. An auction
///         whose instrument's validity has ended meanwhile is broken off: the market is CLOSED.
///
///         Both sides pay the maker's fee. What a buy order held beyond the price comes back to its account.
///
///         Choice. Where the market's conduct says so nothing is matched: who takes picks an order.
interface ICallAuctions {
    /* ERRORS */

    /// @notice No call has ended in which prices cross: `state` is a `MarketState`.
    error NoAuctionPending(uint24 market, uint8 state);
    /// @notice A call with no work does nothing.
    error NoWork();
    /// @notice Orders are matched in this market; there is nothing to pick.
    error MarketMatches(uint24 market);
    /// @notice The order's price is not among the best `levels` of its side.
    error NotAmongBest(OrderId id, uint256 levels);
    /// @notice The order is of `account`, which has the same beneficial owner as who picks, or is who picks.
    error PickedOwnOrder(OrderId id, address account);
    /// @notice The order's price is further from `last`, the latest trade's (or the close), than prices may move at once.
    error PickBeyondBand(uint24 tick, uint24 last, uint256 permille);

    /* EVENTS: with the book's, all that a replay needs. One call tells what happens to orders in the order in which it met them. */

    /// @notice The price of an auction has been fixed: `tonnes` can trade at `tick`, and `surplus` more of one side.
    event AuctionPriced(uint24 indexed market, uint24 tick, uint48 tonnes, uint48 surplus);
    /// @notice `buyer` bought from `seller` in an auction, at `tick`: a part or all of what is open of both orders. `voucher` and
    ///         `orderOfDay` are the trade's place in the market's series; its time is the block's.
    event AuctionTrade(
        uint24 indexed market,
        address indexed buyer,
        address indexed seller,
        OrderId bid,
        OrderId ask,
        uint24 tick,
        uint48 quantity,
        uint40 voucher,
        uint32 orderOfDay
    );

    /// @notice Execute a part of the auction that the market waits for, or all of it. Anyone may; a market whose call has ended
    ///         is turned first.
    /// @param mostWork Orders to look at, levels to match and trades to make, at most, together; not 0. Whatever it is, the
    ///        outcome of all calls together is the same.
    /// @return done Whether the auction is over, and the next phase has begun.
    function uncross(uint24 market, uint256 mostWork) external returns (bool done);

    /// @notice In a market by choice, trade with an order whose price is among the best five levels of its side, whatever its place
    ///         in the queue, at its price: as taker. For a representative with the right TRADE.
    /// @param quantity Whole lots, not less than the smallest order unless it is all that is open, and not more than is open.
    /// @param latest Unix seconds after which this call does nothing; 0: any time.
    /// @return filled `quantity`; or 0: the order had expired, or its account may not trade (any more), or would hold more
    ///         than it may, and it left the book.
    function pick(OrderId id, uint48 quantity, uint40 latest) external returns (uint48 filled);
}
