// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IBanking } from "../../../contracts/instruments/IBanking.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { BankingSuite } from "./BankingSuite.sol";

/// @dev Two accounts convert, move, bind, offer and lose units in any order while time goes on.
contract BankingHandler is BankingSuite {
    IInstrumentLedger.Reason private constant _PLEDGE = IInstrumentLedger.Reason.PLEDGE;
    uint256 private constant _ISSUED = 200_000;

    uint256 public rule;
    mapping(address account => uint256) private pledged;
    mapping(address account => uint256) private offered;
    mapping(address account => uint256) private highest; // limit that the account ever had

    uint256 public overLimit;
    uint256 public boundTaken;
    uint256 public lapsedEarly;

    function begin() external {
        require(address(banking) == address(0));
        setUpBanking();
        issue(plant, _ISSUED / 2);
        issue(mill, _ISSUED / 2);
        IBanking.BankingTerms memory t = terms();
        (t.bySales, t.base, t.multiplier) = (true, 1000, 15_000);
        (t.byHolding, t.share, t.most) = (true, 6000, 60_000);
        rule = set(t);
        figures(true, 10_000, uint32(_ISSUED) / 2);
        figures(false, 40_000, uint32(_ISSUED) / 2);
    }

    /* ACTS */

    function convertSome(bool first, uint32 quantity) external {
        (address account, address by) = _who(first);
        uint256 some = bound(quantity, 0, ledger.freeOf(account, expiring) / 4);
        vm.prank(by);
        banking.convert(rule, some);
        _afterwards(account);
    }

    function convertAll(uint8 seed) external {
        if (seed % 8 != 0) return;
        vm.prank(regulator);
        banking.convertFor(rule, both());
        _afterwards(plant);
        _afterwards(mill);
    }

    function figures(bool first, uint24 netSales, uint32 held) public {
        (address account,) = _who(first);
        record(rule, account, netSales, held);
        uint256 bySales = 1000 + uint256(netSales) * 3 / 2;
        uint256 byHolding = uint256(held) * 6 / 10;
        uint256 limit = bySales < byHolding ? bySales : byHolding;
        if (limit > highest[account]) highest[account] = limit;
    }

    function move(bool first, uint32 quantity) external {
        (address from, address by) = _who(first);
        (address to,) = _who(!first);
        uint256 some = bound(quantity, 0, ledger.freeOf(from, expiring) / 2);
        vm.prank(by);
        ledger.safeTransferFrom(from, to, expiring, some, "");
    }

    function pledge(bool first, uint32 quantity) external {
        (address account,) = _who(first);
        uint256 some = bound(quantity, 0, ledger.freeOf(account, expiring) / 8);
        ledger.encumber(account, expiring, some, _PLEDGE, "pledge");
        pledged[account] += some;
    }

    function redeem(bool first) external {
        (address account,) = _who(first);
        ledger.release(account, expiring, pledged[account], _PLEDGE, "paid");
        pledged[account] = 0;
    }

    function offer(bool first, uint32 quantity) external {
        (address account, address by) = _who(first);
        uint256 some = bound(quantity, 0, ledger.freeOf(account, expiring) / 8);
        ledger.escrowFrom(by, expiring, some);
        offered[account] += some;
    }

    function takeBack(bool first) external {
        (address account,) = _who(first);
        ledger.releaseEscrow(account, expiring, offered[account]);
        offered[account] = 0;
    }

    function freeze(bool first, uint16 quantity, bool on) external {
        (address account,) = _who(first);
        ledger.setFrozenTokens(account, expiring, on ? quantity : 0);
    }

    function restrict(bool first, uint8 seed) external {
        (address account,) = _who(first);
        registry.set(account, seed % 4 == 0 ? Restrictions.NO_RECEIPT : 0);
    }

    function passHours(uint8 number) external {
        vm.warp(block.timestamp + uint256(number) * 1 hours);
    }

    function moveWindow(uint8 hours_) external {
        vm.prank(regulator);
        banking.moveWindow(rule, start, uint40(block.timestamp) + uint40(hours_ % 100) * 1 hours, "cause");
    }

    function lapse() external {
        uint40 closes = banking.ruleOf(rule).terms.closes;
        (uint256 stays, uint256 kept) = (_unfree(plant), _unfree(mill));
        uint256 was = ledger.instrumentOf(expiring).cancelled;
        banking.lapse(rule, both());
        bool any = ledger.instrumentOf(expiring).cancelled != was;
        if (any && (block.timestamp < closes || block.timestamp < end)) ++lapsedEarly;
        if (ledger.balanceOf(plant, expiring) != stays || ledger.balanceOf(mill, expiring) != kept) ++boundTaken;
        _afterwards(plant);
        _afterwards(mill);
    }

    /* WHAT MUST BE */

    function wrongUnits() external view returns (uint256 wrong) {
        IBanking.BankingRule memory known = banking.ruleOf(rule);
        IInstrumentLedger.Instrument memory old = ledger.instrumentOf(expiring);
        if (ledger.instrumentOf(later).issued != known.converted) ++wrong;
        if (old.cancelled != uint256(known.converted) + known.lapsed) ++wrong;
        uint256 held = _held(expiring) + offered[plant] + offered[mill];
        if (held + known.lapsed + _held(later) != _ISSUED) ++wrong;
        if (_held(later) != known.converted) ++wrong;
    }

    function wrongLimits() external view returns (uint256 wrong) {
        IBanking.BankingRule memory known = banking.ruleOf(rule);
        (uint256 first, uint256 second) =
            (banking.standingOf(rule, plant).converted, banking.standingOf(rule, mill).converted);
        if (first > highest[plant] || second > highest[mill]) ++wrong;
        if (first + second != known.converted || known.converted > known.terms.most) ++wrong;
    }

    function _afterwards(address account) private {
        if (ledger.encumberedFor(account, expiring, _PLEDGE) != pledged[account]) ++boundTaken;
        if (ledger.encumberedFor(account, expiring, IInstrumentLedger.Reason.CONVERSION) != 0) ++boundTaken;
        if (banking.standingOf(rule, account).converted > highest[account]) ++overLimit;
    }

    function _unfree(address account) private view returns (uint256) {
        return ledger.balanceOf(account, expiring) - ledger.freeOf(account, expiring);
    }

    function _held(uint256 instrument) private view returns (uint256) {
        return ledger.balanceOf(plant, instrument) + ledger.balanceOf(mill, instrument);
    }

    function _who(bool first) private view returns (address account, address by) {
        return first ? (plant, key) : (mill, other);
    }
}
