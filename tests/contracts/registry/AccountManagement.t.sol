// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { IStakeholderRegistry } from "../../../contracts/registry/IStakeholderRegistry.sol";
import { StakeholderRegistry } from "../../../contracts/registry/StakeholderRegistry.sol";
import { AccountKind, AccountStatus, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { RegistrySuite } from "../support/RegistrySuite.sol";

/// @dev What two do together, closing, and regions of the regulator's officers.
contract AccountManagementTest is RegistrySuite {
    uint256 private constant DAVE = 0xDA7E;
    uint32 private constant WITHIN = 3 days;
    address private second = address(0x0FF2);
    address private dave = vm.addr(DAVE);
    address private account;

    function setUp() public {
        setUpRegistry();
        grant(Roles.REGISTRY_OPERATOR, second);
        account = open(ALICE, AccountKind.TRADER);
        addAs(BOB, account, Rights.APPROVE | Rights.READ);
    }

    function _rules(uint32 within, uint32 notice) private {
        vm.prank(regulator);
        registry.setAccountRules(IStakeholderRegistry.AccountRules(within, notice));
    }

    function _money() private pure returns (uint256) {
        return InstrumentId.unwrap(instrumentId(InstrumentClass.MONEY, 826, 0, 0, 826));
    }

    function _one(uint256 value) private pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }

    /* FOUR EYES FOR A ROTATION */

    // @requirement R-ACC-2, R-ID-5 one representative asks, another approves
    function test_rotation_askedByOneAndConfirmedByAnother_isDone() public {
        _rules(WITHIN, 0);
        vm.prank(alice);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.RotationRequested(account, alice, carol, alice, NOW + WITHIN);
        registry.requestRotation(alice, carol);
        assertTrue(mayTrade(alice), "nothing yet");
        Signed memory s = signed(account, CAROL);

        vm.prank(bob);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.RotationConfirmed(account, alice, bob);
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);

        assertFalse(mayTrade(alice), "old key");
        assertTrue(mayTrade(carol), "new key");
        assertEq(registry.principalOf(account), carol);
        assertEq(registry.rotationOf(alice).newKey, address(0), "nothing waits");
    }

    // @requirement R-ACC-2 an officer's rotation waits too
    function test_rotateKey_underTheRule_waitsForAnother() public {
        _rules(WITHIN, 0);
        Signed memory s = signed(account, CAROL);
        vm.prank(officer);
        registry.rotateKey(alice, s.attestation, s.byCa, s.byKey);
        assertTrue(mayTrade(alice), "asked only");
        assertFalse(mayTrade(carol), "asked only");

        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.MayNotConfirmOwnRotation.selector, officer, alice));
        registry.confirmRotationAsOfficer(alice, s.attestation, s.byCa, s.byKey);
        vm.prank(second);
        registry.confirmRotationAsOfficer(alice, s.attestation, s.byCa, s.byKey);
        assertTrue(mayTrade(carol), "two officers");
    }

    // @requirement R-ID-5 recovery: the only key is lost, or its certificate revoked
    function test_rotation_afterRevocationOfThePrincipal_anotherConfirms() public {
        _rules(WITHIN, 0);
        revokeAsCa(certificates.fingerprintOf(alice));
        Signed memory s = signed(account, CAROL);
        vm.prank(officer);
        registry.rotateKey(alice, s.attestation, s.byCa, s.byKey);
        vm.prank(bob);
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);
        assertTrue(mayTrade(carol), "recovered");
    }

    // Who got a new key confirms nothing that its old one asked for.
    function test_rotation_requesterLostItsKey_isRefused() public {
        _rules(WITHIN, 0);
        Signed memory s = signed(account, CAROL);
        vm.prank(alice);
        registry.requestRotation(bob, carol);
        vm.prank(officer);
        registry.setRights(alice, Rights.READ);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.RotationLapsed.selector, bob, NOW + WITHIN));
        registry.confirmRotation(bob, s.attestation, s.byCa, s.byKey);
    }

    function test_rotation_bySameKeyOrOthers_isRefused() public {
        address other = open(DAVE, AccountKind.TRADER);
        Signed memory s = signed(account, CAROL);
        vm.prank(alice);
        vm.expectRevert(IStakeholderRegistry.NoSecondForRotation.selector);
        registry.requestRotation(alice, carol);

        _rules(WITHIN, 0);
        vm.prank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector, bob, account, Rights.APPROVE | Rights.READ, Rights.INITIATE
            )
        );
        registry.requestRotation(alice, carol);
        vm.prank(dave);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.NotTheRepresentedAccount.selector, dave, other, account)
        );
        registry.requestRotation(alice, carol);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        registry.requestRotation(alice, carol);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.KeyUsed.selector, bob, uint32(1)));
        registry.requestRotation(alice, bob);

        vm.prank(alice);
        registry.requestRotation(alice, carol);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.MayNotConfirmOwnRotation.selector, alice, alice));
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);
        vm.prank(dave);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.NotTheRepresentedAccount.selector, dave, other, account)
        );
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);
    }

    function test_rotation_ofAnotherKeyOrTooLate_isRefused() public {
        _rules(WITHIN, 0);
        Signed memory s = signed(account, CAROL);
        vm.startPrank(bob);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.RotationNotRequested.selector, alice, carol, address(0))
        );
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);
        vm.stopPrank();
        vm.prank(alice);
        registry.requestRotation(alice, dave);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.RotationNotRequested.selector, alice, carol, dave));
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);

        vm.prank(alice);
        registry.requestRotation(alice, carol);
        vm.warp(NOW + WITHIN);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.RotationLapsed.selector, alice, NOW + WITHIN));
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);
    }

    // @requirement R-ID-6, R-ACC-2 whose certificate has ended, and who was removed, confirms nothing
    function test_rotation_confirmedByExpiredOrRemoved_isRefused() public {
        _rules(3650 days, 0);
        vm.prank(alice);
        registry.requestRotation(alice, carol);
        Signed memory s = signed(account, CAROL);
        vm.warp(NOW + YEAR);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.CertificateExpired.selector, bob, NOW + YEAR));
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);

        vm.prank(officer);
        registry.removeRepresentative(bob, CAUSE);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, bob));
        registry.confirmRotation(alice, s.attestation, s.byCa, s.byKey);
    }

    // @requirement R-ACC-2, R-ID-2 a key is not free again, whatever became of it
    function test_removedKey_neverComesBack() public {
        vm.prank(officer);
        registry.removeRepresentative(bob, CAUSE);
        Signed memory s = signed(account, BOB);
        bytes memory used = abi.encodeWithSelector(IStakeholderRegistry.KeyUsed.selector, bob, uint32(1));
        vm.startPrank(officer);
        vm.expectRevert(used);
        registry.addRepresentative(Rights.READ, s.attestation, s.byCa, s.byKey);
        vm.expectRevert(used);
        registry.rotateKey(alice, s.attestation, s.byCa, s.byKey);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, bob));
        registry.renew(s.attestation, s.byCa, s.byKey);
    }

    /* CLOSING */

    // @requirement R-ID-5 an account is closed only when it is empty, and for ever
    function test_close_emptyAfterNotice_isForEver() public {
        _rules(0, 7 days);
        vm.startPrank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.ClosingNotAnnounced.selector, account));
        registry.close(account, _one(_money()), CAUSE);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.ClosingAnnounced(account, NOW + 7 days, CAUSE);
        registry.announceClosing(account, CAUSE);
        assertFalse(mayTrade(alice), "suspended");
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.ClosingTooEarly.selector, account, NOW + 7 days));
        registry.close(account, _one(_money()), CAUSE);
        vm.warp(NOW + 7 days);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.StatusChanged(account, AccountStatus.CLOSED, CAUSE);
        registry.close(account, _one(_money()), CAUSE);
        vm.stopPrank();

        assertEq(uint8(ledger.eligibilityOf(account).status), uint8(AccountStatus.CLOSED), "in the ledger");
        assertEq(registry.closingOf(account), 0);
        vm.prank(regulator);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.AccountInStatus.selector, account, uint8(AccountStatus.CLOSED))
        );
        registry.reinstate(account, CAUSE);
    }

    function test_close_withSomething_isRefusedAndAnyoneStopsIt() public {
        vm.prank(address(2)); // the cash desk
        ledger.issue(account, _money(), 5, CAUSE);
        vm.startPrank(officer);
        registry.announceClosing(account, CAUSE);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.ClosingTooEarly.selector, account, NOW + 1 days));
        registry.close(account, new uint256[](0), CAUSE); // no rules are set: a day it is
        vm.warp(NOW + 1 days);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.AccountNotEmpty.selector, account, _money(), uint256(5))
        );
        registry.close(account, _one(_money()), CAUSE);
        vm.stopPrank();

        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.NothingHeld.selector, account, uint256(7)));
        registry.objectToClosing(account, 7);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.ClosingStopped(account, _money());
        registry.objectToClosing(account, _money());
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.ClosingNotAnnounced.selector, account));
        registry.objectToClosing(account, _money());
        vm.stopPrank();
        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.ClosingNotAnnounced.selector, account));
        registry.close(account, new uint256[](0), CAUSE);
    }

    function test_reinstate_duringTheNotice_endsTheClosing() public {
        vm.prank(officer);
        registry.announceClosing(account, CAUSE);
        vm.prank(regulator);
        registry.reinstate(account, CAUSE);
        assertTrue(mayTrade(alice), "again");
        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IStakeholderRegistry.ClosingNotAnnounced.selector, account));
        registry.close(account, _one(_money()), CAUSE);
    }

    function test_announce_withoutCause_reverts() public {
        vm.prank(officer);
        vm.expectRevert(IStakeholderRegistry.CauseMissing.selector);
        registry.announceClosing(account, 0);
    }

    /* SUSPENSION IN PART */

    // @requirement R-ID-5 what is left is to surrender
    function test_setRestrictions_surrenderOnly_leavesSurrender() public {
        uint16 scope = Restrictions.NO_TRADE | Restrictions.NO_TRANSFER | Restrictions.NO_RECEIPT;
        vm.prank(regulator);
        registry.setRestrictions(account, scope, CAUSE);
        assertEq(ledger.actingFor(alice, Rights.SURRENDER, Restrictions.NO_SURRENDER), account);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.AccountRestricted.selector, account, scope, Restrictions.NO_TRADE)
        );
        ledger.actingFor(alice, Rights.TRADE, Restrictions.NO_TRADE);
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.AccountRestricted.selector, account, scope, Restrictions.NO_TRANSFER)
        );
        ledger.actingFor(alice, Rights.INITIATE, Restrictions.NO_TRANSFER);
    }

    /* REGIONS */

    // @requirement R-ACC-4 a regional authority acts only on entities of its region, and frees nobody from his own
    function test_regulator_ofAnotherRegion_isRefused() public {
        address regional = address(0x4E62);
        grant(Roles.REGULATOR, regional);
        vm.prank(regulator);
        registry.assignRegion(regional, 8); // the account's is 7
        bytes memory outside =
            abi.encodeWithSelector(IStakeholderRegistry.OutsideRegion.selector, regional, uint16(8), uint16(7));

        vm.startPrank(regional);
        vm.expectRevert(outside);
        registry.suspend(account, CAUSE);
        vm.expectRevert(outside);
        registry.setRestrictions(account, 1, CAUSE);
        vm.expectRevert(outside);
        registry.setCapabilities(account, 1, CAUSE);
        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.OutsideRegion.selector, regional, uint16(8), uint16(0))
        );
        registry.assignRegion(regional, 0);
        vm.stopPrank();
        vm.prank(regulator);
        registry.suspend(account, CAUSE);
        vm.prank(regional);
        vm.expectRevert(outside);
        registry.reinstate(account, CAUSE);

        vm.prank(regulator);
        registry.assignRegion(regional, 7);
        vm.prank(regional);
        registry.reinstate(account, CAUSE);
        assertTrue(mayTrade(alice), "in its own region");
    }

    function test_officer_ofAnotherRegion_closesAndConfirmsNothing() public {
        _rules(WITHIN, 0);
        Signed memory s = signed(account, CAROL);
        vm.prank(regulator);
        registry.assignRegion(second, 8);
        vm.prank(officer);
        registry.rotateKey(alice, s.attestation, s.byCa, s.byKey);
        bytes memory outside =
            abi.encodeWithSelector(IStakeholderRegistry.OutsideRegion.selector, second, uint16(8), uint16(7));
        vm.startPrank(second);
        vm.expectRevert(outside);
        registry.confirmRotationAsOfficer(alice, s.attestation, s.byCa, s.byKey);
        vm.expectRevert(outside);
        registry.announceClosing(account, CAUSE);
        vm.stopPrank();
        vm.prank(officer);
        registry.announceClosing(account, CAUSE);
        vm.warp(NOW + 1 days);
        vm.prank(second);
        vm.expectRevert(outside);
        registry.close(account, new uint256[](0), CAUSE);
    }

    function test_restricted_byStranger_reverts() public {
        Signed memory s = signed(account, CAROL);
        bytes[] memory calls = new bytes[](4);
        calls[0] = abi.encodeCall(StakeholderRegistry.announceClosing, (account, CAUSE));
        calls[1] = abi.encodeCall(StakeholderRegistry.close, (account, _one(1), CAUSE));
        calls[2] = abi.encodeCall(StakeholderRegistry.confirmRotationAsOfficer, (alice, s.attestation, s.byCa, s.byKey));
        calls[3] =
            abi.encodeCall(StakeholderRegistry.setAccountRules, (IStakeholderRegistry.AccountRules(uint32(1), 1)));
        refusedToStranger(address(registry), calls);
        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, officer));
        registry.setAccountRules(IStakeholderRegistry.AccountRules(0, 0));
    }
}
