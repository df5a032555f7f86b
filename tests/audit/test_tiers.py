"""What each tier reads: events whole, in part or not at all; statements, lives, reductions. R-ACC-3, R-ACC-6"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from carbon_sdk.audit.credits import Monitoring, Project
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.state import State
from carbon_sdk.audit.suite import suite_abis
from carbon_sdk.audit.tiers import NotInTier, Reader, Tier, TieredReader, _tiers, project_subject, unit_subject
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, address

HOLDER, OTHER, BUYER, BOOK = (address(bytes([i]) * 20) for i in (1, 2, 3, 4))
UNIT, SERIAL, PROJECT = 7, 42, 3


class Lives:
    """One unit, which HOLDER holds."""

    def life(self, instrument: int, serial: int) -> list[Any]:
        if (instrument, serial) != (UNIT, SERIAL):
            raise InputError("There is no such unit.")
        return [SimpleNamespace(movement=SimpleNamespace(holder=HOLDER))]


def reading(tier: Tier, *accounts: Address, grants: frozenset[tuple[bytes, Address]] = frozenset()) -> TieredReader:
    return TieredReader(cast(Histories, Lives()), Reader(tier, frozenset(accounts), grants))


def event(contract: str, name: str, **args: object) -> Event:
    return Event(contract, name, args, BOOK, 1, Position(1, 0, "0x1"))


TRADE = event("OrderBook", "Trade", maker=9, makerAccount=HOLDER, taker=OTHER, quantity=5, voucher=1, orderOfDay=1)
MOVE = event("InstrumentLedger", "TransferSingle", **{"from": HOLDER, "to": OTHER, "value": 5})
RULE = event("RuleBook", "Published", topic=b"1", digest=b"2")
READ = event("EvidenceRegistry", "DocumentRead", document=1, version=1, party=HOLDER, by=OTHER)
DEEP = event("TradingPlans", "PlanPublished", plan={"of": ({"account": HOLDER},)}, toBuy=5)


@pytest.mark.parametrize(
    ("reader", "seen"),
    [
        (reading(Tier.PUBLIC), [4, 0, 2, 0, 0]),
        (reading(Tier.PUBLIC, HOLDER), [4, 0, 2, 0, 0]),
        (reading(Tier.OWN_DATA, BUYER), [4, 0, 2, 0, 0]),
        (reading(Tier.OWN_DATA, HOLDER), [6, 3, 2, 4, 2]),
        (reading(Tier.COORDINATION), [6, 3, 2, 1, 2]),
        (reading(Tier.SUPER_NODE), [6, 3, 2, 4, 2]),
    ],
    ids=["public", "public who has an account", "another's", "own", "coordination", "super node"],
)
def test_events__by_tier__show_as_many_values(reader: TieredReader, seen: list[int]) -> None:
    shown = [reader.seen(one) for one in (TRADE, MOVE, RULE, READ, DEEP)]
    assert [len(one.args) for one in shown] == seen
    assert [one.name for one in shown] == [one.name for one in (TRADE, MOVE, RULE, READ, DEEP)]


def test_trades__to_the_public__name_nobody() -> None:
    assert not {HOLDER, OTHER} & set(reading(Tier.PUBLIC).seen(TRADE).args.values())


@pytest.mark.parametrize(
    ("reader", "may"),
    [
        (reading(Tier.PUBLIC), False),
        (reading(Tier.PUBLIC, HOLDER), False),
        (reading(Tier.OWN_DATA, HOLDER), True),
        (reading(Tier.OWN_DATA, OTHER), False),
        (reading(Tier.COORDINATION), True),
        (reading(Tier.SUPER_NODE), True),
        (reading(Tier.OWN_DATA, BUYER, grants=frozenset({(unit_subject(UNIT, SERIAL), HOLDER)})), True),
        (reading(Tier.PUBLIC, grants=frozenset({(unit_subject(UNIT, SERIAL), HOLDER)})), True),
        (reading(Tier.OWN_DATA, BUYER, grants=frozenset({(unit_subject(UNIT, SERIAL + 1), HOLDER)})), False),
        # Anybody can file a document on anything and grant it to a friend: only the holder's word counts
        (reading(Tier.OWN_DATA, BUYER, grants=frozenset({(unit_subject(UNIT, SERIAL), OTHER)})), False),
    ],
)
def test_life_of_a_unit__by_tier_and_grant(reader: TieredReader, may: bool) -> None:
    if may:
        assert len(reader.life(UNIT, SERIAL)) == 1
    else:
        with pytest.raises(NotInTier, match="origin of unit 42"):
            reader.life(UNIT, SERIAL)


def test_a_unit__that_is_not__looks_to_the_public_like_one_that_is() -> None:
    with pytest.raises(NotInTier):
        reading(Tier.PUBLIC).life(UNIT, 1)


@pytest.mark.parametrize(
    ("reader", "may"),
    [
        (reading(Tier.PUBLIC), False),
        (reading(Tier.OWN_DATA, HOLDER), True),
        (reading(Tier.OWN_DATA, OTHER), False),
        (reading(Tier.COORDINATION), True),
        (reading(Tier.OWN_DATA, BUYER, grants=frozenset({(project_subject(PROJECT), HOLDER)})), True),
        (reading(Tier.OWN_DATA, BUYER, grants=frozenset({(project_subject(PROJECT), OTHER)})), False),
    ],
)
def test_reductions_of_a_project__by_tier_and_grant(reader: TieredReader, may: bool) -> None:
    state = State()
    project = Project(HOLDER, b"design", 14, issued=90)
    project.reports = {1: Monitoring(1, 2, 0, 100, 95, 90, 3), 2: Monitoring(3, 4, 0, 50, 50, 0, 4)}
    state.credits.projects[PROJECT] = project
    if may:
        found = reader.reductions(state, PROJECT)
        assert (found.verified, found.issued, len(found.reports)) == (95, 90, 1)
    else:
        with pytest.raises(NotInTier, match="verified of project 3"):
            reader.reductions(state, PROJECT)


@pytest.mark.parametrize(("tier", "may"), [(Tier.PUBLIC, False), (Tier.OWN_DATA, False)])
def test_statement__of_another__is_refused(tier: Tier, may: bool) -> None:
    with pytest.raises(NotInTier, match="statement"):
        reading(tier, OTHER).statement(HOLDER)


def test_tiers__name_only_what_there_is() -> None:
    """A misspelt event in the data would show or hide nothing, in silence."""
    abis = suite_abis()
    known = {name: {item["name"] for item in abi if item["type"] == "event"} for name, abi in abis.items()}
    for tier in Tier:
        data = getattr(_tiers(), tier.value)
        for name in [*data.whole, *data.partly]:
            contract, _, kind = name.partition(".")
            assert contract == "*" or (contract in known and kind in {"*", *known[contract]}), name
        for name, fields in data.partly.items():
            contract, _, kind = name.partition(".")
            inputs = next(one["inputs"] for one in abis[contract] if one.get("name") == kind and one["type"] == "event")
            assert set(fields) <= {one["name"] for one in inputs}, name
