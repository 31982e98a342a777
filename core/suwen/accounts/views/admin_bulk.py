"""Bulk actions: a page that says what to whom, one button, and a page with the progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.people.bulk import MOST_CHOSEN, STEP, Bulk, Order
from suwen.accounts.people.changing import ACTIONS
from suwen.accounts.people.errors import NothingChosen
from suwen.accounts.views.admin_members import ACTION_TITLES, asked
from suwen.accounts.views.admin_people import EDIT, KINDS, STATES, scope_of
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

SHOWN = 20
"""Members that the confirmation names; the rest is a number."""


def _service(request: Request) -> Bulk:
    return Bulk(request.house, request.db, scope_of(request, EDIT))


def _order(request: Request) -> Order:
    form = request.POST
    action = form.get("action", "")
    if action not in ACTIONS:
        raise NotFound
    chosen = [key for key in map(ids.parse, form.getall("ids")) if key]
    return Order(
        action=action,
        submission=form.get("submission") or ids.token(),
        chosen=tuple(dict.fromkeys(chosen))[:MOST_CHOSEN],
        query=asked(request, form),
        everyone=form.get("everyone") == "1",
        tag=form.get("label", ""),
        reason=form.get("reason", ""),
    )


@view_config(
    route_name="admin.members_bulk",
    request_method="POST",
    renderer="admin/members/bulk.jinja2",
    permission=EDIT,
)
def ask(request: Request) -> Any:
    """How many it means, and the first of them by name."""
    order = _order(request)
    page = _page(request, order, {})
    if not page["total"]:
        request.flash("warning", NothingChosen.message)
        return _to_list(request, order)
    return page


def _page(request: Request, order: Order, errors: dict[str, str]) -> dict[str, Any]:
    service = _service(request)
    directory = service.people()
    if order.everyone:
        count, some = service.size(order), service.first(order, SHOWN)
    else:
        some = directory.among(order.chosen)
        count = len(some)
    return {
        "order": order,
        "total": count,
        "some": some[:SHOWN],
        "errors": errors,
        "title": ACTION_TITLES[order.action],
        "kinds": KINDS,
        "states": STATES,
        "in_background": count > STEP,
        "needs_tag": order.action in {"tag", "untag"},
    }


def _to_list(request: Request, order: Order) -> HTTPSeeOther:
    return HTTPSeeOther(request.route_path("admin.members", _query=dict(order.query) or None))


@view_config(
    route_name="admin.members_bulk_begin",
    request_method="POST",
    renderer="admin/members/bulk.jinja2",
    permission=EDIT,
)
def begin(request: Request) -> Any:
    """Do it. A second click finds what the first began."""
    order = _order(request)
    try:
        run = _service(request).begin(order, request.actor)
    except SuwenError as error:
        request.response.status_int = 422
        return _page(request, order, error.fields or {"": error.text})
    return HTTPSeeOther(request.route_path("admin.members_bulk_run", id=run.id))


@view_config(
    route_name="admin.members_bulk_run",
    request_method="GET",
    renderer="admin/members/bulk_run.jinja2",
    permission=EDIT,
)
def progress(request: Request) -> dict[str, Any]:
    """How far it is."""
    run = _service(request).get(ids.parse(request.matchdict["id"]), request.identity.member_id)
    return {"run": run, "title": ACTION_TITLES[run.action]}


@view_config(route_name="admin.members_bulk_run", request_method="POST", permission=EDIT)
def stop(request: Request) -> HTTPSeeOther:
    """Leave the rest undone."""
    bulk_id = ids.parse(request.matchdict["id"])
    _service(request).stop(bulk_id, request.identity.member_id)
    request.flash("info", _("已停止，已处理的不会撤回"))
    return HTTPSeeOther(request.route_path("admin.members_bulk_run", id=bulk_id))
