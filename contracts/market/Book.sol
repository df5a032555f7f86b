// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { OrderId, Side, orderId } from "../types/OrderId.sol";
import { TickBitmap } from "./TickBitmap.sol";

/// @title A price level: a queue of orders in the order of time.
/// @dev 191         160 159    128 127    96 95          48 47      0
///      +--------------+----------+---------+--------------+---------+
///      |  generation  |   tail   |  head   |  headTaken   |  total  |
///      +--------------+----------+---------+--------------+---------+
///      total: whole tonnes that rest here; orders head … tail − 1 are in the queue; headTaken: what has been taken of the
///      order at the head, whose own word is not written until its level starts anew.
type LevelWord is uint256;

/// @title An order in its queue.
/// @dev 247     208 207      160 159      0
///      +----------+-----------+-----------+
///      | expires  | quantity  |  account  |     quantity 0: cancelled out of the middle of its queue
///      +----------+-----------+-----------+
type OrderWord is uint256;

using { total, headTaken, head, tail, generation } for LevelWord global;
using { account, quantity, expires } for OrderWord global;

function total(LevelWord w) pure returns (uint256) {
    return uint48(LevelWord.unwrap(w));
}

function headTaken(LevelWord w) pure returns (uint256) {
    return uint48(LevelWord.unwrap(w) >> 48);
}

function head(LevelWord w) pure returns (uint256) {
    return uint32(LevelWord.unwrap(w) >> 96);
}

function tail(LevelWord w) pure returns (uint256) {
    return uint32(LevelWord.unwrap(w) >> 128);
}

function generation(LevelWord w) pure returns (uint256) {
    return uint32(LevelWord.unwrap(w) >> 160);
}

function account(OrderWord w) pure returns (address) {
    return address(uint160(OrderWord.unwrap(w)));
}

function quantity(OrderWord w) pure returns (uint256) {
    return uint48(OrderWord.unwrap(w) >> 160);
}

function expires(OrderWord w) pure returns (uint256) {
    return uint40(OrderWord.unwrap(w) >> 208);
}

