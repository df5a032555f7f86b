// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IDowngrade } from "../../../contracts/instruments/IDowngrade.sol";
import { IMarketRules } from "../../../contracts/market/IMarketRules.sol";
import { IMarketStop } from "../../../contracts/market/IMarketStop.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { QuoteId } from "../../../contracts/types/QuoteId.sol";
import { BilateralSuite } from "../support/BilateralSuite.sol";

/// @dev The platform limits itself, in the order book and on the boards, and returns. Blocks and credits: beside their own tests.
contract DowngradeTest is BilateralSuite {
    address private supervisor = address(0x5EC04D); // a second ADMINISTRATOR: who limits does not restore

    function setUp() public {
        setUpBilateral();
        grant(Roles.ADMINISTRATOR, supervisor);
    }

    function restore() private {
        vm.prank(supervisor);
        marketRules.restore("over");
    }

    // @requirement R-TRD-13
    function test_downgrade_nothingNew_refused() public {
        QuoteId id = list(bob, Side.SELL, 100, 20);
        vm.expectEmit(address(marketRules));
        emit IMarketRules.DowngradeBegan(address(this), "stress");
        marketRules.downgrade("stress");
        assertTrue(marketRules.isDowngraded(), "it is");
        assertEq(marketRules.downgradedSince(), block.timestamp, "since now");

        refuse(
            alice,
            orderOf(Side.BUY, 10, 5),
            abi.encodeWithSelector(IOrderBook.MarketNotOpen.selector, market, IOrderBook.MarketState.DOWNGRADED)
        );
        bytes memory error = abi.encodeWithSelector(IDowngrade.PlatformDowngraded.selector, block.timestamp);
        vm.expectRevert(error);
        marketRules.requireNormal();
        refuseList(alice, listing(Side.SELL, 100, 20), error);
        refuseClick(alice, id, 20, error);
        (IOrderBook.MarketState state, uint40 until) = marketRules.phaseAt(market, uint40(block.timestamp));
        assertTrue(state == IOrderBook.MarketState.DOWNGRADED, "whatever the calendar says");
        assertEq(until % 1 days, 0, "until the civil day ends");
    }

    // @requirement R-TRD-13
    function test_downgrade_whatIsOpen_goesBack() public {
        OrderId order = sell(alice, 10, 5);
        OrderId other = buy(bob, 9, 5);
        QuoteId quote = list(alice, Side.SELL, 100, 30);
        IMarketRules.StressRules memory none;
        marketRules.setStressRules(none);
        marketRules.downgrade("stress");

        vm.startPrank(alice);
        book.reduce(order, 2);
        book.cancel(order);
        quotes.reduce(quote, 10);
        quotes.withdraw(quote);
        vm.startPrank(bob);
        book.cancel(other);
        vm.stopPrank();
        assertEq(units(alice), UNITS, "units are back");
        assertEq(money(bob), MONEY, "money is back");
        assertEq(ledger.encumberedOf(accountOf(alice), uka), 0, "none is bound");
    }

    // The book is as it was: the same orders in the same places, and the next order trades with the first of them.
    // @requirement R-TRD-13
    function test_restore_bookIntact_tradesOn() public {
        sell(alice, 10, 5);
        sell(bob, 10, 7);
        sell(alice, 11, 5);
        buy(carol, 8, 9);
        bytes32 before = keccak256(abi.encode(queue(Side.SELL, 10), queue(Side.SELL, 11), queue(Side.BUY, 8)));
        QuoteId quote = list(bob, Side.SELL, 100, 20);
        marketRules.downgrade("stress");
        vm.warp(block.timestamp + 2 days);
        vm.expectEmit(address(marketRules));
        emit IMarketRules.DowngradeEnded(supervisor, "over");
        restore();

        assertFalse(marketRules.isDowngraded(), "over");
        assertEq(marketRules.downgradedSince(), 0);
        marketRules.requireNormal();
        assertEq(
            keccak256(abi.encode(queue(Side.SELL, 10), queue(Side.SELL, 11), queue(Side.BUY, 8))), before, "queues"
        );
        assertBest(8, 10);
        assertPlaced(place(dave, Side.BUY, 10, 6), 6, 0);
        assertEq(units(dave), UNITS + 6, "alice's five and one of bob's");
        click(dave, quote, 20);
    }

    /// @dev Any orders, with and without downgrades in between: book, balances and vouchers are the same in the end.
    // @requirement R-TRD-13
    function testFuzz_downgrade_inBetween_changesNothing(uint256 seed, uint32 when) public {
        uint256 start = vm.snapshotState();
        bytes32 undisturbed = playedOut(seed, 0);
        vm.revertToState(start);
        bytes32 disturbed = playedOut(seed, when | 1);
        assertEq(disturbed, undisturbed, "book, balances, vouchers");
    }

    /// @param when A bit for each order before which the platform is downgraded and restored.
    function playedOut(uint256 seed, uint32 when) private returns (bytes32) {
        address[4] memory keys = [alice, bob, carol, dave];
        for (uint256 i; i < 24; ++i) {
            if (when >> i & 1 == 1) {
                marketRules.downgrade("stress");
                restore();
            }
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            Side side = random & 1 == 0 ? Side.BUY : Side.SELL;
            place(keys[random >> 8 & 3], side, uint24(10 + (random >> 16) % 5), uint48(1 + (random >> 32) % 30));
        }
        bytes memory end = abi.encode(book.voucherRoot(market), book.marketOf(market));
        for (uint24 tick = 10; tick < 15; ++tick) {
            (OrderId[] memory bids, IOrderBook.OrderView[] memory ofBids) = book.ordersAt(market, Side.BUY, tick, 0, 32);
            (OrderId[] memory asks, IOrderBook.OrderView[] memory ofAsks) =
                book.ordersAt(market, Side.SELL, tick, 0, 32);
            end = abi.encode(end, bids, ofBids, asks, ofAsks);
        }
        for (uint256 i; i < 4; ++i) {
            end = abi.encode(end, units(keys[i]), money(keys[i]));
        }
        return keccak256(end);
    }

    function test_restore_haltedMarket_staysHalted() public {
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        marketRules.downgrade("stress");
        restore();
        refuse(
            alice,
            orderOf(Side.BUY, 10, 5),
            abi.encodeWithSelector(IOrderBook.MarketNotOpen.selector, market, IOrderBook.MarketState.HALTED)
        );
    }

    function test_downgrade_twiceOrWithoutCause_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.AlreadyInMode.selector, false));
        marketRules.restore("over");
        vm.expectRevert(IMarketRules.CauseMissing.selector);
        marketRules.downgrade(0);
        marketRules.downgrade("stress");
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.AlreadyInMode.selector, true));
        marketRules.downgrade("stress");
        vm.expectRevert(IMarketRules.CauseMissing.selector);
        marketRules.restore(0);
    }

    function test_downgradeMarkets_byAnyoneElse_refused() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, address(this), address(marketRules)));
        IMarketStop(address(book)).downgradeMarkets(true);
    }

    // Whoever stops is not who resumes.
    // @requirement R-ACC-1 R-TRD-13
    function test_roles_riskManagerStops_regulatorResumes() public {
        permit(address(marketRules), IMarketRules.downgrade.selector, Roles.RISK_MANAGER);
        permit(address(marketRules), IMarketRules.restore.selector, Roles.SERVICE_REGULATOR);
        grant(Roles.RISK_MANAGER, alice);
        grant(Roles.SERVICE_REGULATOR, bob);
        IMarketRules.StressRules memory none;
        vm.startPrank(bob);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bob));
        marketRules.downgrade("stress");
        vm.startPrank(alice);
        marketRules.downgrade("stress");
        bytes memory error = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice);
        vm.expectRevert(error);
        marketRules.restore("over");
        vm.expectRevert(error);
        marketRules.setStressRules(none);
        vm.startPrank(bob);
        marketRules.restore("over");
    }

    // Roles are not persons: who has both still needs another officer.
    // @requirement R-ACC-1 R-TRD-13
    function test_restore_byWhoDowngraded_refusedWhateverHisRoles() public {
        marketRules.downgrade("stress");
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.SameOfficerRestores.selector, address(this)));
        marketRules.restore("over");
        restore();
        vm.prank(supervisor);
        marketRules.downgrade("again");
        marketRules.restore("over"); // by whom the first was: the latest counts
    }

    /* WHAT SHOULD SWITCH IT ON */

    // @requirement R-TRD-13
    function test_setStressRules_versions_readBack() public {
        IMarketRules.StressRules memory rules = IMarketRules.StressRules({
            ordersInBlock: type(uint32).max, failuresInDay: 7, fullness: 10_000, window: type(uint16).max, gap: 120
        });
        vm.expectEmit(address(marketRules));
        emit IMarketRules.StressRulesSet(1, rules);
        assertEq(marketRules.setStressRules(rules), 1, "first version");
        rules.gap = 60;
        assertEq(marketRules.setStressRules(rules), 2, "next version");
        (uint32 version, IMarketRules.StressRules memory seen) = marketRules.stressRules();
        assertEq(version, 2);
        assertEq(keccak256(abi.encode(seen)), keccak256(abi.encode(rules)), "rules");
    }

    function test_setStressRules_impossible_refused() public {
        IMarketRules.StressRules memory rules;
        (rules.fullness, rules.window) = (10_001, 1);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadStressRules.selector, 2));
        marketRules.setStressRules(rules);
        (rules.fullness, rules.window) = (1, 0);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadStressRules.selector, 3));
        marketRules.setStressRules(rules);
        (rules.fullness, rules.window) = (0, 1);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadStressRules.selector, 3));
        marketRules.setStressRules(rules);
    }
}
