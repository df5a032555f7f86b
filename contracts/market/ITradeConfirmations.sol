// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Voucher } from "../types/Vouchers.sol";
import { IVoucherBook } from "../vouchers/IVoucherBook.sol";

/// @title Trade confirmations: the platform's word to both parties of a trade, signed, verifiable here and off-line (R-TRD-9).
/// @notice A confirmation is a trade's voucher with its code, what each side paid in fees, and where the settlement is recorded.
///         The platform signs it (EIP-712) with a confirmation key off the chain; it costs nothing and is sent to nobody here.
///         This contract keeps the keys with their periods and says whether a confirmation counts.
///
///         A key speaks for trades from `from` to before `until`, whenever it signed. When it is revoked, it does not speak for
///         trades from `since` on; for earlier ones it still does. Periods may begin in the past, so that a new key can confirm
///         what a lost one has not; the block of the registration tells.
///
///         The voucher is checked against the series on the chain: nothing can be confirmed that did not happen, whoever has
///         the key. Fees and references to blocks are the platform's word alone; the auditor (`carbon_sdk.confirmations`)
///         compares them with the chain's events.
interface ITradeConfirmations {
    struct TradeConfirmation {
        bytes32 platform; // as `platform()`
        Voucher voucher; // of kind TRADE: seller, buyer, instrument, tonnes, price, time
        string code; // the voucher's, by the coding rules
        uint256 money; // instrument in which price and fees are: the main money
        uint256 sellerFee; // smallest units of it
        uint256 buyerFee;
        uint64 blockNumber; // where it was settled
        bytes32 blockHash;
        bytes32 transactionHash;
        uint32 logIndex; // of the trade's event, in its block
    }

    /// @dev Times are Unix seconds.
    struct ConfirmationKey {
        uint40 from; // of trades
        uint40 until; // excluded; 0: no such key
        uint40 revokedSince; // trades from then on it does not confirm; 0: not revoked
    }

    enum ConfirmationVerdict {
        VALID,
        NOT_A_TRADE, // the voucher is of another kind
        OTHER_PLATFORM,
        OTHER_MONEY,
        BAD_SIGNATURE, // not 65 bytes, or of no key
        UNKNOWN_KEY, // signed by a key that was never registered, or altered afterwards
        KEY_NOT_VALID, // the trade is outside of the key's period
        KEY_REVOKED, // the trade is not before the key's revocation
        NOT_IN_SERIES, // the voucher's own verdict says why
        WRONG_CODE // the code is not the voucher's
    }

    /* ERRORS */

    /// @notice `key` has a period already; it has one for ever.
    error ConfirmationKeyExists(address key);
    error UnknownConfirmationKey(address key);
    /// @notice No key, or a period that ends before it has begun.
    error BadConfirmationKey(address key, uint40 from, uint40 until);
    /// @notice A revocation counts from some time up to now, and a second one only from an earlier time than the first.
    error BadRevocation(uint40 since, uint256 latest);
    /// @notice A digest must say why.
    error CauseMissing();

    /* EVENTS */

    event ConfirmationKeyRegistered(address indexed key, uint40 from, uint40 until);
    event ConfirmationKeyRevoked(address indexed key, uint40 since, bytes32 cause);

    /* KEYS: for PLATFORM_OPERATOR */

    /// @notice Let `key` confirm trades from `from` to before `until`.
    function registerConfirmationKey(address key, uint40 from, uint40 until) external;

    /// @notice Trades from `since` on are not confirmed by `key` any more.
    function revokeConfirmationKey(address key, uint40 since, bytes32 cause) external;

    /* VIEWS */

    /// @notice The platform's name, ASCII from the left.
    function platform() external view returns (bytes32);

    function confirmationKeyOf(address key) external view returns (ConfirmationKey memory);

    /// @notice What is signed.
    function digestOf(TradeConfirmation calldata confirmation) external view returns (bytes32);

    /// @notice Whether the platform signed it, with a key that may speak for that time. Says nothing on the voucher: it is
    ///         VALID where `verify` may be NOT_IN_SERIES or WRONG_CODE.
    /// @return verdict VALID, or the first thing that is wrong.
    /// @return key Who signed; 0: nobody.
    function verifySignature(TradeConfirmation calldata confirmation, bytes calldata signature)
        external
        view
        returns (ConfirmationVerdict verdict, address key);

    /// @notice Whether the platform signed it, and the trade happened: its voucher is in its series today.
    /// @param signature 65 bytes.
    /// @param siblings The voucher's path, as `IVoucherBook.verify` takes it.
    /// @return verdict VALID, or the first thing that is wrong.
    /// @return key Who signed; 0: nobody.
    /// @return ofVoucher What the directory says of the voucher, where the verdict is VALID, NOT_IN_SERIES or WRONG_CODE.
    function verify(TradeConfirmation calldata confirmation, bytes calldata signature, bytes32[] calldata siblings)
        external
        view
        returns (ConfirmationVerdict verdict, address key, IVoucherBook.Verdict ofVoucher);
}
