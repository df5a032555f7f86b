// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IMethod } from "./IMethod.sol";
import { IMethodologies } from "./IMethodologies.sol";

/// @title The register of accounting methods. Its manual is `IMethodologies`.
contract Methodologies is IMethodologies, Governed {
    /// @custom:storage-location erc7201:carbon.storage.Methodologies
    struct Storage {
        mapping(bytes32 name => uint16) versions;
        mapping(bytes32 name => mapping(uint16 version => Method)) methods;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.Methodologies")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x1e05c82fe1ada652520e97f1e9e5566786a009d312ee1204078ac335c6711500;

    /* REGISTERING */

    /// @inheritdoc IMethodologies
    function register(bytes32 name, IMethod implementation, bytes32 document)
        external
        restricted
        returns (uint16 version)
    {
        require(name != 0 && document != 0, NameOrDocumentMissing(name, document));
        require(address(implementation).code.length != 0, NotAMethod(address(implementation)));

        Storage storage $ = _s();
        version = ++$.versions[name];
        $.methods[name][version] = Method(implementation, uint40(block.timestamp), MethodState.OPEN, document);

        emit MethodRegistered(name, version, implementation, address(implementation).codehash, document);
    }

    /// @inheritdoc IMethodologies
    function close(bytes32 name, uint16 version) external restricted {
        Method storage method = _known(name, version);
        require(method.state == MethodState.OPEN, MethodClosed(name, version));

        method.state = MethodState.CLOSED;

        emit MethodClosedForPlans(name, version);
    }

    /* VIEWS */

    /// @inheritdoc IMethodologies
    function compute(bytes32 name, uint16 version, bytes calldata inputs) external view returns (uint256 grams) {
        return _known(name, version).implementation.emissions(inputs);
    }

    /// @inheritdoc IMethodologies
    function methodOf(bytes32 name, uint16 version) external view returns (Method memory) {
        return _s().methods[name][version];
    }

    /// @inheritdoc IMethodologies
    function versionsOf(bytes32 name) external view returns (uint16) {
        return _s().versions[name];
    }

    function _known(bytes32 name, uint16 version) private view returns (Method storage method) {
        method = _s().methods[name][version];
        require(method.state != MethodState.NONE, UnknownMethod(name, version));
    }

    function _s() private pure returns (Storage storage $) {
        assembly ("memory-safe") {
            $.slot := _STORAGE
        }
    }
}
