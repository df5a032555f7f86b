// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IMarketRules } from "../../../contracts/market/IMarketRules.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { MarketRules } from "../../../contracts/market/MarketRules.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Calendars: what can be said, and which phase a market has when. The suite's time is Tuesday 2023-11-14, 22:13:20 UTC.
contract CalendarsTest is TradingSuite {
    IOrderBook.MarketState private constant OPEN = IOrderBook.MarketState.OPEN;
    IOrderBook.MarketState private constant CLOSED = IOrderBook.MarketState.CLOSED;
    IOrderBook.MarketState private constant CALL = IOrderBook.MarketState.CALL;
    IOrderBook.MarketState private constant LOCKED = IOrderBook.MarketState.LOCKED;
    uint24 private constant TODAY = 19_675; // a Tuesday
    uint24 private constant WEDNESDAY = TODAY + 1;
    uint24 private constant SATURDAY = TODAY + 4;
    uint8 private constant AS_WEEKDAY = 255;

    function setUp() public {
        setUpTrading();
    }

    /* DAYS OF REAL MARKETS */

    // @requirement R-TRD-10
    function test_phaseAt_chinaNational_everyBoundary() public {
        MarketRules rules = newRules(8 hours);
        IMarketRules.Session[] memory day = new IMarketRules.Session[](2);
        day[0] = session(1, 9 * 60 + 30, 11 * 60 + 30, OPEN);
        day[1] = session(1, 13 * 60, 15 * 60, OPEN);
        uint24 from = TODAY + 2; // there it is Wednesday already
        rules.assignCalendar(1, rules.defineCalendar("cn", workdays(1), day), from);
        uint256 midnight = uint256(from) * 1 days - 8 hours;

        assertPhase(rules, midnight, 0, 570, CLOSED);
        assertPhase(rules, midnight, 570, 690, OPEN);
        assertPhase(rules, midnight, 690, 780, CLOSED);
        assertPhase(rules, midnight, 780, 900, OPEN);
        assertPhase(rules, midnight, 900, 1440, CLOSED);
    }

    // No cancelling in the last minute before the close.
    // @requirement R-TRD-10
    function test_phaseAt_koreasCalls_lockedInTheLastMinute() public {
        MarketRules rules = newRules(9 hours);
        IMarketRules.Session[] memory day = new IMarketRules.Session[](5);
        day[0] = session(1, 570, 599, CALL);
        day[1] = session(1, 599, 600, LOCKED);
        day[2] = session(1, 600, 710, OPEN);
        day[3] = session(1, 710, 719, CALL);
        day[4] = session(1, 719, 720, LOCKED);
        uint24 from = TODAY + 2;
        rules.assignCalendar(1, rules.defineCalendar("kr", workdays(1), day), from);
        uint256 midnight = uint256(from) * 1 days - 9 hours;

        assertPhase(rules, midnight, 0, 570, CLOSED);
        for (uint256 i; i < day.length; ++i) {
            assertPhase(rules, midnight, day[i].fromMinute, day[i].toMinute, day[i].state);
        }
        assertPhase(rules, midnight, 720, 1440, CLOSED);
    }

    function test_phaseAt_westOfUtc_civilDayOfThePlace() public {
        MarketRules rules = newRules(-8 hours);
        IMarketRules.Session[] memory day = new IMarketRules.Session[](2);
        day[0] = session(1, 0, 60, OPEN);
        day[1] = session(1, 1380, 1440, OPEN);
        rules.assignCalendar(1, rules.defineCalendar("us", workdays(1), day), WEDNESDAY);
        uint256 midnight = uint256(WEDNESDAY) * 1 days + 8 hours;

        assertPhase(rules, midnight, 0, 60, OPEN);
        assertPhase(rules, midnight, 60, 1380, CLOSED);
        assertPhase(rules, midnight, 1380, 1440, OPEN);
    }

    function test_phaseAt_withoutCalendar_openUntilTheDayEnds() public view {
        (IOrderBook.MarketState state, uint40 until) = marketRules.phaseAt(market, uint40(block.timestamp));
        assertTrue(state == OPEN, "open");
        assertEq(until, uint256(WEDNESDAY) * 1 days, "until midnight");
        IMarketRules.Session[] memory day = marketRules.sessionsOf(market, TODAY);
        assertEq(day.length, 1, "one session");
        assertSession(day[0], session(0, 0, 1440, OPEN));
    }

    /* HOLIDAYS AND SPECIAL DAYS */

    // @requirement R-TRD-10
    function test_setDays_holidayAndShortDay_followed() public {
        uint16 calendar = anEuDay();
        marketRules.assignCalendar(market, calendar, WEDNESDAY);
        assertEq(marketRules.dayTypeOn(calendar, WEDNESDAY), 1, "a working day");
        assertEq(marketRules.dayTypeOn(calendar, SATURDAY), 0, "a Saturday");
        marketRules.setDays(calendar, days_(WEDNESDAY, WEDNESDAY + 200), 0);
        marketRules.setDays(calendar, days_(SATURDAY, WEDNESDAY + 1), 2);

        assertEq(marketRules.dayTypeOn(calendar, WEDNESDAY), 0, "a holiday");
        assertEq(marketRules.dayTypeOn(calendar, WEDNESDAY + 200), 0, "in another word");
        assertEq(marketRules.dayTypeOn(calendar, SATURDAY), 2, "a short day");
        assertEq(marketRules.sessionsOf(market, WEDNESDAY).length, 0, "no session");
        assertSession(marketRules.sessionsOf(market, SATURDAY)[0], session(2, 480, 720, OPEN));
        (IOrderBook.MarketState state, uint40 until) = marketRules.phaseAt(market, uint40(uint256(WEDNESDAY) * 1 days));
        assertTrue(state == CLOSED, "closed");
        assertEq(until, uint256(WEDNESDAY + 1) * 1 days, "all day");

        marketRules.setDays(calendar, days_(WEDNESDAY, SATURDAY), AS_WEEKDAY);
        assertEq(marketRules.dayTypeOn(calendar, WEDNESDAY), 1, "as its weekday again");
        assertEq(marketRules.dayTypeOn(calendar, SATURDAY), 0, "as its weekday again");
        assertEq(marketRules.dayTypeOn(calendar, WEDNESDAY + 1), 2, "a neighbour's mark stays");
    }

    function test_dayTypeOn_everyWeekday_itsOwn() public {
        uint24 monday = TODAY - 1;
        IMarketRules.Session[] memory sessions = new IMarketRules.Session[](7);
        uint8[] memory week = new uint8[](7);
        for (uint8 i; i < 7; ++i) {
            sessions[i] = session(i + 1, i, i + 1, OPEN);
            week[i] = i + 1;
        }
        uint16 calendar = marketRules.defineCalendar("seven", week, sessions);
        marketRules.assignCalendar(market, calendar, WEDNESDAY);
        for (uint24 i; i < 7; ++i) {
            assertEq(marketRules.dayTypeOn(calendar, monday + i), i + 1, "this week");
            assertEq(marketRules.dayTypeOn(calendar, monday + 700 + i), i + 1, "two years on");
            assertSession(marketRules.sessionsOf(market, monday + 7 + i)[0], sessions[i]);
        }
    }

    function test_setDays_underWay_onlyBeforeItIsAssigned() public {
        uint16 calendar = anEuDay();
        marketRules.setDays(calendar, days_(TODAY - 1, TODAY), 2);
        marketRules.assignCalendar(market, calendar, WEDNESDAY);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.DayUnderWay.selector, TODAY, TODAY));
        marketRules.setDays(calendar, days_(WEDNESDAY, TODAY), 0);
        assertEq(marketRules.dayTypeOn(calendar, WEDNESDAY), 1, "nothing was set");
    }

    function test_setDays_unknownTypeOrCalendar_refused() public {
        uint16 calendar = anEuDay();
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.UnknownDayType.selector, calendar, 3, 2));
        marketRules.setDays(calendar, days_(WEDNESDAY, SATURDAY), 3);
        for (uint16 none; none < 4; none += 2) {
            bytes memory error = abi.encodeWithSelector(IMarketRules.UnknownCalendar.selector, none);
            vm.expectRevert(error);
            marketRules.setDays(none, days_(WEDNESDAY, SATURDAY), 0);
            vm.expectRevert(error);
            marketRules.calendarOf(none);
            vm.expectRevert(error);
            marketRules.dayTypeOn(none, TODAY);
        }
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.UnknownCalendar.selector, 2));
        marketRules.assignCalendar(market, 2, WEDNESDAY);
    }

    /* DEFINING */

    function test_defineCalendar_readBack() public {
        IMarketRules.Session[] memory given = euSessions();
        uint16 calendar = marketRules.defineCalendar("eu", workdays(1), given);
        assertEq(calendar, 1, "first number");
        assertEq(marketRules.defineCalendar("closed", workdays(0), new IMarketRules.Session[](0)), 2, "next number");
        assertEq(marketRules.calendarCount(), 2);
        IMarketRules.CalendarView memory seen = marketRules.calendarOf(calendar);
        IMarketRules.CalendarView memory expected =
            IMarketRules.CalendarView({ name: "eu", week: workdays(1), sessions: given });
        assertEq(keccak256(abi.encode(seen)), keccak256(abi.encode(expected)), "as it was given");
    }

    function test_defineCalendar_tenSessions_notEleven() public {
        IMarketRules.Session[] memory full = new IMarketRules.Session[](10);
        for (uint16 i; i < 10; ++i) {
            full[i] = session(1, i * 144, i * 144 + 144, OPEN);
        }
        uint16 calendar = marketRules.defineCalendar("full", workdays(1), full);
        assertEq(keccak256(abi.encode(marketRules.calendarOf(calendar).sessions)), keccak256(abi.encode(full)), "all");
        IMarketRules.Session[] memory more = new IMarketRules.Session[](11);
        for (uint16 i; i < 11; ++i) {
            more[i] = session(1, i, i + 1, OPEN);
        }
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadSession.selector, 10));
        marketRules.defineCalendar("more", workdays(1), more);
    }

    function test_defineCalendar_impossibleSessions_refused() public {
        refused(0, session(2, 0, 10, OPEN)); // the first type is 1
        refused(0, session(0, 0, 10, OPEN));
        refused(0, session(1, 10, 10, OPEN)); // empty
        refused(0, session(1, 11, 10, OPEN)); // backwards
        refused(0, session(1, 10, 1441, OPEN)); // after the day's end
        refused(0, session(1, 1430, 1440, CALL)); // a call that the day ends
        refused(0, session(1, 10, 20, LOCKED)); // without a call
        refused(0, session(1, 10, 20, CLOSED)); // what lies between sessions is closed
        refused(0, session(1, 10, 20, IOrderBook.MarketState.NONE));
        refused(0, session(1, 10, 20, IOrderBook.MarketState.HALTED));
        refused(0, session(1, 10, 20, IOrderBook.MarketState.UNCROSSING));
        refused(0, session(1, 10, 20, IOrderBook.MarketState.DOWNGRADED));
        refusedAfter(session(1, 0, 10, CALL), session(1, 9, 20, OPEN)); // before the one before ends
        refusedAfter(session(1, 0, 10, CALL), session(1, 11, 20, LOCKED)); // not at once
        refusedAfter(session(1, 0, 10, OPEN), session(1, 10, 20, LOCKED)); // no call
        refusedAfter(session(1, 0, 10, CALL), session(2, 10, 20, LOCKED)); // another day's call
        refusedAfter(session(1, 0, 10, CALL), session(3, 10, 20, OPEN)); // a type is missing
        refusedAfter(session(1, 1400, 1430, CALL), session(1, 1430, 1440, LOCKED));
    }

    function test_defineCalendar_badWeek_refused() public {
        uint8[] memory week = workdays(1);
        week[3] = 3;
        IMarketRules.Session[] memory sessions = euSessions();
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadWeek.selector, 3));
        marketRules.defineCalendar("eu", week, sessions);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadWeek.selector, 6));
        marketRules.defineCalendar("eu", new uint8[](6), sessions);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadWeek.selector, 8));
        marketRules.defineCalendar("eu", new uint8[](8), sessions);
    }

    function test_construct_offsetOfHalfAMinute_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadDayOffset.selector, -30));
        new MarketRules(address(ledger), address(book), -30);
    }

    function test_construct_offsetOfADay_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadDayOffset.selector, 1 days));
        new MarketRules(address(ledger), address(book), 1 days);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadDayOffset.selector, -1 days));
        new MarketRules(address(ledger), address(book), -1 days);
    }

    /* ASSIGNING */

    // The book keeps until when a phase lasts: the day under way does not change.
    // @requirement R-TRD-10
    function test_assignCalendar_todayOfAnOpenedMarket_refused() public {
        uint16 calendar = anEuDay();
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.DayUnderWay.selector, TODAY, TODAY));
        marketRules.assignCalendar(market, calendar, TODAY);
        marketRules.assignCalendar(market + 1, calendar, 0); // not opened yet
        assertEq(marketRules.sessionsOf(market + 1, TODAY).length, 3, "at once");
    }

    function test_assignCalendar_fromADayOn_bothSidesOfIt() public {
        uint16 eu = anEuDay();
        uint16 none = marketRules.defineCalendar("closed", workdays(0), new IMarketRules.Session[](0));
        marketRules.assignCalendar(market, eu, WEDNESDAY);
        assertEq(marketRules.sessionsOf(market, TODAY).length, 1, "none yet");
        assertEq(marketRules.sessionsOf(market, WEDNESDAY).length, 3, "the new one");
        marketRules.assignCalendar(market, none, WEDNESDAY + 1);
        assertEq(marketRules.sessionsOf(market, WEDNESDAY).length, 1, "what was to come is replaced");
        vm.warp(uint256(WEDNESDAY + 1) * 1 days);
        marketRules.assignCalendar(market, eu, WEDNESDAY + 2);
        assertEq(marketRules.sessionsOf(market, WEDNESDAY + 1).length, 0, "what holds today goes on");
        assertEq(marketRules.sessionsOf(market, WEDNESDAY + 2).length, 3, "then the next");
        marketRules.assignCalendar(market, 0, WEDNESDAY + 2);
        assertSession(marketRules.sessionsOf(market, WEDNESDAY + 2)[0], session(0, 0, 1440, OPEN));
        IMarketRules.Assignment memory a = marketRules.assignmentOf(market);
        assertEq(uint256(a.calendar) << 32 | uint256(a.next) << 24 | a.from, uint256(none) << 32 | WEDNESDAY + 2);
    }

    // @requirement R-ACC-1
    function test_restrictedFunctions_byStranger_refused() public {
        bytes memory error = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        IMarketRules.Session[] memory sessions = euSessions();
        uint8[] memory week = workdays(1);
        uint24[] memory civilDays = days_(WEDNESDAY, SATURDAY);
        vm.startPrank(stranger);
        vm.expectRevert(error);
        marketRules.defineCalendar("eu", week, sessions);
        vm.expectRevert(error);
        marketRules.setDays(1, civilDays, 0);
        vm.expectRevert(error);
        marketRules.assignCalendar(market, 0, WEDNESDAY);
    }

    /* COST */

    // Asked a few times a day, by whoever turns the market: a handful of words, whatever the calendar has.
    function test_phaseAt_fullDay_costsAHandfulOfWords() public {
        IMarketRules.Session[] memory full = new IMarketRules.Session[](10);
        for (uint16 i; i < 10; ++i) {
            full[i] = session(1, i * 144, i * 144 + 100, OPEN);
        }
        marketRules.assignCalendar(market, marketRules.defineCalendar("full", workdays(1), full), WEDNESDAY);
        vm.cool(address(marketRules));
        uint256 before = gasleft();
        marketRules.phaseAt(market, uint40(uint256(WEDNESDAY + 1) * 1 days - 1));
        assertLe(before - gasleft(), 25_000, "gas");
    }

    /* EVERY MINUTE */

    /// @dev Random boundaries, and a day written out minute by minute beside them.
    function testFuzz_phaseAt_everyMinute_asTheSessionsSay(uint256 seed, int8 hours_, uint16 second) public {
        int256 offset = int256(hours_) % 24 * 1 hours;
        MarketRules rules = newRules(offset);
        IOrderBook.MarketState[] memory minutes_ = new IOrderBook.MarketState[](1440);
        IMarketRules.Session[] memory sessions = randomDay(seed, minutes_);
        rules.assignCalendar(
            1, rules.defineCalendar("any", workdays(sessions.length == 0 ? 0 : 1), sessions), WEDNESDAY + 1
        );
        uint256 midnight = uint256(int256(uint256(WEDNESDAY + 1) * 1 days) - offset);
        assertEq(keccak256(abi.encode(rules.sessionsOf(1, WEDNESDAY + 1))), keccak256(abi.encode(sessions)), "sessions");

        uint256 minute;
        while (minute < 1440) {
            (IOrderBook.MarketState state, uint40 until) = rules.phaseAt(1, uint40(midnight + minute * 60));
            (IOrderBook.MarketState later, uint40 untilToo) =
                rules.phaseAt(1, uint40(midnight + minute * 60 + second % 60));
            assertTrue(state == later && until == untilToo, "the same all minute");
            assertTrue((until - midnight) % 60 == 0 && until > midnight + minute * 60, "whole minutes, ahead");
            for (; midnight + minute * 60 < until; ++minute) {
                assertTrue(minutes_[minute] == state, "as it was written");
            }
        }
        assertEq(minute, 1440, "never beyond the day");
    }

    function randomDay(uint256 seed, IOrderBook.MarketState[] memory minutes_)
        private
        pure
        returns (IMarketRules.Session[] memory sessions)
    {
        sessions = new IMarketRules.Session[](seed % 11);
        for (uint256 i; i < 1440; ++i) {
            minutes_[i] = CLOSED;
        }
        uint256 at;
        for (uint256 i; i < sessions.length; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            bool locks = i != 0 && sessions[i - 1].state == CALL && random % 3 == 0;
            uint256 from = locks ? at : at + (random >> 8) % 60;
            uint256 to = from + 1 + (random >> 16) % 80;
            IOrderBook.MarketState state = locks ? LOCKED : random >> 24 & 1 == 0 ? OPEN : CALL;
            sessions[i] = session(1, uint16(from), uint16(to), state);
            for (at = from; at < to; ++at) {
                minutes_[at] = state;
            }
        }
    }

    /* SAYING */

    function newRules(int256 offset) private returns (MarketRules rules) {
        rules = MarketRules(newProxy());
        install(
            address(rules),
            address(new MarketRules(address(ledger), address(book), offset)),
            abi.encodeCall(MarketRules.initialize, ())
        );
    }

    function session(uint8 dayType, uint16 from, uint16 to, IOrderBook.MarketState state)
        private
        pure
        returns (IMarketRules.Session memory)
    {
        return IMarketRules.Session({ dayType: dayType, fromMinute: from, toMinute: to, state: state });
    }

    /// @dev An opening call, continuous trading and a closing call; and a short day.
    function euSessions() private pure returns (IMarketRules.Session[] memory sessions) {
        sessions = new IMarketRules.Session[](4);
        sessions[0] = session(1, 450, 480, CALL);
        sessions[1] = session(1, 480, 1020, OPEN);
        sessions[2] = session(1, 1020, 1035, CALL);
        sessions[3] = session(2, 480, 720, OPEN);
    }

    function anEuDay() private returns (uint16) {
        return marketRules.defineCalendar("eu", workdays(1), euSessions());
    }

    function workdays(uint8 dayType) private pure returns (uint8[] memory week) {
        week = new uint8[](7);
        for (uint256 i; i < 5; ++i) {
            week[i] = dayType;
        }
    }

    function days_(uint24 one, uint24 other) private pure returns (uint24[] memory both) {
        both = new uint24[](2);
        (both[0], both[1]) = (one, other);
    }

    function refused(uint256 index, IMarketRules.Session memory one) private {
        IMarketRules.Session[] memory sessions = new IMarketRules.Session[](index + 1);
        sessions[index] = one;
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadSession.selector, index));
        marketRules.defineCalendar("bad", workdays(0), sessions);
    }

    function refusedAfter(IMarketRules.Session memory one, IMarketRules.Session memory next) private {
        IMarketRules.Session[] memory sessions = new IMarketRules.Session[](2);
        (sessions[0], sessions[1]) = (one, next);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadSession.selector, 1));
        marketRules.defineCalendar("bad", workdays(0), sessions);
    }

    function assertSession(IMarketRules.Session memory seen, IMarketRules.Session memory expected) private pure {
        assertEq(keccak256(abi.encode(seen)), keccak256(abi.encode(expected)), "session");
    }

    /// @dev The phase holds from its first second to its last, and neither before nor after.
    function assertPhase(MarketRules rules, uint256 midnight, uint256 from, uint256 to, IOrderBook.MarketState expected)
        private
        view
    {
        for (uint256 i; i < 2; ++i) {
            uint256 at = i == 0 ? midnight + from * 60 : midnight + to * 60 - 1;
            (IOrderBook.MarketState state, uint40 until) = rules.phaseAt(1, uint40(at));
            assertEq(uint8(state), uint8(expected), "phase");
            assertEq(until, midnight + to * 60, "until");
        }
    }
}
