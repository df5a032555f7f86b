// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Evidence: which documents there are, and who may read them (clauses 5.4b, 8.2d, 8.10f; R-TRC-2, R-ID-3, R-ACC-6).
/// @notice A document lies elsewhere, encrypted by whoever files it; here stand its salted commitments, version by version,
///         who was let in and until when, who asked, and who says that they read.
///
///         A *party* is an account, a key that represents none (an applicant's, a buyer's from outside), or an office: the role
///         of a number in the authority, written as the address of that number. Once an application is approved, what its key
///         filed is the account's: the key alone can do nothing with it, and a removed representative neither.
///
///         Documents are encrypted under encryption keys, which are registered here apart from the keys that sign: a signing key
///         in hardware cannot decrypt, and a signing key that is replaced must not close what was filed. They are X25519
///         (RFC 7748), 32 bytes. A party replaces its key by registering the next version; earlier ones stay, because earlier
///         documents are encrypted under them.
///
///         Withdrawing a grant closes all later versions: each has a content key of its own. What somebody could read, they
///         may have kept.
interface IEvidenceRegistry {
    struct EncryptionKey {
        bytes32 publicKey; // X25519
        uint40 since; // Unix seconds
    }

    struct Document {
        address owner; // party that filed it
        uint64 office; // role of the office for which it was filed; 0: none
        uint32 versions;
        bytes32 subject; // what it is about, where that is to be found again; 0: not said
    }

    struct DocumentVersion {
        bytes32 commitment; // SHA-256 over a salt of 32 random bytes and the content, see `carbon_sdk.evidence`
        uint40 at; // Unix seconds
    }

    /// @dev In force while `since <= now < until`, or without end where `until` is 0 and `since` is not.
    struct Grant {
        uint40 since; // Unix seconds; 0: never granted
        uint40 until; // Unix seconds, excluded; 0: until it is withdrawn
    }

    enum RequestState {
        NONE,
        OPEN,
        GRANTED,
        REFUSED
    }

    struct AccessRequest {
        uint64 document;
        address party;
        RequestState state;
    }

    /* ERRORS (and of IEligibility) */

    /// @notice `caller` does not speak for `party`: it is neither the key itself, nor a representative, nor of that office.
    error NotThePartysSpeaker(address caller, address party);
    /// @notice `party` may not read the document now: no grant, or one that ended at `until`.
    error NotTheReaders(address party, uint64 document, uint40 until);
    /// @notice Zero is no key.
    error EncryptionKeyMissing();
    /// @notice `publicKey` was registered before, by `party`. Make another.
    error EncryptionKeyUsed(bytes32 publicKey, address party);
    /// @notice `party` has no encryption key: it could read nothing. It registers one first.
    error NoEncryptionKey(address party);
    error UnknownDocument(uint64 document);
    /// @notice The document has `versions` versions.
    error UnknownDocumentVersion(uint64 document, uint32 version, uint32 versions);
    error CommitmentMissing();
    /// @notice The same commitment stands for `document`. Take a new salt: two documents never share a commitment.
    error CommitmentUsed(bytes32 commitment, uint64 document);
    /// @notice Offices are roles from 1 to 65,535.
    error NoSuchOffice(uint64 office);
    /// @notice A grant ends later than now.
    error GrantEndsInThePast(uint40 until, uint256 now_);
    /// @notice There is no grant in force to withdraw.
    error NothingGranted(uint64 document, address party);
    /// @notice The party may read the document already.
    error MayReadAlready(uint64 document, address party);
    error UnknownRequest(uint32 request);
    error RequestAnswered(uint32 request, RequestState state);
    /// @notice A digest must say why.
    error ReasonsMissing();

    /* EVENTS: `by` is the key that acted */

    event EncryptionKeyRegistered(address indexed party, uint32 indexed version, bytes32 publicKey, address by);
    /// @notice Version 1 of a document.
    event DocumentFiled(
        uint64 indexed document,
        address indexed owner,
        bytes32 indexed subject,
        uint64 office,
        bytes32 commitment,
        address by
    );
    event DocumentReplaced(uint64 indexed document, uint32 version, bytes32 commitment, address by);
    event AccessGranted(uint64 indexed document, address indexed party, uint40 until, address by);
    event AccessWithdrawn(uint64 indexed document, address indexed party, bytes32 cause, address by);
    event AccessRequested(
        uint32 indexed request, uint64 indexed document, address indexed party, bytes32 purpose, address by
    );
    /// @notice Where access is granted, `AccessGranted` stands before it.
    event AccessAnswered(uint32 indexed request, bool granted, bytes32 reasons, address by);
    event DocumentRead(uint64 indexed document, uint32 version, address indexed party, address by);

    /* ENCRYPTION KEYS: whoever speaks for the party; an account's representative with the right INITIATE */

    /// @notice From now on documents are encrypted for `party` under `publicKey`.
    /// @return version 1, 2, 3 …
    function registerEncryptionKey(address party, bytes32 publicKey) external returns (uint32 version);

    /* DOCUMENTS: likewise, for the owner */

    /// @notice File a document.
    /// @param office Role of the office that is to read it and may let others in; 0: none.
    /// @param subject What it is about, such as a digest of a unit's name; 0: not said.
    /// @return document Its number: 1, 2, 3 …
    function file(address owner, uint64 office, bytes32 subject, bytes32 commitment) external returns (uint64 document);

    /// @notice File the next version. Grants stay; who was withdrawn before is not given its key.
    function replaceDocument(uint64 document, bytes32 commitment) external returns (uint32 version);

    /* ACCESS: whoever speaks for the owner, or for the office for which the document was filed */

    /// @notice Let `party` read, or change until when.
    /// @param until Unix seconds, excluded; 0: until it is withdrawn.
    function grantAccess(uint64 document, address party, uint40 until) external;

    /// @notice From now on `party` is given no key of this document.
    function withdrawAccess(uint64 document, address party, bytes32 cause) external;

    /// @notice Answer a request.
    /// @param until As of `grantAccess`; disregarded in a refusal.
    function answerRequest(uint32 request, bool granted, uint40 until, bytes32 reasons) external;

    /* READERS: whoever speaks for the party; an account's representative with the right READ */

    /// @notice Ask for access.
    /// @param purpose Digest of what it is wanted for.
    function requestAccess(uint64 document, address party, bytes32 purpose) external returns (uint32 request);

    /// @notice Say that `party` read a version. Only while it may.
    function recordReading(uint64 document, uint32 version, address party) external;

    /* VIEWS */

    /// @notice Whether `party` may read the document now: its owner, its office, or with a grant in force.
    function mayRead(uint64 document, address party) external view returns (bool);

    /// @notice Version of the encryption key in use; 0: none.
    function encryptionKeyCount(address party) external view returns (uint32);

    /// @param version From 1.
    function encryptionKeyOf(address party, uint32 version) external view returns (EncryptionKey memory);

    function documentCount() external view returns (uint64);

    function documentOf(uint64 document) external view returns (Document memory);

    /// @param version From 1.
    function versionOf(uint64 document, uint32 version) external view returns (DocumentVersion memory);

    /// @notice The document with this commitment; 0: none.
    function documentWith(bytes32 commitment) external view returns (uint64);

    function grantOf(uint64 document, address party) external view returns (Grant memory);

    function requestCount() external view returns (uint32);

    function requestOf(uint32 request) external view returns (AccessRequest memory);
}
