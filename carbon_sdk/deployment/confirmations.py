"""Trade confirmations in a scheme's file: how the platform is called, and the keys that it has from the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from carbon_sdk.contracts.generated.trade_confirmations import TradeConfirmations
from carbon_sdk.deployment.strict_toml import Strict
from carbon_sdk.identifiers import address

if TYPE_CHECKING:
    from carbon_sdk.chain.calls import Act
    from carbon_sdk.deployment.engine import Step
    from carbon_sdk.identifiers import Address


class ConfirmationKeyTable(Strict):
    """`[[confirmations.keys]]`: for trades from a time to before another."""

    key: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
    valid_from: datetime
    valid_until: datetime

    @model_validator(mode="after")
    def _holds(self) -> ConfirmationKeyTable:
        if self.valid_from.tzinfo is None or self.valid_until.tzinfo is None:
            raise ValueError("give the offset from UTC, such as 2022-04-30T23:59:59+01:00")
        if self.valid_from >= self.valid_until:
            raise ValueError(f"the key {self.key} is valid until {self.valid_until}, which is not after its beginning")
        address(self.key)
        return self


class ConfirmationsTable(Strict):
    """`[confirmations]`; may be left out: then the operator registers keys later."""

    platform: Annotated[str, Field(pattern=r"^[\x20-\x7e]{1,32}$")] | None = None
    """In every confirmation; None: the scheme's code."""
    keys: tuple[ConfirmationKeyTable, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _holds(self) -> ConfirmationsTable:
        keys = [one.key.lower() for one in self.keys]
        if len(set(keys)) != len(keys):
            raise ValueError("confirmations.keys has a key twice")
        return self

    def name(self, code: str) -> bytes:
        """The platform's name as the contract knows it: 32 bytes, ASCII from the left."""
        return (self.platform or code).encode().ljust(32, b"\0")


def confirmation_steps(
    table: ConfirmationsTable, on: Callable[[str, str, Callable[[Address], Act[Any]]], Step]
) -> Iterator[Step]:
    """The keys that are known from the start."""
    for one in table.keys:
        yield _key(one, on)


def _key(one: ConfirmationKeyTable, on: Callable[[str, str, Callable[[Address], Act[Any]]], Step]) -> Step:
    key, since, until = address(one.key), int(one.valid_from.timestamp()), int(one.valid_until.timestamp())
    return on(
        f"confirmation-key/{key}",
        "TradeConfirmations",
        lambda at: TradeConfirmations(None, at).register_confirmation_key(key, since, until),
    )
