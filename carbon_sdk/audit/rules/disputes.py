"""DisputeDesk. That the ledger binds and moves as much is an invariant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import Dispute, State

_DESK = "DisputeDesk"
_OPEN, _RULED, _APPEALED, _FINAL, _EXECUTED, _WITHDRAWN, _LAPSED = range(1, 8)
_REPORT = 3


@on(_DESK, "DisputeTermsSet")
def _terms(state: State, event: Event) -> None:
    state.disputes.terms = dict(event.args["terms"])
    state.touch(event, "dispute terms")


@on(_DESK, "DisputeOpened")
def _opened(state: State, event: Event) -> None:
    args, known = event.args, state.disputes.disputes
    number, terms = args["id"], dict(args["terms"])
    if number != len(known) + 1:
        state.fault(event, f"dispute {number} follows dispute {len(known)}")
    if any(_hinders(one, args) for one in known.values()):
        state.fault(event, f"dispute {number} is about what is disputed already")
    evidence_until = event.timestamp + terms["evidenceFor"]
    known[number] = Dispute(
        args["claimant"],
        args["respondent"],
        args["kind"],
        args["subject"],
        terms,
        evidence_until,
        evidence_until + terms["ruleFor"],
        [dict(line) for line in args["lines"]],
    )
    state.touch(event, "dispute", number)


@on(_DESK, "EvidenceSubmitted")
def _evidence(state: State, event: Event) -> None:
    dispute = _in(state, event, _OPEN)
    if dispute is None:
        return
    _by_a_party(state, event, dispute)
    if event.timestamp > dispute.evidence_until:
        state.fault(event, f"evidence in dispute {event.args['id']} came too late")
    dispute.evidence += 1


@on(_DESK, "RulingGiven")
def _ruled(state: State, event: Event) -> None:
    args = event.args
    dispute = _in(state, event, _APPEALED if args["onAppeal"] else _OPEN)
    if dispute is None:
        return
    number = args["id"]
    if event.timestamp > dispute.until or event.timestamp <= dispute.evidence_until:
        state.fault(event, f"dispute {number} is ruled out of its time")
    if args["onAppeal"]:
        if args["arbitrator"] == dispute.arbitrator:
            state.fault(event, f"the appeal in dispute {number} is decided by who ruled first")
        dispute.appeal_arbitrator = args["arbitrator"]
    else:
        dispute.arbitrator = args["arbitrator"]
    for line, award in zip(dispute.lines, args["awards"], strict=True):
        if award > line["frozen"] or (award and not args["upheld"]):
            state.fault(event, f"{award} are awarded in dispute {number}, {line['frozen']} rest")
        line["award"] = award
    dispute.state = _FINAL if args["onAppeal"] else _RULED
    dispute.until, dispute.upheld, dispute.ruling = args["until"], args["upheld"], args["document"]


@on(_DESK, "RulingAppealed")
def _appealed(state: State, event: Event) -> None:
    dispute = _in(state, event, _RULED)
    if dispute is None:
        return
    _by_a_party(state, event, dispute)
    if event.timestamp > dispute.until:
        state.fault(event, f"the ruling in dispute {event.args['id']} is appealed too late")
    dispute.state, dispute.until = _APPEALED, event.args["until"]
    dispute.evidence += 1


@on(_DESK, "RulingExecuted")
def _executed(state: State, event: Event) -> None:
    dispute = _in(state, event, _RULED, _APPEALED, _FINAL)
    if dispute is None:
        return
    if event.timestamp < dispute.until + (dispute.state != _FINAL):
        state.fault(event, f"the ruling in dispute {event.args['id']} is executed before it stands")
    for line in dispute.lines:
        if award := min(line["award"], line["frozen"]):
            holder = line["holder"]
            dispute.awarded.append((holder, dispute.other_side(holder), line["instrument"], award))
    _over(dispute, _EXECUTED)


@on(_DESK, "DisputeEnded")
def _ended(state: State, event: Event) -> None:
    how = event.args["state"]
    dispute = _in(state, event, _OPEN) if how == _WITHDRAWN else _in(state, event, _OPEN, _RULED, _APPEALED, _FINAL)
    if dispute is not None:
        _over(dispute, how)


@on(_DESK, "DisputedUnitsTaken")
def _taken(state: State, event: Event) -> None:
    dispute = _in(state, event, _OPEN, _RULED, _APPEALED, _FINAL)
    if dispute is None:
        return
    args = event.args
    if state.acts.running != (event.position.transaction, args["act"]):
        state.fault(event, f"no act {args['act']} of the authority takes units of dispute {args['id']}")
    for line in dispute.lines:
        if line["instrument"] == args["instrument"]:
            line["frozen"] -= args["quantity"]


def _hinders(one: Dispute, args: Mapping[str, Any]) -> bool:
    """A party disputes an act once; a figure that is settled anew is another act."""
    if (one.kind, one.subject, one.claimant) != (args["kind"], args["subject"], args["claimant"]):
        return False
    return one.kind != _REPORT or (one.stands and not one.granted)


def _by_a_party(state: State, event: Event, dispute: Dispute) -> None:
    if event.args["party"] not in (dispute.claimant, dispute.respondent):
        state.fault(event, f"{event.args['party']} is no party of dispute {event.args['id']}")


def _over(dispute: Dispute, how: int) -> None:
    dispute.state = how
    for line in dispute.lines:
        line["frozen"] = 0


def _in(state: State, event: Event, *states: int) -> Dispute | None:
    number = event.args["id"]
    dispute = state.disputes.disputes.get(number)
    if dispute is None or dispute.state not in states:
        state.fault(event, f"dispute {number} is unknown or over")
        return None
    state.touch(event, "dispute", number)
    return dispute
