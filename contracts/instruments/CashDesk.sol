// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { IERC20Metadata } from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import { IERC20Permit } from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import { SafeERC20 } from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import { ReentrancyGuardTransient } from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import { Math } from "@openzeppelin/contracts/utils/math/Math.sol";

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { ICashDesk } from "./ICashDesk.sol";
import { IERC7943MultiToken } from "./IERC7943.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";

/// @title Deposits and withdrawals of settlement money. Its manual is `ICashDesk`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract CashDesk is ICashDesk, Governed, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint40 private constant _LONGEST = 366 days;
    uint8 private constant _MOST_DECIMALS = 18;

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
        uint40 hold; // seconds
        mapping(uint256 instrument => Totals) others; // all but the main money; `withdrawals` counts in `totals` only
        mapping(uint256 instrument => Backing) backings;
        mapping(address token => uint256 instrument) moneys;
        mapping(address account => PayoutAddress) payoutAddresses;
        mapping(address account => mapping(uint256 instrument => uint256)) accepted; // by the bank, and not decided yet
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

    /* WHAT BACKS A MONEY */

    /// @inheritdoc ICashDesk
    function backWithToken(uint256 instrument, address token, uint8 decimals) external restricted {
        _requireMoney(instrument);
        IInstrumentLedger.Instrument memory known = _ledger().instrumentOf(instrument);
        require(known.state != IInstrumentLedger.InstrumentState.NONE, NotMoney(instrument));
        Storage storage $ = _s();
        require(known.issued == 0 && $.backings[instrument].token == address(0), BackingFixed(instrument));
        require(token.code.length != 0 && $.moneys[token] == 0, CannotBack(token));
        uint8 has = IERC20Metadata(token).decimals();
        require(has == decimals, DecimalsDiffer(token, decimals, has));
        require(has <= _MOST_DECIMALS, TooManyDecimals(token, has));

        $.backings[instrument] = Backing({ token: token, decimals: decimals, stopped: false });
        $.moneys[token] = instrument;

        emit TokenBacked(instrument, token, decimals);
    }

    /// @inheritdoc ICashDesk
    function setStopped(uint256 instrument, bool stopped, bytes32 cause) external restricted {
        _tokenOf(instrument);
        require(cause != 0, CauseMissing());

        _s().backings[instrument].stopped = stopped;

        emit StoppedSet(instrument, stopped, cause);
    }

    /// @inheritdoc ICashDesk
    function backingOf(uint256 instrument) external view returns (Backing memory) {
        return _s().backings[instrument];
    }

    /// @inheritdoc ICashDesk
    function moneyOf(address token) external view returns (uint256 instrument) {
        return _s().moneys[token];
    }

    function _requireMoney(uint256 instrument) private pure {
        require(checkedInstrument(instrument).class() == InstrumentClass.MONEY, NotMoney(instrument));
    }

    function _requireBank(uint256 instrument) private view {
        address token = _s().backings[instrument].token;
        require(token == address(0), WrongBacking(instrument, token));
    }

    function _tokenOf(uint256 instrument) private view returns (IERC20) {
        address token = _s().backings[instrument].token;
        require(token != address(0), WrongBacking(instrument, address(0)));
        return IERC20(token);
    }

    /// @dev Before tokens move: nobody stopped them, and the desk has what it owes.
    /// @return held By the desk.
    function _requireCovered(uint256 instrument, IERC20 token) private view returns (uint256 held) {
        require(!_s().backings[instrument].stopped, DeskStopped(instrument));
        held = token.balanceOf(address(this));
        uint256 owed = _outstanding(instrument);
        require(held >= owed, Undercovered(instrument, held, owed));
    }

    /* DEPOSITS */

    /// @inheritdoc ICashDesk
    function recordDeposit(address account, uint256 amount, bytes32 bankReference) external restricted {
        _recordDeposit(account, _ledger().mainMoney(), amount, bankReference);
    }

    /// @inheritdoc ICashDesk
    function recordDepositOf(address account, uint256 instrument, uint256 amount, bytes32 bankReference)
        external
        restricted
    {
        _requireMoney(instrument);
        _recordDeposit(account, instrument, amount, bankReference);
    }

    /// @inheritdoc ICashDesk
    function depositTokens(uint256 instrument, uint256 amount) external nonReentrant {
        _depositTokens(instrument, _tokenOf(instrument), amount);
    }

    /// @inheritdoc ICashDesk
    function depositTokensWithPermit(
        uint256 instrument,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        IERC20 token = _tokenOf(instrument);
        // A permit that was used by somebody else has left its allowance; whether there is one is seen below.
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) { } catch { }
        _depositTokens(instrument, token, amount);
    }

    function _recordDeposit(address account, uint256 instrument, uint256 amount, bytes32 bankReference) private {
        _requireBank(instrument);
        _use(bankReference);

        // No check of the amount: `issue` takes nothing that does not fit the ledger's 96 bits.
        _totals(instrument).deposited += uint96(amount);

        emit DepositRecorded(account, amount, bankReference, instrument);

        // Money has serials like every instrument, but nobody asks for them.
        // slither-disable-next-line unused-return
        _ledger().issue(account, instrument, amount, bankReference);
    }

    /// @dev What arrived is measured, so the ledger is told last; `nonReentrant` is on every way to here.
    function _depositTokens(uint256 instrument, IERC20 token, uint256 amount) private {
        address account = IEligibility(LEDGER).actingFor(msg.sender, Rights.INITIATE, 0);
        uint256 held = _requireCovered(instrument, token);

        // No check of the amount, as above.
        _totals(instrument).deposited += uint96(amount);

        emit TokensDeposited(account, msg.sender, instrument, amount);

        token.safeTransferFrom(msg.sender, address(this), amount);
        _requireMoved(instrument, amount, token.balanceOf(address(this)), held);
        // slither-disable-next-line unused-return
        _ledger().issue(account, instrument, amount, bytes32(uint256(uint160(address(token)))));
    }

    /// @dev From `less` to `more` tokens is exactly `amount`.
    function _requireMoved(uint256 instrument, uint256 amount, uint256 more, uint256 less) private pure {
        uint256 moved = more > less ? more - less : 0;
        require(moved == amount, MovedOtherwise(instrument, amount, moved));
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

    /// @inheritdoc ICashDesk
    function setPayoutAddress(address to) external {
        address account = _acting(0);
        require(to != address(0) && to != address(this) && to != LEDGER, BadPayoutAddress(to));

        uint40 usableFrom = uint40(block.timestamp + _s().payoutDelay);
        _s().payoutAddresses[account] = PayoutAddress(to, usableFrom);

        emit PayoutAddressNamed(account, msg.sender, to, usableFrom);
    }

    /// @inheritdoc ICashDesk
    function payoutAddressOf(address account) external view returns (PayoutAddress memory) {
        return _s().payoutAddresses[account];
    }

    /// @dev Where `account` wants `instrument` to be paid out to, as it stands in a withdrawal.
    function _destination(address account, uint256 instrument) private view returns (bytes32) {
        Storage storage $ = _s();
        address token = $.backings[instrument].token;
        if (token == address(0)) {
            Payout storage payout = $.payouts[account];
            _requireUsable(account, payout.commitment != 0, payout.usableFrom);
            return payout.commitment;
        }
        PayoutAddress storage named = $.payoutAddresses[account];
        _requireUsable(account, named.to != address(0), named.usableFrom);
        require(named.to != token, BadPayoutAddress(token));
        return bytes32(uint256(uint160(named.to)));
    }

    function _requireUsable(address account, bool isNamed, uint40 usableFrom) private view {
        require(isNamed && block.timestamp >= usableFrom, PayoutNotUsable(account, usableFrom));
    }

    function _setPayoutDelay(uint40 delay) private {
        _requireNotTooLong(delay);

        _s().payoutDelay = delay;

        emit PayoutDelaySet(delay);
    }

    /// @dev Else a time in 40 bits could wrap around, and lie in the past.
    function _requireNotTooLong(uint40 duration) private pure {
        require(duration <= _LONGEST, DelayTooLong(duration, _LONGEST));
    }

    /* WITHDRAWALS */

    /// @inheritdoc ICashDesk
    function requestWithdrawal(uint256 amount) external returns (uint256 id) {
        return _request(_ledger().mainMoney(), amount);
    }

    /// @inheritdoc ICashDesk
    function requestWithdrawalOf(uint256 instrument, uint256 amount) external returns (uint256 id) {
        _requireMoney(instrument);
        return _request(instrument, amount);
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
    function acceptWithdrawal(uint256 id) external restricted {
        Withdrawal storage withdrawal = _requested(id);
        (address account, uint256 instrument) = (withdrawal.account, withdrawal.instrument);
        _requireBank(instrument);
        uint256 accepted = _s().accepted[account][instrument] + withdrawal.amount;
        _requireSendable(account, instrument, accepted);

        withdrawal.state = WithdrawalState.ACCEPTED;
        _s().accepted[account][instrument] = accepted;

        emit WithdrawalAccepted(id, account);
    }

    /// @inheritdoc ICashDesk
    function confirmWithdrawal(uint256 id, bytes32 bankReference) external restricted {
        Withdrawal storage withdrawal = _open(id);
        _requireBank(withdrawal.instrument);
        require(withdrawal.state == WithdrawalState.ACCEPTED, WithdrawalNotAccepted(id));
        _use(bankReference);

        _unaccept(withdrawal);
        _close(withdrawal);

        emit WithdrawalPaid(id, withdrawal.account, withdrawal.amount, bankReference);

        _cancel(withdrawal, bankReference);
    }

    /// @inheritdoc ICashDesk
    function payWithdrawal(uint256 id) external nonReentrant {
        Withdrawal storage withdrawal = _requested(id);
        (address account, uint256 instrument, uint256 amount) =
            (withdrawal.account, withdrawal.instrument, withdrawal.amount);
        IERC20 token = _tokenOf(instrument);
        uint256 payableFrom = uint256(withdrawal.requestedAt) + Math.max(_s().hold, 1);
        require(block.timestamp >= payableFrom, NotPayableYet(id, payableFrom));
        _requireSendable(account, instrument, amount);
        uint256 held = _requireCovered(instrument, token);
        address to = address(uint160(uint256(withdrawal.payout)));

        _close(withdrawal);

        emit TokensPaid(id, account, instrument, to, amount);

        _cancel(withdrawal, bytes32(id));
        token.safeTransfer(to, amount);
        _requireMoved(instrument, amount, held, token.balanceOf(address(this)));
    }

    /// @inheritdoc ICashDesk
    function refuseWithdrawal(uint256 id, bytes32 cause) external restricted {
        Withdrawal storage withdrawal = _requested(id);
        _tokenOf(withdrawal.instrument);

        _reject(id, withdrawal, cause);
    }

    /// @inheritdoc ICashDesk
    function setHold(uint40 duration) external restricted {
        _requireNotTooLong(duration);

        _s().hold = duration;

        emit HoldSet(duration);
    }

    /// @inheritdoc ICashDesk
    function hold() external view returns (uint40) {
        return _s().hold;
    }

    /// @inheritdoc ICashDesk
    function rejectWithdrawal(uint256 id, bytes32 cause) external restricted {
        Withdrawal storage withdrawal = _open(id);
        _requireBank(withdrawal.instrument);

        if (withdrawal.state == WithdrawalState.ACCEPTED) _unaccept(withdrawal);
        _reject(id, withdrawal, cause);
    }

    /// @inheritdoc ICashDesk
    function withdrawalOf(uint256 id) external view returns (Withdrawal memory) {
        return _known(id);
    }

    /// @inheritdoc ICashDesk
    function withdrawalCount() external view returns (uint256) {
        return _s().totals.withdrawals;
    }

    /// @dev `instrument` is money.
    function _request(uint256 instrument, uint256 amount) private returns (uint256 id) {
        address account = _acting(Restrictions.NO_TRANSFER);
        bytes32 destination = _destination(account, instrument);
        Storage storage $ = _s();

        id = ++$.totals.withdrawals;
        // No check of the amount: `encumber` binds nothing that the account does not hold.
        $.withdrawals[id] = Withdrawal({
            account: account,
            state: WithdrawalState.REQUESTED,
            requestedAt: uint40(block.timestamp),
            amount: uint96(amount),
            instrument: uint88(instrument),
            payout: destination
        });

        emit WithdrawalRequested(id, account, msg.sender, amount, destination, instrument);

        _ledger().encumber(account, instrument, amount, IInstrumentLedger.Reason.WITHDRAWAL, bytes32(id));
    }

    /// @dev The bound units of the withdrawal are part of the balance, and a freeze may have come after they were bound.
    function _requireSendable(address account, uint256 instrument, uint256 amount) private view {
        IERC7943MultiToken ledger = IERC7943MultiToken(LEDGER);
        require(ledger.canSend(account), IERC7943MultiToken.ERC7943CannotSend(account));
        uint256 frozen = ledger.getFrozenTokens(account, instrument);
        if (frozen == 0) return;
        uint256 unfrozen = Math.saturatingSub(IERC1155(LEDGER).balanceOf(account, instrument), frozen);
        require(
            amount <= unfrozen,
            IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance(account, instrument, amount, unfrozen)
        );
    }

    function _unaccept(Withdrawal storage withdrawal) private {
        _s().accepted[withdrawal.account][withdrawal.instrument] -= withdrawal.amount;
    }

    function _close(Withdrawal storage withdrawal) private {
        withdrawal.state = WithdrawalState.PAID;
        _totals(withdrawal.instrument).withdrawn += withdrawal.amount;
    }

    function _cancel(Withdrawal storage withdrawal, bytes32 cause) private {
        _ledger()
            .cancelEncumbered(
                withdrawal.account, withdrawal.instrument, withdrawal.amount, IInstrumentLedger.Reason.WITHDRAWAL, cause
            );
    }

    function _reject(uint256 id, Withdrawal storage withdrawal, bytes32 cause) private {
        require(cause != 0, CauseMissing());

        withdrawal.state = WithdrawalState.REJECTED;

        emit WithdrawalRejected(id, withdrawal.account, cause);

        _release(withdrawal, cause);
    }

    function _requested(uint256 id) private view returns (Withdrawal storage withdrawal) {
        withdrawal = _open(id);
        require(withdrawal.state == WithdrawalState.REQUESTED, WithdrawalUnderway(id));
    }

    function _open(uint256 id) private view returns (Withdrawal storage withdrawal) {
        withdrawal = _known(id);
        WithdrawalState state = withdrawal.state;
        require(state == WithdrawalState.REQUESTED || state == WithdrawalState.ACCEPTED, WithdrawalClosed(id, state));
    }

    function _known(uint256 id) private view returns (Withdrawal storage withdrawal) {
        withdrawal = _s().withdrawals[id];
        require(withdrawal.state != WithdrawalState.NONE, UnknownWithdrawal(id));
    }

    function _release(Withdrawal storage withdrawal, bytes32 cause) private {
        _ledger()
            .release(
                withdrawal.account, withdrawal.instrument, withdrawal.amount, IInstrumentLedger.Reason.WITHDRAWAL, cause
            );
    }

    /* RECONCILIATION */

    /// @inheritdoc ICashDesk
    function reconcile()
        external
        view
        returns (uint256 deposited, uint256 withdrawn, uint256 outstanding, bool agrees)
    {
        (deposited, withdrawn, outstanding,, agrees) = reconcileOf(_ledger().mainMoney());
    }

    /// @inheritdoc ICashDesk
    function reconcileOf(uint256 instrument)
        public
        view
        returns (uint256 deposited, uint256 withdrawn, uint256 outstanding, uint256 held, bool agrees)
    {
        Totals memory totals = _totals(instrument);
        IInstrumentLedger.Instrument memory money = _ledger().instrumentOf(instrument);
        address token = _s().backings[instrument].token;
        deposited = totals.deposited;
        withdrawn = totals.withdrawn;
        outstanding = deposited - withdrawn;
        agrees = money.issued == deposited && money.cancelled == withdrawn;
        if (token != address(0)) {
            held = IERC20(token).balanceOf(address(this));
            agrees = agrees && held >= outstanding;
        }
    }

    /// @inheritdoc ICashDesk
    function isUsed(bytes32 bankReference) external view returns (bool) {
        return _s().used[bankReference];
    }

    /* SHARED */

    function _totals(uint256 instrument) private view returns (Totals storage) {
        return instrument == _ledger().mainMoney() ? _s().totals : _s().others[instrument];
    }

    function _outstanding(uint256 instrument) private view returns (uint256) {
        Totals storage totals = _totals(instrument);
        return totals.deposited - totals.withdrawn;
    }

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
