// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IMarketOperations } from "../../../contracts/market/IMarketOperations.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { compacted, expanded } from "../../../contracts/market/MarketWords.sol";
import { AccountKind, Eligibility, Restrictions } from "../../../contracts/types/Accounts.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Limits of order size, of prices from trade to trade, of holdings and of open orders.
contract LimitsTest is TradingSuite {
    function setUp() public {
        setUpTrading();
    }

    /* SETTING THEM */

    // @requirement R-TRD-10
    function test_setLimits_readBack_andImpossibleRefused() public {
        IOrderBook.Limits memory limits = IOrderBook.Limits(127e7, 999, 255e15, type(uint16).max);
        vm.expectEmit(address(book));
        emit IMarketOperations.LimitsChanged(market, limits);
        book.setLimits(market, limits);
        assertEq(keccak256(abi.encode(book.limitsOf(market))), keccak256(abi.encode(limits)), "as set");
        assertEq(keccak256(abi.encode(book.marketOf(market).terms)), keccak256(abi.encode(terms())), "terms stand");

        refuseLimits(IOrderBook.Limits(128, 0, 0, 0), 0);
        refuseLimits(IOrderBook.Limits(1e10, 0, 0, 0), 0);
        refuseLimits(IOrderBook.Limits(0, 1000, 0, 0), 1);
        refuseLimits(IOrderBook.Limits(0, 0, 256, 0), 2);
        refuseLimits(IOrderBook.Limits(0, 0, 1001, 0), 2);
        IOrderBook.MarketTerms memory t = terms();
        t.leastLots = 5;
        market = book.openMarket(t);
        refuseLimits(IOrderBook.Limits(4, 0, 0, 0), 0);
        setLimits(5, 0, 0, 0);
        setLimits(0, 0, 0, 0);
        assertEq(keccak256(abi.encode(book.limitsOf(market))), keccak256(new bytes(128)), "none");
    }

    function testFuzz_compacted_anyNumber_isExactOrRefused(uint64 number) public pure {
        uint256 packed = compacted(number, 3, 7);
        if (packed != type(uint256).max) {
            assertTrue(packed < 1 << 10, "fits");
            assertEq(expanded(packed, 3), number, "exact");
        }
        uint256 mantissa = number % 128;
        uint256 exact = mantissa * 10 ** (number % 8);
        assertEq(expanded(compacted(exact, 3, 7), 3), exact, "what has few digits can be written");
    }

    /* ORDER SIZE */

    // @requirement R-TRD-10
    function test_place_moreThanTheLargestOrder_refused() public {
        IOrderBook.MarketTerms memory t = terms();
        t.lot = 5;
        market = book.openMarket(t);
        setLimits(10, 0, 0, 0);
        sell(alice, 10, 50);
        refuse(alice, orderOf(Side.SELL, 10, 55), abi.encodeWithSelector(IOrderBook.OrderTooLarge.selector, 55, 50));
        setLimits(0, 0, 0, 0);
        sell(alice, 10, 55);
    }

    /* THE DYNAMIC BAND */

    // @requirement R-TRD-10 a breaker stops the market by itself
    function test_purchase_beyondTheDynamicBand_stopsAndCalls() public {
        lastAt(100);
        setLimits(0, 100, 0, 0);
        sell(alice, 109, 5);
        sell(alice, 110, 5);
        OrderId beyond = sell(alice, 111, 5);
        uint40 until = uint40((block.timestamp + 59) / 60 * 60 + 300);
        vm.expectEmit(address(book));
        emit IOrderBook.Interrupted(market, 111, until);
        vm.expectEmit(address(book));
        emit IOrderBook.MarketStateChanged(market, IOrderBook.MarketState.CALL, until);
        IOrderBook.Placed memory placed = place(bob, Side.BUY, 115, 20);
        assertPlaced(placed, 10, 10);
        assertEq(open(beyond), 5, "untouched");
        assertBest(115, 111);
        assertEq(book.marketOf(market).last, 110, "within a tenth");
        assertEq(units(bob), UNITS + 10 + 1);
        assertPlaced(place(carol, Side.BUY, 115, 5), 0, 5); // collected
        vm.warp(until);
        book.turn(market);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.UNCROSSING, "a call auction follows");
    }

    // @requirement R-TRD-10
    function test_sale_beyondTheDynamicBand_stopsAndCalls() public {
        lastAt(101);
        setLimits(0, 100, 0, 0);
        buy(alice, 91, 5); // 90.9 is the furthest
        OrderId beyond = buy(alice, 90, 5);
        assertPlaced(send(bob, with(Side.SELL, 80, 20, IOrderBook.TimeInForce.IOC)), 5, 0);
        assertEq(open(beyond), 5, "untouched");
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.CALL, "interrupted");
        assertBest(90, 0);
    }

    function test_bestAlreadyBeyond_nothingTrades() public {
        lastAt(100);
        setLimits(0, 100, 0, 0);
        OrderId emptied = sell(alice, 105, 5);
        OrderId beyond = sell(alice, 120, 5);
        vm.prank(alice);
        book.cancel(emptied);
        assertPlaced(send(bob, with(Side.BUY, 119, 5, IOrderBook.TimeInForce.IOC)), 0, 0);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.OPEN, "it would not have traded");
        assertPlaced(place(bob, Side.BUY, 120, 5), 0, 5);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.CALL, "it would have");
        assertEq(open(beyond), 5);
        assertBest(120, 120);
    }

    // The best level is empty and beyond the band: the side has nobody, so nothing was kept from trading.
    function test_emptyBestBeyond_restsInPeace() public {
        lastAt(100);
        setLimits(0, 100, 0, 0);
        OrderId id = sell(alice, 120, 5);
        vm.prank(alice);
        book.cancel(id);
        assertPlaced(place(bob, Side.BUY, 125, 5), 0, 5);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.OPEN, "open");
        assertBest(125, 0);
    }

    function test_withinTheBand_filledOrRestingBelow_noInterruption() public {
        lastAt(100);
        setLimits(0, 100, 0, 0);
        sell(alice, 110, 5);
        sell(alice, 111, 5);
        assertPlaced(place(bob, Side.BUY, 115, 5), 5, 0);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.OPEN, "filled within");
        sell(alice, 112, 5);
        IOrderBook.Order memory order = orderOf(Side.BUY, 130, 10);
        order.mostMakers = 1;
        assertPlaced(send(bob, order), 5, 0);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.OPEN, "stopped by the caller's own bound");
    }

    function test_fillOrKill_beyondTheBand_refusedWhole() public {
        lastAt(100);
        setLimits(0, 100, 0, 0);
        sell(alice, 110, 5);
        sell(alice, 111, 5);
        refuse(
            bob,
            with(Side.BUY, 115, 10, IOrderBook.TimeInForce.FOK),
            abi.encodeWithSelector(IOrderBook.NotFillable.selector, 5, 10)
        );
    }

    function test_beforeAnyTrade_theCloseIsTheReference_orNone() public {
        setLimits(0, 100, 0, 0);
        sell(alice, 500, 1);
        assertPlaced(place(bob, Side.BUY, 500, 1), 1, 0); // no reference, no band
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        sell(alice, 551, 1);
        assertPlaced(place(bob, Side.BUY, 551, 1), 0, 1);
        assertTrue(book.marketOf(market).state == IOrderBook.MarketState.CALL, "yesterday's last trade counts on");
    }

    function test_interruption_noLongerThanThePhase() public {
        lastAt(100);
        setLimits(0, 100, 0, 0);
        uint40 midnight = uint40((block.timestamp / 1 days + 1) * 1 days);
        vm.warp(midnight - 61);
        sell(alice, 120, 5);
        place(bob, Side.BUY, 120, 5);
        assertEq(book.marketOf(market).until, midnight, "until the day ends");
    }

    function testFuzz_dynamicBand_anyWalk_neverBeyond(uint24 from, uint16 share, uint8[8] memory steps, bool buys)
        public
    {
        from = uint24(bound(from, 300, 5000));
        share = uint16(bound(share, 1, 999));
        ledger.issue(accountOf(alice), gbp, 2 ** 60, "deposit");
        ledger.issue(accountOf(bob), gbp, 2 ** 60, "deposit");
        lastAt(from);
        setLimits(0, share, 0, 0);
        uint24 tick = from;
        for (uint256 i; i < 8; ++i) {
            tick = buys ? tick + steps[i] : tick - (tick > steps[i] ? steps[i] : 0);
            place(alice, buys ? Side.SELL : Side.BUY, tick, 1);
        }
        place(bob, buys ? Side.BUY : Side.SELL, buys ? 100_000 : 1, 8);
        IOrderBook.MarketView memory seen = book.marketOf(market);
        uint256 span = uint256(from) * share;
        uint256 moved = seen.last > from ? seen.last - from : from - seen.last;
        assertTrue(moved * 1000 <= span, "no further than the share");
        bool left = (buys ? seen.bestAsk : seen.bestBid) != 0;
        assertEq(seen.state == IOrderBook.MarketState.CALL, left, "interrupted where something was left to trade with");
    }

    /* HOLDINGS */

    // @requirement R-TRD-10
    function test_purchase_beyondTheHoldingLimit_refused() public {
        setLimits(0, 0, 1100, 0);
        sell(alice, 10, 200);
        refuse(
            bob,
            orderOf(Side.BUY, 10, 101),
            abi.encodeWithSelector(IInstrumentLedger.HoldingLimit.selector, accountOf(bob), uka, 1101, 1100)
        );
        assertPlaced(place(bob, Side.BUY, 10, 100), 100, 0);
        setKind(carol, AccountKind.GOVERNMENT);
        setLimits(0, 0, 1, 0);
        assertPlaced(place(carol, Side.BUY, 10, 50), 50, 0);
    }

    // A maker that would hold too much is none: it leaves, and the next one trades.
    // @requirement R-TRD-10
    function test_sale_toWhoWouldHoldTooMuch_passesItOver() public {
        setLimits(0, 0, 1100, 0);
        OrderId tooMuch = buy(bob, 12, 101);
        OrderId next = buy(carol, 11, 100);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(tooMuch, accountOf(bob), 101, IOrderBook.CloseReason.NOT_ELIGIBLE);
        assertPlaced(send(alice, with(Side.SELL, 11, 101, IOrderBook.TimeInForce.IOC)), 100, 0);
        assertEq(open(tooMuch) + open(next), 0);
        assertEq(units(carol), 1100, "as many as it may");
        assertEq(money(bob), MONEY, "got its money back");
    }

    // Each of its orders counts what the ones before brought it.
    function test_sale_toOneMakerTwice_sumCounts() public {
        setLimits(0, 0, 1100, 0);
        buy(bob, 12, 60);
        buy(bob, 12, 60);
        assertPlaced(send(alice, with(Side.SELL, 12, 120, IOrderBook.TimeInForce.IOC)), 0, 0);
        assertEq(units(bob), UNITS, "all its orders left: together they were too much");
        setKind(bob, AccountKind.GOVERNMENT);
        buy(bob, 12, 60);
        buy(bob, 12, 60);
        assertPlaced(send(alice, with(Side.SELL, 12, 120, IOrderBook.TimeInForce.IOC)), 120, 0);
    }

    /* OPEN ORDERS */

    // @requirement R-TRD-10
    function test_openOrders_asManyAsAllowed_thenRefused() public {
        OrderId before = sell(alice, 20, 1); // of a market that did not count yet
        setLimits(0, 0, 0, 2);
        OrderId first = sell(alice, 10, 5);
        sell(alice, 11, 5);
        bytes memory error = abi.encodeWithSelector(IOrderBook.TooManyOpenOrders.selector, accountOf(alice), 2);
        refuse(alice, orderOf(Side.SELL, 12, 5), error);
        refuse(alice, orderOf(Side.BUY, 5, 5), error);
        sell(bob, 12, 5);
        vm.prank(alice);
        book.cancel(before);
        refuse(alice, orderOf(Side.SELL, 12, 5), error); // what was not counted is not counted off
        vm.prank(alice);
        book.cancel(first);
        sell(alice, 10, 5);
        assertEq(book.openOrdersOf(market, accountOf(alice)), 2);
        setLimits(0, 0, 0, 0);
        sell(alice, 12, 5);
        assertEq(book.openOrdersOf(market, accountOf(alice)), 3, "counted on, without a limit");
    }

    function test_openOrders_howeverTheyLeave_countedOff() public {
        setLimits(0, 0, 0, 9);
        sell(alice, 10, 5);
        sell(alice, 10, 5);
        sell(alice, 11, 5);
        assertOpen(alice, 3);
        place(bob, Side.BUY, 10, 3);
        assertOpen(alice, 3); // filled in part
        place(bob, Side.BUY, 10, 2);
        assertOpen(alice, 2); // filled
        place(bob, Side.BUY, 11, 8);
        assertOpen(alice, 1); // filled, and in part at the next level
        place(bob, Side.BUY, 11, 9);
        assertOpen(alice, 0);
        assertOpen(bob, 1); // the rest of its own order
        assertOpen(carol, 0);

        IOrderBook.Order memory brief = orderOf(Side.SELL, 11, 5); // meets bob's
        place(alice, Side.SELL, 11, 7);
        assertOpen(bob, 0);
        brief.tick = 30;
        brief.expires = uint40(block.timestamp + 1);
        OrderId expired = send(carol, brief).id;
        assertOpen(carol, 1);
        vm.warp(brief.expires);
        book.evict(expired);
        assertOpen(carol, 0);
    }

    function test_openOrders_selfTradeAndEviction_countedOff() public {
        setLimits(0, 0, 0, 9);
        setOwner(alice, 7);
        setOwner(bob, 7);
        sell(alice, 10, 5);
        sell(alice, 10, 5);
        IOrderBook.Order memory order = orderOf(Side.BUY, 10, 8);
        order.selfTrade = IOrderBook.SelfTrade.DECREMENT;
        assertPlaced(send(bob, order), 0, 0);
        assertOpen(alice, 1); // the second shrank
        order.selfTrade = IOrderBook.SelfTrade.CANCEL_OLDEST;
        send(bob, order);
        assertOpen(alice, 0);
        assertOpen(bob, 1);
        bar(bob, Restrictions.NO_TRADE);
        place(carol, Side.SELL, 10, 3);
        assertOpen(bob, 0);
        assertOpen(carol, 1);
    }

    /* HELPERS */

    function setLimits(uint48 mostLots, uint16 dynamicPermille, uint64 mostHeld, uint16 mostOpen) private {
        book.setLimits(market, IOrderBook.Limits(mostLots, dynamicPermille, mostHeld, mostOpen));
    }

    function refuseLimits(IOrderBook.Limits memory limits, uint256 limit) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketOperations.BadLimits.selector, limit));
        book.setLimits(market, limits);
    }

    function lastAt(uint24 tick) private {
        sell(alice, tick, 1);
        place(bob, Side.BUY, tick, 1);
    }

    function assertOpen(address key, uint256 orders) private view {
        assertEq(book.openOrdersOf(market, accountOf(key)), orders, "open orders");
    }

    function setKind(address key, AccountKind kind) private {
        Eligibility memory e = eligible(0);
        e.kind = kind;
        ledger.setEligibility(accountOf(key), e);
    }
}
