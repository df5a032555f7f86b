"""What the market releases: trades, best prices, the book, candles, the daily bulletin, a page (R-TRD-11).

All of it comes from the audit store, so that everybody with a node can release the same figures. Prices are exact
`Decimal`s in the currency's main unit per tonne, volumes whole tonnes, turnover the currency's smallest unit.
"""

from __future__ import annotations

from carbon_sdk.market_data.release import (
    BestPrices,
    BookSnapshot,
    Bulletin,
    Candle,
    LevelView,
    MarketData,
    TradePrint,
    book_of,
    candles_of,
)

__all__ = [
    "BestPrices",
    "BookSnapshot",
    "Bulletin",
    "Candle",
    "LevelView",
    "MarketData",
    "TradePrint",
    "book_of",
    "candles_of",
]
