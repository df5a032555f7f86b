// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { IERC20Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import { CashDesk } from "../../../contracts/instruments/CashDesk.sol";
import { ICashDesk } from "../../../contracts/instruments/ICashDesk.sol";
import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import {
    InstrumentClass,
    InstrumentId,
    MalformedInstrument,
    instrumentId
} from "../../../contracts/types/InstrumentId.sol";
import { TokenSuite } from "../support/TokenSuite.sol";
import { FalseToken, FeeToken, HookToken, RebasingToken, SilentToken, TestToken } from "../support/Tokens.sol";

// @requirement R-TRD-8 R-TBL-3
contract CashDeskTokensTest is TokenSuite {
    address private constant _WALLET = address(0xCAFE);

    function setUp() public {
        setUpTokens();
    }

    function _request(uint256 amount) private returns (uint256) {
        vm.prank(key);
        return cash.requestWithdrawalOf(usd, amount);
    }

    function _reconciles(uint256 instrument, uint256 outstanding, uint256 held, bool agrees) private view {
        (uint256 deposited, uint256 withdrawn, uint256 left, uint256 has, bool does) = cash.reconcileOf(instrument);
        assertEq(deposited - withdrawn, left, "deposited - withdrawn");
        assertEq(left, outstanding, "outstanding");
        assertEq(has, held, "held");
        assertEq(does, agrees, "agrees");
    }

    /* WHAT BACKS A MONEY */

    function test_backing_named_isFixed() public {
        uint256 eur = money(978);
        TestToken another = new TestToken(18);
        vm.startPrank(regulator);
        vm.expectEmit(address(cash));
        emit ICashDesk.TokenBacked(eur, address(another), 18);
        cash.backWithToken(eur, address(another), 18);
        assertEq(cash.backingOf(eur).token, address(another), "token");
        assertEq(cash.backingOf(eur).decimals, 18, "decimals");
        assertEq(cash.moneyOf(address(another)), eur, "money");
        address third = address(new TestToken(18));
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.BackingFixed.selector, eur));
        cash.backWithToken(eur, third, 18);
        vm.stopPrank();
    }

    function test_backing_afterAnIssue_isTheBanks() public {
        uint256 eur = money(978);
        vm.prank(bank);
        cash.recordDepositOf(plant, eur, 5, "deposit");
        address another = address(new TestToken(6));
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.BackingFixed.selector, eur));
        cash.backWithToken(eur, another, 6);
        vm.stopPrank();
    }

    function test_backing_ofWhatCannotBe_reverts() public {
        uint256 eur = money(978);
        uint256 undefined = InstrumentId.unwrap(instrumentId(InstrumentClass.MONEY, SCHEME, 0, 0, 392));
        address another = address(new TestToken(6));
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.CannotBack.selector, address(token)));
        cash.backWithToken(eur, address(token), 6);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.CannotBack.selector, stranger));
        cash.backWithToken(eur, stranger, 6);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.DecimalsDiffer.selector, another, 18, 6));
        cash.backWithToken(eur, another, 18);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.NotMoney.selector, uka));
        cash.backWithToken(uka, another, 6);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.NotMoney.selector, undefined));
        cash.backWithToken(undefined, another, 6);
        vm.expectRevert(abi.encodeWithSelector(MalformedInstrument.selector, 1 << 100));
        cash.backWithToken(1 << 100, another, 6);
        vm.stopPrank();
    }

    /// @dev With 27 decimals 79 tokens would be all that can ever be issued.
    function testFuzz_backing_byATokenOfTooManyDecimals_reverts(uint8 decimals) public {
        decimals = uint8(bound(decimals, 19, 255));
        uint256 eur = money(978);
        address another = address(new TestToken(decimals));
        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.TooManyDecimals.selector, another, decimals));
        cash.backWithToken(eur, another, decimals);
    }

    // @requirement R-TRD-8 a money is the bank's or a token's, never both
    function test_money_backedOneWay_isRefusedTheOther() public {
        bytes memory byToken = abi.encodeWithSelector(ICashDesk.WrongBacking.selector, usd, address(token));
        bytes memory byBank = abi.encodeWithSelector(ICashDesk.WrongBacking.selector, gbp, address(0));
        vm.prank(bank);
        vm.expectRevert(byToken);
        cash.recordDepositOf(plant, usd, 5, "deposit");
        vm.startPrank(key);
        vm.expectRevert(byBank);
        cash.depositTokens(gbp, 5);
        vm.expectRevert(byBank);
        cash.depositTokensWithPermit(gbp, 5, 0, 0, 0, 0);
        cash.setPayout("iban");
        vm.stopPrank();
        vm.prank(bank);
        cash.recordDeposit(plant, 10, "deposit");
        deposit(key, 10);
        vm.warp(block.timestamp + 1 days);
        vm.prank(key);
        uint256 atBank = cash.requestWithdrawal(5);
        uint256 ofToken = _request(5);
        vm.startPrank(bank);
        vm.expectRevert(byToken);
        cash.acceptWithdrawal(ofToken);
        vm.expectRevert(byToken);
        cash.confirmWithdrawal(ofToken, "payment");
        vm.expectRevert(byToken);
        cash.rejectWithdrawal(ofToken, "cause");
        vm.stopPrank();
        vm.expectRevert(byBank);
        cash.payWithdrawal(atBank);
        vm.prank(regulator);
        vm.expectRevert(byBank);
        cash.refuseWithdrawal(atBank, "cause");
        vm.prank(supervisor);
        vm.expectRevert(byBank);
        cash.setStopped(gbp, true, "cause");
    }

    /// @dev Else allowances could be bound and cancelled as if they were paid out.
    function test_unit_thatIsNoMoney_isNeverTaken() public {
        ledger.issue(plant, uka, 10, "allocation");
        bytes memory why = abi.encodeWithSelector(ICashDesk.NotMoney.selector, uka);
        vm.prank(key);
        vm.expectRevert(why);
        cash.requestWithdrawalOf(uka, 5);
        vm.prank(bank);
        vm.expectRevert(why);
        cash.recordDepositOf(plant, uka, 5, "deposit");
    }

    // @requirement R-TRD-8
    function test_otherMoney_ofTheBank_goesInAndOut() public {
        uint256 eur = money(978);
        vm.prank(key);
        cash.setPayout("iban");
        vm.expectEmit(address(cash));
        emit ICashDesk.DepositRecorded(plant, 50, "deposit", eur);
        vm.prank(bank);
        cash.recordDepositOf(plant, eur, 50, "deposit");
        vm.warp(block.timestamp + 1 days);
        vm.prank(key);
        uint256 id = cash.requestWithdrawalOf(eur, 20);
        vm.startPrank(bank);
        cash.acceptWithdrawal(id);
        cash.confirmWithdrawal(id, "payment");
        vm.stopPrank();
        _reconciles(eur, 30, 0, true);
        _reconciles(gbp, 0, 0, true);
        assertEq(ledger.balanceOf(plant, eur), 30, "balance");
    }

    /* DEPOSITS */

    // @requirement R-TRD-8
    function test_tokens_deposited_areLockedAndMinted() public {
        token.mint(key, 500);
        vm.startPrank(key);
        token.approve(address(cash), 500);
        vm.expectEmit(address(cash));
        emit ICashDesk.TokensDeposited(plant, key, usd, 500);
        cash.depositTokens(usd, 500);
        vm.stopPrank();
        assertEq(ledger.balanceOf(plant, usd), 500, "units");
        assertEq(token.balanceOf(address(cash)), 500, "locked");
        _reconciles(usd, 500, 500, true);
    }

    function testFuzz_tokens_ofAnyDecimals_goInAndOut(uint8 decimals, uint96 amount, uint96 out) public {
        vm.assume(amount != 0 && out != 0 && out <= amount);
        decimals %= 19;
        uint256 eur = money(978);
        TestToken any = new TestToken(decimals);
        vm.prank(regulator);
        cash.backWithToken(eur, address(any), decimals);
        any.mint(key, amount);
        vm.startPrank(key);
        any.approve(address(cash), amount);
        cash.depositTokens(eur, amount);
        cash.setPayoutAddress(_WALLET);
        vm.warp(block.timestamp + 1 days);
        uint256 id = cash.requestWithdrawalOf(eur, out);
        vm.stopPrank();
        vm.warp(block.timestamp + HOLD);
        cash.payWithdrawal(id);
        assertEq(any.balanceOf(_WALLET), out, "paid");
        _reconciles(eur, amount - out, amount - out, true);
    }

    function test_tokens_beyondTheLedger_revert() public {
        token.mint(key, 1 << 97);
        vm.startPrank(key);
        token.approve(address(cash), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 1 << 96));
        cash.depositTokens(usd, 1 << 96);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        cash.depositTokens(usd, 0);
        vm.stopPrank();
        _reconciles(usd, 0, 0, true);
    }

    function test_tokens_withPermit_needNoAllowanceBefore() public {
        address holder = holderOfPlant();
        token.mint(holder, 500);
        (uint8 v, bytes32 r, bytes32 s) = permitFor(address(cash), 500);
        vm.prank(holder);
        cash.depositTokensWithPermit(usd, 500, block.timestamp, v, r, s);
        _reconciles(usd, 500, 500, true);
    }

    /// @dev Whoever sees the permit in the pool and uses it first must not make the deposit fail.
    function test_permit_usedBySomebodyElseFirst_stillDeposits() public {
        address holder = holderOfPlant();
        token.mint(holder, 500);
        (uint8 v, bytes32 r, bytes32 s) = permitFor(address(cash), 500);
        vm.prank(stranger);
        token.permit(holder, address(cash), 500, block.timestamp, v, r, s);
        vm.prank(holder);
        cash.depositTokensWithPermit(usd, 500, block.timestamp, v, r, s);
        _reconciles(usd, 500, 500, true);
    }

    function test_permit_thatIsNoGood_reverts() public {
        address holder = holderOfPlant();
        token.mint(holder, 500);
        (uint8 v, bytes32 r, bytes32 s) = permitFor(stranger, 500);
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(cash), 0, 500));
        cash.depositTokensWithPermit(usd, 500, block.timestamp, v, r, s);
    }

    function test_deposit_byWhoMayNot_reverts() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        cash.depositTokens(usd, 1);
        registry.open(plant, other, Rights.TRADE);
        vm.prank(other);
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        cash.depositTokens(usd, 1);
        registry.set(plant, Restrictions.NO_RECEIPT);
        token.mint(key, 1);
        vm.startPrank(key);
        token.approve(address(cash), 1);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, plant));
        cash.depositTokens(usd, 1);
        vm.stopPrank();
        assertEq(token.balanceOf(key), 1, "still the key's");
    }

    /* BAD TOKENS */

    function test_feeToken_isRefused() public {
        FeeToken bad = new FeeToken();
        uint256 eur = backed(address(bad), 6);
        bad.mint(key, 1000);
        vm.startPrank(key);
        bad.approve(address(cash), 1000);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.MovedOtherwise.selector, eur, 1000, 990));
        cash.depositTokens(eur, 1000);
        vm.stopPrank();
        _reconciles(eur, 0, 0, true);
    }

    /// @dev As USDT could: a fee that begins later, on top, must not be paid from what others own.
    function test_feeToken_thatBeginsLater_paysNothingOutOfOthersTokens() public {
        FeeToken bad = new FeeToken();
        bad.set(true, true);
        uint256 eur = backed(address(bad), 6);
        depositIn(bad, eur, key, 1000);
        depositIn(bad, eur, other, 1000);
        uint256 id = requested(eur, 1000);
        bad.set(false, true);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.MovedOtherwise.selector, eur, 1000, 1010));
        cash.payWithdrawal(id);
        bad.set(true, true);
        cash.payWithdrawal(id);
        _reconciles(eur, 1000, 1000, true);
    }

    // @requirement R-TRD-8 what the desk has less than it owes stops everything and is shown
    function test_rebasingToken_thatShrinks_stopsDepositsAndPayments() public {
        RebasingToken bad = new RebasingToken();
        uint256 eur = backed(address(bad), 18);
        depositIn(bad, eur, key, 1000);
        uint256 id = requested(eur, 400);
        bad.rebase(90);
        _reconciles(eur, 1000, 900, false);
        bytes memory why = abi.encodeWithSelector(ICashDesk.Undercovered.selector, eur, 900, 1000);
        bad.mint(other, 1000);
        vm.startPrank(other);
        bad.approve(address(cash), 1000);
        vm.expectRevert(why);
        cash.depositTokens(eur, 10);
        vm.expectRevert(why);
        cash.payWithdrawal(id);
        // Whoever makes it good lets it go on.
        assertTrue(bad.transfer(address(cash), 112), "made good");
        vm.stopPrank();
        _reconciles(eur, 1000, 1000, true);
        bad.rebase(100);
        cash.payWithdrawal(id);
        _reconciles(eur, 600, 712, true);
    }

    function test_rebasingToken_thatGrows_givesNobodyAnything() public {
        RebasingToken bad = new RebasingToken();
        uint256 eur = backed(address(bad), 18);
        depositIn(bad, eur, key, 1000);
        bad.rebase(200);
        _reconciles(eur, 1000, 2000, true);
        bad.mint(other, 1000);
        vm.startPrank(other);
        bad.approve(address(cash), 1000);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.MovedOtherwise.selector, eur, 10, 20));
        cash.depositTokens(eur, 10);
        vm.stopPrank();
    }

    function test_falseToken_isNotBelieved() public {
        FalseToken bad = new FalseToken();
        uint256 eur = backed(address(bad), 6);
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(bad)));
        cash.depositTokens(eur, 10);
        bad.lie(true);
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.MovedOtherwise.selector, eur, 10, 0));
        cash.depositTokens(eur, 10);
        bad.lie(false);
        bad.mint(key, 10);
        vm.prank(key);
        cash.depositTokens(eur, 10);
        uint256 id = requested(eur, 10);
        bad.lie(true);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.MovedOtherwise.selector, eur, 10, 0));
        cash.payWithdrawal(id);
        assertEq(ledger.balanceOf(plant, eur), 10, "still there");
    }

    function test_silentToken_isBorne() public {
        SilentToken quiet = new SilentToken();
        uint256 eur = backed(address(quiet), 6);
        quiet.mint(key, 10);
        vm.startPrank(key);
        quiet.approve(address(cash), 10);
        cash.depositTokens(eur, 10);
        vm.stopPrank();
        uint256 id = requested(eur, 4);
        cash.payWithdrawal(id);
        assertEq(quiet.balanceOf(_WALLET), 4, "paid");
        _reconciles(eur, 6, 6, true);
        vm.prank(key);
        vm.expectRevert();
        cash.depositTokens(eur, 1);
    }

    function test_hookToken_cannotReenter() public {
        HookToken hook = new HookToken();
        uint256 eur = backed(address(hook), 18);
        registry.open(mill, address(hook), Rights.ALL); // so that only the guard is in its way
        depositIn(hook, eur, key, 1000);
        uint256 id = requested(eur, 400);
        bytes[3] memory calls = [
            abi.encodeCall(CashDesk.payWithdrawal, (id)),
            abi.encodeCall(CashDesk.depositTokens, (eur, 1)),
            abi.encodeCall(CashDesk.depositTokensWithPermit, (eur, 1, 0, 0, 0, 0))
        ];
        bytes memory why = abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        for (uint256 i; i < calls.length; ++i) {
            hook.listen(address(cash), calls[i], calls[i]);
            depositIn(hook, eur, other, 10);
            assertEq(keccak256(hook.why()), keccak256(why), "refused");
        }
        hook.listen(address(cash), calls[0], calls[0]);
        cash.payWithdrawal(id);
        assertEq(keccak256(hook.why()), keccak256(why), "refused when paying");
        assertGe(hook.heard(), 8, "it tried");
        assertEq(hook.balanceOf(_WALLET), 400, "paid once");
        _reconciles(eur, 630, 630, true);
    }

    /* WITHDRAWALS */

    function test_withdrawal_afterTheHold_isPaidByAnyone() public {
        deposit(key, 1000);
        uint256 id = _request(400);
        assertEq(cash.withdrawalOf(id).payout, bytes32(uint256(uint160(_WALLET))), "where to");
        assertEq(cash.withdrawalOf(id).instrument, usd, "in what");
        assertEq(ledger.encumberedFor(plant, usd, IInstrumentLedger.Reason.WITHDRAWAL), 400, "bound");
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.NotPayableYet.selector, id, block.timestamp + HOLD));
        cash.payWithdrawal(id);
        vm.warp(block.timestamp + HOLD);
        vm.expectEmit(address(cash));
        emit ICashDesk.TokensPaid(id, plant, usd, _WALLET, 400);
        vm.prank(stranger);
        cash.payWithdrawal(id);
        assertEq(token.balanceOf(_WALLET), 400, "paid");
        _reconciles(usd, 600, 600, true);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.WithdrawalClosed.selector, id, ICashDesk.WithdrawalState.PAID));
        cash.payWithdrawal(id);
    }

    function test_withdrawal_underNoTransfer_isNotPaid() public {
        deposit(key, 1000);
        uint256 id = _request(400);
        vm.warp(block.timestamp + HOLD);
        registry.set(plant, Restrictions.NO_TRANSFER);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotSend.selector, plant));
        cash.payWithdrawal(id);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        _request(1);
        registry.set(plant, 0);
        cash.payWithdrawal(id);
    }

    // @requirement R-AST-3 a freeze keeps money that was asked for before
    function test_withdrawal_ofFrozenMoney_isNotPaid() public {
        deposit(key, 1000);
        uint256 first = _request(400);
        uint256 second = _request(400);
        vm.warp(block.timestamp + HOLD);
        ledger.setFrozenTokens(plant, usd, 601);
        vm.expectRevert(_frozen(400, 399));
        cash.payWithdrawal(first);
        ledger.setFrozenTokens(plant, usd, type(uint256).max);
        vm.expectRevert(_frozen(400, 0));
        cash.payWithdrawal(first);
        ledger.setFrozenTokens(plant, usd, 600);
        cash.payWithdrawal(first);
        vm.expectRevert(_frozen(400, 0));
        cash.payWithdrawal(second);
        assertEq(ledger.getFrozenTokens(plant, usd), 600, "frozen as before");
        assertEq(ledger.balanceOf(plant, usd), 600, "and there");
        assertEq(token.balanceOf(_WALLET), 400, "paid once");
    }

    function _frozen(uint256 asked, uint256 unfrozen) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance.selector, plant, usd, asked, unfrozen
        );
    }

    /// @dev A loan of one transaction, in and out again and again, would use up what can ever be issued of a money.
    function test_withdrawal_inTheBlockOfItsRequest_isNotPaid() public {
        vm.prank(regulator);
        cash.setHold(0);
        deposit(key, 1000);
        uint256 id = _request(1000);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.NotPayableYet.selector, id, block.timestamp + 1));
        cash.payWithdrawal(id);
        vm.warp(block.timestamp + 1);
        cash.payWithdrawal(id);
        assertEq(token.balanceOf(_WALLET), 1000, "paid");
    }

    // @requirement R-TRD-8 money leaves only to an address that the account named before
    function test_payoutAddress_newOne_waits() public {
        deposit(key, 1000);
        uint256 first = _request(100);
        uint40 usable = uint40(block.timestamp) + 1 days;
        vm.expectEmit(address(cash));
        emit ICashDesk.PayoutAddressNamed(plant, key, stranger, usable);
        vm.prank(key);
        cash.setPayoutAddress(stranger);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.PayoutNotUsable.selector, plant, usable));
        _request(100);
        vm.warp(usable + HOLD);
        assertEq(cash.payoutAddressOf(plant).to, stranger, "named");
        cash.payWithdrawal(first);
        assertEq(token.balanceOf(_WALLET), 100, "to the old one");
        uint256 second = _request(100);
        vm.warp(block.timestamp + HOLD);
        cash.payWithdrawal(second);
        assertEq(token.balanceOf(stranger), 100, "to the new one");
    }

    function test_payoutAddress_none_reverts() public {
        deposit(other, 10);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.PayoutNotUsable.selector, mill, 0));
        cash.requestWithdrawalOf(usd, 1);
    }

    function test_payoutAddress_whereTokensWouldBeLost_reverts() public {
        vm.startPrank(key);
        address[3] memory bad = [address(0), address(cash), address(ledger)];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ICashDesk.BadPayoutAddress.selector, bad[i]));
            cash.setPayoutAddress(bad[i]);
        }
        cash.setPayoutAddress(address(token));
        vm.stopPrank();
        deposit(key, 10);
        vm.warp(block.timestamp + 1 days);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.BadPayoutAddress.selector, address(token)));
        _request(1);
        registry.open(plant, other, Rights.TRADE);
        vm.prank(other);
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        cash.setPayoutAddress(stranger);
    }

    function test_payoutAddress_thatTheTokenRefuses_strandsNothing() public {
        deposit(key, 1000);
        uint256 id = _request(400);
        vm.warp(block.timestamp + HOLD);
        token.blacklist(_WALLET, true);
        vm.expectRevert(abi.encodeWithSelector(TestToken.Blacklisted.selector, _WALLET));
        cash.payWithdrawal(id);
        vm.startPrank(key);
        cash.cancelWithdrawal(id);
        cash.setPayoutAddress(stranger);
        vm.stopPrank();
        vm.warp(block.timestamp + 1 days);
        id = _request(400);
        vm.warp(block.timestamp + HOLD);
        cash.payWithdrawal(id);
        assertEq(token.balanceOf(stranger), 400, "paid");
        _reconciles(usd, 600, 600, true);
    }

    function test_withdrawal_refused_isFreeAgain() public {
        deposit(key, 1000);
        uint256 id = _request(400);
        vm.startPrank(regulator);
        vm.expectRevert(ICashDesk.CauseMissing.selector);
        cash.refuseWithdrawal(id, 0);
        vm.expectEmit(address(cash));
        emit ICashDesk.WithdrawalRejected(id, plant, "order");
        cash.refuseWithdrawal(id, "order");
        vm.stopPrank();
        assertEq(ledger.freeOf(plant, usd), 1000, "free");
    }

    function test_stopped_nothingMovesButRequestsCanBeTakenBack() public {
        deposit(key, 1000);
        uint256 id = _request(400);
        vm.warp(block.timestamp + HOLD);
        vm.startPrank(supervisor);
        vm.expectRevert(ICashDesk.CauseMissing.selector);
        cash.setStopped(usd, true, 0);
        vm.expectEmit(address(cash));
        emit ICashDesk.StoppedSet(usd, true, "depegged");
        cash.setStopped(usd, true, "depegged");
        vm.stopPrank();
        assertTrue(cash.backingOf(usd).stopped, "stopped");
        bytes memory why = abi.encodeWithSelector(ICashDesk.DeskStopped.selector, usd);
        vm.expectRevert(why);
        cash.payWithdrawal(id);
        vm.prank(key);
        vm.expectRevert(why);
        cash.depositTokens(usd, 1);
        vm.prank(key);
        cash.cancelWithdrawal(id);
        id = _request(400);
        vm.prank(supervisor);
        cash.setStopped(usd, false, "pegged");
        vm.warp(block.timestamp + HOLD);
        cash.payWithdrawal(id);
        _reconciles(usd, 600, 600, true);
    }

    function test_hold_isTheRegulators() public {
        vm.expectEmit(address(cash));
        emit ICashDesk.HoldSet(7);
        vm.prank(regulator);
        cash.setHold(7);
        assertEq(cash.hold(), 7, "hold");
    }

    function test_hold_beyondAYear_reverts() public {
        vm.startPrank(regulator);
        cash.setHold(366 days);
        vm.expectRevert(abi.encodeWithSelector(ICashDesk.DelayTooLong.selector, 366 days + 1, 366 days));
        cash.setHold(366 days + 1);
        vm.stopPrank();
        assertEq(cash.hold(), 366 days, "hold");
    }

    function test_tokens_sentByMistake_areNobodysAndHarmNothing() public {
        deposit(key, 1000);
        token.mint(address(cash), 77);
        _reconciles(usd, 1000, 1077, true);
        deposit(other, 10);
        uint256 id = _request(1000);
        vm.warp(block.timestamp + HOLD);
        cash.payWithdrawal(id);
        _reconciles(usd, 10, 87, true);
    }

    // @requirement R-ACC-1
    function test_restricted_byAStranger_reverts() public {
        bytes[] memory calls = new bytes[](5);
        calls[0] = abi.encodeCall(CashDesk.backWithToken, (usd, address(token), 6));
        calls[1] = abi.encodeCall(CashDesk.setStopped, (usd, true, "x"));
        calls[2] = abi.encodeCall(CashDesk.recordDepositOf, (plant, usd, 1, "x"));
        calls[3] = abi.encodeCall(CashDesk.refuseWithdrawal, (1, "x"));
        calls[4] = abi.encodeCall(CashDesk.setHold, (0));
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
    }
}
