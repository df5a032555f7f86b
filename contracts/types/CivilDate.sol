// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Civil dates of the Gregorian calendar as days since 1970-01-01.
/// @notice For 1970-01-01 and later, up to the year 65,535.
/// @dev Years are counted from 1 March, so that the leap day is a year's last: then the months before month m (March = 0)
///      have (153 m + 2) / 5 days, and every 400 years 146,097.
library CivilDate {
    uint256 private constant _ERA = 146_097; // days of 400 years
    uint256 private constant _TO_MARCH_0 = 719_468; // days from 0000-03-01 to 1970-01-01

    error NoSuchDate(uint256 year, uint256 month, uint256 day);

    function toDate(uint256 day) internal pure returns (uint256 year, uint256 month, uint256 dayOfMonth) {
        uint256 sinceMarch0 = day + _TO_MARCH_0;
        uint256 era = sinceMarch0 / _ERA;
        uint256 rest = sinceMarch0 % _ERA;
        // Without the leap days before it, the day lies at 365 times its year: one every 4 years (1,461 days), none every
        // 100 (36,524), one again on the last day of the era.
        uint256 yearOfEra = (rest - rest / 1460 + rest / 36_524 - rest / 146_096) / 365;
        uint256 dayOfYear = rest - (yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100);
        uint256 monthFromMarch = (5 * dayOfYear + 2) / 153;

        dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0);
    }

    function fromDate(uint256 year, uint256 month, uint256 dayOfMonth) internal pure returns (uint256 day) {
        require(
            year >= 1970 && year <= type(uint16).max && month >= 1 && month <= 12 && dayOfMonth >= 1
                && dayOfMonth <= daysIn(year, month),
            NoSuchDate(year, month, dayOfMonth)
        );
        uint256 marchYear = month <= 2 ? year - 1 : year;
        uint256 yearOfEra = marchYear % 400;
        uint256 monthFromMarch = month <= 2 ? month + 9 : month - 3;
        uint256 dayOfYear = (153 * monthFromMarch + 2) / 5 + dayOfMonth - 1;

        return marchYear / 400 * _ERA + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - _TO_MARCH_0;
    }

    function daysIn(uint256 year, uint256 month) internal pure returns (uint256) {
        if (month == 2) return isLeap(year) ? 29 : 28;
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }

    function isLeap(uint256 year) internal pure returns (bool) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    }
}
