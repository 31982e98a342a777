import hashlib
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import colander
import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.push import (
    ChannelMisconfigured,
    MessageFact,
    Outcome,
    Rendered,
)
from suwen.kernel.http import hosts_in
from suwen.kernel.plugins.host import PluginHost
from suwen.testing.push import NOW, job_for
from suwen_push_sms import plugin, signing, templates, verdicts
from suwen_push_sms.channel import SmsChannel

CHANNEL = SmsChannel()
PHONE = "+8613800000000"
ALIYUN_QUERY = {
    "OutId": "otp-77",
    "PhoneNumbers": "13800000000",
    "SignName": "素问",
    "TemplateCode": "SMS_1",
    "TemplateParam": '{"code":"123456"}',
}
ALIYUN_HEADERS = {
    "host": "dysmsapi.aliyuncs.com",
    "x-acs-action": "SendSms",
    "x-acs-content-sha256": signing.EMPTY_HASH,
    "x-acs-date": "2026-11-22T02:00:00Z",
    "x-acs-signature-nonce": "n-0001",
    "x-acs-version": "2017-05-25",
}


def send(ctx, *ids):
    jobs = [job_for(CHANNEL, ctx, PHONE, one) for one in ids or (77,)]
    return CHANNEL.send(ctx, jobs)


def test_the_plugin_loads():
    host = PluginHost(strict=True)
    host.register("push_sms", plugin, "0.1.0")
    assert host.channels.get("push_sms").obj.info.address_kind == "phone"


def test_acs3_vector():
    query = signing.query_string(ALIYUN_QUERY)
    canonical = signing.acs3_canonical(query, ALIYUN_HEADERS)
    assert hashlib.sha256(canonical.encode()).hexdigest() == (
        "b9aa9b1fc6e0608b73b00f9fcf91d2790c7d2b79d43ba9fef2feab15eb54006a"
    )
    assert signing.acs3("AK", "SK", query, ALIYUN_HEADERS) == (
        "ACS3-HMAC-SHA256 Credential=AK,SignedHeaders=host;x-acs-action;x-acs-content-sha256;"
        "x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=ec107baa429eef1e70f2dfe6fb8780901826d79125fd3fae8104c9923cd0e045"
    )


def test_tc3_vector():
    body = (
        '{"SmsSdkAppId":"1400","SignName":"素问","TemplateId":"1",'
        '"TemplateParamSet":["123456","5"],"PhoneNumberSet":["+8613800000000"],'
        '"SessionContext":"otp-77"}'
    ).encode()
    value = signing.tc3("SID", "SKEY", "sms.tencentcloudapi.com", body, 1795305600)
    assert value == (
        "TC3-HMAC-SHA256 Credential=SID/2026-11-22/sms/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=a91385516d2f4b91704d0707ed0bf971a252b7db315688f725000c93222df6db"
    )


def test_rfc_3986_encoding():
    assert signing.query_string({"b": "a b*~", "a": "/"}) == "a=%2F&b=a%20b%2A~"


def test_what_aliyun_receives(aliyun):
    (result,) = send(aliyun.ctx)
    assert (result.outcome, result.provider_id, result.code) == (Outcome.ACCEPTED, "9006", "OK")
    (sent,) = aliyun.transport.sent
    parts = urlsplit(sent.url)
    assert (sent.method, parts.netloc, sent.content) == ("POST", "dysmsapi.aliyuncs.com", b"")
    assert parse_qs(parts.query) == {
        "OutId": ["suwen-77"],
        "PhoneNumbers": ["13800000000"],
        "SignName": ["素问"],
        "TemplateCode": ["SMS_1"],
        "TemplateParam": ['{"code":"907341","minutes":"5"}'],
    }
    signed = {name: sent.headers[name] for name in ALIYUN_HEADERS if name != "host"}
    signed["host"] = "dysmsapi.aliyuncs.com"
    assert signed["x-acs-date"] == "2026-11-22T02:00:00Z"
    expected = signing.acs3("AKexample", "geheimgeheim", parts.query, signed)
    assert sent.headers["authorization"] == expected


def test_every_call_to_aliyun_has_a_nonce_of_its_own(aliyun):
    send(aliyun.ctx, 1, 2)
    assert len({one.headers["x-acs-signature-nonce"] for one in aliyun.transport.sent}) == 2


def test_a_foreign_number_keeps_its_country(aliyun):
    CHANNEL.send(aliyun.ctx, [job_for(CHANNEL, aliyun.ctx, "+85261234567")])
    query = parse_qs(urlsplit(aliyun.transport.sent[0].url).query)
    assert query["PhoneNumbers"] == ["85261234567"]


