"""The year as a whole: one act after the other, with the calendar of the scheme."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.demo import allocation, closing, opening, registration, reporting, surrender, trading
from carbon_sdk.demo.installations import load_installations
from carbon_sdk.demo.stage import Party, Stage, Tell
from carbon_sdk.deployment.model import write_atomically
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.errors import InputError


@dataclass(frozen=True, slots=True)
class Year:
    """What the year brought.

    Attributes:
        title: Of the scheme.
        year: Which.
        stage: Where it was played.
        day: Of trading.
        surrendered: Tonnes.
        canceller, cancelled: Who gave up how many tonnes of its own will.
        shortfall: Of the company that falls short.
        issued: Units, in tonnes.
        retired: Of these, surrendered or cancelled.
        record: What is left.
    """

    title: str
    year: int
    stage: Stage
    day: trading.TradingDay
    surrendered: int
    canceller: Party
    cancelled: int
    shortfall: surrender.Shortfall
    issued: int
    retired: int
    record: closing.Record

    @property
    def outstanding(self) -> int:
        """Units that somebody still has, in tonnes."""
        return self.issued - self.retired


def play(
    scheme: str | Path,
    installations: str | Path,
    folder: str | Path,
    tell: Tell,
    *,
    rpc: str | None = None,
    payer: Signer | None = None,
) -> Year:
    """Play the year and leave its record in a folder.

    Args:
        scheme: Scheme file.
        installations: CSV file.
        folder: Made if it is not there; what an earlier year left in it is replaced.
        tell: Told of progress, a line at a time.
        rpc: Of a chain; None starts one, whose state is kept in the folder.
        payer: Pays for gas; None on a local chain.

    Raises:
        InputError: A file is wrong (nothing was sent), or nobody pays for gas.
        StoryBroken: The contracts did what the year does not allow for.
    """
    rules, plants = load_scheme(scheme), load_installations(installations)
    opening.checked_regions(rules, plants, installations)
    target = _folder(Path(folder))
    with _chain(rpc, target, opening.start_of(rules)) as chain:
        stage = opening.open_stage(chain, rules, plants, tell, payer=payer)
        stage.suite.deployment.save(target / closing.DEPLOYMENT)
        closing.write_keys(stage, target)
        if rpc is None:
            stage.suite.deployment.save(target / closing.CHAIN / closing.DEPLOYMENT)
        registration.register_everybody(stage)
        registration.register_installations(stage)
        stage.travel(_date(stage, 3, 1))
        allocation.allocate(stage)
        allocation.put_up_for_sale(stage)
        allocation.deposit_money(stage)
        day = trading.trade_for_a_day(stage)
        stage.travel(_date(stage, 1, 3, later=1))
        reporting.open_next_year(stage)
        stage.travel(_date(stage, 2, 15, later=1))
        reporting.report_and_verify(stage)
        stage.travel(_date(stage, 4, 12, later=1))
        surrendered = surrender.surrender(stage)
        canceller, cancelled = surrender.cancel_voluntarily(stage)
        surrender.pass_deadline(stage)
        shortfall = surrender.assess(stage)
        units = stage.suite.contract(InstrumentLedger).instrument_of(int(stage.units))
        record = closing.close_books(stage, target, _where(rpc, target))
    write_atomically(target / "participants.json", _participants(stage))
    return Year(
        stage.rules.file.scheme.title,
        stage.year,
        stage,
        day,
        surrendered,
        canceller,
        cancelled,
        shortfall,
        units.issued,
        units.cancelled,
        record,
    )


@contextmanager
def _chain(rpc: str | None, folder: Path, start: int) -> Iterator[Chain]:
    if rpc is not None:
        yield Chain(rpc)
        return
    with Anvil(folder / closing.CHAIN, timestamp=start) as anvil:
        yield Chain(anvil.url)


def _folder(folder: Path) -> Path:
    """The folder, without the chain of an earlier year. Raises InputError."""
    chain = folder / closing.CHAIN
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if chain.exists():
            _refuse_running(chain)
            shutil.rmtree(chain)
    except OSError as error:
        raise InputError(f"{folder} cannot be used: {error.strerror}.") from None
    return folder


def _refuse_running(chain: Path) -> None:
    running = chain / "running.json"
    if not running.exists():
        return
    try:
        owner = int(orjson.loads(running.read_bytes())["owner"])
        os.kill(owner, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return
    raise InputError(f"Process {owner} runs the chain of {chain}. End it, or name another folder with --out.")


def _where(rpc: str | None, folder: Path) -> str:
    if rpc is None:
        return f"--rpc {folder / closing.CHAIN}"
    return f"--rpc {rpc} --deployment {folder / closing.DEPLOYMENT}"


def _date(stage: Stage, month: int, day: int, later: int = 0) -> int:
    """Nine o'clock of a day of the year, or of a later one."""
    return int(datetime(stage.year + later, month, day, 9, tzinfo=UTC).timestamp())


def _participants(stage: Stage) -> str:
    found = [
        {"name": party.name, "kind": party.kind.name, "account": party.account, "installation": party.installation}
        for party in stage.cast.parties
    ]
    return orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n"
