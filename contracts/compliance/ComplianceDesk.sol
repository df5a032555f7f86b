// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IBanking } from "../instruments/IBanking.sol";
import { ICreditProjects } from "../instruments/ICreditProjects.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IDisputable } from "../registry/IDisputable.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId } from "../types/InstrumentId.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Findings, IComplianceDesk } from "./IComplianceDesk.sol";
import { IObligations } from "./IObligations.sol";
import { DeskWord, deskWord } from "./Words.sol";

/// @title Where units are given up. Its manual is `IComplianceDesk`; the desk's word is drawn in `Words.sol`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract ComplianceDesk is IComplianceDesk, IVoucherIssuer, IDisputable, Governed {
    using VoucherSeries for VoucherSeries.Peaks;

    uint256 private constant _MAX_LINES = 16;

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    address private immutable OBLIGATIONS;
    address private immutable PROJECTS;
    address private immutable BANKING;
    address private immutable DISPUTES;

    /// @custom:storage-location erc7201:carbon.storage.ComplianceDesk
    struct Storage {
        DeskWord desk;
        mapping(uint256 id => Application) applications;
        mapping(uint256 id => mapping(uint256 index => Line)) lines;
        VoucherSeries.Peaks peaks;
        mapping(uint256 id => address) initiators; // of applications that wait for a second representative
        uint40 reversibleFor; // seconds
        mapping(uint256 id => uint256 dispute) disputes; // 0: none stands
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.ComplianceDesk")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xcba505bd456740cdcb38f7d6f14aa18d420c46b6fe9dcf3a1e2589bb4d214a00;

    constructor(address ledger, address obligations, address creditProjects, address banking, address disputeDesk) {
        LEDGER = ledger;
        OBLIGATIONS = obligations;
        PROJECTS = creditProjects;
        BANKING = banking;
        DISPUTES = disputeDesk;
    }

    function initialize(Setup calldata setup) external reinitializer(2) {
        _requireOffset(setup.utcOffset);

        _s().desk = deskWord(setup.scheme, setup.series, setup.utcOffset);

        emit DeskSetUp(setup);
    }

    /* SCHEME */

    /// @inheritdoc IComplianceDesk
    function setUtcOffset(int32 offset) external restricted {
        DeskWord desk = _s().desk;
        int32 old = desk.utcOffset();
        _requireOffset(offset);
        require(
            VoucherSeries.dayOf(block.timestamp, old) == VoucherSeries.dayOf(block.timestamp, offset),
            DayWouldChange(old, offset)
        );

        _s().desk = desk.withUtcOffset(offset);

        emit UtcOffsetChanged(offset);
    }

    /// @inheritdoc IComplianceDesk
    function setupOf() external view returns (Setup memory) {
        DeskWord desk = _s().desk;
        return Setup(desk.scheme(), desk.series(), desk.utcOffset());
    }

    /// @inheritdoc IComplianceDesk
    function setSecondRepresentativeFrom(uint40 tonnes) external restricted {
        _s().desk = _s().desk.withSecondFrom(tonnes);

        emit SecondRepresentativeFrom(tonnes);
    }

    /// @inheritdoc IComplianceDesk
    function secondRepresentativeFrom() external view returns (uint40 tonnes) {
        return uint40(_s().desk.secondFrom());
    }

    function _requireOffset(int32 offset) private pure {
        require(offset > -1 days && offset < 1 days, BadOffset(offset));
    }

    /* SURRENDER */

    /// @inheritdoc IComplianceDesk
    function applySurrender(uint256[] calldata instruments, uint256[] calldata quantities)
        external
        returns (uint256 id)
    {
        address account = IEligibility(LEDGER).actingFor(msg.sender, Rights.SURRENDER, Restrictions.NO_SURRENDER);
        (uint256 tonnes, uint256 credits) = _sum(instruments, quantities);
        // First of all what is owed: it says by which rules these lines are examined.
        IObligations.Basis memory basis = IObligations(OBLIGATIONS).openApplication(account, credits);
        DeskWord desk = _s().desk;
        uint16 findings = _examine(basis, desk.scheme(), instruments, tonnes, credits);
        bool awaits = desk.secondFrom() != 0 && tonnes >= desk.secondFrom();

        id = desk.applications() + 1;
        _s().desk = desk.withApplications(id);
        _s().applications[id] = Application({
            account: account,
            state: awaits ? ApplicationState.AWAITING : ApplicationState.FILED,
            lines: uint8(instruments.length),
            year: basis.year,
            findings: findings,
            frozen: basis.frozen,
            since: uint40(block.timestamp)
        });
        for (uint256 i; i < instruments.length; ++i) {
            _s().lines[id][i] = Line(uint88(instruments[i]), uint96(quantities[i]));
        }

        emit SurrenderApplied(id, account, msg.sender, instruments, quantities);
        emit SurrenderExamined(id, basis.year, findings, _opinion(findings));
        if (awaits) {
            _s().initiators[id] = msg.sender;
            emit SurrenderAwaits(id, msg.sender);
        }

        for (uint256 i; i < instruments.length; ++i) {
            IInstrumentLedger(LEDGER)
                .encumber(account, instruments[i], quantities[i], IInstrumentLedger.Reason.SURRENDER, bytes32(id));
        }
    }

    /// @inheritdoc IComplianceDesk
    function endorseSurrender(uint256 id) external {
        address account = IEligibility(LEDGER).actingFor(msg.sender, Rights.APPROVE, Restrictions.NO_SURRENDER);
        Application memory application = _known(id);
        require(application.account == account, NotTheAccount(msg.sender, application.account));
        require(application.state == ApplicationState.AWAITING, NothingToEndorse(id, application.state));
        require(_s().initiators[id] != msg.sender, MayNotEndorseOwn(id, msg.sender));

        _setState(id, ApplicationState.FILED);
        delete _s().initiators[id];

        emit SurrenderEndorsed(id, msg.sender);
    }

    /// @inheritdoc IComplianceDesk
    function initiatorOf(uint256 id) external view returns (address key) {
        return _s().initiators[id];
    }

    /// @inheritdoc IComplianceDesk
    function withdrawSurrender(uint256 id) external {
        address account = IEligibility(LEDGER).actingFor(msg.sender, Rights.SURRENDER, 0);
        Application memory application = _undecided(id);
        require(application.account == account, NotTheAccount(msg.sender, application.account));

        _setState(id, ApplicationState.WITHDRAWN);

        if (application.state == ApplicationState.AWAITING) delete _s().initiators[id];

        emit SurrenderWithdrawn(id, account);

        _giveBack(id, application, bytes32(id));
    }

    /// @inheritdoc IComplianceDesk
    function approveSurrender(uint256 id) external restricted {
        _approve(id);
    }

    /// @inheritdoc IComplianceDesk
    function approveSurrenders(uint256[] calldata ids) external restricted {
        for (uint256 i; i < ids.length; ++i) {
            _approve(ids[i]);
        }
    }

    /// @inheritdoc IComplianceDesk
    function rejectSurrender(uint256 id, bytes32 reason) external restricted {
        _reject(id, reason);
    }

    /// @inheritdoc IComplianceDesk
    function rejectSurrenders(uint256[] calldata ids, bytes32 reason) external restricted {
        for (uint256 i; i < ids.length; ++i) {
            _reject(ids[i], reason);
        }
    }

    /// @inheritdoc IComplianceDesk
    function examine(address account, uint256[] calldata instruments, uint256[] calldata quantities)
        external
        view
        returns (uint16 year, uint16 findings, Opinion opinion)
    {
        (uint256 tonnes, uint256 credits) = _sum(instruments, quantities);
        IObligations.Basis memory basis = IObligations(OBLIGATIONS).basisOf(account);
        year = basis.year;
        findings = _examine(basis, _s().desk.scheme(), instruments, tonnes, credits);
        opinion = _opinion(findings);
    }

    /// @inheritdoc IComplianceDesk
    function applicationOf(uint256 id) external view returns (Application memory application, Line[] memory lines) {
        application = _known(id);
        (lines,,) = _linesOf(id, application.lines);
    }

    /// @inheritdoc IComplianceDesk
    function applicationCount() external view returns (uint256) {
        return _s().desk.applications();
    }

    function _approve(uint256 id) private {
        Application memory application = _filed(id);
        require(application.findings & Findings.UNFAVOURABLE == 0, OpinionUnfavourable(id, application.findings));
        address account = application.account;
        (Line[] memory lines, uint256 tonnes,) = _linesOf(id, application.lines);

        _setState(id, ApplicationState.APPROVED);

        emit SurrenderApproved(id, account, tonnes);

        DeskWord desk = _s().desk;
        for (uint256 i; i < lines.length; ++i) {
            desk = _issueVoucher(desk, VoucherKind.SURRENDER, lines[i].instrument, lines[i].quantity, account, id);
        }
        _s().desk = desk;

        IObligations(OBLIGATIONS).settleApplication(account, application.year, application.frozen, tonnes, 0);
        for (uint256 i; i < lines.length; ++i) {
            IInstrumentLedger(LEDGER)
                .cancelEncumbered(
                    account, lines[i].instrument, lines[i].quantity, IInstrumentLedger.Reason.SURRENDER, bytes32(id)
                );
        }
    }

    function _reject(uint256 id, bytes32 reason) private {
        Application memory application = _undecided(id);
        require(reason != 0, CauseMissing());

        _setState(id, ApplicationState.REJECTED);

        if (application.state == ApplicationState.AWAITING) delete _s().initiators[id];

        emit SurrenderRejected(id, application.account, reason);

        _giveBack(id, application, reason);
    }

    function _setState(uint256 id, ApplicationState state) private {
        Application storage application = _s().applications[id];
        application.state = state;
        application.since = uint40(block.timestamp);
    }

    function _giveBack(uint256 id, Application memory application, bytes32 cause) private {
        address account = application.account;
        (Line[] memory lines,, uint256 credits) = _linesOf(id, application.lines);

        IObligations(OBLIGATIONS).settleApplication(account, application.year, application.frozen, 0, credits);
        for (uint256 i; i < lines.length; ++i) {
            IInstrumentLedger(LEDGER)
                .release(account, lines[i].instrument, lines[i].quantity, IInstrumentLedger.Reason.SURRENDER, cause);
        }
    }

    /// @dev The lines must be well-formed: a fault of form is no finding.
    function _sum(uint256[] calldata instruments, uint256[] calldata quantities)
        private
        pure
        returns (uint256 tonnes, uint256 credits)
    {
        require(
            instruments.length == quantities.length && instruments.length != 0 && instruments.length <= _MAX_LINES,
            BadLines(instruments.length, quantities.length, _MAX_LINES)
        );
        for (uint256 i; i < instruments.length; ++i) {
            uint256 quantity = quantities[i];
            require(quantity != 0 && quantity <= type(uint40).max, BadTonnes(quantity));
            tonnes += quantity;
            if (_isOf(InstrumentClass.CREDIT, instruments[i])) credits += quantity;
        }
        require(tonnes <= type(uint40).max, BadTonnes(tonnes));
    }

    function _examine(
        IObligations.Basis memory basis,
        uint16 scheme,
        uint256[] calldata instruments,
        uint256 tonnes,
        uint256 credits
    ) private view returns (uint16 findings) {
        for (uint256 i; i < instruments.length; ++i) {
            findings |= _examineLine(basis, scheme, instruments[i]);
        }
        if (!basis.hasRules) findings |= Findings.NO_RULES;
        if (credits != 0 && basis.credits + credits > basis.creditLimit) findings |= Findings.CREDIT_SHARE_EXCEEDED;
        if (basis.late) findings |= Findings.LATE;
        if (basis.missing) findings |= Findings.EMISSIONS_MISSING;
        if (basis.emissions <= basis.surrendered) findings |= Findings.NOTHING_OWED;
        else if (basis.surrendered + tonnes > basis.emissions) findings |= Findings.MORE_THAN_OWED;
    }

    function _examineLine(IObligations.Basis memory basis, uint16 scheme, uint256 instrument)
        private
        view
        returns (uint16 findings)
    {
        IInstrumentLedger.Instrument memory known = IInstrumentLedger(LEDGER).instrumentOf(instrument);
        require(known.state != IInstrumentLedger.InstrumentState.NONE, IInstrumentLedger.UnknownInstrument(instrument));
        uint16 vintage = InstrumentId.wrap(instrument).vintage();
        bool isCredit = _isOf(InstrumentClass.CREDIT, instrument);
        bool eligible = _isOf(InstrumentClass.ALLOWANCE, instrument)
            ? InstrumentId.wrap(instrument).scheme() == scheme
            : isCredit && basis.creditShare != 0;

        if (isCredit && !ICreditProjects(PROJECTS).maySurrender(instrument)) findings |= Findings.LABEL_MISSING;
        if (!eligible) findings |= Findings.NOT_ELIGIBLE;
        if (basis.newestVintage != 0 && vintage > basis.newestVintage) findings |= Findings.VINTAGE_TOO_NEW;
        if (vintage < basis.oldestVintage) findings |= Findings.VINTAGE_TOO_OLD;
        if (known.validUntil != 0 && block.timestamp >= known.validUntil) findings |= Findings.EXPIRED;
    }

    function _opinion(uint16 findings) private pure returns (Opinion) {
        return findings & Findings.UNFAVOURABLE == 0 ? Opinion.FAVOURABLE : Opinion.UNFAVOURABLE;
    }

    /// @dev Of no class at all is possible: the id is the caller's.
    function _isOf(InstrumentClass class, uint256 instrument) private pure returns (bool) {
        return instrument >> 80 == uint256(class);
    }

    function _known(uint256 id) private view returns (Application memory application) {
        application = _s().applications[id];
        require(application.state != ApplicationState.NONE, UnknownApplication(id));
    }

    function _filed(uint256 id) private view returns (Application memory application) {
        application = _known(id);
        require(application.state != ApplicationState.AWAITING, SecondRepresentativeMissing(id));
        require(application.state == ApplicationState.FILED, ApplicationClosed(id, application.state));
    }

    function _undecided(uint256 id) private view returns (Application memory application) {
        application = _known(id);
        require(
            application.state == ApplicationState.FILED || application.state == ApplicationState.AWAITING,
            ApplicationClosed(id, application.state)
        );
    }

    function _linesOf(uint256 id, uint256 count)
        private
        view
        returns (Line[] memory lines, uint256 tonnes, uint256 credits)
    {
        lines = new Line[](count);
        for (uint256 i; i < count; ++i) {
            Line memory line = _s().lines[id][i];
            lines[i] = line;
            tonnes += line.quantity;
            if (_isOf(InstrumentClass.CREDIT, line.instrument)) credits += line.quantity;
        }
    }

    /* REVERSAL */

    /// @inheritdoc IComplianceDesk
    function reverseSurrender(uint256 id, bytes32 cause) external restricted {
        Application memory application = _approved(id);
        require(cause != 0, CauseMissing());
        uint256 until = uint256(application.since) + _s().reversibleFor;
        require(block.timestamp <= until, SurrenderReversalTooLate(id, until));

        _s().disputes[id] = 0; // it is what a claimant asks for
        _reverse(id, application, cause);
    }

    /// @inheritdoc IComplianceDesk
    function setReversalWindow(uint40 reversibleFor) external restricted {
        _s().reversibleFor = reversibleFor;

        emit ReversalWindowSet(reversibleFor);
    }

    /// @inheritdoc IComplianceDesk
    function reversalWindow() external view returns (uint40) {
        return _s().reversibleFor;
    }

    /// @inheritdoc IDisputable
    function hold(uint256 subject, uint256 dispute)
        external
        onlyModule(DISPUTES)
        returns (address account, uint256 at)
    {
        Application memory application = _approved(subject);
        _requireUndisputed(subject);

        _s().disputes[subject] = dispute;

        return (application.account, application.since);
    }

    /// @inheritdoc IDisputable
    /// @dev The window is the authority's, not the arbitrator's.
    function letGo(uint256 subject, uint256 dispute, bool upheld) external onlyModule(DISPUTES) {
        if (_s().disputes[subject] != dispute) return; // reversed meanwhile

        _s().disputes[subject] = 0;
        if (upheld) _reverse(subject, _approved(subject), bytes32(dispute));
    }

    function _reverse(uint256 id, Application memory application, bytes32 cause) private {
        (Line[] memory lines, uint256 tonnes, uint256 credits) = _linesOf(id, application.lines);

        _setState(id, ApplicationState.REVERSED);

        emit SurrenderReversed(id, application.account, tonnes, cause);

        IObligations(OBLIGATIONS).reverseApplication(application.account, application.year, tonnes, credits);
        for (uint256 i; i < lines.length; ++i) {
            IBanking(BANKING).reissue(id, application.account, lines[i].instrument, lines[i].quantity);
        }
    }

    function _approved(uint256 id) private view returns (Application memory application) {
        application = _known(id);
        require(application.state == ApplicationState.APPROVED, ApplicationClosed(id, application.state));
    }

    function _requireUndisputed(uint256 id) private view {
        uint256 dispute = _s().disputes[id];
        require(dispute == 0, SurrenderDisputed(id, dispute));
    }

    /* VOLUNTARY CANCELLATION */

    /// @inheritdoc IComplianceDesk
    /// @dev The ledger goes first: it checks the caller and says for whom.
    function cancelVoluntarily(uint256 instrument, uint256 quantity, bytes32 beneficiary, bytes32 purpose, uint16 year)
        external
    {
        require(
            _isOf(InstrumentClass.ALLOWANCE, instrument) || _isOf(InstrumentClass.CREDIT, instrument),
            NotCancellable(instrument)
        );
        bytes32 cause = keccak256(abi.encode(beneficiary, purpose, year));
        address account = IInstrumentLedger(LEDGER).cancel(msg.sender, instrument, quantity, cause);

        emit VoluntarilyCancelled(account, instrument, quantity, beneficiary, purpose, year);

        _s().desk = _issueVoucher(_s().desk, VoucherKind.CANCELLATION, instrument, quantity, account, uint256(cause));
    }

    /* VOUCHERS */

    /// @inheritdoc IVoucherIssuer
    function voucherCount(uint32 series) external view returns (uint40) {
        DeskWord desk = _s().desk;
        return series == desk.series() ? uint40(desk.vouchers()) : 0;
    }

    /// @inheritdoc IVoucherIssuer
    function voucherPeak(uint32 series, uint256 height) external view returns (bytes32) {
        return series == _s().desk.series() ? _s().peaks.at[height] : bytes32(0);
    }

    /// @inheritdoc IVoucherIssuer
    function voucherRoot(uint32 series) external view returns (bytes32) {
        DeskWord desk = _s().desk;
        return series == desk.series() ? _s().peaks.root(desk.vouchers()) : bytes32(0);
    }

    /// @dev The caller writes the desk's word.
    function _issueVoucher(
        DeskWord desk,
        VoucherKind kind,
        uint256 instrument,
        uint256 quantity,
        address from,
        uint256 ref
    ) private returns (DeskWord) {
        uint256 day = VoucherSeries.dayOf(block.timestamp, desk.utcOffset());
        uint32 orderOfDay = day == desk.day() ? uint32(desk.orderOfDay() + 1) : 1;
        uint40 index = uint40(desk.vouchers());
        Voucher memory voucher;
        voucher.kind = kind;
        voucher.series = desk.series();
        voucher.index = index;
        voucher.orderOfDay = orderOfDay;
        voucher.at = uint40(block.timestamp);
        voucher.instrument = instrument;
        voucher.quantity = quantity;
        voucher.from = from;
        voucher.ref = ref;
        bytes32 leaf = VoucherSeries.leafOf(voucher);

        _s().peaks.append(index, leaf);

        emit VoucherIssued(desk.series(), index, orderOfDay, leaf);
        return desk.withVoucher(day, orderOfDay);
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
