// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "./TradingSuite.sol";

/// @dev A market whose days begin and end with a call, and words to execute its auctions with.
abstract contract AuctionSuite is TradingSuite {
    uint40 internal constant DAY = 1_700_006_400;
    uint40 internal constant CALLS = DAY + 9 hours;
    uint40 internal constant LOCKS = DAY + 10 hours - 5 minutes;
    uint40 internal constant OPENS = DAY + 10 hours;
    uint40 internal constant CLOSING = DAY + 15 hours;
    uint40 internal constant CLOSES = CLOSING + 10 minutes;
    uint40 internal constant NEXT = DAY + 1 days;
    uint256 internal constant ALL = type(uint256).max;
    uint256 internal constant PRICE = 10; // smallest units a tick

    function setUpAuctions() internal {
        setUpTrading();
        tellDay(0);
        vm.warp(CALLS);
    }

    /// @param later Seconds after the first day.
    function tellDay(uint40 later) internal {
        phases.tell(market, IOrderBook.MarketState.CALL, CALLS + later, LOCKS + later);
        phases.tell(market, IOrderBook.MarketState.LOCKED, LOCKS + later, OPENS + later);
        phases.tell(market, IOrderBook.MarketState.OPEN, OPENS + later, CLOSING + later);
        phases.tell(market, IOrderBook.MarketState.CALL, CLOSING + later, CLOSES + later);
        phases.tell(market, IOrderBook.MarketState.CLOSED, CLOSES + later, NEXT + later);
    }

    function stateNow() internal view returns (IOrderBook.MarketState) {
        return book.marketOf(market).state;
    }

    function assertState(IOrderBook.MarketState state) internal view {
        assertEq(uint256(stateNow()), uint256(state), "state");
    }

    /// @dev In calls of so much work, until it is over.
    function uncrossBy(uint256 work) internal returns (uint256 calls) {
        for (bool done; !done;) {
            vm.prank(stranger);
            done = book.uncross(market, work);
            assertLe(++calls, 400, "it comes to an end");
        }
    }

    function expiring(address key, Side side, uint24 tick, uint48 quantity, uint40 expires) internal returns (OrderId) {
        IOrderBook.Order memory order = orderOf(side, tick, quantity);
        order.expires = expires;
        return send(key, order).id;
    }

    function cancelAs(address key, OrderId id) internal {
        vm.prank(key);
        book.cancel(id);
    }

    /// @dev Everything that the market and its four traders have.
    function digest() internal view returns (bytes32 all) {
        address[4] memory keys = [alice, bob, carol, dave];
        for (uint256 i; i < 4; ++i) {
            all = keccak256(
                abi.encode(all, units(keys[i]), money(keys[i]), book.openOrdersOf(market, accountOf(keys[i])))
            );
        }
        all = keccak256(abi.encode(all, book.marketOf(market), book.voucherRoot(market)));
        for (uint256 side; side < 2; ++side) {
            (uint24[] memory ticks, uint48[] memory tonnes) = book.depth(market, Side(side), 32);
            all = keccak256(abi.encode(all, ticks, tonnes));
        }
    }
}
