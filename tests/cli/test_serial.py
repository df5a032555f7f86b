"""The life of units, statements and certificates on the chain that a year left."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from carbon_sdk.actors.views import AccountView, Holding
from carbon_sdk.audit import existence
from carbon_sdk.audit.existence import BLOCKS_MEMBER, LEDGER_NAMESPACE, certify, check
from carbon_sdk.audit.forms import canonical
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.serials import is_unit
from carbon_sdk.audit.state_proofs import namespace_slot
from carbon_sdk.audit.statements import decimal, statement_of
from carbon_sdk.audit.suite import auditor_of, open_store
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.cli.main import run
from carbon_sdk.demo import closing
from carbon_sdk.scheme import Scheme, connect
from tests.conftest import Played

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def scheme(played: Played):
    with Anvil(played.folder / closing.CHAIN) as anvil:
        yield connect(anvil.url, played.folder / closing.DEPLOYMENT)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "audit.sqlite"


@pytest.fixture(scope="module")
def histories(scheme: Scheme, store: Path):
    events = open_store(store)
    yield scheme.histories(events)
    events.close()


@pytest.fixture
def said(capsys, histories: Histories, scheme: Scheme, store: Path, played: Played):
    """What a command prints; of `--json` what it means."""

    def said(*arguments: object, code: int = 0):
        where = ["--store", store, "--deployment", played.folder / closing.DEPLOYMENT]
        assert run(list(map(str, [*arguments, *where]))) == code, capsys.readouterr().err
        out = capsys.readouterr().out
        return orjson.loads(out) if "--json" in arguments else out

    return said


def a_traded_unit(histories: Histories, scheme: Scheme) -> tuple[int, int]:
    instrument = scheme.deployment.instruments["UKA21"]
    issued = scheme.instrument("UKA21").now().issued
    for serial in range(1, issued, 997):
        acts = [station.movement.act for station in histories.life(instrument, serial)]
        if {"traded", "surrendered"} <= set(acts):
            return instrument, serial
    raise AssertionError("no unit was traded and surrendered")


# @requirement R-AST-1
def test_serial__of_a_unit_that_was_traded_and_surrendered__tells_its_life(said, histories: Histories, scheme: Scheme):
    _, serial = a_traded_unit(histories, scheme)
    life = said("serial", "UKA21", serial, "--json")
    acts = [one["what"] for one in life]
    assert acts[0] == "issued"
    assert acts[-1] == "surrendered"
    traded = next(one for one in life if one["what"] == "traded")
    assert traded["reference"].startswith("voucher UK-T-")
    assert traded["from"] != traded["holder"]
    assert "voucher UK-S-" in life[-1]["reference"]
    assert all(one["when"].endswith("Z") and one["block"] for one in life)
    assert life == said("serial", "life", "UKA21", serial, "--json")
    table = said("serial", "UKA21", serial)
    assert traded["transaction"] in table
    assert traded["reference"] in table
    receipt = scheme.chain.endpoint.request("eth_getTransactionReceipt", traded["transaction"])
    assert int(receipt["blockNumber"], 16) == traded["block"]


def test_serial_holdings__of_every_account__are_as_many_as_the_contract_says(
    said, scheme: Scheme, played: Played, histories: Histories
):
    seen: Counter[str] = Counter()
    for party in played.year.stage.cast.companies[:12]:
        rows = said("serial", "holdings", party.account, "UKA21", "--json")
        held = Counter()
        for row in rows:
            assert row["units"] == row["last"] - row["first"] + 1
            held[row["where"]] += row["units"]
            seen[row["where"]] += 1
        (holding,) = [one for one in scheme.account(party.account).holdings() if one.instrument == uka21(scheme)] or [
            None
        ]
        assert held["in an order"] == (holding.in_orders if holding else 0)
        assert held["free"] + held["bound"] == (holding.balance if holding else 0)
    assert seen["free"]


def uka21(scheme: Scheme) -> int:
    return scheme.deployment.instruments["UKA21"]


# @requirement R-TBL-2
def test_statements__of_every_account__tie_to_the_contracts(scheme: Scheme, store: Path, histories: Histories):
    events = open_store(store)
    state = auditor_of(scheme, events).fold(journal=False)
    accounts = sorted({account for account, _ in state.ledger.balances})
    assert len(accounts) > 10
    totals: Counter[int] = Counter()
    for account in accounts:
        statement = statement_of(histories, account)
        assert statement.adds_up
        real = {one.instrument: one for one in AccountView(scheme, account).holdings()}
        for part in statement.parts:
            assert part.opening.total == 0
            assert not [line for line in part.lines if line.act == "other"]
            one = real.get(part.instrument, Holding(part.instrument, 0, 0, 0, 0, 0))
            assert (part.held, part.closing.in_orders) == (one.balance, one.in_orders)
            assert (part.free, sum(part.bound.values()), part.frozen) == (one.free, one.encumbered, one.frozen)
            totals[part.instrument] += part.closing.total
        assert {part.instrument for part in statement.parts} >= {one for one, has in real.items() if has.balance}
    for instrument, known in state.ledger.instruments.items():
        fees = sum(market.fees for market in state.book.markets.values()) if not is_unit(instrument) else 0
        assert totals[instrument] + fees == known.issued - known.cancelled
    events.close()


def test_statement__cut_into_days__goes_on_where_it_ended(histories: Histories, played: Played):
    from datetime import UTC, datetime, timedelta

    account = played.year.stage.cast.companies[0].account
    whole = statement_of(histories, account)
    days = sorted({datetime.fromtimestamp(line.timestamp, UTC).date() for part in whole.parts for line in part.lines})
    assert len(days) > 2
    middle = days[len(days) // 2]
    for instrument in histories.instruments_of(account):
        (before,) = statement_of(histories, account, None, middle, [instrument]).parts
        (after,) = statement_of(histories, account, middle + timedelta(days=1), None, [instrument]).parts
        (all_of_it,) = statement_of(histories, account, None, None, [instrument]).parts
        assert before.adds_up
        assert after.adds_up
        assert before.closing == after.opening
        assert before.lines + after.lines == all_of_it.lines
        assert after.closing == all_of_it.closing


def test_account_statement__as_table_csv_and_json__says_the_same(said, histories: Histories, played: Played):
    account = played.year.stage.cast.companies[0].account
    found = said("account", "statement", account, "--json")
    assert found["adds_up"] is True
    assert found["account"] == account
    rows = list(csv.DictReader(io.StringIO(said("account", "statement", account, "--csv"))))
    table = said("account", "statement", account)
    for part in found["instruments"]:
        mine = [row for row in rows if row["instrument"] == part["instrument"]]
        decimals = part["decimals"]
        assert decimals == (2 if part["name"] == "GBP" else 0)
        assert mine[0]["balance"] == decimal(part["opening"], decimals)
        assert next(row for row in mine if row["what"] == "closing")["balance"] == decimal(part["closing"], decimals)
        moved = [row for row in mine if row["transaction"]]
        assert len(moved) == len(part["movements"])
        for row, line in zip(moved, part["movements"], strict=True):
            assert row["quantity"] == decimal(line["quantity"], decimals)
            assert row["reference"] == line["reference"]
            assert row["reference"] in table
        assert part["opening"] + sum(line["quantity"] for line in part["movements"]) == part["closing"]
        assert part["held"] + part["in_orders"] == part["closing"]
    assert "£" not in table


def test_account_statement__of_one_instrument_and_some_days__has_only_these(said, played: Played):
    account = played.year.stage.cast.companies[0].account
    arguments = ("account", "statement", account, "--instrument", "UKA21", "--json")
    found = said(*arguments, "--from", "2030-01-01")
    (part,) = found["instruments"]
    assert part["movements"] == []
    assert part["opening"] == part["closing"]
    lines = said(*arguments)["instruments"][0]["movements"]
    with_orders = said(*arguments, "--orders")["instruments"][0]["movements"]
    assert [line for line in with_orders if line["what"] not in ("ordered", "returned")] == lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("serial", "UKA21", "0"), "is no serial"),
        (("serial", "UKA21", "99999999999"), "has no unit with the serial"),
        (("serial", "UKA21", "1.5"), "SERIAL"),
        (("serial", "UKA99", "1"), "Instruments are"),
        (("serial", "holdings", "0x00", "UKA21"), "is no address"),
        (("account", "statement", "0x00"), "is no address"),
        (("account", "statement", "0x" + "11" * 20, "--from", "soon"), "is no day"),
        (("account", "statement", "0x" + "11" * 20, "--from", "2022-01-02", "--to", "2022-01-01"), "is before"),
        (("account", "statement", "0x" + "11" * 20, "--csv", "--json"), "not both"),
    ],
)
def test_what_cannot_be_meant__is_refused(
    capsys, histories: Histories, store: Path, played: Played, arguments: tuple[str, ...], words: str
):
    where = ["--store", str(store), "--deployment", str(played.folder / closing.DEPLOYMENT)]
    assert run([*arguments, *where]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_store__that_is_not_there__is_said(capsys, tmp_path: Path):
    assert run(["serial", "UKA21", "1", "--store", str(tmp_path / "none.sqlite")]) == 2
    assert "There is no store" in capsys.readouterr().err
    assert not (tmp_path / "none.sqlite").exists()


def test_sync__into_a_new_store__reads_the_chain(capsys, scheme: Scheme, played: Played, tmp_path: Path):
    where = ["--rpc", scheme.chain.url, "--deployment", str(played.folder / closing.DEPLOYMENT)]
    assert run(["serial", "UKA21", "1", "--store", str(tmp_path / "s.sqlite"), "--sync", "--json", *where]) == 0
    assert orjson.loads(capsys.readouterr().out)[0]["what"] == "issued"


# CERTIFICATES OF EXISTENCE


@pytest.fixture(scope="module")
def certificate(scheme: Scheme, histories: Histories) -> bytes:
    ledger = scheme.deployment.address_of("InstrumentLedger")
    return certify(scheme.chain.endpoint, histories, ledger, *a_traded_unit(histories, scheme))


def trusted(certificate: bytes) -> bytes:
    return bytes.fromhex(orjson.loads(certificate)["block"]["hash"][2:])


# @requirement R-AST-1
def test_certificate__of_a_unit__is_proved_by_the_block_hash_alone(
    certificate: bytes, histories: Histories, scheme: Scheme
):
    ledger = scheme.deployment.address_of("InstrumentLedger")
    assert check(certificate) == []
    assert check(certificate, trusted(certificate), ledger=ledger, histories=histories) == []
    assert [one.field for one in check(certificate, bytes(32))] == ["block.hash"]


def test_certificate__of_every_instrument_and_block__verifies(scheme: Scheme, histories: Histories):
    ledger = scheme.deployment.address_of("InstrumentLedger")
    for name, instrument in scheme.deployment.instruments.items():
        if not is_unit(instrument):
            continue
        for serial in {1, scheme.instrument(name).now().issued} - {0}:
            if scheme.instrument(name).now().issued:
                content = certify(scheme.chain.endpoint, histories, ledger, instrument, serial)
                assert check(content, trusted(content), ledger=ledger, histories=histories) == []


def leaves(document: Any, path: tuple[Any, ...] = ()):
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from leaves(value, (*path, index))
    else:
        yield path, document


def altered(value: Any) -> list[Any]:
    """Values of the same form, each wrong in another way."""
    if isinstance(value, int):
        return [value + 1, max(0, value - 1)]
    if value.startswith("0x") and len(value) == 42:
        from carbon_sdk.identifiers import address

        return [address("0x" + "22" * 20)]
    if value.startswith("0x"):
        middle = len(value) // 2
        swapped = "0" if value[middle] != "0" else "1"
        return [value[:middle] + swapped + value[middle + 1 :], value[:-2] + ("00" if value[-2:] != "00" else "01")]
    if value.isdigit():
        return [str(int(value) + 1), str(int(value) * 2)]
    return [value[:-1], value + " x", "held"]


def test_certificate__any_field_altered__is_found(certificate: bytes, scheme: Scheme, histories: Histories):
    document = orjson.loads(certificate)
    tried = 0
    for path, value in leaves(document):
        for other in altered(value):
            if other == value:
                continue
            forged = orjson.loads(certificate)
            part = forged
            for step in path[:-1]:
                part = part[step]
            part[path[-1]] = other
            assert check(canonical(forged), trusted(certificate)), path
            tried += 1
            # A forger who knows the format makes the digest right again: what is proved is found all the same, and
            # what only the fold tells, by whoever has a store.
            forged["digest"] = existence._digest(forged)
            if path not in (("digest",), ("unit", "serial")):  # the unit beside it has the same life
                problems = check(canonical(forged), trusted(certificate), histories=histories)
                assert problems, path
                assert any(str(path[0]) in one.field or one.field.startswith(("proof", "ledger")) for one in problems)
                if path[0] not in ("unit", "chain"):
                    assert check(canonical(forged), trusted(certificate)), path
    assert tried > 40


def test_certificate__beyond_the_verifiers_store__is_not_called_forged(
    certificate: bytes, scheme: Scheme, tmp_path: Path
):
    from carbon_sdk.audit.suite import indexer_of
    from carbon_sdk.errors import InputError

    early = open_store(tmp_path / "early.sqlite")
    indexer_of(scheme, early).sync(to=orjson.loads(certificate)["block"]["number"] - 50)
    histories = Histories(early, scheme.chain.id)
    histories.catch_up()
    with pytest.raises(InputError, match="Read on"):
        check(certificate, trusted(certificate), histories=histories)
    early.close()


def test_certificate__with_something_added_missing_or_reordered__is_found(certificate: bytes):
    document = orjson.loads(certificate)
    assert check(certificate + b" ") != []
    assert check(b"no json") != []
    assert check(b"[]") != []
    for path in ("issued", "proof", "block", "unit", "digest"):
        assert check(canonical({key: value for key, value in document.items() if key != path})) != []
    assert check(canonical({**document, "more": 1})) != []
    for key in ("account", "storage"):
        fewer = orjson.loads(certificate)
        fewer["proof"][key].pop()
        assert check(canonical(fewer)) != []
        more = orjson.loads(certificate)
        more["proof"][key].append(more["proof"][key][-1])
        assert check(canonical(more)) != []


def test_serial_certificate_and_verify__offline_online_and_forged(
    capsys, scheme: Scheme, played: Played, store: Path, histories: Histories, tmp_path: Path
):
    where = ["--rpc", scheme.chain.url, "--deployment", str(played.folder / closing.DEPLOYMENT)]
    file = tmp_path / "unit.json"
    arguments = ["serial", "certificate", "UKA21", "57", "--out", str(file), "--store", str(store), "--json"]
    assert run([*arguments, *where]) == 0
    capsys.readouterr()
    content = file.read_bytes()
    block_hash = orjson.loads(content)["block"]["hash"]
    assert run(["serial", "verify", str(file), "--block-hash", block_hash, "--json"]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert found["proof"] == "leads to the block hash that you gave"
    assert run(["serial", "verify", str(file), "--online", "--store", str(store), "--json", *where]) == 0
    found = orjson.loads(capsys.readouterr().out)
    assert found["contract"].startswith("issued so")
    assert found["unit_by"] == "the store that you gave"
    assert run(["serial", "verify", str(file), "--block-hash", "0x" + "11" * 32]) == 3
    assert "trusted is 0x1111" in capsys.readouterr().err
    assert run(["serial", "verify", str(file), "--block-hash", "0x11"]) == 2
    assert "is no hash" in capsys.readouterr().err
    assert run(["serial", "verify", str(file), "--ledger", "0x" + "11" * 20]) == 3
    assert "the ledger is 0x1111" in capsys.readouterr().err
    forged = orjson.loads(content)
    forged["issued"]["quantity"] = str(int(forged["issued"]["quantity"]) + 1)
    file.write_bytes(canonical(forged))
    assert run(["serial", "verify", str(file)]) == 3
    captured = capsys.readouterr()
    assert "quantity, account, cause or time was altered" in captured.err
    assert captured.out == ""
    assert run(["serial", "verify", str(tmp_path / "none.json")]) == 2


def test_place_of_blocks__in_the_ledgers_storage__is_the_compilers():
    layouts = orjson.loads((ROOT / "contracts" / "storage-layouts.json").read_bytes())
    (layout,) = [one for name, one in layouts.items() if name.endswith(":InstrumentLedger")]
    members = layout[f"erc7201:{LEDGER_NAMESPACE}"]
    wanted = f"{BLOCKS_MEMBER}:0 mapping(uint256 => mapping(uint256 => bytes32)) blocks"
    assert wanted in members
    source = (ROOT / "contracts" / "instruments" / "InstrumentLedger.sol").read_text()
    assert f"0x{namespace_slot(LEDGER_NAMESPACE):064x}" in source
