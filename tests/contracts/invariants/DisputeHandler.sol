// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { DisputeDesk } from "../../../contracts/compliance/DisputeDesk.sol";
import { IDisputeDesk } from "../../../contracts/compliance/IDisputeDesk.sol";
import { IAuthorityDesk } from "../../../contracts/instruments/IAuthorityDesk.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { OrderId } from "../../../contracts/types/OrderId.sol";
import { DisputeSuite } from "../support/DisputeSuite.sol";

/// @dev Four accounts that transfer and dispute, two arbitrators, an authority that takes, and strangers, in any order; it counts
///      what succeeded and notes promises that an act found broken.
contract DisputeHandler is DisputeSuite {
    string public broken;
    uint256 public acts;
    uint256 public succeeded;
    mapping(string act => uint256) public done;
    /// @dev What a dispute froze, and what of it moved, was taken or released.
    mapping(uint256 id => uint256) public froze;
    mapping(uint256 id => uint256) public left;

    address[4] private _keys;

    function start() external {
        require(address(ledger) == address(0), "started");
        setUpDisputes();
        _keys = [alice, bob, carol, dave];
    }

    function suite() external view returns (InstrumentLedger, DisputeDesk) {
        return (ledger, disputes);
    }

    function accounts() external view returns (address[4] memory list) {
        for (uint256 i; i < 4; ++i) {
            list[i] = accountOf(_keys[i]);
        }
    }

    function instrument() external view returns (uint256) {
        return uka;
    }

    function transfer(uint256 seed, uint96 quantity) external {
        (address from, address to) = (_keys[seed % 4], _keys[(seed + 1 + (seed >> 8) % 3) % 4]);
        uint256 free = ledger.freeOf(accountOf(from), uka);
        if (free == 0 || !ledger.canReceive(accountOf(to))) return;
        transferred(from, to, uka, uint96(bound(quantity, 1, free)));
        _counted("transferred", true);
    }

    function open(uint256 seed, uint96 claim) external {
        if (transfers.length == 0) return;
        uint256 number = transfers.length - seed % (transfers.length < 6 ? transfers.length : 6);
        claim = uint96(bound(claim, 1, transfers[number - 1].quantity));
        address holder = transfers[number - 1].to;
        address key = _keyOf(seed % 7 == 0 ? holder : transfers[number - 1].from);
        if (seed % 11 == 0) key = _keys[(seed >> 8) % 4];
        uint256 before = frozenFor(holder, uka);
        vm.prank(key);
        bool ok = _try("opened", abi.encodeCall(DisputeDesk.openOnTransfer, (number, claim, "statement")));
        if (!ok) return;
        if (accountOf(key) != transfers[number - 1].from) broken = "another than the sender opened";
        froze[disputes.disputeCount()] = frozenFor(holder, uka) - before;
    }

    function submit(uint256 seed) external {
        uint256 id = _some(seed);
        if (id == 0) return;
        vm.prank(_party(seed));
        _try("submitted", abi.encodeCall(DisputeDesk.submitEvidence, (id, "evidence")));
    }

    function withdraw(uint256 seed) external {
        uint256 id = _some(seed);
        if (id == 0 || seed % 3 == 0) return;
        uint256 rests = _rests(id);
        vm.prank(_party(seed));
        if (_try("withdrawn", abi.encodeCall(DisputeDesk.withdraw, (id)))) left[id] += rests;
    }

    function decide(uint256 seed, uint96 award) external {
        uint256 id = _some(seed);
        if (id == 0) return;
        bool upheld = seed >> 250 != 0;
        uint96[] memory awards = awarding(upheld ? uint96(bound(award, 0, _rests(id))) : 0);
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(id);
        if (dispute.state == IDisputeDesk.DisputeState.OPEN && block.timestamp <= dispute.evidenceUntil) {
            vm.warp(uint256(dispute.evidenceUntil) + 1);
        }
        vm.prank(arbitrator);
        if (_try("ruled", abi.encodeCall(DisputeDesk.rule, (id, upheld, awards, "ruling")))) return;
        vm.prank(seed % 5 == 0 ? arbitrator : appellate);
        if (_try("decided", abi.encodeCall(DisputeDesk.decideAppeal, (id, upheld, awards, "ruling")))) {
            if (seed % 5 == 0) broken = "the same arbitrator decided the appeal";
        }
    }

    function appeal(uint256 seed) external {
        uint256 id = _some(seed);
        if (id == 0) return;
        vm.prank(_party(seed));
        _try("appealed", abi.encodeCall(DisputeDesk.appeal, (id, "grounds")));
    }

    function execute(uint256 seed, uint32 wait) external {
        uint256 id = _some(seed);
        if (id == 0) return;
        vm.warp(block.timestamp + wait % 7 days);
        (IDisputeDesk.Dispute memory dispute, IDisputeDesk.DisputedLine[] memory lines) = disputes.disputeOf(id);
        address other = lines[0].holder == dispute.claimant ? dispute.respondent : dispute.claimant;
        uint256 before = ledger.balanceOf(other, uka);
        if (!_try("executed", abi.encodeCall(DisputeDesk.execute, (id)))) return;
        uint256 award = lines[0].award < lines[0].frozen ? lines[0].award : lines[0].frozen;
        if (ledger.balanceOf(other, uka) != before + award) broken = "another amount moved than awarded";
        left[id] += lines[0].frozen;
    }

    function lapse(uint256 seed, uint32 wait) external {
        uint256 id = _some(seed);
        if (id == 0) return;
        uint256 rests = _rests(id);
        vm.warp(block.timestamp + wait % 20 days);
        if (_try("lapsed", abi.encodeCall(DisputeDesk.lapse, (id)))) left[id] += rests;
    }

    function take(uint256 seed, uint96 quantity) external {
        uint256 id = _some(seed);
        uint256 rests = _rests(id);
        if (rests == 0) return;
        (, IDisputeDesk.DisputedLine[] memory lines) = disputes.disputeOf(id);
        IAuthorityDesk.Binding[] memory bindings = new IAuthorityDesk.Binding[](1);
        bindings[0] = IAuthorityDesk.Binding(DISPUTE, id);
        vm.prank(officer);
        (bool ok,) = address(authorityDesk)
            .call(
                abi.encodeCall(
                    authorityDesk.releaseBound,
                    (
                        lines[0].holder,
                        uka,
                        bound(quantity, 1, rests < 20 ? rests : 20),
                        bindings,
                        IAuthorityDesk.Warrant("cause", "document", "reason")
                    )
                )
            );
        if (ok) left[id] += rests - _rests(id);
        _counted("taken", ok);
    }

    function restrict(uint256 seed) external {
        bar(_keys[seed % 4], seed % 5 == 0 ? Restrictions.NO_RECEIPT : 0);
    }

    /// @dev Nobody who may not.
    function intrude(uint256 seed) external {
        uint256 id = _some(seed);
        bytes[5] memory calls = [
            abi.encodeCall(DisputeDesk.rule, (id, true, awarding(0), "r")),
            abi.encodeCall(DisputeDesk.decideAppeal, (id, true, awarding(0), "r")),
            abi.encodeCall(DisputeDesk.withdraw, (id)),
            abi.encodeCall(DisputeDesk.giveUp, (id, aliceAccount, uka, 1, 1)),
            abi.encodeCall(DisputeDesk.setTerms, (termsOfDisputes()))
        ];
        vm.prank(stranger);
        (bool ok,) = address(disputes).call(calls[seed % 5]);
        if (ok) broken = "a stranger acted";
    }

    function _try(string memory name, bytes memory call) private returns (bool ok) {
        (ok,) = address(disputes).call(call);
        _counted(name, ok);
    }

    function _counted(string memory name, bool ok) private {
        ++acts;
        if (!ok) return;
        ++succeeded;
        ++done[name];
    }

    function _keyOf(address account) private view returns (address) {
        for (uint256 i; i < 4; ++i) {
            if (accountOf(_keys[i]) == account) return _keys[i];
        }
        return stranger;
    }

    /// @dev Mostly a side of the dispute that `_some` picks.
    function _party(uint256 seed) private view returns (address) {
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(_some(seed));
        if (seed % 7 == 0) return _keys[(seed >> 8) % 4];
        return _keyOf(seed % 2 == 0 ? dispute.claimant : dispute.respondent);
    }

    /// @dev One of the latest; 0: there is none.
    function _some(uint256 seed) private view returns (uint256) {
        uint256 count = disputes.disputeCount();
        return count == 0 ? 0 : count - (seed >> 16) % (count < 4 ? count : 4);
    }

    function _rests(uint256 id) private view returns (uint256) {
        if (id == 0) return 0;
        (, IDisputeDesk.DisputedLine[] memory lines) = disputes.disputeOf(id);
        return lines[0].frozen;
    }
}
