"""CreditRecord and TradingPlans: entries, appeals, what follows from them; plans in public and by commitment."""

from __future__ import annotations

import itertools
from typing import Any

from carbon_sdk.audit.conduct import (
    ANNULLED,
    APPEALED,
    COMPENSATION,
    CONFIRMED,
    MOST_COUNTING,
    OPEN,
    STANDING,
    UPHELD,
    Accusation,
    Entry,
    FiledPlan,
    PlanKey,
    PlanTerms,
    Share,
    Standing,
    Tier,
)
from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, keccak

_RECORD, _PLANS = "CreditRecord", "TradingPlans"
_DAY = 86_400


# WHAT COUNTS


@on(_RECORD, "ConductKindSet")
def _kind(state: State, event: Event) -> None:
    terms = event.args["terms"]
    state.conduct.kinds[event.args["kind"]] = (
        terms["points"],
        terms["countsFor"],
        terms["restrictions"],
        terms["barredFor"],
        terms["appealWithin"],
        terms["byOfficers"],
    )
    state.touch(event, "conduct kind", event.args["kind"])


@on(_RECORD, "ReporterAppointed")
def _reporter(state: State, event: Event) -> None:
    state.conduct.reporters[event.args["kind"]] = event.args["reporter"]
    state.touch(event, "conduct kind", event.args["kind"])


@on(_RECORD, "TiersSet")
def _tiers(state: State, event: Event) -> None:
    state.conduct.tiers = tuple(
        Tier(one["from"], one["restrictions"], one["ownerRestrictions"]) for one in event.args["tiers"]
    )
    for lower, higher in itertools.pairwise(state.conduct.tiers):
        if lower.restrictions & ~higher.restrictions or lower.owner_restrictions & ~higher.owner_restrictions:
            state.fault(event, f"a tier from {lower.points} on forbids what that from {higher.points} on does not")
    state.touch(event, "credit tiers")


# ENTRIES


@on(_RECORD, "ConductEntered")
def _entered(state: State, event: Event) -> None:
    args, terms = event.args, event.args["terms"]
    account, standing = args["account"], _standing(state, event, args["account"])
    entry = Entry(
        terms["kind"],
        terms["state"],
        terms["points"],
        terms["restrictions"],
        terms["at"],
        terms["countsUntil"],
        terms["barredUntil"],
        terms["appealUntil"],
        terms["compensates"],
        terms["reporter"],
        terms["confirmer"],
        terms["cause"],
    )
    standing.entries.append(entry)
    if args["entry"] != len(standing.entries):
        state.fault(event, f"entry {args['entry']} of {account} comes after {len(standing.entries) - 1}")
    if entry.at != event.timestamp:
        state.fault(event, f"entry {args['entry']} of {account} is dated {entry.at}")
    state.touch(event, "conduct entry", account, args["entry"])
    if entry.state == COMPENSATION:
        return
    if entry.state != STANDING:
        state.fault(event, f"entry {args['entry']} of {account} begins in the state {entry.state}")
    if entry.points or entry.barred_until > entry.at:
        number = args["entry"]
        standing.shares[number] = Share(
            entry.points, entry.restrictions, entry.counts_until, entry.barred_until, {number}
        )
    _on_its_terms(state, event, entry)
    _who_entered(state, event, entry)


def _on_its_terms(state: State, event: Event, entry: Entry) -> None:
    """An entry counts what its kind counts at that time, and no more."""
    points, counts, restrictions, barred, appeal, _ = state.conduct.kinds.get(entry.kind, (0, 0, 0, 0, 0, False))
    due = (points, restrictions, *(entry.at + days * _DAY for days in (counts if points else 0, barred, appeal)))
    told = (entry.points, entry.restrictions, entry.counts_until, entry.barred_until, entry.appeal_until)
    if told != due:
        state.fault(event, f"an entry of kind {entry.kind} has the terms {told}, the kind has {due}")


def _who_entered(state: State, event: Event, entry: Entry) -> None:
    """A module that was appointed, or two officers."""
    if entry.confirmer == ZERO_ADDRESS:
        if entry.reporter != state.conduct.reporters.get(entry.kind):
            state.fault(
                event, f"{entry.reporter} reported misconduct of kind {entry.kind}, for which it is not appointed"
            )
        return
    accused = any(
        (one.account, one.kind, one.accuser, one.cause, one.state)
        == (event.args["account"], entry.kind, entry.reporter, entry.cause, CONFIRMED)
        for one in state.conduct.accusations.values()
    )
    if not accused or entry.confirmer == entry.reporter:
        state.fault(event, f"misconduct of kind {entry.kind} was entered without two officers")


