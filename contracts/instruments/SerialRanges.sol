// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IOriginRegister } from "./IOriginRegister.sol";

/// @title Ranges of serials that never overlap, in one sorted list a batch. Knows nothing of registries or units.
/// @notice The list begins at 0, which is no serial. A range is put behind the one before it, which the caller names: what
///         is checked are its two neighbours, however many ranges there are. A hint that others have overtaken since is
///         walked on from, for a few steps.
/// @dev        0 ──► first ── last ──► first ── last ──► 0
///                        at       next
library SerialRanges {
    uint256 private constant _MOST_STEPS = 32;

    /// @param key Of the batch, for errors.
    /// @param hint First serial of a range that is not behind `first`; 0: the beginning.
    function insert(
        mapping(uint64 first => IOriginRegister.Range) storage list,
        bytes32 key,
        uint64 first,
        uint64 last,
        uint64 hint,
        uint128 id
    ) internal {
        require(first != 0 && first <= last, IOriginRegister.BadSerials(first, last));
        require(hint == 0 || (list[hint].last != 0 && hint <= first), IOriginRegister.BadHint(hint));
        uint64 at = hint;
        uint64 next = list[at].next;
        for (uint256 step; next != 0 && next <= first; ++step) {
            require(step < _MOST_STEPS, IOriginRegister.BadHint(hint));
            at = next;
            next = list[at].next;
        }
        require(list[at].last < first, IOriginRegister.SerialsTaken(key, at, list[at].last));
        require(next == 0 || last < next, IOriginRegister.SerialsTaken(key, next, list[next].last));

        list[at].next = first;
        list[first] = IOriginRegister.Range(last, next, id);
    }

    /// @notice The range at or before `first`; 0: none. As long as the list.
    function before(mapping(uint64 first => IOriginRegister.Range) storage list, uint64 first)
        internal
        view
        returns (uint64 at)
    {
        for (uint64 next = list[0].next; next != 0 && next <= first; next = list[at].next) {
            at = next;
        }
    }
}
