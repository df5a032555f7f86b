// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { RuleBook } from "../../../contracts/governance/RuleBook.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { CreditRecord } from "../../../contracts/registry/CreditRecord.sol";
import { CertificateRegistry } from "../../../contracts/registry/CertificateRegistry.sol";
import { IStakeholderRegistry } from "../../../contracts/registry/IStakeholderRegistry.sol";
import { StakeholderRegistry } from "../../../contracts/registry/StakeholderRegistry.sol";
import { AccountKind, Rights } from "../../../contracts/types/Accounts.sol";
import { Attestation } from "../../../contracts/types/Certificates.sol";
import { InstrumentClass, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Topics } from "../../../contracts/types/Topics.sol";
import { Suite } from "./Suite.sol";

/// @dev RuleBook, both registries and the real ledger behind their proxies, with a policy in force and one accredited
///      certification authority. Keys are numbers, so that tests can sign with them.
abstract contract RegistrySuite is Suite {
    uint40 internal constant NOW = 1_700_000_000;
    uint40 internal constant YEAR = 365 days;
    bytes32 internal constant CAUSE = keccak256("cause");
    bytes32 internal constant RECORD = keccak256("record");

    uint256 internal constant CA = 0xCA;
    uint256 internal constant ALICE = 0xA11CE;
    uint256 internal constant BOB = 0xB0B;
    uint256 internal constant CAROL = 0xCA401;

    address internal regulator = address(0x4E61);
    address internal officer = address(0x0FF1);
    address internal desk = address(0xDE58);
    address internal stranger = address(0x574A);
    address internal ca = vm.addr(CA);
    address internal alice = vm.addr(ALICE);
    address internal bob = vm.addr(BOB);
    address internal carol = vm.addr(CAROL);

    RuleBook internal ruleBook;
    CertificateRegistry internal certificates;
    StakeholderRegistry internal registry;
    CreditRecord internal credit;
    InstrumentLedger internal ledger;

    uint256 private _certificatesMade;

    function setUpRegistry() internal {
        vm.warp(NOW);
        ruleBook = RuleBook(newProxy());
        certificates = CertificateRegistry(newProxy());
        registry = StakeholderRegistry(newProxy());
        credit = CreditRecord(newProxy());
        ledger = InstrumentLedger(newProxy());
        install(address(ruleBook), address(new RuleBook()), "");
        install(address(certificates), address(new CertificateRegistry(registry)), "");
        install(
            address(registry),
            address(new StakeholderRegistry(ruleBook, certificates, ledger, desk, address(credit))),
            ""
        );
        install(address(credit), address(new CreditRecord(registry, ledger)), "");
        install(
            address(ledger),
            address(
                new InstrumentLedger(
                    IInstrumentLedger.Siblings({
                        registry: address(registry),
                        book: address(1),
                        cashDesk: address(2),
                        allocator: address(3),
                        complianceDesk: desk,
                        transferRules: address(4),
                        authorityDesk: address(5)
                    }),
                    instrumentId(InstrumentClass.MONEY, 826, 0, 0, 826)
                )
            ),
            abi.encodeCall(InstrumentLedger.initialize, (bytes32("terms")))
        );

        _permit();
        vm.startPrank(regulator);
        ruleBook.publish(Topics.REGISTRATION_POLICY, keccak256("policy 1"), 0, "https://rules.example/policy/1");
        certificates.accredit(ca, keccak256("CA"), NOW + 10 * YEAR);
        vm.stopPrank();
    }

    function _permit() private {
        permit(address(ruleBook), RuleBook.publish.selector, Roles.REGULATOR);
        permit(address(certificates), CertificateRegistry.accredit.selector, Roles.REGULATOR);
        permit(address(certificates), CertificateRegistry.withdrawAccreditation.selector, Roles.REGULATOR);
        permit(address(certificates), CertificateRegistry.revokeAsRegulator.selector, Roles.REGULATOR);
        permit(address(registry), StakeholderRegistry.suspend.selector, Roles.REGULATOR);
        permit(address(registry), StakeholderRegistry.reinstate.selector, Roles.REGULATOR);
        permit(address(registry), StakeholderRegistry.setRestrictions.selector, Roles.REGULATOR);
        permit(address(registry), StakeholderRegistry.setCapabilities.selector, Roles.REGULATOR);
        permit(address(registry), StakeholderRegistry.assignRegion.selector, Roles.REGULATOR);
        permit(address(registry), StakeholderRegistry.returnForCorrection.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.refuse.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.approve.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.addRepresentative.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.setRights.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.removeRepresentative.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.rotateKey.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.setPrincipal.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.confirmRotationAsOfficer.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.announceClosing.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.close.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.setAccountRules.selector, Roles.REGULATOR);
        permit(address(registry), StakeholderRegistry.amendRecord.selector, Roles.REGISTRY_OPERATOR);
        permit(address(registry), StakeholderRegistry.setOwner.selector, Roles.REGISTRY_OPERATOR);
        grant(Roles.REGULATOR, regulator);
        grant(Roles.REGISTRY_OPERATOR, officer);
    }

    /* APPLICATIONS */

    function formOf(AccountKind kind) internal pure returns (IStakeholderRegistry.Form memory) {
        return IStakeholderRegistry.Form({
            kind: kind,
            region: 7,
            sector: 2351,
            wantsReporting: kind == AccountKind.OPERATOR,
            owner: 0,
            policyVersion: 1,
            record: RECORD
        });
    }

    function applyAs(uint256 key, AccountKind kind) internal returns (uint32 id) {
        vm.prank(vm.addr(key));
        return registry.applyForAccount(formOf(kind));
    }

    function open(uint256 key, AccountKind kind) internal returns (address account) {
        uint32 id = applyAs(key, kind);
        Signed memory s = signed(registry.accountOf(id), key);
        vm.prank(officer);
        return registry.approve(id, s.attestation, s.byCa, s.byKey);
    }

    function addAs(uint256 key, address account, uint16 rights) internal returns (bytes32 fingerprint) {
        Signed memory s = signed(account, key);
        vm.prank(officer);
        registry.addRepresentative(rights, s.attestation, s.byCa, s.byKey);
        return s.attestation.fingerprint;
    }

    /* CERTIFICATES */

    struct Signed {
        Attestation attestation;
        bytes byCa;
        bytes byKey;
    }

    /// @dev A new certificate for a year.
    function attestationOf(address account, uint256 key) internal returns (Attestation memory) {
        return Attestation({
            fingerprint: keccak256(abi.encode("certificate", ++_certificatesMade)),
            account: account,
            key: vm.addr(key),
            notBefore: uint40(block.timestamp),
            notAfter: uint40(block.timestamp) + YEAR,
            domains: keccak256("node.example")
        });
    }

    function signed(address account, uint256 key) internal returns (Signed memory) {
        return signed(attestationOf(account, key), CA, key);
    }

    function signed(Attestation memory attestation, uint256 byCa, uint256 byKey) internal view returns (Signed memory) {
        return Signed({
            attestation: attestation,
            byCa: sign(byCa, certificates.attestationDigest(attestation)),
            byKey: sign(byKey, certificates.possessionDigest(attestation.fingerprint, attestation.account))
        });
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function revokeAsCa(bytes32 fingerprint) internal {
        vm.prank(ca);
        certificates.revoke(fingerprint, 1);
    }

    /* ASKING */

    function mayTrade(address key) internal view returns (bool) {
        try ledger.actingFor(key, Rights.TRADE, 0) returns (address) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Each call, by someone without a role, stops at the Authority.
    function refusedToStranger(address target, bytes[] memory calls) internal {
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(stranger);
            (bool ok, bytes memory answer) = target.call(calls[i]);
            assertFalse(ok, "a stranger passed");
            assertEq(
                keccak256(answer),
                keccak256(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger)),
                "refused by the Authority"
            );
        }
    }
}
