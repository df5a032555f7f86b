// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IVerifications } from "./IVerifications.sol";

/// @title From monitoring plan to accepted emissions: installations, plans, reports, figures (R-MRV-2 to 5, 7, R-DAT-b).
/// @notice An installation is known by its number. Emissions are whole grams of CO2e. For each installation and civil year
///         there is one filing: versions of a report, an opinion on a version (see `IVerifications`), and in the end one
///         figure, accepted or determined, which counts for the account.
///
///         OPEN ── submitReport (again: amendment) ── verify ── accept ──> ACCEPTED
///           └──────────── determine (after the deadline) ───────────────> DETERMINED ── determine (again)
///         ACCEPTED or DETERMINED ── reopen ──> OPEN
///
/// @dev WARNING: activity data are computed upon and not kept, but they stand in the call's data, which every node of the
///      chain sees under the account's pseudonym.
interface IEmissionReports {
    enum PlanState {
        NONE,
        FILED,
        APPROVED,
        RETURNED
    }

    enum FilingState {
        OPEN,
        ACCEPTED,
        DETERMINED
    }

    struct Installation {
        address account; // of its operator
        uint16 region; // number of the region in the scheme
        uint16 sector; // number of the sector in the scheme
        uint16 firstYear; // first and last civil year with a duty to report
        uint16 lastYear; // 0: no end
        uint16 plans; // versions filed so far
        bytes32 permit; // salted digest of the permit
    }

    /// @dev A source stream of a plan.
    struct Stream {
        bytes32 method; // name in Methodologies
        uint16 version;
        uint8 tier; // accuracy tier of the scheme's rules; 0 where there are none
    }

    struct Plan {
        PlanState state;
        uint16 fromYear; // reports of this year and later follow it, until a later plan takes over
        uint40 filedAt; // Unix seconds
        bytes32 document; // digest
        Stream[] streams;
    }

    /// @dev What the method of stream number `stream` is fed with. Streams count from 0.
    struct StreamData {
        uint16 stream;
        bytes inputs; // as the method's `schema` says
    }

    struct Report {
        uint128 grams;
        uint40 submittedAt; // Unix seconds
        uint16 plan; // version
        bool late; // after the deadline as it stood
        bytes32 data; // digest of the activity data with their evidence
    }

    struct Filing {
        FilingState state;
        uint16 version; // of the latest report; 0: none came
        uint16 acceptedVersion; // 0 unless ACCEPTED
        uint128 grams; // accepted or determined; 0 while OPEN
    }

    /* ERRORS */

