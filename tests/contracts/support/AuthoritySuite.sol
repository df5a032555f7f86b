// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { AuthorityDesk } from "../../../contracts/instruments/AuthorityDesk.sol";
import { IAuthorityDesk } from "../../../contracts/instruments/IAuthorityDesk.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { IPledgeBook } from "../../../contracts/instruments/IPledgeBook.sol";
import { PledgeBook } from "../../../contracts/instruments/PledgeBook.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId } from "../../../contracts/types/OrderId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { TradingSuite } from "./TradingSuite.sol";

/// @dev The market of `TradingSuite` with the real AuthorityDesk and PledgeBook behind their proxies. Alice pledges to Bob.
abstract contract AuthoritySuite is TradingSuite {
    uint96 internal constant FROM_UNITS = 500; // a second officer from here on
    uint96 internal constant FROM_MONEY = 500_000;
    uint40 internal constant PERIOD = 2 days;
    uint40 internal constant REVERSIBLE = 10 days;
    uint40 internal constant NOTICE = 7 days;

    IInstrumentLedger.Reason internal constant PLEDGE = IInstrumentLedger.Reason.PLEDGE;

    AuthorityDesk internal authorityDesk;
    PledgeBook internal pledges;
    uint256 internal credit; // of 2020
    uint256 internal later; // allowances of 2022

    address internal officer = address(0x0FF1);
    address internal second = address(0x0FF2);
    address internal aliceAccount;
    address internal bobAccount;
    address internal carolAccount;

    function setUpAuthority() internal {
        setUpTrading();
        aliceAccount = accountOf(alice);
        bobAccount = accountOf(bob);
        carolAccount = accountOf(carol);
        authorityDesk = AuthorityDesk(newProxy());
        pledges = PledgeBook(newProxy());
        address self = address(this);
        // The test stands for the other modules; what the ledger holds stays.
        install(
            address(ledger),
            address(
                new InstrumentLedger(
                    IInstrumentLedger.Siblings({
                        registry: self,
                        book: address(book),
                        cashDesk: self,
                        allocator: self,
                        complianceDesk: self,
                        transferRules: self,
                        authorityDesk: address(authorityDesk)
                    }),
                    InstrumentId.wrap(gbp)
                )
            ),
            ""
        );
        install(
            address(authorityDesk),
            address(new AuthorityDesk(address(ledger))),
            abi.encodeCall(AuthorityDesk.initialize, (rulesOfTwo()))
        );
        install(
            address(pledges),
            address(new PledgeBook(address(ledger), address(authorityDesk))),
            abi.encodeCall(PledgeBook.initialize, (NOTICE))
        );
        ledger.appointBinder(PLEDGE, address(pledges));
        ledger.appointCreditIssuer(self);
        credit = _defined(instrumentId(InstrumentClass.CREDIT, 826, 2020, 7, 1));
        later = _defined(instrumentId(InstrumentClass.ALLOWANCE, 826, 2022, 0, 0));
        ledger.issue(aliceAccount, credit, UNITS, "issue");
        ledger.issue(aliceAccount, later, UNITS, "issue");
        _permit();
    }

    function rulesOfTwo() internal pure returns (IAuthorityDesk.SecondOfficerRules memory) {
        return IAuthorityDesk.SecondOfficerRules(FROM_UNITS, FROM_MONEY, PERIOD, REVERSIBLE);
    }

    function _defined(InstrumentId id) private returns (uint256) {
        ledger.defineInstrument(id, 0, "terms");
        return InstrumentId.unwrap(id);
    }

    function _permit() private {
        grant(Roles.REGULATOR, officer);
        grant(Roles.REGULATOR, second);
        permit(address(authorityDesk), AuthorityDesk.freeze.selector, Roles.REGULATOR);
        permit(address(authorityDesk), AuthorityDesk.forceTransfer.selector, Roles.REGULATOR);
        permit(address(authorityDesk), AuthorityDesk.reverse.selector, Roles.REGULATOR);
        permit(address(authorityDesk), AuthorityDesk.releaseBound.selector, Roles.REGULATOR);
        permit(address(authorityDesk), AuthorityDesk.confirm.selector, Roles.REGULATOR);
        permit(address(authorityDesk), AuthorityDesk.withdraw.selector, Roles.REGULATOR);
        permit(address(pledges), PledgeBook.setLeastNotice.selector, Roles.REGULATOR);
    }

    /* PLEDGES */

    function termsTo(address pledgee) internal view returns (IPledgeBook.PledgeTerms memory) {
        return IPledgeBook.PledgeTerms({
            pledgee: pledgee,
            receiver: pledgee,
            due: uint40(block.timestamp + 30 days),
            noticePeriod: NOTICE,
            offerUntil: 0,
            agreement: "agreement"
        });
    }

    function line(uint256 instrument, uint256 quantity) internal pure returns (IPledgeBook.Units[] memory units_) {
        units_ = new IPledgeBook.Units[](1);
        units_[0] = IPledgeBook.Units(instrument, quantity);
    }

    function offered(uint256 instrument, uint256 quantity) internal returns (uint256 id) {
        IPledgeBook.PledgeTerms memory terms_ = termsTo(bobAccount);
        vm.prank(alice);
        return pledges.offer(terms_, line(instrument, quantity));
    }

    function pledged(uint256 instrument, uint256 quantity) internal returns (uint256 id) {
        id = offered(instrument, quantity);
        vm.prank(bob);
        pledges.accept(id);
    }

    function stateOf(uint256 id) internal view returns (IPledgeBook.PledgeState) {
        (IPledgeBook.Pledge memory pledge,) = pledges.pledgeOf(id);
        return pledge.state;
    }

    function assertState(uint256 id, IPledgeBook.PledgeState expected) internal view {
        assertEq(uint256(stateOf(id)), uint256(expected), "state of the pledge");
    }

    function boundOf(address account, uint256 instrument) internal view returns (uint256) {
        return ledger.encumberedFor(account, instrument, PLEDGE);
    }

    /* ACTS */

    function warrant() internal pure returns (IAuthorityDesk.Warrant memory) {
        return IAuthorityDesk.Warrant("case", "order", "a court says so");
    }

    function noBindings() internal pure returns (IAuthorityDesk.Binding[] memory) {
        return new IAuthorityDesk.Binding[](0);
    }

    function naming(uint256 pledge) internal pure returns (IAuthorityDesk.Binding[] memory bindings) {
        bindings = new IAuthorityDesk.Binding[](1);
        bindings[0] = IAuthorityDesk.Binding(PLEDGE, pledge);
    }

    function noOrders() internal pure returns (OrderId[] memory) {
        return new OrderId[](0);
    }

    function taking(OrderId id) internal pure returns (OrderId[] memory orders) {
        orders = new OrderId[](1);
        orders[0] = id;
    }

    function force(address from, address to, uint256 instrument, uint256 quantity) internal returns (uint256 id) {
        vm.prank(officer);
        return authorityDesk.forceTransfer(from, to, instrument, quantity, noOrders(), noBindings(), warrant());
    }

    function freezeAll(address account, uint256 instrument, uint256 quantity) internal returns (uint256 id) {
        vm.prank(officer);
        return authorityDesk.freeze(account, instrument, quantity, warrant());
    }

    function assertActState(uint256 id, IAuthorityDesk.ActState expected) internal view {
        (IAuthorityDesk.AuthorityAct memory act,) = authorityDesk.actOf(id);
        assertEq(uint256(act.state), uint256(expected), "state of the act");
    }
}
