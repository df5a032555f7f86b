// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import { AccountKind, AccountStatus, Eligibility, Representation, Restrictions } from "../types/Accounts.sol";

/// @title An account's eligibility and its main money, in one word, so that a trade reads one for each maker.
/// @dev 255      221 220     217 216   216 215    208 207  200 199   168 167    152 151          136 135              96 95      0
///      +-----------+-----------+---------+---------+-------+---------+---------+---------------+------------------+----------+
///      | lapseAt   | lapsing   |  bound  | status  | kind  |  owner  | region  | restrictions  | certificateUntil |  money   |
///      +-----------+-----------+---------+---------+-------+---------+---------+---------------+------------------+----------+
///      lapsing: the restrictions that end by themselves at `lapseAt`, Unix seconds. Whoever passes the check never looks there.
///      bound: 1 when some main money is encumbered or frozen; then the holding of main money says how much.
type AccountWord is uint256;

using {
    money,
    certificateUntil,
    restrictions,
    region,
    owner,
    kind,
    status,
    hasBoundMoney,
    mayAct,
    mayMeet,
    mayHold,
    moreMoney,
    lessMoney,
    withMoney,
    withBoundMoney,
    withEligibility,
    withLapse,
    present,
    eligibility
} for AccountWord global;

/// @title What an account holds of one instrument.
/// @dev 255     197 196    193 192      191        96 95       0
///      +----------+----------+--------+-------------+----------+
///      |  forIt   |  reason  | frozen | encumbered  | balance  |
///      +----------+----------+--------+-------------+----------+
///      frozen: 1 when an amount is frozen; a slot of its own says how much. forIt: how much of the encumbered is bound for
///      `reason`, so that the usual case, one reason at a time, needs no slot of its own; slots of their own have what is
///      bound for other reasons meanwhile, or beyond 2^59. For main money the balance is unused.
type HoldingWord is uint256;

using {
    balance,
    encumbered,
    hasFrozen,
    isBound,
    more,
    less,
    withBalance,
    withEncumbered,
    withFrozen,
    boundFor,
    hasRoomFor,
    withMoreFor,
    withLessFor
} for HoldingWord global;

/// @title An instrument, laid out as the struct `IInstrumentLedger.Instrument` is.
/// @dev 255   240 239   232 231        192 191       96 95      0
///      +--------+---------+--------------+------------+---------+
///      | rules  |  state  |  validUntil  | cancelled  | issued  |
///      +--------+---------+--------------+------------+---------+
type InstrumentWord is uint256;

using {
    issued,
    cancelled,
    validUntil,
    state,
    rules,
    withMoreIssued,
    withMoreCancelled,
    withValidity,
    withState,
    withRules
} for InstrumentWord global;

/// @title What a key may do.
/// @dev 215     200 199              160 159      0
///      +----------+------------------+-----------+
///      |  rights  | certificateUntil |  account  |
///      +----------+------------------+-----------+
type KeyWord is uint256;

using { keyAccount, keyUntil, keyRights, mayDo, representation } for KeyWord global;

uint256 constant LOW_96 = type(uint96).max;
uint256 constant BOUND_MONEY = 1 << 216;
uint256 constant HAS_FROZEN = 1 << 192;
uint256 constant ROOM = 1 << 59; // what fits beside a reason is below it

/* ACCOUNT */

function money(AccountWord w) pure returns (uint256) {
    return AccountWord.unwrap(w) & LOW_96;
}

function certificateUntil(AccountWord w) pure returns (uint40) {
    return uint40(AccountWord.unwrap(w) >> 96);
}

function restrictions(AccountWord w) pure returns (uint16) {
    return uint16(AccountWord.unwrap(w) >> 136);
}

function region(AccountWord w) pure returns (uint16) {
    return uint16(AccountWord.unwrap(w) >> 152);
}

function owner(AccountWord w) pure returns (uint32) {
    return uint32(AccountWord.unwrap(w) >> 168);
}

function kind(AccountWord w) pure returns (uint8) {
    return uint8(AccountWord.unwrap(w) >> 200);
}

function status(AccountWord w) pure returns (uint8) {
    return uint8(AccountWord.unwrap(w) >> 208);
}

function hasBoundMoney(AccountWord w) pure returns (bool) {
    return AccountWord.unwrap(w) & BOUND_MONEY != 0;
}

/// @dev Whether the account, `maker`, may deal, and is neither `self` nor of the owner `owner`.
function mayMeet(AccountWord w, address maker, address self, uint256 owner_) view returns (bool may) {
    uint256 asked = 0xff << 208 | uint256(Restrictions.NO_DEAL) << 136;
    uint256 active = uint256(AccountStatus.ACTIVE) << 208;
    assembly ("memory-safe") {
        may := and(eq(and(w, asked), active), gt(and(shr(96, w), 0xffffffffff), timestamp()))
        may := and(may, iszero(or(eq(maker, self), eq(and(shr(168, w), 0xffffffff), owner_))))
    }
}

