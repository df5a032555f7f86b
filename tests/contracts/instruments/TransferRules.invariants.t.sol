// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ITransferRules } from "../../../contracts/instruments/ITransferRules.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { TransferRules } from "../../../contracts/instruments/TransferRules.sol";
import { BusinessHours, Counterparty, TransferType } from "../../../contracts/instruments/TransferTypes.sol";
import { AccountStatus, Eligibility } from "../../../contracts/types/Accounts.sol";
import { TransferSuite } from "../support/TransferSuite.sol";
import { Vm } from "../support/Vm.sol";

/// @dev Everybody does everything in any order; what should be where is counted beside.
contract TransferHandler {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    TransferRules private immutable RULES;
    InstrumentLedger private immutable LEDGER;
    address private immutable REGULATOR;
    address private immutable REGISTRY;
    uint256 private immutable UNITS;

    address[] public keys;
    address[] public accounts;
    mapping(address account => int256) public came; // units, by transfers that were completed
    mapping(string act => uint256) public done;

    constructor(
        TransferRules rules,
        InstrumentLedger ledger,
        address[2] memory officers,
        uint256 units,
        address[] memory keys_,
        address[] memory accounts_
    ) {
        (RULES, LEDGER, UNITS) = (rules, ledger, units);
        (REGULATOR, REGISTRY) = (officers[0], officers[1]);
        (keys, accounts) = (keys_, accounts_);
    }

    function propose(uint256 by, uint256 to, uint256 quantity) external {
        address account = _account(to);
        quantity = quantity % 200;
        vm.prank(_key(by));
        (uint256 id, ITransferRules.TransferState state,) = RULES.propose(account, UNITS, quantity);
        if (state == ITransferRules.TransferState.COMPLETED) _count(id, 1);
        ++done["proposed"];
    }

    function approve(uint256 by, uint256 id) public {
        id = _in(ITransferRules.TransferState.PROPOSED, id);
        vm.prank(_key(by));
        (ITransferRules.TransferState state,) = RULES.approve(id);
        if (state == ITransferRules.TransferState.COMPLETED) _count(id, 1);
        ++done["approved"];
    }

    function complete(uint256 id) public {
        id = _in(ITransferRules.TransferState.WAITING, id);
        uint256 dueAt = RULES.transferOf(id).dueAt;
        if (id % 8 != 0 && dueAt > block.timestamp) vm.warp(dueAt);
        RULES.complete(id);
        _count(id, 1);
        ++done["completed"];
    }

    function reverse(uint256 id) external {
        id = _in(ITransferRules.TransferState.COMPLETED, id);
        vm.prank(REGULATOR);
        RULES.reverse(id, "cause");
        _count(id, -1);
        ++done["reversed"];
    }

    function end(uint256 by, uint256 id, uint256 how) external {
        id = _id(id);
        if (how % 4 == 3) {
            RULES.expire(id);
        } else {
            vm.prank(how % 4 == 2 ? REGULATOR : _key(by));
            if (how % 4 == 0) RULES.cancel(id);
            else if (how % 4 == 1) RULES.refuse(id);
            else RULES.cancelFor(id, "cause");
        }
        ++done["ended"];
    }

    function send(uint256 by, uint256 to, uint256 quantity) public {
        address from = LEDGER.representationOf(_key(by)).account;
        quantity = quantity % 100;
        vm.prank(_key(by));
        LEDGER.safeTransferFrom(from, _account(to), UNITS, quantity, "");
        came[from] -= int256(quantity);
        came[_account(to)] += int256(quantity);
        ++done["sent"];
    }

    /// @dev The straight way, so that it happens often.
    function trustAndSend(uint256 to, uint256 quantity) external {
        address account = LEDGER.representationOf(_key(0)).account;
        vm.prank(_key(0));
        try RULES.trust(_account(to)) { } catch { }
        vm.prank(_key(1));
        try RULES.approveTrust(_account(to)) { } catch { }
        uint256 since = RULES.trustOf(account, _account(to)).since;
        if (since > block.timestamp) vm.warp(since);
        send(0, to, quantity);
    }

    function list(uint256 by, uint256 which, uint256 how) external {
        vm.prank(_key(by));
        if (how % 4 < 2) RULES.trust(_account(which));
        else if (how % 4 == 2) RULES.approveTrust(_account(which));
        else RULES.distrust(_account(which));
        ++done["listed"];
    }

    function updateDirect(uint256 from, uint256 to, uint256 set) external {
        RULES.updateDirect(_account(from), _account(to), uint16(set % RULES.rulesCount() + 1));
        ++done["updated"];
    }

    function change(uint256 which, uint32 owner, bool optedIn, uint256 restrictions) external {
        address account = _account(which);
        Eligibility memory given = LEDGER.eligibilityOf(account);
        given.owner = owner % 3;
        given.restrictions = restrictions % 12 == 0 ? uint16(restrictions >> 8 & 15) : 0;
        vm.prank(REGISTRY);
        LEDGER.setEligibility(account, given);
        vm.prank(REGULATOR);
        RULES.setOptIn(account, optedIn, "cause");
    }

    function assign(uint256 set, uint256 approvals) external {
        uint256[] memory instruments = new uint256[](1);
        instruments[0] = UNITS;
        vm.startPrank(REGULATOR);
        RULES.assignRules(instruments, uint16(set % RULES.rulesCount() + 1));
        RULES.setTrustRules(ITransferRules.TrustRules(uint8(approvals % 2 + 1), uint8(approvals % 3), 0));
        vm.stopPrank();
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + time % 2 days);
    }

    function _count(uint256 id, int256 sign) private {
        ITransferRules.TransferRecord memory transfer = RULES.transferOf(id);
        came[transfer.from] -= sign * int256(uint256(transfer.quantity));
        came[transfer.to] += sign * int256(uint256(transfer.quantity));
    }

    function _key(uint256 seed) private view returns (address) {
        return keys[seed % keys.length];
    }

    function _account(uint256 seed) private view returns (address) {
        return accounts[seed % accounts.length];
    }

    /// @dev One of the latest in that state, or any.
    function _in(ITransferRules.TransferState state, uint256 seed) private view returns (uint256 id) {
        uint256 count = RULES.transferCount();
        for (uint256 i; i < count && i < 12; ++i) {
            id = count - (seed + i) % (count < 12 ? count : 12);
            if (RULES.transferOf(id).state == state) return id;
        }
        return _id(seed);
    }

    function _id(uint256 seed) private view returns (uint256) {
        uint256 count = RULES.transferCount();
        return count == 0 ? 1 : count - seed % (count < 6 ? count : 6);
    }
}

