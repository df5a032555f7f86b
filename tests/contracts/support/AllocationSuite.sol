// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { AllocationFormula } from "../../../contracts/allocation/AllocationFormula.sol";
import { Allocator } from "../../../contracts/allocation/Allocator.sol";
import { IAllocationFormula } from "../../../contracts/allocation/IAllocationFormula.sol";
import { IAllocator } from "../../../contracts/allocation/IAllocator.sol";
import { AccountKind } from "../../../contracts/types/Accounts.sol";
import { Rounding } from "../../../contracts/types/FixedPoint.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { ReportingSuite } from "./ReportingSuite.sol";

/// @dev The allocator behind its proxy, on the real ledger and the real reports; 2,000 t a year, a plan in force.
abstract contract AllocationSuite is ReportingSuite {
    address internal immutable TREASURY_KEY = _keyNamed("treasury");

    Allocator internal allocator;
    address internal treasury;

    function setUpAllocation() internal {
        allocator = Allocator(newProxy());
        setUpReporting(address(allocator));
        install(
            address(allocator), address(new Allocator(address(ledger), address(reports), new AllocationFormula())), ""
        );
        bytes4[7] memory acts = [
            Allocator.setCap.selector,
            Allocator.registerBaseline.selector,
            Allocator.computeBaseline.selector,
            Allocator.determine.selector,
            Allocator.approve.selector,
            Allocator.reject.selector,
            Allocator.issueForAuction.selector
        ];
        for (uint256 i; i < acts.length; ++i) {
            permit(address(allocator), acts[i], Roles.REGULATOR);
        }
        treasury = openAccount(TREASURY_KEY, AccountKind.GOVERNMENT, 9);
        planFor(PLANT_KEY, works);
        vm.startPrank(REGULATOR);
        allocator.setCap(YEAR, IAllocator.Cap({ total: 2000, free: 1000, auction: 600, reserve: 300 }), "cap");
        allocator.registerBaseline(works, "emissions", 500e18, 2014, 2018, "baseline report");
        vm.stopPrank();
    }

    /// @dev Historical, without factors: the quantity is the installation's registered emissions.
    function historical() internal pure returns (IAllocationFormula.Inputs memory inputs) {
        inputs.method = IAllocationFormula.Method.HISTORICAL;
        inputs.rounding = Rounding.NEAREST;
        inputs.terms = new IAllocationFormula.Term[](1);
        inputs.terms[0] = IAllocationFormula.Term("emissions", ONE, ONE);
    }

    /// @dev Historical with one factor.
    function historicalTimes(uint128 factor) internal pure returns (IAllocationFormula.Inputs memory inputs) {
        inputs = historical();
        inputs.factors = new uint128[](1);
        inputs.factors[0] = factor;
    }

    function determine(uint64 installation, uint128 factor) internal returns (uint256 id) {
        vm.prank(REGULATOR);
        (id,) = allocator.determine(installation, YEAR, IAllocator.Part.FREE, allowance, historicalTimes(factor));
    }

    function applyFor(uint256 id) internal {
        vm.prank(PLANT_KEY);
        allocator.applyForAllocation(id);
    }

    function approve(uint256 id) internal returns (uint256 firstSerial) {
        vm.prank(REGULATOR);
        return allocator.approve(id);
    }

    function stateOf(uint256 id) internal view returns (IAllocator.State) {
        return allocator.determinationOf(id).state;
    }
}
