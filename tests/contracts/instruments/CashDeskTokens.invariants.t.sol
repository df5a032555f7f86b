// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Test } from "../support/Test.sol";
import { TokenHandler } from "../support/TokenHandler.sol";

// @requirement R-TRD-8
contract CashDeskTokensInvariants is Test {
    TokenHandler private handler;

    function setUp() public {
        handler = new TokenHandler();
        handler.begin();
        targetContract(address(handler));
    }

    /// forge-config: default.invariant.runs = 32
    function invariant_tokens_lockedAreUnitsHeld() public view {
        assertEq(handler.wrongGood(), 0, "held = outstanding = units; no token is lost or made");
        assertEq(handler.wrongBad(), 0, "what is missing is shown");
        assertEq(handler.paidWhileShort(), 0, "nothing moves while tokens are missing");
        assertEq(handler.paidOutOfFrozen(), 0, "what is frozen stays");
    }
}
