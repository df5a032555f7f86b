// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Liens on units, agreed by both sides (R-STK-2).
interface IPledgeBook { }
