// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { Test } from "../support/Test.sol";
import { IExchange } from "../support/IExchange.sol";
import { MarketHandler } from "./MarketHandler.sol";

/// @dev What holds after any sequence of acts on ledger and book.
contract MarketInvariantsTest is Test {
    uint256 private constant PRICE = 10;
    uint256 private constant MAKER_FEE = 2;

    MarketHandler private handler;
    InstrumentLedger private ledger;
    IExchange private book;
    uint256 private uka;
    uint256 private gbp;
    uint24 private market;

    function setUp() public {
        handler = new MarketHandler();
        (ledger, book) = handler.suite();
        (uka, gbp, market) = handler.ids();
        targetContract(address(handler));
    }

    /// @dev A campaign in which little succeeds would prove little.
    function afterInvariant() public view {
        assertGe(handler.succeeded() * 3, handler.acts(), "a third of the acts succeed");
    }

    /// @dev The acts are worth their name: in a fixed sequence of 1050 each succeeds several times.
    function test_handler_everyAct_succeeds() public {
        uint256 random;
        for (uint256 i; i < 1050; ++i) {
            random = uint256(keccak256(abi.encode(i)));
            act(i % 21, random);
        }
        string[20] memory names = [
            "placed",
            "traded",
            "cancelled",
            "reduced",
            "evicted",
            "fees collected",
            "restricted",
            "issued",
            "units cancelled",
            "encumbered",
            "released",
            "bound cancelled",
            "frozen",
            "transferred",
            "transferred by force",
            "went and came back",
            "traded with itself",
            "replaced",
            "cancelled many",
            "batched"
        ];
        string memory few;
        for (uint256 i; i < names.length; ++i) {
            if (handler.done(names[i]) < 3) few = string.concat(few, names[i], " ");
        }
        assertEq(few, "");
        assertEq(handler.broken(), "");
        invariant_conservation();
        invariant_encumbered_neverExceedsTheBalance();
        invariant_book_neverCrossedAndLevelsAddUp();
    }

    function act(uint256 which, uint256 r) private {
        uint256 s = r >> 128;
        if (which == 0) handler.placeSell(r, uint24(s), uint48(s >> 24));
        if (which == 1) handler.placeBuy(r, uint24(s), uint48(s >> 24));
        if (which == 2) handler.take(r, s & 1 == 0, uint48(s >> 24));
        if (which == 3) handler.cancel(r);
        if (which == 4) handler.reduce(r, uint48(s));
        if (which == 5) handler.evict(r, s);
        if (which == 6) handler.collectFees();
        if (which == 7) handler.setRestrictions(r, uint16(s));
        if (which == 8) handler.issue(r, s & 1 == 0, s);
        if (which == 9) handler.cancelUnits(r, s);
        if (which == 10) handler.encumber(r, s & 1 == 0, s);
        if (which == 11) handler.unbind(r, s & 1 == 0, s, s & 2 == 0);
        if (which == 12) handler.freeze(r, s & 1 == 0, s >> 1);
        if (which == 13) handler.transfer(r, s, s & 1 == 0, s);
        if (which == 14) handler.forceTransfer(r, s, s & 1 == 0, s);
        if (which == 15) handler.goAndComeBack(r, s & 1 == 0, uint48(s >> 8), uint48(s));
        if (which == 16) handler.washTrade(r, s & 1 == 0, uint48(s));
        if (which == 18) handler.replace(r, uint24(s), uint48(s >> 24));
        if (which == 19) handler.cancelMany(r, s);
        if (which == 20) handler.batch(r, s, uint24(s), uint48(s >> 24));
        if (which == 17) handler.tryWithoutRight(r, s, uint8(s));
    }

    // @requirement R-AST-1
    // @requirement R-TRD-8
    /// forge-config: default.invariant.runs = 32
    function invariant_conservation() public view {
        (uint256 unitsInOrders, uint256 moneyInOrders) = inOrders();
        (uint256 units, uint256 money) = held();
        IInstrumentLedger.Instrument memory u = ledger.instrumentOf(uka);
        IInstrumentLedger.Instrument memory m = ledger.instrumentOf(gbp);
        assertEq(u.issued, handler.issued(), "units issued");
        assertEq(u.cancelled, handler.cancelled(), "units cancelled");
        assertEq(u.issued, units + unitsInOrders + u.cancelled, "units issued = held + in orders + cancelled");

        assertEq(m.issued, handler.minted(), "money minted");
        assertEq(m.cancelled, handler.withdrawn(), "money withdrawn");
        uint256 fees = book.marketOf(market).feesAccrued;
        assertEq(m.issued, money + moneyInOrders + fees + m.cancelled, "money minted = held + in orders + withdrawn");
    }

    // @requirement R-AST-3
    /// forge-config: default.invariant.runs = 32
    function invariant_encumbered_neverExceedsTheBalance() public view {
        address[6] memory accounts = handler.accounts();
        uint256[2] memory ids = [uka, gbp];
        for (uint256 i; i < 6; ++i) {
            for (uint256 k; k < 2; ++k) {
                uint256 balance = ledger.balanceOf(accounts[i], ids[k]);
                uint256 encumbered = ledger.encumberedOf(accounts[i], ids[k]);
                uint256 frozen = ledger.getFrozenTokens(accounts[i], ids[k]);
                uint256 sum;
                for (uint8 r = 1; r <= uint8(type(IInstrumentLedger.Reason).max); ++r) {
                    sum += ledger.encumberedFor(accounts[i], ids[k], IInstrumentLedger.Reason(r));
                }
                assertEq(encumbered, sum, "encumbered = sum over reasons");
                assertLe(encumbered, balance, "encumbered <= balance");
                uint256 unencumbered = balance - encumbered;
                assertEq(ledger.freeOf(accounts[i], ids[k]), unencumbered > frozen ? unencumbered - frozen : 0, "free");
            }
        }
    }

    // @requirement R-TRD-2
    /// forge-config: default.invariant.runs = 32
    function invariant_book_neverCrossedAndLevelsAddUp() public view {
        IOrderBook.MarketView memory m = book.marketOf(market);
        assertTrue(m.bestBid == 0 || m.bestAsk == 0 || m.bestBid < m.bestAsk, "crossed");
        addUp(Side.BUY, m.bestBid);
        addUp(Side.SELL, m.bestAsk);
    }

    /// @dev Levels in the order of price, the best first, each the sum of its open orders, which are all there are.
    function addUp(Side side, uint256 best) private view {
        (uint24[] memory ticks, uint48[] memory tonnes) = book.depth(market, side, 40);
        assertEq(ticks.length == 0 ? 0 : ticks[0], best, "best is the first level");
        uint256 total;
        for (uint256 i; i < ticks.length; ++i) {
            if (i != 0) assertTrue(side == Side.BUY ? ticks[i] < ticks[i - 1] : ticks[i] > ticks[i - 1], "order");
            (OrderId[] memory ids, IOrderBook.OrderView[] memory orders) = book.ordersAt(market, side, ticks[i], 0, 200);
            uint256 sum;
            for (uint256 k; k < ids.length; ++k) {
                assertTrue(orders[k].open != 0, "open");
                if (k != 0) assertTrue(ids[k].index() > ids[k - 1].index(), "in the order of time");
                sum += orders[k].open;
            }
            assertEq(tonnes[i], sum, "level = sum of its open orders");
            assertTrue(sum != 0, "no empty level");
            total += sum;
        }
        uint256 all;
        uint256 count = handler.orderCount();
        for (uint256 i; i < count; ++i) {
            OrderId id = handler.orders(i);
            if (id.side() == side) all += book.orderOf(id).open;
        }
        assertEq(total, all, "no order lost");
    }

    // Priority, self-cancelling sequences, keys without rights: the handler looks at each act.
    // @requirement R-TRD-2
    // @requirement R-ACC-2
    /// forge-config: default.invariant.runs = 32
    function invariant_promises_neverBroken() public view {
        assertEq(handler.broken(), "");
    }

    function held() private view returns (uint256 units, uint256 money) {
        address[6] memory accounts = handler.accounts();
        for (uint256 i; i < 6; ++i) {
            units += ledger.balanceOf(accounts[i], uka);
            money += ledger.balanceOf(accounts[i], gbp);
        }
    }

    /// @dev Escrow is the sum of what the open orders offer.
    function inOrders() private view returns (uint256 units, uint256 money) {
        uint256 count = handler.orderCount();
        for (uint256 i; i < count; ++i) {
            OrderId id = handler.orders(i);
            uint256 open = book.orderOf(id).open;
            if (id.side() == Side.SELL) units += open;
            else money += open * (id.tick() * PRICE + MAKER_FEE);
        }
    }
}
