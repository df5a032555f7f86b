// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManager } from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

import { Governed } from "../governance/Governed.sol";
import { InstrumentClass } from "../types/InstrumentId.sol";
import { OrderId } from "../types/OrderId.sol";
import { IAuthorityDesk } from "./IAuthorityDesk.sol";
import { IBinder } from "./IBinder.sol";
import { IERC7943MultiToken } from "./IERC7943.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";

/// @title What the authority does with units of others, and why. Its manual is `IAuthorityDesk`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract AuthorityDesk is IAuthorityDesk, Governed {
    uint256 private constant _MAX_BINDINGS = 8;
    uint40 private constant _LONGEST_PERIOD = 366 days;

    // Proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;

    struct Alone {
        uint216 quantity;
        uint40 until; // Unix seconds; then it counts from nothing again
    }

    /// @custom:storage-location erc7201:carbon.storage.AuthorityDesk
    struct Storage {
        uint256 count; // acts ever ordered; also the last one's number
        SecondOfficerRules rules;
        mapping(uint256 id => AuthorityAct) acts;
        mapping(uint256 id => Binding[]) bindings;
        mapping(address officer => mapping(bool inMoney => Alone)) alone;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.AuthorityDesk")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xf62d9042117698c3c5b6773b19192879ed97771cf37a5dca85b8d46378ba9100;

    constructor(address ledger) {
        LEDGER = ledger;
    }

    function initialize(SecondOfficerRules calldata rules) external reinitializer(2) {
        _setRules(rules);
    }

    /* ACTS */

    /// @inheritdoc IAuthorityDesk
    function freeze(address account, uint256 instrument, uint256 quantity, Warrant calldata warrant)
        external
        restricted
        returns (uint256 id)
    {
        AuthorityAct memory act = _act(ActKind.FREEZE, account, account, instrument, quantity, warrant);
        uint256 replaced = _erc7943().getFrozenTokens(account, instrument);

        id = _record(act, new Binding[](0), warrant, replaced);
        _finish(id, address(0));

        // It answers true or reverts, as ERC-7943 has it.
        // slither-disable-next-line unused-return
        _erc7943().setFrozenTokens(account, instrument, quantity);
    }

    /// @inheritdoc IAuthorityDesk
    function forceTransfer(
        address from,
        address to,
        uint256 instrument,
        uint256 quantity,
        OrderId[] calldata orders,
        Binding[] calldata bindings,
        Warrant calldata warrant
    ) external restricted returns (uint256 id) {
        require(from != to, SameAccount(from));

        return _order(_act(ActKind.FORCED_TRANSFER, from, to, instrument, quantity, warrant), orders, bindings, warrant);
    }

    /// @inheritdoc IAuthorityDesk
    function reverse(uint256 act, OrderId[] calldata orders, Binding[] calldata bindings, Warrant calldata warrant)
        external
        restricted
        returns (uint256 id)
    {
        AuthorityAct storage done = _known(act);
        require(
            done.kind == ActKind.FORCED_TRANSFER && done.state == ActState.DONE,
            NotReversible(act, done.kind, done.state)
        );
        _requireUnreversed(act, done);
        uint256 until = uint256(done.doneAt) + _s().rules.reversibleFor;
        require(block.timestamp <= until, ReversalTooLate(act, until));

        AuthorityAct memory back = _act(ActKind.REVERSAL, done.to, done.from, done.instrument, done.quantity, warrant);
        back.reverses = uint64(act);
        return _order(back, orders, bindings, warrant);
    }

    /// @inheritdoc IAuthorityDesk
    function releaseBound(
        address account,
        uint256 instrument,
        uint256 quantity,
        Binding[] calldata bindings,
        Warrant calldata warrant
    ) external restricted returns (uint256 id) {
        return _order(
            _act(ActKind.RELEASE, account, account, instrument, quantity, warrant), new OrderId[](0), bindings, warrant
        );
    }

    /// @dev Done at once, or proposed.
    function _order(
        AuthorityAct memory act,
        OrderId[] memory orders,
        Binding[] calldata bindings,
        Warrant calldata warrant
    ) private returns (uint256 id) {
        require(act.document != 0, DocumentMissing());
        require(act.quantity != 0, NothingToTake());
        _requireInOrder(bindings);

        bool waits = _needsSecondOfficer(act.instrument, act.quantity);
        if (waits) {
            act.state = ActState.PROPOSED;
            act.confirmBy = uint40(block.timestamp + _s().rules.period);
        }
        id = _record(act, bindings, warrant, 0);
        if (!waits) _carryOut(id, orders, address(0));
    }

    function _act(
        ActKind kind,
        address from,
        address to,
        uint256 instrument,
        uint256 quantity,
        Warrant calldata warrant
    ) private view returns (AuthorityAct memory act) {
        require(warrant.cause != 0, CauseMissing());
        act.kind = kind;
        act.orderedAt = uint40(block.timestamp);
        act.officer = msg.sender;
        act.from = from;
        act.to = to;
        act.instrument = instrument;
        act.quantity = quantity;
        act.cause = warrant.cause;
        act.document = warrant.document;
    }

    function _record(AuthorityAct memory act, Binding[] memory bindings, Warrant calldata warrant, uint256 replaced)
        private
        returns (uint256 id)
    {
        Storage storage $ = _s();
        id = ++$.count;
        $.acts[id] = act;
        for (uint256 i; i < bindings.length; ++i) {
            $.bindings[id].push(bindings[i]);
        }

        emit ActOrdered(
            id,
            act.from,
            act.to,
            act.kind,
            act.instrument,
            act.quantity,
            replaced,
            act.reverses,
            act.officer,
            act.confirmBy,
            bindings,
            warrant
        );
    }

    function _finish(uint256 id, address confirmedBy) private {
        AuthorityAct storage act = _s().acts[id];
        act.state = ActState.DONE;
        act.doneAt = uint40(block.timestamp);
        act.confirmedBy = confirmedBy;

        emit ActDone(id, confirmedBy);
    }

    /// @dev As things stand now. The ledger refuses where too little can be taken, and then nothing has happened.
    function _carryOut(uint256 id, OrderId[] memory orders, address confirmedBy) private {
        AuthorityAct memory act = _s().acts[id];
        if (act.kind == ActKind.REVERSAL) {
            AuthorityAct storage reversed = _s().acts[act.reverses];
            _requireUnreversed(act.reverses, reversed);
            reversed.reversedBy = uint64(id);
        }
        _finish(id, confirmedBy);

        if (act.kind == ActKind.RELEASE) {
            uint256 given = _giveUp(id, act, act.quantity);
            require(given >= act.quantity, BindsLess(given, act.quantity));
            return;
        }
        _takeBack(act, orders);
        uint256 reach = _unencumbered(act.from, act.instrument);
        if (reach < act.quantity) _giveUp(id, act, act.quantity - reach);
        // It answers true or reverts, as ERC-7943 has it.
        // slither-disable-next-line unused-return
        _erc7943().forcedTransfer(act.from, act.to, act.instrument, act.quantity);
    }

    /// @dev One after the other, and none that is not needed.
    function _takeBack(AuthorityAct memory act, OrderId[] memory orders) private {
        OrderId[] memory next = new OrderId[](1);
        for (uint256 i; i < orders.length && _ledger().freeOf(act.from, act.instrument) < act.quantity; ++i) {
            next[0] = orders[i];
            _ledger().takeBackOrders(act.from, next);
        }
    }

    /// @return given What the modules released, of the instrument.
    function _giveUp(uint256 id, AuthorityAct memory act, uint256 needed) private returns (uint256 given) {
        Binding[] memory bindings = _s().bindings[id];
        uint256 before = _unencumbered(act.from, act.instrument);
        for (uint256 i; i < bindings.length && given < needed; ++i) {
            IInstrumentLedger.Reason reason = bindings[i].reason;
            address module = _ledger().binderOf(reason);
            require(module.code.length != 0, NotGivenUp(reason, module));
            // What counts is what the ledger says afterwards, not what the module answers.
            // slither-disable-next-line unused-return
            try IBinder(module).giveUp(bindings[i].id, act.from, act.instrument, needed - given, id) returns (
                uint256
            ) { }
            catch (bytes memory why) {
                require(why.length != 0, NotGivenUp(reason, module)); // it has no such function
                _bubble(why);
            }
            given = _unencumbered(act.from, act.instrument) - before;
        }
    }

    function _bubble(bytes memory why) private pure {
        assembly ("memory-safe") {
            revert(add(why, 0x20), mload(why))
        }
    }

    function _unencumbered(address account, uint256 instrument) private view returns (uint256) {
        return _erc1155().balanceOf(account, instrument) - _ledger().encumberedOf(account, instrument);
    }

    /// @dev Somebody's security gives way last.
    function _requireInOrder(Binding[] calldata bindings) private pure {
        require(bindings.length <= _MAX_BINDINGS, TooManyBindings(bindings.length, _MAX_BINDINGS));
        uint256 highest;
        for (uint256 i; i < bindings.length; ++i) {
            uint256 rank = _rank(bindings[i].reason);
            require(rank >= highest, BindingsOutOfOrder(i));
            highest = rank;
        }
    }

    function _rank(IInstrumentLedger.Reason reason) private pure returns (uint256) {
        if (reason == IInstrumentLedger.Reason.DISPUTE) return 0;
        return reason == IInstrumentLedger.Reason.PLEDGE ? 2 : 1;
    }

    function _requireUnreversed(uint256 id, AuthorityAct storage act) private view {
        require(act.reversedBy == 0, AlreadyReversed(id, act.reversedBy));
    }

    /* SECOND OFFICER */

    /// @inheritdoc IAuthorityDesk
    function confirm(uint256 id, OrderId[] calldata orders) external restricted {
        AuthorityAct storage act = _proposed(id);
        require(block.timestamp <= act.confirmBy, ConfirmationTooLate(id, act.confirmBy));
        require(msg.sender != act.officer, SameOfficer(act.officer));
        // With an execution delay he may not at once, and still is one.
        (bool may, uint32 delay) = IAccessManager(authority()).canCall(act.officer, address(this), msg.sig);
        require(may || delay != 0, OfficerLeft(act.officer));

        _carryOut(id, orders, msg.sender);
    }

    /// @inheritdoc IAuthorityDesk
    function withdraw(uint256 id, bytes32 cause) external restricted {
        AuthorityAct storage act = _proposed(id);
        require(cause != 0, CauseMissing());

        act.state = ActState.WITHDRAWN;

        emit ActWithdrawn(id, msg.sender, cause);
    }

    /// @inheritdoc IAuthorityDesk
    function setSecondOfficerRules(SecondOfficerRules calldata rules) external restricted {
        _setRules(rules);
    }

    /// @inheritdoc IAuthorityDesk
    function secondOfficerRules() external view returns (SecondOfficerRules memory) {
        return _s().rules;
    }

    /// @inheritdoc IAuthorityDesk
    function orderedAlone(address officer, bool inMoney) external view returns (uint256 quantity, uint40 until) {
        Alone memory alone = _s().alone[officer][inMoney];
        return block.timestamp < alone.until ? (alone.quantity, alone.until) : (0, 0);
    }

    function _setRules(SecondOfficerRules calldata rules) private {
        require(rules.period != 0 && rules.period <= _LONGEST_PERIOD, BadPeriod(rules.period, _LONGEST_PERIOD));

        _s().rules = rules;

        emit SecondOfficerRulesSet(rules);
    }

    /// @dev What one officer orders alone adds up, so that a large act cannot be cut into small ones.
    function _needsSecondOfficer(uint256 instrument, uint256 quantity) private returns (bool) {
        SecondOfficerRules memory rules = _s().rules;
        bool inMoney = instrument >> 80 == uint256(InstrumentClass.MONEY);
        Alone memory alone = _s().alone[msg.sender][inMoney];
        if (block.timestamp >= alone.until) alone = Alone(0, uint40(block.timestamp + rules.period));
        uint256 limit = inMoney ? rules.fromMoney : rules.fromUnits;
        if (quantity >= limit || alone.quantity + quantity >= limit) return true;

        alone.quantity += uint216(quantity);
        _s().alone[msg.sender][inMoney] = alone;
        return false;
    }

    function _proposed(uint256 id) private view returns (AuthorityAct storage act) {
        act = _known(id);
        require(act.state == ActState.PROPOSED, ActNotOpen(id, act.state));
    }

    /* RECORD */

    /// @inheritdoc IAuthorityDesk
    function actOf(uint256 id) external view returns (AuthorityAct memory act, Binding[] memory bindings) {
        return (_known(id), _s().bindings[id]);
    }

    /// @inheritdoc IAuthorityDesk
    function actCount() external view returns (uint256) {
        return _s().count;
    }

    function _known(uint256 id) private view returns (AuthorityAct storage act) {
        act = _s().acts[id];
        require(act.kind != ActKind.NONE, UnknownAct(id));
    }

    /* SHARED */

    function _ledger() private view returns (IInstrumentLedger) {
        return IInstrumentLedger(LEDGER);
    }

    function _erc7943() private view returns (IERC7943MultiToken) {
        return IERC7943MultiToken(LEDGER);
    }

    function _erc1155() private view returns (IERC1155) {
        return IERC1155(LEDGER);
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
