// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Authority } from "../../../contracts/governance/Authority.sol";
import { Governed } from "../../../contracts/governance/Governed.sol";
import { GovernedProxy } from "../../../contracts/governance/GovernedProxy.sol";
import { Seed } from "../../../contracts/governance/Seed.sol";
import { Test } from "./Test.sol";

/// @dev Proxies as production has them: born with the seed, then given their implementation. The test is ADMINISTRATOR.
abstract contract Suite is Test {
    Authority internal authority = new Authority(address(this));
    address private _seed = address(new Seed());

    function newProxy() internal returns (address) {
        return
            address(new GovernedProxy(_seed, address(authority), abi.encodeCall(Seed.initialize, address(authority))));
    }

    function install(address proxy, address implementation, bytes memory initialization) internal {
        Governed(proxy).upgradeToAndCall(implementation, initialization);
    }

    function permit(address target, bytes4 selector, uint64 role) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        authority.setTargetFunctionRole(target, selectors, role);
    }

    function grant(uint64 role, address holder) internal {
        authority.grantRole(role, holder, 0);
    }
}
