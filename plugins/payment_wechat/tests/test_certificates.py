"""Platform certificates that change while payments go on."""

import json
from dataclasses import replace

import pytest

from suwen.hookspecs.payment import AttemptRef, PaymentFact, SignatureInvalid
from suwen_dev_simulator.wechat import seal
from suwen_payment_wechat.errors import AnswerUnverified
from suwen_payment_wechat.gateway import WeChatPayGateway
from suwen_payment_wechat.settings import SettingsSchema


@pytest.fixture
def memory():
    return {}


@pytest.fixture
def ctx(wechat, memory):
    """A merchant who knows the first certificate only, and no public key."""
    names = ("public_key", "public_key_id")
    settings = {name: value for name, value in wechat.settings.items() if name not in names}
    settings = SettingsSchema().deserialize(settings)
    return wechat.context(settings=settings, extra={"memory": memory})


@pytest.fixture
def gateway():
    return WeChatPayGateway()


def ask(gateway, ctx):
    return gateway.query(ctx, AttemptRef("SW20261122000001", 1, ctx.now())).fact


def asked_for_certificates(wechat):
    return sum(sent.url.endswith("/v3/certificates") for sent in wechat.transport.sent)


def test_a_known_certificate_asks_for_nothing(gateway, ctx, wechat):
    assert ask(gateway, ctx) is PaymentFact.NOT_FOUND
    assert asked_for_certificates(wechat) == 0


def test_a_rotated_certificate_is_fetched_once_and_kept(gateway, ctx, wechat, memory):
    wechat.identity.rotate_certificate()

    assert [ask(gateway, ctx) for _ in range(3)] == [PaymentFact.NOT_FOUND] * 3
    assert asked_for_certificates(wechat) == 1
    json.dumps(memory)


def test_what_is_kept_serves_another_process(ctx, wechat):
    wechat.identity.rotate_certificate()

    ask(WeChatPayGateway(), ctx)
    ask(WeChatPayGateway(), ctx)

    assert asked_for_certificates(wechat) == 1


def test_without_a_memory_of_the_callers_the_gateway_remembers(gateway, ctx, wechat):
    own, wrong = replace(ctx, extra={}), replace(ctx, extra={"memory": "no mapping"})
    wechat.identity.rotate_certificate()

    assert ask(gateway, own) is ask(gateway, wrong) is PaymentFact.NOT_FOUND
    assert asked_for_certificates(wechat) == 1


def test_a_notification_after_a_rotation_is_refused_until_an_answer_has_taught_the_key(
    gateway, ctx, wechat
):
    notice = wechat.sealed(b"{}", event_type="OTHER.KIND")
    wechat.identity.rotate_certificate()
    rotated = wechat.signed(notice.body, by_certificate=True)
    before = wechat.calls

    with pytest.raises(SignatureInvalid):
        gateway.parse_notification(ctx, rotated)
    assert wechat.calls == before

    ask(gateway, ctx)
    assert gateway.parse_notification(ctx, rotated) == ()


def stranger_signs(wechat):
    """Answers, certificates included, by somebody who has neither key nor secret."""
    serial, key = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1", wechat.identity.stranger_key

    def change(answer):
        headers = seal.signature_headers(serial, key, answer.content, wechat.clock())
        lower = {name.lower(): value for name, value in headers.items()}
        return replace(answer, headers={**answer.headers, **lower})

    return change


def test_unknown_serials_do_not_make_us_ask_again_and_again(gateway, ctx, wechat):
    for _ in range(5):
        wechat.transport.alter_answer(stranger_signs(wechat))
        wechat.advance(60)
        with pytest.raises(AnswerUnverified):
            ask(gateway, ctx)
        assert asked_for_certificates(wechat) == 1
        wechat.transport._plans.clear()

    wechat.advance(600)
    wechat.transport.alter_answer(stranger_signs(wechat))
    with pytest.raises(AnswerUnverified):
        ask(gateway, ctx)
    assert asked_for_certificates(wechat) == 2


@pytest.mark.parametrize("breakage", ["refuse", "lose_answer", "forge", "empty", "error"])
def test_certificates_that_do_not_prove_genuine_are_not_taken(
    gateway, ctx, wechat, memory, breakage
):
    wechat.identity.rotate_certificate()
    wechat.transport.alter_answer(lambda answer: answer)
    if breakage == "forge":
        wechat.transport.alter_answer(stranger_signs(wechat))
    elif breakage == "empty":
        wechat.transport.answer(200, b'{"data":[]}')
    elif breakage == "error":
        wechat.transport.answer(500, b'{"code":"SYSTEM_ERROR"}')
    else:
        getattr(wechat.transport, breakage)()

    with pytest.raises(AnswerUnverified):
        ask(gateway, ctx)
    assert [entry["pem"] for entry in memory.values()] == [""]

    wechat.advance(600)
    assert ask(gateway, ctx) is PaymentFact.NOT_FOUND


@pytest.mark.parametrize(
    "content",
    [
        b"not JSON",
        b'{"data":{}}',
        b'{"data":[1]}',
        b'{"data":[{}]}',
        b'{"data":[{"encrypt_certificate":{"algorithm":"AEAD_AES_256_GCM"}}]}',
    ],
)
def test_malformed_lists_of_certificates_are_not_taken(gateway, ctx, wechat, content):
    wechat.identity.rotate_certificate()
    wechat.transport.alter_answer(lambda answer: answer)
    wechat.transport.alter_answer(
        lambda _answer: wechat.signed_answer(200, content, by_certificate=True)
    )

    with pytest.raises(AnswerUnverified):
        ask(gateway, ctx)


def test_a_seal_that_holds_no_certificate_is_not_taken(gateway, ctx, wechat):
    wechat.identity.rotate_certificate()
    sealed = seal.seal(b"no certificate", wechat.identity.apiv3_key, "certificate")
    content = json.dumps({"data": [{"encrypt_certificate": sealed}]}).encode()
    wechat.transport.alter_answer(lambda answer: answer)
    wechat.transport.alter_answer(
        lambda _answer: wechat.signed_answer(200, content, by_certificate=True)
    )

    with pytest.raises(AnswerUnverified):
        ask(gateway, ctx)
