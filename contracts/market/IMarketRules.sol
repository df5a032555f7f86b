// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IDowngrade } from "../instruments/IDowngrade.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { OrderId } from "../types/OrderId.sol";
import { IHoldingLimits } from "./IHoldingLimits.sol";
import { IMarketPhases } from "./IMarketPhases.sol";
import { IOrderBook } from "./IOrderBook.sol";

/// @title When markets trade, when the platform limits itself, and who must report a large position (R-TRD-10, R-TRD-13).
/// @notice Times are Unix seconds, civil days are days since 1970-01-01 at the scheme's offset from UTC, minutes are those of the
///         civil day. Units are whole tonnes.
///
///         A calendar never changes, but for its days that are still to come: so what a market's day looks like stands when the
///         day begins, and a market with another timetable gets another calendar from a day to come on. A sudden stop is a halt,
///         which stands in the order book.
interface IMarketRules is IMarketPhases, IDowngrade, IHoldingLimits {
    /// @dev A part of a day. Whatever lies in none is CLOSED.
    struct Session {
        uint8 dayType; // from 1
        uint16 fromMinute; // of the civil day
        uint16 toMinute; // excluded; at most 1,440
        IOrderBook.MarketState state; // OPEN, CALL, or LOCKED, which follows a CALL at once
    }

    struct CalendarView {
        bytes32 name;
        uint8[] week; // day types, Monday first; 0: closed
        Session[] sessions; // by day type, then by time
    }

    /// @dev Which calendar a market has.
    struct Assignment {
        uint16 calendar; // before the day `from`; 0: none, open all day
        uint16 next; // from the day `from` on
        uint24 from; // civil day
    }

    /// @dev When the platform should limit itself: what a watcher measures. 0: not measured.
    struct StressRules {
        uint32 ordersInBlock; // orders placed in one block, from which on it is too many
        uint32 failuresInDay; // settlements that failed in a civil day, likewise
        uint16 fullness; // hundredths of a per cent of the gas limit used on average over `window` blocks, likewise; at most 10,000
        uint16 window; // blocks; with `fullness`
        uint32 gap; // seconds between a block and the one before, likewise
    }

    /// @dev From where on a position is large. With both figures the smaller threshold counts; with none nothing is large.
    struct PositionTerms {
        uint64 tonnes; // from here on
        uint16 basisPoints; // of what is issued and not cancelled; rounded up to whole tonnes; at most 10,000
        uint32 reportWithin; // seconds from the day on which somebody showed it on the chain
        uint32 validFor; // seconds that a report stands
    }

    /// @dev An account's duty to report for one instrument.
    struct LargePosition {
        uint40 due; // until when a report is due; 0: none is
        bool overdue; // said on the chain, until it is reported
        uint40 reportedUntil; // how long the latest report stands
        uint16 overdueCount; // how often one was overdue, ever
    }

    /* ERRORS */

    /// @notice The offset of the civil day is no whole number of minutes, or a day and more.
    error BadDayOffset(int256 offset);
    error UnknownCalendar(uint16 calendar);
    /// @notice A week has 7 days; day `index` has a type that the sessions do not define.
    error BadWeek(uint256 index);
    /// @notice Session `index` does not come after the one before, is empty, ends after the day, or has an impossible state; a
    ///         LOCKED one follows a CALL at once, and a call ends before the day does.
    error BadSession(uint256 index);
    /// @notice The calendar has `dayTypes` types; 255 is a day as its weekday says.
    error UnknownDayType(uint16 calendar, uint8 dayType, uint8 dayTypes);
    /// @notice Only days after `today` can still be set.
    error DayUnderWay(uint24 day, uint24 today);
    /// @notice Some figure is impossible; `term` is its position in the struct, from 0.
    error BadStressRules(uint256 term);
    error BadPositionTerms(uint256 term);
    /// @notice The platform is in this mode already.
    error AlreadyInMode(bool downgraded);
    /// @notice `officer` has limited the platform; another lets it return.
    error SameOfficerRestores(address officer);
    /// @notice A digest must say why.
    error CauseMissing();
    /// @notice A report is committed to by a digest.
    error DigestMissing();
    /// @notice No positions in the instrument are reported.
    error PositionsNotReported(uint256 instrument);
    /// @notice `held` tonnes, what the orders hold included, are below the threshold.
    error PositionNotLarge(address account, uint256 instrument, uint256 held, uint256 threshold);
    /// @notice Positions of the authority's accounts are not reported.
    error PositionExempt(address account);
    /// @notice A report is due until `due` already.
    error ReportAlreadyDue(address account, uint256 instrument, uint40 due);
    /// @notice A report stands until `until`.
    error ReportStands(address account, uint256 instrument, uint40 until);
    /// @notice No report is overdue: `due` is when one is, 0 if never.
    error ReportNotOverdue(address account, uint256 instrument, uint40 due);
    /// @notice Order `index` is not an open sell order of the account for the instrument, or does not come after the one before.
    error NotInPosition(uint256 index);

