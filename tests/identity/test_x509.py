"""X.509 certificates over chain keys: issued, verified, revoked, attested."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address
from carbon_sdk.identity.attestation import Credentials, Place, domains_digest
from carbon_sdk.identity.x509 import DevelopmentAuthority, NotTrusted, Request, permits, recovered_key, verified

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = Place(31337, Address("0x00000000000000000000000000000000000000AA"))
ACCOUNT = Address("0x00000000000000000000000000000000000000bb")


@pytest.fixture(scope="module")
def authority() -> DevelopmentAuthority:
    return DevelopmentAuthority(now=NOW)


@pytest.fixture
def signer() -> LocalSigner:
    return LocalSigner.new()


def test_a_certificate__of_a_request__is_about_the_chain_key(
    authority: DevelopmentAuthority, signer: LocalSigner
) -> None:
    issued = authority.issue(Request.made(signer, "A. Person", ("Desk.example.org", "a.example")))
    assert issued.key == signer.address
    assert issued.domains == ("desk.example.org", "a.example")
    at = NOW + timedelta(days=1)
    crl = authority.revocation_list(now=NOW)
    assert verified(issued.leaf, authority.issuing, authority.root, crl, now=at) == signer.address
    assert x509.load_pem_x509_certificates(issued.pem) == [issued.leaf, authority.issuing, authority.root]


@pytest.mark.parametrize("days", [-1, 365, 4000])
def test_a_certificate__outside_its_time__is_not_trusted(
    authority: DevelopmentAuthority, signer: LocalSigner, days: int
) -> None:
    issued = authority.issue(Request.made(signer, "A"))
    with pytest.raises(NotTrusted, match="valid from"):
        verified(issued.leaf, authority.issuing, authority.root, now=NOW + timedelta(days=days))


def test_a_certificate__of_another_authority__is_not_trusted(
    authority: DevelopmentAuthority, signer: LocalSigner
) -> None:
    other = DevelopmentAuthority(now=NOW)
    issued = other.issue(Request.made(signer, "A"))
    with pytest.raises(NotTrusted, match="signed by"):
        verified(issued.leaf, authority.issuing, authority.root, now=NOW)
    with pytest.raises(NotTrusted, match="signed by"):
        verified(issued.leaf, other.issuing, authority.root, now=NOW)


def test_a_leaf__used_as_an_authority__is_not_trusted(authority: DevelopmentAuthority) -> None:
    with pytest.raises(NotTrusted):
        verified(authority.issuing, authority.root, authority.root, now=NOW)


def test_a_revoked_certificate__is_trusted_before_and_not_after(
    authority: DevelopmentAuthority, signer: LocalSigner
) -> None:
    issued = authority.issue(Request.made(signer, "A"))
    authority.revoke(issued, x509.ReasonFlags.key_compromise, now=NOW + timedelta(hours=2))
    crl = authority.revocation_list(now=NOW)
    parts = (issued.leaf, authority.issuing, authority.root, crl)
    assert verified(*parts, now=NOW + timedelta(hours=1)) == signer.address
    with pytest.raises(NotTrusted, match="revoked"):
        verified(*parts, now=NOW + timedelta(hours=3))
    with pytest.raises(NotTrusted, match="newer"):
        verified(*parts, now=NOW + timedelta(days=30))
    foreign = DevelopmentAuthority(now=NOW).revocation_list(now=NOW)
    with pytest.raises(NotTrusted, match="list"):
        verified(*parts[:3], foreign, now=NOW)


def test_issuing__what_cannot_be__is_refused(authority: DevelopmentAuthority, signer: LocalSigner) -> None:
    request = Request.made(signer, "A")
    with pytest.raises(InputError, match="at least a day"):
        authority.issue(request, days=0)
    with pytest.raises(InputError, match="authority is not"):
        authority.issue(request, days=99_999)
    with pytest.raises(InputError, match="no point"):
        authority.issue(Request("A", (), b"\4" + b"1" * 64))
    with pytest.raises(InputError, match="name"):
        Request.made(signer, " ")


def test_credentials__need_the_certificates_own_key(authority: DevelopmentAuthority, signer: LocalSigner) -> None:
    issued = authority.issue(Request.made(signer, "A", ("b", "a")))
    found = issued.credentials(PLACE, ACCOUNT, LocalSigner.new(), signer)
    assert found.attestation.fingerprint == issued.fingerprint
    assert found.attestation.domains == domains_digest(("a", "B")) != bytes(32)
    with pytest.raises(InputError, match="is of"):
        issued.credentials(PLACE, ACCOUNT, LocalSigner.new(), LocalSigner.new())
    with pytest.raises(InputError, match="65"):
        Credentials(found.attestation, b"", found.possession_signature)
    assert domains_digest(()) == bytes(32)


def test_a_signature__of_another_key__proves_no_possession(signer: LocalSigner) -> None:
    data = {
        "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "A": [{"name": "b", "type": "string"}]},
        "primaryType": "A",
        "domain": {"name": "n"},
        "message": {"b": "c"},
    }
    assert len(recovered_key(data, signer.sign_typed_data(data), signer.address)) == 65
    with pytest.raises(InputError, match="not of"):
        recovered_key(data, LocalSigner.new().sign_typed_data(data), signer.address)


def test_a_certificate__for_another_domain_or_key__is_not_trusted(
    authority: DevelopmentAuthority, signer: LocalSigner
) -> None:
    """@requirement R-ID-6."""
    issued = authority.issue(Request.made(signer, "A", ("desk.example", "*.plant.example")))
    parts, at = (issued.leaf, authority.issuing, authority.root), NOW + timedelta(days=1)
    for domain in ("desk.example", "DESK.example.", "a.plant.example"):
        assert verified(*parts, now=at, domain=domain, key=signer.address) == signer.address
    for domain in ("other.example", "plant.example", "a.b.plant.example", "desk.example.evil", ""):
        with pytest.raises(NotTrusted, match="permits"):
            verified(*parts, now=at, domain=domain)
    with pytest.raises(NotTrusted, match="not about"):
        verified(*parts, now=at, key=ACCOUNT)
    nameless = authority.issue(Request.made(signer, "A"))
    with pytest.raises(NotTrusted, match="no source domain"):
        verified(nameless.leaf, authority.issuing, authority.root, now=at, domain="desk.example")
    assert not permits((), "")


def test_a_development_authority__saved_and_read__goes_on(signer: LocalSigner, tmp_path: Path) -> None:
    authority = DevelopmentAuthority(now=NOW, years=30)
    issued = authority.issue(Request.made(signer, "A"))
    authority.revoke(issued, now=NOW + timedelta(hours=1))
    authority.save(tmp_path / "pki")
    again = DevelopmentAuthority.load(tmp_path / "pki")
    assert again.digest == authority.digest
    crl = again.revocation_list(now=NOW)
    with pytest.raises(NotTrusted, match="revoked"):
        verified(issued.leaf, again.issuing, again.root, crl, now=NOW + timedelta(hours=2))
    other = again.issue(Request.made(LocalSigner.new(), "B"))
    assert verified(other.leaf, authority.issuing, authority.root, crl, now=NOW + timedelta(hours=2)) == other.key
    with pytest.raises(InputError, match="no development authority"):
        DevelopmentAuthority.load(tmp_path)


def test_a_request__as_a_file__proves_its_key(signer: LocalSigner) -> None:
    """@requirement R-ID-6: an application with another's key."""
    told = Request.signed(signer, "A. Person", ("desk.example",))
    assert Request.read(told) == Request.made(signer, "A. Person", ("desk.example",))
    for changed in (
        {**told, "common_name": "B. Person"},
        {**told, "domains": ["other.example"]},
        {**told, "key": LocalSigner.new().address},
        {**told, "signature": "0x" + "1b" * 65},
        {**told, "signature": "0x00"},
        {**told, "domains": "desk.example"},
        {"common_name": "A"},
    ):
        with pytest.raises(InputError):
            Request.read(changed)
