// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ITradingPlans } from "../../../contracts/market/ITradingPlans.sol";
import { TradingPlans } from "../../../contracts/market/TradingPlans.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Plans in public and by commitment, amended, opened, and what is no plan. @requirement R-TRD-6
contract TradingPlansTest is TradingSuite {
    TradingPlans private plans;
    bytes32 private constant SALT = keccak256("salt");

    function setUp() public {
        setUpTrading();
        plans = TradingPlans(newProxy());
        install(address(plans), address(new TradingPlans(ledger)), "");
    }

    function period() private view returns (ITradingPlans.PlanPeriod memory) {
        return ITradingPlans.PlanPeriod(InstrumentId.wrap(uka), 2021, 2);
    }

    function plan(uint48 toBuy) private pure returns (ITradingPlans.TradingPlan memory) {
        return ITradingPlans.TradingPlan(toBuy, 10, 4000, 5000, "document");
    }

    function assertVersion(uint32 version, bytes32 digest, bool isPublic) private view {
        ITradingPlans.PlanVersion memory v = plans.planOf(accountOf(alice), period(), version);
        assertEq(v.digest, digest, "digest");
        assertEq(v.at, block.timestamp, "time");
        assertEq(v.isPublic, isPublic, "public");
    }

    function test_publishPlan_andAmend_bothVersionsStay() public {
        vm.startPrank(alice);
        vm.expectEmit(address(plans));
        emit ITradingPlans.PlanPublished(accountOf(alice), InstrumentId.wrap(uka), period(), 1, alice, plan(100));
        assertEq(plans.publishPlan(period(), plan(100)), 1);
        assertEq(plans.publishPlan(period(), plan(200)), 2);
        vm.stopPrank();
        assertEq(plans.planCount(accountOf(alice), period()), 2);
        assertVersion(1, keccak256(abi.encode(plan(100))), true);
        assertVersion(2, keccak256(abi.encode(plan(200))), true);
        ITradingPlans.PlanPeriod memory year = period();
        year.quarter = 0;
        assertEq(plans.planCount(accountOf(alice), year), 0, "the year's stands beside");
        assertEq(plans.planCount(accountOf(bob), period()), 0, "another's");
    }

    function test_openPlan_asCommitted_isPublic() public {
        bytes32 commitment = plans.commitmentOf(accountOf(alice), period(), plan(100), SALT);
        vm.startPrank(alice);
        vm.expectEmit(address(plans));
        emit ITradingPlans.PlanCommitted(
            accountOf(alice), InstrumentId.wrap(uka), period(), 1, alice, commitment, "document"
        );
        assertEq(plans.commitPlan(period(), commitment, "document"), 1);
        assertVersion(1, commitment, false);
        vm.expectEmit(address(plans));
        emit ITradingPlans.PlanOpened(accountOf(alice), InstrumentId.wrap(uka), period(), 1, alice, plan(100), SALT);
        plans.openPlan(period(), 1, plan(100), SALT);
        assertVersion(1, commitment, true);
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.PlanIsOpen.selector, accountOf(alice), 1));
        plans.openPlan(period(), 1, plan(100), SALT);
        vm.stopPrank();
    }

    function test_openPlan_otherwiseThanCommitted_refused() public {
        bytes32 commitment = plans.commitmentOf(accountOf(alice), period(), plan(100), SALT);
        vm.startPrank(alice);
        plans.commitPlan(period(), commitment, 0);
        bytes32 opened = plans.commitmentOf(accountOf(alice), period(), plan(101), SALT);
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.NotAsCommitted.selector, opened, commitment));
        plans.openPlan(period(), 1, plan(101), SALT);
        opened = plans.commitmentOf(accountOf(alice), period(), plan(100), "guess");
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.NotAsCommitted.selector, opened, commitment));
        plans.openPlan(period(), 1, plan(100), "guess");
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.UnknownPlan.selector, accountOf(alice), 2));
        plans.openPlan(period(), 2, plan(100), SALT);
        vm.stopPrank();
        // A commitment copied by another account opens for nobody else
        vm.startPrank(bob);
        plans.commitPlan(period(), commitment, 0);
        opened = plans.commitmentOf(accountOf(bob), period(), plan(100), SALT);
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.NotAsCommitted.selector, opened, commitment));
        plans.openPlan(period(), 1, plan(100), SALT);
        vm.stopPrank();
    }

    function test_publishPlan_allZero_takesItBack() public {
        vm.startPrank(alice);
        plans.publishPlan(period(), plan(100));
        ITradingPlans.TradingPlan memory nothing;
        assertEq(plans.publishPlan(period(), nothing), 2);
        vm.stopPrank();
    }

    function test_publishPlan_impossible_refused() public {
        vm.startPrank(alice);
        ITradingPlans.TradingPlan memory p = plan(1);
        p.leastPrice = 5001;
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.BadPlan.selector, 5001, 5000));
        plans.publishPlan(period(), p);
        p = plan(1);
        (p.leastPrice, p.greatestPrice) = (0, 0);
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.BadPlan.selector, 0, 0));
        plans.publishPlan(period(), p);
        p = plan(0);
        p.toSell = 0;
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.BadPlan.selector, 4000, 5000));
        plans.publishPlan(period(), p);
        ITradingPlans.PlanPeriod memory when = period();
        when.quarter = 5;
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.BadPlanPeriod.selector, 2021, 5));
        plans.publishPlan(when, plan(1));
        when = period();
        when.year = 0;
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.BadPlanPeriod.selector, 0, 2));
        plans.publishPlan(when, plan(1));
        when = period();
        when.instrument = InstrumentId.wrap(gbp);
        vm.expectRevert(abi.encodeWithSelector(ITradingPlans.NoPlansFor.selector, gbp));
        plans.publishPlan(when, plan(1));
        vm.expectRevert(ITradingPlans.DigestMissing.selector);
        plans.commitPlan(period(), 0, 0);
        vm.stopPrank();
    }

    function test_filing_byAStranger_refused() public {
        vm.startPrank(stranger);
        bytes memory refused = abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger);
        vm.expectRevert(refused);
        plans.publishPlan(period(), plan(1));
        vm.expectRevert(refused);
        plans.commitPlan(period(), SALT, 0);
        vm.expectRevert(refused);
        plans.openPlan(period(), 1, plan(1), SALT);
        vm.stopPrank();
    }

    // To say what one means to do is no trade
    function test_publishPlan_barredFromTrade_passes() public {
        bar(alice, Restrictions.NO_TRADE);
        vm.prank(alice);
        assertEq(plans.publishPlan(period(), plan(1)), 1);
    }

    function testFuzz_commitment_differsWithEveryPart(uint48 one, uint48 other, bytes32 salt) public view {
        vm.assume(one != other);
        bytes32 a = plans.commitmentOf(accountOf(alice), period(), plan(one), salt);
        assertTrue(a != plans.commitmentOf(accountOf(alice), period(), plan(other), salt), "terms");
        assertTrue(a != plans.commitmentOf(accountOf(bob), period(), plan(one), salt), "account");
        ITradingPlans.PlanPeriod memory when = period();
        when.quarter = 3;
        assertTrue(a != plans.commitmentOf(accountOf(alice), when, plan(one), salt), "period");
    }
}
