"""Encryption keys: X25519, apart from the keys that sign, one encrypted file each."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from carbon_sdk.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

_OF_X25519 = 32


class Keyring:
    """A folder of encryption keys. Keep all of them: a document is read with the key under which it was encrypted.

    Each is a file `<public key>.pem`, PKCS #8 encrypted with a password, readable by its owner only.

    Args:
        folder: Made when the first key is.
        password: Of the files, or a function that asks for it.
    """

    def __init__(self, folder: str | Path, password: str | Callable[[], str]) -> None:
        self.folder = Path(folder)
        self._password = password
        self._opened: dict[bytes, X25519PrivateKey] = {}

    def new(self) -> bytes:
        """Make a key and return its public half, 32 bytes, to be registered. Raises InputError without a password."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        key = X25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        content = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._secret()),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(self._path(public), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._opened[public] = key
        return public

    def private(self, public: bytes) -> X25519PrivateKey | None:
        """The private half of a key; None where this ring does not have it. Raises InputError for a wrong password."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        if public not in self._opened:
            path = self._path(public)
            if not path.exists():
                return None
            try:
                found = serialization.load_pem_private_key(path.read_bytes(), self._secret())
            except (ValueError, TypeError):
                raise InputError(f"{path}: the password is wrong, or the file is damaged.") from None
            if not isinstance(found, X25519PrivateKey) or found.public_key().public_bytes_raw() != public:
                raise InputError(f"{path} does not hold the key of its name.")
            self._opened[public] = found
        return self._opened[public]

    def _path(self, public: bytes) -> Path:
        if len(public) != _OF_X25519:
            raise InputError(f"An encryption key has {_OF_X25519} bytes, not {len(public)}.")
        return self.folder / f"{public.hex()}.pem"

    def _secret(self) -> bytes:
        if not isinstance(self._password, str):
            self._password = self._password()
        if not self._password:
            raise InputError("Encryption keys need a password.")
        return self._password.encode()
