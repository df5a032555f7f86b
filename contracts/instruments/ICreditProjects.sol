// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What a credit may be called; a set of bits. The authority says it of an instrument, for a cause.
library Labels {
    /// @dev May be surrendered where the rules ask for it (`requiredLabels`).
    uint16 internal constant COMPLIANCE = 1 << 0;
    /// @dev May be cancelled voluntarily, never surrendered.
    uint16 internal constant VOLUNTARY_ONLY = 1 << 1;
    /// @dev Eligible for international aviation.
    uint16 internal constant CORSIA = 1 << 2;
    /// @dev Its transfer abroad is authorised, with a corresponding adjustment.
    uint16 internal constant ARTICLE_6_AUTHORISED = 1 << 3;
    /// @dev Carbon removed, not an emission avoided.
    uint16 internal constant REMOVAL = 1 << 4;
    /// @dev Meets the Core Carbon Principles.
    uint16 internal constant CORE_CARBON_PRINCIPLES = 1 << 5;
    /// @dev Has benefits besides, certified.
    uint16 internal constant CO_BENEFITS = 1 << 6;
    uint16 internal constant ALL = (1 << 7) - 1;
}

/// @title From a project to a credit (R-AST-4, R-DAT-f, R-DAT-g; clause 6.2 f and g).
/// @notice A proponent lists a project and engages an accredited body, which validates it; the registry registers it for a
///         crediting period. Then, period after period: the proponent reports, the body verifies, the registry issues. Part
///         of every issue may go into a buffer against reversal. Tonnes are whole; days are civil days since 1970-01-01, and
///         a period includes its first and its last day.
///
///         For each project: issued = to the proponent + into the buffer; of the buffer: in it + cancelled + given back.
///         Whatever is issued was verified, and nothing is issued twice for a day.
/// @dev Documents are digests; that of a report or statement stands in its event. The instruments are defined in the ledger
///      before, by the service manager: who issues does not say by which terms.
interface ICreditProjects {
    enum ProjectState {
        NONE,
        LISTED,
        VALIDATED,
        REGISTERED,
        REFUSED,
        WITHDRAWN,
        CLOSED // no more reports; what was issued stays, and so does the buffer
    }

    enum MonitoringState {
        NONE,
        FILED,
        VERIFIED,
        ISSUED,
        REFUSED, // by the body or the registry
        WITHDRAWN
    }

    /// @dev What a proponent lists.
    struct Design {
        bytes32 document; // digest of the design document
        bytes32 methodology; // digest of the methodology and its version
        uint16 region; // number of the region in the scheme; 0: of none
        uint8 scope; // sectoral scope, 1 to 63: what a body must be accredited for
        bool removal; // removes carbon; else avoids emissions
        bool reversible; // what it stores may be lost
    }

    /// @dev What the registry grants by registering.
    struct Crediting {
        uint32 firstDay;
        uint32 lastDay;
        uint8 renewals; // how often the period may be renewed
        uint16 bufferShare; // hundredths of a per cent of what is issued, by the project's risk
        uint40 liableUntil; // Unix seconds; until then a reversal is paid from the buffer
    }

    struct Project {
        address proponent; // account
        ProjectState state;
        uint32 reports; // filed so far; also the number of the last
        uint32 monitoredUntil; // last day of the last report that stands
        address body; // engaged; account
        address bufferAccount; // where its buffer lies; 0: it has none
        Design design;
        Crediting crediting;
        uint96 issued; // ever, into the buffer included
        uint96 buffered; // in its buffer now
        uint96 reversed; // ever
        uint96 owed; // reversed and not yet made good
    }

    struct Monitoring {
        uint32 firstDay;
        uint32 lastDay;
        uint32 before; // `monitoredUntil` when it was filed
        MonitoringState state;
        uint96 claimed; // tonnes
        uint96 verified; // tonnes
    }

    /// @dev A validation and verification body.
    struct Accreditation {
        uint64 scopes; // bit s: sectoral scope s
        uint40 from; // Unix seconds
        uint40 until; // Unix seconds; from then on it says nothing
    }

