// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What the pre-examination finds; a set of bits. The low byte speaks against the application, the high byte warns.
library Findings {
    /// @dev 1: the class is no tonne, the allowance is of another scheme, or credits are not accepted at all.
    uint16 internal constant NOT_ELIGIBLE = 1 << 0;
    /// @dev 2: borrowed from a year from which the rules do not allow it.
    uint16 internal constant VINTAGE_TOO_NEW = 1 << 1;
    /// @dev 3: banked for longer than the rules allow.
    uint16 internal constant VINTAGE_TOO_OLD = 1 << 2;
    /// @dev 4: the instrument's validity has ended.
    uint16 internal constant EXPIRED = 1 << 3;
    /// @dev 5: with what was applied for before, more credits than the year's share of the obligation.
    uint16 internal constant CREDIT_SHARE_EXCEEDED = 1 << 4;
    /// @dev 6: the rules of the year are not set.
    uint16 internal constant NO_RULES = 1 << 5;
    /// @dev 7: a credit lacks a label that the scheme requires, or is for voluntary cancellation only.
    uint16 internal constant LABEL_MISSING = 1 << 6;

    /// @dev 9, a warning: the deadline of the year has passed; what is surrendered does not avoid the penalty.
    uint16 internal constant LATE = 1 << 8;
    /// @dev 10, a warning: nothing is owed at present.
    uint16 internal constant NOTHING_OWED = 1 << 9;
    /// @dev 11, a warning: more than is owed at present.
    uint16 internal constant MORE_THAN_OWED = 1 << 10;
    /// @dev 12, a warning: emissions of a year that came up are missing.
    uint16 internal constant EMISSIONS_MISSING = 1 << 11;

    uint16 internal constant UNFAVOURABLE = 0x00ff;
}

/// @title Where units are given up: surrender and voluntary cancellation (R-CMP-1, R-CMP-2, R-AST-6, R-VCH-2; clause 8.8).
/// @notice Surrender: applied for (units are bound, and examined at once: numbered findings, an opinion), decided by the
///         authority, cancelled with one voucher for each line. A unit that was cancelled is never used again: a
///         reversal issues new ones, with new serials, whose cause in the ledger is the application. What is owed and by when is
///         in `IObligations`.
/// @dev Vouchers of surrenders and of cancellations share one series. A voucher's `ref` is the application's number, or
///      the cause of the cancellation, `keccak256(abi.encode(beneficiary, purpose))`. Causes in the ledger are the same.
interface IComplianceDesk {
    enum ApplicationState {
        NONE,
        FILED,
        APPROVED,
        REJECTED,
        WITHDRAWN,
        AWAITING, // a second representative has to endorse it before it can be approved
        REVERSED // approved, and later made good by units with new serials
    }

    enum Opinion {
        FAVOURABLE,
        UNFAVOURABLE
    }

    /// @dev What the desk is told once.
    struct Setup {
        uint16 scheme; // number in the instruments' ids; allowances of others are not eligible
        uint32 series; // number of the vouchers' series in the VoucherBook
        int32 utcOffset; // seconds east of UTC of the scheme's civil day
    }

    /// @dev One word.
    struct Application {
        address account;
        ApplicationState state;
        uint8 lines;
        uint16 year; // by whose rules it was examined
        uint16 findings; // bits of `Findings`
        uint8 frozen; // of its basis: years whose deadline passes later count it as in time
        uint40 since; // Unix seconds: in this state since then
    }

    /// @dev One word of an application.
    struct Line {
        uint88 instrument;
        uint96 quantity; // whole tonnes
    }

    /* ERRORS (and of IObligations: NotEnrolled, TooManyPending; of the ledger: InsufficientFree) */

    error UnknownApplication(uint256 id);
    /// @notice Application `id` is decided or withdrawn.
    error ApplicationClosed(uint256 id, ApplicationState state);
    /// @notice The application is of `account`, for which `key` does not act.
    error NotTheAccount(address key, address account);
    /// @notice The opinion is unfavourable: `findings`.
    error OpinionUnfavourable(uint256 id, uint16 findings);
    /// @notice An application has 1 to `limit` lines, and as many quantities as instruments.
    error BadLines(uint256 instruments, uint256 quantities, uint256 limit);
    /// @notice Nothing, or 2^40 tonnes and more in one application.
    error BadTonnes(uint256 tonnes);
    /// @notice Only tonnes are cancelled, not money.
    error NotCancellable(uint256 instrument);
    /// @notice Application `id` waits for a second representative; it is not decided before.
    error SecondRepresentativeMissing(uint256 id);
    /// @notice `key` made application `id` itself; another representative endorses it.
    error MayNotEndorseOwn(uint256 id, address key);
    /// @notice Application `id` does not wait for a second representative.
    error NothingToEndorse(uint256 id, ApplicationState state);
    /// @notice A digest must say why.
    error CauseMissing();
    /// @notice The two offsets do not give the same civil day now: the order of the day would run twice.
    error DayWouldChange(int32 from, int32 to);
    /// @notice A civil day is less than a day away from UTC.
    error BadOffset(int32 offset);

    /// @notice Application `id` could be reversed until `until`.
    error SurrenderReversalTooLate(uint256 id, uint256 until);
    /// @notice Dispute `dispute` stands on application `id`: it is not disputed twice.
    error SurrenderDisputed(uint256 id, uint256 dispute);

