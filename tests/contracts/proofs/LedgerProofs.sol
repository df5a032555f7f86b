// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { AccountStatus, Eligibility } from "../../../contracts/types/Accounts.sol";
import { LedgerState } from "./LedgerState.sol";

/// @dev Each act takes any state in which the invariant holds to one in which it holds, by a change that is known: by induction,
///      all states that can be reached have it. Three holders are enough: no act touches more than two but `settle`, and
///      the third stands for everybody else. Of the four functions that write balances each is met for units and for money.
contract LedgerProofs is LedgerState {
    IInstrumentLedger.Reason private constant PLEDGE = IInstrumentLedger.Reason.PLEDGE;
    IInstrumentLedger.Reason private constant DELAYED = IInstrumentLedger.Reason.DELAYED_TRANSFER;
    bytes32 private constant CAUSE = "cause";

    /* COMING INTO BEING AND CEASING */

    function check_issue_units(uint256 q) public {
        Change memory before = anyUnits(1);
        ledger.issue(alice, unit, q, CAUSE);
        Change memory by;
        unchecked {
            by.issued = q;
            by.held[0] = q;
        }
        assertChanged(before, by);
    }

    function check_issue_money(uint256 q) public {
        Change memory before = anyMoney(1);
        ledger.issue(alice, money, q, CAUSE);
        Change memory by;
        unchecked {
            by.issued = q;
            by.held[0] = q;
        }
        assertChanged(before, by);
    }

    function check_cancel_units(uint256 q) public {
        Change memory before = anyUnits(1);
        uint256 free = ledger.freeOf(alice, unit);
        actFor(alice);
        ledger.cancel(KEY, unit, q, CAUSE);
        Change memory by;
        unchecked {
            by.cancelled = q;
            by.held[0] = 0 - q;
        }
        assertChanged(before, by);
        assert(q <= free);
    }

    function check_cancelEncumbered_units(uint256 q) public {
        Change memory before = anyUnits(1);
        notFrozen(before.id);
        ledger.cancelEncumbered(alice, unit, q, PLEDGE, CAUSE);
        Change memory by;
        unchecked {
            by.cancelled = q;
            by.held[0] = 0 - q;
            by.bound[0] = 0 - q;
        }
        assertChanged(before, by);
    }

    function check_cancelEncumbered_money(uint256 q) public {
        Change memory before = anyMoney(1);
        notFrozen(before.id);
        ledger.cancelEncumbered(alice, money, q, PLEDGE, CAUSE);
        Change memory by;
        unchecked {
            by.cancelled = q;
            by.held[0] = 0 - q;
            by.bound[0] = 0 - q;
        }
        assertChanged(before, by);
    }

    /* BINDING */

    function check_encumber_units(uint256 q) public {
        Change memory before = anyUnits(1);
        ledger.encumber(alice, unit, q, PLEDGE, CAUSE);
        Change memory by;
        unchecked {
            by.bound[0] = q;
        }
        assertChanged(before, by);
    }

    function check_release_units(uint256 q) public {
        Change memory before = anyUnits(1);
        ledger.release(alice, unit, q, PLEDGE, CAUSE);
        Change memory by;
        unchecked {
            by.bound[0] = 0 - q;
        }
        assertChanged(before, by);
    }

    function check_setFrozenTokens_units(uint256 q) public {
        Change memory before = anyUnits(1);
        ledger.setFrozenTokens(alice, unit, q);
        Change memory by;
        unchecked { }
        assertChanged(before, by);
    }

    function check_encumber_money(uint256 q) public {
        Change memory before = anyMoney(1);
        ledger.encumber(alice, money, q, PLEDGE, CAUSE);
        Change memory by;
        unchecked {
            by.bound[0] = q;
        }
        assertChanged(before, by);
    }

    function check_release_money(uint256 q) public {
        Change memory before = anyMoney(1);
        ledger.release(alice, money, q, PLEDGE, CAUSE);
        Change memory by;
        unchecked {
            by.bound[0] = 0 - q;
        }
        assertChanged(before, by);
    }

    function check_setFrozenTokens_money(uint256 q) public {
        Change memory before = anyMoney(1);
        ledger.setFrozenTokens(alice, money, q);
        Change memory by;
        unchecked { }
        assertChanged(before, by);
    }

    function check_moveEncumbered_units(uint256 q) public {
        Change memory before = anyUnits(2);
        notFrozen(before.id);
        ledger.moveEncumbered(alice, bob, unit, q, PLEDGE, CAUSE);
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.held[1] = q;
            by.bound[0] = 0 - q;
        }
        assertChanged(before, by);
    }

    function check_moveEncumbered_delayedMoney(uint256 q) public {
        Change memory before = anyMoney(2);
        notFrozen(before.id);
        ledger.moveEncumbered(alice, bob, money, q, DELAYED, CAUSE);
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.held[1] = q;
            by.bound[0] = 0 - q;
        }
        assertChanged(before, by);
    }

    function check_moveEncumbered_toOneself(uint256 q) public {
        Change memory before = anyUnits(1);
        notFrozen(before.id);
        ledger.moveEncumbered(alice, alice, unit, q, PLEDGE, CAUSE);
        Change memory by;
        unchecked {
            by.bound[0] = 0 - q;
        }
        assertChanged(before, by);
    }

    /* MOVING */

    function check_moveFor_units(uint256 q) public {
        Change memory before = anyUnits(2);
        ledger.moveFor(KEY, alice, bob, unit, q);
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.held[1] = q;
        }
        assertChanged(before, by);
    }

    function check_moveFor_money(uint256 q) public {
        Change memory before = anyMoney(2);
        ledger.moveFor(KEY, alice, bob, money, q);
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.held[1] = q;
        }
        assertChanged(before, by);
    }

    function check_safeTransferFrom_units(uint256 q) public {
        Change memory before = anyUnits(2);
        uint256 free = ledger.freeOf(alice, unit);
        vm.prank(KEY);
        ledger.safeTransferFrom(alice, bob, unit, q, "");
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.held[1] = q;
        }
        assertChanged(before, by);
        assert(q <= free);
    }

    function check_safeTransferFrom_toOneself(uint256 q) public {
        Change memory before = anyMoney(1);
        vm.prank(KEY);
        ledger.safeTransferFrom(alice, alice, money, q, "");
        Change memory by;
        unchecked { }
        assertChanged(before, by);
    }

    /// @dev The lines of a batch are checked one after the other: their sum does not pass an encumbrance.
    function check_safeBatchTransferFrom_sameIdTwice(uint256 q, uint256 second) public {
        anyUnits(1);
        notFrozen(unit);
        uint256[] memory ids = new uint256[](2);
        uint256[] memory values = new uint256[](2);
        (ids[0], ids[1], values[0], values[1]) = (unit, unit, q, second);
        uint256 free = ledger.freeOf(alice, unit);
        vm.prank(KEY);
        ledger.safeBatchTransferFrom(alice, bob, ids, values, "");
        assert(q <= free && second <= free - q);
    }

    function check_forcedTransfer_units(uint256 q) public {
        Change memory before = anyUnits(2);
        ledger.forcedTransfer(alice, bob, unit, q);
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.held[1] = q;
        }
        assertChanged(before, by);
    }

    function check_forcedTransfer_money(uint256 q) public {
        Change memory before = anyMoney(2);
        ledger.forcedTransfer(alice, bob, money, q);
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.held[1] = q;
        }
        assertChanged(before, by);
    }

    function check_forcedTransfer_toOneself(uint256 q) public {
        Change memory before = anyUnits(1);
        uint256 free = ledger.freeOf(alice, unit);
        ledger.forcedTransfer(alice, alice, unit, q);
        Change memory by;
        unchecked { }
        assertChanged(before, by);
        assert(ledger.freeOf(alice, unit) == free);
    }

    /* MARKET: the book gives no more than it holds, and pays its makers no more than the taker gives */

    function check_escrowFrom_units(uint256 q) public {
        Change memory before = anyUnits(1);
        uint256 free = ledger.freeOf(alice, unit);
        actFor(alice);
        ledger.escrowFrom(KEY, unit, q);
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.inOrders = q;
        }
        assertChanged(before, by);
        assert(q <= free);
    }

    function check_escrowFrom_money(uint256 q) public {
        Change memory before = anyMoney(1);
        uint256 free = ledger.freeOf(alice, money);
        actFor(alice);
        ledger.escrowFrom(KEY, money, q);
        Change memory by;
        unchecked {
            by.held[0] = 0 - q;
            by.inOrders = q;
        }
        assertChanged(before, by);
        assert(q <= free);
    }

    function check_releaseEscrow_units(uint256 q) public {
        Change memory before = anyUnits(1);
        vm.assume(q <= unitsInOrders);
        ledger.releaseEscrow(alice, unit, q);
        Change memory by;
        unchecked {
            by.held[0] = q;
            by.inOrders = 0 - q;
        }
        assertChanged(before, by);
    }

    function check_releaseEscrowTo_money(uint256 q) public {
        Change memory before = anyMoney(1);
        vm.assume(q <= moneyInOrders);
        ledger.releaseEscrowTo(KEY, money, q, alice);
        Change memory by;
        unchecked {
            by.held[0] = q;
            by.inOrders = 0 - q;
        }
        assertChanged(before, by);
    }

    function settle(uint256[] memory made, uint256 debit, uint256 credit, bool buys, bool own) private {
        ledger.settle(made, debit << 96 | credit, unit | (buys ? 1 << 82 : 0) | (own ? 1 << 83 : 0), KEY);
    }

    function check_settle_purchaseMoney(uint256 debit, uint256 credit, uint96 first, uint96 second, bool own) public {
        Change memory before = anyMoney(3);
        notFrozen(before.id);
        uint256 free = ledger.freeOf(alice, money);
        actFor(alice);
        vm.assume(debit < 1 << 96 && credit < 1 << 96 && uint256(first) + second <= debit);
        settle(makers(bob, first, carol, second), debit, credit, true, own);
        Change memory by;
        unchecked {
            by.held[0] = 0 - debit;
            by.held[1] = first;
            by.held[2] = second;
            by.inOrders = debit - first - second;
        }
        assertChanged(before, by);
        assert(debit <= free);
    }

    function check_settle_purchaseUnits(uint256 debit, uint256 credit, uint96 first, uint96 second, bool own) public {
        Change memory before = anyUnits(1);
        actFor(alice);
        vm.assume(debit < 1 << 96 && credit <= unitsInOrders && uint256(first) + second <= debit);
        settle(makers(bob, first, carol, second), debit, credit, true, own);
        Change memory by;
        unchecked {
            by.held[0] = credit;
            by.inOrders = 0 - credit;
        }
        assertChanged(before, by);
    }

    function check_settle_saleUnits(uint256 debit, uint256 credit, uint96 first, uint96 second, bool own) public {
        Change memory before = anyUnits(2);
        notFrozen(before.id);
        uint256 free = ledger.freeOf(alice, unit);
        actFor(alice);
        vm.assume(debit < 1 << 96 && credit < 1 << 96 && uint256(first) + second <= debit);
        settle(makers(bob, first, alice, second), debit, credit, false, own);
        Change memory by;
        unchecked {
            by.held[0] = second - debit;
            by.held[1] = first;
            by.inOrders = debit - first - second;
        }
        assertChanged(before, by);
        assert(debit <= free);
    }

    function check_settle_saleMoney(uint256 debit, uint256 credit, uint96 first, uint96 second, bool own) public {
        Change memory before = anyMoney(1);
        actFor(alice);
        vm.assume(debit < 1 << 96 && credit <= moneyInOrders && uint256(first) + second <= debit);
        settle(makers(bob, first, alice, second), debit, credit, false, own);
        Change memory by;
        unchecked {
            by.held[0] = credit;
            by.inOrders = 0 - credit;
        }
        assertChanged(before, by);
    }

    /* ELIGIBILITY SHARES A WORD WITH MONEY */

    function check_setEligibility_money(uint40 until, uint16 restrictions, uint32 owner) public {
        Change memory before = anyMoney(1);
        Eligibility memory e;
        (e.status, e.certificateUntil) = (AccountStatus.ACTIVE, until);
        (e.restrictions, e.owner) = (restrictions, owner);
        ledger.setEligibility(alice, e);
        Change memory by;
        unchecked { }
        assertChanged(before, by);
    }

    /* WHAT IS FREE */

    /// @dev free = max(0, balance − encumbered − frozen), and asking never reverts.
    function check_freeOf_units() public {
        anyUnits(1);
        assert(isFreeAsDefined(unit));
    }

    function check_freeOf_money() public {
        anyMoney(1);
        assert(isFreeAsDefined(money));
    }

    function isFreeAsDefined(uint256 id) private view returns (bool) {
        uint256 unencumbered = ledger.balanceOf(alice, id) - ledger.encumberedOf(alice, id);
        uint256 frozen = ledger.getFrozenTokens(alice, id);
        return ledger.freeOf(alice, id) == (unencumbered > frozen ? unencumbered - frozen : 0);
    }

    function check_encumberedFor_sumsUp() public {
        anyUnits(1);
        uint256 sum;
        for (uint256 i; i < 2; ++i) {
            sum += ledger.encumberedFor(alice, unit, IInstrumentLedger.Reason(reasons[i]));
        }
        assert(sum == ledger.encumberedOf(alice, unit));
    }

    /* WHO */

    /// @dev Whoever is not registered for alice moves nothing of hers.
    function check_stranger_movesNothing(address caller, uint256 q) public {
        anyUnits(2);
        vm.assume(caller != address(this) && caller != KEY);
        vm.prank(caller);
        (bool ok,) = address(ledger).call(abi.encodeCall(ledger.safeTransferFrom, (alice, bob, unit, q, "")));
        assert(!ok);
    }

    /// @dev Nor does a key without both rights, or whose certificate has ended.
    function check_key_movesOnlyWithBothRights(uint256 q) public {
        anyUnits(2);
        uint256 word = wordAt(slotOf(uint160(KEY), 1));
        vm.prank(KEY);
        (bool ok,) = address(ledger).call(abi.encodeCall(ledger.safeTransferFrom, (alice, bob, unit, q, "")));
        bool may =
            word >> 200 & 6 == 6 && uint160(word) == uint160(alice) && word >> 160 & 0xffffffffff > block.timestamp;
        assert(!ok || may);
    }

    /* HELP */

    /// @dev The key is alice's; what it may do stays unknown.
    function actFor(address holder) private view {
        vm.assume(uint160(wordAt(slotOf(uint160(KEY), 1))) == uint160(holder));
    }

    /// @dev Nothing of alice's is frozen: what a freeze makes of bound units that go is tested by fuzzing only.
    function notFrozen(uint256 id) private view {
        vm.assume(wordAt(holdingSlot(alice, id)) >> 192 & 1 == 0);
    }

    function makers(address a, uint256 first, address b, uint256 second) private pure returns (uint256[] memory list) {
        list = new uint256[](2);
        list[0] = uint256(uint160(a)) << 96 | first;
        list[1] = uint256(uint160(b)) << 96 | second;
    }
}
