// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass, InstrumentId, checkedInstrument } from "../types/InstrumentId.sol";
import { IBanking } from "./IBanking.sol";
import { IERC7943MultiToken } from "./IERC7943.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";

/// @title Units of one period into units of the next, or lapse (R-AST-5). Its manual is `IBanking`.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract Banking is IBanking, Governed {
    uint256 private constant _WHOLE = 10_000; // basis points

    // Proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    address private immutable COMPLIANCE_DESK;

    /// @custom:storage-location erc7201:carbon.storage.Banking
    struct Storage {
        uint256 count; // conversions and lapses
        uint256 ruleCount;
        mapping(uint256 rule => BankingRule) rules;
        mapping(uint256 instrument => uint256 rule) latest;
        mapping(uint256 rule => mapping(address account => BankingStanding)) standings;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.Banking")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x11c84160af03f3fdaba507eb843889f815b902a3f985d056bee8c44e9b60d300;

    constructor(address ledger, address complianceDesk) {
        LEDGER = ledger;
        COMPLIANCE_DESK = complianceDesk;
    }

    /* RULES */

    /// @inheritdoc IBanking
    function setRule(BankingTerms calldata terms, bytes32 document) external restricted returns (uint256 rule) {
        _requireConvertible(terms.from, terms.to);
        _requireWindow(terms.opens, terms.closes);
        require(terms.share <= _WHOLE, BadBankingShare(terms.share));
        require(document != 0, CauseMissing());
        Storage storage $ = _s();
        uint256 earlier = $.latest[terms.from];
        BankingTerms storage inForce = $.rules[earlier].terms;
        require(
            earlier == 0 || block.timestamp < inForce.opens || block.timestamp >= inForce.closes,
            BankingRuleInForce(earlier, inForce.closes)
        );

        rule = ++$.ruleCount;
        $.rules[rule].terms = terms;
        $.latest[terms.from] = rule;

        emit BankingRuleSet(rule, terms.from, terms.to, terms, document);
    }

    /// @inheritdoc IBanking
    function moveWindow(uint256 rule, uint40 opens, uint40 closes, bytes32 cause) external restricted {
        BankingRule storage known = _latest(rule);
        require(known.lapsed == 0, LapsedAlready(rule));
        _requireWindow(opens, closes);
        require(cause != 0, CauseMissing());

        known.terms.opens = opens;
        known.terms.closes = closes;

        emit BankingWindowMoved(rule, opens, closes, cause);
    }

    /// @inheritdoc IBanking
    function recordFigures(uint256 rule, BankingFigures[] calldata figures, bytes32 audit) external restricted {
        _latest(rule);
        require(audit != 0, CauseMissing());

        mapping(address account => BankingStanding) storage standings = _s().standings[rule];
        for (uint256 i; i < figures.length; ++i) {
            BankingFigures calldata line = figures[i];
            standings[line.account].netSales = line.netSales;
            standings[line.account].held = line.held;
            standings[line.account].recorded = true;

            emit BankingFiguresRecorded(rule, line.account, line.netSales, line.held, audit);
        }
    }

    /// @inheritdoc IBanking
    function ruleOf(uint256 rule) external view returns (BankingRule memory) {
        return _s().rules[rule];
    }

    /// @inheritdoc IBanking
    function ruleCount() external view returns (uint256) {
        return _s().ruleCount;
    }

    /// @inheritdoc IBanking
    function ruleFor(uint256 instrument) external view returns (uint256 rule) {
        return _s().latest[instrument];
    }

    function _known(uint256 rule) private view returns (BankingRule storage) {
        require(rule != 0 && rule <= _s().ruleCount, UnknownBankingRule(rule));
        return _s().rules[rule];
    }

    function _latest(uint256 rule) private view returns (BankingRule storage known) {
        known = _known(rule);
        uint256 latest = _s().latest[known.terms.from];
        require(latest == rule, BankingRuleReplaced(rule, latest));
    }

    function _requireConvertible(uint256 from, uint256 to) private view {
        InstrumentClass class = checkedInstrument(from).class();
        require(
            from != to && class != InstrumentClass.MONEY && class == checkedInstrument(to).class() && _isDefined(from)
                && _isDefined(to),
            NotConvertible(from, to)
        );
    }

    function _requireWindow(uint40 opens, uint40 closes) private view {
        require(opens < closes && block.timestamp < closes, BadBankingWindow(opens, closes));
    }

    function _isDefined(uint256 instrument) private view returns (bool) {
        return _ledger().instrumentOf(instrument).state != IInstrumentLedger.InstrumentState.NONE;
    }

    /* CONVERSION */

    /// @inheritdoc IBanking
    function convert(uint256 rule, uint256 quantity) external returns (uint256 id) {
        address account = IEligibility(LEDGER)
            .actingFor(msg.sender, Rights.INITIATE | Rights.APPROVE, Restrictions.NO_TRANSFER | Restrictions.NO_RECEIPT);
        BankingRule storage known = _open(rule);
        uint256 room = _room(known, _s().standings[rule][account]);
        require(quantity <= room, BankingLimitExceeded(rule, account, room, quantity));

        return _convert(rule, known, account, quantity);
    }

    /// @inheritdoc IBanking
    function convertFor(uint256 rule, address[] calldata accounts) external restricted returns (uint256 quantity) {
        BankingRule storage known = _open(rule);
        uint256 from = known.terms.from;
        for (uint256 i; i < accounts.length; ++i) {
            address account = accounts[i];
            if (!IERC7943MultiToken(LEDGER).canReceive(account)) continue;
            uint256 possible = _least(_ledger().freeOf(account, from), _room(known, _s().standings[rule][account]));
            if (possible == 0) continue;
            quantity += possible;
            _convert(rule, known, account, possible);
        }
    }

    /// @inheritdoc IBanking
    function roomOf(uint256 rule, address account) external view returns (uint256) {
        return _room(_known(rule), _s().standings[rule][account]);
    }

    /// @inheritdoc IBanking
    function standingOf(uint256 rule, address account) external view returns (BankingStanding memory) {
        return _s().standings[rule][account];
    }

    /// @inheritdoc IBanking
    function causeOf(uint256 id) public view returns (bytes32) {
        return bytes32((uint256(uint160(address(this))) << 96) | id);
    }

    /// @inheritdoc IBanking
    function actCount() external view returns (uint256) {
        return _s().count;
    }

    function _open(uint256 rule) private view returns (BankingRule storage known) {
        known = _latest(rule);
        (uint40 opens, uint40 closes) = (known.terms.opens, known.terms.closes);
        require(block.timestamp >= opens && block.timestamp < closes, BankingNotOpen(rule, opens, closes));
    }

    /// @dev Fits the room. The ledger refuses a quantity of nothing, and what is not free.
    function _convert(uint256 rule, BankingRule storage known, address account, uint256 quantity)
        private
        returns (uint256 id)
    {
        (uint256 from, uint256 to) = (known.terms.from, known.terms.to);

        id = ++_s().count;
        known.converted += uint96(quantity);
        _s().standings[rule][account].converted += uint96(quantity);

        emit UnitsConverted(id, rule, account, from, to, quantity);

        _cancel(account, from, quantity, causeOf(id));
        // The ledger's event tells the serials.
        // slither-disable-next-line unused-return
        _ledger().issue(account, to, quantity, causeOf(id));
    }

    /// @dev BankingFigures may have been lowered after a conversion: then there is no room, and no debt either.
    function _room(BankingRule storage known, BankingStanding storage standing) private view returns (uint256 room) {
        BankingTerms memory terms = known.terms;
        uint256 converted = standing.converted;
        room = terms.most == 0 ? type(uint96).max : _less(terms.most, known.converted);
        if (terms.bySales) {
            uint256 limit = standing.recorded ? terms.base + uint256(standing.netSales) * terms.multiplier / _WHOLE : 0;
            room = _least(room, _less(limit, converted));
        }
        if (terms.byHolding) {
            room = _least(room, _less(uint256(standing.held) * terms.share / _WHOLE, converted));
        }
    }

    /* LAPSE */

    /// @inheritdoc IBanking
    function lapse(uint256 rule, address[] calldata accounts) external returns (uint256 quantity) {
        BankingRule storage known = _latest(rule);
        uint40 closes = known.terms.closes;
        require(block.timestamp >= closes, BankingNotClosed(rule, closes));
        uint256 instrument = known.terms.from;
        require(known.terms.lapses && !_isAlive(instrument), DoesNotLapse(rule));
        for (uint256 i; i < accounts.length; ++i) {
            uint256 free = _ledger().freeOf(accounts[i], instrument);
            if (free == 0) continue;
            quantity += free;
            _lapse(rule, known, accounts[i], instrument, free);
        }
    }

    function _lapse(uint256 rule, BankingRule storage known, address account, uint256 instrument, uint256 quantity)
        private
    {
        uint256 id = ++_s().count;
        known.lapsed += uint96(quantity);

        emit UnitsLapsed(id, rule, account, instrument, quantity);

        _cancel(account, instrument, quantity, causeOf(id));
    }

    /// @dev Whether the ledger would still move it.
    function _isAlive(uint256 instrument) private view returns (bool) {
        IInstrumentLedger.Instrument memory known = _ledger().instrumentOf(instrument);
        return known.state == IInstrumentLedger.InstrumentState.OPEN
            && (known.validUntil == 0 || block.timestamp < known.validUntil);
    }

    /* REVERSED SURRENDERS */

    /// @inheritdoc IBanking
    function reissue(uint256 application, address account, uint256 instrument, uint256 quantity)
        external
        onlyModule(COMPLIANCE_DESK)
    {
        emit UnitsReissued(application, account, instrument, quantity);

        // The ledger's event tells the serials.
        // slither-disable-next-line unused-return
        _ledger().issue(account, instrument, quantity, bytes32(application));
    }

    /* SHARED */

    /// @dev Free units only: the ledger binds no others.
    function _cancel(address account, uint256 instrument, uint256 quantity, bytes32 cause) private {
        _ledger().encumber(account, instrument, quantity, IInstrumentLedger.Reason.CONVERSION, cause);
        _ledger().cancelEncumbered(account, instrument, quantity, IInstrumentLedger.Reason.CONVERSION, cause);
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    /// @dev a − b, and never less than nothing.
    function _less(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : 0;
    }

    function _ledger() private view returns (IInstrumentLedger) {
        return IInstrumentLedger(LEDGER);
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
