"""A file in pieces: each is sealed and stored as soon as it is full, so none is ever in memory whole."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from suwen.kernel.crypto import Cipher
    from suwen.kernel.files import FileStore

PIECE: Final = 4 * 1024 * 1024


class Parts(io.RawIOBase):
    """What is written goes to the file store; ``stored(name)`` is told of every piece."""

    def __init__(
        self, files: FileStore, cipher: Cipher, stored: Callable[[str], None], piece: int = PIECE
    ) -> None:
        """Pieces of ``piece`` bytes, the last one shorter."""
        super().__init__()
        self._files, self._cipher, self._stored, self._piece = files, cipher, stored, piece
        self._waiting = bytearray()
        self.size = 0

    def writable(self) -> bool:
        """Written from front to end, never read or rewound."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes; store every piece that is full."""
        content = bytes(data)
        self._waiting += content
        self.size += len(content)
        while len(self._waiting) >= self._piece:
            self._store(bytes(self._waiting[: self._piece]))
            del self._waiting[: self._piece]
        return len(content)

    def finish(self) -> None:
        """Store what is left."""
        if self._waiting:
            self._store(bytes(self._waiting))
            self._waiting.clear()

    def _store(self, content: bytes) -> None:
        self._stored(self._files.put(content, self._cipher).name)


def read(files: FileStore, cipher: Cipher, names: Sequence[str]) -> Iterator[bytes]:
    """The file again, piece by piece; raises ``CannotOpen`` or ``FileNotFoundError``."""
    for name in names:
        yield files.get(name, cipher)
