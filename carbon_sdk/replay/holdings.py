"""What accounts of a case begin with: instruments defined, units issued to the authority's account, and handed out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.actors.services import ServiceManager
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import InstrumentState
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.origin_register import OriginRegister
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId
from carbon_sdk.replay.accounts import Party
from carbon_sdk.replay.conveyor import Keyed
from carbon_sdk.replay.ground import Ground

FIXED_GAS, GAS_AN_INSTRUMENT, GAS_A_LINE = 120_000, 60_000, 12_000
"""More than a transfer uses; what is not used is not paid."""

Holdings = Mapping[tuple[str, InstrumentId], int]
"""Tonnes by name of the holder and instrument."""


def open_holdings(
    ground: Ground,
    parties: Mapping[str, Party],
    treasury: Party,
    holdings: Holdings,
    instruments: Iterable[InstrumentId],
    registries: Mapping[int, str],
) -> dict[InstrumentId, InstrumentId]:
    """Define what is not defined, issue what is needed, hand it out.

    Allowances are issued under caps that allow for just that; credits are brought in from where they came from.

    Args:
        ground: Where.
        parties: Holders by name.
        treasury: A GOVERNMENT account, which gets what is issued first.
        holdings: What everybody begins with.
        instruments: That must be defined, whether somebody begins with them or not.
        registries: Of credits, by the series of their instruments.

    Returns:
        The ledger's instruments by those of the case: a project of another registry has a number of its own here.

    Raises:
        ReplayStopped: Something of it was refused.
    """
    totals: dict[InstrumentId, int] = dict.fromkeys(instruments, 0)
    for (_, instrument), tonnes in holdings.items():
        totals[instrument] = totals.get(instrument, 0) + tonnes
    foreign = [one for one in totals if one.kind is InstrumentClass.CREDIT]
    found = {one: one for one in totals} | enter(ground, foreign, registries)
    define(ground, list(found.values()))
    issued = {one: tonnes for one, tonnes in totals.items() if tonnes}
    issue(ground, treasury.account, {one: tonnes for one, tonnes in issued.items() if one not in foreign})
    bring_in(ground, treasury.account, {one: tonnes for one, tonnes in issued.items() if one in foreign}, registries)
    accounts = {name: party.account for name, party in parties.items()}
    hand_out(ground, accounts, treasury, {(name, found[one]): tonnes for (name, one), tonnes in holdings.items()})
    ground.tell(
        f"{sum(totals.values()):,} t of {len(totals):,} instruments issued, {len(holdings):,} holdings opened with them"
    )
    return found


def enter(
    ground: Ground, foreign: Sequence[InstrumentId], registries: Mapping[int, str]
) -> dict[InstrumentId, InstrumentId]:
    """Accept the registries, number their projects; the ledger's instruments by those given."""
    origins = ground.scheme.contract(OriginRegister)
    regulator = Regulator(ground.scheme, ground.officer(Role.REGULATOR))
    officer = RegistryOperator(ground.scheme, ground.officer(Role.REGISTRY_OPERATOR))
    ground.conveyor.carry_alike(
        [
            Keyed(f"accept {name}", regulator.signer, regulator.accept_registry.act(name, True, ground.rules.digest))
            for name in dict.fromkeys(registries[one.series] for one in foreign)
        ]
    )
    names = [(registries[one.series], str(one.project)) for one in foreign]
    ground.conveyor.carry_alike(
        [Keyed(f"enter {' '.join(name)}", officer.signer, officer.enter_project.act(*name)) for name in names]
    )
    numbers = ground.chain.read_many(
        [
            origins.PROJECT_NUMBER.on(origins.address, *(part.encode().ljust(32, b"\0") for part in name))
            for name in names
        ]
    )
    return {
        one: InstrumentId.of(one.kind, one.scheme, one.vintage, number, one.series)
        for one, number in zip(foreign, numbers, strict=True)
    }


def bring_in(
    ground: Ground, treasury: Address, totals: Mapping[InstrumentId, int], registries: Mapping[int, str]
) -> None:
    """Issue credits that another registry had issued: serials from 1, in a batch of the replay."""
    officer = RegistryOperator(ground.scheme, ground.officer(Role.REGISTRY_OPERATOR))
    ground.conveyor.carry_alike(
        [
            Keyed(
                f"bring in {one}",
                officer.signer,
                officer.bring_in.act(
                    registries[one.series],
                    str(one.project),
                    "openings of the replay",
                    one.vintage,
                    1,
                    tonnes,
                    treasury,
                    ground.rules.digest,
                    one.series,
                ),
            )
            for one, tonnes in totals.items()
        ]
    )


def define(ground: Ground, instruments: Sequence[InstrumentId]) -> None:
    """Define instruments that the scheme has not defined."""
    ledger = ground.scheme.contract(InstrumentLedger)
    manager = ServiceManager(ground.scheme, ground.officer(Role.SERVICE_MANAGER))
    known = ground.chain.read_many([ledger.INSTRUMENT_OF.on(ledger.address, int(one)) for one in instruments])
    ground.conveyor.carry_alike(
        [
            Keyed(f"define {one}", manager.signer, manager.define_instrument.act(one, ground.rules.digest))
            for one, found in zip(instruments, known, strict=True)
            if found.state is InstrumentState.NONE
        ]
    )


def issue(ground: Ground, treasury: Address, totals: Mapping[InstrumentId, int]) -> None:
    """Issue allowances from the auction's part of the cap of their year, which is set to what is issued."""
    regulator = Regulator(ground.scheme, ground.officer(Role.REGULATOR))
    caps: dict[int, int] = defaultdict(int)
    for instrument, tonnes in totals.items():
        caps[instrument.vintage] += tonnes
    ground.conveyor.carry_alike(
        [
            Keyed(
                f"cap {year}", regulator.signer, regulator.set_cap.act(year, tonnes, 0, tonnes, 0, ground.rules.digest)
            )
            for year, tonnes in caps.items()
        ]
    )
    ground.conveyor.carry_alike(
        [
            Keyed(
                f"issue {instrument}",
                regulator.signer,
                regulator.issue_for_auction.act(
                    treasury, instrument.vintage, instrument, tonnes, f"opening of the replay in {instrument}"
                ),
            )
            for instrument, tonnes in totals.items()
        ]
    )


def transfer(
    ledger: InstrumentLedger, sender: Address, receiver: Address, lines: Sequence[tuple[int, int]]
) -> Act[None]:
    """A holder's transfer of instruments and tonnes, with a gas limit that suffices."""
    instruments, tonnes = [line[0] for line in lines], [line[1] for line in lines]
    if len(lines) == 1:
        act = ledger.safe_transfer_from(sender, receiver, instruments[0], tonnes[0], b"")
    else:
        act = ledger.safe_batch_transfer_from(sender, receiver, instruments, tonnes, b"")
    gas = FIXED_GAS + GAS_AN_INSTRUMENT * len(set(instruments)) + GAS_A_LINE * len(lines)
    return replace(act, gas=gas)


def hand_out(ground: Ground, accounts: Mapping[str, Address], treasury: Party, holdings: Holdings) -> None:
    """One transaction for each holder, all its instruments in it."""
    ledger = ground.scheme.contract(InstrumentLedger)
    lines: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (name, instrument), tonnes in holdings.items():
        lines[name].append((int(instrument), tonnes))
    ground.conveyor.carry_all(
        [
            Keyed(f"open {name}", treasury.signer, transfer(ledger, treasury.account, accounts[name], of_one))
            for name, of_one in lines.items()
        ]
    )
