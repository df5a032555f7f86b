"""Who holds which role at the end of a deployment: a file, the administrator included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.strict_toml import Strict, load
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, address, keccak


class RolesFile(Strict):
    """`[roles]`: lists of addresses by role."""

    roles: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class RoleHolders:
    """Who holds what.

    Attributes:
        members: Addresses by role; every role that somebody holds.
        digest: Of the same, in a form that does not depend on the file's layout.
    """

    members: Mapping[Role, tuple[Address, ...]]

    @property
    def digest(self) -> bytes:
        """Keccak-256 of roles and holders in order."""
        lines = [f"{int(role)} {holder}" for role in sorted(self.members) for holder in sorted(self.members[role])]
        return keccak("\n".join(lines).encode())


def load_roles(path: str | Path) -> RoleHolders:
    """Read a roles file.

    Raises:
        InputError: It names no administrator, an unknown role, something that is no address, or gives upgrading and
            rolling back to one holder.
    """
    file, _ = load(RolesFile, path)
    members: dict[Role, tuple[Address, ...]] = {}
    for label, holders in file.roles.items():
        try:
            members[Role.parse(label)] = tuple(dict.fromkeys(address(holder) for holder in holders))
        except InputError as error:
            raise InputError(f"{path}: roles.{label}: {error}") from None
    return checked_holders(members, str(path))


def checked_holders(members: Mapping[Role, tuple[Address, ...]], source: str = "The roles") -> RoleHolders:
    """Holders that a deployment can end with. Raises InputError as `load_roles`."""
    if not members.get(Role.ADMINISTRATOR):
        raise InputError(f"{source}: nobody is administrator; without one no role could ever be changed.")
    both = set(members.get(Role.UPGRADER, ())) & set(members.get(Role.ROLLBACK, ()))
    if both:
        raise InputError(
            f"{source}: {min(both)} is upgrader and rollback; whoever upgrades must not hold the way back."
        )
    return RoleHolders({role: holders for role, holders in sorted(members.items()) if holders})
