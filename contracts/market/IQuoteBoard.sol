// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";
import { Side } from "../types/OrderId.sol";
import { QuoteId } from "../types/QuoteId.sol";

/// @title Listed quotes: offers at a fixed price that a counterparty clicks, whole or in part (R-TRD-3, 7, 8).
/// @notice Each board is one instrument against the main money, with its own band and fees. Quantities are whole tonnes; a
///         price is a whole number of ticks; fees are whole amounts per lot, so that they add up exactly however a quote
///         is clicked. Nothing is matched: who wants a quote names it.
///
///         What a quote offers is bound in the ledger while it stands (reason QUOTE, cause its id): the units, or their price
///         and the maker's fee. A click binds the other side and moves both in one call, with the fees to the platform's
///         account. It checks both accounts: active, certified, not barred from trade, not of one beneficial owner, and
///         the buyer's holding limit (`IHoldingLimits`).
///
///         Each click has a voucher in the board's series (see `IVoucherIssuer`), which all boards share.
/// @dev A quote's terms never change, and its id says its price: between looking and clicking it can only get smaller or go,
///      and then the click does nothing.
interface IQuoteBoard {
    enum BoardState {
        NONE,
        OPEN,
        HALTED // only taking quotes back
    }

    enum QuoteEnd {
        WITHDRAWN,
        EXPIRED,
        TAKEN_DOWN // by the authority
    }

    struct BoardTerms {
        InstrumentId instrument;
        uint64 tickSize; // smallest units of money per tonne
        uint24 lot; // tonnes; quantities are multiples of it
        uint16 leastLots; // smallest quote, and smallest minimum fill, in lots
        uint64 takerFee; // of who clicks; per lot, smallest units
        uint64 makerFee; // of who listed
        uint24 lowest; // price band in ticks, both included; for listing and for clicking
        uint24 highest;
    }

    struct Listing {
        uint24 board;
        Side side; // BUY: who lists it buys
        uint24 tick; // price
        uint48 quantity;
        uint48 leastFill; // a click takes at least so much, or all that is left; not below `quantity`: only the whole
        uint40 expires; // Unix seconds from which it cannot be clicked; 0: stands until withdrawn
        address[] named; // accounts that may click it, in ascending order, at most 16; empty: everybody
    }

    struct BoardView {
        BoardTerms terms;
        BoardState state;
        uint48 quotes; // listed ever
    }

    struct QuoteView {
        address account; // that listed it; 0: not open
        uint48 open; // tonnes
        uint48 leastFill;
        uint40 expires;
        bytes27 named; // first bytes of the Keccak-256 of the ABI-encoded list of those who may click; 0: everybody
    }

    /* ERRORS */

    error UnknownBoard(uint24 board);
    /// @notice Some term of the board is impossible; `term` is its position in `BoardTerms`, from 0.
    error BadBoardTerms(uint256 term);
    /// @notice `state` is a `BoardState`; quotes can only be taken back.
    error BoardNotOpen(uint24 board, uint8 state);
    /// @notice The price is outside the band from `lowest` to `highest` ticks.
    error QuoteOutsideBand(uint24 tick, uint24 lowest, uint24 highest);
    /// @notice `quantity` is not a positive multiple of `lot`, or below `least`.
    error BadQuoteQuantity(uint256 quantity, uint256 lot, uint256 least);
    /// @notice `expires` has passed.
    error BadQuoteExpiry(uint40 expires, uint256 now_);
    /// @notice Those who may click must be at most `most`, different, and in ascending order; it is not so at `position`.
    error BadNames(uint256 position, uint256 most);
    /// @notice It was never listed, or is clicked, withdrawn or expired and taken out.
    error QuoteNotOpen(QuoteId id);
    /// @notice Nobody can click it any more, since `expires`.
    error QuoteExpired(QuoteId id, uint40 expires);
    /// @notice The quote stands for named accounts; the list given is not theirs, or `account` is not in it.
    error NotNamed(QuoteId id, address account);
    /// @notice Of `open` tonnes a click takes all, or at least `least` in whole lots.
    error BadClick(QuoteId id, uint256 quantity, uint256 open, uint256 least);
    /// @notice The transaction came after `latest`.
    error ClickTooLate(uint40 latest, uint256 now_);
    /// @notice A reduction must leave something of the quote, in whole lots.
    error BadQuoteReduction(QuoteId id, uint256 by, uint256 open);
    /// @notice It has not expired; only its account may take it back.
    error QuoteStands(QuoteId id, uint40 expires);
    /// @notice A digest must say why.
    error CauseMissing();

