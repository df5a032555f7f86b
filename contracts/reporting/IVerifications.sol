// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Verifiers and their opinions on reports (R-MRV-6, R-DAT-l).
/// @notice A verifier is an account of kind VERIFIER, accredited by the authority for a time, engaged by the operator for an
///         installation and year, and independent of the operator. An opinion is on one version of a report and stays for
///         ever; an amended report needs another. Quantities are whole grams of CO2e. Where the filing does not allow the
///         act, the errors are those of `IEmissionReports`.
interface IVerifications {
    enum Conclusion {
        NONE,
        POSITIVE,
        QUALIFIED, // verified with comments, nothing material
        NEGATIVE
    }

    struct Opinion {
        uint128 verifiedGrams;
        uint128 misstatementGrams; // found and not corrected; at least the difference to the report
        Conclusion conclusion;
        bytes32 document; // digest of the verification report
    }

    struct Verification {
        address verifier; // account
        uint40 verifiedAt; // Unix seconds
        Opinion opinion;
    }

    /// @dev Up to `threshold` a misstatement of more than `below` is material, above it one of more than `above`.
    struct Materiality {
        uint128 threshold; // reported grams
        uint16 below; // hundredths of a per cent of reported grams
        uint16 above;
    }

    /* ERRORS */

    /// @notice `account` is of kind `kind`; only a VERIFIER is accredited (`kind` is an `AccountKind`).
    error NotAVerifier(address account, uint8 kind);
    /// @notice A digest must say what, or why.
    error DigestMissing();
    /// @notice `account` is not accredited, or was until `until`.
    error NotAccredited(address account, uint40 until);
    /// @notice Accreditation ends in the past, or ended before.
    error BadAccreditation(address account, uint40 until);
    /// @notice Verifier and operator are one, or have the same beneficial owner.
    error NotIndependent(address verifier, address operator, uint32 owner);
    /// @notice The operator has engaged `engaged`, not `account`.
    error NotEngaged(address account, address engaged);
    /// @notice There is an opinion on this version; an amended report can get a new one.
    error OpinionExists(uint64 installation, uint16 year, uint16 version);
    /// @notice An opinion has a conclusion.
    error ConclusionMissing();
    /// @notice Less than the difference between report and verification.
    error MisstatementBelowDifference(uint128 misstatement, uint128 difference);
    /// @notice `misstatement` is material (more than `limit`, in grams); only a negative conclusion can follow.
    error MaterialMisstatement(uint128 misstatement, uint256 limit);
    /// @notice No opinion was given on this version.
    error NoOpinion(uint64 installation, uint16 year, uint16 version);
    /// @notice A share above 100 %.
    error BadMateriality(uint16 below, uint16 above);

    /* EVENTS */

    event MaterialitySet(Materiality materiality);
    event VerifierAccredited(address indexed account, uint40 until, bytes32 document);
    event AccreditationWithdrawn(address indexed account, bytes32 cause);
    event VerifierEngaged(uint64 indexed installation, uint16 indexed year, address indexed verifier);
    event ReportVerified(
        uint64 indexed installation, uint16 indexed year, address indexed verifier, uint16 version, Opinion opinion
    );

    /* VERIFIERS */

    /// @notice Accredit an account of kind VERIFIER, or prolong. For REGULATOR.
    /// @param until Unix seconds; from then on it gives no opinion.
    /// @param document Digest of the accreditation with its scope.
    function accreditVerifier(address account, uint40 until, bytes32 document) external;

    /// @notice For REGULATOR. Opinions that were given stay.
    function withdrawAccreditation(address account, bytes32 cause) external;

    /// @notice Name who verifies the year; again, to change. By a representative of the operator with `Rights.REPORT`.
    function engageVerifier(uint64 installation, uint16 year, address verifier) external;

    /* OPINIONS */

    /// @notice What makes a misstatement material. For REGULATOR.
    function setMateriality(Materiality calldata materiality) external;

    /// @notice Give an opinion on the latest version. By a representative with `Rights.REPORT` of the engaged verifier,
    ///         accredited and independent of the operator.
    /// @param version That the opinion is about, so that no amendment can slip in between.
    function verify(uint64 installation, uint16 year, uint16 version, Opinion calldata opinion) external;

    /* VIEWS */

    /// @notice The opinion on version `version`; all zero where there is none.
    function verificationOf(uint64 installation, uint16 year, uint16 version)
        external
        view
        returns (Verification memory);

    /// @notice Verified minus reported grams of the version; reverts where there is no opinion.
    function differenceOf(uint64 installation, uint16 year, uint16 version) external view returns (int256 grams);

    /// @notice Whom the operator has engaged; 0: nobody.
    function engagedFor(uint64 installation, uint16 year) external view returns (address verifier);

    /// @notice 0: never accredited, or withdrawn.
    function accreditedUntil(address account) external view returns (uint40);

    function materiality() external view returns (Materiality memory);
}
