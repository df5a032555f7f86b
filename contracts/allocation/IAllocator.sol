// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAllocationFormula } from "./IAllocationFormula.sol";

/// @title From cap to units: determination, application, review, approval, certificate (R-ALC-1 to 4, R-DAT-c).
/// @notice Quantities are whole tonnes of CO2e. What is issued for a year never exceeds a part of its cap, whatever the
///         order of calls. A determination is computed by `IAllocationFormula` from baselines that are registered here.
///
///         DETERMINED ── applyForAllocation ──> APPLIED ── approve ──> CERTIFIED
///              └────────────── reject ──────────┴──> REJECTED;  a later determination of the same: SUPERSEDED
///
///         A later determination for the same installation, year and part adjusts: approval issues what is missing to the
///         new quantity; when more was issued than is due, the difference stands as over-allocation.
interface IAllocator {
    /// @dev Of the cap. What no part has is not assigned, and not issued.
    enum Part {
        FREE,
        AUCTION,
        RESERVE // new entrants, stability
    }

    enum State {
        NONE,
        DETERMINED,
        APPLIED,
        CERTIFIED,
        REJECTED,
        SUPERSEDED
    }

    enum Statistic {
        MEAN,
        MEDIAN // of an even number: the mean of the middle two
    }

    /// @dev Whole tonnes; one word.
    struct Cap {
        uint64 total;
        uint64 free;
        uint64 auction;
        uint64 reserve;
    }

    /// @dev Accepted reference data of an installation.
    struct Baseline {
        uint128 level; // 18 decimals: tonnes CO2e for EMISSIONS, else units of the product
        uint16 firstYear; // reference years
        uint16 lastYear;
        uint32 version; // 1, 2, 3 … over all baselines of the installation
        bytes32 document; // digest of the accepted baseline data report, or of the years' figures
    }

    /// @dev Three words: account 160 | year 16 | state 8 | part 8 | method 8 | baseline 32
    ///                   installation 64 | quantity 64 | instrument 96
    ///                   digest
    struct Determination {
        address account;
        uint16 year;
        State state;
        Part part;
        IAllocationFormula.Method method;
        uint32 baseline; // version that was in force
        uint64 installation;
        uint64 quantity; // whole tonnes due in all
        uint96 instrument;
        bytes32 digest; // see `AllocationDetermined`
    }

    /* FINDINGS of a review: numbers of bits */

    // 0 the account is not active, its certificate ended, or it may not receive
    // 1 the installation is not active in the year, or has another operator now
    // 2 no monitoring plan is in force for the year
    // 3 the determination is not the latest of its installation, year and part
    // 4 a baseline of the installation changed since
    // 5 the part of the cap has not enough left

    /* ERRORS */

    /// @notice The parts add up to `parts`, more than `total`.
    error PartsExceedCap(uint256 parts, uint256 total);
    /// @notice `issued` tonnes of the part are out already, more than it would have.
    error CapBelowIssued(uint16 year, Part part, uint64 cap, uint64 issued);
    /// @notice The part has `left` tonnes left.
    error CapExceeded(uint16 year, Part part, uint256 asked, uint256 left);
    /// @notice A digest must say what, or why.
    error DigestMissing();
    /// @notice The years are not in order, or there are none or more than 10.
    error BadYears(uint16 firstYear, uint16 lastYear);
    /// @notice There is no accepted figure of `installation` for `year`.
    error NoFigure(uint64 installation, uint16 year);
    /// @notice The installation has no baseline of `subject`.
    error NoBaseline(uint64 installation, bytes32 subject);
    /// @notice Free determinations take from FREE or RESERVE.
    error WrongPart(Part part);
    /// @notice Not an allowance, or its period begins after `year`.
    error WrongInstrument(uint256 instrument, uint16 year);
    /// @notice `installation` has no duty to report for `year`.
    error NotActiveIn(uint64 installation, uint16 year);
    /// @notice No determination has this number.
    error UnknownDetermination(uint256 id);
    /// @notice The determination is in state `state`, which does not allow the act.
    error WrongState(uint256 id, State state);
    /// @notice `key` acts for `account`; the determination is for `owner`.
    error NotTheOwner(address key, address account, address owner);
    /// @notice Bit n of `findings` is finding number n.
    error ReviewFailed(uint256 id, uint256 findings);
    /// @notice Only accounts of kind GOVERNMENT get units to auction; `kind` is an `AccountKind`.
    error NotAGovernmentAccount(address account, uint8 kind);
    /// @notice All that is due was issued before: an adjustment downwards needs no application.
    error NothingDue(uint256 id);
    /// @notice A quantity of nothing.
    error EmptyQuantity();

    /* EVENTS */

