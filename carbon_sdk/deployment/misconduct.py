"""Kinds of misconduct that the suite knows."""

from __future__ import annotations

from enum import IntEnum


class Misconduct(IntEnum):
    """Kinds of misconduct, as in `contracts/types/Conduct.sol`; the regulator may define more, from 64 on."""

    LACKED = 1
    NOT_ELIGIBLE = 2
    DEFAULTED_BID = 3
    MANIPULATION = 4
    LATE_SURRENDER = 5
    MISSING_SURRENDER = 6
