"""Transfers between accounts: verbs of holders, of the regulator and of the registry, and what can be read of them.

Mixed into `Company`, `Regulator` and `RegistryOperator`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any, NamedTuple

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Restriction, Right, digest, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act, Function
from carbon_sdk.chain.sender import send_many
from carbon_sdk.contracts.generated.enums import TransferState, TrustState
from carbon_sdk.contracts.generated.events import TransferProposed, TrustProposed
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.structs import Calendar, Representation, TransferRecord, TransferType, TrustRules
from carbon_sdk.contracts.generated.transfer_rules import ApproveAnswer, TransferRules, TypeForAnswer
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError, Refused
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId
from carbon_sdk.units import Quantity

EPOCH = date(1970, 1, 1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PENDING = (TransferState.PROPOSED, TransferState.WAITING)
LATER = 0
"""The instrument that stands for all that are defined afterwards."""
_BOTH = Right.INITIATE | Right.APPROVE


class Transferred(NamedTuple):
    """What became of a wish to transfer.

    Attributes:
        id: Number of the transfer; 0: it went directly, in the ledger alone.
        state: COMPLETED; WAITING for its time; PROPOSED, waiting for another representative's approval.
        due_at: Unix seconds from which it can be completed; 0: at once, or not approved yet.
    """

    id: int
    state: TransferState
    due_at: int


@dataclass(frozen=True, slots=True)
class TransferView:
    """A transfer by rules: its number, and what the contract keeps of it."""

    id: int
    record: TransferRecord


@dataclass(frozen=True, slots=True)
class TrustedAccount:
    """An entry of an account's list.

    Attributes:
        account: Who is trusted.
        state: PROPOSED waits for another representative; ADDED.
        since: Unix seconds; in effect from then on. 0: not approved yet.
        key: Of the representative who proposed it.
    """

    account: Address
    state: TrustState
    since: int
    key: Address


@dataclass(frozen=True, slots=True)
class Completion:
    """One transfer that was due: None, or why it could not be completed."""

    id: int
    refused: str | None


def transfers_of(suite: Suite, account: Address, *, pending: bool = True) -> tuple[TransferView, ...]:
    """What an account has proposed, in order; only what still waits, or everything."""
    desk = suite.contract(TransferRules)
    topics = [TransferProposed.TOPIC, None, _topic(account)]
    ids = [
        item.event.id
        for item in suite.chain.events(suite.deployment.block, addresses=[desk.address], topics=topics)
        if isinstance(item.event, TransferProposed)
    ]
    return tuple(item for item in _records(suite, ids) if not pending or item.record.state in PENDING)


def trusted_by(suite: Suite, account: Address) -> tuple[TrustedAccount, ...]:
    """The list of an account as it stands, in the order in which its entries were first proposed."""
    desk = suite.contract(TransferRules)
    topics = [TrustProposed.TOPIC, _topic(account)]
    named = dict.fromkeys(
        item.event.trusted
        for item in suite.chain.events(suite.deployment.block, addresses=[desk.address], topics=topics)
        if isinstance(item.event, TrustProposed)
    )
    entries = suite.chain.read_many([TransferRules.TRUST_OF.on(desk.address, account, other) for other in named])
    return tuple(
        TrustedAccount(other, entry.state, entry.since, entry.key)
        for other, entry in zip(named, entries, strict=True)
        if entry.state is not TrustState.NONE
    )


def pending_transfers(suite: Suite) -> Iterator[TransferView]:
    """Every transfer that waits, in order."""
    count = suite.contract(TransferRules).transfer_count()
    for start in range(1, count + 1, 500):
        ids = list(range(start, min(start + 500, count + 1)))
        yield from (item for item in _records(suite, ids) if item.record.state in PENDING)


class TransferVerbs(Actor):
    """What a representative may do about transfers of the account."""

    @verb
    def transfer(self, to: Address, instrument: InstrumentId | int, quantity: Quantity) -> Act[Transferred]:
        """Transfer units to another account: directly where the rules let that be, else by a proposal.

        A direct transfer needs the rights INITIATE and APPROVE, a proposal INITIATE. A proposal is completed at once;
        or it is bound, and completed by anyone from `due_at` on; or it is bound and waits for another representative.

        Args:
            to: The account that receives.
            instrument: Which.
            quantity: Whole tonnes, or smallest units of money.

        Raises:
            RuleBroken: No type of transfer is for the two accounts, a limit or the hours stand against it, too little
                is free, or either account may not.
        """
        amount, number = positive(quantity, "quantity"), int(instrument)
        ledger = self.suite.contract(InstrumentLedger)
        key = ledger.representation_of(self.address)
        if self._goes_directly(ledger, key, to, number, amount):
            act = ledger.safe_transfer_from(key.account, to, number, amount, b"")
            done = Transferred(0, TransferState.COMPLETED, 0)
            return _answering(act, lambda _: done)
        proposal = self._transfer_rules.propose(to, number, amount)
        return _answering(proposal, lambda v: Transferred(v[0], TransferState(v[1]), v[2]))

    @verb
    def approve_transfer(self, transfer: int) -> Act[ApproveAnswer]:
        """Approve what another representative proposed; the right APPROVE. Returns its state and when it is due."""
        return self._transfer_rules.approve(positive(transfer, "transfer"))

    @verb
    def refuse_transfer(self, transfer: int) -> Act[None]:
        """Refuse what another representative proposed; the right APPROVE. Its units are free again."""
        return self._transfer_rules.refuse(positive(transfer, "transfer"))

    @verb
    def cancel_transfer(self, transfer: int) -> Act[None]:
        """Take back a transfer that is not completed; the right INITIATE or APPROVE. Its units are free again."""
        return self._transfer_rules.cancel(positive(transfer, "transfer"))

    @verb
    def complete_transfer(self, transfer: int) -> Act[None]:
        """Complete a transfer that is due, anybody's. Anyone may."""
        return self._transfer_rules.complete(positive(transfer, "transfer"))

    @verb
    def expire_transfer(self, transfer: int) -> Act[None]:
        """End a transfer that was not approved or completed in time; its units are free again. Anyone may."""
        return self._transfer_rules.expire(positive(transfer, "transfer"))

    @verb
    def trust(self, account: Address) -> Act[None]:
        """Put an account on the list of trusted ones; the right INITIATE.

        Where the scheme wants another representative, or this key may not APPROVE, it waits for `approve_trust`. It
        takes effect after the scheme's delay; until then it can be taken back by `distrust`.
        """
        return self._transfer_rules.trust(account)

    @verb
    def approve_trust(self, account: Address) -> Act[None]:
        """Approve an entry that another representative proposed; the right APPROVE. The delay begins."""
        return self._transfer_rules.approve_trust(account)

    @verb
    def distrust(self, account: Address) -> Act[None]:
        """Take an account off the list at once, or back before it took effect; the right INITIATE or APPROVE."""
        return self._transfer_rules.distrust(account)

    @verb
    def update_direct(self, giver: Address, receiver: Address, instrument: InstrumentId | int) -> Act[None]:
        """Have the ledger told whether transfers between two accounts go directly now. Anyone may.

        Entries of a list do it by themselves; it is needed for pairs that need no list, and after other rules were
        assigned.
        """
        rules = self.suite.contract(InstrumentLedger).instrument_of(int(instrument)).rules
        if not rules:
            raise InputError(f"{InstrumentId(instrument)} is under no rules: its transfers go directly.")
        return self._transfer_rules.update_direct(giver, receiver, rules)

    def transfers(self, pending: bool = True) -> tuple[TransferView, ...]:
        """What this account has proposed, in order; only what still waits, or everything."""
        return transfers_of(self.suite, self._own_account(), pending=pending)

    def trusted_accounts(self) -> tuple[TrustedAccount, ...]:
        """This account's list, with the time from which each entry is in effect."""
        return trusted_by(self.suite, self._own_account())

    def transfer_type(self, to: Address, instrument: InstrumentId | int, quantity: Quantity = 1) -> TypeForAnswer:
        """What would apply to a transfer now: the set, its type, whether it goes directly, when it would be due.

        Raises:
            RuleBroken: No type is for the two accounts.
        """
        return self._transfer_rules.type_for(self._own_account(), to, int(instrument), positive(quantity, "quantity"))

    def _goes_directly(
        self, ledger: InstrumentLedger, key: Representation, to: Address, instrument: int, quantity: int
    ) -> bool:
        """Whether the ledger does it alone, for this key, now."""
        if key.account == ZERO_ADDRESS:
            return False  # the proposal is refused, with the reason
        if not ledger.instrument_of(instrument).rules:
            return True
        found = self._transfer_rules.type_for(key.account, to, instrument, quantity)
        if not found.direct or key.rights & _BOTH != _BOTH:
            return False
        # A type may let an account give while its transfers are restricted; the ledger alone would not.
        restricted = ledger.eligibility_of(key.account).restrictions & Restriction.NO_TRANSFER
        return not restricted or bool(found.found.forbidding & Restriction.NO_TRANSFER)

    @property
    def _transfer_rules(self) -> TransferRules:
        return self.suite.contract(TransferRules)


