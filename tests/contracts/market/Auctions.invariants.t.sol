// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ICallAuctions } from "../../../contracts/market/ICallAuctions.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { Eligibility, Restrictions } from "../../../contracts/types/Accounts.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { AuctionSuite } from "../support/AuctionSuite.sol";
import { Test } from "../support/Test.sol";
import { Vm } from "../support/Vm.sol";

/// @dev Days with calls and continuous trading, in which traders, officers and whoever executes auctions act in any order. From the
///      events alone it keeps what must be open of every order that ever rested.
contract AuctionHandler is AuctionSuite {
    uint40 private constant DAYS = 64;

    OrderId[] private orders;
    mapping(OrderId => uint256) private expected; // open
    address[4] private keys;

    mapping(string act => uint256) public done;
    uint256 public traded; // tonnes, in auctions

    constructor() {
        setUpAuctions();
        for (uint40 day = 1; day < DAYS; ++day) {
            tellDay(day * 1 days);
        }
        keys = [alice, bob, carol, dave];
        setOwner(alice, 7);
        setOwner(bob, 7);
        book.setLimits(market, IOrderBook.Limits(0, 120, uint64(UNITS + 500), 200));
    }

    modifier told(string memory act) {
        vm.recordLogs();
        _;
        note(act, vm.getRecordedLogs());
    }

    /* ACTS */

    function place_(uint256 who, bool buys, uint24 tick, uint48 quantity, uint256 seed) external told("placed") {
        IOrderBook.Order memory order =
            orderOf(buys ? Side.BUY : Side.SELL, uint24(bound(tick, 90, 110)), uint48(bound(quantity, 1, 60)));
        order.timeInForce = IOrderBook.TimeInForce(seed % 8 < 6 ? 0 : (seed >> 8) % 4);
        order.selfTrade = IOrderBook.SelfTrade((seed >> 16) % 4);
        bool rests =
            order.timeInForce == IOrderBook.TimeInForce.GTC || order.timeInForce == IOrderBook.TimeInForce.POST_ONLY;
        if (rests && (seed >> 24) % 4 == 0) order.expires = uint40(block.timestamp + 1 + (seed >> 32) % 3 hours);
        vm.prank(keys[who % 4]);
        try book.place(order) { }
        catch {
            vm.getRecordedLogs(); // of what did not happen
        }
    }

    function cancel_(uint256 seed) external told("cancelled") {
        if (orders.length == 0) return;
        OrderId id = orders[seed % orders.length];
        for (uint256 i; i < 4; ++i) {
            vm.prank(keys[i]);
            try book.cancel(id) {
                return;
            } catch {
                vm.getRecordedLogs(); // of what did not happen
            }
        }
    }

    function evict_(uint256 seed) external told("evicted") {
        for (uint256 i; i < orders.length; ++i) {
            OrderId id = orders[(seed % 256 + i) % orders.length];
            IOrderBook.OrderView memory seen = book.orderOf(id);
            if (seen.open == 0 || seen.expires == 0 || seen.expires > block.timestamp) continue;
            try book.evict(id) { }
            catch {
                vm.getRecordedLogs(); // of what did not happen
            }
            return;
        }
    }

    function uncross_(uint256 work) external told("uncrossed") {
        vm.prank(stranger);
        try book.uncross(market, bound(work, 1, 12)) { }
        catch {
            vm.getRecordedLogs(); // of what did not happen
        }
    }

    function finish() external told("finished") {
        vm.prank(stranger);
        try book.uncross(market, ALL) { }
        catch {
            vm.getRecordedLogs(); // of what did not happen
        }
    }

    function wait_(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, seconds_ % 4 == 0 ? 5 hours : 40 minutes));
    }

    /// @dev To the end of a call, where the next thing is an auction.
    function waitForAuction(bool closing) external {
        uint40 day = uint40(block.timestamp - DAY) / 1 days * 1 days;
        uint40 at = (closing ? CLOSES : OPENS) + day;
        if (at > block.timestamp) vm.warp(at);
    }

    /// @dev To the next one.
    function waitForCall(bool closing) external {
        uint40 day = uint40(block.timestamp - DAY) / 1 days * 1 days;
        uint40 at = (closing ? CLOSING : CALLS) + day;
        vm.warp(at > block.timestamp ? at : at + 1 days);
    }

    function turn_() external told("turned") {
        book.turn(market);
    }

    function bar_(uint256 who, bool barred) external told("barred") {
        who %= 4;
        Eligibility memory e = eligible(barred ? Restrictions.NO_TRADE : 0);
        e.owner = who < 2 ? 7 : 0;
        ledger.setEligibility(accountOf(keys[who]), e);
    }

    function haltOrResume(uint256 seed) external told("halted or resumed") {
        if (stateNow() == IOrderBook.MarketState.HALTED) {
            book.setMarketState(market, IOrderBook.MarketState.OPEN);
        } else if (seed % 4 == 0) {
            book.setMarketState(market, IOrderBook.MarketState.HALTED);
        }
    }

    function downgrade_(uint256 seed) external told("downgraded") {
        phases.downgrade(book, seed % 4 == 0);
    }

    /* WHAT WAS TOLD */

    function note(string memory act, Vm.Log[] memory logs) private {
        if (logs.length != 0) ++done[act];
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(book)) continue;
            bytes32 topic = logs[i].topics[0];
            if (topic == ICallAuctions.AuctionTrade.selector) {
                (OrderId bid, OrderId ask,, uint48 quantity,,) =
                    abi.decode(logs[i].data, (OrderId, OrderId, uint24, uint48, uint40, uint32));
                expected[bid] -= quantity;
                expected[ask] -= quantity;
                traded += quantity;
                ++done["traded in an auction"];
                continue;
            }
            if (logs[i].topics.length < 2) continue;
            OrderId id = OrderId.wrap(uint256(logs[i].topics[1]));
            if (topic == IOrderBook.OrderPlaced.selector) {
                (expected[id],) = abi.decode(logs[i].data, (uint48, uint40));
                orders.push(id);
            } else if (topic == IOrderBook.Trade.selector) {
                (uint48 quantity,,) = abi.decode(logs[i].data, (uint48, uint40, uint32));
                expected[id] -= quantity;
                ++done["traded"];
            } else if (topic == IOrderBook.OrderClosed.selector) {
                (uint48 open_, uint8 reason) = abi.decode(logs[i].data, (uint48, uint8));
                expected[id] -= open_;
                if (reason == uint8(IOrderBook.CloseReason.NOT_ELIGIBLE)) ++done["left, not eligible"];
                if (reason == uint8(IOrderBook.CloseReason.EXPIRED)) ++done["left, expired"];
            } else if (topic == IOrderBook.SelfTradePrevented.selector) {
                expected[id] -= abi.decode(logs[i].data, (uint48));
                ++done["own orders shrank"];
            } else if (topic == IOrderBook.Interrupted.selector) {
                ++done["interrupted"];
            }
        }
    }

    /* WHAT MUST HOLD */

    /// @dev No order is lost, none appears: each is open for what the events leave, and the levels have their sums.
    function requireOrdersAsTold() external view {
        uint256[2] memory sums;
        for (uint256 i; i < orders.length; ++i) {
            uint256 left = open(orders[i]);
            assertEq(left, expected[orders[i]], "open as told");
            sums[uint256(orders[i].side())] += left;
        }
        for (uint256 side; side < 2; ++side) {
            (, uint48[] memory tonnes) = book.depth(market, Side(side), 64);
            for (uint256 i; i < tonnes.length; ++i) {
                sums[side] -= tonnes[i];
            }
            assertEq(sums[side], 0, "sums of the levels");
        }
    }

    /// @dev What is not in the accounts is what open orders hold, and fees.
    function requireConserved() external view {
        (uint256 money_, uint256 units_) = (book.marketOf(market).feesAccrued, 0);
        for (uint256 i; i < orders.length; ++i) {
            if (orders[i].side() == Side.SELL) units_ += open(orders[i]);
            else money_ += open(orders[i]) * (orders[i].tick() * PRICE + MAKER_FEE);
        }
        for (uint256 i; i < 4; ++i) {
            money_ += money(keys[i]);
            units_ += units(keys[i]);
        }
        assertEq(money_, 4 * MONEY, "money");
        assertEq(units_, 4 * UNITS, "units");
    }

    function requireUncrossed() external view {
        IOrderBook.MarketView memory seen = book.marketOf(market);
        if (seen.state != IOrderBook.MarketState.OPEN && seen.state != IOrderBook.MarketState.CLOSED) return;
        assertTrue(seen.bestBid == 0 || seen.bestAsk == 0 || seen.bestBid < seen.bestAsk, "crossed where it trades");
    }

    /// @dev Those of each account that are open, and no others, are counted.
    function requireCounted() external view {
        uint256 counted;
        uint256 all;
        for (uint256 i; i < 4; ++i) {
            counted += book.openOrdersOf(market, accountOf(keys[i]));
        }
        for (uint256 i; i < orders.length; ++i) {
            if (open(orders[i]) != 0) ++all;
        }
        assertEq(counted, all, "counted orders");
    }
}

