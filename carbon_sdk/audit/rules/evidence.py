"""EvidenceRegistry: encryption keys, documents, grants, requests."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.evidence import ASKED, GRANTED, REFUSED, Document, Request
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import State

_EVIDENCE = "EvidenceRegistry"


@on(_EVIDENCE, "EncryptionKeyRegistered")
def _key(state: State, event: Event) -> None:
    args = event.args
    keys = state.evidence.keys.setdefault(args["party"], [])
    if args["version"] != len(keys) + 1:
        state.fault(event, f"key {args['version']} of {args['party']} comes after {len(keys)}")
    keys.append((args["publicKey"], event.timestamp))
    state.touch(event, "encryption key", args["party"])


@on(_EVIDENCE, "DocumentFiled")
def _filed(state: State, event: Event) -> None:
    args, documents = event.args, state.evidence.documents
    if args["document"] != len(documents) + 1:
        state.fault(event, f"document {args['document']} comes after {len(documents)}")
    versions = [(args["commitment"], event.timestamp)]
    documents[args["document"]] = Document(args["owner"], args["office"], args["subject"], versions)
    state.touch(event, "document", args["document"])


@on(_EVIDENCE, "DocumentReplaced")
def _replaced(state: State, event: Event) -> None:
    args = event.args
    document = state.evidence.documents.get(args["document"])
    if document is None or args["version"] != len(document.versions) + 1:
        state.fault(event, f"version {args['version']} of document {args['document']} does not come next")
        return
    document.versions.append((args["commitment"], event.timestamp))
    state.touch(event, "document", args["document"])


@on(_EVIDENCE, "AccessGranted")
def _granted(state: State, event: Event) -> None:
    args = event.args
    if args["party"] not in state.evidence.keys:
        state.fault(event, f"{args['party']} has no encryption key")
    state.evidence.grants[args["document"], args["party"]] = (event.timestamp, args["until"])
    state.touch(event, "grant", args["document"], args["party"])


@on(_EVIDENCE, "AccessWithdrawn")
def _withdrawn(state: State, event: Event) -> None:
    key = event.args["document"], event.args["party"]
    if not state.evidence.is_granted(*key, event.timestamp):
        state.fault(event, f"{key[1]} had no access to document {key[0]}")
    state.evidence.grants[key] = (state.evidence.grants.get(key, (0, 0))[0], event.timestamp)
    state.touch(event, "grant", *key)


@on(_EVIDENCE, "AccessRequested")
def _requested(state: State, event: Event) -> None:
    args, requests = event.args, state.evidence.requests
    if args["request"] != len(requests) + 1:
        state.fault(event, f"request {args['request']} comes after {len(requests)}")
    requests[args["request"]] = Request(args["document"], args["party"])
    state.touch(event, "request", args["request"])


@on(_EVIDENCE, "AccessAnswered")
def _answered(state: State, event: Event) -> None:
    request = state.evidence.requests.get(event.args["request"])
    if request is None or request.state != ASKED:
        state.fault(event, f"request {event.args['request']} was not open")
        return
    request.state = GRANTED if event.args["granted"] else REFUSED
    since = state.evidence.grants.get((request.document, request.party), (0, 0))[0]
    if event.args["granted"] and since != event.timestamp:
        state.fault(event, f"request {event.args['request']} was granted without a grant")
    state.touch(event, "request", event.args["request"])


@on(_EVIDENCE, "DocumentRead")
def _read(state: State, event: Event) -> None:
    args = event.args
    key = args["document"], args["party"]
    document = state.evidence.documents.get(args["document"])
    if document is None or not 0 < args["version"] <= len(document.versions):
        state.fault(event, f"document {args['document']} has no version {args['version']}")
    elif key[1] not in (document.owner, _home(state, document.owner), f"0x{document.office:040x}") and (
        not state.evidence.is_granted(*key, event.timestamp)
    ):
        state.fault(event, f"{key[1]} read document {key[0]} without access")
    state.evidence.readings[key] = state.evidence.readings.get(key, 0) + 1


def _home(state: State, owner: str) -> str | None:
    """The account that an applicant's key has got."""
    opened = state.registry.accounts
    return next(
        (one.account for one in state.registry.applications.values() if one.key == owner and one.account in opened),
        None,
    )
