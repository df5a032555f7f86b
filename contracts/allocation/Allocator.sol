// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { IEmissionReports } from "../reporting/IEmissionReports.sol";
import { AccountKind, AccountStatus, Eligibility, Restrictions, Rights } from "../types/Accounts.sol";
import { FixedPoint } from "../types/FixedPoint.sol";
import { InstrumentClass, checkedInstrument } from "../types/InstrumentId.sol";
import { IAllocationFormula } from "./IAllocationFormula.sol";
import { IAllocator } from "./IAllocator.sol";

/// @title Caps, determinations, certificates. Its manual is `IAllocator`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract Allocator is IAllocator, Governed {
    /// @inheritdoc IAllocator
    bytes32 public constant EMISSIONS = "emissions";

    uint256 private constant _MAX_REFERENCE_YEARS = 10;
    uint256 private constant _GRAMS_TO_LEVEL = 1e12; // a gram is a millionth of a tonne, a level has 18 decimals

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    IEmissionReports private immutable REPORTS;
    IAllocationFormula private immutable FORMULA;

    /// @dev Of an installation, year and part; one word.
    struct Allocation {
        uint64 latest; // determination
        uint64 issued; // tonnes, under the latest and those before
    }

    /// @custom:storage-location erc7201:carbon.storage.Allocator
    struct Storage {
        uint64 determinationCount;
        mapping(uint16 year => Cap) caps;
        mapping(uint16 year => Cap) issued; // by part; `total` is their sum
        mapping(uint64 installation => uint32) baselineVersions;
        mapping(uint64 installation => mapping(bytes32 subject => Baseline)) baselines;
        mapping(uint256 id => Determination) determinations;
        mapping(uint64 installation => mapping(uint16 year => mapping(Part => Allocation))) allocations;
        mapping(uint16 year => mapping(uint16 region => uint128)) regionTotals;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.Allocator")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xad74e6d433ce905071e329812429ca90d193f6bef44400c0b3958864698ba200;

    /// @param allocationFormula Code without state; a new formula comes with a new implementation of this contract.
    constructor(address ledger, address emissionReports, IAllocationFormula allocationFormula) {
        LEDGER = ledger;
        REPORTS = IEmissionReports(emissionReports);
        FORMULA = allocationFormula;
    }

    /* CAP */

    /// @inheritdoc IAllocator
    function setCap(uint16 year, Cap calldata cap, bytes32 document) external restricted {
        uint256 parts = uint256(cap.free) + cap.auction + cap.reserve;
        require(parts <= cap.total, PartsExceedCap(parts, cap.total));
        require(document != 0, DigestMissing());
        Cap memory issued = _s().issued[year];
        require(cap.free >= issued.free, CapBelowIssued(year, Part.FREE, cap.free, issued.free));
        require(cap.auction >= issued.auction, CapBelowIssued(year, Part.AUCTION, cap.auction, issued.auction));
        require(cap.reserve >= issued.reserve, CapBelowIssued(year, Part.RESERVE, cap.reserve, issued.reserve));

        _s().caps[year] = cap;

        emit CapSet(year, cap, document);
    }

    /// @inheritdoc IAllocator
    function capOf(uint16 year) external view returns (Cap memory) {
        return _s().caps[year];
    }

    /// @inheritdoc IAllocator
    function issuedOf(uint16 year) external view returns (Cap memory) {
        return _s().issued[year];
    }

    /// @inheritdoc IAllocator
    function formula() external view returns (IAllocationFormula) {
        return FORMULA;
    }

    /// @inheritdoc IAllocator
    function remainingOf(uint16 year) external view returns (Cap memory left) {
        left = _s().caps[year];
        Cap memory issued = _s().issued[year];
        left.total -= issued.total;
        left.free -= issued.free;
        left.auction -= issued.auction;
        left.reserve -= issued.reserve;
    }

    /// @dev The one place where a year's issuance grows: no part above its share, whatever the order of calls.
    function _countIssued(uint16 year, Part part, uint64 quantity) private {
        uint256 left = _leftOf(year, part);
        require(quantity <= left, CapExceeded(year, part, quantity, left));

        Cap memory issued = _s().issued[year];
        issued.total += quantity;
        if (part == Part.FREE) issued.free += quantity;
        else if (part == Part.AUCTION) issued.auction += quantity;
        else issued.reserve += quantity;
        _s().issued[year] = issued;
    }

    function _leftOf(uint16 year, Part part) private view returns (uint256) {
        return _partOf(_s().caps[year], part) - _partOf(_s().issued[year], part);
    }

    function _partOf(Cap memory cap, Part part) private pure returns (uint64) {
        if (part == Part.FREE) return cap.free;
        return part == Part.AUCTION ? cap.auction : cap.reserve;
    }

    /* BASELINES */

    /// @inheritdoc IAllocator
    function registerBaseline(
        uint64 installation,
        bytes32 subject,
        uint128 level,
        uint16 firstYear,
        uint16 lastYear,
        bytes32 document
    ) external restricted {
        // Only that it reverts for an installation that is unknown is wanted.
        // slither-disable-next-line unused-return
        REPORTS.installationOf(installation);
        require(subject != 0 && document != 0, DigestMissing());
        require(firstYear != 0 && firstYear <= lastYear, BadYears(firstYear, lastYear));

        _setBaseline(installation, subject, level, firstYear, lastYear, document);
    }

    /// @inheritdoc IAllocator
    function computeBaseline(uint64 installation, uint16[] calldata referenceYears, Statistic statistic)
        external
        restricted
        returns (uint128 level)
    {
        uint256 count = referenceYears.length;
        require(count != 0 && count <= _MAX_REFERENCE_YEARS, BadYears(0, 0));
        uint256[] memory grams = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            uint16 year = referenceYears[i];
            require(i == 0 || referenceYears[i - 1] < year, BadYears(referenceYears[i == 0 ? 0 : i - 1], year));
            (uint128 figure, bool settled) = REPORTS.figureOf(installation, year);
            require(settled, NoFigure(installation, year));
            grams[i] = figure;
        }
        bytes32 document = keccak256(abi.encode(installation, referenceYears, grams, statistic));
        uint256 exact = statistic == Statistic.MEAN ? _mean(grams) : _median(grams);
        FixedPoint.requireAtMost("level", exact, type(uint128).max);
        // Fits: checked above
        level = uint128(exact);

        _setBaseline(installation, EMISSIONS, level, referenceYears[0], referenceYears[count - 1], document);
    }

    /// @inheritdoc IAllocator
    function baselineOf(uint64 installation, bytes32 subject) external view returns (Baseline memory) {
        return _s().baselines[installation][subject];
    }

    function _setBaseline(
        uint64 installation,
        bytes32 subject,
        uint128 level,
        uint16 firstYear,
        uint16 lastYear,
        bytes32 document
    ) private {
        uint32 version = ++_s().baselineVersions[installation];
        _s().baselines[installation][subject] = Baseline(level, firstYear, lastYear, version, document);

        emit BaselineRegistered(installation, subject, version, level, firstYear, lastYear, document);
    }

    /// @dev Of at most 10 figures below 2^128; as a level.
    function _mean(uint256[] memory grams) private pure returns (uint256) {
        uint256 sum;
        for (uint256 i; i < grams.length; ++i) {
            sum += grams[i];
        }
        return sum * _GRAMS_TO_LEVEL / grams.length;
    }

    function _median(uint256[] memory grams) private pure returns (uint256) {
        uint256 count = grams.length;
        for (uint256 i = 1; i < count; ++i) {
            for (uint256 j = i; j != 0 && grams[j - 1] > grams[j]; --j) {
                (grams[j - 1], grams[j]) = (grams[j], grams[j - 1]);
            }
        }
        return (grams[(count - 1) / 2] + grams[count / 2]) * _GRAMS_TO_LEVEL / 2;
    }

    /* DETERMINING */

    /// @inheritdoc IAllocator
    function determine(
        uint64 installation,
        uint16 year,
        Part part,
        uint256 instrument,
        IAllocationFormula.Inputs calldata inputs
    ) external restricted returns (uint256 id, uint64 quantity) {
        (address account, uint16 region, bool active,) = REPORTS.standingOf(installation, year);
        require(active, NotActiveIn(installation, year));
        require(part != Part.AUCTION, WrongPart(part));
        _requireAllowance(instrument, year);
        uint256[] memory levels = _levelsOf(installation, inputs);
        quantity = FORMULA.compute(levels, inputs);

        Storage storage $ = _s();
        id = ++$.determinationCount;
        Allocation memory before = $.allocations[installation][year][part];
        Determination storage determination = $.determinations[id];
        uint32 baseline = $.baselineVersions[installation];
        determination.account = account;
        determination.year = year;
        determination.state = State.DETERMINED;
        determination.part = part;
        determination.method = inputs.method;
        determination.baseline = baseline;
        determination.installation = installation;
        determination.quantity = quantity;
        // Fits: an instrument's id has 88 bits
        determination.instrument = uint96(instrument);
        determination.digest =
            keccak256(abi.encode(id, account, installation, region, year, part, instrument, levels, inputs, quantity));
        // Fits: ids count up by one
        $.allocations[installation][year][part].latest = uint64(id);

        emit AllocationDetermined(
            id,
            account,
            installation,
            region,
            year,
            part,
            instrument,
            levels,
            inputs,
            quantity,
            baseline,
            determination.digest
        );
        _supersede(before.latest, id);
        _changeRegionTotal(year, region, _dueUnder(before), quantity);
        if (before.issued > quantity) emit OverAllocated(id, account, before.issued, quantity);
    }

    /// @inheritdoc IAllocator
    function determinationOf(uint256 id) external view returns (Determination memory) {
        return _known(id);
    }

    /// @inheritdoc IAllocator
    function determinationCount() external view returns (uint256) {
        return _s().determinationCount;
    }

    /// @inheritdoc IAllocator
    function allocationOf(uint64 installation, uint16 year, Part part)
        external
        view
        returns (uint256 id, uint64 issued, uint64 overAllocated)
    {
        Allocation memory allocation = _s().allocations[installation][year][part];
        uint64 due = _dueUnder(allocation);
        return (allocation.latest, allocation.issued, allocation.issued > due ? allocation.issued - due : 0);
    }

    /// @inheritdoc IAllocator
    function regionTotalOf(uint16 year, uint16 region) external view returns (uint128) {
        return _s().regionTotals[year][region];
    }

    function _levelsOf(uint64 installation, IAllocationFormula.Inputs calldata inputs)
        private
        view
        returns (uint256[] memory levels)
    {
        levels = new uint256[](inputs.terms.length);
        for (uint256 i; i < levels.length; ++i) {
            bytes32 subject = inputs.terms[i].subject;
            Baseline storage baseline = _s().baselines[installation][subject];
            require(baseline.version != 0, NoBaseline(installation, subject));
            levels[i] = baseline.level;
        }
    }

    function _requireAllowance(uint256 instrument, uint16 year) private pure {
        bool fits = checkedInstrument(instrument).class() == InstrumentClass.ALLOWANCE
            && checkedInstrument(instrument).vintage() <= year;
        require(fits, WrongInstrument(instrument, year));
    }

    /// @dev What the latest determination leaves due: its quantity, or what was issued before when it is rejected.
    function _dueUnder(Allocation memory allocation) private view returns (uint64) {
        if (allocation.latest == 0) return 0;
        Determination storage latest = _s().determinations[allocation.latest];
        return latest.state == State.REJECTED ? allocation.issued : latest.quantity;
    }

    function _supersede(uint256 id, uint256 by) private {
        if (id == 0) return;
        Determination storage superseded = _s().determinations[id];
        if (superseded.state == State.REJECTED) return;

        if (superseded.state != State.CERTIFIED) superseded.state = State.SUPERSEDED;

        emit AllocationSuperseded(id, by);
    }

    function _changeRegionTotal(uint16 year, uint16 region, uint64 before, uint64 afterwards) private {
        if (before == afterwards) return;
        uint128 total = _s().regionTotals[year][region] - before + afterwards;
        _s().regionTotals[year][region] = total;

        emit RegionTotalChanged(year, region, total);
    }

    /* APPLYING */

    /// @inheritdoc IAllocator
    function applyForAllocation(uint256 id) external returns (uint256 findings) {
        Determination memory determination = _known(id);
        Allocation memory allocation = _allocationOf(determination);
        address owner = determination.account;
        address account = IEligibility(LEDGER).actingFor(msg.sender, Rights.INITIATE, 0);
        require(account == owner, NotTheOwner(msg.sender, account, owner));
        require(determination.state == State.DETERMINED, WrongState(id, determination.state));
        require(_missing(determination, allocation) != 0, NothingDue(id));
        findings = _review(id, determination, allocation);

        _s().determinations[id].state = State.APPLIED;

        emit AllocationApplied(id, account, msg.sender, findings);
    }

    /// @inheritdoc IAllocator
    function review(uint256 id) external view returns (uint256 findings) {
        Determination memory determination = _known(id);
        return _review(id, determination, _allocationOf(determination));
    }

    function _review(uint256 id, Determination memory determination, Allocation memory allocation)
        private
        view
        returns (uint256 findings)
    {
        uint16 year = determination.year;
        (address operator,, bool active, uint16 plan) = REPORTS.standingOf(determination.installation, year);

        if (!_mayReceive(determination.account)) findings |= 1 << 0;
        if (!active || operator != determination.account) findings |= 1 << 1;
        if (plan == 0) findings |= 1 << 2;
        if (allocation.latest != id) findings |= 1 << 3;
        if (_s().baselineVersions[determination.installation] != determination.baseline) findings |= 1 << 4;
        if (_missing(determination, allocation) > _leftOf(year, determination.part)) findings |= 1 << 5;
    }

    function _mayReceive(address account) private view returns (bool) {
        Eligibility memory eligibility = IEligibility(LEDGER).eligibilityOf(account);
        return eligibility.status == AccountStatus.ACTIVE && eligibility.certificateUntil > block.timestamp
            && eligibility.restrictions & Restrictions.NO_RECEIPT == 0;
    }

    /// @dev Due and not issued yet.
    function _missing(Determination memory determination, Allocation memory allocation) private pure returns (uint64) {
        return determination.quantity > allocation.issued ? determination.quantity - allocation.issued : 0;
    }

    function _allocationOf(Determination memory determination) private view returns (Allocation storage) {
        return _s().allocations[determination.installation][determination.year][determination.part];
    }

    function _known(uint256 id) private view returns (Determination storage determination) {
        determination = _s().determinations[id];
        require(determination.state != State.NONE, UnknownDetermination(id));
    }

    /* APPROVING */

    /// @inheritdoc IAllocator
    function approve(uint256 id) external restricted returns (uint256 firstSerial) {
        Determination memory determination = _known(id);
        require(determination.state == State.APPLIED, WrongState(id, determination.state));
        Allocation storage stored = _allocationOf(determination);
        Allocation memory allocation = stored;
        uint256 findings = _review(id, determination, allocation);
        require(findings == 0, ReviewFailed(id, findings));
        // Not zero: it was not on applying, and only approving a later determination could have changed it.
        uint64 quantity = _missing(determination, allocation);

        _s().determinations[id].state = State.CERTIFIED;
        stored.issued = allocation.issued + quantity;
        _countIssued(determination.year, determination.part, quantity);

        // The ledger before the event: the certificate names the serials.
        firstSerial = IInstrumentLedger(LEDGER)
            .issue(determination.account, determination.instrument, quantity, determination.digest);
        emit AllocationCertified(
            id, determination.account, determination.instrument, quantity, firstSerial, block.number, block.timestamp
        );
    }

    /// @inheritdoc IAllocator
    function reject(uint256 id, bytes32 reason) external restricted {
        Determination memory determination = _known(id);
        require(
            determination.state == State.DETERMINED || determination.state == State.APPLIED,
            WrongState(id, determination.state)
        );
        require(reason != 0, DigestMissing());
        (, uint16 region,,) = REPORTS.standingOf(determination.installation, determination.year);

        _s().determinations[id].state = State.REJECTED;

        emit AllocationRejected(id, determination.account, reason);
        _changeRegionTotal(determination.year, region, determination.quantity, _allocationOf(determination).issued);
    }

    /* AUCTION */

    /// @inheritdoc IAllocator
    function issueForAuction(address account, uint16 year, uint256 instrument, uint64 quantity, bytes32 cause)
        external
        restricted
        returns (uint256 firstSerial)
    {
        AccountKind kind = IEligibility(LEDGER).eligibilityOf(account).kind;
        require(kind == AccountKind.GOVERNMENT, NotAGovernmentAccount(account, uint8(kind)));
        _requireAllowance(instrument, year);
        require(quantity != 0, EmptyQuantity());
        require(cause != 0, DigestMissing());

        _countIssued(year, Part.AUCTION, quantity);

        // The ledger before the event, which names the serials.
        firstSerial = IInstrumentLedger(LEDGER).issue(account, instrument, quantity, cause);
        emit AuctionUnitsIssued(year, account, instrument, quantity, firstSerial, cause);
    }

    function _s() private pure returns (Storage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
