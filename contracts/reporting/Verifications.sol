// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountKind, Rights } from "../types/Accounts.sol";
import { IEmissionReports } from "./IEmissionReports.sol";
import { IVerifications } from "./IVerifications.sol";

/// @title Verifiers and their opinions. Its manual is `IVerifications`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract Verifications is IVerifications, Governed {
    uint256 private constant _WHOLE = 10_000; // hundredths of a per cent

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    IEligibility private immutable LEDGER;
    IEmissionReports private immutable REPORTS;

    /// @custom:storage-location erc7201:carbon.storage.Verifications
    struct Storage {
        Materiality materiality;
        mapping(address account => uint40) accreditedUntil;
        mapping(uint64 installation => mapping(uint16 year => address account)) engaged;
        mapping(uint64 installation => mapping(uint16 year => mapping(uint16 version => Verification))) verifications;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.Verifications")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x582c83cd5c42f39a687904fa664fa62b3e32574c75e70ba5a6984415688b6400;

    constructor(address ledger, address emissionReports) {
        LEDGER = IEligibility(ledger);
        REPORTS = IEmissionReports(emissionReports);
    }

    function initialize(Materiality calldata materiality_) external reinitializer(2) {
        _setMateriality(materiality_);
    }

    /* VERIFIERS */

    /// @inheritdoc IVerifications
    function accreditVerifier(address account, uint40 until, bytes32 document) external restricted {
        AccountKind kind = LEDGER.eligibilityOf(account).kind;
        require(kind == AccountKind.VERIFIER, NotAVerifier(account, uint8(kind)));
        require(document != 0, DigestMissing());
        require(block.timestamp < until, BadAccreditation(account, until));

        _s().accreditedUntil[account] = until;

        emit VerifierAccredited(account, until, document);
    }

    /// @inheritdoc IVerifications
    function withdrawAccreditation(address account, bytes32 cause) external restricted {
        require(_s().accreditedUntil[account] != 0, BadAccreditation(account, 0));
        require(cause != 0, DigestMissing());

        _s().accreditedUntil[account] = 0;

        emit AccreditationWithdrawn(account, cause);
    }

    /// @inheritdoc IVerifications
    function engageVerifier(uint64 installation, uint16 year, address verifier) external {
        address operator = REPORTS.installationOf(installation).account;
        address account = LEDGER.actingFor(msg.sender, Rights.REPORT, 0);
        require(account == operator, IEmissionReports.NotTheOperator(msg.sender, account, installation, operator));
        _requireOpen(installation, year);
        _requireFit(verifier, operator);

        _s().engaged[installation][year] = verifier;

        emit VerifierEngaged(installation, year, verifier);
    }

    /// @inheritdoc IVerifications
    function engagedFor(uint64 installation, uint16 year) external view returns (address verifier) {
        return _s().engaged[installation][year];
    }

    /// @inheritdoc IVerifications
    function accreditedUntil(address account) external view returns (uint40) {
        return _s().accreditedUntil[account];
    }

    /// @dev Accredited, and of another owner than the operator; owner 0 is no group. The accounts differ anyhow: an account
    ///      has one kind.
    function _requireFit(address verifier, address operator) private view {
        uint40 until = _s().accreditedUntil[verifier];
        require(block.timestamp < until, NotAccredited(verifier, until));
        uint32 owner = LEDGER.eligibilityOf(verifier).owner;
        require(owner == 0 || owner != LEDGER.eligibilityOf(operator).owner, NotIndependent(verifier, operator, owner));
    }

    /* OPINIONS */

    /// @inheritdoc IVerifications
    function setMateriality(Materiality calldata materiality_) external restricted {
        _setMateriality(materiality_);
    }

    /// @inheritdoc IVerifications
    function verify(uint64 installation, uint16 year, uint16 version, Opinion calldata opinion) external {
        address verifier = LEDGER.actingFor(msg.sender, Rights.REPORT, 0);
        address engaged = _s().engaged[installation][year];
        require(verifier == engaged, NotEngaged(verifier, engaged));
        _requireFit(verifier, REPORTS.installationOf(installation).account);
        uint16 latest = _requireOpen(installation, year);
        require(version != 0 && version == latest, IEmissionReports.NotTheLatest(installation, year, version, latest));
        Verification storage verification = _s().verifications[installation][year][version];
        require(verification.verifier == address(0), OpinionExists(installation, year, version));
        _requireCoherent(opinion, REPORTS.reportOf(installation, year, version).grams);

        verification.verifier = verifier;
        verification.verifiedAt = uint40(block.timestamp);
        verification.opinion = opinion;

        emit ReportVerified(installation, year, verifier, version, opinion);
    }

    /// @inheritdoc IVerifications
    function verificationOf(uint64 installation, uint16 year, uint16 version)
        external
        view
        returns (Verification memory)
    {
        return _s().verifications[installation][year][version];
    }

    /// @inheritdoc IVerifications
    function differenceOf(uint64 installation, uint16 year, uint16 version) external view returns (int256 grams) {
        Verification memory verification = _s().verifications[installation][year][version];
        require(verification.verifier != address(0), NoOpinion(installation, year, version));
        uint128 reported = REPORTS.reportOf(installation, year, version).grams;
        return int256(uint256(verification.opinion.verifiedGrams)) - int256(uint256(reported));
    }

    /// @inheritdoc IVerifications
    function materiality() external view returns (Materiality memory) {
        return _s().materiality;
    }

    function _setMateriality(Materiality calldata given) private {
        require(given.below <= _WHOLE && given.above <= _WHOLE, BadMateriality(given.below, given.above));

        _s().materiality = given;

        emit MaterialitySet(given);
    }

    /// @dev The filing has no figure yet. Returns the latest version of its report.
    function _requireOpen(uint64 installation, uint16 year) private view returns (uint16 latest) {
        require(REPORTS.isActiveIn(installation, year), IEmissionReports.NotActiveIn(installation, year));
        IEmissionReports.Filing memory filing = REPORTS.filingOf(installation, year);
        require(
            filing.state == IEmissionReports.FilingState.OPEN,
            IEmissionReports.FilingClosed(installation, year, filing.state)
        );
        return filing.version;
    }

    /// @dev An opinion says something, owns up to the difference, and is not favourable where a misstatement is material.
    function _requireCoherent(Opinion calldata opinion, uint128 reported) private view {
        require(opinion.conclusion != Conclusion.NONE, ConclusionMissing());
        require(opinion.document != 0, DigestMissing());
        uint128 misstatement = opinion.misstatementGrams;
        uint128 verified = opinion.verifiedGrams;
        uint128 difference = verified > reported ? verified - reported : reported - verified;
        require(misstatement >= difference, MisstatementBelowDifference(misstatement, difference));
        if (opinion.conclusion == Conclusion.NEGATIVE) return;
        Materiality memory rule = _s().materiality;
        uint256 limit = uint256(reported) * (reported <= rule.threshold ? rule.below : rule.above) / _WHOLE;
        require(misstatement <= limit, MaterialMisstatement(misstatement, limit));
    }

    function _s() private pure returns (Storage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
