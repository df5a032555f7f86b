// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Credits of other registries: in once, out once (R-AST-4, R-AST-1).
/// @notice What another registry issued comes in by its serials there: a range, in a batch of a project. No two imports
///         share a serial, ever, whatever became of the units since. A holder's credit goes out by being cancelled here, for
///         one entry in another registry, which is never used twice: the account asks, the operator accepts, the other registry
///         makes its entry, the operator confirms.
///
///         A batch is whatever tells issuances of one project and vintage apart in the other registry, written the same way
///         every time: its number there, or where a registry gives no serials, the digest of period and date; then
///         serials count the issuance's tonnes from 1. That the other registry has cancelled or immobilised what comes in is
///         for the operator to see to: no contract can.
interface IOriginRegister {
    enum ExportState {
        NONE,
        REQUESTED, // bound in the ledger
        CONFIRMED, // cancelled
        REJECTED,
        CANCELLED, // by the account
        ACCEPTED // bound in the ledger for good: the other registry may make its entry
    }

    /// @dev Where units come from. Names are the registry's own, in ASCII, filled with zeros.
    struct Origin {
        bytes32 registry;
        bytes32 project;
        bytes32 batch;
        uint16 vintage;
        uint64 first; // serial, from 1
        uint64 last;
    }

    /// @dev One import in the list of its batch, which is sorted by serials.
    struct Range {
        uint64 last; // 0: there is none
        uint64 next; // first serial of the next range; 0: none
        uint128 id; // of the import
    }

    struct Import {
        uint88 instrument;
        uint96 firstSerial; // in the ledger
        bool exists;
    }

    struct Export {
        address account;
        ExportState state;
        uint88 instrument;
        uint96 quantity; // tonnes
        bytes32 registry; // where to
        bytes32 destination; // salted commitment to the account there
    }

    /* ERRORS */

    /// @notice The authority does not accept `registry` at present.
    error RegistryNotAccepted(bytes32 registry);
    /// @notice The project has no number here: enter it.
    error ProjectNotEntered(bytes32 registry, bytes32 project);
    /// @notice The project has the number `number`.
    error ProjectEntered(bytes32 registry, bytes32 project, uint32 number);
    error NameMissing();
    /// @notice Serials `first` to `last` are in already, by an earlier import of this batch.
    error SerialsTaken(bytes32 batchKey, uint64 first, uint64 last);
    /// @notice No serials, or ones that do not begin with 1 or more.
    error BadSerials(uint64 first, uint64 last);
    /// @notice No range begins at `hint`, or it lies behind or far before the place; ask `hintFor`.
    error BadHint(uint64 hint);
    /// @notice `instrument` is no credit of this scheme, of the project's number `project` and the vintage.
    error WrongCredit(uint256 instrument, uint32 project);
    error UnknownExport(uint256 id);
    /// @notice The export stands where this act has no place.
    error ExportInState(uint256 id, ExportState state);
    /// @notice The entry in the other registry confirmed another export before.
    error EntryUsed(bytes32 entry);
    /// @notice A digest must say what, or why.
    error DigestMissing();
    /// @notice The export is of `account`, for which `key` does not act.
    error NotTheAccount(address key, address account);
    /// @notice Only credits go out.
    error NotACredit(uint256 instrument);

    /* EVENTS */

    event RegistryAccepted(bytes32 indexed registry, bool accepted, bytes32 cause);
    event ForeignProjectEntered(uint32 indexed number, bytes32 indexed registry, bytes32 indexed project);
    /// @notice Serials `origin.first` to `origin.last` there are `firstSerial` and those after it here.
    event CreditsImported(
        uint256 indexed id,
        bytes32 indexed batchKey,
        address indexed account,
        Origin origin,
        uint256 instrument,
        uint256 firstSerial,
        bytes32 document
    );
    event ExportRequested(
        uint256 indexed id,
        address indexed account,
        uint256 indexed instrument,
        uint96 quantity,
        bytes32 registry,
        bytes32 destination
    );
    event ExportAccepted(uint256 indexed id);
    event ExportConfirmed(uint256 indexed id, bytes32 indexed entry);
    event ExportRejected(uint256 indexed id, bytes32 cause);
    event ExportCancelled(uint256 indexed id);

    /* REGISTRIES AND PROJECTS */

    /// @notice Accept another registry's credits, or no longer. For REGULATOR.
    function acceptRegistry(bytes32 registry, bool accepted, bytes32 cause) external;

    /// @notice Give a project of another registry its number, for the ids of its instruments. For REGISTRY_OPERATOR.
    /// @return number 2^31 and more; smaller ones are of projects that are registered here.
    function enterProject(bytes32 registry, bytes32 project) external returns (uint32 number);

    function isAccepted(bytes32 registry) external view returns (bool);

    /// @notice 0: not entered.
    function projectNumber(bytes32 registry, bytes32 project) external view returns (uint32);

    /* IMPORT */

    /// @notice Issue to `account` what another registry had issued. For REGISTRY_OPERATOR.
    /// @param hint First serial of a range of the batch at or before the place, near it; 0: the beginning. See `hintFor`.
    /// @param document Digest of what the other registry says.
    function bringIn(Origin calldata origin, uint64 hint, address account, uint256 instrument, bytes32 document)
        external
        returns (uint256 id, uint256 firstSerial);

    /// @notice keccak256(abi.encode(registry, project, batch, vintage)).
    function batchKey(Origin calldata origin) external pure returns (bytes32);

    /// @notice Where `first` belongs: the range before it, 0 for none. Walks the list: to be called, not sent.
    function hintFor(bytes32 key, uint64 first) external view returns (uint64);

    /// @notice The range of a batch that begins at `first`; for 0: where the list begins.
    function rangeOf(bytes32 key, uint64 first) external view returns (Range memory);

    function importOf(uint256 id) external view returns (Import memory);

    function importCount() external view returns (uint256);

    /* EXPORT */

    /// @notice Ask for free credits to go to another registry; they are bound. By a representative with INITIATE and APPROVE,
    ///         unless the account is under NO_TRANSFER.
    function requestExport(uint256 instrument, uint96 quantity, bytes32 registry, bytes32 destination)
        external
        returns (uint256 id);

    /// @notice Take a request back, until it is accepted. By a representative with INITIATE and APPROVE.
    function cancelExport(uint256 id) external;

    /// @notice Hold the account to its request, before the other registry makes its entry: from now on only the operator lets
    ///         the credits go or stay, so none is in both registries. For REGISTRY_OPERATOR.
    function acceptExport(uint256 id) external;

    /// @notice The other registry has them: they are cancelled here. Of what was accepted. For REGISTRY_OPERATOR.
    /// @param entry Digest of its entry, with the serials there; never used twice.
    function confirmExport(uint256 id, bytes32 entry) external;

    /// @notice They do not go; they are free again. Of what was requested, or accepted and not entered in the other registry.
    ///         For REGISTRY_OPERATOR.
    function rejectExport(uint256 id, bytes32 cause) external;

    function exportOf(uint256 id) external view returns (Export memory);

    function exportCount() external view returns (uint256);

    function isUsed(bytes32 entry) external view returns (bool);
}
