// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { IERC1155MetadataURI } from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";
import { IERC1155Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import { IERC165 } from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import {
    AccountStatus,
    Eligibility,
    Representation,
    Restrictions,
    Rights
} from "../../../contracts/types/Accounts.sol";
import {
    InstrumentClass,
    InstrumentId,
    MalformedInstrument,
    instrumentId
} from "../../../contracts/types/InstrumentId.sol";
import { MarketSuite } from "../support/MarketSuite.sol";
import { Vm } from "../support/Vm.sol";

/// @dev ERC-1155 as its text has it, save the departures that `IInstrumentLedger` names.
contract LedgerTransfersTest is MarketSuite {
    address private alice = address(0xA11CE);
    address private bob = address(0xB0B);
    address private stranger = address(0x57A);
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

    function transfer(address key, uint256 id, uint256 value) private {
        vm.prank(key);
        ledger.safeTransferFrom(from, to, id, value, "");
    }

    function refuse(address key, bytes memory error) private {
        uint256[] memory ids = new uint256[](1);
        uint256[] memory values = new uint256[](1);
        ids[0] = uka;
        values[0] = 1;
        vm.prank(key);
        vm.expectRevert(error);
        ledger.safeTransferFrom(from, to, uka, 1, "");
        vm.prank(key);
        vm.expectRevert(error);
        ledger.safeBatchTransferFrom(from, to, ids, values, "");
    }

    function two(uint256 a, uint256 b) private pure returns (uint256[] memory list) {
        list = new uint256[](2);
        list[0] = a;
        list[1] = b;
    }

    /* BALANCES */

    function test_balanceOf_unknownAccountOrInstrument_zero() public view {
        assertEq(ledger.balanceOf(address(0), uka), 0);
        assertEq(ledger.balanceOf(stranger, uka), 0);
        assertEq(ledger.balanceOf(from, 999), 0);
        assertEq(ledger.balanceOf(from, type(uint256).max), 0);
    }

    function test_balanceOfBatch_pairs_inTheirOrder() public view {
        address[] memory accounts = new address[](3);
        uint256[] memory ids = new uint256[](3);
        (accounts[0], accounts[1], accounts[2]) = (from, to, from);
        (ids[0], ids[1], ids[2]) = (gbp, uka, second);
        uint256[] memory balances = ledger.balanceOfBatch(accounts, ids);
        assertEq(balances.length, 3);
        assertEq(balances[0], 1000);
        assertEq(balances[1], 0);
        assertEq(balances[2], 50);
    }

    function test_balanceOfBatch_differentLengths_refused() public {
        address[] memory accounts = new address[](2);
        uint256[] memory ids = new uint256[](3);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.LengthMismatch.selector, 2, 3));
        ledger.balanceOfBatch(accounts, ids);
    }

    /* SINGLE */

    // @requirement R-AST-3
    function test_transfer_byRepresentative_movesAndTellsOnce() public {
        vm.recordLogs();
        transfer(alice, uka, 30);
        Vm.Log[] memory logs = vm.getRecordedLogs();

        assertEq(ledger.balanceOf(from, uka), 70);
        assertEq(ledger.balanceOf(to, uka), 30);
        assertEq(logs.length, 1, "one event");
        assertEq(logs[0].topics[0], IERC1155.TransferSingle.selector);
        assertEq(logs[0].topics[1], bytes32(uint256(uint160(alice))), "operator");
        assertEq(logs[0].topics[2], bytes32(uint256(uint160(from))), "from");
        assertEq(logs[0].topics[3], bytes32(uint256(uint160(to))), "to");
        (uint256 id, uint256 value) = abi.decode(logs[0].data, (uint256, uint256));
        assertEq(id, uka);
        assertEq(value, 30);
    }

    function test_transfer_mainMoney_moves() public {
        transfer(alice, gbp, 400);
        assertEq(ledger.balanceOf(from, gbp), 600);
        assertEq(ledger.balanceOf(to, gbp), 400);
    }

    function test_transfer_all_leavesNothing() public {
        transfer(alice, uka, 100);
        assertEq(ledger.balanceOf(from, uka), 0);
        assertEq(ledger.balanceOf(to, uka), 100);
    }

    function test_transfer_nothing_tells() public {
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(alice, from, to, uka, 0);
        transfer(alice, uka, 0);
        assertEq(ledger.balanceOf(from, uka), 100);
    }

    function test_transfer_toOneself_changesNothing() public {
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(alice, from, from, uka, 60);
        vm.prank(alice);
        ledger.safeTransferFrom(from, from, uka, 60, "");
        assertEq(ledger.balanceOf(from, uka), 100);
    }

    function test_transfer_toCode_callsNoHook() public {
        // An address with code that reverts whatever it is asked: no hook runs, so nothing can stop a transfer.
        vm.etch(to, hex"fe");
        transfer(alice, uka, 1);
        assertEq(ledger.balanceOf(to, uka), 1);
    }

    function test_transfer_toZero_refused() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, address(0)));
        ledger.safeTransferFrom(from, address(0), uka, 1, "");
    }

    function test_transfer_beyondTheBalance_refused() public {
        bytes memory error =
            abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, from, 100, 101, uka);
        vm.expectRevert(error);
        transfer(alice, uka, 101);
        error = abi.encodeWithSelector(
            IERC1155Errors.ERC1155InsufficientBalance.selector, from, 1000, type(uint256).max, gbp
        );
        vm.expectRevert(error);
        transfer(alice, gbp, type(uint256).max);
    }

    function test_transfer_undefinedInstrument_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, 999));
        transfer(alice, 999, 0);
    }

    // @requirement R-AST-5
    function test_transfer_closedOrExpiredInstrument_refused() public {
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0));
        transfer(alice, uka, 1);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.OPEN);
        transfer(alice, uka, 1);

        InstrumentId brief = instrumentId(InstrumentClass.ALLOWANCE, 826, 2023, 0, 0);
        uint40 until = uint40(block.timestamp + 10);
        ledger.defineInstrument(brief, until, "terms");
        ledger.issue(from, InstrumentId.unwrap(brief), 5, "issue");
        vm.warp(until - 1);
        transfer(alice, InstrumentId.unwrap(brief), 1);
        vm.warp(until);
        vm.expectRevert(
            abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, InstrumentId.unwrap(brief), until)
        );
        transfer(alice, InstrumentId.unwrap(brief), 1);
    }

    /* WHO */

    // @requirement R-TRD-7
    function test_transfer_byStranger_refused() public {
        refuse(stranger, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        // The account's own address has no key; nobody signs for it.
        refuse(from, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, from));
    }

    function test_transfer_byAnothersRepresentative_refused() public {
        refuse(bob, abi.encodeWithSelector(IInstrumentLedger.NotTheAccount.selector, bob, from));
    }

    // @requirement R-ACC-2
    function test_transfer_byKeyLackingAnyOfTheRights_refused() public {
        uint16 needed = Rights.INITIATE | Rights.APPROVE;
        uint16[5] memory lacking = [
            Rights.READ,
            Rights.INITIATE,
            Rights.APPROVE,
            Rights.TRADE | Rights.SURRENDER | Rights.REPORT | Rights.INITIATE,
            Rights.ALL & ~Rights.INITIATE
        ];
        for (uint256 i; i < lacking.length; ++i) {
            ledger.setRepresentation(
                alice, Representation({ account: from, certificateUntil: FAR, rights: lacking[i] })
            );
            refuse(alice, abi.encodeWithSelector(IEligibility.MissingRight.selector, alice, from, lacking[i], needed));
        }
    }

    // @requirement R-ID-6
    function test_transfer_byKeyWithExpiredCertificate_refused() public {
        uint40 until = uint40(block.timestamp);
        ledger.setRepresentation(alice, Representation({ account: from, certificateUntil: until, rights: Rights.ALL }));
        refuse(alice, abi.encodeWithSelector(IEligibility.CertificateExpired.selector, alice, until));
    }

    // @requirement R-ID-6
    function test_transfer_fromAccountWithExpiredCertificate_refused() public {
        Eligibility memory e = eligible(0);
        e.certificateUntil = uint40(block.timestamp);
        ledger.setEligibility(from, e);
        refuse(alice, abi.encodeWithSelector(IEligibility.CertificateExpired.selector, from, e.certificateUntil));
    }

    function test_transfer_fromInactiveAccount_refused() public {
        AccountStatus[3] memory states = [AccountStatus.NONE, AccountStatus.SUSPENDED, AccountStatus.CLOSED];
        for (uint256 i; i < states.length; ++i) {
            Eligibility memory e = eligible(0);
            e.status = states[i];
            ledger.setEligibility(from, e);
            refuse(alice, abi.encodeWithSelector(IEligibility.AccountNotActive.selector, from, uint8(states[i])));
        }
    }

    // @requirement R-CMP-3
    function test_transfer_fromAccountBarredFromTransfers_refused() public {
        ledger.setEligibility(from, eligible(Restrictions.NO_TRANSFER | Restrictions.NO_SURRENDER));
        refuse(
            alice,
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector,
                from,
                Restrictions.NO_TRANSFER | Restrictions.NO_SURRENDER,
                Restrictions.NO_TRANSFER
            )
        );
        ledger.setEligibility(
            from, eligible(Restrictions.NO_TRADE | Restrictions.NO_RECEIPT | Restrictions.NO_SURRENDER)
        );
        transfer(alice, uka, 1); // other restrictions are about other acts
    }

    function test_transfer_toIneligibleAccount_refused() public {
        bytes memory error = abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, to);
        ledger.setEligibility(to, eligible(Restrictions.NO_RECEIPT));
        refuse(alice, error);
        Eligibility memory e = eligible(0);
        e.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(to, e);
        refuse(alice, error);
        e = eligible(0);
        e.certificateUntil = uint40(block.timestamp);
        ledger.setEligibility(to, e);
        refuse(alice, error);
    }

    function test_transfer_byRemovedKey_refused() public {
        ledger.setRepresentation(alice, Representation({ account: address(0), certificateUntil: 0, rights: 0 }));
        refuse(alice, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, alice));
    }

    // @requirement R-ACC-2
    function test_transfer_byReplacementKey_needsNoMove() public {
        address fresh = address(0xF8E5);
        ledger.setRepresentation(alice, Representation({ account: address(0), certificateUntil: 0, rights: 0 }));
        ledger.setRepresentation(fresh, Representation({ account: from, certificateUntil: FAR, rights: Rights.ALL }));
        transfer(fresh, uka, 100);
        assertEq(ledger.balanceOf(to, uka), 100);
    }

    /* BATCH */

    function test_batch_severalIds_movesAllAndTellsOnce() public {
        vm.recordLogs();
        vm.prank(alice);
        ledger.safeBatchTransferFrom(from, to, two(uka, second), two(10, 20), "");
        Vm.Log[] memory logs = vm.getRecordedLogs();

        assertEq(ledger.balanceOf(to, uka), 10);
        assertEq(ledger.balanceOf(to, second), 20);
        assertEq(ledger.balanceOf(from, uka), 90);
        assertEq(ledger.balanceOf(from, second), 30);
        assertEq(logs.length, 1, "one event");
        assertEq(logs[0].topics[0], IERC1155.TransferBatch.selector);
        assertEq(logs[0].topics[1], bytes32(uint256(uint160(alice))), "operator");
        (uint256[] memory ids, uint256[] memory values) = abi.decode(logs[0].data, (uint256[], uint256[]));
        assertEq(ids[0], uka);
        assertEq(ids[1], second);
        assertEq(values[0], 10);
        assertEq(values[1], 20);
    }

    function test_batch_empty_tells() public {
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferBatch(alice, from, to, new uint256[](0), new uint256[](0));
        vm.prank(alice);
        ledger.safeBatchTransferFrom(from, to, new uint256[](0), new uint256[](0), "");
    }

    function test_batch_repeatedIdBeyondTheBalance_refused() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC1155Errors.ERC1155InsufficientBalance.selector, from, 40, 50, uka));
        ledger.safeBatchTransferFrom(from, to, two(uka, uka), two(60, 50), "");
    }

    function test_batch_oneLineFails_nothingMoves() public {
        vm.prank(alice);
        vm.expectRevert();
        ledger.safeBatchTransferFrom(from, to, two(uka, second), two(10, 51), "");
        assertEq(ledger.balanceOf(from, uka), 100);
    }

    function test_batch_differentLengths_refused() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.LengthMismatch.selector, 2, 1));
        ledger.safeBatchTransferFrom(from, to, two(uka, uka), new uint256[](1), "");
    }

    function test_batch_toZero_refused() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, address(0)));
        ledger.safeBatchTransferFrom(from, address(0), two(uka, second), two(1, 1), "");
    }

    /* APPROVALS, METADATA, INTERFACES */

    function test_setApprovalForAll_anybody_refused() public {
        vm.prank(alice);
        vm.expectRevert(IInstrumentLedger.ApprovalsNotSupported.selector);
        ledger.setApprovalForAll(bob, true);
        vm.prank(alice);
        vm.expectRevert(IInstrumentLedger.ApprovalsNotSupported.selector);
        ledger.setApprovalForAll(bob, false);
    }

    function test_isApprovedForAll_says_whoMayMove() public {
        assertTrue(ledger.isApprovedForAll(from, alice));
        assertFalse(ledger.isApprovedForAll(from, bob));
        assertFalse(ledger.isApprovedForAll(from, from));
        assertFalse(ledger.isApprovedForAll(address(0), stranger), "nobody's key");
        ledger.setRepresentation(
            alice, Representation({ account: from, certificateUntil: FAR, rights: Rights.INITIATE })
        );
        assertFalse(ledger.isApprovedForAll(from, alice));
        ledger.setRepresentation(
            alice, Representation({ account: from, certificateUntil: uint40(block.timestamp), rights: Rights.ALL })
        );
        assertFalse(ledger.isApprovedForAll(from, alice));
    }

    function test_uri_eachClass_saysWhatItIs() public view {
        assertEq(ledger.uri(uka), "data:application/json,%7B%22name%22:%22Allowance%20{id}%22,%22decimals%22:0%7D");
        assertEq(
            ledger.uri(InstrumentId.unwrap(instrumentId(InstrumentClass.CREDIT, 1, 2020, 77, 3))),
            "data:application/json,%7B%22name%22:%22Credit%20{id}%22,%22decimals%22:0%7D"
        );
        assertEq(ledger.uri(gbp), "data:application/json,%7B%22name%22:%22Money%20{id}%22%7D");
    }

    function test_uri_malformed_refused() public {
        uint256[3] memory malformed = [uint256(7), uint256(4) << 80, uint256(1) << 88];
        for (uint256 i; i < malformed.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(MalformedInstrument.selector, malformed[i]));
            ledger.uri(malformed[i]);
        }
    }

    function test_supportsInterface_theStandards_andNothingElse() public view {
        assertTrue(ledger.supportsInterface(0x01ffc9a7), "ERC-165");
        assertTrue(ledger.supportsInterface(0xd9b67a26), "ERC-1155");
        assertTrue(ledger.supportsInterface(0x0e89341c), "ERC-1155 metadata");
        assertTrue(ledger.supportsInterface(0x41c4fbad), "ERC-7943 multi-token");
        assertFalse(ledger.supportsInterface(0xffffffff), "never");
        assertFalse(ledger.supportsInterface(0x3edbb4c4), "ERC-7943 fungible");
        assertFalse(ledger.supportsInterface(0xbf1ef5fe), "ERC-7943 non-fungible");
        assertFalse(ledger.supportsInterface(0x4e2312e0), "no receiver");
        assertTrue(type(IERC165).interfaceId == 0x01ffc9a7);
        assertTrue(type(IERC1155).interfaceId == 0xd9b67a26);
        assertTrue(type(IERC1155MetadataURI).interfaceId == 0x0e89341c);
        assertTrue(type(IERC7943MultiToken).interfaceId == 0x41c4fbad);
    }

    // @requirement R-ACC-2 a key without the right never moves a unit
    function testFuzz_transfer_anyKeyAnyRights_movesOnlyWithBoth(uint16 rights, uint40 until, uint8 status, uint16 bars)
        public
    {
        Eligibility memory e = eligible(bars);
        e.status = AccountStatus(status % 4);
        ledger.setEligibility(from, e);
        ledger.setRepresentation(alice, Representation({ account: from, certificateUntil: until, rights: rights }));
        uint16 both = Rights.INITIATE | Rights.APPROVE;
        bool may = rights & both == both && until > block.timestamp && e.status == AccountStatus.ACTIVE
            && bars & Restrictions.NO_TRANSFER == 0;

        vm.prank(alice);
        (bool ok,) = address(ledger).call(abi.encodeCall(ledger.safeTransferFrom, (from, to, uka, 1, "")));

        assertEq(ok, may, "moved");
        assertEq(ledger.balanceOf(to, uka), may ? 1 : 0);
        assertEq(ledger.canSend(from), e.status == AccountStatus.ACTIVE && bars & Restrictions.NO_TRANSFER == 0, "send");
    }
}