    /* ERRORS */

    error UnknownProject(uint32 project);
    /// @notice The project stands where this act has no place.
    error ProjectInState(uint32 project, ProjectState state);
    error UnknownMonitoring(uint32 project, uint32 report);
    /// @notice The report stands where this act has no place.
    error MonitoringInState(uint32 project, uint32 report, MonitoringState state);
    /// @notice `account` is of kind `kind`; this takes kind `needed` (an `AccountKind`).
    error WrongKind(address account, uint8 kind, uint8 needed);
    /// @notice The project is of `proponent`, for which `key` does not act.
    error NotTheProponent(address key, uint32 project, address proponent);
    /// @notice The project has engaged `engaged`, not `account`.
    error BodyNotEngaged(address account, address engaged);
    /// @notice `body` is not accredited now for the project's scope.
    error NotAccreditedFor(address body, uint8 scope);
    /// @notice Nothing from scope 1 to 63, or a time that is over before it begins.
    error BadScope(uint64 scopes, uint40 from, uint40 until);
    /// @notice Body and proponent have the same beneficial owner.
    error BodyNotIndependent(address body, address proponent, uint32 owner);
    /// @notice The statement is about `given`; the project is now designed by `current`.
    error DesignChanged(uint32 project, bytes32 given, bytes32 current);
    /// @notice The project was designed by `document` before: an amended design has a document of its own, so that no statement
    ///         about one design holds for another.
    error DesignRepeated(uint32 project, bytes32 document);
    /// @notice A digest must say what, or why.
    error DigestMissing();
    /// @notice Days that are no period, or a share above 100 %.
    error BadCrediting(uint32 firstDay, uint32 lastDay, uint16 bufferShare);
    /// @notice The crediting period was renewed as often as it may be.
    error NoRenewalLeft(uint32 project);
    /// @notice The report's days lie outside the crediting period, or before `notBefore`, up to which others were reported.
    error PeriodTaken(uint32 firstDay, uint32 lastDay, uint32 notBefore, uint32 creditingLastDay);
    /// @notice The last day of the report is not over.
    error PeriodNotOver(uint32 lastDay);
    /// @notice A later report stands; the last is withdrawn first.
    error LaterReportStands(uint32 project, uint32 report);
    /// @notice More was verified than claimed, and nothing says why.
    error MoreThanClaimed(uint96 verified, uint96 claimed);
    /// @notice A number of tonnes that cannot be meant here; at most `most`.
    error TonnesOutOfRange(uint256 tonnes, uint256 most);
    /// @notice `instrument` is no credit of this scheme and project with a vintage inside the period.
    error WrongCredit(uint256 instrument, uint32 project);
    /// @notice The credits were valid until `validUntil`.
    error CreditsExpired(uint256 instrument, uint40 validUntil);
    /// @notice The lines add up to `tonnes`; `verified` are to be issued.
    error WrongSum(uint256 tonnes, uint256 verified);
    /// @notice One to 16 lines, as many quantities as instruments.
    error BadIssueLines(uint256 instruments, uint256 quantities);
    /// @notice The authority has named no account for buffers.
    error NoBufferAccount();
    /// @notice The buffer has `held` of the instrument.
    error BufferTooSmall(uint256 instrument, uint256 held, uint256 asked);
    /// @notice Another project's buffer pays only when the project's own is empty; `own` are in it.
    error OwnBufferFirst(uint32 project, uint256 own);
    /// @notice The project owes `owed` tonnes for reversals.
    error ReversalOwed(uint32 project, uint256 owed);
    /// @notice The liability lasts until `until`.
    error LiabilityNotOver(uint32 project, uint40 until);
    /// @notice Bits beyond `Labels.ALL`.
    error BadLabels(uint16 labels);

    /* EVENTS */

