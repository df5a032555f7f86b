"""Listed quotes and block trades: what traders, the platform, its supervisor and the regulator do with them.

Each class here is a part of an actor (`Company`, `PlatformOperator` …).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.quotes import BlockOffer, block_of, named_by
from carbon_sdk.actors.values import Digest, Moment, digest, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.signers import TypedData
from carbon_sdk.contracts.generated.block_trades import BlockTrades
from carbon_sdk.contracts.generated.enums import BlockMarketState, BoardState
from carbon_sdk.contracts.generated.quote_board import QuoteBoard
from carbon_sdk.contracts.generated.structs import BlockTerms, BlockTrade, BoardTerms, Listing
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, BlockMarketId, BoardId, QuoteId, Side
from carbon_sdk.units import Quantity, Ticks, tonnes

WHOLE_ONLY = 2**48 - 1
"""Least fill of a quote of which only the whole can be clicked."""
MOST_NAMES = 16
"""Accounts that a quote can name."""
DAY = 86_400
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAME, _VERSION = "Carbon Block Trades", "1"
_DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
_BLOCK = (
    ("seller", "address"),
    ("buyer", "address"),
    ("offeredBy", "uint8"),
    ("market", "uint24"),
    ("tick", "uint24"),
    ("quantity", "uint48"),
    ("expires", "uint40"),
    ("settleAt", "uint40"),
    ("nonce", "uint64"),
)


@dataclass(frozen=True, slots=True)
class SignedBlock:
    """A block offered off the chain: its terms and the offering side's signature (65 bytes)."""

    terms: BlockTrade
    signature: bytes


