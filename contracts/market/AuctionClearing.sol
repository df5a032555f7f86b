// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { ICreditRecord } from "../registry/ICreditRecord.sol";
import { Restrictions } from "../types/Accounts.sol";
import { Misconduct } from "../types/Conduct.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { AuctionStorage } from "./AuctionStorage.sol";
import { Bilateral } from "./Bilateral.sol";
import { UniformPrice } from "./UniformPrice.sol";

/// @title What `SealedAuction` hands on: clearing, settlement, and what goes wrong. The manual is `ISealedAuction`.
/// @dev Runs by the delegatecall of `SealedAuction`, which checks who may where not everybody may. Called by its own address it finds no auction.
///
///      Called are the ledger, which calls nobody while it binds, releases or moves, and the
///      credit record, which calls only the registry and, through it, the ledger.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract AuctionClearing is AuctionStorage {
    using Bilateral for Bilateral.Tape;
    using UniformPrice for UniformPrice.Sale;
    using UniformPrice for UniformPrice.Place;

    uint8 private constant _MOST_ROLLS = 4;

    ICreditRecord private immutable CREDIT_RECORD;
    int256 private immutable DAY_OFFSET;
    uint32 private immutable SERIES;

    /// @param dayOffset Seconds that the scheme's civil day begins before UTC's.
    /// @param series Number of the voucher series.
    constructor(
        IInstrumentLedger ledger,
        ICreditRecord creditRecord,
        InstrumentId mainMoney,
        int256 dayOffset,
        uint32 series
    ) AuctionStorage(ledger, mainMoney) {
        CREDIT_RECORD = creditRecord;
        DAY_OFFSET = dayOffset;
        SERIES = series;
    }

    /* THE SELLER */

    /// @notice As in `ISealedAuction`.
    function callOff(uint32 auction) external {
        One storage a = _in(auction, AuctionState.ANNOUNCED);
        _requireSeller(a);
        _requireTime(auction, 0, a.head.opens);

        _cancel(auction, a, 0);
    }

    /// @notice As in `ISealedAuction`.
    function roll(uint32 auction, uint32 next) external {
        One storage a = _auction(auction);
        One storage b = _in(next, AuctionState.ANNOUNCED);
        require(a.unsold != 0 && a.rolls < _MOST_ROLLS, NothingLeft(auction));
        bool fits = a.seller == b.seller && a.terms.lot == b.terms.lot && block.timestamp < b.head.opens
            && InstrumentId.unwrap(a.terms.instrument) == InstrumentId.unwrap(b.terms.instrument);
        uint256 most = uint256(b.terms.lots) * b.terms.rollCap / _WHOLE;
        require(fits && most > b.offered && !a.rolledInto[next], CannotRoll(auction, next));
        uint256 lots = most - b.offered;
        if (lots > a.quarter) lots = a.quarter;
        if (lots > a.unsold) lots = a.unsold;

        a.unsold -= uint64(lots);
        ++a.rolls;
        a.rolledInto[next] = true;
        b.offered += uint32(lots);

        emit LotsRolled(auction, next, uint64(lots));
    }

    /// @notice As in `ISealedAuction`.
    function takeUnsold(uint32 auction) external {
        One storage a = _auction(auction);
        _requireSeller(a);
        require(a.unsold != 0, NothingLeft(auction));

        _return(auction, a, a.unsold);
    }

    /// @notice As in `ISealedAuction`.
    function distribute(uint32 auction, Beneficiary[] calldata beneficiaries, uint8 index) external {
        One storage a = _auction(auction);
        require(a.head.state >= AuctionState.SETTLED, WrongAuctionState(auction, a.head.state));
        require(keccak256(abi.encode(beneficiaries)) == a.terms.beneficiaries, WrongBeneficiaries(auction));
        require(index < beneficiaries.length && a.paidTo >> index & 1 == 0, NothingLeft(auction));
        uint256 before = 0;
        uint256 whole = 0;
        for (uint256 i = 0; i < beneficiaries.length; ++i) {
            if (i == index) before = whole;
            whole += beneficiaries[i].lots;
        }
        address to = beneficiaries[index].account;
        uint256 amount = UniformPrice.part(a.proceeds, before, beneficiaries[index].lots, whole);

        a.paidTo |= 1 << index;

        emit ProceedsPaid(auction, to, amount);

        if (amount == 0) return;
        if (to == a.seller) LEDGER.release(to, MAIN_MONEY, amount, _COLLATERAL, _cause(auction, 0));
        else LEDGER.moveEncumbered(a.seller, to, MAIN_MONEY, amount, _COLLATERAL, _cause(auction, 0));
    }

    /* CLEARING */

    /// @notice As in `ISealedAuction`.
    function rank(uint32 auction, uint32[] calldata ids) external {
        One storage a = _auction(auction);
        Head memory head = a.head;
        if (head.state != AuctionState.CLEARING) {
            require(head.state == AuctionState.ANNOUNCED, WrongAuctionState(auction, head.state));
            _requireTime(auction, head.openUntil, type(uint256).max);
            require(a.disclosed, ReserveSecret(auction));
            a.sale.offered = a.offered;
            a.head.state = AuctionState.CLEARING;
            emit AuctionStateChanged(auction, AuctionState.CLEARING);
        }
        UniformPrice.Sale memory sale = a.sale;
        UniformPrice.Place memory walk = a.walk;
        require(walk.walked + ids.length <= head.opened, TooManyBids(head.opened));

        bool random = a.terms.seedCommitment != 0;
        uint64 limit = a.terms.purchaseLimit;
        uint24 reserve = a.reserve;
        for (uint256 i = 0; i < ids.length; ++i) {
            uint32 id = ids[i];
            uint256 word = uint256(a.bids[id]);
            // A bid that was ranked before does not come later than itself.
            require(word & _STATE >= uint256(BidState.OPENED), BidNotOpened(auction, id));
            require(word & _STATE != uint256(BidState.VOID), BidNotOpened(auction, id));
            uint24 tick = uint24(word >> 40);
            uint64 lots = uint32(word >> 64);
            walk.step(i, tick, random ? a.ties[id] : id);
            walk.lots += lots;
            a.bids[id] = bytes32(word >> 40 << 40 | uint256(walk.walked) << 8 | uint256(BidState.RANKED));
            if (tick < reserve) continue;
            if (limit != 0) lots = _limited(auction, a, id, word, lots, limit);
            sale.ask(walk, tick, lots);
        }
        a.sale = sale;
        a.walk = walk;

        emit BidsRanked(auction, walk.walked);

        if (walk.walked == head.opened) _clear(auction, a, sale, walk);
    }

    /// @dev What the purchase limit leaves of a bid, better bids of the group being served before.
    function _limited(uint32 auction, One storage a, uint32 id, uint256 word, uint64 lots, uint64 limit)
        private
        returns (uint64)
    {
        uint256 group = uint32(word >> 8);
        if (group == 0) group = word >> 96 | 1 << 255;
        uint64 counted = a.counted[group];
        uint64 left = limit - counted;
        if (lots > left) {
            a.cut[id] = lots - left;
            lots = left;
            emit BidCut(auction, id, lots);
        }
        a.counted[group] = counted + lots;
        return lots;
    }

    function _clear(uint32 auction, One storage a, UniformPrice.Sale memory sale, UniformPrice.Place memory walk)
        private
    {
        uint64 sold = sale.sold();
        uint32 first = walk.first;
        delete a.walk;
        a.walk.first = first;
        bool few = sold < sale.offered && a.terms.underSubscription == UnderSubscription.CANCEL;

        emit AuctionCleared(auction, sale.tick, few ? 0 : sold, sale.offered, walk.lots);

        if (sold == 0 || few) return _cancel(auction, a, 0);
        a.head.state = AuctionState.CLEARED;

        emit AuctionStateChanged(auction, AuctionState.CLEARED);
    }

    /// @notice As in `ISealedAuction`.
    function apportion(uint32 auction, uint32[] calldata ids) external {
        One storage a = _in(auction, AuctionState.CLEARED);
        UniformPrice.Sale memory sale = a.sale;
        UniformPrice.Place memory walk = a.walk;
        require(_mustApportion(a, sale) && !a.apportioned, ApportionFirst(auction));
        if (walk.walked == 0) walk.walked = walk.first - 1;

        for (uint256 i = 0; i < ids.length && walk.extra < sale.tied; ++i) {
            uint64 lots = _lotsOf(a, ids[i], _next(auction, a, ids[i], ++walk.walked));
            if (lots == 0) continue;
            ++walk.extra;
            walk.atLevel += sale.share(lots);
        }
        if (walk.extra == sale.tied) {
            a.leftOver = sale.offered - sale.above - walk.atLevel;
            a.apportioned = true;
            delete walk;
        }
        a.walk = walk;
    }

    /// @notice As in `ISealedAuction`.
    function settle(uint32 auction, uint32[] calldata ids) external {
        One storage a = _in(auction, AuctionState.CLEARED);
        _requireTime(auction, a.terms.settles, type(uint256).max);
        UniformPrice.Sale memory sale = a.sale;
        UniformPrice.Place memory walk = a.walk;
        require(a.apportioned || !_mustApportion(a, sale), ApportionFirst(auction));
        uint64 sold = sale.sold();

        for (uint256 i = 0; i < ids.length && walk.lots < sold; ++i) {
            uint256 word = _next(auction, a, ids[i], ++walk.walked);
            uint64 lots = _lotsOf(a, ids[i], word);
            lots = sale.award(walk, a.terms.tieRule, uint24(word >> 40), lots, a.leftOver);
            if (lots != 0) _deliver(auction, a, ids[i], word, lots, sale.tick);
        }
        a.walk = walk;

        if (walk.lots == sold) _finish(auction, a, sale.offered);
    }

    /// @dev Against payment; or the winner has defaulted, which stops nobody else.
    function _deliver(uint32 auction, One storage a, uint32 id, uint256 word, uint64 lots, uint24 price) private {
        address account = address(uint160(word >> 96));
        uint256 bound = _collateralOf(a.terms, uint32(word >> 64), uint24(word >> 40));
        Bilateral.Deal memory deal = Bilateral.Deal({
            seller: a.seller,
            buyer: account,
            instrument: InstrumentId.unwrap(a.terms.instrument),
            quantity: uint256(lots) * a.terms.lot,
            cost: uint256(lots) * a.terms.lot * price * a.terms.tickSize,
            sellerFee: 0,
            buyerFee: 0,
            cause: _cause(auction, id)
        });
        uint256 missing = deal.cost > bound ? deal.cost - bound : 0;
        delete a.bids[id];
        if (
            !Bilateral.mayTrade(_eligibility().eligibilityOf(account), Restrictions.NO_DEAL)
                || (missing != 0 && LEDGER.freeOf(account, MAIN_MONEY) < missing)
        ) {
            emit AwardDefaulted(auction, id, account, lots);
            return _punish(auction, a, id, account, bound);
        }

        a.delivered += lots;
        a.proceeds += deal.cost;
        (uint40 voucher, uint32 orderOfDay) =
            _s().tape.conclude(_s().vouchers, SERIES, DAY_OFFSET, deal, uint256(price) * a.terms.tickSize);

        emit AwardSettled(auction, id, account, lots, deal.cost, voucher, orderOfDay);

        if (missing != 0) LEDGER.encumber(account, MAIN_MONEY, missing, _COLLATERAL, deal.cause);
        Bilateral.deliver(LEDGER, MAIN_MONEY, _COLLATERAL, deal, address(0));
        if (a.terms.beneficiaries != 0) {
            LEDGER.encumber(deal.seller, MAIN_MONEY, deal.cost, _COLLATERAL, _cause(auction, 0));
        }
        if (bound > deal.cost) _release(auction, id, account, bound - deal.cost);
    }

    function _finish(uint32 auction, One storage a, uint64 offered) private {
        a.head.state = AuctionState.SETTLED;
        uint64 unsold = offered - a.delivered;

        emit AuctionSettled(auction, a.delivered, unsold, a.proceeds);
        emit AuctionStateChanged(auction, AuctionState.SETTLED);

        _leave(auction, a, unsold);
    }

    /// @notice As in `ISealedAuction`.
    function giveBack(uint32 auction, uint32[] calldata ids) external {
        One storage a = _auction(auction);
        AuctionState state = a.head.state;
        require(state >= AuctionState.CLEARED, WrongAuctionState(auction, state));
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 word = uint256(a.bids[ids[i]]);
            BidState known = _stateOf(bytes32(word));
            require(known == BidState.OPENED || known == BidState.RANKED, BidNotOpened(auction, ids[i]));
            uint24 tick = uint24(word >> 40);
            require(state != AuctionState.CLEARED || tick < a.sale.tick, MayHaveWon(auction, ids[i]));
            uint256 bound = _collateralOf(a.terms, uint32(word >> 64), tick);

            delete a.bids[ids[i]];

            _release(auction, ids[i], address(uint160(word >> 96)), bound);
        }
    }

    /* WHAT GOES WRONG */

    /// @notice As in `ISealedAuction`.
    function endSealed(uint32 auction, Sealed calldata bid_) external {
        One storage a = _auction(auction);
        bool cancelled = a.pardoned;
        if (!cancelled) _requireTime(auction, a.head.openUntil, type(uint256).max);
        require(cancelled || a.disclosed, ReserveSecret(auction));
        _takeSealed(auction, a, bid_);

        if (cancelled) _release(auction, bid_.id, bid_.account, bid_.collateral);
        else _punish(auction, a, bid_.id, bid_.account, bid_.collateral);
    }

    /// @notice As in `ISealedAuction`.
    function excuse(uint32 auction, Sealed calldata bid_, bytes32 cause) external {
        One storage a = _auction(auction);
        require(
            a.head.state == AuctionState.CANCELLED || block.timestamp >= a.head.closes, MayHaveWon(auction, bid_.id)
        );
        _takeSealed(auction, a, bid_);

        emit BidExcused(auction, bid_.id, cause);

        _release(auction, bid_.id, bid_.account, bid_.collateral);
    }

    /// @notice As in `ISealedAuction`.
    function cancel(uint32 auction, bytes32 cause) external {
        One storage a = _auction(auction);
        AuctionState state = a.head.state;
        require(state < AuctionState.SETTLED, WrongAuctionState(auction, state));
        a.pardoned = true;
        _cancel(auction, a, cause);
    }

    /// @notice As in `ISealedAuction`.
    function lapse(uint32 auction) external {
        One storage a = _auction(auction);
        AuctionState state = a.head.state;
        bool secret = state == AuctionState.ANNOUNCED && !a.disclosed && block.timestamp >= a.head.openUntil;
        bool stuck = state == AuctionState.CLEARED && block.timestamp >= a.terms.settles + _MOST_WAITING;
        require(secret || stuck, NoReasonToCancel(auction));
        a.pardoned = true;
        _cancel(auction, a, 0);
    }

    function _cancel(uint32 auction, One storage a, bytes32 cause) private {
        a.head.state = AuctionState.CANCELLED;

        emit AuctionCancelled(auction, cause);

        _leave(auction, a, a.offered - a.delivered);
    }

    /// @dev Unsold lots wait for further auctions, or are the seller's again.
    function _leave(uint32 auction, One storage a, uint64 unsold) private {
        if (unsold == 0) return;
        a.unsold = unsold;
        a.quarter = uint56((uint256(unsold) + _MOST_ROLLS - 1) / _MOST_ROLLS);
        if (a.terms.underSubscription != UnderSubscription.ROLL_OVER) _return(auction, a, unsold);
    }

    function _return(uint32 auction, One storage a, uint64 lots) private {
        a.unsold -= lots;

        emit UnsoldReturned(auction, lots);

        LEDGER.release(
            a.seller,
            InstrumentId.unwrap(a.terms.instrument),
            uint256(lots) * a.terms.lot,
            _COLLATERAL,
            _cause(auction, 0)
        );
    }

    /// @dev The forfeited share goes to the seller, the rest back; the credit record is told.
    function _punish(uint32 auction, One storage a, uint32 id, address account, uint256 bound) private {
        uint256 forfeited = bound * a.terms.forfeitShare / _WHOLE;

        emit CollateralForfeited(auction, id, account, forfeited);

        if (forfeited != 0) {
            LEDGER.moveEncumbered(account, a.seller, MAIN_MONEY, forfeited, _COLLATERAL, _cause(auction, id));
        }
        if (bound > forfeited) _release(auction, id, account, bound - forfeited);
        // The number of the entry is told by the record's event.
        // slither-disable-next-line unused-return
        CREDIT_RECORD.report(account, Misconduct.DEFAULTED_BID, _cause(auction, id));
    }

    /* SHARED */

    /// @dev The bid that has this rank.
    function _next(uint32 auction, One storage a, uint32 id, uint32 wanted) private view returns (uint256 word) {
        word = uint256(a.bids[id]);
        require(word & _STATE == uint256(BidState.RANKED), BidNotOpened(auction, id));
        require(uint32(word >> 8) == wanted, NotNext(auction, id, uint32(word >> 8), wanted));
    }

    function _mustApportion(One storage a, UniformPrice.Sale memory sale) private view returns (bool) {
        return a.terms.tieRule == UniformPrice.TieRule.PRO_RATA && sale.isTied();
    }
}
