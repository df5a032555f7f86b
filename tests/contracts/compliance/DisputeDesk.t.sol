// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { DisputeDesk } from "../../../contracts/compliance/DisputeDesk.sol";
import { IDisputeDesk } from "../../../contracts/compliance/IDisputeDesk.sol";
import { Governed } from "../../../contracts/governance/Governed.sol";
import { IAuthorityDesk } from "../../../contracts/instruments/IAuthorityDesk.sol";
import { ITransferRules } from "../../../contracts/instruments/ITransferRules.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { OrderId } from "../../../contracts/types/OrderId.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { IVoucherBook } from "../../../contracts/vouchers/IVoucherBook.sol";
import { DisputeSuite } from "../support/DisputeSuite.sol";

// @requirement R-TRD-12
contract DisputeDeskTest is DisputeSuite {
    IDisputeDesk.DisputeState private constant _OPEN = IDisputeDesk.DisputeState.OPEN;

    function setUp() public {
        setUpDisputes();
    }

    function _onTrade(address key, Voucher memory voucher, uint256 units_, uint256 money_) private returns (uint256) {
        vm.prank(key);
        return disputes.openOnTrade(voucher, new bytes32[](0), units_, money_, "statement");
    }

    function _party(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IDisputeDesk.NotTheParty.selector, account);
    }

    function _both(uint96 first, uint96 second) private pure returns (uint96[] memory awards) {
        awards = new uint96[](2);
        (awards[0], awards[1]) = (first, second);
    }

    function _refused(address key, bytes memory call, bytes memory error) private {
        vm.prank(key);
        (bool done, bytes memory why) = address(disputes).call(call);
        assertFalse(done, "refused");
        assertEq(keccak256(why), keccak256(error), "why");
    }

    function _unauthorized(address who) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, who);
    }

    /* OPENING */

    function test_openOnTrade__genuineVoucher__freezesBothSides_rulingUndoesTheTrade() public {
        uint256 unitsBefore = units(alice);
        Voucher memory voucher = traded(40);
        uint256 moneyBefore = money(bob);

        uint256 id = _onTrade(alice, voucher, 40, 0);
        uint256 other = _onTrade(bob, voucher, 0, 4000);

        assertEq(frozenFor(bobAccount, uka), 40, "units at the buyer");
        assertEq(frozenFor(aliceAccount, gbp), 4000, "money at the seller");
        ruled(id, true, awarding(40));
        ruled(other, true, awarding(4000));
        pastAppeal(other);
        disputes.execute(id);
        disputes.execute(other);

        inState(id, IDisputeDesk.DisputeState.EXECUTED);
        inState(other, IDisputeDesk.DisputeState.EXECUTED);
        assertEq(units(alice), unitsBefore, "units are back");
        assertEq(money(bob), moneyBefore + 4000, "money is back");
        assertEq(frozenFor(bobAccount, uka) + frozenFor(aliceAccount, gbp), 0, "nothing rests");
        assertEq(
            uint256(voucherBook.verify(voucher, new bytes32[](0))),
            uint256(IVoucherBook.Verdict.VALID),
            "the trade stays as it was recorded"
        );
    }

    function test_openOnTrade__buyerClaimsMoneyOnly__oneLine() public {
        Voucher memory voucher = traded(40);

        uint256 id = _onTrade(bob, voucher, 0, 1500);

        (IDisputeDesk.Dispute memory dispute, IDisputeDesk.DisputedLine[] memory lines) = disputes.disputeOf(id);
        assertEq(lines.length, 1, "lines");
        assertEq(lines[0].holder, aliceAccount, "holder");
        assertEq(dispute.respondent, aliceAccount, "respondent");
        assertEq(disputes.disputeOn(IDisputeDesk.SubjectKind.TRADE, uint256(market) << 40), id, "stands");
        assertEq(disputes.disputeCount(), 1, "count");
    }

    function test_openOnTrade__eachFault__refused() public {
        Voucher memory voucher = traded(40);
        bytes32[] memory none;
        Voucher memory altered = voucher;
        bytes memory call = abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 41, 0, "s"));
        _refused(alice, call, abi.encodeWithSelector(IDisputeDesk.BadClaim.selector, 41, 40));
        call = abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 0, 4001, "s"));
        _refused(bob, call, abi.encodeWithSelector(IDisputeDesk.BadClaim.selector, 4001, 4000));
        call = abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 0, 0, "s"));
        _refused(alice, call, abi.encodeWithSelector(IDisputeDesk.BadClaim.selector, 0, 40));
        call = abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 1, 0, bytes32(0)));
        _refused(alice, call, abi.encodeWithSelector(IDisputeDesk.CauseMissing.selector));
        call = abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 1, 0, "s"));
        _refused(carol, call, _party(carolAccount));
        _refused(stranger, call, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));

        altered.quantity = 50;
        call = abi.encodeCall(DisputeDesk.openOnTrade, (altered, none, 1, 0, "s"));
        _refused(
            alice, call, abi.encodeWithSelector(IDisputeDesk.VoucherRefuted.selector, IVoucherBook.Verdict.ALTERED)
        );
        altered.kind = VoucherKind.SURRENDER;
        call = abi.encodeCall(DisputeDesk.openOnTrade, (altered, none, 1, 0, "s"));
        _refused(
            alice,
            call,
            abi.encodeWithSelector(
                IDisputeDesk.NotDisputable.selector, IDisputeDesk.SubjectKind.TRADE, uint256(market) << 40
            )
        );
    }

    function test_open__afterItsTime__refused() public {
        uint256 transfer = transferred(alice, bob, uka, 40);
        uint256 until = block.timestamp + OPEN_FOR;
        vm.warp(until + 1);
        bytes memory call = abi.encodeCall(DisputeDesk.openOnTransfer, (transfer, 1, "s"));
        _refused(alice, call, abi.encodeWithSelector(IDisputeDesk.DisputeTooLate.selector, until));
    }

    function test_open__againByTheSameParty__refused() public {
        uint256 transfer = transferred(alice, bob, uka, 40);
        uint256 id = opened(alice, transfer, 40);
        bytes memory call = abi.encodeCall(DisputeDesk.openOnTransfer, (transfer, 1, "s"));
        bytes memory again = abi.encodeWithSelector(
            IDisputeDesk.DisputedAlready.selector, IDisputeDesk.SubjectKind.TRANSFER, transfer, id
        );
        _refused(alice, call, again);
        vm.prank(alice);
        disputes.withdraw(id);
        _refused(alice, call, again);
    }

    /// @dev Who took it could else be first with a claim of one unit, and keep the victim out.
    function test_open__whatTheOtherSideGave__refused() public {
        uint256 transfer = transferred(alice, bob, uka, 40);
        _refused(bob, abi.encodeCall(DisputeDesk.openOnTransfer, (transfer, 1, "s")), _party(bobAccount));
        _refused(carol, abi.encodeCall(DisputeDesk.openOnTransfer, (transfer, 1, "s")), _party(carolAccount));
        Voucher memory voucher = traded(40);
        bytes32[] memory none;
        _refused(bob, abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 1, 0, "s")), _party(bobAccount));
        _refused(alice, abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 0, 1, "s")), _party(aliceAccount));
        _refused(alice, abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 1, 1, "s")), _party(aliceAccount));
        _refused(bob, abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 1, 1, "s")), _party(bobAccount));
    }

    function test_openOnTrade__otherSideWasFirst__victimStillMay_onceEach() public {
        Voucher memory voucher = traded(40);
        uint256 first = _onTrade(bob, voucher, 0, 1);

        uint256 id = _onTrade(alice, voucher, 40, 0);

        uint256 subject = uint256(market) << 40;
        bytes32[] memory none;
        _refused(
            bob,
            abi.encodeCall(DisputeDesk.openOnTrade, (voucher, none, 0, 1, "s")),
            abi.encodeWithSelector(
                IDisputeDesk.DisputedAlready.selector, IDisputeDesk.SubjectKind.TRADE, subject, first
            )
        );
        assertEq(frozenFor(bobAccount, uka), 40, "rests");
        vm.prank(bob);
        disputes.withdraw(first);
        assertEq(disputes.disputeOn(IDisputeDesk.SubjectKind.TRADE, subject), id, "the other one stands");
        ruled(id, true, awarding(40));
        pastAppeal(id);
        disputes.execute(id);
        assertEq(disputes.disputeOn(IDisputeDesk.SubjectKind.TRADE, subject), 0, "over");
    }

    function test_openOnTransfer__notCompleted__refused() public {
        uint256 transfer = transferred(alice, bob, uka, 40);
        transfers[transfer - 1].state = ITransferRules.TransferState.CANCELLED;
        bytes memory call = abi.encodeCall(DisputeDesk.openOnTransfer, (transfer, 1, "s"));
        _refused(
            alice,
            call,
            abi.encodeWithSelector(IDisputeDesk.NotDisputable.selector, IDisputeDesk.SubjectKind.TRANSFER, transfer)
        );
    }

    function test_open__holderHasLess__restsWhatIsFree() public {
        uint256 transfer = transferred(alice, bob, uka, 40);
        transferred(bob, carol, uka, uint96(units(bob) - 15));

        uint256 id = opened(alice, transfer, 40);

        assertEq(frozenFor(bobAccount, uka), 15, "what is free");
        ruled(id, true, awarding(15));
    }

    function test_open__accountUnderRestrictions__mayDefendItself() public {
        uint256 transfer = transferred(alice, bob, uka, 40);
        bar(alice, Restrictions.ALL);
        inState(opened(alice, transfer, 40), _OPEN);
    }

    function test_frozen__neitherMovesNorTrades() public {
        uint256 transfer = transferred(alice, bob, uka, 40);
        opened(alice, transfer, 40);
        uint256 free = units(bob) - 40;
        bytes memory call =
            abi.encodeCall(ledger.safeTransferFrom, (bobAccount, carolAccount, uka, free + 1, bytes("")));
        vm.prank(bob);
        (bool done,) = address(ledger).call(call);
        assertFalse(done, "moved");
    }

    /* EVIDENCE AND RULING */

    function test_submitEvidence__bothSidesInTime__counted() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        vm.prank(alice);
        disputes.submitEvidence(id, "a");
        vm.prank(bob);
        disputes.submitEvidence(id, "b");
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(id);
        assertEq(dispute.evidence, 3, "pieces");

        bytes memory call = abi.encodeCall(DisputeDesk.submitEvidence, (id, "c"));
        _refused(carol, call, abi.encodeWithSelector(IDisputeDesk.NotTheParty.selector, carolAccount));
        _refused(
            alice,
            abi.encodeCall(DisputeDesk.submitEvidence, (id, bytes32(0))),
            abi.encodeWithSelector(IDisputeDesk.CauseMissing.selector)
        );
        vm.warp(uint256(dispute.evidenceUntil) + 1);
        _refused(alice, call, abi.encodeWithSelector(IDisputeDesk.EvidencePeriod.selector, id, dispute.evidenceUntil));
        _refused(
            officer,
            abi.encodeCall(DisputeDesk.submitForAuthority, (id, "c")),
            abi.encodeWithSelector(IDisputeDesk.NotTheParty.selector, address(0))
        );
    }

    function test_rule__eachFault__refused() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(id);
        bytes memory call = abi.encodeCall(DisputeDesk.rule, (id, true, awarding(40), "r"));
        _refused(alice, call, _unauthorized(alice));
        _refused(officer, call, _unauthorized(officer));
        _refused(
            arbitrator, call, abi.encodeWithSelector(IDisputeDesk.EvidencePeriod.selector, id, dispute.evidenceUntil)
        );
        vm.warp(uint256(dispute.evidenceUntil) + 1);
        bytes memory bad = abi.encodeWithSelector(IDisputeDesk.BadAwards.selector, id);
        _refused(arbitrator, abi.encodeCall(DisputeDesk.rule, (id, true, awarding(41), "r")), bad);
        _refused(arbitrator, abi.encodeCall(DisputeDesk.rule, (id, false, awarding(1), "r")), bad);
        _refused(arbitrator, abi.encodeCall(DisputeDesk.rule, (id, true, _both(1, 1), "r")), bad);
        _refused(
            arbitrator,
            abi.encodeCall(DisputeDesk.rule, (id, true, awarding(40), bytes32(0))),
            abi.encodeWithSelector(IDisputeDesk.CauseMissing.selector)
        );
        _refused(
            arbitrator,
            abi.encodeCall(DisputeDesk.rule, (9, true, awarding(40), "r")),
            abi.encodeWithSelector(IDisputeDesk.UnknownDispute.selector, 9)
        );
        grant(11, bob);
        _refused(bob, call, abi.encodeWithSelector(IDisputeDesk.ArbitratorInvolved.selector, bob, bobAccount));
        vm.warp(uint256(dispute.until) + 1);
        _refused(arbitrator, call, abi.encodeWithSelector(IDisputeDesk.DisputePeriodOver.selector, id, dispute.until));
    }

    function test_execute__beforeItStandsAndTwice__refused() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        _refused(
            stranger,
            abi.encodeCall(DisputeDesk.execute, (id)),
            abi.encodeWithSelector(IDisputeDesk.NotExecutable.selector, id, 0)
        );
        ruled(id, true, awarding(25));
        uint256 from = block.timestamp + APPEAL_FOR + 1;
        _refused(
            stranger,
            abi.encodeCall(DisputeDesk.execute, (id)),
            abi.encodeWithSelector(IDisputeDesk.NotExecutable.selector, id, from)
        );
        pastAppeal(id);
        vm.prank(stranger);
        disputes.execute(id);
        assertEq(units(alice), UNITS - 40 + 25, "once");
        assertEq(ledger.freeOf(bobAccount, uka), UNITS + 15, "the rest is free");
        _refused(
            stranger,
            abi.encodeCall(DisputeDesk.execute, (id)),
            abi.encodeWithSelector(IDisputeDesk.NotExecutable.selector, id, 0)
        );
        _refused(
            alice,
            abi.encodeCall(DisputeDesk.withdraw, (id)),
            abi.encodeWithSelector(IDisputeDesk.DisputeNotIn.selector, id, IDisputeDesk.DisputeState.EXECUTED)
        );
    }

    function test_appeal__anotherArbitrator__rulesInItsPlace() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        ruled(id, true, awarding(40));
        vm.prank(bob);
        disputes.appeal(id, "grounds");
        bytes memory call = abi.encodeCall(DisputeDesk.decideAppeal, (id, false, awarding(0), "d"));
        _refused(arbitrator, call, abi.encodeWithSelector(IDisputeDesk.SameArbitrator.selector, arbitrator));
        _refused(bob, call, _unauthorized(bob));
        vm.prank(appellate);
        disputes.decideAppeal(id, false, awarding(0), "d");

        disputes.execute(id);

        assertEq(ledger.freeOf(bobAccount, uka), UNITS + 40, "dismissed");
        assertEq(units(alice), UNITS - 40, "nothing moved");
    }

    function test_appeal__tooLate__refused() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        ruled(id, true, awarding(40));
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(id);
        _refused(
            bob,
            abi.encodeCall(DisputeDesk.appeal, (id, bytes32(0))),
            abi.encodeWithSelector(IDisputeDesk.CauseMissing.selector)
        );
        pastAppeal(id);
        _refused(
            bob,
            abi.encodeCall(DisputeDesk.appeal, (id, "g")),
            abi.encodeWithSelector(IDisputeDesk.DisputePeriodOver.selector, id, dispute.until)
        );
    }

    function test_appeal__notDecidedInTime__firstRulingStands() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        ruled(id, true, awarding(40));
        vm.prank(bob);
        disputes.appeal(id, "grounds");
        pastAppeal(id);
        _refused(
            appellate,
            abi.encodeCall(DisputeDesk.decideAppeal, (id, false, awarding(0), "d")),
            abi.encodeWithSelector(IDisputeDesk.DisputePeriodOver.selector, id, uint40(block.timestamp - 1))
        );
        disputes.execute(id);
        assertEq(units(alice), UNITS, "as first ruled");
    }

    /* ENDS */

    function test_withdraw__byTheClaimantOnly__releases() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        _refused(
            bob,
            abi.encodeCall(DisputeDesk.withdraw, (id)),
            abi.encodeWithSelector(IDisputeDesk.NotTheParty.selector, bobAccount)
        );
        vm.prank(alice);
        disputes.withdraw(id);
        assertEq(frozenFor(bobAccount, uka), 0, "free");
        inState(id, IDisputeDesk.DisputeState.WITHDRAWN);
    }

    function test_lapse__notRuledInTime__releases() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        uint256 until = block.timestamp + EVIDENCE_FOR + RULE_FOR;
        _refused(
            stranger,
            abi.encodeCall(DisputeDesk.lapse, (id)),
            abi.encodeWithSelector(IDisputeDesk.DisputeStands.selector, id, until)
        );
        vm.warp(until + 1);
        vm.prank(stranger);
        disputes.lapse(id);
        assertEq(ledger.freeOf(bobAccount, uka), UNITS + 40, "free");
        inState(id, IDisputeDesk.DisputeState.LAPSED);
    }

    function test_lapse__rulingCouldNotBeExecuted__releasesAfterItsTime() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        ruled(id, true, awarding(40));
        pastAppeal(id);
        bar(alice, Restrictions.NO_RECEIPT);
        (bool done,) = address(disputes).call(abi.encodeCall(DisputeDesk.execute, (id)));
        assertFalse(done, "alice may not receive");
        vm.warp(block.timestamp + EXECUTE_FOR + 1);
        disputes.lapse(id);
        assertEq(frozenFor(bobAccount, uka), 0, "free");
    }

    function test_giveUp__actOfTheAuthority__takesWhatRests_awardShrinks() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        transferred(bob, carol, uka, uint96(UNITS)); // nothing else is left
        ruled(id, true, awarding(40));
        IAuthorityDesk.Binding[] memory bindings = new IAuthorityDesk.Binding[](1);
        bindings[0] = IAuthorityDesk.Binding(DISPUTE, id);
        vm.prank(officer);
        authorityDesk.forceTransfer(
            bobAccount,
            carolAccount,
            uka,
            30,
            new OrderId[](0),
            bindings,
            IAuthorityDesk.Warrant("cause", "document", "court")
        );
        pastAppeal(id);
        disputes.execute(id);
        assertEq(units(alice), UNITS - 40 + 10, "what is left of it");
        _refused(
            stranger,
            abi.encodeCall(DisputeDesk.giveUp, (id, bobAccount, uka, 1, 1)),
            abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(authorityDesk))
        );
        vm.prank(address(authorityDesk));
        assertEq(disputes.giveUp(id, bobAccount, uka, 1, 1), 0, "over");
        _refused(
            address(authorityDesk),
            abi.encodeCall(DisputeDesk.giveUp, (id, carolAccount, uka, 1, 1)),
            abi.encodeWithSelector(IDisputeDesk.NotTheParty.selector, carolAccount)
        );
    }

    /* REPORTS AND SURRENDERS: held where they are */

    function test_openOnReport__upheld__madeGoodOnce() public {
        vm.prank(alice);
        uint256 id = disputes.openOnReport(7, 2021, "statement");
        uint256 subject = uint256(7) << 16 | 2021;
        assertEq(held[subject], id, "rests");
        vm.prank(officer);
        disputes.submitForAuthority(id, "answer");
        ruled(id, true, new uint96[](0));
        vm.prank(officer);
        disputes.appealForAuthority(id, "grounds");
        vm.prank(appellate);
        disputes.decideAppeal(id, true, new uint96[](0), "d");
        disputes.execute(id);
        assertEq(held[subject], 0, "let go");
        assertEq(madeGood, 1, "once");
    }

    function test_openOnReport__figureSettledAnew__isDisputedAnew() public {
        vm.startPrank(alice);
        uint256 id = disputes.openOnReport(7, 2021, "statement");
        disputes.withdraw(id);
        bytes memory error = abi.encodeWithSelector(
            IDisputeDesk.DisputedAlready.selector, IDisputeDesk.SubjectKind.REPORT, uint256(7) << 16 | 2021, id
        );
        vm.expectRevert(error);
        disputes.openOnReport(7, 2021, "again");
        vm.stopPrank();

        vm.warp(block.timestamp + 1 days);
        settledAt = block.timestamp;
        vm.prank(alice);
        assertEq(disputes.openOnReport(7, 2021, "the new one"), 2, "another act");
        assertEq(held[uint256(7) << 16 | 2021], 2, "rests");
    }

    /// @dev The authority granted the claim, and the figure that followed is disputed: the earlier dispute ends beside it.
    function test_openOnReport__grantedMeanwhile__earlierDisputeEndsBesideIt() public {
        uint256 subject = uint256(7) << 16 | 2021;
        vm.prank(alice);
        uint256 id = disputes.openOnReport(7, 2021, "statement");
        delete held[subject];
        vm.warp(block.timestamp + 1 days);
        settledAt = block.timestamp;
        vm.prank(alice);
        uint256 next = disputes.openOnReport(7, 2021, "the new one");
        vm.prank(alice);
        disputes.withdraw(id);
        assertEq(held[subject], next, "rests");
        assertEq(disputes.disputeOn(IDisputeDesk.SubjectKind.REPORT, subject), next, "stands");
    }

    function test_openOnSurrender__dismissed__nothingMadeGood() public {
        vm.prank(alice);
        uint256 id = disputes.openOnSurrender(3, "statement");
        ruled(id, false, new uint96[](0));
        pastAppeal(id);
        disputes.execute(id);
        assertEq(held[3], 0, "let go");
        assertEq(madeGood, 0, "nothing");
        bytes memory call = abi.encodeCall(DisputeDesk.openOnSurrender, (3, "s"));
        _refused(bob, call, abi.encodeWithSelector(IDisputeDesk.NotTheParty.selector, bobAccount));
        _refused(
            alice,
            abi.encodeCall(DisputeDesk.openOnSurrender, (1 << 248, "s")),
            abi.encodeWithSelector(IDisputeDesk.NotDisputable.selector, IDisputeDesk.SubjectKind.SURRENDER, 1 << 248)
        );
    }

    /* TERMS */

    function test_setTerms__standingDispute__keepsItsOwn() public {
        uint256 id = opened(alice, transferred(alice, bob, uka, 40), 40);
        IDisputeDesk.DisputeTerms memory other = IDisputeDesk.DisputeTerms(1, 1, 1, 1, 1);
        _refused(alice, abi.encodeCall(DisputeDesk.setTerms, (other)), _unauthorized(alice));
        vm.prank(officer);
        disputes.setTerms(other);
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(id);
        assertEq(dispute.terms.appealFor, APPEAL_FOR, "its own");
        assertEq(disputes.termsOf().appealFor, 1, "new ones");
        other.ruleFor = 0;
        _refused(
            officer,
            abi.encodeCall(DisputeDesk.setTerms, (other)),
            abi.encodeWithSelector(IDisputeDesk.BadDisputeTerms.selector)
        );
    }

    /// @dev Moves or releases exactly what it froze, whatever is free, claimed and awarded.
    function testFuzz_execute__anyClaimAndAward__conserves(uint256 sold, uint256 left, uint256 claim, uint256 award)
        public
    {
        sold = bound(sold, 1, UNITS);
        uint256 transfer = transferred(alice, bob, uka, uint96(sold));
        left = bound(left, 0, UNITS + sold);
        if (left != UNITS + sold) transferred(bob, carol, uka, uint96(UNITS + sold - left));
        claim = bound(claim, 1, sold);
        uint256 rests = claim < left ? claim : left;
        award = bound(award, 0, rests);

        uint256 id = opened(alice, transfer, claim);
        assertEq(frozenFor(bobAccount, uka), rests, "rests");
        ruled(id, true, awarding(uint96(award)));
        pastAppeal(id);
        disputes.execute(id);

        assertEq(units(alice), UNITS - sold + award, "alice");
        assertEq(units(bob), left - award, "bob");
        assertEq(ledger.freeOf(bobAccount, uka), left - award, "all free");
    }
}
