// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Side } from "./OrderId.sol";

/// @title A listed quote, for ever unique; it says what it asks, so that who clicks an id clicks its price.
/// @dev 103     80 79    72 71      48 47        0
///      +---------+--------+----------+-----------+
///      |  board  |  side  |   tick   |   index   |      bits 104..255 are zero
///      +---------+--------+----------+-----------+
///      side: BUY when the one who listed it buys; tick: the price as a whole number of ticks; index: 1, 2, 3 … in its board.
type QuoteId is uint256;

using { board, side, tick, index } for QuoteId global;

function quoteId(uint24 board_, Side side_, uint24 tick_, uint48 index_) pure returns (QuoteId) {
    return QuoteId.wrap((uint256(board_) << 80) | (uint256(side_) << 72) | (uint256(tick_) << 48) | uint256(index_));
}

function board(QuoteId id) pure returns (uint24) {
    return uint24(QuoteId.unwrap(id) >> 80);
}

function side(QuoteId id) pure returns (Side) {
    return Side(uint8(QuoteId.unwrap(id) >> 72));
}

function tick(QuoteId id) pure returns (uint24) {
    return uint24(QuoteId.unwrap(id) >> 48);
}

function index(QuoteId id) pure returns (uint48) {
    return uint48(QuoteId.unwrap(id));
}