// @requirement R-AST-3 R-ACC-2
contract TransferRulesInvariants is TransferSuite {
    TransferHandler private _handler;
    address[] private _accounts;
    uint256[4] private _before;

    function setUp() public {
        setUpTransfers();
        vm.warp(1_641_200_400);
        TransferType memory twice = delayed(Counterparty.NOT_LISTED);
        (twice.approvals, twice.expiry, twice.reversible, twice.mostPerDay) = (2, 3 days, 1 days, 300);
        TransferType memory inHours = plain(Counterparty.ANY);
        (inHours.within, inHours.reversible, inHours.cancellable, inHours.expiry) =
        (BusinessHours.EXECUTED, 1 days, 1 hours, 1 days);
        TransferType memory option = plain(Counterparty.ANY);
        option.optIn = true;
        uint16 first = use(both(plain(Counterparty.LISTED), twice));
        use(both(plain(Counterparty.SAME_OWNER), inHours));
        use(both(option, plain(Counterparty.LISTED)));
        use(both(plain(Counterparty.SAME_OWNER), plain(Counterparty.LISTED)));
        vm.prank(regulator);
        rules.assignRules(one(uka), first);

        address[] memory keys = new address[](6);
        (keys[0], keys[1], keys[2]) = (key, second, initiator);
        (keys[3], keys[4], keys[5]) = (approver, other, traderKey);
        _accounts.push(plant);
        _accounts.push(mill);
        _accounts.push(trader);
        _accounts.push(treasury);
        for (uint256 i; i < 4; ++i) {
            _before[i] = ledger.balanceOf(_accounts[i], uka);
        }
        _handler = new TransferHandler(rules, ledger, [regulator, address(registry)], uka, keys, _accounts);
        targetContract(address(_handler));
    }

    function invariant_whatIsBound_isWhatWaits() public view {
        for (uint256 a; a < 4; ++a) {
            uint256 waits;
            for (uint256 id = 1; id <= rules.transferCount(); ++id) {
                ITransferRules.TransferRecord memory transfer = rules.transferOf(id);
                bool open = transfer.state == ITransferRules.TransferState.PROPOSED
                    || transfer.state == ITransferRules.TransferState.WAITING;
                if (open && transfer.from == _accounts[a]) waits += transfer.quantity;
            }
            assertEq(ledger.encumberedFor(_accounts[a], uka, DELAYED), waits, "bound");
            assertLe(waits, ledger.balanceOf(_accounts[a], uka), "there");
        }
    }

    function invariant_unitsMove_byCompletedTransfersOnly() public view {
        uint256 total;
        for (uint256 a; a < 4; ++a) {
            uint256 balance = ledger.balanceOf(_accounts[a], uka);
            assertEq(balance, uint256(int256(_before[a]) + _handler.came(_accounts[a])), "balance");
            total += balance;
        }
        assertEq(total, 3000, "conserved");
    }

    function invariant_whatTheLedgerWasTold_isWhatFollowsFromTheRules() public view {
        for (uint256 a; a < 4; ++a) {
            for (uint256 b; b < 4; ++b) {
                for (uint16 set = 1; set <= rules.rulesCount(); ++set) {
                    uint256 told = ledger.directFrom(_accounts[a], _accounts[b], set);
                    assertTrue(
                        told == 0 || told == rules.directSince(_accounts[a], _accounts[b], set), "told what follows"
                    );
                }
            }
        }
    }
}
