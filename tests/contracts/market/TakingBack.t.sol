// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { Book } from "../../../contracts/market/Book.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
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

/// @dev Orders that leave the book untraded: cancelled, reduced, evicted, closed by the authority.
contract TakingBackTest is TradingSuite {
    function setUp() public {
        setUpTrading();
    }

    function cancel(address key, OrderId id) private {
        vm.prank(key);
        book.cancel(id);
    }

    function refuseCancel(address key, OrderId id, bytes memory error) private {
        vm.prank(key);
        vm.expectRevert(error);
        book.cancel(id);
    }

    function notOpen(OrderId id) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Book.OrderNotOpen.selector, id);
    }

    /* CANCEL */

    // @requirement R-TRD-2
    function test_cancel_own_givesBackAll() public {
        OrderId ask = sell(alice, 12, 5);
        OrderId bid = buy(alice, 10, 7);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(ask, accountOf(alice), 5, IOrderBook.CloseReason.TAKEN_BACK);
        cancel(alice, ask);
        cancel(alice, bid);
        assertEq(units(alice), UNITS);
        assertEq(money(alice), MONEY);
        assertBest(0, 0);
        refuseCancel(alice, ask, notOpen(ask));
    }

    function test_cancel_partlyFilled_givesBackTheRest() public {
        OrderId bid = buy(alice, 10, 7);
        place(bob, Side.SELL, 10, 3);
        cancel(alice, bid);
        assertEq(units(alice), UNITS + 3);
        assertEq(money(alice), MONEY - 3 * (100 + MAKER_FEE));
    }

    // LESSONS: A, B, C at one level; cancel B; A must still be reachable
    function test_cancel_middle_leavesTheOthersReachable() public {
        OrderId a = sell(alice, 10, 5);
        OrderId b = sell(bob, 10, 5);
        OrderId c = sell(carol, 10, 5);
        cancel(bob, b);
        OrderId[] memory ids = queue(Side.SELL, 10);
        assertEq(ids.length, 2);
        assertEq(OrderId.unwrap(ids[0]), OrderId.unwrap(a));
        assertEq(OrderId.unwrap(ids[1]), OrderId.unwrap(c));
        assertPlaced(place(dave, Side.BUY, 10, 10), 10, 0);
        assertEq(open(a) + open(c), 0);
        assertEq(money(carol), MONEY + 500 - 5 * MAKER_FEE);
    }

    function test_cancel_headThenTail_leavesTheMiddle() public {
        OrderId a = sell(alice, 10, 5);
        OrderId b = sell(bob, 10, 5);
        OrderId c = sell(carol, 10, 5);
        place(dave, Side.BUY, 10, 2);
        cancel(alice, a);
        cancel(carol, c);
        assertEq(open(b), 5, "what was taken was the head's");
        assertPlaced(place(dave, Side.BUY, 10, 5), 5, 0);
        assertBest(0, 0);
    }

    function test_cancel_lastOfTheBest_nextBestTakesItsPlace() public {
        OrderId best = buy(alice, 70_000, 1);
        buy(bob, 300, 1);
        buy(bob, 3, 1);
        cancel(alice, best);
        assertBest(300, 0);
        OrderId worse = sell(alice, 1_000_000, 1);
        sell(carol, 301, 1);
        cancel(alice, worse);
        assertBest(300, 301);
    }

    function test_id_levelEmptiedAndFilledAgain_neverReturns() public {
        OrderId earlier = sell(alice, 10, 5);
        cancel(alice, earlier);
        OrderId later = sell(alice, 10, 5);
        assertTrue(OrderId.unwrap(earlier) != OrderId.unwrap(later), "new id");
        assertEq(later.index(), 0, "same place");
        assertEq(later.generation(), earlier.generation() + 1, "next generation");
        refuseCancel(alice, earlier, notOpen(earlier));
        place(bob, Side.BUY, 10, 5);
        OrderId third = sell(bob, 10, 5);
        refuseCancel(alice, later, notOpen(later));
        assertEq(open(third), 5);
        assertEq(open(later), 0);
    }

    function test_cancel_filledOrNeverPlaced_refused() public {
        OrderId id = sell(alice, 10, 5);
        sell(alice, 10, 5);
        place(bob, Side.BUY, 10, 5);
        refuseCancel(alice, id, notOpen(id));
        OrderId next = OrderId.wrap(OrderId.unwrap(id) + 2);
        refuseCancel(alice, next, notOpen(next));
        refuseCancel(alice, OrderId.wrap(0), abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, 0));
    }

    // An event that names an order by anything but its id would be lost on whoever folds events.
    function test_id_strayBits_nameNoOrder() public {
        OrderId id = sell(alice, 10, 5);
        for (uint256 bit = 88; bit < 256; ++bit) {
            if (bit == 97) bit = 128; // between: an impossible side, another market
            if (bit == 96) continue;
            OrderId alias_ = OrderId.wrap(OrderId.unwrap(id) | (1 << bit));
            assertEq(open(alias_), 0, "no order");
            refuseCancel(alice, alias_, notOpen(alias_));
            vm.prank(alice);
            vm.expectRevert(notOpen(alias_));
            book.reduce(alias_, 1);
        }
    }

    // @requirement R-TRD-7
    function test_cancel_byKeyThatMayNot_refused() public {
        OrderId id = sell(alice, 10, 5);
        address account = accountOf(alice);
        refuseCancel(stranger, id, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        refuseCancel(bob, id, abi.encodeWithSelector(IInstrumentLedger.NotTheAccount.selector, bob, account));
        uint16 rights = Rights.ALL & ~Rights.TRADE;
        ledger.setRepresentation(alice, Representation({ account: account, certificateUntil: FAR, rights: rights }));
        refuseCancel(
            alice, id, abi.encodeWithSelector(IEligibility.MissingRight.selector, alice, account, rights, Rights.TRADE)
        );
        uint40 now_ = uint40(block.timestamp);
        ledger.setRepresentation(
            alice, Representation({ account: account, certificateUntil: now_, rights: Rights.ALL })
        );
        refuseCancel(alice, id, abi.encodeWithSelector(IEligibility.CertificateExpired.selector, alice, now_));
        assertEq(open(id), 5);
    }

    // @requirement R-TRD-13 an account that may not trade may still take its orders back
    function test_cancel_ofSuspendedAccount_works() public {
        OrderId id = sell(alice, 10, 5);
        Eligibility memory e = eligible(Restrictions.ALL);
        e.status = AccountStatus.SUSPENDED;
        e.certificateUntil = uint40(block.timestamp);
        ledger.setEligibility(accountOf(alice), e);
        cancel(alice, id);
        assertEq(units(alice), UNITS);
    }

    // @requirement R-TRD-13
    function test_haltedMarket_onlyTakingBack() public {
        OrderId id = sell(alice, 10, 5);
        IOrderBook.Order memory brief = orderOf(Side.SELL, 10, 5);
        brief.expires = uint40(block.timestamp + 10);
        OrderId expiring = send(bob, brief).id;
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        bytes memory error =
            abi.encodeWithSelector(IOrderBook.MarketNotOpen.selector, market, uint8(IOrderBook.MarketState.HALTED));
        refuse(bob, orderOf(Side.BUY, 10, 5), error);
        refuse(bob, orderOf(Side.SELL, 10, 5), error);
        vm.prank(alice);
        book.reduce(id, 2);
        cancel(alice, id);
        vm.warp(brief.expires);
        book.evict(expiring);
        assertEq(units(alice), UNITS);
        assertEq(units(bob), UNITS);

        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        sell(alice, 10, 5);
    }

    /* REDUCE */

    // @requirement R-TRD-2
    function test_reduce_keepsItsPlace() public {
        OrderId a = buy(alice, 10, 9);
        OrderId b = buy(bob, 10, 5);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderReduced(a, accountOf(alice), 4);
        vm.prank(alice);
        book.reduce(a, 4);
        assertEq(open(a), 5);
        assertEq(money(alice), MONEY - 5 * (100 + MAKER_FEE));
        place(carol, Side.SELL, 10, 5);
        assertEq(open(a), 0, "still first");
        assertEq(open(b), 5);
    }

    function test_reduce_partlyFilledHead_keepsTheAccount() public {
        OrderId a = sell(alice, 10, 9);
        place(bob, Side.BUY, 10, 4);
        vm.prank(alice);
        book.reduce(a, 3);
        assertEq(open(a), 2);
        assertEq(units(alice), UNITS - 6);
        assertPlaced(place(bob, Side.BUY, 10, 3), 2, 1);
    }

    function test_reduce_nothingAllOrPartOfALot_refused() public {
        OrderId a = sell(alice, 10, 9);
        place(bob, Side.BUY, 10, 4);
        uint48[4] memory bad = [uint48(0), 5, 6, type(uint48).max];
        for (uint256 i; i < bad.length; ++i) {
            vm.prank(alice);
            vm.expectRevert(abi.encodeWithSelector(IOrderBook.BadReduction.selector, bad[i], 5, 1));
            book.reduce(a, bad[i]);
        }
    }

    function test_reduce_byKeyThatMayNot_refused() public {
        OrderId a = sell(alice, 10, 9);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.NotTheAccount.selector, bob, accountOf(alice)));
        book.reduce(a, 1);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        book.reduce(a, 1);
    }

    function test_reduce_notOpen_refused() public {
        OrderId a = sell(alice, 10, 9);
        cancel(alice, a);
        vm.prank(alice);
        vm.expectRevert(notOpen(a));
        book.reduce(a, 1);
    }

    /* EVICT */

    // LESSONS: let anyone cancel a stale order
    function test_evict_expired_byAnybody() public {
        IOrderBook.Order memory order = orderOf(Side.BUY, 10, 5);
        order.expires = uint40(block.timestamp + 10);
        OrderId id = send(alice, order).id;
        vm.warp(order.expires);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(id, accountOf(alice), 5, IOrderBook.CloseReason.EXPIRED);
        vm.prank(stranger);
        book.evict(id);
        assertEq(money(alice), MONEY);
        assertBest(0, 0);
        vm.expectRevert(notOpen(id));
        book.evict(id);
    }

    function test_evict_notExpired_refused() public {
        IOrderBook.Order memory order = orderOf(Side.BUY, 10, 5);
        order.expires = uint40(block.timestamp + 10);
        OrderId id = send(alice, order).id;
        vm.warp(order.expires - 1);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.NotExpired.selector, id, order.expires));
        book.evict(id);
        OrderId lasting = buy(alice, 10, 5);
        vm.warp(FAR);
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.NotExpired.selector, lasting, 0));
        book.evict(lasting);
    }

    /* AUTHORITY */

    function test_cancelFor_ordersOfTheAccount_othersPassedOver() public {
        OrderId[] memory ids = new OrderId[](4);
        ids[0] = sell(alice, 10, 5);
        ids[1] = sell(bob, 10, 5);
        ids[2] = sell(alice, 11, 5);
        ids[3] = buy(alice, 9, 5);
        cancel(alice, ids[2]);
        vm.prank(address(ledger));
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(ids[0], accountOf(alice), 5, IOrderBook.CloseReason.AUTHORITY);
        book.cancelFor(accountOf(alice), ids);
        assertEq(open(ids[0]) + open(ids[3]), 0);
        assertEq(open(ids[1]), 5);
        assertEq(units(alice), UNITS);
        assertEq(money(alice), MONEY);
    }

    // @requirement R-ACC-1
    function test_cancelFor_byStranger_refused() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(ledger)));
        book.cancelFor(accountOf(alice), new OrderId[](0));
    }
}