class BilateralTrader(Actor):
    """A representative with the right TRADE."""

    # LISTED QUOTES

    @verb
    def list_quote(
        self,
        board: BoardId | int,
        side: Side,
        quantity: Quantity,
        price: Ticks | int,
        *,
        least_fill: Quantity | None = None,
        whole_only: bool = False,
        expires: Moment = 0,
        named: Sequence[Address] = (),
    ) -> Act[QuoteId]:
        """List a quote at a fixed price; what it offers is bound. Returns its id.

        Args:
            board: Its number.
            side: BUY or SELL.
            quantity: Whole tonnes, a multiple of the board's lot.
            price: Ticks; `BoardReader.ticks("41.85")` makes them.
            least_fill: Tonnes that a click takes at least, unless it takes all; None: the board's smallest quote.
            whole_only: Only the whole quote can be clicked.
            expires: From then on nobody can click it; 0: it stands until withdrawn.
            named: Accounts that may click it, at most 16; none: everybody.

        Raises:
            RuleBroken: The board is halted, the price outside its band, too little free money or units.
        """
        number = positive(board, "board")
        if whole_only and least_fill is not None:
            raise InputError("A quote for the whole only has no least fill: leave one of the two out.")
        if whole_only:
            least = WHOLE_ONLY
        elif least_fill is not None:
            least = positive(tonnes(least_fill, name="least_fill"), "least_fill")
        else:
            terms = self._board.board_of(number).terms
            least = terms.lot * terms.least_lots
        return self._board.list(
            Listing(
                number,
                Side(side),
                positive(price, "price"),
                positive(tonnes(quantity), "quantity"),
                least,
                moment(expires, "expires"),
                _names(named),
            )
        )

    @verb
    def click(self, quote: QuoteId | int, quantity: Quantity | None = None, *, latest: Moment = 0) -> Act[None]:
        """Trade with a quote at its price.

        Args:
            quote: Its id; it says the price.
            quantity: Whole tonnes: all that is open (None), or at least the quote's least fill.
            latest: The call does nothing after it; 0: any time.

        Raises:
            RuleBroken: It is not open, not for this account, or one of both accounts may not trade now.
        """
        identity = QuoteId(quote)
        named = named_by(self.suite, identity)
        amount = self._board.quote_of(identity).open if quantity is None else positive(tonnes(quantity), "quantity")
        return self._board.click(identity, amount, moment(latest, "latest"), named)

    @verb
    def reduce_quote(self, quote: QuoteId | int, by: Quantity) -> Act[None]:
        """Make one's quote smaller by whole tonnes."""
        return self._board.reduce(QuoteId(quote), positive(tonnes(by, name="by"), "by"))

    @verb
    def withdraw_quote(self, quote: QuoteId | int) -> Act[None]:
        """Take one's quote back, also while the board is halted."""
        return self._board.withdraw(QuoteId(quote))

    @verb
    def expire_quote(self, quote: QuoteId | int) -> Act[None]:
        """Take an expired quote out, anybody's; what it bound is free again. Anyone may."""
        return self._board.expire(QuoteId(quote))

    # BLOCK TRADES

    @verb
    def propose_block(
        self,
        block_market: BlockMarketId | int,
        side: Side,
        counterparty: Address,
        quantity: Quantity,
        price: Ticks | int,
        *,
        expires: Moment = 0,
        settle_at: Moment = 0,
    ) -> Act[bytes]:
        """Offer a block to one account; returns its id. What this side gives is bound if it settles at once.

        Args:
            block_market: Its number.
            side: BUY: this account buys.
            counterparty: The account that it is offered to.
            quantity: Whole tonnes, at least the market's smallest block.
            price: Ticks; `BlockMarketReader.ticks("41.85")` makes them.
            expires: Until when it can be confirmed; 0: for a day.
            settle_at: When it settles, delivery versus payment; 0: as soon as it is confirmed.

        Raises:
            RuleBroken: Outside hours, band or sizes, or one of both accounts may not trade now.
        """
        return self._blocks.propose(self._terms(block_market, side, counterparty, quantity, price, expires, settle_at))

    @verb
    def confirm_block(self, block: bytes) -> Act[None]:
        """Take a block that was proposed to this account: it settles now, or at its time."""
        return self._blocks.confirm(self._offer(block).terms)

    @verb
    def refuse_block(self, block: bytes) -> Act[None]:
        """Decline a block that was proposed to this account; what it bound is free again."""
        return self._blocks.refuse(self._offer(block).terms)

    @verb
    def withdraw_block(self, block: bytes) -> Act[None]:
        """Take one's proposal back before it is confirmed."""
        return self._blocks.withdraw(self._offer(block).terms)

    def sign_block(
        self,
        block_market: BlockMarketId | int,
        side: Side,
        counterparty: Address,
        quantity: Quantity,
        price: Ticks | int,
        *,
        expires: Moment = 0,
        settle_at: Moment = 0,
    ) -> SignedBlock:
        """Offer a block off the chain: nothing is sent, the counterparty executes it. Arguments as of `propose_block`.

        Nothing is bound until then; `cancel_block_nonce` with its nonce takes the offer back.

        Raises:
            SignerError: The key cannot be used.
        """
        terms = self._terms(block_market, side, counterparty, quantity, price, expires, settle_at)
        return SignedBlock(terms, self.signer.sign_typed_data(self._typed(terms)))

    @verb
    def execute_block(self, signed: SignedBlock) -> Act[bytes]:
        """Take a block that the other side signed; returns its id. The key that signed must still have its right.

        Raises:
            NotPermitted: It was signed by nobody who may offer it.
            RuleBroken: The nonce was used or cancelled, the offer expired, or as of `propose_block`.
        """
        return self._blocks.execute(signed.terms, signed.signature)

    @verb
    def cancel_block_nonce(self, nonce: int) -> Act[None]:
        """Make a nonce of this account useless: a block that was signed with it cannot be executed any more."""
        return self._blocks.cancel_nonce(whole(nonce, "nonce"))

    @verb
    def lapse_block(self, block: bytes) -> Act[None]:
        """End an expired proposal, anybody's; what it bound is free again. Anyone may."""
        return self._blocks.lapse(self._offer(block).terms)

    @verb
    def settle_block(self, block: bytes) -> Act[None]:
        """Settle a confirmed block that is due, anybody's; after the window, record that it failed. Anyone may."""
        return self._blocks.settle(self._offer(block).terms)

    def _terms(
        self,
        market: BlockMarketId | int,
        side: Side,
        counterparty: Address,
        quantity: Quantity,
        price: Ticks | int,
        expires: Moment,
        settle_at: Moment,
    ) -> BlockTrade:
        own = self._own_account()
        buys = Side(side) is Side.BUY
        until = moment(expires, "expires") or self.suite.chain.block("latest").timestamp + DAY
        return BlockTrade(
            counterparty if buys else own,
            own if buys else counterparty,
            Side(side),
            positive(market, "block_market"),
            positive(price, "price"),
            positive(tonnes(quantity), "quantity"),
            until,
            moment(settle_at, "settle_at"),
            secrets.randbits(64),
        )

    def _typed(self, terms: BlockTrade) -> TypedData:
        message = {name: value for (name, _), value in zip(_BLOCK, _fields(terms), strict=True)}
        return {
            "types": {
                "EIP712Domain": [{"name": name, "type": type_} for name, type_ in _DOMAIN],
                "BlockTrade": [{"name": name, "type": type_} for name, type_ in _BLOCK],
            },
            "primaryType": "BlockTrade",
            "domain": {
                "name": _NAME,
                "version": _VERSION,
                "chainId": self.suite.chain.id,
                "verifyingContract": self._blocks.address,
            },
            "message": message,
        }

    def _offer(self, block: bytes) -> BlockOffer:
        return block_of(self.suite, digest(block, "block"))

    @property
    def _board(self) -> QuoteBoard:
        return self.suite.contract(QuoteBoard)

    @property
    def _blocks(self) -> BlockTrades:
        return self.suite.contract(BlockTrades)


class BilateralManager(Actor):
    """Of the service manager."""

    @verb
    def open_board(self, terms: BoardTerms) -> Act[int]:
        """Open a board of listed quotes; returns its number."""
        return self.suite.contract(QuoteBoard).open_board(terms)

    @verb
    def open_block_market(self, terms: BlockTerms) -> Act[int]:
        """Open a market of block trades; returns its number. It trades when it has a reference price."""
        return self.suite.contract(BlockTrades).open_block_market(terms)


