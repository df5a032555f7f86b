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

    /// @dev The acts are worth their name: in a fixed sequence of 1,500 each succeeds several times.
    function test_handler_everyAct_succeeds() public {
        for (uint256 i; i < 1500; ++i) {
            act(i % 14, uint256(keccak256(abi.encode(i))));
        }
        string[14] memory names = [
            "list",
            "click",
            "withdraw",
            "expire",
            "propose",
            "refuse",
            "confirm",
            "execute",
            "settle",
            "take back",
            "bar",
            "freeze",
            "transfer",
            "run"
        ];
        string memory few;
        for (uint256 i; i < names.length; ++i) {
            if (handler.done(names[i]) < 3) few = string.concat(few, names[i], " ");
        }
        assertEq(few, "");
        assertEq(handler.broken(), "");
        invariant_boundForQuotes_isWhatOpenQuotesOffer();
        invariant_boundForBlocks_isWhatProposalsOffer();
        invariant_unitsMoneyAndFees_addUpToTheLast();
        invariant_vouchers_areAsManyAsTrades();
    }

    function act(uint256 which, uint256 r) private {
        uint256 s = r >> 128;
        if (which < 2) handler.doList(r, s % 2 == 0, uint24(s >> 8), uint48(s >> 32), s % 3 == 0);
        else if (which < 4) handler.doClick(r, s, uint48(s >> 32), s % 2 == 0);
        else if (which == 4) handler.doWithdraw(r, s % 2 == 0);
        else if (which == 5) handler.doExpire(r);
        else if (which == 6) handler.doOffer(r, s, s % 2 == 0, uint24(s >> 8), uint48(s >> 32), s % 3 == 0);
        else if (which == 7) handler.doTake(r, s % 2 == 0);
        else if (which == 8) handler.doExecute(r, s, uint48(s >> 32), s % 2 == 0, s % 3 == 0);
        else if (which == 9) handler.doSettle(r);
        else if (which == 10) handler.doTakeBack(r);
        else if (which == 11) handler.doBar(r, uint16(s));
        else if (which == 12) handler.doFreeze(r, s);
        else if (r % 2 == 0) handler.doTransfer(r, s, s >> 8, s % 3 == 0);
        else handler.doRun(s, uint24(r));
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
