// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { Status } from "../../../contracts/compliance/ComplianceStatus.sol";
import { IComplianceDesk } from "../../../contracts/compliance/IComplianceDesk.sol";
import { IObligations } from "../../../contracts/compliance/IObligations.sol";
import { Governed } from "../../../contracts/governance/Governed.sol";
import { IBanking } from "../../../contracts/instruments/IBanking.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { ComplianceSuite } from "../support/ComplianceSuite.sol";

/// @dev The test stands for the DisputeDesk.
// @requirement R-CMP-1 R-TRD-12
contract SurrenderReversalTest is ComplianceSuite {
    uint40 private constant _WINDOW = 30 days;

    function setUp() public {
        setUpCompliance();
        ledger.appointBinder(IInstrumentLedger.Reason.CONVERSION, address(issuing));
        setRules(2021);
        setRules(2022);
        enrol(plant, 2021, 0);
        emitted(plant, 2021, 100);
        vm.prank(regulator);
        desk.setReversalWindow(_WINDOW);
    }

    function _reverse(uint256 id) private {
        vm.prank(regulator);
        desk.reverseSurrender(id, "error");
    }

    function _refused(uint256 id, bytes memory error) private {
        vm.expectRevert(error);
        _reverse(id);
    }

    function _state(uint256 id) private view returns (IComplianceDesk.ApplicationState) {
        (IComplianceDesk.Application memory application,) = desk.applicationOf(id);
        return application.state;
    }

    function test_reverseSurrender__withinTheWindow__newSerials_cancelledStayCancelled() public {
        surrender(100);
        statusIs(plant, Status.A);
        uint256 issuedBefore = ledger.instrumentOf(uka).issued;

        vm.expectEmit(address(issuing));
        emit IBanking.UnitsReissued(1, plant, uka, 100);
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.UnitsIssued(uka, plant, issuedBefore + 1, 100, bytes32(uint256(1)));
        _reverse(1);

        statusIs(plant, Status.B);
        assertEq(ledger.instrumentOf(uka).cancelled, 100, "what was cancelled never comes back");
        assertEq(ledger.freeOf(plant, uka), 100, "new units");
        assertEq(desk.voucherCount(SERIES), 1, "its voucher stays");
        assertTrue(_state(1) == IComplianceDesk.ApplicationState.REVERSED, "reversed");
        assertEq(obligations.positionOf(plant).surrendered, 0, "counts no longer");
        _refused(
            1,
            abi.encodeWithSelector(
                IComplianceDesk.ApplicationClosed.selector, 1, IComplianceDesk.ApplicationState.REVERSED
            )
        );
    }

    function test_reverseSurrender__creditsToo__shareIsFreeAgain() public {
        ledger.issue(plant, uka, 95, "allocation");
        ledger.issue(plant, credit, 20, "verified");
        vm.prank(key);
        desk.applySurrender(two(uka, credit), two(90, 10));
        approve(1);
        _reverse(1);
        assertEq(obligations.yearOf(plant, 2021).credits, 0, "share");
        assertEq(ledger.balanceOf(plant, credit), 20, "credits");
        vm.prank(key);
        desk.applySurrender(two(uka, credit), two(90, 10));
        approve(2);
        statusIs(plant, Status.A);
    }

    function test_reverseSurrender__afterTheWindow__refused() public {
        surrender(100);
        uint256 until = block.timestamp + _WINDOW;
        vm.warp(until + 1);
        _refused(1, abi.encodeWithSelector(IComplianceDesk.SurrenderReversalTooLate.selector, 1, until));
    }

    function test_reverseSurrender__windowFromTheApproval__notFromTheFiling() public {
        ledger.issue(plant, uka, 100, "allocation");
        uint256 id = applyFor(uka, 100);
        vm.warp(block.timestamp + _WINDOW + 1 days);
        approve(id);
        vm.warp(block.timestamp + _WINDOW);
        _reverse(id);
    }

    function test_reverseSurrender__yearThatIsJudgedNeedsIt__refused() public {
        surrender(100);
        vm.prank(regulator);
        desk.setReversalWindow(1000 days);
        vm.warp(uint256(deadlineOf(2021)) + 1);
        _refused(1, abi.encodeWithSelector(IObligations.SurrenderNeeded.selector, plant, 100, 0));
        surrender(100);
        _reverse(1); // what came later covers the year
        statusIs(plant, Status.A);
        obligations.assess(plant, 2021);
        assertEq(obligations.yearOf(plant, 2021).penalty, 0, "static figures stand");
    }

    function test_assess__figureCorrectedAfterAReversal__countsWhatIsLeft() public {
        surrender(150);
        surrender(50);
        vm.prank(regulator);
        desk.setReversalWindow(1000 days);
        vm.warp(uint256(deadlineOf(2021)) + 1);
        _reverse(2);
        emitted(plant, 2021, 170);
        obligations.assess(plant, 2021);
        assertEq(obligations.yearOf(plant, 2021).penalty, 20 * uint256(PENALTY), "200 at the deadline, 150 are left");
    }

    function test_reverseSurrender__emissionsMissing__refused() public {
        surrender(100);
        vm.prank(regulator);
        desk.setReversalWindow(1000 days);
        obligations.onEmissions(plant, 2021, 0, false);
        vm.warp(uint256(deadlineOf(2021)) + 1);
        _refused(1, abi.encodeWithSelector(IObligations.EmissionsMissing.selector, plant, 2021));
    }

    function test_reverseSurrender__notApprovedOrWithoutCause__refused() public {
        ledger.issue(plant, uka, 100, "allocation");
        uint256 id = applyFor(uka, 100);
        _refused(
            id,
            abi.encodeWithSelector(
                IComplianceDesk.ApplicationClosed.selector, id, IComplianceDesk.ApplicationState.FILED
            )
        );
        approve(id);
        vm.prank(regulator);
        vm.expectRevert(IComplianceDesk.CauseMissing.selector);
        desk.reverseSurrender(id, 0);
    }

    function test_reversal__byStrangers__refused() public {
        surrender(100);
        bytes memory error = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(error);
        desk.reverseSurrender(1, "c");
        vm.expectRevert(error);
        desk.setReversalWindow(1);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(this)));
        desk.hold(1, 1);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(this)));
        desk.letGo(1, 1, true);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(desk)));
        issuing.reissue(1, plant, uka, 1);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(desk)));
        obligations.reverseApplication(plant, 2021, 1, 0);
        vm.stopPrank();
        assertEq(desk.reversalWindow(), _WINDOW, "window");
    }

    /* DISPUTED */

    function test_hold__approvedSurrender__rests_rulingReversesPastTheWindow() public {
        surrender(100);
        uint256 approvedAt = block.timestamp;
        (address account, uint256 at) = desk.hold(1, 7);
        assertEq(account, plant, "whose");
        assertEq(at, approvedAt, "since");
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.SurrenderDisputed.selector, 1, 7));
        desk.hold(1, 8);
        vm.warp(block.timestamp + _WINDOW + 1);
        desk.letGo(1, 7, true);
        assertEq(ledger.freeOf(plant, uka), 100, "made good");
    }

    /// @dev Or the account would shield it by a dispute until the window is over.
    function test_reverseSurrender__disputed__grantsTheClaim_rulingChangesNothingMore() public {
        surrender(100);
        desk.hold(1, 7);
        _reverse(1);
        assertTrue(_state(1) == IComplianceDesk.ApplicationState.REVERSED, "reversed");
        desk.letGo(1, 7, true);
        assertEq(ledger.freeOf(plant, uka), 100, "once");
    }

    function test_reverseSurrender__judgedYearWaitsForAnApplication__refused() public {
        surrender(100);
        surrender(100);
        ledger.issue(plant, uka, 50, "allocation");
        uint256 waits = applyFor(uka, 50);
        vm.prank(regulator);
        desk.setReversalWindow(1000 days);
        vm.warp(uint256(deadlineOf(2021)) + 1);
        _refused(2, abi.encodeWithSelector(IObligations.ApplicationsPending.selector, plant, 1));
        approve(waits);
        _reverse(2);
        statusIs(plant, Status.A);
    }

    function test_letGo__dismissed__changesNothing() public {
        surrender(100);
        desk.hold(1, 7);
        desk.letGo(1, 7, false);
        assertTrue(_state(1) == IComplianceDesk.ApplicationState.APPROVED, "as it was");
        statusIs(plant, Status.A);
        _reverse(1);
    }

    /// @dev No tonne is created: held + cancelled = issued, and what can be used is what was there.
    function testFuzz_reverseSurrender__anyQuantity__conserves(uint256 quantity, uint256 more) public {
        quantity = bound(quantity, 1, 1e9);
        more = bound(more, 0, 1e9);
        if (more != 0) ledger.issue(plant, uka, more, "allocation");
        surrender(quantity);
        _reverse(1);
        assertEq(ledger.freeOf(plant, uka), more + quantity, "usable");
        IInstrumentLedger.Instrument memory known = ledger.instrumentOf(uka);
        assertEq(known.issued, more + 2 * quantity, "issued");
        assertEq(known.cancelled, quantity, "cancelled");
    }
}
