"""Disputes: what the parties, the authority and arbitrators do about an act that one of them contests.

Each class but `ArbitrationOfficer` is a part of an actor (`Company`, `Regulator`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, digest, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.actors.views import VoucherReader
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.dispute_desk import DisputeDesk
from carbon_sdk.contracts.generated.enums import DisputeState, SubjectKind
from carbon_sdk.contracts.generated.structs import DisputeTerms
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId
from carbon_sdk.units import Quantity


@dataclass(frozen=True, slots=True)
class DisputedUnits:
    """What rests of one holding.

    Attributes:
        holder: Account.
        instrument: Of it.
        frozen: Rests now: tonnes, or smallest units of money; 0 when the dispute is over.
        award: As ruled, to the other party.
    """

    holder: Address
    instrument: InstrumentId
    frozen: int
    award: int


@dataclass(frozen=True, slots=True)
class DisputeView:
    """One dispute as it stands.

    Attributes:
        id: Its number.
        kind: Of what is disputed.
        subject: That it is about, as the contract numbers it.
        claimant: Account.
        respondent: Account; None: the authority.
        state: OPEN, RULED, APPEALED, FINAL, or how it ended.
        until: Unix seconds; what ends then is for the state to say.
        evidence_until: Unix seconds.
        evidence: Pieces submitted.
        upheld: As last ruled.
        ruling: Digest of the ruling as it stands; zeros: none.
        lines: What rests.
    """

    id: int
    kind: SubjectKind
    subject: int
    claimant: Address
    respondent: Address | None
    state: DisputeState
    until: int
    evidence_until: int
    evidence: int
    upheld: bool
    ruling: bytes
    lines: tuple[DisputedUnits, ...]


def dispute_of(suite: Suite, id: int) -> DisputeView:  # noqa: A002 -- that is its name
    """One dispute. Raises RuleBroken when there is none with this number."""
    answer = suite.contract(DisputeDesk).dispute_of(positive(id, "dispute"))
    one = answer.dispute
    return DisputeView(
        id,
        one.kind,
        one.subject,
        one.claimant,
        None if one.respondent == ZERO_ADDRESS else one.respondent,
        one.state,
        one.until,
        one.evidence_until,
        one.evidence,
        one.upheld,
        one.ruling,
        tuple(
            DisputedUnits(line.holder, InstrumentId(line.instrument), line.frozen, line.award) for line in answer.lines
        ),
    )


def disputes_of(suite: Suite, account: Address) -> tuple[DisputeView, ...]:
    """All disputes in which an account is a party, in the order in which they were opened."""
    count = suite.contract(DisputeDesk).dispute_count()
    found = (dispute_of(suite, number) for number in range(1, count + 1))
    return tuple(one for one in found if account in (one.claimant, one.respondent))


class _Reads(Actor):
    def dispute(self, id: int) -> DisputeView:  # noqa: A002 -- that is its name
        """One dispute as it stands."""
        return dispute_of(self.suite, id)

    @property
    def _dispute_desk(self) -> DisputeDesk:
        return self.suite.contract(DisputeDesk)


class DisputeParty(_Reads):
    """Parties to a dispute: the rights INITIATE and APPROVE. Verbs raise NotPermitted for who is no party."""

    @verb
    def dispute_trade(
        self, series: int, index: int, statement: Digest, *, units: Quantity = 0, money: Quantity = 0
    ) -> Act[int]:
        """Dispute a trade by its voucher; what is claimed rests, as far as it is free. Returns the dispute's number.

        Each side claims what it gave: units or money. The trade is undone where both sides dispute it and are right.

        Args:
            series: Of the voucher.
            index: Of the voucher in its series.
            statement: The claim, or its digest.
            units: By the seller: tonnes that it should have back.
            money: By the buyer: what it should have back, in smallest units.

        Raises:
            NotPermitted: This key's account is no party, or claims what the other side gave.
            RuleBroken: Too late, disputed already, or more than the trade was about.
        """
        voucher = VoucherReader(self.suite, series, index)
        return self._dispute_desk.open_on_trade(
            voucher.voucher,
            voucher.proof(),
            whole(units, "units"),
            whole(money, "money"),
            digest(statement, "statement"),
        )

    @verb
    def dispute_transfer(self, transfer: int, units: Quantity, statement: Digest) -> Act[int]:
        """Dispute a completed transfer, as its sender: its units rest at the receiver, as far as they are free.

        Args:
            transfer: Its number.
            units: That the sender should have back.
            statement: The claim, or its digest.
        """
        return self._dispute_desk.open_on_transfer(
            positive(transfer, "transfer"), positive(units, "units"), digest(statement, "statement")
        )

    @verb
    def dispute_report(self, installation: int, year: int, statement: Digest) -> Act[int]:
        """Dispute the figure of an own installation's year. Upheld, or reopened by the authority: it is open again."""
        return self._dispute_desk.open_on_report(
            positive(installation, "installation"), positive(year, "year"), digest(statement, "statement")
        )

    @verb
    def dispute_surrender(self, application: int, statement: Digest) -> Act[int]:
        """Dispute an own approved surrender. Upheld, it is reversed: units with new serials are issued."""
        return self._dispute_desk.open_on_surrender(
            positive(application, "application"), digest(statement, "statement")
        )

    @verb
    def submit_evidence(self, dispute: int, evidence: Digest) -> Act[None]:
        """Submit evidence, or its digest, within the period for it."""
        return self._dispute_desk.submit_evidence(positive(dispute, "dispute"), digest(evidence, "evidence"))

    @verb
    def withdraw_dispute(self, dispute: int) -> Act[None]:
        """Give an own claim up before a ruling; what rested is free."""
        return self._dispute_desk.withdraw(positive(dispute, "dispute"))

    @verb
    def appeal_ruling(self, dispute: int, grounds: Digest) -> Act[None]:
        """Appeal once, within the period for it; another arbitrator decides."""
        return self._dispute_desk.appeal(positive(dispute, "dispute"), digest(grounds, "grounds"))

    @verb
    def execute_ruling(self, dispute: int) -> Act[None]:
        """Execute a ruling that can no longer be appealed. Anyone may; once."""
        return self._dispute_desk.execute(positive(dispute, "dispute"))

    @verb
    def lapse_dispute(self, dispute: int) -> Act[None]:
        """End a dispute that nobody ruled on, or whose ruling nobody could execute, in time. Anyone may."""
        return self._dispute_desk.lapse(positive(dispute, "dispute"))

    def disputes(self) -> tuple[DisputeView, ...]:
        """All disputes of this key's account, on either side."""
        return disputes_of(self.suite, self._own_account())


