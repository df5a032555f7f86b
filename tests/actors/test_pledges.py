"""Pledges and the authority's acts on a chain: each scenario ends with an audit that finds no difference."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from carbon_sdk.actors.values import Restriction, Right
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import ActKind, ActState, PledgeState
from carbon_sdk.contracts.generated.errors import (
    AccountNotActive,
    AlreadyReversed,
    ForeclosureTooEarly,
    InsufficientFree,
    NoSuchAmendment,
    NotARepresentative,
    NoticeTooShort,
    NotTheSide,
    PledgedLess,
    SameOfficer,
)
from carbon_sdk.contracts.generated.events import ActDone, ActOrdered, PledgeOffered
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, Refused
from tests.actors.conftest import Town, key

DAY = 86_400
Sold = Callable[[str, int], None]


def audited(town: Town) -> AuditReport:
    with contextlib.closing(open_store(":memory:")) as store:
        indexer_of(town.scheme, store).sync()
        report = auditor_of(town.scheme, store).run()
    assert report.ok, report.lines()
    return report


def officer(town: Town, name: str = "second officer"):  # type: ignore[no-untyped-def]
    """Another regulator."""
    signer = town.signer(name)
    town.scheme.security_authority(key("administrator")).grant(Role.REGULATOR, signer.address)
    return town.scheme.regulator(signer)


def pledged(town: Town, quantity: int, days: int = 30) -> int:
    """From works to trader."""
    works, trader = town.company("works"), town.company("trader")
    due = town.clock.now() + days * DAY
    number = works.offer_pledge(trader.account, {town.allowance: quantity}, due, "loan agreement").result
    trader.accept_pledge(number)
    return number


# @requirement R-STK-2
def test_a_pledge__from_offer_to_release__binds_and_frees(town: Town, sold: Sold) -> None:
    sold("works", 100)
    works, trader = town.company("works"), town.company("trader")
    due = town.clock.now() + 30 * DAY
    done = works.offer_pledge(trader.account, {town.allowance: 60}, due, "loan agreement", offer_until=due)
    number = done.result
    assert done.first(PledgeOffered).terms.notice_period == 168 * 3600
    assert works.view.holding(town.allowance).free == 40
    with pytest.raises(NotTheSide):
        works.accept_pledge(number)
    trader.accept_pledge(number)
    works.top_up_pledge(number, [(town.allowance, 20)])
    assert works.pledge(number).units == {town.allowance: 80}

    # Neither sold, transferred, surrendered nor cancelled.
    town.regulator.enrol(works.account, 2021)
    for act in (
        lambda: works.sell(1, 21, 5000),
        lambda: works.apply_surrender({town.allowance: 21}),
        lambda: works.cancel_voluntarily(town.allowance, 21, "beneficiary", "purpose"),
        lambda: works.offer_pledge(trader.account, {town.allowance: 21}, due, "second loan"),
    ):
        with pytest.raises(InsufficientFree):
            act()
    with pytest.raises(Refused):
        works.release_pledge(number)

    exchange = works.propose_exchange(number, {town.allowance: 80}, {town.allowance: 10}).result
    assert works.exchange(number).number == exchange
    trader.accept_exchange(number, exchange)
    assert works.view.holding(town.allowance).free == 90
    trader.release_pledge(number, {town.allowance: 4})
    with pytest.raises(PledgedLess):
        trader.release_pledge(number, {town.allowance: 7})
    trader.release_pledge(number)
    assert works.view.holding(town.allowance).free == 100
    assert [item.state for item in trader.pledges()] == [PledgeState.RELEASED]
    assert works.view.pledges() == trader.view.pledges() == works.pledges()
    assert audited(town).checks["pledges"]


def test_offers__declined_withdrawn_and_lapsed__free_the_units(town: Town, sold: Sold) -> None:
    sold("works", 30)
    works, trader = town.company("works"), town.company("trader")
    due = town.clock.now() + 30 * DAY
    first, second, third = (
        works.offer_pledge(trader.account, {town.allowance: 10}, due, f"loan {n}", offer_until=until).result
        for n, until in enumerate((0, 0, town.clock.now() + DAY))
    )
    trader.decline_pledge(first)
    works.withdraw_pledge_offer(second)
    town.clock.advance(2 * DAY)
    town.company("treasury").lapse_pledge_offer(third)
    assert [item.state.name for item in works.pledges()] == ["DECLINED", "WITHDRAWN", "LAPSED"]
    assert works.view.holding(town.allowance).free == 30
    with pytest.raises(NoticeTooShort):
        works.offer_pledge(trader.account, {town.allowance: 10}, due + 9 * DAY, "loan", notice=3600)
    town.regulator.set_least_notice(3600)
    works.offer_pledge(trader.account, {town.allowance: 10}, due + 9 * DAY, "loan", notice=3600)
    with pytest.raises(InputError, match="at least one instrument"):
        works.offer_pledge(trader.account, {}, due, "loan")
    with pytest.raises(InputError, match="acts for no account"):
        town.company("nobody").pledges()
    audited(town)


# @requirement R-STK-2
def test_a_pledge__foreclosed_in_parts__goes_to_the_receiver(town: Town, sold: Sold) -> None:
    sold("works", 50)
    works, trader, treasury = town.company("works"), town.company("trader"), town.company("treasury")
    number = pledged(town, 50)
    with pytest.raises(ForeclosureTooEarly):
        trader.foreclose(number)
    terms = trader.pledge(number).terms
    later = terms.due + DAY
    works.propose_amendment(number, later, treasury.account, "addendum")
    with pytest.raises(NoSuchAmendment):
        trader.accept_amendment(number, later + 1, treasury.account, "addendum")
    trader.accept_amendment(number, later, treasury.account, "addendum")
    trader.propose_amendment(number, later + DAY, treasury.account, "another")
    works.drop_amendment(number)
    town.clock.travel_to(later + 1)
    trader.give_notice(number)
    trader.withdraw_notice(number)
    trader.give_notice(number)
    from_ = trader.pledge(number).foreclosure_from
    town.regulator.restrict(works.account, Restriction.ALL, "insolvent")
    town.clock.travel_to(from_)
    trader.foreclose(number, {town.allowance: 20})
    assert treasury.view.holding(town.allowance).free >= 20
    trader.foreclose(number)
    assert works.view.holding(town.allowance).balance == 0
    assert trader.pledge(number).state is PledgeState.FORECLOSED
    audited(town)


# @requirement R-AST-3 R-ACC-2
def test_a_forced_transfer__large__takes_two_officers_and_is_reversed_once(town: Town, sold: Sold) -> None:
    sold("trader", 100)
    trader, works, regulator = town.company("trader"), town.company("works"), town.regulator
    second = officer(town)
    town.scheme.security_authority(key("administrator")).set_second_officer_rules(50, 10**9, 3 * DAY, 10 * DAY)
    assert regulator.second_officer_rules().from_units == 50
    regulator.freeze(trader.account, town.allowance, 100, "case 7", "a court says so")
    number = regulator.force_transfer(
        trader.account, works.account, town.allowance, 80, "case 7", "order 1", "A court says so"
    ).result
    assert regulator.authority_act(number).act.state is ActState.PROPOSED
    assert works.view.holding(town.allowance).balance == 0
    with pytest.raises(SameOfficer):
        regulator.confirm_act(number)
    done = second.confirm_act(number)
    assert done.first(ActDone).confirmed_by == second.address
    assert works.view.holding(town.allowance).balance == 80
    dropped = regulator.force_transfer(
        trader.account, works.account, town.allowance, 50, "case 8", "order 2", "In error"
    ).result
    regulator.withdraw_act(dropped, "in error")

    back = regulator.reverse_act(number, "appeal", "ruling 2", "The court of appeal says so").result
    second.confirm_act(back)
    assert trader.view.holding(town.allowance).balance == 100
    with pytest.raises(AlreadyReversed):
        regulator.reverse_act(number, "appeal", "ruling 2", "again")
    acts = [(item.act.kind, item.act.state) for item in regulator.authority_acts()]
    assert acts == [
        (ActKind.FREEZE, ActState.DONE),
        (ActKind.FORCED_TRANSFER, ActState.DONE),
        (ActKind.FORCED_TRANSFER, ActState.WITHDRAWN),
        (ActKind.REVERSAL, ActState.DONE),
    ]
    report = audited(town)
    assert report.checks["acts"]


# @requirement R-AST-3
def test_a_forced_transfer__through_orders_and_a_pledge__takes_what_it_names(town: Town, sold: Sold) -> None:
    sold("works", 100)
    works, treasury, regulator = town.company("works"), town.company("treasury"), town.regulator
    pledge = pledged(town, 60)
    order = works.sell(1, 30, 6000).result.id
    with pytest.raises(Refused):
        regulator.force_transfer(works.account, treasury.account, town.allowance, 50, "case", "order", "why")
    done = regulator.force_transfer(
        works.account, treasury.account, town.allowance, 50, "case", "order", "why", orders=[order], pledges=[pledge]
    )
    assert done.first(ActOrdered).warrant.reason == "why"
    assert works.open_orders() == ()
    assert works.pledge(pledge).units == {town.allowance: 50}
    # Nobody is left who could release the rest.
    regulator.suspend(town.company("trader").account, "dissolved")
    with pytest.raises(AccountNotActive):
        town.company("trader").release_pledge(pledge)
    regulator.release_bound(
        works.account, town.allowance, 50, "dissolution", "register extract", "The pledgee is no more", pledges=[pledge]
    )
    assert works.view.holding(town.allowance).free == 50
    assert works.pledge(pledge).state is PledgeState.TAKEN
    audited(town)


# @requirement R-ID-5 R-AST-3 an account's key is recovered, and nothing that it owns moves
def test_a_lost_key__rotated__leaves_holdings_and_pledges_where_they_were(town: Town, sold: Sold) -> None:
    sold("works", 100)
    number = pledged(town, 60)
    lost, account = town.company("works"), town.company("works").account
    order = lost.sell(1, 10, 6000).result.id
    before = (lost.view.holdings(), lost.pledges(), lost.open_orders())

    town.signer("works again")
    town.registrar.rotate_key(key("works").address, town.credentials("works again", account))

    found = town.company("works again")
    assert found.account == account
    assert (found.view.holdings(), found.pledges(), found.open_orders()) == before
    with pytest.raises(NotARepresentative):
        lost.cancel(order)
    with pytest.raises(NotARepresentative):
        lost.top_up_pledge(number, {town.allowance: 1})
    found.cancel(order)
    found.top_up_pledge(number, {town.allowance: 5})
    assert found.pledge(number).units == {town.allowance: 65}
    assert town.scheme.account(account).rights_of(found.address) == Right.ALL
    audited(town)


# @requirement R-STK-2 R-AST-3
def test_pledge_and_forced_transfer__by_the_command_line__are_done(
    town: Town,
    sold: Sold,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    sold("works", 100)
    works, trader = town.company("works").account, town.company("trader").account
    file = town.scheme.deployment.save(tmp_path / "deployment.json")
    where = ["--rpc", town.scheme.chain.endpoint.url, "--deployment", str(file), "--json"]

    def said(who: str, *words: str, code: int = 0):  # type: ignore[no-untyped-def]
        monkeypatch.setenv("CARBON_KEY", key(who).secret().hex())
        assert run([*words, *where]) == code, capsys.readouterr().err
        out = capsys.readouterr().out
        return orjson.loads(out) if out else None

    due = str(town.clock.now() + 30 * DAY)
    offered = said("works", "company", "offer-pledge", trader, "UKA21=60", due, "loan agreement")
    assert offered["result"] == 1
    said("works", "company", "accept-pledge", "1", code=2)
    said("trader", "company", "accept-pledge", "1")
    said("trader", "company", "release-pledge", "1", "--units", "UKA21=10")
    (pledge,) = said("trader", "company", "pledges")
    assert pledge["state"] == "ACTIVE"
    order = said("works", "company", "sell", "UKA21/GBP", "45", "60.00")["result"]["id"]
    words = [works, trader, "UKA21", "20", "case 7", "order 1", "A court says so", "--orders", order, "--pledges", "1"]
    moved = said("regulator", "regulator", "force-transfer", *words)
    assert moved["result"] == 1
    assert said("regulator", "regulator", "authority-act", "1")["act"]["state"] == "DONE"
    said("regulator", "regulator", "reverse-act", "1", "appeal", "ruling", "The court of appeal says so")
    assert len(said("regulator", "regulator", "authority-acts")) == 2
    audited(town)
