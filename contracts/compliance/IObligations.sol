// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Rounding } from "../types/FixedPoint.sol";
import { Status } from "./ComplianceStatus.sol";

/// @title Who owes what, by when, and what follows when it is not given (R-CMP-1 to R-CMP-4; clause 8.8).
/// @notice An account's obligation is cumulative: the accepted emissions of its years against all that it ever surrendered,
///         in whole tonnes. Its status is the function `ComplianceStatus` of that; it is judged again at every act, and
///         `statusOf` always tells it as of the year that is open.
///
///         At the surrender deadline of a year its *static* figures stand: status, and what had been surrendered. They are
///         written down by anyone's `freezeStatus`, and in any case before an act changes the account. An application that
///         was filed in time counts as surrendered in time, whenever it is approved. From these figures the penalty is
///         assessed, once for an account and year; what is missing is still owed.
/// @dev Apart from the ComplianceDesk, which takes the units, so that each can grow. What applications change here is told
///      by the desk's events, in the same transaction.
interface IObligations {
    /// @dev How far a year of an account has come.
    enum YearStage {
        OPEN,
        FROZEN, // its deadline passed and its static figures are written down
        ASSESSED,
        PAID // assessed, and its penalty has arrived
    }

    /// @dev What is told once.
    struct Scheme {
        uint16 firstYear; // no obligation is of an earlier one; 55 years from it can be judged
        uint16 currentYear; // that is open
        Rounding rounding; // of an account's grams in a year to tonnes (R-MRV-3)
    }

    /// @dev The rules for one year's obligation.
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

    /// @dev What an application to surrender is examined by.
    struct Basis {
        uint16 year; // whose rules hold: the last that came up for the account, or its first
        uint8 frozen; // years whose static figures stand: the number of the last, counted from the scheme's first
        bool late; // the surrender deadline of `year` has passed
        bool hasRules;
        bool missing; // emissions of a year that came up are missing
        uint16 oldestVintage; // 0: any
        uint16 newestVintage; // 0: any
        uint16 creditShare; // basis points
        uint48 creditLimit; // tonnes of credits that the rules of `year` allow
        uint48 credits; // tonnes of credits applied for or surrendered by them before
        uint48 emissions; // tonnes owed for
        uint48 surrendered; // tonnes, ever
    }

    /* ERRORS */

    /// @notice Years from `first` to `last` are judged.
    error YearOutOfRange(uint16 year, uint16 first, uint16 last);
    /// @notice Years are opened one after the other; `current` is open.
    error YearNotNext(uint16 year, uint16 current);
    error AlreadyEnrolled(address account, uint16 firstYear);
    error NotEnrolled(address account);
    /// @notice The last year is before the first.
    error YearsReversed(uint16 firstYear, uint16 lastYear);
    /// @notice `year` is excluded already, or is not.
    error ExclusionUnchanged(address account, uint16 year, bool excluded);
    /// @notice What is wrong: a deadline of 0 or before the reporting deadline, an index without denominator, or vintages or a
    ///         share that cannot be.
    error BadRules(uint16 year);
    /// @notice The deadline has passed: the rules of the year stand.
    error RulesFixed(uint16 year, uint40 deadline);
    /// @notice `account` has as many undecided applications as it may.
    error TooManyPending(address account, uint256 limit);
    /// @notice `year` is not one of the account's, has no rules, or its `deadline` has not passed.
    error DeadlineNotPassed(address account, uint16 year, uint40 deadline);
    /// @notice `awaiting` applications that were filed in time are to be decided first.
    error ApplicationsPending(address account, uint256 awaiting);
    /// @notice The emissions of `year` are missing: no shortfall can be told.
    error EmissionsMissing(address account, uint16 year);
    /// @notice No emissions are missing for `year` or before it.
    error NothingMissing(address account, uint16 year);
    /// @notice The shortfall of `year` is to be assessed first: each tonne is penalised once, by the rules of its year.
    error EarlierYearOpen(address account, uint16 year);
    error AlreadyAssessed(address account, uint16 year);
    /// @notice No penalty is open for `account` and `year`: none was imposed, or it is paid.
    error NoPenaltyOpen(address account, uint16 year);
    error ReferenceUsed(bytes32 bankReference);
    /// @notice A digest must say why.
    error CauseMissing();

