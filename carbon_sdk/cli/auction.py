"""`carbon auction`: keys of officers, decryption, the order of bids, and results."""

from __future__ import annotations

from pathlib import Path

import click

from carbon_sdk.cli.options import json_option, open_scheme, with_scheme


@click.group()
def auction() -> None:
    """Sealed auctions: deal and join the officers' key, tell openings and the order of bids, publish results.

    Announcing, bidding, opening, ranking and settling are verbs of `carbon company`.
    """


@auction.command("split-key")
@click.argument("threshold", type=int)
@click.argument("officers", type=int)
@click.option("--folder", type=click.Path(path_type=Path), required=True, help="Gets a file for each officer.")
@json_option
def split_key_(threshold: int, officers: int, folder: Path, as_json: bool) -> None:
    """Make an auction's key in shares; THRESHOLD of OFFICERS can read bids together. The key itself is not kept."""
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.evidence.sealing import split_key

    made = split_key(threshold, officers)
    folder.mkdir(parents=True, exist_ok=True)
    for share in made.shares:
        file = folder / f"share-{share.number}.txt"
        file.touch(mode=0o600)
        file.write_text(f"{share.number}:{share.secret.hex()}\n")
    told = {
        "seal_key": "0x" + made.public.hex(),
        "threshold": threshold,
        "officers": officers,
        "shares": "0x" + made.digest.hex(),
        "commitments": ["0x" + one.hex() for one in made.commitments],
    }
    if as_json:
        print_json(told)
    else:
        for name, value in told.items():
            click.echo(f"{name}: {value}")


@auction.command()
@click.argument("number", type=int)
@click.option("--share", "shares", multiple=True, type=click.Path(path_type=Path), help="A share's file; several.")
@with_scheme
def openings(number: int, shares: tuple[Path, ...], rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Decrypt the bids of an auction with officers' shares, as `carbon company open-bids` takes them."""
    from carbon_sdk.actors.auctions import decrypted
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.contracts.generated.sealed_auction import SealedAuction
    from carbon_sdk.errors import InputError
    from carbon_sdk.evidence.sealing import KeyShare, join_key

    dealt = []
    for file in shares:
        place, _, secret = file.read_text().strip().partition(":")
        try:
            dealt.append(KeyShare(int(place), bytes.fromhex(secret)))
        except ValueError:
            raise InputError(f"{file} holds no share of a key.") from None
    with open_scheme(rpc, deployment) as scheme:
        public = scheme.contract(SealedAuction).terms_of(number).seal_key
        found, spoilt = decrypted(scheme, number, join_key(public, dealt))
    told = {
        "openings": [
            {
                "id": one.id,
                "account": one.account,
                "collateral": one.collateral,
                "lots": one.lots,
                "tick": one.tick,
                "salt": "0x" + one.salt.hex(),
                "label": one.label,
            }
            for one in found
        ],
        "cannot_be_opened": [one.id for one in spoilt],
    }
    if as_json:
        print_json(told)
        return
    for one in found:
        click.echo(f"bid {one.id} of {one.account}: {one.lots} lots at {one.tick} ticks")
    for lost in spoilt:
        click.echo(f"bid {lost.id} of {lost.account} cannot be opened: tell its bidder")


@auction.command()
@click.argument("number", type=int)
@with_scheme
def order(number: int, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell the opened bids in the order in which they are ranked, and those that are tied at the price."""
    from carbon_sdk.actors.auctions import ranking, ties
    from carbon_sdk.cli.output import print_json

    with open_scheme(rpc, deployment) as scheme:
        ranked = ranking(scheme, number)
        tied = ties(scheme, number, ranked)
    if as_json:
        print_json({"order": ranked, "ties": tied})
    else:
        click.echo("order: " + ",".join(map(str, ranked)))
        click.echo("ties: " + ",".join(map(str, tied)))


@auction.command()
@click.argument("number", type=int)
@click.option("--chart", type=click.Path(path_type=Path), help="Write the demand curve here, as SVG.")
@with_scheme
def results(number: int, chart: Path | None, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """The bulletin of an auction: price, volume, cover ratio, bidders, statistics of bids, concentration."""
    from carbon_sdk.cli.output import print_json
    from carbon_sdk.market_data.auction_results import results_of

    with open_scheme(rpc, deployment) as scheme:
        found = results_of(scheme, number)
    if chart:
        chart.write_text(found.as_svg())
    if as_json:
        print_json(found.as_json())
    else:
        click.echo(found.as_text())
