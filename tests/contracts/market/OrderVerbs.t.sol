// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ERC1967Utils } from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { Book } from "../../../contracts/market/Book.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { OrderBook } from "../../../contracts/market/OrderBook.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import {
    AccountStatus,
    Eligibility,
    Representation,
    Restrictions,
    Rights
} from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";
import { Vm } from "../support/Vm.sol";

/// @dev Words for verbs that take several orders, or one for another.
abstract contract VerbSuite is TradingSuite {
    bytes32 internal constant MOVED = keccak256("TransferSingle(address,address,address,uint256,uint256)");

    function setUp() public {
        setUpTrading();
    }

    function replace(address key, OrderId id, IOrderBook.Order memory order)
        internal
        returns (IOrderBook.Placed memory)
    {
        vm.prank(key);
        return book.replace(id, order);
    }

    function refuseReplace(address key, OrderId id, IOrderBook.Order memory order, bytes memory error) internal {
        vm.prank(key);
        vm.expectRevert(error);
        book.replace(id, order);
    }

    function cancelMany(address key, OrderId[] memory ids) internal returns (bool[] memory) {
        vm.prank(key);
        return book.cancelMany(ids);
    }

    function batch(address key, OrderId[] memory ids, IOrderBook.Order[] memory orders)
        internal
        returns (bool[] memory taken, IOrderBook.Placed[] memory placed)
    {
        vm.prank(key);
        return book.batch(ids, orders);
    }

    function refuseBatch(address key, OrderId[] memory ids, IOrderBook.Order[] memory orders, bytes memory error)
        internal
    {
        vm.prank(key);
        vm.expectRevert(error);
        book.batch(ids, orders);
    }

    function those(OrderId a) internal pure returns (OrderId[] memory ids) {
        ids = new OrderId[](1);
        ids[0] = a;
    }

    function those(OrderId a, OrderId b) internal pure returns (OrderId[] memory ids) {
        ids = new OrderId[](2);
        (ids[0], ids[1]) = (a, b);
    }

    function those(IOrderBook.Order memory a) internal pure returns (IOrderBook.Order[] memory orders) {
        orders = new IOrderBook.Order[](1);
        orders[0] = a;
    }

    function those(IOrderBook.Order memory a, IOrderBook.Order memory b)
        internal
        pure
        returns (IOrderBook.Order[] memory orders)
    {
        orders = new IOrderBook.Order[](2);
        (orders[0], orders[1]) = (a, b);
    }

    function assertSame(OrderId got, OrderId expected, string memory what) internal pure {
        assertEq(OrderId.unwrap(got), OrderId.unwrap(expected), what);
    }

    function assertOther(OrderId got, OrderId earlier, string memory what) internal pure {
        assertTrue(OrderId.unwrap(got) != OrderId.unwrap(earlier) && OrderId.unwrap(got) != 0, what);
    }

    function assertTaken(bool[] memory taken, string memory expected) internal pure {
        assertEq(taken.length, bytes(expected).length, "one answer each");
        for (uint256 i; i < taken.length; ++i) {
            assertEq(taken[i], bytes(expected)[i] == "1", "taken");
        }
    }

    /// @dev Quantities that the ledger told to have moved since `recordLogs`.
    function movements() internal returns (uint256[] memory quantities) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        quantities = new uint256[](logs.length);
        uint256 count;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != MOVED) continue;
            (, quantities[count++]) = abi.decode(logs[i].data, (uint256, uint256));
        }
        assembly {
            mstore(quantities, count)
        }
    }

    function suspend(address key) internal {
        Eligibility memory e = eligible(Restrictions.ALL);
        e.status = AccountStatus.SUSPENDED;
        e.certificateUntil = uint40(block.timestamp);
        ledger.setEligibility(accountOf(key), e);
    }

    function limit(uint48 mostLots, uint16 mostOpen) internal {
        book.setLimits(market, IOrderBook.Limits(mostLots, 0, 0, mostOpen));
    }

    function tellPhase(uint24 market_, IOrderBook.MarketState state) internal returns (uint40 from, uint40 until) {
        from = uint40((block.timestamp / 1 days + 1) * 1 days);
        until = from + 1 hours;
        phases.tell(market_, state, from, until);
    }

    function notTheAccount(address key, address owner) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IInstrumentLedger.NotTheAccount.selector, key, accountOf(owner));
    }

    function notARepresentative(address key) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IEligibility.NotARepresentative.selector, key);
    }

    function notOpen(OrderId id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Book.OrderNotOpen.selector, id);
    }

    function tooMany(uint256 given) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IOrderBook.TooManyAtOnce.selector, given, 64);
    }
}

