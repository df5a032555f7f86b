// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ComplianceDesk } from "../../../contracts/compliance/ComplianceDesk.sol";
import { ComplianceSuite } from "../support/ComplianceSuite.sol";

/// @dev Whole transactions, intrinsic gas and calldata included, refunds not taken off: an upper bound of what a receipt
///      says. A returning user; every account and slot cold.
contract ComplianceGasTest is ComplianceSuite {
    event Measured(string what, uint256 gas);

    uint256 private pending;

    function setUp() public {
        setUpCompliance();
        setRules(2021);
        setRules(2022);
        enrol(plant, 2021, 0);
        emitted(plant, 2021, 1000);
        ledger.issue(plant, uka, 5000, "allocation");
        approve(applyFor(uka, 100));
        approve(applyFor(uka, 100));
        vm.prank(key);
        desk.cancelVoluntarily(uka, 1, "who", "why", 2021);
        vm.prank(key);
        desk.cancelVoluntarily(uka, 1, "who", "why", 2021);
        pending = applyFor(uka, 300);
    }

    function _whole(address caller, address target, bytes memory data) private returns (uint256 used) {
        vm.cool(address(ledger));
        vm.cool(address(desk));
        vm.cool(address(obligations));
        vm.cool(address(registry));
        vm.cool(address(authority));
        vm.cool(_implementation(address(ledger)));
        vm.cool(_implementation(address(desk)));
        vm.cool(_implementation(address(obligations)));
        used = 21_000;
        for (uint256 i; i < data.length; ++i) {
            used += data[i] == 0 ? 4 : 16;
        }
        vm.prank(caller);
        uint256 before = gasleft();
        (bool done,) = target.call(data);
        used += before - gasleft();
        assertTrue(done, "done");
    }

    function _implementation(address proxy) private view returns (address) {
        bytes32 slot = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
        return address(uint160(uint256(vm.load(proxy, slot))));
    }

    // The goal of 260,000 is for the sum of both transactions: 140,000 and 115,000.
    function test_gas_apply_isWithinItsShare() public {
        uint256 used = _whole(key, address(desk), abi.encodeCall(ComplianceDesk.applySurrender, (one(uka), one(300))));
        emit Measured("surrender: applied and examined", used);
        assertLe(used, 140_000, "apply");
    }

    function test_gas_approve_isWithinItsShare() public {
        uint256 used = _whole(regulator, address(desk), abi.encodeCall(ComplianceDesk.approveSurrender, (pending)));
        emit Measured("surrender: approved and cancelled", used);
        assertLe(used, 115_000, "approve");
    }

    function test_gas_cancelVoluntarily_isWithinTheGoal() public {
        uint256 used = _whole(
            key,
            address(desk),
            abi.encodeCall(
                ComplianceDesk.cancelVoluntarily, (uka, 10, keccak256("beneficiary"), keccak256("purpose"), 2021)
            )
        );
        emit Measured("cancel_units", used);
        assertLe(used, 90_000, "cancel");
    }
}
