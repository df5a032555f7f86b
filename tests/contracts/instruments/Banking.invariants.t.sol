// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { BankingHandler } from "../support/BankingHandler.sol";
import { Test } from "../support/Test.sol";

// @requirement R-AST-5 R-AST-1
contract BankingInvariants is Test {
    BankingHandler private handler;

    function setUp() public {
        handler = new BankingHandler();
        handler.begin();
        targetContract(address(handler));
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_tonnes_conservedOverConversions() public view {
        assertEq(handler.wrongUnits(), 0, "held + in orders + converted + lapsed = issued");
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_limit_neverExceeded() public view {
        assertEq(handler.wrongLimits(), 0, "limits");
        assertEq(handler.overLimit(), 0, "limit of an account");
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_lapse_neverTakesBoundUnits() public view {
        assertEq(handler.boundTaken(), 0, "pledged, frozen and offered ones stay");
        assertEq(handler.lapsedEarly(), 0, "not before window and validity have ended");
    }
}
