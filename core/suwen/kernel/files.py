"""File store over fsspec: sealed blobs under random names, nothing public."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import fsspec

from suwen.kernel import ids

if TYPE_CHECKING:
    from suwen.kernel.crypto import Cipher


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a blob lies and what its plain content hashes to (SHA-256, hex)."""

    name: str
    size: int
    sha256: str


class FileStore:
    """Blobs in a folder or bucket. Names are random; user-given names never become paths."""

    def __init__(self, url: str) -> None:
        """Store under ``url``, any that fsspec knows."""
        self._fs, self._root = fsspec.core.url_to_fs(url)
        self._fs.makedirs(self._root, exist_ok=True)

    def put(self, content: bytes, cipher: Cipher) -> Stored:
        """Seal and store; the additional data of the seal is the random name."""
        name = ids.token().replace("-", "a").replace("_", "b").lower()
        path = self._path(name)
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        with self._fs.open(path, "wb") as file:
            file.write(cipher.seal(content, f"file:{name}"))
        return Stored(name, len(content), hashlib.sha256(content).hexdigest())

    def get(self, name: str, cipher: Cipher) -> bytes:
        """Read and open; raises ``FileNotFoundError`` or ``CannotOpen``."""
        with self._fs.open(self._path(name), "rb") as file:
            return cipher.open(file.read(), f"file:{name}")

    def delete(self, name: str) -> None:
        """Delete if it is there."""
        if self._fs.exists(self._path(name)):
            self._fs.rm(self._path(name))

    def _path(self, name: str) -> str:
        if not name.isalnum():
            raise ValueError("not a name of this store")
        return f"{self._root}/{name[:2]}/{name}"
