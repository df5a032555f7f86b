// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { CashDesk } from "../../../contracts/instruments/CashDesk.sol";
import { Rights } from "../../../contracts/types/Accounts.sol";
import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { ComplianceSuite } from "./ComplianceSuite.sol";
import { TestToken } from "./Tokens.sol";

/// @dev The cash desk with a money that a token of 6 decimals backs; `plant` has named an address that can be used.
abstract contract TokenSuite is ComplianceSuite {
    uint40 internal constant HOLD = 2 days;
    uint256 private constant _SECRET = 0xA11CE;
    address private constant _NAMED = address(0xCAFE);

    TestToken internal token;
    uint256 internal usd;
    address internal supervisor = address(0x1005);

    function setUpTokens() internal {
        setUpCompliance();
        grant(Roles.SERVICE_REGULATOR, supervisor);
        permit(address(cash), CashDesk.backWithToken.selector, Roles.REGULATOR);
        permit(address(cash), CashDesk.setHold.selector, Roles.REGULATOR);
        permit(address(cash), CashDesk.refuseWithdrawal.selector, Roles.REGULATOR);
        permit(address(cash), CashDesk.recordDepositOf.selector, Roles.SETTLEMENT_BANK);
        permit(address(cash), CashDesk.setStopped.selector, Roles.SERVICE_REGULATOR);
        token = new TestToken(6);
        usd = money(840);
        vm.startPrank(regulator);
        cash.backWithToken(usd, address(token), 6);
        cash.setHold(HOLD);
        vm.stopPrank();
        vm.prank(key);
        cash.setPayoutAddress(_NAMED);
        vm.warp(block.timestamp + 1 days);
    }

    /// @dev A money of the scheme, by the number of its currency.
    function money(uint16 currency) internal returns (uint256) {
        InstrumentId id = instrumentId(InstrumentClass.MONEY, SCHEME, 0, 0, currency);
        ledger.defineInstrument(id, 0, "terms");
        return InstrumentId.unwrap(id);
    }

    /// @dev Another money, backed by `backing`.
    function backed(address backing, uint8 decimals) internal returns (uint256 instrument) {
        instrument = money(978);
        vm.prank(regulator);
        cash.backWithToken(instrument, backing, decimals);
    }

    function deposit(address by, uint256 amount) internal {
        depositIn(token, usd, by, amount);
    }

    function depositIn(TestToken in_, uint256 instrument, address by, uint256 amount) internal {
        in_.mint(by, amount);
        vm.startPrank(by);
        in_.approve(address(cash), amount);
        cash.depositTokens(instrument, amount);
        vm.stopPrank();
    }

    /// @dev A withdrawal of `plant` that has been held long enough.
    function requested(uint256 instrument, uint256 amount) internal returns (uint256 id) {
        vm.prank(key);
        id = cash.requestWithdrawalOf(instrument, amount);
        vm.warp(block.timestamp + HOLD);
    }

    /// @dev A representative of `plant` that can sign.
    function holderOfPlant() internal returns (address holder) {
        holder = vm.addr(_SECRET);
        registry.open(plant, holder, Rights.ALL);
    }

    /// @dev Its permit of now.
    function permitFor(address spender, uint256 amount) internal view returns (uint8 v, bytes32 r, bytes32 s) {
        address holder = vm.addr(_SECRET);
        bytes32 said = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                holder,
                spender,
                amount,
                token.nonces(holder),
                block.timestamp
            )
        );
        return vm.sign(_SECRET, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), said)));
    }
}