/// @dev LESSONS: an amend repeats every check of place; more quantity or another price loses the place.
contract ReplaceTest is VerbSuite {
    /* IN ITS PLACE */

    // @requirement R-TRD-2
    function test_replace_samePriceAndSmaller_keepsItsPlace() public {
        OrderId a = buy(alice, 10, 9);
        OrderId b = buy(bob, 10, 5);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderReduced(a, accountOf(alice), 4);
        IOrderBook.Placed memory placed = replace(alice, a, orderOf(Side.BUY, 10, 5));
        assertPlaced(placed, 0, 5);
        assertSame(placed.id, a, "same id");
        assertEq(open(a), 5);
        assertEq(money(alice), MONEY - 5 * (100 + MAKER_FEE), "the difference came back");
        place(carol, Side.SELL, 10, 5);
        assertEq(open(a), 0, "still first");
        assertEq(open(b), 5);
    }

    function test_replace_otherExpiry_keepsItsPlace() public {
        OrderId a = sell(alice, 10, 5);
        OrderId b = sell(bob, 10, 5);
        IOrderBook.Order memory order = with(Side.SELL, 10, 5, IOrderBook.TimeInForce.POST_ONLY);
        order.expires = uint40(block.timestamp + 10);
        vm.recordLogs();
        assertSame(replace(alice, a, order).id, a, "same id");
        assertEq(movements().length, 0, "nothing moved");
        assertEq(book.orderOf(a).expires, order.expires, "expires");
        assertSame(queue(Side.SELL, 10)[0], a, "still first");
        order.expires = 0;
        vm.expectEmit(address(book));
        emit IOrderBook.ExpiryChanged(a, accountOf(alice), 0);
        replace(alice, a, order);
        vm.warp(block.timestamp + 11);
        assertPlaced(place(carol, Side.BUY, 10, 5), 5, 0);
        assertEq(open(b), 5, "the first was met");
    }

    function test_replace_smallerAndOtherExpiry_tellsBoth() public {
        OrderId a = sell(alice, 10, 5);
        IOrderBook.Order memory order = orderOf(Side.SELL, 10, 2);
        order.expires = uint40(block.timestamp + 10);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderReduced(a, accountOf(alice), 3);
        vm.expectEmit(address(book));
        emit IOrderBook.ExpiryChanged(a, accountOf(alice), order.expires);
        replace(alice, a, order);
        assertEq(units(alice), UNITS - 2);
        vm.warp(order.expires);
        vm.prank(stranger);
        book.evict(a);
        assertEq(units(alice), UNITS);
    }

    function test_replace_byTheSame_changesAndTellsNothing() public {
        OrderId a = sell(alice, 10, 5);
        vm.recordLogs();
        assertSame(replace(alice, a, orderOf(Side.SELL, 10, 5)).id, a, "same id");
        assertEq(vm.getRecordedLogs().length, 0, "no event");
        assertEq(open(a), 5);
    }

    // What was taken of the head is not taken again.
    function test_replace_partlyFilledHead_quantityIsWhatIsToBeOpen() public {
        OrderId a = sell(alice, 10, 9);
        OrderId b = sell(bob, 10, 9);
        place(carol, Side.BUY, 10, 4);
        assertSame(replace(alice, a, orderOf(Side.SELL, 10, 5)).id, a, "no larger than what is open");
        assertPlaced(replace(alice, a, orderOf(Side.SELL, 10, 3)), 0, 3);
        assertEq(open(a), 3);
        assertEq(units(alice), UNITS - 7);
        assertPlaced(place(carol, Side.BUY, 10, 4), 4, 0);
        assertEq(open(a), 0);
        assertEq(open(b), 8);
        IOrderBook.Order memory more = orderOf(Side.SELL, 10, 9);
        assertOther(replace(bob, b, more).id, b, "larger than what is open");
    }

    function test_replace_inACall_keepsItsPlaceOrCollects() public {
        OrderId a = sell(alice, 10, 5);
        (uint40 from,) = tellPhase(market, IOrderBook.MarketState.CALL);
        vm.warp(from);
        assertSame(replace(alice, a, orderOf(Side.SELL, 10, 4)).id, a, "in its place");
        buy(bob, 9, 4);
        IOrderBook.Placed memory placed = replace(alice, a, orderOf(Side.SELL, 8, 4));
        assertPlaced(placed, 0, 4);
        assertBest(9, 8);
        IOrderBook.Order memory ioc = with(Side.SELL, 8, 4, IOrderBook.TimeInForce.IOC);
        refuseReplace(
            alice,
            placed.id,
            ioc,
            abi.encodeWithSelector(IOrderBook.OrderMustRest.selector, market, IOrderBook.TimeInForce.IOC)
        );
    }

    /* BEHIND THE OTHERS */

    // LESSONS: an amend that raises quantity loses time priority
    // @requirement R-TRD-2
    function test_replace_larger_goesBehind() public {
        OrderId a = sell(alice, 10, 5);
        OrderId b = sell(bob, 10, 5);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(a, accountOf(alice), 5, IOrderBook.CloseReason.TAKEN_BACK);
        vm.recordLogs();
        OrderId c = replace(alice, a, orderOf(Side.SELL, 10, 6)).id;
        uint256[] memory moved = movements();
        assertEq(moved.length, 1, "one movement");
        assertEq(moved[0], 1, "of the difference");
        assertOther(c, a, "new id");
        OrderId[] memory ids = queue(Side.SELL, 10);
        assertEq(ids.length, 2);
        assertSame(ids[0], b, "who waited is first");
        assertSame(ids[1], c, "behind");
        refuseReplace(alice, a, orderOf(Side.SELL, 10, 6), notOpen(a));
        assertEq(units(alice), UNITS - 6);
    }

    // LESSONS: an amend that changes the price loses time priority
    function test_replace_otherPrice_goesBehind() public {
        OrderId a = buy(alice, 10, 5);
        OrderId b = buy(bob, 11, 5);
        vm.recordLogs();
        OrderId c = replace(alice, a, orderOf(Side.BUY, 11, 5)).id;
        uint256[] memory moved = movements();
        assertEq(moved.length, 1, "one movement");
        assertEq(moved[0], 50, "of the difference");
        assertSame(queue(Side.BUY, 11)[0], b, "who waited is first");
        assertSame(queue(Side.BUY, 11)[1], c, "behind");
        assertEq(queue(Side.BUY, 10).length, 0, "left its level");
        replace(alice, c, orderOf(Side.BUY, 4, 5));
        assertEq(money(alice), MONEY - 5 * (40 + MAKER_FEE), "what was spared came back");
        assertBest(11, 0);
    }

    function test_replace_theBestByAWorse_nextBestTakesItsPlace() public {
        OrderId a = sell(alice, 10, 5);
        sell(bob, 300, 5);
        OrderId c = replace(alice, a, orderOf(Side.SELL, 3000, 5)).id;
        assertBest(0, 300);
        assertPlaced(place(carol, Side.BUY, 3000, 10), 10, 0);
        assertEq(open(c), 0);
        assertBest(0, 0);
    }

    function test_replace_noRestAtTheSamePrice_takenBack() public {
        OrderId a = sell(alice, 10, 5);
        assertPlaced(replace(alice, a, with(Side.SELL, 10, 5, IOrderBook.TimeInForce.IOC)), 0, 0);
        assertEq(open(a), 0);
        assertEq(units(alice), UNITS);
    }

    function test_replace_expired_isPlacedAnew() public {
        IOrderBook.Order memory order = orderOf(Side.SELL, 10, 5);
        order.expires = uint40(block.timestamp + 10);
        OrderId a = send(alice, order).id;
        vm.warp(order.expires);
        order.expires = 0;
        OrderId b = replace(alice, a, order).id;
        assertOther(b, a, "its place was lost with its time");
        assertPlaced(place(bob, Side.BUY, 10, 5), 5, 0);
    }

    /// @dev What trades is paid from the account, into which comes what the old order held.
    function test_replace_toWhereItMeets_trades() public {
        OrderId a = buy(alice, 10, 5);
        sell(bob, 12, 3);
        IOrderBook.Placed memory placed = replace(alice, a, orderOf(Side.BUY, 12, 5));
        assertPlaced(placed, 3, 2);
        assertEq(units(alice), UNITS + 3);
        assertEq(money(alice), MONEY - 3 * (120 + TAKER_FEE) - 2 * (120 + MAKER_FEE));
        assertEq(open(a), 0);
    }

    function test_replace_allThatItHas_paidByTheOldOrder() public {
        OrderId a = sell(alice, 10, uint48(UNITS));
        OrderId b = replace(alice, a, orderOf(Side.SELL, 11, uint48(UNITS))).id;
        refuseReplace(
            alice,
            b,
            orderOf(Side.SELL, 11, uint48(UNITS + 1)),
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, accountOf(alice), uka, 0, 1)
        );
        assertEq(open(b), UNITS);
    }

    // One order of the account before, one after.
    function test_replace_atTheLimitOfOpenOrders_isNoFurtherOne() public {
        limit(0, 1);
        OrderId a = sell(alice, 10, 5);
        a = replace(alice, a, orderOf(Side.SELL, 10, 4)).id;
        a = replace(alice, a, orderOf(Side.SELL, 12, 4)).id;
        refuse(
            alice,
            orderOf(Side.SELL, 10, 5),
            abi.encodeWithSelector(IOrderBook.TooManyOpenOrders.selector, accountOf(alice), 1)
        );
        place(bob, Side.BUY, 12, 4);
        sell(alice, 10, 5);
    }

    /* CHECKS */

    // LESSONS: amend must repeat every check of place (tick, lot, band)
    // @requirement R-TRD-10
    function test_replace_everyCheckOfPlace_inItsPlaceAndAnew() public {
        IOrderBook.MarketTerms memory t = terms();
        (t.lot, t.leastLots, t.lowest, t.highest) = (5, 2, 10, 20);
        market = book.openMarket(t);
        OrderId id = sell(alice, 10, 50);
        limit(8, 0);
        uint40 now_ = uint40(block.timestamp);
        IOrderBook.Order memory order = orderOf(Side.SELL, 10, 43);
        uint48[3] memory bad = [uint48(0), 5, 43];
        for (uint256 i; i < 3; ++i) {
            order.quantity = bad[i];
            refuseBoth(id, order, abi.encodeWithSelector(IOrderBook.BadOrderQuantity.selector, bad[i], 5, 10));
        }
        order.quantity = 45;
        refuseBoth(id, order, abi.encodeWithSelector(IOrderBook.OrderTooLarge.selector, 45, 40));
        order.quantity = 40;
        order.expires = now_;
        refuseBoth(id, order, abi.encodeWithSelector(IOrderBook.BadExpiry.selector, now_, now_));
        order.expires = 0;
        order.mostMakers = 256;
        refuseBoth(id, order, abi.encodeWithSelector(IOrderBook.BadMakerLimit.selector, 256));
        order.mostMakers = 0;
        refuseBoth(id, order, abi.encodeWithSelector(IOrderBook.BadMakerLimit.selector, 0));
        order.mostMakers = 1;
        order.latest = now_ - 1;
        refuseBoth(id, order, abi.encodeWithSelector(IOrderBook.TooLate.selector, now_ - 1, now_));
        order.latest = 0;
        order.tick = 21;
        refuseReplace(
            alice, id, order, abi.encodeWithSelector(IOrderBook.PriceOutsideBand.selector, uint24(21), 10, 20)
        );
        book.setBand(market, 11, 20);
        order.tick = 10;
        refuseReplace(
            alice, id, order, abi.encodeWithSelector(IOrderBook.PriceOutsideBand.selector, uint24(10), 11, 20)
        );
        assertEq(open(id), 50, "untouched");
        vm.prank(alice);
        book.reduce(id, 5);
        book.setBand(market, 10, 20);
        assertSame(replace(alice, id, order).id, id, "and this is taken");
    }

    function refuseBoth(OrderId id, IOrderBook.Order memory order, bytes memory error) private {
        refuseReplace(alice, id, order, error);
        ++order.tick;
        refuseReplace(alice, id, order, error);
        --order.tick;
    }

    function test_replace_ofAnotherMarketOrSide_refused() public {
        OrderId id = sell(alice, 10, 5);
        bytes memory error = abi.encodeWithSelector(IOrderBook.OtherQueue.selector, id);
        refuseReplace(alice, id, orderOf(Side.BUY, 10, 5), error);
        IOrderBook.Order memory order = orderOf(Side.SELL, 10, 5);
        order.market = market - 1;
        refuseReplace(alice, id, order, error);
        assertEq(open(id), 5);
    }

    function test_replace_whatIsNotOpen_refused() public {
        OrderId id = sell(alice, 10, 5);
        OrderId never = OrderId.wrap(OrderId.unwrap(id) + 1);
        refuseReplace(alice, never, orderOf(Side.SELL, 10, 5), notOpen(never));
        OrderId alias_ = OrderId.wrap(OrderId.unwrap(id) | 1 << 200);
        refuseReplace(alice, alias_, orderOf(Side.SELL, 10, 4), notOpen(alias_));
        place(bob, Side.BUY, 10, 5);
        refuseReplace(alice, id, orderOf(Side.SELL, 10, 5), notOpen(id));
        IOrderBook.Order memory nowhere = orderOf(Side.SELL, 10, 5);
        nowhere.market = 99;
        OrderId unknown = OrderId.wrap(OrderId.unwrap(id) + ((99 - uint256(market)) << 104));
        refuseReplace(alice, unknown, nowhere, abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, uint24(99)));
    }

    function test_replace_thatMayNotTradeOrMust_oldOneStays() public {
        OrderId id = sell(alice, 12, 5);
        buy(bob, 10, 3);
        IOrderBook.Order memory order = with(Side.SELL, 10, 5, IOrderBook.TimeInForce.POST_ONLY);
        refuseReplace(alice, id, order, abi.encodeWithSelector(IOrderBook.WouldTrade.selector, uint24(10), 10));
        order.timeInForce = IOrderBook.TimeInForce.FOK;
        refuseReplace(alice, id, order, abi.encodeWithSelector(IOrderBook.NotFillable.selector, 3, 5));
        assertEq(open(id), 5);
        assertEq(units(alice), UNITS - 5);
    }

    function test_replace_whereNothingIsPlacedOrTakenBack_refused() public {
        OrderId id = sell(alice, 10, 5);
        IOrderBook.Order memory order = orderOf(Side.SELL, 10, 4);
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        refuseReplace(
            alice,
            id,
            order,
            abi.encodeWithSelector(IOrderBook.MarketNotOpen.selector, market, uint8(IOrderBook.MarketState.HALTED))
        );
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        (uint40 from, uint40 until) = tellPhase(market, IOrderBook.MarketState.LOCKED);
        vm.warp(from);
        refuseReplace(alice, id, order, abi.encodeWithSelector(IOrderBook.OrdersLocked.selector, market, until));
        place(bob, Side.BUY, 10, 5);
        vm.warp(until);
        refuseReplace(alice, id, order, abi.encodeWithSelector(IOrderBook.AuctionPending.selector, market));
        book.turn(market);
        refuseReplace(alice, id, order, abi.encodeWithSelector(IOrderBook.AuctionPending.selector, market));
    }

    // @requirement R-TRD-7
    function test_replace_byKeyOrAccountThatMayNot_refused() public {
        OrderId id = sell(alice, 10, 5);
        address account = accountOf(alice);
        uint24[2] memory ticks = [uint24(10), 11]; // in its place, and anew
        for (uint256 i; i < 2; ++i) {
            IOrderBook.Order memory order = orderOf(Side.SELL, ticks[i], 4);
            refuseReplace(stranger, id, order, notARepresentative(stranger));
            refuseReplace(bob, id, order, notTheAccount(bob, alice));
            uint16 rights = Rights.ALL & ~Rights.TRADE;
            represent(FAR, rights);
            refuseReplace(
                alice,
                id,
                order,
                abi.encodeWithSelector(IEligibility.MissingRight.selector, alice, account, rights, Rights.TRADE)
            );
            uint40 now_ = uint40(block.timestamp);
            represent(now_, Rights.ALL);
            refuseReplace(
                alice, id, order, abi.encodeWithSelector(IEligibility.CertificateExpired.selector, alice, now_)
            );
            represent(FAR, Rights.ALL);
            bar(alice, Restrictions.NO_TRADE);
            refuseReplace(
                alice,
                id,
                order,
                abi.encodeWithSelector(
                    IEligibility.AccountRestricted.selector, account, Restrictions.NO_TRADE, Restrictions.NO_DEAL
                )
            );
            suspend(alice);
            refuseReplace(
                alice,
                id,
                order,
                abi.encodeWithSelector(IEligibility.AccountNotActive.selector, account, uint8(AccountStatus.SUSPENDED))
            );
            bar(alice, 0);
        }
        assertEq(open(id), 5);
    }

    function represent(uint40 until, uint16 rights) private {
        ledger.setRepresentation(
            alice, Representation({ account: accountOf(alice), certificateUntil: until, rights: rights })
        );
    }

    // A freeze that a forced transfer is to follow: what orders held must not go elsewhere under its eyes.
    // @requirement R-AST-3
    function test_replace_ofWhoHasUnitsFrozen_isNoWayAround() public {
        OrderId ask = sell(alice, 50, 100);
        OrderId bid = buy(alice, 10, 100);
        ledger.setFrozenTokens(accountOf(alice), uka, UNITS);
        ledger.setFrozenTokens(accountOf(alice), gbp, MONEY);
        refuseReplace(
            alice,
            ask,
            orderOf(Side.SELL, 20, 100),
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, accountOf(alice), uka, 0, 100)
        );
        refuseReplace(
            alice,
            bid,
            orderOf(Side.BUY, 11, 90),
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, accountOf(alice), gbp, 0, 10_080)
        );
        refuseBatch(
            alice,
            those(ask),
            those(orderOf(Side.SELL, 20, 1)),
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, accountOf(alice), uka, 0, 1)
        );
        assertSame(replace(alice, ask, orderOf(Side.SELL, 50, 60)).id, ask, "smaller it may become");
        ledger.setFrozenTokens(accountOf(alice), uka, UNITS - 60);
        replace(alice, ask, orderOf(Side.SELL, 20, 60));
        assertEq(units(alice), UNITS - 60);
    }
}

