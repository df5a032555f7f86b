// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ComplianceStatus, Status } from "../../../contracts/compliance/ComplianceStatus.sol";
import { Test } from "../support/Test.sol";

// @requirement R-CMP-4
contract ComplianceStatusTest is Test {
    /// @dev Years as numbers; sets as masks.
    function _is(
        Status expected,
        uint256 first,
        uint256 last,
        uint256 current,
        uint256 known,
        uint256 excluded,
        uint256 emissions,
        uint256 surrendered
    ) private pure {
        uint256 due = ComplianceStatus.yearsFrom(first, ComplianceStatus.endOf(last, current));
        Status got = ComplianceStatus.judge(due, known, excluded, emissions, surrendered);
        assertEq(uint256(got), uint256(expected), "status");
    }

    function test_judge_noYearHasComeUp_isNotApplicable() public pure {
        _is(Status.NOT_APPLICABLE, 3, 0, 3, 0, 0, 0, 0);
        _is(Status.NOT_APPLICABLE, 3, 4, 3, 1 << 3, 0, 10, 0); // reported, but the year is not over
        _is(Status.NOT_APPLICABLE, 5, 5, 4, 0, 1 << 5, 0, 0);
        _is(Status.NOT_APPLICABLE, 0, 0, 9, 0, 0, 0, 0); // not enrolled
        _is(Status.NOT_APPLICABLE, 1, 0, 1, 0, 0, 0, 0); // the scheme's first year
    }

    function test_judge_runningAccount_isJudgedWhenTheYearIsOver() public pure {
        _is(Status.C, 3, 0, 4, 0, 0, 0, 0);
        _is(Status.B, 3, 0, 4, 1 << 3, 0, 10, 9);
        _is(Status.A, 3, 0, 4, 1 << 3, 0, 10, 10);
        _is(Status.A, 3, 0, 4, 1 << 3, 0, 0, 0);
    }

    function test_judge_accountThatStopped_isJudgedInItsLastYear() public pure {
        _is(Status.C, 3, 3, 3, 0, 0, 0, 0);
        _is(Status.B, 3, 3, 3, 1 << 3, 0, 10, 0);
        _is(Status.A, 3, 3, 9, 1 << 3, 0, 10, 11); // and for ever after
        _is(Status.C, 3, 4, 5, 1 << 3, 0, 10, 10);
    }

    function test_judge_excludedYears_areNotOwedFor() public pure {
        _is(Status.EXCLUDED, 3, 0, 4, 0, 1 << 3, 0, 0);
        _is(Status.EXCLUDED, 3, 0, 5, 1 << 3, 3 << 3, 10, 0);
        _is(Status.B, 3, 0, 5, 1 << 3, 1 << 4, 10, 0);
        _is(Status.C, 3, 0, 6, 1 << 3, 1 << 4, 10, 10);
        _is(Status.A, 3, 0, 4, 1 << 3, 1 << 4, 10, 10); // of a year that has not come up
    }

    function test_judge_missingBeforeShort_isC() public pure {
        _is(Status.C, 3, 0, 5, 1 << 4, 0, 10, 0);
        _is(Status.C, 3, 0, 5, 1 << 4, 0, 10, 1000);
    }

    function test_years_fromFirstToEnd_areThose(uint8 first, uint8 end) public pure {
        uint256 f = bound(first, 1, ComplianceStatus.LAST_NUMBER);
        uint256 e = bound(end, 1, ComplianceStatus.LAST_NUMBER);
        uint256 mask = ComplianceStatus.yearsFrom(f, e);
        for (uint256 n; n < 64; ++n) {
            assertEq(mask >> n & 1 == 1, n >= f && n <= e, "year");
        }
    }

    /// @dev Never A with emissions missing or a shortfall, never anything else when all is well.
    function test_judge_A_exactlyWhenAllIsKnownAndCovered(
        uint56 due,
        uint56 known,
        uint56 excluded,
        uint48 emissions,
        uint48 surrendered
    ) public pure {
        Status status = ComplianceStatus.judge(due, known, excluded, emissions, surrendered);
        uint256 owedFor = uint256(due) & ~uint256(excluded);
        bool covered = owedFor != 0 && owedFor & ~uint256(known) == 0 && emissions <= surrendered;
        assertEq(status == Status.A, covered, "A");
    }
}
