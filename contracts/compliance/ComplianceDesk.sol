// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { SafeCast } from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import { Governed } from "../governance/Governed.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { IStakeholderRegistry } from "../registry/IStakeholderRegistry.sol";
import { IObligationSink } from "../reporting/IObligationSink.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { Rounding } from "../types/FixedPoint.sol";
import { InstrumentClass, InstrumentId } from "../types/InstrumentId.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { ComplianceStatus, Status } from "./ComplianceStatus.sol";
import { Findings, IComplianceDesk } from "./IComplianceDesk.sol";
import { DeskWord, MISSING, ObligationWord, SHORTFALL, deskWord } from "./Words.sol";

/// @title Obligations, surrenders, statuses, penalties. Its manual is `IComplianceDesk`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract ComplianceDesk is IComplianceDesk, IObligationSink, IVoucherIssuer, Governed {
    using VoucherSeries for VoucherSeries.Peaks;
    using SafeCast for uint256;

    uint256 private constant _MAX_LINES = 16;
    uint256 private constant _MAX_PENDING = 255;
    uint256 private constant _GRAMS = 1e6; // of a tonne
    uint256 private constant _BASIS_POINTS = 10_000;

    // Causes for the registry, readable as text.
    bytes32 private constant _FOR_SHORTFALL = "shortfall";
    bytes32 private constant _FOR_MISSING = "missing emissions";
    bytes32 private constant _MADE_GOOD = "made good";

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    address private immutable REGISTRY;
    address private immutable REPORTS;

    /// @custom:storage-location erc7201:carbon.storage.ComplianceDesk
    struct Storage {
        DeskWord desk;
        mapping(address account => ObligationWord) obligations;
        mapping(address account => mapping(uint256 year => YearRecord)) records;
        mapping(uint256 year => Rules) rules;
        mapping(uint256 id => Application) applications;
        mapping(uint256 id => mapping(uint256 index => Line)) lines;
        VoucherSeries.Peaks peaks;
        mapping(bytes32 bankReference => bool) used;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.ComplianceDesk")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xcba505bd456740cdcb38f7d6f14aa18d420c46b6fe9dcf3a1e2589bb4d214a00;

    constructor(address ledger, address registry, address emissionReports) {
        LEDGER = ledger;
        REGISTRY = registry;
        REPORTS = emissionReports;
    }

    function initialize(Setup calldata setup) external reinitializer(2) {
        DeskWord desk =
            deskWord(setup.firstYear, setup.currentYear, setup.scheme, setup.rounding, setup.series, setup.utcOffset);
        _numberOf(desk, setup.currentYear);
        _requireOffset(setup.utcOffset);

        _s().desk = desk;

        emit DeskSetUp(setup);
    }

    /* SCHEME */

    /// @inheritdoc IComplianceDesk
    function openYear(uint16 year) external restricted {
        DeskWord desk = _s().desk;
        require(year == desk.current() + 1, YearNotNext(year, uint16(desk.current())));
        _numberOf(desk, year);

        _s().desk = desk.withCurrent(year);

        emit YearOpened(year);
    }

    /// @inheritdoc IComplianceDesk
    function setRules(uint16 year, Rules calldata rules) external restricted {
        _numberOf(_s().desk, year);
        Rules storage stored = _s().rules[year];
        uint40 deadline = stored.surrenderDeadline;
        require(!_isPast(deadline), RulesFixed(year, deadline));
        require(
            rules.surrenderDeadline != 0 && rules.reportingDeadline <= rules.surrenderDeadline
                && rules.creditShare <= _BASIS_POINTS && rules.indexDenominator != 0
                && (rules.newestVintage == 0 || rules.oldestVintage <= rules.newestVintage),
            BadRules(year)
        );

        _s().rules[year] = rules;

        emit RulesSet(year, rules);
    }

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
    function currentYear() external view returns (uint16) {
        return uint16(_s().desk.current());
    }

    /// @inheritdoc IComplianceDesk
    function setupOf() external view returns (Setup memory) {
        DeskWord desk = _s().desk;
        return Setup({
            firstYear: desk.yearOf(1),
            currentYear: uint16(desk.current()),
            scheme: uint16(desk.scheme()),
            rounding: desk.rounding(),
            series: desk.series(),
            utcOffset: desk.utcOffset()
        });
    }

    /// @inheritdoc IComplianceDesk
    function rulesOf(uint16 year) external view returns (Rules memory) {
        return _s().rules[year];
    }

    function _requireOffset(int32 offset) private pure {
        require(offset > -1 days && offset < 1 days, BadOffset(offset));
    }

    /// @dev 1 for the scheme's first year.
    function _numberOf(DeskWord desk, uint256 year) private pure returns (uint256) {
        uint16 firstYear = desk.yearOf(1);
        uint16 lastYear = desk.yearOf(ComplianceStatus.LAST_NUMBER);
        require(
            firstYear != 0 && year >= firstYear && year <= lastYear, YearOutOfRange(uint16(year), firstYear, lastYear)
        );
        return year - firstYear + 1;
    }

    /// @dev False for 0, which is no deadline.
    function _isPast(uint256 deadline) private view returns (bool) {
        return deadline != 0 && block.timestamp > deadline;
    }

    /* OBLIGATION */

    /// @inheritdoc IComplianceDesk
    function enrol(address account, uint16 firstYear, uint16 lastYear) external restricted {
        DeskWord desk = _s().desk;
        ObligationWord obligation = _s().obligations[account];
        require(obligation.first() == 0, AlreadyEnrolled(account, desk.yearOf(obligation.first())));

        obligation = _withYears(desk, obligation, firstYear, lastYear);

        emit Enrolled(account, firstYear, lastYear);

        _conclude(account, desk, obligation);
    }

    /// @inheritdoc IComplianceDesk
    function setFirstYear(address account, uint16 firstYear) external restricted {
        (DeskWord desk, ObligationWord obligation) = _frozenAsDue(account);
        _changeYears(account, desk, obligation, firstYear, desk.yearOf(obligation.last()));
    }

    /// @inheritdoc IComplianceDesk
    function setLastYear(address account, uint16 lastYear) external restricted {
        (DeskWord desk, ObligationWord obligation) = _frozenAsDue(account);
        _changeYears(account, desk, obligation, desk.yearOf(obligation.first()), lastYear);
    }

    /// @inheritdoc IComplianceDesk
    function exclude(address account, uint16 year, bytes32 cause) external restricted {
        _setExcluded(account, year, true, cause);
    }

    /// @inheritdoc IComplianceDesk
    function include(address account, uint16 year, bytes32 cause) external restricted {
        _setExcluded(account, year, false, cause);
    }

    /// @inheritdoc IObligationSink
    /// @dev Emissions of an account that is not enrolled yet are kept, so that no obligation vanishes.
    function onEmissions(address account, uint16 year, uint128 grams, bool complete) external onlyModule(REPORTS) {
        DeskWord desk = _s().desk;
        uint256 bit = 1 << _numberOf(desk, year);
        ObligationWord obligation = _freezeDue(account, desk, _s().obligations[account]);
        YearRecord storage record = _s().records[account][year];
        uint256 tonnes = complete ? _tonnesOf(grams, desk.rounding()) : 0;

        if (obligation.excluded() & bit == 0) {
            obligation = obligation.withEmissions(obligation.emissions() - record.emissions + tonnes);
        }
        obligation = obligation.withKnown(complete ? obligation.known() | bit : obligation.known() & ~bit);
        record.emissions = tonnes.toUint48();

        emit ObligationChanged(account, year, uint48(tonnes), complete);

        _conclude(account, desk, obligation);
    }

    /// @inheritdoc IComplianceDesk
    function refresh(address[] calldata accounts) external {
        for (uint256 i; i < accounts.length; ++i) {
            (DeskWord desk, ObligationWord obligation) = _frozenAsDue(accounts[i]);
            _conclude(accounts[i], desk, obligation);
        }
    }

    /// @inheritdoc IComplianceDesk
    function statusOf(address account) external view returns (Status status) {
        (status,,) = _judge(account, _s().desk, _s().obligations[account]);
    }

    /// @inheritdoc IComplianceDesk
    function positionOf(address account) external view returns (Position memory position) {
        DeskWord desk = _s().desk;
        ObligationWord obligation = _s().obligations[account];
        (Status status, uint256 due, uint256 owed) = _judge(account, desk, obligation);

        position.firstYear = desk.yearOf(obligation.first());
        position.lastYear = desk.yearOf(obligation.last());
        position.frozenThrough = desk.yearOf(obligation.frozenThrough());
        position.emissions = uint48(owed);
        position.surrendered = uint48(obligation.surrendered());
        position.shortfall = uint48(_shortfall(owed, obligation.surrendered()));
        position.pending = uint8(obligation.pending());
        position.missingYear = desk.yearOf(_lowest(obligation.missing(due)));
        position.restricted = obligation.restricts() != 0;
        position.status = status;
    }

    /// @inheritdoc IComplianceDesk
    function yearOf(address account, uint16 year) external view returns (YearRecord memory) {
        return _s().records[account][year];
    }

    function _changeYears(address account, DeskWord desk, ObligationWord obligation, uint16 firstYear, uint16 lastYear)
        private
    {
        obligation = _withYears(desk, obligation, firstYear, lastYear);

        emit YearsChanged(account, firstYear, lastYear);

        _conclude(account, desk, obligation);
    }

    function _withYears(DeskWord desk, ObligationWord obligation, uint16 firstYear, uint16 lastYear)
        private
        pure
        returns (ObligationWord)
    {
        require(lastYear == 0 || lastYear >= firstYear, YearsReversed(firstYear, lastYear));
        return obligation.withFirst(_numberOf(desk, firstYear)).withLast(lastYear == 0 ? 0 : _numberOf(desk, lastYear));
    }

    function _setExcluded(address account, uint16 year, bool on, bytes32 cause) private {
        (DeskWord desk, ObligationWord obligation) = _frozenAsDue(account);
        uint256 bit = 1 << _numberOf(desk, year);
        require((obligation.excluded() & bit != 0) != on, ExclusionUnchanged(account, year, on));
        require(cause != 0, CauseMissing());

        uint256 tonnes = _s().records[account][year].emissions;
        uint256 sum = on ? obligation.emissions() - tonnes : obligation.emissions() + tonnes;
        obligation = obligation.withExcluded(obligation.excluded() ^ bit).withEmissions(sum);

        emit ExclusionChanged(account, year, on, cause);

        _conclude(account, desk, obligation);
    }

    function _tonnesOf(uint256 grams, Rounding rounding) private pure returns (uint256) {
        if (rounding == Rounding.NEAREST) grams += _GRAMS / 2;
        else if (rounding == Rounding.UP) grams += _GRAMS - 1;
        return grams / _GRAMS;
    }

    /// @return status As of the year that is open.
    /// @return due The years that have come up.
    /// @return owed Their tonnes.
    function _judge(address account, DeskWord desk, ObligationWord obligation)
        private
        view
        returns (Status status, uint256 due, uint256 owed)
    {
        uint256 current = desk.current() - desk.firstOfScheme() + 1;
        due = ComplianceStatus.yearsFrom(obligation.first(), ComplianceStatus.endOf(obligation.last(), current));
        (status, owed) = _judgeYears(account, desk, obligation, due);
    }

    function _judgeYears(address account, DeskWord desk, ObligationWord obligation, uint256 due)
        private
        view
        returns (Status status, uint256 owed)
    {
        owed = _owed(account, desk, obligation, due);
        status = ComplianceStatus.judge(due, obligation.known(), obligation.excluded(), owed, obligation.surrendered());
    }

    /// @dev The tonnes of the years of `due` that are not excluded: the running sum less what lies outside, which is
    ///      seldom anything.
    function _owed(address account, DeskWord desk, ObligationWord obligation, uint256 due)
        private
        view
        returns (uint256 owed)
    {
        owed = obligation.emissions();
        uint256 outside = obligation.known() & ~(obligation.excluded() | due);
        for (; outside != 0; outside &= outside - 1) {
            owed -= _s().records[account][desk.yearOf(_lowest(outside))].emissions;
        }
    }

    function _shortfall(uint256 owed, uint256 surrendered) private pure returns (uint256) {
        return owed > surrendered ? owed - surrendered : 0;
    }

    /// @dev The number of the lowest bit; 0 for none.
    function _lowest(uint256 mask) private pure returns (uint256) {
        return mask == 0 ? 0 : Math.log2(mask & (~mask + 1));
    }

    /* JUDGING */

    /// @dev How every act begins: what passed deadlines froze is written down before anything changes.
    function _frozenAsDue(address account) private returns (DeskWord desk, ObligationWord obligation) {
        desk = _s().desk;
        obligation = _freezeDue(account, desk, _enrolled(account));
    }

    /// @dev How every act ends: judge, tell, keep, and lift restrictions that have lost their reason.
    function _conclude(address account, DeskWord desk, ObligationWord obligation) private returns (ObligationWord) {
        (Status status, uint256 due,) = _judge(account, desk, obligation);
        if (status != obligation.status()) {
            emit StatusChanged(account, uint16(desk.current()), obligation.status(), status);
            obligation = obligation.withStatus(status);
        }
        uint256 reasons = obligation.restricts();
        if (reasons != 0) reasons = _lasting(account, desk, obligation, due);
        return _keep(account, obligation, reasons, _MADE_GOOD);
    }

    /// @dev Those reasons for a restriction that still hold.
    function _lasting(address account, DeskWord desk, ObligationWord obligation, uint256 due)
        private
        view
        returns (uint256 reasons)
    {
        reasons = obligation.restricts();
        if (reasons & SHORTFALL != 0) {
            uint256 judged = ComplianceStatus.yearsFrom(obligation.first(), obligation.frozenThrough());
            if (_owed(account, desk, obligation, judged) <= obligation.surrendered()) reasons &= ~SHORTFALL;
        }
        if (reasons & MISSING != 0) {
            for (uint256 missing = obligation.missing(due); missing != 0; missing &= missing - 1) {
                if (_isPast(_s().rules[desk.yearOf(_lowest(missing))].reportingDeadline)) return reasons;
            }
            reasons &= ~MISSING;
        }
    }

    /// @dev Writes the account's word; tells the registry, as an outside call comes last, when trading is forbidden or
    ///      allowed again.
    function _keep(address account, ObligationWord obligation, uint256 reasons, bytes32 cause)
        private
        returns (ObligationWord)
    {
        uint256 before = obligation.restricts();
        obligation = obligation.withRestricts(reasons);
        _s().obligations[account] = obligation;

        if (before == reasons) return obligation;
        emit ComplianceRestricted(account, reasons & SHORTFALL != 0, reasons & MISSING != 0);

        if (before == 0 || reasons == 0) {
            IStakeholderRegistry(REGISTRY).restrictFor(account, Restrictions.NO_TRADE, reasons != 0, cause);
        }
        return obligation;
    }

    /// @dev Applications filed up to now were filed before the deadline: a later one would have frozen the year first.
    function _freezeDue(address account, DeskWord desk, ObligationWord obligation) private returns (ObligationWord) {
        uint256 number = Math.max(obligation.frozenThrough() + 1, obligation.first());
        uint256 last = obligation.last() == 0 ? ComplianceStatus.LAST_NUMBER : obligation.last();
        if (obligation.first() == 0) last = 0;
        for (; number <= last; ++number) {
            uint16 year = desk.yearOf(number);
            if (!_isPast(_s().rules[year].surrenderDeadline)) break;
            uint256 due = ComplianceStatus.yearsFrom(obligation.first(), number);
            (Status status, uint256 owed) = _judgeYears(account, desk, obligation, due);
            YearRecord storage record = _s().records[account][year];

            obligation = obligation.withFrozenThrough(number);
            record.surrendered = uint48(obligation.surrendered());
            record.awaiting = uint8(obligation.pending());
            record.status = status;
            record.stage = YearStage.FROZEN;

            emit StatusFrozen(account, year, status, uint48(owed), uint48(obligation.surrendered()));
        }
        return obligation;
    }

    function _enrolled(address account) private view returns (ObligationWord obligation) {
        obligation = _s().obligations[account];
        require(obligation.first() != 0, NotEnrolled(account));
    }

    /* SURRENDER */

    /// @inheritdoc IComplianceDesk
    function applySurrender(uint256[] calldata instruments, uint256[] calldata quantities)
        external
        returns (uint256 id)
    {
        address account = IEligibility(LEDGER).actingFor(msg.sender, Rights.SURRENDER, Restrictions.NO_SURRENDER);
        (DeskWord desk, ObligationWord obligation) = _frozenAsDue(account);
        require(obligation.pending() < _MAX_PENDING, TooManyPending(account, _MAX_PENDING));
        (uint16 year, uint16 findings, uint256 credits) = _examine(account, desk, obligation, instruments, quantities);

        Storage storage $ = _s();
        id = desk.applications() + 1;
        $.desk = desk.withApplications(id);
        $.applications[id] = Application({
            account: account,
            state: ApplicationState.FILED,
            lines: uint8(instruments.length),
            year: year,
            findings: findings,
            frozen: uint8(obligation.frozenThrough()),
            filedAt: uint40(block.timestamp)
        });
        for (uint256 i; i < instruments.length; ++i) {
            $.lines[id][i] = Line(uint88(instruments[i]), uint96(quantities[i]));
        }
        if (credits != 0) $.records[account][year].credits += credits.toUint40();

        emit SurrenderApplied(id, account, msg.sender, instruments, quantities);
        emit SurrenderExamined(id, year, findings, _opinion(findings));

        _conclude(account, desk, obligation.withPending(obligation.pending() + 1));
        for (uint256 i; i < instruments.length; ++i) {
            IInstrumentLedger(LEDGER)
                .encumber(account, instruments[i], quantities[i], IInstrumentLedger.Reason.SURRENDER, bytes32(id));
        }
    }

    /// @inheritdoc IComplianceDesk
    function withdrawSurrender(uint256 id) external {
        address account = IEligibility(LEDGER).actingFor(msg.sender, Rights.SURRENDER, 0);
        Application memory application = _known(id);
        require(application.account == account, NotTheAccount(msg.sender, application.account));

        _decide(id, ApplicationState.WITHDRAWN, bytes32(id));
    }

    /// @inheritdoc IComplianceDesk
    function approveSurrender(uint256 id) external restricted {
        _decide(id, ApplicationState.APPROVED, bytes32(id));
    }

    /// @inheritdoc IComplianceDesk
    function approveSurrenders(uint256[] calldata ids) external restricted {
        for (uint256 i; i < ids.length; ++i) {
            _decide(ids[i], ApplicationState.APPROVED, bytes32(ids[i]));
        }
    }

    /// @inheritdoc IComplianceDesk
    function rejectSurrender(uint256 id, bytes32 reason) external restricted {
        _decide(id, ApplicationState.REJECTED, reason);
    }

    /// @inheritdoc IComplianceDesk
    function rejectSurrenders(uint256[] calldata ids, bytes32 reason) external restricted {
        for (uint256 i; i < ids.length; ++i) {
            _decide(ids[i], ApplicationState.REJECTED, reason);
        }
    }

    /// @inheritdoc IComplianceDesk
    function examine(address account, uint256[] calldata instruments, uint256[] calldata quantities)
        external
        view
        returns (uint16 year, uint16 findings, Opinion opinion)
    {
        (year, findings,) = _examine(account, _s().desk, _enrolled(account), instruments, quantities);
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

    /// @dev The authority's decision, or the applicant's second thoughts.
    function _decide(uint256 id, ApplicationState state, bytes32 cause) private {
        Application memory application = _known(id);
        bool approved = state == ApplicationState.APPROVED;
        require(application.state == ApplicationState.FILED, ApplicationClosed(id, application.state));
        require(
            !approved || application.findings & Findings.UNFAVOURABLE == 0,
            OpinionUnfavourable(id, application.findings)
        );
        require(cause != 0, CauseMissing());
        address account = application.account;
        (DeskWord desk, ObligationWord obligation) = _frozenAsDue(account);
        (Line[] memory lines, uint256 tonnes, uint256 credits) = _linesOf(id, application.lines);

        _s().applications[id].state = state;
        obligation = obligation.withPending(obligation.pending() - 1);
        if (approved) obligation = obligation.withSurrendered(obligation.surrendered() + tonnes);
        else if (credits != 0) _s().records[account][application.year].credits -= uint40(credits);
        _countInTime(application, desk, obligation, approved ? tonnes : 0);

        if (approved) {
            emit SurrenderApproved(id, account, tonnes);
            desk = _issueVouchers(desk, lines, account, id);
            _s().desk = desk;
        } else if (state == ApplicationState.REJECTED) {
            emit SurrenderRejected(id, account, cause);
        } else {
            emit SurrenderWithdrawn(id, account);
        }

        _conclude(account, desk, obligation);
        _unbind(account, lines, approved, cause);
    }

    /// @dev For the years whose deadline passed while the application waited it was in time: they wait for it no longer,
    ///      and count what it surrendered.
    function _countInTime(Application memory application, DeskWord desk, ObligationWord obligation, uint256 tonnes)
        private
    {
        address account = application.account;
        for (uint256 number = uint256(application.frozen) + 1; number <= obligation.frozenThrough(); ++number) {
            uint16 year = desk.yearOf(number);
            YearRecord storage record = _s().records[account][year];
            if (record.stage == YearStage.OPEN) continue; // before the account's first year
            --record.awaiting;
            if (tonnes == 0) continue;
            uint256 due = ComplianceStatus.yearsFrom(obligation.first(), number);
            uint256 owed = _owed(account, desk, obligation, due);
            uint256 surrendered = record.surrendered + tonnes;

            record.surrendered = surrendered.toUint48();
            if (record.status == Status.B && owed <= surrendered) record.status = Status.A;

            emit StatusFrozen(account, year, record.status, uint48(owed), uint48(surrendered));
        }
    }

    function _unbind(address account, Line[] memory lines, bool cancelled, bytes32 cause) private {
        IInstrumentLedger ledger = IInstrumentLedger(LEDGER);
        IInstrumentLedger.Reason reason = IInstrumentLedger.Reason.SURRENDER;
        for (uint256 i; i < lines.length; ++i) {
            if (cancelled) ledger.cancelEncumbered(account, lines[i].instrument, lines[i].quantity, reason, cause);
            else ledger.release(account, lines[i].instrument, lines[i].quantity, reason, cause);
        }
    }

    /// @dev `year`: whose rules hold, the last one that has come up for the account or its first. `credits`: tonnes of
    ///      credits among the lines.
    function _examine(
        address account,
        DeskWord desk,
        ObligationWord obligation,
        uint256[] calldata instruments,
        uint256[] calldata quantities
    ) private view returns (uint16 year, uint16 findings, uint256 credits) {
        require(
            instruments.length == quantities.length && instruments.length != 0 && instruments.length <= _MAX_LINES,
            BadLines(instruments.length, quantities.length, _MAX_LINES)
        );
        (, uint256 due, uint256 owed) = _judge(account, desk, obligation);
        year = desk.yearOf(due == 0 ? obligation.first() : Math.log2(due));
        Rules storage rules = _s().rules[year];

        uint256 tonnes;
        for (uint256 i; i < instruments.length; ++i) {
            uint256 quantity = quantities[i];
            require(quantity != 0 && quantity <= type(uint48).max, BadTonnes(quantity));
            tonnes += quantity;
            if (_classOf(instruments[i]) == InstrumentClass.CREDIT) credits += quantity;
            findings |= _examineLine(desk, rules, instruments[i]);
        }
        require(tonnes <= type(uint48).max, BadTonnes(tonnes));

        if (rules.surrenderDeadline == 0) findings |= Findings.NO_RULES;
        if (_isPast(rules.surrenderDeadline)) findings |= Findings.LATE;
        if (credits != 0) {
            YearRecord storage record = _s().records[account][year];
            uint256 limit = uint256(record.emissions) * rules.creditShare / _BASIS_POINTS;
            if (record.credits + credits > limit) findings |= Findings.CREDIT_SHARE_EXCEEDED;
        }
        if (obligation.missing(due) != 0) findings |= Findings.EMISSIONS_MISSING;
        if (owed <= obligation.surrendered()) findings |= Findings.NOTHING_OWED;
        else if (obligation.surrendered() + tonnes > owed) findings |= Findings.MORE_THAN_OWED;
    }

    function _examineLine(DeskWord desk, Rules storage rules, uint256 instrument)
        private
        view
        returns (uint16 findings)
    {
        IInstrumentLedger.Instrument memory known = IInstrumentLedger(LEDGER).instrumentOf(instrument);
        require(known.state != IInstrumentLedger.InstrumentState.NONE, IInstrumentLedger.UnknownInstrument(instrument));
        InstrumentId id = InstrumentId.wrap(instrument);
        bool eligible = _classOf(instrument) == InstrumentClass.ALLOWANCE
            ? id.scheme() == desk.scheme()
            : _classOf(instrument) == InstrumentClass.CREDIT && rules.creditShare != 0;
        uint256 newest = rules.newestVintage;

        if (!eligible) findings |= Findings.NOT_ELIGIBLE;
        if (newest != 0 && id.vintage() > newest) findings |= Findings.VINTAGE_TOO_NEW;
        if (id.vintage() < rules.oldestVintage) findings |= Findings.VINTAGE_TOO_OLD;
        if (known.validUntil != 0 && block.timestamp >= known.validUntil) findings |= Findings.EXPIRED;
    }

    function _opinion(uint16 findings) private pure returns (Opinion) {
        return findings & Findings.UNFAVOURABLE == 0 ? Opinion.FAVOURABLE : Opinion.UNFAVOURABLE;
    }

    function _classOf(uint256 instrument) private pure returns (InstrumentClass) {
        return InstrumentId.wrap(instrument).class();
    }

    function _known(uint256 id) private view returns (Application memory application) {
        application = _s().applications[id];
        require(application.state != ApplicationState.NONE, UnknownApplication(id));
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
            if (_classOf(line.instrument) == InstrumentClass.CREDIT) credits += line.quantity;
        }
    }

    /* VOLUNTARY CANCELLATION */

    /// @inheritdoc IComplianceDesk
    /// @dev The ledger goes first: it checks the caller and says for whom.
    function cancelVoluntarily(uint256 instrument, uint256 quantity, bytes32 beneficiary, bytes32 purpose) external {
        InstrumentClass class = _classOf(instrument);
        require(class == InstrumentClass.ALLOWANCE || class == InstrumentClass.CREDIT, NotCancellable(instrument));
        bytes32 cause = keccak256(abi.encode(beneficiary, purpose));
        address account = IInstrumentLedger(LEDGER).cancel(msg.sender, instrument, quantity, cause);

        emit VoluntarilyCancelled(account, instrument, quantity, beneficiary, purpose);

        _s().desk = _issueVoucher(_s().desk, VoucherKind.CANCELLATION, instrument, quantity, account, uint256(cause));
    }

    /* DEADLINES AND PENALTIES */

    /// @inheritdoc IComplianceDesk
    function freezeStatus(address account, uint16 year) external {
        (DeskWord desk, ObligationWord obligation) = _frozenAsDue(account);
        _frozen(account, year);

        _conclude(account, desk, obligation);
    }

    /// @inheritdoc IComplianceDesk
    function assess(address account, uint16 year) external {
        (DeskWord desk, ObligationWord obligation) = _frozenAsDue(account);
        YearRecord storage record = _frozen(account, year);
        require(record.stage == YearStage.FROZEN, AlreadyAssessed(account, year));
        require(record.awaiting == 0, ApplicationsPending(account, record.awaiting));
        uint256 due = ComplianceStatus.yearsFrom(obligation.first(), _numberOf(desk, year));
        uint256 missing = obligation.missing(due);
        require(missing == 0, EmissionsMissing(account, desk.yearOf(_lowest(missing))));
        uint256 owed = _owed(account, desk, obligation, due);
        uint256 shortfall = _shortfall(owed, record.surrendered);
        Rules storage rules = _s().rules[year];
        uint256 penalty = shortfall * rules.penaltyPerTonne * rules.indexNumerator / rules.indexDenominator;

        record.stage = YearStage.ASSESSED;
        record.penalty = penalty.toUint96();

        emit YearAssessed(account, year, uint48(owed), record.surrendered);
        if (shortfall != 0) emit PenaltyImposed(account, year, shortfall, penalty);

        obligation = _conclude(account, desk, obligation);
        if (owed > obligation.surrendered()) {
            _keep(account, obligation, obligation.restricts() | SHORTFALL, _FOR_SHORTFALL);
        }
    }

    /// @inheritdoc IComplianceDesk
    function restrictForMissing(address account, uint16 year) external {
        (DeskWord desk, ObligationWord obligation) = _frozenAsDue(account);
        uint256 number = _numberOf(desk, year);
        uint40 deadline = _s().rules[year].reportingDeadline;
        (, uint256 due,) = _judge(account, desk, obligation);
        require(_isPast(deadline) && due >> number & 1 != 0, DeadlineNotPassed(account, year, deadline));
        require(obligation.missing(due) & ((2 << number) - 1) != 0, NothingMissing(account, year));

        obligation = _conclude(account, desk, obligation);
        _keep(account, obligation, obligation.restricts() | MISSING, _FOR_MISSING);
    }

    /// @inheritdoc IComplianceDesk
    function recordPenaltyPaid(address account, uint16 year, bytes32 bankReference) external restricted {
        YearRecord storage record = _s().records[account][year];
        require(record.stage == YearStage.ASSESSED && record.penalty != 0, NoPenaltyOpen(account, year));
        require(bankReference != 0, CauseMissing());
        require(!_s().used[bankReference], ReferenceUsed(bankReference));

        _s().used[bankReference] = true;
        record.stage = YearStage.PAID;

        emit PenaltyPaid(account, year, record.penalty, bankReference);
    }

    function _frozen(address account, uint16 year) private view returns (YearRecord storage record) {
        record = _s().records[account][year];
        require(record.stage != YearStage.OPEN, DeadlineNotPassed(account, year, _s().rules[year].surrenderDeadline));
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

    function _issueVouchers(DeskWord desk, Line[] memory lines, address from, uint256 id) private returns (DeskWord) {
        for (uint256 i; i < lines.length; ++i) {
            desk = _issueVoucher(desk, VoucherKind.SURRENDER, lines[i].instrument, lines[i].quantity, from, id);
        }
        return desk;
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
