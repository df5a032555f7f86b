"""Registration from the applicant's side (clause 8.2): policy, documents, application, and the answer, verified."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from carbon_sdk.actors.company import REGISTRATION_POLICY, AccountHolder
from carbon_sdk.actors.evidence import EvidenceHolder
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.contracts.generated.events import AccountOpened
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.rule_book import RuleBook
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.evidence.record import Record
from carbon_sdk.evidence.registration import RegistrationData
from carbon_sdk.evidence.vault import Vault
from carbon_sdk.identifiers import Address, address, keccak


@dataclass(frozen=True, slots=True)
class Filed:
    """An application that was filed. Keep the record: its salts prove what was said.

    Attributes:
        application: Its number.
        account: The address that the account will have.
        document: Number of the encrypted record in the evidence registry.
        policy: Version of the policy that was accepted.
        record: Fields and documents of Table 2.
    """

    application: int
    account: Address
    document: int
    policy: int
    record: Record


@dataclass(frozen=True, slots=True)
class RegistrationReceipt:
    """The registry's answer, as the applicant finds it on the chain.

    Attributes:
        application: Its number.
        account: That was opened.
        key: That acts for it.
        block: In which it was opened.
        transaction: Likewise.
        capabilities: Bits of `Capability`: registry, trading, reporting account.
        problems: Everything that is not as it should be; empty: it is genuine.
    """

    application: int
    account: Address
    key: Address
    block: int
    transaction: str
    capabilities: int
    problems: tuple[str, ...]


def accepted_policy(suite: Suite, content: bytes) -> int:
    """Version of the registration policy in force, when this is its document.

    Raises:
        InputError: It is another document, such as an older version.
    """
    found = suite.contract(RuleBook).current(keccak(REGISTRATION_POLICY.encode()))
    if sha256(content).digest() != found.digest:
        raise InputError(
            f"That is not the registration policy in force: version {found.version} has the digest "
            f"0x{found.digest.hex()}, this document 0x{sha256(content).hexdigest()}. Fetch it anew, and read it."
        )
    return found.version


def register(
    holder: AccountHolder,
    vault: Vault,
    policy: bytes,
    data: RegistrationData,
    kind: AccountKind,
    *,
    region: int = 0,
    sector: int = 0,
    owner: int = 0,
) -> Filed:
    """Apply for an account: check the policy, encrypt the record for the registry's office, commit to it, file.

    Args:
        holder: With the key that was made for this account; it has registered an encryption key.
        vault: Takes the record.
        policy: The document that is accepted, as it was fetched.
        data: Table 2.
        kind: What for.
        region: Number in the scheme.
        sector: Of the economic activity.
        owner: Group of beneficial owners.

    Raises:
        InputError: The policy is not the one in force, or somebody has no encryption key; nothing was sent.
        StalePolicy: It was replaced just now.
    """
    version = accepted_policy(holder.suite, policy)
    record = data.record()
    evidence = EvidenceHolder(holder.suite, holder.signer)
    document = evidence.put(vault, record.as_bytes(), office=Role.REGISTRY_OPERATOR)
    filed = holder.apply_for_account(
        kind, record.root, region=region, sector=sector, owner=owner, policy_version=version
    )
    number = filed.result
    account = holder.suite.contract(StakeholderRegistry).account_of(number)
    return Filed(number, account, document, version, record)


def receipt_of(suite: Suite, key: Address, root: bytes | None = None) -> RegistrationReceipt:
    """The answer to an approved application, checked against what its applicant knows.

    Args:
        suite: Where.
        key: With which it was filed.
        root: Of the record that was filed; None does not compare it.

    Raises:
        InputError: The key filed nothing, or it was not approved yet.
    """
    registry = suite.contract(StakeholderRegistry)
    number = registry.application_of_key(key)
    if not number:
        raise InputError(f"The key {key} filed no application.")
    filed = registry.application_of(number)
    topics = [AccountOpened.TOPIC, None, f"0x{number:064x}"]
    found = next(suite.chain.events(suite.deployment.block, addresses=[registry.address], topics=topics), None)
    if found is None or not isinstance(found.event, AccountOpened):
        raise InputError(f"Application {number} is {filed.status.name}: there is no account yet.")
    opened, problems = found.event, []
    represented = suite.contract(InstrumentLedger).representation_of(key)
    for what, is_, should in (
        ("account", opened.account, account_address(suite, number)),
        ("key", opened.key, key),
        ("kind", opened.kind, filed.form.kind),
        ("region", opened.region, filed.form.region),
        ("sector", opened.sector, filed.form.sector),
        ("owner", opened.owner, filed.form.owner),
        ("record", opened.record, filed.form.record if root is None else root),
        ("represented account", represented.account, opened.account),
    ):
        if is_ != should:
            problems.append(f"{what}: {_shown(is_)}, not {_shown(should)}")
    if filed.form.wants_reporting and not opened.capabilities & 4:
        problems.append("the reporting account is missing")
    return RegistrationReceipt(
        number, opened.account, opened.key, found.block, found.transaction, opened.capabilities, tuple(problems)
    )


def account_address(suite: Suite, application: int) -> Address:
    """The address of an application's account, computed here, not asked for."""
    registry = int(suite.deployment.address_of("StakeholderRegistry"), 16)
    words = (128, suite.chain.id, registry, application)
    name = b"carbon.account"
    encoded = b"".join(word.to_bytes(32, "big") for word in words)
    return address(keccak(encoded + len(name).to_bytes(32, "big") + name.ljust(32, b"\0"))[12:])


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
