// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

import { Governed } from "../governance/Governed.sol";
import { IDowngrade } from "../instruments/IDowngrade.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountKind, Representation, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { OrderId, Side } from "../types/OrderId.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { IHoldingLimits } from "./IHoldingLimits.sol";
import { IMarketOperations } from "./IMarketOperations.sol";
import { IMarketPhases } from "./IMarketPhases.sol";
import { IMarketRules } from "./IMarketRules.sol";
import { IMarketStop } from "./IMarketStop.sol";
import { IOrderBook } from "./IOrderBook.sol";

/// @title Calendars, the downgrade, holding limits outside the book and large positions. Its manual is `IMarketRules`.
/// @dev No guard against reentrance: the one call that changes something elsewhere is the last thing that a downgrade does.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract MarketRules is IMarketRules, Governed {
    uint256 private constant _AS_WEEKDAY = 255;
    uint256 private constant _MINUTES = 1440;
    uint256 private constant _SESSION_BITS = 25;
    uint256 private constant _MOST_SESSIONS = 10; // of a day type: one word
    uint256 private constant _FIRST_WEEKDAY = 3; // 1970-01-01 was a Thursday; Monday is 0
    uint256 private constant _WHOLE = 10_000; // hundredths of a per cent

    address private immutable LEDGER;
    address private immutable BOOK;
    int256 private immutable DAY_OFFSET;

    struct Timetable {
        bytes32 name;
        uint56 week; // a byte for each weekday's type, Monday in the lowest
        uint8 dayTypes;
        bool assigned; // to some market, ever: then only days to come change
        // 24   14 13   3 2     0
        // ┌──────┬──────┬───────┐
        // │  to  │ from │ state │ x 10, the first session in the low bits; a `to` of 0: no more
        mapping(uint256 dayType => uint256 sessions) sessions;
        mapping(uint256 word => uint256 types) marked; // a byte for each civil day: 0: none, 255: closed, else its type
    }

    /// @custom:storage-location erc7201:carbon.storage.MarketRules
    struct Storage {
        uint16 calendars;
        uint40 downgradedSince;
        uint32 stressVersion;
        StressRules stress;
        mapping(uint256 calendar => Timetable) timetables;
        mapping(uint24 market => Assignment) assignments;
        mapping(uint256 instrument => PositionTerms) positionTerms;
        mapping(address account => mapping(uint256 instrument => LargePosition)) positions;
        address downgradedBy; // while it is
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.MarketRules")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x9da8587ec10fcdf2d0556763c312b48ed643c8e5e32b2148d40adc1b6fd97900;

    /// @param dayOffset Seconds that the scheme's civil day begins before UTC's.
    constructor(address ledger, address book, int256 dayOffset) {
        bool within = dayOffset > -1 days && dayOffset < 1 days;
        require(within && dayOffset % 1 minutes == 0, BadDayOffset(dayOffset));
        LEDGER = ledger;
        BOOK = book;
        DAY_OFFSET = dayOffset;
    }

    /// @notice Says at which offset its civil days are.
    function initialize() external reinitializer(2) {
        emit DayOffsetSet(DAY_OFFSET);
    }

    /* CALENDARS */

    /// @inheritdoc IMarketRules
    function defineCalendar(bytes32 name, uint8[] calldata week, Session[] calldata sessions)
        external
        restricted
        returns (uint16 calendar)
    {
        calendar = ++_s().calendars;
        Timetable storage t = _s().timetables[calendar];
        uint256 dayTypes = _keepSessions(t, sessions);
        t.name = name;
        t.dayTypes = uint8(dayTypes);
        t.week = _weekOf(week, dayTypes);

        emit CalendarDefined(calendar, name, week, sessions);
    }

    /// @inheritdoc IMarketRules
    function setDays(uint16 calendar, uint24[] calldata civilDays, uint8 dayType) external restricted {
        Timetable storage t = _timetable(calendar);
        require(dayType <= t.dayTypes || dayType == _AS_WEEKDAY, UnknownDayType(calendar, dayType, t.dayTypes));
        uint24 today = _today();
        bool assigned = t.assigned;
        uint256 mark = dayType == 0 ? _AS_WEEKDAY : dayType == _AS_WEEKDAY ? 0 : dayType; // unmarked must be 0
        for (uint256 i; i < civilDays.length; ++i) {
            uint256 day = civilDays[i];
            require(!assigned || day > today, DayUnderWay(uint24(day), today));

            uint256 shift = day % 32 * 8;
            t.marked[day / 32] = (t.marked[day / 32] & ~(uint256(0xff) << shift)) | mark << shift;
        }

        emit DaysSet(calendar, civilDays, dayType);
    }

    /// @inheritdoc IMarketRules
    function assignCalendar(uint24 market, uint16 calendar, uint24 from) external restricted {
        if (calendar != 0) _timetable(calendar).assigned = true;
        uint24 today = _today();
        // The book keeps until when a phase lasts; nothing is kept of a market that it does not have yet.
        require(from > today || market > IMarketOperations(BOOK).marketCount(), DayUnderWay(from, today));

        _s().assignments[market] = Assignment({ calendar: _calendarOn(market, today), next: calendar, from: from });

        emit CalendarAssigned(market, calendar, from);
    }

    /// @dev Checks the sessions, and writes a word for each day type.
    function _keepSessions(Timetable storage t, Session[] calldata sessions) private returns (uint256 dayType) {
        uint256 word;
        uint256 count; // of this day type
        for (uint256 i; i < sessions.length; ++i) {
            Session calldata s = sessions[i];
            bool first = i == 0 || s.dayType != dayType;
            if (first) {
                require(s.dayType == dayType + 1 && s.dayType != _AS_WEEKDAY, BadSession(i));
                (dayType, word, count) = (s.dayType, 0, 0);
            }
            require(_follows(s, first ? s : sessions[i - 1], first), BadSession(i));
            require(count < _MOST_SESSIONS, BadSession(i));
            word |= (uint256(s.toMinute) << 14 | uint256(s.fromMinute) << 3 | uint256(s.state))
                << (count++ * _SESSION_BITS);
            t.sessions[dayType] = word;
        }
    }

    /// @dev Whether a session is possible after the one `before` it, or as a day's `first`.
    function _follows(Session calldata s, Session calldata before, bool first) private pure returns (bool) {
        if (s.fromMinute >= s.toMinute || s.toMinute > _MINUTES) return false;
        if (!first && s.fromMinute < before.toMinute) return false;
        if (s.state == IOrderBook.MarketState.OPEN) return true;
        // What a call has collected is executed after it, on the same civil day.
        if (s.toMinute == _MINUTES) return false;
        if (s.state == IOrderBook.MarketState.CALL) return true;
        return s.state == IOrderBook.MarketState.LOCKED && !first && before.state == IOrderBook.MarketState.CALL
            && before.toMinute == s.fromMinute;
    }

    function _weekOf(uint8[] calldata week, uint256 dayTypes) private pure returns (uint56 packed) {
        require(week.length == 7, BadWeek(week.length));
        for (uint256 i; i < 7; ++i) {
            require(week[i] <= dayTypes, BadWeek(i));
            packed |= uint56(uint256(week[i]) << (i * 8));
        }
    }

    /// @inheritdoc IMarketPhases
    function phaseAt(uint24 market, uint40 at) external view returns (IOrderBook.MarketState state, uint40 until) {
        uint256 local = uint256(int256(uint256(at)) + DAY_OFFSET);
        uint256 day = local / 1 days;
        uint256 midnight = at - local % 1 days; // Unix time at which the civil day began
        if (_s().downgradedSince != 0) return (IOrderBook.MarketState.DOWNGRADED, uint40(midnight + 1 days));
        uint256 calendar = _calendarOn(market, day);
        if (calendar == 0) return (IOrderBook.MarketState.OPEN, uint40(midnight + 1 days));
        Timetable storage t = _s().timetables[calendar];
        uint256 minute = local % 1 days / 60;

        for (uint256 rest = t.sessions[_dayTypeOn(t, day)]; rest != 0; rest >>= _SESSION_BITS) {
            (uint256 from, uint256 to) = (_fromOf(rest), _toOf(rest));
            if (minute < from) return (IOrderBook.MarketState.CLOSED, uint40(midnight + from * 60));
            if (minute < to) return (_stateOf(rest), uint40(midnight + to * 60));
        }
        return (IOrderBook.MarketState.CLOSED, uint40(midnight + 1 days));
    }

    /// @inheritdoc IMarketRules
    function sessionsOf(uint24 market, uint24 civilDay) external view returns (Session[] memory sessions) {
        uint256 calendar = _calendarOn(market, civilDay);
        if (calendar != 0) {
            Timetable storage t = _s().timetables[calendar];
            uint256 dayType = _dayTypeOn(t, civilDay);
            sessions = new Session[](_MOST_SESSIONS);
            return _cut(sessions, _read(sessions, 0, dayType, t.sessions[dayType]));
        }
        sessions = new Session[](1);
        sessions[0] =
            Session({ dayType: 0, fromMinute: 0, toMinute: uint16(_MINUTES), state: IOrderBook.MarketState.OPEN });
    }

    /// @inheritdoc IMarketRules
    function calendarCount() external view returns (uint16) {
        return _s().calendars;
    }

    /// @inheritdoc IMarketRules
    function calendarOf(uint16 calendar) external view returns (CalendarView memory c) {
        Timetable storage t = _timetable(calendar);
        c.name = t.name;
        c.week = new uint8[](7);
        for (uint256 i; i < 7; ++i) {
            c.week[i] = uint8(t.week >> (i * 8));
        }
        c.sessions = new Session[](_MOST_SESSIONS * t.dayTypes);
        uint256 count;
        for (uint256 dayType = 1; dayType <= t.dayTypes; ++dayType) {
            count = _read(c.sessions, count, dayType, t.sessions[dayType]);
        }
        _cut(c.sessions, count);
    }

    /// @inheritdoc IMarketRules
    function dayTypeOn(uint16 calendar, uint24 civilDay) external view returns (uint8) {
        return uint8(_dayTypeOn(_timetable(calendar), civilDay));
    }

    /// @inheritdoc IMarketRules
    function assignmentOf(uint24 market) external view returns (Assignment memory) {
        return _s().assignments[market];
    }

    function _timetable(uint16 calendar) private view returns (Timetable storage) {
        require(calendar != 0 && calendar <= _s().calendars, UnknownCalendar(calendar));
        return _s().timetables[calendar];
    }

    function _calendarOn(uint24 market, uint256 day) private view returns (uint16) {
        Assignment memory a = _s().assignments[market];
        return day >= a.from ? a.next : a.calendar;
    }

    function _dayTypeOn(Timetable storage t, uint256 day) private view returns (uint256) {
        uint256 mark = t.marked[day / 32] >> (day % 32 * 8) & 0xff;
        if (mark == _AS_WEEKDAY) return 0;
        // A day of the week, nothing random.
        // slither-disable-next-line weak-prng
        return mark != 0 ? mark : t.week >> ((day + _FIRST_WEEKDAY) % 7 * 8) & 0xff;
    }

    function _today() private view returns (uint24) {
        return VoucherSeries.dayOf(block.timestamp, DAY_OFFSET);
    }

    /// @dev Writes a day type's sessions from `count` on; returns how many there are then.
    function _read(Session[] memory sessions, uint256 count, uint256 dayType, uint256 rest)
        private
        pure
        returns (uint256)
    {
        for (; rest != 0; rest >>= _SESSION_BITS) {
            sessions[count++] = Session({
                dayType: uint8(dayType),
                fromMinute: uint16(_fromOf(rest)),
                toMinute: uint16(_toOf(rest)),
                state: _stateOf(rest)
            });
        }
        return count;
    }

    function _cut(Session[] memory sessions, uint256 count) private pure returns (Session[] memory) {
        assembly ("memory-safe") {
            mstore(sessions, count)
        }
        return sessions;
    }

    function _stateOf(uint256 sessions) private pure returns (IOrderBook.MarketState) {
        return IOrderBook.MarketState(sessions & 0x7);
    }

    function _fromOf(uint256 sessions) private pure returns (uint256) {
        return sessions >> 3 & 0x7ff;
    }

    function _toOf(uint256 sessions) private pure returns (uint256) {
        return sessions >> 14 & 0x7ff;
    }

    /* DOWNGRADE */

    /// @inheritdoc IMarketRules
    function downgrade(bytes32 cause) external restricted {
        require(cause != 0, CauseMissing());
        require(!isDowngraded(), AlreadyInMode(true));

        _s().downgradedSince = uint40(block.timestamp);
        _s().downgradedBy = msg.sender;

        emit DowngradeBegan(msg.sender, cause);

        IMarketStop(BOOK).downgradeMarkets(true);
    }

    /// @inheritdoc IMarketRules
    function restore(bytes32 cause) external restricted {
        require(cause != 0, CauseMissing());
        require(isDowngraded(), AlreadyInMode(false));
        require(msg.sender != _s().downgradedBy, SameOfficerRestores(msg.sender));

        _s().downgradedSince = 0;
        _s().downgradedBy = address(0);

        emit DowngradeEnded(msg.sender, cause);

        IMarketStop(BOOK).downgradeMarkets(false);
    }

    /// @inheritdoc IMarketRules
    function setStressRules(StressRules calldata rules) external restricted returns (uint32 version) {
        require(rules.fullness <= _WHOLE, BadStressRules(2));
        require((rules.fullness == 0) == (rules.window == 0), BadStressRules(3));

        version = ++_s().stressVersion;
        _s().stress = rules;

        emit StressRulesSet(version, rules);
    }

    /// @inheritdoc IDowngrade
    function requireNormal() external view {
        uint40 since = _s().downgradedSince;
        require(since == 0, PlatformDowngraded(since));
    }

    /// @inheritdoc IDowngrade
    function isDowngraded() public view returns (bool) {
        return _s().downgradedSince != 0;
    }

    /// @inheritdoc IMarketRules
    function downgradedSince() external view returns (uint40) {
        return _s().downgradedSince;
    }

    /// @inheritdoc IMarketRules
    function stressRules() external view returns (uint32 version, StressRules memory rules) {
        return (_s().stressVersion, _s().stress);
    }

    /* HOLDING LIMITS */

    /// @inheritdoc IHoldingLimits
    function requireMayHold(address account, uint256 instrument, uint256 more) external view {
        (bool may, uint256 held, uint256 most) = _withMore(account, instrument, more);
        require(may, IInstrumentLedger.HoldingLimit(account, instrument, held, most));
    }

    /// @inheritdoc IHoldingLimits
    function mayHold(address account, uint256 instrument, uint256 more) external view returns (bool may) {
        (may,,) = _withMore(account, instrument, more);
    }

    function _withMore(address account, uint256 instrument, uint256 more)
        private
        view
        returns (bool may, uint256 held, uint256 most)
    {
        most = IMarketOperations(BOOK).holdingLimitOf(instrument);
        if (most == 0) return (true, 0, 0);
        held = IERC1155(LEDGER).balanceOf(account, instrument) + more;
        may = held <= most || IEligibility(LEDGER).eligibilityOf(account).kind == AccountKind.GOVERNMENT;
    }

    /* LARGE POSITIONS */

    /// @inheritdoc IMarketRules
    function setPositionTerms(InstrumentId instrument, PositionTerms calldata terms) external restricted {
        uint256 id = InstrumentId.unwrap(instrument);
        require(checkedInstrument(id).class() != InstrumentClass.MONEY, PositionsNotReported(id));
        require(terms.basisPoints <= _WHOLE, BadPositionTerms(1));
        bool some = terms.tonnes != 0 || terms.basisPoints != 0;
        require(some == (terms.reportWithin != 0), BadPositionTerms(2));
        require(some == (terms.validFor != 0), BadPositionTerms(3));

        _s().positionTerms[id] = terms;

        emit PositionTermsSet(instrument, terms);
    }

    /// @inheritdoc IMarketRules
    function notePosition(address account, InstrumentId instrument, OrderId[] calldata orders) external {
        uint256 id = InstrumentId.unwrap(instrument);
        PositionTerms memory terms = _reported(id);
        uint256 threshold = _threshold(terms, id);
        require(IEligibility(LEDGER).eligibilityOf(account).kind != AccountKind.GOVERNMENT, PositionExempt(account));
        LargePosition storage p = _s().positions[account][id];
        require(p.due == 0, ReportAlreadyDue(account, id, p.due));
        require(block.timestamp >= p.reportedUntil, ReportStands(account, id, p.reportedUntil));
        uint256 held = IERC1155(LEDGER).balanceOf(account, id) + _inOrders(account, id, orders);
        require(held >= threshold, PositionNotLarge(account, id, held, threshold));

        p.due = uint40(block.timestamp) + terms.reportWithin;

        emit PositionNoted(account, instrument, held, threshold, p.due);
    }

    /// @inheritdoc IMarketRules
    function flagPosition(address account, InstrumentId instrument) external {
        LargePosition storage p = _s().positions[account][InstrumentId.unwrap(instrument)];
        uint40 due = p.due;
        require(
            due != 0 && block.timestamp >= due && !p.overdue,
            ReportNotOverdue(account, InstrumentId.unwrap(instrument), due)
        );

        p.overdue = true;
        ++p.overdueCount;

        emit PositionFlagged(account, instrument, due);
    }

    /// @inheritdoc IMarketRules
    function reportPosition(InstrumentId instrument, bytes32 digest) external {
        address account = _reporting();
        uint256 id = InstrumentId.unwrap(instrument);
        require(digest != 0, DigestMissing());
        LargePosition storage p = _s().positions[account][id];
        PositionTerms memory terms = _s().positionTerms[id];
        // What is due can be filed, whatever became of the terms.
        require(terms.validFor != 0 || p.due != 0, PositionsNotReported(id));
        uint40 until = uint40(block.timestamp) + terms.validFor;

        (p.due, p.overdue, p.reportedUntil) = (0, false, until);

        emit PositionReported(account, instrument, msg.sender, digest, until);
    }

    /// @dev Whoever is suspended or restricted still has its duties.
    function _reporting() private view returns (address account) {
        Representation memory r = IEligibility(LEDGER).representationOf(msg.sender);
        account = r.account;
        require(account != address(0), IEligibility.NotARepresentative(msg.sender));
        require(r.rights & Rights.REPORT != 0, IEligibility.MissingRight(msg.sender, account, r.rights, Rights.REPORT));
        require(r.certificateUntil > block.timestamp, IEligibility.CertificateExpired(msg.sender, r.certificateUntil));
    }

    function _reported(uint256 instrument) private view returns (PositionTerms memory terms) {
        terms = _s().positionTerms[instrument];
        require(terms.validFor != 0, PositionsNotReported(instrument));
    }

    function _threshold(PositionTerms memory terms, uint256 instrument) private view returns (uint256) {
        if (terms.basisPoints == 0) return terms.tonnes;
        IInstrumentLedger.Instrument memory known = IInstrumentLedger(LEDGER).instrumentOf(instrument);
        uint256 share = (uint256(known.issued - known.cancelled) * terms.basisPoints + _WHOLE - 1) / _WHOLE;
        if (share == 0) share = 1; // nothing is left: then nobody has anything either
        return terms.tonnes != 0 && terms.tonnes < share ? terms.tonnes : share;
    }

    /// @dev Ascending, so that none counts twice.
    function _inOrders(address account, uint256 instrument, OrderId[] calldata orders)
        private
        view
        returns (uint256 sum)
    {
        uint256 previous;
        for (uint256 i; i < orders.length; ++i) {
            OrderId id = orders[i];
            require(OrderId.unwrap(id) > previous && id.isCanonical() && id.side() == Side.SELL, NotInPosition(i));
            previous = OrderId.unwrap(id);
            IOrderBook.OrderView memory order = IMarketOperations(BOOK).orderOf(id);
            require(order.account == account, NotInPosition(i)); // of a closed order nobody is
            uint256 traded = InstrumentId.unwrap(IMarketOperations(BOOK).marketOf(id.market()).terms.instrument);
            require(traded == instrument, NotInPosition(i));
            sum += order.open;
        }
    }

    /// @inheritdoc IMarketRules
    function positionTermsOf(InstrumentId instrument) external view returns (PositionTerms memory) {
        return _s().positionTerms[InstrumentId.unwrap(instrument)];
    }

    /// @inheritdoc IMarketRules
    function thresholdOf(InstrumentId instrument) external view returns (uint256 tonnes) {
        PositionTerms memory terms = _s().positionTerms[InstrumentId.unwrap(instrument)];
        return terms.validFor == 0 ? type(uint256).max : _threshold(terms, InstrumentId.unwrap(instrument));
    }

    /// @inheritdoc IMarketRules
    function largePositionOf(address account, InstrumentId instrument) external view returns (LargePosition memory) {
        return _s().positions[account][InstrumentId.unwrap(instrument)];
    }

    function _s() private pure returns (Storage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
