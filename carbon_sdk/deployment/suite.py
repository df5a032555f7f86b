"""The contracts of one deployment on one chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from carbon_sdk.chain.chain import Chain
from carbon_sdk.contracts.base import Contract
from carbon_sdk.deployment.model import Deployment
from carbon_sdk.errors import NoDeployment
from carbon_sdk.identifiers import Address

if TYPE_CHECKING:
    from web3 import Web3

C = TypeVar("C", bound=Contract)


class Suite:
    """One deployment on one chain; reading needs no key.

    Args:
        chain: Where it is.
        deployment: What is where.

    Raises:
        NoDeployment: The chain is another one, or has no code where the deployment says.
    """

    def __init__(self, chain: Chain, deployment: Deployment) -> None:
        self.chain = chain
        self.deployment = deployment
        self._contracts: dict[type[Contract], Contract] = {}
        self._check()

    def contract(self, kind: type[C]) -> C:
        """One contract of the suite by its generated class. Raises NoDeployment."""
        found = self._contracts.get(kind)
        if found is None:
            found = self._contracts[kind] = kind(self.chain, self.deployment.address_of(kind.NAME))
        assert isinstance(found, kind)  # noqa: S101 -- stored under its own class
        return found

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Of all contracts of the suite: what an auditor listens to."""
        return tuple(Address(item.address) for item in self.deployment.contracts.values())

    @property
    def w3(self) -> Web3:
        """web3's view of the same node, for what this SDK does not do. Raises InputError for a lent endpoint."""
        from web3 import HTTPProvider, Web3

        from carbon_sdk.chain.endpoint import HttpEndpoint
        from carbon_sdk.errors import InputError

        endpoint = self.chain.endpoint
        if not isinstance(endpoint, HttpEndpoint):
            raise InputError("web3 needs an http:// or https:// endpoint; this one was lent by another library.")
        return Web3(HTTPProvider(endpoint.full_url))

    def _check(self) -> None:
        deployment, chain = self.deployment, self.chain
        if chain.id != deployment.chain_id:
            raise NoDeployment(
                f"{chain.url} is chain {chain.id}, but the deployment file is for chain {deployment.chain_id}. "
                "Name the right endpoint or file."
            )
        first = chain.block(0).hash
        if first != deployment.genesis:
            raise NoDeployment(
                f"{chain.url} is another chain {chain.id} than the one that {deployment.scheme} was deployed on "
                "(its first block differs). Deploy there, or name the right endpoint or file."
            )
        name, item = next(iter(deployment.contracts.items()))
        if not chain.code(Address(item.address)):
            raise NoDeployment(
                f"{chain.url} has no {name} at {item.address}. Deploy there, or name the right endpoint or file."
            )
