"""The channel: addresses, rendering, and one call per message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from suwen.hookspecs.common import NotSent, PluginContext, Problem
from suwen.hookspecs.push import (
    AddressInvalid,
    Category,
    ChannelInfo,
    ChannelMisconfigured,
    MessageFact,
    Outcome,
    Rendered,
    SendJob,
    SendResult,
)
from suwen_push_sms import backends, templates
from suwen_push_sms.i18n import _
from suwen_push_sms.settings import CONSOLE, SettingsSchema, missing

CODE: Final = "push_sms"
COUNTRY: Final = "CN"
LONGEST: Final = 32
_MOBILE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


class SmsChannel:
    """Text messages (短信). A lost answer stays unknown: providers know no key of ours."""

    info = ChannelInfo(
        code=CODE, title=_("短信"), address_kind="phone", categories=frozenset(Category)
    )
    settings_schema: type = SettingsSchema

    def check(self, ctx: PluginContext) -> Sequence[Problem]:
        """Whether the back end has what it needs; sends nothing."""
        if ctx.settings["backend"] == CONSOLE:
            if ctx.environment == "development":
                return ()
            return [Problem("error", _("控制台只能在开发环境使用，请选择服务商"), "backend")]
        found = [Problem("error", _("请填写这一项"), name) for name in missing(ctx.settings)]
        if not templates.read(ctx.settings["templates"]):
            found.append(Problem("warning", _("还没有任何短信模板，不会发出短信"), "templates"))
        return found

    def validate_address(self, value: str) -> str:
        """A mobile number as E.164, Chinese unless it begins with ``+``."""
        try:
            number = phonenumbers.parse(value if len(value) <= LONGEST else "", COUNTRY)
        except NumberParseException:
            raise AddressInvalid("not a phone number") from None
        if number.extension or not phonenumbers.is_valid_number(number):
            raise AddressInvalid("not a phone number")
        if phonenumbers.number_type(number) not in _MOBILE or any(map(str.isalpha, value)):
            raise AddressInvalid("not a mobile number")
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)

    def render(self, ctx: PluginContext, message: MessageFact, default: Rendered) -> Rendered:
        """The variables of the kind's template as JSON; on the console the core's own wording."""
        if ctx.settings["backend"] == CONSOLE:
            return default
        template = templates.read(ctx.settings["templates"]).get(message.kind)
        if template is None:
            return default
        return Rendered(templates.fill(template, message.payload))

    def send(self, ctx: PluginContext, jobs: Sequence[SendJob]) -> Sequence[SendResult]:
        """One call per job.

        Raises ``NotSent`` or ``ChannelMisconfigured`` only while nothing has left: what comes after
        a job that was sent is a result like any other.
        """
        if not jobs:
            return ()
        send_one = _sender(ctx)
        results: list[SendResult] = []
        for job in jobs:
            try:
                results.append(send_one(job))
            except (NotSent, ChannelMisconfigured) as error:
                if not results:
                    raise
                code = "not_sent" if isinstance(error, NotSent) else "misconfigured"
                results.append(SendResult(job.delivery_id, Outcome.RETRY, code=code))
        return results


def _sender(ctx: PluginContext) -> Callable[[SendJob], SendResult]:
    if ctx.settings["backend"] == CONSOLE:
        return _console(ctx)
    names = missing(ctx.settings)
    if names:
        raise ChannelMisconfigured(f"missing settings: {', '.join(names)}")
    provider = backends.PROVIDERS[ctx.settings["backend"]]
    known = templates.read(ctx.settings["templates"])

    def send(job: SendJob) -> SendResult:
        template = known.get(job.kind)
        if template is None:
            return SendResult(job.delivery_id, Outcome.REJECTED, code="no_template")
        try:
            values = templates.values_of(template, job.content.text)
        except templates.NotFittingError as error:
            return SendResult(job.delivery_id, Outcome.REJECTED, code=error.code)
        return backends.deliver(provider, ctx, job, provider.call(ctx, job, template, values))

    return send


def _console(ctx: PluginContext) -> Callable[[SendJob], SendResult]:
    show = ctx.extra.get("console")
    if ctx.environment != "development" or show is None:
        raise ChannelMisconfigured("the console exists in development only")

    def send(job: SendJob) -> SendResult:
        show(CODE, job.address, job.content.text, job.code)
        return SendResult(job.delivery_id, Outcome.ACCEPTED, code=CONSOLE)

    return send
