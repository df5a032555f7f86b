// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Numbers of the roles in the Authority. Who may call what with them stands in one table, the permission matrix.
/// @dev The public and participants have no role: a participant's call is checked against its registration.
library Roles {
    uint64 internal constant ADMINISTRATOR = 0; // OpenZeppelin's ADMIN_ROLE: the security authority (clause 9 b)
    uint64 internal constant UPGRADER = 1; // business system maintainer
    uint64 internal constant ROLLBACK = 2; // technical system operator
    uint64 internal constant REGULATOR = 3;
    uint64 internal constant REGIONAL_AUTHORITY = 4;
    uint64 internal constant REGISTRY_OPERATOR = 5;
    uint64 internal constant PLATFORM_OPERATOR = 6;
    uint64 internal constant SETTLEMENT_BANK = 7;
    uint64 internal constant SERVICE_MANAGER = 8;
    uint64 internal constant SERVICE_REGULATOR = 9; // technical service regulator: stop and resume
    uint64 internal constant RISK_MANAGER = 10;
    uint64 internal constant ARBITRATOR = 11;
    uint64 internal constant REQUIREMENTS_MANAGER = 12; // business requirements manager (4.3.1)
    uint64 internal constant TECHNICAL_MANAGER = 13; // technical requirements manager (4.4.1)
    uint64 internal constant SYSTEM_DEVELOPER = 14; // business system developer (4.3.2)
    uint64 internal constant SERVICE_DEVELOPER = 15; // technical service developer (4.4.2)
    uint64 internal constant SUPPORTER = 16; // third-party supporter (4.4.5)
}
