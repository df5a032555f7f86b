"""Banking: units of one period into units of the next within limits, and the lapse of what is left."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Moment, digest, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.banking import Banking
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.structs import BankingFigures, BankingRule, BankingStanding, BankingTerms
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.units import Quantity, Tonnes, tonnes


class BanksUnits(Actor):
    """What an account holder does."""

    @verb
    def convert(self, rule: int, quantity: Quantity) -> Act[int]:
        """Convert free units of one period into units of the next, one to one; returns the conversion's number.

        Args:
            rule: Number of the banking rule; see `banking_rule`.
            quantity: Whole tonnes; the rights INITIATE and APPROVE are needed.

        Raises:
            RuleBroken: Outside the rule's window, beyond its limits, or more than is free.
        """
        return _banking(self.suite).convert(positive(rule, "rule"), positive(tonnes(quantity), "quantity"))

    def convertible(self, rule: int) -> Tonnes:
        """Tonnes that the account could convert under a rule: what is free, as far as its limits allow."""
        account = self.suite.contract(InstrumentLedger).representation_of(self.address).account
        return convertible(self.suite, rule, account)


class SetsBanking(Actor):
    """What the regulator does."""

    @verb
    def set_banking_rule(
        self,
        source: InstrumentId | int,
        target: InstrumentId | int,
        opens: Moment,
        closes: Moment,
        document: Digest,
        *,
        lapses: bool = False,
        base: Quantity | None = None,
        multiplier: int | None = None,
        share: int | None = None,
        most: Quantity = 0,
    ) -> Act[int]:
        """Set a rule by which units of one instrument become units of another, one to one; returns its number.

        Args:
            source: Instrument that is converted; may be closed or past its validity.
            target: Instrument that it becomes, of the same class.
            opens: First second in which units are converted.
            closes: First second in which they no longer are.
            document: The regulation or decision behind it, or its digest.
            lapses: Whether what is left can lapse afterwards.
            base: Tonnes that every account may convert; None with `multiplier` None: no such limit.
            multiplier: Basis points of its net sales that an account may convert on top of `base`.
            share: Basis points of what an account held at the cut-off that it may convert; None: no such limit.
            most: Tonnes in total; 0: no limit.

        Raises:
            RuleBroken: An earlier rule for the instrument is in force, or the two instruments do not match.
        """
        first, last = moment(opens, "opens"), moment(closes, "closes")
        if first >= last:
            raise InputError("The window closes before it opens.")
        if share is not None and whole(share, "share") > 10_000:
            raise InputError(f"share is {share}: give 0 to 10,000 basis points.")
        terms = BankingTerms(
            int(source),
            first,
            last,
            lapses,
            base is not None or multiplier is not None,
            share is not None,
            whole(multiplier or 0, "multiplier"),
            share or 0,
            int(target),
            tonnes(base or 0, name="base"),
            tonnes(most, name="most"),
        )
        return _banking(self.suite).set_rule(terms, digest(document, "document"))

    @verb
    def move_banking_window(self, rule: int, opens: Moment, closes: Moment, cause: Digest) -> Act[None]:
        """Move a rule's window, also when it has closed, as long as nothing has lapsed.

        Args:
            rule: Its number.
            opens: First second in which units are converted.
            closes: First second in which they no longer are; lies ahead.
            cause: Why, or its digest.
        """
        return _banking(self.suite).move_window(
            positive(rule, "rule"), moment(opens, "opens"), moment(closes, "closes"), digest(cause, "cause")
        )

    @verb
    def record_banking_figures(self, rule: int, figures: Sequence[BankingFigures], audit: Digest) -> Act[None]:
        """Record what accounts sold and held, from which their limits follow; a later record replaces an earlier one.

        Args:
            rule: Number of the banking rule.
            figures: For each account its net sales and its holding at the cut-off, in tonnes. Zeros count: without
                figures an account has no room by net sales, not even the base.
            audit: Of the figures, or its digest.
        """
        if not figures:
            raise InputError("Give the figures of at least one account.")
        return _banking(self.suite).record_figures(positive(rule, "rule"), list(figures), digest(audit, "audit"))

    @verb
    def convert_for(self, rule: int, accounts: Sequence[Address]) -> Act[int]:
        """Convert for accounts as much as is free and allowed; returns the tonnes in total.

        Args:
            rule: Number of the banking rule.
            accounts: In the order in which a limit in total serves them; those that may not receive are passed over.
        """
        return _banking(self.suite).convert_for(positive(rule, "rule"), list(accounts))

    @verb
    def lapse(self, rule: int, accounts: Sequence[Address]) -> Act[int]:
        """Cancel for good what accounts still have free after the window; returns the tonnes. Anyone may.

        Args:
            rule: Number of the banking rule.
            accounts: Whose. What is in orders, pledged or frozen stays, and lapses by another call once it is free.
        """
        return _banking(self.suite).lapse(positive(rule, "rule"), list(accounts))

    def banking_figures(self, instrument: InstrumentId | int, cut_off: Moment) -> tuple[BankingFigures, ...]:
        """What every account sold net and held before a moment, in tonnes, from the events: for an audit to confirm.

        Args:
            instrument: Which units.
            cut_off: What happened then or later is not counted.
        """
        from carbon_sdk.audit.banking_figures import figures_at
        from carbon_sdk.audit.suite import contracts_of, indexer_of, open_store

        with closing(open_store(":memory:")) as store:
            indexer_of(self.suite, store).sync()
            events = store.events(self.suite.chain.id)
            found = figures_at(events, contracts_of(self.suite.deployment), int(instrument), moment(cut_off, "cut_off"))
        return tuple(BankingFigures(*one) for one in found)

    def banking_rule(self, rule: int) -> BankingRule:
        """A rule's terms, and the tonnes converted and lapsed under it. Raises InputError for an unknown one."""
        return banking_rule(self.suite, rule)


def banking_rule(suite: Suite, rule: int) -> BankingRule:
    """A rule as it stands. Raises InputError for an unknown one."""
    if not 0 < rule <= _banking(suite).rule_count():
        raise InputError(f"There is no banking rule {rule}.")
    return _banking(suite).rule_of(rule)


def banking_standing(suite: Suite, rule: int, account: Address) -> BankingStanding:
    """What an account converted under a rule, and the figures that its limit follows from, in tonnes."""
    return _banking(suite).standing_of(rule, account)


def convertible(suite: Suite, rule: int, account: Address) -> Tonnes:
    """Tonnes that an account could convert under a rule. Raises InputError for an unknown one."""
    source = banking_rule(suite, rule).terms.from_
    free = suite.contract(InstrumentLedger).free_of(account, source)
    return Tonnes(min(free, _banking(suite).room_of(rule, account)))


def _banking(suite: Suite) -> Banking:
    return suite.contract(Banking)
