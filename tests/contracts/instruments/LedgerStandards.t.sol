// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { IERC1155Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { Restrictions } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { MarketSuite } from "../support/MarketSuite.sol";
import { Vm } from "../support/Vm.sol";

/// @dev Would be called by an ERC-1155 with receiver hooks; notes that it was.
contract Receiver {
    uint256 public calls;

    fallback() external {
        ++calls;
    }
}

/// @dev What ERC-165, ERC-1155 and ERC-7943 say beyond `LedgerTransfers` and `LedgerFreezing`. docs/erc1155.md lists which
///      sentence of theirs each test is about.
contract LedgerStandardsTest is MarketSuite {
    IInstrumentLedger.Reason private constant SURRENDER = IInstrumentLedger.Reason.SURRENDER;
    IInstrumentLedger.Reason private constant PLEDGE = IInstrumentLedger.Reason.PLEDGE;
    IInstrumentLedger.Reason private constant DELAYED = IInstrumentLedger.Reason.DELAYED_TRANSFER;
    IInstrumentLedger.Reason private constant LISTING = IInstrumentLedger.Reason.LISTING;

    address private alice = address(0xA11CE);
    address private bob = address(0xB0B);
    address private stranger = address(0x57A);
    address private me = address(this);
    address private from;
    address private to;
    uint256 private second;

    function setUp() public {
        setUpMarket(0, 0);
        from = openFunded(alice, 100, 1000);
        to = openAccount(bob);
        InstrumentId other = instrumentId(InstrumentClass.ALLOWANCE, 826, 2022, 0, 0);
        second = InstrumentId.unwrap(other);
        ledger.defineInstrument(other, 0, "terms");
        ledger.issue(from, second, 50, "issue");
    }

    function list(uint256 a, uint256 b, uint256 c) private pure returns (uint256[] memory values) {
        values = new uint256[](3);
        (values[0], values[1], values[2]) = (a, b, c);
    }

    function transferAs(address key, address sender, address receiver, uint256 id, uint256 value) private {
        vm.prank(key);
        ledger.safeTransferFrom(sender, receiver, id, value, "");
    }

    function batch(uint256[] memory ids, uint256[] memory values) private {
        vm.prank(alice);
        ledger.safeBatchTransferFrom(from, to, ids, values, "");
    }

    function insufficient(uint256 id, uint256 amount, uint256 unfrozen) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance.selector, from, id, amount, unfrozen
        );
    }

    /* ERC-165 */

    function test_supportsInterface_anyId_costsLessThanTheLimit() public view {
        bytes4[5] memory ids = [bytes4(0x01ffc9a7), 0xd9b67a26, 0x0e89341c, 0x41c4fbad, 0xffffffff];
        for (uint256 i; i < ids.length; ++i) {
            uint256 before = gasleft();
            ledger.supportsInterface(ids[i]);
            assertLe(before - gasleft(), 30_000, "gas, through a proxy that was not yet touched");
        }
    }

    function testFuzz_supportsInterface_onlyTheFour(bytes4 id) public view {
        bool known = id == 0x01ffc9a7 || id == 0xd9b67a26 || id == 0x0e89341c || id == 0x41c4fbad;
        assertEq(ledger.supportsInterface(id), known, "supported");
    }

    /* ERC-1155: BALANCES */

    function test_balanceOfBatch_zeroAddress_isZero() public view {
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1]) = (from, address(0));
        uint256[] memory balances = ledger.balanceOfBatch(accounts, list(uka, uka, 999));
        assertEq(balances[0], 100);
        assertEq(balances[1], 0);
        assertEq(balances[2], 0);
    }

    function test_balanceOfBatch_sameTwice_answersTwice() public view {
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1], accounts[2]) = (from, to, from);
        uint256[] memory balances = ledger.balanceOfBatch(accounts, list(uka, uka, uka));
        assertEq(balances[0], 100);
        assertEq(balances[1], 0);
        assertEq(balances[2], 100);
    }

    function test_balanceOfBatch_nothing_answersNothing() public view {
        assertEq(ledger.balanceOfBatch(new address[](0), new uint256[](0)).length, 0);
    }

    // Departure: what orders hold is told as transfers to the book, whose own balance is not kept.
    function test_balanceOf_book_isNotKept() public {
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(alice, from, address(book), uka, 30);
        OrderId id = place(alice, Side.SELL, 50, 30).id;
        assertEq(ledger.balanceOf(from, uka), 70);
        assertEq(ledger.balanceOf(address(book), uka), 0);

        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(alice, address(book), from, uka, 30);
        vm.prank(alice);
        book.cancel(id);
        assertEq(ledger.balanceOf(from, uka), 100);
    }

    /* ERC-1155: TRANSFERS */

    function test_transfer_fromZero_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.NotTheAccount.selector, alice, address(0)));
        transferAs(alice, address(0), to, uka, 1);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.NotTheAccount.selector, alice, address(0)));
        ledger.safeBatchTransferFrom(address(0), to, list(uka, uka, uka), list(1, 1, 1), "");
    }

    function test_transfer_ofOne_leavesTheOtherInstruments() public {
        transferAs(alice, from, to, uka, 100);
        assertEq(ledger.balanceOf(from, second), 50);
        assertEq(ledger.balanceOf(from, gbp), 1000);
        assertEq(ledger.balanceOf(to, second), 0);
        assertEq(ledger.balanceOf(alice, uka), 0, "the key holds nothing");
    }

    function test_transfer_withData_isTheSame() public {
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(alice, from, to, uka, 5);
        vm.prank(alice);
        ledger.safeTransferFrom(from, to, uka, 5, hex"f00dd00d");
        assertEq(ledger.balanceOf(to, uka), 5);
    }

    // Departure: no receiver hook is ever called, as no account has code.
    function test_transfer_toAnyCode_callsNobody() public {
        vm.etch(to, address(new Receiver()).code);
        transferAs(alice, from, to, uka, 5);
        batch(list(uka, second, uka), list(1, 2, 3));
        ledger.issue(to, uka, 1, "issue");
        ledger.forcedTransfer(from, to, uka, 1);
        assertEq(Receiver(to).calls(), 0);
        assertEq(ledger.balanceOf(to, uka), 11);
    }

    // Departure: approvals revert; the standard's event is never emitted.
    function test_setRepresentation_tellsNoApproval() public {
        vm.recordLogs();
        openAccount(address(0xCA501));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            assertFalse(logs[i].topics[0] == IERC1155.ApprovalForAll.selector, "ApprovalForAll");
        }
        assertTrue(ledger.isApprovedForAll(accountOf(address(0xCA501)), address(0xCA501)));
    }

    // Departure: an instrument under transaction rules goes directly only where they said so before.
    function test_transfer_underRules_refused() public {
        ledger.assignRules(uka, 1);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.TransferByRules.selector, from, to, uka));
        transferAs(alice, from, to, uka, 1);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.TransferByRules.selector, from, to, uka));
        batch(list(second, uka, second), list(1, 1, 1));
        assertEq(ledger.balanceOf(to, second), 0, "nothing of the batch");
        assertFalse(ledger.canTransfer(from, to, uka, 1));

        ledger.setDirect(from, to, 1, uint40(block.timestamp));
        assertTrue(ledger.canTransfer(from, to, uka, 1));
        transferAs(alice, from, to, uka, 1);
    }

    function test_batch_values_followTheOrderOfTheLists() public {
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferBatch(alice, from, to, list(second, uka, gbp), list(7, 0, 9));
        batch(list(second, uka, gbp), list(7, 0, 9));
        assertEq(ledger.balanceOf(to, second), 7);
        assertEq(ledger.balanceOf(to, uka), 0);
        assertEq(ledger.balanceOf(to, gbp), 9);
    }

    function test_batch_repeatedId_movesTheSum() public {
        batch(list(uka, second, uka), list(60, 50, 40));
        assertEq(ledger.balanceOf(from, uka), 0);
        assertEq(ledger.balanceOf(to, uka), 100);
    }

    function test_batch_byStranger_refused() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        ledger.safeBatchTransferFrom(from, to, list(uka, uka, uka), list(0, 0, 0), "");
    }

    function test_batch_toOneself_changesNothingAndPassesNoFreeze() public {
        ledger.setFrozenTokens(from, uka, 90);
        vm.prank(alice);
        ledger.safeBatchTransferFrom(from, from, list(uka, uka, uka), list(10, 10, 10), "");
        assertEq(ledger.balanceOf(from, uka), 100);
        vm.prank(alice);
        vm.expectRevert(insufficient(uka, 11, 10));
        ledger.safeBatchTransferFrom(from, from, list(uka, uka, uka), list(10, 11, 1), "");
    }

    /// @dev Whatever is frozen or encumbered, a batch moves what single transfers in its order would, or nothing.
    function testFuzz_batch_repeatedIds_asSingleTransfersOneByOne(
        uint8[6] memory values,
        uint8 which,
        uint8 frozen,
        uint8 encumbered
    ) public {
        if (encumbered % 60 != 0) ledger.encumber(from, uka, encumbered % 60, SURRENDER, "application");
        ledger.setFrozenTokens(from, uka, frozen % 80);
        ledger.setFrozenTokens(from, gbp, uint256(frozen) * 5);
        uint256[] memory ids = new uint256[](6);
        uint256[] memory amounts = new uint256[](6);
        for (uint256 i; i < 6; ++i) {
            ids[i] = which >> i & 1 == 0 ? uka : gbp;
            amounts[i] = which >> i & 1 == 0 ? values[i] % 40 : values[i];
        }
        uint256 snapshot = vm.snapshotState();
        bool may = true;
        for (uint256 i; i < 6 && may; ++i) {
            vm.prank(alice);
            (may,) = address(ledger).call(abi.encodeCall(ledger.safeTransferFrom, (from, to, ids[i], amounts[i], "")));
        }
        uint256 units = ledger.balanceOf(to, uka);
        uint256 money = ledger.balanceOf(to, gbp);
        vm.revertToState(snapshot);

        vm.prank(alice);
        (bool ok,) = address(ledger).call(abi.encodeCall(ledger.safeBatchTransferFrom, (from, to, ids, amounts, "")));

        assertEq(ok, may, "moves");
        assertEq(ledger.balanceOf(to, uka), may ? units : 0, "units");
        assertEq(ledger.balanceOf(to, gbp), may ? money : 0, "money");
    }

    /* ERC-1155: COMING INTO BEING AND CEASING */

    function test_define_broadcastsTheId() public {
        InstrumentId fresh = instrumentId(InstrumentClass.CREDIT, 826, 2022, 4, 0);
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(me, address(0), address(0), InstrumentId.unwrap(fresh), 0);
        ledger.defineInstrument(fresh, 0, "terms");
    }

    function test_issue_toZero_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, address(0)));
        ledger.issue(address(0), uka, 1, "issue");
    }

    function test_cancel_beyondTheBalance_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, from, uka, 100, 101));
        ledger.cancel(alice, uka, 101, "cause");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, from, 999, 0, 1));
        ledger.cancel(alice, 999, 1, "cause");
    }

    // "from 0x0 minus to 0x0 may be used … to determine the circulating supply", and events alone tell the balances.
    function test_events_alone_tellSupplyAndBalances() public {
        vm.recordLogs();
        ledger.issue(to, uka, 40, "issue");
        transferAs(alice, from, to, uka, 25);
        batch(list(uka, second, uka), list(1, 2, 3));
        ledger.cancel(alice, uka, 10, "cause");
        ledger.encumber(to, uka, 30, SURRENDER, "application");
        ledger.cancelEncumbered(to, uka, 20, SURRENDER, "application");
        ledger.moveEncumbered(to, from, uka, 10, SURRENDER, "cause");
        ledger.moveFor(bob, to, from, uka, 2);
        ledger.setFrozenTokens(from, uka, 1000);
        ledger.forcedTransfer(from, to, uka, 4);
        Vm.Log[] memory logs = vm.getRecordedLogs();

        int256[3] memory changes; // of from, of to, of the supply
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IERC1155.TransferSingle.selector) {
                (uint256 id, uint256 value) = abi.decode(logs[i].data, (uint256, uint256));
                if (id == uka) count(changes, logs[i], value);
            } else if (logs[i].topics[0] == IERC1155.TransferBatch.selector) {
                (uint256[] memory ids, uint256[] memory values) = abi.decode(logs[i].data, (uint256[], uint256[]));
                for (uint256 k; k < ids.length; ++k) {
                    if (ids[k] == uka) count(changes, logs[i], values[k]);
                }
            }
        }
        assertEq(ledger.balanceOf(from, uka), uint256(100 + changes[0]), "from");
        assertEq(ledger.balanceOf(to, uka), uint256(changes[1]), "to");
        IInstrumentLedger.Instrument memory known = ledger.instrumentOf(uka);
        assertEq(known.issued - known.cancelled, uint256(100 + changes[2]), "supply");
    }

    function count(int256[3] memory changes, Vm.Log memory log, uint256 value) private view {
        address sender = address(uint160(uint256(log.topics[2])));
        address receiver = address(uint160(uint256(log.topics[3])));
        if (sender == from) changes[0] -= int256(value);
        if (receiver == from) changes[0] += int256(value);
        if (sender == to) changes[1] -= int256(value);
        if (receiver == to) changes[1] += int256(value);
        if (sender == address(0)) changes[2] += int256(value);
        if (receiver == address(0)) changes[2] -= int256(value);
    }

    /* ERC-1155: METADATA */

    /// @dev RFC 3986, save the braces of `{id}`, which ERC-1155 has clients replace before they read.
    function test_uri_isAUri_withTheIdToPutIn() public view {
        bytes memory said = bytes(ledger.uri(uka));
        uint256 braces;
        for (uint256 i; i < said.length; ++i) {
            bytes1 c = said[i];
            assertFalse(c == '"' || c == " " || c == "<" || c == ">" || c == "\\" || c == "|", "not in a URI");
            if (c == "{" || c == "}") ++braces;
        }
        assertEq(braces, 2);
    }

    function test_uri_undefinedInstrument_saysNothingOfItsExistence() public view {
        assertEq(
            ledger.uri(InstrumentId.unwrap(instrumentId(InstrumentClass.CREDIT, 9, 2099, 9, 9))),
            "data:application/json,%7B%22name%22:%22Credit%20{id}%22,%22decimals%22:0%7D"
        );
    }

    /* ERC-7943: WHICH ERROR */

    // More than the balance: the base standard's error; within it but more than what is free: ERC-7943's.
    function test_transfer_errors_areTheMoreSpecific() public {
        ledger.setFrozenTokens(from, uka, 60);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, from, 100, 101, uka));
        transferAs(alice, from, to, uka, 101);
        vm.expectRevert(insufficient(uka, 100, 40));
        transferAs(alice, from, to, uka, 100);
        vm.expectRevert(insufficient(uka, 41, 40));
        transferAs(alice, from, to, uka, 41);

        ledger.setFrozenTokens(from, uka, 160);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, from, 100, 101, uka));
        transferAs(alice, from, to, uka, 101);
        vm.expectRevert(insufficient(uka, 1, 0));
        transferAs(alice, from, to, uka, 1);
        transferAs(alice, from, to, uka, 0);
    }

    /* ERC-7943: CAN … */

    function test_canTransfer_nothing_evenWhenAllIsFrozen() public {
        ledger.setFrozenTokens(from, uka, type(uint256).max);
        assertTrue(ledger.canTransfer(from, to, uka, 0));
        assertFalse(ledger.canTransfer(from, to, uka, 1));
        assertTrue(ledger.canTransfer(from, to, second, 1), "another instrument");
    }

    function test_canTransfer_frozenAndMoreThanTheBalance_isAReason() public {
        ledger.setFrozenTokens(from, uka, 1);
        assertFalse(ledger.canTransfer(from, to, uka, 101), "exceeds what is not frozen");
        ledger.setFrozenTokens(from, uka, 0);
        assertTrue(ledger.canTransfer(from, to, uka, 101), "the balance alone");
    }

    function test_canTransfer_toOneself_asToAnybody() public {
        assertTrue(ledger.canTransfer(from, from, uka, 100));
        ledger.setFrozenTokens(from, uka, 1);
        assertFalse(ledger.canTransfer(from, from, uka, 100));
    }

    function test_canTransfer_expiredInstrument_isAReason() public {
        InstrumentId brief = instrumentId(InstrumentClass.ALLOWANCE, 826, 2023, 0, 0);
        ledger.defineInstrument(brief, uint40(block.timestamp + 5), "terms");
        assertTrue(ledger.canTransfer(from, to, InstrumentId.unwrap(brief), 1));
        vm.warp(block.timestamp + 5);
        assertFalse(ledger.canTransfer(from, to, InstrumentId.unwrap(brief), 1));
    }

    function testFuzz_canSend_canReceive_sameForEveryAmountAndPartner(uint256 amount, address partner) public view {
        bool may = ledger.canTransfer(from, to, uka, amount);
        assertTrue(ledger.canSend(from) && ledger.canReceive(to), "account-level answers know no amount");
        assertTrue(may || amount > 100);
        assertEq(ledger.canTransfer(from, partner, uka, 1), ledger.canReceive(partner), "checks the receiver");
    }

    // Departure: trading is an act of its own, with a restriction of its own.
    function test_trade_whereTransfersAreBarred_works() public {
        place(alice, Side.SELL, 50, 10);
        ledger.issue(to, gbp, 1000, "issue");
        ledger.setEligibility(from, eligible(Restrictions.NO_TRANSFER));
        assertFalse(ledger.canTransfer(from, to, uka, 10));
        place(bob, Side.BUY, 50, 10);
        assertEq(ledger.balanceOf(to, uka), 10);
    }

    /* ERC-7943: FREEZES AND WHAT IS TAKEN BY OTHER WAYS */

    // Burning more than what is not frozen: the frozen amount follows, told before the transfer.
    function test_cancelEncumbered_beyondTheUnfrozen_unfreezesBefore() public {
        ledger.encumber(from, uka, 60, SURRENDER, "application");
        ledger.setFrozenTokens(from, uka, 70);
        vm.recordLogs();
        ledger.cancelEncumbered(from, uka, 60, SURRENDER, "application");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 4);
        assertEq(logs[0].topics[0], IInstrumentLedger.Released.selector);
        assertEq(logs[1].topics[0], IERC7943MultiToken.Frozen.selector, "first unfrozen");
        assertEq(abi.decode(logs[1].data, (uint256)), 40);
        assertEq(logs[2].topics[0], IInstrumentLedger.UnitsCancelled.selector);
        assertEq(logs[3].topics[0], IERC1155.TransferSingle.selector, "then gone");
        assertEq(ledger.getFrozenTokens(from, uka), 40, "all that is left");
        assertEq(ledger.freeOf(from, uka), 0);
    }

    function test_cancelEncumbered_withinTheUnfrozen_leavesTheFreeze() public {
        ledger.encumber(from, uka, 60, SURRENDER, "application");
        ledger.setFrozenTokens(from, uka, 40);
        ledger.cancelEncumbered(from, uka, 60, SURRENDER, "application");
        assertEq(ledger.getFrozenTokens(from, uka), 40);
        assertEq(ledger.freeOf(from, uka), 0);
    }

    function test_moveEncumbered_ofAPledgeBeyondTheUnfrozen_unfreezesBefore() public {
        ledger.appointBinder(PLEDGE, me);
        ledger.encumber(from, gbp, 600, PLEDGE, "pledge");
        ledger.setFrozenTokens(from, gbp, 1200);
        ledger.moveEncumbered(from, to, gbp, 600, PLEDGE, "default");
        assertEq(ledger.getFrozenTokens(from, gbp), 600, "200 beyond the balance, as before");
        assertEq(ledger.balanceOf(to, gbp), 600);
        assertEq(ledger.freeOf(from, gbp), 0);
    }

    // A freeze that comes while a transfer waits stops it.
    function test_moveEncumbered_betweenParticipantsAgainstAFreeze_refused() public {
        ledger.appointBinder(LISTING, me);
        ledger.appointBinder(IInstrumentLedger.Reason.QUOTE, me);
        ledger.appointBinder(IInstrumentLedger.Reason.BLOCK_TRADE, me);
        IInstrumentLedger.Reason[4] memory reasons =
            [DELAYED, LISTING, IInstrumentLedger.Reason.QUOTE, IInstrumentLedger.Reason.BLOCK_TRADE];
        for (uint256 i; i < 4; ++i) {
            ledger.encumber(from, uka, 30, reasons[i], "transfer");
            ledger.setFrozenTokens(from, uka, 71);
            vm.expectRevert(insufficient(uka, 30, 29));
            ledger.moveEncumbered(from, to, uka, 30, reasons[i], "transfer");
            ledger.setFrozenTokens(from, uka, 70);
            ledger.moveEncumbered(from, to, uka, 30, reasons[i], "transfer");
            ledger.setFrozenTokens(from, uka, 0);
            ledger.forcedTransfer(to, from, uka, 30);
        }
    }

    /// @dev Taking bound units never changes what is free, whatever is frozen.
    function testFuzz_takingBoundUnits_leavesTheFreeAlone(
        uint256 frozen,
        uint256 encumbered,
        uint256 taken,
        bool money,
        bool moved
    ) public {
        uint256 id = money ? gbp : uka;
        uint256 held = ledger.balanceOf(from, id);
        encumbered = bound(encumbered, 1, held);
        taken = bound(taken, 1, encumbered);
        ledger.encumber(from, id, encumbered, SURRENDER, "application");
        ledger.setFrozenTokens(from, id, frozen = bound(frozen, 0, 2 * held));
        uint256 free = ledger.freeOf(from, id);

        if (moved) ledger.moveEncumbered(from, to, id, taken, SURRENDER, "cause");
        else ledger.cancelEncumbered(from, id, taken, SURRENDER, "cause");

        uint256 unfrozen = held > frozen ? held - frozen : 0;
        assertEq(ledger.getFrozenTokens(from, id), taken > unfrozen ? frozen - (taken - unfrozen) : frozen, "frozen");
        assertEq(ledger.freeOf(from, id), free, "free");
        assertEq(ledger.encumberedOf(from, id), encumbered - taken, "encumbered");
        assertEq(ledger.balanceOf(from, id), held - taken, "held");
    }

    function test_forcedTransfer_nothing_tells() public {
        ledger.setFrozenTokens(from, uka, 100);
        vm.expectEmit(address(ledger));
        emit IERC7943MultiToken.ForcedTransfer(from, to, uka, 0);
        ledger.forcedTransfer(from, to, uka, 0);
        assertEq(ledger.getFrozenTokens(from, uka), 100);
    }

    function test_forcedTransfer_toOneself_tellsBothEvents() public {
        ledger.setFrozenTokens(from, uka, 100);
        vm.recordLogs();
        ledger.forcedTransfer(from, from, uka, 60);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 2);
        assertEq(logs[0].topics[0], IERC1155.TransferSingle.selector);
        assertEq(logs[1].topics[0], IERC7943MultiToken.ForcedTransfer.selector);
    }
}
