"""Commands on the chain that a year left."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.cli.main import run
from carbon_sdk.demo import closing
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.identifiers import Address
from tests.conftest import KEYS, Played

ROOT = Path(__file__).resolve().parents[2]
SCHEME = ROOT / "schemes" / "uk-ets.toml"


@pytest.fixture(scope="module")
def chain_of_year(played: Played):
    """The year's chain, running, so that commands need not start it each time."""
    with Anvil(played.folder / closing.CHAIN) as anvil:
        yield anvil


@pytest.fixture
def json_of(capsys, chain_of_year, played: Played):
    """What a command prints with `--json`."""

    def json_of(*arguments: str | Path, code: int = 0):
        where = ["--rpc", chain_of_year.url, "--deployment", played.folder / closing.DEPLOYMENT, "--json"]
        assert run(list(map(str, [*arguments, *where]))) == code, capsys.readouterr().err
        return orjson.loads(capsys.readouterr().out)

    return json_of


@pytest.fixture
def as_party(monkeypatch, played: Played):
    """Let a key of the year be the one that commands use."""

    def as_party(signer: object) -> None:
        assert isinstance(signer, LocalSigner)
        monkeypatch.setenv("CARBON_KEY", signer.secret().hex())

    return as_party


def test_status__of_the_market__has_what_the_year_left(json_of, played: Played):
    found = json_of("status")
    assert found["scheme"] == "uk-ets"
    assert found["current_year"] == 2022
    assert found["instruments"]["UKA21"]["issued"] == played.year.issued
    assert found["instruments"]["UKA21"]["cancelled"] == played.year.retired
    assert found["markets"]["UKA21/GBP"]["trades"] == len(played.year.day.trades)


def test_status__of_an_account__has_its_position(json_of, played: Played):
    party = played.year.shortfall.party
    found = json_of("status", party.account)
    assert found["position"]["shortfall"] == played.year.shortfall.tonnes
    assert found["position"]["status"] == "B"
    assert found["position"]["restricted"] is True


def test_audit_run__with_proofs__is_equal_and_writes_a_page(json_of, tmp_path, played: Played):
    store, page = tmp_path / "audit.sqlite", tmp_path / "audit.html"
    found = json_of("audit", "run", "--store", store, "--html", page, "--proofs")
    assert found["ok"] is True
    assert played.year.record.audit.compared <= sum(found["checks"].values())
    assert page.read_text().startswith("<!doctype html>")
    assert "Audit: equal" in page.read_text()


def test_voucher_verify__every_kind__is_genuine_on_the_chain_and_offline(json_of, played: Played):
    seen = {}
    for file in sorted((played.folder / closing.VOUCHERS).glob("*.json")):
        seen.setdefault(orjson.loads(file.read_bytes())["voucher"]["kind"], file)
    assert set(seen) == {"TRADE", "SURRENDER", "CANCELLATION"}
    for file in seen.values():
        assert json_of("voucher", "verify", file)["on_chain"] == "VALID"
        assert "on_chain" not in json_of("voucher", "verify", file, "--offline")


