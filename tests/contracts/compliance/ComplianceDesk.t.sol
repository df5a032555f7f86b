// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { ComplianceDesk } from "../../../contracts/compliance/ComplianceDesk.sol";
import { Status } from "../../../contracts/compliance/ComplianceStatus.sol";
import { Findings, IComplianceDesk } from "../../../contracts/compliance/IComplianceDesk.sol";
import { IObligations } from "../../../contracts/compliance/IObligations.sol";
import { Labels } from "../../../contracts/instruments/ICreditProjects.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { IVoucherIssuer } from "../../../contracts/vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../../../contracts/vouchers/VoucherSeries.sol";
import { ComplianceSuite } from "../support/ComplianceSuite.sol";
import { Vm } from "../support/Vm.sol";

// @requirement R-CMP-1 R-CMP-2 R-AST-6 R-VCH-2
contract ComplianceDeskTest is ComplianceSuite {
    IInstrumentLedger.Reason private constant _SURRENDER = IInstrumentLedger.Reason.SURRENDER;

    function setUp() public {
        setUpCompliance();
        setRules(2021);
        enrol(plant, 2021, 0);
        emitted(plant, 2021, 1000);
        ledger.issue(plant, uka, 2000, "allocation");
    }

    /* APPLYING */

    // @requirement R-CMP-1
    function test_apply_withFreeUnits_bindsThemAndExamines() public {
        vm.expectEmit(address(desk));
        emit IComplianceDesk.SurrenderApplied(1, plant, key, one(uka), one(1000));
        vm.expectEmit(address(desk));
        emit IComplianceDesk.SurrenderExamined(1, 2021, 0, IComplianceDesk.Opinion.FAVOURABLE);
        uint256 id = applyFor(uka, 1000);

        assertEq(id, 1, "id");
        assertEq(desk.applicationCount(), 1, "count");
        assertEq(ledger.encumberedFor(plant, uka, _SURRENDER), 1000, "bound");
        assertEq(ledger.freeOf(plant, uka), 1000, "free");
        assertEq(obligations.positionOf(plant).pending, 1, "pending");
        (IComplianceDesk.Application memory application, IComplianceDesk.Line[] memory lines) = desk.applicationOf(id);
        assertEq(application.account, plant, "account");
        assertEq(uint256(application.state), uint256(IComplianceDesk.ApplicationState.FILED), "state");
        assertEq(application.year, 2021, "year");
        assertEq(application.since, block.timestamp, "since");
        assertEq(lines.length, 1, "lines");
        assertEq(lines[0].instrument, uka, "instrument");
        assertEq(lines[0].quantity, 1000, "quantity");
    }

    /* A SECOND REPRESENTATIVE */

    address private _second = address(0x2F2F);

    function _secondFrom(uint40 tonnes) private {
        registry.open(plant, _second, Rights.APPROVE);
        vm.prank(regulator);
        desk.setSecondRepresentativeFrom(tonnes);
    }

    // @requirement R-ACC-2 where the rules say so, another representative confirms a surrender
    function test_apply_fromTheThreshold_waitsForAnother() public {
        _secondFrom(1000);
        assertEq(desk.secondRepresentativeFrom(), 1000);
        uint256 small = applyFor(uka, 999);
        assertEq(desk.initiatorOf(small), address(0), "below");
        vm.expectEmit(address(desk));
        emit IComplianceDesk.SurrenderAwaits(2, key);
        uint256 id = applyFor(uka, 1000);
        (IComplianceDesk.Application memory application,) = desk.applicationOf(id);
        assertEq(uint256(application.state), uint256(IComplianceDesk.ApplicationState.AWAITING), "awaits");
        assertEq(ledger.encumberedFor(plant, uka, _SURRENDER), 1999, "bound meanwhile");

        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.SecondRepresentativeMissing.selector, id));
        desk.approveSurrender(id);
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.MayNotEndorseOwn.selector, id, key));
        desk.endorseSurrender(id);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.NotTheAccount.selector, other, plant));
        desk.endorseSurrender(id);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        desk.endorseSurrender(id);

        vm.startPrank(_second);
        vm.expectEmit(address(desk));
        emit IComplianceDesk.SurrenderEndorsed(id, _second);
        desk.endorseSurrender(id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComplianceDesk.NothingToEndorse.selector, id, IComplianceDesk.ApplicationState.FILED
            )
        );
        desk.endorseSurrender(id);
        vm.stopPrank();
        assertEq(desk.initiatorOf(id), address(0));
        approve(id);
        assertEq(obligations.positionOf(plant).surrendered, 1000, "counted");
    }

    function test_awaiting_withdrawnOrRejected_givesTheUnitsBack() public {
        _secondFrom(1);
        uint256 first = applyFor(uka, 10);
        vm.prank(key);
        desk.withdrawSurrender(first);
        uint256 later_ = applyFor(uka, 10);
        vm.prank(regulator);
        desk.rejectSurrender(later_, "reason");
        assertEq(ledger.encumberedFor(plant, uka, _SURRENDER), 0, "free again");
        assertEq(desk.initiatorOf(first), address(0));
        assertEq(desk.initiatorOf(later_), address(0));
        assertEq(obligations.positionOf(plant).pending, 0);
        vm.prank(_second);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComplianceDesk.NothingToEndorse.selector, first, IComplianceDesk.ApplicationState.WITHDRAWN
            )
        );
        desk.endorseSurrender(first);
    }

    function test_endorse_underNoSurrenderOrWithoutTheRight_reverts() public {
        _secondFrom(1);
        uint256 id = applyFor(uka, 10);
        registry.open(plant, _second, Rights.SURRENDER);
        vm.prank(_second);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.MissingRight.selector, _second, plant, Rights.SURRENDER, Rights.APPROVE)
        );
        desk.endorseSurrender(id);
        registry.open(plant, _second, Rights.APPROVE);
        registry.set(plant, Restrictions.NO_SURRENDER);
        vm.prank(_second);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, plant, Restrictions.NO_SURRENDER, Restrictions.NO_SURRENDER
            )
        );
        desk.endorseSurrender(id);
    }

    function test_setSecondRepresentativeFrom_byAStranger_reverts() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        desk.setSecondRepresentativeFrom(1);
    }

    /// @dev The desk's word: no field disturbs another.
    function testFuzz_secondFrom_any_leavesTheRest(uint40 tonnes) public {
        uint256 before = desk.applicationCount();
        _secondFrom(tonnes);
        assertEq(desk.secondRepresentativeFrom(), tonnes);
        assertEq(desk.applicationCount(), before);
        applyFor(uka, 5);
        assertEq(desk.secondRepresentativeFrom(), tonnes);
        assertEq(desk.applicationCount(), before + 1);
        assertEq(desk.setupOf().series, SERIES);
    }

    function test_apply_withoutFreeUnits_isRefusedByTheLedger() public {
        applyFor(uka, 1500);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, plant, uka, 500, 501));
        applyFor(uka, 501);
    }

    function test_apply_sameUnitsInTwoLines_isRefusedByTheLedger() public {
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, plant, uka, 800, 1200));
        desk.applySurrender(two(uka, uka), two(1200, 1200));
    }

    function test_apply_byAKeyWithoutTheRight_reverts() public {
        registry.open(plant, other, Rights.ALL & ~Rights.SURRENDER);
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector, other, plant, Rights.ALL & ~Rights.SURRENDER, Rights.SURRENDER
            )
        );
        desk.applySurrender(one(uka), one(1));
    }

    function test_apply_byAStranger_reverts() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        desk.applySurrender(one(uka), one(1));
    }

    function test_apply_underNoSurrender_reverts() public {
        registry.set(plant, Restrictions.NO_SURRENDER);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, plant, Restrictions.NO_SURRENDER, Restrictions.NO_SURRENDER
            )
        );
        applyFor(uka, 1);
    }

    function test_apply_underNoTrade_isAllowed() public {
        registry.set(plant, Restrictions.NO_TRADE);
        applyFor(uka, 1);
    }

    function test_apply_notEnrolled_reverts() public {
        ledger.issue(mill, uka, 5, "allocation");
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(IObligations.NotEnrolled.selector, mill));
        desk.applySurrender(one(uka), one(5));
    }

    function test_apply_malformed_reverts() public {
        vm.startPrank(key);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.BadLines.selector, 2, 1, 16));
        desk.applySurrender(two(uka, uka), one(1));
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.BadLines.selector, 0, 0, 16));
        desk.applySurrender(new uint256[](0), new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.BadLines.selector, 17, 17, 16));
        desk.applySurrender(new uint256[](17), new uint256[](17));
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.BadTonnes.selector, 0));
        desk.applySurrender(one(uka), one(0));
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.BadTonnes.selector, 1 << 40));
        desk.applySurrender(one(uka), one(1 << 40));
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.BadTonnes.selector, (1 << 40) - 1 + 1));
        desk.applySurrender(two(uka, uka), two((1 << 40) - 1, 1));
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, uka + 9));
        desk.applySurrender(one(uka + 9), one(1));
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, uka | 1 << 200));
        desk.applySurrender(one(uka | 1 << 200), one(1));
        vm.stopPrank();
    }

    function test_apply_tooManyPending_reverts() public {
        for (uint256 i; i < 255; ++i) {
            applyFor(uka, 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IObligations.TooManyPending.selector, plant, 255));
        applyFor(uka, 1);
    }

    /* FINDINGS */

    function _finds(uint256 instrument, uint256 quantity, uint16 expected) private view {
        (, uint16 findings, IComplianceDesk.Opinion opinion) = desk.examine(plant, one(instrument), one(quantity));
        assertEq(findings, expected, "findings");
        bool against = expected & Findings.UNFAVOURABLE != 0;
        assertEq(uint256(opinion), against ? 1 : 0, "opinion");
    }

    // @requirement R-CMP-2
    function test_examine_each_findsByNumber() public {
        _finds(uka, 1000, 0);
        _finds(gbp, 1000, Findings.NOT_ELIGIBLE);
        _finds(foreign, 1000, Findings.NOT_ELIGIBLE);
        _finds(later, 1000, Findings.VINTAGE_TOO_NEW);
        _finds(credit, 100, 0);
        _finds(credit, 101, Findings.CREDIT_SHARE_EXCEEDED);
        _finds(uka, 1001, Findings.MORE_THAN_OWED);
        _finds(expiring, 1, 0);
        vm.warp(block.timestamp + 10 days - 1);
        _finds(expiring, 1, 0);
        vm.warp(block.timestamp + 1);
        _finds(expiring, 1, Findings.EXPIRED);

        obligations.onEmissions(plant, 2021, 0, false);
        _finds(uka, 1, Findings.EMISSIONS_MISSING | Findings.NOTHING_OWED);
        emitted(plant, 2021, 1000);

        vm.warp(deadlineOf(2021));
        _finds(uka, 1000, 0);
        vm.warp(deadlineOf(2021) + 1);
        _finds(uka, 1000, Findings.LATE);
        openYear(2023);
        _finds(uka, 1000, Findings.NO_RULES | Findings.EMISSIONS_MISSING);
    }

    function test_examine_bankingLimitedAndNoCredits_finds() public {
        IObligations.Rules memory rules = rulesFor(2021);
        rules.oldestVintage = 2021;
        rules.newestVintage = 0;
        rules.creditShare = 0;
        vm.prank(regulator);
        obligations.setRules(2021, rules);

        _finds(uka, 1000, 0);
        _finds(later, 1000, 0);
        _finds(expiring, 1, Findings.VINTAGE_TOO_OLD);
        _finds(credit, 1, Findings.NOT_ELIGIBLE | Findings.VINTAGE_TOO_OLD | Findings.CREDIT_SHARE_EXCEEDED);
    }

    // @requirement R-AST-4
    function test_examine_creditWithoutTheRequiredLabel_isUnfavourable() public {
        vm.prank(regulator);
        projects.setRequiredLabels(Labels.COMPLIANCE, "rules");
        _finds(credit, 100, Findings.LABEL_MISSING);
        _finds(uka, 100, 0);
        ledger.issue(plant, credit, 200, "verified");
        uint256 id = applyFor(credit, 50);
        vm.expectRevert(
            abi.encodeWithSelector(IComplianceDesk.OpinionUnfavourable.selector, id, Findings.LABEL_MISSING)
        );
        approve(id);
        vm.prank(key);
        desk.withdrawSurrender(id);
        vm.prank(key);
        desk.cancelVoluntarily(credit, 10, "beneficiary", "purpose", 2021); // needs no label
        vm.prank(regulator);
        projects.setLabels(credit, Labels.COMPLIANCE, "examined");
        _finds(credit, 100, 0);
        approve(applyFor(credit, 50));
        vm.prank(regulator);
        projects.setLabels(credit, Labels.COMPLIANCE | Labels.VOLUNTARY_ONLY, "withdrawn");
        _finds(credit, 10, Findings.LABEL_MISSING);
    }

    function test_examine_creditsOfPendingApplications_count() public {
        ledger.issue(plant, credit, 200, "verified");
        uint256 first = applyFor(credit, 60);
        _finds(credit, 40, 0);
        _finds(credit, 41, Findings.CREDIT_SHARE_EXCEEDED);
        approve(first);
        _finds(credit, 41, Findings.CREDIT_SHARE_EXCEEDED);
        uint256 second = applyFor(credit, 40);
        vm.prank(regulator);
        desk.rejectSurrender(second, "reason");
        _finds(credit, 40, 0);
        assertEq(obligations.yearOf(plant, 2021).credits, 60, "credits");
    }

    /// @dev The share is rounded down, whatever the numbers.
    function test_examine_creditShare_isExact(uint32 tonnes, uint16 share, uint32 credits) public {
        IObligations.Rules memory rules = rulesFor(2021);
        rules.creditShare = share % 10_001;
        vm.prank(regulator);
        obligations.setRules(2021, rules);
        emitted(plant, 2021, tonnes);
        uint256 asked = bound(credits, 1, type(uint32).max);

        (, uint16 findings,) = desk.examine(plant, one(credit), one(asked));
        bool exceeded = asked * 10_000 > uint256(tonnes) * rules.creditShare;
        assertEq(findings & Findings.CREDIT_SHARE_EXCEEDED != 0, exceeded, "exceeded");
    }

    /* DECIDING */

    // @requirement R-CMP-1 R-VCH-2
    function test_approve_favourable_cancelsCountsAndIssuesVouchers() public {
        ledger.issue(plant, credit, 100, "verified");
        vm.prank(key);
        uint256 id = desk.applySurrender(two(uka, credit), two(900, 100));
        statusIs(plant, Status.B);

        bytes32 first = _leaf(VoucherKind.SURRENDER, 0, 1, uka, 900, id);
        bytes32 second = _leaf(VoucherKind.SURRENDER, 1, 2, credit, 100, id);
        vm.expectEmit(address(desk));
        emit IComplianceDesk.SurrenderApproved(id, plant, 1000);
        vm.expectEmit(address(desk));
        emit IVoucherIssuer.VoucherIssued(SERIES, 0, 1, first);
        vm.expectEmit(address(desk));
        emit IVoucherIssuer.VoucherIssued(SERIES, 1, 2, second);
        vm.expectEmit(address(obligations));
        emit IObligations.StatusChanged(plant, 2022, Status.B, Status.A);
        approve(id);

        statusIs(plant, Status.A);
        assertEq(obligations.positionOf(plant).surrendered, 1000, "surrendered");
        assertEq(obligations.positionOf(plant).pending, 0, "pending");
        assertEq(ledger.balanceOf(plant, uka), 1100, "balance");
        assertEq(ledger.encumberedOf(plant, uka), 0, "bound");
        assertEq(ledger.instrumentOf(uka).cancelled, 900, "cancelled");
        assertEq(ledger.instrumentOf(credit).cancelled, 100, "cancelled credits");
        assertEq(desk.voucherCount(SERIES), 2, "vouchers");
        assertEq(desk.voucherCount(SERIES + 1), 0, "of another series");
        assertEq(desk.voucherPeak(SERIES, 1), keccak256(abi.encode(first, second)), "peak");
        assertTrue(desk.voucherRoot(SERIES) != 0 && desk.voucherRoot(SERIES + 1) == 0, "root");
    }

    function test_approve_twice_reverts() public {
        uint256 id = applyFor(uka, 10);
        approve(id);
        vm.expectRevert(
            abi.encodeWithSelector(
                IComplianceDesk.ApplicationClosed.selector, id, IComplianceDesk.ApplicationState.APPROVED
            )
        );
        approve(id);
    }

    function test_approve_unfavourable_reverts() public {
        ledger.issue(plant, later, 10, "allocation");
        uint256 id = applyFor(later, 10);
        vm.expectRevert(
            abi.encodeWithSelector(IComplianceDesk.OpinionUnfavourable.selector, id, Findings.VINTAGE_TOO_NEW)
        );
        approve(id);
    }

    function test_approve_unknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.UnknownApplication.selector, 7));
        approve(7);
    }

    function test_approveMany_oneBad_decidesNone() public {
        uint256 first = applyFor(uka, 10);
        uint256 second = applyFor(uka, 20);
        vm.startPrank(regulator);
        vm.expectRevert();
        desk.approveSurrenders(two(first, 99));
        desk.approveSurrenders(two(first, second));
        vm.stopPrank();
        assertEq(obligations.positionOf(plant).surrendered, 30, "surrendered");
    }

    function test_reject_filed_givesTheUnitsBack() public {
        uint256 first = applyFor(uka, 10);
        uint256 second = applyFor(uka, 20);
        vm.startPrank(regulator);
        vm.expectRevert(IComplianceDesk.CauseMissing.selector);
        desk.rejectSurrender(first, 0);
        vm.expectEmit(address(desk));
        emit IComplianceDesk.SurrenderRejected(first, plant, "reason");
        desk.rejectSurrenders(two(first, second), "reason");
        vm.stopPrank();

        assertEq(ledger.freeOf(plant, uka), 2000, "free");
        assertEq(obligations.positionOf(plant).pending, 0, "pending");
        vm.expectRevert(
            abi.encodeWithSelector(
                IComplianceDesk.ApplicationClosed.selector, first, IComplianceDesk.ApplicationState.REJECTED
            )
        );
        approve(first);
    }

    function test_withdraw_filed_givesTheUnitsBack() public {
        uint256 id = applyFor(uka, 10);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.NotTheAccount.selector, other, plant));
        desk.withdrawSurrender(id);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        desk.withdrawSurrender(id);

        vm.expectEmit(address(desk));
        emit IComplianceDesk.SurrenderWithdrawn(id, plant);
        vm.prank(key);
        desk.withdrawSurrender(id);
        assertEq(ledger.freeOf(plant, uka), 2000, "free");
    }

    // @requirement R-CMP-1
    function test_move_boundUnits_reverts() public {
        applyFor(uka, 1500);
        vm.prank(key);
        vm.expectRevert();
        ledger.safeTransferFrom(plant, mill, uka, 501, "");
    }

    /* VOLUNTARY CANCELLATION */

    // @requirement R-AST-6
    function test_cancel_freeUnits_makesAVoucher() public {
        bytes32 cause = keccak256(abi.encode(bytes32("who"), bytes32("why"), uint256(2021)));
        vm.expectEmit(address(desk));
        emit IComplianceDesk.VoluntarilyCancelled(plant, uka, 7, "who", "why", 2021);
        vm.expectEmit(address(desk));
        emit IVoucherIssuer.VoucherIssued(SERIES, 0, 1, _leaf(VoucherKind.CANCELLATION, 0, 1, uka, 7, uint256(cause)));
        vm.prank(key);
        desk.cancelVoluntarily(uka, 7, "who", "why", 2021);

        assertEq(ledger.balanceOf(plant, uka), 1993, "balance");
        assertEq(obligations.positionOf(plant).surrendered, 0, "no surrender");
    }

    function test_cancel_money_reverts() public {
        vm.startPrank(key);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.NotCancellable.selector, gbp));
        desk.cancelVoluntarily(gbp, 7, "who", "why", 2021);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.NotCancellable.selector, gbp | 1 << 255));
        desk.cancelVoluntarily(gbp | 1 << 255, 7, "who", "why", 2021);
        vm.stopPrank();
    }

    function test_cancel_byAKeyWithoutTheRight_reverts() public {
        registry.open(plant, other, Rights.ALL & ~Rights.APPROVE);
        vm.prank(other);
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        desk.cancelVoluntarily(uka, 7, "who", "why", 2021);
    }

    function test_cancel_boundUnits_reverts() public {
        applyFor(uka, 2000);
        vm.prank(key);
        vm.expectPartialRevert(IInstrumentLedger.InsufficientFree.selector);
        desk.cancelVoluntarily(uka, 1, "who", "why", 2021);
    }

    /* VOUCHERS' DAY */

    function test_orderOfDay_atMidnightOfTheScheme_startsAgain() public {
        vm.warp(1_640_995_200 + 23 hours - 1); // offset + 1 h: one second before midnight
        _cancelOne(1);
        _cancelOne(2);
        vm.warp(1_640_995_200 + 23 hours);
        _cancelOne(1);
    }

    function _cancelOne(uint32 expected) private {
        vm.recordLogs();
        vm.prank(key);
        desk.cancelVoluntarily(uka, 1, "who", "why", 2021);
        // The voucher's event is the last one of the transaction.
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        assertEq(last.topics[0], IVoucherIssuer.VoucherIssued.selector, "event");
        (uint32 order,) = abi.decode(last.data, (uint32, bytes32));
        assertEq(order, expected, "order of the day");
    }

    function test_utcOffset_sameDay_changes() public {
        vm.warp(1_640_995_200 + 12 hours);
        vm.expectEmit(address(desk));
        emit IComplianceDesk.UtcOffsetChanged(0);
        vm.prank(manager);
        desk.setUtcOffset(0);
        assertTrue(desk.setupOf().utcOffset == 0, "offset");
        vm.prank(manager);
        desk.setUtcOffset(-3600);
        assertTrue(desk.setupOf().utcOffset == -3600, "negative offset");
        assertEq(desk.setupOf().scheme, SCHEME, "scheme");
        assertEq(desk.setupOf().series, SERIES, "series");
    }

    function test_utcOffset_otherDay_reverts() public {
        vm.warp(1_640_995_200 + 23 hours + 30 minutes);
        vm.startPrank(manager);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.DayWouldChange.selector, int32(3600), int32(0)));
        desk.setUtcOffset(0);
        vm.expectRevert(abi.encodeWithSelector(IComplianceDesk.BadOffset.selector, int32(86_400)));
        desk.setUtcOffset(86_400);
        vm.stopPrank();
    }

    /* WHO MAY */

    // @requirement R-ACC-1
    function test_restricted_byAStranger_reverts() public {
        uint256 id = applyFor(uka, 1);
        bytes[] memory calls = new bytes[](5);
        calls[0] = abi.encodeCall(ComplianceDesk.approveSurrender, (id));
        calls[1] = abi.encodeCall(ComplianceDesk.approveSurrenders, (one(id)));
        calls[2] = abi.encodeCall(ComplianceDesk.rejectSurrender, (id, "reason"));
        calls[3] = abi.encodeCall(ComplianceDesk.rejectSurrenders, (one(id), "reason"));
        calls[4] = abi.encodeCall(ComplianceDesk.setUtcOffset, (0));
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(key);
            (bool done, bytes memory why) = address(desk).call(calls[i]);
            assertFalse(done, "refused");
            assertEq(
                keccak256(why),
                keccak256(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, key)),
                "why"
            );
        }
    }

    function test_initialize_again_reverts() public {
        vm.expectRevert();
        desk.initialize(IComplianceDesk.Setup(1, 1, 0));
    }

    function _leaf(VoucherKind kind, uint40 index, uint32 order, uint256 instrument, uint256 quantity, uint256 ref)
        private
        view
        returns (bytes32)
    {
        return VoucherSeries.leafOf(
            Voucher({
                kind: kind,
                series: SERIES,
                index: index,
                orderOfDay: order,
                at: uint40(block.timestamp),
                instrument: instrument,
                quantity: quantity,
                price: 0,
                from: plant,
                to: address(0),
                ref: ref
            })
        );
    }
}
