"""The way in: `connect()` gives a scheme, the scheme gives actors and views."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TypeVar

from carbon_sdk.actors.base import Actor
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.endpoint import Endpoint, HttpEndpoint
from carbon_sdk.chain.signers import Signer
from carbon_sdk.deployment.model import Deployment, default_path
from carbon_sdk.deployment.suite import Suite

A = TypeVar("A", bound=Actor)

CHAIN_FOLDER = Path(".carbon") / "chain"


class Scheme(Suite):
    """One carbon market: its contracts, and those who act in it.

    Use it in a `with` statement, or call `close()`, so that an embedded chain writes its state.
    """

    def __init__(self, chain: Chain, deployment: Deployment, anvil: Anvil | None = None) -> None:
        self._anvil = anvil
        super().__init__(chain, deployment)

    def actor(self, kind: type[A], signer: Signer) -> A:
        """Somebody who acts with a key, by their class."""
        return kind(self, signer)

    def close(self) -> None:
        """Stop the embedded chain, if this object started it; its state is kept."""
        if self._anvil:
            self._anvil.stop()

    def __enter__(self) -> Scheme:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Scheme({self.deployment.scheme!r} at {self.chain.url})"


def connect(
    url: str | Endpoint | None = None,
    deployment: Deployment | str | Path | None = None,
    *,
    folder: str | Path = CHAIN_FOLDER,
) -> Scheme:
    """Open a scheme.

    Args:
        url: A node, or an endpoint object (several nodes: `HttpEndpoint("http://a", "http://b")`). None starts the
            embedded chain with the state that its folder has.
        deployment: The deployment or its file; None takes `deployments/<chain id>.json`, or the file that was written
            beside an embedded chain's state.
        folder: Of the embedded chain.

    Raises:
        TransportError: No node answers.
        NoDeployment: The chain does not have that deployment.
        AnvilNotFound: There is no anvil to embed.
    """
    anvil = Anvil(folder) if url is None else None
    try:
        chain = Chain(HttpEndpoint(anvil.url) if anvil else _endpoint(url))
        if not isinstance(deployment, Deployment):
            deployment = Deployment.load(deployment or _default_file(chain, Path(folder) if anvil else None))
        return Scheme(chain, deployment, anvil)
    except BaseException:
        if anvil:
            anvil.stop()
        raise


def _endpoint(url: str | Endpoint | None) -> Endpoint:
    assert url is not None  # noqa: S101 -- the embedded chain's case is handled before
    return HttpEndpoint(url) if isinstance(url, str) else url


def _default_file(chain: Chain, folder: Path | None) -> Path:
    beside = folder / "deployment.json" if folder else None
    return beside if beside and beside.exists() else default_path(chain.id)
