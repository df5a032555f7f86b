// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Banking } from "../../../contracts/instruments/Banking.sol";
import { IBanking } from "../../../contracts/instruments/IBanking.sol";
import { IInstrumentLedger } from "../../../contracts/instruments/IInstrumentLedger.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { ComplianceSuite } from "./ComplianceSuite.sol";

/// @dev Banking behind its proxy, on the real ledger, whose book and pledge book the test is. `expiring`, allowances of 2020,
///      end in ten days; `later` are what they become.
abstract contract BankingSuite is ComplianceSuite {
    Banking internal banking;
    uint40 internal start; // now
    uint40 internal end; // of the validity of `expiring`

    function setUpBanking() internal {
        setUpCompliance();
        banking = Banking(newProxy());
        install(address(banking), address(new Banking(address(ledger), address(desk))), "");
        permit(address(banking), Banking.setRule.selector, Roles.REGULATOR);
        permit(address(banking), Banking.moveWindow.selector, Roles.REGULATOR);
        permit(address(banking), Banking.recordFigures.selector, Roles.REGULATOR);
        permit(address(banking), Banking.convertFor.selector, Roles.REGULATOR);
        ledger.appointBinder(IInstrumentLedger.Reason.CONVERSION, address(banking));
        ledger.appointBinder(IInstrumentLedger.Reason.PLEDGE, address(this));
        start = uint40(block.timestamp);
        end = ledger.instrumentOf(expiring).validUntil;
    }

    /// @dev As the book: closing an instrument halts its markets.
    function haltMarkets(uint256) external { }

    /// @dev Open for twenty days from now on: before and after the end of validity.
    function terms() internal view returns (IBanking.BankingTerms memory t) {
        t.from = uint88(expiring);
        t.to = uint88(later);
        t.opens = start;
        t.closes = start + 20 days;
        t.lapses = true;
    }

    function set(IBanking.BankingTerms memory t) internal returns (uint256 rule) {
        vm.prank(regulator);
        return banking.setRule(t, "regulation");
    }

    /// @dev As China has it: 10 t + 1.5 x net sales.
    function setBySales() internal returns (uint256 rule) {
        IBanking.BankingTerms memory t = terms();
        t.bySales = true;
        t.base = 10;
        t.multiplier = 15_000;
        return set(t);
    }

    function record(uint256 rule, address account, uint80 netSales, uint72 held) internal {
        IBanking.BankingFigures[] memory lines = new IBanking.BankingFigures[](1);
        lines[0] = IBanking.BankingFigures(account, netSales, held);
        vm.prank(regulator);
        banking.recordFigures(rule, lines, "audit");
    }

    function issue(address account, uint256 quantity) internal {
        ledger.issue(account, expiring, quantity, "allocation");
    }

    function convert(uint256 rule, uint256 quantity) internal returns (uint256 id) {
        vm.prank(key);
        return banking.convert(rule, quantity);
    }

    function both() internal view returns (address[] memory accounts) {
        accounts = new address[](2);
        (accounts[0], accounts[1]) = (plant, mill);
    }
}
