"""Accounts and their keys: rights, two who act together, closing, regions, and what is read of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from carbon_sdk.actors.company import Company
from carbon_sdk.actors.values import Restriction, Right
from carbon_sdk.contracts.generated.enums import AccountKind, AccountStatus, ApplicationState
from carbon_sdk.contracts.generated.errors import (
    AccountNotActive,
    AccountNotEmpty,
    AccountRestricted,
    ClosingTooEarly,
    KeyUsed,
    MayNotConfirmOwnRotation,
    MayNotEndorseOwn,
    MissingRight,
    NotARepresentative,
    OutsideRegion,
    RotationLapsed,
    SecondRepresentativeMissing,
)
from carbon_sdk.contracts.generated.events import AccountOpened, KeyRotated, RecordAmended, RepresentativeAdded
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.identifiers import Address
from tests.actors.conftest import YEAR, Town, audited, key

DAY = 86_400


def add(town: Town, name: str, account: Address, rights: Right) -> Company:
    town.signer(name)
    town.registrar.add_representative(rights, town.credentials(name, account))
    return town.company(name)


def test_rotation__asked_by_one_and_confirmed_by_another__moves_nothing(town: Town, tmp_path: Path) -> None:
    """@requirement R-ID-5, R-ACC-2."""
    security = town.scheme.security_authority(key("administrator"))
    trader = town.company("trader")
    account = trader.account
    approver = add(town, "approver", account, Right.APPROVE | Right.READ)
    town.bank.record_deposit(account, 500, "deposit")
    security.set_account_rules(2 * DAY, 0)
    fresh = town.signer("fresh")
    credentials = town.credentials("fresh", account)

    with pytest.raises(MissingRight):
        approver.request_rotation(trader.address, fresh.address)
    trader.request_rotation(trader.address, fresh.address)
    with pytest.raises(MayNotConfirmOwnRotation):
        trader.confirm_rotation(trader.address, credentials)
    with pytest.raises(NotPermitted):
        town.company("works").confirm_rotation(trader.address, credentials)
    approver.confirm_rotation(trader.address, credentials)

    assert town.company("fresh").account == account
    with pytest.raises(NotARepresentative):
        trader.withdraw(1)
    with pytest.raises(KeyUsed):
        trader.apply_for_account(AccountKind.TRADER, "again")
    told = [type(item.event) for item in town.scheme.account(account).changes()]
    assert told[0] is AccountOpened
    assert told.index(RepresentativeAdded) < told.index(KeyRotated)
    town.company("fresh").request_rotation(fresh.address, town.signer("later").address)  # waits
    audited(town, tmp_path)


def test_rotation__by_officers__takes_two_and_lapses(town: Town) -> None:
    """@requirement R-ID-5, R-ACC-2: the way back when no other representative is left."""
    security = town.scheme.security_authority(key("administrator"))
    security.set_account_rules(2 * DAY, 0)
    second = town.signer("second officer")
    security.grant(Role.REGISTRY_OPERATOR, second.address)
    old, account = key("trader").address, town.company("trader").account
    town.signer("fresh")
    credentials = town.credentials("fresh", account)
    town.registrar.rotate_key(old, credentials)
    with pytest.raises(MayNotConfirmOwnRotation):
        town.registrar.confirm_rotation(old, credentials)
    town.clock.advance(2 * DAY)
    with pytest.raises(RotationLapsed):
        town.scheme.registry_operator(second).confirm_rotation(old, credentials)
    town.registrar.rotate_key(old, credentials)
    town.scheme.registry_operator(second).confirm_rotation(old, credentials)
    assert town.company("fresh").account == account


def test_surrender__from_the_rules_size_on__takes_a_second_representative(
    town: Town, sold: Callable[[str, int], None], tmp_path: Path
) -> None:
    """@requirement R-ACC-2."""
    sold("works", 20)
    works = town.company("works")
    approver = add(town, "approver", works.account, Right.APPROVE)
    town.regulator.enrol(works.account, YEAR)
    town.regulator.set_second_representative_from(5)
    small = works.apply_surrender({town.allowance: 4}).result
    town.regulator.approve_surrender(small)
    large = works.apply_surrender({town.allowance: 5}).result
    for refused, act in (
        (SecondRepresentativeMissing, lambda: town.regulator.approve_surrender(large)),
        (MayNotEndorseOwn, lambda: works.endorse_surrender(large)),
        (NotPermitted, lambda: town.company("trader").endorse_surrender(large)),
        (NotPermitted, lambda: town.company("stranger").endorse_surrender(large)),
    ):
        town.signer("stranger")
        with pytest.raises(refused):
            act()
    audited(town, tmp_path)
    approver.endorse_surrender(large)
    town.regulator.approve_surrender(large)
    assert works.position().surrendered == 9
    waits = works.apply_surrender({town.allowance: 6}).result
    works.withdraw_surrender(waits)
    assert works.view.holding(town.allowance).free == 11
    assert ApplicationState.AWAITING == 5  # as the auditor's fold has it


def test_a_representative__removed__does_nothing_any_more(town: Town, sold: Callable[[str, int], None]) -> None:
    """@requirement R-ACC-2, R-ID-5: acting after removal."""
    sold("trader", 10)
    account = town.company("trader").account
    gone = add(town, "gone", account, Right.ALL)
    gone.sell(1, 1, 5000)
    town.registrar.remove_representative(gone.address, "left the company")
    for act in (
        lambda: gone.sell(1, 1, 5000),
        lambda: gone.apply_surrender({town.allowance: 1}),
        lambda: gone.transfer(account, town.allowance, 1),
        lambda: gone.request_rotation(key("trader").address, key("fresh").address),
        lambda: gone.cancel_voluntarily(town.allowance, 1, "beneficiary", "purpose"),
    ):
        with pytest.raises(NotARepresentative):
            act()
    with pytest.raises(KeyUsed):
        town.registrar.add_representative(Right.READ, town.credentials("gone", account))


def test_suspension__in_part__leaves_what_its_scope_leaves(town: Town, sold: Callable[[str, int], None]) -> None:
    """@requirement R-ID-5: no trading, no transfer, surrender only; and the end of it."""
    sold("works", 10)
    works, regulator = town.company("works"), town.regulator
    other = town.company("trader").account
    regulator.enrol(works.account, YEAR)
    regulator.restrict(works.account, Restriction.NO_TRADE, "inquiry")
    with pytest.raises(AccountRestricted):
        works.sell(1, 1, 5000)
    works.transfer(other, town.allowance, 1)
    regulator.restrict(works.account, Restriction.SURRENDER_ONLY, "inquiry")
    with pytest.raises(AccountRestricted):
        works.transfer(other, town.allowance, 1)
    works.withdraw_surrender(works.apply_surrender({town.allowance: 1}).result)
    regulator.restrict(works.account, Restriction.NONE, "cleared")
    works.sell(1, 1, 5000)
    regulator.suspend(works.account, "decision")
    with pytest.raises(AccountNotActive):
        works.apply_surrender({town.allowance: 1})
    regulator.reinstate(works.account, "appeal")
    works.apply_surrender({town.allowance: 1})


def test_closing__of_an_account__only_when_it_is_empty(town: Town, tmp_path: Path) -> None:
    """@requirement R-ID-5."""
    security = town.scheme.security_authority(key("administrator"))
    security.set_account_rules(0, 7 * DAY)
    trader = town.company("trader")
    account = trader.account
    town.bank.record_deposit(account, 60_000, "deposit")
    with pytest.raises(InputError, match="still has 60000"):
        town.registrar.announce_closing(account, "asked for")
    order = trader.buy(1, 10, 5000).result.id
    trader.view.holdings()
    with pytest.raises(InputError, match="still has"):
        town.registrar.announce_closing(account, "asked for")
    trader.cancel(order)

    empty = town.open("small", AccountKind.TRADER)
    town.registrar.announce_closing(empty, "asked for")
    with pytest.raises(AccountNotActive):
        town.company("small").buy(1, 1, 5000)
    with pytest.raises(ClosingTooEarly):
        town.registrar.close(empty, "asked for")
    audited(town, tmp_path)
    town.clock.advance(7 * DAY)
    town.registrar.close(empty, "asked for")
    assert town.scheme.account(empty).eligibility().status is AccountStatus.CLOSED
    (tmp_path / "again").mkdir()
    audited(town, tmp_path / "again")

    # What the officer's look did not find, the contract does, and so does anyone.
    act = town.scheme.contract(type(town.registrar._registry)).announce_closing(account, bytes([1]) * 32)
    town.registrar.sender.do(act)
    town.clock.advance(7 * DAY)
    with pytest.raises(AccountNotEmpty):
        town.registrar.close(account, "asked for")
    stranger = town.scheme.registry_operator(town.signer("stranger"))
    stranger.object_to_closing(account, town.scheme.deployment.instruments["GBP"])
    town.regulator.reinstate(account, "not empty")
    trader.withdraw_application  # noqa: B018 -- the verbs are the holder's again
    trader.buy(1, 1, 5000)


def test_regions__of_officers__bound_what_they_do(town: Town) -> None:
    """@requirement R-ACC-4."""
    regional = town.signer("regional authority")
    town.scheme.security_authority(key("administrator")).grant(Role.REGULATOR, regional.address)
    town.regulator.assign_region(regional.address, 2)
    authority, account = town.scheme.regulator(regional), town.company("works").account  # of region 1
    for act in (
        lambda: authority.suspend(account, "cause"),
        lambda: authority.restrict(account, Restriction.ALL, "cause"),
        lambda: authority.assign_region(regional.address, 0),
    ):
        with pytest.raises(OutsideRegion):
            act()
    assert issubclass(OutsideRegion, NotPermitted)
    town.regulator.assign_region(regional.address, 1)
    authority.suspend(account, "cause")


def test_amendments__of_a_record__are_told_in_order(town: Town) -> None:
    """@requirement R-ID-5, R-TBL-1."""
    account = town.company("trader").account
    town.registrar.amend_record(account, "second record", "moved")
    town.registrar.amend_record(account, "third record", "renamed")
    told = [item.event for item in town.scheme.account(account).changes()]
    amended = [event for event in told if isinstance(event, RecordAmended)]
    assert len(amended) == 2
    assert town.registrar._registry.record_of(account) == amended[-1].record
