// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { DisputeDesk } from "../../../contracts/compliance/DisputeDesk.sol";
import { IDisputeDesk } from "../../../contracts/compliance/IDisputeDesk.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { Test } from "../support/Test.sol";
import { DisputeHandler } from "./DisputeHandler.sol";

/// @dev What holds after any sequence of transfers, disputes, rulings and acts of the authority.
// @requirement R-TRD-12
contract DisputeInvariants is Test {
    DisputeHandler private handler;
    InstrumentLedger private ledger;
    DisputeDesk private disputes;
    uint256 private uka;

    function setUp() public {
        handler = new DisputeHandler();
        handler.start();
        (ledger, disputes) = handler.suite();
        uka = handler.instrument();
        targetContract(address(handler));
    }

    /// @dev What the ledger has bound for disputes is what disputes that stand freeze, for each account.
    function invariant_boundInTheLedger_isWhatDisputesFreeze() public view {
        address[4] memory accounts = handler.accounts();
        uint256[4] memory told;
        uint256 count = disputes.disputeCount();
        for (uint256 id = 1; id <= count; ++id) {
            (, IDisputeDesk.DisputedLine[] memory lines) = disputes.disputeOf(id);
            for (uint256 i; i < 4; ++i) {
                if (accounts[i] == lines[0].holder) told[i] += lines[0].frozen;
            }
        }
        for (uint256 i; i < 4; ++i) {
            assertEq(ledger.encumberedFor(accounts[i], uka, IInstrumentLedger.Reason.DISPUTE), told[i], "bound");
        }
    }

    /// @dev A dispute releases or moves exactly what it froze, once.
    function invariant_whatWasFrozen_isLeftOnceOrRests() public view {
        uint256 count = disputes.disputeCount();
        for (uint256 id = 1; id <= count; ++id) {
            (IDisputeDesk.Dispute memory dispute, IDisputeDesk.DisputedLine[] memory lines) = disputes.disputeOf(id);
            assertEq(handler.left(id) + lines[0].frozen, handler.froze(id), "left and rests");
            bool over = uint256(dispute.state) >= uint256(IDisputeDesk.DisputeState.EXECUTED);
            if (over) assertEq(lines[0].frozen, 0, "over");
            bool stands = disputes.disputeOn(dispute.kind, dispute.subject) == id;
            assertEq(stands, !over, "stands");
        }
    }

    function invariant_units_areConserved() public view {
        address[4] memory accounts = handler.accounts();
        uint256 held;
        for (uint256 i; i < 4; ++i) {
            held += ledger.balanceOf(accounts[i], uka);
        }
        assertEq(held, ledger.instrumentOf(uka).issued, "held");
    }

    function invariant_promises_areKept() public view {
        assertEq(handler.broken(), "");
    }

    /// @dev A campaign in which nothing succeeds would prove nothing; most acts meet a dispute in another state.
    function afterInvariant() public view {
        assertGe(handler.succeeded() * 20, handler.acts(), "a twentieth of the acts succeed");
    }
}
