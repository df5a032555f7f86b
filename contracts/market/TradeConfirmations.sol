// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC5267 } from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import { Governed } from "../governance/Governed.sol";
import { InstrumentId } from "../types/InstrumentId.sol";
import { VoucherKind } from "../types/Vouchers.sol";
import { IVoucherBook } from "../vouchers/IVoucherBook.sol";
import { ITradeConfirmations } from "./ITradeConfirmations.sol";

/// @title Trade confirmations: keys and verification. Its manual is `ITradeConfirmations`.
/// @dev Nothing to initialize: the seed has set the authority. Calls nobody but the voucher book, and that to read.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract TradeConfirmations is ITradeConfirmations, IERC5267, Governed {
    string private constant _NAME = "Carbon Trade Confirmations";
    string private constant _VERSION = "1";
    bytes32 private constant _DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant _CONFIRMATION_TYPE = keccak256(
        "TradeConfirmation(bytes32 platform,Voucher voucher,string code,uint256 money,uint256 sellerFee,uint256 buyerFee,uint64 blockNumber,bytes32 blockHash,bytes32 transactionHash,uint32 logIndex)Voucher(uint8 kind,uint32 series,uint40 index,uint32 orderOfDay,uint40 at,uint256 instrument,uint256 quantity,uint256 price,address from,address to,uint256 ref)"
    );
    bytes32 private constant _VOUCHER_TYPE = keccak256(
        "Voucher(uint8 kind,uint32 series,uint40 index,uint32 orderOfDay,uint40 at,uint256 instrument,uint256 quantity,uint256 price,address from,address to,uint256 ref)"
    );

    IVoucherBook private immutable VOUCHERS;
    uint256 private immutable MAIN_MONEY;
    bytes32 private immutable PLATFORM;

    /// @custom:storage-location erc7201:carbon.storage.TradeConfirmations
    struct Storage {
        mapping(address key => ConfirmationKey) keys;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.TradeConfirmations")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x680b7099848d70fa233e650b7f984d6076c251e654a05b16b4e60cb27a084c00;

    /// @param platform_ The platform's name, ASCII from the left.
    constructor(IVoucherBook vouchers, InstrumentId mainMoney, bytes32 platform_) {
        VOUCHERS = vouchers;
        MAIN_MONEY = InstrumentId.unwrap(mainMoney);
        PLATFORM = platform_;
    }

    /* KEYS */

    /// @inheritdoc ITradeConfirmations
    function registerConfirmationKey(address key, uint40 from, uint40 until) external restricted {
        require(key != address(0) && from < until, BadConfirmationKey(key, from, until));
        require(_s().keys[key].until == 0, ConfirmationKeyExists(key));

        _s().keys[key] = ConfirmationKey({ from: from, until: until, revokedSince: 0 });

        emit ConfirmationKeyRegistered(key, from, until);
    }

    /// @inheritdoc ITradeConfirmations
    function revokeConfirmationKey(address key, uint40 since, bytes32 cause) external restricted {
        ConfirmationKey storage known = _s().keys[key];
        require(known.until != 0, UnknownConfirmationKey(key));
        uint256 latest = known.revokedSince == 0 ? block.timestamp : known.revokedSince - 1;
        require(since != 0 && since <= latest, BadRevocation(since, latest));
        require(cause != 0, CauseMissing());

        known.revokedSince = since;

        emit ConfirmationKeyRevoked(key, since, cause);
    }

    /* VIEWS */

    /// @inheritdoc ITradeConfirmations
    function platform() external view returns (bytes32) {
        return PLATFORM;
    }

    /// @inheritdoc ITradeConfirmations
    function confirmationKeyOf(address key) external view returns (ConfirmationKey memory) {
        return _s().keys[key];
    }

    /// @inheritdoc ITradeConfirmations
    function verify(TradeConfirmation calldata confirmation, bytes calldata signature, bytes32[] calldata siblings)
        external
        view
        returns (ConfirmationVerdict verdict, address key, IVoucherBook.Verdict ofVoucher)
    {
        (verdict, key) = verifySignature(confirmation, signature);
        if (verdict != ConfirmationVerdict.VALID) return (verdict, key, ofVoucher);

        ofVoucher = VOUCHERS.verify(confirmation.voucher, siblings);
        if (ofVoucher != IVoucherBook.Verdict.VALID) return (ConfirmationVerdict.NOT_IN_SERIES, key, ofVoucher);

        bytes32 code = keccak256(bytes(VOUCHERS.code(confirmation.voucher)));
        if (code != keccak256(bytes(confirmation.code))) verdict = ConfirmationVerdict.WRONG_CODE;
    }

    /// @inheritdoc ITradeConfirmations
    function verifySignature(TradeConfirmation calldata confirmation, bytes calldata signature)
        public
        view
        returns (ConfirmationVerdict verdict, address key)
    {
        if (confirmation.voucher.kind != VoucherKind.TRADE) return (ConfirmationVerdict.NOT_A_TRADE, key);
        if (confirmation.platform != PLATFORM) return (ConfirmationVerdict.OTHER_PLATFORM, key);
        if (confirmation.money != MAIN_MONEY) return (ConfirmationVerdict.OTHER_MONEY, key);

        (key,,) = ECDSA.tryRecoverCalldata(digestOf(confirmation), signature);
        if (key == address(0)) return (ConfirmationVerdict.BAD_SIGNATURE, key);

        return (_standingOf(key, confirmation.voucher.at), key);
    }

    /// @dev Of a key for trades of the time `at`.
    function _standingOf(address key, uint40 at) private view returns (ConfirmationVerdict) {
        ConfirmationKey memory known = _s().keys[key];
        if (known.until == 0) return ConfirmationVerdict.UNKNOWN_KEY;
        if (at < known.from || at >= known.until) return ConfirmationVerdict.KEY_NOT_VALID;
        if (known.revokedSince != 0 && at >= known.revokedSince) return ConfirmationVerdict.KEY_REVOKED;
        return ConfirmationVerdict.VALID;
    }

    /* TYPED DATA */

    /// @inheritdoc ITradeConfirmations
    /// @dev The domain is made anew each time: the chain's id may change under a proxy, and storage would cost more.
    function digestOf(TradeConfirmation calldata confirmation) public view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(_DOMAIN_TYPE, keccak256(bytes(_NAME)), keccak256(bytes(_VERSION)), block.chainid, address(this))
        );
        bytes32 content = keccak256(
            abi.encode(
                _CONFIRMATION_TYPE,
                confirmation.platform,
                keccak256(abi.encode(_VOUCHER_TYPE, confirmation.voucher)),
                keccak256(bytes(confirmation.code)),
                confirmation.money,
                confirmation.sellerFee,
                confirmation.buyerFee,
                confirmation.blockNumber,
                confirmation.blockHash,
                confirmation.transactionHash,
                confirmation.logIndex
            )
        );
        return MessageHashUtils.toTypedDataHash(domain, content);
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        // 0x0f: name, version, chainId, verifyingContract
        return (hex"0f", _NAME, _VERSION, block.chainid, address(this), bytes32(0), new uint256[](0));
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
