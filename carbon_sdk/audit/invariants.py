"""What must always be true, each as a named function over `State` that yields a sentence for each case where it is not.

`ALL` is what the auditor runs; a fuzzer can run them after each call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise

from carbon_sdk.audit.auctions import COLLATERAL, SETTLED
from carbon_sdk.audit.bilateral import BLOCK_TRADE, QUOTE
from carbon_sdk.audit.conduct import COMPENSATION
from carbon_sdk.audit.state import OPEN, InAndOut, State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, Side

Invariant = Callable[[State], Iterator[str]]

_MONEY = InstrumentClass.MONEY
_TRADING = 1 << 1
_NO_TRADE = 1 << 0
_NO_TRANSFER = 1 << 1
_DELAYED_TRANSFER = 5
_LISTED, _NOT_LISTED, _SAME_OWNER = 1, 2, 3
_LISTING, _BUFFER, _EXPORT = 6, 9, 10  # reasons for which units are bound
_CONVERSION = 8  # the ledger's reason
_DISPUTE = 4  # the same
_LACKED, _NOT_ELIGIBLE = 1, 2  # kinds of misconduct
_LATE_SURRENDER, _MISSING_SURRENDER = 5, 6


# INSTRUMENTS


def issued_is_held_in_orders_or_cancelled(state: State) -> Iterator[str]:
    """INV-1: issued = held + in orders + cancelled, for each instrument of units, in tonnes."""
    held, offered = state.ledger.held(), _in_orders(state)
    for number, instrument in state.ledger.instruments.items():
        if number >> 80 == _MONEY:
            continue
        if instrument.issued != held.get(number, 0) + offered.get(number, 0) + instrument.cancelled:
            yield (
                f"{instrument.id}: issued {instrument.issued} t, held {held.get(number, 0)} t, "
                f"in orders {offered.get(number, 0)} t, cancelled {instrument.cancelled} t"
            )


def money_minted_is_held_in_orders_accrued_or_withdrawn(state: State) -> Iterator[str]:
    """INV-2: minted = held + in orders + fees not collected + withdrawn, for each money, in its smallest unit."""
    held, offered = state.ledger.held(), _in_orders(state)
    fees = sum(market.fees for market in state.book.markets.values())
    for number, instrument in state.ledger.instruments.items():
        if number >> 80 != _MONEY:
            continue
        bound = offered.get(number, 0) + (fees if number == state.main_money else 0)
        if instrument.issued != held.get(number, 0) + bound + instrument.cancelled:
            yield (
                f"{instrument.id}: minted {instrument.issued}, held {held.get(number, 0)}, in orders and fees {bound}, "
                f"withdrawn {instrument.cancelled}"
            )


def what_is_told_of_issues_is_what_was_transferred(state: State) -> Iterator[str]:
    """INV-3: UnitsIssued and UnitsCancelled say the same as the transfers from and to nobody."""
    for instrument in state.ledger.instruments.values():
        if (instrument.issued, instrument.cancelled) != (instrument.minted, instrument.burned):
            yield (
                f"{instrument.id}: issued {instrument.issued} and cancelled {instrument.cancelled}, "
                f"transferred from nobody {instrument.minted} and to nobody {instrument.burned}"
            )


def encumbered_never_exceeds_the_balance(state: State) -> Iterator[str]:
    """INV-4: what is bound, for all reasons together, is there."""
    bound: dict[tuple[Address, int], int] = defaultdict(int)
    for (account, instrument, _), quantity in state.ledger.encumbered.items():
        bound[account, instrument] += quantity
    for (account, instrument), quantity in bound.items():
        balance = state.ledger.balances.get((account, instrument), 0)
        if quantity > balance:
            yield f"{account} has {balance} of {InstrumentId(instrument)}, {quantity} are bound"


def nothing_is_negative(state: State) -> Iterator[str]:
    """INV-5: no balance, encumbrance or escrow is below zero."""
    for (account, instrument), quantity in state.ledger.balances.items():
        if quantity < 0:
            yield f"{account} has {quantity} of {InstrumentId(instrument)}"
    for (account, instrument, _), quantity in state.ledger.encumbered.items():
        if quantity < 0:
            yield f"{account} has {quantity} of {InstrumentId(instrument)} bound"
    for instrument, quantity in state.ledger.escrow.items():
        if quantity < 0:
            yield f"the book has {quantity} of {InstrumentId(instrument)}"


def bank_owes_what_the_ledger_has(state: State) -> Iterator[str]:
    """INV-6: deposited and withdrawn, at the bank or in tokens = minted and cancelled in the ledger (R-TRD-8)."""
    if "CashDesk" not in state.contracts:
        return
    for number, money in state.ledger.instruments.items():
        if number >> 80 != _MONEY:
            continue
        has = state.cash.moneys.get(number, InAndOut())
        if (has.deposited, has.withdrawn) != (money.issued, money.cancelled):
            yield (
                f"{money.id}: the desk received {has.deposited} and paid {has.withdrawn}; "
                f"the ledger minted {money.issued} and cancelled {money.cancelled}"
            )


def registry_and_ledger_agree_on_who_may_act(state: State) -> Iterator[str]:
    """INV-7: what the ledger checks is what the registry decided."""
    if "StakeholderRegistry" not in state.contracts:
        return
    for address, account in state.registry.accounts.items():
        known = state.ledger.eligibility.get(address)
        restrictions = account.authority_restrictions | account.compliance_restrictions | account.conduct_restrictions
        if not account.capabilities & _TRADING:
            restrictions |= _NO_TRADE
        decided = (account.status, account.kind, restrictions, account.region, account.owner, account.certificate_until)
        if known is None or decided != (
            known.status,
            known.kind,
            known.restrictions,
            known.region,
            known.owner,
            known.certificate_until,
        ):
            yield f"{address}: the registry decided {decided}, the ledger has {known}"
            continue
        others = account.authority_restrictions | account.compliance_restrictions
        if not account.capabilities & _TRADING:
            others |= _NO_TRADE
        lapsing = account.conduct_lapse[0] & ~others if account.conduct_restrictions else 0
        ends = (lapsing, account.conduct_lapse[1] if lapsing else 0)
        if ends != (known.lapsing, known.lapse_at):
            yield f"{address}: of the record's restrictions {ends} end by themselves, in the ledger {known}"
    for key, (address, rights, until) in state.registry.keys.items():
        has = state.ledger.keys.get(key)
        if has is None or (has.account, has.rights, has.certificate_until) != (address, rights, until):
            yield f"key {key}: the registry gave it {rights:#x} for {address} until {until}, the ledger has {has}"
    for key, has in state.ledger.keys.items():
        if has.rights and key not in state.registry.keys:
            yield f"key {key} acts for {has.account} in the ledger; the registry does not know it"


# MARKET


def book_is_never_crossed(state: State) -> Iterator[str]:
    """INV-8: where a market trades, the best bid is below the best ask."""
    for market in state.book.markets.values():
        if market.state == OPEN and (crossed := market.crossed()):
            yield f"market {market.number}: bid {crossed[0]}, ask {crossed[1]}"


def levels_are_the_sum_of_their_orders(state: State) -> Iterator[str]:
    """INV-9: a level's total is that of its open orders, and no level or order is empty."""
    for market in state.book.markets.values():
        for side, levels in market.sides.items():
            for tick, level in levels.items():
                total = sum(order.open for order in level.orders.values())
                if total != level.total or not level.orders or any(o.open <= 0 for o in level.orders.values()):
                    yield f"market {market.number}, {side.name} {tick}: level {level.total} t, orders {total} t"


