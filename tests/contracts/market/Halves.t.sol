// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { UUPSUpgradeable } from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import { ERC1967Utils } from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IMarketOperations } from "../../../contracts/market/IMarketOperations.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { IExchange } from "../support/IExchange.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev The book's two halves: one contract for whoever calls it, and harmless apart.
contract HalvesTest is TradingSuite {
    bytes32 private constant NAMESPACE = 0xff6fffcad340c1383814bb03cc54da017c113b0cfe72b653796d8f471d2d8800;

    function setUp() public {
        setUpTrading();
    }

    // A delegated call keeps who calls and which function: the matrix decides as for any other function of the book.
    // @requirement R-ACC-1
    function test_delegatedFunctions_byRole_each() public {
        bytes[] memory calls = restrictedCalls();
        for (uint256 i; i < calls.length; ++i) {
            address officer = address(uint160(0x0FF1CE00 + i));
            uint64 role = uint64(500 + i);
            permit(address(book), bytes4(calls[i]), role);
            grant(role, officer);
            for (uint256 k; k < calls.length; ++k) {
                vm.prank(officer);
                (bool done, bytes memory answer) = address(book).call(calls[k]);
                assertEq(done, k == i, "only its own function");
                if (!done) assertEq(keccak256(answer), keccak256(unauthorized(officer)), "not its role");
            }
        }
    }

    function test_restrictedFunctions_byStranger_refused() public {
        bytes[] memory calls = restrictedCalls();
        for (uint256 i; i < calls.length; ++i) {
            refusedWith(address(book), calls[i], unauthorized(stranger));
        }
    }

    // The code by its own address has no authority, no market, and nobody's trust; even an administrator gets nowhere.
    // @requirement R-ACC-1
    function test_bareImplementations_calledDirectly_changeNothing() public {
        address hot = implementationOf(address(book));
        bytes[] memory calls = restrictedCalls();
        address[2] memory bare = [operations, hot];
        for (uint256 b; b < 2; ++b) {
            for (uint256 i; i < calls.length; ++i) {
                (bool done, bytes memory answer) = bare[b].call(calls[i]);
                assertFalse(done, "refused");
                assertEq(keccak256(answer), keccak256(unauthorized(address(this))), "no authority");
            }
            IExchange apart = IExchange(bare[b]);
            vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, market));
            apart.turn(market);
            vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, market));
            apart.marketOf(market);
            vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, address(this), address(phases)));
            apart.downgradeMarkets(true);
            vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
            Governed(bare[b]).upgradeToAndCall(operations, "");
            assertEq(apart.marketCount(), 0, "no market");
            assertEq(uint256(vm.load(bare[b], bytes32(uint256(NAMESPACE) + 1))), 0, "nothing written");
        }
        vm.expectRevert(abi.encodeWithSelector(IOrderBook.UnknownMarket.selector, market));
        IExchange(hot).place(orderOf(Side.BUY, 10, 1));
        vm.prank(address(phases)); // the rules may halt markets, of which there are none
        IExchange(operations).downgradeMarkets(true);
    }

    function test_bareOperations_haveNoOrders() public {
        vm.expectRevert();
        IExchange(operations).place(orderOf(Side.BUY, 10, 1));
        vm.expectRevert();
        IExchange(operations).cancel(OrderId.wrap(1));
    }

    function test_unknownFunction_orValue_refused() public {
        (bool done, bytes memory answer) = address(book).call(abi.encodeWithSignature("noSuchFunction()"));
        assertFalse(done, "neither half has it");
        assertEq(answer.length, 0, "without a word");
        vm.deal(address(this), 1);
        (done,) = address(book).call{ value: 1 }("");
        assertFalse(done, "no money");
        (done,) = address(book).call{ value: 1 }(abi.encodeCall(IMarketOperations.turn, (market)));
        assertFalse(done, "none with a call either");
    }

    // What one half writes the other reads: a band, a limit, an order, a fee.
    function test_storage_isOne() public {
        book.setBand(market, 10, 20);
        refuse(alice, orderOf(Side.BUY, 9, 1), abi.encodeWithSelector(IOrderBook.PriceOutsideBand.selector, 9, 10, 20));
        OrderId id = sell(alice, 10, 5);
        assertEq(book.orderOf(id).open, 5, "order");
        place(bob, Side.BUY, 10, 5);
        assertEq(book.marketOf(market).feesAccrued, 5 * (TAKER_FEE + MAKER_FEE), "fees");
        assertEq(book.voucherCount(market), book.marketOf(market).trades, "vouchers");
    }

    function restrictedCalls() private view returns (bytes[] memory calls) {
        calls = new bytes[](5);
        calls[0] = abi.encodeCall(IMarketOperations.openMarket, (terms()));
        calls[1] = abi.encodeCall(IMarketOperations.setMarketState, (market, IOrderBook.MarketState.HALTED));
        calls[2] = abi.encodeCall(IMarketOperations.setBand, (market, 1, 2));
        calls[3] = abi.encodeCall(IMarketOperations.setLimits, (market, IOrderBook.Limits(0, 0, 0, 0)));
        calls[4] = abi.encodeCall(
            IMarketOperations.setConduct, (market, IOrderBook.Conduct(0, IOrderBook.ClosingRule.LAST, 5, 0, false))
        );
    }

    function unauthorized(address who) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, who);
    }

    function refusedWith(address target, bytes memory data, bytes memory error) private {
        vm.prank(stranger);
        (bool done, bytes memory answer) = target.call(data);
        assertFalse(done, "refused");
        assertEq(keccak256(answer), keccak256(error), "with this error");
    }

    function implementationOf(address proxy) private view returns (address) {
        return address(uint160(uint256(vm.load(proxy, ERC1967Utils.IMPLEMENTATION_SLOT))));
    }
}
