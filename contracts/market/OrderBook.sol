// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ERC1967Utils } from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import { Address } from "@openzeppelin/contracts/utils/Address.sol";

import { IERC7943MultiToken } from "../instruments/IERC7943.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IOrderEscrow } from "../instruments/IOrderEscrow.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { OrderId, Side } from "../types/OrderId.sol";
import { VoucherKind } from "../types/Vouchers.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Book, COUNTED_ORDER, LevelWord, OrderWord } from "./Book.sol";
import { BookStorage } from "./BookStorage.sol";
import { IMarketOperations } from "./IMarketOperations.sol";
import { IOrderBook } from "./IOrderBook.sol";
import { LedgerCalls } from "./LedgerCalls.sol";
import { Intent, MarketWord, Outcome, TapeWord, intentOf, restedAs } from "./MarketWords.sol";

/// @title The order book: placing, matching, taking back. Its manual is `IOrderBook`; matching is `Book`; the words are drawn
///        in `MarketWords.sol`.
/// @dev What is not done with every order is the other half's, `MarketOperations`: whatever this contract has no function for
///      is delegated to it. So the two are one contract for whoever calls, and the code that each order runs through stays small.
///
///      No guard against reentrance: the one contract that is called is the ledger, which calls nobody while it holds,
///      settles or releases (accounts have no code and no receiver hook runs). The one call that it makes by itself,
///      `cancelFor`, comes before anything of the act that asks for it has been written. Turning asks the market rules, before
///      anything has been written, by a call that can write nothing.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable delegatecall
contract OrderBook is IOrderBook, IOrderEscrow, IVoucherIssuer, BookStorage {
    using Address for address;
    using Book for Book.State;
    using LedgerCalls for IInstrumentLedger;
    using VoucherSeries for VoucherSeries.Peaks;

    uint256 private constant _MOST_MAKERS = 255;
    uint256 private constant _MOST_AT_ONCE = 64;

    /// @dev What orders held that a call has taken back, until it pays for others or goes back to their account. In memory only.
    struct Purse {
        address account;
        uint256 money; // main money
        uint256 instrument; // of the units
        uint256 units;
    }

    address private immutable OPERATIONS;

    /// @param operations The other half: `MarketOperations`, made for the same ledger and money.
    /// @dev Neither is asked again whether it has code: a call to an address without any succeeds.
    constructor(IInstrumentLedger ledger, InstrumentId mainMoney, address operations) BookStorage(ledger, mainMoney) {
        require(address(ledger).code.length != 0, ERC1967Utils.ERC1967InvalidImplementation(address(ledger)));
        require(operations.code.length != 0, ERC1967Utils.ERC1967InvalidImplementation(operations));
        OPERATIONS = operations;
    }

    /// @notice Nothing to configure; closes the initializer.
    function initialize() external reinitializer(2) { }

    /* THE OTHER HALF */

    /// @dev `msg.sender`, `msg.sig` and the storage are the same there: what is `restricted` there is so for this contract's
    ///      address, and only the two halves' own code ever runs on the storage.
    fallback() external {
        address operations = OPERATIONS;
        assembly ("memory-safe") {
            let at := mload(0x40)
            calldatacopy(at, 0, calldatasize())
            let done := delegatecall(gas(), operations, at, calldatasize(), 0, 0)
            returndatacopy(at, 0, returndatasize())
            if iszero(done) { revert(at, returndatasize()) }
            return(at, returndatasize())
        }
    }

    /// @dev Turns the market, which is there.
    function _turn(uint24 market) private {
        // slither-disable-next-line unused-return
        OPERATIONS.functionDelegateCall(abi.encodeCall(IMarketOperations.turn, (market))); // it returns nothing
    }

    /// @inheritdoc IOrderEscrow
    function haltMarkets(uint256 instrument) external onlyModule(address(LEDGER)) {
        uint24[] storage markets = _s().marketsOf[instrument];
        for (uint256 i; i < markets.length; ++i) {
            Market storage m = _market(markets[i]);
            m.word = m.word.withState(MarketState.HALTED, 0);
            emit MarketStateChanged(markets[i], MarketState.HALTED, 0);
        }
    }

    /* PLACING */

    /// @inheritdoc IOrderBook
    function place(Order calldata order) external returns (Placed memory) {
        Purse[] memory none;
        _answer(_place(intentOf(order), none));
    }

    /// @dev Ends the call with a `Placed`.
    function _answer(Outcome outcome) private pure {
        uint256 id = outcome.id();
        uint256 filled = outcome.filled();
        uint256 rested = outcome.rested();
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, id)
            mstore(add(at, 0x20), filled)
            mstore(add(at, 0x40), rested)
            return(at, 0x60)
        }
    }

    function _place(Intent intent, Purse[] memory purse) private returns (Outcome) {
        Market storage m = _s().markets[uint24(intent.market())];
        MarketWord word = m.word;
        bool collects;
        if (!word.isOpenNow()) (word, collects) = _turned(m, uint24(intent.market()));
        _requirePlaceable(intent, word);
        if (collects) return _collect(m, word, intent, purse);

        // Unchecked: an ask of 0, none, becomes the largest number.
        unchecked {
            if (intent.buys()) {
                if (word.bestAsk() - 1 < intent.tick()) return _meet(m, word, intent, purse);
            } else {
                if (word.bestBid() >= intent.tick()) return _meet(m, word, intent, purse);
            }
        }
        return _rest(m, word, intent, purse);
    }

    /// @dev The market after its turn, if that was due. Reverts unless it takes orders: to trade, or to collect them.
    function _turned(Market storage m, uint24 market) private returns (MarketWord word, bool collects) {
        word = _turnedIfEnded(m, market);
        uint256 state = word.state();
        collects = state == uint256(MarketState.CALL) || state == uint256(MarketState.LOCKED);
        if (collects || state == uint256(MarketState.OPEN)) return (word, collects);
        if (state == uint256(MarketState.UNCROSSING)) revert AuctionPending(market);
        _requireInstrumentOpen(word.instrument());
        revert MarketNotOpen(market, uint8(state));
    }

    function _turnedIfEnded(Market storage m, uint24 market) private returns (MarketWord word) {
        word = m.word;
        require(word.state() != uint256(MarketState.NONE), UnknownMarket(market));
        if (!word.hasEnded()) return word;
        _turn(market);
        return m.word;
    }

    /// @dev Differences are unchecked: below the lower bound they become the largest numbers.
    function _requirePlaceable(Intent i, MarketWord word) private view {
        unchecked {
            uint256 lowest = word.lowest();
            if (i.tick() - lowest > word.highest() - lowest) {
                revert PriceOutsideBand(uint24(i.tick()), uint24(lowest), uint24(word.highest()));
            }
            uint256 quantity = i.quantity();
            uint256 lots = word.lots(quantity);
            if (quantity < word.least() || lots * word.lot() != quantity) {
                revert BadOrderQuantity(quantity, word.lot(), word.least());
            }
            // 0, no limit, becomes the largest number.
            if (lots - 1 > word.mostLots() - 1) revert OrderTooLarge(quantity, word.mostLots() * word.lot());
            if (i.expires() != 0) _requireMayExpire(i);
            if (i.most() - 1 >= _MOST_MAKERS) revert BadMakerLimit(uint16(i.most()));
            // 0, any time, becomes the largest number.
            if (i.latest() - 1 < block.timestamp - 1) revert TooLate(uint40(i.latest()), block.timestamp);
        }
    }

    function _requireMayExpire(Intent i) private view {
        bool rests = i.rule() == uint256(TimeInForce.GTC) || i.rule() == uint256(TimeInForce.POST_ONLY);
        require(rests && i.expires() > block.timestamp, BadExpiry(uint40(i.expires()), block.timestamp));
    }

    /// @dev For a call auction.
    function _collect(Market storage m, MarketWord word, Intent intent, Purse[] memory purse)
        private
        returns (Outcome)
    {
        uint256 rule = intent.rule();
        bool rests = rule == uint256(TimeInForce.GTC) || rule == uint256(TimeInForce.POST_ONLY);
        require(rests, OrderMustRest(uint24(intent.market()), TimeInForce(rule)));
        return _rest(m, word, intent, purse);
    }

    /// @dev Prices do not meet.
    function _rest(Market storage m, MarketWord word, Intent intent, Purse[] memory purse)
        private
        returns (Outcome outcome)
    {
        uint256 quantity = intent.quantity();
        uint256 rule = intent.rule();
        if (rule == uint256(TimeInForce.IOC)) {
            _trader(); // who asks is checked even where nothing comes of it
            return outcome;
        }
        if (rule == uint256(TimeInForce.FOK)) revert NotFillable(0, quantity);

        (uint256 instrument, uint256 held) = _escrow(word, intent.buys(), intent.tick(), quantity);
        address account = purse.length == 0
            ? LEDGER.escrow(instrument, _fitting(held))
            : _holdFrom(purse[0], instrument, _fitting(held));
        MarketWord after_;
        (outcome, after_) = _enqueue(m, word, intent, account, quantity);
        if (MarketWord.unwrap(after_) != MarketWord.unwrap(word)) m.word = after_;
    }

    function _enqueue(Market storage m, MarketWord word, Intent intent, address account, uint256 quantity)
        private
        returns (Outcome, MarketWord)
    {
        bool buys = intent.buys();
        uint256 tick = intent.tick();
        uint256 best = buys ? word.bestBid() : word.bestAsk();
        uint256 expires = intent.expires();
        if (word.counts()) expires |= _count(m, account);
        (OrderId id, bool better) =
            m.book.rest(intent.market() << 8 | (buys ? 0 : 1), tick, best, account, quantity, expires);

        _tellOrder(OrderPlaced.selector, id, account, quantity, intent.expires());
        return (restedAs(id, quantity), better ? word.withBest(buys, tick) : word);
    }

    /// @dev One more open order of the account.
    function _count(Market storage m, address account) private returns (uint256 mark) {
        uint256 open = m.openOrders[account];
        uint256 most = m.day.mostOpen;
        require(most == 0 || open < most, TooManyOpenOrders(account, open));
        m.openOrders[account] = open + 1;
        return COUNTED_ORDER;
    }

    /* MATCHING */

    /// @dev Prices meet, unless the best level is empty.
    function _meet(Market storage m, MarketWord word, Intent intent, Purse[] memory purse)
        private
        returns (Outcome outcome)
    {
        bool buys = intent.buys();
        uint256 best = buys ? word.bestAsk() : word.bestBid();
        if (intent.rule() == uint256(TimeInForce.POST_ONLY) || word.isChoice()) {
            return _restUncrossed(m, word, intent, purse);
        }

        if (purse.length != 0) _empty(purse[0]); // what is traded is paid from the account
        TapeWord tape = m.tape;
        Book.Walk memory walk;
        walk.side = intent.market() << 8 | (buys ? 1 : 0);
        walk.best = best;
        walk.limit = intent.tick();
        walk.quantity = intent.quantity();
        walk.most = intent.most();
        if (tape.dynamicPermille() == 0) m.book.plan(walk);
        else _planWithin(m, tape, walk);
        (address account, uint256 traded, uint256 cost, uint256 resting) = _settle(m, word, tape, intent, walk);

        m.book.commit(walk);
        if (walk.to != walk.from) {
            _tell(m, word, tape, walk, account, traded, cost);
        }
        MarketWord after_ = walk.end == best ? word : word.withBest(!buys, walk.end);
        if (walk.limit != intent.tick() && _meetsBeyond(walk, intent.tick())) after_ = _interrupt(m, after_, walk);
        if (resting != 0) (outcome, after_) = _enqueue(m, after_, intent, account, resting);
        if (MarketWord.unwrap(after_) != MarketWord.unwrap(word)) m.word = after_;
        return outcome.withFilled(traded);
    }

    /// @dev Where nothing may be taken: the order rests, or is refused when it would trade.
    function _restUncrossed(Market storage m, MarketWord word, Intent intent, Purse[] memory purse)
        private
        returns (Outcome)
    {
        bool buys = intent.buys();
        uint256 tick = intent.tick();
        uint256 best = _best(m, word, !buys);
        bool meets = best != 0 && (buys ? best <= tick : best >= tick);
        require(!meets, WouldTrade(uint24(tick), uint24(best)));
        return _rest(m, word, intent, purse);
    }

    /* THE DYNAMIC BAND */

    /// @dev Plans a walk that goes no further from the latest trade than the market lets prices move at once.
    function _planWithin(Market storage m, TapeWord tape, Book.Walk memory walk) private view {
        unchecked {
            uint256 from = tape.last();
            if (from == 0) from = m.day.close;
            uint256 share = tape.dynamicPermille();
            Side side;
            if (walk.side & 1 == 1) {
                uint256 bound = from * (1000 + share) / 1000;
                if (from != 0 && bound < walk.limit) walk.limit = bound;
                if (walk.best <= walk.limit) return m.book.plan(walk);
                side = Side.SELL;
            } else {
                uint256 bound = (from * (1000 - share) + 999) / 1000; // 0 where nothing has traded
                if (bound > walk.limit) walk.limit = bound;
                if (walk.best >= walk.limit) return m.book.plan(walk);
            }
            walk.left = walk.quantity;
            walk.end = m.book.bestOf(side, walk.best);
        }
    }

    /// @dev Whether the walk ended for no other reason than the dynamic band, before orders within the limit `tick`.
    function _meetsBeyond(Book.Walk memory walk, uint256 tick) private pure returns (bool) {
        if (walk.left == 0 || walk.stopped || walk.end == 0) return false;
        return walk.side & 1 == 1 ? walk.end <= tick : walk.end >= tick;
    }

    /// @dev Trading stops, and orders are collected for a call auction, at the longest until the phase would have ended.
    function _interrupt(Market storage m, MarketWord word, Book.Walk memory walk) private returns (MarketWord) {
        uint256 until = (block.timestamp + 59) / 60 * 60 + uint256(m.conduct.interruptionMinutes) * 60;
        if (until > word.until()) until = word.until();
        uint24 market = uint24(walk.side >> 8);

        emit Interrupted(market, uint24(walk.end), uint40(until));
        emit MarketStateChanged(market, MarketState.CALL, uint40(until));

        return word.withState(MarketState.CALL, until);
    }

    /// @dev The makers that were filled or thrown out have one open order less; the last may have been filled in part.
    function _discountFilled(Market storage m, Book.Walk memory walk) private {
        LevelWord end = walk.endWord;
        for (uint256 at = walk.from; at != walk.to; at += 64) {
            (uint256 first, uint256 second) = Book.noteAt(at);
            bool stays = end.total() != 0 && uint24(first >> 64) == walk.end && uint32(first) == end.head();
            if (!stays) _discount(m, OrderWord.wrap(second));
        }
    }

    /* SETTLING */

    /// @dev Settles the plan, and plans again until the ledger refuses no maker; then all has moved, and the book has not
    ///      changed yet.
    function _settle(Market storage m, MarketWord word, TapeWord tape, Intent intent, Book.Walk memory walk)
        private
        returns (address account, uint256 traded, uint256 cost, uint256 resting)
    {
        unchecked {
            while (true) {
                uint256[] memory makers = LedgerCalls.makersFor((walk.to - walk.from) / 64 - walk.others);
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
                    else (given, held) = _escrow(word, intent.buys(), intent.tick(), resting);
                }
                if (traded == 0) return (_hold(given, held), 0, 0, resting);
                uint256 fee = word.lots(traded) * tape.takerFee() * unit;
                (uint256 debit, uint256 credit) = intent.buys() ? (cost + fee, traded) : (traded, cost - fee);
                uint256 blocked;
                uint256 own;
                (account, blocked, own) = LEDGER.settle(
                    makers, _fitting(held + debit) << 96 | _fitting(credit), _termsOf(word, tape, intent)
                );
                if (account != address(0)) return (account, traded, cost, resting);
                _except(intent.selfTrade(), walk, makers.length, blocked, own);
                m.book.again(walk);
            }
        }
    }

    /// @dev As `IInstrumentLedger.settle` has them.
    function _termsOf(MarketWord word, TapeWord tape, Intent intent) private pure returns (uint256) {
        return word.instrument() | (intent.buys() ? 1 << 82 : 0)
            | (intent.selfTrade() == uint256(SelfTrade.ALLOW) ? 1 << 83 : 0) | tape.mostHeld() << 84;
    }

    /// @dev Nothing trades.
    /// @return account 0 where nothing rests either.
    function _hold(uint256 instrument, uint256 held) private returns (address account) {
        if (held != 0) return LEDGER.escrow(instrument, _fitting(held));
        _trader();
    }

    /// @dev The account that the caller trades for, which may trade now.
    function _trader() private view returns (address) {
        return IEligibility(address(LEDGER)).actingFor(msg.sender, Rights.TRADE, Restrictions.NO_DEAL);
    }

    /// @dev What each maker gets, and the sums.
    function _price(MarketWord word, Book.Walk memory walk, uint256[] memory makers, uint256 unit)
        private
        pure
        returns (uint256 traded, uint256 cost)
    {
        unchecked {
            uint256 tickSize = word.tickMantissa() * unit;
            walk.tickSize = tickSize;
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
                next += 32;
                assembly ("memory-safe") {
                    mstore(add(makers, next), or(shl(96, second), gets))
                }
            }
        }
    }

    /// @dev Makers that the ledger refused leave the book, or stop the order, in the next plan.
    function _except(uint256 selfTrade, Book.Walk memory walk, uint256 fills, uint256 blocked, uint256 own)
        private
        pure
    {
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
                if (step == Book.Step.STOP) break; // what comes after it is not met
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

    /// @dev In the order of the walk: a voucher and an event for each trade; what the other orders held is given back.
    function _tell(
        Market storage m,
        MarketWord word,
        TapeWord tape,
        Book.Walk memory walk,
        address taker,
        uint256 traded,
        uint256 cost
    ) private {
        unchecked {
            if (word.counts()) _discountFilled(m, walk); // while there are notes
            uint256 index = tape.count();
            uint256 orderOfDay = tape.orderOfDay();
            uint256 tickSize = walk.tickSize;
            uint256 template =
                VoucherSeries.templateFor(uint256(VoucherKind.TRADE), walk.side >> 8, word.instrument(), taker);
            uint256 party = walk.side & 1 == 1 ? VoucherSeries.SELLER : VoucherSeries.BUYER;
            uint256 to = walk.to;
            uint256 next;
            uint256 tick;
            for (uint256 at = walk.from; at != to; at += 64) {
                (uint256 first, uint256 second) = Book.noteAt(at);
                if (first >= Book.NO_FILL) {
                    _leave(word, first, OrderWord.wrap(second));
                    continue;
                }
                tick = uint24(first >> 64);
                uint256 leaf = VoucherSeries.leafOf(
                    template,
                    party,
                    OrderWord.wrap(second).account(),
                    index + next,
                    orderOfDay + next + 1,
                    first >> 128,
                    tick * tickSize,
                    uint128(first)
                );
                _tellTrade(
                    uint128(first),
                    OrderWord.wrap(second).account(),
                    taker,
                    first >> 128,
                    index + next,
                    orderOfDay + next + 1
                );
                // The leaf takes the place of a note that has been read.
                _put(walk.from, ++next, leaf);
            }
            if (next == 0) return;
            m.vouchers.appendAll(index, _asWords(walk.from, next));
            m.tape = tape.withTrades(next, tick, word.lots(traded), word.lots(cost / tickSize));
        }
    }

    /// @dev Emits `Trade`. No word has bits above its type: each was cut out of a word, or counted.
    function _tellTrade(
        uint256 maker,
        address makerAccount,
        address taker,
        uint256 quantity,
        uint256 voucher,
        uint256 orderOfDay
    ) private {
        bytes32 topic = Trade.selector;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, quantity)
            mstore(add(at, 0x20), voucher)
            mstore(add(at, 0x40), orderOfDay)
            log4(at, 0x60, topic, maker, makerAccount, taker)
        }
    }

    /// @dev Emits an event of an order that has two words of data.
    function _tellOrder(bytes32 topic, OrderId id, address account, uint256 one, uint256 other) private {
        assembly ("memory-safe") {
            mstore(0x00, one)
            mstore(0x20, other)
            log3(0x00, 0x40, topic, id, account)
        }
    }

    /// @dev The words after the one at `from`, as an array.
    function _asWords(uint256 from, uint256 length) private pure returns (uint256[] memory words) {
        assembly ("memory-safe") {
            mstore(from, length)
            words := from
        }
    }

    function _put(uint256 from, uint256 i, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(from, shl(5, i)), word)
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
        (Market storage m, MarketWord word) = _takingBack(id);
        (OrderWord order, uint256 open) = _remove(m, word, id, CloseReason.TAKEN_BACK);
        _giveBackTo(word, id, order.account(), open);
    }

    /// @inheritdoc IOrderBook
    function reduce(OrderId id, uint48 by) external {
        (Market storage m, MarketWord word) = _takingBack(id);
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

    /* SEVERAL AT ONCE */

    /// @inheritdoc IOrderBook
    // `_answer` ends the call, as it is meant to.
    // slither-disable-next-line incorrect-return
    function replace(OrderId id, Order calldata order) external returns (Placed memory) {
        Intent intent = intentOf(order);
        require(intent.market() == id.market() && intent.buys() == _isBid(id), OtherQueue(id));
        (Market storage m, MarketWord word) = _takingBack(id);
        (OrderWord known, uint256 open) = m.book.openOf(id);
        require(open != 0, Book.OrderNotOpen(id));
        address account = known.account();
        require(_trader() == account, IInstrumentLedger.NotTheAccount(msg.sender, account));
        if (_keepsPlace(intent, id, known, open)) _answer(_amend(m, intent, id, known, open - intent.quantity()));

        Purse[] memory purse = _purseOf(account);
        _takeInto(purse[0], m, word, id);
        _yieldFrozen(purse[0]);
        Outcome outcome = _place(intent, purse);
        _empty(purse[0]);
        _answer(outcome);
    }

    /// @inheritdoc IOrderBook
    function cancelMany(OrderId[] calldata ids) external returns (bool[] memory taken) {
        require(ids.length <= _MOST_AT_ONCE, TooManyAtOnce(ids.length, _MOST_AT_ONCE));
        // Whether the key may is checked with what comes back: every order held something.
        Purse[] memory purse = _purseOf(IEligibility(address(LEDGER)).representationOf(msg.sender).account);

        taken = new bool[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            Market storage m = _s().markets[ids[i].market()];
            if (_takesBack(m, ids[i].market())) taken[i] = _takeInto(purse[0], m, m.word, ids[i]);
        }
        _empty(purse[0]);
    }

    /// @inheritdoc IOrderBook
    function batch(OrderId[] calldata ids, Order[] calldata orders)
        external
        returns (bool[] memory taken, Placed[] memory placed)
    {
        uint256 count = ids.length + orders.length;
        require(count <= _MOST_AT_ONCE, TooManyAtOnce(count, _MOST_AT_ONCE));
        Purse[] memory purse = _purseOf(_trader());

        taken = new bool[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            (Market storage m, MarketWord word) = _takingBack(ids[i]);
            taken[i] = _takeInto(purse[0], m, word, ids[i]);
        }
        _yieldFrozen(purse[0]);
        placed = new Placed[](orders.length);
        for (uint256 i; i < orders.length; ++i) {
            Outcome outcome = _place(intentOf(orders[i]), purse);
            placed[i] = Placed(OrderId.wrap(outcome.id()), uint48(outcome.filled()), uint48(outcome.rested()));
        }
        _empty(purse[0]);
    }

    /// @dev Whether the order that replaces another stays in its place.
    function _keepsPlace(Intent intent, OrderId id, OrderWord order, uint256 open) private view returns (bool) {
        bool rests = intent.rule() == uint256(TimeInForce.GTC) || intent.rule() == uint256(TimeInForce.POST_ONLY);
        return rests && intent.tick() == id.tick() && intent.quantity() <= open && !order.hasExpired();
    }

    function _amend(Market storage m, Intent intent, OrderId id, OrderWord order, uint256 by)
        private
        returns (Outcome)
    {
        MarketWord word = m.word;
        if (!word.isOpenNow()) (word,) = _turned(m, id.market());
        _requirePlaceable(intent, word);

        m.book.amend(id, by, intent.expires());

        address account = order.account();
        if (by != 0) emit OrderReduced(id, account, uint48(by));
        if (uint40(intent.expires()) != uint40(order.expires())) {
            emit ExpiryChanged(id, account, uint40(intent.expires()));
        }

        if (by != 0) _giveBackTo(word, id, account, by);
        return restedAs(id, intent.quantity());
    }

    /// @dev A purse of the account, as a list of one: so that a function that needs none is given an empty list.
    function _purseOf(address account) private pure returns (Purse[] memory purse) {
        purse = new Purse[](1);
        purse[0].account = account;
    }

    /// @dev Take an open order of the purse's account back, and keep what it held. Any other is passed over.
    function _takeInto(Purse memory purse, Market storage m, MarketWord word, OrderId id) private returns (bool) {
        (OrderWord order, uint256 open) = m.book.openOf(id);
        if (open == 0 || order.account() != purse.account) return false;

        _remove(m, word, id, CloseReason.TAKEN_BACK);
        (uint256 instrument, uint256 held) = _escrow(word, _isBid(id), id.tick(), open);
        _keep(purse, instrument, held);
        return true;
    }

    /// @dev Units of one instrument at a time: those of another go back first.
    function _keep(Purse memory purse, uint256 instrument, uint256 held) private {
        if (instrument == MAIN_MONEY) {
            purse.money += held;
            return;
        }
        if (purse.instrument != instrument) {
            if (purse.units != 0) LEDGER.giveBack(purse.instrument, purse.units, purse.account);
            (purse.instrument, purse.units) = (instrument, 0);
        }
        purse.units += held;
    }

    /// @dev Who has something frozen pays for new orders from what is free: an order that is taken back is nobody's way around
    ///      a freeze.
    function _yieldFrozen(Purse memory purse) private {
        if (purse.money != 0 && _hasFrozen(purse.account, MAIN_MONEY)) {
            LEDGER.giveBack(MAIN_MONEY, purse.money, purse.account);
            purse.money = 0;
        }
        if (purse.units != 0 && _hasFrozen(purse.account, purse.instrument)) {
            LEDGER.giveBack(purse.instrument, purse.units, purse.account);
            purse.units = 0;
        }
    }

    function _hasFrozen(address account, uint256 instrument) private view returns (bool) {
        return IERC7943MultiToken(address(LEDGER)).getFrozenTokens(account, instrument) != 0;
    }

    /// @dev What a new order of the purse's account holds: from the purse, and what it lacks from the account.
    function _holdFrom(Purse memory purse, uint256 instrument, uint256 held) private returns (address account) {
        account = purse.account;
        bool inMoney = instrument == MAIN_MONEY;
        uint256 kept = inMoney ? purse.money : instrument == purse.instrument ? purse.units : 0;
        uint256 used = kept < held ? kept : held;
        if (inMoney) purse.money -= used;
        else if (used != 0) purse.units -= used;
        // The account is the purse's, of the same key.
        // slither-disable-next-line unused-return
        if (used != held) LEDGER.escrow(instrument, held - used);
    }

    /// @dev Give back what the purse has still. The ledger checks again that the caller acts for the account.
    function _empty(Purse memory purse) private {
        if (purse.money != 0) LEDGER.giveBack(MAIN_MONEY, purse.money, purse.account);
        if (purse.units != 0) LEDGER.giveBack(purse.instrument, purse.units, purse.account);
        (purse.money, purse.units) = (0, 0);
    }

    /* WHERE ORDERS MAY BE TAKEN BACK */

    /// @dev The order's market, where participants may take back now.
    function _takingBack(OrderId id) private returns (Market storage m, MarketWord word) {
        m = _s().markets[id.market()];
        word = m.word;
        if (!word.isOpenNow()) word = _requireMayTakeBack(m, id.market());
    }

    /// @dev A market that nobody turned may be further by the calendar than its word says.
    function _requireMayTakeBack(Market storage m, uint24 market) private returns (MarketWord word) {
        word = _turnedIfEnded(m, market);
        uint256 state = word.state();
        require(state != uint256(MarketState.UNCROSSING), AuctionPending(market));
        require(state != uint256(MarketState.LOCKED), OrdersLocked(market, uint40(word.until())));
    }

    /// @dev As `_takingBack`, where that the market is none, or does not let it, is no reason to leave the others.
    function _takesBack(Market storage m, uint24 market) private returns (bool) {
        if (m.word.isOpenNow()) return true;
        if (m.word.state() == uint256(MarketState.NONE)) return false;
        uint256 state = _turnedIfEnded(m, market).state();
        return state != uint256(MarketState.UNCROSSING) && state != uint256(MarketState.LOCKED);
    }

    /// @dev The order's market, where orders may leave the book: while an auction is executed only by that.
    function _marketAt(OrderId id) private view returns (Market storage m, MarketWord word) {
        m = _market(id.market());
        word = m.word;
        require(word.state() != uint256(MarketState.UNCROSSING), AuctionPending(id.market()));
    }

    function _remove(Market storage m, MarketWord word, OrderId id, CloseReason reason)
        private
        returns (OrderWord order, uint256 open)
    {
        (order, open) = m.book.remove(id, _isBid(id) ? word.bestBid() : word.bestAsk());
        _discount(m, order);

        _tellOrder(OrderClosed.selector, id, order.account(), open, uint256(reason));
    }

    /// @dev At the request of the caller, who must act for the account.
    function _giveBackTo(MarketWord word, OrderId id, address account, uint256 quantity) private {
        (uint256 instrument, uint256 held) = _escrow(word, _isBid(id), id.tick(), quantity);
        LEDGER.giveBack(instrument, held, account);
    }

    function _fitting(uint256 amount) private pure returns (uint256) {
        require(amount <= type(uint96).max, AmountTooLarge(amount));
        return amount;
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
}
