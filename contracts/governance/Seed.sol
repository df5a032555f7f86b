// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "./Governed.sol";

/// @title The implementation that each proxy is born with.
/// @notice Deployment first makes all proxies, so that every address is known, then gives each its implementation, in
///         which the addresses of the others are immutable. A seed can do nothing but become that implementation.
contract Seed is Governed {
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc Governed
    function _isVersion() internal pure override returns (bool) {
        return false;
    }
}
