// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @dev The official compliance status of an account (R-CMP-4).
enum Status {
    NOT_APPLICABLE, // no year has come up yet
    A, // covered: no less surrendered than emitted
    B, // short: less surrendered than emitted
    C, // the emissions of some year are missing
    EXCLUDED // every year that came up is excluded
}

/// @title The rule of compliance: a pure function of years, emissions and surrenders (R-CMP-4).
/// @notice Years are numbers from 1 to 55, the scheme's first year being 1; sets of years are masks, bit n for year n.
///
///         first      last or none      current
///         |-------------|-----------------|            years that came up: first … last, when last has begun,
///         |---------------------------|   |            else first … the year before the current one
///
///         A year that came up is owed for unless it is excluded. So an account that has stopped is judged in its last
///         year already, and a running one when the year is over.
library ComplianceStatus {
    /// @dev The highest year number: masks have 56 bits, bit 0 is unused.
    uint256 internal constant LAST_NUMBER = 55;

    /// @notice The last year that has come up; 0 when none can have.
    /// @param last The last year of emissions, 0 when none is known.
    function endOf(uint256 last, uint256 current) internal pure returns (uint256) {
        return last != 0 && last <= current ? last : current - 1;
    }

    /// @notice The years from `first` to `end`; none when `first` is 0 or after `end`.
    function yearsFrom(uint256 first, uint256 end) internal pure returns (uint256) {
        return first == 0 || first > end ? 0 : (2 << end) - (1 << first);
    }

    /// @param due Years that came up.
    /// @param known Years whose emissions are known.
    /// @param excluded Years in which the account owes nothing.
    /// @param emissions Tonnes of the years that came up and are not excluded, in sum.
    /// @param surrendered Tonnes surrendered, ever.
    function judge(uint256 due, uint256 known, uint256 excluded, uint256 emissions, uint256 surrendered)
        internal
        pure
        returns (Status)
    {
        if (due == 0) return Status.NOT_APPLICABLE;
        if (due & ~excluded == 0) return Status.EXCLUDED;
        if (due & ~excluded & ~known != 0) return Status.C;
        return emissions > surrendered ? Status.B : Status.A;
    }
}