    /* EVENTS: with the ledger's, all that a replay of the boards needs */

    event BoardOpened(uint24 indexed board, InstrumentId indexed instrument, BoardTerms terms);
    event BoardStateChanged(uint24 indexed board, BoardState state);
    event BoardBandChanged(uint24 indexed board, uint24 lowest, uint24 highest);
    /// @notice Fees of trades go to `account` from now on.
    event FeeAccountSet(address indexed account);
    /// @notice All vouchers of this contract are in the series `series`.
    event VoucherSeriesSet(uint32 indexed series);
    /// @param key The representative that listed it.
    event QuoteListed(
        QuoteId indexed id,
        address indexed account,
        address indexed key,
        uint48 quantity,
        uint48 leastFill,
        uint40 expires,
        address[] named
    );
    /// @notice `taker` bought from or sold to the quote, at its price. `voucher` and `orderOfDay` are the trade's place in the
    ///         series; its time is the block's. The ledger's moves follow: units, money, fees.
    event QuoteClicked(
        QuoteId indexed id,
        address indexed account,
        address indexed taker,
        uint48 quantity,
        uint40 voucher,
        uint32 orderOfDay
    );
    event QuoteReduced(QuoteId indexed id, address indexed account, uint48 by);
    /// @notice `open` tonnes were not clicked and are free again. `cause` is the authority's; 0 for the other ends.
    event QuoteClosed(QuoteId indexed id, address indexed account, uint48 open, QuoteEnd end, bytes32 cause);

    /* BOARDS */

    /// @notice Open a board: the next number from 1. For SERVICE_MANAGER.
    function openBoard(BoardTerms calldata terms) external returns (uint24 board);

    /// @notice Halt or resume. For SERVICE_REGULATOR.
    function setBoardState(uint24 board, BoardState state) external;

    /// @notice Set the price band, in ticks, both ends included. Quotes outside it stand, but cannot be clicked. For
    ///         PLATFORM_OPERATOR.
    function setBoardBand(uint24 board, uint24 lowest, uint24 highest) external;

    /// @notice Name the account that gets the fees. Until there is one, and while it may not receive, trades with fees are
    ///         refused. For PLATFORM_OPERATOR.
    function setFeeAccount(address account) external;

    /* QUOTES: a representative with the right TRADE */

    /// @notice List a quote; what it offers is bound.
    function list(Listing calldata listing) external returns (QuoteId id);

    /// @notice Trade with a quote at its price.
    /// @param quantity Tonnes: all that is open, or at least the quote's minimum fill.
    /// @param latest Unix seconds after which this call does nothing; 0: any time.
    /// @param named The list with which the quote was listed; empty for everybody's.
    function click(QuoteId id, uint48 quantity, uint40 latest, address[] calldata named) external;

    /// @notice Make a quote smaller.
    function reduce(QuoteId id, uint48 by) external;

    /// @notice Take a quote back, whatever its account or board may do at present.
    function withdraw(QuoteId id) external;

    /// @notice Anyone may take an expired quote out; what it bound is free again.
    function expire(QuoteId id) external;

    /// @notice Take a quote out for the authority. For REGULATOR.
    function takeDown(QuoteId id, bytes32 cause) external;

    /* VIEWS */

    function boardCount() external view returns (uint24);

    function boardOf(uint24 board) external view returns (BoardView memory);

    function quoteOf(QuoteId id) external view returns (QuoteView memory);

    function feeAccount() external view returns (address);
}