    /* EVENTS */

    event DeskSetUp(Setup setup);
    event UtcOffsetChanged(int32 offset);
    event SecondRepresentativeFrom(uint40 tonnes);

    event SurrenderApplied(
        uint256 indexed id, address indexed account, address indexed key, uint256[] instruments, uint256[] quantities
    );
    event SurrenderExamined(uint256 indexed id, uint16 year, uint16 findings, Opinion opinion);
    /// @notice The units of application `id` are cancelled; its vouchers follow, one a line, in the order of the lines.
    event SurrenderApproved(uint256 indexed id, address indexed account, uint256 tonnes);
    event SurrenderRejected(uint256 indexed id, address indexed account, bytes32 reason);
    event SurrenderWithdrawn(uint256 indexed id, address indexed account);
    /// @notice Application `id`, made by `key`, waits for another representative. Follows its examination.
    event SurrenderAwaits(uint256 indexed id, address indexed key);
    event SurrenderEndorsed(uint256 indexed id, address indexed key);
    /// @notice As many units as application `id` cancelled are issued in this transaction. The surrender counts no longer; its
    ///         vouchers stay, as what they attest happened.
    /// @param cause Digest; for a ruling the number of the dispute.
    event SurrenderReversed(uint256 indexed id, address indexed account, uint256 tonnes, bytes32 cause);
    event ReversalWindowSet(uint40 reversibleFor);

    /// @notice Its voucher follows.
    /// @param beneficiary Salted commitment to who takes the benefit.
    /// @param purpose Digest of the purpose.
    /// @param year Civil year whose emissions are answered for; 0: none is named.
    event VoluntarilyCancelled(
        address indexed account,
        uint256 indexed instrument,
        uint256 quantity,
        bytes32 beneficiary,
        bytes32 purpose,
        uint16 year
    );

    /* SCHEME */

    /// @notice Change the offset of the civil day, at a time when both offsets have the same day. For SERVICE_MANAGER.
    function setUtcOffset(int32 offset) external;

    function setupOf() external view returns (Setup memory);

    /// @notice From `tonnes` in one application on, a second representative endorses it before it can be approved; 0: never.
    ///         1: always, so that nobody cuts a large one into small ones. For REGULATOR. What was applied for before stays.
    function setSecondRepresentativeFrom(uint40 tonnes) external;

    /// @notice Whole tonnes; 0: never.
    function secondRepresentativeFrom() external view returns (uint40 tonnes);

    /* SURRENDER */

    /// @notice Apply to surrender; the units are bound and the application is examined at once. By a representative with
    ///         Rights.SURRENDER, unless the account is under NO_SURRENDER. Without free units: the ledger's InsufficientFree.
    /// @param instruments Ids; one line each.
    /// @param quantities Whole tonnes.
    function applySurrender(uint256[] calldata instruments, uint256[] calldata quantities) external returns (uint256 id);

    /// @notice Endorse an application that another representative made. By one with Rights.APPROVE, unless the account is
    ///         under NO_SURRENDER. It counts as applied for when it was.
    function endorseSurrender(uint256 id) external;

    /// @notice Who made an application that waits for a second representative; zero for every other.
    function initiatorOf(uint256 id) external view returns (address key);

    /// @notice Take an undecided application back. By a representative of the account with Rights.SURRENDER.
    function withdrawSurrender(uint256 id) external;

    /// @notice Cancel the units of an application with a favourable opinion. For REGULATOR.
    function approveSurrender(uint256 id) external;

    /// @notice As `approveSurrender`, each; all or none. For REGULATOR.
    function approveSurrenders(uint256[] calldata ids) external;

    /// @notice Give the units back. For REGULATOR.
    function rejectSurrender(uint256 id, bytes32 reason) external;

    /// @notice As `rejectSurrender`, each; all or none. For REGULATOR.
    function rejectSurrenders(uint256[] calldata ids, bytes32 reason) external;

    /// @notice Undo an approved surrender within the window: issue as many units with new serials. Not where a year that is
    ///         judged would lack them (`SurrenderNeeded`). A dispute on it does not hinder: it is what the claimant asks for.
    ///         For REGULATOR.
    function reverseSurrender(uint256 id, bytes32 cause) external;

    /// @notice Seconds from the approval in which the authority may reverse a surrender; 0, as at first: never. For REGULATOR.
    function setReversalWindow(uint40 reversibleFor) external;

    function reversalWindow() external view returns (uint40);

    /// @notice What the examination would find now for these lines.
    function examine(address account, uint256[] calldata instruments, uint256[] calldata quantities)
        external
        view
        returns (uint16 year, uint16 findings, Opinion opinion);

    function applicationOf(uint256 id) external view returns (Application memory, Line[] memory);

    function applicationCount() external view returns (uint256);

    /* VOLUNTARY CANCELLATION */

    /// @notice Cancel free units for good, for someone's benefit. By a representative with INITIATE and APPROVE, unless the
    ///         account is under NO_TRANSFER. Its voucher refers to keccak256(abi.encode(beneficiary, purpose, year)).
    /// @param beneficiary Salted commitment to who takes the benefit.
    /// @param purpose Digest of the purpose.
    /// @param year Civil year whose emissions are answered for; 0: none is named.
    function cancelVoluntarily(uint256 instrument, uint256 quantity, bytes32 beneficiary, bytes32 purpose, uint16 year)
        external;
}
