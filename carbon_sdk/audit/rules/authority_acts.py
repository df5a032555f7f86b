"""AuthorityDesk."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import AuthorityAct, State
from carbon_sdk.identifiers import ZERO_ADDRESS, InstrumentClass

_DESK = "AuthorityDesk"
_FREEZE, _REVERSAL = 1, 3
_PROPOSED, _DONE, _WITHDRAWN = 1, 2, 3


@on(_DESK, "SecondOfficerRulesSet")
def _rules(state: State, event: Event) -> None:
    said = event.args["rules"]
    state.acts.rules = (said["fromUnits"], said["fromMoney"], said["period"], said["reversibleFor"])
    state.touch(event, "second officer rules")


@on(_DESK, "ActOrdered")
def _ordered(state: State, event: Event) -> None:
    args, why = event.args, event.args["warrant"]
    number = args["id"]
    if number != len(state.acts.acts) + 1:
        state.fault(event, f"act {number} follows act {len(state.acts.acts)}")
    act = state.acts.acts[number] = AuthorityAct(
        args["kind"],
        args["from"],
        args["to"],
        args["instrument"],
        args["quantity"],
        why["cause"],
        why["document"],
        why["reason"],
        args["officer"],
        event.timestamp,
        args["confirmBy"],
        args["reverses"],
        tuple((item["reason"], item["id"]) for item in args["bindings"]),
    )
    state.touch(event, "act", number)
    if act.kind == _FREEZE:
        frozen = state.ledger.frozen.get((act.source, act.instrument), 0)
        if args["replaced"] != frozen:
            state.fault(event, f"{args['replaced']} are said to have been frozen, {frozen} were")
        return
    reversed_ = state.acts.acts.get(act.reverses)
    if reversed_ is not None and event.timestamp > reversed_.done_at + state.acts.rules[3]:
        state.fault(event, f"act {act.reverses} could not be reversed any more")
    if bool(act.confirm_by) != _needs_second_officer(state, act):
        what = "waits for a second officer without need" if act.confirm_by else "needs a second officer"
        state.fault(event, f"act {number} over {act.quantity} {what}")


def _needs_second_officer(state: State, act: AuthorityAct) -> bool:
    """What the rules say; counts what one officer orders alone."""
    from_units, from_money, period, _ = state.acts.rules
    in_money = act.instrument >> 80 == InstrumentClass.MONEY
    key = (act.officer, in_money)
    quantity, until = state.acts.alone.get(key, (0, 0))
    if act.ordered_at >= until:
        quantity, until = 0, act.ordered_at + period
    if quantity + act.quantity >= (from_money if in_money else from_units):
        return True
    state.acts.alone[key] = (quantity + act.quantity, until)
    return False


@on(_DESK, "ActDone")
def _done(state: State, event: Event) -> None:
    act = _proposed(state, event)
    if act is None:
        return
    number = event.args["id"]
    act.state, act.done_at, act.confirmed_by = _DONE, event.timestamp, event.args["confirmedBy"]
    state.acts.running = (event.position.transaction, number)
    if act.confirm_by and (act.confirmed_by in (ZERO_ADDRESS, act.officer) or event.timestamp > act.confirm_by):
        state.fault(event, f"act {number} was to be confirmed by another officer until {act.confirm_by}")
    if act.kind == _REVERSAL:
        reversed_ = state.acts.acts.get(act.reverses)
        if reversed_ is None or reversed_.reversed_by:
            state.fault(event, f"act {act.reverses} is not there to be reversed, or was reversed before")
            return
        if (reversed_.target, reversed_.source, reversed_.instrument, reversed_.quantity) != (
            act.source,
            act.target,
            act.instrument,
            act.quantity,
        ):
            state.fault(event, f"act {number} is not act {act.reverses} the other way round")
        reversed_.reversed_by = number
        state.touch(event, "act", act.reverses)


@on(_DESK, "ActWithdrawn")
def _withdrawn(state: State, event: Event) -> None:
    act = _proposed(state, event)
    if act is not None:
        act.state = _WITHDRAWN


def _proposed(state: State, event: Event) -> AuthorityAct | None:
    number = event.args["id"]
    act = state.acts.acts.get(number)
    if act is None or act.state != _PROPOSED:
        state.fault(event, f"act {number} was not open")
        return None
    state.touch(event, "act", number)
    return act
