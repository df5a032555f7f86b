// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IOrderEscrow } from "../instruments/IOrderEscrow.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { OrderId, Side } from "../types/OrderId.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Book, LevelWord, OrderWord } from "./Book.sol";
import { IOrderBook } from "./IOrderBook.sol";
import { Intent, MarketWord, TapeWord, configured, intentOf, termsOf } from "./MarketWords.sol";

/// @title The order book. Its manual is `IOrderBook`; matching is `Book`; the words are drawn in `MarketWords.sol`.
/// @dev No guard against reentrance: the one contract that is called is the ledger, which calls nobody while it holds,
///      settles or releases (accounts have no code and no receiver hook runs). The one call that it makes by itself,
///      `cancelFor`, comes before anything of the act that asks for it has been written.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract OrderBook is IOrderBook, IOrderEscrow, IVoucherIssuer, Governed {
    using Book for Book.State;
    using VoucherSeries for VoucherSeries.Peaks;

    uint256 private constant _MOST_MAKERS = 255;

    IInstrumentLedger private immutable LEDGER;
    uint256 private immutable MAIN_MONEY;
    int256 private immutable DAY_OFFSET;

    struct Market {
        MarketWord word;
        TapeWord tape;
        VoucherSeries.Peaks vouchers;
        Book.State book;
    }

    /// @custom:storage-location erc7201:carbon.storage.OrderBook
    struct Storage {
        mapping(uint24 market => Market) markets;
        uint24 count;
        mapping(uint256 instrument => uint24[]) marketsOf;
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
        Market storage m = $.markets[market];
        uint256 id = InstrumentId.unwrap(terms.instrument);
        IInstrumentLedger.Instrument memory known = LEDGER.instrumentOf(id);
        uint40 until = known.validUntil;
        // Orders do not ask again: closing halts the markets that there are.
        require(known.state == IInstrumentLedger.InstrumentState.OPEN, IInstrumentLedger.InstrumentNotOpen(id, until));
        (m.word, m.tape) = configured(terms, until == 0 ? 0 : VoucherSeries.dayOf(until, DAY_OFFSET));
        $.marketsOf[id].push(market);

        emit MarketOpened(market, terms.instrument, terms);
    }

    /// @inheritdoc IOrderBook
    function setMarketState(uint24 market, MarketState state) external restricted {
        Market storage m = _market(market);
        require(state != MarketState.NONE, UnknownMarket(market));
        if (state == MarketState.OPEN) _requireInstrumentOpen(m.word.instrument());

        m.word = m.word.withState(state);

        emit MarketStateChanged(market, state);
    }

    /// @inheritdoc IOrderBook
    function setBand(uint24 market, uint24 lowest, uint24 highest) external restricted {
        Market storage m = _market(market);
        require(lowest != 0 && lowest <= highest, BadTerms(7));

        m.word = m.word.withBand(lowest, highest);

        emit BandChanged(market, lowest, highest);
    }

    /// @inheritdoc IOrderBook
    function collectFees(uint24 market, address account) external restricted {
        Market storage m = _market(market);
        uint256 amount = m.tape.fees();
        require(amount != 0, NoFees(market));

        m.tape = m.tape.withoutFees();

        emit FeesCollected(market, account, uint96(amount));

        LEDGER.releaseEscrow(account, MAIN_MONEY, amount);
    }

    /// @inheritdoc IOrderEscrow
    function haltMarkets(uint256 instrument) external onlyModule(address(LEDGER)) {
        uint24[] storage markets = _s().marketsOf[instrument];
        for (uint256 i; i < markets.length; ++i) {
            Market storage m = _market(markets[i]);
            m.word = m.word.withState(MarketState.HALTED);
            emit MarketStateChanged(markets[i], MarketState.HALTED);
        }
    }

    function _requireInstrumentOpen(uint256 instrument) private view {
        IInstrumentLedger.Instrument memory known = LEDGER.instrumentOf(instrument);
        bool valid = known.validUntil == 0 || block.timestamp < known.validUntil;
        require(
            valid && known.state == IInstrumentLedger.InstrumentState.OPEN,
            IInstrumentLedger.InstrumentNotOpen(instrument, known.validUntil)
        );
    }

    /// @dev Reverts with the first term that is impossible, or too large for its field in `MarketWord`.
    function _requireTerms(MarketTerms calldata t) private pure {
        InstrumentClass class = checkedInstrument(InstrumentId.unwrap(t.instrument)).class();
        uint256 lowestPrice = uint256(t.tickMantissa) * t.lot; // of a lot: pays its fees
        uint256 term;
        if (class == InstrumentClass.MONEY) term = 0;
        else if (t.tickMantissa == 0 || t.tickMantissa > type(uint16).max) term = 1;
        else if (t.tickExponent > 18) term = 2;
        else if (t.lot == 0 || t.lot > type(uint16).max) term = 3;
        else if (t.leastLots == 0 || t.leastLots > type(uint8).max) term = 4;
        else if (t.takerFee > lowestPrice) term = 5;
        else if (t.makerFee > lowestPrice) term = 6;
        else if (t.lowest == 0 || t.lowest > t.highest) term = 7;
        else return;
        revert BadTerms(term);
    }

    function _market(uint24 market) private view returns (Market storage m) {
        m = _s().markets[market];
        require(m.word.state() != uint256(MarketState.NONE), UnknownMarket(market));
    }

    /* PLACING */

    /// @inheritdoc IOrderBook
    function place(Order calldata order) external returns (Placed memory placed) {
        Intent intent = intentOf(order);
        Market storage m = _s().markets[uint24(intent.market())];
        MarketWord word = m.word;
        _requirePlaceable(intent, word);

        // Unchecked: an ask of 0, none, becomes the largest number.
        unchecked {
            if (intent.buys()) {
                if (word.bestAsk() - 1 < intent.tick()) _meet(m, word, intent, placed);
                else _rest(m, word, intent, placed);
            } else {
                if (word.bestBid() >= intent.tick()) _meet(m, word, intent, placed);
                else _rest(m, word, intent, placed);
            }
        }
    }

    /// @dev Differences are unchecked: below the lower bound they become the largest numbers.
    function _requirePlaceable(Intent i, MarketWord word) private view {
        unchecked {
            if (!word.isOpenOn(_today())) _refuse(uint24(i.market()), word);
            uint256 lowest = word.lowest();
            if (i.tick() - lowest > word.highest() - lowest) {
                revert PriceOutsideBand(uint24(i.tick()), uint24(lowest), uint24(word.highest()));
            }
            uint256 quantity = i.quantity();
            if (quantity < word.least() || word.lots(quantity) * word.lot() != quantity) {
                revert BadOrderQuantity(quantity, word.lot(), word.least());
            }
            if (i.expires() != 0) _requireMayExpire(i);
            if (i.most() - 1 >= _MOST_MAKERS) revert BadMakerLimit(uint16(i.most()));
            // 0, any time, becomes the largest number.
            if (i.latest() - 1 < block.timestamp - 1) revert TooLate(uint40(i.latest()), block.timestamp);
        }
    }

    function _refuse(uint24 market, MarketWord word) private view {
        if (word.state() != uint256(MarketState.NONE)) _requireInstrumentOpen(word.instrument());
        revert MarketNotOpen(market, uint8(word.state()));
    }

    function _today() private view returns (uint256) {
        return VoucherSeries.dayOf(block.timestamp, DAY_OFFSET);
    }

    function _requireMayExpire(Intent i) private view {
        bool rests = i.rule() == uint256(TimeInForce.GTC) || i.rule() == uint256(TimeInForce.POST_ONLY);
        require(rests && i.expires() > block.timestamp, BadExpiry(uint40(i.expires()), block.timestamp));
    }

    /// @dev Prices do not meet.
    function _rest(Market storage m, MarketWord word, Intent intent, Placed memory placed) private {
        uint256 quantity = intent.quantity();
        uint256 rule = intent.rule();
        if (rule == uint256(TimeInForce.IOC)) return _requireTrader();
        if (rule == uint256(TimeInForce.FOK)) revert NotFillable(0, quantity);

        (uint256 instrument, uint256 held) = _escrow(word, intent.buys(), intent.tick(), quantity);
        address account = LEDGER.escrowFrom(msg.sender, instrument, _fitting(held));
        MarketWord after_ = _enqueue(m, word, intent, account, quantity, placed);
        if (MarketWord.unwrap(after_) != MarketWord.unwrap(word)) m.word = after_;
    }

    function _enqueue(
        Market storage m,
        MarketWord word,
        Intent intent,
        address account,
        uint256 quantity,
        Placed memory placed
    ) private returns (MarketWord) {
        bool buys = intent.buys();
        uint256 tick = intent.tick();
        uint256 best = buys ? word.bestBid() : word.bestAsk();
        (OrderId id, bool better) =
            m.book.rest(intent.market() << 8 | (buys ? 0 : 1), tick, best, account, quantity, intent.expires());
        placed.id = id;
        placed.rested = uint48(quantity);

        emit OrderPlaced(id, account, uint48(quantity), uint40(intent.expires()));
        return better ? word.withBest(buys, tick) : word;
    }

    /* MATCHING */

    /// @dev Prices meet, unless the best level is empty.
    function _meet(Market storage m, MarketWord word, Intent intent, Placed memory placed) private {
        bool buys = intent.buys();
        uint256 best = buys ? word.bestAsk() : word.bestBid();
        if (intent.rule() == uint256(TimeInForce.POST_ONLY)) return _postOnly(m, word, intent, placed);

        uint256[] memory none;
        Book.Walk memory walk = Book.Walk({
            side: intent.market() << 8 | (buys ? 1 : 0),
            best: best,
            limit: intent.tick(),
            quantity: intent.quantity(),
            most: intent.most(),
            exceptions: none,
            from: 0,
            to: 0,
            others: 0,
            left: 0,
            end: 0,
            endWord: LevelWord.wrap(0),
            stopped: false
        });
        m.book.plan(walk);
        TapeWord tape = m.tape;
        (address account, uint256 traded, uint256 resting) = _settle(m, word, tape, intent, walk);

        m.book.commit(walk);
        placed.filled = uint48(traded);
        if (walk.to != walk.from) _tell(m, word, tape, walk, account, traded);
        MarketWord after_ = walk.end == best ? word : word.withBest(!buys, walk.end);
        if (resting != 0) after_ = _enqueue(m, after_, intent, account, resting, placed);
        if (MarketWord.unwrap(after_) != MarketWord.unwrap(word)) m.word = after_;
    }

    function _postOnly(Market storage m, MarketWord word, Intent intent, Placed memory placed) private {
        bool buys = intent.buys();
        uint256 tick = intent.tick();
        uint256 best = _best(m, word, !buys);
        bool meets = best != 0 && (buys ? best <= tick : best >= tick);
        require(!meets, WouldTrade(uint24(tick), uint24(best)));
        _rest(m, word, intent, placed);
    }

    /// @dev The best price of a side that has orders; 0: none.
    function _best(Market storage m, MarketWord word, bool bids) private view returns (uint256) {
        return m.book.bestOf(bids ? Side.BUY : Side.SELL, bids ? word.bestBid() : word.bestAsk());
    }

    /// @dev Settles the plan, and plans again until the ledger refuses no maker; then all has moved, and the book has not
    ///      changed yet.
    function _settle(Market storage m, MarketWord word, TapeWord tape, Intent intent, Book.Walk memory walk)
        private
        returns (address account, uint256 traded, uint256 resting)
    {
        unchecked {
            while (true) {
                uint256[] memory makers = _words((walk.to - walk.from) / 64 - walk.others);
                uint256 cost;
                uint256 unit = word.unit();
                (traded, cost) = _price(word, walk, makers, unit);
                if (intent.rule() == uint256(TimeInForce.FOK) && traded != walk.quantity) {
                    revert NotFillable(traded, walk.quantity);
                }

                uint256 given;
                uint256 held;
                resting = walk.left;
                if (resting != 0) {
                    if (walk.stopped || intent.rule() != uint256(TimeInForce.GTC)) resting = 0;
                    else (given, held) = _escrow(word, intent.buys(), walk.limit, resting);
                }
                if (traded == 0) return (_hold(given, held), 0, resting);
                uint256 fee = word.lots(traded) * tape.takerFee() * unit;
                (uint256 debit, uint256 credit) = intent.buys() ? (cost + fee, traded) : (traded, cost - fee);
                try LEDGER.settle(
                    _fitting(held + debit),
                    _fitting(credit),
                    msg.sender,
                    intent.buys(),
                    makers,
                    word.instrument(),
                    intent.selfTrade() == uint256(SelfTrade.ALLOW)
                ) returns (
                    address account_
                ) {
                    return (account_, traded, resting);
                } catch (bytes memory reason) {
                    _except(intent.selfTrade(), walk, makers.length, reason);
                    m.book.plan(walk);
                }
            }
        }
    }

    /// @dev Nothing trades.
    /// @return account 0 where nothing rests either.
    function _hold(uint256 instrument, uint256 held) private returns (address account) {
        if (held != 0) return LEDGER.escrowFrom(msg.sender, instrument, _fitting(held));
        _requireTrader();
    }

    /// @dev Who asks is checked even where nothing comes of it.
    function _requireTrader() private view {
        // slither-disable-next-line unused-return
        IEligibility(address(LEDGER)).actingFor(msg.sender, Rights.TRADE, Restrictions.NO_DEAL);
    }

    /// @dev What each maker gets, and the sums.
    function _price(MarketWord word, Book.Walk memory walk, uint256[] memory makers, uint256 unit)
        private
        pure
        returns (uint256 traded, uint256 cost)
    {
        unchecked {
            uint256 tickSize = word.tickMantissa() * unit;
            uint256 fee = word.makerFee() * unit;
            bool buys = walk.side & 1 == 1; // from sellers
            uint256 to = walk.to;
            uint256 next;
            for (uint256 at = walk.from; at != to; at += 64) {
                (uint256 first, uint256 second) = Book.noteAt(at);
                if (first >= Book.NO_FILL) continue;
                uint256 gets = first >> 128;
                uint256 price = gets * uint24(first >> 64) * tickSize;
                traded += gets;
                cost += price;
                if (buys) gets = price - word.lots(gets) * fee;
                _put(makers, next++, second << 96 | gets);
            }
        }
    }

    /// @dev Makers that the ledger refused leave the book, or stop the order, in the next plan.
    function _except(uint256 selfTrade, Book.Walk memory walk, uint256 fills, bytes memory reason) private pure {
        (uint256 blocked, uint256 own) = _refused(reason);
        uint256[] memory known = walk.exceptions;
        uint256[] memory exceptions = new uint256[](known.length + fills);
        uint256 count;
        for (; count < known.length; ++count) {
            exceptions[count] = known[count];
        }
        Book.Step forOwn = selfTrade == uint256(SelfTrade.CANCEL_NEWEST)
            ? Book.Step.STOP
            : selfTrade == uint256(SelfTrade.CANCEL_OLDEST) ? Book.Step.EVICT_OWN : Book.Step.DECREMENT;
        uint256 fill;
        for (uint256 at = walk.from; at != walk.to; at += 64) {
            (uint256 first, uint256 second) = Book.noteAt(at);
            if (first >= Book.NO_FILL) continue;
            if ((blocked | own) >> fill & 1 == 1) {
                Book.Step step = blocked >> fill & 1 == 1 ? Book.Step.EVICT : forOwn;
                uint256 packed = uint256(step) << 160 | uint160(OrderWord.wrap(second).account());
                if (!_isAmong(exceptions, count, packed)) exceptions[count++] = packed;
            }
            ++fill;
        }
        assembly ("memory-safe") {
            mstore(exceptions, count)
        }
        walk.exceptions = exceptions;
    }

    function _isAmong(uint256[] memory list, uint256 count, uint256 wanted) private pure returns (bool) {
        for (uint256 i; i < count; ++i) {
            if (list[i] == wanted) return true;
        }
        return false;
    }

    /// @dev The ledger's `MakersRefused`; anything else is the caller's answer.
    function _refused(bytes memory reason) private pure returns (uint256 blocked, uint256 own) {
        if (bytes4(reason) != IInstrumentLedger.MakersRefused.selector) {
            assembly ("memory-safe") {
                revert(add(reason, 32), mload(reason))
            }
        }
        assembly ("memory-safe") {
            blocked := mload(add(reason, 36))
            own := mload(add(reason, 68))
        }
    }

    /// @dev In the order of the walk: a voucher and an event for each trade; what the other orders held is given back.
    function _tell(
        Market storage m,
        MarketWord word,
        TapeWord tape,
        Book.Walk memory walk,
        address taker,
        uint256 traded
    ) private {
        unchecked {
            tape = tape.onDay(_today());
            uint256 index = tape.count();
            uint256 orderOfDay = tape.orderOfDay();
            uint256 unit = word.unit();
            uint256 tickSize = word.tickMantissa() * unit;
            uint256[] memory leaves = _words((walk.to - walk.from) / 64 - walk.others);
            Voucher memory voucher = Voucher({
                kind: VoucherKind.TRADE,
                series: uint32(walk.side >> 8),
                index: 0,
                orderOfDay: 0,
                at: uint40(block.timestamp),
                instrument: word.instrument(),
                quantity: 0,
                price: 0,
                from: taker,
                to: taker,
                ref: 0
            });
            bool buys = walk.side & 1 == 1; // from sellers
            uint256 to = walk.to;
            uint256 next;
            uint256 tick;
            for (uint256 at = walk.from; at != to; at += 64) {
                (uint256 first, uint256 second) = Book.noteAt(at);
                if (first >= Book.NO_FILL) {
                    _leave(word, first, OrderWord.wrap(second));
                    continue;
                }
                address maker = OrderWord.wrap(second).account();
                if (buys) voucher.from = maker;
                else voucher.to = maker;
                tick = uint24(first >> 64);
                voucher.index = uint40(index + next);
                voucher.orderOfDay = uint32(orderOfDay + next + 1);
                voucher.price = tick * tickSize;
                voucher.quantity = first >> 128;
                voucher.ref = uint128(first);
                _put(leaves, next++, uint256(VoucherSeries.leafOf(voucher)));

                emit Trade(
                    OrderId.wrap(uint128(first)), maker, taker, uint48(first >> 128), voucher.index, voucher.orderOfDay
                );
            }
            if (next == 0) return;
            m.vouchers.appendAll(index, leaves);
            uint256 fee = word.lots(traded) * (tape.takerFee() + word.makerFee()) * unit;
            m.tape = tape.withTrades(next, tick, fee);
        }
    }

    /// @dev Memory for so many words, all of which are written before they are read.
    function _words(uint256 length) private pure returns (uint256[] memory words) {
        assembly ("memory-safe") {
            words := mload(0x40)
            mstore(0x40, add(words, shl(5, add(length, 1))))
            mstore(words, length)
        }
    }

    /// @dev `i` is below the length.
    function _put(uint256[] memory words, uint256 i, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(words, 32), shl(5, i)), word)
        }
    }

    /// @dev An order that left the book untraded, or shrank so, gets back what it held.
    function _leave(MarketWord word, uint256 note, OrderWord order) private {
        uint256 step = note >> 248;
        OrderId id = OrderId.wrap(uint128(note));
        uint48 quantity = uint48(note >> 128);
        if (step == uint256(Book.Step.DECREMENT)) {
            emit SelfTradePrevented(id, order.account(), quantity);
        } else {
            CloseReason reason = step == uint256(Book.Step.EVICT_OWN)
                ? CloseReason.SELF_TRADE
                : order.hasExpired() ? CloseReason.EXPIRED : CloseReason.NOT_ELIGIBLE;
            emit OrderClosed(id, order.account(), quantity, reason);
        }
        _giveBack(word, id, order.account(), quantity);
    }

    /* TAKING BACK */

    /// @inheritdoc IOrderBook
    function cancel(OrderId id) external {
        (Market storage m, MarketWord word) = _marketAt(id);
        (OrderWord order, uint256 open) = _remove(m, word, id, CloseReason.TAKEN_BACK);
        _giveBackTo(word, id, order.account(), open);
    }

    /// @inheritdoc IOrderBook
    function reduce(OrderId id, uint48 by) external {
        (Market storage m, MarketWord word) = _marketAt(id);
        (OrderWord order, uint256 open) = m.book.openOf(id);
        require(open != 0, Book.OrderNotOpen(id));
        uint256 lot = word.lot();
        require(by != 0 && by < open && by % lot == 0, BadReduction(by, open, lot));

        m.book.reduce(id, by);

        emit OrderReduced(id, order.account(), by);

        _giveBackTo(word, id, order.account(), by);
    }

    /// @inheritdoc IOrderBook
    function evict(OrderId id) external {
        (Market storage m, MarketWord word) = _marketAt(id);
        (OrderWord order, uint256 open) = _remove(m, word, id, CloseReason.EXPIRED);
        require(order.hasExpired(), NotExpired(id, order.expires()));
        _giveBack(word, id, order.account(), open);
    }

    /// @inheritdoc IOrderEscrow
    function cancelFor(address account, OrderId[] calldata orders) external onlyModule(address(LEDGER)) {
        for (uint256 i; i < orders.length; ++i) {
            (Market storage m, MarketWord word) = _marketAt(orders[i]);
            (OrderWord order, uint256 open) = m.book.openOf(orders[i]);
            if (open == 0 || order.account() != account) continue;
            _remove(m, word, orders[i], CloseReason.AUTHORITY);
            _giveBack(word, orders[i], account, open);
        }
    }

    function _marketAt(OrderId id) private view returns (Market storage m, MarketWord word) {
        m = _s().markets[id.market()];
        word = m.word;
        require(word.state() != uint256(MarketState.NONE), UnknownMarket(id.market()));
    }

    function _remove(Market storage m, MarketWord word, OrderId id, CloseReason reason)
        private
        returns (OrderWord order, uint256 open)
    {
        (order, open) = m.book.remove(id, _isBid(id) ? word.bestBid() : word.bestAsk());

        emit OrderClosed(id, order.account(), uint48(open), reason);
    }

    function _giveBack(MarketWord word, OrderId id, address account, uint256 quantity) private {
        (uint256 instrument, uint256 held) = _escrow(word, _isBid(id), id.tick(), quantity);
        LEDGER.releaseEscrow(account, instrument, held);
    }

    /// @dev At the request of the caller, who must act for the account.
    function _giveBackTo(MarketWord word, OrderId id, address account, uint256 quantity) private {
        (uint256 instrument, uint256 held) = _escrow(word, _isBid(id), id.tick(), quantity);
        LEDGER.releaseEscrowTo(msg.sender, instrument, held, account);
    }

    function _isBid(OrderId id) private pure returns (bool) {
        return uint8(OrderId.unwrap(id) >> 96) == uint8(Side.BUY);
    }

    /* AMOUNTS: below 2^172, as quantities are below 2^48, ticks below 2^24, their size below 2^84 */

    /// @dev What a resting order holds: the units, or their price and the maker's fee.
    function _escrow(MarketWord word, bool buys, uint256 tick, uint256 quantity)
        private
        view
        returns (uint256 instrument, uint256 held)
    {
        if (!buys) return (word.instrument(), quantity);
        unchecked {
            uint256 fee = word.lots(quantity) * word.makerFee();
            return (MAIN_MONEY, (quantity * tick * word.tickMantissa() + fee) * word.unit());
        }
    }

    function _fitting(uint256 amount) private pure returns (uint256) {
        require(amount <= type(uint96).max, AmountTooLarge(amount));
        return amount;
    }

    /* VIEWS */

    /// @inheritdoc IOrderBook
    function marketCount() external view returns (uint24) {
        return _s().count;
    }

    /// @inheritdoc IOrderBook
    function marketOf(uint24 market) external view returns (MarketView memory view_) {
        Market storage m = _market(market);
        MarketWord word = m.word;
        TapeWord tape = m.tape;
        view_.terms = termsOf(word, tape);
        view_.state = MarketState(word.state());
        view_.bestBid = uint24(_best(m, word, true));
        view_.bestAsk = uint24(_best(m, word, false));
        view_.last = uint24(tape.last());
        view_.feesAccrued = uint96(tape.fees());
        view_.trades = uint40(tape.count());
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
        uint256 tick = _best(m, m.word, side == Side.BUY);
        uint256 count;
        for (; count < most && tick != 0; ++count) {
            ticks[count] = uint24(tick);
            tonnes[count] = uint48(m.book.levelOf(side, tick).total());
            tick = m.book.nextWorse(side, tick);
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
        return OrderView({ account: order.account(), open: uint48(open), expires: uint40(order.expires()) });
    }

    /* VOUCHERS */

    /// @inheritdoc IVoucherIssuer
    function voucherCount(uint32 series) public view returns (uint40) {
        return uint40(_market(_marketOfSeries(series)).tape.count());
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
        return uint24(series);
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
