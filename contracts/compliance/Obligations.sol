// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";
import { SafeCast } from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import { Governed } from "../governance/Governed.sol";
import { ICreditRecord } from "../registry/ICreditRecord.sol";
import { IStakeholderRegistry } from "../registry/IStakeholderRegistry.sol";
import { IObligationSink } from "../reporting/IObligationSink.sol";
import { Restrictions } from "../types/Accounts.sol";
import { Misconduct } from "../types/Conduct.sol";
import { Rounding } from "../types/FixedPoint.sol";
import { ComplianceStatus, Status } from "./ComplianceStatus.sol";
import { IObligations } from "./IObligations.sol";
import { MISSING, ObligationWord, SHORTFALL } from "./Words.sol";

/// @title Who owes what, and what follows. Its manual is `IObligations`; the account's word is drawn in `Words.sol`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract Obligations is IObligations, IObligationSink, Governed {
    using SafeCast for uint256;

    uint256 private constant _MAX_PENDING = 255;
    uint256 private constant _GRAMS = 1e6; // of a tonne
    uint256 private constant _BASIS_POINTS = 10_000;

    // Causes for the registry, readable as text.
    bytes32 private constant _FOR_SHORTFALL = "shortfall";
    bytes32 private constant _FOR_MISSING = "missing emissions";
    bytes32 private constant _MADE_GOOD = "made good";

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    address private immutable REGISTRY;
    address private immutable REPORTS;
    address private immutable DESK;
    address private immutable CREDIT;

    /// @dev The last assessment of an account.
    struct Carried {
        uint16 year;
        uint48 shortfall; // penalised then or before, and open
        uint48 counted; // tonnes surrendered that it counted
    }

    /// @custom:storage-location erc7201:carbon.storage.Obligations
    struct Storage {
        Scheme scheme;
        mapping(address account => ObligationWord) obligations;
        mapping(address account => mapping(uint256 year => YearRecord)) records;
        mapping(uint256 year => Rules) rules;
        mapping(bytes32 bankReference => bool) used;
        mapping(address account => Carried) carried;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.Obligations")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x05d1ae0ee40dc646db390c168f8f8bac33d80f3c1f0d08ed584b1af17aedd200;

    constructor(address registry, address emissionReports, address complianceDesk, address creditRecord) {
        REGISTRY = registry;
        REPORTS = emissionReports;
        DESK = complianceDesk;
        CREDIT = creditRecord;
    }

    function initialize(Scheme calldata scheme) external reinitializer(2) {
        _numberOf(scheme, scheme.currentYear);

        _s().scheme = scheme;

        emit SchemeSet(scheme);
    }

    /* SCHEME */

    /// @inheritdoc IObligations
    function openYear(uint16 year) external restricted {
        Scheme memory scheme = _s().scheme;
        require(year == uint256(scheme.currentYear) + 1, YearNotNext(year, scheme.currentYear));
        _numberOf(scheme, year);

        _s().scheme.currentYear = year;

        emit YearOpened(year);
    }

    /// @inheritdoc IObligations
    function setRules(uint16 year, Rules calldata rules) external restricted {
        _numberOf(_s().scheme, year);
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

    /// @inheritdoc IObligations
    function schemeOf() external view returns (Scheme memory) {
        return _s().scheme;
    }

    /// @inheritdoc IObligations
    function rulesOf(uint16 year) external view returns (Rules memory) {
        return _s().rules[year];
    }

    /// @dev 1 for the scheme's first year.
    function _numberOf(Scheme memory scheme, uint256 year) private pure returns (uint256) {
        uint256 firstYear = scheme.firstYear;
        uint256 lastYear = firstYear + ComplianceStatus.LAST_NUMBER - 1;
        require(
            firstYear != 0 && year >= firstYear && year <= lastYear,
            YearOutOfRange(uint16(year), uint16(firstYear), uint16(lastYear))
        );
        return year - firstYear + 1;
    }

    /// @dev The civil year of a number; 0 for 0.
    function _yearOf(Scheme memory scheme, uint256 number) private pure returns (uint16) {
        return number == 0 ? 0 : uint16(scheme.firstYear + number - 1);
    }

    /// @dev False for 0, which is no deadline.
    function _isPast(uint256 deadline) private view returns (bool) {
        return deadline != 0 && block.timestamp > deadline;
    }

    /* OBLIGATION */

    /// @inheritdoc IObligations
    function enrol(address account, uint16 firstYear, uint16 lastYear) external restricted {
        Scheme memory scheme = _s().scheme;
        ObligationWord obligation = _s().obligations[account];
        require(obligation.first() == 0, AlreadyEnrolled(account, _yearOf(scheme, obligation.first())));

        obligation = _withYears(scheme, obligation, firstYear, lastYear);

        emit Enrolled(account, firstYear, lastYear);

        _conclude(account, scheme, obligation);
    }

    /// @inheritdoc IObligations
    function setFirstYear(address account, uint16 firstYear) external restricted {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);
        _changeYears(account, scheme, obligation, firstYear, _yearOf(scheme, obligation.last()));
    }

    /// @inheritdoc IObligations
    function setLastYear(address account, uint16 lastYear) external restricted {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);
        _changeYears(account, scheme, obligation, _yearOf(scheme, obligation.first()), lastYear);
    }

    /// @inheritdoc IObligations
    function exclude(address account, uint16 year, bytes32 cause) external restricted {
        _setExcluded(account, year, true, cause);
    }

    /// @inheritdoc IObligations
    function include(address account, uint16 year, bytes32 cause) external restricted {
        _setExcluded(account, year, false, cause);
    }

    /// @inheritdoc IObligationSink
    /// @dev Emissions of an account that is not enrolled yet are kept, so that no obligation vanishes.
    function onEmissions(address account, uint16 year, uint128 grams, bool complete) external onlyModule(REPORTS) {
        Scheme memory scheme = _s().scheme;
        uint256 bit = 1 << _numberOf(scheme, year);
        ObligationWord obligation = _freezeDue(account, scheme, _s().obligations[account]);
        YearRecord storage record = _s().records[account][year];
        uint256 tonnes = complete ? _tonnesOf(grams, scheme.rounding) : 0;

        if (obligation.excluded() & bit == 0) {
            obligation = obligation.withEmissions(obligation.emissions() - record.emissions + tonnes);
        }
        obligation = obligation.withKnown(complete ? obligation.known() | bit : obligation.known() & ~bit);
        record.emissions = tonnes.toUint48();

        emit ObligationChanged(account, year, uint48(tonnes), complete);

        _conclude(account, scheme, obligation);
    }

    /// @inheritdoc IObligations
    function refresh(address[] calldata accounts) external {
        for (uint256 i; i < accounts.length; ++i) {
            (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(accounts[i]);
            _conclude(accounts[i], scheme, obligation);
        }
    }

    /// @inheritdoc IObligations
    function statusOf(address account) external view returns (Status status) {
        (status,,) = _judge(account, _s().scheme, _s().obligations[account]);
    }

    /// @inheritdoc IObligations
    function positionOf(address account) external view returns (Position memory position) {
        Scheme memory scheme = _s().scheme;
        ObligationWord obligation = _s().obligations[account];
        (Status status, uint256 due, uint256 owed) = _judge(account, scheme, obligation);

        position.firstYear = _yearOf(scheme, obligation.first());
        position.lastYear = _yearOf(scheme, obligation.last());
        position.frozenThrough = _yearOf(scheme, obligation.frozenThrough());
        position.emissions = uint48(owed);
        position.surrendered = uint48(obligation.surrendered());
        position.shortfall = uint48(_shortfall(owed, obligation.surrendered()));
        position.pending = uint8(obligation.pending());
        position.missingYear = _yearOf(scheme, _lowest(obligation.missing(due)));
        position.restricted = obligation.restricts() != 0;
        position.status = status;
    }

    /// @inheritdoc IObligations
    function yearOf(address account, uint16 year) external view returns (YearRecord memory) {
        return _s().records[account][year];
    }

    function _changeYears(
        address account,
        Scheme memory scheme,
        ObligationWord obligation,
        uint16 firstYear,
        uint16 lastYear
    ) private {
        obligation = _withYears(scheme, obligation, firstYear, lastYear);

        emit YearsChanged(account, firstYear, lastYear);

        _conclude(account, scheme, obligation);
    }

    function _withYears(Scheme memory scheme, ObligationWord obligation, uint16 firstYear, uint16 lastYear)
        private
        pure
        returns (ObligationWord)
    {
        require(lastYear == 0 || lastYear >= firstYear, YearsReversed(firstYear, lastYear));
        return
            obligation.withFirst(_numberOf(scheme, firstYear)).withLast(lastYear == 0 ? 0 : _numberOf(scheme, lastYear));
    }

    function _setExcluded(address account, uint16 year, bool on, bytes32 cause) private {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);
        uint256 bit = 1 << _numberOf(scheme, year);
        require((obligation.excluded() & bit != 0) != on, ExclusionUnchanged(account, year, on));
        require(cause != 0, CauseMissing());

        uint256 tonnes = _s().records[account][year].emissions;
        uint256 sum = on ? obligation.emissions() - tonnes : obligation.emissions() + tonnes;
        obligation = obligation.withExcluded(obligation.excluded() ^ bit).withEmissions(sum);

        emit ExclusionChanged(account, year, on, cause);

        _conclude(account, scheme, obligation);
    }

    function _tonnesOf(uint256 grams, Rounding rounding) private pure returns (uint256) {
        if (rounding == Rounding.NEAREST) grams += _GRAMS / 2;
        else if (rounding == Rounding.UP) grams += _GRAMS - 1;
        return grams / _GRAMS;
    }

    /// @return status As of the year that is open.
    /// @return due The years that have come up.
    /// @return owed Their tonnes.
    function _judge(address account, Scheme memory scheme, ObligationWord obligation)
        private
        view
        returns (Status status, uint256 due, uint256 owed)
    {
        uint256 current = uint256(scheme.currentYear) - scheme.firstYear + 1;
        due = ComplianceStatus.yearsFrom(obligation.first(), ComplianceStatus.endOf(obligation.last(), current));
        (status, owed) = _judgeYears(account, scheme, obligation, due);
    }

    function _judgeYears(address account, Scheme memory scheme, ObligationWord obligation, uint256 due)
        private
        view
        returns (Status status, uint256 owed)
    {
        owed = _owed(account, scheme, obligation, due);
        status = ComplianceStatus.judge(due, obligation.known(), obligation.excluded(), owed, obligation.surrendered());
    }

    /// @dev The tonnes of the years of `due` that are not excluded: the running sum less what lies outside, which is
    ///      seldom anything.
    function _owed(address account, Scheme memory scheme, ObligationWord obligation, uint256 due)
        private
        view
        returns (uint256 owed)
    {
        owed = obligation.emissions();
        uint256 outside = obligation.known() & ~(obligation.excluded() | due);
        for (; outside != 0; outside &= outside - 1) {
            owed -= _s().records[account][_yearOf(scheme, _lowest(outside))].emissions;
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
    function _frozenAsDue(address account) private returns (Scheme memory scheme, ObligationWord obligation) {
        scheme = _s().scheme;
        obligation = _freezeDue(account, scheme, _enrolled(account));
    }

    /// @dev How every act ends: judge, tell, keep, and lift restrictions that have lost their reason.
    function _conclude(address account, Scheme memory scheme, ObligationWord obligation)
        private
        returns (ObligationWord)
    {
        (Status status, uint256 due,) = _judge(account, scheme, obligation);
        if (status != obligation.status()) {
            emit StatusChanged(account, scheme.currentYear, obligation.status(), status);
            obligation = obligation.withStatus(status);
        }
        uint256 reasons = obligation.restricts();
        if (reasons != 0) reasons = _lasting(account, scheme, obligation, due);
        return _keep(account, obligation, reasons);
    }

    /// @dev Those reasons for a restriction that still hold.
    function _lasting(address account, Scheme memory scheme, ObligationWord obligation, uint256 due)
        private
        view
        returns (uint256 reasons)
    {
        reasons = obligation.restricts();
        if (reasons & SHORTFALL != 0) {
            uint256 judged = ComplianceStatus.yearsFrom(obligation.first(), obligation.frozenThrough());
            if (_owed(account, scheme, obligation, judged) <= obligation.surrendered()) reasons &= ~SHORTFALL;
        }
        if (reasons & MISSING != 0) {
            for (uint256 missing = obligation.missing(due); missing != 0; missing &= missing - 1) {
                if (_isPast(_s().rules[_yearOf(scheme, _lowest(missing))].reportingDeadline)) return reasons;
            }
            reasons &= ~MISSING;
        }
    }

    /// @dev Writes the account's word; tells the registry, as an outside call comes last, when trading is forbidden or
    ///      allowed again.
    function _keep(address account, ObligationWord obligation, uint256 reasons) private returns (ObligationWord) {
        uint256 before = obligation.restricts();
        obligation = obligation.withRestricts(reasons);
        _s().obligations[account] = obligation;

        if (before == reasons) return obligation;
        emit ComplianceRestricted(account, reasons & SHORTFALL != 0, reasons & MISSING != 0);

        if (before == 0 || reasons == 0) {
            bytes32 cause = reasons == 0 ? _MADE_GOOD : reasons & SHORTFALL != 0 ? _FOR_SHORTFALL : _FOR_MISSING;
            IStakeholderRegistry(REGISTRY).restrictFor(account, Restrictions.NO_TRADE, reasons != 0, cause);
        }
        return obligation;
    }

    /// @dev Applications filed up to now were filed before the deadline: a later one would have frozen the year first.
    function _freezeDue(address account, Scheme memory scheme, ObligationWord obligation)
        private
        returns (ObligationWord)
    {
        uint256 number = Math.max(obligation.frozenThrough() + 1, obligation.first());
        uint256 last = obligation.last() == 0 ? ComplianceStatus.LAST_NUMBER : obligation.last();
        if (obligation.first() == 0) last = 0;
        for (; number <= last; ++number) {
            uint16 year = _yearOf(scheme, number);
            if (!_isPast(_s().rules[year].surrenderDeadline)) break;
            uint256 due = ComplianceStatus.yearsFrom(obligation.first(), number);
            (Status status, uint256 owed) = _judgeYears(account, scheme, obligation, due);
            YearRecord storage record = _s().records[account][year];

            obligation = obligation.withFrozenThrough(number);
            record.surrendered = uint48(obligation.surrendered());
            record.awaiting = uint8(obligation.pending());
            record.status = status;
            record.stage = YearStage.FROZEN;

            emit StatusFrozen(account, year, status, uint48(owed), uint48(obligation.surrendered()), record.awaiting);
        }
        return obligation;
    }

    function _enrolled(address account) private view returns (ObligationWord obligation) {
        obligation = _s().obligations[account];
        require(obligation.first() != 0, NotEnrolled(account));
    }

    /* SURRENDER */

    /// @inheritdoc IObligations
    function basisOf(address account) external view returns (Basis memory) {
        return _basis(account, _s().scheme, _enrolled(account));
    }

    /// @inheritdoc IObligations
    function openApplication(address account, uint256 credits) external onlyModule(DESK) returns (Basis memory basis) {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);
        require(obligation.pending() < _MAX_PENDING, TooManyPending(account, _MAX_PENDING));
        basis = _basis(account, scheme, obligation);

        if (credits != 0) _s().records[account][basis.year].credits = (basis.credits + credits).toUint40();
        _conclude(account, scheme, obligation.withPending(obligation.pending() + 1));
    }

    /// @inheritdoc IObligations
    function settleApplication(address account, uint16 year, uint8 frozen, uint256 tonnes, uint256 credits)
        external
        onlyModule(DESK)
    {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);

        if (credits != 0) _s().records[account][year].credits -= credits.toUint40();
        obligation = obligation.withPending(obligation.pending() - 1).withSurrendered(obligation.surrendered() + tonnes);
        for (uint256 number = uint256(frozen) + 1; number <= obligation.frozenThrough(); ++number) {
            _countInTime(account, scheme, obligation, number, tonnes);
        }

        _conclude(account, scheme, obligation);
    }

    /// @inheritdoc IObligations
    function reverseApplication(address account, uint16 year, uint256 tonnes, uint256 credits)
        external
        onlyModule(DESK)
    {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);
        uint256 judged = ComplianceStatus.yearsFrom(obligation.first(), obligation.frozenThrough());
        uint256 missing = obligation.missing(judged);
        require(missing == 0, EmissionsMissing(account, _yearOf(scheme, _lowest(missing))));
        for (uint256 number = obligation.first(); number <= obligation.frozenThrough(); ++number) {
            uint256 awaiting = _s().records[account][_yearOf(scheme, number)].awaiting;
            require(awaiting == 0, ApplicationsPending(account, awaiting));
        }
        uint256 needed = _owed(account, scheme, obligation, judged);
        uint256 left = obligation.surrendered() - tonnes;
        require(judged == 0 || needed <= left, SurrenderNeeded(account, needed, left));

        if (credits != 0) _s().records[account][year].credits -= credits.toUint40();
        _conclude(account, scheme, obligation.withSurrendered(left));
    }

    /// @dev The deadline of the year passed while the application waited: the year waits for it no longer, and counts what it
    ///      surrendered.
    function _countInTime(
        address account,
        Scheme memory scheme,
        ObligationWord obligation,
        uint256 number,
        uint256 tonnes
    ) private {
        uint16 year = _yearOf(scheme, number);
        YearRecord storage record = _s().records[account][year];
        if (record.stage == YearStage.OPEN) return; // before the account's first year
        uint256 owed = _owed(account, scheme, obligation, ComplianceStatus.yearsFrom(obligation.first(), number));
        uint48 surrendered = (record.surrendered + tonnes).toUint48();

        --record.awaiting;
        record.surrendered = surrendered;
        if (record.status == Status.B && owed <= surrendered) record.status = Status.A;

        emit StatusFrozen(account, year, record.status, uint48(owed), surrendered, record.awaiting);
    }

    function _basis(address account, Scheme memory scheme, ObligationWord obligation)
        private
        view
        returns (Basis memory basis)
    {
        (, uint256 due, uint256 owed) = _judge(account, scheme, obligation);
        uint16 year = _yearOf(scheme, due == 0 ? obligation.first() : Math.log2(due));
        Rules storage rules = _s().rules[year];
        YearRecord storage record = _s().records[account][year];

        basis.year = year;
        basis.frozen = uint8(obligation.frozenThrough());
        basis.late = _isPast(rules.surrenderDeadline);
        basis.hasRules = rules.surrenderDeadline != 0;
        basis.missing = obligation.missing(due) != 0;
        basis.oldestVintage = rules.oldestVintage;
        basis.newestVintage = rules.newestVintage;
        basis.creditShare = rules.creditShare;
        basis.creditLimit = uint48(uint256(record.emissions) * rules.creditShare / _BASIS_POINTS);
        basis.credits = record.credits;
        basis.emissions = uint48(owed);
        basis.surrendered = uint48(obligation.surrendered());
    }

    /* DEADLINES AND PENALTIES */

    /// @inheritdoc IObligations
    function freezeStatus(address account, uint16 year) external {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);
        _frozen(account, year);

        _conclude(account, scheme, obligation);
    }

    /// @inheritdoc IObligations
    function assess(address account, uint16 year) external {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);
        YearRecord storage record = _frozen(account, year);
        require(record.stage == YearStage.FROZEN, AlreadyAssessed(account, year));
        require(
            year == scheme.firstYear || _s().records[account][year - 1].stage != YearStage.FROZEN,
            EarlierYearOpen(account, year - 1)
        );
        require(record.awaiting == 0, ApplicationsPending(account, record.awaiting));
        uint256 due = ComplianceStatus.yearsFrom(obligation.first(), _numberOf(scheme, year));
        uint256 missing = obligation.missing(due);
        require(missing == 0, EmissionsMissing(account, _yearOf(scheme, _lowest(missing))));
        uint256 owed = _owed(account, scheme, obligation, due);
        // Less than at the deadline only where a surrender was reversed since.
        uint256 counted = Math.min(record.surrendered, obligation.surrendered());
        uint256 shortfall = _shortfall(owed, counted);
        uint256 fresh = _notPenalised(account, shortfall, counted);
        Rules storage rules = _s().rules[year];
        uint256 penalty = fresh * rules.penaltyPerTonne * rules.indexNumerator / rules.indexDenominator;

        record.stage = YearStage.ASSESSED;
        record.penalty = penalty.toUint96();
        _carry(account, year, shortfall, counted, fresh);

        emit YearAssessed(account, year, uint48(owed), uint48(counted));
        if (fresh != 0) emit PenaltyImposed(account, year, fresh, penalty);

        obligation = _conclude(account, scheme, obligation);
        if (owed > obligation.surrendered()) {
            _keep(account, obligation, obligation.restricts() | SHORTFALL);
        }
        if (fresh != 0) {
            bool made = owed <= obligation.surrendered();
            // The record tells its entry's number by an event.
            // slither-disable-next-line unused-return
            ICreditRecord(CREDIT)
                .report(
                    account, made ? Misconduct.LATE_SURRENDER : Misconduct.MISSING_SURRENDER, bytes32(uint256(year))
                );
        }
    }

    /// @dev What of a shortfall no earlier assessment penalised. What was surrendered since made good the older part first.
    function _notPenalised(address account, uint256 shortfall, uint256 counted) private view returns (uint256) {
        Carried memory carried = _s().carried[account];
        uint256 since = counted > carried.counted ? counted - carried.counted : 0;
        uint256 open = carried.shortfall > since ? carried.shortfall - since : 0;
        return shortfall > open ? shortfall - open : 0;
    }

    /// @dev A year before the last one is assessed only where the account's first year was moved past it and back: what it
    ///      adds is penalised too, and the later figures stay.
    function _carry(address account, uint16 year, uint256 shortfall, uint256 counted, uint256 fresh) private {
        Carried storage carried = _s().carried[account];
        if (year > carried.year) {
            _s().carried[account] = Carried(year, shortfall.toUint48(), counted.toUint48());
        } else {
            carried.shortfall = (carried.shortfall + fresh).toUint48();
        }
    }

    /// @inheritdoc IObligations
    function restrictForMissing(address account, uint16 year) external {
        (Scheme memory scheme, ObligationWord obligation) = _frozenAsDue(account);
        uint256 number = _numberOf(scheme, year);
        uint40 deadline = _s().rules[year].reportingDeadline;
        (, uint256 due,) = _judge(account, scheme, obligation);
        require(_isPast(deadline) && due >> number & 1 != 0, DeadlineNotPassed(account, year, deadline));
        require(obligation.missing(due) & ((2 << number) - 1) != 0, NothingMissing(account, year));

        obligation = _conclude(account, scheme, obligation);
        _keep(account, obligation, obligation.restricts() | MISSING);
    }

    /// @inheritdoc IObligations
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

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
