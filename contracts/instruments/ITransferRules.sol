// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { TransferType } from "./TransferTypes.sol";
import { WorkingTime } from "./WorkingTime.sol";

/// @title How units may move between accounts: transaction types, trusted accounts, delays, second approvals (R-AST-3, R-ACC-2).
/// @notice A set of transaction types is published once and never changes; an instrument moves by one set. In a set the first
///         type that is for the two accounts and the quantity applies; where none is, there is no such transfer. Surrender and cancellation
///         are no transfers: they go through the ComplianceDesk and wait for nothing here.
///
///         A transfer is proposed (INITIATE), approved (APPROVE; by another key where the type wants two), waits, and is
///         completed by anyone when it is due. Its units are bound meanwhile. What its type does not delay is completed at once.
///         It keeps the type by which it was proposed; whether the type is still for the two accounts is asked again.
///
///         Where a pair's transfers can be direct whoever owns the accounts and whatever options they have, the ledger is
///         told so, and `safeTransferFrom` does them without a call here.
/// @dev Units of a transfer are bound under DELAYED_TRANSFER with its id as the cause.
interface ITransferRules {
    enum TransferState {
        NONE,
        PROPOSED, // bound; waits for an approval
        WAITING, // bound; waits for its time
        COMPLETED,
        CANCELLED,
        REFUSED,
        EXPIRED,
        REVERSED
    }

    struct TransferRecord {
        address from;
        TransferState state;
        uint8 kind; // index of its type in the set
        uint16 rules; // number of the set
        uint40 proposedAt; // Unix seconds
        address to;
        uint96 quantity;
        uint88 instrument;
        uint40 dueAt; // Unix seconds; 0: not approved yet
        uint40 closedAt; // when it was completed; 0: it was not
        address key; // that proposed it
        uint32 day; // civil day on which it counts against a limit; 0: none
    }

    enum TrustState {
        NONE,
        PROPOSED, // waits for an approval
        ADDED
    }

    struct Trust {
        address key; // that proposed it
        TrustState state;
        uint40 since; // Unix seconds; in effect from then on
    }

    /// @dev How accounts come onto a list.
    struct TrustRules {
        uint8 approvals; // 1: one key with both rights will do; 2: another key approves
        uint8 workingDays; // until an addition takes effect, after the seconds
        uint32 delay; // seconds
    }

    /* ERRORS (and of IEligibility, of WorkingTime and TransferTypes, of the ledger) */

    /// @notice There is no set `rules`.
    error UnknownRules(uint16 rules);
    /// @notice As many sets as there can be.
    error TooManyRules(uint256 limit);
    /// @notice One key, or two.
    error BadTrustRules(uint8 approvals);
    /// @notice No type of the set `rules` is for a transfer from an account of kind `fromKind` to one of `toKind`, which is on
    ///         its list or not.
    error NoTransferType(uint16 rules, uint8 fromKind, uint8 toKind, bool listed);
    /// @notice `instrument` is under no rules: transfer it by the ledger's `safeTransferFrom`.
    error NotUnderRules(uint256 instrument);
    /// @notice An account has nothing to transfer to, or to trust, itself.
    error ToItself(address account);
    /// @notice It may be proposed from `opensAt`, Unix seconds, on.
    error OutsideHours(uint256 opensAt);
    /// @notice The types that are for the two accounts are for transfers of `most` units at most.
    error TransferTooLarge(uint256 quantity, uint256 most);
    /// @notice The account has `left` units left for transfers of the type on this civil day.
    error DayLimitExceeded(uint256 quantity, uint256 left);
    error UnknownTransfer(uint256 id);
    /// @notice Transfer `id` is in a state in which this cannot be done.
    error TransferInState(uint256 id, TransferState state);
    /// @notice `key` proposed it: another one approves.
    error AnotherKeyApproves(address key);
    /// @notice It can be completed from `dueAt`, Unix seconds, on, within business hours where its type wants that.
    error TransferNotDue(uint256 id, uint256 dueAt);
    /// @notice Its time ended at `at`, Unix seconds.
    error TransferHasExpired(uint256 id, uint256 at);
    /// @notice Its time ends at `at`, Unix seconds; 0: never.
    error TransferNotExpired(uint256 id, uint256 at);
    /// @notice Its account could take it back until `until`, Unix seconds.
    error CancelWindowOver(uint256 id, uint256 until);
    /// @notice It could be reversed until `until`, Unix seconds; 0: never.
    error ReversalWindowOver(uint256 id, uint256 until);
    /// @notice Dispute `dispute` stands on the transfer, or its ruling has made it good.
    error TransferDisputed(uint256 id, uint256 dispute);
    /// @notice Its type is no longer for the two accounts: they left the list, have another owner, or lost an option.
    error TypeNoLongerApplies(uint256 id);
    /// @notice The transfer is of `account`, for which `key` does not act.
    error NotTheGiver(address key, address account);
    /// @notice `trusted` stands in a state on the list of `account` in which this cannot be done.
    error TrustInState(address account, address trusted, TrustState state);
    /// @notice A digest must say why.
    error CauseMissing();

