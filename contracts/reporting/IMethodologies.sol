// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IMethod } from "./IMethod.sol";

/// @title The register of accounting methods and their versions (R-MRV-3, R-DAT-a).
/// @notice A version is registered once and stays for ever, so that each report can be computed again. A closed version
///         still computes: reports under plans that name it go on until the plan is replaced; new plans cannot name it.
interface IMethodologies {
    enum MethodState {
        NONE,
        OPEN,
        CLOSED
    }

    struct Method {
        IMethod implementation;
        uint40 registeredAt; // Unix seconds
        MethodState state;
        bytes32 document; // digest of the published method, a RuleBook document
    }

    /* ERRORS */

    /// @notice `name` has no version `version`.
    error UnknownMethod(bytes32 name, uint16 version);
    /// @notice `version` of `name` was closed before.
    error MethodClosed(bytes32 name, uint16 version);
    /// @notice There is no code at `implementation`.
    error NotAMethod(address implementation);
    /// @notice A method has a name and a published document.
    error NameOrDocumentMissing(bytes32 name, bytes32 document);

    /* EVENTS */

    /// @param codeHash Of the implementation's code, so that a record of the code can be checked against it.
    event MethodRegistered(
        bytes32 indexed name, uint16 indexed version, IMethod implementation, bytes32 codeHash, bytes32 document
    );
    event MethodClosedForPlans(bytes32 indexed name, uint16 indexed version);

    /* REGISTERING */

    /// @notice Register the next version of `name`. For REGULATOR.
    /// @param name Short ASCII name, e.g. "combustion".
    /// @return version 1, 2, 3 …
    function register(bytes32 name, IMethod implementation, bytes32 document) external returns (uint16 version);

    /// @notice No new plan may name this version. For REGULATOR.
    function close(bytes32 name, uint16 version) external;

    /* VIEWS */

    /// @notice What the version makes of `inputs`, in whole grams of CO2e. Reverts with the method's own errors.
    function compute(bytes32 name, uint16 version, bytes calldata inputs) external view returns (uint256 grams);

    /// @notice `state` is NONE where there is no such version.
    function methodOf(bytes32 name, uint16 version) external view returns (Method memory);

    /// @notice Versions of `name` so far; the latest one's number.
    function versionsOf(bytes32 name) external view returns (uint16);
}
