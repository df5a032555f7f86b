// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { CreditOffers } from "../../../contracts/instruments/CreditOffers.sol";
import { CreditProjects } from "../../../contracts/instruments/CreditProjects.sol";
import { ICreditProjects } from "../../../contracts/instruments/ICreditProjects.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { IOriginRegister } from "../../../contracts/instruments/IOriginRegister.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { OriginRegister } from "../../../contracts/instruments/OriginRegister.sol";
import { MarketRules } from "../../../contracts/market/MarketRules.sol";
import { AccountKind, AccountStatus, Eligibility, Representation, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Suite } from "./Suite.sol";

/// @dev The real ledger and the contracts of credits behind their proxies. The test stands for the registry, the cash desk,
///      the allocator, the book and the compliance desk.
abstract contract CreditSuite is Suite {
    uint16 internal constant SCHEME = 826;
    uint32 internal constant SERIES = 9;
    uint32 internal constant DAY = 18_628; // 2021-01-01
    uint32 internal constant FOREIGN = 1 << 31;
    uint8 internal constant SCOPE = 14;

    InstrumentLedger internal ledger;
    CreditProjects internal projects;
    CreditOffers internal offers;
    MarketRules internal marketRules;
    OriginRegister internal origins;

    uint256 internal gbp;
    uint256 internal credit; // of project 1, 2021
    uint256 internal younger; // of project 1, 2022

    address internal regulator = address(0x1001);
    address internal registrar = address(0x1002);
    address internal stranger = address(0x1003);
    address internal proponentKey = address(0x2001);
    address internal bodyKey = address(0x2002);
    address internal buyerKey = address(0x2003);
    address internal otherKey = address(0x2004);
    address internal proponent = address(0xA001);
    address internal body = address(0xA002);
    address internal buyer = address(0xA003);
    address internal other = address(0xA004);
    address internal pool = address(0xA005);

    function setUpCredits() internal {
        vm.warp(uint256(DAY + 730) * 1 days); // 2023-01-01
        address self = address(this);
        ledger = InstrumentLedger(newProxy());
        projects = CreditProjects(newProxy());
        offers = CreditOffers(newProxy());
        marketRules = MarketRules(newProxy());
        origins = OriginRegister(newProxy());
        InstrumentId money = instrumentId(InstrumentClass.MONEY, SCHEME, 0, 0, 826);
        gbp = InstrumentId.unwrap(money);
        install(
            address(ledger),
            address(new InstrumentLedger(IInstrumentLedger.Siblings(self, self, self, self, self, self, self), money)),
            abi.encodeCall(InstrumentLedger.initialize, (bytes32("terms")))
        );
        install(address(projects), address(new CreditProjects(address(ledger), address(origins), SCHEME)), "");
        install(
            address(marketRules),
            address(new MarketRules(address(ledger), self, 3600)),
            abi.encodeCall(MarketRules.initialize, ())
        );
        install(address(offers), address(new CreditOffers(address(ledger), gbp, SERIES, 3600, marketRules)), "");
        install(address(origins), address(new OriginRegister(address(ledger), address(projects), SCHEME)), "");
        ledger.appointCreditIssuer(address(projects));
        ledger.appointBinder(IInstrumentLedger.Reason.LISTING, address(offers));
        ledger.appointBinder(IInstrumentLedger.Reason.BUFFER, address(projects));
        ledger.appointBinder(IInstrumentLedger.Reason.EXPORT, address(origins));
        _permit();

        open(proponent, AccountKind.PROJECT_PROPONENT, proponentKey, 1);
        open(body, AccountKind.VERIFIER, bodyKey, 2);
        open(buyer, AccountKind.OPERATOR, buyerKey, 3);
        open(other, AccountKind.TRADER, otherKey, 0);
        open(pool, AccountKind.GOVERNMENT, address(0x2005), 0);
        credit = defined(2021, 1);
        younger = defined(2022, 1);
        ledger.issue(buyer, gbp, 1_000_000, "deposit");
        ledger.issue(other, gbp, 1_000_000, "deposit");
        vm.startPrank(regulator);
        projects.accreditBody(body, accreditation(), "scope 14");
        projects.nameBufferAccount(pool);
        origins.acceptRegistry("GS", true, "accepted");
        vm.stopPrank();
    }

    function setEligibility(address account, AccountKind kind, uint32 owner, uint16 restrictions) internal {
        ledger.setEligibility(
            account, Eligibility(AccountStatus.ACTIVE, kind, restrictions, 1, owner, type(uint40).max)
        );
    }

    function open(address account, AccountKind kind, address key, uint32 owner) internal {
        setEligibility(account, kind, owner, 0);
        ledger.setRepresentation(key, Representation(account, type(uint40).max, Rights.ALL));
    }

    function defined(uint16 vintage, uint32 project) internal returns (uint256 id) {
        id = InstrumentId.unwrap(instrumentId(InstrumentClass.CREDIT, SCHEME, vintage, project, 0));
        ledger.defineInstrument(InstrumentId.wrap(id), 0, "terms");
    }

    function accreditation() internal view returns (ICreditProjects.Accreditation memory) {
        return ICreditProjects.Accreditation(uint64(1) << SCOPE, uint40(block.timestamp), uint40(block.timestamp) * 2);
    }

    function design() internal pure returns (ICreditProjects.Design memory) {
        return ICreditProjects.Design("design", "methodology", 1, SCOPE, true, true);
    }

    /// @dev Two years from 2021 on, a tenth into the buffer.
    function crediting() internal view returns (ICreditProjects.Crediting memory) {
        return ICreditProjects.Crediting(DAY, DAY + 729, 1, 1000, uint40(block.timestamp) + 3650 days);
    }

    function listed() internal returns (uint32 project) {
        vm.startPrank(proponentKey);
        project = projects.list(design());
        projects.engageBody(project, body);
        vm.stopPrank();
    }

    function validated() internal returns (uint32 project) {
        project = listed();
        vm.prank(bodyKey);
        projects.validate(project, "design", true, "statement");
    }

    function registered() internal returns (uint32 project) {
        project = validated();
        vm.prank(registrar);
        projects.register(project, crediting(), "decision");
    }

    /// @dev Over all of 2021.
    function reported(uint32 project, uint96 claimed) internal returns (uint32 report) {
        vm.prank(proponentKey);
        return projects.reportMonitoring(project, DAY, DAY + 364, claimed, "monitoring");
    }

    function verified(uint32 project, uint96 tonnes) internal returns (uint32 report) {
        report = reported(project, tonnes);
        vm.prank(bodyKey);
        projects.verify(project, report, tonnes, 0, "statement");
    }

    function issueAll(uint32 project, uint32 report, uint256 instrument, uint256 tonnes) internal {
        vm.prank(registrar);
        projects.issue(project, report, one(instrument), one(tonnes));
    }

    /// @dev Project 1 with `tonnes` issued, a tenth of them in the buffer.
    function issued(uint96 tonnes) internal returns (uint32 project) {
        project = registered();
        issueAll(project, verified(project, tonnes), credit, tonnes);
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

    function origin(uint64 first, uint64 last) internal pure returns (IOriginRegister.Origin memory) {
        return IOriginRegister.Origin("GS", "GS11236", "30307", 2021, first, last);
    }

    function _permit() private {
        grant(Roles.REGULATOR, regulator);
        grant(Roles.REGISTRY_OPERATOR, registrar);
        address at = address(projects);
        permit(at, CreditProjects.accreditBody.selector, Roles.REGULATOR);
        permit(at, CreditProjects.dismissBody.selector, Roles.REGULATOR);
        permit(at, CreditProjects.register.selector, Roles.REGISTRY_OPERATOR);
        permit(at, CreditProjects.refuse.selector, Roles.REGISTRY_OPERATOR);
        permit(at, CreditProjects.renew.selector, Roles.REGISTRY_OPERATOR);
        permit(at, CreditProjects.close.selector, Roles.REGISTRY_OPERATOR);
        permit(at, CreditProjects.refuseMonitoring.selector, Roles.REGISTRY_OPERATOR);
        permit(at, CreditProjects.issue.selector, Roles.REGISTRY_OPERATOR);
        permit(at, CreditProjects.nameBufferAccount.selector, Roles.REGULATOR);
        permit(at, CreditProjects.recordReversal.selector, Roles.REGULATOR);
        permit(at, CreditProjects.cancelBuffer.selector, Roles.REGULATOR);
        permit(at, CreditProjects.releaseBuffer.selector, Roles.REGISTRY_OPERATOR);
        permit(at, CreditProjects.setLabels.selector, Roles.REGULATOR);
        permit(at, CreditProjects.setRequiredLabels.selector, Roles.REGULATOR);
        permit(address(offers), CreditOffers.removeOffer.selector, Roles.REGULATOR);
        permit(address(offers), CreditOffers.removePurchase.selector, Roles.REGULATOR);
        at = address(origins);
        permit(at, OriginRegister.acceptRegistry.selector, Roles.REGULATOR);
        permit(at, OriginRegister.enterProject.selector, Roles.REGISTRY_OPERATOR);
        permit(at, OriginRegister.bringIn.selector, Roles.REGISTRY_OPERATOR);
        permit(at, OriginRegister.acceptExport.selector, Roles.REGISTRY_OPERATOR);
        permit(at, OriginRegister.confirmExport.selector, Roles.REGISTRY_OPERATOR);
        permit(at, OriginRegister.rejectExport.selector, Roles.REGISTRY_OPERATOR);
    }
}
