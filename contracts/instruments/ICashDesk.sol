// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title How settlement money enters and leaves (R-TRD-8, R-TBL-3).
/// @notice Main money of the ledger is minted against a deposit that the settlement bank confirms, and ceases to exist
///         when the bank confirms that it paid it out. Amounts are in the money's smallest unit.
///
///         deposited − withdrawn = what accounts hold and orders hold, at all times.
/// @dev Bank references are digests: nothing of a bank account is on-chain in clear.
interface ICashDesk {
    enum WithdrawalState {
        NONE,
        REQUESTED, // bound in the ledger
        PAID,
        REJECTED,
        CANCELLED
    }

    struct Withdrawal {
        address account;
        WithdrawalState state;
        uint40 requestedAt; // Unix seconds
        uint96 amount;
        bytes32 payout; // as the account had named it when it asked
    }

    struct Payout {
        bytes32 commitment; // salted, to the bank account; 0: none
        uint40 usableFrom; // Unix seconds
    }

    /* ERRORS */

    /// @notice The bank has used `bankReference` before.
    error ReferenceUsed(bytes32 bankReference);
    error ReferenceMissing();
    /// @notice A digest must say why.
    error CauseMissing();
    /// @notice `account` has named no destination, or its destination may be used from `usableFrom`.
    error PayoutNotUsable(address account, uint40 usableFrom);
    error PayoutMissing();
    error UnknownWithdrawal(uint256 id);
    /// @notice Withdrawal `id` is paid, rejected or cancelled.
    error WithdrawalClosed(uint256 id, WithdrawalState state);
    /// @notice The withdrawal is of `account`, for which the caller does not act.
    error NotTheAccount(address key, address account);

    /* EVENTS */

    event DepositRecorded(address indexed account, uint256 amount, bytes32 indexed bankReference);
    event WithdrawalRequested(
        uint256 indexed id, address indexed account, address indexed key, uint256 amount, bytes32 payout
    );
    event WithdrawalPaid(uint256 indexed id, address indexed account, uint256 amount, bytes32 indexed bankReference);
    event WithdrawalRejected(uint256 indexed id, address indexed account, bytes32 cause);
    event WithdrawalCancelled(uint256 indexed id, address indexed account);
    event PayoutNamed(address indexed account, address indexed key, bytes32 commitment, uint40 usableFrom);
    event PayoutDelaySet(uint40 delay);

    /* DEPOSITS */

    /// @notice Mint what the bank received for `account`. For SETTLEMENT_BANK.
    /// @param bankReference Digest of the bank's reference; never used twice, for deposits and payments together.
    function recordDeposit(address account, uint256 amount, bytes32 bankReference) external;

    /* PAYOUT DESTINATION */

    /// @notice Name where money is paid out to, from now on and after the delay. By a representative with INITIATE and
    ///         APPROVE. Withdrawals already asked for keep their destination.
    /// @param commitment Salted commitment to the bank account, of which the bank has the opening.
    function setPayout(bytes32 commitment) external;

    /// @notice For how many seconds a new destination cannot be used. For REGULATOR.
    function setPayoutDelay(uint40 delay) external;

    function payoutOf(address account) external view returns (Payout memory);

    function payoutDelay() external view returns (uint40);

    /* WITHDRAWALS */

    /// @notice Ask for `amount` to be paid out; it is bound. By a representative with INITIATE and APPROVE, unless the
    ///         account is under NO_TRANSFER.
    function requestWithdrawal(uint256 amount) external returns (uint256 id);

    /// @notice Take a request back before the bank confirms. By a representative with INITIATE and APPROVE.
    function cancelWithdrawal(uint256 id) external;

    /// @notice The bank paid. For SETTLEMENT_BANK.
    function confirmWithdrawal(uint256 id, bytes32 bankReference) external;

    /// @notice The bank will not pay; the money is free again. For SETTLEMENT_BANK.
    function rejectWithdrawal(uint256 id, bytes32 cause) external;

    function withdrawalOf(uint256 id) external view returns (Withdrawal memory);

    function withdrawalCount() external view returns (uint256);

    /* RECONCILIATION */

    /// @notice What the bank must hold: `outstanding` = `deposited` − `withdrawn`. `agrees` says whether the ledger
    ///         issued and cancelled exactly as much.
    function reconcile() external view returns (uint256 deposited, uint256 withdrawn, uint256 outstanding, bool agrees);

    function isUsed(bytes32 bankReference) external view returns (bool);
}