def escrow_is_what_orders_hold_and_fees(state: State) -> Iterator[str]:
    """INV-10: what transfers gave to the book is what open orders hold by their terms, and the fees not collected."""
    holds: dict[int, int] = defaultdict(int)
    for market in state.book.markets.values():
        holds[state.main_money] += market.fees
        for side, levels in market.sides.items():
            instrument = market.instrument if side is Side.SELL else state.main_money
            for level in levels.values():
                holds[instrument] += sum(market.escrow(order.id, order.open) for order in level.orders.values())
    for instrument in {*holds, *state.ledger.escrow}:
        given = state.ledger.escrow.get(instrument, 0)
        if given != holds[instrument]:
            yield f"{InstrumentId(instrument)}: the book got {given}, orders and fees account for {holds[instrument]}"


# SERIALS


def serial_blocks_add_up_to_balances(state: State) -> Iterator[str]:
    """INV-11: an account's serials, free and bound, are as many as its balance; those offered, as its sell orders."""
    have: dict[tuple[Address, int], int] = defaultdict(int)
    for key, queue in state.serials.free.items():
        have[key] += queue.total
    for (account, instrument, _), causes in state.serials.bound.items():
        have[account, instrument] += sum(queue.total for queue in causes.values())
    units = {key: quantity for key, quantity in state.ledger.balances.items() if key[1] >> 80 != _MONEY}
    for key in {*have, *units}:
        if have.get(key, 0) != units.get(key, 0):
            yield f"{key[0]} has {units.get(key, 0)} of {InstrumentId(key[1])} and {have.get(key, 0)} serials"
    for number, order in state.book.orders.items():
        market = state.book.markets.get(order.id.market)
        offered = state.serials.offered.get((order.account, market.instrument, number)) if market else None
        if order.id.side is Side.SELL and (offered is None or offered.total != order.open):
            yield f"order {order.id} offers {order.open} t with {offered.total if offered else 0} serials"


