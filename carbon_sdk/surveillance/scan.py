"""One scan: all detectors over one tape, a pure function of events and thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from carbon_sdk.identifiers import Address
from carbon_sdk.surveillance.closing import marking_the_close
from carbon_sdk.surveillance.collusion import rings, wash_trades
from carbon_sdk.surveillance.concentration import concentration
from carbon_sdk.surveillance.early_warning import EarlyWarning, WarningKind, ranked
from carbon_sdk.surveillance.spoofing import spoofing
from carbon_sdk.surveillance.tape import Tape
from carbon_sdk.surveillance.thresholds import Thresholds

_Detector = Callable[[Tape, Thresholds, Mapping[Address, int]], Iterator[EarlyWarning]]

DETECTORS: Mapping[WarningKind, _Detector] = {
    WarningKind.WASH: lambda tape, terms, _: wash_trades(tape, terms.wash),
    WarningKind.RING: lambda tape, terms, _: rings(tape, terms.ring),
    WarningKind.SPOOFING: lambda tape, terms, _: spoofing(tape, terms.spoofing),
    WarningKind.CLOSE: lambda tape, terms, _: marking_the_close(tape, terms.close),
    WarningKind.CONCENTRATION: lambda tape, terms, needs: concentration(tape, terms.concentration, needs),
}
"""What finds each kind."""


def scan(
    tape: Tape,
    thresholds: Thresholds,
    *,
    kinds: Iterable[WarningKind] = (),
    market: int = 0,
    since: int | None = None,
    needs: Mapping[Address, int] | None = None,
) -> tuple[EarlyWarning, ...]:
    """The warnings of a tape, the strongest first.

    Args:
        tape: Read up to the moment of interest. It begins with the market, whatever `since` says: what is usual is
            measured on all of it.
        thresholds: What a warning takes.
        kinds: Only these; none: all.
        market: Only of this market of the order book; 0: of all, and of trades made elsewhere.
        since: Unix seconds; warnings whose last evidence is older are left out.
        needs: Tonnes that accounts owe and have not surrendered.
    """
    wanted = tuple(kinds) or tuple(WarningKind)
    found = [one for kind in WarningKind if kind in wanted for one in DETECTORS[kind](tape, thresholds, needs or {})]
    return tuple(ranked([one for one in found if (since is None or one.until >= since) and market in (0, one.market)]))
