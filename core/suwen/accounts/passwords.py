"""Passwords: argon2id, a floor of length and a list of those that were in breaches."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from functools import cache
from importlib.resources import files
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from suwen.accounts.errors import WeakPassword
from suwen.kernel.i18n import _

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 1024
PARALLEL: Final = 4
"""Hashes at one time: each takes 19 MiB and a core, and anybody may ask for one."""
_FEW_KINDS: Final = 3
_REST: Final = 6
_HASH: Final = 5
"""Bytes of each hash on the list: one strange password in thirty million is refused by chance."""
_DECORATION: Final = " .!?@#$%^&*-_+=~"
_OUR_WORDS: Final = ("suwen", "素问")


class Passwords:
    """Hashes and checks, slowly on purpose: OWASP's argon2id m=19 MiB, t=2, p=1."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Tests bring a faster hasher."""
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._slots = threading.BoundedSemaphore(PARALLEL)
        self._nobody = _no_password(self._hasher)

    def hash(self, password: str) -> str:
        """The hash to store."""
        with self._slots:
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; takes as long when there is nothing to compare with."""
        if len(password) > MAX_LENGTH:
            password, stored = password[:MAX_LENGTH], None
        against = stored or self._nobody
        try:
            with self._slots:
                right = self._hasher.verify(against, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(right) and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether the parameters have moved on since."""
        return self._hasher.check_needs_rehash(stored)


def _no_password(hasher: PasswordHasher) -> str:
    """A hash that no password has, as dear to compare with as a real one and made for nothing."""
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v=19${cost}${salt}${digest}"


@cache
def breached() -> bytes:
    """Sorted hashes of passwords that are tried first; ``tools/make_breached.py`` makes them."""
    return files("suwen.accounts").joinpath("data/breached.bin").read_bytes()


def is_breached(password: str) -> bool:
    """Whether the password, in any case of letters, is on the list."""
    wanted, known = hashlib.sha256(password.casefold().encode()).digest()[:_HASH], breached()
    low, high = 0, len(known) // _HASH
    while low < high:
        middle = (low + high) // 2
        if known[middle * _HASH : (middle + 1) * _HASH] < wanted:
            low = middle + 1
        else:
            high = middle
    return known[low * _HASH : (low + 1) * _HASH] == wanted


def check_strength(password: str, *, address: str = "") -> None:
    """Refuse what falls to the first guesses; raises ``WeakPassword``.

    Length counts, rules of composition do not (ASVS 5.0 6.2.1, 6.2.4, 6.2.5, 6.2.11, 6.2.12).
    """
    if len(password) < MIN_LENGTH:
        raise WeakPassword(_("密码至少需要 ${min} 个字符", mapping={"min": MIN_LENGTH}))
    if len(password) > MAX_LENGTH:
        raise WeakPassword(_("密码最多 ${max} 个字符", mapping={"max": MAX_LENGTH}))
    lowered = password.casefold()
    bare = lowered.strip(_DECORATION)
    if is_breached(lowered) or is_breached(bare) or len(set(lowered)) < _FEW_KINDS:
        raise WeakPassword(_("这个密码太常见，请换一个"))
    name = address.partition("@")[0].removeprefix("+86").casefold()
    if lowered == address.casefold() or _little_besides(lowered, (name,), _FEW_KINDS):
        raise WeakPassword(_("密码不能与手机号或邮箱相同"))
    if _little_besides(lowered, _OUR_WORDS, _REST):
        raise WeakPassword(_("密码不能只是平台名称加几个字符，请换一个"))


def _little_besides(password: str, words: tuple[str, ...], least: int) -> bool:
    """Whether hardly anything is left of the password without these words."""
    rest = password
    for word in words:
        rest = rest.replace(word, "") if word else rest
    return rest != password and len(rest) < least
