// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import {
    AccountStatus,
    Eligibility,
    Representation,
    Restrictions,
    Rights
} from "../../../contracts/types/Accounts.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Orders that meet: who trades with whom, at what price, and what becomes of the rest.
contract MatchingTest is TradingSuite {
    IOrderBook.TimeInForce private constant GTC = IOrderBook.TimeInForce.GTC;
    IOrderBook.TimeInForce private constant IOC = IOrderBook.TimeInForce.IOC;
    IOrderBook.TimeInForce private constant FOK = IOrderBook.TimeInForce.FOK;
    IOrderBook.TimeInForce private constant POST_ONLY = IOrderBook.TimeInForce.POST_ONLY;

    function setUp() public {
        setUpTrading();
    }

    /* PRIORITY */

    // @requirement R-TRD-2
    function test_place_buyMeetsSeveralPrices_takesTheCheapestFirst() public {
        OrderId dear = sell(alice, 12, 5);
        OrderId cheap = sell(bob, 10, 5);
        OrderId middle = sell(carol, 11, 5);

        assertPlaced(place(dave, Side.BUY, 12, 12), 12, 0);

        assertEq(open(cheap), 0);
        assertEq(open(middle), 0);
        assertEq(open(dear), 3);
        assertBest(0, 12);
        // At the makers' prices: 5 x 10, 5 x 11, 2 x 12 ticks of 10.
        assertEq(money(dave), MONEY - (50 + 55 + 24) * 10 - 12 * TAKER_FEE, "paid");
        assertEq(money(bob), MONEY + 500 - 5 * MAKER_FEE, "got");
    }

    // @requirement R-TRD-2
    function test_place_sellMeetsSeveralPrices_takesTheDearestFirst() public {
        OrderId low = buy(alice, 10, 5);
        OrderId high = buy(bob, 12, 5);
        OrderId middle = buy(carol, 11, 5);

        assertPlaced(place(dave, Side.SELL, 10, 12), 12, 0);

        assertEq(open(high), 0);
        assertEq(open(middle), 0);
        assertEq(open(low), 3);
        assertBest(10, 0);
        assertEq(money(dave), MONEY + (60 + 55 + 20) * 10 - 12 * TAKER_FEE, "got");
        assertEq(units(bob), UNITS + 5);
        assertEq(money(bob), MONEY - 600 - 5 * MAKER_FEE, "paid its own price and fee");
    }

    // @requirement R-TRD-2
    function test_place_severalAtOnePrice_takesTheEarliestFirst() public {
        OrderId first = sell(alice, 10, 5);
        OrderId second = sell(bob, 10, 5);
        OrderId third = sell(carol, 10, 5);

        place(dave, Side.BUY, 10, 7);
        assertEq(open(first), 0);
        assertEq(open(second), 3, "part of the next");
        assertEq(open(third), 5);

        place(dave, Side.BUY, 10, 3);
        assertEq(open(second), 0);
        assertEq(open(third), 5);

        OrderId fourth = sell(alice, 10, 1);
        place(dave, Side.BUY, 10, 5);
        assertEq(open(third), 0, "the earlier");
        assertEq(open(fourth), 1);
    }

    function test_place_pricesThatDoNotMeet_bothRest() public {
        OrderId bid = buy(alice, 9, 5);
        OrderId ask = sell(bob, 10, 5);
        assertEq(open(bid), 5);
        assertEq(open(ask), 5);
        assertBest(9, 10);
        assertEq(money(alice), MONEY - 450 - 5 * MAKER_FEE, "held with the fee");
        assertEq(units(bob), UNITS - 5, "held");
    }

    function test_place_restAfterPartialFill_keepsTheBookUncrossed() public {
        sell(alice, 10, 5);
        sell(alice, 12, 5);
        IOrderBook.Placed memory placed = place(bob, Side.BUY, 11, 8);
        assertPlaced(placed, 5, 3);
        assertBest(11, 12);
        assertEq(open(placed.id), 3);
        assertEq(money(bob), MONEY - 500 - 5 * TAKER_FEE - 3 * (110 + MAKER_FEE));
        assertEq(OrderId.unwrap(queue(Side.BUY, 11)[0]), OrderId.unwrap(placed.id));
    }

    function test_place_limitBetterThanNeeded_paysTheMakersPrice() public {
        sell(alice, 10, 5);
        place(bob, Side.BUY, 5000, 5);
        assertEq(money(bob), MONEY - 500 - 5 * TAKER_FEE);
    }

    function test_place_exactFillOfALevel_movesTheBest() public {
        sell(alice, 10, 5);
        sell(alice, 70_000, 5);
        place(bob, Side.BUY, 10, 5);
        assertBest(0, 70_000);
    }

    /* TIME IN FORCE */

    // @requirement R-TRD-2
    function test_ioc_remainder_dropped() public {
        OrderId ask = sell(alice, 10, 5);
        assertPlaced(send(bob, with(Side.BUY, 10, 8, IOC)), 5, 0);
        assertEq(open(ask), 0);
        assertBest(0, 0);
        assertEq(money(bob), MONEY - 500 - 5 * TAKER_FEE);
    }

    function test_ioc_nothingMeets_doesNothing() public {
        sell(alice, 10, 5);
        assertPlaced(send(bob, with(Side.BUY, 9, 8, IOC)), 0, 0);
        assertEq(money(bob), MONEY);
    }

    // @requirement R-TRD-2
    function test_fok_fillable_fills() public {
        sell(alice, 10, 5);
        sell(alice, 11, 5);
        assertPlaced(send(bob, with(Side.BUY, 11, 10, FOK)), 10, 0);
    }

    function test_fok_notWhollyFillable_refused() public {
        OrderId ask = sell(alice, 10, 5);
        sell(alice, 12, 5);
        refuse(bob, with(Side.BUY, 11, 6, FOK), abi.encodeWithSelector(IOrderBook.NotFillable.selector, 5, 6));
        refuse(bob, with(Side.BUY, 9, 6, FOK), abi.encodeWithSelector(IOrderBook.NotFillable.selector, 0, 6));
        assertEq(open(ask), 5);
    }

    function test_fok_beyondItsMakers_refused() public {
        sell(alice, 10, 5);
        sell(alice, 10, 5);
        IOrderBook.Order memory order = with(Side.BUY, 10, 10, FOK);
        order.mostMakers = 1;
        refuse(bob, order, abi.encodeWithSelector(IOrderBook.NotFillable.selector, 5, 10));
        order.mostMakers = 2;
        assertPlaced(send(bob, order), 10, 0);
    }

    function test_fok_ineligibleMakerInTheWay_countsOnlyTheOthers() public {
        sell(alice, 10, 5);
        sell(carol, 10, 5);
        bar(alice, Restrictions.NO_TRADE);
        refuse(bob, with(Side.BUY, 10, 6, FOK), abi.encodeWithSelector(IOrderBook.NotFillable.selector, 5, 6));
        assertPlaced(send(bob, with(Side.BUY, 10, 5, FOK)), 5, 0);
        assertEq(units(alice), UNITS, "released");
    }

    // @requirement R-TRD-2
    function test_postOnly_wouldTrade_refused() public {
        sell(alice, 10, 5);
        buy(alice, 8, 5);
        refuse(bob, with(Side.BUY, 11, 5, POST_ONLY), abi.encodeWithSelector(IOrderBook.WouldTrade.selector, 11, 10));
        refuse(bob, with(Side.SELL, 8, 5, POST_ONLY), abi.encodeWithSelector(IOrderBook.WouldTrade.selector, 8, 8));
        assertPlaced(send(bob, with(Side.BUY, 9, 5, POST_ONLY)), 0, 5);
    }

    // @requirement R-TRD-2
    function test_goodTillTime_untilTheSecondBefore_trades() public {
        IOrderBook.Order memory order = with(Side.SELL, 10, 5, GTC);
        order.expires = uint40(block.timestamp + 100);
        OrderId id = send(alice, order).id;
        vm.warp(order.expires - 1);
        assertPlaced(place(bob, Side.BUY, 10, 2), 2, 0);
        vm.warp(order.expires);
        assertPlaced(send(bob, with(Side.BUY, 10, 2, IOC)), 0, 0);
        assertEq(open(id), 0, "released by who met it");
        assertEq(units(alice), UNITS - 2);
        assertBest(0, 0);
    }

    function test_expiry_pastOrOfAnImmediateOrder_refused() public {
        uint40 now_ = uint40(block.timestamp);
        IOrderBook.Order memory order = with(Side.SELL, 10, 5, GTC);
        order.expires = now_;
        refuse(alice, order, abi.encodeWithSelector(IOrderBook.BadExpiry.selector, now_, now_));
        order.expires = now_ + 1;
        order.timeInForce = IOC;
        refuse(alice, order, abi.encodeWithSelector(IOrderBook.BadExpiry.selector, now_ + 1, now_));
        order.timeInForce = FOK;
        refuse(alice, order, abi.encodeWithSelector(IOrderBook.BadExpiry.selector, now_ + 1, now_));
        order.timeInForce = POST_ONLY;
        assertPlaced(send(alice, order), 0, 5);
    }

    // LESSONS: a latest-execution time on the call (stale transactions)
    function test_latest_passed_refused() public {
        IOrderBook.Order memory order = with(Side.SELL, 10, 5, GTC);
        order.latest = uint40(block.timestamp);
        send(alice, order);
        vm.warp(block.timestamp + 1);
        refuse(
            alice, order, abi.encodeWithSelector(IOrderBook.TooLate.selector, order.latest, uint256(order.latest) + 1)
        );
    }

    /* BOUNDED WORK */

    function test_mostMakers_reached_dropsTheRest() public {
        sell(alice, 10, 5);
        OrderId second = sell(carol, 10, 5);
        IOrderBook.Order memory order = with(Side.BUY, 10, 10, GTC);
        order.mostMakers = 1;
        assertPlaced(send(bob, order), 5, 0);
        assertEq(open(second), 5, "left for the next call");
        assertBest(0, 10);
    }

    function test_mostMakers_reachedAtTheEndOfALevel_dropsTheRest() public {
        sell(alice, 10, 5);
        OrderId second = sell(carol, 11, 5);
        IOrderBook.Order memory order = with(Side.BUY, 11, 10, GTC);
        order.mostMakers = 1;
        assertPlaced(send(bob, order), 5, 0);
        assertEq(open(second), 5);
        assertBest(0, 11);
    }

    function test_mostMakers_whollyFilledByTheLast_dropsNothing() public {
        sell(alice, 10, 5);
        IOrderBook.Order memory order = with(Side.BUY, 10, 7, GTC);
        order.mostMakers = 1;
        assertPlaced(send(bob, order), 5, 2);
        assertBest(10, 0);
    }

    // LESSONS: dust must not keep the next taker from trading: places given up are passed for good
    function test_mostMakers_spentOnTombstones_nextCallGoesOn() public {
        sell(alice, 10, 1);
        OrderId[] memory middle = new OrderId[](6);
        for (uint256 i; i < 6; ++i) {
            middle[i] = sell(alice, 10, 1);
        }
        OrderId last = sell(carol, 10, 1);
        for (uint256 i; i < 6; ++i) {
            vm.prank(alice);
            book.cancel(middle[i]);
        }
        IOrderBook.Order memory order = with(Side.BUY, 10, 2, IOC);
        order.mostMakers = 4;
        assertPlaced(send(bob, order), 1, 0);
        assertPlaced(send(bob, order), 1, 0);
        assertEq(open(last), 0);
    }

    function test_mostMakers_noneOrTooMany_refused() public {
        IOrderBook.Order memory order = with(Side.BUY, 10, 1, GTC);
        order.mostMakers = 0;
        refuse(bob, order, abi.encodeWithSelector(IOrderBook.BadMakerLimit.selector, 0));
        order.mostMakers = 256;
        refuse(bob, order, abi.encodeWithSelector(IOrderBook.BadMakerLimit.selector, 256));
    }

    function test_mostMakers_all255Trade_inOneCall() public {
        for (uint256 i; i < 255; ++i) {
            sell(alice, uint24(10 + i % 3), 1);
        }
        IOrderBook.Order memory order = with(Side.BUY, 12, 255, FOK);
        order.mostMakers = 255;
        assertPlaced(send(bob, order), 255, 0);
        assertBest(0, 0);
    }

    /* MAKERS THAT MAY NOT TRADE */

    // Whoever trades gets something: barred from receipts is barred from the book, on both sides.
    // @requirement R-AST-3 R-TRD-7
    function test_place_underNoReceipt_refusedAndPassedOver() public {
        OrderId resting = sell(alice, 10, 5);
        bar(alice, Restrictions.NO_RECEIPT);
        bytes memory error = abi.encodeWithSelector(
            IEligibility.AccountRestricted.selector, accountOf(alice), Restrictions.NO_RECEIPT, Restrictions.NO_DEAL
        );
        refuse(alice, orderOf(Side.SELL, 11, 5), error);
        refuse(alice, orderOf(Side.BUY, 9, 5), error);
        buy(bob, 10, 5);
        assertEq(book.orderOf(resting).open, 0, "given back");
        assertEq(ledger.balanceOf(accountOf(alice), gbp), MONEY, "nothing got");
    }

    // LESSONS: one frozen or expired account must never stop a sweep
    // @requirement R-TRD-7
    function test_sweep_ineligibleAndExpiredMakers_skippedAndReleased() public {
        IOrderBook.Order memory brief = with(Side.SELL, 10, 5, GTC);
        brief.expires = uint40(block.timestamp + 10);
        OrderId barred = sell(alice, 10, 5);
        OrderId expired = send(carol, brief).id;
        OrderId good = sell(dave, 10, 5);
        bar(alice, Restrictions.NO_TRADE);
        vm.warp(brief.expires);

        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(barred, accountOf(alice), 5, IOrderBook.CloseReason.NOT_ELIGIBLE);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(expired, accountOf(carol), 5, IOrderBook.CloseReason.EXPIRED);
        vm.expectEmit(address(book));
        emit IOrderBook.Trade(good, accountOf(dave), accountOf(bob), 5, 0, 1);
        assertPlaced(place(bob, Side.BUY, 10, 5), 5, 0);

        assertEq(units(alice), UNITS);
        assertEq(units(carol), UNITS);
        assertEq(open(barred) + open(expired) + open(good), 0);
    }

    function test_sweep_everyKindOfIneligibility_released() public {
        for (uint256 i; i < 4; ++i) {
            OrderId id = buy(alice, 10, 5);
            Eligibility memory e = eligible(0);
            if (i == 0) e.restrictions = Restrictions.NO_TRADE;
            if (i == 1) e.status = AccountStatus.SUSPENDED;
            if (i == 2) e.status = AccountStatus.CLOSED;
            if (i == 3) e.certificateUntil = uint40(block.timestamp);
            ledger.setEligibility(accountOf(alice), e);

            IOrderBook.Placed memory placed = place(bob, Side.SELL, 10, 5);
            assertPlaced(placed, 0, 5);
            assertEq(open(id), 0);
            assertEq(money(alice), MONEY, "price and fee given back");
            assertBest(0, 10);

            vm.prank(bob);
            book.cancel(placed.id);
            bar(alice, 0);
        }
    }

    function test_sweep_makerRestrictedOtherwise_trades() public {
        sell(alice, 10, 5);
        bar(alice, Restrictions.NO_TRANSFER | Restrictions.NO_SURRENDER);
        assertPlaced(place(bob, Side.BUY, 10, 5), 5, 0);
    }

    function test_sweep_partlyTakenIneligibleMaker_releasesTheRest() public {
        sell(alice, 10, 5);
        place(bob, Side.BUY, 10, 2);
        bar(alice, Restrictions.NO_TRADE);
        assertPlaced(send(bob, with(Side.BUY, 10, 5, IOC)), 0, 0);
        assertEq(units(alice), UNITS - 2);
    }

    /* WHO MAY PLACE */

    // @requirement R-TRD-7
    function test_place_keyThatMayNot_refused() public {
        IOrderBook.Order memory order = orderOf(Side.SELL, 10, 5);
        address account = accountOf(alice);
        refuse(stranger, order, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));

        uint16 rights = Rights.ALL & ~Rights.TRADE;
        ledger.setRepresentation(alice, Representation({ account: account, certificateUntil: FAR, rights: rights }));
        refuse(
            alice,
            order,
            abi.encodeWithSelector(IEligibility.MissingRight.selector, alice, account, rights, Rights.TRADE)
        );

        uint40 now_ = uint40(block.timestamp);
        ledger.setRepresentation(
            alice, Representation({ account: account, certificateUntil: now_, rights: Rights.TRADE })
        );
        refuse(alice, order, abi.encodeWithSelector(IEligibility.CertificateExpired.selector, alice, now_));
        ledger.setRepresentation(
            alice, Representation({ account: account, certificateUntil: FAR, rights: Rights.TRADE })
        );

        bar(alice, Restrictions.NO_TRADE);
        refuse(
            alice,
            order,
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, account, Restrictions.NO_TRADE, Restrictions.NO_DEAL
            )
        );
        Eligibility memory e = eligible(0);
        e.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(account, e);
        refuse(
            alice,
            order,
            abi.encodeWithSelector(IEligibility.AccountNotActive.selector, account, uint8(AccountStatus.SUSPENDED))
        );
        e = eligible(0);
        e.certificateUntil = now_;
        ledger.setEligibility(account, e);
        refuse(alice, order, abi.encodeWithSelector(IEligibility.CertificateExpired.selector, account, now_));

        bar(alice, 0);
        send(alice, order);
    }

    function test_place_marketableByStranger_refusedEvenWhereNothingWouldMove() public {
        sell(alice, 10, 5);
        bar(alice, Restrictions.NO_TRADE);
        refuse(
            stranger,
            with(Side.BUY, 10, 5, IOC),
            abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger)
        );
    }

    function test_place_moreThanFree_refused() public {
        refuse(
            alice,
            orderOf(Side.SELL, 10, uint48(UNITS + 1)),
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, accountOf(alice), uka, UNITS, UNITS + 1)
        );
        sell(bob, 10, 1);
        refuse(
            alice,
            orderOf(Side.BUY, 100_000, 2),
            abi.encodeWithSelector(
                IInstrumentLedger.InsufficientFree.selector,
                accountOf(alice),
                gbp,
                MONEY,
                100 + TAKER_FEE + 1_000_000 + MAKER_FEE
            )
        );
    }

    /* INSTRUMENT */

    // @requirement R-AST-5
    // What rests moves to nobody; only a trade is refused.
    function test_place_ofClosedInstrument_refused() public {
        OrderId resting = sell(alice, 10, 5);
        ledger.setState(book.marketOf(market).terms.instrument, IInstrumentLedger.InstrumentState.CLOSED);
        bytes memory error = abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0);
        refuse(bob, orderOf(Side.BUY, 10, 5), error);
        refuse(bob, orderOf(Side.BUY, 9, 5), error);
        refuse(alice, orderOf(Side.SELL, 11, 5), error);
        vm.prank(alice);
        book.cancel(resting);
        assertEq(units(alice), UNITS, "taking back stays possible");
    }
}