/// @dev What holds after any sequence of acts in a market with auctions.
contract AuctionsInvariantsTest is Test {
    AuctionHandler private handler;

    function setUp() public {
        handler = new AuctionHandler();
        targetContract(address(handler));
    }

    // @requirement R-TRD-10
    function invariant_noOrderIsLost_norAppears() public view {
        handler.requireOrdersAsTold();
    }

    // @requirement R-TRD-8
    function invariant_moneyAndUnits_areConserved() public view {
        handler.requireConserved();
    }

    // @requirement R-TRD-10
    function invariant_bookThatTrades_isNotCrossed() public view {
        handler.requireUncrossed();
    }

    function invariant_countedOrders_areTheOpenOnes() public view {
        handler.requireCounted();
    }

    /// @dev So that the invariants cannot hold for want of acts: in a fixed sequence each thing happens.
    function test_handler_everythingHappens() public {
        for (uint256 i; i < 1200; ++i) {
            act(uint256(keccak256(abi.encode(i))));
        }
        string[13] memory names = [
            "placed",
            "cancelled",
            "evicted",
            "uncrossed",
            "finished",
            "turned",
            "halted or resumed",
            "traded",
            "traded in an auction",
            "left, not eligible",
            "left, expired",
            "own orders shrank",
            "interrupted"
        ];
        string memory few;
        for (uint256 i; i < names.length; ++i) {
            if (handler.done(names[i]) == 0) few = string.concat(few, names[i], " ");
        }
        assertEq(few, "");
        handler.requireOrdersAsTold();
        handler.requireConserved();
        handler.requireUncrossed();
        handler.requireCounted();
    }

    function act(uint256 random) private {
        uint256 kind = random % 24;
        uint256 more = random >> 8;
        if (kind < 11) handler.place_(more, more >> 8 & 1 == 0, uint24(more >> 16), uint48(more >> 40), more >> 88);
        else if (kind < 13) handler.uncross_(more);
        else if (kind == 13) handler.finish();
        else if (kind == 14) handler.cancel_(more);
        else if (kind == 15) handler.evict_(more);
        else if (kind == 16) handler.wait_(more);
        else if (kind == 17) handler.turn_();
        else if (kind == 18) handler.bar_(more, more >> 8 & 1 == 0);
        else if (kind == 19) handler.waitForAuction(more & 1 == 0);
        else if (kind == 20) handler.waitForCall(more & 1 == 0);
        else if (kind == 21) handler.haltOrResume(more);
        else if (kind == 22) handler.downgrade_(more);
        else handler.bar_(more, false);
    }
}
