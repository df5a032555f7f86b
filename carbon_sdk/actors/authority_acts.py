"""What the regulator does with units of others: freezes, forced transfers, reversals. Each act is numbered and kept.

From a size on (`SecurityAuthority.set_second_officer_rules`) an act waits until another officer confirms it. What the
account holds can move meanwhile: freeze it first.
"""

from __future__ import annotations

from collections.abc import Sequence

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, digest, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.authority_desk import ActOfAnswer, AuthorityDesk
from carbon_sdk.contracts.generated.enums import Reason
from carbon_sdk.contracts.generated.structs import Binding, SecondOfficerRules, Warrant
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId, OrderId
from carbon_sdk.units import Quantity


class AuthorityActs(Actor):
    """The regulator's verbs on units of others."""

    @verb
    def freeze(
        self,
        account: Address,
        instrument: InstrumentId | int,
        quantity: Quantity,
        cause: Digest,
        reason: str,
        document: Digest | None = None,
    ) -> Act[int]:
        """Set how many tonnes (or smallest units of money) of an account cannot move; returns the act's number.

        The amount is absolute and takes the place of the one before; 0 ends it. One officer is enough.

        Args:
            account: Whose.
            instrument: What.
            quantity: How many in all; may exceed what there is.
            cause: The case, or its digest.
            reason: Public, in words.
            document: The order, or its digest; None: there is none yet.
        """
        warrant = Warrant(
            digest(cause, "cause"), bytes(32) if document is None else digest(document, "document"), _public(reason)
        )
        return self._acts.freeze(account, int(instrument), whole(quantity, "quantity"), warrant)

    @verb
    def force_transfer(
        self,
        source: Address,
        target: Address,
        instrument: InstrumentId | int,
        quantity: Quantity,
        cause: Digest,
        document: Digest,
        reason: str,
        *,
        orders: Sequence[OrderId] = (),
        disputes: Sequence[int] = (),
        pledges: Sequence[int] = (),
    ) -> Act[int]:
        """Move tonnes (or smallest units of money) by order of a court or the authority; returns the act's number.

        Takes what is free, then what the named orders hold, then what is frozen, then what the named disputes and
        pledges bind, and stops where it has enough. A large act waits for `confirm_act`.

        Args:
            source: Account that loses them; it need not be eligible.
            target: Account that gets them.
            instrument: What.
            quantity: How many.
            cause: The case, or its digest.
            document: The order, or its digest.
            reason: Public, in words.
            orders: Open orders of the source that may be taken back. For an act that waits, name them when confirming.
            disputes: Numbers of disputes that give way.
            pledges: Numbers of pledges that give way.

        Raises:
            RuleBroken: Too little is in reach, or the target may not receive.
        """
        return self._acts.force_transfer(
            source,
            target,
            int(instrument),
            positive(quantity, "quantity"),
            list(orders),
            _bindings(disputes, pledges),
            _warrant(cause, document, reason),
        )

    @verb
    def reverse_act(
        self,
        act: int,
        cause: Digest,
        document: Digest,
        reason: str,
        *,
        orders: Sequence[OrderId] = (),
        disputes: Sequence[int] = (),
        pledges: Sequence[int] = (),
    ) -> Act[int]:
        """Give back what a forced transfer took: an act of its own that refers to it, once, within the rules' time.

        Args:
            act: Number of the forced transfer.
            cause: Why, or its digest.
            document: The order, or its digest.
            reason: Public, in words.
            orders: As of `force_transfer`; of the account that gives back.
            disputes: Likewise.
            pledges: Likewise.

        Raises:
            RuleBroken: It was reversed, is no forced transfer that was done, or the time is over.
        """
        return self._acts.reverse(
            positive(act, "act"),
            list(orders),
            _bindings(disputes, pledges),
            _warrant(cause, document, reason),
        )

    @verb
    def release_bound(
        self,
        account: Address,
        instrument: InstrumentId | int,
        quantity: Quantity,
        cause: Digest,
        document: Digest,
        reason: str,
        *,
        disputes: Sequence[int] = (),
        pledges: Sequence[int] = (),
    ) -> Act[int]:
        """Free bound units where a pledge is void or nobody is left who could release it; returns the act's number.

        Args:
            account: Whose units they are; there they stay.
            instrument: What.
            quantity: How many.
            cause: The case, or its digest.
            document: The order, or its digest.
            reason: Public, in words.
            disputes: Numbers of disputes that give way.
            pledges: Numbers of pledges that give way.
        """
        return self._acts.release_bound(
            account,
            int(instrument),
            positive(quantity, "quantity"),
            _bindings(disputes, pledges),
            _warrant(cause, document, reason),
        )

    @verb
    def confirm_act(self, act: int, *, orders: Sequence[OrderId] = ()) -> Act[None]:
        """Confirm what another officer ordered; it is done as things stand now.

        Args:
            act: Its number.
            orders: Open orders of the account that may be taken back.

        Raises:
            NotPermitted: This officer ordered it.
            RuleBroken: It is done, withdrawn or too old, or too little is in reach.
        """
        return self._acts.confirm(positive(act, "act"), list(orders))

    @verb
    def withdraw_act(self, act: int, cause: Digest) -> Act[None]:
        """Drop an act that waits to be confirmed."""
        return self._acts.withdraw(positive(act, "act"), digest(cause, "cause"))

    def authority_act(self, act: int) -> ActOfAnswer:
        """One act with the bindings that it named."""
        return self._acts.act_of(positive(act, "act"))

    def authority_acts(self, first: int = 1, most: int = 100) -> tuple[ActOfAnswer, ...]:
        """Acts by number, from `first` on, at most `most`."""
        start = positive(first, "first")
        last = min(self._acts.act_count(), start + whole(most, "most") - 1)
        return tuple(self._acts.act_of(number) for number in range(start, last + 1))

    def second_officer_rules(self) -> SecondOfficerRules:
        """From what size on an act waits, how long (seconds), and how long a transfer can be reversed."""
        return self._acts.second_officer_rules()

    @property
    def _acts(self) -> AuthorityDesk:
        return self.suite.contract(AuthorityDesk)


def _warrant(cause: Digest, document: Digest, reason: str) -> Warrant:
    return Warrant(digest(cause, "cause"), digest(document, "document"), _public(reason))


def _bindings(disputes: Sequence[int], pledges: Sequence[int]) -> list[Binding]:
    """In the order in which they give way."""
    return [
        *(Binding(Reason.DISPUTE, positive(number, "dispute")) for number in disputes),
        *(Binding(Reason.PLEDGE, positive(number, "pledge")) for number in pledges),
    ]


def _public(reason: str) -> str:
    if not reason.strip():
        raise InputError("reason is empty: say publicly why.")
    return reason
