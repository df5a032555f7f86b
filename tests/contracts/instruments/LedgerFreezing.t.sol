// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { IERC1155Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { AccountStatus, Eligibility, Restrictions } from "../../../contracts/types/Accounts.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { MarketSuite } from "../support/MarketSuite.sol";
import { Vm } from "../support/Vm.sol";

/// @dev ERC-7943 (multi-token) as its text has it.
contract LedgerFreezingTest is MarketSuite {
    address private alice = address(0xA11CE);
    address private bob = address(0xB0B);
    address private stranger = address(0x57A);
    address private from;
    address private to;

    function setUp() public {
        setUpMarket(0, 0);
        from = openFunded(alice, 100, 1000);
        to = openAccount(bob);
    }

    function transfer(uint256 id, uint256 value) private {
        vm.prank(alice);
        ledger.safeTransferFrom(from, to, id, value, "");
    }

    function bind(uint256 id, uint256 quantity) private {
        ledger.encumber(from, id, quantity, IInstrumentLedger.Reason.SURRENDER, "application");
    }

    function insufficient(uint256 id, uint256 amount, uint256 unfrozen) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance.selector, from, id, amount, unfrozen
        );
    }

    /* FREEZING */

    // @requirement R-AST-3
    function test_freeze_part_leavesTheRestFree() public {
        vm.expectEmit(address(ledger));
        emit IERC7943MultiToken.Frozen(from, uka, 60);
        assertTrue(ledger.setFrozenTokens(from, uka, 60));

        assertEq(ledger.getFrozenTokens(from, uka), 60);
        assertEq(ledger.balanceOf(from, uka), 100, "frozen is still held");
        assertEq(ledger.freeOf(from, uka), 40);
        vm.expectRevert(insufficient(uka, 41, 40));
        transfer(uka, 41);
        transfer(uka, 40);
    }

    function test_freeze_again_overwrites() public {
        ledger.setFrozenTokens(from, uka, 60);
        ledger.setFrozenTokens(from, uka, 10);
        assertEq(ledger.getFrozenTokens(from, uka), 10);
        assertEq(ledger.freeOf(from, uka), 90);
        ledger.setFrozenTokens(from, uka, 0);
        transfer(uka, 100);
    }

    // LESSONS: freezing more than the balance is allowed
    function test_freeze_aboveTheBalance_withholdsWhatComes() public {
        ledger.setFrozenTokens(from, uka, 150);
        assertEq(ledger.getFrozenTokens(from, uka), 150);
        assertEq(ledger.freeOf(from, uka), 0);
        vm.expectRevert(insufficient(uka, 1, 0));
        transfer(uka, 1);

        ledger.issue(from, uka, 60, "more");
        assertEq(ledger.freeOf(from, uka), 10);
        transfer(uka, 10);

        ledger.setFrozenTokens(from, uka, type(uint256).max);
        assertEq(ledger.freeOf(from, uka), 0);
    }

    function test_freeze_mainMoney_marksTheAccount() public {
        ledger.setFrozenTokens(from, gbp, 900);
        assertEq(ledger.freeOf(from, gbp), 100);
        vm.expectRevert(insufficient(gbp, 101, 100));
        transfer(gbp, 101);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, from, gbp, 100, 101));
        place(alice, Side.BUY, 1, 101);
        place(alice, Side.BUY, 1, 100);

        ledger.setFrozenTokens(from, gbp, 0);
        assertEq(ledger.freeOf(from, gbp), 900);
        transfer(gbp, 900);
    }

    function test_freeze_unknownAccountOrInstrument_possible() public {
        ledger.setFrozenTokens(stranger, 12_345, 7);
        assertEq(ledger.getFrozenTokens(stranger, 12_345), 7);
    }

    // LESSONS: duplicate ids in one batch bypass a partial freeze in ERC-7943's reference code
    function test_batch_duplicateIdsAgainstPartialFreeze_refused() public {
        ledger.setFrozenTokens(from, uka, 50);
        uint256[] memory ids = new uint256[](2);
        uint256[] memory values = new uint256[](2);
        (ids[0], ids[1]) = (uka, uka);
        (values[0], values[1]) = (30, 30);
        vm.prank(alice);
        vm.expectRevert(insufficient(uka, 30, 20));
        ledger.safeBatchTransferFrom(from, to, ids, values, "");

        values[1] = 20;
        vm.prank(alice);
        ledger.safeBatchTransferFrom(from, to, ids, values, "");
        assertEq(ledger.balanceOf(from, uka), 50);
    }

    function test_batch_duplicateIdsAgainstEncumbrance_refused() public {
        bind(gbp, 500);
        uint256[] memory ids = new uint256[](2);
        uint256[] memory values = new uint256[](2);
        (ids[0], ids[1]) = (gbp, gbp);
        (values[0], values[1]) = (300, 300);
        vm.prank(alice);
        vm.expectRevert(insufficient(gbp, 300, 200));
        ledger.safeBatchTransferFrom(from, to, ids, values, "");
    }

    function test_transferToOneself_aboveTheFree_refused() public {
        ledger.setFrozenTokens(from, uka, 60);
        vm.prank(alice);
        vm.expectRevert(insufficient(uka, 41, 40));
        ledger.safeTransferFrom(from, from, uka, 41, "");
    }

    function test_order_ofFrozenOrEncumberedUnits_refused() public {
        ledger.setFrozenTokens(from, uka, 30);
        bind(uka, 30);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, from, uka, 40, 41));
        place(alice, Side.SELL, 5, 41);
        place(alice, Side.SELL, 5, 40);
    }

    /* FORCED TRANSFER */

    // @requirement R-AST-3
    function test_forcedTransfer_ofFreeUnits_movesAndTells() public {
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(address(this), from, to, uka, 10);
        vm.expectEmit(address(ledger));
        emit IERC7943MultiToken.ForcedTransfer(from, to, uka, 10);
        assertTrue(ledger.forcedTransfer(from, to, uka, 10));
        assertEq(ledger.balanceOf(from, uka), 90);
        assertEq(ledger.balanceOf(to, uka), 10);
    }

    function test_forcedTransfer_ofFrozenUnits_unfreezesBeforeItMoves() public {
        ledger.setFrozenTokens(from, uka, 80);
        vm.recordLogs();
        ledger.forcedTransfer(from, to, uka, 50);
        Vm.Log[] memory logs = vm.getRecordedLogs();

        assertEq(logs.length, 3);
        assertEq(logs[0].topics[0], IERC7943MultiToken.Frozen.selector, "unfrozen first");
        assertEq(abi.decode(logs[0].data, (uint256)), 50);
        assertEq(logs[1].topics[0], IERC1155.TransferSingle.selector, "then moved");
        assertEq(logs[2].topics[0], IERC7943MultiToken.ForcedTransfer.selector);
        assertEq(ledger.getFrozenTokens(from, uka), 50, "20 were free, 30 unfrozen");
        assertEq(ledger.balanceOf(from, uka), 50);
        assertEq(ledger.freeOf(from, uka), 0);
    }

    function test_forcedTransfer_withinTheFree_leavesTheFreeze() public {
        ledger.setFrozenTokens(from, uka, 80);
        vm.recordLogs();
        ledger.forcedTransfer(from, to, uka, 20);
        assertEq(vm.getRecordedLogs().length, 2, "no Frozen");
        assertEq(ledger.getFrozenTokens(from, uka), 80);
    }

    function test_forcedTransfer_frozenAboveTheBalance_takesOffWhatItTakes() public {
        ledger.setFrozenTokens(from, uka, 130);
        ledger.forcedTransfer(from, to, uka, 100);
        assertEq(ledger.getFrozenTokens(from, uka), 30, "what was withheld beyond the balance stays so");
        assertEq(ledger.balanceOf(to, uka), 100);
    }

    function test_forcedTransfer_allThatIsFrozen_clearsTheMark() public {
        ledger.setFrozenTokens(from, gbp, 1000);
        ledger.forcedTransfer(from, to, gbp, 1000);
        assertEq(ledger.getFrozenTokens(from, gbp), 0);
        ledger.issue(from, gbp, 5, "more");
        transfer(gbp, 5);
    }

    // LESSONS: a forced transfer to oneself silently unfreezes in ERC-7943's reference code
    function test_forcedTransfer_toOneself_unfreezesNothing() public {
        ledger.setFrozenTokens(from, uka, 100);
        ledger.forcedTransfer(from, from, uka, 100);
        assertEq(ledger.getFrozenTokens(from, uka), 100);
        assertEq(ledger.balanceOf(from, uka), 100);
        assertEq(ledger.freeOf(from, uka), 0);
    }

    function test_forcedTransfer_leavesWhatIsEncumbered() public {
        bind(uka, 40);
        ledger.setFrozenTokens(from, uka, 60);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, from, uka, 60, 61));
        ledger.forcedTransfer(from, to, uka, 61);

        ledger.forcedTransfer(from, to, uka, 60);
        assertEq(ledger.encumberedOf(from, uka), 40);
        assertEq(ledger.balanceOf(from, uka), 40);
        assertEq(ledger.getFrozenTokens(from, uka), 0);
    }

    function test_forcedTransfer_fromSuspendedAccount_works() public {
        Eligibility memory e = eligible(Restrictions.ALL);
        e.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(from, e);
        ledger.forcedTransfer(from, to, uka, 100);
        assertEq(ledger.balanceOf(to, uka), 100);
    }

    function test_forcedTransfer_ofClosedInstrument_works() public {
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        ledger.forcedTransfer(from, to, uka, 1);
    }

    function test_forcedTransfer_toIneligible_refused() public {
        ledger.setEligibility(to, eligible(Restrictions.NO_RECEIPT));
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, to));
        ledger.forcedTransfer(from, to, uka, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, address(0)));
        ledger.forcedTransfer(from, address(0), uka, 1);
    }

    function test_forcedTransfer_beyondTheBalance_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, from, 100, 101, uka));
        ledger.forcedTransfer(from, to, uka, 101);
    }

    function test_forcedTransfer_undefinedInstrument_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, 999));
        ledger.forcedTransfer(from, to, 999, 0);
    }

    // @requirement R-ACC-1
    function test_authorityActs_byStranger_refused() public {
        bytes memory error = abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(this));
        vm.startPrank(stranger);
        vm.expectRevert(error);
        ledger.setFrozenTokens(from, uka, 1);
        vm.expectRevert(error);
        ledger.forcedTransfer(from, to, uka, 1);
        vm.expectRevert(error);
        ledger.takeBackOrders(from, new OrderId[](0));
        vm.stopPrank();
    }

    /* ASKING */

    function test_canSend_canReceive_areAboutTheAccountOnly() public {
        assertTrue(ledger.canSend(from));
        assertTrue(ledger.canReceive(to));
        assertTrue(ledger.canSend(to), "no balance is needed");
        assertFalse(ledger.canSend(stranger));
        assertFalse(ledger.canReceive(stranger));
        assertFalse(ledger.canReceive(address(0)));

        ledger.setFrozenTokens(from, uka, type(uint256).max);
        assertTrue(ledger.canSend(from), "freezes are about amounts");

        ledger.setEligibility(from, eligible(Restrictions.NO_TRANSFER));
        assertFalse(ledger.canSend(from));
        assertTrue(ledger.canReceive(from), "one way");
        ledger.setEligibility(from, eligible(Restrictions.NO_RECEIPT));
        assertTrue(ledger.canSend(from), "one way");
        assertFalse(ledger.canReceive(from));
    }

    // @requirement R-ID-6
    function test_canSend_canReceive_endWithTheCertificate() public {
        vm.warp(FAR - 1);
        assertTrue(ledger.canSend(from));
        assertTrue(ledger.canReceive(from));
        vm.warp(FAR);
        assertFalse(ledger.canSend(from));
        assertFalse(ledger.canReceive(from));
        assertFalse(ledger.canTransfer(from, to, uka, 1));
    }

    // LESSONS: `canTransfer` must not fail for balance alone
    function test_canTransfer_balanceTooSmall_isNoReason() public view {
        assertTrue(ledger.canTransfer(from, to, uka, 100));
        assertTrue(ledger.canTransfer(from, to, uka, 101));
        assertTrue(ledger.canTransfer(to, from, uka, 1), "none at all");
        assertTrue(ledger.canTransfer(from, to, gbp, type(uint256).max));
    }

    function test_canTransfer_frozenOrEncumbered_isAReason() public {
        ledger.setFrozenTokens(from, uka, 60);
        assertTrue(ledger.canTransfer(from, to, uka, 40));
        assertFalse(ledger.canTransfer(from, to, uka, 41));
        bind(uka, 10);
        assertTrue(ledger.canTransfer(from, to, uka, 30));
        assertFalse(ledger.canTransfer(from, to, uka, 31));

        bind(gbp, 999);
        assertTrue(ledger.canTransfer(from, to, gbp, 1));
        assertFalse(ledger.canTransfer(from, to, gbp, 2));
    }

    function test_canTransfer_eligibilityAndInstrument_areReasons() public {
        assertFalse(ledger.canTransfer(from, to, 999, 1), "undefined");
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        assertFalse(ledger.canTransfer(from, to, uka, 1), "closed");
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.OPEN);
        assertTrue(ledger.canTransfer(from, to, uka, 1));
        ledger.setEligibility(to, eligible(Restrictions.NO_RECEIPT));
        assertFalse(ledger.canTransfer(from, to, uka, 1), "receiver");
        ledger.setEligibility(to, eligible(0));
        ledger.setEligibility(from, eligible(Restrictions.NO_TRANSFER));
        assertFalse(ledger.canTransfer(from, to, uka, 1), "sender");
    }

    function testFuzz_views_anything_neverRevert(address a, address b, uint256 id, uint256 amount) public view {
        ledger.canSend(a);
        ledger.canReceive(a);
        ledger.canTransfer(a, b, id, amount);
        ledger.getFrozenTokens(a, id);
        ledger.freeOf(a, id);
    }

    // ERC-7943: a public transfer never succeeds where `canTransfer` is false
    function testFuzz_transfer_exactlyWhenCanTransferAndBalance(
        uint256 frozen,
        uint256 bound_,
        uint256 amount,
        uint16 barsFrom,
        uint16 barsTo,
        bool money
    ) public {
        uint256 id = money ? gbp : uka;
        uint256 held = ledger.balanceOf(from, id);
        bound_ = bound(bound_, 0, held);
        frozen = bound(frozen, 0, held * 2);
        amount = bound(amount, 0, held * 2);
        if (bound_ != 0) bind(id, bound_);
        ledger.setFrozenTokens(from, id, frozen);
        ledger.setEligibility(from, eligible(barsFrom & 3));
        ledger.setEligibility(to, eligible(barsTo & 7));
        bool may = ledger.canTransfer(from, to, id, amount);
        uint256 free = held - bound_ > frozen ? held - bound_ - frozen : 0;

        vm.prank(alice);
        (bool ok,) = address(ledger).call(abi.encodeCall(ledger.safeTransferFrom, (from, to, id, amount, "")));

        assertEq(ok, may && amount <= held, "succeeds");
        if (ok) assertLe(amount, free, "only what is free");
        assertEq(ledger.freeOf(from, id), ok ? free - amount : free, "free");
        assertEq(ledger.encumberedOf(from, id), bound_, "encumbered");
    }

    function testFuzz_forcedTransfer_leavesFrozenAndFreeRight(uint256 frozen, uint256 bound_, uint256 amount) public {
        bound_ = bound(bound_, 0, 100);
        frozen = bound(frozen, 0, 300);
        amount = bound(amount, 0, 100 - bound_);
        if (bound_ != 0) bind(uka, bound_);
        ledger.setFrozenTokens(from, uka, frozen);
        uint256 free = ledger.freeOf(from, uka);

        ledger.forcedTransfer(from, to, uka, amount);

        uint256 unfrozen = amount > free ? amount - free : 0;
        assertEq(ledger.getFrozenTokens(from, uka), frozen - unfrozen, "frozen");
        assertEq(ledger.freeOf(from, uka), amount > free ? 0 : free - amount, "free units first");
        assertEq(ledger.encumberedOf(from, uka), bound_, "encumbered");
        assertEq(ledger.balanceOf(to, uka), amount);
    }
}
