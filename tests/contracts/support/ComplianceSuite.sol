// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { ComplianceDesk } from "../../../contracts/compliance/ComplianceDesk.sol";
import { Status } from "../../../contracts/compliance/ComplianceStatus.sol";
import { IComplianceDesk } from "../../../contracts/compliance/IComplianceDesk.sol";
import { IObligations } from "../../../contracts/compliance/IObligations.sol";
import { Obligations } from "../../../contracts/compliance/Obligations.sol";
import { Banking } from "../../../contracts/instruments/Banking.sol";
import { CreditProjects } from "../../../contracts/instruments/CreditProjects.sol";
import { CashDesk } from "../../../contracts/instruments/CashDesk.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { Rights } from "../../../contracts/types/Accounts.sol";
import { Rounding } from "../../../contracts/types/FixedPoint.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { RegistryDouble } from "./ComplianceDoubles.sol";
import { Suite } from "./Suite.sol";

/// @dev The real ledger, desks and obligations behind their proxies. The test stands for the allocator, for who issues
///      credits, and for EmissionReports; a double for the registry.
abstract contract ComplianceSuite is Suite {
    uint16 internal constant SCHEME = 826;
    uint32 internal constant SERIES = 3;
    uint96 internal constant PENALTY = 10_000;

    InstrumentLedger internal ledger;
    Obligations internal obligations;
    ComplianceDesk internal desk;
    CashDesk internal cash;
    CreditProjects internal projects;
    Banking internal issuing; // what reversals issue by
    RegistryDouble internal registry;

    uint256 internal gbp;
    uint256 internal uka; // allowances of 2021
    uint256 internal later; // allowances of 2023
    uint256 internal foreign; // allowances of another scheme
    uint256 internal credit; // of 2020
    uint256 internal expiring; // allowances of 2020

    address internal regulator = address(0x1001);
    address internal bank = address(0x1002);
    address internal manager = address(0x1003);
    address internal stranger = address(0x1004);
    address internal key = address(0x2001);
    address internal other = address(0x2002);
    address internal plant = address(0xA001);
    address internal mill = address(0xA002);

    function setUpCompliance() internal {
        vm.warp(1_640_995_200); // 2022-01-01
        address self = address(this);
        registry = new RegistryDouble();
        ledger = InstrumentLedger(newProxy());
        obligations = Obligations(newProxy());
        desk = ComplianceDesk(newProxy());
        cash = CashDesk(newProxy());
        projects = CreditProjects(newProxy());
        issuing = Banking(newProxy());
        install(address(issuing), address(new Banking(address(ledger), address(desk))), "");
        registry.wire(ledger, address(obligations));

        InstrumentId money = instrumentId(InstrumentClass.MONEY, SCHEME, 0, 0, 826);
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
                        transferRules: self,
                        authorityDesk: self
                    }),
                    money
                )
            ),
            abi.encodeCall(InstrumentLedger.initialize, (bytes32("terms")))
        );
        install(
            address(obligations),
            address(new Obligations(address(registry), self, address(desk), address(registry))),
            abi.encodeCall(Obligations.initialize, (IObligations.Scheme(2021, 2022, Rounding.NEAREST)))
        );
        install(
            address(desk),
            address(
                new ComplianceDesk(address(ledger), address(obligations), address(projects), address(issuing), self)
            ),
            abi.encodeCall(ComplianceDesk.initialize, (IComplianceDesk.Setup(SCHEME, SERIES, 3600)))
        );
        install(
            address(cash), address(new CashDesk(address(ledger))), abi.encodeCall(CashDesk.initialize, (uint40(1 days)))
        );

        install(address(projects), address(new CreditProjects(address(ledger), self, SCHEME)), "");

        gbp = InstrumentId.unwrap(money);
        uka = _define(instrumentId(InstrumentClass.ALLOWANCE, SCHEME, 2021, 0, 0), 0);
        later = _define(instrumentId(InstrumentClass.ALLOWANCE, SCHEME, 2023, 0, 0), 0);
        foreign = _define(instrumentId(InstrumentClass.ALLOWANCE, 276, 2021, 0, 0), 0);
        credit = _define(instrumentId(InstrumentClass.CREDIT, SCHEME, 2020, 7, 1), 0);
        expiring = _define(instrumentId(InstrumentClass.ALLOWANCE, SCHEME, 2020, 0, 0), 1_640_995_200 + 10 days);
        ledger.appointCreditIssuer(self);

        _permit();
        registry.open(plant, key, Rights.ALL);
        registry.open(mill, other, Rights.ALL);
    }

    /// @dev The deadlines of `year`: reports 90 days, surrender 120 days after its end, roughly.
    function rulesFor(uint16 year) internal pure returns (IObligations.Rules memory) {
        uint40 end = 1_640_995_200 + uint40(year - 2021) * 365 days;
        return IObligations.Rules({
            reportingDeadline: end + 90 days,
            surrenderDeadline: end + 120 days,
            oldestVintage: 0,
            newestVintage: year + 1,
            creditShare: 1000,
            indexNumerator: 1,
            indexDenominator: 1,
            penaltyPerTonne: PENALTY
        });
    }

    function setRules(uint16 year) internal {
        vm.prank(regulator);
        obligations.setRules(year, rulesFor(year));
    }

    function openYear(uint16 year) internal {
        vm.prank(regulator);
        obligations.openYear(year);
    }

    function enrol(address account, uint16 first, uint16 last) internal {
        vm.prank(regulator);
        obligations.enrol(account, first, last);
    }

    /// @dev As EmissionReports would.
    function emitted(address account, uint16 year, uint256 tonnes) internal {
        obligations.onEmissions(account, year, uint128(tonnes * 1e6), true);
    }

    function one(uint256 value) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }

    function two(uint256 first, uint256 second) internal pure returns (uint256[] memory list) {
        list = new uint256[](2);
        list[0] = first;
        list[1] = second;
    }

    function applyFor(uint256 instrument, uint256 quantity) internal returns (uint256 id) {
        vm.prank(key);
        return desk.applySurrender(one(instrument), one(quantity));
    }

    function approve(uint256 id) internal {
        vm.prank(regulator);
        desk.approveSurrender(id);
    }

    /// @dev Issues as much to `plant`, applies and approves.
    function surrender(uint256 quantity) internal {
        ledger.issue(plant, uka, quantity, "allocation");
        approve(applyFor(uka, quantity));
    }

    function deadlineOf(uint16 year) internal pure returns (uint40) {
        return rulesFor(year).surrenderDeadline;
    }

    function statusIs(address account, Status expected) internal view {
        assertEq(uint256(obligations.statusOf(account)), uint256(expected), "status");
    }

    function _define(InstrumentId id, uint40 validUntil) private returns (uint256) {
        ledger.defineInstrument(id, validUntil, "terms");
        return InstrumentId.unwrap(id);
    }

    function _permit() private {
        grant(Roles.REGULATOR, regulator);
        grant(Roles.SETTLEMENT_BANK, bank);
        grant(Roles.SERVICE_MANAGER, manager);
        permit(address(obligations), Obligations.openYear.selector, Roles.REGULATOR);
        permit(address(obligations), Obligations.setRules.selector, Roles.REGULATOR);
        permit(address(obligations), Obligations.enrol.selector, Roles.REGULATOR);
        permit(address(obligations), Obligations.setFirstYear.selector, Roles.REGULATOR);
        permit(address(obligations), Obligations.setLastYear.selector, Roles.REGULATOR);
        permit(address(obligations), Obligations.exclude.selector, Roles.REGULATOR);
        permit(address(obligations), Obligations.include.selector, Roles.REGULATOR);
        permit(address(obligations), Obligations.recordPenaltyPaid.selector, Roles.SETTLEMENT_BANK);
        permit(address(desk), ComplianceDesk.approveSurrender.selector, Roles.REGULATOR);
        permit(address(desk), ComplianceDesk.approveSurrenders.selector, Roles.REGULATOR);
        permit(address(desk), ComplianceDesk.rejectSurrender.selector, Roles.REGULATOR);
        permit(address(desk), ComplianceDesk.rejectSurrenders.selector, Roles.REGULATOR);
        permit(address(desk), ComplianceDesk.reverseSurrender.selector, Roles.REGULATOR);
        permit(address(desk), ComplianceDesk.setReversalWindow.selector, Roles.REGULATOR);
        permit(address(desk), ComplianceDesk.setUtcOffset.selector, Roles.SERVICE_MANAGER);
        permit(address(desk), ComplianceDesk.setSecondRepresentativeFrom.selector, Roles.REGULATOR);
        permit(address(cash), CashDesk.recordDeposit.selector, Roles.SETTLEMENT_BANK);
        permit(address(cash), CashDesk.acceptWithdrawal.selector, Roles.SETTLEMENT_BANK);
        permit(address(cash), CashDesk.confirmWithdrawal.selector, Roles.SETTLEMENT_BANK);
        permit(address(cash), CashDesk.rejectWithdrawal.selector, Roles.SETTLEMENT_BANK);
        permit(address(cash), CashDesk.setPayoutDelay.selector, Roles.REGULATOR);
        permit(address(projects), CreditProjects.setLabels.selector, Roles.REGULATOR);
        permit(address(projects), CreditProjects.setRequiredLabels.selector, Roles.REGULATOR);
    }
}
