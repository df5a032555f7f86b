// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { Status } from "../../../contracts/compliance/ComplianceStatus.sol";
import { IObligations } from "../../../contracts/compliance/IObligations.sol";
import { Obligations } from "../../../contracts/compliance/Obligations.sol";
import { TooManyTonnes } from "../../../contracts/compliance/Words.sol";
import { Governed } from "../../../contracts/governance/Governed.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { Rounding } from "../../../contracts/types/FixedPoint.sol";
import { ComplianceSuite } from "../support/ComplianceSuite.sol";

// @requirement R-CMP-1 R-CMP-3 R-CMP-4 R-MRV-3
contract ObligationsTest is ComplianceSuite {
    function setUp() public {
        setUpCompliance();
        setRules(2021);
        setRules(2022);
        enrol(plant, 2021, 0);
    }

    /* EMISSIONS */

    // @requirement R-CMP-1 R-MRV-3
    function test_emissions_accepted_areRoundedToTonnesAndOwed() public {
        vm.expectEmit(address(obligations));
        emit IObligations.ObligationChanged(plant, 2021, 3, true);
        vm.expectEmit(address(obligations));
        emit IObligations.StatusChanged(plant, 2022, Status.C, Status.B);
        obligations.onEmissions(plant, 2021, 2_500_000, true);

        IObligations.Position memory position = obligations.positionOf(plant);
        assertEq(position.emissions, 3, "emissions");
        assertEq(position.shortfall, 3, "shortfall");
        assertEq(position.missingYear, 0, "missing");
        assertEq(position.firstYear, 2021, "first");
        assertEq(position.lastYear, 0, "last");
        statusIs(plant, Status.B);
    }

    function test_emissions_withdrawn_areMissing() public {
        emitted(plant, 2021, 10);
        obligations.onEmissions(plant, 2021, 4_000_000, false);
        statusIs(plant, Status.C);
        assertEq(obligations.positionOf(plant).emissions, 0, "emissions");
        assertEq(obligations.positionOf(plant).missingYear, 2021, "missing");
        emitted(plant, 2021, 7);
        assertEq(obligations.positionOf(plant).emissions, 7, "given again");
    }

    function test_emissions_roundings_areThoseOfTheScheme(uint64 grams) public {
        uint256[3] memory tonnes =
            [(uint256(grams) + 500_000) / 1e6, uint256(grams) / 1e6, (uint256(grams) + 999_999) / 1e6];
        for (uint256 i; i < 3; ++i) {
            Obligations fresh = Obligations(newProxy());
            install(
                address(fresh),
                address(new Obligations(address(registry), address(this), address(this), address(registry))),
                abi.encodeCall(Obligations.initialize, (IObligations.Scheme(2021, 2022, Rounding(i))))
            );
            fresh.onEmissions(plant, 2021, grams, true);
            assertEq(fresh.yearOf(plant, 2021).emissions, tonnes[i], "tonnes");
        }
    }

    function test_emissions_beforeEnrolment_areKept() public {
        emitted(mill, 2021, 10);
        statusIs(mill, Status.NOT_APPLICABLE);
        enrol(mill, 2021, 0);
        statusIs(mill, Status.B);
    }

    function test_emissions_ofYearsThatHaveNotComeUp_areNotOwed() public {
        emitted(plant, 2021, 10);
        emitted(plant, 2022, 5);
        assertEq(obligations.positionOf(plant).emissions, 10, "2022 is not over");
        openYear(2023);
        assertEq(obligations.positionOf(plant).emissions, 15, "now it is");
    }

    function test_emissions_byAnotherContract_revert() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(this)));
        obligations.onEmissions(plant, 2021, 1, true);
    }

    function test_emissions_outOfRange_revert() public {
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearOutOfRange.selector, 2020, 2021, 2075));
        obligations.onEmissions(plant, 2020, 1, true);
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearOutOfRange.selector, 2076, 2021, 2075));
        obligations.onEmissions(plant, 2076, 1, true);
        vm.expectRevert(abi.encodeWithSelector(TooManyTonnes.selector, 1 << 48));
        obligations.onEmissions(plant, 2021, uint128(1 << 48) * 1e6, true);
    }

    /* YEARS */

    function test_enrol_again_reverts() public {
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(IObligations.AlreadyEnrolled.selector, plant, 2021));
        obligations.enrol(plant, 2022, 0);
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearsReversed.selector, 2022, 2021));
        obligations.enrol(mill, 2022, 2021);
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearOutOfRange.selector, 2020, 2021, 2075));
        obligations.enrol(mill, 2020, 2021);
        vm.stopPrank();
    }

    function test_years_changed_changeTheStatus() public {
        emitted(plant, 2021, 10);
        vm.startPrank(regulator);
        vm.expectEmit(address(obligations));
        emit IObligations.YearsChanged(plant, 2021, 2022);
        obligations.setLastYear(plant, 2022);
        statusIs(plant, Status.C); // 2022 is the last and open: judged already
        obligations.setLastYear(plant, 0);
        statusIs(plant, Status.B);
        obligations.setFirstYear(plant, 2022);
        statusIs(plant, Status.NOT_APPLICABLE);
        obligations.setFirstYear(plant, 2021);
        obligations.setLastYear(plant, 2021);
        statusIs(plant, Status.B);
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearsReversed.selector, 2022, 2021));
        obligations.setFirstYear(plant, 2022);
        vm.expectRevert(abi.encodeWithSelector(IObligations.NotEnrolled.selector, mill));
        obligations.setFirstYear(mill, 2022);
        vm.stopPrank();
    }

    function test_exclusion_ofAYear_takesItsEmissionsOut() public {
        emitted(plant, 2021, 10);
        vm.startPrank(regulator);
        vm.expectEmit(address(obligations));
        emit IObligations.ExclusionChanged(plant, 2021, true, "cause");
        obligations.exclude(plant, 2021, "cause");
        statusIs(plant, Status.EXCLUDED);
        assertEq(obligations.positionOf(plant).emissions, 0, "emissions");
        vm.expectRevert(abi.encodeWithSelector(IObligations.ExclusionUnchanged.selector, plant, 2021, true));
        obligations.exclude(plant, 2021, "cause");
        vm.expectRevert(IObligations.CauseMissing.selector);
        obligations.include(plant, 2021, 0);
        vm.stopPrank();

        emitted(plant, 2021, 12); // corrected meanwhile
        vm.startPrank(regulator);
        obligations.include(plant, 2021, "cause");
        statusIs(plant, Status.B);
        assertEq(obligations.positionOf(plant).emissions, 12, "emissions again");
        vm.expectRevert(abi.encodeWithSelector(IObligations.ExclusionUnchanged.selector, plant, 2021, false));
        obligations.include(plant, 2021, "cause");
        vm.stopPrank();
    }

    function test_openYear_notTheNext_reverts() public {
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearNotNext.selector, 2024, 2022));
        obligations.openYear(2024);
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearNotNext.selector, 2022, 2022));
        obligations.openYear(2022);
        for (uint16 year = 2023; year <= 2075; ++year) {
            obligations.openYear(year);
        }
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearOutOfRange.selector, 2076, 2021, 2075));
        obligations.openYear(2076);
        vm.stopPrank();
        assertEq(obligations.schemeOf().currentYear, 2075, "current");
    }

    function test_refresh_afterANewYear_tellsTheStatus() public {
        emitted(plant, 2021, 0);
        openYear(2023);
        address[] memory accounts = new address[](1);
        accounts[0] = plant;
        vm.expectEmit(address(obligations));
        emit IObligations.StatusChanged(plant, 2023, Status.A, Status.C);
        obligations.refresh(accounts);
        accounts[0] = mill;
        vm.expectRevert(abi.encodeWithSelector(IObligations.NotEnrolled.selector, mill));
        obligations.refresh(accounts);
    }

    /* RULES */

    function test_rules_thatCannotBe_revert() public {
        IObligations.Rules[5] memory bad;
        for (uint256 i; i < bad.length; ++i) {
            bad[i] = rulesFor(2023);
        }
        (bad[0].surrenderDeadline, bad[0].reportingDeadline) = (0, 0);
        bad[1].reportingDeadline = bad[1].surrenderDeadline + 1;
        bad[2].creditShare = 10_001;
        bad[3].indexDenominator = 0;
        (bad[4].oldestVintage, bad[4].newestVintage) = (2022, 2021);
        vm.startPrank(regulator);
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IObligations.BadRules.selector, 2023));
            obligations.setRules(2023, bad[i]);
        }
        vm.expectRevert(abi.encodeWithSelector(IObligations.YearOutOfRange.selector, 2020, 2021, 2075));
        obligations.setRules(2020, rulesFor(2021));
        vm.stopPrank();
    }

    function test_rules_afterTheDeadline_stand() public {
        vm.warp(deadlineOf(2021));
        setRules(2021);
        vm.warp(deadlineOf(2021) + 1);
        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(IObligations.RulesFixed.selector, 2021, deadlineOf(2021)));
        obligations.setRules(2021, rulesFor(2022));
        assertEq(obligations.rulesOf(2021).penaltyPerTonne, PENALTY, "rules");
    }

    /* DEADLINES */

    // @requirement R-CMP-4 the static status is that of the deadline
    function test_freeze_afterTheDeadline_keepsTheFigures() public {
        emitted(plant, 2021, 10);
        surrender(4);
        vm.expectRevert(abi.encodeWithSelector(IObligations.DeadlineNotPassed.selector, plant, 2021, deadlineOf(2021)));
        obligations.freezeStatus(plant, 2021);

        vm.warp(deadlineOf(2021) + 1);
        vm.expectEmit(address(obligations));
        emit IObligations.StatusFrozen(plant, 2021, Status.B, 10, 4, 0);
        obligations.freezeStatus(plant, 2021);
        surrender(6);

        IObligations.YearRecord memory record = obligations.yearOf(plant, 2021);
        assertEq(uint256(record.status), uint256(Status.B), "static");
        assertEq(record.surrendered, 4, "surrendered");
        assertEq(uint256(record.stage), uint256(IObligations.YearStage.FROZEN), "stage");
        statusIs(plant, Status.A);
        assertEq(obligations.positionOf(plant).frozenThrough, 2021, "frozen through");
    }

    // @requirement R-CMP-4
    function test_freeze_byNobody_happensBeforeTheAccountChanges() public {
        emitted(plant, 2021, 10);
        vm.warp(deadlineOf(2021) + 1);
        surrender(10);
        IObligations.YearRecord memory record = obligations.yearOf(plant, 2021);
        assertEq(uint256(record.status), uint256(Status.B), "static");
        assertEq(record.surrendered, 0, "late");
    }

    // @requirement R-CMP-4
    function test_freeze_emissionsAfterTheDeadline_remainMissing() public {
        vm.warp(deadlineOf(2021) + 1);
        emitted(plant, 2021, 10);
        assertEq(uint256(obligations.yearOf(plant, 2021).status), uint256(Status.C), "static");
        statusIs(plant, Status.B);
    }

    function test_freeze_twoYearsAtOnce_eachByItsOwnYears() public {
        emitted(plant, 2021, 10);
        surrender(10);
        openYear(2023);
        emitted(plant, 2022, 5);
        vm.warp(deadlineOf(2022) + 1);
        obligations.freezeStatus(plant, 2022);
        assertEq(uint256(obligations.yearOf(plant, 2021).status), uint256(Status.A), "2021");
        assertEq(uint256(obligations.yearOf(plant, 2022).status), uint256(Status.B), "2022");
    }

    function test_freeze_yearsAfterTheLast_areNot() public {
        vm.prank(regulator);
        obligations.setLastYear(plant, 2021);
        vm.warp(deadlineOf(2022) + 1);
        obligations.freezeStatus(plant, 2021);
        vm.expectRevert(abi.encodeWithSelector(IObligations.DeadlineNotPassed.selector, plant, 2022, deadlineOf(2022)));
        obligations.freezeStatus(plant, 2022);
    }

    // @requirement R-CMP-3 what was applied for in time is in time
    function test_approve_afterTheDeadlineOfATimelyApplication_countsInTime() public {
        emitted(plant, 2021, 10);
        ledger.issue(plant, uka, 10, "allocation");
        vm.warp(deadlineOf(2021));
        uint256 id = applyFor(uka, 10);
        vm.warp(deadlineOf(2021) + 30 days);
        obligations.freezeStatus(plant, 2021);
        assertEq(obligations.yearOf(plant, 2021).awaiting, 1, "awaiting");
        vm.expectRevert(abi.encodeWithSelector(IObligations.ApplicationsPending.selector, plant, 1));
        obligations.assess(plant, 2021);

        vm.expectEmit(address(obligations));
        emit IObligations.StatusFrozen(plant, 2021, Status.A, 10, 10, 0);
        approve(id);
        obligations.assess(plant, 2021);
        assertEq(obligations.yearOf(plant, 2021).penalty, 0, "penalty");
        assertFalse(obligations.positionOf(plant).restricted, "restricted");
    }

    function test_reject_afterTheDeadline_isAwaitedNoLonger() public {
        emitted(plant, 2021, 10);
        ledger.issue(plant, uka, 10, "allocation");
        uint256 id = applyFor(uka, 10);
        vm.warp(deadlineOf(2021) + 1);
        vm.prank(regulator);
        desk.rejectSurrender(id, "reason");
        obligations.assess(plant, 2021);
        assertEq(obligations.yearOf(plant, 2021).penalty, 10 * PENALTY, "penalty");
    }

    // @requirement R-CMP-3 nobody escapes by applying again and again
    function test_assess_withLateApplicationsPending_goesOn() public {
        emitted(plant, 2021, 10);
        ledger.issue(plant, uka, 10, "allocation");
        vm.warp(deadlineOf(2021) + 1);
        uint256 id = applyFor(uka, 10);
        obligations.assess(plant, 2021);
        assertEq(obligations.yearOf(plant, 2021).penalty, 10 * PENALTY, "penalty");
        approve(id);
        assertEq(obligations.yearOf(plant, 2021).surrendered, 0, "static");
        statusIs(plant, Status.A);
    }

    /* PENALTIES */

    // @requirement R-CMP-3
    function test_assess_shortfall_imposesThePenaltyAndForbidsTrade() public {
        emitted(plant, 2021, 10);
        surrender(4);
        vm.warp(deadlineOf(2021) + 1);
        vm.expectEmit(address(obligations));
        emit IObligations.YearAssessed(plant, 2021, 10, 4);
        vm.expectEmit(address(obligations));
        emit IObligations.PenaltyImposed(plant, 2021, 6, 60_000);
        vm.expectEmit(address(obligations));
        emit IObligations.ComplianceRestricted(plant, true, false);
        vm.prank(stranger);
        obligations.assess(plant, 2021);

        assertEq(registry.restrictionsOf(plant), Restrictions.NO_TRADE, "restricted");
        assertEq(registry.causeOf(plant), bytes32("shortfall"), "cause");
        assertTrue(obligations.positionOf(plant).restricted, "position");
        vm.expectRevert(abi.encodeWithSelector(IObligations.AlreadyAssessed.selector, plant, 2021));
        obligations.assess(plant, 2021);
    }

    // @requirement R-CMP-3 made good: allowed to trade again, the penalty remains
    function test_surrender_thatMakesGood_liftsTheRestriction() public {
        emitted(plant, 2021, 10);
        vm.warp(deadlineOf(2021) + 1);
        obligations.assess(plant, 2021);
        surrender(9);
        assertEq(registry.restrictionsOf(plant), Restrictions.NO_TRADE, "still");
        ledger.issue(plant, uka, 1, "allocation");
        uint256 last = applyFor(uka, 1);
        vm.expectEmit(address(obligations));
        emit IObligations.ComplianceRestricted(plant, false, false);
        approve(last);
        assertEq(registry.restrictionsOf(plant), 0, "lifted");
        assertEq(obligations.yearOf(plant, 2021).penalty, 10 * PENALTY, "still due");
    }

    function test_surrender_coveringOldYears_liftsAlthoughTheNextIsOpen() public {
        emitted(plant, 2021, 10);
        vm.warp(deadlineOf(2021) + 1);
        obligations.assess(plant, 2021);
        openYear(2023);
        emitted(plant, 2022, 100);
        surrender(10);
        assertEq(registry.restrictionsOf(plant), 0, "lifted");
        statusIs(plant, Status.B);
    }

    function test_assess_madeGoodBefore_imposesWithoutRestriction() public {
        emitted(plant, 2021, 10);
        vm.warp(deadlineOf(2021) + 1);
        surrender(10);
        obligations.assess(plant, 2021);
        assertEq(obligations.yearOf(plant, 2021).penalty, 10 * PENALTY, "penalty");
        assertEq(registry.restrictionsOf(plant), 0, "free to trade");
    }

    // @requirement R-CMP-3 exact
    function test_assess_anyNumbers_penaltyIsExact(
        uint40 emissions,
        uint40 given,
        uint32 perTonne,
        uint32 numerator,
        uint32 denominator
    ) public {
        IObligations.Rules memory rules = rulesFor(2021);
        rules.penaltyPerTonne = perTonne;
        rules.indexNumerator = numerator >> 8;
        rules.indexDenominator = uint32(bound(denominator, 1, type(uint32).max));
        vm.prank(regulator);
        obligations.setRules(2021, rules);
        emitted(plant, 2021, emissions);
        uint256 surrendered = bound(given, 1, type(uint40).max);
        surrender(surrendered);
        vm.warp(deadlineOf(2021) + 1);
        obligations.assess(plant, 2021);

        uint256 shortfall = emissions > surrendered ? emissions - surrendered : 0;
        uint256 penalty = obligations.yearOf(plant, 2021).penalty;
        // floor(x / d) is the only p with p d <= x < (p + 1) d.
        uint256 exact = shortfall * perTonne * rules.indexNumerator;
        assertLe(penalty * rules.indexDenominator, exact, "not more");
        assertLe(exact + 1, (penalty + 1) * rules.indexDenominator, "not less");
    }

    function test_assess_tooEarlyOrUnknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IObligations.DeadlineNotPassed.selector, plant, 2021, deadlineOf(2021)));
        obligations.assess(plant, 2021);
        vm.warp(deadlineOf(2021) + 1);
        vm.expectRevert(abi.encodeWithSelector(IObligations.EmissionsMissing.selector, plant, 2021));
        obligations.assess(plant, 2021);
        vm.expectRevert(abi.encodeWithSelector(IObligations.NotEnrolled.selector, mill));
        obligations.assess(mill, 2021);
    }

    function test_assess_excludedYear_costsNothing() public {
        emitted(plant, 2021, 10);
        vm.prank(regulator);
        obligations.exclude(plant, 2021, "cause");
        vm.warp(deadlineOf(2021) + 1);
        obligations.assess(plant, 2021);
        assertEq(obligations.yearOf(plant, 2021).penalty, 0, "penalty");
        assertEq(uint256(obligations.yearOf(plant, 2021).status), uint256(Status.EXCLUDED), "static");
    }

    // @requirement R-CMP-3
    function test_penalty_paid_isRecordedOnce() public {
        emitted(plant, 2021, 10);
        emitted(mill, 2021, 10);
        enrol(mill, 2021, 0);
        vm.warp(deadlineOf(2021) + 1);
        vm.startPrank(bank);
        vm.expectRevert(abi.encodeWithSelector(IObligations.NoPenaltyOpen.selector, plant, 2021));
        obligations.recordPenaltyPaid(plant, 2021, "receipt");
        vm.stopPrank();
        obligations.assess(plant, 2021);
        obligations.assess(mill, 2021);
        vm.startPrank(bank);
        vm.expectRevert(IObligations.CauseMissing.selector);
        obligations.recordPenaltyPaid(plant, 2021, 0);
        vm.expectEmit(address(obligations));
        emit IObligations.PenaltyPaid(plant, 2021, 10 * PENALTY, "receipt");
        obligations.recordPenaltyPaid(plant, 2021, "receipt");
        vm.expectRevert(abi.encodeWithSelector(IObligations.NoPenaltyOpen.selector, plant, 2021));
        obligations.recordPenaltyPaid(plant, 2021, "other");
        vm.expectRevert(abi.encodeWithSelector(IObligations.ReferenceUsed.selector, bytes32("receipt")));
        obligations.recordPenaltyPaid(mill, 2021, "receipt");
        vm.stopPrank();
    }

    /* MISSING EMISSIONS */

    // @requirement R-CMP-3
    function test_restrictForMissing_afterTheReportingDeadline_forbidsTradeUntilReported() public {
        uint40 deadline = rulesFor(2021).reportingDeadline;
        vm.expectRevert(abi.encodeWithSelector(IObligations.DeadlineNotPassed.selector, plant, 2021, deadline));
        obligations.restrictForMissing(plant, 2021);
        vm.warp(deadline + 1);
        vm.expectEmit(address(obligations));
        emit IObligations.ComplianceRestricted(plant, false, true);
        obligations.restrictForMissing(plant, 2021);
        obligations.restrictForMissing(plant, 2021); // changes nothing
        assertEq(registry.restrictionsOf(plant), Restrictions.NO_TRADE, "restricted");
        assertEq(registry.causeOf(plant), bytes32("missing emissions"), "cause");
        openYear(2023);
        emitted(plant, 2021, 10);
        assertEq(registry.restrictionsOf(plant), 0, "lifted, although 2022 is open");
        statusIs(plant, Status.C);
    }

    function test_restrictForMissing_nothingMissing_reverts() public {
        emitted(plant, 2021, 10);
        vm.warp(rulesFor(2021).reportingDeadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IObligations.NothingMissing.selector, plant, 2021));
        obligations.restrictForMissing(plant, 2021);
        uint40 deadline = rulesFor(2022).reportingDeadline;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IObligations.DeadlineNotPassed.selector, plant, 2022, deadline));
        obligations.restrictForMissing(plant, 2022); // the year has not come up: nobody opened 2023
    }

    function test_restrictions_twoReasons_bothMustGo() public {
        emitted(plant, 2021, 10);
        vm.warp(deadlineOf(2021) + 1);
        obligations.assess(plant, 2021);
        openYear(2023);
        vm.warp(rulesFor(2022).reportingDeadline + 1);
        obligations.restrictForMissing(plant, 2022);
        ledger.issue(plant, uka, 10, "allocation");
        uint256 id = applyFor(uka, 10);
        vm.expectEmit(address(obligations));
        emit IObligations.ComplianceRestricted(plant, false, true);
        approve(id);
        assertEq(registry.restrictionsOf(plant), Restrictions.NO_TRADE, "still");
        emitted(plant, 2022, 1);
        assertEq(registry.restrictionsOf(plant), 0, "lifted");
    }

    /* WHO MAY */

    // @requirement R-ACC-1
    function test_restricted_byAStranger_reverts() public {
        bytes[] memory calls = new bytes[](8);
        calls[0] = abi.encodeCall(Obligations.openYear, (2023));
        calls[1] = abi.encodeCall(Obligations.setRules, (2021, rulesFor(2021)));
        calls[2] = abi.encodeCall(Obligations.enrol, (mill, 2021, 0));
        calls[3] = abi.encodeCall(Obligations.setFirstYear, (plant, 2022));
        calls[4] = abi.encodeCall(Obligations.setLastYear, (plant, 2022));
        calls[5] = abi.encodeCall(Obligations.exclude, (plant, 2021, "cause"));
        calls[6] = abi.encodeCall(Obligations.include, (plant, 2021, "cause"));
        calls[7] = abi.encodeCall(Obligations.recordPenaltyPaid, (plant, 2021, "receipt"));
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(key);
            (bool done, bytes memory why) = address(obligations).call(calls[i]);
            assertFalse(done, "refused");
            assertEq(
                keccak256(why),
                keccak256(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, key)),
                "why"
            );
        }
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(desk)));
        obligations.openApplication(plant, 0);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(desk)));
        obligations.settleApplication(plant, 2021, 0, 1, 0);
        vm.expectRevert();
        obligations.initialize(IObligations.Scheme(2021, 2021, Rounding.UP));
        vm.stopPrank();
    }
}
