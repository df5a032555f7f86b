// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { OrderId, Side } from "../types/OrderId.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Book, OrderWord } from "./Book.sol";
import { CallAuction } from "./CallAuction.sol";
import { IOrderBook } from "./IOrderBook.sol";
import { MarketWord, TapeWord } from "./MarketWords.sol";

/// @title What the parts of the order book share: its storage, and what an order holds.
/// @dev `OrderBook` stands behind the proxy; `MarketOperations` runs by its delegatecall, and `MarketAuctions` by that one's,
///      on the same storage. Each inherits this and adds no storage of its own.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
abstract contract BookStorage is Governed {
    using Book for Book.State;

    IInstrumentLedger internal immutable LEDGER;
    uint256 internal immutable MAIN_MONEY;

    /// @dev How the market's day began, what is owed of its fees, and a limit: what no order reads that is matched.
    struct Day {
        uint72 turnover; // of all trades before the day, as in the tape
        uint48 lots;
        uint48 lotsCollected; // whose fees have been collected
        uint48 auctionLots; // of those not collected: traded in auctions, where both sides pay the maker's fee
        uint24 close; // in ticks; 0: none yet
        uint16 mostOpen;
    }

    struct Market {
        MarketWord word;
        TapeWord tape;
        VoucherSeries.Peaks vouchers;
        Book.State book;
        Day day;
        IOrderBook.Conduct conduct;
        mapping(address account => uint256) openOrders; // those that are counted
        CallAuction.Progress auction; // of the one that is being executed; without meaning in any state but UNCROSSING
    }

    /// @custom:storage-location erc7201:carbon.storage.OrderBook
    struct Storage {
        mapping(uint24 market => Market) markets;
        uint24 count;
        mapping(uint256 instrument => uint24[]) marketsOf;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.OrderBook")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xff6fffcad340c1383814bb03cc54da017c113b0cfe72b653796d8f471d2d8800;

    constructor(IInstrumentLedger ledger, InstrumentId mainMoney) {
        LEDGER = ledger;
        MAIN_MONEY = InstrumentId.unwrap(mainMoney);
    }

    function _market(uint24 market) internal view returns (Market storage m) {
        m = _s().markets[market];
        require(m.word.state() != uint256(IOrderBook.MarketState.NONE), IOrderBook.UnknownMarket(market));
    }

    function _requireInstrumentOpen(uint256 instrument) internal view {
        IInstrumentLedger.Instrument memory known = LEDGER.instrumentOf(instrument);
        bool valid = known.validUntil == 0 || block.timestamp < known.validUntil;
        require(
            valid && known.state == IInstrumentLedger.InstrumentState.OPEN,
            IInstrumentLedger.InstrumentNotOpen(instrument, known.validUntil)
        );
    }

    /// @dev The best price of a side that has orders; 0: none.
    function _best(Market storage m, MarketWord word, bool bids) internal view returns (uint256) {
        return m.book.bestOf(bids ? Side.BUY : Side.SELL, bids ? word.bestBid() : word.bestAsk());
    }

    function _crosses(Market storage m, MarketWord word) internal view returns (bool) {
        uint256 ask = _best(m, word, false);
        return ask != 0 && _best(m, word, true) >= ask;
    }

    /// @dev Which price an auction keeps near: of the day's last trade, else the last close, else of the last trade ever.
    function _reference(Market storage m, TapeWord tape) internal view returns (uint256) {
        Day storage day = m.day;
        return day.close == 0 || tape.lotsTraded() != day.lots ? tape.last() : day.close;
    }

    /// @dev An order of its account is no longer in the book.
    function _discount(Market storage m, OrderWord order) internal {
        if (order.isCounted()) --m.openOrders[order.account()];
    }

    /* AMOUNTS: below 2^160, as quantities are below 2^48, ticks below 2^20, their size below 2^70 */

    /// @dev What a resting order holds: the units, or their price and the maker's fee.
    function _escrow(MarketWord word, bool buys, uint256 tick, uint256 quantity)
        internal
        view
        returns (uint256 instrument, uint256 held)
    {
        if (!buys) return (word.instrument(), quantity);
        unchecked {
            uint256 fee = word.lots(quantity) * word.makerFee();
            return (MAIN_MONEY, (quantity * tick * word.tickMantissa() + fee) * word.unit());
        }
    }

    function _giveBack(MarketWord word, OrderId id, address account, uint256 quantity) internal {
        (uint256 instrument, uint256 held) = _escrow(word, _isBid(id), id.tick(), quantity);
        LEDGER.releaseEscrow(account, instrument, held);
    }

    function _isBid(OrderId id) internal pure returns (bool) {
        return uint8(OrderId.unwrap(id) >> 96) == uint8(Side.BUY);
    }

    function _s() internal pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
