// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountKind, Eligibility, Restrictions, Rights } from "../types/Accounts.sol";
import { CivilDate } from "../types/CivilDate.sol";
import { InstrumentClass, InstrumentId } from "../types/InstrumentId.sol";
import { ICreditProjects, Labels } from "./ICreditProjects.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";

/// @title Projects, their credits and the buffer. Its manual is `ICreditProjects`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract CreditProjects is ICreditProjects, Governed {
    uint256 private constant _WHOLE = 10_000; // hundredths of a per cent
    uint256 private constant _MAX_LINES = 16;
    uint8 private constant _LAST_SCOPE = 63;
    uint32 private constant _LAST_PROJECT = (1 << 31) - 1; // from there on are those of other registries
    IInstrumentLedger.Reason private constant _BUFFER = IInstrumentLedger.Reason.BUFFER;

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    address private immutable ORIGINS;
    uint16 private immutable SCHEME;

    /// @custom:storage-location erc7201:carbon.storage.CreditProjects
    struct Storage {
        uint32 count;
        uint16 requiredLabels;
        address bufferAccount;
        mapping(uint32 project => Project) projects;
        mapping(uint32 project => mapping(uint32 report => Monitoring)) reports;
        mapping(address body => Accreditation) accreditations;
        mapping(uint256 instrument => uint256) buffers;
        mapping(uint256 instrument => uint16) labels;
        mapping(uint32 project => mapping(bytes32 document => bool)) designedBy;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.CreditProjects")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x629e68599bd3edf195eb26b732fcbf9a61d9ef7f90830ac72517d0ead02b9e00;

    /// @param scheme Number in the ids of the credits that are issued here.
    constructor(address ledger, address originRegister, uint16 scheme) {
        LEDGER = ledger;
        ORIGINS = originRegister;
        SCHEME = scheme;
    }

    /* BODIES */

    /// @inheritdoc ICreditProjects
    function accreditBody(address body, Accreditation calldata accreditation, bytes32 document) external restricted {
        _requireKind(body, AccountKind.VERIFIER);
        _requireDigest(document);
        (uint64 scopes, uint40 from, uint40 until) = (accreditation.scopes, accreditation.from, accreditation.until);
        require(scopes > 1 && scopes & 1 == 0 && from < until && block.timestamp < until, BadScope(scopes, from, until));

        _s().accreditations[body] = accreditation;

        emit BodyAccredited(body, scopes, from, until, document);
    }

    /// @inheritdoc ICreditProjects
    function dismissBody(address body, bytes32 cause) external restricted {
        _requireDigest(cause);
        require(_s().accreditations[body].scopes != 0, NotAccreditedFor(body, 0));

        delete _s().accreditations[body];

        emit BodyDismissed(body, cause);
    }

    /// @inheritdoc ICreditProjects
    function accreditationOf(address body) external view returns (Accreditation memory) {
        return _s().accreditations[body];
    }

    /// @dev Accredited now for the scope, and of another owner than the proponent; owner 0 is no group. The accounts differ
    ///      anyhow: an account has one kind.
    function _requireFit(address body, Project storage project) private view {
        Accreditation memory has = _s().accreditations[body];
        uint8 scope = project.design.scope;
        require(
            has.scopes >> scope & 1 == 1 && has.from <= block.timestamp && block.timestamp < has.until,
            NotAccreditedFor(body, scope)
        );
        address proponent = project.proponent;
        uint32 owner = IEligibility(LEDGER).eligibilityOf(body).owner;
        require(
            owner == 0 || owner != IEligibility(LEDGER).eligibilityOf(proponent).owner,
            BodyNotIndependent(body, proponent, owner)
        );
    }

    /* LISTING */

    /// @inheritdoc ICreditProjects
    function list(Design calldata design) external returns (uint32 project) {
        address proponent = _acting(Rights.REPORT, 0);
        _requireKind(proponent, AccountKind.PROJECT_PROPONENT);
        _requireDesign(design);
        project = _s().count + 1;
        require(project <= _LAST_PROJECT, UnknownProject(project));

        _s().count = project;
        Project storage one = _s().projects[project];
        one.proponent = proponent;
        one.state = ProjectState.LISTED;
        one.design = design;
        _s().designedBy[project][design.document] = true;

        emit ProjectListed(project, proponent, design);
    }

    /// @inheritdoc ICreditProjects
    function amendDesign(uint32 project, Design calldata design) external {
        Project storage one = _own(project, Rights.REPORT, 0);
        _requireState(project, one, ProjectState.LISTED);
        _requireDesign(design);
        bytes32 document = design.document;
        require(!_s().designedBy[project][document], DesignRepeated(project, document));

        one.design = design;
        _s().designedBy[project][document] = true;

        emit DesignAmended(project, design);
    }

    /// @inheritdoc ICreditProjects
    function withdrawProject(uint32 project) external {
        Project storage one = _own(project, Rights.REPORT, 0);
        _requireUndecided(project, one);

        one.state = ProjectState.WITHDRAWN;

        emit ProjectWithdrawn(project);
    }

    /// @inheritdoc ICreditProjects
    function engageBody(uint32 project, address body) external {
        Project storage one = _own(project, Rights.REPORT, 0);
        ProjectState state = one.state;
        require(
            state == ProjectState.LISTED || state == ProjectState.VALIDATED || state == ProjectState.REGISTERED,
            ProjectInState(project, state)
        );
        _requireFit(body, one);

        one.body = body;

        emit BodyEngaged(project, body);
    }

    function _requireDesign(Design calldata design) private pure {
        require(
            design.scope != 0 && design.scope <= _LAST_SCOPE, BadScope(uint64(1) << (design.scope & _LAST_SCOPE), 0, 0)
        );
        _requireDigest(design.document);
        _requireDigest(design.methodology);
    }

    /* VALIDATION AND REGISTRATION */

    /// @inheritdoc ICreditProjects
    function validate(uint32 project, bytes32 document, bool favourable, bytes32 statement) external {
        (address body, Project storage one) = _engaged(project);
        _requireState(project, one, ProjectState.LISTED);
        bytes32 current = one.design.document;
        require(document == current, DesignChanged(project, document, current));
        _requireDigest(statement);

        if (favourable) one.state = ProjectState.VALIDATED;

        emit ProjectValidated(project, body, favourable, statement);
    }

    /// @inheritdoc ICreditProjects
    function register(uint32 project, Crediting calldata crediting, bytes32 decision) external restricted {
        Project storage one = _known(project);
        _requireState(project, one, ProjectState.VALIDATED);
        _requireDigest(decision);
        require(
            crediting.firstDay != 0 && crediting.firstDay <= crediting.lastDay && crediting.bufferShare <= _WHOLE,
            BadCrediting(crediting.firstDay, crediting.lastDay, crediting.bufferShare)
        );
        address account = crediting.bufferShare == 0 ? address(0) : _s().bufferAccount;
        require(account != address(0) || crediting.bufferShare == 0, NoBufferAccount());

        one.state = ProjectState.REGISTERED;
        one.crediting = crediting;
        one.bufferAccount = account;
        one.monitoredUntil = crediting.firstDay - 1;

        emit ProjectRegistered(project, crediting, account, decision);
    }

    /// @inheritdoc ICreditProjects
    function refuse(uint32 project, bytes32 reasons) external restricted {
        Project storage one = _known(project);
        _requireUndecided(project, one);
        _requireDigest(reasons);

        one.state = ProjectState.REFUSED;

        emit ProjectRefused(project, reasons);
    }

    /// @inheritdoc ICreditProjects
    function renew(uint32 project, uint32 lastDay, uint40 liableUntil, bytes32 decision) external restricted {
        Project storage one = _registered(project);
        _requireDigest(decision);
        Crediting memory crediting = one.crediting;
        require(crediting.renewals != 0, NoRenewalLeft(project));
        require(
            lastDay > crediting.lastDay && liableUntil >= crediting.liableUntil,
            BadCrediting(crediting.lastDay, lastDay, crediting.bufferShare)
        );

        one.crediting.renewals = crediting.renewals - 1;
        one.crediting.lastDay = lastDay;
        one.crediting.liableUntil = liableUntil;

        emit CreditingRenewed(project, lastDay, liableUntil, decision);
    }

    /// @inheritdoc ICreditProjects
    function close(uint32 project, bytes32 cause) external restricted {
        Project storage one = _registered(project);
        _requireDigest(cause);

        one.state = ProjectState.CLOSED;

        emit ProjectClosed(project, cause);
    }

    /* MONITORING */

    /// @inheritdoc ICreditProjects
    function reportMonitoring(uint32 project, uint32 firstDay, uint32 lastDay, uint96 claimed, bytes32 document)
        external
        returns (uint32 report)
    {
        Project storage one = _own(project, Rights.REPORT, 0);
        _requireState(project, one, ProjectState.REGISTERED);
        uint32 before = one.monitoredUntil;
        uint32 creditingLast = one.crediting.lastDay;
        require(
            before < firstDay && firstDay <= lastDay && lastDay <= creditingLast,
            PeriodTaken(firstDay, lastDay, before + 1, creditingLast)
        );
        require(lastDay < block.timestamp / 1 days, PeriodNotOver(lastDay));
        require(claimed != 0, TonnesOutOfRange(claimed, type(uint96).max));
        _requireDigest(document);

        report = ++one.reports;
        one.monitoredUntil = lastDay;
        _s().reports[project][report] = Monitoring(firstDay, lastDay, before, MonitoringState.FILED, claimed, 0);

        emit MonitoringReported(project, report, firstDay, lastDay, claimed, document);
    }

    /// @inheritdoc ICreditProjects
    function withdrawMonitoring(uint32 project, uint32 report) external {
        Project storage one = _own(project, Rights.REPORT, 0);
        Monitoring storage monitoring = _undecided(project, report);
        require(one.monitoredUntil == monitoring.lastDay, LaterReportStands(project, report));

        _drop(one, monitoring, MonitoringState.WITHDRAWN);

        emit MonitoringWithdrawn(project, report);
    }

    /// @inheritdoc ICreditProjects
    function verify(uint32 project, uint32 report, uint96 verified, bytes32 reason, bytes32 statement) external {
        (address body, Project storage one) = _engaged(project);
        Monitoring storage monitoring = _monitoring(project, report);
        require(monitoring.state == MonitoringState.FILED, MonitoringInState(project, report, monitoring.state));
        uint96 claimed = monitoring.claimed;
        require(verified <= claimed || reason != 0, MoreThanClaimed(verified, claimed));
        _requireDigest(statement);

        if (verified == 0) {
            _drop(one, monitoring, MonitoringState.REFUSED);
        } else {
            monitoring.state = MonitoringState.VERIFIED;
            monitoring.verified = verified;
        }

        emit ReductionsVerified(project, report, body, verified, reason, statement);
    }

    /// @inheritdoc ICreditProjects
    function refuseMonitoring(uint32 project, uint32 report, bytes32 reasons) external restricted {
        Monitoring storage monitoring = _undecided(project, report);
        _requireDigest(reasons);

        _drop(_s().projects[project], monitoring, MonitoringState.REFUSED);

        emit MonitoringRefused(project, report, reasons);
    }

    /// @dev The days of the last report that stands are free again. Those of one before it are not: others may have
    ///      credits for the days after them.
    function _drop(Project storage one, Monitoring storage monitoring, MonitoringState to) private {
        monitoring.state = to;
        if (one.monitoredUntil == monitoring.lastDay) one.monitoredUntil = monitoring.before;
    }

    function _undecided(uint32 project, uint32 report) private view returns (Monitoring storage monitoring) {
        monitoring = _monitoring(project, report);
        MonitoringState state = monitoring.state;
        require(
            state == MonitoringState.FILED || state == MonitoringState.VERIFIED,
            MonitoringInState(project, report, state)
        );
    }

    function _monitoring(uint32 project, uint32 report) private view returns (Monitoring storage monitoring) {
        monitoring = _s().reports[project][report];
        require(monitoring.state != MonitoringState.NONE, UnknownMonitoring(project, report));
    }

    /* ISSUE */

    /// @inheritdoc ICreditProjects
    function issue(uint32 project, uint32 report, uint256[] calldata instruments, uint256[] calldata quantities)
        external
        restricted
    {
        Project storage one = _known(project);
        require(one.owed == 0, ReversalOwed(project, one.owed));
        Monitoring storage monitoring = _monitoring(project, report);
        require(monitoring.state == MonitoringState.VERIFIED, MonitoringInState(project, report, monitoring.state));
        _requireLines(project, monitoring, instruments, quantities);
        uint256 issued = uint256(one.issued) + monitoring.verified;
        require(issued <= type(uint96).max, TonnesOutOfRange(issued, type(uint96).max));

        monitoring.state = MonitoringState.ISSUED;
        one.issued = uint96(issued);
        uint256 share = one.crediting.bufferShare;
        for (uint256 i; i < instruments.length; ++i) {
            uint256 buffered = _bufferShare(quantities[i], share);
            _s().buffers[instruments[i]] += buffered;
            one.buffered += uint96(buffered);
            emit CreditsIssued(project, report, instruments[i], quantities[i], buffered);
        }

        for (uint256 i; i < instruments.length; ++i) {
            _issueLine(one, instruments[i], quantities[i], _bufferShare(quantities[i], share), _cause(project, report));
        }
    }

    /// @inheritdoc ICreditProjects
    function issueImported(address account, uint256 instrument, uint256 quantity, bytes32 cause)
        external
        onlyModule(ORIGINS)
        returns (uint256 firstSerial)
    {
        return _ledger().issue(account, instrument, quantity, cause);
    }

    /// @dev Rounded up: against the one who is credited.
    function _bufferShare(uint256 quantity, uint256 share) private pure returns (uint256) {
        return (quantity * share + _WHOLE - 1) / _WHOLE;
    }

    function _issueLine(Project storage one, uint256 instrument, uint256 quantity, uint256 buffered, bytes32 cause)
        private
    {
        // Serials stand in the ledger's events; nothing here depends on them.
        // slither-disable-start unused-return
        if (quantity != buffered) _ledger().issue(one.proponent, instrument, quantity - buffered, cause);
        if (buffered != 0) {
            address account = one.bufferAccount;
            _ledger().issue(account, instrument, buffered, cause);
            _ledger().encumber(account, instrument, buffered, _BUFFER, cause);
        }
        // slither-disable-end unused-return
    }

    /// @dev Each a credit of the project, with a vintage of the period; together what was verified.
    function _requireLines(
        uint32 project,
        Monitoring storage monitoring,
        uint256[] calldata instruments,
        uint256[] calldata quantities
    ) private view {
        require(
            instruments.length == quantities.length && instruments.length != 0 && instruments.length <= _MAX_LINES,
            BadIssueLines(instruments.length, quantities.length)
        );
        (uint256 firstYear,,) = CivilDate.toDate(monitoring.firstDay);
        (uint256 lastYear,,) = CivilDate.toDate(monitoring.lastDay);
        uint256 verified = monitoring.verified;
        uint256 sum;
        for (uint256 i; i < instruments.length; ++i) {
            InstrumentId id = InstrumentId.wrap(instruments[i]);
            require(
                _isCredit(instruments[i]) && id.project() == project && id.vintage() >= firstYear
                    && id.vintage() <= lastYear,
                WrongCredit(instruments[i], project)
            );
            require(quantities[i] != 0 && quantities[i] <= verified, TonnesOutOfRange(quantities[i], verified));
            sum += quantities[i];
        }
        require(sum == verified, WrongSum(sum, verified));
    }

    /// @dev A credit of this scheme. The first byte is compared, not converted: the id is the caller's.
    function _isCredit(uint256 instrument) private view returns (bool) {
        return instrument >> 80 == uint256(InstrumentClass.CREDIT) && InstrumentId.wrap(instrument).scheme() == SCHEME;
    }

    function _cause(uint32 project, uint32 report) private pure returns (bytes32) {
        return bytes32(uint256(project) << 32 | report);
    }

    /* BUFFER */

    /// @inheritdoc ICreditProjects
    function nameBufferAccount(address account) external restricted {
        _requireKind(account, AccountKind.GOVERNMENT);

        _s().bufferAccount = account;

        emit BufferAccountNamed(account);
    }

    /// @inheritdoc ICreditProjects
    function reportReversal(uint32 project, uint256 tonnes, bytes32 document) external {
        _reverse(project, _own(project, Rights.REPORT, 0), tonnes, document);
    }

    /// @inheritdoc ICreditProjects
    function recordReversal(uint32 project, uint256 tonnes, bytes32 document) external restricted {
        _reverse(project, _known(project), tonnes, document);
    }

    /// @inheritdoc ICreditProjects
    function cancelBuffer(uint32 project, uint256 instrument, uint256 quantity, bytes32 cause) external restricted {
        Project storage debtor = _known(project);
        _requireDigest(cause);
        uint32 source = InstrumentId.wrap(instrument).project();
        require(source == project || debtor.buffered == 0, OwnBufferFirst(project, debtor.buffered));

        _payDebt(debtor, quantity);
        address account = _takeFromBuffer(source, instrument, quantity);

        emit BufferCancelled(project, instrument, quantity, cause);

        _ledger().cancelEncumbered(account, instrument, quantity, _BUFFER, cause);
    }

    /// @inheritdoc ICreditProjects
    function compensate(uint32 project, uint256 instrument, uint256 quantity) external {
        Project storage one = _own(project, Rights.INITIATE | Rights.APPROVE, Restrictions.NO_TRANSFER);
        require(_isCredit(instrument) && maySurrender(instrument), WrongCredit(instrument, project));
        uint40 validUntil = _ledger().instrumentOf(instrument).validUntil;
        require(validUntil == 0 || block.timestamp < validUntil, CreditsExpired(instrument, validUntil));
        address account = one.proponent;
        bytes32 cause = _cause(project, 0);

        _payDebt(one, quantity);

        emit ReversalCompensated(project, instrument, quantity);

        _ledger().encumber(account, instrument, quantity, _BUFFER, cause);
        _ledger().cancelEncumbered(account, instrument, quantity, _BUFFER, cause);
    }

    /// @inheritdoc ICreditProjects
    function releaseBuffer(uint256 instrument, uint256 quantity) external restricted {
        uint32 project = InstrumentId.wrap(instrument).project();
        Project storage one = _known(project);
        require(one.owed == 0, ReversalOwed(project, one.owed));
        uint40 until = one.crediting.liableUntil;
        require(block.timestamp >= until, LiabilityNotOver(project, until));

        address account = _takeFromBuffer(project, instrument, quantity);

        emit BufferReleased(project, instrument, quantity);

        _ledger().moveEncumbered(account, one.proponent, instrument, quantity, _BUFFER, _cause(project, 0));
    }

    /// @inheritdoc ICreditProjects
    function bufferAccount() external view returns (address) {
        return _s().bufferAccount;
    }

    /// @inheritdoc ICreditProjects
    function bufferOf(uint256 instrument) external view returns (uint256) {
        return _s().buffers[instrument];
    }

    /// @dev No more is reversed than was ever credited.
    function _reverse(uint32 project, Project storage one, uint256 tonnes, bytes32 document) private {
        _requireDigest(document);
        uint256 most = one.issued - one.reversed;
        require(tonnes != 0 && tonnes <= most, TonnesOutOfRange(tonnes, most));

        one.reversed += uint96(tonnes);
        one.owed += uint96(tonnes);

        emit ReversalReported(project, tonnes, document);
    }

    function _payDebt(Project storage debtor, uint256 quantity) private {
        uint256 owed = debtor.owed;
        require(quantity != 0 && quantity <= owed, TonnesOutOfRange(quantity, owed));

        debtor.owed = uint96(owed - quantity);
    }

    function _takeFromBuffer(uint32 source, uint256 instrument, uint256 quantity) private returns (address account) {
        uint256 held = _s().buffers[instrument];
        require(quantity != 0 && quantity <= held, BufferTooSmall(instrument, held, quantity));
        Project storage one = _s().projects[source];

        _s().buffers[instrument] = held - quantity;
        one.buffered -= uint96(quantity);
        return one.bufferAccount;
    }

    /* LABELS */

    /// @inheritdoc ICreditProjects
    function setLabels(uint256 instrument, uint16 labels, bytes32 cause) external restricted {
        require(_isCredit(instrument), WrongCredit(instrument, 0));
        require(labels & ~Labels.ALL == 0, BadLabels(labels));
        _requireDigest(cause);

        _s().labels[instrument] = labels;

        emit LabelsSet(instrument, labels, cause);
    }

    /// @inheritdoc ICreditProjects
    function setRequiredLabels(uint16 labels, bytes32 cause) external restricted {
        require(labels & ~(Labels.ALL & ~Labels.VOLUNTARY_ONLY) == 0, BadLabels(labels));
        _requireDigest(cause);

        _s().requiredLabels = labels;

        emit RequiredLabelsSet(labels, cause);
    }

    /// @inheritdoc ICreditProjects
    function labelsOf(uint256 instrument) external view returns (uint16) {
        return _s().labels[instrument];
    }

    /// @inheritdoc ICreditProjects
    function requiredLabels() external view returns (uint16) {
        return _s().requiredLabels;
    }

    /// @inheritdoc ICreditProjects
    function maySurrender(uint256 instrument) public view returns (bool) {
        uint16 required = _s().requiredLabels;
        return _s().labels[instrument] & (required | Labels.VOLUNTARY_ONLY) == required;
    }

    /* VIEWS */

    /// @inheritdoc ICreditProjects
    function projectOf(uint32 project) external view returns (Project memory) {
        return _known(project);
    }

    /// @inheritdoc ICreditProjects
    function projectCount() external view returns (uint32) {
        return _s().count;
    }

    /// @inheritdoc ICreditProjects
    function monitoringOf(uint32 project, uint32 report) external view returns (Monitoring memory) {
        return _monitoring(project, report);
    }

    /* SHARED */

    function _known(uint32 project) private view returns (Project storage one) {
        one = _s().projects[project];
        require(one.state != ProjectState.NONE, UnknownProject(project));
    }

    function _registered(uint32 project) private view returns (Project storage one) {
        one = _known(project);
        _requireState(project, one, ProjectState.REGISTERED);
    }

    /// @dev The project, when the caller acts for its proponent.
    function _own(uint32 project, uint16 rights, uint16 forbidding) private view returns (Project storage one) {
        one = _known(project);
        address account = _acting(rights, forbidding);
        require(account == one.proponent, NotTheProponent(msg.sender, project, one.proponent));
    }

    /// @dev The project, when the caller acts for the body that it has engaged, and the body may speak.
    function _engaged(uint32 project) private view returns (address body, Project storage one) {
        one = _known(project);
        body = _acting(Rights.REPORT, 0);
        require(body == one.body, BodyNotEngaged(body, one.body));
        _requireFit(body, one);
    }

    function _acting(uint16 rights, uint16 forbidding) private view returns (address account) {
        return IEligibility(LEDGER).actingFor(msg.sender, rights, forbidding);
    }

    function _requireKind(address account, AccountKind needed) private view {
        Eligibility memory known = IEligibility(LEDGER).eligibilityOf(account);
        require(known.kind == needed, WrongKind(account, uint8(known.kind), uint8(needed)));
    }

    function _requireState(uint32 project, Project storage one, ProjectState needed) private view {
        ProjectState state = one.state;
        require(state == needed, ProjectInState(project, state));
    }

    function _requireUndecided(uint32 project, Project storage one) private view {
        ProjectState state = one.state;
        require(state == ProjectState.LISTED || state == ProjectState.VALIDATED, ProjectInState(project, state));
    }

    function _requireDigest(bytes32 digest) private pure {
        require(digest != 0, DigestMissing());
    }

    function _ledger() private view returns (IInstrumentLedger) {
        return IInstrumentLedger(LEDGER);
    }

    function _s() private pure returns (Storage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
