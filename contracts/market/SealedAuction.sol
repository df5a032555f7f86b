// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Address } from "@openzeppelin/contracts/utils/Address.sol";

import { Governed } from "../governance/Governed.sol";
import { IDowngrade } from "../instruments/IDowngrade.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { Eligibility, Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { AuctionStorage } from "./AuctionStorage.sol";
import { Bilateral } from "./Bilateral.sol";
import { ISealedAuction } from "./ISealedAuction.sol";
import { UniformPrice } from "./UniformPrice.sol";

/// @title Auctions by sealed bids. Its manual is `ISealedAuction`; the arithmetic of the price is `UniformPrice`.
/// @dev Both halves would not fit one contract: from the clearing on `AuctionClearing` works on the same storage, by
///      delegatecall and with the call's own data. Its address is immutable in this code. No function sends value.
///
///      No guard against reentrance: the ledger, which alone is called here, calls nobody while it binds or releases.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable delegatecall
contract SealedAuction is ISealedAuction, IVoucherIssuer, AuctionStorage, Governed {
    using Address for address;
    using VoucherSeries for VoucherSeries.Peaks;

    uint256 private constant _MOST_LOTS = 1 << 31;

    uint32 private immutable SERIES;
    IDowngrade private immutable RULES;
    address private immutable CLEARING;

    /// @param series Number of the voucher series.
    /// @param rules The MarketRules: whether the platform is downgraded.
    /// @param clearing The AuctionClearing.
    constructor(IInstrumentLedger ledger, InstrumentId mainMoney, uint32 series, IDowngrade rules, address clearing)
        AuctionStorage(ledger, mainMoney)
    {
        SERIES = series;
        RULES = rules;
        CLEARING = clearing;
    }

    /// @notice Says which series its vouchers are in.
    function initialize() external reinitializer(2) {
        emit VoucherSeriesSet(SERIES);
    }

    /* THE SELLER */

    /// @inheritdoc ISealedAuction
    function announce(AuctionTerms calldata terms) external returns (uint32 auction) {
        address seller = _eligibility()
            .actingFor(
                msg.sender,
                Rights.TRADE | Rights.INITIATE | Rights.APPROVE,
                Restrictions.NO_TRADE | Restrictions.NO_TRANSFER
            );
        RULES.requireNormal();
        _requireTerms(terms);

        auction = ++_s().count;
        One storage a = _s().auctions[auction];
        a.head = Head(terms.opens, terms.closes, terms.openUntil, 0, 0, AuctionState.ANNOUNCED, terms.leastCollateral);
        a.terms = terms;
        a.seller = seller;
        a.offered = terms.lots;
        if (terms.secretReserve == 0) (a.reserve, a.disclosed) = (terms.reserve, true);

        emit AuctionAnnounced(auction, seller, terms);

        LEDGER.encumber(
            seller,
            InstrumentId.unwrap(terms.instrument),
            uint256(terms.lots) * terms.lot,
            _COLLATERAL,
            _cause(auction, 0)
        );
    }

    function _endsBefore(InstrumentId instrument, uint256 time) private view returns (bool) {
        uint40 until = LEDGER.instrumentOf(InstrumentId.unwrap(instrument)).validUntil;
        return until != 0 && until <= time;
    }

    /// @dev Reverts with the first term that is impossible.
    function _requireTerms(AuctionTerms calldata t) private view {
        uint256 term;
        if (checkedInstrument(InstrumentId.unwrap(t.instrument)).class() == InstrumentClass.MONEY) term = 1;
        else if (t.tickSize == 0) term = 2;
        else if (t.lots == 0 || t.lots >= _MOST_LOTS) term = 3;
        else if (t.lot == 0) term = 4;
        else if (t.secretReserve != 0 && t.reserve != 0) term = 5;
        else if (t.ceiling == 0 || t.ceiling < t.reserve) term = 6;
        else if (t.leastLots == 0) term = 7;
        else if (t.mostLots < t.leastLots || t.mostLots >= _MOST_LOTS) term = 8;
        else if (t.leastCollateral == 0) term = 10;
        else if (t.collateralShare > _WHOLE || t.collateralShare == 0) term = 11;
        else if (t.forfeitShare > _WHOLE) term = 12;
        else if (t.opens <= block.timestamp) term = 17;
        else if (t.closes <= t.opens) term = 18;
        else if (t.openUntil < t.closes + _LEAST_OPENING) term = 19;
        else if (t.settles < t.openUntil || t.settles > t.openUntil + _MOST_WAITING) term = 20;
        else if (_endsBefore(t.instrument, t.settles)) term = 1;
        else if ((t.tieRule == UniformPrice.TieRule.RANDOM) != (t.seedCommitment != 0)) term = 22;
        else if (t.sealKey == 0) term = 24;
        else if (t.threshold == 0 || t.threshold > t.officers) term = 25;
        else if (uint256(t.mostLots) * t.lot * t.ceiling * t.tickSize > type(uint96).max) term = 8;
        else return;
        revert BadAuctionTerms(term);
    }

    /// @inheritdoc ISealedAuction
    function disclose(uint32 auction, uint24 tick, bytes32 salt) external {
        One storage a = _in(auction, AuctionState.ANNOUNCED);
        _requireTime(auction, a.head.closes, a.head.openUntil);
        require(!a.disclosed, DisclosedAlready(auction));
        require(keccak256(abi.encode(tick, salt)) == a.terms.secretReserve, FalseDisclosure(auction));

        (a.reserve, a.disclosed) = (tick, true);

        emit ReserveDisclosed(auction, tick);
    }

    /// @inheritdoc ISealedAuction
    /// @dev Who notes it does not choose: the block was fixed before it was there. Nobody notes it in time only if all who take part let it.
    function noteBlockHash(uint32 auction) external {
        One storage a = _in(auction, AuctionState.ANNOUNCED);
        _requireTime(auction, a.head.closes, a.head.openUntil);
        require(a.terms.mixed && a.blockHash == 0, NothingLeft(auction));
        uint256 number = a.drawBlock;
        if (number == 0 || block.number > number + 256) {
            a.drawBlock = block.number + 1;
            emit DrawFixed(auction, block.number + 1);
            return;
        }
        bytes32 hash = blockhash(number);
        require(hash != 0, NoBlockHash(number));

        a.blockHash = hash;

        emit BlockHashNoted(auction, hash);
    }

    /// @inheritdoc ISealedAuction
    function draw(uint32 auction, uint256 seed) external {
        One storage a = _in(auction, AuctionState.ANNOUNCED);
        (uint256 closes, uint256 until) = (a.head.closes, a.head.openUntil);
        require(!a.drawn && a.terms.seedCommitment != 0, NothingLeft(auction));
        if (keccak256(abi.encode(seed)) != a.terms.seedCommitment) {
            require(seed == 0, FalseDisclosure(auction));
            closes = (closes + until) / 2;
        }
        _requireTime(auction, closes, until);
        require(!a.terms.mixed || a.blockHash != 0, NoBlockHash(a.drawBlock));

        if (a.terms.mixed) seed = uint256(keccak256(abi.encode(seed, a.blockHash)));
        (a.seed, a.drawn) = (seed, true);

        emit SeedDrawn(auction, seed);
    }

    /// @inheritdoc ISealedAuction
    function callOff(uint32) external {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function roll(uint32, uint32) external {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function takeUnsold(uint32) external {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function distribute(uint32, Beneficiary[] calldata, uint8) external {
        _handOn();
    }

    /* BIDS */

    /// @inheritdoc ISealedAuction
    function bid(uint32 auction, uint96 collateral, bytes32 commitment, bytes calldata sealedOpening)
        external
        returns (uint32 id)
    {
        address account = _eligibility().actingFor(msg.sender, Rights.TRADE, Restrictions.NO_DEAL);
        RULES.requireNormal();

        id = _bid(auction, account, collateral, commitment, sealedOpening);
    }

    /// @inheritdoc ISealedAuction
    function withdrawBid(uint32 auction, uint32 id, uint96 collateral, bytes32 commitment) external {
        address account = _eligibility().representationOf(msg.sender).account;
        Bilateral.requireKeyOf(_eligibility(), account);
        _withdraw(auction, account, id, collateral, commitment);
    }

    /// @inheritdoc ISealedAuction
    function changeBid(
        uint32 auction,
        uint32 replaced,
        uint96 replacedCollateral,
        bytes32 replacedCommitment,
        uint96 collateral,
        bytes32 commitment,
        bytes calldata sealedOpening
    ) external returns (uint32 id) {
        address account = _eligibility().actingFor(msg.sender, Rights.TRADE, Restrictions.NO_DEAL);
        RULES.requireNormal();
        _withdraw(auction, account, replaced, replacedCollateral, replacedCommitment);
        id = _bid(auction, account, collateral, commitment, sealedOpening);
    }

    function _bid(uint32 auction, address account, uint96 collateral, bytes32 commitment, bytes calldata sealedOpening)
        private
        returns (uint32 id)
    {
        One storage a = _s().auctions[auction];
        Head memory head = a.head;
        require(head.state == AuctionState.ANNOUNCED, WrongAuctionState(auction, head.state));
        _requireTime(auction, head.opens, head.closes);
        require(collateral >= head.leastCollateral, CollateralTooSmall(collateral, head.leastCollateral));

        id = ++head.bids;
        a.head = head;
        a.bids[id] = _seal(account, collateral, commitment, BidState.COMMITTED);

        emit BidCommitted(auction, id, account, collateral, commitment, sealedOpening);

        LEDGER.encumber(account, MAIN_MONEY, collateral, _COLLATERAL, _cause(auction, id));
    }

    function _withdraw(uint32 auction, address account, uint32 id, uint96 collateral, bytes32 commitment) private {
        One storage a = _in(auction, AuctionState.ANNOUNCED);
        _requireTime(auction, a.head.opens, a.head.closes);
        _takeSealed(auction, a, Sealed(id, account, collateral, commitment));

        emit BidWithdrawn(auction, id);

        LEDGER.release(account, MAIN_MONEY, collateral, _COLLATERAL, _cause(auction, id));
    }

    /// @inheritdoc ISealedAuction
    function commitmentOf(
        uint32 auction,
        address account,
        uint32 lots,
        uint24 tick,
        bytes32 salt,
        string calldata label
    ) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), auction, account, lots, tick, salt, label));
    }

    /// @inheritdoc ISealedAuction
    function open(uint32 auction, Opening[] calldata openings) external {
        One storage a = _in(auction, AuctionState.ANNOUNCED);
        Head memory head = a.head;
        _requireTime(auction, head.closes, head.openUntil);
        require(a.terms.seedCommitment == 0 || a.drawn, NotDrawn(auction));

        for (uint256 i = 0; i < openings.length; ++i) {
            if (_open(auction, a, openings[i])) ++head.opened;
        }
        a.head = head;
    }

    function _open(uint32 auction, One storage a, Opening calldata o) private returns (bool counts) {
        bytes32 word = a.bids[o.id];
        if (_stateOf(word) != BidState.COMMITTED) return false; // done with; one of a page stops no other
        bytes32 commitment = commitmentOf(auction, o.account, o.lots, o.tick, o.salt, o.label);
        require(word == _seal(o.account, o.collateral, commitment, BidState.COMMITTED), FalseOpening(auction, o.id));
        uint256 needed = _collateralOf(a.terms, o.lots, o.tick);
        (Flaw flaw, uint32 owner) = _flawOf(a, o, needed);
        if (flaw != Flaw.NONE) {
            a.bids[o.id] = _seal(o.account, o.collateral, commitment, BidState.VOID);

            emit BidVoid(auction, o.id, flaw);

            return false;
        }

        a.bids[o.id] = bytes32(
            uint256(uint160(o.account)) << 96 | uint256(o.lots) << 64 | uint256(o.tick) << 40 | uint256(owner) << 8
                | uint256(BidState.OPENED)
        );
        if (a.terms.seedCommitment != 0) a.ties[o.id] = _tieKey(a.seed, o.id, o.label);

        emit BidOpened(auction, o.id, o.account, o.lots, o.tick, o.label, o.collateral - needed);

        if (o.collateral > needed) {
            LEDGER.release(o.account, MAIN_MONEY, o.collateral - needed, _COLLATERAL, _cause(auction, o.id));
        }
        return true;
    }

    /// @dev The number at its end tells bids with one label apart: no two have one key, or the order could not be proved.
    function _tieKey(uint256 seed, uint32 id, string calldata label) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, label))) >> 32 << 32 | id;
    }

    function _flawOf(One storage a, Opening calldata o, uint256 needed) private view returns (Flaw, uint32 owner) {
        if (o.lots < a.terms.leastLots || o.lots > a.terms.mostLots) return (Flaw.LOTS, 0);
        if (o.tick == 0 || o.tick > a.terms.ceiling) return (Flaw.PRICE, 0);
        if (o.collateral < needed) return (Flaw.COLLATERAL, 0);
        Eligibility memory e = _eligibility().eligibilityOf(o.account);
        address seller = a.seller;
        if (Bilateral.haveOneOwner(o.account, e, seller, _eligibility().eligibilityOf(seller))) return (Flaw.OWN, 0);
        return (Flaw.NONE, e.owner);
    }

    /* CLEARING */

    /// @inheritdoc ISealedAuction
    function rank(uint32, uint32[] calldata) external {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function apportion(uint32, uint32[] calldata) external {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function settle(uint32, uint32[] calldata) external {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function giveBack(uint32, uint32[] calldata) external {
        _handOn();
    }

    /* WHAT GOES WRONG */

    /// @inheritdoc ISealedAuction
    function endSealed(uint32, Sealed calldata) external {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function excuse(uint32, Sealed calldata, bytes32) external restricted {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function cancel(uint32, bytes32) external restricted {
        _handOn();
    }

    /// @inheritdoc ISealedAuction
    function lapse(uint32) external {
        _handOn();
    }

    /// @dev The call as it came; what the other reverts with is the caller's answer.
    function _handOn() private {
        // None of these functions answers anything.
        // slither-disable-next-line unused-return
        CLEARING.functionDelegateCall(msg.data);
    }

    /* VIEWS */

    /// @inheritdoc ISealedAuction
    function auctionCount() external view returns (uint32) {
        return _s().count;
    }

    /// @inheritdoc ISealedAuction
    function auctionOf(uint32 auction) external view returns (Auction memory known) {
        One storage a = _auction(auction);
        known.state = a.head.state;
        known.seller = a.seller;
        known.bids = a.head.bids;
        known.opened = a.head.opened;
        known.reserve = a.reserve;
        known.disclosed = a.disclosed;
        known.drawn = a.drawn;
        known.offered = a.offered;
        known.sale = a.sale;
        known.walk = a.walk;
        known.delivered = a.delivered;
        known.unsold = a.unsold;
        known.rolls = a.rolls;
        known.proceeds = a.proceeds;
        known.seed = a.seed;
        known.leftOver = a.leftOver;
        known.apportioned = a.apportioned;
    }

    /// @inheritdoc ISealedAuction
    function termsOf(uint32 auction) external view returns (AuctionTerms memory) {
        return _auction(auction).terms;
    }

    /// @inheritdoc ISealedAuction
    function bidOf(uint32 auction, uint32 id) external view returns (Bid memory known) {
        One storage a = _auction(auction);
        uint256 word = uint256(a.bids[id]);
        known.state = _stateOf(bytes32(word));
        if (known.state != BidState.OPENED && known.state != BidState.RANKED) return known;
        known.account = address(uint160(word >> 96));
        known.lots = uint32(word >> 64);
        known.tick = uint24(word >> 40);
        known.rank = uint32(word >> 8);
        known.counted = _lotsOf(a, id, word);
    }

    /* VOUCHERS: other series than its own are empty */

    /// @inheritdoc IVoucherIssuer
    function voucherCount(uint32 series) public view returns (uint40) {
        return series == SERIES ? _s().tape.count : 0;
    }

    /// @inheritdoc IVoucherIssuer
    function voucherPeak(uint32 series, uint256 height) external view returns (bytes32) {
        return series == SERIES ? _s().vouchers.at[height] : bytes32(0);
    }

    /// @inheritdoc IVoucherIssuer
    function voucherRoot(uint32 series) external view returns (bytes32) {
        return series == SERIES ? _s().vouchers.root(_s().tape.count) : bytes32(0);
    }
}
