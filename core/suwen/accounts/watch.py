"""What the log says of failed proofs: a keyed mark of the account, never an address nor a code.

The same account has the same mark in every line, so an attack on it can be followed (ASVS 16.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import structlog

from suwen.kernel.errors import SuwenError, TooMany

if TYPE_CHECKING:
    from suwen.kernel.crypto import Vault

log = structlog.get_logger(__name__)

_LENGTH: Final = 16


class Watch:
    """Writes the lines ``proof.failed`` and ``proof.locked``."""

    def __init__(self, vault: Vault) -> None:
        """Mark accounts with ``vault``."""
        self._vault = vault

    def mark(self, who: str) -> str:
        """The mark of an address or of a member's id."""
        return self._vault.blind_index("log account", who)[:_LENGTH]

    @contextmanager
    def over(self, what: str, who: str) -> Iterator[None]:
        """Log what is refused inside, and let it go on."""
        try:
            yield
        except TooMany as error:
            log.warning(
                "proof.locked", proof=what, account=self.mark(who), seconds=error.retry_after_s
            )
            raise
        except SuwenError as error:
            log.warning("proof.failed", proof=what, account=self.mark(who), reason=error.code)
            raise
