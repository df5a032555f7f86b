// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { MOST_TICK } from "../../../contracts/market/MarketWords.sol";
import { Eligibility } from "../../../contracts/types/Accounts.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { MarketSuite } from "./MarketSuite.sol";

/// @dev A market with fees of 3 (taker) and 2 (maker) a lot of one tonne, four funded traders, and words to trade with.
abstract contract TradingSuite is MarketSuite {
    uint256 internal constant UNITS = 1000;
    uint256 internal constant MONEY = 1_000_000;
    uint256 internal constant TAKER_FEE = 3;
    uint256 internal constant MAKER_FEE = 2;

    address internal alice = address(0xA11CE);
    address internal bob = address(0xB0B);
    address internal carol = address(0xCA501);
    address internal dave = address(0xDA7E);
    address internal stranger = address(0x57A);

    function setUpTrading() internal {
        setUpMarket(0, 0);
        market = book.openMarket(terms());
        openFunded(alice, UNITS, MONEY);
        openFunded(bob, UNITS, MONEY);
        openFunded(carol, UNITS, MONEY);
        openFunded(dave, UNITS, MONEY);
    }

    function terms() internal view returns (IOrderBook.MarketTerms memory) {
        return IOrderBook.MarketTerms({
            instrument: InstrumentId.wrap(uka),
            tickMantissa: 10,
            tickExponent: 0,
            lot: 1,
            leastLots: 1,
            takerFee: uint16(TAKER_FEE),
            makerFee: uint16(MAKER_FEE),
            lowest: 1,
            highest: uint24(MOST_TICK)
        });
    }

    function sell(address key, uint24 tick, uint48 quantity) internal returns (OrderId) {
        return place(key, Side.SELL, tick, quantity).id;
    }

    function buy(address key, uint24 tick, uint48 quantity) internal returns (OrderId) {
        return place(key, Side.BUY, tick, quantity).id;
    }

    function send(address key, IOrderBook.Order memory order) internal returns (IOrderBook.Placed memory) {
        vm.prank(key);
        return book.place(order);
    }

    function refuse(address key, IOrderBook.Order memory order, bytes memory error) internal {
        vm.prank(key);
        vm.expectRevert(error);
        book.place(order);
    }

    function with(Side side, uint24 tick, uint48 quantity, IOrderBook.TimeInForce timeInForce)
        internal
        view
        returns (IOrderBook.Order memory order)
    {
        order = orderOf(side, tick, quantity);
        order.timeInForce = timeInForce;
    }

    function units(address key) internal view returns (uint256) {
        return ledger.balanceOf(accountOf(key), uka);
    }

    function money(address key) internal view returns (uint256) {
        return ledger.balanceOf(accountOf(key), gbp);
    }

    function open(OrderId id) internal view returns (uint256) {
        return book.orderOf(id).open;
    }

    function setOwner(address key, uint32 owner) internal {
        Eligibility memory e = eligible(0);
        e.owner = owner;
        ledger.setEligibility(accountOf(key), e);
    }

    function bar(address key, uint16 restrictions) internal {
        ledger.setEligibility(accountOf(key), eligible(restrictions));
    }

    function assertBest(uint256 bid, uint256 ask) internal view {
        IOrderBook.MarketView memory seen = book.marketOf(market);
        assertEq(seen.bestBid, bid, "best bid");
        assertEq(seen.bestAsk, ask, "best ask");
    }

    function assertPlaced(IOrderBook.Placed memory placed, uint256 filled, uint256 rested) internal pure {
        assertEq(placed.filled, filled, "filled");
        assertEq(placed.rested, rested, "rested");
        assertEq(OrderId.unwrap(placed.id) != 0, rested != 0, "an id when it rests");
    }

    function queue(Side side, uint24 tick) internal view returns (OrderId[] memory ids) {
        (ids,) = book.ordersAt(market, side, tick, 0, 64);
    }
}
