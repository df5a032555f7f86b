// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ICashDesk } from "../../../contracts/instruments/ICashDesk.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { TokenSuite } from "./TokenSuite.sol";
import { RebasingToken } from "./Tokens.sol";

/// @dev Two accounts put tokens in and take them out in any order, of a good token and of one that shrinks and grows.
contract TokenHandler is TokenSuite {
    RebasingToken private bad;
    uint256 private eur;
    uint256[] private withdrawals;
    uint256 private minted;
    uint256 private given; // sent to the desk by mistake

    uint256 public paidWhileShort;
    uint256 public paidOutOfFrozen;

    function begin() external {
        require(address(token) == address(0));
        setUpTokens();
        bad = new RebasingToken();
        eur = backed(address(bad), 18);
        vm.prank(other);
        cash.setPayoutAddress(address(0xF00D));
        vm.warp(cash.payoutAddressOf(mill).usableFrom);
        for (uint256 i; i < 4; ++i) {
            put(i % 2 == 0, i / 2 == 0, 1e9);
        }
    }

    /* ACTS */

    function put(bool first, bool good, uint32 amount) public {
        bool short = _short(good);
        depositIn(good ? token : bad, good ? usd : eur, first ? key : other, amount);
        if (good) minted += amount;
        if (short) ++paidWhileShort;
    }

    function ask(bool first, bool good, uint32 amount) external {
        uint256 instrument = good ? usd : eur;
        uint256 some = bound(amount, 1, ledger.freeOf(first ? plant : mill, instrument) / 2 + 1);
        vm.prank(first ? key : other);
        withdrawals.push(cash.requestWithdrawalOf(instrument, some));
    }

    function pay(uint256 seed, uint8 hours_) external {
        uint256 id = _pick(seed);
        vm.warp(block.timestamp + uint256(hours_) * 1 hours);
        ICashDesk.Withdrawal memory asked = cash.withdrawalOf(id);
        bool short = _short(asked.instrument == usd);
        uint256 frozen = ledger.getFrozenTokens(asked.account, asked.instrument);
        cash.payWithdrawal(id);
        if (frozen != 0 && ledger.balanceOf(asked.account, asked.instrument) < frozen) ++paidOutOfFrozen;
        if (short) ++paidWhileShort;
    }

    function takeBack(bool first, uint256 seed) external {
        uint256 id = _pick(seed);
        if (seed % 4 != 0) return;
        vm.prank(first ? key : other);
        cash.cancelWithdrawal(id);
    }

    function refuse(uint256 seed) external {
        uint256 id = _pick(seed);
        if (seed % 8 != 0) return;
        vm.prank(regulator);
        cash.refuseWithdrawal(id, "cause");
    }

    function move(bool first, bool good, uint32 amount) external {
        uint256 instrument = good ? usd : eur;
        uint256 some = bound(amount, 0, ledger.freeOf(first ? plant : mill, instrument));
        vm.prank(first ? key : other);
        ledger.safeTransferFrom(first ? plant : mill, first ? mill : plant, instrument, some, "");
    }

    function give(uint32 amount) external {
        token.mint(address(cash), amount);
        minted += amount;
        given += amount;
    }

    function rebase(uint8 percent) external {
        bad.rebase(percent % 3 == 0 ? 50 + percent % 101 : 100);
    }

    function restrict(bool first, uint8 seed) external {
        registry.set(first ? plant : mill, seed % 4 == 0 ? Restrictions.NO_TRANSFER : 0);
    }

    function freeze(bool first, bool good, uint32 amount) external {
        ledger.setFrozenTokens(first ? plant : mill, good ? usd : eur, amount % 3 == 0 ? amount : 0);
    }

    /* WHAT MUST BE */

    function wrongGood() external view returns (uint256 wrong) {
        (,, uint256 outstanding, uint256 held, bool agrees) = cash.reconcileOf(usd);
        if (!agrees || held != outstanding + given || outstanding != _units(usd)) ++wrong;
        uint256 out = token.balanceOf(address(0xCAFE)) + token.balanceOf(address(0xF00D));
        if (held + out + token.balanceOf(key) + token.balanceOf(other) != minted) ++wrong;
    }

    function wrongBad() external view returns (uint256 wrong) {
        (,, uint256 outstanding, uint256 held, bool agrees) = cash.reconcileOf(eur);
        if (outstanding != _units(eur) || agrees != (held >= outstanding)) ++wrong;
    }

    /// @dev An open one, if there is any near; the contract refuses the others.
    function _pick(uint256 seed) private view returns (uint256 id) {
        uint256 at = seed % withdrawals.length;
        for (uint256 i; i < withdrawals.length; ++i) {
            id = withdrawals[(at + i) % withdrawals.length];
            if (cash.withdrawalOf(id).state == ICashDesk.WithdrawalState.REQUESTED) break;
        }
    }

    function _short(bool good) private view returns (bool) {
        (,,,, bool agrees) = cash.reconcileOf(good ? usd : eur);
        return !agrees;
    }

    function _units(uint256 instrument) private view returns (uint256) {
        return ledger.balanceOf(plant, instrument) + ledger.balanceOf(mill, instrument);
    }
}
