"""The channel: addresses, and letters handed to a server or to the console."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from typing import Final

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
from suwen_push_email import addresses, letter, session
from suwen_push_email.i18n import _
from suwen_push_email.settings import CONSOLE, SettingsSchema, faults

CODE: Final = "push_email"


class EmailChannel:
    """E-mail (电子邮件) by SMTP. SMTP knows no key of ours, only a fixed Message-ID."""

    info = ChannelInfo(
        code=CODE, title=_("电子邮件"), address_kind="email", categories=frozenset(Category)
    )
    settings_schema: type = SettingsSchema

    def check(self, ctx: PluginContext) -> Sequence[Problem]:
        """Whether the back end has what it needs; connects to nothing."""
        if ctx.settings["backend"] == CONSOLE:
            if ctx.environment == "development":
                return ()
            return [Problem("error", _("控制台只能在开发环境使用，请选择 SMTP 服务器"), "backend")]
        return [Problem("error", text, name) for name, text in faults(ctx.settings).items()]

    def validate_address(self, value: str) -> str:
        """The address with its domain in lower-case ASCII."""
        try:
            return addresses.canonical(value)
        except ValueError:
            raise AddressInvalid("not an e-mail address") from None

    def render(
        self,
        ctx: PluginContext,  # noqa: ARG002
        message: MessageFact,  # noqa: ARG002
        default: Rendered,
    ) -> Rendered:
        """The core's own wording: a letter has room for it."""
        return default

    def send(self, ctx: PluginContext, jobs: Sequence[SendJob]) -> Sequence[SendResult]:
        """One letter per job, over one connection.

        Raises ``NotSent`` or ``ChannelMisconfigured`` only while nothing has left.
        """
        if not jobs:
            return ()
        if ctx.settings["backend"] == CONSOLE:
            return _show(ctx, jobs)
        found = faults(ctx.settings)
        if found:
            raise ChannelMisconfigured(f"settings to put right: {', '.join(found)}")
        with session.connect(ctx.settings) as connection:
            return _send_all(ctx, connection, jobs)


def _send_all(
    ctx: PluginContext, connection: smtplib.SMTP, jobs: Sequence[SendJob]
) -> Sequence[SendResult]:
    results: list[SendResult] = []
    for job in jobs:
        try:
            results.append(session.deliver(connection, job, letter.write(job, ctx.settings)))
        except letter.NotALetterError as error:
            results.append(SendResult(job.delivery_id, Outcome.REJECTED, code=error.code))
        except NotSent:
            if not results:
                raise
            results.append(SendResult(job.delivery_id, Outcome.RETRY, code="not_sent"))
    return results


def _show(ctx: PluginContext, jobs: Sequence[SendJob]) -> Sequence[SendResult]:
    show = ctx.extra.get("console")
    if ctx.environment != "development" or show is None:
        raise ChannelMisconfigured("the console exists in development only")
    for job in jobs:
        show(CODE, job.address, job.content.text, job.code)
    return [SendResult(job.delivery_id, Outcome.ACCEPTED, code=CONSOLE) for job in jobs]
