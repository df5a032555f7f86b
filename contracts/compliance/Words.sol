// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Status } from "./ComplianceStatus.sol";

/// @title An account's obligation in one word.
/// @dev 255      248 247  240 239   232 231         224 223  216 215   208 207     152 151   96 95         48 47        0
///      +-----------+--------+---------+---------------+--------+---------+----------+--------+-------------+-----------+
///      | restricts | status | pending | frozenThrough |  last  |  first  | excluded | known  | surrendered | emissions |
///      +-----------+--------+---------+---------------+--------+---------+----------+--------+-------------+-----------+
///      Years are numbers from the scheme's first, which is 1; 0 is none. known, excluded: sets of years, bit n for number n.
///      emissions: tonnes of all known years that are not excluded, those that have not come up included.
///      surrendered: tonnes, ever. pending: applications not decided. status: as last told by an event.
///      restricts: why the account may not trade, bits `SHORTFALL` and `MISSING`.
type ObligationWord is uint256;

using {
    emissions,
    surrendered,
    known,
    excluded,
    first,
    last,
    frozenThrough,
    pending,
    status,
    restricts,
    withEmissions,
    withSurrendered,
    withKnown,
    withExcluded,
    withFirst,
    withLast,
    withFrozenThrough,
    withPending,
    withStatus,
    withRestricts,
    missing
} for ObligationWord global;

/// @title What nearly every act of the desk reads, in one word.
/// @dev 255      216 215      176 175    160 159    128 127       96 95          64 63   40 39        0
///      +------------+------------+---------+----------+-----------+------------+-------+-----------+
///      | secondFrom |applications| scheme  |  series  | utcOffset | orderOfDay |  day  | vouchers  |
///      +------------+------------+---------+----------+-----------+------------+-------+-----------+
///      applications, vouchers: so far. day, orderOfDay: of the last voucher. secondFrom: tonnes; 0: never.
type DeskWord is uint256;

using {
    vouchers,
    day,
    orderOfDay,
    utcOffset,
    series,
    scheme,
    applications,
    withVoucher,
    withUtcOffset,
    withApplications,
    secondFrom,
    withSecondFrom
} for DeskWord global;

uint256 constant SHORTFALL = 1;
uint256 constant MISSING = 2;

/// @notice More tonnes than the desk counts for an account (2^48).
error TooManyTonnes(uint256 tonnes);

uint256 constant LOW_8 = type(uint8).max;
uint256 constant LOW_40 = type(uint40).max;
uint256 constant LOW_48 = type(uint48).max;
uint256 constant LOW_56 = type(uint56).max;

function _with(uint256 word, uint256 shift, uint256 mask, uint256 value) pure returns (uint256) {
    return (word & ~(mask << shift)) | (value << shift);
}

/* OBLIGATION */

function emissions(ObligationWord w) pure returns (uint256) {
    return ObligationWord.unwrap(w) & LOW_48;
}

function surrendered(ObligationWord w) pure returns (uint256) {
    return (ObligationWord.unwrap(w) >> 48) & LOW_48;
}

function known(ObligationWord w) pure returns (uint256) {
    return (ObligationWord.unwrap(w) >> 96) & LOW_56;
}

function excluded(ObligationWord w) pure returns (uint256) {
    return (ObligationWord.unwrap(w) >> 152) & LOW_56;
}

function first(ObligationWord w) pure returns (uint256) {
    return (ObligationWord.unwrap(w) >> 208) & LOW_8;
}

function last(ObligationWord w) pure returns (uint256) {
    return (ObligationWord.unwrap(w) >> 216) & LOW_8;
}

function frozenThrough(ObligationWord w) pure returns (uint256) {
    return (ObligationWord.unwrap(w) >> 224) & LOW_8;
}

function pending(ObligationWord w) pure returns (uint256) {
    return (ObligationWord.unwrap(w) >> 232) & LOW_8;
}

function status(ObligationWord w) pure returns (Status) {
    return Status((ObligationWord.unwrap(w) >> 240) & LOW_8);
}

function restricts(ObligationWord w) pure returns (uint256) {
    return ObligationWord.unwrap(w) >> 248;
}

