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

    /// @dev The acts are worth their name: in a fixed sequence each succeeds several times.
    function test_handler_everyAct_succeeds() public {
        for (uint256 i; i < 1500; ++i) {
            _act(i % 12, uint256(keccak256(abi.encode(i))));
        }
        string[10] memory names = [
            "transferred",
            "opened",
            "submitted",
            "withdrawn",
            "ruled",
            "decided",
            "appealed",
            "executed",
            "lapsed",
            "taken"
        ];
        string memory few;
        for (uint256 i; i < names.length; ++i) {
            if (handler.done(names[i]) < 2) few = string.concat(few, names[i], " ");
        }
        assertEq(few, "");
        assertEq(handler.broken(), "");
        invariant_boundInTheLedger_isWhatDisputesFreeze();
        invariant_whatWasFrozen_isLeftOnceOrRests();
        invariant_units_areConserved();
    }

    function _act(uint256 which, uint256 r) private {
        uint96 s = uint96(r >> 160);
        if (which == 0 || which == 6) handler.transfer(r, s % 40);
        if (which == 1 || which == 7) handler.open(r, s);
        if (which == 2) handler.submit(r);
        if (which == 3) handler.withdraw(r);
        if (which == 4 || which == 9) handler.decide(r, s);
        if (which == 5) handler.appeal(r);
        if (which == 8 || which == 10) handler.execute(r, uint32(s));
        if (which == 11) {
            if (r % 3 == 0) handler.take(r, s);
            handler.restrict(r);
            handler.intrude(r);
            if (r % 5 == 0) handler.lapse(r, uint32(s));
        }
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
            bool settled = dispute.state == IDisputeDesk.DisputeState.EXECUTED && dispute.upheld;
            bool stands = disputes.disputeOn(dispute.kind, dispute.subject) == id;
            assertEq(stands, !over || settled, "stands, or made it good");
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
