// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title From a project to a credit: validation, registration, monitoring, verification, issue (R-AST-4).
interface ICreditProjects { }
