"""Whose report is it? The order line is the first key, what the document itself says the second."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suwen.accounts.profiles import Profile


def judge(parsed: Mapping[str, str], profile: Profile) -> tuple[str, str]:
    """``matched`` when name and birth date agree, else ``quarantined``, with the reason."""
    pairs = (
        ("name", parsed.get("name"), profile.real_name),
        ("birth_date", parsed.get("birth_date"), profile.birth_date),
    )
    agreeing = 0
    for name, told, known in pairs:
        if told and known and _normal(told) != _normal(str(known)):
            return "quarantined", f"{name} differs"
        agreeing += bool(told and known)
    return ("matched", "") if agreeing == len(pairs) else ("quarantined", "not enough to match")


def _normal(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())
