// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Rights } from "../types/Accounts.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Bilateral } from "./Bilateral.sol";
import { IAuctionRecord } from "./IAuctionRecord.sol";
import { UniformPrice } from "./UniformPrice.sol";

/// @title The storage of auctions and what both contracts on it do with it.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
abstract contract AuctionStorage is IAuctionRecord {
    IInstrumentLedger.Reason internal constant _COLLATERAL = IInstrumentLedger.Reason.COLLATERAL;
    uint256 internal constant _WHOLE = 10_000; // hundredths of a percent
    uint256 internal constant _STATE = 0xff;
    uint256 internal constant _LEAST_OPENING = 2 hours; // its second half is the bidders' where a seed is drawn
    uint256 internal constant _MOST_WAITING = 30 days; // until settlement, and from there on until who wants may end it

    IInstrumentLedger internal immutable LEDGER;
    uint256 internal immutable MAIN_MONEY;

    // One word: what a bid reads and writes.
    struct Head {
        uint40 opens;
        uint40 closes;
        uint40 openUntil;
        uint32 bids;
        uint32 opened;
        AuctionState state;
        uint64 leastCollateral;
    }

    /// @dev A bid is one word. Its lowest 8 bits are its `BidState`. Sealed: the rest is that of its digest. Opened:
    ///      255    96 95  64 63  40 39                               8 7     0
    ///      account | lots | tick | beneficial owner, when ranked: rank | state
    struct One {
        Head head;
        address seller;
        uint24 reserve;
        bool disclosed;
        bool drawn;
        bool apportioned;
        uint32 offered;
        UniformPrice.Sale sale;
        UniformPrice.Place walk;
        uint64 leftOver;
        uint64 delivered;
        uint64 unsold;
        uint56 quarter; // of what was unsold at first
        uint8 rolls;
        uint256 proceeds;
        uint256 seed;
        uint256 drawBlock;
        bytes32 blockHash;
        uint256 paidTo; // a bit for each beneficiary
        AuctionTerms terms;
        mapping(uint32 id => bytes32) bids;
        mapping(uint32 id => uint256) ties; // keys of random ties
        mapping(uint32 id => uint64) cut; // lots beyond the purchase limit
        mapping(uint256 group => uint64) counted; // lots of those who have a purchase limit together
        bool pardoned; // cancelled so that nobody is punished for a sealed bid
        mapping(uint32 next => bool) rolledInto;
    }

    /// @custom:storage-location erc7201:carbon.storage.SealedAuction
    struct Storage {
        mapping(uint32 auction => One) auctions;
        Bilateral.Tape tape;
        VoucherSeries.Peaks vouchers;
        uint32 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.SealedAuction")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xacb5c7d3ed1d27cb07bcad018cf200484e0cab37567a9b020cd348e15ef3d400;

    constructor(IInstrumentLedger ledger, InstrumentId mainMoney) {
        LEDGER = ledger;
        MAIN_MONEY = InstrumentId.unwrap(mainMoney);
    }

    /* FINDING */

    function _auction(uint32 auction) internal view returns (One storage a) {
        a = _s().auctions[auction];
        require(a.head.state != AuctionState.NONE, UnknownAuction(auction));
    }

    function _in(uint32 auction, AuctionState wanted) internal view returns (One storage a) {
        a = _auction(auction);
        require(a.head.state == wanted, WrongAuctionState(auction, a.head.state));
    }

    function _requireTime(uint32 auction, uint256 from, uint256 until) internal view {
        require(
            block.timestamp >= from && block.timestamp < until,
            OutsideAuctionTime(auction, from, until, block.timestamp)
        );
    }

    function _requireSeller(One storage a) internal view {
        address account = _eligibility().actingFor(msg.sender, Rights.TRADE | Rights.INITIATE | Rights.APPROVE, 0);
        require(account == a.seller, NotTheSeller(account, a.seller));
    }

    /* BIDS */

    /// @dev A bid that is not opened, or void, is done with.
    function _takeSealed(uint32 auction, One storage a, Sealed memory b) internal {
        bytes32 word = a.bids[b.id];
        BidState state = _stateOf(word);
        require(
            (state == BidState.COMMITTED || state == BidState.VOID)
                && word == _seal(b.account, b.collateral, b.commitment, state),
            NoSuchBid(auction, b.id)
        );

        delete a.bids[b.id];
    }

    function _release(uint32 auction, uint32 id, address account, uint256 amount) internal {
        emit BidReleased(auction, id, account, amount);

        LEDGER.release(account, MAIN_MONEY, amount, _COLLATERAL, _cause(auction, id));
    }

    /// @dev What a bid must have bound: its share of what it would pay, rounded up, and never less than the least.
    function _collateralOf(AuctionTerms storage t, uint256 lots, uint256 tick) internal view returns (uint256 amount) {
        amount = (lots * t.lot * tick * t.tickSize * t.collateralShare + _WHOLE - 1) / _WHOLE;
        if (amount < t.leastCollateral) amount = t.leastCollateral;
    }

    function _lotsOf(One storage a, uint32 id, uint256 word) internal view returns (uint64 lots) {
        lots = uint32(word >> 64);
        if (a.terms.purchaseLimit != 0) lots -= a.cut[id];
    }

    function _seal(address account, uint96 collateral, bytes32 commitment, BidState state)
        internal
        pure
        returns (bytes32)
    {
        uint256 digest = uint256(keccak256(abi.encode(account, collateral, commitment)));
        return bytes32(digest & ~_STATE | uint256(state));
    }

    function _stateOf(bytes32 word) internal pure returns (BidState) {
        return BidState(uint8(uint256(word)));
    }

    function _cause(uint32 auction, uint32 id) internal pure returns (bytes32) {
        return bytes32(uint256(auction) << 32 | id);
    }

    function _eligibility() internal view returns (IEligibility) {
        return IEligibility(address(LEDGER));
    }

    function _s() internal pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
