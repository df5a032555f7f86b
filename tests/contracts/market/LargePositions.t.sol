// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IMarketRules } from "../../../contracts/market/IMarketRules.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { AccountKind, AccountStatus, Eligibility, Representation, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentId, MalformedInstrument } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Thresholds, who shows a large position, who reports it, and what is said when none comes. Four traders hold 1,000 each.
contract LargePositionsTest is TradingSuite {
    uint32 private constant WITHIN = 2 days;
    uint32 private constant VALID = 30 days;
    bytes32 private constant REPORT = "report";

    InstrumentId private instrument;
    OrderId[] private none;

    function setUp() public {
        setUpTrading();
        instrument = InstrumentId.wrap(uka);
    }

    function setTerms(uint64 tonnes, uint16 basisPoints) private {
        marketRules.setPositionTerms(instrument, IMarketRules.PositionTerms(tonnes, basisPoints, WITHIN, VALID));
    }

    function note(address key, OrderId[] memory orders) private {
        vm.prank(stranger); // anyone
        marketRules.notePosition(accountOf(key), instrument, orders);
    }

    function refuseNote(address key, OrderId[] memory orders, bytes memory error) private {
        vm.expectRevert(error);
        marketRules.notePosition(accountOf(key), instrument, orders);
    }

    function report(address key) private {
        vm.prank(key);
        marketRules.reportPosition(instrument, REPORT);
    }

    function position(address key) private view returns (IMarketRules.LargePosition memory) {
        return marketRules.largePositionOf(accountOf(key), instrument);
    }

    function orders_(OrderId one) private pure returns (OrderId[] memory orders) {
        orders = new OrderId[](1);
        orders[0] = one;
    }

    function notLarge(address key, uint256 held, uint256 threshold) private view returns (bytes memory) {
        return abi.encodeWithSelector(IMarketRules.PositionNotLarge.selector, accountOf(key), uka, held, threshold);
    }

    /* THRESHOLDS */

    // @requirement R-TRD-10
    function test_threshold_shareOfWhatIsThere_roundedUp() public {
        assertEq(marketRules.thresholdOf(instrument), type(uint256).max, "none");
        setTerms(0, 2500);
        assertEq(marketRules.thresholdOf(instrument), 1000, "a quarter of 4,000");
        ledger.cancel(alice, uka, 1, "gone");
        assertEq(marketRules.thresholdOf(instrument), 1000, "of 3,999, rounded up");
        ledger.cancel(alice, uka, 3, "gone");
        assertEq(marketRules.thresholdOf(instrument), 999, "of 3,996");
        ledger.issue(accountOf(alice), uka, 2671, "more");
        setTerms(0, 3);
        assertEq(marketRules.thresholdOf(instrument), 3, "of 6,667 2.0001, rounded up");
        ledger.cancel(alice, uka, 2671, "gone");
        setTerms(500, 2500);
        assertEq(marketRules.thresholdOf(instrument), 500, "the smaller");
        setTerms(5000, 2500);
        assertEq(marketRules.thresholdOf(instrument), 999, "the smaller");
        marketRules.setPositionTerms(instrument, IMarketRules.PositionTerms(0, 0, 0, 0));
        assertEq(marketRules.thresholdOf(instrument), type(uint256).max, "none again");
    }

    function test_threshold_nothingIssued_nobodyIsAboveIt() public {
        InstrumentId other = InstrumentId.wrap(uka + 1);
        ledger.defineInstrument(other, 0, "terms");
        marketRules.setPositionTerms(other, IMarketRules.PositionTerms(0, 1, WITHIN, VALID));
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.PositionNotLarge.selector, accountOf(alice), uka + 1, 0, 1));
        marketRules.notePosition(accountOf(alice), other, none);
    }

    function test_setPositionTerms_impossible_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.PositionsNotReported.selector, gbp));
        marketRules.setPositionTerms(InstrumentId.wrap(gbp), IMarketRules.PositionTerms(1, 0, WITHIN, VALID));
        vm.expectRevert(abi.encodeWithSelector(MalformedInstrument.selector, 7));
        marketRules.setPositionTerms(InstrumentId.wrap(7), IMarketRules.PositionTerms(1, 0, WITHIN, VALID));
        refuseTerms(IMarketRules.PositionTerms(0, 10_001, WITHIN, VALID), 1);
        refuseTerms(IMarketRules.PositionTerms(1, 0, 0, VALID), 2);
        refuseTerms(IMarketRules.PositionTerms(0, 0, WITHIN, 0), 2);
        refuseTerms(IMarketRules.PositionTerms(0, 1, WITHIN, 0), 3);
        refuseTerms(IMarketRules.PositionTerms(0, 0, 0, VALID), 3);
    }

    function refuseTerms(IMarketRules.PositionTerms memory terms, uint256 term) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.BadPositionTerms.selector, term));
        marketRules.setPositionTerms(instrument, terms);
    }

    // @requirement R-ACC-1
    function test_setPositionTerms_byStranger_refused() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        marketRules.setPositionTerms(instrument, IMarketRules.PositionTerms(1, 0, WITHIN, VALID));
    }

    /* SHOWING */

    // @requirement R-TRD-10
    function test_notePosition_atTheThreshold_reportIsDue() public {
        setTerms(1001, 0);
        refuseNote(alice, none, notLarge(alice, 1000, 1001));
        ledger.issue(accountOf(alice), uka, 1, "one more");
        uint40 due = uint40(block.timestamp) + WITHIN;
        vm.expectEmit(address(marketRules));
        emit IMarketRules.PositionNoted(accountOf(alice), instrument, 1001, 1001, due);
        note(alice, none);
        assertEq(position(alice).due, due, "due");
        refuseNote(
            alice, none, abi.encodeWithSelector(IMarketRules.ReportAlreadyDue.selector, accountOf(alice), uka, due)
        );
    }

    // What is offered is still the account's: nobody gets below the threshold by orders.
    // @requirement R-TRD-10
    function test_notePosition_unitsInOrders_count() public {
        setTerms(1000, 0);
        OrderId one = sell(alice, 20, 300);
        OrderId two = sell(alice, 21, 200);
        refuseNote(alice, none, notLarge(alice, 500, 1000));
        refuseNote(alice, orders_(one), notLarge(alice, 800, 1000));
        OrderId[] memory both = new OrderId[](2);
        (both[0], both[1]) = (one, two);
        note(alice, both);
        assertEq(position(alice).due, block.timestamp + WITHIN, "due");
    }

    function test_notePosition_boundUnits_count() public {
        setTerms(1000, 0);
        ledger.appointBinder(IInstrumentLedger.Reason.QUOTE, address(this));
        ledger.encumber(accountOf(alice), uka, 900, IInstrumentLedger.Reason.QUOTE, "bound");
        note(alice, none);
    }

    function test_notePosition_ordersThatAreNotInThePosition_refused() public {
        setTerms(1000, 0);
        OrderId one = sell(alice, 20, 300);
        OrderId two = sell(alice, 21, 200);
        OrderId bid = buy(alice, 5, 1);
        OrderId others = sell(bob, 20, 300);
        OrderId[] memory both = new OrderId[](2);
        (both[0], both[1]) = (one, one);
        refuseNote(alice, both, abi.encodeWithSelector(IMarketRules.NotInPosition.selector, 1)); // twice
        (both[0], both[1]) = (two, one);
        refuseNote(alice, both, abi.encodeWithSelector(IMarketRules.NotInPosition.selector, 1)); // not ascending
        bytes memory first = abi.encodeWithSelector(IMarketRules.NotInPosition.selector, 0);
        refuseNote(alice, orders_(bid), first); // holds money
        refuseNote(alice, orders_(others), first); // bob's
        refuseNote(alice, orders_(OrderId.wrap(OrderId.unwrap(one) | 1 << 200)), first); // another name of the same
        refuseNote(alice, orders_(OrderId.wrap(0)), first);
        vm.prank(alice);
        book.cancel(one);
        refuseNote(alice, orders_(one), first); // not open any more
        InstrumentId other = InstrumentId.wrap(uka + 1);
        ledger.defineInstrument(other, 0, "terms");
        marketRules.setPositionTerms(other, IMarketRules.PositionTerms(1, 0, WITHIN, VALID));
        vm.expectRevert(first); // of another instrument
        marketRules.notePosition(accountOf(alice), other, orders_(two));
    }

    function test_notePosition_authoritysAccountOrNoThreshold_refused() public {
        refuseNote(alice, none, abi.encodeWithSelector(IMarketRules.PositionsNotReported.selector, uka));
        setTerms(1, 0);
        Eligibility memory e = eligible(0);
        e.kind = AccountKind.GOVERNMENT;
        ledger.setEligibility(accountOf(alice), e);
        refuseNote(alice, none, abi.encodeWithSelector(IMarketRules.PositionExempt.selector, accountOf(alice)));
    }

    /* REPORTING */

    // @requirement R-TRD-10
    function test_reportPosition_inTime_standsForItsTime() public {
        setTerms(1000, 0);
        note(alice, none);
        uint40 until = uint40(block.timestamp) + VALID;
        vm.expectEmit(address(marketRules));
        emit IMarketRules.PositionReported(accountOf(alice), instrument, alice, REPORT, until);
        report(alice);
        assertEq(position(alice).due, 0, "none is due");
        refuseNote(
            alice, none, abi.encodeWithSelector(IMarketRules.ReportStands.selector, accountOf(alice), uka, until)
        );
        vm.warp(until);
        refuseFlag(alice, 0);
        note(alice, none);
        assertEq(position(alice).due, until + WITHIN, "due again");
    }

    function test_reportPosition_beforeAnyoneShowedIt_standsToo() public {
        setTerms(1000, 0);
        report(alice);
        assertEq(position(alice).reportedUntil, block.timestamp + VALID, "stands");
    }

    function test_reportPosition_bySuspendedAccount_taken() public {
        setTerms(1000, 0);
        note(alice, none);
        Eligibility memory e = eligible(0);
        e.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(accountOf(alice), e);
        report(alice);
        assertEq(position(alice).due, 0, "none is due");
    }

    function test_reportPosition_byWhoMayNot_refused() public {
        setTerms(1000, 0);
        refuseReport(stranger, REPORT, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        refuseReport(alice, 0, abi.encodeWithSelector(IMarketRules.DigestMissing.selector));
        setKey(alice, Rights.ALL & ~Rights.REPORT, FAR);
        refuseReport(
            alice,
            REPORT,
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector, alice, accountOf(alice), Rights.ALL & ~Rights.REPORT, Rights.REPORT
            )
        );
        setKey(alice, Rights.REPORT, uint40(block.timestamp));
        refuseReport(
            alice,
            REPORT,
            abi.encodeWithSelector(IEligibility.CertificateExpired.selector, alice, uint40(block.timestamp))
        );
        marketRules.setPositionTerms(instrument, IMarketRules.PositionTerms(0, 0, 0, 0));
        refuseReport(bob, REPORT, abi.encodeWithSelector(IMarketRules.PositionsNotReported.selector, uka));
    }

    function setKey(address key, uint16 rights, uint40 until) private {
        ledger.setRepresentation(
            key, Representation({ account: accountOf(key), certificateUntil: until, rights: rights })
        );
    }

    function refuseReport(address key, bytes32 digest, bytes memory error) private {
        vm.prank(key);
        vm.expectRevert(error);
        marketRules.reportPosition(instrument, digest);
    }

    /* OVERDUE */

    // @requirement R-TRD-10
    function test_flagPosition_noReportInTime_told() public {
        setTerms(1000, 0);
        refuseFlag(alice, 0);
        note(alice, none);
        uint40 due = position(alice).due;
        vm.warp(due - 1);
        refuseFlag(alice, due);
        vm.warp(due);
        vm.expectEmit(address(marketRules));
        emit IMarketRules.PositionFlagged(accountOf(alice), instrument, due);
        vm.prank(stranger);
        marketRules.flagPosition(accountOf(alice), instrument);
        assertTrue(position(alice).overdue, "overdue");
        assertEq(position(alice).overdueCount, 1);
        refuseFlag(alice, due); // once
        report(alice);
        assertFalse(position(alice).overdue, "reported, late");
        assertEq(position(alice).overdueCount, 1, "the count stays");
    }

    // Selling after it was shown does not end the duty: the report says so.
    function test_flagPosition_soldMeanwhile_stillDue() public {
        setTerms(1000, 0);
        note(alice, none);
        ledger.cancel(alice, uka, 500, "gone");
        vm.warp(position(alice).due);
        marketRules.flagPosition(accountOf(alice), instrument);
        assertTrue(position(alice).overdue, "overdue");
    }

    // A duty can always be met: terms that are withdrawn do not leave an account overdue for ever.
    function test_reportPosition_termsWithdrawnWhileDue_taken() public {
        setTerms(1000, 0);
        note(alice, none);
        vm.warp(position(alice).due);
        marketRules.flagPosition(accountOf(alice), instrument);
        IMarketRules.PositionTerms memory withdrawn;
        marketRules.setPositionTerms(instrument, withdrawn);
        report(alice);
        assertFalse(position(alice).overdue, "reported");
        assertEq(position(alice).due, 0, "nothing is due");
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.PositionsNotReported.selector, uka));
        marketRules.reportPosition(instrument, REPORT);
    }

    function refuseFlag(address key, uint40 due) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketRules.ReportNotOverdue.selector, accountOf(key), uka, due));
        marketRules.flagPosition(accountOf(key), instrument);
    }

    /* ANY AMOUNTS */

    /// @dev A position is large exactly when balance and offered units reach the threshold, however they are split.
    function testFuzz_notePosition_anySplit_sumDecides(uint48 offered, uint64 tonnes, uint16 share) public {
        offered = uint48(bound(offered, 1, UNITS));
        tonnes = uint64(bound(tonnes, 0, 2 * UNITS));
        share = uint16(bound(share, tonnes == 0 ? 1 : 0, 10_000));
        setTerms(tonnes, share);
        OrderId id = sell(alice, 20, offered);
        uint256 threshold = tonnes;
        uint256 ofAll = (4 * UNITS * share + 9999) / 10_000;
        if (share != 0 && (tonnes == 0 || ofAll < tonnes)) threshold = ofAll;
        if (threshold > UNITS) {
            refuseNote(alice, orders_(id), notLarge(alice, UNITS, threshold));
        } else {
            note(alice, orders_(id));
        }
    }
}
