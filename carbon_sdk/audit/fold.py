"""Events into state: a pure fold, one small rule for each event.

The rules are in `rules/`, one module for each folder of contracts. A rule only writes down what its event says; where
the event contradicts what came before, it records a fault and goes on, so that one wrong event is told as such instead
of stopping the audit. Events without a rule are counted in `State.passed_over`; those that need none are in `NO_RULE`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.serials import Movement, NotEnough, Serials
from carbon_sdk.audit.setting import SETTING_EVENTS, Setting
from carbon_sdk.audit.state import Fault, State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address

Rule = Callable[[State, Event], None]

RULES: dict[tuple[str, str], Rule] = {}
"""(contract, event) → rule."""

NO_RULE: set[tuple[str, str]] = set()
"""Events that change nothing that the fold keeps, each for a reason that stands where it is declared."""


def on(contract: str, event: str) -> Callable[[Rule], Rule]:
    """Declare the rule of an event."""

    def declare(rule: Rule) -> Rule:
        RULES[contract, event] = rule
        return rule

    return declare


UnitRule = Callable[[Serials, Setting, Event], None]

UNIT_RULES: dict[tuple[str, str], UnitRule] = {}
"""(contract, event) → what it does to serials."""


def moves_units(contract: str, *events: str) -> Callable[[UnitRule], UnitRule]:
    """Declare what events do to serials. They may have a rule of the other kind too."""

    def declare(rule: UnitRule) -> UnitRule:
        UNIT_RULES.update({(contract, event): rule for event in events})
        return rule

    return declare


def needs_no_rule(contract: str, *events: str) -> None:
    """Declare events that change nothing that the fold keeps."""
    NO_RULE.update((contract, event) for event in events)


class Fold:
    """Folds events, in the chain's order, into a `State`.

    Args:
        contracts: Contract's name by its address.
        main_money: The instrument that markets are against; 0 takes the first money that is defined.
        journal: Whether the movements of serials are kept in memory.
    """

    def __init__(self, contracts: Mapping[Address, str], main_money: int = 0, *, journal: bool = True) -> None:
        load_rules()
        book = next((address for address, name in contracts.items() if name == "OrderBook"), ZERO_ADDRESS)
        self.state = State(frozenset(contracts.values()), book, main_money)
        self.state.setting = Setting(None if book == ZERO_ADDRESS else book, main_money, codes=journal)
        if not journal:
            self.state.serials.sink = _forget
        self._transaction = ""

    def apply(self, event: Event) -> None:
        """Fold one event."""
        state = self.state
        if event.position.transaction != self._transaction:
            self.close_transaction()
            self._transaction = event.position.transaction
        rule = RULES.get((event.contract, event.name)) or RULES.get(("*", event.name))
        if rule is None:
            if (event.contract, event.name) not in NO_RULE and ("*", event.name) not in NO_RULE:
                state.passed_over[event.contract, event.name] += 1
        else:
            rule(state, event)
        units = UNIT_RULES.get((event.contract, event.name))
        if units:
            try:
                units(state.serials, state.setting, event)
            except NotEnough as missing:
                state.fault(event, f"moves units that are not there: {missing}")
        elif (event.contract, event.name) in SETTING_EVENTS:
            state.setting.learn(event)
        state.last = event.position
        state.timestamp = event.timestamp
        state.events += 1

    def apply_all(self, events: Iterable[Event]) -> State:
        """Fold events and return the state."""
        for event in events:
            self.apply(event)
        self.close_transaction()
        return self.state

    def close_transaction(self) -> None:
        """What must be true when a transaction is over. Called between transactions and at the end."""
        last = self.state.last
        if last is None:
            return
        self.state.faults.extend(self.state.book.unfairly_passed_over())
        for what in self.state.deliveries.end_transaction():
            self.state.faults.append(Fault(last, what))
        for what in [*self.state.moved_without_a_rule(), *self.state.serials.end_transaction()]:
            self.state.faults.append(Fault(last, what))
        waiting = self.state.compliance.awaiting_vouchers
        if waiting:
            self.state.faults.append(Fault(last, f"{len(waiting)} surrenders or cancellations got no voucher"))
            waiting.clear()
        if self.state.credits.awaiting_vouchers:
            self.state.faults.append(
                Fault(last, f"{len(self.state.credits.awaiting_vouchers)} purchases got no voucher")
            )
            self.state.credits.awaiting_vouchers.clear()


def _forget(_: list[tuple[int, Movement]]) -> None:
    """Movements that nobody wants."""


def load_rules() -> None:
    """Declare all rules; doing it twice changes nothing."""
    from carbon_sdk.audit import rules

    rules.load()