    /* EVENTS */

    event RulesPublished(uint16 indexed rules, TransferType[] types, bytes32 document);
    event CalendarSet(WorkingTime.Calendar calendar);
    /// @param dates Civil days since 1970-01-01.
    event HolidaysSet(uint32[] dates, bool on);
    event TrustRulesSet(TrustRules rules);
    /// @notice `account` may, or may no longer, make transfers of types that want the option.
    event OptInSet(address indexed account, bool on, bytes32 cause);

    event TrustProposed(address indexed account, address indexed trusted, address indexed key);
    /// @param key That approved it.
    /// @param since Unix seconds; in effect from then on.
    event TrustAdded(address indexed account, address indexed trusted, address indexed key, uint40 since);
    event TrustRemoved(address indexed account, address indexed trusted, address indexed key);

    event TransferProposed(
        uint256 indexed id,
        address indexed from,
        address indexed to,
        address key,
        uint256 instrument,
        uint256 quantity,
        uint16 rules,
        uint8 kind
    );
    /// @param key That approved it; that of the proposal where one will do.
    event TransferApproved(uint256 indexed id, address indexed key, uint40 dueAt);
    event TransferCompleted(uint256 indexed id, address indexed by);
    event TransferCancelled(uint256 indexed id, address indexed by, bytes32 cause);
    event TransferRefused(uint256 indexed id, address indexed key);
    event TransferExpired(uint256 indexed id);
    /// @notice As many units of the instrument went back, for `cause`: the oldest free ones of the receiver.
    event TransferReversed(uint256 indexed id, bytes32 cause);

    /* RULES: for REGULATOR */

    /// @notice Publish a set of 1 to 16 types, in the order in which they are tried. It never changes.
    /// @param document Digest of the rules in words.
    function publishRules(TransferType[] calldata types, bytes32 document) external returns (uint16 rules);

    /// @notice Let instruments move by a set; 0: directly. Instrument 0: those that are defined from now on. Transfers that
    ///         wait keep the type by which they were proposed.
    function assignRules(uint256[] calldata instruments, uint16 rules) external;

    /// @notice Hours and working days from now on. Times that were computed before stay.
    function setCalendar(WorkingTime.Calendar calldata calendar) external;

    /// @param dates Civil days since 1970-01-01 at the calendar's offset.
    /// @param on Holidays, or days like any other again.
    function setHolidays(uint32[] calldata dates, bool on) external;

    function setTrustRules(TrustRules calldata rules) external;

    /// @notice Let an account make transfers of types that want the option, or no longer.
    function setOptIn(address account, bool on, bytes32 cause) external;

    function rulesCount() external view returns (uint16);

    function typesOf(uint16 rules) external view returns (TransferType[] memory);

