"""Groups in the API, for those who act for one."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from suwen.accounts.identity import actor
from suwen.api.operations import operation
from suwen.forms.schemas import PageQuery
from suwen.groups import people, schemas
from suwen.groups.access import groups_of
from suwen.groups.fulfilment import STATES
from suwen.groups.imports import read_sheet
from suwen.groups.ordering import MAX_AT_ONCE, BulkWish
from suwen.groups.roster import Filters
from suwen.groups.views.frame import PRIVATE, UPLOADS, group_of, number
from suwen.kernel import ids
from suwen.kernel.i18n import translate
from suwen.orders.models import Intent
from suwen.orders.placing import Checkout

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.groups.models import RosterImport
    from suwen.groups.roster import Entry


@operation("list_groups", "GET", "/groups", permission=PRIVATE, answer=schemas.GroupList)
def list_groups(request: Request) -> dict[str, Any]:
    """Groups that the member acts for."""
    found = groups_of(request.db, request.identity.member_id)
    items = [{"id": str(one.group_id), "name": one.name, "role": one.role} for one in found]
    return {"items": items, "next_cursor": None}


def _person(entry: Entry) -> dict[str, Any]:
    facts = entry.facts
    return {
        "id": str(entry.id),
        "name": facts.name,
        "birth_date": facts.birth_date.isoformat(),
        "sex": facts.sex,
        "phone": facts.phone,
        "email": facts.email,
        "department": facts.department,
        "number": facts.number,
        "claimed": entry.claimed_at is not None,
    }


@operation(
    "list_roster",
    "GET",
    "/groups/{id}/roster",
    permission=PRIVATE,
    query=schemas.RosterQuery(),
    answer=schemas.PersonList,
)
def list_roster(request: Request) -> dict[str, Any]:
    """People on the roster, newest first; ``name`` is a whole name."""
    query = request.query
    filters = Filters(query["name"], query["department"], query["claimed"])
    entries, following = group_of(request).roster.page(filters, query["cursor"], query["limit"])
    return {"items": [_person(entry) for entry in entries], "next_cursor": following}


@operation(
    "add_roster_person",
    "POST",
    "/groups/{id}/roster",
    permission=PRIVATE,
    body=schemas.PersonIn(),
    answer=schemas.PersonOut(),
    status=201,
    idempotent=True,
)
def add_roster_person(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Put one person on the roster."""
    return _person(group_of(request).roster.add(body, actor(request)))


@operation(
    "remove_roster_person",
    "DELETE",
    "/groups/{id}/roster/{person}",
    permission=PRIVATE,
    status=204,
)
def remove_roster_person(request: Request) -> None:
    """Take a person off the roster; what was ordered for him goes on."""
    found = group_of(request)
    found.roster.remove([found.roster.get(number(request, "person")).id], actor(request))


def _import(row: RosterImport) -> dict[str, Any]:
    counts = {name: getattr(row, name) for name in ("total", "faulty", "known", "written")}
    created = row.created_at.isoformat()
    return {"id": str(row.id), "state": row.state, "created_at": created, **counts}