    /// @notice The figure rests while dispute `dispute` stands: it is not determined anew, or disputed twice.
    error FilingDisputed(uint64 installation, uint16 year, uint256 dispute);
    /// @notice No installation has the number `installation`.
    error UnknownInstallation(uint64 installation);
    /// @notice The permit belongs to `installation`.
    error PermitTaken(bytes32 permit, uint64 installation);
    /// @notice `account` is of kind `kind`; only an OPERATOR has installations (`kind` is an `AccountKind`).
    error NotAnOperator(address account, uint8 kind);
    /// @notice `account` has `limit` installations already.
    error TooManyInstallations(address account, uint256 limit);
    /// @notice The years are not in order, or one is no civil year of four digits at most.
    error BadYears(uint16 firstYear, uint16 lastYear);
    /// @notice `year` has a figure and cannot be left out; reopen it first.
    error YearHasFigure(uint64 installation, uint16 year);
    /// @notice `installation` has no duty to report for `year`.
    error NotActiveIn(uint64 installation, uint16 year);
    /// @notice `key` acts for `account`, `installation` is operated by `operator`.
    error NotTheOperator(address key, address account, uint64 installation, address operator);
    /// @notice A digest must say what, or why.
    error DigestMissing();
    /// @notice A plan has 1 to `limit` source streams.
    error BadStreamCount(uint256 given, uint256 limit);
    /// @notice `version` of `method` is unknown or closed for new plans.
    error MethodNotOpen(bytes32 method, uint16 version);
    /// @notice The plan is in state `state`, which does not allow the act.
    error WrongPlanState(uint64 installation, uint16 version, PlanState state);
    /// @notice No approved plan covers `year`.
    error NoPlanInForce(uint64 installation, uint16 year);
    /// @notice The authority has not opened reporting for `year` (no deadline is set).
    error ReportingNotOpen(uint16 year);
    /// @notice The filing has a figure; only the authority can reopen it.
    error FilingClosed(uint64 installation, uint16 year, FilingState state);
    /// @notice The filing has no figure that could be withdrawn.
    error FilingOpen(uint64 installation, uint16 year);
    /// @notice Entry `entry` is for stream `given`; `expected` comes next. Entries lie in order of streams, none left out.
    error StreamOutOfOrder(uint256 entry, uint16 given, uint16 expected);
    /// @notice Reported are `given` streams, the plan has `expected`.
    error StreamsMissing(uint256 given, uint256 expected);
    /// @notice More grams than a report can hold.
    error TooManyGrams(uint256 grams);
    /// @notice The first version has no reason, each later one has.
    error WrongReason(uint16 version, bytes32 reason);
    /// @notice The latest version is `latest`, not `version`; 0: no report came.
    error NotTheLatest(uint64 installation, uint16 year, uint16 version, uint16 latest);
    /// @notice The opinion on `version` is missing or negative.
    error NotVerified(uint64 installation, uint16 year, uint16 version, IVerifications.Conclusion conclusion);
    /// @notice The authority determines only after the deadline.
    error DeadlineNotPassed(uint16 year, uint40 deadline);

    /* EVENTS */

    event InstallationRegistered(
        uint64 indexed installation,
        address indexed account,
        bytes32 indexed permit,
        uint16 region,
        uint16 sector,
        uint16 firstYear
    );
    event InstallationYearsSet(uint64 indexed installation, uint16 firstYear, uint16 lastYear, bytes32 cause);
    event PlanFiled(
        uint64 indexed installation,
        address indexed account,
        uint16 version,
        uint16 fromYear,
        bytes32 document,
        Stream[] streams
    );
    event PlanApproved(uint64 indexed installation, uint16 version);
    event PlanReturned(uint64 indexed installation, uint16 version, bytes32 reason);
    event DeadlineSet(uint16 indexed year, uint40 deadline);
    /// @param entryGrams By entry, in the order in which they were reported; `entryStreams` says to which stream each is.
    /// @param reason Digest of why it was amended; zero for version 1.
    event ReportSubmitted(
        uint64 indexed installation,
        uint16 indexed year,
        address indexed account,
        uint16 version,
        uint16 plan,
        uint128 grams,
        uint16[] entryStreams,
        uint128[] entryGrams,
        bytes32 data,
        bytes32 reason,
        bool late
    );
    event EmissionsAccepted(
        uint64 indexed installation, uint16 indexed year, address indexed account, uint16 version, uint128 grams
    );
    event EmissionsDetermined(
        uint64 indexed installation, uint16 indexed year, address indexed account, uint128 grams, bytes32 cause
    );
    /// @notice The figure does not count any more.
    event EmissionsReopened(
        uint64 indexed installation, uint16 indexed year, address indexed account, uint128 grams, bytes32 cause
    );
    /// @notice What the account answers for changed; the same is told to the obligation sink.
    event AccountEmissionsChanged(address indexed account, uint16 indexed year, uint128 grams, bool complete);

    /* INSTALLATIONS */

    /// @notice Register an installation of an OPERATOR's account, by its permit. For REGULATOR.
    /// @param permit Salted digest of the permit, once only.
    /// @param firstYear First civil year with a duty to report.
    /// @return installation 1, 2, 3 …
    function registerInstallation(address account, bytes32 permit, uint16 region, uint16 sector, uint16 firstYear)
        external
        returns (uint64 installation);

