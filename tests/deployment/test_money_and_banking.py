"""A scheme file's moneys, tokens and banking rules: what is wrong is said, and what is right is deployed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import Sender
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.generated.banking import Banking
from carbon_sdk.contracts.generated.cash_desk import CashDesk
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import RoleHolders
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.errors import InputError
from tests.conftest import creation
from tests.deployment.test_scheme_file import changed

NEXT = """
[[instruments]]
name = "UKA22"
class = "allowance"
vintage = 2022

[[instruments]]
name = "CREDIT"
class = "credit"
vintage = 2021
project = 7
"""
BANKING = """
[[banking]]
from = "UKA21"
to = "UKA22"
opens = 2022-01-01T00:00:00Z
closes = 2022-06-01T00:00:00Z
lapses = true
base_tonnes = 10000
net_sales_basis_points = 15000
holding_basis_points = 5000
total_tonnes = 1000000
"""
EURO = """
[[moneys]]
name = "EUR"
iso_number = 978
decimals = 2
"""
TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
MARKETS = "[[markets]]"


def with_tables(tmp_path: Path, *tables: str) -> Path:
    return changed(tmp_path, MARKETS, "\n".join([*tables, MARKETS]))


# @requirement R-AST-5
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('to = "UKA22"', 'to = "UKA23"', "UKA23, which is not defined"),
        ('to = "UKA22"', 'to = "UKA21"', "UKA21 cannot become UKA21"),
        ('to = "UKA22"', 'to = "CREDIT"', "UKA21 cannot become CREDIT"),
        ("2022-06-01", "2021-06-01", "must open before it closes"),
        ("base_tonnes = 10000\n", "", "go together"),
        ("holding_basis_points = 5000", "holding_basis_points = 10001", "less than or equal to 10000"),
        ("lapses = true\n", "", "missing"),
        ("total_tonnes", "total_tons", "no such key"),
        ("[[banking]]", BANKING + "[[banking]]", "banking has UKA21 twice"),
    ],
)
def test_banking_tables__with_a_mistake__are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in BANKING
    with pytest.raises(InputError, match=words):
        load_scheme(with_tables(tmp_path, NEXT, BANKING.replace(old, new, 1)))


# @requirement R-TRD-8
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("978", "826", "moneys has 826 twice"),
        ('"EUR"', '"GBP"', "moneys has GBP twice"),
        ("decimals = 2", "decimals = 19", "less than or equal to 18"),
        ("decimals = 2", 'decimals = 2\ntoken = "0x12"', "token"),
    ],
)
def test_moneys__with_a_mistake__are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_scheme(with_tables(tmp_path, EURO.replace(old, new, 1)))


def test_moneys__of_one_token_twice__are_refused(tmp_path: Path) -> None:
    tables = [f'{EURO}token = "{TOKEN}"', EURO.replace("EUR", "USD").replace("978", "840") + f'token = "{TOKEN}"']
    with pytest.raises(InputError, match="twice"):
        load_scheme(with_tables(tmp_path, *tables))


# @requirement R-AST-5 R-TRD-8
def test_deploy__with_a_token_as_main_money_and_a_banking_rule__sets_both(
    clockwork: Callable[[], Chain],
    compiled: Callable[[str, str], dict[str, object]],
    holders: RoleHolders,
    deployer: LocalSigner,
    tmp_path: Path,
) -> None:
    chain = clockwork()
    token = (
        Sender(chain, deployer)
        .do(creation(compiled("Tokens.sol", "TestToken"), (2).to_bytes(32, "big")))
        .receipt.created
    )
    path = with_tables(tmp_path, NEXT, BANKING, EURO)
    money = f'payout_delay_hours = 24\ntoken = "{token}"\ntoken_hold_hours = 48'
    path.write_text(path.read_text().replace("payout_delay_hours = 24", money, 1))
    rules = load_scheme(path)
    outcome = deploy(chain, deployer, rules, holders, tmp_path / "journal.json")
    desk = CashDesk(chain, outcome.deployment.address_of("CashDesk"))
    assert desk.backing_of(int(rules.main_money)).token == token
    assert desk.hold() == 48 * 3600
    euro = outcome.deployment.instruments["EUR"]
    assert desk.reconcile_of(euro).agrees
    banking = Banking(chain, outcome.deployment.address_of("Banking"))
    rule = banking.rule_of(banking.rule_for(outcome.deployment.instruments["UKA21"]))
    assert rule.terms.to == outcome.deployment.instruments["UKA22"]
    assert (rule.terms.by_sales, rule.terms.base, rule.terms.multiplier) == (True, 10_000, 15_000)
    assert (rule.terms.by_holding, rule.terms.share, rule.terms.most) == (True, 5000, 1_000_000)
    assert rule.terms.lapses
