// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import { IERC1155MetadataURI } from "@openzeppelin/contracts/token/ERC1155/extensions/IERC1155MetadataURI.sol";
import { IERC1155Errors } from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import { IERC165 } from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountStatus, Eligibility, Representation, Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { OrderId } from "../types/OrderId.sol";
import { IERC7943MultiToken } from "./IERC7943.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";
import { IOrderEscrow } from "./IOrderEscrow.sol";
import { AccountWord, HoldingWord, InstrumentWord, KeyWord, keyWord } from "./Words.sol";

/// @title The ledger of units and money. Its manual is `IInstrumentLedger`; the words are drawn in `Words.sol`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract InstrumentLedger is
    IInstrumentLedger,
    IEligibility,
    IERC1155MetadataURI,
    IERC7943MultiToken,
    IERC1155Errors,
    Governed
{
    uint256 private constant _MAX_MAKERS = 255; // one bit each in `settle`'s answers
    uint256 private constant _WHOLE = type(uint96).max;
    // Of the terms of a settlement.
    uint256 private constant _INSTRUMENT = (1 << 82) - 1;
    uint256 private constant _BUYS = 1 << 82;
    uint256 private constant _OWN_ALLOWED = 1 << 83;

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    address private immutable REGISTRY;
    address private immutable BOOK;
    address private immutable CASH_DESK;
    address private immutable ALLOCATOR;
    address private immutable COMPLIANCE_DESK;
    address private immutable TRANSFER_RULES;
    address private immutable AUTHORITY_DESK;
    uint256 private immutable MAIN_MONEY;

    // Structs of one word, so that a word can be read and written in one place that is found once.
    struct Account {
        AccountWord word;
    }

    struct Holding {
        HoldingWord word;
    }

    struct Series {
        InstrumentWord word;
    }

    /// @custom:storage-location erc7201:carbon.storage.InstrumentLedger
    struct Storage {
        mapping(address account => Account) accounts;
        mapping(address key => KeyWord) keys;
        mapping(address account => mapping(uint256 instrument => Holding)) holdings;
        mapping(uint256 instrument => Series) instruments;
        mapping(address account => mapping(uint256 instrument => uint256)) frozen;
        mapping(address account => mapping(uint256 instrument => mapping(Reason => uint256))) encumbered;
        mapping(Reason => address) binders;
        address creditIssuer;
        mapping(uint256 instrument => mapping(uint256 firstSerial => bytes32)) blocks;
        mapping(bytes32 fromToRules => uint256) directFrom; // Unix seconds; 0: never
        uint16 defaultRules;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.InstrumentLedger")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0xaf9d6ae6af9e049ce8306cc24c9400ba0bb14498d090f682397bc1c99d2cef00;

    /// @param mainMoney_ The instrument kept beside eligibility.
    constructor(Siblings memory siblings, InstrumentId mainMoney_) {
        require(mainMoney_.class() == InstrumentClass.MONEY, UnknownInstrument(InstrumentId.unwrap(mainMoney_)));
        REGISTRY = siblings.registry;
        BOOK = siblings.book;
        CASH_DESK = siblings.cashDesk;
        ALLOCATOR = siblings.allocator;
        COMPLIANCE_DESK = siblings.complianceDesk;
        TRANSFER_RULES = siblings.transferRules;
        AUTHORITY_DESK = siblings.authorityDesk;
        MAIN_MONEY = InstrumentId.unwrap(mainMoney_);
    }

    /// @notice Defines the main money.
    /// @param terms Digest of its terms.
    function initialize(bytes32 terms) external reinitializer(2) {
        _define(MAIN_MONEY, 0, terms);
    }

    /* INSTRUMENTS */

    /// @inheritdoc IInstrumentLedger
    function defineInstrument(InstrumentId instrument, uint40 validUntil, bytes32 terms) external restricted {
        _define(InstrumentId.unwrap(checkedInstrument(InstrumentId.unwrap(instrument))), validUntil, terms);
    }

    /// @inheritdoc IInstrumentLedger
    function setState(InstrumentId instrument, InstrumentState state) external restricted {
        uint256 id = InstrumentId.unwrap(instrument);
        Series storage known = _defined(id);
        require(state != InstrumentState.NONE, UnknownInstrument(id));

        known.word = known.word.withState(uint8(state));

        emit InstrumentStateChanged(id, state);

        if (state == InstrumentState.CLOSED) IOrderEscrow(BOOK).haltMarkets(id);
    }

    /// @inheritdoc IInstrumentLedger
    function instrumentOf(uint256 instrument) external view returns (Instrument memory) {
        InstrumentWord word = _s().instruments[instrument].word;
        return Instrument({
            issued: uint96(word.issued()),
            cancelled: uint96(word.cancelled()),
            validUntil: uint40(word.validUntil()),
            state: InstrumentState(word.state()),
            rules: uint16(word.rules())
        });
    }

    /// @inheritdoc IInstrumentLedger
    function mainMoney() external view returns (uint256) {
        return MAIN_MONEY;
    }

    function _define(uint256 id, uint40 validUntil, bytes32 terms) private {
        Storage storage $ = _s();
        Series storage known = $.instruments[id];
        require(known.word.state() == uint8(InstrumentState.NONE), InstrumentExists(id));

        uint16 rules = $.defaultRules;
        known.word = known.word.withValidity(validUntil).withState(uint8(InstrumentState.OPEN)).withRules(rules);

        emit InstrumentDefined(id, validUntil, terms);
        if (rules != 0) emit RulesAssigned(id, rules);
        _tell(msg.sender, address(0), address(0), id, 0); // as ERC-1155 would have an id made known
    }

    function _defined(uint256 id) private view returns (Series storage known) {
        known = _s().instruments[id];
        require(known.word.state() != uint8(InstrumentState.NONE), UnknownInstrument(id));
    }

    function _requireOpen(uint256 id) private view returns (Series storage known, InstrumentWord word) {
        known = _s().instruments[id];
        word = known.word;
        if (!_isOpen(word)) {
            require(word.state() != uint8(InstrumentState.NONE), UnknownInstrument(id));
            revert InstrumentNotOpen(id, uint40(word.validUntil()));
        }
    }

    function _isOpen(InstrumentWord word) private view returns (bool) {
        uint256 until = word.validUntil();
        return word.state() == uint8(InstrumentState.OPEN) && (until == 0 || block.timestamp < until);
    }

    /* ELIGIBILITY */

    /// @inheritdoc IEligibility
    function setEligibility(address account, Eligibility calldata given) external onlyModule(REGISTRY) {
        Account storage known = _account(account);
        known.word = known.word.withEligibility(given);

        emit EligibilityChanged(account, given);
    }

    /// @inheritdoc IEligibility
    function setLapse(address account, uint256 lapsing, uint256 at) external onlyModule(REGISTRY) {
        Account storage known = _account(account);
        known.word = known.word.withLapse(lapsing, at);

        emit RestrictionsLapse(account, lapsing, at);
    }

    /// @inheritdoc IEligibility
    function setRepresentation(address key, Representation calldata given) external onlyModule(REGISTRY) {
        _s().keys[key] = keyWord(given);

        emit RepresentationChanged(key, given.account, given.certificateUntil, given.rights);
    }

    /// @inheritdoc IEligibility
    function eligibilityOf(address account) external view returns (Eligibility memory) {
        return _account(account).word.present().eligibility();
    }

    /// @inheritdoc IEligibility
    function representationOf(address key) external view returns (Representation memory) {
        return _s().keys[key].representation();
    }

    /// @inheritdoc IEligibility
    function actingFor(address key, uint16 needed, uint16 forbidding) external view returns (address account) {
        (account,,) = _acting(key, needed, forbidding);
    }

    function _acting(address key, uint256 needed, uint256 forbidding)
        private
        view
        returns (address account, Account storage known, AccountWord word)
    {
        account = _representing(key, needed);
        known = _account(account);
        word = known.word;
        if (!word.mayAct(forbidding)) _refuse(account, word, forbidding);
    }

    /// @dev The account for which `key` may do `needed`, whatever the account itself may do at present.
    function _representing(address key, uint256 needed) private view returns (address account) {
        KeyWord word = _s().keys[key];
        account = word.keyAccount();
        if (!word.mayDo(needed)) _refuse(key, word, needed);
    }

    /// @dev The first reason why an account may not act; none where what forbade it has ended by itself.
    function _refuse(address account, AccountWord word, uint256 forbidding) private view {
        word = word.present();
        if (word.mayAct(forbidding)) return;
        require(word.status() == uint8(AccountStatus.ACTIVE), AccountNotActive(account, word.status()));
        require(
            word.restrictions() & forbidding == 0, AccountRestricted(account, word.restrictions(), uint16(forbidding))
        );
        revert CertificateExpired(account, word.certificateUntil());
    }

    /// @dev The first reason why a key may not act.
    function _refuse(address key, KeyWord word, uint256 needed) private pure {
        address account = word.keyAccount();
        require(account != address(0), NotARepresentative(key));
        require(word.keyRights() & needed == needed, MissingRight(key, account, word.keyRights(), uint16(needed)));
        revert CertificateExpired(key, word.keyUntil());
    }

    /* ISSUE AND CANCEL */

    /// @inheritdoc IInstrumentLedger
    function issue(address account, uint256 instrument, uint256 quantity, bytes32 cause)
        external
        returns (uint256 firstSerial)
    {
        InstrumentClass class = InstrumentId.wrap(instrument).class();
        _requireIssuer(class);
        (Series storage known, InstrumentWord word) = _requireOpen(instrument);
        _requireReceiver(account);
        require(cause != 0, CauseMissing());
        uint256 issued = word.issued();
        require(quantity != 0 && quantity <= _WHOLE - issued, BadQuantity(quantity));

        firstSerial = issued + 1;
        known.word = word.withMoreIssued(quantity);
        _credit(account, instrument, quantity);
        if (class != InstrumentClass.MONEY) {
            _s().blocks[instrument][firstSerial] =
                _blockDigest(IssuedBlock(instrument, firstSerial, quantity, account, cause, block.timestamp));
        }

        emit UnitsIssued(instrument, account, firstSerial, quantity, cause);
        _tell(msg.sender, address(0), account, instrument, quantity);
    }

    /// @inheritdoc IInstrumentLedger
    function cancel(address key, uint256 instrument, uint256 quantity, bytes32 cause)
        external
        onlyModule(COMPLIANCE_DESK)
        returns (address account)
    {
        (account,,) = _acting(key, Rights.INITIATE | Rights.APPROVE, Restrictions.NO_TRANSFER);
        require(cause != 0, CauseMissing());
        _requireQuantity(quantity);

        _requireFree(account, instrument, quantity);
        _debit(account, instrument, quantity);
        _countCancelled(key, account, instrument, quantity, cause);
    }

    /// @inheritdoc IInstrumentLedger
    function isBlock(IssuedBlock calldata said) external view returns (bool) {
        return _s().blocks[said.instrument][said.firstSerial] == _blockDigest(said);
    }

    function _blockDigest(IssuedBlock memory said) private pure returns (bytes32) {
        return keccak256(abi.encode(said));
    }

    /// @dev The issuer of the class, or the module that converts units of one period into those of another: never money.
    function _requireIssuer(InstrumentClass class) private view {
        address issuer = _issuerOf(class);
        if (msg.sender == issuer) return;
        bool converts = class != InstrumentClass.MONEY && msg.sender == _s().binders[Reason.CONVERSION];
        require(converts, NotTheModule(msg.sender, issuer));
    }

    function _issuerOf(InstrumentClass class) private view returns (address) {
        if (class == InstrumentClass.ALLOWANCE) return ALLOCATOR;
        if (class == InstrumentClass.MONEY) return CASH_DESK;
        return _s().creditIssuer;
    }

    function _countCancelled(address operator, address account, uint256 instrument, uint256 quantity, bytes32 cause)
        private
    {
        Series storage known = _s().instruments[instrument];
        InstrumentWord word = known.word;
        assert(quantity <= word.issued() - word.cancelled()); // never: what is held and in orders is the difference
        known.word = word.withMoreCancelled(quantity);

        emit UnitsCancelled(instrument, account, quantity, cause);
        _tell(operator, account, address(0), instrument, quantity);
    }

    /* BINDING */

    /// @inheritdoc IInstrumentLedger
    function encumber(address account, uint256 instrument, uint256 quantity, Reason reason, bytes32 cause) external {
        _requireBinder(reason);
        _requireQuantity(quantity);
        _requireFree(account, instrument, quantity);

        _bind(account, instrument, quantity, reason);

        emit Encumbered(account, instrument, reason, quantity, cause);
    }

    /// @inheritdoc IInstrumentLedger
    function release(address account, uint256 instrument, uint256 quantity, Reason reason, bytes32 cause) external {
        _requireBinder(reason);
        _requireQuantity(quantity);

        _unbind(account, instrument, quantity, reason);

        emit Released(account, instrument, reason, quantity, cause);
    }

    /// @inheritdoc IInstrumentLedger
    function moveEncumbered(
        address from,
        address to,
        uint256 instrument,
        uint256 quantity,
        Reason reason,
        bytes32 cause
    ) external {
        _requireBinder(reason);
        _requireQuantity(quantity);
        require(cause != 0, CauseMissing());
        _requireOpen(instrument);
        _requireReceiver(to);

        _unbind(from, instrument, quantity, reason);
        _thaw(from, instrument, quantity, reason);
        _debit(from, instrument, quantity);
        _credit(to, instrument, quantity);

        emit EncumberedMoved(from, to, instrument, reason, quantity, cause);
        _tell(msg.sender, from, to, instrument, quantity);
    }

    /// @inheritdoc IInstrumentLedger
    function cancelEncumbered(address account, uint256 instrument, uint256 quantity, Reason reason, bytes32 cause)
        external
    {
        _requireBinder(reason);
        _requireQuantity(quantity);
        require(cause != 0, CauseMissing());

        _unbind(account, instrument, quantity, reason);
        emit Released(account, instrument, reason, quantity, cause);
        _thaw(account, instrument, quantity, reason);
        _debit(account, instrument, quantity);
        _countCancelled(msg.sender, account, instrument, quantity, cause);
    }

    /// @inheritdoc IInstrumentLedger
    function encumberedFor(address account, uint256 instrument, Reason reason) external view returns (uint256) {
        Storage storage $ = _s();
        return $.encumbered[account][instrument][reason] + $.holdings[account][instrument].word.boundFor(uint8(reason));
    }

    /// @inheritdoc IInstrumentLedger
    function encumberedOf(address account, uint256 instrument) external view returns (uint256) {
        return _s().holdings[account][instrument].word.encumbered();
    }

    /// @inheritdoc IInstrumentLedger
    function freeOf(address account, uint256 instrument) public view returns (uint256) {
        return _free(_cell(account, instrument).word, account, instrument);
    }

    /// @inheritdoc IInstrumentLedger
    function appointBinder(Reason reason, address module) external restricted {
        require(binderOf(reason) == address(0) && module.code.length != 0, CannotAppoint(module));
        require(reason != Reason.NONE, CannotAppoint(module));

        _s().binders[reason] = module;

        emit BinderAppointed(reason, module);
    }

    /// @inheritdoc IInstrumentLedger
    function appointCreditIssuer(address module) external restricted {
        Storage storage $ = _s();
        require($.creditIssuer == address(0) && module.code.length != 0, CannotAppoint(module));

        $.creditIssuer = module;

        emit CreditIssuerAppointed(module);
    }

    /// @inheritdoc IInstrumentLedger
    function binderOf(Reason reason) public view returns (address) {
        if (reason == Reason.SURRENDER) return COMPLIANCE_DESK;
        if (reason == Reason.WITHDRAWAL) return CASH_DESK;
        if (reason == Reason.DELAYED_TRANSFER) return TRANSFER_RULES;
        return _s().binders[reason];
    }

    function _requireBinder(Reason reason) private view {
        address module = binderOf(reason);
        require(msg.sender == module, NotTheBinder(msg.sender, reason, module));
    }

    /// @dev In the holding's own word while it has room for the reason, else in a slot.
    function _bind(address account, uint256 instrument, uint256 quantity, Reason reason) private {
        Storage storage $ = _s();
        HoldingWord holding = $.holdings[account][instrument].word;
        if (holding.hasRoomFor(uint8(reason), quantity)) holding = holding.withMoreFor(uint8(reason), quantity);
        else $.encumbered[account][instrument][reason] += quantity;
        _setHolding(account, instrument, holding.withEncumbered(holding.encumbered() + quantity));
    }

    function _unbind(address account, uint256 instrument, uint256 quantity, Reason reason) private {
        Storage storage $ = _s();
        HoldingWord holding = $.holdings[account][instrument].word;
        uint256 inWord = holding.boundFor(uint8(reason));
        if (quantity > inWord) {
            uint256 bound = $.encumbered[account][instrument][reason] + inWord;
            require(bound >= quantity, InsufficientEncumbered(account, instrument, reason, bound, quantity));
            $.encumbered[account][instrument][reason] = bound - quantity;
            if (inWord != 0) holding = holding.withLessFor(inWord);
        } else {
            holding = holding.withLessFor(quantity);
        }
        _setHolding(account, instrument, holding.withEncumbered(holding.encumbered() - quantity));
    }

    /// @dev Before units that were bound go. Where they are more than what is not frozen, they take as much of the frozen amount
    ///      with them, as ERC-7943 has it, so that what is withheld beyond the balance stays the same. What participants
    ///      agreed between themselves does not pass a freeze.
    function _thaw(address account, uint256 instrument, uint256 quantity, Reason reason) private {
        Storage storage $ = _s();
        if (!$.holdings[account][instrument].word.hasFrozen()) return;
        uint256 frozen = $.frozen[account][instrument];
        uint256 unfrozen = _floored(balanceOf(account, instrument), frozen);
        if (quantity <= unfrozen) return;
        require(
            reason != Reason.DELAYED_TRANSFER && reason != Reason.LISTING && reason != Reason.QUOTE
                && reason != Reason.BLOCK_TRADE,
            ERC7943InsufficientUnfrozenBalance(account, instrument, quantity, unfrozen)
        );
        _setFrozen(account, instrument, frozen - (quantity - unfrozen));
    }

    /// @dev Keeps the account's note that its main money is bound in step with the holding that says how much.
    function _setHolding(address account, uint256 instrument, HoldingWord holding) private {
        Storage storage $ = _s();
        $.holdings[account][instrument].word = holding;
        if (instrument == MAIN_MONEY) {
            Account storage known = _account(account);
            known.word = known.word.withBoundMoney(holding.isBound());
        }
    }

    /* MARKET */

    modifier onlyBook() {
        if (msg.sender != BOOK) _requireModule(BOOK);
        _;
    }

    /// @inheritdoc IInstrumentLedger
    function escrowFrom(address key, uint256 instrument, uint256 quantity) external onlyBook returns (address account) {
        Account storage known;
        AccountWord word;
        (account, known, word) = _acting(key, Rights.TRADE, Restrictions.NO_DEAL);
        uint256 free;
        if (instrument == MAIN_MONEY) {
            free = _freeMoney(word, account);
            if (free >= quantity) known.word = word.lessMoney(quantity);
        } else {
            Holding storage cell = _s().holdings[account][instrument];
            HoldingWord holding = cell.word;
            free = _freeUnits(holding, account, instrument);
            if (free >= quantity) cell.word = holding.less(quantity);
        }
        if (free < quantity) revert InsufficientFree(account, instrument, free, quantity);

        _tell(key, account, BOOK, instrument, quantity);
    }

    /// @inheritdoc IInstrumentLedger
    function settle(uint256[] calldata makers, uint256 amounts, uint256 terms, address key)
        external
        onlyBook
        returns (address account)
    {
        if (makers.length > _MAX_MAKERS) revert TooManyMakers(makers.length);
        return
            terms & _BUYS != 0 ? _settlePurchase(amounts, terms, key, makers) : _settleSale(amounts, terms, key, makers);
    }

    /// @inheritdoc IInstrumentLedger
    function releaseEscrow(address account, uint256 instrument, uint256 quantity) external onlyBook {
        _release(msg.sender, account, instrument, quantity);
    }

    /// @inheritdoc IInstrumentLedger
    function releaseEscrowTo(address key, uint256 instrument, uint256 quantity, address account) external onlyBook {
        KeyWord word = _s().keys[key];
        if (!_both(word.mayDo(Rights.TRADE), word.keyAccount() == account)) {
            if (!word.mayDo(Rights.TRADE)) _refuse(key, word, Rights.TRADE);
            revert NotTheAccount(key, account);
        }
        _release(key, account, instrument, quantity);
    }

    function _release(address operator, address account, uint256 instrument, uint256 quantity) private {
        _credit(account, instrument, quantity);
        _tell(operator, BOOK, account, instrument, quantity);
    }

    /// @dev Makers are paid by the taker, the book keeps what is left: fees, and what the rest of the order holds. The
    ///      taker's word is written before any maker's is read: with `ownAllowed` a maker may be the taker. Makers that are
    ///      refused count before a shortage: without them the order may need less.
    function _settlePurchase(uint256 amounts, uint256 terms, address key, uint256[] calldata makers)
        private
        returns (address account)
    {
        unchecked {
            Account storage known;
            AccountWord taker;
            (account, known, taker) = _acting(key, Rights.TRADE, Restrictions.NO_DEAL);
            uint256 left = amounts >> 96;
            uint256 free = _freeMoney(taker, account);
            if (free >= left) known.word = taker.lessMoney(left);

            uint256 blocked;
            uint256 own;
            (address self, uint256 owner) = _ownOf(account, taker, terms);
            (uint256 at, uint256 end) = _span(makers);
            for (; at != end; at += 32) {
                (address maker, uint256 amount) = _makerAt(at);
                left -= amount;
                known = _s().accounts[maker];
                AccountWord word = known.word;
                if (!word.mayMeet(maker, self, owner)) {
                    AccountWord now_ = word.present();
                    if (!now_.mayAct(Restrictions.NO_DEAL)) blocked |= _bitOf(at, makers);
                    else if (!now_.mayMeet(maker, self, owner)) own |= _bitOf(at, makers);
                }
                known.word = word.moreMoney(amount);
                _tell(key, account, maker, MAIN_MONEY, amount);
            }
            if (blocked | own != 0) revert MakersRefused(blocked, own);
            if (free < amounts >> 96) revert InsufficientFree(account, MAIN_MONEY, free, amounts >> 96);
            if (left != 0) _tell(key, account, BOOK, MAIN_MONEY, left);

            uint256 instrument = terms & _INSTRUMENT;
            uint256 holds = _creditUnits(account, instrument, amounts & _WHOLE);
            if (!taker.mayHold(holds, terms >> 84)) revert HoldingLimit(account, instrument, holds, terms >> 84);
            _tell(key, BOOK, account, instrument, amounts & _WHOLE);
        }
    }

    /// @dev As `_settlePurchase`, the other way round. No maker's account changes, so that the taker's has not when it is paid.
    function _settleSale(uint256 amounts, uint256 terms, address key, uint256[] calldata makers)
        private
        returns (address account)
    {
        unchecked {
            Account storage known;
            AccountWord taker;
            (account, known, taker) = _acting(key, Rights.TRADE, Restrictions.NO_DEAL);
            uint256 instrument = terms & _INSTRUMENT;
            uint256 left = amounts >> 96;
            uint256 free;
            {
                Holding storage held = _s().holdings[account][instrument];
                HoldingWord holding = held.word;
                free = _freeUnits(holding, account, instrument);
                if (free >= left) held.word = holding.less(left);
            }
            known.word = taker.moreMoney(amounts & _WHOLE);

            uint256 blocked;
            uint256 own;
            (address self, uint256 owner) = _ownOf(account, taker, terms);
            (uint256 at, uint256 end) = _span(makers);
            for (; at != end; at += 32) {
                (address maker, uint256 amount) = _makerAt(at);
                left -= amount;
                AccountWord word = _s().accounts[maker].word;
                uint256 holds = _creditUnits(maker, instrument, amount);
                bool fits = word.mayHold(holds, terms >> 84);
                if (!_both(word.mayMeet(maker, self, owner), fits)) {
                    word = word.present();
                    // One's own order trades nothing, so what it would hold counts for nothing.
                    bool meets = word.mayMeet(maker, self, owner);
                    if (word.mayAct(Restrictions.NO_DEAL) && !meets) own |= _bitOf(at, makers);
                    else if (!_both(meets, fits)) blocked |= _bitOf(at, makers);
                }
                _tell(key, account, maker, instrument, amount);
            }
            if (blocked | own != 0) revert MakersRefused(blocked, own);
            if (free < amounts >> 96) revert InsufficientFree(account, instrument, free, amounts >> 96);
            if (left != 0) _tell(key, account, BOOK, instrument, left);
            _tell(key, BOOK, account, MAIN_MONEY, amounts & _WHOLE);
        }
    }

    /// @dev Whom the taker does not meet: itself and its owner's other accounts; with `ownAllowed`, or without an owner, nobody.
    function _ownOf(address account, AccountWord word, uint256 terms)
        private
        pure
        returns (address self, uint256 owner)
    {
        if (terms & _OWN_ALLOWED != 0) return (address(0), type(uint256).max);
        owner = word.owner();
        return (account, owner == 0 ? type(uint256).max : owner);
    }

    /// @dev Where the makers stand in the call's data.
    function _span(uint256[] calldata makers) private pure returns (uint256 at, uint256 end) {
        assembly ("memory-safe") {
            at := makers.offset
            end := add(at, shl(5, makers.length))
        }
    }

    function _makerAt(uint256 at) private pure returns (address maker, uint256 amount) {
        uint256 packed;
        assembly ("memory-safe") {
            packed := calldataload(at)
        }
        return (address(uint160(packed >> 96)), packed & _WHOLE);
    }

    function _bitOf(uint256 at, uint256[] calldata makers) private pure returns (uint256 bit) {
        assembly ("memory-safe") {
            bit := shl(shr(5, sub(at, makers.offset)), 1)
        }
    }

    /* HOLDING: balances lie in the low bits of two kinds of word, and outside of the market only these functions change them */

    function _account(address account) private view returns (Account storage) {
        return _s().accounts[account];
    }

    /// @dev Where the balance is: the account's word for the main money, else the holding's.
    function _cell(address account, uint256 instrument) private view returns (Holding storage cell) {
        if (instrument != MAIN_MONEY) return _s().holdings[account][instrument];
        Account storage known = _account(account);
        assembly {
            cell.slot := known.slot
        }
    }

    /// @dev No overflow in what is credited: all units of an instrument fit into 96 bits (`issue`).
    function _credit(address account, uint256 instrument, uint256 quantity) private {
        Holding storage cell = _cell(account, instrument);
        cell.word = cell.word.more(quantity);
    }

    /// @return holds Its balance then.
    function _creditUnits(address account, uint256 instrument, uint256 quantity) private returns (uint256 holds) {
        Holding storage held = _s().holdings[account][instrument];
        HoldingWord word = held.word.more(quantity);
        held.word = word;
        return word.balance();
    }

    function _both(bool one, bool other) private pure returns (bool both) {
        assembly ("memory-safe") {
            both := and(one, other)
        }
    }

    /// @dev Checked subtraction: a debit beyond the balance cannot be written.
    function _debit(address account, uint256 instrument, uint256 quantity) private {
        Holding storage cell = _cell(account, instrument);
        HoldingWord word = cell.word;
        cell.word = word.withBalance(word.balance() - quantity);
    }

    function _requireFree(address account, uint256 instrument, uint256 quantity) private view {
        uint256 free = freeOf(account, instrument);
        require(free >= quantity, InsufficientFree(account, instrument, free, quantity));
    }

    /// @param word Of the `_cell`.
    function _free(HoldingWord word, address account, uint256 instrument) private view returns (uint256) {
        return instrument == MAIN_MONEY
            ? _freeMoney(AccountWord.wrap(HoldingWord.unwrap(word)), account)
            : _freeUnits(word, account, instrument);
    }

    function _freeMoney(AccountWord word, address account) private view returns (uint256) {
        if (!word.hasBoundMoney()) return word.money();
        return _less(word.money(), _s().holdings[account][MAIN_MONEY].word, account, MAIN_MONEY);
    }

    function _freeUnits(HoldingWord holding, address account, uint256 instrument) private view returns (uint256) {
        return holding.isBound() ? _less(holding.balance(), holding, account, instrument) : holding.balance();
    }

    /// @dev max(0, balance − encumbered − frozen).
    function _less(uint256 held, HoldingWord holding, address account, uint256 instrument)
        private
        view
        returns (uint256)
    {
        uint256 unencumbered = held - holding.encumbered();
        return holding.hasFrozen() ? _floored(unencumbered, _s().frozen[account][instrument]) : unencumbered;
    }

    function _floored(uint256 amount, uint256 less) private pure returns (uint256) {
        return less >= amount ? 0 : amount - less;
    }

    function _requireQuantity(uint256 quantity) private pure {
        require(quantity != 0 && quantity <= _WHOLE, BadQuantity(quantity));
    }

    /* ERC-1155 */

    /// @inheritdoc IERC1155
    function balanceOf(address account, uint256 id) public view returns (uint256) {
        return _cell(account, id).word.balance();
    }

    /// @inheritdoc IERC1155
    function balanceOfBatch(address[] calldata accounts, uint256[] calldata ids)
        external
        view
        returns (uint256[] memory balances)
    {
        require(accounts.length == ids.length, LengthMismatch(accounts.length, ids.length));
        balances = new uint256[](ids.length);
        for (uint256 i; i < ids.length; ++i) {
            balances[i] = balanceOf(accounts[i], ids[i]);
        }
    }

    /// @inheritdoc IERC1155
    /// @dev `msg.sender` is a representative of `from`. `data` is ignored: accounts have no code that could receive it.
    function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes calldata) external {
        _requireSender(from);
        _requireReceiver(to);

        _moveDirectly(from, to, id, value);

        _tell(msg.sender, from, to, id, value);
    }

    /// @inheritdoc IERC1155
    /// @dev Each line is moved before the next is checked, so that an id given twice cannot pass a freeze or encumbrance.
    function safeBatchTransferFrom(
        address from,
        address to,
        uint256[] calldata ids,
        uint256[] calldata values,
        bytes calldata
    ) external {
        require(ids.length == values.length, LengthMismatch(ids.length, values.length));
        _requireSender(from);
        _requireReceiver(to);

        for (uint256 i; i < ids.length; ++i) {
            _moveDirectly(from, to, ids[i], values[i]);
        }

        emit TransferBatch(msg.sender, from, to, ids, values);
    }

    /// @inheritdoc IERC1155
    function setApprovalForAll(address, bool) external pure {
        revert ApprovalsNotSupported();
    }

    /// @inheritdoc IERC1155
    /// @dev Whether `operator` is a representative of `account` that may move what it holds.
    function isApprovedForAll(address account, address operator) external view returns (bool) {
        KeyWord word = _s().keys[operator];
        uint16 both = Rights.INITIATE | Rights.APPROVE;
        return word.keyAccount() == account && account != address(0) && word.keyRights() & both == both
            && word.keyUntil() > block.timestamp;
    }

    /// @inheritdoc IERC1155MetadataURI
    /// @dev JSON within the URI itself, percent-encoded; clients put the id for `{id}`. Money's decimals are its currency's.
    function uri(uint256 id) external pure returns (string memory) {
        InstrumentClass class = checkedInstrument(id).class();
        return string.concat(
            "data:application/json,%7B%22name%22:%22",
            class == InstrumentClass.ALLOWANCE ? "Allowance" : class == InstrumentClass.CREDIT ? "Credit" : "Money",
            "%20{id}%22",
            class == InstrumentClass.MONEY ? "%7D" : ",%22decimals%22:0%7D"
        );
    }

    function _requireSender(address from) private view {
        (address account,,) = _acting(msg.sender, Rights.INITIATE | Rights.APPROVE, Restrictions.NO_TRANSFER);
        require(account == from, NotTheAccount(msg.sender, from));
    }

    function _moveDirectly(address from, address to, uint256 id, uint256 value) private {
        (, InstrumentWord word) = _requireOpen(id);
        require(_goesDirectly(from, to, word.rules()), TransferByRules(from, to, id));
        _move(from, to, id, value);
    }

    /// @dev The instrument is open.
    function _move(address from, address to, uint256 id, uint256 value) private {
        Holding storage cell = _cell(from, id);
        HoldingWord word = cell.word;
        require(word.balance() >= value, ERC1155InsufficientBalance(from, word.balance(), value, id));
        uint256 free = _free(word, from, id);
        require(free >= value, ERC7943InsufficientUnfrozenBalance(from, id, value, free));

        cell.word = word.less(value);
        _credit(to, id, value);
    }

    /* TRANSFER RULES */

    /// @inheritdoc IInstrumentLedger
    function moveFor(address key, address from, address to, uint256 instrument, uint256 quantity)
        external
        onlyModule(TRANSFER_RULES)
    {
        _requireQuantity(quantity);
        _requireOpen(instrument);
        _requireReceiver(to);

        _move(from, to, instrument, quantity);

        _tell(key, from, to, instrument, quantity);
    }

    /// @inheritdoc IInstrumentLedger
    function assignRules(uint256 instrument, uint16 rules) external onlyModule(TRANSFER_RULES) {
        if (instrument == 0) {
            _s().defaultRules = rules;
        } else {
            Series storage known = _defined(instrument);
            known.word = known.word.withRules(rules);
        }

        emit RulesAssigned(instrument, rules);
    }

    /// @inheritdoc IInstrumentLedger
    function setDirect(address from, address to, uint16 rules, uint40 since) external onlyModule(TRANSFER_RULES) {
        _s().directFrom[_directKey(from, to, rules)] = since;

        emit DirectTransfersSet(from, to, rules, since);
    }

    /// @inheritdoc IInstrumentLedger
    function directFrom(address from, address to, uint16 rules) external view returns (uint256 since) {
        return _s().directFrom[_directKey(from, to, rules)];
    }

    function _goesDirectly(address from, address to, uint256 rules) private view returns (bool) {
        if (rules == 0) return true;
        uint256 since = _s().directFrom[_directKey(from, to, rules)];
        return since != 0 && since <= block.timestamp;
    }

    function _directKey(address from, address to, uint256 rules) private pure returns (bytes32 key) {
        return keccak256(abi.encode(from, to, rules));
    }

    /* AUTHORITY: ERC-7943 */

    /// @inheritdoc IERC7943MultiToken
    function forcedTransfer(address from, address to, uint256 tokenId, uint256 amount)
        external
        onlyModule(AUTHORITY_DESK)
        returns (bool)
    {
        _forceTransfer(from, to, tokenId, amount);
        return true;
    }

    /// @inheritdoc IERC7943MultiToken
    function setFrozenTokens(address account, uint256 tokenId, uint256 amount)
        external
        onlyModule(AUTHORITY_DESK)
        returns (bool)
    {
        _setFrozen(account, tokenId, amount);
        return true;
    }

    /// @inheritdoc IInstrumentLedger
    function takeBackOrders(address account, OrderId[] calldata orders) external onlyModule(AUTHORITY_DESK) {
        IOrderEscrow(BOOK).cancelFor(account, orders);
    }

    /// @inheritdoc IERC7943MultiToken
    function canSend(address account) public view returns (bool) {
        return _account(account).word.present().mayAct(Restrictions.NO_TRANSFER);
    }

    /// @inheritdoc IERC7943MultiToken
    function canReceive(address account) public view returns (bool) {
        return _account(account).word.present().mayAct(Restrictions.NO_RECEIPT);
    }

    function _requireReceiver(address account) private view {
        require(canReceive(account), ERC7943CannotReceive(account));
    }

    /// @inheritdoc IERC7943MultiToken
    function getFrozenTokens(address account, uint256 tokenId) external view returns (uint256) {
        return _s().frozen[account][tokenId];
    }

    /// @inheritdoc IERC7943MultiToken
    function canTransfer(address from, address to, uint256 tokenId, uint256 amount) external view returns (bool) {
        if (!canSend(from) || !canReceive(to)) return false;
        Storage storage $ = _s();
        InstrumentWord word = $.instruments[tokenId].word;
        if (!_isOpen(word) || !_goesDirectly(from, to, word.rules())) return false;
        // With nothing bound only the balance could be in the way, which this answer is not about.
        return !$.holdings[from][tokenId].word.isBound() || amount <= freeOf(from, tokenId);
    }

    function _setFrozen(address account, uint256 tokenId, uint256 amount) private {
        Storage storage $ = _s();
        $.frozen[account][tokenId] = amount;
        _setHolding(account, tokenId, $.holdings[account][tokenId].word.withFrozen(amount != 0));

        emit Frozen(account, tokenId, amount);
    }

    /// @dev Takes what is not encumbered. What it takes of the frozen amount is unfrozen first, as ERC-7943 has it; a
    ///      transfer to oneself moves nothing and so unfreezes nothing.
    function _forceTransfer(address from, address to, uint256 tokenId, uint256 amount) private {
        Storage storage $ = _s();
        _defined(tokenId);
        _requireReceiver(to);
        uint256 held = balanceOf(from, tokenId);
        require(held >= amount, ERC1155InsufficientBalance(from, held, amount, tokenId));
        uint256 unencumbered = held - $.holdings[from][tokenId].word.encumbered();
        require(unencumbered >= amount, InsufficientFree(from, tokenId, unencumbered, amount));

        if (from != to) {
            uint256 frozen = $.frozen[from][tokenId];
            uint256 free = _floored(unencumbered, frozen);
            if (amount > free) _setFrozen(from, tokenId, frozen - (amount - free));
            _debit(from, tokenId, amount);
            _credit(to, tokenId, amount);
        }

        _tell(msg.sender, from, to, tokenId, amount);
        emit ForcedTransfer(from, to, tokenId, amount);
    }

    /* ERC-165 */

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC1155).interfaceId
            || interfaceId == type(IERC1155MetadataURI).interfaceId
            || interfaceId == type(IERC7943MultiToken).interfaceId;
    }

    /// @dev Emits `TransferSingle`, from the scratch space of memory.
    function _tell(address operator, address from, address to, uint256 instrument, uint256 quantity) private {
        bytes32 topic = TransferSingle.selector;
        // No address here has bits above it: each is an argument that was checked, an immutable or cut out of a word.
        assembly ("memory-safe") {
            mstore(0, instrument)
            mstore(32, quantity)
            log4(0, 64, topic, operator, from, to)
        }
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
