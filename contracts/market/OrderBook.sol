// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { Governed } from "../governance/Governed.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IOrderEscrow } from "../instruments/IOrderEscrow.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { OrderId, Side } from "../types/OrderId.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Book, LevelWord, OrderWord } from "./Book.sol";
import { IOrderBook } from "./IOrderBook.sol";
import { ConfigWord, HotWord, configWord } from "./MarketWords.sol";
import { TickBitmap } from "./TickBitmap.sol";

/// @title The order book. Its manual is `IOrderBook`; matching is `Book`; the words are drawn in `MarketWords.sol`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract OrderBook is IOrderBook, IOrderEscrow, IVoucherIssuer, ReentrancyGuardTransient, Governed {
    using Book for Book.State;
    using TickBitmap for TickBitmap.State;
    using VoucherSeries for VoucherSeries.Peaks;

    uint256 private constant _MOST_MAKERS = 255;

    IInstrumentLedger private immutable LEDGER;
    uint256 private immutable MAIN_MONEY;
    int256 private immutable DAY_OFFSET;

    struct Market {
        ConfigWord config;
        HotWord hot;
        VoucherSeries.Peaks vouchers;
        Book.State book;
    }

    /// @custom:storage-location erc7201:carbon.storage.OrderBook
    struct Storage {
        mapping(uint24 market => Market) markets;
        uint24 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.OrderBook")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xff6fffcad340c1383814bb03cc54da017c113b0cfe72b653796d8f471d2d8800;

    /// @param dayOffset Seconds that the scheme's civil day begins before UTC's.
    constructor(IInstrumentLedger ledger, InstrumentId mainMoney, int256 dayOffset) {
        LEDGER = ledger;
        MAIN_MONEY = InstrumentId.unwrap(mainMoney);
        DAY_OFFSET = dayOffset;
    }

    /// @notice Nothing to configure; closes the initializer.
    function initialize() external reinitializer(2) { }

    /* MARKETS */

    /// @inheritdoc IOrderBook
    function openMarket(MarketTerms calldata terms) external restricted returns (uint24 market) {
        _requireTerms(terms);
        Storage storage $ = _s();

        market = ++$.count;
        $.markets[market].config = configWord(terms, MarketState.OPEN);

        emit MarketOpened(market, terms.instrument, terms);
    }

    /// @inheritdoc IOrderBook
    function setMarketState(uint24 market, MarketState state) external restricted {
        Market storage m = _market(market);
        require(state != MarketState.NONE, UnknownMarket(market));

        m.config = m.config.withState(state);

        emit MarketStateChanged(market, state);
    }

    /// @inheritdoc IOrderBook
    function setBand(uint24 market, uint24 lowest, uint24 highest) external restricted {
        Market storage m = _market(market);
        require(lowest != 0 && lowest <= highest, BadTerms(7));

        m.config = m.config.withBand(lowest, highest);

        emit BandChanged(market, lowest, highest);
    }

    /// @inheritdoc IOrderBook
    function collectFees(uint24 market, address account) external restricted nonReentrant {
        Market storage m = _market(market);
        uint256 amount = m.hot.fees();
        require(amount != 0, NoFees(market));

        m.hot = m.hot.withFees(0);

        // forge-lint: disable-next-line(unsafe-typecast) -- the field has 88 bits
        emit FeesCollected(market, account, uint96(amount));

        LEDGER.releaseEscrow(account, MAIN_MONEY, amount);
    }

    function _requireTerms(MarketTerms calldata t) private pure {
        InstrumentClass class = checkedInstrument(InstrumentId.unwrap(t.instrument)).class();
        require(class != InstrumentClass.MONEY, BadTerms(0));
        require(t.tickMantissa != 0, BadTerms(1));
        require(t.tickExponent <= 18, BadTerms(2));
        require(t.lot != 0, BadTerms(3));
        require(t.leastLots != 0, BadTerms(4));
        // A lot at the lowest price pays its fees.
        require(t.takerFee <= uint256(t.tickMantissa) * t.lot, BadTerms(5));
        require(t.makerFee <= uint256(t.tickMantissa) * t.lot, BadTerms(6));
        require(t.lowest != 0 && t.lowest <= t.highest, BadTerms(7));
    }

    function _market(uint24 market) private view returns (Market storage m) {
        m = _s().markets[market];
        require(m.config.state() != uint8(MarketState.NONE), UnknownMarket(market));
    }

    /* PLACING */

    /// @inheritdoc IOrderBook
    function place(Order calldata order) external nonReentrant returns (Placed memory placed) {
        Market storage m = _s().markets[order.market];
        ConfigWord config = m.config;
        _requirePlaceable(order, config);

        HotWord hot = m.hot;
        uint256 best = order.side == Side.BUY ? hot.bestAsk() : hot.bestBid();
        bool meets = best != 0 && (order.side == Side.BUY ? best <= order.tick : best >= order.tick);
        if (!meets) return _rest(m, config, hot, order);

        // forge-lint: disable-next-line(unsafe-typecast) -- a tick
        require(order.timeInForce != TimeInForce.POST_ONLY, WouldTrade(order.tick, uint24(best)));
        return _match(m, config, hot, order, best);
    }

    function _requirePlaceable(Order calldata order, ConfigWord config) private view {
        uint8 state = config.state();
        require(state == uint8(MarketState.OPEN), MarketNotOpen(order.market, state));
        require(order.latest == 0 || block.timestamp <= order.latest, TooLate(order.latest, block.timestamp));
        require(
            order.tick >= config.lowest() && order.tick <= config.highest(),
            PriceOutsideBand(order.tick, config.lowest(), config.highest())
        );
        uint256 lot = config.lot();
        uint256 least = lot * config.leastLots();
        require(order.quantity >= least && order.quantity % lot == 0, BadOrderQuantity(order.quantity, lot, least));
        require(
            order.expires == 0
                || (order.expires > block.timestamp
                    && (order.timeInForce == TimeInForce.GTC || order.timeInForce == TimeInForce.POST_ONLY)),
            BadExpiry(order.expires, block.timestamp)
        );
        require(order.mostMakers != 0 && order.mostMakers <= _MOST_MAKERS, BadMakerLimit(order.mostMakers));
    }

    /// @dev Prices do not meet.
    function _rest(Market storage m, ConfigWord config, HotWord hot, Order calldata order)
        private
        returns (Placed memory placed)
    {
        if (order.timeInForce == TimeInForce.IOC) return placed;
        require(order.timeInForce != TimeInForce.FOK, NotFillable(0, order.quantity));

        IInstrumentLedger.Settlement memory s = IInstrumentLedger.Settlement({
            caller: msg.sender,
            instrument: config.instrument(),
            ownAllowed: true,
            buys: order.side == Side.BUY,
            debit: _fits(_escrow(config, order.side, order.tick, order.quantity)),
            credit: 0
        });
        (address account,,) = LEDGER.settle(s, new uint256[](0));
        _enqueue(m, order, account, order.quantity, placed);
        HotWord after_ = _withBetter(hot, order.side, order.tick);
        if (HotWord.unwrap(after_) != HotWord.unwrap(hot)) m.hot = after_;
    }

    function _enqueue(Market storage m, Order calldata order, address account, uint256 quantity, Placed memory placed)
        private
    {
        placed.id = m.book.rest(order.market, order.side, order.tick, account, quantity, order.expires);
        // forge-lint: disable-next-line(unsafe-typecast) -- no more than the order's quantity
        placed.rested = uint48(quantity);
        emit OrderPlaced(placed.id, account, placed.rested, order.expires);
    }

    function _withBetter(HotWord hot, Side side, uint24 tick) private pure returns (HotWord) {
        if (side == Side.BUY) return tick > hot.bestBid() ? hot.withBestBid(tick) : hot;
        uint256 ask = hot.bestAsk();
        return ask == 0 || tick < ask ? hot.withBestAsk(tick) : hot;
    }

    /* MATCHING */

    /// @dev What a match needs to carry from step to step.
    struct Matching {
        Book.Request request;
        Book.Plan plan;
        uint256[] exceptions;
        uint256 traded; // tonnes
        uint256 cost; // main money for them
        uint256 resting; // tonnes that will rest
        address account;
    }

    function _match(Market storage m, ConfigWord config, HotWord hot, Order calldata order, uint256 best)
        private
        returns (Placed memory placed)
    {
        Matching memory x;
        x.request = Book.Request({
            market: order.market,
            makers: order.side == Side.BUY ? Side.SELL : Side.BUY,
            best: best,
            limit: order.tick,
            quantity: order.quantity,
            most: order.mostMakers
        });
        _settle(m, config, order, x);

        m.book.commit(x.request.makers, x.plan);
        hot = x.request.makers == Side.SELL ? hot.withBestAsk(x.plan.best) : hot.withBestBid(x.plan.best);
        // forge-lint: disable-next-line(unsafe-typecast) -- no more than the order's quantity
        placed.filled = uint48(x.traded);
        hot = _conclude(m, config, hot, order, x);
        if (x.resting != 0) {
            _enqueue(m, order, x.account, x.resting, placed);
            hot = _withBetter(hot, order.side, order.tick);
        }
        m.hot = hot;
    }

    /// @dev Plans and settles until the ledger has nothing against any maker; then all has moved, the book has not.
    function _settle(Market storage m, ConfigWord config, Order calldata order, Matching memory x) private {
        while (true) {
            x.plan = m.book.plan(x.request, x.exceptions);
            uint256[] memory makers = _price(config, order, x);
            if (order.timeInForce == TimeInForce.FOK) {
                require(x.traded == order.quantity, NotFillable(x.traded, order.quantity));
            }
            IInstrumentLedger.Settlement memory s = _terms(config, order, x);
            if (s.debit == 0) {
                // Nothing trades and nothing rests; who asks is still checked.
                (x.account,,) = LEDGER.settle(s, new uint256[](0));
                return;
            }
            uint256 blocked;
            uint256 own;
            (x.account, blocked, own) = LEDGER.settle(s, makers);
            if (blocked | own == 0) return;
            _except(order, x, blocked, own);
        }
    }

    /// @dev What each maker gets, and the sums.
    function _price(ConfigWord config, Order calldata order, Matching memory x)
        private
        pure
        returns (uint256[] memory makers)
    {
        makers = new uint256[](x.plan.fills);
        x.traded = 0;
        x.cost = 0;
        uint256 tickSize = config.tickSize();
        uint256 next;
        for (uint256 i; i < x.plan.count; ++i) {
            (uint256 first, uint256 second) = Book.stepAt(x.plan, i);
            if (Book.stepOf(first) != Book.Step.FILL) continue;
            uint256 quantity = uint48(first >> 128);
            uint256 cost = quantity * OrderId.wrap(uint128(first)).tick() * tickSize;
            x.traded += quantity;
            x.cost += cost;
            uint256 gets = order.side == Side.BUY ? cost - config.fee(config.makerFee(), quantity) : quantity;
            makers[next++] = uint256(uint160(OrderWord.wrap(second).account())) << 96 | gets;
        }
        bool rests = !x.plan.stopped && order.timeInForce == TimeInForce.GTC;
        x.resting = rests ? x.plan.left : 0;
    }

    function _terms(ConfigWord config, Order calldata order, Matching memory x)
        private
        view
        returns (IInstrumentLedger.Settlement memory s)
    {
        uint256 fee = config.fee(config.takerFee(), x.traded);
        uint256 held = x.resting == 0 ? 0 : _escrow(config, order.side, order.tick, x.resting);
        s.caller = msg.sender;
        s.instrument = config.instrument();
        s.ownAllowed = order.selfTrade == SelfTrade.ALLOW;
        s.buys = order.side == Side.BUY;
        s.debit = _fits(s.buys ? x.cost + fee + held : x.traded + held);
        s.credit = _fits(s.buys ? x.traded : x.cost - fee);
    }

    /// @dev Makers that the ledger will not settle leave the book, or stop the order, in the next plan: all orders of their
    ///      accounts at once, so that many orders of one account cost no more plans than one.
    function _except(Order calldata order, Matching memory x, uint256 blocked, uint256 own) private pure {
        uint256[] memory known = x.exceptions;
        uint256[] memory exceptions = new uint256[](known.length + x.plan.fills);
        uint256 count;
        for (; count < known.length; ++count) {
            exceptions[count] = known[count];
        }
        Book.Exception forOwn = order.selfTrade == SelfTrade.CANCEL_NEWEST
            ? Book.Exception.STOP
            : order.selfTrade == SelfTrade.CANCEL_OLDEST ? Book.Exception.EVICT_OWN : Book.Exception.DECREMENT;
        uint256 fill;
        for (uint256 i; i < x.plan.count; ++i) {
            (uint256 first, uint256 second) = Book.stepAt(x.plan, i);
            if (Book.stepOf(first) != Book.Step.FILL) continue;
            if ((blocked | own) >> fill & 1 == 1) {
                Book.Exception exception = blocked >> fill & 1 == 1 ? Book.Exception.EVICT : forOwn;
                uint256 packed = uint256(exception) << 160 | uint160(OrderWord.wrap(second).account());
                if (!_isAmong(exceptions, count, packed)) exceptions[count++] = packed;
            }
            ++fill;
        }
        assembly ("memory-safe") {
            mstore(exceptions, count)
        }
        x.exceptions = exceptions;
    }

    function _isAmong(uint256[] memory list, uint256 count, uint256 wanted) private pure returns (bool) {
        for (uint256 i; i < count; ++i) {
            if (list[i] == wanted) return true;
        }
        return false;
    }

    /// @dev Vouchers and events of the trades; escrow of orders that left the book untraded.
    function _conclude(Market storage m, ConfigWord config, HotWord hot, Order calldata order, Matching memory x)
        private
        returns (HotWord)
    {
        if (x.traded != 0) {
            hot = hot.withFees(
                hot.fees() + config.fee(config.takerFee(), x.traded) + config.fee(config.makerFee(), x.traded)
            );
            hot = hot.onDay(VoucherSeries.dayOf(block.timestamp, DAY_OFFSET));
        }
        for (uint256 i; i < x.plan.count; ++i) {
            (uint256 first, uint256 second) = Book.stepAt(x.plan, i);
            Book.Step step = Book.stepOf(first);
            if (step == Book.Step.LEVEL) continue;
            OrderId id = OrderId.wrap(uint128(first));
            // forge-lint: disable-next-line(unsafe-typecast) -- the field has 48 bits
            uint48 quantity = uint48(first >> 128);
            if (step == Book.Step.FILL) {
                hot = _trade(m, config, hot, order, x.account, OrderWord.wrap(second).account(), id, quantity);
            } else {
                _leave(config, step, id, OrderWord.wrap(second), quantity);
            }
        }
        return hot;
    }

    function _trade(
        Market storage m,
        ConfigWord config,
        HotWord hot,
        Order calldata order,
        address taker,
        address maker,
        OrderId id,
        uint48 quantity
    ) private returns (HotWord) {
        bool buys = order.side == Side.BUY;
        uint256 index = hot.count();
        hot = hot.withTrade(id.tick());
        m.vouchers
            .append(
                index,
                VoucherSeries.leafOf(
                    Voucher({
                        kind: VoucherKind.TRADE,
                        series: order.market,
                        // forge-lint: disable-next-line(unsafe-typecast) -- the field has 40 bits
                        index: uint40(index),
                        orderOfDay: hot.orderOfDay(),
                        // forge-lint: disable-next-line(unsafe-typecast) -- block times are far below 2^40
                        at: uint40(block.timestamp),
                        instrument: config.instrument(),
                        quantity: quantity,
                        price: uint256(id.tick()) * config.tickSize(),
                        from: buys ? maker : taker,
                        to: buys ? taker : maker,
                        ref: OrderId.unwrap(id)
                    })
                )
            );

        // forge-lint: disable-next-line(unsafe-typecast) -- the field has 40 bits
        emit Trade(id, maker, taker, quantity, uint40(index), hot.orderOfDay());
        return hot;
    }

    function _leave(ConfigWord config, Book.Step step, OrderId id, OrderWord order, uint48 quantity) private {
        address account = order.account();
        if (step == Book.Step.DECREMENT) {
            emit SelfTradePrevented(id, account, quantity);
        } else {
            bool expired = order.expires() != 0 && order.expires() <= block.timestamp;
            CloseReason reason = step == Book.Step.EVICT_OWN
                ? CloseReason.SELF_TRADE
                : expired ? CloseReason.EXPIRED : CloseReason.NOT_ELIGIBLE;
            emit OrderClosed(id, account, quantity, reason);
        }
        _giveBack(config, id, account, quantity);
    }

    /* TAKING BACK */

    /// @inheritdoc IOrderBook
    function cancel(OrderId id) external nonReentrant {
        Market storage m = _market(id.market());
        (address account, uint256 open) = _remove(m, id, CloseReason.TAKEN_BACK);
        (uint256 instrument, uint256 held) = _heldBy(m.config, id, open);
        LEDGER.releaseEscrowTo(msg.sender, account, instrument, held);
    }

    /// @inheritdoc IOrderBook
    function reduce(OrderId id, uint48 by) external nonReentrant {
        Market storage m = _market(id.market());
        (OrderWord order, uint256 open) = m.book.openOf(id);
        require(open != 0, Book.OrderNotOpen(id));
        uint256 lot = m.config.lot();
        require(by != 0 && by < open && by % lot == 0, BadReduction(by, open, lot));

        m.book.reduce(id, by);

        emit OrderReduced(id, order.account(), by);

        (uint256 instrument, uint256 held) = _heldBy(m.config, id, by);
        LEDGER.releaseEscrowTo(msg.sender, order.account(), instrument, held);
    }

    /// @inheritdoc IOrderBook
    function evict(OrderId id) external nonReentrant {
        Market storage m = _market(id.market());
        (OrderWord order, uint256 open) = m.book.openOf(id);
        require(open != 0, Book.OrderNotOpen(id));
        require(order.expires() != 0 && order.expires() <= block.timestamp, NotExpired(id, order.expires()));

        (address account,) = _remove(m, id, CloseReason.EXPIRED);
        _giveBack(m.config, id, account, open);
    }

    /// @inheritdoc IOrderEscrow
    function cancelFor(address account, OrderId[] calldata orders) external nonReentrant onlyModule(address(LEDGER)) {
        for (uint256 i; i < orders.length; ++i) {
            Market storage m = _market(orders[i].market());
            (OrderWord order, uint256 open) = m.book.openOf(orders[i]);
            if (open == 0 || order.account() != account) continue;
            _remove(m, orders[i], CloseReason.AUTHORITY);
            _giveBack(m.config, orders[i], account, open);
        }
    }

    function _remove(Market storage m, OrderId id, CloseReason reason) private returns (address account, uint256 open) {
        bool emptied;
        (account, open, emptied) = m.book.remove(id);
        if (emptied) _improveBest(m, id);

        // forge-lint: disable-next-line(unsafe-typecast) -- an order's quantity has 48 bits
        emit OrderClosed(id, account, uint48(open), reason);
    }

    function _improveBest(Market storage m, OrderId id) private {
        HotWord hot = m.hot;
        Side side = id.side();
        if (side == Side.BUY && id.tick() == hot.bestBid()) {
            m.hot = hot.withBestBid(m.book.bitmap.nextWorse(side, id.tick()));
        } else if (side == Side.SELL && id.tick() == hot.bestAsk()) {
            m.hot = hot.withBestAsk(m.book.bitmap.nextWorse(side, id.tick()));
        }
    }

    function _giveBack(ConfigWord config, OrderId id, address account, uint256 quantity) private {
        (uint256 instrument, uint256 held) = _heldBy(config, id, quantity);
        LEDGER.releaseEscrow(account, instrument, held);
    }

    /* AMOUNTS */

    /// @dev What a resting order holds: the units, or their price and the maker's fee.
    function _escrow(ConfigWord config, Side side, uint256 tick, uint256 quantity) private pure returns (uint256) {
        if (side == Side.SELL) return quantity;
        return quantity * tick * config.tickSize() + config.fee(config.makerFee(), quantity);
    }

    function _heldBy(ConfigWord config, OrderId id, uint256 quantity) private view returns (uint256, uint256) {
        uint256 held = _escrow(config, id.side(), id.tick(), quantity);
        return (id.side() == Side.SELL ? config.instrument() : MAIN_MONEY, held);
    }

    function _fits(uint256 amount) private pure returns (uint96) {
        require(amount <= type(uint96).max, AmountTooLarge(amount));
        // forge-lint: disable-next-line(unsafe-typecast) -- checked above
        return uint96(amount);
    }

    /* VIEWS */

    /// @inheritdoc IOrderBook
    function marketCount() external view returns (uint24) {
        return _s().count;
    }

    /// @inheritdoc IOrderBook
    function marketOf(uint24 market) external view returns (MarketView memory view_) {
        Market storage m = _market(market);
        HotWord hot = m.hot;
        view_.terms = m.config.terms();
        view_.state = MarketState(m.config.state());
        // forge-lint: disable-start(unsafe-typecast) -- the fields have these widths
        view_.bestBid = uint24(hot.bestBid());
        view_.bestAsk = uint24(hot.bestAsk());
        view_.last = uint24(hot.last());
        view_.feesAccrued = uint96(hot.fees());
        view_.trades = uint40(hot.count());
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @inheritdoc IOrderBook
    function orderOf(OrderId id) external view returns (OrderView memory) {
        (OrderWord order, uint256 open) = _s().markets[id.market()].book.openOf(id);
        return _view(order, open);
    }

    /// @inheritdoc IOrderBook
    function depth(uint24 market, Side side, uint256 most)
        external
        view
        returns (uint24[] memory ticks, uint48[] memory tonnes)
    {
        Market storage m = _market(market);
        ticks = new uint24[](most);
        tonnes = new uint48[](most);
        uint256 tick = side == Side.BUY ? m.hot.bestBid() : m.hot.bestAsk();
        uint256 count;
        for (; count < most && tick != 0; ++count) {
            // forge-lint: disable-start(unsafe-typecast) -- the fields have these widths
            ticks[count] = uint24(tick);
            tonnes[count] = uint48(m.book.levelOf(side, uint24(tick)).total());
            // forge-lint: disable-end(unsafe-typecast)
            tick = m.book.bitmap.nextWorse(side, tick);
        }
        assembly ("memory-safe") {
            mstore(ticks, count)
            mstore(tonnes, count)
        }
    }

    /// @inheritdoc IOrderBook
    function ordersAt(uint24 market, Side side, uint24 tick, uint256 from, uint256 most)
        external
        view
        returns (OrderId[] memory ids, OrderView[] memory orders)
    {
        Market storage m = _market(market);
        LevelWord level = m.book.levelOf(side, tick);
        uint256 index = level.head() + from;
        ids = new OrderId[](most);
        orders = new OrderView[](most);
        uint256 count;
        for (; index < level.tail() && most != 0; (++index, --most)) {
            OrderId id = OrderId.wrap(
                uint256(market) << 104 | uint256(side) << 96 | uint256(tick) << 64 | level.generation() << 32 | index
            );
            (OrderWord order, uint256 open) = m.book.openOf(id);
            if (open == 0) continue;
            ids[count] = id;
            orders[count++] = _view(order, open);
        }
        assembly ("memory-safe") {
            mstore(ids, count)
            mstore(orders, count)
        }
    }

    function _view(OrderWord order, uint256 open) private pure returns (OrderView memory) {
        if (open == 0) return OrderView({ account: address(0), open: 0, expires: 0 });
        // forge-lint: disable-next-line(unsafe-typecast) -- the fields have these widths
        return OrderView({ account: order.account(), open: uint48(open), expires: uint40(order.expires()) });
    }

    /* VOUCHERS */

    /// @inheritdoc IVoucherIssuer
    function voucherCount(uint32 series) public view returns (uint40) {
        // forge-lint: disable-next-line(unsafe-typecast) -- a market's number; others are refused; the field has 40 bits
        return uint40(_market(_marketOfSeries(series)).hot.count());
    }

    /// @inheritdoc IVoucherIssuer
    function voucherPeak(uint32 series, uint256 height) external view returns (bytes32) {
        return _market(_marketOfSeries(series)).vouchers.at[height];
    }

    /// @inheritdoc IVoucherIssuer
    function voucherRoot(uint32 series) external view returns (bytes32) {
        return _market(_marketOfSeries(series)).vouchers.root(voucherCount(series));
    }

    function _marketOfSeries(uint32 series) private pure returns (uint24) {
        require(series <= type(uint24).max, UnknownMarket(type(uint24).max));
        // forge-lint: disable-next-line(unsafe-typecast) -- checked above
        return uint24(series);
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
