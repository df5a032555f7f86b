// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { InstrumentLedger } from "../../../contracts/instruments/InstrumentLedger.sol";
import { EmissionReports } from "../../../contracts/reporting/EmissionReports.sol";
import { IEmissionReports } from "../../../contracts/reporting/IEmissionReports.sol";
import { IVerifications } from "../../../contracts/reporting/IVerifications.sol";
import { Methodologies } from "../../../contracts/reporting/Methodologies.sol";
import { Verifications } from "../../../contracts/reporting/Verifications.sol";
import { Combustion } from "../../../contracts/reporting/methods/Combustion.sol";
import { Process } from "../../../contracts/reporting/methods/Process.sol";
import { AccountKind, AccountStatus, Eligibility, Representation, Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { ObligationSinkDouble } from "./ReportingDoubles.sol";
import { Suite } from "./Suite.sol";

/// @dev The real ledger and the reporting contracts behind their proxies, with roles as in production. The test stands for
///      the stakeholder registry; only the compliance desk is a double.
abstract contract ReportingSuite is Suite {
    uint40 internal constant NOW = 1_700_000_000;
    uint40 internal constant DEADLINE = NOW + 30 days;
    uint40 internal constant FAR = 4_000_000_000;
    uint16 internal constant YEAR = 2023;
    uint128 internal constant ONE = 1e18;

    address internal immutable REGULATOR = _keyNamed("regulator");
    address internal immutable STRANGER = _keyNamed("stranger");
    address internal immutable PLANT_KEY = _keyNamed("plant");
    address internal immutable RIVAL_KEY = _keyNamed("rival");
    address internal immutable VERIFIER_KEY = _keyNamed("verifier");

    InstrumentLedger internal ledger;
    Methodologies internal methodologies;
    EmissionReports internal reports;
    Verifications internal verifications;
    ObligationSinkDouble internal sink;
    uint256 internal allowance;

    address internal plant; // accounts
    address internal rival;
    address internal verifier;
    uint64 internal works; // the plant's first installation

    function setUpReporting(address allocator) internal {
        vm.warp(NOW);
        ledger = InstrumentLedger(newProxy());
        methodologies = Methodologies(newProxy());
        reports = EmissionReports(newProxy());
        verifications = Verifications(newProxy());
        sink = new ObligationSinkDouble();
        InstrumentId money = instrumentId(InstrumentClass.MONEY, 826, 0, 0, 826);
        InstrumentId uka = instrumentId(InstrumentClass.ALLOWANCE, 826, 2021, 0, 0);
        allowance = InstrumentId.unwrap(uka);
        address self = address(this);
        install(
            address(ledger),
            address(
                new InstrumentLedger(
                    IInstrumentLedger.Siblings({
                        registry: self,
                        book: self,
                        cashDesk: self,
                        allocator: allocator,
                        complianceDesk: self,
                        transferRules: self,
                        authorityDesk: self
                    }),
                    money
                )
            ),
            abi.encodeCall(InstrumentLedger.initialize, (bytes32("terms")))
        );
        ledger.defineInstrument(uka, 0, "terms");
        install(address(methodologies), address(new Methodologies()), "");
        install(
            address(reports),
            address(
                new EmissionReports(
                    address(ledger), address(methodologies), address(verifications), address(sink), address(this)
                )
            ),
            ""
        );
        install(
            address(verifications),
            address(new Verifications(address(ledger), address(reports))),
            abi.encodeCall(
                Verifications.initialize, (IVerifications.Materiality({ threshold: 500_000e6, below: 500, above: 200 }))
            )
        );
        _giveRoles();

        plant = openAccount(PLANT_KEY, AccountKind.OPERATOR, 1);
        rival = openAccount(RIVAL_KEY, AccountKind.OPERATOR, 2);
        verifier = openAccount(VERIFIER_KEY, AccountKind.VERIFIER, 3);

        vm.startPrank(REGULATOR);
        methodologies.register("combustion", new Combustion(), "document");
        methodologies.register("process", new Process(), "document");
        reports.setDeadline(YEAR, DEADLINE);
        verifications.accreditVerifier(verifier, FAR, "accreditation");
        works = reports.registerInstallation(plant, "permit", 7, 1, 2021);
        vm.stopPrank();
    }

    function _giveRoles() private {
        grant(Roles.REGULATOR, REGULATOR);
        permit(address(methodologies), Methodologies.register.selector, Roles.REGULATOR);
        permit(address(methodologies), Methodologies.close.selector, Roles.REGULATOR);
        bytes4[8] memory ofReports = [
            EmissionReports.registerInstallation.selector,
            EmissionReports.setYears.selector,
            EmissionReports.approvePlan.selector,
            EmissionReports.returnPlan.selector,
            EmissionReports.setDeadline.selector,
            EmissionReports.accept.selector,
            EmissionReports.determine.selector,
            EmissionReports.reopen.selector
        ];
        for (uint256 i; i < ofReports.length; ++i) {
            permit(address(reports), ofReports[i], Roles.REGULATOR);
        }
        permit(address(verifications), Verifications.accreditVerifier.selector, Roles.REGULATOR);
        permit(address(verifications), Verifications.withdrawAccreditation.selector, Roles.REGULATOR);
        permit(address(verifications), Verifications.setMateriality.selector, Roles.REGULATOR);
    }

    /* WHO */

    function _keyNamed(string memory name) internal pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }

    function accountOf(address key) internal pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("account of", key)))));
    }

    function openAccount(address key, AccountKind kind, uint32 owner) internal returns (address account) {
        account = accountOf(key);
        setAccount(account, AccountStatus.ACTIVE, kind, 0, owner, FAR);
        setRights(key, account, Rights.ALL);
    }

    function setAccount(
        address account,
        AccountStatus status,
        AccountKind kind,
        uint16 restrictions,
        uint32 owner,
        uint40 certificateUntil
    ) internal {
        ledger.setEligibility(
            account,
            Eligibility({
                status: status,
                kind: kind,
                restrictions: restrictions,
                region: 1,
                owner: owner,
                certificateUntil: certificateUntil
            })
        );
    }

    function setRights(address key, address account, uint16 rights) internal {
        ledger.setRepresentation(key, Representation({ account: account, certificateUntil: FAR, rights: rights }));
    }

    function expectStranger() internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, STRANGER));
        vm.prank(STRANGER);
    }

    /* A YEAR */

    function streamsOf(uint256 count) internal pure returns (IEmissionReports.Stream[] memory streams) {
        streams = new IEmissionReports.Stream[](count);
        for (uint256 i; i < count; ++i) {
            streams[i] = IEmissionReports.Stream(i % 2 == 0 ? bytes32("combustion") : bytes32("process"), 1, 3);
        }
    }

    /// @dev Plan number 1 of the installation: one combustion stream, one of process emissions; approved.
    function planFor(address key, uint64 installation) internal {
        vm.prank(key);
        uint16 version = reports.filePlan(installation, 2021, "plan", streamsOf(2));
        vm.prank(REGULATOR);
        reports.approvePlan(installation, version);
    }

    /// @dev `tonnes` from the process stream, whose factor is 1 t/t; the first stream burns 1,234.5 t (2,735,590,275 g).
    function entriesOf(uint256 tonnes) internal pure returns (IEmissionReports.StreamData[] memory entries) {
        entries = new IEmissionReports.StreamData[](2);
        entries[0] = IEmissionReports.StreamData(0, abi.encode(1234.5e18, 0.0395e18, 56.1e18, 1e18, 0));
        entries[1] = IEmissionReports.StreamData(1, abi.encode(tonnes * 1e18, 1e18, 1e18));
    }

    function gramsOf(uint256 tonnes) internal pure returns (uint128) {
        return uint128(2_735_590_275 + tonnes * 1e6);
    }

    function report(address key, uint64 installation, uint16 year, uint256 tonnes) internal returns (uint16 version) {
        bytes32 reason = reports.filingOf(installation, year).version == 0 ? bytes32(0) : bytes32("reason");
        vm.prank(key);
        (version,) = reports.submitReport(installation, year, entriesOf(tonnes), "data", reason);
    }

    function opinionOf(uint128 grams) internal pure returns (IVerifications.Opinion memory) {
        return IVerifications.Opinion(grams, 0, IVerifications.Conclusion.POSITIVE, "opinion");
    }

    function engage(address key, uint64 installation, uint16 year) internal {
        vm.prank(key);
        verifications.engageVerifier(installation, year, verifier);
    }

    /// @dev Report, opinion and acceptance of `tonnes` and what the first stream burns.
    function settle(address key, uint64 installation, uint16 year, uint256 tonnes) internal {
        if (reports.deadlineOf(year) == 0) {
            vm.prank(REGULATOR);
            reports.setDeadline(year, DEADLINE);
        }
        uint16 version = report(key, installation, year, tonnes);
        engage(key, installation, year);
        vm.prank(VERIFIER_KEY);
        verifications.verify(installation, year, version, opinionOf(gramsOf(tonnes)));
        vm.prank(REGULATOR);
        reports.accept(installation, year, version);
    }
}