/// @title Price-time priority for one market. Knows nothing of rights, tokens or money.
/// @notice Matching has two halves, so that who may trade can be asked in between, once for all makers: `plan` walks the
///         book and writes down what would happen; `commit` makes it so.
library Book {
    using TickBitmap for TickBitmap.State;

    struct Level {
        LevelWord word;
        mapping(uint256 index => OrderWord) orders;
    }

    struct State {
        mapping(uint256 key => Level) levels; // side << 24 | tick
        TickBitmap.State bitmap;
    }

    enum Step {
        FILL, // the maker trades
        EVICT, // the order leaves the book untraded: expired, or its account may not trade
        EVICT_OWN, // likewise, because maker and taker have one owner
        DECREMENT, // maker and taker have one owner: both shrink, nothing trades
        LEVEL // end of a level: its new word
    }

    /// @dev What to do with the orders of an account that are not to trade.
    enum Exception {
        NONE,
        EVICT,
        EVICT_OWN,
        DECREMENT,
        STOP
    }

    struct Request {
        uint24 market;
        Side makers; // the side that is walked
        uint256 best; // its best tick, not 0
        uint256 limit; // worst tick acceptable
        uint256 quantity;
        uint256 most; // queue places to look at, at most
    }

    /// @dev `steps` are pairs of words in memory, `count` of them:
    ///      FILL, EVICT, EVICT_OWN, DECREMENT: (step << 248 | quantity << 128 | order id), order word
    ///      LEVEL: (step << 248 | tick), new level word
    struct Plan {
        uint256 steps; // where in memory
        uint256 count;
        uint256 fills; // how many of them are FILL
        uint256 left; // of the quantity
        uint256 best; // after it: 0 where the side is empty
        bool stopped; // by `most` or by an exception, though prices still met
    }

    uint256 internal constant MOST_ORDERS = type(uint32).max;

    /// @notice The level has had as many orders as one generation can number, or holds as many tonnes as it can count.
    error LevelFull(uint24 tick);
    /// @notice The order is not, or no longer, in the book.
    error OrderNotOpen(OrderId id);

    /* PLACING */

    /// @notice Put an order at the end of its queue.
    function rest(
        State storage s,
        uint24 market,
        Side side,
        uint24 tick,
        address account_,
        uint256 quantity_,
        uint256 expires_
    ) internal returns (OrderId id) {
        Level storage level = s.levels[_key(side, tick)];
        LevelWord word = level.word;
        uint256 index = word.tail();
        require(index < MOST_ORDERS && word.total() + quantity_ <= type(uint48).max, LevelFull(tick));
        if (word.total() == 0) s.bitmap.set(side, tick);

        level.orders[index] = OrderWord.wrap(uint160(account_) | quantity_ << 160 | expires_ << 208);
        level.word = LevelWord.wrap(LevelWord.unwrap(word) + (1 << 128) + quantity_);

        // forge-lint: disable-next-line(unsafe-typecast) -- both are fields of 32 bits
        id = orderId(market, side, tick, uint32(word.generation()), uint32(index));
    }

    /* MATCHING */

    /// @notice Walk the book from its best price, writing down what happens to each order met, and change nothing.
    /// @param exceptions Packed as exception << 160 | account: accounts whose orders are not to trade.
    function plan(State storage s, Request memory r, uint256[] memory exceptions)
        internal
        view
        returns (Plan memory p)
    {
        uint256 at;
        assembly ("memory-safe") {
            at := mload(0x40)
        }
        p.steps = at;
        p.left = r.quantity;
        uint256 tick = r.best;
        uint256 looked;

        while (tick != 0 && p.left != 0 && (r.makers == Side.SELL ? tick <= r.limit : tick >= r.limit)) {
            Level storage level = s.levels[_key(r.makers, tick)];
            LevelWord word = level.word;
            uint256 index = word.head();
            uint256 taken = word.headTaken();
            uint256 resting = word.total();

            while (resting != 0 && p.left != 0) {
                if (looked == r.most) {
                    p.stopped = true;
                    break;
                }
                ++looked;
                OrderWord order = level.orders[index];
                uint256 open = order.quantity();
                if (open == 0) {
                    ++index;
                    continue;
                }
                open -= taken;

                // forge-lint: disable-next-line(unsafe-typecast) -- ticks, generations and indices keep to their fields
                OrderId id = orderId(r.market, r.makers, uint24(tick), uint32(word.generation()), uint32(index));
                Step step = Step.FILL;
                if (order.expires() != 0 && order.expires() <= block.timestamp) {
                    step = Step.EVICT;
                } else if (exceptions.length != 0) {
                    Exception exception = _exceptionFor(exceptions, order.account());
                    if (exception == Exception.STOP) {
                        p.stopped = true;
                        break;
                    }
                    if (exception != Exception.NONE) step = Step(uint8(exception)); // of the same names
                }

                uint256 amount = open;
                if (step == Step.EVICT || step == Step.EVICT_OWN) {
                    ++index;
                    taken = 0;
                } else {
                    if (p.left < open) {
                        amount = p.left;
                        taken += amount;
                    } else {
                        ++index;
                        taken = 0;
                    }
                    p.left -= amount;
                    if (step == Step.FILL) ++p.fills;
                }
                resting -= amount;
                at = _note(at, uint256(step) << 248 | amount << 128 | OrderId.unwrap(id), OrderWord.unwrap(order));
                ++p.count;
            }

            at = _note(at, uint256(Step.LEVEL) << 248 | tick, _levelAfter(word, index, taken, resting));
            ++p.count;
            if (resting != 0) break;
            tick = s.bitmap.nextWorse(r.makers, tick);
        }

        p.best = tick;
        assembly ("memory-safe") {
            mstore(0x40, at)
        }
    }

    /// @notice Make the plan's levels so. The fills are the caller's to settle and to tell.
    function commit(State storage s, Side makers, Plan memory p) internal {
        for (uint256 i; i < p.count; ++i) {
            (uint256 first, uint256 second) = stepAt(p, i);
            if (stepOf(first) != Step.LEVEL) continue;
            uint256 tick = uint24(first);
            s.levels[_key(makers, tick)].word = LevelWord.wrap(second);
            if (LevelWord.wrap(second).total() == 0) s.bitmap.clear(makers, tick);
        }
    }

    function stepAt(Plan memory p, uint256 i) internal pure returns (uint256 first, uint256 second) {
        uint256 at = p.steps + (i << 6);
        assembly ("memory-safe") {
            first := mload(at)
            second := mload(add(at, 32))
        }
    }

    function stepOf(uint256 first) internal pure returns (Step) {
        return Step(first >> 248);
    }

    /* TAKING BACK */

    /// @notice Take an open order out of its queue, wherever it stands.
    /// @return account_ Whose it was.
    /// @return open What was left of it.
    /// @return emptied Whether it was the last of its level.
    function remove(State storage s, OrderId id) internal returns (address account_, uint256 open, bool emptied) {
        Level storage level = s.levels[_key(id.side(), id.tick())];
        LevelWord word = level.word;
        OrderWord order;
        (order, open) = _openAt(level, word, id);
        account_ = order.account();

        uint256 index = word.head();
        uint256 taken = word.headTaken();
        uint256 resting = word.total() - open;
        if (id.index() == index) {
            ++index;
            taken = 0;
        } else if (resting != 0) {
            // Keeps the account, so that the slot stays written: its next use costs less.
            level.orders[id.index()] = OrderWord.wrap(OrderWord.unwrap(order) & ~(uint256(type(uint48).max) << 160));
        }
        level.word = LevelWord.wrap(_levelAfter(word, index, taken, resting));
        emptied = resting == 0;
        if (emptied) s.bitmap.clear(id.side(), id.tick());
    }

    /// @notice Make an open order smaller by `by`, which is less than what is left of it; it keeps its place.
    function reduce(State storage s, OrderId id, uint256 by) internal {
        Level storage level = s.levels[_key(id.side(), id.tick())];
        LevelWord word = level.word;
        (OrderWord order,) = _openAt(level, word, id);

        level.orders[id.index()] = OrderWord.wrap(OrderWord.unwrap(order) - (by << 160));
        level.word = LevelWord.wrap(LevelWord.unwrap(word) - by);
    }

    /* VIEWS */

    /// @notice What is left of an order; 0 when it is not open. An expired order is open until somebody takes it out.
    function openOf(State storage s, OrderId id) internal view returns (OrderWord order, uint256 open) {
        Level storage level = s.levels[_key(id.side(), id.tick())];
        return _lookAt(level, level.word, id);
    }

    function levelOf(State storage s, Side side, uint24 tick) internal view returns (LevelWord) {
        return s.levels[_key(side, tick)].word;
    }

    function _openAt(Level storage level, LevelWord word, OrderId id)
        private
        view
        returns (OrderWord order, uint256 open)
    {
        (order, open) = _lookAt(level, word, id);
        require(open != 0, OrderNotOpen(id));
    }

    function _lookAt(Level storage level, LevelWord word, OrderId id)
        private
        view
        returns (OrderWord order, uint256 open)
    {
        uint256 index = id.index();
        if (!id.isCanonical() || word.generation() != id.generation() || index < word.head() || index >= word.tail()) {
            return (order, 0);
        }
        order = level.orders[index];
        open = order.quantity();
        if (index == word.head() && open != 0) open -= word.headTaken();
    }

    /// @dev A level that has been emptied starts anew: the next generation, places from 0, its slots written again.
    function _levelAfter(LevelWord word, uint256 head_, uint256 taken, uint256 resting) private pure returns (uint256) {
        if (resting == 0) return (word.generation() + 1) << 160;
        return word.generation() << 160 | word.tail() << 128 | head_ << 96 | taken << 48 | resting;
    }

    function _exceptionFor(uint256[] memory exceptions, address account_) private pure returns (Exception) {
        for (uint256 i; i < exceptions.length; ++i) {
            if (address(uint160(exceptions[i])) == account_) return Exception(exceptions[i] >> 160);
        }
        return Exception.NONE;
    }

    /// @dev Writes at the end of memory, where nothing else is put until the plan is finished.
    function _note(uint256 at, uint256 first, uint256 second) private pure returns (uint256) {
        assembly ("memory-safe") {
            mstore(at, first)
            mstore(add(at, 32), second)
        }
        return at + 64;
    }

    function _key(Side side, uint256 tick) private pure returns (uint256) {
        return uint256(side) << 24 | tick;
    }
}
