// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IMarketOperations } from "../../../contracts/market/IMarketOperations.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { MOST_TICK } from "../../../contracts/market/MarketWords.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev States of a market from turn to turn, what each of them lets through, and how a day is closed.
contract ClockTest is TradingSuite {
    uint40 private constant DAY = 1_700_006_400; // a midnight
    uint40 private constant CALLS = DAY + 9 hours;
    uint40 private constant LOCKS = DAY + 10 hours - 5 minutes;
    uint40 private constant OPENS = DAY + 10 hours;
    uint40 private constant CLOSES = DAY + 15 hours;
    uint40 private constant NEXT = DAY + 1 days;

    function setUp() public {
        setUpTrading();
        phases.tell(market, IOrderBook.MarketState.CLOSED, DAY, CALLS);
        phases.tell(market, IOrderBook.MarketState.CALL, CALLS, LOCKS);
        phases.tell(market, IOrderBook.MarketState.LOCKED, LOCKS, OPENS);
        phases.tell(market, IOrderBook.MarketState.OPEN, OPENS, CLOSES);
        phases.tell(market, IOrderBook.MarketState.CLOSED, CLOSES, NEXT);
    }

    /* TURNING */

    // @requirement R-TRD-10
    function test_turn_throughADay_everyPhaseOnce() public {
        uint40[5] memory from = [DAY, CALLS, LOCKS, OPENS, CLOSES];
        uint40[5] memory until = [CALLS, LOCKS, OPENS, CLOSES, NEXT];
        IOrderBook.MarketState[5] memory states = [
            IOrderBook.MarketState.CLOSED,
            IOrderBook.MarketState.CALL,
            IOrderBook.MarketState.LOCKED,
            IOrderBook.MarketState.OPEN,
            IOrderBook.MarketState.CLOSED
        ];
        for (uint256 i; i < 5; ++i) {
            vm.warp(from[i] - 1);
            vm.recordLogs();
            book.turn(market);
            assertEq(vm.getRecordedLogs().length, 0, "not before its time");
            vm.warp(from[i]);
            vm.expectEmit(address(book));
            emit IOrderBook.MarketStateChanged(market, states[i], until[i]);
            vm.prank(stranger);
            (IOrderBook.MarketState state, uint40 ends) = book.turn(market);
            assertTrue(state == states[i], "state");
            assertEq(ends, until[i], "until");
            assertEq(book.marketOf(market).until, until[i], "written");
        }
    }

    function test_place_whenThePhaseHasEnded_turnsByItself() public {
        vm.warp(OPENS + 1);
        vm.expectEmit(address(book));
        emit IMarketOperations.DayClosed(market, uint24(DAY / 1 days - 1), 0, 0, 0);
        vm.expectEmit(address(book));
        emit IOrderBook.MarketStateChanged(market, IOrderBook.MarketState.OPEN, CLOSES);
        sell(alice, 10, 5);
        vm.warp(CLOSES - 1);
        assertPlaced(place(bob, Side.BUY, 10, 2), 2, 0);
        vm.warp(CLOSES);
        refuse(bob, orderOf(Side.BUY, 10, 2), notOpen(IOrderBook.MarketState.CLOSED));
    }

    function test_halted_byTime_staysHalted() public {
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        vm.warp(OPENS);
        (IOrderBook.MarketState state, uint40 until) = book.turn(market);
        assertTrue(state == IOrderBook.MarketState.HALTED, "until somebody resumes it");
        assertEq(until, 0, "no end");
        refuse(bob, orderOf(Side.BUY, 10, 2), notOpen(IOrderBook.MarketState.HALTED));
    }

    /* A CALL */

    // @requirement R-TRD-10
    function test_call_crossingOrders_restBoth() public {
        vm.warp(CALLS);
        OrderId asked = sell(alice, 10, 5);
        OrderId bid = buy(bob, 12, 5);
        IOrderBook.Order memory order = with(Side.BUY, 11, 3, IOrderBook.TimeInForce.POST_ONLY);
        assertPlaced(send(carol, order), 0, 3);
        assertEq(open(asked) + open(bid), 10, "nothing traded");
        assertBest(12, 10);
        order.timeInForce = IOrderBook.TimeInForce.IOC;
        refuse(carol, order, abi.encodeWithSelector(IOrderBook.OrderMustRest.selector, market, order.timeInForce));
        order.timeInForce = IOrderBook.TimeInForce.FOK;
        refuse(carol, order, abi.encodeWithSelector(IOrderBook.OrderMustRest.selector, market, order.timeInForce));
    }

    function test_call_takingBack_untilItIsLocked() public {
        vm.warp(CALLS);
        OrderId first = sell(alice, 10, 5);
        OrderId second = sell(alice, 11, 5);
        vm.warp(LOCKS - 1);
        cancelAs(alice, first);
        vm.warp(LOCKS);
        bytes memory error = abi.encodeWithSelector(IOrderBook.OrdersLocked.selector, market, OPENS);
        vm.startPrank(alice);
        vm.expectRevert(error);
        book.cancel(second);
        vm.expectRevert(error);
        book.reduce(second, 1);
        vm.stopPrank();
        sell(alice, 12, 5);
        vm.warp(OPENS);
        cancelAs(alice, second);
    }

    // What nobody turned is locked all the same: the clock decides, not the last order.
    function test_locked_withoutAnyTurn_nothingTakenBack() public {
        OrderId id = sell(alice, 10, 5);
        vm.warp(LOCKS + 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.OrdersLocked.selector, market, OPENS));
        book.cancel(id);
    }

    function test_callEnded_pricesApart_opens() public {
        vm.warp(LOCKS);
        sell(alice, 12, 5);
        buy(bob, 11, 5);
        vm.warp(OPENS);
        (IOrderBook.MarketState state,) = book.turn(market);
        assertTrue(state == IOrderBook.MarketState.OPEN, "nothing to execute");
    }

    // @requirement R-TRD-10
    function test_callEnded_pricesCross_waitsForUncrossing() public {
        vm.warp(LOCKS);
        OrderId asked = sell(alice, 10, 5);
        IOrderBook.Order memory brief = orderOf(Side.BUY, 10, 5);
        brief.expires = OPENS + 10;
        OrderId bid = send(bob, brief).id;
        vm.warp(OPENS + 20);

        bytes memory error = abi.encodeWithSelector(IOrderBook.AuctionPending.selector, market);
        refuse(carol, orderOf(Side.BUY, 9, 1), error); // whoever comes first
        vm.expectEmit(address(book));
        emit IOrderBook.MarketStateChanged(market, IOrderBook.MarketState.UNCROSSING, 0);
        (IOrderBook.MarketState state, uint40 until) = book.turn(market);
        assertTrue(state == IOrderBook.MarketState.UNCROSSING, "state");
        assertEq(until, 0, "others end it");

        refuse(carol, orderOf(Side.BUY, 9, 1), error);
        vm.startPrank(alice);
        vm.expectRevert(error);
        book.cancel(asked);
        vm.expectRevert(error);
        book.reduce(asked, 1);
        vm.stopPrank();
        vm.expectRevert(error);
        book.evict(bid);
        OrderId[] memory orders = new OrderId[](1);
        orders[0] = asked;
        vm.expectRevert(error);
        ledger.takeBackOrders(accountOf(alice), orders);
        vm.warp(NEXT);
        (state,) = book.turn(market);
        assertTrue(state == IOrderBook.MarketState.UNCROSSING, "time does not end it");
    }

    function test_callEnded_crossedAndExpired_staysClosed() public {
        vm.warp(LOCKS);
        sell(alice, 10, 5);
        OrderId bid = buy(bob, 10, 5);
        phases.downgrade(book, true);
        vm.warp(OPENS);
        refuse(carol, orderOf(Side.BUY, 9, 1), notOpen(IOrderBook.MarketState.DOWNGRADED));
        cancelAs(bob, bid);
        phases.downgrade(book, false);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.OPEN, "no longer crossed");
    }

    /* HALTING AND RESUMING */

    function test_setMarketState_notHaltNorResume_refused() public {
        IOrderBook.MarketState[6] memory others = [
            IOrderBook.MarketState.NONE,
            IOrderBook.MarketState.CLOSED,
            IOrderBook.MarketState.CALL,
            IOrderBook.MarketState.LOCKED,
            IOrderBook.MarketState.UNCROSSING,
            IOrderBook.MarketState.DOWNGRADED
        ];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarketOperations.OnlyHaltOrResume.selector, uint8(others[i])));
            book.setMarketState(market, others[i]);
        }
        vm.expectRevert(abi.encodeWithSelector(IMarketOperations.MarketNotHalted.selector, market, 1));
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
    }

    // An officer's resume is no way around the auction that a call owes.
    function test_resume_crossedBook_uncrossesFirst() public {
        vm.warp(CALLS);
        sell(alice, 10, 5);
        buy(bob, 10, 5);
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        vm.warp(OPENS);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.UNCROSSING, "crossed");
    }

    // @requirement R-TRD-10
    function test_resume_withACall_noLongerThanThePhase() public {
        IOrderBook.Conduct memory conduct = conductOf();
        conduct.resumptionMinutes = 10;
        book.setConduct(market, conduct);
        vm.warp(OPENS + 61);
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        vm.expectEmit(address(book));
        emit IOrderBook.MarketStateChanged(market, IOrderBook.MarketState.CALL, OPENS + 12 minutes);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        vm.warp(OPENS + 12 minutes);
        sell(alice, 10, 5);
        assertPlaced(place(bob, Side.BUY, 10, 5), 5, 0);

        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        vm.warp(CLOSES - 61);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        assertEq(book.marketOf(market).until, CLOSES, "not beyond the session");
        vm.warp(CLOSES);
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.CLOSED, "after hours there is no call");
    }

    /* DOWNGRADE */

    // @requirement R-TRD-13
    function test_downgradeMarkets_haltedStayHalted() public {
        uint24 second = book.openMarket(terms());
        book.setMarketState(second, IOrderBook.MarketState.HALTED);
        OrderId id = sell(alice, 10, 5);
        phases.downgrade(book, true);
        phases.downgrade(book, true);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.DOWNGRADED, "state");
        assertTrue(book.marketOf(second).state == IOrderBook.MarketState.HALTED, "halted");
        refuse(bob, orderOf(Side.BUY, 10, 5), notOpen(IOrderBook.MarketState.DOWNGRADED));
        cancelAs(alice, id);
        phases.downgrade(book, false);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.OPEN, "as the calendar says");
        assertTrue(book.marketOf(second).state == IOrderBook.MarketState.HALTED, "halted");
    }

    function test_downgradeMarkets_byStranger_refused() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, address(this), address(phases)));
        book.downgradeMarkets(true);
    }

    /* CLOSING A DAY */

    // @requirement R-TRD-10
    function test_closeDay_lastTrade_andItsFigures() public {
        tradeOn(OPENS);
        vm.warp(NEXT + 1 days); // nobody turned for a day
        vm.expectEmit(address(book));
        emit IMarketOperations.DayClosed(market, uint24(DAY / 1 days), 12, 8, 5 * 10 + 3 * 12);
        book.turn(market);
        IOrderBook.MarketView memory seen = book.marketOf(market);
        assertEq(seen.close, 12, "last trade");
        assertEq(seen.day, block.timestamp / 1 days, "the new day");
        assertEq(seen.lotsToday + seen.turnoverToday, 0, "begins anew");
        assertEq(seen.terms.lowest, 1, "the band stays where no share is set");
    }

    function test_closeDay_average_toTheNearestTick() public {
        IOrderBook.Conduct memory conduct = conductOf();
        conduct.closing = IOrderBook.ClosingRule.VWAP;
        book.setConduct(market, conduct);
        tradeOn(OPENS); // 86 / 8 = 10.75
        assertEq(book.marketOf(market).turnoverToday, 86, "ticks x lots");
        vm.warp(NEXT);
        book.turn(market);
        assertEq(book.marketOf(market).close, 11, "average");
    }

    function test_closeDay_withoutATrade_unchanged() public {
        tradeOn(OPENS);
        vm.warp(NEXT);
        book.turn(market);
        vm.warp(NEXT + 1 days);
        vm.expectEmit(address(book));
        emit IMarketOperations.DayClosed(market, uint24(NEXT / 1 days), 12, 0, 0);
        book.turn(market);
    }

    // @requirement R-TRD-10 the band of a day is about the close before it
    function test_closeDay_bandShare_setsTheBand() public {
        IOrderBook.Conduct memory conduct = conductOf();
        conduct.bandBasisPoints = 1000;
        book.setConduct(market, conduct);
        vm.warp(OPENS);
        sell(alice, 105, 5);
        place(bob, Side.BUY, 105, 5);
        vm.warp(NEXT);
        vm.expectEmit(address(book));
        emit IOrderBook.BandChanged(market, 95, 115); // 94.5 to 115.5: nothing outside of the share
        book.turn(market);
        vm.warp(NEXT + 1);
        refuse(bob, orderOf(Side.BUY, 94, 1), abi.encodeWithSelector(IOrderBook.PriceOutsideBand.selector, 94, 95, 115));
        buy(bob, 95, 1);
        refuse(
            bob, orderOf(Side.SELL, 116, 1), abi.encodeWithSelector(IOrderBook.PriceOutsideBand.selector, 116, 95, 115)
        );
    }

    function testFuzz_closeDay_anyClose_isWithinItsBand(uint24 tick, uint16 share) public {
        tick = uint24(bound(tick, 1, MOST_TICK));
        IOrderBook.Conduct memory conduct = conductOf();
        conduct.bandBasisPoints = uint16(bound(share, 1, 9999));
        book.setConduct(market, conduct);
        vm.warp(OPENS);
        ledger.issue(accountOf(bob), gbp, 2 ** 60, "deposit");
        sell(alice, tick, 1);
        place(bob, Side.BUY, tick, 1);
        vm.warp(NEXT);
        book.turn(market);
        IOrderBook.MarketTerms memory t = book.marketOf(market).terms;
        assertTrue(t.lowest != 0 && t.lowest <= tick && tick <= t.highest && t.highest <= MOST_TICK, "about the close");
        assertTrue(uint256(t.lowest) * 10_000 >= uint256(tick) * (10_000 - conduct.bandBasisPoints), "not wider below");
        assertTrue(uint256(t.highest) * 10_000 <= uint256(tick) * (10_000 + conduct.bandBasisPoints), "nor above");
    }

    function testFuzz_closeDay_anyTrades_averageIsNearest(uint8[6] memory ticks, uint8[6] memory lots) public {
        IOrderBook.Conduct memory conduct = conductOf();
        conduct.closing = IOrderBook.ClosingRule.VWAP;
        book.setConduct(market, conduct);
        vm.warp(OPENS);
        (uint256 sum, uint256 count) = (0, 0);
        for (uint256 i; i < 6; ++i) {
            (uint24 tick, uint48 quantity) = (1 + ticks[i] % 100, 1 + lots[i] % 100);
            sell(alice, tick, quantity);
            place(bob, Side.BUY, tick, quantity);
            (sum, count) = (sum + uint256(tick) * quantity, count + quantity);
        }
        vm.warp(NEXT);
        book.turn(market);
        uint256 close = book.marketOf(market).close;
        assertTrue(2 * close * count <= 2 * sum + count && 2 * sum < 2 * close * count + count, "within half a tick");
    }

    /* CONDUCT */

    function test_setConduct_readBack_andImpossibleRefused() public {
        IOrderBook.Conduct memory conduct = IOrderBook.Conduct(9999, IOrderBook.ClosingRule.VWAP, 1440, 1440, true);
        vm.expectEmit(address(book));
        emit IMarketOperations.ConductChanged(market, conduct);
        book.setConduct(market, conduct);
        assertEq(keccak256(abi.encode(book.conductOf(market))), keccak256(abi.encode(conduct)), "as set");
        conduct.bandBasisPoints = 10_000;
        refuseConduct(conduct, 0);
        conduct = conductOf();
        conduct.interruptionMinutes = 0;
        refuseConduct(conduct, 2);
        conduct.interruptionMinutes = 1441;
        refuseConduct(conduct, 2);
        conduct = conductOf();
        conduct.resumptionMinutes = 1441;
        refuseConduct(conduct, 3);
    }

    // @requirement R-TRD-9 nothing is matched where the taker picks
    function test_choice_crossingOrder_refused() public {
        IOrderBook.Conduct memory conduct = conductOf();
        conduct.choice = true;
        book.setConduct(market, conduct);
        sell(alice, 10, 5);
        bytes memory error = abi.encodeWithSelector(IOrderBook.WouldTrade.selector, 10, 10);
        refuse(bob, orderOf(Side.BUY, 10, 5), error);
        refuse(bob, with(Side.BUY, 10, 5, IOrderBook.TimeInForce.IOC), error);
        refuse(bob, with(Side.BUY, 10, 5, IOrderBook.TimeInForce.FOK), error);
        buy(bob, 9, 5);
        refuse(carol, orderOf(Side.SELL, 9, 5), abi.encodeWithSelector(IOrderBook.WouldTrade.selector, 9, 9));
        conduct.choice = false;
        book.setConduct(market, conduct);
        assertPlaced(place(carol, Side.SELL, 9, 5), 5, 0);
    }

    /* HELPERS */

    function tradeOn(uint40 time) private {
        vm.warp(time);
        sell(alice, 10, 5);
        sell(alice, 12, 5);
        place(bob, Side.BUY, 12, 8);
    }

    function conductOf() private view returns (IOrderBook.Conduct memory) {
        return book.conductOf(market);
    }

    function refuseConduct(IOrderBook.Conduct memory conduct, uint256 part) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketOperations.BadConduct.selector, part));
        book.setConduct(market, conduct);
    }

    function notOpen(IOrderBook.MarketState state) private view returns (bytes memory) {
        return abi.encodeWithSelector(IOrderBook.MarketNotOpen.selector, market, uint8(state));
    }

    function cancelAs(address key, OrderId id) private {
        vm.prank(key);
        book.cancel(id);
    }
}
