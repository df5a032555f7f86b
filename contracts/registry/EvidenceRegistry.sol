// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManager } from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import { Governed } from "../governance/Governed.sol";
import { Rights } from "../types/Accounts.sol";
import { IEligibility } from "./IEligibility.sol";
import { IEvidenceRegistry } from "./IEvidenceRegistry.sol";
import { IStakeholderRegistry } from "./IStakeholderRegistry.sol";

/// @title Evidence. Its manual is `IEvidenceRegistry`.
/// @dev Nothing to initialize: the seed has set the authority. Calls ledger, registry and authority, and that to read. No
///      function is `restricted`: an office acts by its role, and which role depends on the document.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract EvidenceRegistry is IEvidenceRegistry, Governed {
    /// @dev Far below any address that a key could have, and below the authority's PUBLIC_ROLE, which everybody holds.
    uint160 private constant _LAST_OFFICE = type(uint16).max;

    IEligibility private immutable LEDGER;
    IStakeholderRegistry private immutable REGISTRY;

    /// @custom:storage-location erc7201:carbon.storage.EvidenceRegistry
    struct Storage {
        uint64 documentCount;
        uint32 requestCount;
        mapping(address party => EncryptionKey[]) keys;
        mapping(bytes32 publicKey => address party) keyParties;
        mapping(uint64 document => Document) documents;
        mapping(uint64 document => mapping(uint32 version => DocumentVersion)) versions;
        mapping(bytes32 commitment => uint64 document) byCommitment;
        mapping(uint64 document => mapping(address party => Grant)) grants;
        mapping(uint32 request => AccessRequest) requests;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.EvidenceRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x7e3af1dff81da2ada994208a15ef9c084ae5c5886c77e3f0de0ca003acd3fb00;

    constructor(IEligibility ledger, IStakeholderRegistry registry) {
        LEDGER = ledger;
        REGISTRY = registry;
    }

    /* WHO SPEAKS FOR WHOM */

    /// @dev Of an account: its representatives with the rights `needed`. Of an office: its members. Of a key without an account:
    ///      the key.
    function _requireSpeaker(address party, uint16 needed) private view {
        require(_speaks(party, needed), NotThePartysSpeaker(msg.sender, party));
    }

    function _speaks(address party, uint16 needed) private view returns (bool) {
        if (uint160(party) <= _LAST_OFFICE) return _isOf(uint64(uint160(party)));
        address home = _homeOf(party);
        if (home == msg.sender) return true;
        return LEDGER.actingFor(msg.sender, needed, 0) == home;
    }

    function _isOf(uint64 office) private view returns (bool member) {
        if (office != 0) (member,) = IAccessManager(authority()).hasRole(office, msg.sender);
    }

    /// @dev The account that a key belongs or belonged to, once it is open; else the party itself.
    function _homeOf(address party) private view returns (address) {
        uint32 application = REGISTRY.applicationOfKey(party);
        if (application == 0) return party;
        bool open = REGISTRY.applicationOf(application).status == IStakeholderRegistry.ApplicationStatus.APPROVED;
        return open ? REGISTRY.accountOf(application) : party;
    }

    function _requireKeeper(Document storage document) private view {
        if (!_isOf(document.office)) _requireSpeaker(document.owner, Rights.INITIATE);
    }

    /* ENCRYPTION KEYS */

    /// @inheritdoc IEvidenceRegistry
    function registerEncryptionKey(address party, bytes32 publicKey) external returns (uint32 version) {
        _requireSpeaker(party, Rights.INITIATE);
        require(publicKey != 0, EncryptionKeyMissing());
        address before = _s().keyParties[publicKey];
        require(before == address(0), EncryptionKeyUsed(publicKey, before));

        _s().keyParties[publicKey] = party;
        _s().keys[party].push(EncryptionKey({ publicKey: publicKey, since: uint40(block.timestamp) }));
        version = uint32(_s().keys[party].length);

        emit EncryptionKeyRegistered(party, version, publicKey, msg.sender);
    }

    /* DOCUMENTS */

    /// @inheritdoc IEvidenceRegistry
    function file(address owner, uint64 office, bytes32 subject, bytes32 commitment)
        external
        returns (uint64 document)
    {
        _requireSpeaker(owner, Rights.INITIATE);
        require(office <= _LAST_OFFICE, NoSuchOffice(office));

        document = ++_s().documentCount;
        _commit(document, 1, commitment);
        _s().documents[document] = Document({ owner: owner, office: office, versions: 1, subject: subject });

        emit DocumentFiled(document, owner, subject, office, commitment, msg.sender);
    }

    /// @inheritdoc IEvidenceRegistry
    function replaceDocument(uint64 document, bytes32 commitment) external returns (uint32 version) {
        Document storage known = _known(document);
        _requireSpeaker(known.owner, Rights.INITIATE);

        version = ++known.versions;
        _commit(document, version, commitment);

        emit DocumentReplaced(document, version, commitment, msg.sender);
    }

    function _commit(uint64 document, uint32 version, bytes32 commitment) private {
        require(commitment != 0, CommitmentMissing());
        uint64 before = _s().byCommitment[commitment];
        require(before == 0, CommitmentUsed(commitment, before));

        _s().byCommitment[commitment] = document;
        _s().versions[document][version] = DocumentVersion({ commitment: commitment, at: uint40(block.timestamp) });
    }

    /* ACCESS */

    /// @inheritdoc IEvidenceRegistry
    function grantAccess(uint64 document, address party, uint40 until) external {
        _requireKeeper(_known(document));

        _grant(document, party, until);
    }

    /// @inheritdoc IEvidenceRegistry
    function withdrawAccess(uint64 document, address party, bytes32 cause) external {
        _requireKeeper(_known(document));
        require(cause != 0, ReasonsMissing());
        Grant storage grant = _s().grants[document][party];
        require(_inForce(grant), NothingGranted(document, party));

        grant.until = uint40(block.timestamp);

        emit AccessWithdrawn(document, party, cause, msg.sender);
    }

    /// @inheritdoc IEvidenceRegistry
    function answerRequest(uint32 request, bool granted, uint40 until, bytes32 reasons) external {
        AccessRequest storage asked = _s().requests[request];
        require(asked.state != RequestState.NONE, UnknownRequest(request));
        _requireKeeper(_known(asked.document));
        require(asked.state == RequestState.OPEN, RequestAnswered(request, asked.state));
        require(reasons != 0, ReasonsMissing());

        asked.state = granted ? RequestState.GRANTED : RequestState.REFUSED;
        if (granted) _grant(asked.document, asked.party, until);

        emit AccessAnswered(request, granted, reasons, msg.sender);
    }

    function _grant(uint64 document, address party, uint40 until) private {
        require(_s().keys[party].length != 0, NoEncryptionKey(party));
        require(until == 0 || until > block.timestamp, GrantEndsInThePast(until, block.timestamp));

        _s().grants[document][party] = Grant({ since: uint40(block.timestamp), until: until });

        emit AccessGranted(document, party, until, msg.sender);
    }

    function _inForce(Grant memory grant) private view returns (bool) {
        return grant.since != 0 && (grant.until == 0 || block.timestamp < grant.until);
    }

    /* READERS */

    /// @inheritdoc IEvidenceRegistry
    function requestAccess(uint64 document, address party, bytes32 purpose) external returns (uint32 request) {
        _known(document);
        _requireSpeaker(party, Rights.READ);
        require(purpose != 0, ReasonsMissing());
        require(!mayRead(document, party), MayReadAlready(document, party));

        request = ++_s().requestCount;
        _s().requests[request] = AccessRequest({ document: document, party: party, state: RequestState.OPEN });

        emit AccessRequested(request, document, party, purpose, msg.sender);
    }

    /// @inheritdoc IEvidenceRegistry
    function recordReading(uint64 document, uint32 version, address party) external {
        uint32 versions = _known(document).versions;
        _requireSpeaker(party, Rights.READ);
        require(version != 0 && version <= versions, UnknownDocumentVersion(document, version, versions));
        require(mayRead(document, party), NotTheReaders(party, document, _s().grants[document][party].until));

        emit DocumentRead(document, version, party, msg.sender);
    }

    /* VIEWS */

    /// @inheritdoc IEvidenceRegistry
    function mayRead(uint64 document, address party) public view returns (bool) {
        Document memory known = _s().documents[document];
        if (known.versions == 0) return false;
        if (party == known.owner || party == _homeOf(known.owner)) return true;
        if (known.office != 0 && party == address(uint160(known.office))) return true;
        return _inForce(_s().grants[document][party]);
    }

    /// @inheritdoc IEvidenceRegistry
    function encryptionKeyCount(address party) external view returns (uint32) {
        return uint32(_s().keys[party].length);
    }

    /// @inheritdoc IEvidenceRegistry
    function encryptionKeyOf(address party, uint32 version) external view returns (EncryptionKey memory) {
        uint256 count = _s().keys[party].length;
        require(version != 0 && version <= count, NoEncryptionKey(party));
        return _s().keys[party][version - 1];
    }

    /// @inheritdoc IEvidenceRegistry
    function documentCount() external view returns (uint64) {
        return _s().documentCount;
    }

    /// @inheritdoc IEvidenceRegistry
    function documentOf(uint64 document) external view returns (Document memory) {
        return _known(document);
    }

    /// @inheritdoc IEvidenceRegistry
    function versionOf(uint64 document, uint32 version) external view returns (DocumentVersion memory) {
        uint32 versions = _known(document).versions;
        require(version != 0 && version <= versions, UnknownDocumentVersion(document, version, versions));
        return _s().versions[document][version];
    }

    /// @inheritdoc IEvidenceRegistry
    function documentWith(bytes32 commitment) external view returns (uint64) {
        return _s().byCommitment[commitment];
    }

    /// @inheritdoc IEvidenceRegistry
    function grantOf(uint64 document, address party) external view returns (Grant memory) {
        return _s().grants[document][party];
    }

    /// @inheritdoc IEvidenceRegistry
    function requestCount() external view returns (uint32) {
        return _s().requestCount;
    }

    /// @inheritdoc IEvidenceRegistry
    function requestOf(uint32 request) external view returns (AccessRequest memory) {
        return _s().requests[request];
    }

    function _known(uint64 document) private view returns (Document storage known) {
        known = _s().documents[document];
        require(known.versions != 0, UnknownDocument(document));
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
