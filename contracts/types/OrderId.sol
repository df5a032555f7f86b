// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

enum Side {
    BUY,
    SELL
}

/// @title Where an order rests, for ever unique.
/// @dev 127     104 103   96 95       64 63           32 31        0
///      +----------+--------+-----------+---------------+-----------+
///      |  market  |  side  |   tick    |  generation   |   index   |      bits 88..95 and 128..255 are zero
///      +----------+--------+-----------+---------------+-----------+
///      tick: the price as a whole number of ticks. A level that has been emptied starts again at index 0 with the next
///      generation, so that its storage is written again instead of anew and no id ever returns.
type OrderId is uint256;

using { market, side, tick, generation, index, isCanonical } for OrderId global;

function orderId(uint24 market_, Side side_, uint24 tick_, uint32 generation_, uint32 index_) pure returns (OrderId) {
    return OrderId.wrap(
        (uint256(market_) << 104) | (uint256(side_) << 96) | (uint256(tick_) << 64) | (uint256(generation_) << 32)
            | uint256(index_)
    );
}

function market(OrderId id) pure returns (uint24) {
    return uint24(OrderId.unwrap(id) >> 104);
}

function side(OrderId id) pure returns (Side) {
    return Side(uint8(OrderId.unwrap(id) >> 96));
}

function tick(OrderId id) pure returns (uint24) {
    return uint24(OrderId.unwrap(id) >> 64);
}

function generation(OrderId id) pure returns (uint32) {
    return uint32(OrderId.unwrap(id) >> 32);
}

function index(OrderId id) pure returns (uint32) {
    return uint32(OrderId.unwrap(id));
}

/// @dev Whether no bit is set beside the fields: one order has one name.
function isCanonical(OrderId id) pure returns (bool) {
    return OrderId.unwrap(id) & ~uint256(0xffffff0100ffffffffffffffffffffff) == 0;
}
