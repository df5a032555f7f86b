"""Sealed auctions: what sellers, bidders, officers who open bids, the regulator and anybody do with them.

Each class here is a part of an actor (`Company`, `Regulator`).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, digest, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import BidState
from carbon_sdk.contracts.generated.events import BidCommitted, BidOpened, BidWithdrawn
from carbon_sdk.contracts.generated.sealed_auction import SealedAuction
from carbon_sdk.contracts.generated.structs import Auction, AuctionTerms, Beneficiary, Opening, Sealed
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.evidence.sealing import BidOpening, CannotUnseal, seal, unseal
from carbon_sdk.identifiers import Address

WHOLE = 10_000
"""Hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class PreparedBid:
    """A bid as it is sent, and what opens it. Keep it: the bidder opens the bid with it when nobody else does."""

    auction: int
    account: Address
    lots: int
    tick: int
    collateral: int
    salt: bytes
    label: str
    commitment: bytes
    sealed: bytes

    def opening(self, number: int) -> Opening:
        """What opens it, under the number that it got."""
        return Opening(number, self.account, self.collateral, self.lots, self.tick, self.salt, self.label)


class AuctionSide(Actor):
    """A representative who sells or bids; and what anybody may do in an auction."""

    # SELLING

    @verb
    def announce_auction(self, terms: AuctionTerms) -> Act[int]:
        """Offer units of the own account by auction; they are bound. Returns its number.

        Args:
            terms: Lots, prices in ticks, calendar in Unix seconds, rules; `IAuctionRecord` says what each is.

        Raises:
            RuleBroken: A term is impossible, or too few units are free.
        """
        return self._auctions.announce(terms)

    @verb
    def call_off_auction(self, auction: int) -> Act[None]:
        """Call an own auction off before its window opens."""
        return self._auctions.call_off(positive(auction, "auction"))

    @verb
    def take_unsold(self, auction: int) -> Act[None]:
        """Take back lots that wait for a further auction."""
        return self._auctions.take_unsold(positive(auction, "auction"))

    # BIDDING

    def prepare_bid(self, auction: int, lots: int, tick: int, *, collateral: int = 0, label: str = "") -> PreparedBid:
        """Make a bid without sending anything: its commitment, and its opening sealed to the officers' key.

        Args:
            auction: Its number.
            lots: Asked for.
            tick: Price in the auction's ticks.
            collateral: Smallest units of money; 0: as little as suffices. A round amount says less about the bid.
            label: Own name for the bid; random ties are broken by it.
        """
        number = positive(auction, "auction")
        terms = self._auctions.terms_of(number)
        account, salt = self._own_account(), secrets.token_bytes(32)
        opening = BidOpening(positive(lots, "lots"), positive(tick, "tick"), salt, label)
        amount = whole(collateral, "collateral") or collateral_of(terms, opening.lots, opening.tick)
        commitment = self._auctions.commitment_of(number, account, opening.lots, opening.tick, salt, label)
        sealed = seal(terms.seal_key, commitment, opening)
        return PreparedBid(number, account, opening.lots, opening.tick, amount, salt, label, commitment, sealed)

    @verb
    def place_bid(self, bid: PreparedBid) -> Act[int]:
        """Send a prepared bid while the window is open; its collateral is bound. Returns its number."""
        return self._auctions.bid(bid.auction, bid.collateral, bid.commitment, bid.sealed)

    @verb
    def change_bid(self, number: int, old: PreparedBid, new: PreparedBid) -> Act[int]:
        """Put another bid in the place of one while the window is open. Returns its number; its time is the new one."""
        return self._auctions.change_bid(
            old.auction,
            positive(number, "number"),
            old.collateral,
            old.commitment,
            new.collateral,
            new.commitment,
            new.sealed,
        )

    @verb
    def withdraw_bid(self, number: int, bid: PreparedBid) -> Act[None]:
        """Take a bid back while the window is open."""
        return self._auctions.withdraw_bid(bid.auction, positive(number, "number"), bid.collateral, bid.commitment)

    @verb
    def open_own_bid(self, number: int, bid: PreparedBid) -> Act[None]:
        """Open an own bid, because the auctioneer did not. A bid that nobody opens in time is punished."""
        return self._auctions.open(bid.auction, (bid.opening(positive(number, "number")),))

    # ANYBODY

    @verb
    def open_bids(self, auction: int, openings: Sequence[Opening]) -> Act[None]:
        """Open bids after the window; open ones are passed over. Anyone who knows the openings may."""
        return self._auctions.open(positive(auction, "auction"), tuple(openings))

    @verb
    def disclose_reserve(self, auction: int, tick: int, salt: bytes) -> Act[None]:
        """Show the secret reserve after the window. Whoever knows it may."""
        return self._auctions.disclose(positive(auction, "auction"), positive(tick, "tick"), salt)

    @verb
    def note_block_hash(self, auction: int) -> Act[None]:
        """Fix the block whose hash is mixed into the seed; from that block on: note its hash. Anyone may."""
        return self._auctions.note_block_hash(positive(auction, "auction"))

    @verb
    def draw_seed(self, auction: int, seed: int) -> Act[None]:
        """Show the seed by which ties are broken. Whoever knows it may; late, anyone with 0."""
        return self._auctions.draw(positive(auction, "auction"), whole(seed, "seed"))

    @verb
    def rank_bids(self, auction: int, bids: Sequence[int]) -> Act[None]:
        """Bring the next page of opened bids, best first, as `ranking` has them. The last page gives the price."""
        return self._auctions.rank(positive(auction, "auction"), tuple(bids))

    @verb
    def apportion_ties(self, auction: int, bids: Sequence[int]) -> Act[None]:
        """Bring the next page of tied bids, so that their pro-rata shares are known; `ties` gives them. Anyone may."""
        return self._auctions.apportion(positive(auction, "auction"), tuple(bids))

    @verb
    def settle_awards(self, auction: int, bids: Sequence[int]) -> Act[None]:
        """Deliver to the next page of winners against payment, in the order of their ranks. Anyone may."""
        return self._auctions.settle(positive(auction, "auction"), tuple(bids))

    @verb
    def give_back_collateral(self, auction: int, bids: Sequence[int]) -> Act[None]:
        """Free what bids had put up that did not win. Anyone may."""
        return self._auctions.give_back(positive(auction, "auction"), tuple(bids))

    @verb
    def end_sealed_bid(self, auction: int, bid: Sealed) -> Act[None]:
        """Punish a bid that was not opened in time; of a cancelled auction: free what it had put up. Anyone may."""
        return self._auctions.end_sealed(positive(auction, "auction"), bid)

    @verb
    def lapse_auction(self, auction: int) -> Act[None]:
        """Cancel an auction whose secret reserve was not disclosed in time. Anyone may."""
        return self._auctions.lapse(positive(auction, "auction"))

    @verb
    def roll_unsold(self, auction: int, into: int) -> Act[None]:
        """Put unsold lots into a later auction of the same seller, as far as its cap lets them in. Anyone may."""
        return self._auctions.roll(positive(auction, "auction"), positive(into, "into"))

    @verb
    def distribute_proceeds(self, auction: int, beneficiaries: Sequence[Beneficiary], index: int) -> Act[None]:
        """Pay one beneficiary of a settled auction its part, to the cent. Anyone may."""
        return self._auctions.distribute(positive(auction, "auction"), tuple(beneficiaries), whole(index, "index"))

    @property
    def _auctions(self) -> SealedAuction:
        return self.suite.contract(SealedAuction)


