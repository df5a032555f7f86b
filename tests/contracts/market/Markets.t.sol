// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { Initializable } from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { Book } from "../../../contracts/market/Book.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IMarketOperations } from "../../../contracts/market/IMarketOperations.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { MOST_TICK } from "../../../contracts/market/MarketWords.sol";
import { OrderBook } from "../../../contracts/market/OrderBook.sol";
import { InstrumentId, MalformedInstrument } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev A market's terms, band, lots, fees, depth and vouchers.
contract MarketsTest is TradingSuite {
    function setUp() public {
        setUpTrading();
    }

    /* TERMS */

    function test_openMarket_impossibleTerms_refused() public {
        for (uint256 term; term < 14; ++term) {
            IOrderBook.MarketTerms memory t = terms();
            uint256 told = term;
            if (term == 0) t.instrument = InstrumentId.wrap(gbp);
            if (term == 1) t.tickMantissa = 0;
            if (term == 2) t.tickExponent = 19;
            if (term == 3) t.lot = 0;
            if (term == 4) t.leastLots = 0;
            if (term == 5) t.takerFee = 11;
            if (term == 6) t.makerFee = 11;
            if (term == 7) t.lowest = 0;
            if (term == 8) t.highest = uint24(MOST_TICK) + 1;
            if (term == 9) (t.lowest, t.highest, told) = (6, 5, 7);
            if (term == 10) (t.tickMantissa, told) = (1024, 1);
            if (term >= 11) (t.tickMantissa, t.lot) = (1000, 1000);
            if (term == 11) (t.takerFee, told) = (16_384, 5);
            if (term == 12) (t.makerFee, told) = (16_384, 6);
            if (term == 13) (t.leastLots, told) = (256, 4);
            vm.expectRevert(abi.encodeWithSelector(IOrderBook.BadTerms.selector, told));
            book.openMarket(t);
        }
        IOrderBook.MarketTerms memory none = terms();
        none.instrument = InstrumentId.wrap(7);
        vm.expectRevert(abi.encodeWithSelector(MalformedInstrument.selector, 7));
        book.openMarket(none);
    }

    // Orders do not ask the ledger: a market of what was closed before, or is defined later with an end, would never halt.
    // @requirement R-AST-5
    function test_openMarket_ofWhatIsNotOpen_refused() public {
        IOrderBook.MarketTerms memory t = terms();
        t.instrument = InstrumentId.wrap(uka + 1);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka + 1, 0));
        book.openMarket(t);
        ledger.defineInstrument(t.instrument, 0, "terms");
        ledger.setState(t.instrument, IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka + 1, 0));
        book.openMarket(t);
    }

    // @requirement R-TRD-2
    function test_openMarket_extremeTerms_readBack() public {
        IOrderBook.MarketTerms memory t = IOrderBook.MarketTerms({
            instrument: InstrumentId.wrap((uint256(2) << 80) | ((uint256(1) << 80) - 1)),
            tickMantissa: 1023,
            tickExponent: 18,
            lot: type(uint16).max,
            leastLots: type(uint8).max,
            takerFee: 16_383,
            makerFee: 16_382,
            lowest: uint24(MOST_TICK) - 1,
            highest: uint24(MOST_TICK)
        });
        ledger.defineInstrument(t.instrument, 0, "terms");
        uint24 number = book.openMarket(t);
        assertEq(number, market + 1, "next number");
        assertEq(book.marketCount(), number);
        IOrderBook.MarketView memory seen = book.marketOf(number);
        assertEq(keccak256(abi.encode(seen.terms)), keccak256(abi.encode(t)), "terms");
        assertTrue(seen.state == IOrderBook.MarketState.OPEN);
        assertEq(seen.bestBid + seen.bestAsk + seen.last + seen.feesAccrued + seen.trades, 0, "fresh");

        book.setBand(number, 1, 2);
        book.setMarketState(number, IOrderBook.MarketState.HALTED);
        (t.lowest, t.highest) = (1, 2);
        seen = book.marketOf(number);
        assertEq(keccak256(abi.encode(seen.terms)), keccak256(abi.encode(t)), "only the band changed");
        assertTrue(seen.state == IOrderBook.MarketState.HALTED);
    }

    function test_unknownMarket_refused() public {
        uint24 none = market + 1;
        bytes memory error = abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, none);
        vm.expectRevert(error);
        book.marketOf(none);
        vm.expectRevert(error);
        book.setMarketState(none, IOrderBook.MarketState.HALTED);
        vm.expectRevert(error);
        book.setBand(none, 1, 2);
        vm.expectRevert(error);
        book.collectFees(none, address(1));
        vm.expectRevert(error);
        book.depth(none, Side.BUY, 1);
        vm.expectRevert(error);
        book.ordersAt(none, Side.BUY, 1, 0, 1);
        vm.expectRevert(error);
        book.voucherCount(none);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, type(uint24).max));
        book.voucherRoot(type(uint32).max);
        vm.expectRevert(error);
        book.turn(none);
        IOrderBook.Order memory order = orderOf(Side.BUY, 10, 1);
        order.market = none;
        refuse(alice, order, error);
    }

    // @requirement R-ACC-1
    function test_restrictedFunctions_byStranger_refused() public {
        bytes memory error = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        IOrderBook.MarketTerms memory t = terms();
        vm.startPrank(stranger);
        vm.expectRevert(error);
        book.openMarket(t);
        vm.expectRevert(error);
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        vm.expectRevert(error);
        book.setBand(market, 1, 2);
        vm.expectRevert(error);
        book.collectFees(market, stranger);
        vm.expectRevert(error);
        Governed(address(book)).upgradeToAndCall(stranger, "");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        OrderBook(address(book)).initialize();
        vm.stopPrank();
    }

    /* BAND, LOTS, AMOUNTS */

    // @requirement R-TRD-10
    function test_band_outside_refused() public {
        vm.expectEmit(address(book));
        emit IOrderBook.BandChanged(market, 10, 20);
        book.setBand(market, 10, 20);
        refuse(alice, orderOf(Side.BUY, 9, 1), abi.encodeWithSelector(IOrderBook.PriceOutsideBand.selector, 9, 10, 20));
        refuse(
            alice, orderOf(Side.SELL, 21, 1), abi.encodeWithSelector(IOrderBook.PriceOutsideBand.selector, 21, 10, 20)
        );
        buy(alice, 10, 1);
        sell(alice, 20, 1);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.BadTerms.selector, 7));
        book.setBand(market, 0, 20);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.BadTerms.selector, 7));
        book.setBand(market, 21, 20);
    }

    function test_band_narrowed_restingOrdersOutsideStillTrade() public {
        OrderId id = sell(alice, 10, 5);
        book.setBand(market, 50, 60);
        assertPlaced(place(bob, Side.BUY, 50, 5), 5, 0);
        assertEq(open(id), 0);
    }

    // LESSONS: a minimum order size; lots that leave no dust
    function test_lots_fractionsAndTooSmall_refused() public {
        IOrderBook.MarketTerms memory t = terms();
        (t.lot, t.leastLots) = (5, 3);
        market = book.openMarket(t);
        uint48[4] memory bad = [uint48(0), 5, 10, 16];
        for (uint256 i; i < bad.length; ++i) {
            refuse(
                alice,
                orderOf(Side.SELL, 10, bad[i]),
                abi.encodeWithSelector(IOrderBook.BadOrderQuantity.selector, bad[i], 5, 15)
            );
        }
        OrderId id = sell(alice, 10, 15);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.BadReduction.selector, 4, 15, 5));
        book.reduce(id, 4);
        vm.prank(alice);
        book.reduce(id, 10);
        assertPlaced(place(bob, Side.BUY, 10, 15), 5, 10);
    }

    function test_amount_beyondTheLedger_refused() public {
        IOrderBook.MarketTerms memory t = terms();
        t.tickExponent = 18;
        market = book.openMarket(t);
        uint256 amount = uint256(type(uint48).max) * MOST_TICK * 10 ** 19 + uint256(type(uint48).max) * 2e18;
        refuse(
            alice,
            orderOf(Side.BUY, uint24(MOST_TICK), type(uint48).max),
            abi.encodeWithSelector(IOrderBook.AmountTooLarge.selector, amount)
        );
    }

    function test_level_beyondItsTonnes_refused() public {
        ledger.issue(accountOf(alice), uka, type(uint48).max, "issue");
        sell(alice, 10, type(uint48).max);
        refuse(alice, orderOf(Side.SELL, 10, 1), abi.encodeWithSelector(Book.LevelFull.selector, 10));
        sell(alice, 11, 1);
    }

    /* FEES */

    // @requirement R-TRD-8
    function test_fees_manySplitFills_sumIsExactPerLot() public {
        IOrderBook.MarketTerms memory t = terms();
        (t.lot, t.takerFee, t.makerFee) = (3, 29, 17);
        market = book.openMarket(t);
        sell(alice, 10, 30);
        place(bob, Side.BUY, 10, 3);
        place(bob, Side.BUY, 10, 9);
        place(carol, Side.BUY, 10, 18);
        assertEq(book.marketOf(market).feesAccrued, 10 * (29 + 17), "ten lots");
        assertEq(money(alice), MONEY + 3000 - 170);
        assertEq(money(bob), MONEY - 1200 - 4 * 29);
        assertEq(money(carol), MONEY - 1800 - 6 * 29);
    }

    // @requirement R-TRD-8
    function test_collectFees_creditsOnce() public {
        sell(alice, 10, 5);
        place(bob, Side.BUY, 10, 5);
        address platform = openAccount(address(0x91A7));
        uint96 fees = uint96(5 * (TAKER_FEE + MAKER_FEE));
        vm.expectEmit(address(book));
        emit IOrderBook.FeesCollected(market, platform, fees);
        book.collectFees(market, platform);
        assertEq(ledger.balanceOf(platform, gbp), fees);
        assertEq(book.marketOf(market).feesAccrued, 0);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.NoFees.selector, market));
        book.collectFees(market, platform);
        assertEq(book.marketOf(market).trades, 1, "the rest of the word stands");
        assertEq(book.marketOf(market).last, 10);
    }

    function test_fees_asHighAsThePrice_neverMoreThanIt() public {
        IOrderBook.MarketTerms memory t = terms();
        (t.takerFee, t.makerFee) = (10, 10);
        market = book.openMarket(t);
        sell(alice, 1, 5);
        place(bob, Side.BUY, 1, 5);
        assertEq(money(alice), MONEY, "all of it was the fee");
        buy(alice, 1, 5);
        place(bob, Side.SELL, 1, 5);
        assertEq(money(bob), MONEY - 100, "price and fee of the first; of the second, all was the fee");
    }

    function test_fees_asLargeAsMoneyAllows_accrueAndAreCollected() public {
        IOrderBook.MarketTerms memory t = terms();
        (t.tickMantissa, t.tickExponent, t.takerFee, t.makerFee) = (1023, 18, 1023, 0);
        market = book.openMarket(t);
        ledger.issue(accountOf(bob), gbp, 2 ** 95, "deposit");
        ledger.issue(accountOf(alice), uka, 10_000, "issue");
        sell(alice, 1, 9000);
        place(bob, Side.BUY, 1, 9000);
        uint256 fees = 9000 * uint256(1023e18);
        assertEq(book.marketOf(market).feesAccrued, fees, "exact");
        uint256 before = money(carol);
        book.collectFees(market, accountOf(carol));
        assertEq(money(carol) - before, fees, "collected");
        assertEq(book.marketOf(market).feesAccrued, 0, "none left");
    }

    /* DEPTH: also what finds the next level, against a naive search */

    // @requirement R-TRD-11
    function testFuzz_depth_anyTicks_inOrderOfPrice(uint24[12] memory raw, uint8 gone) public {
        // Some near each other, some at the edges of the tree's words.
        uint24[6] memory edges = [uint24(1), 255, 256, 65_535, 65_536, uint24(MOST_TICK)];
        OrderId[] memory asks = new OrderId[](12);
        OrderId[] memory bids = new OrderId[](12);
        uint24 other = book.openMarket(terms()); // bids in a market of their own, so that nothing trades
        ledger.issue(accountOf(alice), gbp, 2 ** 60, "deposit");
        for (uint256 i; i < 12; ++i) {
            if (raw[i] % 3 == 0) raw[i] = edges[raw[i] % 6];
            if (raw[i] % 3 == 1) raw[i] = uint24(60_000 + raw[i] % 10_000);
            raw[i] = uint24(raw[i] & MOST_TICK);
            if (raw[i] == 0) raw[i] = 1;
            asks[i] = sell(alice, raw[i], uint48(i + 1));
            IOrderBook.Order memory order = orderOf(Side.BUY, raw[i], uint48(i + 1));
            order.market = other;
            bids[i] = send(alice, order).id;
        }
        bool[12] memory removed;
        for (uint256 i; i < 12; ++i) {
            if ((uint256(gone) * 257 >> i) & 1 == 0) continue;
            removed[i] = true;
            vm.startPrank(alice);
            book.cancel(asks[i]);
            book.cancel(bids[i]);
            vm.stopPrank();
        }
        compareDepth(market, Side.SELL, raw, removed);
        compareDepth(other, Side.BUY, raw, removed);
    }

    function compareDepth(uint24 where, Side side, uint24[12] memory raw, bool[12] memory removed) private view {
        (uint24[] memory ticks, uint48[] memory tonnes) = book.depth(where, side, 20);
        uint256 previous = side == Side.SELL ? 0 : 1 << 24;
        uint256 found;
        while (true) {
            uint256 next;
            uint256 sum;
            for (uint256 i; i < 12; ++i) {
                if (removed[i]) continue;
                bool worse = side == Side.SELL ? raw[i] > previous : raw[i] < previous;
                bool better = next == 0 || (side == Side.SELL ? raw[i] < next : raw[i] > next);
                if (worse && better) (next, sum) = (raw[i], 0);
                if (raw[i] == next) sum += i + 1;
            }
            if (next == 0) break;
            assertLe(found + 1, ticks.length, "level missing");
            assertEq(ticks[found], next, "tick");
            assertEq(tonnes[found], sum, "tonnes");
            previous = next;
            ++found;
        }
        assertEq(ticks.length, found, "levels");
        IOrderBook.MarketView memory seen = book.marketOf(where);
        assertEq(side == Side.SELL ? seen.bestAsk : seen.bestBid, found == 0 ? 0 : ticks[0], "best");
    }

    function test_depth_most_limits() public {
        for (uint24 tick = 10; tick < 15; ++tick) {
            sell(alice, tick, 1);
        }
        (uint24[] memory ticks,) = book.depth(market, Side.SELL, 3);
        assertEq(ticks.length, 3);
        assertEq(ticks[2], 12);
        (ticks,) = book.depth(market, Side.BUY, 3);
        assertEq(ticks.length, 0);
    }

    function test_ordersAt_pages() public {
        OrderId[5] memory ids;
        for (uint256 i; i < 5; ++i) {
            ids[i] = sell(alice, 10, uint48(i + 1));
        }
        (OrderId[] memory got, IOrderBook.OrderView[] memory orders) = book.ordersAt(market, Side.SELL, 10, 1, 3);
        assertEq(got.length, 3);
        for (uint256 i; i < 3; ++i) {
            assertEq(OrderId.unwrap(got[i]), OrderId.unwrap(ids[i + 1]));
            assertEq(orders[i].open, i + 2);
            assertEq(orders[i].account, accountOf(alice));
        }
        (got,) = book.ordersAt(market, Side.SELL, 10, 4, 3);
        assertEq(got.length, 1);
        (got,) = book.ordersAt(market, Side.SELL, 10, 5, 3);
        assertEq(got.length, 0);
    }

    /* VOUCHERS */

    // @requirement R-VCH-2 every trade has a voucher that anyone can prove
    function test_vouchers_ofTrades_inOrderAndProvable() public {
        sell(alice, 10, 5);
        sell(carol, 11, 5);
        buy(dave, 9, 5);
        place(bob, Side.BUY, 11, 7); // two trades
        vm.warp((block.timestamp / 1 days + 1) * 1 days); // the next civil day
        place(bob, Side.SELL, 9, 2);

        bytes32[] memory leaves = new bytes32[](3);
        uint40 day1 = 1_700_000_000;
        leaves[0] = leaf(0, 1, day1, 5, 100, alice, bob, ref(Side.SELL, 10));
        leaves[1] = leaf(1, 2, day1, 2, 110, carol, bob, ref(Side.SELL, 11));
        leaves[2] = leaf(2, 1, uint40(block.timestamp), 2, 90, bob, dave, ref(Side.BUY, 9));

        assertEq(book.voucherCount(market), 3);
        bytes32 pair = keccak256(abi.encode(leaves[0], leaves[1]));
        assertEq(book.voucherPeak(market, 1), pair, "peak of the first two");
        assertEq(book.voucherPeak(market, 0), leaves[2], "peak of the third");
        assertEq(
            book.voucherRoot(market), keccak256(abi.encode(keccak256(abi.encode(pair, leaves[2])), uint256(3))), "root"
        );
    }

    function ref(Side side, uint24 tick) private view returns (uint256) {
        return uint256(market) << 104 | uint256(side) << 96 | uint256(tick) << 64;
    }

    function leaf(
        uint40 index,
        uint32 orderOfDay,
        uint40 at,
        uint256 quantity,
        uint256 price,
        address from,
        address to,
        uint256 maker
    ) private view returns (bytes32) {
        Voucher memory voucher = Voucher({
            kind: VoucherKind.TRADE,
            series: market,
            index: index,
            orderOfDay: orderOfDay,
            at: at,
            instrument: uka,
            quantity: quantity,
            price: price,
            from: accountOf(from),
            to: accountOf(to),
            ref: maker
        });
        return keccak256(bytes.concat(keccak256(abi.encode(voucher))));
    }
}
