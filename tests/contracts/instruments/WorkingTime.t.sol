// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { WorkingTime } from "../../../contracts/instruments/WorkingTime.sol";
import { CivilDate } from "../../../contracts/types/CivilDate.sol";
import { Test } from "../support/Test.sol";

contract Clock {
    using WorkingTime for WorkingTime.State;

    WorkingTime.State private _time;

    function set(WorkingTime.Calendar calldata calendar) external {
        WorkingTime.check(calendar);
        _time.calendar = calendar;
    }

    function setHolidays(uint32[] calldata dates, bool on) external {
        _time.setHolidays(dates, on);
    }

    function isOpen(uint256 at) external view returns (bool) {
        return _time.isOpen(at);
    }

    function nextOpening(uint256 at) external view returns (uint256) {
        return _time.nextOpening(at);
    }

    function afterWorkingDays(uint256 at, uint256 count) external view returns (uint256) {
        return _time.afterWorkingDays(at, count);
    }

    function dayOf(uint256 at) external view returns (uint256) {
        return _time.dayOf(at);
    }
}

// @requirement R-AST-3
contract WorkingTimeTest is Test {
    Clock private _clock = new Clock();
    WorkingTime.Calendar private _calendar = WorkingTime.Calendar(3600, 36_000, 57_600, 31);
    mapping(uint256 day => bool) private _holiday;

    function setUp() public {
        _clock.set(_calendar);
    }

    function _at(uint256 year, uint256 month, uint256 day, uint256 hour) private pure returns (uint256) {
        return CivilDate.fromDate(year, month, day) * 86_400 + hour * 3600;
    }

    /* INDEPENDENT REFERENCE: walks the clock's minutes and days one by one, with the weekday from Zeller's congruence. */

    function _localDay(uint256 at) private view returns (uint256) {
        int256 local = int256(at) + _calendar.utcOffset;
        return uint256(local - (local % 86_400)) / 86_400;
    }

    /// @dev 0: Monday … 6: Sunday.
    function _weekday(uint256 day) private pure returns (uint256) {
        (uint256 y, uint256 m, uint256 d) = CivilDate.toDate(day);
        if (m < 3) (y, m) = (y - 1, m + 12);
        uint256 zeller = (d + 13 * (m + 1) / 5 + y % 100 + y % 100 / 4 + y / 100 / 4 + 5 * (y / 100)) % 7; // 0: Saturday
        return (zeller + 5) % 7;
    }

    function _works(uint256 day) private view returns (bool) {
        return !_holiday[day] && (_calendar.weekdays >> _weekday(day)) % 2 == 1;
    }

    function _opens(uint256 at) private view returns (bool) {
        uint256 second = uint256(int256(at) + _calendar.utcOffset) % 86_400;
        return _works(_localDay(at)) && second >= _calendar.opens && second < _calendar.closes;
    }

    function _firstOpening(uint256 at) private view returns (uint256) {
        if (_opens(at)) return at;
        uint256 day = _localDay(at);
        while (true) {
            uint256 opening = uint256(int256(day * 86_400 + _calendar.opens) - _calendar.utcOffset);
            if (_works(day) && opening > at) return opening;
            ++day;
        }
        return 0;
    }

    function _daysLater(uint256 at, uint256 count) private view returns (uint256) {
        while (count != 0) {
            at += 1 days;
            if (_works(_localDay(at))) --count;
        }
        return at;
    }

    /* AGAINST THE REFERENCE */

    function testFuzz_time_ofAnyCalendar_isThatOfTheReference(
        uint256 at,
        uint256 count,
        int256 offset,
        uint256 hoursSeed,
        uint256 weekdays,
        uint32[12] memory free
    ) public {
        at = bound(at, 100 * 365 days / 10, 4_000_000_000);
        count = bound(count, 0, 60);
        uint256 opens = bound(hoursSeed, 0, 86_399);
        uint256 closes = bound(hoursSeed >> 128, opens + 1, 86_400);
        _calendar = WorkingTime.Calendar(
            int32(int256(bound(uint256(offset), 0, 172_798)) - 86_399),
            uint24(opens),
            uint24(closes),
            uint8(bound(weekdays, 1, 127))
        );
        _clock.set(_calendar);
        uint32[] memory dates = new uint32[](free.length);
        for (uint256 i; i < free.length; ++i) {
            dates[i] = uint32(_localDay(at) + free[i] % 20);
            _holiday[dates[i]] = true;
        }
        _clock.setHolidays(dates, true);

        assertEq(_clock.dayOf(at), _localDay(at), "day");
        assertEq(_clock.isOpen(at), _opens(at), "open");
        assertEq(_clock.nextOpening(at), _firstOpening(at), "next opening");
        assertEq(_clock.afterWorkingDays(at, count), _daysLater(at, count), "working days");
    }

    function testFuzz_nextOpening_isOpenAndIdempotent(uint256 at) public view {
        uint256 opening = _clock.nextOpening(bound(at, 1 days, 4_000_000_000));
        assertTrue(_clock.isOpen(opening), "open");
        assertEq(_clock.nextOpening(opening), opening, "itself");
    }

    /* KNOWN DAYS */

    function test_nextOpening_onFridayEvening_isMonday() public view {
        // 2021-12-31 was a Friday; local time is an hour ahead.
        assertEq(_clock.nextOpening(_at(2021, 12, 31, 15)), _at(2022, 1, 3, 9), "at closing time");
        assertEq(_clock.nextOpening(_at(2021, 12, 31, 14)), _at(2021, 12, 31, 14), "an hour before");
        assertEq(_clock.nextOpening(_at(2021, 12, 31, 3)), _at(2021, 12, 31, 9), "in the night");
    }

    function test_holidays_setInBulk_areNoWorkingDays() public {
        uint32[] memory dates = new uint32[](2);
        dates[0] = uint32(CivilDate.fromDate(2022, 1, 3));
        dates[1] = uint32(CivilDate.fromDate(2022, 1, 4));
        _clock.setHolidays(dates, true);
        assertEq(_clock.nextOpening(_at(2021, 12, 31, 15)), _at(2022, 1, 5, 9), "after both");
        assertEq(_clock.afterWorkingDays(_at(2021, 12, 30, 8), 2), _at(2022, 1, 5, 8), "two working days");
        _clock.setHolidays(dates, false);
        assertEq(_clock.nextOpening(_at(2021, 12, 31, 15)), _at(2022, 1, 3, 9), "like any other again");
    }

    function test_time_withoutWorkingDayWithinAYear_reverts() public {
        uint32[] memory dates = new uint32[](400);
        uint32 first = uint32(CivilDate.fromDate(2022, 1, 1));
        for (uint32 i; i < 400; ++i) {
            dates[i] = first + i;
        }
        _clock.setHolidays(dates, true);
        vm.expectRevert(abi.encodeWithSelector(WorkingTime.NoWorkingDay.selector, first));
        _clock.nextOpening(_at(2022, 1, 1, 9));
        vm.expectRevert(abi.encodeWithSelector(WorkingTime.NoWorkingDay.selector, first));
        _clock.afterWorkingDays(_at(2022, 1, 1, 9), 1);
        assertEq(_clock.afterWorkingDays(_at(2022, 1, 1, 9), 0), _at(2022, 1, 1, 9), "none is asked for");
    }

    function test_time_withoutCalendar_reverts() public {
        Clock clock = new Clock();
        vm.expectRevert(WorkingTime.NoCalendar.selector);
        clock.nextOpening(1);
        vm.expectRevert(WorkingTime.NoCalendar.selector);
        clock.isOpen(1);
        vm.expectRevert(WorkingTime.NoCalendar.selector);
        clock.afterWorkingDays(1, 1);
        assertEq(clock.dayOf(86_400), 1, "days are those of UTC");
    }

    function test_calendar_thatCannotBeMeant_reverts() public {
        WorkingTime.Calendar[6] memory bad = [
            WorkingTime.Calendar(0, 36_000, 57_600, 0),
            WorkingTime.Calendar(0, 36_000, 57_600, 128),
            WorkingTime.Calendar(0, 36_000, 36_000, 31),
            WorkingTime.Calendar(0, 36_000, 86_401, 31),
            WorkingTime.Calendar(86_400, 36_000, 57_600, 31),
            WorkingTime.Calendar(-86_400, 36_000, 57_600, 31)
        ];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(WorkingTime.BadCalendar.selector);
            _clock.set(bad[i]);
        }
    }
}
