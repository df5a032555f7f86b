"""InstrumentLedger and CashDesk."""

from __future__ import annotations

from dataclasses import replace

from carbon_sdk.audit.bilateral import DELIVERED
from carbon_sdk.audit.bilateral import Move as Delivery
from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.state import Eligibility, InAndOut, Instrument, Move, Representation, State, Withdrawal
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId

_LEDGER = "InstrumentLedger"
_DESK = "CashDesk"
_MONEY = InstrumentClass.MONEY
_DISPUTE = 4  # a reason
_CONVERSION = 8  # reason whose module also issues

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
    state.banking.tell(state.banking.issued, args["cause"], args["instrument"], quantity)
    state.touch(event, "instrument", args["instrument"])


@on(_LEDGER, "UnitsCancelled")
def _cancelled(state: State, event: Event) -> None:
    args = event.args
    _instrument(state, event).cancelled += args["quantity"]
    state.banking.tell(state.banking.cancelled, args["cause"], args["instrument"], args["quantity"])
    state.touch(event, "instrument", args["instrument"])


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
    between_accounts = {sender, receiver}.isdisjoint((ZERO_ADDRESS, state.book_address)) and sender != receiver
    if (
        between_accounts
        and quantity
        and number >> 80 != _MONEY
        and not state.goes_directly(event, sender, receiver, number)
    ):
        state.transfers.undirected[Move(sender, receiver, number, quantity)] += 1


def _change(state: State, event: Event, account: Address, number: int, by: int) -> None:
    balance = state.ledger.balances.get((account, number), 0) + by
    if balance < 0:
        state.fault(event, f"the balance of {account} in {InstrumentId(number)} falls to {balance}")
    state.ledger.balances[account, number] = balance
    state.touch(event, "balance", account, number)


@on(_LEDGER, "ForcedTransfer")
def _forced(state: State, event: Event) -> None:
    args = event.args
    state.ledger.forced += 1  # the TransferSingle before it has moved the units
    state.transfers.explained[Move(args["from"], args["to"], args["tokenId"], args["amount"])] += 1


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


@on(_LEDGER, "Released")
def _released(state: State, event: Event) -> None:
    args = event.args
    key = (args["account"], args["instrument"], args["reason"])
    left = state.ledger.encumbered.get(key, 0) - args["quantity"]
    if left < 0:
        state.fault(event, f"{-left} more are released than were bound")
    state.ledger.encumbered[key] = left
    state.touch(event, "encumbered", *key)


@on(_LEDGER, "EncumberedMoved")
def _encumbered_moved(state: State, event: Event) -> None:
    """The TransferSingle that follows moves the balance."""
    args = event.args
    key = (args["from"], args["instrument"], args["reason"])
    left = state.ledger.encumbered.get(key, 0) - args["quantity"]
    if left < 0:
        state.fault(event, f"{-left} more are moved than were bound")
    if args["reason"] in DELIVERED and not state.deliveries.made(
        Delivery(args["from"], args["to"], args["instrument"], args["quantity"], args["cause"])
    ):
        state.fault(event, "no click, block trade or award told of this delivery")
    if args["reason"] == _DISPUTE:
        number = int.from_bytes(args["cause"], "big")
        if (dispute := state.disputes.disputes.get(number)) is None:
            state.fault(event, f"dispute {number}, for which units move, was never opened")
        else:
            dispute.moved.append((args["from"], args["to"], args["instrument"], args["quantity"]))
            state.touch(event, "dispute", number)
    state.ledger.encumbered[key] = left
    state.touch(event, "encumbered", *key)


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


@on(_LEDGER, "RestrictionsLapse")
def _lapse(state: State, event: Event) -> None:
    args = event.args
    known = state.ledger.eligibility.get(args["account"], Eligibility())
    if args["lapsing"] & ~known.restrictions:
        state.fault(event, f"of {args['account']} restrictions end by themselves that it is not under")
    lapsing, at = args["lapsing"], args["at"]
    state.ledger.eligibility[args["account"]] = replace(known, lapsing=lapsing, lapse_at=at)
    state.touch(event, "eligibility", args["account"])


