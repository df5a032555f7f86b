// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { ITransferRules } from "../../../contracts/instruments/ITransferRules.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { TransferRules } from "../../../contracts/instruments/TransferRules.sol";
import { BusinessHours, Counterparty, TransferType } from "../../../contracts/instruments/TransferTypes.sol";
import { WorkingTime } from "../../../contracts/instruments/WorkingTime.sol";
import { AccountKind, AccountStatus, Eligibility, Representation, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { ComplianceSuite } from "./ComplianceSuite.sol";

/// @dev The compliance suite with the real TransferRules beside its ledger, and accounts of several kinds and keys.
abstract contract TransferSuite is ComplianceSuite {
    uint32 internal constant ALWAYS = type(uint32).max;
    uint16 internal constant ANY_KIND = type(uint16).max & ~uint16(1);
    IInstrumentLedger.Reason internal constant DELAYED = IInstrumentLedger.Reason.DELAYED_TRANSFER;

    TransferRules internal rules;

    address internal second = address(0x2003); // may initiate and approve for plant
    address internal initiator = address(0x2004);
    address internal approver = address(0x2005);
    address internal dealer = address(0x2006); // may only trade
    address internal surrenderer = address(0x2007);
    address internal reader = address(0x2008);
    address internal traderKey = address(0x2009);
    address internal treasuryKey = address(0x200A);
    address internal trader = address(0xA003);
    address internal treasury = address(0xA004);

    function setUpTransfers() internal {
        setUpCompliance();
        rules = TransferRules(newProxy());
        install(address(rules), address(new TransferRules(address(ledger))), "");
        address self = address(this);
        install(
            address(ledger),
            address(
                new InstrumentLedger(
                    IInstrumentLedger.Siblings({
                        registry: address(registry),
                        book: self,
                        cashDesk: address(cash),
                        allocator: self,
                        complianceDesk: address(desk),
                        transferRules: address(rules),
                        authorityDesk: self
                    }),
                    InstrumentId.wrap(gbp)
                )
            ),
            ""
        );
        permit(address(rules), TransferRules.publishRules.selector, Roles.REGULATOR);
        permit(address(rules), TransferRules.assignRules.selector, Roles.REGULATOR);
        permit(address(rules), TransferRules.setCalendar.selector, Roles.REGULATOR);
        permit(address(rules), TransferRules.setHolidays.selector, Roles.REGULATOR);
        permit(address(rules), TransferRules.setTrustRules.selector, Roles.REGULATOR);
        permit(address(rules), TransferRules.setOptIn.selector, Roles.REGULATOR);
        permit(address(rules), TransferRules.cancelFor.selector, Roles.REGULATOR);
        permit(address(rules), TransferRules.reverse.selector, Roles.REGULATOR);

        registry.open(plant, second, Rights.ALL);
        registry.open(plant, initiator, Rights.INITIATE);
        registry.open(plant, approver, Rights.APPROVE);
        registry.open(plant, dealer, Rights.TRADE);
        registry.open(plant, surrenderer, Rights.SURRENDER);
        registry.open(plant, reader, Rights.READ);
        registry.open(trader, traderKey, Rights.ALL);
        registry.open(treasury, treasuryKey, Rights.ALL);
        setAccount(trader, AccountKind.TRADER, AccountStatus.ACTIVE, 0, 0);
        setAccount(treasury, AccountKind.GOVERNMENT, AccountStatus.ACTIVE, 0, 0);
        ledger.issue(plant, uka, 1000, "allocation");
        ledger.issue(plant, later, 1000, "allocation");
        ledger.issue(mill, uka, 1000, "allocation");
        ledger.issue(treasury, uka, 1000, "auction");

        vm.startPrank(regulator);
        rules.setCalendar(calendar());
        rules.setTrustRules(ITransferRules.TrustRules({ approvals: 1, workingDays: 4, delay: 0 }));
        vm.stopPrank();
    }

    /// @dev Monday to Friday, ten to four, an hour east of UTC.
    function calendar() internal pure returns (WorkingTime.Calendar memory) {
        return WorkingTime.Calendar({ utcOffset: 3600, opens: 36_000, closes: 57_600, weekdays: 31 });
    }

    function setAccount(address account, AccountKind kind, AccountStatus status, uint16 restrictions, uint32 owner)
        internal
    {
        vm.prank(address(registry));
        ledger.setEligibility(
            account,
            Eligibility({
                status: status,
                kind: kind,
                restrictions: restrictions,
                region: 1,
                owner: owner,
                certificateUntil: type(uint40).max
            })
        );
    }

    function setOwner(address account, uint32 owner) internal {
        setAccount(account, ledger.eligibilityOf(account).kind, AccountStatus.ACTIVE, 0, owner);
    }

    function setKey(address key_, address account, uint16 rights) internal {
        vm.prank(address(registry));
        ledger.setRepresentation(key_, Representation(account, type(uint40).max, rights));
    }

    /// @dev For any kinds, at once, by one key.
    function plain(Counterparty counterparty) internal pure returns (TransferType memory t) {
        t.fromKinds = ANY_KIND;
        t.toKinds = ANY_KIND;
        t.counterparty = counterparty;
        t.approvals = 1;
        t.cancellable = ALWAYS;
        t.forbidding = 2; // NO_TRANSFER
    }

    /// @dev As `plain`, and 26 hours later.
    function delayed(Counterparty counterparty) internal pure returns (TransferType memory t) {
        t = plain(counterparty);
        t.delay = 26 hours;
    }

    function only(TransferType memory t) internal pure returns (TransferType[] memory types) {
        types = new TransferType[](1);
        types[0] = t;
    }

    function both(TransferType memory a, TransferType memory b) internal pure returns (TransferType[] memory types) {
        types = new TransferType[](2);
        types[0] = a;
        types[1] = b;
    }

    /// @dev Publishes a set and lets the allowances move by it.
    function use(TransferType[] memory types) internal returns (uint16 number) {
        vm.startPrank(regulator);
        number = rules.publishRules(types, "rules in words");
        rules.assignRules(two(uka, later), number);
        vm.stopPrank();
    }

    function propose(address by, address to, uint256 quantity)
        internal
        returns (uint256 id, ITransferRules.TransferState state, uint40 dueAt)
    {
        vm.prank(by);
        return rules.propose(to, uka, quantity);
    }

    function isIn(uint256 id, ITransferRules.TransferState state) internal view {
        assertEq(uint256(rules.transferOf(id).state), uint256(state), "state");
    }

    function have(address account, uint256 balance, uint256 bound_) internal view {
        assertEq(ledger.balanceOf(account, uka), balance, "balance");
        assertEq(ledger.encumberedFor(account, uka, DELAYED), bound_, "bound");
    }

    /// @dev Lets a listing take effect.
    function trusted(address by, address account) internal {
        vm.prank(by);
        rules.trust(account);
        vm.warp(rules.trustOf(ledger.representationOf(by).account, account).since);
    }

    function send(address by, address from, address to, uint256 quantity) internal {
        vm.prank(by);
        ledger.safeTransferFrom(from, to, uka, quantity, "");
    }

    function cannotSend(address by, address from, address to) internal {
        vm.expectRevert(abi.encodeWithSelector(IInstrumentLedger.TransferByRules.selector, from, to, uka));
        send(by, from, to, 1);
    }
}
