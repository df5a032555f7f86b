"""`carbon status`: what a deployment is, and how its markets and instruments stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from carbon_sdk.cli.options import open_scheme, with_scheme

if TYPE_CHECKING:
    from carbon_sdk.scheme import Scheme


@click.command()
@click.argument("account", required=False)
@with_scheme
def status(account: str | None, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell how the market stands, or how one ACCOUNT (its address) does. No key is needed."""
    from carbon_sdk.cli.output import show
    from carbon_sdk.identifiers import address

    whose = address(account) if account else None
    with open_scheme(rpc, deployment) as scheme:
        if whose is None:
            show(_standing(scheme), as_json)
            return
        view = scheme.account(whose)
        show(
            {
                "account": whose,
                "eligibility": view.eligibility(),
                "position": view.position(),
                "holdings": view.holdings(),
                "open_orders": view.open_orders(),
            },
            as_json,
        )


def _standing(scheme: Scheme) -> dict[str, object]:
    from carbon_sdk.contracts.generated.obligations import Obligations
    from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry

    deployment = scheme.deployment
    return {
        "scheme": deployment.scheme,
        "chain": scheme.chain.id,
        "url": scheme.chain.url,
        "block": scheme.chain.block_number(),
        "deployed_in_block": deployment.block,
        "revision": deployment.revision,
        "contracts": {name: item.address for name, item in deployment.contracts.items()},
        "current_year": scheme.contract(Obligations).scheme_of().current_year,
        "applications": scheme.contract(StakeholderRegistry).application_count(),
        "instruments": {name: scheme.instrument(name).now() for name in deployment.instruments},
        "markets": {name: scheme.market(name).now() for name in deployment.markets},
        "boards": {name: scheme.board(name).now() for name in deployment.boards},
        "block_markets": {name: scheme.block_market(name).now() for name in deployment.block_markets},
    }
