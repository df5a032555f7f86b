// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { ICreditOffers } from "../../../contracts/instruments/ICreditOffers.sol";
import { IDowngrade } from "../../../contracts/instruments/IDowngrade.sol";
import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { AccountKind, Representation, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { VoucherSeries } from "../../../contracts/vouchers/VoucherSeries.sol";
import { CreditSuite } from "../support/CreditSuite.sol";

// @requirement R-AST-4 R-DAT-h R-DAT-i
contract CreditOffersTest is CreditSuite {
    IInstrumentLedger.Reason private constant _LISTING = IInstrumentLedger.Reason.LISTING;
    uint96 private constant _PRICE = 1250;

    uint40 private expires;

    function setUp() public {
        setUpCredits();
        issued(1000); // 900 to the proponent
        expires = uint40(block.timestamp + 30 days);
    }

    function _offer(uint96 quantity, address only) private returns (uint256) {
        vm.prank(proponentKey);
        return offers.offer(credit, quantity, _PRICE, only, expires);
    }

    function _apply(address key, uint256 id, uint96 quantity) private returns (uint256) {
        vm.prank(key);
        return offers.applyForPurchase(id, quantity);
    }

    function _confirm(uint256 purchase) private {
        vm.prank(proponentKey);
        offers.confirmPurchase(purchase);
    }

    function _offerIs(uint256 id, ICreditOffers.OfferState expected) private view {
        assertEq(uint256(offers.offerOf(id).state), uint256(expected), "offer");
    }

    function _purchaseIs(uint256 id, ICreditOffers.PurchaseState expected) private view {
        assertEq(uint256(offers.purchaseOf(id).state), uint256(expected), "purchase");
    }

    function _closed(uint256 id, ICreditOffers.OfferState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICreditOffers.OfferClosed.selector, id, state);
    }

    /* DOWNGRADE */

    /// @dev The test stands for the order book, which the rules tell.
    function downgradeMarkets(bool) external { }

    // @requirement R-TRD-13
    function test_downgraded_nothingNew_allCanGoBack() public {
        uint256 id = _offer(400, address(0));
        uint256 purchase = _apply(buyerKey, id, 100);
        uint256 another = _apply(otherKey, id, 50);
        marketRules.downgrade("stress");

        bytes memory error = abi.encodeWithSelector(IDowngrade.PlatformDowngraded.selector, block.timestamp);
        vm.startPrank(proponentKey);
        vm.expectRevert(error);
        offers.offer(credit, 1, _PRICE, address(0), expires);
        vm.expectRevert(error);
        offers.confirmPurchase(purchase);
        offers.reduceOffer(id, 100);
        offers.declinePurchase(another, "why");
        vm.startPrank(buyerKey);
        vm.expectRevert(error);
        offers.applyForPurchase(id, 1);
        offers.withdrawPurchase(purchase);
        vm.startPrank(proponentKey);
        offers.withdrawOffer(id);
        vm.stopPrank();
        assertEq(ledger.encumberedOf(proponent, credit), 0, "units are free");
        assertEq(ledger.encumberedOf(buyer, gbp), 0, "money is free");

        address another_ = address(0x5EC04D); // who limited does not restore
        grant(0, another_);
        vm.prank(another_);
        marketRules.restore("over");
        _offer(400, address(0));
    }

    /* OFFERING */

    // @requirement R-DAT-h
    function test_offer_free_isBound() public {
        vm.expectEmit(address(offers));
        emit ICreditOffers.CreditsOffered(1, proponent, credit, address(0), 400, _PRICE, expires);
        uint256 id = _offer(400, address(0));
        assertEq(ledger.encumberedFor(proponent, credit, _LISTING), 400, "bound");
        assertEq(ledger.freeOf(proponent, credit), 500, "free");
        assertEq(offers.offerOf(id).left, 400, "left");
        assertEq(offers.offerCount(), 1, "count");
    }

    function test_offer_whatCannotBeMeant_reverts() public {
        vm.startPrank(proponentKey);
        vm.expectRevert(
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, proponent, credit, 900, 901)
        );
        offers.offer(credit, 901, _PRICE, address(0), expires);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        offers.offer(credit, 0, _PRICE, address(0), expires);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.NotACredit.selector, gbp));
        offers.offer(gbp, 1, _PRICE, address(0), expires);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.NotACredit.selector, credit | 1 << 90));
        offers.offer(credit | 1 << 90, 1, _PRICE, address(0), expires);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.BadPrice.selector, 0));
        offers.offer(credit, 1, 0, address(0), expires);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.BadOfferExpiry.selector, block.timestamp));
        offers.offer(credit, 1, _PRICE, address(0), uint40(block.timestamp));
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.BadOfferExpiry.selector, block.timestamp + 367 days));
        offers.offer(credit, 1, _PRICE, address(0), uint40(block.timestamp + 367 days));
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.OwnOffer.selector, proponent, proponent));
        offers.offer(credit, 1, _PRICE, proponent, expires);
        vm.stopPrank();
    }

    function test_offer_byWhoMayNotTrade_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        vm.prank(stranger);
        offers.offer(credit, 1, _PRICE, address(0), expires);
        setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, Restrictions.NO_TRADE);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        _offer(1, address(0));
        ledger.setRepresentation(proponentKey, Representation(proponent, type(uint40).max, Rights.REPORT));
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        _offer(1, address(0));
    }

    // @requirement R-ACC-1 R-AST-4 an offer can give credits away: it takes what a transfer takes
    function test_offer_withoutTheRightsOfATransfer_reverts() public {
        uint16[3] memory short = [Rights.TRADE, Rights.TRADE | Rights.INITIATE, Rights.TRADE | Rights.APPROVE];
        for (uint256 i; i < short.length; ++i) {
            ledger.setRepresentation(proponentKey, Representation(proponent, type(uint40).max, short[i]));
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            _offer(1, address(0));
        }
        uint16 enough = Rights.TRADE | Rights.INITIATE | Rights.APPROVE;
        ledger.setRepresentation(proponentKey, Representation(proponent, type(uint40).max, enough));
        setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, Restrictions.NO_TRANSFER);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        _offer(1, address(0));
        setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, 0);
        uint256 purchase = _apply(buyerKey, _offer(400, address(0)), 100);
        ledger.setRepresentation(proponentKey, Representation(proponent, type(uint40).max, Rights.TRADE));
        _confirm(purchase); // at the price that those who may have set
        assertEq(ledger.balanceOf(buyer, credit), 100, "sold");
    }

    // @requirement R-ACC-1 R-AST-4 nor does a key that may only trade give the account's money away
    function test_apply_withoutTheRightsOfATransfer_reverts() public {
        uint256 id = _offer(400, address(0));
        uint16[3] memory short = [Rights.TRADE, Rights.TRADE | Rights.INITIATE, Rights.TRADE | Rights.APPROVE];
        for (uint256 i; i < short.length; ++i) {
            ledger.setRepresentation(buyerKey, Representation(buyer, type(uint40).max, short[i]));
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            _apply(buyerKey, id, 1);
        }
        ledger.setRepresentation(buyerKey, Representation(buyer, type(uint40).max, Rights.ALL));
        setEligibility(buyer, AccountKind.OPERATOR, 3, Restrictions.NO_TRANSFER);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        _apply(buyerKey, id, 1);
    }

    function test_reduce_byLessThanLeft_frees() public {
        uint256 id = _offer(400, address(0));
        vm.startPrank(proponentKey);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.MoreThanOffered.selector, 400, 400));
        offers.reduceOffer(id, 400);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.MoreThanOffered.selector, 0, 400));
        offers.reduceOffer(id, 0);
        vm.expectEmit(address(offers));
        emit ICreditOffers.OfferReduced(id, 150);
        offers.reduceOffer(id, 150);
        vm.stopPrank();
        assertEq(ledger.freeOf(proponent, credit), 650, "free");
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.NotTheAccount.selector, buyerKey, proponent));
        vm.prank(buyerKey);
        offers.reduceOffer(id, 1);
    }

    function test_withdraw_alsoUnderRestrictions_frees() public {
        uint256 id = _offer(400, address(0));
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.NotTheAccount.selector, buyerKey, proponent));
        vm.prank(buyerKey);
        offers.withdrawOffer(id);
        setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, Restrictions.ALL);
        vm.startPrank(proponentKey);
        vm.expectEmit(address(offers));
        emit ICreditOffers.OfferWithdrawn(id);
        offers.withdrawOffer(id);
        vm.expectRevert(_closed(id, ICreditOffers.OfferState.WITHDRAWN));
        offers.withdrawOffer(id);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.UnknownOffer.selector, 9));
        offers.withdrawOffer(9);
        vm.stopPrank();
        assertEq(ledger.freeOf(proponent, credit), 900, "free");
    }

    /* APPLYING */

    // @requirement R-DAT-i
    function test_apply_open_bindsTheMoney() public {
        uint256 id = _offer(400, address(0));
        vm.expectEmit(address(offers));
        emit ICreditOffers.PurchaseApplied(1, id, buyer, 100);
        uint256 purchase = _apply(buyerKey, id, 100);
        assertEq(ledger.encumberedFor(buyer, gbp, _LISTING), 125_000, "bound");
        assertEq(ledger.freeOf(buyer, gbp), 875_000, "free");
        assertEq(offers.purchaseOf(purchase).quantity, 100, "quantity");
        assertEq(offers.purchaseCount(), 1, "count");
    }

    function test_apply_whatCannotBeMeant_reverts() public {
        uint256 id = _offer(400, buyer);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.NotTheBuyer.selector, other, buyer));
        _apply(otherKey, id, 1);
        vm.startPrank(buyerKey);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.MoreThanOffered.selector, 0, 400));
        offers.applyForPurchase(id, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.MoreThanOffered.selector, 401, 400));
        offers.applyForPurchase(id, 401);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.UnknownOffer.selector, 9));
        offers.applyForPurchase(9, 1);
        vm.warp(expires);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.OfferExpired.selector, id, expires));
        offers.applyForPurchase(id, 1);
        vm.stopPrank();
    }

    function test_apply_moreThanTheBuyerCanPay_reverts() public {
        vm.prank(proponentKey);
        uint256 id = offers.offer(credit, 900, 10_000, address(0), expires);
        vm.expectRevert(
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, buyer, gbp, 1_000_000, 1_010_000)
        );
        _apply(buyerKey, id, 101);
        vm.prank(proponentKey);
        offers.reduceOffer(id, 2);
        vm.prank(proponentKey);
        uint256 dear = offers.offer(credit, 2, type(uint96).max, address(0), expires);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 2 * uint256(type(uint96).max)));
        _apply(buyerKey, dear, 2);
    }

    function test_apply_bySellerOrItsGroup_reverts() public {
        uint256 id = _offer(400, address(0));
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.OwnOffer.selector, proponent, proponent));
        _apply(proponentKey, id, 1);
        setEligibility(buyer, AccountKind.OPERATOR, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.OwnOffer.selector, proponent, buyer));
        _apply(buyerKey, id, 1);
    }

    function test_withdrawPurchase_byTheBuyerOnly_freesTheMoney() public {
        uint256 purchase = _apply(buyerKey, _offer(400, address(0)), 100);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.NotTheAccount.selector, otherKey, buyer));
        vm.prank(otherKey);
        offers.withdrawPurchase(purchase);
        vm.expectEmit(address(offers));
        emit ICreditOffers.PurchaseWithdrawn(purchase);
        vm.prank(buyerKey);
        offers.withdrawPurchase(purchase);
        assertEq(ledger.freeOf(buyer, gbp), 1_000_000, "free");
        bytes memory closed = abi.encodeWithSelector(
            ICreditOffers.PurchaseClosed.selector, purchase, ICreditOffers.PurchaseState.WITHDRAWN
        );
        vm.expectRevert(closed);
        _confirm(purchase);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.UnknownPurchase.selector, 9));
        _confirm(9);
    }

    /* CONFIRMING */

    // @requirement R-DAT-i R-TRD-8
    function test_confirm_applied_deliversAgainstPayment() public {
        uint256 id = _offer(400, address(0));
        uint256 purchase = _apply(buyerKey, id, 100);
        vm.expectEmit(address(offers));
        emit ICreditOffers.PurchaseConfirmed(purchase, id, buyer, proponent, credit, 100, _PRICE);
        _confirm(purchase);
        assertEq(ledger.freeOf(buyer, credit), 100, "units");
        assertEq(ledger.freeOf(proponent, gbp), 125_000, "money");
        assertEq(ledger.balanceOf(buyer, gbp), 875_000, "paid");
        assertEq(ledger.encumberedFor(buyer, gbp, _LISTING), 0, "nothing bound");
        assertEq(ledger.encumberedFor(proponent, credit, _LISTING), 300, "rest");
        _purchaseIs(purchase, ICreditOffers.PurchaseState.CONFIRMED);
        _offerIs(id, ICreditOffers.OfferState.OPEN);
    }

    function test_confirm_all_closesTheOffer() public {
        uint256 id = _offer(400, buyer);
        _confirm(_apply(buyerKey, id, 400));
        _offerIs(id, ICreditOffers.OfferState.SOLD);
        vm.expectRevert(_closed(id, ICreditOffers.OfferState.SOLD));
        vm.prank(proponentKey);
        offers.withdrawOffer(id);
    }

    function test_confirm_moreApplicationsThanUnits_onlyWhatIsThere() public {
        uint256 id = _offer(400, address(0));
        uint256 first = _apply(buyerKey, id, 300);
        uint256 second = _apply(otherKey, id, 200);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.OfferStillOpen.selector, id));
        offers.releasePurchase(second);
        _confirm(first);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.MoreThanOffered.selector, 200, 100));
        _confirm(second);
        vm.expectEmit(address(offers));
        emit ICreditOffers.PurchaseReleased(second);
        offers.releasePurchase(second); // it can never be confirmed
        assertEq(ledger.freeOf(other, gbp), 1_000_000, "free");
    }

    function test_confirm_byOthersOrLate_reverts() public {
        uint256 id = _offer(400, address(0));
        uint256 purchase = _apply(buyerKey, id, 100);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.NotTheAccount.selector, buyerKey, proponent));
        vm.prank(buyerKey);
        offers.confirmPurchase(purchase);
        vm.warp(expires);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.OfferExpired.selector, id, expires));
        _confirm(purchase);
    }

    function test_confirm_whereASideMayNot_reverts() public {
        uint256 purchase = _apply(buyerKey, _offer(400, address(0)), 100);
        setEligibility(buyer, AccountKind.OPERATOR, 3, Restrictions.NO_TRADE);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.BuyerMayNot.selector, buyer));
        _confirm(purchase);
        setEligibility(buyer, AccountKind.OPERATOR, 3, Restrictions.NO_RECEIPT);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, buyer));
        _confirm(purchase);
        setEligibility(buyer, AccountKind.OPERATOR, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.OwnOffer.selector, proponent, buyer));
        _confirm(purchase);
        setEligibility(buyer, AccountKind.OPERATOR, 3, 0);
        setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, Restrictions.NO_TRADE);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        _confirm(purchase);
        setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, Restrictions.NO_RECEIPT);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, proponent));
        _confirm(purchase);
        assertEq(ledger.balanceOf(buyer, credit), 0, "nothing moved");
    }

    function test_confirm_ofWhatTheAuthorityFroze_reverts() public {
        uint256 purchase = _apply(buyerKey, _offer(400, address(0)), 100); // 900 held, 1,000,000 of money
        ledger.setFrozenTokens(proponent, credit, 801);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.FrozenMeanwhile.selector, proponent, credit, 801, 800));
        _confirm(purchase);
        ledger.setFrozenTokens(proponent, credit, 800);
        ledger.setFrozenTokens(buyer, gbp, 875_001);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.FrozenMeanwhile.selector, buyer, gbp, 875_001, 875_000));
        _confirm(purchase);
        ledger.setFrozenTokens(buyer, gbp, 875_000);
        _confirm(purchase);
        assertEq(ledger.balanceOf(proponent, credit), 800, "what is frozen stays");
    }

    function test_decline_bySeller_freesTheMoney() public {
        uint256 purchase = _apply(buyerKey, _offer(400, address(0)), 100);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.NotTheAccount.selector, buyerKey, proponent));
        vm.prank(buyerKey);
        offers.declinePurchase(purchase, "no");
        vm.startPrank(proponentKey);
        vm.expectRevert(ICreditOffers.CauseMissing.selector);
        offers.declinePurchase(purchase, 0);
        vm.expectEmit(address(offers));
        emit ICreditOffers.PurchaseDeclined(purchase, "no");
        offers.declinePurchase(purchase, "no");
        vm.stopPrank();
        assertEq(ledger.freeOf(buyer, gbp), 1_000_000, "free");
    }

    /* ENDING */

    function test_remove_byTheAuthority_frees() public {
        uint256 id = _offer(400, address(0));
        uint256 purchase = _apply(buyerKey, id, 100);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        offers.removeOffer(id, "cause");
        vm.startPrank(regulator);
        vm.expectRevert(ICreditOffers.CauseMissing.selector);
        offers.removeOffer(id, 0);
        vm.expectEmit(address(offers));
        emit ICreditOffers.OfferRemoved(id, "fraud");
        offers.removeOffer(id, "fraud");
        vm.stopPrank();
        _offerIs(id, ICreditOffers.OfferState.REMOVED);
        vm.expectRevert(_closed(id, ICreditOffers.OfferState.REMOVED));
        _confirm(purchase);
        offers.releasePurchase(purchase);
        assertEq(ledger.freeOf(proponent, credit), 900, "units");
        assertEq(ledger.freeOf(buyer, gbp), 1_000_000, "money");
    }

    // @requirement R-DAT-i
    function test_removePurchase_byTheAuthority_freesTheMoney() public {
        uint256 id = _offer(400, address(0));
        uint256 purchase = _apply(buyerKey, id, 100);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        offers.removePurchase(purchase, "cause");
        vm.startPrank(regulator);
        vm.expectRevert(ICreditOffers.CauseMissing.selector);
        offers.removePurchase(purchase, 0);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.UnknownPurchase.selector, 9));
        offers.removePurchase(9, "cause");
        vm.expectEmit(address(offers));
        emit ICreditOffers.PurchaseRemoved(purchase, "court order");
        offers.removePurchase(purchase, "court order");
        bytes memory closed = abi.encodeWithSelector(
            ICreditOffers.PurchaseClosed.selector, purchase, ICreditOffers.PurchaseState.REMOVED
        );
        vm.expectRevert(closed);
        offers.removePurchase(purchase, "cause");
        vm.stopPrank();
        vm.expectRevert(closed);
        _confirm(purchase);
        assertEq(ledger.freeOf(buyer, gbp), 1_000_000, "money");
        _purchaseIs(purchase, ICreditOffers.PurchaseState.REMOVED);
        _offerIs(id, ICreditOffers.OfferState.OPEN);
    }

    function test_release_expired_byAnyone() public {
        uint256 id = _offer(400, address(0));
        uint256 purchase = _apply(buyerKey, id, 100);
        vm.expectRevert(abi.encodeWithSelector(ICreditOffers.OfferNotExpired.selector, id, expires));
        offers.releaseOffer(id);
        vm.warp(expires);
        vm.startPrank(stranger);
        vm.expectEmit(address(offers));
        emit ICreditOffers.OfferLapsed(id);
        offers.releaseOffer(id);
        offers.releasePurchase(purchase);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICreditOffers.PurchaseClosed.selector, purchase, ICreditOffers.PurchaseState.RELEASED
            )
        );
        offers.releasePurchase(purchase);
        vm.stopPrank();
        assertEq(ledger.freeOf(proponent, credit), 900, "units");
        assertEq(ledger.freeOf(buyer, gbp), 1_000_000, "money");
    }

    /* VOUCHERS */

    // @requirement R-VCH-2
    function test_confirm_twice_issuesTwoVouchersOfTheDay() public {
        uint256 id = _offer(400, address(0));
        uint256 first = _apply(buyerKey, id, 100);
        _confirm(first);
        assertEq(offers.voucherPeak(SERIES, 0), _leaf(0, 1, first, buyer, 100, block.timestamp), "leaf");
        _confirm(_apply(otherKey, id, 50));
        assertEq(offers.voucherCount(SERIES), 2, "count");
        assertEq(offers.voucherCount(SERIES + 1), 0, "no other series");
        assertEq(offers.voucherPeak(SERIES + 1, 0), bytes32(0), "no other series");
        assertEq(offers.voucherRoot(SERIES + 1), bytes32(0), "no other series");
        bytes32 pair = keccak256(
            abi.encode(_leaf(0, 1, first, buyer, 100, block.timestamp), _leaf(1, 2, 2, other, 50, block.timestamp))
        );
        assertEq(offers.voucherRoot(SERIES), keccak256(abi.encode(pair, uint256(2))), "root");
        uint256 tomorrow = block.timestamp + 1 days; // read before: the optimizer keeps the block's time for a whole call
        vm.warp(tomorrow);
        uint256 third = _apply(otherKey, id, 1);
        _confirm(third);
        assertEq(offers.voucherPeak(SERIES, 0), _leaf(2, 1, third, other, 1, tomorrow), "the next day's first");
    }

    function _leaf(uint40 index, uint32 order, uint256 purchase, address to, uint256 quantity, uint256 at)
        private
        view
        returns (bytes32)
    {
        return VoucherSeries.leafOf(
            Voucher({
                kind: VoucherKind.TRADE,
                series: SERIES,
                index: index,
                orderOfDay: order,
                at: uint40(at),
                instrument: credit,
                quantity: quantity,
                price: _PRICE,
                from: proponent,
                to: to,
                ref: purchase
            })
        );
    }

    function testFuzz_confirm_anyQuantityAndPrice_movesExactly(uint96 quantity, uint96 price) public {
        quantity = uint96(bound(quantity, 1, 900));
        price = uint96(bound(price, 1, 1_000_000 / quantity));
        vm.prank(proponentKey);
        uint256 id = offers.offer(credit, 900, price, address(0), expires);
        _confirm(_apply(buyerKey, id, quantity));
        assertEq(ledger.balanceOf(buyer, credit), quantity, "units");
        assertEq(ledger.balanceOf(proponent, gbp), uint256(quantity) * price, "money");
        assertEq(ledger.balanceOf(buyer, gbp), 1_000_000 - uint256(quantity) * price, "paid");
        assertEq(ledger.encumberedFor(proponent, credit, _LISTING), 900 - quantity, "rest");
    }
}
