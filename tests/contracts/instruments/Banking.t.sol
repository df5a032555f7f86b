// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { Banking } from "../../../contracts/instruments/Banking.sol";
import { IBanking } from "../../../contracts/instruments/IBanking.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import {
    InstrumentClass,
    InstrumentId,
    MalformedInstrument,
    instrumentId
} from "../../../contracts/types/InstrumentId.sol";
import { BankingSuite } from "../support/BankingSuite.sol";

// @requirement R-AST-5
contract BankingTest is BankingSuite {
    IInstrumentLedger.Reason private constant _PLEDGE = IInstrumentLedger.Reason.PLEDGE;

    function setUp() public {
        setUpBanking();
        issue(plant, 1000);
        issue(mill, 1000);
    }

    /* RULES */

    function test_rule_set_isInForce() public {
        IBanking.BankingTerms memory t = terms();
        vm.expectEmit(address(banking));
        emit IBanking.BankingRuleSet(1, expiring, later, t, "regulation");
        uint256 rule = set(t);
        assertEq(rule, 1, "number");
        assertEq(banking.ruleCount(), 1, "count");
        assertEq(banking.ruleFor(expiring), 1, "for");
        assertEq(banking.ruleOf(1).terms.to, later, "terms");
    }

    function test_rule_thatCannotBe_reverts() public {
        uint256 undefined = InstrumentId.unwrap(instrumentId(InstrumentClass.ALLOWANCE, SCHEME, 1999, 0, 0));
        uint256[2][6] memory pairs = [
            [expiring, expiring],
            [expiring, credit],
            [gbp, gbp],
            [gbp, uint256(gbp) + 1],
            [expiring, undefined],
            [undefined, expiring]
        ];
        for (uint256 i; i < pairs.length; ++i) {
            IBanking.BankingTerms memory t = terms();
            (t.from, t.to) = (uint88(pairs[i][0]), uint88(pairs[i][1]));
            vm.expectRevert(abi.encodeWithSelector(IBanking.NotConvertible.selector, pairs[i][0], pairs[i][1]));
            set(t);
        }
        IBanking.BankingTerms memory bad = terms();
        bad.from = 0;
        vm.expectRevert(abi.encodeWithSelector(MalformedInstrument.selector, 0));
        set(bad);
        bad = terms();
        bad.opens = bad.closes;
        vm.expectRevert(abi.encodeWithSelector(IBanking.BadBankingWindow.selector, bad.opens, bad.closes));
        set(bad);
        (bad.opens, bad.closes) = (start - 2, start);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BadBankingWindow.selector, bad.opens, bad.closes));
        set(bad);
        bad = terms();
        bad.share = 10_001;
        vm.expectRevert(abi.encodeWithSelector(IBanking.BadBankingShare.selector, 10_001));
        set(bad);
        bad = terms();
        vm.prank(regulator);
        vm.expectRevert(IBanking.CauseMissing.selector);
        banking.setRule(bad, 0);
    }

    function test_rule_whileAnotherIsInForce_reverts() public {
        IBanking.BankingTerms memory t = terms();
        t.opens = start + 1 days;
        uint256 first = set(t);
        uint256 second = set(t); // the first had not opened
        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingRuleReplaced.selector, first, second));
        banking.moveWindow(first, start, t.closes, "cause");
        vm.warp(t.opens);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingRuleInForce.selector, second, t.closes));
        set(t);
        vm.warp(t.closes);
        t.closes += 10 days;
        uint256 third = set(t);
        address[] memory accounts = both();
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingRuleReplaced.selector, second, third));
        banking.lapse(second, accounts);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingRuleReplaced.selector, second, third));
        convert(second, 1);
        convert(third, 1);
    }

    function test_window_moved_isPausedProlongedAndReopened() public {
        uint256 rule = set(terms());
        vm.startPrank(regulator);
        vm.expectEmit(address(banking));
        emit IBanking.BankingWindowMoved(rule, start + 1 days, start + 2 days, "cause");
        banking.moveWindow(rule, start + 1 days, start + 2 days, "cause");
        vm.expectRevert(IBanking.CauseMissing.selector);
        banking.moveWindow(rule, start + 1 days, start + 2 days, 0);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BadBankingWindow.selector, start + 2, start + 2));
        banking.moveWindow(rule, start + 2, start + 2, "cause");
        vm.expectRevert(abi.encodeWithSelector(IBanking.UnknownBankingRule.selector, 2));
        banking.moveWindow(2, start, start + 2, "cause");
        vm.expectRevert(abi.encodeWithSelector(IBanking.UnknownBankingRule.selector, 0));
        banking.moveWindow(0, start, start + 2, "cause");
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IBanking.UnknownBankingRule.selector, 2));
        banking.roomOf(2, plant);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingNotOpen.selector, rule, start + 1 days, start + 2 days));
        convert(rule, 1);
        vm.warp(start + 2 days);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingNotOpen.selector, rule, start + 1 days, start + 2 days));
        convert(rule, 1);
        vm.prank(regulator);
        banking.moveWindow(rule, start, start + 3 days, "cause");
        convert(rule, 1);
    }

    function test_window_afterALapse_staysClosed() public {
        uint256 rule = set(terms());
        vm.warp(start + 20 days);
        banking.lapse(rule, both());
        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(IBanking.LapsedAlready.selector, rule));
        banking.moveWindow(rule, start, start + 30 days, "cause");
    }

    /* CONVERSION */

    // @requirement R-AST-5 R-AST-1
    function test_convert_afterTheEndOfValidity_isANewBlockWithTheSameCause() public {
        uint256 rule = set(terms());
        vm.warp(end + 1);
        bytes32 cause = banking.causeOf(1);
        assertEq(cause, bytes32(uint256(uint160(address(banking))) << 96 | 1), "contract and number");
        vm.expectEmit(address(banking));
        emit IBanking.UnitsConverted(1, rule, plant, expiring, later, 400);
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.UnitsCancelled(expiring, plant, 400, cause);
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.UnitsIssued(later, plant, 1, 400, cause);
        convert(rule, 400);
        assertEq(ledger.balanceOf(plant, expiring), 600, "old");
        assertEq(ledger.balanceOf(plant, later), 400, "new");
        assertEq(ledger.instrumentOf(expiring).cancelled, ledger.instrumentOf(later).issued, "none made");
        assertEq(banking.ruleOf(rule).converted, 400, "of the rule");
        assertEq(banking.standingOf(rule, plant).converted, 400, "of the account");
        assertEq(banking.actCount(), 1, "count");
        assertTrue(ledger.isBlock(IInstrumentLedger.IssuedBlock(later, 1, 400, plant, cause, block.timestamp)), "block");
    }

    function test_convert_intoAClosedInstrument_reverts() public {
        uint256 rule = set(terms());
        ledger.setState(InstrumentId.wrap(later), IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, later, 0));
        convert(rule, 1);
    }

    function test_convert_ofWhatIsNotFree_reverts() public {
        uint256 rule = set(terms());
        ledger.encumber(plant, expiring, 300, _PLEDGE, "pledge");
        ledger.setFrozenTokens(plant, expiring, 200);
        ledger.escrowFrom(key, expiring, 100);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, plant, expiring, 400, 401));
        convert(rule, 401);
        convert(rule, 400);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        convert(rule, 0);
    }

    function test_convert_byWhoMayNot_reverts() public {
        uint256 rule = set(terms());
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        banking.convert(rule, 1);
        registry.open(plant, other, Rights.TRADE | Rights.INITIATE);
        vm.prank(other);
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        banking.convert(rule, 1);
        uint16[2] memory barred = [Restrictions.NO_TRANSFER, Restrictions.NO_RECEIPT];
        for (uint256 i; i < barred.length; ++i) {
            registry.set(plant, barred[i]);
            vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
            convert(rule, 1);
        }
    }

    // @requirement R-AST-5 10,000 t + 1.5 x net sales
    function test_limit_byNetSales_isBaseAndMultiple() public {
        uint256 rule = setBySales();
        assertEq(banking.roomOf(rule, plant), 0, "nothing recorded: nothing, not even the base");
        assertFalse(banking.standingOf(rule, plant).recorded, "not recorded");
        record(rule, plant, 0, 0);
        assertEq(banking.roomOf(rule, plant), 10, "recorded that nothing was sold: the base");
        assertTrue(banking.standingOf(rule, plant).recorded, "recorded");
        vm.expectEmit(address(banking));
        emit IBanking.BankingFiguresRecorded(rule, plant, 33, 0, "audit");
        record(rule, plant, 33, 0);
        assertEq(banking.roomOf(rule, plant), 59, "10 + 49.5, rounded down");
        convert(rule, 50);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingLimitExceeded.selector, rule, plant, 9, 10));
        convert(rule, 10);
        convert(rule, 9);
        record(rule, plant, 10, 0);
        assertEq(banking.roomOf(rule, plant), 0, "lowered: no room, no debt");
        record(rule, plant, 100, 0);
        assertEq(banking.roomOf(rule, plant), 101, "raised");
        vm.prank(regulator);
        vm.expectRevert(IBanking.CauseMissing.selector);
        banking.recordFigures(rule, new IBanking.BankingFigures[](0), 0);
    }

    // @requirement R-AST-5 units that are spread over accounts get no room of their own
    function test_limit_byNetSales_overNewAccounts_isNotDefeated() public {
        uint256 rule = setBySales();
        record(rule, plant, 0, 0);
        convert(rule, 10);
        vm.prank(key);
        ledger.safeTransferFrom(plant, mill, expiring, 500, "");
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingLimitExceeded.selector, rule, mill, 0, 1));
        banking.convert(rule, 1);
        vm.prank(regulator);
        assertEq(banking.convertFor(rule, both()), 0, "nor by the regulator's hand");
    }

    function test_limit_byHolding_isOfWhatWasRecordedNotOfWhatIsPassedOn() public {
        IBanking.BankingTerms memory t = terms();
        (t.byHolding, t.share) = (true, 5000);
        uint256 rule = set(t);
        record(rule, plant, 0, 1000);
        convert(rule, 500);
        vm.prank(key);
        ledger.safeTransferFrom(plant, mill, expiring, 500, "");
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingLimitExceeded.selector, rule, mill, 0, 1));
        banking.convert(rule, 1);
    }

    function test_limit_bothAndInTotal_theTightestCounts() public {
        IBanking.BankingTerms memory t = terms();
        (t.bySales, t.base, t.multiplier) = (true, 100, 10_000);
        (t.byHolding, t.share, t.most) = (true, 1000, 150);
        uint256 rule = set(t);
        record(rule, plant, 50, 1000);
        assertEq(banking.roomOf(rule, plant), 100, "a tenth of 1,000 t");
        record(rule, plant, 50, 5000);
        assertEq(banking.roomOf(rule, plant), 150, "100 t + 50 t, and 150 t in total");
        convert(rule, 140);
        record(rule, mill, 50, 5000);
        assertEq(banking.roomOf(rule, mill), 10, "what is left in total");
    }

    function test_convertFor_many_convertsWhatIsFreeAndAllowed() public {
        uint256 rule = setBySales();
        record(rule, plant, 10_000, 0);
        record(rule, mill, 0, 0);
        ledger.setFrozenTokens(plant, expiring, 100);
        address[] memory accounts = new address[](5);
        (accounts[0], accounts[1], accounts[2]) = (plant, stranger, mill);
        (accounts[3], accounts[4]) = (plant, mill); // again: nothing more
        vm.prank(regulator);
        assertEq(banking.convertFor(rule, accounts), 910, "in total");
        assertEq(ledger.balanceOf(plant, later), 900, "all that is free");
        assertEq(ledger.balanceOf(mill, later), 10, "the base");
    }

    function test_convertFor_anAccountThatMayNotReceive_isPassedOver() public {
        uint256 rule = set(terms());
        registry.set(plant, Restrictions.NO_RECEIPT);
        vm.prank(regulator);
        assertEq(banking.convertFor(rule, both()), 1000, "the other one's");
        assertEq(ledger.balanceOf(plant, expiring), 1000, "kept");
    }

    function testFuzz_convert_inAnyPieces_neverExceedsTheLimit(uint80 netSales, uint72 held, uint96[8] memory pieces)
        public
    {
        IBanking.BankingTerms memory t = terms();
        (t.bySales, t.base, t.multiplier) = (true, 100, 15_000);
        (t.byHolding, t.share) = (true, 3333);
        uint256 rule = set(t);
        issue(plant, type(uint96).max / 2);
        record(rule, plant, netSales, held);
        uint256 bySales = 100 + uint256(netSales) * 3 / 2;
        uint256 byHolding = uint256(held) * 3333 / 10_000;
        uint256 limit = bySales < byHolding ? bySales : byHolding;
        for (uint256 i; i < pieces.length; ++i) {
            vm.prank(key);
            try banking.convert(rule, pieces[i]) { } catch { }
        }
        uint256 room = banking.roomOf(rule, plant);
        if (room != 0) convert(rule, room);
        assertEq(ledger.balanceOf(plant, later), limit, "exactly the limit in the end");
        assertEq(ledger.instrumentOf(expiring).cancelled, limit, "none made");
    }

    /* LAPSE */

    // @requirement R-AST-5
    function test_lapse_afterTheWindow_takesWhatIsFree() public {
        uint256 rule = set(terms());
        convert(rule, 400);
        ledger.encumber(plant, expiring, 100, _PLEDGE, "pledge");
        ledger.setFrozenTokens(plant, expiring, 50);
        ledger.escrowFrom(key, expiring, 30);
        vm.warp(start + 20 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IBanking.BankingNotClosed.selector, rule, start + 20 days));
        banking.lapse(rule, both());
        vm.warp(start + 20 days);
        vm.expectEmit(address(banking));
        emit IBanking.UnitsLapsed(2, rule, plant, expiring, 420);
        vm.prank(stranger);
        assertEq(banking.lapse(rule, both()), 1420, "in total");
        assertEq(ledger.balanceOf(plant, expiring), 150, "bound and frozen ones stay");
        assertEq(ledger.balanceOf(plant, later), 400, "converted ones stay");
        assertEq(banking.lapse(rule, both()), 0, "nothing more");

        ledger.release(plant, expiring, 100, _PLEDGE, "paid");
        ledger.setFrozenTokens(plant, expiring, 0);
        ledger.releaseEscrow(plant, expiring, 30);
        assertEq(banking.lapse(rule, both()), 180, "once it is free");
        assertEq(banking.ruleOf(rule).lapsed, 1600, "of the rule");
        assertEq(ledger.instrumentOf(expiring).cancelled, 2000, "none left");
    }

    function test_lapse_ofASuspendedAccount_takesItsUnitsToo() public {
        uint256 rule = set(terms());
        registry.set(plant, Restrictions.NO_TRANSFER | Restrictions.NO_RECEIPT | Restrictions.NO_TRADE);
        vm.warp(start + 20 days);
        assertEq(banking.lapse(rule, both()), 2000, "in total");
    }

    function test_lapse_ofALivingInstrument_reverts() public {
        IBanking.BankingTerms memory t = terms();
        t.from = uint88(uka);
        uint256 rule = set(t);
        ledger.issue(plant, uka, 10, "allocation");
        vm.warp(t.closes);
        address[] memory accounts = both();
        vm.expectRevert(abi.encodeWithSelector(IBanking.DoesNotLapse.selector, rule));
        banking.lapse(rule, accounts);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        assertEq(banking.lapse(rule, accounts), 10, "closed");
    }

    function test_lapse_underARuleWithoutIt_reverts() public {
        IBanking.BankingTerms memory t = terms();
        t.lapses = false;
        uint256 rule = set(t);
        vm.warp(t.closes);
        address[] memory accounts = both();
        vm.expectRevert(abi.encodeWithSelector(IBanking.DoesNotLapse.selector, rule));
        banking.lapse(rule, accounts);
    }

    // @requirement R-ACC-1
    function test_restricted_byAStranger_reverts() public {
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(Banking.setRule, (terms(), "x"));
        calls[1] = abi.encodeCall(Banking.moveWindow, (1, start, start + 1, "x"));
        calls[2] = abi.encodeCall(Banking.recordFigures, (1, new IBanking.BankingFigures[](0), "x"));
        calls[3] = abi.encodeCall(Banking.convertFor, (1, both()));
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(key);
            (bool done, bytes memory why) = address(banking).call(calls[i]);
            assertFalse(done, "refused");
            assertEq(
                keccak256(why),
                keccak256(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, key)),
                "why"
            );
        }
    }
}
