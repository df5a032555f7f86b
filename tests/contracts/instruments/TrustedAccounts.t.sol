// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ITransferRules } from "../../../contracts/instruments/ITransferRules.sol";
import { TransferRules } from "../../../contracts/instruments/TransferRules.sol";
import { BusinessHours, Counterparty, TransferType } from "../../../contracts/instruments/TransferTypes.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { AccountKind, Restrictions } from "../../../contracts/types/Accounts.sol";
import { TransferSuite } from "../support/TransferSuite.sol";

// @requirement R-AST-3 R-ACC-2
contract TrustedAccountsTest is TransferSuite {
    ITransferRules.TransferState private constant _WAITING = ITransferRules.TransferState.WAITING;
    ITransferRules.TransferState private constant _COMPLETED = ITransferRules.TransferState.COMPLETED;

    function setUp() public {
        setUpTransfers();
        vm.warp(1_641_200_400); // Monday 2022-01-03, ten in the morning where the calendar is
    }

    /* TRUSTED ACCOUNTS */

    function test_trust_takesEffectAfterWorkingDays() public {
        use(both(plain(Counterparty.LISTED), delayed(Counterparty.NOT_LISTED)));
        uint40 since = uint40(block.timestamp + 4 days); // Monday to Friday
        vm.expectEmit(address(rules));
        emit ITransferRules.TrustProposed(plant, mill, key);
        vm.expectEmit(address(rules));
        emit ITransferRules.TrustAdded(plant, mill, key, since);
        vm.prank(key);
        rules.trust(mill);
        assertFalse(rules.isTrusted(plant, mill), "not yet");
        assertEq(ledger.directFrom(plant, mill, 1), since, "told to the ledger");
        vm.warp(since - 1);
        cannotSend(key, plant, mill);
        assertFalse(ledger.canTransfer(plant, mill, uka, 1), "canTransfer");
        vm.warp(since);
        assertTrue(rules.isTrusted(plant, mill), "in effect");
        assertTrue(ledger.canTransfer(plant, mill, uka, 1), "canTransfer");
        send(key, plant, mill, 10);
        have(mill, 1010, 0);
        cannotSend(other, mill, plant); // the other way round is another list
        (,,, bool direct,) = rules.typeFor(plant, mill, uka, 1);
        assertTrue(direct, "direct");
    }

    function test_trust_takenBackBeforeAndAfter_isGoneAtOnce() public {
        use(both(plain(Counterparty.LISTED), delayed(Counterparty.NOT_LISTED)));
        vm.startPrank(key);
        rules.trust(mill);
        vm.expectRevert(
            abi.encodeWithSelector(ITransferRules.TrustInState.selector, plant, mill, ITransferRules.TrustState.ADDED)
        );
        rules.trust(mill);
        vm.expectEmit(address(rules));
        emit ITransferRules.TrustRemoved(plant, mill, key);
        rules.distrust(mill);
        assertEq(ledger.directFrom(plant, mill, 1), 0, "cleared");
        vm.expectRevert(
            abi.encodeWithSelector(ITransferRules.TrustInState.selector, plant, mill, ITransferRules.TrustState.NONE)
        );
        rules.distrust(mill);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.ToItself.selector, plant));
        rules.trust(plant);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.AccountNotActive.selector, stranger, 0));
        rules.trust(stranger);
        vm.stopPrank();
        vm.warp(block.timestamp + 30 days);
        cannotSend(key, plant, mill);
        trusted(key, mill);
        send(key, plant, mill, 1);
        vm.prank(approver);
        rules.distrust(mill);
        cannotSend(key, plant, mill);
    }

    function test_trust_byTwoKeys_isApprovedByTheOther() public {
        use(both(plain(Counterparty.LISTED), delayed(Counterparty.NOT_LISTED)));
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.BadTrustRules.selector, 0));
        rules.setTrustRules(ITransferRules.TrustRules(0, 4, 0));
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.BadTrustRules.selector, 3));
        rules.setTrustRules(ITransferRules.TrustRules(3, 4, 0));
        vm.expectEmit(address(rules));
        emit ITransferRules.TrustRulesSet(ITransferRules.TrustRules(2, 2, 3600));
        rules.setTrustRules(ITransferRules.TrustRules(2, 2, 3600));
        vm.stopPrank();
        assertEq(rules.trustRulesOf().workingDays, 2, "rules");
        vm.prank(key);
        rules.trust(mill);
        assertEq(uint256(rules.trustOf(plant, mill).state), uint256(ITransferRules.TrustState.PROPOSED), "proposed");
        vm.warp(block.timestamp + 30 days);
        assertFalse(rules.isTrusted(plant, mill), "time alone does nothing");
        vm.prank(key);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.AnotherKeyApproves.selector, key));
        rules.approveTrust(mill);
        vm.prank(other);
        vm.expectRevert(
            abi.encodeWithSelector(ITransferRules.TrustInState.selector, mill, mill, ITransferRules.TrustState.NONE)
        );
        rules.approveTrust(mill);
        vm.prank(approver);
        rules.approveTrust(mill);
        assertEq(rules.trustOf(plant, mill).since, block.timestamp + 1 hours + 2 days, "from the approval");
        vm.prank(approver);
        vm.expectPartialRevert(ITransferRules.TrustInState.selector);
        rules.approveTrust(mill);
    }

    function test_trust_byOneRightAlone_waitsForAnother() public {
        vm.prank(initiator);
        rules.trust(mill);
        vm.prank(approver);
        rules.approveTrust(mill);
        assertEq(uint256(rules.trustOf(plant, mill).state), uint256(ITransferRules.TrustState.ADDED), "added");
    }

    function test_trust_beforeAnyTrustRules_wantsTwoKeys() public {
        TransferRules fresh = TransferRules(newProxy());
        install(address(fresh), address(new TransferRules(address(ledger))), "");
        vm.startPrank(key);
        fresh.trust(mill);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.AnotherKeyApproves.selector, key));
        fresh.approveTrust(mill);
        vm.stopPrank();
    }

    /* DIRECT */

    function test_direct_whereOwnersDecide_isNeverTold() public {
        // Between accounts of one owner it takes a day; else listed ones are direct. Owners may change.
        use(both(delayed(Counterparty.SAME_OWNER), plain(Counterparty.LISTED)));
        trusted(key, mill);
        assertEq(ledger.directFrom(plant, mill, 1), 0, "not told");
        (, ITransferRules.TransferState state,) = propose(key, mill, 1);
        assertEq(uint256(state), uint256(_COMPLETED), "by its type, at once");
        setOwner(plant, 7);
        setOwner(mill, 7);
        (, state,) = propose(key, mill, 1);
        assertEq(uint256(state), uint256(_WAITING), "now it waits");
        rules.updateDirect(plant, mill, 1);
        cannotSend(key, plant, mill);
    }

    function test_direct_whereOwnersMakeNoDifference_isTold() public {
        use(both(plain(Counterparty.SAME_OWNER), plain(Counterparty.LISTED)));
        trusted(key, mill);
        send(key, plant, mill, 1);
        setOwner(plant, 7);
        setOwner(mill, 7);
        send(key, plant, mill, 1);
    }

    function test_direct_whereAnOptionDecides_isNeverTold() public {
        TransferType memory t = delayed(Counterparty.ANY);
        t.optIn = true;
        use(both(t, plain(Counterparty.LISTED)));
        trusted(key, mill);
        assertEq(rules.directSince(plant, mill, 1), 0, "not told");
    }

    function test_direct_whereAnythingIsInTheWay_isNeverTold() public {
        for (uint256 i; i < 9; ++i) {
            TransferType memory t = plain(Counterparty.LISTED);
            if (i == 0) t.approvals = 2;
            if (i == 1) t.delay = 1;
            if (i == 2) t.workingDays = 1;
            if (i == 3) t.within = BusinessHours.EXECUTED;
            if (i == 4) t.within = BusinessHours.PROPOSED;
            if (i == 5) t.reversible = 1;
            if (i == 6) t.most = 1;
            if (i == 7) t.mostPerDay = 1;
            if (i == 8) t.forbidding = uint8(Restrictions.NO_TRANSFER | Restrictions.NO_TRADE);
            use(only(t));
        }
        trusted(key, mill);
        for (uint16 number = 1; number <= 9; ++number) {
            assertEq(ledger.directFrom(plant, mill, number), 0, "not told");
        }
        cannotSend(key, plant, mill);
    }

    function test_direct_ofAPairThatNeedsNoList_isToldByAnyone() public {
        TransferType memory t = plain(Counterparty.ANY);
        t.fromKinds = uint16(1 << uint8(AccountKind.GOVERNMENT));
        use(both(t, plain(Counterparty.LISTED)));
        cannotSend(treasuryKey, treasury, mill);
        vm.startPrank(stranger);
        rules.updateDirect(treasury, mill, 1);
        rules.updateDirect(plant, mill, 1);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.UnknownRules.selector, 0));
        rules.updateDirect(plant, mill, 0);
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.UnknownRules.selector, 2));
        rules.updateDirect(plant, mill, 2);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.AccountNotActive.selector, stranger, 0));
        rules.updateDirect(treasury, stranger, 1);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.AccountNotActive.selector, stranger, 0));
        rules.updateDirect(stranger, treasury, 1);
        vm.stopPrank();
        send(treasuryKey, treasury, mill, 5);
        cannotSend(key, plant, mill);
        assertEq(rules.directSince(treasury, treasury, 1), 0, "nothing to itself");
    }

    function test_direct_whereOnlyOthersAre_isNotTold() public {
        use(both(plain(Counterparty.NOT_LISTED), delayed(Counterparty.LISTED)));
        rules.updateDirect(plant, mill, 1);
        cannotSend(key, plant, mill); // a listing would end it unseen
    }

    function test_direct_afterAnotherSetWasAssigned_isOfThatSet() public {
        use(only(plain(Counterparty.LISTED)));
        trusted(key, mill);
        send(key, plant, mill, 1);
        use(only(delayed(Counterparty.LISTED)));
        cannotSend(key, plant, mill);
        use(both(plain(Counterparty.LISTED), delayed(Counterparty.NOT_LISTED)));
        cannotSend(key, plant, mill); // nobody told yet
        rules.updateDirect(plant, mill, 3);
        send(key, plant, mill, 1);
        vm.prank(key);
        rules.distrust(mill); // of every set that was told
        assertEq(ledger.directFrom(plant, mill, 1), 0, "first");
        assertEq(ledger.directFrom(plant, mill, 3), 0, "third");
        cannotSend(key, plant, mill);
    }

    function test_direct_ofARestrictedOrSuspendedAccount_reverts() public {
        use(only(plain(Counterparty.LISTED)));
        trusted(key, mill);
        registry.set(plant, Restrictions.NO_TRANSFER);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        send(key, plant, mill, 1);
        registry.set(plant, 0);
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        send(initiator, plant, mill, 1);
        vm.expectPartialRevert(IEligibility.MissingRight.selector);
        send(approver, plant, mill, 1);
    }

    /// @dev Whatever set, owners, options and list: what may go directly would have been completed at once by its type.
    function testFuzz_direct_neverGoesFurtherThanTheRules(
        uint256 seed,
        uint32 ownerA,
        uint32 ownerB,
        bool opted,
        bool listed
    ) public {
        TransferType[] memory types = new TransferType[](seed % 4 + 1);
        for (uint256 i; i < types.length; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            TransferType memory t = plain(Counterparty(word % 4));
            if (word >> 8 & 3 == 0) t.fromKinds = uint16(1 << (word >> 10) % 11);
            if (word >> 16 & 3 == 0) t.toKinds = uint16(1 << (word >> 18) % 11);
            t.optIn = word >> 24 & 3 == 0;
            if (word >> 32 & 3 == 0) t.approvals = 2;
            if (word >> 40 & 3 == 0) t.delay = uint32(word >> 48 & 0xffff);
            if (t.fromKinds == 0) t.fromKinds = ANY_KIND;
            if (t.toKinds == 0) t.toKinds = ANY_KIND;
            types[i] = t;
        }
        use(types);
        if (listed) trusted(key, mill);
        rules.updateDirect(plant, mill, 1);
        // Owners and options change after the ledger was told.
        setOwner(plant, ownerA % 3);
        setOwner(mill, ownerB % 3);
        vm.prank(regulator);
        rules.setOptIn(plant, opted, "option");

        uint256 since = ledger.directFrom(plant, mill, 1);
        if (since == 0 || since > block.timestamp) return;
        send(key, plant, mill, 1);
        (, ITransferRules.TransferState state,) = propose(key, mill, 1);
        assertEq(uint256(state), uint256(_COMPLETED), "the rules would have done it at once");
    }
}
