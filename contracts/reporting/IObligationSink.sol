// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Who is told what an account has to answer for.
/// @notice Declared here and implemented by the ComplianceDesk, so that the arrow between the folders keeps its direction.
interface IObligationSink {
    /// @notice The accepted emissions of `account` in `year` are now `grams` in sum; only EmissionReports calls it.
    /// @param grams Whole grams of CO2e over all installations of the account whose figure is accepted or determined.
    /// @param complete Whether there is a figure for each installation of the account that is active in `year`, and at least
    ///        one such installation. False again when a figure is withdrawn.
    function onEmissions(address account, uint16 year, uint128 grams, bool complete) external;
}
