// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { IERC1155Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import { AuthorityDesk } from "../../../contracts/instruments/AuthorityDesk.sol";
import { IAuthorityDesk } from "../../../contracts/instruments/IAuthorityDesk.sol";
import { IBinder } from "../../../contracts/instruments/IBinder.sol";
import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IPledgeBook } from "../../../contracts/instruments/IPledgeBook.sol";
import { Governed } from "../../../contracts/governance/Governed.sol";
import { AccountStatus, Eligibility, Restrictions } from "../../../contracts/types/Accounts.sol";
import { OrderId, Side, orderId } from "../../../contracts/types/OrderId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { AuthoritySuite } from "../support/AuthoritySuite.sol";

/// @dev A desk for disputes as it may come: it binds, and gives up what it is asked for.
contract DisputeDouble is IBinder {
    IInstrumentLedger private immutable LEDGER;
    bool public lies;

    constructor(IInstrumentLedger ledger) {
        LEDGER = ledger;
    }

    function dispute(address account, uint256 instrument, uint256 quantity, uint256 id) external {
        LEDGER.encumber(account, instrument, quantity, IInstrumentLedger.Reason.DISPUTE, bytes32(id));
    }

    function lie() external {
        lies = true;
    }

    function giveUp(uint256 id, address account, uint256 instrument, uint256 quantity, uint256)
        external
        returns (uint256 given)
    {
        if (lies) return quantity;
        uint256 bound = LEDGER.encumberedFor(account, instrument, IInstrumentLedger.Reason.DISPUTE);
        given = bound < quantity ? bound : quantity;
        if (given != 0) LEDGER.release(account, instrument, given, IInstrumentLedger.Reason.DISPUTE, bytes32(id));
    }
}