    event CapSet(uint16 indexed year, Cap cap, bytes32 document);
    /// @notice `level` of `subject` is the installation's from now on.
    event BaselineRegistered(
        uint64 indexed installation,
        bytes32 indexed subject,
        uint32 version,
        uint128 level,
        uint16 firstYear,
        uint16 lastYear,
        bytes32 document
    );
    /// @notice The account is notified of what is due to it (R-ALC-2). With it everything the figure was computed from.
    /// @param levels Of the baselines, by term.
    /// @param digest keccak256(abi.encode(id, account, installation, region, year, part, instrument, levels,
    ///        inputs, quantity)).
    event AllocationDetermined(
        uint256 indexed id,
        address indexed account,
        uint64 indexed installation,
        uint16 region,
        uint16 year,
        Part part,
        uint256 instrument,
        uint256[] levels,
        IAllocationFormula.Inputs inputs,
        uint64 quantity,
        uint32 baseline,
        bytes32 digest
    );
    /// @notice Replaced by `by`, the later determination of the same installation, year and part. One that is certified stays
    ///         certified, and the later one adjusts it.
    event AllocationSuperseded(uint256 indexed id, uint256 indexed by);
    /// @notice All that is due in a region for a year by the latest determinations; a rejected one counts what was issued
    ///         before it.
    event RegionTotalChanged(uint16 indexed year, uint16 indexed region, uint128 tonnes);
    /// @notice By determination: `issued` tonnes came earlier, `quantity` are due.
    event OverAllocated(uint256 indexed id, address indexed account, uint64 issued, uint64 quantity);
    event AllocationApplied(uint256 indexed id, address indexed account, address key, uint256 findings);
    event AllocationRejected(uint256 indexed id, address indexed account, bytes32 reason);
    /// @notice The certificate: `quantity` units from serial `firstSerial` on are the account's, by the block `blockNumber`.
    event AllocationCertified(
        uint256 indexed id,
        address indexed account,
        uint256 indexed instrument,
        uint256 quantity,
        uint256 firstSerial,
        uint256 blockNumber,
        uint256 timestamp
    );
    event AuctionUnitsIssued(
        uint16 indexed year,
        address indexed account,
        uint256 indexed instrument,
        uint256 quantity,
        uint256 firstSerial,
        bytes32 cause
    );

    /* CAP */

    /// @notice Set or change the cap of a year; no part below what it has issued. For REGULATOR.
    /// @param document Digest of the published cap.
    function setCap(uint16 year, Cap calldata cap, bytes32 document) external;

    /* BASELINES */

    /// @notice Register reference data from an accepted report. For REGULATOR.
    /// @param subject `EMISSIONS()` or the name of a product.
    /// @param level 18 decimals.
    /// @param document Digest of the accepted baseline data report.
    function registerBaseline(
        uint64 installation,
        bytes32 subject,
        uint128 level,
        uint16 firstYear,
        uint16 lastYear,
        bytes32 document
    ) external;

    /// @notice Compute the EMISSIONS baseline from accepted figures of this system. For REGULATOR.
    /// @param referenceYears Ascending, 1 to 10; each must have an accepted or determined figure.
    /// @return level 18 decimals; what lies beyond them is left out.
    function computeBaseline(uint64 installation, uint16[] calldata referenceYears, Statistic statistic)
        external
        returns (uint128 level);

    /* DETERMINING */

    /// @notice Determine what is due to the operator of `installation` for `year`. For REGULATOR. The latest determination
    ///         of the same installation, year and part is superseded.
    /// @param part FREE or RESERVE.
    /// @param instrument The allowance to issue.
    /// @return id 1, 2, 3 …
    function determine(
        uint64 installation,
        uint16 year,
        Part part,
        uint256 instrument,
        IAllocationFormula.Inputs calldata inputs
    ) external returns (uint256 id, uint64 quantity);

    /// @notice Apply for the units. By a representative of the account with `Rights.INITIATE`. The contract reviews at once;
    ///         findings stand in the event, and approval reviews again.
    function applyForAllocation(uint256 id) external returns (uint256 findings);

    /// @notice Issue what is due and not issued yet, and certify it. For REGULATOR; reverts when the review finds anything.
    function approve(uint256 id) external returns (uint256 firstSerial);

    /// @notice Refuse a determination that is not certified. For REGULATOR.
    function reject(uint256 id, bytes32 reason) external;

    /* AUCTION */

    /// @notice Issue units of the auction part to an account of kind GOVERNMENT. For REGULATOR.
    /// @param cause Digest of the auction calendar or decision.
    function issueForAuction(address account, uint16 year, uint256 instrument, uint64 quantity, bytes32 cause)
        external
        returns (uint256 firstSerial);

    /* VIEWS */

    /// @notice Computes and explains every figure.
    function formula() external view returns (IAllocationFormula);

    /// @notice The subject of baselines of emissions.
    function EMISSIONS() external view returns (bytes32);

    function capOf(uint16 year) external view returns (Cap memory);

    /// @notice Tonnes issued so far, by part; `total` is their sum.
    function issuedOf(uint16 year) external view returns (Cap memory);

    /// @notice Tonnes not issued yet, by part; `total` includes what is assigned to no part.
    function remainingOf(uint16 year) external view returns (Cap memory);

    /// @notice All zero where there is none.
    function baselineOf(uint64 installation, bytes32 subject) external view returns (Baseline memory);

    function determinationOf(uint256 id) external view returns (Determination memory);

    /// @notice Determinations so far; the last one's number.
    function determinationCount() external view returns (uint256);

    /// @notice The latest determination of the installation, year and part, how much was issued under it and those before,
    ///         and how much of that is more than is due.
    function allocationOf(uint64 installation, uint16 year, Part part)
        external
        view
        returns (uint256 id, uint64 issued, uint64 overAllocated);

    /// @notice Tonnes determined for a region.
    function regionTotalOf(uint16 year, uint16 region) external view returns (uint128);

    /// @notice What the contract finds against approving now: bit n is finding number n; 0: nothing.
    function review(uint256 id) external view returns (uint256 findings);
}
