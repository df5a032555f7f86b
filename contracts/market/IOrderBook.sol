// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";
import { OrderId, Side } from "../types/OrderId.sol";

/// @title Continuous trading with price-time priority and delivery versus payment in the same call (R-TRD-2, 7, 8).
/// @notice Quantities are whole tonnes. A price is a whole number of ticks; a tick is `tickMantissa x 10^tickExponent` of the
///         money's smallest units per tonne. Fees are whole amounts per lot, so that they add up exactly however an order is
///         filled. What an order offers is taken from the account when it is placed (with the maker's fee for a buy order),
///         and given back when it leaves the book.
///
///         Each market is one instrument against the main money. Each trade has a voucher in the market's own series,
///         whose number is the market's (see `IVoucherIssuer`).
///
///         Priority: better price first, then the earlier order. A trade is at the maker's price.
///
///         A market goes from state to state by the clock: who places or takes back first in a new phase turns it, or anyone by
///         `IMarketOperations.turn`. That interface has the rest of what the same contract answers: markets and views.
interface IOrderBook {
    /// @dev OPEN, CLOSED, CALL, LOCKED and DOWNGRADED follow from the rules of the market (`IMarketRules`), from turn to turn.
    enum MarketState {
        NONE,
        OPEN, // continuous trading
        HALTED, // by the authority, or because the instrument is closed: only taking orders back, until resumed
        CLOSED, // outside of trading hours: only taking orders back
        CALL, // orders are collected for a call auction: they rest, also where prices cross
        LOCKED, // as CALL, and none is taken back or made smaller
        UNCROSSING, // the call has ended; its price is being fixed and executed: no order is placed or taken back
        DOWNGRADED // all trade is suspended: only taking orders back
    }

    enum TimeInForce {
        GTC, // rests until taken back; with `expires`, good till that time
        IOC, // what does not fill at once is dropped
        FOK, // all at once or nothing at all
        POST_ONLY // rests, or is refused when it would trade
    }

    /// @dev When an order meets one of the same beneficial owner.
    enum SelfTrade {
        CANCEL_NEWEST, // the rest of the arriving order is dropped
        CANCEL_OLDEST, // the resting order leaves the book
        DECREMENT, // both shrink by the smaller of them
        ALLOW
    }

    enum CloseReason {
        TAKEN_BACK,
        EXPIRED,
        NOT_ELIGIBLE, // its account may not trade (any more), or would hold more than it may
        SELF_TRADE,
        AUTHORITY
    }

    struct MarketTerms {
        InstrumentId instrument;
        uint32 tickMantissa; // at most 1,023
        uint8 tickExponent; // at most 18
        uint24 lot; // tonnes, at most 65,535; quantities are multiples of it
        uint16 leastLots; // smallest order, in lots; at most 255
        uint16 takerFee; // per lot, in 10^tickExponent smallest units; at most 16,383
        uint16 makerFee; // likewise
        uint24 lowest; // price band in ticks, both included; at most 2^20 - 1
        uint24 highest;
    }

    /// @notice What bounds the risk of one order or account; 0: no limit.
    struct Limits {
        uint48 mostLots; // of one order, in lots: at most 3 digits, below 128, and seven zeros
        uint16 dynamicPermille; // how far a price may be from the latest trade's, in tenths of a per cent; below 1,000
        uint64 mostHeld; // tonnes of the instrument that an account may hold after a purchase: below 256 and fifteen zeros
        uint16 mostOpen; // open orders of an account in the market. Counting them costs gas, and once begun does not end
    }

    enum ClosingRule {
        LAST, // price of the day's last trade
        VWAP // volume-weighted average of the day's trades, to the nearest tick
    }

    /// @notice How the market goes about its day.
    struct Conduct {
        uint16 bandBasisPoints; // the band is so far about the last close, from the day after; 0: as it was set. Below 10,000
        ClosingRule closing; // where nothing traded, the close stays what it was
        uint16 interruptionMinutes; // length of the call after a price would have left the dynamic band: 1 to 1,440
        uint16 resumptionMinutes; // length of the call with which a resumed market begins; 0: none. At most 1,440
        bool choice; // nothing is matched: who takes picks an order of the best five levels
    }