@pytest.mark.parametrize(("field", "value"), [("quantity", "1"), ("price", "1"), ("at", 1), ("orderOfDay", 99)])
def test_voucher_verify__one_altered_field__is_found(capsys, played: Played, tmp_path, field, value):
    document = orjson.loads(played.year.record.proven.file.read_bytes())
    document["voucher"][field] = value
    forged = tmp_path / "forged.json"
    forged.write_bytes(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
    assert run(["voucher", "verify", str(forged), "--offline"]) == 3
    captured = capsys.readouterr()
    assert "not genuine" in captured.err
    assert captured.out == ""


def test_buy__with_dry_run__sends_nothing(json_of, as_party, played: Played, chain_of_year):
    party = next(one for one in played.year.stage.cast.companies if one.gap > 0 and one.fills_gap)
    as_party(party.signer)
    before = json_of("status")["block"]
    found = json_of("company", "buy", "UKA21/GBP", "10", "46.15", "--dry-run")
    assert found["sent"] == "nothing"
    assert found["gas"] > 21_000
    assert json_of("status")["block"] == before


def test_buy_then_cancel__by_name_and_price__is_done(json_of, as_party, played: Played):
    party = next(one for one in played.year.stage.cast.companies if one.gap > 0 and one.fills_gap)
    as_party(party.signer)
    placed = json_of("company", "buy", "UKA21/GBP", "10", "20.00", "--time-in-force", "post-only")
    assert placed["result"]["rested"] == 10
    (order,) = json_of("company", "open-orders")
    assert (order["price"], order["quantity"], order["side"]) == (2_000, 10, "BUY")
    json_of("company", "cancel", order["id"])
    assert json_of("company", "open-orders") == []


def test_buy__of_the_company_with_a_shortfall__is_refused_by_the_contracts(
    capsys, as_party, played: Played, chain_of_year
):
    as_party(played.year.shortfall.party.signer)
    where = ["--rpc", chain_of_year.url, "--deployment", str(played.folder / closing.DEPLOYMENT)]
    assert run(["company", "buy", "UKA21/GBP", "10", "46.15", *where]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "AccountRestricted" in line


def test_roles__that_the_year_uses__answer(json_of, as_party, played: Played):
    officers = played.year.stage.cast.officers
    as_party(officers[Role.SETTLEMENT_BANK])
    assert json_of("bank", "reconcile")["agrees"] is True
    party = played.year.shortfall.party
    reference = "payment of the penalty"
    paid = json_of("bank", "record-penalty-paid", party.account, "2021", reference)
    assert paid["events"][0]["event"] == "PenaltyPaid"
    assert paid["events"][0]["amount"] == played.year.shortfall.penalty
    as_party(officers[Role.SERVICE_REGULATOR])
    json_of("supervision", "halt", "UKA21/GBP")
    assert json_of("status")["markets"]["UKA21/GBP"]["state"] == "HALTED"
    json_of("supervision", "resume", "1")
    as_party(officers[Role.ADMINISTRATOR])
    assert json_of("security", "members", "regulator") == [officers[Role.REGULATOR].address]
    as_party(played.year.stage.cast.verifiers[0].signer)
    assert json_of("verifier", "accredited-until") > 0


def test_values__with_parts__are_read_from_json(json_of, as_party, played: Played, tmp_path):
    party = played.year.stage.cast.companies[1]
    as_party(party.signer)
    number = str(party.installation)
    plan = (
        "company",
        "file-plan",
        number,
        "2023",
        "a better plan",
        '[{"method": "process"}, {"method": "combustion"}]',
    )
    assert json_of(*plan, "--dry-run")["result"] == 2
    document = tmp_path / "plan.pdf"
    document.write_bytes(b"the plan itself")
    filed = json_of("company", "file-plan", number, "2023", f"@{document}", '[{"method": "process", "tier": 3}]')
    assert filed["events"][0]["document"] == "0x" + sha256(b"the plan itself").hexdigest()
    assert filed["events"][0]["streams"][0]["tier"] == 3


def test_values__of_every_other_kind__are_read(json_of, as_party, played: Played):
    canceller = played.year.canceller
    as_party(canceller.signer)
    found = json_of("company", "examine", "UKA21=10")
    assert found["year"] == 2021
    officers = played.year.stage.cast.officers
    as_party(officers[Role.REGULATOR])
    banned = json_of("regulator", "restrict", canceller.account, "no-trade,no-transfer", "a test", "--dry-run")
    assert banned["sent"] == "nothing"
    published = json_of(
        "regulator", "publish", "a-topic", "text", "uri", "--effective-from", "2030-01-01T00:00:00+01:00"
    )
    assert published["events"][0]["effective_from"] == 1_893_452_400
    json_of("regulator", "freeze", canceller.account, "UKA21", "0", "order 7", "a court says so", "--dry-run")
    as_party(officers[Role.ADMINISTRATOR])
    json_of("security", "grant", "risk-manager", officers[Role.REGULATOR].address, "--dry-run")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("company", "file-plan", "1", "2023", "doc", '[{"methud": "process"}]'),
            "streams[0] has an unknown key methud",
        ),
        (("company", "file-plan", "1", "2023", "doc", "[{}]"), "streams[0] lacks method"),
        (("company", "file-plan", "1", "2023", "doc", "[{"), "streams is no JSON"),
        (("company", "file-plan", "1", "2023", "doc", "nowhere.json"), "nowhere.json cannot be read"),
        (("company", "file-plan", "1", "2023", "@nowhere.pdf", "[]"), "nowhere.pdf cannot be read"),
        (("company", "apply-surrender", "UKA21"), "write instrument=tonnes"),
        (("company", "apply-surrender", "UKA99=1"), "'UKA99' is no instrument of uk-ets"),
        (("company", "order", "1", "sideways", "1", "45.00"), "none of buy, sell"),
        (("regulator", "restrict", "0x00", "no-trade", "x"), "is no address"),
        (("regulator", "publish", "t", "d", "u", "--effective-from", "soon"), "'soon' is no time"),
        (("regulator", "publish", "t", "d", "u", "--effective-from", "2030-01-01T00:00:00"), "no time zone"),
        (("security", "grant", "king", "0x0000000000000000000000000000000000000001"), "'king' is no role"),
        (("ca", "revoke", "xyz"), "'xyz' is no 0x… text"),
    ],
)
def test_values__that_cannot_be_meant__are_refused_before_anything_is_sent(
    capsys, chain_of_year, as_party, played: Played, arguments, words
):
    as_party(played.year.stage.cast.companies[0].signer)
    where = ["--rpc", chain_of_year.url, "--deployment", str(played.folder / closing.DEPLOYMENT)]
    assert run([*arguments, *where]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_tables__for_people__are_printed(capsys, chain_of_year, as_party, played: Played):
    where = ["--rpc", chain_of_year.url, "--deployment", str(played.folder / closing.DEPLOYMENT)]
    as_party(played.year.stage.cast.companies[0].signer)
    for command in (["status"], ["company", "position"], ["company", "holdings"]):
        assert run([*command, *where]) == 0
        assert capsys.readouterr().out.strip()


def test_deploy__rehearsed_done_and_repeated__leaves_one_deployment(capsys, tmp_path, monkeypatch):
    signers = [LocalSigner(key) for key in KEYS]
    roles = tmp_path / "roles.toml"
    holders: dict[str, Address] = {role.label: signers[1].address for role in Role}
    holders[Role.ROLLBACK.label] = signers[2].address
    roles.write_text("[roles]\n" + "".join(f'{label} = ["{one}"]\n' for label, one in holders.items()))
    monkeypatch.setenv("DEPLOYER", KEYS[0])
    with Anvil() as anvil:
        out = tmp_path / "deployment.json"
        command = ["deploy", "--rpc", anvil.url, "--scheme", str(SCHEME), "--roles", str(roles), "--out", str(out)]
        command += ["--key-env", "DEPLOYER", "--json"]
        assert run([*command, "--dry-run"]) == 0
        rehearsed = orjson.loads(capsys.readouterr().out)
        assert not out.exists()
        assert run(command) == 0
        first = orjson.loads(capsys.readouterr().out)
        assert out.exists()
        assert run(command) == 0
        again = orjson.loads(capsys.readouterr().out)
    assert rehearsed["sent"] == "nothing"
    assert first["steps"] == rehearsed["steps"] > 100
    assert first["done_earlier"] == 0
    assert again["done_earlier"] == again["steps"]
    assert again["OrderBook"] == first["OrderBook"]
