"""Money that stands for an ERC-20 token: locked one to one at the cash desk, paid out to an address named before."""

from __future__ import annotations

from contextlib import suppress

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Moment, digest, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act, Function
from carbon_sdk.chain.chain import Chain
from carbon_sdk.contracts.generated.cash_desk import CashDesk
from carbon_sdk.contracts.generated.structs import Backing
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId, keccak
from carbon_sdk.units import Money, Quantity

PERMIT_SECONDS = 600
"""For how long a permit holds when nothing else is asked."""

# Of any ERC-20. What a call answers is not read: some tokens answer nothing, and the desk measures what moved.
_APPROVE = Function.of("ERC20", "approve(address,uint256)", ["spender", "amount"], [], lambda _: None)
_BALANCE_OF = Function.of("ERC20", "balanceOf(address)", ["account"], ["uint256"], lambda value: int(value[0]))
_NONCES = Function.of("ERC20", "nonces(address)", ["owner"], ["uint256"], lambda value: int(value[0]))
_NAME = Function.of("ERC20", "name()", [], ["string"], lambda value: str(value[0]))
_VERSION = Function.of("ERC20", "version()", [], ["string"], lambda value: str(value[0]))
_SEPARATOR = Function.of("ERC20", "DOMAIN_SEPARATOR()", [], ["bytes32"], lambda value: bytes(value[0]))

_DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))
_PERMIT = (
    ("owner", "address"),
    ("spender", "address"),
    ("value", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)


class PaysInTokens(Actor):
    """What an account holder does. Amounts are in the money's smallest unit, which is the token's."""

    @verb
    def allow_tokens(self, instrument: InstrumentId | int, amount: Money | Quantity) -> Act[None]:
        """Allow the cash desk to take tokens of this key, before `deposit_tokens`.

        Args:
            instrument: The money that the token backs.
            amount: Smallest units; 0 takes an allowance back.
        """
        token = token_of(self.suite, instrument)
        return _APPROVE.act(token, _desk(self.suite).address, whole(amount, "amount"))

    @verb
    def deposit_tokens(self, instrument: InstrumentId | int, amount: Money | Quantity) -> Act[None]:
        """Lock tokens of this key, which were allowed before, as money of the account; the right INITIATE.

        Args:
            instrument: The money that the token backs.
            amount: Smallest units.

        Raises:
            RuleBroken: Too little is allowed or held, the token moved another amount, or the money is stopped.
        """
        return _desk(self.suite).deposit_tokens(int(instrument), positive(amount, "amount"))

    @verb
    def deposit_tokens_with_permit(
        self, instrument: InstrumentId | int, amount: Money | Quantity, deadline: Moment = 0
    ) -> Act[None]:
        """As `deposit_tokens`, with a signed permit (EIP-2612) in place of an allowance, in one transaction.

        Args:
            instrument: The money that the token backs.
            amount: Smallest units.
            deadline: Until when the permit holds; 0: for ten minutes.

        Raises:
            InputError: The token has no permit, or signs in another way: use `allow_tokens`.
        """
        value = positive(amount, "amount")
        until = moment(deadline, "deadline") or self.suite.chain.block().timestamp + PERMIT_SECONDS
        signature = self._permit(token_of(self.suite, instrument), value, until)
        return _desk(self.suite).deposit_tokens_with_permit(
            int(instrument), value, until, signature[64], signature[:32], signature[32:64]
        )

    @verb
    def name_payout_address(self, to: Address) -> Act[None]:
        """Name the address that tokens are paid out to; it can be used after the scheme's delay.

        Args:
            to: Any address that the token can be sent to. The rights INITIATE and APPROVE are needed.
        """
        return _desk(self.suite).set_payout_address(to)

    @verb
    def withdraw_of(self, instrument: InstrumentId | int, amount: Money | Quantity) -> Act[int]:
        """Ask for money of any instrument to be paid out; it is bound. Returns the withdrawal's number.

        Args:
            instrument: Which money.
            amount: Smallest units. A bank's money goes to the bank account that was named, a token to the address.
        """
        return _desk(self.suite).request_withdrawal_of(int(instrument), positive(amount, "amount"))

    @verb
    def pay_withdrawal(self, withdrawal: int) -> Act[None]:
        """Have the tokens of a withdrawal paid out, once the regulator's hold is over. Anyone may.

        Never in the block of its request.

        Raises:
            RuleBroken: The account is restricted, its money is frozen, or the money is stopped or short of tokens.
        """
        return _desk(self.suite).pay_withdrawal(positive(withdrawal, "withdrawal"))

    def _permit(self, token: Address, amount: int, deadline: int) -> bytes:
        chain = self.suite.chain
        try:
            name, separator = chain.read(_NAME.on(token)), chain.read(_SEPARATOR.on(token))
            nonce = chain.read(_NONCES.on(token, self.address))
        except CarbonError:
            raise InputError(f"The token {token} has no permit (EIP-2612): use allow_tokens.") from None
        version = _version_of(chain, token, name, separator)
        return self.signer.sign_typed_data(
            {
                "types": {
                    "EIP712Domain": [{"name": field, "type": type_} for field, type_ in _DOMAIN],
                    "Permit": [{"name": field, "type": type_} for field, type_ in _PERMIT],
                },
                "primaryType": "Permit",
                "domain": {"name": name, "version": version, "chainId": chain.id, "verifyingContract": token},
                "message": {
                    "owner": self.address,
                    "spender": _desk(self.suite).address,
                    "value": amount,
                    "nonce": nonce,
                    "deadline": deadline,
                },
            }
        )


class RegulatesTokens(Actor):
    """What the regulator does."""

    @verb
    def back_with_token(self, instrument: InstrumentId | int, token: Address, decimals: int) -> Act[None]:
        """Say, once and before anything of it was issued, that a money stands for an ERC-20 token, one to one.

        Args:
            instrument: The money.
            token: The ERC-20 contract: no fee on transfer, no balances that change by themselves.
            decimals: Of the token, at most 18, said again so that nobody is wrong by a power of ten.

        Raises:
            RuleBroken: Some of it was issued, or the token backs another money.
        """
        return _desk(self.suite).back_with_token(int(instrument), token, whole(decimals, "decimals"))

    @verb
    def set_withdrawal_hold(self, seconds: int) -> Act[None]:
        """How long withdrawals of tokens wait before they can be paid, those asked for included.

        Args:
            seconds: At most 366 days.
        """
        return _desk(self.suite).set_hold(whole(seconds, "seconds"))

    @verb
    def refuse_withdrawal(self, withdrawal: int, cause: Digest) -> Act[None]:
        """Refuse to pay tokens out; the money is free again, to be frozen or moved by the authority."""
        return _desk(self.suite).refuse_withdrawal(positive(withdrawal, "withdrawal"), digest(cause, "cause"))


class StopsTokens(Actor):
    """What the supervision of services does."""

    @verb
    def stop_tokens(self, instrument: InstrumentId | int, cause: Digest) -> Act[None]:
        """Stop deposits and payments of a money that a token backs; withdrawals can still be taken back."""
        return _desk(self.suite).set_stopped(int(instrument), True, digest(cause, "cause"))

    @verb
    def resume_tokens(self, instrument: InstrumentId | int, cause: Digest) -> Act[None]:
        """Go on with deposits and payments of a money that a token backs."""
        return _desk(self.suite).set_stopped(int(instrument), False, digest(cause, "cause"))


def backing_of(suite: Suite, instrument: InstrumentId | int) -> Backing:
    """What a money stands for: a token with its decimals, or the bank (the zero address)."""
    return _desk(suite).backing_of(int(instrument))


def token_of(suite: Suite, instrument: InstrumentId | int) -> Address:
    """The token behind a money. Raises InputError where there is none."""
    found = backing_of(suite, instrument).token
    if found == ZERO_ADDRESS:
        raise InputError(f"No token backs {InstrumentId(instrument)}: its money comes through the bank.")
    return found


def token_balance(suite: Suite, instrument: InstrumentId | int, holder: Address) -> Money:
    """Tokens behind a money that an address has outside the ledger, in smallest units."""
    return Money(suite.chain.read(_BALANCE_OF.on(token_of(suite, instrument), holder)))


def _version_of(chain: Chain, token: Address, name: str, separator: bytes) -> str:
    """The version in the domain that the token signs for: tried, since many tokens do not tell it."""
    versions = ["1", "2"]
    with suppress(CarbonError):
        versions.insert(0, chain.read(_VERSION.on(token)))
    kind = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    place = chain.id.to_bytes(32, "big") + bytes(12) + bytes.fromhex(token[2:])
    for version in versions:
        if keccak(kind + keccak(name.encode()) + keccak(version.encode()) + place) == separator:
            return version
    raise InputError(f"The token {token} signs permits in a way that is not known here: use allow_tokens.")


def _desk(suite: Suite) -> CashDesk:
    return suite.contract(CashDesk)
