"""The channel: what other channels hand to a provider, this one writes into its own table.

``PushChannel.send`` gets no database session, because a channel that leaves the house must not hold
a transaction open while it waits. The inbox waits for nobody, so it keeps the program's database
from ``suwen_mount`` on and opens a short transaction of its own in ``send``. The core calls
``send`` outside any transaction, so the two never meet, and a crash between this commit and the
core's repeats the delivery under the same id, which finds its row standing: ``Idempotency.KEY``
without a window. Considered and left: a callable in ``ctx.extra``, which would make the core know
about one of its plugins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import colander
from sqlalchemy.exc import DBAPIError

from suwen.hookspecs.common import NotSent, PluginContext, Problem
from suwen.hookspecs.push import (
    AddressInvalid,
    Category,
    ChannelInfo,
    ChannelMisconfigured,
    Idempotency,
    MessageFact,
    Outcome,
    Rendered,
    SendJob,
    SendResult,
)
from suwen.kernel import ids
from suwen.kernel.db import Database
from suwen.kernel.upsert import insert_once
from suwen_push_inbox.i18n import _
from suwen_push_inbox.models import InboxMessage

CODE: Final = "inbox"
_MEMBER = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_LARGEST: Final = 2**63 - 1


class SettingsSchema(colander.MappingSchema):
    """Nothing to set."""


class InboxChannel:
    """The guaranteed channel (站内信): as long as the site stands, its messages arrive."""

    # A one-time code must reach somebody who is not signed in yet.
    info = ChannelInfo(
        code=CODE,
        title=_("站内信"),
        address_kind="member",
        categories=frozenset(Category) - {Category.OTP},
        idempotency=Idempotency.KEY,
        uncertain_default="resend",
        max_batch=200,
    )
    settings_schema: type = SettingsSchema

    def __init__(self) -> None:
        """Without a database until ``use``."""
        self._database: Database | None = None

    def use(self, database: Database) -> None:
        """Write into this database from now on."""
        self._database = database

    def check(self, ctx: PluginContext) -> Sequence[Problem]:  # noqa: ARG002
        """Whether it was mounted."""
        if self._database is None:
            return [Problem("error", _("站内信没有接上数据库，请重新启动"))]
        return ()

    def validate_address(self, value: str) -> str:
        """A member's id."""
        plain = value.strip(" ")
        if not _MEMBER.fullmatch(plain) or int(plain) > _LARGEST:
            raise AddressInvalid("not a member's id")
        return plain

    def render(
        self,
        ctx: PluginContext,  # noqa: ARG002
        message: MessageFact,  # noqa: ARG002
        default: Rendered,
    ) -> Rendered:
        """The core's own wording."""
        return default

    def send(self, ctx: PluginContext, jobs: Sequence[SendJob]) -> Sequence[SendResult]:
        """Write all jobs in one transaction; one that stands already counts as delivered.

        Raises ``ChannelMisconfigured`` before ``use``, and ``NotSent`` when nothing was written.
        """
        if self._database is None:
            raise ChannelMisconfigured("the inbox was not mounted")
        try:
            with self._database.transaction() as db:
                for job in jobs:
                    insert_once(db, InboxMessage, _row(ctx, job), "delivery_id")
        except DBAPIError as error:
            raise NotSent(type(error).__name__) from error
        return [SendResult(job.delivery_id, Outcome.DELIVERED) for job in jobs]


def _row(ctx: PluginContext, job: SendJob) -> dict[str, object]:
    return {
        "id": ids.new_id(),
        "delivery_id": job.delivery_id,
        "member_id": int(job.address),
        "kind": job.kind[:40],
        "subject": job.content.subject[:120],
        "text": job.content.text,
        "link": _path(job.content.link)[:300],
        "created_at": ctx.now(),
        "read_at": None,
    }


def _path(link: str) -> str:
    """The part of a link that stays on this site, whatever its host is called later."""
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")