    /// @notice Correct or end the duty to report. For REGULATOR.
    /// @param lastYear 0: no end. No year with a figure can be left out.
    function setYears(uint64 installation, uint16 firstYear, uint16 lastYear, bytes32 cause) external;

    /* PLANS */

    /// @notice File the next version of a monitoring plan. By a representative of the operator with `Rights.REPORT`.
    /// @param fromYear First year whose report follows it, once approved.
    function filePlan(uint64 installation, uint16 fromYear, bytes32 document, Stream[] calldata streams)
        external
        returns (uint16 version);

    /// @notice For REGULATOR. Of two approved plans that cover a year, the later version is in force.
    function approvePlan(uint64 installation, uint16 version) external;

    /// @notice Send a filed plan back. For REGULATOR.
    function returnPlan(uint64 installation, uint16 version, bytes32 reason) external;

    /* REPORTS */

    /// @notice Open reporting for `year`, or move its deadline. For REGULATOR.
    /// @param deadline Unix seconds; a report in this second is in time.
    function setDeadline(uint16 year, uint40 deadline) external;

    /// @notice Report a year, or amend: until there is a figure, each version takes the place of the one before. By a
    ///         representative of the operator with `Rights.REPORT`. The contract computes the grams of each entry by the
    ///         plan's method. After the deadline the report is marked late, not refused.
    /// @param entries In order of streams, each stream of the plan in force at least once.
    /// @param data Digest of the activity data with their evidence.
    /// @param reason Digest of why it is amended; zero for the first version, and only for it.
    function submitReport(uint64 installation, uint16 year, StreamData[] calldata entries, bytes32 data, bytes32 reason)
        external
        returns (uint16 version, uint128 grams);

    /* FIGURES */

    /// @notice Accept the latest version; the figure is what was verified. For REGULATOR.
    function accept(uint64 installation, uint16 year, uint16 version) external;

    /// @notice Set the figure after the deadline where nothing could be accepted, or correct such a figure. For REGULATOR.
    /// @param grams A conservative estimate.
    function determine(uint64 installation, uint16 year, uint128 grams, bytes32 cause) external;

    /// @notice Withdraw the figure, so that a better report can take its place; a disputed one too, which grants the claim. For
    ///         REGULATOR.
    function reopen(uint64 installation, uint16 year, bytes32 cause) external;

    /* VIEWS */

    /// @notice What the account answers for; see `IObligationSink.onEmissions`.
    function acceptedOf(address account, uint16 year) external view returns (uint128 grams, bool complete);

    /// @notice The figure of one installation; `settled` is false while there is none.
    function figureOf(uint64 installation, uint16 year) external view returns (uint128 grams, bool settled);

    function filingOf(uint64 installation, uint16 year) external view returns (Filing memory);

    /// @notice Version `version` of the report; all zero where there is none.
    function reportOf(uint64 installation, uint16 year, uint16 version) external view returns (Report memory);

    /// @notice Reverts with UnknownInstallation.
    function installationOf(uint64 installation) external view returns (Installation memory);

    /// @notice Whether the installation has a duty to report for `year`.
    function isActiveIn(uint64 installation, uint16 year) external view returns (bool);

    /// @notice What a review of an installation asks, in one call: its operator's account, its region, whether it has a duty
    ///         to report for `year`, and the plan in force for it (0: none). Reverts with UnknownInstallation.
    function standingOf(uint64 installation, uint16 year)
        external
        view
        returns (address account, uint16 region, bool active, uint16 plan);

    function installationsOf(address account) external view returns (uint64[] memory);

    /// @notice Installations registered so far; the last one's number.
    function installationCount() external view returns (uint64);

    function planOf(uint64 installation, uint16 version) external view returns (Plan memory);

    /// @notice The version of the plan in force for `year`; 0 where there is none.
    function planInForce(uint64 installation, uint16 year) external view returns (uint16 version);

    /// @notice 0: reporting is not open.
    function deadlineOf(uint16 year) external view returns (uint40);
}
