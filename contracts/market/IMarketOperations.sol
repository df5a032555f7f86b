// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { OrderId, Side } from "../types/OrderId.sol";
import { IOrderBook } from "./IOrderBook.sol";

/// @title What the order book answers beside orders: markets, their limits and conduct, the clock, fees, views.
/// @notice Called at the order book's address, whose manual is `IOrderBook`. The book hands every selector that it does not
///         have itself to the code of `MarketOperations`, which works on the book's storage and in its name.
///
///         Days. Whoever turns a market on a new civil day first closes the day before: its closing price is known then, and
///         the band is set about it where the market's conduct has a share. A day on which nobody turned the market had no
///         trade, and is not told.
interface IMarketOperations {
    /* ERRORS */

    /// @notice An officer halts (HALTED) or resumes (OPEN); the other states follow from the calendar.
    error OnlyHaltOrResume(uint8 state);
    /// @notice There is nothing to resume: the market's state is `state`.
    error MarketNotHalted(uint24 market, uint8 state);
    /// @notice Some limit is impossible, or cannot be written so exactly; `limit` is its position in `Limits`, from 0.
    error BadLimits(uint256 limit);
    /// @notice Some part of the conduct is impossible; `part` is its position in `Conduct`, from 0.
    error BadConduct(uint256 part);

    /* EVENTS */

    event LimitsChanged(uint24 indexed market, IOrderBook.Limits limits);
    event ConductChanged(uint24 indexed market, IOrderBook.Conduct conduct);
    /// @notice What traded on the civil day `day`, counted from 1970-01-01: `turnover` in ticks x lots. `close` in ticks, 0:
    ///         nothing has ever traded.
    event DayClosed(uint24 indexed market, uint24 day, uint24 close, uint48 lots, uint96 turnover);

    /* MARKETS */

    /// @notice Open a market: the next number from 1. It begins in the phase that its calendar names. For SERVICE_MANAGER.
    function openMarket(IOrderBook.MarketTerms calldata terms) external returns (uint24 market);

    /// @notice Halt (HALTED), or resume a halted market (OPEN): it goes on in the phase that its calendar names, where that is
    ///         continuous trading after a call, if its conduct says so. For SERVICE_REGULATOR.
    function setMarketState(uint24 market, IOrderBook.MarketState state) external;

    /// @notice Set the price band, in ticks, both ends included. For PLATFORM_OPERATOR.
    function setBand(uint24 market, uint24 lowest, uint24 highest) external;

    /// @notice Set all limits of a market. What rests in the book already stays. For RISK_MANAGER.
    function setLimits(uint24 market, IOrderBook.Limits calldata limits) external;

    /// @notice Set how a market goes about its day. For SERVICE_REGULATOR.
    function setConduct(uint24 market, IOrderBook.Conduct calldata conduct) external;

    /// @notice Credit accrued fees to an account. For PLATFORM_OPERATOR.
    function collectFees(uint24 market, address account) external;

    /// @notice Turn a market whose time has passed to the phase that its calendar names. Anyone may; where nothing is due,
    ///         nothing happens. After a call in which prices cross it turns to UNCROSSING.
    /// @return state It has then.
    /// @return until Unix seconds at which it ends; with HALTED and UNCROSSING nothing.
    function turn(uint24 market) external returns (IOrderBook.MarketState state, uint40 until);

    /* VIEWS */

    function marketCount() external view returns (uint24);

    /// @notice As it is written: a state whose `until` has passed ends with the next turn.
    function marketOf(uint24 market) external view returns (IOrderBook.MarketView memory);

    /// @notice Where a call auction would fix the price if the call ended now and every order in it could trade, and how many tonnes
    ///         would; 0: prices do not cross. While an auction is executed: what it has fixed.
    function indication(uint24 market) external view returns (uint24 tick, uint48 tonnes);

    function limitsOf(uint24 market) external view returns (IOrderBook.Limits memory);

    /// @notice The smallest `mostHeld` of the instrument's markets; 0: none has a limit.
    function holdingLimitOf(uint256 instrument) external view returns (uint64);

    function conductOf(uint24 market) external view returns (IOrderBook.Conduct memory);

    function orderOf(OrderId id) external view returns (IOrderBook.OrderView memory);

    /// @notice Open orders of an account that count towards `Limits.mostOpen`: those placed since the market counts them.
    function openOrdersOf(uint24 market, address account) external view returns (uint256);

    /// @notice Levels from the best on: their ticks and tonnes, at most `most`.
    function depth(uint24 market, Side side, uint256 most)
        external
        view
        returns (uint24[] memory ticks, uint48[] memory tonnes);

    /// @notice Open orders of a level in the order of priority, at most `most` places from `from` on (0: the head).
    function ordersAt(uint24 market, Side side, uint24 tick, uint256 from, uint256 most)
        external
        view
        returns (OrderId[] memory ids, IOrderBook.OrderView[] memory orders);
}
