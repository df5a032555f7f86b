"""Registration the whole way: policy, key, encrypted record, application, decision, receipt. R-ID-1 to R-ID-4"""

from __future__ import annotations

import io
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from carbon_sdk.actors.company import AccountHolder
from carbon_sdk.actors.evidence import EvidenceHolder
from carbon_sdk.actors.registration import accepted_policy, account_address, receipt_of, register
from carbon_sdk.chain.signers import KeystoreSigner, create_keystore
from carbon_sdk.contracts.generated import errors
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError
from carbon_sdk.evidence.keys import Keyring
from carbon_sdk.evidence.record import Record, proves
from carbon_sdk.evidence.registration import NUMBER, RegistrationData
from carbon_sdk.evidence.vault import Vault
from carbon_sdk.identity.x509 import Request
from tests.actors.conftest import Town

POLICY = b"Registration policy, second edition"
DATA = RegistrationData(
    name="Newcomer Power Ltd",
    type="limited company",
    industry="electric power",
    address="1 High Street",
    business_licence=b"%PDF licence",
    legal_representative_id=b"%PDF passport",
    power_of_attorney=b"%PDF attorney",
    bank_account="GB00 0000 0000",
)


def test_registration__the_whole_way__ends_in_a_receipt_that_holds(town: Town, tmp_path: Path) -> None:
    town.regulator.publish("registration-policy", POLICY, "https://rules.example/policy/2")
    vault, office_ring = Vault(tmp_path / "vault"), Keyring(tmp_path / "office", "password")
    officer = EvidenceHolder(town.scheme, town.signer("registry-operator")).as_office(Role.REGISTRY_OPERATOR)
    officer.register_encryption_key(office_ring.new())
    # The key is made on the applicant's machine and stays there, encrypted
    create_keystore(tmp_path / "key.json", "password")
    signer = KeystoreSigner(tmp_path / "key.json", "password")
    town.clock.fund(signer.address)
    applicant = AccountHolder(town.scheme, signer)
    EvidenceHolder(town.scheme, signer).register_encryption_key(Keyring(tmp_path / "ring", "password").new())
    with pytest.raises(InputError, match="not the registration policy in force"):
        register(applicant, vault, b"Registration policy, first edition", DATA, AccountKind.OPERATOR)
    filed = register(applicant, vault, POLICY, DATA, AccountKind.OPERATOR, region=1, sector=35)
    with pytest.raises(InputError, match="no account yet"):
        receipt_of(town.scheme, signer.address)
    # The office reads the record and checks it against the application
    read = io.BytesIO()
    officer.get(vault, office_ring, filed.document, read)
    record = Record.from_bytes(read.getvalue())
    application = town.registrar.application(filed.application)
    assert record.root == application.filed.form.record
    assert RegistrationData.of(record) == DATA
    assert set(record.contents) == set(NUMBER)
    assert proves(record.proof("business_licence"), record.root)
    # Nothing of it is on the chain or in the vault in the clear
    for path, _ in vault.paths():
        with vault.read(path) as file:
            assert b"Newcomer" not in file.read()
    # Returned with reasons, amended, approved
    town.registrar.return_for_correction(filed.application, "the licence is not legible")
    better = replace(DATA, business_licence=b"%PDF legible").record()
    applicant.amend_application(
        filed.application, AccountKind.OPERATOR, better.root, region=1, sector=35, policy_version=filed.policy
    )
    ca = town.scheme.certification_authority(town.ca)
    issued = town.pki.issue(Request.made(signer, "Newcomer", ("newcomer.example",)), days=300)
    town.registrar.approve(filed.application, issued.credentials(ca.place, filed.account, town.ca, signer))
    receipt = receipt_of(town.scheme, signer.address, better.root)
    assert receipt.problems == ()
    assert receipt.account == filed.account == account_address(town.scheme, filed.application)
    assert receipt.capabilities == 7  # registry, trading, reporting
    assert "record" in receipt_of(town.scheme, signer.address, filed.record.root).problems[0]


def test_application__citing_an_old_policy__is_refused(town: Town) -> None:
    """R-ID-1"""
    old = accepted_policy_version(town)
    town.regulator.publish("registration-policy", POLICY, "https://rules.example/policy/2")
    assert accepted_policy(town.scheme, POLICY) == old + 1
    applicant = AccountHolder(town.scheme, town.signer("newcomer"))
    with pytest.raises(errors.StalePolicy) as caught:
        applicant.apply_for_account(AccountKind.TRADER, "record", policy_version=old)
    assert dict(caught.value.arguments) == {"given": old, "current": old + 1}
    with pytest.raises(InputError, match="filed no application"):
        receipt_of(town.scheme, applicant.address)


def accepted_policy_version(town: Town) -> int:
    return int(town.scheme.public.document("registration-policy").version)


def test_refusal__with_reasons__is_told_by_their_digest(town: Town) -> None:
    applicant = AccountHolder(town.scheme, town.signer("newcomer"))
    number = applicant.apply_for_account(AccountKind.TRADER, "record").result
    refused = town.registrar.refuse(number, "the licence is forged")
    assert refused.events[0].as_dict()["reasons"] == sha256(b"the licence is forged").digest()
    assert applicant.applications()[0].state == "refused"
