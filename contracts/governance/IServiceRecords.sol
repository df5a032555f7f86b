// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title What services must do, how they are built, by which rules they run, and what third parties supplied (R-STK-3, R-STK-6,
///        R-STK-7; clauses 4.3 and 4.4).
/// @notice A service is known by the hash of its name. On-chain stand digests, authors and times; documents lie where their events
///         say. Versions of a document are 1, 2, 3 … for ever. Nothing is erased: a correction is a new entry that names the old.
interface IServiceRecords {
    enum Kind {
        NONE,
        REQUIREMENT_PROFILE, // what a service must do: business requirements manager (4.3.1)
        TECHNICAL_SCHEME, // how it is built: technical requirements manager (4.4.1)
        SERVICE_RULES // how it is run: technical service regulator (4.4.4)
    }

    enum ReleaseStatus {
        NONE,
        PROPOSED,
        ACCEPTED,
        REFUSED,
        WITHDRAWN
    }

    enum Supply {
        NONE,
        TIME,
        CERTIFICATES,
        IDENTITY
    }

    struct ServiceDocument {
        bytes32 digest; // SHA-256 of the document as published
        address author; // the key that published it
        uint40 publishedAt; // Unix seconds
        uint40 effectiveFrom; // Unix seconds
    }

    struct Release {
        bytes32 service;
        bytes32 digest; // SHA-256 of what is released: code, its build, its tests
        address developer;
        uint32 basis; // version of the document that it was made against
        Kind kind; // of that document
        ReleaseStatus status;
    }

    /// @dev What a supporter says that it supplied in a span of time.
    struct Supplied {
        address supporter;
        Supply supply;
        uint40 from; // Unix seconds
        uint40 to; // Unix seconds; not before `from`, not after the entry
        uint32 corrects; // number of the entry that this one corrects; 0: none
        bytes32 digest; // SHA-256 of the record: measurements, serial numbers, answers
    }

    /* ERRORS */

    /// @notice A document without a digest, or of no service.
    error NotAServiceDocument(bytes32 service, bytes32 digest);
    /// @notice `effectiveFrom` lies before `time`, the block's, or before that of the last version, `last`.
    error BadEffectiveTime(uint40 effectiveFrom, uint40 time, uint40 last);
    /// @notice The service has `count` documents of this kind.
    error NoSuchDocument(bytes32 service, Kind kind, uint32 version, uint32 count);
    /// @notice Nothing of this kind was in force for the service at `time`.
    error NoDocumentInForce(bytes32 service, Kind kind, uint40 time);
    /// @notice The release is made against version `basis`; the last one published is `current`.
    error StaleBasis(uint32 basis, uint32 current);
    error UnknownRelease(uint32 id);
    /// @notice The release stands where this act has no place.
    error ReleaseDecided(uint32 id, ReleaseStatus status);
    /// @notice Release `id` was proposed against another kind of document.
    error ReleaseOfAnotherKind(uint32 id, Kind kind);
    /// @notice `caller` did not propose release `id`: `developer` did.
    error NotTheDeveloper(address caller, uint32 id, address developer);
    /// @notice `caller` proposed release `id`; somebody else decides about it.
    error MayNotDecideOwnRelease(address caller, uint32 id);
    /// @notice A record without kind or digest, of no span, or of a time to come.
    error BadRecord(Supply supply, uint40 from, uint40 to, bytes32 digest);
    /// @notice `caller` corrects only records of its own, not number `corrects`.
    error NotTheSupporter(address caller, uint32 corrects, address supporter);
    error UnknownRecord(uint32 id);
    /// @notice A digest must say why.
    error ReasonMissing();

    /* EVENTS */

    /// @param uri Where the document is to be had; kept in this event only.
    event DocumentPublished(
        bytes32 indexed service,
        Kind indexed kind,
        uint32 indexed version,
        bytes32 digest,
        uint40 publishedAt,
        uint40 effectiveFrom,
        address author,
        string uri
    );
    event ReleaseProposed(
        uint32 indexed id,
        bytes32 indexed service,
        address indexed developer,
        Kind kind,
        uint32 basis,
        bytes32 digest,
        string uri
    );
    event ReleaseResolved(uint32 indexed id, ReleaseStatus status, address by, bytes32 reasons);
    event SupplyRecorded(
        uint32 indexed id,
        address indexed supporter,
        Supply indexed supply,
        uint40 from,
        uint40 to,
        uint32 corrects,
        bytes32 digest,
        string uri
    );

    /* DOCUMENTS */

    /// @notice Publish the next version of what a service must do. For REQUIREMENTS_MANAGER.
    /// @param effectiveFrom Unix seconds, not in the past and not before an earlier version; zero: at once.
    function publishProfile(bytes32 service, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        external
        returns (uint32 version);

    /// @notice Publish the next version of how a service is built. For TECHNICAL_MANAGER. As `publishProfile`.
    function publishTechnicalScheme(bytes32 service, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        external
        returns (uint32 version);

    /// @notice Publish the next version of how a service is run. For SERVICE_REGULATOR. As `publishProfile`.
    function setServiceRules(bytes32 service, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        external
        returns (uint32 version);

    function documentOf(bytes32 service, Kind kind, uint32 version) external view returns (ServiceDocument memory);

    /// @notice Versions so far.
    function documentCount(bytes32 service, Kind kind) external view returns (uint32);

    /// @notice The version that was, or as things stand will be, in force at `time` (Unix seconds).
    function documentInForce(bytes32 service, Kind kind, uint40 time)
        external
        view
        returns (uint32 version, bytes32 digest);

    /* RELEASES */

    /// @notice Propose a release against a requirement profile. For SYSTEM_DEVELOPER.
    /// @param basis The last version published: a release against an older one is refused.
    /// @return id 1, 2, 3 …
    function proposeSystemRelease(bytes32 service, uint32 basis, bytes32 digest, string calldata uri)
        external
        returns (uint32 id);

    /// @notice Propose a release against a technical scheme. For SERVICE_DEVELOPER. As `proposeSystemRelease`.
    function proposeServiceRelease(bytes32 service, uint32 basis, bytes32 digest, string calldata uri)
        external
        returns (uint32 id);

    /// @notice Take a proposal back. By the key that proposed it.
    function withdrawRelease(uint32 id) external;

    /// @notice Accept or refuse a release against a profile. For REQUIREMENTS_MANAGER, but nobody decides on a release of his
    ///         own. What is accepted is what the maintainer may then install.
    function decideSystemRelease(uint32 id, bool accept, bytes32 reasons) external;

    /// @notice As `decideSystemRelease`, against a technical scheme. For TECHNICAL_MANAGER.
    function decideServiceRelease(uint32 id, bool accept, bytes32 reasons) external;

    function releaseOf(uint32 id) external view returns (Release memory);

    function releaseCount() external view returns (uint32);

    /* SUPPLIES */

    /// @notice State what was supplied. For SUPPORTER. The digest is of the record, whose pieces anyone can check against it.
    /// @param corrects Number of an own entry that this one corrects; 0: none.
    function recordSupply(Supply supply, uint40 from, uint40 to, bytes32 digest, uint32 corrects, string calldata uri)
        external
        returns (uint32 id);

    function supplyOf(uint32 id) external view returns (Supplied memory);

    function supplyCount() external view returns (uint32);
}
