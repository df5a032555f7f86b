// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { OrderId } from "../types/OrderId.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";

/// @title What the authority does with units of others, and why: freezes, forced transfers, reversals (R-AST-3, R-ACC-2).
/// @notice Quantities are whole tonnes, or smallest units of money. Every act has a number, is kept for ever and changes
///         nothing that was written before: a reversal is an act of its own that refers to the one it compensates.
///
///         A forced transfer takes free units first; then what the orders held that it names, one after the other; then frozen
///         ones; then what the bindings bind that it names, disputed units first and pledged ones last. It stops where it has
///         enough. Units bound otherwise, or by a pledge that it does not name, are out of its reach.
///
///         From a quantity on (`SecondOfficerRules`) an act waits until another officer of the same role confirms it. What
///         its account holds can move meanwhile: freeze it first, which one officer may at once.
interface IAuthorityDesk {
    enum ActKind {
        NONE,
        FREEZE, // sets how much is frozen; `quantity` is the new absolute amount
        FORCED_TRANSFER,
        REVERSAL, // of a forced transfer, which it refers to
        RELEASE // bound units become free, and stay where they are
    }

    enum ActState {
        NONE,
        PROPOSED, // waits for a second officer until `confirmBy`
        DONE,
        WITHDRAWN
    }

    /// @dev Why, for the record.
    struct Warrant {
        bytes32 cause; // digest that says why, such as of the case
        bytes32 document; // digest of the order itself; a freeze may do without
        string reason; // public, in words
    }

    /// @dev A right of somebody else in the units: what the module of `reason` knows as `id`.
    struct Binding {
        IInstrumentLedger.Reason reason;
        uint256 id;
    }

    struct AuthorityAct {
        ActKind kind;
        ActState state;
        uint40 orderedAt; // Unix seconds
        uint40 doneAt; // Unix seconds; 0: not yet
        uint40 confirmBy; // Unix seconds; 0: one officer was enough
        address officer; // who ordered it
        uint64 reverses; // number of the act that this one reverses
        address confirmedBy; // the second officer
        uint64 reversedBy; // number of the act that reversed this one
        address from; // whose units
        address to; // who got them; `from` itself where nothing moved
        uint256 instrument;
        uint256 quantity;
        bytes32 cause;
        bytes32 document;
    }

    /// @dev When one officer is not enough, and until when a forced transfer can be reversed.
    struct SecondOfficerRules {
        uint96 fromUnits; // tonnes from which a second officer confirms; what one officer ordered alone within `period` counts
        uint96 fromMoney; // the same in smallest units of money
        uint40 period; // seconds within which a proposal is confirmed, and over which acts of one officer are added up
        uint40 reversibleFor; // seconds after a forced transfer in which its reversal can be ordered
    }

    /* ERRORS */

    /// @notice A digest must say why.
    error CauseMissing();
    /// @notice A digest of the order must be given.
    error DocumentMissing();
    /// @notice From an account to itself nothing moves.
    error SameAccount(address account);
    /// @notice A quantity of nothing.
    error NothingToTake();
    /// @notice More bindings than one act may name.
    error TooManyBindings(uint256 given, uint256 most);
    /// @notice Disputed units are given up first and pledged ones last: binding `position` stands too late or too early.
    error BindingsOutOfOrder(uint256 position);
    /// @notice Nobody binds for `reason`, or `module` gives nothing up.
    error NotGivenUp(IInstrumentLedger.Reason reason, address module);
    /// @notice The named bindings bind `given` units; `asked` were to be released.
    error BindsLess(uint256 given, uint256 asked);
    error UnknownAct(uint256 id);
    /// @notice Act `id` waits for nobody any more.
    error ActNotOpen(uint256 id, ActState state);
    /// @notice Act `id` could be confirmed until `confirmBy`.
    error ConfirmationTooLate(uint256 id, uint40 confirmBy);
    /// @notice `officer` ordered the act and cannot confirm it.
    error SameOfficer(address officer);
    /// @notice `officer`, who ordered the act, may not any more.
    error OfficerLeft(address officer);
    /// @notice Act `id` is no forced transfer that was done.
    error NotReversible(uint256 id, ActKind kind, ActState state);
    /// @notice Act `id` could be reversed until `until`.
    error ReversalTooLate(uint256 id, uint256 until);
    /// @notice Act `id` was reversed by act `reversedBy`.
    error AlreadyReversed(uint256 id, uint64 reversedBy);
    /// @notice A period of nothing, in which nobody could confirm.
    error BadPeriod(uint40 period, uint40 longest);

