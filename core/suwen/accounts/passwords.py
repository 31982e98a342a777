"""Passwords: argon2id, a floor of length and a list of those that everybody tries first."""

from __future__ import annotations

import threading
from functools import cache
from importlib.resources import files
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from suwen.accounts.errors import WeakPassword
from suwen.kernel import ids
from suwen.kernel.i18n import _

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 1024
PARALLEL: Final = 4
"""Hashes at one time: each takes 19 MiB and a core, and anybody may ask for one."""
_FEW_KINDS: Final = 3


class Passwords:
    """Hashes and checks, slowly on purpose: OWASP's argon2id m=19 MiB, t=2, p=1."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Tests bring a faster hasher."""
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._slots = threading.BoundedSemaphore(PARALLEL)
        self._lock = threading.Lock()
        self._dummy = ""

    def hash(self, password: str) -> str:
        """The hash to store."""
        with self._slots:
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; takes as long when there is nothing to compare with."""
        if len(password) > MAX_LENGTH:
            password, stored = password[:MAX_LENGTH], None
        against = stored or self._dummy_hash()
        try:
            with self._slots:
                right = self._hasher.verify(against, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(right) and stored is not None

    def _dummy_hash(self) -> str:
        with self._lock:
            if not self._dummy:
                self._dummy = self._hasher.hash(ids.token())
            return self._dummy

    def needs_rehash(self, stored: str) -> bool:
        """Whether the parameters have moved on since."""
        return self._hasher.check_needs_rehash(stored)


@cache
def common() -> frozenset[str]:
    """Passwords that are tried first, lower-case."""
    text = files("suwen.accounts").joinpath("data/common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def check_strength(password: str, *, address: str = "") -> None:
    """Refuse what falls to the first guesses; raises ``WeakPassword``.

    Length counts, rules of composition do not (ASVS 5.0 6.2.1, 6.2.4, 6.2.5).
    """
    if len(password) < MIN_LENGTH:
        raise WeakPassword(_("密码至少需要 ${min} 个字符", mapping={"min": MIN_LENGTH}))
    if len(password) > MAX_LENGTH:
        raise WeakPassword(_("密码最多 ${max} 个字符", mapping={"max": MAX_LENGTH}))
    lowered = password.casefold()
    name = address.partition("@")[0].removeprefix("+86").casefold()
    if lowered in common() or len(set(lowered)) < _FEW_KINDS or lowered == address.casefold():
        raise WeakPassword(_("这个密码太常见，请换一个"))
    if name and lowered.replace(name, "") != lowered and len(lowered) - len(name) < _FEW_KINDS:
        raise WeakPassword(_("密码不能与手机号或邮箱相同"))
