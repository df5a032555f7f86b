// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ICreditOffers } from "../../../contracts/instruments/ICreditOffers.sol";
import { ICreditProjects } from "../../../contracts/instruments/ICreditProjects.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IOriginRegister } from "../../../contracts/instruments/IOriginRegister.sol";
import { AccountKind, Restrictions } from "../../../contracts/types/Accounts.sol";
import { CreditSuite } from "./CreditSuite.sol";

/// @dev Does what participants and authorities may do with credits, in any order, and keeps a plain account of what must come
///      of it. Nothing is checked before the contracts: what should be refused must be refused by them.
contract CreditHandler is CreditSuite {
    uint256 private constant _MONEY = 2_000_000;
    uint64 private constant _SERIALS = 400;

    uint256 private foreign;
    bool[_SERIALS + 100] private taken;

    uint256 public due; // verified and issued
    uint256 public cancelled; // for reversals
    uint256 public imported;
    uint256 public exported;
    uint256 public sales;
    uint256 public broken; // exports that were taken back after they were accepted
    uint256 public doubles; // serials that came in twice

    /// @dev Once, by the test. Not the constructor: who issues money must have code.
    function begin() external {
        require(address(ledger) == address(0));
        setUpCredits();
        registered();
        vm.prank(proponentKey);
        projects.reportMonitoring(1, DAY, DAY + 349, 10_000, "monitoring"); // two weeks before the next vintage
        vm.prank(bodyKey);
        projects.verify(1, 1, 10_000, 0, "statement");
        issueAll(1, 1, credit, 10_000);
        due = 10_000;
        vm.prank(registrar);
        origins.enterProject("GS", "GS11236");
        foreign = defined(2021, FOREIGN);
    }

    /* PROJECT */

    function report(uint16 days_, uint32 claimed) external {
        uint32 from = projects.projectOf(1).monitoredUntil + 1;
        vm.prank(proponentKey);
        projects.reportMonitoring(1, from, from + days_ % 20, claimed, "monitoring");
    }

    function withdrawReport(uint32 seed) external {
        uint32 number = _report(seed);
        vm.prank(proponentKey);
        projects.withdrawMonitoring(1, number);
    }

    function refuseReport(uint32 seed) external {
        uint32 number = _report(seed);
        vm.prank(registrar);
        projects.refuseMonitoring(1, number, "reasons");
    }

    function verify(uint32 seed, uint32 tonnes) external {
        uint32 number = _report(seed);
        vm.prank(bodyKey);
        projects.verify(1, number, tonnes % 5000, "reason", "statement");
    }

    function issue(uint32 seed, bool second) external {
        uint32 number = _report(seed);
        uint96 tonnes = projects.monitoringOf(1, number).verified;
        vm.prank(registrar);
        projects.issue(1, number, one(second ? younger : credit), one(tonnes));
        due += tonnes;
    }

    /* BUFFER */

    function reverse(uint32 tonnes) external {
        require(tonnes % 8 == 0); // or little else happens: a project that owes gets nothing
        vm.prank(regulator);
        projects.recordReversal(1, tonnes / 8 % 100, "fire");
    }

    function cancelBuffer(uint32 tonnes, bool second) external {
        vm.prank(regulator);
        projects.cancelBuffer(1, second ? younger : credit, tonnes % 200, "fire");
        cancelled += tonnes % 200;
    }

    function compensate(uint32 tonnes, bool second) external {
        vm.prank(proponentKey);
        projects.compensate(1, second ? younger : credit, tonnes % 200);
        cancelled += tonnes % 200;
    }

    function releaseBuffer(uint32 tonnes, bool second) external {
        vm.prank(registrar);
        projects.releaseBuffer(second ? younger : credit, tonnes % 200);
    }

    /* OFFERS */

    function offer(uint32 quantity, uint16 price, bool second, bool public_, uint16 hours_) external {
        vm.prank(proponentKey);
        offers.offer(
            second ? younger : credit,
            quantity % 2000,
            price % 500,
            public_ ? address(0) : buyer,
            uint40(block.timestamp + uint256(hours_ % 8000) * 1 hours)
        );
    }

    function reduceOffer(uint256 seed, uint32 by) external {
        uint256 id = _pick(seed, offers.offerCount());
        vm.prank(proponentKey);
        offers.reduceOffer(id, by % 500);
    }

    function endOffer(uint256 seed, uint8 how) external {
        uint256 id = _pick(seed, offers.offerCount());
        if (how % 3 == 0) {
            offers.releaseOffer(id);
        } else if (how % 3 == 1) {
            vm.prank(proponentKey);
            offers.withdrawOffer(id);
        } else {
            vm.prank(regulator);
            offers.removeOffer(id, "cause");
        }
    }

    function applyToBuy(uint256 seed, uint32 quantity, bool first) external {
        uint256 id = _pick(seed, offers.offerCount());
        vm.prank(first ? buyerKey : otherKey);
        offers.applyForPurchase(id, quantity % 100);
    }

    function confirm(uint256 seed) external {
        uint256 id = _pick(seed, offers.purchaseCount());
        vm.prank(proponentKey);
        offers.confirmPurchase(id);
        ++sales;
    }

    function endPurchase(uint256 seed, uint8 how) external {
        uint256 id = _pick(seed, offers.purchaseCount());
        if (how % 5 == 0) {
            offers.releasePurchase(id);
        } else if (how % 5 == 1) {
            vm.prank(proponentKey);
            offers.declinePurchase(id, "cause");
        } else if (how % 5 == 4) {
            vm.prank(regulator);
            offers.removePurchase(id, "cause");
        } else {
            vm.prank(how % 5 == 2 ? buyerKey : otherKey);
            offers.withdrawPurchase(id);
        }
    }

    /* ORIGINS */

    function bringIn(uint64 first, uint64 size, uint64 hint, bool goodHint) external {
        first = first % _SERIALS;
        uint64 last = first + size % 60;
        bytes32 key = origins.batchKey(origin(first, last));
        if (goodHint) hint = origins.hintFor(key, first);
        else hint %= _SERIALS;
        vm.prank(registrar);
        origins.bringIn(origin(first, last), hint, buyer, foreign, "document");
        for (uint64 serial = first; serial <= last; ++serial) {
            if (taken[serial]) ++doubles;
            taken[serial] = true;
        }
        imported += last - first + 1;
    }

    function requestExport(uint32 quantity) external {
        vm.prank(buyerKey);
        origins.requestExport(foreign, quantity % 50, "GS", "there");
    }

    function acceptExport(uint256 seed) external {
        uint256 id = _pick(seed, origins.exportCount());
        vm.prank(registrar);
        origins.acceptExport(id);
    }

    function endExport(uint256 seed, uint8 how, uint8 entry) external {
        uint256 id = _pick(seed, origins.exportCount());
        if (how % 3 == 0) {
            vm.prank(registrar);
            origins.confirmExport(id, bytes32(uint256(entry)));
            exported += origins.exportOf(id).quantity;
        } else if (how % 3 == 1) {
            vm.prank(registrar);
            origins.rejectExport(id, "cause");
        } else {
            bool held = origins.exportOf(id).state == IOriginRegister.ExportState.ACCEPTED;
            vm.prank(buyerKey);
            origins.cancelExport(id);
            if (held) ++broken;
        }
    }

    /* TIME AND RESTRICTIONS */

    function pass(uint16 hours_) external {
        vm.warp(block.timestamp + uint256(hours_ % 64 == 0 ? 90_000 : hours_ % 50) * 1 hours);
    }

    function restrict(bool first, uint8 bits) external {
        if (first) setEligibility(buyer, AccountKind.OPERATOR, 3, bits & Restrictions.ALL);
        else setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, bits & Restrictions.ALL);
    }

    function free() external {
        setEligibility(buyer, AccountKind.OPERATOR, 3, 0);
        setEligibility(proponent, AccountKind.PROJECT_PROPONENT, 1, 0);
    }

    /* WHAT MUST HOLD */

    /// @dev Units of an instrument that are neither held nor cancelled, or held twice.
    function wrongUnits() external view returns (uint256 wrong) {
        uint256[3] memory all = [credit, younger, foreign];
        uint256 issued_;
        for (uint256 i; i < 3; ++i) {
            IInstrumentLedger.Instrument memory known = ledger.instrumentOf(all[i]);
            uint256 held = ledger.balanceOf(proponent, all[i]) + ledger.balanceOf(buyer, all[i])
                + ledger.balanceOf(other, all[i]) + ledger.balanceOf(pool, all[i]);
            if (known.issued != held + known.cancelled) ++wrong;
            if (i < 2) issued_ += known.issued;
            else if (known.issued != imported || known.cancelled != exported) ++wrong;
        }
        ICreditProjects.Project memory project = projects.projectOf(1);
        if (issued_ != due || project.issued != due) ++wrong;
        if (ledger.instrumentOf(credit).cancelled + ledger.instrumentOf(younger).cancelled != cancelled) ++wrong;
        if (project.reversed != project.owed + cancelled) ++wrong;
    }

    function wrongMoney() external view returns (uint256) {
        uint256 held = ledger.balanceOf(proponent, gbp) + ledger.balanceOf(buyer, gbp) + ledger.balanceOf(other, gbp);
        return held == _MONEY ? 0 : 1;
    }

    function wrongBindings() external view returns (uint256 wrong) {
        uint256 inBuffer = projects.bufferOf(credit) + projects.bufferOf(younger);
        IInstrumentLedger.Reason reason = IInstrumentLedger.Reason.BUFFER;
        if (projects.projectOf(1).buffered != inBuffer) ++wrong;
        if (ledger.encumberedFor(pool, credit, reason) != projects.bufferOf(credit)) ++wrong;
        if (ledger.encumberedFor(pool, younger, reason) != projects.bufferOf(younger)) ++wrong;

        reason = IInstrumentLedger.Reason.LISTING;
        uint256[2] memory offered;
        for (uint256 id = 1; id <= offers.offerCount(); ++id) {
            ICreditOffers.Offer memory one_ = offers.offerOf(id);
            if (one_.state == ICreditOffers.OfferState.OPEN) offered[one_.instrument == credit ? 0 : 1] += one_.left;
            else if (one_.left != 0) ++wrong;
        }
        if (ledger.encumberedFor(proponent, credit, reason) != offered[0]) ++wrong;
        if (ledger.encumberedFor(proponent, younger, reason) != offered[1]) ++wrong;

        uint256[2] memory paid;
        for (uint256 id = 1; id <= offers.purchaseCount(); ++id) {
            ICreditOffers.Purchase memory asked = offers.purchaseOf(id);
            if (asked.state != ICreditOffers.PurchaseState.APPLIED) continue;
            paid[asked.buyer == buyer ? 0 : 1] += uint256(asked.quantity) * offers.offerOf(asked.offer).price;
        }
        if (ledger.encumberedFor(buyer, gbp, reason) != paid[0]) ++wrong;
        if (ledger.encumberedFor(other, gbp, reason) != paid[1]) ++wrong;

        uint256 leaving;
        for (uint256 id = 1; id <= origins.exportCount(); ++id) {
            IOriginRegister.Export memory one_ = origins.exportOf(id);
            bool open = one_.state == IOriginRegister.ExportState.REQUESTED
                || one_.state == IOriginRegister.ExportState.ACCEPTED;
            if (open) leaving += one_.quantity;
        }
        if (ledger.encumberedFor(buyer, foreign, IInstrumentLedger.Reason.EXPORT) != leaving) ++wrong;
    }

    /// @dev Standing reports that share a day.
    function wrongDays() external view returns (uint256 wrong) {
        uint32 until;
        for (uint32 i = 1; i <= projects.projectOf(1).reports; ++i) {
            ICreditProjects.Monitoring memory m = projects.monitoringOf(1, i);
            if (m.state > ICreditProjects.MonitoringState.ISSUED) continue;
            if (m.firstDay <= until) ++wrong;
            until = m.lastDay;
        }
        if (until > projects.projectOf(1).monitoredUntil) ++wrong;
    }

    function wrongVouchers() external view returns (uint256) {
        return offers.voucherCount(SERIES) == sales ? 0 : 1;
    }

    function _report(uint32 seed) private view returns (uint32) {
        return uint32(_pick(seed, projects.projectOf(1).reports));
    }

    /// @dev One of them, or one that there is not.
    function _pick(uint256 seed, uint256 count) private pure returns (uint256) {
        return count < 4 ? seed % (count + 2) : count - seed % 4;
    }
}

