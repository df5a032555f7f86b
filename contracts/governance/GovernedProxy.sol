// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAuthority } from "@openzeppelin/contracts/access/manager/IAuthority.sol";
import { ERC1967Proxy } from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import { ERC1967Utils } from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";

import { IGovernedProxy } from "./IGovernedProxy.sol";
import { PreviousImplementation } from "./PreviousImplementation.sol";

/// @title The UUPS proxy of every stateful contract, with a way back that no implementation can block (R-OPS-1).
/// @dev The proxy answers two selectors itself, `rollback()` and `previousImplementation()`; everything else, upgrading
///      included, is the implementation's. The authority is immutable here, so that the way back needs nothing of the
///      implementation: neither its code nor its storage, save the slot in which `Governed` remembered what it replaced.
contract GovernedProxy is ERC1967Proxy {
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IAuthority private immutable AUTHORITY;

    constructor(address implementation, address authority, bytes memory data) ERC1967Proxy(implementation, data) {
        AUTHORITY = IAuthority(authority);
    }

    /// @dev As OpenZeppelin's, without the steps that nobody needs: the slot holds an address and nothing beside it.
    fallback() external payable override {
        // Both have no arguments, so that only the shortest calls need be compared.
        if (msg.data.length == 4) {
            if (msg.sig == IGovernedProxy.rollback.selector) return _rollback();
            if (msg.sig == IGovernedProxy.previousImplementation.selector) return _previousImplementation();
        }
        bytes32 slot = ERC1967Utils.IMPLEMENTATION_SLOT;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), sload(slot), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if done { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }

    function _rollback() private {
        require(
            AUTHORITY.canCall(msg.sender, address(this), IGovernedProxy.rollback.selector),
            IGovernedProxy.MayNotRollBack(msg.sender)
        );
        address previous = PreviousImplementation.get();
        address current = ERC1967Utils.getImplementation();
        require(previous != address(0), IGovernedProxy.NothingToRollBackTo(current));

        PreviousImplementation.set(address(0));
        ERC1967Utils.upgradeToAndCall(previous, "");

        emit IGovernedProxy.RolledBack(current, previous);
    }

    function _previousImplementation() private view {
        bytes memory answer = abi.encode(PreviousImplementation.get());
        assembly ("memory-safe") {
            return(add(answer, 32), mload(answer))
        }
    }
}
