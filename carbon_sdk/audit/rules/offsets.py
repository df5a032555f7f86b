"""CreditProjects, CreditOffers and OriginRegister."""

from __future__ import annotations

from carbon_sdk.audit.credits import Export, Import, Monitoring, Offer, Project, Purchase
from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.rules.market_rules import must_be_normal
from carbon_sdk.audit.state import State
from carbon_sdk.audit.vouchers import Voucher, VoucherKind
from carbon_sdk.identifiers import ZERO_ADDRESS, InstrumentId

_PROJECTS = "CreditProjects"
_OFFERS = "CreditOffers"
_ORIGINS = "OriginRegister"


# BODIES


@on(_PROJECTS, "BodyAccredited")
def _accredited(state: State, event: Event) -> None:
    args = event.args
    state.credits.bodies[args["body"]] = (args["scopes"], args["from"], args["until"])
    state.touch(event, "body", args["body"])


@on(_PROJECTS, "BodyDismissed")
def _dismissed(state: State, event: Event) -> None:
    state.credits.bodies[event.args["body"]] = (0, 0, 0)
    state.touch(event, "body", event.args["body"])


# PROJECTS


@on(_PROJECTS, "ProjectListed")
def _listed(state: State, event: Event) -> None:
    args = event.args
    number = args["project"]
    if number != len(state.credits.projects) + 1:
        state.fault(event, f"project {number} should have the number {len(state.credits.projects) + 1}")
    design = args["design"]
    state.credits.projects[number] = Project(args["proponent"], design["document"], design["scope"])
    state.touch(event, "project", number)


@on(_PROJECTS, "DesignAmended")
def _amended(state: State, event: Event) -> None:
    if project := _project(state, event, 1):
        design = event.args["design"]
        if design["document"] in {project.document, *project.documents}:
            state.fault(event, f"project {event.args['project']} was designed by 0x{design['document'].hex()} before")
        project.documents.add(project.document)
        project.document, project.scope = design["document"], design["scope"]


@on(_PROJECTS, "ProjectWithdrawn")
def _withdrawn(state: State, event: Event) -> None:
    if project := _project(state, event, 1, 2):
        project.state = 5


@on(_PROJECTS, "BodyEngaged")
def _engaged(state: State, event: Event) -> None:
    if project := _project(state, event, 1, 2, 3):
        project.body = event.args["body"]
        _require_accredited(state, event, project)


@on(_PROJECTS, "ProjectValidated")
def _validated(state: State, event: Event) -> None:
    if project := _project(state, event, 1):
        _require_engaged(state, event, project)
        if event.args["favourable"]:
            project.state = 2


@on(_PROJECTS, "ProjectRegistered")
def _registered(state: State, event: Event) -> None:
    if project := _project(state, event, 2):
        crediting = event.args["crediting"]
        project.state = 3
        project.first_day, project.last_day = crediting["firstDay"], crediting["lastDay"]
        project.renewals, project.buffer_share = crediting["renewals"], crediting["bufferShare"]
        project.liable_until, project.buffer_account = crediting["liableUntil"], event.args["bufferAccount"]
        project.monitored_until = project.first_day - 1


@on(_PROJECTS, "ProjectRefused")
def _refused(state: State, event: Event) -> None:
    if project := _project(state, event, 1, 2):
        project.state = 4


@on(_PROJECTS, "CreditingRenewed")
def _renewed(state: State, event: Event) -> None:
    if project := _project(state, event, 3):
        project.last_day, project.liable_until = event.args["lastDay"], event.args["liableUntil"]
        project.renewals -= 1
        if project.renewals < 0:
            state.fault(event, f"project {event.args['project']} was renewed more often than it may be")


@on(_PROJECTS, "ProjectClosed")
def _closed(state: State, event: Event) -> None:
    if project := _project(state, event, 3):
        project.state = 6


# MONITORING


@on(_PROJECTS, "MonitoringReported")
def _reported(state: State, event: Event) -> None:
    args = event.args
    if project := _project(state, event, 3):
        first, last = args["firstDay"], args["lastDay"]
        if not project.monitored_until < first <= last <= project.last_day:
            state.fault(event, f"days {first} to {last} were reported before, or are outside the crediting period")
        project.reports[args["report"]] = Monitoring(first, last, project.monitored_until, args["claimed"])
        project.monitored_until = last


