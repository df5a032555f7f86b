// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAuctionRecord } from "./IAuctionRecord.sol";

/// @title Auctions of units by sealed bids at one price (R-TRD-1, R-TRD-5; clause 8.5 of IEEE Std 3218-2022).
/// @notice Any active account may sell a block of its units so: a government its part of the cap, a company what it can spare.
///
///         While the window is open a bid is a commitment, and beside it, in the event only, its opening encrypted for the officers:
///         `threshold` of them together can decrypt it, fewer cannot. When the window is closed whoever knows an opening
///         shows it: the auctioneer all of them, a bidder its own. The commitment alone proves it, so who shows it and in which
///         order does not matter. A bid that nobody opens in time is punished: a share of its collateral is forfeited to the seller
///         and the account's credit record is told.
///
///         Clearing is computed off the chain and proved on it, in pages: every opened bid comes once, best first, ties in
///         order of time or of the drawn key. Anyone may bring the pages, and a clearing that was stopped goes on. Then
///         winners pay and get their units, in the same order; all others get their collateral back.
/// @dev Quantities of an auction are lots; a lot is `lot` tonnes. Prices are ticks; a tick is `tickSize` smallest units of main money a
///      tonne. Times are Unix seconds. Money and units are bound in the ledger (COLLATERAL); the cause of a bid's is
///      `auction << 32 | bid`, that of the offered units `auction << 32`.
interface ISealedAuction is IAuctionRecord {
    /* THE SELLER */

    /// @notice Announce an auction; the units are bound. For a representative with TRADE, INITIATE and APPROVE.
    function announce(AuctionTerms calldata terms) external returns (uint32 auction);

    /// @notice Call it off before its window opens. By the seller.
    function callOff(uint32 auction) external;

    /// @notice Show the secret reserve after the window. Whoever knows it may.
    function disclose(uint32 auction, uint24 tick, bytes32 salt) external;

    /// @notice After the window: fix the block whose hash is mixed in; from that block on: note its hash. Anyone may.
    function noteBlockHash(uint32 auction) external;

    /// @notice Show the seed after the window. Whoever knows it may; in the second half of the time for openings anyone, with 0.
    function draw(uint32 auction, uint256 seed) external;

    /// @notice Put unsold lots into a later auction of the same seller and instrument before its window: a quarter of them at most, and no
    ///         more than its cap lets in; four auctions in all, each once. Anyone may.
    function roll(uint32 auction, uint32 next) external;

    /// @notice Take back what no further auction takes. By the seller.
    function takeUnsold(uint32 auction) external;

    /// @notice Pay the beneficiary at `index` of a settled or cancelled auction; each by itself, so that none holds up the others. Anyone may.
    function distribute(uint32 auction, Beneficiary[] calldata beneficiaries, uint8 index) external;

    /* BIDS */

    /// @notice Bid. For a representative with TRADE.
    /// @param collateral Smallest units of money; bound. It must cover what the bid needs when it is opened; what is more is
    ///        released then. A round amount says less about the bid.
    /// @param commitment As `commitmentOf` makes it.
    function bid(uint32 auction, uint96 collateral, bytes32 commitment, bytes calldata sealedOpening)
        external
        returns (uint32 id);

    /// @notice Take a bid back while the window is open. For a representative with TRADE of the account that made it.
    function withdrawBid(uint32 auction, uint32 id, uint96 collateral, bytes32 commitment) external;

    /// @notice Put another bid in the place of one; its time is the new one's.
    function changeBid(
        uint32 auction,
        uint32 replaced,
        uint96 replacedCollateral,
        bytes32 replacedCommitment,
        uint96 collateral,
        bytes32 commitment,
        bytes calldata sealedOpening
    ) external returns (uint32 id);

    /// @notice What a bid is a commitment to. It names chain, contract, auction and account: copied, it is of no use.
    function commitmentOf(
        uint32 auction,
        address account,
        uint32 lots,
        uint24 tick,
        bytes32 salt,
        string calldata label
    ) external view returns (bytes32);

    /// @notice Show openings between the window's end and `openUntil`. Anyone may. Those that were shown before are passed over.
    function open(uint32 auction, Opening[] calldata openings) external;

    /* CLEARING, in pages; anyone may */

    /// @notice Bring opened bids in their order. With the last one the price is known.
    function rank(uint32 auction, uint32[] calldata ids) external;

    /// @notice Add up the shares of bids that are tied, in their order from the rank `walk.first` on; for PRO_RATA only.
    function apportion(uint32 auction, uint32[] calldata ids) external;

    /// @notice Settle winners in their order, from `settles` on. With the last one the auction is settled.
    function settle(uint32 auction, uint32[] calldata ids) external;

    /// @notice Give collateral back to opened bids that did not win, in any order.
    function giveBack(uint32 auction, uint32[] calldata ids) external;

    /* WHAT GOES WRONG */

    /// @notice Punish a bid that was not opened in time, or give it back where the regulator cancelled the auction or it lapsed. One that
    ///         sold nothing punishes too: nobody spoils a sale by not opening. Anyone may.
    function endSealed(uint32 auction, Sealed calldata bid_) external;

    /// @notice Give a bid that was not opened its collateral back, because its bidder is not to blame. For REGULATOR.
    function excuse(uint32 auction, Sealed calldata bid_, bytes32 cause) external;

    /// @notice Cancel an auction that is not settled; what was delivered stays so. For REGULATOR.
    function cancel(uint32 auction, bytes32 cause) external;

    /// @notice Cancel an auction whose secret reserve was not disclosed in time, or that is not settled 30 days after `settles`, as when
    ///         the seller may no longer receive: what is bound comes back. Anyone may.
    function lapse(uint32 auction) external;

    /* VIEWS */

    function auctionCount() external view returns (uint32);
    function auctionOf(uint32 auction) external view returns (Auction memory);
    function termsOf(uint32 auction) external view returns (AuctionTerms memory);
    function bidOf(uint32 auction, uint32 id) external view returns (Bid memory);
}
