"""The credit record: what is recorded of an account's conduct, and what officers and accounts do about it.

Each class but the readers is a part of an actor (`Regulator`, `Company` …).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Restriction, digest, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.credit_record import CreditRecord
from carbon_sdk.contracts.generated.enums import CreditTier, EntryState
from carbon_sdk.contracts.generated.structs import KindTerms, TierTerms
from carbon_sdk.deployment.misconduct import Misconduct
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import ZERO_ADDRESS, Address

Kind: TypeAlias = Misconduct | int
"""Of misconduct: one that the suite knows, or a number of the regulator's own."""

MOST_ACCOUNTS = 16
"""Accounts to which restrictions are extended in one call."""


@dataclass(frozen=True, slots=True)
class ConductEntryView:
    """One entry of a credit record.

    Attributes:
        number: From 1.
        kind: Of misconduct.
        state: STANDING, APPEALED, UPHELD; ANNULLED; or the COMPENSATION of another.
        points: That it counts, or that a compensation takes back.
        restrictions: While it bars.
        at: Unix seconds.
        counts_until, barred_until, appeal_until: Unix seconds.
        compensates: Number of the entry that it annuls; None: of none.
        reporter: A contract, or the officer who accused.
        confirmer: The second officer; None where a contract reported.
        cause: Digest of the case, or a block's id.
    """

    number: int
    kind: Kind
    state: EntryState
    points: int
    restrictions: Restriction
    at: int
    counts_until: int
    barred_until: int
    appeal_until: int
    compensates: int | None
    reporter: Address
    confirmer: Address | None
    cause: bytes


@dataclass(frozen=True, slots=True)
class CreditView:
    """An account's credit as it is now.

    Attributes:
        account: Whose.
        tier: A, B, C or D.
        score: Points that count now.
        restrictions: In force by the record now, written down or not.
        written: Score, tier and restrictions are those that the registry has; if not, `refresh_credit` writes them.
        source: The account of the same owner from which restrictions extend; None: no other.
        entries: All, from the first; compensations included.
    """

    account: Address
    tier: CreditTier
    score: int
    restrictions: Restriction
    written: bool
    source: Address | None
    entries: tuple[ConductEntryView, ...]


def credit_of(suite: Suite, account: Address) -> CreditView:
    """The credit record of an account; of one without any it is empty and its tier A."""
    record = suite.contract(CreditRecord)
    now, standing, source = record.credit_of(account), record.standing_of(account), record.source_of(account)
    told = (standing.score, standing.tier, standing.restrictions)
    numbers = range(1, standing.entries + 1)
    found = suite.chain.read_many([record.ENTRY_OF.on(record.address, account, number) for number in numbers])
    entries = []
    for number, entry in zip(numbers, found, strict=True):
        known = entry.kind in Misconduct.__members__.values()
        entries.append(
            ConductEntryView(
                number,
                Misconduct(entry.kind) if known else entry.kind,
                entry.state,
                entry.points,
                Restriction(entry.restrictions),
                entry.at,
                entry.counts_until,
                entry.barred_until,
                entry.appeal_until,
                entry.compensates or None,
                entry.reporter,
                None if entry.confirmer == ZERO_ADDRESS else entry.confirmer,
                entry.cause,
            )
        )
    return CreditView(
        account,
        now.tier,
        now.score,
        Restriction(now.restrictions),
        told == (now.score, now.tier, now.restrictions),
        None if source == ZERO_ADDRESS else source,
        tuple(entries),
    )


