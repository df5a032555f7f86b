// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { AccountKind, AccountStatus } from "../types/Accounts.sol";
import { Attestation } from "../types/Certificates.sol";

/// @title Who takes part: applications, accounts, representatives (clause 8.2; R-ID-1 to R-ID-6, R-STK-1, R-ACC-4).
/// @notice An account has an address that is derived from its application, no key and no code; keys act for it. What acts
///         are checked against lies in the ledger (`IEligibility`); this registry decides it and pushes every change there
///         at once.
///
///         An account's certificate is that of its *principal* representative: the applicant's key, or the key that took
///         its place. When that one has expired or was revoked, the whole account takes part in nothing; when another
///         representative's has, only that key does nothing.
///
///         A key is used once, ever: by an application or by an addition, whatever became of it.
/// @dev No plain data of a person or a company: `record` is the root of a Merkle tree over salted fields and documents of
///      Table 2. Times in the state that an event does not carry (`filedAt`, `openedAt`) are those of its block.
interface IStakeholderRegistry {
    enum ApplicationStatus {
        NONE,
        FILED, // awaits a decision
        RETURNED, // for correction: the applicant amends or withdraws
        REFUSED,
        WITHDRAWN,
        APPROVED
    }

    /// @dev What an applicant says.
    struct Form {
        AccountKind kind;
        uint16 region; // number of the region in the scheme; 0: of no region
        uint16 sector; // number of the economic activity in the scheme's list, as NACE has it; public
        bool wantsReporting; // a reporting account, for a key emission unit
        uint32 owner; // number of the group of beneficial owners; 0: stands alone
        uint32 policyVersion; // of the registration policy that the applicant accepts
        bytes32 record; // root of the salted fields and documents of Table 2
    }

    struct Application {
        address key; // the applicant's
        ApplicationStatus status;
        uint40 filedAt; // Unix seconds; of the last amendment
        Form form; // as filed last
    }

    /// @dev One word of storage. What is pushed to the ledger follows from it.
    struct Account {
        uint32 applicationId;
        AccountKind kind;
        AccountStatus status;
        uint8 capabilities; // bits of `Capabilities`
        uint16 region;
        uint16 sector;
        uint16 authorityRestrictions; // bits of `Restrictions`, set by the regulator
        uint16 complianceRestrictions; // bits of `Restrictions`, set by the ComplianceDesk
        uint32 owner; // number of the group of beneficial owners; 0: stands alone
        uint40 openedAt; // Unix seconds
        uint40 certificateUntil; // Unix seconds; of the principal's certificate
        uint16 conductRestrictions; // bits of `Restrictions`, set by the CreditRecord
    }

    /// @dev What the rules ask of acts on accounts. One word.
    struct AccountRules {
        uint32 rotationWithin; // seconds within which a second one confirms a rotation; 0: one officer suffices
        uint32 closingNotice; // seconds between the announcement of a closing and the closing
    }

    /// @dev A rotation that waits for a second one.
    struct Rotation {
        address newKey; // zero: none waits
        uint40 until; // Unix seconds; from then on it is void
        address by; // who asked for it
    }

    /* ERRORS (and of IEligibility: NotARepresentative, MissingRight, CertificateExpired) */

