"""Those who run the market's services: products, the trading platform, its supervision."""

from __future__ import annotations

from collections.abc import Iterable

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.bilateral import BilateralManager, BilateralPlatform, BilateralSupervision
from carbon_sdk.actors.credits import instruments_to_define
from carbon_sdk.actors.market_rules import CalendarPlatform, CalendarSupervision
from carbon_sdk.actors.token_money import StopsTokens
from carbon_sdk.actors.values import Digest, Moment, digest, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.sender import send_many
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.enums import InstrumentState, MarketState, VoucherKind
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import MarketTerms
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


class PlatformOperator(CalendarPlatform, BilateralPlatform):
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


class ServiceRegulator(CalendarSupervision, StopsTokens, BilateralSupervision, Actor):
    """Supervises the platform. Every verb raises NotPermitted for another key."""

    @verb
    def halt(self, market: MarketId | int) -> Act[None]:
        """Halt a market: orders can only be taken back."""
        return self.suite.contract(OrderBook).set_market_state(positive(market, "market"), MarketState.HALTED)

    @verb
    def resume(self, market: MarketId | int) -> Act[None]:
        """Let a halted market trade again."""
        return self.suite.contract(OrderBook).set_market_state(positive(market, "market"), MarketState.OPEN)
