// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { IERC1155Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { Eligibility, Representation, Restrictions, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { MarketSuite } from "../support/MarketSuite.sol";

/// @dev What other contracts of the suite ask of the ledger: bound units that move, transfers under rules, blocks, orders
///      taken back. `apart` is a ledger each of whose modules is another address, so that each may do its own acts only.
contract LedgerModulesTest is MarketSuite {
    IInstrumentLedger.Reason private constant SURRENDER = IInstrumentLedger.Reason.SURRENDER;
    IInstrumentLedger.Reason private constant WITHDRAWAL = IInstrumentLedger.Reason.WITHDRAWAL;
    IInstrumentLedger.Reason private constant PLEDGE = IInstrumentLedger.Reason.PLEDGE;
    IInstrumentLedger.Reason private constant DELAYED = IInstrumentLedger.Reason.DELAYED_TRANSFER;
    IInstrumentLedger.Reason private constant CONVERSION = IInstrumentLedger.Reason.CONVERSION;
    uint256 private constant ROOM = 1 << 59; // what a holding's word has room for

    address private alice = address(0xA11CE);
    address private bob = address(0xB0B);
    address private stranger = address(0x57A);
    address private me = address(this);
    address private from;
    address private to;

    InstrumentLedger private apart;
    address[7] private modules; // registry, book, cash desk, allocator, compliance desk, transfer rules, authority desk

    function setUp() public {
        setUpMarket(0, 0);
        from = openFunded(alice, 100, 1000);
        to = openAccount(bob);

        for (uint256 i; i < 7; ++i) {
            modules[i] = address(uint160(0x1000 + i));
        }
        apart = InstrumentLedger(newProxy());
        InstrumentId money = InstrumentId.wrap(gbp);
        IInstrumentLedger.Siblings memory siblings = IInstrumentLedger.Siblings(
            modules[0], modules[1], modules[2], modules[3], modules[4], modules[5], modules[6]
        );
        install(
            address(apart),
            address(new InstrumentLedger(siblings, money)),
            abi.encodeCall(InstrumentLedger.initialize, (bytes32("terms")))
        );
        apart.defineInstrument(InstrumentId.wrap(uka), 0, "terms");
    }

    function unbound(uint256 quantity, uint256 bound_, IInstrumentLedger.Reason reason)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IInstrumentLedger.InsufficientEncumbered.selector, from, uka, reason, bound_, quantity
        );
    }

    /* EACH MODULE ITS OWN ACTS */

    /// @dev Every function for modules, called on `apart` by every module and a stranger: only the one passes the gate.
    // @requirement R-ACC-1
    function test_moduleFunctions_byOtherModules_refused() public {
        Representation memory r;
        Eligibility memory e;
        refusedButTo(0, abi.encodeCall(apart.setEligibility, (from, e)));
        refusedButTo(0, abi.encodeCall(apart.setRepresentation, (alice, r)));
        refusedButTo(1, abi.encodeCall(apart.escrowFrom, (alice, uka, 1)));
        refusedButTo(1, abi.encodeCall(apart.settle, (new uint256[](0), 1 << 96 | 1, uka | 1 << 82, alice)));
        refusedButTo(1, abi.encodeCall(apart.releaseEscrow, (from, uka, 1)));
        refusedButTo(1, abi.encodeCall(apart.releaseEscrowTo, (alice, uka, 1, from)));
        refusedButTo(2, abi.encodeCall(apart.issue, (from, gbp, 1, "cause")));
        refusedButTo(3, abi.encodeCall(apart.issue, (from, uka, 1, "cause")));
        refusedButTo(4, abi.encodeCall(apart.cancel, (alice, uka, 1, "cause")));
        refusedButTo(5, abi.encodeCall(apart.moveFor, (alice, from, to, uka, 1)));
        refusedButTo(5, abi.encodeCall(apart.assignRules, (uka, 1)));
        refusedButTo(5, abi.encodeCall(apart.setDirect, (from, to, 1, 1)));
        refusedButTo(6, abi.encodeCall(apart.forcedTransfer, (from, to, uka, 0)));
        refusedButTo(6, abi.encodeCall(apart.setFrozenTokens, (from, uka, 0)));
        refusedButTo(6, abi.encodeCall(apart.takeBackOrders, (from, new OrderId[](0))));
    }

    function refusedButTo(uint256 module, bytes memory call_) private {
        for (uint256 i; i <= 7; ++i) {
            if (i == module) continue;
            address caller = i == 7 ? stranger : modules[i];
            vm.prank(caller);
            (bool ok, bytes memory answer) = address(apart).call(call_);
            assertFalse(ok, "let through");
            assertEq(
                keccak256(answer),
                keccak256(abi.encodeWithSelector(Governed.NotTheModule.selector, caller, modules[module])),
                "NotTheModule"
            );
        }
        uint256 snapshot = vm.snapshotState();
        vm.prank(modules[module]);
        (bool passed, bytes memory said) = address(apart).call(call_);
        assertTrue(passed || bytes4(said) != Governed.NotTheModule.selector, "its own module");
        vm.revertToState(snapshot);
    }

    // @requirement R-ACC-1
    function test_bindingFunctions_byOtherModules_refused() public {
        uint256[3] memory binders = [uint256(4), 2, 5];
        IInstrumentLedger.Reason[3] memory reasons = [SURRENDER, WITHDRAWAL, DELAYED];
        for (uint256 k; k < 3; ++k) {
            for (uint256 i; i <= 7; ++i) {
                if (i == binders[k]) continue;
                address caller = i == 7 ? stranger : modules[i];
                bytes memory error = abi.encodeWithSelector(
                    IInstrumentLedger.NotTheBinder.selector, caller, reasons[k], modules[binders[k]]
                );
                vm.startPrank(caller);
                vm.expectRevert(error);
                apart.encumber(from, uka, 1, reasons[k], "cause");
                vm.expectRevert(error);
                apart.release(from, uka, 1, reasons[k], "cause");
                vm.expectRevert(error);
                apart.cancelEncumbered(from, uka, 1, reasons[k], "cause");
                vm.expectRevert(error);
                apart.moveEncumbered(from, to, uka, 1, reasons[k], "cause");
                vm.stopPrank();
            }
        }
    }

    function test_binding_forNoReason_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IInstrumentLedger.NotTheBinder.selector, me, IInstrumentLedger.Reason.NONE, address(0)
            )
        );
        ledger.encumber(from, uka, 1, IInstrumentLedger.Reason.NONE, "cause");
    }

    function test_binderOf_eachReason_isTheOneAppointed() public {
        assertEq(apart.binderOf(SURRENDER), modules[4]);
        assertEq(apart.binderOf(WITHDRAWAL), modules[2]);
        assertEq(apart.binderOf(DELAYED), modules[5]);
        assertEq(apart.binderOf(IInstrumentLedger.Reason.NONE), address(0));
        assertEq(apart.binderOf(PLEDGE), address(0), "nobody yet");
        vm.expectEmit(address(apart));
        emit IInstrumentLedger.BinderAppointed(PLEDGE, address(book));
        apart.appointBinder(PLEDGE, address(book));
        assertEq(apart.binderOf(PLEDGE), address(book));
        IInstrumentLedger.Reason[4] memory taken = [SURRENDER, WITHDRAWAL, DELAYED, PLEDGE];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.CannotAppoint.selector, me));
            apart.appointBinder(taken[i], me);
        }
    }

    /* CONVERSION ISSUES UNITS, NEVER MONEY */

    // @requirement R-AST-5
    function test_issue_byTheConverter_unitsOnly() public {
        apart.appointBinder(CONVERSION, me);
        vm.prank(modules[0]);
        apart.setEligibility(from, eligible(0));
        assertEq(apart.issue(from, uka, 5, "conversion"), 1);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, me, modules[2]));
        apart.issue(from, gbp, 5, "conversion");
    }

    function test_issue_byTheConverterOfNobody_refused() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, me, modules[3]));
        apart.issue(from, uka, 5, "conversion");
    }

    /* BOUND UNITS MOVE */

    // @requirement R-AST-3
    function test_moveEncumbered_bound_areFreeThere() public {
        ledger.encumber(from, uka, 60, SURRENDER, "application");
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.EncumberedMoved(from, to, uka, SURRENDER, 45, "cause");
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(me, from, to, uka, 45);
        ledger.moveEncumbered(from, to, uka, 45, SURRENDER, "cause");
        assertEq(ledger.encumberedFor(from, uka, SURRENDER), 15);
        assertEq(ledger.encumberedOf(from, uka), 15);
        assertEq(ledger.freeOf(from, uka), 40, "what was free stays so");
        assertEq(ledger.balanceOf(to, uka), 45);
        assertEq(ledger.freeOf(to, uka), 45);
    }

    function test_moveEncumbered_mainMoney_movesAndUnmarks() public {
        ledger.encumber(from, gbp, 1000, WITHDRAWAL, "withdrawal");
        assertEq(ledger.freeOf(from, gbp), 0);
        ledger.moveEncumbered(from, to, gbp, 1000, WITHDRAWAL, "cause");
        assertEq(ledger.freeOf(to, gbp), 1000);
        ledger.issue(from, gbp, 5, "deposit");
        assertEq(ledger.freeOf(from, gbp), 5, "no mark is left behind");
    }

    function test_moveEncumbered_toOneself_onlyReleases() public {
        ledger.encumber(from, uka, 60, SURRENDER, "application");
        ledger.moveEncumbered(from, from, uka, 60, SURRENDER, "cause");
        assertEq(ledger.balanceOf(from, uka), 100);
        assertEq(ledger.freeOf(from, uka), 100);
    }

    function test_moveEncumbered_fromSuspended_isForTheModule() public {
        ledger.encumber(from, uka, 60, SURRENDER, "application");
        ledger.setEligibility(from, eligible(Restrictions.ALL));
        ledger.moveEncumbered(from, to, uka, 60, SURRENDER, "cause");
        assertEq(ledger.balanceOf(to, uka), 60);
    }

    function test_moveEncumbered_impossible_refused() public {
        ledger.encumber(from, uka, 60, SURRENDER, "application");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        ledger.moveEncumbered(from, to, uka, 0, SURRENDER, "cause");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 1 << 96));
        ledger.moveEncumbered(from, to, uka, 1 << 96, SURRENDER, "cause");
        vm.expectRevert(IInstrumentLedger.CauseMissing.selector);
        ledger.moveEncumbered(from, to, uka, 1, SURRENDER, 0);
        vm.expectRevert(unbound(61, 60, SURRENDER));
        ledger.moveEncumbered(from, to, uka, 61, SURRENDER, "cause");
        vm.expectRevert(unbound(1, 0, WITHDRAWAL));
        ledger.moveEncumbered(from, to, uka, 1, WITHDRAWAL, "cause");
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, stranger));
        ledger.moveEncumbered(from, stranger, uka, 1, SURRENDER, "cause");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, 999));
        ledger.moveEncumbered(from, to, 999, 1, SURRENDER, "cause");
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0));
        ledger.moveEncumbered(from, to, uka, 1, SURRENDER, "cause");
    }

    /* SEVERAL REASONS: one in the holding's word, the others in slots of their own */

    function test_reasons_comingAndGoingInAnyOrder_addUp() public {
        ledger.appointBinder(PLEDGE, me);
        ledger.encumber(from, uka, 10, SURRENDER, "a"); // in the word
        ledger.encumber(from, uka, 20, PLEDGE, "b"); // beside it
        ledger.encumber(from, uka, 5, SURRENDER, "a");
        ledger.release(from, uka, 15, SURRENDER, "a"); // the word has room again
        ledger.encumber(from, uka, 7, PLEDGE, "b"); // so the pledge stands in both
        assertEq(ledger.encumberedFor(from, uka, PLEDGE), 27);
        assertEq(ledger.encumberedFor(from, uka, SURRENDER), 0);
        assertEq(ledger.encumberedOf(from, uka), 27);
        vm.expectRevert(unbound(28, 27, PLEDGE));
        ledger.release(from, uka, 28, PLEDGE, "b");
        ledger.encumber(from, uka, 3, SURRENDER, "a");
        ledger.cancelEncumbered(from, uka, 25, PLEDGE, "b"); // from both
        assertEq(ledger.encumberedFor(from, uka, PLEDGE), 2);
        assertEq(ledger.encumberedFor(from, uka, SURRENDER), 3);
        assertEq(ledger.freeOf(from, uka), 70);
        ledger.release(from, uka, 2, PLEDGE, "b");
        ledger.release(from, uka, 3, SURRENDER, "a");
        assertEq(ledger.encumberedOf(from, uka), 0);
        assertEq(ledger.freeOf(from, uka), 75);
    }

    function test_encumber_moreThanTheWordHasRoomFor_standsInBoth() public {
        uint256 all = type(uint96).max - 100;
        ledger.issue(from, uka, all, "issue");
        ledger.encumber(from, uka, ROOM - 1, SURRENDER, "a");
        ledger.encumber(from, uka, 1, SURRENDER, "a");
        assertEq(ledger.encumberedFor(from, uka, SURRENDER), ROOM);
        ledger.encumber(from, uka, all + 100 - ROOM, SURRENDER, "a");
        assertEq(ledger.encumberedFor(from, uka, SURRENDER), type(uint96).max);
        assertEq(ledger.freeOf(from, uka), 0);
        ledger.cancelEncumbered(from, uka, type(uint96).max, SURRENDER, "a");
        assertEq(ledger.balanceOf(from, uka), 0);
        assertEq(ledger.encumberedOf(from, uka), 0);
        IInstrumentLedger.Instrument memory known = ledger.instrumentOf(uka);
        assertEq(known.cancelled, known.issued, "all of 2^96 - 1");
        assertTrue(known.state == IInstrumentLedger.InstrumentState.OPEN, "no neighbour disturbed");
    }

    /// @dev Any quantities for any reasons, of units or money, against a sum kept beside.
    function testFuzz_reasons_anySequence_addUp(uint96[12] memory quantities, uint256 choices, bool inMoney) public {
        ledger.appointBinder(PLEDGE, me);
        uint256 id = inMoney ? gbp : uka;
        uint256 more = type(uint96).max - ledger.instrumentOf(id).issued;
        ledger.issue(from, id, more, "issue");
        IInstrumentLedger.Reason[4] memory reasons = [SURRENDER, WITHDRAWAL, PLEDGE, DELAYED];
        uint256[4] memory bound_;
        for (uint256 i; i < 12; ++i) {
            uint256 k = choices >> (2 * i) & 3;
            bool binds = choices >> (100 + i) & 3 != 0;
            uint256 most = binds ? ledger.freeOf(from, id) : bound_[k];
            if (most == 0) continue;
            uint256 quantity = bound(uint256(quantities[i]) >> (choices >> (150 + 4 * i) & 0x3f), 1, most);
            if (binds) ledger.encumber(from, id, quantity, reasons[k], "a");
            else ledger.release(from, id, quantity, reasons[k], "a");
            bound_[k] = binds ? bound_[k] + quantity : bound_[k] - quantity;
            uint256 sum;
            for (uint256 r; r < 4; ++r) {
                assertEq(ledger.encumberedFor(from, id, reasons[r]), bound_[r], "for the reason");
                sum += bound_[r];
            }
            assertEq(ledger.encumberedOf(from, id), sum, "encumbered");
            assertEq(ledger.freeOf(from, id), ledger.balanceOf(from, id) - sum, "free");
        }
    }

    /* BLOCKS */

    // @requirement R-AST-1
    function test_isBlock_asIssued_andNotOtherwise() public {
        uint256 first = ledger.issue(from, uka, 7, "cause");
        IInstrumentLedger.IssuedBlock memory said =
            IInstrumentLedger.IssuedBlock(uka, first, 7, from, "cause", block.timestamp);
        assertTrue(ledger.isBlock(said));
        vm.warp(block.timestamp + 1000);
        ledger.cancel(alice, uka, 107, "gone");
        assertTrue(ledger.isBlock(said), "what was issued was issued");

        said.quantity = 8;
        assertFalse(ledger.isBlock(said));
        (said.quantity, said.firstSerial) = (7, first + 1);
        assertFalse(ledger.isBlock(said));
        (said.firstSerial, said.account) = (first, to);
        assertFalse(ledger.isBlock(said));
        (said.account, said.cause) = (from, "other");
        assertFalse(ledger.isBlock(said));
        (said.cause, said.at) = ("cause", said.at + 1);
        assertFalse(ledger.isBlock(said));
        (said.at, said.instrument) = (said.at - 1, gbp);
        assertFalse(ledger.isBlock(said));
    }

    function test_isBlock_ofMoney_isNotKept() public {
        uint256 first = ledger.issue(from, gbp, 7, "deposit");
        assertFalse(ledger.isBlock(IInstrumentLedger.IssuedBlock(gbp, first, 7, from, "deposit", block.timestamp)));
    }

    function testFuzz_isBlock_onlyTheOne(IInstrumentLedger.IssuedBlock memory said) public {
        uint256 first = ledger.issue(from, uka, 7, "cause");
        bool same = said.instrument == uka && said.firstSerial == first && said.quantity == 7 && said.account == from
            && said.cause == "cause" && said.at == block.timestamp;
        assertEq(ledger.isBlock(said), same, "block");
    }

    /* TRANSFERS UNDER RULES */

    // @requirement R-AST-4
    function test_moveFor_free_moves() public {
        ledger.assignRules(uka, 3);
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(alice, from, to, uka, 30);
        ledger.moveFor(alice, from, to, uka, 30);
        assertEq(ledger.balanceOf(to, uka), 30);
        ledger.moveFor(alice, from, to, gbp, 1000);
        assertEq(ledger.balanceOf(to, gbp), 1000);
        assertEq(ledger.freeOf(from, gbp), 0);
    }

    function test_moveFor_impossible_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        ledger.moveFor(alice, from, to, uka, 0);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 1 << 96));
        ledger.moveFor(alice, from, to, uka, 1 << 96);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, 999));
        ledger.moveFor(alice, from, to, 999, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, address(0)));
        ledger.moveFor(alice, from, address(0), uka, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, from, 100, 101, uka));
        ledger.moveFor(alice, from, to, uka, 101);
        ledger.setFrozenTokens(from, uka, 30);
        ledger.encumber(from, uka, 30, SURRENDER, "application");
        vm.expectRevert(
            abi.encodeWithSelector(IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance.selector, from, uka, 41, 40)
        );
        ledger.moveFor(alice, from, to, uka, 41);
        ledger.moveFor(alice, from, to, uka, 40);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0));
        ledger.moveFor(alice, from, to, uka, 1);
    }

    function test_assignRules_toOne_tellsAndHolds() public {
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.RulesAssigned(uka, 9);
        ledger.assignRules(uka, 9);
        assertEq(ledger.instrumentOf(uka).rules, 9);
        assertEq(ledger.instrumentOf(uka).issued, 100, "no neighbour disturbed");
        ledger.assignRules(uka, type(uint16).max);
        ledger.assignRules(uka, 0);
        assertEq(ledger.instrumentOf(uka).rules, 0);
        assertTrue(ledger.instrumentOf(uka).state == IInstrumentLedger.InstrumentState.OPEN);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, 999));
        ledger.assignRules(999, 1);
    }

    function test_assignRules_toThoseToCome_isTheirs() public {
        ledger.assignRules(0, 4);
        InstrumentId fresh = instrumentId(InstrumentClass.ALLOWANCE, 826, 2030, 0, 0);
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.RulesAssigned(InstrumentId.unwrap(fresh), 4);
        ledger.defineInstrument(fresh, 77, "terms");
        assertEq(ledger.instrumentOf(InstrumentId.unwrap(fresh)).rules, 4);
        assertEq(ledger.instrumentOf(InstrumentId.unwrap(fresh)).validUntil, 77);
        assertEq(ledger.instrumentOf(uka).rules, 0, "not those that were");
    }

    function test_setDirect_from_waitsAndEnds() public {
        ledger.assignRules(uka, 3);
        uint40 since = uint40(block.timestamp + 100);
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.DirectTransfersSet(from, to, 3, since);
        ledger.setDirect(from, to, 3, since);
        assertEq(ledger.directFrom(from, to, 3), since);
        assertEq(ledger.directFrom(to, from, 3), 0, "one way");
        assertEq(ledger.directFrom(from, to, 2), 0, "of another set");

        vm.warp(since - 1);
        assertFalse(ledger.canTransfer(from, to, uka, 1));
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.TransferByRules.selector, from, to, uka));
        ledger.safeTransferFrom(from, to, uka, 1, "");
        vm.warp(since);
        assertTrue(ledger.canTransfer(from, to, uka, 1));
        vm.prank(alice);
        ledger.safeTransferFrom(from, to, uka, 1, "");

        ledger.assignRules(uka, 2);
        assertFalse(ledger.canTransfer(from, to, uka, 1), "another set, other lists");
        ledger.assignRules(uka, 3);
        ledger.setDirect(from, to, 3, 0);
        assertFalse(ledger.canTransfer(from, to, uka, 1), "ended");
    }

    function testFuzz_setDirect_onlyThatWay(address a, address b, uint16 rules, uint40 since) public {
        ledger.setDirect(from, to, 3, 5);
        ledger.setDirect(a, b, rules, since);
        assertEq(ledger.directFrom(a, b, rules), since);
        if (a != from || b != to || rules != 3) assertEq(ledger.directFrom(from, to, 3), 5);
    }

    /* ORDERS TAKEN BACK */

    // @requirement R-AST-3
    function test_takeBackOrders_open_returnWhatTheyHold() public {
        OrderId[] memory ids = new OrderId[](4);
        ids[0] = place(alice, Side.SELL, 50, 30).id;
        ids[1] = place(alice, Side.BUY, 10, 20).id;
        openFunded(bob, 10, 0);
        ids[2] = place(bob, Side.SELL, 60, 10).id; // another's
        ids[3] = ids[0]; // and once more
        assertEq(ledger.balanceOf(from, uka), 70);
        assertEq(ledger.balanceOf(from, gbp), 800);

        ledger.takeBackOrders(from, ids);
        assertEq(ledger.balanceOf(from, uka), 100);
        assertEq(ledger.balanceOf(from, gbp), 1000);
        assertEq(ledger.balanceOf(to, uka), 0, "still in the order");
        assertEq(book.orderOf(ids[2]).open, 10);
        ledger.takeBackOrders(from, ids);
        assertEq(ledger.balanceOf(from, uka), 100, "not twice");
    }

    function test_takeBackOrders_ofSuspended_works() public {
        OrderId[] memory ids = new OrderId[](1);
        ids[0] = place(alice, Side.SELL, 50, 30).id;
        ledger.setEligibility(from, eligible(Restrictions.ALL));
        ledger.takeBackOrders(from, ids);
        assertEq(ledger.balanceOf(from, uka), 100);
        ledger.takeBackOrders(from, new OrderId[](0));
    }
}
