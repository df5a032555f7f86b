// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { IERC1155 } from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";

import { Governed } from "../governance/Governed.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { AccountStatus, Eligibility, Restrictions, Rights } from "../types/Accounts.sol";
import { InstrumentClass } from "../types/InstrumentId.sol";
import { IBinder } from "./IBinder.sol";
import { IERC7943MultiToken } from "./IERC7943.sol";
import { IInstrumentLedger } from "./IInstrumentLedger.sol";
import { IPledgeBook } from "./IPledgeBook.sol";

/// @title Liens on units, agreed by both sides. Its manual is `IPledgeBook`.
/// @dev What is bound in the ledger for the reason PLEDGE is, for each account and instrument, the sum of its open pledges'
///      lines and of what its open exchanges would add.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract PledgeBook is IPledgeBook, IBinder, Governed {
    uint256 private constant _MAX_LINES = 8;
    uint8 private constant _PLEDGOR = 1; // in `Pledge.amendedBy`
    uint8 private constant _PLEDGEE = 2;
    IInstrumentLedger.Reason private constant _REASON = IInstrumentLedger.Reason.PLEDGE;

    // Proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    address private immutable AUTHORITY_DESK;

    /// @dev One slot. At most one line an instrument in a list.
    struct Line {
        uint88 instrument;
        uint96 quantity;
    }

    struct Exchange {
        Line[] removed;
        Line[] added;
    }

    /// @custom:storage-location erc7201:carbon.storage.PledgeBook
    struct Storage {
        uint256 count; // pledges ever offered; also the last one's number
        mapping(uint256 id => Pledge) pledges;
        mapping(uint256 id => Line[]) lines;
        mapping(uint256 id => Exchange) exchanges;
        mapping(address account => uint256[]) sides; // pledges in which it is pledgor or pledgee
        uint40 leastNotice; // seconds
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.PledgeBook")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x1b6ade5366f65a5c3c3e91bafc87c6909c9fb144c03799abf445f2e66c1ba800;

    constructor(address ledger, address authorityDesk) {
        LEDGER = ledger;
        AUTHORITY_DESK = authorityDesk;
    }

    /// @param least Seconds from notice to foreclosure.
    function initialize(uint40 least) external reinitializer(2) {
        _setLeastNotice(least);
    }

    /* OFFER */

    /// @inheritdoc IPledgeBook
    function offer(PledgeTerms calldata terms, Units[] calldata units) external returns (uint256 id) {
        address pledgor = _acting(Restrictions.NO_TRANSFER);
        Storage storage $ = _s();
        require(
            terms.agreement != 0 && terms.pledgee != pledgor && terms.receiver != pledgor,
            BadPledgeTerms(terms.pledgee, terms.receiver, terms.agreement)
        );
        require(terms.due > block.timestamp, BadDue(terms.due));
        require(terms.offerUntil == 0 || terms.offerUntil >= block.timestamp, BadDue(terms.offerUntil));
        require(terms.noticePeriod >= $.leastNotice, NoticeTooShort(terms.noticePeriod, $.leastNotice));
        Eligibility memory pledgee = IEligibility(LEDGER).eligibilityOf(terms.pledgee);
        require(
            pledgee.status == AccountStatus.ACTIVE && pledgee.certificateUntil > block.timestamp,
            NotEligible(terms.pledgee)
        );
        _requireReceiver(terms.receiver);

        id = ++$.count;
        Pledge storage pledge = $.pledges[id];
        pledge.pledgor = pledgor;
        pledge.state = PledgeState.OFFERED;
        pledge.offeredAt = uint40(block.timestamp);
        pledge.terms = terms;
        $.sides[pledgor].push(id);
        $.sides[terms.pledgee].push(id);
        _addAll($.lines[id], units);

        emit PledgeOffered(id, pledgor, terms.pledgee, terms, units);

        _bind(id, pledgor, units);
    }

    /// @inheritdoc IPledgeBook
    function accept(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.OFFERED);
        _requireSide(id, pledge.terms.pledgee, 0);
        uint40 until = _offerEnd(pledge);
        require(block.timestamp <= until, OfferOver(id, until));
        require(IERC7943MultiToken(LEDGER).canSend(pledge.pledgor), NotEligible(pledge.pledgor));
        _requireReceiver(pledge.terms.receiver);

        pledge.state = PledgeState.ACTIVE;

        emit PledgeAccepted(id);
    }

    /// @inheritdoc IPledgeBook
    function decline(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.OFFERED);
        _requireSide(id, pledge.terms.pledgee, 0);

        _giveBackAll(id, pledge, PledgeState.DECLINED);
    }

    /// @inheritdoc IPledgeBook
    function withdrawOffer(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.OFFERED);
        _requireSide(id, pledge.pledgor, 0);

        _giveBackAll(id, pledge, PledgeState.WITHDRAWN);
    }

    /// @inheritdoc IPledgeBook
    function lapse(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.OFFERED);
        uint40 until = _offerEnd(pledge);
        require(block.timestamp > until, OfferStands(id, until));

        _giveBackAll(id, pledge, PledgeState.LAPSED);
    }

    function _offerEnd(Pledge storage pledge) private view returns (uint40) {
        PledgeTerms storage terms = pledge.terms;
        return terms.offerUntil != 0 && terms.offerUntil < terms.due ? terms.offerUntil : terms.due;
    }

    /* WHILE IT STANDS */

    /// @inheritdoc IPledgeBook
    function topUp(uint256 id, Units[] calldata units) external {
        Pledge storage pledge = _growing(id);

        _addAll(_s().lines[id], units);

        emit PledgeToppedUp(id, units);

        _bind(id, pledge.pledgor, units);
    }

    /// @inheritdoc IPledgeBook
    function release(uint256 id, Units[] calldata units) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        _requireSide(id, pledge.terms.pledgee, 0);

        _removeAll(id, units);

        emit PledgeReleased(id, units);
        Units[] memory loose = _closeIfEmpty(id, pledge, PledgeState.RELEASED);

        _free(id, pledge.pledgor, units);
        _free(id, pledge.pledgor, loose);
    }

    /// @inheritdoc IPledgeBook
    function releaseAll(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        _requireSide(id, pledge.terms.pledgee, 0);

        _giveBackAll(id, pledge, PledgeState.RELEASED);
    }

    /// @inheritdoc IPledgeBook
    function proposeExchange(uint256 id, Units[] calldata removed, Units[] calldata added)
        external
        returns (uint32 number)
    {
        Pledge storage pledge = _growing(id);
        require(!pledge.exchangeOpen, ExchangeOpen(id, pledge.exchanges));

        number = ++pledge.exchanges;
        pledge.exchangeOpen = true;
        Exchange storage exchange = _s().exchanges[id];
        _noteAll(exchange.removed, removed);
        _addAll(exchange.added, added);

        emit ExchangeProposed(id, number, removed, added);

        _bind(id, pledge.pledgor, added);
    }

    /// @inheritdoc IPledgeBook
    function acceptExchange(uint256 id, uint32 number) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        _requireSide(id, pledge.terms.pledgee, 0);
        uint32 open = pledge.exchangeOpen ? pledge.exchanges : 0;
        require(number != 0 && number == open, NoSuchExchange(id, number, open));
        require(IERC7943MultiToken(LEDGER).canSend(pledge.pledgor), NotEligible(pledge.pledgor));
        Exchange storage exchange = _s().exchanges[id];
        Units[] memory removed = _unitsOf(exchange.removed);
        Units[] memory added = _endExchange(id, pledge, true);

        Line[] storage lines = _s().lines[id];
        for (uint256 i; i < removed.length; ++i) {
            _remove(id, lines, removed[i].instrument, removed[i].quantity);
        }
        for (uint256 i; i < added.length; ++i) {
            _add(lines, added[i].instrument, added[i].quantity);
        }

        _free(id, pledge.pledgor, removed);
    }

    /// @inheritdoc IPledgeBook
    function dropExchange(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        _requireEitherSide(id, pledge);
        require(pledge.exchangeOpen, NoSuchExchange(id, 0, 0));

        Units[] memory loose = _endExchange(id, pledge, false);

        _free(id, pledge.pledgor, loose);
    }

    /// @inheritdoc IPledgeBook
    function proposeAmendment(uint256 id, Amendment calldata amendment) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        bool byPledgee = _requireEitherSide(id, pledge) == pledge.terms.pledgee;
        _requireAmendment(pledge, amendment);

        pledge.amendedBy = byPledgee ? _PLEDGEE : _PLEDGOR;
        pledge.amendment = keccak256(abi.encode(amendment));

        emit AmendmentProposed(id, byPledgee, amendment);
    }

    /// @inheritdoc IPledgeBook
    function acceptAmendment(uint256 id, Amendment calldata amendment) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        bool byPledgee = _requireEitherSide(id, pledge) == pledge.terms.pledgee;
        require(
            pledge.amendedBy == (byPledgee ? _PLEDGOR : _PLEDGEE)
                && pledge.amendment == keccak256(abi.encode(amendment)),
            NoSuchAmendment(id)
        );
        _requireAmendment(pledge, amendment);

        pledge.amendedBy = 0;
        pledge.amendment = 0;
        pledge.noticeAt = 0;
        pledge.terms.receiver = amendment.receiver;
        pledge.terms.due = amendment.due;
        pledge.terms.agreement = amendment.agreement;

        emit PledgeAmended(id, amendment);
    }

    /// @inheritdoc IPledgeBook
    function dropAmendment(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        _requireEitherSide(id, pledge);
        require(pledge.amendedBy != 0, NoSuchAmendment(id));

        pledge.amendedBy = 0;
        pledge.amendment = 0;

        emit AmendmentDropped(id);
    }

    function _requireAmendment(Pledge storage pledge, Amendment calldata amendment) private view {
        require(amendment.due >= pledge.terms.due, BadDue(amendment.due));
        require(
            amendment.agreement != 0 && amendment.receiver != pledge.pledgor,
            BadPledgeTerms(pledge.terms.pledgee, amendment.receiver, amendment.agreement)
        );
        _requireReceiver(amendment.receiver);
    }

    /* FORECLOSURE */

    /// @inheritdoc IPledgeBook
    function giveNotice(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        _requireSide(id, pledge.terms.pledgee, 0);
        require(block.timestamp > pledge.terms.due, PledgeNotDue(id, pledge.terms.due));
        require(pledge.noticeAt == 0, NoticeGivenAlready(id, pledge.noticeAt));

        pledge.noticeAt = uint40(block.timestamp);

        emit NoticeGiven(id, block.timestamp + pledge.terms.noticePeriod);
    }

    /// @inheritdoc IPledgeBook
    function withdrawNotice(uint256 id) external {
        Pledge storage pledge = _in(id, PledgeState.ACTIVE);
        _requireSide(id, pledge.terms.pledgee, 0);
        require(pledge.noticeAt != 0, ForeclosureTooEarly(id, 0));

        pledge.noticeAt = 0;

        emit NoticeWithdrawn(id);
    }

    /// @inheritdoc IPledgeBook
    function foreclose(uint256 id, Units[] calldata units) external {
        Pledge storage pledge = _foreclosable(id);

        _removeAll(id, units);

        _forecloseUnits(id, pledge, units);
    }

    /// @inheritdoc IPledgeBook
    function forecloseAll(uint256 id) external {
        Pledge storage pledge = _foreclosable(id);
        Units[] memory units = _unitsOf(_s().lines[id]);

        delete _s().lines[id];

        _forecloseUnits(id, pledge, units);
    }

    /// @inheritdoc IPledgeBook
    function setLeastNotice(uint40 seconds_) external restricted {
        _setLeastNotice(seconds_);
    }

    /// @inheritdoc IPledgeBook
    function leastNotice() external view returns (uint40) {
        return _s().leastNotice;
    }

    function _setLeastNotice(uint40 seconds_) private {
        _s().leastNotice = seconds_;

        emit LeastNoticeSet(seconds_);
    }

    /// @dev Its pledgor adds units. Not while a notice runs or has run out, nor where the notice is shorter than rules now
    ///      have it: what is added would be foreclosed at once, past every waiting time of transfers.
    function _growing(uint256 id) private view returns (Pledge storage pledge) {
        pledge = _in(id, PledgeState.ACTIVE);
        _requireSide(id, pledge.pledgor, Restrictions.NO_TRANSFER);
        require(pledge.noticeAt == 0, UnderNotice(id, pledge.noticeAt));
        uint40 least = _s().leastNotice;
        require(pledge.terms.noticePeriod >= least, NoticeTooShort(pledge.terms.noticePeriod, least));
    }

    function _foreclosable(uint256 id) private view returns (Pledge storage pledge) {
        pledge = _in(id, PledgeState.ACTIVE);
        _requireSide(id, pledge.terms.pledgee, 0);
        uint256 from = pledge.noticeAt == 0 ? 0 : uint256(pledge.noticeAt) + pledge.terms.noticePeriod;
        require(from != 0 && block.timestamp >= from, ForeclosureTooEarly(id, from));
    }

    /// @dev Whether the instrument is open and the receiver may receive is for the ledger to say.
    function _forecloseUnits(uint256 id, Pledge storage pledge, Units[] memory units) private {
        address receiver = pledge.terms.receiver;

        emit PledgeForeclosed(id, receiver, units);
        Units[] memory loose = _closeIfEmpty(id, pledge, PledgeState.FORECLOSED);

        for (uint256 i; i < units.length; ++i) {
            _requireUnfrozen(pledge.pledgor, units[i].instrument, units[i].quantity);
            _ledger()
                .moveEncumbered(pledge.pledgor, receiver, units[i].instrument, units[i].quantity, _REASON, bytes32(id));
        }
        _free(id, pledge.pledgor, loose);
    }

    /// @dev Before each line is moved, so that an instrument given twice cannot pass a freeze.
    function _requireUnfrozen(address account, uint256 instrument, uint256 quantity) private view {
        uint256 frozen = IERC7943MultiToken(LEDGER).getFrozenTokens(account, instrument);
        uint256 held = IERC1155(LEDGER).balanceOf(account, instrument);
        require(
            frozen == 0 || (frozen <= held && quantity <= held - frozen), FrozenByAuthority(account, instrument, frozen)
        );
    }

    /* THE AUTHORITY */

    /// @inheritdoc IBinder
    /// @dev What was only offered (a pledge, an exchange) ends wholly: nobody shall accept less than he saw. Pledged units
    ///      are given up as far as asked.
    function giveUp(uint256 id, address account, uint256 instrument, uint256 quantity, uint256 act)
        external
        onlyModule(AUTHORITY_DESK)
        returns (uint256 given)
    {
        Pledge storage pledge = _known(id);
        require(pledge.pledgor == account, NotTheSide(id, account, pledge.pledgor));
        if (pledge.state == PledgeState.OFFERED) {
            given = _quantityIn(_s().lines[id], instrument);
            if (given != 0) {
                emit PledgeTaken(id, act, instrument, 0);

                _giveBackAll(id, pledge, PledgeState.TAKEN);
            }
            return given;
        }
        if (pledge.state != PledgeState.ACTIVE) return 0;

        Units[] memory loose = new Units[](0);
        given = pledge.exchangeOpen ? _quantityIn(_s().exchanges[id].added, instrument) : 0;
        if (given != 0) loose = _endExchange(id, pledge, false);
        Units[] memory taken = new Units[](0);
        if (given < quantity) taken = _take(id, instrument, quantity - given, act);
        if (taken.length != 0) given += taken[0].quantity;
        Units[] memory rest = _closeIfEmpty(id, pledge, PledgeState.TAKEN);

        _free(id, account, taken);
        _free(id, account, loose);
        _free(id, account, rest);
    }

    /// @return taken One line, or none.
    function _take(uint256 id, uint256 instrument, uint256 quantity, uint256 act)
        private
        returns (Units[] memory taken)
    {
        Line[] storage lines = _s().lines[id];
        uint256 pledged = _quantityIn(lines, instrument);
        if (pledged < quantity) quantity = pledged;
        if (quantity == 0) return new Units[](0);
        _remove(id, lines, instrument, quantity);
        taken = new Units[](1);
        taken[0] = Units(instrument, quantity);

        emit PledgeTaken(id, act, instrument, quantity);
    }

    /* VIEWS */

    /// @inheritdoc IPledgeBook
    function pledgeOf(uint256 id) external view returns (Pledge memory pledge, Units[] memory units) {
        return (_known(id), _unitsOf(_s().lines[id]));
    }

    /// @inheritdoc IPledgeBook
    function exchangeOf(uint256 id)
        external
        view
        returns (uint32 number, Units[] memory removed, Units[] memory added)
    {
        Pledge storage pledge = _known(id);
        Exchange storage exchange = _s().exchanges[id];
        number = pledge.exchangeOpen ? pledge.exchanges : 0;
        return (number, _unitsOf(exchange.removed), _unitsOf(exchange.added));
    }

    /// @inheritdoc IPledgeBook
    function pledgeCount() external view returns (uint256) {
        return _s().count;
    }

    /// @inheritdoc IPledgeBook
    function pledgesOf(address account, uint256 from, uint256 most)
        external
        view
        returns (uint256[] memory ids, uint256 total)
    {
        uint256[] storage all = _s().sides[account];
        total = all.length;
        uint256 left = from < total ? total - from : 0;
        ids = new uint256[](left < most ? left : most);
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = all[from + i];
        }
    }

    /* ENDING */

    /// @dev All that is pledged or offered goes back to the pledgor, and the pledge ends.
    function _giveBackAll(uint256 id, Pledge storage pledge, PledgeState state) private {
        Units[] memory units = _unitsOf(_s().lines[id]);

        delete _s().lines[id];

        emit PledgeReleased(id, units);
        Units[] memory loose = _closeIfEmpty(id, pledge, state);

        _free(id, pledge.pledgor, units);
        _free(id, pledge.pledgor, loose);
    }

    /// @dev Whatever ended the last line also ends an exchange that is open: nothing is left to exchange.
    /// @return loose What that exchange bound, for the caller to free.
    function _closeIfEmpty(uint256 id, Pledge storage pledge, PledgeState state)
        private
        returns (Units[] memory loose)
    {
        if (_s().lines[id].length != 0) return loose;
        if (pledge.exchangeOpen) loose = _endExchange(id, pledge, false);

        pledge.state = state;
        pledge.amendedBy = 0;
        pledge.amendment = 0;
        pledge.noticeAt = 0;

        emit PledgeClosed(id, state);
    }

    /// @return added What it bound.
    function _endExchange(uint256 id, Pledge storage pledge, bool accepted) private returns (Units[] memory added) {
        added = _unitsOf(_s().exchanges[id].added);

        pledge.exchangeOpen = false;
        delete _s().exchanges[id];

        emit ExchangeEnded(id, pledge.exchanges, accepted);
    }

    /* LINES */

    function _addAll(Line[] storage list, Units[] calldata units) private {
        require(units.length != 0 && units.length <= _MAX_LINES, BadUnits(units.length, _MAX_LINES));
        for (uint256 i; i < units.length; ++i) {
            _requirePledgeable(units[i].instrument);
            _add(list, units[i].instrument, units[i].quantity);
        }
    }

    /// @dev What an exchange would remove: whether the pledge has it is asked when it is accepted.
    function _noteAll(Line[] storage list, Units[] calldata units) private {
        require(units.length != 0 && units.length <= _MAX_LINES, BadUnits(units.length, _MAX_LINES));
        for (uint256 i; i < units.length; ++i) {
            require(units[i].instrument <= type(uint88).max, NotPledgeable(units[i].instrument));
            _add(list, units[i].instrument, units[i].quantity);
        }
    }

    function _removeAll(uint256 id, Units[] calldata units) private {
        require(units.length != 0 && units.length <= _MAX_LINES, BadUnits(units.length, _MAX_LINES));
        Line[] storage list = _s().lines[id];
        for (uint256 i; i < units.length; ++i) {
            require(units[i].quantity != 0, BadQuantity(0));
            _remove(id, list, units[i].instrument, units[i].quantity);
        }
    }

    /// @dev `instrument` has at most 88 bits.
    function _add(Line[] storage list, uint256 instrument, uint256 quantity) private {
        require(quantity != 0 && quantity <= type(uint96).max, BadQuantity(quantity));
        uint256 count = list.length;
        for (uint256 i; i < count; ++i) {
            if (list[i].instrument != instrument) continue;
            uint256 sum = list[i].quantity + quantity;
            require(sum <= type(uint96).max, BadQuantity(sum));
            list[i].quantity = uint96(sum);
            return;
        }
        require(count < _MAX_LINES, BadUnits(count + 1, _MAX_LINES));
        list.push(Line(uint88(instrument), uint96(quantity)));
    }

    /// @dev The last line takes the place of one that is used up.
    function _remove(uint256 id, Line[] storage list, uint256 instrument, uint256 quantity) private {
        uint256 count = list.length;
        for (uint256 i; i < count; ++i) {
            if (list[i].instrument != instrument) continue;
            uint256 held = list[i].quantity;
            require(held >= quantity, PledgedLess(id, instrument, held, quantity));
            if (held != quantity) {
                list[i].quantity = uint96(held - quantity);
                return;
            }
            list[i] = list[count - 1];
            list.pop();
            return;
        }
        revert PledgedLess(id, instrument, 0, quantity);
    }

    function _quantityIn(Line[] storage list, uint256 instrument) private view returns (uint256) {
        for (uint256 i; i < list.length; ++i) {
            if (list[i].instrument == instrument) return list[i].quantity;
        }
        return 0;
    }

    function _unitsOf(Line[] storage list) private view returns (Units[] memory units) {
        units = new Units[](list.length);
        for (uint256 i; i < units.length; ++i) {
            units[i] = Units(list[i].instrument, list[i].quantity);
        }
    }

    function _bind(uint256 id, address account, Units[] calldata units) private {
        for (uint256 i; i < units.length; ++i) {
            _ledger().encumber(account, units[i].instrument, units[i].quantity, _REASON, bytes32(id));
        }
    }

    function _free(uint256 id, address account, Units[] memory units) private {
        for (uint256 i; i < units.length; ++i) {
            _ledger().release(account, units[i].instrument, units[i].quantity, _REASON, bytes32(id));
        }
    }

    /* SHARED */

    function _requirePledgeable(uint256 instrument) private view {
        uint256 class = instrument >> 80;
        IInstrumentLedger.Instrument memory known = _ledger().instrumentOf(instrument);
        require(
            (class == uint256(InstrumentClass.ALLOWANCE) || class == uint256(InstrumentClass.CREDIT))
                && known.state == IInstrumentLedger.InstrumentState.OPEN
                && (known.validUntil == 0 || block.timestamp < known.validUntil),
            NotPledgeable(instrument)
        );
    }

    function _requireReceiver(address receiver) private view {
        require(IERC7943MultiToken(LEDGER).canReceive(receiver), NotEligible(receiver));
    }

    function _requireSide(uint256 id, address side, uint16 forbidding) private view {
        address account = _acting(forbidding);
        require(account == side, NotTheSide(id, account, side));
    }

    function _requireEitherSide(uint256 id, Pledge storage pledge) private view returns (address account) {
        account = _acting(0);
        require(account == pledge.pledgor || account == pledge.terms.pledgee, NotTheSide(id, account, pledge.pledgor));
    }

    function _acting(uint16 forbidding) private view returns (address account) {
        return IEligibility(LEDGER).actingFor(msg.sender, Rights.INITIATE | Rights.APPROVE, forbidding);
    }

    function _in(uint256 id, PledgeState needed) private view returns (Pledge storage pledge) {
        pledge = _known(id);
        require(pledge.state == needed, PledgeNotIn(id, pledge.state, needed));
    }

    function _known(uint256 id) private view returns (Pledge storage pledge) {
        pledge = _s().pledges[id];
        require(pledge.state != PledgeState.NONE, UnknownPledge(id));
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
