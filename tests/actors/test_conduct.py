"""The credit record on a real chain: failed blocks, manipulation, what they bar, appeals, decay; audited at the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carbon_sdk.actors.market_rules import RiskOfficer
from carbon_sdk.actors.services import ServiceRegulator
from carbon_sdk.actors.values import Restriction
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import BlockState, CreditTier, EntryState
from carbon_sdk.contracts.generated.errors import (
    AccountRestricted,
    AppealTooLate,
    NotForOfficers,
    NothingToExtend,
    SecondOfficerNeeded,
    WrongEntryState,
)
from carbon_sdk.contracts.generated.structs import TierTerms
from carbon_sdk.deployment.misconduct import Misconduct
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.identifiers import Side
from tests.actors.conftest import Town, audited, key

DAY = 86_400


def failed_block(floor: Town) -> bytes:
    """A block of which the works have not the units."""
    works, trader = floor.company("works"), floor.company("trader")
    due = floor.clock.now() + 2 * DAY
    held = works.view.holding(floor.allowance).free
    block = trader.propose_block(1, Side.BUY, works.account, 10_000, 4800, settle_at=due).result
    works.confirm_block(block)
    works.sell(1, held, 5900)  # away into the book
    floor.clock.travel_to(due + DAY)
    trader.settle_block(block)
    assert floor.scheme.public.block(block).state is BlockState.FAILED
    return block


def officers(floor: Town) -> tuple[RiskOfficer, ServiceRegulator]:
    return floor.scheme.risk_officer(key("risk-manager")), floor.scheme.service_regulator(key("service-regulator"))


# @requirement R-TRD-7
def test_a_failed_block__bars_the_very_next_act_until_it_has_decayed(floor: Town, tmp_path: Path) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    block = failed_block(floor)
    record = works.credit_record()
    assert (record.tier, record.score, record.restrictions) == (CreditTier.B, 20, Restriction.NO_TRADE)
    assert [(entry.kind, entry.state, entry.cause) for entry in record.entries] == [
        (Misconduct.LACKED, EntryState.STANDING, block)
    ]
    for act in (
        lambda: works.buy(1, 1, 4000),
        lambda: works.list_quote(1, Side.BUY, 100, 4900),
        lambda: works.propose_block(1, Side.BUY, trader.account, 10_000, 4800),
    ):
        with pytest.raises(AccountRestricted):
            act()
    assert trader.credit_record().entries == ()
    trader.buy(1, 1, 4000)

    floor.clock.travel_to(floor.clock.now() + 10 * DAY)
    assert not works.credit_record().written, "time alone writes nothing"
    works.buy(1, 1, 4000)  # and ends the bar all the same
    (tmp_path / "lapsed").mkdir()
    audited(floor, tmp_path / "lapsed")
    trader.refresh_credit(works.account)
    assert works.credit_record().written
    works.buy(1, 1, 4000)
    checks = audited(floor, tmp_path)
    assert checks["credit"] >= 18


def test_manipulation__accused_confirmed_appealed_annulled__is_all_told(floor: Town, tmp_path: Path) -> None:
    trader = floor.company("trader")
    risk, supervisor = officers(floor)
    accusation = risk.accuse(trader.account, Misconduct.MANIPULATION, "layering on 12 January").result
    trader.buy(1, 1, 4000)  # an accusation is no entry
    with pytest.raises(NotForOfficers):
        risk.accuse(trader.account, Misconduct.LACKED, "evidence")
    entry = supervisor.confirm_accusation(accusation, "seen").result
    with pytest.raises(AccountRestricted):
        trader.buy(1, 1, 4000)
    assert floor.scheme.public.credit_record(trader.account).tier is CreditTier.C
    assert floor.scheme.public.credit_record(trader.account).entries[0].confirmer == supervisor.address

    trader.appeal_entry(entry, "grounds")
    with pytest.raises(WrongEntryState):
        trader.appeal_entry(entry, "again")
    floor.regulator.decide_appeal(trader.account, entry, True, "the orders were an error of the platform")
    trader.buy(1, 1, 4000)
    told = trader.credit_record()
    assert (told.tier, told.score, told.restrictions) == (CreditTier.A, 0, Restriction.NONE)
    assert [one.state for one in told.entries] == [EntryState.ANNULLED, EntryState.COMPENSATION]
    assert told.entries[1].compensates == 1

    other = risk.accuse(trader.account, Misconduct.MANIPULATION, "another").result
    supervisor.dismiss_accusation(other, "no evidence")
    third = risk.accuse(trader.account, Misconduct.MANIPULATION, "a third").result
    risk.withdraw_accusation(third, "an error")
    assert len(trader.credit_record().entries) == 2
    assert audited(floor, tmp_path)["accusations"] >= 12


def test_an_appeal__late_or_before_who_took_part__is_refused(floor: Town, tmp_path: Path) -> None:
    trader = floor.company("trader")
    risk, supervisor = officers(floor)
    administrator = floor.scheme.security_authority(key("administrator"))
    administrator.grant(Role.SERVICE_REGULATOR, risk.address)
    administrator.grant(Role.REGULATOR, supervisor.address)
    accusation = risk.accuse(trader.account, Misconduct.MANIPULATION, "evidence").result
    with pytest.raises(SecondOfficerNeeded):
        floor.scheme.service_regulator(key("risk-manager")).confirm_accusation(accusation, "by myself")
    supervisor.confirm_accusation(accusation, "seen")
    supervisor.confirm_accusation(risk.accuse(trader.account, Misconduct.MANIPULATION, "more").result, "seen")
    trader.appeal_entry(1, "grounds")
    with pytest.raises(SecondOfficerNeeded):
        floor.scheme.regulator(key("service-regulator")).decide_appeal(trader.account, 1, False, "mine")
    floor.regulator.decide_appeal(trader.account, 1, False, "it stands")
    floor.clock.travel_to(floor.clock.now() + 28 * DAY)
    with pytest.raises(AppealTooLate):
        trader.appeal_entry(2, "late")
    with pytest.raises(NotPermitted):
        floor.company("stranger").appeal_entry(2, "not mine")
    with pytest.raises(InputError, match="no account"):
        floor.company("stranger").credit_record()
    assert trader.credit_record().tier is CreditTier.D
    audited(floor, tmp_path)


def test_an_owners_other_accounts__are_barred_with_the_worst__and_freed_with_it(floor: Town, tmp_path: Path) -> None:
    trader, broker = floor.company("trader"), floor.company("broker")
    risk, supervisor = officers(floor)
    for case in ("one", "two"):
        supervisor.confirm_accusation(risk.accuse(trader.account, Misconduct.MANIPULATION, case).result, "seen")
    with pytest.raises(NothingToExtend):
        broker.extend_restrictions(trader.account, [broker.account])
    for name in ("trader", "broker"):
        floor.registrar.set_owner(floor.company(name).account, 7, "one group")
    floor.company("works").extend_restrictions(trader.account, [broker.account])
    with pytest.raises(AccountRestricted):
        broker.buy(1, 1, 4000)
    assert broker.credit_record().source == trader.account
    with pytest.raises(InputError, match="16"):
        broker.extend_restrictions(trader.account, [broker.account] * 17)
    tiers = [TierTerms(20, 0, 0), TierTerms(40, 0, 0), TierTerms(500, 0, 0)]
    floor.regulator.set_credit_tiers(tiers)
    broker.refresh_credit(broker.account)
    broker.buy(1, 1, 4000)
    audited(floor, tmp_path)


# @requirement R-TRD-7
def test_the_watch__keeps_records_by_itself__and_reaches_the_owners_other_accounts(
    floor: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = floor.scheme.deployment.save(tmp_path / "deployment.json")
    trader, broker = floor.company("trader"), floor.company("broker")
    risk, supervisor = officers(floor)
    for name in ("trader", "broker"):
        floor.registrar.set_owner(floor.company(name).account, 7, "one group")
    for case in ("one", "two"):
        supervisor.confirm_accusation(risk.accuse(trader.account, Misconduct.MANIPULATION, case).result, "seen")

    def watch(*options: str) -> list[dict[str, object]]:
        monkeypatch.setenv("CARBON_TEST_KEY", "0x" + key("risk-manager")._key.secret.hex())  # type: ignore[attr-defined]
        where = ["--rpc", floor.scheme.chain.url, "--deployment", str(file), "--key-env", "CARBON_TEST_KEY"]
        words = ["platform", "watch", *where, "--once", "--state", str(tmp_path / "watch.json"), "--json", *options]
        assert run(words) in (0, 3), capsys.readouterr().err
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [one for one in told if "account" in one]

    broker.buy(1, 1, 4000)
    (told,) = watch()
    assert (told["account"], told["source"], told["acted"]) == (broker.account, trader.account, None)
    broker.buy(1, 1, 4000)  # told, not done
    (told,) = watch("--act")
    assert told["account"] == broker.account
    assert told["acted"]
    with pytest.raises(AccountRestricted):
        broker.buy(1, 1, 4000)
    assert watch("--act") == [], "once"

    floor.clock.travel_to(floor.clock.now() + 1100 * DAY)
    assert {one["account"] for one in watch("--act")} >= {trader.account, broker.account}
    for company in (trader, broker):
        record = company.credit_record()
        assert (record.tier, record.restrictions, record.written) == (CreditTier.A, Restriction.NONE, True)
    assert broker.credit_record().source is None
    assert watch("--act") == []
    audited(floor, tmp_path)


def test_kinds__of_the_regulators_own__are_reported_by_who_is_appointed(floor: Town, tmp_path: Path) -> None:
    floor.regulator.set_conduct_kind(
        64, 5, 30, restrictions=Restriction.NO_TRANSFER, barred_for=3, appeal_within=7, by_officers=True
    )
    risk, supervisor = officers(floor)
    trader = floor.company("trader")
    supervisor.confirm_accusation(risk.accuse(trader.account, 64, "evidence").result, "seen")
    entry = trader.credit_record().entries[0]
    assert (entry.kind, entry.points, entry.restrictions) == (64, 5, Restriction.NO_TRANSFER)
    with pytest.raises(InputError, match="three"):
        floor.regulator.set_credit_tiers([])
    administrator = floor.scheme.security_authority(key("administrator"))
    administrator.appoint_reporter(Misconduct.DEFAULTED_BID, trader.account)
    audited(floor, tmp_path)


# @requirement R-TRD-7
def test_commands__accuse_confirm_appeal_decide__as_the_sdk(
    floor: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = floor.scheme.deployment.save(tmp_path / "deployment.json")
    account = floor.company("trader").account

    def carbon(who: str, *words: str) -> object:
        monkeypatch.setenv("CARBON_TEST_KEY", "0x" + key(who)._key.secret.hex())  # type: ignore[attr-defined]
        where = ["--rpc", floor.scheme.chain.url, "--deployment", str(file), "--key-env", "CARBON_TEST_KEY", "--json"]
        assert run([*words[:2], *where, *words[2:]]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    carbon("risk-manager", "risk", "accuse", account, "manipulation", "evidence")
    carbon("service-regulator", "supervision", "confirm-accusation", "1", "seen")
    told = carbon("trader", "company", "credit-record")
    assert isinstance(told, dict)
    assert (told["tier"], told["score"], told["entries"][0]["kind"]) == ("C", 60, "MANIPULATION")
    carbon("trader", "company", "appeal-entry", "1", "grounds")
    carbon("regulator", "regulator", "decide-appeal", account, "1", "no", "it stands")
    carbon("regulator", "regulator", "set-conduct-kind", "late-surrender", "5", "100", "--appeal-within", "10")
    told = carbon("trader", "company", "credit-record")
    assert isinstance(told, dict)
    assert told["entries"][0]["state"] == "UPHELD"
