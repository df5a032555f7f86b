// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IAccessManaged } from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import { InstrumentClass, InstrumentId, instrumentId } from "../../../contracts/types/InstrumentId.sol";
import { Roles } from "../../../contracts/types/Roles.sol";
import { Voucher, VoucherKind } from "../../../contracts/types/Vouchers.sol";
import { IVoucherBook } from "../../../contracts/vouchers/IVoucherBook.sol";
import { VoucherBook } from "../../../contracts/vouchers/VoucherBook.sol";
import { Suite } from "../support/Suite.sol";
import { IssuerDouble } from "../support/VoucherDoubles.sol";

// @requirement R-VCH-1 R-VCH-2 R-VCH-3
contract VoucherBookTest is Suite {
    bytes private constant _ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-";
    uint256 private constant _COUNT = 4097;
    uint16 private constant _TRADES = uint16(1 << uint8(VoucherKind.TRADE));

    VoucherBook private book;
    IssuerDouble private issuer;
    address private regulator = address(0x1001);
    address private manager = address(0x1003);

    function setUp() public {
        vm.warp(1_773_446_400); // 2026-03-14
        book = VoucherBook(newProxy());
        install(
            address(book),
            address(new VoucherBook()),
            abi.encodeCall(VoucherBook.initialize, (_rules("UK", uint40(block.timestamp))))
        );
        grant(Roles.REGULATOR, regulator);
        grant(Roles.SERVICE_MANAGER, manager);
        permit(address(book), VoucherBook.setCodingRules.selector, Roles.REGULATOR);
        permit(address(book), VoucherBook.registerSeries.selector, Roles.SERVICE_MANAGER);

        issuer = new IssuerDouble();
        vm.prank(manager);
        book.registerSeries(7, address(issuer), _TRADES);
        for (uint40 i; i < _COUNT; ++i) {
            issuer.issue(_voucher(i));
        }
    }

    function _rules(bytes8 scheme, uint40 from) private pure returns (IVoucherBook.CodingRules memory) {
        return IVoucherBook.CodingRules({ scheme: scheme, kinds: "TSCW", utcOffset: 0, effectiveFrom: from });
    }

    function _voucher(uint40 index) private pure returns (Voucher memory) {
        return Voucher({
            kind: VoucherKind.TRADE,
            series: 7,
            index: index,
            orderOfDay: 123,
            at: 1_773_446_400 + 12 hours,
            instrument: InstrumentId.unwrap(instrumentId(InstrumentClass.ALLOWANCE, 826, 2026, 0, 0)),
            quantity: 10,
            price: 5500,
            from: address(1),
            to: address(2),
            ref: 3
        });
    }

    /* CODES */

    // @requirement R-VCH-1
    function test_code_ofKnownVouchers_isThat() public {
        assertEq(book.code(_voucher(0)), "UK-T-20260314-7-123-A2026-0-1-0M");

        vm.prank(regulator);
        book.setCodingRules(_rules("CHN1", uint40(block.timestamp) + 1 days));
        assertEq(book.code(_voucher(0)), "UK-T-20260314-7-123-A2026-0-1-0M");
        Voucher memory voucher = _voucher(0);
        voucher.at += 1 days;
        voucher.kind = VoucherKind.CANCELLATION;
        voucher.instrument = InstrumentId.unwrap(instrumentId(InstrumentClass.CREDIT, 826, 2021, 7, 1));
        assertEq(book.code(voucher), "CHN1-C-20260315-7-123-C2021-9TZ5-2-GD");
    }

    function test_code_ofTheLargestVoucher_fits() public {
        IVoucherBook.CodingRules memory rules = _rules("ABCDEFGH", type(uint40).max);
        vm.prank(regulator);
        book.setCodingRules(rules);
        Voucher memory voucher = _voucher(0);
        voucher.series = type(uint32).max;
        voucher.orderOfDay = type(uint32).max;
        voucher.at = type(uint40).max;
        voucher.instrument = type(uint256).max;
        string memory text = book.code(voucher);
        assertTrue(book.checkCode(text), "sound");
        assertLe(bytes(text).length, 96, "length");
    }

    function test_code_atMidnight_hasTheCivilDay() public {
        IVoucherBook.CodingRules memory rules = _rules("UK", uint40(block.timestamp));
        rules.utcOffset = 8 hours;
        vm.prank(regulator);
        book.setCodingRules(rules);
        Voucher memory voucher = _voucher(0);
        voucher.at = 1_773_446_400 + 16 hours - 1;
        bytes memory before = bytes(book.code(voucher));
        voucher.at += 1;
        bytes memory next = bytes(book.code(voucher));
        assertTrue(before[12] == "4", "the 14th");
        assertTrue(next[12] == "5", "the 15th");
    }

    function test_code_ofNoKind_reverts() public {
        Voucher memory voucher = _voucher(0);
        voucher.kind = VoucherKind.NONE;
        vm.expectRevert(IVoucherBook.NoKind.selector);
        book.code(voucher);
    }

    // @requirement R-VCH-1 unique for ever
    function test_code_ofDifferentVouchers_differs(uint32 series, uint32 order, uint40 at, uint32 order2) public view {
        Voucher memory voucher = _voucher(0);
        (voucher.series, voucher.orderOfDay, voucher.at) = (series, order, at);
        string memory first = book.code(voucher);
        assertTrue(book.checkCode(first), "sound");
        voucher.orderOfDay = order2;
        assertEq(keccak256(bytes(first)) == keccak256(bytes(book.code(voucher))), order == order2, "same");
    }

    // @requirement R-VCH-1 the check characters find every single error
    function test_checkCode_anySingleError_isFound(uint32 order, uint40 at, uint8 place, uint8 character) public view {
        bytes memory text = _code(order, at);
        uint256 i = place % text.length;
        bytes1 wrong = _ALPHABET[character % 37];
        if (text[i] == wrong) return;
        text[i] = wrong;
        assertFalse(book.checkCode(string(text)), string(text));
    }

    // @requirement R-VCH-1 and every exchange of neighbours
    function test_checkCode_anyExchange_isFound(uint32 order, uint40 at, uint8 place) public view {
        bytes memory text = _code(order, at);
        uint256 i = place % (text.length - 1);
        if (text[i] == text[i + 1]) return;
        (text[i], text[i + 1]) = (text[i + 1], text[i]);
        assertFalse(book.checkCode(string(text)), string(text));
    }

    function test_checkCode_everyErrorInOneCode_isFound() public view {
        bytes memory text = _code(99, 1_700_000_000);
        assertTrue(book.checkCode(string(text)), "sound");
        for (uint256 i; i < text.length; ++i) {
            bytes1 right = text[i];
            for (uint256 c; c < 37; ++c) {
                if (_ALPHABET[c] == right) continue;
                text[i] = _ALPHABET[c];
                require(!book.checkCode(string(text)), NotTrue(string(text)));
            }
            text[i] = right;
            if (i == 0 || text[i - 1] == right) continue;
            (text[i - 1], text[i]) = (text[i], text[i - 1]);
            require(!book.checkCode(string(text)), NotTrue(string(text)));
            (text[i - 1], text[i]) = (text[i], text[i - 1]);
        }
    }

    function test_checkCode_otherCharacters_areRefused(uint8 place, bytes1 character) public view {
        if ((character >= "0" && character <= "9") || (character >= "A" && character <= "Z") || character == "-") {
            return;
        }
        bytes memory text = _code(99, 1_700_000_000);
        text[place % text.length] = character;
        assertFalse(book.checkCode(string(text)), "alphabet");
        assertFalse(book.checkCode(""), "empty");
        assertFalse(book.checkCode("001"), "short");
    }

    function _code(uint32 order, uint40 at) private view returns (bytes memory) {
        Voucher memory voucher = _voucher(0);
        (voucher.orderOfDay, voucher.at) = (order, at);
        return bytes(book.code(voucher));
    }

    /* CODING RULES */

    function test_rules_versions_followEachOther() public {
        uint40 now_ = uint40(block.timestamp);
        vm.startPrank(regulator);
        vm.expectEmit(address(book));
        emit IVoucherBook.CodingRulesSet(2, _rules("UK", now_ + 10));
        assertEq(book.setCodingRules(_rules("UK", now_ + 10)), 2, "version");
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.NotEffective.selector, now_ + 9, now_ + 10));
        book.setCodingRules(_rules("UK", now_ + 9));
        vm.warp(now_ + 20);
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.NotEffective.selector, now_ + 19, now_ + 20));
        book.setCodingRules(_rules("UK", now_ + 19));
        vm.stopPrank();

        assertEq(book.codingVersionAt(0), 1, "before all");
        assertEq(book.codingVersionAt(now_ + 9), 1, "first");
        assertEq(book.codingVersionAt(now_ + 10), 2, "second");
        assertEq(book.codingRules(2).effectiveFrom, now_ + 10, "rules");
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.NoCodingRules.selector, 3));
        book.codingRules(3);
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.NoCodingRules.selector, 0));
        book.codingRules(0);
    }

    function test_rules_thatCannotCode_revert() public {
        IVoucherBook.CodingRules[7] memory bad;
        for (uint256 i; i < bad.length; ++i) {
            bad[i] = _rules("UK", uint40(block.timestamp));
        }
        bad[0].scheme = "";
        bad[1].scheme = "uk";
        bad[2].scheme = "U-K";
        bad[3].scheme = bytes8(0x554b004b00000000); // a gap
        bad[4].kinds = "TSCT";
        bad[5].kinds = "TSC";
        bad[6].utcOffset = 1 days;
        for (uint256 i; i < bad.length; ++i) {
            vm.prank(regulator);
            vm.expectRevert(IVoucherBook.BadCodingRules.selector);
            book.setCodingRules(bad[i]);
        }
    }

    /* DIRECTORY */

    function test_register_series_isForEver() public {
        vm.startPrank(manager);
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.SeriesExists.selector, 7, address(issuer)));
        book.registerSeries(7, address(issuer), _TRADES);
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.BadSeries.selector, address(9), _TRADES));
        book.registerSeries(8, address(9), _TRADES);
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.BadSeries.selector, address(issuer), 0));
        book.registerSeries(8, address(issuer), 0);
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.BadSeries.selector, address(issuer), 32));
        book.registerSeries(8, address(issuer), 32);
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.BadSeries.selector, address(issuer), 1));
        book.registerSeries(8, address(issuer), 1);
        vm.expectEmit(address(book));
        emit IVoucherBook.SeriesRegistered(8, address(issuer), 12);
        book.registerSeries(8, address(issuer), 12);
        vm.stopPrank();
        assertEq(book.seriesOf(8).issuer, address(issuer), "issuer");
        vm.expectRevert(abi.encodeWithSelector(IVoucherBook.UnknownSeries.selector, 9));
        book.seriesOf(9);
    }

    // @requirement R-ACC-1
    function test_restricted_byAStranger_reverts() public {
        address stranger = address(0x1004);
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        book.registerSeries(8, address(issuer), 2);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        book.setCodingRules(_rules("UK", type(uint40).max));
        vm.expectRevert();
        book.initialize(_rules("UK", type(uint40).max));
        vm.stopPrank();
    }

    /* VERIFICATION */

    function _says(Voucher memory voucher, bytes32[] memory path, IVoucherBook.Verdict expected) private view {
        assertEq(uint256(book.verify(voucher, path)), uint256(expected), "verdict");
    }

    // @requirement R-VCH-3
    /// forge-config: default.fuzz.runs = 64
    function test_verify_genuine_isValid(uint40 index) public view {
        uint40 i = uint40(bound(index, 0, _COUNT - 1));
        _says(_voucher(i), issuer.pathOf(i), IVoucherBook.Verdict.VALID);
    }

    // @requirement R-VCH-3 at most 60,000 gas, whatever the leaf's place
    function test_verify_gas_isWithinTheGoal() public {
        uint256 newest = _gasOf(_COUNT - 1);
        uint256 oldest = _gasOf(0);
        emit Measured("voucher_verify, the 4,097th", newest);
        emit Measured("voucher_verify, the first of 4,097", oldest);
        assertLe(newest, 60_000, "newest");
        assertLe(oldest, 60_000, "oldest");
    }

    event Measured(string what, uint256 gas);

    function _gasOf(uint256 index) private returns (uint256 used) {
        Voucher memory voucher = _voucher(uint40(index));
        bytes32[] memory path = issuer.pathOf(index);
        vm.cool(address(book));
        vm.cool(address(issuer));
        uint256 before = gasleft();
        IVoucherBook.Verdict verdict = book.verify(voucher, path);
        used = before - gasleft();
        assertEq(uint256(verdict), 0, "valid");
    }

    // @requirement R-VCH-3 any altered field is found
    /// forge-config: default.fuzz.runs = 64
    function test_verify_anyAlteredField_isFound(uint8 field, uint256 noise) public view {
        Voucher memory voucher = _voucher(1000);
        bytes32[] memory path = issuer.pathOf(1000);
        bytes32 before = keccak256(abi.encode(voucher));
        uint256 which = field % 10;
        if (which == 0) voucher.kind = VoucherKind(noise % 5);
        if (which == 1) voucher.series = uint32(noise);
        if (which == 2) voucher.index = uint40(noise);
        if (which == 3) voucher.orderOfDay = uint32(noise);
        if (which == 4) voucher.at = uint40(noise);
        if (which == 5) voucher.instrument = noise;
        if (which == 6) voucher.quantity = noise;
        if (which == 7) voucher.price = noise;
        if (which == 8) (voucher.from, voucher.to) = (address(uint160(noise)), voucher.from);
        if (which == 9) voucher.ref = noise;
        if (before == keccak256(abi.encode(voucher))) return;
        assertTrue(book.verify(voucher, path) != IVoucherBook.Verdict.VALID, "found");
    }

    function test_verify_forged_saysWhatIsWrong() public view {
        Voucher memory voucher = _voucher(1000);
        bytes32[] memory path = issuer.pathOf(1000);
        voucher.series = 8;
        _says(voucher, path, IVoucherBook.Verdict.UNKNOWN_SERIES);
        voucher = _voucher(1000);
        voucher.kind = VoucherKind.AWARD;
        _says(voucher, path, IVoucherBook.Verdict.KIND_NOT_OF_SERIES);
        voucher = _voucher(uint40(_COUNT));
        _says(voucher, path, IVoucherBook.Verdict.NOT_ISSUED);
        voucher = _voucher(1000);
        _says(voucher, new bytes32[](11), IVoucherBook.Verdict.WRONG_PROOF_LENGTH);
        path[3] = keccak256("other");
        _says(voucher, path, IVoucherBook.Verdict.ALTERED);
    }
}
