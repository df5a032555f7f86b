"""Options that many commands share, and what they open: a scheme, a key."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.chain.chain import Chain
    from carbon_sdk.chain.signers import Signer
    from carbon_sdk.scheme import Scheme

F = TypeVar("F", bound=Callable[..., Any])

RPC, KEY, PASSWORD = "CARBON_RPC", "CARBON_KEY", "CARBON_PASSWORD"

rpc_option = click.option(
    "--rpc",
    envvar=RPC,
    metavar="URL|FOLDER",
    help=f"A node's address, or the folder of an embedded chain. Default: {RPC}, else the folder .carbon/chain.",
)
deployment_option = click.option(
    "--deployment",
    metavar="FILE",
    help="The deployment file. Default: the one beside the embedded chain, else deployments/<chain id>.json.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Simulate, tell what would happen, send nothing.")
key_options = (
    click.option(
        "--keystore", metavar="FILE", help=f"An encrypted key; its password comes from {PASSWORD} or is asked."
    ),
    click.option("--key-env", metavar="NAME", help=f"The environment variable that holds the key. Default: {KEY}."),
)


def with_key(command: F) -> F:
    """Add the options that name a key."""
    for option in reversed(key_options):
        command = option(command)
    return command


def with_scheme(command: F) -> F:
    """Add the options that name a chain and a deployment."""
    return rpc_option(deployment_option(json_option(command)))


def signer_of(keystore: str | None, key_env: str | None) -> Signer:
    """The key that the options name. Raises SignerError, InputError."""
    from carbon_sdk.chain.signers import EnvironmentSigner, KeystoreSigner

    if keystore and key_env:
        raise InputError("Give --keystore or --key-env, not both.")
    if keystore:
        return KeystoreSigner(keystore, _password)
    return EnvironmentSigner(key_env or KEY)


def _password() -> str:
    known = os.environ.get(PASSWORD)
    return known if known is not None else str(click.prompt("Password", hide_input=True, err=True))


@contextmanager
def open_scheme(rpc: str | None, deployment: str | None) -> Iterator[Scheme]:
    """The scheme that the options name; an embedded chain is stopped at the end.

    Raises:
        TransportError: No node answers.
        NoDeployment: The chain does not have that deployment.
    """
    from carbon_sdk.deployment.folders import CHAIN_FOLDER
    from carbon_sdk.scheme import connect

    folder = _folder(rpc)
    scheme = connect(None if folder else rpc, deployment, folder=folder or CHAIN_FOLDER)
    with scheme:
        yield scheme


@contextmanager
def open_chain(rpc: str | None) -> Iterator[Chain]:
    """The chain that the option names, with or without a deployment."""
    from carbon_sdk.chain.anvil import Anvil
    from carbon_sdk.chain.chain import Chain
    from carbon_sdk.deployment.folders import CHAIN_FOLDER

    if rpc is not None and not _folder(rpc):
        yield Chain(rpc)
        return
    with Anvil(_folder(rpc) or CHAIN_FOLDER) as anvil:
        yield Chain(anvil.url)


def _folder(rpc: str | None) -> Path | None:
    """The folder of an embedded chain, where the option names one. Raises InputError."""
    if rpc is None:
        from carbon_sdk.deployment.folders import CHAIN_FOLDER

        if not CHAIN_FOLDER.is_dir():
            raise InputError(f"There is no embedded chain in {CHAIN_FOLDER}. Name a node or a folder with --rpc.")
        return CHAIN_FOLDER
    if "://" in rpc:
        return None
    if not Path(rpc).is_dir():
        raise InputError(f"--rpc {rpc} is neither an address such as http://127.0.0.1:8545 nor a folder.")
    return Path(rpc)
