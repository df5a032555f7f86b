// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { TimelockController } from "@openzeppelin/contracts/governance/TimelockController.sol";
import { EnumerableSet } from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import { IAllianceCouncil } from "./IAllianceCouncil.sol";

/// @title Several parties, a threshold, a delay. Its manual is `IAllianceCouncil`.
/// @notice OpenZeppelin's TimelockController, in which the council alone proposes and cancels, and anyone executes. Not behind a
///         proxy: what decides who may upgrade is not upgraded.
contract AllianceCouncil is IAllianceCouncil, TimelockController {
    using EnumerableSet for EnumerableSet.AddressSet;

    uint256 private constant _MOST_MEMBERS = 32;
    uint256 private constant _LEAST_DELAY = 1 hours;

    EnumerableSet.AddressSet private _members;
    uint256 private _threshold;
    mapping(bytes32 id => EnumerableSet.AddressSet) private _approvals;
    mapping(bytes32 id => EnumerableSet.AddressSet) private _objections;
    mapping(bytes32 id => bool) private _stopped;

    modifier onlyMember() {
        _requireMember();
        _;
    }

    modifier onlyCouncil() {
        _requireCouncil();
        _;
    }

    /// @param delay Seconds between the approval that reaches the threshold and the execution.
    constructor(address[] memory members_, uint256 threshold_, uint256 delay)
        TimelockController(delay, new address[](0), new address[](0), address(0))
    {
        require(delay >= _LEAST_DELAY, BadDelay(delay, _LEAST_DELAY));
        _grantRole(PROPOSER_ROLE, address(this));
        _grantRole(CANCELLER_ROLE, address(this));
        _grantRole(EXECUTOR_ROLE, address(0)); // anyone
        _threshold = threshold_;
        for (uint256 i; i < members_.length; ++i) {
            require(_members.add(members_[i]), MemberTwice(members_[i]));
            emit MemberSet(members_[i], true);
        }
        _requireSound();
        emit ThresholdSet(threshold_);
    }

    /* OPERATIONS */

    /// @inheritdoc IAllianceCouncil
    function approve(address target, uint256 value, bytes calldata data, bytes32 predecessor, bytes32 salt)
        external
        onlyMember
        returns (bytes32 id)
    {
        id = hashOperation(target, value, data, predecessor, salt);
        require(!isOperation(id) && !_stopped[id], OperationSettled(id));
        require(_approvals[id].add(msg.sender), SaidBefore(id, msg.sender));
        uint256 approvals = _count(_approvals[id]);

        emit OperationApproved(id, msg.sender, approvals, target, value, data, predecessor, salt);

        // By a call of its own, because OpenZeppelin checks who proposes: the council.
        if (approvals >= _threshold) this.schedule(target, value, data, predecessor, salt, getMinDelay());
    }

    /// @inheritdoc IAllianceCouncil
    function withdrawApproval(bytes32 id) external onlyMember {
        require(!isOperation(id) && !_stopped[id], OperationSettled(id));
        require(_approvals[id].remove(msg.sender), NothingApproved(id, msg.sender));

        emit ApprovalWithdrawn(id, msg.sender);
    }

    /// @inheritdoc IAllianceCouncil
    function object(bytes32 id) external onlyMember {
        require(!isOperationDone(id) && !_stopped[id], OperationSettled(id));
        require(_objections[id].add(msg.sender), SaidBefore(id, msg.sender));
        uint256 objections = _count(_objections[id]);
        bool stops = objections > _members.length() - _threshold;

        emit OperationObjected(id, msg.sender, objections);
        if (stops) {
            _stopped[id] = true;
            emit OperationStopped(id);
            if (isOperationPending(id)) this.cancel(id);
        }
    }

    /* THE COUNCIL */

    /// @inheritdoc IAllianceCouncil
    function setMember(address member, bool isMember) external onlyCouncil {
        require(isMember ? _members.add(member) : _members.remove(member), MemberTwice(member));
        _requireSound();

        emit MemberSet(member, isMember);
    }

    /// @inheritdoc IAllianceCouncil
    function setThreshold(uint256 threshold_) external onlyCouncil {
        _threshold = threshold_;
        _requireSound();

        emit ThresholdSet(threshold_);
    }

    /// @inheritdoc TimelockController
    /// @dev Never so short that nobody could object.
    function updateDelay(uint256 newDelay) public override {
        require(newDelay >= _LEAST_DELAY, BadDelay(newDelay, _LEAST_DELAY));
        super.updateDelay(newDelay);
    }

    /* VIEWS */

    /// @inheritdoc IAllianceCouncil
    function members() external view returns (address[] memory) {
        return _members.values();
    }

    /// @inheritdoc IAllianceCouncil
    function threshold() external view returns (uint256) {
        return _threshold;
    }

    /// @inheritdoc IAllianceCouncil
    function voicesOf(bytes32 id) external view returns (uint256 approvals, uint256 objections) {
        return (_count(_approvals[id]), _count(_objections[id]));
    }

    /// @dev Who has left does not count.
    function _count(EnumerableSet.AddressSet storage voices) private view returns (uint256 count) {
        uint256 length = voices.length();
        for (uint256 i; i < length; ++i) {
            if (_members.contains(voices.at(i))) ++count;
        }
    }

    function _requireMember() private view {
        require(_members.contains(msg.sender), NotTheMember(msg.sender));
    }

    function _requireCouncil() private view {
        require(msg.sender == address(this), NotTheCouncil(msg.sender));
    }

    function _requireSound() private view {
        uint256 count = _members.length();
        require(count <= _MOST_MEMBERS && _threshold > 1 && _threshold <= count, BadCouncil(count, _threshold));
    }
}