contract CancelManyTest is VerbSuite {
    // @requirement R-TRD-2
    function test_cancelMany_ownTaken_othersPassedOver() public {
        OrderId[] memory ids = new OrderId[](8);
        ids[0] = sell(alice, 10, 5);
        ids[1] = sell(bob, 10, 6);
        ids[2] = buy(alice, 9, 7);
        ids[3] = sell(alice, 11, 8);
        ids[4] = ids[0]; // again
        ids[5] = OrderId.wrap(OrderId.unwrap(ids[0]) + 9); // never placed
        ids[6] = OrderId.wrap(0); // of no market
        ids[7] = sell(alice, 12, 1);
        place(bob, Side.BUY, 10, 5);
        place(bob, Side.SELL, 9, 3);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(ids[2], accountOf(alice), 4, IOrderBook.CloseReason.TAKEN_BACK);
        vm.recordLogs();
        assertTaken(cancelMany(alice, ids), "00110001");
        uint256[] memory moved = movements();
        assertEq(moved.length, 2, "one sum for each instrument");
        assertEq(moved[0] + moved[1], 4 * (90 + MAKER_FEE) + 9, "what they held");
        assertEq(open(ids[1]), 6, "another's");
        assertEq(units(alice), UNITS - 5 + 3);
        assertBest(0, 10);
    }

    function test_cancelMany_ofSeveralInstruments_eachComesBack() public {
        InstrumentId other = instrumentId(InstrumentClass.ALLOWANCE, 826, 2022, 0, 0);
        ledger.defineInstrument(other, 0, "terms");
        ledger.issue(accountOf(alice), InstrumentId.unwrap(other), 50, "issue");
        IOrderBook.MarketTerms memory t = terms();
        t.instrument = other;
        uint24 first = market;
        OrderId[] memory ids = new OrderId[](4);
        ids[0] = sell(alice, 10, 5);
        ids[2] = sell(alice, 11, 5);
        ids[3] = buy(alice, 5, 5);
        market = book.openMarket(t);
        ids[1] = sell(alice, 10, 50);
        assertTaken(cancelMany(alice, ids), "1111");
        assertEq(units(alice), UNITS);
        assertEq(money(alice), MONEY);
        assertEq(ledger.balanceOf(accountOf(alice), InstrumentId.unwrap(other)), 50);
        market = first;
        assertBest(0, 0);
    }

    // Taking back is always possible: with the account suspended, restricted and its certificate expired, in a halted market.
    // @requirement R-TRD-13
    function test_cancelMany_ofSuspendedAccount_works() public {
        OrderId[] memory ids = those(sell(alice, 10, 5), buy(alice, 9, 5));
        suspend(alice);
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        assertTaken(cancelMany(alice, ids), "11");
        assertEq(units(alice), UNITS);
        assertEq(money(alice), MONEY);
    }

    function test_cancelMany_ofWhoHasEverythingFrozen_works() public {
        OrderId[] memory ids = those(sell(alice, 10, 5), buy(alice, 9, 5));
        ledger.setFrozenTokens(accountOf(alice), uka, 2 * UNITS);
        ledger.setFrozenTokens(accountOf(alice), gbp, 2 * MONEY);
        assertTaken(cancelMany(alice, ids), "11");
        assertEq(units(alice), UNITS);
    }

    // One market that is locked does not keep the orders of others.
    // @requirement R-TRD-13
    function test_cancelMany_oneMarketLockedOrUncrossing_othersComeBack() public {
        uint24 first = market;
        OrderId[] memory ids = those(sell(alice, 10, 5), OrderId.wrap(0));
        (uint40 from, uint40 until) = tellPhase(first, IOrderBook.MarketState.LOCKED);
        market = book.openMarket(terms());
        ids[1] = sell(alice, 10, 6);
        vm.warp(from);
        assertTaken(cancelMany(alice, ids), "01");
        assertEq(open(ids[0]), 5, "locked");
        assertEq(units(alice), UNITS - 5);

        ids[1] = sell(alice, 10, 6);
        market = first;
        place(bob, Side.BUY, 10, 5); // crosses, and is collected
        vm.warp(until);
        assertTaken(cancelMany(alice, ids), "01");
        assertTrue(book.marketOf(first).state == IOrderBook.MarketState.UNCROSSING, "turned");
        assertTaken(cancelMany(alice, ids), "00");
    }

    // @requirement R-TRD-7
    function test_cancelMany_byKeyThatMayNot_takesNothing() public {
        OrderId[] memory ids = those(sell(alice, 10, 5), buy(alice, 9, 5));
        assertTaken(cancelMany(stranger, ids), "00");
        assertTaken(cancelMany(bob, ids), "00");
        address account = accountOf(alice);
        uint16 rights = Rights.ALL & ~Rights.TRADE;
        ledger.setRepresentation(alice, Representation({ account: account, certificateUntil: FAR, rights: rights }));
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.MissingRight.selector, alice, account, rights, Rights.TRADE)
        );
        book.cancelMany(ids);
        uint40 now_ = uint40(block.timestamp);
        ledger.setRepresentation(
            alice, Representation({ account: account, certificateUntil: now_, rights: Rights.ALL })
        );
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.CertificateExpired.selector, alice, now_));
        book.cancelMany(ids);
        assertEq(open(ids[0]) + open(ids[1]), 10);
    }

    // LESSONS: bound the work of one call
    function test_cancelMany_64AtMost() public {
        OrderId[] memory ids = new OrderId[](65);
        for (uint256 i; i < 65; ++i) {
            ids[i] = sell(alice, uint24(10 + i), 1);
        }
        vm.prank(alice);
        vm.expectRevert(tooMany(65));
        book.cancelMany(ids);
        assembly {
            mstore(ids, 64)
        }
        uint256 gas = gasleft();
        cancelMany(alice, ids);
        assertLe(gas - gasleft(), 2_000_000, "gas of 64");
        assertEq(units(alice), UNITS - 1);
        assertEq(cancelMany(alice, new OrderId[](0)).length, 0, "none is no error");
    }
}

