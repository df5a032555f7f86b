// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Book, LevelWord } from "../../../contracts/market/Book.sol";
import { CallAuction } from "../../../contracts/market/CallAuction.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { Test } from "../support/Test.sol";

/// @dev A book and nothing else: the price of an auction, and who would trade at it.
contract CallAuctionTest is Test {
    using Book for Book.State;
    using CallAuction for Book.State;
    using CallAuction for CallAuction.Cursor;

    struct Offer {
        Side side;
        uint256 tick;
        uint256 quantity;
        uint256 left;
        OrderId id;
    }

    struct Price {
        uint256 tick;
        uint256 tonnes;
        uint256 surplus;
    }

    Book.State private s;
    uint256[2] private best;
    Offer[] private offers;
    uint256 private random;

    function rest(Side side, uint256 tick, uint256 quantity) private {
        (OrderId id, bool better) = s.rest(uint256(side), tick, best[uint256(side)], address(this), quantity, 0);
        if (better) best[uint256(side)] = tick;
        offers.push(Offer({ side: side, tick: tick, quantity: quantity, left: quantity, id: id }));
    }

    function fix(uint256 anchor, uint256 work) private view returns (Price memory price) {
        CallAuction.Progress memory p;
        uint256 bid = s.bestOf(Side.BUY, best[0]);
        uint256 ask = s.bestOf(Side.SELL, best[1]);
        for (bool done; !done;) {
            (, done) = s.sweep(p, bid, ask, work);
        }
        (price.tick, price.surplus) = s.price(p, anchor);
        price.tonnes = p.matched;
    }

    /* TIE-BREAKS */

    // @requirement R-TRD-10 the most tonnes first, though another price leaves less over
    function test_price_mostTonnes_beforeLeastSurplus() public {
        rest(Side.BUY, 12, 10);
        rest(Side.BUY, 10, 6);
        rest(Side.SELL, 8, 6); // 6 of 16 at 8 to 9
        rest(Side.SELL, 11, 3); // 9 of 10 at 11 to 12
        assertPrice(fix(1, 1), 11, 9, 1);
        assertPrice(fix(12, 100), 12, 9, 1);
    }

    function test_price_leastSurplus_beforeNearest() public {
        rest(Side.BUY, 20, 10);
        rest(Side.BUY, 12, 4);
        rest(Side.SELL, 10, 10);
        assertPrice(fix(10, 1), 13, 10, 0); // at 10 to 12 bids of 4 would be left
        assertPrice(fix(18, 1), 18, 10, 0);
        assertPrice(fix(30, 1), 20, 10, 0);
        assertPrice(fix(0, 1), 16, 10, 0); // the middle of 13 to 20, rounded down
    }

    function test_price_bidsLeftOver_highestLevelThatIs() public {
        rest(Side.BUY, 20, 15);
        rest(Side.BUY, 14, 5);
        rest(Side.SELL, 10, 10);
        assertPrice(fix(1, 1), 15, 10, 5);
        assertPrice(fix(17, 1), 17, 10, 5);
    }

    function test_price_asksLeftOver_lowestLevelThatIs() public {
        rest(Side.BUY, 20, 10);
        rest(Side.SELL, 10, 15);
        rest(Side.SELL, 16, 5);
        assertPrice(fix(99, 1), 15, 10, 5);
        assertPrice(fix(1, 1), 10, 10, 5);
        assertPrice(fix(0, 1), 12, 10, 5);
    }

    // Levels of both sides are left over next to each other: at one price bids, at the next asks.
    function test_price_bothSidesLeftOver_smallerSurplus_thenNearest() public {
        rest(Side.BUY, 20, 10);
        rest(Side.BUY, 14, 3);
        rest(Side.BUY, 12, 1);
        rest(Side.SELL, 10, 10);
        rest(Side.SELL, 15, 5);
        assertPrice(fix(99, 1), 14, 10, 3);
        assertPrice(fix(1, 1), 13, 10, 3);
        rest(Side.BUY, 14, 4);
        assertPrice(fix(1, 1), 15, 10, 5);
        assertPrice(fix(99, 1), 20, 10, 5);
        rest(Side.SELL, 15, 2);
        assertPrice(fix(1, 1), 13, 10, 7);
        assertPrice(fix(99, 1), 20, 10, 7);
        assertPrice(fix(0, 1), 16, 10, 7);
    }

    function test_price_oneTick_isThatTick() public {
        rest(Side.BUY, 7, 3);
        rest(Side.SELL, 7, 3);
        assertPrice(fix(100, 1), 7, 3, 0);
    }

    /* AGAINST A SEARCH THROUGH ALL PRICES */

    // @requirement R-TRD-10
    function testFuzz_price_anyBook_isTheBestOfAllPrices(uint256 seed) public {
        random = seed;
        uint256 spread = 2 + draw(28);
        uint256 count = 2 + draw(22);
        for (uint256 i; i < count; ++i) {
            rest(Side(draw(2)), 1 + draw(spread), 1 + draw(draw(2) == 0 ? 4 : 40));
        }
        removeSome();
        uint256 bid = s.bestOf(Side.BUY, best[0]);
        uint256 ask = s.bestOf(Side.SELL, best[1]);
        vm.assume(bid != 0 && ask != 0 && bid >= ask);
        uint256 anchor = draw(4) == 0 ? 0 : 1 + draw(spread + 4);
        Price memory expected = search(anchor, spread);
        assertPrice(fix(anchor, ALL_AT_ONCE), expected.tick, expected.tonnes, expected.surplus);
        assertPrice(fix(anchor, 1 + draw(3)), expected.tick, expected.tonnes, expected.surplus);
        execute(expected);
    }

    uint256 private constant ALL_AT_ONCE = type(uint256).max;

    /// @dev Both queues in their order, at the price, in steps; then no order has more or less than a search says, and what
    ///      is left does not cross.
    function execute(Price memory price) private {
        uint256 left = price.tonnes;
        while (left != 0) {
            CallAuction.Cursor memory bids = s.cursorAt(Side.BUY, best[0]);
            CallAuction.Cursor memory asks = s.cursorAt(Side.SELL, best[1]);
            uint256 steps = 1 + draw(4);
            for (; steps != 0 && left != 0; --steps) {
                s.advance(bids, price.tick, 100);
                s.advance(asks, price.tick, 100);
                uint256 some = bids.open < asks.open ? bids.open : asks.open;
                assertGe(some, 1, "both sides have enough");
                allot(bids, some);
                allot(asks, some);
                left -= some;
                bids.take(some);
                asks.take(some);
            }
            s.close(bids);
            s.close(asks);
            (best[0], best[1]) = (bids.tick, asks.tick);
        }
        for (uint256 i; i < offers.length; ++i) {
            (, uint256 open) = s.openOf(offers[i].id);
            assertEq(open, offers[i].left, "what is left of each");
        }
        uint256 bid = s.bestOf(Side.BUY, best[0]);
        uint256 ask = s.bestOf(Side.SELL, best[1]);
        assertTrue(bid == 0 || ask == 0 || bid < ask, "no longer crossed");
        CallAuction.Cursor memory rest_ = s.cursorAt(Side.BUY, best[0]);
        s.advance(rest_, price.tick, 100);
        CallAuction.Cursor memory others = s.cursorAt(Side.SELL, best[1]);
        s.advance(others, price.tick, 100);
        assertTrue(rest_.isSpent(price.tick) || others.isSpent(price.tick), "one side has none at the price");
    }

    /// @dev The order at hand is the first by price and time of its side; `some` of it trade.
    function allot(CallAuction.Cursor memory c, uint256 some) private {
        uint256 first = type(uint256).max;
        for (uint256 i; i < offers.length; ++i) {
            Offer storage o = offers[i];
            if (o.side != c.side || o.left == 0) continue;
            bool better = first == type(uint256).max
                || (c.side == Side.BUY ? o.tick > offers[first].tick : o.tick < offers[first].tick);
            if (better) first = i;
        }
        assertEq(OrderId.unwrap(c.idAt(0)), OrderId.unwrap(offers[first].id), "price, then time");
        assertEq(c.open, offers[first].left, "open");
        offers[first].left -= some;
    }

    function search(uint256 anchor, uint256 spread) private view returns (Price memory found) {
        found.surplus = type(uint256).max;
        (uint256 low, uint256 high) = (0, 0);
        for (uint256 tick = 1; tick <= spread; ++tick) {
            (uint256 asked, uint256 bid) = (0, 0);
            for (uint256 i; i < offers.length; ++i) {
                Offer storage o = offers[i];
                if (o.side == Side.BUY && o.tick >= tick) bid += o.left;
                if (o.side == Side.SELL && o.tick <= tick) asked += o.left;
            }
            uint256 tonnes = bid < asked ? bid : asked;
            uint256 surplus = bid + asked - 2 * tonnes;
            if (tonnes < found.tonnes || (tonnes == found.tonnes && surplus > found.surplus)) continue;
            if (tonnes != found.tonnes || surplus != found.surplus) low = tick;
            high = tick;
            (found.tonnes, found.surplus) = (tonnes, surplus);
        }
        uint256 nearest = type(uint256).max;
        for (uint256 tick = low; tick <= high; ++tick) {
            uint256 distance = anchor > tick ? anchor - tick : tick - anchor;
            if (anchor == 0) distance = tick == (low + high) / 2 ? 0 : 1;
            if (distance < nearest) (nearest, found.tick) = (distance, tick);
        }
    }

    function removeSome() private {
        for (uint256 i; i < offers.length; ++i) {
            if (draw(6) != 0) continue;
            s.remove(offers[i].id, best[uint256(offers[i].side)]);
            offers[i].left = 0;
        }
    }

    function draw(uint256 below) private returns (uint256) {
        random = uint256(keccak256(abi.encode(random)));
        return random % below;
    }

    function assertPrice(Price memory price, uint256 tick, uint256 tonnes, uint256 surplus) private pure {
        assertEq(price.tonnes, tonnes, "tonnes");
        assertEq(price.surplus, surplus, "surplus");
        assertEq(price.tick, tick, "tick");
    }
}
