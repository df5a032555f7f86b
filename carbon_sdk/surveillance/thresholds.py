"""From where on something is a warning: data, in a file with the shape of `thresholds.toml`, where sources stand."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

from pydantic import Field

from carbon_sdk.deployment.strict_toml import Strict, load

_SHARE = Field(ge=0, le=10_000)
_COUNT = Field(ge=1)
_SCORE = Field(ge=0, le=100)
_TIME = Field(ge=0)


class Wash(Strict):
    """Trades in which nothing changes hands, between two accounts."""

    windows_days: list[int] = Field(min_length=1)
    matched_seconds: int = _TIME
    least_trades: int = _COUNT
    least_trades_of_one_owner: int = _COUNT
    least_tonnes_in_orders: int = _TIME
    least_share: int = _SHARE
    least_matched: int = _SHARE
    most_net: int = _SHARE
    least_score: int = _SCORE


class Ring(Strict):
    """Trades in a circle, among three accounts or more."""

    windows_days: list[int] = Field(min_length=1)
    matched_seconds: int = _TIME
    least_accounts: int = Field(ge=3)
    most_accounts: int = Field(ge=3)
    least_trades: int = _COUNT
    least_edge: int = _SHARE
    least_share: int = _SHARE
    least_matched: int = _SHARE
    most_net: int = _SHARE
    least_score: int = _SCORE


class Spoofing(Strict):
    """Orders that are shown and not meant."""

    before_seconds: int = _TIME
    after_seconds: int = _TIME
    near_basis_points: int = _SHARE
    most_traded: int = _SHARE
    least_ratio_hundredths: int = _COUNT
    least_shown: int = _TIME
    least_traded: int = _TIME
    least_depth: int = _SHARE
    established_episodes: int = _COUNT
    established_share: int = _SHARE
    established_points: int = _SCORE
    least_score: int = _SCORE


class Close(Strict):
    """Trades that move a day's closing price."""

    window_seconds: int = _COUNT
    final_seconds: int = _TIME
    least_tonnes_in_orders: int = _TIME
    least_share: int = _SHARE
    least_move_basis_points: int = _SHARE
    least_moves: int = _COUNT
    compared_trades: int = _COUNT
    least_score: int = _SCORE


class Concentration(Strict):
    """Purchases that end in a dominant holding."""

    window_days: int = _COUNT
    apart_days: int = _COUNT
    least_share: int = _SHARE
    least_bought: int = _SHARE
    least_trades: int = _COUNT
    least_tonnes_in_orders: int = _TIME
    least_score: int = _SCORE


class Thresholds(Strict):
    """All of them; shares in basis points, times in seconds, tonnes, scores from 0 to 100."""

    wash: Wash
    ring: Ring
    spoofing: Spoofing
    close: Close
    concentration: Concentration


def load_thresholds(path: str | Path | None = None) -> Thresholds:
    """Thresholds of a file; None: those that come with the SDK.

    Raises:
        InputError: The file has another shape; file, line and key are named.
    """
    if path is not None:
        return load(Thresholds, path)[0]
    with as_file(files("carbon_sdk.surveillance") / "thresholds.toml") as known:
        return load(Thresholds, known)[0]
