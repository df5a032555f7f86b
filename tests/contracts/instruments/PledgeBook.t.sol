// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { Governed } from "../../../contracts/governance/Governed.sol";
import { IERC7943MultiToken } from "../../../contracts/instruments/IERC7943.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IPledgeBook } from "../../../contracts/instruments/IPledgeBook.sol";
import { PledgeBook } from "../../../contracts/instruments/PledgeBook.sol";
import { IOrderBook } from "../../../contracts/market/IOrderBook.sol";
import { IEligibility } from "../../../contracts/registry/IEligibility.sol";
import {
    AccountStatus,
    Eligibility,
    Representation,
    Restrictions,
    Rights
} from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId, Side } from "../../../contracts/types/OrderId.sol";
import { AuthoritySuite } from "../support/AuthoritySuite.sol";

// @requirement R-STK-2
contract PledgeBookTest is AuthoritySuite {
    function setUp() public {
        setUpAuthority();
    }

    function _units(uint256 a, uint256 x, uint256 b, uint256 y)
        private
        pure
        returns (IPledgeBook.Units[] memory units_)
    {
        units_ = new IPledgeBook.Units[](2);
        units_[0] = IPledgeBook.Units(a, x);
        units_[1] = IPledgeBook.Units(b, y);
    }

    function _foreclosable(uint256 instrument, uint256 quantity) private returns (uint256 id) {
        id = pledged(instrument, quantity);
        _noticed(id);
    }

    /// @dev What was due is not paid; notice was given, and its period is over.
    function _noticed(uint256 id) private {
        vm.warp(block.timestamp + 30 days + 1);
        vm.prank(bob);
        pledges.giveNotice(id);
        vm.warp(block.timestamp + NOTICE);
    }

    /// @dev Each as its key, refused with `error`.
    function _refused(address key, bytes memory call, bytes memory error) private {
        vm.prank(key);
        (bool done, bytes memory why) = address(pledges).call(call);
        assertFalse(done, "refused");
        assertEq(keccak256(why), keccak256(error), "why");
    }

    /* OFFER */

    // @requirement R-STK-2
    function test_offer_ofFreeUnits_bindsThem() public {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        vm.expectEmit(address(pledges));
        emit IPledgeBook.PledgeOffered(1, aliceAccount, bobAccount, terms_, line(uka, 300));
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.Encumbered(aliceAccount, uka, PLEDGE, 300, bytes32(uint256(1)));
        uint256 id = offered(uka, 300);
        assertEq(ledger.freeOf(aliceAccount, uka), 700, "free");
        (IPledgeBook.Pledge memory pledge, IPledgeBook.Units[] memory units_) = pledges.pledgeOf(id);
        assertEq(pledge.pledgor, aliceAccount, "pledgor");
        assertEq(pledge.terms.agreement, bytes32("agreement"), "agreement");
        assertEq(units_.length, 1, "lines");
        assertEq(units_[0].quantity, 300, "quantity");
        assertState(id, IPledgeBook.PledgeState.OFFERED);
        assertEq(pledges.pledgeCount(), 1, "count");
    }

    function test_offer_linesOfOneInstrument_areAddedUp() public {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        vm.prank(alice);
        uint256 id = pledges.offer(terms_, _units(uka, 10, uka, 20));
        (, IPledgeBook.Units[] memory units_) = pledges.pledgeOf(id);
        assertEq(units_.length, 1, "one line");
        assertEq(units_[0].quantity, 30, "sum");
        assertEq(boundOf(aliceAccount, uka), 30, "bound");
    }

    function test_offer_withBadTerms_reverts() public {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        IPledgeBook.Units[] memory units_ = line(uka, 5);

        terms_.agreement = 0;
        _refuseTerms(terms_, _bad(terms_));
        terms_ = termsTo(aliceAccount);
        _refuseTerms(terms_, _bad(terms_));
        terms_ = termsTo(bobAccount);
        terms_.receiver = aliceAccount;
        _refuseTerms(terms_, _bad(terms_));
        terms_ = termsTo(bobAccount);
        terms_.due = uint40(block.timestamp);
        _refuseTerms(terms_, abi.encodeWithSelector(IPledgeBook.BadDue.selector, terms_.due));
        terms_ = termsTo(bobAccount);
        terms_.offerUntil = uint40(block.timestamp - 1);
        _refuseTerms(terms_, abi.encodeWithSelector(IPledgeBook.BadDue.selector, terms_.offerUntil));
        terms_ = termsTo(bobAccount);
        terms_.noticePeriod = NOTICE - 1;
        _refuseTerms(terms_, abi.encodeWithSelector(IPledgeBook.NoticeTooShort.selector, NOTICE - 1, NOTICE));
        terms_ = termsTo(accountOf(stranger));
        _refuseTerms(terms_, abi.encodeWithSelector(IPledgeBook.NotEligible.selector, accountOf(stranger)));
        terms_ = termsTo(bobAccount);
        bar(carol, Restrictions.NO_RECEIPT);
        terms_.receiver = carolAccount;
        _refuseTerms(terms_, abi.encodeWithSelector(IPledgeBook.NotEligible.selector, carolAccount));
        assertEq(units_.length, 1, "lines");
    }

    function _bad(IPledgeBook.PledgeTerms memory terms_) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IPledgeBook.BadPledgeTerms.selector, terms_.pledgee, terms_.receiver, terms_.agreement
        );
    }

    function _refuseTerms(IPledgeBook.PledgeTerms memory terms_, bytes memory error) private {
        _refused(alice, abi.encodeCall(PledgeBook.offer, (terms_, line(uka, 5))), error);
    }

    function test_offer_ofWhatCannotBePledged_reverts() public {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        _refuseUnits(line(gbp, 5), abi.encodeWithSelector(IPledgeBook.NotPledgeable.selector, gbp));
        uint256 unknown = InstrumentId.unwrap(instrumentId(InstrumentClass.ALLOWANCE, 1, 1, 1, 1));
        _refuseUnits(line(unknown, 5), abi.encodeWithSelector(IPledgeBook.NotPledgeable.selector, unknown));
        uint256 wide = uka | 1 << 88;
        _refuseUnits(line(wide, 5), abi.encodeWithSelector(IPledgeBook.NotPledgeable.selector, wide));
        _refuseUnits(line(uka, 0), abi.encodeWithSelector(IPledgeBook.BadQuantity.selector, 0));
        _refuseUnits(line(uka, 1 << 96), abi.encodeWithSelector(IPledgeBook.BadQuantity.selector, 1 << 96));
        uint256 most = type(uint96).max;
        _refuseUnits(
            _units(uka, most, uka, 1), abi.encodeWithSelector(IPledgeBook.BadQuantity.selector, uint256(1) << 96)
        );
        _refuseUnits(
            line(uka, UNITS + 1),
            abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, aliceAccount, uka, UNITS, UNITS + 1)
        );
        _refuseUnits(new IPledgeBook.Units[](0), abi.encodeWithSelector(IPledgeBook.BadUnits.selector, 0, 8));
        _refuseUnits(new IPledgeBook.Units[](9), abi.encodeWithSelector(IPledgeBook.BadUnits.selector, 9, 8));
        ledger.setState(InstrumentId.wrap(later), IInstrumentLedger.InstrumentState.CLOSED);
        _refuseUnits(line(later, 5), abi.encodeWithSelector(IPledgeBook.NotPledgeable.selector, later));
        assertEq(terms_.pledgee, bobAccount, "terms");
    }

    function _refuseUnits(IPledgeBook.Units[] memory units_, bytes memory error) private {
        _refused(alice, abi.encodeCall(PledgeBook.offer, (termsTo(bobAccount), units_)), error);
    }

    function test_offer_ofMoreInstrumentsThanAPledgeHolds_reverts() public {
        uint256 id = pledged(uka, 1);
        for (uint16 i = 1; i <= 8; ++i) {
            InstrumentId series = instrumentId(InstrumentClass.ALLOWANCE, 826, 2021, 0, i);
            ledger.defineInstrument(series, 0, "terms");
            ledger.issue(aliceAccount, InstrumentId.unwrap(series), 1, "issue");
            if (i == 8) {
                _refused(
                    alice,
                    abi.encodeCall(PledgeBook.topUp, (id, line(InstrumentId.unwrap(series), 1))),
                    abi.encodeWithSelector(IPledgeBook.BadUnits.selector, 9, 8)
                );
            } else {
                vm.prank(alice);
                pledges.topUp(id, line(InstrumentId.unwrap(series), 1));
            }
        }
    }

    function test_offer_byWhoMayNot_reverts() public {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        bytes memory call = abi.encodeCall(PledgeBook.offer, (terms_, line(uka, 5)));
        _refused(stranger, call, abi.encodeWithSelector(IEligibility.NotARepresentative.selector, stranger));
        bar(alice, Restrictions.NO_TRANSFER);
        _refused(
            alice,
            call,
            abi.encodeWithSelector(
                IEligibility.AccountRestricted.selector,
                aliceAccount,
                Restrictions.NO_TRANSFER,
                Restrictions.NO_TRANSFER
            )
        );
        bar(alice, 0);
        ledger.setRepresentation(alice, Representation(aliceAccount, FAR, Rights.INITIATE | Rights.TRADE));
        _refused(
            alice,
            call,
            abi.encodeWithSelector(
                IEligibility.MissingRight.selector,
                alice,
                aliceAccount,
                Rights.INITIATE | Rights.TRADE,
                Rights.INITIATE | Rights.APPROVE
            )
        );
    }

    function test_offer_withdrawnDeclinedOrLapsed_givesTheUnitsBack() public {
        uint256 first = offered(uka, 100);
        uint256 secondOffer = offered(uka, 200);
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        terms_.offerUntil = uint40(block.timestamp + 1 hours);
        vm.prank(alice);
        uint256 third = pledges.offer(terms_, line(uka, 300));
        assertEq(boundOf(aliceAccount, uka), 600, "bound");

        _refused(
            bob,
            abi.encodeCall(PledgeBook.withdrawOffer, (first)),
            abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, first, bobAccount, aliceAccount)
        );
        _refused(
            alice,
            abi.encodeCall(PledgeBook.decline, (first)),
            abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, first, aliceAccount, bobAccount)
        );
        vm.prank(alice);
        pledges.withdrawOffer(first);
        vm.expectEmit(address(pledges));
        emit IPledgeBook.PledgeClosed(secondOffer, IPledgeBook.PledgeState.DECLINED);
        vm.prank(bob);
        pledges.decline(secondOffer);
        assertState(first, IPledgeBook.PledgeState.WITHDRAWN);
        assertState(secondOffer, IPledgeBook.PledgeState.DECLINED);

        _refused(
            stranger,
            abi.encodeCall(PledgeBook.lapse, (third)),
            abi.encodeWithSelector(IPledgeBook.OfferStands.selector, third, terms_.offerUntil)
        );
        vm.warp(block.timestamp + 1 hours + 1);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.accept, (third)),
            abi.encodeWithSelector(IPledgeBook.OfferOver.selector, third, terms_.offerUntil)
        );
        vm.prank(stranger);
        pledges.lapse(third);
        assertState(third, IPledgeBook.PledgeState.LAPSED);
        assertEq(ledger.freeOf(aliceAccount, uka), UNITS, "all free again");
    }

    function test_offer_withoutAnEnd_lapsesWhenItIsDue() public {
        uint256 id = offered(uka, 100);
        vm.warp(block.timestamp + 30 days);
        vm.expectPartialRevert(IPledgeBook.OfferStands.selector);
        pledges.lapse(id);
        vm.warp(block.timestamp + 1);
        vm.prank(bob);
        vm.expectPartialRevert(IPledgeBook.OfferOver.selector);
        pledges.accept(id);
        pledges.lapse(id);
        assertEq(ledger.freeOf(aliceAccount, uka), UNITS, "free");
    }

    function test_accept_byThePledgee_makesItStand() public {
        uint256 id = offered(uka, 100);
        _refused(
            carol,
            abi.encodeCall(PledgeBook.accept, (id)),
            abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, id, carolAccount, bobAccount)
        );
        vm.expectEmit(address(pledges));
        emit IPledgeBook.PledgeAccepted(id);
        vm.prank(bob);
        pledges.accept(id);
        assertState(id, IPledgeBook.PledgeState.ACTIVE);
        _refused(
            alice,
            abi.encodeCall(PledgeBook.withdrawOffer, (id)),
            abi.encodeWithSelector(
                IPledgeBook.PledgeNotIn.selector, id, IPledgeBook.PledgeState.ACTIVE, IPledgeBook.PledgeState.OFFERED
            )
        );
    }

    function test_accept_whileASideIsBarred_reverts() public {
        uint256 id = offered(uka, 100);
        bytes memory call = abi.encodeCall(PledgeBook.accept, (id));
        bar(alice, Restrictions.NO_TRANSFER);
        _refused(bob, call, abi.encodeWithSelector(IPledgeBook.NotEligible.selector, aliceAccount));
        bar(alice, 0);
        bar(bob, Restrictions.NO_RECEIPT);
        _refused(bob, call, abi.encodeWithSelector(IPledgeBook.NotEligible.selector, bobAccount));
        bar(bob, 0);
        vm.prank(bob);
        pledges.accept(id);
    }

    function test_pledge_unknown_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IPledgeBook.UnknownPledge.selector, 7));
        pledges.pledgeOf(7);
        vm.expectRevert(abi.encodeWithSelector(IPledgeBook.UnknownPledge.selector, 0));
        pledges.lapse(0);
    }

    /* WHILE IT STANDS: nothing moves what is pledged */

    // @requirement R-STK-2 a pledged unit can be neither sold nor surrendered
    function test_pledgedUnits_onEveryPath_stay() public {
        pledged(uka, UNITS);
        uint256 instrument = uka;
        vm.startPrank(alice);
        // sold
        IOrderBook.Order memory order = orderOf(Side.SELL, 100, 1);
        vm.expectRevert(_insufficient(1));
        book.place(order);
        // transferred, alone and in a batch, also to the pledgee
        vm.expectRevert(_unfrozen(1));
        ledger.safeTransferFrom(aliceAccount, carolAccount, instrument, 1, "");
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (instrument, instrument);
        uint256[] memory values = new uint256[](2);
        (values[0], values[1]) = (1, 1);
        vm.expectRevert(_unfrozen(1));
        ledger.safeBatchTransferFrom(aliceAccount, bobAccount, ids, values, "");
        // pledged once more
        IPledgeBook.PledgeTerms memory terms_ = termsTo(carolAccount);
        vm.expectRevert(_insufficient(1));
        pledges.offer(terms_, line(instrument, 1));
        vm.stopPrank();
        // surrendered, or bound for any other reason that a module has
        vm.expectRevert(_insufficient(1));
        ledger.encumber(aliceAccount, instrument, 1, IInstrumentLedger.Reason.SURRENDER, "application");
        vm.expectRevert(_insufficient(1));
        ledger.encumber(aliceAccount, instrument, 1, IInstrumentLedger.Reason.DELAYED_TRANSFER, "transfer");
        // cancelled voluntarily
        vm.expectRevert(_insufficient(1));
        ledger.cancel(alice, instrument, 1, "purpose");
        // moved by the transfer rules
        vm.expectRevert(_unfrozen(1));
        ledger.moveFor(alice, aliceAccount, carolAccount, instrument, 1);
        // released, moved or cancelled by another module
        bytes memory notBinder =
            abi.encodeWithSelector(IInstrumentLedger.NotTheBinder.selector, address(this), PLEDGE, address(pledges));
        vm.expectRevert(notBinder);
        ledger.release(aliceAccount, instrument, 1, PLEDGE, "x");
        vm.expectRevert(notBinder);
        ledger.moveEncumbered(aliceAccount, carolAccount, instrument, 1, PLEDGE, "x");
        vm.expectRevert(notBinder);
        ledger.cancelEncumbered(aliceAccount, instrument, 1, PLEDGE, "x");
        // taken by the authority without naming the pledge
        vm.expectRevert(_insufficient(1));
        force(aliceAccount, carolAccount, instrument, 1);

        assertEq(ledger.balanceOf(aliceAccount, instrument), UNITS, "balance");
        assertEq(boundOf(aliceAccount, instrument), UNITS, "bound");
        assertFalse(ledger.canTransfer(aliceAccount, carolAccount, instrument, 1), "canTransfer");
    }

    function _insufficient(uint256 needed) private view returns (bytes memory) {
        return abi.encodeWithSelector(IInstrumentLedger.InsufficientFree.selector, aliceAccount, uka, 0, needed);
    }

    function _unfrozen(uint256 needed) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IERC7943MultiToken.ERC7943InsufficientUnfrozenBalance.selector, aliceAccount, uka, needed, 0
        );
    }

    function test_topUp_byThePledgor_addsUnits() public {
        uint256 id = pledged(uka, 100);
        vm.expectEmit(address(pledges));
        emit IPledgeBook.PledgeToppedUp(id, _units(uka, 50, credit, 7));
        vm.prank(alice);
        pledges.topUp(id, _units(uka, 50, credit, 7));
        (, IPledgeBook.Units[] memory units_) = pledges.pledgeOf(id);
        assertEq(units_[0].quantity, 150, "allowances");
        assertEq(units_[1].quantity, 7, "credits");
        _refused(
            bob,
            abi.encodeCall(PledgeBook.topUp, (id, line(uka, 1))),
            abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, id, bobAccount, aliceAccount)
        );
        bar(alice, Restrictions.NO_TRANSFER);
        vm.prank(alice);
        vm.expectPartialRevert(IEligibility.AccountRestricted.selector);
        pledges.topUp(id, line(uka, 1));
    }

    // What is added to a pledge whose notice has run out would be foreclosed at once, past all delays of transfers.
    // @requirement R-STK-2
    function test_adding_whileANoticeStands_reverts() public {
        uint256 id = _foreclosable(uka, 100);
        (IPledgeBook.Pledge memory pledge,) = pledges.pledgeOf(id);
        bytes memory error = abi.encodeWithSelector(IPledgeBook.UnderNotice.selector, id, pledge.noticeAt);
        _refused(alice, abi.encodeCall(PledgeBook.topUp, (id, line(uka, 1))), error);
        _refused(alice, abi.encodeCall(PledgeBook.proposeExchange, (id, line(uka, 1), line(credit, 1))), error);
        vm.prank(bob);
        pledges.withdrawNotice(id);
        vm.prank(alice);
        pledges.topUp(id, line(uka, 1));
        _refused(
            bob,
            abi.encodeCall(PledgeBook.forecloseAll, (id)),
            abi.encodeWithSelector(IPledgeBook.ForeclosureTooEarly.selector, id, 0)
        );
    }

    function test_adding_toAPledgeOfShortNotice_reverts() public {
        uint256 id = pledged(uka, 100);
        vm.prank(officer);
        pledges.setLeastNotice(NOTICE + 1);
        bytes memory error = abi.encodeWithSelector(IPledgeBook.NoticeTooShort.selector, NOTICE, NOTICE + 1);
        _refused(alice, abi.encodeCall(PledgeBook.topUp, (id, line(uka, 1))), error);
        _refused(alice, abi.encodeCall(PledgeBook.proposeExchange, (id, line(uka, 1), line(credit, 1))), error);
    }

    function test_release_partAndAll_freesThem() public {
        uint256 id = pledged(uka, 100);
        _refused(
            alice,
            abi.encodeCall(PledgeBook.release, (id, line(uka, 1))),
            abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, id, aliceAccount, bobAccount)
        );
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.Released(aliceAccount, uka, PLEDGE, 40, bytes32(id));
        vm.prank(bob);
        pledges.release(id, line(uka, 40));
        assertEq(ledger.freeOf(aliceAccount, uka), UNITS - 60, "free");
        assertState(id, IPledgeBook.PledgeState.ACTIVE);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.release, (id, line(uka, 61))),
            abi.encodeWithSelector(IPledgeBook.PledgedLess.selector, id, uka, 60, 61)
        );
        _refused(
            bob,
            abi.encodeCall(PledgeBook.release, (id, line(later, 1))),
            abi.encodeWithSelector(IPledgeBook.PledgedLess.selector, id, later, 0, 1)
        );
        _refused(
            bob,
            abi.encodeCall(PledgeBook.release, (id, line(uka, 0))),
            abi.encodeWithSelector(IPledgeBook.BadQuantity.selector, 0)
        );
        vm.prank(bob);
        pledges.release(id, _units(uka, 30, uka, 30));
        assertState(id, IPledgeBook.PledgeState.RELEASED);
        assertEq(ledger.freeOf(aliceAccount, uka), UNITS, "all free");

        uint256 other = pledged(uka, 100);
        vm.prank(bob);
        pledges.releaseAll(other);
        assertState(other, IPledgeBook.PledgeState.RELEASED);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.releaseAll, (other)),
            abi.encodeWithSelector(
                IPledgeBook.PledgeNotIn.selector,
                other,
                IPledgeBook.PledgeState.RELEASED,
                IPledgeBook.PledgeState.ACTIVE
            )
        );
    }

    function test_release_whileThePledgorIsSuspended_works() public {
        uint256 id = pledged(uka, 100);
        Eligibility memory suspended = eligible(Restrictions.ALL);
        suspended.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(aliceAccount, suspended);
        vm.prank(bob);
        pledges.releaseAll(id);
        assertEq(boundOf(aliceAccount, uka), 0, "bound");
    }

    /* EXCHANGE */

    function test_exchange_accepted_changesPlacesInOneCall() public {
        uint256 id = pledged(uka, 100);
        vm.expectEmit(address(pledges));
        emit IPledgeBook.ExchangeProposed(id, 1, line(uka, 60), line(later, 80));
        vm.prank(alice);
        uint32 number = pledges.proposeExchange(id, line(uka, 60), line(later, 80));
        assertEq(boundOf(aliceAccount, later), 80, "bound from the proposal on");
        assertEq(boundOf(aliceAccount, uka), 100, "still bound");
        (uint32 open, IPledgeBook.Units[] memory removed, IPledgeBook.Units[] memory added) = pledges.exchangeOf(id);
        assertEq(open, number, "open");
        assertEq(removed[0].quantity, 60, "removed");
        assertEq(added[0].quantity, 80, "added");

        vm.expectEmit(address(pledges));
        emit IPledgeBook.ExchangeEnded(id, 1, true);
        vm.prank(bob);
        pledges.acceptExchange(id, number);
        assertEq(boundOf(aliceAccount, uka), 40, "what is left");
        assertEq(boundOf(aliceAccount, later), 80, "what came");
        (open,,) = pledges.exchangeOf(id);
        assertEq(open, 0, "none is open");
        vm.prank(bob);
        pledges.releaseAll(id);
        assertEq(boundOf(aliceAccount, uka) + boundOf(aliceAccount, later), 0, "nothing stuck");
    }

    function test_exchange_ofAll_keepsThePledgeStanding() public {
        uint256 id = pledged(uka, 100);
        vm.prank(alice);
        pledges.proposeExchange(id, line(uka, 100), line(uka, 90));
        assertEq(boundOf(aliceAccount, uka), 190, "both");
        vm.prank(bob);
        pledges.acceptExchange(id, 1);
        assertState(id, IPledgeBook.PledgeState.ACTIVE);
        assertEq(boundOf(aliceAccount, uka), 90, "the new ones");
    }

    function test_exchange_droppedByEitherSide_freesWhatItBound() public {
        uint256 id = pledged(uka, 100);
        vm.startPrank(alice);
        pledges.proposeExchange(id, line(uka, 60), line(later, 80));
        vm.expectRevert(abi.encodeWithSelector(IPledgeBook.ExchangeOpen.selector, id, 1));
        pledges.proposeExchange(id, line(uka, 60), line(later, 80));
        pledges.dropExchange(id);
        assertEq(boundOf(aliceAccount, later), 0, "free again");
        vm.expectRevert(abi.encodeWithSelector(IPledgeBook.NoSuchExchange.selector, id, 0, 0));
        pledges.dropExchange(id);
        pledges.proposeExchange(id, line(uka, 60), line(later, 10));
        vm.stopPrank();
        _refused(
            carol,
            abi.encodeCall(PledgeBook.dropExchange, (id)),
            abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, id, carolAccount, aliceAccount)
        );
        // The number of the one that he saw is not that of the one that is open.
        _refused(
            bob,
            abi.encodeCall(PledgeBook.acceptExchange, (id, 1)),
            abi.encodeWithSelector(IPledgeBook.NoSuchExchange.selector, id, 1, 2)
        );
        vm.prank(bob);
        pledges.dropExchange(id);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.acceptExchange, (id, 0)),
            abi.encodeWithSelector(IPledgeBook.NoSuchExchange.selector, id, 0, 0)
        );
        assertEq(boundOf(aliceAccount, later), 0, "free again");
    }

    function test_exchange_ofWhatIsNotPledged_isNotAccepted() public {
        uint256 id = pledged(uka, 100);
        vm.startPrank(alice);
        uint256 wide = uint256(uka) | 1 << 88;
        vm.expectRevert(abi.encodeWithSelector(IPledgeBook.NotPledgeable.selector, wide));
        pledges.proposeExchange(id, line(wide, 1), line(later, 1));
        pledges.proposeExchange(id, line(uka, 101), line(later, 1));
        vm.stopPrank();
        _refused(
            bob,
            abi.encodeCall(PledgeBook.acceptExchange, (id, 1)),
            abi.encodeWithSelector(IPledgeBook.PledgedLess.selector, id, uka, 100, 101)
        );
        bar(alice, Restrictions.NO_TRANSFER);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.acceptExchange, (id, 1)),
            abi.encodeWithSelector(IPledgeBook.NotEligible.selector, aliceAccount)
        );
    }

    function test_exchange_openWhenThePledgeEnds_endsWithIt() public {
        uint256 id = pledged(uka, 100);
        vm.prank(alice);
        pledges.proposeExchange(id, line(uka, 60), line(later, 80));
        vm.prank(bob);
        pledges.release(id, line(uka, 100));
        assertState(id, IPledgeBook.PledgeState.RELEASED);
        assertEq(boundOf(aliceAccount, later), 0, "nothing stuck");

        uint256 other = pledged(uka, 100);
        vm.prank(alice);
        pledges.proposeExchange(other, line(uka, 60), line(later, 80));
        _noticed(other);
        vm.prank(bob);
        pledges.forecloseAll(other);
        assertState(other, IPledgeBook.PledgeState.FORECLOSED);
        assertEq(boundOf(aliceAccount, later), 0, "nothing stuck");
        assertEq(ledger.balanceOf(bobAccount, later), 0, "was not pledged");
    }

    /* AMENDMENT */

    function test_amendment_agreedByBoth_changesTheTerms() public {
        uint256 id = pledged(uka, 100);
        vm.warp(block.timestamp + 30 days + 1);
        vm.prank(bob);
        pledges.giveNotice(id);
        IPledgeBook.Amendment memory amendment =
            IPledgeBook.Amendment(carolAccount, uint40(block.timestamp + 60 days), "addendum");
        vm.expectEmit(address(pledges));
        emit IPledgeBook.AmendmentProposed(id, false, amendment);
        vm.prank(alice);
        pledges.proposeAmendment(id, amendment);

        // Not by who proposed it, and not with other words.
        bytes memory none = abi.encodeWithSelector(IPledgeBook.NoSuchAmendment.selector, id);
        _refused(alice, abi.encodeCall(PledgeBook.acceptAmendment, (id, amendment)), none);
        amendment.due += 1;
        _refused(bob, abi.encodeCall(PledgeBook.acceptAmendment, (id, amendment)), none);
        amendment.due -= 1;
        vm.expectEmit(address(pledges));
        emit IPledgeBook.PledgeAmended(id, amendment);
        vm.prank(bob);
        pledges.acceptAmendment(id, amendment);
        (IPledgeBook.Pledge memory pledge,) = pledges.pledgeOf(id);
        assertEq(pledge.terms.receiver, carolAccount, "receiver");
        assertEq(pledge.terms.due, amendment.due, "due");
        assertEq(pledge.terms.agreement, bytes32("addendum"), "agreement");
        assertEq(pledge.noticeAt, 0, "the notice is void");
        _refused(bob, abi.encodeCall(PledgeBook.acceptAmendment, (id, amendment)), none);
    }

    function test_amendment_dropped_isGone() public {
        uint256 id = pledged(uka, 100);
        IPledgeBook.Amendment memory amendment =
            IPledgeBook.Amendment(bobAccount, uint40(block.timestamp + 60 days), "addendum");
        bytes memory none = abi.encodeWithSelector(IPledgeBook.NoSuchAmendment.selector, id);
        _refused(bob, abi.encodeCall(PledgeBook.dropAmendment, (id)), none);
        vm.prank(bob);
        pledges.proposeAmendment(id, amendment);
        vm.expectEmit(address(pledges));
        emit IPledgeBook.AmendmentDropped(id);
        vm.prank(alice);
        pledges.dropAmendment(id);
        _refused(alice, abi.encodeCall(PledgeBook.acceptAmendment, (id, amendment)), none);
    }

    function test_amendment_thatIsNone_reverts() public {
        uint256 id = pledged(uka, 100);
        (IPledgeBook.Pledge memory pledge,) = pledges.pledgeOf(id);
        uint40 due = pledge.terms.due;
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IPledgeBook.BadDue.selector, due - 1));
        pledges.proposeAmendment(id, IPledgeBook.Amendment(bobAccount, due - 1, "addendum"));
        vm.expectPartialRevert(IPledgeBook.BadPledgeTerms.selector);
        pledges.proposeAmendment(id, IPledgeBook.Amendment(aliceAccount, due, "addendum"));
        vm.expectPartialRevert(IPledgeBook.BadPledgeTerms.selector);
        pledges.proposeAmendment(id, IPledgeBook.Amendment(bobAccount, due, 0));
        vm.expectRevert(abi.encodeWithSelector(IPledgeBook.NotEligible.selector, address(book)));
        pledges.proposeAmendment(id, IPledgeBook.Amendment(address(book), due, "addendum"));
        vm.stopPrank();
    }

    /* FORECLOSURE */

    // @requirement R-STK-2
    function test_foreclosure_inTime_movesToTheReceiver() public {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        terms_.receiver = carolAccount;
        vm.prank(alice);
        uint256 id = pledges.offer(terms_, _units(uka, 100, credit, 9));
        vm.prank(bob);
        pledges.accept(id);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.forecloseAll, (id)),
            abi.encodeWithSelector(IPledgeBook.ForeclosureTooEarly.selector, id, 0)
        );
        vm.warp(terms_.due);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.giveNotice, (id)),
            abi.encodeWithSelector(IPledgeBook.PledgeNotDue.selector, id, terms_.due)
        );
        vm.warp(terms_.due + 1);
        uint256 from = uint256(terms_.due) + 1 + NOTICE;
        vm.expectEmit(address(pledges));
        emit IPledgeBook.NoticeGiven(id, from);
        vm.prank(bob);
        pledges.giveNotice(id);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.giveNotice, (id)),
            abi.encodeWithSelector(IPledgeBook.NoticeGivenAlready.selector, id, terms_.due + 1)
        );
        vm.warp(from - 1);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.foreclose, (id, line(uka, 40))),
            abi.encodeWithSelector(IPledgeBook.ForeclosureTooEarly.selector, id, from)
        );
        vm.warp(from);
        _refused(
            carol,
            abi.encodeCall(PledgeBook.foreclose, (id, line(uka, 40))),
            abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, id, carolAccount, bobAccount)
        );
        // A suspended pledgor does not protect himself so.
        Eligibility memory suspended = eligible(0);
        suspended.status = AccountStatus.SUSPENDED;
        ledger.setEligibility(aliceAccount, suspended);
        vm.expectEmit(address(ledger));
        emit IInstrumentLedger.EncumberedMoved(aliceAccount, carolAccount, uka, PLEDGE, 40, bytes32(id));
        vm.prank(bob);
        pledges.foreclose(id, line(uka, 40));
        assertEq(ledger.balanceOf(carolAccount, uka), UNITS + 40, "receiver");
        assertEq(ledger.freeOf(carolAccount, uka), UNITS + 40, "free there");
        assertEq(boundOf(aliceAccount, uka), 60, "still pledged");
        assertState(id, IPledgeBook.PledgeState.ACTIVE);

        vm.expectEmit(address(pledges));
        emit IPledgeBook.PledgeClosed(id, IPledgeBook.PledgeState.FORECLOSED);
        vm.prank(bob);
        pledges.forecloseAll(id);
        assertEq(ledger.balanceOf(aliceAccount, uka), UNITS - 100, "pledgor");
        assertEq(ledger.balanceOf(carolAccount, credit), 9, "credits");
        assertEq(boundOf(aliceAccount, uka) + boundOf(aliceAccount, credit), 0, "nothing bound");
    }

    function test_foreclosure_noticeWithdrawn_startsOver() public {
        uint256 id = _foreclosable(uka, 100);
        _refused(
            alice,
            abi.encodeCall(PledgeBook.withdrawNotice, (id)),
            abi.encodeWithSelector(IPledgeBook.NotTheSide.selector, id, aliceAccount, bobAccount)
        );
        vm.expectEmit(address(pledges));
        emit IPledgeBook.NoticeWithdrawn(id);
        vm.prank(bob);
        pledges.withdrawNotice(id);
        _refused(
            bob,
            abi.encodeCall(PledgeBook.withdrawNotice, (id)),
            abi.encodeWithSelector(IPledgeBook.ForeclosureTooEarly.selector, id, 0)
        );
        _refused(
            bob,
            abi.encodeCall(PledgeBook.forecloseAll, (id)),
            abi.encodeWithSelector(IPledgeBook.ForeclosureTooEarly.selector, id, 0)
        );
        vm.prank(bob);
        pledges.giveNotice(id);
    }

    // @requirement R-AST-5 what becomes of a pledge whose instrument is closed
    function test_foreclosure_ofAClosedInstrument_waits() public {
        uint256 id = pledged(later, 100);
        vm.prank(alice);
        pledges.topUp(id, line(uka, 5));
        _noticed(id);
        ledger.setState(InstrumentId.wrap(later), IInstrumentLedger.InstrumentState.CLOSED);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.InstrumentNotOpen.selector, later, 0));
        pledges.forecloseAll(id);
        // The open ones go, the closed ones can be exchanged or released.
        vm.prank(bob);
        pledges.foreclose(id, line(uka, 5));
        vm.prank(bob);
        pledges.withdrawNotice(id);
        vm.prank(alice);
        pledges.proposeExchange(id, line(later, 60), line(uka, 60));
        vm.startPrank(bob);
        pledges.acceptExchange(id, 1);
        pledges.release(id, line(later, 40));
        pledges.giveNotice(id);
        vm.warp(block.timestamp + NOTICE);
        pledges.forecloseAll(id);
        vm.stopPrank();
        assertState(id, IPledgeBook.PledgeState.FORECLOSED);
        assertEq(ledger.balanceOf(bobAccount, uka), UNITS + 65, "open ones");
        assertEq(ledger.freeOf(aliceAccount, later), UNITS, "closed ones");
    }

    function test_foreclosure_whileTheReceiverIsBarred_waits() public {
        uint256 id = _foreclosable(uka, 100);
        bar(bob, Restrictions.NO_RECEIPT);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC7943MultiToken.ERC7943CannotReceive.selector, bobAccount));
        pledges.forecloseAll(id);
        // Another receiver by agreement; then the notice begins anew.
        IPledgeBook.Amendment memory amendment =
            IPledgeBook.Amendment(carolAccount, uint40(block.timestamp), "addendum");
        vm.prank(alice);
        pledges.proposeAmendment(id, amendment);
        vm.startPrank(bob);
        pledges.acceptAmendment(id, amendment);
        vm.warp(block.timestamp + 1);
        pledges.giveNotice(id);
        vm.warp(block.timestamp + NOTICE);
        pledges.forecloseAll(id);
        vm.stopPrank();
        assertEq(ledger.balanceOf(carolAccount, uka), UNITS + 100, "receiver");
    }

    // @requirement R-AST-3 a freeze stops a foreclosure as far as it exceeds what is free
    function test_foreclosure_ofFrozenUnits_waits() public {
        uint256 id = _foreclosable(uka, 600);
        freezeAll(aliceAccount, uka, 500); // 400 are free
        bytes memory error = abi.encodeWithSelector(IPledgeBook.FrozenByAuthority.selector, aliceAccount, uka, 500);
        _refused(bob, abi.encodeCall(PledgeBook.forecloseAll, (id)), error);
        _refused(bob, abi.encodeCall(PledgeBook.foreclose, (id, _units(uka, 500, uka, 1))), error);
        vm.prank(bob);
        pledges.foreclose(id, line(uka, 500));
        assertEq(ledger.balanceOf(aliceAccount, uka), 500, "what is frozen stays");
        freezeAll(aliceAccount, uka, type(uint256).max);
        error = abi.encodeWithSelector(IPledgeBook.FrozenByAuthority.selector, aliceAccount, uka, type(uint256).max);
        _refused(bob, abi.encodeCall(PledgeBook.forecloseAll, (id)), error);
        freezeAll(aliceAccount, uka, 0);
        vm.prank(bob);
        pledges.forecloseAll(id);
        assertEq(ledger.balanceOf(aliceAccount, uka), 400, "left");
    }

    // @requirement R-STK-2 a pledge is no way around the waiting times of transfers
    function test_leastNotice_isTheRegulators() public {
        vm.expectEmit(address(pledges));
        emit IPledgeBook.LeastNoticeSet(9 days);
        vm.prank(officer);
        pledges.setLeastNotice(9 days);
        assertEq(pledges.leastNotice(), 9 days, "least");
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        _refuseTerms(terms_, abi.encodeWithSelector(IPledgeBook.NoticeTooShort.selector, NOTICE, 9 days));
        _refused(
            alice,
            abi.encodeCall(PledgeBook.setLeastNotice, (0)),
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice)
        );
        vm.expectRevert();
        pledges.initialize(0);
    }

    /* THE AUTHORITY */

    function test_giveUp_byAnother_reverts() public {
        uint256 id = pledged(uka, 100);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotTheModule.selector, address(this), address(authorityDesk)));
        pledges.giveUp(id, aliceAccount, uka, 1, 1);
    }

    function test_giveUp_ofAnOffer_endsItWholly() public {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        vm.prank(alice);
        uint256 id = pledges.offer(terms_, _units(uka, UNITS, credit, 9));
        vm.prank(officer);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 1, noOrders(), naming(id), warrant());
        assertState(id, IPledgeBook.PledgeState.TAKEN);
        assertEq(ledger.freeOf(aliceAccount, uka), UNITS - 1, "the rest is free");
        assertEq(boundOf(aliceAccount, credit), 0, "credits too");
        vm.prank(bob);
        vm.expectPartialRevert(IPledgeBook.PledgeNotIn.selector);
        pledges.accept(id);
    }

    function test_giveUp_withAnOpenExchange_takesThatFirst() public {
        uint256 id = pledged(uka, 300);
        vm.startPrank(alice);
        pledges.proposeExchange(id, line(uka, 300), line(uka, 700));
        vm.stopPrank();
        assertEq(ledger.freeOf(aliceAccount, uka), 0, "all bound");
        vm.prank(officer);
        authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 400, noOrders(), naming(id), warrant());
        assertEq(boundOf(aliceAccount, uka), 300, "the pledge is whole");
        (uint32 open,,) = pledges.exchangeOf(id);
        assertEq(open, 0, "the exchange is over");
        // What the pledge itself binds gives way only as far as needed.
        vm.prank(officer);
        uint256 act =
            authorityDesk.forceTransfer(aliceAccount, carolAccount, uka, 399, noOrders(), naming(id), warrant());
        vm.prank(second);
        authorityDesk.confirm(act, noOrders());
        assertEq(boundOf(aliceAccount, uka), 201, "needed 99 of them");
        assertState(id, IPledgeBook.PledgeState.ACTIVE);
    }

    /* VIEWS */

    function test_pledgesOf_aSide_inPages() public {
        for (uint256 i = 1; i <= 5; ++i) {
            offered(uka, i);
        }
        IPledgeBook.PledgeTerms memory terms_ = termsTo(aliceAccount);
        vm.prank(carol);
        pledges.offer(terms_, line(uka, 1));
        (uint256[] memory ids, uint256 total) = pledges.pledgesOf(aliceAccount, 1, 2);
        assertEq(total, 6, "total");
        assertEq(ids.length, 2, "page");
        assertEq(ids[0], 2, "second");
        (ids,) = pledges.pledgesOf(aliceAccount, 5, 10);
        assertEq(ids[0], 6, "as pledgee");
        (ids, total) = pledges.pledgesOf(bobAccount, 9, 10);
        assertEq(ids.length, 0, "beyond");
        assertEq(total, 5, "bob's");
    }

    /* FUZZ */

    function testFuzz_release_inParts_neverMoreThanPledged(uint96 quantity, uint96 part) public {
        quantity = uint96(bound(quantity, 1, UNITS));
        uint256 id = pledged(uka, quantity);
        vm.prank(bob);
        if (part == 0 || part > quantity) vm.expectRevert();
        pledges.release(id, line(uka, part));
        (, IPledgeBook.Units[] memory units_) = pledges.pledgeOf(id);
        assertEq(boundOf(aliceAccount, uka), units_.length == 0 ? 0 : units_[0].quantity, "bound");
        assertEq(ledger.balanceOf(aliceAccount, uka), UNITS, "balance");
    }

    function testFuzz_foreclosure_atAnyTime_onlyAfterDueAndNotice(uint40 notice, uint40 wait) public {
        uint256 id = pledged(uka, 100);
        (IPledgeBook.Pledge memory pledge,) = pledges.pledgeOf(id);
        notice = uint40(bound(notice, block.timestamp, block.timestamp + 90 days));
        wait = uint40(bound(wait, 0, 30 days));
        vm.warp(notice);
        vm.startPrank(bob);
        if (notice <= pledge.terms.due) vm.expectRevert();
        pledges.giveNotice(id);
        vm.warp(uint256(notice) + wait);
        bool early = notice <= pledge.terms.due || wait < NOTICE;
        if (early) vm.expectRevert();
        pledges.forecloseAll(id);
        vm.stopPrank();
        assertEq(ledger.balanceOf(bobAccount, uka), early ? UNITS : UNITS + 100, "receiver");
    }
}
