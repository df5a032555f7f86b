"""Fifth act: surrender, a voluntary cancellation, the deadline, the penalty, and an order that is refused."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from carbon_sdk.contracts.generated.enums import MarketState, Opinion, Status
from carbon_sdk.contracts.generated.events import PenaltyImposed, SurrenderApproved, SurrenderExamined
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.market_rules import MarketRules
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.demo.stage import Party, Stage, events
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import CarbonError, RuleBroken
from carbon_sdk.units import format_money, format_tonnes

CANCELLED = 1_000
"""Tonnes that a company gives up of its own will."""
NOTICE = 15
"""Seconds between the regulator's bringing on the deadline and the deadline, where the clock is not moved."""
PATIENCE = 300
"""Seconds to wait for it at most."""
_MOST_PHASES = 100


class StoryBroken(CarbonError):
    """The contracts did what the year does not allow for: a defect, or a scheme that the year cannot be played with."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What became of the company that falls short.

    Attributes:
        party: Which.
        tonnes: Missing at the deadline.
        penalty: Smallest units of money.
        status: At the deadline.
        refusal: Of its next order, as the SDK raised it.
    """

    party: Party
    tonnes: int
    penalty: int
    status: Status
    refusal: RuleBroken


def surrender(stage: Stage) -> int:
    """Every company applies with what it has, up to what it owes; the desk examines, the regulator approves.

    Returns:
        Tonnes surrendered.
    """
    units = stage.units
    held = dict(zip([party.account for party in stage.cast.companies], _holdings(stage), strict=True))
    filed = events(
        stage.do_all(
            (
                party.signer,
                stage.company(party).apply_surrender.act([(units, min(party.emissions, held[party.account]))]),
            )
            for party in stage.cast.companies
        ),
        SurrenderExamined,
    )
    favourable = [event.id for event in filed if event.opinion is Opinion.FAVOURABLE]
    stage.tell(f"{len(filed)} applications to surrender, {len(favourable)} examined with a favourable opinion")
    approved = events(stage.by(Role.REGULATOR, [stage.regulator.approve_surrenders.act(favourable)]), SurrenderApproved)
    tonnes = sum(event.tonnes for event in approved)
    stage.tell(f"{len(approved)} surrenders approved: {tonnes:,} t cancelled for good, a voucher each")
    return tonnes


def cancel_voluntarily(stage: Stage) -> tuple[Party, int]:
    """The company with the largest surplus cancels some of it. Returns it and the tonnes."""
    held = dict(zip([party.account for party in stage.cast.companies], _holdings(stage), strict=True))
    party = max(stage.cast.companies, key=lambda one: (held[one.account], one.name))
    quantity = min(CANCELLED, held[party.account])
    stage.do_all(
        [
            (
                party.signer,
                stage.company(party).cancel_voluntarily.act(
                    stage.units,
                    quantity,
                    f"beneficiary of {party.name}",
                    "a contribution beyond the obligation",
                    year=stage.year,
                ),
            )
        ]
    )
    stage.tell(f"{party.name} cancels {format_tonnes(quantity)} of its own will")
    return party, quantity


def pass_deadline(stage: Stage) -> None:
    """Let the surrender deadline pass: by the calendar, or by bringing it on where the clock is not moved."""
    rules = stage.suite.contract(Obligations).rules_of(stage.year)
    if stage.clock is not None:
        stage.travel(rules.surrender_deadline + 86400)
        return
    soon = stage.now + NOTICE
    stage.by(
        Role.REGULATOR,
        [
            stage.regulator.set_year_rules.act(
                stage.year, replace(rules, reporting_deadline=soon - 1, surrender_deadline=soon)
            )
        ],
    )
    stage.tell(f"The regulator brings the deadline on, to {NOTICE} s from now; waiting for it")
    patience = time.monotonic_ns() + PATIENCE * 10**9
    while stage.now <= soon:
        if time.monotonic_ns() > patience:
            raise StoryBroken(f"The chain's time has not passed the deadline within {PATIENCE} s. Does it make blocks?")
        time.sleep(1)
        if stage.chain.is_local:
            stage.chain.endpoint.request("evm_mine")


def assess(stage: Stage) -> Shortfall:
    """Assess everybody, and let the company that falls short try to trade on.

    Raises:
        StoryBroken: Nobody fell short, or the order was not refused.
    """
    anyone = stage.cast.officers[Role.REGULATOR]
    done = stage.do_all(
        (anyone, stage.regulator.assess.act(party.account, stage.year)) for party in stage.cast.companies
    )
    penalties = events(done, PenaltyImposed)
    if len(penalties) != 1 or penalties[0].account != stage.cast.short.account:
        raise StoryBroken(f"{len(penalties)} penalties were imposed where one was to be. Look at what was surrendered.")
    imposed, party = penalties[0], stage.cast.short
    status = stage.suite.contract(Obligations).year_of(party.account, stage.year).status
    money = stage.rules.file.money
    stage.tell(
        f"{party.name} lacks {format_tonnes(imposed.shortfall)}: status {status.name}, "
        f"penalty {format_money(imposed.amount, money.decimals, money.name)}"
    )
    refusal = _try_to_trade(stage, party)
    stage.tell(f"Its next order is refused: {refusal.error}")
    return Shortfall(party, imposed.shortfall, imposed.amount, status, refusal)


def _wait_until_it_trades(stage: Stage) -> None:
    """The market's calendar may have nights, weekends and holidays."""
    rules = stage.suite.contract(MarketRules)
    for _ in range(_MOST_PHASES):
        phase = rules.phase_at(1, stage.now)
        if phase.state is MarketState.OPEN or stage.clock is None:
            return
        stage.travel(phase.until)
    raise StoryBroken(f"Market 1 does not open in {_MOST_PHASES} phases of its calendar. Look at its days.")


def _try_to_trade(stage: Stage, party: Party) -> RuleBroken:
    _wait_until_it_trades(stage)
    market = stage.rules.market(stage.rules.file.markets[0])
    try:
        stage.company(party).buy(1, market.lot * market.least_lots, market.lowest)
    except RuleBroken as refusal:
        return refusal
    raise StoryBroken(f"{party.name} has a shortfall, and its order was taken. Look at its restrictions.")


def _holdings(stage: Stage) -> tuple[int, ...]:
    accounts = [party.account for party in stage.cast.companies]
    ledger = stage.suite.contract(InstrumentLedger)
    return ledger.balance_of_batch(accounts, [int(stage.units)] * len(accounts))
