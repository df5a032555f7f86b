"""StakeholderRegistry and CertificateRegistry."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.state import Account, Application, Certificate, State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address

_REGISTRY = "StakeholderRegistry"
_CERTIFICATES = "CertificateRegistry"
_ALL_RIGHTS = 0x3F
_ACTIVE, _CLOSED = 1, 3

needs_no_rule(_CERTIFICATES, "EIP712DomainChanged")  # of the standard; never emitted here


# APPLICATIONS


@on(_REGISTRY, "ApplicationFiled")
def _filed(state: State, event: Event) -> None:
    args = event.args
    if args["id"] != len(state.registry.applications) + 1:
        state.fault(event, f"application {args['id']} comes after {len(state.registry.applications)}")
    state.registry.applications[args["id"]] = Application(
        args["key"], args["account"], 1, event.timestamp, args["form"]["record"]
    )
    state.touch(event, "application", args["id"])


@on(_REGISTRY, "ApplicationAmended")
def _amended(state: State, event: Event) -> None:
    if application := _application(state, event):
        application.status, application.filed_at = 1, event.timestamp
        application.record = event.args["form"]["record"]


@on(_REGISTRY, "ApplicationReturned")
def _returned(state: State, event: Event) -> None:
    if application := _application(state, event):
        application.status = 2


@on(_REGISTRY, "ApplicationRefused")
def _refused(state: State, event: Event) -> None:
    if application := _application(state, event):
        application.status = 3


@on(_REGISTRY, "ApplicationWithdrawn")
def _withdrawn(state: State, event: Event) -> None:
    if application := _application(state, event):
        application.status = 4


@on(_REGISTRY, "AccountOpened")
def _opened(state: State, event: Event) -> None:
    args, registry = event.args, state.registry
    account = args["account"]
    if account in registry.accounts:
        state.fault(event, f"{account} was opened before")
    application = registry.applications.get(args["applicationId"])
    if application is None or application.account != account or application.key != args["key"]:
        state.fault(event, f"{account} is opened on an application that is not its own")
    else:
        application.status = 5
    registry.accounts[account] = Account(
        args["applicationId"],
        args["kind"],
        _ACTIVE,
        args["capabilities"],
        args["region"],
        args["sector"],
        args["owner"],
        event.timestamp,
        args["key"],
        args["certificateUntil"],
        args["record"],
    )
    _represent(state, event, args["key"], account, _ALL_RIGHTS, args["certificateUntil"])
    state.touch(event, "account", account)
    state.touch(event, "application", args["applicationId"])


# REPRESENTATIVES


@on(_REGISTRY, "RepresentativeAdded")
def _added(state: State, event: Event) -> None:
    args = event.args
    _represent(state, event, args["key"], args["account"], args["rights"], args["certificateUntil"])


@on(_REGISTRY, "RightsChanged")
def _rights(state: State, event: Event) -> None:
    key = event.args["key"]
    account, _, until = state.registry.keys.get(key, (event.args["account"], 0, 0))
    state.registry.keys[key] = (account, event.args["rights"], until)
    state.touch(event, "representative", key)


@on(_REGISTRY, "RepresentativeRemoved")
def _removed(state: State, event: Event) -> None:
    if state.registry.keys.pop(event.args["key"], None) is None:
        state.fault(event, f"{event.args['key']} represented nobody")
    state.touch(event, "representative", event.args["key"])


@on(_REGISTRY, "KeyRotated")
def _rotated(state: State, event: Event) -> None:
    args = event.args
    rights = state.registry.keys.pop(args["oldKey"], (args["account"], 0, 0))[1]
    _represent(state, event, args["newKey"], args["account"], rights, args["certificateUntil"])
    state.touch(event, "representative", args["oldKey"])
    account = state.registry.accounts.get(args["account"])
    if account and account.principal == args["oldKey"]:
        account.principal, account.certificate_until = args["newKey"], args["certificateUntil"]


@on(_REGISTRY, "PrincipalChanged")
def _principal(state: State, event: Event) -> None:
    if account := _account(state, event):
        account.principal, account.certificate_until = event.args["key"], event.args["certificateUntil"]


@on(_REGISTRY, "CertificateChanged")
def _certificate_changed(state: State, event: Event) -> None:
    key, until = event.args["key"], event.args["certificateUntil"]
    if key in state.registry.keys:
        account, rights, _ = state.registry.keys[key]
        state.registry.keys[key] = (account, rights, until)
    one = _account(state, event)
    if one and one.principal == key:
        one.certificate_until = until
    state.touch(event, "representative", key)


@on(_REGISTRY, "RotationRequested")
def _rotation_requested(state: State, event: Event) -> None:
    args = event.args
    state.registry.rotations[args["oldKey"]] = (args["newKey"], args["until"], args["by"])
    state.touch(event, "rotation", args["oldKey"])


@on(_REGISTRY, "RotationConfirmed")
def _rotation_confirmed(state: State, event: Event) -> None:
    args = event.args
    _, until, by = state.registry.rotations.pop(args["oldKey"], (ZERO_ADDRESS, 0, ZERO_ADDRESS))
    if until <= event.timestamp or by == args["by"]:
        state.fault(event, f"the rotation of {args['oldKey']}, asked by {by}, could not be confirmed by {args['by']}")
    state.touch(event, "rotation", args["oldKey"])


# ACCOUNTS


@on(_REGISTRY, "AccountRulesSet")
def _rules(state: State, event: Event) -> None:
    rules = event.args["rules"]
    state.registry.rules = (rules["rotationWithin"], rules["closingNotice"])
    state.touch(event, "account rules")


@on(_REGISTRY, "ClosingAnnounced")
def _closing(state: State, event: Event) -> None:
    state.registry.closings[event.args["account"]] = event.args["from"]
    state.touch(event, "closing", event.args["account"])


@on(_REGISTRY, "ClosingStopped")
def _closing_stopped(state: State, event: Event) -> None:
    state.registry.closings[event.args["account"]] = 0
    state.touch(event, "closing", event.args["account"])


@on(_REGISTRY, "StatusChanged")
def _status(state: State, event: Event) -> None:
    if account := _account(state, event):
        account.status = event.args["status"]
        if account.status == _CLOSED:
            state.registry.closings[event.args["account"]] = 0
            state.touch(event, "closing", event.args["account"])


@on(_REGISTRY, "RestrictionsChanged")
def _restrictions(state: State, event: Event) -> None:
    if account := _account(state, event):
        account.authority_restrictions = event.args["authorityRestrictions"]
        account.compliance_restrictions = event.args["complianceRestrictions"]


@on(_REGISTRY, "ConductRestrictionsChanged")
def _conduct(state: State, event: Event) -> None:
    if account := _account(state, event):
        account.conduct_restrictions = event.args["conductRestrictions"]
        account.conduct_lapse = (event.args["lapsing"], event.args["lapseAt"])


@on(_REGISTRY, "CapabilitiesChanged")
def _capabilities(state: State, event: Event) -> None:
    if account := _account(state, event):
        account.capabilities = event.args["capabilities"]


@on(_REGISTRY, "RecordAmended")
def _record(state: State, event: Event) -> None:
    if account := _account(state, event):
        account.record = event.args["record"]


@on(_REGISTRY, "OwnerChanged")
def _owner(state: State, event: Event) -> None:
    if account := _account(state, event):
        account.owner = event.args["owner"]


@on(_REGISTRY, "OfficerAssigned")
def _officer(state: State, event: Event) -> None:
    state.registry.officers[event.args["officer"]] = event.args["region"]
    state.touch(event, "officer", event.args["officer"])


# CERTIFICATES


@on(_CERTIFICATES, "Accredited")
def _accredited(state: State, event: Event) -> None:
    args = event.args
    state.registry.accredited[args["signer"]] = (args["number"], args["since"], args["until"], 0)
    state.touch(event, "signer", args["signer"])


@on(_CERTIFICATES, "AccreditationWithdrawn")
def _accreditation_withdrawn(state: State, event: Event) -> None:
    signer = event.args["signer"]
    number, since, until, _ = state.registry.accredited.get(signer, (0, 0, 0, 0))
    state.registry.accredited[signer] = (number, since, until, event.args["withdrawnAt"])
    state.touch(event, "signer", signer)


@on(_CERTIFICATES, "CertificateBound")
def _bound(state: State, event: Event) -> None:
    args, registry = event.args, state.registry
    if args["fingerprint"] in registry.certificates:
        state.fault(event, f"certificate 0x{args['fingerprint'].hex()} was bound before")
    previous = registry.certificates.get(registry.current_certificate.get(args["key"], b""))
    if previous:
        previous.current = False
    registry.certificates[args["fingerprint"]] = Certificate(
        args["account"], args["key"], args["signer"], args["notAfter"]
    )
    registry.current_certificate[args["key"]] = args["fingerprint"]
    state.touch(event, "certificate", args["fingerprint"])


@on(_CERTIFICATES, "CertificateRevoked")
def _revoked(state: State, event: Event) -> None:
    certificate = state.registry.certificates.get(event.args["fingerprint"])
    if certificate is None:
        state.fault(event, "it was never bound")
        return
    certificate.revoked_at = event.args["revokedAt"]
    state.touch(event, "certificate", event.args["fingerprint"])


def _represent(state: State, event: Event, key: Address, account: Address, rights: int, until: int) -> None:
    if key in state.registry.keys:
        state.fault(event, f"{key} was used before")
    state.registry.keys[key] = (account, rights, until)
    state.touch(event, "representative", key)


def _application(state: State, event: Event) -> Application | None:
    application = state.registry.applications.get(event.args["id"])
    if application is None:
        state.fault(event, f"application {event.args['id']} was never filed")
    state.touch(event, "application", event.args["id"])
    return application


def _account(state: State, event: Event) -> Account | None:
    account = state.registry.accounts.get(event.args["account"])
    if account is None:
        state.fault(event, f"{event.args['account']} was never opened")
    state.touch(event, "account", event.args["account"])
    return account