def every_serial_is_in_one_place(state: State) -> Iterator[str]:
    """INV-12: the serials from 1 to the last issued are each somewhere, and only once."""
    places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (_, instrument), queue in state.serials.free.items():
        places[instrument].extend((block.first, block.end) for block in queue.blocks)
    for (_, instrument, _), causes in state.serials.bound.items():
        for queue in causes.values():
            places[instrument].extend((block.first, block.end) for block in queue.blocks)
    for (_, instrument, _), queue in state.serials.offered.items():
        places[instrument].extend((block.first, block.end) for block in queue.blocks)
    for instrument, queue in state.serials.ended.items():
        places[instrument].extend((block.first, block.end) for block in queue.blocks)
    for instrument, issued in state.serials.issued.items():
        expected = 1
        for first, end in sorted(places[instrument]):
            if first != expected:
                what = (
                    f"serials {expected} to {first - 1} are nowhere" if first > expected else "a serial is twice there"
                )
                yield f"{InstrumentId(instrument)}: {what}"
            expected = max(expected, end)
        if expected != issued + 1:
            yield f"{InstrumentId(instrument)}: serials {expected} to {issued} are nowhere"


# VOUCHERS


def every_trade_has_a_voucher(state: State) -> Iterator[str]:
    """INV-13: a market's series has as many vouchers as it had trades (R-VCH-2)."""
    for market in state.book.markets.values():
        series = state.vouchers.series.get((state.book_address, market.number))
        count = len(series.mountains) if series else 0
        if count != market.trades:
            yield f"market {market.number}: {market.trades} trades, {count} vouchers"


def every_surrender_and_cancellation_has_a_voucher(state: State) -> Iterator[str]:
    """INV-14: the desk's vouchers are for as many tonnes as were surrendered and voluntarily cancelled."""
    surrendered = sum(one.tonnes for one in state.compliance.surrenders.values() if one.state in (2, 6))
    certified = 0
    for (_, number), series in state.vouchers.series.items():
        if number == state.compliance.series and "ComplianceDesk" in state.contracts:
            certified += sum(voucher.quantity for voucher in series.vouchers if voucher)
    if certified != surrendered + state.compliance.cancelled_voluntarily:
        yield (
            f"vouchers for {certified} t; surrendered {surrendered} t, "
            f"cancelled voluntarily {state.compliance.cancelled_voluntarily} t"
        )


def series_are_in_the_directory(state: State) -> Iterator[str]:
    """INV-15: a number belongs to one issuer, the one that the directory names."""
    owners = Counter(number for _, number in state.vouchers.series)
    for (issuer, number), series in state.vouchers.series.items():
        if owners[number] > 1:
            yield f"series {number} is issued by {owners[number]} contracts"
        entered = state.vouchers.directory.get(number)
        if entered and entered[0] != issuer:
            yield f"series {number} is {entered[0]}'s in the directory, {issuer} issues it"
        if not entered and "VoucherBook" in state.contracts and len(series.mountains):
            yield f"series {number} has {len(series.mountains)} vouchers and is not in the directory"


# ALLOCATION AND COMPLIANCE


def issues_stay_within_the_cap(state: State) -> Iterator[str]:
    """INV-16: no part of a year's cap is exceeded (R-ALC-3)."""
    for year, issued in state.allocation.issued.items():
        cap = state.allocation.caps.get(year, (0, 0, 0, 0))
        for part, name in enumerate(("free", "auction", "reserve")):
            if issued[part] > cap[1 + part]:
                yield f"{year}, {name}: {issued[part]} t issued, cap {cap[1 + part]} t"


def allowances_come_from_the_allocator(state: State) -> Iterator[str]:
    """INV-17: every allowance that exists was allocated, issued for auction, or was an allowance of another period."""
    if "Allocator" not in state.contracts:
        return
    issued = sum(sum(parts) for parts in state.allocation.issued.values())
    converted = sum(
        quantity for _, target, quantity in state.banking.expected.values() if target >> 80 == InstrumentClass.ALLOWANCE
    )
    exist = sum(
        one.issued for number, one in state.ledger.instruments.items() if number >> 80 == InstrumentClass.ALLOWANCE
    )
    anew = sum(
        quantity
        for lines in state.compliance.reissued.values()
        for _, number, quantity in lines
        if number >> 80 == InstrumentClass.ALLOWANCE
    )
    if issued + converted + anew != exist:
        yield (
            f"the allocator issued {issued} t, {converted} t were converted, "
            f"{anew} t issued anew, the ledger has {exist} t"
        )


def what_was_given_up_ceased_to_exist(state: State) -> Iterator[str]:
    """INV-18: given up, converted, lapsed, of reversals and exports = cancelled units (R-CMP-1, R-AST-5)."""
    if "ComplianceDesk" not in state.contracts:
        return
    given = sum(one.tonnes for one in state.compliance.surrenders.values() if one.state in (2, 6))
    given += state.compliance.cancelled_voluntarily + state.credits.cancelled
    given += sum(quantity for _, _, quantity in state.banking.expected.values())
    ceased = sum(one.cancelled for number, one in state.ledger.instruments.items() if number >> 80 != _MONEY)
    if given != ceased:
        yield f"given up {given} t, ceased to exist {ceased} t"


