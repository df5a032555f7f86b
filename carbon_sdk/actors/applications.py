"""What somebody applied for, and how each application stands (Table 1, business; R-TBL-4)."""

from __future__ import annotations

from dataclasses import dataclass

from carbon_sdk.chain.calls import Event
from carbon_sdk.contracts.generated import events as told
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.identifiers import ZERO_ADDRESS, Address

_FILED: dict[type[Event], str] = {
    told.ApplicationFiled: "account",
    told.AllocationApplied: "allocation",
    told.SurrenderApplied: "surrender",
    told.WithdrawalRequested: "withdrawal",
    told.ExportRequested: "export",
}
_THEN: dict[type[Event], tuple[str, str]] = {
    told.ApplicationAmended: ("account", "filed"),
    told.ApplicationReturned: ("account", "returned for correction"),
    told.ApplicationRefused: ("account", "refused"),
    told.ApplicationWithdrawn: ("account", "withdrawn"),
    told.AccountOpened: ("account", "approved"),
    told.AllocationCertified: ("allocation", "approved"),
    told.AllocationRejected: ("allocation", "rejected"),
    told.SurrenderExamined: ("surrender", "examined"),
    told.SurrenderApproved: ("surrender", "approved"),
    told.SurrenderRejected: ("surrender", "rejected"),
    told.SurrenderWithdrawn: ("surrender", "withdrawn"),
    told.WithdrawalAccepted: ("withdrawal", "accepted"),
    told.WithdrawalPaid: ("withdrawal", "paid"),
    told.WithdrawalRejected: ("withdrawal", "rejected"),
    told.WithdrawalCancelled: ("withdrawal", "withdrawn"),
    told.ExportAccepted: ("export", "accepted"),
    told.ExportConfirmed: ("export", "confirmed"),
    told.ExportRejected: ("export", "rejected"),
    told.ExportCancelled: ("export", "withdrawn"),
}
"""Event → what it is about, and the state that it leaves."""


@dataclass(frozen=True, slots=True)
class FiledApplication:
    """One application.

    Attributes:
        what: `account`, `allocation`, `surrender`, `withdrawal` or `export`.
        id: Its number among those.
        state: In words.
        filed_in: Block in which it was filed.
        changed_in: Block in which its state changed last.
    """

    what: str
    id: int
    state: str
    filed_in: int
    changed_in: int


def applications_of(suite: Suite, key: Address) -> tuple[FiledApplication, ...]:
    """Those of a key, before and after its account is open, and of its account."""
    account = suite.contract(InstrumentLedger).representation_of(key).account
    # The application of a representative that was added is the one that opened the account.
    opening = suite.contract(StakeholderRegistry).application_of_key(key)
    topics = [one.TOPIC for one in (*_FILED, *_THEN)]
    found: dict[tuple[str, int], FiledApplication] = {}
    for item in suite.chain.events(suite.deployment.block, addresses=suite.addresses, topics=[topics]):
        event = item.event
        number: int = getattr(event, "application_id", getattr(event, "id", 0))
        if (what := _FILED.get(type(event))) is not None:
            own = (
                number == opening
                if what == "account"
                else account not in (ZERO_ADDRESS, None) and (getattr(event, "account", None) == account)
            )
            if own:
                found[what, number] = FiledApplication(what, number, "filed", item.block, item.block)
        elif (then := _THEN.get(type(event))) is not None and (then[0], number) in found:
            before = found[then[0], number]
            found[then[0], number] = FiledApplication(before.what, before.id, then[1], before.filed_in, item.block)
    return tuple(found.values())
