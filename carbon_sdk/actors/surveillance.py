"""Market surveillance as the risk manager's: early warnings from a store that is read up to now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from carbon_sdk.actors.values import Moment, moment
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.suite import auditor_of, indexer_of
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.identifiers import MarketId
from carbon_sdk.surveillance import EarlyWarning, WarningKind, load_thresholds, read_tape, scan
from carbon_sdk.surveillance.needs import needs_of


def early_warnings(
    suite: Suite,
    store: Store,
    *,
    kinds: Iterable[WarningKind] = (),
    market: MarketId | int = 0,
    since: Moment = 0,
    until: Moment = 0,
    thresholds: str | Path | None = None,
) -> tuple[EarlyWarning, ...]:
    """Early warnings of market abuse, the strongest first. The store is read up to now before.

    Args:
        suite: The contracts.
        store: An event store of the deployment.
        kinds: Only these; none: all.
        market: Number in the order book; 0: all markets, and trades made elsewhere.
        since: Warnings whose last evidence is older are left out; 0: none.
        until: What happened later is not looked at; 0: all is.
        thresholds: A file of thresholds; None: those of the SDK.

    Raises:
        InputError: A file of thresholds has another shape.
    """
    wanted = tuple(kinds)
    terms = load_thresholds(thresholds)
    first, last = moment(since, "since"), moment(until, "until")
    indexer_of(suite, store).sync()
    needs = {}
    if not wanted or WarningKind.CONCENTRATION in wanted:
        needs = needs_of(auditor_of(suite, store).fold())
    tape = read_tape(store, suite.deployment.chain_id, last or None)
    return scan(tape, terms, kinds=wanted, market=int(market), since=first or None, needs=needs)


class MarketSurveillance:
    """Of the risk manager. A warning is no verdict: who finds it confirmed sends its `commands`."""

    suite: Suite

    def scan(
        self,
        store: Store,
        kinds: Iterable[WarningKind] = (),
        *,
        market: MarketId | int = 0,
        since: Moment = 0,
        until: Moment = 0,
        thresholds: str | Path | None = None,
    ) -> tuple[EarlyWarning, ...]:
        """Early warnings of market abuse, the strongest first; arguments as of `early_warnings`. Sends nothing."""
        return early_warnings(
            self.suite, store, kinds=kinds, market=market, since=since, until=until, thresholds=thresholds
        )
