"""Market surveillance: early warnings of market abuse, computed from the events in the audit store.

tape = read_tape(store, chain)
for warning in scan(tape, load_thresholds()):
    print(warning.score, warning.summary)
"""

from carbon_sdk.surveillance.early_warning import EarlyWarning, OrderEvidence, TradeEvidence, WarningKind
from carbon_sdk.surveillance.scan import scan
from carbon_sdk.surveillance.tape import Tape, read_tape
from carbon_sdk.surveillance.thresholds import Thresholds, load_thresholds

__all__ = [
    "EarlyWarning",
    "OrderEvidence",
    "Tape",
    "Thresholds",
    "TradeEvidence",
    "WarningKind",
    "load_thresholds",
    "read_tape",
    "scan",
]
