// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";
import { OrderId } from "../types/OrderId.sol";
import { IOrderBook } from "./IOrderBook.sol";

/// @title What placing an order has to know of its market, in one word: its terms, its state and the best price of each side.
/// @dev 255  253 252    227 226    225 224      220 219      210 209      196 195      186 185       178 177   162
///      +-------+---------+---------+------------+------------+-------------+------------+-------------+---------+
///      | state |  until  |  flags  |  exponent  |  mantissa  |  makerFee   |  mostLots  |  leastLots  |   lot   | …
///      +-------+---------+---------+------------+------------+-------------+------------+-------------+---------+
///        161       142 141      122 121         40 39         20 19          0
///      +-------------+------------+---------------+-------------+-------------+
///    … |   highest   |   lowest   |  instrument   |   bestAsk   |   bestBid   |
///      +-------------+------------+---------------+-------------+-------------+
///      bestBid, bestAsk: as `Book` keeps them, where the best level may be empty; 0: the side is empty. instrument: no id
///      needs more bits, as no class is above 3. mostLots: of one order, 7 bits x 10^(the low 3 bits); 0: no limit. flags: COUNTED,
///      CHOICE. until: when the state ends, in whole minutes since 2020-01-01; a market whose time has passed has to turn
///      before anything is placed; for HALTED and UNCROSSING, which others end, 0. No field has a bit to spare: terms that are
///      too large for theirs are refused.
type MarketWord is uint256;

using {
    bestBid,
    bestAsk,
    instrument,
    lowest,
    highest,
    lot,
    lots,
    least,
    mostLots,
    tickMantissa,
    unit,
    makerFee,
    counts,
    isChoice,
    state,
    until,
    isOpenNow,
    hasEnded,
    withBest,
    withBand,
    withMostLots,
    withFlag,
    withState
} for MarketWord global;

/// @title What a trade changes, and what a trade has to know beside, in one word.
/// @dev 255      244 243     234 233      220 219  204 203        180 179   140 139    92 91        20 19      0
///      +-----------+-----------+-----------+---------+--------------+---------+---------+------------+---------+
///      | mostHeld  |  dynamic  | takerFee  |   day   |  orderOfDay  |  count  |  lots   |  turnover  |  last   |
///      +-----------+-----------+-----------+---------+--------------+---------+---------+------------+---------+
///      last: tick of the latest trade, 0: none yet; turnover: ticks x lots, and lots: of all trades so far; count: trades so far,
///      which is the number of vouchers; orderOfDay: trades so far on `day`, the civil day since 1970-01-01 to which the market
///      turned last; dynamic: how far a price may move from the latest, in tenths of a per cent; 0: as far as it will; mostHeld: tonnes of the
///      instrument that an account may hold after a purchase, 8 bits x 10^(the low 4 bits); 0: no limit.
type TapeWord is uint256;

using {
    last,
    turnover,
    lotsTraded,
    count,
    orderOfDay,
    day,
    takerFee,
    dynamicPermille,
    mostHeld,
    onDay,
    withTrades,
    withRisk
} for TapeWord global;

/// @title What an order asks, in one word: read once, checked once, handed on as a whole.
/// @dev 196    157 156    133 132      93 92         45 44    21 20          5 4           3 2             1 0      0
///      +---------+--------+----------+-----------+--------+-------------+-------------+---------------+---------+
///      | latest  | market | expires  | quantity  |  tick  | mostMakers  |  selfTrade  |  timeInForce  |  side   |
///      +---------+--------+----------+-----------+--------+-------------+-------------+---------------+---------+
type Intent is uint256;

using { latest, market, expires, quantity, tick, most, selfTrade, rule, buys } for Intent global;

/// @title What became of an order, in one word: a `Placed`.
/// @dev 223      176 175      128 127   0
///      +-----------+-----------+-------+
///      |  rested   |  filled   |  id   |
///      +-----------+-----------+-------+
type Outcome is uint256;

using { id, filled, rested, withFilled } for Outcome global;

uint256 constant MOST_TICK = (1 << 20) - 1;
uint256 constant MINUTES_FROM = 1_577_836_800; // 2020-01-01T00:00Z
uint256 constant LAST_MINUTE = (1 << 26) - 1; // in 2147
uint256 constant COUNTED = 1; // a flag: the market counts the open orders of each account
uint256 constant CHOICE = 2; // a flag: nothing is matched; who takes picks an order

