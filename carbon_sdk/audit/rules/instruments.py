"""InstrumentLedger and CashDesk."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.serials import NotEnough
from carbon_sdk.audit.state import Eligibility, Instrument, Representation, State, Withdrawal
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId

_LEDGER = "InstrumentLedger"
_DESK = "CashDesk"
_MONEY = InstrumentClass.MONEY
_CONVERSION = 8  # reason whose module also issues

needs_no_rule("AuthorityDesk", "Caused")  # why a forced transfer of the same transaction happened: text, no figure
needs_no_rule(_LEDGER, "ApprovalForAll", "URI")  # of the standard; never emitted here


# INSTRUMENTS


@on(_LEDGER, "InstrumentDefined")
def _defined(state: State, event: Event) -> None:
    number = event.args["instrument"]
    if number in state.ledger.instruments:
        state.fault(event, f"{InstrumentId(number)} was defined before")
    instrument = Instrument(InstrumentId(number), event.args["validUntil"], event.args["terms"])
    state.ledger.instruments[number] = instrument
    if not state.main_money and number >> 80 == _MONEY:
        state.main_money = number
    state.touch(event, "instrument", number)


@on(_LEDGER, "InstrumentStateChanged")
def _state_changed(state: State, event: Event) -> None:
    _instrument(state, event).state = event.args["state"]
    state.touch(event, "instrument", event.args["instrument"])


@on(_LEDGER, "UnitsIssued")
def _issued(state: State, event: Event) -> None:
    args = event.args
    instrument, quantity = _instrument(state, event), args["quantity"]
    if args["firstSerial"] != instrument.issued + 1:
        state.fault(event, f"the block begins with serial {args['firstSerial']}, not {instrument.issued + 1}")
    instrument.issued += quantity
    state.touch(event, "instrument", args["instrument"])
    if _is_unit(args["instrument"]):
        state.serials.issue(event.position, args["account"], args["instrument"], args["firstSerial"], quantity)


@on(_LEDGER, "UnitsCancelled")
def _cancelled(state: State, event: Event) -> None:
    args = event.args
    _instrument(state, event).cancelled += args["quantity"]
    state.touch(event, "instrument", args["instrument"])
    if _is_unit(args["instrument"]):
        try:
            state.serials.cancel(
                event.position,
                args["account"],
                args["instrument"],
                args["cause"],
                args["quantity"],
                f"cause 0x{args['cause'].hex()}",
            )
        except NotEnough as missing:
            state.fault(event, f"{args['account']} cancels units that it has not: {missing}")


# BALANCES


@on(_LEDGER, "TransferSingle")
def _transfer(state: State, event: Event) -> None:
    args = event.args
    _move(state, event, args["from"], args["to"], args["id"], args["value"])
    if args["from"] == ZERO_ADDRESS and args.get("operator") == state.ledger.binders.get(_CONVERSION, ZERO_ADDRESS):
        converted = state.credits.converted
        converted[args["id"]] = converted.get(args["id"], 0) + args["value"]


@on(_LEDGER, "TransferBatch")
def _batch(state: State, event: Event) -> None:
    args = event.args
    for instrument, value in zip(args["ids"], args["values"], strict=True):
        _move(state, event, args["from"], args["to"], instrument, value)


def _move(state: State, event: Event, sender: Address, receiver: Address, number: int, quantity: int) -> None:
    ledger = state.ledger
    if number not in ledger.instruments:
        state.fault(event, f"{InstrumentId(number)} was never defined")
        ledger.instruments[number] = Instrument(InstrumentId(number), 0, b"")
    if sender == ZERO_ADDRESS:
        ledger.instruments[number].minted += quantity
    elif sender == state.book_address:
        ledger.escrow[number] = ledger.escrow.get(number, 0) - quantity
        if ledger.escrow[number] < 0:
            state.fault(event, f"the book gives {-ledger.escrow[number]} more of {InstrumentId(number)} than it got")
    else:
        _change(state, event, sender, number, -quantity)
    if receiver == ZERO_ADDRESS:
        ledger.instruments[number].burned += quantity
    elif receiver == state.book_address:
        ledger.escrow[number] = ledger.escrow.get(number, 0) + quantity
    else:
        _change(state, event, receiver, number, quantity)
    if _is_unit(number) and quantity:
        _move_serials(state, event, sender, receiver, number, quantity)


def _change(state: State, event: Event, account: Address, number: int, by: int) -> None:
    balance = state.ledger.balances.get((account, number), 0) + by
    if balance < 0:
        state.fault(event, f"the balance of {account} in {InstrumentId(number)} falls to {balance}")
    state.ledger.balances[account, number] = balance
    state.touch(event, "balance", account, number)


def _move_serials(state: State, event: Event, sender: Address, receiver: Address, number: int, quantity: int) -> None:
    """Issues, cancellations and what the book gives are told by events of their own; here are the others."""
    if ZERO_ADDRESS in (sender, receiver) or sender == receiver:
        return
    if state.serials.moved_already(sender, receiver, number, quantity):
        return  # bound units, told by the event before
    try:
        if receiver == state.book_address:
            state.serials.give_to_book(sender, number, quantity)
        elif sender != state.book_address:
            state.serials.transfer(event.position, sender, receiver, number, quantity, "transferred")
    except NotEnough as missing:
        state.fault(event, f"{sender} gives units that it has not: {missing}")


@on(_LEDGER, "ForcedTransfer")
def _forced(state: State, event: Event) -> None:
    state.ledger.forced += 1  # the TransferSingle before it has moved the units


@on(_LEDGER, "Frozen")
def _frozen(state: State, event: Event) -> None:
    account = event.args.get("account", event.args.get("user"))
    state.ledger.frozen[account, event.args["tokenId"]] = event.args["amount"]
    state.touch(event, "frozen", account, event.args["tokenId"])


# BINDING


@on(_LEDGER, "Encumbered")
def _encumbered(state: State, event: Event) -> None:
    args = event.args
    key = (args["account"], args["instrument"], args["reason"])
    state.ledger.encumbered[key] = state.ledger.encumbered.get(key, 0) + args["quantity"]
    state.touch(event, "encumbered", *key)
    if _is_unit(args["instrument"]):
        try:
            state.serials.bind(event.position, *key, args["cause"], args["quantity"], _reason(args["reason"]))
        except NotEnough as missing:
            state.fault(event, f"{args['account']} has bound what it has not: {missing}")


@on(_LEDGER, "Released")
def _released(state: State, event: Event) -> None:
    args = event.args
    key = (args["account"], args["instrument"], args["reason"])
    left = state.ledger.encumbered.get(key, 0) - args["quantity"]
    if left < 0:
        state.fault(event, f"{-left} more are released than were bound")
    state.ledger.encumbered[key] = left
    state.touch(event, "encumbered", *key)
    if _is_unit(args["instrument"]):
        try:
            state.serials.release(event.position, *key, args["cause"], args["quantity"], _reason(args["reason"]))
        except NotEnough as missing:
            state.fault(event, f"{args['account']} is given back what was not bound: {missing}")


@on(_LEDGER, "EncumberedMoved")
def _encumbered_moved(state: State, event: Event) -> None:
    """The TransferSingle that follows moves the balance."""
    args = event.args
    key = (args["from"], args["instrument"], args["reason"])
    left = state.ledger.encumbered.get(key, 0) - args["quantity"]
    if left < 0:
        state.fault(event, f"{-left} more are moved than were bound")
    state.ledger.encumbered[key] = left
    state.touch(event, "encumbered", *key)
    if _is_unit(args["instrument"]):
        try:
            state.serials.move_bound(
                event.position, *key, args["cause"], args["to"], args["quantity"], _reason(args["reason"])
            )
        except NotEnough as missing:
            state.fault(event, f"{args['from']} gives bound units that it has not: {missing}")


@on(_LEDGER, "RulesAssigned")
def _rules_assigned(state: State, event: Event) -> None:
    state.ledger.rules[event.args["instrument"]] = event.args["rules"]
    if event.args["instrument"]:
        state.touch(event, "instrument", event.args["instrument"])


@on(_LEDGER, "DirectTransfersSet")
def _direct_set(state: State, event: Event) -> None:
    args = event.args
    state.ledger.direct[args["from"], args["to"], args["rules"]] = args["since"]
    state.touch(event, "direct", args["from"], args["to"], args["rules"])


@on(_LEDGER, "BinderAppointed")
def _binder(state: State, event: Event) -> None:
    state.ledger.binders[event.args["reason"]] = event.args["module"]
    state.touch(event, "binder", event.args["reason"])


@on(_LEDGER, "CreditIssuerAppointed")
def _credit_issuer(state: State, event: Event) -> None:
    state.ledger.credit_issuer = event.args["module"]


# ELIGIBILITY


@on(_LEDGER, "EligibilityChanged")
def _eligibility(state: State, event: Event) -> None:
    said = event.args["eligibility"]
    state.ledger.eligibility[event.args["account"]] = Eligibility(
        said["status"],
        said["kind"],
        said["restrictions"],
        said["region"],
        said["owner"],
        said["certificateUntil"],
    )
    state.touch(event, "eligibility", event.args["account"])


@on(_LEDGER, "RepresentationChanged")
def _representation(state: State, event: Event) -> None:
    args = event.args
    state.ledger.keys[args["key"]] = Representation(args["account"], args["certificateUntil"], args["rights"])
    state.touch(event, "key", args["key"])


# CASH DESK


@on(_DESK, "DepositRecorded")
def _deposit(state: State, event: Event) -> None:
    args = event.args
    cash = state.cash
    _use_reference(state, event)
    cash.deposited += args["amount"]
    cash.deposits_of[args["account"]] = cash.deposits_of.get(args["account"], 0) + args["amount"]
    state.touch(event, "deposits")


@on(_DESK, "WithdrawalRequested")
def _requested(state: State, event: Event) -> None:
    args = event.args
    state.cash.withdrawals[args["id"]] = Withdrawal(
        args["account"], args["amount"], args["payout"], event.timestamp, state=1
    )
    state.touch(event, "withdrawal", args["id"])


@on(_DESK, "WithdrawalPaid")
def _paid(state: State, event: Event) -> None:
    _use_reference(state, event)
    _close(state, event, 2)
    state.cash.withdrawn += event.args["amount"]
    state.touch(event, "deposits")


@on(_DESK, "WithdrawalRejected")
def _rejected(state: State, event: Event) -> None:
    _close(state, event, 3)


@on(_DESK, "WithdrawalCancelled")
def _taken_back(state: State, event: Event) -> None:
    _close(state, event, 4)


def _close(state: State, event: Event, to: int) -> None:
    number = event.args["id"]
    withdrawal = state.cash.withdrawals.get(number)
    if withdrawal is None or withdrawal.state != 1:
        state.fault(event, f"withdrawal {number} was not open")
        return
    if "amount" in event.args and event.args["amount"] != withdrawal.amount:
        state.fault(event, f"withdrawal {number} was of {withdrawal.amount}, not {event.args['amount']}")
    withdrawal.state = to
    state.touch(event, "withdrawal", number)


@on(_DESK, "PayoutNamed")
def _payout(state: State, event: Event) -> None:
    state.cash.payouts[event.args["account"]] = (event.args["commitment"], event.args["usableFrom"])
    state.touch(event, "payout", event.args["account"])


needs_no_rule(_DESK, "PayoutDelaySet")  # every PayoutNamed carries the time that follows from it


def _use_reference(state: State, event: Event) -> None:
    reference = event.args["bankReference"]
    if reference in state.cash.references:
        state.fault(event, f"the bank's reference 0x{reference.hex()} was used before")
    state.cash.references.add(reference)


def _instrument(state: State, event: Event) -> Instrument:
    number = event.args["instrument"]
    known = state.ledger.instruments.get(number)
    if known is None:
        state.fault(event, f"{InstrumentId(number)} was never defined")
        known = state.ledger.instruments[number] = Instrument(InstrumentId(number), 0, b"")
    return known


def _is_unit(number: int) -> bool:
    return number >> 80 != _MONEY


_REASONS = (
    "no reason",
    "surrender",
    "withdrawal",
    "pledge",
    "dispute",
    "delayed transfer",
    "listing",
    "collateral",
    "conversion",
    "buffer",
    "export",
)


def _reason(number: int) -> str:
    return _REASONS[number] if number < len(_REASONS) else f"reason {number}"
