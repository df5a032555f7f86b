// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";
import { IOrderBook } from "./IOrderBook.sol";

/// @title A market's terms and state, in one word.
/// @dev 255   248 247    224 223     200 199       184 183       168 167        152 151  128 127       120 119       88 87        0
///      +--------+----------+----------+-----------+-----------+-----------+--------+------------+-----------+-----------+
///      | state  | highest  |  lowest  | makerFee  | takerFee  | leastLots |  lot   | exponent   | mantissa  | instrument|
///      +--------+----------+----------+-----------+-----------+-----------+--------+------------+-----------+-----------+
type ConfigWord is uint256;

using {
    instrument,
    tickSize,
    lot,
    leastLots,
    takerFee,
    makerFee,
    lowest,
    highest,
    state,
    fee,
    withState,
    withBand,
    terms
} for ConfigWord global;

/// @title What changes with every trade, in one word.
/// @dev 255       224 223    200 199    160 159    72 71    48 47       24 23       0
///      +------------+---------+----------+---------+--------+-----------+-----------+
///      | orderOfDay |   day   |  count   |  fees   |  last  |  bestAsk  |  bestBid  |
///      +------------+---------+----------+---------+--------+-----------+-----------+
///      count: trades so far, which is the number of vouchers; day: civil day of the latest, since 1970-01-01;
///      orderOfDay: of the latest trade; fees: accrued and not yet collected, main money.
type HotWord is uint256;

using {
    bestBid,
    bestAsk,
    last,
    fees,
    count,
    orderOfDay,
    withBestBid,
    withBestAsk,
    withFees,
    onDay,
    withTrade
} for HotWord global;

/* CONFIG */

function configWord(IOrderBook.MarketTerms calldata t, IOrderBook.MarketState s) pure returns (ConfigWord) {
    return ConfigWord.wrap(
        InstrumentId.unwrap(t.instrument) | uint256(t.tickMantissa) << 88 | uint256(t.tickExponent) << 120
            | uint256(t.lot) << 128 | uint256(t.leastLots) << 152 | uint256(t.takerFee) << 168 | uint256(t.makerFee)
            << 184 | uint256(t.lowest) << 200 | uint256(t.highest) << 224 | uint256(s) << 248
    );
}

function instrument(ConfigWord w) pure returns (uint256) {
    return uint88(ConfigWord.unwrap(w));
}

/// @dev Smallest units of money per tick and tonne.
function tickSize(ConfigWord w) pure returns (uint256) {
    return uint256(uint32(ConfigWord.unwrap(w) >> 88)) * _power(w);
}

function lot(ConfigWord w) pure returns (uint256) {
    return uint24(ConfigWord.unwrap(w) >> 128);
}

function leastLots(ConfigWord w) pure returns (uint256) {
    return uint16(ConfigWord.unwrap(w) >> 152);
}

function takerFee(ConfigWord w) pure returns (uint256) {
    return uint16(ConfigWord.unwrap(w) >> 168);
}

function makerFee(ConfigWord w) pure returns (uint256) {
    return uint16(ConfigWord.unwrap(w) >> 184);
}

function lowest(ConfigWord w) pure returns (uint24) {
    return uint24(ConfigWord.unwrap(w) >> 200);
}

function highest(ConfigWord w) pure returns (uint24) {
    return uint24(ConfigWord.unwrap(w) >> 224);
}

function state(ConfigWord w) pure returns (uint8) {
    return uint8(ConfigWord.unwrap(w) >> 248);
}

/// @dev The fee for whole lots, in smallest units of money.
function fee(ConfigWord w, uint256 perLot, uint256 quantity) pure returns (uint256) {
    return perLot == 0 ? 0 : quantity / w.lot() * perLot * _power(w);
}

function withState(ConfigWord w, IOrderBook.MarketState s) pure returns (ConfigWord) {
    return ConfigWord.wrap((ConfigWord.unwrap(w) & (type(uint256).max >> 8)) | uint256(s) << 248);
}

function withBand(ConfigWord w, uint24 lowest_, uint24 highest_) pure returns (ConfigWord) {
    uint256 mask = uint256(type(uint48).max) << 200;
    return ConfigWord.wrap((ConfigWord.unwrap(w) & ~mask) | uint256(lowest_) << 200 | uint256(highest_) << 224);
}

function terms(ConfigWord w) pure returns (IOrderBook.MarketTerms memory) {
    uint256 raw = ConfigWord.unwrap(w);
    return IOrderBook.MarketTerms({
        instrument: InstrumentId.wrap(w.instrument()),
        tickMantissa: uint32(raw >> 88),
        tickExponent: uint8(raw >> 120),
        lot: uint24(raw >> 128),
        leastLots: uint16(raw >> 152),
        takerFee: uint16(raw >> 168),
        makerFee: uint16(raw >> 184),
        lowest: w.lowest(),
        highest: w.highest()
    });
}

function _power(ConfigWord w) pure returns (uint256) {
    return 10 ** uint8(ConfigWord.unwrap(w) >> 120);
}

/* HOT */

function bestBid(HotWord w) pure returns (uint256) {
    return uint24(HotWord.unwrap(w));
}

function bestAsk(HotWord w) pure returns (uint256) {
    return uint24(HotWord.unwrap(w) >> 24);
}

function last(HotWord w) pure returns (uint256) {
    return uint24(HotWord.unwrap(w) >> 48);
}

function fees(HotWord w) pure returns (uint256) {
    return uint88(HotWord.unwrap(w) >> 72);
}

function count(HotWord w) pure returns (uint256) {
    return uint40(HotWord.unwrap(w) >> 160);
}

function orderOfDay(HotWord w) pure returns (uint32) {
    return uint32(HotWord.unwrap(w) >> 224);
}

function withBestBid(HotWord w, uint256 tick) pure returns (HotWord) {
    return HotWord.wrap((HotWord.unwrap(w) & ~uint256(type(uint24).max)) | tick);
}

function withBestAsk(HotWord w, uint256 tick) pure returns (HotWord) {
    return HotWord.wrap((HotWord.unwrap(w) & ~(uint256(type(uint24).max) << 24)) | tick << 24);
}

/// @notice More fees than can accrue before they are collected.
error FeesToCollect(uint256 amount);

function withFees(HotWord w, uint256 amount) pure returns (HotWord) {
    require(amount <= type(uint88).max, FeesToCollect(amount));
    return HotWord.wrap((HotWord.unwrap(w) & ~(uint256(type(uint88).max) << 72)) | amount << 72);
}

/// @dev On a new civil day the order of the day starts again.
function onDay(HotWord w, uint24 day) pure returns (HotWord) {
    if (uint24(HotWord.unwrap(w) >> 200) == day) return w;
    return HotWord.wrap((HotWord.unwrap(w) & type(uint200).max) | uint256(day) << 200);
}

/// @notice More trades than a market or its day can number.
error SeriesFull(uint256 count, uint256 orderOfDay);

/// @dev One trade more, at `tick`.
function withTrade(HotWord w, uint24 tick) pure returns (HotWord) {
    require(w.count() < type(uint40).max && w.orderOfDay() < type(uint32).max, SeriesFull(w.count(), w.orderOfDay()));
    uint256 rest = HotWord.unwrap(w) & ~(uint256(type(uint24).max) << 48);
    return HotWord.wrap((rest | uint256(tick) << 48) + (1 << 160) + (1 << 224));
}
