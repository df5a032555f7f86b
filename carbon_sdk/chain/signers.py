"""Who signs. A signer is anything with an address that can sign; the key may lie elsewhere."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import orjson

from carbon_sdk.chain.transactions import Transaction
from carbon_sdk.chain.typed_data import typed_data_digest
from carbon_sdk.errors import InputError, SignerError
from carbon_sdk.identifiers import Address, checksummed, keccak

TypedData = Mapping[str, object]
"""EIP-712 data in its JSON form: types, primaryType, domain, message."""

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@runtime_checkable
class Signer(Protocol):
    """What the SDK needs of whoever signs: a file, an HSM, a wallet."""

    @property
    def address(self) -> Address:
        """Of the key."""

    def sign_transaction(self, transaction: Transaction) -> bytes:
        """The raw transaction, ready to send. Raises SignerError."""

    def sign_typed_data(self, data: TypedData) -> bytes:
        """65 bytes (r, s, v with v 27 or 28) over EIP-712 data. Raises SignerError."""


class LocalSigner:
    """A key in memory.

    Args:
        key: 32 bytes, or their hexadecimal text with or without `0x`.

    Raises:
        SignerError: It is no key. The message never shows it.
    """

    def __init__(self, key: bytes | str) -> None:
        from coincurve import PrivateKey

        if isinstance(key, str):
            try:
                key = bytes.fromhex(key.strip().removeprefix("0x"))
            except ValueError:
                raise SignerError("That is no private key: give 64 hexadecimal digits.") from None
        if len(key) != 32 or not 0 < int.from_bytes(key, "big") < _ORDER:
            raise SignerError("That is no private key: give 32 bytes in the range of secp256k1.")
        self._key = PrivateKey(key)
        self._address = checksummed(keccak(self._key.public_key.format(compressed=False)[1:])[12:].hex())

    @classmethod
    def new(cls) -> LocalSigner:
        """A fresh random key."""
        return cls(secrets.token_bytes(32))

    @property
    def address(self) -> Address:
        """Of the key."""
        return self._address

    def sign_hash(self, digest: bytes) -> bytes:
        """65 bytes (r, s, v with v 27 or 28) over 32 bytes. Sign only what you can read: prefer the other methods."""
        signature: bytes = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes((27 + signature[64],))

    def sign_transaction(self, transaction: Transaction) -> bytes:
        """The raw transaction, ready to send."""
        signature: bytes = self._key.sign_recoverable(transaction.signing_hash(), hasher=None)
        return transaction.signed(
            signature[64], int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        )

    def sign_typed_data(self, data: TypedData) -> bytes:
        """65 bytes over EIP-712 data.

        Raises:
            SignerError: The data is not EIP-712.
        """
        try:
            digest = typed_data_digest(data)
        except InputError as error:
            raise SignerError(f"That is no EIP-712 data: {str(error).rstrip('.')}.") from None
        return self.sign_hash(digest)

    def secret(self) -> bytes:
        """The key itself, for storing it elsewhere."""
        secret: bytes = self._key.secret
        return secret

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address})"


class EnvironmentSigner(LocalSigner):
    """A key in an environment variable.

    Args:
        variable: Its name.

    Raises:
        SignerError: It is not set, or holds no key.
    """

    def __init__(self, variable: str = "CARBON_KEY") -> None:
        value = os.environ.get(variable)
        if not value:
            raise SignerError(f"The environment variable {variable} is not set. Set it to a private key.")
        try:
            super().__init__(value)
        except SignerError as error:
            raise SignerError(f"The environment variable {variable}: {error}") from None


class KeystoreSigner(LocalSigner):
    """A key in an encrypted file (the keystore format of Ethereum clients, version 3).

    Args:
        path: Of the file.
        password: Its password, or a function that asks for it.

    Raises:
        SignerError: The file cannot be read, or the password is wrong.
    """

    def __init__(self, path: str | Path, password: str | Callable[[], str]) -> None:
        from eth_keyfile.keyfile import decode_keyfile_json

        self.path = Path(path)
        try:
            stored = orjson.loads(self.path.read_bytes())
        except OSError as error:
            raise SignerError(f"{self.path} cannot be read: {error.strerror}.") from None
        except orjson.JSONDecodeError:
            raise SignerError(f"{self.path} is no keystore file: it is not JSON.") from None
        if not isinstance(stored, dict) or not {"crypto", "Crypto"} & stored.keys():
            raise SignerError(f"{self.path} is no keystore file: it has no `crypto`.")
        try:
            secret: Any = (password if isinstance(password, str) else password()).encode()
            key = decode_keyfile_json(stored, secret)  # typed as text, but one of its two ciphers needs bytes
        except ValueError:
            raise SignerError(f"{self.path}: the password is wrong.") from None
        except (KeyError, TypeError, NotImplementedError):
            raise SignerError(f"{self.path} is no keystore file of version 3.") from None
        super().__init__(key)


def create_keystore(path: str | Path, password: str, signer: LocalSigner | None = None) -> Address:
    """Write a key into a new encrypted file that only its owner may read.

    Args:
        path: Must not exist.
        password: To encrypt it with.
        signer: The key; None makes a fresh one.

    Returns:
        Its address.

    Raises:
        SignerError: The file exists or cannot be written, or the password is empty.
    """
    from eth_keyfile.keyfile import create_keyfile_json

    if not password:
        raise SignerError("A keystore needs a password.")
    signer = signer or LocalSigner.new()
    secret: Any = password.encode()  # as when it is read
    content = orjson.dumps(create_keyfile_json(signer.secret(), secret, version=3), option=orjson.OPT_INDENT_2)
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise SignerError(f"{target} exists; a key is never overwritten. Choose another name.") from None
    except OSError as error:
        raise SignerError(f"{target} cannot be written: {error.strerror}.") from None
    return signer.address
