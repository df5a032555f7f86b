"""Where deployment files lie."""

from __future__ import annotations

from pathlib import Path

DEPLOYMENTS = Path("deployments")
"""`<chain id>.json` of each chain."""

CHAIN_FOLDER = Path(".carbon") / "chain"
"""Of the embedded chain, which has its deployment's file beside it."""


def files_of(chain_id: int, chain_folder: Path = CHAIN_FOLDER) -> tuple[Path, ...]:
    """Where the deployment file of a chain may lie, the likelier place first."""
    return (chain_folder / "deployment.json", DEPLOYMENTS / f"{chain_id}.json")
