// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { CreditHandler } from "../support/CreditHandler.sol";
import { Test } from "../support/Test.sol";

// @requirement R-AST-4 R-AST-1 R-DAT-h R-DAT-i
contract CreditsInvariants is Test {
    CreditHandler private handler;

    function setUp() public {
        handler = new CreditHandler();
        handler.begin();
        targetContract(address(handler));
    }

    /// forge-config: default.invariant.runs = 32
    /// forge-config: default.invariant.depth = 200
    function invariant_units_areVerifiedOnceHeldOrCancelled() public view {
        assertEq(handler.wrongUnits(), 0, "issued = held + cancelled = verified or brought in");
        assertEq(handler.wrongDays(), 0, "a day is credited once");
        assertEq(handler.doubles(), 0, "a foreign serial comes in once");
    }

    /// forge-config: default.invariant.runs = 32
    /// forge-config: default.invariant.depth = 200
    function invariant_bindings_areWhatIsOpen() public view {
        assertEq(handler.wrongBindings(), 0, "buffer, offers, applications and exports are bound, and nothing else");
        assertEq(handler.broken(), 0, "what was accepted for export is not taken back");
        assertEq(handler.wrongMoney(), 0, "money goes from hand to hand");
        assertEq(handler.wrongVouchers(), 0, "a voucher for each sale");
    }
}
