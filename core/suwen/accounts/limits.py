"""Limits on what can be guessed or costs money. They hold over all processes and fail closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from suwen.kernel.ratelimit import Limit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.ratelimit import Limiter

Checkpoint = Callable[[], None]
"""Commits what was counted so far. Parallel guesses then cannot share one count, and no password is
hashed while a writing transaction is open. The web passes ``request.commit_step``."""

CODE_PER_ADDRESS: Final = (
    Limit("code.address.minute", 1, 60),
    Limit("code.address.hour", 5, 3600),
    Limit("code.address.day", 10, 86400),
)
CODE_PER_NETWORK: Final = Limit("code.network", 60, 600)
CODE_PER_MEMBER: Final = (
    Limit("code.member.hour", 6, 3600),
    Limit("code.member.day", 12, 86400),
)
"""A member who changes an address names strangers' addresses."""
CODE_GLOBAL: Final = Limit("code.global", 3000, 600)

FAILED_PER_ACCOUNT: Final = Limit("sign_in.account", 5, 300)
"""等保 2.0 8.1.4.1 b: the sixth wrong password in five minutes is refused."""
TRIED_PER_NETWORK: Final = Limit("sign_in.network", 10, 300)
TRIED_GLOBAL: Final = Limit("sign_in.global", 1000, 300)

TOTP: Final = (
    Limit("totp.5min", 5, 300),
    Limit("totp.hour", 20, 3600),
    Limit("totp.day", 50, 86400),
)


def no_checkpoint() -> None:
    """For callers whose transaction is short and their own, such as commands and tests."""


class Gate:
    """Counts tries and takes back those that turned out to be right."""

    def __init__(self, db: Session, limiter: Limiter) -> None:
        """Count with ``limiter`` in the session ``db``."""
        self._db = db
        self._limiter = limiter

    def code_wanted(self, address: str, network: str) -> None:
        """Count one request for a code; raises ``TooMany``."""
        for limit in CODE_PER_ADDRESS:
            self._limiter.hit(self._db, limit, address)
        self._limiter.hit(self._db, CODE_PER_NETWORK, network)
        self._limiter.hit(self._db, CODE_GLOBAL, "all")

    def change_wanted(self, member_id: int) -> None:
        """Count one request to change an address; raises ``TooMany``."""
        for limit in CODE_PER_MEMBER:
            self._limiter.hit(self._db, limit, str(member_id))

    def sign_in_tried(self, account: str, network: str) -> None:
        """Count one try; raises ``TooMany``."""
        self._limiter.hit(self._db, FAILED_PER_ACCOUNT, account)
        self._limiter.hit(self._db, TRIED_PER_NETWORK, network)
        self._limiter.hit(self._db, TRIED_GLOBAL, "all")

    def signed_in(self, account: str, network: str) -> None:
        """A right try counts for nothing: the wrong ones before it stay counted for the network."""
        self._limiter.clear(self._db, FAILED_PER_ACCOUNT, account)
        self._limiter.forgive(self._db, TRIED_PER_NETWORK, network)
        self._limiter.forgive(self._db, TRIED_GLOBAL, "all")

    def totp_tried(self, member_id: int) -> None:
        """Count one second factor; raises ``TooMany``."""
        for limit in TOTP:
            self._limiter.hit(self._db, limit, str(member_id))

    def totp_right(self, member_id: int) -> None:
        """A right second factor counts for nothing."""
        for limit in TOTP:
            self._limiter.forgive(self._db, limit, str(member_id))
