// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";
import { IOrderBook } from "./IOrderBook.sol";

/// @title What placing an order has to know of its market, in one word: its terms and the best price of each side.
/// @dev 255 254 253     239 238      234 233      218 217      202 201         194 193   178 177       154 153      130
///      +-------+-----------+------------+-------------+------------+-------------+---------+-------------+------------+
///      | state |   until   |  exponent  |  mantissa   |  makerFee  |  leastLots  |   lot   |   highest   |   lowest   | …
///      +-------+-----------+------------+-------------+------------+-------------+---------+-------------+------------+
///        129         48 47         24 23          0
///      +---------------+-------------+-------------+
///    … |  instrument   |   bestAsk   |   bestBid   |
///      +---------------+-------------+-------------+
///      bestBid, bestAsk: as `Book` keeps them, where the best level may be empty; 0: the side is empty. instrument: no id
///      needs more bits, as no class is above 3. until: civil day, counted from 2020-01-01, from which the instrument is valid
///      no more; 0: no such day. No field has a bit to spare: terms that are too large for theirs are refused.
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
    tickMantissa,
    unit,
    makerFee,
    state,
    isOpenOn,
    withBest,
    withBand,
    withState
} for MarketWord global;

/// @title What a trade changes, and its fee, in one word.
/// @dev 231      216 215        184 183    160 159       120 119         24 23      0
///      +-----------+--------------+---------+-----------+-----------------+---------+
///      | takerFee  |  orderOfDay  |   day   |   count   |      fees       |  last   |
///      +-----------+--------------+---------+-----------+-----------------+---------+
///      count: trades so far, which is the number of vouchers; day: civil day of the latest, since 1970-01-01;
///      orderOfDay: of the latest trade; fees: accrued and not yet collected, main money.
type TapeWord is uint256;

using { last, fees, count, orderOfDay, takerFee, onDay, withoutFees, withTrades } for TapeWord global;

/// @title What an order asks, in one word: read once, checked once, handed on as a whole.
/// @dev 196    157 156    133 132      93 92         45 44    21 20          5 4           3 2             1 0      0
///      +---------+--------+----------+-----------+--------+-------------+-------------+---------------+---------+
///      | latest  | market | expires  | quantity  |  tick  | mostMakers  |  selfTrade  |  timeInForce  |  side   |
///      +---------+--------+----------+-----------+--------+-------------+-------------+---------------+---------+
type Intent is uint256;

using { latest, market, expires, quantity, tick, most, selfTrade, rule, buys } for Intent global;

uint256 constant FIRST_DAY = 18_262; // 2020-01-01
uint256 constant LAST_DAY = FIRST_DAY + 0x7fff; // in 2109

/// @notice More trades than a market or its day can number.
error SeriesFull(uint256 count, uint256 orderOfDay);

/* MARKET */

/// @dev The words of a new, open market, whose terms fit their fields.
/// @param until Civil day, counted from 1970-01-01, from which the instrument is valid no more; 0: none.
function configured(IOrderBook.MarketTerms calldata t, uint256 until) pure returns (MarketWord word, TapeWord tape) {
    // A day that the field cannot count lies beyond anybody's plans; one before the first has passed.
    if (until > LAST_DAY) until = 0;
    else if (until != 0) until = until > FIRST_DAY ? until - FIRST_DAY : 1;
    word = MarketWord.wrap(
            InstrumentId.unwrap(t.instrument) << 48 | uint256(t.lowest) << 130 | uint256(t.highest) << 154
                | uint256(t.lot) << 178 | uint256(t.leastLots) << 194 | uint256(t.makerFee) << 202
                | uint256(t.tickMantissa) << 218 | uint256(t.tickExponent) << 234 | until << 239
        ).withState(IOrderBook.MarketState.OPEN);
    tape = TapeWord.wrap(uint256(t.takerFee) << 216);
}

function termsOf(MarketWord w, TapeWord tape) pure returns (IOrderBook.MarketTerms memory) {
    uint256 raw = MarketWord.unwrap(w);
    return IOrderBook.MarketTerms({
        instrument: InstrumentId.wrap(w.instrument()),
        tickMantissa: uint16(w.tickMantissa()),
        tickExponent: uint8(raw >> 234 & 31),
        lot: uint16(w.lot()),
        leastLots: uint8(raw >> 194),
        takerFee: uint16(tape.takerFee()),
        makerFee: uint16(w.makerFee()),
        lowest: uint24(w.lowest()),
        highest: uint24(w.highest())
    });
}

function bestBid(MarketWord w) pure returns (uint256) {
    return uint24(MarketWord.unwrap(w));
}

function bestAsk(MarketWord w) pure returns (uint256) {
    return uint24(MarketWord.unwrap(w) >> 24);
}