@on(_LEDGER, "RepresentationChanged")
def _representation(state: State, event: Event) -> None:
    args = event.args
    state.ledger.keys[args["key"]] = Representation(args["account"], args["certificateUntil"], args["rights"])
    state.touch(event, "key", args["key"])


# CASH DESK


@on(_DESK, "DepositRecorded")
def _deposit(state: State, event: Event) -> None:
    _use_reference(state, event)
    _came_in(state, event)


@on(_DESK, "TokensDeposited")
def _tokens_deposited(state: State, event: Event) -> None:
    _came_in(state, event)


def _came_in(state: State, event: Event) -> None:
    args, cash = event.args, state.cash
    cash.moneys.setdefault(args["instrument"], InAndOut()).deposited += args["amount"]
    cash.deposits_of[args["account"]] = cash.deposits_of.get(args["account"], 0) + args["amount"]
    state.touch(event, "deposits", args["instrument"])


@on(_DESK, "WithdrawalRequested")
def _requested(state: State, event: Event) -> None:
    args = event.args
    state.cash.withdrawals[args["id"]] = Withdrawal(
        args["account"], args["amount"], args["payout"], event.timestamp, 1, args["instrument"]
    )
    state.touch(event, "withdrawal", args["id"])


@on(_DESK, "WithdrawalAccepted")
def _accepted(state: State, event: Event) -> None:
    _decide(state, event, (1,), 5)


@on(_DESK, "WithdrawalPaid")
def _paid(state: State, event: Event) -> None:
    _use_reference(state, event)
    _went_out(state, event, 5)


@on(_DESK, "TokensPaid")
def _tokens_paid(state: State, event: Event) -> None:
    withdrawal = state.cash.withdrawals.get(event.args["id"])
    if withdrawal and withdrawal.payout != bytes(12) + bytes.fromhex(event.args["to"][2:]):
        state.fault(event, f"withdrawal {event.args['id']} was paid to another address than was named")
    _went_out(state, event, 1)


def _went_out(state: State, event: Event, after: int) -> None:
    _decide(state, event, (after,), 2)
    withdrawal = state.cash.withdrawals.get(event.args["id"])
    if withdrawal:
        state.cash.moneys.setdefault(withdrawal.instrument, InAndOut()).withdrawn += event.args["amount"]
        state.touch(event, "deposits", withdrawal.instrument)


@on(_DESK, "TokenBacked")
def _backed(state: State, event: Event) -> None:
    args = event.args
    state.cash.backings[args["instrument"]] = (args["token"], args["decimals"], False)
    state.touch(event, "backing", args["instrument"])


@on(_DESK, "StoppedSet")
def _stopped(state: State, event: Event) -> None:
    number = event.args["instrument"]
    if number not in state.cash.backings:
        state.fault(event, f"{InstrumentId(number)} is backed by no token")
        return
    token, decimals, _ = state.cash.backings[number]
    state.cash.backings[number] = (token, decimals, event.args["stopped"])
    state.touch(event, "backing", number)


@on(_DESK, "PayoutAddressNamed")
def _payout_address(state: State, event: Event) -> None:
    args = event.args
    state.cash.payout_addresses[args["account"]] = (args["to"], args["usableFrom"])
    state.touch(event, "payout address", args["account"])


@on(_DESK, "HoldSet")
def _hold(state: State, event: Event) -> None:
    state.cash.hold = event.args["duration"]
    state.touch(event, "hold")


@on(_DESK, "WithdrawalRejected")
def _rejected(state: State, event: Event) -> None:
    _decide(state, event, (1, 5), 3)


@on(_DESK, "WithdrawalCancelled")
def _taken_back(state: State, event: Event) -> None:
    _decide(state, event, (1,), 4)


def _decide(state: State, event: Event, after: tuple[int, ...], to: int) -> None:
    number = event.args["id"]
    withdrawal = state.cash.withdrawals.get(number)
    if withdrawal is None or not withdrawal.is_open:
        state.fault(event, f"withdrawal {number} was not open")
        return
    if withdrawal.state not in after:
        how = "was not accepted by the bank" if withdrawal.state == 1 else "was accepted by the bank already"
        state.fault(event, f"withdrawal {number} {how}")
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
