"""The real ledger and order book on a real chain, with plain accounts in the place of the other modules.

So that the fold can be compared with the contracts through thousands of acts, each module's part is played by an
unlocked account of the local chain.
"""

from __future__ import annotations

import json
import random
from importlib.resources import files
from typing import Any

from eth_abi.abi import encode

from carbon_sdk.audit.decode import Abi, signature_of, type_of
from carbon_sdk.chain.abi import canonical_type
from carbon_sdk.chain.endpoint import HttpEndpoint
from carbon_sdk.errors import NodeError
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId, address, keccak

MONEY = InstrumentId.of(InstrumentClass.MONEY, 1, series=826)
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
OTHER_UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2027)
NAMES = (
    "Authority",
    "InstrumentLedger",
    "MarketAuctions",
    "MarketOperations",
    "MarketRules",
    "OrderBook",
    "GovernedProxy",
    "Seed",
)
FAR = 2**40 - 1
SURRENDER, WITHDRAWAL, PLEDGE = 1, 2, 3
_BITS_TRADE = 0x3F


def artifacts() -> dict[str, Any]:
    folder = files("carbon_sdk.contracts") / "artifacts"
    return {name: json.loads((folder / f"{name}.json").read_bytes()) for name in NAMES}


def abis() -> dict[str, Abi]:
    return {name: artifact["abi"] for name, artifact in artifacts().items()}


class Reverted(Exception):
    """The contracts would not."""


