// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { ITransferRules } from "../../../contracts/instruments/ITransferRules.sol";
import { TransferRules } from "../../../contracts/instruments/TransferRules.sol";
import {
    BusinessHours,
    Counterparty,
    TransferType,
    TransferTypes
} from "../../../contracts/instruments/TransferTypes.sol";
import { WorkingTime } from "../../../contracts/instruments/WorkingTime.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { AccountKind, AccountStatus, Eligibility, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { TransferSuite } from "../support/TransferSuite.sol";

// @requirement R-AST-3 R-ACC-2
contract TransferRulesTest is TransferSuite {
    ITransferRules.TransferState private constant _PROPOSED = ITransferRules.TransferState.PROPOSED;
    ITransferRules.TransferState private constant _WAITING = ITransferRules.TransferState.WAITING;
    ITransferRules.TransferState private constant _COMPLETED = ITransferRules.TransferState.COMPLETED;
    ITransferRules.TransferState private constant _CANCELLED = ITransferRules.TransferState.CANCELLED;

    function setUp() public {
        setUpTransfers();
        vm.warp(1_641_200_400); // Monday 2022-01-03, ten in the morning where the calendar is
    }

    function _id(address by, address to, uint256 quantity) private returns (uint256 id) {
        (id,,) = propose(by, to, quantity);
    }

    /* SETS */

    function test_publish_aSet_isNumberedAndToldWhole() public {
        TransferType[] memory types = both(plain(Counterparty.LISTED), delayed(Counterparty.ANY));
        vm.expectEmit(address(rules));
        emit ITransferRules.RulesPublished(1, types, "rules in words");
        vm.prank(regulator);
        assertEq(rules.publishRules(types, "rules in words"), 1, "number");
        vm.prank(regulator);
        assertEq(rules.publishRules(only(types[1]), "others"), 2, "next");
        assertEq(rules.rulesCount(), 2, "count");
        assertEq(keccak256(abi.encode(rules.typesOf(1))), keccak256(abi.encode(types)), "types");
    }

    function test_publish_aBadSet_reverts() public {
        TransferType memory good = plain(Counterparty.ANY);
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(TransferTypes.BadTypeCount.selector, 0, 16));
        rules.publishRules(new TransferType[](0), "d");
        vm.expectRevert(abi.encodeWithSelector(TransferTypes.BadTypeCount.selector, 17, 16));
        rules.publishRules(new TransferType[](17), "d");
        vm.expectRevert(ITransferRules.CauseMissing.selector);
        rules.publishRules(only(good), 0);
        for (uint256 i; i < 6; ++i) {
            TransferType memory bad = plain(Counterparty.ANY);
            if (i == 0) bad.fromKinds = 0;
            if (i == 1) bad.toKinds = 0;
            if (i == 2) bad.approvals = 0;
            if (i == 3) bad.approvals = 3;
            if (i == 4) bad.forbidding = 16;
            if (i == 5) bad.cancellable = 3600; // and no expiry: its units could stay bound
            vm.expectRevert(abi.encodeWithSelector(TransferTypes.BadType.selector, 1));
            rules.publishRules(both(good, bad), "d");
        }
        vm.stopPrank();
    }

    function test_publish_setsWithoutEnd_reverts() public {
        TransferType[] memory types = only(plain(Counterparty.ANY));
        vm.startPrank(regulator);
        for (uint256 i; i < 64; ++i) {
            rules.publishRules(types, "d");
        }
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TooManyRules.selector, 64));
        rules.publishRules(types, "d");
        vm.stopPrank();
    }

    function test_assign_toInstrumentsAndToLaterOnes_counts() public {
        uint16 number = use(only(plain(Counterparty.ANY)));
        assertEq(ledger.instrumentOf(uka).rules, number, "assigned");
        vm.prank(regulator);
        rules.assignRules(one(0), number);
        InstrumentId young = instrumentId(InstrumentClass.ALLOWANCE, SCHEME, 2024, 0, 0);
        ledger.defineInstrument(young, 0, "terms");
        assertEq(ledger.instrumentOf(InstrumentId.unwrap(young)).rules, number, "defined later");
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.UnknownRules.selector, 2));
        rules.assignRules(one(uka), 2);
        rules.assignRules(one(uka), 0);
        vm.stopPrank();
        send(key, plant, mill, 1);
    }

    function test_assign_byAnybodyElse_reverts() public {
        vm.expectRevert();
        ledger.assignRules(uka, 1);
        vm.expectRevert();
        ledger.setDirect(plant, mill, 1, 1);
        vm.expectRevert();
        ledger.moveFor(key, plant, mill, uka, 1);
    }

    /* TYPES */

    function test_type_theFirstThatIsForThePair_applies() public {
        TransferType[] memory types = new TransferType[](5);
        types[0] = plain(Counterparty.ANY);
        types[0].fromKinds = uint16(1 << uint8(AccountKind.GOVERNMENT));
        types[1] = plain(Counterparty.SAME_OWNER);
        types[2] = plain(Counterparty.LISTED);
        types[3] = delayed(Counterparty.NOT_LISTED);
        types[3].fromKinds = uint16(1 << uint8(AccountKind.OPERATOR));
        types[4] = delayed(Counterparty.NOT_LISTED);
        types[4].fromKinds = uint16(1 << uint8(AccountKind.TRADER));
        types[4].toKinds = uint16(1 << uint8(AccountKind.TRADER));
        uint16 number = use(types);

        _applies(treasury, plant, 0);
        _applies(plant, mill, 3);
        trusted(key, mill);
        _applies(plant, mill, 2);
        setOwner(plant, 7);
        setOwner(mill, 7);
        _applies(plant, mill, 1);
        setOwner(plant, 0);
        setOwner(mill, 0); // owner 0 is no group
        _applies(plant, mill, 2);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITransferRules.NoTransferType.selector,
                number,
                uint8(AccountKind.TRADER),
                uint8(AccountKind.OPERATOR),
                false
            )
        );
        propose(traderKey, plant, 1);
    }

    function _applies(address from, address to, uint8 expected) private view {
        (, uint8 kind,,,) = rules.typeFor(from, to, uka, 1);
        assertEq(kind, expected, "type");
    }

    function test_type_withAnOption_isForThoseWhoHaveIt() public {
        TransferType memory free = delayed(Counterparty.NOT_LISTED);
        free.optIn = true;
        use(both(plain(Counterparty.LISTED), free));
        vm.expectPartialRevert(ITransferRules.NoTransferType.selector);
        propose(key, mill, 1);
        vm.startPrank(regulator);
        vm.expectRevert(ITransferRules.CauseMissing.selector);
        rules.setOptIn(plant, true, 0);
        vm.expectEmit(address(rules));
        emit ITransferRules.OptInSet(plant, true, "request");
        rules.setOptIn(plant, true, "request");
        vm.stopPrank();
        assertTrue(rules.hasOptedIn(plant), "may leave its list");
        uint256 id = _id(key, mill, 1);
        vm.prank(regulator);
        rules.setOptIn(plant, false, "request");
        vm.warp(rules.transferOf(id).dueAt);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TypeNoLongerApplies.selector, id));
        rules.complete(id);
    }

    function test_typeFor_withoutRules_isDirect() public {
        (uint16 number,,, bool direct,) = rules.typeFor(plant, mill, uka, 1);
        assertEq(number, 0, "none");
        assertTrue(direct, "direct");
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.NotUnderRules.selector, uka));
        propose(key, mill, 1);
    }

    /* AT ONCE */

    function test_propose_withNothingInTheWay_isCompletedAtOnce() public {
        uint16 number = use(only(plain(Counterparty.ANY)));
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferProposed(1, plant, mill, key, uka, 10, number, 0);
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferApproved(1, key, uint40(block.timestamp));
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferCompleted(1, key);
        (uint256 id, ITransferRules.TransferState state, uint40 dueAt) = propose(key, mill, 10);
        assertEq(uint256(state), uint256(_COMPLETED), "state");
        assertEq(dueAt, block.timestamp, "due");
        isIn(id, _COMPLETED);
        have(plant, 990, 0);
        have(mill, 1010, 0);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferInState.selector, id, _COMPLETED));
        rules.complete(id);
    }

    function test_propose_ofMoreThanFree_reverts() public {
        use(only(delayed(Counterparty.ANY)));
        propose(key, mill, 600);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, plant, uka, 400, 401));
        propose(key, mill, 401);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        propose(key, mill, 0);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, (uint256(1) << 96) + 1));
        propose(key, mill, (uint256(1) << 96) + 1);
        use(only(plain(Counterparty.ANY)));
        vm.expectRevert(
            abi.encodeWithSelector(IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance.selector, plant, uka, 401, 400)
        );
        propose(key, mill, 401);
    }

    function test_propose_toWhomItCannotGo_reverts() public {
        use(only(delayed(Counterparty.ANY)));
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.ToItself.selector, plant));
        propose(key, plant, 1);
        registry.set(mill, Restrictions.NO_RECEIPT);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, mill));
        propose(key, mill, 1);
        vm.expectPartialRevert(ITransferRules.NoTransferType.selector);
        propose(key, stranger, 1);
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.NotUnderRules.selector, uka | 1 << 200));
        rules.propose(mill, uka | 1 << 200, 1);
    }

    function test_propose_ofAClosedInstrument_reverts() public {
        use(only(delayed(Counterparty.ANY)));
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        vm.mockCall(address(this), abi.encodeWithSignature("haltMarkets(uint256)"), "");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0));
        propose(key, mill, 1);
    }

    function haltMarkets(uint256) external { }

    /* DELAY */

    function test_transfer_delayed_isBoundAndCompletedByAnyone() public {
        use(only(delayed(Counterparty.ANY)));
        (uint256 id, ITransferRules.TransferState state, uint40 dueAt) = propose(key, mill, 10);
        assertEq(uint256(state), uint256(_WAITING), "state");
        assertEq(dueAt, block.timestamp + 26 hours, "due");
        have(plant, 1000, 10);
        assertEq(ledger.freeOf(plant, uka), 990, "free");
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferNotDue.selector, id, dueAt));
        rules.complete(id);

        vm.warp(dueAt);
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferCompleted(id, stranger);
        vm.prank(stranger);
        rules.complete(id);
        have(plant, 990, 0);
        have(mill, 1010, 0);
        assertEq(rules.transferOf(id).closedAt, block.timestamp, "closed");
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferInState.selector, id, _COMPLETED));
        rules.complete(id);
    }

    function test_transfer_withWorkingDaysAndHours_isDueAtAnOpening() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.workingDays = 1;
        t.within = BusinessHours.EXECUTED;
        use(only(t));
        vm.warp(1_641_578_400); // Friday 2022-01-07, seven in the evening there
        (uint256 id,, uint40 dueAt) = propose(key, mill, 10);
        assertEq(dueAt, 1_641_891_600, "Tuesday at ten"); // Monday at seven in the evening is past hours
        vm.warp(dueAt + 7 hours);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferNotDue.selector, id, dueAt));
        rules.complete(id);
        vm.warp(dueAt + 24 hours);
        rules.complete(id);
        isIn(id, _COMPLETED);
    }

    function test_transfer_executedWithinHours_waitsForTheOpening() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.within = BusinessHours.EXECUTED;
        use(only(t));
        (, ITransferRules.TransferState state,) = propose(key, mill, 1);
        assertEq(uint256(state), uint256(_COMPLETED), "within hours");
        vm.warp(block.timestamp + 6 hours);
        uint40 dueAt;
        (, state, dueAt) = propose(key, mill, 1);
        assertEq(uint256(state), uint256(_WAITING), "at closing time");
        assertEq(dueAt, block.timestamp + 18 hours, "tomorrow");
    }

    function test_transfer_proposedWithinHours_isRefusedOutside() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.within = BusinessHours.PROPOSED;
        use(only(t));
        _id(key, mill, 1);
        vm.warp(block.timestamp + 6 hours);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.OutsideHours.selector, block.timestamp + 18 hours));
        propose(key, mill, 1);
    }

    function test_complete_whenCircumstancesChanged_reverts() public {
        use(only(delayed(Counterparty.ANY)));
        uint256 id = _id(key, mill, 10);
        vm.warp(rules.transferOf(id).dueAt);
        setAccount(plant, AccountKind.OPERATOR, AccountStatus.SUSPENDED, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.AccountNotActive.selector, plant, 2));
        rules.complete(id);
        setAccount(plant, AccountKind.OPERATOR, AccountStatus.ACTIVE, Restrictions.NO_TRANSFER, 0);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.AccountRestricted.selector, plant, 2, 2));
        rules.complete(id);
        setAccount(plant, AccountKind.OPERATOR, AccountStatus.ACTIVE, Restrictions.NO_TRADE, 0);
        setAccount(mill, AccountKind.OPERATOR, AccountStatus.ACTIVE, Restrictions.NO_RECEIPT, 0);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, mill));
        rules.complete(id);
        setAccount(mill, AccountKind.OPERATOR, AccountStatus.ACTIVE, 0, 0);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0));
        rules.complete(id);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.OPEN);
        rules.complete(id);
        have(mill, 1010, 0);
    }

    function test_complete_withAnExpiredCertificate_reverts() public {
        use(only(delayed(Counterparty.ANY)));
        uint256 id = _id(key, mill, 10);
        vm.warp(rules.transferOf(id).dueAt);
        Eligibility memory given = ledger.eligibilityOf(plant);
        given.certificateUntil = uint40(block.timestamp);
        vm.prank(address(registry));
        ledger.setEligibility(plant, given);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.CertificateExpired.selector, plant, uint40(block.timestamp))
        );
        rules.complete(id);
    }

    function test_complete_ofATypeForListed_afterLeavingTheList_reverts() public {
        use(only(delayed(Counterparty.LISTED)));
        trusted(key, mill);
        uint256 id = _id(key, mill, 10);
        vm.prank(key);
        rules.distrust(mill);
        vm.warp(rules.transferOf(id).dueAt);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TypeNoLongerApplies.selector, id));
        rules.complete(id);
    }

    function test_complete_ofATypeForOthers_afterComingOntoTheList_moves() public {
        TransferType memory t = plain(Counterparty.NOT_LISTED);
        t.delay = 30 days;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        trusted(key, mill);
        vm.warp(rules.transferOf(id).dueAt);
        rules.complete(id);
        isIn(id, _COMPLETED);
    }

    function test_complete_afterAnotherSetWasAssigned_keepsItsType() public {
        use(only(delayed(Counterparty.ANY)));
        uint256 id = _id(key, mill, 10);
        TransferType memory harder = plain(Counterparty.LISTED);
        use(only(harder));
        vm.warp(rules.transferOf(id).dueAt);
        rules.complete(id);
        isIn(id, _COMPLETED);
    }

    /* RESTRICTIONS */

    function test_type_allowedWhileRestricted_isProposed() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.toKinds = uint16(1 << uint8(AccountKind.GOVERNMENT));
        t.forbidding = 0;
        TransferType memory rest = plain(Counterparty.ANY);
        rest.forbidding = uint8(Restrictions.NO_TRANSFER | Restrictions.NO_TRADE);
        use(both(t, rest));
        registry.set(plant, Restrictions.NO_TRANSFER);
        _id(key, treasury, 5); // giving back what is too much stays possible
        vm.expectRevert(abi.encodeWithSelector(IEligibility.AccountRestricted.selector, plant, 2, 3));
        propose(key, mill, 5);
        registry.set(plant, Restrictions.NO_TRADE);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.AccountRestricted.selector, plant, 1, 3));
        propose(key, mill, 5);
        have(treasury, 1005, 0);
    }

    /* APPROVALS AND RIGHTS */

    function test_transfer_ofTwoKeys_isApprovedByTheOther() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.approvals = 2;
        use(only(t));
        (uint256 id, ITransferRules.TransferState state, uint40 dueAt) = propose(key, mill, 10);
        assertEq(uint256(state), uint256(_PROPOSED), "state");
        assertEq(dueAt, 0, "not approved");
        have(plant, 1000, 10);
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.AnotherKeyApproves.selector, key));
        rules.approve(id);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.NotTheGiver.selector, other, plant));
        rules.approve(id);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferInState.selector, id, _PROPOSED));
        rules.complete(id);
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferApproved(id, second, uint40(block.timestamp));
        vm.prank(second);
        (state,) = rules.approve(id);
        assertEq(uint256(state), uint256(_COMPLETED), "completed");
        have(plant, 990, 0);
        have(mill, 1010, 0);
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferInState.selector, id, _COMPLETED));
        rules.approve(id);
    }

    function test_transfer_ofTwoKeysWithDelay_waitsFromTheApproval() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.approvals = 2;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        vm.warp(block.timestamp + 5 days);
        vm.prank(approver);
        (, uint40 dueAt) = rules.approve(id);
        assertEq(dueAt, block.timestamp + 26 hours, "due");
        isIn(id, _WAITING);
    }

    // Every right alone, and both, where one approval will do.
    function test_rights_eachAlone_mayDoWhatItSays() public {
        use(only(plain(Counterparty.ANY)));
        address[4] memory without = [approver, dealer, surrenderer, reader];
        for (uint256 i; i < without.length; ++i) {
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            propose(without[i], mill, 1);
        }
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        propose(stranger, mill, 1);

        (uint256 id, ITransferRules.TransferState state,) = propose(initiator, mill, 10);
        assertEq(uint256(state), uint256(_PROPOSED), "the right to initiate alone proposes");
        address[4] memory cannot = [initiator, dealer, surrenderer, reader];
        for (uint256 i; i < cannot.length; ++i) {
            vm.startPrank(cannot[i]);
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            rules.approve(id);
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            rules.refuse(id);
            vm.stopPrank();
        }
        address[3] memory neither = [dealer, surrenderer, reader];
        for (uint256 i; i < neither.length; ++i) {
            vm.startPrank(neither[i]);
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            rules.cancel(id);
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            rules.trust(mill);
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            rules.approveTrust(mill);
            vm.expectPartialRevert(IEligibility.MissingRight.selector);
            rules.distrust(mill);
            vm.stopPrank();
        }
        vm.prank(approver);
        rules.approve(id);
        isIn(id, _COMPLETED);
        (, state,) = propose(key, mill, 10);
        assertEq(uint256(state), uint256(_COMPLETED), "both rights do it alone");
    }

    function test_approve_byAKeyThatGotTheRight_whereOneWillDo_isTheSameKey() public {
        use(only(plain(Counterparty.ANY)));
        uint256 id = _id(initiator, mill, 10);
        setKey(initiator, plant, Rights.INITIATE | Rights.APPROVE);
        vm.prank(initiator);
        rules.approve(id);
        isIn(id, _COMPLETED);
    }

    function test_approve_ofARestrictedAccount_reverts() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.approvals = 2;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        registry.set(plant, Restrictions.NO_TRANSFER);
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.AccountRestricted.selector, plant, 2, 2));
        rules.approve(id);
    }

    function test_refuse_byTheApprover_freesTheUnits() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.approvals = 2;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.NotTheGiver.selector, other, plant));
        rules.refuse(id);
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferRefused(id, approver);
        vm.startPrank(approver);
        rules.refuse(id);
        vm.expectPartialRevert(ITransferRules.TransferInState.selector);
        rules.refuse(id);
        vm.stopPrank();
        isIn(id, ITransferRules.TransferState.REFUSED);
        have(plant, 1000, 0);
    }

    /* CANCELLING AND EXPIRY */

    function test_cancel_byTheAccount_untilItIsCompleted_freesTheUnits() public {
        use(only(delayed(Counterparty.ANY)));
        uint256 id = _id(key, mill, 10);
        uint256 next = _id(key, mill, 20);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.NotTheGiver.selector, other, plant));
        rules.cancel(id);
        vm.warp(block.timestamp + 30 days);
        registry.set(plant, Restrictions.NO_TRANSFER); // does not keep an account from taking back
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferCancelled(id, initiator, 0);
        vm.prank(initiator);
        rules.cancel(id);
        vm.prank(approver);
        rules.cancel(next);
        isIn(id, _CANCELLED);
        have(plant, 1000, 0);
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferInState.selector, id, _CANCELLED));
        rules.cancel(id);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferInState.selector, id, _CANCELLED));
        rules.complete(id);
    }

    function test_cancel_afterItsWindow_isTheAuthoritys() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.cancellable = 3600;
        t.expiry = 5 days;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        uint256 until = block.timestamp + 3600;
        vm.warp(until + 1);
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.CancelWindowOver.selector, id, until));
        rules.cancel(id);
        vm.startPrank(regulator);
        vm.expectRevert(ITransferRules.CauseMissing.selector);
        rules.cancelFor(id, 0);
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferCancelled(id, regulator, "fraud");
        rules.cancelFor(id, "fraud");
        vm.expectPartialRevert(ITransferRules.TransferInState.selector);
        rules.cancelFor(id, "fraud");
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.UnknownTransfer.selector, 9));
        rules.cancelFor(9, "fraud");
        vm.stopPrank();
        have(plant, 1000, 0);
    }

    function test_expire_whatWasNotApprovedInTime_freesTheUnits() public {
        TransferType memory t = delayed(Counterparty.ANY);
        (t.approvals, t.expiry) = (2, 7 days);
        use(only(t));
        uint256 id = _id(key, mill, 10);
        uint256 at = block.timestamp + 7 days;
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferNotExpired.selector, id, at));
        rules.expire(id);
        vm.warp(at + 1);
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferHasExpired.selector, id, at));
        rules.approve(id);
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferExpired(id);
        vm.prank(stranger);
        rules.expire(id);
        have(plant, 1000, 0);
        isIn(id, ITransferRules.TransferState.EXPIRED);
    }

    function test_expire_whatWasNotCompletedInTime_freesTheUnits() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.expiry = 7 days;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        uint256 at = rules.transferOf(id).dueAt + 7 days;
        vm.warp(at + 1);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferHasExpired.selector, id, at));
        rules.complete(id);
        rules.expire(id);
        have(plant, 1000, 0);
    }

    function test_expire_whereNothingExpires_reverts() public {
        use(only(delayed(Counterparty.ANY)));
        uint256 id = _id(key, mill, 10);
        vm.warp(block.timestamp + 999 days);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferNotExpired.selector, id, 0));
        rules.expire(id);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.UnknownTransfer.selector, 2));
        rules.expire(2);
    }

    /* REVERSAL */

    // @requirement R-AST-3 a reversal is a compensating entry that refers to the transfer
    function test_reverse_withinTheWindow_sendsBackOnce() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.reversible = 5 days;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        vm.warp(block.timestamp + 5 days);
        vm.startPrank(regulator);
        vm.expectRevert(ITransferRules.CauseMissing.selector);
        rules.reverse(id, 0);
        vm.expectEmit(address(rules));
        emit ITransferRules.TransferReversed(id, "ruling");
        rules.reverse(id, "ruling");
        vm.expectPartialRevert(ITransferRules.TransferInState.selector);
        rules.reverse(id, "ruling");
        vm.stopPrank();
        have(plant, 1000, 0);
        have(mill, 1000, 0);
        isIn(id, ITransferRules.TransferState.REVERSED);
    }

    function test_reverse_afterTheWindow_reverts() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.reversible = 5 days;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        uint256 until = block.timestamp + 5 days;
        vm.warp(until + 1);
        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.ReversalWindowOver.selector, id, until));
        rules.reverse(id, "ruling");
        use(only(plain(Counterparty.ANY)));
        id = _id(key, mill, 10);
        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.ReversalWindowOver.selector, id, 0));
        rules.reverse(id, "ruling");
    }

    function test_reverse_ofWhatTheReceiverHasNotFree_reverts() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.reversible = 5 days;
        use(only(t));
        uint256 id = _id(key, trader, 10);
        vm.prank(traderKey);
        (uint256 onward,,) = rules.propose(mill, uka, 4);
        vm.startPrank(regulator);
        vm.expectPartialRevert(bytes4(keccak256("ERC1155InsufficientBalance(address,uint256,uint256,uint256)")));
        rules.reverse(id, "ruling");
        rules.reverse(onward, "ruling");
        ledger.balanceOf(trader, uka);
        vm.stopPrank();
        ledger.setFrozenTokens(trader, uka, 1);
        vm.prank(regulator);
        vm.expectPartialRevert(IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance.selector);
        rules.reverse(id, "ruling");
        ledger.setFrozenTokens(trader, uka, 0);
        vm.prank(regulator);
        rules.reverse(id, "ruling");
        have(plant, 1000, 0);
    }

    function test_reverse_ofWhatWaits_reverts() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.reversible = 5 days;
        use(only(t));
        uint256 id = _id(key, mill, 10);
        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferInState.selector, id, _WAITING));
        rules.reverse(id, "ruling");
    }

    /* LIMITS */

    // @requirement R-ACC-2 large transfers take a second representative
    function test_limits_ofAType_leaveLargerTransfersToTheNext() public {
        TransferType memory small = plain(Counterparty.ANY);
        small.most = 100;
        TransferType memory large = plain(Counterparty.ANY);
        (large.approvals, large.most) = (2, 500);
        uint16 number = use(both(small, large));
        (, ITransferRules.TransferState state,) = propose(key, mill, 100);
        assertEq(uint256(state), uint256(_COMPLETED), "small");
        uint256 id;
        (id, state,) = propose(key, mill, 101);
        assertEq(uint256(state), uint256(_PROPOSED), "large");
        vm.prank(second);
        rules.approve(id);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferTooLarge.selector, 501, 500));
        propose(key, mill, 501);
        assertEq(rules.directSince(plant, mill, number), 0, "never direct");
    }

    function test_limits_ofATransferAndOfADay_hold() public {
        TransferType memory t = delayed(Counterparty.ANY);
        (t.most, t.mostPerDay) = (60, 100);
        use(only(t));
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferTooLarge.selector, 61, 60));
        propose(key, mill, 61);
        _id(key, mill, 60);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.DayLimitExceeded.selector, 41, 40));
        propose(key, mill, 41);
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.DayLimitExceeded.selector, 41, 40));
        rules.propose(mill, later, 41); // instruments of one set count together
        uint256 id = _id(key, mill, 40);
        vm.prank(key);
        rules.cancel(id); // what is taken back on the day counts no longer
        _id(key, trader, 40);
        propose(other, plant, 60); // another account has its own
        vm.warp(block.timestamp + 13 hours);
        vm.expectPartialRevert(ITransferRules.DayLimitExceeded.selector);
        propose(key, mill, 1); // still the same day there
        vm.warp(block.timestamp + 1 hours);
        _id(key, mill, 60);
        vm.prank(key);
        rules.cancel(1); // of yesterday
        _id(key, mill, 40);
        vm.expectPartialRevert(ITransferRules.DayLimitExceeded.selector);
        propose(key, mill, 1);
    }

    // What counted on a day is given back on that day alone, wherever the regulator moves the day meanwhile.
    function test_dayLimit_whenTheClocksChange_isNotGivenBackTwice() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.mostPerDay = 100;
        use(only(t));
        WorkingTime.Calendar memory calendar = rules.calendarOf();
        uint256 local = uint256(int256(block.timestamp) + calendar.utcOffset);
        vm.warp(block.timestamp + 1 days - local % 1 days - 30 minutes);
        uint256 first = _id(key, mill, 100);
        calendar.utcOffset += 1 hours;
        vm.prank(regulator);
        rules.setCalendar(calendar);
        _id(key, mill, 100); // the next day has begun
        vm.prank(key);
        rules.cancel(first);
        vm.expectPartialRevert(ITransferRules.DayLimitExceeded.selector);
        propose(key, mill, 1);
    }

    /* SURRENDER AND CANCELLATION */

    // @requirement R-AST-3 R-CMP-1 surrender and cancellation wait for nothing
    function test_surrender_ofAnAccountWhoseTransfersWait_waitsForNothing() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.approvals = 2;
        use(only(t));
        _id(key, mill, 900);
        setRules(2021);
        enrol(plant, 2021, 0);
        openYearIfNeeded();
        emitted(plant, 2021, 50);
        vm.prank(surrenderer);
        uint256 application = desk.applySurrender(one(uka), one(50));
        approve(application);
        vm.prank(key);
        desk.cancelVoluntarily(uka, 50, "beneficiary", "purpose", 2022);
        have(plant, 900, 900);
        vm.prank(surrenderer);
        vm.expectPartialRevert(IInstrumentLedger.InsufficientFree.selector);
        desk.applySurrender(one(uka), one(1)); // what waits is bound
    }

    function openYearIfNeeded() private view {
        assertEq(obligations.schemeOf().currentYear, 2022, "the year is open");
    }

    /* MONEY */

    // @requirement R-TRD-8 settlement money does not move between accounts but by the scheme's rules
    function test_money_underRules_movesBetweenAccountsOfOneOwnerOnly() public {
        vm.startPrank(regulator);
        uint16 number = rules.publishRules(only(plain(Counterparty.SAME_OWNER)), "money");
        rules.assignRules(one(gbp), number);
        vm.stopPrank();
        vm.prank(bank);
        cash.recordDeposit(plant, 1000, "deposit 1");
        vm.startPrank(key);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.TransferByRules.selector, plant, mill, gbp));
        ledger.safeTransferFrom(plant, mill, gbp, 1, "");
        vm.expectPartialRevert(ITransferRules.NoTransferType.selector);
        rules.propose(mill, gbp, 1);
        vm.stopPrank();
        setOwner(plant, 7);
        setOwner(mill, 7);
        vm.prank(key);
        rules.propose(mill, gbp, 400);
        assertEq(ledger.balanceOf(mill, gbp), 400, "moved");
    }

    function test_money_delayed_isBoundAndMoves() public {
        vm.startPrank(regulator);
        uint16 number = rules.publishRules(only(delayed(Counterparty.ANY)), "money");
        rules.assignRules(one(gbp), number);
        vm.stopPrank();
        vm.prank(bank);
        cash.recordDeposit(plant, 1000, "deposit 1");
        vm.prank(key);
        (uint256 id,, uint40 dueAt) = rules.propose(mill, gbp, 400);
        assertEq(ledger.freeOf(plant, gbp), 600, "free");
        vm.warp(dueAt);
        rules.complete(id);
        assertEq(ledger.balanceOf(mill, gbp), 400, "moved");
        assertEq(ledger.freeOf(plant, gbp), 600, "the rest is free");
    }

    /* CALENDAR, PERMISSIONS */

    function test_calendar_setByTheRegulator_isReadable() public {
        WorkingTime.Calendar memory mine = WorkingTime.Calendar(0, 1, 2, 127);
        uint32[] memory dates = new uint32[](1);
        dates[0] = 19_000;
        vm.startPrank(regulator);
        vm.expectEmit(address(rules));
        emit ITransferRules.CalendarSet(mine);
        rules.setCalendar(mine);
        vm.expectEmit(address(rules));
        emit ITransferRules.HolidaysSet(dates, true);
        rules.setHolidays(dates, true);
        mine.weekdays = 0;
        vm.expectRevert(WorkingTime.BadCalendar.selector);
        rules.setCalendar(mine);
        vm.stopPrank();
        assertEq(rules.calendarOf().closes, 2, "calendar");
        assertTrue(rules.isHoliday(19_000), "holiday");
        assertTrue(rules.isOpenAt(19_001 * 86_400 + 1), "open");
        assertEq(rules.nextOpening(19_000 * 86_400), 19_001 * 86_400 + 1, "opening");
        assertEq(rules.afterWorkingDays(18_999 * 86_400, 1), 19_001 * 86_400, "working days");
    }

    // @requirement R-ACC-1
    function test_restricted_byAStranger_reverts() public {
        bytes[] memory calls = new bytes[](8);
        calls[0] = abi.encodeCall(TransferRules.publishRules, (only(plain(Counterparty.ANY)), "d"));
        calls[1] = abi.encodeCall(TransferRules.assignRules, (one(uka), 0));
        calls[2] = abi.encodeCall(TransferRules.setCalendar, (calendar()));
        calls[3] = abi.encodeCall(TransferRules.setHolidays, (new uint32[](0), true));
        calls[4] = abi.encodeCall(TransferRules.setTrustRules, (ITransferRules.TrustRules(1, 0, 0)));
        calls[5] = abi.encodeCall(TransferRules.setOptIn, (plant, true, "c"));
        calls[6] = abi.encodeCall(TransferRules.cancelFor, (1, "c"));
        calls[7] = abi.encodeCall(TransferRules.reverse, (1, "c"));
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(key);
            (bool done, bytes memory why) = address(rules).call(calls[i]);
            assertFalse(done, "refused");
            assertEq(
                keccak256(why),
                keccak256(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, key)),
                "why"
            );
        }
    }
}
