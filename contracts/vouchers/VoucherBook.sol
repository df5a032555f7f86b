// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { IVoucherBook } from "./IVoucherBook.sol";
import { IVoucherIssuer } from "./IVoucherIssuer.sol";
import { VoucherCode } from "./VoucherCode.sol";
import { VoucherSeries } from "./VoucherSeries.sol";

/// @title The directory of voucher series. Its manual is `IVoucherBook`.
contract VoucherBook is IVoucherBook, Governed {
    /// @dev Bits 1 to 4: the kinds that a voucher can be of.
    uint16 private constant _ALL_KINDS = 0x1e;

    /// @custom:storage-location erc7201:carbon.storage.VoucherBook
    struct Storage {
        mapping(uint32 series => Series) series;
        mapping(uint256 version => CodingRules) rules;
        uint32 versions;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.VoucherBook")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x3bbb01c9cb8950a387c8dd5c34d4927f23ee4bf67968bfe9466d0f3870e1c800;

    /// @param first The first version of the coding rules.
    function initialize(CodingRules calldata first) external reinitializer(2) {
        _setCodingRules(first);
    }

    /* DIRECTORY */

    /// @inheritdoc IVoucherBook
    function registerSeries(uint32 series, address issuer, uint16 kinds) external restricted {
        Storage storage $ = _s();
        address known = $.series[series].issuer;
        require(known == address(0), SeriesExists(series, known));
        require(issuer.code.length != 0 && kinds != 0 && kinds & ~_ALL_KINDS == 0, BadSeries(issuer, kinds));

        $.series[series] = Series(issuer, kinds);

        emit SeriesRegistered(series, issuer, kinds);
    }

    /// @inheritdoc IVoucherBook
    function seriesOf(uint32 series) external view returns (Series memory found) {
        found = _s().series[series];
        require(found.issuer != address(0), UnknownSeries(series));
    }

    /* CODING RULES */

    /// @inheritdoc IVoucherBook
    function setCodingRules(CodingRules calldata rules) external restricted returns (uint32 version) {
        return _setCodingRules(rules);
    }

    /// @inheritdoc IVoucherBook
    function codingRules(uint32 version) external view returns (CodingRules memory rules) {
        require(version != 0 && version <= _s().versions, NoCodingRules(version));
        return _s().rules[version];
    }

    /// @inheritdoc IVoucherBook
    function codingVersionAt(uint256 timestamp) public view returns (uint32 version) {
        Storage storage $ = _s();
        version = $.versions;
        while (version > 1 && $.rules[version].effectiveFrom > timestamp) {
            --version;
        }
    }

    /// @dev Not in the past, so that the code of a voucher never changes.
    function _setCodingRules(CodingRules memory rules) private returns (uint32 version) {
        Storage storage $ = _s();
        version = $.versions;
        uint40 earliest = $.rules[version].effectiveFrom;
        if (earliest < block.timestamp) earliest = uint40(block.timestamp);
        if (rules.effectiveFrom == 0) rules.effectiveFrom = earliest;
        require(rules.effectiveFrom >= earliest, NotEffective(rules.effectiveFrom, earliest));
        require(_isCodable(rules), BadCodingRules());

        $.versions = ++version;
        $.rules[version] = rules;

        emit CodingRulesSet(version, rules);
    }

    function _isCodable(CodingRules memory rules) private pure returns (bool) {
        if (rules.scheme[0] == 0 || rules.utcOffset <= -1 days || rules.utcOffset >= 1 days) return false;
        bool ended;
        for (uint256 i; i < 8; ++i) {
            if (rules.scheme[i] == 0) ended = true;
            else if (ended || !VoucherCode.isCapitalOrDigit(rules.scheme[i])) return false;
        }
        for (uint256 i; i < 4; ++i) {
            if (!VoucherCode.isCapitalOrDigit(rules.kinds[i])) return false;
            for (uint256 j; j < i; ++j) {
                if (rules.kinds[i] == rules.kinds[j]) return false;
            }
        }
        return true;
    }

    /* CODES */

    /// @inheritdoc IVoucherBook
    function code(Voucher calldata voucher) external view returns (string memory) {
        require(voucher.kind != VoucherKind.NONE, NoKind());
        uint32 version = codingVersionAt(voucher.at);
        CodingRules storage rules = _s().rules[version];
        return VoucherCode.encode(voucher, rules.scheme, rules.kinds, rules.utcOffset, version);
    }

    /// @inheritdoc IVoucherBook
    function checkCode(string calldata text) external pure returns (bool) {
        return VoucherCode.isSound(bytes(text));
    }

    /* VERIFICATION */

    /// @inheritdoc IVoucherBook
    function verify(Voucher calldata voucher, bytes32[] calldata siblings) external view returns (Verdict) {
        Series memory known = _s().series[voucher.series];
        if (known.issuer == address(0)) return Verdict.UNKNOWN_SERIES;
        if (known.kinds >> uint8(voucher.kind) & 1 == 0) return Verdict.KIND_NOT_OF_SERIES;

        uint256 count = IVoucherIssuer(known.issuer).voucherCount(voucher.series);
        if (voucher.index >= count) return Verdict.NOT_ISSUED;

        uint256 height = VoucherSeries.peakOf(voucher.index, count);
        if (siblings.length != height) return Verdict.WRONG_PROOF_LENGTH;

        bytes32 peak = IVoucherIssuer(known.issuer).voucherPeak(voucher.series, height);
        bool included = VoucherSeries.climb(voucher.index, VoucherSeries.leafOf(voucher), siblings) == peak;
        return included ? Verdict.VALID : Verdict.ALTERED;
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