def test_what_tencent_receives(tencent):
    (result,) = send(tencent.ctx)
    assert (result.outcome, result.provider_id, result.code) == (Outcome.ACCEPTED, "9006", "Ok")
    (sent,) = tencent.transport.sent
    assert sent.url == "https://sms.tencentcloudapi.com/"
    assert json.loads(sent.content) == {
        "SmsSdkAppId": "1400",
        "SignName": "素问",
        "TemplateId": "SMS_1",
        "TemplateParamSet": ["907341", "5"],
        "PhoneNumberSet": [PHONE],
        "SessionContext": "suwen-77",
    }
    assert sent.headers["x-tc-timestamp"] == str(int(NOW.timestamp()))
    assert sent.headers["x-tc-region"] == "ap-guangzhou"
    expected = signing.tc3(
        "AKexample",
        "geheimgeheim",
        "sms.tencentcloudapi.com",
        sent.content,
        int(NOW.timestamp()),
    )
    assert sent.headers["authorization"] == expected


@pytest.mark.parametrize(
    ("code", "outcome", "wait"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", Outcome.THROTTLED, 60),
        ("Throttling.User", Outcome.THROTTLED, 10),
        ("isv.MOBILE_NUMBER_ILLEGAL", Outcome.ADDRESS_GONE, None),
        ("isv.SMS_TEMPLATE_ILLEGAL", Outcome.REJECTED, None),
        ("isp.SYSTEM_ERROR", Outcome.UNKNOWN, None),
        ("isv.NEVER_SEEN", Outcome.REJECTED, None),
    ],
)
def test_codes_of_aliyun(aliyun, code, outcome, wait):
    aliyun.answer({"Code": code, "Message": "x"}, 400)
    (result,) = send(aliyun.ctx)
    assert (result.outcome, result.retry_after_s, result.code) == (outcome, wait, code)


@pytest.mark.parametrize(
    ("code", "outcome", "wait"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", Outcome.THROTTLED, 30),
        ("LimitExceeded.PhoneNumberDailyLimit", Outcome.THROTTLED, 86_400),
        ("LimitExceeded.DeliveryFrequencyLimit", Outcome.THROTTLED, 60),
        ("FailedOperation.PhoneNumberInBlacklist", Outcome.ADDRESS_GONE, None),
        ("FailedOperation.TemplateIncorrectOrUnapproved", Outcome.REJECTED, None),
        ("InternalError.Timeout", Outcome.UNKNOWN, None),
    ],
)
@pytest.mark.parametrize("whole_call", [True, False])
def test_codes_of_tencent(tencent, code, outcome, wait, whole_call):
    error = {"Error": {"Code": code, "Message": "x"}}
    tencent.answer({"Response": error if whole_call else {"SendStatusSet": [{"Code": code}]}})
    (result,) = send(tencent.ctx)
    assert (result.outcome, result.retry_after_s, result.code) == (outcome, wait, code)


ACCOUNT_ERRORS = [
    ("aliyun", {"Code": "InvalidAccessKeyId.NotFound"}),
    ("aliyun", {"Code": "SignatureDoesNotMatch"}),
    ("aliyun", {"Code": "isv.AMOUNT_NOT_ENOUGH"}),
    ("tencent", {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}}),
    ("tencent", {"Response": {"Error": {"Code": "UnauthorizedOperation.SdkAppIdIsDisabled"}}}),
]


@pytest.mark.parametrize(("name", "body"), ACCOUNT_ERRORS)
def test_an_account_that_is_refused_is_a_matter_for_staff(request, name, body):
    provider = request.getfixturevalue(name)
    provider.answer(body, 403)
    with pytest.raises(ChannelMisconfigured):
        send(provider.ctx)


@pytest.mark.parametrize(("name", "body"), ACCOUNT_ERRORS)
def test_an_account_that_is_refused_later_forgets_no_result(request, name, body):
    provider = request.getfixturevalue(name)
    provider.accept()
    provider.answer(body, 403)
    results = send(provider.ctx, 1, 2)
    assert [one.outcome for one in results] == [Outcome.ACCEPTED, Outcome.RETRY]