contract BatchTest is VerbSuite {
    // @requirement R-TRD-2
    function test_batch_quoteUpdate_onlyDifferencesMove() public {
        OrderId[] memory quote = those(buy(alice, 99, 20), sell(alice, 101, 30));
        IOrderBook.Order memory bid = with(Side.BUY, 100, 20, IOrderBook.TimeInForce.POST_ONLY);
        IOrderBook.Order memory ask = with(Side.SELL, 102, 25, IOrderBook.TimeInForce.POST_ONLY);
        vm.recordLogs();
        (bool[] memory taken, IOrderBook.Placed[] memory placed) = batch(alice, quote, those(bid, ask));
        uint256[] memory moved = movements();
        assertEq(moved.length, 2, "money and units");
        assertEq(moved[0], 20 * 10, "more money");
        assertEq(moved[1], 5, "units that are no longer offered");
        assertTaken(taken, "11");
        assertPlaced(placed[0], 0, 20);
        assertPlaced(placed[1], 0, 25);
        assertBest(100, 102);
        assertEq(open(placed[0].id), 20);
        assertEq(units(alice), UNITS - 25);
        assertEq(money(alice), MONEY - 20 * (1000 + MAKER_FEE));
    }

    function test_batch_allThatItHas_isQuotedAnew() public {
        OrderId[] memory quote = those(sell(alice, 101, uint48(UNITS)), buy(alice, 99, 1000));
        assertEq(units(alice), 0);
        IOrderBook.Order[] memory orders = those(orderOf(Side.SELL, 102, uint48(UNITS - 1)), orderOf(Side.SELL, 103, 1));
        batch(alice, quote, orders);
        assertEq(units(alice), 0);
        assertEq(money(alice), MONEY);
        assertBest(0, 102);
    }

    function test_batch_othersAndClosed_passedOver() public {
        OrderId[] memory ids = those(sell(bob, 101, 5), sell(alice, 102, 5));
        place(carol, Side.BUY, 101, 5);
        ids[0] = sell(bob, 101, 5);
        (bool[] memory taken, IOrderBook.Placed[] memory placed) = batch(alice, ids, those(orderOf(Side.SELL, 103, 5)));
        assertTaken(taken, "01");
        assertEq(open(ids[0]), 5, "another's");
        assertEq(open(placed[0].id), 5);
    }

    // @requirement R-TRD-2
    function test_batch_oneRefused_nothingHappens() public {
        OrderId[] memory ids = those(sell(alice, 101, 5), buy(alice, 99, 5));
        bytes32 before = keccak256(abi.encode(units(alice), money(alice), queue(Side.SELL, 101), queue(Side.BUY, 99)));
        IOrderBook.Order[] memory orders = those(orderOf(Side.SELL, 102, 5), orderOf(Side.BUY, 98, 0));
        refuseBatch(alice, ids, orders, abi.encodeWithSelector(IOrderBook.BadOrderQuantity.selector, 0, 1, 1));
        orders[1] = with(Side.BUY, 102, 5, IOrderBook.TimeInForce.POST_ONLY);
        refuseBatch(alice, ids, orders, abi.encodeWithSelector(IOrderBook.WouldTrade.selector, 102, 102));
        orders[1] = orderOf(Side.BUY, 98, 1_000_000);
        refuseBatch(
            alice,
            ids,
            orders,
            abi.encodeWithSelector(
                IInstrumentLedger.InsufficientFree.selector,
                accountOf(alice),
                gbp,
                MONEY - 5 * (990 + MAKER_FEE),
                1_000_000 * (980 + MAKER_FEE) - 5 * (990 + MAKER_FEE)
            )
        );
        assertEq(
            keccak256(abi.encode(units(alice), money(alice), queue(Side.SELL, 101), queue(Side.BUY, 99))),
            before,
            "as before"
        );
    }

    /// @dev The first order trades and is paid from the account; so all that was kept has come back, and the second is too.
    function test_batch_orderThatMeets_paidFromTheAccount() public {
        OrderId[] memory ids = those(buy(alice, 99, 5), sell(alice, 110, 5));
        sell(bob, 105, 3);
        (, IOrderBook.Placed[] memory placed) =
            batch(alice, ids, those(orderOf(Side.BUY, 105, 5), orderOf(Side.SELL, 111, 5)));
        assertPlaced(placed[0], 3, 2);
        assertPlaced(placed[1], 0, 5);
        assertEq(units(alice), UNITS + 3 - 5);
        assertEq(money(alice), MONEY - 3 * (1050 + TAKER_FEE) - 2 * (1050 + MAKER_FEE));
    }

    function test_batch_ordersThatMeetEachOther_doNotTrade() public {
        IOrderBook.Order[] memory orders = those(orderOf(Side.BUY, 100, 5), orderOf(Side.SELL, 100, 5));
        (, IOrderBook.Placed[] memory placed) = batch(alice, new OrderId[](0), orders);
        assertPlaced(placed[0], 0, 5);
        assertPlaced(placed[1], 0, 0);
        assertEq(units(alice), UNITS);
    }

    function test_batch_severalMarkets_eachItsOwn() public {
        uint24 first = market;
        OrderId a = sell(alice, 10, 5);
        IOrderBook.Order memory there = orderOf(Side.SELL, 10, 5);
        market = book.openMarket(terms());
        there.market = market;
        vm.recordLogs();
        batch(alice, those(a), those(there));
        assertEq(movements().length, 0, "the same units");
        assertBest(0, 10);
        market = first;
        assertBest(0, 0);
    }

    // What is to be taken back must be: quotes of a locked market are not doubled.
    function test_batch_inALockedMarket_refused() public {
        OrderId a = sell(alice, 10, 5);
        (uint40 from, uint40 until) = tellPhase(market, IOrderBook.MarketState.LOCKED);
        vm.warp(from);
        refuseBatch(
            alice,
            those(a),
            those(orderOf(Side.SELL, 11, 5)),
            abi.encodeWithSelector(IOrderBook.OrdersLocked.selector, market, until)
        );
        refuseBatch(
            alice,
            those(OrderId.wrap(0)),
            those(orderOf(Side.SELL, 11, 5)),
            abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, uint24(0))
        );
    }

    // @requirement R-TRD-7
    function test_batch_byKeyOrAccountThatMayNot_refused() public {
        OrderId[] memory ids = those(sell(alice, 10, 5));
        IOrderBook.Order[] memory orders = those(orderOf(Side.SELL, 11, 5));
        refuseBatch(stranger, ids, orders, notARepresentative(stranger));
        (bool[] memory taken,) = batch(bob, ids, orders);
        assertTaken(taken, "0");
        address account = accountOf(alice);
        suspend(alice);
        refuseBatch(
            alice,
            ids,
            orders,
            abi.encodeWithSelector(IEligibility.AccountNotActive.selector, account, uint8(AccountStatus.SUSPENDED))
        );
        bar(alice, 0);
        uint16 rights = Rights.ALL & ~Rights.TRADE;
        ledger.setRepresentation(alice, Representation({ account: account, certificateUntil: FAR, rights: rights }));
        refuseBatch(
            alice,
            ids,
            orders,
            abi.encodeWithSelector(IEligibility.MissingRight.selector, alice, account, rights, Rights.TRADE)
        );
        assertEq(open(ids[0]), 5);
    }

    // LESSONS: bound the work of one call
    function test_batch_64Together() public {
        OrderId[] memory ids = new OrderId[](32);
        IOrderBook.Order[] memory orders = new IOrderBook.Order[](33);
        for (uint256 i; i < 33; ++i) {
            if (i < 32) ids[i] = sell(alice, uint24(10 + i), 1);
            orders[i] = orderOf(Side.SELL, uint24(50 + i), 1);
        }
        refuseBatch(alice, ids, orders, tooMany(65));
        refuseBatch(alice, new OrderId[](65), new IOrderBook.Order[](0), tooMany(65));
        refuseBatch(alice, new OrderId[](0), new IOrderBook.Order[](65), tooMany(65));
        assembly {
            mstore(orders, 32)
        }
        uint256 gas = gasleft();
        (, IOrderBook.Placed[] memory placed) = batch(alice, ids, orders);
        assertLe(gas - gasleft(), 5_000_000, "gas of 64");
        assertEq(open(placed[31].id), 1);
        assertEq(units(alice), UNITS - 32);
    }
}

