// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @dev What an instrument is. Also the first byte of its id.
enum InstrumentClass {
    NONE,
    ALLOWANCE,
    CREDIT,
    MONEY
}

/// @title One fungible series; also its ERC-1155 and ERC-7943 token id (R-AST-1).
/// @dev 87      80 79      64 63      48 47       16 15       0
///      +---------+----------+----------+-----------+----------+
///      |  class  |  scheme  |  vintage |  project  |  series  |      bits 88..255 are zero
///      +---------+----------+----------+-----------+----------+
///      class: `InstrumentClass`; scheme: the number of the scheme in its configuration; vintage: the first civil year of
///      the unit's period, 0 for money; project: number of the crediting project, 0 for allowances and money;
///      series: ISO 4217 number of the currency for money, else a running number that tells apart units of one vintage.
///      88 bits, so that a market's whole configuration fits beside it in one slot.
type InstrumentId is uint256;

using { class, scheme, vintage, project, series, equals as == } for InstrumentId global;

/// @notice `id` has bits set above its 88, or no class.
error MalformedInstrument(uint256 id);

function instrumentId(InstrumentClass class_, uint16 scheme_, uint16 vintage_, uint32 project_, uint16 series_)
    pure
    returns (InstrumentId)
{
    return InstrumentId.wrap(
        (uint256(class_) << 80) | (uint256(scheme_) << 64) | (uint256(vintage_) << 48) | (uint256(project_) << 16)
            | uint256(series_)
    );
}

/// @dev Refuses anything that `instrumentId` could not have made.
function checkedInstrument(uint256 raw) pure returns (InstrumentId) {
    uint256 class_ = raw >> 80;
    require(class_ != 0 && class_ <= uint256(InstrumentClass.MONEY), MalformedInstrument(raw));
    return InstrumentId.wrap(raw);
}

function class(InstrumentId id) pure returns (InstrumentClass) {
    return InstrumentClass(uint8(InstrumentId.unwrap(id) >> 80));
}

function scheme(InstrumentId id) pure returns (uint16) {
    return uint16(InstrumentId.unwrap(id) >> 64);
}

function vintage(InstrumentId id) pure returns (uint16) {
    return uint16(InstrumentId.unwrap(id) >> 48);
}

function project(InstrumentId id) pure returns (uint32) {
    return uint32(InstrumentId.unwrap(id) >> 16);
}

function series(InstrumentId id) pure returns (uint16) {
    return uint16(InstrumentId.unwrap(id));
}

function equals(InstrumentId a, InstrumentId b) pure returns (bool) {
    return InstrumentId.unwrap(a) == InstrumentId.unwrap(b);
}