class DisputeAuthority(_Reads):
    """The authority as the other side of a dispute, and as who sets the terms."""

    @verb
    def answer_dispute(self, dispute: int, evidence: Digest) -> Act[None]:
        """Submit the authority's evidence, where it is the other side."""
        return self._dispute_desk.submit_for_authority(positive(dispute, "dispute"), digest(evidence, "evidence"))

    @verb
    def appeal_ruling(self, dispute: int, grounds: Digest) -> Act[None]:
        """Appeal for the authority, where it is the other side."""
        return self._dispute_desk.appeal_for_authority(positive(dispute, "dispute"), digest(grounds, "grounds"))

    @verb
    def set_dispute_terms(self, terms: DisputeTerms) -> Act[None]:
        """Set the periods of disputes that are opened from now on.

        Args:
            terms: Seconds: `open_for` from the disputed act, `evidence_for` from the opening, `rule_for` from the end
                of evidence and from an appeal, `appeal_for` from the ruling, `execute_for` from when it stands.
        """
        return self._dispute_desk.set_terms(terms)


class ArbitrationOfficer(_Reads):
    """An arbitrator. Every verb raises NotPermitted for another key."""

    @verb
    def rule(self, dispute: int, upheld: bool, document: Digest, awards: Sequence[int] = ()) -> Act[None]:
        """Rule on a dispute after the period of evidence.

        Args:
            dispute: Its number.
            upheld: Whether the claim is right.
            document: The ruling with its reasons, or its digest.
            awards: What of each line goes to the other party; none given: all that rests where the claim is upheld.

        Raises:
            RuleBroken: Evidence can still be submitted, the time is over, an award exceeds what rests, or this key acts
                for a party.
        """
        number = positive(dispute, "dispute")
        return self._dispute_desk.rule(
            number, upheld, self._awards(number, upheld, awards), digest(document, "document")
        )

    @verb
    def decide_appeal(self, dispute: int, upheld: bool, document: Digest, awards: Sequence[int] = ()) -> Act[None]:
        """Rule in the place of another arbitrator's ruling; arguments as of `rule`."""
        number = positive(dispute, "dispute")
        return self._dispute_desk.decide_appeal(
            number, upheld, self._awards(number, upheld, awards), digest(document, "document")
        )

    def _awards(self, dispute: int, upheld: bool, awards: Sequence[int]) -> list[int]:
        if awards:
            return [whole(award, "award") for award in awards]
        if not isinstance(upheld, bool):
            raise InputError("Say whether the claim is upheld: true or false.")
        return [line.frozen if upheld else 0 for line in dispute_of(self.suite, dispute).lines]
