// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { ICashDesk } from "./ICashDesk.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";

/// @title Deposits and withdrawals of settlement money. Its manual is `ICashDesk`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract CashDesk is ICashDesk, Governed {
    // A proxy, whose address is fixed before any implementation exists.
    address private immutable LEDGER;

    struct Totals {
        uint96 deposited;
        uint96 withdrawn;
        uint64 withdrawals; // asked for, ever; also the last one's id
    }

    /// @custom:storage-location erc7201:carbon.storage.CashDesk
    struct Storage {
        Totals totals;
        mapping(uint256 id => Withdrawal) withdrawals;
        mapping(bytes32 bankReference => bool) used;
        mapping(address account => Payout) payouts;
        uint40 payoutDelay; // seconds
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.CashDesk")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x79efcd9cc52dffe0768c57cdcd679b1262dff808216a1e1240a5c382649b9b00;

    constructor(address ledger) {
        LEDGER = ledger;
    }

    /// @param delay Seconds after which a newly named destination can be used.
    function initialize(uint40 delay) external reinitializer(2) {
        _setPayoutDelay(delay);
    }

    /* DEPOSITS */

    /// @inheritdoc ICashDesk
    function recordDeposit(address account, uint256 amount, bytes32 bankReference) external restricted {
        _use(bankReference);

        // No check of the amount: `issue` takes nothing that does not fit the ledger's 96 bits.
        _s().totals.deposited += uint96(amount);

        emit DepositRecorded(account, amount, bankReference);

        // Money has serials like every instrument, but nobody asks for them.
        // slither-disable-next-line unused-return
        _ledger().issue(account, _ledger().mainMoney(), amount, bankReference);
    }

    /* PAYOUT DESTINATION */

    /// @inheritdoc ICashDesk
    function setPayout(bytes32 commitment) external {
        address account = _acting(0);
        require(commitment != 0, PayoutMissing());

        uint40 usableFrom = uint40(block.timestamp + _s().payoutDelay);
        _s().payouts[account] = Payout(commitment, usableFrom);

        emit PayoutNamed(account, msg.sender, commitment, usableFrom);
    }

    /// @inheritdoc ICashDesk
    function setPayoutDelay(uint40 delay) external restricted {
        _setPayoutDelay(delay);
    }

    /// @inheritdoc ICashDesk
    function payoutOf(address account) external view returns (Payout memory) {
        return _s().payouts[account];
    }

    /// @inheritdoc ICashDesk
    function payoutDelay() external view returns (uint40) {
        return _s().payoutDelay;
    }

    function _setPayoutDelay(uint40 delay) private {
        _s().payoutDelay = delay;

        emit PayoutDelaySet(delay);
    }

    /* WITHDRAWALS */

    /// @inheritdoc ICashDesk
    function requestWithdrawal(uint256 amount) external returns (uint256 id) {
        address account = _acting(Restrictions.NO_TRANSFER);
        Storage storage $ = _s();
        Payout storage payout = $.payouts[account];
        bytes32 commitment = payout.commitment;
        require(commitment != 0 && block.timestamp >= payout.usableFrom, PayoutNotUsable(account, payout.usableFrom));

        id = ++$.totals.withdrawals;
        // No check of the amount: `encumber` binds nothing that the account does not hold.
        $.withdrawals[id] = Withdrawal({
            account: account,
            state: WithdrawalState.REQUESTED,
            requestedAt: uint40(block.timestamp),
            amount: uint96(amount),
            payout: commitment
        });

        emit WithdrawalRequested(id, account, msg.sender, amount, commitment);

        _ledger().encumber(account, _ledger().mainMoney(), amount, IInstrumentLedger.Reason.WITHDRAWAL, bytes32(id));
    }

    /// @inheritdoc ICashDesk
    function cancelWithdrawal(uint256 id) external {
        address account = _acting(0);
        Withdrawal storage withdrawal = _requested(id);
        require(withdrawal.account == account, NotTheAccount(msg.sender, withdrawal.account));

        withdrawal.state = WithdrawalState.CANCELLED;

        emit WithdrawalCancelled(id, account);

        _release(withdrawal, bytes32(id));
    }

    /// @inheritdoc ICashDesk
    function confirmWithdrawal(uint256 id, bytes32 bankReference) external restricted {
        Withdrawal storage withdrawal = _requested(id);
        _use(bankReference);
        uint96 amount = withdrawal.amount;
        address account = withdrawal.account;

        withdrawal.state = WithdrawalState.PAID;
        _s().totals.withdrawn += amount;

        emit WithdrawalPaid(id, account, amount, bankReference);

        _ledger()
            .cancelEncumbered(
                account, _ledger().mainMoney(), amount, IInstrumentLedger.Reason.WITHDRAWAL, bankReference
            );
    }

    /// @inheritdoc ICashDesk
    function rejectWithdrawal(uint256 id, bytes32 cause) external restricted {
        Withdrawal storage withdrawal = _requested(id);
        require(cause != 0, CauseMissing());

        withdrawal.state = WithdrawalState.REJECTED;

        emit WithdrawalRejected(id, withdrawal.account, cause);

        _release(withdrawal, cause);
    }

    /// @inheritdoc ICashDesk
    function withdrawalOf(uint256 id) external view returns (Withdrawal memory) {
        return _known(id);
    }

    /// @inheritdoc ICashDesk
    function withdrawalCount() external view returns (uint256) {
        return _s().totals.withdrawals;
    }

    function _requested(uint256 id) private view returns (Withdrawal storage withdrawal) {
        withdrawal = _known(id);
        require(withdrawal.state == WithdrawalState.REQUESTED, WithdrawalClosed(id, withdrawal.state));
    }

    function _known(uint256 id) private view returns (Withdrawal storage withdrawal) {
        withdrawal = _s().withdrawals[id];
        require(withdrawal.state != WithdrawalState.NONE, UnknownWithdrawal(id));
    }

    function _release(Withdrawal storage withdrawal, bytes32 cause) private {
        _ledger()
            .release(
                withdrawal.account, _ledger().mainMoney(), withdrawal.amount, IInstrumentLedger.Reason.WITHDRAWAL, cause
            );
    }

    /* RECONCILIATION */

    /// @inheritdoc ICashDesk
    function reconcile()
        external
        view
        returns (uint256 deposited, uint256 withdrawn, uint256 outstanding, bool agrees)
    {
        Totals memory totals = _s().totals;
        IInstrumentLedger.Instrument memory money = _ledger().instrumentOf(_ledger().mainMoney());
        deposited = totals.deposited;
        withdrawn = totals.withdrawn;
        outstanding = deposited - withdrawn;
        agrees = money.issued == deposited && money.cancelled == withdrawn;
    }

    /// @inheritdoc ICashDesk
    function isUsed(bytes32 bankReference) external view returns (bool) {
        return _s().used[bankReference];
    }

    /* SHARED */

    function _use(bytes32 bankReference) private {
        require(bankReference != 0, ReferenceMissing());
        require(!_s().used[bankReference], ReferenceUsed(bankReference));

        _s().used[bankReference] = true;
    }

    function _acting(uint16 forbidding) private view returns (address account) {
        return IEligibility(LEDGER).actingFor(msg.sender, Rights.INITIATE | Rights.APPROVE, forbidding);
    }

    function _ledger() private view returns (IInstrumentLedger) {
        return IInstrumentLedger(LEDGER);
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
