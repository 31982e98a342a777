"""Keyed hashes by which staff find somebody: his name, or the last digits of his phone.

Nothing can be read back from them. A phone number's own index is that of its login.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from suwen.kernel.crypto import Vault

TAIL: Final = 4
"""Digits of a phone number that people tell one another."""


def name_mark(vault: Vault, name: str | None) -> str | None:
    """What ``Member.name_index`` holds for a real name or a group's name; None for none.

    Width, case and spaces make no difference.
    """
    plain = "".join(unicodedata.normalize("NFKC", name or "").split()).casefold()
    return vault.blind_index("member name", plain) if plain else None


def tail_mark(vault: Vault, number: str) -> str | None:
    """What ``Login.tail_index`` holds for a phone number, or for its last four digits alone."""
    tail = number[-TAIL:]
    if len(tail) < TAIL or not (tail.isascii() and tail.isdigit()):
        return None
    return vault.blind_index("login tail", tail)
