// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Prover } from "./Prover.sol";

/// @dev The ledger as it is deployed, save the proxy, in any state whatsoever in which the invariant holds: every word that
///      the acts of three holders can reach is an unknown, whether or not a sequence of calls leads there. The contract
///      stands for every other contract of the suite.
abstract contract LedgerState is Prover {
    uint256 internal constant LOW = type(uint96).max;
    address internal constant KEY = address(0x6E7);
    // keccak256(abi.encode(uint256(keccak256("carbon.storage.InstrumentLedger")) - 1)) & ~bytes32(uint256(0xff))
    uint256 private constant _STORAGE = 0xaf9d6ae6af9e049ce8306cc24c9400ba0bb14498d090f682397bc1c99d2cef00;

    // One reason, and one that stands for all others. No act asks for more than one.
    uint256[2] internal reasons =
        [uint256(IInstrumentLedger.Reason.PLEDGE), uint256(IInstrumentLedger.Reason.DELAYED_TRANSFER)];

    InstrumentLedger internal ledger;
    address internal alice = address(0xA11CE);
    address internal bob = address(0xB0B);
    address internal carol = address(0xCA501);
    address[3] internal holders = [alice, bob, carol];
    uint256 internal money;
    uint256 internal unit;
    // What the market holds stands in no word of the ledger; the prover keeps it.
    uint256 internal touched;
    uint256 internal moneyInOrders;
    uint256 internal unitsInOrders;

    function setUp() public {
        InstrumentId money_ = instrumentId(InstrumentClass.MONEY, 826, 0, 0, 826);
        money = InstrumentId.unwrap(money_);
        unit = InstrumentId.unwrap(instrumentId(InstrumentClass.ALLOWANCE, 826, 2021, 0, 0));
        address self = address(this);
        ledger = new InstrumentLedger(
            IInstrumentLedger.Siblings({
                registry: self,
                book: self,
                cashDesk: self,
                allocator: self,
                complianceDesk: self,
                transferRules: self,
                authorityDesk: self
            }),
            money_
        );
        vm.store(address(ledger), slotOf(reasons[0], 6), bytes32(uint256(uint160(self)))); // binds pledges
        vm.store(address(ledger), slotOf(uint160(KEY), 1), bytes32(svm.createUint256("key")));
        anyAccount(alice);
        anyAccount(bob);
        anyAccount(carol);
    }

    /// @dev Any state in which the invariant holds for the instrument. The first `touched_` of the holders have any words; what
    ///      everybody else holds is, with what is in orders, one unknown, for no act asks of what it is made up.
    function anyUnits(uint256 touched_) internal returns (Change memory) {
        touched = touched_;
        unitsInOrders = svm.createUint256("units in orders");
        anyWords(unit);
        vm.assume(isRight(unit, unitsInOrders) == 1);
        return amounts(unit);
    }

    function anyMoney(uint256 touched_) internal returns (Change memory) {
        touched = touched_;
        moneyInOrders = svm.createUint256("money in orders");
        anyWords(money);
        vm.assume(isRight(money, moneyInOrders) == 1);
        return amounts(money);
    }

    function anyWords(uint256 id) private {
        vm.store(address(ledger), slotOf(id, 3), bytes32(svm.createUint256("instrument")));
        vm.assume(lt(wordAt(slotOf(id, 3)) >> 232 & 0xff, 3) == 1); // `InstrumentState`
        for (uint256 i; i < 3; ++i) {
            if (i < touched) anyHolding(holders[i], id);
        }
    }

    function anyHolding(address holder, uint256 id) private {
        vm.store(address(ledger), holdingSlot(holder, id), bytes32(svm.createUint256("holding")));
        vm.store(address(ledger), frozenSlot(holder, id), bytes32(svm.createUint256("frozen")));
        for (uint256 i; i < 2; ++i) {
            vm.store(address(ledger), reasonSlot(holder, id, reasons[i]), bytes32(svm.createUint256("bound")));
        }
    }

    function anyAccount(address holder) internal {
        vm.store(address(ledger), accountSlot(holder), bytes32(svm.createUint256("account")));
        vm.assume(lt(wordAt(accountSlot(holder)) >> 208 & 0xff, 4) == 1); // `AccountStatus`
    }

    /* THE INVARIANT, from the words themselves; without branches, of which a prover would follow each: 1 is true */

    function isRight(uint256 id, uint256 inOrders) internal view returns (uint256 holds) {
        holds = isConserved(id, inOrders);
        for (uint256 i; i < touched; ++i) {
            holds &= isBoundRightly(holders[i], id);
        }
    }

    /// @dev What there was before an act, and by how much the act is to change it: differences, modulo 2^256.
    struct Change {
        uint256 id;
        uint256 issued;
        uint256 cancelled;
        uint256 inOrders;
        uint256[3] held;
        uint256[3] bound;
    }

    /// @dev The amounts as they stand now.
    function amounts(uint256 id) internal view returns (Change memory now_) {
        uint256 word = wordAt(slotOf(id, 3));
        now_.id = id;
        now_.issued = word & LOW;
        now_.cancelled = word >> 96 & LOW;
        now_.inOrders = id == money ? moneyInOrders : unitsInOrders;
        for (uint256 i; i < 3; ++i) {
            now_.held[i] = held(holders[i], id);
            now_.bound[i] = wordAt(holdingSlot(holders[i], id)) >> 96 & LOW;
        }
    }

    /// @dev The act did exactly `by` to what was `before`, which makes and loses nothing; and what is bound is right still. So
    ///      INV-1 holds after the act when it did before.
    function assertChanged(Change memory before, Change memory by) internal view {
        Change memory after_ = amounts(before.id);
        unchecked {
            uint256 sum = by.held[0] + by.held[1] + by.held[2] + by.inOrders + by.cancelled;
            uint256 holds = eq(by.issued, sum);
            holds &= eq(after_.issued, before.issued + by.issued);
            holds &= eq(after_.cancelled, before.cancelled + by.cancelled);
            for (uint256 i; i < 3; ++i) {
                holds &= eq(after_.held[i], before.held[i] + by.held[i]);
                holds &= eq(after_.bound[i], before.bound[i] + by.bound[i]);
                if (i < touched) holds &= isBoundRightly(holders[i], before.id);
            }
            assert(holds == 1);
        }
    }

    /// @dev INV-1: issued = held + in orders + cancelled. No term is above 2^96, so no sum overflows.
    function isConserved(uint256 id, uint256 inOrders) internal view returns (uint256) {
        unchecked {
            uint256 word = wordAt(slotOf(id, 3));
            uint256 held_ = held(alice, id) + held(bob, id) + held(carol, id);
            return lt(inOrders, 1 << 96) & eq(word & LOW, held_ + inOrders + (word >> 96 & LOW));
        }
    }

    /// @dev INV-2: no more is encumbered than is held; what is encumbered is the sum over the reasons; the marks say whether
    ///      something is frozen, and whether main money is bound.
    function isBoundRightly(address holder, uint256 id) private view returns (uint256 holds) {
        unchecked {
            uint256 word = wordAt(holdingSlot(holder, id));
            uint256 encumbered = word >> 96 & LOW;
            uint256 reason = word >> 193 & 0xf;
            uint256 sum = word >> 197;
            holds = eq(eq(reason, 0), eq(sum, 0));
            holds &= eq(reason, 0) | eq(reason, reasons[0]) | eq(reason, reasons[1]);
            for (uint256 i; i < 2; ++i) {
                uint256 bound = wordAt(reasonSlot(holder, id, reasons[i]));
                holds &= lt(bound, 1 << 96);
                sum += bound;
            }
            holds &= eq(encumbered, sum) & lt(encumbered, held(holder, id) + 1);
            holds &= eq(word >> 192 & 1, lt(0, wordAt(frozenSlot(holder, id))));
            if (id == money) {
                holds &= eq(word & LOW, 0);
                holds &= eq(wordAt(accountSlot(holder)) >> 216 & 1, lt(LOW, word));
            }
        }
    }

    function held(address holder, uint256 id) internal view returns (uint256) {
        return wordAt(id == money ? accountSlot(holder) : holdingSlot(holder, id)) & LOW;
    }

    function lt(uint256 a, uint256 b) internal pure returns (uint256 r) {
        assembly {
            r := lt(a, b)
        }
    }

    function eq(uint256 a, uint256 b) internal pure returns (uint256 r) {
        assembly {
            r := eq(a, b)
        }
    }

    /* WHERE THE WORDS ARE */

    function accountSlot(address holder) internal pure returns (bytes32) {
        return slotOf(uint160(holder), 0);
    }

    function holdingSlot(address holder, uint256 id) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, slotOf(uint160(holder), 2)));
    }

    function frozenSlot(address holder, uint256 id) internal pure returns (bytes32) {
        return keccak256(abi.encode(id, slotOf(uint160(holder), 4)));
    }

    function reasonSlot(address holder, uint256 id, uint256 reason) internal pure returns (bytes32) {
        return keccak256(abi.encode(reason, keccak256(abi.encode(id, slotOf(uint160(holder), 5)))));
    }

    /// @dev Of a mapping that is the member `member` of the ledger's storage.
    function slotOf(uint256 key, uint256 member) internal pure returns (bytes32) {
        return keccak256(abi.encode(key, _STORAGE + member));
    }

    function wordAt(bytes32 slot) internal view returns (uint256) {
        return uint256(vm.load(address(ledger), slot));
    }
}
