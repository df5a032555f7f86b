// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Voucher } from "../types/Vouchers.sol";
import { IVoucherBook } from "../vouchers/IVoucherBook.sol";

/// @title Disputes: what is disputed rests, an arbitrator rules, and entries of their own compensate (R-TRD-12; clause 8.10 e).
/// @notice A party opens a dispute on a concluded act, within the terms' time, once, and claims only what it gave. A figure that
///         is settled anew is another act.
///
///         | subject | is known by | claimant, respondent | what rests |
///         |---|---|---|---|
///         | trade | its voucher, with proof | the seller, the buyer | units at the buyer, as far as free |
///         | | | the buyer, the seller | money at the seller, as far as free |
///         | transfer | its number in the TransferRules | the sender, the receiver | units at the receiver, as far as free |
///         | report | installation and year | the account, the authority | the figure: not determined anew |
///         | surrender | its application | the account, the authority | the approved application: not disputed twice |
///
///         The authority may grant what the account claims before a ruling: it reopens the filing, reverses the surrender within
///         its window. A ruling then changes nothing more. A disputed transfer is not reversed as well.
///
///             open --rule--> ruled --(appeal period)--> execute
///              |               |--appeal--> appealed --decide--> final --> execute
///              |-- withdraw, lapse          (not decided in time: the first ruling stands)
///
///         A ruling gives the other party at most what rests of each line, and frees the remainder. It is executed once, by
///         anyone, when it can no longer be appealed. The standard lets super nodes "modify and delete"; here nothing that was
///         recorded changes: what a ruling brings are new entries that name the dispute.
/// @dev Quantities are whole tonnes, or smallest units of money. Units are alike: what rests at a holder is as many of the
///      instrument as it has free, whether or not they are those that the act brought. What it no longer has is for the
///      AuthorityDesk, with the ruling as its document.
interface IDisputeDesk {
    enum SubjectKind {
        NONE,
        TRADE, // series << 40 | index of its voucher
        TRANSFER, // number in the TransferRules
        REPORT, // installation << 16 | year
        SURRENDER // number of the application
    }

    enum DisputeState {
        NONE,
        OPEN, // evidence, then a ruling, until `until`
        RULED, // can be appealed until `until`
        APPEALED, // to be decided by another arbitrator until `until`
        FINAL, // decided on appeal at `until`
        EXECUTED,
        WITHDRAWN,
        LAPSED // not ruled, or not executed, in time
    }

    /// @dev Seconds each. A dispute keeps those with which it was opened.
    struct DisputeTerms {
        uint32 openFor; // from the disputed act
        uint32 evidenceFor; // from the opening
        uint32 ruleFor; // from the end of evidence; from an appeal
        uint32 appealFor; // from the ruling
        uint32 executeFor; // from when the ruling stands
    }

    struct Dispute {
        address claimant;
        DisputeState state;
        SubjectKind kind;
        uint40 until; // Unix seconds, the last one included: what it means is for the state to say
        bool upheld; // as last ruled
        address respondent; // 0: the authority
        uint40 evidenceUntil; // Unix seconds
        uint32 evidence; // pieces submitted, statement and grounds included
        DisputeTerms terms;
        uint256 subject;
        address arbitrator; // who ruled first
        address appealArbitrator; // who ruled on appeal
        bytes32 ruling; // digest of the ruling as it stands; 0: none
    }

    /// @dev What rests. Its other side is the other party.
    struct DisputedLine {
        address holder;
        uint96 frozen; // rests now; 0 when the dispute is over
        uint88 instrument;
        uint96 award; // of it, as ruled, to the other party
    }

    /* ERRORS */

    error UnknownDispute(uint256 id);
    /// @notice Dispute `id` is in `state`, in which this cannot be done.
    error DisputeNotIn(uint256 id, DisputeState state);
    /// @notice `account` is neither side of what is disputed, or claims what the other side gave.
    error NotTheParty(address account);
    /// @notice Dispute `dispute` on the same act was opened by the same party before.
    error DisputedAlready(SubjectKind kind, uint256 subject, uint256 dispute);
    /// @notice The voucher is not what it says: `verdict`.
    error VoucherRefuted(IVoucherBook.Verdict verdict);
    /// @notice Only trades and completed transfers between two accounts are disputed so.
    error NotDisputable(SubjectKind kind, uint256 subject);
    /// @notice What is disputed was done so long ago that a dispute could be opened until `until`.
    error DisputeTooLate(uint256 until);
    /// @notice Nothing, or more than the act was about.
    error BadClaim(uint256 claimed, uint256 most);
    /// @notice Evidence can be submitted until `until`, and a ruling given only then.
    error EvidencePeriod(uint256 id, uint40 until);
    /// @notice What was to be done could be done until `until`.
    error DisputePeriodOver(uint256 id, uint40 until);
    /// @notice `arbitrator` ruled first: another one decides the appeal.
    error SameArbitrator(address arbitrator);
    /// @notice `arbitrator` acts for `account`, a party.
    error ArbitratorInvolved(address arbitrator, address account);
    /// @notice An award for each line, none above what rests of it, and none where the claim is dismissed.
    error BadAwards(uint256 id);
    /// @notice The ruling can be executed from `from` on; 0: there is none.
    error NotExecutable(uint256 id, uint256 from);
    /// @notice Dispute `id` stands until `until`.
    error DisputeStands(uint256 id, uint256 until);
    /// @notice Each period is a second or more.
    error BadDisputeTerms();
    /// @notice A digest must say why.
    error CauseMissing();

