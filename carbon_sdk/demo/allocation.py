"""Second act: levels become free allocations by both methods; the treasury gets units to sell; banks get money in."""

from __future__ import annotations

from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.contracts.generated.events import AllocationCertified, AllocationDetermined
from carbon_sdk.demo.stage import Stage, events
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.identifiers import Address
from carbon_sdk.units import Tonnes

MONEY_PER_TONNE = 60
"""Main units of money that a company deposits for each tonne that it lacks."""
TRADERS_MONEY = 3_000_000
TRADERS_RESERVE = 2
"""A treasury that sells this many tonnes for ten that are lacking more than is lacking keeps the market liquid."""


def allocate(stage: Stage) -> None:
    """Determine, apply for, approve and certify every free allocation."""
    regulator = stage.regulator
    companies = [(party, party.plant) for party in stage.cast.companies if party.plant]
    before = stage.year - 1
    stage.by(
        Role.REGULATOR,
        [
            regulator.register_baseline.act(
                party.installation, plant.subject, plant.level, before, before, f"level {plant.number}"
            )
            for party, plant in companies
        ],
    )
    determined = events(
        stage.by(
            Role.REGULATOR,
            [
                regulator.determine_allocation.act(party.installation, stage.year, stage.units, plant.inputs)
                for party, plant in companies
            ],
        ),
        AllocationDetermined,
    )
    applicants = {party.account: stage.company(party) for party, _ in companies}
    stage.do_all(
        (applicants[event.account].signer, applicants[event.account].apply_for_allocation.act(event.id))
        for event in determined
    )
    certified = events(
        stage.by(Role.REGULATOR, [regulator.approve_allocation.act(event.id) for event in determined]),
        AllocationCertified,
    )
    historical = sum(plant.method == "historical" for _, plant in companies)
    tonnes = sum(event.quantity for event in certified)
    stage.tell(
        f"{tonnes:,} t allocated free of charge: {historical} by the historical, "
        f"{len(companies) - historical} by the benchmark method"
    )


def put_up_for_sale(stage: Stage) -> Tonnes:
    """Issue auction units to the treasury: what the companies lack, and some more."""
    regulator = stage.regulator
    lacking = sum(max(0, party.gap) for party in stage.cast.companies)
    quantity = Tonnes(lacking * (10 + TRADERS_RESERVE) // 10)
    act = regulator.issue_for_auction.act(
        stage.cast.treasury.account, stage.year, stage.units, quantity, "calendar of sales"
    )
    stage.by(Role.REGULATOR, [act])
    stage.tell(f"{quantity:,} t of the auction's part of the cap issued to the treasury, to be sold in the order book")
    return quantity


def deposit_money(stage: Stage) -> None:
    """The settlement bank records what companies and traders paid in."""
    bank = SettlementBank(stage.suite, stage.cast.officers[Role.SETTLEMENT_BANK])
    paid = deposits(stage)
    stage.by(
        Role.SETTLEMENT_BANK,
        [
            bank.record_deposit.act(account, amount, f"payment {number} of {stage.year}")
            for number, (account, amount) in enumerate(paid.items(), 1)
        ],
    )
    unit = 10**stage.rules.file.money.decimals
    stage.tell(f"{len(paid)} deposits, {sum(paid.values()) // unit:,} {stage.rules.file.money.name} in all")


def deposits(stage: Stage) -> dict[Address, int]:
    """By account, in smallest units."""
    unit = 10**stage.rules.file.money.decimals
    needs = {party.account: party.gap * MONEY_PER_TONNE for party in stage.cast.companies if party.gap > 0}
    rests = {party.account: 10_000 for party in [*stage.cast.companies, stage.cast.treasury]}
    traders = {party.account: TRADERS_MONEY for party in stage.cast.traders}
    return {account: amount * unit for account, amount in {**rests, **needs, **traders}.items()}
