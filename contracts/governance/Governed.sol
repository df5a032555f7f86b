// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import { UUPSUpgradeable } from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import { ERC1967Utils } from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

import { PreviousImplementation } from "./PreviousImplementation.sol";

/// @title What every stateful contract of the suite inherits: one authority, upgrades, and a way back (R-ACC-1, R-OPS-1).
/// @notice `upgradeToAndCall` is for UPGRADER. The way back, `rollback()`, is answered by the proxy itself (see
///         `GovernedProxy`), so that a broken new version cannot prevent it.
/// @dev Functions for administration are `restricted`; the role is looked up in the Authority by selector. A participant's
///      call and a call from another contract of the suite never are: they are checked against the registration and against
///      addresses that are immutable in the implementation (DESIGN: never `restricted` on the hot path).
abstract contract Governed is UUPSUpgradeable, AccessManagedUpgradeable {
    /// @notice `caller` is not the contract of the suite that may make this call; `expected` is.
    error NotTheModule(address caller, address expected);

    /// @notice The authority's own `execute` is no way in: it would hide which officer acts. Call the function directly; what
    ///         was scheduled in the authority is consumed by that call too.
    error NotThroughTheAuthority();

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    /// @dev For functions that exactly one other contract of the suite may call.
    modifier onlyModule(address module) {
        _requireModule(module);
        _;
    }

    /// @dev Who calls is who acts: officers are told apart (four eyes), counted and bound to regions by their address.
    function _checkCanCall(address caller, bytes calldata data) internal override {
        require(caller != authority(), NotThroughTheAuthority());
        super._checkCanCall(caller, data);
    }

    function _requireModule(address module) internal view {
        require(msg.sender == module, NotTheModule(msg.sender, module));
    }

    /// @inheritdoc UUPSUpgradeable
    /// @dev Remembers what it replaces: where `rollback()` leads. An upgrade to itself replaces nothing.
    function upgradeToAndCall(address newImplementation, bytes memory data) public payable override {
        address replaced = ERC1967Utils.getImplementation();
        super.upgradeToAndCall(newImplementation, data);
        if (_isVersion() && newImplementation != replaced) PreviousImplementation.set(replaced);
    }

    /// @dev False only for the seed that a proxy is born with: nothing rolls back to it.
    function _isVersion() internal pure virtual returns (bool) {
        return true;
    }

    /// @dev `restricted` sees the selector that entered, which is `upgradeToAndCall`: the matrix gives it to UPGRADER.
    function _authorizeUpgrade(address) internal override restricted { }
}
