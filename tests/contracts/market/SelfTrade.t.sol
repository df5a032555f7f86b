// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Orders of one beneficial owner that meet (LESSONS: asked for everywhere, shipped by none).
contract SelfTradeTest is TradingSuite {
    IOrderBook.SelfTrade private constant CANCEL_NEWEST = IOrderBook.SelfTrade.CANCEL_NEWEST;
    IOrderBook.SelfTrade private constant CANCEL_OLDEST = IOrderBook.SelfTrade.CANCEL_OLDEST;
    IOrderBook.SelfTrade private constant DECREMENT = IOrderBook.SelfTrade.DECREMENT;
    IOrderBook.SelfTrade private constant ALLOW = IOrderBook.SelfTrade.ALLOW;

    function setUp() public {
        setUpTrading();
        setOwner(alice, 7);
        setOwner(bob, 7); // another account of the same owner
    }

    function order(Side side, uint24 tick, uint48 quantity, IOrderBook.SelfTrade selfTrade)
        private
        view
        returns (IOrderBook.Order memory o)
    {
        o = orderOf(side, tick, quantity);
        o.selfTrade = selfTrade;
    }

    // @requirement R-TRD-2
    function test_cancelNewest_meetsOwn_dropsTheRest() public {
        sell(carol, 10, 2);
        OrderId own = sell(bob, 10, 5);
        OrderId other = sell(carol, 10, 5);
        assertPlaced(send(alice, order(Side.BUY, 11, 9, CANCEL_NEWEST)), 2, 0);
        assertEq(open(own), 5);
        assertEq(open(other), 5);
        assertBest(0, 10);
        assertEq(money(alice), MONEY - 200 - 2 * TAKER_FEE);
    }

    function test_cancelNewest_ownIsFirst_doesNothing() public {
        OrderId own = sell(bob, 10, 5);
        assertPlaced(send(alice, order(Side.BUY, 11, 9, CANCEL_NEWEST)), 0, 0);
        assertEq(open(own), 5);
        assertEq(money(alice), MONEY);
        assertBest(0, 10);
    }

    function test_cancelNewest_filledBeforeOwn_untouched() public {
        sell(carol, 10, 5);
        OrderId own = sell(bob, 10, 5);
        assertPlaced(send(alice, order(Side.BUY, 10, 5, CANCEL_NEWEST)), 5, 0);
        assertEq(open(own), 5);
    }

    // @requirement R-TRD-2
    function test_cancelOldest_meetsOwn_takesThemOutAndGoesOn() public {
        OrderId own = sell(bob, 10, 5);
        OrderId other = sell(carol, 10, 5);
        OrderId ownWorse = sell(alice, 11, 5);
        vm.expectEmit(address(book));
        emit IOrderBook.OrderClosed(own, accountOf(bob), 5, IOrderBook.CloseReason.SELF_TRADE);
        IOrderBook.Placed memory placed = send(alice, order(Side.BUY, 11, 9, CANCEL_OLDEST));
        assertPlaced(placed, 5, 4);
        assertEq(open(own), 0);
        assertEq(open(other), 0);
        assertEq(open(ownWorse), 0);
        assertEq(units(bob), UNITS);
        assertEq(units(alice), UNITS + 5);
        assertBest(11, 0);
    }

    // @requirement R-TRD-2
    function test_decrement_makerIsLarger_bothShrink() public {
        OrderId own = sell(bob, 10, 9);
        vm.expectEmit(address(book));
        emit IOrderBook.SelfTradePrevented(own, accountOf(bob), 4);
        assertPlaced(send(alice, order(Side.BUY, 10, 4, DECREMENT)), 0, 0);
        assertEq(open(own), 5);
        assertEq(units(bob), UNITS - 5);
        assertEq(money(alice), MONEY);
        assertPlaced(place(carol, Side.BUY, 10, 9), 5, 4);
    }

    function test_decrement_makerIsSmaller_goesOnWithTheRest() public {
        OrderId own = buy(bob, 10, 4);
        OrderId other = buy(carol, 9, 3);
        IOrderBook.Placed memory placed = send(alice, order(Side.SELL, 9, 9, DECREMENT));
        assertPlaced(placed, 3, 2);
        assertEq(open(own), 0);
        assertEq(open(other), 0);
        assertEq(money(bob), MONEY, "price and fee given back");
        assertBest(0, 9);
    }

    function test_decrement_fillOrKill_refused() public {
        sell(bob, 10, 5);
        sell(carol, 10, 5);
        IOrderBook.Order memory o = order(Side.BUY, 10, 8, DECREMENT);
        o.timeInForce = IOrderBook.TimeInForce.FOK;
        refuse(alice, o, abi.encodeWithSelector(IOrderBook.NotFillable.selector, 3, 8));
    }

    function test_cancelOldest_fillOrKill_countsOnlyOthers() public {
        sell(bob, 10, 5);
        sell(carol, 10, 5);
        IOrderBook.Order memory o = order(Side.BUY, 10, 5, CANCEL_OLDEST);
        o.timeInForce = IOrderBook.TimeInForce.FOK;
        assertPlaced(send(alice, o), 5, 0);
    }

    function test_allow_ownAccount_tradesWithItself() public {
        sell(alice, 10, 5);
        assertPlaced(send(alice, order(Side.BUY, 10, 5, ALLOW)), 5, 0);
        assertEq(units(alice), UNITS);
        assertEq(money(alice), MONEY - 5 * (TAKER_FEE + MAKER_FEE), "only fees");

        buy(alice, 10, 5);
        assertPlaced(send(alice, order(Side.SELL, 10, 5, ALLOW)), 5, 0);
        assertEq(units(alice), UNITS);
        assertEq(money(alice), MONEY - 10 * (TAKER_FEE + MAKER_FEE), "only fees");
    }

    function test_noOwner_sameAccountIsOwn_othersAreNot() public {
        setOwner(alice, 0);
        setOwner(bob, 0);
        sell(bob, 10, 5);
        OrderId own = sell(alice, 10, 5);
        assertPlaced(send(alice, order(Side.BUY, 10, 9, CANCEL_NEWEST)), 5, 0);
        assertEq(open(own), 5);
    }

    function test_allModes_severalOwnAndOthersInterleaved_onlyOthersTrade() public {
        for (uint8 mode; mode < 3; ++mode) {
            uint256 snapshot = vm.snapshotState();
            sell(carol, 10, 1);
            sell(bob, 10, 2);
            sell(carol, 10, 3);
            sell(alice, 11, 4);
            sell(carol, 11, 5);
            IOrderBook.Placed memory placed = send(alice, order(Side.BUY, 11, 20, IOrderBook.SelfTrade(mode)));
            // Newest: stops at the first own. Oldest: 1 + 3 + 5 trade, 11 rest. Decrement: 2 and 4 shrink, 5 rest.
            if (mode == 0) assertPlaced(placed, 1, 0);
            if (mode == 1) assertPlaced(placed, 9, 11);
            if (mode == 2) assertPlaced(placed, 9, 5);
            vm.revertToState(snapshot);
        }
    }
}
