// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ComplianceHandler } from "../support/ComplianceHandler.sol";
import { Test } from "../support/Test.sol";

// @requirement R-CMP-1 R-CMP-3 R-CMP-4 R-TRD-8
contract ComplianceInvariants is Test {
    ComplianceHandler private handler;

    function setUp() public {
        handler = new ComplianceHandler();
        handler.begin();
        targetContract(address(handler));
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_cancelledUnit_isNeverUsedAgain() public view {
        assertEq(handler.wrongUnits(), 0, "issued = held + cancelled; cancelled is what was approved or cancelled");
        assertEq(handler.wrongBindings(), 0, "bound is what is applied for");
        assertEq(handler.wrongVouchers(), 0, "a voucher for each line and cancellation");
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_status_neverAWithEmissionsMissingOrShort() public view {
        assertEq(handler.wrongStatuses(), 0, "status");
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_penalty_isExact() public view {
        assertEq(handler.wrongPenalties(), 0, "penalty");
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_money_mintedIsHeldOrWithdrawn() public view {
        assertEq(handler.wrongMoney(), 0, "money");
        assertEq(handler.paidAndKept(), 0, "what the bank sends cannot be taken back");
    }
}