/// @notice More trades or lots than a market or its day can number.
error SeriesFull(uint256 count, uint256 orderOfDay, uint256 lots);

/* MARKET */

/// @dev The words of a new market, whose terms fit their fields. It is OPEN and its time has passed: so it turns before it trades.
function configured(IOrderBook.MarketTerms calldata t) pure returns (MarketWord word, TapeWord tape) {
    word = MarketWord.wrap(
            InstrumentId.unwrap(t.instrument) << 40 | uint256(t.lowest) << 122 | uint256(t.highest) << 142
                | uint256(t.lot) << 162 | uint256(t.leastLots) << 178 | uint256(t.makerFee) << 196
                | uint256(t.tickMantissa) << 210 | uint256(t.tickExponent) << 220
        ).withState(IOrderBook.MarketState.OPEN, 0);
    tape = TapeWord.wrap(uint256(t.takerFee) << 220);
}

function termsOf(MarketWord w, TapeWord tape) pure returns (IOrderBook.MarketTerms memory) {
    uint256 raw = MarketWord.unwrap(w);
    return IOrderBook.MarketTerms({
        instrument: InstrumentId.wrap(w.instrument()),
        tickMantissa: uint16(w.tickMantissa()),
        tickExponent: uint8(raw >> 220 & 31),
        lot: uint16(w.lot()),
        leastLots: uint8(raw >> 178),
        takerFee: uint16(tape.takerFee()),
        makerFee: uint16(w.makerFee()),
        lowest: uint24(w.lowest()),
        highest: uint24(w.highest())
    });
}

function bestBid(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) & MOST_TICK;
}

function bestAsk(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 20 & MOST_TICK;
}

function instrument(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 40 & ((1 << 82) - 1);
}

function lowest(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 122 & MOST_TICK;
}

function highest(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 142 & MOST_TICK;
}

/// @dev In tonnes, not 0.
function lot(MarketWord w) pure returns (uint256) {
    return uint16(MarketWord.unwrap(w) >> 162);
}

/// @dev Whole lots in a quantity. Without the compiler's check for 0, which no lot is.
function lots(MarketWord w, uint256 quantity_) pure returns (uint256 whole) {
    uint256 lot_ = w.lot();
    assembly ("memory-safe") {
        whole := div(quantity_, lot_)
    }
}

/// @dev Smallest order, in tonnes.
function least(MarketWord w) pure returns (uint256) {
    unchecked {
        return w.lot() * uint8(MarketWord.unwrap(w) >> 178);
    }
}

/// @dev Largest order, in lots; 0: no limit.
function mostLots(MarketWord w) pure returns (uint256) {
    return expanded(MarketWord.unwrap(w) >> 186 & 0x3ff, 3);
}

/// @dev Of the maker, in units per lot.
function makerFee(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 196 & 0x3fff;
}

/// @dev Units of money per tick and tonne.
function tickMantissa(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 210 & 0x3ff;
}

/// @dev Of ticks and fees, in smallest units of money: below 2^60, as the exponent is at most 18.
function unit(MarketWord w) pure returns (uint256) {
    unchecked {
        return 10 ** (MarketWord.unwrap(w) >> 220 & 31);
    }
}

/// @dev Whether the open orders of each account are counted.
function counts(MarketWord w) pure returns (bool) {
    return MarketWord.unwrap(w) & COUNTED << 225 != 0;
}

function isChoice(MarketWord w) pure returns (bool) {
    return MarketWord.unwrap(w) & CHOICE << 225 != 0;
}

/// @dev A `MarketState` as a number.
function state(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 253;
}

/// @dev Unix seconds; 0: no end, or none yet.
function until(MarketWord w) pure returns (uint256) {
    unchecked {
        uint256 minutes_ = MarketWord.unwrap(w) >> 227 & LAST_MINUTE;
        return minutes_ == 0 ? 0 : MINUTES_FROM + minutes_ * 60;
    }
}

/// @dev Continuous trading, and its time has not passed.
function isOpenNow(MarketWord w) view returns (bool is_) {
    uint256 from = MINUTES_FROM;
    uint256 open = uint256(IOrderBook.MarketState.OPEN) << 26;
    assembly ("memory-safe") {
        // With any other state beyond what a minute can be.
        let minutes_ := xor(shr(227, w), open)
        is_ := and(iszero(shr(26, minutes_)), lt(sub(timestamp(), from), mul(minutes_, 60)))
    }
}

