"""PledgeBook. Its lines are folded from its own events; that the ledger binds as much is an invariant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import Lines, Pledge, State
from carbon_sdk.identifiers import InstrumentId

_BOOK = "PledgeBook"
_OFFERED, _ACTIVE = 1, 2
Rows = Iterable[Mapping[str, int]]


# OFFER


@on(_BOOK, "PledgeOffered")
def _offered(state: State, event: Event) -> None:
    args, terms = event.args, event.args["terms"]
    number = args["id"]
    if number != len(state.pledges.pledges) + 1:
        state.fault(event, f"pledge {number} follows pledge {len(state.pledges.pledges)}")
    if terms["noticePeriod"] < state.pledges.least_notice:
        state.fault(event, f"a notice of {terms['noticePeriod']} s is shorter than {state.pledges.least_notice} s")
    pledge = state.pledges.pledges[number] = Pledge(
        args["pledgor"],
        args["pledgee"],
        terms["receiver"],
        terms["due"],
        terms["noticePeriod"],
        terms["offerUntil"],
        terms["agreement"],
        event.timestamp,
    )
    _add(pledge.lines, args["units"])
    state.touch(event, "pledge", number)
    for side in (pledge.pledgor, pledge.pledgee):
        state.touch(event, "pledges of", side)


@on(_BOOK, "PledgeAccepted")
def _accepted(state: State, event: Event) -> None:
    pledge = _in(state, event, _OFFERED)
    if pledge is None:
        return
    if event.timestamp > min(pledge.offer_until or pledge.due, pledge.due):
        state.fault(event, f"pledge {event.args['id']} was accepted too late")
    pledge.state = _ACTIVE


@on(_BOOK, "PledgeClosed")
def _closed(state: State, event: Event) -> None:
    pledge = _in(state, event, _OFFERED, _ACTIVE)
    if pledge is None:
        return
    if pledge.lines.rows:
        state.fault(event, f"pledge {event.args['id']} is closed with {len(pledge.lines.rows)} lines")
    pledge.state = event.args["state"]
    pledge.notice_at = pledge.amended_by = 0


@on(_BOOK, "LeastNoticeSet")
def _least(state: State, event: Event) -> None:
    state.pledges.least_notice = event.args["seconds_"]
    state.touch(event, "least notice")


# UNITS


@on(_BOOK, "PledgeToppedUp")
def _topped_up(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is not None:
        _add(pledge.lines, event.args["units"])


@on(_BOOK, "PledgeReleased")
def _released(state: State, event: Event) -> None:
    pledge = _in(state, event, _OFFERED, _ACTIVE)
    if pledge is not None:
        _remove(state, event, pledge, event.args["units"])


@on(_BOOK, "PledgeForeclosed")
def _foreclosed(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is None:
        return
    number = event.args["id"]
    if event.args["receiver"] != pledge.receiver:
        state.fault(event, f"pledge {number} goes to {event.args['receiver']}, not to {pledge.receiver}")
    if not pledge.notice_at or event.timestamp < pledge.notice_at + pledge.notice_period:
        state.fault(event, f"pledge {number} was foreclosed before its notice was over")
    _remove(state, event, pledge, event.args["units"])


@on(_BOOK, "PledgeTaken")
def _taken(state: State, event: Event) -> None:
    pledge = _in(state, event, _OFFERED, _ACTIVE)
    if pledge is None:
        return
    if state.acts.running != (event.position.transaction, event.args["act"]):
        state.fault(event, f"no act {event.args['act']} of the authority takes units of pledge {event.args['id']}")
    if event.args["quantity"]:
        _remove(state, event, pledge, [event.args])


# EXCHANGE


@on(_BOOK, "ExchangeProposed")
def _exchange_proposed(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is None:
        return
    if pledge.added is not None or event.args["number"] != pledge.exchanges + 1:
        state.fault(event, f"exchange {event.args['number']} of pledge {event.args['id']} is out of turn")
    pledge.exchanges = event.args["number"]
    pledge.removed, pledge.added = Lines(), Lines()
    _add(pledge.removed, event.args["removed"])
    _add(pledge.added, event.args["added"])


@on(_BOOK, "ExchangeEnded")
def _exchange_ended(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is None:
        return
    if pledge.added is None or pledge.removed is None or event.args["number"] != pledge.exchanges:
        state.fault(event, f"exchange {event.args['number']} of pledge {event.args['id']} was not open")
        return
    if event.args["accepted"]:
        for instrument, quantity in pledge.removed.rows:
            _less(state, event, pledge, instrument, quantity)
        for instrument, quantity in pledge.added.rows:
            pledge.lines.add(instrument, quantity)
    pledge.removed = pledge.added = None


# TERMS


@on(_BOOK, "AmendmentProposed")
def _amendment_proposed(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is not None:
        pledge.amended_by = 2 if event.args["byPledgee"] else 1


@on(_BOOK, "AmendmentDropped")
def _amendment_dropped(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is not None:
        pledge.amended_by = 0


@on(_BOOK, "PledgeAmended")
def _amended(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is None:
        return
    said = event.args["amendment"]
    if not pledge.amended_by or said["due"] < pledge.due:
        state.fault(event, f"pledge {event.args['id']} is amended without a proposal, or to an earlier time")
    pledge.receiver, pledge.due, pledge.agreement = said["receiver"], said["due"], said["agreement"]
    pledge.amended_by = pledge.notice_at = 0


@on(_BOOK, "NoticeGiven")
def _notice(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is None:
        return
    if event.timestamp <= pledge.due:
        state.fault(event, f"notice of pledge {event.args['id']}, which is due at {pledge.due}")
    pledge.notice_at = event.timestamp


@on(_BOOK, "NoticeWithdrawn")
def _notice_withdrawn(state: State, event: Event) -> None:
    pledge = _in(state, event, _ACTIVE)
    if pledge is not None:
        pledge.notice_at = 0


def _in(state: State, event: Event, *states: int) -> Pledge | None:
    number = event.args["id"]
    pledge = state.pledges.pledges.get(number)
    if pledge is None or pledge.state not in states:
        state.fault(event, f"pledge {number} is unknown or over")
        return None
    state.touch(event, "pledge", number)
    return pledge


def _add(lines: Lines, rows: Rows) -> None:
    for row in rows:
        lines.add(row["instrument"], row["quantity"])


def _remove(state: State, event: Event, pledge: Pledge, rows: Rows) -> None:
    for row in rows:
        _less(state, event, pledge, row["instrument"], row["quantity"])


def _less(state: State, event: Event, pledge: Pledge, instrument: int, quantity: int) -> None:
    missing = pledge.lines.remove(instrument, quantity)
    if missing:
        state.fault(event, f"{missing} of {InstrumentId(instrument)} leave a pledge that has not so many")
