// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { Governed } from "../governance/Governed.sol";
import { Eligibility, Representation, Restrictions, Rights } from "../types/Accounts.sol";
import { ICreditRecord } from "./ICreditRecord.sol";
import { IEligibility } from "./IEligibility.sol";
import { IStakeholderRegistry } from "./IStakeholderRegistry.sol";

/// @title The credit record. Its manual is `ICreditRecord`.
/// @dev Nothing to initialize: the seed has set the authority. No guard against reentrance: the registry and the
///      ledger, which alone are called, call nobody back.
/// @custom:oz-upgrades-unsafe-allow constructor state-variable-immutable missing-initializer
contract CreditRecord is ICreditRecord, Governed {
    uint256 private constant _MOST_COUNTING = 32;
    uint256 private constant _MOST_ACCOUNTS = 16;
    bytes32 private constant _RESTRICTED = keccak256("credit record");

    IStakeholderRegistry private immutable REGISTRY;
    IEligibility private immutable LEDGER;

    /// @custom:storage-location erc7201:carbon.storage.CreditRecord
    struct Storage {
        mapping(uint8 kind => KindTerms) kinds;
        mapping(uint8 kind => address) reporters;
        mapping(address account => CreditStanding) standings;
        mapping(address account => mapping(uint32 entry => ConductEntry)) entries;
        mapping(address account => uint32[]) counting;
        mapping(address account => address) sources;
        mapping(uint32 id => Accusation) accusations;
        TierTerms[3] tiers;
        uint32 accusationCount;
        mapping(address account => mapping(uint32 number => Share)) shares;
        mapping(address account => mapping(uint32 number => uint32)) joined; // the share that it was added to
    }

    /// @dev What counts together, by the number of one of its entries: one entry, or several where there are too many.
    struct Share {
        uint64 points;
        uint32 entries; // how many; 0: no such share
        uint16 restrictions;
        uint40 countsUntil; // Unix seconds
        uint40 barredUntil; // Unix seconds
    }

    // keccak256(abi.encode(uint256(keccak256("carbon.storage.CreditRecord")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _STORAGE = 0x9d1ae9f7271a7b693047a113ffbe94e94e5f8302959ab9cab17c51754323a300;

    constructor(IStakeholderRegistry registry, IEligibility ledger) {
        REGISTRY = registry;
        LEDGER = ledger;
    }

    /* WHAT COUNTS */

    /// @inheritdoc ICreditRecord
    function setKind(uint8 kind, KindTerms calldata terms) external restricted {
        require(kind != 0 && (terms.points == 0 || terms.countsFor != 0), BadConductTerms(1));
        require(terms.restrictions & ~Restrictions.ALL == 0, BadConductTerms(2));
        require((terms.restrictions == 0) == (terms.barredFor == 0), BadConductTerms(3));

        _s().kinds[kind] = terms;

        emit ConductKindSet(kind, terms);
    }

    /// @inheritdoc ICreditRecord
    function setTiers(TierTerms[3] calldata tiers) external restricted {
        uint256 below = 0;
        for (uint256 i; i < 3; ++i) {
            require(tiers[i].from > below, BadConductTerms(0));
            require(tiers[i].restrictions & ~Restrictions.ALL == 0, BadConductTerms(1));
            require(tiers[i].ownerRestrictions & ~Restrictions.ALL == 0, BadConductTerms(2));
            // Time alone never forbids more: whoever falls to a lower tier keeps nothing that the higher one had not.
            if (i != 0) {
                require(tiers[i - 1].restrictions & ~tiers[i].restrictions == 0, BadConductTerms(1));
                require(tiers[i - 1].ownerRestrictions & ~tiers[i].ownerRestrictions == 0, BadConductTerms(2));
            }
            below = tiers[i].from;
            _s().tiers[i] = tiers[i];
        }

        emit TiersSet(tiers);
    }

    /// @inheritdoc ICreditRecord
    function appointReporter(uint8 kind, address reporter) external restricted {
        require(kind != 0, BadConductTerms(0));

        _s().reporters[kind] = reporter;

        emit ReporterAppointed(kind, reporter);
    }

    /* ENTRIES */

    /// @inheritdoc ICreditRecord
    function report(address account, uint8 kind, bytes32 cause) external returns (uint32 entry) {
        address reporter = _s().reporters[kind];
        require(msg.sender == reporter, NotTheReporter(msg.sender, kind, reporter));

        entry = _enter(account, kind, cause, reporter, address(0));
    }

    /// @inheritdoc ICreditRecord
    function accuse(address account, uint8 kind, bytes32 cause) external restricted returns (uint32 id) {
        require(_s().kinds[kind].byOfficers, NotForOfficers(kind));
        _requireReason(cause);
        // Reverts for an account that was never opened.
        // slither-disable-next-line unused-return
        REGISTRY.accountRecordOf(account);

        id = ++_s().accusationCount;
        _s().accusations[id] = Accusation({
            account: account, kind: kind, state: AccusationState.OPEN, accuser: msg.sender, cause: cause
        });

        emit Accused(id, account, kind, msg.sender, cause);
    }

    /// @inheritdoc ICreditRecord
    function withdrawAccusation(uint32 id, bytes32 reasons) external restricted {
        Accusation storage accusation = _open(id);
        require(msg.sender == accusation.accuser, NotTheAccuser(msg.sender, accusation.accuser));
        _end(id, accusation, AccusationState.WITHDRAWN, reasons);
    }

    /// @inheritdoc ICreditRecord
    function confirmAccusation(uint32 id, bytes32 reasons) external restricted returns (uint32 entry) {
        Accusation storage accusation = _open(id);
        require(msg.sender != accusation.accuser, SecondOfficerNeeded(msg.sender));
        require(_s().kinds[accusation.kind].byOfficers, NotForOfficers(accusation.kind));

        _end(id, accusation, AccusationState.CONFIRMED, reasons);
        entry = _enter(accusation.account, accusation.kind, accusation.cause, accusation.accuser, msg.sender);
    }

    /// @inheritdoc ICreditRecord
    function dismissAccusation(uint32 id, bytes32 reasons) external restricted {
        _end(id, _open(id), AccusationState.DISMISSED, reasons);
    }

    function _open(uint32 id) private view returns (Accusation storage accusation) {
        accusation = _s().accusations[id];
        require(accusation.state == AccusationState.OPEN, AccusationNotOpen(id, accusation.state));
    }

    function _end(uint32 id, Accusation storage accusation, AccusationState state, bytes32 reasons) private {
        _requireReason(reasons);

        accusation.state = state;

        emit AccusationEnded(id, state, msg.sender, reasons);
    }

    /// @dev On the terms that the kind has now.
    function _enter(address account, uint8 kind, bytes32 cause, address reporter, address confirmer)
        private
        returns (uint32 number)
    {
        KindTerms memory terms = _s().kinds[kind];
        ConductEntry memory entry;
        entry.kind = kind;
        entry.state = EntryState.STANDING;
        entry.points = terms.points;
        entry.restrictions = terms.restrictions;
        entry.at = uint40(block.timestamp);
        entry.countsUntil = _after(terms.points == 0 ? 0 : terms.countsFor);
        entry.barredUntil = _after(terms.barredFor);
        entry.appealUntil = _after(terms.appealWithin);
        entry.reporter = reporter;
        entry.confirmer = confirmer;
        entry.cause = cause;
        number = _append(account, entry);

        if (terms.points != 0 || terms.barredFor != 0) _count(account, number, entry);
        _revalue(account, false);
    }

    function _append(address account, ConductEntry memory entry) private returns (uint32 number) {
        number = ++_s().standings[account].entries;
        _s().entries[account][number] = entry;

        emit ConductEntered(account, number, entry.kind, entry);
    }

    function _after(uint256 passed) private view returns (uint40) {
        return uint40(block.timestamp + passed * 1 days);
    }

    /// @dev The new entry joins those that count; where they are too many, two of them count together from then on. What has
    ///      ceased leaves first.
    function _count(address account, uint32 number, ConductEntry memory entry) private {
        uint32[] storage counting = _s().counting[account];
        _drop(account, counting);
        counting.push(number);
        _s().shares[account][number] = Share({
            points: entry.points,
            entries: 1,
            restrictions: entry.restrictions,
            countsUntil: entry.countsUntil,
            barredUntil: entry.barredUntil
        });
        if (counting.length > _MOST_COUNTING) _join(account, counting);
    }

    /// @dev The two shares become one that takes least too much: it counts and bars until the later of both ends.
    function _join(address account, uint32[] storage counting) private {
        (uint256 i, uint256 j) = _nearest(_sharesOf(account));
        if (_s().shares[account][counting[i]].entries < _s().shares[account][counting[j]].entries) (i, j) = (j, i);
        (uint32 into, uint32 left) = (counting[i], counting[j]);
        Share memory kept = _s().shares[account][into];
        Share memory added = _s().shares[account][left];
        kept.points += added.points;
        kept.entries += added.entries;
        kept.restrictions |= added.restrictions;
        if (added.countsUntil > kept.countsUntil) kept.countsUntil = added.countsUntil;
        if (added.barredUntil > kept.barredUntil) kept.barredUntil = added.barredUntil;
        _s().shares[account][into] = kept;
        _s().joined[account][left] = into; // the smaller to the larger: the way to a share is short
        _remove(account, counting, j);

        emit EntriesJoined(account, left, into);
    }

    /// @dev The pair that counts least too much when it counts together; what bars still is kept apart as long as possible.
    function _nearest(Share[] memory shares) private view returns (uint256 one, uint256 other) {
        uint256 least = type(uint256).max;
        for (uint256 j = 1; j < shares.length; ++j) {
            for (uint256 i; i < j; ++i) {
                uint256 excess = _excess(shares[i], shares[j]);
                if (excess < least) (least, one, other) = (excess, i, j);
            }
        }
    }

    /// @dev In points times seconds.
    function _excess(Share memory one, Share memory other) private view returns (uint256 excess) {
        (Share memory first, Share memory last) = one.countsUntil < other.countsUntil ? (one, other) : (other, one);
        excess = uint256(first.points) * (last.countsUntil - first.countsUntil);
        if (block.timestamp < one.barredUntil || block.timestamp < other.barredUntil) excess += 1 << 128;
    }

    /// @dev Takes out what has ceased to count and to bar.
    function _drop(address account, uint32[] storage counting) private {
        for (uint256 i = counting.length; i != 0; --i) {
            Share memory share = _s().shares[account][counting[i - 1]];
            if (block.timestamp >= share.countsUntil && block.timestamp >= share.barredUntil) {
                _remove(account, counting, i - 1);
            }
        }
    }

    function _remove(address account, uint32[] storage counting, uint256 position) private {
        delete _s().shares[account][counting[position]];
        counting[position] = counting[counting.length - 1];
        counting.pop();
    }

    function _sharesOf(address account) private view returns (Share[] memory shares) {
        uint32[] memory counting = _s().counting[account];
        shares = new Share[](counting.length);
        for (uint256 i; i < counting.length; ++i) {
            shares[i] = _s().shares[account][counting[i]];
        }
    }

    function _requireReason(bytes32 reason) private pure {
        require(reason != 0, ReasonMissing());
    }

    /* APPEAL */

    /// @inheritdoc ICreditRecord
    function appeal(uint32 entry, bytes32 grounds) external {
        Representation memory r = LEDGER.representationOf(msg.sender);
        require(r.rights & Rights.INITIATE != 0 && r.certificateUntil > block.timestamp, NotTheAppellant(msg.sender));
        ConductEntry storage appealed = _inState(r.account, entry, EntryState.STANDING);
        require(block.timestamp < appealed.appealUntil, AppealTooLate(entry, appealed.appealUntil));
        _requireReason(grounds);

        appealed.state = EntryState.APPEALED;

        emit EntryAppealed(r.account, entry, msg.sender, grounds);
    }

    /// @inheritdoc ICreditRecord
    function decideAppeal(address account, uint32 entry, bool annulled, bytes32 reasons) external restricted {
        ConductEntry storage appealed = _inState(account, entry, EntryState.APPEALED);
        require(msg.sender != appealed.reporter && msg.sender != appealed.confirmer, SecondOfficerNeeded(msg.sender));
        _requireReason(reasons);

        if (!annulled) {
            appealed.state = EntryState.UPHELD;
            emit AppealDismissed(account, entry, msg.sender, reasons);
            return;
        }
        appealed.state = EntryState.ANNULLED;
        _uncount(account, entry, appealed.points);
        emit EntryAnnulled(account, entry, _compensate(account, entry, appealed, reasons), msg.sender, reasons);

        _revalue(account, false);
    }

    function _inState(address account, uint32 number, EntryState state)
        private
        view
        returns (ConductEntry storage entry)
    {
        entry = _s().entries[account][number];
        require(entry.state == state, WrongEntryState(account, number, entry.state));
    }

    /// @dev Out of its share, which goes on as long as before if others are in it.
    function _uncount(address account, uint32 number, uint16 points) private {
        while (_s().joined[account][number] != 0) {
            number = _s().joined[account][number];
        }
        Share storage share = _s().shares[account][number];
        if (share.entries > 1) {
            share.entries -= 1;
            share.points -= points;
            return;
        }
        uint32[] storage counting = _s().counting[account];
        for (uint256 i; i < counting.length; ++i) {
            if (counting[i] == number) return _remove(account, counting, i);
        }
    }

    /// @dev Says for ever that, when and why the entry counts no more; counts nothing itself.
    function _compensate(address account, uint32 number, ConductEntry storage annulled, bytes32 reasons)
        private
        returns (uint32)
    {
        ConductEntry memory entry;
        entry.kind = annulled.kind;
        entry.state = EntryState.COMPENSATION;
        entry.points = annulled.points;
        entry.restrictions = annulled.restrictions;
        entry.at = uint40(block.timestamp);
        entry.countsUntil = annulled.countsUntil;
        entry.barredUntil = annulled.barredUntil;
        entry.compensates = number;
        entry.reporter = msg.sender;
        entry.cause = reasons;
        return _append(account, entry);
    }

    /* TIME AND OWNERS */

    /// @inheritdoc ICreditRecord
    function refresh(address account) external {
        _drop(account, _s().counting[account]);
        _revalue(account, false);
    }

    /// @inheritdoc ICreditRecord
    function extend(address source, address[] calldata accounts) external {
        require(accounts.length <= _MOST_ACCOUNTS, TooManyAccounts(accounts.length, _MOST_ACCOUNTS));
        for (uint256 i; i < accounts.length; ++i) {
            address account = accounts[i];
            uint16 bits = _extended(source, account);
            require(bits != 0 && source != account, NothingToExtend(source, account));
            address before = _s().sources[account];
            uint16 held = _extended(before, account);
            // Who is held is not handed to a source that holds him to less, or only for a shorter time.
            bool more = held & ~bits == 0 && held != bits;
            if (!more && before != source) continue;

            _s().sources[account] = source;
            _revalue(account, before != source);
        }
    }

    /// @dev What extends from `source` to another account now.
    function _extended(address source, address account) private view returns (uint16) {
        if (source == address(0)) return 0;
        uint32 owner = LEDGER.eligibilityOf(account).owner;
        if (owner == 0 || LEDGER.eligibilityOf(source).owner != owner) return 0;
        (uint256 score,) = _sum(source);
        uint256 tier = _tierOf(score);
        return tier == 0 ? 0 : _s().tiers[tier - 1].ownerRestrictions;
    }

    /// @dev How every act ends: score, tier and restrictions follow from the entries, the tiers and the time; where
    ///      they have changed, it is written down and told, and the ledger gets to know it.
    /// @param moved Whether the account has got another source.
    function _revalue(address account, bool moved) private {
        CreditStanding memory before = _s().standings[account];
        CreditStanding memory standing = _s().standings[account];
        address source = _s().sources[account];
        uint16 extended = _extended(source, account);
        if (extended == 0 && source != address(0)) {
            _s().sources[account] = source = address(0);
            moved = true;
        }
        (uint256 score, uint16 own) = _sum(account);
        standing.score = _narrowed(score);
        standing.tier = CreditTier(_tierOf(score));
        own |= _restrictionsOf(standing.tier);
        standing.restrictions = own | extended;
        // What comes from a source ends when somebody sees that the source is free: its conduct may go on.
        standing.lapsing = own & ~extended;
        standing.lapseAt = standing.lapsing == 0 ? 0 : uint40(_endOf(account));
        bool other = standing.restrictions != before.restrictions || standing.lapsing != before.lapsing
            || standing.lapseAt != before.lapseAt;
        // Each may change alone.
        if (standing.score == before.score && standing.tier == before.tier && !other && !moved) return;

        standing.at = uint40(block.timestamp);
        _s().standings[account] = standing;

        emit CreditChanged(
            account, standing.score, standing.tier, standing.restrictions, standing.lapsing, standing.lapseAt, source
        );

        if (other) {
            REGISTRY.restrictForConduct(account, standing.restrictions, standing.lapsing, standing.lapseAt, _RESTRICTED);
        }
    }

    /// @dev When time alone has ended all that the account's own entries forbid.
    function _endOf(address account) private view returns (uint256 end) {
        Share[] memory shares = _sharesOf(account);
        uint256 from = _firstForbidding();
        for (uint256 i; i < shares.length; ++i) {
            Share memory share = shares[i];
            if (share.restrictions != 0 && share.barredUntil > end) end = share.barredUntil;
            // Until then the score is in a tier that forbids.
            if (share.countsUntil > end && _pointsAfter(shares, share.countsUntil) >= from) end = share.countsUntil;
        }
    }

    /// @dev From which score on a tier forbids something.
    function _firstForbidding() private view returns (uint256) {
        for (uint256 i; i < 3; ++i) {
            if (_s().tiers[i].restrictions != 0) return _s().tiers[i].from;
        }
        return type(uint256).max;
    }

    /// @dev Points that count up to `time`, or longer.
    function _pointsAfter(Share[] memory shares, uint256 time) private pure returns (uint256 points) {
        for (uint256 i; i < shares.length; ++i) {
            if (shares[i].countsUntil >= time) points += shares[i].points;
        }
    }

    /// @dev Points that count now and restrictions that bar now.
    function _sum(address account) private view returns (uint256 score, uint16 restrictions) {
        uint32[] storage counting = _s().counting[account];
        for (uint256 i; i < counting.length; ++i) {
            Share memory share = _s().shares[account][counting[i]];
            if (block.timestamp < share.countsUntil) score += share.points;
            if (block.timestamp < share.barredUntil) restrictions |= share.restrictions;
        }
    }

    /// @dev More than any tier begins at is no other tier.
    function _narrowed(uint256 score) private pure returns (uint32) {
        return score < type(uint32).max ? uint32(score) : type(uint32).max;
    }

    /// @dev As a number, 0 for A.
    function _tierOf(uint256 score) private view returns (uint256 tier) {
        for (; tier < 3; ++tier) {
            uint256 from = _s().tiers[tier].from;
            if (from == 0 || score < from) return tier;
        }
    }

    function _restrictionsOf(CreditTier tier) private view returns (uint16) {
        return tier == CreditTier.A ? 0 : _s().tiers[uint8(tier) - 1].restrictions;
    }

    /* VIEWS */

    /// @inheritdoc ICreditRecord
    function conductKind(uint8 kind) external view returns (KindTerms memory) {
        return _s().kinds[kind];
    }

    /// @inheritdoc ICreditRecord
    function reporterOf(uint8 kind) external view returns (address) {
        return _s().reporters[kind];
    }

    /// @inheritdoc ICreditRecord
    function tierTerms() external view returns (TierTerms[3] memory) {
        return _s().tiers;
    }

    /// @inheritdoc ICreditRecord
    function standingOf(address account) external view returns (CreditStanding memory) {
        return _s().standings[account];
    }

    /// @inheritdoc ICreditRecord
    function creditOf(address account) external view returns (uint32 score, CreditTier tier, uint16 restrictions) {
        (uint256 points, uint16 bars) = _sum(account);
        score = _narrowed(points);
        tier = CreditTier(_tierOf(points));
        restrictions = bars | _restrictionsOf(tier) | _extended(_s().sources[account], account);
    }

    /// @inheritdoc ICreditRecord
    function entryOf(address account, uint32 entry) external view returns (ConductEntry memory) {
        return _s().entries[account][entry];
    }

    /// @inheritdoc ICreditRecord
    function countingOf(address account) external view returns (uint32[] memory) {
        return _s().counting[account];
    }

    /// @inheritdoc ICreditRecord
    function sourceOf(address account) external view returns (address) {
        return _s().sources[account];
    }

    /// @inheritdoc ICreditRecord
    function accusationCount() external view returns (uint32) {
        return _s().accusationCount;
    }

    /// @inheritdoc ICreditRecord
    function accusationOf(uint32 id) external view returns (Accusation memory) {
        return _s().accusations[id];
    }

    function _s() private pure returns (Storage storage $) {
        assembly {
            $.slot := _STORAGE
        }
    }
}
