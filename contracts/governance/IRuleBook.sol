// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Versioned policies and documents: what applied, since when, by whose hand (R-STK-3, R-ID-1, R-TRD-14, R-ACC-5).
/// @notice On-chain stand digest, author and times; the document itself lies where its event says. Versions of a topic are
///         1, 2, 3 … for ever. Nothing is erased: a later version supersedes every earlier one from its effective time on,
///         also one that had not become effective by then.
/// @dev Topics are in `types/Topics.sol`. No version is effective before it was published, so what was in force at a time
///      in the past never changes.
interface IRuleBook {
    struct Version {
        bytes32 digest; // SHA-256 of the document as published
        address author; // the key that published it
        uint40 publishedAt; // Unix seconds
        uint40 effectiveFrom; // Unix seconds
    }

    /// @notice A document without a digest, or of no topic.
    error NotADocument(bytes32 topic, bytes32 digest);
    /// @notice `effectiveFrom` lies before the time `now_` of the block. Zero says: at once.
    error EffectiveInThePast(uint40 effectiveFrom, uint40 now_);
    /// @notice `topic` has `count` versions.
    error NoSuchVersion(bytes32 topic, uint32 version, uint32 count);
    /// @notice No version of `topic` was in force at `time`.
    error NothingInForce(bytes32 topic, uint40 time);

    /// @param uri Where the document is to be had; kept in this event only.
    event Published(
        bytes32 indexed topic,
        uint32 indexed version,
        bytes32 digest,
        uint40 publishedAt,
        uint40 effectiveFrom,
        address indexed author,
        string uri
    );

    /// @notice Publish the next version of `topic`. For REGULATOR.
    /// @param digest SHA-256 of the document.
    /// @param effectiveFrom Unix seconds, not in the past; zero: at once.
    /// @return version Its number.
    function publish(bytes32 topic, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        external
        returns (uint32 version);

    /// @notice The version in force now.
    function current(bytes32 topic) external view returns (uint32 version, bytes32 digest);

    /// @notice The version that was, or as things stand will be, in force at `time` (Unix seconds).
    function inForceAt(bytes32 topic, uint40 time) external view returns (uint32 version, bytes32 digest);

    /// @notice Version number `version` of `topic`, whether in force or not.
    function at(bytes32 topic, uint32 version) external view returns (Version memory);

    /// @notice Versions of `topic` so far.
    function count(bytes32 topic) external view returns (uint32);
}