    /* EVENTS: all that a replay needs */

    /// @notice Civil days are `offset` seconds ahead of UTC's.
    event DayOffsetSet(int256 offset);
    event CalendarDefined(uint16 indexed calendar, bytes32 name, uint8[] week, Session[] sessions);
    /// @notice The civil days have the type `dayType`: 0: closed, 255: as their weekday says.
    event DaysSet(uint16 indexed calendar, uint24[] civilDays, uint8 dayType);
    /// @notice The market trades by the calendar from the civil day `from` on; 0: open all day.
    event CalendarAssigned(uint24 indexed market, uint16 indexed calendar, uint24 from);
    event StressRulesSet(uint32 indexed version, StressRules rules);
    event DowngradeBegan(address indexed officer, bytes32 indexed cause);
    event DowngradeEnded(address indexed officer, bytes32 indexed cause);
    event PositionTermsSet(InstrumentId indexed instrument, PositionTerms terms);
    /// @notice The account holds `held` tonnes, from `threshold` on it reports, until `due`.
    event PositionNoted(
        address indexed account, InstrumentId indexed instrument, uint256 held, uint256 threshold, uint40 due
    );
    /// @notice No report came until `due`.
    event PositionFlagged(address indexed account, InstrumentId indexed instrument, uint40 due);
    /// @notice `digest` commits to the report, which is kept encrypted off the chain; it stands until `until`.
    event PositionReported(
        address indexed account, InstrumentId indexed instrument, address key, bytes32 digest, uint40 until
    );

    /* CALENDARS */

    /// @notice Define a calendar: the next number from 1. For SERVICE_REGULATOR.
    function defineCalendar(bytes32 name, uint8[] calldata week, Session[] calldata sessions)
        external
        returns (uint16 calendar);

    /// @notice Say of days to come what they are: 0: closed, a day type, or 255: as their weekday says. For PLATFORM_OPERATOR.
    function setDays(uint16 calendar, uint24[] calldata civilDays, uint8 dayType) external;

    /// @notice Give a market a calendar from a day to come on, or for one that is not opened yet from any day; 0: none, open all
    ///         day. It replaces what was to come. For SERVICE_REGULATOR.
    function assignCalendar(uint24 market, uint16 calendar, uint24 from) external;

    /// @notice The sessions of a market on a civil day, in order; without a calendar one, open all day (day type 0).
    function sessionsOf(uint24 market, uint24 civilDay) external view returns (Session[] memory);

    function calendarCount() external view returns (uint16);

    function calendarOf(uint16 calendar) external view returns (CalendarView memory);

    /// @notice The day type of a civil day; 0: closed.
    function dayTypeOn(uint16 calendar, uint24 civilDay) external view returns (uint8);

    function assignmentOf(uint24 market) external view returns (Assignment memory);

    /* DOWNGRADE */

    /// @notice Limit the platform to its core functions. For RISK_MANAGER.
    function downgrade(bytes32 cause) external;

    /// @notice Return to normal. For SERVICE_REGULATOR; not for the officer who limited it, whatever roles it has.
    function restore(bytes32 cause) external;

    /// @notice Set when the platform should limit itself: the next version from 1. For SERVICE_REGULATOR.
    function setStressRules(StressRules calldata rules) external returns (uint32 version);

    function stressRules() external view returns (uint32 version, StressRules memory rules);

    /// @notice Unix seconds; 0: it is not.
    function downgradedSince() external view returns (uint40);

    /* LARGE POSITIONS */

    /// @notice Set from where on positions in an instrument are reported. For RISK_MANAGER.
    function setPositionTerms(InstrumentId instrument, PositionTerms calldata terms) external;

    /// @notice Anyone may show that an account's position is large: from then on a report is due, unless one stands. What it holds
    ///         counts, bound units included, and what its open sell orders hold.
    /// @param orders Open sell orders of the account for the instrument, ascending; as many as are needed.
    function notePosition(address account, InstrumentId instrument, OrderId[] calldata orders) external;

    /// @notice Anyone may say that a report is overdue.
    function flagPosition(address account, InstrumentId instrument) external;

    /// @notice File a report, whether or not one is due yet; one that is due is taken also when the terms are withdrawn. For a representative with the right REPORT.
    /// @param digest Commits to the report.
    function reportPosition(InstrumentId instrument, bytes32 digest) external;

    function positionTermsOf(InstrumentId instrument) external view returns (PositionTerms memory);

    /// @notice From how many tonnes on a position is large now; 2^256 − 1: nothing is.
    function thresholdOf(InstrumentId instrument) external view returns (uint256 tonnes);

    function largePositionOf(address account, InstrumentId instrument) external view returns (LargePosition memory);
}
