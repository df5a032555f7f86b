"""The event store, proofs, certificates and the live audit by the command line, on the chain that a year left."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from carbon_sdk.audit.decode import Decoders
from carbon_sdk.audit.store import Store, logs
from carbon_sdk.audit.suite import suite_abis
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.cli.main import run
from carbon_sdk.demo import closing
from carbon_sdk.deployment.permissions import Role
from tests.conftest import Played

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def chain_of_year(played: Played):
    with Anvil(played.folder / closing.CHAIN) as anvil:
        yield anvil


@pytest.fixture
def carbon(capsys, chain_of_year, played: Played):
    """What a command prints; `at=True` names the chain too."""

    def carbon(*arguments: str | Path, code: int = 0, at: bool = False) -> str:
        where = ["--rpc", chain_of_year.url, "--deployment", played.folder / closing.DEPLOYMENT] if at else []
        assert run(list(map(str, [*arguments, *where]))) == code, capsys.readouterr().err
        printed = capsys.readouterr()
        return printed.out or printed.err

    return carbon


# R-OPS-5, R-AST-2
def test_index__run_status_export_backup_restore__by_the_command_line(carbon, tmp_path, played: Played):
    store, kept, again = (tmp_path / name for name in ("a.sqlite", "kept.sqlite", "again.sqlite"))
    assert "new events" in carbon("index", "run", "--store", store, at=True)
    found = orjson.loads(carbon("index", "status", "--store", store, "--events", "--check", "--json"))
    assert found["events"] == sum(found["by_event"].values()) > 1_000
    assert (found["changed"], found["not_decoded"]) == ([], 0)
    carbon("index", "backup", kept, "--store", store, "--until-block", "100")
    carbon("index", "backup", kept, "--store", store)
    carbon("index", "restore", kept, "--store", again)
    for name in ("all.csv", "all.parquet"):
        carbon("index", "export", tmp_path / name, "--store", store)
        carbon("index", "export", tmp_path / f"again {name}", "--store", again)
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again {name}").read_bytes()
    text = carbon("index", "export", "-", "--store", store, "--event", "OrderBook.Trade")
    assert len(text.splitlines()) == 1 + found["by_event"]["OrderBook.Trade"]
    assert "arg_taker" in text.splitlines()[0] or "arg_maker" in text.splitlines()[0]
    whose = played.year.record.proven.voucher.receiver
    part = carbon("index", "export", "-", "--store", store, "--account", whose).splitlines()[1:]
    assert 10 < len(part) < found["events"]
    assert all(whose[2:].lower() in line.lower() for line in part)
    carbon("index", "redecode", "--store", again, at=True)
    assert carbon("index", "status", "--store", tmp_path / "none.sqlite", code=2).startswith(
        "carbon: There is no store"
    )


# R-TRC-1
def test_prove_and_verify__transaction_balance_status_statement__by_the_command_line(carbon, tmp_path, played: Played):
    deployment = ["--deployment", played.folder / closing.DEPLOYMENT]
    voucher = played.year.record.proven.voucher
    store = played.folder / closing.STORE
    transaction = (
        carbon("index", "export", "-", "--store", store, "--event", "OrderBook.Trade").splitlines()[1].split(",")[5]
    )
    for arguments in (
        [transaction],
        ["balance", voucher.receiver, "UKA21", "GBP"],
        ["status", voucher.receiver],
        ["statement", voucher.receiver, "--store", tmp_path / "own.sqlite"],
    ):
        file = tmp_path / "proof.json"
        made = orjson.loads(carbon("prove", *arguments, "--out", file, "--json", at=True))
        hash_ = made["block_hash"]
        told = carbon("verify", "bundle", file, "--block-hash", hash_, *deployment)
        assert "leads to a block hash that you trust" in told
        assert "as in the deployment file" in told
        proved = orjson.loads(carbon("verify", "bundle", file, "--block-hash", hash_, "--json"))
        assert proved["blocks"]
        assert "not trusted" in carbon("verify", "bundle", file, "--block-hash", "0x" + "12" * 32, code=3)
        document = orjson.loads(file.read_bytes())
        document["blocks"][-1]["timestamp"] += 1
        file.write_bytes(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
        assert "timestamp" in carbon("verify", "bundle", file, "--block-hash", hash_, code=3)
    assert "is no hash" in carbon("verify", "bundle", file, "--block-hash", "0x12", code=2)
    assert "has no transaction" in carbon("prove", "0x" + "12" * 32, code=2, at=True)


# R-VCH-2, R-VCH-3
def test_voucher__certified_printed_and_verified__by_the_command_line(
    carbon, tmp_path, played: Played, monkeypatch, capsys
):
    code, voucher = played.year.record.proven.code, played.year.record.proven.voucher
    own, deployment = played.folder / closing.STORE, ["--deployment", played.folder / closing.DEPLOYMENT]
    key = played.year.stage.cast.officers[Role.PLATFORM_OPERATOR]
    monkeypatch.setenv("CARBON_KEY", key.secret().hex())
    file, page = tmp_path / "copy.json", tmp_path / "copy.pdf"
    found = orjson.loads(
        carbon(
            "voucher", "certificate", code, "--out", file, "--pdf", page, "--store", tmp_path / "s", "--json", at=True
        )
    )
    assert page.read_bytes().startswith(b"%PDF-")
    offline = ["--offline", "--block-hash", found["block_hash"], "--key", key.address]
    told = orjson.loads(carbon("voucher", "verify", file, *offline, "--store", own, "--json", *deployment))
    assert told["proof"] == "leads to the block hash that you gave"
    assert told["offline"] == "as in the store"
    assert "no key of the platform" in carbon("voucher", "verify", file, code=3, at=True)
    assert "is no key" in carbon("voucher", "verify", file, "--offline", "--key", voucher.sender, code=3)

    document = orjson.loads(file.read_bytes())
    document["voucher"]["quantity"] = str(voucher.quantity + 1)
    file.write_bytes(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
    told = carbon("voucher", "verify", file, "--offline", "--store", own, *deployment, code=3)
    assert f"voucher.quantity: {voucher.quantity + 1}; the chain recorded {voucher.quantity}" in told

    assert orjson.loads(carbon("voucher", "verify", code, "--json", at=True))["on_chain"] == "VALID"
    printed = f"carbon-voucher:{code}"
    assert "as in the store" in carbon("voucher", "verify", printed, "--offline", "--store", own, *deployment)
    mistyped = code[:-3] + ("A" if code[-3] != "A" else "B") + code[-2:]
    assert "mistyped" in carbon("voucher", "verify", mistyped, "--offline", code=3)


# R-TRC-3
def test_audit_watch_and_report__of_the_year__are_as_an_auditor_files_them(
    carbon, tmp_path, played: Played, chain_of_year
):
    own = tmp_path / "own.sqlite"
    told = carbon("audit", "watch", "--store", own, "--looks", "1", "--proofs", at=True)
    assert "equals the contracts' state" in told
    assert "ALARM" not in told
    for ending in (".md", ".html", ".json"):
        assert "functional unqualified, security unqualified" in carbon(
            "audit", "report", tmp_path / f"report{ending}", "--store", own, "--proofs", at=True
        )
    text = (tmp_path / "report.md").read_text()
    for part in ("A. Functional audit", "B. Security audit", "Holders of roles", "Not examined", "Signature", "INV-1"):
        assert part in text
    found = orjson.loads((tmp_path / "report.json").read_bytes())
    assert found["security"]["opinion"] == "unqualified"
    assert "give .md, .html or .json" in carbon("audit", "report", "report.pdf", code=2)

    roles = tmp_path / "roles.toml"
    roles.write_text((ROOT / "schemes" / "samples" / "roles.local.toml").read_text())
    told = carbon("audit", "report", tmp_path / "roles.md", "--store", own, "--roles", roles, code=3, at=True)
    assert "security adverse" in told, "the year's officers are others than the sample's"
    assert "which the roles file does not give" in (tmp_path / "roles.md").read_text()

    with Store(own, Decoders(suite_abis())) as store, store.engine.begin() as connection:
        row = connection.execute(sa.select(logs).where(sa.func.length(logs.c.data) == 64).limit(1)).one()
        this = (logs.c.block == row.block) & (logs.c.log_index == row.log_index)
        connection.execute(sa.update(logs).where(this).values(data=row.data[:-1] + bytes([row.data[-1] ^ 1])))
    told = carbon("audit", "watch", "--store", own, "--looks", "1", code=3, at=True)
    assert any("ALARM" in line and row.transaction.hex() in line for line in told.splitlines())
    carbon("audit", "report", tmp_path / "adverse.md", "--store", own, code=3, at=True)
    assert row.transaction.hex() in (tmp_path / "adverse.md").read_text()


# R-TRD-11
def test_market_release__from_the_store__by_the_command_line(carbon, tmp_path, played: Played):
    where = ["UKA21/GBP", "--store", played.folder / closing.STORE, "--deployment", played.folder / closing.DEPLOYMENT]
    trades = played.year.day.trades
    candles = orjson.loads(carbon("market", "candles", *where, "--interval", "10m", "--json"))
    assert sum(one["trades"] for one in candles) == len(trades)
    found = orjson.loads(carbon("market", "bulletin", *where, "--json"))
    assert found["trades"] == len(trades)
    assert found["close"] == candles[-1]["close"]
    assert orjson.loads(carbon("market", "prices", *where, "--json"))
    depths = orjson.loads(carbon("market", "depths", *where, "--interval", "1d", "--json"))
    assert depths[-1]["bids"] or depths[-1]["asks"]
    assert "bid" in carbon("market", "depths", *where, "--interval", "1d")
    assert "█" in carbon("market", "chart", *where, "--interval", "10m")
    carbon("market", "chart", *where, "--interval", "10m", "--png", tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert "Markets are UKA21/GBP" in carbon("market", "chart", "GOLD", *where[1:], code=2)
    assert "is no moment" in carbon("market", "candles", *where, "--since", "soon", code=2)