    function calendarOf() external view returns (WorkingTime.Calendar memory);

    function trustRulesOf() external view returns (TrustRules memory);

    function hasOptedIn(address account) external view returns (bool);

    function isHoliday(uint256 day) external view returns (bool);

    function isOpenAt(uint256 moment) external view returns (bool);

    /// @notice `moment` itself within business hours, else the next opening.
    function nextOpening(uint256 moment) external view returns (uint256);

    /// @notice The same second of the day, `count` working days later.
    function afterWorkingDays(uint256 moment, uint256 count) external view returns (uint256);

    /* TRUSTED ACCOUNTS: by keys of the account */

    /// @notice Put `trusted` on the list of the account for which the caller may INITIATE. Where one approval will do and the
    ///         caller may APPROVE too, it is added at once and takes effect after the delay; else it waits for another key.
    function trust(address trusted) external;

    /// @notice Approve what another key proposed; it takes effect after the delay. By a key with APPROVE.
    function approveTrust(address trusted) external;

    /// @notice Take `trusted` off the list, or back before it took effect; at once. By a key with INITIATE or APPROVE.
    function distrust(address trusted) external;

    function trustOf(address account, address trusted) external view returns (Trust memory);

    /// @notice Whether `trusted` is on the list of `account`, in effect now.
    function isTrusted(address account, address trusted) external view returns (bool);

    /// @notice Tell the ledger from when on transfers between two accounts go directly under a set, or that they do not. Anyone
    ///         may, at any time: it writes what follows from set, kinds and list. Additions to a list do it for all sets that were assigned.
    function updateDirect(address from, address to, uint16 rules) external;

    /// @notice What `updateDirect` would write: Unix seconds; 0: never.
    function directSince(address from, address to, uint16 rules) external view returns (uint40);

    /* TRANSFERS */

    /// @notice Propose a transfer from the account for which the caller may INITIATE. It is completed at once where its type
    ///         allows; else its units are bound.
    /// @param quantity Whole tonnes, or smallest units of money.
    /// @return id From 1.
    /// @return state COMPLETED, WAITING or PROPOSED.
    /// @return dueAt Unix seconds; 0: not approved yet.
    function propose(address to, uint256 instrument, uint256 quantity)
        external
        returns (uint256 id, TransferState state, uint40 dueAt);

    /// @notice Approve a proposal. By a key of the account with APPROVE; another than proposed it where the type wants two.
    function approve(uint256 id) external returns (TransferState state, uint40 dueAt);

    /// @notice Refuse a proposal. By a key of the account with APPROVE.
    function refuse(uint256 id) external;

    /// @notice Complete a transfer that is due. Anyone may.
    function complete(uint256 id) external;

    /// @notice Take a transfer back that is not completed. By a key of the account with INITIATE or APPROVE, within the window.
    function cancel(uint256 id) external;

    /// @notice Cancel a transfer that is not completed, at any time. For REGULATOR.
    function cancelFor(uint256 id, bytes32 cause) external;

    /// @notice End a transfer that was not approved, or not completed, in time. Anyone may.
    function expire(uint256 id) external;

    /// @notice Send a completed transfer's units back, once, within the window, out of what the receiver has free. Not while it is
    ///         disputed, or after a ruling for the sender. For REGULATOR.
    function reverse(uint256 id, bytes32 cause) external;

    function transferOf(uint256 id) external view returns (TransferRecord memory);

    function transferCount() external view returns (uint256);

    /// @notice What would apply to a transfer of `quantity` units now. Reverts where no type does.
    /// @return rules The set; 0: none, it goes directly.
    /// @return kind Index of the type.
    /// @return found The type.
    /// @return direct The ledger's `safeTransferFrom` would do.
    /// @return dueAt When it would be due if it were approved now.
    function typeFor(address from, address to, uint256 instrument, uint256 quantity)
        external
        view
        returns (uint16 rules, uint8 kind, TransferType memory found, bool direct, uint40 dueAt);
}