    struct Order {
        uint24 market;
        uint24 tick; // limit; for a market order the protection price
        Side side;
        uint48 quantity;
        uint40 expires; // Unix seconds from which it no longer trades; 0: never. Only with GTC and POST_ONLY
        TimeInForce timeInForce;
        SelfTrade selfTrade;
        uint16 mostMakers; // places in the queues to look at, 1 to 255; beyond, the rest of the order is dropped
        uint40 latest; // Unix seconds after which this call does nothing; 0: any time
    }

    struct Placed {
        OrderId id; // 0: nothing rests
        uint48 filled;
        uint48 rested; // filled + rested < quantity: the difference was dropped
    }

    struct MarketView {
        MarketTerms terms;
        MarketState state;
        uint24 bestBid; // 0: none
        uint24 bestAsk; // 0: none
        uint24 last; // of the latest trade
        uint96 feesAccrued; // main money
        uint40 trades;
        uint40 until; // Unix seconds at which the state ends; with HALTED and UNCROSSING nothing
        uint24 close; // of the last day that was closed; 0: none yet
        uint24 day; // civil day that the market is in, counted from 1970-01-01
        uint48 lotsToday;
        uint96 turnoverToday; // ticks x lots
    }

    struct OrderView {
        address account;
        uint48 open; // 0: not in the book
        uint40 expires;
    }

    /* ERRORS */

    error UnknownMarket(uint24 market);
    /// @notice Some term of the market is impossible; `term` is its position in `MarketTerms`, from 0.
    error BadTerms(uint256 term);
    /// @notice `state` is a `MarketState`; orders can only be taken back.
    error MarketNotOpen(uint24 market, uint8 state);
    /// @notice A call has ended, and its price has to be fixed and executed first: anyone may, by `uncross`.
    error AuctionPending(uint24 market);
    /// @notice In the last minutes of a call nothing is taken back or made smaller.
    error OrdersLocked(uint24 market, uint40 until);
    /// @notice While orders are collected for a call auction, only those that rest are taken: GTC and POST_ONLY.
    error OrderMustRest(uint24 market, TimeInForce timeInForce);
    /// @notice No order may be of more than `most` tonnes.
    error OrderTooLarge(uint256 quantity, uint256 most);
    /// @notice `account` has `open` orders in the market, as many as it may.
    error TooManyOpenOrders(address account, uint256 open);
    error PriceOutsideBand(uint24 tick, uint24 lowest, uint24 highest);
    /// @notice `quantity` is not a positive multiple of `lot`, or below `least`.
    error BadOrderQuantity(uint256 quantity, uint256 lot, uint256 least);
    error BadExpiry(uint40 expires, uint256 now_);
    /// @notice `mostMakers` is not 1 to 255.
    error BadMakerLimit(uint16 mostMakers);
    /// @notice The transaction came too late.
    error TooLate(uint40 latest, uint256 now_);
    /// @notice A post-only order would have traded at `best`.
    error WouldTrade(uint24 tick, uint24 best);
    /// @notice A fill-or-kill order found `available` of `quantity` within its price and work limits.
    error NotFillable(uint256 available, uint256 quantity);
    /// @notice What the order would cost does not fit the ledger.
    error AmountTooLarge(uint256 amount);
    /// @notice A reduction must leave something of the order, in whole lots.
    error BadReduction(uint256 by, uint256 open, uint256 lot);
    /// @notice The order has not expired; only its account may take it out.
    error NotExpired(OrderId id, uint256 expires);
    error NoFees(uint24 market);
    /// @notice An order is replaced by one of the same market and side; `id` is of another.
    error OtherQueue(OrderId id);
    /// @notice One call takes back and places at most `most` orders together.
    error TooManyAtOnce(uint256 given, uint256 most);

