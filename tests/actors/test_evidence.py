"""Documents on a real chain: encrypted, let in, shut out, asked for, read, restored; what outsiders get."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from carbon_sdk.actors.company import AccountHolder
from carbon_sdk.actors.evidence import EvidenceHolder, office_of
from carbon_sdk.audit.existence import check
from carbon_sdk.audit.suite import open_store
from carbon_sdk.audit.tiers import NotInTier, Reductions, TieredReader, project_subject, unit_subject
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated import errors
from carbon_sdk.contracts.generated.enums import AccountKind, RequestState
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.evidence.backup import back_up, restore
from carbon_sdk.evidence.keys import Keyring
from carbon_sdk.evidence.vault import NoAccess, NotAReader, Vault
from tests.actors.conftest import Town, audited, key

LICENCE = b"business licence"


class Readers:
    """People with rings of their own around one vault."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town, self.folder = town, folder
        self.vault = Vault(folder / "vault")
        self.rings: dict[str, Keyring] = {}

    def of(self, name: str, role: Role | None = None) -> EvidenceHolder:
        holder = EvidenceHolder(self.town.scheme, self.town.signer(name))
        if role is not None:
            holder = holder.as_office(role)
        if name not in self.rings:
            self.rings[name] = Keyring(self.folder / name, "password")
            holder.register_encryption_key(self.rings[name].new())
        return holder

    def read(self, name: str, document: int, version: int | None = None, role: Role | None = None) -> bytes:
        target = io.BytesIO()
        self.of(name, role).get(self.vault, self.rings[name], document, target, version=version)
        return target.getvalue()


@pytest.fixture
def readers(town: Town, tmp_path: Path) -> Readers:
    found = Readers(town, tmp_path)
    found.of("registry-operator", Role.REGISTRY_OPERATOR)
    return found


def test_document__granted_for_a_time__is_read_until_then_and_every_reading_recorded(
    readers: Readers, tmp_path: Path
) -> None:
    """R-TRC-2, R-ACC-6: a named party reads until the grant ends; the audit knows who read."""
    town, works = readers.town, readers.of("works")
    trader = readers.of("trader")
    document = works.put(readers.vault, LICENCE, office=Role.REGISTRY_OPERATOR)
    assert readers.read("works", document) == LICENCE
    assert readers.read("registry-operator", document, role=Role.REGISTRY_OPERATOR) == LICENCE
    with pytest.raises(NoAccess, match="no grant"):
        readers.read("trader", document)
    until = town.clock.now() + 86_400
    works.grant(readers.vault, readers.rings["works"], document, trader.party, until)
    assert readers.read("trader", document) == LICENCE
    assert works.document(document).readers == (trader.party,)
    assert trader.numbers() == [document]
    checks = audited(town, tmp_path)
    assert checks["evidence"] >= 8
    town.clock.travel_to(until)
    with pytest.raises(NoAccess, match="grant ended"):
        readers.read("trader", document)
    assert trader.numbers() == []
    assert works.tidy(readers.vault) == 1


def test_withdrawn_reader__of_the_next_version__gets_no_key(readers: Readers) -> None:
    """R-ID-7: a withdrawn recipient cannot read later versions, with the vault's files in hand either."""
    works, trader = readers.of("works"), readers.of("trader")
    document = works.put(readers.vault, b"version 1")
    works.grant(readers.vault, readers.rings["works"], document, trader.party)
    assert readers.read("trader", document) == b"version 1"
    assert works.withdraw(readers.vault, document, trader.party, "sale is off") == 1
    assert works.put_version(readers.vault, document, b"version 2") == 2
    latest = works.document(document).versions[-1]
    with pytest.raises(NoAccess):
        readers.read("trader", document)
    with pytest.raises(NotAReader):
        readers.vault.key_of(latest, trader.party, readers.rings["trader"])
    assert readers.read("works", document) == b"version 2"
    assert readers.read("works", document, 1) == b"version 1"


