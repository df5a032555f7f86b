// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { ICallAuctions } from "../../../contracts/market/ICallAuctions.sol";
import { IMarketOperations } from "../../../contracts/market/IMarketOperations.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { AccountKind, AccountStatus, Eligibility, Restrictions } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { VoucherSeries } from "../../../contracts/vouchers/VoucherSeries.sol";
import { AuctionSuite } from "../support/AuctionSuite.sol";
import { IExchange } from "../support/IExchange.sol";
import { Vm } from "../support/Vm.sol";

/// @dev Call auctions as participants and officers see them.
contract AuctionsTest is AuctionSuite {
    OrderId[] private placed; // of `fill`

    function setUp() public {
        setUpAuctions();
    }

    /* ONE PRICE */

    // @requirement R-TRD-10 all trade at one price; both sides pay the maker's fee; what was held beyond comes back
    function test_uncross_onePrice_settlesBothSides() public {
        sell(alice, 8, 10);
        OrderId dear = sell(carol, 10, 5);
        buy(bob, 11, 12);
        OrderId low = buy(dave, 9, 5);
        vm.warp(OPENS);
        vm.prank(stranger);
        assertTrue(book.uncross(market, ALL), "done");

        assertEq(money(bob), MONEY - 12 * 10 * PRICE - 12 * MAKER_FEE, "the buyer");
        assertEq(units(bob), UNITS + 12);
        assertEq(money(alice), MONEY + 10 * 10 * PRICE - 10 * MAKER_FEE, "the better seller, whole");
        assertEq(units(alice), UNITS - 10);
        assertEq(money(carol), MONEY + 2 * 10 * PRICE - 2 * MAKER_FEE, "the other, in part");
        assertEq(units(carol), UNITS - 5);
        assertEq(open(dear), 3, "the rest of it waits");
        assertEq(open(low), 5, "below the price");
        assertEq(money(dave), MONEY - 5 * (9 * PRICE + MAKER_FEE), "still held");
        assertState(IOrderBook.MarketState.OPEN);
        assertBest(9, 10);
        IOrderBook.MarketView memory seen = book.marketOf(market);
        assertEq(seen.last, 10, "last");
        assertEq(seen.lotsToday, 12);
        assertEq(seen.turnoverToday, 120);
        assertEq(seen.trades, 2, "one for each pair");
        assertEq(seen.feesAccrued, 12 * 2 * MAKER_FEE, "both sides' fee");
        assertPlaced(place(bob, Side.BUY, 10, 3), 3, 0); // continuous trading goes on

        book.collectFees(market, accountOf(stranger));
        assertEq(ledger.balanceOf(accountOf(stranger), gbp), 12 * 2 * MAKER_FEE + 3 * (MAKER_FEE + TAKER_FEE));
        cancelAs(dave, low);
        assertEq(sumOf(gbp) + ledger.balanceOf(accountOf(stranger), gbp), 4 * MONEY, "nothing is held any more");
    }

    function test_uncross_tells_thePriceAndEachPair() public {
        OrderId ask = sell(alice, 8, 10);
        OrderId bid = buy(bob, 10, 4);
        OrderId later = buy(carol, 10, 4);
        OrderId last = buy(dave, 9, 4);
        vm.warp(OPENS);
        assertIndication(8, 10);
        vm.expectEmit(address(book));
        emit ICallAuctions.AuctionPriced(market, 8, 10, 2);
        vm.expectEmit(address(book));
        emit ICallAuctions.AuctionTrade(market, accountOf(bob), accountOf(alice), bid, ask, 8, 4, 0, 1);
        vm.expectEmit(address(book));
        emit ICallAuctions.AuctionTrade(market, accountOf(carol), accountOf(alice), later, ask, 8, 4, 1, 2);
        vm.expectEmit(address(book));
        emit ICallAuctions.AuctionTrade(market, accountOf(dave), accountOf(alice), last, ask, 8, 2, 2, 3);
        vm.expectEmit(address(book));
        emit IOrderBook.MarketStateChanged(market, IOrderBook.MarketState.OPEN, CLOSING);
        book.uncross(market, ALL);
        assertEq(open(last), 2);
    }

    // @requirement R-VCH-2
    function test_uncross_eachPair_hasAVoucher() public {
        OrderId ask = sell(alice, 8, 10);
        OrderId bid = buy(bob, 8, 10);
        vm.warp(OPENS + 7);
        book.uncross(market, ALL);
        Voucher memory voucher = Voucher({
            kind: VoucherKind.TRADE,
            series: market,
            index: 0,
            orderOfDay: 1,
            at: OPENS + 7,
            instrument: uka,
            quantity: 10,
            price: 8 * PRICE,
            from: accountOf(alice),
            to: accountOf(bob),
            ref: OrderId.unwrap(bid) << 128 | OrderId.unwrap(ask)
        });
        assertEq(book.voucherPeak(market, 0), VoucherSeries.leafOf(voucher), "leaf");
        assertEq(book.voucherCount(market), 1);
    }

    // @requirement R-TRD-2
    function test_uncross_moreOfOneSide_earlierFirst() public {
        OrderId first = sell(alice, 10, 5);
        OrderId second = sell(carol, 10, 5);
        OrderId third = sell(dave, 10, 5);
        cancelAs(alice, first); // a place that was taken back is passed
        OrderId again = sell(alice, 10, 5);
        buy(bob, 10, 8);
        vm.warp(OPENS);
        book.uncross(market, ALL);
        assertEq(open(second), 0, "first of those that are there");
        assertEq(open(third), 2);
        assertEq(open(again), 5, "lost its place");
    }

    /* THE REFERENCE */

    function test_uncross_equalPrices_nearTheLastClose() public {
        trade(12);
        vm.warp(NEXT + 1);
        callUntil(NEXT + 60);
        sell(alice, 10, 5);
        buy(bob, 20, 5);
        assertIndication(12, 5);
        vm.warp(NEXT + 60);
        book.uncross(market, ALL);
        assertEq(book.marketOf(market).last, 12);
        assertEq(book.marketOf(market).close, 12);
    }

    function test_uncross_equalPrices_nearTheDaysLastTrade() public {
        trade(12);
        vm.warp(NEXT + 1);
        book.turn(market);
        trade(15);
        callUntil(NEXT + 60);
        sell(alice, 10, 5);
        buy(bob, 20, 5);
        vm.warp(NEXT + 60);
        book.uncross(market, ALL);
        assertEq(book.marketOf(market).last, 15, "not the close, 12");
    }

    // The average is the close that the day begins with, wherever the last trade was.
    function test_uncross_closeByAverage_isTheReference() public {
        IOrderBook.Conduct memory conduct = book.conductOf(market);
        conduct.closing = IOrderBook.ClosingRule.VWAP;
        book.setConduct(market, conduct);
        trade(10);
        trade(18);
        vm.warp(NEXT + 1);
        callUntil(NEXT + 60);
        sell(alice, 9, 5);
        buy(bob, 20, 5);
        vm.warp(NEXT + 60);
        book.uncross(market, ALL);
        assertEq(book.marketOf(market).last, 14);
    }

    function test_uncross_nothingTradedEver_middle() public {
        sell(alice, 10, 5);
        buy(bob, 21, 5);
        vm.warp(OPENS);
        book.uncross(market, ALL);
        assertEq(book.marketOf(market).last, 15, "of 10 to 21, rounded down");
    }

    /* WHO DOES NOT TAKE PART */

    // @requirement R-TRD-10 what may not trade does not influence the price
    function test_uncross_expired_leavesBeforeThePriceIsFixed() public {
        OrderId stale = expiring(carol, Side.BUY, 30, 100, OPENS + 5);
        OrderId fresh = expiring(dave, Side.BUY, 9, 2, OPENS + 6);
        sell(alice, 8, 5);
        sell(alice, 9, 5);
        vm.warp(OPENS + 5);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(stale, accountOf(carol), 100, IOrderBook.CloseReason.EXPIRED);
        vm.expectEmit(address(book));
        emit ICallAuctions.AuctionPriced(market, 8, 2, 3);
        book.uncross(market, ALL);
        assertEq(money(carol), MONEY, "given back");
        assertEq(open(fresh), 0);
        assertEq(units(dave), UNITS + 2);
    }

    function test_uncross_mayNotTrade_leavesBeforeThePriceIsFixed() public {
        OrderId barred = sell(carol, 5, 100);
        OrderId suspended = sell(dave, 5, 100);
        sell(alice, 9, 5);
        buy(bob, 10, 5);
        bar(carol, Restrictions.NO_RECEIPT);
        Eligibility memory e = eligible(0);
        e.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(accountOf(dave), e);
        vm.warp(OPENS);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(barred, accountOf(carol), 100, IOrderBook.CloseReason.NOT_ELIGIBLE);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(suspended, accountOf(dave), 100, IOrderBook.CloseReason.NOT_ELIGIBLE);
        book.uncross(market, ALL);
        assertEq(book.marketOf(market).last, 9, "not 5");
        assertEq(units(carol) + units(dave), 2 * UNITS, "given back");
    }

    function test_uncross_certificateEnded_leaves() public {
        OrderId id = sell(carol, 5, 100);
        buy(bob, 10, 5);
        Eligibility memory e = eligible(0);
        e.certificateUntil = OPENS;
        ledger.setEligibility(accountOf(carol), e);
        vm.warp(OPENS);
        book.uncross(market, ALL);
        assertEq(open(id), 0);
        assertEq(book.marketOf(market).trades, 0);
        assertState(IOrderBook.MarketState.OPEN);
    }

    // @requirement R-TRD-10
    function test_uncross_wouldHoldTooMuch_leaves_butForGovernments() public {
        setMostHeld(UNITS + 10);
        OrderId tooMuch = buy(bob, 20, 11);
        OrderId enough = buy(carol, 15, 10);
        sell(alice, 10, 30);
        Eligibility memory e = eligible(0);
        e.kind = AccountKind.GOVERNMENT;
        ledger.setEligibility(accountOf(dave), e);
        OrderId exempt = buy(dave, 14, 20);
        vm.warp(OPENS);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(tooMuch, accountOf(bob), 11, IOrderBook.CloseReason.NOT_ELIGIBLE);
        book.uncross(market, ALL);
        assertEq(open(enough) + open(exempt), 0, "traded");
        assertEq(units(dave), UNITS + 20);
    }

    // Two orders that each fit, but not together: the second leaves when its turn comes, whatever the pages.
    function test_uncross_ordersTogetherTooMuch_secondLeaves() public {
        setMostHeld(UNITS + 10);
        OrderId first = buy(bob, 20, 6);
        OrderId second = buy(bob, 20, 6);
        OrderId third = buy(bob, 20, 4);
        OrderId other = buy(carol, 12, 9);
        sell(alice, 10, 16);
        vm.warp(OPENS);
        bytes32 whole = afterPages(ALL);
        for (uint256 work = 1; work < 8; ++work) {
            assertEq(afterPages(work), whole, "the same in pages");
        }
        uncrossBy(1);
        assertEq(open(first) + open(second) + open(third), 0);
        assertEq(units(bob), UNITS + 10, "the first and the third");
        assertEq(open(other), 3, "trades what is left");
    }

    // The price stands; what can no longer trade at it does not; the rest is auctioned again while it crosses.
    // @requirement R-TRD-10
    function test_uncross_barredBetweenPages_leaves_andTheRestIsAuctionedAgain() public {
        sell(alice, 10, 10);
        OrderId barred = buy(bob, 20, 10);
        sell(carol, 12, 6);
        buy(dave, 15, 6); // of 16 asked, 16 are bid at 12 to 15
        vm.warp(OPENS);
        uint24 fixed_ = untilPriced();
        bar(bob, Restrictions.NO_TRADE);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(barred, accountOf(bob), 10, IOrderBook.CloseReason.NOT_ELIGIBLE);
        uncrossBy(1);
        assertEq(money(dave), MONEY - 6 * (uint256(fixed_) * PRICE + MAKER_FEE), "at the price that was fixed");
        assertEq(units(bob), UNITS);
        assertBest(0, 10);
        assertState(IOrderBook.MarketState.OPEN);
    }

    function test_uncross_restCrosses_anotherPrice() public {
        setOwner(alice, 7);
        sell(alice, 10, 4);
        sell(carol, 18, 4);
        OrderId late = buy(bob, 20, 8); // all at 18 to 20: 18, as nothing traded before: 19
        OrderId own = buy(dave, 19, 3);
        vm.warp(OPENS);
        assertEq(untilPriced(), 20, "bids are left over below");
        bar(bob, Restrictions.NO_TRADE);
        uncrossBy(3);
        assertEq(open(late) + open(own), 0);
        assertEq(book.marketOf(market).last, 13, "a second price, for what was left: of 10 to 17");
        assertEq(units(dave), UNITS + 3);
    }

    /* OWN ORDERS */

    // @requirement R-TRD-2
    function test_uncross_oneOwner_shrinkWithoutATrade() public {
        setOwner(alice, 7);
        setOwner(bob, 7);
        OrderId ask = sell(alice, 10, 5);
        OrderId bid = buy(bob, 12, 8);
        OrderId other = sell(carol, 11, 3);
        vm.warp(OPENS);
        vm.expectEmit(address(book));
        emit IOrderBook.SelfTradePrevented(bid, accountOf(bob), 5);
        vm.expectEmit(address(book));
        emit IOrderBook.SelfTradePrevented(ask, accountOf(alice), 5);
        book.uncross(market, ALL);
        assertEq(open(ask) + open(bid) + open(other), 0);
        assertEq(book.marketOf(market).trades, 1, "with carol");
        assertEq(units(alice), UNITS, "given back");
        assertEq(units(bob), UNITS + 3);
    }

    function test_uncross_oneAccount_shrinks() public {
        sell(alice, 10, 5);
        buy(alice, 10, 5);
        vm.warp(OPENS);
        book.uncross(market, ALL);
        assertEq(units(alice), UNITS);
        assertEq(money(alice), MONEY);
        assertEq(book.marketOf(market).trades, 0);
        assertState(IOrderBook.MarketState.OPEN);
    }

    /* PAGES */

    // @requirement R-TRD-10
    function testFuzz_uncross_anyPages_sameOutcome(uint256 seed) public {
        fill(seed);
        vm.warp(OPENS);
        book.turn(market);
        if (stateNow() != IOrderBook.MarketState.UNCROSSING) return;
        bytes32 whole = afterPages(ALL);
        uint256[6] memory works = [uint256(1), 2, 3, 5, 8, 13];
        for (uint256 i; i < works.length; ++i) {
            assertEq(afterPages(works[i]), whole, "the same in pages");
        }
        uncrossBy(1 + seed % 7);
        (uint256 money_, uint256 units_) = heldByOrders();
        assertEq(sumOf(gbp) + money_ + book.marketOf(market).feesAccrued, 4 * MONEY, "money");
        assertEq(sumOf(uka) + units_, 4 * UNITS, "units");
        assertUncrossed();
    }

    /// @dev What a trade takes where many are made in a call; written down in the docs.
    function test_uncross_manyTrades_gasOfEach() public {
        for (uint256 i; i < 50; ++i) {
            sell(alice, 10, 2);
            buy(i % 2 == 0 ? bob : carol, 10, 2);
        }
        vm.warp(OPENS);
        book.turn(market);
        uint256 gas = gasleft();
        book.uncross(market, ALL);
        gas -= gasleft();
        assertEq(book.marketOf(market).trades, 50);
        assertLe(gas / 50, 120_000, "a trade");
        assertGe(gas / 50, 30_000, "a trade");
    }

    // Whatever the book, a call of work 1 costs no more than a few orders do.
    function test_uncross_oneStep_isBounded() public {
        for (uint24 i; i < 60; ++i) {
            sell(alice, 10 + i % 20, 1);
            OrderId id = sell(alice, 10 + i % 20, 1);
            if (i % 2 == 0) cancelAs(alice, id);
            buy(bob, 40 - i % 20, 1);
        }
        vm.warp(OPENS);
        book.turn(market);
        uint256 most;
        for (bool done; !done;) {
            uint256 gas = gasleft();
            done = book.uncross(market, 1);
            gas -= gasleft();
            if (gas > most) most = gas;
        }
        assertLe(most, 450_000, "gas of a step");
    }

    /* BETWEEN PAGES */

    function test_betweenPages_nothingIsPlacedOrTakenBack() public {
        OrderId ask = sell(alice, 10, 5);
        sell(carol, 11, 5);
        buy(bob, 12, 9);
        vm.warp(OPENS);
        for (uint256 i; i < 12; ++i) {
            if (book.uncross(market, 1)) return;
            bytes memory error = abi.encodeWithSelector(IOrderBook.AuctionPending.selector, market);
            refuse(dave, orderOf(Side.BUY, 9, 1), error);
            vm.prank(alice);
            vm.expectRevert(error);
            book.cancel(ask);
            vm.expectRevert(error);
            book.evict(ask);
        }
        assertTrue(false, "it comes to an end");
    }

    // A halt breaks an auction off; orders may go; resumed, what crosses is auctioned from the start.
    function test_halt_whileExecuting_beginsAnew() public {
        sell(alice, 10, 5);
        OrderId second = sell(carol, 11, 5);
        OrderId bid = buy(bob, 20, 10);
        vm.warp(OPENS);
        while (book.marketOf(market).trades == 0) {
            book.uncross(market, 1);
        }
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICallAuctions.NoAuctionPending.selector, market, uint8(IOrderBook.MarketState.HALTED)
            )
        );
        book.uncross(market, 1);
        cancelAs(carol, second);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        assertState(IOrderBook.MarketState.OPEN); // nothing crosses any more
        assertEq(open(bid), 5, "the trade before stands");

        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        assertPlaced(place(dave, Side.SELL, 20, 5), 5, 0);
    }

    function test_halt_whileCleaning_resumed_looksAtAllAgain() public {
        sell(alice, 10, 5);
        buy(bob, 20, 5);
        OrderId below = buy(carol, 15, 5);
        vm.warp(OPENS);
        book.uncross(market, 1); // the best bid has been looked at
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        bar(bob, Restrictions.NO_TRADE);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        assertState(IOrderBook.MarketState.UNCROSSING);
        book.uncross(market, ALL);
        assertEq(open(below), 0, "bob's order did not count");
        assertEq(book.marketOf(market).last, 12, "of 10 to 15");
    }

    function test_downgrade_whileExecuting_beginsAnewAfterwards() public {
        sell(alice, 10, 5);
        sell(carol, 11, 5);
        buy(bob, 20, 10);
        vm.warp(OPENS);
        book.uncross(market, 1);
        phases.downgrade(book, true);
        assertState(IOrderBook.MarketState.DOWNGRADED);
        phases.downgrade(book, false);
        assertState(IOrderBook.MarketState.UNCROSSING);
        book.uncross(market, ALL);
        assertState(IOrderBook.MarketState.OPEN);
    }

    // Trades of another day have that day's numbers, after the day before has been closed.
    function test_uncross_theDayAfter_closesTheDayFirst() public {
        vm.warp(OPENS);
        trade(12);
        vm.warp(CLOSING);
        sell(alice, 10, 4);
        sell(carol, 10, 4);
        buy(bob, 12, 8);
        vm.warp(CLOSES);
        assertFalse(book.uncross(market, 3), "not done");
        vm.warp(NEXT + 1 hours);
        vm.expectEmit(address(book));
        emit IMarketOperations.DayClosed(market, uint24(DAY / 1 days), 12, 1, 12);
        uncrossBy(3);
        IOrderBook.MarketView memory seen = book.marketOf(market);
        assertEq(seen.day, NEXT / 1 days, "the new day");
        assertEq(seen.lotsToday, 8, "its trades");
        assertEq(seen.close, 12);
    }

    // A page that trades, then midnight, then another: no number of a day is given twice.
    function test_uncross_overMidnight_numbersBeginAgain() public {
        sell(alice, 10, 4);
        sell(carol, 10, 4);
        buy(bob, 12, 8);
        vm.warp(OPENS);
        while (book.marketOf(market).trades == 0) {
            book.uncross(market, 1);
        }
        vm.warp(NEXT + 1);
        vm.recordLogs();
        book.uncross(market, ALL);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 told;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ICallAuctions.AuctionTrade.selector) continue;
            (,,,, uint40 voucher, uint32 orderOfDay) =
                abi.decode(logs[i].data, (OrderId, OrderId, uint24, uint48, uint40, uint32));
            assertEq(voucher, 1, "goes on");
            assertEq(orderOfDay, 1, "begins again");
            ++told;
        }
        assertEq(told, 1, "one trade");
        assertEq(book.marketOf(market).lotsToday, 4);
    }

    /* VALIDITY */

    // What may no longer be traded is not executed either; the orders go back.
    function test_uncross_instrumentNoLongerValid_closes() public {
        InstrumentId later = instrumentId(InstrumentClass.ALLOWANCE, 826, 2022, 0, 0);
        ledger.defineInstrument(later, OPENS + 90, "terms");
        IOrderBook.MarketTerms memory t = terms();
        t.instrument = later;
        market = book.openMarket(t);
        tellDay(0);
        phases.downgrade(book, true);
        phases.downgrade(book, false);
        ledger.issue(accountOf(alice), InstrumentId.unwrap(later), 20, "issue");
        OrderId ask = sell(alice, 10, 10);
        OrderId rest = sell(alice, 10, 10);
        buy(bob, 12, 20);
        vm.warp(OPENS + 59);
        while (book.marketOf(market).trades == 0) {
            assertFalse(book.uncross(market, 1), "not done");
        }
        vm.warp(OPENS + 60); // the last whole minute
        assertTrue(book.uncross(market, ALL), "over");
        assertState(IOrderBook.MarketState.CLOSED);
        assertEq(open(ask), 0, "before its end");
        assertEq(open(rest), 10, "not executed");
        cancelAs(alice, rest);
    }

    function test_uncross_instrumentClosed_isHalted() public {
        sell(alice, 10, 10);
        buy(bob, 12, 10);
        vm.warp(OPENS);
        book.uncross(market, 1);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        refuseUncross(IOrderBook.MarketState.HALTED);
    }

    /* PHASES */

    function test_closingAuction_setsTheClose() public {
        vm.warp(OPENS);
        trade(12);
        vm.warp(CLOSING);
        sell(alice, 9, 5);
        buy(bob, 9, 5);
        vm.warp(CLOSES);
        book.uncross(market, ALL);
        assertState(IOrderBook.MarketState.CLOSED);
        vm.warp(NEXT);
        book.turn(market);
        assertEq(book.marketOf(market).close, 9, "the auction's price");
    }

    // @requirement R-TRD-10 after a breaker, trading begins again with an auction
    function test_interruption_thenAuction_thenTrading() public {
        vm.warp(OPENS);
        trade(100);
        book.setLimits(market, IOrderBook.Limits(0, 100, 0, 0));
        sell(alice, 120, 5);
        place(bob, Side.BUY, 125, 5);
        assertState(IOrderBook.MarketState.CALL);
        sell(carol, 118, 5);
        vm.warp(OPENS + 5 minutes);
        refuse(dave, orderOf(Side.BUY, 1, 1), abi.encodeWithSelector(IOrderBook.AuctionPending.selector, market));
        book.uncross(market, ALL);
        assertEq(book.marketOf(market).last, 118, "no band in an auction");
        assertState(IOrderBook.MarketState.OPEN);
        assertPlaced(place(bob, Side.BUY, 120, 5), 5, 0);
    }

    function test_uncross_countedOrders_areCountedOff() public {
        book.setLimits(market, IOrderBook.Limits(0, 0, 0, 10));
        sell(alice, 10, 5);
        sell(alice, 30, 5);
        buy(bob, 10, 3);
        buy(bob, 10, 4);
        expiring(carol, Side.BUY, 20, 1, OPENS);
        vm.warp(OPENS);
        uncrossBy(1);
        assertEq(book.openOrdersOf(market, accountOf(alice)), 1);
        assertEq(book.openOrdersOf(market, accountOf(bob)), 1, "the rest of the second");
        assertEq(book.openOrdersOf(market, accountOf(carol)), 0);
    }

    /* REFUSED */

    function test_uncross_nothingPending_refused() public {
        refuseUncross(IOrderBook.MarketState.CALL);
        sell(alice, 10, 5);
        buy(bob, 10, 5);
        refuseUncross(IOrderBook.MarketState.CALL);
        vm.warp(LOCKS);
        refuseUncross(IOrderBook.MarketState.LOCKED);
        vm.warp(OPENS);
        book.uncross(market, ALL);
        refuseUncross(IOrderBook.MarketState.OPEN);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, 99));
        book.uncross(99, 1);
    }

    function test_uncross_withoutWork_refused() public {
        sell(alice, 10, 5);
        buy(bob, 10, 5);
        vm.warp(OPENS);
        vm.expectRevert(ICallAuctions.NoWork.selector);
        book.uncross(market, 0);
    }

    // @requirement R-ACC-1
    function test_bareAuctions_calledDirectly_changeNothing() public {
        OrderId id = sell(alice, 10, 5);
        IExchange bare = IExchange(auctions);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, market));
        bare.uncross(market, 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, market));
        bare.pick(id, 5, 0);
        bare = IExchange(operations);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, market));
        bare.uncross(market, 1);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, market));
        bare.indication(market);
    }

    function test_indication_pricesApart_nothing() public {
        assertIndication(0, 0);
        sell(alice, 10, 5);
        assertIndication(0, 0);
        buy(bob, 9, 5);
        assertIndication(0, 0);
        buy(bob, 12, 3);
        assertIndication(11, 3); // asks are left over at 10 to 12
    }

    /* HELPERS */

    function refuseUncross(IOrderBook.MarketState state) private {
        vm.expectRevert(abi.encodeWithSelector(ICallAuctions.NoAuctionPending.selector, market, uint8(state)));
        book.uncross(market, 1);
    }

    function assertIndication(uint256 tick, uint256 tonnes) private view {
        (uint24 at, uint48 much) = book.indication(market);
        assertEq(at, tick, "indicated tick");
        assertEq(much, tonnes, "indicated tonnes");
    }

    /// @dev Work of one at a time, until the price is fixed; nothing has traded then.
    function untilPriced() private returns (uint24 tick) {
        while (tick == 0) {
            vm.recordLogs();
            assertFalse(book.uncross(market, 1), "a price is fixed");
            Vm.Log[] memory logs = vm.getRecordedLogs();
            for (uint256 i; i < logs.length; ++i) {
                if (logs[i].topics[0] != ICallAuctions.AuctionPriced.selector) continue;
                (tick,,) = abi.decode(logs[i].data, (uint24, uint48, uint48));
            }
        }
    }

    function trade(uint24 tick) private {
        if (block.timestamp < OPENS) vm.warp(OPENS);
        sell(alice, tick, 1);
        assertPlaced(place(bob, Side.BUY, tick, 1), 1, 0);
    }

    function callUntil(uint40 until) private {
        phases.tell(market, IOrderBook.MarketState.CALL, uint40(block.timestamp), until);
        phases.downgrade(book, true);
        phases.downgrade(book, false);
        assertState(IOrderBook.MarketState.CALL);
    }

    function setMostHeld(uint256 most) private {
        book.setLimits(market, IOrderBook.Limits(0, 0, uint64(most), 0));
    }

    /// @dev What all have when it has been executed in calls of so much work; then it has not been.
    function afterPages(uint256 work) private returns (bytes32 all) {
        uint256 snapshot = vm.snapshotState();
        uncrossBy(work);
        all = digest();
        vm.revertToState(snapshot);
    }

    /// @dev Orders of all kinds, of owners and of others, some of them expired, barred or too large to be held when the call ends.
    function fill(uint256 seed) private {
        setOwner(alice, 7);
        setOwner(bob, 7);
        book.setLimits(market, IOrderBook.Limits(0, 0, uint64(UNITS + 60), 200));
        address[4] memory keys = [alice, bob, carol, dave];
        for (uint256 i; i < 40; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            IOrderBook.Order memory order =
                orderOf(Side(seed & 1), uint24(90 + (seed >> 8) % 20), uint48(1 + (seed >> 16) % 30));
            if (seed >> 24 & 7 == 0) order.expires = OPENS - 60 + uint40((seed >> 32) % 120);
            if (order.expires != 0 && order.expires <= block.timestamp) order.expires = OPENS;
            address key = keys[(seed >> 40) % 4];
            placed.push(send(key, order).id);
            if (i != 0 && (seed >> 48) % 5 == 0) {
                OrderId old = placed[(seed >> 56) % i];
                for (uint256 k; k < 4; ++k) {
                    if (book.orderOf(old).account == accountOf(keys[k])) cancelAs(keys[k], old);
                }
            }
        }
        if (seed >> 128 & 3 == 0) bar(dave, Restrictions.NO_TRADE);
    }

    function sumOf(uint256 instrument) private view returns (uint256 sum) {
        address[4] memory keys = [alice, bob, carol, dave];
        for (uint256 i; i < 4; ++i) {
            sum += ledger.balanceOf(accountOf(keys[i]), instrument);
        }
    }

    function heldByOrders() private view returns (uint256 money_, uint256 units_) {
        for (uint256 i; i < placed.length; ++i) {
            if (placed[i].side() == Side.SELL) units_ += open(placed[i]);
            else money_ += open(placed[i]) * (placed[i].tick() * PRICE + MAKER_FEE);
        }
    }

    function assertUncrossed() private view {
        IOrderBook.MarketView memory seen = book.marketOf(market);
        assertTrue(seen.bestBid == 0 || seen.bestAsk == 0 || seen.bestBid < seen.bestAsk, "no longer crossed");
        assertState(IOrderBook.MarketState.OPEN);
    }
}
