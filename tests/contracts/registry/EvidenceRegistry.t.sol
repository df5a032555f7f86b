// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { EvidenceRegistry } from "../../../contracts/registry/EvidenceRegistry.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { IEvidenceRegistry } from "../../../contracts/registry/IEvidenceRegistry.sol";
import { AccountKind, Rights } from "../../../contracts/types/Accounts.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { RegistrySuite } from "../support/RegistrySuite.sol";

/// @dev Keys, documents, grants, requests, with the real registries and ledger. @requirement R-TRC-2 R-ID-3 R-ACC-6
contract EvidenceRegistryTest is RegistrySuite {
    EvidenceRegistry private evidence;
    address private account;
    address private buyer;
    address private office = address(uint160(Roles.REGISTRY_OPERATOR));
    bytes32 private constant FIRST = keccak256("commitment 1");
    bytes32 private constant SECOND = keccak256("commitment 2");

    function setUp() public {
        setUpRegistry();
        evidence = EvidenceRegistry(newProxy());
        install(address(evidence), address(new EvidenceRegistry(ledger, registry)), "");
        account = open(ALICE, AccountKind.TRADER);
        buyer = open(BOB, AccountKind.TRADER);
        vm.prank(bob);
        evidence.registerEncryptionKey(buyer, "buyer's key");
    }

    function filed() private returns (uint64 document) {
        vm.prank(alice);
        return evidence.file(account, Roles.REGISTRY_OPERATOR, "unit", FIRST);
    }

    function refuses(address caller, bytes memory error, bytes memory data) private {
        vm.prank(caller);
        vm.expectRevert(error);
        (bool done,) = address(evidence).call(data);
        done;
    }

    function notSpeaker(address caller, address party) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEvidenceRegistry.NotThePartysSpeaker.selector, caller, party);
    }

    function notRepresentative(address caller) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IEligibility.NotARepresentative.selector, caller);
    }

    /* KEYS */

    function test_registerEncryptionKey_again_isTheNextVersionAndTheFirstStays() public {
        vm.startPrank(alice);
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.EncryptionKeyRegistered(account, 1, "one", alice);
        assertEq(evidence.registerEncryptionKey(account, "one"), 1);
        assertEq(evidence.registerEncryptionKey(account, "two"), 2);
        vm.stopPrank();
        assertEq(evidence.encryptionKeyCount(account), 2);
        assertEq(evidence.encryptionKeyOf(account, 1).publicKey, "one");
        assertEq(evidence.encryptionKeyOf(account, 2).publicKey, "two");
        assertEq(evidence.encryptionKeyOf(account, 2).since, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceRegistry.NoEncryptionKey.selector, account));
        evidence.encryptionKeyOf(account, 3);
    }

    function test_registerEncryptionKey_anothersOrZero_refused() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceRegistry.EncryptionKeyMissing.selector));
        evidence.registerEncryptionKey(account, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceRegistry.EncryptionKeyUsed.selector, bytes32("buyer's key"), buyer)
        );
        evidence.registerEncryptionKey(account, "buyer's key");
        vm.expectRevert(notSpeaker(alice, buyer));
        evidence.registerEncryptionKey(buyer, "mine");
        vm.stopPrank();
    }

    function test_registerEncryptionKey_ofAnOffice_onlyItsMembers() public {
        vm.prank(officer);
        assertEq(evidence.registerEncryptionKey(office, "office"), 1);
        refuses(
            alice, notSpeaker(alice, office), abi.encodeCall(evidence.registerEncryptionKey, (office, bytes32("x")))
        );
        refuses(
            alice,
            notSpeaker(alice, address(0)),
            abi.encodeCall(evidence.registerEncryptionKey, (address(0), bytes32("x")))
        );
    }

    /* DOCUMENTS */

    function test_file_andReplace_versionsStay() public {
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.DocumentFiled(1, account, "unit", Roles.REGISTRY_OPERATOR, FIRST, alice);
        assertEq(filed(), 1);
        vm.warp(block.timestamp + 1 days);
        vm.prank(alice);
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.DocumentReplaced(1, 2, SECOND, alice);
        assertEq(evidence.replaceDocument(1, SECOND), 2);
        IEvidenceRegistry.Document memory d = evidence.documentOf(1);
        assertEq(d.owner, account);
        assertEq(d.office, Roles.REGISTRY_OPERATOR);
        assertEq(d.versions, 2);
        assertEq(d.subject, "unit");
        assertEq(evidence.versionOf(1, 1).commitment, FIRST);
        assertEq(evidence.versionOf(1, 2).commitment, SECOND);
        assertEq(evidence.versionOf(1, 2).at, block.timestamp);
        assertEq(evidence.documentWith(SECOND), 1);
        assertEq(evidence.documentCount(), 1);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceRegistry.UnknownDocumentVersion.selector, 1, 3, 2));
        evidence.versionOf(1, 3);
    }

    /// @dev Collisions of commitments, whoever tries. (R-SEC-1)
    function test_commitments_thatCollide_refused() public {
        filed();
        bytes memory used = abi.encodeWithSelector(IEvidenceRegistry.CommitmentUsed.selector, FIRST, 1);
        refuses(alice, used, abi.encodeCall(evidence.file, (account, 0, bytes32(0), FIRST)));
        refuses(alice, used, abi.encodeCall(evidence.replaceDocument, (1, FIRST)));
        refuses(bob, used, abi.encodeCall(evidence.file, (buyer, 0, bytes32(0), FIRST)));
        bytes memory missing = abi.encodeWithSelector(IEvidenceRegistry.CommitmentMissing.selector);
        refuses(alice, missing, abi.encodeCall(evidence.file, (account, 0, bytes32(0), bytes32(0))));
    }

    function test_file_forAnotherOrForEverybody_refused() public {
        refuses(bob, notSpeaker(bob, account), abi.encodeCall(evidence.file, (account, 0, bytes32(0), FIRST)));
        refuses(stranger, notRepresentative(stranger), abi.encodeCall(evidence.file, (account, 0, bytes32(0), FIRST)));
        bytes memory noOffice = abi.encodeWithSelector(IEvidenceRegistry.NoSuchOffice.selector, type(uint64).max);
        refuses(alice, noOffice, abi.encodeCall(evidence.file, (account, type(uint64).max, bytes32(0), FIRST)));
        refuses(officer, notRepresentative(officer), abi.encodeCall(evidence.replaceDocument, (filed(), SECOND)));
        bytes memory unknown = abi.encodeWithSelector(IEvidenceRegistry.UnknownDocument.selector, 9);
        refuses(alice, unknown, abi.encodeCall(evidence.replaceDocument, (9, SECOND)));
        refuses(alice, unknown, abi.encodeCall(evidence.requestAccess, (9, account, CAUSE)));
        refuses(alice, unknown, abi.encodeCall(evidence.documentOf, (9)));
    }

    function test_file_ofAnApplicant_isTheAccountsOnceItIsOpen() public {
        vm.prank(carol);
        uint64 document = evidence.file(carol, Roles.REGISTRY_OPERATOR, 0, FIRST);
        assertTrue(evidence.mayRead(document, carol));
        address opened = open(CAROL, AccountKind.TRADER);
        assertTrue(evidence.mayRead(document, opened), "the account reads");
        vm.prank(carol);
        assertEq(evidence.replaceDocument(document, SECOND), 2, "as representative");
        uint256 dave = 0xDA7E;
        addAs(dave, opened, Rights.ALL);
        vm.startPrank(officer);
        registry.setPrincipal(vm.addr(dave));
        registry.removeRepresentative(carol, CAUSE);
        vm.stopPrank();
        refuses(carol, notRepresentative(carol), abi.encodeCall(evidence.replaceDocument, (document, CAUSE)));
        vm.prank(vm.addr(dave));
        assertEq(evidence.replaceDocument(document, CAUSE), 3);
    }

    /* ACCESS */

    function test_grantAccess_forATime_endsByItself() public {
        uint64 document = filed();
        uint40 until = uint40(block.timestamp + 1 days);
        vm.prank(alice);
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.AccessGranted(document, buyer, until, alice);
        evidence.grantAccess(document, buyer, until);
        assertTrue(evidence.mayRead(document, buyer));
        vm.prank(bob);
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.DocumentRead(document, 1, buyer, bob);
        evidence.recordReading(document, 1, buyer);
        vm.warp(until);
        assertFalse(evidence.mayRead(document, buyer));
        bytes memory over = abi.encodeWithSelector(IEvidenceRegistry.NotTheReaders.selector, buyer, document, until);
        refuses(bob, over, abi.encodeCall(evidence.recordReading, (document, 1, buyer)));
        refuses(
            alice,
            abi.encodeWithSelector(IEvidenceRegistry.GrantEndsInThePast.selector, until, until),
            abi.encodeCall(evidence.grantAccess, (document, buyer, until))
        );
        refuses(
            alice,
            abi.encodeWithSelector(IEvidenceRegistry.NothingGranted.selector, document, buyer),
            abi.encodeCall(evidence.withdrawAccess, (document, buyer, CAUSE))
        );
    }

    function test_withdrawAccess_atOnce() public {
        uint64 document = filed();
        vm.startPrank(alice);
        evidence.grantAccess(document, buyer, 0);
        vm.warp(block.timestamp + 300 days);
        assertTrue(evidence.mayRead(document, buyer), "without end");
        vm.expectRevert(abi.encodeWithSelector(IEvidenceRegistry.ReasonsMissing.selector));
        evidence.withdrawAccess(document, buyer, 0);
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.AccessWithdrawn(document, buyer, CAUSE, alice);
        evidence.withdrawAccess(document, buyer, CAUSE);
        assertFalse(evidence.mayRead(document, buyer));
        assertEq(evidence.grantOf(document, buyer).until, block.timestamp);
        evidence.grantAccess(document, buyer, 0);
        assertTrue(evidence.mayRead(document, buyer), "granted anew");
        vm.stopPrank();
    }

    function test_grantAccess_byTheOffice_notByStrangersNorToTheKeyless() public {
        uint64 document = filed();
        vm.prank(officer);
        evidence.grantAccess(document, buyer, 0);
        assertTrue(evidence.mayRead(document, office), "the office reads");
        refuses(
            stranger, notRepresentative(stranger), abi.encodeCall(evidence.grantAccess, (document, buyer, uint40(0)))
        );
        refuses(bob, notSpeaker(bob, account), abi.encodeCall(evidence.withdrawAccess, (document, buyer, CAUSE)));
        refuses(
            alice,
            abi.encodeWithSelector(IEvidenceRegistry.NoEncryptionKey.selector, stranger),
            abi.encodeCall(evidence.grantAccess, (document, stranger, uint40(0)))
        );
        vm.prank(alice);
        uint64 own = evidence.file(account, 0, 0, SECOND);
        refuses(officer, notRepresentative(officer), abi.encodeCall(evidence.grantAccess, (own, buyer, uint40(0))));
    }

    function test_speaking_suspended_expiredOrWithoutTheRight_refused() public {
        uint64 document = filed();
        bytes memory grantIt = abi.encodeCall(evidence.grantAccess, (document, buyer, uint40(0)));
        uint256 dave = 0xDA7E;
        addAs(dave, account, Rights.READ);
        refuses(
            vm.addr(dave),
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector, vm.addr(dave), account, Rights.READ, Rights.INITIATE
            ),
            grantIt
        );
        vm.prank(vm.addr(dave));
        evidence.recordReading(document, 1, account);
        vm.prank(regulator);
        registry.suspend(account, CAUSE);
        refuses(alice, abi.encodeWithSelector(IEligibility.AccountNotActive.selector, account, 2), grantIt);
    }

    /* REQUESTS */

    function test_requestAccess_granted_grants() public {
        uint64 document = filed();
        vm.prank(bob);
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.AccessRequested(1, document, buyer, CAUSE, bob);
        assertEq(evidence.requestAccess(document, buyer, CAUSE), 1);
        uint40 until = uint40(block.timestamp + 7 days);
        vm.prank(alice);
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.AccessGranted(document, buyer, until, alice);
        vm.expectEmit(address(evidence));
        emit IEvidenceRegistry.AccessAnswered(1, true, CAUSE, alice);
        evidence.answerRequest(1, true, until, CAUSE);
        assertTrue(evidence.mayRead(document, buyer));
        assertEq(uint8(evidence.requestOf(1).state), uint8(IEvidenceRegistry.RequestState.GRANTED));
        assertEq(evidence.requestCount(), 1);
        refuses(
            alice,
            abi.encodeWithSelector(
                IEvidenceRegistry.RequestAnswered.selector, 1, IEvidenceRegistry.RequestState.GRANTED
            ),
            abi.encodeCall(evidence.answerRequest, (1, false, 0, CAUSE))
        );
        refuses(
            bob,
            abi.encodeWithSelector(IEvidenceRegistry.MayReadAlready.selector, document, buyer),
            abi.encodeCall(evidence.requestAccess, (document, buyer, CAUSE))
        );
    }

    function test_requestAccess_refused_opensNothing() public {
        uint64 document = filed();
        refuses(
            bob,
            abi.encodeWithSelector(IEvidenceRegistry.ReasonsMissing.selector),
            abi.encodeCall(evidence.requestAccess, (document, buyer, bytes32(0)))
        );
        refuses(bob, notSpeaker(bob, account), abi.encodeCall(evidence.requestAccess, (document, account, CAUSE)));
        vm.prank(bob);
        evidence.requestAccess(document, buyer, CAUSE);
        refuses(bob, notSpeaker(bob, account), abi.encodeCall(evidence.answerRequest, (1, true, uint40(0), CAUSE)));
        refuses(
            alice,
            abi.encodeWithSelector(IEvidenceRegistry.ReasonsMissing.selector),
            abi.encodeCall(evidence.answerRequest, (1, false, uint40(0), bytes32(0)))
        );
        vm.prank(officer);
        evidence.answerRequest(1, false, 0, CAUSE);
        assertFalse(evidence.mayRead(document, buyer));
        assertEq(uint8(evidence.requestOf(1).state), uint8(IEvidenceRegistry.RequestState.REFUSED));
        refuses(
            alice,
            abi.encodeWithSelector(IEvidenceRegistry.UnknownRequest.selector, 2),
            abi.encodeCall(evidence.answerRequest, (2, false, 0, CAUSE))
        );
    }

    function test_recordReading_ofAVersionThatIsNot_refused() public {
        uint64 document = filed();
        bytes memory none = abi.encodeWithSelector(IEvidenceRegistry.UnknownDocumentVersion.selector, document, 2, 1);
        refuses(alice, none, abi.encodeCall(evidence.recordReading, (document, 2, account)));
        bytes memory closed = abi.encodeWithSelector(IEvidenceRegistry.NotTheReaders.selector, buyer, document, 0);
        refuses(bob, closed, abi.encodeCall(evidence.recordReading, (document, 1, buyer)));
        assertFalse(evidence.mayRead(99, buyer), "of no document");
    }

    /// @dev Whatever is granted and taken back, at any time: who may read is who was granted last and not yet ended.
    function testFuzz_grants_inAnyOrder_areAsTheLastOne(uint256 seed) public {
        uint64 document = filed();
        bool open;
        uint256 end;
        for (uint256 i; i < 12; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            vm.warp(block.timestamp + seed % 3 days);
            if (end != 0 && block.timestamp >= end) open = false;
            assertEq(evidence.mayRead(document, buyer), open, "in time");
            if (seed >> 8 & 1 == 0) {
                end = seed >> 9 & 1 == 0 ? 0 : block.timestamp + 1 + (seed >> 16) % 4 days;
                vm.prank(alice);
                evidence.grantAccess(document, buyer, uint40(end));
                open = true;
            } else if (open) {
                vm.prank(alice);
                evidence.withdrawAccess(document, buyer, CAUSE);
                open = false;
            }
            assertEq(evidence.mayRead(document, buyer), open, "after the act");
        }
    }
}
