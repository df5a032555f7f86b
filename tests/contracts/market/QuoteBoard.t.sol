// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { Initializable } from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";

import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { Bilateral } from "../../../contracts/market/Bilateral.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { IQuoteBoard } from "../../../contracts/market/IQuoteBoard.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { AccountKind, Eligibility, Representation, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Side } from "../../../contracts/types/OrderId.sol";
import { QuoteId, quoteId } from "../../../contracts/types/QuoteId.sol";
import { BilateralSuite } from "../support/BilateralSuite.sol";

/// @dev Boards, listing, clicking, taking back, and what attackers try.
contract QuoteBoardTest is BilateralSuite {
    function setUp() public {
        setUpBilateral();
    }

    /* BOARDS */

    function test_openBoard_impossibleTerms_refused() public {
        for (uint256 term; term < 8; ++term) {
            IQuoteBoard.BoardTerms memory t = boardTerms();
            if (term == 0) t.instrument = InstrumentId.wrap(gbp);
            if (term == 1) t.tickSize = 0;
            if (term == 2) t.lot = 0;
            if (term == 3) t.leastLots = 0;
            if (term == 4) t.takerFee = uint64(TICK * LOT + 1);
            if (term == 5) t.makerFee = uint64(TICK * LOT + 1);
            if (term == 6) t.lowest = 0;
            if (term == 7) (t.lowest, t.highest) = (6, 5);
            vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.BadBoardTerms.selector, term == 7 ? 6 : term));
            quotes.openBoard(t);
        }
    }

    // @requirement R-TRD-3
    function test_openBoard_extremeTerms_readBack() public {
        IQuoteBoard.BoardTerms memory t = IQuoteBoard.BoardTerms({
            instrument: InstrumentId.wrap((uint256(2) << 80) | ((uint256(1) << 80) - 1)),
            tickSize: type(uint64).max,
            lot: type(uint24).max,
            leastLots: type(uint16).max,
            takerFee: type(uint64).max,
            makerFee: type(uint64).max - 1,
            lowest: type(uint24).max - 1,
            highest: type(uint24).max
        });
        uint24 number = quotes.openBoard(t);
        assertEq(number, board + 1, "next number");
        assertEq(quotes.boardCount(), number);
        IQuoteBoard.BoardView memory seen = quotes.boardOf(number);
        assertEq(keccak256(abi.encode(seen.terms)), keccak256(abi.encode(t)), "terms");
        assertTrue(seen.state == IQuoteBoard.BoardState.OPEN);
        quotes.setBoardBand(number, 1, 2);
        quotes.setBoardState(number, IQuoteBoard.BoardState.HALTED);
        (t.lowest, t.highest) = (1, 2);
        seen = quotes.boardOf(number);
        assertEq(keccak256(abi.encode(seen.terms)), keccak256(abi.encode(t)), "only the band changed");
        assertTrue(seen.state == IQuoteBoard.BoardState.HALTED);
        vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.BadBoardTerms.selector, 6));
        quotes.setBoardBand(number, 3, 2);
    }

    function test_unknownBoard_refused() public {
        uint24 none = board + 1;
        bytes memory error = abi.encodeWithSelector(IQuoteBoard.UnknownBoard.selector, none);
        vm.expectRevert(error);
        quotes.boardOf(none);
        vm.expectRevert(error);
        quotes.setBoardState(none, IQuoteBoard.BoardState.HALTED);
        vm.expectRevert(error);
        quotes.setBoardBand(none, 1, 2);
        vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.UnknownBoard.selector, board));
        quotes.setBoardState(board, IQuoteBoard.BoardState.NONE);
        IQuoteBoard.Listing memory l = listing(Side.SELL, 100, 20);
        l.board = none;
        refuseList(alice, l, abi.encodeWithSelector(IQuoteBoard.BoardNotOpen.selector, none, 0));
    }

    // @requirement R-ACC-1
    function test_restrictedFunctions_byStranger_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        bytes memory error = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        IQuoteBoard.BoardTerms memory t = boardTerms();
        vm.startPrank(stranger);
        vm.expectRevert(error);
        quotes.openBoard(t);
        vm.expectRevert(error);
        quotes.setBoardState(board, IQuoteBoard.BoardState.HALTED);
        vm.expectRevert(error);
        quotes.setBoardBand(board, 1, 2);
        vm.expectRevert(error);
        quotes.setFeeAccount(stranger);
        vm.expectRevert(error);
        quotes.takeDown(id, "cause");
        vm.expectRevert(error);
        quotes.upgradeToAndCall(stranger, "");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        quotes.initialize();
        vm.stopPrank();
    }

    // @requirement R-ACC-2
    function test_participantsFunctions_byStranger_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        bytes memory error = abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger);
        refuseList(stranger, listing(Side.SELL, 100, 20), error);
        refuseClick(stranger, id, 20, error);
        error = abi.encodeWithSelector(Bilateral.NotTheTrader.selector, stranger, accountOf(alice));
        vm.startPrank(stranger);
        vm.expectRevert(error);
        quotes.withdraw(id);
        vm.expectRevert(error);
        quotes.reduce(id, LOT);
        vm.stopPrank();
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(Bilateral.NotTheTrader.selector, bob, accountOf(alice)));
        quotes.withdraw(id);
    }

    /* LISTING */

    // @requirement R-TRD-3
    // @requirement R-DAT-j
    function test_list_sale_bindsTheUnits() public {
        IQuoteBoard.Listing memory l = listing(Side.SELL, 100, 20);
        l.expires = uint40(block.timestamp + 100);
        QuoteId expected = quoteId(board, Side.SELL, 100, 1);
        vm.expectEmit(address(quotes));
        emit IQuoteBoard.QuoteListed(expected, accountOf(alice), alice, 20, 10, l.expires, l.named);
        QuoteId id = list(alice, l);
        assertEq(QuoteId.unwrap(id), QuoteId.unwrap(expected));
        assertEq(id.board(), board);
        assertEq(id.tick(), 100);
        assertEq(id.index(), 1);
        assertTrue(id.side() == Side.SELL);
        assertEq(boundFor(alice, uka, QUOTE), 20);
        assertEq(units(alice), UNITS, "still the account's");
        IQuoteBoard.QuoteView memory q = quotes.quoteOf(id);
        assertEq(q.account, accountOf(alice));
        assertEq(q.open, 20);
        assertEq(q.leastFill, 10);
        assertEq(q.expires, l.expires);
        assertEq(bytes32(q.named), 0);
        assertEq(quotes.boardOf(board).quotes, 1);
    }

    // @requirement R-TRD-3
    // @requirement R-DAT-k
    function test_list_purchase_bindsPriceAndFee() public {
        list(bob, Side.BUY, 100, 20);
        assertEq(boundFor(bob, gbp, QUOTE), 20 * 100 * TICK + 4 * LISTER_FEE);
        assertEq(ledger.freeOf(accountOf(bob), gbp), MONEY - 20 * 100 * TICK - 4 * LISTER_FEE);
    }

    function test_list_badQuantities_refused() public {
        uint48[4] memory bad = [uint48(0), 5, 12, 21];
        for (uint256 i; i < bad.length; ++i) {
            refuseList(
                alice,
                listing(Side.SELL, 100, bad[i]),
                abi.encodeWithSelector(IQuoteBoard.BadQuoteQuantity.selector, bad[i], LOT, 10)
            );
        }
        IQuoteBoard.Listing memory l = listing(Side.SELL, 100, 20);
        l.leastFill = 9; // dust: a click below the board's smallest quote
        refuseList(alice, l, abi.encodeWithSelector(IQuoteBoard.BadQuoteQuantity.selector, 9, LOT, 10));
    }

    // @requirement R-TRD-10
    function test_list_priceOutsideBand_refused() public {
        refuseList(
            alice,
            listing(Side.SELL, 49, 20),
            abi.encodeWithSelector(IQuoteBoard.QuoteOutsideBand.selector, 49, 50, 200)
        );
        refuseList(
            bob, listing(Side.BUY, 201, 20), abi.encodeWithSelector(IQuoteBoard.QuoteOutsideBand.selector, 201, 50, 200)
        );
        list(alice, Side.SELL, 50, 20);
        list(bob, Side.BUY, 200, 20);
    }

    function test_list_expiryPassed_refused() public {
        IQuoteBoard.Listing memory l = listing(Side.SELL, 100, 20);
        l.expires = uint40(block.timestamp);
        refuseList(alice, l, abi.encodeWithSelector(IQuoteBoard.BadQuoteExpiry.selector, l.expires, block.timestamp));
    }

    function test_list_moreThanIsFree_refused() public {
        refuseList(
            alice,
            listing(Side.SELL, 100, 1005),
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, accountOf(alice), uka, UNITS, 1005)
        );
        list(alice, Side.SELL, 100, 1000);
        refuseList(
            alice,
            listing(Side.SELL, 100, 10),
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, accountOf(alice), uka, 0, 10)
        );
    }

    function test_priceTimesQuantity_beyondTheLedger_refused() public {
        IQuoteBoard.BoardTerms memory t = boardTerms();
        (t.tickSize, t.highest) = (type(uint64).max, type(uint24).max);
        board = quotes.openBoard(t);
        uint48 quantity = type(uint48).max - type(uint48).max % LOT;
        uint256 amount = uint256(quantity) * type(uint24).max * type(uint64).max + quantity / LOT * LISTER_FEE;
        refuseList(
            bob,
            listing(Side.BUY, type(uint24).max, quantity),
            abi.encodeWithSelector(Bilateral.AmountTooLarge.selector, amount)
        );
        ledger.issue(accountOf(alice), uka, quantity, "issue");
        QuoteId id = list(alice, Side.SELL, type(uint24).max, quantity);
        amount = uint256(quantity) * type(uint24).max * type(uint64).max + quantity / LOT * CLICKER_FEE;
        refuseClick(bob, id, quantity, abi.encodeWithSelector(Bilateral.AmountTooLarge.selector, amount));
    }

    /* CLICKING */

    // @requirement R-TRD-3
    // @requirement R-TRD-8
    function test_click_sale_whole_deliversAgainstPayment() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        vm.expectEmit(address(quotes));
        emit IQuoteBoard.QuoteClicked(id, accountOf(alice), accountOf(bob), 20, 0, 1);
        click(bob, id, 20);
        uint256 cost = 20 * 100 * TICK;
        assertEq(units(alice), UNITS - 20);
        assertEq(units(bob), UNITS + 20);
        assertEq(money(alice), MONEY + cost - 4 * LISTER_FEE);
        assertEq(money(bob), MONEY - cost - 4 * CLICKER_FEE);
        assertEq(ledger.balanceOf(platform, gbp), 4 * (LISTER_FEE + CLICKER_FEE));
        assertEq(boundFor(alice, uka, QUOTE) + boundFor(bob, gbp, QUOTE), 0, "nothing stays bound");
        assertEq(openOf(id), 0);
        assertEq(quotes.quoteOf(id).account, address(0));
        refuseClick(carol, id, 20, abi.encodeWithSelector(IQuoteBoard.QuoteNotOpen.selector, id));
    }

    // @requirement R-TRD-3
    // @requirement R-TRD-8
    function test_click_purchase_inParts_addsUpExactly() public {
        QuoteId id = list(alice, Side.BUY, 100, 40);
        click(bob, id, 10);
        assertEq(openOf(id), 30);
        assertEq(boundFor(alice, gbp, QUOTE), 30 * 100 * TICK + 6 * LISTER_FEE);
        click(carol, id, 15);
        click(bob, id, 15);
        uint256 cost = 40 * 100 * TICK;
        assertEq(units(alice), UNITS + 40);
        assertEq(units(bob), UNITS - 25);
        assertEq(money(alice), MONEY - cost - 8 * LISTER_FEE);
        assertEq(money(bob), MONEY + 25 * 100 * TICK - 5 * CLICKER_FEE);
        assertEq(money(carol), MONEY + 15 * 100 * TICK - 3 * CLICKER_FEE);
        assertEq(ledger.balanceOf(platform, gbp), 8 * (LISTER_FEE + CLICKER_FEE));
        assertEq(boundFor(alice, gbp, QUOTE), 0);
    }

    // What an account may hold, it may not exceed by way of quotes either
    // @requirement R-TRD-7
    // @requirement R-TRD-10
    function test_click_buyerWouldHoldTooMuch_refused() public {
        limitHoldings(UNITS + 30);
        QuoteId sale = list(alice, Side.SELL, 100, 40);
        refuseClick(bob, sale, 40, tooMuch(bob, UNITS + 40));
        click(bob, sale, 30);
        refuseClick(bob, sale, 10, tooMuch(bob, UNITS + 40));
        QuoteId purchase = list(carol, Side.BUY, 100, 40);
        refuseClick(bob, purchase, 35, tooMuch(carol, UNITS + 35));
        click(bob, purchase, 30);

        limitHoldings(0);
        click(bob, sale, 10);
    }

    function test_click_buyerIsTheAuthority_noHoldingLimit() public {
        limitHoldings(1);
        QuoteId id = list(alice, Side.SELL, 100, 40);
        Eligibility memory e = ledger.eligibilityOf(accountOf(bob));
        e.kind = AccountKind.GOVERNMENT;
        ledger.setEligibility(accountOf(bob), e);
        click(bob, id, 40);
        assertEq(units(bob), UNITS + 40);
    }

    // Two markets of an instrument: the smaller figure counts, 0 is none
    function test_holdingLimit_ofSeveralMarkets_isTheSmallest() public {
        assertEq(book.holdingLimitOf(uka), 0, "none has one");
        limitHoldings(250);
        uint24 second = book.openMarket(book.marketOf(market).terms);
        assertEq(book.holdingLimitOf(uka), 250, "the other has none");
        book.setLimits(second, IOrderBook.Limits(0, 0, 240, 0));
        assertEq(book.holdingLimitOf(uka), 240);
        limitHoldings(0);
        assertEq(book.holdingLimitOf(uka), 240);
        assertEq(book.holdingLimitOf(uka + 1), 0, "no market");
        assertFalse(marketRules.mayHold(accountOf(bob), uka, 0));
        limitHoldings(239);
        assertTrue(marketRules.mayHold(stranger, uka, 239));
        assertFalse(marketRules.mayHold(stranger, uka, 240));
    }

    // LESSONS: dust
    function test_click_belowTheMinimumOrInFractions_refused() public {
        IQuoteBoard.Listing memory l = listing(Side.SELL, 100, 40);
        l.leastFill = 15;
        QuoteId id = list(alice, l);
        uint48[5] memory bad = [uint48(0), 5, 14, 16, 45];
        for (uint256 i; i < bad.length; ++i) {
            refuseClick(bob, id, bad[i], abi.encodeWithSelector(IQuoteBoard.BadClick.selector, id, bad[i], 40, 15));
        }
        click(bob, id, 30);
        refuseClick(bob, id, 5, abi.encodeWithSelector(IQuoteBoard.BadClick.selector, id, 5, 10, 15));
        click(bob, id, 10); // what is left can be taken whole
        assertEq(openOf(id), 0);
    }

    function test_click_wholeOnly_inPart_refused() public {
        IQuoteBoard.Listing memory l = listing(Side.SELL, 100, 40);
        l.leastFill = WHOLE;
        QuoteId id = list(alice, l);
        refuseClick(bob, id, 35, abi.encodeWithSelector(IQuoteBoard.BadClick.selector, id, 35, 40, WHOLE));
        vm.prank(alice);
        quotes.reduce(id, 10);
        refuseClick(bob, id, 40, abi.encodeWithSelector(IQuoteBoard.BadClick.selector, id, 40, 30, WHOLE));
        refuseClick(bob, id, 25, abi.encodeWithSelector(IQuoteBoard.BadClick.selector, id, 25, 30, WHOLE));
        click(bob, id, 30);
    }

    function test_click_expired_refused() public {
        IQuoteBoard.Listing memory l = listing(Side.SELL, 100, 20);
        l.expires = uint40(block.timestamp + 10);
        QuoteId id = list(alice, l);
        vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.QuoteStands.selector, id, l.expires));
        quotes.expire(id);
        vm.warp(l.expires);
        refuseClick(bob, id, 20, abi.encodeWithSelector(IQuoteBoard.QuoteExpired.selector, id, l.expires));
        vm.expectEmit(address(quotes));
        emit IQuoteBoard.QuoteClosed(id, accountOf(alice), 20, IQuoteBoard.QuoteEnd.EXPIRED, 0);
        vm.prank(stranger);
        quotes.expire(id);
        assertEq(boundFor(alice, uka, QUOTE), 0);
    }

    function test_expire_withoutEnd_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.QuoteStands.selector, id, 0));
        quotes.expire(id);
    }

    function test_click_tooLate_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        uint40 latest = uint40(block.timestamp - 1);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.ClickTooLate.selector, latest, block.timestamp));
        quotes.click(id, 20, latest, new address[](0));
        vm.prank(bob);
        quotes.click(id, 20, latest + 1, new address[](0));
    }

    // A band that moved away: the quote stands, but nobody trades outside the band
    // @requirement R-TRD-10
    function test_click_bandMoved_refusedUntilItReturns() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        quotes.setBoardBand(board, 101, 110);
        refuseClick(bob, id, 20, abi.encodeWithSelector(IQuoteBoard.QuoteOutsideBand.selector, 100, 101, 110));
        quotes.setBoardBand(board, 100, 110);
        click(bob, id, 20);
    }

    function test_halt_onlyTakingBack() public {
        QuoteId id = list(alice, Side.SELL, 100, 40);
        quotes.setBoardState(board, IQuoteBoard.BoardState.HALTED);
        bytes memory error = abi.encodeWithSelector(IQuoteBoard.BoardNotOpen.selector, board, 2);
        refuseClick(bob, id, 20, error);
        refuseList(alice, listing(Side.SELL, 100, 20), error);
        vm.startPrank(alice);
        quotes.reduce(id, 10);
        quotes.withdraw(id);
        vm.stopPrank();
        assertEq(boundFor(alice, uka, QUOTE), 0);
    }

    function test_click_instrumentClosed_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        refuseClick(bob, id, 20, abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0));
    }

    /* BOTH SIDES ARE CHECKED */

    // @requirement R-TRD-7
    function test_click_eitherSideMayNot_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        bytes memory error = abi.encodeWithSelector(Bilateral.MayNotTrade.selector, accountOf(alice));
        bar(alice, Restrictions.NO_TRADE);
        refuseClick(bob, id, 20, error);
        suspend(alice);
        refuseClick(bob, id, 20, error);
        Eligibility memory e = eligible(0);
        e.certificateUntil = uint40(block.timestamp);
        ledger.setEligibility(accountOf(alice), e);
        refuseClick(bob, id, 20, error);
        bar(alice, 0);

        bar(bob, Restrictions.NO_TRADE);
        refuseClick(
            bob,
            id,
            20,
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, accountOf(bob), Restrictions.NO_TRADE, Restrictions.NO_TRADE
            )
        );
        bar(bob, Restrictions.NO_RECEIPT);
        refuseClick(
            bob, id, 20, abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, accountOf(bob))
        );
        bar(bob, 0);
        setKey(bob, Rights.ALL & ~Rights.TRADE, FAR);
        refuseClick(
            bob,
            id,
            20,
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector, bob, accountOf(bob), Rights.ALL & ~Rights.TRADE, Rights.TRADE
            )
        );
        setKey(bob, Rights.ALL, uint40(block.timestamp));
        refuseClick(bob, id, 20, abi.encodeWithSelector(IEligibility.CertificateExpired.selector, bob, block.timestamp));
        setKey(bob, Rights.ALL, FAR);
        click(bob, id, 20);
    }

    // @requirement R-TRD-7
    function test_click_withoutMeans_refused() public {
        QuoteId sale = list(alice, Side.SELL, 200, 1000);
        refuseClick(
            bob,
            sale,
            1000,
            abi.encodeWithSelector(
                IInstrumentLedger.InsufficientFree.selector,
                accountOf(bob),
                gbp,
                MONEY,
                1000 * 200 * TICK + 200 * CLICKER_FEE
            )
        );
        ledger.setFrozenTokens(accountOf(bob), uka, UNITS - 15);
        QuoteId purchase = list(carol, Side.BUY, 100, 20);
        refuseClick(
            bob,
            purchase,
            20,
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, accountOf(bob), uka, 15, 20)
        );
    }

    // @requirement R-TRD-7
    function test_click_ownOrOfOneOwner_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        refuseClick(
            alice, id, 20, abi.encodeWithSelector(Bilateral.SameOwner.selector, accountOf(alice), accountOf(alice), 0)
        );
        setOwner(alice, 7);
        setOwner(bob, 7);
        refuseClick(
            bob, id, 20, abi.encodeWithSelector(Bilateral.SameOwner.selector, accountOf(alice), accountOf(bob), 7)
        );
        setOwner(bob, 8);
        click(bob, id, 20);
    }

    /* NAMED COUNTERPARTIES */

    function namedFor(address one, address other) private pure returns (address[] memory named) {
        named = new address[](2);
        (named[0], named[1]) = one < other ? (one, other) : (other, one);
    }

    // @requirement R-TRD-3
    function test_named_onlyTheyClick_withTheirList() public {
        IQuoteBoard.Listing memory l = listing(Side.SELL, 100, 40);
        l.named = namedFor(accountOf(bob), accountOf(carol));
        QuoteId id = list(alice, l);
        assertEq(bytes32(quotes.quoteOf(id).named), bytes32(bytes27(keccak256(abi.encode(l.named)))));
        bytes memory error = abi.encodeWithSelector(IQuoteBoard.NotNamed.selector, id, accountOf(dave));
        refuseClick(dave, id, 40, error);
        vm.prank(dave);
        vm.expectRevert(error);
        quotes.click(id, 40, 0, l.named);
        address[] memory forged = namedFor(accountOf(bob), accountOf(dave));
        vm.prank(dave);
        vm.expectRevert(error);
        quotes.click(id, 40, 0, forged);
        refuseClick(bob, id, 40, abi.encodeWithSelector(IQuoteBoard.NotNamed.selector, id, accountOf(bob)));
        vm.prank(bob);
        quotes.click(id, 20, 0, l.named);
        vm.prank(carol);
        quotes.click(id, 20, 0, l.named);
        assertEq(openOf(id), 0);
    }

    function test_named_duplicateUnsortedNobodyOrTooMany_refused() public {
        IQuoteBoard.Listing memory l = listing(Side.BUY, 100, 20);
        l.named = new address[](2);
        (l.named[0], l.named[1]) = (accountOf(bob), accountOf(bob));
        refuseList(alice, l, abi.encodeWithSelector(IQuoteBoard.BadNames.selector, 1, 16));
        l.named = namedFor(accountOf(bob), accountOf(carol));
        (l.named[0], l.named[1]) = (l.named[1], l.named[0]);
        refuseList(alice, l, abi.encodeWithSelector(IQuoteBoard.BadNames.selector, 1, 16));
        l.named[0] = address(0);
        refuseList(alice, l, abi.encodeWithSelector(IQuoteBoard.BadNames.selector, 0, 16));
        l.named = new address[](17);
        for (uint160 i; i < 17; ++i) {
            l.named[i] = address(i + 1);
        }
        refuseList(alice, l, abi.encodeWithSelector(IQuoteBoard.BadNames.selector, 17, 16));
    }

    /* FEES */

    function test_fees_withoutAccount_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        quotes.setFeeAccount(address(0));
        refuseClick(bob, id, 20, abi.encodeWithSelector(Bilateral.NoFeeAccount.selector));
        ledger.setEligibility(platform, eligible(Restrictions.NO_RECEIPT));
        quotes.setFeeAccount(platform);
        assertEq(quotes.feeAccount(), platform);
        refuseClick(bob, id, 20, abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, platform));
        quotes.setFeeAccount(accountOf(dave)); // another account, at once
        click(bob, id, 20);
        assertEq(money(dave), MONEY + 4 * (LISTER_FEE + CLICKER_FEE));
    }

    function test_fees_none_needNoAccount() public {
        IQuoteBoard.BoardTerms memory t = boardTerms();
        (t.takerFee, t.makerFee) = (0, 0);
        board = quotes.openBoard(t);
        quotes.setFeeAccount(address(0));
        click(bob, list(alice, Side.SELL, 100, 20), 20);
        assertEq(money(alice), MONEY + 20 * 100 * TICK);
    }

    function test_fees_asHighAsThePrice_sellerGetsNothing() public {
        IQuoteBoard.BoardTerms memory t = boardTerms();
        (t.makerFee, t.lowest) = (uint64(TICK * LOT), 1);
        board = quotes.openBoard(t);
        click(bob, list(alice, Side.SELL, 1, 20), 20);
        assertEq(money(alice), MONEY, "all of it was the fee");
    }

    // @requirement R-TRD-8
    function testFuzz_clicks_anyParts_conserveAndAddUp(bool sells, uint24 tick, uint48 lots, uint48[4] calldata parts)
        public
    {
        tick = uint24(bound(tick, 50, 200));
        lots = uint48(bound(lots, 2, 80));
        IQuoteBoard.Listing memory l = listing(sells ? Side.SELL : Side.BUY, tick, lots * LOT);
        QuoteId id = list(alice, l);
        uint256 clicked;
        for (uint256 i; i < 4; ++i) {
            uint256 open_ = openOf(id);
            if (open_ == 0) break;
            uint256 least = open_ < 10 ? open_ / LOT : 2;
            uint48 part = uint48(bound(parts[i], least, open_ / LOT) * LOT);
            click(i % 2 == 0 ? bob : carol, id, part);
            clicked += part;
        }
        uint256 cost = clicked * tick * TICK;
        uint256 fees = clicked / LOT * (LISTER_FEE + CLICKER_FEE);
        assertEq(openOf(id), lots * LOT - clicked);
        assertEq(ledger.balanceOf(platform, gbp), fees, "fees");
        assertEq(units(alice), sells ? UNITS - clicked : UNITS + clicked, "units");
        assertEq(
            money(alice),
            sells ? MONEY + cost - clicked / LOT * LISTER_FEE : MONEY - cost - clicked / LOT * LISTER_FEE,
            "money"
        );
        assertEq(units(alice) + units(bob) + units(carol), 3 * UNITS, "no unit lost");
        assertEq(money(alice) + money(bob) + money(carol) + fees, 3 * MONEY, "no penny lost");
        if (openOf(id) != 0) {
            vm.prank(alice);
            quotes.withdraw(id);
        }
        assertEq(boundFor(alice, uka, QUOTE) + boundFor(alice, gbp, QUOTE), 0, "all is free again");
    }

    /* TAKING BACK */

    // Front-running: whoever comes first. The other's act does nothing.
    function test_withdraw_clickCameFirst_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        click(bob, id, 20);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.QuoteNotOpen.selector, id));
        quotes.withdraw(id);
    }

    function test_click_withdrawalCameFirst_takesNothing() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        vm.expectEmit(address(quotes));
        emit IQuoteBoard.QuoteClosed(id, accountOf(alice), 20, IQuoteBoard.QuoteEnd.WITHDRAWN, 0);
        vm.prank(alice);
        quotes.withdraw(id);
        refuseClick(bob, id, 20, abi.encodeWithSelector(IQuoteBoard.QuoteNotOpen.selector, id));
        assertEq(money(bob), MONEY);
    }

    // The same place with another price is another id: nobody clicks a price that he has not seen
    function test_click_replacedAtAnotherPrice_takesNothing() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        vm.prank(alice);
        quotes.withdraw(id);
        QuoteId other = list(alice, Side.SELL, 150, 20);
        assertTrue(QuoteId.unwrap(id) != QuoteId.unwrap(other));
        refuseClick(bob, id, 20, abi.encodeWithSelector(IQuoteBoard.QuoteNotOpen.selector, id));
        QuoteId crafted = QuoteId.wrap(QuoteId.unwrap(other) | 1 << 104);
        refuseClick(bob, crafted, 20, abi.encodeWithSelector(IQuoteBoard.QuoteNotOpen.selector, crafted));
    }

    function test_reduce_badAmounts_refused() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        uint48[4] memory bad = [uint48(0), 3, 20, 25];
        for (uint256 i; i < bad.length; ++i) {
            vm.prank(alice);
            vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.BadQuoteReduction.selector, id, bad[i], 20));
            quotes.reduce(id, bad[i]);
        }
        vm.expectEmit(address(quotes));
        emit IQuoteBoard.QuoteReduced(id, accountOf(alice), 5);
        vm.prank(alice);
        quotes.reduce(id, 5);
        assertEq(openOf(id), 15);
        assertEq(boundFor(alice, uka, QUOTE), 15);
    }

    // An account that may not trade at present still gets its own back
    function test_withdraw_bySuspendedAccount_given() public {
        QuoteId id = list(alice, Side.BUY, 100, 20);
        suspend(alice);
        vm.prank(alice);
        quotes.withdraw(id);
        assertEq(boundFor(alice, gbp, QUOTE), 0);
    }

    function test_withdraw_byRemovedOrExpiredKey_refused() public {
        QuoteId id = list(alice, Side.BUY, 100, 20);
        bytes memory error = abi.encodeWithSelector(Bilateral.NotTheTrader.selector, alice, accountOf(alice));
        setKey(alice, Rights.ALL & ~Rights.TRADE, FAR);
        vm.prank(alice);
        vm.expectRevert(error);
        quotes.withdraw(id);
        setKey(alice, Rights.ALL, uint40(block.timestamp));
        vm.prank(alice);
        vm.expectRevert(error);
        quotes.withdraw(id);
        // The account's other key can.
        ledger.setRepresentation(dave, Representation(accountOf(alice), FAR, Rights.TRADE));
        vm.prank(dave);
        quotes.withdraw(id);
    }

    // @requirement R-AST-3
    function test_takeDown_byTheAuthority_freesTheUnits() public {
        QuoteId id = list(alice, Side.SELL, 100, 20);
        vm.expectRevert(IQuoteBoard.CauseMissing.selector);
        quotes.takeDown(id, 0);
        vm.expectEmit(address(quotes));
        emit IQuoteBoard.QuoteClosed(id, accountOf(alice), 20, IQuoteBoard.QuoteEnd.TAKEN_DOWN, "order 7");
        quotes.takeDown(id, "order 7");
        assertEq(ledger.freeOf(accountOf(alice), uka), UNITS);
        vm.expectRevert(abi.encodeWithSelector(IQuoteBoard.QuoteNotOpen.selector, id));
        quotes.takeDown(id, "order 7");
    }

    /* VOUCHERS */

    // @requirement R-VCH-2
    function test_vouchers_ofClicks_inOrderAndProvable() public {
        QuoteId sale = list(alice, Side.SELL, 100, 40);
        QuoteId purchase = list(carol, Side.BUY, 90, 40);
        bytes32[3] memory leaves;
        uint40 today = 1_700_000_000;
        uint40 tomorrow = (today / 1 days + 1) * 1 days; // the next civil day
        click(bob, sale, 10);
        leaves[0] = leafOf(QUOTE_SERIES, 0, 1, today, 10, 100, alice, bob, QuoteId.unwrap(sale));
        click(bob, purchase, 15);
        leaves[1] = leafOf(QUOTE_SERIES, 1, 2, today, 15, 90, bob, carol, QuoteId.unwrap(purchase));
        vm.warp(tomorrow);
        click(dave, sale, 30);
        leaves[2] = leafOf(QUOTE_SERIES, 2, 1, tomorrow, 30, 100, alice, dave, QuoteId.unwrap(sale));

        assertEq(quotes.voucherCount(QUOTE_SERIES), 3);
        bytes32 pair = keccak256(abi.encode(leaves[0], leaves[1]));
        assertEq(quotes.voucherPeak(QUOTE_SERIES, 1), pair, "peak of the first two");
        assertEq(quotes.voucherPeak(QUOTE_SERIES, 0), leaves[2], "peak of the third");
        bytes32 root = keccak256(abi.encode(keccak256(abi.encode(pair, leaves[2])), uint256(3)));
        assertEq(quotes.voucherRoot(QUOTE_SERIES), root, "root");
        assertEq(quotes.voucherCount(1), 0, "another series is not its own");
        assertEq(quotes.voucherRoot(1), 0);
        assertEq(quotes.voucherPeak(1, 0), 0);
    }
}
