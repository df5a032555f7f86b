// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Rounding } from "../types/FixedPoint.sol";
import { Status } from "./ComplianceStatus.sol";

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

/// @title Obligation, surrender, status, penalty (R-CMP-1 to R-CMP-4, R-AST-6; clause 8.8).
/// @notice An account's obligation is cumulative: the accepted emissions of its years against all that it ever surrendered,
///         in whole tonnes. Its status is the function `ComplianceStatus` of that; it is judged again at every act, and
///         `statusOf` always tells it as of the year that is open.
///
///         Surrender: applied for (units are bound, and examined at once: numbered findings, an opinion), decided by the
///         authority, cancelled with one voucher for each line. A unit that was cancelled is never used again.
///
///         At the surrender deadline of a year its *static* figures stand: status, and what had been surrendered. They are
///         written down by anyone's `freezeStatus`, and in any case before an act changes the account. An application that
///         was filed in time counts as surrendered in time, whenever it is approved. From these figures the penalty is
///         assessed, once for an account and year; what is missing is still owed.
/// @dev Vouchers of surrenders and of cancellations share one series. A voucher's `ref` is the application's number, or
///      the cause of the cancellation, `keccak256(abi.encode(beneficiary, purpose))`.
interface IComplianceDesk {
    enum ApplicationState {
        NONE,
        FILED,
        APPROVED,
        REJECTED,
        WITHDRAWN
    }

    /// @dev How far a year of an account has come.
    enum YearStage {
        OPEN,
        FROZEN, // its deadline passed and its static figures are written down
        ASSESSED,
        PAID // assessed, and its penalty has arrived
    }

    enum Opinion {
        FAVOURABLE,
        UNFAVOURABLE
    }

    /// @dev What the desk is told once.
    struct Setup {
        uint16 firstYear; // of the scheme: no obligation is of an earlier one; 55 years from it can be judged
        uint16 currentYear; // that is open
        uint16 scheme; // number in the instruments' ids; allowances of others are not eligible
        Rounding rounding; // of an account's grams in a year to tonnes (R-MRV-3)
        uint32 series; // number of the vouchers' series in the VoucherBook
        int32 utcOffset; // seconds east of UTC of the scheme's civil day
    }

    /// @dev The rules for surrenders and penalties of one year's obligation.
    struct Rules {
        uint40 reportingDeadline; // Unix seconds; after it missing emissions restrict
        uint40 surrenderDeadline; // Unix seconds, the last second included; not 0
        uint16 oldestVintage; // 0: any
        uint16 newestVintage; // 0: any; later than the year itself: borrowing
        uint16 creditShare; // basis points of the year's emissions that credits may cover; 0: no credits
        uint32 indexNumerator; // the penalty is indexed by this fraction, 1/1 when it is not
        uint32 indexDenominator;
        uint96 penaltyPerTonne; // smallest units of money
    }

    struct Application {
        address account;
        ApplicationState state;
        uint8 lines;
        uint16 year; // whose rules it was examined by
        uint16 findings; // bits of `Findings`
        uint8 frozen; // years whose static figures stood when it was filed: their number from the scheme's first
        uint40 filedAt; // Unix seconds
    }

    /// @dev One word of an application.
    struct Line {
        uint88 instrument;
        uint96 quantity; // whole tonnes
    }

    /// @dev As it stands now.
    struct Position {
        uint16 firstYear; // 0: not enrolled
        uint16 lastYear; // 0: none
        uint16 frozenThrough; // the last year with static figures, 0: none
        uint48 emissions; // tonnes of the years that came up and are not excluded
        uint48 surrendered; // tonnes, ever
        uint48 shortfall; // tonnes
        uint8 pending; // applications not decided
        uint16 missingYear; // the earliest year that came up and whose emissions are missing, 0: none
        bool restricted; // from trading, for a shortfall or missing emissions
        Status status;
    }

    /// @dev One word of an account and year.
    struct YearRecord {
        uint48 emissions; // tonnes, when they are known
        uint48 surrendered; // tonnes in sum, when the deadline passed
        uint40 credits; // tonnes of credits applied for or surrendered by the rules of this year
        uint8 awaiting; // applications filed before the deadline and not decided; 0 until the year is frozen
        uint96 penalty; // smallest units of money
        Status status; // at the deadline
        YearStage stage;
    }

    /* ERRORS */

