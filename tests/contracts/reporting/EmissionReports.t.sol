// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { IEmissionReports } from "../../../contracts/reporting/IEmissionReports.sol";
import { IMethod } from "../../../contracts/reporting/IMethod.sol";
import { IVerifications } from "../../../contracts/reporting/IVerifications.sol";
import { AccountKind, AccountStatus, Rights } from "../../../contracts/types/Accounts.sol";
import { ReportingSuite } from "../support/ReportingSuite.sol";

contract EmissionReportsTest is ReportingSuite {
    function setUp() public {
        setUpReporting(address(this));
    }

    /* INSTALLATIONS */

    // @requirement R-MRV-2
    function test_registerInstallation_byPermit_getsTheNextNumber() public {
        vm.expectEmit(address(reports));
        emit IEmissionReports.InstallationRegistered(2, rival, "other permit", 8, 4, 2022);
        vm.prank(REGULATOR);
        assertEq(reports.registerInstallation(rival, "other permit", 8, 4, 2022), 2, "number");

        IEmissionReports.Installation memory known = reports.installationOf(2);
        assertEq(known.account, rival);
        assertEq(known.region, 8);
        assertEq(known.sector, 4);
        assertEq(known.permit, "other permit");
        assertEq(reports.installationCount(), 2);
        assertEq(reports.installationsOf(rival).length, 1);
        assertFalse(reports.isActiveIn(2, 2021), "before its first year");
        assertTrue(reports.isActiveIn(2, 2022), "its first year");
        (address account, uint16 region, bool active, uint16 plan) = reports.standingOf(2, 2022);
        assertTrue(account == rival && region == 8 && active && plan == 0, "standing");
    }

    function test_registerInstallation_twice_isRefused() public {
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.PermitTaken.selector, bytes32("permit"), works));
        reports.registerInstallation(rival, "permit", 7, 1, 2021);
    }

    function test_registerInstallation_badData_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(IEmissionReports.NotAnOperator.selector, verifier, uint8(AccountKind.VERIFIER))
        );
        reports.registerInstallation(verifier, "p", 7, 1, 2021);
        vm.expectRevert(IEmissionReports.DigestMissing.selector);
        reports.registerInstallation(plant, 0, 7, 1, 2021);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadYears.selector, 0, 0));
        reports.registerInstallation(plant, "p", 7, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadYears.selector, 10_000, 0));
        reports.registerInstallation(plant, "p", 7, 1, 10_000);
        for (uint256 i = 1; i < 256; ++i) {
            reports.registerInstallation(plant, bytes32(i), 7, 1, 2021);
        }
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.TooManyInstallations.selector, plant, 256));
        reports.registerInstallation(plant, "p", 7, 1, 2021);
        vm.stopPrank();
    }

    function test_setYears_ofClosure_endsTheDuty() public {
        vm.expectEmit(address(reports));
        emit IEmissionReports.InstallationYearsSet(works, 2021, 2022, "closure");
        vm.prank(REGULATOR);
        reports.setYears(works, 2021, 2022, "closure");
        assertTrue(reports.isActiveIn(works, 2022), "last year");
        assertFalse(reports.isActiveIn(works, 2023), "after it");
    }

    function test_setYears_badData_isRefused() public {
        planFor(PLANT_KEY, works);
        settle(PLANT_KEY, works, YEAR, 1);
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadYears.selector, 2022, 2021));
        reports.setYears(works, 2022, 2021, "cause");
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadYears.selector, 0, 2021));
        reports.setYears(works, 0, 2021, "cause");
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadYears.selector, 10_000, 0));
        reports.setYears(works, 10_000, 0, "cause");
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadYears.selector, 2021, 10_000));
        reports.setYears(works, 2021, 10_000, "cause");
        vm.expectRevert(IEmissionReports.DigestMissing.selector);
        reports.setYears(works, 2021, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.UnknownInstallation.selector, 9));
        reports.setYears(9, 2021, 0, "cause");
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.YearHasFigure.selector, works, YEAR));
        reports.setYears(works, 2021, YEAR - 1, "cause");
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.YearHasFigure.selector, works, YEAR));
        reports.setYears(works, YEAR + 1, 0, "cause");
        vm.stopPrank();
    }

    /* PLANS */

    // @requirement R-MRV-2 filed, approved, versioned
    function test_filePlan_approved_isInForceFromItsYear() public {
        IEmissionReports.Stream[] memory streams = streamsOf(2);
        vm.expectEmit(address(reports));
        emit IEmissionReports.PlanFiled(works, plant, 1, 2022, "plan", streams);
        vm.prank(PLANT_KEY);
        assertEq(reports.filePlan(works, 2022, "plan", streams), 1, "version");
        assertEq(reports.planInForce(works, 2022), 0, "filed only");

        vm.expectEmit(address(reports));
        emit IEmissionReports.PlanApproved(works, 1);
        vm.prank(REGULATOR);
        reports.approvePlan(works, 1);

        assertEq(reports.planInForce(works, 2021), 0, "before its year");
        assertEq(reports.planInForce(works, 2022), 1, "from its year");
        IEmissionReports.Plan memory plan = reports.planOf(works, 1);
        assertTrue(plan.state == IEmissionReports.PlanState.APPROVED, "state");
        assertEq(plan.streams.length, 2);
        assertEq(plan.streams[1].method, "process");
        assertEq(plan.document, "plan");
    }

    // @requirement R-MRV-2 a report refers to the plan in force
    function test_filePlan_amendedForLaterYears_leavesEarlierOnesAlone() public {
        planFor(PLANT_KEY, works);
        vm.prank(PLANT_KEY);
        reports.filePlan(works, 2024, "plan 2", streamsOf(1));
        vm.prank(REGULATOR);
        reports.approvePlan(works, 2);
        assertEq(reports.planInForce(works, 2023), 1);
        assertEq(reports.planInForce(works, 2024), 2);
    }

    function test_returnPlan_filed_isNotInForce() public {
        vm.prank(PLANT_KEY);
        reports.filePlan(works, 2021, "plan", streamsOf(1));
        vm.expectEmit(address(reports));
        emit IEmissionReports.PlanReturned(works, 1, "reason");
        vm.prank(REGULATOR);
        reports.returnPlan(works, 1, "reason");
        assertEq(reports.planInForce(works, 2023), 0);

        vm.prank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.WrongPlanState.selector, works, 1, IEmissionReports.PlanState.RETURNED
            )
        );
        reports.approvePlan(works, 1);
    }

    function test_returnPlan_badData_isRefused() public {
        vm.prank(PLANT_KEY);
        reports.filePlan(works, 2021, "plan", streamsOf(1));
        vm.startPrank(REGULATOR);
        vm.expectRevert(IEmissionReports.DigestMissing.selector);
        reports.returnPlan(works, 1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IEmissionReports.WrongPlanState.selector, works, 2, IEmissionReports.PlanState.NONE)
        );
        reports.returnPlan(works, 2, "reason");
        vm.stopPrank();
    }

    function test_filePlan_badData_isRefused() public {
        IEmissionReports.Stream[] memory streams = streamsOf(1);
        vm.startPrank(PLANT_KEY);
        vm.expectRevert(IEmissionReports.DigestMissing.selector);
        reports.filePlan(works, 2021, 0, streams);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadStreamCount.selector, 0, 64));
        reports.filePlan(works, 2021, "plan", streamsOf(0));
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadStreamCount.selector, 65, 64));
        reports.filePlan(works, 2021, "plan", streamsOf(65));
        streams[0].version = 2;
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.MethodNotOpen.selector, bytes32("combustion"), 2));
        reports.filePlan(works, 2021, "plan", streams);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.UnknownInstallation.selector, 9));
        reports.filePlan(9, 2021, "plan", streamsOf(1));
        vm.stopPrank();
    }

    function test_approvePlan_methodClosedMeanwhile_isRefused() public {
        vm.prank(PLANT_KEY);
        reports.filePlan(works, 2021, "plan", streamsOf(2));
        vm.startPrank(REGULATOR);
        methodologies.close("process", 1);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.MethodNotOpen.selector, bytes32("process"), 1));
        reports.approvePlan(works, 1);
        vm.stopPrank();
    }

    /* REPORTS */

    // @requirement R-MRV-3 a contract computes emissions from activity data in whole grams
    // @requirement R-DAT-b
    function test_submitReport_twoStreams_sumsWhatTheMethodsCompute() public {
        planFor(PLANT_KEY, works);
        uint16[] memory entryStreams = new uint16[](2);
        entryStreams[1] = 1;
        uint128[] memory entryGrams = new uint128[](2);
        entryGrams[0] = 2_735_590_275;
        entryGrams[1] = 100e6;
        vm.expectEmit(address(reports));
        emit IEmissionReports.ReportSubmitted(
            works, YEAR, plant, 1, 1, 2_835_590_275, entryStreams, entryGrams, "data", 0, false
        );
        vm.prank(PLANT_KEY);
        (uint16 version, uint128 grams) = reports.submitReport(works, YEAR, entriesOf(100), "data", 0);

        assertEq(version, 1);
        assertEq(grams, 2_835_590_275);
        IEmissionReports.Report memory known = reports.reportOf(works, YEAR, 1);
        assertEq(known.grams, grams);
        assertEq(known.submittedAt, NOW);
        assertEq(known.plan, 1);
        assertEq(known.data, "data");
        assertFalse(known.late, "late");
    }

    // @requirement R-MRV-3 a stream may be reported in parts; they add up
    function test_submitReport_streamInParts_addsUp() public {
        planFor(PLANT_KEY, works);
        IEmissionReports.StreamData[] memory entries = new IEmissionReports.StreamData[](3);
        entries[0] = entriesOf(1)[0];
        entries[1] = entriesOf(40)[1];
        entries[2] = entriesOf(60)[1];
        vm.prank(PLANT_KEY);
        (, uint128 grams) = reports.submitReport(works, YEAR, entries, "data", 0);
        assertEq(grams, gramsOf(100));
    }

    // @requirement R-MRV-4 amendment history
    function test_submitReport_amended_keepsEveryVersion() public {
        planFor(PLANT_KEY, works);
        report(PLANT_KEY, works, YEAR, 100);
        vm.prank(PLANT_KEY);
        reports.submitReport(works, YEAR, entriesOf(90), "data 2", "meter replaced");

        assertEq(reports.filingOf(works, YEAR).version, 2);
        assertEq(reports.reportOf(works, YEAR, 1).grams, gramsOf(100));
        assertEq(reports.reportOf(works, YEAR, 2).grams, gramsOf(90));
        assertEq(reports.reportOf(works, YEAR, 2).data, "data 2");
    }

    function test_submitReport_reasonOfVersion_mustFit() public {
        planFor(PLANT_KEY, works);
        vm.startPrank(PLANT_KEY);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.WrongReason.selector, 1, bytes32("reason")));
        reports.submitReport(works, YEAR, entriesOf(1), "data", "reason");
        reports.submitReport(works, YEAR, entriesOf(1), "data", 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.WrongReason.selector, 2, bytes32(0)));
        reports.submitReport(works, YEAR, entriesOf(1), "data", 0);
        vm.stopPrank();
    }

    // @requirement R-MRV-4 deadlines, late reports
    function test_submitReport_afterTheDeadline_isMarkedLate() public {
        planFor(PLANT_KEY, works);
        vm.warp(DEADLINE);
        report(PLANT_KEY, works, YEAR, 1);
        assertFalse(reports.reportOf(works, YEAR, 1).late, "in the last second");
        vm.warp(DEADLINE + 1);
        report(PLANT_KEY, works, YEAR, 1);
        assertTrue(reports.reportOf(works, YEAR, 2).late, "a second later");
    }

    function test_submitReport_incompleteOrDisordered_isRefused() public {
        planFor(PLANT_KEY, works);
        IEmissionReports.StreamData[] memory entries = new IEmissionReports.StreamData[](1);
        entries[0] = entriesOf(1)[0];
        vm.startPrank(PLANT_KEY);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.StreamsMissing.selector, 1, 2));
        reports.submitReport(works, YEAR, entries, "data", 0);
        entries[0].stream = 1;
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.StreamOutOfOrder.selector, 0, 1, 0));
        reports.submitReport(works, YEAR, entries, "data", 0);
        entries = entriesOf(1);
        entries[1].stream = 2;
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.StreamOutOfOrder.selector, 1, 2, 1));
        reports.submitReport(works, YEAR, entries, "data", 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.StreamsMissing.selector, 0, 2));
        reports.submitReport(works, YEAR, new IEmissionReports.StreamData[](0), "data", 0);
        entries = entriesOf(1);
        entries[1].inputs = "";
        vm.expectRevert(abi.encodeWithSelector(IMethod.MalformedInputs.selector, 0, 96));
        reports.submitReport(works, YEAR, entries, "data", 0);
        vm.stopPrank();
    }

    function test_submitReport_moreThanAReportHolds_isRefused() public {
        planFor(PLANT_KEY, works);
        IEmissionReports.StreamData[] memory entries = new IEmissionReports.StreamData[](3);
        entries[0] = entriesOf(1)[0];
        entries[1] = entriesOf(1)[1];
        entries[1].inputs = abi.encode(type(uint128).max, uint256(0.9e12 * 1e18), 1e18);
        entries[2] = entries[1];
        vm.prank(PLANT_KEY);
        vm.expectPartialRevert(IEmissionReports.TooManyGrams.selector);
        reports.submitReport(works, YEAR, entries, "data", 0);
    }

    function test_submitReport_atTheWrongTime_isRefused() public {
        vm.prank(PLANT_KEY);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.NoPlanInForce.selector, works, YEAR));
        reports.submitReport(works, YEAR, entriesOf(1), "data", 0);
        planFor(PLANT_KEY, works);
        vm.startPrank(PLANT_KEY);
        vm.expectRevert(IEmissionReports.DigestMissing.selector);
        reports.submitReport(works, YEAR, entriesOf(1), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.ReportingNotOpen.selector, 2030));
        reports.submitReport(works, 2030, entriesOf(1), "data", 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.NotActiveIn.selector, works, 2020));
        reports.submitReport(works, 2020, entriesOf(1), "data", 0);
        vm.stopPrank();
        settle(PLANT_KEY, works, YEAR, 1);
        vm.prank(PLANT_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.FilingClosed.selector, works, YEAR, IEmissionReports.FilingState.ACCEPTED
            )
        );
        reports.submitReport(works, YEAR, entriesOf(1), "data", "reason");
    }

    function test_setDeadline_badData_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.ReportingNotOpen.selector, YEAR));
        reports.setDeadline(YEAR, 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadYears.selector, 0, 0));
        reports.setDeadline(0, DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.BadYears.selector, 10_000, 10_000));
        reports.setDeadline(10_000, DEADLINE);
        vm.expectEmit(address(reports));
        emit IEmissionReports.DeadlineSet(YEAR, DEADLINE + 5);
        reports.setDeadline(YEAR, DEADLINE + 5);
        vm.stopPrank();
        assertEq(reports.deadlineOf(YEAR), DEADLINE + 5);
    }

    // @requirement R-ACC-2 each participant's act asks for its right
    function test_participantsActs_byWrongKey_areRefused() public {
        vm.startPrank(RIVAL_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IEmissionReports.NotTheOperator.selector, RIVAL_KEY, rival, works, plant)
        );
        reports.filePlan(works, 2021, "plan", streamsOf(1));
        vm.expectRevert(
            abi.encodeWithSelector(IEmissionReports.NotTheOperator.selector, RIVAL_KEY, rival, works, plant)
        );
        reports.submitReport(works, YEAR, entriesOf(1), "data", 0);
        vm.stopPrank();

        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, STRANGER));
        reports.filePlan(works, 2021, "plan", streamsOf(1));
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, STRANGER));
        reports.submitReport(works, YEAR, entriesOf(1), "data", 0);
        vm.stopPrank();

        uint16 others = Rights.ALL & ~Rights.REPORT;
        setRights(PLANT_KEY, plant, others);
        bytes memory missing =
            abi.encodeWithSelector(IEligibility.MissingRight.selector, PLANT_KEY, plant, others, Rights.REPORT);
        vm.startPrank(PLANT_KEY);
        vm.expectRevert(missing);
        reports.filePlan(works, 2021, "plan", streamsOf(1));
        vm.expectRevert(missing);
        reports.submitReport(works, YEAR, entriesOf(1), "data", 0);
        vm.stopPrank();
    }

    function test_filePlan_bySuspendedAccount_isRefused() public {
        setAccount(plant, AccountStatus.SUSPENDED, AccountKind.OPERATOR, 0, 1, FAR);
        vm.prank(PLANT_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.AccountNotActive.selector, plant, uint8(AccountStatus.SUSPENDED))
        );
        reports.filePlan(works, 2021, "plan", streamsOf(1));
    }

    /* FIGURES */

    // @requirement R-MRV-7 acceptance by the authority
    function test_accept_verifiedReport_countsForTheAccount() public {
        planFor(PLANT_KEY, works);
        report(PLANT_KEY, works, YEAR, 100);
        engage(PLANT_KEY, works, YEAR);
        uint128 verified = gramsOf(100) - 5;
        vm.prank(VERIFIER_KEY);
        verifications.verify(
            works, YEAR, 1, IVerifications.Opinion(verified, 5, IVerifications.Conclusion.QUALIFIED, "opinion")
        );

        vm.expectEmit(address(reports));
        emit IEmissionReports.EmissionsAccepted(works, YEAR, plant, 1, verified);
        vm.expectEmit(address(reports));
        emit IEmissionReports.AccountEmissionsChanged(plant, YEAR, verified, true);
        vm.prank(REGULATOR);
        reports.accept(works, YEAR, 1);

        _assertAccepted(plant, YEAR, verified, true, 1);
        (uint128 figure, bool settled) = reports.figureOf(works, YEAR);
        assertEq(figure, verified);
        assertTrue(settled, "settled");
        assertTrue(reports.filingOf(works, YEAR).state == IEmissionReports.FilingState.ACCEPTED, "state");
        assertEq(reports.filingOf(works, YEAR).acceptedVersion, 1);
        assertEq(sink.lastCaller(), address(reports));
    }

    function test_accept_unverifiedOrStale_isRefused() public {
        planFor(PLANT_KEY, works);
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.NotTheLatest.selector, works, YEAR, 0, 0));
        reports.accept(works, YEAR, 0);
        report(PLANT_KEY, works, YEAR, 100);
        engage(PLANT_KEY, works, YEAR);
        vm.prank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.NotVerified.selector, works, YEAR, 1, IVerifications.Conclusion.NONE
            )
        );
        reports.accept(works, YEAR, 1);
        IVerifications.Opinion memory opinion = opinionOf(gramsOf(100));
        opinion.conclusion = IVerifications.Conclusion.NEGATIVE;
        vm.prank(VERIFIER_KEY);
        verifications.verify(works, YEAR, 1, opinion);
        vm.prank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.NotVerified.selector, works, YEAR, 1, IVerifications.Conclusion.NEGATIVE
            )
        );
        reports.accept(works, YEAR, 1);
        report(PLANT_KEY, works, YEAR, 90);
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.NotTheLatest.selector, works, YEAR, 1, 2));
        reports.accept(works, YEAR, 1);
    }

    function test_accept_twice_isRefused() public {
        planFor(PLANT_KEY, works);
        settle(PLANT_KEY, works, YEAR, 1);
        vm.prank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.FilingClosed.selector, works, YEAR, IEmissionReports.FilingState.ACCEPTED
            )
        );
        reports.accept(works, YEAR, 1);
    }

    // @requirement R-MRV-7 conservative determination where no report comes
    function test_determine_afterTheDeadline_countsAndCanBeCorrected() public {
        vm.warp(DEADLINE + 1);
        vm.expectEmit(address(reports));
        emit IEmissionReports.EmissionsDetermined(works, YEAR, plant, 9e12, "nothing came");
        vm.prank(REGULATOR);
        reports.determine(works, YEAR, 9e12, "nothing came");
        _assertAccepted(plant, YEAR, 9e12, true, 1);
        vm.prank(REGULATOR);
        reports.determine(works, YEAR, 8e12, "inspection");
        _assertAccepted(plant, YEAR, 8e12, true, 2);

        planFor(PLANT_KEY, works);
        vm.prank(PLANT_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.FilingClosed.selector, works, YEAR, IEmissionReports.FilingState.DETERMINED
            )
        );
        reports.submitReport(works, YEAR, entriesOf(1), "data", 0);
    }

    function test_determine_badData_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.DeadlineNotPassed.selector, YEAR, DEADLINE));
        reports.determine(works, YEAR, 1, "cause");
        vm.warp(DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.DeadlineNotPassed.selector, YEAR, DEADLINE));
        reports.determine(works, YEAR, 1, "cause");
        vm.warp(DEADLINE + 1);
        vm.expectRevert(IEmissionReports.DigestMissing.selector);
        reports.determine(works, YEAR, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.ReportingNotOpen.selector, 2022));
        reports.determine(works, 2022, 1, "cause");
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.NotActiveIn.selector, works, 2020));
        reports.determine(works, 2020, 1, "cause");
        vm.stopPrank();
    }

    function test_determine_acceptedFigure_isRefused() public {
        planFor(PLANT_KEY, works);
        settle(PLANT_KEY, works, YEAR, 1);
        vm.warp(DEADLINE + 1);
        vm.prank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.FilingClosed.selector, works, YEAR, IEmissionReports.FilingState.ACCEPTED
            )
        );
        reports.determine(works, YEAR, 1, "cause");
    }

    // @requirement R-MRV-7 replaced by later data only through the authority
    function test_reopen_determinedYear_letsAReportTakeItsPlace() public {
        planFor(PLANT_KEY, works);
        vm.warp(DEADLINE + 1);
        vm.prank(REGULATOR);
        reports.determine(works, YEAR, 9e12, "nothing came");

        vm.expectEmit(address(reports));
        emit IEmissionReports.EmissionsReopened(works, YEAR, plant, 9e12, "report promised");
        vm.prank(REGULATOR);
        reports.reopen(works, YEAR, "report promised");
        _assertAccepted(plant, YEAR, 0, false, 2);
        settle(PLANT_KEY, works, YEAR, 5);
        _assertAccepted(plant, YEAR, gramsOf(5), true, 3);
        assertTrue(reports.reportOf(works, YEAR, 1).late, "late");
    }

    function test_reopen_acceptedYear_forgetsTheVersion() public {
        planFor(PLANT_KEY, works);
        settle(PLANT_KEY, works, YEAR, 5);
        vm.prank(REGULATOR);
        reports.reopen(works, YEAR, "error found");
        IEmissionReports.Filing memory filing = reports.filingOf(works, YEAR);
        assertEq(filing.acceptedVersion, 0);
        assertEq(filing.version, 1);
        (, bool settled) = reports.figureOf(works, YEAR);
        assertFalse(settled, "settled");
        settle(PLANT_KEY, works, YEAR, 6);
        assertEq(reports.filingOf(works, YEAR).acceptedVersion, 2);
    }

    function test_reopen_badData_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.FilingOpen.selector, works, YEAR));
        reports.reopen(works, YEAR, "cause");
        vm.warp(DEADLINE + 1);
        reports.determine(works, YEAR, 1, "cause");
        vm.expectRevert(IEmissionReports.DigestMissing.selector);
        reports.reopen(works, YEAR, 0);
        vm.stopPrank();
    }

    // @requirement R-CMP-1 the obligation follows from accepted emissions of all installations
    function test_acceptedOf_twoInstallations_isCompleteWithBoth() public {
        vm.prank(REGULATOR);
        uint64 second = reports.registerInstallation(plant, "second", 7, 1, YEAR);
        planFor(PLANT_KEY, works);
        planFor(PLANT_KEY, second);
        settle(PLANT_KEY, works, YEAR, 10);
        _assertAccepted(plant, YEAR, gramsOf(10), false, 1);
        settle(PLANT_KEY, second, YEAR, 20);
        _assertAccepted(plant, YEAR, gramsOf(10) + gramsOf(20), true, 2);
        // The second works from YEAR on: the year before is the first one's alone.
        settle(PLANT_KEY, works, YEAR - 1, 1);
        _assertAccepted(plant, YEAR - 1, gramsOf(1), true, 1);
    }

    // @requirement R-CMP-4
    function test_registerInstallation_forAPastYear_makesItIncomplete() public {
        planFor(PLANT_KEY, works);
        settle(PLANT_KEY, works, YEAR - 1, 1);
        settle(PLANT_KEY, works, YEAR, 2);
        vm.expectEmit(address(reports));
        emit IEmissionReports.AccountEmissionsChanged(plant, YEAR, gramsOf(2), false);
        vm.prank(REGULATOR);
        uint64 second = reports.registerInstallation(plant, "second", 7, 1, YEAR);
        _assertAccepted(plant, YEAR, gramsOf(2), false, 2);
        _assertAccepted(plant, YEAR - 1, gramsOf(1), true, 1);

        vm.prank(REGULATOR);
        reports.setYears(second, YEAR + 1, 0, "began later");
        _assertAccepted(plant, YEAR, gramsOf(2), true, 3);
    }

    // @requirement R-MRV-7 the account's sum is the sum of its figures, whatever the order of acts
    function test_acceptedOf_anySequence_isTheSumOfFigures(uint256 seed) public {
        vm.startPrank(REGULATOR);
        uint64 second = reports.registerInstallation(plant, "second", 7, 1, 2021);
        uint64 third = reports.registerInstallation(plant, "third", 7, 1, 2022);
        reports.setDeadline(2021, DEADLINE);
        reports.setDeadline(2022, DEADLINE);
        vm.warp(DEADLINE + 1);
        for (uint256 i; i < 24; ++i) {
            uint256 act = uint256(keccak256(abi.encode(seed, i)));
            uint64 installation = uint64(act % 3 + 1);
            uint16 year = uint16(2021 + (act >> 8) % 3);
            if (!reports.isActiveIn(installation, year)) continue;
            (, bool settled) = reports.figureOf(installation, year);
            if (settled && (act >> 16) % 2 == 0) reports.reopen(installation, year, "cause");
            else reports.determine(installation, year, uint64(act >> 24), "cause");
            if ((act >> 20) % 4 == 0 && !_hasFigure(third, 2022)) {
                reports.setYears(third, (act >> 21) % 2 == 0 ? 2022 : YEAR, 0, "cause");
            }
        }
        vm.stopPrank();
        for (uint16 year = 2021; year <= YEAR; ++year) {
            uint256 sum;
            bool complete = true;
            for (uint64 installation = works; installation <= third; ++installation) {
                (uint128 grams, bool settled) = reports.figureOf(installation, year);
                sum += grams;
                if (reports.isActiveIn(installation, year) && !settled) complete = false;
            }
            (uint128 accepted, bool isComplete) = reports.acceptedOf(plant, year);
            assertEq(accepted, sum, "sum");
            assertEq(isComplete, complete, "complete");
            (uint128 toldGrams, bool toldComplete,) = sink.told(plant, year);
            assertEq(toldGrams, sum, "told");
            assertEq(toldComplete, complete, "told complete");
        }
        assertEq(second, 2);
    }

    /* WHO MAY */

    // @requirement R-ACC-1
    function test_administration_byStranger_isRefused() public {
        expectStranger();
        reports.registerInstallation(plant, "p", 1, 1, 2021);
        expectStranger();
        reports.setYears(works, 2021, 0, "cause");
        expectStranger();
        reports.approvePlan(works, 1);
        expectStranger();
        reports.returnPlan(works, 1, "reason");
        expectStranger();
        reports.setDeadline(YEAR, 1);
        expectStranger();
        reports.accept(works, YEAR, 1);
        expectStranger();
        reports.determine(works, YEAR, 1, "cause");
        expectStranger();
        reports.reopen(works, YEAR, "cause");
        expectStranger();
        reports.upgradeToAndCall(address(reports), "");
    }

    function test_installationOf_unknown_isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.UnknownInstallation.selector, 2));
        reports.installationOf(2);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.UnknownInstallation.selector, 2));
        reports.standingOf(2, YEAR);
    }

    function _hasFigure(uint64 installation, uint16 year) private view returns (bool settled) {
        (, settled) = reports.figureOf(installation, year);
    }

    function _assertAccepted(address account, uint16 year, uint128 grams, bool complete, uint256 times) private view {
        (uint128 accepted, bool isComplete) = reports.acceptedOf(account, year);
        assertEq(accepted, grams, "accepted");
        assertEq(isComplete, complete, "complete");
        (uint128 toldGrams, bool toldComplete, uint256 toldTimes) = sink.told(account, year);
        assertEq(toldGrams, grams, "told grams");
        assertEq(toldComplete, complete, "told complete");
        assertEq(toldTimes, times, "told times");
    }
}
