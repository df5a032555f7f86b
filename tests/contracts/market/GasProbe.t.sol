// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;
import { MarketSuite } from "../support/MarketSuite.sol";
import { Side } from "../../../contracts/types/OrderId.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
interface G { struct Gas { uint64 gasLimit; uint64 gasTotalUsed; uint64 gasMemoryUsed; int64 gasRefunded; uint64 gasRemaining; }
 function lastCallGas() external view returns (Gas memory); }
contract GasProbe is MarketSuite {
  event log_named_uint(string, uint256);
  address a = address(0xA11); address b = address(0xB11); address c = address(0xC11);
  function setUp() public { setUpMarket(1,1); openFunded(a, 1e9, 1e15); openFunded(b, 1e9, 1e15); openFunded(c,1e9,1e15);
    // warm series to 4096
    place(a, Side.SELL, 1000, 1000); place(b, Side.BUY, 1000, 10); place(b, Side.BUY, 1000, 10); place(b, Side.BUY, 1000, 10); place(b, Side.BUY, 1000, 10);
    place(c, Side.BUY, 10, 1000);
  }
  function m(string memory n) internal { G.Gas memory g = G(address(vm)).lastCallGas(); emit log_named_uint(n, g.gasTotalUsed);  }
  function test_probe() public {
    place(a, Side.SELL, 1000, 5); m("place existing ask");
    place(a, Side.SELL, 1234, 5); m("place new ask");
    place(c, Side.BUY, 11, 5); m("place new bid");
    place(c, Side.BUY, 11, 5); m("place existing bid");
    place(a, Side.SELL, 990, 5);
    place(c, Side.SELL, 990, 5);
    place(b, Side.BUY, 1000, 5); m("take1 buy");
    place(b, Side.BUY, 1000, 5); m("take1 buy emptying");
    place(c, Side.SELL, 10, 50); m("take1 sell");
    for (uint i; i<12; i++) place(a, Side.SELL, 980, 5);
    place(b, Side.BUY, 1000, 50); m("take 10 makers one acct");
    for (uint24 i; i<12; i++) place(a, Side.SELL, 900+i, 5);
    place(b, Side.BUY, 1000, 50); m("take 10 levels");
    IOrderBook.Placed memory p = place(c, Side.BUY, 11, 5); place(c, Side.BUY, 11, 5);
    vm.prank(c); book.cancel(p.id); m("cancel middle");
  }
}