    /// @notice The years that are judged need `needed` of the tonnes that `account` surrendered; without what is to be reversed there
    ///         would be `left`.
    error SurrenderNeeded(address account, uint256 needed, uint256 left);

    /* EVENTS */

    event SchemeSet(Scheme scheme);
    /// @notice From now on the status of every account is as of `year`; accounts that do nothing are not told singly.
    event YearOpened(uint16 indexed year);
    event RulesSet(uint16 indexed year, Rules rules);

    event Enrolled(address indexed account, uint16 firstYear, uint16 lastYear);
    event YearsChanged(address indexed account, uint16 firstYear, uint16 lastYear);
    event ExclusionChanged(address indexed account, uint16 indexed year, bool excluded, bytes32 cause);
    /// @notice The emissions of `year` are known to be `tonnes`; or, when not `known`, count as nothing and are missing.
    event ObligationChanged(address indexed account, uint16 indexed year, uint48 tonnes, bool known);
    /// @param year That was open.
    event StatusChanged(address indexed account, uint16 indexed year, Status from, Status to);
    /// @notice The figures at the deadline; given again when an application that was filed in time is decided after it.
    event StatusFrozen(
        address indexed account,
        uint16 indexed year,
        Status status,
        uint48 emissions,
        uint48 surrendered,
        uint8 awaiting
    );

    event YearAssessed(address indexed account, uint16 indexed year, uint48 emissions, uint48 surrendered);
    /// @notice `shortfall`: the tonnes that it is for, which no earlier penalty was for.
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

    function schemeOf() external view returns (Scheme memory);

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

    /* SURRENDER: the ComplianceDesk only */

    /// @notice What an application of `account` would be examined by now.
    function basisOf(address account) external view returns (Basis memory);

    /// @notice An application is filed, with `credits` tonnes of credits. Only the ComplianceDesk.
    /// @return basis As before this application.
    function openApplication(address account, uint256 credits) external returns (Basis memory basis);

    /// @notice An application is decided. Only the ComplianceDesk.
    /// @param year Of its basis.
    /// @param frozen Of its basis.
    /// @param tonnes Surrendered; 0 when it was not approved.
    /// @param credits Tonnes of credits that count no longer against the share of `year`.
    function settleApplication(address account, uint16 year, uint8 frozen, uint256 tonnes, uint256 credits) external;

    /// @notice An approved application is reversed: it counts no longer. Only the ComplianceDesk.
    /// @dev Not where a year with static figures would be short without it, lacks emissions, or waits for an application: a
    ///      reversal changes no status that stands. What had been surrendered at a deadline stays as told; an assessment that follows counts what is left of it.
    /// @param year Of its basis.
    /// @param credits Tonnes of credits that count no longer against the share of `year`.
    function reverseApplication(address account, uint16 year, uint256 tonnes, uint256 credits) external;

    /* DEADLINES AND PENALTIES */

    /// @notice Write down the static figures of all years of `account` up to `year` whose surrender deadline has passed.
    ///         Anyone; reverts when `year` is not among them.
    function freezeStatus(address account, uint16 year) external;

    /// @notice Assess `year` of `account` after its surrender deadline. Anyone; once.
    /// @dev penalty = tonnes x penaltyPerTonne x indexNumerator / indexDenominator, rounded down once at the end, in favour
    ///      of who pays. shortfall = emissions up to the year less what had been surrendered at its deadline, or 0. tonnes = the
    ///      shortfall less what of it an earlier assessment penalised and nobody made good since: none is penalised twice. Years are
    ///      assessed in their order. What is penalised enters the credit record: MISSING_SURRENDER, or LATE_SURRENDER where it
    ///      was made good before the assessment; repeated failure brings what the record's tiers say.
    ///      While the shortfall lasts the account may not trade.
    function assess(address account, uint16 year) external;

    /// @notice Forbid `account` to trade while emissions are missing for `year` or before it, after its reporting
    ///         deadline. Anyone.
    function restrictForMissing(address account, uint16 year) external;

    /// @notice The penalty of `year` has arrived. For SETTLEMENT_BANK.
    /// @param bankReference Of the bank; never used twice here.
    function recordPenaltyPaid(address account, uint16 year, bytes32 bankReference) external;
}
