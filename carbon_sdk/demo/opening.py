"""Before the year: who is who, the chain's clock, the suite deployed, roles in the hands of one key each."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.sender import send_many
from carbon_sdk.chain.signers import LocalSigner, Signer
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.demo.installations import Installation
from carbon_sdk.demo.stage import ACTORS_GAS, DEPLOYERS_GAS, FUEL, IN_FLIGHT, Cast, Party, Stage, Tell
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import checked_holders
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.errors import InputError
from carbon_sdk.scheme import Scheme

TRADERS = ("Northgate Carbon Trading", "Thames Energy Markets")
VERIFIERS = ("Meridian Verification", "Pennine Assurance")
TREASURY = "Treasury auction account"
_DEFERRED = timedelta(days=30)


def start_of(rules: SchemeRules) -> int:
    """Unix seconds at which a chain of one's own begins: in the first working days of the scheme's year."""
    return int(datetime(rules.file.scheme.current_year, 1, 4, 9, tzinfo=UTC).timestamp())


def checked_regions(rules: SchemeRules, installations: Sequence[Installation], source: str | Path) -> None:
    """Raise InputError, with file and line, for a region that the scheme does not have."""
    for one in installations:
        try:
            rules.file.scheme.region(one.region)
        except InputError as error:
            raise InputError(f"{source}:{one.line}: {error}") from None


def cast_of(rules: SchemeRules, installations: Sequence[Installation]) -> Cast:
    """Everybody, with fresh keys.

    Raises:
        InputError: No installation has too few allowances, or none too many: there would be no market.
    """
    short = [one for one in installations if one.surplus < 0]
    if not short or len(short) == len(installations):
        raise InputError("A market needs installations with more free allowances than emissions, and with fewer.")
    # The one that falls short is invented; which one it is follows from the figures alone.
    fails = max(short, key=lambda one: (-one.surplus * 10**6 // max(one.verified, 1), one.number))
    companies = [
        Party(
            one.name,
            AccountKind.OPERATOR,
            LocalSigner.new(),
            rules.file.scheme.region(one.region),
            one.sector,
            one,
            fills_gap=one is not fails,
        )
        for one in installations
    ]
    return Cast(
        LocalSigner.new(),
        {role: LocalSigner.new() for role in Role},
        LocalSigner.new(),
        companies,
        [Party(name, AccountKind.VERIFIER, LocalSigner.new()) for name in VERIFIERS],
        Party(TREASURY, AccountKind.GOVERNMENT, LocalSigner.new()),
        [Party(name, AccountKind.TRADER, LocalSigner.new()) for name in TRADERS],
    )


def open_stage(
    chain: Chain,
    rules: SchemeRules,
    installations: Sequence[Installation],
    tell: Tell,
    *,
    payer: Signer | None = None,
) -> Stage:
    """Give every key its fuel and deploy the suite.

    Args:
        chain: Where.
        rules: The scheme.
        installations: Of the year.
        tell: Told of progress.
        payer: Pays for everybody's gas; None on a local chain, which makes the coin that it needs.

    Raises:
        InputError: The chain is no local one and nobody pays.
        DeploymentStopped: A step failed.
    """
    cast = cast_of(rules, installations)
    local = Clock(chain) if chain.is_local else None
    signers = [cast.deployer, *cast.officers.values(), *(party.signer for party in cast.parties)]
    _fuel(chain, signers, local, payer)
    year_end = rules.file.year(rules.file.scheme.current_year).reporting_deadline.timestamp()
    clock = local if chain.block().timestamp < min(year_end, start_of(rules) + 30 * 86400) else None
    if clock is None:
        rules = deferred(rules, chain.block().timestamp)
        tell(f"The chain's clock is not moved: deadlines are {_DEFERRED.days} days from now until they are brought on")
    holders = checked_holders({role: (signer.address,) for role, signer in cast.officers.items()})
    with tempfile.TemporaryDirectory() as folder:
        outcome = deploy(chain, cast.deployer, rules, holders, Path(folder) / "journal.json")
    steps, gas = len(outcome.result.steps), outcome.result.gas_used
    tell(f"{len(outcome.deployment.contracts)} contracts deployed in {steps} steps and {gas:,} gas, all checks passed")
    return Stage(Scheme(chain, outcome.deployment), rules, cast, clock, tell, steps)


def deferred(rules: SchemeRules, now: int) -> SchemeRules:
    """The scheme with the deadlines of its year after the present, and markets that trade at any time of the day."""
    reporting = datetime.fromtimestamp(now, UTC) + _DEFERRED
    file = rules.file
    years = tuple(
        year.model_copy(update={"reporting_deadline": reporting, "surrender_deadline": reporting + _DEFERRED})
        if year.year == file.scheme.current_year
        else year
        for year in file.years
    )
    markets = tuple(market.model_copy(update={"calendar": None, "calendar_from": None}) for market in file.markets)
    return SchemeRules(file.model_copy(update={"years": years, "markets": markets}), rules.digest, rules.folder)


def _fuel(chain: Chain, signers: Sequence[Signer], local: Clock | None, payer: Signer | None) -> None:
    if local is not None and payer is None:
        for signer in signers:
            local.fund(signer.address, FUEL)
        return
    if payer is None:
        raise InputError(f"{chain.url} is no local chain: name a key that pays for gas, with --key-env or --keystore.")
    price = 2 * chain.block().base_fee + 2 * 10**9  # per gas; leaves room for a rise
    deployer, *others = signers
    purses = [(deployer, DEPLOYERS_GAS * price), *((signer, ACTORS_GAS * price) for signer in others)]
    gifts: list[Act[bytes]] = [
        Act(signer.address, b"", value=purse, gas=21_000, title="gas money") for signer, purse in purses
    ]
    for outcome in send_many(chain, ((payer, gift) for gift in gifts), batch=IN_FLIGHT):
        if outcome.error is not None:
            raise outcome.error