/// @dev Whether the market's state has an end that has passed, so that it has to turn.
function hasEnded(MarketWord w) view returns (bool) {
    uint256 now_ = w.state();
    return now_ != uint256(IOrderBook.MarketState.HALTED) && now_ != uint256(IOrderBook.MarketState.UNCROSSING)
        && block.timestamp >= w.until();
}

function withBest(MarketWord w, bool ofBids, uint256 at) pure returns (MarketWord) {
    uint256 shift = ofBids ? 0 : 20;
    return MarketWord.wrap((MarketWord.unwrap(w) & ~(MOST_TICK << shift)) | at << shift);
}

function withBand(MarketWord w, uint256 lowest_, uint256 highest_) pure returns (MarketWord) {
    uint256 rest = MarketWord.unwrap(w) & ~(uint256((1 << 40) - 1) << 122);
    return MarketWord.wrap(rest | lowest_ << 122 | highest_ << 142);
}

/// @param packed As `compacted` with 3 bits.
function withMostLots(MarketWord w, uint256 packed) pure returns (MarketWord) {
    return MarketWord.wrap((MarketWord.unwrap(w) & ~(uint256(0x3ff) << 186)) | packed << 186);
}

function withFlag(MarketWord w, uint256 flag, bool set) pure returns (MarketWord) {
    uint256 bit = flag << 225;
    return MarketWord.wrap(set ? MarketWord.unwrap(w) | bit : MarketWord.unwrap(w) & ~bit);
}

/// @param until_ Unix seconds, of which whole minutes count; 0: no end.
function withState(MarketWord w, IOrderBook.MarketState s, uint256 until_) pure returns (MarketWord) {
    uint256 minutes_ = until_ < MINUTES_FROM ? 0 : (until_ - MINUTES_FROM) / 60;
    if (minutes_ > LAST_MINUTE) minutes_ = LAST_MINUTE;
    return MarketWord.wrap((MarketWord.unwrap(w) & (type(uint256).max >> 29)) | minutes_ << 227 | uint256(s) << 253);
}

/* LIMITS: large numbers in few bits, a mantissa and a power of ten */

/// @dev The number that `packed` stands for; its low `bits` are the power of ten.
function expanded(uint256 packed, uint256 bits) pure returns (uint256) {
    unchecked {
        return (packed >> bits) * 10 ** (packed & ((1 << bits) - 1));
    }
}

/// @dev The shortest way to write a number so; above all that fit into any field where it cannot be written.
function compacted(uint256 number, uint256 bits, uint256 mantissaBits) pure returns (uint256) {
    uint256 power;
    while (number >> mantissaBits != 0 && number % 10 == 0) {
        number /= 10;
        ++power;
    }
    return number >> mantissaBits == 0 && power >> bits == 0 ? number << bits | power : type(uint256).max;
}

/* TAPE */

function last(TapeWord w) pure returns (uint256) {
    return TapeWord.unwrap(w) & MOST_TICK;
}

/// @dev Ticks x lots of all trades.
function turnover(TapeWord w) pure returns (uint256) {
    return uint72(TapeWord.unwrap(w) >> 20);
}

function lotsTraded(TapeWord w) pure returns (uint256) {
    return uint48(TapeWord.unwrap(w) >> 92);
}

function count(TapeWord w) pure returns (uint256) {
    return uint40(TapeWord.unwrap(w) >> 140);
}

function orderOfDay(TapeWord w) pure returns (uint256) {
    return uint24(TapeWord.unwrap(w) >> 180);
}

/// @dev Civil day, counted from 1970-01-01.
function day(TapeWord w) pure returns (uint256) {
    return uint16(TapeWord.unwrap(w) >> 204);
}

/// @dev Of the taker, in units per lot.
function takerFee(TapeWord w) pure returns (uint256) {
    return TapeWord.unwrap(w) >> 220 & 0x3fff;
}

function dynamicPermille(TapeWord w) pure returns (uint256) {
    return TapeWord.unwrap(w) >> 234 & 0x3ff;
}

/// @dev In tonnes; 0: no limit.
function mostHeld(TapeWord w) pure returns (uint256) {
    return expanded(TapeWord.unwrap(w) >> 244, 4);
}

/// @dev A new civil day begins, and the order of the day again.
function onDay(TapeWord w, uint256 day_) pure returns (TapeWord) {
    return TapeWord.wrap((TapeWord.unwrap(w) & ~(uint256(type(uint40).max) << 180)) | day_ << 204);
}

