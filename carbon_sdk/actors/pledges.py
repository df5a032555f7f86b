"""Pledges: units that secure a debt. What is owed stands outside the ledger; that it was paid shows in the release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Moment, digest, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import PledgeState
from carbon_sdk.contracts.generated.pledge_book import ExchangeOfAnswer, PledgeBook
from carbon_sdk.contracts.generated.structs import Amendment, PledgeTerms, Units
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.units import tonnes

_PAGE = 100


@dataclass(frozen=True, slots=True)
class PledgeRecord:
    """One pledge as it stands.

    Attributes:
        id: Its number.
        pledgor: Whose units they are.
        state: OFFERED, ACTIVE, or how it ended.
        terms: As agreed, amendments included; times in Unix seconds.
        units: What is pledged now, tonnes by instrument.
        notice_at: When notice was given, Unix seconds; 0: not.
        foreclosure_from: When it can be foreclosed, Unix seconds; 0: there is no notice.
        exchange: Number of the open exchange; 0: none.
    """

    id: int
    pledgor: Address
    state: PledgeState
    terms: PledgeTerms
    units: dict[InstrumentId, int]
    notice_at: int
    foreclosure_from: int
    exchange: int


def pledge_of(suite: Suite, id: int) -> PledgeRecord:  # noqa: A002 -- that is its name
    """One pledge. Raises RuleBroken when there is none with this number."""
    answer = suite.contract(PledgeBook).pledge_of(positive(id, "pledge"))
    pledge = answer.pledge
    return PledgeRecord(
        id,
        pledge.pledgor,
        pledge.state,
        pledge.terms,
        {InstrumentId(item.instrument): item.quantity for item in answer.units},
        pledge.notice_at,
        pledge.notice_at + pledge.terms.notice_period if pledge.notice_at else 0,
        pledge.exchanges if pledge.exchange_open else 0,
    )


def pledges_of(suite: Suite, account: Address) -> tuple[PledgeRecord, ...]:
    """All pledges of an account, as pledgor and as pledgee, in the order in which they were offered."""
    book = suite.contract(PledgeBook)
    found: list[PledgeRecord] = []
    while True:
        page = book.pledges_of(account, len(found), _PAGE)
        found.extend(pledge_of(suite, number) for number in page.ids)
        if not page.ids or len(found) >= page.total:
            return tuple(found)


class PledgeSides(Actor):
    """Pledgors and pledgees: the rights INITIATE and APPROVE. Every verb raises NotPermitted for another side's key."""

    # THE PLEDGOR

    @verb
    def offer_pledge(
        self,
        pledgee: Address,
        units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]],
        due: Moment,
        agreement: Digest,
        *,
        receiver: Address | None = None,
        notice: int | None = None,
        offer_until: Moment = 0,
    ) -> Act[int]:
        """Offer units as security; they are bound from now on. Returns the pledge's number.

        Args:
            pledgee: Account that accepts, releases or forecloses.
            units: Whole tonnes by instrument, up to 8 instruments; allowances and credits.
            due: The pledgee can give notice after it.
            agreement: The agreement, or its digest.
            receiver: Account that gets the units on foreclosure; None: the pledgee.
            notice: Seconds from notice to foreclosure; None: the scheme's least.
            offer_until: The last second in which it can be accepted; 0: until it is due.

        Raises:
            RuleBroken: Too few free units, an instrument that is not open, a side that is not eligible.
        """
        period = self._pledge_book.least_notice() if notice is None else whole(notice, "notice")
        terms = PledgeTerms(
            pledgee,
            pledgee if receiver is None else receiver,
            moment(due, "due"),
            period,
            moment(offer_until, "offer_until"),
            digest(agreement, "agreement"),
        )
        return self._pledge_book.offer(terms, _units(units))

    @verb
    def withdraw_pledge_offer(self, pledge: int) -> Act[None]:
        """Take an offer back that was not accepted; its units are free again."""
        return self._pledge_book.withdraw_offer(positive(pledge, "pledge"))

    @verb
    def top_up_pledge(
        self, pledge: int, units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]]
    ) -> Act[None]:
        """Pledge more units, whole tonnes by instrument."""
        return self._pledge_book.top_up(positive(pledge, "pledge"), _units(units))

    @verb
    def propose_exchange(
        self,
        pledge: int,
        removed: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]],
        added: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]],
    ) -> Act[int]:
        """Propose other units in the place of pledged ones; returns the exchange's number.

        Args:
            pledge: Its number.
            removed: Pledged tonnes that would come free.
            added: Tonnes that would be pledged; they are bound from now on.
        """
        return self._pledge_book.propose_exchange(positive(pledge, "pledge"), _units(removed), _units(added))

    # THE PLEDGEE

    @verb
    def accept_pledge(self, pledge: int) -> Act[None]:
        """Accept an offer: from now on the units come free only by this account's release."""
        return self._pledge_book.accept(positive(pledge, "pledge"))

    @verb
    def decline_pledge(self, pledge: int) -> Act[None]:
        """Refuse an offer; its units are free again."""
        return self._pledge_book.decline(positive(pledge, "pledge"))

    @verb
    def release_pledge(
        self, pledge: int, units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]] | None = None
    ) -> Act[None]:
        """Give pledged units back; None: all of them. The last ones end the pledge."""
        number = positive(pledge, "pledge")
        if units is None:
            return self._pledge_book.release_all(number)
        return self._pledge_book.release(number, _units(units))

    @verb
    def accept_exchange(self, pledge: int, exchange: int) -> Act[None]:
        """Accept an exchange by its number: new units are pledged, old ones free, at once."""
        return self._pledge_book.accept_exchange(positive(pledge, "pledge"), positive(exchange, "exchange"))

    @verb
    def give_notice(self, pledge: int) -> Act[None]:
        """Say, after the due time, that it was not paid; foreclosure can follow when the notice period is over."""
        return self._pledge_book.give_notice(positive(pledge, "pledge"))

    @verb
    def withdraw_notice(self, pledge: int) -> Act[None]:
        """Take a notice back, for instance because of a payment."""
        return self._pledge_book.withdraw_notice(positive(pledge, "pledge"))

    @verb
    def foreclose(
        self, pledge: int, units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]] | None = None
    ) -> Act[None]:
        """Move pledged units to the receiver of the terms, when the notice period is over; None: all of them.

        Raises:
            RuleBroken: No notice or too early, the receiver may not receive, or an instrument is not open.
        """
        number = positive(pledge, "pledge")
        if units is None:
            return self._pledge_book.foreclose_all(number)
        return self._pledge_book.foreclose(number, _units(units))

    # EITHER SIDE

    @verb
    def drop_exchange(self, pledge: int) -> Act[None]:
        """Drop the open exchange; what it bound is free again."""
        return self._pledge_book.drop_exchange(positive(pledge, "pledge"))

    @verb
    def propose_amendment(self, pledge: int, due: Moment, receiver: Address, agreement: Digest) -> Act[None]:
        """Propose other terms, such as a later due time; takes the place of what is proposed.

        Args:
            pledge: Its number.
            due: Never earlier than before.
            receiver: Account that gets the units on foreclosure.
            agreement: The agreement as it is then, or its digest.
        """
        return self._pledge_book.propose_amendment(positive(pledge, "pledge"), _amendment(due, receiver, agreement))

    @verb
    def accept_amendment(self, pledge: int, due: Moment, receiver: Address, agreement: Digest) -> Act[None]:
        """Agree to what the other side proposed, word for word; a notice that was given is void."""
        return self._pledge_book.accept_amendment(positive(pledge, "pledge"), _amendment(due, receiver, agreement))

    @verb
    def drop_amendment(self, pledge: int) -> Act[None]:
        """Drop the amendment that is proposed."""
        return self._pledge_book.drop_amendment(positive(pledge, "pledge"))

    @verb
    def lapse_pledge_offer(self, pledge: int) -> Act[None]:
        """Free what an offer binds that was not accepted in time. Anyone may."""
        return self._pledge_book.lapse(positive(pledge, "pledge"))

    # WHAT STANDS

    def pledge(self, id: int) -> PledgeRecord:  # noqa: A002 -- that is its name
        """One pledge as it stands."""
        return pledge_of(self.suite, id)

    def pledges(self) -> tuple[PledgeRecord, ...]:
        """All pledges of this key's account, on either side, in the order in which they were offered."""
        return pledges_of(self.suite, self._own_account())

    def exchange(self, pledge: int) -> ExchangeOfAnswer:
        """The open exchange of a pledge: its number (0: none), what it would remove and what it would add."""
        return self._pledge_book.exchange_of(positive(pledge, "pledge"))

    @property
    def _pledge_book(self) -> PledgeBook:
        return self.suite.contract(PledgeBook)


def _amendment(due: Moment, receiver: Address, agreement: Digest) -> Amendment:
    return Amendment(receiver, moment(due, "due"), digest(agreement, "agreement"))


def _units(units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]]) -> list[Units]:
    pairs = list(units.items() if isinstance(units, Mapping) else units)
    if not pairs:
        raise InputError("Give at least one instrument with its tonnes.")
    return [Units(InstrumentId(item), positive(tonnes(amount), "quantity")) for item, amount in pairs]