class MarketChain:
    """One anvil with ledger and book; `accounts` have one key each."""

    def __init__(self, rpc: HttpEndpoint, traders: int = 5) -> None:
        self.rpc = rpc
        self._artifacts = artifacts()
        everyone = [address(key) for key in rpc.request("eth_accounts")]
        self.admin, self.registry, self.cash, self.allocator, self.desk = everyone[:5]
        self.keys = everyone[5 : 5 + traders]
        self.accounts: list[Address] = [address(keccak(f"account {i}".encode())[12:]) for i in range(traders)]
        self._deploy()
        self._set_up()

    @property
    def contracts(self) -> dict[Address, str]:
        return {
            self.authority: "Authority",
            self.ledger: "InstrumentLedger",
            self.book: "OrderBook",
            self.rules: "MarketRules",
        }

    def act(self, sender: Address, name: str, function: str, *arguments: object) -> dict[str, Any]:
        """Call a contract; raises Reverted."""
        at = {"Authority": self.authority, "InstrumentLedger": self.ledger, "OrderBook": self.book}[name]
        return self._send(sender, at, self._data(name, function, arguments))

    def mine(self, blocks: int = 1) -> None:
        self.rpc.request("anvil_mine", hex(blocks))

    # DEPLOYMENT

    def _deploy(self) -> None:
        self.authority = self._create("Authority", self.admin)
        seed = self._create("Seed")
        proxies = []
        for _ in range(3):
            data = self._data("Seed", "initialize", (self.authority,))
            proxies.append(self._create("GovernedProxy", seed, self.authority, bytes.fromhex(data[2:])))
        self.ledger, self.book, self.rules = proxies
        ledger = self._create(
            "InstrumentLedger",
            (self.registry, self.book, self.cash, self.allocator, self.desk, self.admin, self.admin),
            int(MONEY),
        )
        auctions = self._create("MarketAuctions", self.ledger, int(MONEY))
        operations = self._create("MarketOperations", self.ledger, int(MONEY), 0, self.rules, auctions)
        book = self._create("OrderBook", self.ledger, int(MONEY), operations)
        rules = self._create("MarketRules", self.ledger, self.book, 0)
        for proxy, code, name, arguments in (
            (self.ledger, ledger, "InstrumentLedger", (b"\1" * 32,)),
            (self.book, book, "OrderBook", ()),
            (self.rules, rules, "MarketRules", ()),
        ):
            start = bytes.fromhex(self._data(name, "initialize", arguments)[2:])
            self._send(self.admin, proxy, self._data(name, "upgradeToAndCall", (code, start)))

    def _set_up(self) -> None:
        for instrument in (UNITS, OTHER_UNITS):
            self.act(self.admin, "InstrumentLedger", "defineInstrument", int(instrument), 0, b"\2" * 32)
        for account, key in zip(self.accounts, self.keys, strict=True):
            owner = 7 if account in self.accounts[:2] else 0  # the first two belong together
            self.act(self.registry, "InstrumentLedger", "setEligibility", account, (1, 2, 0, 1, owner, FAR))
            self.act(self.registry, "InstrumentLedger", "setRepresentation", key, (account, FAR, _BITS_TRADE))
            self.act(self.cash, "InstrumentLedger", "issue", account, int(MONEY), 10**12, b"\3" * 32)
            for instrument in (UNITS, OTHER_UNITS):
                self.act(self.allocator, "InstrumentLedger", "issue", account, int(instrument), 5_000, b"\4" * 32)
        self.act(self.admin, "InstrumentLedger", "appointBinder", PLEDGE, self.ledger)
        terms = (int(UNITS), 5, 2, 10, 1, 3, 2, 80, 120)  # a tick is 5.00, fees per lot 3.00 and 2.00
        self.act(self.admin, "OrderBook", "openMarket", terms)
        self.act(self.admin, "OrderBook", "openMarket", (int(OTHER_UNITS), 1, 0, 1, 1, 0, 0, 1, 500))

    def _create(self, name: str, *arguments: object) -> Address:
        artifact = self._artifacts[name]
        constructor = next((item for item in artifact["abi"] if item["type"] == "constructor"), {"inputs": []})
        types = [canonical_type(part) for part in constructor["inputs"]]
        code = artifact["bytecode"]
        code = code["object"] if isinstance(code, dict) else code
        data = f"0x{code.removeprefix('0x')}{encode(types, arguments).hex()}"
        return address(self._send(self.admin, None, data)["contractAddress"])

    def _data(self, name: str, function: str, arguments: tuple[object, ...]) -> str:
        item = next(
            one
            for one in self._artifacts[name]["abi"]
            if one["type"] == "function" and one["name"] == function and len(one["inputs"]) == len(arguments)
        )
        types = [type_of(part) for part in item["inputs"]]
        return f"0x{(keccak(signature_of(item).encode())[:4] + encode(types, arguments)).hex()}"

    def _send(self, sender: Address, to: Address | None, data: str) -> dict[str, Any]:
        fields = {"from": sender, "data": data, "gas": hex(25_000_000), **({"to": to} if to else {})}
        try:
            sent = self.rpc.request("eth_sendTransaction", fields)
        except NodeError as error:
            raise Reverted(error.node_message) from None
        receipt: dict[str, Any] | None = None
        while receipt is None:
            receipt = self.rpc.request("eth_getTransactionReceipt", sent)
        if receipt["status"] != "0x1":
            raise Reverted(sent)
        return receipt


_ACTS = {
    "place": 40,
    "cancel": 10,
    "reduce": 6,
    "transfer": 8,
    "batch": 3,
    "encumber": 8,
    "release": 5,
    "give up": 4,
    "force": 3,
    "freeze": 3,
    "restrict": 3,
    "fees": 1,
    "evict": 2,
}
"""What is tried, and how often."""


def trade_at_random(chain: MarketChain, acts: int, seed: int) -> int:
    """Do acts of all kinds, many of which the contracts refuse. Returns how many they did."""
    dice = random.Random(seed)
    resting: list[int] = []
    done = 0
    for _ in range(acts):
        try:
            _one_act(chain, dice, resting)
            done += 1
        except Reverted:
            continue
    return done


