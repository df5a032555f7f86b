// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Clearing at one price: bids come best first, and what each gets follows from where they stop (R-TRD-1).
/// @notice The price is that of the bid with which the lots asked for reach the lots offered; where they never do, that of the
///         lowest bid. Bids above it are filled, those at it share what is left by the tie rule. Regulation (EU) 1031/2010,
///         article 7, and the UK's auctioning regulations of 2021, regulation 7.
/// @dev Knows no rights, tokens or money. Two walks in one order: the first finds the price, the second awards.
library UniformPrice {
    enum TieRule {
        PRO_RATA, // shares rounded down to whole lots; what is left goes lot by lot in order of time
        TIME,
        RANDOM // in order of a key that nobody knew when bids were made
    }

    /// @dev One word.
    struct Sale {
        uint64 offered; // lots
        uint64 above; // lots asked for at better prices than `tick`
        uint64 level; // lots asked for at `tick`
        uint24 tick; // 0: no bid yet
        uint32 tied; // bids at `tick`
        bool reached; // what was offered is covered; later bids change nothing
    }

    /// @dev Where a walk is. Nothing comes twice and nothing is left out when as many came as there are.
    struct Place {
        uint32 walked; // bids
        uint24 tick; // of the last one
        uint64 lots; // asked for in the first walk, awarded in the second
        uint64 atLevel; // awarded at the price, in the second
        uint32 extra; // lots that were left over by rounding and have been given
        uint32 first; // position of the first bid at the sale's price
        uint256 tie; // key of the last one
    }

    /// @notice The bid at `position` of the page does not come after the one before it: higher prices first, then ties.
    error OutOfOrder(uint256 position, uint24 tick, uint256 tie);

    /// @dev Goes on to the next bid, which must come later in the order.
    function step(Place memory p, uint256 position, uint24 tick, uint256 tie) internal pure {
        bool later = p.walked == 0 || tick < p.tick || (tick == p.tick && tie > p.tie);
        require(later, OutOfOrder(position, tick, tie));
        (p.walked, p.tick, p.tie) = (p.walked + 1, tick, tie);
    }

    /// @dev First walk, after `step`.
    function ask(Sale memory s, Place memory p, uint24 tick, uint64 lots) internal pure {
        if (s.reached || lots == 0) return;
        if (tick != s.tick) {
            if (s.above + s.level >= s.offered) {
                s.reached = true;
                return;
            }
            (s.above, s.level, s.tied, s.tick, p.first) = (s.above + s.level, 0, 0, tick, p.walked);
        }
        s.level += lots;
        ++s.tied;
    }

    function sold(Sale memory s) internal pure returns (uint64) {
        uint64 asked = s.above + s.level;
        return asked < s.offered ? asked : s.offered;
    }

    /// @dev Whether those at the price ask for more than is left to them.
    function isTied(Sale memory s) internal pure returns (bool) {
        return s.above + s.level > s.offered;
    }

    /// @dev A pro-rata share before what is left over. Smaller than `lots` where there is a tie.
    function share(Sale memory s, uint64 lots) internal pure returns (uint64) {
        return uint64(uint256(lots) * (s.offered - s.above) / s.level);
    }

    /// @dev Second walk: what a bid gets.
    /// @param leftOver Lots that pro-rata shares leave.
    function award(Sale memory s, Place memory p, TieRule rule, uint24 tick, uint64 lots, uint64 leftOver)
        internal
        pure
        returns (uint64 given)
    {
        if (tick < s.tick || lots == 0) return 0;
        if (tick > s.tick || !isTied(s)) {
            given = lots;
        } else if (rule == TieRule.PRO_RATA) {
            given = share(s, lots);
            if (p.extra < leftOver) {
                ++p.extra;
                ++given;
            }
        } else {
            uint64 left = s.offered - s.above - p.atLevel;
            given = lots < left ? lots : left;
            p.atLevel += given;
        }
        p.lots += given;
    }

    /// @notice The part of `total` that belongs to `share_` of `whole`, `before` of it being served: parts add up exactly.
    function part(uint256 total, uint256 before, uint256 share_, uint256 whole) internal pure returns (uint256) {
        return total * (before + share_) / whole - total * before / whole;
    }
}
