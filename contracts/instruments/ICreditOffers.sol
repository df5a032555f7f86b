// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Credits offered for sale, applied for, and sold (R-AST-4, R-DAT-h, R-DAT-i; clause 6.2 h and i).
/// @notice A holder offers credits to everybody or to one buyer; they are bound. A buyer applies for some of them; the money
///         is bound. The holder confirms: units and money change hands in one transaction, with a voucher, or nothing does.
///         Tonnes are whole; prices are in the main money's smallest unit per tonne, so nothing is ever rounded.
///
///         What is bound for LISTING of an account: what its open offers have left and its open applications pay.
/// @dev A purchase is not a transfer: the TransferRules' delays and lists are not asked. Vouchers are of kind TRADE; a
///      voucher's `ref` is the application's number.
interface ICreditOffers {
    enum OfferState {
        NONE,
        OPEN,
        SOLD,
        WITHDRAWN,
        REMOVED, // by the authority
        EXPIRED
    }

    enum PurchaseState {
        NONE,
        APPLIED,
        CONFIRMED,
        DECLINED, // by the seller
        WITHDRAWN, // by the buyer
        RELEASED, // its offer is closed
        REMOVED // by the authority
    }

    struct Offer {
        address seller; // account
        OfferState state;
        uint88 instrument;
        address buyer; // account; 0: everybody
        uint40 expires; // Unix seconds; from then on nothing is sold
        uint96 left; // tonnes, bound in the ledger
        uint96 price; // smallest units of main money per tonne
    }

    /// @dev A buyer's application. Its money, quantity times the offer's price, is bound in the ledger while APPLIED.
    struct Purchase {
        uint256 offer;
        address buyer; // account
        PurchaseState state;
        uint96 quantity; // tonnes
    }

    /* ERRORS */

    error UnknownOffer(uint256 offer);
    error OfferClosed(uint256 offer, OfferState state);
    /// @notice The offer expired at `expires`.
    error OfferExpired(uint256 offer, uint40 expires);
    /// @notice The offer lasts until `expires`.
    error OfferNotExpired(uint256 offer, uint40 expires);
    error UnknownPurchase(uint256 purchase);
    error PurchaseClosed(uint256 purchase, PurchaseState state);
    /// @notice The offer is open: who applied withdraws, or the seller declines.
    error OfferStillOpen(uint256 offer);
    /// @notice The offer or application is of `account`, for which `key` does not act.
    error NotTheAccount(address key, address account);
    /// @notice The offer is made to `buyer`, not to `account`.
    error NotTheBuyer(address account, address buyer);
    /// @notice Buyer and seller are one, or have the same beneficial owner.
    error OwnOffer(address seller, address buyer);
    /// @notice Only credits are offered here.
    error NotACredit(uint256 instrument);
    /// @notice A price of nothing, or one that no account can pay.
    error BadPrice(uint256 price);
    /// @notice A quantity of nothing, or more than the `left` tonnes of the offer.
    error MoreThanOffered(uint256 quantity, uint256 left);
    /// @notice An offer ends in the future, within a year.
    error BadOfferExpiry(uint40 expires);
    /// @notice The buyer may not trade at present, so its money does not move.
    error BuyerMayNot(address buyer);
    /// @notice The authority has frozen `frozen` of what `account` has, after it was bound; `left` would be left.
    error FrozenMeanwhile(address account, uint256 instrument, uint256 frozen, uint256 left);
    /// @notice A digest must say why.
    error CauseMissing();

    /* EVENTS */

    event CreditsOffered(
        uint256 indexed offer,
        address indexed seller,
        uint256 indexed instrument,
        address buyer,
        uint96 quantity,
        uint96 price,
        uint40 expires
    );
    event OfferReduced(uint256 indexed offer, uint96 by);
    event OfferWithdrawn(uint256 indexed offer);
    event OfferRemoved(uint256 indexed offer, bytes32 cause);
    event OfferLapsed(uint256 indexed offer);
    event PurchaseApplied(uint256 indexed purchase, uint256 indexed offer, address indexed buyer, uint96 quantity);
    event PurchaseWithdrawn(uint256 indexed purchase);
    event PurchaseDeclined(uint256 indexed purchase, bytes32 cause);
    event PurchaseReleased(uint256 indexed purchase);
    event PurchaseRemoved(uint256 indexed purchase, bytes32 cause);
    /// @notice Units went to the buyer and the money to the seller; the voucher follows.
    event PurchaseConfirmed(
        uint256 indexed purchase,
        uint256 indexed offer,
        address indexed buyer,
        address seller,
        uint256 instrument,
        uint96 quantity,
        uint96 price
    );

    /* SELLING: a representative of the seller with Rights.TRADE, unless the account is under NO_TRADE */

    /// @notice Offer free credits; they are bound. No price is refused as too low, so an offer can give credits away as a
    ///         transfer can: it takes INITIATE and APPROVE besides, and is refused under NO_TRANSFER too.
    /// @param price Smallest units of main money per tonne.
    /// @param buyer Account that alone may apply; 0: everybody.
    /// @param expires Unix seconds, within a year.
    function offer(uint256 instrument, uint96 quantity, uint96 price, address buyer, uint40 expires)
        external
        returns (uint256 id);

    /// @notice Offer fewer; by all that is left: withdraw. Also while the account may not trade.
    function reduceOffer(uint256 id, uint96 by) external;

    /// @notice Take the offer back. Also while the account may not trade. Applications for it are released by anyone.
    function withdrawOffer(uint256 id) external;

    /// @notice Sell what was applied for: delivery versus payment. Neither side may be under NO_TRADE, each receives, and what
    ///         the authority has frozen stays.
    function confirmPurchase(uint256 purchase) external;

    /// @notice Do not sell to who applied; its money is free again.
    function declinePurchase(uint256 purchase, bytes32 cause) external;

    /* BUYING: a representative of the buyer with Rights.TRADE, unless the account is under NO_TRADE */

    /// @notice Apply for `quantity` of the offer at its price; the money is bound. As no price is refused, it takes INITIATE and
    ///         APPROVE besides, and is refused under NO_TRANSFER too.
    function applyForPurchase(uint256 id, uint96 quantity) external returns (uint256 purchase);

    /// @notice Take an application back. Also while the account may not trade.
    function withdrawPurchase(uint256 purchase) external;

    /* ENDING */

    /// @notice Take an offer out, for a cause. For REGULATOR.
    function removeOffer(uint256 id, bytes32 cause) external;

    /// @notice Take an application out, for a cause; its money is free again, for instance to be taken by a forced transfer. For
    ///         REGULATOR.
    function removePurchase(uint256 purchase, bytes32 cause) external;

    /// @notice Give back the units of an expired offer. Anyone may.
    function releaseOffer(uint256 id) external;

    /// @notice Give back the money of an application whose offer is closed or expired. Anyone may.
    function releasePurchase(uint256 purchase) external;

    /* VIEWS */

    function offerOf(uint256 id) external view returns (Offer memory);

    function purchaseOf(uint256 purchase) external view returns (Purchase memory);

    function offerCount() external view returns (uint256);

    function purchaseCount() external view returns (uint256);
}
