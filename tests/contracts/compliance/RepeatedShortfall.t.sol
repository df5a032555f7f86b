// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IObligations } from "../../../contracts/compliance/IObligations.sol";
import { Misconduct } from "../../../contracts/types/Conduct.sol";
import { ComplianceSuite } from "../support/ComplianceSuite.sol";

// @requirement R-CMP-3
contract RepeatedShortfallTest is ComplianceSuite {
    function setUp() public {
        setUpCompliance();
        for (uint16 year = 2021; year <= 2023; ++year) {
            setRules(year);
        }
        enrol(plant, 2021, 0);
        emitted(plant, 2021, 10);
        emitted(plant, 2022, 20);
        openYear(2023);
    }

    function _assessed(uint16 year) private returns (uint256) {
        if (block.timestamp <= deadlineOf(year)) vm.warp(uint256(deadlineOf(year)) + 1);
        obligations.assess(plant, year);
        return obligations.yearOf(plant, year).penalty;
    }

    function test_assess__shortfallOfAnEarlierYear__isNotPenalisedTwice() public {
        assertEq(_assessed(2021), 10 * uint256(PENALTY), "its own");
        assertEq(_assessed(2022), 20 * uint256(PENALTY), "only what is new");
        assertEq(registry.reported(plant, Misconduct.MISSING_SURRENDER), 2, "in the record twice");
        assertEq(obligations.positionOf(plant).shortfall, 30, "still owed");
    }

    function test_assess__partlyMadeGood__theOlderPartFirst() public {
        _assessed(2021);
        surrender(15);
        assertEq(_assessed(2022), 15 * uint256(PENALTY), "30 owed, 15 given, none of them penalised");
    }

    function test_assess__figureRaisedAfterwards__theRestIsPenalisedOnce() public {
        _assessed(2021);
        emitted(plant, 2021, 14);
        assertEq(_assessed(2022), 24 * uint256(PENALTY), "20 and the 4 that nobody had penalised");
    }

    function test_assess__outOfOrder__refused() public {
        vm.warp(uint256(deadlineOf(2022)) + 1);
        vm.expectRevert(abi.encodeWithSelector(IObligations.EarlierYearOpen.selector, plant, 2021));
        obligations.assess(plant, 2022);
        _assessed(2021);
        _assessed(2022);
    }

    function test_assess__earlierYearExcluded__isAssessedAndTheLaterToo() public {
        vm.prank(regulator);
        obligations.exclude(plant, 2021, "cause");
        assertEq(_assessed(2021), 0, "nothing owed");
        assertEq(_assessed(2022), 20 * uint256(PENALTY), "its own");
        assertEq(registry.reported(plant, Misconduct.MISSING_SURRENDER), 1, "in the record once");
    }

    function test_assess__earlierYearNeverFrozen__doesNotWait() public {
        vm.prank(regulator);
        obligations.setFirstYear(plant, 2022);
        assertEq(_assessed(2022), 20 * uint256(PENALTY), "2021 is not the account's");
    }

    function test_assess__firstYearMovedAndBack__eachTonneOnce() public {
        vm.warp(uint256(deadlineOf(2021)) + 1);
        obligations.freezeStatus(plant, 2021);
        vm.prank(regulator);
        obligations.setFirstYear(plant, 2023);
        emitted(plant, 2023, 5);
        assertEq(_assessed(2023), 5 * uint256(PENALTY), "2022 was never frozen");
        vm.prank(regulator);
        obligations.setFirstYear(plant, 2021);
        assertEq(_assessed(2021), 5 * uint256(PENALTY), "10 owed, 5 of them penalised");
        openYear(2024);
        setRules(2024);
        emitted(plant, 2024, 0);
        assertEq(_assessed(2024), 25 * uint256(PENALTY), "35 owed, 10 of them penalised");
    }

    function test_assess__madeGoodBefore__entersAsLate() public {
        vm.warp(uint256(deadlineOf(2021)) + 1);
        surrender(30);
        _assessed(2021);
        assertEq(registry.reported(plant, Misconduct.LATE_SURRENDER), 1, "late");
        assertEq(registry.reported(plant, Misconduct.MISSING_SURRENDER), 0, "missing");
    }

    /// @dev Nobody pays for more tonnes than were ever short, nor for fewer.
    function testFuzz_assess__twoYears__eachTonneOnce(uint256 first, uint256 between) public {
        first = bound(first, 0, 10);
        between = bound(between, 0, 40);
        if (first != 0) surrender(first);
        uint256 paid = _assessed(2021);
        assertEq(paid, (10 - first) * PENALTY, "first year");
        if (between != 0) surrender(between);
        uint256 given = first + between;
        uint256 short = given < 30 ? 30 - given : 0;
        uint256 old = 10 - first > between ? 10 - first - between : 0;
        assertEq(_assessed(2022), (short - old) * PENALTY, "second year");
    }
}
