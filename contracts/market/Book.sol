// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { OrderId, Side } from "../types/OrderId.sol";
import { TickBitmap } from "./TickBitmap.sol";

/// @title A price level: a queue of orders in the order of time.
/// @dev 255      254     192 191         160 159    128 127    96 95          48 47      0
///      +--------+----------+--------------+----------+---------+--------------+---------+
///      | listed |  unused  |  generation  |   tail   |  head   |  headTaken   |  total  |
///      +--------+----------+--------------+----------+---------+--------------+---------+
///      total: whole tonnes that rest here; orders head … tail − 1 are in the queue; headTaken: what has been taken of the
///      order at the head, whose own word is not written until its level starts anew; listed: its bit is set in the bitmap.
type LevelWord is uint256;

/// @title An order in its queue.
/// @dev   248     247     208 207      160 159      0
///      +---------+----------+-----------+-----------+
///      | counted | expires  | quantity  |  account  |     quantity 0: cancelled out of the middle of its queue;
///      +---------+----------+-----------+-----------+     counted: among the open orders of its account
type OrderWord is uint256;

using { total, headTaken, head, tail, generation, isListed, isIn, unlisted, emptied, after_ } for LevelWord global;
using { account, quantity, expires, hasExpired, isCounted } for OrderWord global;

uint256 constant LISTED = 1 << 255;
uint256 constant COUNTED_ORDER = 1 << 40; // above the expiry, see `OrderWord`

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

function isListed(LevelWord w) pure returns (bool) {
    return LevelWord.unwrap(w) >= LISTED;
}

/// @dev Whether the id is of this generation, and its place between head and tail. All at once, as each jump costs more.
function isIn(LevelWord w, OrderId id) pure returns (bool within) {
    bool canonical = id.isCanonical();
    assembly ("memory-safe") {
        // Generation and tail as one number, less the id's generation and index: from 1 to tail - head where it is within.
        let end := and(shr(128, w), 0xffffffffffffffff)
        let behind := sub(end, and(id, 0xffffffffffffffff))
        let length := sub(and(end, 0xffffffff), and(shr(96, w), 0xffffffff))
        within := and(canonical, lt(sub(behind, 1), length))
    }
}

function unlisted(LevelWord w) pure returns (LevelWord) {
    return LevelWord.wrap(LevelWord.unwrap(w) & ~LISTED);
}

/// @dev A level that has been emptied starts anew: the next generation, places from 0, its slots written again.
function emptied(LevelWord w) pure returns (LevelWord) {
    unchecked {
        return LevelWord.wrap((LevelWord.unwrap(w) & LISTED) | (w.generation() + 1) << 160);
    }
}

