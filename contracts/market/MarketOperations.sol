// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";

import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { OrderId, Side } from "../types/OrderId.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Book, LevelWord, OrderWord } from "./Book.sol";
import { BookStorage } from "./BookStorage.sol";
import { CallAuction } from "./CallAuction.sol";
import { ICallAuctions } from "./ICallAuctions.sol";
import { IMarketOperations } from "./IMarketOperations.sol";
import { IMarketRules } from "./IMarketRules.sol";
import { IMarketStop } from "./IMarketStop.sol";
import { IOrderBook } from "./IOrderBook.sol";
import { CHOICE, COUNTED, MOST_TICK, MarketWord, TapeWord, compacted, configured, termsOf } from "./MarketWords.sol";

/// @title The order book's other half. Its manual is `IMarketOperations`.
/// @dev Runs by the book's delegatecall: `address(this)` is the book, its storage the book's, and who called the book is who
///      calls. Called by its own address it does no harm: its own storage has no market and no authority, and nobody trusts
///      its address with anything. It delegates two functions further, after it has asked the clock: to `MarketAuctions`, whose
///      address is immutable in its code. No function sends value.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable delegatecall
contract MarketOperations is IMarketOperations, IMarketStop, ICallAuctions, BookStorage {
    using Address for address;
    using Book for Book.State;
    using CallAuction for Book.State;

    uint256 private constant _MOST_MINUTES = 1440;
    uint16 private constant _INTERRUPTION_MINUTES = 5; // until the conduct says otherwise
    uint256 private constant _WHOLE = 10_000; // basis points

    IMarketRules private immutable RULES;
    int256 private immutable DAY_OFFSET;
    address private immutable AUCTIONS;

    /// @param dayOffset Seconds that the scheme's civil day begins before UTC's.
    /// @param auctions `MarketAuctions`, made for the same ledger and money.
    constructor(
        IInstrumentLedger ledger,
        InstrumentId mainMoney,
        int256 dayOffset,
        IMarketRules rules,
        address auctions
    ) BookStorage(ledger, mainMoney) {
        RULES = rules;
        DAY_OFFSET = dayOffset;
        AUCTIONS = auctions;
    }

    /* MARKETS */

    /// @inheritdoc IMarketOperations
    function openMarket(IOrderBook.MarketTerms calldata terms) external restricted returns (uint24 market) {
        _requireTerms(terms);
        Storage storage $ = _s();

        market = ++$.count;
        Market storage m = $.markets[market];
        uint256 id = InstrumentId.unwrap(terms.instrument);
        IInstrumentLedger.Instrument memory known = LEDGER.instrumentOf(id);
        // Orders do not ask again: closing halts the markets that there are.
        require(
            known.state == IInstrumentLedger.InstrumentState.OPEN,
            IInstrumentLedger.InstrumentNotOpen(id, known.validUntil)
        );
        TapeWord tape;
        (m.word, tape) = configured(terms);
        m.tape = tape.onDay(_today());
        m.conduct.interruptionMinutes = _INTERRUPTION_MINUTES;
        $.marketsOf[id].push(market);

        emit IOrderBook.MarketOpened(market, terms.instrument, terms);

        _turn(market, m);
    }

    /// @inheritdoc IMarketOperations
    function setMarketState(uint24 market, IOrderBook.MarketState state) external restricted {
        Market storage m = _market(market);
        MarketWord word = m.word;
        if (state == IOrderBook.MarketState.HALTED) return _set(market, m, word, state, 0);
        require(state == IOrderBook.MarketState.OPEN, OnlyHaltOrResume(uint8(state)));
        bool halted = word.state() == uint256(IOrderBook.MarketState.HALTED);
        require(halted, MarketNotHalted(market, uint8(word.state())));
        _requireInstrumentOpen(word.instrument());

        (IOrderBook.MarketState next, uint256 until) = RULES.phaseAt(market, uint40(block.timestamp));
        uint256 minutes_ = m.conduct.resumptionMinutes;
        if (next == IOrderBook.MarketState.OPEN && minutes_ != 0) {
            next = IOrderBook.MarketState.CALL;
            uint256 end = (block.timestamp + 59) / 60 * 60 + minutes_ * 60;
            if (end < until) until = end;
        }
        _begin(market, m, next, until);
    }

    /// @inheritdoc IMarketOperations
    function setBand(uint24 market, uint24 lowest, uint24 highest) external restricted {
        Market storage m = _market(market);
        require(lowest != 0 && lowest <= highest && highest <= MOST_TICK, IOrderBook.BadTerms(7));

        m.word = m.word.withBand(lowest, highest);

        emit IOrderBook.BandChanged(market, lowest, highest);
    }

    /// @inheritdoc IMarketOperations
    function setLimits(uint24 market, IOrderBook.Limits calldata limits) external restricted {
        Market storage m = _market(market);
        MarketWord word = m.word;
        uint256 lots = compacted(limits.mostLots, 3, 7);
        uint256 held = compacted(limits.mostHeld, 4, 8);
        require(lots <= type(uint16).max, BadLimits(0));
        require(limits.mostLots == 0 || limits.mostLots * word.lot() >= word.least(), BadLimits(0));
        require(limits.dynamicPermille < 1000, BadLimits(1));
        require(held <= type(uint16).max, BadLimits(2));

        m.word = word.withMostLots(lots).withFlag(COUNTED, word.counts() || limits.mostOpen != 0);
        m.tape = m.tape.withRisk(limits.dynamicPermille, held);
        m.day.mostOpen = limits.mostOpen;

        emit LimitsChanged(market, limits);
    }

    /// @inheritdoc IMarketOperations
    function setConduct(uint24 market, IOrderBook.Conduct calldata conduct) external restricted {
        Market storage m = _market(market);
        require(conduct.bandBasisPoints < _WHOLE, BadConduct(0));
        uint256 interruption = conduct.interruptionMinutes;
        require(interruption != 0 && interruption <= _MOST_MINUTES, BadConduct(2));
        require(conduct.resumptionMinutes <= _MOST_MINUTES, BadConduct(3));

        m.conduct = conduct;
        m.word = m.word.withFlag(CHOICE, conduct.choice);

        emit ConductChanged(market, conduct);
    }

    /// @inheritdoc IMarketOperations
    function collectFees(uint24 market, address account) external restricted {
        Market storage m = _market(market);
        TapeWord tape = m.tape;
        uint256 amount = _feesOf(m, tape);
        require(amount != 0, IOrderBook.NoFees(market));

        m.day.lotsCollected = uint48(tape.lotsTraded());
        m.day.auctionLots = 0;

        emit IOrderBook.FeesCollected(market, account, uint96(amount));

        LEDGER.releaseEscrow(account, MAIN_MONEY, amount);
    }

    /// @dev Of the trades since they were collected last: both sides' fees of each lot. In auctions nobody is the taker.
    function _feesOf(Market storage m, TapeWord tape) private view returns (uint256) {
        Day storage day = m.day;
        MarketWord word = m.word;
        uint256 inAuctions = day.auctionLots;
        uint256 continuous = tape.lotsTraded() - day.lotsCollected - inAuctions;
        uint256 maker = word.makerFee();
        return (continuous * (tape.takerFee() + maker) + inAuctions * 2 * maker) * word.unit();
    }

    /// @dev Reverts with the first term that is impossible, or too large for its field in `MarketWord`.
    function _requireTerms(IOrderBook.MarketTerms calldata t) private pure {
        InstrumentClass class = checkedInstrument(InstrumentId.unwrap(t.instrument)).class();
        uint256 lowestPrice = uint256(t.tickMantissa) * t.lot; // of a lot: pays its fees
        uint256 term;
        if (class == InstrumentClass.MONEY) term = 0;
        else if (t.tickMantissa == 0 || t.tickMantissa >> 10 != 0) term = 1;
        else if (t.tickExponent > 18) term = 2;
        else if (t.lot == 0 || t.lot > type(uint16).max) term = 3;
        else if (t.leastLots == 0 || t.leastLots > type(uint8).max) term = 4;
        else if (t.takerFee > lowestPrice || t.takerFee >> 14 != 0) term = 5;
        else if (t.makerFee > lowestPrice || t.makerFee >> 14 != 0) term = 6;
        else if (t.lowest == 0 || t.lowest > t.highest) term = 7;
        else if (t.highest > MOST_TICK) term = 8;
        else return;
        revert IOrderBook.BadTerms(term);
    }

    /* THE CLOCK */

    /// @inheritdoc IMarketOperations
    function turn(uint24 market) external returns (IOrderBook.MarketState state, uint40 until) {
        Market storage m = _market(market);
        if (m.word.hasEnded()) _turn(market, m);
        MarketWord word = m.word;
        return (IOrderBook.MarketState(word.state()), uint40(word.until()));
    }

    /// @inheritdoc IMarketStop
    function downgradeMarkets(bool downgraded) external onlyModule(address(RULES)) {
        Storage storage $ = _s();
        for (uint24 market = 1; market <= $.count; ++market) {
            Market storage m = $.markets[market];
            uint256 state = m.word.state();
            if (state == uint256(IOrderBook.MarketState.HALTED)) continue;
            // What was downgraded and is so still has nothing to turn to, and likewise what was not and is not.
            if ((state == uint256(IOrderBook.MarketState.DOWNGRADED)) == downgraded) continue;
            _turn(market, m);
        }
    }

    /// @dev To the phase of the calendar, whether the state's time has passed or not.
    function _turn(uint24 market, Market storage m) private {
        (IOrderBook.MarketState next, uint256 until) = RULES.phaseAt(market, uint40(block.timestamp));
        _begin(market, m, next, until);
    }

    /// @dev A phase begins: on a new day after the day before has been closed, and after a call in which prices cross when that
    ///      has been uncrossed. Nothing trades beyond the instrument's validity.
    function _begin(uint24 market, Market storage m, IOrderBook.MarketState next, uint256 until) private {
        _enterDay(market, m);

        MarketWord word = m.word;
        (bool valid, uint256 end) = _validityOf(word.instrument());
        if (!valid) {
            next = IOrderBook.MarketState.CLOSED;
        } else {
            if (end < until) until = end;
            bool trades = next == IOrderBook.MarketState.OPEN || next == IOrderBook.MarketState.CLOSED;
            if (trades && _crosses(m, word)) next = IOrderBook.MarketState.UNCROSSING;
        }
        _set(market, m, word, next, until);
    }

    /// @return valid Whether the instrument can be traded now.
    /// @return end Unix seconds, a whole minute, from which on it cannot; 2^256 - 1: never.
    function _validityOf(uint256 instrument) private view returns (bool valid, uint256 end) {
        IInstrumentLedger.Instrument memory known = LEDGER.instrumentOf(instrument);
        end = known.validUntil == 0 ? type(uint256).max : uint256(known.validUntil) / 60 * 60;
        valid = known.state == IInstrumentLedger.InstrumentState.OPEN && block.timestamp < end;
    }

    /// @dev The only place where a market's state is written, save the interruption in `OrderBook` and its halts.
    function _set(uint24 market, Market storage m, MarketWord word, IOrderBook.MarketState state, uint256 until)
        private
    {
        if (state == IOrderBook.MarketState.HALTED || state == IOrderBook.MarketState.UNCROSSING) until = 0;
        word = word.withState(state, until);
        m.word = word;
        // Orders may have gone since an auction was broken off.
        if (state == IOrderBook.MarketState.UNCROSSING) delete m.auction;

        emit IOrderBook.MarketStateChanged(market, state, uint40(word.until()));
    }

    /// @dev On a new civil day the one before is closed. Nothing trades before this has been done.
    function _enterDay(uint24 market, Market storage m) private {
        TapeWord tape = m.tape;
        uint256 today = _today();
        if (tape.day() == today) return;
        _closeDay(market, m, tape);
        m.tape = tape.onDay(today);
    }

    /// @dev The closing price of the tape's day, and the band of the days that follow.
    function _closeDay(uint24 market, Market storage m, TapeWord tape) private {
        IOrderBook.Conduct memory conduct = m.conduct;
        Day storage day = m.day;
        uint256 lots = tape.lotsTraded() - day.lots;
        uint256 turnover = tape.turnover() - day.turnover;
        uint256 close = day.close;
        if (lots != 0) {
            // To the nearest tick, halves up.
            close = conduct.closing == IOrderBook.ClosingRule.VWAP ? (2 * turnover + lots) / (2 * lots) : tape.last();
        }
        (day.close, day.lots, day.turnover) = (uint24(close), uint48(tape.lotsTraded()), uint72(tape.turnover()));

        emit DayClosed(market, uint24(tape.day()), uint24(close), uint48(lots), uint96(turnover));

        if (conduct.bandBasisPoints == 0 || close == 0) return;
        // Nothing outside of the share is within the band.
        uint256 lowest = (close * (_WHOLE - conduct.bandBasisPoints) + _WHOLE - 1) / _WHOLE;
        uint256 highest = close * (_WHOLE + conduct.bandBasisPoints) / _WHOLE;
        if (highest > MOST_TICK) highest = MOST_TICK;
        m.word = m.word.withBand(lowest, highest);

        emit IOrderBook.BandChanged(market, uint24(lowest), uint24(highest));
    }

    function _today() private view returns (uint256) {
        return VoucherSeries.dayOf(block.timestamp, DAY_OFFSET);
    }

    /* AUCTIONS AND CHOICE: the clock here, the rest by `MarketAuctions` */

    /// @inheritdoc ICallAuctions
    function uncross(uint24 market, uint256) external returns (bool done) {
        Market storage m = _market(market);
        if (m.word.hasEnded()) _turn(market, m);
        uint256 state = m.word.state();
        bool pending = state == uint256(IOrderBook.MarketState.UNCROSSING);
        require(pending, NoAuctionPending(market, uint8(state)));
        _enterDay(market, m);

        (bool valid,) = _validityOf(m.word.instrument());
        // Beyond its validity nothing is executed: the market closes, and orders are taken back.
        done = !valid || abi.decode(_handOn(), (bool));

        if (done) _turn(market, m);
    }

    /// @inheritdoc ICallAuctions
    function pick(OrderId id, uint48, uint40) external returns (uint48) {
        uint24 market = id.market();
        Market storage m = _market(market);
        if (m.word.hasEnded()) _turn(market, m);
        MarketWord word = m.word;
        if (!word.isOpenNow()) {
            uint256 state = word.state();
            require(state != uint256(IOrderBook.MarketState.UNCROSSING), IOrderBook.AuctionPending(market));
            _requireInstrumentOpen(word.instrument());
            revert IOrderBook.MarketNotOpen(market, uint8(state));
        }

        return abi.decode(_handOn(), (uint48));
    }

    /// @dev The call as it came; what the other reverts with is the caller's answer.
    function _handOn() private returns (bytes memory) {
        return AUCTIONS.functionDelegateCall(msg.data);
    }

    /// @inheritdoc IMarketOperations
    function indication(uint24 market) external view returns (uint24 tick, uint48 tonnes) {
        Market storage m = _market(market);
        MarketWord word = m.word;
        CallAuction.Progress memory p = m.auction;
        bool executing = word.state() == uint256(IOrderBook.MarketState.UNCROSSING);
        if (executing && p.stage == CallAuction.Stage.EXECUTE) return (p.tick, p.matched);
        if (!_crosses(m, word)) return (0, 0);
        delete p;
        // Without a limit it comes to the end.
        // slither-disable-next-line unused-return
        m.book.sweep(p, _best(m, word, true), _best(m, word, false), type(uint256).max);
        (uint256 at,) = m.book.price(p, _reference(m, m.tape));
        return (uint24(at), p.matched);
    }

    /* VIEWS */

    /// @inheritdoc IMarketOperations
    function marketCount() external view returns (uint24) {
        return _s().count;
    }

    /// @inheritdoc IMarketOperations
    function marketOf(uint24 market) external view returns (IOrderBook.MarketView memory view_) {
        Market storage m = _market(market);
        MarketWord word = m.word;
        TapeWord tape = m.tape;
        view_.terms = termsOf(word, tape);
        view_.state = IOrderBook.MarketState(word.state());
        view_.bestBid = uint24(_best(m, word, true));
        view_.bestAsk = uint24(_best(m, word, false));
        view_.last = uint24(tape.last());
        view_.feesAccrued = uint96(_feesOf(m, tape));
        view_.trades = uint40(tape.count());
        view_.until = uint40(word.until());
        view_.close = m.day.close;
        view_.day = uint24(tape.day());
        view_.lotsToday = uint48(tape.lotsTraded() - m.day.lots);
        view_.turnoverToday = uint96(tape.turnover() - m.day.turnover);
    }

    /// @inheritdoc IMarketOperations
    function limitsOf(uint24 market) external view returns (IOrderBook.Limits memory) {
        Market storage m = _market(market);
        TapeWord tape = m.tape;
        return IOrderBook.Limits({
            mostLots: uint48(m.word.mostLots()),
            dynamicPermille: uint16(tape.dynamicPermille()),
            mostHeld: uint64(tape.mostHeld()),
            mostOpen: m.day.mostOpen
        });
    }

    /// @inheritdoc IMarketOperations
    function holdingLimitOf(uint256 instrument) external view returns (uint64) {
        Storage storage $ = _s();
        uint24[] storage markets = $.marketsOf[instrument];
        uint256 least;
        for (uint256 i; i < markets.length; ++i) {
            uint256 most = $.markets[markets[i]].tape.mostHeld();
            if (most != 0 && (least == 0 || most < least)) least = most;
        }
        return uint64(least);
    }

    /// @inheritdoc IMarketOperations
    function conductOf(uint24 market) external view returns (IOrderBook.Conduct memory) {
        return _market(market).conduct;
    }

    /// @inheritdoc IMarketOperations
    function openOrdersOf(uint24 market, address account) external view returns (uint256) {
        return _market(market).openOrders[account];
    }

    /// @inheritdoc IMarketOperations
    function orderOf(OrderId id) external view returns (IOrderBook.OrderView memory) {
        (OrderWord order, uint256 open) = _s().markets[id.market()].book.openOf(id);
        return _view(order, open);
    }

    /// @inheritdoc IMarketOperations
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

    /// @inheritdoc IMarketOperations
    function ordersAt(uint24 market, Side side, uint24 tick, uint256 from, uint256 most)
        external
        view
        returns (OrderId[] memory ids, IOrderBook.OrderView[] memory orders)
    {
        Market storage m = _market(market);
        LevelWord level = m.book.levelOf(side, tick);
        uint256 index = level.head() + from;
        ids = new OrderId[](most);
        orders = new IOrderBook.OrderView[](most);
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

    function _view(OrderWord order, uint256 open) private pure returns (IOrderBook.OrderView memory) {
        if (open == 0) return IOrderBook.OrderView({ account: address(0), open: 0, expires: 0 });
        return IOrderBook.OrderView({ account: order.account(), open: uint48(open), expires: uint40(order.expires()) });
    }
}