def conversions_create_no_tonne(state: State) -> Iterator[str]:
    """INV-24: what is converted or lapses is cancelled; what is converted is issued for the same cause (R-AST-5)."""
    for cause, (source, target, quantity) in state.banking.expected.items():
        number = int.from_bytes(cause[20:], "big")
        cancelled, issued = state.banking.cancelled.get(cause), state.banking.issued.get(cause)
        if cancelled != (source, quantity):
            yield f"act {number}: {quantity} t of {InstrumentId(source)} to be cancelled, the ledger has {cancelled}"
        if issued != ((target, quantity) if target else None):
            yield f"act {number}: {quantity} t of {InstrumentId(target)} to be issued, the ledger has {issued}"
    for (account, instrument, reason), quantity in state.ledger.encumbered.items():
        if reason == _CONVERSION and quantity:
            yield f"{account} has {quantity} t of {InstrumentId(instrument)} bound for a conversion that is over"


def status_a_never_with_a_shortfall(state: State) -> Iterator[str]:
    """INV-19: the status told last is what emissions and surrenders say; A is covered, B is short (R-CMP-4)."""
    for account, one in state.compliance.accounts.items():
        judged = state.compliance.judge(account)
        if one.judged_in == state.compliance.current_year and one.status != judged:
            yield (
                f"{account}: status {'-ABCX'[one.status]} was told, "
                f"owed {state.compliance.owed(one)} t and surrendered {one.surrendered} t give {'-ABCX'[judged]}"
            )


def surrenders_are_what_was_approved(state: State) -> Iterator[str]:
    """INV-20: an account's surrendered tonnes are the sum of its approved applications."""
    approved: dict[Address, int] = defaultdict(int)
    for surrender in state.compliance.surrenders.values():
        if surrender.state == 2:
            approved[surrender.account] += surrender.tonnes
    for account, one in state.compliance.accounts.items():
        if one.surrendered != approved[account]:
            yield f"{account}: surrendered {one.surrendered} t, approved {approved[account]} t"


def what_is_applied_for_is_bound(state: State) -> Iterator[str]:
    """INV-21: units of undecided surrender applications, and money of open withdrawals, are bound."""
    bound: dict[tuple[Address, int, int], int] = defaultdict(int)
    for surrender in state.compliance.surrenders.values():
        if surrender.state in (1, 5):
            for instrument, quantity in surrender.lines:
                bound[surrender.account, instrument, 1] += quantity
    for withdrawal in state.cash.withdrawals.values():
        if withdrawal.is_open:
            bound[withdrawal.account, withdrawal.instrument, 2] += withdrawal.amount
    desks = {1: "ComplianceDesk", 2: "CashDesk"}
    told = {
        key: quantity
        for key, quantity in state.ledger.encumbered.items()
        if quantity and desks.get(key[2]) in state.contracts
    }
    for key in {*bound, *told}:
        if bound.get(key, 0) != told.get(key, 0):
            yield f"{key[0]}: applied for {bound.get(key, 0)} of {InstrumentId(key[1])}, bound {told.get(key, 0)}"


def disputed_units_are_bound(state: State) -> Iterator[str]:
    """INV-39: what is bound for disputes is what those that stand freeze, and no more (R-TRD-12)."""
    if "DisputeDesk" not in state.contracts:
        return
    bound: dict[tuple[Address, int], int] = defaultdict(int)
    for number, dispute in state.disputes.disputes.items():
        for line in dispute.lines:
            if line["frozen"] and not dispute.stands:
                yield f"dispute {number} is over and freezes {line['frozen']}"
            bound[line["holder"], line["instrument"]] += line["frozen"]
    told = {key[:2]: quantity for key, quantity in state.ledger.encumbered.items() if key[2] == _DISPUTE and quantity}
    for key in {*bound, *told}:
        if bound.get(key, 0) != told.get(key, 0):
            yield f"{key[0]}: disputed {bound.get(key, 0)} of {InstrumentId(key[1])}, bound {told.get(key, 0)}"


def rulings_move_what_they_award(state: State) -> Iterator[str]:
    """INV-40: a ruling that is executed moves what it awards, once; nothing else moves for disputes (R-TRD-12)."""
    for number, dispute in state.disputes.disputes.items():
        if dispute.moved != dispute.awarded:
            yield f"dispute {number} awards {dispute.awarded}, the ledger moved {dispute.moved}"


def reversed_surrenders_are_issued_anew(state: State) -> Iterator[str]:
    """INV-41: a reversal issues what the surrender cancelled, line by line, and nothing else is issued so (R-CMP-1)."""
    for number, surrender in state.compliance.surrenders.items():
        expected = [(surrender.account, *line) for line in surrender.lines] if surrender.state == 6 else []
        found = state.compliance.reissued.get(number, [])
        if found != expected:
            yield f"application {number}: {expected} to be issued anew, the ledger has {found}"
    for number in state.compliance.reissued:
        if number not in state.compliance.surrenders:
            yield f"application {number}, which was never filed, is issued anew"