/// @dev Whether the account may hold `holds` units, not 0, where others may hold `most`; 0, no limit, becomes the largest number.
function mayHold(AccountWord w, uint256 holds, uint256 most) pure returns (bool may) {
    uint256 government = uint256(AccountKind.GOVERNMENT);
    assembly ("memory-safe") {
        may := or(iszero(gt(sub(holds, 1), sub(most, 1))), eq(and(shr(200, w), 0xff), government))
    }
}

/// @dev Active, certified and under none of the restrictions `forbidding`.
function mayAct(AccountWord w, uint256 forbidding) view returns (bool may) {
    uint256 asked = 0xff << 208 | forbidding << 136;
    uint256 active = uint256(AccountStatus.ACTIVE) << 208;
    // Both at once: a jump costs more than the second comparison.
    assembly ("memory-safe") {
        may := and(eq(and(w, asked), active), gt(and(shr(96, w), 0xffffffffff), timestamp()))
    }
}

/// @dev The sum stays below 2^96: all of an instrument's units do.
function moreMoney(AccountWord w, uint256 amount) pure returns (AccountWord) {
    unchecked {
        return AccountWord.wrap(AccountWord.unwrap(w) + amount);
    }
}

/// @dev `amount` is no more than the money.
function lessMoney(AccountWord w, uint256 amount) pure returns (AccountWord) {
    unchecked {
        return AccountWord.wrap(AccountWord.unwrap(w) - amount);
    }
}

/// @dev `amount` is below 2^96: all of an instrument's units are.
function withMoney(AccountWord w, uint256 amount) pure returns (AccountWord) {
    return AccountWord.wrap((AccountWord.unwrap(w) & ~LOW_96) | amount);
}

function withBoundMoney(AccountWord w, bool bound) pure returns (AccountWord) {
    return AccountWord.wrap(bound ? AccountWord.unwrap(w) | BOUND_MONEY : AccountWord.unwrap(w) & ~BOUND_MONEY);
}

function withEligibility(AccountWord w, Eligibility memory e) pure returns (AccountWord) {
    uint256 packed = uint256(e.certificateUntil) << 96 | uint256(e.restrictions) << 136 | uint256(e.region) << 152
        | uint256(e.owner) << 168 | uint256(e.kind) << 200 | uint256(e.status) << 208;
    return AccountWord.wrap((AccountWord.unwrap(w) & (LOW_96 | BOUND_MONEY)) | packed);
}

/// @dev The restrictions `lapsing`, some of `Restrictions.ALL`, end at `at`, which is below 2^35; `withEligibility` forgets it.
function withLapse(AccountWord w, uint256 lapsing, uint256 at) pure returns (AccountWord) {
    return AccountWord.wrap((AccountWord.unwrap(w) << 39) >> 39 | (at << 4 | lapsing) << 217);
}

/// @dev Without the restrictions that have ended by themselves. To check by, not to write back.
function present(AccountWord w) view returns (AccountWord now_) {
    now_ = w;
    assembly ("memory-safe") {
        // Without a lapse none is taken out.
        if iszero(lt(timestamp(), shr(221, w))) { now_ := and(w, not(shl(136, and(shr(217, w), 0xf)))) }
    }
}

function eligibility(AccountWord w) pure returns (Eligibility memory) {
    return Eligibility({
        status: AccountStatus(w.status()),
        kind: AccountKind(w.kind()),
        restrictions: w.restrictions(),
        region: w.region(),
        owner: w.owner(),
        certificateUntil: w.certificateUntil()
    });
}

/* HOLDING */

function balance(HoldingWord w) pure returns (uint256) {
    return HoldingWord.unwrap(w) & LOW_96;
}

function encumbered(HoldingWord w) pure returns (uint256) {
    return (HoldingWord.unwrap(w) >> 96) & LOW_96;
}

function hasFrozen(HoldingWord w) pure returns (bool) {
    return HoldingWord.unwrap(w) & HAS_FROZEN != 0;
}

/// @dev Whether anything is encumbered or frozen: all bits above the balance.
function isBound(HoldingWord w) pure returns (bool) {
    return HoldingWord.unwrap(w) > LOW_96;
}

/// @dev The sum stays below 2^96: all of an instrument's units do.
function more(HoldingWord w, uint256 amount) pure returns (HoldingWord) {
    unchecked {
        return HoldingWord.wrap(HoldingWord.unwrap(w) + amount);
    }
}

/// @dev `amount` is no more than the balance.
function less(HoldingWord w, uint256 amount) pure returns (HoldingWord) {
    unchecked {
        return HoldingWord.wrap(HoldingWord.unwrap(w) - amount);
    }
}

function withBalance(HoldingWord w, uint256 amount) pure returns (HoldingWord) {
    return HoldingWord.wrap((HoldingWord.unwrap(w) & ~LOW_96) | amount);
}

