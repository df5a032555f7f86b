// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "./Governed.sol";
import { IServiceRecords } from "./IServiceRecords.sol";

/// @title Profiles, technical schemes and rules of services, releases, and supplies. Its manual is `IServiceRecords`.
/// @dev Nothing to initialize: the seed has set the authority.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract ServiceRecords is IServiceRecords, Governed {
    /// @custom:storage-location erc7201:carbon.storage.ServiceRecords
    struct Storage {
        mapping(bytes32 service => mapping(Kind kind => ServiceDocument[])) documents;
        mapping(uint32 id => Release) releases;
        mapping(uint32 id => Supplied) supplies;
        uint32 releaseCount;
        uint32 supplyCount;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.ServiceRecords")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xbd0d46125ab71a0798db7e39321c63a6e476783e4ada14cdecf536fff313fe00;

    /* DOCUMENTS */

    /// @inheritdoc IServiceRecords
    function publishProfile(bytes32 service, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        external
        restricted
        returns (uint32 version)
    {
        return _publish(service, Kind.REQUIREMENT_PROFILE, digest, effectiveFrom, uri);
    }

    /// @inheritdoc IServiceRecords
    function publishTechnicalScheme(bytes32 service, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        external
        restricted
        returns (uint32 version)
    {
        return _publish(service, Kind.TECHNICAL_SCHEME, digest, effectiveFrom, uri);
    }

    /// @inheritdoc IServiceRecords
    function setServiceRules(bytes32 service, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        external
        restricted
        returns (uint32 version)
    {
        return _publish(service, Kind.SERVICE_RULES, digest, effectiveFrom, uri);
    }

    function _publish(bytes32 service, Kind kind, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        private
        returns (uint32 version)
    {
        ServiceDocument[] storage known = _s().documents[service][kind];
        uint40 time = uint40(block.timestamp);
        uint40 last = known.length == 0 ? 0 : known[known.length - 1].effectiveFrom;
        if (effectiveFrom == 0) effectiveFrom = time;
        require(service != 0 && digest != 0, NotAServiceDocument(service, digest));
        require(effectiveFrom >= time && effectiveFrom >= last, BadEffectiveTime(effectiveFrom, time, last));

        known.push(
            ServiceDocument({ digest: digest, author: msg.sender, publishedAt: time, effectiveFrom: effectiveFrom })
        );
        version = uint32(known.length);

        emit DocumentPublished(service, kind, version, digest, time, effectiveFrom, msg.sender, uri);
    }

    /// @inheritdoc IServiceRecords
    function documentOf(bytes32 service, Kind kind, uint32 version) external view returns (ServiceDocument memory) {
        ServiceDocument[] storage known = _s().documents[service][kind];
        require(version != 0 && version <= known.length, NoSuchDocument(service, kind, version, uint32(known.length)));
        return known[version - 1];
    }

    /// @inheritdoc IServiceRecords
    function documentCount(bytes32 service, Kind kind) public view returns (uint32) {
        return uint32(_s().documents[service][kind].length);
    }

    /// @inheritdoc IServiceRecords
    function documentInForce(bytes32 service, Kind kind, uint40 time)
        external
        view
        returns (uint32 version, bytes32 digest)
    {
        ServiceDocument[] storage known = _s().documents[service][kind];
        for (version = uint32(known.length); version != 0; --version) {
            if (known[version - 1].effectiveFrom <= time) return (version, known[version - 1].digest);
        }
        revert NoDocumentInForce(service, kind, time);
    }

    /* RELEASES */

    /// @inheritdoc IServiceRecords
    function proposeSystemRelease(bytes32 service, uint32 basis, bytes32 digest, string calldata uri)
        external
        restricted
        returns (uint32 id)
    {
        return _propose(service, Kind.REQUIREMENT_PROFILE, basis, digest, uri);
    }

    /// @inheritdoc IServiceRecords
    function proposeServiceRelease(bytes32 service, uint32 basis, bytes32 digest, string calldata uri)
        external
        restricted
        returns (uint32 id)
    {
        return _propose(service, Kind.TECHNICAL_SCHEME, basis, digest, uri);
    }

    /// @inheritdoc IServiceRecords
    function withdrawRelease(uint32 id) external {
        Release storage release = _proposed(id);
        require(release.developer == msg.sender, NotTheDeveloper(msg.sender, id, release.developer));

        _resolve(id, release, ReleaseStatus.WITHDRAWN, 0);
    }

    /// @inheritdoc IServiceRecords
    function decideSystemRelease(uint32 id, bool accept, bytes32 reasons) external restricted {
        _decide(id, Kind.REQUIREMENT_PROFILE, accept, reasons);
    }

    /// @inheritdoc IServiceRecords
    function decideServiceRelease(uint32 id, bool accept, bytes32 reasons) external restricted {
        _decide(id, Kind.TECHNICAL_SCHEME, accept, reasons);
    }

    function _propose(bytes32 service, Kind kind, uint32 basis, bytes32 digest, string calldata uri)
        private
        returns (uint32 id)
    {
        uint32 current = documentCount(service, kind);
        require(digest != 0, NotAServiceDocument(service, digest));
        require(basis != 0 && basis == current, StaleBasis(basis, current));

        id = ++_s().releaseCount;
        _s().releases[id] = Release({
            service: service,
            digest: digest,
            developer: msg.sender,
            basis: basis,
            kind: kind,
            status: ReleaseStatus.PROPOSED
        });

        emit ReleaseProposed(id, service, msg.sender, kind, basis, digest, uri);
    }

    function _decide(uint32 id, Kind kind, bool accept, bytes32 reasons) private {
        Release storage release = _proposed(id);
        require(release.kind == kind, ReleaseOfAnotherKind(id, release.kind));
        require(release.developer != msg.sender, MayNotDecideOwnRelease(msg.sender, id));
        require(reasons != 0, ReasonMissing());
        if (accept) {
            uint32 current = documentCount(release.service, kind);
            require(release.basis == current, StaleBasis(release.basis, current));
        }

        _resolve(id, release, accept ? ReleaseStatus.ACCEPTED : ReleaseStatus.REFUSED, reasons);
    }

    function _resolve(uint32 id, Release storage release, ReleaseStatus status, bytes32 reasons) private {
        release.status = status;

        emit ReleaseResolved(id, status, msg.sender, reasons);
    }

    function _proposed(uint32 id) private view returns (Release storage release) {
        release = _s().releases[id];
        require(release.status != ReleaseStatus.NONE, UnknownRelease(id));
        require(release.status == ReleaseStatus.PROPOSED, ReleaseDecided(id, release.status));
    }

    /// @inheritdoc IServiceRecords
    function releaseOf(uint32 id) external view returns (Release memory release) {
        release = _s().releases[id];
        require(release.status != ReleaseStatus.NONE, UnknownRelease(id));
    }

    /// @inheritdoc IServiceRecords
    function releaseCount() external view returns (uint32) {
        return _s().releaseCount;
    }

    /* SUPPLIES */

    /// @inheritdoc IServiceRecords
    function recordSupply(Supply supply, uint40 from, uint40 to, bytes32 digest, uint32 corrects, string calldata uri)
        external
        restricted
        returns (uint32 id)
    {
        require(
            supply != Supply.NONE && digest != 0 && from <= to && to <= block.timestamp,
            BadRecord(supply, from, to, digest)
        );
        if (corrects != 0) {
            address supporter = _s().supplies[corrects].supporter;
            require(supporter == msg.sender, NotTheSupporter(msg.sender, corrects, supporter));
        }

        id = ++_s().supplyCount;
        _s().supplies[id] =
            Supplied({ supporter: msg.sender, supply: supply, from: from, to: to, corrects: corrects, digest: digest });

        emit SupplyRecorded(id, msg.sender, supply, from, to, corrects, digest, uri);
    }

    /// @inheritdoc IServiceRecords
    function supplyOf(uint32 id) external view returns (Supplied memory supplied) {
        supplied = _s().supplies[id];
        require(supplied.supply != Supply.NONE, UnknownRecord(id));
    }

    /// @inheritdoc IServiceRecords
    function supplyCount() external view returns (uint32) {
        return _s().supplyCount;
    }

    function _s() private pure returns (Storage storage s) {
        assembly {
            s.slot := _STORAGE
        }
    }
}
