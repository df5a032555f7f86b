"""Operators of a case: accounts with an installation and a monitoring plan, and how their figures come to count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from carbon_sdk.actors.company import Company, SourceStream
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.actors.verifier import Verifier
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.emission_reports import EmissionReports
from carbon_sdk.contracts.generated.enums import AccountKind, Conclusion
from carbon_sdk.contracts.generated.structs import StreamData
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.scheme_file import InstrumentTable, SchemeRules, YearTable
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId, keccak
from carbon_sdk.methods.emissions import Process
from carbon_sdk.replay.accounts import Party, open_accounts
from carbon_sdk.replay.conveyor import Keyed
from carbon_sdk.replay.ground import Ground

TREASURY, VERIFIER = "  issuing authority", "  verifier"
"""Nobody in a case has such a name."""
GAS = 3_000_000
"""More than any of these acts uses; what is not used is not paid."""
LONGEST_ID, LONGEST_NAME = 200, 48
YEARS_JUDGED = 55
"""From a scheme's first year on."""
MOST_TONNES = 2**40 - 1
"""Of one figure: what one application to surrender may have."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who owes.

    Attributes:
        name: As the case calls them.
        signer: Of the representative's key.
        account: Opened by the registry.
        installation: Its number.
    """

    name: str
    signer: Signer
    account: Address
    installation: int


@dataclass(frozen=True, slots=True)
class Acts:
    """What operators, verifier and regulator do about a figure; each act's key says whose and for when."""

    ground: Ground
    verifier: Party

    @property
    def regulator(self) -> Regulator:
        """The competent authority."""
        return Regulator(self.ground.scheme, self.ground.officer(Role.REGULATOR))

    def company(self, operator: Operator) -> Company:
        """The operator's representative."""
        return Company(self.ground.scheme, operator.signer)

    def by_regulator(self, key: str, act: Act[Any]) -> Keyed:
        """An act of the authority."""
        return Keyed(key, self.regulator.signer, replace(act, gas=GAS))

    def by(self, operator: Operator, key: str, act: Act[Any]) -> Keyed:
        """An act of an operator."""
        return Keyed(key, operator.signer, replace(act, gas=GAS))

    def engage(self, operator: Operator, year: int) -> Keyed:
        """The operator names who verifies the year."""
        act = self.company(operator).engage_verifier.act(operator.installation, year, self.verifier.account)
        return self.by(operator, f"engage {operator.name} {year}", act)

    def report(self, operator: Operator, year: int, data: Process, version: int = 1) -> Keyed:
        """The operator reports its activity, which the method's contract turns into grams."""
        said = f"{operator.name} {year} {version}"
        act = self.company(operator).submit_report.act(
            operator.installation,
            year,
            [StreamData(0, data.inputs())],
            f"figure of the case: {said}",
            "the case has another figure" if version > 1 else None,
        )
        return self.by(operator, f"report {said}", act)

    def verify(self, operator: Operator, year: int, data: Process, version: int = 1) -> Keyed:
        """The verifier confirms the figure."""
        said = f"{operator.name} {year} {version}"
        act = Verifier(self.ground.scheme, self.verifier.signer).verify.act(
            operator.installation, year, version, data.grams(), Conclusion.POSITIVE, f"opinion: {said}"
        )
        return Keyed(f"verify {said}", self.verifier.signer, replace(act, gas=GAS))

    def accept(self, operator: Operator, year: int, version: int = 1) -> Keyed:
        """The authority accepts it: it is owed for."""
        key = f"accept {operator.name} {year} {version}"
        return self.by_regulator(key, self.regulator.accept.act(operator.installation, year, version))


