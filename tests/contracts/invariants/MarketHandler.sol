// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { Eligibility, Representation, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { IExchange } from "../support/IExchange.sol";
import { TradingSuite } from "../support/TradingSuite.sol";
import { Vm } from "../support/Vm.sol";

/// @dev What several actors do in any order: traders, registry, bank, regulator, platform, and those who may not. It stands
///      for the modules, notes what was promised, and counts what really succeeded.
contract MarketHandler is TradingSuite {
    IInstrumentLedger.Reason private constant SURRENDER = IInstrumentLedger.Reason.SURRENDER;
    IInstrumentLedger.Reason private constant WITHDRAWAL = IInstrumentLedger.Reason.WITHDRAWAL;

    address[5] public keys;
    address public platform;
    OrderId[] public orders; // all that ever rested
    uint256 public minted;
    uint256 public withdrawn;
    uint256 public issued;
    uint256 public cancelled;

    // Promises that an act found broken; empty while all is well.
    string public broken;

    uint256 public acts;
    uint256 public succeeded;
    mapping(string act => uint256) public done;

    constructor() {
        setUpTrading();
        keys = [alice, bob, carol, dave, address(0xE7E)];
        openFunded(keys[4], UNITS, MONEY);
        setOwner(keys[3], 7);
        setOwner(keys[4], 7);
        platform = openAccount(address(0x91A7));
        issued = 5 * UNITS;
        minted = 5 * MONEY;
    }

    function suite() external view returns (InstrumentLedger, IExchange) {
        return (ledger, book);
    }

    function ids() external view returns (uint256, uint256, uint24) {
        return (uka, gbp, market);
    }

    function orderCount() external view returns (uint256) {
        return orders.length;
    }

    function accounts() public view returns (address[6] memory list) {
        for (uint256 i; i < 5; ++i) {
            list[i] = accountOf(keys[i]);
        }
        list[5] = platform;
    }

    function counted(string memory name, bool ok) private {
        ++acts;
        if (!ok) return;
        ++succeeded;
        ++done[name];
    }

    function theKey(uint256 seed) private view returns (address) {
        return keys[seed % 5];
    }

    /// @dev One that is open where there is one.
    function anOrder(uint256 seed) private view returns (OrderId id) {
        for (uint256 i; i < orders.length; ++i) {
            id = orders[(seed % orders.length + i) % orders.length];
            if (open(id) != 0) return id;
        }
    }

    /* TRADING */

    function placeSell(uint256 who, uint24 tick, uint48 quantity) external {
        send(theKey(who), Side.SELL, uint24(bound(tick, 98, 106)), uint48(bound(quantity, 1, 60)), who);
    }

    function placeBuy(uint256 who, uint24 tick, uint48 quantity) external {
        send(theKey(who), Side.BUY, uint24(bound(tick, 94, 102)), uint48(bound(quantity, 1, 60)), who);
    }

    function take(uint256 who, bool buys, uint48 quantity) external {
        send(theKey(who), buys ? Side.BUY : Side.SELL, buys ? 110 : 90, uint48(bound(quantity, 1, 120)), who);
    }

    function send(address key, Side side, uint24 tick, uint48 quantity, uint256 seed) private {
        IOrderBook.Order memory order = orderOf(side, tick, quantity);
        order.selfTrade = IOrderBook.SelfTrade(uint8((seed >> 8) % 4));
        order.timeInForce = IOrderBook.TimeInForce((seed >> 16) % 8 < 5 ? 0 : uint8((seed >> 20) % 4));
        order.mostMakers = uint16(1 + (seed >> 24) % 20);
        bool mayExpire =
            order.timeInForce == IOrderBook.TimeInForce.GTC || order.timeInForce == IOrderBook.TimeInForce.POST_ONLY;
        if (mayExpire && (seed >> 32) % 2 == 0) order.expires = uint40(block.timestamp + 1 + (seed >> 40) % 50);

        vm.recordLogs();
        vm.prank(key);
        try book.place(order) returns (IOrderBook.Placed memory placed) {
            if (placed.rested != 0) orders.push(placed.id);
            if (uint256(placed.filled) + placed.rested > quantity) broken = "more filled and rested than ordered";
            examinePriority(order, placed.filled, vm.getRecordedLogs());
            counted(placed.filled != 0 ? "traded" : "placed", true);
        } catch {
            vm.getRecordedLogs();
            counted("placed", false);
        }
    }

    /// @dev The trades of one call went from better to worse, earlier to later, within the limit, and passed nobody over.
    function examinePriority(IOrderBook.Order memory order, uint256 filled, Vm.Log[] memory logs) private {
        uint256 previous;
        OrderId latest;
        uint256 sum;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IOrderBook.Trade.selector) continue;
            latest = OrderId.wrap(uint256(logs[i].topics[1]));
            (uint48 quantity,,) = abi.decode(logs[i].data, (uint48, uint40, uint32));
            sum += quantity;
            bool buys = order.side == Side.BUY;
            if (buys ? latest.tick() > order.tick : latest.tick() < order.tick) broken = "beyond the limit";
            // Worse prices and later places have greater ranks.
            uint256 rank = uint256(buys ? latest.tick() : type(uint24).max - latest.tick()) << 32 | latest.index();
            if (rank <= previous) broken = "priority within a call";
            previous = rank;
        }
        if (sum != filled) broken = "trades do not add up to what was filled";
        if (sum == 0) return;
        for (uint256 i; i < orders.length; ++i) {
            OrderId id = orders[i];
            if (id.side() == order.side || open(id) == 0) continue;
            bool better = order.side == Side.BUY ? id.tick() < latest.tick() : id.tick() > latest.tick();
            bool earlier = id.tick() == latest.tick() && id.index() < latest.index();
            if (better || earlier) broken = "an open order was passed over";
        }
    }

    function cancel(uint256 seed) external {
        OrderId id = anOrder(seed);
        address account = book.orderOf(id).account;
        for (uint256 i; i < 5; ++i) {
            if (accountOf(keys[i]) != account) continue;
            vm.prank(keys[i]);
            try book.cancel(id) {
                counted("cancelled", true);
            } catch {
                broken = "an open order could not be taken back";
            }
        }
    }

    function reduce(uint256 seed, uint48 by) external {
        OrderId id = anOrder(seed);
        by = uint48(bound(by, 1, 30));
        address account = book.orderOf(id).account;
        for (uint256 i; i < 5; ++i) {
            if (accountOf(keys[i]) != account) continue;
            vm.prank(keys[i]);
            try book.reduce(id, by) {
                counted("reduced", true);
            } catch {
                counted("reduced", false);
            }
        }
    }

    /// @dev In its place it stays at the same price and no larger, and only then.
    function replace(uint256 seed, uint24 tick, uint48 quantity) external {
        OrderId id = anOrder(seed);
        IOrderBook.OrderView memory old = book.orderOf(id);
        if (old.open == 0) return;
        address key = keyOf(old.account);
        uint24 at = seed % 3 == 0 ? id.tick() : uint24(bound(tick, 94, 106));
        IOrderBook.Order memory order = orderOf(id.side(), at, uint48(bound(quantity, 1, 60)));
        bool expired = old.expires != 0 && old.expires <= block.timestamp;
        bool keeps = at == id.tick() && order.quantity <= old.open && !expired;
        uint256 before = placeOf(id);
        vm.prank(key);
        try book.replace(id, order) returns (IOrderBook.Placed memory placed) {
            bool kept = OrderId.unwrap(placed.id) == OrderId.unwrap(id);
            if (kept != keeps) broken = "a place was lost or kept that should not be";
            if (kept && (placeOf(id) != before || open(id) != order.quantity)) broken = "an amended order moved";
            if (!kept && open(id) != 0) broken = "an order and its replacement are both open";
            if (!kept && placed.rested != 0) orders.push(placed.id);
            counted("replaced", true);
        } catch {
            if (open(id) != old.open) broken = "a refused replacement changed an order";
            counted("replaced", false);
        }
    }

    function placeOf(OrderId id) private view returns (uint256 i) {
        (OrderId[] memory ids_,) = book.ordersAt(market, id.side(), id.tick(), 0, 200);
        while (OrderId.unwrap(ids_[i]) != OrderId.unwrap(id)) {
            ++i;
        }
    }

    /// @dev Three orders, of whom soever: what is its own comes back, whatever may be wrong with the account.
    function cancelMany(uint256 who, uint256 seed) external {
        if (orders.length == 0) return;
        OrderId[] memory ids_ = some(seed);
        bool[3] memory own;
        for (uint256 i; i < 3; ++i) {
            IOrderBook.OrderView memory seen = book.orderOf(ids_[i]);
            own[i] = seen.open != 0 && seen.account == accountOf(theKey(who));
            for (uint256 k; k < i; ++k) {
                if (OrderId.unwrap(ids_[k]) == OrderId.unwrap(ids_[i])) own[i] = false;
            }
        }
        vm.prank(theKey(who));
        try book.cancelMany(ids_) returns (bool[] memory taken) {
            for (uint256 i; i < 3; ++i) {
                if (taken[i] != own[i]) broken = "what was taken back is not what was its own and open";
            }
            counted("cancelled many", own[0] || own[1] || own[2]);
        } catch {
            broken = "open orders could not be taken back";
        }
    }

    function batch(uint256 who, uint256 seed, uint24 tick, uint48 quantity) external {
        if (orders.length == 0) return;
        IOrderBook.Order[] memory quote = new IOrderBook.Order[](2);
        tick = uint24(bound(tick, 94, 104));
        quote[0] = orderOf(Side.BUY, tick, uint48(bound(quantity, 1, 60)));
        quote[1] = orderOf(Side.SELL, tick + 1, uint48(bound(quantity >> 16, 1, 60)));
        OrderId[] memory ids_ = some(seed);
        vm.prank(theKey(who));
        try book.batch(ids_, quote) returns (bool[] memory, IOrderBook.Placed[] memory placed) {
            for (uint256 i; i < 2; ++i) {
                if (placed[i].rested != 0) orders.push(placed[i].id);
            }
            counted("batched", true);
        } catch {
            counted("batched", false);
        }
    }

    function some(uint256 seed) private view returns (OrderId[] memory ids_) {
        ids_ = new OrderId[](3);
        for (uint256 i; i < 3; ++i) {
            ids_[i] = anOrder(seed >> 16 * i);
        }
    }

    function keyOf(address account) private view returns (address) {
        for (uint256 i; i < 5; ++i) {
            if (accountOf(keys[i]) == account) return keys[i];
        }
        return stranger;
    }

    function evict(uint256 seed, uint256 later) external {
        vm.warp(block.timestamp + bound(later, 0, 60));
        for (uint256 i; i < orders.length; ++i) {
            IOrderBook.OrderView memory seen = book.orderOf(orders[(i + seed % 64) % orders.length]);
            if (seen.open == 0 || seen.expires == 0 || seen.expires > block.timestamp) continue;
            vm.prank(stranger);
            book.evict(orders[(i + seed % 64) % orders.length]);
            counted("evicted", true);
            return;
        }
    }

    function collectFees() external {
        try book.collectFees(market, platform) {
            counted("fees collected", true);
        } catch {
            counted("fees collected", false);
        }
    }

    /* REGISTRY, BANK, REGULATOR */

    function setRestrictions(uint256 who, uint16 restrictions) external {
        address key = theKey(who);
        Eligibility memory e = eligible(who % 3 == 0 ? restrictions & Restrictions.ALL : 0);
        e.owner = key == keys[3] || key == keys[4] ? 7 : 0;
        ledger.setEligibility(accountOf(key), e);
        counted("restricted", true);
    }

    function issue(uint256 who, bool inMoney, uint256 quantity) external {
        quantity = bound(quantity, 1, 1000);
        try ledger.issue(accountOf(theKey(who)), inMoney ? gbp : uka, quantity, "cause") {
            if (inMoney) minted += quantity;
            else issued += quantity;
            counted("issued", true);
        } catch {
            counted("issued", false);
        }
    }

    function cancelUnits(uint256 who, uint256 quantity) external {
        quantity = bound(quantity, 1, 50);
        try ledger.cancel(theKey(who), uka, quantity, "cause") {
            cancelled += quantity;
            counted("units cancelled", true);
        } catch {
            counted("units cancelled", false);
        }
    }

    function encumber(uint256 who, bool inMoney, uint256 quantity) external {
        quantity = bound(quantity, 1, inMoney ? 100_000 : 300);
        address account = accountOf(theKey(who));
        try ledger.encumber(account, inMoney ? gbp : uka, quantity, inMoney ? WITHDRAWAL : SURRENDER, "cause") {
            counted("encumbered", true);
        } catch {
            counted("encumbered", false);
        }
    }

    function unbind(uint256 who, bool inMoney, uint256 quantity, bool forGood) external {
        address account = accountOf(theKey(who));
        uint256 id = inMoney ? gbp : uka;
        IInstrumentLedger.Reason reason = inMoney ? WITHDRAWAL : SURRENDER;
        uint256 bound_ = ledger.encumberedFor(account, id, reason);
        if (bound_ == 0) return;
        quantity = bound(quantity, 1, bound_);
        if (!forGood) {
            ledger.release(account, id, quantity, reason, "cause");
            counted("released", true);
            return;
        }
        ledger.cancelEncumbered(account, id, quantity, reason, "cause");
        if (inMoney) withdrawn += quantity;
        else cancelled += quantity;
        counted("bound cancelled", true);
    }

    function freeze(uint256 who, bool inMoney, uint256 quantity) external {
        // Often nothing, so that trade goes on.
        quantity = quantity % 2 == 0 ? 0 : bound(quantity, 1, inMoney ? 2 * MONEY : 2 * UNITS);
        ledger.setFrozenTokens(accountOf(theKey(who)), inMoney ? gbp : uka, quantity);
        counted("frozen", true);
    }

    function transfer(uint256 who, uint256 to, bool inMoney, uint256 quantity) external {
        quantity = bound(quantity, 0, inMoney ? 10_000 : 100);
        address key = theKey(who);
        vm.prank(key);
        try ledger.safeTransferFrom(accountOf(key), accountOf(theKey(to)), inMoney ? gbp : uka, quantity, "") {
            counted("transferred", true);
        } catch {
            counted("transferred", false);
        }
    }

    function forceTransfer(uint256 who, uint256 to, bool inMoney, uint256 quantity) external {
        quantity = bound(quantity, 0, inMoney ? 10_000 : 100);
        try ledger.forcedTransfer(accountOf(theKey(who)), accountOf(theKey(to)), inMoney ? gbp : uka, quantity) {
            counted("transferred by force", true);
        } catch {
            counted("transferred by force", false);
        }
    }

    /* PROMISES */

    /// @dev Orders that cancel themselves out leave their account exactly where it was.
    function goAndComeBack(uint256 who, bool buys, uint48 quantity, uint48 by) external {
        address key = theKey(who);
        quantity = uint48(bound(quantity, 2, 60));
        uint256 units_ = units(key);
        uint256 money_ = money(key);
        uint256 free = ledger.freeOf(accountOf(key), gbp) + ledger.freeOf(accountOf(key), uka);
        IOrderBook.Order memory order = orderOf(buys ? Side.BUY : Side.SELL, buys ? 90 : 110, quantity);
        order.timeInForce = IOrderBook.TimeInForce.POST_ONLY;
        vm.prank(key);
        try book.place(order) returns (IOrderBook.Placed memory placed) {
            by = uint48(bound(by, 1, quantity - 1));
            vm.startPrank(key);
            book.reduce(placed.id, by);
            book.cancel(placed.id);
            vm.stopPrank();
            counted("went and came back", true);
        } catch {
            counted("went and came back", false);
        }
        bool same = units(key) == units_ && money(key) == money_
            && ledger.freeOf(accountOf(key), gbp) + ledger.freeOf(accountOf(key), uka) == free;
        if (!same) broken = "a self-cancelling sequence changed a holding";
    }

    /// @dev Buying from and selling to oneself costs its fees and moves no unit.
    function washTrade(uint256 who, bool buysLast, uint48 quantity) external {
        address key = theKey(who);
        quantity = uint48(bound(quantity, 1, 20));
        (uint256 units_, uint256 money_) = (units(key), money(key));
        // Inside the spread, so that nobody else is met.
        IOrderBook.MarketView memory m = book.marketOf(market);
        uint24 tick = m.bestBid == 0 ? 80 : m.bestBid + 1;
        if (m.bestAsk != 0 && tick >= m.bestAsk) return;
        IOrderBook.Order memory order = orderOf(buysLast ? Side.SELL : Side.BUY, tick, quantity);
        order.selfTrade = IOrderBook.SelfTrade.ALLOW;
        vm.prank(key);
        try book.place(order) returns (IOrderBook.Placed memory first) {
            order.side = buysLast ? Side.BUY : Side.SELL;
            order.timeInForce = IOrderBook.TimeInForce.IOC;
            vm.prank(key);
            try book.place(order) returns (IOrderBook.Placed memory second) {
                if (second.filled != quantity) broken = "its own order was not met";
                counted("traded with itself", true);
                if (units(key) != units_ || money(key) != money_ - quantity * (TAKER_FEE + MAKER_FEE)) {
                    broken = "trading with oneself gains";
                }
            } catch {
                vm.prank(key);
                book.cancel(first.id);
            }
        } catch { }
    }

    /// @dev Whoever lacks a right moves nothing; the key is given the rest of its rights back.
    function tryWithoutRight(uint256 who, uint256 seed, uint8 lacking) external {
        address key = theKey(who);
        address account = accountOf(key);
        bool isStranger = seed % 3 == 0;
        bool expired = seed % 3 == 1;
        if (!isStranger) {
            ledger.setRepresentation(
                key,
                Representation({
                    account: account,
                    certificateUntil: expired ? uint40(block.timestamp) : FAR,
                    rights: expired
                        ? Rights.ALL
                        : Rights.READ | Rights.SURRENDER | Rights.REPORT
                            | (lacking % 3 == 0 ? 0 : lacking % 3 == 1 ? Rights.INITIATE : Rights.APPROVE)
                })
            );
        }
        address caller = isStranger ? stranger : key;
        OrderId id = anOrder(seed);
        IOrderBook.Order memory sale = orderOf(Side.SELL, 99, 1);
        IOrderBook.Order memory purchase = orderOf(Side.BUY, 101, 1);
        uint256[] memory one = new uint256[](1);
        one[0] = uka;
        bytes[11] memory attempts = [
            abi.encodeCall(book.place, (sale)),
            abi.encodeCall(book.place, (purchase)),
            abi.encodeCall(book.cancel, (id)),
            abi.encodeCall(book.reduce, (id, 1)),
            abi.encodeCall(book.replace, (id, sale)),
            abi.encodeCall(book.batch, (new OrderId[](0), new IOrderBook.Order[](0))),
            abi.encodeCall(ledger.safeTransferFrom, (account, accountOf(keys[0]), uka, 1, "")),
            abi.encodeCall(ledger.safeTransferFrom, (account, account, gbp, 0, "")),
            abi.encodeCall(ledger.safeBatchTransferFrom, (account, account, one, one, "")),
            abi.encodeCall(ledger.forcedTransfer, (account, accountOf(keys[0]), uka, 1)),
            abi.encodeCall(ledger.setFrozenTokens, (account, uka, 0))
        ];
        for (uint256 i; i < attempts.length; ++i) {
            vm.prank(caller);
            (bool ok,) = (i < 6 ? address(book) : address(ledger)).call(attempts[i]);
            if (ok) broken = "a key without the right moved something";
        }
        if (ledger.isApprovedForAll(account, caller)) broken = "a key without the right is said to be approved";
        ledger.setRepresentation(key, Representation({ account: account, certificateUntil: FAR, rights: Rights.ALL }));
        counted("refused without right", true);
    }
}
