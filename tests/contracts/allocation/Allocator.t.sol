// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAllocationFormula } from "../../../contracts/allocation/IAllocationFormula.sol";
import { IAllocator } from "../../../contracts/allocation/IAllocator.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { IEmissionReports } from "../../../contracts/reporting/IEmissionReports.sol";
import { AccountKind, AccountStatus, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { FixedPoint } from "../../../contracts/types/FixedPoint.sol";
import {
    InstrumentClass,
    InstrumentId,
    MalformedInstrument,
    instrumentId
} from "../../../contracts/types/InstrumentId.sol";
import { AllocationSuite } from "../support/AllocationSuite.sol";

contract AllocatorTest is AllocationSuite {
    function setUp() public {
        setUpAllocation();
    }

    /* CAP */

    // @requirement R-ALC-3
    function test_setCap_parts_standAndRemain() public {
        IAllocator.Cap memory cap = IAllocator.Cap({ total: 10, free: 5, auction: 3, reserve: 1 });
        vm.expectEmit(address(allocator));
        emit IAllocator.CapSet(2024, cap, "cap");
        vm.prank(REGULATOR);
        allocator.setCap(2024, cap, "cap");
        assertEq(allocator.capOf(2024).free, 5);
        IAllocator.Cap memory left = allocator.remainingOf(2024);
        assertTrue(left.total == 10 && left.free == 5 && left.auction == 3 && left.reserve == 1, "left");
    }

    function test_setCap_badData_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.PartsExceedCap.selector, 11, 10));
        allocator.setCap(2024, IAllocator.Cap({ total: 10, free: 5, auction: 3, reserve: 3 }), "cap");
        vm.expectRevert(IAllocator.DigestMissing.selector);
        allocator.setCap(2024, IAllocator.Cap({ total: 10, free: 5, auction: 3, reserve: 2 }), 0);
        vm.stopPrank();
    }

    // @requirement R-ALC-3 a cap does not fall below what is issued
    function test_setCap_belowIssued_isRefused() public {
        uint256 id = determine(works, 1e18);
        applyFor(id);
        approve(id);
        vm.startPrank(REGULATOR);
        allocator.issueForAuction(treasury, YEAR, allowance, 600, "calendar");
        vm.expectRevert(
            abi.encodeWithSelector(IAllocator.CapBelowIssued.selector, YEAR, IAllocator.Part.FREE, 499, 500)
        );
        allocator.setCap(YEAR, IAllocator.Cap({ total: 2000, free: 499, auction: 600, reserve: 0 }), "cap");
        vm.expectRevert(
            abi.encodeWithSelector(IAllocator.CapBelowIssued.selector, YEAR, IAllocator.Part.AUCTION, 599, 600)
        );
        allocator.setCap(YEAR, IAllocator.Cap({ total: 2000, free: 500, auction: 599, reserve: 0 }), "cap");
        (uint256 reserved,) =
            allocator.determine(works, YEAR, IAllocator.Part.RESERVE, allowance, historicalTimes(0.2e18));
        vm.stopPrank();
        applyFor(reserved);
        approve(reserved);
        vm.startPrank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(IAllocator.CapBelowIssued.selector, YEAR, IAllocator.Part.RESERVE, 99, 100)
        );
        allocator.setCap(YEAR, IAllocator.Cap({ total: 2000, free: 500, auction: 600, reserve: 99 }), "cap");
        allocator.setCap(YEAR, IAllocator.Cap({ total: 1200, free: 500, auction: 600, reserve: 100 }), "cap");
        vm.stopPrank();
        assertEq(allocator.remainingOf(YEAR).total, 0, "all issued");
    }

    /* BASELINES */

    // @requirement R-ALC-1 from accepted data
    function test_registerBaseline_again_isTheNextVersion() public {
        vm.expectEmit(address(allocator));
        emit IAllocator.BaselineRegistered(works, "clinker", 2, 7e18, 2019, 2023, "report");
        vm.prank(REGULATOR);
        allocator.registerBaseline(works, "clinker", 7e18, 2019, 2023, "report");
        IAllocator.Baseline memory known = allocator.baselineOf(works, "clinker");
        assertEq(known.level, 7e18);
        assertEq(known.version, 2);
        assertEq(known.document, "report");
        assertEq(allocator.baselineOf(works, "emissions").version, 1);
        assertEq(allocator.EMISSIONS(), "emissions");
    }

    function test_registerBaseline_badData_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.UnknownInstallation.selector, 9));
        allocator.registerBaseline(9, "emissions", 1, 2014, 2018, "report");
        vm.expectRevert(IAllocator.DigestMissing.selector);
        allocator.registerBaseline(works, 0, 1, 2014, 2018, "report");
        vm.expectRevert(IAllocator.DigestMissing.selector);
        allocator.registerBaseline(works, "emissions", 1, 2014, 2018, 0);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.BadYears.selector, 2018, 2014));
        allocator.registerBaseline(works, "emissions", 1, 2018, 2014, "report");
        vm.expectRevert(abi.encodeWithSelector(IAllocator.BadYears.selector, 0, 2014));
        allocator.registerBaseline(works, "emissions", 1, 0, 2014, "report");
        vm.stopPrank();
    }

    // @requirement R-ALC-1 computed from accepted emissions: mean and median
    function test_computeBaseline_fromFigures_meanAndMedian() public {
        settle(PLANT_KEY, works, 2021, 100);
        settle(PLANT_KEY, works, 2022, 900);
        settle(PLANT_KEY, works, 2023, 200);
        uint256 burnt = 2_735_590_275 * 1e12; // 18 decimals of a tonne
        uint16[] memory span = _years(2021, 2023);

        vm.prank(REGULATOR);
        assertEq(allocator.computeBaseline(works, span, IAllocator.Statistic.MEAN), 400e18 + burnt, "mean of 3");
        vm.prank(REGULATOR);
        assertEq(allocator.computeBaseline(works, span, IAllocator.Statistic.MEDIAN), 200e18 + burnt, "median of 3");
        span = _years(2021, 2022);
        vm.prank(REGULATOR);
        assertEq(allocator.computeBaseline(works, span, IAllocator.Statistic.MEDIAN), 500e18 + burnt, "median of 2");
        IAllocator.Baseline memory known = allocator.baselineOf(works, "emissions");
        assertEq(known.level, 500e18 + burnt);
        assertEq(known.firstYear, 2021);
        assertEq(known.lastYear, 2022);
        assertTrue(known.document != 0, "document");
    }

    function test_computeBaseline_badYears_areRefused() public {
        settle(PLANT_KEY, works, 2021, 100);
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.NoFigure.selector, works, 2022));
        allocator.computeBaseline(works, _years(2021, 2022), IAllocator.Statistic.MEAN);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.BadYears.selector, 0, 0));
        allocator.computeBaseline(works, new uint16[](0), IAllocator.Statistic.MEAN);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.BadYears.selector, 0, 0));
        allocator.computeBaseline(works, new uint16[](11), IAllocator.Statistic.MEAN);
        uint16[] memory twice = new uint16[](2);
        (twice[0], twice[1]) = (2021, 2021);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.BadYears.selector, 2021, 2021));
        allocator.computeBaseline(works, twice, IAllocator.Statistic.MEAN);
        vm.stopPrank();
    }

    // @requirement R-ALC-1
    function test_computeBaseline_absurdFigure_isRefused() public {
        vm.warp(DEADLINE + 1);
        vm.startPrank(REGULATOR);
        reports.determine(works, YEAR, type(uint128).max, "cause");
        vm.expectPartialRevert(FixedPoint.OutOfRange.selector);
        allocator.computeBaseline(works, _years(YEAR, YEAR), IAllocator.Statistic.MEAN);
        vm.stopPrank();
    }

    /* DETERMINING */

    // @requirement R-ALC-2 hashed on-chain, notified, by enterprise and by region
    function test_determine_historical_isHashedAndNotified() public {
        IAllocationFormula.Inputs memory inputs = historicalTimes(0.94272151e18);
        uint256[] memory levels = new uint256[](1);
        levels[0] = 500e18;
        bytes32 digest = keccak256(
            abi.encode(
                uint256(1), plant, works, uint16(7), YEAR, IAllocator.Part.FREE, allowance, levels, inputs, uint64(471)
            )
        );
        vm.expectEmit(address(allocator));
        emit IAllocator.AllocationDetermined(
            1, plant, works, 7, YEAR, IAllocator.Part.FREE, allowance, levels, inputs, 471, 1, digest
        );
        vm.expectEmit(address(allocator));
        emit IAllocator.RegionTotalChanged(YEAR, 7, 471);
        vm.prank(REGULATOR);
        (uint256 id, uint64 quantity) = allocator.determine(works, YEAR, IAllocator.Part.FREE, allowance, inputs);

        assertEq(quantity, 471, "500 x 0.94272151 = 471.360755");
        IAllocator.Determination memory known = allocator.determinationOf(id);
        assertEq(known.account, plant);
        assertEq(known.quantity, 471);
        assertEq(known.digest, digest);
        assertEq(known.instrument, allowance);
        assertTrue(known.state == IAllocator.State.DETERMINED, "state");
        assertEq(allocator.determinationCount(), 1);
        assertEq(allocator.regionTotalOf(YEAR, 7), 471);
        (uint64 explained,) = allocator.formula().explain(levels, inputs);
        assertEq(explained, 471, "explained from the event");
    }

    // @requirement R-ALC-1 the benchmark method
    function test_determine_benchmark_takesEachProductsLevel() public {
        IAllocationFormula.Inputs memory inputs;
        inputs.method = IAllocationFormula.Method.BENCHMARK;
        inputs.terms = new IAllocationFormula.Term[](2);
        inputs.terms[0] = IAllocationFormula.Term("electricity", 0.877e18, ONE);
        inputs.terms[1] = IAllocationFormula.Term("heat", 0.126e18, ONE);
        vm.startPrank(REGULATOR);
        allocator.registerBaseline(works, "electricity", 1000.5e18, 2019, 2020, "report");
        vm.expectRevert(abi.encodeWithSelector(IAllocator.NoBaseline.selector, works, bytes32("heat")));
        allocator.determine(works, YEAR, IAllocator.Part.FREE, allowance, inputs);
        allocator.registerBaseline(works, "heat", 10e18, 2019, 2020, "report");
        (, uint64 quantity) = allocator.determine(works, YEAR, IAllocator.Part.FREE, allowance, inputs);
        vm.stopPrank();
        assertEq(quantity, 879, "877.4385 + 1.26");
    }

    function test_determine_badData_isRefused() public {
        IAllocationFormula.Inputs memory inputs = historical();
        vm.startPrank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IEmissionReports.UnknownInstallation.selector, 9));
        allocator.determine(9, YEAR, IAllocator.Part.FREE, allowance, inputs);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.NotActiveIn.selector, works, 2020));
        allocator.determine(works, 2020, IAllocator.Part.FREE, allowance, inputs);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongPart.selector, IAllocator.Part.AUCTION));
        allocator.determine(works, YEAR, IAllocator.Part.AUCTION, allowance, inputs);
        uint256 money = ledger.mainMoney();
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongInstrument.selector, money, YEAR));
        allocator.determine(works, YEAR, IAllocator.Part.FREE, money, inputs);
        uint256 later = InstrumentId.unwrap(instrumentId(InstrumentClass.ALLOWANCE, 826, YEAR + 1, 0, 0));
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongInstrument.selector, later, YEAR));
        allocator.determine(works, YEAR, IAllocator.Part.FREE, later, inputs);
        vm.expectRevert(abi.encodeWithSelector(MalformedInstrument.selector, 1 << 100));
        allocator.determine(works, YEAR, IAllocator.Part.FREE, 1 << 100, inputs);
        inputs.terms[0].benchmark = 2e18;
        vm.expectRevert(abi.encodeWithSelector(IAllocationFormula.BadBenchmark.selector, 2e18));
        allocator.determine(works, YEAR, IAllocator.Part.FREE, allowance, inputs);
        vm.stopPrank();
    }

    // @requirement R-ALC-4
    function test_determine_again_supersedes() public {
        uint256 first = determine(works, 1e18);
        applyFor(first);
        vm.expectEmit(address(allocator));
        emit IAllocator.AllocationSuperseded(first, first + 1);
        uint256 second = determine(works, 0.5e18);
        assertTrue(stateOf(first) == IAllocator.State.SUPERSEDED, "first");
        assertEq(allocator.review(first), 1 << 3, "not the latest");
        assertEq(allocator.regionTotalOf(YEAR, 7), 250, "region");
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongState.selector, first, IAllocator.State.SUPERSEDED));
        allocator.approve(first);
        applyFor(second);
        approve(second);
        assertEq(ledger.balanceOf(plant, allowance), 250);
    }

    /* APPLYING AND APPROVING */

    // @requirement R-ALC-2 application, review, approval, certificate with time and block, credit
    function test_approve_application_issuesAndCertifies() public {
        uint256 id = determine(works, 1e18);
        vm.expectEmit(address(allocator));
        emit IAllocator.AllocationApplied(id, plant, PLANT_KEY, 0);
        vm.prank(PLANT_KEY);
        assertEq(allocator.applyForAllocation(id), 0, "findings");

        vm.roll(777);
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.UnitsIssued(allowance, plant, 1, 500, allocator.determinationOf(id).digest);
        vm.expectEmit(address(allocator));
        emit IAllocator.AllocationCertified(id, plant, allowance, 500, 1, 777, NOW);
        vm.prank(REGULATOR);
        assertEq(allocator.approve(id), 1, "first serial");

        assertTrue(stateOf(id) == IAllocator.State.CERTIFIED, "state");
        assertEq(ledger.balanceOf(plant, allowance), 500);
        IAllocator.Cap memory issued = allocator.issuedOf(YEAR);
        assertTrue(issued.total == 500 && issued.free == 500 && issued.auction == 0 && issued.reserve == 0, "issued");
        assertEq(allocator.remainingOf(YEAR).free, 500);
        assertEq(allocator.remainingOf(YEAR).total, 1500);
        (uint256 latest, uint64 under, uint64 over) = allocator.allocationOf(works, YEAR, IAllocator.Part.FREE);
        assertTrue(latest == id && under == 500 && over == 0, "allocation");
    }

    // @requirement R-ALC-2 review rules check qualification
    function test_review_eachFinding_hasItsNumber() public {
        uint256 id = determine(works, 1e18);
        applyFor(id);
        uint256 clean = vm.snapshotState();

        setAccount(plant, AccountStatus.SUSPENDED, AccountKind.OPERATOR, 0, 1, FAR);
        _assertFound(id, 1 << 0, clean);
        setAccount(plant, AccountStatus.ACTIVE, AccountKind.OPERATOR, Restrictions.NO_RECEIPT, 1, FAR);
        _assertFound(id, 1 << 0, clean);
        setAccount(plant, AccountStatus.ACTIVE, AccountKind.OPERATOR, 0, 1, NOW);
        _assertFound(id, 1 << 0, clean);

        vm.prank(REGULATOR);
        reports.setYears(works, 2021, 2022, "closure");
        _assertFound(id, 1 << 1, clean);

        vm.prank(REGULATOR);
        allocator.registerBaseline(works, "emissions", 400e18, 2014, 2018, "corrected");
        _assertFound(id, 1 << 4, clean);

        vm.prank(REGULATOR);
        allocator.setCap(YEAR, IAllocator.Cap({ total: 2000, free: 499, auction: 600, reserve: 300 }), "cap");
        _assertFound(id, 1 << 5, clean);
    }

    // @requirement R-ALC-2
    function test_apply_withoutPlan_isFoundAndNotApproved() public {
        vm.startPrank(REGULATOR);
        uint64 bare = reports.registerInstallation(plant, "bare", 7, 1, 2021);
        allocator.registerBaseline(bare, "emissions", 5e18, 2014, 2018, "report");
        vm.stopPrank();
        uint256 id = determine(bare, 1e18);
        vm.prank(PLANT_KEY);
        assertEq(allocator.applyForAllocation(id), 1 << 2, "findings");
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.ReviewFailed.selector, id, 1 << 2));
        allocator.approve(id);
        planFor(PLANT_KEY, bare);
        approve(id);
        assertEq(ledger.balanceOf(plant, allowance), 5);
    }

    function test_apply_inTheWrongState_isRefused() public {
        uint256 id = determine(works, 1e18);
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongState.selector, id, IAllocator.State.DETERMINED));
        allocator.approve(id);
        applyFor(id);
        vm.prank(PLANT_KEY);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongState.selector, id, IAllocator.State.APPLIED));
        allocator.applyForAllocation(id);
        approve(id);
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongState.selector, id, IAllocator.State.CERTIFIED));
        allocator.approve(id);
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongState.selector, id, IAllocator.State.CERTIFIED));
        allocator.reject(id, "reason");
    }

    function test_determination_unknown_isRefused() public {
        bytes memory unknown = abi.encodeWithSelector(IAllocator.UnknownDetermination.selector, 5);
        vm.startPrank(REGULATOR);
        vm.expectRevert(unknown);
        allocator.approve(5);
        vm.expectRevert(unknown);
        allocator.reject(5, "reason");
        vm.expectRevert(unknown);
        allocator.applyForAllocation(5);
        vm.expectRevert(unknown);
        allocator.review(5);
        vm.expectRevert(unknown);
        allocator.determinationOf(5);
        vm.stopPrank();
    }

    // @requirement R-ACC-2
    function test_apply_byWrongKey_isRefused() public {
        uint256 id = determine(works, 1e18);
        vm.prank(RIVAL_KEY);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.NotTheOwner.selector, RIVAL_KEY, rival, plant));
        allocator.applyForAllocation(id);
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, STRANGER));
        allocator.applyForAllocation(id);
        uint16 others = Rights.ALL & ~Rights.INITIATE;
        setRights(PLANT_KEY, plant, others);
        vm.prank(PLANT_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.MissingRight.selector, PLANT_KEY, plant, others, Rights.INITIATE)
        );
        allocator.applyForAllocation(id);
    }

    // @requirement R-ALC-2
    function test_reject_determination_leavesNothingDue() public {
        uint256 id = determine(works, 1e18);
        vm.expectEmit(address(allocator));
        emit IAllocator.AllocationRejected(id, plant, "reason");
        vm.expectEmit(address(allocator));
        emit IAllocator.RegionTotalChanged(YEAR, 7, 0);
        vm.prank(REGULATOR);
        allocator.reject(id, "reason");
        assertTrue(stateOf(id) == IAllocator.State.REJECTED, "state");
        uint256 second = determine(works, 0.5e18);
        assertTrue(stateOf(id) == IAllocator.State.REJECTED, "stays rejected");
        assertEq(allocator.regionTotalOf(YEAR, 7), 250);
        vm.prank(REGULATOR);
        vm.expectRevert(IAllocator.DigestMissing.selector);
        allocator.reject(second, 0);
    }

    // @requirement R-ALC-4 final determination: what is missing is issued
    function test_determine_moreThanIssued_issuesTheDifference() public {
        uint256 first = determine(works, 0.8e18);
        applyFor(first);
        approve(first);
        uint256 second = determine(works, 1e18);
        assertTrue(stateOf(first) == IAllocator.State.CERTIFIED, "stays certified");
        assertEq(allocator.regionTotalOf(YEAR, 7), 500);
        applyFor(second);
        vm.expectEmit(address(allocator));
        emit IAllocator.AllocationCertified(second, plant, allowance, 100, 401, block.number, NOW);
        approve(second);
        assertEq(ledger.balanceOf(plant, allowance), 500);
        assertEq(allocator.issuedOf(YEAR).free, 500);
    }

    // @requirement R-ALC-4 over-allocation
    function test_determine_lessThanIssued_standsAsOverAllocation() public {
        uint256 first = determine(works, 1e18);
        applyFor(first);
        approve(first);
        vm.expectEmit(address(allocator));
        emit IAllocator.OverAllocated(2, plant, 500, 400);
        uint256 second = determine(works, 0.8e18);
        (uint256 latest, uint64 issued, uint64 over) = allocator.allocationOf(works, YEAR, IAllocator.Part.FREE);
        assertTrue(latest == second && issued == 500 && over == 100, "allocation");
        assertEq(allocator.regionTotalOf(YEAR, 7), 400);
        vm.prank(PLANT_KEY);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.NothingDue.selector, second));
        allocator.applyForAllocation(second);

        // Rejected, it leaves what was issued.
        vm.prank(REGULATOR);
        allocator.reject(second, "error");
        (,, over) = allocator.allocationOf(works, YEAR, IAllocator.Part.FREE);
        assertEq(over, 0);
        assertEq(allocator.regionTotalOf(YEAR, 7), 500);
    }

    /* AUCTION */

    // @requirement R-ALC-3 the auction's share
    function test_issueForAuction_upToItsPart_notMore() public {
        vm.expectEmit(address(allocator));
        emit IAllocator.AuctionUnitsIssued(YEAR, treasury, allowance, 600, 1, "calendar");
        vm.startPrank(REGULATOR);
        assertEq(allocator.issueForAuction(treasury, YEAR, allowance, 600, "calendar"), 1);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.CapExceeded.selector, YEAR, IAllocator.Part.AUCTION, 1, 0));
        allocator.issueForAuction(treasury, YEAR, allowance, 1, "calendar");
        vm.stopPrank();
        assertEq(ledger.balanceOf(treasury, allowance), 600);
        assertEq(allocator.issuedOf(YEAR).auction, 600);
    }

    function test_issueForAuction_badData_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(IAllocator.NotAGovernmentAccount.selector, plant, uint8(AccountKind.OPERATOR))
        );
        allocator.issueForAuction(plant, YEAR, allowance, 1, "calendar");
        vm.expectRevert(IAllocator.EmptyQuantity.selector);
        allocator.issueForAuction(treasury, YEAR, allowance, 0, "calendar");
        vm.expectRevert(IAllocator.DigestMissing.selector);
        allocator.issueForAuction(treasury, YEAR, allowance, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.WrongInstrument.selector, allowance, 2020));
        allocator.issueForAuction(treasury, 2020, allowance, 1, "calendar");
        vm.expectRevert(abi.encodeWithSelector(IAllocator.CapExceeded.selector, 2030, IAllocator.Part.AUCTION, 1, 0));
        allocator.issueForAuction(treasury, 2030, allowance, 1, "calendar");
        vm.stopPrank();
    }

    // @requirement R-ALC-3 never above the free part, by however many determinations
    function test_approve_manyWithinACap_stopAtIt() public {
        vm.prank(REGULATOR);
        uint64 second = reports.registerInstallation(plant, "second", 7, 1, 2021);
        planFor(PLANT_KEY, second);
        vm.prank(REGULATOR);
        allocator.registerBaseline(second, "emissions", 501e18, 2014, 2018, "report");
        uint256 a = determine(works, 1e18);
        uint256 b = determine(second, 1e18);
        applyFor(a);
        applyFor(b);
        approve(b);
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.ReviewFailed.selector, a, 1 << 5));
        allocator.approve(a);
    }

    /* WHO MAY */

    // @requirement R-ACC-1
    function test_administration_byStranger_isRefused() public {
        expectStranger();
        allocator.setCap(YEAR, IAllocator.Cap(1, 1, 0, 0), "cap");
        expectStranger();
        allocator.registerBaseline(works, "emissions", 1, 2014, 2018, "report");
        uint16[] memory span = _years(2021, 2021);
        expectStranger();
        allocator.computeBaseline(works, span, IAllocator.Statistic.MEAN);
        expectStranger();
        allocator.determine(works, YEAR, IAllocator.Part.FREE, allowance, historical());
        expectStranger();
        allocator.approve(1);
        expectStranger();
        allocator.reject(1, "reason");
        expectStranger();
        allocator.issueForAuction(treasury, YEAR, allowance, 1, "calendar");
        expectStranger();
        allocator.upgradeToAndCall(address(allocator), "");
    }

    /* HELP */

    /// @dev The review finds exactly `findings`, approval is refused for them; then everything is as before.
    function _assertFound(uint256 id, uint256 findings, uint256 clean) private {
        assertEq(allocator.review(id), findings, "findings");
        vm.prank(REGULATOR);
        vm.expectRevert(abi.encodeWithSelector(IAllocator.ReviewFailed.selector, id, findings));
        allocator.approve(id);
        vm.revertToState(clean);
        assertEq(allocator.review(id), 0, "clean");
    }

    function _years(uint16 first, uint16 last) private pure returns (uint16[] memory span) {
        span = new uint16[](last - first + 1);
        for (uint16 i; i < span.length; ++i) {
            span[i] = first + i;
        }
    }
}
