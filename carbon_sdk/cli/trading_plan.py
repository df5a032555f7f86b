"""`carbon trading-plan`: what a company means to buy and sell, and what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carbon_sdk.cli.history import open_histories, with_store
from carbon_sdk.cli.options import dry_run_option, open_scheme, signer_of, with_key, with_scheme
from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from carbon_sdk.cli.history import Opened
    from carbon_sdk.market_data.plans import PlanComparison, PlanView


@click.group("trading-plan")
def trading_plan() -> None:
    """File what an account means to buy and sell, and compare it with what it did."""


@trading_plan.command()
@click.argument("instrument")
@click.argument("year", type=int)
@click.option("--quarter", type=click.IntRange(0, 4), default=0, help="1 to 4; else the whole year.")
@click.option("--buy", default="0", metavar="TONNES", help="To buy.")
@click.option("--sell", default="0", metavar="TONNES", help="To sell.")
@click.option("--least-price", default="0", metavar="PRICE", help="Accepts no less for a tonne, in the main unit.")
@click.option("--greatest-price", default="0", metavar="PRICE", help="Accepts no more.")
@click.option("--document", metavar="@FILE|DIGEST", help="The encrypted plan, or its digest.")
@click.option("--private", "secret", metavar="FILE", help="Commit to it only; FILE gets what opens it. Keep it.")
@dry_run_option
@with_key
@with_scheme
def file(
    instrument: str,
    year: int,
    quarter: int,
    buy: str,
    sell: str,
    least_price: str,
    greatest_price: str,
    document: str | None,
    secret: str | None,
    dry_run: bool,
    rpc: str | None,
    deployment: str | None,
    as_json: bool,
    keystore: str | None,
    key_env: str | None,
) -> None:
    """File a plan of INSTRUMENT for YEAR, or amend it. All zero takes it back."""
    from carbon_sdk.actors.base import DryRun
    from carbon_sdk.actors.company import Company
    from carbon_sdk.actors.trading_plans import NO_DOCUMENT
    from carbon_sdk.actors.values import Digest
    from carbon_sdk.cli.output import plain, show
    from carbon_sdk.cli.values import MONEY_DECIMALS, convert
    from carbon_sdk.identifiers import InstrumentId
    from carbon_sdk.units import money

    if secret and Path(secret).exists():
        raise InputError(f"{secret} exists. It may open another plan: name another file.")
    if secret and dry_run:
        raise InputError("Give --private or --dry-run, not both: each salt is new.")
    signer = signer_of(keystore, key_env)
    with open_scheme(rpc, deployment) as scheme:
        company = scheme.actor(Company, signer)
        company.dry_run = dry_run
        of = convert(scheme, "instrument", InstrumentId, instrument, {})
        said: dict[str, Any] = {
            "quarter": quarter,
            "to_buy": buy,
            "to_sell": sell,
            "least_price": money(least_price, MONEY_DECIMALS, name="least_price"),
            "greatest_price": money(greatest_price, MONEY_DECIMALS, name="greatest_price"),
            "document": convert(scheme, "document", Digest, document, {}) if document else NO_DOCUMENT,
        }
        if not secret:
            try:
                show(company.publish_trading_plan(of, year, **said), as_json)
            except DryRun as would:
                click.echo(str(would))
            return
        plan = company.file_private_trading_plan(of, year, **said)
    import orjson

    Path(secret).write_bytes(orjson.dumps(plain(plan), option=orjson.OPT_INDENT_2) + b"\n")
    click.echo(f"Version {plan.version} is filed; only {secret} opens it: carbon company open-trading-plan {secret}")


@trading_plan.command("show")
@click.argument("whose", metavar="[ACCOUNT]", required=False)
@with_store
def show_(whose: str | None, store: str, sync: bool, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Tell every version of the plans of an ACCOUNT, or of all."""
    from carbon_sdk.identifiers import address
    from carbon_sdk.market_data.plans import plans_of

    account = None if whose is None else address(whose)
    with open_histories(store, sync, rpc, deployment) as opened:
        found = plans_of(opened.histories.store, opened.contracts(), account, chain=opened.histories.chain)
    _tell("Trading plans", found, [_plan(one, opened) for one in found], as_json)


@trading_plan.command()
@click.argument("whose", metavar="[ACCOUNT]", required=False)
@with_store
def compare(whose: str | None, store: str, sync: bool, rpc: str | None, deployment: str | None, as_json: bool) -> None:
    """Set the latest version of each plan beside what its account did in the period."""
    from carbon_sdk.identifiers import address
    from carbon_sdk.market_data.plans import compare as compare_

    account = None if whose is None else address(whose)
    with open_histories(store, sync, rpc, deployment) as opened:
        store_, chain = opened.histories.store, opened.histories.chain
        found = list(compare_(store_, opened.contracts(), account, chain=chain))
    _tell("Plans and what was done", found, [_compared(one, opened) for one in found], as_json)


def _tell(title: str, found: object, rows: list[dict[str, Any]], as_json: bool) -> None:
    from carbon_sdk.cli.output import print_json, print_rows

    if as_json:
        print_json(found)
    else:
        print_rows(title, rows)


def _plan(one: PlanView, opened: Opened) -> dict[str, Any]:
    from carbon_sdk.audit.statements import moment

    terms = one.terms
    first = {
        "account": one.account,
        "instrument": opened.name_of(one.instrument),
        "period": f"{one.year}-Q{one.quarter}" if one.quarter else str(one.year),
        "version": one.version,
        "filed": moment(one.filed_at),
    }
    if terms is None:
        return {**first, "to buy": "private", "to sell": "private", "from": "", "to": ""}
    prices = {"from": _money(terms.least_price), "to": _money(terms.greatest_price)}
    return {**first, "to buy": terms.to_buy, "to sell": terms.to_sell, **prices}


def _compared(one: PlanComparison, opened: Opened) -> dict[str, Any]:
    beyond = one.beyond
    return {
        **{name: value for name, value in _plan(one.plan, opened).items() if name != "filed"},
        "bought": one.bought,
        "sold": one.sold,
        "left to buy": one.left_to_buy,
        "left to sell": one.left_to_sell,
        "beyond": beyond[0] + beyond[1],
        "outside prices": one.bought_outside + one.sold_outside,
    }


def _money(amount: int) -> str:
    from carbon_sdk.audit.statements import decimal
    from carbon_sdk.cli.values import MONEY_DECIMALS

    return decimal(amount, MONEY_DECIMALS)
