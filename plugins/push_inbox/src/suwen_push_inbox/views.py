"""Pages and API operations of the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import colander
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.api.operations import operation
from suwen.forms.schemas import DateTimeOut, IdString, PageQuery, StrictBoolean, Text, listing
from suwen_push_inbox.reading import Inbox, Item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

PLUGIN: Final = "push_inbox"


class MessageOut(colander.MappingSchema):
    id = colander.SchemaNode(IdString())
    kind = colander.SchemaNode(Text())
    subject = colander.SchemaNode(Text(), missing="")
    text = colander.SchemaNode(Text())
    link = colander.SchemaNode(Text(), missing="")
    created_at = colander.SchemaNode(DateTimeOut())
    read = colander.SchemaNode(StrictBoolean())
    read_at = colander.SchemaNode(DateTimeOut(), missing=None)


class MessageQuery(PageQuery):
    unread = colander.SchemaNode(StrictBoolean(), missing=False)


def inbox_of(request: Request) -> Inbox:
    """The inbox of whoever is signed in."""
    return Inbox(request.db, request.identity.member_id)


def unread_count(request: Request) -> int | None:
    """Badge of the menu; asked once per page, however often the menu is shown."""
    if request.identity is None:
        return None
    count = request.environ.get("push_inbox.unread")
    if count is None:
        count = request.environ["push_inbox.unread"] = inbox_of(request).unread()
    return count or None


def is_offered(request: Request) -> bool:
    """Whether the menu shows the inbox here."""
    return bool(request.offering.state(PLUGIN) != "disabled")


@view_config(
    route_name="push_inbox.messages",
    request_method="GET",
    renderer="push_inbox/messages.jinja2",
    permission="member.private",
)
def messages(request: Request) -> Mapping[str, Any]:
    """Newest first, unread ones marked."""
    cursor = request.GET.get("cursor")
    return {"page": inbox_of(request).page(cursor), "is_first": cursor is None}


@view_config(route_name="push_inbox.messages", request_method="POST", permission="member.private")
def read_all(request: Request) -> HTTPSeeOther:
    """Mark everything as read."""
    inbox_of(request).mark_all_read()
    return HTTPSeeOther(location=request.route_path("push_inbox.messages"))


@view_config(route_name="push_inbox.message", request_method="POST", permission="member.private")
def read_one(request: Request) -> HTTPSeeOther:
    """Mark one as read and go where it leads."""
    item = inbox_of(request).mark_read(request.matchdict["id"])
    return HTTPSeeOther(location=item.link or request.route_path("push_inbox.messages"))


@operation(
    "list_messages",
    "GET",
    "/me/messages",
    permission="member.private",
    query=MessageQuery(),
    answer=listing(MessageOut(name="message")),
)
def list_messages(request: Request) -> dict[str, Any]:
    """The member's messages, newest first."""
    query = request.query
    page = inbox_of(request).page(query["cursor"], query["limit"], unread=query["unread"])
    return {"items": [message_out(item) for item in page.items], "next_cursor": page.next_cursor}


@operation(
    "mark_message_read",
    "POST",
    "/me/messages/{id}/read",
    permission="member.private",
    answer=MessageOut(),
    idempotent=True,
)
def mark_message_read(request: Request) -> dict[str, Any]:
    """Mark a message as read."""
    return message_out(inbox_of(request).mark_read(request.matchdict["id"]))


def message_out(item: Item) -> dict[str, Any]:
    """A message as the API shows it."""
    return {
        "id": str(item.id),
        "kind": item.kind,
        "subject": item.subject,
        "text": item.text,
        "link": item.link,
        "created_at": item.created_at.isoformat(),
        "read": item.read_at is not None,
        "read_at": item.read_at.isoformat() if item.read_at else None,
    }