def pledged_units_are_bound(state: State) -> Iterator[str]:
    """INV-25: what is bound for pledges is what open ones and their exchanges bind, and no more (R-STK-2)."""
    if "PledgeBook" not in state.contracts:
        return
    bound: dict[tuple[Address, int], int] = defaultdict(int)
    for number, pledge in state.pledges.pledges.items():
        if (pledge.state in (1, 2)) != bool(pledge.lines.rows):
            yield f"pledge {number} is in state {pledge.state} with {len(pledge.lines.rows)} lines"
        for lines in (pledge.lines, pledge.added):
            for instrument, quantity in lines.rows if lines else ():
                bound[pledge.pledgor, instrument] += quantity
    told = {key[:2]: quantity for key, quantity in state.ledger.encumbered.items() if key[2] == 3 and quantity}
    for key in {*bound, *told}:
        if bound.get(key, 0) != told.get(key, 0):
            yield f"{key[0]}: pledged {bound.get(key, 0)} of {InstrumentId(key[1])}, bound {told.get(key, 0)}"


def forced_transfers_are_acts_that_were_done(state: State) -> Iterator[str]:
    """INV-26: a forced transfer has its act and cause, a large one two officers; one reversal at most (R-AST-3)."""
    if "AuthorityDesk" not in state.contracts:
        return
    acts = state.acts.acts
    moved = sum(act.state == 2 and act.kind in (2, 3) for act in acts.values())
    if moved != state.ledger.forced:
        yield f"{state.ledger.forced} forced transfers, {moved} acts that were done"
    for number, act in acts.items():
        if not any(act.cause):
            yield f"act {number} has no cause"
        if act.state == 2 and act.confirm_by and act.confirmed_by in (ZERO_ADDRESS, act.officer):
            yield f"act {number} was ordered by {act.officer} and confirmed by {act.confirmed_by}"
        if act.reversed_by and acts[act.reversed_by].reverses != number:
            yield f"act {number} is reversed by act {act.reversed_by}, which reverses {acts[act.reversed_by].reverses}"
    reversals = Counter(act.reverses for act in acts.values() if act.reverses and act.state == 2)
    for number, times in reversals.items():
        if times > 1:
            yield f"act {number} was reversed {times} times"


def an_accounts_emissions_are_its_installations(state: State) -> Iterator[str]:
    """INV-22: what an account answers for is the sum of its installations' figures (R-MRV-7)."""
    grams: dict[tuple[Address, int], int] = defaultdict(int)
    for (number, year), filing in state.reports.filings.items():
        installation = state.reports.installations.get(number)
        if installation and filing.state:
            grams[installation.account, year] += filing.grams
    for key in {*grams, *state.reports.accepted}:
        told = state.reports.accepted.get(key, (0, False))[0]
        if told != grams[key]:
            yield f"{key[0]} in {key[1]}: {told} g are told, its installations have {grams[key]} g"


def what_waits_to_be_transferred_is_bound(state: State) -> Iterator[str]:
    """INV-27: the units of transfers that wait are bound for them, and no others (R-AST-3)."""
    if "TransferRules" not in state.contracts:
        return
    waits: dict[tuple[Address, int], int] = defaultdict(int)
    for transfer in state.transfers.transfers.values():
        if transfer.state in (1, 2):
            waits[transfer.giver, transfer.instrument] += transfer.quantity
    bound = {
        (account, instrument): quantity
        for (account, instrument, reason), quantity in state.ledger.encumbered.items()
        if reason == _DELAYED_TRANSFER
    }
    for key in {*waits, *bound}:
        if waits.get(key, 0) != bound.get(key, 0):
            yield f"{key[0]}: {waits.get(key, 0)} of {InstrumentId(key[1])} wait, {bound.get(key, 0)} are bound for it"


def direct_transfers_follow_from_the_rules(state: State) -> Iterator[str]:
    """INV-28: a pair goes directly only where set, kinds and list say so whoever owns the accounts (R-AST-3)."""
    if "TransferRules" not in state.contracts:
        return
    for (giver, receiver, rules), since in state.ledger.direct.items():
        if not since:
            continue
        entry = state.transfers.trusts.get((giver, receiver))
        listed = entry is not None and entry.state == 2 and entry.since == since
        without_list = _is_direct(state, giver, receiver, rules, listed=False)
        if not (listed or without_list) or not _is_direct(state, giver, receiver, rules, listed=True):
            yield f"{giver} goes directly to {receiver} under set {rules} since {since}, which no rule says"