    /* EVENTS: with the ledger's, all that a replay of the book needs. One call tells its trades and the orders that
       left the book untraded in the order in which it met them, then the order that rests. */

    event MarketOpened(uint24 indexed market, InstrumentId indexed instrument, MarketTerms terms);
    /// @notice `until`: Unix seconds at which the state ends; with HALTED and UNCROSSING 0.
    event MarketStateChanged(uint24 indexed market, MarketState state, uint40 until);
    /// @notice An order could have traded at `tick`, outside of the dynamic band: a call follows.
    event Interrupted(uint24 indexed market, uint24 tick, uint40 until);
    event BandChanged(uint24 indexed market, uint24 lowest, uint24 highest);
    event OrderPlaced(OrderId indexed id, address indexed account, uint48 quantity, uint40 expires);
    /// @notice `taker` bought from or sold to the order `maker`, at its price. `voucher` and `orderOfDay` are the trade's
    ///         place in the market's series; its time is the block's.
    event Trade(
        OrderId indexed maker,
        address indexed makerAccount,
        address indexed taker,
        uint48 quantity,
        uint40 voucher,
        uint32 orderOfDay
    );
    event OrderReduced(OrderId indexed id, address indexed account, uint48 by);
    /// @notice The order has another expiry, and its place still.
    event ExpiryChanged(OrderId indexed id, address indexed account, uint40 expires);
    /// @notice `open` tonnes left the book untraded.
    event OrderClosed(OrderId indexed id, address indexed account, uint48 open, CloseReason reason);
    /// @notice Both orders of one owner shrank by `quantity`; `maker` may have left the book with that.
    event SelfTradePrevented(OrderId indexed maker, address indexed account, uint48 quantity);
    event FeesCollected(uint24 indexed market, address indexed account, uint96 amount);

    /* ORDERS: a representative with the right TRADE */

    /// @notice Place an order: trade with what is in the book within its limits, rest what is left as its terms say. In a call
    ///         it only rests.
    /// @dev Where the dynamic band ends the trading, the market goes into a call, in which the rest of a GTC order waits.
    function place(Order calldata order) external returns (Placed memory);

    /// @notice Take an open order back. Not possible while LOCKED or UNCROSSING.
    function cancel(OrderId id) external;

    /// @notice Make an open order smaller; it keeps its place. As `cancel`.
    function reduce(OrderId id, uint48 by) external;

    /// @notice Replace an own open order by another of the same market and side, as if it were taken back and the other
    ///         placed, with every check of `place`. At the same price and with no larger quantity it stays where it is in its
    ///         queue, under the same id: only smaller, or with another expiry, if it rests and had not expired. What the old
    ///         order held pays for the new one; only the difference moves, or both ways where the account has something frozen.
    ///         Not possible while LOCKED or UNCROSSING.
    /// @param order Its quantity is what is to be open, not what was placed at first.
    function replace(OrderId id, Order calldata order) external returns (Placed memory);

    /// @notice Take several orders back at once, of any markets; what they held comes back in one sum for each instrument. Passed
    ///         over are those that are no longer open, that are not of the caller's account, and those of a market that is
    ///         LOCKED, UNCROSSING or unknown: the others come back all the same. A suspended account may, as by `cancel`.
    /// @param ids At most 64.
    /// @return taken Which of them were taken back.
    function cancelMany(OrderId[] calldata ids) external returns (bool[] memory taken);

    /// @notice Take orders back, then place others, all or nothing: as `cancel` and then `place` for each, save that orders which
    ///         are no longer open, or not of the caller's account, are passed over. What the orders that are taken back held
    ///         pays for those that rest; only the difference moves, or both ways where the account has something frozen.
    ///         At most 64 orders together.
    function batch(OrderId[] calldata ids, Order[] calldata orders)
        external
        returns (bool[] memory taken, Placed[] memory placed);

    /// @notice Anyone may take an expired order out of the book; what it held goes back to its account.
    function evict(OrderId id) external;
}
