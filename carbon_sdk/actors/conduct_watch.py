"""Keeps credit records as they are by now: refreshes what time has changed, holds an owner's other accounts.

Contracts do nothing by themselves. Which accounts there are and whose they are is read from events; what is due is
always asked of the contracts, so nothing has to be remembered, and what a reorganisation takes back is done again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from carbon_sdk.actors.conduct import MOST_ACCOUNTS, ConductUpkeep
from carbon_sdk.contracts.generated.credit_record import CreditRecord
from carbon_sdk.contracts.generated.enums import CreditTier
from carbon_sdk.contracts.generated.errors import NothingToExtend
from carbon_sdk.contracts.generated.events import CreditChanged, EligibilityChanged
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.identifiers import ZERO_ADDRESS, Address

_AGAIN = 256
"""Blocks that are read once more each time: a reorganisation may have replaced them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One record that was behind.

    Attributes:
        account: Whose.
        source: None: it was refreshed. Else the account of the same owner from which restrictions were extended to it.
        acted: Transaction; None: nobody acts.
    """

    account: Address
    source: Address | None
    acted: str | None


class ConductWatcher:
    """Looks at all credit records again and again.

    Args:
        suite: What to watch.
        keeper: Refreshes and extends, which anyone may; None: what is due is only told.
    """

    def __init__(self, suite: Suite, keeper: ConductUpkeep | None = None) -> None:
        self.suite = suite
        self.keeper = keeper
        self._record = suite.contract(CreditRecord)
        self._ledger = suite.contract(InstrumentLedger).address
        self._owners: dict[Address, int] = {}
        self._recorded: dict[Address, None] = {}
        self._next = suite.deployment.block

    def catch_up(self) -> Iterator[Kept]:
        """What is due now, after it was done: first what time has changed, then what owners' other accounts owe."""
        self._read()
        yield from self._refresh()
        yield from self._extend()

    def _read(self) -> None:
        newest = self.suite.chain.block_number()
        first = max(self.suite.deployment.block, min(self._next, newest) - _AGAIN)
        at, topics = [self._ledger, self._record.address], [[EligibilityChanged.TOPIC, CreditChanged.TOPIC]]
        for item in self.suite.chain.events(first, newest, addresses=at, topics=topics):
            if isinstance(item.event, EligibilityChanged):
                self._owners[item.event.account] = item.event.eligibility.owner
            elif isinstance(item.event, CreditChanged):
                self._recorded[item.event.account] = None
        self._next = newest + 1

    def _refresh(self) -> Iterator[Kept]:
        record, accounts = self._record, list(self._recorded)
        now = self.suite.chain.read_many([record.CREDIT_OF.on(record.address, one) for one in accounts])
        told = self.suite.chain.read_many([record.STANDING_OF.on(record.address, one) for one in accounts])
        for account, due, has in zip(accounts, now, told, strict=True):
            if (due.score, due.tier, due.restrictions) != (has.score, has.tier, has.restrictions):
                acted = self.keeper.refresh_credit(account).transaction_hash if self.keeper else None
                yield Kept(account, None, acted)

    def _extend(self) -> Iterator[Kept]:
        siblings: dict[int, list[Address]] = defaultdict(list)
        for account, owner in self._owners.items():
            siblings[owner].append(account)
        tiers = self._record.tier_terms()
        for source in list(self._recorded):
            owner, tier = self._owners.get(source, 0), self._record.credit_of(source).tier
            bits = tiers[tier - 1].owner_restrictions if tier is not CreditTier.A else 0
            if not owner or not bits:
                continue
            free = [one for one in siblings[owner] if one != source and self._is_free(one, bits)]
            for first in range(0, len(free), MOST_ACCOUNTS):
                batch, acted = free[first : first + MOST_ACCOUNTS], None
                if self.keeper:
                    try:
                        acted = self.keeper.extend_restrictions(source, batch).transaction_hash
                    except NothingToExtend:
                        continue  # tier or owner changed meanwhile: the next look tells
                for account in batch:
                    self._recorded[account] = None
                    yield Kept(account, source, acted)

    def _is_free(self, account: Address, bits: int) -> bool:
        """Whether nothing holds it yet, or something that forbids less."""
        held = self._record.credit_of(account).restrictions
        return self._record.source_of(account) == ZERO_ADDRESS or bool(bits & ~held)
