"""A scheme whose main money is a token of 18 decimals: deposited, traded with, withdrawn, audited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Function
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.sender import Sender
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import checked_holders
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.identifiers import InstrumentId
from carbon_sdk.identity.x509 import DevelopmentAuthority
from carbon_sdk.scheme import Scheme
from carbon_sdk.units import money
from tests.actors.conftest import BIRTH, ROOT, YEAR, Town, key
from tests.conftest import creation

_MINT = Function.of("TestToken", "mint(address,uint256)", ["to", "amount"], [], lambda _: None)


def coins(text: str) -> int:
    return money(text, 18)


# @requirement R-TRD-8 R-TBL-3
def test_a_market_in_tokens__trades_and_pays_out(
    compiled: Callable[[str, str], dict[str, object]], tmp_path: Path, monkeypatch, capsys
) -> None:
    with Anvil(timestamp=BIRTH) as anvil:
        chain = Chain(anvil.url)
        clock = Clock(chain)
        chain.endpoint.request("anvil_setBlockTimestampInterval", 1)
        for name in ["deployer", "certification-authority", *(role.label for role in Role)]:
            clock.fund(key(name).address)
        deployer = Sender(chain, key("deployer"))
        code = creation(compiled("Tokens.sol", "TestToken"), (18).to_bytes(32, "big"))
        token = deployer.do(code).receipt.created
        assert token is not None
        text = (ROOT / "schemes" / "uk-ets.toml").read_text()
        text = text.replace("decimals = 2\n", f'decimals = 18\ntoken = "{token}"\ntoken_hold_hours = 1\n', 1)
        (tmp_path / "scheme.toml").write_text(text.replace('"schemes/policies', f'"{ROOT}/schemes/policies'))
        holders = checked_holders({role: (key(role.label).address,) for role in Role})
        rules = load_scheme(tmp_path / "scheme.toml")
        outcome = deploy(chain, key("deployer"), rules, holders, tmp_path / "journal.json")
        scheme = Scheme(chain, outcome.deployment)
        pki = DevelopmentAuthority(now=datetime.fromtimestamp(BIRTH, UTC), years=20)
        town = Town(scheme, clock, pki, key("certification-authority"))
        until = datetime(2040, 1, 1, tzinfo=UTC)
        town.regulator.accredit_certification_authority(town.ca.address, pki.digest, until)
        treasury = town.open("treasury", AccountKind.GOVERNMENT)
        town.open("trader", AccountKind.TRADER)
        pounds = InstrumentId(outcome.deployment.instruments["GBP"])

        trader, seller = town.company("trader"), town.company("treasury")
        deployer.do(_MINT.act(token, trader.address, coins("1000000")))
        where = ["--rpc", chain.url, "--deployment", str(outcome.deployment.save(tmp_path / "at.json")), "--json"]
        monkeypatch.setenv("CARBON_KEY", key("trader").secret().hex())
        assert run(["company", "deposit-tokens-with-permit", "GBP", "10000.5", *where]) == 0, capsys.readouterr().err
        assert trader.view.holding(pounds).free == coins("10000.5")
        town.regulator.issue_for_auction(treasury, YEAR, town.allowance, 100, "calendar")
        seller.sell(1, 100, scheme.market(1).ticks("50", 18))
        assert run(["company", "buy", "UKA21/GBP", "100", "50", *where]) == 0, capsys.readouterr().err
        chain.forget_nonces()
        assert trader.view.holding(town.allowance).free == 100
        assert trader.view.holding(pounds).free == coins("10000.5") - coins("5000") - 100 * coins("0.01")

        seller.name_payout_address(seller.address)
        clock.advance(25 * 3600)
        number = seller.withdraw(coins("4999")).result
        clock.advance(3600)
        trader.pay_withdrawal(number)
        assert town.bank.reconcile().outstanding == coins("5001.5")
        with open_store(":memory:") as store:
            indexer_of(scheme, store).sync()
            report = auditor_of(scheme, store).run()
        assert report.ok, report.table()
