// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC5267 } from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import { Governed } from "../governance/Governed.sol";
import { Attestation } from "../types/Certificates.sol";
import { ICertificateRegistry } from "./ICertificateRegistry.sol";
import { IStakeholderRegistry } from "./IStakeholderRegistry.sol";

/// @title Certification authorities and the certificates behind keys. Its manual is `ICertificateRegistry`.
/// @dev Nothing to initialize: the seed has set the authority.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract CertificateRegistry is ICertificateRegistry, IERC5267, Governed {
    // A proxy of the suite, whose address is fixed before any implementation exists.
    IStakeholderRegistry private immutable REGISTRY;

    string private constant _NAME = "Carbon Certificates";
    string private constant _VERSION = "1";
    bytes32 private constant _DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant _ATTESTATION_TYPE = keccak256(
        "Attestation(bytes32 fingerprint,address account,address key,uint40 notBefore,uint40 notAfter,bytes32 domains)"
    );
    bytes32 private constant _POSSESSION_TYPE = keccak256("Possession(bytes32 fingerprint,address account)");

    // RFC 5280, 5.3.1: 0 to 10 without 7, which is not used, and without hold (6) and its end (8).
    uint8 private constant _KEY_COMPROMISE = 1;
    uint256 private constant _REASONS = 0x7ff & ~uint256((1 << 6) | (1 << 7) | (1 << 8));

    /// @dev 255    240 239      200 199     160 159        0
    ///      +----------+------------+-----------+-----------+
    ///      |  number  |  revokedAt |  notAfter |    key    |      number: of the authority that signed
    ///      +----------+------------+-----------+-----------+
    struct CertificateWord {
        address key;
        uint40 notAfter;
        uint40 revokedAt;
        uint16 number;
    }

    /// @custom:storage-location erc7201:carbon.storage.CertificateRegistry
    struct Storage {
        mapping(address signer => Accreditation) accreditations;
        mapping(uint16 number => address) signers;
        mapping(bytes32 fingerprint => CertificateWord) certificates;
        mapping(address key => bytes32) fingerprints;
        uint16 signerCount;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.CertificateRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xfc6ad543c4d01598c15bc1951549b907e0fd518108fff3e4f21c358d1bbb9b00;

    /// @param registry The StakeholderRegistry: it alone binds, and hears of revocations.
    constructor(IStakeholderRegistry registry) {
        REGISTRY = registry;
    }

    /* CERTIFICATION AUTHORITIES */

    /// @inheritdoc ICertificateRegistry
    function accredit(address signer, bytes32 nameDigest, uint40 until) external restricted {
        Accreditation storage given = _s().accreditations[signer];
        require(signer != address(0) && until > block.timestamp, BadAccreditation(signer, until));
        require(given.withdrawnAt == 0, SignerWithdrawn(signer, given.withdrawnAt));

        if (given.number == 0) {
            given.number = ++_s().signerCount;
            given.since = uint40(block.timestamp);
            _s().signers[given.number] = signer;
        }
        given.until = until;

        emit Accredited(signer, given.number, nameDigest, given.since, until);
    }

    /// @inheritdoc ICertificateRegistry
    function withdrawAccreditation(address signer, bytes32 cause) external restricted {
        Accreditation storage given = _s().accreditations[signer];
        require(given.number != 0, NotAccredited(signer));
        require(given.withdrawnAt == 0, SignerWithdrawn(signer, given.withdrawnAt));
        require(cause != 0, CauseMissing());

        given.withdrawnAt = uint40(block.timestamp);

        emit AccreditationWithdrawn(signer, given.withdrawnAt, cause);
    }

    /// @inheritdoc ICertificateRegistry
    function accreditationOf(address signer) external view returns (Accreditation memory) {
        return _s().accreditations[signer];
    }

    /// @inheritdoc ICertificateRegistry
    function signerOf(uint16 number) external view returns (address) {
        return _s().signers[number];
    }

    /* BINDING */

    /// @inheritdoc ICertificateRegistry
    function bind(Attestation calldata attestation, bytes calldata caSignature, bytes calldata possessionSignature)
        external
        onlyModule(address(REGISTRY))
    {
        bytes32 fingerprint = attestation.fingerprint;
        address key = attestation.key;
        _requireFresh(fingerprint);
        _requireReplaceable(_s().fingerprints[key]);
        require(attestation.notBefore <= block.timestamp, AttestationNotYetValid(fingerprint, attestation.notBefore));
        require(attestation.notAfter > block.timestamp, AttestationExpired(fingerprint, attestation.notAfter));
        address signer = ECDSA.recoverCalldata(attestationDigest(attestation), caSignature);
        uint16 number = _requireAccredited(signer);
        address holder = ECDSA.recoverCalldata(possessionDigest(fingerprint, attestation.account), possessionSignature);
        require(holder == key, PossessionNotProven(key, holder));

        _s().certificates[fingerprint] =
            CertificateWord({ key: key, notAfter: attestation.notAfter, revokedAt: 0, number: number });
        _s().fingerprints[key] = fingerprint;

        emit CertificateBound(
            fingerprint,
            attestation.account,
            key,
            signer,
            attestation.notBefore,
            attestation.notAfter,
            attestation.domains
        );
    }

    function _requireFresh(bytes32 fingerprint) private view {
        require(fingerprint != 0, NoFingerprint());
        require(_s().certificates[fingerprint].key == address(0), FingerprintUsed(fingerprint));
    }

    /// @dev A key whose certificate was revoked is not trusted again, whoever would certify it.
    function _requireReplaceable(bytes32 earlier) private view {
        if (earlier == 0) return;
        uint40 revokedAt = _s().certificates[earlier].revokedAt;
        require(revokedAt == 0, CertificateIsRevoked(earlier, revokedAt));
    }

    function _requireAccredited(address signer) private view returns (uint16 number) {
        Accreditation memory given = _s().accreditations[signer];
        require(given.number != 0, NotAccredited(signer));
        require(given.withdrawnAt == 0, SignerWithdrawn(signer, given.withdrawnAt));
        require(given.until > block.timestamp, AccreditationEnded(signer, given.until));
        return given.number;
    }

    /* REVOKING */

    /// @inheritdoc ICertificateRegistry
    function revoke(bytes32 fingerprint, uint8 reason) external {
        address signer = _s().signers[_s().certificates[fingerprint].number];
        require(signer != address(0), UnknownCertificate(fingerprint));
        require(msg.sender == signer, NotTheSigner(msg.sender, signer));
        // An accreditation that merely ended leaves the duty to revoke; one that was withdrawn takes the power too, or a
        // stolen authority's key could shut out all its customers.
        uint40 withdrawnAt = _s().accreditations[signer].withdrawnAt;
        require(withdrawnAt == 0, SignerWithdrawn(signer, withdrawnAt));

        _revoke(fingerprint, reason);
    }

    /// @inheritdoc ICertificateRegistry
    function revokeAsRegulator(bytes32[] calldata fingerprints, uint8 reason) external restricted {
        for (uint256 i; i < fingerprints.length; ++i) {
            _revoke(fingerprints[i], reason);
        }
    }

    function _revoke(bytes32 fingerprint, uint8 reason) private {
        CertificateWord storage certificate = _s().certificates[fingerprint];
        address key = certificate.key;
        uint40 time = uint40(block.timestamp);
        require(key != address(0), UnknownCertificate(fingerprint));
        require(certificate.revokedAt == 0, CertificateIsRevoked(fingerprint, certificate.revokedAt));
        require((_REASONS >> reason) & 1 == 1, BadRevocationReason(reason));

        certificate.revokedAt = time;

        emit CertificateRevoked(fingerprint, key, time, reason, msg.sender);

        // One that was replaced, or has ended by itself, no longer carries the key.
        if (_s().fingerprints[key] == fingerprint && certificate.notAfter > time) {
            REGISTRY.certificateChanged(key, time);
        }
        // A compromise is the key's, not the certificate's: what took its place meanwhile ends with it.
        bytes32 current = _s().fingerprints[key];
        if (reason == _KEY_COMPROMISE && certificate.notAfter > time && _s().certificates[current].revokedAt == 0) {
            _revoke(current, reason);
        }
    }

    /* VIEWS */

    /// @inheritdoc ICertificateRegistry
    function certificateOf(bytes32 fingerprint) external view returns (Certificate memory) {
        CertificateWord memory word = _s().certificates[fingerprint];
        require(word.key != address(0), UnknownCertificate(fingerprint));
        return Certificate({
            key: word.key,
            signer: _s().signers[word.number],
            notAfter: word.notAfter,
            revokedAt: word.revokedAt,
            current: _s().fingerprints[word.key] == fingerprint
        });
    }

    /// @inheritdoc ICertificateRegistry
    function fingerprintOf(address key) external view returns (bytes32) {
        return _s().fingerprints[key];
    }

    /* TYPED DATA */

    /// @inheritdoc ICertificateRegistry
    function attestationDigest(Attestation calldata attestation) public view returns (bytes32) {
        return _typed(keccak256(abi.encode(_ATTESTATION_TYPE, attestation)));
    }

    /// @inheritdoc ICertificateRegistry
    function possessionDigest(bytes32 fingerprint, address account) public view returns (bytes32) {
        return _typed(keccak256(abi.encode(_POSSESSION_TYPE, fingerprint, account)));
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        // 0x0f: name, version, chainId, verifyingContract
        return (hex"0f", _NAME, _VERSION, block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    /// @dev The domain is made anew each time: the chain's id may change under a proxy, and storage would cost more.
    function _typed(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(_DOMAIN_TYPE, keccak256(bytes(_NAME)), keccak256(bytes(_VERSION)), block.chainid, address(this))
        );
        return MessageHashUtils.toTypedDataHash(domain, structHash);
    }

    function _s() private pure returns (Storage storage s) {
        assembly {
            s.slot := _STORAGE
        }
    }
}
