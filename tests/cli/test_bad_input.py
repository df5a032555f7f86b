"""Bad input: one line that names file and line, or account and role; exit code 2; nothing sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.cli.main import run
from carbon_sdk.demo import closing
from tests.conftest import Played

ROOT = Path(__file__).resolve().parents[2]
SCHEME = ROOT / "schemes" / "uk-ets.toml"
SAMPLE = ROOT / "schemes" / "samples" / "installations.csv"


@pytest.fixture
def refused(capsys):
    """Run the command line; its one line of error."""

    def refused(*arguments: str | Path, code: int = 2) -> str:
        assert run(list(map(str, arguments))) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        assert line.startswith("carbon: ")
        assert "Traceback" not in line
        return line

    return refused


@pytest.fixture
def no_chain(monkeypatch):
    """Nothing may be started or sent."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("a chain was started")

    monkeypatch.setattr("carbon_sdk.demo.year.Anvil", never)
    monkeypatch.setattr("carbon_sdk.demo.year.Chain", never)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (",permit,", ",licence,", 1, "column permit is missing"),
        (",124497,", ",-124497,", 2, "is negative"),
        (",124497,", ",124497.5,", 2, "is no whole number"),
        ("GB-731,", "GB-1020,", 3, "GB-1020 is already in line 2"),
        (",benchmark,float", ",grandfathering,float", 2, "'grandfathering' is unknown"),
        (",Wales,", ",Gwynedd,", 3, "'Gwynedd' is no region"),
    ],
)
def test_demo__bad_installation__is_refused_with_file_and_line(refused, no_chain, tmp_path, old, new, line, words):
    path = tmp_path / "installations.csv"
    path.write_text(SAMPLE.read_text().replace(old, new, 1))
    said = refused("demo", "--scheme", SCHEME, "--input", path, "--out", tmp_path / "out")
    assert f"{path}:{line}: " in said
    assert words in said
    assert not (tmp_path / "out").exists()


def test_demo__misspelt_key_in_the_scheme__is_refused_with_file_and_line(refused, no_chain, tmp_path):
    path = tmp_path / "scheme.toml"
    text = SCHEME.read_text().replace("penalty_per_tonne", "penalty_per_tone")
    path.write_text(text)
    line = next(n for n, content in enumerate(text.splitlines(), 1) if content.startswith("penalty_per_tone "))
    said = refused("demo", "--scheme", path, "--input", SAMPLE, "--out", tmp_path / "out")
    assert f"{path}:{line}: " in said
    assert "penalty_per_tone" in said


def test_demo__no_installation_that_lacks_units__is_refused(refused, tmp_path):
    path = tmp_path / "installations.csv"
    rows = SAMPLE.read_text().splitlines()
    path.write_text("\n".join([rows[0], rows[1]]) + "\n")
    assert "market needs" in refused("demo", "--scheme", SCHEME, "--input", path, "--out", tmp_path / "out", code=2)


def test_status__endpoint_that_is_down__is_said(refused):
    said = refused("status", "--rpc", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9" in said


def test_status__chain_without_the_deployment__is_said(refused, anvil, played: Played):
    said = refused("status", "--rpc", anvil.url, "--deployment", played.folder / closing.DEPLOYMENT)
    assert anvil.url in said
    assert "another chain" in said


def test_status__no_deployment_file__is_said(refused, anvil, tmp_path):
    path = tmp_path / "none.json"
    assert f"no deployment file {path}" in refused("status", "--rpc", anvil.url, "--deployment", path)


def test_status__no_such_folder__is_said(refused, tmp_path):
    assert "neither an address" in refused("status", "--rpc", tmp_path / "nowhere")


def test_act__no_key__is_said(refused, played: Played, monkeypatch):
    monkeypatch.delenv("CARBON_KEY", raising=False)
    said = refused("regulator", "open-year", "2030", "--rpc", played.folder / closing.CHAIN)
    assert "CARBON_KEY is not set" in said


def test_act__two_keys__is_said(refused):
    said = refused("regulator", "open-year", "2030", "--keystore", "a", "--key-env", "B")
    assert "not both" in said


def test_act__key_without_the_role__names_account_and_role(refused, played: Played, monkeypatch):
    stranger = played.year.stage.cast.companies[0].signer
    assert isinstance(stranger, LocalSigner)
    monkeypatch.setenv("CARBON_KEY", stranger.secret().hex())
    said = refused("regulator", "open-year", "2023", "--rpc", played.folder / closing.CHAIN)
    assert f"It takes the role regulator, which {stranger.address} does not hold" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("UKA21/GBP", "10.5", "46.15"), "quantity 10.5 is no whole number"),
        (("UKA21/GBP", "-1", "46.15"), "negative"),
        (("UKA21/GBP", "10", "46.155"), "46.155"),
        (("UKA22/GBP", "10", "46.15"), "UKA22/GBP"),
    ],
)
def test_order__bad_quantity_price_or_market__is_refused(refused, played: Played, monkeypatch, arguments, words):
    signer = played.year.stage.cast.companies[0].signer
    assert isinstance(signer, LocalSigner)
    monkeypatch.setenv("CARBON_KEY", signer.secret().hex())
    said = refused("company", "buy", "--rpc", played.folder / closing.CHAIN, "--", *arguments)
    assert words in said
