"""MarketRules: calendars, the downgrade, large positions; and what they forbid elsewhere."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.market_rules import (
    AS_WEEKDAY,
    CALL,
    CLOSED,
    LOCKED,
    NOTHING_IS_LARGE,
    Assignment,
    Calendar,
    Duty,
    Session,
    Terms,
)
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import InstrumentId

_RULES = "MarketRules"


@on(_RULES, "DayOffsetSet")
def _offset(state: State, event: Event) -> None:
    state.market_rules.offset = event.args["offset"]


# CALENDARS


@on(_RULES, "CalendarDefined")
def _defined(state: State, event: Event) -> None:
    args, rules = event.args, state.market_rules
    number = args["calendar"]
    if number != len(rules.calendars) + 1:
        state.fault(event, f"calendar {number} comes after {len(rules.calendars)}")
    sessions = tuple(
        Session(one["dayType"], one["fromMinute"], one["toMinute"], one["state"]) for one in args["sessions"]
    )
    rules.calendars[number] = Calendar(number, args["name"], tuple(args["week"]), sessions)
    state.touch(event, "calendar", number)


@on(_RULES, "DaysSet")
def _days(state: State, event: Event) -> None:
    args = event.args
    calendar = _calendar(state, event, args["calendar"])
    if calendar is None:
        return
    today = state.market_rules.day_of(event.timestamp)
    for day in args["civilDays"]:
        if calendar.assigned and day <= today:
            state.fault(event, f"day {day} of calendar {calendar.number} was set when it had begun")
        if args["dayType"] == AS_WEEKDAY:
            calendar.marked.pop(day, None)
        else:
            calendar.marked[day] = args["dayType"]
        state.touch(event, "calendar day", calendar.number, day)


@on(_RULES, "CalendarAssigned")
def _assigned(state: State, event: Event) -> None:
    args, rules = event.args, state.market_rules
    market, number = args["market"], args["calendar"]
    today = rules.day_of(event.timestamp)
    if number:
        calendar = _calendar(state, event, number)
        if calendar is not None:
            calendar.assigned = True
    if args["from"] <= today and market in state.book.markets:
        state.fault(event, f"the day of market {market} was changed when it had begun")
    before = rules.assignments.get(market, Assignment()).on(today)
    rules.assignments[market] = Assignment(before, number, args["from"])
    state.touch(event, "calendar of market", market)


def _calendar(state: State, event: Event, number: int) -> Calendar | None:
    found = state.market_rules.calendars.get(number)
    if found is None:
        state.fault(event, f"calendar {number} was never defined")
    return found


# THE DOWNGRADE


@on(_RULES, "DowngradeBegan")
def _began(state: State, event: Event) -> None:
    if state.market_rules.downgraded_since:
        state.fault(event, "the platform was downgraded already")
    state.market_rules.downgraded_since = event.timestamp
    state.market_rules.downgrades += 1
    state.touch(event, "downgrade")


@on(_RULES, "DowngradeEnded")
def _over(state: State, event: Event) -> None:
    if not state.market_rules.downgraded_since:
        state.fault(event, "the platform was not downgraded")
    state.market_rules.downgraded_since = 0
    state.touch(event, "downgrade")


@on(_RULES, "StressRulesSet")
def _stress(state: State, event: Event) -> None:
    rules = state.market_rules
    if event.args["version"] != rules.stress_version + 1:
        state.fault(event, f"version {event.args['version']} comes after {rules.stress_version}")
    rules.stress_version, rules.stress = event.args["version"], dict(event.args["rules"])
    state.touch(event, "stress rules")


def must_be_normal(state: State, event: Event) -> None:
    """Nothing new while the platform limits itself (R-TRD-13)."""
    if state.market_rules.downgraded_since:
        state.fault(event, "the platform was downgraded")


def must_trade(state: State, event: Event, market: int, *, continuous: bool) -> None:
    """Orders are placed only in a session, and met one by one only when that is not a call (R-TRD-10)."""
    must_be_normal(state, event)
    session = state.market_rules.session_at(market, event.timestamp)
    if session == CLOSED or (continuous and session in (CALL, LOCKED)):
        what = "closed" if session == CLOSED else "collecting orders for a call"
        state.fault(event, f"market {market} was {what} by its calendar")


# LARGE POSITIONS


@on(_RULES, "PositionTermsSet")
def _terms(state: State, event: Event) -> None:
    terms = event.args["terms"]
    state.market_rules.terms[event.args["instrument"]] = Terms(
        terms["tonnes"], terms["basisPoints"], terms["reportWithin"], terms["validFor"]
    )
    state.touch(event, "position terms", event.args["instrument"])


@on(_RULES, "PositionNoted")
def _noted(state: State, event: Event) -> None:
    args = event.args
    account, instrument = args["account"], args["instrument"]
    duty = _duty(state, event)
    position = state.position_of(account, instrument)
    if not args["threshold"] <= args["held"] <= position:
        what = f"{account} held {position} of {InstrumentId(instrument)}, not {args['held']}"
        state.fault(event, f"{what}; the threshold is {args['threshold']}")
    known = state.ledger.instruments.get(instrument)
    threshold = state.market_rules.threshold(instrument, known.issued - known.cancelled if known else 0)
    if threshold != args["threshold"] or threshold == NOTHING_IS_LARGE:
        state.fault(event, f"the threshold was {threshold}, not {args['threshold']}")
    if duty.due or event.timestamp < duty.reported_until:
        state.fault(event, f"a report of {account} was due, or stood")
    duty.due = args["due"]


@on(_RULES, "PositionFlagged")
def _flagged(state: State, event: Event) -> None:
    duty = _duty(state, event)
    if not duty.due or event.timestamp < duty.due or duty.overdue:
        state.fault(event, f"no report of {event.args['account']} was overdue")
    duty.overdue = True
    duty.overdue_count += 1


@on(_RULES, "PositionReported")
def _reported(state: State, event: Event) -> None:
    duty = _duty(state, event)
    duty.due, duty.overdue = 0, False
    duty.reported_until, duty.digest = event.args["until"], event.args["digest"]


def _duty(state: State, event: Event) -> Duty:
    key = (event.args["account"], event.args["instrument"])
    state.touch(event, "duty to report", *key)
    return state.market_rules.duties.setdefault(key, Duty())
