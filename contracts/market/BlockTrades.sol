// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC5267 } from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import { ECDSA } from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import { MessageHashUtils } from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import { Governed } from "../governance/Governed.sol";
import { IERC7943MultiToken } from "../instruments/IERC7943.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { ICreditRecord } from "../registry/ICreditRecord.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Eligibility, Restrictions, Rights } from "../types/Accounts.sol";
import { Misconduct } from "../types/Conduct.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { Side } from "../types/OrderId.sol";
import { IVoucherIssuer } from "../vouchers/IVoucherIssuer.sol";
import { VoucherSeries } from "../vouchers/VoucherSeries.sol";
import { Bilateral } from "./Bilateral.sol";
import { IBlockTrades } from "./IBlockTrades.sol";
import { IMarketRules } from "./IMarketRules.sol";

/// @title Block trades. Its manual is `IBlockTrades`; what it has in common with listed quotes is `Bilateral`.
/// @dev No guard against reentrance: called are the ledger, which calls nobody while it binds, releases or moves, and the
///      credit record, which calls only the registry and, through it, the ledger.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract BlockTrades is IBlockTrades, IVoucherIssuer, IERC5267, Governed {
    using Bilateral for Bilateral.Tape;
    using VoucherSeries for VoucherSeries.Peaks;

    IInstrumentLedger.Reason private constant _BLOCK = IInstrumentLedger.Reason.BLOCK_TRADE;
    uint256 private constant _WHOLE_BAND = 10_000;
    uint256 private constant _FIRST_WEEKDAY = 3; // 1970-01-01 was a Thursday; Monday is 0

    string private constant _NAME = "Carbon Block Trades";
    string private constant _VERSION = "1";
    bytes32 private constant _DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant _BLOCK_TYPE = keccak256(
        "BlockTrade(address seller,address buyer,uint8 offeredBy,uint24 market,uint24 tick,uint48 quantity,uint40 expires,uint40 settleAt,uint64 nonce)"
    );

    IInstrumentLedger private immutable LEDGER;
    ICreditRecord private immutable CREDIT_RECORD;
    uint256 private immutable MAIN_MONEY;
    int256 private immutable DAY_OFFSET;
    uint32 private immutable SERIES;
    IMarketRules private immutable RULES;

    // Two words.
    struct BlockMarket {
        uint88 instrument;
        uint64 tickSize;
        uint24 lot;
        uint32 leastLots;
        uint24 referenceTick;
        BlockMarketState state;
        uint64 buyerFee;
        uint64 sellerFee;
        uint16 band;
        uint24 opens;
        uint24 closes;
        uint32 window;
        uint24 longestDelay; // at most 194 days
        uint8 weekdays;
    }

    /// @custom:storage-location erc7201:carbon.storage.BlockTrades
    struct Storage {
        mapping(uint24 market => BlockMarket) markets;
        mapping(bytes32 id => BlockState) states;
        mapping(address account => mapping(uint256 word => uint256)) nonces; // one bit each
        mapping(address account => Failures) failures;
        Bilateral.Tape tape;
        VoucherSeries.Peaks vouchers;
        uint24 count;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.BlockTrades")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xb2be4e4ea8275c5a76bc68ac47a5fbed06fea93c790bb9bac0c8add16b262500;

    /// @param dayOffset Seconds that the scheme's civil day begins before UTC's.
    /// @param series Number of the voucher series.
    /// @param rules Whether the platform is downgraded, and how much an account may hold.
    constructor(
        IInstrumentLedger ledger,
        ICreditRecord creditRecord,
        InstrumentId mainMoney,
        int256 dayOffset,
        uint32 series,
        IMarketRules rules
    ) {
        LEDGER = ledger;
        CREDIT_RECORD = creditRecord;
        MAIN_MONEY = InstrumentId.unwrap(mainMoney);
        DAY_OFFSET = dayOffset;
        SERIES = series;
        RULES = rules;
    }

    /// @notice Says which series its vouchers are in.
    function initialize() external reinitializer(2) {
        emit VoucherSeriesSet(SERIES);
    }

    /* MARKETS */

    /// @inheritdoc IBlockTrades
    function openBlockMarket(BlockTerms calldata terms) external restricted returns (uint24 market) {
        _requireTerms(terms);

        market = ++_s().count;
        _s().markets[market] = BlockMarket({
            instrument: uint88(InstrumentId.unwrap(terms.instrument)),
            tickSize: terms.tickSize,
            lot: terms.lot,
            leastLots: terms.leastLots,
            referenceTick: 0,
            state: BlockMarketState.OPEN,
            buyerFee: terms.buyerFee,
            sellerFee: terms.sellerFee,
            band: terms.band,
            opens: terms.opens,
            closes: terms.closes,
            window: terms.window,
            longestDelay: uint24(terms.longestDelay),
            weekdays: terms.weekdays
        });

        emit BlockMarketOpened(market, terms.instrument, terms);
    }

    /// @inheritdoc IBlockTrades
    function setBlockMarketState(uint24 market, BlockMarketState state) external restricted {
        BlockMarket storage m = _market(market);
        require(state != BlockMarketState.NONE, UnknownBlockMarket(market));

        m.state = state;

        emit BlockMarketStateChanged(market, state);
    }

    /// @inheritdoc IBlockTrades
    function setReference(uint24 market, uint24 tick) external restricted {
        BlockMarket storage m = _market(market);
        require(tick != 0, NoReference(market));

        m.referenceTick = tick;

        emit ReferenceSet(market, tick);
    }

    /// @inheritdoc IBlockTrades
    function setHours(uint24 market, uint24 opens, uint24 closes, uint8 weekdays) external restricted {
        BlockMarket storage m = _market(market);
        uint256 term = _badHours(opens, closes, weekdays);
        require(term == 0, BadBlockTerms(term));

        (m.opens, m.closes, m.weekdays) = (opens, closes, weekdays);

        emit HoursSet(market, opens, closes, weekdays);
    }

    /// @inheritdoc IBlockTrades
    function setFeeAccount(address account) external restricted {
        _s().tape.feeAccount = account;

        emit FeeAccountSet(account);
    }

    /// @dev Reverts with the first term that is impossible, or too large for its field.
    function _requireTerms(BlockTerms calldata t) private pure {
        InstrumentClass class = checkedInstrument(InstrumentId.unwrap(t.instrument)).class();
        uint256 lowestPrice = uint256(t.tickSize) * t.lot; // of a lot: pays its fees
        uint256 term = _badHours(t.opens, t.closes, t.weekdays);
        if (class == InstrumentClass.MONEY) term = 0;
        else if (t.tickSize == 0) term = 1;
        else if (t.lot == 0) term = 2;
        else if (t.leastLots == 0) term = 3;
        else if (t.buyerFee > lowestPrice) term = 4;
        else if (t.sellerFee > lowestPrice) term = 5;
        else if (t.band >= _WHOLE_BAND) term = 6;
        else if (term == 0 && t.longestDelay > type(uint24).max) term = 10;
        else if (term == 0) return;
        revert BadBlockTerms(term);
    }

    /// @dev The position of the term that is impossible; 0: none.
    function _badHours(uint24 opens, uint24 closes, uint8 weekdays) private pure returns (uint256 term) {
        if (opens >= closes) return 7;
        if (closes > 1 days) return 8;
        if (weekdays == 0 || weekdays >= 1 << 7) return 9;
    }

    function _market(uint24 market) private view returns (BlockMarket storage m) {
        m = _s().markets[market];
        require(m.state != BlockMarketState.NONE, UnknownBlockMarket(market));
    }

    /* OFFERING */

    /// @inheritdoc IBlockTrades
    function propose(BlockTrade calldata terms) external returns (bytes32 id) {
        (address offerer,) = _sides(terms);
        _requireSide(offerer);
        BlockMarket memory m = _takeable(terms);
        id = idOf(terms);

        _spend(offerer, terms.nonce);
        _s().states[id] = BlockState.PROPOSED;

        emit BlockProposed(id, terms.seller, terms.buyer, msg.sender, terms);

        if (terms.settleAt == 0) _bind(id, terms, m, offerer);
    }

    /// @inheritdoc IBlockTrades
    function withdraw(BlockTrade calldata terms) external {
        (address offerer,) = _sides(terms);
        Bilateral.requireKeyOf(_eligibility(), offerer);
        _end(terms, BlockState.WITHDRAWN, 0);
    }

    /// @inheritdoc IBlockTrades
    function cancelNonce(uint64 nonce) external {
        address account = _eligibility().actingFor(msg.sender, Rights.TRADE, 0);
        _spend(account, nonce);
    }

    function _spend(address account, uint64 nonce) private {
        uint256 bit = 1 << (nonce & 0xff);
        uint256 word = _s().nonces[account][nonce >> 8];
        require(word & bit == 0, NonceUsed(account, nonce));

        _s().nonces[account][nonce >> 8] = word | bit;

        emit NonceSpent(account, nonce);
    }

    /// @dev Who offers, and who takes.
    function _sides(BlockTrade calldata terms) private pure returns (address offerer, address taker) {
        return terms.offeredBy == Side.BUY ? (terms.buyer, terms.seller) : (terms.seller, terms.buyer);
    }

    function _requireSide(address side) private view {
        address account = _eligibility().actingFor(msg.sender, Rights.TRADE, Restrictions.NO_TRADE);
        require(account == side, NotTheBlockSide(msg.sender, account, side));
    }

    /// @dev What must hold when a block is offered, and again when it is taken.
    function _takeable(BlockTrade calldata terms) private view returns (BlockMarket memory m) {
        RULES.requireNormal();
        m = _s().markets[terms.market];
        require(m.state == BlockMarketState.OPEN, BlockMarketNotOpen(terms.market, uint8(m.state)));
        require(_isWithinHours(m, block.timestamp), OutsideBlockHours(terms.market, block.timestamp));
        _requireInBand(terms, m);
        uint256 least = uint256(m.lot) * m.leastLots;
        require(terms.quantity >= least && terms.quantity % m.lot == 0, BadBlockQuantity(terms.quantity, m.lot, least));
        uint256 paid = uint256(terms.quantity) * terms.tick * m.tickSize + _fee(terms, m, m.buyerFee);
        require(paid <= type(uint96).max, Bilateral.AmountTooLarge(paid));
        require(block.timestamp < terms.expires, BlockOfferExpired(terms.expires, block.timestamp));
        uint256 latest = block.timestamp + m.longestDelay;
        require(
            terms.settleAt == 0 || (terms.settleAt > block.timestamp && terms.settleAt <= latest),
            BadSettlementTime(terms.settleAt, latest)
        );
        Bilateral.requirePair(_eligibility(), terms.seller, terms.buyer);
        RULES.requireMayHold(terms.buyer, m.instrument, terms.quantity);
    }

    /// @dev Rounded so that no price beyond the share passes.
    function _requireInBand(BlockTrade calldata terms, BlockMarket memory m) private pure {
        uint256 middle = m.referenceTick;
        require(middle != 0, NoReference(terms.market));
        uint256 lowest = (middle * (_WHOLE_BAND - m.band) + _WHOLE_BAND - 1) / _WHOLE_BAND;
        uint256 highest = middle * (_WHOLE_BAND + m.band) / _WHOLE_BAND;
        require(terms.tick >= lowest && terms.tick <= highest, BlockOutsideBand(terms.tick, lowest, highest));
    }

    function _isWithinHours(BlockMarket memory m, uint256 time) private view returns (bool) {
        uint256 local = uint256(int256(time) + DAY_OFFSET);
        // A time of the day and a day of the week, nothing random.
        // slither-disable-next-line weak-prng
        uint256 second = local % 1 days;
        // slither-disable-next-line weak-prng
        uint256 weekday = (local / 1 days + _FIRST_WEEKDAY) % 7;
        return second >= m.opens && second < m.closes && m.weekdays >> weekday & 1 == 1;
    }

    /* TAKING */

    /// @inheritdoc IBlockTrades
    function confirm(BlockTrade calldata terms) external {
        (, address taker) = _sides(terms);
        _requireSide(taker);
        bytes32 id = _inState(terms, BlockState.PROPOSED);
        BlockMarket memory m = _takeable(terms);

        _agree(id, terms, m, taker, address(0));
    }

    /// @inheritdoc IBlockTrades
    function refuse(BlockTrade calldata terms) external {
        (, address taker) = _sides(terms);
        Bilateral.requireKeyOf(_eligibility(), taker);
        _end(terms, BlockState.REFUSED, 0);
    }

    /// @inheritdoc IBlockTrades
    /// @dev The nonce cannot have been used: so neither has the id.
    function execute(BlockTrade calldata terms, bytes calldata signature) external returns (bytes32 id) {
        (address offerer, address taker) = _sides(terms);
        _requireSide(taker);
        id = idOf(terms);
        _requireSigned(id, offerer, signature);
        BlockMarket memory m = _takeable(terms);

        _spend(offerer, terms.nonce);
        _agree(id, terms, m, taker, offerer);
    }

    function _requireSigned(bytes32 id, address offerer, bytes calldata signature) private view {
        address signer = ECDSA.recoverCalldata(id, signature);
        address account = _eligibility().actingFor(signer, Rights.TRADE, Restrictions.NO_TRADE);
        require(account == offerer, NotTheSigningSide(signer, account, offerer));
    }

    /// @dev Both agree. `one` and `other` (0: nobody) are the sides that have not bound what they give, should it settle now.
    function _agree(bytes32 id, BlockTrade calldata terms, BlockMarket memory m, address one, address other) private {
        if (terms.settleAt == 0) return _conclude(id, terms, m, one, other);

        _s().states[id] = BlockState.CONFIRMED;

        emit BlockConfirmed(id, terms.seller, terms.buyer, msg.sender, terms);
    }

    /* SETTLING */

    /// @inheritdoc IBlockTrades
    function settle(BlockTrade calldata terms) external {
        bytes32 id = _inState(terms, BlockState.CONFIRMED);
        require(block.timestamp >= terms.settleAt, BlockNotDue(id, terms.settleAt));
        BlockMarket memory m = _s().markets[terms.market];
        (Fault ofSeller, Fault ofBuyer, bool possible) = _faults(terms, m);
        if (ofSeller == Fault.NONE && ofBuyer == Fault.NONE && possible) {
            return _conclude(id, terms, m, terms.seller, terms.buyer);
        }
        // What is neither side's doing has one more window to pass: a short closure decides nothing.
        uint256 deadline = uint256(terms.settleAt) + (possible ? m.window : 2 * uint256(m.window));
        require(block.timestamp >= deadline, CannotSettleYet(id, ofSeller, ofBuyer, deadline));

        BlockState state = possible ? BlockState.FAILED : BlockState.VOID;
        _s().states[id] = state;
        if (possible) {
            _note(id, terms.seller, ofSeller);
            _note(id, terms.buyer, ofBuyer);
        }

        emit BlockEnded(id, state, 0);

        if (possible) {
            _report(id, terms.seller, ofSeller);
            _report(id, terms.buyer, ofBuyer);
        }
    }

    /// @dev Their very next act meets the consequences.
    function _report(bytes32 id, address account, Fault fault) private {
        if (fault == Fault.NONE) return;
        uint8 kind = fault == Fault.LACKS ? Misconduct.LACKED : Misconduct.NOT_ELIGIBLE;
        // The number of the entry is told by the record's event.
        // slither-disable-next-line unused-return
        CREDIT_RECORD.report(account, kind, id);
    }

    /// @dev What stands against settling now. `possible`: nothing that is neither side's own.
    function _faults(BlockTrade calldata terms, BlockMarket memory m)
        private
        view
        returns (Fault ofSeller, Fault ofBuyer, bool possible)
    {
        Eligibility memory seller = _eligibility().eligibilityOf(terms.seller);
        Eligibility memory buyer = _eligibility().eligibilityOf(terms.buyer);
        ofSeller = _fault(seller, terms.seller, m.instrument, terms.quantity);
        ofBuyer = _fault(buyer, terms.buyer, MAIN_MONEY, _dealOf("", terms, m).cost + _fee(terms, m, m.buyerFee));
        IInstrumentLedger.Instrument memory known = LEDGER.instrumentOf(m.instrument);
        // Would the buyer hold too much, that is nobody's fault, as anyone can send it units; but it excuses no other one.
        possible = !Bilateral.haveOneOwner(terms.seller, seller, terms.buyer, buyer)
            && (ofSeller != Fault.NONE
                || ofBuyer != Fault.NONE
                || RULES.mayHold(terms.buyer, m.instrument, terms.quantity))
            && known.state == IInstrumentLedger.InstrumentState.OPEN
            && (known.validUntil == 0 || block.timestamp < known.validUntil)
            && (m.buyerFee | m.sellerFee == 0 || IERC7943MultiToken(address(LEDGER)).canReceive(_s().tape.feeAccount));
    }

    function _fault(Eligibility memory e, address account, uint256 instrument, uint256 owed)
        private
        view
        returns (Fault)
    {
        if (!Bilateral.mayTrade(e, Restrictions.NO_TRADE | Restrictions.NO_RECEIPT)) return Fault.NOT_ELIGIBLE;
        return LEDGER.freeOf(account, instrument) < owed ? Fault.LACKS : Fault.NONE;
    }

    function _note(bytes32 id, address account, Fault fault) private {
        if (fault == Fault.NONE) return;
        Failures storage f = _s().failures[account];
        if (fault == Fault.LACKS) ++f.lacked;
        else ++f.notEligible;
        f.latest = uint40(block.timestamp);

        emit SettlementFailed(id, account, fault);
    }

    /// @dev What `one` and `other` (0: nobody) give is bound now, what else the block needs is bound already.
    function _conclude(bytes32 id, BlockTrade calldata terms, BlockMarket memory m, address one, address other)
        private
    {
        Bilateral.Deal memory deal = _dealOf(id, terms, m);

        _s().states[id] = BlockState.SETTLED;
        (uint40 voucher, uint32 orderOfDay) =
            _s().tape.conclude(_s().vouchers, SERIES, DAY_OFFSET, deal, uint256(terms.tick) * m.tickSize);

        emit BlockSettled(id, terms.seller, terms.buyer, voucher, orderOfDay, terms);

        _bind(id, terms, m, one);
        if (other != address(0)) _bind(id, terms, m, other);
        Bilateral.deliver(LEDGER, MAIN_MONEY, _BLOCK, deal, _s().tape.feeAccount);
    }

    /* ENDING WITHOUT A TRADE */

    /// @inheritdoc IBlockTrades
    function lapse(BlockTrade calldata terms) external {
        require(block.timestamp >= terms.expires, BlockOfferStands(idOf(terms), terms.expires));
        _end(terms, BlockState.LAPSED, 0);
    }

    /// @inheritdoc IBlockTrades
    function annul(BlockTrade calldata terms, bytes32 cause) external restricted {
        require(cause != 0, CauseMissing());
        bytes32 id = idOf(terms);
        if (_s().states[id] != BlockState.CONFIRMED) return _end(terms, BlockState.ANNULLED, cause);

        _s().states[id] = BlockState.ANNULLED;

        emit BlockEnded(id, BlockState.ANNULLED, cause);
    }

    /// @dev Of a proposal; what it bound is free again.
    function _end(BlockTrade calldata terms, BlockState state, bytes32 cause) private {
        bytes32 id = _inState(terms, BlockState.PROPOSED);

        _s().states[id] = state;

        emit BlockEnded(id, state, cause);

        if (terms.settleAt != 0) return;
        (address offerer,) = _sides(terms);
        (uint256 instrument, uint256 owed) = _owed(terms, _s().markets[terms.market], offerer);
        LEDGER.release(offerer, instrument, owed, _BLOCK, id);
    }

    function _inState(BlockTrade calldata terms, BlockState wanted) private view returns (bytes32 id) {
        id = idOf(terms);
        BlockState state = _s().states[id];
        require(state == wanted, WrongBlockState(id, state));
    }

    /* AMOUNTS */

    function _dealOf(bytes32 id, BlockTrade calldata terms, BlockMarket memory m)
        private
        pure
        returns (Bilateral.Deal memory)
    {
        return Bilateral.Deal({
            seller: terms.seller,
            buyer: terms.buyer,
            instrument: m.instrument,
            quantity: terms.quantity,
            cost: uint256(terms.quantity) * terms.tick * m.tickSize,
            sellerFee: _fee(terms, m, m.sellerFee),
            buyerFee: _fee(terms, m, m.buyerFee),
            cause: id
        });
    }

    function _fee(BlockTrade calldata terms, BlockMarket memory m, uint256 perLot) private pure returns (uint256) {
        return terms.quantity / m.lot * perLot;
    }

    /// @dev What a side gives: the units, or their price and the buyer's fee.
    function _owed(BlockTrade calldata terms, BlockMarket memory m, address side)
        private
        view
        returns (uint256 instrument, uint256 owed)
    {
        if (side == terms.seller) return (m.instrument, terms.quantity);
        Bilateral.Deal memory deal = _dealOf("", terms, m);
        return (MAIN_MONEY, deal.cost + deal.buyerFee);
    }

    function _bind(bytes32 id, BlockTrade calldata terms, BlockMarket memory m, address side) private {
        (uint256 instrument, uint256 owed) = _owed(terms, m, side);
        LEDGER.encumber(side, instrument, owed, _BLOCK, id);
    }

    function _eligibility() private view returns (IEligibility) {
        return IEligibility(address(LEDGER));
    }

    /* VIEWS */

    /// @inheritdoc IBlockTrades
    function blockMarketCount() external view returns (uint24) {
        return _s().count;
    }

    /// @inheritdoc IBlockTrades
    function blockMarketOf(uint24 market) external view returns (BlockMarketView memory) {
        BlockMarket memory m = _market(market);
        return BlockMarketView({
            terms: BlockTerms({
                instrument: InstrumentId.wrap(m.instrument),
                tickSize: m.tickSize,
                lot: m.lot,
                leastLots: m.leastLots,
                buyerFee: m.buyerFee,
                sellerFee: m.sellerFee,
                band: m.band,
                opens: m.opens,
                closes: m.closes,
                weekdays: m.weekdays,
                longestDelay: m.longestDelay,
                window: m.window
            }),
            state: m.state,
            referenceTick: m.referenceTick
        });
    }

    /// @inheritdoc IBlockTrades
    function isWithinHours(uint24 market, uint256 time) external view returns (bool) {
        return _isWithinHours(_market(market), time);
    }

    /// @inheritdoc IBlockTrades
    function stateOf(bytes32 id) external view returns (BlockState) {
        return _s().states[id];
    }

    /// @inheritdoc IBlockTrades
    function isNonceUsed(address account, uint64 nonce) external view returns (bool) {
        return _s().nonces[account][nonce >> 8] >> (nonce & 0xff) & 1 == 1;
    }

    /// @inheritdoc IBlockTrades
    function failuresOf(address account) external view returns (Failures memory) {
        return _s().failures[account];
    }

    /// @inheritdoc IBlockTrades
    function feeAccount() external view returns (address) {
        return _s().tape.feeAccount;
    }

    /* TYPED DATA */

    /// @inheritdoc IBlockTrades
    /// @dev The domain is made anew each time: the chain's id may change under a proxy, and storage would cost more.
    function idOf(BlockTrade calldata terms) public view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(_DOMAIN_TYPE, keccak256(bytes(_NAME)), keccak256(bytes(_VERSION)), block.chainid, address(this))
        );
        return MessageHashUtils.toTypedDataHash(domain, keccak256(abi.encode(_BLOCK_TYPE, terms)));
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

    /* VOUCHERS: other series than its own are empty */

    /// @inheritdoc IVoucherIssuer
    function voucherCount(uint32 series) public view returns (uint40) {
        return series == SERIES ? _s().tape.count : 0;
    }

    /// @inheritdoc IVoucherIssuer
    function voucherPeak(uint32 series, uint256 height) external view returns (bytes32) {
        return series == SERIES ? _s().vouchers.at[height] : bytes32(0);
    }

    /// @inheritdoc IVoucherIssuer
    function voucherRoot(uint32 series) external view returns (bytes32) {
        return series == SERIES ? _s().vouchers.root(_s().tape.count) : bytes32(0);
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
