"""Last act: the auditor replays everything, a voucher is verified, and what remains is written into a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from carbon_sdk.actors.views import VoucherReader, leaf_of
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.state import State
from carbon_sdk.audit.suite import (
    anchor_of,
    auditor_of,
    certificates,
    contracts_of,
    indexer_of,
    open_store,
    series_by_number,
    write_vouchers,
)
from carbon_sdk.audit.vouchers import Voucher, VoucherKind, verify
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.generated.enums import Verdict
from carbon_sdk.demo.stage import Stage
from carbon_sdk.demo.surrender import StoryBroken
from carbon_sdk.identifiers import Address
from carbon_sdk.market_data.page import MarketDay, Page, render
from carbon_sdk.market_data.positions import Position, positions_of
from carbon_sdk.market_data.release import Bulletin, MarketData, TradePrint

DEPLOYMENT, STORE, VOUCHERS, PAGE, KEYS, CHAIN = (
    "deployment.json",
    "audit.sqlite",
    "vouchers",
    "market.html",
    "keys.env",
    "chain",
)


@dataclass(frozen=True, slots=True)
class Proven:
    """A trade's voucher, verified in two ways.

    Attributes:
        code: As printed.
        voucher: What it says.
        file: Its certificate.
        verdict: Of the contract.
    """

    code: str
    voucher: Voucher
    file: Path
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Record:
    """What is left of a year.

    Attributes:
        audit: The auditor's report.
        positions: Companies, the largest obligation first.
        bulletin: Of the trading day.
        trades: Of that day.
        proven: The voucher that was verified.
        vouchers: How many there are.
        folder: Where everything lies.
        steps: What to do next, and how.
    """

    audit: AuditReport
    positions: tuple[Position, ...]
    bulletin: Bulletin
    trades: tuple[TradePrint, ...]
    proven: Proven
    vouchers: int
    folder: Path
    steps: tuple[tuple[str, str], ...]


def close_books(stage: Stage, folder: Path, where: str) -> Record:
    """Audit, prove, publish.

    Args:
        stage: The year.
        folder: For the record.
        where: Options by which commands find the chain later.

    Raises:
        StoryBroken: The replay differs from the contracts, or a voucher is not genuine.
    """
    suite, rules = stage.suite, stage.rules.file
    for old in folder.glob(f"{STORE}*"):
        old.unlink()
    with contextlib.closing(open_store(folder / STORE)) as store:
        indexer_of(suite, store).sync()
        auditor = auditor_of(suite, store)
        audit = auditor.run()
        stage.tell(audit.summary())
        if not audit.ok or auditor.state is None:
            raise StoryBroken("; ".join(audit.lines()[:3]) or audit.summary())
        for old in (folder / VOUCHERS).glob("*.json"):
            old.unlink()
        written = write_vouchers(auditor, audit, folder / VOUCHERS)
        proven = _prove(stage, auditor.state, audit, folder / VOUCHERS)
        stage.tell(f"{len(written)} vouchers written; {proven.code} is genuine, on the chain and offline")
        data = MarketData(
            store,
            contracts_of(suite.deployment),
            decimals=rules.money.decimals,
            utc_offset=rules.scheme.utc_offset_seconds,
        )
        day = data.days(1)[-1]
        bulletin = data.bulletin(1, day)
        trades = tuple(trade for trade in data.trades(1) if data.day_of(trade.at) == day)
    positions = tuple(positions_of(auditor.state, names_of(stage)))
    steps = _next_steps(folder, where, proven)
    record = Record(audit, positions, bulletin, trades, proven, len(written), folder, steps)
    (folder / PAGE).write_text(render(_page(stage, record)))
    return record


def names_of(stage: Stage) -> Mapping[Address, str]:
    """Everybody's name by account."""
    return {party.account: party.name for party in stage.cast.parties}


def write_keys(stage: Stage, folder: Path) -> None:
    """The keys of the play, by name, for those who want to play on."""
    signers = {role.name: signer for role, signer in stage.cast.officers.items()}
    signers |= {variable(party.name): party.signer for party in stage.cast.parties}
    lines = [
        f"{name}=0x{signer.secret().hex()}\n" for name, signer in signers.items() if isinstance(signer, LocalSigner)
    ]
    (folder / KEYS).unlink(missing_ok=True)
    with os.fdopen(os.open(folder / KEYS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)


def variable(name: str) -> str:
    """A name as that of an environment variable: `IBM Warwick` is `IBM_WARWICK`."""
    words = "".join(character if character.isalnum() else " " for character in name.replace("'", ""))
    return "_".join(words.upper().split())


def _prove(stage: Stage, state: State, audit: AuditReport, folder: Path) -> Proven:
    """The largest trade's voucher: offline by its certificate, and by the contract."""
    trades = [found for found in certificates(state, audit) if found[1].kind is VoucherKind.TRADE]
    code, voucher, document = max(trades, key=lambda found: (found[1].quantity, found[1].index))
    verify(document, anchor_of(state, series_by_number(state, voucher.series), audit), known=voucher)
    siblings = [bytes.fromhex(text[2:]) for text in orjson.loads(document)["proof"]["siblings"]]
    reader = VoucherReader(stage.suite, voucher.series, voucher.index)
    verdict = reader.verify(siblings)
    if leaf_of(reader.voucher) != voucher.leaf() or verdict is not Verdict.VALID:
        raise StoryBroken(f"The contract says of voucher {code}: {verdict.name}.")
    return Proven(code, voucher, folder / f"{code}.json", verdict)


def _page(stage: Stage, record: Record) -> Page:
    rules = stage.rules.file
    deadline = datetime.fromtimestamp(stage.now, UTC).date()
    return Page(
        rules.scheme.title,
        record.bulletin.day,
        rules.money.name,
        rules.money.decimals,
        rules.scheme.utc_offset_seconds,
        [MarketDay(rules.markets[0].name, record.bulletin, record.trades)],
        record.positions,
        f"after the surrender deadline of {stage.year}, as of {deadline.isoformat()}",
        record.audit,
        [(f"Largest trade, {record.proven.voucher.quantity:,} t", record.proven.code)],
        record.steps,
        (
            "The published emissions and allocations of the installations are facts; everything else is a play: "
            "what companies do here says nothing about them.",
        ),
    )


def _next_steps(folder: Path, where: str, proven: Proven) -> tuple[tuple[str, str], ...]:
    return (
        ("See the market as it stands", f"carbon status {where}"),
        ("Audit it again", f"carbon audit run {where} --store {folder / STORE}"),
        ("Tell the life of a unit", f"carbon serial {proven.voucher.instrument} 1 {where} --store {folder / STORE}"),
        (
            "See a buyer's statement",
            f"carbon account statement {proven.voucher.receiver} {where} --store {folder / STORE}",
        ),
        ("Verify a voucher", f"carbon voucher verify {proven.file} {where}"),
        (
            "Act with a key of the play",
            f"set -a; . {folder / KEYS}; carbon bank reconcile --key-env SETTLEMENT_BANK {where}",
        ),
    )