    /// @notice The desk judges years from `first` to `last`.
    error YearOutOfRange(uint16 year, uint16 first, uint16 last);
    /// @notice Years are opened one after the other; `current` is open.
    error YearNotNext(uint16 year, uint16 current);
    error AlreadyEnrolled(address account, uint16 firstYear);
    error NotEnrolled(address account);
    /// @notice The last year is before the first.
    error YearsReversed(uint16 firstYear, uint16 lastYear);
    /// @notice `year` is excluded already, or is not.
    error ExclusionUnchanged(address account, uint16 year, bool excluded);
    /// @notice What is wrong: a deadline of 0 or before the reporting deadline, an index without denominator or vintages or a
    ///         share that cannot be.
    error BadRules(uint16 year);
    /// @notice The deadline has passed: the rules of the year stand.
    error RulesFixed(uint16 year, uint40 deadline);
    error UnknownApplication(uint256 id);
    /// @notice Application `id` is decided or withdrawn.
    error ApplicationClosed(uint256 id, ApplicationState state);
    /// @notice The application is of `account`, for which `key` does not act.
    error NotTheAccount(address key, address account);
    /// @notice The opinion is unfavourable: `findings`.
    error OpinionUnfavourable(uint256 id, uint16 findings);
    /// @notice An application has 1 to `limit` lines, and as many quantities as instruments.
    error BadLines(uint256 instruments, uint256 quantities, uint256 limit);
    /// @notice Nothing, or more than the desk counts (2^48 tonnes).
    error BadTonnes(uint256 tonnes);
    /// @notice `account` has as many undecided applications as it may.
    error TooManyPending(address account, uint256 limit);
    /// @notice Only tonnes are cancelled, not money.
    error NotCancellable(uint256 instrument);
    /// @notice `year` is not one of the account's, has no rules, or its `deadline` has not passed.
    error DeadlineNotPassed(address account, uint16 year, uint40 deadline);
    /// @notice `pending` applications that were filed in time are to be decided first.
    error ApplicationsPending(address account, uint256 pending);
    /// @notice The emissions of `year` are missing: no shortfall can be told.
    error EmissionsMissing(address account, uint16 year);
    /// @notice No year up to `year` whose reporting deadline has passed lacks its emissions.
    error NothingMissing(address account, uint16 year);
    error AlreadyAssessed(address account, uint16 year);
    /// @notice No penalty is open for `account` and `year`: none was imposed, or it is paid.
    error NoPenaltyOpen(address account, uint16 year);
    error ReferenceUsed(bytes32 bankReference);
    /// @notice A digest must say why.
    error CauseMissing();
    /// @notice The two offsets do not give the same civil day now: the order of the day would run twice.
    error DayWouldChange(int32 from, int32 to);
    error BadOffset(int32 offset);

    /* EVENTS */

    event DeskSetUp(Setup setup);
    /// @notice From now on the status of every account is as of `year`; accounts that do nothing are not told singly.
    event YearOpened(uint16 indexed year);
    event RulesSet(uint16 indexed year, Rules rules);
    event UtcOffsetChanged(int32 offset);

    event Enrolled(address indexed account, uint16 firstYear, uint16 lastYear);
    event YearsChanged(address indexed account, uint16 firstYear, uint16 lastYear);
    event ExclusionChanged(address indexed account, uint16 indexed year, bool excluded, bytes32 cause);
    /// @notice The emissions of `year` are known to be `tonnes`; or, when not `known`, count as nothing and are missing.
    event ObligationChanged(address indexed account, uint16 indexed year, uint48 tonnes, bool known);
    /// @param year That was open.
    event StatusChanged(address indexed account, uint16 indexed year, Status from, Status to);
    /// @notice The figures at the deadline; given again when an application that was filed in time is approved after it.
    event StatusFrozen(
        address indexed account, uint16 indexed year, Status status, uint48 emissions, uint48 surrendered
    );

    event SurrenderApplied(
        uint256 indexed id, address indexed account, address indexed key, uint256[] instruments, uint256[] quantities
    );
    event SurrenderExamined(uint256 indexed id, uint16 year, uint16 findings, Opinion opinion);
    /// @notice The units of application `id` are cancelled; its vouchers follow, one a line, in the order of the lines.
    event SurrenderApproved(uint256 indexed id, address indexed account, uint256 tonnes);
    event SurrenderRejected(uint256 indexed id, address indexed account, bytes32 reason);
    event SurrenderWithdrawn(uint256 indexed id, address indexed account);

    /// @notice Its voucher follows.
    /// @param beneficiary Salted commitment to who takes the benefit.
    /// @param purpose Digest of the purpose.
    event VoluntarilyCancelled(
        address indexed account, uint256 indexed instrument, uint256 quantity, bytes32 beneficiary, bytes32 purpose
    );