/// @dev With the same generation and tail.
function after_(LevelWord w, uint256 head_, uint256 taken, uint256 resting) pure returns (LevelWord) {
    return LevelWord.wrap((LevelWord.unwrap(w) & ~uint256(type(uint128).max)) | head_ << 96 | taken << 48 | resting);
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

function hasExpired(OrderWord w) view returns (bool) {
    unchecked {
        return w.expires() - 1 < block.timestamp; // 0, never, becomes the largest number
    }
}

function isCounted(OrderWord w) pure returns (bool) {
    return OrderWord.unwrap(w) >> 208 & COUNTED_ORDER != 0;
}

/// @title Price-time priority for one market. Knows nothing of rights, tokens or money.
/// @notice Matching has two halves, so that who may trade can be asked in between, once for all makers: `plan` walks the
///         book and writes down what would happen; `commit` makes it so.
/// @dev Who uses the library keeps the best tick of each side, and hands it in. A level leaves the bitmap when a walk passes
///      it, when it is emptied elsewhere than at the best price, or when a better price takes its place as the best: so the
///      best level, and only it, may be empty. Its makers often come back to it, and then nothing but its own word is written.
///
///      Arithmetic is unchecked where fields bound it: a level's total is below 2^48, and what is taken of an order is
///      never more than is left of it.
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

    /// @dev What happens to an order that a walk meets.
    enum Step {
        FILL, // the maker trades
        DECREMENT, // maker and taker have one owner: both shrink, nothing trades
        EVICT, // the order leaves the book untraded: expired, or its account may not trade
        EVICT_OWN, // likewise, because maker and taker have one owner
        STOP // the walk ends before it
    }

    /// @dev A walk through one side of the book: what is asked, and what `plan` finds.
    ///      Notes are pairs of words in memory, from `from` to before `to`, one for each order met, save where it stopped:
    ///      step << 248 | quantity << 128 | order id, order word
    struct Walk {
        uint256 side; // market << 8 | side of the makers: the upper bits of their orders' ids
        uint256 best; // best tick of the side, not 0, within the limit
        uint256 limit; // worst tick acceptable
        uint256 quantity; // not 0
        uint256 most; // queue places to look at, at most
        uint256[] exceptions; // accounts whose orders are not to trade, packed as step << 160 | account
        uint256 from;
        uint256 to;
        uint256 others; // how many of the notes are no FILL
        uint256 left; // of the quantity
        uint256 end; // tick where the walk ended, which is the best from then on; 0: the side is empty
        LevelWord endWord; // of the level there, when the walk came into it; all levels before it have been emptied
        bool stopped; // by `most` or by an exception, though prices still met
        uint256 tickSize; // smallest units of money per tick and tonne: whoever prices the notes keeps it here
    }

    /// @dev A note whose first word is below this is a FILL.
    uint256 internal constant NO_FILL = 1 << 248;
    uint256 internal constant MOST_ORDERS = type(uint32).max;

    /// @notice The level has had as many orders as one generation can number, or holds as many tonnes as it can count.
    error LevelFull(uint24 tick);
    /// @notice The order is not, or no longer, in the book.
    error OrderNotOpen(OrderId id);

    /* PLACING */

    /// @notice Put an order at the end of its queue.
    /// @param side_ As in a `Walk`.
    /// @param best Best tick of the side so far, 0: none.
    /// @param expires_ With COUNTED_ORDER where the order is counted.
    /// @return id Of the order.
    /// @return better Whether its tick is the best now.
    function rest(
        State storage s,
        uint256 side_,
        uint256 tick,
        uint256 best,
        address account_,
        uint256 quantity_,
        uint256 expires_
    ) internal returns (OrderId id, bool better) {
        unchecked {
            uint256 side = side_ & 1;
            Level storage level = s.levels[_key(side, tick)];
            LevelWord word = level.word;
            uint256 index = word.tail();
            if (index == MOST_ORDERS || word.total() + quantity_ > type(uint48).max) revert LevelFull(uint24(tick));

            level.orders[index] = OrderWord.wrap(uint160(account_) | quantity_ << 160 | expires_ << 208);
            level.word = LevelWord.wrap((LevelWord.unwrap(word) | LISTED) + (1 << 128) + quantity_);
            if (!word.isListed()) {
                s.bitmap.set(side, tick);
                better = best == 0 || _isBetter(side, tick, best);
                if (better && best != 0) _unlistEmpty(s, side, best);
            }

            id = OrderId.wrap(side_ << 96 | tick << 64 | word.generation() << 32 | index);
        }
    }

    function _isBetter(uint256 side, uint256 tick, uint256 than) private pure returns (bool) {
        return side == uint256(Side.SELL) ? tick < than : tick > than;
    }

    function _unlistEmpty(State storage s, uint256 side, uint256 tick) private {
        Level storage level = s.levels[_key(side, tick)];
        LevelWord word = level.word;
        if (word.total() != 0) return;
        level.word = word.unlisted();
        s.bitmap.clear(side, tick >> 8, 1 << (tick & 0xff));
    }

    /* MATCHING */

    /// @notice Walk the book from its best price, writing down what happens to each order met, and change nothing.
    /// @param w Of what `plan` finds nothing is set; to plan again, see `again`.
    function plan(State storage s, Walk memory w) internal view {
        unchecked {
            uint256 at;
            assembly ("memory-safe") {
                at := mload(0x40)
            }
            w.from = at;
            uint256 left = w.quantity;
            uint256 looks = w.most;
            bool exceptions = w.exceptions.length != 0;
            uint256 tick = w.best;

            while (true) {
                Level storage level = s.levels[_key(w.side & 1, tick)];
                LevelWord word = level.word;
                uint256 taken = word.headTaken();
                uint256 resting = word.total();
                // Of the order at hand; its low bits count its place.
                uint256 id = w.side << 96 | tick << 64 | word.generation() << 32 | word.head();

                while (resting != 0) {
                    if (looks == 0) {
                        w.stopped = true;
                        break;
                    }
                    --looks;
                    OrderWord order = level.orders[uint32(id)];
                    uint256 amount = order.quantity();
                    if (amount != 0) {
                        amount -= taken;
                        uint256 note = id;
                        bool trades = true;
                        if (_either(order.hasExpired(), exceptions)) {
                            Step step = order.hasExpired() ? Step.EVICT : _exceptionFor(w.exceptions, order.account());
                            if (step == Step.STOP) {
                                w.stopped = true;
                                break;
                            }
                            if (step != Step.FILL) ++w.others;
                            trades = step < Step.EVICT;
                            note |= uint256(step) << 248;
                        }
                        if (trades) {
                            if (left < amount) {
                                taken += left;
                                resting -= left;
                                at = _note(at, note | left << 128, order);
                                left = 0;
                                break;
                            }
                            left -= amount;
                        }
                        resting -= amount;
                        at = _note(at, note | amount << 128, order);
                    }
                    taken = 0;
                    ++id;
                    if (left == 0) break;
                }

                if (resting != 0) {
                    w.endWord = word.after_(uint32(id), taken, resting);
                    break;
                }
                if (left == 0) {
                    w.endWord = word.emptied(); // and still listed: it is the best
                    break;
                }
                tick = s.bitmap.nextWorse(w.side & 1, tick);
                if (tick == 0 || _isBetter(w.side & 1, w.limit, tick)) break;
            }

            w.to = at;
            w.left = left;
            w.end = tick;
            assembly ("memory-safe") {
                mstore(0x40, at)
            }
        }
    }

    /// @notice Plan anew, with other exceptions.
    function again(State storage s, Walk memory w) internal view {
        w.others = 0;
        w.endWord = LevelWord.wrap(0);
        w.stopped = false;
        plan(s, w);
    }

    /// @notice Make the plan's levels so. The fills are the caller's to settle and to tell.
    function commit(State storage s, Walk memory w) internal {
        uint256 side = w.side & 1;
        if (w.end != w.best) _leaveBehind(s, w, side);
        if (LevelWord.unwrap(w.endWord) != 0) s.levels[_key(side, w.end)].word = w.endWord;
    }

    /// @dev The levels that the walk passed are empty and unlisted, their bits of one word of the bitmap cleared together.
    ///      Each had an order, of which there is a note, save perhaps the first.
    function _leaveBehind(State storage s, Walk memory w, uint256 side) private {
        unchecked {
            uint256 tick = w.best;
            uint256 bits = 1 << (tick & 0xff);
            Level storage level = s.levels[_key(side, tick)];
            level.word = (level.word.total() == 0 ? level.word : level.word.emptied()).unlisted();

            uint256 to = w.to;
            for (uint256 at = w.from; at != to; at += 64) {
                (uint256 first,) = noteAt(at);
                uint256 next = uint24(first >> 64);
                if (next == tick) continue;
                if (next == w.end) break;
                if (next >> 8 != tick >> 8) {
                    s.bitmap.clear(side, tick >> 8, bits);
                    bits = 0;
                }
                tick = next;
                bits |= 1 << (tick & 0xff);
                s.levels[_key(side, tick)].word = LevelWord.wrap(((first >> 32 & type(uint32).max) + 1) << 160);
            }
            s.bitmap.clear(side, tick >> 8, bits);
        }
    }

    function noteAt(uint256 at) internal pure returns (uint256 first, uint256 second) {
        assembly ("memory-safe") {
            first := mload(at)
            second := mload(add(at, 32))
        }
    }

    /* TAKING BACK */

    /// @notice Take an open order out of its queue, wherever it stands.
    /// @param best Best tick of its side.
    /// @return order As it stood.
    /// @return open What was left of it.
    function remove(State storage s, OrderId id, uint256 best) internal returns (OrderWord order, uint256 open) {
        unchecked {
            uint256 side = _sideOf(id);
            Level storage level = s.levels[_key(side, id.tick())];
            LevelWord word = level.word;
            (order, open) = _openAt(level, word, id);

            uint256 resting = word.total() - open;
            if (resting == 0) {
                word = word.emptied();
                if (id.tick() != best) {
                    word = word.unlisted();
                    s.bitmap.clear(side, id.tick() >> 8, 1 << (id.tick() & 0xff));
                }
            } else if (id.index() == word.head()) {
                word = word.after_(word.head() + 1, 0, resting);
            } else {
                level.orders[id.index()] = OrderWord.wrap(0); // refunds more than its next use is likely to lose
                word = LevelWord.wrap(LevelWord.unwrap(word) - open);
            }
            level.word = word;
        }
    }

    /// @notice Make an open order smaller by `by`, which is less than what is left of it; it keeps its place.
    function reduce(State storage s, OrderId id, uint256 by) internal {
        Level storage level = s.levels[_key(_sideOf(id), id.tick())];
        LevelWord word = level.word;
        (OrderWord order,) = _openAt(level, word, id);

        level.orders[id.index()] = OrderWord.wrap(OrderWord.unwrap(order) - (by << 160));
        level.word = LevelWord.wrap(LevelWord.unwrap(word) - by);
    }

    /// @notice As `reduce`, where `by` may be 0, and with another expiry.
    function amend(State storage s, OrderId id, uint256 by, uint256 expires_) internal {
        Level storage level = s.levels[_key(_sideOf(id), id.tick())];
        LevelWord word = level.word;
        (OrderWord order,) = _openAt(level, word, id);

        uint256 rest_ = OrderWord.unwrap(order) & ~(uint256(type(uint40).max) << 208);
        level.orders[id.index()] = OrderWord.wrap((rest_ | expires_ << 208) - (by << 160));
        if (by != 0) level.word = LevelWord.wrap(LevelWord.unwrap(word) - by);
    }

    /* VIEWS */

    /// @notice What is left of an order; 0 when it is not open. An expired order is open until somebody takes it out.
    function openOf(State storage s, OrderId id) internal view returns (OrderWord order, uint256 open) {
        Level storage level = s.levels[_key(_sideOf(id), id.tick())];
        return _lookAt(level, level.word, id);
    }

    function levelOf(State storage s, Side side, uint256 tick) internal view returns (LevelWord) {
        return s.levels[_key(uint256(side), tick)].word;
    }

    /// @notice The best tick that has orders, from the best that is kept; 0: none.
    function bestOf(State storage s, Side side, uint256 best) internal view returns (uint256) {
        if (best == 0 || levelOf(s, side, best).total() != 0) return best;
        return s.bitmap.nextWorse(uint256(side), best);
    }

    /// @notice The next worse tick that has orders; 0: none.
    function nextWorse(State storage s, Side side, uint256 tick) internal view returns (uint256) {
        return s.bitmap.nextWorse(uint256(side), tick);
    }

    function _openAt(Level storage level, LevelWord word, OrderId id)
        private
        view
        returns (OrderWord order, uint256 open)
    {
        (order, open) = _lookAt(level, word, id);
        if (open == 0) revert OrderNotOpen(id);
    }

    function _lookAt(Level storage level, LevelWord word, OrderId id)
        private
        view
        returns (OrderWord order, uint256 open)
    {
        unchecked {
            uint256 index = id.index();
            if (!word.isIn(id)) return (order, 0);
            order = level.orders[index];
            open = order.quantity();
            if (index == word.head() && open != 0) open -= word.headTaken();
        }
    }

    function _exceptionFor(uint256[] memory exceptions, address account_) private pure returns (Step) {
        for (uint256 i; i < exceptions.length; ++i) {
            if (address(uint160(exceptions[i])) == account_) return Step(exceptions[i] >> 160);
        }
        return Step.FILL;
    }

    function _either(bool one, bool other) private pure returns (bool either) {
        assembly ("memory-safe") {
            either := or(one, other)
        }
    }

    /// @dev Writes at the end of memory, where nothing else is put until the plan is finished.
    function _note(uint256 at, uint256 first, OrderWord order) private pure returns (uint256) {
        assembly ("memory-safe") {
            mstore(at, first)
            mstore(add(at, 32), order)
        }
        unchecked {
            return at + 64;
        }
    }

    /// @dev Not checked to be a `Side`: no other number's levels have an order.
    function _sideOf(OrderId id) private pure returns (uint256) {
        return uint8(OrderId.unwrap(id) >> 96);
    }

    function _key(uint256 side, uint256 tick) private pure returns (uint256) {
        return side << 24 | tick;
    }
}