class ConductAuthority(Actor):
    """Of the regulator."""

    @verb
    def set_conduct_kind(
        self,
        kind: Kind,
        points: int,
        counts_for: int,
        *,
        restrictions: Restriction = Restriction.NONE,
        barred_for: int = 0,
        appeal_within: int = 0,
        by_officers: bool = False,
    ) -> Act[None]:
        """Say what misconduct of a kind counts from now on; entries that were made keep their terms.

        Args:
            kind: Of misconduct; own kinds have numbers from 64 on.
            points: That an entry adds to the score.
            counts_for: Days; then they count no more.
            restrictions: That an entry brings by itself.
            barred_for: Days that these last.
            appeal_within: Days in which the account may appeal.
            by_officers: Whether two officers may enter it.
        """
        terms = KindTerms(
            whole(points, "points"),
            whole(counts_for, "counts_for"),
            int(restrictions),
            whole(barred_for, "barred_for"),
            whole(appeal_within, "appeal_within"),
            by_officers,
        )
        return self.suite.contract(CreditRecord).set_kind(positive(kind, "kind"), terms)

    @verb
    def set_credit_tiers(self, tiers: Sequence[TierTerms]) -> Act[None]:
        """Say what the tiers B, C and D mean: from which score, and what they forbid.

        An account meets it with its next entry, or when anybody refreshes its record.
        """
        if len(tiers) != 3:
            raise InputError(f"tiers are three, B, C and D; given are {len(tiers)}.")
        return self.suite.contract(CreditRecord).set_tiers(tuple(tiers))

    @verb
    def decide_appeal(self, account: Address, entry: int, annulled: bool, reasons: Digest) -> Act[None]:
        """Decide about an appealed entry; not by an officer who accused of it or confirmed it.

        Args:
            account: Whose record it is in.
            entry: Its number.
            annulled: True: a compensating entry takes it back. False: it stands.
            reasons: The decision, or its digest.
        """
        return self.suite.contract(CreditRecord).decide_appeal(
            account, positive(entry, "entry"), annulled, digest(reasons, "reasons")
        )


class ConductUpkeep(Actor):
    """Of anyone: what time and owners change is written down."""

    @verb
    def refresh_credit(self, account: Address) -> Act[None]:
        """Write down what time has changed in an account's record, and lift what has decayed. Anyone may."""
        return self.suite.contract(CreditRecord).refresh(account)

    @verb
    def extend_restrictions(self, source: Address, accounts: Sequence[Address]) -> Act[None]:
        """Carry what an account's tier forbids its owner to the owner's other accounts, at most 16. Anyone may."""
        if len(accounts) > MOST_ACCOUNTS:
            raise InputError(f"accounts has {len(accounts)}; a call takes {MOST_ACCOUNTS}.")
        return self.suite.contract(CreditRecord).extend(source, list(accounts))


class ConductRisk(ConductUpkeep):
    """Of the risk manager."""

    @verb
    def accuse(self, account: Address, kind: Kind, evidence: Digest) -> Act[int]:
        """Accuse an account of misconduct; it counts when another officer confirms it. Returns the accusation's number.

        Args:
            account: Whose.
            kind: Such as `Misconduct.MANIPULATION`.
            evidence: The case, or its digest.
        """
        return self.suite.contract(CreditRecord).accuse(account, positive(kind, "kind"), digest(evidence, "evidence"))

    @verb
    def withdraw_accusation(self, accusation: int, reasons: Digest) -> Act[None]:
        """Take back one's own accusation."""
        return self.suite.contract(CreditRecord).withdraw_accusation(
            positive(accusation, "accusation"), digest(reasons, "reasons")
        )


class ConductSupervision(Actor):
    """Of the services' regulator."""

    @verb
    def confirm_accusation(self, accusation: int, reasons: Digest) -> Act[int]:
        """Confirm what another officer accused of: it enters the record at once. Returns the entry's number."""
        return self.suite.contract(CreditRecord).confirm_accusation(
            positive(accusation, "accusation"), digest(reasons, "reasons")
        )

    @verb
    def dismiss_accusation(self, accusation: int, reasons: Digest) -> Act[None]:
        """Refuse an accusation."""
        return self.suite.contract(CreditRecord).dismiss_accusation(
            positive(accusation, "accusation"), digest(reasons, "reasons")
        )


class ConductAdministration(Actor):
    """Of the security authority."""

    @verb
    def appoint_reporter(self, kind: Kind, reporter: Address) -> Act[None]:
        """Name the contract that reports misconduct of a kind by itself."""
        return self.suite.contract(CreditRecord).appoint_reporter(positive(kind, "kind"), reporter)


class ConductSubject(ConductUpkeep):
    """Of an account's representative."""

    def credit_record(self) -> CreditView:
        """The record of this key's account: tier, score, restrictions, entries. Raises InputError without one."""
        return credit_of(self.suite, self._own_account())

    @verb
    def appeal_entry(self, entry: int, grounds: Digest) -> Act[None]:
        """Appeal an entry in one's own record, in time; it counts on until it is decided.

        Args:
            entry: Its number.
            grounds: The appeal, or its digest.
        """
        return self.suite.contract(CreditRecord).appeal(positive(entry, "entry"), digest(grounds, "grounds"))
