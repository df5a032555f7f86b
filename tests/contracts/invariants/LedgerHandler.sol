// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { Eligibility, Representation, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { MarketSuite } from "../support/MarketSuite.sol";

/// @dev Every act that changes the ledger, on the ledger alone: the handler stands for all modules, the book included, and
///      keeps what the market would hold.
contract LedgerHandler is MarketSuite {
    uint256 private constant REASONS = uint256(type(IInstrumentLedger.Reason).max);
    uint256 private constant KINDS = 17;

    address[3] public keys = [address(0xA11CE), address(0xB0B), address(0xCA501)];
    uint256[3] public ids; // money, units, units of another vintage
    mapping(uint256 id => uint256) public inOrders;
    mapping(uint256 id => uint256) public issued;
    mapping(uint256 id => uint256) public cancelled;
    mapping(uint256 kind => uint256) public done;
    string public broken;
    uint256 public acts;
    uint256 public succeeded;

    constructor() {
        setUpMarket(0, 0);
        // The handler is the book as well: a ledger of its own, with the same instruments.
        ledger = InstrumentLedger(newProxy());
        address self = address(this);
        install(
            address(ledger),
            address(
                new InstrumentLedger(
                    IInstrumentLedger.Siblings(self, self, self, self, self, self, self), InstrumentId.wrap(gbp)
                )
            ),
            abi.encodeCall(InstrumentLedger.initialize, (bytes32("terms")))
        );
        ids = [gbp, uka, uka + (1 << 48)];
        ledger.defineInstrument(InstrumentId.wrap(ids[1]), 0, "terms");
        ledger.defineInstrument(InstrumentId.wrap(ids[2]), 0, "terms");
        for (uint256 i; i < 3; ++i) {
            openAccount(keys[i]);
            for (uint256 k; k < 3; ++k) {
                ledger.issue(accountOf(keys[i]), ids[k], 1000, "begin");
                issued[ids[k]] += 1000;
            }
        }
    }

    /// @dev Apart from the constructor, during which the handler is no contract yet.
    function bindForAllReasons() external {
        for (uint256 r = 1; r <= REASONS; ++r) {
            IInstrumentLedger.Reason reason = IInstrumentLedger.Reason(r);
            if (ledger.binderOf(reason) == address(0)) ledger.appointBinder(reason, address(this));
        }
    }

    function theLedger() external view returns (InstrumentLedger) {
        return ledger;
    }

    function account(uint256 i) public view returns (address) {
        return accountOf(keys[i % 3]);
    }

    /// @dev One act; `r` says which, by whom, of what, how much.
    function act(uint256 r) external {
        perform(uint256(keccak256(abi.encode(r))) % KINDS, uint256(keccak256(abi.encode(r, 1))));
    }

    /// @dev As `act`, of a kind.
    function perform(uint256 kind, uint256 r) public {
        address key = keys[r % 3];
        address a = account(r);
        address b = account(r >> 8);
        uint256 id = ids[(r >> 16) % 3];
        uint256 q = (r >> 24) % 4 == 0 ? (r >> 32) % 3000 : (r >> 32) % 120;
        IInstrumentLedger.Reason reason = IInstrumentLedger.Reason(1 + (r >> 80) % REASONS);
        uint256 before = ledger.balanceOf(a, id) + ledger.balanceOf(b, id);
        uint256 free = ledger.freeOf(a, id);
        bytes memory call_ = callOf(kind, r, key, a, b, id, q, reason);

        if (kind == 0 || kind == 1) vm.prank(key);
        (bool ok,) = address(ledger).call(call_);

        ++acts;
        if (!ok) return;
        ++succeeded;
        ++done[kind];
        note(kind, id, q, r);
        if (kind <= 4 && a != b && q > free) broken = "more than what is free went";
        if (kind <= 3 && ledger.balanceOf(a, id) + ledger.balanceOf(b, id) > before) broken = "a move made units";
    }

    function callOf(
        uint256 kind,
        uint256 r,
        address key,
        address a,
        address b,
        uint256 id,
        uint256 q,
        IInstrumentLedger.Reason reason
    ) private view returns (bytes memory) {
        if (kind == 0) return abi.encodeCall(ledger.safeTransferFrom, (a, b, id, q, ""));
        if (kind == 1) {
            uint256[] memory lines = new uint256[](2);
            uint256[] memory quantities = new uint256[](2);
            (lines[0], lines[1]) = (id, id);
            (quantities[0], quantities[1]) = (q / 2, q - q / 2);
            return abi.encodeCall(ledger.safeBatchTransferFrom, (a, b, lines, quantities, ""));
        }
        if (kind == 2) return abi.encodeCall(ledger.moveFor, (key, a, b, id, q));
        if (kind == 3) return abi.encodeCall(ledger.escrowFrom, (key, id, q));
        if (kind == 4) return abi.encodeCall(ledger.cancel, (key, id, q, "cause"));
        if (kind == 5) return abi.encodeCall(ledger.forcedTransfer, (a, b, id, q));
        if (kind == 6) return abi.encodeCall(ledger.setFrozenTokens, (a, id, r >> 90 & 1 == 0 ? 0 : q));
        if (kind == 7 || kind == 16) return abi.encodeCall(ledger.encumber, (a, id, q, reason, "cause"));
        if (kind == 8) return abi.encodeCall(ledger.release, (a, id, most(a, id, reason, q), reason, "cause"));
        if (kind == 9) {
            return abi.encodeCall(ledger.cancelEncumbered, (a, id, most(a, id, reason, q), reason, "cause"));
        }
        if (kind == 10) {
            return abi.encodeCall(ledger.moveEncumbered, (a, b, id, most(a, id, reason, q), reason, "cause"));
        }
        if (kind == 11) return abi.encodeCall(ledger.issue, (a, id, q, "cause"));
        if (kind == 12) return abi.encodeCall(ledger.releaseEscrow, (a, id, q % (inOrders[id] + 1)));
        if (kind == 13) return settlement(r, key, b, q);
        if (kind == 14) {
            return abi.encodeCall(
                ledger.setEligibility, (a, eligible(r >> 90 & 3 == 0 ? uint16(r >> 100) & Restrictions.ALL : 0))
            );
        }
        return abi.encodeCall(ledger.setDirect, (a, b, 1, uint40(r)));
    }

    function most(address a, uint256 id, IInstrumentLedger.Reason reason, uint256 q) private view returns (uint256) {
        return q % (ledger.encumberedFor(a, id, reason) + 1);
    }

    /// @dev The maker gets half of what the taker gives; the taker gets what the book has.
    function settlement(uint256 r, address key, address maker, uint256 q) private view returns (bytes memory) {
        bool buys = r >> 91 & 1 == 0;
        uint256[] memory makers = new uint256[](1);
        makers[0] = uint256(uint160(maker)) << 96 | q / 2;
        uint256 gets = buys ? ids[1] : ids[0];
        bool own = r >> 92 & 1 == 0;
        uint256 amounts = q << 96 | q % (inOrders[gets] + 1);
        uint256 asked = ids[1] | (buys ? 1 << 82 : 0) | (own ? 1 << 83 : 0);
        return abi.encodeCall(ledger.settle, (makers, amounts, asked, key));
    }

    function note(uint256 kind, uint256 id, uint256 q, uint256 r) private {
        if (kind == 3) inOrders[id] += q;
        if (kind == 4) cancelled[id] += q;
        if (kind == 9) cancelled[id] = ledger.instrumentOf(id).cancelled; // the quantity was cut to what is bound
        if (kind == 11) issued[id] += q;
        if (kind == 12) inOrders[id] -= q % (inOrders[id] + 1);
        if (kind == 13) {
            bool buys = r >> 91 & 1 == 0;
            uint256 gets = buys ? ids[1] : ids[0];
            inOrders[gets] -= q % (inOrders[gets] + 1);
            inOrders[buys ? ids[0] : ids[1]] += q - q / 2;
        }
    }

    /// @dev A key that lacks a right, of an account that is barred, or of nobody, moves nothing by any call of its own; nor does
    ///      one for another's account.
    function tryWithoutRight(uint256 r) external {
        address key = keys[r % 3];
        address a = accountOf(key);
        uint256 id = ids[(r >> 16) % 3];
        uint256 kind = (r >> 8) % 4;
        Representation memory was = Representation({ account: a, certificateUntil: FAR, rights: Rights.ALL });
        Representation memory now_ = was;
        if (kind == 1) {
            now_ = Representation({ account: a, certificateUntil: uint40(block.timestamp), rights: Rights.ALL });
        }
        if (kind == 2) {
            now_ = Representation({ account: a, certificateUntil: FAR, rights: Rights.ALL & ~Rights.APPROVE });
        }
        if (kind == 3) {
            now_ = Representation({ account: a, certificateUntil: FAR, rights: Rights.ALL & ~Rights.INITIATE });
        }
        ledger.setRepresentation(key, now_);
        address caller = kind == 0 ? address(0x57A) : key;
        uint256[] memory one = new uint256[](1);
        one[0] = id;
        uint256[] memory none = new uint256[](1);
        bytes[16] memory calls = [
            abi.encodeCall(ledger.safeTransferFrom, (a, account(r + 1), id, 1, "")),
            abi.encodeCall(ledger.safeTransferFrom, (account(r + 1), a, id, 1, "")),
            abi.encodeCall(ledger.safeBatchTransferFrom, (a, account(r + 1), one, none, "")),
            abi.encodeCall(ledger.setApprovalForAll, (caller, true)),
            abi.encodeCall(ledger.forcedTransfer, (a, account(r + 1), id, 1)),
            abi.encodeCall(ledger.setFrozenTokens, (a, id, 0)),
            abi.encodeCall(ledger.moveFor, (caller, a, account(r + 1), id, 1)),
            abi.encodeCall(ledger.escrowFrom, (caller, id, 1)),
            abi.encodeCall(ledger.releaseEscrow, (a, id, 1)),
            abi.encodeCall(ledger.releaseEscrowTo, (caller, id, 1, a)),
            abi.encodeCall(ledger.cancel, (caller, id, 1, "cause")),
            abi.encodeCall(ledger.issue, (a, id, 1, "cause")),
            abi.encodeCall(ledger.encumber, (a, id, 1, IInstrumentLedger.Reason(1 + (r >> 24) % REASONS), "cause")),
            abi.encodeCall(ledger.release, (a, id, 1, IInstrumentLedger.Reason(1 + (r >> 24) % REASONS), "cause")),
            abi.encodeCall(
                ledger.moveEncumbered,
                (a, account(r + 1), id, 1, IInstrumentLedger.Reason(1 + (r >> 24) % REASONS), "cause")
            ),
            abi.encodeCall(
                ledger.cancelEncumbered, (a, id, 1, IInstrumentLedger.Reason(1 + (r >> 24) % REASONS), "cause")
            )
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(caller);
            (bool ok,) = address(ledger).call(calls[i]);
            if (ok) broken = "somebody without the right moved something";
        }
        ledger.setRepresentation(key, was);
        ++acts;
        ++succeeded;
    }
}
