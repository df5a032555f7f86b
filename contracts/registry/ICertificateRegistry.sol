// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Attestation } from "../types/Certificates.sol";

/// @title Who certifies, and which certificate stands behind which key (R-ID-6; clause 8.10 a to d).
/// @notice X.509 chains and revocation lists are checked where the certificates are: by the accredited certification
///         authority and by the SDK. On-chain stands the authority's signed statement, checked with the representative's own
///         signature; what it says of validity and revocation is pushed, through the StakeholderRegistry, into the words
///         that every act reads.
/// @dev Both signatures are EIP-712 typed data, 65 bytes, low s, of the domain that `eip712Domain` (ERC-5267) tells:
///      the authority signs `Attestation` (types/Certificates.sol), the representative's key signs
///      `Possession(bytes32 fingerprint,address account)`. A signature for another chain or another deployment recovers to
///      an address that is nobody's, so the error names that address. Malformed and malleable signatures are refused
///      with the errors of OpenZeppelin's ECDSA.
interface ICertificateRegistry {
    /// @dev A certification authority is known by the key that signs; a new signing key is a new accreditation.
    struct Accreditation {
        uint16 number; // 1, 2, 3 … in order of accreditation; 0: never accredited
        uint40 since; // Unix seconds
        uint40 until; // Unix seconds; from then on it binds nothing new
        uint40 withdrawnAt; // Unix seconds; 0: not withdrawn
    }

    struct Certificate {
        address key; // that it stands behind, or stood
        address signer; // of the certification authority
        uint40 notAfter; // Unix seconds
        uint40 revokedAt; // Unix seconds; 0: not revoked
        bool current; // no later certificate took its place
    }

    /* ERRORS */

    /// @notice `signer` was never accredited. A signature over other data, or for another chain or contract, ends here too.
    error NotAccredited(address signer);
    /// @notice The accreditation of `signer` ended at `until`.
    error AccreditationEnded(address signer, uint40 until);
    /// @notice The accreditation of `signer` was withdrawn; its key never returns.
    error SignerWithdrawn(address signer, uint40 withdrawnAt);
    /// @notice An accreditation must end in the future, and be of a signer.
    error BadAccreditation(address signer, uint40 until);
    /// @notice The possession was signed by `recovered` (or over other data), not by the representative's `key`.
    error PossessionNotProven(address key, address recovered);
    /// @notice The certificate is valid from `notBefore`.
    error AttestationNotYetValid(bytes32 fingerprint, uint40 notBefore);
    /// @notice The certificate ended at `notAfter`.
    error AttestationExpired(bytes32 fingerprint, uint40 notAfter);
    /// @notice This certificate was bound before; each is bound once.
    error FingerprintUsed(bytes32 fingerprint);
    /// @notice Zero is no fingerprint.
    error NoFingerprint();
    error UnknownCertificate(bytes32 fingerprint);
    /// @notice Was revoked at `revokedAt`. What was revoked is neither revoked again nor replaced: the key is rotated.
    error CertificateIsRevoked(bytes32 fingerprint, uint40 revokedAt);
    /// @notice `caller` is not the authority that signed it: `signer` is.
    error NotTheSigner(address caller, address signer);
    /// @notice RFC 5280 knows reasons 0 to 6 and 8 to 10; a certificate is never put on hold (6) or taken off (8) here.
    error BadRevocationReason(uint8 reason);
    error CauseMissing();

    /* EVENTS */

    /// @notice Also when an accreditation that was not withdrawn gets another end; the number stays.
    event Accredited(address indexed signer, uint16 indexed number, bytes32 nameDigest, uint40 since, uint40 until);
    event AccreditationWithdrawn(address indexed signer, uint40 withdrawnAt, bytes32 cause);
    /// @notice From now on the certificate stands behind `key`, in place of an earlier one where there was one.
    event CertificateBound(
        bytes32 indexed fingerprint,
        address indexed account,
        address indexed key,
        address signer,
        uint40 notBefore,
        uint40 notAfter,
        bytes32 domains
    );
    /// @param reason RFC 5280, 5.3.1.
    /// @param by The signer, or who acted for the regulator.
    event CertificateRevoked(
        bytes32 indexed fingerprint, address indexed key, uint40 revokedAt, uint8 reason, address by
    );

    /* CERTIFICATION AUTHORITIES */

    /// @notice Accredit the signing key of a certification authority, or give it another end. For REGULATOR.
    /// @param nameDigest Salted digest of its name and of its X.509 root.
    /// @param until Unix seconds. Certificates bound before then live to their own end.
    function accredit(address signer, bytes32 nameDigest, uint40 until) external;

    /// @notice From now on `signer` neither binds nor revokes. For REGULATOR. Certificates it signed stand until each is
    ///         revoked: whoever withdraws for distrust revokes them with `revokeAsRegulator`.
    function withdrawAccreditation(address signer, bytes32 cause) external;

    function accreditationOf(address signer) external view returns (Accreditation memory);

    /// @notice Signer of the authority with this number; zero where there is none.
    function signerOf(uint16 number) external view returns (address);

    /* CERTIFICATES */

    /// @notice Check both signatures and let the certificate stand behind the key. Only the StakeholderRegistry, which
    ///         has checked that account and key belong together.
    function bind(Attestation calldata attestation, bytes calldata caSignature, bytes calldata possessionSignature)
        external;

    /// @notice Revoke. For the certification authority that signed it, by its signing key.
    function revoke(bytes32 fingerprint, uint8 reason) external;

    /// @notice Revoke, several at once. For REGULATOR. One that is unknown or revoked already stops the whole call.
    function revokeAsRegulator(bytes32[] calldata fingerprints, uint8 reason) external;

    /* VIEWS */

    function certificateOf(bytes32 fingerprint) external view returns (Certificate memory);

    /// @notice The certificate that stands behind `key` (valid or not); zero where there is none.
    function fingerprintOf(address key) external view returns (bytes32);

    /// @notice What the authority signs.
    function attestationDigest(Attestation calldata attestation) external view returns (bytes32);

    /// @notice What the representative's key signs.
    function possessionDigest(bytes32 fingerprint, address account) external view returns (bytes32);
}