function withEmissions(ObligationWord w, uint256 tonnes) pure returns (ObligationWord) {
    require(tonnes <= LOW_48, TooManyTonnes(tonnes));
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 0, LOW_48, tonnes));
}

function withSurrendered(ObligationWord w, uint256 tonnes) pure returns (ObligationWord) {
    require(tonnes <= LOW_48, TooManyTonnes(tonnes));
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 48, LOW_48, tonnes));
}

/// @dev Bits 1 to 55 only, as of the year numbers.
function withKnown(ObligationWord w, uint256 years_) pure returns (ObligationWord) {
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 96, LOW_56, years_));
}

function withExcluded(ObligationWord w, uint256 years_) pure returns (ObligationWord) {
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 152, LOW_56, years_));
}

function withFirst(ObligationWord w, uint256 number) pure returns (ObligationWord) {
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 208, LOW_8, number));
}

function withLast(ObligationWord w, uint256 number) pure returns (ObligationWord) {
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 216, LOW_8, number));
}

function withFrozenThrough(ObligationWord w, uint256 number) pure returns (ObligationWord) {
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 224, LOW_8, number));
}

/// @dev At most 255.
function withPending(ObligationWord w, uint256 count) pure returns (ObligationWord) {
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 232, LOW_8, count));
}

function withStatus(ObligationWord w, Status status_) pure returns (ObligationWord) {
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 240, LOW_8, uint256(status_)));
}

function withRestricts(ObligationWord w, uint256 bits) pure returns (ObligationWord) {
    return ObligationWord.wrap(_with(ObligationWord.unwrap(w), 248, LOW_8, bits));
}

/// @dev Those of `due` that are owed for and whose emissions are not known.
function missing(ObligationWord w, uint256 due) pure returns (uint256) {
    return due & ~(w.excluded() | w.known());
}

/* DESK */

function deskWord(uint16 scheme_, uint32 series_, int32 utcOffset_) pure returns (DeskWord) {
    return DeskWord.wrap(uint256(uint32(utcOffset_)) << 96 | uint256(series_) << 128 | uint256(scheme_) << 160);
}

function vouchers(DeskWord w) pure returns (uint256) {
    return DeskWord.unwrap(w) & LOW_40;
}

function day(DeskWord w) pure returns (uint256) {
    return (DeskWord.unwrap(w) >> 40) & type(uint24).max;
}

function orderOfDay(DeskWord w) pure returns (uint256) {
    return (DeskWord.unwrap(w) >> 64) & type(uint32).max;
}

/// @dev Seconds east of UTC.
function utcOffset(DeskWord w) pure returns (int32) {
    return int32(uint32(DeskWord.unwrap(w) >> 96));
}

function series(DeskWord w) pure returns (uint32) {
    return uint32(DeskWord.unwrap(w) >> 128);
}

function scheme(DeskWord w) pure returns (uint16) {
    return uint16(DeskWord.unwrap(w) >> 160);
}

function applications(DeskWord w) pure returns (uint256) {
    return (DeskWord.unwrap(w) >> 176) & LOW_40;
}

/// @dev One more voucher, the `order`th of `day_`.
function withVoucher(DeskWord w, uint256 day_, uint256 order) pure returns (DeskWord) {
    return DeskWord.wrap((DeskWord.unwrap(w) >> 96 << 96) | (order << 64) | (day_ << 40) | (w.vouchers() + 1));
}

function withUtcOffset(DeskWord w, int32 offset) pure returns (DeskWord) {
    return DeskWord.wrap(_with(DeskWord.unwrap(w), 96, type(uint32).max, uint32(offset)));
}

function withApplications(DeskWord w, uint256 count) pure returns (DeskWord) {
    return DeskWord.wrap(_with(DeskWord.unwrap(w), 176, LOW_40, count));
}

/// @dev From so many tonnes on, a second representative endorses an application; 0: never.
function secondFrom(DeskWord w) pure returns (uint256) {
    return DeskWord.unwrap(w) >> 216;
}

function withSecondFrom(DeskWord w, uint40 tonnes) pure returns (DeskWord) {
    return DeskWord.wrap(_with(DeskWord.unwrap(w), 216, LOW_40, tonnes));
}
