"""Many applications from a table: cells that are wrong, runs that are killed, and each row filed once. R-ID-3"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from carbon_sdk.actors.bulk_registration import (
    COLUMNS,
    BadTable,
    BulkRegistration,
    Entity,
    Journal,
    read_table,
    write_template,
)
from carbon_sdk.actors.evidence import EvidenceHolder, office_of
from carbon_sdk.chain.chain import Chain
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, TransportError
from carbon_sdk.evidence.keys import Keyring
from carbon_sdk.evidence.record import Record
from carbon_sdk.evidence.registration import NUMBER, RegistrationData
from carbon_sdk.evidence.vault import Vault
from carbon_sdk.identifiers import Address
from carbon_sdk.scheme import Scheme
from tests.actors.conftest import Town, key
from tests.actors.proxy import Proxy

OFFICE = office_of(Role.REGISTRY_OPERATOR)


def table(folder: Path, number: int, **changed: str) -> Path:
    """A table of that many rows, the last with other values."""
    for name in ("licence.pdf", "identity.pdf", "attorney.pdf"):
        (folder / name).write_bytes(name.encode() * 10)
    path = folder / "entities.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for i in range(1, number + 1):
            row = {
                "id": f"E-{i}",
                "kind": "operator" if i % 2 else "TRADER",
                "region": "1",
                "sector": "35",
                "owner": "",
            }
            row |= {"name": f"Company {i}", "type": "limited", "industry": "power", "address": f"{i} Road", "other": ""}
            row |= {"business_licence": "licence.pdf", "legal_representative_id": "identity.pdf"}
            row |= {"power_of_attorney": "attorney.pdf", "bank_account": f"GB{i}"}
            writer.writerow(row | (changed if i == number else {}))
    return path


@pytest.fixture
def office_ring(town: Town, tmp_path: Path) -> Keyring:
    ring = Keyring(tmp_path / "office", "password")
    officer = EvidenceHolder(town.scheme, town.signer("registry-operator")).as_office(Role.REGISTRY_OPERATOR)
    officer.register_encryption_key(ring.new())
    return ring


def bulk(town: Town, folder: Path, scheme: Scheme | None = None) -> BulkRegistration:
    reading = EvidenceHolder(town.scheme, key("master"))

    def fund(keys: Sequence[Address]) -> None:
        for one in keys:
            town.clock.fund(one)

    readers = {OFFICE: reading.encryption_key(OFFICE)}
    return BulkRegistration(scheme or town.scheme, key("master"), Vault(folder / "vault"), readers, fund)


def all_stand_once(town: Town, run_: BulkRegistration, entities: list[Entity], before: int) -> None:
    """Each row has one application with its own root, and there are no others."""
    registry = town.scheme.contract(StakeholderRegistry)
    numbers = [registry.application_of_key(run_.key_of(one.id).address) for one in entities]
    assert sorted(numbers) == list(range(before + 1, before + len(entities) + 1))
    for one, number in zip(entities[::7], numbers[::7], strict=True):
        assert registry.application_of(number).form.record == run_.record_of(one).root
    assert registry.application_count() == before + len(entities)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_template__filled_in__is_read_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"table{suffix}"
    write_template(path)
    for name in ("licence.pdf", "identity.pdf", "attorney.pdf"):
        (tmp_path / name).write_bytes(b"document")
    (entity,) = read_table(path)
    assert (entity.row, entity.id, entity.data.name) == (2, "A-1", "Example Power Ltd")
    assert set(NUMBER.values()) == set(range(1, 10))  # all of Table 2
    with pytest.raises(InputError, match="exists"):
        write_template(path)
    with pytest.raises(InputError, match="ends in"):
        write_template(tmp_path / "table.txt")


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("id", "", "missing"),
        ("id", "E-1", "stands in row 2"),
        ("kind", "ROBBER", "none of OPERATOR"),
        ("region", "1.5", "no whole number"),
        ("sector", "65536", "up to 65535"),
        ("owner", "-1", "no whole number"),
        ("name", " ", "missing"),
        ("address", "x" * 4001, "4,001 characters"),
        ("bank_account", "a\x07b", "control characters"),
        ("business_licence", "none.pdf", "cannot be read"),
        ("business_licence", "", "missing"),
        ("power_of_attorney", "../secret", "outside"),
    ],
)
def test_table__with_a_wrong_cell__says_which(tmp_path: Path, column: str, value: str, problem: str) -> None:
    with pytest.raises(BadTable) as caught:
        read_table(table(tmp_path, 3, **{column: value}))
    (error,) = caught.value.errors
    assert (error.row, error.column) == (4, column)
    assert problem in error.problem


def test_table__that_is_none__is_refused(tmp_path: Path) -> None:
    for name, content in (("a.csv", b"\xff\xfe"), ("b.csv", b"id,kind\n"), ("c.xlsx", b"no zip"), ("d.csv", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError):
            read_table(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "e.csv").write_text(",".join(COLUMNS) + "\n")
    with pytest.raises(InputError, match="no rows"):
        read_table(tmp_path / "e.csv")


def test_registration_data__without_a_field_of_table_2__is_refused() -> None:
    whole = {name: b"x" if "l" not in name else b"y" for name in NUMBER}
    assert RegistrationData.of(Record.of(whole)).name == "x"
    del whole["bank_account"]
    with pytest.raises(InputError, match="bank_account"):
        RegistrationData.of(Record.of(whole))


def test_run__again_and_with_a_changed_row__files_nothing_twice(
    town: Town, office_ring: Keyring, tmp_path: Path
) -> None:
    registry = town.scheme.contract(StakeholderRegistry)
    before = registry.application_count()
    entities = read_table(table(tmp_path, 5))
    run_ = bulk(town, tmp_path)
    journal = Journal(tmp_path / "journal")
    assert [one.is_new for one in run_.run(entities, journal, batch=2)] == [True] * 5
    with pytest.raises(InputError, match="another run"):
        Journal(tmp_path / "journal")
    assert not any(one.is_new for one in run_.run(entities, journal))
    journal.close()
    (tmp_path / "journal").write_bytes((tmp_path / "journal").read_bytes()[:-5])  # torn in its last line
    journal = Journal(tmp_path / "journal")
    assert len(journal.done) == 4
    assert not any(one.is_new for one in bulk(town, tmp_path).run(entities, journal))
    all_stand_once(town, run_, entities, before)
    changed = read_table(table(tmp_path, 5, name="Another"))
    with pytest.raises(InputError, match=r"Row 6, E-5.*says something else"):
        list(run_.run(changed, journal))
    journal.close()
    # The office reads the record that the application carries
    root = registry.application_of(before + 5).form.record
    vault = Vault(tmp_path / "vault")
    with vault.read(f"records/{root.hex()}") as file:
        sealed = vault.key_of(file.read(), OFFICE, office_ring)
    with (tmp_path / "record").open("w+b") as file:
        vault.open(sealed, file)
    record = Record.from_bytes((tmp_path / "record").read_bytes())
    assert record.root == root
    assert RegistrationData.of(record) == entities[4].data


def test_run__whose_endpoint_is_cut__goes_on_without_loss(town: Town, office_ring: Keyring, tmp_path: Path) -> None:
    before = town.scheme.contract(StakeholderRegistry).application_count()
    entities = read_table(table(tmp_path, 20))
    proxy = Proxy(town.scheme.chain.url)
    through = Scheme(Chain(proxy.url), town.scheme.deployment)
    run_, journal, cuts = bulk(town, tmp_path, through), Journal(tmp_path / "journal"), 0
    town.scheme.chain.forget_nonces()
    while True:
        try:
            for seen, _ in enumerate(run_.run(entities, journal, batch=4), 1):
                if cuts < 2 and seen == 6:
                    cuts += 1
                    proxy.cut()
            break
        except TransportError:
            proxy.heal()
    journal.close()
    assert cuts == 2
    all_stand_once(town, run_, entities, before)


@pytest.mark.parametrize(("rows", "kills"), [(60, 2), pytest.param(5000, 5, marks=pytest.mark.full)])
def test_import__killed_midway__files_each_row_once(
    town: Town, office_ring: Keyring, tmp_path: Path, rows: int, kills: int
) -> None:
    """kill -9 of the command at different moments, against a real chain."""
    before = town.scheme.contract(StakeholderRegistry).application_count()
    path, deployed = table(tmp_path, rows), tmp_path / "deployment.json"
    town.scheme.deployment.save(deployed)
    batch = max(rows // 60, 4)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "carbon_sdk.cli",
        "registry",
        "import",
        path,
        "--vault",
        tmp_path / "vault",
    ]
    command += ["--batch", str(batch), "--fund-locally", "--rpc", town.scheme.chain.url, "--deployment", deployed]
    env = {**os.environ, "CARBON_KEY": key("master").secret().hex()}
    registry, killed = town.scheme.contract(StakeholderRegistry), 0
    while killed < kills:
        wanted = before + (killed + 1) * rows // (kills + 1)
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while registry.application_count() < wanted and process.poll() is None:
            time.sleep(0.02)
        assert process.poll() is None, "it ended before it was killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        killed += 1
    ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert f"{rows} rows" in ended.stdout
    all_stand_once(town, bulk(town, tmp_path), read_table(path), before)
    town.scheme.chain.forget_nonces()


def test_preview__of_a_table__needs_no_key_and_sends_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["registry", "import", str(table(tmp_path, 3)), "--preview", "--json"]) == 0
    assert '"E-3"' in capsys.readouterr().out
    assert run(["registry", "import", str(table(tmp_path, 3, kind="x")), "--preview"]) == 2
    assert "row 4, kind" in capsys.readouterr().err
    assert run(["registry", "template", str(tmp_path / "t.xlsx")]) == 0
