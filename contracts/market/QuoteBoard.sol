// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { Side } from "../types/OrderId.sol";
import { QuoteId, quoteId } from "../types/QuoteId.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Bilateral } from "./Bilateral.sol";
import { IMarketRules } from "./IMarketRules.sol";
import { IQuoteBoard } from "./IQuoteBoard.sol";

/// @title Listed quotes. Its manual is `IQuoteBoard`; what it has in common with block trades is `Bilateral`.
/// @dev No guard against reentrance: the one contract that is called is the ledger, which calls nobody while it binds,
///      releases or moves.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract QuoteBoard is IQuoteBoard, IVoucherIssuer, Governed {
    using Bilateral for Bilateral.Tape;
    using VoucherSeries for VoucherSeries.Peaks;

    uint256 private constant _MOST_NAMES = 16;
    IInstrumentLedger.Reason private constant _QUOTE = IInstrumentLedger.Reason.QUOTE;

    IInstrumentLedger private immutable LEDGER;
    uint256 private immutable MAIN_MONEY;
    int256 private immutable DAY_OFFSET;
    uint32 private immutable SERIES;
    IMarketRules private immutable RULES;

    // Two words; a click reads both.
    struct Board {
        uint88 instrument;
        uint64 tickSize;
        uint24 lot;
        uint16 leastLots;
        uint24 lowest;
        uint24 highest;
        BoardState state;
        uint64 takerFee;
        uint64 makerFee;
        uint48 quotes; // listed ever; also the index of the latest
    }

    // Two words; the second is written only where there is something to say.
    struct Quote {
        address account;
        uint48 open;
        uint48 leastFill;
        uint40 expires;
        bytes27 named;
    }

    /// @custom:storage-location erc7201:carbon.storage.QuoteBoard
    struct Storage {
        mapping(uint24 board => Board) boards;
        mapping(QuoteId id => Quote) quotes;
        Bilateral.Tape tape;
        VoucherSeries.Peaks vouchers;
        uint24 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.QuoteBoard")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x7d7921599fa2db719792c52f302d06a59210edd8be593205e5b52598e5671400;

    /// @param dayOffset Seconds that the scheme's civil day begins before UTC's.
    /// @param series Number of the voucher series.
    /// @param rules Whether the platform is downgraded, and how much an account may hold.
    constructor(IInstrumentLedger ledger, InstrumentId mainMoney, int256 dayOffset, uint32 series, IMarketRules rules) {
        LEDGER = ledger;
        MAIN_MONEY = InstrumentId.unwrap(mainMoney);
        DAY_OFFSET = dayOffset;
        SERIES = series;
        RULES = rules;
    }

    /// @notice Says which series its vouchers are in.
    function initialize() external reinitializer(2) {
        emit VoucherSeriesSet(SERIES);
    }

    /* BOARDS */

    /// @inheritdoc IQuoteBoard
    function openBoard(BoardTerms calldata terms) external restricted returns (uint24 board) {
        _requireTerms(terms);

        board = ++_s().count;
        _s().boards[board] = Board({
            instrument: uint88(InstrumentId.unwrap(terms.instrument)),
            tickSize: terms.tickSize,
            lot: terms.lot,
            leastLots: terms.leastLots,
            lowest: terms.lowest,
            highest: terms.highest,
            state: BoardState.OPEN,
            takerFee: terms.takerFee,
            makerFee: terms.makerFee,
            quotes: 0
        });

        emit BoardOpened(board, terms.instrument, terms);
    }

    /// @inheritdoc IQuoteBoard
    function setBoardState(uint24 board, BoardState state) external restricted {
        Board storage b = _board(board);
        require(state != BoardState.NONE, UnknownBoard(board));

        b.state = state;

        emit BoardStateChanged(board, state);
    }

    /// @inheritdoc IQuoteBoard
    function setBoardBand(uint24 board, uint24 lowest, uint24 highest) external restricted {
        Board storage b = _board(board);
        require(lowest != 0 && lowest <= highest, BadBoardTerms(6));

        (b.lowest, b.highest) = (lowest, highest);

        emit BoardBandChanged(board, lowest, highest);
    }

    /// @inheritdoc IQuoteBoard
    function setFeeAccount(address account) external restricted {
        _s().tape.feeAccount = account;

        emit FeeAccountSet(account);
    }

    /// @dev Reverts with the first term that is impossible.
    function _requireTerms(BoardTerms calldata t) private pure {
        InstrumentClass class = checkedInstrument(InstrumentId.unwrap(t.instrument)).class();
        uint256 lowestPrice = uint256(t.tickSize) * t.lot; // of a lot: pays its fees
        uint256 term;
        if (class == InstrumentClass.MONEY) term = 0;
        else if (t.tickSize == 0) term = 1;
        else if (t.lot == 0) term = 2;
        else if (t.leastLots == 0) term = 3;
        else if (t.takerFee > lowestPrice) term = 4;
        else if (t.makerFee > lowestPrice) term = 5;
        else if (t.lowest == 0 || t.lowest > t.highest) term = 6;
        else return;
        revert BadBoardTerms(term);
    }

    function _board(uint24 board) private view returns (Board storage b) {
        b = _s().boards[board];
        require(b.state != BoardState.NONE, UnknownBoard(board));
    }

    /// @dev Where something can be listed and clicked at `tick`.
    function _trading(uint24 board, uint24 tick) private view returns (Board memory b) {
        RULES.requireNormal();
        b = _s().boards[board];
        require(b.state == BoardState.OPEN, BoardNotOpen(board, uint8(b.state)));
        require(tick >= b.lowest && tick <= b.highest, QuoteOutsideBand(tick, b.lowest, b.highest));
    }

    /* LISTING */

    /// @inheritdoc IQuoteBoard
    function list(Listing memory listing) external returns (QuoteId id) {
        address account = _eligibility().actingFor(msg.sender, Rights.TRADE, Restrictions.NO_TRADE);
        Board memory b = _trading(listing.board, listing.tick);
        _requireListable(listing, b);
        bytes27 named = _digestOf(listing.named);

        id = _enter(listing, b, account, named);

        emit QuoteListed(id, account, msg.sender, listing.quantity, listing.leastFill, listing.expires, listing.named);

        (uint256 instrument, uint256 held) = _held(id, b, listing.quantity);
        LEDGER.encumber(account, instrument, Bilateral.fitting(held), _QUOTE, _cause(id));
    }

    function _requireListable(Listing memory listing, Board memory b) private view {
        uint256 least = uint256(b.lot) * b.leastLots;
        require(
            listing.quantity >= least && listing.quantity % b.lot == 0, BadQuoteQuantity(listing.quantity, b.lot, least)
        );
        require(listing.leastFill >= least, BadQuoteQuantity(listing.leastFill, b.lot, least));
        require(
            listing.expires == 0 || listing.expires > block.timestamp, BadQuoteExpiry(listing.expires, block.timestamp)
        );
    }

    function _enter(Listing memory listing, Board memory b, address account, bytes27 named)
        private
        returns (QuoteId id)
    {
        uint48 index = b.quotes + 1;
        id = quoteId(listing.board, listing.side, listing.tick, index);
        _s().boards[listing.board].quotes = index;
        Quote storage q = _s().quotes[id];
        (q.account, q.open, q.leastFill) = (account, listing.quantity, listing.leastFill);
        if (listing.expires != 0 || named != 0) (q.expires, q.named) = (listing.expires, named);
    }

    /// @dev In ascending order nobody is there twice.
    function _digestOf(address[] memory named) private pure returns (bytes27) {
        if (named.length == 0) return 0;
        require(named.length <= _MOST_NAMES, BadNames(named.length, _MOST_NAMES));
        address previous;
        for (uint256 i; i < named.length; ++i) {
            require(named[i] > previous, BadNames(i, _MOST_NAMES));
            previous = named[i];
        }
        return bytes27(keccak256(abi.encode(named)));
    }

    /* CLICKING */

    /// @inheritdoc IQuoteBoard
    function click(QuoteId id, uint48 quantity, uint40 latest, address[] calldata named) external {
        address taker = _eligibility().actingFor(msg.sender, Rights.TRADE, Restrictions.NO_TRADE);
        Quote memory q = _clickable(id, taker, latest, named);
        Board memory b = _trading(id.board(), id.tick());
        require(
            quantity == q.open || (quantity < q.open && quantity >= q.leastFill && quantity % b.lot == 0),
            BadClick(id, quantity, q.open, q.leastFill)
        );
        Bilateral.Deal memory deal = _deal(id, b, q.account, taker, quantity);
        Bilateral.requirePair(_eligibility(), deal.seller, deal.buyer);
        RULES.requireMayHold(deal.buyer, deal.instrument, quantity);

        _shrink(id, q.open, quantity);
        _conclude(id, q.account, taker, deal, b.tickSize);

        if (deal.seller == taker) LEDGER.encumber(taker, deal.instrument, quantity, _QUOTE, deal.cause);
        else LEDGER.encumber(taker, MAIN_MONEY, Bilateral.fitting(deal.cost + deal.buyerFee), _QUOTE, deal.cause);
        Bilateral.deliver(LEDGER, MAIN_MONEY, _QUOTE, deal, _s().tape.feeAccount);
    }

    function _conclude(QuoteId id, address account, address taker, Bilateral.Deal memory deal, uint256 tickSize)
        private
    {
        (uint40 voucher, uint32 orderOfDay) =
            _s().tape.conclude(_s().vouchers, SERIES, DAY_OFFSET, deal, id.tick() * tickSize);

        emit QuoteClicked(id, account, taker, uint48(deal.quantity), voucher, orderOfDay);
    }

    function _clickable(QuoteId id, address taker, uint40 latest, address[] calldata named)
        private
        view
        returns (Quote memory q)
    {
        q = _open(id);
        require(latest == 0 || block.timestamp <= latest, ClickTooLate(latest, block.timestamp));
        require(q.expires == 0 || block.timestamp < q.expires, QuoteExpired(id, q.expires));
        if (q.named == 0) return q;
        require(bytes27(keccak256(abi.encode(named))) == q.named, NotNamed(id, taker));
        for (uint256 i; i < named.length; ++i) {
            if (named[i] == taker) return q;
        }
        revert NotNamed(id, taker);
    }

    function _deal(QuoteId id, Board memory b, address maker, address taker, uint256 quantity)
        private
        pure
        returns (Bilateral.Deal memory)
    {
        uint256 lots = quantity / b.lot;
        bool sells = id.side() == Side.SELL;
        return Bilateral.Deal({
            seller: sells ? maker : taker,
            buyer: sells ? taker : maker,
            instrument: b.instrument,
            quantity: quantity,
            cost: quantity * id.tick() * b.tickSize,
            sellerFee: lots * (sells ? b.makerFee : b.takerFee),
            buyerFee: lots * (sells ? b.takerFee : b.makerFee),
            cause: _cause(id)
        });
    }

    /// @dev A quote of which nothing is left leaves no trace.
    function _shrink(QuoteId id, uint48 open, uint48 by) private {
        if (by == open) delete _s().quotes[id];
        else _s().quotes[id].open = open - by;
    }

    /* TAKING BACK */

    /// @inheritdoc IQuoteBoard
    function reduce(QuoteId id, uint48 by) external {
        Quote memory q = _open(id);
        Bilateral.requireKeyOf(_eligibility(), q.account);
        require(by != 0 && by < q.open && by % _s().boards[id.board()].lot == 0, BadQuoteReduction(id, by, q.open));

        _shrink(id, q.open, by);

        emit QuoteReduced(id, q.account, by);

        _release(id, q.account, by);
    }

    /// @inheritdoc IQuoteBoard
    function withdraw(QuoteId id) external {
        Quote memory q = _open(id);
        Bilateral.requireKeyOf(_eligibility(), q.account);
        _close(id, q, QuoteEnd.WITHDRAWN, 0);
    }

    /// @inheritdoc IQuoteBoard
    function expire(QuoteId id) external {
        Quote memory q = _open(id);
        require(q.expires != 0 && block.timestamp >= q.expires, QuoteStands(id, q.expires));
        _close(id, q, QuoteEnd.EXPIRED, 0);
    }

    /// @inheritdoc IQuoteBoard
    function takeDown(QuoteId id, bytes32 cause) external restricted {
        Quote memory q = _open(id);
        require(cause != 0, CauseMissing());
        _close(id, q, QuoteEnd.TAKEN_DOWN, cause);
    }

    function _close(QuoteId id, Quote memory q, QuoteEnd end, bytes32 cause) private {
        delete _s().quotes[id];

        emit QuoteClosed(id, q.account, q.open, end, cause);

        _release(id, q.account, q.open);
    }

    function _release(QuoteId id, address account, uint256 quantity) private {
        (uint256 instrument, uint256 held) = _held(id, _s().boards[id.board()], quantity);
        LEDGER.release(account, instrument, held, _QUOTE, _cause(id));
    }

    function _open(QuoteId id) private view returns (Quote memory q) {
        q = _s().quotes[id];
        require(q.open != 0, QuoteNotOpen(id));
    }

    /* AMOUNTS */

    /// @dev What a quote binds for `quantity` tonnes: the units, or their price and the maker's fee.
    function _held(QuoteId id, Board memory b, uint256 quantity)
        private
        view
        returns (uint256 instrument, uint256 held)
    {
        if (id.side() == Side.SELL) return (b.instrument, quantity);
        return (MAIN_MONEY, quantity * id.tick() * b.tickSize + quantity / b.lot * b.makerFee);
    }

    function _cause(QuoteId id) private pure returns (bytes32) {
        return bytes32(QuoteId.unwrap(id));
    }

    function _eligibility() private view returns (IEligibility) {
        return IEligibility(address(LEDGER));
    }

    /* VIEWS */

    /// @inheritdoc IQuoteBoard
    function boardCount() external view returns (uint24) {
        return _s().count;
    }

    /// @inheritdoc IQuoteBoard
    function boardOf(uint24 board) external view returns (BoardView memory) {
        Board memory b = _board(board);
        return BoardView({
            terms: BoardTerms({
                instrument: InstrumentId.wrap(b.instrument),
                tickSize: b.tickSize,
                lot: b.lot,
                leastLots: b.leastLots,
                takerFee: b.takerFee,
                makerFee: b.makerFee,
                lowest: b.lowest,
                highest: b.highest
            }),
            state: b.state,
            quotes: b.quotes
        });
    }

    /// @inheritdoc IQuoteBoard
    function quoteOf(QuoteId id) external view returns (QuoteView memory) {
        Quote memory q = _s().quotes[id];
        return QuoteView(q.account, q.open, q.leastFill, q.expires, q.named);
    }

    /// @inheritdoc IQuoteBoard
    function feeAccount() external view returns (address) {
        return _s().tape.feeAccount;
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

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
