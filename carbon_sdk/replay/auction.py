"""Auctions through the sealed auction's contracts: every bid is committed to, opened, ranked and settled by them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import orjson

from carbon_sdk.actors.auctions import collateral_of, pages, ranking, ties
from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import AccountKind, AuctionState, TieRule, UnderSubscription
from carbon_sdk.contracts.generated.events import AuctionCleared, AwardSettled, ProceedsPaid
from carbon_sdk.contracts.generated.sealed_auction import SealedAuction
from carbon_sdk.contracts.generated.structs import AuctionTerms, Beneficiary, Opening
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.errors import InputError
from carbon_sdk.evidence.sealing import BidOpening, seal, split_key
from carbon_sdk.identifiers import InstrumentId, keccak
from carbon_sdk.replay.accounts import Party, open_accounts
from carbon_sdk.replay.confirmation import confirm
from carbon_sdk.replay.conveyor import Keyed
from carbon_sdk.replay.ground import Ground, Tell, open_ground
from carbon_sdk.replay.holdings import define, issue
from carbon_sdk.replay.journal import Journal, digest_of
from carbon_sdk.replay.source import MalformedCase, Source

TREASURY = "  issuing authority"
"""No bidder of a file has its name."""
BIRTH, HOUR = 1_767_225_600, 3_600
MOST_LOTS, MOST_TICK, MOST_MONEY = 2**31 - 1, 2**24 - 1, 2**96 - 1
OFFICERS, THRESHOLD = 3, 2
PAGE, SETTLED_AT_ONCE = 400, 40
"""Bids in one transaction."""
GAS_CALL, GAS_OPENED, GAS_RANKED, GAS_SETTLED = 400_000, 150_000, 20_000, 450_000
"""More than is used; what is not used is not paid."""
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,12})?")
_LABEL = 63


@dataclass(frozen=True, slots=True)
class Bid:
    """One bid of a case; price in ticks, quantity in lots."""

    id: str
    bidder: str
    lots: int
    tick: int


@dataclass(frozen=True, slots=True)
class AuctionCase:
    """What is to be replayed, checked as a whole.

    Attributes:
        lots: Offered.
        lot: Tonnes.
        tick: In the main unit of money.
        reserve: In ticks; 0: none.
        tie_rule: Of bids at the price.
        seed: By which random ties are broken.
        under: What happens when too few bid.
        bids: In order of time.
        digest: Of all of it.
    """

    lots: int
    lot: int
    tick: Decimal
    reserve: int
    tie_rule: TieRule
    seed: int
    under: UnderSubscription
    bids: Sequence[Bid]
    digest: bytes
    beneficiaries: tuple[tuple[str, int], ...] = ()
    """Who shares the proceeds, and how many tonnes each had in the auction; none: the seller keeps them."""

    @property
    def decimals(self) -> int:
        """That its money needs."""
        return max(2, _decimals(self.tick))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the contracts made of one case."""

    case: AuctionCase
    decimals: int
    tick: int
    sold: int
    asked: int
    payments: Mapping[int, tuple[int, int]]
    """By position of the bid: lots and smallest units of money."""
    shares: Mapping[str, int]
    """Of the proceeds, by beneficiary."""

    @property
    def cleared(self) -> bool:
        """Whether anything was sold."""
        return self.sold > 0

    def money(self, amount: int) -> str:
        """In the main unit."""
        return f"{Decimal(amount).scaleb(-self.decimals):f}"

    def as_json(self) -> dict[str, Any]:
        """As docs/replay.md says."""
        case = self.case
        ratio = (Decimal(self.asked) / case.lots).quantize(Decimal("0.01"), ROUND_HALF_UP)
        price = case.tick * self.tick
        return {
            "status": "cleared" if self.cleared else "cancelled",
            "clearing_price": self.money(int(price.scaleb(self.decimals))) if self.cleared else None,
            "sold": self.sold * case.lot,
            "cover_ratio": f"{ratio:f}",
            "allocations": [
                {
                    "id": bid.id,
                    "bidder": bid.bidder,
                    "quantity": self.payments[place][0] * case.lot,
                    "payment": self.money(self.payments[place][1]),
                }
                for place, bid in enumerate(case.bids)
                if place in self.payments
            ],
        }


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it."""

    outcomes: Sequence[Outcome]
    gas: int
    audit: AuditReport

    def as_json(self) -> dict[str, Any]:
        """Of a single case, in JSON's types."""
        return {**self.outcomes[0].as_json(), "gas": {"total": self.gas}, "confirmed": self.audit.ok}


