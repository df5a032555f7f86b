"""The authority as it is and as it was: who holds what, what waits, and what a guardian can stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.authority import Authority, ScheduleAnswer
from carbon_sdk.contracts.generated.events import (
    OperationCanceled,
    OperationExecuted,
    OperationScheduled,
    RoleGrantDelayChanged,
    RoleGuardianChanged,
    TargetAdminDelayUpdated,
    TargetClosed,
    TargetFunctionRoleUpdated,
)
from carbon_sdk.contracts.generated.events import RoleAdminChangedOfAuthority as RoleAdminChanged
from carbon_sdk.contracts.generated.events import RoleGrantedOfAuthority as RoleGranted
from carbon_sdk.contracts.generated.events import RoleRevokedOfAuthority as RoleRevoked
from carbon_sdk.deployment.permissions import Role, permissions
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address

_PUBLIC = 2**64 - 1


@dataclass(frozen=True, slots=True)
class AuthorityChange:
    """One line of the authority's history.

    Attributes:
        time: Unix seconds of its block.
        what: In words: `granted`, `revoked`, `guardian`, …
        role: Whose; empty where it is about no role.
        about: Holder, function, operation.
        detail: Delay in seconds, the other role, from when on.
        block: Number of the block.
        transaction: Its hash.
    """

    time: int
    what: str
    role: str
    about: str
    detail: str
    block: int
    transaction: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An act that was scheduled and neither done nor stopped.

    Attributes:
        id: Of the operation.
        ready_at: Unix seconds; from then on its caller can do it.
        caller: Whose act it is.
        contract: Name of the contract.
        function: Name of its function.
    """

    id: bytes
    ready_at: int
    caller: Address
    target: Address
    data: bytes
    contract: str
    function: str


class AuthorityReader:
    """Anyone reads it.

    Args:
        suite: Where.
    """

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._authority = suite.contract(Authority)

    def history(self, role: Role | None = None) -> tuple[AuthorityChange, ...]:
        """Every grant, revocation and change of the authority since the deployment, in order; of one role, or all."""
        times: dict[int, int] = {}
        lines: list[AuthorityChange] = []
        for item in self._suite.chain.events(self._suite.deployment.block, "latest", [self._authority.address]):
            told = self._told(item.event)
            if told is None or (role is not None and told[1] != role.label):
                continue
            if item.block not in times:
                times[item.block] = self._suite.chain.block(item.block).timestamp
            lines.append(AuthorityChange(times[item.block], *told, item.block, item.transaction))
        return tuple(lines)

    def waiting(self) -> tuple[Waiting, ...]:
        """What was scheduled and waits, in order; what lapsed, a week after its time, is left out."""
        found: dict[bytes, Waiting] = {}
        for item in self._suite.chain.events(self._suite.deployment.block, "latest", [self._authority.address]):
            event = item.event
            if isinstance(event, OperationScheduled):
                contract, function = self._function(event.target, event.data[:4])
                found[event.operation_id] = Waiting(
                    event.operation_id, event.schedule, event.caller, event.target, event.data, contract, function
                )
            elif isinstance(event, (OperationExecuted, OperationCanceled)):
                found.pop(event.operation_id, None)
        return tuple(item for item in found.values() if self._authority.get_schedule(item.id))

    def guardian_of(self, role: Role) -> str:
        """The role whose holders can stop what holders of `role` scheduled."""
        return _role(self._authority.get_role_guardian(int(role)))

    def admin_of(self, role: Role) -> str:
        """The role whose holders grant and revoke `role`."""
        return _role(self._authority.get_role_admin(int(role)))

    def _told(self, event: object) -> tuple[str, str, str, str] | None:
        if isinstance(event, RoleGranted):
            what = "granted" if event.new_member else "delay changed"
            return what, _role(event.role_id), event.account, f"delay {event.delay} s, from {event.since}"
        if isinstance(event, RoleRevoked):
            return "revoked", _role(event.role_id), event.account, ""
        if isinstance(event, RoleAdminChanged):
            return "admin", _role(event.role_id), _role(event.admin), ""
        if isinstance(event, RoleGuardianChanged):
            return "guardian", _role(event.role_id), _role(event.guardian), ""
        if isinstance(event, RoleGrantDelayChanged):
            return "grant delay", _role(event.role_id), f"{event.delay} s", f"from {event.since}"
        if isinstance(event, TargetFunctionRoleUpdated):
            return "function", _role(event.role_id), ".".join(self._function(event.target, event.selector)), ""
        if isinstance(event, TargetAdminDelayUpdated):
            return "target delay", "", self._name(event.target), f"{event.delay} s, from {event.since}"
        if isinstance(event, TargetClosed):
            return "closed" if event.closed else "opened", "", self._name(event.target), ""
        if isinstance(event, OperationScheduled):
            function = ".".join(self._function(event.target, event.data[:4]))
            return "scheduled", "", f"{function} by {event.caller}", f"ready at {event.schedule}"
        if isinstance(event, OperationExecuted):
            return "done", "", f"0x{event.operation_id.hex()}", ""
        if isinstance(event, OperationCanceled):
            return "stopped", "", f"0x{event.operation_id.hex()}", ""
        return None

    def _function(self, target: Address, selector: bytes) -> tuple[str, str]:
        name = self._name(target)
        if name == "Authority":
            return name, _of_authority(selector)
        if name in self._suite.deployment.contracts:
            for line in permissions((name,)):
                if line.selector == selector:
                    return name, line.function
        return name, f"0x{selector.hex()}"

    def _name(self, target: Address) -> str:
        for name, item in self._suite.deployment.contracts.items():
            if item.address == target:
                return name
        return target


class Guardian(Actor):
    """A holder of a role that guards another: stops what was scheduled, and does nothing else."""

    @verb
    def stop(self, operation: bytes) -> Act[int]:
        """Stop an operation that waits; also for the one who scheduled it.

        Raises:
            InputError: It does not wait.
            NotPermitted: This key guards the role of its function not.
        """
        for item in AuthorityReader(self.suite).waiting():
            if item.id == operation:
                return self.suite.contract(Authority).cancel(item.caller, item.target, item.data)
        raise InputError(f"No operation 0x{operation.hex()} waits.")


def scheduled(suite: Suite, act: Act[Any], at: int = 0) -> Act[ScheduleAnswer]:
    """The act that lets another one's delay begin; the other is then done as usual, by the same key, in time.

    Args:
        suite: With the authority.
        act: Of a function that this key may do after a delay only.
        at: Unix seconds from which on it can be done; 0: as soon as the delay allows.
    """
    if act.to is None:
        raise InputError("Only calls are scheduled.")
    return suite.contract(Authority).schedule(act.to, act.data, at)


def _role(number: int) -> str:
    if number == _PUBLIC:
        return "anyone"
    return Role(number).label if number in Role._value2member_map_ else f"role {number}"


def _of_authority(selector: bytes) -> str:
    from carbon_sdk.chain.abi import signature
    from carbon_sdk.contracts.base import artifact
    from carbon_sdk.identifiers import keccak

    for item in artifact("Authority").abi:
        if item["type"] == "function" and keccak(signature(item).encode())[:4] == selector:
            return str(item["name"])
    return f"0x{selector.hex()}"
