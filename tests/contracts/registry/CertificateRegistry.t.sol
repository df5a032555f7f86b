// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { CertificateRegistry } from "../../../contracts/registry/CertificateRegistry.sol";
import { ICertificateRegistry } from "../../../contracts/registry/ICertificateRegistry.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { IStakeholderRegistry } from "../../../contracts/registry/IStakeholderRegistry.sol";
import { StakeholderRegistry } from "../../../contracts/registry/StakeholderRegistry.sol";
import { AccountKind, Eligibility, Rights } from "../../../contracts/types/Accounts.sol";
import { Attestation } from "../../../contracts/types/Certificates.sol";
import { RegistrySuite } from "../support/RegistrySuite.sol";

contract CertificateRegistryTest is RegistrySuite {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant OTHER_CA = 0x07C4;

    uint32 private id;
    address private account;
    bytes private approval;

    function setUp() public {
        setUpRegistry();
        id = applyAs(ALICE, AccountKind.TRADER);
        account = registry.accountOf(id);
        Signed memory s = signed(account, ALICE);
        approval = abi.encodeCall(StakeholderRegistry.approve, (id, s.attestation, s.byCa, s.byKey));
    }

    function approve(Signed memory s) private {
        vm.prank(officer);
        registry.approve(id, s.attestation, s.byCa, s.byKey);
    }

    function refused(Signed memory s, bytes memory reason) private {
        vm.prank(officer);
        vm.expectRevert(reason);
        registry.approve(id, s.attestation, s.byCa, s.byKey);
    }

    /* ACCREDITATION */

    // @requirement R-ID-6 certification authorities are accredited
    function test_accredit_new_numbersIt() public {
        address other = vm.addr(OTHER_CA);
        vm.prank(regulator);
        vm.expectEmit(address(certificates));
        emit ICertificateRegistry.Accredited(other, 2, "other", NOW, NOW + YEAR);
        certificates.accredit(other, "other", NOW + YEAR);

        ICertificateRegistry.Accreditation memory given = certificates.accreditationOf(other);
        assertEq(given.number, 2);
        assertEq(given.since, NOW);
        assertEq(given.until, NOW + YEAR);
        assertEq(certificates.signerOf(2), other);
        assertEq(certificates.signerOf(3), address(0));
    }

    function test_accredit_again_keepsNumberAndMovesEnd() public {
        vm.warp(NOW + 5);
        vm.prank(regulator);
        certificates.accredit(ca, "CA", NOW + 3 * YEAR);

        ICertificateRegistry.Accreditation memory given = certificates.accreditationOf(ca);
        assertEq(given.number, 1);
        assertEq(given.since, NOW);
        assertEq(given.until, NOW + 3 * YEAR);
    }

    function test_accredit_endedOrNobody_reverts() public {
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.BadAccreditation.selector, ca, NOW));
        certificates.accredit(ca, "CA", NOW);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.BadAccreditation.selector, address(0), NOW + YEAR));
        certificates.accredit(address(0), "CA", NOW + YEAR);
    }

    function test_withdrawAccreditation_unknownTwiceOrWithoutCause_reverts() public {
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.NotAccredited.selector, stranger));
        certificates.withdrawAccreditation(stranger, CAUSE);
        vm.expectRevert(ICertificateRegistry.CauseMissing.selector);
        certificates.withdrawAccreditation(ca, 0);

        vm.expectEmit(address(certificates));
        emit ICertificateRegistry.AccreditationWithdrawn(ca, NOW, CAUSE);
        certificates.withdrawAccreditation(ca, CAUSE);

        bytes memory gone = abi.encodeWithSelector(ICertificateRegistry.SignerWithdrawn.selector, ca, NOW);
        vm.expectRevert(gone);
        certificates.withdrawAccreditation(ca, CAUSE);
        vm.expectRevert(gone);
        certificates.accredit(ca, "CA", NOW + YEAR);
    }

    // @requirement R-ACC-2
    function test_restricted_byStranger_reverts() public {
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(CertificateRegistry.accredit, (ca, "CA", NOW + YEAR));
        calls[1] = abi.encodeCall(CertificateRegistry.withdrawAccreditation, (ca, CAUSE));
        calls[2] = abi.encodeCall(CertificateRegistry.revokeAsRegulator, (new bytes32[](1), 1));
        refusedToStranger(address(certificates), calls);
    }

    /* BINDING */

    // @requirement R-ID-6 a certificate of an accredited authority is bound to the account's key
    function test_bind_bothSignatures_standsBehindTheKey() public {
        Signed memory s = signed(account, ALICE);
        Attestation memory a = s.attestation;
        vm.expectEmit(address(certificates));
        emit ICertificateRegistry.CertificateBound(
            a.fingerprint, account, alice, ca, a.notBefore, a.notAfter, a.domains
        );
        approve(s);

        ICertificateRegistry.Certificate memory c = certificates.certificateOf(a.fingerprint);
        assertEq(c.key, alice);
        assertEq(c.signer, ca);
        assertEq(c.notAfter, a.notAfter);
        assertEq(c.revokedAt, 0);
        assertTrue(c.current);
        assertEq(certificates.fingerprintOf(alice), a.fingerprint);
    }

    // @requirement R-ID-6 typed data as any wallet signs it
    function test_attestationDigest_anyone_isEip712() public view {
        Attestation memory a = Attestation("fingerprint", account, alice, 1, 2, "domains");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Carbon Certificates"),
                keccak256("1"),
                block.chainid,
                address(certificates)
            )
        );
        bytes32 attested = keccak256(
            abi.encode(
                keccak256(
                    "Attestation(bytes32 fingerprint,address account,address key,uint40 notBefore,uint40 notAfter,bytes32 domains)"
                ),
                bytes32("fingerprint"),
                account,
                alice,
                uint256(1),
                uint256(2),
                bytes32("domains")
            )
        );
        bytes32 possessed = keccak256(
            abi.encode(keccak256("Possession(bytes32 fingerprint,address account)"), bytes32("fingerprint"), account)
        );

        assertEq(certificates.attestationDigest(a), keccak256(abi.encodePacked(hex"1901", domain, attested)));
        assertEq(
            certificates.possessionDigest("fingerprint", account),
            keccak256(abi.encodePacked(hex"1901", domain, possessed))
        );
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifying,
            bytes32 salt,
            uint256[] memory extensions
        ) = certificates.eip712Domain();
        assertEq(uint8(fields), 0x0f);
        assertEq(name, "Carbon Certificates");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifying, address(certificates));
        assertEq(salt, 0);
        assertEq(extensions.length, 0);
    }

    function test_bind_byAnyoneButTheRegistry_reverts() public {
        Signed memory s = signed(account, ALICE);

        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, officer, address(registry)));
        certificates.bind(s.attestation, s.byCa, s.byKey);
    }

    // @requirement R-ID-6 only accredited authorities
    function test_bind_caNeverAccredited_reverts() public {
        refused(
            signed(attestationOf(account, ALICE), OTHER_CA, ALICE),
            abi.encodeWithSelector(ICertificateRegistry.NotAccredited.selector, vm.addr(OTHER_CA))
        );
    }

    function test_bind_caWithdrawn_reverts() public {
        Signed memory s = signed(account, ALICE);
        vm.prank(regulator);
        certificates.withdrawAccreditation(ca, CAUSE);

        refused(s, abi.encodeWithSelector(ICertificateRegistry.SignerWithdrawn.selector, ca, NOW));
    }

    function test_bind_accreditationEnded_reverts() public {
        vm.warp(NOW + 10 * YEAR);

        refused(
            signed(account, ALICE),
            abi.encodeWithSelector(ICertificateRegistry.AccreditationEnded.selector, ca, NOW + 10 * YEAR)
        );
    }

    // @requirement R-SEC-1 a signature for another chain is worth nothing
    function test_bind_signedForAnotherChain_reverts() public {
        Attestation memory a = attestationOf(account, ALICE);
        Signed memory here = signed(a, CA, ALICE);
        vm.chainId(1); // and back by its number: the compiler takes `block.chainid` for constant
        Signed memory there = signed(a, CA, ALICE);
        vm.chainId(31_337);

        bytes32 digest = certificates.attestationDigest(a);
        address ghost = ECDSA.recover(digest, there.byCa);
        refused(
            Signed(a, there.byCa, here.byKey),
            abi.encodeWithSelector(ICertificateRegistry.NotAccredited.selector, ghost)
        );
        ghost = ECDSA.recover(certificates.possessionDigest(a.fingerprint, account), there.byKey);
        refused(
            Signed(a, here.byCa, there.byKey),
            abi.encodeWithSelector(ICertificateRegistry.PossessionNotProven.selector, alice, ghost)
        );
    }

    // @requirement R-SEC-1 a signature for another deployment is worth nothing
    function test_bind_signedForAnotherDeployment_reverts() public {
        CertificateRegistry elsewhere = CertificateRegistry(newProxy());
        install(address(elsewhere), address(new CertificateRegistry(registry)), "");
        Attestation memory a = attestationOf(account, ALICE);
        bytes memory byCa = sign(CA, elsewhere.attestationDigest(a));
        bytes memory byKey = sign(ALICE, certificates.possessionDigest(a.fingerprint, account));
        address ghost = ECDSA.recover(certificates.attestationDigest(a), byCa);

        refused(Signed(a, byCa, byKey), abi.encodeWithSelector(ICertificateRegistry.NotAccredited.selector, ghost));
    }

    // @requirement R-ID-6 possession is proved by the representative's own key
    function test_bind_possessionByAnotherKey_reverts() public {
        refused(
            signed(attestationOf(account, ALICE), CA, BOB),
            abi.encodeWithSelector(ICertificateRegistry.PossessionNotProven.selector, alice, bob)
        );
    }

    function test_bind_notYetValid_reverts() public {
        Attestation memory a = attestationOf(account, ALICE);
        a.notBefore = NOW + 1;

        refused(
            signed(a, CA, ALICE),
            abi.encodeWithSelector(ICertificateRegistry.AttestationNotYetValid.selector, a.fingerprint, NOW + 1)
        );
    }

    function test_bind_expired_reverts() public {
        Attestation memory a = attestationOf(account, ALICE);
        a.notBefore = NOW - 2;
        a.notAfter = NOW;

        refused(
            signed(a, CA, ALICE),
            abi.encodeWithSelector(ICertificateRegistry.AttestationExpired.selector, a.fingerprint, NOW)
        );
    }

    // @requirement R-SEC-1 one signature, one use
    function test_bind_sameCertificateAgain_reverts() public {
        Signed memory s = signed(account, ALICE);
        approve(s);

        vm.expectRevert(
            abi.encodeWithSelector(ICertificateRegistry.FingerprintUsed.selector, s.attestation.fingerprint)
        );
        registry.renew(s.attestation, s.byCa, s.byKey);
    }

    function test_bind_fingerprintOfAnothersCertificate_reverts() public {
        Signed memory s = signed(account, ALICE);
        approve(s);
        id = applyAs(BOB, AccountKind.TRADER);
        Attestation memory a = attestationOf(registry.accountOf(id), BOB);
        a.fingerprint = s.attestation.fingerprint;

        refused(
            signed(a, CA, BOB), abi.encodeWithSelector(ICertificateRegistry.FingerprintUsed.selector, a.fingerprint)
        );
    }

    function test_bind_withoutFingerprint_reverts() public {
        Attestation memory a = attestationOf(account, ALICE);
        a.fingerprint = 0;

        refused(signed(a, CA, ALICE), abi.encodeWithSelector(ICertificateRegistry.NoFingerprint.selector));
    }

    // @requirement R-SEC-1 the other s of the same signature is refused
    function test_bind_malleableSignature_reverts() public {
        Attestation memory a = attestationOf(account, ALICE);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CA, certificates.attestationDigest(a));
        bytes32 high = bytes32(CURVE_ORDER - uint256(s));
        bytes memory byKey = sign(ALICE, certificates.possessionDigest(a.fingerprint, account));

        refused(
            Signed(a, abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27)), byKey),
            abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high)
        );
    }

    function test_bind_malformedSignature_reverts() public {
        Signed memory s = signed(account, ALICE);
        bytes memory byCa = s.byCa;

        s.byCa = hex"1234";
        refused(s, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 2));
        s.byCa = new bytes(65);
        refused(s, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignature.selector));
        s.byCa = byCa;
        s.byKey = new bytes(64);
        refused(s, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 64));
    }

    // @requirement R-ID-6
    function testFuzz_bind_anyValidity_bindsExactlyWhileValid(uint40 notBefore, uint40 notAfter, bytes32 print) public {
        vm.assume(print != 0);
        Attestation memory a = attestationOf(account, ALICE);
        (a.fingerprint, a.notBefore, a.notAfter) = (print, notBefore, notAfter);
        Signed memory s = signed(a, CA, ALICE);

        if (notBefore > NOW) {
            refused(s, abi.encodeWithSelector(ICertificateRegistry.AttestationNotYetValid.selector, print, notBefore));
        } else if (notAfter <= NOW) {
            refused(s, abi.encodeWithSelector(ICertificateRegistry.AttestationExpired.selector, print, notAfter));
        } else {
            approve(s);
            assertEq(certificates.certificateOf(print).notAfter, notAfter);
            assertEq(ledger.eligibilityOf(account).certificateUntil, notAfter);
            assertEq(ledger.representationOf(alice).certificateUntil, notAfter);
        }
    }

    // @requirement R-SEC-1 no field can be altered after signing
    function testFuzz_bind_alteredAfterSigning_reverts(uint256 field, uint256 flip) public {
        Signed memory s = signed(account, ALICE);
        field = bound(field, 0, 7);
        flip = 1 << bound(flip, 0, 31);
        if (field == 0) s.attestation.fingerprint ^= bytes32(flip);
        if (field == 1) s.attestation.account = address(uint160(s.attestation.account) ^ uint160(flip));
        if (field == 2) s.attestation.key = address(uint160(s.attestation.key) ^ uint160(flip));
        if (field == 3) s.attestation.notBefore ^= uint40(flip);
        if (field == 4) s.attestation.notAfter ^= uint40(flip);
        if (field == 5) s.attestation.domains ^= bytes32(flip);
        if (field == 6) s.byCa[flip % 65] ^= 0x01;
        if (field == 7) s.byKey[flip % 65] ^= 0x01;

        vm.prank(officer);
        vm.expectRevert();
        registry.approve(id, s.attestation, s.byCa, s.byKey);
    }

    // Set-up was another transaction, so all slots and addresses are cold here as they are on a chain; even the registry,
    // which a transaction finds warm when it is the target. What it costs on a chain is about 2,600 less.
    function test_approve_wholeTransaction_costsAtMost250000() public {
        bytes memory data = approval;
        uint256 intrinsic = 21_000;
        for (uint256 i; i < data.length; ++i) {
            intrinsic += data[i] == 0 ? 4 : 16;
        }
        address target = address(registry);
        vm.prank(officer);

        uint256 before = gasleft();
        (bool ok,) = target.call(data);
        uint256 used = intrinsic + before - gasleft();

        assertTrue(ok, "approved");
        assertLe(used, 250_000, "gas of a registration");
        emit Measured("register", used);
    }

    event Measured(string name, uint256 gas);

    /* REVOKING */

    // @requirement R-ID-6 from the revocation on, the account takes part in nothing
    function test_revoke_bySigner_shutsAccountOut() public {
        Signed memory s = signed(account, ALICE);
        approve(s);
        assertTrue(mayTrade(alice), "before");

        vm.warp(NOW + 50);
        vm.expectEmit(address(certificates));
        emit ICertificateRegistry.CertificateRevoked(s.attestation.fingerprint, alice, NOW + 50, 1, ca);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.CertificateChanged(account, alice, NOW + 50);
        revokeAsCa(s.attestation.fingerprint);

        vm.expectRevert(abi.encodeWithSelector(IEligibility.CertificateExpired.selector, alice, NOW + 50));
        ledger.actingFor(alice, Rights.TRADE, 0);
        assertEq(ledger.eligibilityOf(account).certificateUntil, NOW + 50);
        assertEq(certificates.certificateOf(s.attestation.fingerprint).revokedAt, NOW + 50);
    }

    function test_revoke_ofSecondRepresentative_shutsOutThatKeyOnly() public {
        approve(signed(account, ALICE));
        bytes32 bobs = addAs(BOB, account, Rights.ALL);

        revokeAsCa(bobs);

        assertFalse(mayTrade(bob), "revoked");
        assertTrue(mayTrade(alice), "the other key, and the account");
    }

    function test_revoke_byAnyoneElse_reverts() public {
        Signed memory s = signed(account, ALICE);
        approve(s);

        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.NotTheSigner.selector, alice, ca));
        certificates.revoke(s.attestation.fingerprint, 1);
    }

    function test_revoke_unknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.UnknownCertificate.selector, bytes32("none")));
        certificates.revoke("none", 1);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.UnknownCertificate.selector, bytes32("none")));
        certificates.certificateOf("none");
    }

    function test_revoke_twice_reverts() public {
        Signed memory s = signed(account, ALICE);
        approve(s);
        revokeAsCa(s.attestation.fingerprint);

        vm.prank(ca);
        vm.expectRevert(
            abi.encodeWithSelector(ICertificateRegistry.CertificateIsRevoked.selector, s.attestation.fingerprint, NOW)
        );
        certificates.revoke(s.attestation.fingerprint, 1);
    }

    function testFuzz_revoke_anyReason_onlyThoseOfRfc5280(uint8 reason) public {
        Signed memory s = signed(account, ALICE);
        approve(s);
        bool known = reason <= 10 && reason != 6 && reason != 7 && reason != 8;

        vm.prank(ca);
        if (!known) vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.BadRevocationReason.selector, reason));
        certificates.revoke(s.attestation.fingerprint, reason);
    }

    // @requirement R-SEC-1 an authority that lost its accreditation cannot shut its customers out
    function test_revoke_bySignerWithdrawn_revertsAndRegulatorRevokes() public {
        Signed memory s = signed(account, ALICE);
        approve(s);
        vm.prank(regulator);
        certificates.withdrawAccreditation(ca, CAUSE);

        vm.prank(ca);
        vm.expectRevert(abi.encodeWithSelector(ICertificateRegistry.SignerWithdrawn.selector, ca, NOW));
        certificates.revoke(s.attestation.fingerprint, 2);
        assertTrue(mayTrade(alice), "what it signed stands until revoked");

        bytes32[] memory prints = new bytes32[](1);
        prints[0] = s.attestation.fingerprint;
        vm.prank(regulator);
        certificates.revokeAsRegulator(prints, 2);
        assertFalse(mayTrade(alice), "revoked by the regulator");
    }

    function test_revoke_accreditationMerelyEnded_stillRevokes() public {
        Attestation memory a = attestationOf(account, ALICE);
        a.notAfter = NOW + 20 * YEAR;
        approve(signed(a, CA, ALICE));
        vm.warp(NOW + 11 * YEAR);

        revokeAsCa(a.fingerprint);

        assertFalse(mayTrade(alice), "revoked");
    }

    function test_revoke_replacedCertificate_leavesTheKeyAlone() public {
        Signed memory first = signed(account, ALICE);
        approve(first);
        Signed memory second = signed(account, ALICE);
        registry.renew(second.attestation, second.byCa, second.byKey);

        vm.prank(ca);
        certificates.revoke(first.attestation.fingerprint, 4); // superseded

        assertTrue(mayTrade(alice), "by the second");
        assertFalse(certificates.certificateOf(first.attestation.fingerprint).current, "replaced");
    }

    // A thief who renews first keeps nothing: a compromise is the key's.
    function test_revoke_compromisedKeyWasRenewed_endsWhatReplacedIt() public {
        Signed memory first = signed(account, ALICE);
        approve(first);
        Signed memory second = signed(account, ALICE);
        registry.renew(second.attestation, second.byCa, second.byKey);

        revokeAsCa(first.attestation.fingerprint);

        assertFalse(mayTrade(alice), "shut out");
        assertEq(certificates.certificateOf(second.attestation.fingerprint).revokedAt, NOW, "the second, too");
    }

    function test_revoke_afterItsEnd_doesNotLengthenIt() public {
        Signed memory s = signed(account, ALICE);
        approve(s);
        vm.warp(s.attestation.notAfter + 10);

        revokeAsCa(s.attestation.fingerprint);

        assertEq(ledger.eligibilityOf(account).certificateUntil, s.attestation.notAfter);
    }

    // @requirement R-ID-5 a removed representative never returns
    function test_revoke_afterRemovalOfTheKey_changesNothing() public {
        approve(signed(account, ALICE));
        bytes32 bobs = addAs(BOB, account, Rights.ALL);
        vm.prank(officer);
        registry.removeRepresentative(bob, CAUSE);

        revokeAsCa(bobs);

        assertEq(ledger.representationOf(bob).account, address(0), "still nobody");
        assertFalse(mayTrade(bob), "still nothing");
    }

    /* EXPIRY AND RENEWAL */

    // @requirement R-ID-6 validity is enforced at every act
    function test_expiry_ofThePrincipal_shutsAccountOutAtTheSecond() public {
        Signed memory s = signed(account, ALICE);
        approve(s);

        vm.warp(s.attestation.notAfter - 1);
        assertTrue(mayTrade(alice), "last second");
        vm.warp(s.attestation.notAfter);
        assertFalse(mayTrade(alice), "ended");
    }

    function test_renew_byAnyone_carriesOn() public {
        approve(signed(account, ALICE));
        vm.warp(NOW + YEAR);
        assertFalse(mayTrade(alice), "ended");
        Signed memory s = signed(account, ALICE);

        vm.prank(stranger);
        vm.expectEmit(address(registry));
        emit IStakeholderRegistry.CertificateChanged(account, alice, NOW + 2 * YEAR);
        registry.renew(s.attestation, s.byCa, s.byKey);

        assertTrue(mayTrade(alice), "renewed");
        assertEq(certificates.fingerprintOf(alice), s.attestation.fingerprint);
        Eligibility memory e = ledger.eligibilityOf(account);
        assertEq(e.certificateUntil, NOW + 2 * YEAR);
    }

    function test_renew_ofSecondRepresentative_leavesTheAccountsOwn() public {
        approve(signed(account, ALICE));
        addAs(BOB, account, Rights.READ);
        vm.warp(NOW + 10);
        Signed memory s = signed(account, BOB);
        registry.renew(s.attestation, s.byCa, s.byKey);

        assertEq(ledger.eligibilityOf(account).certificateUntil, NOW + YEAR);
        assertEq(ledger.representationOf(bob).certificateUntil, NOW + 10 + YEAR);
        assertEq(ledger.representationOf(bob).rights, Rights.READ);
    }

    // @requirement R-SEC-1 a key that was revoked is not certified back in
    function test_renew_afterRevocation_reverts() public {
        Signed memory first = signed(account, ALICE);
        approve(first);
        revokeAsCa(first.attestation.fingerprint);
        Signed memory s = signed(account, ALICE);

        vm.expectRevert(
            abi.encodeWithSelector(
                ICertificateRegistry.CertificateIsRevoked.selector, first.attestation.fingerprint, NOW
            )
        );
        registry.renew(s.attestation, s.byCa, s.byKey);
    }

    function test_renew_forAnotherAccount_reverts() public {
        approve(signed(account, ALICE));
        address bobs = open(BOB, AccountKind.TRADER);
        Signed memory s = signed(bobs, ALICE);

        vm.expectRevert(
            abi.encodeWithSelector(IStakeholderRegistry.AttestedForAnother.selector, bobs, alice, account, alice)
        );
        registry.renew(s.attestation, s.byCa, s.byKey);
    }

    function test_renew_keyOfNobody_reverts() public {
        Signed memory s = signed(account, ALICE);

        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, alice));
        registry.renew(s.attestation, s.byCa, s.byKey);
    }

    // @requirement R-ID-6 only the registry's own certificates reach the ledger
    function test_certificateChanged_byAnyoneElse_reverts() public {
        vm.prank(officer);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, officer, address(certificates)));
        registry.certificateChanged(alice, NOW + YEAR);
    }
}