/// @dev What the verbs promise to be: the same as taking back and placing one by one, save the place that is kept.
contract VerbsEquivalenceTest is VerbSuite {
    uint256 private random;

    function draw(uint256 below) private returns (uint256) {
        random = uint256(keccak256(abi.encode(random)));
        return random % below;
    }

    function someOrder(Side side) private returns (IOrderBook.Order memory order) {
        order = orderOf(side, uint24(95 + draw(9)), uint48(1 + draw(40)));
        order.timeInForce = IOrderBook.TimeInForce(draw(3) == 0 ? draw(4) : 0);
        order.selfTrade = IOrderBook.SelfTrade(draw(4));
        order.mostMakers = uint16(1 + draw(5));
    }

    /// @dev Orders of four traders, some of whom have something frozen, or more than they have.
    function fill(uint256 seed) private returns (OrderId[] memory own) {
        random = seed;
        address[4] memory keys = [alice, bob, carol, dave];
        own = new OrderId[](24);
        uint256 count;
        for (uint256 i; i < 24; ++i) {
            address key = keys[draw(4)];
            Side side = Side(draw(2));
            IOrderBook.Order memory order =
                orderOf(side, uint24((side == Side.BUY ? 94 : 98) + draw(7)), uint48(1 + draw(40)));
            if (draw(4) == 0) order.expires = uint40(block.timestamp + 10 + draw(20));
            OrderId id = send(key, order).id;
            if (key == alice && OrderId.unwrap(id) != 0) own[count++] = id;
        }
        assembly {
            mstore(own, count)
        }
        vm.warp(block.timestamp + draw(20));
        for (uint256 i; i < 4; ++i) {
            if (draw(3) == 0) ledger.setFrozenTokens(accountOf(keys[i]), uka, draw(2 * UNITS));
            if (draw(3) == 0) ledger.setFrozenTokens(accountOf(keys[i]), gbp, draw(2 * MONEY));
        }
    }

    /// @dev All that can be seen, save where orders stand in their queues.
    function picture() private view returns (bytes32) {
        address[4] memory keys = [alice, bob, carol, dave];
        uint256[8] memory held;
        for (uint256 i; i < 4; ++i) {
            (held[i], held[4 + i]) = (units(keys[i]), money(keys[i]));
        }
        (uint24[] memory bids, uint48[] memory bought) = book.depth(market, Side.BUY, 40);
        (uint24[] memory asks, uint48[] memory offered) = book.depth(market, Side.SELL, 40);
        return keccak256(abi.encode(held, bids, bought, asks, offered, book.marketOf(market)));
    }

    /// @dev By itself, so that what reverts undoes all of it.
    function oneByOne(OrderId[] calldata ids, IOrderBook.Order[] calldata orders)
        external
        returns (IOrderBook.Placed[] memory placed)
    {
        vm.startPrank(alice);
        for (uint256 i; i < ids.length; ++i) {
            if (open(ids[i]) != 0) book.cancel(ids[i]);
        }
        placed = new IOrderBook.Placed[](orders.length);
        for (uint256 i; i < orders.length; ++i) {
            placed[i] = book.place(orders[i]);
        }
        vm.stopPrank();
    }

    function hashOf(IOrderBook.Placed[] memory placed) private pure returns (bytes32) {
        return keccak256(abi.encode(placed));
    }

    // @requirement R-TRD-2
    function testFuzz_batch_sameAsOneByOne(uint256 seed) public {
        OrderId[] memory own = fill(seed);
        OrderId[] memory ids = new OrderId[](draw(own.length + 1));
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = own[draw(own.length)]; // some twice
        }
        IOrderBook.Order[] memory orders = new IOrderBook.Order[](draw(4));
        for (uint256 i; i < orders.length; ++i) {
            orders[i] = someOrder(Side(draw(2)));
        }

        uint256 snapshot = vm.snapshotState();
        bytes32 expected;
        bytes32 answer;
        try this.oneByOne(ids, orders) returns (IOrderBook.Placed[] memory placed) {
            (expected, answer) = (picture(), hashOf(placed));
        } catch { }
        vm.stopPrank();
        vm.revertToState(snapshot);

        bytes32 before = picture();
        vm.prank(alice);
        try book.batch(ids, orders) returns (bool[] memory, IOrderBook.Placed[] memory placed) {
            assertEq(picture(), expected, "same book and balances");
            assertEq(hashOf(placed), answer, "same answers");
        } catch {
            assertEq(expected, 0, "refused one by one too");
            assertEq(picture(), before, "nothing happened");
        }
    }

    // @requirement R-TRD-2
    function testFuzz_replace_sameAsTakingBackAndPlacing(uint256 seed) public {
        OrderId[] memory own = fill(seed);
        if (own.length == 0) return;
        OrderId id = own[draw(own.length)];
        IOrderBook.OrderView memory old = book.orderOf(id);
        IOrderBook.Order memory order = someOrder(id.side());
        if (draw(2) == 0) order.tick = id.tick();
        if (draw(3) == 0) order.expires = uint40(block.timestamp + draw(20));
        bool expired = old.expires != 0 && old.expires <= block.timestamp;
        bool rests =
            order.timeInForce == IOrderBook.TimeInForce.GTC || order.timeInForce == IOrderBook.TimeInForce.POST_ONLY;
        bool keeps = rests && order.tick == id.tick() && order.quantity <= old.open && !expired;
        uint256 place_ = old.open == 0 ? 0 : placeOf(id);

        uint256 snapshot = vm.snapshotState();
        bytes32 expected;
        bytes32 answer;
        try this.oneByOne(those(id), those(order)) returns (IOrderBook.Placed[] memory placed) {
            (expected, answer) = (picture(), hashOf(placed));
        } catch { }
        vm.stopPrank();
        vm.revertToState(snapshot);

        vm.prank(alice);
        try book.replace(id, order) returns (IOrderBook.Placed memory placed) {
            if (keeps) {
                assertSame(placed.id, id, "same id");
                assertEq(placeOf(id), place_, "same place");
                assertEq(open(id), order.quantity, "open");
                assertEq(book.orderOf(id).expires, order.expires, "expires");
                // Making smaller is not paid for: who has all frozen may, though they could not place anew.
                if (expected != 0) assertEq(picture(), expected, "same book and balances");
            } else {
                assertEq(picture(), expected, "same book and balances");
                assertEq(keccak256(abi.encode(asList(placed))), answer, "same answer");
            }
        } catch {
            assertTrue(expected == 0 || old.open == 0, "refused one by one too");
        }
    }

    function asList(IOrderBook.Placed memory placed) private pure returns (IOrderBook.Placed[] memory list) {
        list = new IOrderBook.Placed[](1);
        list[0] = placed;
    }

    function placeOf(OrderId id) private view returns (uint256 i) {
        OrderId[] memory ids = queue(id.side(), id.tick());
        while (OrderId.unwrap(ids[i]) != OrderId.unwrap(id)) {
            ++i;
        }
    }
}

/// @dev The book asks nobody whether the ledger is there: what makes that safe.
contract LedgerCallsTest is VerbSuite {
    // An answer without the word that was asked for: no order rests that holds nothing, nothing trades unpaid.
    function test_place_ledgerThatAnswersNothing_reverts() public {
        sell(alice, 10, 5);
        vm.mockCall(address(ledger), abi.encodePacked(IInstrumentLedger.settle.selector), "");
        refuse(bob, orderOf(Side.BUY, 10, 5), "");
        vm.mockCall(address(ledger), abi.encodePacked(IInstrumentLedger.escrowFrom.selector), "");
        refuse(bob, orderOf(Side.BUY, 9, 5), "");
        assertBest(0, 10);
    }

    function test_constructor_ledgerOrOperationsWithoutCode_refused() public {
        InstrumentId money_ = InstrumentId.wrap(gbp);
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, stranger));
        new OrderBook(IInstrumentLedger(stranger), money_, operations);
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, stranger));
        new OrderBook(IInstrumentLedger(address(ledger)), money_, stranger);
    }
}
