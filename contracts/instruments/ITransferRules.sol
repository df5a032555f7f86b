// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title How units may move between accounts: transaction types, trusted accounts, delays, second approvals (R-AST-3, R-ACC-2).
interface ITransferRules { }
