"""The two providers: a call for each message, and what its answer says."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from suwen.hookspecs.common import HttpResponse, NoAnswer, PluginContext
from suwen.hookspecs.push import SendJob, SendResult
from suwen_push_sms import signing, verdicts
from suwen_push_sms.templates import Template

CHINA: Final = "+86"
TIMEOUT_S: Final = 8.0
TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Call:
    """A signed request, ready to go."""

    url: str
    headers: Mapping[str, str]
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said: its code, and the id it gave."""

    code: str
    provider_id: str = ""


class Provider(Protocol):
    """How to ask one provider and how to read it."""

    codes: Mapping[str, verdicts.Verdict]

    def call(
        self, ctx: PluginContext, job: SendJob, template: Template, values: Mapping[str, str]
    ) -> Call:
        """The request for one message."""
        ...

    def read(self, body: Mapping[str, Any]) -> Answer:
        """The answer to one message; raises ``LookupError`` or ``TypeError`` for nonsense."""
        ...


class Aliyun:
    """阿里云短信服务, API version 2017-05-25."""

    codes = verdicts.ALIYUN

    def call(
        self, ctx: PluginContext, job: SendJob, template: Template, values: Mapping[str, str]
    ) -> Call:
        """Everything stands in the query; the body is empty."""
        settings = ctx.settings
        query = signing.query_string(
            {
                "OutId": job.idempotency_key,
                "PhoneNumbers": job.address.removeprefix(CHINA).removeprefix("+"),
                "SignName": settings["sign_name"],
                "TemplateCode": template.id,
                "TemplateParam": json.dumps(values, ensure_ascii=False, separators=(",", ":")),
            }
        )
        base = settings["aliyun_base_url"].rstrip("/")
        signed = {
            "host": urlsplit(base).netloc,
            "x-acs-action": "SendSms",
            "x-acs-content-sha256": signing.EMPTY_HASH,
            "x-acs-date": ctx.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2017-05-25",
        }
        authorization = signing.acs3(settings["key_id"], settings["key_secret"], query, signed)
        # The transport writes "host" itself, from the address.
        headers = {name: value for name, value in signed.items() if name != "host"}
        return Call(f"{base}/?{query}", {**headers, "authorization": authorization})

    def read(self, body: Mapping[str, Any]) -> Answer:
        """``Code`` is OK or a reason."""
        return Answer(str(body["Code"]), str(body.get("BizId") or ""))


class Tencent:
    """腾讯云短信, API version 2021-01-11."""

    codes = verdicts.TENCENT

    def call(
        self, ctx: PluginContext, job: SendJob, template: Template, values: Mapping[str, str]
    ) -> Call:
        """A JSON body with one number; values in the template's order."""
        settings = ctx.settings
        body = json.dumps(
            {
                "SmsSdkAppId": settings["sms_app_id"],
                "SignName": settings["sign_name"],
                "TemplateId": template.id,
                "TemplateParamSet": list(values.values()),
                "PhoneNumberSet": [job.address],
                "SessionContext": job.idempotency_key,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
        base = settings["tencent_base_url"].rstrip("/")
        timestamp = int(ctx.now().timestamp())
        authorization = signing.tc3(
            settings["key_id"], settings["key_secret"], urlsplit(base).netloc, body, timestamp
        )
        headers = {
            "authorization": authorization,
            "content-type": "application/json",
            "x-tc-action": "SendSms",
            "x-tc-version": "2021-01-11",
            "x-tc-region": settings["tencent_region"],
            "x-tc-timestamp": str(timestamp),
        }
        return Call(f"{base}/", headers, body)

    def read(self, body: Mapping[str, Any]) -> Answer:
        """An error of the call, or the status of its one number."""
        response = body["Response"]
        if "Error" in response:
            return Answer(str(response["Error"]["Code"]))
        status = response["SendStatusSet"][0]
        return Answer(str(status["Code"]), str(status.get("SerialNo") or ""))


PROVIDERS: Final[Mapping[str, Provider]] = {"aliyun": Aliyun(), "tencent": Tencent()}


def deliver(provider: Provider, ctx: PluginContext, job: SendJob, call: Call) -> SendResult:
    """Make the call and say what became of it.

    Raises ``NotSent``, and ``ChannelMisconfigured`` when the provider refuses our account.
    """
    try:
        response = ctx.transport.request(
            "POST", call.url, headers=call.headers, content=call.content, timeout_s=TIMEOUT_S
        )
    except NoAnswer:
        return SendResult(job.delivery_id, verdicts.UNKNOWN.outcome, code="no_answer")
    answer = _read(provider, response)
    if answer is None:
        verdict = _by_status(response.status)
        code = f"http_{response.status}"
        return SendResult(
            job.delivery_id, verdict.outcome, code=code, retry_after_s=verdict.retry_after_s
        )
    verdict = verdicts.judge(provider.codes, answer.code)
    return SendResult(
        delivery_id=job.delivery_id,
        outcome=verdict.outcome,
        provider_id=answer.provider_id[:120],
        code=answer.code[:60],
        retry_after_s=verdict.retry_after_s,
    )


def _read(provider: Provider, response: HttpResponse) -> Answer | None:
    try:
        return provider.read(json.loads(response.content))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _by_status(status: int) -> verdicts.Verdict:
    # Whoever answers without the provider's own words may stand in front of it: nothing is sure.
    return verdicts.ALIYUN["Throttling"] if status == TOO_MANY else verdicts.UNKNOWN