function withEncumbered(HoldingWord w, uint256 amount) pure returns (HoldingWord) {
    return HoldingWord.wrap((HoldingWord.unwrap(w) & ~(LOW_96 << 96)) | amount << 96);
}

function withFrozen(HoldingWord w, bool frozen) pure returns (HoldingWord) {
    return HoldingWord.wrap(frozen ? HoldingWord.unwrap(w) | HAS_FROZEN : HoldingWord.unwrap(w) & ~HAS_FROZEN);
}

/// @dev What of the holding's word is bound for a reason, which is not 0.
function boundFor(HoldingWord w, uint256 reason) pure returns (uint256) {
    return (HoldingWord.unwrap(w) >> 193) & 0xf == reason ? HoldingWord.unwrap(w) >> 197 : 0;
}

/// @dev Whether the word has no reason yet, or this one, and room for so much more.
function hasRoomFor(HoldingWord w, uint256 reason, uint256 amount) pure returns (bool) {
    uint256 known = (HoldingWord.unwrap(w) >> 193) & 0xf;
    return (known == 0 || known == reason) && (HoldingWord.unwrap(w) >> 197) + amount < ROOM;
}

/// @dev There is room.
function withMoreFor(HoldingWord w, uint256 reason, uint256 amount) pure returns (HoldingWord) {
    return HoldingWord.wrap((HoldingWord.unwrap(w) | reason << 193) + (amount << 197));
}

/// @dev `amount` is no more than what is bound there. With nothing left there is no reason either.
function withLessFor(HoldingWord w, uint256 amount) pure returns (HoldingWord) {
    uint256 left = HoldingWord.unwrap(w) - (amount << 197);
    return HoldingWord.wrap(left >> 197 == 0 ? left & ((1 << 193) - 1) : left);
}

/* INSTRUMENT */

function issued(InstrumentWord w) pure returns (uint256) {
    return InstrumentWord.unwrap(w) & LOW_96;
}

function cancelled(InstrumentWord w) pure returns (uint256) {
    return (InstrumentWord.unwrap(w) >> 96) & LOW_96;
}

function validUntil(InstrumentWord w) pure returns (uint256) {
    return uint40(InstrumentWord.unwrap(w) >> 192);
}

function state(InstrumentWord w) pure returns (uint256) {
    return uint8(InstrumentWord.unwrap(w) >> 232);
}

function rules(InstrumentWord w) pure returns (uint256) {
    return InstrumentWord.unwrap(w) >> 240;
}

/// @dev The sum is below 2^96.
function withMoreIssued(InstrumentWord w, uint256 amount) pure returns (InstrumentWord) {
    unchecked {
        return InstrumentWord.wrap(InstrumentWord.unwrap(w) + amount);
    }
}

/// @dev The sum is no more than what was issued.
function withMoreCancelled(InstrumentWord w, uint256 amount) pure returns (InstrumentWord) {
    unchecked {
        return InstrumentWord.wrap(InstrumentWord.unwrap(w) + (amount << 96));
    }
}

function withValidity(InstrumentWord w, uint40 until) pure returns (InstrumentWord) {
    return InstrumentWord.wrap((InstrumentWord.unwrap(w) & ~(uint256(type(uint40).max) << 192)) | uint256(until) << 192);
}

function withState(InstrumentWord w, uint8 state_) pure returns (InstrumentWord) {
    return InstrumentWord.wrap((InstrumentWord.unwrap(w) & ~(uint256(0xff) << 232)) | uint256(state_) << 232);
}

function withRules(InstrumentWord w, uint16 rules_) pure returns (InstrumentWord) {
    return InstrumentWord.wrap((InstrumentWord.unwrap(w) & ((1 << 240) - 1)) | uint256(rules_) << 240);
}

/* KEY */

function keyWord(Representation memory r) pure returns (KeyWord) {
    return KeyWord.wrap(uint256(uint160(r.account)) | uint256(r.certificateUntil) << 160 | uint256(r.rights) << 200);
}

function keyAccount(KeyWord w) pure returns (address) {
    return address(uint160(KeyWord.unwrap(w)));
}

function keyUntil(KeyWord w) pure returns (uint40) {
    return uint40(KeyWord.unwrap(w) >> 160);
}

function keyRights(KeyWord w) pure returns (uint16) {
    return uint16(KeyWord.unwrap(w) >> 200);
}

/// @dev Certified, with all of the rights `needed`, of which there is one at least.
function mayDo(KeyWord w, uint256 needed) view returns (bool may) {
    needed <<= 200;
    assembly ("memory-safe") {
        may := and(eq(and(w, needed), needed), gt(and(shr(160, w), 0xffffffffff), timestamp()))
    }
}

function representation(KeyWord w) pure returns (Representation memory) {
    return Representation({ account: w.keyAccount(), certificateUntil: w.keyUntil(), rights: w.keyRights() });
}
