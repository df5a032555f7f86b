"""What only a local chain can do: move its clock, mine by hand, remember and return."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from carbon_sdk.chain.chain import Chain
from carbon_sdk.errors import InputError, NotLocal
from carbon_sdk.identifiers import Address


class Clock:
    """The clock of a local chain.

    Args:
        chain: An anvil.

    Raises:
        NotLocal: It is a real chain.
    """

    def __init__(self, chain: Chain) -> None:
        if not chain.is_local:
            raise NotLocal(f"{chain.url} is {chain.client}, whose clock cannot be moved. Use a local anvil.")
        self._chain = chain

    def now(self) -> int:
        """Unix seconds of the newest block."""
        return self._chain.block().timestamp

    def travel_to(self, timestamp: int) -> int:
        """Mine a block at `timestamp` (Unix seconds); later blocks go on from there.

        Returns:
            The block's number.

        Raises:
            InputError: It is not after the newest block.
        """
        now = self.now()
        if timestamp <= now:
            raise InputError(f"The chain is at {now}; it cannot go back to {timestamp}.")
        self._chain.endpoint.request("evm_setNextBlockTimestamp", timestamp)
        self._chain.endpoint.request("evm_mine")
        return self._chain.block_number()

    def advance(self, seconds: int) -> int:
        """Mine a block `seconds` after the newest; returns its number."""
        return self.travel_to(self.now() + seconds)

    def mine(self, blocks: int = 1) -> int:
        """Mine empty blocks (or what waits); returns the newest one's number."""
        self._chain.endpoint.request("anvil_mine", hex(blocks))
        return self._chain.block_number()

    @contextmanager
    def by_hand(self) -> Iterator[Clock]:
        """While this lasts, transactions wait until `mine()`; what still waits at the end is mined."""
        self._chain.endpoint.request("evm_setAutomine", False)
        try:
            yield self
        finally:
            self._chain.endpoint.request("evm_mine")
            self._chain.endpoint.request("evm_setAutomine", True)

    def snapshot(self) -> str:
        """Remember the present state; `revert` returns to it."""
        return str(self._chain.endpoint.request("evm_snapshot"))

    def revert(self, snapshot: str) -> None:
        """Return to a snapshot, which is used up. Raises InputError if it is unknown."""
        if not self._chain.endpoint.request("evm_revert", snapshot):
            raise InputError(f"There is no snapshot {snapshot}, or it has been used.")
        self._chain.forget_nonces()

    def fund(self, account: Address, amount: int = 10**21) -> None:
        """Set an account's native coin, in its smallest unit."""
        self._chain.endpoint.request("anvil_setBalance", account, hex(amount))

    def set_code(self, at: Address, code: bytes) -> None:
        """Put code at an address."""
        self._chain.endpoint.request("anvil_setCode", at, "0x" + code.hex())
