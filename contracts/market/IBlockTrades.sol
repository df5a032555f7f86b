// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";
import { Side } from "../types/OrderId.sol";

/// @title Agreement transfer: block trades between two accounts, both of which consent (R-TRD-4, 7, 8).
/// @notice One side offers a block and the other takes it. Offered on the chain (`propose`, then `confirm`), or off it: the one
///         signs (EIP-712), the other brings the signature (`execute`). A block market has a minimum size, a band around a
///         reference price, trading hours, and fees. Quantities are whole tonnes, prices whole ticks, fees whole amounts per lot.
///
///         A block that settles at once (`settleAt` 0) cannot fail: what the proposer gives is bound while it waits, and taking
///         it binds and moves both sides in one call, or does nothing. One that settles later binds nobody's holdings, only
///         their word: from `settleAt` on anyone settles it, delivery versus payment, as soon as both can; when the market's
///         window after `settleAt` has passed and one cannot, it has failed, which enters the credit record of who lacks
///         what it owes or may not trade, in the same call. Where it cannot settle for a reason that is neither side's (the
///         instrument is closed, both have one owner now, the buyer would hold more than it may, the platform's account may not
///         receive its fees), it is void after twice the window. That the buyer may hold so much (`IHoldingLimits`) is asked
///         when the block is offered, when it is taken and when it settles. A halt stops new trades, not the settlement of old ones.
///
///         Each settled block has a voucher in the contract's series (see `IVoucherIssuer`).
/// @dev A block's id is the EIP-712 digest of its terms: whoever names it has agreed to all of them, on this chain and in this
///      contract. The terms are not stored; calls bring them again, as the events of the offer tell them.
interface IBlockTrades {
    enum BlockMarketState {
        NONE,
        OPEN,
        HALTED
    }

    enum BlockState {
        NONE,
        PROPOSED,
        CONFIRMED, // settles later
        SETTLED,
        FAILED, // some side could not settle in time
        WITHDRAWN, // by who proposed
        REFUSED, // by the other
        LAPSED, // not confirmed in time
        ANNULLED, // by the authority
        VOID // could not settle for a reason that is neither side's
    }

    /// @dev Why a side cannot settle.
    enum Fault {
        NONE,
        NOT_ELIGIBLE, // it is not active, its certificate ended, or it may not trade or receive
        LACKS // it has not what it owes free
    }

    struct BlockTerms {
        InstrumentId instrument;
        uint64 tickSize; // smallest units of money per tonne
        uint24 lot; // tonnes; quantities are multiples of it
        uint32 leastLots; // smallest block, in lots
        uint64 buyerFee; // per lot, smallest units
        uint64 sellerFee; // likewise; not above the smallest price of a lot
        uint16 band; // hundredths of a per cent up and down from the reference; below 10,000
        uint24 opens; // seconds of the civil day
        uint24 closes; // likewise, excluded; after `opens`, at most 86,400
        uint8 weekdays; // bit 0: Monday … bit 6: Sunday
        uint32 longestDelay; // seconds from taking a block to `settleAt`, below 2^24; 0: all settle at once
        uint32 window; // seconds after `settleAt` in which both must be able to settle
    }

    struct BlockTrade {
        address seller;
        address buyer;
        Side offeredBy; // BUY: by the buyer
        uint24 market;
        uint24 tick; // price
        uint48 quantity; // tonnes
        uint40 expires; // Unix seconds from which it cannot be taken any more
        uint40 settleAt; // Unix seconds; 0: at once
        uint64 nonce; // of the account that offers; never used twice
    }

    struct BlockMarketView {
        BlockTerms terms;
        BlockMarketState state;
        uint24 referenceTick; // ticks; 0: none yet
    }

    /// @dev Blocks that an account agreed to and did not settle (R-TRD-7).
    struct Failures {
        uint32 lacked;
        uint32 notEligible;
        uint40 latest; // Unix seconds
    }

    /* ERRORS */

    error UnknownBlockMarket(uint24 market);
    /// @notice Some term of the market is impossible; `term` is its position in `BlockTerms`, from 0.
    error BadBlockTerms(uint256 term);
    /// @notice `state` is a `BlockMarketState`.
    error BlockMarketNotOpen(uint24 market, uint8 state);
    /// @notice `time` (Unix seconds) is outside the market's hours.
    error OutsideBlockHours(uint24 market, uint256 time);
    /// @notice The market has no reference price yet.
    error NoReference(uint24 market);
    /// @notice The price is outside the band from `lowest` to `highest` ticks around the reference.
    error BlockOutsideBand(uint24 tick, uint256 lowest, uint256 highest);
    /// @notice `quantity` is not a multiple of `lot`, or below `least`.
    error BadBlockQuantity(uint256 quantity, uint256 lot, uint256 least);
    /// @notice The offer ended at `expires`.
    error BlockOfferExpired(uint40 expires, uint256 now_);
    /// @notice It would settle at `settleAt`; possible is 0, or a time from now to `latest`.
    error BadSettlementTime(uint40 settleAt, uint256 latest);
    /// @notice `key` acts for `account`, which is not the side whose act this is; `side` is.
    error NotTheBlockSide(address key, address account, address side);
    /// @notice `signer` acts for `account`, which is not the side that the terms say offers; `side` is.
    error NotTheSigningSide(address signer, address account, address side);
    /// @notice `account` has used or cancelled `nonce`.
    error NonceUsed(address account, uint64 nonce);
    /// @notice The block is in the state `state`, in which this cannot be done.
    error WrongBlockState(bytes32 id, BlockState state);
    /// @notice The offer has not expired.
    error BlockOfferStands(bytes32 id, uint40 expires);
    /// @notice It settles from `settleAt` on.
    error BlockNotDue(bytes32 id, uint40 settleAt);
    /// @notice One side or both cannot settle now; there is time until `deadline`. Faults of neither: both have one owner now,
    ///         the instrument is not open, or the platform's account may not receive fees.
    error CannotSettleYet(bytes32 id, Fault ofSeller, Fault ofBuyer, uint256 deadline);
    /// @notice A digest must say why.
    error CauseMissing();

