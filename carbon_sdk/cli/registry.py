"""`carbon registry`: the officers' verbs, and many applications from one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.options import open_scheme, signer_of, with_key, with_scheme
from carbon_sdk.cli.roles import registry
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from carbon_sdk.actors.bulk_registration import Imported
    from carbon_sdk.identifiers import Address
    from carbon_sdk.scheme import Scheme

__all__ = ["registry"]


@registry.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def template(file: Path, as_json: bool) -> None:
    """Write an empty table for `import` into FILE, .csv or .xlsx, with one example."""
    from carbon_sdk.actors.bulk_registration import write_template
    from carbon_sdk.cli.output import print_json

    write_template(file)
    if as_json:
        print_json({"file": str(file)})
    else:
        click.echo(f"{file} written. Documents are files' names, beside the table.")


@registry.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--vault", "place", envvar="CARBON_VAULT", metavar="URL", help="Takes the records, encrypted.")
@click.option("--journal", metavar="FILE", help="Default: the table's name with .journal.")
@click.option("--preview", is_flag=True, help="Check every cell, tell what would be filed, send nothing.")
@click.option("--batch", type=click.IntRange(1, 500), default=100, show_default=True, help="Applications in flight.")
@click.option("--fund-locally", is_flag=True, help="On a local chain: give each key coin for its gas.")
@with_key
@with_scheme
def import_(
    file: Path,
    place: str | None,
    journal: str | None,
    preview: bool,
    batch: int,
    fund_locally: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
) -> None:
    """File an application for each row of the table FILE; again, to go on where a run stopped.

    The key that the options name is the master: each row's key is derived from it, on this machine. Records are
    encrypted for the registry's office. A run can be killed at any moment; no row is lost or filed twice.
    """
    from carbon_sdk.actors.bulk_registration import BulkRegistration, Journal, read_table
    from carbon_sdk.actors.evidence import office_of
    from carbon_sdk.chain.signers import LocalSigner
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.deployment.permissions import Role
    from carbon_sdk.evidence.vault import Vault

    entities = read_table(file)
    if preview:
        _preview(entities, as_json)
        return
    if place is None:
        raise InputError("Name the vault that takes the records: --vault URL.")
    master = signer_of(keystore, key_env)
    if not isinstance(master, LocalSigner):
        raise InputError("The master must be a key on this machine: the rows' keys are derived from it.")
    kept = Journal(journal or file.with_name(file.name + ".journal"))
    outcomes: list[Imported] = []
    try:
        with open_scheme(rpc, deployment) as scheme:
            office = office_of(Role.REGISTRY_OPERATOR)
            readers = {office: scheme.evidence(master).encryption_key(office)}
            fund = _local_fund(scheme) if fund_locally else None
            bulk = BulkRegistration(scheme, master, Vault(place), readers, fund)
            for one in bulk.run(entities, kept, batch=batch):
                outcomes.append(one)
                if one.problem:
                    click.echo(f"{one.id}: {one.problem}", err=True)
    finally:
        kept.close()
    new, failed = sum(one.is_new for one in outcomes), sum(bool(one.problem) for one in outcomes)
    if as_json:
        print_json(outcomes)
    else:
        click.echo(
            f"{len(outcomes)} rows: {new} filed, {len(outcomes) - new - failed} stood already, {failed} refused."
        )
    if failed:
        click.get_current_context().exit(3)


def _local_fund(scheme: Scheme) -> Callable[[Sequence[Address]], object]:
    from carbon_sdk.chain.clock import Clock

    clock = Clock(scheme.chain)

    def fund(keys: Sequence[Address]) -> None:
        for key in keys:
            clock.fund(key)

    return fund


def _preview(entities: Sequence[Any], as_json: bool) -> None:
    from carbon_sdk.cli.output import print_json, print_rows

    rows = [
        {"row": one.row, "id": one.id, "kind": one.kind.name, "region": one.region, "name": one.data.name}
        for one in entities
    ]
    if as_json:
        print_json(rows)
    else:
        print_rows(f"{len(rows)} applications would be filed", rows)
