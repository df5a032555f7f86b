// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What the TransferRules ask of the module that binds units for disputes (R-TRD-12).
/// @notice Declared here and implemented by the DisputeDesk, so that a transfer is not made good twice: by a ruling, and by a
///         reversal.
interface ITransferDisputes {
    /// @notice Number of the dispute that stands on a completed transfer, or by whose ruling it was made good; 0: none.
    function disputeOnTransfer(uint256 transfer) external view returns (uint256 dispute);
}
