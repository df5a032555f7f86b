"""`carbon council`: several parties who together hold a role."""

from __future__ import annotations

import click

from carbon_sdk.cli.options import json_option, open_chain, rpc_option, signer_of, with_key
from carbon_sdk.cli.output import print_json, print_rows, show

_ID = click.argument("operation", metavar="OPERATION")
_COUNCIL = click.argument("whose", metavar="COUNCIL")


@click.group()
def council() -> None:
    """Several parties who together hold a role.

    A member approves any act by saying it with --council: `carbon security grant regulator 0x… --council 0x…`. When
    enough have said the same, its delay begins; then anyone executes it.
    """


@council.command()
@rpc_option
@json_option
@with_key
@click.option("--member", "members", multiple=True, required=True, metavar="ADDRESS", help="Give it for each member.")
@click.option("--threshold", type=click.IntRange(2), required=True, help="How many approve.")
@click.option("--delay", type=click.IntRange(3600), required=True, metavar="SECONDS", help="Before what is approved.")
def create(
    rpc: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
    members: tuple[str, ...],
    threshold: int,
    delay: int,
) -> None:
    """Put a council on a chain and tell its address, which then stands in the roles file as administrator."""
    from carbon_sdk.actors.council import create_council
    from carbon_sdk.identifiers import address

    with open_chain(rpc) as chain:
        at = create_council(chain, signer_of(keystore, key_env), [address(one) for one in members], threshold, delay)
    if as_json:
        print_json({"council": at})
    else:
        click.echo(at)


@council.command("show")
@rpc_option
@json_option
@_COUNCIL
def show_(rpc: str | None, as_json: bool, whose: str) -> None:
    """Tell members, threshold, delay and every operation of a COUNCIL."""
    from carbon_sdk.actors.council import CouncilMember
    from carbon_sdk.chain.signers import LocalSigner
    from carbon_sdk.identifiers import address

    with open_chain(rpc) as chain:
        reader = CouncilMember(chain, LocalSigner.new(), address(whose))
        members, threshold = reader.council.members(), reader.council.threshold()
        delay = reader.council.get_min_delay()
        operations = reader.operations()
    if as_json:
        print_json({"members": members, "threshold": threshold, "delay": delay, "operations": operations})
        return
    print_rows(f"{threshold} of {len(members)}, {delay} s", [{"member": one} for one in members])
    rows = [
        {
            "id": f"0x{item.id.hex()}",
            "target": item.target,
            "approvals": item.approvals,
            "objections": item.objections,
            "ready at": {0: "", 1: "done"}.get(item.ready_at, str(item.ready_at)),
        }
        for item in operations
    ]
    print_rows("Operations", rows)


def _say(method: str, help_: str) -> None:
    @council.command(method, help=help_)
    @rpc_option
    @json_option
    @with_key
    @_COUNCIL
    @_ID
    def command(
        rpc: str | None, as_json: bool, keystore: str | None, key_env: str | None, whose: str, operation: str
    ) -> None:
        from carbon_sdk.actors.council import CouncilMember
        from carbon_sdk.cli.values import bytes32_of
        from carbon_sdk.identifiers import address

        with open_chain(rpc) as chain:
            member = CouncilMember(chain, signer_of(keystore, key_env), address(whose))
            show(getattr(member, method)(bytes32_of("operation", operation)), as_json)


_say("execute", "Execute an OPERATION of a COUNCIL that was approved and has waited. Anyone may.")
_say("object", "Object to an OPERATION, as a member; as many as leave fewer than the threshold stop it.")
_say("withdraw", "Take one's approval of an OPERATION back, before its delay has begun.")
