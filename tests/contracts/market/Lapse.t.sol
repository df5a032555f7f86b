// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Eligibility, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Restrictions that end by themselves in the ledger's word: for who acts, for makers, and in what is read.
// @requirement R-TRD-7
contract LapseTest is TradingSuite {
    uint256 private start;

    function setUp() public {
        setUpTrading();
        start = block.timestamp;
    }

    /// @dev The test stands for the registry.
    function barUntil(address key, uint16 restrictions, uint256 at) private {
        bar(key, restrictions);
        vm.expectEmit(address(ledger));
        emit IEligibility.RestrictionsLapse(accountOf(key), restrictions, at);
        ledger.setLapse(accountOf(key), restrictions, at);
    }

    function test_settle_makersWhoseBarHasEnded_trade() public {
        sell(alice, 10, 5);
        buy(bob, 8, 5);
        barUntil(alice, Restrictions.NO_TRADE, start + 10);
        barUntil(bob, Restrictions.NO_DEAL, start + 10);
        vm.warp(start + 10);
        assertPlaced(place(carol, Side.BUY, 10, 5), 5, 0);
        assertPlaced(place(dave, Side.SELL, 8, 5), 5, 0);
        assertPlaced(place(alice, Side.SELL, 12, 5), 0, 5);
        // Being paid did not write anything of it away
        vm.warp(start + 9);
        assertEq(ledger.eligibilityOf(accountOf(alice)).restrictions, Restrictions.NO_TRADE);
        assertEq(ledger.eligibilityOf(accountOf(bob)).restrictions, Restrictions.NO_DEAL);
    }

    function test_settle_oneSecondBefore_makersAreRefused() public {
        sell(alice, 10, 5);
        buy(bob, 8, 5);
        barUntil(alice, Restrictions.NO_TRADE, start + 10);
        barUntil(bob, Restrictions.NO_DEAL, start + 10);
        vm.warp(start + 9);
        assertEq(place(carol, Side.BUY, 10, 5).filled, 0, "a purchase");
        assertEq(place(dave, Side.SELL, 8, 5).filled, 0, "a sale");
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector,
                accountOf(alice),
                Restrictions.NO_TRADE,
                Restrictions.NO_DEAL
            )
        );
        book.place(orderOf(Side.SELL, 10, 5));
    }

    // An ended bar opens no way to trade with oneself
    function test_settle_ownOrderAfterItsBarEnded_isStillOwn() public {
        sell(alice, 10, 5);
        barUntil(alice, Restrictions.NO_TRADE, start + 10);
        vm.warp(start + 10);
        assertEq(place(alice, Side.BUY, 10, 5).filled, 0);
    }

    function test_setEligibility_next_forgetsTheLapse() public {
        barUntil(alice, Restrictions.NO_TRADE, start + 10);
        bar(alice, Restrictions.NO_TRADE);
        vm.warp(start + 10);
        assertEq(ledger.eligibilityOf(accountOf(alice)).restrictions, Restrictions.NO_TRADE, "for good");
    }

    /// @dev Exactly the bits that lapse, from exactly that second on; nothing else of the word moves.
    function testFuzz_lapse_anyBitsAndTime_asTold(uint16 all, uint16 some, uint32 at, uint32 time) public {
        all &= Restrictions.ALL;
        some &= all;
        uint256 has = money(alice);
        Eligibility memory before = eligible(all);
        ledger.setEligibility(accountOf(alice), before);
        ledger.setLapse(accountOf(alice), some, at);
        vm.warp(time);
        uint16 due = time < at ? all : all & ~some;
        Eligibility memory e = ledger.eligibilityOf(accountOf(alice));
        assertEq(e.restrictions, due, "restrictions");
        e.restrictions = before.restrictions;
        assertEq(keccak256(abi.encode(e)), keccak256(abi.encode(before)), "the rest");
        assertEq(money(alice), has, "money");
        assertEq(ledger.canSend(accountOf(alice)) ? 1 : 0, due & Restrictions.NO_TRANSFER == 0 ? 1 : 0, "sending");
        assertEq(ledger.canReceive(accountOf(alice)) ? 1 : 0, due & Restrictions.NO_RECEIPT == 0 ? 1 : 0, "receiving");
        try ledger.actingFor(alice, Rights.TRADE, Restrictions.NO_DEAL) {
            assertEq(due & Restrictions.NO_DEAL, 0, "acts");
        } catch {
            assertTrue(due & Restrictions.NO_DEAL != 0, "is refused");
        }
    }
}
