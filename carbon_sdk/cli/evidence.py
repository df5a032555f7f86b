"""`carbon evidence`: documents encrypted for their readers, and who may read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from carbon_sdk.cli.options import PASSWORD, _password, open_scheme, signer_of, with_key, with_scheme

if TYPE_CHECKING:
    from carbon_sdk.actors.evidence import EvidenceHolder
    from carbon_sdk.deployment.permissions import Role
    from carbon_sdk.evidence.keys import Keyring
    from carbon_sdk.evidence.vault import Vault

F = TypeVar("F", bound=Callable[..., Any])

RING = ".carbon/encryption-keys"
vault_option = click.option(
    "--vault", "place", envvar="CARBON_VAULT", required=True, metavar="URL", help="Folder or URL of the documents."
)
ring_option = click.option(
    "--keyring",
    "ring",
    default=RING,
    show_default=True,
    metavar="FOLDER",
    help=f"Own encryption keys; their password comes from {PASSWORD} or is asked.",
)
office_option = click.option("--as-office", "role", metavar="ROLE", help="Act as a member of this office.")
until_option = click.option("--until", metavar="TIME", help="Excluded. Default: until it is withdrawn.")


def _with_holder(command: F) -> F:
    return with_scheme(with_key(office_option(command)))


@contextmanager
def _holder(given: dict[str, Any]) -> Iterator[EvidenceHolder]:
    """Whoever the options name, with what is left of them."""
    signer = signer_of(given.pop("keystore"), given.pop("key_env"))
    role = given.pop("role")
    with open_scheme(given.pop("rpc"), given.pop("deployment")) as scheme:
        holder = scheme.evidence(signer)
        yield holder if role is None else holder.as_office(_role(role))


def _role(text: str) -> Role:
    from carbon_sdk.deployment.permissions import Role

    return Role.parse(text)


def _vault(place: str) -> Vault:
    from carbon_sdk.evidence.vault import Vault

    return Vault(place)


def _ring(folder: str) -> Keyring:
    from carbon_sdk.evidence.keys import Keyring

    return Keyring(folder, _password)


def _party(text: str) -> Any:
    """An address, or the name of an office."""
    from carbon_sdk.actors.evidence import office_of
    from carbon_sdk.identifiers import address

    return address(text) if text.startswith("0x") else office_of(_role(text))


def _moment(text: str | None) -> int | None:
    from datetime import datetime

    from carbon_sdk.actors.values import moment
    from carbon_sdk.errors import InputError

    if text is None:
        return None
    if text.isdigit():
        return int(text)
    try:
        return moment(datetime.fromisoformat(text))
    except ValueError:
        raise InputError(f"{text!r} is no time: write 2022-03-31T23:59:59+01:00, or Unix seconds.") from None


@contextmanager
def _progress(total: int, as_json: bool) -> Iterator[Callable[[int], object] | None]:
    """A bar on standard error where somebody looks."""
    import sys

    if as_json or not sys.stderr.isatty() or total < 1 << 22:
        yield None
        return
    shown: Any = click.progressbar(length=total, file=sys.stderr, label="bytes")
    with shown as bar:
        yield lambda done: bar.update(done - bar.pos)


def _tell(value: object, as_json: bool, text: str) -> None:
    from carbon_sdk.cli.output import print_json

    if as_json:
        print_json(value)
    else:
        click.echo(text)


@click.group()
def evidence() -> None:
    """Keep documents encrypted for their readers, and let parties in and out.

    A party is an account or key (0x…), or an office by its role's name, such as registry-operator.
    """


@evidence.command("register-key")
@ring_option
@_with_holder
def register_key(ring: str, as_json: bool, **given: Any) -> None:
    """Make an encryption key on this machine and register its public half; again, to replace it."""
    with _holder(given) as holder:
        public = _ring(ring).new()
        version = holder.register_encryption_key(public).result
        told = {"party": holder.party, "version": version, "public": public}
        _tell(told, as_json, f"Key {version} of {holder.party}: 0x{public.hex()}. Keep {ring}: nothing else opens it.")


@evidence.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--document", type=int, metavar="NUMBER", help="File it as the next version of this one.")
@click.option("--office", metavar="ROLE", help="The office that is to read it, such as registry-operator.")
@vault_option
@_with_holder
def put(file: Path, document: int | None, office: str | None, place: str, as_json: bool, **given: Any) -> None:
    """Encrypt FILE for its readers, store it, commit to it on the chain."""
    with _holder(given) as holder, _progress(file.stat().st_size, as_json) as told:
        if document is None:
            number = holder.put(_vault(place), file, office=_role(office) if office else None, progress=told)
            version = 1
        else:
            number, version = document, holder.put_version(_vault(place), document, file, told)
    _tell({"document": number, "version": version}, as_json, f"Document {number}, version {version}.")


@evidence.command()
@click.argument("document", type=int)
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--version", type=int, metavar="NUMBER", help="Default: the latest.")
@vault_option
@ring_option
@_with_holder
def get(document: int, target: Path, version: int | None, place: str, ring: str, as_json: bool, **given: Any) -> None:
    """Read DOCUMENT into TARGET. That it was read is recorded on the chain; nothing is left where it was altered."""
    from carbon_sdk.errors import InputError

    if target.exists():
        raise InputError(f"{target} exists. Name another file.")
    part = target.with_name(target.name + ".part")
    try:
        with _holder(given) as holder, part.open("wb") as file:
            size = holder.get(_vault(place), _ring(ring), document, file, version=version)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _tell({"document": document, "file": str(target), "size": size}, as_json, f"{size:,} bytes written to {target}.")


@evidence.command()
@click.argument("document", type=int)
@click.argument("party")
@until_option
@vault_option
@ring_option
@_with_holder
def grant(document: int, party: str, until: str | None, place: str, ring: str, as_json: bool, **given: Any) -> None:
    """Let PARTY read DOCUMENT and its later versions."""
    with _holder(given) as holder:
        holder.grant(_vault(place), _ring(ring), document, _party(party), _moment(until))
    _tell({"document": document, "party": _party(party)}, as_json, f"{party} may read document {document}.")


@evidence.command()
@click.argument("document", type=int)
@click.argument("party")
@click.argument("cause")
@vault_option
@_with_holder
def withdraw(document: int, party: str, cause: str, place: str, as_json: bool, **given: Any) -> None:
    """Shut PARTY out of DOCUMENT. Later versions are closed to it; what it read it may have kept."""
    with _holder(given) as holder:
        gone = holder.withdraw(_vault(place), document, _party(party), cause)
    _tell({"document": document, "keys_removed": gone}, as_json, f"{party} is shut out; {gone} keys removed.")


@evidence.command()
@click.argument("document", type=int)
@click.argument("purpose")
@_with_holder
def request(document: int, purpose: str, as_json: bool, **given: Any) -> None:
    """Ask to read DOCUMENT."""
    with _holder(given) as holder:
        number = holder.request_access(document, purpose).result
    _tell({"request": number}, as_json, f"Request {number}.")


@evidence.command()
@click.argument("number", metavar="REQUEST", type=int)
@click.argument("decision", type=click.Choice(["grant", "refuse"]))
@click.argument("reasons")
@until_option
@vault_option
@ring_option
@_with_holder
def answer(
    number: int, decision: str, reasons: str, until: str | None, place: str, ring: str, as_json: bool, **given: Any
) -> None:
    """Answer a REQUEST."""
    with _holder(given) as holder:
        holder.answer(_vault(place), _ring(ring), number, decision == "grant", reasons, _moment(until))
    _tell({"request": number, "decision": decision}, as_json, f"Request {number}: {decision}.")


@evidence.command("list")
@_with_holder
def list_(as_json: bool, **given: Any) -> None:
    """List the documents that this party may read."""
    with _holder(given) as holder:
        found = [holder.document(number) for number in holder.numbers()]
    rows = [
        {
            "document": one.number,
            "owner": one.owner,
            "office": one.office,
            "versions": len(one.versions),
            "readers": ", ".join(one.readers),
        }
        for one in found
    ]
    _rows("Documents", found, rows, as_json)


@evidence.command()
@click.option("--all", "every", is_flag=True, help="Those that were answered too.")
@_with_holder
def requests(every: bool, as_json: bool, **given: Any) -> None:
    """List requests of this party, and those that it may answer."""
    with _holder(given) as holder:
        found = holder.requests(open_only=not every)
    rows = [
        {"request": one.number, "document": one.document, "party": one.party, "state": one.state.name} for one in found
    ]
    _rows("Requests", found, rows, as_json)


@evidence.command()
@vault_option
@ring_option
@_with_holder
def verify(place: str, ring: str, as_json: bool, **given: Any) -> None:
    """Decrypt all that this party may read and compare it with the chain. Exit code 3 when something differs."""
    with _holder(given) as holder:
        found = list(holder.verify(_vault(place), _ring(ring)))
    rows = [
        {"document": one.document, "version": one.version, "bytes": one.size, "problem": one.problem} for one in found
    ]
    _rows("Checked", found, rows, as_json)
    if any(one.problem for one in found):
        click.get_current_context().exit(3)


@evidence.command()
@click.argument("target")
@vault_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def backup(target: str, place: str, as_json: bool) -> None:
    """Copy what is new of the vault to TARGET, a folder or URL, and write down its state. Needs no key."""
    from carbon_sdk.evidence.backup import back_up

    done = back_up(_vault(place), target)
    _tell(done, as_json, f"State {done.at}: {done.files} files, {done.bytes:,} bytes; {done.copied} copied.")


@evidence.command()
@click.argument("source")
@click.option("--at", "until", metavar="TIME", help="The last state not after this. Default: the last.")
@vault_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def restore(source: str, until: str | None, place: str, as_json: bool) -> None:
    """Make an empty vault what it was, from the backup SOURCE. Then tidy it: grants may have ended since."""
    from carbon_sdk.evidence.backup import restore as restore_

    done = restore_(source, _vault(place), _moment(until))
    _tell(done, as_json, f"State {done.at} restored: {done.files} files, {done.bytes:,} bytes.")


@evidence.command()
@vault_option
@_with_holder
def tidy(place: str, as_json: bool, **given: Any) -> None:
    """Remove the keys of all who may not read now, as the chain says: after a restore, or when grants have ended."""
    with _holder(given) as holder:
        gone = holder.tidy(_vault(place))
    _tell({"keys_removed": gone}, as_json, f"{gone} keys removed.")


def _rows(title: str, found: object, rows: list[dict[str, Any]], as_json: bool) -> None:
    from carbon_sdk.cli.output import print_json, print_rows

    if as_json:
        print_json(found)
    else:
        print_rows(title, rows)