    /* EVENTS: with the ledger's, all that a replay of the blocks needs */

    event BlockMarketOpened(uint24 indexed market, InstrumentId indexed instrument, BlockTerms terms);
    event BlockMarketStateChanged(uint24 indexed market, BlockMarketState state);
    event ReferenceSet(uint24 indexed market, uint24 tick);
    event HoursSet(uint24 indexed market, uint24 opens, uint24 closes, uint8 weekdays);
    /// @notice Fees of trades go to `account` from now on.
    event FeeAccountSet(address indexed account);
    /// @notice All vouchers of this contract are in the series `series`.
    event VoucherSeriesSet(uint32 indexed series);
    event NonceSpent(address indexed account, uint64 nonce);
    /// @notice The offering side's `key` put the block on the chain.
    event BlockProposed(
        bytes32 indexed id, address indexed seller, address indexed buyer, address key, BlockTrade terms
    );
    /// @notice Both sides are bound by their word; it settles later. `terms` are told again: it may have been signed off-chain.
    event BlockConfirmed(
        bytes32 indexed id, address indexed seller, address indexed buyer, address key, BlockTrade terms
    );
    /// @notice It changed hands. `voucher` and `orderOfDay` are its place in the series; its time is the block's. The ledger's
    ///         moves follow: units, money, fees.
    event BlockSettled(
        bytes32 indexed id,
        address indexed seller,
        address indexed buyer,
        uint40 voucher,
        uint32 orderOfDay,
        BlockTrade terms
    );
    /// @notice The block ended without a trade: withdrawn, refused, lapsed, annulled, failed or void. `cause`: the authority's.
    event BlockEnded(bytes32 indexed id, BlockState state, bytes32 cause);
    /// @notice `account` did not settle what it had agreed to.
    event SettlementFailed(bytes32 indexed id, address indexed account, Fault fault);

    /* MARKETS */

    /// @notice Open a block market: the next number from 1. It trades when it has a reference. For SERVICE_MANAGER.
    function openBlockMarket(BlockTerms calldata terms) external returns (uint24 market);

    /// @notice Halt or resume. For SERVICE_REGULATOR.
    function setBlockMarketState(uint24 market, BlockMarketState state) external;

    /// @notice Set the price around which the band lies: the previous close, in ticks. For PLATFORM_OPERATOR.
    function setReference(uint24 market, uint24 tick) external;

    /// @notice Set the trading hours. For PLATFORM_OPERATOR.
    function setHours(uint24 market, uint24 opens, uint24 closes, uint8 weekdays) external;

    /// @notice Name the account that gets the fees. Until there is one, and while it may not receive, trades with fees are
    ///         refused. For PLATFORM_OPERATOR.
    function setFeeAccount(address account) external;

    /* OFFERING: a representative with the right TRADE of the side that offers */

    /// @notice Offer a block on the chain. What the offering side gives is bound, if the block settles at once.
    function propose(BlockTrade calldata terms) external returns (bytes32 id);

    /// @notice Take a proposal back before it is confirmed, whatever the account may do at present.
    function withdraw(BlockTrade calldata terms) external;

    /// @notice Make a nonce of one's account useless: offers signed with it cannot be executed any more.
    function cancelNonce(uint64 nonce) external;

    /* TAKING: a representative with the right TRADE of the other side */

    /// @notice Take a proposal: it settles in this call, or is confirmed and settles later.
    function confirm(BlockTrade calldata terms) external;

    /// @notice Decline a proposal; what it bound is free again.
    function refuse(BlockTrade calldata terms) external;

    /// @notice Take an offer that was signed off the chain; as `confirm`. The key that signed must still have the right TRADE.
    /// @param signature Over `idOf(terms)`, 65 bytes.
    function execute(BlockTrade calldata terms, bytes calldata signature) external returns (bytes32 id);

    /* ENDING */

    /// @notice Anyone may end a proposal that has expired; what it bound is free again.
    function lapse(BlockTrade calldata terms) external;

    /// @notice Anyone may settle a confirmed block from `settleAt` on; after the market's window, one that cannot settle has
    ///         failed.
    function settle(BlockTrade calldata terms) external;

    /// @notice End a proposed or confirmed block for the authority. For REGULATOR.
    function annul(BlockTrade calldata terms, bytes32 cause) external;

    /* VIEWS */

    function blockMarketCount() external view returns (uint24);

    function blockMarketOf(uint24 market) external view returns (BlockMarketView memory);

    /// @notice Whether blocks can be offered and taken at `time`, Unix seconds, as far as the hours say.
    function isWithinHours(uint24 market, uint256 time) external view returns (bool);

    /// @notice The digest that is signed.
    function idOf(BlockTrade calldata terms) external view returns (bytes32);

    function stateOf(bytes32 id) external view returns (BlockState);

    function isNonceUsed(address account, uint64 nonce) external view returns (bool);

    function failuresOf(address account) external view returns (Failures memory);

    function feeAccount() external view returns (address);
}
