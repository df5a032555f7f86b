// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { Initializable } from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";

import { IDowngrade } from "../../../contracts/instruments/IDowngrade.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { Bilateral } from "../../../contracts/market/Bilateral.sol";
import { BlockTrades } from "../../../contracts/market/BlockTrades.sol";
import { IBlockTrades } from "../../../contracts/market/IBlockTrades.sol";
import { ICreditRecord } from "../../../contracts/registry/ICreditRecord.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Representation, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { Misconduct } from "../../../contracts/types/Conduct.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Side } from "../../../contracts/types/OrderId.sol";
import { BilateralSuite } from "../support/BilateralSuite.sol";

/// @dev Block markets, offers on and off the chain, settlement at once and later, and what attackers try.
contract BlockTradesTest is BilateralSuite {
    uint256 private constant SIGNING_KEY = 0x516;
    address private signer; // a key of alice's account that signs off the chain
    uint40 private later;

    function setUp() public {
        setUpBilateral();
        signer = vm.addr(SIGNING_KEY);
        ledger.setRepresentation(signer, Representation(accountOf(alice), FAR, Rights.TRADE));
        later = uint40(block.timestamp + 2 days);
    }

    function refusePropose(address key, IBlockTrades.BlockTrade memory t, bytes memory error) private {
        vm.prank(key);
        vm.expectRevert(error);
        blocks.propose(t);
    }

    function refuseConfirm(address key, IBlockTrades.BlockTrade memory t, bytes memory error) private {
        vm.prank(key);
        vm.expectRevert(error);
        blocks.confirm(t);
    }

    function sign(IBlockTrades.BlockTrade memory t) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SIGNING_KEY, blocks.idOf(t));
        return abi.encodePacked(r, s, v);
    }

    function execute(address key, IBlockTrades.BlockTrade memory t, bytes memory signature) private {
        vm.prank(key);
        blocks.execute(t, signature);
    }

    function refuseExecute(address key, IBlockTrades.BlockTrade memory t, bytes memory signature, bytes memory error)
        private
    {
        vm.prank(key);
        vm.expectRevert(error);
        blocks.execute(t, signature);
    }

    function wrongState(IBlockTrades.BlockTrade memory t, IBlockTrades.BlockState state)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(IBlockTrades.WrongBlockState.selector, blocks.idOf(t), state);
    }

    function assertTraded(uint256 quantity, uint256 tick) private view {
        uint256 cost = quantity * tick * TICK;
        uint256 lots = quantity / LOT;
        assertEq(units(alice), UNITS - quantity, "seller's units");
        assertEq(units(bob), UNITS + quantity, "buyer's units");
        assertEq(money(alice), MONEY + cost - lots * SELLER_FEE, "seller's money");
        assertEq(money(bob), MONEY - cost - lots * BUYER_FEE, "buyer's money");
        assertEq(ledger.balanceOf(platform, gbp), lots * (SELLER_FEE + BUYER_FEE), "fees");
        assertEq(boundFor(alice, uka, BLOCK) + boundFor(bob, gbp, BLOCK), 0, "nothing stays bound");
    }

    /* MARKETS */

    function test_openBlockMarket_impossibleTerms_refused() public {
        for (uint256 term; term < 11; ++term) {
            IBlockTrades.BlockTerms memory t = blockTerms();
            if (term == 0) t.instrument = InstrumentId.wrap(gbp);
            if (term == 1) t.tickSize = 0;
            if (term == 2) t.lot = 0;
            if (term == 3) t.leastLots = 0;
            if (term == 4) t.buyerFee = uint64(TICK * LOT + 1);
            if (term == 5) t.sellerFee = uint64(TICK * LOT + 1);
            if (term == 6) t.band = 10_000;
            if (term == 7) (t.opens, t.closes) = (9 hours, 9 hours);
            if (term == 8) t.closes = 1 days + 1;
            if (term == 9) t.weekdays = 128;
            if (term == 10) t.longestDelay = 1 << 24;
            vm.expectRevert(abi.encodeWithSelector(IBlockTrades.BadBlockTerms.selector, term));
            blocks.openBlockMarket(t);
        }
    }

    // @requirement R-TRD-4
    function test_openBlockMarket_extremeTerms_readBack() public {
        IBlockTrades.BlockTerms memory t = IBlockTrades.BlockTerms({
            instrument: InstrumentId.wrap((uint256(2) << 80) | ((uint256(1) << 80) - 1)),
            tickSize: type(uint64).max,
            lot: type(uint24).max,
            leastLots: type(uint32).max,
            buyerFee: type(uint64).max,
            sellerFee: type(uint64).max - 1,
            band: 9999,
            opens: 1,
            closes: 86_400,
            weekdays: 127,
            longestDelay: type(uint24).max,
            window: type(uint32).max
        });
        uint24 number = blocks.openBlockMarket(t);
        assertEq(number, blockMarket + 1);
        assertEq(blocks.blockMarketCount(), number);
        IBlockTrades.BlockMarketView memory seen = blocks.blockMarketOf(number);
        assertEq(keccak256(abi.encode(seen.terms)), keccak256(abi.encode(t)), "terms");
        assertTrue(seen.state == IBlockTrades.BlockMarketState.OPEN);
        assertEq(seen.referenceTick, 0);
        blocks.setReference(number, type(uint24).max);
        blocks.setHours(number, 2, 3, 1);
        blocks.setBlockMarketState(number, IBlockTrades.BlockMarketState.HALTED);
        (t.opens, t.closes, t.weekdays) = (2, 3, 1);
        seen = blocks.blockMarketOf(number);
        assertEq(keccak256(abi.encode(seen.terms)), keccak256(abi.encode(t)), "only the hours changed");
        assertEq(seen.referenceTick, type(uint24).max);
        assertTrue(seen.state == IBlockTrades.BlockMarketState.HALTED);
    }

    function test_setHours_impossible_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IBlockTrades.BadBlockTerms.selector, 7));
        blocks.setHours(blockMarket, 5, 4, 1);
        vm.expectRevert(abi.encodeWithSelector(IBlockTrades.BadBlockTerms.selector, 9));
        blocks.setHours(blockMarket, 4, 5, 0);
    }

    function test_unknownBlockMarket_refused() public {
        uint24 none = blockMarket + 1;
        bytes memory error = abi.encodeWithSelector(IBlockTrades.UnknownBlockMarket.selector, none);
        vm.expectRevert(error);
        blocks.blockMarketOf(none);
        vm.expectRevert(error);
        blocks.setBlockMarketState(none, IBlockTrades.BlockMarketState.HALTED);
        vm.expectRevert(error);
        blocks.setReference(none, 1);
        vm.expectRevert(error);
        blocks.setHours(none, 1, 2, 1);
        vm.expectRevert(error);
        blocks.isWithinHours(none, 0);
        vm.expectRevert(abi.encodeWithSelector(IBlockTrades.UnknownBlockMarket.selector, blockMarket));
        blocks.setBlockMarketState(blockMarket, IBlockTrades.BlockMarketState.NONE);
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        t.market = none;
        refusePropose(alice, t, abi.encodeWithSelector(IBlockTrades.BlockMarketNotOpen.selector, none, 0));
    }

    // @requirement R-ACC-1
    function test_restrictedFunctions_byStranger_refused() public {
        bytes memory error = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        IBlockTrades.BlockTerms memory t = blockTerms();
        IBlockTrades.BlockTrade memory trade = aBlock(20, 0);
        vm.startPrank(stranger);
        vm.expectRevert(error);
        blocks.openBlockMarket(t);
        vm.expectRevert(error);
        blocks.setBlockMarketState(blockMarket, IBlockTrades.BlockMarketState.HALTED);
        vm.expectRevert(error);
        blocks.setReference(blockMarket, 1);
        vm.expectRevert(error);
        blocks.setHours(blockMarket, 1, 2, 1);
        vm.expectRevert(error);
        blocks.setFeeAccount(stranger);
        vm.expectRevert(error);
        blocks.annul(trade, "cause");
        vm.expectRevert(error);
        blocks.upgradeToAndCall(stranger, "");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        blocks.initialize();
        vm.stopPrank();
    }

    // @requirement R-ACC-2
    function test_participantsFunctions_byStranger_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        bytes memory error = abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger);
        refusePropose(stranger, t, error);
        refuseExecute(stranger, t, sign(t), error);
        vm.prank(stranger);
        vm.expectRevert(error);
        blocks.cancelNonce(5);
        propose(alice, t);
        refuseConfirm(stranger, t, error);
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(Bilateral.NotTheTrader.selector, stranger, t.buyer));
        blocks.refuse(t);
        vm.expectRevert(abi.encodeWithSelector(Bilateral.NotTheTrader.selector, stranger, t.seller));
        blocks.withdraw(t);
        vm.stopPrank();
    }

    function test_acts_byTheWrongSide_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        refusePropose(
            bob, t, abi.encodeWithSelector(IBlockTrades.NotTheBlockSide.selector, bob, accountOf(bob), t.seller)
        );
        propose(alice, t);
        bytes memory error =
            abi.encodeWithSelector(IBlockTrades.NotTheBlockSide.selector, alice, accountOf(alice), t.buyer);
        refuseConfirm(alice, t, error); // nobody confirms his own
        refuseExecute(alice, aBlock(20, 0), "", error);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(Bilateral.NotTheTrader.selector, bob, t.seller));
        blocks.withdraw(t);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Bilateral.NotTheTrader.selector, alice, t.buyer));
        blocks.refuse(t);
    }

    /* PROPOSED AND CONFIRMED */

    // @requirement R-TRD-4
    // @requirement R-TRD-8
    // @requirement R-DAT-j
    // @requirement R-DAT-k
    function test_proposeAndConfirm_bySeller_settlesAtOnce() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        bytes32 expected = blocks.idOf(t);
        vm.expectEmit(address(blocks));
        emit IBlockTrades.NonceSpent(t.seller, t.nonce);
        vm.expectEmit(address(blocks));
        emit IBlockTrades.BlockProposed(expected, t.seller, t.buyer, alice, t);
        bytes32 id = propose(alice, t);
        assertEq(id, expected);
        assertState(t, IBlockTrades.BlockState.PROPOSED);
        assertEq(boundFor(alice, uka, BLOCK), 100, "what the proposer gives is bound");
        assertEq(boundFor(bob, gbp, BLOCK), 0);

        vm.expectEmit(address(blocks));
        emit IBlockTrades.BlockSettled(id, t.seller, t.buyer, 0, 1, t);
        confirm(bob, t);
        assertState(t, IBlockTrades.BlockState.SETTLED);
        assertTraded(100, 100);
        refuseConfirm(bob, t, wrongState(t, IBlockTrades.BlockState.SETTLED));
    }

    // @requirement R-TRD-4
    function test_proposeAndConfirm_byBuyer_settlesAtOnce() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        t.offeredBy = Side.BUY;
        propose(bob, t);
        assertEq(boundFor(bob, gbp, BLOCK), 100 * 100 * TICK + 20 * BUYER_FEE);
        confirm(alice, t);
        assertTraded(100, 100);
    }

    // @requirement R-TRD-8
    function testFuzz_block_anyTerms_conserves(bool byBuyer, bool signed, uint48 lots, uint24 tick, bool atOnce)
        public
    {
        IBlockTrades.BlockTrade memory t = aBlock(uint48(bound(lots, 4, 150)) * LOT, atOnce ? 0 : later);
        t.tick = uint24(bound(tick, 70, 130));
        t.offeredBy = byBuyer ? Side.BUY : Side.SELL;
        if (signed) {
            t.offeredBy = Side.SELL;
            execute(bob, t, sign(t));
        } else {
            propose(byBuyer ? bob : alice, t);
            confirm(byBuyer ? alice : bob, t);
        }
        if (!atOnce) {
            assertEq(boundFor(alice, uka, BLOCK) + boundFor(bob, gbp, BLOCK), 0, "only their word");
            vm.warp(later);
            vm.prank(stranger);
            blocks.settle(t);
        }
        assertTraded(t.quantity, t.tick);
        assertState(t, IBlockTrades.BlockState.SETTLED);
        assertEq(money(alice) + money(bob) + ledger.balanceOf(platform, gbp), 2 * MONEY, "no penny lost");
    }

    function test_proposal_withdrawnRefusedLapsedOrAnnulled_freesWhatItBound() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        propose(alice, t);
        vm.expectEmit(address(blocks));
        emit IBlockTrades.BlockEnded(blocks.idOf(t), IBlockTrades.BlockState.WITHDRAWN, 0);
        vm.prank(alice);
        blocks.withdraw(t);
        refuseConfirm(bob, t, wrongState(t, IBlockTrades.BlockState.WITHDRAWN));

        t = aBlock(100, 0);
        propose(alice, t);
        vm.prank(bob);
        blocks.refuse(t);
        assertState(t, IBlockTrades.BlockState.REFUSED);

        t = aBlock(100, 0);
        propose(alice, t);
        bytes memory error = abi.encodeWithSelector(IBlockTrades.BlockOfferStands.selector, blocks.idOf(t), t.expires);
        vm.expectRevert(error);
        blocks.lapse(t);
        vm.warp(t.expires);
        refuseConfirm(bob, t, abi.encodeWithSelector(IBlockTrades.BlockOfferExpired.selector, t.expires, t.expires));
        vm.prank(stranger);
        blocks.lapse(t);
        assertState(t, IBlockTrades.BlockState.LAPSED);

        t = aBlock(100, 0);
        t.offeredBy = Side.BUY;
        propose(bob, t);
        vm.expectRevert(IBlockTrades.CauseMissing.selector);
        blocks.annul(t, 0);
        blocks.annul(t, "ruling");
        assertState(t, IBlockTrades.BlockState.ANNULLED);
        vm.expectRevert(wrongState(t, IBlockTrades.BlockState.ANNULLED));
        blocks.annul(t, "ruling");

        assertEq(ledger.freeOf(accountOf(alice), uka), UNITS);
        assertEq(ledger.freeOf(accountOf(bob), gbp), MONEY);
    }

    // Front-running: whoever comes first. The other's act does nothing.
    function test_withdraw_confirmedFirst_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        propose(alice, t);
        confirm(bob, t);
        bytes memory error = wrongState(t, IBlockTrades.BlockState.SETTLED);
        vm.prank(alice);
        vm.expectRevert(error);
        blocks.withdraw(t);
    }

    function test_withdrawOrRefuse_bySuspendedAccount_given() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        propose(alice, t);
        suspend(alice);
        vm.prank(alice);
        blocks.withdraw(t);
        assertEq(boundFor(alice, uka, BLOCK), 0);
    }

    // Other terms have another id: a confirmation cannot be made to mean something else
    function test_confirm_otherTerms_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        propose(alice, t);
        t.tick = 99;
        refuseConfirm(bob, t, wrongState(t, IBlockTrades.BlockState.NONE));
    }

    function test_propose_withoutMeans_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(1005, 0);
        refusePropose(
            alice, t, abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, t.seller, uka, UNITS, 1005)
        );
        t.quantity = 1000;
        propose(alice, t);
        uint256 owed = 1000 * 100 * TICK + 200 * BUYER_FEE;
        refuseConfirm(
            bob, t, abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, t.buyer, gbp, MONEY, owed)
        );
        assertState(t, IBlockTrades.BlockState.PROPOSED);
    }

    /* WHAT A BLOCK MAY BE */

    function test_quantity_belowTheMinimumOrInFractions_refused() public {
        uint48[3] memory bad = [uint48(0), 15, 21];
        for (uint256 i; i < bad.length; ++i) {
            refusePropose(
                alice,
                aBlock(bad[i], 0),
                abi.encodeWithSelector(IBlockTrades.BadBlockQuantity.selector, bad[i], LOT, 20)
            );
        }
    }

    // @requirement R-TRD-4
    function test_band_aroundTheReference_bothEndsIncluded() public {
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        t.tick = 69;
        refusePropose(alice, t, abi.encodeWithSelector(IBlockTrades.BlockOutsideBand.selector, 69, 70, 130));
        t.tick = 131;
        refusePropose(alice, t, abi.encodeWithSelector(IBlockTrades.BlockOutsideBand.selector, 131, 70, 130));
        t.tick = 130;
        propose(alice, t);
        // The reference moves before it is taken.
        blocks.setReference(blockMarket, 99);
        refuseConfirm(bob, t, abi.encodeWithSelector(IBlockTrades.BlockOutsideBand.selector, 130, 70, 128));
        blocks.setReference(blockMarket, 100);
        confirm(bob, t);
    }

    function testFuzz_band_neverWiderThanTheShare(uint24 middle, uint16 share, uint24 tick) public {
        middle = uint24(bound(middle, 1, type(uint24).max));
        IBlockTrades.BlockTerms memory terms_ = blockTerms();
        (terms_.band, terms_.tickSize) = (uint16(bound(share, 0, 9999)), 1);
        (terms_.buyerFee, terms_.sellerFee) = (0, 0);
        blockMarket = blocks.openBlockMarket(terms_);
        blocks.setReference(blockMarket, middle);
        IBlockTrades.BlockTrade memory t = aBlock(20, later);
        t.tick = tick;
        uint256 distance = tick > middle ? tick - middle : middle - tick;
        bool within = distance * 10_000 <= uint256(middle) * terms_.band;
        vm.prank(alice);
        try blocks.propose(t) {
            assertTrue(within, "beyond the share");
        } catch {
            assertFalse(within, "within the share");
        }
    }

    function test_reference_missing_refused() public {
        blockMarket = blocks.openBlockMarket(blockTerms());
        refusePropose(alice, aBlock(20, 0), abi.encodeWithSelector(IBlockTrades.NoReference.selector, blockMarket));
        vm.expectRevert(abi.encodeWithSelector(IBlockTrades.NoReference.selector, blockMarket));
        blocks.setReference(blockMarket, 0);
    }

    // 1,700,000,000 is Tuesday 2023-11-14, 22:13:20
    function test_hours_outside_refused() public {
        uint256 midnight = block.timestamp / 1 days * 1 days;
        blocks.setHours(blockMarket, 9 hours, 17 hours, 31); // Monday to Friday
        refusePropose(
            alice,
            aBlock(20, 0),
            abi.encodeWithSelector(IBlockTrades.OutsideBlockHours.selector, blockMarket, block.timestamp)
        );
        assertTrue(blocks.isWithinHours(blockMarket, midnight + 9 hours), "opens");
        assertFalse(blocks.isWithinHours(blockMarket, midnight + 9 hours - 1), "before");
        assertTrue(blocks.isWithinHours(blockMarket, midnight + 17 hours - 1), "last second");
        assertFalse(blocks.isWithinHours(blockMarket, midnight + 17 hours), "closes");
        uint256 open_;
        for (uint256 day; day < 7; ++day) {
            if (blocks.isWithinHours(blockMarket, midnight + day * 1 days + 12 hours)) ++open_;
        }
        assertEq(open_, 5, "five days a week");
        assertTrue(blocks.isWithinHours(blockMarket, midnight + 3 days + 12 hours), "Friday");
        assertFalse(blocks.isWithinHours(blockMarket, midnight + 4 days + 12 hours), "Saturday");
        assertFalse(blocks.isWithinHours(blockMarket, midnight + 5 days + 12 hours), "Sunday");
        vm.warp(midnight + 1 days + 17 hours - 1);
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        propose(alice, t);
        vm.warp(block.timestamp + 1);
        refuseConfirm(
            bob, t, abi.encodeWithSelector(IBlockTrades.OutsideBlockHours.selector, blockMarket, block.timestamp)
        );
    }

    function test_halt_noNewTrades_oldOnesSettle() public {
        IBlockTrades.BlockTrade memory old = aBlock(20, later);
        propose(alice, old);
        confirm(bob, old);
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        propose(alice, t);
        blocks.setBlockMarketState(blockMarket, IBlockTrades.BlockMarketState.HALTED);
        bytes memory error = abi.encodeWithSelector(IBlockTrades.BlockMarketNotOpen.selector, blockMarket, 2);
        refuseConfirm(bob, t, error);
        refusePropose(alice, aBlock(20, 0), error);
        vm.prank(alice);
        blocks.withdraw(t);
        vm.warp(later);
        blocks.settle(old);
        assertTraded(20, 100);
    }

    // @requirement R-TRD-13
    function test_downgraded_nothingNew_oldOnesSettleOrGoBack() public {
        IBlockTrades.BlockTrade memory old = aBlock(20, later);
        propose(alice, old);
        confirm(bob, old);
        IBlockTrades.BlockTrade memory proposed = aBlock(20, 0);
        propose(alice, proposed);
        IBlockTrades.BlockTrade memory declined = aBlock(20, 0);
        propose(alice, declined);
        IBlockTrades.BlockTrade memory signed = aBlock(20, 0);
        bytes memory signature = sign(signed);
        marketRules.downgrade("stress");

        bytes memory error = abi.encodeWithSelector(IDowngrade.PlatformDowngraded.selector, block.timestamp);
        refusePropose(alice, aBlock(20, 0), error);
        refuseConfirm(bob, proposed, error);
        refuseExecute(bob, signed, signature, error);
        vm.prank(alice);
        blocks.withdraw(proposed);
        vm.prank(bob);
        blocks.refuse(declined);
        assertEq(boundFor(alice, uka, BLOCK), 0, "nothing stays bound");
        vm.warp(later);
        blocks.settle(old);
        assertTraded(20, 100);
    }

    function test_settleAt_tooFarOrPassed_refused() public {
        uint256 latest = block.timestamp + 10 days;
        IBlockTrades.BlockTrade memory t = aBlock(20, uint40(latest + 1));
        refusePropose(alice, t, abi.encodeWithSelector(IBlockTrades.BadSettlementTime.selector, latest + 1, latest));
        t.settleAt = uint40(block.timestamp);
        refusePropose(alice, t, abi.encodeWithSelector(IBlockTrades.BadSettlementTime.selector, t.settleAt, latest));
        t = aBlock(20, uint40(block.timestamp + 10));
        propose(alice, t);
        vm.warp(t.settleAt); // taken too late for its own day
        refuseConfirm(
            bob, t, abi.encodeWithSelector(IBlockTrades.BadSettlementTime.selector, t.settleAt, t.settleAt + 10 days)
        );
        IBlockTrades.BlockTerms memory terms_ = blockTerms();
        terms_.longestDelay = 0;
        blockMarket = blocks.openBlockMarket(terms_);
        blocks.setReference(blockMarket, REFERENCE);
        refusePropose(
            alice,
            aBlock(20, later),
            abi.encodeWithSelector(IBlockTrades.BadSettlementTime.selector, later, block.timestamp)
        );
    }

    function test_priceTimesQuantity_beyondTheLedger_refused() public {
        IBlockTrades.BlockTerms memory terms_ = blockTerms();
        terms_.tickSize = type(uint64).max;
        blockMarket = blocks.openBlockMarket(terms_);
        blocks.setReference(blockMarket, type(uint24).max);
        uint48 quantity = type(uint48).max - type(uint48).max % LOT;
        IBlockTrades.BlockTrade memory t = aBlock(quantity, 0);
        (t.offeredBy, t.tick) = (Side.BUY, type(uint24).max);
        uint256 amount = uint256(quantity) * t.tick * type(uint64).max + quantity / LOT * BUYER_FEE;
        refusePropose(bob, t, abi.encodeWithSelector(Bilateral.AmountTooLarge.selector, amount));
    }

    /* BOTH SIDES ARE CHECKED */

    // @requirement R-TRD-7
    function test_eitherSide_mayNot_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        bar(bob, Restrictions.NO_TRADE);
        refusePropose(alice, t, abi.encodeWithSelector(Bilateral.MayNotTrade.selector, t.buyer));
        bar(bob, 0);
        propose(alice, t);
        suspend(alice); // between offer and confirmation
        refuseConfirm(bob, t, abi.encodeWithSelector(Bilateral.MayNotTrade.selector, t.seller));
        bar(alice, 0);
        setKey(bob, Rights.ALL & ~Rights.TRADE, FAR);
        refuseConfirm(
            bob,
            t,
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector, bob, t.buyer, Rights.ALL & ~Rights.TRADE, Rights.TRADE
            )
        );
        setKey(bob, Rights.ALL, FAR);
        confirm(bob, t);
    }

    // @requirement R-TRD-7
    function test_selfTrade_byBeneficialOwner_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        t.buyer = t.seller;
        refusePropose(alice, t, abi.encodeWithSelector(Bilateral.SameOwner.selector, t.seller, t.seller, 0));
        t = aBlock(20, 0);
        propose(alice, t);
        setOwner(alice, 7);
        setOwner(bob, 7);
        bytes memory error = abi.encodeWithSelector(Bilateral.SameOwner.selector, t.seller, t.buyer, 7);
        refuseConfirm(bob, t, error);
        t = aBlock(20, 0);
        refuseExecute(bob, t, sign(t), error);
    }

    function test_fees_withoutAccount_refused() public {
        blocks.setFeeAccount(address(0));
        IBlockTrades.BlockTrade memory t = aBlock(20, 0);
        propose(alice, t);
        refuseConfirm(bob, t, abi.encodeWithSelector(Bilateral.NoFeeAccount.selector));
        blocks.setFeeAccount(platform);
        assertEq(blocks.feeAccount(), platform);
        confirm(bob, t);
    }

    /* SIGNED OFF THE CHAIN */

    // @requirement R-TRD-4
    function test_execute_signedOffer_settlesAtOnce() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        execute(bob, t, sign(t));
        assertTraded(100, 100);
        assertTrue(blocks.isNonceUsed(t.seller, t.nonce), "nonce");
        assertFalse(blocks.isNonceUsed(t.buyer, t.nonce), "the offering account's only");
    }

    function test_idOf_isTheTypedDataDigest() public {
        (, string memory name, string memory version, uint256 chainId, address at,,) = blocks.eip712Domain();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chainId,
                at
            )
        );
        IBlockTrades.BlockTrade memory t = aBlock(100, later);
        bytes32 hash = keccak256(
            bytes.concat(
                keccak256(
                    "BlockTrade(address seller,address buyer,uint8 offeredBy,uint24 market,uint24 tick,uint48 quantity,uint40 expires,uint40 settleAt,uint64 nonce)"
                ),
                abi.encode(t.seller, t.buyer, uint8(t.offeredBy), t.market, t.tick, t.quantity),
                abi.encode(t.expires, t.settleAt, t.nonce)
            )
        );
        assertEq(blocks.idOf(t), keccak256(abi.encodePacked(hex"1901", domain, hash)));
    }

    // Replay: the nonce is spent
    function test_execute_again_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        bytes memory signature = sign(t);
        execute(bob, t, signature);
        refuseExecute(bob, t, signature, abi.encodeWithSelector(IBlockTrades.NonceUsed.selector, t.seller, t.nonce));
        // Another offer with the same nonce: the one or the other
        t.tick = 101;
        refuseExecute(bob, t, sign(t), abi.encodeWithSelector(IBlockTrades.NonceUsed.selector, t.seller, t.nonce));
        // Nor can it be proposed on the chain
        refusePropose(alice, t, abi.encodeWithSelector(IBlockTrades.NonceUsed.selector, t.seller, t.nonce));
    }

    // Replay: the one that was proposed on the chain is not executed beside
    function test_execute_proposedMeanwhile_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        bytes memory signature = sign(t);
        propose(alice, t);
        bytes memory error = abi.encodeWithSelector(IBlockTrades.NonceUsed.selector, t.seller, t.nonce);
        refuseExecute(bob, t, signature, error);
        vm.prank(alice);
        blocks.withdraw(t);
        refuseExecute(bob, t, signature, error);
    }

    function test_execute_cancelledNonce_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        vm.expectEmit(address(blocks));
        emit IBlockTrades.NonceSpent(t.seller, t.nonce);
        vm.prank(alice); // another key of the account
        blocks.cancelNonce(t.nonce);
        bytes memory error = abi.encodeWithSelector(IBlockTrades.NonceUsed.selector, t.seller, t.nonce);
        refuseExecute(bob, t, sign(t), error);
        vm.prank(alice);
        vm.expectRevert(error);
        blocks.cancelNonce(t.nonce);
    }

    function testFuzz_nonces_areOneBitEach(uint64 one, uint64 other) public {
        vm.assume(one != other);
        vm.prank(alice);
        blocks.cancelNonce(one);
        assertTrue(blocks.isNonceUsed(accountOf(alice), one), "used");
        assertFalse(blocks.isNonceUsed(accountOf(alice), other), "not used");
        assertFalse(blocks.isNonceUsed(accountOf(bob), one), "of another");
    }

    // Replay: on another chain
    function test_execute_onAnotherChain_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        bytes memory signature = sign(t);
        vm.chainId(31_338);
        vm.prank(bob);
        vm.expectRevert(); // the signature is some other key's now
        blocks.execute(t, signature);
        assertState(t, IBlockTrades.BlockState.NONE);
    }

    // Replay: in another contract
    function test_execute_inAnotherContract_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        bytes memory signature = sign(t);
        BlockTrades other = BlockTrades(newProxy());
        install(
            address(other),
            address(new BlockTrades(ledger, credit, InstrumentId.wrap(gbp), 0, BLOCK_SERIES, marketRules)),
            abi.encodeCall(BlockTrades.initialize, ())
        );
        other.openBlockMarket(blockTerms());
        other.setReference(blockMarket, REFERENCE);
        assertTrue(other.idOf(t) != blocks.idOf(t), "ids differ");
        vm.prank(bob);
        vm.expectRevert();
        other.execute(t, signature);
    }

    // @requirement R-ACC-2
    function test_execute_signerRemovedOrOutOfDate_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        bytes memory signature = sign(t);
        ledger.setRepresentation(signer, Representation(accountOf(alice), FAR, 0));
        refuseExecute(
            bob,
            t,
            signature,
            abi.encodeWithSelector(IEligibility.MissingRight.selector, signer, t.seller, 0, Rights.TRADE)
        );
        ledger.setRepresentation(signer, Representation(accountOf(alice), FAR, Rights.ALL & ~Rights.TRADE));
        refuseExecute(
            bob,
            t,
            signature,
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector, signer, t.seller, Rights.ALL & ~Rights.TRADE, Rights.TRADE
            )
        );
        uint40 now_ = uint40(block.timestamp);
        ledger.setRepresentation(signer, Representation(accountOf(alice), now_, Rights.TRADE));
        refuseExecute(bob, t, signature, abi.encodeWithSelector(IEligibility.CertificateExpired.selector, signer, now_));
        // Meanwhile a key of another account: it does not sign for the first
        ledger.setRepresentation(signer, Representation(accountOf(carol), FAR, Rights.TRADE));
        refuseExecute(
            bob,
            t,
            signature,
            abi.encodeWithSelector(IBlockTrades.NotTheSigningSide.selector, signer, accountOf(carol), t.seller)
        );
        ledger.setRepresentation(signer, Representation(accountOf(alice), FAR, Rights.TRADE));
        bar(alice, Restrictions.NO_TRADE);
        refuseExecute(
            bob,
            t,
            signature,
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, t.seller, Restrictions.NO_TRADE, Restrictions.NO_TRADE
            )
        );
    }

    function test_execute_alteredTermsOrSignature_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        bytes memory signature = sign(t);
        t.tick = 90; // cheaper
        vm.prank(bob);
        vm.expectRevert();
        blocks.execute(t, signature);
        t.tick = 100;
        refuseExecute(bob, t, hex"1234", abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, uint256(2)));
        // The taker's own signature is not the offerer's
        t.offeredBy = Side.BUY;
        vm.prank(alice);
        vm.expectRevert();
        blocks.execute(t, signature);
    }

    function test_execute_expired_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        bytes memory signature = sign(t);
        vm.warp(t.expires);
        refuseExecute(
            bob, t, signature, abi.encodeWithSelector(IBlockTrades.BlockOfferExpired.selector, t.expires, t.expires)
        );
    }

    function test_execute_offererWithoutUnits_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        vm.prank(alice);
        ledger.safeTransferFrom(accountOf(alice), accountOf(carol), uka, 950, "");
        refuseExecute(
            bob, t, sign(t), abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, t.seller, uka, 50, 100)
        );
        assertFalse(blocks.isNonceUsed(t.seller, t.nonce), "nothing happened");
    }

    /* SETTLED LATER */

    function agreed(uint48 quantity) private returns (IBlockTrades.BlockTrade memory t) {
        t = aBlock(quantity, later);
        propose(alice, t);
        bytes32 id = blocks.idOf(t);
        vm.expectEmit(address(blocks));
        emit IBlockTrades.BlockConfirmed(id, t.seller, t.buyer, bob, t);
        confirm(bob, t);
        assertState(t, IBlockTrades.BlockState.CONFIRMED);
    }

    function refuseSettle(IBlockTrades.BlockTrade memory t, IBlockTrades.Fault ofSeller, IBlockTrades.Fault ofBuyer)
        private
    {
        refuseSettle(t, 1, ofSeller, ofBuyer);
    }

    function refuseSettle(
        IBlockTrades.BlockTrade memory t,
        uint256 windows,
        IBlockTrades.Fault ofSeller,
        IBlockTrades.Fault ofBuyer
    ) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IBlockTrades.CannotSettleYet.selector,
                blocks.idOf(t),
                ofSeller,
                ofBuyer,
                uint256(later) + windows * 1 days
            )
        );
        blocks.settle(t);
    }

    // @requirement R-TRD-4
    function test_settle_whenDue_byAnyone() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        vm.warp(later - 1);
        vm.expectRevert(abi.encodeWithSelector(IBlockTrades.BlockNotDue.selector, blocks.idOf(t), later));
        blocks.settle(t);
        vm.warp(later);
        vm.prank(stranger);
        blocks.settle(t);
        assertTraded(100, 100);
        vm.expectRevert(wrongState(t, IBlockTrades.BlockState.SETTLED));
        blocks.settle(t);
    }

    function test_settle_neverConfirmed_refused() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, later);
        propose(alice, t);
        vm.warp(later);
        vm.expectRevert(wrongState(t, IBlockTrades.BlockState.PROPOSED));
        blocks.settle(t);
        vm.prank(alice);
        blocks.withdraw(t); // nothing was bound
    }

    // @requirement R-TRD-7 misconduct is recorded at once
    function test_settle_sellerLacksUnits_failsAfterTheWindow() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        vm.prank(alice);
        ledger.safeTransferFrom(accountOf(alice), accountOf(carol), uka, 950, "");
        vm.warp(later);
        refuseSettle(t, IBlockTrades.Fault.LACKS, IBlockTrades.Fault.NONE);
        vm.warp(later + 1 days - 1);
        refuseSettle(t, IBlockTrades.Fault.LACKS, IBlockTrades.Fault.NONE);
        vm.warp(later + 1 days);
        bytes32 id = blocks.idOf(t);
        vm.expectEmit(address(blocks));
        emit IBlockTrades.SettlementFailed(id, t.seller, IBlockTrades.Fault.LACKS);
        vm.expectEmit(address(blocks));
        emit IBlockTrades.BlockEnded(id, IBlockTrades.BlockState.FAILED, 0);
        blocks.settle(t);
        assertState(t, IBlockTrades.BlockState.FAILED);
        IBlockTrades.Failures memory f = blocks.failuresOf(t.seller);
        assertEq(f.lacked, 1);
        assertEq(f.notEligible, 0);
        assertEq(f.latest, block.timestamp);
        assertEq(blocks.failuresOf(t.buyer).lacked, 0, "the other is blameless");
        assertEq(money(bob), MONEY);
        vm.expectRevert(wrongState(t, IBlockTrades.BlockState.FAILED));
        blocks.settle(t);
    }

    // @requirement R-TRD-7
    // @requirement R-TRD-10
    function test_buyerWouldHoldTooMuch_neitherOfferedNorTaken() public {
        IBlockTrades.BlockTrade memory t = aBlock(100, 0);
        limitHoldings(UNITS + 90);
        refusePropose(alice, t, tooMuch(bob, UNITS + 100));
        limitHoldings(UNITS + 100);
        propose(alice, t);
        vm.prank(carol);
        ledger.safeTransferFrom(accountOf(carol), accountOf(bob), uka, 1, "");
        refuseConfirm(bob, t, tooMuch(bob, UNITS + 101));
        limitHoldings(UNITS + 110);
        confirm(bob, t);
        assertEq(units(bob), UNITS + 101);
    }

    // Anyone can send the buyer units: so it waits for room, and nobody is reported if there is none in time
    // @requirement R-TRD-7
    function test_settle_buyerWouldHoldTooMuch_waitsThenVoid() public {
        limitHoldings(UNITS + 100);
        IBlockTrades.BlockTrade memory one = agreed(100);
        vm.prank(carol);
        ledger.safeTransferFrom(accountOf(carol), accountOf(bob), uka, 1, "");
        vm.warp(later);
        refuseSettle(one, 2, IBlockTrades.Fault.NONE, IBlockTrades.Fault.NONE);
        vm.warp(later + 1 days);
        refuseSettle(one, 2, IBlockTrades.Fault.NONE, IBlockTrades.Fault.NONE);
        uint256 snapshot = vm.snapshotState();

        vm.prank(bob);
        ledger.safeTransferFrom(accountOf(bob), accountOf(carol), uka, 1, "");
        blocks.settle(one);
        assertEq(units(bob), UNITS + 100, "room was made");

        vm.revertToState(snapshot);
        vm.warp(later + 2 days);
        blocks.settle(one);
        assertState(one, IBlockTrades.BlockState.VOID);
        assertEq(blocks.failuresOf(one.buyer).notEligible, 0, "nobody's fault");
    }

    // A buyer that fills its room and lacks the money as well has failed all the same
    // @requirement R-TRD-7
    function test_settle_noRoomAndNoMoney_isReported() public {
        limitHoldings(UNITS + 100);
        IBlockTrades.BlockTrade memory t = agreed(100);
        vm.prank(carol);
        ledger.safeTransferFrom(accountOf(carol), accountOf(bob), uka, 1, "");
        bar(bob, Restrictions.NO_TRADE);
        vm.warp(later);
        refuseSettle(t, IBlockTrades.Fault.NONE, IBlockTrades.Fault.NOT_ELIGIBLE);
        vm.warp(later + 1 days);
        blocks.settle(t);
        assertState(t, IBlockTrades.BlockState.FAILED);
        assertEq(blocks.failuresOf(t.buyer).notEligible, 1, "the buyer's fault");
    }

    // Late is not failed: who can settle before anybody says so has settled
    function test_settle_lateButBeforeDeclared_settles() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        vm.prank(alice);
        ledger.safeTransferFrom(accountOf(alice), accountOf(carol), uka, 950, "");
        vm.warp(later + 5 days);
        vm.prank(carol);
        ledger.safeTransferFrom(accountOf(carol), accountOf(alice), uka, 950, "");
        blocks.settle(t);
        assertTraded(100, 100);
        assertEq(blocks.failuresOf(t.seller).lacked, 0);
    }

    // @requirement R-TRD-7
    function test_settle_suspendedOrBarredBetween_failsAgainstThem() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        suspend(alice);
        vm.prank(bob);
        ledger.safeTransferFrom(accountOf(bob), accountOf(carol), gbp, MONEY, "");
        vm.warp(later);
        refuseSettle(t, IBlockTrades.Fault.NOT_ELIGIBLE, IBlockTrades.Fault.LACKS);
        vm.warp(later + 1 days);
        blocks.settle(t);
        assertEq(blocks.failuresOf(t.seller).notEligible, 1);
        assertEq(blocks.failuresOf(t.buyer).lacked, 1, "both are at fault");

        later = uint40(block.timestamp + 2 days);
        bar(alice, 0);
        ledger.issue(accountOf(bob), gbp, MONEY, "deposit");
        t = agreed(100);
        bar(bob, Restrictions.NO_RECEIPT);
        vm.warp(later);
        refuseSettle(t, IBlockTrades.Fault.NONE, IBlockTrades.Fault.NOT_ELIGIBLE);
        ledger.setFrozenTokens(accountOf(alice), uka, UNITS);
        refuseSettle(t, IBlockTrades.Fault.LACKS, IBlockTrades.Fault.NOT_ELIGIBLE);
        bar(bob, 0);
        ledger.setFrozenTokens(accountOf(alice), uka, 0);
        blocks.settle(t);
        assertState(t, IBlockTrades.BlockState.SETTLED);
    }

    function test_settle_nobodysFault_void() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        setOwner(alice, 7);
        setOwner(bob, 7); // merged meanwhile
        vm.warp(later);
        refuseSettle(t, 2, IBlockTrades.Fault.NONE, IBlockTrades.Fault.NONE);
        vm.warp(later + 2 days);
        blocks.settle(t);
        assertState(t, IBlockTrades.BlockState.VOID);
        assertEq(credit.standingOf(t.seller).entries + credit.standingOf(t.buyer).entries, 0, "no entry");
        assertEq(blocks.failuresOf(t.seller).lacked + blocks.failuresOf(t.buyer).lacked, 0);
        setOwner(alice, 0);
        later = uint40(block.timestamp + 2 days);
        t = agreed(100);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        vm.warp(later + 2 days);
        blocks.settle(t);
        assertState(t, IBlockTrades.BlockState.VOID);
    }

    // Who lacks what it owes does not get away by settling while the instrument is closed for a moment
    function test_settle_instrumentClosedForAMoment_staysAFailure() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        vm.prank(alice);
        ledger.safeTransferFrom(accountOf(alice), accountOf(carol), uka, 950, "");
        vm.warp(later + 1 days);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        refuseSettle(t, 2, IBlockTrades.Fault.LACKS, IBlockTrades.Fault.NONE);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.OPEN);
        blocks.settle(t);
        assertState(t, IBlockTrades.BlockState.FAILED);
        assertEq(credit.standingOf(t.seller).entries, 1, "entered");
    }

    // @requirement R-TRD-7 the very next act of who failed is refused, whatever it is; the other goes on
    function test_settle_failed_gatesTheVeryNextAct() public {
        credit.setKind(
            Misconduct.LACKED,
            ICreditRecord.KindTerms({
                points: 40,
                countsFor: 365,
                restrictions: Restrictions.NO_TRADE,
                barredFor: 30,
                appealWithin: 14,
                byOfficers: false
            })
        );
        IBlockTrades.BlockTrade memory t = agreed(100);
        vm.prank(alice);
        ledger.safeTransferFrom(accountOf(alice), accountOf(carol), uka, 900, "");
        vm.warp(later + 1 days);
        bytes32 id = blocks.idOf(t);
        sell(alice, 100, 5); // until now she trades
        blocks.settle(t);

        ICreditRecord.ConductEntry memory entry = credit.entryOf(t.seller, 1);
        assertEq(entry.kind, Misconduct.LACKED);
        assertEq(entry.cause, id);
        assertEq(entry.reporter, address(blocks));
        bytes memory barred = abi.encodeWithSelector(
            IEligibility.AccountRestricted.selector, t.seller, Restrictions.NO_TRADE, Restrictions.NO_TRADE
        );
        bytes memory inTheBook = abi.encodeWithSelector(
            IEligibility.AccountRestricted.selector, t.seller, Restrictions.NO_TRADE, Restrictions.NO_DEAL
        );
        refuse(alice, orderOf(Side.SELL, 100, 5), inTheBook);
        refuseList(alice, listing(Side.SELL, 100, 10), barred);
        refusePropose(alice, aBlock(100, 0), barred);
        sell(bob, 100, 5);
        vm.warp(block.timestamp + 30 days - 1);
        refuse(alice, orderOf(Side.SELL, 100, 5), inTheBook);
        vm.warp(block.timestamp + 1);
        sell(alice, 100, 5); // the bar has ended by itself
    }

    function test_settle_feeAccountMayNotReceive_waits() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        ledger.setEligibility(platform, eligible(Restrictions.NO_RECEIPT));
        vm.warp(later + 2 days - 1);
        refuseSettle(t, 2, IBlockTrades.Fault.NONE, IBlockTrades.Fault.NONE);
        ledger.setEligibility(platform, eligible(0));
        blocks.settle(t);
        assertTraded(100, 100);
    }

    function test_settle_feeAccountMayNotReceiveForTwoWindows_void() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        ledger.setEligibility(platform, eligible(Restrictions.NO_RECEIPT));
        vm.warp(later + 2 days);
        blocks.settle(t);
        assertState(t, IBlockTrades.BlockState.VOID);
        assertEq(credit.standingOf(t.seller).entries + credit.standingOf(t.buyer).entries, 0, "nobody's fault");
    }

    // @requirement R-TRD-12
    function test_annul_confirmed_ends() public {
        IBlockTrades.BlockTrade memory t = agreed(100);
        blocks.annul(t, "ruling");
        assertState(t, IBlockTrades.BlockState.ANNULLED);
        vm.warp(later);
        vm.expectRevert(wrongState(t, IBlockTrades.BlockState.ANNULLED));
        blocks.settle(t);
    }

    /* VOUCHERS */

    // @requirement R-VCH-2
    function test_vouchers_ofBlocks_inOrderAndProvable() public {
        IBlockTrades.BlockTrade memory one = aBlock(100, 0);
        propose(alice, one);
        confirm(bob, one);
        bytes32 first =
            leafOf(BLOCK_SERIES, 0, 1, uint40(block.timestamp), 100, 100, alice, bob, uint256(blocks.idOf(one)));
        IBlockTrades.BlockTrade memory two = aBlock(20, 0);
        execute(bob, two, sign(two));
        bytes32 second =
            leafOf(BLOCK_SERIES, 1, 2, uint40(block.timestamp), 20, 100, alice, bob, uint256(blocks.idOf(two)));
        assertEq(blocks.voucherCount(BLOCK_SERIES), 2);
        bytes32 pair = keccak256(abi.encode(first, second));
        assertEq(blocks.voucherPeak(BLOCK_SERIES, 1), pair, "peak");
        assertEq(blocks.voucherRoot(BLOCK_SERIES), keccak256(abi.encode(pair, uint256(2))), "root");
        assertEq(blocks.voucherCount(1), 0);
        assertEq(blocks.voucherPeak(1, 0), 0);
        assertEq(blocks.voucherRoot(1), 0);
    }
}
