"""Accounts for those who stand in a case, opened as everybody's are: application, certificate, approval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from carbon_sdk.actors.company import REGISTRATION_POLICY, AccountHolder
from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.certificate_registry import CertificateRegistry
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.contracts.generated.rule_book import RuleBook
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.identifiers import Address, keccak
from carbon_sdk.identity.attestation import Place
from carbon_sdk.identity.x509 import DevelopmentAuthority, Request
from carbon_sdk.replay.conveyor import Keyed
from carbon_sdk.replay.ground import Ground

OFFICERS_GAS, HOLDERS_GAS = 5_000_000, 30_000_000
"""What a key may use on a chain where gas has to be paid for; an officer's for each account."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in a case.

    Attributes:
        name: As the case calls them.
        kind: Of account.
        signer: The representative's key.
        account: Opened by the registry.
    """

    name: str
    kind: AccountKind
    signer: Signer
    account: Address


def open_accounts(ground: Ground, kinds: Sequence[tuple[str, AccountKind]], until: int) -> dict[str, Party]:
    """An account for each name, with a certificate that is valid until Unix seconds `until` at least.

    Raises:
        ReplayStopped: The registry refused one.
    """
    signers = {name: ground.journal.key(f"holder {name}") for name, _ in kinds}
    officers = [ground.officer(role) for role in Role]
    ground.fund(officers, OFFICERS_GAS * len(kinds))
    waiting = [name for name, _ in kinds if f"apply {name}" not in ground.journal.done]
    ground.fund([signers[name] for name in waiting], HOLDERS_GAS)
    _apply(ground, kinds, signers)
    accounts = _accounts(ground, [signer.address for signer in signers.values()])
    parties = {
        name: Party(name, kind, signers[name], account) for (name, kind), account in zip(kinds, accounts, strict=True)
    }
    _approve(ground, list(parties.values()), until)
    return parties


def _apply(ground: Ground, kinds: Sequence[tuple[str, AccountKind]], signers: Mapping[str, Signer]) -> None:
    policy = ground.scheme.contract(RuleBook).current(keccak(REGISTRATION_POLICY.encode())).version
    acts = [
        Keyed(
            f"apply {name}",
            signers[name],
            AccountHolder(ground.scheme, signers[name]).apply_for_account.act(
                kind, keccak(ground.journal.seed + b"record of " + name.encode()), policy_version=policy
            ),
        )
        for name, kind in kinds
    ]
    ground.conveyor.carry_alike(acts)
    ground.tell(f"{len(acts):,} applications filed")


def _accounts(ground: Ground, keys: Sequence[Address]) -> list[Address]:
    registry = ground.scheme.contract(StakeholderRegistry)
    numbers = _numbers(ground, keys)
    return ground.chain.read_many([registry.ACCOUNT_OF.on(registry.address, number) for number in numbers])


def _approve(ground: Ground, parties: Sequence[Party], until: int) -> None:
    left = [party for party in parties if f"approve {party.name}" not in ground.journal.done]
    if not left:
        return
    since = datetime.fromtimestamp(ground.chain.block().timestamp, UTC)
    days = max((datetime.fromtimestamp(until, UTC) - since).days, 0) + 366
    # Each run has an authority of its own, whose keys end with it; earlier ones' certificates stand.
    place = Place(ground.chain.id, ground.scheme.contract(CertificateRegistry).address)
    issuer = DevelopmentAuthority("Certification authority of the replay", now=since, years=days // 365 + 2)
    authority = ground.journal.key(f"authority of {issuer.digest.hex()}")
    regulator = Regulator(ground.scheme, ground.officer(Role.REGULATOR))
    accredited = regulator.accredit_certification_authority.act(
        authority.address, issuer.digest, since + timedelta(days=days)
    )
    ground.conveyor.carry_alike([Keyed(f"accredit {issuer.digest.hex()}", regulator.signer, accredited)])
    officer = RegistryOperator(ground.scheme, ground.officer(Role.REGISTRY_OPERATOR))
    numbers = _numbers(ground, [party.signer.address for party in left])
    ground.conveyor.carry_alike(
        [
            Keyed(
                f"approve {party.name}",
                officer.signer,
                officer.approve.act(
                    number,
                    issuer.issue(Request.made(party.signer, party.name), days=days).credentials(
                        place, party.account, authority, party.signer
                    ),
                ),
            )
            for party, number in zip(left, numbers, strict=True)
        ]
    )
    ground.tell(f"{len(left):,} accounts opened, each with an X.509 certificate")


def _numbers(ground: Ground, keys: Sequence[Address]) -> list[int]:
    registry = ground.scheme.contract(StakeholderRegistry)
    return ground.chain.read_many([registry.APPLICATION_OF_KEY.on(registry.address, key) for key in keys])
