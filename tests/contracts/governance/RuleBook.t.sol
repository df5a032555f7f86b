// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IRuleBook } from "../../../contracts/governance/IRuleBook.sol";
import { RuleBook } from "../../../contracts/governance/RuleBook.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Topics } from "../../../contracts/types/Topics.sol";
import { Suite } from "../support/Suite.sol";

contract RuleBookTest is Suite {
    uint40 private constant NOW = 1_700_000_000;
    bytes32 private constant TOPIC = Topics.REGISTRATION_POLICY;

    RuleBook private book;
    address private regulator = address(0x4E61);

    function setUp() public {
        vm.warp(NOW);
        book = RuleBook(newProxy());
        install(address(book), address(new RuleBook()), "");
        permit(address(book), RuleBook.publish.selector, Roles.REGULATOR);
        grant(Roles.REGULATOR, regulator);
    }

    function publish(bytes32 digest, uint40 effectiveFrom) private returns (uint32) {
        vm.prank(regulator);
        return book.publish(TOPIC, digest, effectiveFrom, "https://rules.example/1");
    }

    // @requirement R-STK-3 digest, author and effective time of a version are on-chain
    function test_publish_first_recordsDigestAuthorAndTimes() public {
        vm.expectEmit(address(book));
        emit IRuleBook.Published(TOPIC, 1, "one", NOW, NOW + 10, regulator, "https://rules.example/1");
        assertEq(publish("one", NOW + 10), 1, "number");

        IRuleBook.Version memory version = book.at(TOPIC, 1);
        assertEq(version.digest, "one");
        assertEq(version.author, regulator);
        assertEq(version.publishedAt, NOW);
        assertEq(version.effectiveFrom, NOW + 10);
        assertEq(book.count(TOPIC), 1);
        assertEq(book.count(Topics.SCHEME), 0, "topics are apart");
    }

    // @requirement R-ID-1 the current version is what the system answers with
    function test_current_announcedVersion_takesOverAtItsTime() public {
        publish("one", 0);
        publish("two", NOW + 100);

        assertCurrent(1, "one");
        vm.warp(NOW + 99);
        assertCurrent(1, "one");
        vm.warp(NOW + 100);
        assertCurrent(2, "two");
        assertEq(book.at(TOPIC, 1).digest, "one", "superseded, not erased");
    }

    function test_current_laterVersionEffectiveEarlier_supersedesForGood() public {
        publish("one", 0);
        publish("two", NOW + 100);
        publish("three", NOW + 50);

        vm.warp(NOW + 50);
        assertCurrent(3, "three");
        vm.warp(NOW + 1000);
        assertCurrent(3, "three");
    }

    function test_current_nothingInForce_reverts() public {
        publish("one", NOW + 1);

        vm.expectRevert(abi.encodeWithSelector(IRuleBook.NothingInForce.selector, TOPIC, NOW));
        book.current(TOPIC);
    }

    function test_publish_inThePast_reverts() public {
        vm.prank(regulator);
        vm.expectRevert(abi.encodeWithSelector(IRuleBook.EffectiveInThePast.selector, NOW - 1, NOW));
        book.publish(TOPIC, "one", NOW - 1, "");
    }

    function test_publish_withoutDigestOrTopic_reverts() public {
        vm.startPrank(regulator);
        vm.expectRevert(abi.encodeWithSelector(IRuleBook.NotADocument.selector, TOPIC, bytes32(0)));
        book.publish(TOPIC, 0, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IRuleBook.NotADocument.selector, bytes32(0), bytes32("one")));
        book.publish(0, "one", 0, "");
    }

    // @requirement R-ACC-2
    function test_publish_byStranger_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        book.publish(TOPIC, "one", 0, "");
    }

    function test_at_versionThatIsNot_reverts() public {
        publish("one", 0);

        vm.expectRevert(abi.encodeWithSelector(IRuleBook.NoSuchVersion.selector, TOPIC, uint32(0), uint32(1)));
        book.at(TOPIC, 0);
        vm.expectRevert(abi.encodeWithSelector(IRuleBook.NoSuchVersion.selector, TOPIC, uint32(2), uint32(1)));
        book.at(TOPIC, 2);
    }

    // @requirement R-TRD-14 what was in force at a past time never changes
    function testFuzz_inForceAt_pastTime_isWhatWasCurrentThen(uint256 seed) public {
        uint32[8] memory seen;
        uint40[8] memory when;
        uint40 time = NOW;
        publish("first", 0);
        for (uint256 i; i < 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed & 1 == 1) publish(bytes32(seed), time + uint40(seed >> 64) % 200);
            (seen[i],) = book.current(TOPIC);
            when[i] = time;
            time += 1 + uint40(seed >> 128) % 100;
            vm.warp(time);
        }

        for (uint256 i; i < 8; ++i) {
            (uint32 version,) = book.inForceAt(TOPIC, when[i]);
            assertEq(version, seen[i], "as it was");
        }
    }

    function assertCurrent(uint32 number, bytes32 digest) private view {
        (uint32 version, bytes32 found) = book.current(TOPIC);
        assertEq(version, number, "current version");
        assertEq(found, digest);
    }
}
