// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { Eligibility, Restrictions } from "../../../contracts/types/Accounts.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Random instructions to the book and to a naive one: an array of orders in the order of time, searched from end to
///      end for each match. After each instruction both must agree on every order, balance, best price and fee.
contract DifferentialTest is TradingSuite {
    struct Naive {
        OrderId id;
        uint256 trader;
        Side side;
        uint24 tick;
        uint48 open;
        uint40 expires;
    }

    struct Trader {
        address key;
        uint32 owner;
        bool barred;
        uint256 units;
        uint256 money;
    }

    uint256 private constant TRADERS = 5;
    uint256 private constant PRICE = 10; // smallest units a tick

    Naive[] private orders;
    Trader[] private traders;
    uint256 private fees;
    uint256 private trades;
    uint256 private last;
    uint256 private accepted;
    uint256 private random;

    function setUp() public {
        setUpTrading();
        for (uint256 i; i < TRADERS; ++i) {
            address key = address(uint160(0x7000 + i));
            openFunded(key, 1e9, 1e12);
            // Two of one owner, one alone with an owner, two with none.
            uint32 owner = i < 2 ? 7 : i == 2 ? 8 : 0;
            setOwner(key, owner);
            traders.push(Trader({ key: key, owner: owner, barred: false, units: 1e9, money: 1e12 }));
        }
    }

    function draw(uint256 below) private returns (uint256) {
        random = uint256(keccak256(abi.encode(random)));
        return random % below;
    }

    // @requirement R-TRD-2
    /// forge-config: default.fuzz.runs = 256
    /// forge-config: full.fuzz.runs = 2000
    function testFuzz_book_anyInstructions_sameAsNaiveBook(uint256 seed) public {
        random = seed;
        for (uint256 i; i < 48; ++i) {
            instruct();
            compare();
        }
        assertGe(accepted, 6, "instructions accepted");
    }

    function instruct() private {
        uint256 kind = draw(20);
        if (kind < 13) {
            placeSome();
        } else if (kind < 15) {
            takeBackSome();
        } else if (kind < 17) {
            reduceSome();
        } else if (kind == 17) {
            uint256 who = draw(TRADERS);
            traders[who].barred = !traders[who].barred;
            Eligibility memory e = eligible(traders[who].barred ? Restrictions.NO_TRADE : 0);
            e.owner = traders[who].owner;
            ledger.setEligibility(accountOf(traders[who].key), e);
        } else if (kind == 18) {
            vm.warp(block.timestamp + draw(30));
        } else {
            evictSome();
        }
    }

    function placeSome() private {
        uint256 who = draw(TRADERS);
        IOrderBook.Order memory order = orderOf(Side(draw(2)), uint24(95 + draw(7)), uint48(1 + draw(9)));
        order.mostMakers = 255;
        order.timeInForce = IOrderBook.TimeInForce(draw(8) < 5 ? 0 : draw(4));
        order.selfTrade = IOrderBook.SelfTrade(draw(4));
        bool mayExpire =
            order.timeInForce == IOrderBook.TimeInForce.GTC || order.timeInForce == IOrderBook.TimeInForce.POST_ONLY;
        if (mayExpire && draw(4) == 0) order.expires = uint40(block.timestamp + 1 + draw(40));

        (bool refused, uint256 filled, uint256 rested) = placeNaively(who, order);
        vm.prank(traders[who].key);
        try book.place(order) returns (IOrderBook.Placed memory placed) {
            assertFalse(refused, "the naive book refuses");
            assertEq(placed.filled, filled, "filled");
            assertEq(placed.rested, rested, "rested");
            if (rested != 0) orders[orders.length - 1].id = placed.id;
            ++accepted;
        } catch {
            assertTrue(refused, "the naive book accepts");
        }
    }

    function placeNaively(uint256 who, IOrderBook.Order memory order)
        private
        returns (bool refused, uint256 filled, uint256 rested)
    {
        bool meets = best(order) != type(uint256).max;
        if (traders[who].barred) return (true, 0, 0);
        if (!meets && order.timeInForce == IOrderBook.TimeInForce.IOC) return (false, 0, 0);
        if (meets && order.timeInForce == IOrderBook.TimeInForce.POST_ONLY) return (true, 0, 0);
        if (order.timeInForce == IOrderBook.TimeInForce.FOK && fillable(who, order) != order.quantity) {
            return (true, 0, 0);
        }
        uint48 left = order.quantity;
        bool stopped;
        while (left != 0) {
            uint256 at = best(order);
            if (at == type(uint256).max) break;
            Naive storage maker = orders[at];
            uint48 amount = maker.open < left ? maker.open : left;
            bool own = isOwn(who, maker.trader) && order.selfTrade != IOrderBook.SelfTrade.ALLOW;
            if (isStale(maker) || (own && order.selfTrade == IOrderBook.SelfTrade.CANCEL_OLDEST)) {
                giveBack(maker, maker.open);
                continue;
            }
            if (own && order.selfTrade == IOrderBook.SelfTrade.CANCEL_NEWEST) {
                stopped = true;
                break;
            }
            left -= amount;
            if (own) {
                giveBack(maker, amount);
            } else {
                trade(who, maker, amount);
                filled += amount;
            }
        }
        if (left != 0 && !stopped && order.timeInForce != IOrderBook.TimeInForce.IOC) {
            rested = left;
            if (order.side == Side.BUY) traders[who].money -= held(order.tick, left);
            else traders[who].units -= left;
            orders.push(
                Naive({
                    id: OrderId.wrap(0),
                    trader: who,
                    side: order.side,
                    tick: order.tick,
                    open: left,
                    expires: order.expires
                })
            );
        }
    }

    /// @dev What could trade, with nothing changed.
    function fillable(uint256 who, IOrderBook.Order memory order) private view returns (uint256 amount) {
        uint256 left = order.quantity;
        bool[] memory seen = new bool[](orders.length);
        while (left != 0) {
            uint256 at = bestUnseen(order, seen);
            if (at == type(uint256).max) break;
            seen[at] = true;
            Naive storage maker = orders[at];
            if (isStale(maker)) continue;
            uint256 part = maker.open < left ? maker.open : left;
            if (isOwn(who, maker.trader) && order.selfTrade != IOrderBook.SelfTrade.ALLOW) {
                if (order.selfTrade == IOrderBook.SelfTrade.CANCEL_NEWEST) break;
                if (order.selfTrade == IOrderBook.SelfTrade.DECREMENT) left -= part;
                continue;
            }
            left -= part;
            amount += part;
        }
    }

    function best(IOrderBook.Order memory order) private view returns (uint256) {
        return bestUnseen(order, new bool[](orders.length));
    }

    function bestUnseen(IOrderBook.Order memory order, bool[] memory seen) private view returns (uint256 found) {
        found = type(uint256).max;
        for (uint256 i; i < orders.length; ++i) {
            Naive storage o = orders[i];
            if (o.open == 0 || o.side == order.side || seen[i]) continue;
            if (order.side == Side.BUY ? o.tick > order.tick : o.tick < order.tick) continue;
            if (
                found == type(uint256).max
                    || (order.side == Side.BUY ? o.tick < orders[found].tick : o.tick > orders[found].tick)
            ) found = i;
        }
    }

    function isStale(Naive storage o) private view returns (bool) {
        return (o.expires != 0 && o.expires <= block.timestamp) || traders[o.trader].barred;
    }

    function isOwn(uint256 a, uint256 b) private view returns (bool) {
        return a == b || (traders[a].owner != 0 && traders[a].owner == traders[b].owner);
    }

    function held(uint24 tick, uint48 quantity) private pure returns (uint256) {
        return quantity * (tick * PRICE + MAKER_FEE);
    }

    function giveBack(Naive storage o, uint48 amount) private {
        o.open -= amount;
        if (o.side == Side.BUY) traders[o.trader].money += held(o.tick, amount);
        else traders[o.trader].units += amount;
    }

    function trade(uint256 who, Naive storage maker, uint48 amount) private {
        uint256 cost = amount * maker.tick * PRICE;
        if (maker.side == Side.SELL) {
            traders[who].money -= cost + amount * TAKER_FEE;
            traders[who].units += amount;
            traders[maker.trader].money += cost - amount * MAKER_FEE;
        } else {
            traders[who].units -= amount;
            traders[who].money += cost - amount * TAKER_FEE;
            traders[maker.trader].units += amount;
        }
        maker.open -= amount;
        fees += amount * (TAKER_FEE + MAKER_FEE);
        last = maker.tick;
        ++trades;
    }

    function takeBackSome() private {
        if (orders.length == 0) return;
        Naive storage o = orders[draw(orders.length)];
        bool mine = draw(8) != 0;
        vm.prank(mine ? traders[o.trader].key : stranger);
        try book.cancel(o.id) {
            assertTrue(mine && o.open != 0, "cancelled");
            giveBack(o, o.open);
            ++accepted;
        } catch {
            assertTrue(!mine || o.open == 0, "not cancelled");
        }
    }

    function reduceSome() private {
        if (orders.length == 0) return;
        Naive storage o = orders[draw(orders.length)];
        uint48 by = uint48(draw(5));
        vm.prank(traders[o.trader].key);
        try book.reduce(o.id, by) {
            assertTrue(by != 0 && by < o.open, "reduced");
            giveBack(o, by);
            ++accepted;
        } catch {
            assertTrue(by == 0 || by >= o.open, "not reduced");
        }
    }

    function evictSome() private {
        if (orders.length == 0) return;
        Naive storage o = orders[draw(orders.length)];
        bool stale = o.open != 0 && o.expires != 0 && o.expires <= block.timestamp;
        try book.evict(o.id) {
            assertTrue(stale, "evicted");
            giveBack(o, o.open);
            ++accepted;
        } catch {
            assertFalse(stale, "not evicted");
        }
    }

    function compare() private view {
        uint256 bid;
        uint256 ask;
        for (uint256 i; i < orders.length; ++i) {
            Naive storage o = orders[i];
            IOrderBook.OrderView memory seen = book.orderOf(o.id);
            assertEq(seen.open, o.open, "open");
            if (o.open == 0) continue;
            assertEq(seen.account, accountOf(traders[o.trader].key), "whose");
            assertEq(seen.expires, o.expires, "expires");
            if (o.side == Side.BUY && o.tick > bid) bid = o.tick;
            if (o.side == Side.SELL && (ask == 0 || o.tick < ask)) ask = o.tick;
        }
        IOrderBook.MarketView memory m = book.marketOf(market);
        assertEq(m.bestBid, bid, "best bid");
        assertEq(m.bestAsk, ask, "best ask");
        assertEq(m.feesAccrued, fees, "fees");
        assertEq(m.trades, trades, "trades");
        assertEq(m.last, last, "last");
        for (uint256 i; i < TRADERS; ++i) {
            assertEq(units(traders[i].key), traders[i].units, "units");
            assertEq(money(traders[i].key), traders[i].money, "money");
        }
    }
}