class TransferRegulation(Actor):
    """What the competent authority decides about transfers."""

    @verb
    def publish_transfer_rules(self, types: Sequence[TransferType], document: Digest) -> Act[int]:
        """Publish a set of transaction types, which never changes; returns its number.

        Args:
            types: 1 to 16, in the order in which they are tried. Kinds are bits 1 << `AccountKind`, restrictions those
                of `Restriction`, times seconds, quantities whole units; 0 is no limit; `cancellable` 4294967295 is
                always.
            document: The rules in words, or their digest.
        """
        return self._transfer_rules.publish_rules(list(types), digest(document, "document"))

    @verb
    def assign_transfer_rules(
        self, rules: int, instruments: Sequence[InstrumentId], *, later: bool = False
    ) -> Act[None]:
        """Let instruments move by a set; transfers that wait keep the type by which they were proposed.

        Args:
            rules: Number of the set; 0: they go directly.
            instruments: Which.
            later: Those too that are defined from now on.
        """
        numbers = [*(int(item) for item in instruments), *([LATER] if later else [])]
        return self._transfer_rules.assign_rules(numbers, whole(rules, "rules"))

    @verb
    def set_calendar(
        self, opens: str, closes: str, *, weekdays: Sequence[str] = WEEKDAYS[:5], utc_offset_seconds: int = 0
    ) -> Act[None]:
        """Set business hours and working days from now on; times that were computed before stay.

        Args:
            opens: Such as 10:00.
            closes: Such as 16:00; from then on it is closed.
            weekdays: Names of the days that are worked, such as monday.
            utc_offset_seconds: East of UTC; set it when the clocks change.
        """
        names = [name.strip().lower() for name in weekdays]
        if unknown := [name for name in names if name not in WEEKDAYS]:
            raise InputError(f"{unknown[0]!r} is no weekday. Weekdays are {', '.join(WEEKDAYS)}.")
        days = sum(1 << WEEKDAYS.index(name) for name in set(names))
        return self._transfer_rules.set_calendar(
            Calendar(utc_offset_seconds, _second(opens, "opens"), _second(closes, "closes"), days)
        )

    @verb
    def set_holidays(self, dates: Sequence[str], *, working: bool = False) -> Act[None]:
        """Make dates, such as 2022-12-27, holidays; or, with `working`, days like any other again."""
        return self._transfer_rules.set_holidays([_day(item) for item in dates], not working)

    @verb
    def set_trust_rules(self, approvals: int, working_days: int, *, delay: int = 0) -> Act[None]:
        """Set how accounts come onto lists from now on.

        Args:
            approvals: 1: a key with INITIATE and APPROVE will do; 2: another key approves.
            working_days: Until an entry takes effect.
            delay: Seconds before those.
        """
        return self._transfer_rules.set_trust_rules(
            TrustRules(positive(approvals, "approvals"), whole(working_days, "working_days"), whole(delay, "delay"))
        )

    @verb
    def set_opt_in(self, account: Address, on: bool, cause: Digest) -> Act[None]:
        """Let an account make transfers of types that want the option, such as off its list; or no longer."""
        return self._transfer_rules.set_opt_in(account, on, digest(cause, "cause"))

    @verb
    def stop_transfer(self, transfer: int, cause: Digest) -> Act[None]:
        """Cancel a transfer that is not completed, at any time; its units are free again."""
        return self._transfer_rules.cancel_for(positive(transfer, "transfer"), digest(cause, "cause"))

    @verb
    def reverse_transfer(self, transfer: int, cause: Digest) -> Act[None]:
        """Send a completed transfer's units back, once, within its type's window, out of what the receiver has free.

        Raises:
            RuleBroken: The window is over, it was reversed before, or the receiver has too little free.
        """
        return self._transfer_rules.reverse(positive(transfer, "transfer"), digest(cause, "cause"))

    def transfer_rules(self, rules: int) -> tuple[TransferType, ...]:
        """The types of a set, in the order in which they are tried."""
        return self._transfer_rules.types_of(positive(rules, "rules"))

    @property
    def _transfer_rules(self) -> TransferRules:
        return self.suite.contract(TransferRules)