function instrument(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 48 & ((1 << 82) - 1);
}

function lowest(MarketWord w) pure returns (uint256) {
    return uint24(MarketWord.unwrap(w) >> 130);
}

function highest(MarketWord w) pure returns (uint256) {
    return uint24(MarketWord.unwrap(w) >> 154);
}

/// @dev In tonnes, not 0.
function lot(MarketWord w) pure returns (uint256) {
    return uint16(MarketWord.unwrap(w) >> 178);
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
        return w.lot() * uint8(MarketWord.unwrap(w) >> 194);
    }
}

/// @dev Of the maker, in units per lot.
function makerFee(MarketWord w) pure returns (uint256) {
    return uint16(MarketWord.unwrap(w) >> 202);
}

/// @dev Units of money per tick and tonne.
function tickMantissa(MarketWord w) pure returns (uint256) {
    return uint16(MarketWord.unwrap(w) >> 218);
}

/// @dev Of ticks and fees, in smallest units of money: below 2^60, as the exponent is at most 18.
function unit(MarketWord w) pure returns (uint256) {
    unchecked {
        return 10 ** (MarketWord.unwrap(w) >> 234 & 31);
    }
}

function state(MarketWord w) pure returns (uint256) {
    return MarketWord.unwrap(w) >> 254;
}

/// @dev Open, and the instrument still valid on `day`, counted from 1970-01-01.
function isOpenOn(MarketWord w, uint256 day) pure returns (bool) {
    unchecked {
        uint256 until = MarketWord.unwrap(w) >> 239 & 0x7fff;
        return w.state() == uint256(IOrderBook.MarketState.OPEN) && day - FIRST_DAY <= until - 1; // 0, none, is the largest
    }
}

function withBest(MarketWord w, bool ofBids, uint256 at) pure returns (MarketWord) {
    uint256 shift = ofBids ? 0 : 24;
    return MarketWord.wrap((MarketWord.unwrap(w) & ~(uint256(type(uint24).max) << shift)) | at << shift);
}

function withBand(MarketWord w, uint24 lowest_, uint24 highest_) pure returns (MarketWord) {
    uint256 rest = MarketWord.unwrap(w) & ~(uint256(type(uint48).max) << 130);
    return MarketWord.wrap(rest | uint256(lowest_) << 130 | uint256(highest_) << 154);
}

function withState(MarketWord w, IOrderBook.MarketState s) pure returns (MarketWord) {
    return MarketWord.wrap((MarketWord.unwrap(w) & (type(uint256).max >> 2)) | uint256(s) << 254);
}

/* TAPE */

function last(TapeWord w) pure returns (uint256) {
    return uint24(TapeWord.unwrap(w));
}

function fees(TapeWord w) pure returns (uint256) {
    return uint96(TapeWord.unwrap(w) >> 24);
}

function count(TapeWord w) pure returns (uint256) {
    return uint40(TapeWord.unwrap(w) >> 120);
}

function orderOfDay(TapeWord w) pure returns (uint256) {
    return uint32(TapeWord.unwrap(w) >> 184);
}

/// @dev Of the taker, in units per lot.
function takerFee(TapeWord w) pure returns (uint256) {
    return uint16(TapeWord.unwrap(w) >> 216);
}

function withoutFees(TapeWord w) pure returns (TapeWord) {
    return TapeWord.wrap(TapeWord.unwrap(w) & ~(uint256(type(uint96).max) << 24));
}

/// @dev On a new civil day the order of the day starts again.
function onDay(TapeWord w, uint256 day) pure returns (TapeWord) {
    uint256 raw = TapeWord.unwrap(w);
    if (uint24(raw >> 160) == day) return w;
    return TapeWord.wrap((raw & ~(uint256(type(uint56).max) << 160)) | day << 160);
}

/// @dev `trades` more, the last of them at the tick `at`. Their fees, `accrued`, need no check: there is not so much money.
function withTrades(TapeWord w, uint256 trades, uint256 at, uint256 accrued) pure returns (TapeWord) {
    unchecked {
        uint256 all = w.count() + trades;
        uint256 ofDay = w.orderOfDay() + trades;
        if (all >> 40 | ofDay >> 32 != 0) revert SeriesFull(all, ofDay);
        uint256 rest = TapeWord.unwrap(w) >> 24 << 24;
        return TapeWord.wrap(rest + (trades << 184 | trades << 120 | accrued << 24 | at));
    }
}

/* INTENT */

/// @dev Decodes as the compiler would, but each field once: what is too large for its type reverts without a word.
function intentOf(IOrderBook.Order calldata o) pure returns (Intent intent) {
    assembly ("memory-safe") {
        let market_ := calldataload(o)
        let side := calldataload(add(o, 0x20))
        let tick_ := calldataload(add(o, 0x40))
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
