// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { BlockTrades } from "../../../contracts/market/BlockTrades.sol";
import { IBlockTrades } from "../../../contracts/market/IBlockTrades.sol";
import { IMarketRules } from "../../../contracts/market/IMarketRules.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { IQuoteBoard } from "../../../contracts/market/IQuoteBoard.sol";
import { QuoteBoard } from "../../../contracts/market/QuoteBoard.sol";
import { CreditRecord } from "../../../contracts/registry/CreditRecord.sol";
import { IStakeholderRegistry } from "../../../contracts/registry/IStakeholderRegistry.sol";
import { AccountStatus, Eligibility, Representation } from "../../../contracts/types/Accounts.sol";
import { Misconduct } from "../../../contracts/types/Conduct.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Side } from "../../../contracts/types/OrderId.sol";
import { QuoteId } from "../../../contracts/types/QuoteId.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { TradingSuite } from "./TradingSuite.sol";

/// @dev The quote board, the block trades and the credit record beside ledger and book (the test stands for the registry); four funded traders, the platform's account, and a board
///      and a block market in allowances, in lots of 5 tonnes, a tick of 10.
abstract contract BilateralSuite is TradingSuite {
    IInstrumentLedger.Reason internal constant QUOTE = IInstrumentLedger.Reason.QUOTE;
    IInstrumentLedger.Reason internal constant BLOCK = IInstrumentLedger.Reason.BLOCK_TRADE;
    uint32 internal constant QUOTE_SERIES = 1 << 24;
    uint32 internal constant BLOCK_SERIES = (1 << 24) + 1;
    uint256 internal constant TICK = 10;
    uint48 internal constant LOT = 5;
    uint48 internal constant WHOLE = type(uint48).max;
    uint256 internal constant CLICKER_FEE = 7; // per lot
    uint256 internal constant LISTER_FEE = 4;
    uint256 internal constant BUYER_FEE = 6;
    uint256 internal constant SELLER_FEE = 9;
    uint24 internal constant REFERENCE = 100;

    QuoteBoard internal quotes;
    BlockTrades internal blocks;
    CreditRecord internal credit;
    uint24 internal board;
    uint24 internal blockMarket;
    address internal platform;
    uint64 private _nonce;

    function setUpBilateral() internal {
        setUpTrading();
        quotes = QuoteBoard(newProxy());
        blocks = BlockTrades(newProxy());
        credit = CreditRecord(newProxy());
        install(address(credit), address(new CreditRecord(IStakeholderRegistry(address(this)), ledger)), "");
        credit.appointReporter(Misconduct.LACKED, address(blocks));
        credit.appointReporter(Misconduct.NOT_ELIGIBLE, address(blocks));
        install(
            address(quotes),
            address(new QuoteBoard(ledger, InstrumentId.wrap(gbp), 0, QUOTE_SERIES, marketRules)),
            abi.encodeCall(QuoteBoard.initialize, ())
        );
        install(
            address(blocks),
            address(new BlockTrades(ledger, credit, InstrumentId.wrap(gbp), 0, BLOCK_SERIES, marketRules)),
            abi.encodeCall(BlockTrades.initialize, ())
        );
        ledger.appointBinder(QUOTE, address(quotes));
        ledger.appointBinder(BLOCK, address(blocks));
        platform = openAccount(address(0x91A7));
        quotes.setFeeAccount(platform);
        blocks.setFeeAccount(platform);
        board = quotes.openBoard(boardTerms());
        blockMarket = blocks.openBlockMarket(blockTerms());
        blocks.setReference(blockMarket, REFERENCE);
    }

    /// @dev As the registry does: what the credit record forbids reaches the ledger's word at once.
    function restrictForConduct(address account, uint16 restrictions, uint16 lapsing, uint40 lapseAt, bytes32)
        external
    {
        assertEq(msg.sender, address(credit), "only the credit record");
        Eligibility memory e = ledger.eligibilityOf(account);
        e.restrictions = restrictions;
        ledger.setEligibility(account, e);
        if (lapsing != 0) ledger.setLapse(account, lapsing, lapseAt);
    }

    function rulesOfTheBook() internal view override returns (IMarketRules) {
        return marketRules;
    }

    function boardTerms() internal view returns (IQuoteBoard.BoardTerms memory) {
        return IQuoteBoard.BoardTerms({
            instrument: InstrumentId.wrap(uka),
            tickSize: uint64(TICK),
            lot: uint24(LOT),
            leastLots: 2,
            takerFee: uint64(CLICKER_FEE),
            makerFee: uint64(LISTER_FEE),
            lowest: 50,
            highest: 200
        });
    }

    /// @dev At all hours of the week; 1,700,000,000 is a Tuesday, 22:13:20.
    function blockTerms() internal view returns (IBlockTrades.BlockTerms memory) {
        return IBlockTrades.BlockTerms({
            instrument: InstrumentId.wrap(uka),
            tickSize: uint64(TICK),
            lot: uint24(LOT),
            leastLots: 4,
            buyerFee: uint64(BUYER_FEE),
            sellerFee: uint64(SELLER_FEE),
            band: 3000,
            opens: 0,
            closes: 1 days,
            weekdays: 127,
            longestDelay: 10 days,
            window: 1 days
        });
    }

    /* HOLDING LIMITS */

    function limitHoldings(uint256 most) internal {
        book.setLimits(market, IOrderBook.Limits(0, 0, uint64(most), 0));
    }

    function tooMuch(address key, uint256 held) internal view returns (bytes memory) {
        uint256 most = book.limitsOf(market).mostHeld;
        return abi.encodeWithSelector(IInstrumentLedger.HoldingLimit.selector, accountOf(key), uka, held, most);
    }

    /* QUOTES */

    function listing(Side side, uint24 tick, uint48 quantity) internal view returns (IQuoteBoard.Listing memory) {
        return IQuoteBoard.Listing({
            board: board,
            side: side,
            tick: tick,
            quantity: quantity,
            leastFill: 2 * LOT,
            expires: 0,
            named: new address[](0)
        });
    }

    function list(address key, IQuoteBoard.Listing memory l) internal returns (QuoteId id) {
        vm.prank(key);
        id = quotes.list(l);
    }

    function list(address key, Side side, uint24 tick, uint48 quantity) internal returns (QuoteId) {
        return list(key, listing(side, tick, quantity));
    }

    function refuseList(address key, IQuoteBoard.Listing memory l, bytes memory error) internal {
        vm.prank(key);
        vm.expectRevert(error);
        quotes.list(l);
    }

    function click(address key, QuoteId id, uint48 quantity) internal {
        vm.prank(key);
        quotes.click(id, quantity, 0, new address[](0));
    }

    function refuseClick(address key, QuoteId id, uint48 quantity, bytes memory error) internal {
        vm.prank(key);
        vm.expectRevert(error);
        quotes.click(id, quantity, 0, new address[](0));
    }

    function openOf(QuoteId id) internal view returns (uint256) {
        return quotes.quoteOf(id).open;
    }

    /* BLOCKS */

    /// @dev alice sells to bob and offers it; with a nonce of its own.
    function aBlock(uint48 quantity, uint40 settleAt) internal returns (IBlockTrades.BlockTrade memory) {
        return IBlockTrades.BlockTrade({
            seller: accountOf(alice),
            buyer: accountOf(bob),
            offeredBy: Side.SELL,
            market: blockMarket,
            tick: 100,
            quantity: quantity,
            expires: uint40(block.timestamp + 1 hours),
            settleAt: settleAt,
            nonce: ++_nonce
        });
    }

    function propose(address key, IBlockTrades.BlockTrade memory t) internal returns (bytes32 id) {
        vm.prank(key);
        id = blocks.propose(t);
    }

    function confirm(address key, IBlockTrades.BlockTrade memory t) internal {
        vm.prank(key);
        blocks.confirm(t);
    }

    function assertState(IBlockTrades.BlockTrade memory t, IBlockTrades.BlockState state) internal view {
        assertEq(uint8(blocks.stateOf(blocks.idOf(t))), uint8(state), "state of the block");
    }

    /* BOTH */

    function boundFor(address key, uint256 instrument, IInstrumentLedger.Reason reason)
        internal
        view
        returns (uint256)
    {
        return ledger.encumberedFor(accountOf(key), instrument, reason);
    }

    function setKey(address key, uint16 rights, uint40 until) internal {
        ledger.setRepresentation(
            key, Representation({ account: accountOf(key), certificateUntil: until, rights: rights })
        );
    }

    function suspend(address key) internal {
        Eligibility memory e = eligible(0);
        e.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(accountOf(key), e);
    }

    function leafOf(
        uint32 series,
        uint40 index,
        uint32 orderOfDay,
        uint40 at,
        uint256 quantity,
        uint256 tick,
        address from,
        address to,
        uint256 ref
    ) internal view returns (bytes32) {
        Voucher memory voucher = Voucher({
            kind: VoucherKind.TRADE,
            series: series,
            index: index,
            orderOfDay: orderOfDay,
            at: at,
            instrument: uka,
            quantity: quantity,
            price: tick * TICK,
            from: accountOf(from),
            to: accountOf(to),
            ref: ref
        });
        return keccak256(bytes.concat(keccak256(abi.encode(voucher))));
    }
}
