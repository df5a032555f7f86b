"""`carbon ca`: a certification authority's verbs on the chain, and its tools for X.509 certificates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from carbon_sdk.cli.options import json_option, open_scheme, signer_of, with_key, with_scheme
from carbon_sdk.cli.output import print_json, show
from carbon_sdk.cli.roles import ca
from carbon_sdk.errors import InputError

__all__ = ["ca"]

_SIGNER = "signer.key"
_FOLDER = click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))


@ca.command()
@with_scheme
@with_key
@_FOLDER
@click.option("--name", default="Development Carbon CA", show_default=True, help="Of the authority.")
@click.option("--years", type=click.IntRange(1, 30), default=10, show_default=True, help="It lives so long.")
def develop(
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
    folder: Path,
    name: str,
    years: int,
) -> None:
    """Make a certification authority for development in a new FOLDER, and accredit it with the regulator's key.

    The folder gets a root, an issuing certificate, their keys and a revocation list, and the key that signs for the
    chain; none of them encrypted: never use it for a market that others can reach.
    """
    from datetime import UTC, datetime, timedelta

    from carbon_sdk.chain.clock import Clock
    from carbon_sdk.chain.signers import LocalSigner
    from carbon_sdk.identity.x509 import DevelopmentAuthority

    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty; an authority's keys are never overwritten. Name another folder.")
    with open_scheme(rpc, deployment) as scheme:
        regulator = scheme.regulator(signer_of(keystore, key_env))
        now = datetime.fromtimestamp(scheme.chain.block("latest").timestamp, UTC)
        made, signer = DevelopmentAuthority(name, now=now - timedelta(minutes=1), years=years), LocalSigner.new()
        until = made.root.not_valid_after_utc
        done = regulator.accredit_certification_authority(signer.address, made.digest, until)
        if scheme.chain.is_local:
            Clock(scheme.chain).fund(signer.address)  # it revokes by a transaction of its own
    made.save(folder)
    _write_private(folder / _SIGNER, f"0x{signer.secret().hex()}\n")
    if as_json:
        print_json({"folder": str(folder), "signer": signer.address, "transaction": done.transaction_hash})
    else:
        click.echo(f"{folder}: {name}, accredited as {signer.address} until {until:%Y-%m-%d}.")


@ca.command()
@with_key
@json_option
@click.option("--name", required=True, help="Of the representative.")
@click.option("--domain", "domains", multiple=True, help="Source domain to be permitted; may be given several times.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the request goes. Default: it is printed.")
def request(
    keystore: str | None, key_env: str | None, as_json: bool, name: str, domains: tuple[str, ...], out: Path | None
) -> None:
    """Ask for a certificate over the own key: a file for the authority, signed. Nothing secret is in it."""
    from carbon_sdk.identity.x509 import Request

    made = Request.signed(signer_of(keystore, key_env), name, domains)
    text = json.dumps(made, indent=2)
    if out is None:
        click.echo(text)
    else:
        out.write_text(text + "\n")
        if as_json:
            print_json({"file": str(out), "key": made["key"]})


@ca.command()
@with_scheme
@_FOLDER
@click.argument("file", metavar="REQUEST", type=click.Path(path_type=Path))
@click.argument("whose", metavar="ACCOUNT")
@click.option("--days", type=click.IntRange(1), default=365, show_default=True, help="It is valid so long.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Beginning of the two files' names.")
def issue(
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    folder: Path,
    file: Path,
    whose: str,
    days: int,
    out: Path,
) -> None:
    """Issue a certificate on a REQUEST for an ACCOUNT (known before it is opened), and attest it for the chain.

    Writes OUT.pem, the certificate with those above it, and OUT.attested.json, which the representative completes with
    `carbon ca prove`.
    """
    from datetime import UTC, datetime

    from carbon_sdk.chain.signers import LocalSigner
    from carbon_sdk.identifiers import address
    from carbon_sdk.identity.x509 import DevelopmentAuthority, Request

    authority, asked = DevelopmentAuthority.load(folder), Request.read(_json(file))
    signer = LocalSigner(_read(folder / _SIGNER).decode())
    with open_scheme(rpc, deployment) as scheme:
        now = datetime.fromtimestamp(scheme.chain.block("latest").timestamp, UTC)
        issued = authority.issue(asked, days=days, now=now)
        attestation = issued.attestation(address(whose))
        signature = scheme.certification_authority(signer).attest(attestation)
    content = {
        "attestation": {name: _shown(value) for name, value in attestation.as_dict().items()},
        "ca_signature": _shown(signature),
    }
    pem, attested = out.with_name(f"{out.name}.pem"), out.with_name(f"{out.name}.attested.json")
    pem.write_bytes(issued.pem)
    attested.write_text(json.dumps(content, indent=2) + "\n")
    if as_json:
        print_json({"certificate": str(pem), "attested": str(attested), "fingerprint": issued.fingerprint})
    else:
        click.echo(f"{pem}, {attested}: 0x{issued.fingerprint.hex()}")


@ca.command()
@with_scheme
@with_key
@click.argument("file", metavar="ATTESTED", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The credentials for the registry.")
def prove(
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
    file: Path,
    out: Path,
) -> None:
    """Complete what an authority ATTESTED with the own key's proof of possession: the registry's credentials file."""
    from carbon_sdk.actors.company import AccountHolder
    from carbon_sdk.cli.values import bytes32_of
    from carbon_sdk.identifiers import address

    content, signer = _json(file), signer_of(keystore, key_env)
    try:
        said = content["attestation"]
        fingerprint, whose, key = said["fingerprint"], address(said["account"]), address(said["key"])
    except (KeyError, TypeError):
        raise InputError(f"{file} is not what `carbon ca issue` writes.") from None
    if key != signer.address:
        raise InputError(f"The certificate is about the key {key}, not about {signer.address}.")
    with open_scheme(rpc, deployment) as scheme:
        proof = AccountHolder(scheme, signer).possess(bytes32_of("fingerprint", fingerprint), whose)
    out.write_text(json.dumps({**content, "possession_signature": _shown(proof)}, indent=2) + "\n")
    if as_json:
        print_json({"file": str(out)})


@ca.command()
@json_option
@click.argument("file", metavar="CERTIFICATE", type=click.Path(path_type=Path))
@click.option("--root", required=True, type=click.Path(path_type=Path), help="That is trusted, as PEM.")
@click.option("--crl", type=click.Path(path_type=Path), help="The issuing authority's revocation list, as PEM.")
@click.option("--domain", help="Source domain that it must permit.")
@click.option("--key", help="Address of the key that it must be about.")
@click.option("--credentials", type=click.Path(path_type=Path), help="That must attest just what the certificate says.")
@click.option("--at", metavar="TIME", help="As of when. Default: now.")
def verify(
    as_json: bool,
    file: Path,
    root: Path,
    crl: Path | None,
    domain: str | None,
    key: str | None,
    credentials: Path | None,
    at: str | None,
) -> None:
    """Check a CERTIFICATE (PEM, with its issuer's): signatures up to the root, validity, revocation, domain, key.

    Exit code 2 with the reason when it is not worth what it says.
    """
    from datetime import UTC, datetime

    from cryptography import x509

    from carbon_sdk.actors.values import moment
    from carbon_sdk.cli.values import credentials_of, seconds_of
    from carbon_sdk.identifiers import address
    from carbon_sdk.identity.x509 import check_attested, domains_of, verified

    chain = _parsed(file, x509.load_pem_x509_certificates)
    if len(chain) < 2:
        raise InputError(f"{file} holds {len(chain)} certificate; the one that issued it is needed too.")
    found = verified(
        chain[0],
        chain[1],
        _parsed(root, x509.load_pem_x509_certificate),
        None if crl is None else _parsed(crl, x509.load_pem_x509_crl),
        now=None if at is None else datetime.fromtimestamp(moment(seconds_of("at", at), "at"), UTC),
        domain=domain,
        key=None if key is None else address(key),
    )
    if credentials is not None:
        check_attested(credentials_of(_json(credentials)).attestation, chain[0])
    domains = domains_of(chain[0])
    if as_json:
        print_json({"key": found, "domains": domains, "until": chain[0].not_valid_after_utc})
    else:
        click.echo(
            f"{file} is good: {found}, until {chain[0].not_valid_after_utc}, {', '.join(domains) or 'no domains'}"
        )


@ca.command()
@with_scheme
@_FOLDER
@click.argument("file", metavar="CERTIFICATE", type=click.Path(path_type=Path))
@click.option("--compromised", is_flag=True, help="The key is in other hands.")
def recall(rpc: str | None, deployment: str | None, as_json: bool, folder: Path, file: Path, compromised: bool) -> None:
    """Revoke a CERTIFICATE of the authority in FOLDER: on its revocation list, and on the chain at once."""
    from datetime import UTC, datetime

    from cryptography import x509

    from carbon_sdk.chain.signers import LocalSigner
    from carbon_sdk.identity.x509 import DevelopmentAuthority, Issued

    authority, signer = DevelopmentAuthority.load(folder), LocalSigner(_read(folder / _SIGNER).decode())
    chain = _parsed(file, x509.load_pem_x509_certificates)
    issued = Issued(chain[0], tuple(chain[1:]))
    reason = x509.ReasonFlags.key_compromise if compromised else x509.ReasonFlags.unspecified
    with open_scheme(rpc, deployment) as scheme:
        now = datetime.fromtimestamp(scheme.chain.block("latest").timestamp, UTC)
        done = scheme.certification_authority(signer).revoke(issued.fingerprint, int(compromised))
    authority.revoke(issued, reason, now=now)
    authority.save(folder)
    show(done, as_json)


def _shown(value: object) -> object:
    return f"0x{value.hex()}" if isinstance(value, bytes) else value


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(_read(path))
    except ValueError:
        raise InputError(f"{path} is no JSON.") from None
    if not isinstance(content, dict):
        raise InputError(f"{path} is no JSON object.")
    return content


def _parsed(path: Path, reader: Any) -> Any:
    try:
        return reader(_read(path))
    except ValueError:
        raise InputError(f"{path} is not in PEM, or not what it should be.") from None