@pytest.mark.parametrize(
    ("status", "content", "outcome"),
    [
        (200, b"", Outcome.UNKNOWN),
        (200, b"[]", Outcome.UNKNOWN),
        (200, b'{"Response": {"SendStatusSet": []}}', Outcome.UNKNOWN),
        (503, b"busy", Outcome.UNKNOWN),
        (302, b"", Outcome.UNKNOWN),
        (429, b"slow down", Outcome.THROTTLED),
    ],
)
def test_answers_without_the_providers_words(provider, status, content, outcome):
    provider.transport.answer(status, content)
    (result,) = send(provider.ctx)
    assert (result.outcome, result.code) == (outcome, f"http_{status}")


def test_a_kind_without_a_template_is_rejected_unsent(provider):
    job = replace(job_for(CHANNEL, provider.ctx, PHONE), kind="welcome")
    (result,) = CHANNEL.send(provider.ctx, [job])
    assert (result.outcome, result.code) == (Outcome.REJECTED, "no_template")
    assert provider.sent() == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("您的验证码是 907341", "not_rendered"),
        ('{"code":"907341"}', "variables"),
        ('{"code":"907341","minutes":"5","name":"张三"}', "variables"),
        ("[]", "variables"),
    ],
)
def test_a_message_that_does_not_fit_its_template_is_rejected_unsent(provider, text, code):
    job = replace(job_for(CHANNEL, provider.ctx, PHONE), content=Rendered(text))
    (result,) = CHANNEL.send(provider.ctx, [job])
    assert (result.outcome, result.code) == (Outcome.REJECTED, code)
    assert provider.sent() == 0


def test_a_template_without_variables(provider):
    fact = MessageFact("report_ready", "zh_CN", {"id": "9"})
    rendered = CHANNEL.render(provider.ctx, fact, Rendered("您有一份新的健康资料"))
    assert rendered.text == "{}"
    job = replace(job_for(CHANNEL, provider.ctx, PHONE), kind="report_ready", content=rendered)
    assert CHANNEL.send(provider.ctx, [job])[0].outcome is Outcome.ACCEPTED


def test_templates_are_read():
    text = "  a_b = SMS_1 : code，minutes \n\n c=22\n"
    assert templates.read(text) == {
        "a_b": templates.Template("SMS_1", ("code", "minutes")),
        "c": templates.Template("22", ()),
    }


@pytest.mark.parametrize(
    "text", ["a", "a =", "A = 1", "a = 1\na = 2", "a = 1: 中", "a = 1: b c", "a = 1; b"]
)
def test_lines_that_are_no_templates(text):
    with pytest.raises(colander.Invalid) as caught:
        CHANNEL.settings_schema().deserialize({"templates": text})
    assert list(caught.value.asdict()) == ["templates"]


@pytest.mark.parametrize(
    "values",
    [
        {"backend": "other"},
        {"sign_name": "【素问】"},
        {"key_secret": "has space"},
        {"sms_app_id": "x"},
        {"aliyun_base_url": "ftp://x"},
        {"tencent_base_url": "https://x/path"},
    ],
)
def test_settings_that_cannot_work_are_refused(values):
    with pytest.raises(colander.Invalid) as caught:
        CHANNEL.settings_schema().deserialize(values)
    assert list(caught.value.asdict()) == list(values)


def test_the_way_out_is_opened_to_both_providers(aliyun):
    assert {host.name for host in hosts_in(aliyun.settings())} == {
        "dysmsapi.aliyuncs.com",
        "sms.tencentcloudapi.com",
    }


def test_check_names_what_is_missing(provider):
    empty = provider.settings(key_id="", key_secret="", sign_name="", templates="")
    ctx = PluginContext("4306", empty, lambda: NOW, provider.transport)
    found = {(one.level, one.field) for one in CHANNEL.check(ctx)}
    assert found == {
        ("error", "key_id"),
        ("error", "key_secret"),
        ("error", "sign_name"),
        ("warning", "templates"),
    }


def test_only_tencent_needs_an_application_number(aliyun, tencent):
    for provider, errors in ((aliyun, []), (tencent, ["sms_app_id"])):
        ctx = replace(provider.ctx, settings=provider.settings(sms_app_id=""))
        assert [one.field for one in CHANNEL.check(ctx)] == errors


def test_longer_names_go_before_shorter_ones():
    assert verdicts.judge(verdicts.TENCENT, "Ok") is verdicts.ACCEPTED
    table = {"A": verdicts.REJECTED, "A.B": verdicts.UNKNOWN}
    assert verdicts.judge(table, "A.B.C") is verdicts.UNKNOWN
    assert verdicts.judge(table, "A.C") is verdicts.REJECTED
