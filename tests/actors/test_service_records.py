"""Requirements managers, developers, the supervisor of services, supporters: each does what the standard lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from carbon_sdk.contracts.generated.enums import Kind, ReleaseStatus, Supply
from carbon_sdk.contracts.generated.errors import (
    NoDocumentInForce,
    NotTheDeveloper,
    NotTheSupporter,
    ReleaseOfAnotherKind,
    StaleBasis,
)
from carbon_sdk.errors import InputError
from tests.actors.conftest import Town, audited, key

SERVICE = "order-book"


def test_a_service__from_profile_to_release__is_recorded(town: Town, tmp_path: Path) -> None:
    """@requirement R-STK-1, R-STK-3."""
    manager = town.scheme.requirements_manager(key("requirements-manager"))
    technical = town.scheme.technical_manager(key("technical-manager"))
    developer = town.scheme.system_developer(key("system-developer"))
    builder = town.scheme.service_developer(key("service-developer"))
    services = town.scheme.services
    with pytest.raises(NoDocumentInForce):
        services.in_force(SERVICE, Kind.REQUIREMENT_PROFILE)
    with pytest.raises(StaleBasis):
        developer.propose_release(SERVICE, "code", "uri")

    later = town.clock.now() + 1000
    assert manager.publish_profile(SERVICE, b"what it must do", "https://example.org/profile", later).result == 1
    assert technical.publish_technical_scheme(SERVICE, b"how it is built", "https://example.org/scheme").result == 1
    (profile,) = services.documents(SERVICE, Kind.REQUIREMENT_PROFILE)
    assert (profile.version, profile.document.author, profile.document.effective_from) == (1, manager.address, later)
    assert profile.uri == "https://example.org/profile"

    first = developer.propose_release(SERVICE, b"code of 1.0", "https://example.org/1.0").result
    second = builder.propose_release(SERVICE, b"code of 1.1", "https://example.org/1.1").result
    third = builder.propose_release(SERVICE, b"code of 1.2", "https://example.org/1.2").result
    assert services.proposed(first) == "https://example.org/1.0"
    with pytest.raises(ReleaseOfAnotherKind):
        technical.decide_release(first, True, "tests")
    with pytest.raises(NotTheDeveloper):
        developer.withdraw_release(third)
    manager.decide_release(first, True, "all tests passed")
    technical.decide_release(second, False, "too slow")
    builder.withdraw_release(third)
    assert [number for number, _ in services.releases(ReleaseStatus.ACCEPTED)] == [first]
    assert [item.status.name for _, item in services.releases()] == ["ACCEPTED", "REFUSED", "WITHDRAWN"]

    assert manager.publish_profile(SERVICE, b"more", "uri", later).result == 2
    with pytest.raises(StaleBasis):
        developer.propose_release(SERVICE, b"code", "uri", basis=1)
    with pytest.raises(InputError, match="no release"):
        services.proposed(99)
    with pytest.raises(InputError, match="name"):
        manager.publish_profile(" ", b"x", "uri")
    audited(town, tmp_path)


def test_service_rules__by_the_supervisor__are_versions(town: Town) -> None:
    """@requirement R-STK-6."""
    supervisor = town.scheme.service_regulator(key("service-regulator"))
    assert supervisor.set_service_rules(SERVICE, b"availability, alarms", "uri").result == 1
    assert supervisor.set_service_rules(SERVICE, b"availability, alarms, reports", "uri").result == 2
    assert town.scheme.services.in_force(SERVICE, Kind.SERVICE_RULES) == 2


def test_supplies__attested_and_corrected__can_be_checked(town: Town, tmp_path: Path) -> None:
    """@requirement R-STK-7."""
    supporter = town.scheme.supporter(key("supporter"))
    other = town.signer("other supporter")
    now = town.clock.now()
    measured = b'{"source": "ntp.example", "largest_offset_ms": 3}'
    first = supporter.record_supply(Supply.TIME, now - 60, now, measured, "uri").result
    supporter.record_supply(Supply.CERTIFICATES, now - 60, now, b"serial numbers", "uri")
    assert town.scheme.services.is_genuine(first, measured)
    assert not town.scheme.services.is_genuine(first, measured + b" ")
    second = supporter.record_supply(Supply.TIME, now - 60, now, b"corrected", "uri", corrects=first).result
    assert [item.corrects for item in town.scheme.services.supplies(Supply.TIME)] == [0, first]
    assert len(town.scheme.services.supplies()) == 3

    from carbon_sdk.deployment.permissions import Role

    town.scheme.security_authority(key("administrator")).grant(Role.SUPPORTER, other.address)
    with pytest.raises(NotTheSupporter):
        town.scheme.supporter(other).record_supply(Supply.TIME, now, now, b"x", "uri", corrects=second)
    audited(town, tmp_path)
