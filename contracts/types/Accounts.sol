// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @dev What kind of stakeholder holds an account (Figure 1 and the processes of IEEE Std 3218-2022).
enum AccountKind {
    NONE,
    OPERATOR, // key emission unit: has an obligation and a reporting account
    TRADER, // transaction entity without an obligation
    VERIFIER,
    CERTIFICATION_AUTHORITY,
    SETTLEMENT_BANK,
    PLATFORM_OPERATOR,
    REGISTRY_OPERATOR,
    PROJECT_PROPONENT,
    SUPPORTER,
    GOVERNMENT // allocation, auction and reserve accounts of the authority
}

enum AccountStatus {
    NONE,
    ACTIVE,
    SUSPENDED,
    CLOSED
}

/// @title Rights of a representative's key; a set of bits (R-ACC-2).
library Rights {
    uint16 internal constant READ = 1 << 0;
    uint16 internal constant INITIATE = 1 << 1;
    uint16 internal constant APPROVE = 1 << 2;
    uint16 internal constant TRADE = 1 << 3;
    uint16 internal constant SURRENDER = 1 << 4;
    uint16 internal constant REPORT = 1 << 5;
    /// @dev What the first representative of an account gets: all of the above.
    uint16 internal constant ALL = READ | INITIATE | APPROVE | TRADE | SURRENDER | REPORT;
}

/// @title What an account may not do for now; a set of bits (R-CMP-3, R-AST-3).
library Restrictions {
    uint16 internal constant NO_TRADE = 1 << 0;
    uint16 internal constant NO_TRANSFER = 1 << 1;
    uint16 internal constant NO_RECEIPT = 1 << 2;
    uint16 internal constant NO_SURRENDER = 1 << 3;
    uint16 internal constant ALL = NO_TRADE | NO_TRANSFER | NO_RECEIPT | NO_SURRENDER;
    /// @dev Whoever trades in the book gives and gets.
    uint16 internal constant NO_DEAL = NO_TRADE | NO_RECEIPT;
}

/// @dev What the registry tells the places where acts are checked. Packed there beside the account's main money.
struct Eligibility {
    AccountStatus status;
    AccountKind kind;
    uint16 restrictions; // bits of `Restrictions`
    uint16 region; // number of the region in the scheme
    uint32 owner; // beneficial owner or group; accounts of one owner never trade with each other
    uint40 certificateUntil; // Unix seconds; from then on the account takes part in nothing (R-ID-6)
}

/// @dev What a key may do. One word: `account` 160 | `certificateUntil` 40 | `rights` 16.
struct Representation {
    address account;
    uint40 certificateUntil;
    uint16 rights;
}

/// @title What an account is open for (R-ID-4); a set of bits. Opened together, closed one by one.
library Capabilities {
    uint8 internal constant REGISTRY = 1 << 0;
    uint8 internal constant TRADING = 1 << 1;
    uint8 internal constant REPORTING = 1 << 2;
}
