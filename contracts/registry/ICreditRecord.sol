// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title The credit record: misconduct of accounts, and what follows from it for their very next act (R-TRD-7).
/// @notice Misconduct enters as an entry of a kind. What a kind counts (points, for how many days), whether it bars
///         from acts, and for how long, and until when it can be appealed is data of the regulator. The score of an
///         account is the sum of the points of its entries that count; by thresholds it gives a tier, A to D, and a
///         tier has restrictions too.
///
///         Restrictions reach the ledger's eligibility word, through the registry, in the transaction in which the
///         entry is made: whatever the account tries next is refused where it is checked anyway. What decays does so by
///         time, and so does the ledger's word: when time has ended all that an account's own entries forbid, the account may
///         act again without anybody's doing. What falls away earlier, while the rest stands, and what is extended from
///         another account ends in the ledger with `refresh`. A tier's restrictions can be carried to other accounts of
///         the same beneficial owner (`extend`), by anyone.
///
///         Modules report by themselves (`report`). Officers need two: one accuses, another confirms. The account may
///         appeal; an officer who had no part in it decides. An annulled entry stays, with an entry that compensates
///         it: nothing is erased.
/// @dev Points and days of an entry are those of its kind when it was made. At most 32 shares of an account count at a
///      time, each an entry. One more makes two of them count together, with the points of both, until the later end of
///      both: the pair for which that is least too much. So a score is never too low. All data are
///      pseudonymous: kinds, figures and digests.
interface ICreditRecord {
    enum EntryState {
        NONE,
        STANDING,
        APPEALED, // counts on until it is decided
        UPHELD,
        ANNULLED, // counts no more; a compensating entry says so
        COMPENSATION // annuls the entry `compensates`
    }

    enum AccusationState {
        NONE,
        OPEN,
        CONFIRMED,
        DISMISSED,
        WITHDRAWN
    }

    enum CreditTier {
        A,
        B,
        C,
        D
    }

    /// @dev What an entry of a kind counts from now on.
    struct KindTerms {
        uint16 points;
        uint16 countsFor; // days
        uint16 restrictions; // bits of `Restrictions`, while it bars
        uint16 barredFor; // days
        uint16 appealWithin; // days
        bool byOfficers; // two officers may enter it
    }

    /// @dev What a tier from B on means.
    struct TierTerms {
        uint32 from; // score; the next tier's is higher
        uint16 restrictions; // bits of `Restrictions`, for the account
        uint16 ownerRestrictions; // likewise, for other accounts of its owner to which it is extended
    }

    struct ConductEntry {
        uint8 kind;
        EntryState state;
        uint16 points;
        uint16 restrictions;
        uint40 at; // Unix seconds
        uint40 countsUntil; // Unix seconds; then its points count no more
        uint40 barredUntil; // Unix seconds; then its restrictions end
        uint40 appealUntil; // Unix seconds
        uint32 compensates; // the entry that this one annuls; 0: none
        address reporter; // a module, or the officer who accused
        address confirmer; // the second officer; 0: a module reported
        bytes32 cause; // digest of the case, or the block's id
    }

    /// @dev As it was written down last, `at`. One word.
    struct CreditStanding {
        uint32 entries; // ever made, compensations included
        uint32 score;
        CreditTier tier;
        uint16 restrictions; // in force by the record, extended ones included
        uint40 at; // Unix seconds; 0: never
        uint16 lapsing; // of the restrictions: those that the ledger lets end by itself
        uint40 lapseAt; // Unix seconds; when it does
    }

    struct Accusation {
        address account;
        uint8 kind;
        AccusationState state;
        address accuser;
        bytes32 cause;
    }

    /* ERRORS */

    /// @notice Some term is impossible; `term` is its position in the struct, from 0.
    error BadConductTerms(uint256 term);
    /// @notice `caller` may not report misconduct of `kind`; `reporter` may (0: nobody).
    error NotTheReporter(address caller, uint8 kind, address reporter);
    /// @notice Misconduct of `kind` is not for officers to enter.
    error NotForOfficers(uint8 kind);
    /// @notice The accusation is in the state `state`, in which this cannot be done.
    error AccusationNotOpen(uint32 id, AccusationState state);
    /// @notice `officer` accuses of it, or confirmed it, and does not decide about it as well.
    error SecondOfficerNeeded(address officer);
    /// @notice `officer` has not made the accusation; `accuser` has.
    error NotTheAccuser(address officer, address accuser);
    /// @notice The entry is in the state `state`, in which this cannot be done.
    error WrongEntryState(address account, uint32 entry, EntryState state);
    /// @notice It could be appealed until `until`.
    error AppealTooLate(uint32 entry, uint40 until);
    /// @notice `key` may not appeal for an account: it needs the right INITIATE and a certificate in force.
    error NotTheAppellant(address key);
    /// @notice Nothing extends from `source` to `account`: they have not one owner, or the tier of the source does not
    ///         say so.
    error NothingToExtend(address source, address account);
    /// @notice At most `most` accounts a call.
    error TooManyAccounts(uint256 given, uint256 most);
    /// @notice A digest must say why.
    error ReasonMissing();