    error UnknownApplication(uint32 id);
    /// @notice The application stands where this act has no place; `status` is an `ApplicationStatus`.
    error ApplicationNotOpen(uint32 id, uint8 status);
    /// @notice `caller` did not file application `id`: `key` did.
    error NotTheApplicant(address caller, uint32 id, address key);
    /// @notice `key` was used before, for `application`. Make another.
    error KeyUsed(address key, uint32 application);
    /// @notice The registration policy in force is version `current`; the application accepts version `given`.
    error StalePolicy(uint32 given, uint32 current);
    error BadKind(uint8 kind);
    /// @notice Only an OPERATOR has a reporting account.
    error NoReportingFor(uint8 kind);
    error RecordMissing();
    /// @notice The certificate is of another account or key than this act is about.
    error AttestedForAnother(address account, address key, address expectedAccount, address expectedKey);
    error UnknownAccount(address account);
    /// @notice `account` stands where this act has no place; `status` is an `AccountStatus`.
    error AccountInStatus(address account, uint8 status);
    /// @notice Nothing, or bits beyond `Rights.ALL`.
    error BadRights(uint16 rights);
    /// @notice Bits beyond `Restrictions.ALL`.
    error BadRestrictions(uint16 restrictions);
    /// @notice Bits that the account's kind never has, or without REGISTRY.
    error BadCapabilities(uint8 capabilities, uint8 possible);
    /// @notice `key` is the principal of `account`: rotate it, or name another principal first.
    error PrincipalStays(address key, address account);
    /// @notice `officer` acts on `his` region only; this is about `region`.
    error OutsideRegion(address officer, uint16 his, uint16 region);
    /// @notice A digest must say why.
    error CauseMissing();
    /// @notice The rules let one officer rotate keys; nothing is requested.
    error NoSecondForRotation();
    /// @notice For `oldKey` the rotation to `waiting` was requested (zero: none), not the one to `newKey`.
    error RotationNotRequested(address oldKey, address newKey, address waiting);
    /// @notice The request to rotate `oldKey` had to be confirmed before `until`. Request it anew.
    error RotationLapsed(address oldKey, uint40 until);
    /// @notice `caller` requested the rotation of `oldKey`; somebody else confirms it.
    error MayNotConfirmOwnRotation(address caller, address oldKey);
    /// @notice `key` represents `account`, not `other`.
    error NotTheRepresentedAccount(address key, address account, address other);
    /// @notice The closing of `account` was not announced.
    error ClosingNotAnnounced(address account);
    /// @notice `account` can be closed from `from` on.
    error ClosingTooEarly(address account, uint40 from);
    /// @notice `account` has `balance` of `instrument`: what it has goes elsewhere first.
    error AccountNotEmpty(address account, uint256 instrument, uint256 balance);
    /// @notice `account` has nothing of `instrument`: no objection.
    error NothingHeld(address account, uint256 instrument);

    /* EVENTS: APPLICATIONS */

    /// @param account The address that the account will have.
    event ApplicationFiled(uint32 indexed id, address indexed key, address indexed account, Form form);
    event ApplicationAmended(uint32 indexed id, Form form);
    event ApplicationWithdrawn(uint32 indexed id);
    event ApplicationReturned(uint32 indexed id, bytes32 reasons);
    event ApplicationRefused(uint32 indexed id, bytes32 reasons);
    /// @notice The receipt: registry, trading and, where wanted, reporting account are open, and `key` acts for them with
    ///         all rights until its certificate ends (R-ID-4).
    event AccountOpened(
        address indexed account,
        uint32 indexed applicationId,
        address indexed key,
        AccountKind kind,
        uint16 region,
        uint16 sector,
        uint8 capabilities,
        uint32 owner,
        bytes32 record,
        bytes32 fingerprint,
        uint40 certificateUntil
    );

    /* EVENTS: ACCOUNTS */

    event RepresentativeAdded(
        address indexed account, address indexed key, uint16 rights, bytes32 fingerprint, uint40 certificateUntil
    );
    event RightsChanged(address indexed account, address indexed key, uint16 rights);
    event RepresentativeRemoved(address indexed account, address indexed key, bytes32 cause);
    /// @notice `newKey` took the place and rights of `oldKey`; it is the principal if that was.
    event KeyRotated(
        address indexed account,
        address indexed oldKey,
        address indexed newKey,
        bytes32 fingerprint,
        uint40 certificateUntil
    );
    /// @notice `account` stands and falls with the certificate of `key`, which ends at `certificateUntil`.
    event PrincipalChanged(address indexed account, address indexed key, uint40 certificateUntil);
    /// @notice The certificate of `key` was renewed or revoked: it acts until `certificateUntil`.
    event CertificateChanged(address indexed account, address indexed key, uint40 certificateUntil);
    event StatusChanged(address indexed account, AccountStatus status, bytes32 cause);
    event RestrictionsChanged(
        address indexed account, uint16 authorityRestrictions, uint16 complianceRestrictions, bytes32 cause
    );
    /// @notice What the credit record forbids `account` from now on, beside what others do. Of it, `lapsing` ends by itself at
    ///         `lapseAt`, Unix seconds.
    event ConductRestrictionsChanged(
        address indexed account, uint16 conductRestrictions, uint16 lapsing, uint40 lapseAt, bytes32 cause
    );
    event CapabilitiesChanged(address indexed account, uint8 capabilities, bytes32 cause);
    event RecordAmended(address indexed account, bytes32 record, bytes32 cause);
    event OwnerChanged(address indexed account, uint32 owner, bytes32 cause);
    event OfficerAssigned(address indexed officer, uint16 region);
    event AccountRulesSet(AccountRules rules);
    /// @notice Somebody other than `by` has to confirm it before `until`. It takes the place of an earlier request.
    event RotationRequested(
        address indexed account, address indexed oldKey, address indexed newKey, address by, uint40 until
    );
    /// @notice The rotation that `by` confirmed follows as `KeyRotated`.
    event RotationConfirmed(address indexed account, address indexed oldKey, address by);
    /// @notice `account` can be closed from `from` on, unless somebody shows that it has something.
    event ClosingAnnounced(address indexed account, uint40 from, bytes32 cause);
    /// @notice `account` has something of `instrument` (zero: it was reinstated); the closing is off.
    event ClosingStopped(address indexed account, uint256 instrument);