    event BodyAccredited(address indexed body, uint64 scopes, uint40 from, uint40 until, bytes32 document);
    event BodyDismissed(address indexed body, bytes32 cause);
    event ProjectListed(uint32 indexed project, address indexed proponent, Design design);
    event DesignAmended(uint32 indexed project, Design design);
    event ProjectWithdrawn(uint32 indexed project);
    event BodyEngaged(uint32 indexed project, address indexed body);
    event ProjectValidated(uint32 indexed project, address indexed body, bool favourable, bytes32 statement);
    event ProjectRegistered(uint32 indexed project, Crediting crediting, address bufferAccount, bytes32 decision);
    event ProjectRefused(uint32 indexed project, bytes32 reasons);
    event CreditingRenewed(uint32 indexed project, uint32 lastDay, uint40 liableUntil, bytes32 decision);
    event ProjectClosed(uint32 indexed project, bytes32 cause);
    event MonitoringReported(
        uint32 indexed project, uint32 indexed report, uint32 firstDay, uint32 lastDay, uint96 claimed, bytes32 document
    );
    event MonitoringWithdrawn(uint32 indexed project, uint32 indexed report);
    /// @param reason Why more was verified than claimed; 0: it was not.
    event ReductionsVerified(
        uint32 indexed project,
        uint32 indexed report,
        address indexed body,
        uint96 verified,
        bytes32 reason,
        bytes32 statement
    );
    event MonitoringRefused(uint32 indexed project, uint32 indexed report, bytes32 reasons);
    /// @notice `quantity` of `instrument`: `buffered` of them into the buffer, the rest to the proponent.
    event CreditsIssued(
        uint32 indexed project, uint32 indexed report, uint256 indexed instrument, uint256 quantity, uint256 buffered
    );
    event BufferAccountNamed(address indexed account);
    event ReversalReported(uint32 indexed project, uint256 tonnes, bytes32 document);
    /// @notice Credits of the buffer were cancelled for the reversal of `project`; whose buffer: the instrument says.
    event BufferCancelled(uint32 indexed project, uint256 indexed instrument, uint256 quantity, bytes32 cause);
    /// @notice The proponent made good with credits of its own.
    event ReversalCompensated(uint32 indexed project, uint256 indexed instrument, uint256 quantity);
    event BufferReleased(uint32 indexed project, uint256 indexed instrument, uint256 quantity);
    event LabelsSet(uint256 indexed instrument, uint16 labels, bytes32 cause);
    event RequiredLabelsSet(uint16 labels, bytes32 cause);

    /* BODIES: For REGULATOR */

    /// @notice Accredit an account of kind VERIFIER, or replace its accreditation.
    /// @param document Digest of the accreditation.
    function accreditBody(address body, Accreditation calldata accreditation, bytes32 document) external;

    /// @notice End an accreditation. What was stated before stays.
    function dismissBody(address body, bytes32 cause) external;

    function accreditationOf(address body) external view returns (Accreditation memory);

    /* LISTING: the proponent, by a representative with Rights.REPORT */

    /// @notice List a project. For an account of kind PROJECT_PROPONENT.
    /// @return project 1, 2, 3 …; also the project in the ids of its instruments.
    function list(Design calldata design) external returns (uint32 project);

    /// @notice Replace the design, before it is validated, by one with a document that the project did not have before.
    function amendDesign(uint32 project, Design calldata design) external;

    /// @notice Take the project back before it is registered.
    function withdrawProject(uint32 project) external;

    /// @notice Name who validates and verifies; again, to change.
    function engageBody(uint32 project, address body) external;

    /* VALIDATION AND REGISTRATION */

    /// @notice State whether the design meets the rules. By a representative with Rights.REPORT of the engaged body,
    ///         accredited for the scope and independent. Not favourable: the project stays listed.
    /// @param document Of the design that was examined.
    function validate(uint32 project, bytes32 document, bool favourable, bytes32 statement) external;

    /// @notice Register a validated project. For REGISTRY_OPERATOR.
    function register(uint32 project, Crediting calldata crediting, bytes32 decision) external;

    /// @notice Refuse a project that is listed or validated. For REGISTRY_OPERATOR.
    function refuse(uint32 project, bytes32 reasons) external;

