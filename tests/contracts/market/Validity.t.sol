// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IMarketOperations } from "../../../contracts/market/IMarketOperations.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev An instrument's validity in the book, which asks the ledger once, when the market opens.
contract ValidityTest is TradingSuite {
    uint40 private constant MIDNIGHT = 1_700_006_400; // of a civil day of the suite's scheme, UTC

    function setUp() public {
        setUpTrading();
    }

    function marketValidUntil(uint40 until) private returns (uint24 number, uint256 instrument) {
        InstrumentId id = instrumentId(InstrumentClass.ALLOWANCE, 826, 2022, 0, 0);
        instrument = InstrumentId.unwrap(id);
        ledger.defineInstrument(id, until, "terms");
        if (until == 0 || until > block.timestamp) ledger.issue(accountOf(alice), instrument, 100, "issue");
        IOrderBook.MarketTerms memory t = terms();
        t.instrument = id;
        number = book.openMarket(t);
    }

    function orderIn(uint24 number, Side side) private view returns (IOrderBook.Order memory order) {
        order = orderOf(side, 10, 5);
        order.market = number;
    }

    // @requirement R-AST-5
    function test_place_fromTheDayOfExpiry_refused() public {
        (uint24 number, uint256 instrument) = marketValidUntil(MIDNIGHT);
        bytes memory error = abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, instrument, MIDNIGHT);
        vm.warp(MIDNIGHT - 1);
        OrderId resting = send(alice, orderIn(number, Side.SELL)).id;
        send(bob, orderIn(number, Side.BUY));
        resting = send(alice, orderIn(number, Side.SELL)).id;

        vm.warp(MIDNIGHT);
        refuse(bob, orderIn(number, Side.BUY), error);
        refuse(alice, orderIn(number, Side.SELL), error);
        vm.prank(alice);
        book.cancel(resting);
        assertEq(ledger.balanceOf(accountOf(alice), instrument), 95, "taking back stays possible");
        book.turn(number);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketOperations.MarketNotHalted.selector, number, uint8(IOrderBook.MarketState.CLOSED)
            )
        );
        book.setMarketState(number, IOrderBook.MarketState.OPEN);
        book.setMarketState(number, IOrderBook.MarketState.HALTED);
        vm.expectRevert(error);
        book.setMarketState(number, IOrderBook.MarketState.OPEN);
    }

    // The book counts time in whole minutes: the last one has to lie within the validity as a whole.
    function test_place_onTheDayOfExpiry_untilTheLastWholeMinute() public {
        (uint24 number, uint256 instrument) = marketValidUntil(MIDNIGHT + 3600 + 59);
        vm.warp(MIDNIGHT + 3599);
        send(alice, orderIn(number, Side.SELL));
        assertEq(book.marketOf(number).until, MIDNIGHT + 3600);
        vm.warp(MIDNIGHT + 3600);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IOrderBook.MarketNotOpen.selector, number, uint8(IOrderBook.MarketState.CLOSED))
        );
        book.place(orderIn(number, Side.SELL));
        vm.warp(MIDNIGHT + 3600 + 59);
        refuse(
            alice,
            orderIn(number, Side.SELL),
            abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, instrument, MIDNIGHT + 3600 + 59)
        );
    }

    function test_place_validForEver_trades() public {
        (uint24 number,) = marketValidUntil(type(uint40).max);
        vm.warp(uint256(MIDNIGHT) + 3650 days);
        send(alice, orderIn(number, Side.SELL));
    }

    function test_openMarket_ofExpiredInstrument_tradesNothing() public {
        (uint24 number, uint256 instrument) = marketValidUntil(1);
        refuse(
            alice,
            orderIn(number, Side.SELL),
            abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, instrument, 1)
        );
    }

    // @requirement R-AST-5
    function test_closing_haltsEveryMarketOfTheInstrument() public {
        uint24 second = book.openMarket(terms());
        (uint24 other,) = marketValidUntil(0);
        vm.expectEmit(address(book));
        emit IOrderBook.MarketStateChanged(market, IOrderBook.MarketState.HALTED, 0);
        vm.expectEmit(address(book));
        emit IOrderBook.MarketStateChanged(second, IOrderBook.MarketState.HALTED, 0);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);

        bytes memory error = abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0);
        refuse(alice, orderIn(second, Side.SELL), error);
        vm.expectRevert(error);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        send(alice, orderIn(other, Side.SELL));

        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.OPEN);
        bytes memory halted = abi.encodeWithSelector(IOrderBook.MarketNotOpen.selector, market, uint8(2));
        refuse(alice, orderIn(market, Side.SELL), halted);
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        assertPlaced(send(alice, orderIn(market, Side.SELL)), 0, 5);
    }

    function test_haltMarkets_byStranger_refused() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, address(this), address(ledger)));
        book.haltMarkets(uka);
    }
}
