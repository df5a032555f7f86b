// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { IBinder } from "../instruments/IBinder.sol";
import { IInstrumentLedger } from "../instruments/IInstrumentLedger.sol";
import { ITransferDisputes } from "../instruments/ITransferDisputes.sol";
import { ITransferRules } from "../instruments/ITransferRules.sol";
import { IDisputable } from "../registry/IDisputable.sol";
import { IEligibility } from "../registry/IEligibility.sol";
import { Rights } from "../types/Accounts.sol";
import { Voucher, VoucherKind } from "../types/Vouchers.sol";
import { IVoucherBook } from "../vouchers/IVoucherBook.sol";
import { IDisputeDesk } from "./IDisputeDesk.sol";

/// @title Disputes and their rulings. Its manual is `IDisputeDesk`.
/// @dev What is bound in the ledger for the reason DISPUTE is, for each account and instrument, the sum of `frozen` of the
///      lines of disputes that stand.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable
contract DisputeDesk is IDisputeDesk, IBinder, ITransferDisputes, Governed {
    IInstrumentLedger.Reason private constant _REASON = IInstrumentLedger.Reason.DISPUTE;
    uint256 private constant _SUBJECT_BITS = 248; // what a subject may have, its kind standing above

    // The other contracts of the suite: proxies, whose addresses are fixed before any implementation exists.
    address private immutable LEDGER;
    address private immutable AUTHORITY_DESK;
    address private immutable VOUCHER_BOOK;
    address private immutable TRANSFER_RULES;
    address private immutable REPORTS;
    address private immutable COMPLIANCE_DESK;

    /// @custom:storage-location erc7201:carbon.storage.DisputeDesk
    struct Storage {
        uint256 count; // disputes ever opened; also the last one's number
        DisputeTerms terms;
        mapping(uint256 id => Dispute) disputes;
        mapping(uint256 id => DisputedLine[]) lines; // at most one an instrument
        mapping(uint256 subject => uint256 id) standing; // the last opened; stays where a ruling made a transfer good
        mapping(uint256 act => mapping(address party => uint256 id)) opened;
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.DisputeDesk")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x383ceb09e97f39de2fd008e906ad050156f33f3f73656f5413ae5cc100392700;

    constructor(
        address ledger,
        address authorityDesk,
        address voucherBook,
        address transferRules,
        address emissionReports,
        address complianceDesk
    ) {
        LEDGER = ledger;
        AUTHORITY_DESK = authorityDesk;
        VOUCHER_BOOK = voucherBook;
        TRANSFER_RULES = transferRules;
        REPORTS = emissionReports;
        COMPLIANCE_DESK = complianceDesk;
    }

    function initialize(DisputeTerms calldata terms) external reinitializer(2) {
        _setTerms(terms);
    }

    /* OPENING */

    /// @inheritdoc IDisputeDesk
    function openOnTrade(
        Voucher calldata voucher,
        bytes32[] calldata siblings,
        uint256 units,
        uint256 money,
        bytes32 statement
    ) external returns (uint256 id) {
        uint256 subject = uint256(voucher.series) << 40 | voucher.index;
        require(
            (voucher.kind == VoucherKind.TRADE || voucher.kind == VoucherKind.AWARD) && voucher.from != voucher.to,
            NotDisputable(SubjectKind.TRADE, subject)
        );
        IVoucherBook.Verdict verdict = IVoucherBook(VOUCHER_BOOK).verify(voucher, siblings);
        require(verdict == IVoucherBook.Verdict.VALID, VoucherRefuted(verdict));
        require(units != 0 || money != 0, BadClaim(0, voucher.quantity));
        address claimant = _acting();
        require(units == 0 || claimant == voucher.from, NotTheParty(claimant));
        require(money == 0 || claimant == voucher.to, NotTheParty(claimant));
        DisputedLine[] memory lines = new DisputedLine[](1);
        lines[0] = units != 0
            ? _line(voucher.to, voucher.instrument, units, voucher.quantity)
            : _line(voucher.from, IInstrumentLedger(LEDGER).mainMoney(), money, voucher.quantity * voucher.price);

        id = _open(SubjectKind.TRADE, subject, voucher.from, voucher.to, voucher.at, lines, statement);
        _bind(id, lines);
    }

    /// @inheritdoc IDisputeDesk
    function openOnTransfer(uint256 transfer, uint256 units, bytes32 statement) external returns (uint256 id) {
        ITransferRules.TransferRecord memory done = ITransferRules(TRANSFER_RULES).transferOf(transfer);
        require(
            done.state == ITransferRules.TransferState.COMPLETED && done.from != done.to,
            NotDisputable(SubjectKind.TRANSFER, transfer)
        );
        address claimant = _acting();
        require(claimant == done.from, NotTheParty(claimant));
        DisputedLine[] memory lines = new DisputedLine[](1);
        lines[0] = _line(done.to, done.instrument, units, done.quantity);

        id = _open(SubjectKind.TRANSFER, transfer, done.from, done.to, done.closedAt, lines, statement);
        _bind(id, lines);
    }

    /// @inheritdoc IDisputeDesk
    function openOnReport(uint64 installation, uint16 year, bytes32 statement) external returns (uint256 id) {
        return _openHeld(SubjectKind.REPORT, uint256(installation) << 16 | year, statement);
    }

    /// @inheritdoc IDisputeDesk
    function openOnSurrender(uint256 application, bytes32 statement) external returns (uint256 id) {
        return _openHeld(SubjectKind.SURRENDER, application, statement);
    }

    /// @dev The contract whose act it is says whose it is and since when; it is one of the suite, and calls nobody on `hold`.
    // slither-disable-next-line reentrancy-no-eth
    function _openHeld(SubjectKind kind, uint256 subject, bytes32 statement) private returns (uint256 id) {
        require(subject >> _SUBJECT_BITS == 0, NotDisputable(kind, subject));
        (address account, uint256 at) = IDisputable(_keeperOf(kind)).hold(subject, _s().count + 1);

        return _open(kind, subject, account, address(0), at, new DisputedLine[](0), statement);
    }

    function _keeperOf(SubjectKind kind) private view returns (address) {
        return kind == SubjectKind.REPORT ? REPORTS : COMPLIANCE_DESK;
    }

    /// @dev As many as are free now; the claim says how many at most.
    function _line(address holder, uint256 instrument, uint256 claimed, uint256 most)
        private
        view
        returns (DisputedLine memory)
    {
        require(claimed != 0 && claimed <= most && claimed <= type(uint96).max, BadClaim(claimed, most));
        uint256 free = IInstrumentLedger(LEDGER).freeOf(holder, instrument);
        return DisputedLine(holder, uint96(free < claimed ? free : claimed), uint88(instrument), 0);
    }

    function _open(
        SubjectKind kind,
        uint256 subject,
        address one,
        address other,
        uint256 at,
        DisputedLine[] memory lines,
        bytes32 statement
    ) private returns (uint256 id) {
        address claimant = _acting();
        require(claimant == one || claimant == other, NotTheParty(claimant));
        require(statement != 0, CauseMissing());
        Storage storage $ = _s();
        DisputeTerms memory terms = $.terms;
        require(block.timestamp <= at + terms.openFor, DisputeTooLate(at + terms.openFor));
        uint256 keyed = _keyed(kind, subject);
        // A year's figure is another act each time it is settled.
        uint256 act = kind == SubjectKind.REPORT ? uint256(keccak256(abi.encode(keyed, at))) : keyed;
        id = $.opened[act][claimant];
        require(id == 0, DisputedAlready(kind, subject, id));

        id = ++$.count;
        $.standing[keyed] = id;
        $.opened[act][claimant] = id;
        Dispute storage dispute = $.disputes[id];
        dispute.claimant = claimant;
        dispute.respondent = claimant == one ? other : one;
        dispute.state = DisputeState.OPEN;
        dispute.kind = kind;
        dispute.subject = subject;
        dispute.terms = terms;
        dispute.evidence = 1;
        dispute.evidenceUntil = uint40(block.timestamp + terms.evidenceFor);
        dispute.until = uint40(block.timestamp + terms.evidenceFor + terms.ruleFor);
        for (uint256 i; i < lines.length; ++i) {
            $.lines[id].push(lines[i]);
        }

        emit DisputeOpened(id, claimant, dispute.respondent, kind, subject, lines, terms, statement);
    }

    function _bind(uint256 id, DisputedLine[] memory lines) private {
        for (uint256 i; i < lines.length; ++i) {
            if (lines[i].frozen == 0) continue;
            IInstrumentLedger(LEDGER)
                .encumber(lines[i].holder, lines[i].instrument, lines[i].frozen, _REASON, bytes32(id));
        }
    }

    /// @inheritdoc IDisputeDesk
    function withdraw(uint256 id) external {
        Dispute storage dispute = _in(id, DisputeState.OPEN);
        address account = _acting();
        require(account == dispute.claimant, NotTheParty(account));

        _end(id, dispute, DisputeState.WITHDRAWN);
    }

    /* EVIDENCE */

    /// @inheritdoc IDisputeDesk
    function submitEvidence(uint256 id, bytes32 evidence) external {
        _submit(id, _party(id), evidence);
    }

    /// @inheritdoc IDisputeDesk
    function submitForAuthority(uint256 id, bytes32 evidence) external restricted {
        _requireAuthority(id);
        _submit(id, address(0), evidence);
    }

    function _submit(uint256 id, address party, bytes32 evidence) private {
        Dispute storage dispute = _in(id, DisputeState.OPEN);
        require(block.timestamp <= dispute.evidenceUntil, EvidencePeriod(id, dispute.evidenceUntil));
        require(evidence != 0, CauseMissing());

        ++dispute.evidence;

        emit EvidenceSubmitted(id, party, msg.sender, evidence);
    }

    /* RULING */

    /// @inheritdoc IDisputeDesk
    function rule(uint256 id, bool upheld, uint96[] calldata awards, bytes32 document) external restricted {
        Dispute storage dispute = _in(id, DisputeState.OPEN);
        require(block.timestamp > dispute.evidenceUntil, EvidencePeriod(id, dispute.evidenceUntil));

        dispute.arbitrator = msg.sender;
        _rule(id, dispute, DisputeState.RULED, upheld, awards, document);
    }

    /// @inheritdoc IDisputeDesk
    function appeal(uint256 id, bytes32 grounds) external {
        _appeal(id, _party(id), grounds);
    }

    /// @inheritdoc IDisputeDesk
    function appealForAuthority(uint256 id, bytes32 grounds) external restricted {
        _requireAuthority(id);
        _appeal(id, address(0), grounds);
    }

    /// @inheritdoc IDisputeDesk
    function decideAppeal(uint256 id, bool upheld, uint96[] calldata awards, bytes32 document) external restricted {
        Dispute storage dispute = _in(id, DisputeState.APPEALED);
        require(msg.sender != dispute.arbitrator, SameArbitrator(msg.sender));

        dispute.appealArbitrator = msg.sender;
        _rule(id, dispute, DisputeState.FINAL, upheld, awards, document);
    }

    /// @inheritdoc IDisputeDesk
    /// @dev The receivers are for the ledger to check: where one may not receive, nothing has happened.
    function execute(uint256 id) external {
        Dispute storage dispute = _known(id);
        uint256 from = _standsFrom(dispute);
        require(from != 0 && block.timestamp >= from, NotExecutable(id, from));
        bool upheld = dispute.upheld;
        (DisputedLine[] memory lines, address[2] memory parties) = _close(id, dispute, DisputeState.EXECUTED);

        emit RulingExecuted(id, upheld);

        for (uint256 i; i < lines.length; ++i) {
            DisputedLine memory line = lines[i];
            // The authority may have taken some since the ruling.
            uint256 award = line.award < line.frozen ? line.award : line.frozen;
            if (award != 0) {
                IInstrumentLedger(LEDGER)
                    .moveEncumbered(
                        line.holder,
                        line.holder == parties[0] ? parties[1] : parties[0],
                        line.instrument,
                        award,
                        _REASON,
                        bytes32(id)
                    );
            }
            _free(id, line, line.frozen - award);
        }
        _letGo(id, dispute, upheld);
    }

    /// @inheritdoc IDisputeDesk
    function lapse(uint256 id) external {
        Dispute storage dispute = _known(id);
        uint256 from = _standsFrom(dispute);
        if (from == 0) _in(id, DisputeState.OPEN);
        uint256 until = from == 0 ? dispute.until : from + dispute.terms.executeFor;
        require(block.timestamp > until, DisputeStands(id, until));

        _end(id, dispute, DisputeState.LAPSED);
    }

    /// @dev From when the ruling can be executed; 0: there is none, or it is over.
    function _standsFrom(Dispute storage dispute) private view returns (uint256) {
        DisputeState state = dispute.state;
        if (state == DisputeState.FINAL) return dispute.until;
        // An appeal that nobody decides leaves the first ruling as it is.
        return state == DisputeState.RULED || state == DisputeState.APPEALED ? uint256(dispute.until) + 1 : 0;
    }

    function _appeal(uint256 id, address party, bytes32 grounds) private {
        Dispute storage dispute = _in(id, DisputeState.RULED);
        _requireInTime(id, dispute);
        require(grounds != 0, CauseMissing());

        uint40 until = uint40(block.timestamp + dispute.terms.ruleFor);
        dispute.state = DisputeState.APPEALED;
        dispute.until = until;
        ++dispute.evidence;

        emit RulingAppealed(id, party, grounds, until);
    }

    function _rule(
        uint256 id,
        Dispute storage dispute,
        DisputeState state,
        bool upheld,
        uint96[] calldata awards,
        bytes32 document
    ) private {
        _requireInTime(id, dispute);
        address own = IEligibility(LEDGER).representationOf(msg.sender).account;
        require(
            own == address(0) || (own != dispute.claimant && own != dispute.respondent),
            ArbitratorInvolved(msg.sender, own)
        );
        require(document != 0, CauseMissing());
        DisputedLine[] storage lines = _s().lines[id];
        require(awards.length == lines.length, BadAwards(id));
        for (uint256 i; i < awards.length; ++i) {
            require(awards[i] <= lines[i].frozen && (upheld || awards[i] == 0), BadAwards(id));
            lines[i].award = awards[i];
        }

        uint40 until = uint40(block.timestamp + (state == DisputeState.RULED ? dispute.terms.appealFor : 0));
        dispute.state = state;
        dispute.upheld = upheld;
        dispute.until = until;
        dispute.ruling = document;

        emit RulingGiven(id, msg.sender, state == DisputeState.FINAL, upheld, awards, document, until);
    }

    /// @dev Without compensation.
    function _end(uint256 id, Dispute storage dispute, DisputeState state) private {
        (DisputedLine[] memory lines,) = _close(id, dispute, state);

        emit DisputeEnded(id, state);

        for (uint256 i; i < lines.length; ++i) {
            _free(id, lines[i], lines[i].frozen);
        }
        _letGo(id, dispute, false);
    }

    /// @return lines As they were.
    /// @return parties Claimant and respondent.
    function _close(uint256 id, Dispute storage dispute, DisputeState state)
        private
        returns (DisputedLine[] memory lines, address[2] memory parties)
    {
        Storage storage $ = _s();
        lines = $.lines[id];
        parties = [dispute.claimant, dispute.respondent];
        for (uint256 i; i < lines.length; ++i) {
            $.lines[id][i].frozen = 0;
        }
        dispute.state = state;
        // What a ruling made good is not reversed as well.
        bool settled = dispute.kind == SubjectKind.TRANSFER && state == DisputeState.EXECUTED && dispute.upheld;
        uint256 keyed = _keyed(dispute.kind, dispute.subject);
        if (!settled && $.standing[keyed] == id) $.standing[keyed] = 0;
    }

    function _free(uint256 id, DisputedLine memory line, uint256 quantity) private {
        if (quantity == 0) return;
        IInstrumentLedger(LEDGER).release(line.holder, line.instrument, quantity, _REASON, bytes32(id));
    }

    function _letGo(uint256 id, Dispute storage dispute, bool upheld) private {
        SubjectKind kind = dispute.kind;
        if (kind != SubjectKind.REPORT && kind != SubjectKind.SURRENDER) return;
        IDisputable(_keeperOf(kind)).letGo(dispute.subject, id, upheld);
    }

    /* THE AUTHORITY */

    /// @inheritdoc IBinder
    function giveUp(uint256 id, address account, uint256 instrument, uint256 quantity, uint256 act)
        external
        onlyModule(AUTHORITY_DESK)
        returns (uint256 given)
    {
        _known(id);
        DisputedLine[] storage lines = _s().lines[id];
        bool isHolder;
        for (uint256 i; i < lines.length; ++i) {
            DisputedLine memory line = lines[i];
            if (line.holder != account) continue;
            isHolder = true;
            if (line.instrument != instrument || line.frozen == 0) continue;
            given = quantity < line.frozen ? quantity : line.frozen;
            lines[i].frozen = uint96(line.frozen - given);

            emit DisputedUnitsTaken(id, act, instrument, given);

            _free(id, line, given);
            break;
        }
        require(isHolder, NotTheParty(account));
    }

    /* TERMS AND VIEWS */

    /// @inheritdoc IDisputeDesk
    function setTerms(DisputeTerms calldata terms) external restricted {
        _setTerms(terms);
    }

    function _setTerms(DisputeTerms calldata terms) private {
        require(
            terms.openFor != 0 && terms.evidenceFor != 0 && terms.ruleFor != 0 && terms.appealFor != 0
                && terms.executeFor != 0,
            BadDisputeTerms()
        );

        _s().terms = terms;

        emit DisputeTermsSet(terms);
    }

    /// @inheritdoc IDisputeDesk
    function termsOf() external view returns (DisputeTerms memory) {
        return _s().terms;
    }

    /// @inheritdoc IDisputeDesk
    function disputeOf(uint256 id) external view returns (Dispute memory dispute, DisputedLine[] memory lines) {
        return (_known(id), _s().lines[id]);
    }

    /// @inheritdoc IDisputeDesk
    function disputeOn(SubjectKind kind, uint256 subject) external view returns (uint256 id) {
        return _s().standing[_keyed(kind, subject)];
    }

    /// @inheritdoc ITransferDisputes
    function disputeOnTransfer(uint256 transfer) external view returns (uint256 dispute) {
        return _s().standing[_keyed(SubjectKind.TRANSFER, transfer)];
    }

    /// @inheritdoc IDisputeDesk
    function disputeCount() external view returns (uint256) {
        return _s().count;
    }

    /* SHARED */

    function _keyed(SubjectKind kind, uint256 subject) private pure returns (uint256) {
        return uint256(kind) << _SUBJECT_BITS | subject;
    }

    /// @dev A dispute is open to whoever else is under restrictions: it is how one defends oneself.
    function _acting() private view returns (address) {
        return IEligibility(LEDGER).actingFor(msg.sender, Rights.INITIATE | Rights.APPROVE, 0);
    }

    function _party(uint256 id) private view returns (address account) {
        Dispute storage dispute = _known(id);
        account = _acting();
        require(account == dispute.claimant || account == dispute.respondent, NotTheParty(account));
    }

    function _requireAuthority(uint256 id) private view {
        require(_known(id).respondent == address(0), NotTheParty(address(0)));
    }

    function _requireInTime(uint256 id, Dispute storage dispute) private view {
        require(block.timestamp <= dispute.until, DisputePeriodOver(id, dispute.until));
    }

    function _known(uint256 id) private view returns (Dispute storage dispute) {
        dispute = _s().disputes[id];
        require(dispute.state != DisputeState.NONE, UnknownDispute(id));
    }

    function _in(uint256 id, DisputeState state) private view returns (Dispute storage dispute) {
        dispute = _known(id);
        require(dispute.state == state, DisputeNotIn(id, dispute.state));
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
