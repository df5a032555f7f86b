// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What the RuleBook's documents are about. A topic is the hash of its name; a scheme may add its own.
library Topics {
    /// @dev The scheme's parameters: what the file of the scheme says.
    bytes32 internal constant SCHEME = keccak256("scheme");
    /// @dev What an applicant accepts by registering (R-ID-1).
    bytes32 internal constant REGISTRATION_POLICY = keccak256("registration-policy");
    /// @dev How voucher codes are made (R-VCH-1).
    bytes32 internal constant VOUCHER_CODING_RULES = keccak256("voucher-coding-rules");
    /// @dev Reduction strategies and caps by compliance period (R-MRV-1).
    bytes32 internal constant REDUCTION_STRATEGY = keccak256("reduction-strategy");
    /// @dev By what an entity's claim to allowances is examined (R-ALC-2).
    bytes32 internal constant REVIEW_RULES = keccak256("review-rules");
    /// @dev Agreed between platforms: matching, fees, halts (R-TRD-14).
    bytes32 internal constant TRADING_RULES = keccak256("trading-rules");
    /// @dev What a monitoring plan must contain (R-MRV-2).
    bytes32 internal constant MONITORING_GUIDELINES = keccak256("monitoring-guidelines");
    /// @dev How reports are verified, and when a verifier is independent (R-MRV-6).
    bytes32 internal constant VERIFICATION_GUIDELINES = keccak256("verification-guidelines");
    /// @dev Which certification authorities and authentication methods are accepted (R-ACC-5).
    bytes32 internal constant IDENTITY_POLICY = keccak256("identity-policy");
    /// @dev Deadlines, eligible units, penalties (R-CMP-2, R-CMP-3).
    bytes32 internal constant COMPLIANCE_RULES = keccak256("compliance-rules");
    /// @dev What services must do (R-STK-3).
    bytes32 internal constant REQUIREMENT_PROFILE = keccak256("requirement-profile");
    /// @dev How services are built (R-STK-3).
    bytes32 internal constant TECHNICAL_SCHEME = keccak256("technical-scheme");
}
