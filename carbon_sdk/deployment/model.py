"""The deployment file: what lies where on one chain, in which version. Deploying writes it, all else reads it."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from carbon_sdk.deployment.folders import DEPLOYMENTS
from carbon_sdk.errors import InputError, NoDeployment
from carbon_sdk.identifiers import Address
from carbon_sdk.identifiers import address as to_address


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Deployed(_Model):
    """One contract: the address that everybody uses, and what runs there."""

    address: str
    implementation: str | None = None
    """Behind the proxy; None where there is no proxy."""
    version: str
    """Of the SDK that deployed it."""
    code_hash: str
    """Keccak-256 of the running code with its immutables zeroed; `Artifact.code_hash` of that version."""

    @field_validator("address", "implementation")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        return None if value is None else to_address(value)


class Compiler(_Model):
    """What compiled the contracts."""

    version: str
    evm_version: str
    optimizer_runs: int
    via_ir: bool


class Deployment(_Model):
    """One deployment of the suite on one chain. `load` and `save` are the only ways to its file."""

    format: int = 1
    chain_id: int
    scheme: str
    """Name of the scheme, such as `uk-ets`."""
    scheme_digest: str
    """Keccak-256 of the scheme's file."""
    block: int
    """The first block that holds anything of it; events are read from here."""
    genesis: str
    """Hash of the chain's first block: tells one local chain from another with the same number."""
    deployer: str
    revision: str
    """Of the source, or the SDK's version where there is none."""
    compiler: Compiler
    contracts: dict[str, Deployed]
    instruments: dict[str, int] = Field(default_factory=dict)
    """Ids by the name that the scheme gives them."""
    markets: dict[str, int] = Field(default_factory=dict)
    """Numbers by the name that the scheme gives them."""
    boards: dict[str, int] = Field(default_factory=dict)
    """Of listed quotes; likewise."""
    block_markets: dict[str, int] = Field(default_factory=dict)
    """Of block trades; likewise."""

    def address_of(self, name: str) -> Address:
        """Where a contract is.

        Raises:
            NoDeployment: This deployment has none of that name.
        """
        if name not in self.contracts:
            raise NoDeployment(f"The deployment of {self.scheme} on chain {self.chain_id} has no {name}.")
        return Address(self.contracts[name].address)

    def save(self, path: str | Path | None = None) -> Path:
        """Write the file as a whole or not at all; returns its path (default `deployments/<chain id>.json`)."""
        target = Path(path) if path is not None else default_path(self.chain_id)
        write_atomically(target, self.model_dump_json(indent=2) + "\n")
        return target

    @classmethod
    def load(cls, path: str | Path) -> Deployment:
        """Read a deployment file.

        Raises:
            NoDeployment: There is no such file.
            InputError: It is no deployment file; the message names the field.
        """
        source = Path(path)
        try:
            text = source.read_text()
        except FileNotFoundError:
            raise NoDeployment(
                f"There is no deployment file {source}. Run `carbon deploy`, or name the right file."
            ) from None
        except OSError as error:
            raise NoDeployment(f"{source} cannot be read: {error.strerror}.") from None
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise InputError(f"{source} is no deployment file: {where}: {first['msg']}.") from None


def default_path(chain_id: int) -> Path:
    """`deployments/<chain id>.json` in the working folder."""
    return DEPLOYMENTS / f"{chain_id}.json"


def write_atomically(path: Path, text: str) -> None:
    """Replace a file so that a reader, or a power cut, finds the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}.") from None
