// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Eligibility, Representation } from "../types/Accounts.sol";

/// @title Where eligibility is kept in the form in which it is checked (R-TRD-7, R-ID-6).
/// @notice Declared by the registry, implemented by the InstrumentLedger: the registry writes, everybody reads. So a
///         trade reads one word for each maker and two for the caller.
interface IEligibility {
    /// @notice `key` represents no account.
    error NotARepresentative(address key);
    /// @notice `key` represents `account` with `rights`, which lack some bit of `needed`.
    error MissingRight(address key, address account, uint16 rights, uint16 needed);
    /// @notice `account` is unknown, suspended or closed; `status` is an `AccountStatus`.
    error AccountNotActive(address account, uint8 status);
    /// @notice The certificate behind `key` (or behind `account`, when `key` is the account) ended at `until`.
    error CertificateExpired(address key, uint40 until);
    /// @notice `account` is under restrictions that forbid the act: `restrictions & forbidding != 0`.
    error AccountRestricted(address account, uint16 restrictions, uint16 forbidding);

    event EligibilityChanged(address indexed account, Eligibility eligibility);
    /// @notice Of the restrictions that `account` has just got, `lapsing` end by themselves at `at`.
    event RestrictionsLapse(address indexed account, uint256 lapsing, uint256 at);
    event RepresentationChanged(address indexed key, address indexed account, uint40 certificateUntil, uint16 rights);

    /// @notice Replace what is known of `account`. Only the StakeholderRegistry calls it.
    function setEligibility(address account, Eligibility calldata eligibility) external;

    /// @notice Let the restrictions `lapsing` of the account end by themselves at `at`, Unix seconds below 2^35. The next
    ///         `setEligibility` forgets it. Only the StakeholderRegistry calls it.
    function setLapse(address account, uint256 lapsing, uint256 at) external;

    /// @notice Replace what `key` may do; rights of zero remove it. Only the StakeholderRegistry calls it.
    function setRepresentation(address key, Representation calldata representation) external;

    /// @notice As it is now: restrictions that have ended by themselves are not among them.
    function eligibilityOf(address account) external view returns (Eligibility memory);

    function representationOf(address key) external view returns (Representation memory);

    /// @notice The account for which `key` may act now with all rights of `needed`, none of `forbidding` being restricted.
    ///         Reverts with the first reason why not.
    function actingFor(address key, uint16 needed, uint16 forbidding) external view returns (address account);
}
