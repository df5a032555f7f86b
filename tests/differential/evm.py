"""The deployed suite in an EVM of this process: contracts, roles, accounts as on a node, thousands of calls a second.

The suite is deployed on a node by the one deployment plan, accounts are opened the whole way, and the node's state is
taken over as it is: code and storage of every address.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import pyrevm

from carbon_sdk.actors.company import AccountHolder
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act, Function
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.sender import Sender
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.base import artifact
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.contracts.generated.structs import MarketTerms
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import checked_holders
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId, address, keccak
from carbon_sdk.identity.x509 import DevelopmentAuthority, Request
from carbon_sdk.scheme import Scheme
from tests.differential.reference import DAY, Market, Person, PlainBook, Told

ROOT = Path(__file__).resolve().parents[2]
HARDFORK = "PRAGUE"
BEGIN = 1_609_459_200  # 2021-01-01
LONG, SHORT = 3000, 12  # days of a certificate
ANYBODY = address(b"\x99" * 20)


class Opened(NamedTuple):
    """An account as it is opened: its group of owners, how rich it is, days of its certificate."""

    name: str
    owner: int = 0
    kind: AccountKind = AccountKind.TRADER
    units: int = 20_000
    wide_units: int = 2**60
    money: int = 2**91
    days: int = LONG


ACCOUNTS = (
    Opened("one of seven", owner=7),
    Opened("other of seven", owner=7),
    Opened("one of eight", owner=8),
    Opened("other of eight", owner=8),
    Opened("alone of nine", owner=9),
    Opened("alone"),
    Opened("poor", units=400, wide_units=3, money=60_000),
    Opened("brief", days=SHORT),
    Opened("treasury", kind=AccountKind.GOVERNMENT),
)


class Terms(NamedTuple):
    """A market as it is opened; the instrument is the scheme's own or another, of which there is far more."""

    wide: bool
    mantissa: int
    exponent: int
    lot: int
    least_lots: int
    taker_fee: int
    maker_fee: int
    lowest: int
    highest: int


MARKETS = (
    Terms(False, 1, 0, 1, 1, 1, 1, 1_000, 1_060),  # tonnes, pence
    Terms(False, 7, 1, 5, 3, 3, 2, 90, 110),  # lots of 5, at least three
    Terms(True, 1023, 6, 1, 1, 1023, 0, 1, 2**20 - 1),  # prices and quantities up to what fits
)


