"""Authority, RuleBook and what every proxy tells."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.state import State

_AUTHORITY = "Authority"
_PUBLIC_ROLE = 2**64 - 1

needs_no_rule("*", "Initialized", "AuthorityUpdated", "RolledBack")  # Upgraded tells which code runs
needs_no_rule(_AUTHORITY, "RoleLabel", "TargetAdminDelayUpdated", "RoleGrantDelayChanged")
needs_no_rule(_AUTHORITY, "OperationScheduled", "OperationExecuted", "OperationCanceled")


@on(_AUTHORITY, "RoleGranted")
def _granted(state: State, event: Event) -> None:
    args = event.args
    state.governance.grants[args["roleId"], args["account"]] = args["delay"]
    state.touch(event, "role", args["roleId"], args["account"])


@on(_AUTHORITY, "RoleRevoked")
def _revoked(state: State, event: Event) -> None:
    key = (event.args["roleId"], event.args["account"])
    if state.governance.grants.pop(key, None) is None:
        state.fault(event, f"{key[1]} did not hold the role {key[0]}")
    state.touch(event, "role", *key)


@on(_AUTHORITY, "RoleAdminChanged")
def _admin(state: State, event: Event) -> None:
    state.governance.admins[event.args["roleId"]] = event.args["admin"]
    state.touch(event, "role admin", event.args["roleId"])


@on(_AUTHORITY, "RoleGuardianChanged")
def _guardian(state: State, event: Event) -> None:
    state.governance.guardians[event.args["roleId"]] = event.args["guardian"]
    state.touch(event, "role guardian", event.args["roleId"])


@on(_AUTHORITY, "TargetFunctionRoleUpdated")
def _function(state: State, event: Event) -> None:
    args = event.args
    state.governance.functions[args["target"], args["selector"]] = args["roleId"]
    state.touch(event, "permission", args["target"], args["selector"])


@on(_AUTHORITY, "TargetClosed")
def _closed(state: State, event: Event) -> None:
    state.governance.closed[event.args["target"]] = event.args["closed"]
    state.touch(event, "closed", event.args["target"])


@on("*", "Upgraded")
def _upgraded(state: State, event: Event) -> None:
    state.governance.implementations[event.address] = event.args["implementation"]
    state.touch(event, "implementation", event.address)


@on("RuleBook", "Published")
def _published(state: State, event: Event) -> None:
    args = event.args
    versions = state.governance.documents.setdefault(args["topic"], [])
    if args["version"] != len(versions) + 1:
        state.fault(event, f"version {args['version']} comes after {len(versions)}")
    versions.append((args["digest"], args["effectiveFrom"]))
    state.touch(event, "document", args["topic"])


# A council stands beside the suite: what it does shows in the events of the contracts that it calls.
needs_no_rule(
    "AllianceCouncil",
    "ApprovalWithdrawn",
    "CallExecuted",
    "CallSalt",
    "CallScheduled",
    "Cancelled",
    "MemberSet",
    "MinDelayChange",
    "OperationApproved",
    "OperationObjected",
    "OperationStopped",
    "RoleAdminChanged",
    "RoleGranted",
    "RoleRevoked",
    "ThresholdSet",
)
