// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { AuctionClearing } from "../../../contracts/market/AuctionClearing.sol";
import { IAuctionRecord } from "../../../contracts/market/IAuctionRecord.sol";
import { SealedAuction } from "../../../contracts/market/SealedAuction.sol";
import { UniformPrice } from "../../../contracts/market/UniformPrice.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { Misconduct } from "../../../contracts/types/Conduct.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { BilateralSuite } from "../support/BilateralSuite.sol";

/// @dev alice sells 20 lots of 5 tonnes at ticks of 10; bob, carol and dave bid (R-TRD-1, R-TRD-5).
contract SealedAuctionTest is BilateralSuite {
    IInstrumentLedger.Reason private constant COLLATERAL = IInstrumentLedger.Reason.COLLATERAL;
    uint32 private constant SERIES = (1 << 24) + 5;
    uint32 private constant OFFERED = 20;
    uint32 private constant AUCTION_LOT = 5;
    uint96 private constant PUT_UP = 100_000;
    bytes32 private constant SALT = "salt";

    SealedAuction private sales;
    IAuctionRecord.Opening[] private made; // of the auction of the test, in order of time
    uint32[] private order; // of its bids, best first

    function setUp() public {
        setUpBilateral();
        sales = SealedAuction(newProxy());
        AuctionClearing clearing = new AuctionClearing(ledger, credit, InstrumentId.wrap(gbp), 0, SERIES);
        install(
            address(sales),
            address(new SealedAuction(ledger, InstrumentId.wrap(gbp), SERIES, marketRules, address(clearing))),
            abi.encodeCall(SealedAuction.initialize, ())
        );
        ledger.appointBinder(COLLATERAL, address(sales));
        credit.appointReporter(Misconduct.DEFAULTED_BID, address(sales));
    }

    /* WORDS */

    function aTerms() private view returns (IAuctionRecord.AuctionTerms memory t) {
        t.instrument = InstrumentId.wrap(uka);
        t.tickSize = 10;
        t.lots = OFFERED;
        t.lot = AUCTION_LOT;
        t.reserve = 10;
        t.ceiling = 1000;
        t.leastLots = 1;
        t.mostLots = OFFERED;
        t.leastCollateral = 100;
        t.collateralShare = 10_000;
        t.forfeitShare = 5000;
        t.rollCap = 12_500;
        t.tieRule = UniformPrice.TieRule.PRO_RATA;
        t.opens = uint40(block.timestamp + 10);
        t.closes = t.opens + 100;
        t.openUntil = t.closes + 2 hours;
        t.settles = t.openUntil + 10;
        t.sealKey = "key";
        t.threshold = 2;
        t.officers = 3;
    }

    function announce(IAuctionRecord.AuctionTerms memory t) private returns (uint32 auction) {
        vm.prank(alice);
        auction = sales.announce(t);
        delete made;
        delete order;
        vm.warp(t.opens);
    }

    function opening(uint32 auction, address key, uint32 lots, uint24 tick, uint96 collateral)
        private
        view
        returns (IAuctionRecord.Opening memory o)
    {
        o = IAuctionRecord.Opening(0, accountOf(key), collateral, lots, tick, SALT, "");
        o.id = sales.auctionOf(auction).bids + 1;
    }

    function commitment(uint32 auction, IAuctionRecord.Opening memory o) private view returns (bytes32) {
        return sales.commitmentOf(auction, o.account, o.lots, o.tick, o.salt, o.label);
    }

    function sealedOf(uint32 auction, IAuctionRecord.Opening memory o)
        private
        view
        returns (IAuctionRecord.Sealed memory)
    {
        return IAuctionRecord.Sealed(o.id, o.account, o.collateral, commitment(auction, o));
    }

    function bid(uint32 auction, address key, uint32 lots, uint24 tick) private returns (uint32) {
        return bid(auction, key, lots, tick, PUT_UP);
    }

    function bid(uint32 auction, address key, uint32 lots, uint24 tick, uint96 collateral) private returns (uint32) {
        IAuctionRecord.Opening memory o = opening(auction, key, lots, tick, collateral);
        bytes32 c = commitment(auction, o);
        vm.prank(key);
        assertEq(sales.bid(auction, collateral, c, "sealed"), o.id, "number of the bid");
        made.push(o);
        _place(o);
        return o.id;
    }

    /// @dev Best first, then in order of time.
    function _place(IAuctionRecord.Opening memory o) private {
        order.push(o.id);
        for (uint256 i = order.length - 1; i > 0; --i) {
            if (made[order[i - 1] - 1].tick >= o.tick) break;
            (order[i - 1], order[i]) = (order[i], order[i - 1]);
        }
    }

    function close(uint32 auction) private {
        vm.warp(sales.termsOf(auction).closes);
    }

    function openAll(uint32 auction) private {
        close(auction);
        sales.open(auction, made);
        vm.warp(sales.termsOf(auction).openUntil);
    }

    function clear(uint32 auction) private {
        openAll(auction);
        sales.rank(auction, order);
    }

    function settleAll(uint32 auction) private {
        vm.warp(sales.termsOf(auction).settles);
        if (sales.termsOf(auction).tieRule == UniformPrice.TieRule.PRO_RATA) {
            UniformPrice.Sale memory s = sales.auctionOf(auction).sale;
            if (s.above + s.level > s.offered) sales.apportion(auction, tied(auction));
        }
        sales.settle(auction, order);
    }

    /// @dev From the first bid at the price that the purchase limit leaves anything.
    function tied(uint32 auction) private view returns (uint32[] memory ids) {
        IAuctionRecord.Auction memory a = sales.auctionOf(auction);
        uint256 found = 0;
        for (uint256 i = a.walk.first - 1; i < order.length && made[order[i] - 1].tick == a.sale.tick; ++i) {
            ++found;
        }
        ids = slice(a.walk.first - 1, a.walk.first - 1 + found);
    }

    function giveBackRest(uint32 auction) private {
        for (uint256 i = 0; i < made.length; ++i) {
            if (uint8(sales.bidOf(auction, made[i].id).state) >= uint8(IAuctionRecord.BidState.OPENED)) {
                sales.giveBack(auction, one(made[i].id));
            }
        }
    }

    function one(uint32 id) private pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = id;
    }

    function two(uint32 a, uint32 b) private pure returns (uint32[] memory ids) {
        ids = new uint32[](2);
        (ids[0], ids[1]) = (a, b);
    }

    function only(IAuctionRecord.Opening memory o) private pure returns (IAuctionRecord.Opening[] memory list) {
        list = new IAuctionRecord.Opening[](1);
        list[0] = o;
    }

    function assertState(uint32 auction, IAuctionRecord.AuctionState state) private view {
        assertEq(uint8(sales.auctionOf(auction).state), uint8(state), "state of the auction");
    }

    function assertWon(address key, uint256 lots) private view {
        assertEq(units(key), UNITS + lots * AUCTION_LOT, "units");
    }

    function assertNothingBound() private view {
        address[4] memory keys = [alice, bob, carol, dave];
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(boundFor(keys[i], gbp, COLLATERAL), 0, "money bound");
            assertEq(boundFor(keys[i], uka, COLLATERAL), 0, "units bound");
        }
    }

    /* CLEARING */

    /// @dev R-TRD-1: winners pay one price, what it spares them is free again.
    function test_settle__two_win_in_part__one_price_is_paid() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 12, 50);
        bid(auction, carol, 12, 40);
        bid(auction, dave, 5, 30);
        clear(auction);
        assertState(auction, IAuctionRecord.AuctionState.CLEARED);
        settleAll(auction);

        assertState(auction, IAuctionRecord.AuctionState.SETTLED);
        assertWon(bob, 12);
        assertWon(carol, 8);
        assertEq(money(bob), MONEY - 12 * 5 * 40 * 10, "pays the price, not the bid");
        assertEq(money(alice), MONEY + 20 * 5 * 40 * 10, "seller's revenue");
        assertEq(sales.auctionOf(auction).proceeds, 40_000, "proceeds");
        assertEq(sales.voucherCount(SERIES), 2, "vouchers");
        giveBackRest(auction);
        assertNothingBound();
        assertEq(money(dave), MONEY, "a loser pays nothing");
    }

    function test_rank__bids_in_any_other_order__refused() public {
        uint32 auction = announce(aTerms());
        uint32 a = bid(auction, bob, 5, 50);
        uint32 b = bid(auction, carol, 5, 50);
        uint32 c = bid(auction, dave, 5, 60);
        openAll(auction);
        vm.expectRevert(abi.encodeWithSelector(UniformPrice.OutOfOrder.selector, 1, 60, c));
        sales.rank(auction, two(a, c));
        vm.expectRevert(abi.encodeWithSelector(UniformPrice.OutOfOrder.selector, 1, 50, a));
        sales.rank(auction, two(b, a)); // nobody puts a later tie before an earlier one
        vm.expectRevert(abi.encodeWithSelector(UniformPrice.OutOfOrder.selector, 1, 60, c));
        sales.rank(auction, two(c, c));
        uint32[] memory four = new uint32[](4);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.TooManyBids.selector, 3));
        sales.rank(auction, four);
        sales.rank(auction, two(c, a)); // stopped, and goes on
        vm.expectRevert(abi.encodeWithSelector(UniformPrice.OutOfOrder.selector, 0, 60, c));
        sales.rank(auction, one(c));
        assertState(auction, IAuctionRecord.AuctionState.CLEARING);
        sales.rank(auction, one(b));
        assertState(auction, IAuctionRecord.AuctionState.CLEARED);
    }

    function test_settle__a_better_bid_is_left_out__refused() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.tieRule = UniformPrice.TieRule.TIME;
        uint32 auction = announce(t);
        uint32 a = bid(auction, bob, 15, 50);
        uint32 b = bid(auction, carol, 15, 50);
        clear(auction);
        vm.warp(t.settles);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NotNext.selector, auction, b, 2, 1));
        sales.settle(auction, one(b));
        sales.settle(auction, one(a));
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.MayHaveWon.selector, auction, b));
        sales.giveBack(auction, one(b));
        sales.settle(auction, one(b));
        assertWon(bob, 15);
        assertWon(carol, 5);
    }

    function test_settle__pro_rata_with_odd_lots__left_over_goes_by_time() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        bid(auction, carol, 10, 50);
        bid(auction, dave, 9, 50);
        clear(auction);
        vm.warp(sales.termsOf(auction).settles);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.ApportionFirst.selector, auction));
        sales.settle(auction, order);
        sales.apportion(auction, one(1)); // in pages, too
        sales.apportion(auction, two(2, 3));
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.ApportionFirst.selector, auction));
        sales.apportion(auction, one(1));
        sales.settle(auction, order);
        // 10 x 20 / 29 = 6.89, 6.89, 6.2: 18 lots, two are left over
        assertWon(bob, 7);
        assertWon(carol, 7);
        assertWon(dave, 6);
    }

    function test_settle__random_ties__by_the_seed_that_was_drawn() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.tieRule = UniformPrice.TieRule.RANDOM;
        t.mixed = true;
        t.seedCommitment = keccak256(abi.encode(uint256(7)));
        uint32 auction = announce(t);
        uint32 a = bid(auction, bob, 20, 50);
        uint32 b = bid(auction, carol, 20, 50);
        made[1].label = "other";
        close(auction);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NotDrawn.selector, auction));
        sales.open(auction, made);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NoBlockHash.selector, 0));
        sales.draw(auction, 7);
        sales.noteBlockHash(auction);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NoBlockHash.selector, block.number + 1));
        sales.noteBlockHash(auction);
        vm.roll(block.number + 2);
        sales.noteBlockHash(auction);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.FalseDisclosure.selector, auction));
        sales.draw(auction, 8);
        vm.expectPartialRevert(IAuctionRecord.OutsideAuctionTime.selector); // who knows the seed has the first word
        sales.draw(auction, 0);
        sales.draw(auction, 7);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NothingLeft.selector, auction));
        sales.draw(auction, 7);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.FalseOpening.selector, auction, b));
        sales.open(auction, made); // no label but the one that was committed to
        made[1].label = "";
        sales.open(auction, made);
        assertEq(sales.auctionOf(auction).opened, 2, "opened");
        vm.warp(t.openUntil);
        sales.rank(auction, two(a, b)); // with one label, in order of time: nobody can block the order with twins
        assertState(auction, IAuctionRecord.AuctionState.CLEARED);
    }

    /* UNDER-SUBSCRIPTION */

    function test_rank__too_few_bids__sold_in_part_cancelled_or_rolled_over() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        uint32 auction = announce(t);
        bid(auction, bob, 7, 50);
        bid(auction, carol, 5, 5); // below the reserve
        clear(auction);
        settleAll(auction);
        giveBackRest(auction);
        assertWon(bob, 7);
        assertEq(units(alice), UNITS - 35, "unsold units are the seller's");
        assertNothingBound();

        t = aTerms();
        t.underSubscription = IAuctionRecord.UnderSubscription.CANCEL;
        auction = announce(t);
        bid(auction, bob, 7, 50);
        clear(auction);
        assertState(auction, IAuctionRecord.AuctionState.CANCELLED);
        giveBackRest(auction);
        assertNothingBound();

        t = aTerms();
        t.underSubscription = IAuctionRecord.UnderSubscription.ROLL_OVER;
        auction = announce(t);
        bid(auction, bob, 7, 50);
        clear(auction);
        settleAll(auction);
        assertEq(sales.auctionOf(auction).unsold, 13, "waits");
        vm.prank(alice);
        uint32 next = sales.announce(aTerms());
        sales.roll(auction, next);
        assertEq(sales.auctionOf(next).offered, 24, "a quarter of 13, rounded up, below a cap of 25");
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.CannotRoll.selector, auction, next)); // once into each
        sales.roll(auction, next);
        vm.prank(alice);
        uint32 third = sales.announce(capped(10_500));
        sales.roll(auction, third);
        assertEq(sales.auctionOf(third).offered, 21, "as far as the cap");
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NotTheSeller.selector, accountOf(bob), accountOf(alice)));
        sales.takeUnsold(auction);
        vm.startPrank(alice);
        sales.takeUnsold(auction);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NothingLeft.selector, auction));
        sales.takeUnsold(auction);
        sales.callOff(next);
        sales.callOff(third);
        vm.stopPrank();
        assertNothingBound();
    }

    /* ATTACKS */

    function test_open__commitment_was_copied__is_of_no_use() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        IAuctionRecord.Opening memory o = made[0];
        bytes32 copied = commitment(auction, o);
        vm.prank(carol);
        uint32 id = sales.bid(auction, PUT_UP, copied, "the same sealed words");
        close(auction);
        o.id = id;
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.FalseOpening.selector, auction, id));
        sales.open(auction, only(o));
        o.account = accountOf(carol);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.FalseOpening.selector, auction, id));
        sales.open(auction, only(o));
        assertTrue(
            sales.commitmentOf(auction, o.account, 1, 1, SALT, "")
                != sales.commitmentOf(auction + 1, o.account, 1, 1, SALT, ""),
            "nor in another auction"
        );
    }

    /// @dev Somebody opens a bid first, so that the auctioneer's page holds one that is open already: the page goes through.
    function test_open__front_run_one_by_one__the_page_passes_over_it() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        bid(auction, carol, 10, 50);
        close(auction);
        vm.prank(stranger);
        sales.open(auction, only(made[1]));
        sales.open(auction, made);
        sales.open(auction, made);
        assertEq(sales.auctionOf(auction).opened, 2, "each counts once");
    }

    function capped(uint16 rollCap) private view returns (IAuctionRecord.AuctionTerms memory t) {
        t = aTerms();
        t.rollCap = rollCap;
    }

    /// @dev A page of openings is not stopped by a bid that was excused while it was on its way.
    function test_open__one_of_a_page_was_excused__the_others_are_opened() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        bid(auction, carol, 10, 40);
        close(auction);
        sales.excuse(auction, sealedOf(auction, made[0]), "cause");
        sales.open(auction, made);
        assertEq(sales.auctionOf(auction).opened, 1, "the other");
    }

    /// @dev Who does not open, so that too little is asked for and the sale is off, is punished all the same.
    function test_endSealed__sale_is_off_for_want_of_the_bid__punished() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.underSubscription = IAuctionRecord.UnderSubscription.CANCEL;
        uint32 auction = announce(t);
        bid(auction, bob, 10, 50);
        bid(auction, carol, 10, 60, 10_000);
        close(auction);
        sales.open(auction, only(made[0]));
        vm.warp(t.openUntil);
        sales.rank(auction, one(1));
        assertState(auction, IAuctionRecord.AuctionState.CANCELLED);
        sales.endSealed(auction, sealedOf(auction, made[1]));
        assertEq(money(carol), MONEY - 5000, "half of the collateral is forfeited");
        assertEq(credit.standingOf(accountOf(carol)).entries, 1, "misconduct is on record");
        sales.giveBack(auction, one(1));
        assertNothingBound();
    }

    /// @dev A seller that may not receive any more holds up nobody's money for ever.
    function test_lapse__not_settled_for_thirty_days__everything_returns() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        uint32 auction = announce(t);
        bid(auction, bob, 10, 50);
        bid(auction, carol, 10, 40);
        clear(auction);
        bar(alice, Restrictions.NO_RECEIPT);
        vm.warp(t.settles);
        vm.expectPartialRevert(IERC7943MultiToken.ERC7943CannotReceive.selector);
        sales.settle(auction, order);
        vm.warp(t.settles + 30 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NoReasonToCancel.selector, auction));
        sales.lapse(auction);
        vm.warp(t.settles + 30 days);
        sales.lapse(auction);
        sales.giveBack(auction, two(1, 2));
        assertNothingBound();
        assertEq(money(bob), MONEY, "whole");
    }

    function test_open__false_or_at_a_wrong_time__refused() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        vm.expectPartialRevert(IAuctionRecord.OutsideAuctionTime.selector); // nobody shows a price before the window closes
        sales.open(auction, made);
        close(auction);
        made[0].tick = 49;
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.FalseOpening.selector, auction, 1));
        sales.open(auction, made);
        made[0].tick = 50;
        vm.warp(sales.termsOf(auction).openUntil);
        vm.expectPartialRevert(IAuctionRecord.OutsideAuctionTime.selector);
        sales.open(auction, made);
    }

    function test_endSealed__auctioneer_withholds__bidder_opens_and_others_are_punished() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        bid(auction, carol, 10, 60, 10_000);
        close(auction);
        vm.prank(bob);
        sales.open(auction, only(made[0]));
        IAuctionRecord.Sealed memory left = sealedOf(auction, made[1]);
        vm.expectPartialRevert(IAuctionRecord.OutsideAuctionTime.selector);
        sales.endSealed(auction, left);
        vm.warp(sales.termsOf(auction).openUntil);
        sales.rank(auction, one(1));
        sales.endSealed(auction, left);
        assertEq(money(carol), MONEY - 5000, "half of the collateral is forfeited");
        assertEq(money(alice), MONEY + 5000, "to the seller");
        assertEq(boundFor(carol, gbp, COLLATERAL), 0, "the rest is free");
        assertEq(credit.standingOf(accountOf(carol)).entries, 1, "misconduct is on record");
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NoSuchBid.selector, auction, 2));
        sales.endSealed(auction, left);
    }

    function test_excuse__regulator_only__nothing_is_forfeited() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        IAuctionRecord.Sealed memory b = sealedOf(auction, made[0]);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.MayHaveWon.selector, auction, 1));
        sales.excuse(auction, b, "cause");
        close(auction);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        sales.excuse(auction, b, "cause");
        sales.excuse(auction, b, "cause");
        assertNothingBoundOf(bob);
        assertEq(money(bob), MONEY, "whole");
    }

    function assertNothingBoundOf(address key) private view {
        assertEq(boundFor(key, gbp, COLLATERAL), 0, "money bound");
    }

    function test_lapse__secret_reserve_withheld__cancelled_and_nobody_is_punished() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.reserve = 0;
        t.secretReserve = keccak256(abi.encode(uint24(45), SALT));
        uint32 auction = announce(t);
        bid(auction, bob, 10, 50);
        bid(auction, carol, 10, 40);
        close(auction);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NoReasonToCancel.selector, auction));
        sales.lapse(auction);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.FalseDisclosure.selector, auction));
        sales.disclose(auction, 44, SALT);
        uint256 snapshot = vm.snapshotState();
        sales.disclose(auction, 45, SALT);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.DisclosedAlready.selector, auction));
        sales.disclose(auction, 45, SALT);
        clear(auction);
        settleAll(auction);
        assertWon(bob, 10);
        assertWon(carol, 0);
        vm.revertToState(snapshot);

        sales.open(auction, only(made[0]));
        vm.warp(t.openUntil);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.ReserveSecret.selector, auction));
        sales.rank(auction, order);
        IAuctionRecord.Sealed memory b = sealedOf(auction, made[1]);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.ReserveSecret.selector, auction));
        sales.endSealed(auction, b);
        sales.lapse(auction);
        sales.endSealed(auction, b);
        sales.giveBack(auction, one(1));
        assertNothingBound();
        assertEq(money(carol), MONEY, "whole");
    }

    function test_bid__dust__costs_its_least_collateral() public {
        uint32 auction = announce(aTerms());
        IAuctionRecord.Opening memory o = opening(auction, bob, 1, 1, 99);
        bytes32 c = commitment(auction, o);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.CollateralTooSmall.selector, 99, 100));
        sales.bid(auction, 99, c, "");
        bid(auction, bob, 0, 50); // no lot
        bid(auction, carol, 10, 50, 100); // not covered
        bid(auction, dave, 1, 1001); // above the ceiling
        bid(auction, alice, 1, 50); // the seller's own
        clearVoid(auction);
        assertEq(sales.auctionOf(auction).opened, 0, "none counts");
        assertState(auction, IAuctionRecord.AuctionState.CANCELLED);
    }

    function clearVoid(uint32 auction) private {
        openAll(auction);
        for (uint256 i = 0; i < made.length; ++i) {
            assertEq(uint8(sales.bidOf(auction, made[i].id).state), uint8(IAuctionRecord.BidState.VOID), "void");
            sales.endSealed(auction, sealedOf(auction, made[i]));
        }
        sales.rank(auction, new uint32[](0));
    }

    function test_rank__accounts_of_one_owner__share_a_purchase_limit() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.purchaseLimit = 8;
        setOwner(bob, 77);
        setOwner(carol, 77);
        uint32 auction = announce(t);
        bid(auction, bob, 6, 60);
        bid(auction, carol, 6, 50);
        bid(auction, dave, 12, 40);
        bid(auction, bob, 3, 45);
        clear(auction);
        settleAll(auction);
        assertWon(bob, 6);
        assertWon(carol, 2);
        assertWon(dave, 8);
        giveBackRest(auction);
        assertNothingBound();
    }

    /* CHANGES */

    function test_changeBid__window_open__collateral_follows_and_others_cannot() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        IAuctionRecord.Opening memory o = made[0];
        bytes32 c = commitment(auction, o);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NoSuchBid.selector, auction, 1));
        sales.withdrawBid(auction, 1, o.collateral, c);
        vm.prank(bob);
        assertEq(sales.changeBid(auction, 1, o.collateral, c, 500, c, "new"), 2, "a new time");
        assertEq(boundFor(bob, gbp, COLLATERAL), 500, "bound");
        vm.prank(bob);
        sales.withdrawBid(auction, 2, 500, c);
        assertNothingBoundOf(bob);
        bid2(auction);
        close(auction);
        vm.prank(bob);
        vm.expectPartialRevert(IAuctionRecord.OutsideAuctionTime.selector);
        sales.withdrawBid(auction, 3, 500, c);
    }

    function bid2(uint32 auction) private {
        vm.prank(bob);
        sales.bid(auction, 500, "c", "");
    }

    /* DEFAULTS */

    function test_settle__winner_lacks_money_or_is_barred__defaults_and_the_others_are_served() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.collateralShare = 1000;
        uint32 auction = announce(t);
        bid(auction, bob, 10, 900);
        bid(auction, carol, 5, 900);
        bid(auction, dave, 10, 900);
        clear(auction);
        bar(bob, Restrictions.NO_TRADE);
        uint256 before = money(alice);
        settleAll(auction);
        uint256 bound = 10 * 5 * 900; // a tenth of 10 x 5 x 900 x 10
        assertWon(bob, 0);
        assertEq(money(bob), MONEY - bound / 2, "forfeited");
        uint256 sold = sales.auctionOf(auction).delivered;
        assertEq(sold, 12, "20 less the defaulted 8");
        assertEq(money(alice), before + bound / 2 + sold * 5 * 9000, "seller");
        assertEq(units(alice), UNITS - sold * 5, "unsold units come back");
        assertNothingBound();
        assertEq(credit.standingOf(accountOf(bob)).entries, 1, "misconduct");
    }

    function test_settle__one_cannot_pay_the_rest__defaults() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.collateralShare = 1000;
        t.tieRule = UniformPrice.TieRule.TIME;
        uint32 auction = announce(t);
        bid(auction, bob, 20, 990);
        clear(auction);
        address to = accountOf(carol);
        uint256 all = money(bob) - boundFor(bob, gbp, COLLATERAL);
        vm.prank(bob);
        ledger.safeTransferFrom(accountOf(bob), to, gbp, all, "");
        settleAll(auction);
        assertWon(bob, 0);
        assertEq(units(alice), UNITS, "nothing is sold");
        assertNothingBound();
    }

    /* PROCEEDS */

    function test_distribute__states_share_to_the_cent__sums_exactly() public {
        IAuctionRecord.Beneficiary[] memory b = new IAuctionRecord.Beneficiary[](3);
        b[0] = IAuctionRecord.Beneficiary(accountOf(alice), 7);
        b[1] = IAuctionRecord.Beneficiary(platform, 7);
        b[2] = IAuctionRecord.Beneficiary(accountOf(dave), 6);
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.beneficiaries = keccak256(abi.encode(b));
        t.tickSize = 1;
        uint32 auction = announce(t);
        bid(auction, bob, 11, 13);
        clear(auction);
        settleAll(auction);
        uint256 proceeds = sales.auctionOf(auction).proceeds; // 715
        assertEq(boundFor(alice, gbp, COLLATERAL), proceeds, "bound until it is shared");
        uint256 seller = money(alice) - proceeds;
        for (uint8 i = 0; i < 3; ++i) {
            sales.distribute(auction, b, 2 - i);
        }
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.NothingLeft.selector, auction));
        sales.distribute(auction, b, 0);
        b[0].lots = 8;
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.WrongBeneficiaries.selector, auction));
        sales.distribute(auction, b, 0);
        assertEq(money(alice) - seller, 250, "7 of 20, rounded down");
        assertEq(ledger.balanceOf(platform, gbp), 250, "7 of 20");
        assertEq(money(dave) - MONEY, 215, "the rest");
        assertNothingBound();
    }

    /* ERRORS AND PERMISSIONS */

    function test_announce__impossible_terms__refused_by_position() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.tickSize = 0;
        refuseTerms(t, 2);
        t = aTerms();
        t.openUntil = t.closes + 2 hours - 1; // bidders have time to open their own
        refuseTerms(t, 19);
        t = aTerms();
        t.settles = t.openUntil + 30 days + 1;
        refuseTerms(t, 20);
        t = aTerms();
        ledger.defineInstrument(InstrumentId.wrap(uka + 1), t.settles, "terms");
        t.instrument = InstrumentId.wrap(uka + 1); // expires before it is delivered
        refuseTerms(t, 1);
        t = aTerms();
        t = aTerms();
        t.tieRule = UniformPrice.TieRule.RANDOM;
        refuseTerms(t, 22);
        t = aTerms();
        t.threshold = 4;
        refuseTerms(t, 25);
    }

    function refuseTerms(IAuctionRecord.AuctionTerms memory t, uint256 term) private {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.BadAuctionTerms.selector, term));
        sales.announce(t);
    }

    function test_cancel__regulator_only_and_before_a_price__everything_returns() public {
        uint32 auction = announce(aTerms());
        bid(auction, bob, 10, 50);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        sales.cancel(auction, "cause");
        sales.cancel(auction, "cause");
        vm.expectRevert(
            abi.encodeWithSelector(
                IAuctionRecord.WrongAuctionState.selector, auction, IAuctionRecord.AuctionState.CANCELLED
            )
        );
        sales.cancel(auction, "cause");
        sales.endSealed(auction, sealedOf(auction, made[0]));
        assertNothingBound();
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.BidNotOpened.selector, auction, 1));
        sales.giveBack(auction, one(1));
        vm.expectRevert(abi.encodeWithSelector(IAuctionRecord.UnknownAuction.selector, 9));
        sales.auctionOf(9);
    }

    /// @dev An instrument that closed meanwhile cannot be delivered: what is bound comes back.
    function test_cancel__price_known_and_half_delivered__the_rest_returns() public {
        IAuctionRecord.Beneficiary[] memory b = new IAuctionRecord.Beneficiary[](1);
        b[0] = IAuctionRecord.Beneficiary(platform, 1);
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.beneficiaries = keccak256(abi.encode(b));
        uint32 auction = announce(t);
        bid(auction, bob, 10, 50);
        bid(auction, carol, 10, 40);
        clear(auction);
        vm.warp(t.settles);
        sales.settle(auction, one(1));
        vm.expectPartialRevert(IAuctionRecord.WrongAuctionState.selector);
        sales.distribute(auction, b, 0);
        sales.cancel(auction, "closed");
        sales.giveBack(auction, one(2));
        sales.distribute(auction, b, 0);
        assertWon(bob, 10);
        assertWon(carol, 0);
        assertEq(ledger.balanceOf(platform, gbp), 10 * 5 * 40 * 10, "what was paid is paid out");
        assertNothingBound();
    }

    /* GAS */

    /// @dev GOALS.md: ranking costs less than 9,000 gas a bid, so that 10,000 bids clear in pages.
    function test_rank__many_bids_in_a_page__each_within_the_goal() public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        uint32 auction = announce(t);
        for (uint256 i = 0; i < 100; ++i) {
            bid(auction, i % 2 == 0 ? bob : carol, 1, 50, 2500);
        }
        openAll(auction);
        vm.cool(address(sales));
        uint256 before = gasleft();
        sales.rank(auction, order);
        assertTrue((before - gasleft()) / 100 < 9000, "9,000 gas a bid");
    }

    /* PROPERTIES */

    /// @dev No winner pays more than the bid, no loser bid above the price, sold <= offered, shares sum exactly, order of opening
    ///      and further losing bids change nothing, money and units are conserved.
    function testFuzz_auction__any_bids__the_properties_hold(uint256 seed, uint8 rule, bool limited, uint8 cut) public {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.tieRule = UniformPrice.TieRule(rule % 2);
        if (limited) t.purchaseLimit = 9;
        uint256[3] memory before = [money(bob), money(carol), money(dave)];
        address[3] memory keys = [bob, carol, dave];
        uint32 auction = announce(t);
        uint256 number = 1 + seed % 9;
        for (uint256 i = 0; i < number; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            bid(auction, keys[r % 3], uint32(1 + (r >> 8) % 12), uint24(8 + (r >> 16) % 5));
        }
        close(auction);
        for (uint256 i = number; i > 0; --i) {
            sales.open(auction, only(made[i - 1])); // in the opposite order
        }
        vm.warp(t.openUntil);
        uint256 first = cut % (number + 1);
        sales.rank(auction, slice(0, first));
        if (first < number) sales.rank(auction, slice(first, number));
        UniformPrice.Sale memory sale = sales.auctionOf(auction).sale;
        if (sales.auctionOf(auction).state == IAuctionRecord.AuctionState.CLEARED) settleAll(auction);
        giveBackRest(auction);

        IAuctionRecord.Auction memory a = sales.auctionOf(auction);
        assertTrue(a.delivered <= OFFERED, "sold <= offered");
        if (sale.tick != 0) {
            uint64 asked = sale.above + sale.level;
            assertEq(a.delivered, asked < OFFERED ? asked : OFFERED, "as much as can be sold is sold");
            assertTrue(sale.tick >= t.reserve, "not below the reserve");
        }
        assertEq(a.proceeds, uint256(a.delivered) * 5 * sale.tick * 10, "proceeds");
        uint256 paid = 0;
        uint256 won = 0;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 got = units(keys[i]) - UNITS;
            assertEq(before[i] - money(keys[i]), got * sale.tick * 10, "pays the price for what it won");
            if (limited) assertTrue(got <= 45, "within the limit");
            assertTrue(
                got * 1 <= asked5(accountOf(keys[i]), sale.tick), "won no more than it bid at the price or better"
            );
            if (!limited) {
                uint256 sure = asked5(accountOf(keys[i]), sale.tick + 1);
                assertTrue(sale.tick == 0 || got >= sure, "no loser bid above the price");
            }
            paid += before[i] - money(keys[i]);
            won += got;
        }
        assertEq(paid, money(alice) - MONEY, "money is conserved");
        assertEq(won, UNITS - units(alice), "units are conserved");
        assertNothingBound();
    }

    function asked5(address account, uint24 from) private view returns (uint256 tonnes) {
        for (uint256 i = 0; i < made.length; ++i) {
            if (made[i].account == account && made[i].tick >= from) tonnes += made[i].lots * AUCTION_LOT;
        }
    }

    function slice(uint256 from, uint256 to) private view returns (uint32[] memory ids) {
        ids = new uint32[](to - from);
        for (uint256 i = from; i < to; ++i) {
            ids[i - from] = order[i];
        }
    }

    /// @dev A bid below the price changes neither price nor shares.
    function testFuzz_auction__a_losing_bid_more__changes_nothing(uint256 seed, uint24 losing) public {
        uint256 snapshot = vm.snapshotState();
        (uint256 b1, uint256 c1, uint24 price) = play(seed, 0);
        if (price <= 1) return;
        vm.revertToState(snapshot);
        (uint256 b2, uint256 c2, uint24 again) = play(seed, 1 + losing % (price - 1));
        assertEq(price, again, "price");
        assertEq(b1, b2, "bob");
        assertEq(c1, c2, "carol");
    }

    function play(uint256 seed, uint24 losing) private returns (uint256, uint256, uint24) {
        IAuctionRecord.AuctionTerms memory t = aTerms();
        t.reserve = 1;
        uint32 auction = announce(t);
        for (uint256 i = 0; i < 5; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            bid(auction, r % 2 == 0 ? bob : carol, uint32(6 + (r >> 8) % 9), uint24(8 + (r >> 16) % 5));
        }
        if (losing != 0) bid(auction, dave, 20, losing);
        clear(auction);
        uint24 price = sales.auctionOf(auction).sale.tick;
        settleAll(auction);
        return (units(bob), units(carol), price);
    }
}
