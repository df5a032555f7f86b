// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { OrderId, Side } from "../types/OrderId.sol";
import { Book, LevelWord, OrderWord } from "./Book.sol";
import { TickBitmap } from "./TickBitmap.sol";

/// @title A call auction over the book of one market: its price, and the queues in the order in which they trade. Knows
///        nothing of rights, tokens or money.
/// @notice The price executes the most tonnes; among such prices, the one that leaves the fewest on one side unexecuted; among
///         such, the nearest to a reference. It is found by matching whole levels against each other, best against best, while
///         they cross: what is matched so is the most that any one price executes, and it can be executed at every price
///         from the last ask to the last bid that took part.
/// @dev Work is counted, so that it can be done in pages; between two pages the caller keeps a `Progress`. No order may be placed,
///      taken back or made smaller meanwhile.
library CallAuction {
    using Book for Book.State;
    using TickBitmap for TickBitmap.State;

    enum Stage {
        BIDS, // bids that may not trade leave the book
        ASKS, // likewise
        SWEEP, // levels are matched against each other
        EXECUTE // the price is fixed, and orders trade at it
    }

    /// @dev How far an auction has come. Two words; all zero: it has not begun.
    struct Progress {
        Stage stage;
        uint24 tick; // BIDS, ASKS: the level that is looked through, 0: the best; EXECUTE: the price
        uint32 index; // BIDS, ASKS: the place in its queue from which on
        uint24 bid; // SWEEP: the best bid not matched yet, 0: none; so much of its level
        uint48 bidLeft;
        uint24 ask; // likewise
        uint48 askLeft;
        uint48 matched; // so far
        uint24 lastBid; // the last levels that took part in a match
        uint24 lastAsk;
    }

    /// @dev One side of the book while it is executed: a level, in memory, and the order of it that comes next.
    struct Cursor {
        Side side;
        uint256 tick; // 0: the side is empty
        LevelWord word; // of the level when the cursor came to it
        uint256 index; // of the order at hand
        uint256 taken; // of that order
        uint256 resting; // tonnes of the level
        bool moved; // the level is no longer what its word says
        OrderWord order;
        uint256 open; // of the order at hand; 0: none is
    }

    /* THE PRICE */

    /// @notice Match levels against each other while they cross.
    /// @param bestBid Best ticks that have orders: they cross.
    /// @param work Steps that may be made; each ends a level of one side, or of both.
    /// @return left Of the work.
    /// @return done Whether what is left does not cross.
    function sweep(Book.State storage s, Progress memory p, uint256 bestBid, uint256 bestAsk, uint256 work)
        internal
        view
        returns (uint256 left, bool done)
    {
        if (p.matched == 0) {
            (p.bid, p.bidLeft) = (uint24(bestBid), _tonnesAt(s, Side.BUY, bestBid));
            (p.ask, p.askLeft) = (uint24(bestAsk), _tonnesAt(s, Side.SELL, bestAsk));
        }
        while (p.bid != 0 && p.ask != 0 && p.bid >= p.ask) {
            if (work == 0) return (0, false);
            --work;
            uint48 both = p.bidLeft < p.askLeft ? p.bidLeft : p.askLeft;
            p.matched += both;
            (p.lastBid, p.lastAsk) = (p.bid, p.ask);
            (p.bidLeft, p.askLeft) = (p.bidLeft - both, p.askLeft - both);
            if (p.bidLeft == 0) {
                p.bid = uint24(s.nextWorse(Side.BUY, p.bid));
                p.bidLeft = _tonnesAt(s, Side.BUY, p.bid);
            }
            if (p.askLeft == 0) {
                p.ask = uint24(s.nextWorse(Side.SELL, p.ask));
                p.askLeft = _tonnesAt(s, Side.SELL, p.ask);
            }
        }
        return (work, true);
    }

    /// @notice The price, when the sweep is done.
    /// @param anchor The reference; 0: none; then the middle of the prices that are as good as each other, rounded down.
    /// @return tick The price.
    /// @return surplus Tonnes that could trade at the price, and for which the other side has none.
    function price(Book.State storage s, Progress memory p, uint256 anchor)
        internal
        view
        returns (uint256 tick, uint256 surplus)
    {
        // All of these execute the most. Bids are left over from `bid` down, asks from `ask` up.
        (uint256 low, uint256 high) = (p.lastAsk, p.lastBid);
        (uint256 bid, uint256 ask) = (p.bid, p.ask == 0 ? type(uint256).max : p.ask);
        if (_max(low, bid + 1) <= _min(high, ask - 1)) {
            (low, high) = (_max(low, bid + 1), _min(high, ask - 1));
        } else {
            // Something is left over at each: of bids the least at `bid`, of asks the least at `ask`, as far as these are
            // among the prices; and as much down (up) to the next level.
            uint256 ofBids = bid >= low ? p.bidLeft : type(uint256).max;
            uint256 ofAsks = ask <= high ? p.askLeft : type(uint256).max;
            surplus = _min(ofBids, ofAsks);
            uint256 below = s.nextWorse(Side.BUY, bid);
            uint256 above = ask == type(uint256).max ? 0 : s.nextWorse(Side.SELL, ask);
            low = ofBids == surplus ? _max(low, below + 1) : ask;
            if (ofAsks != surplus) high = bid;
            else if (above != 0) high = _min(high, above - 1);
        }
        if (anchor == 0) return ((low + high) / 2, surplus);
        return (_min(_max(anchor, low), high), surplus);
    }

    function _tonnesAt(Book.State storage s, Side side, uint256 tick) private view returns (uint48) {
        return tick == 0 ? 0 : uint48(s.levelOf(side, tick).total());
    }

    /* EXECUTING */

    /// @notice Stand before the first order of a side.
    /// @param best As it is kept: that level may be empty.
    function cursorAt(Book.State storage s, Side side, uint256 best) internal view returns (Cursor memory c) {
        c.side = side;
        _enter(s, c, best);
    }

    /// @notice Go on to the next open order within the limit, if none is at hand; places taken back are passed for good.
    /// @param work Places that may be passed.
    /// @return left Of the work. With none left, perhaps no order is at hand though there are some: see `isSpent`.
    function advance(Book.State storage s, Cursor memory c, uint256 limit, uint256 work)
        internal
        returns (uint256 left)
    {
        while (c.open == 0 && c.tick != 0) {
            if (c.resting == 0) {
                _leave(s, c);
                continue;
            }
            if (_isBeyond(c.side, c.tick, limit)) break;
            OrderWord order = s.levels[_key(c)].orders[c.index];
            if (order.quantity() != 0) {
                c.order = order;
                c.open = order.quantity() - c.taken;
                break;
            }
            if (work == 0) break;
            --work;
            ++c.index;
            (c.taken, c.moved) = (0, true);
        }
        return work;
    }

    /// @notice After `advance`: whether the side has no order within the limit.
    function isSpent(Cursor memory c, uint256 limit) internal pure returns (bool) {
        return c.open == 0 && (c.tick == 0 || _isBeyond(c.side, c.tick, limit));
    }

    /// @notice `amount` of the order at hand leaves the book.
    function take(Cursor memory c, uint256 amount) internal pure {
        (c.open, c.resting, c.moved) = (c.open - amount, c.resting - amount, true);
        (c.index, c.taken) = c.open == 0 ? (c.index + 1, 0) : (c.index, c.taken + amount);
    }

    /// @notice Write the level that the cursor stands in. Its tick is the side's best then.
    function close(Book.State storage s, Cursor memory c) internal {
        if (!c.moved) return;
        s.levels[_key(c)].word = c.resting == 0 ? c.word.emptied() : c.word.after_(c.index, c.taken, c.resting);
    }

    function idAt(Cursor memory c, uint24 market) internal pure returns (OrderId) {
        return placeAt(market, c.side, c.tick, c.word.generation(), c.index);
    }

    function placeAt(uint24 market, Side side, uint256 tick, uint256 generation, uint256 index)
        internal
        pure
        returns (OrderId)
    {
        return OrderId.wrap(uint256(market) << 104 | uint256(side) << 96 | tick << 64 | generation << 32 | index);
    }

    function _enter(Book.State storage s, Cursor memory c, uint256 tick) private view {
        LevelWord word = s.levelOf(c.side, tick); // of tick 0: nothing
        (c.tick, c.word, c.resting) = (tick, word, word.total());
        (c.index, c.taken, c.moved) = (word.head(), word.headTaken(), false);
    }

    /// @dev The level at hand is empty: it leaves the bitmap.
    function _leave(Book.State storage s, Cursor memory c) private {
        LevelWord word = c.word.total() == 0 ? c.word : c.word.emptied();
        s.levels[_key(c)].word = word.unlisted();
        s.bitmap.clear(uint256(c.side), c.tick >> 8, 1 << (c.tick & 0xff));
        _enter(s, c, s.nextWorse(c.side, c.tick));
    }

    function _isBeyond(Side side, uint256 tick, uint256 limit) private pure returns (bool) {
        return side == Side.BUY ? tick < limit : tick > limit;
    }

    /// @dev As in `Book`.
    function _key(Cursor memory c) private pure returns (uint256) {
        return uint256(c.side) << 24 | c.tick;
    }

    function _min(uint256 one, uint256 other) private pure returns (uint256) {
        return one < other ? one : other;
    }

    function _max(uint256 one, uint256 other) private pure returns (uint256) {
        return one > other ? one : other;
    }
}
