"""Errors as one sentence."""

from __future__ import annotations

import re

from carbon_sdk.errors import CarbonError, NotPermitted

_ACT = re.compile(r"^(\w+)\.(\w+)")


def sentence(error: CarbonError) -> str:
    """What happened and what to do, in one line; for a key without a role, which role and which account it is."""
    text = " ".join(str(error).split())
    if isinstance(error, NotPermitted) and (role := _role_of(error.act)):
        return f"{error.sender} does not hold the role {role}, which {error.act.partition('(')[0]} needs. {text}"
    return text


def _role_of(act: str) -> str:
    """The role that the matrix asks for an act such as `RuleBook.publish(…)`; empty when it asks for none."""
    from carbon_sdk.deployment.permissions import GOVERNED, MATRIX

    found = _ACT.match(act)
    if not found:
        return ""
    contract, function = found.groups()
    role = MATRIX.get(contract, {}).get(function) or GOVERNED.get(function)
    return role.label if role else ""
