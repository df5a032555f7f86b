"""What the rules of units and accounts must know beside the units: markets, the book, how vouchers are coded."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.vouchers import CodingRules, Voucher, VoucherKind, code_of
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, OrderId, Side

REASONS = (
    "no reason",
    "surrender",
    "withdrawal",
    "pledge",
    "dispute",
    "delayed transfer",
    "listing",
    "collateral",
    "conversion",
    "buffer",
    "export",
    "quote",
    "block trade",
)
"""As `IInstrumentLedger.Reason` numbers them."""

_SHORT = 1 << 64


class Terms(NamedTuple):
    """What a market says of prices and fees; see `state.Market`."""

    instrument: int
    tick_size: int
    lot: int
    taker_fee: int
    maker_fee: int

    def fee(self, per_lot: int, quantity: int) -> int:
        """What a quantity pays."""
        return quantity // self.lot * per_lot

    def escrow(self, order: OrderId, quantity: int) -> int:
        """What an order holds for `quantity` tonnes: the units, or their price and the maker's fee."""
        if order.side is Side.SELL:
            return quantity
        return quantity * order.tick * self.tick_size + self.fee(self.maker_fee, quantity)


@dataclass(slots=True)
class Setting:
    """Learnt from events.

    Attributes:
        book: The OrderBook, once a market is open.
        main_money: The instrument that markets are against.
        markets: By number.
        coding: The rules of voucher codes.
        codes: Whether voucher codes are wanted: they cost time.
    """

    book: Address | None = None
    main_money: int = 0
    markets: dict[int, Terms] = field(default_factory=dict)
    coding: list[CodingRules] = field(default_factory=list)
    codes: bool = True

    def learn(self, event: Event) -> None:
        """Take from an event what it says of the setting."""
        args = event.args
        if event.name == "MarketOpened":
            terms = args["terms"]
            power = 10 ** terms["tickExponent"]
            self.book = event.address
            self.markets[args["market"]] = Terms(
                terms["instrument"],
                terms["tickMantissa"] * power,
                terms["lot"],
                terms["takerFee"] * power,
                terms["makerFee"] * power,
            )
        elif event.name == "CodingRulesSet":
            self.coding.append(CodingRules.of(args["version"], args["rules"]))
        elif not self.main_money and args["instrument"] >> 80 == InstrumentClass.MONEY:
            self.main_money = args["instrument"]

    def trade(self, event: Event) -> str:
        """The voucher of a `Trade`."""
        return self._traded(event, OrderId(event.args["maker"]).market)

    def auction_trade(self, event: Event) -> str:
        """The voucher of an `AuctionTrade`."""
        return self._traded(event, event.args["market"])

    def _traded(self, event: Event, market: int) -> str:
        if not self.codes:
            return ""
        args = event.args
        return "voucher " + self._code(
            VoucherKind.TRADE,
            market,
            args["voucher"],
            args["orderOfDay"],
            event.timestamp,
            self.markets[market].instrument,
        )

    def ending(self, event: Event, instrument: int, surrendered: bool) -> str:
        """The voucher of a surrender or a cancellation, from its `VoucherIssued`; without the word."""
        kind = VoucherKind.SURRENDER if surrendered else VoucherKind.CANCELLATION
        args = event.args
        return self._code(kind, args["series"], args["index"], args["orderOfDay"], event.timestamp, instrument)

    def as_json(self) -> dict[str, Any]:
        """For `Histories`, which go on where they stopped."""
        return {
            "book": self.book,
            "main_money": str(self.main_money),
            "markets": {str(number): [str(value) for value in terms] for number, terms in self.markets.items()},
            "coding": [asdict(rules) for rules in self.coding],
        }

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Setting:
        """As `as_json` wrote it."""
        return cls(
            Address(said["book"]) if said["book"] else None,
            int(said["main_money"]),
            {int(number): Terms(*map(int, terms)) for number, terms in said["markets"].items()},
            [CodingRules(**rules) for rules in said["coding"]],
        )

    def _code(self, kind: VoucherKind, series: int, index: int, order_of_day: int, at: int, instrument: int) -> str:
        if not self.coding:
            return f"{index} of series {series}"
        return code_of(
            Voucher(
                kind, series, index, order_of_day, at, InstrumentId(instrument), 0, 0, ZERO_ADDRESS, ZERO_ADDRESS, 0
            ),
            self.coding,
        )


def reference_of(cause: bytes) -> str:
    """A cause for people: the number of an application, else the digest."""
    number = int.from_bytes(cause, "big")
    return str(number) if number < _SHORT else f"0x{cause.hex()}"


def reason_of(number: int) -> str:
    """A reason in words."""
    return REASONS[number] if number < len(REASONS) else f"reason {number}"


def bound_for(reason: int, cause: bytes) -> str:
    """Why units are bound: the reason and its cause."""
    return f"{reason_of(reason)} {reference_of(cause)}"


SETTING_EVENTS = frozenset(
    {("InstrumentLedger", "InstrumentDefined"), ("OrderBook", "MarketOpened"), ("VoucherBook", "CodingRulesSet")}
)
"""Events that `Setting.learn` reads."""