@on(_RECORD, "EntriesJoined")
def _joined(state: State, event: Event) -> None:
    args, shares = event.args, _standing(state, event, event.args["account"]).shares
    live = sum(not share.is_over(event.timestamp) for share in shares.values())
    left, into = shares.pop(args["left"], None), shares.get(args["into"])
    if left is None or into is None:
        state.fault(event, f"{args['account']} has not both shares {args['left']} and {args['into']}")
        return
    if live != MOST_COUNTING + 1:
        state.fault(event, f"{args['account']} has {live} shares, of which two were joined")
    into.points += left.points
    into.restrictions |= left.restrictions
    into.counts_until = max(into.counts_until, left.counts_until)
    into.barred_until = max(into.barred_until, left.barred_until)
    into.entries |= left.entries


@on(_RECORD, "CreditChanged")
def _changed(state: State, event: Event) -> None:
    args, conduct = event.args, state.conduct
    account, standing = args["account"], _standing(state, event, args["account"])
    now = event.timestamp
    standing.score, standing.tier, standing.restrictions = args["score"], args["tier"], args["restrictions"]
    standing.source, standing.at = args["source"], now
    score, barred = standing.counted(now)
    tier = conduct.tier_of(score)
    owners = (_owner(state, standing.source), _owner(state, account))
    standing.lapsing, standing.lapse_at = args["lapsing"], args["lapseAt"]
    extended = conduct.extended(standing.source, owners, now)
    own = barred | conduct.restrictions_of(tier)
    due = (score, tier, own | extended)
    told = (standing.score, standing.tier, standing.restrictions)
    if told != due:
        state.fault(event, f"{account} has score, tier and restrictions {told}; its entries give {due}")
    lapsing = own & ~extended
    ends = (lapsing, standing.end(conduct.forbids_from(), now) if lapsing else 0)
    if (standing.lapsing, standing.lapse_at) != ends:
        said = (standing.lapsing, standing.lapse_at)
        state.fault(event, f"restrictions of {account} end by themselves as {said}; its entries give {ends}")
    if sum(not share.is_over(now) for share in standing.shares.values()) > MOST_COUNTING:
        state.fault(event, f"more than {MOST_COUNTING} shares of {account} count")


def _owner(state: State, account: Address) -> int:
    known = state.ledger.eligibility.get(account)
    return known.owner if known else 0


# OFFICERS AND APPEALS


@on(_RECORD, "Accused")
def _accused(state: State, event: Event) -> None:
    args, known = event.args, state.conduct.accusations
    if args["id"] != len(known) + 1:
        state.fault(event, f"accusation {args['id']} comes after {len(known)}")
    if not state.conduct.kinds.get(args["kind"], (0, 0, 0, 0, 0, False))[5]:
        state.fault(event, f"misconduct of kind {args['kind']} is not for officers to enter")
    known[args["id"]] = Accusation(args["account"], args["kind"], args["accuser"], args["cause"])
    state.touch(event, "accusation", args["id"])


@on(_RECORD, "AccusationEnded")
def _accusation_ended(state: State, event: Event) -> None:
    args = event.args
    known = state.conduct.accusations.get(args["id"])
    if known is None or known.state != OPEN:
        state.fault(event, f"accusation {args['id']} was not open")
        return
    if args["state"] == CONFIRMED and args["officer"] == known.accuser:
        state.fault(event, f"{known.accuser} confirmed the accusation {args['id']} that was its own")
    known.state = args["state"]
    state.touch(event, "accusation", args["id"])


@on(_RECORD, "EntryAppealed")
def _appealed(state: State, event: Event) -> None:
    entry = _entry(state, event)
    if entry and event.timestamp >= entry.appeal_until:
        state.fault(event, f"entry {event.args['entry']} was appealed after its time")
    _to(state, event, entry, STANDING, APPEALED)


@on(_RECORD, "AppealDismissed")
def _dismissed(state: State, event: Event) -> None:
    entry = _entry(state, event)
    _impartial(state, event, entry)
    _to(state, event, entry, APPEALED, UPHELD)