@operation(
    "create_roster_import",
    "POST",
    "/groups/{id}/roster-imports",
    permission=PRIVATE,
    body=schemas.ImportIn(),
    answer=schemas.ImportOut(),
    status=201,
    multipart=True,
)
def create_roster_import(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Read an .xlsx sheet as a preview; the roster is not changed."""
    found = group_of(request)
    request.house.limiter.hit(request.db, UPLOADS, str(found.who.group_id))
    request.commit_step()
    with closing(body["file"].file) as file:
        reading = read_sheet(file, request.house.vault, found.who.group_id)
    return _import(group_of(request).imports.keep(reading, actor(request)))


@operation(
    "get_roster_import",
    "GET",
    "/groups/{id}/roster-imports/{import}",
    permission=PRIVATE,
    answer=schemas.ImportOut(),
)
def get_roster_import(request: Request) -> dict[str, Any]:
    """How far an import is."""
    return _import(group_of(request).imports.get(number(request, "import")))


@operation(
    "list_roster_import_faults",
    "GET",
    "/groups/{id}/roster-imports/{import}/faults",
    permission=PRIVATE,
    query=PageQuery(),
    answer=schemas.FaultList,
)
def list_roster_import_faults(request: Request) -> dict[str, Any]:
    """Rows that cannot be written, in the order of the sheet."""
    rows, following = group_of(request).imports.faults(
        number(request, "import"), ids.parse(request.query["cursor"]) or 0, request.query["limit"]
    )
    items = [
        {
            "row": row.number,
            "faults": [
                f"{translate(request, people.TITLES[name])}: {translate(request, text, values)}"
                for name, (text, values) in row.faults.items()
            ],
        }
        for row in rows
    ]
    return {"items": items, "next_cursor": str(following) if following else None}


@operation(
    "confirm_roster_import",
    "POST",
    "/groups/{id}/roster-imports/{import}/confirmation",
    permission=PRIVATE,
    answer=schemas.ImportOut(),
    status=202,
)
def confirm_roster_import(request: Request) -> dict[str, Any]:
    """Let a job write the rows without faults; a second call changes nothing."""
    return _import(group_of(request).imports.confirm(number(request, "import"), actor(request)))


@operation(
    "cancel_roster_import",
    "DELETE",
    "/groups/{id}/roster-imports/{import}",
    permission=PRIVATE,
    status=204,
)
def cancel_roster_import(request: Request) -> None:
    """Stop an import; what is written stays."""
    group_of(request).imports.cancel(number(request, "import"), actor(request))


@operation(
    "place_group_order",
    "POST",
    "/groups/{id}/orders",
    permission=PRIVATE,
    body=schemas.BulkOrderIn(),
    answer=schemas.BulkOrderOut(),
    status=201,
    idempotent=True,
)
def place_group_order(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Order one SKU for people of the roster; it is paid by the group's account like any order."""
    found, where = group_of(request), body["collection"]
    chosen = found.bulk_orders.choose(Filters(), body["people"][: MAX_AT_ONCE + 1])
    wish = BulkWish(body["sku_id"], chosen, where["method"], where["point_id"], where["address_id"])
    asked = Checkout(body["gateway"], ids.token())
    placed = found.bulk_orders.place(wish, asked, actor(request))
    return {
        "order_number": None if isinstance(placed, Intent) else placed.number,
        "intent_code": placed.code if isinstance(placed, Intent) else None,
        "payable_fen": placed.payable_fen,
        "people": len(chosen),
    }


@operation(
    "list_group_orders",
    "GET",
    "/groups/{id}/orders",
    permission=PRIVATE,
    query=PageQuery(),
    answer=schemas.GroupOrderList,
)
def list_group_orders(request: Request) -> dict[str, Any]:
    """Orders for people of the roster, with how many are assigned, reported and cancelled."""
    page, following = group_of(request).fulfilment.page(
        request.query["cursor"], request.query["limit"]
    )
    items = [
        {
            "number": one.order.number,
            "state": one.order.state,
            "product_name": one.line.product_name,
            "sku_name": one.line.sku_name,
            "payable_fen": one.order.payable_fen,
            "created_at": one.order.created_at.isoformat(),
            "people": {state: one.counts.get(state, 0) for state in STATES},
        }
        for one in page
    ]
    return {"items": items, "next_cursor": following}


@operation(
    "list_group_recipients",
    "GET",
    "/groups/{id}/orders/{number}/recipients",
    permission=PRIVATE,
    query=PageQuery(),
    answer=schemas.RecipientList,
)
def list_group_recipients(request: Request) -> dict[str, Any]:
    """The people of an order and their states, never their results."""
    found = group_of(request)
    order = found.fulfilment.get(request.matchdict["number"]).order
    recipients, following = found.fulfilment.recipients(
        order.id, None, request.query["cursor"], request.query["limit"]
    )
    items = [
        {
            "id": str(one.id),
            "name": one.facts.name,
            "department": one.facts.department,
            "state": one.state,
            "claimed": one.is_claimed,
            "reported_at": one.reported_at.isoformat() if one.reported_at else None,
        }
        for one in recipients
    ]
    return {"items": items, "next_cursor": following}