# READING


def case_of(source: Source) -> AuctionCase:
    """Read and check everything; nothing is sent. Raises MalformedCase."""
    try:
        content = orjson.loads(source.content)
    except orjson.JSONDecodeError as error:
        raise MalformedCase(f"{source.name}:{error.lineno}: this is no JSON: {error.msg}.") from None
    if not isinstance(content, dict):
        raise MalformedCase(f"{source.name}: one JSON object is wanted.")
    return _Reader(source.name, content).case(digest_of(source.content))


@dataclass(frozen=True, slots=True)
class _Reader:
    name: str
    content: Mapping[str, Any]

    def wrong(self, what: str) -> MalformedCase:
        return MalformedCase(f"{self.name}: {what}")

    def case(self, digest: bytes) -> AuctionCase:
        known = {"offered", "lot", "reserve", "tick", "tie_rule", "seed", "under_subscription", "bids"}
        if unknown := set(self.content) - known:
            raise self.wrong(f"unknown field {sorted(unknown)[0]!r}.")
        lot = self._whole(self.content.get("lot", 1), "lot", 2**32 - 1)
        offered = self._whole(self.content.get("offered"), "offered", MOST_LOTS * lot)
        if offered % lot:
            raise self.wrong(f"offered is {offered}, no multiple of the lot {lot}.")
        if offered // lot > MOST_LOTS:
            raise self.wrong(f"offered is more than {MOST_LOTS} lots.")
        tick = self._price(self.content.get("tick", "0.01"), "tick")
        if not tick:
            raise self.wrong("tick must be above 0.")
        reserve = self.content.get("reserve")
        lowest = self._ticks(reserve, tick, "reserve") if reserve is not None else 0
        tie_rule = self._one_of(TieRule, self.content.get("tie_rule", "pro_rata"), "tie_rule")
        under = self._one_of(UnderSubscription, self.content.get("under_subscription", "partial"), "under_subscription")
        seed = self.content.get("seed", 0)
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**256:
            raise self.wrong("seed must be a whole number from 0 to 2^256 - 1.")
        bids = self._bids(lot, tick)
        return AuctionCase(offered // lot, lot, tick, lowest, tie_rule, seed, under, bids, digest)

    def _bids(self, lot: int, tick: Decimal) -> tuple[Bid, ...]:
        told = self.content.get("bids")
        if not isinstance(told, list):
            raise self.wrong("bids must be a list.")
        bids: list[Bid] = []
        seen: set[str] = set()
        for place, one in enumerate(told, 1):
            if not isinstance(one, dict) or set(one) - {"id", "bidder", "quantity", "price"}:
                raise self.wrong(f"bid {place}: id, bidder, quantity and price are wanted, and nothing else.")
            name = one.get("id")
            if not isinstance(name, str) or not 0 < len(name.encode()) <= _LABEL:
                raise self.wrong(f"bid {place}: id must be a text of 1 to {_LABEL} bytes.")
            what = f"bid {name}"
            bidder = one.get("bidder", name)
            if name in seen:
                raise self.wrong(f"{what} stands there twice.")
            if not isinstance(bidder, str) or not bidder or bidder == TREASURY:
                raise self.wrong(f"{what}: bidder must be a name.")
            quantity = self._whole(one.get("quantity"), f"{what}: quantity", MOST_LOTS * lot)
            if quantity % lot or quantity // lot > MOST_LOTS:
                raise self.wrong(f"{what}: quantity {quantity} is no multiple of the lot {lot}, or too large.")
            price = self._ticks(one.get("price"), tick, f"{what}: price")
            if not price:
                raise self.wrong(f"{what}: price must be above 0.")
            seen.add(name)
            bids.append(Bid(name, bidder, quantity // lot, price))
        value = sum(bid.lots * lot * bid.tick for bid in bids) * 10 ** max(0, 2 - _decimals(tick))
        if value * int(tick.scaleb(_decimals(tick))) > MOST_MONEY:
            raise self.wrong("the bids together are worth more than the ledger can hold.")
        return tuple(bids)

    def _whole(self, value: object, what: str, most: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
            raise self.wrong(f"{what} must be a whole number from 1 to {most}.")
        return value

    def _price(self, value: object, what: str) -> Decimal:
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise self.wrong(f'{what} must be a decimal in quotes, such as "22.00".')
        return Decimal(value)

    def _ticks(self, value: object, tick: Decimal, what: str) -> int:
        price = self._price(value, what)
        ticks, rest = divmod(price, tick)
        if rest or ticks > MOST_TICK:
            raise self.wrong(f"{what} {value} is no whole number of ticks of {tick:f}, or more than {MOST_TICK}.")
        return int(ticks)

    def _one_of(self, kind: Any, value: object, what: str) -> Any:
        names = {one.name.lower(): one for one in kind}
        if not isinstance(value, str) or value not in names:
            raise self.wrong(f"{what} is one of {', '.join(names)}.")
        return names[value]


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -int(exponent))


# RUNNING


def replay(
    cases: Sequence[AuctionCase], base: SchemeRules, tell: Tell, *, folder: Path | None = None, rpc: str | None = None
) -> Replayed:
    """Run cases through the contracts, one after another on one chain.

    Args:
        cases: What.
        base: The scheme; its money gets the decimals that the cases need.
        tell: Told of progress, a line at a time.
        folder: Keeps chain, journal and events, so that a run that was stopped goes on; None keeps nothing.
        rpc: Not possible: an auction has a calendar, and the clock of a chain of others is not moved.

    Raises:
        InputError: A chain of others was named.
        ReplayStopped: The contracts refused what a case needs.
    """
    if rpc is not None:
        raise InputError("An auction moves the clock, which a chain of others does not. Run it without --rpc.")
    decimals = max([case.decimals for case in cases])
    money = base.file.money.model_copy(update={"decimals": max(decimals, base.file.money.decimals)})
    digest = keccak(base.digest + b"".join(case.digest for case in cases) + bytes([decimals]))
    rules = replace(base, file=base.file.model_copy(update={"money": money}), digest=digest)
    instrument = rules.instrument(rules.file.instruments[0].name)
    journal = Journal.open(folder, digest)
    with open_ground(rules, journal, BIRTH, tell, stands=True) as ground:
        names = list(dict.fromkeys(bid.bidder for case in cases for bid in case.bids))
        until = BIRTH + (len(cases) + 1) * 4 * HOUR
        kinds = [(name, AccountKind.TRADER) for name in names]
        states = dict.fromkeys(name for case in cases for name, _ in case.beneficiaries)
        kinds += [(name, AccountKind.GOVERNMENT) for name in states]
        parties = open_accounts(ground, [*kinds, (TREASURY, AccountKind.GOVERNMENT)], until)
        treasury = parties[TREASURY]
        offered = sum(case.lots * case.lot for case in cases)
        define(ground, [instrument])
        issue(ground, treasury.account, {instrument: offered})
        outcomes = []
        for number, case in enumerate(cases, 1):
            run = _Run(ground, case, parties, number, instrument, money.decimals)
            outcomes.append(run.play())
            tell(f"auction {number} of {len(cases)}: {outcomes[-1].sold:,} of {case.lots:,} lots sold")
        audit = confirm(ground)
        return Replayed(outcomes, sum(one.gas_used for one in journal.done.values()), audit)


@dataclass
class _Run:
    """One auction from its announcement to the last collateral."""

    ground: Ground
    case: AuctionCase
    parties: Mapping[str, Party]
    number: int
    instrument: InstrumentId
    decimals: int

    def __post_init__(self) -> None:
        self.contract = self.ground.scheme.contract(SealedAuction)
        self.tick_size = int(self.case.tick.scaleb(self.decimals))
        self.seller = self.parties[TREASURY]

    def play(self) -> Outcome:
        """Announced, bid for, opened, ranked, settled."""
        self._deposit()
        self._do("announce", self.seller, [self.contract.announce(self._terms())], GAS_CALL * 3)
        terms = self.contract.terms_of(self.number)
        self._move_to(terms.opens)
        openings = self._bid(terms)
        self._move_to(terms.closes)
        if self.case.tie_rule is TieRule.RANDOM:
            self._do("draw", self.seller, [self.contract.draw(self.number, self.case.seed)], GAS_CALL)
        shown = [openings[start : start + 50] for start in range(0, len(openings), 50)]
        acts = [self.contract.open(self.number, tuple(page)) for page in shown]
        self._do("open", self.seller, acts, GAS_CALL + 50 * GAS_OPENED)
        self._move_to(terms.open_until)
        suite = self.ground.scheme
        order = ranking(suite, self.number)
        acts = [self.contract.rank(self.number, page) for page in list(pages(order, PAGE)) or [()]]
        self._do("rank", self.seller, acts, GAS_CALL + PAGE * GAS_RANKED)
        cleared = self._events(AuctionCleared)[0]
        if self.contract.auction_of(self.number).state is AuctionState.CLEARED:
            self._move_to(terms.settles)
            tied = ties(suite, self.number, order)
            acts = [self.contract.apportion(self.number, page) for page in pages(tied, PAGE)]
            self._do("apportion", self.seller, acts, GAS_CALL + PAGE * GAS_RANKED)
            sold_to = self._served(order, cleared)
            acts = [self.contract.settle(self.number, page) for page in pages(sold_to, SETTLED_AT_ONCE)]
            self._do("settle", self.seller, acts, GAS_CALL + SETTLED_AT_ONCE * GAS_SETTLED)
            self._distribute()
        awards = {one.id - 1: (one.lots, one.paid) for one in self._events(AwardSettled)}
        losers = [bid for bid in order if bid - 1 not in awards]
        acts = [self.contract.give_back(self.number, page) for page in pages(losers, PAGE)]
        self._do("give back", self.seller, acts, GAS_CALL + PAGE * GAS_OPENED)
        if self.case.under is UnderSubscription.ROLL_OVER and self._unsold():
            self._do("take unsold", self.seller, [self.contract.take_unsold(self.number)], GAS_CALL)
        named = {self.parties[name].account: name for name, _ in self.case.beneficiaries}
        shares = {named[one.beneficiary]: one.amount for one in self._events(ProceedsPaid)}
        return Outcome(self.case, self.decimals, cleared.tick, cleared.sold, cleared.asked, awards, shares)

    @property
    def _beneficiaries(self) -> tuple[Beneficiary, ...]:
        return tuple(Beneficiary(self.parties[name].account, share) for name, share in self.case.beneficiaries)

    def _distribute(self) -> None:
        told = self._beneficiaries
        acts = [self.contract.distribute(self.number, told, index) for index in range(len(told))]
        self._do("distribute", self.seller, acts, GAS_CALL + 30_000 * len(told))

    def _terms(self) -> AuctionTerms:
        opens = self.ground.chain.block().timestamp + HOUR // 2
        case = self.case
        highest = max([case.reserve, 1, *(bid.tick for bid in case.bids)])
        most = max([1, *(bid.lots for bid in case.bids)])
        key = split_key(THRESHOLD, OFFICERS)
        random = case.tie_rule is TieRule.RANDOM
        return AuctionTerms(
            self.instrument,
            self.tick_size,
            case.lots,
            case.lot,
            case.reserve,
            highest,
            1,
            most,
            0,
            1,
            10_000,
            10_000,
            10_000,
            case.tie_rule,
            case.under,
            False,
            opens,
            opens + HOUR,
            opens + 3 * HOUR,
            opens + 3 * HOUR,
            bytes(32),
            keccak(case.seed.to_bytes(32, "big")) if random else bytes(32),
            self._digest_of_beneficiaries(),
            key.public,
            THRESHOLD,
            OFFICERS,
            key.digest,
        )

    def _digest_of_beneficiaries(self) -> bytes:
        from eth_abi.abi import encode

        told = [(one.account, one.lots) for one in self._beneficiaries]
        return keccak(encode(("(address,uint32)[]",), (told,))) if told else bytes(32)

    def _deposit(self) -> None:
        bank = SettlementBank(self.ground.scheme, self.ground.officer(Role.SETTLEMENT_BANK))
        needed: dict[str, int] = {}
        for bid in self.case.bids:
            cost = bid.lots * self.case.lot * bid.tick * self.tick_size
            needed[bid.bidder] = needed.get(bid.bidder, 0) + cost
        self.ground.conveyor.carry_alike(
            [
                Keyed(
                    f"{self.number} deposit {name}",
                    bank.signer,
                    bank.record_deposit.act(
                        self.parties[name].account, amount, keccak(f"deposit {self.number} {name}".encode())
                    ),
                )
                for name, amount in needed.items()
            ]
        )

    def _bid(self, terms: AuctionTerms) -> list[Opening]:
        """All bids, each by its bidder's key; what opens them."""
        openings, acts = [], []
        for place, bid in enumerate(self.case.bids, 1):
            party = self.parties[bid.bidder]
            salt = keccak(self.case.digest + f"salt {self.number} {bid.id}".encode())
            opening = BidOpening(bid.lots, bid.tick, salt, bid.id)
            commitment = self._commitment(party, opening)
            collateral = collateral_of(terms, bid.lots, bid.tick)
            act = self.contract.bid(self.number, collateral, commitment, seal(terms.seal_key, commitment, opening))
            acts.append(Keyed(f"{self.number} bid {place}", party.signer, replace(act, gas=GAS_CALL)))
            openings.append(Opening(place, party.account, collateral, bid.lots, bid.tick, salt, bid.id))
        self.ground.conveyor.carry_all(acts)
        return openings

    def _commitment(self, party: Party, opening: BidOpening) -> bytes:
        from eth_abi.abi import encode

        types = ("uint256", "address", "uint32", "address", "uint32", "uint24", "bytes32", "string")
        place = (self.ground.chain.id, self.contract.address, self.number, party.account)
        return keccak(encode(types, (*place, opening.lots, opening.tick, opening.salt, opening.label)))

    def _served(self, order: Sequence[int], cleared: AuctionCleared) -> list[int]:
        """Those who may have won: at the price or better."""
        return [bid for bid in order if self.case.bids[bid - 1].tick >= cleared.tick]

    def _unsold(self) -> int:
        return self.contract.auction_of(self.number).unsold

    def _do(self, what: str, party: Party, acts: Sequence[Act[Any]], gas: int) -> None:
        self.ground.conveyor.carry_all(
            [
                Keyed(f"{self.number} {what} {place}", party.signer, replace(act, gas=gas))
                for place, act in enumerate(acts)
            ]
        )

    def _move_to(self, at: int) -> None:
        if at > self.ground.chain.block().timestamp:
            self.ground.chain.endpoint.request("evm_setNextBlockTimestamp", at)
            self.ground.chain.endpoint.request("evm_mine")

    def _events(self, kind: Any) -> list[Any]:
        topics = [[kind.TOPIC], "0x" + self.number.to_bytes(32, "big").hex()]
        deployed = self.ground.scheme.deployment.block
        return [item.event for item in self.ground.chain.events(deployed, "latest", [self.contract.address], topics)]
