"""What to do about each custom error: one sentence by Solidity name. A test keeps it complete."""

from __future__ import annotations

ADVICE: dict[str, str] = {}
