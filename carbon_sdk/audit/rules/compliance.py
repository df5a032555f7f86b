"""Obligations and ComplianceDesk: years, emissions, status, penalties; surrenders and voluntary cancellations."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import Carried, Obliged, Penalty, State, Surrender
from carbon_sdk.audit.vouchers import Voucher, VoucherKind
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId, keccak

_DESK = "ComplianceDesk"
_OBLIGATIONS = "Obligations"
_AWAITING = 5  # a second representative
_REVERSED = 6


@on(_DESK, "DeskSetUp")
def _set_up(state: State, event: Event) -> None:
    setup, desk = event.args["setup"], state.compliance
    desk.scheme, desk.series, desk.utc_offset = setup["scheme"], setup["series"], setup["utcOffset"]
    state.touch(event, "desk")


@on(_OBLIGATIONS, "SchemeSet")
def _scheme_set(state: State, event: Event) -> None:
    state.compliance.current_year = event.args["scheme"]["currentYear"]
    state.touch(event, "open year")


@on(_OBLIGATIONS, "YearOpened")
def _year_opened(state: State, event: Event) -> None:
    year = event.args["year"]
    if year != state.compliance.current_year + 1:
        state.fault(event, f"year {year} is opened after {state.compliance.current_year}")
    state.compliance.current_year = year
    for account in state.compliance.accounts:
        state.touch(event, "status", account)  # changes for everybody; nobody is told singly
    state.touch(event, "open year")


@on(_OBLIGATIONS, "RulesSet")
def _rules(state: State, event: Event) -> None:
    state.compliance.rules[event.args["year"]] = dict(event.args["rules"])


@on(_DESK, "SecondRepresentativeFrom")
def _second_from(state: State, event: Event) -> None:
    state.compliance.second_from = event.args["tonnes"]
    state.touch(event, "second representative")


@on(_DESK, "UtcOffsetChanged")
def _offset(state: State, event: Event) -> None:
    state.compliance.utc_offset = event.args["offset"]


@on(_OBLIGATIONS, "Enrolled")
def _enrolled(state: State, event: Event) -> None:
    args, desk = event.args, state.compliance
    account = args["account"]
    if account in desk.accounts:
        state.fault(event, f"{account} was enrolled before")
    one = Obliged(args["firstYear"], args["lastYear"])
    one.emissions = {year: tonnes for (whose, year), tonnes in desk.emissions.items() if whose == account}
    desk.accounts[account] = one
    _judged(state, event)


@on(_OBLIGATIONS, "YearsChanged")
def _years(state: State, event: Event) -> None:
    one = _judged(state, event)
    one.first_year, one.last_year = event.args["firstYear"], event.args["lastYear"]


@on(_OBLIGATIONS, "ExclusionChanged")
def _exclusion(state: State, event: Event) -> None:
    one = _judged(state, event)
    if event.args["excluded"]:
        one.excluded.add(event.args["year"])
    else:
        one.excluded.discard(event.args["year"])


@on(_OBLIGATIONS, "ObligationChanged")
def _obligation(state: State, event: Event) -> None:
    args, desk = event.args, state.compliance
    key = (args["account"], args["year"])
    if args["known"]:
        desk.emissions[key] = args["tonnes"]
    else:
        desk.emissions.pop(key, None)
    if one := desk.accounts.get(args["account"]):
        if args["known"]:
            one.emissions[args["year"]] = args["tonnes"]
        else:
            one.emissions.pop(args["year"], None)
        _judged(state, event)
    state.touch(event, "obligation", *key)


@on(_OBLIGATIONS, "StatusChanged")
def _status(state: State, event: Event) -> None:
    one, args = _judged(state, event), event.args
    if args["from"] != one.status:
        state.fault(event, f"{args['account']} had the status {one.status}, not {args['from']}")
    one.status = args["to"]
    judged = state.compliance.judge(args["account"])
    if judged != args["to"]:
        state.fault(event, f"status {args['to']} is told of {args['account']}; its figures give {judged}")


@on(_OBLIGATIONS, "StatusFrozen")
def _frozen(state: State, event: Event) -> None:
    args = event.args
    _obliged(state, event).at_deadline[args["year"]] = (args["status"], args["emissions"], args["surrendered"])


# SURRENDER


@on(_DESK, "SurrenderApplied")
def _applied(state: State, event: Event) -> None:
    args = event.args
    lines = tuple(zip(args["instruments"], args["quantities"], strict=True))
    state.compliance.surrenders[args["id"]] = Surrender(args["account"], lines, event.timestamp)
    state.touch(event, "surrender", args["id"])


@on(_DESK, "SurrenderExamined")
def _examined(state: State, event: Event) -> None:
    if surrender := _surrender(state, event):
        args = event.args
        surrender.year, surrender.findings, surrender.opinion = args["year"], args["findings"], args["opinion"]


@on(_DESK, "SurrenderApproved")
def _approved(state: State, event: Event) -> None:
    surrender = _surrender(state, event, closing=True)
    if surrender is None:
        return
    surrender.state, surrender.since = 2, event.timestamp
    if event.args["tonnes"] != surrender.tonnes:
        state.fault(event, f"{event.args['tonnes']} tonnes are surrendered, {surrender.tonnes} were applied for")
    if surrender.opinion:
        state.fault(event, f"application {event.args['id']} is approved against its opinion")
    one = _judged(state, event)
    one.surrendered += event.args["tonnes"]
    state.compliance.awaiting_vouchers.extend(
        _voucher(VoucherKind.SURRENDER, event, instrument, quantity, surrender.account, event.args["id"])
        for instrument, quantity in surrender.lines
    )


@on(_DESK, "SurrenderAwaits")
def _awaits(state: State, event: Event) -> None:
    if surrender := _surrender(state, event):
        surrender.state = _AWAITING


@on(_DESK, "SurrenderEndorsed")
def _endorsed(state: State, event: Event) -> None:
    if surrender := _surrender(state, event):
        if surrender.state != _AWAITING:
            state.fault(event, f"application {event.args['id']} waits for nobody")
        surrender.state, surrender.since = 1, event.timestamp


@on(_DESK, "SurrenderRejected")
def _rejected(state: State, event: Event) -> None:
    if surrender := _surrender(state, event, closing=True):
        surrender.state, surrender.since = 3, event.timestamp


@on(_DESK, "SurrenderWithdrawn")
def _withdrawn(state: State, event: Event) -> None:
    if surrender := _surrender(state, event, closing=True):
        surrender.state, surrender.since = 4, event.timestamp


@on(_DESK, "SurrenderReversed")
def _reversed(state: State, event: Event) -> None:
    number = event.args["id"]
    surrender = state.compliance.surrenders.get(number)
    if surrender is None or surrender.state != 2:
        state.fault(event, f"application {number} is reversed and was not approved")
        return
    state.touch(event, "surrender", number)
    if event.args["tonnes"] != surrender.tonnes:
        state.fault(event, f"{event.args['tonnes']} tonnes are reversed, {surrender.tonnes} were surrendered")
    by_ruling = int.from_bytes(event.args["cause"], "big") in state.disputes.disputes
    if not by_ruling and event.timestamp > surrender.since + state.compliance.reversal_window:
        state.fault(event, f"application {number} is reversed after the window")
    surrender.state, surrender.since = _REVERSED, event.timestamp
    one = _judged(state, event)
    one.surrendered -= surrender.tonnes


@on(_DESK, "ReversalWindowSet")
def _window(state: State, event: Event) -> None:
    state.compliance.reversal_window = event.args["reversibleFor"]
    state.touch(event, "reversal window")


@on("Banking", "UnitsReissued")
def _reissued(state: State, event: Event) -> None:
    args = event.args
    line = (args["account"], args["instrument"], args["quantity"])
    state.compliance.reissued.setdefault(args["application"], []).append(line)


@on(_DESK, "VoluntarilyCancelled")
def _cancelled(state: State, event: Event) -> None:
    args = event.args
    state.compliance.cancelled_voluntarily += args["quantity"]
    cause = keccak(args["beneficiary"] + args["purpose"] + args["year"].to_bytes(32, "big"))
    state.compliance.awaiting_vouchers.append(
        _voucher(
            VoucherKind.CANCELLATION,
            event,
            args["instrument"],
            args["quantity"],
            args["account"],
            int.from_bytes(cause, "big"),
        )
    )
    state.touch(event, "cancelled voluntarily")


# PENALTIES


@on(_OBLIGATIONS, "YearAssessed")
def _assessed(state: State, event: Event) -> None:
    args, desk = event.args, state.compliance
    account, year, counted = args["account"], args["year"], args["surrendered"]
    one = _obliged(state, event)
    if (account, year) in desk.assessed:
        state.fault(event, f"{account} is assessed twice for {year}")
    if year - 1 in one.at_deadline and (account, year - 1) not in desk.assessed:
        state.fault(event, f"{account} is assessed for {year} before {year - 1}")
    shortfall, last = max(0, args["emissions"] - counted), one.carried
    # What was surrendered since made good the older part first.
    still_open = max(0, last.shortfall - max(0, counted - last.counted))
    new = max(0, shortfall - still_open)
    desk.assessed[account, year] = new
    later = year > last.year
    one.carried = Carried(year, shortfall, counted) if later else last._replace(shortfall=last.shortfall + new)


@on(_OBLIGATIONS, "PenaltyImposed")
def _imposed(state: State, event: Event) -> None:
    args, desk = event.args, state.compliance
    key = (args["account"], args["year"])
    tonnes, amount, new = args["shortfall"], args["amount"], desk.assessed.get(key, 0)
    if key in desk.penalties:
        state.fault(event, f"{args['account']} pays twice for {args['year']}")
    if tonnes != new:
        state.fault(event, f"{args['account']} is penalised for {tonnes} t of {args['year']}; {new} t are newly short")
    if rules := desk.rules.get(args["year"]):
        due = tonnes * rules["penaltyPerTonne"] * rules["indexNumerator"] // rules["indexDenominator"]
        if amount != due:
            state.fault(event, f"{amount} are imposed on {args['account']} for {args['year']}; the rules say {due}")
    desk.penalties[key] = Penalty(tonnes, amount)
    state.touch(event, "penalty", *key)


@on(_OBLIGATIONS, "PenaltyPaid")
def _paid(state: State, event: Event) -> None:
    key = (event.args["account"], event.args["year"])
    penalty = state.compliance.penalties.get(key)
    if penalty is None or penalty.paid:
        state.fault(event, "no such penalty was open")
        return
    penalty.paid = event.args["amount"]
    state.touch(event, "penalty", *key)


@on(_OBLIGATIONS, "ComplianceRestricted")
def _restricted(state: State, event: Event) -> None:
    _obliged(state, event).restricted = (event.args["forShortfall"], event.args["forMissing"])


def _voucher(kind: VoucherKind, event: Event, instrument: int, quantity: int, account: Address, ref: int) -> Voucher:
    return Voucher(kind, 0, 0, 0, event.timestamp, InstrumentId(instrument), quantity, 0, account, ZERO_ADDRESS, ref)


def _judged(state: State, event: Event) -> Obliged:
    """The account of an act at whose end it is judged."""
    one = _obliged(state, event)
    one.judged_in = state.compliance.current_year
    return one


def _obliged(state: State, event: Event) -> Obliged:
    account = event.args["account"]
    one = state.compliance.accounts.get(account)
    if one is None:
        # Whoever surrenders without an obligation is counted too, as the desk does.
        one = state.compliance.accounts[account] = Obliged(0)
    state.touch(event, "status", account)
    return one


def _surrender(state: State, event: Event, *, closing: bool = False) -> Surrender | None:
    number = event.args["id"]
    surrender = state.compliance.surrenders.get(number)
    if surrender is None:
        state.fault(event, f"application {number} was never filed")
        return None
    if closing and surrender.state != 1 and (surrender.state != _AWAITING or event.name == "SurrenderApproved"):
        state.fault(event, f"application {number} was decided before")
    state.touch(event, "surrender", number)
    return surrender
