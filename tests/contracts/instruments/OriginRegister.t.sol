// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IOriginRegister } from "../../../contracts/instruments/IOriginRegister.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import { AccountKind, Restrictions } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { CreditSuite } from "../support/CreditSuite.sol";

// @requirement R-AST-4 R-AST-1
contract OriginRegisterTest is CreditSuite {
    IInstrumentLedger.Reason private constant _EXPORT = IInstrumentLedger.Reason.EXPORT;
    uint256 private unit;

    function setUp() public {
        setUpCredits();
        vm.prank(registrar);
        origins.enterProject("GS", "GS11236");
        unit = defined(2021, FOREIGN);
    }

    function _bring(uint64 first, uint64 last, uint64 hint) private returns (uint256 id, uint256 serial) {
        vm.prank(registrar);
        return origins.bringIn(origin(first, last), hint, buyer, unit, "document");
    }

    function _key() private view returns (bytes32) {
        return origins.batchKey(origin(1, 1));
    }

    function _taken(uint64 first, uint64 last) private view returns (bytes memory) {
        return abi.encodeWithSelector(IOriginRegister.SerialsTaken.selector, _key(), first, last);
    }

    /* REGISTRIES AND PROJECTS */

    function test_accept_registry_canBeTakenBack() public {
        vm.startPrank(regulator);
        vm.expectRevert(IOriginRegister.NameMissing.selector);
        origins.acceptRegistry(0, true, "cause");
        vm.expectRevert(IOriginRegister.DigestMissing.selector);
        origins.acceptRegistry("GS", false, 0);
        vm.expectEmit(address(origins));
        emit IOriginRegister.RegistryAccepted("GS", false, "hacked");
        origins.acceptRegistry("GS", false, "hacked");
        vm.stopPrank();
        assertFalse(origins.isAccepted("GS"), "accepted");
        bytes memory refused = abi.encodeWithSelector(IOriginRegister.RegistryNotAccepted.selector, bytes32("GS"));
        vm.expectRevert(refused);
        _bring(1, 5, 0);
        vm.expectRevert(refused);
        vm.prank(registrar);
        origins.enterProject("GS", "GS1");
        vm.expectRevert(refused);
        vm.prank(buyerKey);
        origins.requestExport(unit, 1, "GS", "there");
    }

    function test_enter_project_hasOneNumber() public {
        vm.startPrank(registrar);
        vm.expectEmit(address(origins));
        emit IOriginRegister.ForeignProjectEntered(FOREIGN + 1, "GS", "GS11235");
        assertEq(origins.enterProject("GS", "GS11235"), FOREIGN + 1, "number");
        vm.expectRevert(
            abi.encodeWithSelector(IOriginRegister.ProjectEntered.selector, bytes32("GS"), bytes32("GS11236"), FOREIGN)
        );
        origins.enterProject("GS", "GS11236");
        vm.expectRevert(IOriginRegister.NameMissing.selector);
        origins.enterProject("GS", 0);
        vm.stopPrank();
        assertEq(origins.projectNumber("GS", "GS11236"), FOREIGN, "number");
    }

    /* IMPORT */

    // @requirement R-AST-4 R-AST-1
    function test_bringIn_new_isIssuedWithItsOrigin() public {
        vm.expectEmit(address(origins));
        emit IOriginRegister.CreditsImported(1, _key(), buyer, origin(1, 19_149), unit, 1, "document");
        (uint256 id, uint256 serial) = _bring(1, 19_149, 0);
        assertEq(ledger.balanceOf(buyer, unit), 19_149, "units");
        assertEq(serial, 1, "serial");
        IOriginRegister.Import memory said = origins.importOf(id);
        assertEq(said.instrument, unit, "instrument");
        assertEq(said.firstSerial, 1, "first serial");
        assertTrue(said.exists, "exists");
        assertEq(origins.importCount(), 1, "count");
        IOriginRegister.Range memory range = origins.rangeOf(_key(), 1);
        assertEq(range.last, 19_149, "last");
        assertEq(range.id, id, "id");
        bytes32 cause = keccak256(abi.encode(_key(), uint64(1), uint64(19_149)));
        assertTrue(
            ledger.isBlock(IInstrumentLedger.IssuedBlock(unit, 1, 19_149, buyer, cause, block.timestamp)),
            "certificate of existence"
        );
    }

    function test_bringIn_again_revertsWithTheRange() public {
        _bring(100, 199, 0);
        _bring(300, 399, 100);
        uint64[2][7] memory overlaps = [
            [uint64(100), 199],
            [uint64(1), 100],
            [uint64(1), 1000],
            [uint64(150), 160],
            [uint64(199), 199],
            [uint64(199), 250],
            [uint64(100), 100]
        ];
        for (uint256 i; i < overlaps.length; ++i) {
            vm.expectRevert(_taken(100, 199));
            _bring(overlaps[i][0], overlaps[i][1], 0);
        }
        vm.expectRevert(_taken(300, 399));
        _bring(200, 300, 100);
        vm.expectRevert(_taken(300, 399));
        _bring(399, 500, 300);
        _bring(200, 299, 100);
        _bring(400, 400, 300);
        _bring(1, 99, 0);
        assertEq(ledger.balanceOf(buyer, unit), 400, "each once");
    }

    function test_bringIn_anotherBatchOrVintage_isAnother() public {
        _bring(1, 10, 0);
        IOriginRegister.Origin memory o = origin(1, 10);
        o.batch = "30308";
        vm.startPrank(registrar);
        origins.bringIn(o, 0, buyer, unit, "document");
        o.vintage = 2022;
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.WrongCredit.selector, unit, FOREIGN));
        origins.bringIn(o, 0, buyer, unit, "document");
        vm.stopPrank();
        uint256 younger_ = defined(2022, FOREIGN);
        vm.prank(registrar);
        origins.bringIn(o, 0, buyer, younger_, "document");
        assertEq(ledger.balanceOf(buyer, unit), 20, "2021");
        assertEq(ledger.balanceOf(buyer, younger_), 10, "2022");
    }

    function test_bringIn_whatCannotBeMeant_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.BadSerials.selector, 0, 5));
        _bring(0, 5, 0);
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.BadSerials.selector, 6, 5));
        _bring(6, 5, 0);
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.BadHint.selector, 3));
        _bring(5, 6, 3);
        _bring(10, 20, 0);
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.BadHint.selector, 10));
        _bring(5, 6, 10);
        IOriginRegister.Origin memory o = origin(1, 5);
        vm.startPrank(registrar);
        vm.expectRevert(IOriginRegister.DigestMissing.selector);
        origins.bringIn(o, 0, buyer, unit, 0);
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.WrongCredit.selector, credit, FOREIGN));
        origins.bringIn(o, 0, buyer, credit, "document");
        uint256 allowance = InstrumentId.unwrap(instrumentId(InstrumentClass.ALLOWANCE, SCHEME, 2021, FOREIGN, 0));
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.WrongCredit.selector, allowance, FOREIGN));
        origins.bringIn(o, 0, buyer, allowance, "document");
        o.batch = 0;
        vm.expectRevert(IOriginRegister.NameMissing.selector);
        origins.bringIn(o, 0, buyer, unit, "document");
        o.project = "GS1";
        o.batch = "1";
        vm.expectRevert(
            abi.encodeWithSelector(IOriginRegister.ProjectNotEntered.selector, bytes32("GS"), bytes32("GS1"))
        );
        origins.bringIn(o, 0, buyer, unit, "document");
        vm.stopPrank();
    }

    function test_bringIn_withManyBefore_walksALittleOnly() public {
        for (uint64 i; i < 40; ++i) {
            _bring(10 * i + 1, 10 * i + 5, i == 0 ? 0 : 10 * i - 9);
        }
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.BadHint.selector, 0));
        _bring(1000, 1001, 0);
        assertEq(origins.hintFor(_key(), 1000), 391, "hint");
        assertEq(origins.hintFor(_key(), 391), 391, "its own");
        assertEq(origins.hintFor(_key(), 390), 381, "before");
        _bring(1000, 1001, 101);
        uint256 before = gasleft();
        _bring(1002, 1003, 1000);
        assertTrue(before - gasleft() < 250_000, "as cheap as the first");
    }

    function testFuzz_bringIn_anyRanges_neverOverlap(uint8[12] memory firsts, uint8[12] memory sizes) public {
        bool[520] memory taken;
        uint256 total;
        for (uint256 i; i < firsts.length; ++i) {
            uint64 first = uint64(firsts[i]) + 1;
            uint64 last = first + sizes[i];
            bool free = true;
            for (uint64 s = first; s <= last; ++s) {
                if (taken[s]) free = false;
            }
            uint64 hint = origins.hintFor(_key(), first);
            vm.prank(registrar);
            (bool done,) =
                address(origins).call(abi.encodeCall(origins.bringIn, (origin(first, last), hint, buyer, unit, "d")));
            assertTrue(done == free, "in exactly when free");
            if (!free) continue;
            total += last - first + 1;
            for (uint64 s = first; s <= last; ++s) {
                taken[s] = true;
            }
        }
        assertEq(ledger.balanceOf(buyer, unit), total, "units");
    }

    /* EXPORT */

    function _in(uint256 id, IOriginRegister.ExportState state) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IOriginRegister.ExportInState.selector, id, state);
    }

    // @requirement R-AST-4 credits are never in two registries
    function test_export_accepted_isNotTakenBackByTheAccount() public {
        _bring(1, 100, 0);
        vm.prank(buyerKey);
        uint256 id = origins.requestExport(unit, 60, "GS", "there");
        vm.expectRevert(_in(id, IOriginRegister.ExportState.REQUESTED));
        vm.prank(registrar);
        origins.confirmExport(id, "entry 1");
        vm.prank(registrar);
        origins.acceptExport(id);
        vm.expectRevert(_in(id, IOriginRegister.ExportState.ACCEPTED));
        vm.prank(buyerKey);
        origins.cancelExport(id);
        vm.startPrank(registrar);
        vm.expectRevert(_in(id, IOriginRegister.ExportState.ACCEPTED));
        origins.acceptExport(id);
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.UnknownExport.selector, 9));
        origins.acceptExport(9);
        vm.stopPrank();
        assertEq(uint256(origins.exportOf(id).state), uint256(IOriginRegister.ExportState.ACCEPTED), "state");
        assertEq(ledger.encumberedFor(buyer, unit, _EXPORT), 60, "bound");
        vm.prank(regulator);
        origins.acceptRegistry("GS", false, "hacked"); // what is entered there is cancelled here all the same
        vm.prank(registrar);
        origins.confirmExport(id, "entry 1");
        assertEq(ledger.balanceOf(buyer, unit), 40, "left");
    }

    function test_export_acceptedAndNotEntered_isRejected() public {
        _bring(1, 100, 0);
        vm.prank(buyerKey);
        uint256 id = origins.requestExport(unit, 60, "GS", "there");
        vm.startPrank(registrar);
        origins.acceptExport(id);
        origins.rejectExport(id, "no such account");
        vm.expectRevert(_in(id, IOriginRegister.ExportState.REJECTED));
        origins.acceptExport(id);
        vm.stopPrank();
        assertEq(ledger.freeOf(buyer, unit), 100, "free");
    }

    function test_export_toARegistryNoLongerAccepted_isNotAccepted() public {
        _bring(1, 100, 0);
        vm.prank(buyerKey);
        uint256 id = origins.requestExport(unit, 60, "GS", "there");
        vm.prank(regulator);
        origins.acceptRegistry("GS", false, "hacked");
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.RegistryNotAccepted.selector, bytes32("GS")));
        vm.prank(registrar);
        origins.acceptExport(id);
    }

    // @requirement R-AST-4
    function test_export_confirmed_isCancelledHere() public {
        _bring(1, 100, 0);
        vm.expectEmit(address(origins));
        emit IOriginRegister.ExportRequested(1, buyer, unit, 60, "GS", "there");
        vm.prank(buyerKey);
        uint256 id = origins.requestExport(unit, 60, "GS", "there");
        assertEq(ledger.encumberedFor(buyer, unit, _EXPORT), 60, "bound");
        vm.startPrank(registrar);
        vm.expectEmit(address(origins));
        emit IOriginRegister.ExportAccepted(id);
        origins.acceptExport(id);
        vm.expectRevert(IOriginRegister.DigestMissing.selector);
        origins.confirmExport(id, 0);
        vm.expectEmit(address(origins));
        emit IOriginRegister.ExportConfirmed(id, "entry 1");
        origins.confirmExport(id, "entry 1");
        bytes memory closed = _in(id, IOriginRegister.ExportState.CONFIRMED);
        vm.expectRevert(closed);
        origins.acceptExport(id);
        vm.expectRevert(closed);
        origins.confirmExport(id, "entry 2");
        vm.expectRevert(closed);
        origins.rejectExport(id, "cause");
        vm.stopPrank();
        assertEq(ledger.balanceOf(buyer, unit), 40, "left");
        assertEq(ledger.instrumentOf(unit).cancelled, 60, "cancelled");
        assertTrue(origins.isUsed("entry 1"), "used");
        vm.expectRevert(_taken(1, 100)); // what went out does not come in again by its old serials
        _bring(1, 60, 0);
    }

    function test_export_ofOneEntry_onlyOnce() public {
        _bring(1, 100, 0);
        vm.startPrank(buyerKey);
        uint256 first = origins.requestExport(unit, 60, "GS", "there");
        uint256 second = origins.requestExport(unit, 40, "GS", "there");
        vm.stopPrank();
        vm.startPrank(registrar);
        origins.acceptExport(first);
        origins.acceptExport(second);
        origins.confirmExport(first, "entry 1");
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.EntryUsed.selector, bytes32("entry 1")));
        origins.confirmExport(second, "entry 1");
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.UnknownExport.selector, 9));
        origins.confirmExport(9, "entry 2");
        vm.stopPrank();
    }

    function test_export_rejectedOrCancelled_isFreeAgain() public {
        _bring(1, 100, 0);
        vm.startPrank(buyerKey);
        uint256 first = origins.requestExport(unit, 60, "GS", "there");
        uint256 second = origins.requestExport(unit, 40, "GS", "there");
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.NotTheAccount.selector, otherKey, buyer));
        vm.prank(otherKey);
        origins.cancelExport(first);
        vm.expectEmit(address(origins));
        emit IOriginRegister.ExportCancelled(first);
        vm.prank(buyerKey);
        origins.cancelExport(first);
        vm.startPrank(registrar);
        vm.expectRevert(IOriginRegister.DigestMissing.selector);
        origins.rejectExport(second, 0);
        vm.expectEmit(address(origins));
        emit IOriginRegister.ExportRejected(second, "no such account");
        origins.rejectExport(second, "no such account");
        vm.stopPrank();
        assertEq(ledger.freeOf(buyer, unit), 100, "free");
        assertEq(origins.exportCount(), 2, "count");
        assertEq(uint256(origins.exportOf(first).state), uint256(IOriginRegister.ExportState.CANCELLED), "cancelled");
    }

    function test_export_whatCannotBeMeant_reverts() public {
        _bring(1, 100, 0);
        vm.startPrank(buyerKey);
        vm.expectRevert(abi.encodeWithSelector(IOriginRegister.NotACredit.selector, gbp));
        origins.requestExport(gbp, 1, "GS", "there");
        vm.expectRevert(IOriginRegister.DigestMissing.selector);
        origins.requestExport(unit, 1, "GS", 0);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, buyer, unit, 100, 101));
        origins.requestExport(unit, 101, "GS", "there");
        vm.stopPrank();
        setEligibility(buyer, AccountKind.OPERATOR, 3, Restrictions.NO_TRANSFER);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        vm.prank(buyerKey);
        origins.requestExport(unit, 1, "GS", "there");
    }

    /* WHO MAY */

    function test_administration_byAStranger_reverts() public {
        bytes[6] memory calls = [
            abi.encodeCall(origins.acceptRegistry, ("GS", true, "c")),
            abi.encodeCall(origins.enterProject, ("GS", "p")),
            abi.encodeCall(origins.bringIn, (origin(1, 2), 0, buyer, unit, "d")),
            abi.encodeCall(origins.acceptExport, (1)),
            abi.encodeCall(origins.confirmExport, (1, "e")),
            abi.encodeCall(origins.rejectExport, (1, "c"))
        ];
        bytes memory refused = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(stranger);
            (bool done, bytes memory answer) = address(origins).call(calls[i]);
            assertFalse(done, "done");
            assertEq(keccak256(answer), keccak256(refused), "refusal");
        }
    }
}