def _is_direct(state: State, giver: Address, receiver: Address, rules: int, *, listed: bool) -> bool:
    """Whether every type that could come to apply lets a pair go directly."""
    accounts = state.ledger.eligibility
    if giver not in accounts or receiver not in accounts:
        return False
    for one in state.transfers.rules.get(rules, ()):
        for_kinds = one["fromKinds"] >> accounts[giver].kind & 1 and one["toKinds"] >> accounts[receiver].kind & 1
        if not for_kinds or one["counterparty"] == (_NOT_LISTED if listed else _LISTED):
            continue
        waits = one["delay"] or one["workingDays"] or one["within"] or one["reversible"]
        limited = one["most"] or one["mostPerDay"] or one["forbidding"] & ~_NO_TRANSFER
        if one["approvals"] != 1 or waits or limited:
            return False
        if not one["optIn"] and one["counterparty"] != _SAME_OWNER:
            return True
    return False


def credits_are_what_was_verified(state: State) -> Iterator[str]:
    """INV-29: a project's issued credits = verified tonnes of its issued reports; no two of them share a day."""
    for number, project in state.credits.projects.items():
        due = sum(report.verified for report in project.reports.values() if report.state == 3)
        if not project.issued == due == sum(report.issued for report in project.reports.values()):
            yield f"project {number}: issued {project.issued} t, verified {due} t"
        last = 0
        for index, report in project.reports.items():
            if report.stands and report.first_day <= last:
                yield f"project {number}: report {index} begins on day {report.first_day}, another ends on {last}"
            last = report.last_day if report.stands else last


def credits_come_from_reports_or_other_registries(state: State) -> Iterator[str]:
    """INV-30: units of an instrument of credits = of reports + of imports + converted into it (R-AST-4)."""
    if "OriginRegister" not in state.contracts:
        return
    imported: dict[int, int] = defaultdict(int)
    for one in state.credits.imports.values():
        imported[one.instrument] += one.last - one.first + 1
    local = state.credits.issued_in
    for number, instrument in state.ledger.instruments.items():
        due = imported[number] + local.get(number, 0) + state.credits.converted.get(number, 0)
        if number >> 80 == InstrumentClass.CREDIT and instrument.issued != due:
            yield f"{instrument.id}: issued {instrument.issued} t, of reports and imports {due} t"


def buffers_are_bound(state: State) -> Iterator[str]:
    """INV-31: a project's buffer = its instruments' buffers = what is bound for it in its account (R-AST-4)."""
    by_project: dict[int, int] = defaultdict(int)
    bound: dict[tuple[Address, int], int] = defaultdict(int)
    for instrument, quantity in state.credits.buffers.items():
        number = InstrumentId(instrument).project
        by_project[number] += quantity
        bound[state.credits.projects[number].buffer_account, instrument] += quantity
    for number, project in state.credits.projects.items():
        if project.buffered != by_project[number]:
            yield f"project {number}: {project.buffered} t in its buffer, {by_project[number]} t by instrument"
    for (account, instrument, reason), quantity in state.ledger.encumbered.items():
        if reason == _BUFFER and quantity != bound[account, instrument]:
            due = bound[account, instrument]
            yield f"{account}: {quantity} t of {InstrumentId(instrument)} bound in a buffer, {due} t due"


def listings_are_bound(state: State) -> Iterator[str]:
    """INV-32: bound for listing = what open offers have left and open applications to buy pay (R-DAT-h, R-DAT-i)."""
    due: dict[tuple[Address, int], int] = defaultdict(int)
    for offer in state.credits.offers.values():
        if offer.state == 1:
            due[offer.seller, offer.instrument] += offer.left
    for one in state.credits.purchases.values():
        if one.state == 1:
            due[one.buyer, state.main_money] += one.quantity * state.credits.offers[one.offer].price
    for (account, instrument, reason), quantity in state.ledger.encumbered.items():
        if reason == _LISTING and quantity != due.pop((account, instrument), 0):
            yield f"{account}: {quantity} of {InstrumentId(instrument)} bound for listing, which is not what is due"
    for (account, instrument), quantity in due.items():
        yield f"{account}: {quantity} of {InstrumentId(instrument)} due for listing, and nothing bound"


def no_foreign_serial_came_in_twice(state: State) -> Iterator[str]:
    """INV-33: imports of one batch share no serial (R-AST-4)."""
    batches: dict[bytes, list[tuple[int, int, int]]] = defaultdict(list)
    for number, one in state.credits.imports.items():
        batches[one.batch_key].append((one.first, one.last, number))
    for ranges in batches.values():
        ranges.sort()
        for (_, last, number), (first, _, other) in pairwise(ranges):
            if first <= last:
                yield f"imports {number} and {other} share the serials {first} to {last} of their batch"


def exports_are_bound(state: State) -> Iterator[str]:
    """INV-34: bound for export = what is requested and accepted (R-AST-4)."""
    due: dict[tuple[Address, int], int] = defaultdict(int)
    for export in state.credits.exports.values():
        if export.is_open:
            due[export.account, export.instrument] += export.quantity
    for (account, instrument, reason), quantity in state.ledger.encumbered.items():
        if reason == _EXPORT and quantity != due[account, instrument]:
            asked = due[account, instrument]
            yield f"{account}: {quantity} t of {InstrumentId(instrument)} bound for export, {asked} t asked"