def test_rotated_encryption_key__reads_old_and_new(readers: Readers) -> None:
    works, ring = readers.of("works"), readers.rings["works"]
    document = works.put(readers.vault, b"under the first key")
    assert works.register_encryption_key(ring.new()).result == 2
    assert works.put_version(readers.vault, document, b"under the second key") == 2
    assert readers.read("works", document, 1) == b"under the first key"
    assert readers.read("works", document, 2) == b"under the second key"


def test_request__answered__gives_the_key_or_not(readers: Readers) -> None:
    works, trader = readers.of("works"), readers.of("trader")
    document = works.put(readers.vault, LICENCE)
    first = trader.request_access(document, "to buy its units").result
    assert [one.number for one in works.requests()] == [first]
    works.answer(readers.vault, readers.rings["works"], first, False, "not for sale")
    assert works.requests() == []
    assert [one.state for one in trader.requests(open_only=False)] == [RequestState.REFUSED]
    second = trader.request_access(document, "to buy after all").result
    until = readers.town.clock.now() + 3600
    works.answer(readers.vault, readers.rings["works"], second, True, "for sale", until)
    assert readers.read("trader", document) == LICENCE
    with pytest.raises(InputError, match="no request"):
        works.answer(readers.vault, readers.rings["works"], 9, True, "none")


def test_applicants_documents__before_and_after_approval__stay_readable(readers: Readers) -> None:
    """R-ID-3: filed with the key that was just made, before there is an account."""
    applicant = readers.of("newcomer")
    document = applicant.put(readers.vault, LICENCE, office=Role.REGISTRY_OPERATOR)
    assert readers.read("registry-operator", document, role=Role.REGISTRY_OPERATOR) == LICENCE
    account = readers.town.open("newcomer", AccountKind.TRADER)
    assert applicant.party == account
    assert readers.read("newcomer", document) == LICENCE
    applicant.register_encryption_key(readers.rings["newcomer"].new())
    assert applicant.put_version(readers.vault, document, b"renewed licence") == 2
    assert readers.read("newcomer", document) == b"renewed licence"
    # Who filed it may be dismissed: its own key gets no later version.
    first, second = applicant.document(document).versions
    assert applicant.address in readers.vault.readers(first)
    assert applicant.address not in readers.vault.readers(second)


def test_party__without_an_encryption_key__is_told_before_anything_is_stored(town: Town, tmp_path: Path) -> None:
    works = EvidenceHolder(town.scheme, key("works"))
    with pytest.raises(InputError, match="no encryption key"):
        works.put(Vault(tmp_path / "vault"), LICENCE)
    assert not (tmp_path / "vault").exists()
    works.register_encryption_key(Keyring(tmp_path / "ring", "password").new())
    with pytest.raises(InputError, match=office_of(Role.REGULATOR)):
        works.put(Vault(tmp_path / "vault"), LICENCE, office=Role.REGULATOR)
    with pytest.raises(errors.CommitmentMissing):
        works.file_document(bytes(32))


def test_verify__damaged_in_the_vault__names_the_document(readers: Readers) -> None:
    works, ring = readers.of("works"), readers.rings["works"]
    good, bad = works.put(readers.vault, b"good"), works.put(readers.vault, b"bad")
    path = readers.folder / "vault" / "documents" / works.document(bad).versions[0].hex()
    path.write_bytes(path.read_bytes()[:-1])
    found = {one.document: one for one in works.verify(readers.vault, ring)}
    assert (found[good].problem, found[good].size) == ("", 4)
    assert "altered" in found[bad].problem


def test_restored_vault__after_a_withdrawal__gives_the_withdrawn_no_key(readers: Readers) -> None:
    """A backup from before a withdrawal brings the reader's key back; tidying by the chain's word takes it."""
    works, trader = readers.of("works"), readers.of("trader")
    document = works.put(readers.vault, LICENCE)
    works.grant(readers.vault, readers.rings["works"], document, trader.party)
    back_up(readers.vault, readers.folder / "kept", 1)
    works.withdraw(readers.vault, document, trader.party, "cause")
    restored = Vault(readers.folder / "restored")
    restore(readers.folder / "kept", restored)
    commitment = works.document(document).versions[0]
    assert restored.readers(commitment) == sorted([works.party, trader.party])
    assert works.tidy(restored) == 1
    assert restored.readers(commitment) == [works.party]


