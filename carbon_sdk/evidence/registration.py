"""What an applicant says of itself: all fields of Table 2 of IEEE Std 3218-2022, as a salted record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from carbon_sdk.errors import InputError
from carbon_sdk.evidence.record import Record

NUMBER = {
    "name": 1,
    "type": 2,
    "industry": 3,
    "address": 4,
    "other": 5,
    "business_licence": 6,
    "legal_representative_id": 7,
    "power_of_attorney": 8,
    "bank_account": 9,
}
"""Field → its number in Table 2."""

DOCUMENTS = ("business_licence", "legal_representative_id", "power_of_attorney")
_LONGEST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class RegistrationData:
    """Table 2. Nothing of it is ever on the chain: only the root of the record is.

    Attributes:
        name: Of the company or body.
        type: What kind of entity it is.
        industry: Its economic activity.
        address: Where it is registered.
        business_licence: A copy of the document.
        legal_representative_id: A copy of the legal representative's identity document.
        power_of_attorney: Of the account's representative.
        bank_account: Of the settlement account.
        other: Whatever else the policy asks for; may be empty.
    """

    name: str
    type: str
    industry: str
    address: str
    business_licence: bytes = field(repr=False)
    legal_representative_id: bytes = field(repr=False)
    power_of_attorney: bytes = field(repr=False)
    bank_account: str = field(repr=False)
    other: str = ""

    def __post_init__(self) -> None:
        for item in fields(self):
            if problem := problem_of(item.name, getattr(self, item.name)):
                raise InputError(f"{item.name} (Table 2, {NUMBER[item.name]}): {problem}.")

    def record(self) -> Record:
        """With a fresh salt for each field; its root is what the application carries."""
        return Record.of({item.name: getattr(self, item.name) for item in fields(self)})

    @classmethod
    def of(cls, record: Record) -> RegistrationData:
        """From a stored record. Raises InputError where a field of Table 2 is missing."""
        if missing := [name for name in NUMBER if name not in record.contents]:
            raise InputError(f"The record lacks {', '.join(missing)} of Table 2.")
        said: Mapping[str, bytes] = record.contents
        texts = {name: said[name].decode() for name in NUMBER if name not in DOCUMENTS}
        return cls(
            **texts,
            business_licence=said["business_licence"],
            legal_representative_id=said["legal_representative_id"],
            power_of_attorney=said["power_of_attorney"],
        )


def problem_of(name: str, value: str | bytes) -> str:
    """What is wrong with a field; empty: nothing."""
    if not value.strip():
        return "" if name == "other" else "it is missing"
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"it has {len(value):,} characters; at most {_LONGEST_TEXT:,} are taken"
    if isinstance(value, str) and any(ord(one) < 32 and one not in "\n\t" for one in value):
        return "it has control characters"
    return ""
