// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountStatus, Eligibility, Representation, Restrictions, Rights } from "../types/Accounts.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";

/// @title What a click and a block trade have in common: two accounts that may trade, delivery versus payment, a voucher.
/// @dev Amounts do not overflow: quantities are below 2^48, ticks below 2^24, sizes of ticks and fees below 2^64.
library Bilateral {
    using VoucherSeries for VoucherSeries.Peaks;

    /// @dev What changes hands; all of it is bound for `cause` when it is delivered.
    struct Deal {
        address seller;
        address buyer;
        uint256 instrument;
        uint256 quantity; // tonnes
        uint256 cost; // of the units, smallest units of money
        uint256 sellerFee; // smallest units; not above the cost
        uint256 buyerFee;
        bytes32 cause;
    }

    /// @dev 255       160 159    120 119    96 95           64 63 0
    ///      one word: feeAccount | count | day | orderOfDay; the count is that of the vouchers so far.
    struct Tape {
        address feeAccount;
        uint40 count;
        uint24 day; // civil day of the latest trade, since 1970-01-01
        uint32 orderOfDay; // of the latest trade
    }

    /// @notice `account` may not trade now: it is not active, its certificate ended, or it is restricted.
    error MayNotTrade(address account);
    /// @notice Both accounts have the beneficial `owner`, or are one (then `owner` may be 0).
    error SameOwner(address seller, address buyer, uint32 owner);
    /// @notice What it would cost, `amount`, does not fit the ledger.
    error AmountTooLarge(uint256 amount);
    /// @notice The platform has named no account for the fees of trades.
    error NoFeeAccount();
    /// @notice The account is `account`, for which `key` may not trade.
    error NotTheTrader(address key, address account);

    /* WHO */

    /// @dev Whether an account may give and get in a trade now, as far as what it holds does not matter.
    function mayTrade(Eligibility memory e, uint256 forbidding) internal view returns (bool) {
        return
            e.status == AccountStatus.ACTIVE && e.certificateUntil > block.timestamp && e.restrictions & forbidding == 0;
    }

    function haveOneOwner(address one, Eligibility memory ofOne, address other, Eligibility memory ofOther)
        internal
        pure
        returns (bool)
    {
        return one == other || (ofOne.owner == ofOther.owner && ofOne.owner != 0);
    }

    /// @dev Both may trade, and not with themselves.
    function requirePair(IEligibility ledger, address seller, address buyer) internal view {
        Eligibility memory ofSeller = ledger.eligibilityOf(seller);
        Eligibility memory ofBuyer = ledger.eligibilityOf(buyer);
        require(mayTrade(ofSeller, Restrictions.NO_TRADE), MayNotTrade(seller));
        require(mayTrade(ofBuyer, Restrictions.NO_TRADE), MayNotTrade(buyer));
        require(!haveOneOwner(seller, ofSeller, buyer, ofBuyer), SameOwner(seller, buyer, ofSeller.owner));
    }

    /// @dev Who takes something back needs the right to trade, but the account may be suspended or restricted meanwhile.
    function requireKeyOf(IEligibility ledger, address account) internal view {
        Representation memory r = ledger.representationOf(msg.sender);
        require(
            r.account == account && account != address(0) && r.rights & Rights.TRADE != 0
                && r.certificateUntil > block.timestamp,
            NotTheTrader(msg.sender, account)
        );
    }

    /* WHAT */

    function fitting(uint256 amount) internal pure returns (uint256) {
        require(amount <= type(uint96).max, AmountTooLarge(amount));
        return amount;
    }

    /// @dev Units to the buyer, their price less the fee to the seller, both fees to the platform: or nothing at all.
    function deliver(
        IInstrumentLedger ledger,
        uint256 money,
        IInstrumentLedger.Reason reason,
        Deal memory deal,
        address feeAccount
    ) internal {
        uint256 fees = deal.sellerFee + deal.buyerFee;
        uint256 proceeds = deal.cost - deal.sellerFee;

        ledger.moveEncumbered(deal.seller, deal.buyer, deal.instrument, deal.quantity, reason, deal.cause);
        if (proceeds != 0) ledger.moveEncumbered(deal.buyer, deal.seller, money, proceeds, reason, deal.cause);
        if (fees != 0) {
            require(feeAccount != address(0), NoFeeAccount());
            ledger.moveEncumbered(deal.buyer, feeAccount, money, fees, reason, deal.cause);
        }
    }

    /* VOUCHER */

    /// @dev Numbers the trade and appends its voucher.
    function conclude(
        Tape storage tape,
        VoucherSeries.Peaks storage peaks,
        uint32 series,
        int256 dayOffset,
        Deal memory deal,
        uint256 price
    ) internal returns (uint40 index, uint32 orderOfDay) {
        uint24 day = VoucherSeries.dayOf(block.timestamp, dayOffset);
        index = tape.count;
        orderOfDay = day == tape.day ? tape.orderOfDay + 1 : 1;

        (tape.count, tape.day, tape.orderOfDay) = (index + 1, day, orderOfDay);
        peaks.append(
            index,
            VoucherSeries.leafOf(
                Voucher({
                    kind: VoucherKind.TRADE,
                    series: series,
                    index: index,
                    orderOfDay: orderOfDay,
                    at: uint40(block.timestamp),
                    instrument: deal.instrument,
                    quantity: deal.quantity,
                    price: price,
                    from: deal.seller,
                    to: deal.buyer,
                    ref: uint256(deal.cause)
                })
            )
        );
    }
}
