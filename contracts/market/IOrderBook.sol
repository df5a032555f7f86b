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
        NOT_ELIGIBLE, // its account may not trade (any more)
        SELF_TRADE,
        AUTHORITY
    }

    struct MarketTerms {
        InstrumentId instrument;
        uint32 tickMantissa;
        uint8 tickExponent; // at most 18
        uint24 lot; // tonnes; quantities are multiples of it
        uint16 leastLots; // smallest order, in lots
        uint16 takerFee; // per lot, in 10^tickExponent smallest units
        uint16 makerFee; // likewise
        uint24 lowest; // price band in ticks, both included
        uint24 highest;
    }

    struct Order {
        uint24 market;
        Side side;
        uint24 tick; // limit; for a market order the protection price
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

    /* EVENTS: with the ledger's, all that a replay of the book needs. One call tells its trades and the orders that
       left the book untraded in the order in which it met them, then the order that rests. */

    event MarketOpened(uint24 indexed market, InstrumentId indexed instrument, MarketTerms terms);
    event MarketStateChanged(uint24 indexed market, MarketState state);
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
    /// @notice `open` tonnes left the book untraded.
    event OrderClosed(OrderId indexed id, address indexed account, uint48 open, CloseReason reason);
    /// @notice Both orders of one owner shrank by `quantity`; `maker` may have left the book with that.
    event SelfTradePrevented(OrderId indexed maker, address indexed account, uint48 quantity);
    event FeesCollected(uint24 indexed market, address indexed account, uint96 amount);

    /* MARKETS */

    /// @notice Open a market: the next number from 1. For SERVICE_MANAGER.
    function openMarket(MarketTerms calldata terms) external returns (uint24 market);

    /// @notice Halt or resume. For SERVICE_REGULATOR.
    function setMarketState(uint24 market, MarketState state) external;

    /// @notice Set the price band, in ticks, both ends included. For PLATFORM_OPERATOR.
    function setBand(uint24 market, uint24 lowest, uint24 highest) external;

    /// @notice Credit accrued fees to an account. For PLATFORM_OPERATOR.
    function collectFees(uint24 market, address account) external;

    /* ORDERS: a representative with the right TRADE */

    /// @notice Place an order: trade with what is in the book within its limits, rest what is left as its terms say.
    function place(Order calldata order) external returns (Placed memory);

    /// @notice Take an open order back. Possible in any state of the market.
    function cancel(OrderId id) external;

    /// @notice Make an open order smaller; it keeps its place.
    function reduce(OrderId id, uint48 by) external;

    /// @notice Anyone may take an expired order out of the book; what it held goes back to its account.
    function evict(OrderId id) external;

    /* VIEWS */

    function marketCount() external view returns (uint24);

    function marketOf(uint24 market) external view returns (MarketView memory);

    function orderOf(OrderId id) external view returns (OrderView memory);

    /// @notice Levels from the best on: their ticks and tonnes, at most `most`.
    function depth(uint24 market, Side side, uint256 most)
        external
        view
        returns (uint24[] memory ticks, uint48[] memory tonnes);

    /// @notice Open orders of a level in the order of priority, at most `most` places from `from` on (0: the head).
    function ordersAt(uint24 market, Side side, uint24 tick, uint256 from, uint256 most)
        external
        view
        returns (OrderId[] memory ids, OrderView[] memory orders);
}
