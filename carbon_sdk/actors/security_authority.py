"""Who may do what: grants and takes back the roles of everybody else."""

from __future__ import annotations

from dataclasses import dataclass

from carbon_sdk.actors.conduct import ConductAdministration
from carbon_sdk.actors.values import positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.authority import Authority
from carbon_sdk.contracts.generated.authority_desk import AuthorityDesk
from carbon_sdk.contracts.generated.events import RoleGrantedOfAuthority as RoleGranted
from carbon_sdk.contracts.generated.events import RoleRevokedOfAuthority as RoleRevoked
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.contracts.generated.structs import AccountRules, SecondOfficerRules
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address
from carbon_sdk.units import Money, Quantity, tonnes


@dataclass(frozen=True, slots=True)
class RoleChange:
    """One line of the history of a role.

    Attributes:
        role: Which.
        holder: Whose it is, or was.
        granted: False when it was taken back or laid down.
        delay: Seconds that each of the holder's acts waits.
        block: Number of the block that recorded it.
        transaction: Its hash.
    """

    role: Role
    holder: Address
    granted: bool
    delay: int
    block: int
    transaction: str


class SecurityAuthority(ConductAdministration):
    """The administrator of the authority."""

    @verb
    def grant(self, role: Role, holder: Address, delay: int = 0) -> Act[None]:
        """Give a role.

        Args:
            role: Which.
            holder: A person's key, or a contract that decides by several.
            delay: Seconds that each of its acts must wait after it was scheduled.

        Raises:
            NotPermitted: This key is no administrator.
        """
        return self._authority.grant_role(int(role), holder, whole(delay, "delay"))

    @verb
    def revoke(self, role: Role, holder: Address) -> Act[None]:
        """Take a role back. Raises NotPermitted."""
        return self._authority.revoke_role(int(role), holder)

    @verb
    def renounce(self, role: Role) -> Act[None]:
        """Lay down a role of one's own."""
        return self._authority.renounce_role(int(role), self.address)

    @verb
    def set_guardian(self, role: Role, guardian: Role) -> Act[None]:
        """Let holders of one role stop what holders of another scheduled.

        Args:
            role: Whose acts can be stopped; not the administrator's.
            guardian: Who can stop them.
        """
        return self._authority.set_role_guardian(int(role), int(guardian))

    @verb
    def set_role_admin(self, role: Role, admin: Role) -> Act[None]:
        """Let holders of one role grant and revoke another.

        Raises:
            InputError: The role would be its own admin, so that each holder makes others.
        """
        if role is admin:
            raise InputError(f"{role.label} would be granted by its own holders. Name another role.")
        return self._authority.set_role_admin(int(role), int(admin))

    @verb
    def set_grant_delay(self, role: Role, delay: int) -> Act[None]:
        """How many seconds after a grant a new holder can act; itself in force five days later at the earliest."""
        return self._authority.set_grant_delay(int(role), whole(delay, "delay"))

    @verb
    def set_account_rules(self, rotation_within: int, closing_notice: int) -> Act[None]:
        """Set what the rules ask of rotations of keys and of closings.

        Args:
            rotation_within: Seconds within which a second one confirms a rotation; 0: one officer suffices.
            closing_notice: Seconds between the announcement of a closing and the closing.
        """
        rules = AccountRules(whole(rotation_within, "rotation_within"), whole(closing_notice, "closing_notice"))
        return self.suite.contract(StakeholderRegistry).set_account_rules(rules)

    @verb
    def set_second_officer_rules(
        self, from_tonnes: Quantity, from_money: Money | Quantity, period: int, reversible_for: int
    ) -> Act[None]:
        """Set from what size on an act of the regulator waits for a second officer.

        Args:
            from_tonnes: Whole tonnes; what one officer ordered alone within the period is added up.
            from_money: Smallest units of money; likewise.
            period: Seconds within which the second officer confirms.
            reversible_for: Seconds after a forced transfer in which its reversal can be ordered.

        Raises:
            NotPermitted: This key is no administrator.
        """
        rules = SecondOfficerRules(
            tonnes(from_tonnes, name="from_tonnes"),
            whole(from_money, "from_money"),
            positive(period, "period"),
            whole(reversible_for, "reversible_for"),
        )
        return self.suite.contract(AuthorityDesk).set_second_officer_rules(rules)

    def holds(self, role: Role, holder: Address) -> bool:
        """Whether the role is the holder's now."""
        return self._authority.has_role(int(role), holder).is_member

    def members(self, role: Role) -> tuple[Address, ...]:
        """Who holds the role now, in the order in which they got it."""
        found: dict[Address, None] = {}
        for change in self.history(role):
            if change.granted:
                found[change.holder] = None
            else:
                found.pop(change.holder, None)
        return tuple(found)

    def history(self, role: Role | None = None) -> tuple[RoleChange, ...]:
        """Every grant and revocation since the deployment, of one role or of all."""
        topics = [[RoleGranted.TOPIC, RoleRevoked.TOPIC], None if role is None else f"0x{int(role):064x}"]
        changes: list[RoleChange] = []
        for item in self.suite.chain.events(
            self.suite.deployment.block, addresses=[self._authority.address], topics=topics
        ):
            event = item.event
            if isinstance(event, RoleGranted):
                changes.append(
                    RoleChange(Role(event.role_id), event.account, True, event.delay, item.block, item.transaction)
                )
            elif isinstance(event, RoleRevoked):
                changes.append(RoleChange(Role(event.role_id), event.account, False, 0, item.block, item.transaction))
        return tuple(changes)

    @property
    def _authority(self) -> Authority:
        return self.suite.contract(Authority)
