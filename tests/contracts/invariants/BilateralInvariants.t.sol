// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { BlockTrades } from "../../../contracts/market/BlockTrades.sol";
import { IBlockTrades } from "../../../contracts/market/IBlockTrades.sol";
import { QuoteBoard } from "../../../contracts/market/QuoteBoard.sol";
import { Side } from "../../../contracts/types/OrderId.sol";
import { QuoteId } from "../../../contracts/types/QuoteId.sol";
import { Test } from "../support/Test.sol";
import { BilateralHandler } from "./BilateralHandler.sol";

/// @dev What must hold after whatever was done with quotes and blocks.
contract BilateralInvariantsTest is Test {
    uint256 private constant TICK = 10;
    uint256 private constant LOT = 5;
    uint256 private constant LISTER_FEE = 4;
    uint256 private constant BUYER_FEE = 6;

    BilateralHandler private handler;
    InstrumentLedger private ledger;
    QuoteBoard private quotes;
    BlockTrades private blocks;
    uint256 private uka;
    uint256 private gbp;

    function setUp() public {
        handler = new BilateralHandler();
        (ledger, quotes, blocks) = handler.suite();
        (uka, gbp) = handler.ids();
        targetContract(address(handler));
    }

    // @requirement R-TRD-8
    /// forge-config: default.invariant.runs = 32
    function invariant_boundForQuotes_isWhatOpenQuotesOffer() public view {
        address[5] memory accounts = handler.accounts();
        for (uint256 i; i < 5; ++i) {
            (uint256 units, uint256 money) = offeredBy(accounts[i]);
            assertEq(ledger.encumberedFor(accounts[i], uka, IInstrumentLedger.Reason.QUOTE), units, "units in quotes");
            assertEq(ledger.encumberedFor(accounts[i], gbp, IInstrumentLedger.Reason.QUOTE), money, "money in quotes");
        }
    }

    // @requirement R-TRD-8
    /// forge-config: default.invariant.runs = 32
    function invariant_boundForBlocks_isWhatProposalsOffer() public view {
        address[5] memory accounts = handler.accounts();
        IBlockTrades.BlockTrade[] memory all = handler.offered();
        for (uint256 i; i < 5; ++i) {
            uint256 units;
            uint256 money;
            for (uint256 k; k < all.length; ++k) {
                IBlockTrades.BlockTrade memory t = all[k];
                bool waits = blocks.stateOf(blocks.idOf(t)) == IBlockTrades.BlockState.PROPOSED && t.settleAt == 0;
                if (!waits) continue;
                if (t.offeredBy == Side.SELL && t.seller == accounts[i]) units += t.quantity;
                if (t.offeredBy == Side.BUY && t.buyer == accounts[i]) {
                    money += uint256(t.quantity) * t.tick * TICK + t.quantity / LOT * BUYER_FEE;
                }
            }
            IInstrumentLedger.Reason reason = IInstrumentLedger.Reason.BLOCK_TRADE;
            assertEq(ledger.encumberedFor(accounts[i], uka, reason), units, "units in proposals");
            assertEq(ledger.encumberedFor(accounts[i], gbp, reason), money, "money in proposals");
        }
    }

    // @requirement R-TRD-8
    /// forge-config: default.invariant.runs = 32
    function invariant_unitsMoneyAndFees_addUpToTheLast() public view {
        address[5] memory accounts = handler.accounts();
        uint256 units;
        uint256 money;
        for (uint256 i; i < 5; ++i) {
            units += ledger.balanceOf(accounts[i], uka);
            money += ledger.balanceOf(accounts[i], gbp);
        }
        // The suite's four other traders have not moved.
        assertEq(units + 4000, ledger.instrumentOf(uka).issued, "units");
        assertEq(money + 4_000_000, ledger.instrumentOf(gbp).issued, "money");
        assertEq(ledger.balanceOf(accounts[4], gbp), handler.fees(), "fees, exact");
    }

    // @requirement R-VCH-2
    /// forge-config: default.invariant.runs = 32
    function invariant_vouchers_areAsManyAsTrades() public view {
        assertEq(quotes.voucherCount(1 << 24), handler.clicks(), "clicks");
        assertEq(blocks.voucherCount((1 << 24) + 1), handler.settled(), "blocks");
    }

    // @requirement R-TRD-7
    /// forge-config: default.invariant.runs = 32
    function invariant_promises_neverBroken() public view {
        assertEq(handler.broken(), "");
    }

    function offeredBy(address account) private view returns (uint256 units, uint256 money) {
        uint256 count = handler.listedCount();
        for (uint256 i; i < count; ++i) {
            QuoteId id = handler.listed(i);
            if (quotes.quoteOf(id).account != account) continue;
            uint256 open = quotes.quoteOf(id).open;
            if (id.side() == Side.SELL) units += open;
            else money += open * id.tick() * TICK + open / LOT * LISTER_FEE;
        }
    }
}
