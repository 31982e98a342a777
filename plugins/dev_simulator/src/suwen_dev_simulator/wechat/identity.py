"""Who the simulated WeChat Pay and its only merchant are: numbers, serials and keys."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from suwen_dev_simulator.keyfiles import KeyFolder, private_pem, public_pem
from suwen_dev_simulator.store import Store

MCHID: Final = "1600000001"
APPID: Final = "wx51a70000c0de0001"
PUBLIC_KEY_PREFIX: Final = "PUB_KEY_ID_SIMULATOR"
"""A genuine id has only digits here, so that nobody takes ours for one."""
_GENERATIONS: Final = "wechat.certificates"


class Identity:
    """Keys of both sides; they are made at first need and stay."""

    def __init__(self, folder: KeyFolder, store: Store) -> None:
        """Read them from the folder."""
        self._folder = folder
        self._store = store
        self.mchid, self.appid = MCHID, APPID
        self.merchant_key = folder.private_key("wechat-merchant")
        certificate = folder.certificate("wechat-merchant", self.merchant_key, f"merchant {MCHID}")
        self.merchant_serial = serial_of(certificate)
        self.apiv3_key = folder.word("wechat-apiv3", 32).encode("ascii")
        self.public_key = folder.private_key("wechat-public-key")
        digest = hashlib.sha256(public_pem(self.public_key)).hexdigest().upper()
        self.public_key_id = PUBLIC_KEY_PREFIX + digest[:16]
        self.stranger_key = folder.private_key("stranger")
        self._generation(1)

    def _generation(self, number: int) -> tuple[RSAPrivateKey, Certificate]:
        name = f"wechat-platform-{number}"
        key = self._folder.private_key(name)
        return key, self._folder.certificate(name, key, f"WeChat Pay simulator {number}")

    def certificates(self) -> list[tuple[RSAPrivateKey, Certificate]]:
        """All platform certificates with their keys; the last one signs."""
        count = int(self._store.knob(_GENERATIONS, 1))
        return [self._generation(number) for number in range(1, count + 1)]

    def rotate_certificate(self) -> str:
        """Begin to sign with a new certificate; returns its serial."""
        self._store.turn(_GENERATIONS, int(self._store.knob(_GENERATIONS, 1)) + 1)
        return serial_of(self.certificates()[-1][1])

    def signer(self, *, by_certificate: bool) -> tuple[str, RSAPrivateKey]:
        """Serial and key that sign for the provider."""
        if not by_certificate:
            return self.public_key_id, self.public_key
        key, certificate = self.certificates()[-1]
        return serial_of(certificate), key

    def shop_settings(self, base_url: str) -> Mapping[str, Any]:
        """What the shop's plugin wants to know, under its own names."""
        certificates = [item.public_bytes(Encoding.PEM) for _key, item in self.certificates()]
        return {
            "mchid": self.mchid,
            "appid": self.appid,
            "merchant_serial": self.merchant_serial,
            "merchant_private_key": private_pem(self.merchant_key).decode("ascii"),
            "apiv3_key": self.apiv3_key.decode("ascii"),
            "public_key_id": self.public_key_id,
            "public_key": public_pem(self.public_key).decode("ascii"),
            "platform_certificates": b"".join(certificates).decode("ascii"),
            "base_url": base_url,
        }


def serial_of(certificate: Certificate) -> str:
    """Hexadecimal capitals, 40 of them as genuine ones have."""
    return format(certificate.serial_number, "040X")
