// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentId } from "../types/InstrumentId.sol";

/// @title Trading plans: what an account means to buy and sell in a year or a quarter, and at which prices (R-TRD-6).
/// @notice A plan is public, or private by commitment: then only a salted digest is on the chain until its account
///         opens it. It is amended by filing again; every version stays. A plan binds nobody and reserves nothing.
/// @dev The terms are in the events; the contract keeps the digest of each version and checks what is opened against
///      it.
interface ITradingPlans {
    /// @dev What a plan is about. A year's plan and those of its quarters stand beside each other.
    struct PlanPeriod {
        InstrumentId instrument; // allowance or credit
        uint16 year;
        uint8 quarter; // 1 to 4; 0: the whole year
    }

    struct TradingPlan {
        uint48 toBuy; // tonnes
        uint48 toSell; // tonnes
        uint96 leastPrice; // smallest units of the main money per tonne: it accepts no less …
        uint96 greatestPrice; // … and no more
        bytes32 document; // digest of the encrypted document; 0: none
    }

    /// @dev `digest` is that of a public plan, or the commitment.
    struct PlanVersion {
        bytes32 digest;
        uint40 at; // Unix seconds
        bool isPublic;
    }

    /* ERRORS */

    /// @notice The year is 0, or the quarter above 4.
    error BadPlanPeriod(uint16 year, uint8 quarter);
    /// @notice It buys and sells nothing but names prices, or its least price is above the greatest.
    error BadPlan(uint96 leastPrice, uint96 greatestPrice);
    /// @notice Plans are of allowances and credits.
    error NoPlansFor(uint256 instrument);
    /// @notice The commitment is missing.
    error DigestMissing();
    /// @notice The account has filed no such version.
    error UnknownPlan(address account, uint32 version);
    /// @notice The version is public.
    error PlanIsOpen(address account, uint32 version);
    /// @notice What is opened has the digest `opened`; the account committed itself to `committed`.
    error NotAsCommitted(bytes32 opened, bytes32 committed);

    /* EVENTS */

    event PlanPublished(
        address indexed account,
        InstrumentId indexed instrument,
        PlanPeriod period,
        uint32 version,
        address key,
        TradingPlan plan
    );
    event PlanCommitted(
        address indexed account,
        InstrumentId indexed instrument,
        PlanPeriod period,
        uint32 version,
        address key,
        bytes32 commitment,
        bytes32 document
    );
    event PlanOpened(
        address indexed account,
        InstrumentId indexed instrument,
        PlanPeriod period,
        uint32 version,
        address key,
        TradingPlan plan,
        bytes32 salt
    );

    /* FILING: a representative with the right TRADE */

    /// @notice File a public plan, or amend it: the next version. All zero takes the plan back.
    function publishPlan(PlanPeriod calldata period, TradingPlan calldata plan) external returns (uint32 version);

    /// @notice File a private plan, or amend it.
    /// @param commitment `commitmentOf` the terms with a salt of 32 random bytes.
    /// @param document Digest of the encrypted document; 0: none.
    function commitPlan(PlanPeriod calldata period, bytes32 commitment, bytes32 document)
        external
        returns (uint32 version);

    /// @notice Make a version public that was committed to.
    function openPlan(PlanPeriod calldata period, uint32 version, TradingPlan calldata plan, bytes32 salt) external;

    /* VIEWS */

    /// @notice What is committed to.
    function commitmentOf(address account, PlanPeriod calldata period, TradingPlan calldata plan, bytes32 salt)
        external
        pure
        returns (bytes32);

    /// @notice Versions that the account has filed for the period.
    function planCount(address account, PlanPeriod calldata period) external view returns (uint32);

    /// @param version From 1.
    function planOf(address account, PlanPeriod calldata period, uint32 version)
        external
        view
        returns (PlanVersion memory);
}
