"""First act: a certification authority, applications, certificates, accounts, verifiers, installations, plans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from carbon_sdk.actors.company import REGISTRATION_POLICY, SourceStream
from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.contracts.generated.certificate_registry import CertificateRegistry
from carbon_sdk.contracts.generated.events import AccountOpened, ApplicationFiled, InstallationRegistered, PlanFiled
from carbon_sdk.contracts.generated.rule_book import RuleBook
from carbon_sdk.demo.stage import Party, Stage, events
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.identifiers import Address, keccak
from carbon_sdk.identity.attestation import Credentials, Place
from carbon_sdk.identity.x509 import DevelopmentAuthority, Request

YEARS = 3
"""For which authorities are accredited and certificates valid."""


def register_everybody(stage: Stage) -> None:
    """Open an account for every party, each with a certificate."""
    suite, parties = stage.suite, stage.cast.parties
    place = Place(stage.chain.id, suite.contract(CertificateRegistry).address)
    since = datetime.fromtimestamp(stage.now, UTC)
    issuer = DevelopmentAuthority("Certification authority of the year", now=since)
    authority = stage.cast.authority.address
    stage.by(
        Role.REGULATOR,
        [
            stage.regulator.accredit_certification_authority.act(
                authority, issuer.digest, since + timedelta(days=YEARS * 365)
            )
        ],
    )
    policy = suite.contract(RuleBook).current(keccak(REGISTRATION_POLICY.encode())).version
    filed = events(
        stage.do_all(
            (
                party.signer,
                stage.company(party).apply_for_account.act(
                    party.kind,
                    f"record of {party.name}",
                    region=party.region,
                    sector=party.sector,
                    policy_version=policy,
                ),
            )
            for party in parties
        ),
        ApplicationFiled,
    )
    numbers = {event.key: event.id for event in filed}
    accounts = {event.key: event.account for event in filed}
    officer = RegistryOperator(suite, stage.cast.officers[Role.REGISTRY_OPERATOR])
    opened = events(
        stage.by(
            Role.REGISTRY_OPERATOR,
            [
                officer.approve.act(
                    numbers[party.signer.address],
                    _certified(stage, issuer, place, party, accounts[party.signer.address]),
                )
                for party in parties
            ],
        ),
        AccountOpened,
    )
    by_key = {event.key: event.account for event in opened}
    for party in parties:
        party.account = by_key[party.signer.address]
    stage.tell(f"{len(filed)} applications, each with an X.509 certificate; {len(opened)} accounts opened")


def register_installations(stage: Stage) -> None:
    """Accredit the verifiers, register the installations, enrol their operators; plans are filed and approved."""
    regulator, year = stage.regulator, stage.year
    until = stage.now + YEARS * 365 * 86400
    acts = [
        *(regulator.accredit_verifier.act(one.account, until, f"scope of {one.name}") for one in stage.cast.verifiers),
        *(
            regulator.register_installation.act(one.account, f"permit {one.plant.permit}", one.region, one.sector, year)
            for one in stage.cast.companies
            if one.plant
        ),
        *(regulator.enrol.act(one.account, year) for one in stage.cast.companies),
    ]
    numbers = {
        event.account: event.installation for event in events(stage.by(Role.REGULATOR, acts), InstallationRegistered)
    }
    for party in stage.cast.companies:
        party.installation = numbers[party.account]
    plans = events(
        stage.do_all(
            (
                party.signer,
                stage.company(party).file_plan.act(party.installation, year, f"plan of {party.name}", _streams(party)),
            )
            for party in stage.cast.companies
        ),
        PlanFiled,
    )
    stage.by(Role.REGULATOR, [regulator.approve_plan.act(plan.installation, plan.version) for plan in plans])
    stage.tell(f"{len(numbers)} installations registered, {len(plans)} monitoring plans filed and approved")


def _certified(stage: Stage, issuer: DevelopmentAuthority, place: Place, party: Party, account: Address) -> Credentials:
    """A certificate for the key that stands behind an account, with both signatures."""
    issued = issuer.issue(Request.made(party.signer, party.name), days=YEARS * 365)
    return issued.credentials(place, account, stage.cast.authority, party.signer)


def _streams(party: Party) -> list[SourceStream]:
    return [SourceStream(stream.method) for stream in party.plant.streams] if party.plant else []