@on(_RECORD, "EntryAnnulled")
def _annulled(state: State, event: Event) -> None:
    args = event.args
    entry, standing = _entry(state, event), _standing(state, event, args["account"])
    _impartial(state, event, entry)
    _to(state, event, entry, APPEALED, ANNULLED)
    if entry is not None:
        _take_out(standing, args["entry"], entry.points)
    entries, number = standing.entries, args["compensation"]
    by = entries[number - 1] if 0 < number <= len(entries) else None
    if (
        entry is None
        or by is None
        or (by.state, by.compensates, by.points, by.restrictions)
        != (
            COMPENSATION,
            args["entry"],
            entry.points,
            entry.restrictions,
        )
    ):
        state.fault(event, f"entry {args['entry']} of {args['account']} was annulled without its compensation")


def _take_out(standing: Standing, number: int, points: int) -> None:
    """Of its share, which goes on with what else is in it."""
    for name, share in list(standing.shares.items()):
        if number in share.entries:
            share.entries.discard(number)
            share.points -= points
            if not share.entries:
                del standing.shares[name]


def _impartial(state: State, event: Event, entry: Entry | None) -> None:
    if entry and event.args["officer"] in (entry.reporter, entry.confirmer):
        state.fault(event, f"{event.args['officer']} decided about an entry in which it had a part")


def _to(state: State, event: Event, entry: Entry | None, before: int, after: int) -> None:
    if entry is None:
        return
    if entry.state != before:
        state.fault(event, f"entry {event.args['entry']} of {event.args['account']} was in the state {entry.state}")
    entry.state = after


def _standing(state: State, event: Event, account: Address) -> Standing:
    state.touch(event, "credit", account)
    return state.conduct.standings.setdefault(account, Standing())


def _entry(state: State, event: Event) -> Entry | None:
    account: Address = event.args["account"]
    number: int = event.args["entry"]
    entries = _standing(state, event, account).entries
    if not 0 < number <= len(entries):
        state.fault(event, f"{account} has no entry {number}")
        return None
    state.touch(event, "conduct entry", account, number)
    return entries[number - 1]


# TRADING PLANS


@on(_PLANS, "PlanPublished")
def _published(state: State, event: Event) -> None:
    terms = _terms(event)
    digest = keccak(_words(terms.to_buy, terms.to_sell, terms.least_price, terms.greatest_price) + terms.document)
    _file(state, event, FiledPlan(event.args["version"], event.timestamp, digest, terms.document, terms))


@on(_PLANS, "PlanCommitted")
def _committed(state: State, event: Event) -> None:
    args = event.args
    _file(state, event, FiledPlan(args["version"], event.timestamp, args["commitment"], args["document"], None))


@on(_PLANS, "PlanOpened")
def _opened(state: State, event: Event) -> None:
    key, version, terms = _key(event), event.args["version"], _terms(event)
    filed = state.plans.filed.get(key, [])
    if not 0 < version <= len(filed) or filed[version - 1].terms is not None:
        state.fault(event, f"{key[0]} committed itself to no version {version}")
        return
    account, instrument, year, quarter = key
    opened = keccak(
        _words(int(account, 16), instrument, year, quarter)
        + _words(terms.to_buy, terms.to_sell, terms.least_price, terms.greatest_price)
        + terms.document
        + event.args["salt"]
    )
    if opened != filed[version - 1].digest:
        state.fault(event, f"{account} opened another plan than it had committed itself to")
    filed[version - 1].terms = terms
    state.touch(event, "plan", *key, version)


def _file(state: State, event: Event, plan: FiledPlan) -> None:
    key = _key(event)
    filed = state.plans.filed.setdefault(key, [])
    filed.append(plan)
    if plan.version != len(filed):
        state.fault(event, f"version {plan.version} of a plan of {key[0]} comes after {len(filed) - 1}")
    state.touch(event, "plan", *key, plan.version)
    state.touch(event, "plans", *key)


def _key(event: Event) -> PlanKey:
    period: dict[str, Any] = event.args["period"]
    return event.args["account"], period["instrument"], period["year"], period["quarter"]


def _terms(event: Event) -> PlanTerms:
    plan = event.args["plan"]
    return PlanTerms(plan["toBuy"], plan["toSell"], plan["leastPrice"], plan["greatestPrice"], plan["document"])


def _words(*numbers: int) -> bytes:
    """As the ABI encodes them."""
    return b"".join(number.to_bytes(32, "big") for number in numbers)
