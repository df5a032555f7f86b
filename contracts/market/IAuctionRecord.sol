// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";
import { UniformPrice } from "./UniformPrice.sol";

/// @title What auctions are told in: their types, errors and events. The manual is `ISealedAuction`.
/// @dev Apart from the functions, as two contracts on one storage use it.
interface IAuctionRecord {
    enum AuctionState {
        NONE,
        ANNOUNCED, // until the first page of the clearing; bids, then openings, by the calendar
        CLEARING,
        CLEARED, // the price is known, winners are served
        SETTLED,
        CANCELLED
    }

    enum UnderSubscription {
        PARTIAL, // what is asked for is sold; the rest returns to the seller
        CANCEL, // nothing is sold
        ROLL_OVER // what is asked for is sold; the rest goes to the seller's next four auctions as far as their caps let it
    }

    enum BidState {
        NONE, // never made, withdrawn, or done with
        COMMITTED,
        OPENED,
        VOID, // opened, and outside the auction's terms: stands as if it had not been opened
        RANKED
    }

    enum Flaw {
        NONE,
        LOTS, // fewer or more lots than a bid may have
        PRICE, // 0, or above the ceiling
        COLLATERAL, // less than the bid needs
        OWN // the seller's own, or of its beneficial owner
    }

    struct AuctionTerms {
        InstrumentId instrument;
        uint64 tickSize;
        uint32 lots; // offered
        uint32 lot; // tonnes
        uint24 reserve; // lowest tick at which is sold; 0 with a secret reserve
        uint24 ceiling; // highest tick that can be bid
        uint32 leastLots; // of a bid
        uint32 mostLots; // of a bid
        uint32 purchaseLimit; // lots that an account, or accounts of one beneficial owner, can win together; 0: none
        uint64 leastCollateral; // of a bid, smallest units of money: what a bid that is never opened puts at risk
        uint16 collateralShare; // of what a bid would pay, in hundredths of a percent: at most 10,000
        uint16 forfeitShare; // of the collateral, in hundredths of a percent, when a bid is not opened or not paid
        uint16 rollCap; // in hundredths of a percent of an auction's own lots, how far others' unsold ones may fill it up
        UniformPrice.TieRule tieRule;
        UnderSubscription underSubscription;
        bool mixed; // the drawn seed is mixed with the hash of a block that comes after the window
        uint40 opens; // of the window
        uint40 closes; // of the window, excluded; then bids are opened
        uint40 openUntil; // excluded; from then on bids are ranked
        uint40 settles; // from then on winners must have what they owe
        bytes32 secretReserve; // keccak256(abi.encode(uint24 tick, bytes32 salt)); 0: the reserve is open
        bytes32 seedCommitment; // keccak256(abi.encode(uint256 seed)); for RANDOM
        bytes32 beneficiaries; // keccak256(abi.encode(Beneficiary[])); 0: the seller keeps the proceeds
        bytes32 sealKey; // X25519 key to which openings are encrypted
        uint8 threshold; // officers who can decrypt together
        uint8 officers;
        bytes32 shares; // digest of the commitments to the officers' key shares
    }

    /// @dev Who gets a part of the proceeds, in proportion to `lots` of those offered.
    struct Beneficiary {
        address account;
        uint32 lots;
    }

    /// @dev What opens a bid, and how it was made.
    struct Opening {
        uint32 id;
        address account;
        uint96 collateral;
        uint32 lots;
        uint24 tick;
        bytes32 salt;
        string label; // the bidder's own name for it; random ties are broken by it
    }

    /// @dev A bid that was not opened, as it was made.
    struct Sealed {
        uint32 id;
        address account;
        uint96 collateral;
        bytes32 commitment;
    }

    struct Bid {
        BidState state;
        address account; // of an opened one, as the rest
        uint32 lots;
        uint24 tick;
        uint32 rank; // of a ranked one, from 1; of an opened one its beneficial owner
        uint64 counted; // lots that the purchase limit leaves
    }

    struct Auction {
        AuctionState state;
        address seller;
        uint32 bids; // ever made
        uint32 opened;
        uint24 reserve; // as far as it is known
        bool disclosed; // the reserve is known
        bool drawn;
        uint32 offered; // lots, with those that were rolled into it
        UniformPrice.Sale sale;
        UniformPrice.Place walk;
        uint64 delivered; // lots
        uint64 unsold; // lots that still wait for another auction
        uint8 rolls; // auctions that they went to
        uint256 proceeds; // smallest units of money; forfeited ones not included
        uint256 seed;
        uint64 leftOver; // lots that pro-rata shares leave, once they are added up
        bool apportioned;
    }

    /* ERRORS */

