"""Listed quotes and block trades on a real chain, through the SDK and the command line, audited at the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carbon_sdk.actors.bilateral import WHOLE_ONLY
from carbon_sdk.actors.market_rules import RulesReader
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import BlockState, Fault, Verdict, VoucherKind
from carbon_sdk.contracts.generated.errors import (
    BlockOutsideBand,
    BoardNotOpen,
    CannotSettleYet,
    ECDSAInvalidSignatureLength,
    HoldingLimit,
    NonceUsed,
    NotNamed,
    OutsideBlockHours,
    QuoteNotOpen,
    QuoteOutsideBand,
    SameOwner,
)
from carbon_sdk.errors import InputError, NotPermitted, Refused, RuleBroken
from carbon_sdk.identifiers import Address, QuoteId, Side
from tests.actors.conftest import TUESDAY_NOON, Town, audited, key

HOUR, DAY = 3_600, 86_400


def money(town: Town, account: Address) -> int:
    return town.scheme.account(account).holding(town.scheme.deployment.instruments["GBP"]).balance


def units(town: Town, name: str) -> int:
    return town.company(name).view.holding(town.allowance).balance


# LISTED QUOTES


# @requirement R-TRD-7 R-TRD-10
def test_holding_limit__of_the_books_market__holds_for_clicks_and_blocks(floor: Town, tmp_path: Path) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    rules = RulesReader(floor.scheme)
    floor.scheme.risk_officer(key("risk-manager")).set_limits(1, most_held=10_000)
    assert rules.may_hold(trader.account, floor.allowance, 10_000)
    assert not rules.may_hold(trader.account, floor.allowance, 10_001)

    quote = works.list_quote(1, Side.SELL, 11_000, 5000).result
    with pytest.raises(HoldingLimit) as refused:
        trader.click(quote, 10_500)
    assert (refused.value.held, refused.value.most) == (10_500, 10_000)
    trader.click(quote, 500)
    with pytest.raises(HoldingLimit):
        works.propose_block(1, Side.SELL, trader.account, 10_000, 5000)
    with pytest.raises(HoldingLimit):
        trader.click(quote, 9_600)
    trader.click(quote, 9_500)
    assert units(floor, "trader") == 10_000
    audited(floor, tmp_path)


def test_quotes__listed_clicked_reduced_withdrawn__audited(floor: Town, tmp_path: Path) -> None:
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    board = floor.scheme.board("UKA21 listed")
    operator = floor.scheme.platform_operator(key("platform-operator"))
    platform = floor.scheme.chain.read(_fee_account(floor))
    before = {name: money(floor, floor.company(name).account) for name in ("works", "trader")}

    sale = works.list_quote(1, Side.SELL, 1_000, board.ticks("50.20"), least_fill=100).result
    assert str(sale) == "1/sell/5020/1"
    assert QuoteId.parse(str(sale)) == sale
    assert works.view.holding(floor.allowance).encumbered == 1_000
    assert [quote.id for quote in board.quotes(Side.SELL)] == [sale]
    with pytest.raises(RuleBroken):
        trader.click(sale, 99)
    clicked = trader.click(sale, 400)
    assert [event.__class__.__name__ for event in clicked.events].count("EncumberedMoved") == 3
    assert units(floor, "trader") == 400
    assert money(floor, trader.account) == before["trader"] - 400 * 5020 - 400
    assert money(floor, works.account) == before["works"] + 400 * 5020 - 400
    assert money(floor, platform) == 800, "a penny a tonne from each side"
    works.reduce_quote(sale, 100)

    purchase = broker.list_quote(
        1, Side.BUY, 300, board.ticks("49.90"), whole_only=True, named=[works.account, trader.account]
    ).result
    assert board.quotes(account=broker.account)[0].least_fill == WHOLE_ONLY
    with pytest.raises(NotNamed):
        floor.company("treasury").click(purchase)
    trader.click(purchase)
    assert units(floor, "broker") == 300

    works.withdraw_quote(sale)
    with pytest.raises(QuoteNotOpen):
        trader.click(sale, 500)
    brief = works.list_quote(1, Side.SELL, 10, 5000, expires=floor.clock.now() + HOUR).result
    floor.clock.travel_to(floor.clock.now() + 2 * HOUR)
    broker.expire_quote(brief)
    with pytest.raises(QuoteOutsideBand):
        works.list_quote(1, Side.SELL, 10, 999)
    operator.set_board_band(1, 4000, 6000)
    taken = works.list_quote(1, Side.SELL, 10, 5000).result
    floor.regulator.take_down_quote(taken, "ruling")
    supervisor = floor.scheme.service_regulator(key("service-regulator"))
    supervisor.halt_board(1)
    with pytest.raises(BoardNotOpen):
        works.list_quote(1, Side.SELL, 10, 5000)
    supervisor.resume_board(1)
    works.list_quote(1, Side.SELL, 25, 5000)  # stands
    assert works.view.holding(floor.allowance).encumbered == 25

    trades = list(board.trades())
    assert [(trade.quantity, trade.price) for trade in trades] == [(400, 5020), (300, 4990)]
    voucher = floor.scheme.voucher(16_777_218, 1)
    assert voucher.voucher.quantity == 300
    assert voucher.verify() is Verdict.VALID
    checks = audited(floor, tmp_path)
    assert checks["quotes"] >= 5
    assert checks["boards"] >= 3


def test_quotes__names_given_twice_or_too_many__refused_before_sending(floor: Town) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    with pytest.raises(InputError, match="twice"):
        works.list_quote(1, Side.SELL, 10, 5000, named=[trader.account, trader.account])
    with pytest.raises(InputError, match="16"):
        works.list_quote(1, Side.SELL, 10, 5000, named=[Address(f"0x{n:040x}") for n in range(1, 18)])
    with pytest.raises(InputError, match="leave one"):
        works.list_quote(1, Side.SELL, 10, 5000, whole_only=True, least_fill=10)
    with pytest.raises(InputError, match="never listed"):
        works.click(QuoteId.of(1, Side.SELL, 5000, 77))
    with pytest.raises(InputError, match="no board 9"):
        floor.scheme.board(9)


# BLOCK TRADES


def test_blocks__proposed_signed_and_deferred__audited(floor: Town, tmp_path: Path) -> None:
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    market = floor.scheme.block_market("UKA21 blocks")
    before = money(floor, trader.account)

    price = market.ticks("48.00")
    block = works.propose_block(1, Side.SELL, trader.account, 10_000, price).result
    assert works.view.holding(floor.allowance).encumbered == 10_000
    assert [offer.id for offer in market.offers(trader.account, BlockState.PROPOSED)] == [block]
    trader.confirm_block(block)
    assert floor.scheme.public.block(block).state is BlockState.SETTLED
    assert units(floor, "trader") == 10_000
    assert money(floor, trader.account) == before - 10_000 * 4800 - 10 * 500

    signed = works.sign_block(1, Side.SELL, broker.account, 10_000, market.ticks("49.00"))
    with pytest.raises(ECDSAInvalidSignatureLength):
        broker.execute_block(type(signed)(signed.terms, b"\1"))
    with pytest.raises(NotPermitted):
        trader.execute_block(signed)  # not offered to it
    done = broker.execute_block(signed).result
    assert floor.scheme.public.block(done).terms == signed.terms
    with pytest.raises(NonceUsed):
        broker.execute_block(signed)
    other = works.sign_block(1, Side.SELL, broker.account, 10_000, price)
    works.cancel_block_nonce(other.terms.nonce)
    with pytest.raises(NonceUsed):
        broker.execute_block(other)

    due = floor.clock.now() + 2 * DAY
    later = trader.propose_block(1, Side.BUY, works.account, 10_000, price, settle_at=due).result
    works.confirm_block(later)
    assert works.view.holding(floor.allowance).encumbered == 0, "only their word"
    failing = trader.propose_block(1, Side.BUY, works.account, 11_000, price, settle_at=due).result
    works.confirm_block(failing)
    withdrawn = works.propose_block(1, Side.SELL, trader.account, 10_000, price).result
    works.withdraw_block(withdrawn)
    refused = trader.propose_block(1, Side.BUY, broker.account, 10_000, price).result
    broker.refuse_block(refused)
    lapsing = trader.propose_block(1, Side.BUY, broker.account, 10_000, price, expires=due).result
    annulled = trader.propose_block(1, Side.BUY, broker.account, 10_000, price).result
    floor.regulator.annul_block(annulled, "ruling")
    with pytest.raises(BlockOutsideBand):
        works.propose_block(1, Side.SELL, trader.account, 10_000, market.ticks("34.99"))

    floor.clock.travel_to(due)
    broker.settle_block(later)  # anyone may
    broker.lapse_block(lapsing)
    assert units(floor, "trader") == 20_000
    with pytest.raises(CannotSettleYet) as caught:
        broker.settle_block(failing)  # the works have 10,000 t left
    assert (caught.value.of_seller, caught.value.of_buyer) == (Fault.LACKS, Fault.NONE)
    floor.clock.travel_to(due + DAY)
    done_ = broker.settle_block(failing)
    assert floor.scheme.public.block(failing).state is BlockState.FAILED
    failed = [event for event in done_.events if event.__class__.__name__ == "SettlementFailed"]
    assert [(event.account, event.fault) for event in failed] == [(works.account, Fault.LACKS)]
    assert floor.scheme.public.failures(works.account).lacked == 1

    assert [trade.quantity for trade in market.trades()] == [10_000, 10_000, 10_000]
    voucher = floor.scheme.voucher(16_777_219, 2)
    assert voucher.voucher.kind is VoucherKind.TRADE
    assert voucher.verify() is Verdict.VALID
    checks = audited(floor, tmp_path)
    assert checks["blocks"] == 8
    assert checks["failures"] == 3  # two counts and a time


def test_blocks__hours_owner_and_halt__refused(floor: Town) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    operator = floor.scheme.platform_operator(key("platform-operator"))
    supervisor = floor.scheme.service_regulator(key("service-regulator"))
    operator.set_block_hours(1, 0, HOUR, ["sat", "sun"])
    with pytest.raises(OutsideBlockHours):
        works.propose_block(1, Side.SELL, trader.account, 10_000, 5000)
    with pytest.raises(InputError, match="weekdays"):
        operator.set_block_hours(1, 0, HOUR, ["someday"])
    operator.set_block_hours(1, 0, DAY, ["tue"])
    assert floor.scheme.block_market(1).is_open_at(TUESDAY_NOON)
    supervisor.halt_blocks(1)
    with pytest.raises(RuleBroken):
        works.propose_block(1, Side.SELL, trader.account, 10_000, 5000)
    supervisor.resume_blocks(1)
    operator.set_reference(1, 6000)
    for name in ("works", "trader"):
        floor.registrar.set_owner(floor.company(name).account, 7, "one group")
    with pytest.raises(SameOwner):
        works.propose_block(1, Side.SELL, trader.account, 10_000, 5000)
    with pytest.raises(InputError, match="No block"):
        works.confirm_block(b"\1" * 32)


def test_blocks__signers_right_taken_away__not_executed(floor: Town) -> None:
    from carbon_sdk.actors.values import Right

    works, trader = floor.company("works"), floor.company("trader")
    signed = works.sign_block(1, Side.SELL, trader.account, 10_000, 5000)
    floor.registrar.set_rights(works.address, Right.ALL & ~Right.TRADE)
    with pytest.raises(Refused):
        trader.execute_block(signed)


# THE COMMAND LINE


def test_commands__list_click_sign_execute__as_the_sdk(
    floor: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = floor.scheme.deployment.save(tmp_path / "deployment.json")

    def carbon(who: str, *words: str) -> object:
        monkeypatch.setenv("CARBON_TEST_KEY", "0x" + key(who)._key.secret.hex())  # type: ignore[attr-defined]
        where = ["--rpc", floor.scheme.chain.url, "--deployment", str(file), "--key-env", "CARBON_TEST_KEY", "--json"]
        assert run([*words[:2], *where, *words[2:]]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    trader = floor.company("trader").account
    listed = carbon("works", "company", "list-quote", "UKA21 listed", "sell", "100", "50.20", "--named", trader)
    assert isinstance(listed, dict)
    assert listed["result"] == "1/sell/5020/1"
    carbon("trader", "company", "click", "1/sell/5020/1", "--quantity", "60")
    carbon("works", "company", "withdraw-quote", "1/sell/5020/1")
    signed = carbon("works", "company", "sign-block", "UKA21 blocks", "sell", trader, "10000", "49.50")
    offer = tmp_path / "offer.json"
    offer.write_text(json.dumps(signed))
    done = carbon("trader", "company", "execute-block", str(offer))
    assert isinstance(done, dict)
    assert floor.scheme.public.block(bytes.fromhex(done["result"][2:])).state is BlockState.SETTLED
    assert units(floor, "trader") == 10_060
    audited(floor, tmp_path)


def _fee_account(town: Town):  # type: ignore[no-untyped-def]
    from carbon_sdk.contracts.generated.quote_board import QuoteBoard

    return QuoteBoard.FEE_ACCOUNT.on(town.scheme.deployment.address_of("QuoteBoard"))


def test_gas__of_a_click_and_a_block__bounded(floor: Town) -> None:
    """The second time, when what is written once is written; the decision record has the figures."""
    works, trader = floor.company("works"), floor.company("trader")
    used: dict[str, int] = {}
    for n in range(2):
        quote = works.list_quote(1, Side.SELL, 1_000, 5000 + n)
        block = works.propose_block(1, Side.SELL, trader.account, 10_000, 5000)
        confirmed = trader.confirm_block(block.result) if n else works.withdraw_block(block.result)
        signed = works.sign_block(1, Side.SELL, trader.account, 10_000, 5000)
        used = {
            "list": quote.gas_used,
            "part": trader.click(quote.result, 400).gas_used,
            "whole": trader.click(quote.result).gas_used,
            "propose": block.gas_used,
            "confirm": confirmed.gas_used,
            "execute": trader.execute_block(signed).gas_used,
        }
    print(used)
    assert used["part"] < 250_000, used
    assert used["execute"] < 300_000, used
