"""Certificates, councils, services and the authority's history, by the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.cli.main import run
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import checked_holders
from carbon_sdk.deployment.scheme_file import load_scheme

ROOT = Path(__file__).resolve().parents[2]


def key(name: str) -> LocalSigner:
    return LocalSigner(sha256(b"authority/" + name.encode()).digest())


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, Path]]:
    """A deployed scheme in which nothing has happened."""
    with Anvil() as anvil:
        chain = Chain(anvil.url)
        clock = Clock(chain)
        folder = tmp_path_factory.mktemp("ground")
        for name in ("deployer", "applicant", "ministry", "exchange", *(role.label for role in Role)):
            clock.fund(key(name).address)
        holders = checked_holders({role: (key(role.label).address,) for role in Role})
        rules = load_scheme(ROOT / "schemes" / "uk-ets.toml")
        outcome = deploy(chain, key("deployer"), rules, holders, folder / "journal.json")
        yield chain, outcome.deployment.save(folder / "deployment.json")


@pytest.fixture
def said(
    ground: tuple[Chain, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """What a command of somebody's prints with `--json`."""
    chain, deployment = ground

    def say(who: str, *words: object, code: int = 0, where: str = "scheme") -> Any:
        monkeypatch.setenv("CARBON_KEY", key(who).secret().hex())
        places: dict[str, list[object]] = {
            "scheme": ["--rpc", chain.url, "--deployment", deployment],
            "chain": ["--rpc", chain.url],
            "nowhere": [],
        }
        found = run([*map(str, words), *map(str, places[where]), "--json"])
        out = capsys.readouterr()
        assert found == code, out.err
        return orjson.loads(out.out) if out.out.strip() else out.err

    return say


def test_ca__from_development_to_recall__opens_an_account_and_shuts_it_out(
    said: Callable[..., Any], tmp_path: Path
) -> None:
    """@requirement R-ID-6: a development authority in one command, and what follows from it."""
    pki, out = tmp_path / "pki", tmp_path / "applicant"
    made = said("regulator", "ca", "develop", pki)
    assert made["signer"].startswith("0x")
    assert "not empty" in said("regulator", "ca", "develop", pki, code=2)
    assert (pki / "issuing.key").stat().st_mode & 0o077 == 0
    said("regulator", "regulator", "publish", "registration-policy", "policy", "uri")
    said("applicant", "company", "apply-for-account", "TRADER", "record")
    applications = said("registry-operator", "registry", "applications")
    number, account = applications[-1]["id"], applications[-1]["account"]

    said("applicant", "ca", "request", "--name", "A. Person", "--domain", "desk.example", "--out", tmp_path / "r.json",
         where="nowhere")  # fmt: skip
    said("applicant", "ca", "issue", pki, tmp_path / "r.json", account, "--out", out)
    credentials = tmp_path / "credentials.json"
    refused = said("exchange", "ca", "prove", f"{out}.attested.json", "--out", credentials, code=2)
    assert "not about" in refused
    said("applicant", "ca", "prove", f"{out}.attested.json", "--out", credentials)
    verify = ("ca", "verify", f"{out}.pem", "--root", pki / "root.pem", "--crl", pki / "revocations.pem")
    good = said("applicant", *verify, "--domain", "desk.example", "--key", key("applicant").address, where="nowhere")
    assert good["key"] == key("applicant").address
    assert "not other.example" in said("applicant", *verify, "--domain", "other.example", code=2, where="nowhere")
    assert "not about" in said("applicant", *verify, "--key", key("exchange").address, code=2, where="nowhere")
    said("registry-operator", *verify, "--credentials", credentials, where="nowhere")
    altered = {**orjson.loads(credentials.read_bytes())}
    altered["attestation"]["not_after"] += 1
    (tmp_path / "altered.json").write_bytes(orjson.dumps(altered))
    wrong = said("registry-operator", *verify, "--credentials", tmp_path / "altered.json", code=2, where="nowhere")
    assert "not_after" in wrong
    said("registry-operator", "registry", "approve", number, tmp_path / "altered.json", code=3)  # signed otherwise
    said("registry-operator", "registry", "approve", number, credentials)

    said("applicant", "ca", "recall", pki, f"{out}.pem", "--compromised")
    assert "revoked" in said("applicant", *verify, code=2, where="nowhere")
    assert "CertificateExpired" in said("applicant", "company", "name-payout", "bank account", code=3)


def test_council__approving_by_the_command_line__is_the_administrator(
    said: Callable[..., Any], ground: tuple[Chain, Path]
) -> None:
    """@requirement R-ACC-1, R-ACC-2."""
    clock = Clock(ground[0])
    snapshot = clock.snapshot()
    members = [word for name in ("ministry", "exchange") for word in ("--member", key(name).address)]
    council = said("deployer", "council", "create", *members, "--threshold", 2, "--delay", 3600, where="chain")[
        "council"
    ]
    said("administrator", "security", "grant", "administrator", council)
    said("administrator", "security", "renounce", "administrator")
    grant = ("security", "grant", "arbitrator", key("applicant").address, "--council", council)
    said("ministry", *grant)
    assert "NotTheMember" in said("regulator", *grant, code=2)
    said("exchange", *grant)
    (operation,) = said("deployer", "council", "show", council, where="chain")["operations"]
    clock.advance(3600)
    said("deployer", "council", "execute", council, operation["id"], where="chain")
    last = said("deployer", "authority", "history", "--role", "arbitrator")[-1]
    assert (last["what"], last["about"]) == ("granted", key("applicant").address)
    clock.revert(snapshot)
    ground[0].forget_nonces()


def test_a_delayed_act__scheduled_and_stopped__by_the_command_line(said: Callable[..., Any]) -> None:
    """@requirement R-ACC-1."""
    said("administrator", "security", "grant", "regulator", key("applicant").address, "--delay", 60)
    said("administrator", "security", "set-guardian", "regulator", "arbitrator")
    act = ("regulator", "set-payout-delay", 60)
    said("applicant", *act, code=3)
    said("applicant", *act, "--schedule")
    (waits,) = said("deployer", "authority", "waiting")
    assert waits["function"] == "setPayoutDelay"
    said("arbitrator", "guardian", "stop", waits["id"])
    assert said("deployer", "authority", "waiting") == []
    said("administrator", "security", "revoke", "regulator", key("applicant").address)


def test_services__by_the_command_line__are_recorded(said: Callable[..., Any]) -> None:
    """@requirement R-STK-1, R-STK-3, R-STK-6, R-STK-7."""
    said("requirements-manager", "requirements", "publish-profile", "auction", "profile", "uri")
    said("technical-manager", "technical", "publish-technical-scheme", "auction", "scheme", "uri")
    one = said("system-developer", "system-developer", "propose-release", "auction", "code", "uri")["result"]
    two = said("service-developer", "service-developer", "propose-release", "auction", "code", "uri")["result"]
    said("requirements-manager", "requirements", "decide-release", one, "yes", "tests passed")
    said("technical-manager", "technical", "decide-release", two, "no", "too slow")
    said("supporter", "supporter", "record-supply", "TIME", 1_700_000_000, 1_700_000_060, "offsets", "uri")
    said("service-regulator", "supervision", "set-service-rules", "auction", "rules", "uri")
