"""Money that stands for a token: the whole way in and out, and what happens when the token misbehaves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carbon_sdk.actors.token_money import token_balance, token_of
from carbon_sdk.actors.values import Restriction
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.chain.calls import Function
from carbon_sdk.chain.sender import Sender
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.errors import DeskStopped, NotARepresentative, NotPayableYet, Undercovered
from carbon_sdk.errors import InputError, Refused
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId, address
from carbon_sdk.units import money
from tests.actors.conftest import Town, key
from tests.conftest import creation

HOLD = 3600
USD = InstrumentId.of(InstrumentClass.MONEY, 826, series=840)
WALLET = address("0x000000000000000000000000000000000000cafe")
_MINT = Function.of("TestToken", "mint(address,uint256)", ["to", "amount"], [], lambda _: None)
_BLACKLIST = Function.of("TestToken", "blacklist(address,bool)", ["account", "on"], [], lambda _: None)
_REBASE = Function.of("RebasingToken", "rebase(uint256)", ["percent"], [], lambda _: None)

Compiled = Callable[[str, str], dict[str, object]]


@pytest.fixture
def anyone(town: Town) -> Sender:
    return Sender(town.scheme.chain, town.signer("anyone"))


@pytest.fixture
def backed(town: Town, compiled: Compiled, anyone: Sender) -> Callable[..., Address]:
    """Deploys a token of the tests and lets a money of the scheme stand for it."""

    def back(name: str = "TestToken", decimals: int = 6, arguments: bytes = (6).to_bytes(32, "big")) -> Address:
        token = anyone.do(creation(compiled("Tokens.sol", name), arguments)).receipt.created
        assert token is not None
        town.scheme.service_manager(key("service-manager")).define_instrument(USD, "terms")
        town.regulator.back_with_token(USD, token, decimals)
        town.regulator.set_withdrawal_hold(HOLD)
        anyone.do(_MINT.act(token, key("trader").address, 10**30))
        return token

    return back


def audited(town: Town) -> list[object]:
    with open_store(":memory:") as store:
        indexer_of(town.scheme, store).sync()
        report = auditor_of(town.scheme, store).run()
    return [*report.discrepancies, *report.violations]


# @requirement R-TRD-8 R-TBL-3
@pytest.mark.parametrize("decimals", [6, 8, 18])
def test_tokens__deposited_and_withdrawn__are_locked_one_to_one(
    town: Town, backed: Callable[..., Address], decimals: int
) -> None:
    token = backed(decimals=decimals, arguments=decimals.to_bytes(32, "big"))
    trader, works, amount = town.company("trader"), town.company("works"), money("1000", decimals)
    assert token_of(town.scheme, USD) == token
    trader.allow_tokens(USD, amount)
    trader.deposit_tokens(USD, amount)
    trader.deposit_tokens_with_permit(USD, amount)
    assert trader.view.holding(USD).free == 2 * amount
    assert town.bank.reconcile_money(USD).held == 2 * amount
    assert [item.amount for item in trader.view.token_deposits()] == [amount, amount]

    trader.name_payout_address(WALLET)
    town.clock.advance(25 * 3600)
    assert trader.view.payout_address().to == WALLET
    number = trader.withdraw_of(USD, amount).result
    with pytest.raises(NotPayableYet):
        works.pay_withdrawal(number)
    town.clock.advance(HOLD)
    town.regulator.restrict(trader.account, Restriction.NO_TRANSFER, "inquiry")
    with pytest.raises(Refused, match="ERC7943CannotSend"):
        works.pay_withdrawal(number)
    town.regulator.restrict(trader.account, Restriction.NONE, "closed")
    town.regulator.freeze(trader.account, USD, amount + 1, "case 7", "a court says so")
    with pytest.raises(Refused, match="ERC7943InsufficientUnfrozenBalance"):
        works.pay_withdrawal(number)
    town.regulator.freeze(trader.account, USD, amount, "case 7", "a court says so")
    works.pay_withdrawal(number)
    assert token_balance(town.scheme, USD, WALLET) == amount
    answer = town.bank.reconcile_money(USD)
    assert (answer.outstanding, answer.held, answer.agrees) == (amount, amount, True)
    assert audited(town) == []


def test_an_address_that_the_token_refuses__strands_nothing(
    town: Town, backed: Callable[..., Address], anyone: Sender
) -> None:
    token, trader = backed(), town.company("trader")
    trader.deposit_tokens_with_permit(USD, 100)
    trader.name_payout_address(WALLET)
    town.clock.advance(25 * 3600)
    anyone.do(_BLACKLIST.act(token, WALLET, True))
    number = trader.withdraw_of(USD, 100).result
    town.clock.advance(HOLD)
    with pytest.raises(Refused):
        trader.pay_withdrawal(number)
    trader.cancel_withdrawal(number)
    trader.name_payout_address(trader.address)
    town.clock.advance(25 * 3600)
    refused = trader.withdraw_of(USD, 60).result
    town.regulator.refuse_withdrawal(refused, "order")
    second = trader.withdraw_of(USD, 100).result
    town.clock.advance(HOLD)
    trader.pay_withdrawal(second)
    assert [one.state.name for one in trader.view.withdrawals()] == ["CANCELLED", "REJECTED", "PAID"]
    assert audited(town) == []


def test_the_supervision__stops_and_resumes(town: Town, backed: Callable[..., Address]) -> None:
    backed()
    trader, supervision = town.company("trader"), town.scheme.service_regulator(key("service-regulator"))
    supervision.stop_tokens(USD, "depegged")
    with pytest.raises(DeskStopped):
        trader.deposit_tokens_with_permit(USD, 100)
    assert audited(town) == []
    supervision.resume_tokens(USD, "pegged")
    trader.deposit_tokens_with_permit(USD, 100)


# @requirement R-TRD-8 R-TRC-3
def test_tokens_that_are_missing__stop_the_money_and_are_found_by_the_audit(
    town: Town, backed: Callable[..., Address], anyone: Sender
) -> None:
    token, trader = backed("RebasingToken", 18, b""), town.company("trader")
    trader.deposit_tokens_with_permit(USD, 1000)
    anyone.do(_REBASE.act(token, 90))
    with pytest.raises(Undercovered):
        trader.deposit_tokens_with_permit(USD, 1)
    answer = town.bank.reconcile_money(USD)
    assert (answer.outstanding, answer.held, answer.agrees) == (1000, 900, False)
    assert "agrees" in str(audited(town)[0])


def test_a_token_without_permit__is_said_to_have_none(town: Town, backed: Callable[..., Address]) -> None:
    backed("SilentToken", 6, b"")
    trader = town.company("trader")
    with pytest.raises(InputError, match="allow_tokens"):
        trader.deposit_tokens_with_permit(USD, 1)
    trader.allow_tokens(USD, 5)
    trader.deposit_tokens(USD, 5)
    with pytest.raises(InputError, match="No token backs"):
        trader.allow_tokens(town.scheme.deployment.instruments["GBP"], 1)


def test_tokens__of_a_stranger__are_not_taken(town: Town, backed: Callable[..., Address], anyone: Sender) -> None:
    token = backed()
    stranger = town.scheme.company(town.signer("stranger"))
    anyone.do(_MINT.act(token, stranger.address, 100))
    stranger.allow_tokens(USD, 100)  # anybody may allow; it is the deposit that needs an account
    with pytest.raises(NotARepresentative):
        stranger.deposit_tokens(USD, 100)
    with pytest.raises(NotARepresentative):
        stranger.deposit_tokens_with_permit(USD, 100)


def test_the_command_line__writes_amounts_in_the_tokens_decimals(
    town: Town, backed: Callable[..., Address], tmp_path, monkeypatch, capsys
) -> None:
    backed()
    deployment = tmp_path / "deployment.json"
    town.scheme.deployment.save(deployment)
    where = ["--rpc", town.scheme.chain.url, "--deployment", str(deployment), "--json"]
    monkeypatch.setenv("CARBON_KEY", key("trader").secret().hex())
    assert run(["company", "deposit-tokens-with-permit", str(USD), "12.5", *where]) == 0, capsys.readouterr().err
    assert town.company("trader").view.holding(USD).free == 12_500_000
    assert run(["bank", "reconcile", "--instrument", str(USD), *where]) == 0
    town.scheme.chain.forget_nonces()
