"""ServiceRecords: profiles, technical schemes and rules of services, releases, supplies."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import State

_RECORDS = "ServiceRecords"
_PROPOSED = 1


@on(_RECORDS, "DocumentPublished")
def _published(state: State, event: Event) -> None:
    args = event.args
    known = state.services.documents.setdefault((args["service"], args["kind"]), [])
    if args["version"] != len(known) + 1:
        state.fault(event, f"version {args['version']} follows {len(known)}")
    if args["effectiveFrom"] < args["publishedAt"] or (known and args["effectiveFrom"] < known[-1][1]):
        state.fault(event, "it would be in force before it was published, or before an earlier version")
    known.append((args["digest"], args["effectiveFrom"]))
    state.touch(event, "service document", args["service"], args["kind"])


@on(_RECORDS, "ReleaseProposed")
def _proposed(state: State, event: Event) -> None:
    args = event.args
    if args["basis"] != len(state.services.documents.get((args["service"], args["kind"]), ())):
        state.fault(event, f"release {args['id']} is made against version {args['basis']}, which is not the last")
    state.services.releases[args["id"]] = (args["developer"], args["basis"], args["digest"], _PROPOSED)
    state.touch(event, "release", args["id"])


@on(_RECORDS, "ReleaseResolved")
def _resolved(state: State, event: Event) -> None:
    args = event.args
    known = state.services.releases.get(args["id"])
    if known is None or known[3] != _PROPOSED:
        state.fault(event, f"release {args['id']} awaits nothing")
        return
    state.services.releases[args["id"]] = (*known[:3], args["status"])
    state.touch(event, "release", args["id"])


@on(_RECORDS, "SupplyRecorded")
def _supplied(state: State, event: Event) -> None:
    args = event.args
    corrected = state.services.supplies.get(args["corrects"])
    if args["corrects"] and (corrected is None or corrected[0] != args["supporter"]):
        state.fault(event, f"entry {args['id']} corrects {args['corrects']}, which is not the supporter's own")
    state.services.supplies[args["id"]] = (args["supporter"], args["supply"], args["digest"])
    state.touch(event, "supply", args["id"])
