"""Keys as people paste them, and finding the right one."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from suwen_dev_simulator.keyfiles import KeyFolder, private_pem, public_pem
from suwen_payment_wechat import keys


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize("eaten", ["", " ", "\r\n", "\n\n  "])
def test_line_breaks_may_be_lost_or_changed(key, eaten):
    pem = private_pem(key).decode()

    found = keys.load_private_key("  " + pem.replace("\n", eaten) + "  ", thorough=True)

    assert found.private_numbers() == key.private_numbers()


def test_the_older_form_of_private_keys_is_read_too(key):
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    assert keys.load_private_key(pem.decode()).key_size == 2048


def unusable_private_keys(key):
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
    curve = ec.generate_private_key(ec.SECP256R1())
    locked = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass phrase")
    )
    pem = private_pem(key).decode()
    return {
        "nothing": "",
        "no PEM": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        "public": public_pem(key).decode(),
        "two keys": pem + pem,
        "half a key": pem[:600] + pem[-30:],
        "not base64": pem.replace("MII", "密钥"),
        "pass phrase": locked.decode(),
        "too small": private_pem(small).decode(),
        "no RSA": private_pem(curve).decode(),
    }


def test_each_unusable_private_key_is_refused_without_showing_it(key):
    for name, text in unusable_private_keys(key).items():
        with pytest.raises(keys.KeyUnusable) as caught:
            keys.load_private_key(text)
        assert len(str(caught.value)) < 80, name


def test_a_key_whose_arithmetic_is_wrong_is_found_by_the_thorough_check(key):
    numbers = key.private_numbers()
    wrong = rsa.RSAPrivateNumbers(
        p=numbers.p,
        q=numbers.q,
        d=numbers.d,
        dmp1=numbers.dmp1,
        dmq1=numbers.dmq1,
        iqmp=numbers.iqmp,
        public_numbers=rsa.RSAPublicNumbers(65539, numbers.public_numbers.n),
    ).private_key(unsafe_skip_rsa_key_validation=True)
    pem = private_pem(wrong).decode()

    keys.load_private_key(pem)
    with pytest.raises(keys.KeyUnusable):
        keys.load_private_key(pem, thorough=True)


def test_public_keys(key):
    text = public_pem(key).decode().replace("\n", "")
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    other = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    assert keys.load_public_key(text).public_numbers() == key.public_key().public_numbers()
    for unusable in ("", "x", private_pem(key).decode(), other, text.replace("MII", "AAA")):
        with pytest.raises(keys.KeyUnusable):
            keys.load_public_key(unusable)


def test_certificates_one_after_the_other(tmp_path, key):
    folder = KeyFolder(tmp_path)
    both = [
        folder.certificate(name, key, name).public_bytes(Encoding.PEM).decode()
        for name in ("a", "b")
    ]

    assert len(keys.load_certificates("".join(both).replace("\n", " "))) == 2
    assert keys.load_certificates("  ") == []
    for unusable in ("x", both[0] + public_pem(key).decode(), both[0].replace("MII", "AAA")):
        with pytest.raises(keys.KeyUnusable):
            keys.load_certificates(unusable)


def test_a_ring_holds_both_kinds_and_spells_serials_its_own_way(tmp_path, key):
    certificate = KeyFolder(tmp_path).certificate("a", key, "a")
    ring = keys.KeyRing.of({"PUB_KEY_ID_1": key.public_key()}, [certificate])
    serial, now = format(certificate.serial_number, "x"), datetime.now(UTC)

    assert ring.find("PUB_KEY_ID_1", now)
    for spelling in (serial, serial.upper(), serial.zfill(50)):
        assert ring.find(spelling, now)
    for unknown in (
        "",
        "0",
        "PUB_KEY_ID_2",
        "pub_key_id_1",
        "0x" + serial,
        serial + "é",
        "-1",
        "g",
    ):
        assert ring.find(unknown, now) is None


def test_an_expired_certificate_verifies_nothing(tmp_path, key):
    certificate = KeyFolder(tmp_path).certificate("a", key, "a")
    ring = keys.KeyRing.of({}, [certificate])
    serial, end = keys.serial_of(certificate), certificate.not_valid_after_utc

    assert ring.find(serial, end)
    assert ring.find(serial, end + timedelta(seconds=1)) is None
    assert ring.find(serial, certificate.not_valid_before_utc - timedelta(seconds=1)) is None
