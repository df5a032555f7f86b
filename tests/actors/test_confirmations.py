"""Trade confirmations on a real chain: followed, signed, kept whatever stops the process, verified (R-TRD-9)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from carbon_sdk.audit.store import Store
from carbon_sdk.audit.suite import open_store
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.cli.main import run
from carbon_sdk.confirmations import Confirmation, Confirmer, KeyCannotConfirm, parsed
from carbon_sdk.confirmations.process import as_struct
from carbon_sdk.contracts.generated.enums import ClosingRule, ConfirmationVerdict
from carbon_sdk.contracts.generated.errors import BadRevocation, ConfirmationKeyExists, UnknownConfirmationKey
from carbon_sdk.contracts.generated.structs import Conduct
from carbon_sdk.contracts.generated.trade_confirmations import TradeConfirmations
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Side
from tests.actors.conftest import BIRTH, ROOT, Town, audited, key

SIGNER = key("confirmation-key")
END = 1_900_000_000


@pytest.fixture
def desk(floor: Town) -> TradeConfirmations:
    """Four trades: two of the book (one in the floor's making), a click, a block."""
    operator(floor).register_confirmation_key(SIGNER.address, BIRTH, END)
    works, trader = floor.company("works"), floor.company("trader")
    works.sell(1, 100, 5000)
    trader.buy(1, 100, 5000)
    quote = works.list_quote(1, Side.SELL, 100, 5000).result
    trader.click(quote)
    block = works.propose_block(1, Side.SELL, trader.account, 10_000, 5000).result
    trader.confirm_block(block)
    return floor.scheme.contract(TradeConfirmations)


def operator(town: Town):  # type: ignore[no-untyped-def]
    return town.scheme.platform_operator(key("platform-operator"))


@contextmanager
def confirmer(town: Town, folder: Path, signer: LocalSigner = SIGNER, **options: str | int) -> Iterator[Confirmer]:
    options.setdefault("finality", "latest")
    store: Store
    with (
        closing(open_store(folder / "audit.sqlite")) as store,
        Confirmer(
            town.scheme,
            signer,
            folder / "out",
            store,
            **options,  # type: ignore[arg-type]
        ) as process,
    ):
        yield process


def files(folder: Path) -> list[Path]:
    return sorted((folder / "out").glob("*.json"))


def journal(folder: Path) -> list[str]:
    """Codes in the order in which they were confirmed."""
    lines = (folder / "out" / "journal.jsonl").read_text().splitlines()[1:]
    return [json.loads(line)["voucher"] for line in lines]


def verdict(town: Town, desk: TradeConfirmations, path: Path) -> ConfirmationVerdict:
    one, _, signature = parsed(path.read_bytes())
    siblings = town.scheme.voucher(one.voucher.series, one.voucher.index).proof()
    return desk.verify(as_struct(one), signature, siblings).verdict


def test_catch_up__trades_of_every_kind__confirmed_once_and_valid_on_the_chain(
    floor: Town, desk: TradeConfirmations, tmp_path: Path
) -> None:
    with confirmer(floor, tmp_path) as process:
        confirmed = list(process.catch_up())
        assert list(process.catch_up()) == []
        floor.company("works").sell(1, 10, 5100)
        floor.company("trader").buy(1, 10, 5100)
        confirmed += process.catch_up()
    with confirmer(floor, tmp_path) as process:
        assert list(process.catch_up()) == [], "nothing twice"
    assert [one.path for one in sorted(confirmed, key=lambda one: one.path)] == files(tmp_path)
    assert journal(tmp_path) == [one.voucher for one in confirmed]
    assert len(confirmed) == 5
    for one in confirmed:
        assert verdict(floor, desk, one.path) is ConfirmationVerdict.VALID
        assert one.confirmation is not None
        assert desk.digest_of(as_struct(one.confirmation)) == one.confirmation.digest()
    said = [one.confirmation for one in confirmed if one.confirmation]
    works, trader = floor.company("works").account, floor.company("trader").account
    assert {(one.voucher.sender, one.voucher.receiver) for one in said[1:]} == {(works, trader)}
    assert [one.voucher.quantity for one in said] == [40_000, 100, 100, 10_000, 10]
    fees_of_the_book(floor, said[1])
    audited(floor, tmp_path)


def test_catch_up__trades_of_a_call_auction__confirmed_with_both_orders_and_the_price_of_all(
    floor: Town, desk: TradeConfirmations, tmp_path: Path
) -> None:
    """Two bids and one ask: each pair is a trade of its own, at one price, and both sides pay the maker's fee."""
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    service = floor.scheme.service_regulator(key("service-regulator"))
    service.set_conduct(1, Conduct(0, ClosingRule.LAST, 5, 1, False))
    service.halt(1)
    service.resume(1)
    ask = works.sell(1, 60, 4900).result.id
    bids = [trader.buy(1, 40, 5200).result.id, broker.buy(1, 30, 5100).result.id]
    with confirmer(floor, tmp_path) as process:
        before = len(list(process.catch_up()))
        floor.clock.advance(120)
        assert operator(floor).uncross(1).result
        confirmed = list(process.catch_up())
    assert before == 4
    assert [verdict(floor, desk, one.path) for one in confirmed] == [ConfirmationVerdict.VALID] * 2
    said = [one.confirmation for one in confirmed if one.confirmation]
    assert [one.voucher.quantity for one in said] == [40, 20]
    assert [one.voucher.receiver for one in said] == [trader.account, broker.account]
    assert {one.voucher.sender for one in said} == {works.account}
    assert [one.voucher.ref for one in said] == [bid << 128 | ask for bid in bids]
    assert {one.voucher.price for one in said} == {5000}, "60 execute at 4900 to 5100; the reference is the last trade"
    terms = floor.scheme.market(1).terms
    for one in said:
        fee = one.voucher.quantity // terms.lot * terms.maker_fee * 10**terms.tick_exponent
        assert (one.seller_fee, one.buyer_fee) == (fee, fee)
        assert desk.digest_of(as_struct(one)) == one.digest()
    audited(floor, tmp_path)


def fees_of_the_book(town: Town, one: Confirmation) -> None:
    """The works rested and the trader came."""
    terms = town.scheme.market(1).terms
    lots, unit = 100 // terms.lot, 10**terms.tick_exponent
    assert (one.seller_fee, one.buyer_fee) == (lots * terms.maker_fee * unit, lots * terms.taker_fee * unit)
    assert one.voucher.price == 5000
    assert one.platform == "UK"


def test_catch_up__below_the_finality_level__waits(floor: Town, desk: TradeConfirmations, tmp_path: Path) -> None:
    with confirmer(floor, tmp_path, finality="finalized") as process:
        before = len(list(process.catch_up()))
        floor.clock.mine(100)
        assert before + len(list(process.catch_up())) == 4
    floor.company("works").sell(1, 10, 5100)
    floor.company("trader").buy(1, 10, 5100)
    with confirmer(floor, tmp_path, finality=3) as process:
        assert list(process.catch_up()) == []
        floor.clock.mine(2)
        assert list(process.catch_up()) == []
        floor.clock.mine(1)
        assert len(list(process.catch_up())) == 1


# WHATEVER STOPS IT


class Killed(BaseException):
    """Nothing after this runs, as after kill -9."""


def test_catch_up__stopped_at_any_step__loses_and_doubles_nothing(
    floor: Town, desk: TradeConfirmations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after every change of the disk, for all of them."""
    with confirmer(floor, tmp_path) as process:
        expected = [(one.voucher, one.path.read_bytes()) for one in process.catch_up()]
    steps = 0
    while True:
        folder = tmp_path / f"stopped-{steps}"
        (folder / "out").mkdir(parents=True)
        if not stopped_after(floor, folder, steps, monkeypatch):
            break
        kept = journal(folder) if (folder / "out" / "journal.jsonl").exists() else []
        assert kept == [code for code, _ in expected[: len(kept)]]
        assert len(files(folder)) - len(kept) in (0, 1)
        with confirmer(floor, folder) as process:
            rest = list(process.catch_up())
        assert kept + [one.voucher for one in rest] == [code for code, _ in expected]
        assert sum(one.found for one in rest) <= 1
        assert [(code, (folder / "out" / f"{code}.json").read_bytes()) for code in journal(folder)] == expected
        assert len(files(folder)) == len(expected)
        steps += 1
    assert steps > 4 * len(expected), "it was stopped at every step"


def stopped_after(town: Town, folder: Path, steps: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run until the disk would be changed once more than so often; whether that was before the end."""
    left = steps

    def step() -> None:
        nonlocal left
        if not left:
            raise Killed
        left -= 1

    fsync, replace = os.fsync, Path.replace
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: (step(), fsync(handle)))
        patch.setattr(Path, "replace", lambda path, target: (step(), replace(path, target))[1])
        try:
            with confirmer(town, folder) as process:
                list(process.catch_up())
        except Killed:
            return True
    return False


def test_catch_up__journal_torn_anywhere_in_its_last_line__goes_on(
    floor: Town, desk: TradeConfirmations, tmp_path: Path
) -> None:
    with confirmer(floor, tmp_path) as process:
        expected = [one.voucher for one in process.catch_up()]
    file = tmp_path / "out" / "journal.jsonl"
    whole = file.read_bytes()
    for cut in range(1, len(whole.splitlines()[-1]) + 1, 7):
        file.write_bytes(whole[:-cut])
        with confirmer(floor, tmp_path) as process:
            (found,) = process.catch_up()
        assert found.found
        assert journal(tmp_path) == expected
        assert file.read_bytes() == whole


def test_confirm__killed_with_signal_9_again_and_again__loses_and_doubles_nothing(
    floor: Town, desk: TradeConfirmations, tmp_path: Path
) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    for n in range(12):
        works.sell(1, 10, 5100 + n)
        trader.buy(1, 10, 5100 + n)
    deployment = tmp_path / "deployment.json"
    floor.scheme.deployment.save(deployment)
    command = [sys.executable, "-m", "carbon_sdk.cli", "platform", "confirm", "--finality", "latest", "--out", "out"]
    command += ["--rpc", floor.scheme.chain.url, "--deployment", str(deployment)]
    environment = {**os.environ, "CARBON_KEY": SIGNER.secret().hex(), "PYTHONPATH": str(ROOT)}
    for seen in (1, 3, 8):  # killed as soon as so many files are there
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(files(tmp_path)) < seen and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    done = subprocess.run([*command, "--once"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    codes = journal(tmp_path)
    assert len(codes) == len(set(codes)) == 4 + 12
    assert sorted(f"{code}.json" for code in codes) == [path.name for path in files(tmp_path)]
    assert {verdict(floor, desk, path) for path in files(tmp_path)} == {ConfirmationVerdict.VALID}


def test_catch_up__reorganisation__withdraws_and_confirms_the_new_branch(
    floor: Town, desk: TradeConfirmations, tmp_path: Path
) -> None:
    with confirmer(floor, tmp_path) as process:
        before = [one.voucher for one in process.catch_up()]
        snapshot = floor.clock.snapshot()
        floor.company("works").sell(1, 30, 5100)
        floor.company("trader").buy(1, 30, 5100)
        (lost,) = process.catch_up()
        floor.clock.revert(snapshot)
        floor.scheme.chain.forget_nonces()
        assert list(process.catch_up()) == [], "a shorter chain may be a node that is behind"
        floor.clock.mine(1)
        floor.company("works").sell(1, 20, 5100)
        floor.company("trader").buy(1, 20, 5100)
        withdrawn, new = process.catch_up()
    assert withdrawn.withdrawn
    assert withdrawn.voucher == lost.voucher == new.voucher, "the same number, another trade"
    assert verdict(floor, desk, new.path) is ConfirmationVerdict.VALID
    assert withdrawn.path.parent.name == "withdrawn"
    assert parsed(withdrawn.path.read_bytes())[0].voucher.quantity == 30
    assert parsed(new.path.read_bytes())[0].voucher.quantity == 20
    with confirmer(floor, tmp_path) as process:
        assert list(process.catch_up()) == []
    assert len(files(tmp_path)) == len(before) + 1


# WHOSE KEY, WHICH FOLDER


def test_catch_up__key_that_may_not__signs_nothing(floor: Town, desk: TradeConfirmations, tmp_path: Path) -> None:
    other = key("another-confirmation-key")
    with confirmer(floor, tmp_path, other) as process, pytest.raises(InputError, match="is no confirmation key of UK"):
        list(process.catch_up())
    now = floor.clock.now()
    operator(floor).register_confirmation_key(other.address, now + 1, END)
    with confirmer(floor, tmp_path, other) as process:
        with pytest.raises(KeyCannotConfirm, match="confirms trades from"):
            list(process.catch_up())
        with pytest.raises(KeyCannotConfirm):
            list(process.catch_up())
    assert files(tmp_path) == []
    with confirmer(floor, tmp_path) as process:
        assert len(list(process.catch_up())) == 4
    floor.clock.travel_to(now + 3600)
    floor.company("works").sell(1, 10, 5100)
    floor.company("trader").buy(1, 10, 5100)
    operator(floor).revoke_confirmation_key(SIGNER.address, floor.clock.now() - 60, "lost")
    with confirmer(floor, tmp_path) as process, pytest.raises(KeyCannotConfirm, match="is revoked for trades from"):
        list(process.catch_up())
    with confirmer(floor, tmp_path, other) as process:
        (last,) = process.catch_up()
    assert {verdict(floor, desk, path) for path in files(tmp_path)} == {ConfirmationVerdict.VALID}
    assert parsed(last.path.read_bytes())[1] == other.address
    audited(floor, tmp_path)


def test_keys__registered_twice_or_revoked_wrongly__are_refused(floor: Town, desk: TradeConfirmations) -> None:
    with pytest.raises(ConfirmationKeyExists):
        operator(floor).register_confirmation_key(SIGNER.address, BIRTH, END)
    with pytest.raises(InputError, match="end it after it begins"):
        operator(floor).register_confirmation_key(key("x").address, END, END)
    with pytest.raises(UnknownConfirmationKey):
        operator(floor).revoke_confirmation_key(key("x").address, BIRTH, "cause")
    with pytest.raises(BadRevocation):
        operator(floor).revoke_confirmation_key(SIGNER.address, END, "cause")


def test_confirmer__folder_of_another_or_in_use_or_damaged__is_refused(
    floor: Town, desk: TradeConfirmations, tmp_path: Path
) -> None:
    with confirmer(floor, tmp_path) as process:
        first = next(process.catch_up())
        with pytest.raises(InputError, match="Another process"), confirmer(floor, tmp_path):
            pass
    altered = first.path.read_bytes()
    file = tmp_path / "out" / "journal.jsonl"
    head = file.read_text().splitlines()[0]
    file.write_text(head + "\n")
    first.path.write_bytes(altered.replace(b'"buyerFee":"', b'"buyerFee":"9'))
    with confirmer(floor, tmp_path) as process, pytest.raises(InputError, match="is in the way"):
        list(process.catch_up())
    first.path.write_bytes(altered)
    with confirmer(floor, tmp_path) as process:
        assert [one.found for one in process.catch_up()] == [True, False, False, False]
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], lines[2], lines[1]]) + "\n")
    with pytest.raises(InputError, match="stands after a later trade"), confirmer(floor, tmp_path):
        pass
    file.write_text(head.replace(desk.address, key("x").address) + "\n")
    with pytest.raises(InputError, match="belongs to another deployment"), confirmer(floor, tmp_path):
        pass
    with pytest.raises(InputError, match="is none of finalized"), confirmer(floor, tmp_path, finality="soon"):
        pass