    event YearAssessed(address indexed account, uint16 indexed year, uint48 emissions, uint48 surrendered);
    event PenaltyImposed(address indexed account, uint16 indexed year, uint256 shortfall, uint256 amount);
    event PenaltyPaid(address indexed account, uint16 indexed year, uint256 amount, bytes32 bankReference);
    /// @notice Trading is forbidden while either holds.
    event ComplianceRestricted(address indexed account, bool forShortfall, bool forMissing);

    /* SCHEME */

    /// @notice Open the next compliance year. For REGULATOR.
    function openYear(uint16 year) external;

    /// @notice Set the rules of a year, until its surrender deadline has passed. For REGULATOR.
    /// @dev Set them for every year from the scheme's first: static figures of a year are written after those of the years
    ///      before it. A deadline in the past is for years gone by when a scheme starts; their figures freeze as they are.
    function setRules(uint16 year, Rules calldata rules) external;

    /// @notice Change the offset of the civil day, at a time when both offsets have the same day. For SERVICE_MANAGER.
    function setUtcOffset(int32 offset) external;

    function currentYear() external view returns (uint16);

    function setupOf() external view returns (Setup memory);

    function rulesOf(uint16 year) external view returns (Rules memory);

    /* OBLIGATION */

    /// @notice Take `account` into compliance. Emissions that were accepted before count. For REGULATOR.
    /// @param lastYear 0: none is known.
    function enrol(address account, uint16 firstYear, uint16 lastYear) external;

    /// @notice Change the first year of verified emissions. For REGULATOR.
    function setFirstYear(address account, uint16 firstYear) external;

    /// @notice Change the last year of verified emissions. For REGULATOR.
    /// @param lastYear 0: none is known.
    function setLastYear(address account, uint16 lastYear) external;

    /// @notice `account` owes nothing for `year`. For REGULATOR.
    function exclude(address account, uint16 year, bytes32 cause) external;

    /// @notice Undo an exclusion. For REGULATOR.
    function include(address account, uint16 year, bytes32 cause) external;

    /// @notice Judge accounts again, so that a change that a new year brought is recorded as an event. Anyone.
    function refresh(address[] calldata accounts) external;

    function statusOf(address account) external view returns (Status);

    function positionOf(address account) external view returns (Position memory);

    function yearOf(address account, uint16 year) external view returns (YearRecord memory);

    /* SURRENDER */

    /// @notice Apply to surrender; the units are bound and the application is examined at once. By a representative with
    ///         Rights.SURRENDER, unless the account is under NO_SURRENDER. Without free units: the ledger's InsufficientFree.
    /// @param instruments Ids; one line each.
    /// @param quantities Whole tonnes.
    function applySurrender(uint256[] calldata instruments, uint256[] calldata quantities) external returns (uint256 id);

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

    /// @notice What the examination would find now for these lines.
    function examine(address account, uint256[] calldata instruments, uint256[] calldata quantities)
        external
        view
        returns (uint16 year, uint16 findings, Opinion opinion);

    function applicationOf(uint256 id) external view returns (Application memory, Line[] memory);

    function applicationCount() external view returns (uint256);

    /* VOLUNTARY CANCELLATION */

    /// @notice Cancel free units for good, for someone's benefit. By a representative with INITIATE and APPROVE.
    function cancelVoluntarily(uint256 instrument, uint256 quantity, bytes32 beneficiary, bytes32 purpose) external;

    /* DEADLINES AND PENALTIES */

    /// @notice Write down the static figures of all years of `account` up to `year` whose surrender deadline has passed.
    ///         Anyone; reverts when `year` is not among them.
    function freezeStatus(address account, uint16 year) external;

    /// @notice Assess `year` of `account` after its surrender deadline. Anyone; once.
    /// @dev penalty = shortfall x penaltyPerTonne x indexNumerator / indexDenominator, rounded down once at the end, in favour
    ///      of who pays. shortfall = emissions up to the year less what had been surrendered at its deadline, or 0.
    ///      While the shortfall lasts the account may not trade.
    function assess(address account, uint16 year) external;

    /// @notice Forbid `account` to trade while emissions are missing for `year` or before it, after its reporting
    ///         deadline. Anyone.
    function restrictForMissing(address account, uint16 year) external;

    /// @notice The penalty of `year` has arrived. For SETTLEMENT_BANK.
    /// @param bankReference Of the bank; never used twice here.
    function recordPenaltyPaid(address account, uint16 year, bytes32 bankReference) external;
}
