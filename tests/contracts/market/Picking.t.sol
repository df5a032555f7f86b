// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { Book } from "../../../contracts/market/Book.sol";
import { ICallAuctions } from "../../../contracts/market/ICallAuctions.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { VoucherSeries } from "../../../contracts/vouchers/VoucherSeries.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev A market by choice: nothing is matched, who takes picks an order of the best five levels.
contract PickingTest is TradingSuite {
    function setUp() public {
        setUpTrading();
        setChoice(true);
    }

    // @requirement R-TRD-2
    function test_pick_anyPlaceOfALevel_tradesAtItsPrice() public {
        OrderId first = sell(alice, 10, 5);
        OrderId second = sell(carol, 10, 5);
        OrderId dear = sell(carol, 14, 5);
        vm.expectEmit(address(book));
        emit IOrderBook.Trade(second, accountOf(carol), accountOf(bob), 3, 0, 1);
        assertEq(pickAs(bob, second, 3), 3, "filled");
        assertEq(open(first), 5, "passed over");
        assertEq(open(second), 2);
        assertEq(units(bob), UNITS + 3);
        assertEq(money(bob), MONEY - 3 * (10 * 10 + TAKER_FEE));
        assertEq(money(carol), MONEY + 3 * (10 * 10 - MAKER_FEE));
        assertEq(pickAs(bob, dear, 5), 5);
        assertEq(open(dear), 0);
        IOrderBook.MarketView memory seen = book.marketOf(market);
        assertEq(seen.last, 14);
        assertEq(seen.lotsToday, 8);
        assertEq(seen.feesAccrued, 8 * (TAKER_FEE + MAKER_FEE));
        assertEq(pickAs(bob, second, 2), 2, "the rest");
        assertEq(pickAs(bob, first, 5), 5);
        assertEq(units(alice) + units(bob) + units(carol), 3 * UNITS, "nothing is held any more");
        uint256 fees = book.marketOf(market).feesAccrued;
        assertEq(money(alice) + money(bob) + money(carol) + fees, 3 * MONEY, "but fees");
    }

    function test_pick_aBid_sells() public {
        OrderId id = buy(alice, 20, 5);
        assertEq(pickAs(bob, id, 5), 5);
        assertEq(units(alice), UNITS + 5);
        assertEq(money(bob), MONEY + 5 * (20 * 10 - TAKER_FEE));
        assertEq(money(alice), MONEY - 5 * (20 * 10 + MAKER_FEE));
        assertBest(0, 0);
        buy(alice, 19, 5);
        assertBest(19, 0);
    }

    // @requirement R-VCH-2
    function test_pick_hasAVoucher() public {
        OrderId id = buy(alice, 20, 5);
        pickAs(bob, id, 5);
        Voucher memory voucher = Voucher({
            kind: VoucherKind.TRADE,
            series: market,
            index: 0,
            orderOfDay: 1,
            at: uint40(block.timestamp),
            instrument: uka,
            quantity: 5,
            price: 200,
            from: accountOf(bob),
            to: accountOf(alice),
            ref: OrderId.unwrap(id)
        });
        assertEq(book.voucherPeak(market, 0), VoucherSeries.leafOf(voucher), "leaf");
    }

    // @requirement R-TRD-2 the best five levels, not orders; an emptied level counts for none
    function test_pick_bestFiveLevels_notTheSixth() public {
        OrderId[6] memory asks;
        OrderId[6] memory bids;
        for (uint24 i; i < 6; ++i) {
            asks[i] = sell(alice, 20 + 3 * i, 1);
            sell(alice, 20 + 3 * i, 1);
            bids[i] = buy(alice, 19 - 2 * i, 1);
        }
        refusePick(bob, asks[5], 1, abi.encodeWithSelector(ICallAuctions.NotAmongBest.selector, asks[5], 5));
        refusePick(bob, bids[5], 1, abi.encodeWithSelector(ICallAuctions.NotAmongBest.selector, bids[5], 5));
        assertEq(pickAs(bob, asks[4], 1), 1);
        assertEq(pickAs(bob, bids[4], 1), 1);
        assertEq(pickAs(bob, bids[0], 1), 1); // empties the best level
        assertEq(pickAs(bob, bids[5], 1), 1);
    }

    function test_pick_expiredOrBarred_leavesTheBook() public {
        IOrderBook.Order memory brief = orderOf(Side.SELL, 10, 5);
        brief.expires = uint40(block.timestamp + 10);
        OrderId stale = send(alice, brief).id;
        OrderId barred = sell(carol, 11, 5);
        vm.warp(block.timestamp + 10);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(stale, accountOf(alice), 5, IOrderBook.CloseReason.EXPIRED);
        assertEq(pickAs(bob, stale, 5), 0, "nothing");
        bar(carol, Restrictions.NO_TRADE);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(barred, accountOf(carol), 5, IOrderBook.CloseReason.NOT_ELIGIBLE);
        assertEq(pickAs(bob, barred, 2), 0, "nothing");
        assertEq(units(alice) + units(carol), 2 * UNITS, "given back");
        assertEq(money(bob), MONEY);
        assertEq(book.marketOf(market).trades, 0);
    }

    function test_pick_holdingLimit_ofMakerAndTaker() public {
        book.setLimits(market, IOrderBook.Limits(0, 0, uint64(UNITS + 10), 0));
        OrderId bid = buy(alice, 10, 11);
        assertEq(pickAs(bob, bid, 11), 0, "the maker would hold too much");
        assertEq(open(bid), 0);
        OrderId ask = sell(alice, 12, 20);
        refusePick(
            carol,
            ask,
            11,
            abi.encodeWithSelector(
                IInstrumentLedger.HoldingLimit.selector, accountOf(carol), uka, UNITS + 11, UNITS + 10
            )
        );
        assertEq(pickAs(carol, ask, 10), 10);
    }

    function test_pick_countedOrder_isCountedOff() public {
        book.setLimits(market, IOrderBook.Limits(0, 0, 0, 10));
        OrderId id = sell(alice, 10, 5);
        pickAs(bob, id, 2);
        assertEq(book.openOrdersOf(market, accountOf(alice)), 1);
        pickAs(bob, id, 3);
        assertEq(book.openOrdersOf(market, accountOf(alice)), 0);
    }

    /* REFUSED */

    function test_pick_ownOrder_refused() public {
        OrderId id = sell(alice, 10, 5);
        bytes memory error = abi.encodeWithSelector(ICallAuctions.PickedOwnOrder.selector, id, accountOf(alice));
        refusePick(alice, id, 5, error);
        setOwner(alice, 7);
        setOwner(bob, 7);
        refusePick(bob, id, 5, error);
        assertEq(open(id), 5, "stays");
    }

    function test_pick_quantity_wholeLotsOfWhatIsOpen() public {
        IOrderBook.MarketTerms memory t = terms();
        (t.lot, t.leastLots) = (5, 2);
        market = book.openMarket(t);
        setChoice(true);
        OrderId id = sell(alice, 10, 25);
        uint48[4] memory bad = [uint48(0), 12, 30, 5];
        for (uint256 i; i < bad.length; ++i) {
            refusePick(bob, id, bad[i], abi.encodeWithSelector(IOrderBook.BadOrderQuantity.selector, bad[i], 5, 10));
        }
        assertEq(pickAs(bob, id, 20), 20);
        assertEq(pickAs(bob, id, 5), 5, "all that is open, though it is less than the smallest order");
        id = sell(alice, 10, 25);
        book.setLimits(market, IOrderBook.Limits(4, 0, 0, 0));
        refusePick(bob, id, 25, abi.encodeWithSelector(IOrderBook.OrderTooLarge.selector, 25, 20));
    }

    function test_pick_pricesOutsideTheBands_refused() public {
        OrderId id = sell(alice, 100, 5);
        pickAs(bob, id, 1);
        OrderId far = sell(alice, 111, 5);
        OrderId near = sell(alice, 110, 5);
        book.setLimits(market, IOrderBook.Limits(0, 100, 0, 0));
        refusePick(bob, far, 1, abi.encodeWithSelector(ICallAuctions.PickBeyondBand.selector, 111, 100, 100));
        assertEq(pickAs(bob, near, 1), 1);
        book.setBand(market, 90, 105);
        refusePick(bob, near, 1, abi.encodeWithSelector(IOrderBook.PriceOutsideBand.selector, 110, 90, 105));
    }

    function test_pick_tooLate_refused() public {
        OrderId id = sell(alice, 10, 5);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.TooLate.selector, block.timestamp - 1, block.timestamp));
        book.pick(id, 5, uint40(block.timestamp - 1));
        vm.prank(bob);
        assertEq(book.pick(id, 5, uint40(block.timestamp)), 5);
    }

    function test_pick_closedOrder_orUnknown_refused() public {
        OrderId id = sell(alice, 10, 5);
        pickAs(bob, id, 5);
        refusePick(bob, id, 5, abi.encodeWithSelector(Book.OrderNotOpen.selector, id));
        OrderId nowhere = OrderId.wrap(uint256(99) << 104 | 1 << 64);
        refusePick(bob, nowhere, 5, abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, 99));
    }

    function test_pick_marketMatches_refused() public {
        setChoice(false);
        OrderId id = sell(alice, 10, 5);
        refusePick(bob, id, 5, abi.encodeWithSelector(ICallAuctions.MarketMatches.selector, market));
    }

    function test_pick_byStranger_orRestricted_refused() public {
        OrderId id = sell(alice, 10, 5);
        refusePick(stranger, id, 5, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        bar(bob, Restrictions.NO_TRADE);
        refusePick(
            bob,
            id,
            5,
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, accountOf(bob), Restrictions.NO_TRADE, Restrictions.NO_DEAL
            )
        );
    }

    function test_pick_phases_onlyContinuousTrading() public {
        OrderId id = sell(alice, 10, 5);
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        refusePick(bob, id, 5, notOpen(IOrderBook.MarketState.HALTED));
        book.setMarketState(market, IOrderBook.MarketState.OPEN);

        uint40 ends = book.marketOf(market).until;
        phases.tell(market, IOrderBook.MarketState.CALL, ends, ends + 60);
        vm.warp(ends); // nobody turned
        refusePick(bob, id, 5, notOpen(IOrderBook.MarketState.CALL));
        buy(bob, 12, 2);
        vm.warp(ends + 60);
        refusePick(bob, id, 5, abi.encodeWithSelector(IOrderBook.AuctionPending.selector, market));
        book.uncross(market, 100);
        assertEq(open(id), 3, "a call auction matches, also here");
        assertEq(pickAs(carol, id, 3), 3);
    }

    function test_pick_onANewDay_turnsByItself() public {
        OrderId id = sell(alice, 10, 5);
        pickAs(bob, id, 1);
        vm.warp(book.marketOf(market).until);
        vm.expectEmit(address(book));
        emit IOrderBook.Trade(id, accountOf(alice), accountOf(bob), 1, 1, 1);
        pickAs(bob, id, 1);
        assertEq(book.marketOf(market).close, 10, "the day before was closed");
    }

    function test_pick_notEnoughMoney_refused() public {
        OrderId id = sell(alice, 1_000_000, 5);
        refusePick(
            bob,
            id,
            5,
            abi.encodeWithSelector(
                IInstrumentLedger.InsufficientFree.selector,
                accountOf(bob),
                gbp,
                MONEY,
                5 * (1_000_000 * 10 + TAKER_FEE)
            )
        );
    }

    /* HELPERS */

    function setChoice(bool choice) private {
        IOrderBook.Conduct memory conduct = book.conductOf(market);
        conduct.choice = choice;
        book.setConduct(market, conduct);
    }

    function pickAs(address key, OrderId id, uint48 quantity) private returns (uint48) {
        vm.prank(key);
        return book.pick(id, quantity, 0);
    }

    function refusePick(address key, OrderId id, uint48 quantity, bytes memory error) private {
        vm.prank(key);
        vm.expectRevert(error);
        book.pick(id, quantity, 0);
    }

    function notOpen(IOrderBook.MarketState state) private view returns (bytes memory) {
        return abi.encodeWithSelector(IOrderBook.MarketNotOpen.selector, market, uint8(state));
    }
}