class BilateralPlatform(Actor):
    """Of the platform operator."""

    @verb
    def set_board_band(self, board: BoardId | int, lowest: int, highest: int) -> Act[None]:
        """Set a board's price band in ticks, both ends included; quotes outside it stand, but nobody can click them."""
        low, high = positive(lowest, "lowest"), positive(highest, "highest")
        if low > high:
            raise InputError(f"The band from {low} to {high} ticks is empty.")
        return self.suite.contract(QuoteBoard).set_board_band(positive(board, "board"), low, high)

    @verb
    def set_quote_fee_account(self, account: Address) -> Act[None]:
        """Name the account that gets the fees of clicks; while it cannot receive, nobody can click."""
        return self.suite.contract(QuoteBoard).set_fee_account(account)

    @verb
    def set_reference(self, block_market: BlockMarketId | int, price: Ticks | int) -> Act[None]:
        """Set the price around which blocks may be agreed: the previous close, in ticks."""
        number = positive(block_market, "block_market")
        return self.suite.contract(BlockTrades).set_reference(number, positive(price, "price"))

    @verb
    def set_block_hours(
        self, block_market: BlockMarketId | int, opens: int, closes: int, weekdays: Sequence[str]
    ) -> Act[None]:
        """Set the hours in which blocks are offered and taken.

        Args:
            block_market: Its number.
            opens: Second of the civil day.
            closes: Second of the civil day, excluded; at most 86400.
            weekdays: Such as mon, tue, fri.
        """
        unknown = [day for day in weekdays if day not in _WEEKDAYS]
        if unknown or not weekdays:
            raise InputError(f"weekdays are {', '.join(_WEEKDAYS)}; given is {', '.join(weekdays) or 'none'}.")
        bits = sum(1 << _WEEKDAYS.index(day) for day in set(weekdays))
        number = positive(block_market, "block_market")
        return self.suite.contract(BlockTrades).set_hours(
            number, whole(opens, "opens"), positive(closes, "closes"), bits
        )

    @verb
    def set_block_fee_account(self, account: Address) -> Act[None]:
        """Name the account that gets the fees of block trades; while it cannot receive, none settles."""
        return self.suite.contract(BlockTrades).set_fee_account(account)


class BilateralSupervision(Actor):
    """Of the services' regulator."""

    @verb
    def halt_board(self, board: BoardId | int) -> Act[None]:
        """Halt a board: quotes can only be taken back."""
        return self.suite.contract(QuoteBoard).set_board_state(positive(board, "board"), BoardState.HALTED)

    @verb
    def resume_board(self, board: BoardId | int) -> Act[None]:
        """Let a halted board trade again."""
        return self.suite.contract(QuoteBoard).set_board_state(positive(board, "board"), BoardState.OPEN)

    @verb
    def halt_blocks(self, block_market: BlockMarketId | int) -> Act[None]:
        """Halt a block market: no block is offered or taken; those that were agreed still settle."""
        return self._set(block_market, BlockMarketState.HALTED)

    @verb
    def resume_blocks(self, block_market: BlockMarketId | int) -> Act[None]:
        """Let a halted block market trade again."""
        return self._set(block_market, BlockMarketState.OPEN)

    def _set(self, market: BlockMarketId | int, state: BlockMarketState) -> Act[None]:
        return self.suite.contract(BlockTrades).set_block_market_state(positive(market, "block_market"), state)


class BilateralAuthority(Actor):
    """Of the regulator."""

    @verb
    def take_down_quote(self, quote: QuoteId | int, cause: Digest) -> Act[None]:
        """Take a quote out, so that what it bound can be frozen or transferred."""
        return self.suite.contract(QuoteBoard).take_down(QuoteId(quote), digest(cause, "cause"))

    @verb
    def annul_block(self, block: bytes, cause: Digest) -> Act[None]:
        """End a proposed or confirmed block."""
        terms = block_of(self.suite, digest(block, "block")).terms
        return self.suite.contract(BlockTrades).annul(terms, digest(cause, "cause"))


def _fields(terms: BlockTrade) -> tuple[object, ...]:
    return (
        terms.seller,
        terms.buyer,
        int(terms.offered_by),
        terms.market,
        terms.tick,
        terms.quantity,
        terms.expires,
        terms.settle_at,
        terms.nonce,
    )


def _names(named: Sequence[Address]) -> tuple[Address, ...]:
    """As the contract wants them: in ascending order. Raises InputError for one that stands there twice."""
    ordered = tuple(sorted(named, key=lambda account: int(account, 16)))
    if len(set(ordered)) != len(ordered):
        raise InputError("named has an account twice.")
    if len(ordered) > MOST_NAMES:
        raise InputError(f"named has {len(ordered)} accounts; a quote can name {MOST_NAMES}.")
    return ordered
