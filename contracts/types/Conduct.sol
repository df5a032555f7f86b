// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Numbers of the kinds of misconduct that modules and officers report. What each counts is data of the credit
///        record.
/// @dev The regulator may define further kinds, from 64 on.
library Misconduct {
    uint8 internal constant LACKED = 1; // a block was not settled: the account had not what it owed
    uint8 internal constant NOT_ELIGIBLE = 2; // a block was not settled: the account might not trade or receive
    uint8 internal constant DEFAULTED_BID = 3; // a bid was won and not paid
    uint8 internal constant MANIPULATION = 4; // confirmed by a second officer
    uint8 internal constant LATE_SURRENDER = 5;
    uint8 internal constant MISSING_SURRENDER = 6;
}