    /* EVENTS: all that a replay needs */

    event ConductKindSet(uint8 indexed kind, KindTerms terms);
    /// @notice From now on `reporter` may report misconduct of `kind`; 0: nobody.
    event ReporterAppointed(uint8 indexed kind, address indexed reporter);
    /// @notice What the tiers B, C and D mean from now on.
    event TiersSet(TierTerms[3] tiers);
    event ConductEntered(address indexed account, uint32 indexed entry, uint8 indexed kind, ConductEntry terms);
    /// @notice From now on the share `left`, an entry or several, counts with the share `into`, until the later end of both.
    event EntriesJoined(address indexed account, uint32 indexed left, uint32 indexed into);
    event Accused(uint32 indexed id, address indexed account, uint8 indexed kind, address accuser, bytes32 cause);
    event AccusationEnded(uint32 indexed id, AccusationState state, address officer, bytes32 reasons);
    event EntryAppealed(address indexed account, uint32 indexed entry, address key, bytes32 grounds);
    event AppealDismissed(address indexed account, uint32 indexed entry, address officer, bytes32 reasons);
    /// @notice `compensation` is the new entry that takes back what `entry` counted.
    event EntryAnnulled(
        address indexed account, uint32 indexed entry, uint32 compensation, address officer, bytes32 reasons
    );
    /// @notice Score, tier and restrictions of `account` as they are now. `source`: the account of the same owner from
    ///         which restrictions are extended; 0: none. The restrictions `lapsing` end by themselves at `lapseAt`.
    event CreditChanged(
        address indexed account,
        uint32 score,
        CreditTier tier,
        uint16 restrictions,
        uint16 lapsing,
        uint40 lapseAt,
        address source
    );

    /* WHAT COUNTS: data */

    /// @notice Say what misconduct of a kind counts from now on; entries that were made keep their terms. For
    ///         REGULATOR.
    function setKind(uint8 kind, KindTerms calldata terms) external;

    /// @notice Say what the tiers mean; it applies to an account with its next change or `refresh`. For REGULATOR.
    /// @param tiers Of B, C and D; each forbids whatever the one before does.
    function setTiers(TierTerms[3] calldata tiers) external;

    /// @notice Name the module that reports misconduct of a kind. For ADMINISTRATOR.
    function appointReporter(uint8 kind, address reporter) external;

    /* ENTRIES */

    /// @notice Enter misconduct at once. Only the reporter of the kind.
    function report(address account, uint8 kind, bytes32 cause) external returns (uint32 entry);

    /// @notice Accuse an account; it counts when another officer confirms it. For RISK_MANAGER.
    /// @param cause Digest of the evidence.
    function accuse(address account, uint8 kind, bytes32 cause) external returns (uint32 id);

    /// @notice Take back one's own accusation. For RISK_MANAGER.
    function withdrawAccusation(uint32 id, bytes32 reasons) external;

    /// @notice Enter what another officer accused of. For SERVICE_REGULATOR.
    function confirmAccusation(uint32 id, bytes32 reasons) external returns (uint32 entry);

    /// @notice Refuse an accusation. For SERVICE_REGULATOR.
    function dismissAccusation(uint32 id, bytes32 reasons) external;

    /* APPEAL */

    /// @notice Appeal an entry of one's account, once and in time, whatever the account may do at present. For a
    ///         representative with the right INITIATE.
    function appeal(uint32 entry, bytes32 grounds) external;

    /// @notice Uphold an entry, or annul it. For REGULATOR: an officer who neither accused of it nor confirmed it.
    function decideAppeal(address account, uint32 entry, bool annulled, bytes32 reasons) external;

    /* TIME AND OWNERS */

    /// @notice Write down what time has changed, and lift what has decayed. Anyone may.
    function refresh(address account) external;

    /// @notice Carry the restrictions that the tier of `source` has for its owner to other accounts of that owner, at
    ///         most 16. Anyone may. A source that forbids more takes the place of another. They end with `refresh` when
    ///         the source's tier, or the common owner, does not give them any more.
    function extend(address source, address[] calldata accounts) external;

    /* VIEWS */

    function conductKind(uint8 kind) external view returns (KindTerms memory);

    function reporterOf(uint8 kind) external view returns (address);

    function tierTerms() external view returns (TierTerms[3] memory);

    /// @notice As it was written down last.
    function standingOf(address account) external view returns (CreditStanding memory);

    /// @notice As it is now, whether it was written down or not.
    function creditOf(address account) external view returns (uint32 score, CreditTier tier, uint16 restrictions);

    /// @param entry From 1 to the standing's `entries`.
    function entryOf(address account, uint32 entry) external view returns (ConductEntry memory);

    /// @notice The shares that counted when it was written down last, in no order: each an entry, or the one that others were
    ///         joined to.
    function countingOf(address account) external view returns (uint32[] memory);

    /// @notice The account from which restrictions extend to `account`; 0: none.
    function sourceOf(address account) external view returns (address);

    function accusationCount() external view returns (uint32);

    function accusationOf(uint32 id) external view returns (Accusation memory);
}
