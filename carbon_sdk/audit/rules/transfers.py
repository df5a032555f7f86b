"""TransferRules. What moves and what is bound is told by the ledger's own events."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import Move, State, Transfer, Trusted
from carbon_sdk.identifiers import Address

_RULES = "TransferRules"
_PROPOSED, _WAITING, _COMPLETED, _CANCELLED, _REFUSED, _EXPIRED, _REVERSED = range(1, 8)
_DISPUTED_TRANSFER = 2  # a kind of `IDisputeDesk`


# RULES


@on(_RULES, "RulesPublished")
def _published(state: State, event: Event) -> None:
    number = event.args["rules"]
    if number != len(state.transfers.rules) + 1:
        state.fault(event, f"set {number} follows {len(state.transfers.rules)} sets")
    state.transfers.rules[number] = tuple(dict(item) for item in event.args["types"])
    state.touch(event, "transfer rules", number)


@on(_RULES, "CalendarSet")
def _calendar(state: State, event: Event) -> None:
    state.transfers.calendar = dict(event.args["calendar"])
    state.touch(event, "calendar")


@on(_RULES, "HolidaysSet")
def _holidays(state: State, event: Event) -> None:
    for day in event.args["dates"]:
        state.transfers.holidays[day] = event.args["on"]
        state.touch(event, "holiday", day)


@on(_RULES, "TrustRulesSet")
def _trust_rules(state: State, event: Event) -> None:
    state.transfers.trust_rules = dict(event.args["rules"])
    state.touch(event, "trust rules")


@on(_RULES, "OptInSet")
def _opt_in(state: State, event: Event) -> None:
    state.transfers.opted_in[event.args["account"]] = event.args["on"]
    state.touch(event, "opt-in", event.args["account"])


# TRUSTED ACCOUNTS


@on(_RULES, "TrustProposed")
def _trust_proposed(state: State, event: Event) -> None:
    place = event.args["account"], event.args["trusted"]
    if state.transfers.trusts.get(place, Trusted()).state:
        state.fault(event, f"{place[1]} stands on the list of {place[0]} already")
    state.transfers.trusts[place] = Trusted(event.args["key"], 1)
    state.touch(event, "trust", *place)


@on(_RULES, "TrustAdded")
def _trust_added(state: State, event: Event) -> None:
    place = event.args["account"], event.args["trusted"]
    entry = state.transfers.trusts.setdefault(place, Trusted())
    if entry.state != 1:
        state.fault(event, f"nobody proposed {place[1]} for the list of {place[0]}")
    rules = state.transfers.trust_rules
    if (not rules or rules["approvals"] != 1) and entry.key == event.args["key"]:
        state.fault(event, f"{entry.key} approved what it proposed itself")
    entry.state, entry.since = 2, event.args["since"]
    state.touch(event, "trust", *place)


@on(_RULES, "TrustRemoved")
def _trust_removed(state: State, event: Event) -> None:
    place = event.args["account"], event.args["trusted"]
    if not state.transfers.trusts.get(place, Trusted()).state:
        state.fault(event, f"{place[1]} does not stand on the list of {place[0]}")
    state.transfers.trusts[place] = Trusted()
    state.touch(event, "trust", *place)


# TRANSFERS


@on(_RULES, "TransferProposed")
def _proposed(state: State, event: Event) -> None:
    args = event.args
    number = args["id"]
    if number != len(state.transfers.transfers) + 1:
        state.fault(event, f"transfer {number} follows {len(state.transfers.transfers)} transfers")
    if args["kind"] >= len(state.transfers.rules.get(args["rules"], ())):
        state.fault(event, f"set {args['rules']} has no type {args['kind']}")
    state.transfers.transfers[number] = Transfer(
        args["from"],
        args["to"],
        args["key"],
        args["instrument"],
        args["quantity"],
        args["rules"],
        args["kind"],
        event.timestamp,
    )
    state.touch(event, "transfer", number)


@on(_RULES, "TransferApproved")
def _approved(state: State, event: Event) -> None:
    transfer = _in(state, event, _PROPOSED)
    if state.transfers.type_of(transfer).get("approvals") == 2 and transfer.key == event.args["key"]:
        state.fault(event, f"{transfer.key} approved what it proposed itself")
    transfer.state, transfer.due_at = _WAITING, event.args["dueAt"]


@on(_RULES, "TransferCompleted")
def _completed(state: State, event: Event) -> None:
    transfer = _in(state, event, _WAITING)
    if event.timestamp < transfer.due_at:
        state.fault(event, f"transfer {event.args['id']} is due at {transfer.due_at} only")
    transfer.state, transfer.closed_at = _COMPLETED, event.timestamp
    _explain(state, transfer.giver, transfer.receiver, transfer)


@on(_RULES, "TransferCancelled")
def _cancelled(state: State, event: Event) -> None:
    _in(state, event, _PROPOSED, _WAITING).state = _CANCELLED


@on(_RULES, "TransferRefused")
def _refused(state: State, event: Event) -> None:
    _in(state, event, _PROPOSED).state = _REFUSED


@on(_RULES, "TransferExpired")
def _expired(state: State, event: Event) -> None:
    _in(state, event, _PROPOSED, _WAITING).state = _EXPIRED


@on(_RULES, "TransferReversed")
def _reversed(state: State, event: Event) -> None:
    transfer = _in(state, event, _COMPLETED)
    window = state.transfers.type_of(transfer).get("reversible", 0)
    if event.timestamp > transfer.closed_at + window:
        state.fault(event, f"transfer {event.args['id']} could be reversed until {transfer.closed_at + window}")
    for number, dispute in state.disputes.disputes.items():
        if (dispute.kind, dispute.subject) == (_DISPUTED_TRANSFER, event.args["id"]) and dispute.bars_reversal:
            state.fault(event, f"transfer {event.args['id']} is reversed, and disputed in {number}")
    transfer.state = _REVERSED
    _explain(state, transfer.receiver, transfer.giver, transfer)


def _explain(state: State, giver: Address, receiver: Address, transfer: Transfer) -> None:
    state.transfers.explained[Move(giver, receiver, transfer.instrument, transfer.quantity)] += 1


def _in(state: State, event: Event, *states: int) -> Transfer:
    """The transfer that the event is about, which should be in one of these states."""
    number = event.args["id"]
    transfer = state.transfers.transfers.get(number)
    if transfer is None:
        state.fault(event, f"transfer {number} was never proposed")
        transfer = state.transfers.transfers[number] = Transfer()
    elif transfer.state not in states:
        state.fault(event, f"transfer {number} was in state {transfer.state}")
    state.touch(event, "transfer", number)
    return transfer
