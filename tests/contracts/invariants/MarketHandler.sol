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
    // What a call may cost in a market like this one: for itself, and for each queue place that it may look at.
    uint256 private constant GAS = 500_000;
    uint256 private constant GAS_PER_MAKER = 60_000;

    address[5] public keys;
    address public platform;
    OrderId[] public orders; // all that ever rested, in the order in which they came

    // A plain account of the book, from what it tells: who came when, what is left of each, whose orders are counted.
    mapping(OrderId id => uint256) public arrival; // from 1
    mapping(OrderId id => uint256) public left;
    mapping(OrderId id => bool) private _isCounted;
    mapping(address account => uint256) public openOrders; // those that are counted
    mapping(OrderId id => address) public ownerOf;
    bool private _counts;
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

    /* THE ACCOUNT OF THE BOOK */

    modifier told() {
        vm.recordLogs();
        _;
        take(vm.getRecordedLogs());
    }

    /// @dev After a call that failed: what it told has not been.
    function forget() private {
        vm.getRecordedLogs();
    }

    /// @dev Enters what the book told. An order that is told twice, or of which more goes than was left, breaks a promise.
    function take(Vm.Log[] memory logs) private {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter != address(book)) continue;
            bytes32 topic = logs[i].topics[0];
            OrderId id = OrderId.wrap(uint256(logs[i].topics[1]));
            if (topic == IOrderBook.OrderPlaced.selector) {
                (uint48 quantity,) = abi.decode(logs[i].data, (uint48, uint40));
                enter(id, address(uint160(uint256(logs[i].topics[2]))), quantity);
            } else if (topic == IOrderBook.Trade.selector) {
                (uint48 quantity,,) = abi.decode(logs[i].data, (uint48, uint40, uint32));
                lessen(id, quantity);
            } else if (topic == IOrderBook.OrderClosed.selector) {
                (uint48 quantity,) = abi.decode(logs[i].data, (uint48, uint8));
                if (left[id] != quantity) broken = "closed with another quantity than was left";
                lessen(id, quantity);
            } else if (topic == IOrderBook.OrderReduced.selector || topic == IOrderBook.SelfTradePrevented.selector) {
                lessen(id, abi.decode(logs[i].data, (uint48)));
            }
        }
    }

    function enter(OrderId id, address account, uint256 quantity) private {
        if (arrival[id] != 0) broken = "an id was given twice";
        orders.push(id);
        arrival[id] = orders.length;
        left[id] = quantity;
        ownerOf[id] = account;
        if (!_counts) return;
        _isCounted[id] = true;
        ++openOrders[account];
    }

    function lessen(OrderId id, uint256 by) private {
        if (by > left[id] || by == 0) {
            broken = "more of an order went than was left";
            return;
        }
        left[id] -= by;
        if (left[id] == 0 && _isCounted[id]) --openOrders[ownerOf[id]];
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
        uint256 gas = gasleft();
        try book.place(order) returns (IOrderBook.Placed memory placed) {
            if (gas - gasleft() > GAS + order.mostMakers * GAS_PER_MAKER) broken = "more gas than its bound";
            if (uint256(placed.filled) + placed.rested > quantity) broken = "more filled and rested than ordered";
            Vm.Log[] memory logs = vm.getRecordedLogs();
            take(logs);
            examinePriority(order, placed.filled, logs);
            if (placed.rested != 0 && left[placed.id] != placed.rested) broken = "what rests was told otherwise";
            counted(placed.filled != 0 ? "traded" : "placed", true);
        } catch {
            forget();
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
            // Worse prices and later arrivals have greater ranks.
            uint256 rank = uint256(buys ? latest.tick() : type(uint24).max - latest.tick()) << 32 | arrival[latest];
            if (rank <= previous) broken = "priority within a call";
            previous = rank;
        }
        if (sum != filled) broken = "trades do not add up to what was filled";
        if (sum == 0) return;
        for (uint256 i; i < orders.length; ++i) {
            OrderId id = orders[i];
            if (id.side() == order.side || open(id) == 0) continue;
            bool better = order.side == Side.BUY ? id.tick() < latest.tick() : id.tick() > latest.tick();
            bool earlier = id.tick() == latest.tick() && arrival[id] < arrival[latest];
            if (better || earlier) broken = "an open order was passed over";
        }
    }

    function cancel(uint256 seed) external told {
        OrderId id = anOrder(seed);
        address key = keyOf(id);
        if (key == address(0)) return;
        vm.prank(key);
        uint256 gas = gasleft();
        try book.cancel(id) {
            if (gas - gasleft() > GAS) broken = "more gas than its bound";
            counted("cancelled", true);
        } catch {
            broken = "an open order could not be taken back";
        }
    }

    function reduce(uint256 seed, uint48 by) external told {
        OrderId id = anOrder(seed);
        by = uint48(bound(by, 1, 30));
        address key = keyOf(id);
        if (key == address(0)) return;
        vm.prank(key);
        try book.reduce(id, by) {
            counted("reduced", true);
        } catch {
            forget();
            counted("reduced", false);
        }
    }

    /// @dev Three orders, of whom soever: what is its own comes back, whatever may be wrong with the account.
    function cancelMany(uint256 who, uint256 seed) external told {
        if (orders.length == 0) return;
        address key = who % 3 == 0 ? theKey(who) : ownerKeyOf(anOrder(seed));
        OrderId[] memory ids_ = new OrderId[](3);
        bool[3] memory own;
        for (uint256 i; i < 3; ++i) {
            ids_[i] = anOrder(seed >> 16 * i);
            IOrderBook.OrderView memory seen = book.orderOf(ids_[i]);
            own[i] = seen.open != 0 && seen.account == accountOf(key);
            for (uint256 k; k < i; ++k) {
                if (OrderId.unwrap(ids_[k]) == OrderId.unwrap(ids_[i])) own[i] = false;
            }
        }
        vm.prank(key);
        try book.cancelMany(ids_) returns (bool[] memory taken) {
            for (uint256 i; i < 3; ++i) {
                if (taken[i] != own[i]) broken = "what was taken back is not what was its own and open";
            }
            counted("cancelled many", own[0] || own[1] || own[2]);
        } catch {
            broken = "open orders could not be taken back";
        }
    }

    function ownerKeyOf(OrderId id) private view returns (address) {
        for (uint256 i; i < 5; ++i) {
            if (accountOf(keys[i]) == ownerOf[id]) return keys[i];
        }
        return stranger;
    }

    function evict(uint256 seed, uint256 later) external told {
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

    /// @dev At another price, or in its place: then it is smaller, or expires at another time.
    function replace(uint256 seed, uint24 tick, uint48 quantity) external told {
        OrderId id = anOrder(seed);
        address key = keyOf(id);
        if (key == address(0)) return;
        IOrderBook.Order memory order = orderOf(id.side(), id.tick(), uint48(bound(quantity, 1, 60)));
        if (seed % 3 == 0) order.tick = uint24(bound(tick, 94, 106));
        if (seed % 2 == 0) order.expires = uint40(block.timestamp + 1 + (seed >> 40) % 50);
        IOrderBook.OrderView memory before = book.orderOf(id);
        bool expired = before.expires != 0 && before.expires <= block.timestamp;
        bool keeps = order.tick == id.tick() && order.quantity <= before.open && !expired;
        vm.prank(key);
        try book.replace(id, order) returns (IOrderBook.Placed memory placed) {
            bool same = OrderId.unwrap(placed.id) == OrderId.unwrap(id);
            if (same != keeps) broken = "a place in the queue was kept or lost against the rule";
            if (!keeps && open(id) != 0) broken = "the replaced order is open still";
            counted("replaced", true);
        } catch {
            forget();
            counted("replaced", false);
        }
    }

    /// @dev Several orders back, of which some may be another's or closed, and two new ones.
    function batch(uint256 who, uint256 seed, uint24 tick, uint48 quantity) external told {
        if (orders.length == 0) return;
        OrderId[] memory chosen = new OrderId[](seed % 6);
        for (uint256 i; i < chosen.length; ++i) {
            chosen[i] = orders[(seed >> 8 << i) % orders.length];
        }
        address key = theKey(who);
        address account = accountOf(key);
        bool[] memory mine = new bool[](chosen.length);
        for (uint256 i; i < chosen.length; ++i) {
            mine[i] = left[chosen[i]] != 0 && ownerOf[chosen[i]] == account;
            for (uint256 k; k < i; ++k) {
                if (OrderId.unwrap(chosen[k]) == OrderId.unwrap(chosen[i])) mine[i] = false;
            }
        }
        IOrderBook.Order[] memory both = new IOrderBook.Order[](who % 2 == 0 ? 0 : 2);
        if (both.length != 0) {
            tick = uint24(bound(tick, 96, 104));
            both[0] = orderOf(Side.BUY, tick - 1, uint48(bound(quantity, 1, 40)));
            both[1] = orderOf(Side.SELL, tick, uint48(bound(quantity, 1, 40)));
        }
        vm.prank(key);
        try book.batch(chosen, both) returns (bool[] memory taken, IOrderBook.Placed[] memory) {
            for (uint256 i; i < chosen.length; ++i) {
                if (taken[i] != mine[i]) broken = "taken back, or passed over, against the rule";
            }
            counted("batches", true);
        } catch {
            forget();
            counted("batches", false);
        }
    }

    /// @dev By an authority, whoever owns them: of those named only the account's own go.
    function takeBack(uint256 who, uint256 seed) external told {
        if (orders.length == 0) return;
        OrderId[] memory chosen = new OrderId[](1 + seed % 4);
        for (uint256 i; i < chosen.length; ++i) {
            chosen[i] = orders[(seed >> 8 << i) % orders.length];
        }
        address account = accountOf(theKey(who));
        ledger.takeBackOrders(account, chosen);
        for (uint256 i; i < chosen.length; ++i) {
            if (ownerOf[chosen[i]] == account && open(chosen[i]) != 0) broken = "an order outlived the authority";
        }
        counted("taken back by authority", true);
    }

    /// @dev While the market is halted nothing is placed, and what is open can be taken back.
    function halt(uint256 seed) external told {
        book.setMarketState(market, IOrderBook.MarketState.HALTED);
        vm.prank(theKey(seed));
        (bool placed,) = address(book).call(abi.encodeCall(book.place, (orderOf(Side.BUY, 90, 1))));
        if (placed) broken = "an order in a halted market";
        OrderId id = anOrder(seed);
        address key = keyOf(id);
        if (key != address(0)) {
            vm.prank(key);
            book.cancel(id);
        }
        book.setMarketState(market, IOrderBook.MarketState.OPEN);
        counted("halted", true);
    }

    /// @dev Of order size, holdings and open orders. Once counted, orders are counted on.
    function setLimits(uint48 mostLots, uint64 mostHeld, uint16 mostOpen) external {
        IOrderBook.Limits memory limits;
        if (mostLots % 3 == 0) limits.mostLots = uint48(bound(mostLots, 30, 127));
        if (mostHeld % 3 == 0) limits.mostHeld = uint64(bound(mostHeld, 80, 200) * 10);
        if (mostOpen % 2 == 0) limits.mostOpen = uint16(bound(mostOpen, 1, 30));
        book.setLimits(market, limits);
        if (limits.mostOpen != 0) _counts = true;
        counted("limits set", true);
    }

    /// @dev Of the account whose order it is, where it is open.
    function keyOf(OrderId id) private view returns (address) {
        address account = book.orderOf(id).account;
        for (uint256 i; i < 5; ++i) {
            if (account == accountOf(keys[i])) return keys[i];
        }
        return address(0);
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
    function goAndComeBack(uint256 who, bool buys, uint48 quantity, uint48 by) external told {
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
            forget();
            counted("went and came back", false);
        }
        bool same = units(key) == units_ && money(key) == money_
            && ledger.freeOf(accountOf(key), gbp) + ledger.freeOf(accountOf(key), uka) == free;
        if (!same) broken = "a self-cancelling sequence changed a holding";
    }

    /// @dev Buying from and selling to oneself costs its fees and moves no unit.
    function washTrade(uint256 who, bool buysLast, uint48 quantity) external told {
        if (book.limitsOf(market).mostHeld != 0) return; // which an own order may not pass either
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
            take(vm.getRecordedLogs());
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
                forget();
                vm.prank(key);
                book.cancel(first.id);
            }
        } catch {
            forget();
        }
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
        IOrderBook.Order[] memory two = new IOrderBook.Order[](2);
        (two[0], two[1]) = (sale, purchase);
        bytes[11] memory attempts = [
            abi.encodeCall(book.place, (sale)),
            abi.encodeCall(book.place, (purchase)),
            abi.encodeCall(book.cancel, (id)),
            abi.encodeCall(book.reduce, (id, 1)),
            abi.encodeCall(book.replace, (id, sale)),
            abi.encodeCall(book.batch, (new OrderId[](0), two)),
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