def no_event_contradicts_another(state: State) -> Iterator[str]:
    """INV-23: nothing was folded that could not have happened."""
    for fault in state.faults:
        yield str(fault)


def open_quotes_and_proposals_are_bound(state: State) -> Iterator[str]:
    """INV-35: what open quotes offer, and proposals that settle at once, is bound for them, and nothing else is."""
    offered: dict[tuple[Address, int, int], int] = defaultdict(int)
    for reason, bound in ((QUOTE, state.quotes.bound), (BLOCK_TRADE, state.blocks.bound)):
        for account, instrument, quantity in bound(state.main_money):
            offered[account, instrument, reason] += quantity
    modules = {QUOTE: "QuoteBoard", BLOCK_TRADE: "BlockTrades"}
    told = {
        key: quantity
        for key, quantity in state.ledger.encumbered.items()
        if quantity and modules.get(key[2]) in state.contracts
    }
    for key in {*offered, *told}:
        if offered.get(key, 0) != told.get(key, 0):
            yield (
                f"{key[0]}: quotes and proposals offer {offered.get(key, 0)} of {InstrumentId(key[1])}, "
                f"bound {told.get(key, 0)}"
            )


def every_click_and_block_has_a_voucher(state: State) -> Iterator[str]:
    """INV-36: as many vouchers, for as many tonnes and as much money, as clicks and settled blocks (R-VCH-2)."""
    for name, number, trades, volume, turnover in (
        ("QuoteBoard", state.quotes.series, state.quotes.clicks, state.quotes.volume, state.quotes.turnover),
        ("BlockTrades", state.blocks.series, state.blocks.settled, state.blocks.volume, state.blocks.turnover),
        ("SealedAuction", state.sealed.series, state.sealed.awards, state.sealed.volume, state.sealed.turnover),
    ):
        if name not in state.contracts:
            continue
        told = [one.vouchers for (_, known), one in state.vouchers.series.items() if known == number]
        vouchers = [voucher for series in told for voucher in series if voucher]
        certified = (
            len(vouchers),
            sum(one.quantity for one in vouchers),
            sum(one.quantity * one.price for one in vouchers),
        )
        if certified != (trades, volume, turnover):
            yield (
                f"{name}: {trades} trades of {volume} t for {turnover}; vouchers: {certified[0]} of {certified[1]} t "
                f"for {certified[2]}"
            )


def what_auctions_hold_is_bound(state: State) -> Iterator[str]:
    """INV-43: collateral of bids, lots on sale and proceeds to be shared are bound, and nothing else is (R-TRD-1)."""
    if "SealedAuction" not in state.contracts:
        return
    held: dict[tuple[Address, int], int] = defaultdict(int)
    for account, instrument, quantity in state.sealed.bound(state.main_money):
        held[account, instrument] += quantity
    told = {key[:2]: quantity for key, quantity in state.ledger.encumbered.items() if key[2] == COLLATERAL}
    for account, instrument in {*held, *told}:
        ours, bound = held.get((account, instrument), 0), told.get((account, instrument), 0)
        if ours != bound:
            yield f"{account}: auctions hold {ours} of {InstrumentId(instrument)}, bound {bound}"


def auctions_sell_what_was_offered(state: State) -> Iterator[str]:
    """INV-44: delivered <= sold <= offered, and money = price x lots; a settled auction served all that it sold."""
    for sale in state.sealed.sales.values():
        if not sale.delivered <= sale.served <= sale.sold <= sale.offered and sale.sold:
            yield (
                f"auction {sale.number}: delivered {sale.delivered}, served {sale.served}, sold {sale.sold} of "
                f"{sale.offered} lots"
            )
        if sale.proceeds != sale.cost(sale.delivered):
            yield f"auction {sale.number}: {sale.delivered} lots at {sale.tick} ticks brought {sale.proceeds}"
        if sale.state == SETTLED and sale.bound_lots != sale.unsold:
            yield f"auction {sale.number}: {sale.bound_lots} lots are bound, {sale.unsold} wait for another auction"


def credit_is_the_sum_of_its_entries(state: State) -> Iterator[str]:
    """INV-37: a score is what the entries give that counted at its last change; the registry bars by it (R-TRD-7)."""
    for account, standing in state.conduct.standings.items():
        score, _ = standing.counted(standing.at)
        if standing.at and score != standing.score:
            yield f"{account}: the score is {standing.score}, its entries give {score}"
        registered = state.registry.accounts.get(account)
        if registered and registered.conduct_restrictions != standing.restrictions:
            yield (
                f"{account}: the credit record forbids {standing.restrictions:#x}, "
                f"the registry {registered.conduct_restrictions:#x}"
            )