/// @dev `trades` more, the last of them at the tick `at`, of so many lots and ticks x lots together. The turnover needs no
///      check of its own: a tick is below 2^20.
function withTrades(TapeWord w, uint256 trades, uint256 at, uint256 lots_, uint256 turnover_) pure returns (TapeWord) {
    unchecked {
        uint256 all = w.count() + trades;
        uint256 ofDay = w.orderOfDay() + trades;
        uint256 allLots = w.lotsTraded() + lots_;
        if (all >> 40 | ofDay >> 24 | allLots >> 48 != 0) revert SeriesFull(all, ofDay, allLots);
        uint256 rest = TapeWord.unwrap(w) >> 20 << 20;
        return TapeWord.wrap(rest + (trades << 180 | trades << 140 | lots_ << 92 | turnover_ << 20 | at));
    }
}

/// @param packedHeld As `compacted` with 4 bits.
function withRisk(TapeWord w, uint256 dynamic, uint256 packedHeld) pure returns (TapeWord) {
    return TapeWord.wrap((TapeWord.unwrap(w) & (type(uint256).max >> 22)) | dynamic << 234 | packedHeld << 244);
}

/* INTENT */

/// @dev Decodes as the compiler would, but each field once: what is too large for its type reverts without a word.
function intentOf(IOrderBook.Order calldata o) pure returns (Intent intent) {
    assembly ("memory-safe") {
        let market_ := calldataload(o)
        let tick_ := calldataload(add(o, 0x20))
        let side := calldataload(add(o, 0x40))
        let quantity_ := calldataload(add(o, 0x60))
        let expires_ := calldataload(add(o, 0x80))
        let timeInForce := calldataload(add(o, 0xa0))
        let selfTrade_ := calldataload(add(o, 0xc0))
        let mostMakers := calldataload(add(o, 0xe0))
        let latest_ := calldataload(add(o, 0x100))

        let excess := or(or(shr(24, market_), shr(1, side)), or(shr(24, tick_), shr(48, quantity_)))
        excess := or(excess, or(shr(40, expires_), shr(2, timeInForce)))
        excess := or(excess, or(shr(2, selfTrade_), shr(16, mostMakers)))
        if or(excess, shr(40, latest_)) { revert(0, 0) }

        intent := or(or(side, shl(1, timeInForce)), or(shl(3, selfTrade_), shl(5, mostMakers)))
        intent := or(intent, or(or(shl(21, tick_), shl(45, quantity_)), or(shl(93, expires_), shl(133, market_))))
        intent := or(intent, shl(157, latest_))
    }
}

function latest(Intent i) pure returns (uint256) {
    return Intent.unwrap(i) >> 157;
}

function market(Intent i) pure returns (uint256) {
    return uint24(Intent.unwrap(i) >> 133);
}

function expires(Intent i) pure returns (uint256) {
    return uint40(Intent.unwrap(i) >> 93);
}

function quantity(Intent i) pure returns (uint256) {
    return uint48(Intent.unwrap(i) >> 45);
}

function tick(Intent i) pure returns (uint256) {
    return uint24(Intent.unwrap(i) >> 21);
}

function most(Intent i) pure returns (uint256) {
    return uint16(Intent.unwrap(i) >> 5);
}

/// @dev A `SelfTrade` as a number.
function selfTrade(Intent i) pure returns (uint256) {
    return Intent.unwrap(i) >> 3 & 3;
}

/// @dev A `TimeInForce` as a number.
function rule(Intent i) pure returns (uint256) {
    return Intent.unwrap(i) >> 1 & 3;
}

function buys(Intent i) pure returns (bool) {
    return Intent.unwrap(i) & 1 == 0;
}

/* OUTCOME */

function restedAs(OrderId id_, uint256 quantity_) pure returns (Outcome) {
    return Outcome.wrap(OrderId.unwrap(id_) | quantity_ << 176);
}

function id(Outcome o) pure returns (uint256) {
    return uint128(Outcome.unwrap(o));
}

function filled(Outcome o) pure returns (uint256) {
    return uint48(Outcome.unwrap(o) >> 128);
}

function rested(Outcome o) pure returns (uint256) {
    return Outcome.unwrap(o) >> 176;
}

function withFilled(Outcome o, uint256 quantity_) pure returns (Outcome) {
    return Outcome.wrap(Outcome.unwrap(o) | quantity_ << 128);
}
