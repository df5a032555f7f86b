// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IObligationSink } from "../../../contracts/reporting/IObligationSink.sol";

/// @dev Stands for the compliance desk: remembers what it was told.
contract ObligationSinkDouble is IObligationSink {
    struct Told {
        uint128 grams;
        bool complete;
        uint256 times;
    }

    mapping(address account => mapping(uint16 year => Told)) public told;
    address public lastCaller;

    function onEmissions(address account, uint16 year, uint128 grams, bool complete) external {
        told[account][year] = Told(grams, complete, told[account][year].times + 1);
        lastCaller = msg.sender;
    }
}
