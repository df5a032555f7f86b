"""The authority: delays, guardians, admins of roles, a council as administrator, and what is read of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from carbon_sdk.actors.authority import scheduled
from carbon_sdk.actors.council import CouncilMember, create_council, salt_of
from carbon_sdk.contracts.generated.authority import Authority
from carbon_sdk.contracts.generated.errors import (
    AccessManagerLockedRole,
    AccessManagerNotScheduled,
    BadCouncil,
    NotTheMember,
    OperationSettled,
    SaidBefore,
)
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, NotPermitted, Refused
from carbon_sdk.identifiers import Address
from tests.actors.conftest import Town, key

DAY = 86_400
NAMES = ("ministry", "exchange", "registry agency")


@dataclass
class Alliance:
    """A council of three that is the only administrator."""

    town: Town
    at: Address

    def member(self, name: str) -> CouncilMember:
        return CouncilMember(self.town.scheme.chain, self.town.signer(name), self.at)


@pytest.fixture
def alliance(town: Town) -> Alliance:
    members = [town.signer(name).address for name in NAMES]
    at = create_council(town.scheme.chain, town.signer("anyone"), members, 2, 2 * DAY)
    security = town.scheme.security_authority(key("administrator"))
    security.grant(Role.ADMINISTRATOR, at)
    security.renounce(Role.ADMINISTRATOR)
    return Alliance(town, at)


def test_the_council__as_administrator__grants_by_two_after_the_delay(alliance: Alliance) -> None:
    """@requirement R-ACC-1, R-ACC-2, R-OPS-3: never a single key."""
    town, new = alliance.town, key("new regulator").address
    security = town.scheme.security_authority(town.signer("ministry"))
    with pytest.raises(NotPermitted):
        security.grant(Role.REGULATOR, new)
    with pytest.raises(NotPermitted):
        town.scheme.security_authority(key("administrator")).grant(Role.REGULATOR, new)

    act = security.grant.act(Role.REGULATOR, new)
    operation = alliance.member("ministry").approve(act).result
    with pytest.raises(SaidBefore):
        alliance.member("ministry").approve(act)
    with pytest.raises(NotTheMember):
        alliance.member("stranger").approve(act)
    with pytest.raises(Refused):
        alliance.member("anyone").execute(operation)
    alliance.member("exchange").approve(act)
    with pytest.raises(Refused):
        alliance.member("anyone").execute(operation)
    assert alliance.member("anyone").operation(operation).approvals == 2
    town.clock.advance(2 * DAY)
    alliance.member("anyone").execute(operation)
    assert security.holds(Role.REGULATOR, new)
    with pytest.raises(OperationSettled):
        alliance.member("registry agency").approve(act)
    alliance.member("registry agency").approve(act, salt_of("again"))


def test_the_council__objecting__stops_an_operation_for_good(alliance: Alliance) -> None:
    town = alliance.town
    act = town.scheme.security_authority(key("ministry")).revoke.act(Role.REGULATOR, key("regulator").address)
    operation = alliance.member("ministry").approve(act).result
    alliance.member("exchange").approve(act)
    alliance.member("registry agency").object(operation)
    alliance.member("exchange").object(operation)
    town.clock.advance(3 * DAY)
    with pytest.raises(Refused):
        alliance.member("anyone").execute(operation)
    with pytest.raises(InputError, match="Nobody approved"):
        alliance.member("anyone").operation(bytes(32))
    assert alliance.member("anyone").operation(operation).objections == 2


def test_a_council__of_one__is_none(town: Town) -> None:
    with pytest.raises(BadCouncil):
        create_council(town.scheme.chain, town.signer("anyone"), [key("ministry").address], 2, DAY)


def test_upgrades_and_forced_transfers__under_a_delay__wait_and_can_be_stopped(town: Town) -> None:
    """@requirement R-ACC-1: execution delays and guardians."""
    security = town.scheme.security_authority(key("administrator"))
    upgrader, guard = town.signer("upgrader two"), key("service-regulator")
    security.grant(Role.UPGRADER, upgrader.address, DAY)
    security.set_guardian(Role.UPGRADER, Role.SERVICE_REGULATOR)
    assert town.scheme.roles.guardian_of(Role.UPGRADER) == "service-regulator"
    maintainer = town.scheme.maintainer(upgrader)
    code = town.scheme.deployment.contracts["RuleBook"].implementation
    assert code
    act = maintainer.upgrade.act("RuleBook", Address(code))
    with pytest.raises(AccessManagerNotScheduled):
        maintainer.upgrade("RuleBook", Address(code))
    maintainer.sender.do(scheduled(town.scheme, act))
    (waits,) = town.scheme.roles.waiting()
    assert (waits.contract, waits.function, waits.caller) == ("RuleBook", "upgradeToAndCall", upgrader.address)
    with pytest.raises(Refused):
        maintainer.upgrade("RuleBook", Address(code))
    with pytest.raises(Refused):
        town.scheme.guardian(town.signer("stranger")).stop(waits.id)
    town.scheme.guardian(guard).stop(waits.id)
    town.clock.advance(DAY)
    with pytest.raises(AccessManagerNotScheduled):
        maintainer.upgrade("RuleBook", Address(code))
    with pytest.raises(InputError, match="waits"):
        town.scheme.guardian(guard).stop(waits.id)
    maintainer.sender.do(scheduled(town.scheme, act))
    town.clock.advance(DAY)
    maintainer.upgrade("RuleBook", Address(code))
    assert town.scheme.roles.waiting() == ()

    officer = town.signer("regulator two")
    security.grant(Role.REGULATOR, officer.address, DAY)
    regulator = town.scheme.regulator(officer)
    order = (town.company("trader").account, town.company("works").account, town.allowance, 1, "cause", "order", "why")
    with pytest.raises(AccessManagerNotScheduled):
        regulator.force_transfer(*order)
    regulator.sender.do(scheduled(town.scheme, regulator.force_transfer.act(*order)))
    assert town.scheme.roles.waiting()[0].function == "forceTransfer"


def test_grants__under_a_delay__wait(town: Town) -> None:
    """@requirement R-ACC-1: an administrator with a delay grants after it only; immediately the key grants nothing."""
    security = town.scheme.security_authority(key("administrator"))
    slow = town.signer("slow administrator")
    security.grant(Role.ADMINISTRATOR, slow.address, DAY)
    second = town.scheme.security_authority(slow)
    act = second.grant.act(Role.RISK_MANAGER, key("somebody").address)
    with pytest.raises(AccessManagerNotScheduled):
        second.grant(Role.RISK_MANAGER, key("somebody").address)
    second.sender.do(scheduled(town.scheme, act))
    town.clock.advance(DAY)
    second.grant(Role.RISK_MANAGER, key("somebody").address)
    assert second.holds(Role.RISK_MANAGER, key("somebody").address)


def test_roles__escalated_through_their_admins__are_refused(town: Town) -> None:
    """@requirement R-ACC-1, R-ACC-2: whoever may grant one role gets no other by it."""
    security = town.scheme.security_authority(key("administrator"))
    security.set_role_admin(Role.REGIONAL_AUTHORITY, Role.REGULATOR)
    assert town.scheme.roles.admin_of(Role.REGIONAL_AUTHORITY) == "regulator"
    climber = town.scheme.security_authority(key("regulator"))
    climber.grant(Role.REGIONAL_AUTHORITY, key("county").address)  # what it was given
    for act in (
        lambda: climber.grant(Role.ADMINISTRATOR, climber.address),
        lambda: climber.grant(Role.UPGRADER, climber.address),
        lambda: climber.grant(Role.REGULATOR, key("friend").address),
        lambda: climber.revoke(Role.ROLLBACK, key("rollback").address),
        lambda: climber.set_role_admin(Role.UPGRADER, Role.REGULATOR),
        lambda: climber.set_role_admin(Role.REGIONAL_AUTHORITY, Role.REGISTRY_OPERATOR),
        lambda: climber.set_guardian(Role.UPGRADER, Role.REGULATOR),
        lambda: climber.set_grant_delay(Role.REGIONAL_AUTHORITY, 0),
    ):
        with pytest.raises(NotPermitted):
            act()
    authority = town.scheme.contract(Authority)
    stranger = town.scheme.security_authority(town.signer("stranger"))
    rulebook = town.scheme.deployment.address_of("RuleBook")
    for direct in (
        authority.set_target_function_role(rulebook, [b"\1\2\3\4"], int(Role.REGULATOR)),
        authority.set_target_admin_delay(rulebook, 0),
        authority.set_target_closed(rulebook, False),
        authority.update_authority(rulebook, stranger.address),
        authority.label_role(1, "x"),
    ):
        for actor in (climber, stranger):
            with pytest.raises(NotPermitted):
                actor.sender.do(direct)
    with pytest.raises(InputError, match="own holders"):
        security.set_role_admin(Role.REGULATOR, Role.REGULATOR)
    with pytest.raises(AccessManagerLockedRole):
        security.set_guardian(Role.ADMINISTRATOR, Role.REGULATOR)


def test_history__of_the_authority__tells_everything_in_order(town: Town) -> None:
    """@requirement R-ACC-1."""
    security = town.scheme.security_authority(key("administrator"))
    before = len(town.scheme.roles.history())
    security.grant(Role.REGULATOR, key("friend").address, 60)
    security.set_guardian(Role.REGULATOR, Role.ARBITRATOR)
    security.set_role_admin(Role.ARBITRATOR, Role.REGULATOR)
    security.set_grant_delay(Role.REGULATOR, 10)
    security.revoke(Role.REGULATOR, key("friend").address)
    told = town.scheme.roles.history()[before:]
    assert [(one.what, one.role) for one in told] == [
        ("granted", "regulator"),
        ("guardian", "regulator"),
        ("admin", "arbitrator"),
        ("grant delay", "regulator"),
        ("revoked", "regulator"),
    ]
    assert told[0].detail.startswith("delay 60 s")
    assert {one.role for one in town.scheme.roles.history(Role.REGULATOR)} == {"regulator"}
    assert any(one.what == "function" and one.about == "RuleBook.publish" for one in town.scheme.roles.history())
