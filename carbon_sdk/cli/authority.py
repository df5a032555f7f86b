"""`carbon authority`: who held which role when, and what waits."""

from __future__ import annotations

import click

from carbon_sdk.cli.options import open_scheme, with_scheme
from carbon_sdk.cli.output import print_json, print_rows


@click.group()
def authority() -> None:
    """Tell who held which role when, and what waits for its time."""


@authority.command()
@with_scheme
@click.option("--role", metavar="ROLE", help="Only of this one.")
def history(rpc: str | None, deployment: str | None, as_json: bool, role: str | None) -> None:
    """Tell every grant, revocation and change since the deployment, in order."""
    from datetime import UTC, datetime

    from carbon_sdk.deployment.permissions import Role

    with open_scheme(rpc, deployment) as scheme:
        found = scheme.roles.history(None if role is None else Role.parse(role))
    if as_json:
        print_json(found)
        return
    rows = [
        {
            "when": datetime.fromtimestamp(item.time, UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
            "what": item.what,
            "role": item.role,
            "about": item.about,
            "detail": item.detail,
            "block": item.block,
        }
        for item in found
    ]
    print_rows("The authority's history", rows)


@authority.command()
@with_scheme
def waiting(rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell what was scheduled and is neither done nor stopped; carbon guardian stop takes its id."""
    with open_scheme(rpc, deployment) as scheme:
        found = scheme.roles.waiting()
    if as_json:
        print_json(found)
        return
    rows = [
        {
            "id": f"0x{item.id.hex()}",
            "ready at": item.ready_at,
            "function": f"{item.contract}.{item.function}",
            "caller": item.caller,
        }
        for item in found
    ]
    print_rows("Waiting", rows)
