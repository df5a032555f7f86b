// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IEmissionReports } from "../../../contracts/reporting/IEmissionReports.sol";
import { ReportingSuite } from "../support/ReportingSuite.sol";

/// @dev The test stands for the DisputeDesk.
// @requirement R-TRD-12
contract DisputedFilingsTest is ReportingSuite {
    uint256 private _subject;

    function setUp() public {
        setUpReporting(address(this));
        planFor(PLANT_KEY, works);
        _subject = uint256(works) << 16 | YEAR;
    }

    function test_hold__acceptedFigure__rests_rulingReopensIt() public {
        settle(PLANT_KEY, works, YEAR, 5);
        (address account, uint256 at) = reports.hold(_subject, 3);
        assertEq(account, plant, "whose");
        assertEq(at, block.timestamp, "accepted at");
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.FilingDisputed.selector, works, YEAR, 3));
        reports.hold(_subject, 4);

        vm.expectEmit(address(reports));
        emit IEmissionReports.EmissionsReopened(works, YEAR, plant, gramsOf(5), bytes32(uint256(3)));
        reports.letGo(_subject, 3, true);

        settle(PLANT_KEY, works, YEAR, 6);
        assertEq(reports.reportOf(works, YEAR, 1).grams, gramsOf(5), "the first report stays");
    }

    /// @dev Or the account would shield a figure that is too low by a dispute until the year is assessed.
    function test_reopen__disputedFigure__grantsTheClaim_rulingChangesNothingMore() public {
        settle(PLANT_KEY, works, YEAR, 5);
        reports.hold(_subject, 3);
        vm.prank(REGULATOR);
        reports.reopen(works, YEAR, "too low");
        settle(PLANT_KEY, works, YEAR, 6);
        reports.letGo(_subject, 3, true);
        (, bool settled) = reports.figureOf(works, YEAR);
        assertTrue(settled, "the new figure stands");

        reports.hold(_subject, 4);
        reports.letGo(_subject, 3, true);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.FilingDisputed.selector, works, YEAR, 4));
        reports.hold(_subject, 5);
    }

    function test_hold__determinedFigure__isNotDeterminedAgain() public {
        vm.warp(DEADLINE + 1);
        vm.startPrank(REGULATOR);
        reports.determine(works, YEAR, 9e12, "nothing came");
        vm.stopPrank();
        reports.hold(_subject, 3);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.FilingDisputed.selector, works, YEAR, 3));
        vm.prank(REGULATOR);
        reports.determine(works, YEAR, 8e12, "less");
        reports.letGo(_subject, 3, false);
        vm.prank(REGULATOR);
        reports.determine(works, YEAR, 8e12, "less");
    }

    function test_hold__noFigureOrStranger__refused() public {
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.FilingOpen.selector, works, YEAR));
        reports.hold(_subject, 3);
        bytes memory error = abi.encodeWithSelector(Governed.NotTheModule.selector, STRANGER, address(this));
        vm.startPrank(STRANGER);
        vm.expectRevert(error);
        reports.hold(_subject, 3);
        vm.expectRevert(error);
        reports.letGo(_subject, 3, true);
        vm.stopPrank();
    }
}
