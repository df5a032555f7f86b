// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountKind, AccountStatus, Eligibility, Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { OrderId, Side } from "../types/OrderId.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Book, LevelWord, OrderWord } from "./Book.sol";
import { BookStorage } from "./BookStorage.sol";
import { CallAuction } from "./CallAuction.sol";
import { ICallAuctions } from "./ICallAuctions.sol";
import { IOrderBook } from "./IOrderBook.sol";
import { LedgerCalls } from "./LedgerCalls.sol";
import { MarketWord, TapeWord } from "./MarketWords.sol";

/// @title What `MarketOperations` hands on: the execution of call auctions, and picking. The manual is `ICallAuctions`; the
///        price is `CallAuction`'s.
/// @dev Runs by the delegatecall of `MarketOperations`, which has asked the clock before: the market is UNCROSSING, or open
///      and of this day. Called by its own address it finds no market.
///
///      The ledger, which calls nobody while it releases or settles, is the only contract that is called.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract MarketAuctions is ICallAuctions, BookStorage {
    using Book for Book.State;
    using CallAuction for Book.State;
    using CallAuction for CallAuction.Cursor;
    using LedgerCalls for IInstrumentLedger;
    using VoucherSeries for VoucherSeries.Peaks;

    uint256 private constant _LEVELS = 5; // among which an order can be picked

    /// @dev A market during one call. In memory only.
    struct Session {
        uint24 market;
        MarketWord word;
        TapeWord tape;
        uint256 work; // that is left
        uint256 trades; // of this call, not in `tape` yet
        uint256 lots; // likewise
    }

    /// @dev The order at the head of a side, and whose it is.
    struct Party {
        CallAuction.Cursor at;
        address account;
        uint256 owner;
    }

    constructor(IInstrumentLedger ledger, InstrumentId mainMoney) BookStorage(ledger, mainMoney) { }

    /* CALL AUCTIONS */

    /// @inheritdoc ICallAuctions
    function uncross(uint24 market, uint256 mostWork) external returns (bool done) {
        Market storage m = _market(market);
        require(mostWork != 0, NoWork());
        Session memory session;
        (session.market, session.word, session.tape, session.work) = (market, m.word, m.tape, mostWork);
        CallAuction.Progress memory p = m.auction;

        while (true) {
            done = !_crosses(m, session.word);
            if (done || !_goOn(m, session, p)) break;
            delete p; // another auction of what is left, if that crosses
        }
        if (done) delete m.auction;
        else m.auction = p;
        m.word = session.word;
    }

    /// @dev Everything of one auction that its stage says is still to be done.
    /// @return done Whether it is over.
    function _goOn(Market storage m, Session memory session, CallAuction.Progress memory p)
        private
        returns (bool done)
    {
        if (p.stage == CallAuction.Stage.BIDS) {
            if (!_clean(m, session, p)) return false;
            if (!_crosses(m, session.word)) return true;
        }
        if (p.stage == CallAuction.Stage.ASKS) {
            if (!_clean(m, session, p)) return false;
            if (!_crosses(m, session.word)) return true;
        }
        if (p.stage == CallAuction.Stage.SWEEP && !_fix(m, session, p)) return false;
        return _execute(m, session, p);
    }

    /// @dev Orders at prices that cross, and that may not trade, leave the book: one side from the best price on.
    /// @return done Whether all of them have been looked at: then the next stage has begun.
    function _clean(Market storage m, Session memory session, CallAuction.Progress memory p)
        private
        returns (bool done)
    {
        bool bids = p.stage == CallAuction.Stage.BIDS;
        Side side = bids ? Side.BUY : Side.SELL;
        uint256 limit = _best(m, session.word, !bids);
        uint256 tick = p.tick == 0 ? _best(m, session.word, bids) : p.tick;
        while (tick != 0 && (bids ? tick >= limit : tick <= limit)) {
            if (!_cleanLevel(m, session, p, side, tick)) return false;
            tick = m.book.nextWorse(side, tick);
            p.index = 0;
        }
        (p.tick, p.stage) = (0, bids ? CallAuction.Stage.ASKS : CallAuction.Stage.SWEEP);
        return true;
    }

    function _cleanLevel(
        Market storage m,
        Session memory session,
        CallAuction.Progress memory p,
        Side side,
        uint256 tick
    ) private returns (bool done) {
        LevelWord level = m.book.levelOf(side, tick);
        uint256 index = p.index > level.head() ? p.index : level.head();
        for (; index < level.tail(); ++index) {
            if (session.work == 0) {
                (p.tick, p.index) = (uint24(tick), uint32(index));
                return false;
            }
            --session.work;
            OrderId id = CallAuction.placeAt(session.market, side, tick, level.generation(), index);
            (OrderWord order, uint256 open) = m.book.openOf(id);
            if (open == 0) continue;
            (bool may,) = _mayTrade(session, side, order, open);
            if (may) continue;
            // The best price is looked for when the auction ends.
            // slither-disable-next-line unused-return
            m.book.remove(id, side == Side.BUY ? session.word.bestBid() : session.word.bestAsk());
            _leave(m, session.word, id, order, open);
        }
        return true;
    }

    /// @dev Levels are matched against each other, then the price is fixed.
    function _fix(Market storage m, Session memory session, CallAuction.Progress memory p) private returns (bool done) {
        MarketWord word = session.word;
        (session.work, done) = m.book.sweep(p, _best(m, word, true), _best(m, word, false), session.work);
        if (!done) return false;
        (uint256 tick, uint256 surplus) = m.book.price(p, _reference(m, session.tape));
        (p.tick, p.stage) = (uint24(tick), CallAuction.Stage.EXECUTE);

        emit AuctionPriced(session.market, p.tick, p.matched, uint48(surplus));
    }

    /// @dev Orders trade at the price until one side has none that may.
    function _execute(Market storage m, Session memory session, CallAuction.Progress memory p)
        private
        returns (bool done)
    {
        Party memory buyer;
        Party memory seller;
        buyer.at = m.book.cursorAt(Side.BUY, session.word.bestBid());
        seller.at = m.book.cursorAt(Side.SELL, session.word.bestAsk());
        while (_next(m, session, buyer, p.tick) && _next(m, session, seller, p.tick) && session.work != 0) {
            --session.work;
            uint256 quantity = buyer.at.open < seller.at.open ? buyer.at.open : seller.at.open;
            bool own = buyer.account == seller.account || (buyer.owner != 0 && buyer.owner == seller.owner);
            if (own) {
                _shrink(session, buyer, quantity);
                _shrink(session, seller, quantity);
            } else if (_wouldHoldTooMuch(session.word, session.tape, buyer.account, quantity)) {
                _dismiss(m, session, buyer);
                continue;
            } else {
                _trade(m, session, buyer, seller, p.tick, quantity);
            }
            _take(m, buyer, quantity);
            _take(m, seller, quantity);
        }
        done = buyer.at.isSpent(p.tick) || seller.at.isSpent(p.tick);

        m.book.close(buyer.at);
        m.book.close(seller.at);
        session.word = session.word.withBest(true, buyer.at.tick).withBest(false, seller.at.tick);
        if (session.trades == 0) return done;
        session.tape = session.tape.withTrades(session.trades, p.tick, session.lots, session.lots * p.tick);
        m.tape = session.tape;
        m.day.auctionLots += uint48(session.lots);
        (session.trades, session.lots) = (0, 0);
    }

    /// @dev Brings the next order of the side that may trade to its head; others leave the book.
    /// @return found Whether there is one; if not, the side has none, or no work is left.
    function _next(Market storage m, Session memory session, Party memory party, uint256 limit)
        private
        returns (bool found)
    {
        while (party.at.open == 0) {
            session.work = m.book.advance(party.at, limit, session.work);
            if (party.at.open == 0) return false;
            bool may;
            // What it would hold is asked with each trade, whose quantity is known.
            (may, party.owner) = _mayDeal(party.at.order);
            party.account = party.at.order.account();
            if (may) return true;
            if (session.work == 0) {
                party.at.open = 0; // not dismissed yet
                return false;
            }
            --session.work;
            _dismiss(m, session, party);
        }
        return true;
    }

    function _trade(
        Market storage m,
        Session memory session,
        Party memory buyer,
        Party memory seller,
        uint256 tick,
        uint256 quantity
    ) private {
        MarketWord word = session.word;
        OrderId bid = buyer.at.idAt(session.market);
        OrderId ask = seller.at.idAt(session.market);
        uint256 index = session.tape.count() + session.trades;
        uint256 orderOfDay = session.tape.orderOfDay() + ++session.trades;
        uint256 lots = word.lots(quantity);
        session.lots += lots;
        uint256 tickSize = word.tickMantissa() * word.unit();
        _issue(m, session.market, index, orderOfDay, quantity, tick * tickSize, buyer.account, seller.account, bid, ask);

        emit AuctionTrade(
            session.market,
            buyer.account,
            seller.account,
            bid,
            ask,
            uint24(tick),
            uint48(quantity),
            uint40(index),
            uint32(orderOfDay)
        );

        uint256 fee = lots * word.makerFee() * word.unit();
        uint256 spared = quantity * (buyer.at.tick - tick) * tickSize;
        _release(buyer.account, word.instrument(), quantity);
        _release(seller.account, MAIN_MONEY, quantity * tick * tickSize - fee);
        _release(buyer.account, MAIN_MONEY, spared);
    }

    /// @dev The voucher's reference names both orders: the bid in the upper half, the ask in the lower.
    function _issue(
        Market storage m,
        uint24 market,
        uint256 index,
        uint256 orderOfDay,
        uint256 quantity,
        uint256 price,
        address buyer,
        address seller,
        OrderId bid,
        OrderId ask
    ) private {
        Voucher memory voucher;
        voucher.kind = VoucherKind.TRADE;
        voucher.series = market;
        voucher.index = uint40(index);
        voucher.orderOfDay = uint32(orderOfDay);
        voucher.at = uint40(block.timestamp);
        voucher.instrument = m.word.instrument();
        voucher.quantity = quantity;
        voucher.price = price;
        voucher.from = seller;
        voucher.to = buyer;
        voucher.ref = OrderId.unwrap(bid) << 128 | OrderId.unwrap(ask);
        m.vouchers.append(index, VoucherSeries.leafOf(voucher));
    }

    function _release(address account, uint256 instrument, uint256 quantity) private {
        if (quantity != 0) LEDGER.releaseEscrow(account, instrument, quantity);
    }

    /// @dev What the order held for `quantity` goes back; it does not trade.
    function _shrink(Session memory session, Party memory party, uint256 quantity) private {
        OrderId id = party.at.idAt(session.market);
        emit IOrderBook.SelfTradePrevented(id, party.account, uint48(quantity));
        _giveBack(session.word, id, party.account, quantity);
    }

    function _take(Market storage m, Party memory party, uint256 quantity) private {
        party.at.take(quantity);
        if (party.at.open == 0) _discount(m, party.at.order);
    }

    /// @dev The order at hand leaves the book untraded.
    function _dismiss(Market storage m, Session memory session, Party memory party) private {
        _leave(m, session.word, party.at.idAt(session.market), party.at.order, party.at.open);
        party.at.take(party.at.open);
    }

    /// @dev An order has been taken out of the book: what it held is given back.
    function _leave(Market storage m, MarketWord word, OrderId id, OrderWord order, uint256 open) private {
        _discount(m, order);

        emit IOrderBook.OrderClosed(
            id,
            order.account(),
            uint48(open),
            order.hasExpired() ? IOrderBook.CloseReason.EXPIRED : IOrderBook.CloseReason.NOT_ELIGIBLE
        );

        _giveBack(word, id, order.account(), open);
    }

    /// @dev Whether an order may take part in fixing the price: it may deal, and a buyer may hold all that it asks for.
    function _mayTrade(Session memory session, Side side, OrderWord order, uint256 open)
        private
        view
        returns (bool may, uint256 owner)
    {
        (may, owner) = _mayDeal(order);
        if (may && side == Side.BUY) may = !_wouldHoldTooMuch(session.word, session.tape, order.account(), open);
    }

    /// @dev As the ledger decides it of makers (`Words.mayMeet`).
    function _mayDeal(OrderWord order) private view returns (bool may, uint256 owner) {
        Eligibility memory e = IEligibility(address(LEDGER)).eligibilityOf(order.account());
        may = !order.hasExpired() && e.status == AccountStatus.ACTIVE && e.certificateUntil > block.timestamp
            && e.restrictions & Restrictions.NO_DEAL == 0;
        return (may, e.owner);
    }

    function _wouldHoldTooMuch(MarketWord word, TapeWord tape, address account, uint256 quantity)
        private
        view
        returns (bool)
    {
        uint256 most = tape.mostHeld();
        if (most == 0) return false;
        if (IERC1155(address(LEDGER)).balanceOf(account, word.instrument()) + quantity <= most) return false;
        return IEligibility(address(LEDGER)).eligibilityOf(account).kind != AccountKind.GOVERNMENT;
    }

    /* PICKING */

    /// @inheritdoc ICallAuctions
    function pick(OrderId id, uint48 quantity, uint40 latest) external returns (uint48 filled) {
        Market storage m = _market(id.market());
        MarketWord word = m.word;
        TapeWord tape = m.tape;
        address taker = IEligibility(address(LEDGER)).actingFor(msg.sender, Rights.TRADE, Restrictions.NO_DEAL);
        require(word.isChoice(), MarketMatches(id.market()));
        require(latest == 0 || block.timestamp <= latest, IOrderBook.TooLate(latest, block.timestamp));
        (OrderWord order, uint256 open) = m.book.openOf(id);
        require(open != 0, Book.OrderNotOpen(id));
        _requirePickable(m, word, tape, id, quantity, open);

        bool refused = order.hasExpired();
        if (!refused) {
            (uint256 blocked, uint256 own) = _settlePick(word, tape, id, order.account(), quantity);
            require(own == 0, PickedOwnOrder(id, order.account()));
            refused = blocked != 0;
        }
        uint256 best = _isBid(id) ? word.bestBid() : word.bestAsk();
        // A best level that is emptied is passed over by whoever looks next.
        // slither-disable-start unused-return
        if (refused) {
            m.book.remove(id, best);
            _leave(m, word, id, order, open);
            return 0;
        }
        if (quantity == open) {
            m.book.remove(id, best);
            _discount(m, order);
        } else {
            m.book.reduce(id, quantity);
        }
        // slither-disable-end unused-return
        _tellPick(m, word, tape, id, order.account(), taker, quantity);
        return quantity;
    }

    function _requirePickable(
        Market storage m,
        MarketWord word,
        TapeWord tape,
        OrderId id,
        uint256 quantity,
        uint256 open
    ) private view {
        uint256 lot = word.lot();
        bool enough = quantity == open || (quantity < open && quantity >= word.least());
        require(
            quantity != 0 && quantity % lot == 0 && enough, IOrderBook.BadOrderQuantity(quantity, lot, word.least())
        );
        uint256 most = word.mostLots() * lot;
        require(most == 0 || quantity <= most, IOrderBook.OrderTooLarge(quantity, most));

        uint256 tick = id.tick();
        bool within = word.lowest() <= tick && tick <= word.highest();
        require(within, IOrderBook.PriceOutsideBand(uint24(tick), uint24(word.lowest()), uint24(word.highest())));
        uint256 last = tape.last() == 0 ? m.day.close : tape.last();
        uint256 share = tape.dynamicPermille();
        if (share != 0 && last != 0) {
            uint256 moved = tick > last ? tick - last : last - tick;
            require(moved * 1000 <= last * share, PickBeyondBand(uint24(tick), uint24(last), share));
        }

        Side side = id.side();
        uint256 level = _best(m, word, side == Side.BUY);
        for (uint256 i = 1; i < _LEVELS && level != tick; ++i) {
            level = m.book.nextWorse(side, level);
        }
        require(level == tick, NotAmongBest(id, _LEVELS));
    }

    /// @dev As a walk that meets this one order.
    function _settlePick(MarketWord word, TapeWord tape, OrderId id, address maker, uint256 quantity)
        private
        returns (uint256 blocked, uint256 own)
    {
        bool buys = !_isBid(id);
        uint256 unit = word.unit();
        uint256 cost = quantity * id.tick() * word.tickMantissa() * unit;
        uint256 lots = word.lots(quantity);
        uint256 fee = lots * tape.takerFee() * unit;
        uint256 gets = buys ? cost - lots * word.makerFee() * unit : quantity;
        (uint256 debit, uint256 credit) = buys ? (cost + fee, quantity) : (quantity, cost - fee);
        require(debit <= type(uint96).max, IOrderBook.AmountTooLarge(debit));

        uint256[] memory makers = LedgerCalls.makersFor(1);
        makers[0] = uint256(uint160(maker)) << 96 | gets;
        uint256 terms = word.instrument() | (buys ? 1 << 82 : 0) | tape.mostHeld() << 84;
        (, blocked, own) = LEDGER.settle(makers, debit << 96 | credit, terms);
    }

    /// @dev A voucher and an event, as for any trade of the book.
    function _tellPick(
        Market storage m,
        MarketWord word,
        TapeWord tape,
        OrderId id,
        address maker,
        address taker,
        uint256 quantity
    ) private {
        (uint256 index, uint256 orderOfDay) = (tape.count(), tape.orderOfDay() + 1);
        uint256 tick = id.tick();
        bool bids = _isBid(id);
        uint256 template = VoucherSeries.templateFor(uint256(VoucherKind.TRADE), id.market(), word.instrument(), taker);
        uint256 leaf = VoucherSeries.leafOf(
            template,
            bids ? VoucherSeries.BUYER : VoucherSeries.SELLER,
            maker,
            index,
            orderOfDay,
            quantity,
            tick * word.tickMantissa() * word.unit(),
            OrderId.unwrap(id)
        );
        m.vouchers.append(index, bytes32(leaf));
        uint256 lots = word.lots(quantity);
        m.tape = tape.withTrades(1, tick, lots, lots * tick);

        emit IOrderBook.Trade(id, maker, taker, uint48(quantity), uint40(index), uint32(orderOfDay));
    }
}
