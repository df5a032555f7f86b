// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { IEmissionReports } from "../../../contracts/reporting/IEmissionReports.sol";
import { IVerifications } from "../../../contracts/reporting/IVerifications.sol";
import { AccountKind, AccountStatus, Rights } from "../../../contracts/types/Accounts.sol";
import { ReportingSuite } from "../support/ReportingSuite.sol";

contract VerificationsTest is ReportingSuite {
    function setUp() public {
        setUpReporting(address(this));
        planFor(PLANT_KEY, works);
    }

    /* VERIFIERS */

    // @requirement R-MRV-6 accredited verifiers
    function test_accredit_verifier_forATime() public {
        vm.expectEmit(address(verifications));
        emit IVerifications.VerifierAccredited(verifier, NOW + 10, "scope");
        vm.prank(REGULATOR);
        verifications.accreditVerifier(verifier, NOW + 10, "scope");
        assertEq(verifications.accreditedUntil(verifier), NOW + 10);
        engage(PLANT_KEY, works, YEAR);
        report(PLANT_KEY, works, YEAR, 1);

        vm.warp(NOW + 10);
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.NotAccredited.selector, verifier, NOW + 10));
        verifications.verify(works, YEAR, 1, opinionOf(gramsOf(1)));
    }

    function test_withdraw_accreditation_endsOpinions() public {
        engage(PLANT_KEY, works, YEAR);
        report(PLANT_KEY, works, YEAR, 1);
        vm.expectEmit(address(verifications));
        emit IVerifications.AccreditationWithdrawn(verifier, "cause");
        vm.prank(REGULATOR);
        verifications.withdrawAccreditation(verifier, "cause");
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.NotAccredited.selector, verifier, 0));
        verifications.verify(works, YEAR, 1, opinionOf(gramsOf(1)));
    }

    function test_accredit_badData_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(IVerifications.NotAVerifier.selector, plant, uint8(AccountKind.OPERATOR))
        );
        verifications.accreditVerifier(plant, FAR, "scope");
        vm.expectRevert(IVerifications.DigestMissing.selector);
        verifications.accreditVerifier(verifier, FAR, 0);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.BadAccreditation.selector, verifier, NOW));
        verifications.accreditVerifier(verifier, NOW, "scope");
        vm.expectRevert(abi.encodeWithSelector(IVerifications.BadAccreditation.selector, plant, 0));
        verifications.withdrawAccreditation(plant, "cause");
        vm.expectRevert(IVerifications.DigestMissing.selector);
        verifications.withdrawAccreditation(verifier, 0);
        vm.stopPrank();
    }

    // @requirement R-MRV-6 independent verifiers
    function test_engage_sameOwner_isRefused() public {
        setAccount(verifier, AccountStatus.ACTIVE, AccountKind.VERIFIER, 0, 1, FAR);
        vm.prank(PLANT_KEY);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.NotIndependent.selector, verifier, plant, 1));
        verifications.engageVerifier(works, YEAR, verifier);
    }

    // @requirement R-MRV-6
    function test_verify_boughtByTheOperatorMeanwhile_isRefused() public {
        engage(PLANT_KEY, works, YEAR);
        report(PLANT_KEY, works, YEAR, 1);
        setAccount(verifier, AccountStatus.ACTIVE, AccountKind.VERIFIER, 0, 1, FAR);
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.NotIndependent.selector, verifier, plant, 1));
        verifications.verify(works, YEAR, 1, opinionOf(gramsOf(1)));
    }

    function test_engage_ofNoGroup_isIndependent() public {
        setAccount(verifier, AccountStatus.ACTIVE, AccountKind.VERIFIER, 0, 0, FAR);
        setAccount(plant, AccountStatus.ACTIVE, AccountKind.OPERATOR, 0, 0, FAR);
        vm.expectEmit(address(verifications));
        emit IVerifications.VerifierEngaged(works, YEAR, verifier);
        engage(PLANT_KEY, works, YEAR);
        assertEq(verifications.engagedFor(works, YEAR), verifier);
    }

    function test_engage_badData_isRefused() public {
        vm.startPrank(PLANT_KEY);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.NotAccredited.selector, rival, 0));
        verifications.engageVerifier(works, YEAR, rival);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.NotActiveIn.selector, works, 2020));
        verifications.engageVerifier(works, 2020, verifier);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.UnknownInstallation.selector, 9));
        verifications.engageVerifier(9, YEAR, verifier);
        vm.stopPrank();
        settle(PLANT_KEY, works, YEAR, 1);
        vm.prank(PLANT_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.FilingClosed.selector, works, YEAR, IEmissionReports.FilingState.ACCEPTED
            )
        );
        verifications.engageVerifier(works, YEAR, verifier);
    }

    /* OPINIONS */

    // @requirement R-MRV-6 verified quantity, misstatement, conclusion
    // @requirement R-DAT-l
    function test_verify_report_isRecordedAndCompared() public {
        engage(PLANT_KEY, works, YEAR);
        report(PLANT_KEY, works, YEAR, 100);
        IVerifications.Opinion memory opinion =
            IVerifications.Opinion(gramsOf(100) + 30e6, 40e6, IVerifications.Conclusion.QUALIFIED, "opinion");
        vm.expectEmit(address(verifications));
        emit IVerifications.ReportVerified(works, YEAR, verifier, 1, opinion);
        vm.prank(VERIFIER_KEY);
        verifications.verify(works, YEAR, 1, opinion);

        IVerifications.Verification memory known = verifications.verificationOf(works, YEAR, 1);
        assertEq(known.verifier, verifier);
        assertEq(known.verifiedAt, NOW);
        assertEq(known.opinion.verifiedGrams, opinion.verifiedGrams);
        assertTrue(verifications.differenceOf(works, YEAR, 1) == 30e6, "difference");
    }

    function test_differenceOf_lessThanReported_isNegative() public {
        engage(PLANT_KEY, works, YEAR);
        report(PLANT_KEY, works, YEAR, 100);
        vm.prank(VERIFIER_KEY);
        verifications.verify(
            works, YEAR, 1, IVerifications.Opinion(gramsOf(100) - 7, 7, IVerifications.Conclusion.POSITIVE, "opinion")
        );
        assertTrue(verifications.differenceOf(works, YEAR, 1) == -7, "difference");
    }

    function test_differenceOf_unverified_isRefused() public {
        report(PLANT_KEY, works, YEAR, 100);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.NoOpinion.selector, works, YEAR, 1));
        verifications.differenceOf(works, YEAR, 1);
    }

    // @requirement R-MRV-6 an opinion stays with its version
    function test_verify_amendedReport_needsANewOpinion() public {
        engage(PLANT_KEY, works, YEAR);
        report(PLANT_KEY, works, YEAR, 100);
        vm.prank(VERIFIER_KEY);
        verifications.verify(works, YEAR, 1, opinionOf(gramsOf(100)));
        report(PLANT_KEY, works, YEAR, 90);
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.NotTheLatest.selector, works, YEAR, 1, 2));
        verifications.verify(works, YEAR, 1, opinionOf(gramsOf(100)));
        vm.prank(VERIFIER_KEY);
        verifications.verify(works, YEAR, 2, opinionOf(gramsOf(90)));
        assertEq(verifications.verificationOf(works, YEAR, 1).opinion.verifiedGrams, gramsOf(100));
        assertEq(verifications.verificationOf(works, YEAR, 2).opinion.verifiedGrams, gramsOf(90));
    }

    // @requirement R-MRV-6 materiality: 5 % up to 500,000 t, 2 % above
    function test_verify_materialMisstatement_allowsOnlyANegativeOpinion(uint256 tonnes) public {
        tonnes = bound(tonnes, 1, 2_000_000);
        engage(PLANT_KEY, works, YEAR);
        report(PLANT_KEY, works, YEAR, tonnes);
        uint128 grams = gramsOf(tonnes);
        uint128 limit = grams <= 500_000e6 ? grams / 20 : grams / 50;

        IVerifications.Opinion memory opinion =
            IVerifications.Opinion(grams, limit + 1, IVerifications.Conclusion.POSITIVE, "opinion");
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.MaterialMisstatement.selector, limit + 1, limit));
        verifications.verify(works, YEAR, 1, opinion);
        opinion.conclusion = IVerifications.Conclusion.QUALIFIED;
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.MaterialMisstatement.selector, limit + 1, limit));
        verifications.verify(works, YEAR, 1, opinion);

        uint256 before = vm.snapshotState();
        opinion.conclusion = IVerifications.Conclusion.NEGATIVE;
        vm.prank(VERIFIER_KEY);
        verifications.verify(works, YEAR, 1, opinion);
        vm.revertToState(before);
        opinion.conclusion = IVerifications.Conclusion.POSITIVE;
        opinion.misstatementGrams = limit;
        vm.prank(VERIFIER_KEY);
        verifications.verify(works, YEAR, 1, opinion);
    }

    function test_verify_incoherentOpinion_isRefused() public {
        engage(PLANT_KEY, works, YEAR);
        report(PLANT_KEY, works, YEAR, 100);
        IVerifications.Opinion memory opinion = opinionOf(gramsOf(100));
        vm.startPrank(VERIFIER_KEY);
        opinion.conclusion = IVerifications.Conclusion.NONE;
        vm.expectRevert(IVerifications.ConclusionMissing.selector);
        verifications.verify(works, YEAR, 1, opinion);
        opinion = opinionOf(gramsOf(100));
        opinion.document = 0;
        vm.expectRevert(IVerifications.DigestMissing.selector);
        verifications.verify(works, YEAR, 1, opinion);
        opinion = opinionOf(gramsOf(90));
        opinion.misstatementGrams = 10e6 - 1;
        vm.expectRevert(abi.encodeWithSelector(IVerifications.MisstatementBelowDifference.selector, 10e6 - 1, 10e6));
        verifications.verify(works, YEAR, 1, opinion);
        vm.stopPrank();
    }

    function test_verify_notEngagedTwiceOrWithoutReport_isRefused() public {
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.NotEngaged.selector, verifier, address(0)));
        verifications.verify(works, YEAR, 1, opinionOf(1));
        engage(PLANT_KEY, works, YEAR);
        vm.startPrank(VERIFIER_KEY);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.NotTheLatest.selector, works, YEAR, 0, 0));
        verifications.verify(works, YEAR, 0, opinionOf(0));
        vm.stopPrank();
        report(PLANT_KEY, works, YEAR, 100);
        vm.startPrank(VERIFIER_KEY);
        verifications.verify(works, YEAR, 1, opinionOf(gramsOf(100)));
        vm.expectRevert(abi.encodeWithSelector(IVerifications.OpinionExists.selector, works, YEAR, 1));
        verifications.verify(works, YEAR, 1, opinionOf(gramsOf(100)));
        vm.stopPrank();
        vm.prank(REGULATOR);
        reports.accept(works, YEAR, 1);
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEmissionReports.FilingClosed.selector, works, YEAR, IEmissionReports.FilingState.ACCEPTED
            )
        );
        verifications.verify(works, YEAR, 1, opinionOf(gramsOf(100)));
    }

    function test_setMateriality_over100PerCent_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.BadMateriality.selector, 10_001, 0));
        verifications.setMateriality(IVerifications.Materiality(1, 10_001, 0));
        vm.expectRevert(abi.encodeWithSelector(IVerifications.BadMateriality.selector, 0, 10_001));
        verifications.setMateriality(IVerifications.Materiality(1, 0, 10_001));
        vm.expectEmit(address(verifications));
        emit IVerifications.MaterialitySet(IVerifications.Materiality(1, 2, 3));
        verifications.setMateriality(IVerifications.Materiality(1, 2, 3));
        vm.stopPrank();
        assertEq(verifications.materiality().above, 3);
    }

    /* WHO MAY */

    // @requirement R-ACC-2
    function test_participantsActs_byWrongKey_areRefused() public {
        vm.startPrank(RIVAL_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IEmissionReports.NotTheOperator.selector, RIVAL_KEY, rival, works, plant)
        );
        verifications.engageVerifier(works, YEAR, verifier);
        vm.expectRevert(abi.encodeWithSelector(IVerifications.NotEngaged.selector, rival, address(0)));
        verifications.verify(works, YEAR, 1, opinionOf(1));
        vm.stopPrank();
        vm.startPrank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, STRANGER));
        verifications.engageVerifier(works, YEAR, verifier);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, STRANGER));
        verifications.verify(works, YEAR, 1, opinionOf(1));
        vm.stopPrank();
        uint16 others = Rights.ALL & ~Rights.REPORT;
        setRights(VERIFIER_KEY, verifier, others);
        setRights(PLANT_KEY, plant, others);
        vm.prank(VERIFIER_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.MissingRight.selector, VERIFIER_KEY, verifier, others, Rights.REPORT)
        );
        verifications.verify(works, YEAR, 1, opinionOf(1));
        vm.prank(PLANT_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.MissingRight.selector, PLANT_KEY, plant, others, Rights.REPORT)
        );
        verifications.engageVerifier(works, YEAR, verifier);
    }

    // @requirement R-ACC-1
    function test_administration_byStranger_isRefused() public {
        expectStranger();
        verifications.accreditVerifier(verifier, FAR, "scope");
        expectStranger();
        verifications.withdrawAccreditation(verifier, "cause");
        expectStranger();
        verifications.setMateriality(IVerifications.Materiality(1, 2, 3));
        expectStranger();
        verifications.upgradeToAndCall(address(verifications), "");
    }

    function test_initialize_again_isRefused() public {
        vm.expectRevert();
        verifications.initialize(IVerifications.Materiality(1, 2, 3));
    }
}
