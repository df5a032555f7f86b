// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "./Governed.sol";
import { IRuleBook } from "./IRuleBook.sol";

/// @title Versioned policies and documents. Its manual is `IRuleBook`.
/// @dev Nothing to initialize: the seed has set the authority.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract RuleBook is IRuleBook, Governed {
    /// @custom:storage-location erc7201:carbon.storage.RuleBook
    struct Storage {
        mapping(bytes32 topic => uint32) counts;
        mapping(bytes32 topic => mapping(uint32 version => Version)) versions;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.RuleBook")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xda79bd6846117271a3720e7a7a0a4cee062a370cf40d19384d3f022eefa25000;

    /* PUBLISHING */

    /// @inheritdoc IRuleBook
    function publish(bytes32 topic, bytes32 digest, uint40 effectiveFrom, string calldata uri)
        external
        restricted
        returns (uint32 version)
    {
        uint40 time = uint40(block.timestamp);
        if (effectiveFrom == 0) effectiveFrom = time;
        require(topic != 0 && digest != 0, NotADocument(topic, digest));
        // What was in force in the past is a fact: a version that reached back would change it.
        require(effectiveFrom >= time, EffectiveInThePast(effectiveFrom, time));

        version = ++_s().counts[topic];
        _s().versions[topic][version] =
            Version({ digest: digest, author: msg.sender, publishedAt: time, effectiveFrom: effectiveFrom });

        emit Published(topic, version, digest, time, effectiveFrom, msg.sender, uri);
    }

    /* VIEWS */

    /// @inheritdoc IRuleBook
    function current(bytes32 topic) external view returns (uint32 version, bytes32 digest) {
        return _inForceAt(topic, uint40(block.timestamp));
    }

    /// @inheritdoc IRuleBook
    function inForceAt(bytes32 topic, uint40 time) external view returns (uint32 version, bytes32 digest) {
        return _inForceAt(topic, time);
    }

    /// @inheritdoc IRuleBook
    function at(bytes32 topic, uint32 version) external view returns (Version memory) {
        uint32 versions = _s().counts[topic];
        require(version != 0 && version <= versions, NoSuchVersion(topic, version, versions));
        return _s().versions[topic][version];
    }

    /// @inheritdoc IRuleBook
    function count(bytes32 topic) external view returns (uint32) {
        return _s().counts[topic];
    }

    /// @dev The latest version that is effective by `time`; passes over those that are announced, which are few.
    function _inForceAt(bytes32 topic, uint40 time) private view returns (uint32 version, bytes32 digest) {
        mapping(uint32 version => Version) storage versions = _s().versions[topic];

        for (version = _s().counts[topic]; version != 0; --version) {
            if (versions[version].effectiveFrom <= time) return (version, versions[version].digest);
        }
        revert NothingInForce(topic, time);
    }

    function _s() private pure returns (Storage storage s) {
        assembly {
            s.slot := _STORAGE
        }
    }
}