    /* EVENTS */

    event DisputeTermsSet(DisputeTerms terms);
    /// @param statement Digest of the claim, the first piece of evidence.
    event DisputeOpened(
        uint256 indexed id,
        address indexed claimant,
        address indexed respondent,
        SubjectKind kind,
        uint256 subject,
        DisputedLine[] lines,
        DisputeTerms terms,
        bytes32 statement
    );
    /// @param party Account; 0: the authority.
    event EvidenceSubmitted(uint256 indexed id, address indexed party, address indexed key, bytes32 evidence);
    /// @param awards One a line.
    /// @param document Digest of the ruling with its reasons.
    /// @param until Of the dispute: the last second to appeal; on appeal, from when it can be executed.
    event RulingGiven(
        uint256 indexed id,
        address indexed arbitrator,
        bool onAppeal,
        bool upheld,
        uint96[] awards,
        bytes32 document,
        uint40 until
    );
    event RulingAppealed(uint256 indexed id, address indexed party, bytes32 grounds, uint40 until);
    /// @notice The ruling is executed: what it awards moves, and what else rested is free, in this transaction.
    event RulingExecuted(uint256 indexed id, bool upheld);
    /// @notice It ended without compensation; what rested is free.
    event DisputeEnded(uint256 indexed id, DisputeState state);
    /// @notice Act `act` of the authority took `quantity` of what rested.
    event DisputedUnitsTaken(uint256 indexed id, uint256 indexed act, uint256 instrument, uint256 quantity);

    /* OPENING: by a representative of a party with INITIATE and APPROVE, whatever restrictions the account is under */

    /// @notice Dispute a trade. It is undone where each side disputes it, and both claims are upheld.
    /// @param siblings Of the voucher's leaf, as `VoucherBook.verify` takes them.
    /// @param units By the seller: tonnes that it should have back, at most those of the voucher; 0 by the buyer.
    /// @param money By the buyer: what it should have back, at most what was paid; 0 by the seller.
    function openOnTrade(
        Voucher calldata voucher,
        bytes32[] calldata siblings,
        uint256 units,
        uint256 money,
        bytes32 statement
    ) external returns (uint256 id);

    /// @notice Dispute a completed transfer. By its sender.
    /// @param units That the sender should have back.
    function openOnTransfer(uint256 transfer, uint256 units, bytes32 statement) external returns (uint256 id);

    /// @notice Dispute the figure of a year. Upheld: the filing is open again.
    function openOnReport(uint64 installation, uint16 year, bytes32 statement) external returns (uint256 id);

    /// @notice Dispute an approved surrender. Upheld: it is reversed, as far as the desk may.
    function openOnSurrender(uint256 application, bytes32 statement) external returns (uint256 id);

    /// @notice Give up a claim before a ruling. By the claimant.
    function withdraw(uint256 id) external;

    /* EVIDENCE */

    /// @notice Within the period of evidence, by a representative of either party.
    function submitEvidence(uint256 id, bytes32 evidence) external;

    /// @notice The same where the authority is the other side. For REGULATOR.
    function submitForAuthority(uint256 id, bytes32 evidence) external;

    /* RULING */

    /// @notice Rule, after the period of evidence. For ARBITRATOR who acts for no party.
    function rule(uint256 id, bool upheld, uint96[] calldata awards, bytes32 document) external;

    /// @notice Once, by a representative of either party.
    function appeal(uint256 id, bytes32 grounds) external;

    /// @notice Once, where the authority is the other side. For REGULATOR.
    function appealForAuthority(uint256 id, bytes32 grounds) external;

    /// @notice Rule in the place of the first ruling. For another ARBITRATOR.
    function decideAppeal(uint256 id, bool upheld, uint96[] calldata awards, bytes32 document) external;

    /// @notice Execute a ruling that stands. Anyone; once.
    function execute(uint256 id) external;

    /// @notice Free what rests where nobody ruled, or nobody could execute, in time. Anyone.
    function lapse(uint256 id) external;

    /* TERMS AND VIEWS */

    /// @notice For REGULATOR; disputes that stand keep theirs.
    function setTerms(DisputeTerms calldata terms) external;

    function termsOf() external view returns (DisputeTerms memory);

    function disputeOf(uint256 id) external view returns (Dispute memory dispute, DisputedLine[] memory lines);

    /// @notice Number of the dispute on an act: the last opened, while it stands; of a transfer also the one whose ruling made it
    ///         good. 0: none.
    function disputeOn(SubjectKind kind, uint256 subject) external view returns (uint256 id);

    function disputeCount() external view returns (uint256);
}
