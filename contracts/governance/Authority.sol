// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { AccessManager } from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title The one authority: users, roles, admins of roles, permissions by function, delays, guardians (R-ACC-1).
/// @notice OpenZeppelin's AccessManager, unchanged and not behind a proxy: what decides who may upgrade is not upgraded.
contract Authority is AccessManager {
    /// @param administrator Holds ADMIN_ROLE during deployment; deployment ends by handing it on.
    constructor(address administrator) AccessManager(administrator) { }
}
