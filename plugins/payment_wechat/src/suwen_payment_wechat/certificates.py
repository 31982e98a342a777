"""Platform certificates that were fetched, kept where the caller says, asked for rarely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from suwen.hookspecs.common import HttpResponse
from suwen.hookspecs.payment import GatewayError
from suwen_payment_wechat import keys, reading, sealed, signing
from suwen_payment_wechat.settings import Account

if TYPE_CHECKING:
    from cryptography import x509

COOL_DOWN_S: Final = 600
"""At most one request for certificates in this time, however many unknown serials turn up."""


class CertificateStore:
    """Certificates by merchant in a mapping of plain JSON values.

    The mapping may be shared by processes; one that lacks an entry asks the provider itself.
    """

    def __init__(self, memory: MutableMapping[str, Any]) -> None:
        """``memory`` belongs to the caller."""
        self._memory = memory

    def ring(self, account: Account) -> keys.KeyRing:
        """All keys of an account: those of its settings and those fetched."""
        entry = self._memory.get(_key(account), {})
        fetched = keys.load_certificates(entry.get("pem", ""))
        return keys.KeyRing.of(account.public_keys, [*account.certificates, *fetched])

    def may_refresh(self, account: Account, now: datetime) -> bool:
        """Whether the cool-down has passed."""
        last = self._memory.get(_key(account), {}).get("asked_at", 0)
        return now.timestamp() - float(last) >= COOL_DOWN_S

    def refresh(
        self, account: Account, now: datetime, fetch: Callable[[], HttpResponse | None]
    ) -> None:
        """Ask for the present certificates and keep those that prove genuine."""
        kept = self._memory.get(_key(account), {}).get("pem", "")
        # Noted before asking: a failure cools down too.
        self._memory[_key(account)] = {"asked_at": int(now.timestamp()), "pem": kept}
        answer = fetch()
        if answer is None:
            return
        found = genuine(answer, account, now)
        if found:
            from cryptography.hazmat.primitives.serialization import Encoding

            pem = "".join(item.public_bytes(Encoding.PEM).decode("ascii") for item in found)
            self._memory[_key(account)] = {"asked_at": int(now.timestamp()), "pem": pem}


def genuine(answer: HttpResponse, account: Account, now: datetime) -> tuple[x509.Certificate, ...]:
    """Certificates of an answer that were sealed with the APIv3 key and signed by one of them.

    The seal is what makes them believable: the key that signs may be among the new ones.
    """
    try:
        found = tuple(_unsealed(answer.content, account))
        ring = keys.KeyRing.of(account.public_keys, [*account.certificates, *found])
        signing.verify(answer.headers, answer.content, find=ring.find, at=now)
    except (GatewayError, reading.Malformed, keys.KeyUnusable):
        return ()
    return found


def _unsealed(content: bytes, account: Account) -> Iterable[x509.Certificate]:
    listed = reading.load_object(content).get("data")
    if not isinstance(listed, list):
        raise reading.Malformed("data is missing")
    for item in listed:
        if not isinstance(item, dict):
            raise reading.Malformed("data is malformed")
        plain = sealed.open_sealed(reading.part(item, "encrypt_certificate"), account.apiv3_key)
        yield from keys.load_certificates(plain.decode("ascii", "replace"))


def _key(account: Account) -> str:
    return f"payment_wechat:certificates:{account.mchid}"
