// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IMarketPhases } from "../../../contracts/market/IMarketPhases.sol";
import { IMarketStop } from "../../../contracts/market/IMarketStop.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";

/// @dev Phases of markets, told one by one: where no phase has been told, a market is open until the UTC day ends.
contract Phases is IMarketPhases {
    struct Phase {
        IOrderBook.MarketState state;
        uint40 from;
        uint40 until;
    }

    mapping(uint24 market => Phase[]) private _told;
    bool private _downgraded;

    function tell(uint24 market, IOrderBook.MarketState state, uint40 from, uint40 until) external {
        _told[market].push(Phase({ state: state, from: from, until: until }));
    }

    function downgrade(IMarketStop book, bool downgraded) external {
        _downgraded = downgraded;
        book.downgradeMarkets(downgraded);
    }

    /// @inheritdoc IMarketPhases
    function phaseAt(uint24 market, uint40 at) external view returns (IOrderBook.MarketState state, uint40 until) {
        until = uint40((at / 1 days + 1) * 1 days);
        if (_downgraded) return (IOrderBook.MarketState.DOWNGRADED, until);
        for (uint256 i = _told[market].length; i != 0; --i) {
            Phase memory phase = _told[market][i - 1];
            if (phase.from <= at && at < phase.until) return (phase.state, phase.until);
        }
        return (IOrderBook.MarketState.OPEN, until);
    }
}