    /// @notice Let the crediting period, and the liability, last longer. For REGISTRY_OPERATOR.
    function renew(uint32 project, uint32 lastDay, uint40 liableUntil, bytes32 decision) external;

    /// @notice No more reports. For REGISTRY_OPERATOR.
    function close(uint32 project, bytes32 cause) external;

    /* MONITORING */

    /// @notice Report reductions or removals of days inside the crediting period, after those reported before, that are
    ///         over. By a representative of the proponent with Rights.REPORT.
    function reportMonitoring(uint32 project, uint32 firstDay, uint32 lastDay, uint96 claimed, bytes32 document)
        external
        returns (uint32 report);

    /// @notice Take the last report back, before credits are issued. Its days are free again. By the proponent.
    function withdrawMonitoring(uint32 project, uint32 report) external;

    /// @notice State how much was reduced or removed; nothing: the report is refused. As `validate`.
    /// @param reason Digest of why it is more than was claimed; else 0.
    function verify(uint32 project, uint32 report, uint96 verified, bytes32 reason, bytes32 statement) external;

    /// @notice Refuse a report, verified or not. For REGISTRY_OPERATOR. The days are free again if it is the last report.
    function refuseMonitoring(uint32 project, uint32 report, bytes32 reasons) external;

    /* ISSUE: For REGISTRY_OPERATOR */

    /// @notice Issue what was verified, by vintage: the buffer's share of each line, rounded up, into the buffer, the rest
    ///         to the proponent. Not while it owes for a reversal.
    /// @param instruments Credits of the project; the vintage is a year of the period.
    /// @param quantities Tonnes of each; together what was verified.
    function issue(uint32 project, uint32 report, uint256[] calldata instruments, uint256[] calldata quantities)
        external;

    /// @notice Issue what came in from another registry. Only the OriginRegister.
    function issueImported(address account, uint256 instrument, uint256 quantity, bytes32 cause)
        external
        returns (uint256 firstSerial);

    /* BUFFER */

    /// @notice Name the account, of kind GOVERNMENT, of the buffers of projects registered from now on. For REGULATOR.
    function nameBufferAccount(address account) external;

    /// @notice Say that tonnes that were credited are lost. By the proponent, with Rights.REPORT.
    function reportReversal(uint32 project, uint256 tonnes, bytes32 document) external;

    /// @notice As `reportReversal`, found by others. For REGULATOR.
    function recordReversal(uint32 project, uint256 tonnes, bytes32 document) external;

    /// @notice Cancel credits of a buffer for what the project owes: of its own, and when that is empty of any other. For
    ///         REGULATOR.
    function cancelBuffer(uint32 project, uint256 instrument, uint256 quantity, bytes32 cause) external;

    /// @notice Cancel free credits of the proponent, valid and such as may be surrendered, for what the project owes. By a
    ///         representative with INITIATE and APPROVE.
    function compensate(uint32 project, uint256 instrument, uint256 quantity) external;

    /// @notice Give credits of the buffer to the proponent, when the liability is over and nothing owed. For
    ///         REGISTRY_OPERATOR.
    function releaseBuffer(uint256 instrument, uint256 quantity) external;

    function bufferAccount() external view returns (address);

    /// @notice What the buffer of its project has of the instrument.
    function bufferOf(uint256 instrument) external view returns (uint256);

    /* LABELS: For REGULATOR */

    /// @notice Replace the labels of a credit.
    function setLabels(uint256 instrument, uint16 labels, bytes32 cause) external;

    /// @notice Which labels a credit needs, all of them, to be surrendered.
    function setRequiredLabels(uint16 labels, bytes32 cause) external;

    function labelsOf(uint256 instrument) external view returns (uint16);

    function requiredLabels() external view returns (uint16);

    /// @notice Whether a credit's labels let it be surrendered: all that are required, and not VOLUNTARY_ONLY.
    function maySurrender(uint256 instrument) external view returns (bool);

    /* VIEWS */

    function projectOf(uint32 project) external view returns (Project memory);

    function projectCount() external view returns (uint32);

    function monitoringOf(uint32 project, uint32 report) external view returns (Monitoring memory);
}
