// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Working days and business hours of one place. Knows nothing of transfers, rights or units.
/// @notice Moments are Unix seconds. A civil day is its number since 1970-01-01 at the calendar's offset from UTC.
/// @dev Holidays are bits: bit `day % 256` of word `day / 256`. No search looks further than `_HORIZON` days ahead.
library WorkingTime {
    struct Calendar {
        int32 utcOffset; // seconds east of UTC; a place that shifts its clocks has it changed with them
        uint24 opens; // second of the civil day
        uint24 closes; // second of the civil day; from then on it is closed
        uint8 weekdays; // bit 0: Monday … bit 6: Sunday
    }

    struct State {
        Calendar calendar;
        mapping(uint256 word => uint256) holidays;
    }

    /// @notice Working time is asked for and no calendar was set.
    error NoCalendar();
    /// @notice No weekday, hours that end before they begin, or an offset of a day or more.
    error BadCalendar();
    /// @notice From civil day `day` on there is no working day within a year.
    error NoWorkingDay(uint256 day);

    uint256 private constant _DAY = 86_400;
    uint256 private constant _HORIZON = 366;
    uint256 private constant _MONDAY = 3; // 1970-01-01 was a Thursday: (day + 3) % 7 is 0 on Mondays

    function check(Calendar calldata calendar) internal pure {
        int256 offset = calendar.utcOffset;
        require(
            calendar.weekdays != 0 && calendar.weekdays < 1 << 7 && calendar.opens < calendar.closes
                && calendar.closes <= _DAY && offset > -int256(_DAY) && offset < int256(_DAY),
            BadCalendar()
        );
    }

    /// @param on Make each of `days_` a holiday, or a day like any other again.
    function setHolidays(State storage s, uint32[] calldata days_, bool on) internal {
        for (uint256 i; i < days_.length; ++i) {
            uint256 day = days_[i];
            uint256 bit = 1 << (day % 256);
            uint256 word = s.holidays[day / 256];
            s.holidays[day / 256] = on ? word | bit : word & ~bit;
        }
    }

    function isHoliday(State storage s, uint256 day) internal view returns (bool) {
        return s.holidays[day / 256] & (1 << (day % 256)) != 0;
    }

    /// @notice The civil day of a moment; also without a calendar, then of UTC.
    function dayOf(State storage s, uint256 moment) internal view returns (uint256) {
        return _local(s.calendar, moment) / _DAY;
    }

    function isOpen(State storage s, uint256 moment) internal view returns (bool) {
        Calendar memory calendar = _calendar(s);
        uint256 local = _local(calendar, moment);
        uint256 second = local % _DAY;
        return calendar.opens <= second && second < calendar.closes && _isWorkingDay(s, calendar, local / _DAY);
    }

    /// @notice `moment` itself when it lies within business hours, else the next opening.
    function nextOpening(State storage s, uint256 moment) internal view returns (uint256) {
        Calendar memory calendar = _calendar(s);
        uint256 local = _local(calendar, moment);
        uint256 day = local / _DAY;
        uint256 second = local % _DAY;
        if (second < calendar.closes && _isWorkingDay(s, calendar, day)) {
            return second < calendar.opens ? moment + (calendar.opens - second) : moment;
        }
        uint256 opening = _nextWorkingDay(s, calendar, day) * _DAY + calendar.opens;
        return moment + (opening - local);
    }

    /// @notice The same second of the day, `count` working days later; `moment` itself for none.
    function afterWorkingDays(State storage s, uint256 moment, uint256 count) internal view returns (uint256) {
        if (count == 0) return moment;
        Calendar memory calendar = _calendar(s);
        uint256 start = _local(calendar, moment) / _DAY;
        uint256 day = start;
        for (uint256 i; i < count; ++i) {
            day = _nextWorkingDay(s, calendar, day);
        }
        return moment + (day - start) * _DAY;
    }

    function _calendar(State storage s) private view returns (Calendar memory calendar) {
        calendar = s.calendar;
        require(calendar.weekdays != 0, NoCalendar());
    }

    /// @dev Seconds since 1970-01-01 on the clocks of the place.
    function _local(Calendar memory calendar, uint256 moment) private pure returns (uint256) {
        return uint256(int256(moment) + calendar.utcOffset);
    }

    function _nextWorkingDay(State storage s, Calendar memory calendar, uint256 day) private view returns (uint256) {
        for (uint256 i = 1; i <= _HORIZON; ++i) {
            if (_isWorkingDay(s, calendar, day + i)) return day + i;
        }
        revert NoWorkingDay(day);
    }

    function _isWorkingDay(State storage s, Calendar memory calendar, uint256 day) private view returns (bool) {
        return calendar.weekdays & (1 << ((day + _MONDAY) % 7)) != 0 && !isHoliday(s, day);
    }
}
