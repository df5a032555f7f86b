// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { AccountStatus, Eligibility } from "../../../contracts/types/Accounts.sol";
import { LedgerState } from "./LedgerState.sol";

/// @dev Each act takes any state in which the invariant holds to one in which it holds: by induction, all states that can be
///      reached have it. Three holders are enough: no act touches more than two but `settle`, and the third stands for
///      everybody else.
contract LedgerProofs is LedgerState {
    IInstrumentLedger.Reason private constant PLEDGE = IInstrumentLedger.Reason.PLEDGE;
    IInstrumentLedger.Reason private constant DELAYED = IInstrumentLedger.Reason.DELAYED_TRANSFER;

    /* COMING INTO BEING AND CEASING */

    function check_issue_units(uint256 quantity, bytes32 cause) public {
        anyUnits(1);
        ledger.issue(alice, unit, quantity, cause);
        assertUnits();
    }

    function check_issue_money(uint256 quantity, bytes32 cause) public {
        anyMoney(1);
        ledger.issue(alice, money, quantity, cause);
        assertMoney();
    }

    function check_cancel_units(uint256 quantity, bytes32 cause) public {
        anyUnits(1);
        actFor(alice);
        ledger.cancel(KEY, unit, quantity, cause);
        assertUnits();
    }

    function check_cancelEncumbered_units(uint256 quantity, bytes32 cause) public {
        anyUnits(1);
        ledger.cancelEncumbered(alice, unit, quantity, PLEDGE, cause);
        assertUnits();
    }

    function check_cancelEncumbered_money(uint256 quantity, bytes32 cause) public {
        anyMoney(1);
        ledger.cancelEncumbered(alice, money, quantity, PLEDGE, cause);
        assertMoney();
    }

    /* BINDING */

    function check_encumber_units(uint256 quantity, bytes32 cause) public {
        anyUnits(1);
        ledger.encumber(alice, unit, quantity, PLEDGE, cause);
        assertUnits();
    }

    function check_encumber_money(uint256 quantity, bytes32 cause) public {
        anyMoney(1);
        ledger.encumber(alice, money, quantity, PLEDGE, cause);
        assertMoney();
    }

    function check_release_units(uint256 quantity, bytes32 cause) public {
        anyUnits(1);
        ledger.release(alice, unit, quantity, PLEDGE, cause);
        assertUnits();
    }

    function check_release_money(uint256 quantity, bytes32 cause) public {
        anyMoney(1);
        ledger.release(alice, money, quantity, PLEDGE, cause);
        assertMoney();
    }

    function check_moveEncumbered_units(uint256 quantity, bytes32 cause) public {
        anyUnits(2);
        ledger.moveEncumbered(alice, bob, unit, quantity, PLEDGE, cause);
        assertUnits();
    }

    function check_moveEncumbered_toOneself(uint256 quantity, bytes32 cause) public {
        anyUnits(1);
        ledger.moveEncumbered(alice, alice, unit, quantity, PLEDGE, cause);
        assertUnits();
    }

    function check_moveEncumbered_delayed(uint256 quantity, bytes32 cause) public {
        anyMoney(2);
        ledger.moveEncumbered(alice, bob, money, quantity, DELAYED, cause);
        assertMoney();
    }

    function check_setFrozenTokens_units(uint256 amount) public {
        anyUnits(1);
        ledger.setFrozenTokens(alice, unit, amount);
        assertUnits();
    }

    function check_setFrozenTokens_money(uint256 amount) public {
        anyMoney(1);
        ledger.setFrozenTokens(alice, money, amount);
        assertMoney();
    }

    /* MOVING */

    function check_moveFor_units(uint256 quantity) public {
        anyUnits(2);
        ledger.moveFor(KEY, alice, bob, unit, quantity);
        assertUnits();
    }

    function check_moveFor_money(uint256 quantity) public {
        anyMoney(2);
        ledger.moveFor(KEY, alice, bob, money, quantity);
        assertMoney();
    }

    function check_safeTransferFrom_units(uint256 quantity) public {
        anyUnits(2);
        vm.prank(KEY);
        ledger.safeTransferFrom(alice, bob, unit, quantity, "");
        assertUnits();
    }

    function check_safeTransferFrom_toOneself(uint256 quantity) public {
        anyMoney(1);
        vm.prank(KEY);
        ledger.safeTransferFrom(alice, alice, money, quantity, "");
        assertMoney();
    }

    function check_safeBatchTransferFrom_sameIdTwice(uint256 first, uint256 second) public {
        anyUnits(2);
        uint256[] memory ids = new uint256[](2);
        uint256[] memory values = new uint256[](2);
        (ids[0], ids[1]) = (unit, unit);
        (values[0], values[1]) = (first, second);
        uint256 free = ledger.freeOf(alice, unit);
        vm.prank(KEY);
        ledger.safeBatchTransferFrom(alice, bob, ids, values, "");
        assertUnits();
        assert(first <= free && second <= free - first); // not one by one: the sum
    }

    function check_forcedTransfer_units(uint256 quantity) public {
        anyUnits(2);
        ledger.forcedTransfer(alice, bob, unit, quantity);
        assertUnits();
    }

    function check_forcedTransfer_money(uint256 quantity) public {
        anyMoney(2);
        ledger.forcedTransfer(alice, bob, money, quantity);
        assertMoney();
    }

    function check_forcedTransfer_toOneself(uint256 quantity) public {
        anyUnits(1);
        uint256 free = ledger.freeOf(alice, unit);
        ledger.forcedTransfer(alice, alice, unit, quantity);
        assertUnits();
        assert(ledger.freeOf(alice, unit) == free);
    }

    /* MARKET: the book says no more than it holds, and pays its makers no more than the taker gives */

    function check_escrowFrom_units(uint256 quantity) public {
        anyUnits(1);
        actFor(alice);
        uint256 free = ledger.freeOf(alice, unit);
        ledger.escrowFrom(KEY, unit, quantity);
        unitsInOrders += quantity;
        assertUnits();
        assert(quantity <= free);
    }

    function check_escrowFrom_money(uint256 quantity) public {
        anyMoney(1);
        actFor(alice);
        ledger.escrowFrom(KEY, money, quantity);
        moneyInOrders += quantity;
        assertMoney();
    }

    function check_releaseEscrow_units(uint256 quantity) public {
        anyUnits(1);
        vm.assume(quantity <= unitsInOrders);
        ledger.releaseEscrow(alice, unit, quantity);
        unitsInOrders -= quantity;
        assertUnits();
    }

    function check_releaseEscrowTo_money(uint256 quantity) public {
        anyMoney(1);
        vm.assume(quantity <= moneyInOrders);
        ledger.releaseEscrowTo(KEY, money, quantity, alice);
        moneyInOrders -= quantity;
        assertMoney();
    }

    /// @dev alice buys from bob and carol.
    function check_settle_purchase(uint256 debit, uint256 credit, uint96 first, uint96 second, bool own) public {
        anyUnits(3);
        anyMoney(3);
        actFor(alice);
        vm.assume(debit < 1 << 96 && credit <= unitsInOrders && uint256(first) + second <= debit);
        ledger.settle(debit, credit, KEY, true, makers(bob, first, carol, second), unit, own);
        moneyInOrders += debit - first - second;
        unitsInOrders -= credit;
        assertUnits();
        assertMoney();
    }

    /// @dev alice sells to bob and, where she may, to herself.
    function check_settle_saleToOneself(uint256 debit, uint256 credit, uint96 first, uint96 second, bool own) public {
        anyUnits(2);
        anyMoney(2);
        actFor(alice);
        vm.assume(debit < 1 << 96 && credit <= moneyInOrders && uint256(first) + second <= debit);
        ledger.settle(debit, credit, KEY, false, makers(bob, first, alice, second), unit, own);
        unitsInOrders += debit - first - second;
        moneyInOrders -= credit;
        assertUnits();
        assertMoney();
    }

    /* ELIGIBILITY SHARES A WORD WITH MONEY */

    function check_setEligibility_money(uint40 until, uint16 restrictions, uint32 owner) public {
        anyMoney(1);
        uint256 before = held(alice, money);
        Eligibility memory e;
        e.status = AccountStatus.ACTIVE;
        e.certificateUntil = until;
        e.restrictions = restrictions;
        e.owner = owner;
        ledger.setEligibility(alice, e);
        assertMoney();
        assert(held(alice, money) == before);
    }

    /* WHAT IS FREE */

    /// @dev free = max(0, balance − encumbered − frozen), and asking never reverts.
    function check_freeOf_isAsDefined(bool ofMoney) public {
        if (ofMoney) anyMoney(1);
        else anyUnits(1);
        uint256 id = ofMoney ? money : unit;
        uint256 unencumbered = ledger.balanceOf(alice, id) - ledger.encumberedOf(alice, id);
        uint256 frozen = ledger.getFrozenTokens(alice, id);
        assert(ledger.freeOf(alice, id) == (unencumbered > frozen ? unencumbered - frozen : 0));
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

    /// @dev Whoever is no module and no key of alice with both rights moves nothing of hers.
    function check_stranger_movesNothing(address caller, uint256 quantity) public {
        anyUnits(2);
        vm.assume(caller != address(this) && caller != KEY);
        uint256 before = held(alice, unit);
        vm.prank(caller);
        (bool ok,) = address(ledger).call(abi.encodeCall(ledger.safeTransferFrom, (alice, bob, unit, quantity, "")));
        assert(!ok && held(alice, unit) == before);
    }

    function check_key_movesOnlyWithBothRights(uint256 quantity) public {
        anyUnits(2);
        uint256 word = wordAt(slotOf(uint160(KEY), 1));
        vm.prank(KEY);
        (bool ok,) = address(ledger).call(abi.encodeCall(ledger.safeTransferFrom, (alice, bob, unit, quantity, "")));
        assert(
            !ok
                || (word >> 200 & 6 == 6
                    && uint160(word) == uint160(alice)
                    && word >> 160 & 0xffffffffff > block.timestamp)
        );
    }

    /* HELP */

    /// @dev The key is alice's; what it may do stays unknown.
    function actFor(address holder) private view {
        vm.assume(uint160(wordAt(slotOf(uint160(KEY), 1))) == uint160(holder));
    }

    function makers(address a, uint256 first, address b, uint256 second) private pure returns (uint256[] memory list) {
        list = new uint256[](2);
        list[0] = uint256(uint160(a)) << 96 | first;
        list[1] = uint256(uint160(b)) << 96 | second;
    }
}