class TransferRegistration(Actor):
    """What the registry's officers do about transfers."""

    def pending_transfers(self) -> tuple[TransferView, ...]:
        """Every transfer that waits, in order."""
        return tuple(pending_transfers(self.suite))

    def complete_due(self) -> tuple[Completion, ...]:
        """Complete every transfer that is due, in bulk; what cannot be completed is told with the reason, and stays.

        Raises:
            TransportError: No node answered; say it again, nothing is done twice.
        """
        now = self.suite.chain.block().timestamp
        due = [
            item
            for item in pending_transfers(self.suite)
            if item.record.state is TransferState.WAITING and item.record.due_at <= now
        ]
        rules = self.suite.contract(TransferRules)
        found: dict[int, str | None] = {}
        acts: list[tuple[int, Act[None]]] = []
        for item in due:
            act = rules.complete(item.id)
            try:
                self._rehearse(act)
                acts.append((item.id, act))
            except Refused as why:
                found[item.id] = str(why)
        outcomes = send_many(self.suite.chain, [(self.signer, act) for _, act in acts])
        for (number, _), outcome in zip(acts, outcomes, strict=True):
            found[number] = None if outcome.error is None else str(outcome.error)
        return tuple(Completion(item.id, found[item.id]) for item in due)


def _answering(act: Act[Any], convert: Callable[[Any], Transferred]) -> Act[Transferred]:
    """The same call, whose answer means something else."""
    function: Function[Transferred] | None = act.function and replace(act.function, convert=convert)
    return Act(act.to, act.data, function, act.arguments)


def _records(suite: Suite, ids: Sequence[int]) -> list[TransferView]:
    desk = suite.contract(TransferRules).address
    found = suite.chain.read_many([TransferRules.TRANSFER_OF.on(desk, item) for item in ids])
    return [TransferView(item, record) for item, record in zip(ids, found, strict=True)]


def _topic(account: Address) -> str:
    return "0x" + account[2:].lower().rjust(64, "0")


def _second(text: str, name: str) -> int:
    try:
        at = time.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name} {text!r} is no time of the day: write 10:00.") from None
    return at.hour * 3600 + at.minute * 60 + at.second


def _day(value: str) -> int:
    try:
        number = (date.fromisoformat(str(value)) - EPOCH).days
    except ValueError:
        raise InputError(f"{value!r} is no date: write 2022-12-27.") from None
    if number < 0:
        raise InputError(f"{value} is before 1970.")
    return number
