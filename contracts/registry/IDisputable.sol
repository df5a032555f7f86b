// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What a dispute asks of a contract whose acts are disputed: to let one rest, and to answer a ruling (R-TRD-12).
/// @notice Declared here, below all that implement it. While a subject is held, no authority changes it otherwise than the
///         claimant asks for: that it may do at once, and the subject is held no longer. So nobody shields an act of its own with
///         a dispute. What a ruling brings is an act of its own, with its own event; the disputed one stays as it was recorded.
/// @dev Only the DisputeDesk calls it, and lets go once of what it held.
interface IDisputable {
    /// @notice `subject` rests from now on. Reverts where nothing of it can be disputed, or it is held already.
    /// @param subject As the contract numbers it.
    /// @param dispute Number of the dispute.
    /// @return account Whose it is.
    /// @return at Unix seconds of the act that is disputed.
    function hold(uint256 subject, uint256 dispute) external returns (address account, uint256 at);

    /// @notice `subject` rests no longer. Nothing happens where the authority has granted the claim meanwhile.
    /// @param upheld The claim is right: the contract makes good what it can.
    function letGo(uint256 subject, uint256 dispute, bool upheld) external;
}
