"""Methodologies, EmissionReports and Verifications."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.state import Filing, Installation, State

_METHODS = "Methodologies"
_REPORTS = "EmissionReports"
_VERIFICATIONS = "Verifications"
_DISPUTED_REPORT = 3  # a kind of `IDisputeDesk`

needs_no_rule(_VERIFICATIONS, "MaterialitySet")  # a bound on opinions, which the contract checked


@on(_METHODS, "MethodRegistered")
def _registered(state: State, event: Event) -> None:
    state.reports.methods[event.args["name"], event.args["version"]] = 1
    state.touch(event, "method", event.args["name"], event.args["version"])


@on(_METHODS, "MethodClosedForPlans")
def _closed(state: State, event: Event) -> None:
    state.reports.methods[event.args["name"], event.args["version"]] = 2
    state.touch(event, "method", event.args["name"], event.args["version"])


# INSTALLATIONS AND PLANS


@on(_REPORTS, "InstallationRegistered")
def _installation_registered(state: State, event: Event) -> None:
    args = event.args
    if args["installation"] != len(state.reports.installations) + 1:
        state.fault(event, f"installation {args['installation']} comes after {len(state.reports.installations)}")
    state.reports.installations[args["installation"]] = Installation(
        args["account"], args["permit"], args["region"], args["sector"], args["firstYear"]
    )
    state.touch(event, "installation", args["installation"])


@on(_REPORTS, "InstallationYearsSet")
def _years(state: State, event: Event) -> None:
    if installation := _installation(state, event):
        installation.first_year, installation.last_year = event.args["firstYear"], event.args["lastYear"]


@on(_REPORTS, "PlanFiled")
def _plan_filed(state: State, event: Event) -> None:
    if installation := _installation(state, event):
        installation.plans[event.args["version"]] = (1, event.args["fromYear"])


@on(_REPORTS, "PlanApproved")
def _plan_approved(state: State, event: Event) -> None:
    _decide_plan(state, event, 2)


@on(_REPORTS, "PlanReturned")
def _plan_returned(state: State, event: Event) -> None:
    _decide_plan(state, event, 3)


def _decide_plan(state: State, event: Event, to: int) -> None:
    if installation := _installation(state, event):
        plan, year = installation.plans.get(event.args["version"], (0, 0))
        if plan != 1:
            state.fault(event, f"plan {event.args['version']} was not to be decided")
        installation.plans[event.args["version"]] = (to, year)


@on(_REPORTS, "DeadlineSet")
def _deadline(state: State, event: Event) -> None:
    state.reports.deadlines[event.args["year"]] = event.args["deadline"]
    state.touch(event, "reporting deadline", event.args["year"])


# VERIFIERS


@on(_VERIFICATIONS, "VerifierAccredited")
def _accredited(state: State, event: Event) -> None:
    state.reports.verifiers[event.args["account"]] = event.args["until"]
    state.touch(event, "verifier", event.args["account"])


@on(_VERIFICATIONS, "AccreditationWithdrawn")
def _withdrawn(state: State, event: Event) -> None:
    state.reports.verifiers[event.args["account"]] = 0
    state.touch(event, "verifier", event.args["account"])


@on(_VERIFICATIONS, "VerifierEngaged")
def _engaged(state: State, event: Event) -> None:
    _filing(state, event).verifier = event.args["verifier"]


# REPORTS AND FIGURES


@on(_REPORTS, "ReportSubmitted")
def _submitted(state: State, event: Event) -> None:
    filing, args = _filing(state, event), event.args
    if filing.state or args["version"] != filing.version + 1:
        state.fault(event, f"version {args['version']} follows {filing.version}")
    if sum(args["entryGrams"]) != args["grams"]:
        state.fault(event, f"the entries add up to {sum(args['entryGrams'])} g, not {args['grams']} g")
    filing.version, filing.reported, filing.late = args["version"], args["grams"], args["late"]


@on(_VERIFICATIONS, "ReportVerified")
def _verified(state: State, event: Event) -> None:
    args = event.args
    opinion = args["opinion"]
    _filing(state, event).opinions[args["version"]] = (
        args["verifier"],
        opinion["verifiedGrams"],
        opinion["conclusion"],
    )


@on(_REPORTS, "EmissionsAccepted")
def _accepted(state: State, event: Event) -> None:
    filing, args = _filing(state, event), event.args
    _, grams, conclusion = filing.opinions.get(args["version"], ("", -1, 0))
    if grams != args["grams"] or conclusion not in (1, 2):
        state.fault(event, f"{args['grams']} g are accepted without an opinion that says so")
    filing.state, filing.accepted_version, filing.grams = 1, args["version"], args["grams"]


@on(_REPORTS, "EmissionsDetermined")
def _determined(state: State, event: Event) -> None:
    filing = _filing(state, event)
    filing.state, filing.accepted_version, filing.grams = 2, 0, event.args["grams"]


@on(_REPORTS, "EmissionsReopened")
def _reopened(state: State, event: Event) -> None:
    filing = _filing(state, event)
    if not filing.state or filing.grams != event.args["grams"]:
        state.fault(event, f"the figure was {filing.grams} g, not {event.args['grams']} g")
    filing.state, filing.accepted_version, filing.grams = 0, 0, 0
    subject = event.args["installation"] << 16 | event.args["year"]
    for dispute in state.disputes.disputes.values():
        if (dispute.kind, dispute.subject) == (_DISPUTED_REPORT, subject):
            dispute.granted = True


@on(_REPORTS, "AccountEmissionsChanged")
def _account(state: State, event: Event) -> None:
    args = event.args
    key = (args["account"], args["year"])
    state.reports.accepted[key] = (args["grams"], args["complete"])
    state.touch(event, "accepted emissions", *key)


def _installation(state: State, event: Event) -> Installation | None:
    installation = state.reports.installations.get(event.args["installation"])
    if installation is None:
        state.fault(event, f"installation {event.args['installation']} was never registered")
    state.touch(event, "installation", event.args["installation"])
    return installation


def _filing(state: State, event: Event) -> Filing:
    key = (event.args["installation"], event.args["year"])
    state.touch(event, "filing", *key)
    return state.reports.filings.setdefault(key, Filing())
