// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { Initializable } from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import {
    AccountKind,
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

/// @dev Instruments defined, units issued, bound and cancelled; who may.
contract LedgerUnitsTest is MarketSuite {
    IInstrumentLedger.Reason private constant SURRENDER = IInstrumentLedger.Reason.SURRENDER;

    address private alice = address(0xA11CE);
    address private stranger = address(0x57A);
    address private holder;
    address private me = address(this);

    function setUp() public {
        setUpMarket(0, 0);
        holder = openFunded(alice, 100, 1000);
    }

    function refusedModule() private view returns (bytes memory) {
        return abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, me);
    }

    function credit() private pure returns (InstrumentId) {
        return instrumentId(InstrumentClass.CREDIT, 1, 2020, 77, 0);
    }

    /* INSTRUMENTS */

    // @requirement R-AST-1
    function test_define_new_isOpen() public {
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.InstrumentDefined(InstrumentId.unwrap(credit()), 123, "terms");
        ledger.defineInstrument(credit(), 123, "terms");
        IInstrumentLedger.Instrument memory known = ledger.instrumentOf(InstrumentId.unwrap(credit()));
        assertTrue(known.state == IInstrumentLedger.InstrumentState.OPEN);
        assertEq(known.validUntil, 123);
        assertEq(known.issued, 0);
        assertEq(known.cancelled, 0);
    }

    function test_define_again_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentExists.selector, uka));
        ledger.defineInstrument(InstrumentId.wrap(uka), 0, "terms");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentExists.selector, gbp));
        ledger.defineInstrument(InstrumentId.wrap(gbp), 0, "terms");
    }

    function test_define_malformed_refused() public {
        uint256[4] memory malformed = [uint256(0), uint256(7), uint256(4) << 80, (uint256(1) << 88) | uka];
        for (uint256 i; i < malformed.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(MalformedInstrument.selector, malformed[i]));
            ledger.defineInstrument(InstrumentId.wrap(malformed[i]), 0, "terms");
        }
    }

    function test_setState_unknownOrNone_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, credit()));
        ledger.setState(credit(), IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, uka));
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.NONE);
    }

    function test_setState_closed_tells() public {
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.InstrumentStateChanged(uka, IInstrumentLedger.InstrumentState.CLOSED);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        assertTrue(ledger.instrumentOf(uka).state == IInstrumentLedger.InstrumentState.CLOSED);
    }

    function test_construct_mainMoneyThatIsNone_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, uka));
        new InstrumentLedger(
            IInstrumentLedger.Siblings({
                registry: me,
                book: me,
                cashDesk: me,
                allocator: me,
                complianceDesk: me,
                transferRules: me,
                authorityDesk: me
            }),
            InstrumentId.wrap(uka)
        );
    }

    function test_initialize_again_refused() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        ledger.initialize("terms");
        vm.prank(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        ledger.initialize("terms");
    }

    function test_mainMoney_isTheOneGiven() public view {
        assertEq(ledger.mainMoney(), gbp);
    }

    /* ISSUE */

    // @requirement R-AST-1 every block of serials follows the one before
    function test_issue_blocks_numberTheUnits() public {
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.UnitsIssued(uka, holder, 101, 7, "cause");
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(me, address(0), holder, uka, 7);
        assertEq(ledger.issue(holder, uka, 7, "cause"), 101);
        assertEq(ledger.issue(holder, uka, 1, "cause"), 108);
        assertEq(ledger.balanceOf(holder, uka), 108);
        assertEq(ledger.instrumentOf(uka).issued, 108);
    }

    function test_issue_afterCancellation_neverReusesASerial() public {
        ledger.cancel(alice, uka, 100, "cause");
        assertEq(ledger.issue(holder, uka, 1, "cause"), 101);
    }

    function test_issue_nothingOrTooMuch_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        ledger.issue(holder, uka, 0, "cause");
        uint256 left = type(uint96).max - 100;
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, left + 1));
        ledger.issue(holder, uka, left + 1, "cause");
        ledger.issue(holder, uka, left, "cause");
        assertEq(ledger.balanceOf(holder, uka), type(uint96).max);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 1));
        ledger.issue(holder, uka, 1, "cause");
    }

    function test_issue_withoutCause_refused() public {
        vm.expectRevert(IInstrumentLedger.CauseMissing.selector);
        ledger.issue(holder, uka, 1, 0);
    }

    function test_issue_toIneligible_refused() public {
        ledger.setEligibility(holder, eligible(Restrictions.NO_RECEIPT));
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, holder));
        ledger.issue(holder, uka, 1, "cause");
    }

    function test_issue_undefinedClosedOrExpired_refused() public {
        InstrumentId brief = instrumentId(InstrumentClass.ALLOWANCE, 826, 2023, 0, 0);
        uint256 id = InstrumentId.unwrap(brief);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.UnknownInstrument.selector, id));
        ledger.issue(holder, id, 1, "cause");
        ledger.defineInstrument(brief, uint40(block.timestamp), "terms");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, id, block.timestamp));
        ledger.issue(holder, id, 1, "cause");
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, uka, 0));
        ledger.issue(holder, uka, 1, "cause");
    }

    function test_issue_credits_onlyByTheirIssuer() public {
        ledger.defineInstrument(credit(), 0, "terms");
        uint256 id = InstrumentId.unwrap(credit());
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, me, address(0)));
        ledger.issue(holder, id, 5, "cause");

        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.CreditIssuerAppointed(me);
        ledger.appointCreditIssuer(me);
        assertEq(ledger.issue(holder, id, 5, "cause"), 1);

        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.CannotAppoint.selector, address(book)));
        ledger.appointCreditIssuer(address(book));
    }

    function test_appointCreditIssuer_withoutCode_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.CannotAppoint.selector, stranger));
        ledger.appointCreditIssuer(stranger);
    }

    /* CANCEL */

    // @requirement R-AST-6
    function test_cancel_freeUnits_ceaseToExist() public {
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.UnitsCancelled(uka, holder, 30, "cause");
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(alice, holder, address(0), uka, 30);
        assertEq(ledger.cancel(alice, uka, 30, "cause"), holder);
        assertEq(ledger.balanceOf(holder, uka), 70);
        assertEq(ledger.instrumentOf(uka).cancelled, 30);
        assertEq(ledger.instrumentOf(uka).issued, 100, "issued stays");
    }

    function test_cancel_boundUnits_refused() public {
        ledger.encumber(holder, uka, 50, SURRENDER, "application");
        ledger.setFrozenTokens(holder, uka, 20);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, holder, uka, 30, 31));
        ledger.cancel(alice, uka, 31, "cause");
    }

    function test_cancel_badQuantityOrCause_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        ledger.cancel(alice, uka, 0, "cause");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 1 << 96));
        ledger.cancel(alice, uka, 1 << 96, "cause");
        vm.expectRevert(IInstrumentLedger.CauseMissing.selector);
        ledger.cancel(alice, uka, 1, 0);
    }

    // @requirement R-ACC-2
    function test_cancel_keyThatMayNot_refused() public {
        uint16 needed = Rights.INITIATE | Rights.APPROVE;
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        ledger.cancel(stranger, uka, 1, "cause");

        ledger.setEligibility(holder, eligible(Restrictions.NO_TRANSFER));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, holder, Restrictions.NO_TRANSFER, Restrictions.NO_TRANSFER
            )
        );
        ledger.cancel(alice, uka, 1, "cause");

        ledger.setRepresentation(
            alice, Representation({ account: holder, certificateUntil: FAR, rights: Rights.APPROVE })
        );
        vm.expectRevert(
            abi.encodeWithSelector(IEligibility.MissingRight.selector, alice, holder, Rights.APPROVE, needed)
        );
        ledger.cancel(alice, uka, 1, "cause");
    }

    /* BINDING */

    // @requirement R-AST-3
    function test_encumber_free_boundUntilReleased() public {
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.Encumbered(holder, uka, SURRENDER, 60, "application");
        ledger.encumber(holder, uka, 60, SURRENDER, "application");
        assertEq(ledger.encumberedFor(holder, uka, SURRENDER), 60);
        assertEq(ledger.encumberedOf(holder, uka), 60);
        assertEq(ledger.freeOf(holder, uka), 40);
        assertEq(ledger.balanceOf(holder, uka), 100);

        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.Released(holder, uka, SURRENDER, 20, "withdrawn");
        ledger.release(holder, uka, 20, SURRENDER, "withdrawn");
        assertEq(ledger.encumberedFor(holder, uka, SURRENDER), 40);
        assertEq(ledger.freeOf(holder, uka), 60);
    }

    function test_encumber_severalReasons_addUp() public {
        ledger.appointBinder(IInstrumentLedger.Reason.PLEDGE, me);
        ledger.encumber(holder, gbp, 300, IInstrumentLedger.Reason.WITHDRAWAL, "withdrawal");
        ledger.encumber(holder, gbp, 500, IInstrumentLedger.Reason.PLEDGE, "pledge");
        assertEq(ledger.encumberedOf(holder, gbp), 800);
        assertEq(ledger.freeOf(holder, gbp), 200);
        vm.expectRevert(
            abi.encodeWithSelector(
                IInstrumentLedger.InsufficientEncumbered.selector,
                holder,
                gbp,
                IInstrumentLedger.Reason.WITHDRAWAL,
                300,
                301
            )
        );
        ledger.release(holder, gbp, 301, IInstrumentLedger.Reason.WITHDRAWAL, "withdrawal");
        ledger.release(holder, gbp, 500, IInstrumentLedger.Reason.PLEDGE, "pledge");
        ledger.release(holder, gbp, 300, IInstrumentLedger.Reason.WITHDRAWAL, "withdrawal");
        assertEq(ledger.freeOf(holder, gbp), 1000);
    }

    function test_encumber_moreThanFree_refused() public {
        ledger.setFrozenTokens(holder, uka, 30);
        ledger.encumber(holder, uka, 50, SURRENDER, "application");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, holder, uka, 20, 21));
        ledger.encumber(holder, uka, 21, SURRENDER, "application");
    }

    function test_binding_badQuantity_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        ledger.encumber(holder, uka, 0, SURRENDER, "application");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 1 << 96));
        ledger.encumber(holder, uka, 1 << 96, SURRENDER, "application");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        ledger.release(holder, uka, 0, SURRENDER, "application");
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.BadQuantity.selector, 0));
        ledger.cancelEncumbered(holder, uka, 0, SURRENDER, "application");
    }

    // @requirement R-CMP-1
    function test_cancelEncumbered_bound_ceaseToExist() public {
        ledger.encumber(holder, uka, 60, SURRENDER, "application");
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.Released(holder, uka, SURRENDER, 45, "surrender");
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.UnitsCancelled(uka, holder, 45, "surrender");
        vm.expectEmit(address(ledger));
        emit IERC1155.TransferSingle(me, holder, address(0), uka, 45);
        ledger.cancelEncumbered(holder, uka, 45, SURRENDER, "surrender");
        assertEq(ledger.encumberedOf(holder, uka), 15);
        assertEq(ledger.balanceOf(holder, uka), 55);
        assertEq(ledger.freeOf(holder, uka), 40, "free untouched");
        assertEq(ledger.instrumentOf(uka).cancelled, 45);
    }

    function test_cancelEncumbered_moreThanBoundOrWithoutCause_refused() public {
        ledger.encumber(holder, uka, 60, SURRENDER, "application");
        vm.expectRevert(
            abi.encodeWithSelector(IInstrumentLedger.InsufficientEncumbered.selector, holder, uka, SURRENDER, 60, 61)
        );
        ledger.cancelEncumbered(holder, uka, 61, SURRENDER, "surrender");
        vm.expectRevert(IInstrumentLedger.CauseMissing.selector);
        ledger.cancelEncumbered(holder, uka, 60, SURRENDER, 0);
    }

    // @requirement R-ACC-1 each reason has one module that may bind and release under it
    function test_binding_byAnotherModule_refused() public {
        for (uint8 i; i <= uint8(type(IInstrumentLedger.Reason).max); ++i) {
            IInstrumentLedger.Reason reason = IInstrumentLedger.Reason(i);
            bytes memory error = abi.encodeWithSelector(
                IInstrumentLedger.NotTheBinder.selector, stranger, reason, ledger.binderOf(reason)
            );
            vm.startPrank(stranger);
            vm.expectRevert(error);
            ledger.encumber(holder, uka, 1, reason, "cause");
            vm.expectRevert(error);
            ledger.release(holder, uka, 1, reason, "cause");
            vm.expectRevert(error);
            ledger.cancelEncumbered(holder, uka, 1, reason, "cause");
            vm.expectRevert(error);
            ledger.moveEncumbered(holder, holder, uka, 1, reason, "cause");
            vm.stopPrank();
        }
        assertEq(ledger.binderOf(SURRENDER), me);
        assertEq(ledger.binderOf(IInstrumentLedger.Reason.WITHDRAWAL), me);
        assertEq(ledger.binderOf(IInstrumentLedger.Reason.DELAYED_TRANSFER), me);
        assertEq(ledger.binderOf(IInstrumentLedger.Reason.PLEDGE), address(0));
    }

    function test_appointBinder_onceAReason_andOnlyContracts() public {
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.BinderAppointed(IInstrumentLedger.Reason.DISPUTE, address(book));
        ledger.appointBinder(IInstrumentLedger.Reason.DISPUTE, address(book));

        bytes memory error = abi.encodeWithSelector(IInstrumentLedger.CannotAppoint.selector, me);
        vm.expectRevert(error);
        ledger.appointBinder(IInstrumentLedger.Reason.DISPUTE, me);
        vm.expectRevert(error);
        ledger.appointBinder(SURRENDER, me);
        vm.expectRevert(error);
        ledger.appointBinder(IInstrumentLedger.Reason.WITHDRAWAL, me);
        vm.expectRevert(error);
        ledger.appointBinder(IInstrumentLedger.Reason.NONE, me);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.CannotAppoint.selector, stranger));
        ledger.appointBinder(IInstrumentLedger.Reason.LISTING, stranger);
    }

    /* MODULES AND ROLES */

    // @requirement R-ACC-1
    function test_moduleFunctions_byStranger_refused() public {
        vm.startPrank(stranger);
        vm.expectRevert(refusedModule());
        ledger.setEligibility(stranger, eligible(0));
        vm.expectRevert(refusedModule());
        ledger.setRepresentation(
            stranger, Representation({ account: holder, certificateUntil: FAR, rights: Rights.ALL })
        );
        vm.expectRevert(refusedModule());
        ledger.issue(holder, uka, 1, "cause");
        vm.expectRevert(refusedModule());
        ledger.issue(holder, gbp, 1, "cause");
        vm.expectRevert(refusedModule());
        ledger.cancel(alice, uka, 1, "cause");
        bytes memory error = abi.encodeWithSelector(Governed.NotTheModule.selector, stranger, address(book));
        vm.expectRevert(error);
        settle(true, 0, 0, new uint256[](0));
        vm.expectRevert(error);
        ledger.releaseEscrow(stranger, gbp, 1);
        vm.expectRevert(error);
        ledger.releaseEscrowTo(alice, gbp, 1, holder);
        vm.stopPrank();
    }

    // @requirement R-ACC-1
    function test_restrictedFunctions_byStranger_refused() public {
        bytes memory error = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(error);
        ledger.defineInstrument(credit(), 0, "terms");
        vm.expectRevert(error);
        ledger.setState(InstrumentId.wrap(uka), IInstrumentLedger.InstrumentState.CLOSED);
        vm.expectRevert(error);
        ledger.appointBinder(IInstrumentLedger.Reason.PLEDGE, address(book));
        vm.expectRevert(error);
        ledger.appointCreditIssuer(address(book));
        vm.expectRevert(error);
        ledger.upgradeToAndCall(stranger, "");
        vm.stopPrank();
    }

    /* ESCROW: the test speaks as the book */

    function test_settle_purchase_movesBothWays() public {
        address maker = openAccount(address(0xB0B));
        uint256[] memory makers = new uint256[](1);
        makers[0] = uint256(uint160(maker)) << 96 | 90;
        vm.prank(address(book));
        address account = settle(true, 100, 7, makers);
        assertEq(account, holder);
        assertEq(ledger.balanceOf(holder, gbp), 900);
        assertEq(ledger.balanceOf(holder, uka), 107);
        assertEq(ledger.balanceOf(maker, gbp), 90);
    }

    function test_settle_sale_movesBothWays() public {
        address maker = openAccount(address(0xB0B));
        uint256[] memory makers = new uint256[](2);
        makers[0] = uint256(uint160(maker)) << 96 | 4;
        makers[1] = uint256(uint160(maker)) << 96 | 6;
        vm.prank(address(book));
        settle(false, 12, 50, makers);
        assertEq(ledger.balanceOf(holder, uka), 88);
        assertEq(ledger.balanceOf(holder, gbp), 1050);
        assertEq(ledger.balanceOf(maker, uka), 10);
    }

    // @requirement R-TRD-7
    function test_settle_blockedOrOwnMakers_movesNothing() public {
        address bad = openAccount(address(0xBAD));
        ledger.setEligibility(bad, eligible(Restrictions.NO_TRADE));
        address good = openAccount(address(0x600D));
        Eligibility memory e = eligible(0);
        e.owner = 9;
        ledger.setEligibility(holder, e);
        address sister = openAccount(address(0x515));
        ledger.setEligibility(sister, e);
        uint256[] memory makers = new uint256[](4);
        makers[0] = uint256(uint160(good)) << 96 | 1;
        makers[1] = uint256(uint160(bad)) << 96 | 1;
        makers[2] = uint256(uint160(sister)) << 96 | 1;
        makers[3] = uint256(uint160(holder)) << 96 | 1;
        vm.prank(address(book));
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.MakersRefused.selector, 2, 12)); // bit 1; bits 2 and 3
        settle(true, 100, 7, makers);
        assertEq(ledger.balanceOf(holder, gbp), 1000, "nothing moved");
        assertEq(ledger.balanceOf(good, gbp), 0, "nothing moved");
    }

    function test_settle_tooManyMakers_refused() public {
        uint256[] memory makers = new uint256[](256);
        vm.prank(address(book));
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.TooManyMakers.selector, 256));
        settle(true, 100, 7, makers);
    }

    function test_settle_moreThanFree_refused() public {
        vm.startPrank(address(book));
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, holder, gbp, 1000, 1001));
        settle(true, 1001, 7, new uint256[](0));
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, holder, uka, 100, 101));
        settle(false, 101, 7, new uint256[](0));
        vm.stopPrank();
    }

    function test_releaseEscrowTo_anothersOrWithoutTheRight_refused() public {
        address other = openAccount(address(0xB0B));
        vm.prank(address(book));
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.NotTheAccount.selector, alice, other));
        ledger.releaseEscrowTo(alice, uka, 1, other);

        uint16 rights = Rights.ALL & ~Rights.TRADE;
        ledger.setRepresentation(alice, Representation({ account: holder, certificateUntil: FAR, rights: rights }));
        vm.prank(address(book));
        vm.expectRevert(abi.encodeWithSelector(IEligibility.MissingRight.selector, alice, holder, rights, Rights.TRADE));
        ledger.releaseEscrowTo(alice, uka, 1, holder);
    }

    /// @dev For `alice`, as whoever is pranked.
    function settle(bool buys, uint96 debit, uint96 credit_, uint256[] memory makers) private returns (address) {
        return ledger.settle(makers, uint256(debit) << 96 | credit_, uka | (buys ? 1 << 82 : 0), alice);
    }

    /* ELIGIBILITY */

    function test_eligibility_told_andReadBack() public {
        Eligibility memory e = eligible(5);
        e.region = 44;
        e.owner = 1234;
        vm.expectEmit(address(ledger));
        emit IEligibility.EligibilityChanged(holder, e);
        ledger.setEligibility(holder, e);
        assertEq(keccak256(abi.encode(ledger.eligibilityOf(holder))), keccak256(abi.encode(e)));

        Representation memory r = Representation({ account: holder, certificateUntil: 77, rights: 3 });
        vm.expectEmit(address(ledger));
        emit IEligibility.RepresentationChanged(stranger, holder, 77, 3);
        ledger.setRepresentation(stranger, r);
        assertEq(keccak256(abi.encode(ledger.representationOf(stranger))), keccak256(abi.encode(r)));
    }

    function test_actingFor_firstReasonWhyNot() public {
        assertEq(ledger.actingFor(alice, Rights.SURRENDER, Restrictions.NO_SURRENDER), holder);
        vm.expectRevert(abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        ledger.actingFor(stranger, 0, 0);
        ledger.setEligibility(holder, eligible(Restrictions.NO_SURRENDER));
        assertEq(ledger.actingFor(alice, Rights.SURRENDER, Restrictions.NO_TRADE), holder);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector, holder, Restrictions.NO_SURRENDER, Restrictions.NO_SURRENDER
            )
        );
        ledger.actingFor(alice, Rights.SURRENDER, Restrictions.NO_SURRENDER);
    }

    // The main money lies in the eligibility word: neither disturbs the other.
    function testFuzz_mainMoneyAndEligibility_neverDisturbEachOther(
        uint96 money,
        uint96 more,
        bool bind,
        uint8 status,
        uint8 kind,
        uint16 bars,
        uint16 region,
        uint32 owner,
        uint40 until
    ) public {
        address account = openAccount(stranger);
        money = uint96(bound(money, 1, type(uint96).max - 1001));
        ledger.issue(account, gbp, money, "deposit");
        if (bind) ledger.encumber(account, gbp, money, IInstrumentLedger.Reason.WITHDRAWAL, "cause");

        Eligibility memory e = eligible(bars);
        e.status = toStatus(status);
        e.kind = toKind(kind);
        e.region = region;
        e.owner = owner;
        e.certificateUntil = until;
        ledger.setEligibility(account, e);
        assertEq(ledger.balanceOf(account, gbp), money, "money");
        assertEq(ledger.freeOf(account, gbp), bind ? 0 : money, "bound");
        assertEq(keccak256(abi.encode(ledger.eligibilityOf(account))), keccak256(abi.encode(e)), "eligibility");

        more = uint96(bound(more, 1, 1000));
        vm.prank(address(book));
        ledger.releaseEscrow(account, gbp, more);
        assertEq(ledger.balanceOf(account, gbp), uint256(money) + more, "more money");
        assertEq(ledger.freeOf(account, gbp), bind ? more : uint256(money) + more, "bound");
        assertEq(keccak256(abi.encode(ledger.eligibilityOf(account))), keccak256(abi.encode(e)), "eligibility");

        if (bind) ledger.release(account, gbp, money, IInstrumentLedger.Reason.WITHDRAWAL, "cause");
        assertEq(ledger.freeOf(account, gbp), uint256(money) + more, "free again");
        assertEq(keccak256(abi.encode(ledger.eligibilityOf(account))), keccak256(abi.encode(e)), "eligibility");
    }

    function toStatus(uint8 raw) private pure returns (AccountStatus) {
        return AccountStatus(raw % 4);
    }

    function toKind(uint8 raw) private pure returns (AccountKind) {
        return AccountKind(raw % 11);
    }
}
