"""Several parties who together hold a role: members approve an act, it waits, anyone executes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from carbon_sdk.actors.values import whole
from carbon_sdk.chain.calls import Act, Done
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import Sender
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.alliance_council import AllianceCouncil
from carbon_sdk.contracts.generated.events import OperationApproved
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, keccak

_NONE = bytes(32)


@dataclass(frozen=True, slots=True)
class Operation:
    """A call that members have approved, or some of them.

    Attributes:
        id: By which it is executed, withdrawn from, objected to.
        target: Of the call.
        data: Its input.
        approvals: Of those who are members now.
        objections: Likewise.
        ready_at: Unix seconds; 0: its delay has not begun; 1: it was executed.
    """

    id: bytes
    target: Address
    data: bytes
    value: int
    predecessor: bytes
    salt: bytes
    approvals: int
    objections: int
    ready_at: int


def create_council(chain: Chain, signer: Signer, members: Sequence[Address], threshold: int, delay: int) -> Address:
    """Put a council on a chain; its address then stands in the roles file.

    Args:
        chain: Where.
        signer: Pays for it, and holds nothing.
        members: 2 to 32 keys, or contracts.
        threshold: How many approve, at least 2.
        delay: Seconds from the last approval that is needed to the execution, at least an hour.

    Raises:
        RuleBroken: Such a council would not be one.
    """
    act = AllianceCouncil.creation(list(members), whole(threshold, "threshold"), whole(delay, "delay"))
    done = Sender(chain, signer).do(act)
    created = done.receipt.created
    if created is None:
        raise InputError("The node says of no address that the council was created there.")
    return created


class CouncilMember:
    """A member's key, or anyone's for reading and executing.

    Args:
        chain: Where the council is.
        signer: The member's key.
        council: Its address.
    """

    def __init__(self, chain: Chain, signer: Signer, council: Address) -> None:
        self._chain = chain
        self._sender = Sender(chain, signer)
        self.council = AllianceCouncil(chain, council)

    def approve(self, act: Act[Any], salt: bytes = _NONE) -> Done[bytes]:
        """Approve an act that the council does, such as `security.grant.act(…)`; returns the operation's id.

        Args:
            act: What is to be done; every member gives the same.
            salt: Tells apart acts that are the same; 32 bytes.

        Raises:
            NotPermitted: This key is no member.
            RuleBroken: It is approved or stopped already.
        """
        if act.to is None:
            raise InputError("A council calls contracts; it creates none.")
        return self._sender.do(self.council.approve(act.to, act.value, act.data, _NONE, salt))

    def withdraw(self, operation: bytes) -> Done[None]:
        """Take one's approval back, before the delay has begun."""
        return self._sender.do(self.council.withdraw_approval(operation))

    def object(self, operation: bytes) -> Done[None]:
        """Object; as many as leave fewer than the threshold stop it for good."""
        return self._sender.do(self.council.object(operation))

    def execute(self, operation: bytes) -> Done[None]:
        """Execute what was approved and has waited; anyone may."""
        found = self.operation(operation)
        return self._sender.do(
            self.council.execute(found.target, found.value, found.data, found.predecessor, found.salt)
        )

    def operation(self, operation: bytes) -> Operation:
        """One operation. Raises InputError where nobody approved it."""
        for item in self.operations():
            if item.id == operation:
                return item
        raise InputError(f"Nobody approved an operation 0x{operation.hex()}.")

    def operations(self, since: int = 0) -> tuple[Operation, ...]:
        """Every operation that somebody approved, in order, from a block on."""
        found: dict[bytes, Operation] = {}
        for item in self._chain.events(since, "latest", [self.council.address], [OperationApproved.TOPIC]):
            event = item.event
            if isinstance(event, OperationApproved) and event.id not in found:
                voices = self.council.voices_of(event.id)
                found[event.id] = Operation(
                    event.id,
                    event.target,
                    event.data,
                    event.value,
                    event.predecessor,
                    event.salt,
                    voices.approvals,
                    voices.objections,
                    self.council.get_timestamp(event.id),
                )
        return tuple(found.values())


def salt_of(text: str) -> bytes:
    """A salt from a text: 32 zero bytes for none."""
    return keccak(text.encode()) if text else _NONE
