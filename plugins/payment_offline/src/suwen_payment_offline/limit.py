"""The most that a counter takes at once: fen inside, yuan where people type and read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import colander

from suwen_payment_offline.i18n import _

DEFAULT_LIMIT_FEN: Final = 50_000_00
"""50,000 yuan: from there on cash counts as a large transaction that banks report
(中国人民银行令〔2016〕第 3 号，第五条)."""

_YUAN: Final = re.compile(r"(\d{1,8})(?:\.(\d{1,2}))?", re.ASCII)


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals: 5000000 is ``50000.00``."""
    return f"{fen // 100}.{fen % 100:02d}"


def limit_of(settings: Mapping[str, Any]) -> int:
    """The limit in fen; the default where a region has stored nothing yet."""
    return int(settings.get("max_amount_fen", DEFAULT_LIMIT_FEN))


class YuanAmount(colander.SchemaType):
    """An amount that people enter in yuan and the program keeps in fen.

    Text is yuan; a whole number is fen already, so that stored settings are read unchanged.
    """

    def serialize(self, node: Any, appstruct: Any) -> Any:  # noqa: ARG002
        """Yuan for the form."""
        return colander.null if appstruct is colander.null else yuan(appstruct)

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        """Fen; raises ``colander.Invalid`` for anything but plain digits with two decimals."""
        if cstruct is colander.null or cstruct == "":
            return colander.null
        if type(cstruct) is int:
            return cstruct
        match = _YUAN.fullmatch(cstruct.strip()) if isinstance(cstruct, str) else None
        if match is None:
            raise colander.Invalid(node, _("请填写以元为单位的金额，最多两位小数，例如 5000.00"))
        return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
