// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IServiceRecords } from "../../../contracts/governance/IServiceRecords.sol";
import { ServiceRecords } from "../../../contracts/governance/ServiceRecords.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Suite } from "../support/Suite.sol";

contract ServiceRecordsTest is Suite {
    uint40 private constant NOW = 1_700_000_000;
    bytes32 private constant BOOK = keccak256("order-book");
    bytes32 private constant DIGEST = keccak256("document");
    bytes32 private constant REASONS = keccak256("reasons");
    IServiceRecords.Kind private constant PROFILE = IServiceRecords.Kind.REQUIREMENT_PROFILE;
    IServiceRecords.Kind private constant SCHEME = IServiceRecords.Kind.TECHNICAL_SCHEME;
    IServiceRecords.Kind private constant RULES = IServiceRecords.Kind.SERVICE_RULES;

    address private manager = address(0x11);
    address private technical = address(0x12);
    address private developer = address(0x13);
    address private builder = address(0x14);
    address private supporter = address(0x15);
    address private supervisor = address(0x16);
    address private stranger = address(0x17);
    ServiceRecords private records;

    function setUp() public {
        vm.warp(NOW);
        records = ServiceRecords(newProxy());
        install(address(records), address(new ServiceRecords()), "");
        permit(address(records), ServiceRecords.publishProfile.selector, Roles.REQUIREMENTS_MANAGER);
        permit(address(records), ServiceRecords.decideSystemRelease.selector, Roles.REQUIREMENTS_MANAGER);
        permit(address(records), ServiceRecords.publishTechnicalScheme.selector, Roles.TECHNICAL_MANAGER);
        permit(address(records), ServiceRecords.decideServiceRelease.selector, Roles.TECHNICAL_MANAGER);
        permit(address(records), ServiceRecords.proposeSystemRelease.selector, Roles.SYSTEM_DEVELOPER);
        permit(address(records), ServiceRecords.proposeServiceRelease.selector, Roles.SERVICE_DEVELOPER);
        permit(address(records), ServiceRecords.recordSupply.selector, Roles.SUPPORTER);
        permit(address(records), ServiceRecords.setServiceRules.selector, Roles.SERVICE_REGULATOR);
        grant(Roles.REQUIREMENTS_MANAGER, manager);
        grant(Roles.TECHNICAL_MANAGER, technical);
        grant(Roles.SYSTEM_DEVELOPER, developer);
        grant(Roles.SERVICE_DEVELOPER, builder);
        grant(Roles.SUPPORTER, supporter);
        grant(Roles.SERVICE_REGULATOR, supervisor);
    }

    function _profile() private returns (uint32) {
        vm.prank(manager);
        return records.publishProfile(BOOK, DIGEST, 0, "uri");
    }

    function _release() private returns (uint32) {
        vm.prank(developer);
        return records.proposeSystemRelease(BOOK, 1, DIGEST, "uri");
    }

    // @requirement R-STK-3 versions with digest, author, effective time
    function test_publish_eachKind_recordsDigestAuthorAndTimes() public {
        vm.prank(manager);
        vm.expectEmit(address(records));
        emit IServiceRecords.DocumentPublished(BOOK, PROFILE, 1, DIGEST, NOW, NOW + 10, manager, "uri");
        assertEq(records.publishProfile(BOOK, DIGEST, NOW + 10, "uri"), 1);
        vm.prank(technical);
        assertEq(records.publishTechnicalScheme(BOOK, DIGEST, 0, ""), 1);
        vm.prank(supervisor);
        assertEq(records.setServiceRules(BOOK, DIGEST, 0, ""), 1);

        IServiceRecords.ServiceDocument memory found = records.documentOf(BOOK, PROFILE, 1);
        assertEq(found.digest, DIGEST);
        assertEq(found.author, manager);
        assertEq(found.publishedAt, NOW);
        assertEq(found.effectiveFrom, NOW + 10);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.NoDocumentInForce.selector, BOOK, PROFILE, NOW));
        records.documentInForce(BOOK, PROFILE, NOW);
        (uint32 version, bytes32 digest) = records.documentInForce(BOOK, PROFILE, NOW + 10);
        assertEq(version, 1);
        assertEq(digest, DIGEST);
        assertEq(records.documentCount(BOOK, RULES), 1);
        vm.expectRevert(
            abi.encodeWithSelector(IServiceRecords.NoSuchDocument.selector, BOOK, SCHEME, uint32(2), uint32(1))
        );
        records.documentOf(BOOK, SCHEME, 2);
    }

    function testFuzz_publish_anyTimes_inForceIsTheLatestEffective(uint32 first, uint32 gap, uint32 asked) public {
        uint40 one = NOW + first;
        uint40 two = one + gap;
        vm.startPrank(manager);
        records.publishProfile(BOOK, DIGEST, one, "");
        records.publishProfile(BOOK, REASONS, two, "");
        vm.stopPrank();
        uint40 at = NOW + asked;
        if (at < one) {
            vm.expectRevert(abi.encodeWithSelector(IServiceRecords.NoDocumentInForce.selector, BOOK, PROFILE, at));
            records.documentInForce(BOOK, PROFILE, at);
        } else {
            (uint32 version,) = records.documentInForce(BOOK, PROFILE, at);
            assertEq(version, at >= two ? 2 : 1);
        }
    }

    function test_publish_malformed_reverts() public {
        vm.startPrank(manager);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.NotAServiceDocument.selector, bytes32(0), DIGEST));
        records.publishProfile(0, DIGEST, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.NotAServiceDocument.selector, BOOK, bytes32(0)));
        records.publishProfile(BOOK, 0, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.BadEffectiveTime.selector, NOW - 1, NOW, uint40(0)));
        records.publishProfile(BOOK, DIGEST, NOW - 1, "");
        records.publishProfile(BOOK, DIGEST, NOW + 100, "");
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.BadEffectiveTime.selector, NOW, NOW, NOW + 100));
        records.publishProfile(BOOK, DIGEST, 0, "");
    }

    // @requirement R-STK-3 releases are proposed against the last version, and decided by another
    function test_release_proposedAndAccepted_isKept() public {
        _profile();
        uint32 id = _release();
        vm.prank(manager);
        vm.expectEmit(address(records));
        emit IServiceRecords.ReleaseResolved(id, IServiceRecords.ReleaseStatus.ACCEPTED, manager, REASONS);
        records.decideSystemRelease(id, true, REASONS);
        IServiceRecords.Release memory found = records.releaseOf(id);
        assertEq(uint8(found.status), uint8(IServiceRecords.ReleaseStatus.ACCEPTED));
        assertEq(found.developer, developer);
        assertEq(found.basis, 1);
        assertEq(records.releaseCount(), 1);
        vm.prank(developer);
        vm.expectRevert(
            abi.encodeWithSelector(IServiceRecords.ReleaseDecided.selector, id, IServiceRecords.ReleaseStatus.ACCEPTED)
        );
        records.withdrawRelease(id);
    }

    function test_release_againstAnOldVersion_isRefused() public {
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.StaleBasis.selector, uint32(1), uint32(0)));
        records.proposeSystemRelease(BOOK, 1, DIGEST, "");
        _profile();
        uint32 id = _release();
        _profile();
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.StaleBasis.selector, uint32(1), uint32(2)));
        records.proposeSystemRelease(BOOK, 1, DIGEST, "");
        vm.startPrank(manager);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.StaleBasis.selector, uint32(1), uint32(2)));
        records.decideSystemRelease(id, true, REASONS);
        records.decideSystemRelease(id, false, REASONS);
        vm.stopPrank();
        assertEq(uint8(records.releaseOf(id).status), uint8(IServiceRecords.ReleaseStatus.REFUSED));
    }

    function test_release_ofAnotherKindOrOwn_isNotDecided() public {
        _profile();
        uint32 id = _release();
        vm.prank(technical);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.ReleaseOfAnotherKind.selector, id, PROFILE));
        records.decideServiceRelease(id, true, REASONS);
        grant(Roles.REQUIREMENTS_MANAGER, developer);
        vm.startPrank(developer);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.MayNotDecideOwnRelease.selector, developer, id));
        records.decideSystemRelease(id, true, REASONS);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.NotAServiceDocument.selector, BOOK, bytes32(0)));
        records.proposeSystemRelease(BOOK, 1, 0, "");
        vm.stopPrank();
        vm.startPrank(manager);
        vm.expectRevert(IServiceRecords.ReasonMissing.selector);
        records.decideSystemRelease(id, true, 0);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.UnknownRelease.selector, uint32(9)));
        records.decideSystemRelease(9, true, REASONS);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.UnknownRelease.selector, uint32(9)));
        records.releaseOf(9);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.NotTheDeveloper.selector, manager, id, developer));
        records.withdrawRelease(id);
        vm.stopPrank();
        vm.prank(developer);
        records.withdrawRelease(id);
        assertEq(uint8(records.releaseOf(id).status), uint8(IServiceRecords.ReleaseStatus.WITHDRAWN));
    }

    // @requirement R-STK-7 what was supplied is attested, and corrected by a new entry only
    function test_supply_recordedAndCorrected_keepsBoth() public {
        vm.startPrank(supporter);
        uint32 first = records.recordSupply(IServiceRecords.Supply.TIME, NOW - 60, NOW, DIGEST, 0, "uri");
        vm.expectEmit(address(records));
        emit IServiceRecords.SupplyRecorded(
            2, supporter, IServiceRecords.Supply.TIME, NOW - 60, NOW, first, REASONS, ""
        );
        records.recordSupply(IServiceRecords.Supply.TIME, NOW - 60, NOW, REASONS, first, "");
        vm.stopPrank();
        assertEq(records.supplyOf(first).digest, DIGEST, "never erased");
        assertEq(records.supplyOf(2).corrects, first);
        assertEq(records.supplyCount(), 2);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.UnknownRecord.selector, uint32(3)));
        records.supplyOf(3);
    }

    function test_supply_malformedOrOfAnother_reverts() public {
        vm.startPrank(supporter);
        IServiceRecords.Supply time = IServiceRecords.Supply.TIME;
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.BadRecord.selector, time, NOW, NOW + 1, DIGEST));
        records.recordSupply(time, NOW, NOW + 1, DIGEST, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.BadRecord.selector, time, NOW, NOW - 1, DIGEST));
        records.recordSupply(time, NOW, NOW - 1, DIGEST, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.BadRecord.selector, time, NOW, NOW, bytes32(0)));
        records.recordSupply(time, NOW, NOW, 0, 0, "");
        vm.expectRevert(
            abi.encodeWithSelector(IServiceRecords.BadRecord.selector, IServiceRecords.Supply.NONE, NOW, NOW, DIGEST)
        );
        records.recordSupply(IServiceRecords.Supply.NONE, NOW, NOW, DIGEST, 0, "");
        uint32 id = records.recordSupply(time, NOW, NOW, DIGEST, 0, "");
        vm.stopPrank();
        grant(Roles.SUPPORTER, stranger);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IServiceRecords.NotTheSupporter.selector, stranger, id, supporter));
        records.recordSupply(time, NOW, NOW, DIGEST, id, "");
    }

    function test_restricted_byStranger_reverts() public {
        bytes[] memory calls = new bytes[](8);
        calls[0] = abi.encodeCall(ServiceRecords.publishProfile, (BOOK, DIGEST, 0, ""));
        calls[1] = abi.encodeCall(ServiceRecords.publishTechnicalScheme, (BOOK, DIGEST, 0, ""));
        calls[2] = abi.encodeCall(ServiceRecords.setServiceRules, (BOOK, DIGEST, 0, ""));
        calls[3] = abi.encodeCall(ServiceRecords.proposeSystemRelease, (BOOK, 1, DIGEST, ""));
        calls[4] = abi.encodeCall(ServiceRecords.proposeServiceRelease, (BOOK, 1, DIGEST, ""));
        calls[5] = abi.encodeCall(ServiceRecords.decideSystemRelease, (1, true, REASONS));
        calls[6] = abi.encodeCall(ServiceRecords.decideServiceRelease, (1, true, REASONS));
        calls[7] = abi.encodeCall(
            ServiceRecords.recordSupply, (IServiceRecords.Supply.TIME, NOW, NOW, DIGEST, uint32(0), "")
        );
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(stranger);
            (bool ok, bytes memory answer) = address(records).call(calls[i]);
            assertFalse(ok, "a stranger passed");
            assertEq(
                keccak256(answer),
                keccak256(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger))
            );
        }
    }
}