VERBS = {
    "replace_document": (1, b"1" * 32),
    "grant_access": (1, office_of(Role.REGISTRY_OPERATOR)),
    "withdraw_access": (1, office_of(Role.REGISTRY_OPERATOR), "cause"),
    "answer_request": (1, True, "reasons"),
    "record_reading": (1, 1),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_stranger__with_anothers_document__is_refused(readers: Readers, verb: str) -> None:
    works = readers.of("works")
    works.put(readers.vault, LICENCE)
    readers.of("trader").request_access(1, "purpose")
    for name in ("stranger", "trader"):
        other = EvidenceHolder(readers.town.scheme, readers.town.signer(name))
        with pytest.raises(NotPermitted):
            getattr(other, verb)(*VERBS[verb])


def test_an_office__by_one_who_is_not_of_it__is_refused(readers: Readers) -> None:
    readers.of("works").put(readers.vault, LICENCE)
    for name in ("stranger", "works"):
        office = EvidenceHolder(readers.town.scheme, readers.town.signer(name)).as_office(Role.REGULATOR)
        with pytest.raises(NotPermitted):
            office.register_encryption_key(b"1" * 32)
        with pytest.raises(NotPermitted):
            office.file_document(b"2" * 32)
        with pytest.raises(NotPermitted):
            office.request_access(1, "purpose")


def test_proof_of_a_units_origin__only_with_the_holders_grant_and_until_it_ends(
    readers: Readers, tmp_path: Path, sold: Callable[[str, int], None]
) -> None:
    """R-ACC-6: an intended buyer sees where a unit comes from when its holder lets it, and no longer."""
    town = readers.town
    sold("works", 20)
    unit, serial = int(town.allowance), 5
    works, trader = readers.of("works"), readers.of("trader")
    store = open_store(tmp_path / "store.sqlite")
    histories = town.scheme.histories(store)
    with pytest.raises(NotInTier):
        TieredReader(histories, trader.reader()).life(unit, serial)
    ring, until = readers.rings["works"], town.clock.now() + 3600
    with pytest.raises(InputError, match="only its holder grants"):
        trader.prove_unit(readers.vault, readers.rings["trader"], histories, unit, serial, works.party, until)
    document = works.prove_unit(readers.vault, ring, histories, unit, serial, trader.party, until)
    certificate = readers.read("trader", document)
    assert check(certificate, ledger=town.scheme.deployment.address_of("InstrumentLedger")) == []
    assert len(TieredReader(histories, trader.reader()).life(unit, serial)) >= 1
    with pytest.raises(NotInTier):
        TieredReader(histories, trader.reader()).life(unit, serial + 1)
    # A grant by one who does not hold the unit opens nothing
    treasury = readers.of("treasury")
    forged = treasury.put(readers.vault, b"forged", subject=unit_subject(unit, serial + 1))
    treasury.grant(readers.vault, readers.rings["treasury"], forged, trader.party)
    with pytest.raises(NotInTier):
        TieredReader(histories, trader.reader()).life(unit, serial + 1)
    town.clock.travel_to(until)
    with pytest.raises(NoAccess):
        readers.read("trader", document)
    with pytest.raises(NotInTier):
        TieredReader(histories, trader.reader()).life(unit, serial)


def test_proof_of_reductions__of_anothers_project__is_not_given(readers: Readers) -> None:
    works, trader = readers.of("works"), readers.of("trader")
    until, ring = readers.town.clock.now() + 60, readers.rings["works"]
    own = Reductions(1, works.party, 95, 90, ((1, 2, 95, 90),))
    document = works.prove_reductions(readers.vault, ring, own, trader.party, until)
    assert b'"verified":95' in readers.read("trader", document)
    assert (project_subject(1), works.party) in trader.reader().grants
    with pytest.raises(InputError, match="only its proponent"):
        trader.prove_reductions(readers.vault, readers.rings["trader"], own, works.party, until)


def test_applications__of_a_key__are_listed_with_their_state(town: Town) -> None:
    """R-TBL-4"""
    applicant = AccountHolder(town.scheme, town.signer("newcomer"))
    assert applicant.applications() == ()
    number = applicant.apply_for_account(AccountKind.TRADER, "record").result
    assert [(one.what, one.id, one.state) for one in applicant.applications()] == [("account", number, "filed")]
    town.registrar.return_for_correction(number, "the licence is not legible")
    assert applicant.applications()[0].state == "returned for correction"
    applicant.amend_application(number, AccountKind.TRADER, "better record")
    assert applicant.applications()[0].state == "filed"
    town.registrar.approve(number, town.credentials("newcomer", town.registrar.application(number).account))
    newcomer = town.company("newcomer")
    town.bank.record_deposit(newcomer.account, 500, "deposit of the newcomer")
    newcomer.name_payout("bank account")
    town.clock.advance(30 * 86_400)
    withdrawal = newcomer.withdraw(100).result
    states = {(one.what, one.id): one.state for one in newcomer.applications()}
    assert states == {("account", number): "approved", ("withdrawal", withdrawal): "filed"}
    newcomer.cancel_withdrawal(withdrawal)
    assert newcomer.applications()[-1].state == "withdrawn"
    assert [one.what for one in town.company("works").applications()] == ["account"]


def test_commands__from_key_to_restore__do_what_they_say(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    town.scheme.deployment.save(tmp_path / "deployment.json")
    where = ["--rpc", town.scheme.chain.url, "--deployment", str(tmp_path / "deployment.json"), "--json"]
    monkeypatch.setenv("CARBON_PASSWORD", "password")
    monkeypatch.setenv("CARBON_VAULT", str(tmp_path / "vault"))

    def carbon(name: str, *words: object, ring: bool = False, code: int = 0, chain: bool = True) -> Any:
        monkeypatch.setenv("CARBON_KEY", key(name).secret().hex())
        town.scheme.chain.forget_nonces()
        own = ["--keyring", str(tmp_path / f"ring of {name}")] if ring else []
        last = where if chain else ["--json"]
        assert run(["evidence", *map(str, words), *own, *last]) == code, capsys.readouterr().err
        told = capsys.readouterr().out
        return orjson.loads(told) if told else None

    for name in ("works", "trader"):
        carbon(name, "register-key", ring=True)
    trader = town.company("trader").account
    paper, back = tmp_path / "licence.pdf", tmp_path / "back.pdf"
    paper.write_bytes(LICENCE)
    number = carbon("works", "put", paper)["document"]
    carbon("trader", "get", number, back, ring=True, code=2)
    assert not list(tmp_path.glob("back*"))
    asked = carbon("trader", "request", number, "to buy")["request"]
    assert carbon("works", "requests")[0]["number"] == asked
    carbon("works", "answer", asked, "refuse", "not now", ring=True)
    assert carbon("works", "requests") == []
    assert len(carbon("works", "requests", "--all")) == 1
    carbon("works", "grant", number, trader, ring=True)
    assert carbon("trader", "get", number, back, ring=True)["size"] == len(LICENCE)
    assert back.read_bytes() == LICENCE
    carbon("trader", "get", number, back, ring=True, code=2)  # it exists
    kept = carbon("works", "backup", tmp_path / "kept", chain=False)["at"]
    assert carbon("works", "withdraw", number, trader, "the sale is off")["keys_removed"] == 1
    assert carbon("works", "put", paper, "--document", number)["version"] == 2
    assert [one["problem"] for one in carbon("works", "verify", ring=True)] == ["", ""]
    assert carbon("works", "list")[0]["number"] == number
    monkeypatch.setenv("CARBON_VAULT", str(tmp_path / "restored"))
    assert carbon("works", "restore", tmp_path / "kept", "--at", kept, chain=False)["files"] == 3
    assert carbon("works", "tidy")["keys_removed"] == 1
    assert carbon("works", "verify", ring=True, code=3)[1]["problem"] != ""  # version 2 came after the backup
