// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

import { Governed } from "../governance/Governed.sol";
import { IRuleBook } from "../governance/IRuleBook.sol";
import {
    AccountKind,
    AccountStatus,
    Capabilities,
    Eligibility,
    Representation,
    Restrictions,
    Rights
} from "../types/Accounts.sol";
import { Attestation } from "../types/Certificates.sol";
import { Topics } from "../types/Topics.sol";
import { ICertificateRegistry } from "./ICertificateRegistry.sol";
import { IEligibility } from "./IEligibility.sol";
import { IStakeholderRegistry } from "./IStakeholderRegistry.sol";

/// @title Applications, accounts and their representatives. Its manual is `IStakeholderRegistry`.
/// @dev Nothing to initialize: the seed has set the authority.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract StakeholderRegistry is IStakeholderRegistry, Governed {
    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    IRuleBook private immutable RULE_BOOK;
    ICertificateRegistry private immutable CERTIFICATES;
    IEligibility private immutable LEDGER;
    address private immutable COMPLIANCE_DESK;
    address private immutable CREDIT_RECORD;

    /// @custom:storage-location erc7201:carbon.storage.StakeholderRegistry
    struct Storage {
        uint32 applicationCount;
        mapping(uint32 id => Application) applications;
        mapping(address key => uint32 id) applicationOfKey;
        mapping(address account => Account) accounts;
        mapping(address account => bytes32) amendedRecord; // zero: as in the application
        mapping(address account => address) otherPrincipal; // zero: the applicant's key
        mapping(address officer => uint16) regionOf;
        mapping(address account => ConductLapse) conductLapses;
        AccountRules accountRules;
        mapping(address oldKey => Rotation) rotations;
        mapping(address account => uint40) closings; // Unix seconds; 0: not announced
    }

    /// @dev Of what the credit record forbids: what ends by itself, and when.
    struct ConductLapse {
        uint16 lapsing;
        uint40 at; // Unix seconds
    }

    uint40 private constant _LEAST_NOTICE = 1 days; // of a closing: who holds something can say so

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.StakeholderRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x996539ce27b44021a1ee63c935ea155055734716bb81cc5dfdb914a5eee32d00;

    constructor(
        IRuleBook ruleBook,
        ICertificateRegistry certificates,
        IEligibility ledger,
        address complianceDesk,
        address creditRecord
    ) {
        RULE_BOOK = ruleBook;
        CERTIFICATES = certificates;
        LEDGER = ledger;
        COMPLIANCE_DESK = complianceDesk;
        CREDIT_RECORD = creditRecord;
    }

    /* APPLYING */

    /// @inheritdoc IStakeholderRegistry
    function applyForAccount(Form calldata form) external returns (uint32 id) {
        _requireUnused(msg.sender);
        _requireAcceptable(form);

        id = ++_s().applicationCount;
        _s().applicationOfKey[msg.sender] = id;
        _s().applications[id] = Application({
            key: msg.sender, status: ApplicationStatus.FILED, filedAt: uint40(block.timestamp), form: form
        });

        emit ApplicationFiled(id, msg.sender, accountOf(id), form);
    }

    /// @inheritdoc IStakeholderRegistry
    function amendApplication(uint32 id, Form calldata form) external {
        Application storage application = _ownUndecided(id);
        // What the officer reads is what is decided on: nothing changes between his look and his decision.
        require(
            application.status == ApplicationStatus.RETURNED, ApplicationNotOpen(id, uint8(ApplicationStatus.FILED))
        );
        _requireAcceptable(form);

        application.status = ApplicationStatus.FILED;
        application.filedAt = uint40(block.timestamp);
        application.form = form;

        emit ApplicationAmended(id, form);
    }

    /// @inheritdoc IStakeholderRegistry
    function withdrawApplication(uint32 id) external {
        Application storage application = _ownUndecided(id);

        application.status = ApplicationStatus.WITHDRAWN;

        emit ApplicationWithdrawn(id);
    }

    /// @dev The application of the calling key, filed or returned.
    function _ownUndecided(uint32 id) private view returns (Application storage application) {
        application = _s().applications[id];
        ApplicationStatus status = application.status;
        require(status != ApplicationStatus.NONE, UnknownApplication(id));
        require(msg.sender == application.key, NotTheApplicant(msg.sender, id, application.key));
        require(
            status == ApplicationStatus.FILED || status == ApplicationStatus.RETURNED,
            ApplicationNotOpen(id, uint8(status))
        );
    }

    function _requireUnused(address key) private view {
        uint32 earlier = _s().applicationOfKey[key];
        require(earlier == 0, KeyUsed(key, earlier));
    }

    function _requireAcceptable(Form calldata form) private view {
        require(form.kind != AccountKind.NONE, BadKind(uint8(form.kind)));
        require(!form.wantsReporting || form.kind == AccountKind.OPERATOR, NoReportingFor(uint8(form.kind)));
        require(form.record != 0, RecordMissing());
        // The applicant names the version; its digest stands in the RuleBook.
        // slither-disable-next-line unused-return
        (uint32 policy,) = RULE_BOOK.current(Topics.REGISTRATION_POLICY);
        require(form.policyVersion == policy, StalePolicy(form.policyVersion, policy));
    }

    /* DECIDING */

    /// @inheritdoc IStakeholderRegistry
    function returnForCorrection(uint32 id, bytes32 reasons) external restricted {
        Application storage application = _filed(id);
        _requireCause(reasons);

        application.status = ApplicationStatus.RETURNED;

        emit ApplicationReturned(id, reasons);
    }

    /// @inheritdoc IStakeholderRegistry
    function refuse(uint32 id, bytes32 reasons) external restricted {
        Application storage application = _filed(id);
        _requireCause(reasons);

        application.status = ApplicationStatus.REFUSED;

        emit ApplicationRefused(id, reasons);
    }

    /// @inheritdoc IStakeholderRegistry
    function approve(
        uint32 id,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external restricted returns (address account) {
        Application storage application = _filed(id);
        Form memory form = application.form;
        address key = application.key;
        account = accountOf(id);
        _requireAttested(attestation, account, key);

        application.status = ApplicationStatus.APPROVED;
        Account memory opened;
        opened.applicationId = id;
        opened.kind = form.kind;
        opened.status = AccountStatus.ACTIVE;
        opened.capabilities = _openedFor(form.kind, form.wantsReporting);
        opened.region = form.region;
        opened.sector = form.sector;
        opened.owner = form.owner;
        opened.openedAt = uint40(block.timestamp);
        opened.certificateUntil = attestation.notAfter;
        _s().accounts[account] = opened;

        emit AccountOpened(
            account,
            id,
            key,
            opened.kind,
            opened.region,
            opened.sector,
            opened.capabilities,
            opened.owner,
            form.record,
            attestation.fingerprint,
            opened.certificateUntil
        );

        CERTIFICATES.bind(attestation, caSignature, possessionSignature);
        _push(account, opened);
        _push(account, key, Rights.ALL, opened.certificateUntil);
    }

    /// @dev An application that awaits a decision which the calling officer may take.
    function _filed(uint32 id) private view returns (Application storage application) {
        application = _s().applications[id];
        ApplicationStatus status = application.status;
        require(status != ApplicationStatus.NONE, UnknownApplication(id));
        require(status == ApplicationStatus.FILED, ApplicationNotOpen(id, uint8(status)));
        _requireRegion(application.form.region);
    }

    function _openedFor(AccountKind kind, bool wantsReporting) private pure returns (uint8 capabilities) {
        capabilities = _possibleFor(kind);
        if (!wantsReporting) capabilities &= ~Capabilities.REPORTING;
    }

    /// @dev Who serves the market does not trade on it.
    function _possibleFor(AccountKind kind) private pure returns (uint8) {
        if (kind == AccountKind.OPERATOR) {
            return Capabilities.REGISTRY | Capabilities.TRADING | Capabilities.REPORTING;
        }
        if (kind == AccountKind.TRADER || kind == AccountKind.PROJECT_PROPONENT || kind == AccountKind.GOVERNMENT) {
            return Capabilities.REGISTRY | Capabilities.TRADING;
        }
        return Capabilities.REGISTRY;
    }

    /* REPRESENTATIVES */

    /// @inheritdoc IStakeholderRegistry
    function addRepresentative(
        uint16 rights,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external restricted {
        address account = attestation.account;
        address key = attestation.key;
        uint40 until = attestation.notAfter;
        Account storage record = _open(account);
        _requireRegion(record.region);
        _requireRights(rights);
        _requireUnused(key);

        _s().applicationOfKey[key] = record.applicationId;

        emit RepresentativeAdded(account, key, rights, attestation.fingerprint, until);

        CERTIFICATES.bind(attestation, caSignature, possessionSignature);
        _push(account, key, rights, until);
    }

    /// @inheritdoc IStakeholderRegistry
    function setRights(address key, uint16 rights) external restricted {
        Representation memory held = _held(key);
        _requireRights(rights);

        emit RightsChanged(held.account, key, rights);

        _push(held.account, key, rights, held.certificateUntil);
    }

    /// @inheritdoc IStakeholderRegistry
    function removeRepresentative(address key, bytes32 cause) external restricted {
        address account = _held(key).account;
        require(key != principalOf(account), PrincipalStays(key, account));
        _requireCause(cause);

        emit RepresentativeRemoved(account, key, cause);

        _dismiss(key);
    }

    /// @inheritdoc IStakeholderRegistry
    function rotateKey(
        address oldKey,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external restricted {
        Representation memory held = _held(oldKey);
        if (_s().accountRules.rotationWithin != 0) {
            _requireAttested(attestation, held.account, attestation.key);
            _request(held.account, oldKey, attestation.key);
        } else {
            _rotate(held, oldKey, attestation, caSignature, possessionSignature);
        }
    }

    /// @inheritdoc IStakeholderRegistry
    function requestRotation(address oldKey, address newKey) external {
        address account = _representation(oldKey).account;
        _requireOwn(account, Rights.INITIATE);
        require(_s().accountRules.rotationWithin != 0, NoSecondForRotation());

        _request(account, oldKey, newKey);
    }

    /// @inheritdoc IStakeholderRegistry
    function confirmRotation(
        address oldKey,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external {
        Representation memory held = _representation(oldKey);
        _requireOwn(held.account, Rights.APPROVE);

        _confirm(held, oldKey, attestation, caSignature, possessionSignature);
    }

    /// @inheritdoc IStakeholderRegistry
    function confirmRotationAsOfficer(
        address oldKey,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) external restricted {
        _confirm(_held(oldKey), oldKey, attestation, caSignature, possessionSignature);
    }

    /// @inheritdoc IStakeholderRegistry
    function rotationOf(address oldKey) external view returns (Rotation memory) {
        return _s().rotations[oldKey];
    }

    /// @dev The calling key acts for `account` with `needed`. Not asked: whether the account may act, or one whose principal
    ///      has lost its certificate could not help itself.
    function _requireOwn(address account, uint16 needed) private view {
        Representation memory own = _representation(msg.sender);
        _open(account);
        require(own.account == account, NotTheRepresentedAccount(msg.sender, own.account, account));
        require(own.rights & needed == needed, IEligibility.MissingRight(msg.sender, account, own.rights, needed));
        require(
            own.certificateUntil > block.timestamp, IEligibility.CertificateExpired(msg.sender, own.certificateUntil)
        );
    }

    function _request(address account, address oldKey, address newKey) private {
        _requireUnused(newKey);

        uint40 until = uint40(block.timestamp) + _s().accountRules.rotationWithin;
        _s().rotations[oldKey] = Rotation({ newKey: newKey, until: until, by: msg.sender });

        emit RotationRequested(account, oldKey, newKey, msg.sender, until);
    }

    function _confirm(
        Representation memory held,
        address oldKey,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) private {
        Rotation memory asked = _s().rotations[oldKey];
        require(
            asked.newKey == attestation.key && asked.newKey != address(0),
            RotationNotRequested(oldKey, attestation.key, asked.newKey)
        );
        require(asked.until > block.timestamp, RotationLapsed(oldKey, asked.until));
        require(asked.by != msg.sender, MayNotConfirmOwnRotation(msg.sender, oldKey));
        // The request of a representative falls with its right: who got a new key meanwhile confirms nothing of its old one.
        require(
            _s().applicationOfKey[asked.by] == 0 || LEDGER.representationOf(asked.by).rights & Rights.INITIATE != 0,
            RotationLapsed(oldKey, asked.until)
        );

        delete _s().rotations[oldKey];

        emit RotationConfirmed(held.account, oldKey, msg.sender);

        _rotate(held, oldKey, attestation, caSignature, possessionSignature);
    }

    function _rotate(
        Representation memory held,
        address oldKey,
        Attestation calldata attestation,
        bytes calldata caSignature,
        bytes calldata possessionSignature
    ) private {
        address account = held.account;
        address newKey = attestation.key;
        uint40 until = attestation.notAfter;
        Account storage record = _s().accounts[account];
        bool principal = oldKey == principalOf(account);
        _requireAttested(attestation, account, newKey);
        _requireUnused(newKey);

        _s().applicationOfKey[newKey] = record.applicationId;
        if (principal) {
            _s().otherPrincipal[account] = newKey;
            record.certificateUntil = until;
        }

        emit KeyRotated(account, oldKey, newKey, attestation.fingerprint, until);

        CERTIFICATES.bind(attestation, caSignature, possessionSignature);
        _dismiss(oldKey);
        _push(account, newKey, held.rights, until);
        if (principal) _push(account, record);
    }

    /// @inheritdoc IStakeholderRegistry
    function setPrincipal(address key) external restricted {
        Representation memory held = _held(key);
        Account storage record = _s().accounts[held.account];

        _s().otherPrincipal[held.account] = key;
        record.certificateUntil = held.certificateUntil;

        emit PrincipalChanged(held.account, key, held.certificateUntil);

        _push(held.account, record);
    }

    /// @dev What `key` holds of an account on which the calling officer may act.
    function _held(address key) private view returns (Representation memory held) {
        held = _representation(key);
        _requireRegion(_open(held.account).region);
    }

    function _representation(address key) private view returns (Representation memory held) {
        held = LEDGER.representationOf(key);
        require(held.rights != 0, IEligibility.NotARepresentative(key));
    }

    function _requireRights(uint16 rights) private pure {
        require(rights != 0 && rights & ~Rights.ALL == 0, BadRights(rights));
    }

    function _requireAttested(Attestation calldata attestation, address account, address key) private pure {
        require(
            attestation.account == account && attestation.key == key,
            AttestedForAnother(attestation.account, attestation.key, account, key)
        );
    }

    /* CERTIFICATES */

    /// @inheritdoc IStakeholderRegistry
    function renew(Attestation calldata attestation, bytes calldata caSignature, bytes calldata possessionSignature)
        external
    {
        address key = attestation.key;
        uint40 until = attestation.notAfter;
        Representation memory held = _representation(key);
        _requireAttested(attestation, held.account, key);
        Account storage record = _open(held.account);

        bool principal = _noteCertificate(record, held.account, key, until);

        CERTIFICATES.bind(attestation, caSignature, possessionSignature);
        _push(held.account, key, held.rights, until);
        if (principal) _push(held.account, record);
    }

    /// @inheritdoc IStakeholderRegistry
    function certificateChanged(address key, uint40 until) external onlyModule(address(CERTIFICATES)) {
        Representation memory held = LEDGER.representationOf(key);
        if (held.rights == 0) return;
        Account storage record = _s().accounts[held.account];

        bool principal = _noteCertificate(record, held.account, key, until);

        _push(held.account, key, held.rights, until);
        if (principal) _push(held.account, record);
    }

    function _noteCertificate(Account storage record, address account, address key, uint40 until)
        private
        returns (bool principal)
    {
        principal = key == principalOf(account);
        if (principal) record.certificateUntil = until;

        emit CertificateChanged(account, key, until);
    }

    /* ACCOUNTS */

    /// @inheritdoc IStakeholderRegistry
    function amendRecord(address account, bytes32 record, bytes32 cause) external restricted {
        _requireRegion(_open(account).region);
        require(record != 0, RecordMissing());
        _requireCause(cause);

        _s().amendedRecord[account] = record;

        emit RecordAmended(account, record, cause);
    }

    /// @inheritdoc IStakeholderRegistry
    function setOwner(address account, uint32 owner, bytes32 cause) external restricted {
        Account storage record = _open(account);
        _requireRegion(record.region);
        _requireCause(cause);

        record.owner = owner;

        emit OwnerChanged(account, owner, cause);

        _push(account, record);
    }

    /// @inheritdoc IStakeholderRegistry
    function announceClosing(address account, bytes32 cause) external restricted {
        Account storage record = _open(account);
        _requireRegion(record.region);
        _requireCause(cause);

        uint40 notice = _s().accountRules.closingNotice;
        if (notice < _LEAST_NOTICE) notice = _LEAST_NOTICE;
        uint40 from = uint40(block.timestamp) + notice;
        bool active = record.status == AccountStatus.ACTIVE;
        _s().closings[account] = from;
        record.status = AccountStatus.SUSPENDED;

        emit ClosingAnnounced(account, from, cause);
        if (active) emit StatusChanged(account, AccountStatus.SUSPENDED, cause);

        if (active) _push(account, record);
    }

    /// @inheritdoc IStakeholderRegistry
    function objectToClosing(address account, uint256 instrument) external {
        require(_s().closings[account] != 0, ClosingNotAnnounced(account));
        require(_balance(account, instrument) != 0, NothingHeld(account, instrument));

        delete _s().closings[account];

        emit ClosingStopped(account, instrument);
    }

    /// @inheritdoc IStakeholderRegistry
    function close(address account, uint256[] calldata instruments, bytes32 cause) external restricted {
        uint40 from = _s().closings[account];
        require(from != 0, ClosingNotAnnounced(account));
        require(from <= block.timestamp, ClosingTooEarly(account, from));
        for (uint256 i; i < instruments.length; ++i) {
            uint256 balance = _balance(account, instruments[i]);
            require(balance == 0, AccountNotEmpty(account, instruments[i], balance));
        }

        delete _s().closings[account];

        _changeStatus(account, AccountStatus.SUSPENDED, AccountStatus.CLOSED, cause);
    }

    /// @inheritdoc IStakeholderRegistry
    function closingOf(address account) external view returns (uint40) {
        return _s().closings[account];
    }

    /// @inheritdoc IStakeholderRegistry
    function setAccountRules(AccountRules calldata rules) external restricted {
        _s().accountRules = rules;

        emit AccountRulesSet(rules);
    }

    /// @inheritdoc IStakeholderRegistry
    function accountRules() external view returns (AccountRules memory) {
        return _s().accountRules;
    }

    /// @dev The ledger is an ERC-1155; what is bound is in the balance, what orders hold is not.
    function _balance(address account, uint256 instrument) private view returns (uint256) {
        return IERC1155(address(LEDGER)).balanceOf(account, instrument);
    }

    /// @inheritdoc IStakeholderRegistry
    function suspend(address account, bytes32 cause) external restricted {
        _changeStatus(account, AccountStatus.ACTIVE, AccountStatus.SUSPENDED, cause);
    }

    /// @inheritdoc IStakeholderRegistry
    function reinstate(address account, bytes32 cause) external restricted {
        if (_s().closings[account] != 0) {
            delete _s().closings[account];
            emit ClosingStopped(account, 0);
        }
        _changeStatus(account, AccountStatus.SUSPENDED, AccountStatus.ACTIVE, cause);
    }

    function _changeStatus(address account, AccountStatus from, AccountStatus to, bytes32 cause) private {
        Account storage record = _known(account);
        _requireRegion(record.region);
        require(record.status == from, AccountInStatus(account, uint8(record.status)));
        _requireCause(cause);

        record.status = to;

        emit StatusChanged(account, to, cause);

        _push(account, record);
    }

    /// @inheritdoc IStakeholderRegistry
    function setRestrictions(address account, uint16 restrictions, bytes32 cause) external restricted {
        Account storage record = _known(account);
        _requireRegion(record.region);
        _requireRestrictions(restrictions);
        _requireCause(cause);

        record.authorityRestrictions = restrictions;

        emit RestrictionsChanged(account, restrictions, record.complianceRestrictions, cause);

        _push(account, record);
    }

    /// @inheritdoc IStakeholderRegistry
    function restrictFor(address account, uint16 restrictions, bool on, bytes32 cause)
        external
        onlyModule(COMPLIANCE_DESK)
    {
        Account storage record = _known(account);
        _requireRestrictions(restrictions);

        uint16 changed =
            on ? record.complianceRestrictions | restrictions : record.complianceRestrictions & ~restrictions;
        record.complianceRestrictions = changed;

        emit RestrictionsChanged(account, record.authorityRestrictions, changed, cause);

        _push(account, record);
    }

    /// @inheritdoc IStakeholderRegistry
    function restrictForConduct(address account, uint16 restrictions, uint16 lapsing, uint40 lapseAt, bytes32 cause)
        external
        onlyModule(CREDIT_RECORD)
    {
        Account storage record = _known(account);
        _requireRestrictions(restrictions);

        record.conductRestrictions = restrictions;
        _s().conductLapses[account] = ConductLapse({ lapsing: lapsing & restrictions, at: lapseAt });

        emit ConductRestrictionsChanged(account, restrictions, lapsing & restrictions, lapseAt, cause);

        _push(account, record);
    }

    /// @inheritdoc IStakeholderRegistry
    function conductLapseOf(address account) external view returns (uint16 lapsing, uint40 at) {
        ConductLapse memory lapse = _s().conductLapses[account];
        return (lapse.lapsing, lapse.at);
    }

    /// @inheritdoc IStakeholderRegistry
    function setCapabilities(address account, uint8 capabilities, bytes32 cause) external restricted {
        Account storage record = _open(account);
        _requireRegion(record.region);
        uint8 possible = _possibleFor(record.kind);
        require(
            capabilities & ~possible == 0 && capabilities & Capabilities.REGISTRY != 0,
            BadCapabilities(capabilities, possible)
        );
        _requireCause(cause);

        record.capabilities = capabilities;

        emit CapabilitiesChanged(account, capabilities, cause);

        _push(account, record);
    }

    /// @dev An account that was opened, whatever became of it.
    function _known(address account) private view returns (Account storage record) {
        record = _s().accounts[account];
        require(record.status != AccountStatus.NONE, UnknownAccount(account));
    }

    /// @dev An account that is not closed.
    function _open(address account) private view returns (Account storage record) {
        record = _known(account);
        require(record.status != AccountStatus.CLOSED, AccountInStatus(account, uint8(record.status)));
    }

    function _requireRestrictions(uint16 restrictions) private pure {
        require(restrictions & ~Restrictions.ALL == 0, BadRestrictions(restrictions));
    }

    function _requireCause(bytes32 cause) private pure {
        require(cause != 0, CauseMissing());
    }

    /* REGIONS */

    /// @inheritdoc IStakeholderRegistry
    function assignRegion(address officer, uint16 region) external restricted {
        _requireRegion(0); // an officer of a region frees nobody from his own, himself included

        _s().regionOf[officer] = region;

        emit OfficerAssigned(officer, region);
    }

    /// @inheritdoc IStakeholderRegistry
    function regionOf(address officer) external view returns (uint16) {
        return _s().regionOf[officer];
    }

    /// @dev The one place where an officer's region is checked (R-ACC-4): the Authority sees selectors, not arguments.
    function _requireRegion(uint16 region) private view {
        uint16 his = _s().regionOf[msg.sender];
        require(his == 0 || his == region, OutsideRegion(msg.sender, his, region));
    }

    /* PUSHING to where acts are checked */

    function _push(address account, Account memory record) private {
        LEDGER.setEligibility(
            account,
            Eligibility({
                status: record.status,
                kind: record.kind,
                restrictions: _effective(record),
                region: record.region,
                owner: record.owner,
                certificateUntil: record.certificateUntil
            })
        );
        if (record.conductRestrictions != 0) _pushLapse(account, _ofOthers(record));
    }

    /// @dev What others forbid as well does not end by itself.
    function _pushLapse(address account, uint16 ofOthers) private {
        ConductLapse memory lapse = _s().conductLapses[account];
        uint16 lapsing = lapse.lapsing & ~ofOthers;
        if (lapsing != 0) LEDGER.setLapse(account, lapsing, lapse.at);
    }

    function _push(address account, address key, uint16 rights, uint40 until) private {
        LEDGER.setRepresentation(key, Representation({ account: account, certificateUntil: until, rights: rights }));
    }

    function _dismiss(address key) private {
        LEDGER.setRepresentation(key, Representation({ account: address(0), certificateUntil: 0, rights: 0 }));
    }

    /// @dev Whoever restricted, it is restricted; and what an account is not open for, it does not do.
    function _effective(Account memory record) private pure returns (uint16 restrictions) {
        return _ofOthers(record) | record.conductRestrictions;
    }

    /// @dev Than the credit record.
    function _ofOthers(Account memory record) private pure returns (uint16 restrictions) {
        restrictions = record.authorityRestrictions | record.complianceRestrictions;
        bool trades = record.capabilities & Capabilities.TRADING != 0;
        if (!trades) restrictions |= Restrictions.NO_TRADE;
    }

    /* VIEWS */

    /// @inheritdoc IStakeholderRegistry
    function accountOf(uint32 id) public view returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("carbon.account", block.chainid, address(this), id)))));
    }

    /// @inheritdoc IStakeholderRegistry
    function applicationCount() external view returns (uint32) {
        return _s().applicationCount;
    }

    /// @inheritdoc IStakeholderRegistry
    function applicationOf(uint32 id) external view returns (Application memory application) {
        application = _s().applications[id];
        require(application.status != ApplicationStatus.NONE, UnknownApplication(id));
    }

    /// @inheritdoc IStakeholderRegistry
    function applicationOfKey(address key) external view returns (uint32) {
        return _s().applicationOfKey[key];
    }

    /// @inheritdoc IStakeholderRegistry
    function accountRecordOf(address account) external view returns (Account memory) {
        return _known(account);
    }

    /// @inheritdoc IStakeholderRegistry
    function recordOf(address account) external view returns (bytes32) {
        bytes32 amended = _s().amendedRecord[account];
        return amended != 0 ? amended : _s().applications[_known(account).applicationId].form.record;
    }

    /// @inheritdoc IStakeholderRegistry
    function principalOf(address account) public view returns (address) {
        address other = _s().otherPrincipal[account];
        return other != address(0) ? other : _s().applications[_known(account).applicationId].key;
    }

    function _s() private pure returns (Storage storage s) {
        assembly {
            s.slot := _STORAGE
        }
    }
}
