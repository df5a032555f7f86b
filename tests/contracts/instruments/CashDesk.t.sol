// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { CashDesk } from "../../../contracts/instruments/CashDesk.sol";
import { ICashDesk } from "../../../contracts/instruments/ICashDesk.sol";
import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { ComplianceSuite } from "../support/ComplianceSuite.sol";

// @requirement R-TRD-8 R-TBL-3
contract CashDeskTest is ComplianceSuite {
    IInstrumentLedger.Reason private constant _WITHDRAWAL = IInstrumentLedger.Reason.WITHDRAWAL;

    function setUp() public {
        setUpCompliance();
        vm.prank(bank);
        cash.recordDeposit(plant, 1000, "deposit 1");
        vm.prank(key);
        cash.setPayout("iban");
        vm.warp(block.timestamp + 1 days);
    }

    function _request(uint256 amount) private returns (uint256) {
        vm.prank(key);
        return cash.requestWithdrawal(amount);
    }

    function _accepted(uint256 amount) private returns (uint256 id) {
        id = _request(amount);
        vm.prank(bank);
        cash.acceptWithdrawal(id);
    }

    function _reconciles(uint256 deposited, uint256 withdrawn) private view {
        (uint256 d, uint256 w, uint256 outstanding, bool agrees) = cash.reconcile();
        assertEq(d, deposited, "deposited");
        assertEq(w, withdrawn, "withdrawn");
        assertEq(outstanding, deposited - withdrawn, "outstanding");
        assertTrue(agrees, "with the ledger");
    }

    /* DEPOSITS */

    // @requirement R-TRD-8
    function test_deposit_recorded_isMinted() public {
        vm.expectEmit(address(cash));
        emit ICashDesk.DepositRecorded(plant, 500, "deposit 2", gbp);
        vm.prank(bank);
        cash.recordDeposit(plant, 500, "deposit 2");
        assertEq(ledger.balanceOf(plant, gbp), 1500, "balance");
        assertTrue(cash.isUsed("deposit 2"), "used");
        _reconciles(1500, 0);
    }

    function test_deposit_sameReference_reverts() public {
        vm.startPrank(bank);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.ReferenceUsed.selector, bytes32("deposit 1")));
        cash.recordDeposit(mill, 500, "deposit 1");
        vm.expectRevert(ICashDesk.ReferenceMissing.selector);
        cash.recordDeposit(mill, 500, 0);
        vm.stopPrank();
    }

    function test_deposit_ofWhatTheLedgerRefuses_reverts() public {
        vm.startPrank(bank);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        cash.recordDeposit(plant, 0, "nothing");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 1 << 96));
        cash.recordDeposit(plant, 1 << 96, "too much");
        vm.expectRevert();
        cash.recordDeposit(stranger, 5, "to nobody");
        vm.stopPrank();
        _reconciles(1000, 0);
    }

    /* WITHDRAWALS */

    // @requirement R-TRD-8
    function test_withdrawal_confirmed_leaves() public {
        vm.expectEmit(address(cash));
        emit ICashDesk.WithdrawalRequested(1, plant, key, 400, "iban", gbp);
        uint256 id = _request(400);
        assertEq(ledger.freeOf(plant, gbp), 600, "free");
        assertEq(ledger.encumberedFor(plant, gbp, _WITHDRAWAL), 400, "bound");
        assertEq(cash.withdrawalOf(id).payout, bytes32("iban"), "payout");
        assertEq(cash.withdrawalCount(), 1, "count");
        _reconciles(1000, 0);

        vm.startPrank(bank);
        vm.expectEmit(address(cash));
        emit ICashDesk.WithdrawalAccepted(id, plant);
        cash.acceptWithdrawal(id);
        assertEq(ledger.encumberedFor(plant, gbp, _WITHDRAWAL), 400, "still bound");
        vm.expectEmit(address(cash));
        emit ICashDesk.WithdrawalPaid(id, plant, 400, "payment 1");
        cash.confirmWithdrawal(id, "payment 1");
        vm.stopPrank();
        assertEq(ledger.balanceOf(plant, gbp), 600, "balance");
        _reconciles(1000, 400);
    }

    function test_withdrawal_ofMoreThanFree_reverts() public {
        _request(700);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, plant, gbp, 300, 301));
        _request(301);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, (uint256(1) << 96) + 1));
        _request((1 << 96) + 1);
    }

    function test_withdrawal_twiceDecided_reverts() public {
        uint256 id = _accepted(400);
        vm.startPrank(bank);
        cash.confirmWithdrawal(id, "payment 1");
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.WithdrawalClosed.selector, id, ICashDesk.WithdrawalState.PAID));
        cash.confirmWithdrawal(id, "payment 2");
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.WithdrawalClosed.selector, id, ICashDesk.WithdrawalState.PAID));
        cash.rejectWithdrawal(id, "cause");
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.WithdrawalClosed.selector, id, ICashDesk.WithdrawalState.PAID));
        cash.acceptWithdrawal(id);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.UnknownWithdrawal.selector, 9));
        cash.confirmWithdrawal(9, "payment 2");
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.WithdrawalClosed.selector, id, ICashDesk.WithdrawalState.PAID));
        vm.prank(key);
        cash.cancelWithdrawal(id);
    }

    function test_withdrawal_confirmedWithAUsedReference_reverts() public {
        uint256 id = _accepted(400);
        vm.prank(bank);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.ReferenceUsed.selector, bytes32("deposit 1")));
        cash.confirmWithdrawal(id, "deposit 1");
    }

    function test_withdrawal_rejected_isFreeAgain() public {
        uint256 id = _request(400);
        vm.startPrank(bank);
        vm.expectRevert(ICashDesk.CauseMissing.selector);
        cash.rejectWithdrawal(id, 0);
        vm.expectEmit(address(cash));
        emit ICashDesk.WithdrawalRejected(id, plant, "closed");
        cash.rejectWithdrawal(id, "closed");
        vm.stopPrank();
        assertEq(ledger.freeOf(plant, gbp), 1000, "free");
        _reconciles(1000, 0);
    }

    function test_withdrawal_cancelledByTheAccount_isFreeAgain() public {
        uint256 id = _request(400);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.NotTheAccount.selector, other, plant));
        cash.cancelWithdrawal(id);
        vm.expectEmit(address(cash));
        emit ICashDesk.WithdrawalCancelled(id, plant);
        vm.prank(key);
        cash.cancelWithdrawal(id);
        assertEq(ledger.freeOf(plant, gbp), 1000, "free");
        assertEq(uint256(cash.withdrawalOf(id).state), uint256(ICashDesk.WithdrawalState.CANCELLED), "state");
    }

    // @requirement R-TRD-8 money that the bank is sending cannot be kept on the ledger as well
    function test_withdrawal_acceptedByTheBank_isOnlyTheBanksToDecide() public {
        uint256 paid = _accepted(400);
        uint256 rejected = _accepted(300);
        bytes memory underway = abi.encodeWithSelector(ICashDesk.WithdrawalUnderway.selector, paid);
        vm.prank(key);
        vm.expectRevert(underway);
        cash.cancelWithdrawal(paid);
        vm.startPrank(bank);
        vm.expectRevert(underway);
        cash.acceptWithdrawal(paid);
        cash.rejectWithdrawal(rejected, "closed");
        cash.confirmWithdrawal(paid, "payment 1");
        vm.stopPrank();
        assertEq(ledger.freeOf(plant, gbp), 600, "free");
        assertEq(ledger.encumberedOf(plant, gbp), 0, "bound");
        _reconciles(1000, 400);
    }

    function test_withdrawal_notAccepted_isNotConfirmed() public {
        uint256 id = _request(400);
        vm.prank(bank);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.WithdrawalNotAccepted.selector, id));
        cash.confirmWithdrawal(id, "payment 1");
        vm.prank(key);
        cash.cancelWithdrawal(id);
        vm.prank(bank);
        vm.expectRevert(
            abi.encodeWithSelector(ICashDesk.WithdrawalClosed.selector, id, ICashDesk.WithdrawalState.CANCELLED)
        );
        cash.acceptWithdrawal(id);
        assertFalse(cash.isUsed("payment 1"), "the reference is not used up");
    }

    function test_withdrawal_underNoTransfer_isNotAccepted() public {
        uint256 id = _request(400);
        registry.set(plant, Restrictions.NO_TRANSFER);
        vm.prank(bank);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotSend.selector, plant));
        cash.acceptWithdrawal(id);
        registry.set(plant, 0);
        vm.startPrank(bank);
        cash.acceptWithdrawal(id);
        registry.set(plant, Restrictions.NO_TRANSFER);
        cash.confirmWithdrawal(id, "payment 1"); // it was sent
        vm.stopPrank();
        _reconciles(1000, 400);
    }

    // @requirement R-AST-3 a freeze keeps money that was asked for before, however many withdrawals ask
    function test_withdrawal_ofFrozenMoney_isNotAccepted() public {
        uint256 first = _request(400);
        uint256 second = _request(400);
        ledger.setFrozenTokens(plant, gbp, 601);
        vm.startPrank(bank);
        vm.expectRevert(_frozen(400, 399));
        cash.acceptWithdrawal(first);
        vm.stopPrank();
        ledger.setFrozenTokens(plant, gbp, 600);
        vm.startPrank(bank);
        cash.acceptWithdrawal(first);
        vm.expectRevert(_frozen(800, 400));
        cash.acceptWithdrawal(second);
        cash.confirmWithdrawal(first, "payment 1");
        vm.expectRevert(_frozen(400, 0));
        cash.acceptWithdrawal(second);
        vm.stopPrank();
        assertEq(ledger.getFrozenTokens(plant, gbp), 600, "frozen as before");
        assertEq(ledger.balanceOf(plant, gbp), 600, "and there");
        ledger.setFrozenTokens(plant, gbp, 0);
        vm.prank(bank);
        cash.acceptWithdrawal(second);
    }

    function test_withdrawal_frozenAfterTheBankAccepted_isConfirmed() public {
        uint256 sent = _accepted(400);
        uint256 back = _accepted(500);
        ledger.setFrozenTokens(plant, gbp, 1000);
        vm.startPrank(bank);
        cash.confirmWithdrawal(sent, "payment 1");
        cash.rejectWithdrawal(back, "account closed");
        vm.stopPrank();
        assertEq(ledger.balanceOf(plant, gbp), 600, "paid");
        ledger.setFrozenTokens(plant, gbp, 100);
        _accepted(500); // what was rejected is counted no more
    }

    function _frozen(uint256 asked, uint256 unfrozen) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance.selector, plant, gbp, asked, unfrozen
        );
    }

    function test_withdrawal_byWhoMayNot_reverts() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        cash.requestWithdrawal(1);
        registry.open(plant, other, Rights.TRADE);
        vm.startPrank(other);
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        cash.requestWithdrawal(1);
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        cash.setPayout("other");
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        cash.cancelWithdrawal(1);
        vm.stopPrank();
        registry.set(plant, Restrictions.NO_TRANSFER);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        _request(1);
    }

    /* PAYOUT */

    // @requirement R-TRD-8 money leaves only to a destination that the account named before
    function test_payout_newDestination_waits() public {
        uint256 first = _request(100);
        uint40 usable = uint40(block.timestamp) + 1 days;
        vm.expectEmit(address(cash));
        emit ICashDesk.PayoutNamed(plant, key, "thief", usable);
        vm.prank(key);
        cash.setPayout("thief");
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.PayoutNotUsable.selector, plant, usable));
        _request(100);
        vm.warp(usable);
        uint256 second = _request(100);
        assertEq(cash.withdrawalOf(first).payout, bytes32("iban"), "keeps its destination");
        assertEq(cash.withdrawalOf(second).payout, bytes32("thief"), "new");
        assertEq(cash.payoutOf(plant).commitment, bytes32("thief"), "named");
    }

    function test_payout_none_reverts() public {
        vm.startPrank(other);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.PayoutNotUsable.selector, mill, 0));
        cash.requestWithdrawal(1);
        vm.expectRevert(ICashDesk.PayoutMissing.selector);
        cash.setPayout(0);
        vm.stopPrank();
    }

    function test_payout_delay_isTheRegulators() public {
        vm.expectEmit(address(cash));
        emit ICashDesk.PayoutDelaySet(7);
        vm.prank(regulator);
        cash.setPayoutDelay(7);
        assertEq(cash.payoutDelay(), 7, "delay");
    }

    /// @dev A delay of nearly 2^40 seconds would wrap around to a time that is over.
    function test_payout_delayBeyondAYear_reverts() public {
        vm.startPrank(regulator);
        cash.setPayoutDelay(366 days);
        uint40[2] memory tooLong = [366 days + 1, type(uint40).max - uint40(block.timestamp) + 1];
        for (uint256 i; i < tooLong.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICashDesk.DelayTooLong.selector, tooLong[i], 366 days));
            cash.setPayoutDelay(tooLong[i]);
        }
        vm.stopPrank();
        vm.prank(key);
        cash.setPayout("thief");
        assertEq(cash.payoutOf(plant).usableFrom, block.timestamp + 366 days, "in the future");
    }

    // @requirement R-ACC-1
    function test_restricted_byAStranger_reverts() public {
        bytes[] memory calls = new bytes[](5);
        calls[0] = abi.encodeCall(CashDesk.recordDeposit, (plant, 1, "x"));
        calls[1] = abi.encodeCall(CashDesk.confirmWithdrawal, (1, "x"));
        calls[2] = abi.encodeCall(CashDesk.rejectWithdrawal, (1, "x"));
        calls[3] = abi.encodeCall(CashDesk.setPayoutDelay, (0));
        calls[4] = abi.encodeCall(CashDesk.acceptWithdrawal, (1));
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(key);
            (bool done, bytes memory why) = address(cash).call(calls[i]);
            assertFalse(done, "refused");
            assertEq(
                keccak256(why),
                keccak256(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, key)),
                "why"
            );
        }
        vm.expectRevert();
        cash.initialize(0);
    }
}