class AuctionAuthority(Actor):
    """Of the regulator."""

    @verb
    def cancel_auction(self, auction: int, cause: Digest) -> Act[None]:
        """Cancel an auction that is not settled, for instance as the market is disturbed."""
        return self.suite.contract(SealedAuction).cancel(positive(auction, "auction"), digest(cause, "cause"))

    @verb
    def excuse_bid(self, auction: int, bid: Sealed, cause: Digest) -> Act[None]:
        """Free what a bid had put up that was not opened, because its bidder is not to blame."""
        return self.suite.contract(SealedAuction).excuse(positive(auction, "auction"), bid, digest(cause, "cause"))


# READING


def collateral_of(terms: AuctionTerms, lots: int, tick: int) -> int:
    """What a bid must put up, in smallest units of money."""
    value = lots * terms.lot * tick * terms.tick_size * terms.collateral_share
    return max(-(-value // WHOLE), terms.least_collateral)


def sealed_bids(suite: Suite, auction: int) -> list[BidCommitted]:
    """All bids of an auction that were not withdrawn, as they were made, in order of time."""
    made: dict[int, BidCommitted] = {}
    for event in _events(suite, auction, BidCommitted.TOPIC, BidWithdrawn.TOPIC):
        if isinstance(event, BidCommitted):
            made[event.id] = event
        elif isinstance(event, BidWithdrawn):
            del made[event.id]
    return list(made.values())


def decrypted(suite: Suite, auction: int, private: bytes) -> tuple[list[Opening], list[Sealed]]:
    """What the officers' joint key opens: openings for `open_bids`, and bids that it cannot open or that are false."""
    contract = suite.contract(SealedAuction)
    openings, spoilt = [], []
    for bid in sealed_bids(suite, auction):
        try:
            said = unseal(private, bid.commitment, bid.sealed_opening)
        except CannotUnseal:
            said = None
        right = said is not None and bid.commitment == contract.commitment_of(
            auction, bid.account, said.lots, said.tick, said.salt, said.label
        )
        if said is not None and right:
            openings.append(Opening(bid.id, bid.account, bid.collateral, said.lots, said.tick, said.salt, said.label))
        else:
            spoilt.append(Sealed(bid.id, bid.account, bid.collateral, bid.commitment))
    return openings, spoilt


def unopened(suite: Suite, auction: int) -> list[Sealed]:
    """Bids that nobody has opened, for `end_sealed_bid`."""
    contract = suite.contract(SealedAuction)
    bids = sealed_bids(suite, auction)
    states = suite.chain.read_many([contract.BID_OF.on(contract.address, auction, bid.id) for bid in bids])
    return [
        Sealed(bid.id, bid.account, bid.collateral, bid.commitment)
        for bid, known in zip(bids, states, strict=True)
        if known.state in (BidState.COMMITTED, BidState.VOID)
    ]


def ranking(suite: Suite, auction: int) -> list[int]:
    """The opened bids in the order in which they are brought: best price first, then by time or by the drawn key."""
    known: Auction = suite.contract(SealedAuction).auction_of(auction)
    opened = [one for one in _events(suite, auction, BidOpened.TOPIC) if isinstance(one, BidOpened)]
    if known.drawn:
        opened.sort(key=lambda one: (-one.tick, _random_key(known.seed, one.label), one.id))
    else:
        opened.sort(key=lambda one: (-one.tick, one.id))
    return [one.id for one in opened]


def ties(suite: Suite, auction: int, order: Sequence[int]) -> list[int]:
    """Of a ranking, the bids at the price, where pro-rata shares have to be added up; empty where none have."""
    contract = suite.contract(SealedAuction)
    known, terms = contract.auction_of(auction), contract.terms_of(auction)
    sale = known.sale
    if known.apportioned or terms.tie_rule or sale.above + sale.level <= sale.offered:
        return []
    rest = order[known.walk.first - 1 :]
    bids = suite.chain.read_many([contract.BID_OF.on(contract.address, auction, id_) for id_ in rest])
    return [id_ for id_, bid in zip(rest, bids, strict=True) if bid.tick == sale.tick]


def pages(bids: Sequence[int], size: int) -> Iterator[tuple[int, ...]]:
    """Cut for several transactions. Raises InputError for pages of nothing."""
    if size < 1:
        raise InputError("A page has at least one bid.")
    for start in range(0, len(bids), size):
        yield tuple(bids[start : start + size])


def _random_key(seed: int, label: str) -> bytes:
    from eth_abi.abi import encode

    from carbon_sdk.identifiers import keccak

    # As the contract keeps it: the last 32 bits are the bid's number.
    return keccak(encode(("uint256", "string"), (seed, label)))[:28]


def _events(suite: Suite, auction: int, *topics: str) -> Iterator[object]:
    """Of one auction, in the chain's order."""
    contract = suite.contract(SealedAuction)
    wanted: list[str | list[str]] = [list(topics), "0x" + auction.to_bytes(32, "big").hex()]
    for item in suite.chain.events(suite.deployment.block, "latest", [contract.address], wanted):
        yield item.event