def _one_act(chain: MarketChain, dice: random.Random, resting: list[int]) -> None:
    who = dice.randrange(len(chain.accounts))
    key, account = chain.keys[who], chain.accounts[who]
    instrument = int(dice.choice((UNITS, UNITS, OTHER_UNITS)))
    kind = dice.choices(list(_ACTS), list(_ACTS.values()))[0]
    if kind == "place":
        market = 1 if instrument == int(UNITS) else 2
        lot = 10 if market == 1 else 1
        now = int(chain.rpc.request("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        in_force = dice.choice((0, 0, 0, 0, 1, 2, 3))
        expires = now + dice.choice((5, 50)) if in_force in (0, 3) and dice.random() < 0.2 else 0
        order = (
            market,
            dice.randint(96, 104),
            dice.randrange(2),
            lot * dice.randint(1, 30),
            expires,
            in_force,
            dice.randrange(4),
            dice.choice((255, 255, 3)),
            0,
        )
        receipt = chain.act(key, "OrderBook", "place", order)
        placed = "0x" + keccak(b"OrderPlaced(uint256,address,uint48,uint40)").hex()
        resting.extend(int(log["topics"][1], 16) for log in receipt["logs"] if log["topics"][0] == placed)
    elif kind in ("cancel", "reduce", "evict"):
        order_id = dice.choice(resting) if resting else 0
        if kind == "reduce":
            for one in chain.keys:
                try:
                    chain.act(one, "OrderBook", "reduce", order_id, 10)
                    return
                except Reverted:
                    continue
            raise Reverted
        if kind == "evict":
            chain.act(chain.admin, "OrderBook", "evict", order_id)
            return
        for one in chain.keys:
            try:
                chain.act(one, "OrderBook", "cancel", order_id)
                return
            except Reverted:
                continue
        raise Reverted
    elif kind == "transfer":
        to = dice.choice(chain.accounts)
        chain.act(key, "InstrumentLedger", "safeTransferFrom", account, to, instrument, dice.randint(1, 900), b"")
    elif kind == "batch":
        to = dice.choice(chain.accounts)
        ids, values = [int(UNITS), int(MONEY), int(UNITS)], [dice.randint(1, 90) for _ in range(3)]
        chain.act(key, "InstrumentLedger", "safeBatchTransferFrom", account, to, ids, values, b"")
    elif kind == "encumber":
        module, reason = dice.choice(((chain.desk, SURRENDER), (chain.cash, WITHDRAWAL)))
        what = int(MONEY) if reason == WITHDRAWAL else instrument
        cause = bytes([dice.randint(1, 4)]) * 32
        chain.act(module, "InstrumentLedger", "encumber", account, what, dice.randint(1, 700), reason, cause)
    elif kind in ("release", "give up"):
        module, reason = dice.choice(((chain.desk, SURRENDER), (chain.cash, WITHDRAWAL)))
        what = int(MONEY) if reason == WITHDRAWAL else instrument
        function = "release" if kind == "release" else "cancelEncumbered"
        cause = bytes([dice.randint(1, 4)]) * 32
        chain.act(module, "InstrumentLedger", function, account, what, dice.randint(1, 300), reason, cause)
    elif kind == "force":
        to = dice.choice(chain.accounts)
        args = (account, to, instrument, dice.randint(1, 2_000))
        chain.act(chain.admin, "InstrumentLedger", "forcedTransfer", *args)
    elif kind == "freeze":
        amount = dice.choice((0, 0, 100, 10**6))
        chain.act(chain.admin, "InstrumentLedger", "setFrozenTokens", account, instrument, amount)
    elif kind == "restrict":
        restrictions = dice.choice((0, 0, 0, 1, 2))
        owner = 7 if account in chain.accounts[:2] else 0
        given = (1, 2, restrictions, 1, owner, FAR)
        chain.act(chain.registry, "InstrumentLedger", "setEligibility", account, given)
    elif kind == "fees":
        chain.act(chain.admin, "OrderBook", "collectFees", 1, account)