    error UnknownAuction(uint32 auction);
    /// @notice Auction `auction` is in `state`.
    error WrongAuctionState(uint32 auction, AuctionState state);
    /// @notice The term at position `term` of the struct, counted from 1, is impossible with the others.
    error BadAuctionTerms(uint256 term);
    /// @notice The act is possible from `from` until `until`, excluded; it is `now_`.
    error OutsideAuctionTime(uint32 auction, uint256 from, uint256 until, uint256 now_);
    /// @notice Less than the auction's least collateral.
    error CollateralTooSmall(uint256 collateral, uint256 least);
    /// @notice Bid `id` is no sealed bid with this account, collateral and commitment.
    error NoSuchBid(uint32 auction, uint32 id);
    /// @notice What is shown is not what bid `id` was made with: the opening is false.
    error FalseOpening(uint32 auction, uint32 id);
    /// @notice What is shown is not what was committed to.
    error FalseDisclosure(uint32 auction);
    error DisclosedAlready(uint32 auction);
    /// @notice The seed must be drawn before bids are opened whose ties it breaks.
    error NotDrawn(uint32 auction);
    /// @notice The block whose hash is mixed in is `number`; it is not there yet, or its hash is not kept any more.
    error NoBlockHash(uint256 number);
    /// @notice Bid `id` is not opened, or is done with.
    error BidNotOpened(uint32 auction, uint32 id);
    /// @notice `opened` bids were opened, the pages hold more.
    error TooManyBids(uint256 opened);
    /// @notice The secret reserve was not disclosed: the auction can only be cancelled.
    error ReserveSecret(uint32 auction);
    /// @notice The reserve is known, or there is still time to disclose it.
    error NoReasonToCancel(uint32 auction);
    /// @notice Shares of tied bids are added up with `apportion` first, or have been already.
    error ApportionFirst(uint32 auction);
    /// @notice Bid `id` has the rank `rank`; the next one is `next`.
    error NotNext(uint32 auction, uint32 id, uint32 rank, uint32 next);
    /// @notice Bid `id` is among those that may have won: it is settled in its turn.
    error MayHaveWon(uint32 auction, uint32 id);
    /// @notice These are not the auction's beneficiaries.
    error WrongBeneficiaries(uint32 auction);
    /// @notice Nothing is left to do.
    error NothingLeft(uint32 auction);
    /// @notice Unsold lots of `from` cannot go to `to`: another seller or instrument, or its window is open.
    error CannotRoll(uint32 from, uint32 to);
    /// @notice The caller acts for `account`, not for the seller.
    error NotTheSeller(address account, address seller);

    /* EVENTS */

    event VoucherSeriesSet(uint32 indexed series);
    event AuctionAnnounced(uint32 indexed auction, address indexed seller, AuctionTerms terms);
    event AuctionStateChanged(uint32 indexed auction, AuctionState state);
    /// @notice The auction will not take place, or has sold nothing. Cause 0: too few bids, or the reserve was not disclosed.
    event AuctionCancelled(uint32 indexed auction, bytes32 cause);
    /// @param sealedOpening For the officers; see the SDK's `sealing` for its form.
    event BidCommitted(
        uint32 indexed auction,
        uint32 indexed id,
        address indexed account,
        uint96 collateral,
        bytes32 commitment,
        bytes sealedOpening
    );
    event BidWithdrawn(uint32 indexed auction, uint32 indexed id);
    /// @param released Collateral beyond what the bid needs.
    event BidOpened(
        uint32 indexed auction,
        uint32 indexed id,
        address indexed account,
        uint32 lots,
        uint24 tick,
        string label,
        uint256 released
    );
    event BidVoid(uint32 indexed auction, uint32 indexed id, Flaw flaw);
    event ReserveDisclosed(uint32 indexed auction, uint24 tick);
    /// @notice The hash of block `number` is mixed into the seed.
    event DrawFixed(uint32 indexed auction, uint256 number);
    event BlockHashNoted(uint32 indexed auction, bytes32 hash);
    event SeedDrawn(uint32 indexed auction, uint256 seed);
    /// @notice The purchase limit leaves `lots` of the bid.
    event BidCut(uint32 indexed auction, uint32 indexed id, uint64 lots);
    event BidsRanked(uint32 indexed auction, uint32 walked);
    /// @param asked Lots of all opened bids; cover ratio = asked / offered.
    event AuctionCleared(uint32 indexed auction, uint24 tick, uint64 sold, uint64 offered, uint64 asked);
    event AwardSettled(
        uint32 indexed auction,
        uint32 indexed id,
        address indexed account,
        uint64 lots,
        uint256 paid,
        uint40 voucher,
        uint32 orderOfDay
    );
    /// @notice A winner was not eligible or had not what it owed; its lots are not sold.
    event AwardDefaulted(uint32 indexed auction, uint32 indexed id, address indexed account, uint64 lots);
    event CollateralForfeited(uint32 indexed auction, uint32 indexed id, address indexed account, uint256 amount);
    /// @notice Nothing is bound for the bid any more.
    event BidReleased(uint32 indexed auction, uint32 indexed id, address indexed account, uint256 amount);
    /// @notice A bid that nobody opened is not punished.
    event BidExcused(uint32 indexed auction, uint32 indexed id, bytes32 cause);
    event AuctionSettled(uint32 indexed auction, uint64 delivered, uint64 unsold, uint256 proceeds);
    event ProceedsPaid(uint32 indexed auction, address indexed beneficiary, uint256 amount);
    event LotsRolled(uint32 indexed auction, uint32 indexed next, uint64 lots);
    /// @notice Units that were not sold are the seller's again.
    event UnsoldReturned(uint32 indexed auction, uint64 lots);
}
