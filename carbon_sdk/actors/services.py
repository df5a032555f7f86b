"""Those who run the market's services: products, the trading platform, its supervision, its risks."""

from __future__ import annotations

from collections.abc import Iterable

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.bilateral import BilateralManager, BilateralPlatform, BilateralSupervision
from carbon_sdk.actors.conduct import ConductSupervision
from carbon_sdk.actors.confirmation_keys import ConfirmsTrades
from carbon_sdk.actors.credits import instruments_to_define
from carbon_sdk.actors.market_rules import CalendarPlatform, CalendarSupervision
from carbon_sdk.actors.service_records import service_id
from carbon_sdk.actors.token_money import StopsTokens
from carbon_sdk.actors.values import Digest, Moment, digest, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.sender import send_many
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.enums import InstrumentState, MarketState, VoucherKind
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import OrderBook, TurnAnswer
from carbon_sdk.contracts.generated.service_records import ServiceRecords
from carbon_sdk.contracts.generated.structs import Conduct, MarketTerms
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId, MarketId


class ServiceManager(BilateralManager):
    """Defines what is traded and where. Every verb raises NotPermitted for another key."""

    @verb
    def define_instrument(self, instrument: InstrumentId, terms: Digest, valid_until: Moment = 0) -> Act[None]:
        """Define an instrument.

        Args:
            instrument: Its id, see `InstrumentId.of`.
            terms: The terms, or their digest.
            valid_until: From then on it cannot be used; 0: no end.
        """
        until = moment(valid_until, "valid_until")
        return self.suite.contract(InstrumentLedger).define_instrument(
            InstrumentId(instrument).checked(), until, digest(terms, "terms")
        )

    def define_credits(self, file: str, terms: Digest, series: int = 0) -> tuple[InstrumentId, ...]:
        """Define the instruments that an issuance file of another registry needs and that are not there; returns them.

        Args:
            file: Path of the file that `import_credits` was given first: that gives projects their numbers.
            terms: The terms of such credits, or their digest.
            series: Of the instruments.

        Raises:
            InputError: The file cannot be read, or is of no known format.
            NotPermitted: This key is no service manager's.
        """
        wanted = instruments_to_define(self.suite, file, whole(series, "series"))
        acts = [self.define_instrument.act(instrument, terms) for instrument in wanted]
        for outcome in send_many(self.suite.chain, ((self.signer, act) for act in acts)):
            if outcome.error is not None:
                with self._told_which_role(outcome.act):
                    raise outcome.error
        return wanted

    @verb
    def set_instrument_state(self, instrument: InstrumentId, state: InstrumentState) -> Act[None]:
        """Open or close an instrument."""
        return self.suite.contract(InstrumentLedger).set_state(InstrumentId(instrument).checked(), state)

    @verb
    def open_market(self, terms: MarketTerms) -> Act[int]:
        """Open a market; returns its number."""
        return self.suite.contract(OrderBook).open_market(terms)

    @verb
    def register_voucher_series(self, series: int, issuer: Address, kinds: Iterable[VoucherKind]) -> Act[None]:
        """Let a contract's vouchers of these kinds be known under a series' number."""
        bits = sum(1 << int(kind) for kind in set(kinds))
        return self.suite.contract(VoucherBook).register_series(whole(series, "series"), issuer, bits)

    @verb
    def set_utc_offset(self, seconds: int) -> Act[None]:
        """Change the civil day of the compliance desk's vouchers, in seconds east of UTC."""
        return self.suite.contract(ComplianceDesk).set_utc_offset(seconds)


class PlatformOperator(CalendarPlatform, BilateralPlatform, ConfirmsTrades):
    """Runs the trading platform. Every verb raises NotPermitted for another key."""

    @verb
    def set_band(self, market: MarketId | int, lowest: int, highest: int) -> Act[None]:
        """Set a market's price band in ticks, both ends included; see `MarketReader.ticks`."""
        low, high = positive(lowest, "lowest"), positive(highest, "highest")
        if low > high:
            raise InputError(f"The band from {low} to {high} ticks is empty.")
        return self.suite.contract(OrderBook).set_band(positive(market, "market"), low, high)

    @verb
    def collect_fees(self, market: MarketId | int, account: Address) -> Act[None]:
        """Credit a market's accrued fees to an account."""
        return self.suite.contract(OrderBook).collect_fees(positive(market, "market"), account)

    @verb
    def turn(self, market: MarketId | int) -> Act[TurnAnswer]:
        """Turn a market to the phase that its calendar names. Orders do so by themselves; any key may.

        A day is closed by the first turn after it, and a call whose prices cross leads to UNCROSSING. Where nothing is
        due, nothing happens. Returns the state that the market has then, and Unix seconds until when.
        """
        return self.suite.contract(OrderBook).turn(positive(market, "market"))

    @verb
    def uncross(self, market: MarketId | int, most_work: int = 100) -> Act[bool]:
        """Execute the call auction for which a market waits, or the next part of it. Any key may.

        A market whose call has ended is turned first. Whatever the parts, the outcome is the same. Returns whether the
        auction is over, and the next phase has begun.

        Args:
            market: Its number.
            most_work: Orders to look at, levels to match and trades to make, together, at most; a trade takes
                some 44,000 gas, more where each is of other accounts, and looking at an order 10,000.

        Raises:
            NoAuctionPending: No call has ended in which prices cross.
        """
        return self.suite.contract(OrderBook).uncross(positive(market, "market"), positive(most_work, "most_work"))


class ServiceRegulator(CalendarSupervision, StopsTokens, BilateralSupervision, ConductSupervision, Actor):
    """Supervises the platform. Every verb raises NotPermitted for another key."""

    @verb
    def set_service_rules(self, service: str, document: Digest, uri: str, effective_from: Moment = 0) -> Act[int]:
        """Publish the next version of the rules by which a service is run; returns the version.

        Args:
            service: Its name, such as `order-book`.
            document: The rules, or their SHA-256 digest.
            uri: Where they are to be had.
            effective_from: Not in the past; 0: at once.
        """
        at = moment(effective_from, "effective_from")
        records = self.suite.contract(ServiceRecords)
        return records.set_service_rules(service_id(service), digest(document, "document"), at, uri)

    @verb
    def halt(self, market: MarketId | int) -> Act[None]:
        """Halt a market: orders can only be taken back."""
        return self.suite.contract(OrderBook).set_market_state(positive(market, "market"), MarketState.HALTED)

    @verb
    def resume(self, market: MarketId | int) -> Act[None]:
        """Let a halted market trade again, by its calendar; after a call, where its conduct has one for that."""
        return self.suite.contract(OrderBook).set_market_state(positive(market, "market"), MarketState.OPEN)

    @verb
    def set_conduct(self, market: MarketId | int, conduct: Conduct) -> Act[None]:
        """Set how a market goes about its day: all of it anew.

        Args:
            market: Its number.
            conduct: `band_basis_points`: the band is so far about the last close; 0: as it was set. `closing`: the
                price of the last trade, or the day's average weighted by volume. `interruption_minutes`: length of the
                call after a price would have left the dynamic band. `resumption_minutes`: length of the call after a
                halt; 0: none. `choice`: nothing is matched; who takes picks an order of the best five levels.

        Raises:
            BadConduct: Some part is impossible.
        """
        return self.suite.contract(OrderBook).set_conduct(positive(market, "market"), conduct)
