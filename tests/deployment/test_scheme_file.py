"""Scheme and roles files: what is wrong is said in one line, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from carbon_sdk.actors.values import Label
from carbon_sdk.contracts.generated.enums import AccountKind, BusinessHours, Counterparty
from carbon_sdk.contracts.generated.structs import Calendar
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.roles_file import load_roles
from carbon_sdk.deployment.scheme_file import LABELS, load_scheme
from carbon_sdk.deployment.transfer_tables import sets_of
from carbon_sdk.errors import InputError
from tests.deployment.conftest import ROLES, SCHEME


def changed(tmp_path: Path, old: str, new: str, source: Path = SCHEME) -> Path:
    text = source.read_text()
    assert old in text
    target = tmp_path / source.name
    target.write_text(text.replace(old, new, 1))
    policies = tmp_path / "schemes" / "policies"
    policies.mkdir(parents=True)
    for policy in (SCHEME.parent / "policies").iterdir():
        (policies / policy.name).write_text(policy.read_text())
    return target


def test_load_scheme__as_shipped__gives_the_contracts_numbers() -> None:
    rules = load_scheme(SCHEME)
    market = rules.market(rules.file.markets[0])
    assert (market.tick_mantissa, market.tick_exponent) == (1, 0)
    assert (market.lowest, market.highest) == (1000, 15000)
    assert rules.instrument("UKA21").vintage == 2021
    board, blocks = rules.board(rules.file.boards[0]), rules.block_market(rules.file.block_markets[0])
    assert (board.tick_size, board.lowest, board.highest, board.taker_fee) == (1, 1000, 15000, 1)
    assert (blocks.opens, blocks.closes, blocks.weekdays, blocks.longest_delay) == (28_800, 61_200, 31, 864_000)
    assert rules.main_money.series == 826
    assert rules.file.scheme.region("Wales") == 3


def test_load_scheme__with_labels_for_credits__gives_their_bits(tmp_path: Path) -> None:
    assert load_scheme(SCHEME).file.credits.required_bits == 0
    path = changed(tmp_path, "required_labels = []", 'required_labels = ["compliance", "removal"]')
    assert load_scheme(path).file.credits.required_bits == Label.COMPLIANCE | Label.REMOVAL
    assert [Label[name.upper().replace("-", "_")] for name in LABELS] == [Label(1 << bit) for bit in range(len(LABELS))]


@pytest.mark.parametrize(
    ("old", "new", "has_line", "words"),
    [
        ("current_year = 2021", "curent_year = 2021", True, "no such key"),
        ("least_lots = 1", "least_lot = 1", True, "no such key"),
        ("number = 826 ", "", False, "missing"),
        ("cap_tonnes = 155671581", "cap_tonnes = -1", False, "greater than or equal to 0"),
        ("cap_tonnes = 155671581", "cap_tonnes = 1.5", False, "valid integer"),
        ("cap_tonnes = 155671581", "cap_tonnes = 1", False, "more than the cap"),
        ("required_labels = []", 'required_labels = ["voluntary-only"]', False, "Input should be"),
        ('tick = "0.01"', 'tick = "0.001"', False, "decimals"),
        ('penalty_per_tonne = "100.00"', "penalty_per_tonne = 100.0", False, "valid string"),
        ('instrument = "UKA21"', 'instrument = "UKA22"', False, "not defined"),
        ("2022-04-30T23:59:59+01:00", "2022-04-30T23:59:59", False, "offset from UTC"),
        ('opens = "08:00"', 'opens = "18:00"', False, "hours lie within one civil day"),
        ('closes = "17:00"', 'closes = "25:00"', False, "pattern"),
        ('weekdays = ["mon"', 'weekdays = ["monday"', False, "mon"),
        ('reference_price = "50.00"', 'reference_price = "50.001"', False, "decimals"),
        ('name = "UKA21 blocks"\ninstrument = "UKA21"', 'name = "x"\ninstrument = "UKA9"', False, "not defined"),
        ('uri = "schemes/policies/registration.md"', 'uri = "nowhere.md"', False, "nowhere.md"),
        ("trust_approvals = 2", "trust_approval = 2", True, "no such key"),
        ("trust_approvals = 2", "trust_approvals = 3", True, "less than or equal to 2"),
        ("opens = 10:00:00", "opens = 17:00:00", False, "before they begin"),
        ('units = "units"', 'units = "other"', False, "no transfer_types"),
        ('receivers = ["government"]', 'receivers = ["goverment"]', False, "'operator'"),
        ("expiry_days = 30", "cancellable_hours = 26", False, "give expiry_days"),
        ('[transfers]\nunits = "units"', '[transfer]\nunits = "units"', False, "no such key"),
    ],
)
def test_load_scheme__with_a_mistake__names_file_line_and_key(
    tmp_path: Path, old: str, new: str, has_line: bool, words: str
) -> None:
    path = changed(tmp_path, old, new)
    with pytest.raises(InputError) as caught:
        load_scheme(path)
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    if has_line:
        written = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if text.startswith(new[:9]))
        assert f"{path}:{written}:" in message


def test_load_scheme__as_shipped__gives_the_contracts_transfer_types() -> None:
    file = load_scheme(SCHEME).file
    assert file.transfers is not None
    sets = sets_of(file.transfers, file.transfer_types)
    assert list(sets) == ["units", "money"]
    to_authority, _, listed, others = sets["units"]
    assert (to_authority.to_kinds, to_authority.forbidding) == (1 << AccountKind.GOVERNMENT, 0)
    assert (listed.counterparty, listed.approvals, listed.delay) == (Counterparty.LISTED, 1, 0)
    assert (others.approvals, others.working_days, others.within) == (2, 1, BusinessHours.EXECUTED)
    assert others.expiry == 30 * 86_400
    assert file.transfers.calendar == Calendar(0, 36_000, 57_600, 0b0011111)
    assert file.transfers.holiday_numbers[0] == 18_628
    with pytest.raises(ValueError, match="need a table transfers"):
        sets_of(None, file.transfer_types)
    assert sets_of(None, ()) == {}


def test_load_scheme__that_is_not_there__says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_scheme(tmp_path / "none.toml")


def test_load_scheme__that_is_no_toml__says_so(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[scheme\n")
    with pytest.raises(InputError, match="not valid TOML"):
        load_scheme(path)


def test_load_roles__as_shipped__has_every_office_of_the_suite() -> None:
    members = load_roles(ROLES).members
    assert set(members) == set(Role) - {Role.REGIONAL_AUTHORITY}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("administrator =", "administator =", "is no role"),
        (
            'administrator = ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"]',
            "administrator = []",
            "nobody is administrator",
        ),
        (
            "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
            "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
            "upgrader and rollback",
        ),
        ("0x15d34AAf", "0x15d34Aaf", "mistyped"),
    ],
)
def test_load_roles__with_a_mistake__is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_roles(changed(tmp_path, old, new, ROLES))
