// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Several parties who together hold a role: so many of them approve, then a delay, then anyone executes (R-ACC-1,
///        R-ACC-2, R-OPS-3).
/// @notice What the administrator of a production deployment is, and what may hold any other role. An operation is a call with a
///         salt; its id is that of OpenZeppelin's `TimelockController.hashOperation`, whose views and `execute` serve here.
///         Members, threshold and delay change only by operations on the council itself.
/// @dev An approval of a member who has left does not count. As many objections as leave fewer than the threshold stop an
///      operation, approved or not: one member alone stops nothing, so that nobody can keep his own removal from happening.
interface IAllianceCouncil {
    /// @notice `caller` is no member.
    error NotTheMember(address caller);
    /// @notice `caller` is not the council itself: members, threshold and delay are changed by its operations.
    error NotTheCouncil(address caller);
    /// @notice A council has 2 to 32 members, and a threshold of at least 2 and at most `members`.
    error BadCouncil(uint256 members, uint256 threshold);
    /// @notice An operation waits for `least` seconds at least.
    error BadDelay(uint256 delay, uint256 least);
    error MemberTwice(address member);
    /// @notice Operation `id` waits for its time, was executed, or was stopped.
    error OperationSettled(bytes32 id);
    /// @notice `member` has said so before.
    error SaidBefore(bytes32 id, address member);
    /// @notice `member` has approved nothing that could be taken back.
    error NothingApproved(bytes32 id, address member);

    event MemberSet(address indexed member, bool isMember);
    event ThresholdSet(uint256 threshold);
    /// @notice The call stands in the first approval; `approvals` members who are members now have approved it.
    event OperationApproved(
        bytes32 indexed id,
        address indexed member,
        uint256 approvals,
        address target,
        uint256 value,
        bytes data,
        bytes32 predecessor,
        bytes32 salt
    );
    event ApprovalWithdrawn(bytes32 indexed id, address indexed member);
    event OperationObjected(bytes32 indexed id, address indexed member, uint256 objections);
    /// @notice Operation `id` will never be executed; the same call needs another salt.
    event OperationStopped(bytes32 indexed id);

    /// @notice Approve a call; the approval that reaches the threshold lets its delay begin. For members.
    /// @param predecessor Operation that must be executed before; zero: none.
    function approve(address target, uint256 value, bytes calldata data, bytes32 predecessor, bytes32 salt)
        external
        returns (bytes32 id);

    /// @notice Take an approval back before the delay has begun. For members.
    function withdrawApproval(bytes32 id) external;

    /// @notice Object, also after the delay has begun. For members.
    function object(bytes32 id) external;

    /// @notice Let somebody be a member, or be one no longer. By the council itself.
    function setMember(address member, bool isMember) external;

    /// @notice By the council itself.
    function setThreshold(uint256 threshold_) external;

    function members() external view returns (address[] memory);

    function threshold() external view returns (uint256);

    /// @notice How many who are members now have approved or objected.
    function voicesOf(bytes32 id) external view returns (uint256 approvals, uint256 objections);
}
