// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { BlockTrades } from "../../../contracts/market/BlockTrades.sol";
import { IBlockTrades } from "../../../contracts/market/IBlockTrades.sol";
import { IQuoteBoard } from "../../../contracts/market/IQuoteBoard.sol";
import { QuoteBoard } from "../../../contracts/market/QuoteBoard.sol";
import { Eligibility, Restrictions } from "../../../contracts/types/Accounts.sol";
import { Side } from "../../../contracts/types/OrderId.sol";
import { QuoteId } from "../../../contracts/types/QuoteId.sol";
import { BilateralSuite } from "../support/BilateralSuite.sol";

/// @dev What several actors do with quotes and blocks in any order, and what registry, regulator and platform do meanwhile. It
///      counts what really succeeded, and notes each promise that an act found broken.
contract BilateralHandler is BilateralSuite {
    uint256[4] private _privateKeys = [uint256(0xA1), 0xB2, 0xC3, 0xD4];
    address[4] public keys;
    QuoteId[] public listed;
    IBlockTrades.BlockTrade[] private _offered;
    uint256 public clicks;
    uint256 public settled;
    uint256 public fees; // of all trades, as the terms say
    string public broken;

    uint256 public acts;
    uint256 public succeeded;
    mapping(string act => uint256) public done;

    constructor() {
        setUpBilateral();
        for (uint256 i; i < 4; ++i) {
            keys[i] = vm.addr(_privateKeys[i]);
            openFunded(keys[i], UNITS, 100 * MONEY);
        }
        setOwner(keys[2], 7);
        setOwner(keys[3], 7);
    }

    function suite() external view returns (InstrumentLedger, QuoteBoard, BlockTrades) {
        return (ledger, quotes, blocks);
    }

    function accounts() external view returns (address[5] memory all) {
        for (uint256 i; i < 4; ++i) {
            all[i] = accountOf(keys[i]);
        }
        all[4] = platform;
    }

    function ids() external view returns (uint256, uint256) {
        return (uka, gbp);
    }

    function listedCount() external view returns (uint256) {
        return listed.length;
    }

    function offered() external view returns (IBlockTrades.BlockTrade[] memory) {
        return _offered;
    }

    function _count(string memory act, bool ok) private returns (bool) {
        ++acts;
        if (!ok) return false;
        ++succeeded;
        ++done[act];
        return true;
    }

    function _key(uint256 seed) private view returns (address) {
        return keys[seed % 4];
    }

    /// @dev The key of an account.
    function _keyOf(address account) private view returns (address) {
        for (uint256 i; i < 4; ++i) {
            if (accountOf(keys[i]) == account) return keys[i];
        }
        return stranger;
    }

    /* QUOTES */

    function doList(uint256 seed, bool sells, uint24 tick, uint48 lots, bool ends) external {
        IQuoteBoard.Listing memory l =
            listing(sells ? Side.SELL : Side.BUY, uint24(bound(tick, 48, 205)), uint48(bound(lots, 1, 30)) * LOT);
        if (ends) l.expires = uint40(block.timestamp + 1 + seed % 5000);
        l.leastFill = seed % 3 == 0 ? WHOLE : uint48(bound(seed, 2, 6)) * LOT;
        vm.prank(_key(seed));
        try quotes.list(l) returns (QuoteId id) {
            listed.push(id);
            _count("list", true);
        } catch {
            _count("list", false);
        }
    }

    function doClick(uint256 seed, uint256 which, uint48 part, bool whole) external {
        if (listed.length == 0) return;
        QuoteId id = listed[which % listed.length];
        IQuoteBoard.QuoteView memory q = quotes.quoteOf(id);
        uint48 quantity = whole ? q.open : uint48(bound(part, 0, 40));
        address key = _key(seed);
        vm.prank(key);
        try quotes.click(id, quantity, 0, new address[](0)) {
            _count("click", true);
            ++clicks;
            fees += quantity / LOT * (CLICKER_FEE + LISTER_FEE);
            Eligibility memory lister = ledger.eligibilityOf(q.account);
            Eligibility memory clicker = ledger.eligibilityOf(accountOf(key));
            if ((lister.restrictions | clicker.restrictions) & Restrictions.NO_TRADE != 0) {
                broken = "barred one traded";
            }
            if (lister.owner != 0 && lister.owner == clicker.owner) broken = "traded with itself";
            if (q.account == accountOf(key)) broken = "clicked its own";
            if (q.expires != 0 && q.expires <= block.timestamp) broken = "clicked an expired quote";
            if (quantity != q.open && quantity < q.leastFill) broken = "dust";
        } catch {
            _count("click", false);
        }
    }

    /// @dev Whoever listed it can always take it back.
    function doWithdraw(uint256 which, bool onlySome) external {
        if (listed.length == 0) return;
        QuoteId id = listed[which % listed.length];
        IQuoteBoard.QuoteView memory q = quotes.quoteOf(id);
        if (q.open == 0) return;
        vm.startPrank(_keyOf(q.account));
        if (onlySome && q.open > LOT) quotes.reduce(id, LOT);
        else quotes.withdraw(id);
        vm.stopPrank();
        _count("withdraw", true);
    }

    function doExpire(uint256 which) external {
        if (listed.length == 0) return;
        vm.prank(stranger);
        try quotes.expire(listed[which % listed.length]) {
            _count("expire", true);
        } catch {
            _count("expire", false);
        }
    }

    /* BLOCKS */

    function doOffer(uint256 seed, uint256 other, bool sells, uint24 tick, uint48 lots, bool atOnce) external {
        IBlockTrades.BlockTrade memory t = aBlock(uint48(bound(lots, 3, 40)) * LOT, 0);
        t.seller = accountOf(_key(sells ? seed : other));
        t.buyer = accountOf(_key(sells ? other : seed));
        t.offeredBy = sells ? Side.SELL : Side.BUY;
        t.tick = uint24(bound(tick, 68, 132));
        if (!atOnce) t.settleAt = uint40(block.timestamp + 1 + seed % 2 days);
        vm.prank(_key(seed));
        try blocks.propose(t) {
            _offered.push(t);
            _count("propose", true);
        } catch {
            _count("propose", false);
        }
    }

    /// @dev Mostly one in that state that is due, where there is one.
    function _anOffer(uint256 seed, IBlockTrades.BlockState wanted)
        private
        view
        returns (IBlockTrades.BlockTrade memory t)
    {
        uint256 count = _offered.length;
        t = _offered[seed % count];
        if (seed % 4 == 0) return t;
        for (uint256 i; i < count; ++i) {
            IBlockTrades.BlockTrade memory other = _offered[(seed % count + i) % count];
            bool due = wanted == IBlockTrades.BlockState.PROPOSED || other.settleAt <= block.timestamp;
            if (due && blocks.stateOf(blocks.idOf(other)) == wanted) return other;
        }
    }

    function doTake(uint256 which, bool refuses) external {
        if (_offered.length == 0) return;
        IBlockTrades.BlockTrade memory t = _anOffer(which, IBlockTrades.BlockState.PROPOSED);
        vm.prank(_keyOf(t.offeredBy == Side.SELL ? t.buyer : t.seller));
        if (refuses) {
            try blocks.refuse(t) {
                _count("refuse", true);
            } catch {
                _count("refuse", false);
            }
            return;
        }
        try blocks.confirm(t) {
            _count("confirm", true);
            if (t.settleAt == 0) _traded(t);
        } catch {
            _count("confirm", false);
        }
    }

    /// @dev Signed off the chain; sometimes tried twice.
    function doExecute(uint256 seed, uint256 other, uint48 lots, bool atOnce, bool again) external {
        IBlockTrades.BlockTrade memory t = aBlock(uint48(bound(lots, 3, 40)) * LOT, 0);
        t.seller = accountOf(_key(seed));
        t.buyer = accountOf(_key(other));
        if (!atOnce) t.settleAt = uint40(block.timestamp + 1 + seed % 2 days);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(_privateKeys[seed % 4], blocks.idOf(t));
        bytes memory signature = abi.encodePacked(r, s, v);
        vm.startPrank(_key(other));
        try blocks.execute(t, signature) {
            _count("execute", true);
            _offered.push(t);
            if (t.settleAt == 0) _traded(t);
            if (again) {
                try blocks.execute(t, signature) {
                    broken = "a signature counted twice";
                } catch { }
            }
        } catch {
            _count("execute", false);
        }
        vm.stopPrank();
    }

    function doSettle(uint256 which) external {
        if (_offered.length == 0) return;
        IBlockTrades.BlockTrade memory t = _anOffer(which, IBlockTrades.BlockState.CONFIRMED);
        vm.prank(stranger);
        try blocks.settle(t) {
            _count("settle", true);
            if (blocks.stateOf(blocks.idOf(t)) == IBlockTrades.BlockState.SETTLED) _traded(t);
        } catch {
            _count("settle", false);
        }
    }

    /// @dev Whoever proposed it can always take it back, until it is confirmed.
    function doTakeBack(uint256 which) external {
        if (_offered.length == 0) return;
        IBlockTrades.BlockTrade memory t = _anOffer(which, IBlockTrades.BlockState.PROPOSED);
        if (blocks.stateOf(blocks.idOf(t)) != IBlockTrades.BlockState.PROPOSED) return;
        if (t.expires <= block.timestamp) {
            blocks.lapse(t);
        } else {
            vm.prank(_keyOf(t.offeredBy == Side.SELL ? t.seller : t.buyer));
            blocks.withdraw(t);
        }
        _count("take back", true);
    }

    function _traded(IBlockTrades.BlockTrade memory t) private {
        ++settled;
        fees += t.quantity / LOT * (BUYER_FEE + SELLER_FEE);
        Eligibility memory seller = ledger.eligibilityOf(t.seller);
        Eligibility memory buyer = ledger.eligibilityOf(t.buyer);
        if ((seller.restrictions | buyer.restrictions) & Restrictions.NO_TRADE != 0) broken = "barred one settled";
        if (t.seller == t.buyer || (seller.owner != 0 && seller.owner == buyer.owner)) broken = "a block with itself";
    }

    /* OTHERS */

    function doBar(uint256 seed, uint16 restrictions) external {
        address account = accountOf(_key(seed));
        Eligibility memory e = eligible(seed % 3 == 0 ? restrictions & Restrictions.ALL : 0);
        e.owner = seed % 4 < 2 ? 0 : 7;
        ledger.setEligibility(account, e);
        _count("bar", true);
    }

    function doFreeze(uint256 seed, uint256 amount) external {
        uint256 units_ = seed % 2 == 0 ? 0 : bound(amount, 0, 2 * UNITS);
        ledger.setFrozenTokens(accountOf(_key(seed)), uka, units_);
        _count("freeze", true);
    }

    function doTransfer(uint256 seed, uint256 to, uint256 quantity, bool inMoney) external {
        address from = _key(seed);
        vm.prank(from);
        try ledger.safeTransferFrom(
            accountOf(from), accountOf(_key(to)), inMoney ? gbp : uka, bound(quantity, 0, inMoney ? MONEY : UNITS), ""
        ) {
            _count("transfer", true);
        } catch {
            _count("transfer", false);
        }
    }

    function doRun(uint256 seed, uint24 price) external {
        if (seed % 5 == 0) quotes.setBoardState(board, IQuoteBoard.BoardState(1 + seed / 5 % 2));
        if (seed % 5 == 1) quotes.setBoardBand(board, 50, uint24(bound(price, 150, 250)));
        if (seed % 5 == 2) blocks.setReference(blockMarket, uint24(bound(price, 90, 110)));
        if (seed % 5 == 3) blocks.setBlockMarketState(blockMarket, IBlockTrades.BlockMarketState(1 + seed / 5 % 2));
        vm.warp(block.timestamp + seed % 6000);
        _count("run", true);
    }
}
