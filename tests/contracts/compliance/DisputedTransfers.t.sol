// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { DisputeDesk } from "../../../contracts/compliance/DisputeDesk.sol";
import { IDisputeDesk } from "../../../contracts/compliance/IDisputeDesk.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { ITransferRules } from "../../../contracts/instruments/ITransferRules.sol";
import { Counterparty, TransferType } from "../../../contracts/instruments/TransferTypes.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { TransferSuite } from "../support/TransferSuite.sol";

/// @dev The real TransferRules and DisputeDesk: a transfer is made good once, by a reversal or by a ruling.
// @requirement R-TRD-12
contract DisputedTransfersTest is TransferSuite {
    DisputeDesk private _disputes;
    address private _arbitrator = address(0xA4B1);
    uint256 private _transfer;

    function setUp() public {
        setUpTransfers();
        vm.warp(1_641_200_400); // Monday 2022-01-03, ten in the morning where the calendar is
        address self = address(this);
        _disputes = DisputeDesk(newProxy());
        install(
            address(_disputes),
            address(new DisputeDesk(address(ledger), self, self, address(rules), self, self)),
            abi.encodeCall(DisputeDesk.initialize, (IDisputeDesk.DisputeTerms(30 days, 1 days, 2 days, 1 days, 3 days)))
        );
        ledger.appointBinder(IInstrumentLedger.Reason.DISPUTE, address(_disputes));
        grant(Roles.ARBITRATOR, _arbitrator);
        permit(address(_disputes), DisputeDesk.rule.selector, Roles.ARBITRATOR);
        TransferType memory t = plain(Counterparty.ANY);
        t.reversible = 30 days;
        use(only(t));
        (_transfer,,) = propose(key, mill, 10);
    }

    function _open() private returns (uint256) {
        vm.prank(key);
        return _disputes.openOnTransfer(_transfer, 10, "statement");
    }

    function _execute(uint256 id, bool upheld) private {
        uint96[] memory awards = new uint96[](1);
        awards[0] = upheld ? 10 : 0;
        (IDisputeDesk.Dispute memory dispute,) = _disputes.disputeOf(id);
        vm.warp(uint256(dispute.evidenceUntil) + 1);
        vm.prank(_arbitrator);
        _disputes.rule(id, upheld, awards, "ruling");
        (dispute,) = _disputes.disputeOf(id);
        vm.warp(uint256(dispute.until) + 1);
        _disputes.execute(id);
    }

    function _reverse() private {
        vm.prank(regulator);
        rules.reverse(_transfer, "cause");
    }

    function _refused(uint256 id) private {
        vm.expectRevert(abi.encodeWithSelector(ITransferRules.TransferDisputed.selector, _transfer, id));
        _reverse();
    }

    function test_reverse__disputedOrMadeGood__refused_receiverPaysOnce() public {
        uint256 before = ledger.balanceOf(plant, uka);
        uint256 id = _open();
        _refused(id);
        _execute(id, true);
        _refused(id);
        assertEq(ledger.balanceOf(plant, uka), before + 10, "once");
        assertEq(_disputes.disputeOnTransfer(_transfer), id, "made good");
    }

    function test_reverse__disputeDismissed__may() public {
        uint256 before = ledger.balanceOf(plant, uka);
        _execute(_open(), false);
        _reverse();
        assertEq(ledger.balanceOf(plant, uka), before + 10, "by the authority");
    }

    function test_reverse__disputeWithdrawn__may_notDisputedAfterwards() public {
        uint256 id = _open();
        vm.prank(key);
        _disputes.withdraw(id);
        _reverse();
        vm.expectRevert(
            abi.encodeWithSelector(IDisputeDesk.NotDisputable.selector, IDisputeDesk.SubjectKind.TRANSFER, _transfer)
        );
        _open();
    }
}
