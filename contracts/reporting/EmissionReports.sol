// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IDisputable } from "../registry/IDisputable.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountKind, Rights } from "../types/Accounts.sol";
import { IEmissionReports } from "./IEmissionReports.sol";
import { IMethodologies } from "./IMethodologies.sol";
import { IObligationSink } from "./IObligationSink.sol";
import { IVerifications } from "./IVerifications.sol";

/// @title Installations, their plans, reports and figures. Its manual is `IEmissionReports`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract EmissionReports is IEmissionReports, IDisputable, Governed {
    uint256 private constant _MAX_STREAMS = 64;
    uint256 private constant _MAX_INSTALLATIONS = 256; // of one account: each change of a figure looks at all of them
    uint16 private constant _LAST_YEAR = 9999;

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    IEligibility private immutable LEDGER;
    IMethodologies private immutable METHODOLOGIES;
    IVerifications private immutable VERIFICATIONS;
    IObligationSink private immutable OBLIGATION_SINK;
    address private immutable DISPUTES;

    /// @dev What the sink was told last.
    struct AccountYear {
        uint128 grams; // of all figures
        bool complete;
    }

    /// @dev First and last year in which the account ever had a figure; both 0: none.
    struct Span {
        uint16 first;
        uint16 last;
    }

    /// @custom:storage-location erc7201:carbon.storage.EmissionReports
    struct Storage {
        uint64 installationCount;
        mapping(uint64 installation => Installation) installations;
        mapping(bytes32 permit => uint64 installation) permits;
        mapping(address account => uint64[]) ofAccount;
        mapping(uint64 installation => mapping(uint16 version => Plan)) plans;
        mapping(uint16 year => uint40) deadlines;
        mapping(uint64 installation => mapping(uint16 year => Filing)) filings;
        mapping(uint64 installation => mapping(uint16 year => mapping(uint16 version => Report))) reports;
        mapping(address account => mapping(uint16 year => AccountYear)) accountYears;
        mapping(address account => Span) spans;
        mapping(uint256 filing => uint256 dispute) disputes; // installation << 16 | year; 0: none stands
        mapping(uint256 filing => uint40) settledAt; // Unix seconds; when the figure was accepted or determined
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.EmissionReports")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xe4c9186632b8055663d54ad32433cfca76eee2b52f82d648110bd42149090f00;

    constructor(
        address ledger,
        address methodologies,
        address verifications,
        address obligationSink,
        address disputeDesk
    ) {
        LEDGER = IEligibility(ledger);
        METHODOLOGIES = IMethodologies(methodologies);
        VERIFICATIONS = IVerifications(verifications);
        OBLIGATION_SINK = IObligationSink(obligationSink);
        DISPUTES = disputeDesk;
    }

    /* INSTALLATIONS */

    /// @inheritdoc IEmissionReports
    function registerInstallation(address account, bytes32 permit, uint16 region, uint16 sector, uint16 firstYear)
        external
        restricted
        returns (uint64 installation)
    {
        Storage storage $ = _s();
        AccountKind kind = LEDGER.eligibilityOf(account).kind;
        require(kind == AccountKind.OPERATOR, NotAnOperator(account, uint8(kind)));
        require(permit != 0, DigestMissing());
        require($.permits[permit] == 0, PermitTaken(permit, $.permits[permit]));
        require(firstYear != 0 && firstYear <= _LAST_YEAR, BadYears(firstYear, 0));
        require($.ofAccount[account].length < _MAX_INSTALLATIONS, TooManyInstallations(account, _MAX_INSTALLATIONS));

        installation = ++$.installationCount;
        $.installations[installation] = Installation(account, region, sector, firstYear, 0, 0, permit);
        $.permits[permit] = installation;
        $.ofAccount[account].push(installation);

        emit InstallationRegistered(installation, account, permit, region, sector, firstYear);

        _completenessChanged(account);
    }

    /// @inheritdoc IEmissionReports
    function setYears(uint64 installation, uint16 firstYear, uint16 lastYear, bytes32 cause) external restricted {
        Storage storage $ = _s();
        Installation storage known = _known(installation);
        address account = known.account;
        require(
            firstYear != 0
                && (lastYear == 0 ? firstYear <= _LAST_YEAR : firstYear <= lastYear && lastYear <= _LAST_YEAR),
            BadYears(firstYear, lastYear)
        );
        require(cause != 0, DigestMissing());
        Span memory span = $.spans[account];
        for (uint256 year = span.first; year != 0 && year <= span.last; ++year) {
            bool inside = year >= firstYear && (lastYear == 0 || year <= lastYear);
            // Fits: at most span.last
            uint16 year_ = uint16(year);
            require(
                inside || $.filings[installation][year_].state == FilingState.OPEN, YearHasFigure(installation, year_)
            );
        }

        known.firstYear = firstYear;
        known.lastYear = lastYear;

        emit InstallationYearsSet(installation, firstYear, lastYear, cause);

        _completenessChanged(account);
    }

    /* PLANS */

    /// @inheritdoc IEmissionReports
    function filePlan(uint64 installation, uint16 fromYear, bytes32 document, Stream[] calldata streams)
        external
        returns (uint16 version)
    {
        address account = _actingOperator(installation);
        require(document != 0, DigestMissing());
        require(streams.length != 0 && streams.length <= _MAX_STREAMS, BadStreamCount(streams.length, _MAX_STREAMS));
        for (uint256 i; i < streams.length; ++i) {
            _requireOpen(streams[i].method, streams[i].version);
        }

        Storage storage $ = _s();
        version = ++$.installations[installation].plans;
        Plan storage plan = $.plans[installation][version];
        plan.state = PlanState.FILED;
        plan.fromYear = fromYear;
        plan.filedAt = uint40(block.timestamp);
        plan.document = document;
        for (uint256 i; i < streams.length; ++i) {
            plan.streams.push(streams[i]);
        }

        emit PlanFiled(installation, account, version, fromYear, document, streams);
    }

    /// @inheritdoc IEmissionReports
    function approvePlan(uint64 installation, uint16 version) external restricted {
        Plan storage plan = _filedPlan(installation, version);
        // Again: a method may have been closed since the plan was filed.
        for (uint256 i; i < plan.streams.length; ++i) {
            _requireOpen(plan.streams[i].method, plan.streams[i].version);
        }

        plan.state = PlanState.APPROVED;

        emit PlanApproved(installation, version);
    }

    /// @inheritdoc IEmissionReports
    function returnPlan(uint64 installation, uint16 version, bytes32 reason) external restricted {
        Plan storage plan = _filedPlan(installation, version);
        require(reason != 0, DigestMissing());

        plan.state = PlanState.RETURNED;

        emit PlanReturned(installation, version, reason);
    }

    /// @inheritdoc IEmissionReports
    function planOf(uint64 installation, uint16 version) external view returns (Plan memory) {
        return _s().plans[installation][version];
    }

    /// @inheritdoc IEmissionReports
    function planInForce(uint64 installation, uint16 year) public view returns (uint16 version) {
        Storage storage $ = _s();
        for (version = $.installations[installation].plans; version != 0; --version) {
            Plan storage plan = $.plans[installation][version];
            if (plan.state == PlanState.APPROVED && plan.fromYear <= year) return version;
        }
    }

    function _filedPlan(uint64 installation, uint16 version) private view returns (Plan storage plan) {
        plan = _s().plans[installation][version];
        require(plan.state == PlanState.FILED, WrongPlanState(installation, version, plan.state));
    }

    function _requireOpen(bytes32 method, uint16 version) private view {
        require(
            METHODOLOGIES.methodOf(method, version).state == IMethodologies.MethodState.OPEN,
            MethodNotOpen(method, version)
        );
    }

    /* REPORTS */

    /// @inheritdoc IEmissionReports
    function setDeadline(uint16 year, uint40 deadline) external restricted {
        require(year != 0 && year <= _LAST_YEAR, BadYears(year, year));
        require(deadline != 0, ReportingNotOpen(year));

        _s().deadlines[year] = deadline;

        emit DeadlineSet(year, deadline);
    }

    /// @inheritdoc IEmissionReports
    function submitReport(uint64 installation, uint16 year, StreamData[] calldata entries, bytes32 data, bytes32 reason)
        external
        returns (uint16 version, uint128 grams)
    {
        address account = _actingOperator(installation);
        Filing storage filing = _openFiling(installation, year);
        require(data != 0, DigestMissing());
        version = filing.version + 1;
        require((version == 1) == (reason == 0), WrongReason(version, reason));
        uint16 plan = planInForce(installation, year);
        require(plan != 0, NoPlanInForce(installation, year));
        uint40 deadline = _s().deadlines[year];
        require(deadline != 0, ReportingNotOpen(year));
        uint16[] memory entryStreams;
        uint128[] memory entryGrams;
        (grams, entryStreams, entryGrams) = _compute(_s().plans[installation][plan].streams, entries);
        bool late = block.timestamp > deadline;

        filing.version = version;
        _s().reports[installation][year][version] = Report(grams, uint40(block.timestamp), plan, late, data);

        emit ReportSubmitted(
            installation, year, account, version, plan, grams, entryStreams, entryGrams, data, reason, late
        );
    }

    /// @dev Each entry by the method of its stream; entries lie in order of streams and leave none out.
    function _compute(Stream[] storage streams, StreamData[] calldata entries)
        private
        view
        returns (uint128 grams, uint16[] memory entryStreams, uint128[] memory entryGrams)
    {
        uint256 expected; // the stream that has to come unless the one before goes on
        uint256 sum;
        entryStreams = new uint16[](entries.length);
        entryGrams = new uint128[](entries.length);
        for (uint256 i; i < entries.length; ++i) {
            uint16 given = entries[i].stream;
            // Fits: at most the number of streams
            require(
                given < streams.length && (given == expected || given + 1 == expected),
                StreamOutOfOrder(i, given, uint16(expected))
            );
            if (given == expected) ++expected;
            Stream memory stream = streams[given];
            uint256 entry = METHODOLOGIES.compute(stream.method, stream.version, entries[i].inputs);
            sum = entry <= type(uint128).max ? sum + entry : entry;
            require(sum <= type(uint128).max, TooManyGrams(sum));
            entryStreams[i] = given;
            // Fits: the sum is checked
            entryGrams[i] = uint128(entry);
        }
        require(expected == streams.length, StreamsMissing(expected, streams.length));
        // Fits: checked above
        grams = uint128(sum);
    }

    /// @inheritdoc IEmissionReports
    function reportOf(uint64 installation, uint16 year, uint16 version) external view returns (Report memory) {
        return _s().reports[installation][year][version];
    }

    /// @inheritdoc IEmissionReports
    function filingOf(uint64 installation, uint16 year) external view returns (Filing memory) {
        return _s().filings[installation][year];
    }

    /// @inheritdoc IEmissionReports
    function deadlineOf(uint16 year) external view returns (uint40) {
        return _s().deadlines[year];
    }

    function _openFiling(uint64 installation, uint16 year) private view returns (Filing storage filing) {
        require(isActiveIn(installation, year), NotActiveIn(installation, year));
        filing = _s().filings[installation][year];
        require(filing.state == FilingState.OPEN, FilingClosed(installation, year, filing.state));
    }

    /* FIGURES */

    /// @inheritdoc IEmissionReports
    function accept(uint64 installation, uint16 year, uint16 version) external restricted {
        Storage storage $ = _s();
        Filing storage filing = _openFiling(installation, year);
        require(version != 0 && version == filing.version, NotTheLatest(installation, year, version, filing.version));
        IVerifications.Opinion memory opinion = VERIFICATIONS.verificationOf(installation, year, version).opinion;
        require(
            opinion.conclusion == IVerifications.Conclusion.POSITIVE
                || opinion.conclusion == IVerifications.Conclusion.QUALIFIED,
            NotVerified(installation, year, version, opinion.conclusion)
        );
        address account = $.installations[installation].account;

        filing.state = FilingState.ACCEPTED;
        filing.acceptedVersion = version;
        filing.grams = opinion.verifiedGrams;
        $.settledAt[_filed(installation, year)] = uint40(block.timestamp);

        emit EmissionsAccepted(installation, year, account, version, opinion.verifiedGrams);

        _sumChanged(account, year, 0, opinion.verifiedGrams);
    }

    /// @inheritdoc IEmissionReports
    function determine(uint64 installation, uint16 year, uint128 grams, bytes32 cause) external restricted {
        Storage storage $ = _s();
        require(isActiveIn(installation, year), NotActiveIn(installation, year));
        Filing storage filing = $.filings[installation][year];
        require(filing.state != FilingState.ACCEPTED, FilingClosed(installation, year, filing.state));
        _requireUndisputed(installation, year);
        uint40 deadline = $.deadlines[year];
        require(deadline != 0, ReportingNotOpen(year));
        require(block.timestamp > deadline, DeadlineNotPassed(year, deadline));
        require(cause != 0, DigestMissing());
        address account = $.installations[installation].account;
        uint128 before = filing.grams;

        filing.state = FilingState.DETERMINED;
        filing.grams = grams;
        $.settledAt[_filed(installation, year)] = uint40(block.timestamp);

        emit EmissionsDetermined(installation, year, account, grams, cause);

        _sumChanged(account, year, before, grams);
    }

    /// @inheritdoc IEmissionReports
    function reopen(uint64 installation, uint16 year, bytes32 cause) external restricted {
        require(_s().filings[installation][year].state != FilingState.OPEN, FilingOpen(installation, year));
        require(cause != 0, DigestMissing());

        _s().disputes[_filed(installation, year)] = 0; // it is what a claimant asks for
        _reopen(installation, year, cause);
    }

    function _reopen(uint64 installation, uint16 year, bytes32 cause) private {
        Filing storage filing = _s().filings[installation][year];
        address account = _s().installations[installation].account;
        uint128 before = filing.grams;

        filing.state = FilingState.OPEN;
        filing.acceptedVersion = 0;
        filing.grams = 0;

        emit EmissionsReopened(installation, year, account, before, cause);

        _sumChanged(account, year, before, 0);
    }

    /* DISPUTES */

    /// @inheritdoc IDisputable
    /// @dev A figure that stands; reports that are only submitted are for the verifier and the authority.
    function hold(uint256 subject, uint256 dispute)
        external
        onlyModule(DISPUTES)
        returns (address account, uint256 at)
    {
        (uint64 installation, uint16 year) = _filingOf(subject);
        require(_s().filings[installation][year].state != FilingState.OPEN, FilingOpen(installation, year));
        _requireUndisputed(installation, year);

        _s().disputes[subject] = dispute;

        return (_s().installations[installation].account, _s().settledAt[subject]);
    }

    /// @inheritdoc IDisputable
    /// @dev Upheld, the filing is open again, and a corrected report can follow.
    function letGo(uint256 subject, uint256 dispute, bool upheld) external onlyModule(DISPUTES) {
        if (_s().disputes[subject] != dispute) return; // reopened meanwhile
        (uint64 installation, uint16 year) = _filingOf(subject);

        _s().disputes[subject] = 0;
        if (upheld) _reopen(installation, year, bytes32(dispute));
    }

    function _filed(uint64 installation, uint16 year) private pure returns (uint256) {
        return uint256(installation) << 16 | year;
    }

    /// @dev The DisputeDesk composed it of the two.
    function _filingOf(uint256 subject) private pure returns (uint64 installation, uint16 year) {
        return (uint64(subject >> 16), uint16(subject));
    }

    function _requireUndisputed(uint64 installation, uint16 year) private view {
        uint256 dispute = _s().disputes[_filed(installation, year)];
        require(dispute == 0, FilingDisputed(installation, year, dispute));
    }

    /// @inheritdoc IEmissionReports
    function acceptedOf(address account, uint16 year) external view returns (uint128 grams, bool complete) {
        AccountYear memory known = _s().accountYears[account][year];
        return (known.grams, known.complete);
    }

    /// @inheritdoc IEmissionReports
    function figureOf(uint64 installation, uint16 year) external view returns (uint128 grams, bool settled) {
        Filing storage filing = _s().filings[installation][year];
        return (filing.grams, filing.state != FilingState.OPEN);
    }

    function _sumChanged(address account, uint16 year, uint128 before, uint128 afterwards) private {
        Span storage span = _s().spans[account];
        if (span.first == 0 || year < span.first) span.first = year;
        if (year > span.last) span.last = year;

        _change(account, year, _s().accountYears[account][year].grams - before + afterwards);
    }

    /// @dev Which installations are active changed. Where the account never had a figure, nothing is complete.
    function _completenessChanged(address account) private {
        Span memory span = _s().spans[account];
        if (span.first == 0) return;
        for (uint16 year = span.first; year <= span.last; ++year) {
            _change(account, year, _s().accountYears[account][year].grams);
        }
    }

    function _change(address account, uint16 year, uint128 grams) private {
        AccountYear storage known = _s().accountYears[account][year];
        bool complete = _isComplete(account, year);
        if (known.grams == grams && known.complete == complete) return;

        known.grams = grams;
        known.complete = complete;

        emit AccountEmissionsChanged(account, year, grams, complete);

        OBLIGATION_SINK.onEmissions(account, year, grams, complete);
    }

    /// @dev At least one installation is active, and each that is has a figure.
    function _isComplete(address account, uint16 year) private view returns (bool complete) {
        uint64[] storage installations = _s().ofAccount[account];
        for (uint256 i; i < installations.length; ++i) {
            if (!isActiveIn(installations[i], year)) continue;
            complete = _s().filings[installations[i]][year].state != FilingState.OPEN;
            if (!complete) return false;
        }
    }

    /* WHO AND WHAT */

    /// @inheritdoc IEmissionReports
    function installationOf(uint64 installation) external view returns (Installation memory) {
        return _known(installation);
    }

    /// @inheritdoc IEmissionReports
    function isActiveIn(uint64 installation, uint16 year) public view returns (bool) {
        Installation storage known = _s().installations[installation];
        return known.firstYear != 0 && known.firstYear <= year && (known.lastYear == 0 || year <= known.lastYear);
    }

    /// @inheritdoc IEmissionReports
    function standingOf(uint64 installation, uint16 year)
        external
        view
        returns (address account, uint16 region, bool active, uint16 plan)
    {
        Installation storage known = _known(installation);
        return (known.account, known.region, isActiveIn(installation, year), planInForce(installation, year));
    }

    /// @inheritdoc IEmissionReports
    function installationsOf(address account) external view returns (uint64[] memory) {
        return _s().ofAccount[account];
    }

    /// @inheritdoc IEmissionReports
    function installationCount() external view returns (uint64) {
        return _s().installationCount;
    }

    function _known(uint64 installation) private view returns (Installation storage known) {
        known = _s().installations[installation];
        require(known.account != address(0), UnknownInstallation(installation));
    }

    /// @dev The operator's account, for which the caller may report.
    function _actingOperator(uint64 installation) private view returns (address account) {
        address operator = _known(installation).account;
        account = LEDGER.actingFor(msg.sender, Rights.REPORT, 0);
        require(account == operator, NotTheOperator(msg.sender, account, installation, operator));
    }

    function _s() private pure returns (Storage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
