// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountStatus, Eligibility, Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass } from "../types/InstrumentId.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { ICreditOffers } from "./ICreditOffers.sol";
import { IDowngrade } from "./IDowngrade.sol";
import { IERC7943MultiToken } from "./IERC7943.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";

/// @title Where credits are listed and bought. Its manual is `ICreditOffers`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract CreditOffers is ICreditOffers, IVoucherIssuer, Governed {
    using VoucherSeries for VoucherSeries.Peaks;

    uint256 private constant _LONGEST = 366 days;
    IInstrumentLedger.Reason private constant _LISTING = IInstrumentLedger.Reason.LISTING;

    // A proxy, whose address is fixed before any implementation exists.
    address private immutable LEDGER;
    uint256 private immutable MAIN_MONEY;
    uint32 private immutable SERIES;
    int32 private immutable UTC_OFFSET; // seconds east of UTC of the scheme's civil day
    IDowngrade private immutable RULES;

    struct Counts {
        uint64 offers; // made, ever; also the last one's number
        uint64 purchases; // applied for, ever; also the last one's number
        uint40 vouchers;
        uint24 day; // civil day of the last voucher
        uint32 orderOfDay; // of the last voucher
    }

    /// @custom:storage-location erc7201:carbon.storage.CreditOffers
    struct Storage {
        Counts counts;
        mapping(uint256 id => Offer) offers;
        mapping(uint256 purchase => Purchase) purchases;
        VoucherSeries.Peaks peaks;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.CreditOffers")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x75df17a2dfe62f1eea497301d4daf379faa20641ddc6a578a73ba4c6243ea600;

    /// @param mainMoney Instrument that is paid in.
    /// @param series Number of the vouchers' series in the VoucherBook.
    /// @param rules The MarketRules: whether the platform is downgraded.
    constructor(address ledger, uint256 mainMoney, uint32 series, int32 utcOffset, IDowngrade rules) {
        LEDGER = ledger;
        MAIN_MONEY = mainMoney;
        SERIES = series;
        UTC_OFFSET = utcOffset;
        RULES = rules;
    }

    /* SELLING */

    /// @inheritdoc ICreditOffers
    function offer(uint256 instrument, uint96 quantity, uint96 price, address buyer, uint40 expires)
        external
        returns (uint256 id)
    {
        address seller = _agreeing();
        require(instrument >> 80 == uint256(InstrumentClass.CREDIT), NotACredit(instrument));
        require(price != 0, BadPrice(price));
        require(block.timestamp < expires && expires <= block.timestamp + _LONGEST, BadOfferExpiry(expires));
        if (buyer != address(0)) _requireOthers(seller, buyer);

        // No check of the quantity: `encumber` binds nothing that the account does not hold.
        id = ++_s().counts.offers;
        _s().offers[id] = Offer(seller, OfferState.OPEN, uint88(instrument), buyer, expires, quantity, price);

        emit CreditsOffered(id, seller, instrument, buyer, quantity, price, expires);

        _ledger().encumber(seller, instrument, quantity, _LISTING, bytes32(id));
    }

    /// @inheritdoc ICreditOffers
    function reduceOffer(uint256 id, uint96 by) external {
        Offer storage one = _ownOffer(id, 0);
        uint96 left = one.left;
        require(by != 0 && by < left, MoreThanOffered(by, left));

        one.left = left - by;

        emit OfferReduced(id, by);

        _ledger().release(one.seller, one.instrument, by, _LISTING, bytes32(id));
    }

    /// @inheritdoc ICreditOffers
    function withdrawOffer(uint256 id) external {
        Offer storage one = _ownOffer(id, 0);

        _end(id, one, OfferState.WITHDRAWN);
    }

    /// @inheritdoc ICreditOffers
    function confirmPurchase(uint256 purchase) external {
        Purchase storage asked = _applied(purchase);
        (uint256 id, address buyer, uint96 quantity) = (asked.offer, asked.buyer, asked.quantity);
        Offer storage one = _ownOffer(id, Restrictions.NO_TRADE);
        RULES.requireNormal();
        require(block.timestamp < one.expires, OfferExpired(id, one.expires));
        (address seller, uint256 instrument, uint96 left, uint96 price) =
            (one.seller, one.instrument, one.left, one.price);
        require(quantity <= left, MoreThanOffered(quantity, left));
        _requireMayTrade(buyer);
        _requireOthers(seller, buyer);
        _requireUnfrozen(seller, instrument, quantity);
        _requireUnfrozen(buyer, MAIN_MONEY, uint256(quantity) * price);

        asked.state = PurchaseState.CONFIRMED;
        one.left = left - quantity;
        if (quantity == left) one.state = OfferState.SOLD;

        emit PurchaseConfirmed(purchase, id, buyer, seller, instrument, quantity, price);
        _issueVoucher(purchase, seller, buyer, instrument, quantity, price);

        _ledger().moveEncumbered(seller, buyer, instrument, quantity, _LISTING, bytes32(id));
        _ledger().moveEncumbered(buyer, seller, MAIN_MONEY, uint256(quantity) * price, _LISTING, _moneyCause(purchase));
    }

    /// @inheritdoc ICreditOffers
    function declinePurchase(uint256 purchase, bytes32 cause) external {
        Purchase storage asked = _applied(purchase);
        address seller = _s().offers[asked.offer].seller;
        _requireAccount(seller);
        require(cause != 0, CauseMissing());

        emit PurchaseDeclined(purchase, cause);

        _giveBack(purchase, asked, PurchaseState.DECLINED);
    }

    /* BUYING */

    /// @inheritdoc ICreditOffers
    function applyForPurchase(uint256 id, uint96 quantity) external returns (uint256 purchase) {
        address buyer = _agreeing();
        Offer storage one = _open(id);
        require(block.timestamp < one.expires, OfferExpired(id, one.expires));
        require(one.buyer == address(0) || one.buyer == buyer, NotTheBuyer(buyer, one.buyer));
        _requireOthers(one.seller, buyer);
        require(quantity != 0 && quantity <= one.left, MoreThanOffered(quantity, one.left));

        purchase = ++_s().counts.purchases;
        _s().purchases[purchase] = Purchase(id, buyer, PurchaseState.APPLIED, quantity);

        emit PurchaseApplied(purchase, id, buyer, quantity);

        _ledger().encumber(buyer, MAIN_MONEY, uint256(quantity) * one.price, _LISTING, _moneyCause(purchase));
    }

    /// @inheritdoc ICreditOffers
    function withdrawPurchase(uint256 purchase) external {
        Purchase storage asked = _applied(purchase);
        _requireAccount(asked.buyer);

        emit PurchaseWithdrawn(purchase);

        _giveBack(purchase, asked, PurchaseState.WITHDRAWN);
    }

    /* ENDING */

    /// @inheritdoc ICreditOffers
    function removeOffer(uint256 id, bytes32 cause) external restricted {
        Offer storage one = _open(id);
        require(cause != 0, CauseMissing());

        emit OfferRemoved(id, cause);

        _end(id, one, OfferState.REMOVED);
    }

    /// @inheritdoc ICreditOffers
    function removePurchase(uint256 purchase, bytes32 cause) external restricted {
        Purchase storage asked = _applied(purchase);
        require(cause != 0, CauseMissing());

        emit PurchaseRemoved(purchase, cause);

        _giveBack(purchase, asked, PurchaseState.REMOVED);
    }

    /// @inheritdoc ICreditOffers
    function releaseOffer(uint256 id) external {
        Offer storage one = _open(id);
        require(block.timestamp >= one.expires, OfferNotExpired(id, one.expires));

        _end(id, one, OfferState.EXPIRED);
    }

    /// @inheritdoc ICreditOffers
    function releasePurchase(uint256 purchase) external {
        Purchase storage asked = _applied(purchase);
        Offer storage one = _s().offers[asked.offer];
        require(
            one.state != OfferState.OPEN || block.timestamp >= one.expires || one.left < asked.quantity,
            OfferStillOpen(asked.offer)
        );

        emit PurchaseReleased(purchase);

        _giveBack(purchase, asked, PurchaseState.RELEASED);
    }

    function _end(uint256 id, Offer storage one, OfferState to) private {
        uint256 left = one.left;
        one.state = to;
        one.left = 0;

        if (to == OfferState.WITHDRAWN) emit OfferWithdrawn(id);
        if (to == OfferState.EXPIRED) emit OfferLapsed(id);

        _ledger().release(one.seller, one.instrument, left, _LISTING, bytes32(id));
    }

    function _giveBack(uint256 purchase, Purchase storage asked, PurchaseState to) private {
        asked.state = to;

        uint256 amount = uint256(asked.quantity) * _s().offers[asked.offer].price;
        _ledger().release(asked.buyer, MAIN_MONEY, amount, _LISTING, _moneyCause(purchase));
    }

    /* VIEWS */

    /// @inheritdoc ICreditOffers
    function offerOf(uint256 id) external view returns (Offer memory) {
        return _knownOffer(id);
    }

    /// @inheritdoc ICreditOffers
    function purchaseOf(uint256 purchase) external view returns (Purchase memory) {
        return _knownPurchase(purchase);
    }

    /// @inheritdoc ICreditOffers
    function offerCount() external view returns (uint256) {
        return _s().counts.offers;
    }

    /// @inheritdoc ICreditOffers
    function purchaseCount() external view returns (uint256) {
        return _s().counts.purchases;
    }

    /* VOUCHERS */

    /// @inheritdoc IVoucherIssuer
    function voucherCount(uint32 series) external view returns (uint40) {
        return series == SERIES ? _s().counts.vouchers : 0;
    }

    /// @inheritdoc IVoucherIssuer
    function voucherPeak(uint32 series, uint256 height) external view returns (bytes32) {
        return series == SERIES ? _s().peaks.at[height] : bytes32(0);
    }

    /// @inheritdoc IVoucherIssuer
    function voucherRoot(uint32 series) external view returns (bytes32) {
        return series == SERIES ? _s().peaks.root(_s().counts.vouchers) : bytes32(0);
    }

    function _issueVoucher(
        uint256 purchase,
        address seller,
        address buyer,
        uint256 instrument,
        uint96 quantity,
        uint96 price
    ) private {
        Counts memory counts = _s().counts;
        uint24 day = VoucherSeries.dayOf(block.timestamp, UTC_OFFSET);
        Voucher memory voucher;
        voucher.kind = VoucherKind.TRADE;
        voucher.series = SERIES;
        voucher.index = counts.vouchers;
        voucher.orderOfDay = day == counts.day ? counts.orderOfDay + 1 : 1;
        voucher.at = uint40(block.timestamp);
        voucher.instrument = instrument;
        voucher.quantity = quantity;
        voucher.price = price;
        voucher.from = seller;
        voucher.to = buyer;
        voucher.ref = purchase;
        bytes32 leaf = VoucherSeries.leafOf(voucher);

        counts.vouchers = voucher.index + 1;
        counts.day = day;
        counts.orderOfDay = voucher.orderOfDay;
        _s().counts = counts;
        _s().peaks.append(voucher.index, leaf);

        emit VoucherIssued(SERIES, voucher.index, voucher.orderOfDay, leaf);
    }

    /* SHARED */

    /// @dev An open offer of the account for which the caller may trade.
    function _ownOffer(uint256 id, uint16 forbidding) private view returns (Offer storage one) {
        one = _open(id);
        address account = _acting(forbidding);
        require(account == one.seller, NotTheAccount(msg.sender, one.seller));
    }

    function _open(uint256 id) private view returns (Offer storage one) {
        one = _knownOffer(id);
        require(one.state == OfferState.OPEN, OfferClosed(id, one.state));
    }

    function _knownOffer(uint256 id) private view returns (Offer storage one) {
        one = _s().offers[id];
        require(one.state != OfferState.NONE, UnknownOffer(id));
    }

    function _applied(uint256 purchase) private view returns (Purchase storage asked) {
        asked = _knownPurchase(purchase);
        require(asked.state == PurchaseState.APPLIED, PurchaseClosed(purchase, asked.state));
    }

    function _knownPurchase(uint256 purchase) private view returns (Purchase storage asked) {
        asked = _s().purchases[purchase];
        require(asked.state != PurchaseState.NONE, UnknownPurchase(purchase));
    }

    /// @dev The caller acts for `account`, which may be under restrictions: it gets back what is its own.
    function _requireAccount(address account) private view {
        require(_acting(0) == account, NotTheAccount(msg.sender, account));
    }

    function _requireOthers(address seller, address buyer) private view {
        uint32 owner = IEligibility(LEDGER).eligibilityOf(seller).owner;
        require(
            seller != buyer && (owner == 0 || owner != IEligibility(LEDGER).eligibilityOf(buyer).owner),
            OwnOffer(seller, buyer)
        );
    }

    function _requireMayTrade(address account) private view {
        Eligibility memory known = IEligibility(LEDGER).eligibilityOf(account);
        require(
            known.status == AccountStatus.ACTIVE && known.restrictions & Restrictions.NO_TRADE == 0
                && block.timestamp < known.certificateUntil,
            BuyerMayNot(account)
        );
    }

    /// @dev What is bound can be frozen besides: then it does not leave.
    function _requireUnfrozen(address account, uint256 instrument, uint256 quantity) private view {
        uint256 frozen = IERC7943MultiToken(LEDGER).getFrozenTokens(account, instrument);
        if (frozen == 0) return;
        uint256 left = IERC1155(LEDGER).balanceOf(account, instrument) - quantity;
        require(left >= frozen, FrozenMeanwhile(account, instrument, frozen, left));
    }

    /// @dev To agree to a price, which nothing bounds, takes what a transfer takes.
    function _agreeing() private view returns (address account) {
        RULES.requireNormal();
        return IEligibility(LEDGER)
            .actingFor(
                msg.sender,
                Rights.TRADE | Rights.INITIATE | Rights.APPROVE,
                Restrictions.NO_TRADE | Restrictions.NO_TRANSFER
            );
    }

    function _acting(uint16 forbidding) private view returns (address account) {
        return IEligibility(LEDGER).actingFor(msg.sender, Rights.TRADE, forbidding);
    }

    /// @dev Set apart from the causes of units: an account may have offer and application of one number.
    function _moneyCause(uint256 purchase) private pure returns (bytes32) {
        return bytes32(purchase | 1 << 255);
    }

    function _ledger() private view returns (IInstrumentLedger) {
        return IInstrumentLedger(LEDGER);
    }

    function _s() private pure returns (Storage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
