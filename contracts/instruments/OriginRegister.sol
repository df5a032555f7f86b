// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId } from "../types/InstrumentId.sol";
import { ICreditProjects } from "./ICreditProjects.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";
import { IOriginRegister } from "./IOriginRegister.sol";
import { SerialRanges } from "./SerialRanges.sol";

/// @title What came from other registries and went to them. Its manual is `IOriginRegister`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract OriginRegister is IOriginRegister, Governed {
    using SerialRanges for mapping(uint64 first => Range);

    uint32 private constant _FIRST_FOREIGN = 1 << 31; // smaller numbers are of projects that are registered here
    IInstrumentLedger.Reason private constant _EXPORT = IInstrumentLedger.Reason.EXPORT;

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    address private immutable PROJECTS;
    uint16 private immutable SCHEME;

    struct Counts {
        uint32 projects;
        uint64 imports;
        uint64 exports;
    }

    /// @custom:storage-location erc7201:carbon.storage.OriginRegister
    struct Storage {
        Counts counts;
        mapping(bytes32 registry => bool) accepted;
        mapping(bytes32 registry => mapping(bytes32 project => uint32)) numbers;
        mapping(bytes32 batchKey => mapping(uint64 first => Range)) ranges;
        mapping(uint256 id => Import) imports;
        mapping(uint256 id => Export) exports;
        mapping(bytes32 entry => bool) used;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.OriginRegister")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x7a67f8c13e40e590ad9e2e58da3d00f756b6d4836284e444f25fed0a3407ed00;

    /// @param scheme Number in the ids of the credits that are issued here.
    constructor(address ledger, address creditProjects, uint16 scheme) {
        LEDGER = ledger;
        PROJECTS = creditProjects;
        SCHEME = scheme;
    }

    /* REGISTRIES AND PROJECTS */

    /// @inheritdoc IOriginRegister
    function acceptRegistry(bytes32 registry, bool accepted, bytes32 cause) external restricted {
        require(registry != 0, NameMissing());
        require(cause != 0, DigestMissing());

        _s().accepted[registry] = accepted;

        emit RegistryAccepted(registry, accepted, cause);
    }

    /// @inheritdoc IOriginRegister
    function enterProject(bytes32 registry, bytes32 project) external restricted returns (uint32 number) {
        require(_s().accepted[registry], RegistryNotAccepted(registry));
        require(project != 0, NameMissing());
        number = _s().numbers[registry][project];
        require(number == 0, ProjectEntered(registry, project, number));

        number = _FIRST_FOREIGN + _s().counts.projects++;
        _s().numbers[registry][project] = number;

        emit ForeignProjectEntered(number, registry, project);
    }

    /// @inheritdoc IOriginRegister
    function isAccepted(bytes32 registry) external view returns (bool) {
        return _s().accepted[registry];
    }

    /// @inheritdoc IOriginRegister
    function projectNumber(bytes32 registry, bytes32 project) external view returns (uint32) {
        return _s().numbers[registry][project];
    }

    /* IMPORT */

    /// @inheritdoc IOriginRegister
    function bringIn(Origin calldata origin, uint64 hint, address account, uint256 instrument, bytes32 document)
        external
        restricted
        returns (uint256 id, uint256 firstSerial)
    {
        require(_s().accepted[origin.registry], RegistryNotAccepted(origin.registry));
        require(document != 0, DigestMissing());
        require(origin.batch != 0, NameMissing());
        _requireInstrument(origin, instrument);
        (uint64 first, uint64 last) = (origin.first, origin.last);
        bytes32 key = _batchKey(origin);

        id = ++_s().counts.imports;
        firstSerial = uint256(_ledger().instrumentOf(instrument).issued) + 1;
        _s().ranges[key].insert(key, first, last, hint, uint128(id));
        _s().imports[id] = Import(uint88(instrument), uint96(firstSerial), true);

        emit CreditsImported(id, key, account, origin, instrument, firstSerial, document);

        // It issues from the serial that was read above on.
        // slither-disable-next-line unused-return
        ICreditProjects(PROJECTS)
            .issueImported(account, instrument, uint256(last) - first + 1, keccak256(abi.encode(key, first, last)));
    }

    /// @inheritdoc IOriginRegister
    function batchKey(Origin calldata origin) external pure returns (bytes32) {
        return _batchKey(origin);
    }

    /// @inheritdoc IOriginRegister
    function hintFor(bytes32 key, uint64 first) external view returns (uint64) {
        return _s().ranges[key].before(first);
    }

    /// @inheritdoc IOriginRegister
    function rangeOf(bytes32 key, uint64 first) external view returns (Range memory) {
        return _s().ranges[key][first];
    }

    /// @inheritdoc IOriginRegister
    function importOf(uint256 id) external view returns (Import memory) {
        return _s().imports[id];
    }

    /// @inheritdoc IOriginRegister
    function importCount() external view returns (uint256) {
        return _s().counts.imports;
    }

    function _batchKey(Origin calldata origin) private pure returns (bytes32) {
        return keccak256(abi.encode(origin.registry, origin.project, origin.batch, origin.vintage));
    }

    function _requireInstrument(Origin calldata origin, uint256 instrument) private view {
        uint32 number = _s().numbers[origin.registry][origin.project];
        require(number != 0, ProjectNotEntered(origin.registry, origin.project));
        InstrumentId id = InstrumentId.wrap(instrument);
        require(
            instrument >> 80 == uint256(InstrumentClass.CREDIT) && id.scheme() == SCHEME && id.project() == number
                && id.vintage() == origin.vintage,
            WrongCredit(instrument, number)
        );
    }

    /* EXPORT */

    /// @inheritdoc IOriginRegister
    function requestExport(uint256 instrument, uint96 quantity, bytes32 registry, bytes32 destination)
        external
        returns (uint256 id)
    {
        address account = _acting(Restrictions.NO_TRANSFER);
        require(instrument >> 80 == uint256(InstrumentClass.CREDIT), NotACredit(instrument));
        require(_s().accepted[registry], RegistryNotAccepted(registry));
        require(destination != 0, DigestMissing());

        // No check of the quantity: `encumber` binds nothing that the account does not hold.
        id = ++_s().counts.exports;
        _s().exports[id] = Export(account, ExportState.REQUESTED, uint88(instrument), quantity, registry, destination);

        emit ExportRequested(id, account, instrument, quantity, registry, destination);

        _ledger().encumber(account, instrument, quantity, _EXPORT, bytes32(id));
    }

    /// @inheritdoc IOriginRegister
    function cancelExport(uint256 id) external {
        Export storage one = _known(id);
        require(one.state == ExportState.REQUESTED, ExportInState(id, one.state));
        require(_acting(0) == one.account, NotTheAccount(msg.sender, one.account));

        one.state = ExportState.CANCELLED;

        emit ExportCancelled(id);

        _ledger().release(one.account, one.instrument, one.quantity, _EXPORT, bytes32(id));
    }

    /// @inheritdoc IOriginRegister
    function acceptExport(uint256 id) external restricted {
        Export storage one = _known(id);
        require(one.state == ExportState.REQUESTED, ExportInState(id, one.state));
        require(_s().accepted[one.registry], RegistryNotAccepted(one.registry));

        one.state = ExportState.ACCEPTED;

        emit ExportAccepted(id);
    }

    /// @inheritdoc IOriginRegister
    function confirmExport(uint256 id, bytes32 entry) external restricted {
        Export storage one = _known(id);
        require(one.state == ExportState.ACCEPTED, ExportInState(id, one.state));
        require(entry != 0, DigestMissing());
        require(!_s().used[entry], EntryUsed(entry));

        one.state = ExportState.CONFIRMED;
        _s().used[entry] = true;

        emit ExportConfirmed(id, entry);

        _ledger().cancelEncumbered(one.account, one.instrument, one.quantity, _EXPORT, bytes32(id));
    }

    /// @inheritdoc IOriginRegister
    function rejectExport(uint256 id, bytes32 cause) external restricted {
        Export storage one = _known(id);
        ExportState state = one.state;
        require(state == ExportState.REQUESTED || state == ExportState.ACCEPTED, ExportInState(id, state));
        require(cause != 0, DigestMissing());

        one.state = ExportState.REJECTED;

        emit ExportRejected(id, cause);

        _ledger().release(one.account, one.instrument, one.quantity, _EXPORT, bytes32(id));
    }

    /// @inheritdoc IOriginRegister
    function exportOf(uint256 id) external view returns (Export memory) {
        return _known(id);
    }

    /// @inheritdoc IOriginRegister
    function exportCount() external view returns (uint256) {
        return _s().counts.exports;
    }

    /// @inheritdoc IOriginRegister
    function isUsed(bytes32 entry) external view returns (bool) {
        return _s().used[entry];
    }

    function _known(uint256 id) private view returns (Export storage one) {
        one = _s().exports[id];
        require(one.state != ExportState.NONE, UnknownExport(id));
    }

    /* SHARED */

    function _acting(uint16 forbidding) private view returns (address account) {
        return IEligibility(LEDGER).actingFor(msg.sender, Rights.INITIATE | Rights.APPROVE, forbidding);
    }

    function _ledger() private view returns (IInstrumentLedger) {
        return IInstrumentLedger(LEDGER);
    }

    function _s() private pure returns (Storage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