# ON THE COMMAND LINE


def test_confirmation__by_command__made_shown_and_verified(
    floor: Town,
    desk: TradeConfirmations,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CARBON_KEY", SIGNER.secret().hex())
    floor.scheme.deployment.save(tmp_path / "deployment.json")
    node = ["--rpc", floor.scheme.chain.url, "--deployment", "deployment.json"]
    assert run(["platform", "confirm", "--once", "--finality", "latest", "--json", *node]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["what"] for one in told] == ["confirmed"] * 4
    file = told[1]["file"]
    assert run(["confirmation", "show", file]) == 0
    shown = capsys.readouterr().out
    assert "price          50.00" in shown
    assert told[1]["voucher"] in shown
    assert run(["confirmation", "verify", file, *node]) == 0
    assert "VALID" in capsys.readouterr().out
    assert run(["confirmation", "verify", file, "--offline", "--key", SIGNER.address]) == 0
    assert "as you trust" in capsys.readouterr().out
    assert run(["confirmation", "verify", file, "--offline", "--key", key("x").address]) == 3
    assert "is no confirmation key" in capsys.readouterr().err

    content = Path(file).read_text()
    Path("altered.json").write_text(content.replace('"quantity":"100"', '"quantity":"1000"'))
    assert run(["confirmation", "verify", "altered.json", *node]) == 3
    said = capsys.readouterr().err
    assert "confirmation.voucher.quantity: 1000; the chain recorded 100" in said
    assert run(["confirmation", "verify", "altered.json", "--offline"]) == 3
    assert run(["confirmation", "verify", "nothing.json", *node]) == 2