// @requirement R-AST-3 R-ACC-2
contract AuthorityDeskTest is AuthoritySuite {
    IInstrumentLedger.Reason private constant _DISPUTE = IInstrumentLedger.Reason.DISPUTE;

    DisputeDouble private disputes;

    function setUp() public {
        setUpAuthority();
        disputes = new DisputeDouble(ledger);
        ledger.appointBinder(_DISPUTE, address(disputes));
    }

    function _refused(address who, bytes memory call, bytes memory error) private {
        vm.prank(who);
        (bool done, bytes memory why) = address(authorityDesk).call(call);
        assertFalse(done, "refused");
        assertEq(keccak256(why), keccak256(error), "why");
    }

    function _act(uint256 id) private view returns (IAuthorityDesk.AuthorityAct memory act) {
        (act,) = authorityDesk.actOf(id);
    }

    /* FREEZE */

    // @requirement R-AST-3
    function test_freeze_withACause_isRecordedAndHolds() public {
        freezeAll(aliceAccount, uka, 100);
        vm.expectEmit(address(authorityDesk));
        emit IAuthorityDesk.ActOrdered(
            2,
            aliceAccount,
            aliceAccount,
            IAuthorityDesk.ActKind.FREEZE,
            uka,
            5 * UNITS,
            100,
            0,
            officer,
            0,
            noBindings(),
            warrant()
        );
        vm.expectEmit(address(authorityDesk));
        emit IAuthorityDesk.ActDone(2, address(0));
        vm.expectEmit(address(ledger));
        emit IERC7943MultiToken.Frozen(aliceAccount, uka, 5 * UNITS);
        uint256 id = freezeAll(aliceAccount, uka, 5 * UNITS);
        assertEq(ledger.freeOf(aliceAccount, uka), 0, "free");
        assertEq(uint256(_act(id).kind), uint256(IAuthorityDesk.ActKind.FREEZE), "kind");
        assertEq(_act(id).officer, officer, "officer");
        assertEq(_act(id).cause, bytes32("case"), "cause");
        assertActState(id, IAuthorityDesk.ActState.DONE);
        freezeAll(aliceAccount, uka, 0);
        assertEq(ledger.freeOf(aliceAccount, uka), UNITS, "free again");
        assertEq(authorityDesk.actCount(), 3, "count");
    }

    function test_acts_withoutCauseOrDocument_revert() public {
        IAuthorityDesk.Warrant memory bare = IAuthorityDesk.Warrant(0, "order", "why");
        bytes memory missing = abi.encodeWithSelector(IAuthorityDesk.CauseMissing.selector);
        _refused(officer, abi.encodeCall(AuthorityDesk.freeze, (aliceAccount, uka, 1, bare)), missing);
        _refused(officer, _forcing(aliceAccount, carolAccount, 1, bare), missing);
        bare = IAuthorityDesk.Warrant("case", 0, "why");
        missing = abi.encodeWithSelector(IAuthorityDesk.DocumentMissing.selector);
        _refused(officer, _forcing(aliceAccount, carolAccount, 1, bare), missing);
        vm.prank(officer);
        authorityDesk.freeze(aliceAccount, uka, 1, bare);
    }

    function _forcing(address from, address to, uint256 quantity, IAuthorityDesk.Warrant memory why)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeCall(AuthorityDesk.forceTransfer, (from, to, uka, quantity, noOrders(), noBindings(), why));
    }

    /* FORCED TRANSFER */

    // @requirement R-AST-3
    function test_forceTransfer_small_isDoneByOneAndKept() public {
        vm.expectEmit(address(ledger));
        emit IERC7943MultiToken.ForcedTransfer(aliceAccount, carolAccount, uka, 10);
        uint256 id = force(aliceAccount, carolAccount, uka, 10);
        assertEq(ledger.balanceOf(carolAccount, uka), UNITS + 10, "moved");
        IAuthorityDesk.AuthorityAct memory act = _act(id);
        assertEq(act.from, aliceAccount, "from");
        assertEq(act.to, carolAccount, "to");
        assertEq(act.instrument, uka, "instrument");
        assertEq(act.quantity, 10, "quantity");
        assertEq(act.document, bytes32("order"), "document");
        assertEq(act.orderedAt, block.timestamp, "ordered");
        assertEq(act.doneAt, block.timestamp, "done");
        assertEq(act.confirmBy, 0, "one was enough");
        assertEq(act.confirmedBy, address(0), "by one");
    }

    function test_forceTransfer_fromASuspendedAccount_works() public {
        Eligibility memory suspended = eligible(Restrictions.ALL);
        suspended.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(aliceAccount, suspended);
        force(aliceAccount, carolAccount, uka, 10);
        assertEq(ledger.balanceOf(carolAccount, uka), UNITS + 10, "moved");
    }

    function test_forceTransfer_toWhoMayNotReceive_reverts() public {
        bar(carol, Restrictions.NO_RECEIPT);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, carolAccount));
        force(aliceAccount, carolAccount, uka, 10);
    }

    function test_forceTransfer_toOneself_reverts() public {
        freezeAll(aliceAccount, uka, UNITS);
        OrderId id = sell(bob, 100, 10);
        vm.expectRevert(abi.encodeWithSelector(IAuthorityDesk.SameAccount.selector, aliceAccount));
        force(aliceAccount, aliceAccount, uka, 10);
        assertEq(ledger.getFrozenTokens(aliceAccount, uka), UNITS, "still frozen");
        assertEq(open(id), 10, "orders stay");
    }

    function test_forceTransfer_ofNothing_reverts() public {
        vm.expectRevert(IAuthorityDesk.NothingToTake.selector);
        force(aliceAccount, carolAccount, uka, 0);
    }

    function test_forceTransfer_whereFreeUnitsSuffice_leavesOrdersAndFrozenUnits() public {
        OrderId id = sell(alice, 100, 400);
        freezeAll(aliceAccount, uka, 200);
        vm.prank(officer);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 400, taking(id), noBindings(), warrant());
        assertEq(open(id), 400, "the order stands");
        assertEq(ledger.getFrozenTokens(aliceAccount, uka), 200, "frozen");
    }

    function test_forceTransfer_beyondFreeUnits_takesOrdersAsNeededThenFrozenOnes() public {
        OrderId[] memory orders = new OrderId[](4);
        orders[0] = sell(bob, 101, 50); // another's: passed over
        orders[1] = sell(alice, 101, 300);
        orders[2] = sell(alice, 102, 300);
        orders[3] = sell(alice, 103, 200);
        freezeAll(aliceAccount, uka, 150);
        assertEq(ledger.freeOf(aliceAccount, uka), 50, "free");
        vm.prank(officer);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 320, orders, noBindings(), warrant());
        assertEq(open(orders[0]), 50, "another's");
        assertEq(open(orders[1]), 0, "needed");
        assertEq(open(orders[2]), 300, "not needed");
        assertEq(open(orders[3]), 200, "not needed");
        assertEq(ledger.getFrozenTokens(aliceAccount, uka), 150, "frozen ones were not needed");

        // Now the frozen ones, as few as are needed.
        vm.prank(officer);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 100, noOrders(), noBindings(), warrant());
        assertEq(ledger.getFrozenTokens(aliceAccount, uka), 80, "30 were free, 70 are unfrozen");
        assertEq(ledger.balanceOf(aliceAccount, uka), 80, "left");
    }

    function test_forceTransfer_namingOrdersThatAreNone_passesOverOrReverts() public {
        OrderId closed = sell(alice, 101, 300);
        vm.prank(alice);
        book.cancel(closed);
        _sendAway(credit, UNITS - 100);
        vm.prank(officer);
        vm.expectPartialRevert(IERC1155Errors.ERC1155InsufficientBalance.selector);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, credit, 101, taking(closed), noBindings(), warrant());
        // A market that never was.
        vm.prank(officer);
        vm.expectRevert();
        authorityDesk.forceTransfer(
            aliceAccount, carolAccount, credit, 101, taking(orderId(99, Side.SELL, 1, 0, 0)), noBindings(), warrant()
        );
    }

    function _sendAway(uint256 instrument, uint256 quantity) private {
        vm.prank(alice);
        ledger.safeTransferFrom(aliceAccount, carolAccount, instrument, quantity, "");
    }

    // @requirement R-AST-3 disputed units after what is free, pledged ones last and only when they are named
    function test_forceTransfer_throughBindings_takesDisputedFirstAndPledgedLast() public {
        uint256 pledge = pledged(uka, 300);
        disputes.dispute(aliceAccount, uka, 500, 7);
        IAuthorityDesk.Binding[] memory bindings = new IAuthorityDesk.Binding[](2);
        bindings[0] = IAuthorityDesk.Binding(_DISPUTE, 7);
        bindings[1] = IAuthorityDesk.Binding(PLEDGE, pledge);

        vm.prank(officer);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 350, noOrders(), bindings, warrant());
        assertEq(ledger.encumberedFor(aliceAccount, uka, _DISPUTE), 350, "150 of the disputed ones");
        assertEq(boundOf(aliceAccount, uka), 300, "pledged ones untouched");

        vm.prank(officer);
        uint256 id = authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 450, noOrders(), bindings, warrant());
        assertActState(id, IAuthorityDesk.ActState.PROPOSED);
        vm.prank(second);
        authorityDesk.confirm(id, noOrders());
        assertEq(ledger.encumberedFor(aliceAccount, uka, _DISPUTE), 0, "all disputed ones");
        assertEq(boundOf(aliceAccount, uka), 200, "100 of the pledged ones");
        (, IAuthorityDesk.Binding[] memory kept) = authorityDesk.actOf(id);
        assertEq(kept.length, 2, "kept");
        assertEq(kept[1].id, pledge, "kept");
    }

    function test_forceTransfer_namingNoPledge_leavesPledgedUnits() public {
        pledged(uka, 900);
        vm.expectRevert(
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, aliceAccount, uka, 100, 101)
        );
        force(aliceAccount, carolAccount, uka, 101);
    }

    function test_forceTransfer_namingAnotherAccountsPledge_reverts() public {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(aliceAccount);
        vm.prank(carol);
        uint256 foreign = pledges.offer(terms_, line(uka, UNITS));
        pledged(uka, UNITS);
        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, foreign, aliceAccount, carolAccount));
        authorityDesk.forceTransfer(aliceAccount, bobAccount, uka, 1, noOrders(), naming(foreign), warrant());
    }

    function test_forceTransfer_namingTheSamePledgeTwice_takesItOnce() public {
        uint256 pledge = pledged(uka, UNITS);
        IAuthorityDesk.Binding[] memory bindings = new IAuthorityDesk.Binding[](2);
        bindings[0] = IAuthorityDesk.Binding(PLEDGE, pledge);
        bindings[1] = bindings[0];
        vm.prank(officer);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 40, noOrders(), bindings, warrant());
        assertEq(boundOf(aliceAccount, uka), UNITS - 40, "once");
    }

    function test_bindings_thatAreWrong_revert() public {
        pledged(uka, UNITS);
        IAuthorityDesk.Binding[] memory bindings = new IAuthorityDesk.Binding[](9);
        _refuseBindings(bindings, abi.encodeWithSelector(IAuthorityDesk.TooManyBindings.selector, 9, 8));
        bindings = new IAuthorityDesk.Binding[](2);
        bindings[0] = IAuthorityDesk.Binding(PLEDGE, 1);
        bindings[1] = IAuthorityDesk.Binding(_DISPUTE, 1);
        _refuseBindings(bindings, abi.encodeWithSelector(IAuthorityDesk.BindingsOutOfOrder.selector, 1));
        bindings[1] = IAuthorityDesk.Binding(IInstrumentLedger.Reason.LISTING, 1);
        _refuseBindings(bindings, abi.encodeWithSelector(IAuthorityDesk.BindingsOutOfOrder.selector, 1));
        bindings = new IAuthorityDesk.Binding[](1);
        // Nobody binds for it.
        bindings[0] = IAuthorityDesk.Binding(IInstrumentLedger.Reason.LISTING, 1);
        _refuseBindings(
            bindings,
            abi.encodeWithSelector(IAuthorityDesk.NotGivenUp.selector, IInstrumentLedger.Reason.LISTING, address(0))
        );
        // Who binds gives nothing up.
        ledger.appointBinder(IInstrumentLedger.Reason.LISTING, address(authority));
        _refuseBindings(
            bindings,
            abi.encodeWithSelector(
                IAuthorityDesk.NotGivenUp.selector, IInstrumentLedger.Reason.LISTING, address(authority)
            )
        );
        // A module that says it gave what it did not.
        disputes.lie();
        bindings[0] = IAuthorityDesk.Binding(_DISPUTE, 1);
        _refuseBindings(
            bindings, abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, aliceAccount, uka, 0, 1)
        );
    }

    function _refuseBindings(IAuthorityDesk.Binding[] memory bindings, bytes memory error) private {
        _refused(
            officer,
            abi.encodeCall(
                AuthorityDesk.forceTransfer, (aliceAccount, carolAccount, uka, 1, noOrders(), bindings, warrant())
            ),
            error
        );
    }

    /* RELEASE */

    // @requirement R-STK-2 a pledge that nobody can release any more is ended by the authority
    function test_releaseBound_ofAPledge_freesItsUnits() public {
        uint256 pledge = pledged(uka, 300);
        vm.prank(officer);
        uint256 id = authorityDesk.releaseBound(aliceAccount, uka, 300, naming(pledge), warrant());
        assertActState(id, IAuthorityDesk.ActState.DONE);
        assertEq(ledger.freeOf(aliceAccount, uka), UNITS, "free");
        assertTrue(stateOf(pledge) == IPledgeBook.PledgeState.TAKEN, "over");
        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IAuthorityDesk.BindsLess.selector, 0, 1));
        authorityDesk.releaseBound(aliceAccount, uka, 1, naming(pledge), warrant());
    }

    /* SECOND OFFICER */

    // @requirement R-ACC-2 four eyes
    function test_forceTransfer_large_waitsForASecondOfficer() public {
        uint40 until = uint40(block.timestamp) + PERIOD;
        vm.expectEmit(address(authorityDesk));
        emit IAuthorityDesk.ActOrdered(
            1,
            aliceAccount,
            carolAccount,
            IAuthorityDesk.ActKind.FORCED_TRANSFER,
            uka,
            FROM_UNITS,
            0,
            0,
            officer,
            until,
            noBindings(),
            warrant()
        );
        uint256 id = force(aliceAccount, carolAccount, uka, FROM_UNITS);
        assertActState(id, IAuthorityDesk.ActState.PROPOSED);
        assertEq(ledger.balanceOf(carolAccount, uka), UNITS, "nothing moved");
        _refused(
            officer,
            abi.encodeCall(AuthorityDesk.confirm, (id, noOrders())),
            abi.encodeWithSelector(IAuthorityDesk.SameOfficer.selector, officer)
        );
        vm.warp(until);
        vm.expectEmit(address(authorityDesk));
        emit IAuthorityDesk.ActDone(id, second);
        vm.prank(second);
        authorityDesk.confirm(id, noOrders());
        assertEq(ledger.balanceOf(carolAccount, uka), UNITS + FROM_UNITS, "moved");
        assertEq(_act(id).confirmedBy, second, "by whom");
        assertEq(_act(id).doneAt, until, "when");
        _refused(
            second,
            abi.encodeCall(AuthorityDesk.confirm, (id, noOrders())),
            abi.encodeWithSelector(IAuthorityDesk.ActNotOpen.selector, id, IAuthorityDesk.ActState.DONE)
        );
    }

    function test_confirm_tooLateOrOfNothing_reverts() public {
        uint256 id = force(aliceAccount, carolAccount, uka, FROM_UNITS);
        uint40 until = _act(id).confirmBy;
        vm.warp(until + 1);
        _refused(
            second,
            abi.encodeCall(AuthorityDesk.confirm, (id, noOrders())),
            abi.encodeWithSelector(IAuthorityDesk.ConfirmationTooLate.selector, id, until)
        );
        _refused(
            second,
            abi.encodeCall(AuthorityDesk.confirm, (9, noOrders())),
            abi.encodeWithSelector(IAuthorityDesk.UnknownAct.selector, 9)
        );
    }

    function test_withdraw_byAnOfficer_endsAProposal() public {
        uint256 id = force(aliceAccount, carolAccount, uka, FROM_UNITS);
        _refused(
            officer,
            abi.encodeCall(AuthorityDesk.withdraw, (id, bytes32(0))),
            abi.encodeWithSelector(IAuthorityDesk.CauseMissing.selector)
        );
        vm.expectEmit(address(authorityDesk));
        emit IAuthorityDesk.ActWithdrawn(id, officer, "mistaken");
        vm.prank(officer);
        authorityDesk.withdraw(id, "mistaken");
        _refused(
            second,
            abi.encodeCall(AuthorityDesk.confirm, (id, noOrders())),
            abi.encodeWithSelector(IAuthorityDesk.ActNotOpen.selector, id, IAuthorityDesk.ActState.WITHDRAWN)
        );
    }

    function test_confirm_ofAnOfficerWhoLeft_reverts() public {
        uint256 id = force(aliceAccount, carolAccount, uka, FROM_UNITS);
        authority.revokeRole(Roles.REGULATOR, officer);
        _refused(
            second,
            abi.encodeCall(AuthorityDesk.confirm, (id, noOrders())),
            abi.encodeWithSelector(IAuthorityDesk.OfficerLeft.selector, officer)
        );
    }

    // @requirement R-ACC-2
    // The authority calls for whoever holds the role: an officer would confirm his own act, and count as nobody.
    function test_confirm_throughTheAuthority_reverts() public {
        uint256 id = force(aliceAccount, carolAccount, uka, FROM_UNITS);
        bytes memory confirming = abi.encodeCall(AuthorityDesk.confirm, (id, noOrders()));
        bytes memory ordering = abi.encodeCall(
            AuthorityDesk.forceTransfer, (aliceAccount, carolAccount, uka, 1, noOrders(), noBindings(), warrant())
        );
        vm.startPrank(officer);
        vm.expectRevert(Governed.NotThroughTheAuthority.selector);
        authority.execute(address(authorityDesk), confirming);
        vm.expectRevert(Governed.NotThroughTheAuthority.selector);
        authority.execute(address(authorityDesk), ordering);
        vm.stopPrank();
        assertActState(id, IAuthorityDesk.ActState.PROPOSED);
    }

    function test_confirm_ofAnOfficerWithADelay_isDone() public {
        uint256 id = force(aliceAccount, carolAccount, uka, FROM_UNITS);
        authority.grantRole(Roles.REGULATOR, officer, 1 days);
        vm.warp(block.timestamp + 1);
        vm.prank(second);
        authorityDesk.confirm(id, noOrders());
        assertActState(id, IAuthorityDesk.ActState.DONE);
    }

    // What changed between proposal and confirmation counts as it is then.
    function test_confirm_afterTheHoldingChanged_doesWhatIsPossibleOrNothing() public {
        uint256 pledge = pledged(uka, 200);
        freezeAll(aliceAccount, uka, 0);
        vm.prank(officer);
        uint256 id =
            authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 600, noOrders(), naming(pledge), warrant());
        // The pledge ends, and what was free goes into an order.
        vm.prank(bob);
        pledges.releaseAll(pledge);
        OrderId hidden = sell(alice, 100, 900);
        vm.prank(second);
        vm.expectRevert(
            abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, aliceAccount, 100, 600, uka)
        );
        authorityDesk.confirm(id, noOrders());
        assertActState(id, IAuthorityDesk.ActState.PROPOSED);
        vm.prank(second);
        authorityDesk.confirm(id, taking(hidden));
        assertEq(open(hidden), 0, "taken back");
        assertEq(ledger.balanceOf(carolAccount, uka), UNITS + 600, "moved");
    }

    // @requirement R-ACC-2 a large act cannot be cut into small ones
    function test_smallActs_ofOneOfficer_addUp() public {
        force(aliceAccount, carolAccount, uka, 300);
        (uint256 alone, uint40 until) = authorityDesk.orderedAlone(officer, false);
        assertEq(alone, 300, "alone");
        uint256 id = force(carolAccount, aliceAccount, later, 200);
        assertActState(id, IAuthorityDesk.ActState.PROPOSED);
        force(carolAccount, aliceAccount, uka, 199);
        // Money is counted apart, and so is another officer.
        assertActState(force(aliceAccount, carolAccount, gbp, FROM_MONEY - 1), IAuthorityDesk.ActState.DONE);
        assertActState(force(aliceAccount, carolAccount, gbp, 1), IAuthorityDesk.ActState.PROPOSED);
        vm.prank(second);
        id = authorityDesk.forceTransfer(carolAccount, aliceAccount, uka, 100, noOrders(), noBindings(), warrant());
        assertActState(id, IAuthorityDesk.ActState.DONE);
        vm.warp(until);
        (alone,) = authorityDesk.orderedAlone(officer, false);
        assertEq(alone, 0, "a new period");
        assertActState(force(aliceAccount, carolAccount, uka, 499), IAuthorityDesk.ActState.DONE);
    }

    function test_rulesOfTwo_areTheAdministrators() public {
        IAuthorityDesk.SecondOfficerRules memory rules = IAuthorityDesk.SecondOfficerRules(0, 0, 1 hours, 1 days);
        _refused(
            officer,
            abi.encodeCall(AuthorityDesk.setSecondOfficerRules, (rules)),
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, officer)
        );
        vm.expectEmit(address(authorityDesk));
        emit IAuthorityDesk.SecondOfficerRulesSet(rules);
        authorityDesk.setSecondOfficerRules(rules);
        assertEq(authorityDesk.secondOfficerRules().period, 1 hours, "period");
        assertActState(force(aliceAccount, carolAccount, uka, 1), IAuthorityDesk.ActState.PROPOSED);
        rules.period = 0;
        vm.expectRevert(abi.encodeWithSelector(IAuthorityDesk.BadPeriod.selector, 0, 366 days));
        authorityDesk.setSecondOfficerRules(rules);
        rules.period = 366 days + 1; // "for ever" would wrap into the past
        vm.expectRevert(abi.encodeWithSelector(IAuthorityDesk.BadPeriod.selector, rules.period, 366 days));
        authorityDesk.setSecondOfficerRules(rules);
        vm.expectRevert();
        authorityDesk.initialize(rules);
    }

    /* REVERSAL */

    // @requirement R-AST-3 a compensating entry that refers to what it corrects
    function test_reverse_withinTheTime_givesBackOnce() public {
        uint256 taken = force(aliceAccount, carolAccount, uka, 200);
        vm.warp(block.timestamp + REVERSIBLE);
        vm.prank(officer);
        uint256 id = authorityDesk.reverse(taken, noOrders(), noBindings(), warrant());
        assertEq(ledger.balanceOf(aliceAccount, uka), UNITS, "back");
        assertEq(_act(id).reverses, taken, "refers");
        assertEq(_act(taken).reversedBy, id, "is referred to");
        assertEq(uint256(_act(id).kind), uint256(IAuthorityDesk.ActKind.REVERSAL), "kind");
        assertActState(taken, IAuthorityDesk.ActState.DONE);
        _refuseReversal(taken, abi.encodeWithSelector(IAuthorityDesk.AlreadyReversed.selector, taken, id));
        _refuseReversal(
            id,
            abi.encodeWithSelector(
                IAuthorityDesk.NotReversible.selector, id, IAuthorityDesk.ActKind.REVERSAL, IAuthorityDesk.ActState.DONE
            )
        );
    }

    function _refuseReversal(uint256 act, bytes memory error) private {
        _refused(officer, abi.encodeCall(AuthorityDesk.reverse, (act, noOrders(), noBindings(), warrant())), error);
    }

    function test_reverse_tooLateOrOfNothing_reverts() public {
        uint256 taken = force(aliceAccount, carolAccount, uka, 200);
        uint256 until = block.timestamp + REVERSIBLE;
        vm.warp(until + 1);
        _refuseReversal(taken, abi.encodeWithSelector(IAuthorityDesk.ReversalTooLate.selector, taken, until));
        _refuseReversal(77, abi.encodeWithSelector(IAuthorityDesk.UnknownAct.selector, 77));
        uint256 waiting = force(aliceAccount, carolAccount, uka, FROM_UNITS);
        _refuseReversal(
            waiting,
            abi.encodeWithSelector(
                IAuthorityDesk.NotReversible.selector,
                waiting,
                IAuthorityDesk.ActKind.FORCED_TRANSFER,
                IAuthorityDesk.ActState.PROPOSED
            )
        );
    }

    function test_reverse_proposedTwice_isConfirmedOnce() public {
        vm.prank(officer);
        uint256 taken =
            authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 600, noOrders(), noBindings(), warrant());
        vm.prank(second);
        authorityDesk.confirm(taken, noOrders());
        vm.startPrank(officer);
        uint256 first = authorityDesk.reverse(taken, noOrders(), noBindings(), warrant());
        uint256 again = authorityDesk.reverse(taken, noOrders(), noBindings(), warrant());
        vm.stopPrank();
        vm.startPrank(second);
        authorityDesk.confirm(first, noOrders());
        vm.expectRevert(abi.encodeWithSelector(IAuthorityDesk.AlreadyReversed.selector, taken, first));
        authorityDesk.confirm(again, noOrders());
        vm.stopPrank();
        assertEq(ledger.balanceOf(aliceAccount, uka), UNITS, "back, once");
    }

    /* WHO */

    // @requirement R-ACC-1
    function test_restricted_byAStranger_reverts() public {
        bytes[] memory calls = new bytes[](7);
        calls[0] = abi.encodeCall(AuthorityDesk.freeze, (aliceAccount, uka, 1, warrant()));
        calls[1] = _forcing(aliceAccount, carolAccount, 1, warrant());
        calls[2] = abi.encodeCall(AuthorityDesk.reverse, (1, noOrders(), noBindings(), warrant()));
        calls[3] = abi.encodeCall(AuthorityDesk.releaseBound, (aliceAccount, uka, 1, noBindings(), warrant()));
        calls[4] = abi.encodeCall(AuthorityDesk.confirm, (1, noOrders()));
        calls[5] = abi.encodeCall(AuthorityDesk.withdraw, (1, "x"));
        calls[6] = abi.encodeCall(AuthorityDesk.setSecondOfficerRules, (rulesOfTwo()));
        for (uint256 i; i < calls.length; ++i) {
            _refused(alice, calls[i], abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice));
        }
    }

    // @requirement R-AST-3 ERC-7943's functions are the desk's
    function test_ledger_byAnother_reverts() public {
        bytes memory error = abi.encodeWithSelector(Governed.NotTheModule.selector, officer, address(authorityDesk));
        vm.startPrank(officer);
        vm.expectRevert(error);
        ledger.forcedTransfer(aliceAccount, carolAccount, uka, 1);
        vm.expectRevert(error);
        ledger.setFrozenTokens(aliceAccount, uka, 1);
        vm.expectRevert(error);
        ledger.takeBackOrders(aliceAccount, noOrders());
        vm.stopPrank();
    }

    /* FUZZ */

    function testFuzz_forceTransfer_ofAnyQuantity_takesAsFewFrozenOnesAsNeeded(
        uint256 pledgedUnits,
        uint256 frozen,
        uint256 quantity
    ) public {
        authorityDesk.setSecondOfficerRules(IAuthorityDesk.SecondOfficerRules(type(uint96).max, type(uint96).max, 1, 1));
        pledgedUnits = bound(pledgedUnits, 1, UNITS);
        quantity = bound(quantity, 1, UNITS + 1);
        frozen = bound(frozen, 0, 2 * UNITS);
        uint256 pledge = pledged(uka, pledgedUnits);
        if (frozen != 0) freezeAll(aliceAccount, uka, frozen);
        uint256 unencumbered = UNITS - pledgedUnits;
        uint256 free = ledger.freeOf(aliceAccount, uka);
        if (quantity > UNITS) vm.expectRevert();
        vm.prank(officer);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, quantity, noOrders(), naming(pledge), warrant());
        if (quantity > UNITS) return;
        assertEq(ledger.balanceOf(aliceAccount, uka), UNITS - quantity, "taken");
        uint256 fromPledge = quantity > unencumbered ? quantity - unencumbered : 0;
        assertEq(boundOf(aliceAccount, uka), pledgedUnits - fromPledge, "no more of the pledge than needed");
        uint256 unfrozen = quantity - fromPledge > free ? quantity - fromPledge - free : 0;
        uint256 left = ledger.getFrozenTokens(aliceAccount, uka);
        // Pledged units that were released to be taken are under the freeze for that moment, when it exceeds the rest.
        assertLe(left, frozen, "never more frozen");
        assertGe(frozen - left, unfrozen, "what was taken of the frozen ones");
        assertLe(frozen - left, quantity, "no more than what was taken");
    }
}
