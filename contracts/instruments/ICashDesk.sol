// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title How settlement money enters and leaves (R-TRD-8, R-TBL-3).
/// @notice A money of the ledger stands for one of two things, for good: what the settlement bank holds, or an ERC-20 token
///         that is locked here one to one. Units are minted against a deposit that the bank confirms or that the token's
///         balance proves, and cease to exist when it is paid out. Amounts are in the money's smallest unit, which is also
///         the token's.
///
///         deposited − withdrawn = what accounts hold and orders hold, at all times; and what the desk has of a token is
///         never less. Where it is less all the same (the token took it away), deposits and payments of that money stop by
///         themselves until the missing tokens are sent to the desk: who comes first takes nothing from who comes last. Tokens
///         that are sent here otherwise than by a deposit belong to nobody and stay.
///
///         What a token must do: move exactly what is asked for. A fee on transfer, or a balance that changes by itself while
///         it moves, makes the deposit fail. A token that answers nothing, or false instead of reverting, or that calls back, is
///         borne. Whoever chooses a token trusts its issuer as one trusts a bank.
/// @dev Bank references are digests: nothing of a bank account is on-chain in clear.
interface ICashDesk {
    enum WithdrawalState {
        NONE,
        REQUESTED, // bound in the ledger
        PAID,
        REJECTED,
        CANCELLED,
        ACCEPTED // by the bank, which pays it or rejects it; the account cannot take it back any more
    }

    struct Withdrawal {
        address account;
        WithdrawalState state;
        uint40 requestedAt; // Unix seconds
        uint96 amount;
        uint88 instrument;
        bytes32 payout; // as the account had named it when it asked: a commitment; for tokens an address
    }

    struct Payout {
        bytes32 commitment; // salted, to the bank account; 0: none
        uint40 usableFrom; // Unix seconds
    }

    struct PayoutAddress {
        address to; // 0: none
        uint40 usableFrom; // Unix seconds
    }

    struct Backing {
        address token; // 0: the bank
        uint8 decimals; // of the token, and so of the money
        bool stopped; // neither deposited nor paid for now
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
    /// @notice The bank has accepted withdrawal `id` and may have sent the money.
    error WithdrawalUnderway(uint256 id);
    /// @notice Withdrawal `id` must be accepted before it is confirmed.
    error WithdrawalNotAccepted(uint256 id);
    /// @notice The withdrawal is of `account`, for which the caller does not act.
    error NotTheAccount(address key, address account);
    /// @notice `instrument` is no money, or not defined.
    error NotMoney(uint256 instrument);
    /// @notice `instrument` is backed by `token` (0: by the bank), for which this is the wrong way.
    error WrongBacking(uint256 instrument, address token);
    /// @notice What backs `instrument` is fixed: some of it was issued, or a token was named.
    error BackingFixed(uint256 instrument);
    /// @notice `token` is no contract, or backs another money.
    error CannotBack(address token);
    /// @notice `token` has `has` decimals, not `told`.
    error DecimalsDiffer(address token, uint8 told, uint8 has);
    /// @notice A money has at most 18 decimals, and `token` has `has`: ordinary sums would use up what can ever be issued.
    error TooManyDecimals(address token, uint8 has);
    /// @notice The supervision stopped deposits and payments of `instrument`.
    error DeskStopped(uint256 instrument);
    /// @notice The desk has `held` tokens behind `instrument` and owes `owed`.
    error Undercovered(uint256 instrument, uint256 held, uint256 owed);
    /// @notice `asked` tokens were to move and `moved` did: the token takes a fee, or changes balances by itself.
    error MovedOtherwise(uint256 instrument, uint256 asked, uint256 moved);
    /// @notice Nothing can be paid out to `to`.
    error BadPayoutAddress(address to);
    /// @notice Withdrawal `id` can be paid from `payableFrom` on, Unix seconds.
    error NotPayableYet(uint256 id, uint256 payableFrom);
    /// @notice Nobody waits longer than `most` seconds.
    error DelayTooLong(uint40 duration, uint40 most);

    /* EVENTS */

    event DepositRecorded(
        address indexed account, uint256 amount, bytes32 indexed bankReference, uint256 indexed instrument
    );
    event WithdrawalRequested(
        uint256 indexed id,
        address indexed account,
        address indexed key,
        uint256 amount,
        bytes32 payout,
        uint256 instrument
    );
    event WithdrawalAccepted(uint256 indexed id, address indexed account);
    event WithdrawalPaid(uint256 indexed id, address indexed account, uint256 amount, bytes32 indexed bankReference);
    event WithdrawalRejected(uint256 indexed id, address indexed account, bytes32 cause);
    event WithdrawalCancelled(uint256 indexed id, address indexed account);
    event PayoutNamed(address indexed account, address indexed key, bytes32 commitment, uint40 usableFrom);
    event PayoutDelaySet(uint40 delay);
    event TokenBacked(uint256 indexed instrument, address indexed token, uint8 decimals);
    event TokensDeposited(address indexed account, address indexed key, uint256 indexed instrument, uint256 amount);
    event TokensPaid(
        uint256 indexed id, address indexed account, uint256 indexed instrument, address to, uint256 amount
    );
    event PayoutAddressNamed(address indexed account, address indexed key, address to, uint40 usableFrom);
    event HoldSet(uint40 duration);
    event StoppedSet(uint256 indexed instrument, bool stopped, bytes32 cause);

    /* WHAT BACKS A MONEY */

