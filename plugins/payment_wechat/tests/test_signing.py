"""Signatures: the published vectors, another implementation, and everything that must fail."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from wechatpayv3 import utils as oracle

from suwen.hookspecs.payment import ConfigError, InvalidRequest, SignatureInvalid, StaleNotification
from suwen_payment_wechat import sealed, signing

BODY = (
    '{"description":"基因检测","out_trade_no":"SW20261122000001",'
    '"amount":{"total":129900,"currency":"CNY"}}'
)
NONCE = "593BEC0C930BF1AFEB40B4A08C8FB242"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
APIV3_KEY = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def stranger():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def headers(key, body, *, stamp=STAMP, **changes):
    signature = signing.sign(key, signing.answer_message(stamp, NONCE, body))
    values = {"timestamp": stamp, "nonce": NONCE, "signature": signature, "serial": "PUB_KEY_ID_1"}
    return {f"wechatpay-{name}": value for name, value in {**values, **changes}.items()}


def verify(given, body, key, at=NOW):
    def find(serial, _at):
        return key.public_key() if serial == "PUB_KEY_ID_1" else None

    signing.verify(given, body, find=find, at=at)


def test_the_string_to_sign_is_the_published_one():
    message = signing.request_message(
        "POST", "/v3/pay/transactions/native", "1795305600", NONCE, BODY.encode()
    )

    assert len(message) == 185
    assert hashlib.sha256(message).hexdigest() == (
        "e13003eb8462923e5a4bed0502c0279537d9c6d7589d5021f05429af581549b8"
    )


def test_an_empty_body_keeps_its_line():
    message = signing.request_message("GET", "/v3/certificates", "1", "N", b"")

    assert message == b"GET\n/v3/certificates\n1\nN\n\n"


@pytest.mark.parametrize("body", [BODY, "", '{"a":"\\u57fa"}', "🧬"])
def test_both_implementations_make_the_same_signature(key, body):
    text = f"POST\n/v3/x?a=1\n{STAMP}\n{NONCE}\n{body}\n"

    ours = signing.sign(
        key, signing.request_message("POST", "/v3/x?a=1", STAMP, NONCE, body.encode())
    )

    assert ours == oracle.rsa_sign(key, text)


def test_each_verifies_what_the_other_signs(key):
    theirs = oracle.rsa_sign(key, f"{STAMP}\n{NONCE}\n{BODY}\n")
    verify(headers(key, b"", signature=theirs), BODY.encode(), key)

    ours = signing.sign(key, signing.answer_message(STAMP, NONCE, BODY.encode()))
    assert oracle.rsa_verify(STAMP, NONCE, BODY, ours, key.public_key())


def test_a_missing_signature_type_is_the_usual_one(key):
    verify(headers(key, b"x"), b"x", key)
    verify(headers(key, b"x", **{"signature-type": signing.SCHEME}), b"x", key)

    with pytest.raises(SignatureInvalid):
        verify(headers(key, b"x", **{"signature-type": "WECHATPAY2-SM2-WITH-SM3"}), b"x", key)


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_five_minutes_are_believed(key, seconds):
    verify(headers(key, b"x"), b"x", key, at=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-86_400, -300, 300, 172_800])
def test_further_away_is_stale(key, seconds):
    with pytest.raises(StaleNotification):
        verify(headers(key, b"x"), b"x", key, at=NOW + timedelta(seconds=seconds))


def test_a_forged_old_message_is_forged_before_it_is_old(key, stranger):
    with pytest.raises(SignatureInvalid):
        verify(headers(stranger, b"x"), b"x", key, at=NOW + timedelta(days=2))


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "serial"])
@pytest.mark.parametrize("value", ["", " ", "\x00", "é", "a\nb", "x" * 5000, "１２３４"])
def test_malformed_headers_are_invalid_signatures(key, name, value):
    with pytest.raises(SignatureInvalid):
        verify(headers(key, b"x", **{name: value}), b"x", key)


@pytest.mark.parametrize("signature", ["x", "=", "!!!!", "WECHATPAY/SIGNTEST/" + "x" * 40, "AAAA"])
def test_what_is_no_signature_does_not_verify(key, signature):
    with pytest.raises(SignatureInvalid):
        verify(headers(key, b"x", signature=signature), b"x", key)


def test_every_flipped_bit_is_seen(key):
    given = headers(key, BODY.encode())
    raw = bytearray(base64.b64decode(given["wechatpay-signature"]))
    for position in (0, 100, 255):
        changed = bytearray(raw)
        changed[position] ^= 1
        text = base64.b64encode(changed).decode()
        with pytest.raises(SignatureInvalid):
            verify({**given, "wechatpay-signature": text}, BODY.encode(), key)
    with pytest.raises(SignatureInvalid):
        verify(given, BODY.encode() + b" ", key)
    with pytest.raises(SignatureInvalid):
        verify({**given, "wechatpay-nonce": "OTHER"}, BODY.encode(), key)
    with pytest.raises(SignatureInvalid):
        verify({**given, "wechatpay-timestamp": str(int(STAMP) + 1)}, BODY.encode(), key)


def test_an_unknown_serial_is_told_apart(key):
    with pytest.raises(signing.UnknownSerial):
        verify(headers(key, b"x", serial="PUB_KEY_ID_2"), b"x", key)


def seal(ciphertext, aad="", **changes):
    value = {"algorithm": sealed.ALGORITHM, "nonce": "abcdef012345", "associated_data": aad}
    return {**value, "ciphertext": ciphertext, **changes}


@pytest.mark.parametrize(
    ("aad", "ciphertext", "plain"),
    [
        ("", "+osrjVS2SlaVDMwM+ykXzx/q", b"{}"),
        (None, "+osrjVS2SlaVDMwM+ykXzx/q", b"{}"),
        ("transaction", "+tSWYdjmKmKCaYf185Om3Pvn9EURhpUAfmo4qdV6Jm0=", b'{"total":129900}'),
    ],
)
def test_published_seals_open(aad, ciphertext, plain):
    assert sealed.open_sealed(seal(ciphertext, aad), APIV3_KEY) == plain
    assert oracle.aes_decrypt("abcdef012345", ciphertext, aad or "", APIV3_KEY.decode()) == (
        plain.decode()
    )


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (seal("+osrjVS2SlaVDMwM+ykXzx/r"), ConfigError),
        (seal("+osrjVS2SlaVDMwM+ykXzx/q", "transaction"), ConfigError),
        (seal(""), ConfigError),
        (seal("+osrjVS2SlaVDMwM+ykXzx/q", nonce="abcdef01234"), InvalidRequest),
        (seal("+osrjVS2SlaVDMwM+ykXzx/q", algorithm="AEAD_SM4_GCM"), InvalidRequest),
        (seal("+osrjVS2SlaVDMwM+ykXzx/q", nonce=None), InvalidRequest),
        (seal("not base64!"), InvalidRequest),
        (seal("é"), InvalidRequest),
        (seal(12), InvalidRequest),
        ({}, InvalidRequest),
    ],
)
def test_other_seals_stay_shut(given, error):
    with pytest.raises(error):
        sealed.open_sealed(given, APIV3_KEY)


def test_another_key_opens_nothing():
    with pytest.raises(ConfigError):
        sealed.open_sealed(seal("+osrjVS2SlaVDMwM+ykXzx/q"), b"x" * 32)
