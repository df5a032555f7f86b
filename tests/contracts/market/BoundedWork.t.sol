// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev LESSONS: bound the work of one call; stale makers must not block the queue.
contract BoundedWorkTest is TradingSuite {
    function setUp() public {
        setUpTrading();
    }

    /// @dev Gas of buying one tonne behind many orders of one tonne that may not trade with the buyer.
    function behind(uint16 many, bool own) private returns (uint256 gas) {
        uint256 snapshot = vm.snapshotState();
        for (uint256 i; i < many; ++i) {
            sell(alice, 10, 1);
        }
        sell(carol, 10, 1);
        if (own) {
            setOwner(alice, 7);
            setOwner(bob, 7);
        } else {
            bar(alice, Restrictions.NO_TRADE);
        }
        IOrderBook.Order memory order = orderOf(Side.BUY, 10, 1);
        order.selfTrade = IOrderBook.SelfTrade.CANCEL_OLDEST;
        order.mostMakers = many + 1;

        vm.prank(bob);
        gas = gasleft();
        IOrderBook.Placed memory placed = book.place(order);
        gas -= gasleft();

        assertPlaced(placed, 1, 0);
        assertEq(units(alice), UNITS, "all released");
        vm.revertToState(snapshot);
    }

    // @requirement R-TRD-2
    function test_sweep_manyOrdersOfABarredAccount_costGrowsWithTheirNumber() public {
        assertLe(behind(64, false), 6 * behind(16, false), "64 against 16");
        assertLe(behind(254, false), 10_000_000, "254 in one call");
    }

    function test_sweep_manyOwnOrders_costGrowsWithTheirNumber() public {
        assertLe(behind(64, true), 6 * behind(16, true), "64 against 16");
        assertLe(behind(254, true), 10_000_000, "254 in one call");
    }

    /// @dev The worst that others can prepare: each refusal shows the next stranger, and the walk is planned anew each time.
    ///      64 is what the SDK lets an order meet; the work grows with the third power of it.
    function test_sweep_barredOrdersOfAsManyAccounts_stillOneCall() public {
        uint16 many = 63;
        for (uint160 i; i < many; ++i) {
            openFunded(address(0xBA00 + i), 1, 0);
            sell(address(0xBA00 + i), 10, 1);
        }
        sell(carol, 10, 1);
        for (uint160 i; i < many; ++i) {
            bar(address(0xBA00 + i), Restrictions.NO_TRADE);
        }
        IOrderBook.Order memory order = orderOf(Side.BUY, 10, 1);
        order.mostMakers = many + 1;

        vm.prank(bob);
        uint256 gas = gasleft();
        IOrderBook.Placed memory placed = book.place(order);
        gas -= gasleft();

        assertPlaced(placed, 1, 0);
        assertLe(gas, 30_000_000, "fits into a block");
        assertEq(units(address(0xBA00)), 1, "released");
    }

    // LESSONS: leave the rest for the next call with a defined result
    function test_sweep_moreStaleMakersThanLookedAt_nextCallGoesOn() public {
        for (uint256 i; i < 20; ++i) {
            sell(alice, 10, 1);
        }
        sell(carol, 10, 1);
        bar(alice, Restrictions.NO_TRADE);
        IOrderBook.Order memory order = orderOf(Side.BUY, 10, 1);
        order.mostMakers = 10;
        assertPlaced(send(bob, order), 0, 0);
        assertPlaced(send(bob, order), 0, 0);
        assertPlaced(send(bob, order), 1, 0);
    }
}