    /// @notice Say that `instrument` stands for `token`, one smallest unit for one. Before anything of it was issued, and once:
    ///         a money without a token is the bank's from its first deposit on. A token backs one money. For REGULATOR.
    /// @param decimals Of the token, said again, so that nobody is wrong by a power of ten; at most 18.
    function backWithToken(uint256 instrument, address token, uint8 decimals) external;

    /// @notice Stop, or go on with, deposits and payments of a money that a token backs. Withdrawals can be asked for and taken
    ///         back meanwhile. For SERVICE_REGULATOR.
    function setStopped(uint256 instrument, bool stopped, bytes32 cause) external;

    function backingOf(uint256 instrument) external view returns (Backing memory);

    /// @notice The money that `token` backs; 0: none.
    function moneyOf(address token) external view returns (uint256 instrument);

    /* DEPOSITS */

    /// @notice Mint what the bank received for `account`, as main money. For SETTLEMENT_BANK.
    /// @param bankReference Digest of the bank's reference; never used twice, for deposits and payments together.
    function recordDeposit(address account, uint256 amount, bytes32 bankReference) external;

    /// @notice As `recordDeposit`, in any money that the bank backs. For SETTLEMENT_BANK.
    function recordDepositOf(address account, uint256 instrument, uint256 amount, bytes32 bankReference) external;

    /// @notice Lock tokens of the caller, who has allowed the desk to take them, and mint as much for its account. By a
    ///         representative with INITIATE; the account may receive. Nobody's tokens but the caller's are ever taken.
    function depositTokens(uint256 instrument, uint256 amount) external;

    /// @notice As `depositTokens`, with the caller's permit (EIP-2612) for `amount` in place of an allowance given before. A
    ///         permit that somebody else has used first does no harm.
    function depositTokensWithPermit(
        uint256 instrument,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /* PAYOUT DESTINATION */

    /// @notice Name where money is paid out to, from now on and after the delay. By a representative with INITIATE and
    ///         APPROVE. Withdrawals already asked for keep their destination.
    /// @param commitment Salted commitment to the bank account, of which the bank has the opening.
    function setPayout(bytes32 commitment) external;

    /// @notice For how many seconds a new destination cannot be used; at most 366 days. For REGULATOR.
    function setPayoutDelay(uint40 delay) external;

    function payoutOf(address account) external view returns (Payout memory);

    function payoutDelay() external view returns (uint40);

    /// @notice Name the address that tokens are paid out to, from now on and after the same delay. By a representative with
    ///         INITIATE and APPROVE. Withdrawals already asked for keep their address.
    function setPayoutAddress(address to) external;

    function payoutAddressOf(address account) external view returns (PayoutAddress memory);

    /* WITHDRAWALS */

    /// @notice Ask for `amount` of main money to be paid out; it is bound. By a representative with INITIATE and APPROVE, unless
    ///         the account is under NO_TRANSFER.
    function requestWithdrawal(uint256 amount) external returns (uint256 id);

    /// @notice As `requestWithdrawal`, in any money.
    function requestWithdrawalOf(uint256 instrument, uint256 amount) external returns (uint256 id);

    /// @notice Take a request back before the bank accepts it, or the tokens are paid. By a representative with INITIATE and
    ///         APPROVE.
    function cancelWithdrawal(uint256 id) external;

    /// @notice Pay tokens out, once they were held for as long as the regulator wants, and never in the block of the request: a
    ///         token that was lent for one transaction does not go in and out. Anyone may; the account must not be under
    ///         NO_TRANSFER, and what is frozen stays. An address that the token refuses strands nothing: the account cancels, names another and asks again.
    function payWithdrawal(uint256 id) external;

    /// @notice Refuse to pay tokens out; the money is free again, to be frozen or moved by the authority. For REGULATOR.
    function refuseWithdrawal(uint256 id, bytes32 cause) external;

    /// @notice For how many seconds a withdrawal of tokens waits before it can be paid, those asked for included; at most 366
    ///         days. For REGULATOR.
    function setHold(uint40 duration) external;

    function hold() external view returns (uint40);

    /// @notice The bank is going to pay: said, and final, before the money is sent. From then on only the bank decides, by
    ///         `confirmWithdrawal` or `rejectWithdrawal`. The account must not be under NO_TRANSFER, and what is frozen of its
    ///         money must be left after all that the bank has accepted. For SETTLEMENT_BANK.
    function acceptWithdrawal(uint256 id) external;

    /// @notice The bank paid what it had accepted; a restriction or a freeze since then changes nothing. For SETTLEMENT_BANK.
    function confirmWithdrawal(uint256 id, bytes32 bankReference) external;

    /// @notice The bank will not pay, accepted or not; the money is free again. For SETTLEMENT_BANK.
    function rejectWithdrawal(uint256 id, bytes32 cause) external;

    function withdrawalOf(uint256 id) external view returns (Withdrawal memory);

    function withdrawalCount() external view returns (uint256);

    /* RECONCILIATION */

    /// @notice What the bank must hold: `outstanding` = `deposited` − `withdrawn`. `agrees` says whether the ledger
    ///         issued and cancelled exactly as much.
    function reconcile() external view returns (uint256 deposited, uint256 withdrawn, uint256 outstanding, bool agrees);

    /// @notice As `reconcile`, of any money. `held`: what the desk has of the token; 0 where the bank backs. `agrees` says also
    ///         that this is no less than what is outstanding.
    function reconcileOf(uint256 instrument)
        external
        view
        returns (uint256 deposited, uint256 withdrawn, uint256 outstanding, uint256 held, bool agrees);

    function isUsed(bytes32 bankReference) external view returns (bool);
}
