// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title One accounting method: from activity data to emissions (R-MRV-3).
/// @notice A method is code without state, not behind a proxy: a version never changes, a better one is a new version.
/// @dev Further methods (mass balance, measurement, warming potentials …) are further implementations of this interface.
interface IMethod {
    /// @notice The inputs are `given` bytes; the method takes `expected`.
    error MalformedInputs(uint256 given, uint256 expected);

    /// @notice Whole grams of CO2e, exact and rounded once, halves up.
    /// @param inputs ABI encoding of the fields of `schema`, each a `uint256` with 18 decimals.
    function emissions(bytes calldata inputs) external pure returns (uint256 grams);

    /// @notice The fields of `inputs` in order, as JSON: `[{"name":…,"unit":…,"decimals":18,"highest":…}, …]`, `highest` in
    ///         the smallest unit. A field with "default" may be left out where people write inputs, not in the encoding.
    function schema() external pure returns (string memory);
}
