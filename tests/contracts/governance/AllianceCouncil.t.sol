// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManager } from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import { TimelockController } from "@openzeppelin/contracts/governance/TimelockController.sol";

import { AllianceCouncil } from "../../../contracts/governance/AllianceCouncil.sol";
import { Authority } from "../../../contracts/governance/Authority.sol";
import { IAllianceCouncil } from "../../../contracts/governance/IAllianceCouncil.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Test } from "../support/Test.sol";

/// @dev Three members, two approve, two days: the administrator of an authority.
contract AllianceCouncilTest is Test {
    uint256 private constant DELAY = 2 days;
    address private ann = address(0xA1);
    address private ben = address(0xB2);
    address private cat = address(0xC3);
    address private stranger = address(0xD4);
    AllianceCouncil private council;
    Authority private authority;

    function setUp() public {
        vm.warp(1_700_000_000);
        council = new AllianceCouncil(_three(), 2, DELAY);
        authority = new Authority(address(council));
    }

    function _three() private view returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (ann, ben, cat);
    }

    function _grant(address holder) private pure returns (bytes memory) {
        return abi.encodeCall(IAccessManager.grantRole, (Roles.REGULATOR, holder, 0));
    }

    function _approve(address member, address target, bytes memory data) private returns (bytes32 id) {
        vm.prank(member);
        return council.approve(target, 0, data, 0, 0);
    }

    function _holds(address holder) private view returns (bool held) {
        (held,) = authority.hasRole(Roles.REGULATOR, holder);
    }

    // @requirement R-ACC-1, R-ACC-2 never a single key, and never at once
    function test_grant_byTwoOfThree_afterTheDelay_isDone() public {
        bytes memory data = _grant(stranger);
        bytes32 id = _approve(ann, address(authority), data);
        (uint256 approvals,) = council.voicesOf(id);
        assertEq(approvals, 1);
        assertFalse(council.isOperation(id), "one is not enough");
        _approve(ben, address(authority), data);
        assertTrue(council.isOperationPending(id), "the delay has begun");

        vm.expectRevert();
        council.execute(address(authority), 0, data, 0, 0);
        vm.warp(block.timestamp + DELAY);
        vm.prank(stranger); // anyone
        council.execute(address(authority), 0, data, 0, 0);
        assertTrue(_holds(stranger), "granted");
        vm.prank(cat);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.OperationSettled.selector, id));
        council.approve(address(authority), 0, data, 0, 0);
    }

    function test_anything_byOneAlone_isRefused() public {
        bytes memory data = _grant(ann);
        vm.startPrank(ann);
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManager.AccessManagerUnauthorizedAccount.selector, ann, uint64(0))
        );
        authority.grantRole(Roles.REGULATOR, ann, 0);
        bytes32 id = council.approve(address(authority), 0, data, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.SaidBefore.selector, id, ann));
        council.approve(address(authority), 0, data, 0, 0);
        vm.expectRevert();
        council.schedule(address(authority), 0, data, 0, 0, DELAY);
        vm.expectRevert();
        council.execute(address(authority), 0, data, 0, 0);
        vm.expectRevert();
        council.cancel(id);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.NotTheCouncil.selector, ann));
        council.setThreshold(2);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.NotTheCouncil.selector, ann));
        council.setMember(ben, false);
        vm.expectRevert();
        council.updateDelay(1 days);
        vm.expectRevert();
        council.grantRole(keccak256("PROPOSER_ROLE"), ann);
        vm.stopPrank();
    }

    function test_stranger_hasNoVoice() public {
        bytes memory no = abi.encodeWithSelector(IAllianceCouncil.NotTheMember.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(no);
        council.approve(address(authority), 0, "", 0, 0);
        vm.expectRevert(no);
        council.object(bytes32(0));
        vm.expectRevert(no);
        council.withdrawApproval(bytes32(0));
    }

    // @requirement R-ACC-1 what is approved can still be stopped, by as many as leave fewer than the threshold
    function test_object_byABlockingMinority_stopsForGood() public {
        bytes memory data = _grant(stranger);
        bytes32 id = _approve(ann, address(authority), data);
        _approve(ben, address(authority), data);
        vm.startPrank(cat);
        council.object(id);
        assertTrue(council.isOperationPending(id), "one alone stops nothing");
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.SaidBefore.selector, id, cat));
        council.object(id);
        vm.stopPrank();
        vm.prank(ben);
        vm.expectEmit(address(council));
        emit IAllianceCouncil.OperationStopped(id);
        council.object(id);

        vm.warp(block.timestamp + DELAY);
        vm.expectRevert();
        council.execute(address(authority), 0, data, 0, 0);
        vm.startPrank(ann);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.OperationSettled.selector, id));
        council.withdrawApproval(id);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.OperationSettled.selector, id));
        council.object(id);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.OperationSettled.selector, id));
        council.approve(address(authority), 0, data, 0, 0);
        bytes32 again = council.approve(address(authority), 0, data, 0, "again");
        assertTrue(again != id, "another salt is another operation");
    }

    function test_withdraw_beforeTheThreshold_countsNoLonger() public {
        bytes memory data = _grant(stranger);
        bytes32 id = _approve(ann, address(authority), data);
        vm.prank(ann);
        council.withdrawApproval(id);
        vm.prank(ann);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.NothingApproved.selector, id, ann));
        council.withdrawApproval(id);
        _approve(ben, address(authority), data);
        assertFalse(council.isOperation(id), "one approval");
    }

    function test_memberWhoLeft_doesNotCount() public {
        bytes memory data = _grant(stranger);
        bytes32 id = _approve(cat, address(authority), data);
        bytes memory leave = abi.encodeCall(AllianceCouncil.setMember, (cat, false));
        _approve(ann, address(council), leave);
        _approve(ben, address(council), leave);
        vm.warp(block.timestamp + DELAY);
        council.execute(address(council), 0, leave, 0, 0);
        assertEq(council.members().length, 2);

        _approve(ann, address(authority), data);
        assertFalse(council.isOperation(id), "the approval of one who left is void");
        _approve(ben, address(authority), data);
        assertTrue(council.isOperationPending(id));
    }

    function test_change_ofTheCouncilItself_staysSound() public {
        bytes memory three = abi.encodeCall(AllianceCouncil.setThreshold, (4));
        _approve(ann, address(council), three);
        _approve(ben, address(council), three);
        bytes memory twice = abi.encodeCall(AllianceCouncil.setMember, (ann, true));
        _approve(ann, address(council), twice);
        _approve(ben, address(council), twice);
        bytes memory short = abi.encodeCall(TimelockController.updateDelay, (60));
        _approve(ann, address(council), short);
        _approve(ben, address(council), short);
        bytes memory longer = abi.encodeCall(TimelockController.updateDelay, (3 days));
        _approve(ann, address(council), longer);
        _approve(ben, address(council), longer);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.BadCouncil.selector, uint256(3), uint256(4)));
        council.execute(address(council), 0, three, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.MemberTwice.selector, ann));
        council.execute(address(council), 0, twice, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.BadDelay.selector, uint256(60), uint256(1 hours)));
        council.execute(address(council), 0, short, 0, 0);
        council.execute(address(council), 0, longer, 0, 0);
        assertEq(council.getMinDelay(), 3 days);
    }

    function test_creation_ofNoCouncil_reverts() public {
        address[] memory list = _three();
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.BadCouncil.selector, uint256(3), uint256(1)));
        new AllianceCouncil(list, 1, DELAY);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.BadCouncil.selector, uint256(3), uint256(4)));
        new AllianceCouncil(list, 4, DELAY);
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.BadDelay.selector, uint256(1), uint256(1 hours)));
        new AllianceCouncil(list, 2, 1);
        list[2] = ann;
        vm.expectRevert(abi.encodeWithSelector(IAllianceCouncil.MemberTwice.selector, ann));
        new AllianceCouncil(list, 2, DELAY);
    }

    /// @dev Whoever speaks in whatever order: nothing is executed without two approvals of members and the delay.
    function testFuzz_voices_anyOrder_neverBelowTheThreshold(uint256 seed) public {
        bytes memory data = _grant(stranger);
        bytes32 id = council.hashOperation(address(authority), 0, data, 0, 0);
        address[] memory list = _three();
        for (uint256 i; i < 12; ++i) {
            uint256 draw = uint256(keccak256(abi.encode(seed, i)));
            vm.prank(list[draw % 3]);
            uint256 what = (draw >> 8) % 3;
            if (what == 0) {
                try council.approve(address(authority), 0, data, 0, 0) { } catch { }
            } else if (what == 1) {
                try council.withdrawApproval(id) { } catch { }
            } else {
                try council.object(id) { } catch { }
            }
            (uint256 approvals, uint256 objections) = council.voicesOf(id);
            assertTrue(!council.isOperationPending(id) || (approvals > 1 && objections < 2), "approved, not stopped");
            vm.expectRevert();
            council.execute(address(authority), 0, data, 0, 0);
        }
        assertFalse(_holds(stranger), "not before the delay");
    }
}
