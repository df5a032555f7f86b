// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Status } from "../../../contracts/compliance/ComplianceStatus.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { ComplianceSuite } from "./ComplianceSuite.sol";

/// @dev Does what participants and authorities may do, in any order, and keeps a plain account of what must come of it.
contract ComplianceHandler is ComplianceSuite {
    uint16 private constant _FIRST = 2021;
    uint16 private constant _LAST = 2028;

    struct Filed {
        address account;
        uint256 allowances;
        uint256 credits;
        uint256 at;
        bool open;
        bool approved;
        uint256 reversedAt;
    }

    Filed[] private filed;
    mapping(address account => mapping(uint16 year => uint256)) private tonnes;
    mapping(address account => mapping(uint16 year => bool)) private known;
    mapping(address account => mapping(uint16 year => bool)) private excluded;
    mapping(address account => uint256) private given;
    uint256[] private withdrawals;
    mapping(uint256 id => bool) private sent; // by the bank, which had accepted

    uint256 public allowancesCancelled;
    uint256 public creditsCancelled;
    uint256 public allowancesReissued;
    uint256 public creditsReissued;
    uint256 public reversals;
    uint256 public vouchers;
    uint256 public deposited;
    uint256 public withdrawn;
    uint256 public assessments;
    uint256 public wrongPenalties;
    uint256 public paidAndKept;
    uint256 private references;
    mapping(address account => uint256) private shortBefore; // as last assessed
    mapping(address account => uint256) private countedBefore;

    /// @dev Once, by the test. Not the constructor: who issues credits must have code.
    function begin() external {
        require(address(desk) == address(0));
        setUpCompliance();
        for (uint16 year = _FIRST; year <= _LAST; ++year) {
            setRules(year);
        }
        enrol(plant, _FIRST, 0);
        enrol(mill, _FIRST, 0);
        ledger.issue(plant, uka, 100_000, "allocation");
        ledger.issue(mill, uka, 100_000, "allocation");
        ledger.issue(plant, credit, 10_000, "verified");
        ledger.issue(mill, credit, 10_000, "verified");
        vm.prank(key);
        cash.setPayout("iban");
        vm.prank(other);
        cash.setPayout("iban 2");
        ledger.appointBinder(IInstrumentLedger.Reason.CONVERSION, address(issuing));
        vm.prank(regulator);
        desk.setReversalWindow(60 days);
    }

    /* ACTS */

    function applyToSurrender(bool first, uint16 allowances, uint8 seed) external {
        (address account, address by) = _who(first);
        uint256 credits = seed % 4 == 0 ? seed / 4 : 0;
        uint256[] memory instruments = credits == 0 ? one(uka) : two(uka, credit);
        uint256[] memory quantities = credits == 0 ? one(allowances) : two(allowances, credits);
        vm.prank(by);
        desk.applySurrender(instruments, quantities);
        filed.push(Filed(account, allowances, credits, block.timestamp, true, false, 0));
    }

    function approveOne(uint256 seed) external {
        (uint256 id, Filed storage one_) = _pick(seed);
        approve(id);
        // Whatever was not open must have been refused: nothing is checked before the contract.
        allowancesCancelled += one_.allowances;
        creditsCancelled += one_.credits;
        given[one_.account] += one_.allowances + one_.credits;
        vouchers += one_.credits == 0 ? 1 : 2;
        one_.open = false;
        one_.approved = true;
    }

    function reverseOne(uint256 seed) external {
        uint256 id = seed % filed.length;
        for (uint256 i; i < filed.length && (!filed[id].approved || filed[id].reversedAt != 0); ++i) {
            id = (id + 1) % filed.length;
        }
        Filed storage one_ = filed[id];
        vm.prank(regulator);
        desk.reverseSurrender(id + 1, "cause");
        one_.reversedAt = block.timestamp;
        allowancesReissued += one_.allowances;
        creditsReissued += one_.credits;
        given[one_.account] -= one_.allowances + one_.credits;
        ++reversals;
    }

    function rejectOne(uint256 seed) external {
        (uint256 id, Filed storage one_) = _pick(seed);
        vm.prank(regulator);
        desk.rejectSurrender(id, "reason");
        one_.open = false;
    }

    function withdrawOne(bool first, uint256 seed) external {
        (uint256 id, Filed storage one_) = _pick(seed);
        (, address by) = _who(first);
        vm.prank(by);
        desk.withdrawSurrender(id);
        one_.open = false;
    }

    function cancel(bool first, bool credits, uint16 quantity) external {
        (, address by) = _who(first);
        vm.prank(by);
        desk.cancelVoluntarily(credits ? credit : uka, quantity, "who", "why", 2021);
        if (credits) creditsCancelled += quantity;
        else allowancesCancelled += quantity;
        ++vouchers;
    }

    function move(bool first, bool credits, uint16 quantity) external {
        (address from, address by) = _who(first);
        vm.prank(by);
        ledger.safeTransferFrom(from, first ? mill : plant, credits ? credit : uka, quantity, "");
    }

    function report(bool first, uint8 seed, uint16 quantity, bool complete) external {
        (address account,) = _who(first);
        uint16 year = _year(seed);
        obligations.onEmissions(account, year, uint128(quantity) * 1e6, complete);
        tonnes[account][year] = complete ? quantity : 0;
        known[account][year] = complete;
    }

    /// @dev As the authority determines, where nothing came.
    function determine(bool first, uint16 quantity) external {
        (address account,) = _who(first);
        uint16 current = obligations.schemeOf().currentYear;
        for (uint16 year = _FIRST; year < current; ++year) {
            if (known[account][year]) continue;
            obligations.onEmissions(account, year, uint128(quantity) * 1e6, true);
            tonnes[account][year] = quantity;
            known[account][year] = true;
        }
    }

    function setExcluded(bool first, uint8 seed, bool on) external {
        (address account,) = _who(first);
        uint16 year = _year(seed);
        vm.prank(regulator);
        if (on) obligations.exclude(account, year, "cause");
        else obligations.include(account, year, "cause");
        excluded[account][year] = on;
    }

    function passDays(uint8 number) external {
        vm.warp(block.timestamp + uint256(number) * 1 days);
        uint16 current = obligations.schemeOf().currentYear;
        // The next year is opened when it begins.
        if (current <= _LAST && block.timestamp > rulesFor(current).reportingDeadline - 90 days) openYear(current + 1);
    }

    function assess(bool first, uint8 seed) external {
        (address account,) = _who(first);
        uint16 year = _year(seed % 3);
        obligations.assess(account, year);
        ++assessments;

        uint256 owed;
        for (uint16 y = _FIRST; y <= year; ++y) {
            if (!excluded[account][y]) owed += tonnes[account][y];
        }
        uint256 inTime;
        for (uint256 i; i < filed.length; ++i) {
            bool gone = filed[i].reversedAt != 0 && filed[i].reversedAt <= deadlineOf(year);
            if (filed[i].account == account && filed[i].approved && !gone && filed[i].at <= deadlineOf(year)) {
                inTime += filed[i].allowances + filed[i].credits;
            }
        }
        if (given[account] < inTime) inTime = given[account]; // some was reversed since
        uint256 short = owed > inTime ? owed - inTime : 0;
        uint256 since = inTime > countedBefore[account] ? inTime - countedBefore[account] : 0;
        uint256 old = shortBefore[account] > since ? shortBefore[account] - since : 0;
        uint256 expected = short > old ? (short - old) * PENALTY : 0;
        (shortBefore[account], countedBefore[account]) = (short, inTime);
        if (obligations.yearOf(account, year).penalty != expected) ++wrongPenalties;
    }

    function restrictForMissing(bool first, uint8 seed) external {
        (address account,) = _who(first);
        obligations.restrictForMissing(account, _year(seed));
    }

    function deposit(bool first, uint32 amount) external {
        (address account,) = _who(first);
        vm.prank(bank);
        cash.recordDeposit(account, amount, bytes32(++references));
        deposited += amount;
    }

    function requestWithdrawal(bool first, uint32 amount) external {
        (, address by) = _who(first);
        vm.prank(by);
        withdrawals.push(cash.requestWithdrawal(amount));
    }

    function acceptWithdrawal(uint256 seed) public {
        uint256 id = withdrawals[seed % withdrawals.length];
        vm.prank(bank);
        cash.acceptWithdrawal(id);
        sent[id] = true;
    }

    function decideWithdrawal(uint256 seed, uint8 how) external {
        uint256 id = withdrawals[seed % withdrawals.length];
        uint256 amount = cash.withdrawalOf(id).amount;
        if (how % 3 == 0) {
            if (!sent[id]) acceptWithdrawal(seed);
            vm.prank(bank);
            cash.confirmWithdrawal(id, bytes32(++references));
            withdrawn += amount;
        } else if (how % 3 == 1) {
            vm.prank(bank);
            cash.rejectWithdrawal(id, "cause");
        } else {
            vm.prank(key);
            cash.cancelWithdrawal(id);
            if (sent[id]) ++paidAndKept;
        }
    }

    /* WHAT MUST BE */

    function wrongUnits() external view returns (uint256 wrong) {
        if (ledger.instrumentOf(uka).cancelled != allowancesCancelled) ++wrong;
        if (ledger.instrumentOf(credit).cancelled != creditsCancelled) ++wrong;
        if (ledger.instrumentOf(uka).issued != 200_000 + allowancesReissued) ++wrong;
        if (_held(uka) + allowancesCancelled != 200_000 + allowancesReissued) ++wrong;
        if (_held(credit) + creditsCancelled != 20_000 + creditsReissued) ++wrong;
    }

    function wrongBindings() external view returns (uint256 wrong) {
        (uint256 allowances, uint256 credits) = (0, 0);
        for (uint256 i; i < filed.length; ++i) {
            if (filed[i].open) (allowances, credits) = (allowances + filed[i].allowances, credits + filed[i].credits);
        }
        if (ledger.encumberedOf(plant, uka) + ledger.encumberedOf(mill, uka) != allowances) ++wrong;
        if (ledger.encumberedOf(plant, credit) + ledger.encumberedOf(mill, credit) != credits) ++wrong;
        if (ledger.encumberedOf(plant, uka) > ledger.balanceOf(plant, uka)) ++wrong;
        if (ledger.encumberedOf(mill, uka) > ledger.balanceOf(mill, uka)) ++wrong;
    }

    function wrongStatuses() external view returns (uint256 wrong) {
        if (obligations.statusOf(plant) != _expected(plant)) ++wrong;
        if (obligations.statusOf(mill) != _expected(mill)) ++wrong;
        if (obligations.positionOf(plant).surrendered != given[plant]) ++wrong;
        if (obligations.positionOf(mill).surrendered != given[mill]) ++wrong;
        if (obligations.positionOf(plant).restricted != (registry.restrictionsOf(plant) != 0)) ++wrong;
        if (obligations.positionOf(mill).restricted != (registry.restrictionsOf(mill) != 0)) ++wrong;
    }

    function wrongMoney() external view returns (uint256 wrong) {
        (uint256 d, uint256 w, uint256 outstanding, bool agrees) = cash.reconcile();
        if (!agrees || d != deposited || w != withdrawn || outstanding != _held(gbp)) ++wrong;
    }

    function wrongVouchers() external view returns (uint256) {
        return desk.voucherCount(SERIES) == vouchers ? 0 : 1;
    }

    /// @dev The rule said a second time, year by year.
    function _expected(address account) private view returns (Status) {
        uint16 current = obligations.schemeOf().currentYear;
        uint256 owed;
        bool any;
        bool missing;
        for (uint16 year = _FIRST; year < current; ++year) {
            if (excluded[account][year]) continue;
            any = true;
            if (!known[account][year]) missing = true;
            owed += tonnes[account][year];
        }
        if (!any) return Status.EXCLUDED;
        if (missing) return Status.C;
        return owed > given[account] ? Status.B : Status.A;
    }

    function _held(uint256 instrument) private view returns (uint256) {
        return ledger.balanceOf(plant, instrument) + ledger.balanceOf(mill, instrument);
    }

    function _who(bool first) private view returns (address account, address by) {
        return first ? (plant, key) : (mill, other);
    }

    /// @dev An open one, if there is any near; the contract refuses the others.
    function _pick(uint256 seed) private view returns (uint256 id, Filed storage one_) {
        id = seed % filed.length;
        for (uint256 i; i < filed.length && !filed[id].open; ++i) {
            id = (id + 1) % filed.length;
        }
        one_ = filed[id++];
    }

    function _year(uint8 seed) private pure returns (uint16) {
        return _FIRST + uint16(seed) % (_LAST - _FIRST + 1);
    }
}
