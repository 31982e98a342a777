"""The search box: what somebody typed, turned into something that can stand in an address.

A phone number in an address would stay in histories and logs, so only its keyed hash goes there.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from suwen.accounts import contacts
from suwen.accounts.errors import BadAddress
from suwen.accounts.marks import TAIL, name_mark, tail_mark
from suwen.kernel import ids
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from suwen.kernel.crypto import Vault

SHORTEST_ID: Final = 12

TITLES: Final = {
    "phone": _("按手机号查找"),
    "email": _("按邮箱查找"),
    "tail": _("按手机号后四位查找"),
    "name": _("按姓名或单位名称查找"),
    "id": _("按会员编号查找"),
}


def look(vault: Vault, text: str) -> str | None:
    """A phone number, an e-mail address, the last four digits of a number, an id or a name.

    ``kind.mark``; None for nothing that could be any of them.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return None
    try:
        contact = contacts.parse(plain)
    except BadAddress:
        return _rest(vault, plain)
    return f"{contact.kind}.{vault.blind_index(f'login {contact.kind}', contact.value)}"


def _rest(vault: Vault, plain: str) -> str | None:
    digits = plain.isascii() and plain.isdigit()
    if digits and len(plain) == TAIL:
        return f"tail.{tail_mark(vault, plain)}"
    if digits and len(plain) >= SHORTEST_ID and ids.parse(plain) is not None:
        return f"id.{plain}"
    mark = None if digits or "@" in plain else name_mark(vault, plain)
    return f"name.{mark}" if mark else None


def title(look: str) -> str:
    """What is looked for, without saying whom: a message id."""
    found: str = TITLES.get(look.partition(".")[0], "")
    return found
