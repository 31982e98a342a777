"""The roster's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from suwen.accounts.identity import actor
from suwen.groups import people, sheets
from suwen.groups.claims import send_letters
from suwen.groups.roster import Filters
from suwen.groups.views.frame import PRIVATE, frame, group_of, number, refused, sheet, texts
from suwen.kernel import ids
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _, translate
from suwen.messaging.services import messaging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

    from suwen.groups.services import Group

LETTERS_AT_ONCE = 100
CLAIMED = {"yes": True, "no": False}


def filters_of(values: Mapping[str, str]) -> Filters:
    """What a list is narrowed to, as the address or a form says."""
    return Filters(
        name=values.get("name", "").strip()[: people.MAX_NAME],
        department=values.get("department", "").strip()[: people.MAX_DEPARTMENT],
        claimed=CLAIMED.get(values.get("claimed", "")),
    )


@view_config(
    route_name="groups.roster",
    request_method="GET",
    renderer="groups/roster.jinja2",
    permission=PRIVATE,
)
def roster(request: Request) -> dict[str, Any]:
    """People, searched and filtered."""
    found, filters = group_of(request), filters_of(request.GET)
    entries, following = found.roster.page(filters, request.GET.get("cursor") or None)
    return frame(
        found,
        entries=entries,
        next_cursor=following,
        filters=filters,
        totals=found.roster.totals(),
        departments=found.roster.departments(),
        texts=people.as_texts,
    )


@view_config(
    route_name="groups.person_new",
    request_method="GET",
    renderer="groups/person.jinja2",
    permission=PRIVATE,
)
def new_person(request: Request) -> dict[str, Any]:
    """An empty form."""
    return _form(group_of(request), None, {}, {})


def _form(
    found: Group, entry: Any, values: Mapping[str, str], errors: Mapping[str, str]
) -> dict[str, Any]:
    return frame(
        found,
        entry=entry,
        values={name: values.get(name, "") for name in people.COLUMNS},
        errors=errors,
        departments=found.roster.departments(),
    )


@view_config(
    route_name="groups.person_new",
    request_method="POST",
    renderer="groups/person.jinja2",
    permission=PRIVATE,
)
def add_person(request: Request) -> Any:
    """Add one person."""
    found, values = group_of(request), texts(request, tuple(people.COLUMNS))
    try:
        found.roster.add(values, actor(request))
    except SuwenError as error:
        return _form(found, None, values, refused(request, error))
    request.flash("success", _("已加入名册"))
    return HTTPSeeOther(request.route_path("groups.roster", id=found.who.group_id))


@view_config(
    route_name="groups.person",
    request_method="GET",
    renderer="groups/person.jinja2",
    permission=PRIVATE,
)
def person(request: Request) -> dict[str, Any]:
    """One person, with the code by which he takes his place."""
    found = group_of(request)
    entry = found.roster.get(number(request, "person"))
    return _form(found, entry, people.as_texts(entry.facts), {})


@view_config(
    route_name="groups.person",
    request_method="POST",
    renderer="groups/person.jinja2",
    permission=PRIVATE,
)
def change_person(request: Request) -> Any:
    """Save, renew the code, or remove."""
    found, act = group_of(request), request.POST.get("act")
    entry = found.roster.get(number(request, "person"))
    back = request.route_path("groups.roster", id=found.who.group_id)
    values = texts(request, tuple(people.COLUMNS))
    try:
        if act == "remove":
            found.roster.remove([entry.id], actor(request))
            request.flash("success", _("已移出名册"))
        elif act == "code":
            found.roster.renew_code(entry.id, actor(request))
            request.flash("success", _("认领码已更换，旧的立即失效"))
            back = request.path
        else:
            found.roster.update(entry.id, values, actor(request))
            request.flash("success", _("已保存"))
    except SuwenError as error:
        return _form(found, entry, values, refused(request, error))
    return HTTPSeeOther(back)


@view_config(
    route_name="groups.roster_bulk",
    request_method="POST",
    renderer="groups/remove.jinja2",
    permission=PRIVATE,
)
def bulk(request: Request) -> Any:
    """Remove the ticked people, once it is certain, or write to them."""
    found = group_of(request)
    ticked = [key for key in map(ids.parse, request.POST.getall("person")[:500]) if key]
    if not ticked:
        request.flash("warning", _("请先勾选人员"))
    elif request.POST.get("act") == "remove":
        if request.POST.get("sure") != "1":
            entries = [e for e in found.roster.entries(ticked).values() if e.state == "active"]
            return frame(found, entries=entries)
        gone = found.roster.remove(ticked, actor(request))
        request.flash("success", _("已移出 ${n} 人", mapping={"n": len(gone)}))
    else:
        _write_to(request, found, ticked)
    return HTTPSeeOther(request.route_path("groups.roster", id=found.who.group_id))


def _write_to(request: Request, found: Group, ticked: list[int]) -> None:
    entries = [e for e in found.roster.entries(ticked).values() if e.state == "active"]
    try:
        sent = send_letters(
            request.db,
            request.find(messaging),
            request.house.limiter,
            found.who,
            entries,
            region=request.region.code,
            locale=request.locale_name,
        )
    except SuwenError as error:
        request.flash("danger", error.text)
        return
    text = _(
        "已向 ${n} 人发送认领通知；没有手机号和邮箱、已认领或今天已发过的不发", mapping={"n": sent}
    )
    request.flash("success", text)


@view_config(
    route_name="groups.letters",
    request_method="GET",
    renderer="groups/letters.jinja2",
    permission=PRIVATE,
)
def letters(request: Request) -> dict[str, Any]:
    """Slips to print and hand out: the code and how to use it."""
    found, given = group_of(request), request.GET
    filters = filters_of({**given, "claimed": "no"})
    entries, following = found.roster.page(filters, given.get("cursor") or None, LETTERS_AT_ONCE)
    return frame(
        found, entries=entries, next_cursor=following, base_url=request.house.settings.base_url
    )


@view_config(
    route_name="groups.roster_export", request_method="GET", permission=PRIVATE, writes=True
)
def export(request: Request) -> Response:
    """People who match, with their codes, as a sheet; written down."""
    found, filters = group_of(request), filters_of(request.GET)
    titles = [*people.TITLES.values(), _("认领码"), _("认领状态")]
    states = {True: translate(request, _("已认领")), False: translate(request, _("未认领"))}
    order = tuple(people.TITLES)

    def rows() -> Any:
        for entry in found.roster.everybody(filters):
            values = people.as_texts(entry.facts)
            claimed = entry.claimed_at is not None
            code = "" if claimed else entry.code
            yield [*(values[name] for name in order), code, states[claimed]]

    details = {"group": str(found.who.group_id), "people": found.roster.count(filters)}
    request.house.audit.write(
        request.db, actor(request), "roster.export", "group", found.who.group_id, details=details
    )
    headings = sheets.translated(titles, lambda title: translate(request, title))
    return sheet(request, _("名册"), sheets.write(headings, rows()))
