// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Units of one period into units of the next, or lapse (R-AST-5).
interface IBanking { }