def open_operators(
    ground: Ground, first_years: Mapping[str, int], until: int
) -> tuple[dict[str, Operator], Party, Party]:
    """Operators by name, then the authority's own account, then the verifier that all of them engage.

    Args:
        ground: Where.
        first_years: The first year for which each may have to report.
        until: Unix seconds to which certificates and the verifier's accreditation last.

    Raises:
        ReplayStopped: Something of it was refused.
    """
    kinds = [(TREASURY, AccountKind.GOVERNMENT), (VERIFIER, AccountKind.VERIFIER)]
    parties = open_accounts(ground, [*kinds, *((name, AccountKind.OPERATOR) for name in first_years)], until)
    treasury, verifier = parties.pop(TREASURY), parties.pop(VERIFIER)
    acts = Acts(ground, verifier)
    regulator, carry = acts.regulator, ground.conveyor.carry_all
    act = regulator.accredit_verifier.act(verifier.account, until, "scope: all installations of the replay")
    carry([acts.by_regulator("accredit the verifier", act)])
    carry(
        [
            acts.by_regulator(
                f"install {name}",
                regulator.register_installation.act(
                    party.account, keccak(ground.journal.seed + f"permit {name}".encode()), 1, 0, first_years[name]
                ),
            )
            for name, party in parties.items()
        ]
    )
    reports = ground.scheme.contract(EmissionReports)
    numbers = ground.chain.read_many(
        [reports.INSTALLATIONS_OF.on(reports.address, party.account) for party in parties.values()]
    )
    operators = {
        name: Operator(name, party.signer, party.account, of_one[0])
        for (name, party), of_one in zip(parties.items(), numbers, strict=True)
    }
    carry([_plan(acts, one, first_years[one.name]) for one in operators.values()])
    approve = regulator.approve_plan.act
    carry([acts.by_regulator(f"approve plan {one.name}", approve(one.installation, 1)) for one in operators.values()])
    ground.tell(f"{len(operators):,} installations registered, each with an approved monitoring plan")
    return operators, treasury, verifier


def _plan(acts: Acts, operator: Operator, year: int) -> Keyed:
    act = acts.company(operator).file_plan.act(
        operator.installation, year, f"plan of {operator.name}", [SourceStream(Process.NAME)]
    )
    return acts.by(operator, f"file plan {operator.name}", act)


def rules_for(
    base: SchemeRules, years: Sequence[YearTable], vintages: Sequence[int], current: int
) -> tuple[SchemeRules, dict[int, InstrumentId]]:
    """A scheme with the years and the allowances of a case, and its allowances by vintage.

    Args:
        base: Everything else.
        years: One after the other, the scheme's first year first.
        vintages: Of the allowances that the case needs.
        current: The year that is open at the beginning.

    Raises:
        InputError: The scheme lacks the method by which figures of a register are reported, or has too many years.
    """
    if Process.NAME not in {item.name for item in base.file.methods}:
        raise InputError(f"The scheme {base.file.scheme.name} has no method {Process.NAME}. Name one that has.")
    if len(years) > YEARS_JUDGED:
        raise InputError(f"The case has {len(years)} years; at most {YEARS_JUDGED} are judged.")
    scheme = base.file.scheme.model_copy(update={"first_year": years[0].year, "current_year": current})
    instruments = tuple(
        InstrumentTable.model_validate({"name": f"units of {one}", "class": "allowance", "vintage": one})
        for one in sorted(set(vintages))
    )
    changed = {
        "scheme": scheme,
        "years": tuple(years),
        "instruments": instruments,
        "markets": (),
        "boards": (),
        "block_markets": (),
        "banking": (),
        "large_positions": (),
        "calendars": (),
        "transfers": None,
        "transfer_types": (),
    }
    file = base.file.model_copy(update=changed)
    said = "\n".join(map(repr, (scheme, years, instruments)))
    rules = replace(base, file=file, digest=keccak(base.digest + said.encode()))
    ids = {one.vintage: InstrumentId.of(InstrumentClass.ALLOWANCE, scheme.number, one.vintage) for one in instruments}
    return rules, ids


def short(id_: str) -> str:
    """A name for an id of any length that a certificate has room for."""
    return id_ if len(id_) <= LONGEST_NAME else f"{id_[: LONGEST_NAME - 17]} {keccak(id_.encode()).hex()[:16]}"


def batches(items: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    """Parts of at most so many."""
    return (items[start : start + most] for start in range(0, len(items), most))
