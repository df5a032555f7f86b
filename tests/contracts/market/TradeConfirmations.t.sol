// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { ITradeConfirmations } from "../../../contracts/market/ITradeConfirmations.sol";
import { TradeConfirmations } from "../../../contracts/market/TradeConfirmations.sol";
import { InstrumentId } from "../../../contracts/types/InstrumentId.sol";
import { OrderId } from "../../../contracts/types/OrderId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { IVoucherBook } from "../../../contracts/vouchers/IVoucherBook.sol";
import { VoucherBook } from "../../../contracts/vouchers/VoucherBook.sol";
import { TradingSuite } from "../support/TradingSuite.sol";

/// @dev Real trades of a real book: alice sells to bob three times; what is confirmed, by whom, and what is refused.
// @requirement R-TRD-9
contract TradeConfirmationsTest is TradingSuite {
    uint256 private constant KEY = 0xC0FFEE; // of the platform
    uint256 private constant OTHER_KEY = 0xBADBEE;
    bytes32 private constant PLATFORM = "UK";
    bytes32 private constant CAUSE = keccak256("cause");
    uint256 private constant TRADES = 3;

    TradeConfirmations private confirmations;
    VoucherBook private vouchers;
    address private key = vm.addr(KEY);
    address private operator = address(0x0FF1CE);
    uint40 private start;
    OrderId[TRADES] private makers;

    function setUp() public {
        setUpTrading();
        vouchers = VoucherBook(newProxy());
        install(
            address(vouchers),
            address(new VoucherBook()),
            abi.encodeCall(VoucherBook.initialize, (IVoucherBook.CodingRules("UK", "TSCW", 0, 0)))
        );
        vouchers.registerSeries(market, address(book), uint16(1 << uint8(VoucherKind.TRADE)));
        confirmations = TradeConfirmations(newProxy());
        install(address(confirmations), address(new TradeConfirmations(vouchers, InstrumentId.wrap(gbp), PLATFORM)), "");
        grant(Roles.PLATFORM_OPERATOR, operator);
        permit(address(confirmations), TradeConfirmations.registerConfirmationKey.selector, Roles.PLATFORM_OPERATOR);
        permit(address(confirmations), TradeConfirmations.revokeConfirmationKey.selector, Roles.PLATFORM_OPERATOR);
        start = uint40(block.timestamp);
        for (uint40 i; i < TRADES; ++i) {
            makers[i] = sell(alice, uint24(100 + i), 5);
            buy(bob, uint24(100 + i), 5);
            vm.warp(start + 1000 * (i + 1));
        }
    }

    /* SAYING */

    function register(address who, uint40 from, uint40 until) private {
        vm.prank(operator);
        confirmations.registerConfirmationKey(who, from, until);
    }

    function revoke(uint40 since) private {
        vm.prank(operator);
        confirmations.revokeConfirmationKey(key, since, CAUSE);
    }

    /// @dev Of the trade number `index`, as it was.
    function voucherOf(uint40 index) private view returns (Voucher memory) {
        return Voucher({
            kind: VoucherKind.TRADE,
            series: market,
            index: index,
            orderOfDay: uint32(index) + 1,
            at: start + 1000 * index,
            instrument: uka,
            quantity: 5,
            price: (100 + index) * 10,
            from: accountOf(alice),
            to: accountOf(bob),
            ref: OrderId.unwrap(makers[index])
        });
    }

    function leafOf(uint40 index) private view returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(voucherOf(index)))));
    }

    /// @dev In a series of three: the first two are siblings, the third is a peak of its own.
    function siblingsOf(uint40 index) private view returns (bytes32[] memory siblings) {
        if (index == 2) return siblings;
        siblings = new bytes32[](1);
        siblings[0] = leafOf(1 - index);
    }

    function confirmationOf(uint40 index) private view returns (ITradeConfirmations.TradeConfirmation memory) {
        return ITradeConfirmations.TradeConfirmation({
            platform: PLATFORM,
            voucher: voucherOf(index),
            code: vouchers.code(voucherOf(index)),
            money: gbp,
            sellerFee: 5 * MAKER_FEE,
            buyerFee: 5 * TAKER_FEE,
            blockNumber: 7,
            blockHash: keccak256("block"),
            transactionHash: keccak256("transaction"),
            logIndex: 3
        });
    }

    function signed(uint256 with, ITradeConfirmations.TradeConfirmation memory c) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(with, confirmations.digestOf(c));
        return abi.encodePacked(r, s, v);
    }

    function assertVerdict(
        ITradeConfirmations.TradeConfirmation memory c,
        bytes memory signature,
        bytes32[] memory siblings,
        ITradeConfirmations.ConfirmationVerdict expected
    ) private view returns (address signer, IVoucherBook.Verdict ofVoucher) {
        ITradeConfirmations.ConfirmationVerdict verdict;
        (verdict, signer, ofVoucher) = confirmations.verify(c, signature, siblings);
        assertEq(uint8(verdict), uint8(expected), "verdict");
    }

    /* CONFIRMING */

    function test_verify_tradesThatHappened_areValid() public {
        register(key, start, start + 1 days);
        for (uint40 i; i < TRADES; ++i) {
            ITradeConfirmations.TradeConfirmation memory c = confirmationOf(i);
            (address signer, IVoucherBook.Verdict ofVoucher) =
                assertVerdict(c, signed(KEY, c), siblingsOf(i), ITradeConfirmations.ConfirmationVerdict.VALID);
            assertEq(signer, key, "who signed");
            assertEq(uint8(ofVoucher), uint8(IVoucherBook.Verdict.VALID), "the voucher");
        }
    }

    /// @dev The heart of it: whoever has the key, what did not happen is not confirmed.
    function test_verify_tradeThatNeverHappened_isNotInSeries() public {
        register(key, start, start + 1 days);
        ITradeConfirmations.TradeConfirmation memory c = confirmationOf(0);
        c.voucher.quantity = 500;
        c.code = vouchers.code(c.voucher);
        (, IVoucherBook.Verdict ofVoucher) =
            assertVerdict(c, signed(KEY, c), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.NOT_IN_SERIES);
        assertEq(uint8(ofVoucher), uint8(IVoucherBook.Verdict.ALTERED), "altered");

        c = confirmationOf(0);
        c.voucher.index = uint40(TRADES);
        (, ofVoucher) =
            assertVerdict(c, signed(KEY, c), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.NOT_IN_SERIES);
        assertEq(uint8(ofVoucher), uint8(IVoucherBook.Verdict.NOT_ISSUED), "not issued");
        (ITradeConfirmations.ConfirmationVerdict bySignature,) = confirmations.verifySignature(c, signed(KEY, c));
        assertEq(uint8(bySignature), uint8(ITradeConfirmations.ConfirmationVerdict.VALID), "the signature alone counts");
    }

    function test_verify_anyFieldAlteredAfterSigning_isRefused() public {
        register(key, start, start + 1 days);
        bytes memory signature = signed(KEY, confirmationOf(1));
        for (uint256 field; field < 20; ++field) {
            ITradeConfirmations.TradeConfirmation memory c = confirmationOf(1);
            alter(c, field);
            (ITradeConfirmations.ConfirmationVerdict verdict,,) = confirmations.verify(c, signature, siblingsOf(1));
            assertTrue(verdict != ITradeConfirmations.ConfirmationVerdict.VALID, "an altered field passed");
        }
    }

    function alter(ITradeConfirmations.TradeConfirmation memory c, uint256 field) private pure {
        if (field == 0) c.platform = "FR";
        if (field == 1) c.voucher.kind = VoucherKind.AWARD;
        if (field == 2) c.voucher.series += 1;
        if (field == 3) c.voucher.index -= 1;
        if (field == 4) c.voucher.orderOfDay += 1;
        if (field == 5) c.voucher.at += 1;
        if (field == 6) c.voucher.instrument += 1;
        if (field == 7) c.voucher.quantity += 1;
        if (field == 8) c.voucher.price += 1;
        if (field == 9) c.voucher.from = address(1);
        if (field == 10) c.voucher.to = address(1);
        if (field == 11) c.voucher.ref += 1;
        if (field == 12) c.code = string.concat(c.code, "X");
        if (field == 13) c.money += 1;
        if (field == 14) c.sellerFee += 1;
        if (field == 15) c.buyerFee -= 1;
        if (field == 16) c.blockNumber += 1;
        if (field == 17) c.transactionHash = "another";
        if (field == 18) c.logIndex += 1;
        if (field == 19) c.blockHash = "another";
    }

    function test_verify_signedButNotSo_saysWhat() public {
        register(key, start, start + 1 days);
        ITradeConfirmations.TradeConfirmation memory c = confirmationOf(0);
        c.platform = "FR";
        assertVerdict(c, signed(KEY, c), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.OTHER_PLATFORM);
        c = confirmationOf(0);
        c.money = uka;
        assertVerdict(c, signed(KEY, c), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.OTHER_MONEY);
        c = confirmationOf(0);
        c.voucher.kind = VoucherKind.NONE;
        assertVerdict(c, signed(KEY, c), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.NOT_A_TRADE);
        c = confirmationOf(0);
        c.code = vouchers.code(voucherOf(1));
        assertVerdict(c, signed(KEY, c), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.WRONG_CODE);
        c = confirmationOf(0);
        assertVerdict(c, signed(OTHER_KEY, c), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.UNKNOWN_KEY);
        assertVerdict(c, new bytes(64), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.BAD_SIGNATURE);
        assertVerdict(c, new bytes(65), siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.BAD_SIGNATURE);
    }

    /// @dev The other signature of the same digest: s beyond half the order.
    function test_verify_mirroredSignature_isBad() public {
        register(key, start, start + 1 days);
        ITradeConfirmations.TradeConfirmation memory c = confirmationOf(0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, confirmations.digestOf(c));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory mirrored = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        assertVerdict(c, mirrored, siblingsOf(0), ITradeConfirmations.ConfirmationVerdict.BAD_SIGNATURE);
    }

    function test_digestOf_anotherChainOrContract_isAnother() public {
        ITradeConfirmations.TradeConfirmation memory c = confirmationOf(0);
        bytes32 here = confirmations.digestOf(c);
        TradeConfirmations second = TradeConfirmations(newProxy());
        install(address(second), address(new TradeConfirmations(vouchers, InstrumentId.wrap(gbp), PLATFORM)), "");
        assertTrue(second.digestOf(c) != here, "another contract");
        vm.chainId(block.chainid + 1);
        assertTrue(confirmations.digestOf(c) != here, "another chain");
        (, string memory name, string memory version,, address at,,) = confirmations.eip712Domain();
        assertEq(name, "Carbon Trade Confirmations");
        assertEq(version, "1");
        assertEq(at, address(confirmations));
    }

    /* KEYS */

    function test_registerConfirmationKey_once_forItsPeriod() public {
        vm.expectEmit(address(confirmations));
        emit ITradeConfirmations.ConfirmationKeyRegistered(key, start + 1, start + 2000);
        register(key, start + 1, start + 2000);
        ITradeConfirmations.ConfirmationKey memory known = confirmations.confirmationKeyOf(key);
        assertEq(known.from, start + 1);
        assertEq(known.until, start + 2000);
        assertEq(known.revokedSince, 0);
        assertStanding(0, ITradeConfirmations.ConfirmationVerdict.KEY_NOT_VALID); // one second too early
        assertStanding(1, ITradeConfirmations.ConfirmationVerdict.VALID);
        assertStanding(2, ITradeConfirmations.ConfirmationVerdict.KEY_NOT_VALID); // the end is excluded

        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(ITradeConfirmations.ConfirmationKeyExists.selector, key));
        confirmations.registerConfirmationKey(key, start, start + 1 days);
    }

    function assertStanding(uint40 index, ITradeConfirmations.ConfirmationVerdict expected) private view {
        ITradeConfirmations.TradeConfirmation memory c = confirmationOf(index);
        assertVerdict(c, signed(KEY, c), siblingsOf(index), expected);
    }

    function test_registerConfirmationKey_noKeyOrNoPeriod_refused() public {
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(ITradeConfirmations.BadConfirmationKey.selector, address(0), 1, 2));
        confirmations.registerConfirmationKey(address(0), 1, 2);
        vm.expectRevert(abi.encodeWithSelector(ITradeConfirmations.BadConfirmationKey.selector, key, 2, 2));
        confirmations.registerConfirmationKey(key, 2, 2);
        vm.stopPrank();
    }

    function test_revokeConfirmationKey_fromATimeOn_earlierTradesStay() public {
        register(key, start, start + 1 days);
        vm.expectEmit(address(confirmations));
        emit ITradeConfirmations.ConfirmationKeyRevoked(key, start + 2000, CAUSE);
        revoke(start + 2000);
        assertStanding(1, ITradeConfirmations.ConfirmationVerdict.VALID);
        assertStanding(2, ITradeConfirmations.ConfirmationVerdict.KEY_REVOKED);
        revoke(start + 1000); // it was compromised earlier than thought
        assertStanding(0, ITradeConfirmations.ConfirmationVerdict.VALID);
        assertStanding(1, ITradeConfirmations.ConfirmationVerdict.KEY_REVOKED);
    }

    function test_revokeConfirmationKey_inTheFutureOrLaterThanBefore_refused() public {
        vm.startPrank(operator);
        vm.expectRevert(abi.encodeWithSelector(ITradeConfirmations.UnknownConfirmationKey.selector, key));
        confirmations.revokeConfirmationKey(key, start, CAUSE);
        confirmations.registerConfirmationKey(key, start, start + 1 days);
        uint40 later = uint40(block.timestamp) + 1;
        vm.expectRevert(abi.encodeWithSelector(ITradeConfirmations.BadRevocation.selector, later, block.timestamp));
        confirmations.revokeConfirmationKey(key, later, CAUSE);
        vm.expectRevert(abi.encodeWithSelector(ITradeConfirmations.BadRevocation.selector, 0, block.timestamp));
        confirmations.revokeConfirmationKey(key, 0, CAUSE);
        vm.expectRevert(ITradeConfirmations.CauseMissing.selector);
        confirmations.revokeConfirmationKey(key, start + 1, 0);
        confirmations.revokeConfirmationKey(key, start + 1, CAUSE);
        vm.expectRevert(abi.encodeWithSelector(ITradeConfirmations.BadRevocation.selector, start + 1, start));
        confirmations.revokeConfirmationKey(key, start + 1, CAUSE);
        vm.stopPrank();
    }

    function test_restrictedFunctions_byAStranger_refused() public {
        bytes memory refusal = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(refusal);
        confirmations.registerConfirmationKey(key, start, start + 1);
        vm.expectRevert(refusal);
        confirmations.revokeConfirmationKey(key, start, CAUSE);
        vm.stopPrank();
    }

    /// @dev A key counts for a trade exactly when the trade is in its period and before its revocation.
    function testFuzz_verifySignature_anyPeriodAndRevocation_asThePeriodSays(
        uint40 from,
        uint40 until,
        uint40 since,
        uint40 at
    ) public {
        from = uint40(bound(from, 0, type(uint40).max - 1));
        until = uint40(bound(until, from + 1, type(uint40).max));
        register(key, from, until);
        since = uint40(bound(since, 0, block.timestamp));
        if (since != 0) revoke(since);
        ITradeConfirmations.TradeConfirmation memory c = confirmationOf(0);
        c.voucher.at = at;
        (ITradeConfirmations.ConfirmationVerdict verdict, address signer) =
            confirmations.verifySignature(c, signed(KEY, c));
        bool counts = at >= from && at < until && (since == 0 || at < since);
        assertEq(verdict == ITradeConfirmations.ConfirmationVerdict.VALID, counts, "counts");
        assertEq(signer, key, "who signed");
        assertEq(confirmations.platform(), PLATFORM, "platform");
    }
}
