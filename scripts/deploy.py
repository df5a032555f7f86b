"""Deploy the suite through Ape: `ape run deploy --network ethereum:local:foundry --scheme … --roles … --account …`.

Ape lends the SDK's one deployment plan its provider and one of its accounts; everything else is the plan's.
`carbon deploy` does the same without Ape. Both leave the same chain state.
"""

from __future__ import annotations

from pathlib import Path

import click
from ape import accounts, networks
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, network_option
from ape.exceptions import ProviderError
from ape.logging import logger

from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.endpoint import CallableEndpoint
from carbon_sdk.chain.transactions import Transaction
from carbon_sdk.deployment.engine import StepDone
from carbon_sdk.deployment.model import default_path
from carbon_sdk.deployment.plan import deploy, rehearse
from carbon_sdk.deployment.roles_file import load_roles
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.errors import CarbonError, SignerError
from carbon_sdk.identifiers import Address, address


class ApeSigner:
    """An Ape account as the SDK's signer: whatever Ape can sign with, hardware wallets included."""

    def __init__(self, account: AccountAPI) -> None:
        self._account = account
        self.address: Address = address(str(account.address))

    def sign_transaction(self, transaction: Transaction) -> bytes:
        unsigned = networks.provider.network.ecosystem.create_transaction(
            type=2,
            chainId=transaction.chain_id,
            nonce=transaction.nonce,
            to=transaction.to,
            data=transaction.data,
            gas=transaction.gas,
            value=transaction.value,
            maxFeePerGas=transaction.max_fee,
            maxPriorityFeePerGas=transaction.priority_fee,
        )
        signed = self._account.sign_transaction(unsigned)
        if signed is None:
            raise SignerError(f"The account {self.address} did not sign. Unlock it, or confirm on the device.")
        return bytes(signed.serialize_transaction())

    def sign_typed_data(self, data: object) -> bytes:
        raise SignerError("Deployment signs transactions only.")


def endpoint() -> CallableEndpoint:
    """Ape's connection as the SDK's endpoint."""
    provider = networks.provider

    def refusal(error: Exception) -> tuple[int, str, object] | None:
        inner = error.args[0] if error.args else error
        if isinstance(inner, dict) and "message" in inner:
            return int(inner.get("code", -32000)), str(inner["message"]), inner.get("data")
        return (-32000, str(error), None) if isinstance(error, ProviderError) else None

    def send(method: str, parameters: list[object]) -> object:
        answer = provider.web3.provider.make_request(method, parameters)
        if "error" in answer:
            raise ProviderError(answer["error"])
        return answer["result"]

    return CallableEndpoint(send, f"{networks.provider.network_choice}", refusal)


def chosen_account(name: str | None) -> AccountAPI:
    """An account by its alias; on a local chain the first test account without one."""
    if name is not None:
        return accounts.test_accounts[int(name)] if name.isdigit() else accounts.load(name)
    if networks.provider.network.is_local:
        return accounts.test_accounts[0]
    raise click.UsageError("Name the deployer's account with --account.")


@click.command(cls=ConnectedProviderCommand)
@network_option()
@click.option("--scheme", type=click.Path(), default="schemes/uk-ets.toml", show_default=True)
@click.option("--roles", type=click.Path(), required=True, help="File of who holds which role at the end.")
@click.option("--account", "account_name", help="Alias of the deployer's account, or number of a test account.")
@click.option("--out", type=click.Path(), help="Deployment file; default deployments/<chain id>.json.")
@click.option("--dry-run", is_flag=True, help="Show what would happen and its gas; send nothing.")
def cli(scheme: str, roles: str, account_name: str | None, out: str | None, dry_run: bool) -> None:
    """Deploy, or go on where an earlier run stopped, and check what is there."""
    try:
        rules, holders = load_scheme(scheme), load_roles(roles)
        chain = Chain(endpoint())
        signer = ApeSigner(chosen_account(account_name))
        target = Path(out) if out else default_path(chain.id)
        journal = target.with_suffix(".journal.json")
        if dry_run:
            result = rehearse(chain, signer, rules, holders, journal)
            for step in result.steps:
                click.echo(f"{step.gas_used:>12,}  {step.key}")
            click.echo(f"{result.gas_used:>12,}  gas in all. Nothing was sent.")
            return
        outcome = deploy(chain, signer, rules, holders, journal, progress=_tell)
        click.echo(f"Deployed and checked. {outcome.deployment.save(target)}")
    except CarbonError as error:
        raise click.ClickException(str(error)) from error


def _tell(done: int, steps: int, step: StepDone) -> None:
    logger.info(f"{done}/{steps} {step.key}{' (earlier)' if step.earlier else ''}")
