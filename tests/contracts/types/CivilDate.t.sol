// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { CivilDate } from "../../../contracts/types/CivilDate.sol";
import { Test } from "../support/Test.sol";

contract CivilDateTest is Test {
    function fromDate(uint256 year, uint256 month, uint256 day) external pure returns (uint256) {
        return CivilDate.fromDate(year, month, day);
    }

    function _is(uint256 day, uint256 year, uint256 month, uint256 dayOfMonth) private pure {
        (uint256 y, uint256 m, uint256 d) = CivilDate.toDate(day);
        assertEq(y, year, "year");
        assertEq(m, month, "month");
        assertEq(d, dayOfMonth, "day");
        assertEq(CivilDate.fromDate(year, month, dayOfMonth), day, "and back");
    }

    function test_toDate_knownDays_areThose() public pure {
        _is(0, 1970, 1, 1);
        _is(58, 1970, 2, 28);
        _is(59, 1970, 3, 1);
        _is(10_956, 1999, 12, 31);
        _is(11_016, 2000, 2, 29);
        _is(11_017, 2000, 3, 1);
        _is(19_782, 2024, 2, 29);
        _is(20_526, 2026, 3, 14);
        _is(47_540, 2100, 2, 28);
        _is(47_541, 2100, 3, 1);
        _is(157_113, 2400, 2, 29);
    }

    /// @dev By counting, day by day: 130 years, with 2000 and 2100 among them.
    function test_toDate_dayAfterDay_isTheNextDate() public pure {
        uint256 year = 1970;
        uint256 month = 1;
        uint256 day = 1;
        for (uint256 i; i < 50_000; ++i) {
            (uint256 y, uint256 m, uint256 d) = CivilDate.toDate(i);
            require(y == year && m == month && d == day, NotTrue("next date"));
            if (++day > CivilDate.daysIn(year, month)) {
                day = 1;
                if (++month > 12) (month, year) = (1, year + 1);
            }
        }
    }

    function test_fromDate_anyDay_comesBack(uint24 day) public pure {
        (uint256 y, uint256 m, uint256 d) = CivilDate.toDate(day);
        assertEq(CivilDate.fromDate(y, m, d), day, "day");
    }

    function test_fromDate_noSuchDate_reverts() public {
        uint256[3][7] memory dates = [
            [uint256(1969), 12, 31],
            [uint256(65_536), 1, 1],
            [uint256(2023), 2, 29],
            [uint256(2100), 2, 29],
            [uint256(2024), 13, 1],
            [uint256(2024), 0, 1],
            [uint256(2024), 4, 31]
        ];
        for (uint256 i; i < dates.length; ++i) {
            uint256[3] memory d = dates[i];
            vm.expectRevert(abi.encodeWithSelector(CivilDate.NoSuchDate.selector, d[0], d[1], d[2]));
            this.fromDate(d[0], d[1], d[2]);
        }
    }
}
