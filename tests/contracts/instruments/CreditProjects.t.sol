// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { CreditProjects } from "../../../contracts/instruments/CreditProjects.sol";
import { ICreditProjects, Labels } from "../../../contracts/instruments/ICreditProjects.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { AccountKind, Representation, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { CreditSuite } from "../support/CreditSuite.sol";

// @requirement R-AST-4 R-DAT-f R-DAT-g
contract CreditProjectsTest is CreditSuite {
    IInstrumentLedger.Reason private constant _BUFFER = IInstrumentLedger.Reason.BUFFER;

    function setUp() public {
        setUpCredits();
    }

    function _inState(uint32 project, ICreditProjects.ProjectState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICreditProjects.ProjectInState.selector, project, state);
    }

    function _monitoringInState(uint32 report, ICreditProjects.MonitoringState state)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(ICreditProjects.MonitoringInState.selector, 1, report, state);
    }

    function _stateIs(uint32 project, ICreditProjects.ProjectState expected) private view {
        assertEq(uint256(projects.projectOf(project).state), uint256(expected), "state");
    }

    /* BODIES */

    function test_accredit_wrongKindScopeOrTime_reverts() public {
        ICreditProjects.Accreditation memory a = accreditation();
        vm.startPrank(regulator);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditProjects.WrongKind.selector, buyer, AccountKind.OPERATOR, AccountKind.VERIFIER
            )
        );
        projects.accreditBody(buyer, a, "document");
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.accreditBody(body, a, 0);
        uint64[3] memory bad = [uint64(0), 1, 3];
        for (uint256 i; i < bad.length; ++i) {
            a.scopes = bad[i];
            vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadScope.selector, bad[i], a.from, a.until));
            projects.accreditBody(body, a, "document");
        }
        a.scopes = 2;
        a.until = uint40(block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadScope.selector, 2, a.from, a.until));
        projects.accreditBody(body, a, "document");
        a.from = a.until = uint40(block.timestamp + 9);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadScope.selector, 2, a.from, a.until));
        projects.accreditBody(body, a, "document");
        vm.stopPrank();
    }

    function test_dismiss_accredited_saysNothingMore() public {
        uint32 project = listed();
        vm.startPrank(regulator);
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.dismissBody(body, 0);
        vm.expectEmit(address(projects));
        emit ICreditProjects.BodyDismissed(body, "misconduct");
        projects.dismissBody(body, "misconduct");
        assertEq(projects.accreditationOf(body).scopes, 0, "scopes");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.NotAccreditedFor.selector, body, 0));
        projects.dismissBody(body, "again");
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.NotAccreditedFor.selector, body, SCOPE));
        vm.prank(bodyKey);
        projects.validate(project, "design", true, "statement");
    }

    function test_accreditation_beforeAfterAndOutsideScope_saysNothing() public {
        vm.prank(proponentKey);
        uint32 project = projects.list(design());
        ICreditProjects.Accreditation memory a = accreditation();
        bytes memory refused = abi.encodeWithSelector(ICreditProjects.NotAccreditedFor.selector, body, SCOPE);
        a.from = uint40(block.timestamp + 1);
        _engageUnder(a, project, refused);
        a = accreditation();
        a.scopes = ~(uint64(1) << SCOPE) & ~uint64(1);
        _engageUnder(a, project, refused);
        a = accreditation();
        a.until = uint40(block.timestamp + 1);
        vm.prank(regulator);
        projects.accreditBody(body, a, "document");
        vm.warp(block.timestamp + 1);
        vm.expectRevert(refused);
        vm.prank(proponentKey);
        projects.engageBody(project, body);
    }

    function _engageUnder(ICreditProjects.Accreditation memory a, uint32 project, bytes memory refused) private {
        vm.prank(regulator);
        projects.accreditBody(body, a, "document");
        vm.expectRevert(refused);
        vm.prank(proponentKey);
        projects.engageBody(project, body);
    }

    /* LISTING */

    // @requirement R-DAT-f
    function test_list_byAProponent_isListed() public {
        vm.expectEmit(address(projects));
        emit ICreditProjects.ProjectListed(1, proponent, design());
        uint32 project = listed();
        ICreditProjects.Project memory p = projects.projectOf(project);
        assertEq(p.proponent, proponent, "proponent");
        assertEq(p.body, body, "body");
        assertEq(p.design.document, "design", "document");
        assertEq(projects.projectCount(), 1, "count");
        _stateIs(project, ICreditProjects.ProjectState.LISTED);
    }

    function test_list_byOthersOrIncomplete_reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditProjects.WrongKind.selector, buyer, AccountKind.OPERATOR, AccountKind.PROJECT_PROPONENT
            )
        );
        vm.prank(buyerKey);
        projects.list(design());
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        vm.prank(stranger);
        projects.list(design());
        ledger.setRepresentation(address(0x77), Representation(proponent, type(uint40).max, Rights.TRADE));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector, address(0x77), proponent, Rights.TRADE, Rights.REPORT
            )
        );
        vm.prank(address(0x77));
        projects.list(design());
        ICreditProjects.Design memory d = design();
        vm.startPrank(proponentKey);
        d.scope = 0;
        vm.expectPartialRevert(ICreditProjects.BadScope.selector);
        projects.list(d);
        d.scope = 64;
        vm.expectPartialRevert(ICreditProjects.BadScope.selector);
        projects.list(d);
        d = design();
        d.document = 0;
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.list(d);
        d = design();
        d.methodology = 0;
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.list(d);
        vm.stopPrank();
    }

    function test_amend_listedOnly_replaces() public {
        uint32 project = listed();
        ICreditProjects.Design memory d = design();
        d.document = "better";
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.NotTheProponent.selector, buyerKey, project, proponent));
        vm.prank(buyerKey);
        projects.amendDesign(project, d);
        vm.expectEmit(address(projects));
        emit ICreditProjects.DesignAmended(project, d);
        vm.prank(proponentKey);
        projects.amendDesign(project, d);
        vm.startPrank(bodyKey);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditProjects.DesignChanged.selector, project, bytes32("design"), bytes32("better")
            )
        );
        projects.validate(project, "design", true, "statement");
        projects.validate(project, "better", true, "statement");
        vm.stopPrank();
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.VALIDATED));
        vm.prank(proponentKey);
        projects.amendDesign(project, d);
    }

    // @requirement R-AST-4 a validation is of the design that was examined
    function test_amend_byADocumentOfBefore_reverts() public {
        uint32 project = listed();
        ICreditProjects.Design memory d = design();
        d.methodology = "another";
        vm.startPrank(proponentKey);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.DesignRepeated.selector, project, bytes32("design")));
        projects.amendDesign(project, d);
        d.document = "better";
        projects.amendDesign(project, d);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.DesignRepeated.selector, project, bytes32("better")));
        projects.amendDesign(project, d);
        d.document = "design"; // back and forth neither
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.DesignRepeated.selector, project, bytes32("design")));
        projects.amendDesign(project, d);
        projects.list(d); // another project may have it
        vm.stopPrank();
    }

    function test_withdraw_beforeRegistration_ends() public {
        uint32 project = validated();
        vm.startPrank(proponentKey);
        vm.expectEmit(address(projects));
        emit ICreditProjects.ProjectWithdrawn(project);
        projects.withdrawProject(project);
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.WITHDRAWN));
        projects.withdrawProject(project);
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.WITHDRAWN));
        projects.engageBody(project, body);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.UnknownProject.selector, 9));
        projects.withdrawProject(9);
        vm.stopPrank();
    }

    // @requirement R-DAT-f
    function test_engage_aBodyOfTheSameOwner_reverts() public {
        vm.prank(proponentKey);
        uint32 project = projects.list(design());
        setEligibility(body, AccountKind.VERIFIER, 1, 0);
        bytes memory refused = abi.encodeWithSelector(ICreditProjects.BodyNotIndependent.selector, body, proponent, 1);
        vm.expectRevert(refused);
        vm.prank(proponentKey);
        projects.engageBody(project, body);
        setEligibility(body, AccountKind.VERIFIER, 2, 0);
        vm.prank(proponentKey);
        projects.engageBody(project, body);
        setEligibility(body, AccountKind.VERIFIER, 1, 0);
        vm.expectRevert(refused);
        vm.prank(bodyKey);
        projects.validate(project, "design", true, "statement");
    }

    /* VALIDATION AND REGISTRATION */

    function test_validate_notFavourable_staysListed() public {
        uint32 project = listed();
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BodyNotEngaged.selector, buyer, body));
        vm.prank(buyerKey);
        projects.validate(project, "design", true, "statement");
        vm.startPrank(bodyKey);
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.validate(project, "design", true, 0);
        vm.expectEmit(address(projects));
        emit ICreditProjects.ProjectValidated(project, body, false, "baseline not credible");
        projects.validate(project, "design", false, "baseline not credible");
        _stateIs(project, ICreditProjects.ProjectState.LISTED);
        projects.validate(project, "design", true, "statement");
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.VALIDATED));
        projects.validate(project, "design", true, "statement");
        vm.stopPrank();
    }

    // @requirement R-DAT-f
    function test_register_validated_hasACreditingPeriod() public {
        uint32 project = validated();
        vm.expectEmit(address(projects));
        emit ICreditProjects.ProjectRegistered(project, crediting(), pool, "decision");
        vm.prank(registrar);
        projects.register(project, crediting(), "decision");
        ICreditProjects.Project memory p = projects.projectOf(project);
        assertEq(p.crediting.lastDay, DAY + 729, "last day");
        assertEq(p.bufferAccount, pool, "buffer account");
        assertEq(p.monitoredUntil, DAY - 1, "monitored until");
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.REGISTERED));
        vm.prank(registrar);
        projects.register(project, crediting(), "again");
    }

    function test_register_badTerms_reverts() public {
        uint32 project = validated();
        ICreditProjects.Crediting memory c = crediting();
        vm.startPrank(registrar);
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.register(project, c, 0);
        c.bufferShare = 10_001;
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadCrediting.selector, DAY, DAY + 729, 10_001));
        projects.register(project, c, "decision");
        c = crediting();
        c.lastDay = DAY - 1;
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadCrediting.selector, DAY, DAY - 1, 1000));
        projects.register(project, c, "decision");
        c = crediting();
        c.firstDay = 0;
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadCrediting.selector, 0, DAY + 729, 1000));
        projects.register(project, c, "decision");
        vm.stopPrank();
    }

    function test_register_withNoBufferAccount_takesNoShare() public {
        ICreditProjects.Crediting memory c = crediting();
        c.bufferShare = 0;
        uint32 project = validated();
        vm.prank(registrar);
        projects.register(project, c, "decision");
        assertEq(projects.projectOf(project).bufferAccount, address(0), "none");
    }

    function test_register_withAShareAndNoBufferAccount_reverts() public {
        CreditProjects fresh = CreditProjects(newProxy());
        install(address(fresh), address(new CreditProjects(address(ledger), address(origins), SCHEME)), "");
        fresh.accreditBody(body, accreditation(), "document");
        vm.startPrank(proponentKey);
        fresh.list(design());
        fresh.engageBody(1, body);
        vm.stopPrank();
        vm.prank(bodyKey);
        fresh.validate(1, "design", true, "statement");
        vm.expectRevert(ICreditProjects.NoBufferAccount.selector);
        fresh.register(1, crediting(), "decision");
    }

    function test_refuse_undecided_ends() public {
        uint32 project = listed();
        vm.startPrank(registrar);
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.LISTED));
        projects.register(project, crediting(), "decision");
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.refuse(project, 0);
        vm.expectEmit(address(projects));
        emit ICreditProjects.ProjectRefused(project, "not additional");
        projects.refuse(project, "not additional");
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.REFUSED));
        projects.refuse(project, "again");
        vm.stopPrank();
    }

    function test_renew_asOftenAsAllowed_prolongs() public {
        uint32 project = registered();
        uint40 liable = crediting().liableUntil;
        vm.startPrank(registrar);
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.renew(project, DAY + 1000, liable, 0);
        vm.expectPartialRevert(ICreditProjects.BadCrediting.selector);
        projects.renew(project, DAY + 729, liable, "decision");
        vm.expectPartialRevert(ICreditProjects.BadCrediting.selector);
        projects.renew(project, DAY + 1000, liable - 1, "decision");
        vm.expectEmit(address(projects));
        emit ICreditProjects.CreditingRenewed(project, DAY + 1000, liable + 1, "decision");
        projects.renew(project, DAY + 1000, liable + 1, "decision");
        assertEq(projects.projectOf(project).crediting.lastDay, DAY + 1000, "last day");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.NoRenewalLeft.selector, project));
        projects.renew(project, DAY + 2000, liable + 1, "decision");
        vm.stopPrank();
    }

    function test_close_registered_takesNoMoreReports() public {
        uint32 project = registered();
        uint32 report = verified(project, 100);
        vm.startPrank(registrar);
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.close(project, 0);
        vm.expectEmit(address(projects));
        emit ICreditProjects.ProjectClosed(project, "ended");
        projects.close(project, "ended");
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.CLOSED));
        projects.close(project, "again");
        vm.stopPrank();
        vm.expectRevert(_inState(project, ICreditProjects.ProjectState.CLOSED));
        vm.prank(proponentKey);
        projects.reportMonitoring(project, DAY + 365, DAY + 400, 1, "monitoring");
        issueAll(project, report, credit, 100); // what was verified before stays due
        assertEq(ledger.balanceOf(proponent, credit), 90, "issued");
    }

    /* MONITORING */

    // @requirement R-DAT-g
    function test_report_insideThePeriod_isFiled() public {
        uint32 project = registered();
        vm.expectEmit(address(projects));
        emit ICreditProjects.MonitoringReported(project, 1, DAY, DAY + 364, 500, "monitoring");
        uint32 report = reported(project, 500);
        ICreditProjects.Monitoring memory m = projects.monitoringOf(project, report);
        assertEq(m.claimed, 500, "claimed");
        assertEq(uint256(m.state), uint256(ICreditProjects.MonitoringState.FILED), "state");
    }

    function test_report_overlappingOutsideOrFuture_reverts() public {
        uint32 project = registered();
        vm.startPrank(proponentKey);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.PeriodTaken.selector, DAY - 1, DAY + 9, DAY, DAY + 729));
        projects.reportMonitoring(project, DAY - 1, DAY + 9, 5, "monitoring");
        projects.reportMonitoring(project, DAY, DAY + 9, 5, "monitoring");
        vm.expectRevert(
            abi.encodeWithSelector(ICreditProjects.PeriodTaken.selector, DAY + 9, DAY + 20, DAY + 10, DAY + 729)
        );
        projects.reportMonitoring(project, DAY + 9, DAY + 20, 5, "monitoring");
        vm.expectRevert(
            abi.encodeWithSelector(ICreditProjects.PeriodTaken.selector, DAY + 11, DAY + 10, DAY + 10, DAY + 729)
        );
        projects.reportMonitoring(project, DAY + 11, DAY + 10, 5, "monitoring");
        vm.expectPartialRevert(ICreditProjects.PeriodTaken.selector);
        projects.reportMonitoring(project, DAY + 10, DAY + 730, 5, "monitoring");
        vm.expectPartialRevert(ICreditProjects.TonnesOutOfRange.selector);
        projects.reportMonitoring(project, DAY + 10, DAY + 20, 0, "monitoring");
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.reportMonitoring(project, DAY + 10, DAY + 20, 5, 0);
        vm.stopPrank();
        vm.warp(uint256(DAY + 20) * 1 days);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.PeriodNotOver.selector, DAY + 20));
        vm.prank(proponentKey);
        projects.reportMonitoring(project, DAY + 10, DAY + 20, 5, "monitoring");
    }

    function test_withdrawReport_lastOnly_freesTheDays() public {
        uint32 project = registered();
        uint32 first = reported(project, 5);
        vm.startPrank(proponentKey);
        uint32 second = projects.reportMonitoring(project, DAY + 365, DAY + 370, 5, "monitoring");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.LaterReportStands.selector, project, first));
        projects.withdrawMonitoring(project, first);
        vm.expectEmit(address(projects));
        emit ICreditProjects.MonitoringWithdrawn(project, second);
        projects.withdrawMonitoring(project, second);
        vm.expectRevert(_monitoringInState(second, ICreditProjects.MonitoringState.WITHDRAWN));
        projects.withdrawMonitoring(project, second);
        projects.withdrawMonitoring(project, first);
        assertEq(projects.projectOf(project).monitoredUntil, DAY - 1, "free");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.UnknownMonitoring.selector, project, 9));
        projects.withdrawMonitoring(project, 9);
        vm.stopPrank();
        assertEq(reported(project, 7), 3, "numbers go on");
    }

    // @requirement R-DAT-g
    function test_verify_moreThanClaimed_needsAReason() public {
        uint32 project = registered();
        uint32 report = reported(project, 500);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BodyNotEngaged.selector, buyer, body));
        vm.prank(buyerKey);
        projects.verify(project, report, 1, 0, "statement");
        vm.startPrank(bodyKey);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.MoreThanClaimed.selector, 501, 500));
        projects.verify(project, report, 501, 0, "statement");
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.verify(project, report, 500, 0, 0);
        vm.expectEmit(address(projects));
        emit ICreditProjects.ReductionsVerified(project, report, body, 501, "meter was slow", "statement");
        projects.verify(project, report, 501, "meter was slow", "statement");
        vm.expectRevert(_monitoringInState(report, ICreditProjects.MonitoringState.VERIFIED));
        projects.verify(project, report, 400, 0, "statement");
        vm.stopPrank();
    }

    function test_verify_nothing_refusesTheReport() public {
        uint32 project = registered();
        uint32 report = reported(project, 500);
        vm.prank(bodyKey);
        projects.verify(project, report, 0, 0, "not credible");
        assertEq(
            uint256(projects.monitoringOf(project, report).state),
            uint256(ICreditProjects.MonitoringState.REFUSED),
            "refused"
        );
        assertEq(reported(project, 400), 2, "the days are free");
    }

    function test_refuseMonitoring_verified_isNotIssued() public {
        uint32 project = registered();
        uint32 report = verified(project, 500);
        vm.startPrank(registrar);
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.refuseMonitoring(project, report, 0);
        vm.expectEmit(address(projects));
        emit ICreditProjects.MonitoringRefused(project, report, "late");
        projects.refuseMonitoring(project, report, "late");
        vm.expectRevert(_monitoringInState(report, ICreditProjects.MonitoringState.REFUSED));
        projects.issue(project, report, one(credit), one(500));
        vm.stopPrank();
    }

    function test_refuseMonitoring_notTheLast_keepsItsDays() public {
        uint32 project = registered();
        uint32 first = reported(project, 5);
        vm.prank(proponentKey);
        projects.reportMonitoring(project, DAY + 365, DAY + 370, 5, "monitoring");
        vm.prank(registrar);
        projects.refuseMonitoring(project, first, "reasons");
        assertEq(projects.projectOf(project).monitoredUntil, DAY + 370, "until");
    }

    /* ISSUE */

    // @requirement R-AST-4 R-AST-1 R-DAT-g
    function test_issue_verified_goesToProponentAndBuffer() public {
        uint32 project = registered();
        uint32 report = verified(project, 1001);
        vm.expectEmit(address(projects));
        emit ICreditProjects.CreditsIssued(project, report, credit, 1001, 101);
        issueAll(project, report, credit, 1001);
        assertEq(ledger.balanceOf(proponent, credit), 900, "proponent");
        assertEq(ledger.balanceOf(pool, credit), 101, "pool");
        assertEq(ledger.encumberedFor(pool, credit, _BUFFER), 101, "bound");
        assertEq(projects.bufferOf(credit), 101, "buffer");
        assertEq(projects.projectOf(project).issued, 1001, "issued");
        assertTrue(
            ledger.isBlock(
                IInstrumentLedger.IssuedBlock(
                    credit, 1, 900, proponent, bytes32(uint256(project) << 32 | report), block.timestamp
                )
            ),
            "certificate of existence"
        );
        vm.expectRevert(_monitoringInState(report, ICreditProjects.MonitoringState.ISSUED));
        issueAll(project, report, credit, 1001);
    }

    function test_issue_overTwoVintages_addsUp() public {
        uint32 project = registered();
        vm.prank(proponentKey);
        uint32 report = projects.reportMonitoring(project, DAY + 300, DAY + 500, 100, "monitoring");
        vm.prank(bodyKey);
        projects.verify(project, report, 90, 0, "statement");
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.WrongSum.selector, 89, 90));
        projects.issue(project, report, two(credit, younger), two(49, 40));
        projects.issue(project, report, two(credit, younger), two(50, 40));
        vm.stopPrank();
        assertEq(ledger.balanceOf(proponent, credit), 45, "2021");
        assertEq(ledger.balanceOf(proponent, younger), 36, "2022");
        assertEq(projects.projectOf(project).buffered, 9, "buffer");
    }

    function test_issue_wrongLines_reverts() public {
        uint32 project = registered();
        uint32 report = verified(project, 100);
        uint256[4] memory wrong = [
            younger,
            InstrumentId.unwrap(instrumentId(InstrumentClass.CREDIT, SCHEME, 2021, 2, 0)),
            InstrumentId.unwrap(instrumentId(InstrumentClass.CREDIT, 1, 2021, 1, 0)),
            InstrumentId.unwrap(instrumentId(InstrumentClass.ALLOWANCE, SCHEME, 2021, 1, 0))
        ];
        vm.startPrank(registrar);
        for (uint256 i; i < wrong.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICreditProjects.WrongCredit.selector, wrong[i], project));
            projects.issue(project, report, one(wrong[i]), one(100));
        }
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadIssueLines.selector, 0, 0));
        projects.issue(project, report, new uint256[](0), new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadIssueLines.selector, 1, 2));
        projects.issue(project, report, one(credit), two(50, 50));
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadIssueLines.selector, 17, 17));
        projects.issue(project, report, new uint256[](17), new uint256[](17));
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.TonnesOutOfRange.selector, 0, 100));
        projects.issue(project, report, two(credit, credit), two(100, 0));
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.TonnesOutOfRange.selector, type(uint256).max, 100));
        projects.issue(project, report, two(credit, credit), two(type(uint256).max, 101));
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.UnknownMonitoring.selector, project, 7));
        projects.issue(project, 7, one(credit), one(100));
        vm.stopPrank();
    }

    function test_issue_undefinedInstrument_reverts() public {
        uint32 project = registered();
        uint32 report = verified(project, 100);
        uint256 unknown = InstrumentId.unwrap(instrumentId(InstrumentClass.CREDIT, SCHEME, 2021, 1, 9));
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, unknown));
        issueAll(project, report, unknown, 100);
    }

    function test_issueImported_byOthers_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, address(this), address(origins)));
        projects.issueImported(proponent, credit, 1, "cause");
    }

    function testFuzz_issue_anyShare_isWhole(uint96 tonnes, uint16 share) public {
        tonnes = uint96(bound(tonnes, 1, type(uint64).max));
        ICreditProjects.Crediting memory c = crediting();
        c.bufferShare = uint16(bound(share, 0, 10_000));
        uint32 project = validated();
        vm.prank(registrar);
        projects.register(project, c, "decision");
        issueAll(project, verified(project, tonnes), credit, tonnes);
        uint256 buffered = projects.bufferOf(credit);
        assertEq(ledger.balanceOf(proponent, credit) + buffered, tonnes, "whole");
        assertTrue(buffered * 10_000 >= uint256(tonnes) * c.bufferShare, "no less than the share");
        assertTrue(
            buffered == 0 || (buffered - 1) * 10_000 < uint256(tonnes) * c.bufferShare, "no more than rounded up"
        );
        assertEq(ledger.encumberedFor(pool, credit, _BUFFER), buffered, "bound");
    }

    /* BUFFER */

    function test_buffer_account_isAGovernments() public {
        vm.startPrank(regulator);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditProjects.WrongKind.selector, buyer, AccountKind.OPERATOR, AccountKind.GOVERNMENT
            )
        );
        projects.nameBufferAccount(buyer);
        vm.expectEmit(address(projects));
        emit ICreditProjects.BufferAccountNamed(pool);
        projects.nameBufferAccount(pool);
        vm.stopPrank();
        assertEq(projects.bufferAccount(), pool, "account");
    }

    // @requirement R-AST-4
    function test_reversal_reported_isPaidFromTheBuffer() public {
        uint32 project = issued(1000);
        vm.prank(proponentKey);
        vm.expectEmit(address(projects));
        emit ICreditProjects.ReversalReported(project, 60, "fire");
        projects.reportReversal(project, 60, "fire");
        assertEq(projects.projectOf(project).owed, 60, "owed");
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.TonnesOutOfRange.selector, 61, 60));
        projects.cancelBuffer(project, credit, 61, "fire");
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.cancelBuffer(project, credit, 60, 0);
        vm.expectEmit(address(projects));
        emit ICreditProjects.BufferCancelled(project, credit, 60, "fire");
        projects.cancelBuffer(project, credit, 60, "fire");
        vm.stopPrank();
        assertEq(projects.bufferOf(credit), 40, "buffer");
        assertEq(ledger.instrumentOf(credit).cancelled, 60, "cancelled");
        assertEq(ledger.encumberedFor(pool, credit, _BUFFER), 40, "bound");
        assertEq(projects.projectOf(project).owed, 0, "paid");
        assertEq(projects.projectOf(project).reversed, 60, "told");
    }

    function test_reversal_ofMoreThanCredited_reverts() public {
        uint32 project = issued(1000);
        vm.startPrank(regulator);
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.recordReversal(project, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.TonnesOutOfRange.selector, 0, 1000));
        projects.recordReversal(project, 0, "nothing");
        projects.recordReversal(project, 600, "fire");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.TonnesOutOfRange.selector, 401, 400));
        projects.recordReversal(project, 401, "flood");
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.NotTheProponent.selector, buyerKey, project, proponent));
        vm.prank(buyerKey);
        projects.reportReversal(project, 1, "fire");
    }

    function test_reversal_owed_stopsIssueAndRelease() public {
        uint32 project = issued(1000);
        vm.prank(proponentKey);
        uint32 report = projects.reportMonitoring(project, DAY + 365, DAY + 400, 10, "monitoring");
        vm.prank(bodyKey);
        projects.verify(project, report, 10, 0, "statement");
        vm.prank(regulator);
        projects.recordReversal(project, 5, "fire");
        bytes memory refused = abi.encodeWithSelector(ICreditProjects.ReversalOwed.selector, project, 5);
        vm.warp(crediting().liableUntil);
        vm.startPrank(registrar);
        vm.expectRevert(refused);
        projects.issue(project, report, one(younger), one(10));
        vm.expectRevert(refused);
        projects.releaseBuffer(credit, 1);
        vm.stopPrank();
    }

    function test_reversal_beyondItsBuffer_isPaidFromTheOthersThenByTheProponent() public {
        uint32 first = issued(1000);
        uint32 second = registered();
        uint256 seconds_ = defined(2021, second);
        uint32 report = verified(second, 200);
        issueAll(second, report, seconds_, 200);
        vm.startPrank(regulator);
        projects.recordReversal(first, 150, "fire");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.OwnBufferFirst.selector, first, 100));
        projects.cancelBuffer(first, seconds_, 10, "fire");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BufferTooSmall.selector, credit, 100, 101));
        projects.cancelBuffer(first, credit, 101, "fire");
        projects.cancelBuffer(first, credit, 100, "fire");
        projects.cancelBuffer(first, seconds_, 20, "fire");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BufferTooSmall.selector, seconds_, 0, 1));
        projects.cancelBuffer(first, seconds_, 1, "fire");
        vm.stopPrank();
        assertEq(projects.projectOf(second).buffered, 0, "the other's buffer");
        assertEq(projects.projectOf(first).owed, 30, "owed");
        vm.prank(proponentKey);
        vm.expectEmit(address(projects));
        emit ICreditProjects.ReversalCompensated(first, credit, 30);
        projects.compensate(first, credit, 30);
        assertEq(projects.projectOf(first).owed, 0, "owed");
        assertEq(ledger.balanceOf(proponent, credit), 870, "proponent");
        assertEq(ledger.encumberedFor(proponent, credit, _BUFFER), 0, "nothing stays bound");
    }

    function test_compensate_wrongUnitsOrParty_reverts() public {
        uint32 project = issued(1000);
        vm.prank(regulator);
        projects.recordReversal(project, 50, "fire");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.NotTheProponent.selector, buyerKey, project, proponent));
        vm.prank(buyerKey);
        projects.compensate(project, credit, 1);
        vm.startPrank(proponentKey);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.TonnesOutOfRange.selector, 51, 50));
        projects.compensate(project, credit, 51);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.WrongCredit.selector, gbp, project));
        projects.compensate(project, gbp, 1);
        vm.stopPrank();
        vm.prank(regulator);
        projects.setLabels(credit, Labels.VOLUNTARY_ONLY, "cause");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.WrongCredit.selector, credit, project));
        vm.prank(proponentKey);
        projects.compensate(project, credit, 1);
        setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, Restrictions.NO_TRANSFER);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        vm.prank(proponentKey);
        projects.compensate(project, credit, 1);
    }

    // @requirement R-AST-4 R-AST-5
    function test_compensate_withExpiredCredits_reverts() public {
        uint32 project = issued(1000);
        vm.prank(regulator);
        projects.recordReversal(project, 50, "fire");
        uint40 until = uint40(block.timestamp + 10 days);
        InstrumentId id = instrumentId(InstrumentClass.CREDIT, SCHEME, 2021, project, 7);
        uint256 expiring = InstrumentId.unwrap(id);
        ledger.defineInstrument(id, until, "terms");
        vm.prank(address(projects));
        ledger.issue(proponent, expiring, 50, "cause");
        vm.startPrank(proponentKey);
        vm.warp(until - 1);
        projects.compensate(project, expiring, 20);
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.CreditsExpired.selector, expiring, until));
        projects.compensate(project, expiring, 30);
        vm.stopPrank();
        assertEq(projects.projectOf(project).owed, 30, "owed");
        assertEq(ledger.balanceOf(proponent, expiring), 30, "kept");
    }

    function test_releaseBuffer_afterTheLiability_goesToTheProponent() public {
        uint32 project = issued(1000);
        uint40 until = crediting().liableUntil;
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.LiabilityNotOver.selector, project, until));
        vm.prank(registrar);
        projects.releaseBuffer(credit, 100);
        vm.warp(until);
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BufferTooSmall.selector, credit, 100, 101));
        projects.releaseBuffer(credit, 101);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BufferTooSmall.selector, credit, 100, 0));
        projects.releaseBuffer(credit, 0);
        vm.expectEmit(address(projects));
        emit ICreditProjects.BufferReleased(project, credit, 100);
        projects.releaseBuffer(credit, 100);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.UnknownProject.selector, 0));
        projects.releaseBuffer(gbp, 1);
        vm.stopPrank();
        assertEq(ledger.freeOf(proponent, credit), 1000, "all");
        assertEq(projects.projectOf(project).buffered, 0, "empty");
    }

    /* LABELS */

    // @requirement R-AST-4
    function test_labels_required_decideWhatMayBeSurrendered() public {
        assertTrue(projects.maySurrender(credit), "nothing is required yet");
        vm.startPrank(regulator);
        vm.expectEmit(address(projects));
        emit ICreditProjects.RequiredLabelsSet(Labels.COMPLIANCE | Labels.REMOVAL, "rules");
        projects.setRequiredLabels(Labels.COMPLIANCE | Labels.REMOVAL, "rules");
        assertFalse(projects.maySurrender(credit), "none");
        projects.setLabels(credit, Labels.COMPLIANCE, "cause");
        assertFalse(projects.maySurrender(credit), "one of two");
        vm.expectEmit(address(projects));
        emit ICreditProjects.LabelsSet(credit, Labels.COMPLIANCE | Labels.REMOVAL | Labels.CORSIA, "cause");
        projects.setLabels(credit, Labels.COMPLIANCE | Labels.REMOVAL | Labels.CORSIA, "cause");
        assertTrue(projects.maySurrender(credit), "both");
        projects.setLabels(credit, Labels.ALL, "cause");
        assertFalse(projects.maySurrender(credit), "voluntary only");
        vm.stopPrank();
        assertEq(projects.labelsOf(credit), Labels.ALL, "labels");
        assertEq(projects.requiredLabels(), Labels.COMPLIANCE | Labels.REMOVAL, "required");
    }

    function test_labels_bad_reverts() public {
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadLabels.selector, Labels.ALL + 1));
        projects.setLabels(credit, Labels.ALL + 1, "cause");
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.setLabels(credit, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.WrongCredit.selector, gbp, 0));
        projects.setLabels(gbp, 1, "cause");
        vm.expectRevert(abi.encodeWithSelector(ICreditProjects.BadLabels.selector, Labels.VOLUNTARY_ONLY));
        projects.setRequiredLabels(Labels.VOLUNTARY_ONLY, "cause");
        vm.expectRevert(ICreditProjects.DigestMissing.selector);
        projects.setRequiredLabels(1, 0);
        vm.stopPrank();
    }

    /* WHO MAY */

    function test_administration_byAStranger_reverts() public {
        bytes[14] memory calls = [
            abi.encodeCall(projects.accreditBody, (body, accreditation(), "d")),
            abi.encodeCall(projects.dismissBody, (body, "c")),
            abi.encodeCall(projects.register, (1, crediting(), "d")),
            abi.encodeCall(projects.refuse, (1, "r")),
            abi.encodeCall(projects.renew, (1, 1, 1, "d")),
            abi.encodeCall(projects.close, (1, "c")),
            abi.encodeCall(projects.refuseMonitoring, (1, 1, "r")),
            abi.encodeCall(projects.issue, (1, 1, one(credit), one(1))),
            abi.encodeCall(projects.nameBufferAccount, (pool)),
            abi.encodeCall(projects.recordReversal, (1, 1, "d")),
            abi.encodeCall(projects.cancelBuffer, (1, credit, 1, "c")),
            abi.encodeCall(projects.releaseBuffer, (credit, 1)),
            abi.encodeCall(projects.setLabels, (credit, 1, "c")),
            abi.encodeCall(projects.setRequiredLabels, (1, "c"))
        ];
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(stranger);
            (bool done, bytes memory answer) = address(projects).call(calls[i]);
            assertFalse(done, "done");
            assertEq(keccak256(answer), keccak256(refused), "refusal");
        }
    }
}
