"""Bids that stay sealed: an auction's key of which officers have shares, and openings encrypted to it.

Whoever makes the key splits it and forgets it. `threshold` officers together can decrypt every bid of the auction,
also before its window closes: that they do not is what they are trusted with. Fewer learn nothing from their shares.

X25519, HKDF-SHA256 and AES-256-GCM are `cryptography`'s; Shamir's sharing of a 128-bit seed is PyCryptodome's.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from carbon_sdk.errors import CarbonError, InputError

_INFO_KEY, _INFO_BID = b"carbon sealed bids: key of an auction", b"carbon sealed bids: opening"
_SEED, _PUBLIC, _LABEL = 16, 32, 63
_PLAIN = 4 + 3 + 32 + 1 + _LABEL


class CannotUnseal(CarbonError):
    """The shares do not give the auction's key, or what was sealed is no opening of this bid."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class KeyShare:
    """One officer's.

    Attributes:
        number: From 1.
        secret: 16 bytes.
    """

    number: int
    secret: bytes

    @property
    def commitment(self) -> bytes:
        """By which anyone can tell the share that was dealt from another."""
        return hashlib.sha256(self.number.to_bytes(1, "big") + self.secret).digest()


@dataclass(frozen=True, slots=True)
class SplitKey:
    """A key that nobody has whole.

    Attributes:
        public: X25519, 32 bytes: to which bids are sealed.
        threshold: Officers who can decrypt together.
        shares: One for each officer.
    """

    public: bytes
    threshold: int
    shares: tuple[KeyShare, ...]

    @property
    def commitments(self) -> tuple[bytes, ...]:
        """To be published; the auction's terms have their digest."""
        return tuple(share.commitment for share in self.shares)

    @property
    def digest(self) -> bytes:
        """Of the commitments."""
        return hashlib.sha256(b"".join(self.commitments)).digest()


@dataclass(frozen=True, slots=True)
class BidOpening:
    """What a sealed bid says.

    Attributes:
        lots: Asked for.
        tick: Price.
        salt: 32 bytes that nobody can guess.
        label: The bidder's own name for it, at most 63 bytes of UTF-8; random ties are broken by it.
    """

    lots: int
    tick: int
    salt: bytes
    label: str = ""

    def as_bytes(self) -> bytes:
        """Always of one length, which says nothing. Raises InputError for what does not fit."""
        label = self.label.encode()
        if len(label) > _LABEL or len(self.salt) != 32 or not (0 <= self.lots < 2**32 and 0 <= self.tick < 2**24):
            raise InputError(f"An opening has lots below 2^32, a tick below 2^24, 32 bytes of salt, {_LABEL} of label.")
        head = self.lots.to_bytes(4, "big") + self.tick.to_bytes(3, "big") + self.salt
        return head + len(label).to_bytes(1, "big") + label.ljust(_LABEL, b"\0")

    @classmethod
    def from_bytes(cls, content: bytes) -> BidOpening:
        """The opposite of `as_bytes`. Raises CannotUnseal."""
        if len(content) != _PLAIN or content[39] > _LABEL:
            raise CannotUnseal("What was sealed is no opening of a bid.")
        try:
            label = content[40 : 40 + content[39]].decode()
        except UnicodeDecodeError:
            raise CannotUnseal("The label of the opening is not UTF-8.") from None
        return cls(int.from_bytes(content[:4], "big"), int.from_bytes(content[4:7], "big"), content[7:39], label)


def split_key(threshold: int, officers: int) -> SplitKey:
    """A new key in shares. Raises InputError unless 1 <= threshold <= officers <= 255."""
    from Crypto.Protocol.SecretSharing import Shamir

    if not 1 <= threshold <= officers <= 255:
        raise InputError(f"{threshold} of {officers} officers cannot be: give 1 <= threshold <= officers <= 255.")
    seed = secrets.token_bytes(_SEED)
    if threshold == 1:
        dealt = [(number, seed) for number in range(1, officers + 1)]
    else:
        dealt = Shamir.split(threshold, officers, seed, False)
    return SplitKey(_public_of(_private_from(seed)), threshold, tuple(KeyShare(int(n), bytes(s)) for n, s in dealt))


def join_key(public: bytes, shares: Sequence[KeyShare]) -> bytes:
    """The private key of an auction, from `threshold` shares.

    Raises:
        CannotUnseal: They are too few, or one is false.
    """
    from Crypto.Protocol.SecretSharing import Shamir

    if not shares or len({share.number for share in shares}) != len(shares):
        raise CannotUnseal("Give shares of different officers.")
    seeds = {share.secret for share in shares}
    seed = (
        seeds.pop() if len(seeds) == 1 else bytes(Shamir.combine([(one.number, one.secret) for one in shares], False))
    )
    private = _private_from(seed)
    if _public_of(private) != public:
        raise CannotUnseal(
            f"{len(shares)} shares do not give the auction's key: they are too few, or one is false. "
            "Compare each with its published commitment."
        )
    return private


def seal(public: bytes, commitment: bytes, opening: BidOpening) -> bytes:
    """An opening that only the auction's key opens, and only beside its commitment."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    once = X25519PrivateKey.generate()
    sender = once.public_key().public_bytes_raw()
    try:
        shared = once.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise InputError("The auction's key is no X25519 key.") from None
    # The key is used for this one message: so its nonce may be fixed.
    return sender + AESGCM(_derived(shared, sender + public)).encrypt(bytes(12), opening.as_bytes(), commitment)


def unseal(private: bytes, commitment: bytes, sealed: bytes) -> BidOpening:
    """What a bid says. Raises CannotUnseal: another key, another bid's words, or no opening at all."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    sender, content = sealed[:_PUBLIC], sealed[_PUBLIC:]
    try:
        shared = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(sender))
        plain = AESGCM(_derived(shared, sender + _public_of(private))).decrypt(bytes(12), content, commitment)
    except (ValueError, InvalidTag):
        raise CannotUnseal("This key does not open what was sealed, or it was sealed for another bid.") from None
    return BidOpening.from_bytes(plain)


def _private_from(seed: bytes) -> bytes:
    return _hkdf(seed, b"", _INFO_KEY)


def _derived(shared: bytes, salt: bytes) -> bytes:
    return _hkdf(shared, salt, _INFO_BID)


def _hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt or None, info).derive(secret)


def _public_of(private: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
