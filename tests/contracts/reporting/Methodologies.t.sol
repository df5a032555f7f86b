// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IMethod } from "../../../contracts/reporting/IMethod.sol";
import { IMethodologies } from "../../../contracts/reporting/IMethodologies.sol";
import { Process } from "../../../contracts/reporting/methods/Process.sol";
import { ReportingSuite } from "../support/ReportingSuite.sol";

contract MethodologiesTest is ReportingSuite {
    IMethod private method = new Process();

    function setUp() public {
        setUpReporting(address(this));
    }

    // @requirement R-MRV-3 methods have versions
    // @requirement R-DAT-a
    function test_register_secondVersion_keepsTheFirst() public {
        vm.expectEmit(address(methodologies));
        emit IMethodologies.MethodRegistered("process", 2, method, address(method).codehash, "better");
        vm.prank(REGULATOR);
        assertEq(methodologies.register("process", method, "better"), 2, "version");

        assertEq(methodologies.versionsOf("process"), 2, "versions");
        IMethodologies.Method memory second = methodologies.methodOf("process", 2);
        assertEq(address(second.implementation), address(method), "implementation");
        assertEq(second.document, "better");
        assertEq(second.registeredAt, NOW);
        assertTrue(address(methodologies.methodOf("process", 1).implementation) != address(method), "first");
        assertTrue(methodologies.methodOf("process", 3).state == IMethodologies.MethodState.NONE, "third");
    }

    // @requirement R-MRV-3 a contract computes emissions
    function test_compute_knownCase_isExact() public view {
        assertEq(
            methodologies.compute("combustion", 1, abi.encode(1234.5e18, 0.0395e18, 56.1e18, 1e18, 0)), 2_735_590_275
        );
    }

    // @requirement R-MRV-3 what was reported can be computed again for ever
    function test_close_version_stillComputes() public {
        vm.expectEmit(address(methodologies));
        emit IMethodologies.MethodClosedForPlans("process", 1);
        vm.prank(REGULATOR);
        methodologies.close("process", 1);

        assertTrue(methodologies.methodOf("process", 1).state == IMethodologies.MethodState.CLOSED, "state");
        assertEq(methodologies.compute("process", 1, abi.encode(1e18, 1e18, 1e18)), 1e6);
    }

    function test_close_twiceOrUnknown_isRefused() public {
        vm.startPrank(REGULATOR);
        methodologies.close("process", 1);
        vm.expectRevert(abi.encodeWithSelector(IMethodologies.MethodClosed.selector, bytes32("process"), 1));
        methodologies.close("process", 1);
        vm.expectRevert(abi.encodeWithSelector(IMethodologies.UnknownMethod.selector, bytes32("process"), 2));
        methodologies.close("process", 2);
        vm.stopPrank();
    }

    function test_register_withoutNameDocumentOrCode_isRefused() public {
        vm.startPrank(REGULATOR);
        vm.expectRevert(
            abi.encodeWithSelector(IMethodologies.NameOrDocumentMissing.selector, bytes32(0), bytes32("document"))
        );
        methodologies.register(0, method, "document");
        vm.expectRevert(
            abi.encodeWithSelector(IMethodologies.NameOrDocumentMissing.selector, bytes32("name"), bytes32(0))
        );
        methodologies.register("name", method, 0);
        vm.expectRevert(abi.encodeWithSelector(IMethodologies.NotAMethod.selector, STRANGER));
        methodologies.register("name", IMethod(STRANGER), "document");
        vm.stopPrank();
    }

    function test_compute_unknownMethod_isRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IMethodologies.UnknownMethod.selector, bytes32("magic"), 1));
        methodologies.compute("magic", 1, "");
    }

    function test_compute_malformedInputs_sayWhy() public {
        vm.expectRevert(abi.encodeWithSelector(IMethod.MalformedInputs.selector, 0, 160));
        methodologies.compute("combustion", 1, "");
    }

    // @requirement R-ACC-1
    function test_administration_byStranger_isRefused() public {
        expectStranger();
        methodologies.register("name", method, "document");
        expectStranger();
        methodologies.close("process", 1);
        expectStranger();
        methodologies.upgradeToAndCall(address(methodologies), "");
    }
}
