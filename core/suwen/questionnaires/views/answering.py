"""Answering: one long form without a script, one question per screen with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPNoContent, HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.errors import ConsentRequired
from suwen.kernel.errors import Conflict
from suwen.kernel.i18n import _
from suwen.questionnaires.errors import SheetRefused
from suwen.questionnaires.services import Submission, questionnaires
from suwen.questionnaires.sheets import by_item, whole
from suwen.questionnaires.states import SUBMITTED
from suwen.questionnaires.words import in_locale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

    from suwen.questionnaires.models import AnsweringSession
    from suwen.questionnaires.offering import Offer

_NOT_ANSWERS: Final = frozenset({"csrf_token", "later"})
_FIRST: Final = 10
"""A short form needs no reminder half-way."""


@view_config(
    route_name="questionnaires.answer",
    request_method="GET",
    renderer="questionnaires/form.jinja2",
    permission="member.private",
)
def show(request: Request) -> Any:
    """The form with the answers so far."""
    service, member_id, public_id = _asked(request)
    if service.answering.own(member_id, public_id).state == SUBMITTED:
        return _to_result(request)
    try:
        row, offer, draft = service.resume(member_id, public_id)
    except Conflict as error:
        return _elsewhere(request, error)
    return _page(request, row, offer, draft.answers, {})


@view_config(
    route_name="questionnaires.answer",
    request_method="POST",
    renderer="questionnaires/form.jinja2",
    permission="member.private",
)
def submit(request: Request) -> Any:
    """Score the sheet; a refused one comes back with its faults, and what was right is kept."""
    service, member_id, public_id = _asked(request)
    answers = _answers(request)
    try:
        if "later" in request.POST:
            service.save_all(member_id, public_id, answers)
            request.flash("success", _("回答已保存，可以随时回来继续"))
            return HTTPSeeOther(request.route_path("questionnaires.list"))
        result = service.submit(member_id, public_id, Submission(answers), request.actor)
    except SheetRefused as error:
        return _again(request, answers, error)
    except Conflict as error:
        return _elsewhere(request, error)
    return HTTPSeeOther(request.route_path("questionnaires.result", result=result.public_id))


@view_config(route_name="questionnaires.save", request_method="POST", permission="member.private")
def save(request: Request) -> HTTPNoContent:
    """Save one answer as it is given: ``item`` and ``value``."""
    service, member_id, public_id = _asked(request)
    given = request.POST
    service.save_answer(member_id, public_id, given.get("item"), given.get("value"))
    return HTTPNoContent()


@view_config(
    route_name="questionnaires.abandon", request_method="POST", permission="member.private"
)
def abandon(request: Request) -> HTTPSeeOther:
    """Give up, forget the answers, and go back to where it begins."""
    service, member_id, public_id = _asked(request)
    try:
        service.abandon(member_id, public_id)
        request.flash("success", _("已删除这次的回答"))
    except Conflict as error:
        request.flash("danger", error.text)
    return HTTPSeeOther(request.route_path("questionnaires.list"))


def _asked(request: Request) -> tuple[Any, int, str]:
    service = request.find(questionnaires)
    return service, request.identity.member_id, request.matchdict["session"]


def _answers(request: Request) -> dict[Any, Any]:
    """Answers by item; an item that was sent twice keeps both, and is refused."""
    found: dict[str, Any] = {}
    for name in request.POST:
        if name not in _NOT_ANSWERS:
            values = request.POST.getall(name)
            found[name] = whole(values[0]) if len(values) == 1 else values
    return by_item(found)


def _again(request: Request, answers: Mapping[Any, Any], error: SheetRefused) -> dict[str, Any]:
    service, member_id, public_id = _asked(request)
    service.save_all(member_id, public_id, answers)
    request.environ["suwen.commit"] = True
    request.response.status_int = 422
    row, offer, _draft = service.resume(member_id, public_id)
    return _page(request, row, offer, answers, error.fields)


def _elsewhere(request: Request, error: Conflict) -> HTTPSeeOther:
    """Where to go when the session cannot go on now."""
    service, member_id, public_id = _asked(request)
    if isinstance(error, ConsentRequired):
        form = service.answering.own(member_id, public_id).form_code
        request.flash("warning", error.text)
        return HTTPSeeOther(request.route_path("questionnaires.form", form=form))
    request.flash("warning", error.text)
    return HTTPSeeOther(request.route_path("questionnaires.list"))


def _to_result(request: Request) -> HTTPSeeOther:
    service, member_id, public_id = _asked(request)
    row = service.answering.own(member_id, public_id)
    result = service.results.of_session(row.id)
    return HTTPSeeOther(request.route_path("questionnaires.result", result=result.public_id))


def _page(
    request: Request,
    row: AnsweringSession,
    offer: Offer,
    answers: Mapping[Any, Any],
    errors: Mapping[str, str],
) -> dict[str, Any]:
    locale, form = request.locale_name, offer.form
    sex = request.find(questionnaires).answering.draft(row).sex
    items = [
        {
            "id": item.id,
            "place": place,
            "reminder": place == len(form.items) // 2 + 1 and place > _FIRST,
            "text": in_locale(item.variants.get(sex or "", item.texts), locale),
            "value": answers.get(item.id),
            "error": errors.get(f"answers.{item.id}"),
        }
        for place, item in enumerate(form.items, start=1)
    ]
    known = {f"answers.{item['id']}" for item in items}
    return {
        "session": row,
        "title": in_locale(form.titles, locale),
        "intro": in_locale(form.intro, locale),
        "items": items,
        "options": [(o.value, in_locale(o.labels, locale)) for o in form.options],
        "answered": sum(item["value"] is not None for item in items),
        "faults": [text for name, text in errors.items() if name not in known],
    }
