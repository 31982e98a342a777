"""Whether two people are one: names and birth dates as different hands write them."""

from __future__ import annotations

import unicodedata
from datetime import date


def plain(text: str) -> str:
    """Full-width forms, spaces, dots and capitals make no difference."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def same_person(
    name: str | None, born: date | str | None, other_name: str | None, other_born: date | str | None
) -> bool:
    """Whether both keys are known on both sides and agree."""
    if not (name and born and other_name and other_born):
        return False
    return plain(name) == plain(other_name) and plain(str(born)) == plain(str(other_born))


def age_on(born: date, day: date) -> int:
    """Full years; whoever was born on the 29th of February has a birthday on the 1st of March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
