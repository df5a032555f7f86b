// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Allocator } from "../../../contracts/allocation/Allocator.sol";
import { IAllocationFormula } from "../../../contracts/allocation/IAllocationFormula.sol";
import { IAllocator } from "../../../contracts/allocation/IAllocator.sol";
import { Rounding } from "../../../contracts/types/FixedPoint.sol";
import { AllocationSuite } from "../support/AllocationSuite.sol";
import { Vm } from "../support/Vm.sol";

/// @dev Calls the allocator in any order, with quantities around the cap, and counts what was certified.
contract AllocatorHandler {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint16 private constant YEAR = 2023;

    Allocator private immutable ALLOCATOR;
    address private immutable REGULATOR;
    address private immutable PLANT_KEY;
    address private immutable TREASURY;
    uint256 private immutable ALLOWANCE;

    uint256 public certified;
    uint256 public auctioned;

    constructor(Allocator allocator, address regulator, address plantKey, address treasury, uint256 allowance) {
        (ALLOCATOR, REGULATOR, PLANT_KEY, TREASURY, ALLOWANCE) = (allocator, regulator, plantKey, treasury, allowance);
    }

    function determine(uint256 installation, uint256 factor, bool fromReserve) public {
        IAllocationFormula.Inputs memory inputs;
        inputs.method = IAllocationFormula.Method.HISTORICAL;
        inputs.rounding = Rounding.UP;
        inputs.terms = new IAllocationFormula.Term[](1);
        inputs.terms[0] = IAllocationFormula.Term("emissions", 1e18, uint128(factor % 3e18));
        vm.prank(REGULATOR);
        ALLOCATOR.determine(
            uint64(installation % 3 + 1),
            YEAR,
            fromReserve ? IAllocator.Part.RESERVE : IAllocator.Part.FREE,
            ALLOWANCE,
            inputs
        );
    }

    function applyFor(uint256 id) public {
        id = _some(id);
        vm.prank(PLANT_KEY);
        ALLOCATOR.applyForAllocation(id);
    }

    function approve(uint256 id) public {
        id = _some(id);
        IAllocator.Determination memory determination = ALLOCATOR.determinationOf(id);
        (, uint64 before,) = ALLOCATOR.allocationOf(determination.installation, YEAR, determination.part);
        vm.prank(REGULATOR);
        ALLOCATOR.approve(id);
        certified += determination.quantity - before;
    }

    /// @dev The straight ways, so that they happen often.
    function allocate(uint256 installation, uint256 factor, bool fromReserve) external {
        determine(installation, factor % 1e18, fromReserve);
        uint256 id = ALLOCATOR.determinationCount();
        applyAndApprove(id < 4 ? id - 1 : 0);
    }

    function applyAndApprove(uint256 id) public {
        applyFor(id);
        approve(id);
    }

    function reject(uint256 id) external {
        id = _some(id);
        vm.prank(REGULATOR);
        ALLOCATOR.reject(id, "reason");
    }

    function issueForAuction(uint256 quantity) external {
        uint64 tonnes = uint64(quantity % 400);
        vm.prank(REGULATOR);
        ALLOCATOR.issueForAuction(TREASURY, YEAR, ALLOWANCE, tonnes, "calendar");
        auctioned += tonnes;
    }

    function setCap(uint256 free, uint256 auction, uint256 reserve) external {
        (free, auction, reserve) = (free % 2000, auction % 1000, reserve % 1000);
        vm.prank(REGULATOR);
        ALLOCATOR.setCap(
            YEAR,
            IAllocator.Cap(uint64(free + auction + reserve), uint64(free), uint64(auction), uint64(reserve)),
            "cap"
        );
    }

    function registerBaseline(uint256 installation, uint256 level) external {
        vm.prank(REGULATOR);
        ALLOCATOR.registerBaseline(
            uint64(installation % 3 + 1), "emissions", uint128(level % 600e18), 2014, 2018, "report"
        );
    }

    /// @dev One of the latest few, which are the ones that can go on.
    function _some(uint256 id) private view returns (uint256) {
        uint256 count = ALLOCATOR.determinationCount();
        return count < 4 ? id % 4 + 1 : count - id % 4;
    }
}

