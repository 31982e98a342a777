"""A member's results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.view import view_config

from suwen.accounts.services import accounts
from suwen.questionnaires.report import build
from suwen.questionnaires.services import questionnaires
from suwen.questionnaires.words import ANSWERED_BY, in_locale

if TYPE_CHECKING:
    from pyramid.request import Request


@view_config(
    route_name="questionnaires.results",
    request_method="GET",
    renderer="questionnaires/results.jinja2",
    permission="member.private",
)
def result_list(request: Request) -> dict[str, Any]:
    """Own results, newest first, without what they say."""
    service, cursor = request.find(questionnaires), request.GET.get("cursor") or None
    page = service.results.page(request.identity.member_id, cursor)
    rows = [(row, in_locale(row.titles, request.locale_name)) for row in page.items]
    return {"rows": rows, "next_cursor": page.next_cursor}


@view_config(
    route_name="questionnaires.result",
    request_method="GET",
    renderer="questionnaires/result.jinja2",
    permission="member.private",
    writes=True,
)
def result(request: Request) -> dict[str, Any]:
    """The constitution report; this reading goes on record."""
    service, member_id = request.find(questionnaires), request.identity.member_id
    reading = service.results.read(member_id, request.matchdict["result"], request.actor)
    row, translate = reading.row, request.localizer.translate
    report = build(
        reading, service.offers.installed(row.scorer_code), request.locale_name, translate
    )
    profile = request.find(accounts).profiles.read(member_id)
    return {
        "row": row,
        "findings": reading.findings,
        "report": report,
        "title": in_locale(row.titles, request.locale_name),
        "person": profile.real_name or request.identity.display_name,
        "answered_by": ANSWERED_BY.get(row.answered_by, row.answered_by),
    }