@on(_PROJECTS, "MonitoringWithdrawn")
def _report_withdrawn(state: State, event: Event) -> None:
    _drop(state, event, 5)


@on(_PROJECTS, "ReductionsVerified")
def _verified(state: State, event: Event) -> None:
    args = event.args
    project, report = _report(state, event, 1)
    if project is None or report is None:
        return
    _require_engaged(state, event, project)
    if args["verified"] > report.claimed and not any(args["reason"]):
        state.fault(event, f"{args['verified']} t verified, {report.claimed} t claimed, and nothing says why")
    if args["verified"]:
        report.verified, report.state = args["verified"], 2
    else:
        _free_days(project, report, 4)


@on(_PROJECTS, "MonitoringRefused")
def _report_refused(state: State, event: Event) -> None:
    _drop(state, event, 4)


@on(_PROJECTS, "CreditsIssued")
def _issued(state: State, event: Event) -> None:
    """One for each vintage; the first of them finds the report verified, the others issued."""
    args = event.args
    project, report = _report(state, event, 2, 3)
    if project is None or report is None:
        return
    if project.owed:
        state.fault(event, f"project {args['project']} owes {project.owed} t for reversals")
    report.state = 3
    report.issued += args["quantity"]
    project.issued += args["quantity"]
    issued = state.credits.issued_in
    issued[args["instrument"]] = issued.get(args["instrument"], 0) + args["quantity"]
    project.buffered += args["buffered"]
    if args["buffered"] != -(-args["quantity"] * project.buffer_share // 10_000):
        state.fault(event, f"{args['buffered']} t into the buffer are not its share of {args['quantity']} t")
    _change_buffer(state, event, args["buffered"])


# BUFFER


@on(_PROJECTS, "BufferAccountNamed")
def _buffer_account(state: State, event: Event) -> None:
    state.credits.buffer_account = event.args["account"]
    state.touch(event, "buffer account")


@on(_PROJECTS, "ReversalReported")
def _reversed(state: State, event: Event) -> None:
    if project := _project(state, event, 3, 6):
        project.reversed += event.args["tonnes"]
        project.owed += event.args["tonnes"]
        if project.reversed > project.issued:
            state.fault(event, f"{project.reversed} t are reversed of {project.issued} t credited")


@on(_PROJECTS, "BufferCancelled")
def _buffer_cancelled(state: State, event: Event) -> None:
    args = event.args
    if project := _project(state, event, 3, 6):
        _pay(state, event, project)
    if source := state.credits.projects.get(InstrumentId(args["instrument"]).project):
        source.buffered -= args["quantity"]
        state.touch(event, "project", InstrumentId(args["instrument"]).project)
    _change_buffer(state, event, -args["quantity"])


@on(_PROJECTS, "ReversalCompensated")
def _compensated(state: State, event: Event) -> None:
    if project := _project(state, event, 3, 6):
        _pay(state, event, project)


@on(_PROJECTS, "BufferReleased")
def _buffer_released(state: State, event: Event) -> None:
    if project := _project(state, event, 3, 6):
        project.buffered -= event.args["quantity"]
        if project.owed or event.timestamp < project.liable_until:
            state.fault(event, f"the buffer of project {event.args['project']} is released before its time")
        _change_buffer(state, event, -event.args["quantity"])


def _pay(state: State, event: Event, project: Project) -> None:
    project.owed -= event.args["quantity"]
    state.credits.cancelled += event.args["quantity"]
    if project.owed < 0:
        state.fault(event, f"project {event.args['project']} pays {-project.owed} t more than it owes")


def _change_buffer(state: State, event: Event, by: int) -> None:
    instrument = event.args["instrument"]
    left = state.credits.buffers.get(instrument, 0) + by
    if left < 0:
        state.fault(event, f"the buffer gives {-left} t of {InstrumentId(instrument)} more than it has")
    state.credits.buffers[instrument] = left
    state.touch(event, "buffer", instrument)


# LABELS


@on(_PROJECTS, "LabelsSet")
def _labels(state: State, event: Event) -> None:
    state.credits.labels[event.args["instrument"]] = event.args["labels"]
    state.touch(event, "labels", event.args["instrument"])


@on(_PROJECTS, "RequiredLabelsSet")
def _required(state: State, event: Event) -> None:
    state.credits.required_labels = event.args["labels"]
    state.touch(event, "required labels")


# OFFERS


@on(_OFFERS, "CreditsOffered")
def _offered(state: State, event: Event) -> None:
    args = event.args
    must_be_normal(state, event)
    state.credits.offers[args["offer"]] = Offer(
        args["seller"], args["instrument"], args["buyer"], args["quantity"], args["price"], args["expires"]
    )
    state.touch(event, "offer", args["offer"])


@on(_OFFERS, "OfferReduced")
def _offer_reduced(state: State, event: Event) -> None:
    if offer := _offer(state, event):
        offer.left -= event.args["by"]


@on(_OFFERS, "OfferWithdrawn")
def _offer_withdrawn(state: State, event: Event) -> None:
    _end_offer(state, event, 3)


@on(_OFFERS, "OfferRemoved")
def _offer_removed(state: State, event: Event) -> None:
    _end_offer(state, event, 4)


@on(_OFFERS, "OfferLapsed")
def _offer_lapsed(state: State, event: Event) -> None:
    _end_offer(state, event, 5)


@on(_OFFERS, "PurchaseApplied")
def _applied(state: State, event: Event) -> None:
    args = event.args
    must_be_normal(state, event)
    if offer := _offer(state, event):
        if offer.buyer not in (ZERO_ADDRESS, args["buyer"]):
            state.fault(event, f"offer {args['offer']} was made to {offer.buyer}, not to {args['buyer']}")
        state.credits.purchases[args["purchase"]] = Purchase(args["offer"], args["buyer"], args["quantity"])
        state.touch(event, "purchase", args["purchase"])


@on(_OFFERS, "PurchaseConfirmed")
def _confirmed(state: State, event: Event) -> None:
    args = event.args
    must_be_normal(state, event)
    offer, purchase = _offer(state, event), _purchase(state, event, 2)
    if offer is None or purchase is None:
        return
    offer.left -= args["quantity"]
    if offer.left < 0:
        state.fault(event, f"offer {args['offer']} sells {-offer.left} t more than it had")
    if offer.left == 0:
        offer.state = 2
    told = (args["offer"], args["buyer"], args["quantity"], args["price"])
    if told != (purchase.offer, purchase.buyer, purchase.quantity, offer.price):
        state.fault(event, f"purchase {args['purchase']} is not what was applied for")
    state.credits.awaiting_vouchers.append(
        Voucher(
            VoucherKind.TRADE,
            0,
            0,
            0,
            event.timestamp,
            InstrumentId(args["instrument"]),
            args["quantity"],
            args["price"],
            args["seller"],
            args["buyer"],
            args["purchase"],
        )
    )


@on(_OFFERS, "PurchaseDeclined")
def _declined(state: State, event: Event) -> None:
    _purchase(state, event, 3)


@on(_OFFERS, "PurchaseWithdrawn")
def _purchase_withdrawn(state: State, event: Event) -> None:
    _purchase(state, event, 4)


@on(_OFFERS, "PurchaseReleased")
def _purchase_released(state: State, event: Event) -> None:
    _purchase(state, event, 5)


@on(_OFFERS, "PurchaseRemoved")
def _purchase_removed(state: State, event: Event) -> None:
    _purchase(state, event, 6)


# ORIGINS


@on(_ORIGINS, "RegistryAccepted")
def _registry(state: State, event: Event) -> None:
    state.credits.registries[event.args["registry"]] = event.args["accepted"]
    state.touch(event, "foreign registry", event.args["registry"])


@on(_ORIGINS, "ForeignProjectEntered")
def _entered(state: State, event: Event) -> None:
    args = event.args
    state.credits.foreign[args["registry"], args["project"]] = args["number"]
    state.touch(event, "foreign project", args["registry"], args["project"])


@on(_ORIGINS, "CreditsImported")
def _imported(state: State, event: Event) -> None:
    args = event.args
    origin = args["origin"]
    state.credits.imports[args["id"]] = Import(
        args["batchKey"], origin["first"], origin["last"], args["instrument"], args["firstSerial"]
    )
    state.touch(event, "import", args["id"])


@on(_ORIGINS, "ExportRequested")
def _export(state: State, event: Event) -> None:
    args = event.args
    state.credits.exports[args["id"]] = Export(args["account"], args["instrument"], args["quantity"], args["registry"])
    state.touch(event, "export", args["id"])


@on(_ORIGINS, "ExportAccepted")
def _export_accepted(state: State, event: Event) -> None:
    _export_of(state, event, 5, 1)


@on(_ORIGINS, "ExportConfirmed")
def _export_confirmed(state: State, event: Event) -> None:
    entry = event.args["entry"]
    if entry in state.credits.entries:
        state.fault(event, f"the entry 0x{entry.hex()} confirmed another export before")
    state.credits.entries.add(entry)
    if export := _export_of(state, event, 2, 5):
        state.credits.cancelled += export.quantity


@on(_ORIGINS, "ExportRejected")
def _export_rejected(state: State, event: Event) -> None:
    _export_of(state, event, 3, 1, 5)


@on(_ORIGINS, "ExportCancelled")
def _export_cancelled(state: State, event: Event) -> None:
    _export_of(state, event, 4, 1)


# INSIDE


def _project(state: State, event: Event, *states: int) -> Project | None:
    number = event.args["project"]
    project = state.credits.projects.get(number)
    if project is None:
        state.fault(event, f"project {number} was never listed")
        return None
    if project.state not in states:
        state.fault(event, f"project {number} stands at {project.state}, where this has no place")
    state.touch(event, "project", number)
    return project


def _report(state: State, event: Event, *states: int) -> tuple[Project | None, Monitoring | None]:
    project = _project(state, event, 3, 6)
    report = project.reports.get(event.args["report"]) if project else None
    if project is None or report is None:
        state.fault(event, f"report {event.args['report']} of project {event.args['project']} was never filed")
        return None, None
    if report.state not in states:
        state.fault(event, f"report {event.args['report']} stands at {report.state}, where this has no place")
    state.touch(event, "monitoring", event.args["project"], event.args["report"])
    return project, report


def _drop(state: State, event: Event, to: int) -> None:
    project, report = _report(state, event, 1, 2)
    if project is not None and report is not None:
        _free_days(project, report, to)


def _free_days(project: Project, report: Monitoring, to: int) -> None:
    report.state = to
    if project.monitored_until == report.last_day:
        project.monitored_until = report.before


def _require_engaged(state: State, event: Event, project: Project) -> None:
    if event.args["body"] != project.body:
        state.fault(event, f"{event.args['body']} was not engaged; {project.body} was")
    _require_accredited(state, event, project)


def _require_accredited(state: State, event: Event, project: Project) -> None:
    scopes, since, until = state.credits.bodies.get(project.body, (0, 0, 0))
    if not scopes >> project.scope & 1 or not since <= event.timestamp < until:
        state.fault(event, f"{project.body} is not accredited for scope {project.scope}")


def _offer(state: State, event: Event) -> Offer | None:
    number = event.args["offer"]
    offer = state.credits.offers.get(number)
    if offer is None or offer.state != 1:
        state.fault(event, f"offer {number} was not open")
        return None
    state.touch(event, "offer", number)
    return offer


def _end_offer(state: State, event: Event, to: int) -> None:
    if offer := _offer(state, event):
        offer.left, offer.state = 0, to


def _purchase(state: State, event: Event, to: int) -> Purchase | None:
    number = event.args["purchase"]
    purchase = state.credits.purchases.get(number)
    if purchase is None or purchase.state != 1:
        state.fault(event, f"purchase {number} was not open")
        return None
    purchase.state = to
    state.touch(event, "purchase", number)
    return purchase


def _export_of(state: State, event: Event, to: int, *states: int) -> Export | None:
    number = event.args["id"]
    export = state.credits.exports.get(number)
    if export is None:
        state.fault(event, f"export {number} was never requested")
        return None
    if export.state not in states:
        state.fault(event, f"export {number} stands at {export.state}, where this has no place")
    export.state = to
    state.touch(event, "export", number)
    return export