contract AllocatorInvariantsTest is AllocationSuite {
    AllocatorHandler private handler;

    function setUp() public {
        setUpAllocation();
        vm.startPrank(REGULATOR);
        uint64 second = reports.registerInstallation(plant, "second", 7, 1, 2021);
        uint64 third = reports.registerInstallation(plant, "third", 8, 1, 2021);
        allocator.registerBaseline(second, "emissions", 300e18, 2014, 2018, "report");
        allocator.registerBaseline(third, "emissions", 50e18, 2014, 2018, "report");
        vm.stopPrank();
        planFor(PLANT_KEY, second);
        planFor(PLANT_KEY, third);
        handler = new AllocatorHandler(allocator, REGULATOR, PLANT_KEY, treasury, allowance);
        targetContract(address(handler));
    }

    /// @dev The handler does what its names say: else the invariants would hold for nothing.
    function test_handler_eachAct_succeeds() public {
        handler.determine(0, 1e18, false);
        handler.applyFor(0);
        handler.approve(0);
        handler.determine(1, 0.5e18, true);
        handler.applyAndApprove(1);
        assertEq(handler.certified(), 650, "certified");
        handler.issueForAuction(399);
        assertEq(handler.auctioned(), 399, "auctioned");
        handler.setCap(600, 500, 200);
        handler.registerBaseline(2, 80e18);
        handler.determine(2, 1e18, false);
        handler.reject(2);
        handler.allocate(2, 0.5e18, false);
        assertEq(handler.certified(), 690, "certified");
        invariant_issued_neverExceedsAPartOfTheCap();
        invariant_certified_isWhatTheLedgerIssued();
        invariant_regionTotals_areWhatIsDue();
    }

    // @requirement R-ALC-3 never above the cap, whatever the order of calls
    function invariant_issued_neverExceedsAPartOfTheCap() public view {
        IAllocator.Cap memory cap = allocator.capOf(YEAR);
        IAllocator.Cap memory issued = allocator.issuedOf(YEAR);
        assertLe(issued.free, cap.free, "free");
        assertLe(issued.auction, cap.auction, "auction");
        assertLe(issued.reserve, cap.reserve, "reserve");
        assertLe(issued.total, cap.total, "total");
        assertEq(issued.total, uint256(issued.free) + issued.auction + issued.reserve, "parts");
    }

    // @requirement R-ALC-2 what is certified is what came to be
    function invariant_certified_isWhatTheLedgerIssued() public view {
        IAllocator.Cap memory issued = allocator.issuedOf(YEAR);
        assertEq(issued.free + issued.reserve, handler.certified(), "certified");
        assertEq(issued.auction, handler.auctioned(), "auctioned");
        assertEq(ledger.instrumentOf(allowance).issued, issued.total, "ledger");
        assertEq(ledger.balanceOf(plant, allowance), handler.certified(), "plant");
        assertEq(ledger.balanceOf(treasury, allowance), handler.auctioned(), "treasury");
    }

    // @requirement R-ALC-2 regions add up to what is due
    function invariant_regionTotals_areWhatIsDue() public view {
        uint256 due;
        for (uint64 installation = 1; installation <= 3; ++installation) {
            due += _due(installation, IAllocator.Part.FREE) + _due(installation, IAllocator.Part.RESERVE);
        }
        assertEq(uint256(allocator.regionTotalOf(YEAR, 7)) + allocator.regionTotalOf(YEAR, 8), due, "regions");
    }

    function _due(uint64 installation, IAllocator.Part part) private view returns (uint256) {
        (uint256 id, uint64 issued,) = allocator.allocationOf(installation, YEAR, part);
        if (id == 0) return 0;
        IAllocator.Determination memory latest = allocator.determinationOf(id);
        return latest.state == IAllocator.State.REJECTED ? issued : latest.quantity;
    }
}
