// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../../../contracts/governance/Governed.sol";
import { ICertificateRegistry } from "../../../contracts/registry/ICertificateRegistry.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { IStakeholderRegistry } from "../../../contracts/registry/IStakeholderRegistry.sol";
import { StakeholderRegistry } from "../../../contracts/registry/StakeholderRegistry.sol";
import {
    AccountKind,
    AccountStatus,
    Capabilities,
    Eligibility,
    Representation,
    Restrictions,
    Rights
} from "../../../contracts/types/Accounts.sol";
import { Topics } from "../../../contracts/types/Topics.sol";
import { RegistrySuite } from "../support/RegistrySuite.sol";

contract StakeholderRegistryTest is RegistrySuite {
    function setUp() public {
        setUpRegistry();
    }

    /* APPLYING */

    // @requirement R-ID-1, R-ID-3 the application names the policy and commits to Table 2's data
    function test_apply_currentPolicy_isFiled() public {
        IStakeholderRegistry.Form memory form = formOf(AccountKind.OPERATOR);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.ApplicationFiled(1, alice, registry.accountOf(1), form);
        assertEq(applyAs(ALICE, AccountKind.OPERATOR), 1);

        IStakeholderRegistry.Application memory filed = registry.applicationOf(1);
        assertEq(filed.key, alice);
        assertEq(uint8(filed.status), uint8(IStakeholderRegistry.ApplicationStatus.FILED));
        assertEq(filed.filedAt, NOW);
        assertEq(keccak256(abi.encode(filed.form)), keccak256(abi.encode(form)), "as filed");
        assertEq(registry.applicationOfKey(alice), 1);
        assertEq(registry.applicationCount(), 1);
        assertEq(ledger.representationOf(alice).account, address(0), "nothing before approval");
    }

    // @requirement R-ID-1 an old version is refused
    function test_apply_stalePolicy_reverts() public {
        vm.prank(regulator);
        ruleBook.publish(Topics.REGISTRATION_POLICY, keccak256("policy 2"), 0, "");

        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.StalePolicy.selector, uint32(1), uint32(2)));
        registry.applyForAccount(formOf(AccountKind.TRADER));
    }

    // @requirement R-ID-2 a public key is unique across users, ever
    function test_apply_keyUsedBefore_reverts() public {
        applyAs(ALICE, AccountKind.TRADER);
        bytes memory used = abi.encodeWithSelector(IStakeholderRegistry.KeyUsed.selector, alice, uint32(1));

        vm.prank(alice);
        vm.expectRevert(used);
        registry.applyForAccount(formOf(AccountKind.TRADER));

        vm.prank(alice);
        registry.withdrawApplication(1);
        vm.prank(alice);
        vm.expectRevert(used);
        registry.applyForAccount(formOf(AccountKind.TRADER));
    }

    function test_apply_withoutKindOrRecord_reverts() public {
        IStakeholderRegistry.Form memory form = formOf(AccountKind.NONE);
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.BadKind.selector, uint8(0)));
        registry.applyForAccount(form);
        form = formOf(AccountKind.TRADER);
        form.wantsReporting = true;
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.NoReportingFor.selector, uint8(AccountKind.TRADER)));
        registry.applyForAccount(form);
        form = formOf(AccountKind.TRADER);
        form.record = 0;
        vm.expectRevert(IStakeholderRegistry.RecordMissing.selector);
        registry.applyForAccount(form);
    }

    // @requirement R-ID-1 returned for correction, amended, approved
    function test_amend_afterReturn_isFiledAgain() public {
        applyAs(ALICE, AccountKind.TRADER);
        vm.prank(officer);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.ApplicationReturned(1, CAUSE);
        registry.returnForCorrection(1, CAUSE);
        assertStatus(1, IStakeholderRegistry.ApplicationStatus.RETURNED);

        vm.warp(NOW + 60);
        IStakeholderRegistry.Form memory form = formOf(AccountKind.TRADER);
        form.record = keccak256("better");
        vm.prank(alice);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.ApplicationAmended(1, form);
        registry.amendApplication(1, form);

        assertStatus(1, IStakeholderRegistry.ApplicationStatus.FILED);
        assertEq(registry.applicationOf(1).form.record, keccak256("better"));
        assertEq(registry.applicationOf(1).filedAt, NOW + 60);
    }

    // What an officer reads cannot be another thing when he approves it.
    function test_amend_whileFiled_reverts() public {
        applyAs(ALICE, AccountKind.TRADER);
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeholderRegistry.ApplicationNotOpen.selector,
                uint32(1),
                uint8(IStakeholderRegistry.ApplicationStatus.FILED)
            )
        );
        registry.amendApplication(1, formOf(AccountKind.GOVERNMENT));
    }

    function test_amend_stalePolicy_reverts() public {
        applyAs(ALICE, AccountKind.TRADER);
        vm.prank(officer);
        registry.returnForCorrection(1, keccak256("unreadable"));
        vm.prank(regulator);
        ruleBook.publish(Topics.REGISTRATION_POLICY, keccak256("policy 2"), 0, "");

        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.StalePolicy.selector, uint32(1), uint32(2)));
        registry.amendApplication(1, formOf(AccountKind.TRADER));
    }

    function test_amendOrWithdraw_anothersApplication_reverts() public {
        applyAs(ALICE, AccountKind.TRADER);
        bytes memory reason =
            abi.encodeWithSelector(IStakeholderRegistry.NotTheApplicant.selector, bob, uint32(1), alice);

        vm.startPrank(bob);
        vm.expectRevert(reason);
        registry.amendApplication(1, formOf(AccountKind.TRADER));
        vm.expectRevert(reason);
        registry.withdrawApplication(1);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.UnknownApplication.selector, uint32(2)));
        registry.withdrawApplication(2);
    }

    function test_withdraw_thenAnything_reverts() public {
        applyAs(ALICE, AccountKind.TRADER);
        vm.prank(alice);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.ApplicationWithdrawn(1);
        registry.withdrawApplication(1);

        bytes memory over = abi.encodeWithSelector(
            IStakeholderRegistry.ApplicationNotOpen.selector,
            uint32(1),
            uint8(IStakeholderRegistry.ApplicationStatus.WITHDRAWN)
        );
        Signed memory s = signed(registry.accountOf(1), ALICE);
        vm.prank(alice);
        vm.expectRevert(over);
        registry.amendApplication(1, formOf(AccountKind.TRADER));
        vm.startPrank(officer);
        vm.expectRevert(over);
        registry.approve(1, s.attestation, s.byCa, s.byKey);
        vm.expectRevert(over);
        registry.refuse(1, CAUSE);
        vm.expectRevert(over);
        registry.returnForCorrection(1, CAUSE);
    }

    /* DECIDING */

    // @requirement R-ID-4 one transaction opens all accounts and answers with a receipt
    function test_approve_operator_opensRegistryTradingAndReporting() public {
        uint32 id = applyAs(ALICE, AccountKind.OPERATOR);
        address account = registry.accountOf(id);
        Signed memory s = signed(account, ALICE);
        uint8 all = Capabilities.REGISTRY | Capabilities.TRADING | Capabilities.REPORTING;

        vm.warp(NOW + 9);
        vm.prank(officer);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.AccountOpened(
            account,
            id,
            alice,
            AccountKind.OPERATOR,
            7,
            2351,
            all,
            0,
            RECORD,
            s.attestation.fingerprint,
            s.attestation.notAfter
        );
        assertEq(registry.approve(id, s.attestation, s.byCa, s.byKey), account);

        IStakeholderRegistry.Account memory record = registry.accountRecordOf(account);
        assertEq(record.applicationId, id);
        assertEq(uint8(record.kind), uint8(AccountKind.OPERATOR));
        assertEq(uint8(record.status), uint8(AccountStatus.ACTIVE));
        assertEq(record.capabilities, all);
        assertEq(record.region, 7);
        assertEq(record.sector, 2351);
        assertEq(record.openedAt, NOW + 9);
        assertEq(record.certificateUntil, s.attestation.notAfter);
        assertEq(registry.recordOf(account), RECORD);
        assertEq(registry.principalOf(account), alice);
        assertStatus(id, IStakeholderRegistry.ApplicationStatus.APPROVED);

        Eligibility memory e = ledger.eligibilityOf(account);
        assertEq(uint8(e.status), uint8(AccountStatus.ACTIVE));
        assertEq(uint8(e.kind), uint8(AccountKind.OPERATOR));
        assertEq(e.restrictions, 0);
        assertEq(e.region, 7);
        assertEq(e.certificateUntil, s.attestation.notAfter);
        Representation memory r = ledger.representationOf(alice);
        assertEq(r.account, account);
        assertEq(r.rights, Rights.ALL);
        assertEq(ledger.actingFor(alice, Rights.ALL, Restrictions.ALL), account, "may do everything");
    }

    // @requirement R-STK-1 who serves the market is registered, and does not trade on it
    function testFuzz_approve_anyKind_opensWhatTheKindHas(uint8 kind, bool wantsReporting) public {
        AccountKind k = AccountKind(bound(kind, 1, uint8(type(AccountKind).max)));
        IStakeholderRegistry.Form memory form = formOf(k);
        form.wantsReporting = k == AccountKind.OPERATOR && wantsReporting;
        vm.prank(alice);
        uint32 id = registry.applyForAccount(form);
        Signed memory s = signed(registry.accountOf(id), ALICE);
        vm.prank(officer);
        address account = registry.approve(id, s.attestation, s.byCa, s.byKey);

        bool trades = k == AccountKind.OPERATOR || k == AccountKind.TRADER || k == AccountKind.PROJECT_PROPONENT
            || k == AccountKind.GOVERNMENT;
        uint8 capabilities = registry.accountRecordOf(account).capabilities;
        assertTrue(capabilities & Capabilities.REGISTRY != 0, "registry account");
        assertEq(capabilities & Capabilities.TRADING != 0, trades, "trading account");
        assertEq(capabilities & Capabilities.REPORTING != 0, form.wantsReporting, "reporting account");
        assertEq(ledger.eligibilityOf(account).restrictions, trades ? 0 : Restrictions.NO_TRADE, "pushed");
    }

    function test_approve_twice_reverts() public {
        open(ALICE, AccountKind.TRADER);
        Signed memory s = signed(registry.accountOf(1), ALICE);

        vm.prank(officer);
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeholderRegistry.ApplicationNotOpen.selector,
                uint32(1),
                uint8(IStakeholderRegistry.ApplicationStatus.APPROVED)
            )
        );
        registry.approve(1, s.attestation, s.byCa, s.byKey);
    }

    function test_approve_unknown_reverts() public {
        Signed memory s = signed(registry.accountOf(1), ALICE);

        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.UnknownApplication.selector, uint32(1)));
        registry.approve(1, s.attestation, s.byCa, s.byKey);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.UnknownApplication.selector, uint32(1)));
        registry.applicationOf(1);
    }

    // @requirement R-ID-6 the certificate is of this account and this key
    function test_approve_attestedForAnotherAccountOrKey_reverts() public {
        applyAs(ALICE, AccountKind.TRADER);
        applyAs(BOB, AccountKind.TRADER);
        address first = registry.accountOf(1);
        address second = registry.accountOf(2);
        Signed memory s = signed(second, ALICE);
        Signed memory t = signed(first, BOB);

        vm.startPrank(officer);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.AttestedForAnother.selector, second, alice, first, alice)
        );
        registry.approve(1, s.attestation, s.byCa, s.byKey);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.AttestedForAnother.selector, first, bob, first, alice)
        );
        registry.approve(1, t.attestation, t.byCa, t.byKey);
    }

    function test_approve_policySupersededMeanwhile_opens() public {
        applyAs(ALICE, AccountKind.TRADER);
        vm.prank(regulator);
        ruleBook.publish(Topics.REGISTRATION_POLICY, keccak256("policy 2"), 0, "");
        Signed memory s = signed(registry.accountOf(1), ALICE);

        vm.prank(officer);
        registry.approve(1, s.attestation, s.byCa, s.byKey);

        assertTrue(mayTrade(alice), "what was current when filed was accepted");
    }

    function test_refuse_withReasons_endsIt() public {
        applyAs(ALICE, AccountKind.TRADER);
        vm.startPrank(officer);
        vm.expectRevert(IStakeholderRegistry.CauseMissing.selector);
        registry.refuse(1, 0);
        vm.expectRevert(IStakeholderRegistry.CauseMissing.selector);
        registry.returnForCorrection(1, 0);

        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.ApplicationRefused(1, CAUSE);
        registry.refuse(1, CAUSE);

        assertStatus(1, IStakeholderRegistry.ApplicationStatus.REFUSED);
    }

    function test_approve_bindFails_nothingHappened() public {
        applyAs(ALICE, AccountKind.TRADER);
        address account = registry.accountOf(1);
        Signed memory s = signed(attestationOf(account, ALICE), BOB, ALICE);

        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.NotAccredited.selector, bob));
        registry.approve(1, s.attestation, s.byCa, s.byKey);

        assertStatus(1, IStakeholderRegistry.ApplicationStatus.FILED);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.UnknownAccount.selector, account));
        registry.accountRecordOf(account);
    }

    /* PERMISSIONS */

    // @requirement R-ACC-2 each restricted function, by someone without a role
    function test_restricted_byStranger_reverts() public {
        address account = open(ALICE, AccountKind.TRADER);
        Signed memory s = signed(account, BOB);
        bytes[] memory calls = new bytes[](15);
        calls[0] = abi.encodeCall(StakeholderRegistry.returnForCorrection, (1, CAUSE));
        calls[1] = abi.encodeCall(StakeholderRegistry.refuse, (1, CAUSE));
        calls[2] = abi.encodeCall(StakeholderRegistry.approve, (1, s.attestation, s.byCa, s.byKey));
        calls[3] = abi.encodeCall(StakeholderRegistry.addRepresentative, (Rights.ALL, s.attestation, s.byCa, s.byKey));
        calls[4] = abi.encodeCall(StakeholderRegistry.setRights, (alice, Rights.READ));
        calls[5] = abi.encodeCall(StakeholderRegistry.removeRepresentative, (alice, CAUSE));
        calls[6] = abi.encodeCall(StakeholderRegistry.rotateKey, (alice, s.attestation, s.byCa, s.byKey));
        calls[7] = abi.encodeCall(StakeholderRegistry.setPrincipal, (alice));
        calls[8] = abi.encodeCall(StakeholderRegistry.amendRecord, (account, RECORD, CAUSE));
        calls[9] = abi.encodeCall(StakeholderRegistry.setOwner, (account, 1, CAUSE));
        calls[10] = abi.encodeCall(StakeholderRegistry.suspend, (account, CAUSE));
        calls[11] = abi.encodeCall(StakeholderRegistry.reinstate, (account, CAUSE));
        calls[12] = abi.encodeCall(StakeholderRegistry.setRestrictions, (account, 1, CAUSE));
        calls[13] = abi.encodeCall(StakeholderRegistry.setCapabilities, (account, 1, CAUSE));
        calls[14] = abi.encodeCall(StakeholderRegistry.assignRegion, (stranger, 1));
        refusedToStranger(address(registry), calls);
    }

    // @requirement R-ACC-2 the operator does not do what is the regulator's, nor the other way round
    function test_suspend_byOfficer_reverts() public {
        address account = open(ALICE, AccountKind.TRADER);

        vm.prank(officer);
        vm.expectRevert();
        registry.suspend(account, CAUSE);
        vm.prank(regulator);
        vm.expectRevert();
        registry.setOwner(account, 1, CAUSE);
    }

    // @requirement R-ACC-4 a regional officer acts on its own region only
    function test_region_ofAnother_reverts() public {
        applyAs(ALICE, AccountKind.TRADER); // region 7
        address account = open(BOB, AccountKind.TRADER);
        Signed memory s = signed(registry.accountOf(1), ALICE);
        Signed memory c = signed(account, CAROL);
        vm.prank(regulator);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.OfficerAssigned(officer, 8);
        registry.assignRegion(officer, 8);
        assertEq(registry.regionOf(officer), 8);
        bytes memory outside =
            abi.encodeWithSelector(IStakeholderRegistry.OutsideRegion.selector, officer, uint16(8), uint16(7));

        vm.startPrank(officer);
        vm.expectRevert(outside);
        registry.approve(1, s.attestation, s.byCa, s.byKey);
        vm.expectRevert(outside);
        registry.refuse(1, CAUSE);
        vm.expectRevert(outside);
        registry.returnForCorrection(1, CAUSE);
        vm.expectRevert(outside);
        registry.addRepresentative(Rights.ALL, c.attestation, c.byCa, c.byKey);
        vm.expectRevert(outside);
        registry.setRights(bob, Rights.READ);
        vm.expectRevert(outside);
        registry.removeRepresentative(bob, CAUSE);
        vm.expectRevert(outside);
        registry.rotateKey(bob, c.attestation, c.byCa, c.byKey);
        vm.expectRevert(outside);
        registry.setPrincipal(bob);
        vm.expectRevert(outside);
        registry.amendRecord(account, RECORD, CAUSE);
        vm.expectRevert(outside);
        registry.setOwner(account, 1, CAUSE);
        vm.stopPrank();

        vm.prank(regulator);
        registry.assignRegion(officer, 7);
        vm.prank(officer);
        registry.approve(1, s.attestation, s.byCa, s.byKey);
        assertTrue(mayTrade(alice), "in its own region");
    }

    /* REPRESENTATIVES */

    // @requirement R-ID-5 several keys act for one account, each with its rights
    function test_addRepresentative_withRights_actsWithinThem() public {
        address account = open(ALICE, AccountKind.TRADER);
        Signed memory s = signed(account, BOB);
        vm.prank(officer);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.RepresentativeAdded(
            account, bob, Rights.TRADE, s.attestation.fingerprint, s.attestation.notAfter
        );
        registry.addRepresentative(Rights.TRADE, s.attestation, s.byCa, s.byKey);

        assertEq(ledger.actingFor(bob, Rights.TRADE, 0), account);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.MissingRight.selector, bob, account, Rights.TRADE, Rights.SURRENDER)
        );
        ledger.actingFor(bob, Rights.SURRENDER, 0);
        assertEq(registry.applicationOfKey(bob), 1);
    }

    // @requirement R-ID-2 also as a representative, a key is used once
    function test_addRepresentative_keyUsed_reverts() public {
        address account = open(ALICE, AccountKind.TRADER);
        applyAs(BOB, AccountKind.TRADER);
        Signed memory s = signed(account, BOB);

        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.KeyUsed.selector, bob, uint32(2)));
        registry.addRepresentative(Rights.ALL, s.attestation, s.byCa, s.byKey);

        addAs(CAROL, account, Rights.ALL);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.KeyUsed.selector, carol, uint32(1)));
        registry.applyForAccount(formOf(AccountKind.TRADER));
    }

    function test_addRepresentative_toNoAccount_reverts() public {
        Signed memory s = signed(address(77), BOB);

        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.UnknownAccount.selector, address(77)));
        registry.addRepresentative(Rights.ALL, s.attestation, s.byCa, s.byKey);
    }

    function testFuzz_rights_any_onlyKnownBitsAndSome(uint16 rights) public {
        address account = open(ALICE, AccountKind.TRADER);
        bool good = rights != 0 && rights <= Rights.ALL;

        vm.prank(officer);
        if (good) {
            vm.expectEmit(address(registry));
            emit IStakeholderRegistry.RightsChanged(account, alice, rights);
        } else {
            vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.BadRights.selector, rights));
        }
        registry.setRights(alice, rights);

        assertEq(ledger.representationOf(alice).rights, good ? rights : Rights.ALL);
    }

    function test_addRepresentative_badRights_reverts() public {
        Signed memory s = signed(open(ALICE, AccountKind.TRADER), BOB);

        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.BadRights.selector, uint16(0)));
        registry.addRepresentative(0, s.attestation, s.byCa, s.byKey);
    }

    // @requirement R-ID-5, R-SEC-1 a representative acting after removal
    function test_removeRepresentative_then_actsForNobody() public {
        address account = open(ALICE, AccountKind.TRADER);
        addAs(BOB, account, Rights.ALL);
        vm.prank(officer);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.RepresentativeRemoved(account, bob, CAUSE);
        registry.removeRepresentative(bob, CAUSE);

        bytes memory nobody = abi.encodeWithSelector(IEligibility.NotARepresentative.selector, bob);
        vm.expectRevert(nobody);
        ledger.actingFor(bob, 0, 0);
        Signed memory s = signed(account, BOB);
        vm.expectRevert(nobody);
        registry.renew(s.attestation, s.byCa, s.byKey);
        vm.startPrank(officer);
        vm.expectRevert(nobody);
        registry.setRights(bob, Rights.ALL);
        vm.expectRevert(nobody);
        registry.removeRepresentative(bob, CAUSE);
        vm.expectRevert(nobody);
        registry.setPrincipal(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.KeyUsed.selector, bob, uint32(1)));
        registry.addRepresentative(Rights.ALL, s.attestation, s.byCa, s.byKey);
    }

    function test_removeRepresentative_principalOrWithoutCause_reverts() public {
        address account = open(ALICE, AccountKind.TRADER);
        addAs(BOB, account, Rights.ALL);

        vm.startPrank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.PrincipalStays.selector, alice, account));
        registry.removeRepresentative(alice, CAUSE);
        vm.expectRevert(IStakeholderRegistry.CauseMissing.selector);
        registry.removeRepresentative(bob, 0);
    }

    // @requirement R-ID-5 a key is replaced without moving anything
    function test_rotateKey_ofThePrincipal_newKeyTakesItsPlace() public {
        address account = open(ALICE, AccountKind.TRADER);
        vm.prank(officer);
        registry.setRights(alice, Rights.TRADE | Rights.READ);
        vm.warp(NOW + 100);
        Signed memory s = signed(account, BOB);

        vm.prank(officer);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.KeyRotated(account, alice, bob, s.attestation.fingerprint, s.attestation.notAfter);
        registry.rotateKey(alice, s.attestation, s.byCa, s.byKey);

        assertFalse(mayTrade(alice), "old key");
        assertTrue(mayTrade(bob), "new key");
        assertEq(ledger.representationOf(bob).rights, Rights.TRADE | Rights.READ);
        assertEq(registry.principalOf(account), bob);
        assertEq(ledger.eligibilityOf(account).certificateUntil, NOW + 100 + YEAR, "the account's too");
        assertEq(registry.applicationOf(1).key, alice, "what was filed stays");
    }

    // @requirement R-ID-5 the way back after a revocation
    function test_rotateKey_afterRevocation_accountTakesPartAgain() public {
        address account = open(ALICE, AccountKind.TRADER);
        revokeAsCa(certificates.fingerprintOf(alice));
        assertFalse(mayTrade(alice), "revoked");
        Signed memory s = signed(account, BOB);

        vm.prank(officer);
        registry.rotateKey(alice, s.attestation, s.byCa, s.byKey);

        assertTrue(mayTrade(bob), "new key, new certificate");
    }

    function test_rotateKey_ofSecondRepresentative_leavesThePrincipal() public {
        address account = open(ALICE, AccountKind.TRADER);
        addAs(BOB, account, Rights.READ);
        vm.warp(NOW + 100);
        Signed memory s = signed(account, CAROL);
        vm.prank(officer);
        registry.rotateKey(bob, s.attestation, s.byCa, s.byKey);

        assertEq(registry.principalOf(account), alice);
        assertEq(ledger.eligibilityOf(account).certificateUntil, NOW + YEAR);
        assertEq(ledger.representationOf(carol).rights, Rights.READ);
        assertEq(ledger.representationOf(bob).rights, 0);
    }

    function test_rotateKey_toUsedKeyOrOtherAccount_reverts() public {
        address account = open(ALICE, AccountKind.TRADER);
        address bobs = open(BOB, AccountKind.TRADER);
        Signed memory used = signed(account, BOB);
        Signed memory other = signed(bobs, CAROL);

        vm.startPrank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.KeyUsed.selector, bob, uint32(2)));
        registry.rotateKey(alice, used.attestation, used.byCa, used.byKey);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.AttestedForAnother.selector, bobs, carol, account, carol)
        );
        registry.rotateKey(alice, other.attestation, other.byCa, other.byKey);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, carol));
        registry.rotateKey(carol, other.attestation, other.byCa, other.byKey);
    }

    function test_setPrincipal_another_accountFollowsItsCertificate() public {
        address account = open(ALICE, AccountKind.TRADER);
        bytes32 alices = certificates.fingerprintOf(alice);
        vm.warp(NOW + 100);
        addAs(BOB, account, Rights.ALL);

        vm.prank(officer);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.PrincipalChanged(account, bob, NOW + 100 + YEAR);
        registry.setPrincipal(bob);

        revokeAsCa(alices);
        assertTrue(mayTrade(bob), "the account stands with bob's certificate");
        vm.prank(officer);
        registry.removeRepresentative(alice, CAUSE);
        assertEq(registry.principalOf(account), bob);
    }

    /* ACCOUNTS */

    // @requirement R-ID-5 suspended, reinstated
    function test_suspend_andReinstate_stopsAndStartsTheAccount() public {
        address account = open(ALICE, AccountKind.TRADER);
        vm.startPrank(regulator);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.StatusChanged(account, AccountStatus.SUSPENDED, CAUSE);
        registry.suspend(account, CAUSE);
        assertFalse(mayTrade(alice), "suspended");
        vm.expectRevert(
            abi.encodeWithSelector(
                IStakeholderRegistry.AccountInStatus.selector, account, uint8(AccountStatus.SUSPENDED)
            )
        );
        registry.suspend(account, CAUSE);

        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.StatusChanged(account, AccountStatus.ACTIVE, CAUSE);
        registry.reinstate(account, CAUSE);
        assertTrue(mayTrade(alice), "reinstated");
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.AccountInStatus.selector, account, uint8(AccountStatus.ACTIVE))
        );
        registry.reinstate(account, CAUSE);
        vm.expectRevert(IStakeholderRegistry.CauseMissing.selector);
        registry.suspend(account, 0);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.UnknownAccount.selector, address(77)));
        registry.suspend(address(77), CAUSE);
    }

    // @requirement R-CMP-3, R-AST-3 each source lifts what it set, and no more
    function testFuzz_restrictions_ofTwoSources_areKeptApart(uint16 ofRegulator, uint16 ofDesk, uint16 lifted) public {
        ofRegulator &= Restrictions.ALL;
        ofDesk &= Restrictions.ALL;
        lifted &= Restrictions.ALL;
        address account = open(ALICE, AccountKind.TRADER);

        vm.prank(regulator);
        registry.setRestrictions(account, ofRegulator, CAUSE);
        vm.prank(desk);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.RestrictionsChanged(account, ofRegulator, ofDesk, CAUSE);
        registry.restrictFor(account, ofDesk, true, CAUSE);
        assertEq(ledger.eligibilityOf(account).restrictions, ofRegulator | ofDesk, "both");

        vm.prank(desk);
        registry.restrictFor(account, lifted, false, CAUSE);
        assertEq(ledger.eligibilityOf(account).restrictions, ofRegulator | (ofDesk & ~lifted), "the desk's only");
        vm.prank(regulator);
        registry.setRestrictions(account, 0, CAUSE);
        assertEq(ledger.eligibilityOf(account).restrictions, ofDesk & ~lifted, "the regulator's only");
        assertEq(registry.accountRecordOf(account).authorityRestrictions, 0);
        assertEq(registry.accountRecordOf(account).complianceRestrictions, ofDesk & ~lifted);
    }

    function test_restrictions_badBits_revert() public {
        address account = open(ALICE, AccountKind.TRADER);
        uint16 bad = Restrictions.ALL + 1;
        bytes memory reason = abi.encodeWithSelector(IStakeholderRegistry.BadRestrictions.selector, bad);

        vm.prank(regulator);
        vm.expectRevert(reason);
        registry.setRestrictions(account, bad, CAUSE);
        vm.prank(desk);
        vm.expectRevert(reason);
        registry.restrictFor(account, bad, true, CAUSE);
        vm.prank(regulator);
        vm.expectRevert(IStakeholderRegistry.CauseMissing.selector);
        registry.setRestrictions(account, 1, 0);
    }

    function test_restrictFor_byAnyoneButTheDesk_reverts() public {
        address account = open(ALICE, AccountKind.TRADER);

        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, regulator, desk));
        registry.restrictFor(account, 1, true, CAUSE);
    }

    // @requirement R-ID-4 capabilities are opened together and closed one by one
    function test_setCapabilities_withoutTrading_doesNotTrade() public {
        address account = open(ALICE, AccountKind.OPERATOR);
        uint8 rest = Capabilities.REGISTRY | Capabilities.REPORTING;
        vm.prank(regulator);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.CapabilitiesChanged(account, rest, CAUSE);
        registry.setCapabilities(account, rest, CAUSE);

        assertEq(ledger.eligibilityOf(account).restrictions, Restrictions.NO_TRADE);
        vm.prank(regulator);
        registry.setCapabilities(account, rest | Capabilities.TRADING, CAUSE);
        assertEq(ledger.eligibilityOf(account).restrictions, 0);
    }

    function testFuzz_setCapabilities_any_onlyWhatTheKindMayHave(uint8 capabilities) public {
        address account = open(ALICE, AccountKind.TRADER);
        uint8 possible = Capabilities.REGISTRY | Capabilities.TRADING;
        bool good = capabilities == Capabilities.REGISTRY || capabilities == possible;

        vm.prank(regulator);
        if (!good) {
            vm.expectRevert(
                abi.encodeWithSelector(IStakeholderRegistry.BadCapabilities.selector, capabilities, possible)
            );
        }
        registry.setCapabilities(account, capabilities, CAUSE);

        assertEq(registry.accountRecordOf(account).capabilities, good ? capabilities : possible);
    }

    // @requirement R-ID-5 amended, with its history in events
    function test_amendRecord_withCause_replacesTheRoot() public {
        address account = open(ALICE, AccountKind.TRADER);
        vm.startPrank(officer);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.RecordAmended(account, keccak256("new"), CAUSE);
        registry.amendRecord(account, keccak256("new"), CAUSE);

        assertEq(registry.recordOf(account), keccak256("new"));
        assertEq(registry.applicationOf(1).form.record, RECORD, "what was filed stays");
        vm.expectRevert(IStakeholderRegistry.RecordMissing.selector);
        registry.amendRecord(account, 0, CAUSE);
        vm.expectRevert(IStakeholderRegistry.CauseMissing.selector);
        registry.amendRecord(account, RECORD, 0);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.UnknownAccount.selector, address(77)));
        registry.amendRecord(address(77), RECORD, CAUSE);
    }

    function test_setOwner_group_isPushed() public {
        address account = open(ALICE, AccountKind.TRADER);
        vm.startPrank(officer);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.OwnerChanged(account, 42, CAUSE);
        registry.setOwner(account, 42, CAUSE);

        assertEq(ledger.eligibilityOf(account).owner, 42);
        assertEq(registry.accountRecordOf(account).owner, 42);
        vm.expectRevert(IStakeholderRegistry.CauseMissing.selector);
        registry.setOwner(account, 43, 0);
    }

    // @requirement R-ID-4 what is pushed is what is recorded, whatever was done in whatever order
    function testFuzz_push_anySequence_ledgerAgrees(uint256 seed) public {
        address account = open(ALICE, AccountKind.OPERATOR);
        addAs(BOB, account, Rights.ALL);
        for (uint256 i; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + seed % 40 days);
            step(account, seed >> 32);

            IStakeholderRegistry.Account memory record = registry.accountRecordOf(account);
            Eligibility memory e = ledger.eligibilityOf(account);
            uint16 restrictions = record.authorityRestrictions | record.complianceRestrictions;
            if (record.capabilities & Capabilities.TRADING == 0) restrictions |= Restrictions.NO_TRADE;
            assertEq(uint8(e.status), uint8(record.status), "status");
            assertEq(e.restrictions, restrictions, "restrictions");
            assertEq(e.owner, record.owner, "owner");
            assertEq(e.region, record.region, "region");
            assertEq(e.certificateUntil, record.certificateUntil, "certificate");
            assertEq(
                record.certificateUntil,
                ledger.representationOf(registry.principalOf(account)).certificateUntil,
                "the principal's"
            );
        }
    }

    function step(address account, uint256 seed) private {
        uint256 act = seed % 8;
        address key = seed >> 8 & 1 == 0 ? alice : bob;
        seed >>= 16;
        if (act == 0 || act == 1) {
            Signed memory s = signed(account, key == alice ? ALICE : BOB);
            try registry.renew(s.attestation, s.byCa, s.byKey) { } catch { }
        }
        bytes32 print = certificates.fingerprintOf(key);
        AccountStatus status = registry.accountRecordOf(account).status;
        if (act == 2) {
            vm.prank(ca);
            try certificates.revoke(print, 0) { } catch { }
        }
        if (act == 3) {
            vm.prank(officer);
            registry.setPrincipal(key);
        }
        if (act == 4) {
            vm.prank(regulator);
            registry.setRestrictions(account, uint16(seed) & Restrictions.ALL, CAUSE);
        }
        if (act == 5) {
            vm.prank(desk);
            registry.restrictFor(account, uint16(seed) & Restrictions.ALL, seed >> 16 & 1 == 0, CAUSE);
        }
        if (act == 6) {
            vm.prank(regulator);
            if (status == AccountStatus.ACTIVE) registry.suspend(account, CAUSE);
            else registry.reinstate(account, CAUSE);
        }
        if (act == 7) {
            vm.prank(regulator);
            registry.setCapabilities(account, Capabilities.REGISTRY | (uint8(seed) & 6), CAUSE);
        }
    }

    /* ADDRESSES */

    // @requirement R-ID-4 an account's address is known before it is opened
    function testFuzz_accountOf_anyId_isDerived(uint32 id) public view {
        assertEq(
            registry.accountOf(id),
            address(
                uint160(uint256(keccak256(abi.encode("carbon.account", block.chainid, address(registry), uint256(id)))))
            )
        );
    }

    function assertStatus(uint32 id, IStakeholderRegistry.ApplicationStatus status) private view {
        assertEq(uint8(registry.applicationOf(id).status), uint8(status), "status");
    }
}
