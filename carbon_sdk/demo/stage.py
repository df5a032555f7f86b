"""Where a year is played: the suite, everybody's keys, the clock, and how acts are sent by the dozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from carbon_sdk.actors.company import Company
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.chain.calls import Act, Done, Event
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.sender import Sender, send_many
from carbon_sdk.chain.signers import LocalSigner, Signer
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.demo.installations import Installation
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId

E = TypeVar("E", bound=Event)
Tell = Callable[[str], None]
"""Told in one line what has happened."""

IN_FLIGHT = 40
"""Acts on their way together."""
FUEL = 10**19
"""Native coin that each key gets on a local chain, in smallest units."""
DEPLOYERS_GAS, ACTORS_GAS = 120_000_000, 60_000_000
"""What a key may use on a chain where gas has to be paid for."""


@dataclass(slots=True)
class Party:
    """Somebody who takes part: a key, and an account once it is opened.

    Attributes:
        name: For people.
        kind: Of account.
        signer: The representative's key.
        region, sector: As registered; 0: none.
        plant: What it runs; None for all but operators.
        account: Opened by the registry.
        installation: Its number on the chain; 0: none.
        fills_gap: False for the company that falls short.
    """

    name: str
    kind: AccountKind
    signer: Signer
    region: int = 0
    sector: int = 0
    plant: Installation | None = None
    account: Address = ZERO_ADDRESS
    installation: int = 0
    fills_gap: bool = True

    @property
    def emissions(self) -> int:
        """Tonnes of the year; 0 for those who have no installation."""
        return self.plant.verified if self.plant else 0

    @property
    def gap(self) -> int:
        """Tonnes to buy beyond the free allocation; negative is surplus."""
        return -self.plant.surplus if self.plant else 0


@dataclass(slots=True)
class Cast:
    """Everybody, by part; all keys are fresh.

    Attributes:
        deployer: Deploys, and holds nothing afterwards.
        officers: One key for each role.
        authority: Signs certificates: the certification authority.
        companies: Operators of the installations.
        verifiers: Accredited later on.
        treasury: The government's account, which sells auction units.
        traders: Intermediaries without obligations.
    """

    deployer: Signer
    officers: dict[Role, Signer]
    authority: LocalSigner
    companies: list[Party]
    verifiers: list[Party]
    treasury: Party
    traders: list[Party]

    @property
    def parties(self) -> list[Party]:
        """All who have accounts, in the order of their applications."""
        return [*self.companies, *self.verifiers, self.treasury, *self.traders]

    @property
    def short(self) -> Party:
        """The company that falls short."""
        return next(one for one in self.companies if not one.fills_gap)


@dataclass(slots=True)
class Stage:
    """A suite with its people and its clock.

    Attributes:
        suite: The contracts.
        rules: The scheme as played: on a chain whose clock stands, with other deadlines than the file.
        cast: Everybody.
        clock: None where time cannot be moved, or lies beyond the scheme's year already.
        tell: Told of progress.
        sent: Transactions so far.
    """

    suite: Suite
    rules: SchemeRules
    cast: Cast
    clock: Clock | None
    tell: Tell
    sent: int = field(default=0)

    @property
    def chain(self) -> Chain:
        """Below the suite."""
        return self.suite.chain

    @property
    def year(self) -> int:
        """The compliance year."""
        return self.rules.file.scheme.current_year

    @property
    def units(self) -> InstrumentId:
        """The allowance of the year."""
        name = self.rules.file.markets[0].instrument
        return self.rules.instrument(name)

    @property
    def now(self) -> int:
        """Unix seconds of the newest block."""
        return self.chain.block().timestamp

    @property
    def regulator(self) -> Regulator:
        """The competent authority."""
        return Regulator(self.suite, self.cast.officers[Role.REGULATOR])

    def company(self, party: Party) -> Company:
        """A party as one that reports, trades and surrenders."""
        return Company(self.suite, party.signer)

    def do(self, signer: Signer, act: Act[Any]) -> Done[Any]:
        """One act: simulated, sent, confirmed. Raises Refused."""
        self.sent += 1
        return Sender(self.chain, signer).do(act)

    def do_all(self, acts: Iterable[tuple[Signer, Act[Any]]]) -> list[Done[None]]:
        """Many acts that do not depend on each other; the first refusal is raised."""
        done = list(self._each(acts))
        self.sent += len(done)
        return done

    def by(self, role: Role, acts: Iterable[Act[Any]]) -> list[Done[None]]:
        """Many acts of one officer."""
        signer = self.cast.officers[role]
        return self.do_all((signer, act) for act in acts)

    def _each(self, acts: Iterable[tuple[Signer, Act[Any]]]) -> Iterator[Done[None]]:
        for outcome in send_many(self.chain, acts, batch=IN_FLIGHT):
            if outcome.error is not None:
                raise outcome.error
            assert outcome.done is not None  # noqa: S101 -- either of the two is there
            yield outcome.done

    def travel(self, timestamp: int) -> None:
        """Go on to a time of the calendar, if the clock can be moved and has not passed it."""
        if self.clock is not None and timestamp > self.clock.now():
            self.clock.travel_to(timestamp)


def events(done: Sequence[Done[Any]], kind: type[E]) -> list[E]:
    """All events of a kind in the order of the chain."""
    return [event for one in done for event in one.all(kind)]
