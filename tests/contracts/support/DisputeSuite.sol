// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { DisputeDesk } from "../../../contracts/compliance/DisputeDesk.sol";
import { IDisputeDesk } from "../../../contracts/compliance/IDisputeDesk.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { ITransferRules } from "../../../contracts/instruments/ITransferRules.sol";
import { IDisputable } from "../../../contracts/registry/IDisputable.sol";
import { OrderId } from "../../../contracts/types/OrderId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { IVoucherBook } from "../../../contracts/vouchers/IVoucherBook.sol";
import { VoucherBook } from "../../../contracts/vouchers/VoucherBook.sol";
import { AuthoritySuite } from "./AuthoritySuite.sol";

/// @dev The market of `AuthoritySuite` with the real DisputeDesk and VoucherBook. The test stands for the TransferRules, whose
///      record it keeps, and for the contracts whose acts are disputed.
abstract contract DisputeSuite is AuthoritySuite, IDisputable {
    uint32 internal constant OPEN_FOR = 30 days;
    uint32 internal constant EVIDENCE_FOR = 10 days;
    uint32 internal constant RULE_FOR = 20 days;
    uint32 internal constant APPEAL_FOR = 5 days;
    uint32 internal constant EXECUTE_FOR = 15 days;
    IInstrumentLedger.Reason internal constant DISPUTE = IInstrumentLedger.Reason.DISPUTE;

    DisputeDesk internal disputes;
    VoucherBook internal voucherBook;
    address internal arbitrator = address(0xA4B1);
    address internal appellate = address(0xA4B2);

    ITransferRules.TransferRecord[] internal transfers;
    mapping(uint256 subject => uint256 dispute) public held;
    uint256 public madeGood; // by rulings on what is held
    uint256 internal settledAt; // what is held

    function setUpDisputes() internal {
        setUpAuthority();
        settledAt = block.timestamp;
        disputes = DisputeDesk(newProxy());
        voucherBook = VoucherBook(newProxy());
        address self = address(this);
        install(
            address(voucherBook),
            address(new VoucherBook()),
            abi.encodeCall(VoucherBook.initialize, (IVoucherBook.CodingRules("UK", "TSCW", 0, 0)))
        );
        voucherBook.registerSeries(market, address(book), uint16(1 << uint256(VoucherKind.TRADE)));
        install(
            address(disputes),
            address(new DisputeDesk(address(ledger), address(authorityDesk), address(voucherBook), self, self, self)),
            abi.encodeCall(DisputeDesk.initialize, (termsOfDisputes()))
        );
        ledger.appointBinder(DISPUTE, address(disputes));
        grant(Roles.ARBITRATOR, arbitrator);
        grant(Roles.ARBITRATOR, appellate);
        permit(address(disputes), DisputeDesk.rule.selector, Roles.ARBITRATOR);
        permit(address(disputes), DisputeDesk.decideAppeal.selector, Roles.ARBITRATOR);
        permit(address(disputes), DisputeDesk.submitForAuthority.selector, Roles.REGULATOR);
        permit(address(disputes), DisputeDesk.appealForAuthority.selector, Roles.REGULATOR);
        permit(address(disputes), DisputeDesk.setTerms.selector, Roles.REGULATOR);
    }

    function termsOfDisputes() internal pure returns (IDisputeDesk.DisputeTerms memory) {
        return IDisputeDesk.DisputeTerms(OPEN_FOR, EVIDENCE_FOR, RULE_FOR, APPEAL_FOR, EXECUTE_FOR);
    }

    /* WHAT IS DISPUTED */

    /// @dev As TransferRules.
    function transferOf(uint256 id) external view returns (ITransferRules.TransferRecord memory) {
        return transfers[id - 1];
    }

    /// @inheritdoc IDisputable
    function hold(uint256 subject, uint256 dispute) external returns (address, uint256) {
        require(held[subject] == 0, "held");
        held[subject] = dispute;
        return (aliceAccount, settledAt);
    }

    /// @inheritdoc IDisputable
    function letGo(uint256 subject, uint256 dispute, bool upheld) external {
        if (held[subject] != dispute) return;
        held[subject] = 0;
        if (upheld) ++madeGood;
    }

    /// @dev A completed transfer.
    function transferred(address from, address to, uint256 instrument, uint96 quantity) internal returns (uint256) {
        ledger.moveFor(from, accountOf(from), accountOf(to), instrument, quantity);
        ITransferRules.TransferRecord memory done;
        done.from = accountOf(from);
        done.to = accountOf(to);
        done.state = ITransferRules.TransferState.COMPLETED;
        done.instrument = uint88(instrument);
        done.quantity = quantity;
        done.closedAt = uint40(block.timestamp);
        transfers.push(done);
        return transfers.length;
    }

    /// @dev Alice sells to Bob at 10 ticks, 100 a tonne: the first trade of the market.
    function traded(uint48 quantity) internal returns (Voucher memory) {
        OrderId order = sell(alice, 10, quantity);
        buy(bob, 10, quantity);
        return Voucher({
            kind: VoucherKind.TRADE,
            series: market,
            index: 0,
            orderOfDay: 1,
            at: uint40(block.timestamp),
            instrument: uka,
            quantity: quantity,
            price: 100,
            from: aliceAccount,
            to: bobAccount,
            ref: OrderId.unwrap(order)
        });
    }

    /* DISPUTES */

    function opened(address key, uint256 transfer, uint256 units_) internal returns (uint256) {
        vm.prank(key);
        return disputes.openOnTransfer(transfer, units_, "statement");
    }

    function awarding(uint96 first) internal pure returns (uint96[] memory awards) {
        awards = new uint96[](1);
        awards[0] = first;
    }

    function ruled(uint256 id, bool upheld, uint96[] memory awards) internal {
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(id);
        vm.warp(uint256(dispute.evidenceUntil) + 1);
        vm.prank(arbitrator);
        disputes.rule(id, upheld, awards, "ruling");
    }

    function pastAppeal(uint256 id) internal {
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(id);
        vm.warp(uint256(dispute.until) + 1);
    }

    function inState(uint256 id, IDisputeDesk.DisputeState expected) internal view {
        (IDisputeDesk.Dispute memory dispute,) = disputes.disputeOf(id);
        assertEq(uint256(dispute.state), uint256(expected), "state");
    }

    function frozenFor(address account, uint256 instrument) internal view returns (uint256) {
        return ledger.encumberedFor(account, instrument, DISPUTE);
    }
}
