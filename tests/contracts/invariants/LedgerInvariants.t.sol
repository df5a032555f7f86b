// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { Test } from "../support/Test.sol";
import { LedgerHandler } from "./LedgerHandler.sol";

/// @dev What holds after any sequence of acts on the ledger alone. What single acts preserve is also proved, for any state at
///      all: tests/contracts/proofs.
contract LedgerInvariantsTest is Test {
    LedgerHandler private handler;
    InstrumentLedger private ledger;

    function setUp() public {
        handler = new LedgerHandler();
        handler.bindForAllReasons();
        ledger = handler.theLedger();
        targetContract(address(handler));
    }

    /// @dev The acts are worth their name: in a fixed sequence of 1,700 each kind succeeds several times.
    function test_handler_everyAct_succeeds() public {
        for (uint256 i; i < 1700; ++i) {
            handler.perform(i % 17, uint256(keccak256(abi.encode(i))));
        }
        string memory few;
        for (uint256 kind; kind < 17; ++kind) {
            if (handler.done(kind) < 3) few = string.concat(few, vm.toString(kind), " ");
        }
        assertEq(few, "");
        invariant_conservation();
        invariant_encumbrance();
        invariant_promises();
    }

    // @requirement R-AST-1
    /// forge-config: default.invariant.runs = 16
    function invariant_conservation() public view {
        for (uint256 k; k < 3; ++k) {
            uint256 id = handler.ids(k);
            uint256 held;
            for (uint256 i; i < 3; ++i) {
                held += ledger.balanceOf(handler.account(i), id);
            }
            IInstrumentLedger.Instrument memory known = ledger.instrumentOf(id);
            assertEq(
                known.issued, held + handler.inOrders(id) + known.cancelled, "issued = held + in orders + cancelled"
            );
            // What was issued and cancelled is what succeeded, so a cancelled unit never came back.
            assertEq(known.issued, handler.issued(id), "issued by issuing only");
            assertEq(known.cancelled, handler.cancelled(id), "cancelled by cancelling only");
        }
    }

    // @requirement R-AST-3
    /// forge-config: default.invariant.runs = 16
    function invariant_encumbrance() public view {
        for (uint256 k; k < 3; ++k) {
            uint256 id = handler.ids(k);
            for (uint256 i; i < 3; ++i) {
                address a = handler.account(i);
                uint256 sum;
                for (uint8 r = 1; r <= uint8(type(IInstrumentLedger.Reason).max); ++r) {
                    sum += ledger.encumberedFor(a, id, IInstrumentLedger.Reason(r));
                }
                uint256 balance = ledger.balanceOf(a, id);
                uint256 frozen = ledger.getFrozenTokens(a, id);
                assertEq(ledger.encumberedOf(a, id), sum, "encumbered = sum over reasons");
                assertLe(sum, balance, "encumbered <= balance");
                assertEq(ledger.freeOf(a, id), balance - sum > frozen ? balance - sum - frozen : 0, "free");
            }
        }
    }

    // @requirement R-ACC-2
    /// forge-config: default.invariant.runs = 16
    function invariant_promises() public view {
        assertEq(handler.broken(), "");
    }
}