def failed_settlements_are_in_the_credit_record(state: State) -> Iterator[str]:
    """INV-38: as many entries of failed settlements as block trades failed, for each account and fault (R-TRD-7)."""
    if not {"BlockTrades", "CreditRecord"} <= state.contracts:
        return
    accounts = {*state.blocks.failures, *state.conduct.standings}
    for account in accounts:
        lacked, not_eligible, _ = state.blocks.failures.get(account, (0, 0, 0))
        known = state.conduct.standings.get(account)
        kinds = [entry.kind for entry in known.entries if entry.state != COMPENSATION] if known else []
        entered = (kinds.count(_LACKED), kinds.count(_NOT_ELIGIBLE))
        if entered != (lacked, not_eligible):
            yield f"{account}: {lacked} + {not_eligible} settlements failed, {entered[0]} + {entered[1]} were entered"


def commitments_are_of_one_document(state: State) -> Iterator[str]:
    """INV-42: no two versions of any documents share a commitment, and no two parties an encryption key."""
    documents = state.evidence.documents.items()
    commitments = Counter(commitment for _, one in documents for commitment, _ in one.versions)
    for commitment, times in commitments.items():
        if times > 1:
            yield f"the commitment 0x{commitment.hex()} stands {times} times"
    keys = Counter(key for known in state.evidence.keys.values() for key, _ in known)
    for key, times in keys.items():
        if times > 1:
            yield f"the encryption key 0x{key.hex()} was registered {times} times"


def penalties_are_in_the_credit_record(state: State) -> Iterator[str]:
    """INV-45: tonnes newly short have a penalty, and each penalty an entry of late or missing surrender (R-CMP-3)."""
    for (account, year), tonnes in state.compliance.assessed.items():
        if tonnes and (account, year) not in state.compliance.penalties:
            yield f"{account} was {tonnes} t newly short in {year}, and no penalty was imposed"
    if not {"Obligations", "CreditRecord"} <= state.contracts:
        return
    imposed = Counter(account for account, _ in state.compliance.penalties)
    for account in {*imposed, *state.conduct.standings}:
        known = state.conduct.standings.get(account)
        entries = (
            [one.kind for one in known.entries if one.state != COMPENSATION and one.confirmer == ZERO_ADDRESS]
            if known
            else []
        )
        entered = entries.count(_LATE_SURRENDER) + entries.count(_MISSING_SURRENDER)
        if entered != imposed[account]:
            yield f"{account}: {imposed[account]} penalties were imposed, {entered} were entered"


def _in_orders(state: State) -> dict[int, int]:
    """By instrument: what open orders hold by their own terms."""
    total: dict[int, int] = defaultdict(int)
    for (_, instrument), quantity in state.book.in_orders.items():
        total[instrument] += quantity
    return total


ALL: tuple[Invariant, ...] = (
    issued_is_held_in_orders_or_cancelled,
    money_minted_is_held_in_orders_accrued_or_withdrawn,
    what_is_told_of_issues_is_what_was_transferred,
    encumbered_never_exceeds_the_balance,
    nothing_is_negative,
    bank_owes_what_the_ledger_has,
    registry_and_ledger_agree_on_who_may_act,
    book_is_never_crossed,
    levels_are_the_sum_of_their_orders,
    escrow_is_what_orders_hold_and_fees,
    serial_blocks_add_up_to_balances,
    every_serial_is_in_one_place,
    every_trade_has_a_voucher,
    every_surrender_and_cancellation_has_a_voucher,
    series_are_in_the_directory,
    issues_stay_within_the_cap,
    allowances_come_from_the_allocator,
    what_was_given_up_ceased_to_exist,
    conversions_create_no_tonne,
    status_a_never_with_a_shortfall,
    surrenders_are_what_was_approved,
    what_is_applied_for_is_bound,
    pledged_units_are_bound,
    disputed_units_are_bound,
    rulings_move_what_they_award,
    reversed_surrenders_are_issued_anew,
    forced_transfers_are_acts_that_were_done,
    an_accounts_emissions_are_its_installations,
    what_waits_to_be_transferred_is_bound,
    direct_transfers_follow_from_the_rules,
    credits_are_what_was_verified,
    credits_come_from_reports_or_other_registries,
    buffers_are_bound,
    listings_are_bound,
    no_foreign_serial_came_in_twice,
    exports_are_bound,
    no_event_contradicts_another,
    open_quotes_and_proposals_are_bound,
    every_click_and_block_has_a_voucher,
    credit_is_the_sum_of_its_entries,
    failed_settlements_are_in_the_credit_record,
    commitments_are_of_one_document,
    what_auctions_hold_is_bound,
    auctions_sell_what_was_offered,
    penalties_are_in_the_credit_record,
)


def violations(state: State) -> Iterator[tuple[str, str]]:
    """(invariant's name, sentence) for whatever is not as it must be."""
    for invariant in ALL:
        for said in invariant(state):
            yield invariant.__name__, said
