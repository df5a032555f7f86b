"""Banking."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import BankingAccount, BankingRule, State

_BANKING = "Banking"


@on(_BANKING, "BankingRuleSet")
def _set(state: State, event: Event) -> None:
    args, banking = event.args, state.banking
    terms = args["terms"]
    if args["rule"] != len(banking.rules) + 1:
        state.fault(event, f"rule {args['rule']} follows rule {len(banking.rules)}")
    banking.rules[args["rule"]] = BankingRule(args["from"], args["to"], terms["opens"], terms["closes"], terms)
    banking.latest[args["from"]] = args["rule"]
    state.touch(event, "banking rule", args["rule"])


@on(_BANKING, "BankingWindowMoved")
def _moved(state: State, event: Event) -> None:
    if rule := _rule(state, event):
        rule.opens, rule.closes = event.args["opens"], event.args["closes"]


@on(_BANKING, "BankingFiguresRecorded")
def _figures(state: State, event: Event) -> None:
    if _rule(state, event):
        one = _account(state, event)
        one.net_sales, one.held = event.args["netSales"], event.args["held"]
        one.recorded = True


@on(_BANKING, "UnitsConverted")
def _converted(state: State, event: Event) -> None:
    args = event.args
    rule = _rule(state, event)
    if rule is None:
        return
    one, quantity = _account(state, event), args["quantity"]
    if not rule.opens <= event.timestamp < rule.closes:
        state.fault(event, f"the window of rule {args['rule']} is not open")
    if (args["from"], args["to"]) != (rule.source, rule.target):
        state.fault(event, f"rule {args['rule']} is about other instruments")
    if quantity > (room := state.banking.room(rule, one)):
        state.fault(event, f"{args['account']} may convert {room} t under rule {args['rule']}, not {quantity} t")
    rule.converted += quantity
    one.converted += quantity
    _act(state, event, args["from"], args["to"])


@on(_BANKING, "UnitsLapsed")
def _lapsed(state: State, event: Event) -> None:
    args = event.args
    rule = _rule(state, event)
    if rule is None:
        return
    if not rule.terms["lapses"] or event.timestamp < rule.closes or args["instrument"] != rule.source:
        state.fault(event, f"nothing lapses under rule {args['rule']} now")
    rule.lapsed += args["quantity"]
    _act(state, event, args["instrument"], 0)


def _act(state: State, event: Event, source: int, target: int) -> None:
    banking, number = state.banking, event.args["id"]
    if number != banking.acts + 1:
        state.fault(event, f"act {number} follows act {banking.acts}")
    banking.acts = number
    cause = bytes.fromhex(event.address[2:]) + number.to_bytes(12, "big")
    banking.expected[cause] = (source, target, event.args["quantity"])
    state.touch(event, "banking acts")


def _rule(state: State, event: Event) -> BankingRule | None:
    number = event.args["rule"]
    rule = state.banking.rules.get(number)
    if rule is None:
        state.fault(event, f"rule {number} was never set")
    elif state.banking.latest[rule.source] != number:
        state.fault(event, f"rule {number} was replaced by rule {state.banking.latest[rule.source]}")
    state.touch(event, "banking rule", number)
    return rule


def _account(state: State, event: Event) -> BankingAccount:
    key = (event.args["rule"], event.args["account"])
    state.touch(event, "banking account", *key)
    return state.banking.accounts.setdefault(key, BankingAccount())
