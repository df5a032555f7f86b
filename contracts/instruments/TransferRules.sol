// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountKind, AccountStatus, Eligibility, Representation, Restrictions, Rights } from "../types/Accounts.sol";
import { IERC7943MultiToken } from "./IERC7943.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";
import { ITransferDisputes } from "./ITransferDisputes.sol";
import { ITransferRules } from "./ITransferRules.sol";
import { BusinessHours, Counterparty, TransferType, TransferTypes } from "./TransferTypes.sol";
import { WorkingTime } from "./WorkingTime.sol";

/// @title How units may move between accounts. Its manual is `ITransferRules`; the calendar is `WorkingTime`, a type `TransferTypes`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract TransferRules is ITransferRules, Governed {
    using TransferTypes for TransferType;
    using WorkingTime for WorkingTime.State;

    uint256 private constant _MAX_RULES = 64; // a change of a list walks those that were assigned
    IInstrumentLedger.Reason private constant _REASON = IInstrumentLedger.Reason.DELAYED_TRANSFER;

    // A proxy, whose address is fixed before any implementation exists.
    address private immutable LEDGER;

    /// @dev What of a type's daily limit an account has used.
    struct DayUse {
        uint40 day; // civil day
        uint96 used; // units proposed on it; those taken back the same day are not counted
    }

    struct Totals {
        uint16 rules; // sets published, ever; also the last one's number
        uint64 transfers; // proposed, ever; also the last one's id
    }

    /// @dev What an operation asks of the two accounts, read once.
    struct Pair {
        address from;
        address to;
        Eligibility giver;
        Eligibility receiver;
    }

    /// @custom:storage-location erc7201:carbon.storage.TransferRules
    struct Storage {
        Totals totals;
        TrustRules trustRules;
        uint256 assigned; // bit n: set n was assigned to some instrument
        WorkingTime.State time;
        mapping(uint256 rules => TransferType[]) types;
        mapping(uint256 id => TransferRecord) transfers;
        mapping(address account => mapping(address trusted => Trust)) trusts;
        mapping(address from => mapping(address to => uint256)) directUnder; // bit n: the ledger was told of set n
        mapping(address account => bool) optedIn;
        mapping(address account => mapping(uint256 rulesAndKind => DayUse)) uses;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.TransferRules")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x5b98a71ebf9c2f1592fcba13a4d6ac0f9f9d0ce54ff275f627cee43096036800;

    constructor(address ledger) {
        LEDGER = ledger;
    }

    /* RULES */

    /// @inheritdoc ITransferRules
    function publishRules(TransferType[] calldata types, bytes32 document) external restricted returns (uint16 rules) {
        TransferTypes.check(types);
        require(document != 0, CauseMissing());
        Storage storage $ = _s();
        require($.totals.rules < _MAX_RULES, TooManyRules(_MAX_RULES));

        rules = ++$.totals.rules;
        for (uint256 i; i < types.length; ++i) {
            $.types[rules].push(types[i]);
        }

        emit RulesPublished(rules, types, document);
    }

    /// @inheritdoc ITransferRules
    function assignRules(uint256[] calldata instruments, uint16 rules) external restricted {
        Storage storage $ = _s();
        require(rules <= $.totals.rules, UnknownRules(rules));

        if (rules != 0) $.assigned |= 1 << rules;

        for (uint256 i; i < instruments.length; ++i) {
            _ledger().assignRules(instruments[i], rules);
        }
    }

    /// @inheritdoc ITransferRules
    function setCalendar(WorkingTime.Calendar calldata calendar) external restricted {
        WorkingTime.check(calendar);

        _s().time.calendar = calendar;

        emit CalendarSet(calendar);
    }

    /// @inheritdoc ITransferRules
    function setHolidays(uint32[] calldata dates, bool on) external restricted {
        _s().time.setHolidays(dates, on);

        emit HolidaysSet(dates, on);
    }

    /// @inheritdoc ITransferRules
    function setTrustRules(TrustRules calldata rules) external restricted {
        require(rules.approvals == 1 || rules.approvals == 2, BadTrustRules(rules.approvals));

        _s().trustRules = rules;

        emit TrustRulesSet(rules);
    }

    /// @inheritdoc ITransferRules
    function setOptIn(address account, bool on, bytes32 cause) external restricted {
        require(cause != 0, CauseMissing());

        _s().optedIn[account] = on;

        emit OptInSet(account, on, cause);
    }

    /// @inheritdoc ITransferRules
    function rulesCount() external view returns (uint16) {
        return _s().totals.rules;
    }

    /// @inheritdoc ITransferRules
    function typesOf(uint16 rules) external view returns (TransferType[] memory) {
        return _s().types[rules];
    }

    /// @inheritdoc ITransferRules
    function calendarOf() external view returns (WorkingTime.Calendar memory) {
        return _s().time.calendar;
    }

    /// @inheritdoc ITransferRules
    function trustRulesOf() external view returns (TrustRules memory) {
        return _s().trustRules;
    }

    /// @inheritdoc ITransferRules
    function hasOptedIn(address account) external view returns (bool) {
        return _s().optedIn[account];
    }

    /// @inheritdoc ITransferRules
    function isHoliday(uint256 day) external view returns (bool) {
        return _s().time.isHoliday(day);
    }

    /// @inheritdoc ITransferRules
    function isOpenAt(uint256 moment) external view returns (bool) {
        return _s().time.isOpen(moment);
    }

    /// @inheritdoc ITransferRules
    function nextOpening(uint256 moment) external view returns (uint256) {
        return _s().time.nextOpening(moment);
    }

    /// @inheritdoc ITransferRules
    function afterWorkingDays(uint256 moment, uint256 count) external view returns (uint256) {
        return _s().time.afterWorkingDays(moment, count);
    }

    /* TRUSTED ACCOUNTS */

    /// @inheritdoc ITransferRules
    function trust(address trusted) external {
        address account = _acting(Rights.INITIATE);
        require(trusted != account, ToItself(account));
        _requireKnown(trusted);
        Storage storage $ = _s();
        Trust storage entry = $.trusts[account][trusted];
        require(entry.state == TrustState.NONE, TrustInState(account, trusted, entry.state));

        (entry.key, entry.state) = (msg.sender, TrustState.PROPOSED);

        emit TrustProposed(account, trusted, msg.sender);

        if ($.trustRules.approvals == 1 && _may(Rights.APPROVE)) _addTrust(account, trusted, entry);
    }

    /// @inheritdoc ITransferRules
    function approveTrust(address trusted) external {
        address account = _acting(Rights.APPROVE);
        Trust storage entry = _s().trusts[account][trusted];
        require(entry.state == TrustState.PROPOSED, TrustInState(account, trusted, entry.state));
        require(_s().trustRules.approvals == 1 || entry.key != msg.sender, AnotherKeyApproves(msg.sender));

        _addTrust(account, trusted, entry);
    }

    /// @inheritdoc ITransferRules
    function distrust(address trusted) external {
        address account = _initiatingOrApproving();
        Storage storage $ = _s();
        Trust storage entry = $.trusts[account][trusted];
        require(entry.state != TrustState.NONE, TrustInState(account, trusted, entry.state));

        delete $.trusts[account][trusted];

        emit TrustRemoved(account, trusted, msg.sender);

        _updateAll(account, trusted, $.directUnder[account][trusted]);
    }

    /// @inheritdoc ITransferRules
    function trustOf(address account, address trusted) external view returns (Trust memory) {
        return _s().trusts[account][trusted];
    }

    /// @inheritdoc ITransferRules
    function isTrusted(address account, address trusted) public view returns (bool) {
        Trust storage entry = _s().trusts[account][trusted];
        return entry.state == TrustState.ADDED && entry.since <= block.timestamp;
    }

    /// @inheritdoc ITransferRules
    function updateDirect(address from, address to, uint16 rules) external {
        require(rules != 0 && rules <= _s().totals.rules, UnknownRules(rules));
        _requireKnown(from);
        _requireKnown(to);

        _update(from, to, rules);
    }

    /// @inheritdoc ITransferRules
    /// @dev Kinds of accounts and types of a set never change; owners and options may. So a pair is direct only if each type
    ///      that could come to apply to it is, and depends on the list alone, whose every change comes by here.
    function directSince(address from, address to, uint16 rules) public view returns (uint40) {
        if (from == to) return 0;
        if (_isDirect(from, to, rules, false)) return _isDirect(from, to, rules, true) ? 1 : 0;
        Trust storage entry = _s().trusts[from][to];
        return entry.state == TrustState.ADDED && _isDirect(from, to, rules, true) ? entry.since : 0;
    }

    function _addTrust(address account, address trusted, Trust storage entry) private {
        Storage storage $ = _s();
        TrustRules memory rules = $.trustRules;
        uint40 since = uint40($.time.afterWorkingDays(block.timestamp + rules.delay, rules.workingDays));
        (entry.state, entry.since) = (TrustState.ADDED, since);

        emit TrustAdded(account, trusted, msg.sender, since);

        _updateAll(account, trusted, $.assigned);
    }

    /// @param sets Bit n: set n.
    function _updateAll(address from, address to, uint256 sets) private {
        for (uint16 rules = 1; sets >> rules != 0; ++rules) {
            if (sets & 1 << rules != 0) _update(from, to, rules);
        }
    }

    function _update(address from, address to, uint16 rules) private {
        uint40 since = directSince(from, to, rules);
        if (since == _ledger().directFrom(from, to, rules)) return;
        mapping(address => uint256) storage under = _s().directUnder[from];
        under[to] = since == 0 ? under[to] & ~(1 << rules) : under[to] | 1 << rules;

        _ledger().setDirect(from, to, rules, since);
    }

    function _isDirect(address from, address to, uint16 rules, bool listed) private view returns (bool) {
        uint256 fromKind = uint256(_eligibility(from).kind);
        uint256 toKind = uint256(_eligibility(to).kind);
        TransferType[] storage types = _s().types[rules];
        for (uint256 i; i < types.length; ++i) {
            TransferType memory t = types[i];
            if (!t.isForKinds(fromKind, toKind) || !t.isForPair(listed, true, true)) continue;
            if (!t.isDirect()) return false;
            if (!t.isUncertain()) return true;
        }
        return false;
    }

    /* TRANSFERS */

    /// @inheritdoc ITransferRules
    function propose(address to, uint256 instrument, uint256 quantity)
        external
        returns (uint256 id, TransferState state, uint40 dueAt)
    {
        address from = _acting(Rights.INITIATE);
        require(to != from, ToItself(from));
        uint16 rules = _openRules(instrument);
        Pair memory pair = _pair(from, to);
        (uint8 kind, TransferType memory t) = _typeFor(pair, rules, quantity);
        _requireMayGive(pair, t);
        require(_mayReceive(pair.receiver), IERC7943MultiToken.ERC7943CannotReceive(to));
        if (t.within == BusinessHours.PROPOSED) _requireOpen();
        uint40 day = t.mostPerDay == 0 ? 0 : _use(from, rules, kind, quantity, t.mostPerDay);

        id = ++_s().totals.transfers;
        TransferRecord storage transfer = _s().transfers[id];
        (transfer.from, transfer.kind, transfer.rules) = (from, kind, rules);
        transfer.proposedAt = uint40(block.timestamp);
        // No check of the quantity: the ledger binds and moves nothing that the account does not have, nor 2^96 and more.
        (transfer.to, transfer.quantity) = (to, uint96(quantity));
        (transfer.instrument, transfer.key, transfer.day) = (uint88(instrument), msg.sender, uint32(day));

        emit TransferProposed(id, from, to, msg.sender, instrument, quantity, rules, kind);

        state = TransferState.PROPOSED;
        if (t.approvals == 1 && _may(Rights.APPROVE)) {
            (state, dueAt) = _approved(id, transfer, t);
            if (state == TransferState.COMPLETED) {
                _ledger().moveFor(msg.sender, from, to, instrument, quantity);
                return (id, state, dueAt);
            }
        }
        transfer.state = state;
        _ledger().encumber(from, instrument, quantity, _REASON, bytes32(id));
    }

    /// @inheritdoc ITransferRules
    function approve(uint256 id) external returns (TransferState state, uint40 dueAt) {
        TransferRecord storage transfer = _in(id, TransferState.PROPOSED);
        _requireGiver(transfer, _acting(Rights.APPROVE));
        TransferType memory t = _typeOf(transfer);
        require(t.approvals == 1 || transfer.key != msg.sender, AnotherKeyApproves(msg.sender));
        _requireNotExpired(id, transfer, t);
        _requireStillApplies(id, transfer, t);

        (state, dueAt) = _approved(id, transfer, t);

        if (state == TransferState.COMPLETED) _moveBound(id, transfer);
    }

    /// @inheritdoc ITransferRules
    function refuse(uint256 id) external {
        TransferRecord storage transfer = _in(id, TransferState.PROPOSED);
        _requireGiver(transfer, _acting(Rights.APPROVE));

        transfer.state = TransferState.REFUSED;

        emit TransferRefused(id, msg.sender);

        _release(id, transfer);
    }

    /// @inheritdoc ITransferRules
    function complete(uint256 id) external {
        TransferRecord storage transfer = _in(id, TransferState.WAITING);
        TransferType memory t = _typeOf(transfer);
        require(_isDue(transfer.dueAt, t), TransferNotDue(id, transfer.dueAt));
        _requireNotExpired(id, transfer, t);
        _requireStillApplies(id, transfer, t);

        _close(id, transfer);

        _moveBound(id, transfer);
    }

    /// @inheritdoc ITransferRules
    function cancel(uint256 id) external {
        TransferRecord storage transfer = _pending(id);
        _requireGiver(transfer, _initiatingOrApproving());
        uint256 window = _typeOf(transfer).cancellable;
        uint256 until = transfer.proposedAt + window;
        require(window == TransferTypes.ALWAYS || block.timestamp <= until, CancelWindowOver(id, until));

        _cancel(id, transfer, 0);
    }

    /// @inheritdoc ITransferRules
    function cancelFor(uint256 id, bytes32 cause) external restricted {
        require(cause != 0, CauseMissing());

        _cancel(id, _pending(id), cause);
    }

    /// @inheritdoc ITransferRules
    function expire(uint256 id) external {
        TransferRecord storage transfer = _pending(id);
        uint256 at = _expiryOf(transfer, _typeOf(transfer));
        require(at != 0 && block.timestamp > at, TransferNotExpired(id, at));

        transfer.state = TransferState.EXPIRED;

        emit TransferExpired(id);

        _release(id, transfer);
    }

    /// @inheritdoc ITransferRules
    function reverse(uint256 id, bytes32 cause) external restricted {
        require(cause != 0, CauseMissing());
        TransferRecord storage transfer = _in(id, TransferState.COMPLETED);
        uint256 window = _typeOf(transfer).reversible;
        uint256 until = window == 0 ? 0 : transfer.closedAt + window;
        require(block.timestamp <= until, ReversalWindowOver(id, until));
        _requireUndisputed(id);

        transfer.state = TransferState.REVERSED;

        emit TransferReversed(id, cause);

        _ledger().moveFor(msg.sender, transfer.to, transfer.from, transfer.instrument, transfer.quantity);
    }

    /// @dev The receiver would pay twice: to the authority, and to the ruling.
    function _requireUndisputed(uint256 id) private view {
        address desk = _ledger().binderOf(IInstrumentLedger.Reason.DISPUTE);
        if (desk == address(0)) return;
        uint256 dispute = ITransferDisputes(desk).disputeOnTransfer(id);
        require(dispute == 0, TransferDisputed(id, dispute));
    }

    /// @inheritdoc ITransferRules
    function transferOf(uint256 id) external view returns (TransferRecord memory) {
        return _known(id);
    }

    /// @inheritdoc ITransferRules
    function transferCount() external view returns (uint256) {
        return _s().totals.transfers;
    }

    /// @inheritdoc ITransferRules
    function typeFor(address from, address to, uint256 instrument, uint256 quantity)
        external
        view
        returns (uint16 rules, uint8 kind, TransferType memory found, bool direct, uint40 dueAt)
    {
        rules = _ledger().instrumentOf(instrument).rules;
        dueAt = uint40(block.timestamp);
        if (rules == 0) return (rules, kind, found, true, dueAt);
        (kind, found) = _typeFor(_pair(from, to), rules, quantity);
        uint256 since = _ledger().directFrom(from, to, rules);
        direct = since != 0 && since <= block.timestamp;
        if (!direct) dueAt = _dueAt(found);
    }

    /// @dev The first type of the set that is for the pair and the quantity.
    function _typeFor(Pair memory pair, uint16 rules, uint256 quantity)
        private
        view
        returns (uint8 kind, TransferType memory t)
    {
        TransferType[] storage types = _s().types[rules];
        (uint256 fromKind, uint256 toKind) = (uint256(pair.giver.kind), uint256(pair.receiver.kind));
        (bool listed, bool sameOwner, bool optedIn) = _relation(pair);
        uint256 most;
        for (uint256 i; i < types.length; ++i) {
            t = types[i];
            if (!t.isForKinds(fromKind, toKind) || !t.isForPair(listed, sameOwner, optedIn)) continue;
            if (t.most == 0 || quantity <= t.most) return (uint8(i), t);
            if (t.most > most) most = t.most;
        }
        require(most == 0, TransferTooLarge(quantity, most));
        revert NoTransferType(rules, uint8(fromKind), uint8(toKind), listed);
    }

    function _relation(Pair memory pair) private view returns (bool listed, bool sameOwner, bool optedIn) {
        listed = isTrusted(pair.from, pair.to);
        sameOwner = pair.giver.owner != 0 && pair.giver.owner == pair.receiver.owner;
        optedIn = _s().optedIn[pair.from];
    }

    /// @dev Approved as of now: completed where nothing is left to wait for, else waiting.
    function _approved(uint256 id, TransferRecord storage transfer, TransferType memory t)
        private
        returns (TransferState state, uint40 dueAt)
    {
        dueAt = _dueAt(t);
        transfer.dueAt = dueAt;

        emit TransferApproved(id, msg.sender, dueAt);

        if (dueAt <= block.timestamp) {
            _close(id, transfer);
            return (TransferState.COMPLETED, dueAt);
        }
        transfer.state = TransferState.WAITING;
        return (TransferState.WAITING, dueAt);
    }

    function _close(uint256 id, TransferRecord storage transfer) private {
        (transfer.state, transfer.closedAt) = (TransferState.COMPLETED, uint40(block.timestamp));

        emit TransferCompleted(id, msg.sender);
    }

    function _cancel(uint256 id, TransferRecord storage transfer, bytes32 cause) private {
        transfer.state = TransferState.CANCELLED;

        emit TransferCancelled(id, msg.sender, cause);

        _release(id, transfer);
    }

    /// @dev When a transfer that is approved now is due.
    function _dueAt(TransferType memory t) private view returns (uint40) {
        WorkingTime.State storage time = _s().time;
        uint256 due = time.afterWorkingDays(block.timestamp + t.delay, t.workingDays);
        return uint40(t.within == BusinessHours.EXECUTED ? time.nextOpening(due) : due);
    }

    function _isDue(uint256 dueAt, TransferType memory t) private view returns (bool) {
        return dueAt <= block.timestamp && (t.within != BusinessHours.EXECUTED || _s().time.isOpen(block.timestamp));
    }

    /// @return at Unix seconds; 0: never.
    function _expiryOf(TransferRecord storage transfer, TransferType memory t) private view returns (uint256 at) {
        if (t.expiry == 0) return 0;
        return t.expiry + (transfer.state == TransferState.PROPOSED ? transfer.proposedAt : transfer.dueAt);
    }

    /// @dev Counts what is proposed on this civil day.
    function _use(address from, uint16 rules, uint8 kind, uint256 quantity, uint256 most) private returns (uint40 day) {
        DayUse storage entry = _useOf(from, rules, kind);
        day = uint40(_s().time.dayOf(block.timestamp));
        uint256 used = entry.day < day ? 0 : entry.used;
        require(quantity <= most - used, DayLimitExceeded(quantity, most - used));

        (entry.day, entry.used) = (day, uint96(used + quantity));
    }

    function _useOf(address from, uint16 rules, uint8 kind) private view returns (DayUse storage) {
        return _s().uses[from][uint256(rules) << 8 | kind];
    }

    /// @dev The units are free again; on the day on which they were proposed they count no longer.
    function _release(uint256 id, TransferRecord storage transfer) private {
        (address from, uint256 quantity) = (transfer.from, transfer.quantity);
        DayUse storage entry = _useOf(from, transfer.rules, transfer.kind);
        if (entry.day == transfer.day && entry.used >= quantity) entry.used -= uint96(quantity);

        _ledger().release(from, transfer.instrument, quantity, _REASON, bytes32(id));
    }

    function _moveBound(uint256 id, TransferRecord storage transfer) private {
        _ledger()
            .moveEncumbered(transfer.from, transfer.to, transfer.instrument, transfer.quantity, _REASON, bytes32(id));
    }

    function _known(uint256 id) private view returns (TransferRecord storage transfer) {
        transfer = _s().transfers[id];
        require(transfer.state != TransferState.NONE, UnknownTransfer(id));
    }

    function _in(uint256 id, TransferState state) private view returns (TransferRecord storage transfer) {
        transfer = _known(id);
        require(transfer.state == state, TransferInState(id, transfer.state));
    }

    /// @dev Not ended: its units are bound.
    function _pending(uint256 id) private view returns (TransferRecord storage transfer) {
        transfer = _known(id);
        TransferState state = transfer.state;
        require(state == TransferState.PROPOSED || state == TransferState.WAITING, TransferInState(id, state));
    }

    function _typeOf(TransferRecord storage transfer) private view returns (TransferType memory) {
        return _s().types[transfer.rules][transfer.kind];
    }

    /* CHECKS */

    function _requireGiver(TransferRecord storage transfer, address account) private view {
        require(account == transfer.from, NotTheGiver(msg.sender, transfer.from));
    }

    function _requireNotExpired(uint256 id, TransferRecord storage transfer, TransferType memory t) private view {
        uint256 at = _expiryOf(transfer, t);
        require(at == 0 || block.timestamp <= at, TransferHasExpired(id, at));
    }

    /// @dev Giver and type, once more; the ledger checks receiver and instrument.
    function _requireStillApplies(uint256 id, TransferRecord storage transfer, TransferType memory t) private view {
        Pair memory pair = _pair(transfer.from, transfer.to);
        _requireMayGive(pair, t);
        (bool listed, bool sameOwner, bool optedIn) = _relation(pair);
        // What has come onto the list meanwhile could go sooner; it need not.
        if (t.counterparty == Counterparty.NOT_LISTED) listed = false;
        require(t.isForPair(listed, sameOwner, optedIn), TypeNoLongerApplies(id));
    }

    function _requireMayGive(Pair memory pair, TransferType memory t) private view {
        Eligibility memory giver = pair.giver;
        require(giver.status == AccountStatus.ACTIVE, IEligibility.AccountNotActive(pair.from, uint8(giver.status)));
        require(
            giver.restrictions & t.forbidding == 0,
            IEligibility.AccountRestricted(pair.from, giver.restrictions, t.forbidding)
        );
        require(
            giver.certificateUntil > block.timestamp, IEligibility.CertificateExpired(pair.from, giver.certificateUntil)
        );
    }

    function _mayReceive(Eligibility memory account) private view returns (bool) {
        return account.status == AccountStatus.ACTIVE && account.restrictions & Restrictions.NO_RECEIPT == 0
            && account.certificateUntil > block.timestamp;
    }

    function _requireOpen() private view {
        uint256 opensAt = _s().time.nextOpening(block.timestamp);
        require(opensAt <= block.timestamp, OutsideHours(opensAt));
    }

    /// @dev An account has a kind from the moment on which it is opened, and always the same.
    function _requireKnown(address account) private view {
        Eligibility memory known = _eligibility(account);
        require(known.kind != AccountKind.NONE, IEligibility.AccountNotActive(account, uint8(known.status)));
    }

    /// @return rules Of an instrument that is open and under rules.
    function _openRules(uint256 instrument) private view returns (uint16 rules) {
        IInstrumentLedger.Instrument memory known = _ledger().instrumentOf(instrument);
        rules = known.rules;
        require(rules != 0, NotUnderRules(instrument));
        require(
            known.state == IInstrumentLedger.InstrumentState.OPEN
                && (known.validUntil == 0 || block.timestamp < known.validUntil),
            IInstrumentLedger.InstrumentNotOpen(instrument, known.validUntil)
        );
    }

    function _pair(address from, address to) private view returns (Pair memory) {
        return Pair(from, to, _eligibility(from), _eligibility(to));
    }

    function _eligibility(address account) private view returns (Eligibility memory) {
        return IEligibility(LEDGER).eligibilityOf(account);
    }

    /// @dev The active account for which the caller has the right; what restrictions forbid is the type's to say.
    function _acting(uint16 right) private view returns (address account) {
        return IEligibility(LEDGER).actingFor(msg.sender, right, 0);
    }

    function _initiatingOrApproving() private view returns (address account) {
        return _acting(_may(Rights.APPROVE) ? Rights.APPROVE : Rights.INITIATE);
    }

    function _may(uint16 right) private view returns (bool) {
        Representation memory has = IEligibility(LEDGER).representationOf(msg.sender);
        return has.rights & right == right;
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