@dataclass
class Exchange:
    """What the tests need to know of the deployment."""

    accounts: Mapping[str, Mapping[str, Any]]
    """Of the node's state: nonce, balance, code, storage."""
    book: Address
    ledger: Address
    registry: Address
    money: int
    units: int
    wide_units: int
    keys: dict[str, Address] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    markets: list[int] = field(default_factory=list)
    now: int = BEGIN

    def plain_book(self) -> PlainBook:
        """The reference, with the same people, holdings and markets."""
        plain = PlainBook(self.people, self.money)
        plain.now = self.now
        for opened in ACCOUNTS:
            account = self.people[self.keys[opened.name]].account
            for instrument, amount in self.holdings(opened).items():
                plain.balances[account, instrument] = amount
        for number, terms in zip(self.markets, MARKETS, strict=True):
            unit = 10**terms.exponent
            plain.markets[number] = Market(
                number=number,
                instrument=self.wide_units if terms.wide else self.units,
                tick=terms.mantissa * unit,
                unit=unit,
                lot=terms.lot,
                least_lots=terms.least_lots,
                taker_fee=terms.taker_fee,
                maker_fee=terms.maker_fee,
                lowest=terms.lowest,
                highest=terms.highest,
                until=(self.now // DAY + 1) * DAY,
                day=self.now // DAY,
            )
        return plain

    def holdings(self, opened: Opened) -> dict[int, int]:
        return {self.money: opened.money, self.units: opened.units, self.wide_units: opened.wide_units}

    def key(self, role: Role) -> Address:
        return signer(role.label).address


def signer(name: str) -> LocalSigner:
    """A key that is the same in every run."""
    return LocalSigner(sha256(b"differential/" + name.encode()).digest())


def deployed(folder: Path) -> Exchange:
    """The suite on a node of its own, with accounts and markets; then its state."""
    with Anvil(timestamp=BEGIN) as anvil:
        chain = Chain(anvil.url)
        clock = Clock(chain)
        chain.endpoint.request("anvil_setBlockTimestampInterval", 1)
        names = ["deployer", "certification", *(role.label for role in Role), *(one.name for one in ACCOUNTS)]
        for name in names:
            clock.fund(signer(name).address)
        holders = checked_holders({role: (signer(role.label).address,) for role in Role})
        rules = load_scheme(ROOT / "schemes" / "uk-ets.toml")
        outcome = deploy(chain, signer("deployer"), rules, holders, folder / "journal.json")
        scheme = Scheme(chain, outcome.deployment)
        exchange = Exchange(
            {},
            *(outcome.deployment.address_of(name) for name in ("OrderBook", "InstrumentLedger", "StakeholderRegistry")),
            money=int(rules.main_money),
            units=outcome.deployment.instruments["UKA21"],
            wide_units=int(InstrumentId.of(InstrumentClass.ALLOWANCE, rules.file.scheme.number, 2022)),
        )
        _open_accounts(scheme, exchange)
        _open_markets(chain, exchange)
        _issue(chain, exchange, outcome.deployment.address_of("CashDesk"), outcome.deployment.address_of("Allocator"))
        exchange.now = clock.now()
        exchange.accounts = _state(chain)
    return exchange


def _open_accounts(scheme: Scheme, exchange: Exchange) -> None:
    """As every account is: application, certificate, approval."""
    pki = DevelopmentAuthority(now=datetime.fromtimestamp(BEGIN, UTC), years=20)
    authority = signer("certification")
    until = datetime(2040, 1, 1, tzinfo=UTC)
    scheme.regulator(signer(Role.REGULATOR.label)).accredit_certification_authority(
        authority.address, pki.digest, until
    )
    registrar = scheme.registry_operator(signer(Role.REGISTRY_OPERATOR.label))
    place = scheme.certification_authority(authority).place
    for one in ACCOUNTS:
        key = signer(one.name)
        number = AccountHolder(scheme, key).apply_for_account(one.kind, one.name, region=1, owner=one.owner).result
        account = registrar.application(number).account
        issued = pki.issue(Request.made(key, one.name, ("market.example",)), days=one.days)
        registrar.approve(number, issued.credentials(place, account, authority, key))
        known = scheme.contract(InstrumentLedger).eligibility_of(account)
        exchange.keys[one.name] = key.address
        exchange.people[key.address] = Person(
            int(account, 16), one.owner, known.certificate_until, one.kind is AccountKind.GOVERNMENT
        )


def _open_markets(chain: Chain, exchange: Exchange) -> None:
    manager = Sender(chain, signer(Role.SERVICE_MANAGER.label))
    manager.do(InstrumentLedger(None, exchange.ledger).define_instrument(exchange.wide_units, 0, b"\1" * 32))
    for one in MARKETS:
        instrument = InstrumentId(exchange.wide_units if one.wide else exchange.units)
        terms = MarketTerms(instrument, *one[1:])
        exchange.markets.append(manager.do(OrderBook(None, exchange.book).open_market(terms)).result)


def _issue(chain: Chain, exchange: Exchange, desk: Address, allocator: Address) -> None:
    """By the modules that issue, whose parts the test plays: amounts that no bank and no cap would let through."""
    ledger = InstrumentLedger(None, exchange.ledger)
    for one in ACCOUNTS:
        account = address(exchange.people[exchange.keys[one.name]].account.to_bytes(20, "big"))
        for instrument, amount in exchange.holdings(one).items():
            module = desk if instrument == exchange.money else allocator
            chain.endpoint.request("anvil_impersonateAccount", module)
            chain.endpoint.request("anvil_setBalance", module, hex(10**20))
            data = "0x" + ledger.issue(account, instrument, amount, b"\2" * 32).data.hex()
            sent = chain.endpoint.request("eth_sendTransaction", {"from": module, "to": exchange.ledger, "data": data})
            receipt = None
            while receipt is None:
                receipt = chain.endpoint.request("eth_getTransactionReceipt", sent)
            assert receipt["status"] == "0x1"


def _state(chain: Chain) -> Mapping[str, Mapping[str, Any]]:
    dumped = bytes.fromhex(chain.endpoint.request("anvil_dumpState")[2:])
    accounts: Mapping[str, Mapping[str, Any]] = json.loads(gzip.decompress(dumped))["accounts"]
    return accounts


# ---------------------------------------------------------------------------------------------------------- the EVM


class Declined(Exception):
    """The contracts refused; `error` is the name of their reason, "" where they gave none."""

    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__(error)


class Evm:
    """The suite's state, at a time that the test sets."""

    def __init__(self, exchange: Exchange, slots: Mapping[tuple[Address, int], int] | None = None) -> None:
        self.exchange = exchange
        self.now = exchange.now
        self.number = 1_000
        self._evm = pyrevm.EVM(spec_id=HARDFORK)
        for at, known in exchange.accounts.items():
            info = pyrevm.AccountInfo(
                nonce=int(known["nonce"]), balance=int(known["balance"], 16), code=bytes.fromhex(known["code"][2:])
            )
            self._evm.insert_account_info(at, info)
            for slot, value in known["storage"].items():
                self._evm.insert_account_storage(at, int(slot, 16), int(value, 16))
        for (at, place), word in (slots or {}).items():
            self._evm.insert_account_storage(at, place, word)
        self._set_block()

    def travel(self, seconds: int) -> None:
        self.now += seconds
        self.number += 1
        self._set_block()

    def _set_block(self) -> None:
        self._evm.set_block_env(pyrevm.BlockEnv(number=self.number, timestamp=self.now))

    def remember(self) -> Any:
        return self._evm.snapshot(), self.now, self.number

    def go_back(self, remembered: Any) -> None:
        checkpoint, self.now, self.number = remembered
        self._evm.revert(checkpoint)
        self._set_block()

    def send(self, sender: str, act: Act[Any]) -> Any:
        """Do an act; `told` has the book's events. Raises Declined."""
        assert act.to is not None
        assert act.function is not None
        return act.function.decoded(self.call(sender, act.to, act.data))

    def call(self, sender: str, to: str, data: bytes) -> bytes:
        try:
            return bytes(self._evm.message_call(caller=sender, to=to, calldata=data))
        except RuntimeError as error:
            raise Declined(_reason(str(error))) from None

    def ask(self, to: str, data: bytes) -> bytes:
        return bytes(self._evm.message_call(caller=ANYBODY, to=to, calldata=data, is_static=True))

    def read(self, to: Address, function: Function[Any], *arguments: object) -> Any:
        return function.decoded(self.ask(to, function.data(*arguments)))

    @property
    def gas_used(self) -> int:
        """Of the latest call, after refunds, what every transaction pays included."""
        assert self._evm.result is not None
        return int(self._evm.result.gas_used)

    def slot(self, at: Address, place: int) -> int:
        return int(self._evm.storage(at, place))

    def told(self) -> list[Told]:
        """What the order book told in the latest call."""
        assert self._evm.result is not None
        return [_told(log) for log in self._evm.result.logs if log.address.lower() == self.exchange.book.lower()]


def _reason(text: str) -> str:
    """The error's name, from what pyrevm says of a call that was reverted; of errors that are not ours, the data."""
    if not text.startswith("Revert"):
        raise AssertionError(text)
    output = bytes.fromhex(text.partition("output: 0x")[2].rstrip(" }"))
    return _errors().get(output[:4], output.hex()) if output else ""


_ERRORS: dict[bytes, str] = {}
_EVENTS: dict[bytes, str] = {}


def _errors() -> dict[bytes, str]:
    if not _ERRORS:
        for name in ("OrderBook", "MarketOperations", "InstrumentLedger", "Authority", "StakeholderRegistry"):
            for item in artifact(name).abi:
                if item["type"] == "error":
                    _ERRORS[keccak(_signature(item).encode())[:4]] = item["name"]
    return _ERRORS


def _events() -> dict[bytes, str]:
    if not _EVENTS:
        for name in ("OrderBook", "MarketOperations"):
            for item in artifact(name).abi:
                if item["type"] == "event":
                    _EVENTS[keccak(_signature(item).encode())] = item["name"]
    return _EVENTS


def _signature(item: Mapping[str, Any]) -> str:
    return f"{item['name']}({','.join(map(_kind, item['inputs']))})"


def _kind(part: Mapping[str, Any]) -> str:
    if part["type"].startswith("tuple"):
        return f"({','.join(map(_kind, part['components']))}){part['type'][5:]}"
    return str(part["type"])


def _told(log: Any) -> Told:
    """All arguments as words: the indexed first, as the contracts declare them."""
    topics = [bytes(topic) for topic in log.data[0]]
    return (_events()[topics[0]], *(int.from_bytes(topic, "big") for topic in topics[1:]), *words(log.data[1]))


def words(data: bytes) -> Iterator[int]:
    return (int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32))


def registry_of(exchange: Exchange) -> StakeholderRegistry:
    return StakeholderRegistry(None, exchange.registry)