    /* EVENTS */

    /// @notice An officer ordered an act. It is done in the same transaction, or waits for a second officer until `confirmBy`.
    /// @param replaced For a freeze: the amount that was frozen before. Else 0.
    event ActOrdered(
        uint256 indexed id,
        address indexed from,
        address indexed to,
        ActKind kind,
        uint256 instrument,
        uint256 quantity,
        uint256 replaced,
        uint64 reverses,
        address officer,
        uint40 confirmBy,
        Binding[] bindings,
        Warrant warrant
    );
    /// @notice What follows in this transaction is act `id`. `confirmedBy`: the second officer; 0: one was enough.
    event ActDone(uint256 indexed id, address indexed confirmedBy);
    event ActWithdrawn(uint256 indexed id, address indexed officer, bytes32 cause);
    event SecondOfficerRulesSet(SecondOfficerRules rules);

    /* ACTS: for REGULATOR */

    /// @notice Set how much of a holding is frozen: an absolute amount that may exceed the balance; 0 ends it. One officer may.
    /// @return id Number of the act.
    function freeze(address account, uint256 instrument, uint256 quantity, Warrant calldata warrant)
        external
        returns (uint256 id);

    /// @notice Move units by order of a court or the authority. `to` is eligible to receive; `from` need not be eligible.
    /// @param orders Orders of `from` that may be taken back, while free units do not suffice. Closed ones and others' are passed
    ///        over. Not kept when the act waits: the confirmation names those that stand then.
    /// @param bindings Rights of others that give way, at most 8, in their order: disputes, others, pledges.
    /// @return id Number of the act; done when its state says so.
    function forceTransfer(
        address from,
        address to,
        uint256 instrument,
        uint256 quantity,
        OrderId[] calldata orders,
        Binding[] calldata bindings,
        Warrant calldata warrant
    ) external returns (uint256 id);

    /// @notice Give back what a forced transfer took, wholly and once, within the rules' time: a forced transfer the other way.
    /// @param act Number of the forced transfer. What it released on its way (orders, bindings) does not come back.
    function reverse(uint256 act, OrderId[] calldata orders, Binding[] calldata bindings, Warrant calldata warrant)
        external
        returns (uint256 id);

    /// @notice End rights of others in an account's units, so that they are free again: where a pledge is void, or nobody is
    ///         left who could release it.
    function releaseBound(
        address account,
        uint256 instrument,
        uint256 quantity,
        Binding[] calldata bindings,
        Warrant calldata warrant
    ) external returns (uint256 id);

    /* SECOND OFFICER */

    /// @notice Confirm an act that another officer ordered, and do it as things stand now. For REGULATOR.
    /// @param orders Orders that may be taken back, as of `forceTransfer`.
    function confirm(uint256 id, OrderId[] calldata orders) external;

    /// @notice Drop an act that waits. For REGULATOR; whoever ordered it may, too.
    function withdraw(uint256 id, bytes32 cause) external;

    /// @notice For ADMINISTRATOR, not for who is bound by them.
    function setSecondOfficerRules(SecondOfficerRules calldata rules) external;

    function secondOfficerRules() external view returns (SecondOfficerRules memory);

    /// @notice What `officer` ordered alone in the running period, which ends at `until`.
    function orderedAlone(address officer, bool inMoney) external view returns (uint256 quantity, uint40 until);

    /* RECORD */

    function actOf(uint256 id) external view returns (AuthorityAct memory act, Binding[] memory bindings);

    function actCount() external view returns (uint256);
}
