"""`carbon order replace, cancel-all, requote, batch`: own orders, rearranged in one call each.

What places one order, or takes one back, is `carbon company`'s: order, buy, sell, cancel, reduce.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from carbon_sdk.cli.options import dry_run_option, open_scheme, signer_of, with_key, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.actors.company import Company
    from carbon_sdk.contracts.generated.structs import Order
    from carbon_sdk.scheme import Scheme

F = TypeVar("F", bound=Callable[..., Any])

_KEYS = ("market", "side", "quantity", "price", "time_in_force", "self_trade", "expires", "latest", "most_makers")
"""Of an order in a batch; the first four must be there."""
_NEEDED = 4
_OWN = ("rpc", "deployment", "as_json", "keystore", "key_env", "dry_run")


def _acting(command: F) -> F:
    """The options of whoever sends."""
    return with_scheme(with_key(dry_run_option(command)))


def _timed(command: F) -> F:
    for option in (
        click.option("--latest", metavar="TIME", default="0", help="Do nothing after it."),
        click.option("--expires", metavar="TIME", default="0", help="Good till then. Default: until taken back."),
    ):
        command = option(command)
    return command


@click.group()
def order() -> None:
    """Rearrange own orders: replace one, take all back, quote anew, many at once.

    Orders are named market/side/tick/generation/index; prices are in the main unit, times 2021-12-31T12:00:00Z or Unix
    seconds.
    """


@order.command()
@click.argument("order")
@click.argument("quantity")
@click.argument("price")
@click.option("--time-in-force", metavar="NAME", default="gtc", show_default=True, help="gtc, ioc, fok, post-only.")
@click.option(
    "--self-trade",
    metavar="NAME",
    default="cancel-newest",
    show_default=True,
    help="cancel-newest, cancel-oldest, decrement, allow.",
)
@click.option("--most-makers", type=click.IntRange(1, 255), default=64, show_default=True, help="Orders to look at.")
@_timed
@_acting
def replace(order: str, quantity: str, price: str, expires: str, latest: str, **given: Any) -> None:
    """Replace ORDER by one of QUANTITY tonnes at PRICE; at the same price and no larger it keeps its place."""
    from carbon_sdk.identifiers import OrderId

    own = {name: given.pop(name) for name in _OWN}
    with _company(own) as (_, company):
        times = {"expires": _time(expires, "expires"), "latest": _time(latest, "latest")}
        _do(own, lambda: company.replace(OrderId.parse(order), quantity, price, **times, **given))


@order.command("cancel-all")
@click.argument("market", required=False)
@_acting
def cancel_all(market: str | None, **own: Any) -> None:
    """Take every open order back, in MARKET (its name or number) or in all, 64 a transaction.

    Ends with 3 where some are left, whose market is locked or waits for its auction.
    """
    from carbon_sdk.cli.output import print_json

    with _company(own) as (scheme, company):
        found = company.cancel_all(None if market is None else scheme.market(_number(market)).number)
    said: dict[str, Any] = {"taken": found.taken, "left": found.left, "transactions": found.transactions}
    if own["dry_run"]:
        said["sent"] = "nothing"
    if own["as_json"]:
        print_json(said)
    else:
        would_be = "would be" if own["dry_run"] else "were"
        click.echo(f"{len(said['taken'])} orders {would_be} taken back, {len(said['left'])} stay.")
        for one in said["left"]:
            click.echo(f"  stays: {one}")
        for one in said["transactions"]:
            click.echo(f"  {one}")
    if said["left"]:
        sys.exit(3)


@order.command()
@click.argument("market")
@click.option("--bid", metavar="TONNES@PRICE", help="To buy, such as 20@50.10.")
@click.option("--ask", metavar="TONNES@PRICE", help="To sell.")
@click.option(
    "--replacing", metavar="ORDER,…", help="What is taken back. Default: all own orders in the market; none: -."
)
@click.option("--time-in-force", metavar="NAME", default="post-only", show_default=True, help="gtc, post-only.")
@_timed
@_acting
def requote(
    market: str,
    bid: str | None,
    ask: str | None,
    replacing: str | None,
    time_in_force: str,
    expires: str,
    latest: str,
    **own: Any,
) -> None:
    """Put new prices in MARKET in the place of the old orders: all or nothing, in one transaction."""
    from carbon_sdk.identifiers import OrderId

    sides: dict[str, Any] = {}
    for name, text in (("bid", bid), ("ask", ask)):
        if text is not None:
            sides[f"{name}_quantity"], sides[name] = _quote(name, text)
    with _company(own) as (scheme, company):
        if replacing is not None:
            sides["replacing"] = (
                [] if replacing == "-" else [OrderId.parse(one.strip()) for one in replacing.split(",")]
            )
        _do(
            own,
            lambda: company.requote(
                scheme.market(_number(market)).number,
                **sides,
                time_in_force=time_in_force,
                expires=_time(expires, "expires"),
                latest=_time(latest, "latest"),
            ),
        )


@order.command()
@click.argument("file", metavar="FILE")
@_acting
def batch(file: str, **own: Any) -> None:
    r"""Take orders back, then place others, all or nothing, as FILE says (-: standard input).

    \b
    {"cancel": ["1/sell/5120/0/3"],
     "place": [{"market": "UKA21/GBP", "side": "buy", "quantity": 20, "price": "50.10",
                "time_in_force": "post-only", "expires": 0}]}

    An order may have time_in_force, self_trade, expires, latest and most_makers too. At most 64 together.
    """
    from carbon_sdk.identifiers import OrderId

    content = _content(file)
    with _company(own) as (scheme, company):
        cancel = [OrderId.parse(one) for one in _list_of(content, "cancel", str)]
        place = [_order(scheme, n, one) for n, one in enumerate(_list_of(content, "place", dict))]
        _do(own, lambda: company.batch(cancel, place))


@contextmanager
def _company(own: Mapping[str, Any]) -> Iterator[tuple[Scheme, Company]]:
    from carbon_sdk.actors.company import Company

    signer = signer_of(own["keystore"], own["key_env"])
    with open_scheme(own["rpc"], own["deployment"]) as scheme:
        company = scheme.actor(Company, signer)
        company.dry_run = bool(own["dry_run"])
        yield scheme, company


def _do(own: Mapping[str, Any], said: Callable[[], Any]) -> None:
    from carbon_sdk.actors.base import DryRun
    from carbon_sdk.cli.output import show

    try:
        show(said(), own["as_json"])
    except DryRun as would:
        if own["as_json"]:
            show({"act": str(would.act), "result": would.result, "gas": would.gas, "sent": "nothing"}, True)
        else:
            click.echo(str(would))


def _number(market: str) -> int | str:
    return int(market) if market.isdecimal() else market


def _time(text: str, name: str) -> Any:
    from carbon_sdk.actors.values import Moment
    from carbon_sdk.cli.values import convert

    no_names: Any = None
    return convert(no_names, name, Moment, text, {})


def _quote(name: str, text: str) -> tuple[str, str]:
    quantity, at, price = text.partition("@")
    if not at or not quantity.strip() or not price.strip():
        raise InputError(f"--{name} is {text!r}: give TONNES@PRICE, such as 20@50.10.")
    return quantity.strip(), price.strip()


def _content(file: str) -> dict[str, Any]:
    """Raises InputError where it is no JSON object with `cancel`, `place` or both."""
    import orjson

    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file} is no JSON: {error}.") from None
    if not isinstance(content, dict) or not content or content.keys() - {"cancel", "place"}:
        raise InputError(f'{file} has to be an object with "cancel", "place" or both.')
    return content


def _list_of(content: Mapping[str, Any], key: str, kind: type) -> list[Any]:
    found = content.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, kind) for one in found):
        what = "order ids" if kind is str else "orders"
        raise InputError(f"{key} is no list of {what}.")
    return found


def _order(scheme: Scheme, n: int, given: Mapping[str, Any]) -> Order:
    from carbon_sdk.actors.markets import named
    from carbon_sdk.actors.orders import order_of
    from carbon_sdk.identifiers import Side

    where = f"place[{n}]"
    if unknown := [key for key in given if key not in _KEYS]:
        raise InputError(f"{where} has an unknown key {unknown[0]}; keys are {', '.join(_KEYS)}.")
    if missing := [key for key in _KEYS[:_NEEDED] if key not in given]:
        raise InputError(f"{where} lacks {missing[0]}.")
    if not isinstance(given["price"], str):
        raise InputError(f'{where}.price is {given["price"]!r}: give text, such as "50.10".')
    options = {key: given[key] for key in _KEYS[_NEEDED:] if key in given}
    for key in ("expires", "latest"):
        if key in options:
            options[key] = _time(str(options[key]), f"{where}.{key}")
    market = scheme.market(_number(str(given["market"]))).number
    side = named(Side, given["side"], f"{where}.side")
    return order_of(scheme, market, side, given["quantity"], given["price"], **options)
