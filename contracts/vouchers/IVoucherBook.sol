// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Voucher } from "../types/Vouchers.sol";

/// @title The directory of voucher series, the coding rules, and the verifier (R-VCH-1 to R-VCH-3; clause 8.9).
/// @notice A voucher lives in the series of the contract that concluded the act. This book knows which contract issues which
///         series, makes a voucher's code by the rule version in force when it was issued, and verifies any voucher.
///
///         code      UK-T-20260314-7-123-A2026-0-1-K7
///                   |  | |        | |   |     | | two check characters
///                   |  | |        | |   |     | rule version
///                   |  | |        | |   |     project and series of the instrument, base 36
///                   |  | |        | |   class letter (A allowance, C credit, M money) and vintage
///                   |  | |        | order of the day, from 1
///                   |  | |        series
///                   |  | civil day
///                   |  kind: T trade, S surrender, C cancellation, W award (as the rules say)
///                   scheme
///
///         Scheme, kind, day, series and order of the day make it unique for ever. The check characters are those of
///         ISO/IEC 7064 MOD 1271-36 over the whole code, a hyphen counting 36: every single wrong character and every
///         exchange of neighbours is found.
interface IVoucherBook {
    /// @dev From `effectiveFrom` on vouchers are coded by this version, until the next.
    struct CodingRules {
        bytes8 scheme; // capital letters and digits, from the left, e.g. "UK"
        bytes4 kinds; // one capital letter each: trade, surrender, cancellation, award
        int32 utcOffset; // seconds east of UTC of the civil day: the same that the issuers count by
        uint40 effectiveFrom; // Unix seconds; given as 0: as soon as can be
    }

    struct Series {
        address issuer;
        uint16 kinds; // bit n: vouchers of the `VoucherKind` n
    }

    enum Verdict {
        VALID,
        UNKNOWN_SERIES,
        KIND_NOT_OF_SERIES, // the series has no vouchers of this kind
        NOT_ISSUED, // the index is not below the series' count
        WRONG_PROOF_LENGTH, // the siblings are not those of today's count: ask for them again
        ALTERED // the fields and siblings do not lead to the series' peak
    }

    /* ERRORS */

    error SeriesExists(uint32 series, address issuer);
    error UnknownSeries(uint32 series);
    /// @notice No address of a contract, no kinds, or kinds that do not exist.
    error BadSeries(address issuer, uint16 kinds);
    /// @notice Scheme or kinds are not capital letters and digits, kinds are not different, or the offset is of a day or more.
    error BadCodingRules();
    /// @notice Rules take effect neither in the past nor before the version that they follow.
    error NotEffective(uint40 effectiveFrom, uint40 earliest);
    error NoCodingRules(uint256 version);
    /// @notice The voucher is of no kind.
    error NoKind();

    /* EVENTS */

    event SeriesRegistered(uint32 indexed series, address indexed issuer, uint16 kinds);
    event CodingRulesSet(uint32 indexed version, CodingRules rules);

    /* DIRECTORY */

    /// @notice Enter a series for ever. For SERVICE_MANAGER.
    /// @param kinds Bit n for the `VoucherKind` n: which acts the issuer concludes.
    function registerSeries(uint32 series, address issuer, uint16 kinds) external;

    function seriesOf(uint32 series) external view returns (Series memory);

    /* CODING RULES */

    /// @notice Set the next version. For REGULATOR.
    function setCodingRules(CodingRules calldata rules) external returns (uint32 version);

    function codingRules(uint32 version) external view returns (CodingRules memory);

    /// @notice The version in force at `timestamp`; the first one for times before all.
    function codingVersionAt(uint256 timestamp) external view returns (uint32 version);

    /* CODES */

    /// @notice The code of a voucher. Says nothing on whether the voucher is genuine: `verify` does.
    function code(Voucher calldata voucher) external view returns (string memory);

    /// @notice Whether `text` has only capital letters, digits and hyphens, and the right check characters.
    function checkCode(string calldata text) external pure returns (bool);

    /* VERIFICATION */

    /// @notice Whether `voucher` is in its series today, by its siblings from the bottom up.
    function verify(Voucher calldata voucher, bytes32[] calldata siblings) external view returns (Verdict);
}
