"""`carbon deploy`: the one deployment plan, from the wheel's own bytecode, with a key of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from carbon_sdk.cli.options import dry_run_option, json_option, open_chain, rpc_option, signer_of, with_key

if TYPE_CHECKING:
    from carbon_sdk.deployment.engine import StepDone


@click.command()
@rpc_option
@click.option("--scheme", type=click.Path(path_type=Path), required=True, help="The scheme file.")
@click.option("--roles", type=click.Path(path_type=Path), required=True, help="Who holds which role at the end.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="The deployment file. Default: deployments/<chain id>.json."
)
@with_key
@dry_run_option
@json_option
def deploy(
    rpc: str | None,
    scheme: Path,
    roles: Path,
    out: Path | None,
    keystore: str | None,
    key_env: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Deploy the suite, configure it by the scheme, hand the roles over, check everything.

    Stopped anywhere, a second run goes on; run again when done, it only checks. The key holds nothing afterwards.
    """
    from carbon_sdk.cli.output import show
    from carbon_sdk.deployment import plan
    from carbon_sdk.deployment.model import default_path
    from carbon_sdk.deployment.roles_file import load_roles
    from carbon_sdk.deployment.scheme_file import load_scheme

    rules, holders = load_scheme(scheme), load_roles(roles)
    signer = signer_of(keystore, key_env)
    with open_chain(rpc) as chain:
        target = out or default_path(chain.id)
        journal = target.with_suffix(".journal.json")
        if dry_run:
            rehearsed = plan.rehearse(chain, signer, rules, holders, journal)
            show(_summary(rehearsed.steps, rehearsed.gas_used, {"sent": "nothing"}), as_json)
            return
        outcome = plan.deploy(chain, signer, rules, holders, journal, progress=_tell)
        outcome.deployment.save(target)
    addresses = {name: item.address for name, item in outcome.deployment.contracts.items()}
    show(_summary(outcome.result.steps, outcome.result.gas_used, {"file": str(target), **addresses}), as_json)


def _summary(steps: tuple[StepDone, ...], gas: int, more: Mapping[str, str]) -> dict[str, object]:
    earlier = sum(step.earlier for step in steps)
    return {"steps": len(steps), "done_earlier": earlier, "gas_used": gas, **more}


def _tell(done: int, of: int, step: StepDone) -> None:
    click.echo(
        f"{done:4d}/{of}  {step.key}{'  (done earlier)' if step.earlier else f'  {step.gas_used:,} gas'}", err=True
    )