    /* APPLYING: the applicant, by the key that it registers */

    /// @notice Apply. The calling key becomes this application's for ever, and the account's first representative if it is
    ///         approved.
    /// @return id 1, 2, 3 …
    function applyForAccount(Form calldata form) external returns (uint32 id);

    /// @notice Replace what was returned for correction; what was filed stays as the officer reads it. The policy version must be the
    ///         current one.
    function amendApplication(uint32 id, Form calldata form) external;

    /// @notice Take the application back. Its key is not free again.
    function withdrawApplication(uint32 id) external;

    /* DECIDING: For REGISTRY_OPERATOR, within the officer's region */

    /// @param reasons Digest of what is to be corrected.
    function returnForCorrection(uint32 id, bytes32 reasons) external;

    /// @param reasons Digest of the decision.
    function refuse(uint32 id, bytes32 reasons) external;

    /// @notice Open the account, bind the certificate, give the applicant's key all rights: in one transaction. The policy
    ///         that the applicant accepted was current when it filed; a later one concerns later applications.
    /// @param attestation For the address `accountOf(id)` and the application's key.
    function approve(
        uint32 id,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external returns (address account);

    /* REPRESENTATIVES: For REGISTRY_OPERATOR, within the officer's region */

    /// @notice Let `attestation.key`, never used before, act for `attestation.account`.
    /// @param rights Bits of `Rights`, at least one.
    function addRepresentative(
        uint16 rights,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external;

    /// @notice Replace the rights of `key`.
    function setRights(address key, uint16 rights) external;

    /// @notice `key` acts for nobody from now on, for ever.
    function removeRepresentative(address key, bytes32 cause) external;

    /// @notice `attestation.key`, never used before, takes the place and rights of `oldKey`. Nothing that the account holds
    ///         moves. Also the way back after a loss, an expiry or a revocation. Where the rules want two, this is a request
    ///         that somebody else confirms.
    function rotateKey(
        address oldKey,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external;

    /// @notice Ask for the rotation of a key of the own account, where the rules want two. By a representative with
    ///         Rights.INITIATE.
    function requestRotation(address oldKey, address newKey) external;

    /// @notice Confirm and carry out a rotation that an officer or another representative requested. By a representative of
    ///         the account with Rights.APPROVE.
    function confirmRotation(
        address oldKey,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external;

    /// @notice As `confirmRotation`, by another officer: the way back where no second representative is left. For
    ///         REGISTRY_OPERATOR, within the officer's region.
    function confirmRotationAsOfficer(
        address oldKey,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external;

    /// @notice The rotation of `oldKey` that waits for a second one, void or not.
    function rotationOf(address oldKey) external view returns (Rotation memory);

    /// @notice Let `key`, a representative of its account, be the principal.
    function setPrincipal(address key) external;

    /* CERTIFICATES */

    /// @notice A new certificate for a key that represents an account. Anyone may bring it: the two signatures say what it
    ///         says. Refused after a revocation: then the key is rotated.
    function renew(Attestation calldata attestation, bytes calldata caSignature, bytes calldata possessionSignature)
        external;

    /// @notice The certificate of `key` ends at `until`. Only the CertificateRegistry. Does nothing for a key that has been
    ///         removed.
    function certificateChanged(address key, uint40 until) external;

    /* ACCOUNTS */

    /// @notice Replace the root of the account's fields and documents. For REGISTRY_OPERATOR, within the officer's region.
    function amendRecord(address account, bytes32 record, bytes32 cause) external;

    /// @notice Put the account into a group of beneficial owners; 0: it stands alone. For REGISTRY_OPERATOR, within the
    ///         officer's region.
    function setOwner(address account, uint32 owner, bytes32 cause) external;

    /// @notice Announce that the account will be closed: from now on it takes part in nothing. For REGISTRY_OPERATOR, within
    ///         the officer's region; the holder has emptied the account before.
    function announceClosing(address account, bytes32 cause) external;

    /// @notice Stop a closing by showing that the account has something of `instrument`, bound or free. By anyone: what its
    ///         open orders hold comes back into the account when the orders are taken back, which anyone may do then.
    function objectToClosing(address account, uint256 instrument) external;

    /// @notice Close an account for ever, after the notice, when it has nothing of `instruments`. For REGISTRY_OPERATOR, within
    ///         the officer's region. The chain keeps no list of instruments: whoever closes names all that were defined, and
    ///         the notice lets anyone show one that was left out. What turns up later is moved by the authority.
    function close(address account, uint256[] calldata instruments, bytes32 cause) external;

    /// @notice From when on the account can be closed, Unix seconds; 0: no closing was announced.
    function closingOf(address account) external view returns (uint40);

    /// @notice Set what the rules ask of rotations and closings. For ADMINISTRATOR: not for those who are bound by it.
    function setAccountRules(AccountRules calldata rules) external;

    function accountRules() external view returns (AccountRules memory);

    /// @notice From now on the account takes part in nothing. For REGULATOR, within the officer's region.
    function suspend(address account, bytes32 cause) external;

    /// @notice End a suspension, and a closing that was announced. For REGULATOR, within the officer's region.
    function reinstate(address account, bytes32 cause) external;

    /// @notice Replace the regulator's own restrictions: a suspension in part. For REGULATOR, within the officer's region. Those
    ///         of the ComplianceDesk stand apart.
    /// @param restrictions Bits of `Restrictions`; 0: none.
    function setRestrictions(address account, uint16 restrictions, bytes32 cause) external;

    /// @notice Close or open single capabilities. For REGULATOR, within the officer's region. An account without TRADING does
    ///         not trade.
    /// @param capabilities Bits of `Capabilities`, REGISTRY among them.
    function setCapabilities(address account, uint8 capabilities, bytes32 cause) external;

    /// @notice Add restrictions for compliance's sake, or take them away. Only the ComplianceDesk.
    function restrictFor(address account, uint16 restrictions, bool on, bytes32 cause) external;

    /// @notice Replace what the credit record forbids. Only the CreditRecord.
    /// @param restrictions Bits of `Restrictions`; 0: none.
    /// @param lapsing Those of them that end by themselves.
    /// @param lapseAt Unix seconds; when they do.
    function restrictForConduct(address account, uint16 restrictions, uint16 lapsing, uint40 lapseAt, bytes32 cause)
        external;

    /// @notice Which of the credit record's restrictions of the account end by themselves, and when.
    function conductLapseOf(address account) external view returns (uint16 lapsing, uint40 at);

    /* REGIONS */

    /// @notice `officer` acts on applications and accounts of `region` only; 0: on all. For REGULATOR, by an officer who is
    ///         of no region himself. Assign before the officer gets the role (R-ACC-4).
    function assignRegion(address officer, uint16 region) external;

    function regionOf(address officer) external view returns (uint16);

    /* VIEWS */

    /// @notice The address that the account of application `id` has or will have:
    ///         the low 160 bits of keccak256(abi.encode("carbon.account", chain id, this registry, uint256(id))).
    function accountOf(uint32 id) external view returns (address);

    /// @notice Applications so far; also the id of the last.
    function applicationCount() external view returns (uint32);

    function applicationOf(uint32 id) external view returns (Application memory);

    /// @notice The application for which `key` was used, ever; 0: none.
    function applicationOfKey(address key) external view returns (uint32);

    /// @notice Reverts for an account that was never opened.
    function accountRecordOf(address account) external view returns (Account memory);

    /// @notice The root of the account's fields and documents, as amended last.
    function recordOf(address account) external view returns (bytes32);

    /// @notice The representative with whose certificate the account stands and falls.
    function principalOf(address account) external view returns (address key);
}
