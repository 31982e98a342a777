"""Choosing a form, and what is asked before its first item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts.purposes import worded
from suwen.kernel.errors import NotFound, SuwenError
from suwen.questionnaires.services import Wish, questionnaires
from suwen.questionnaires.words import in_locale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

    from suwen.questionnaires.offering import Offer

SECONDS_AN_ITEM: Final = 8


def card(offer: Offer, locale: str) -> dict[str, Any]:
    """A form as pages show it before it is begun."""
    items = len(offer.form.items)
    return {
        "code": offer.info.form_code,
        "title": in_locale(offer.form.titles, locale),
        "intro": in_locale(offer.form.intro, locale),
        "standard": offer.info.standard,
        "items": items,
        "minutes": max(1, round(items * SECONDS_AN_ITEM / 60)),
        "min_age": offer.min_age,
        "max_age": offer.info.max_age,
    }


@view_config(
    route_name="questionnaires.list",
    request_method="GET",
    renderer="questionnaires/list.jinja2",
    permission="public",
)
def form_list(request: Request) -> dict[str, Any]:
    """Forms of the region, and what the member has begun."""
    service, locale, who, waiting = request.find(questionnaires), request.locale_name, None, []
    member_id = _himself(request)
    if member_id is not None:
        who = service.respondent(member_id)
        waiting = [
            {
                "id": item.session.public_id,
                "form": item.session.form_code,
                "title": in_locale(item.titles, locale),
                "answered": item.answered,
                "items": len(item.session.items),
                "saved_at": item.session.saved_at,
                "going_on": item.going_on,
            }
            for item in service.answering.unfinished(member_id)
        ]
    begun = {item["form"] for item in waiting}
    offers = [card(offer, locale) for offer in service.offered(request.region.code, who)]
    return {"forms": [form for form in offers if form["code"] not in begun], "waiting": waiting}


@view_config(
    route_name="questionnaires.form",
    request_method="GET",
    renderer="questionnaires/intro.jinja2",
    permission="public",
)
def intro(request: Request) -> dict[str, Any]:
    """What the form is, what it is not, and what is needed to begin."""
    return _intro(request, {})


@view_config(
    route_name="questionnaires.form",
    request_method="POST",
    renderer="questionnaires/intro.jinja2",
    permission="member.private",
)
def begin(request: Request) -> Any:
    """Take consent and sex where they are missing, and begin or go on."""
    service, form = request.find(questionnaires), request.matchdict["form"]
    given = request.POST
    wish = Wish(
        given.get("version") if given.get("consent") else None,
        given.get("sex"),
        worded(request, service.consent()).text,
    )
    member_id = request.identity.member_id
    try:
        row = service.begin(member_id, request.region.code, form, wish, request.actor)
    except NotFound:
        raise
    except SuwenError as error:
        request.response.status_int = 422
        return _intro(request, error.fields or {"": error.text})
    return HTTPSeeOther(request.route_path("questionnaires.answer", session=row.public_id))


def _himself(request: Request) -> int | None:
    """The member who is signed in, unless somebody acts for him: then the page is a visitor's."""
    identity = request.identity
    if identity is None or "member.private" not in identity.permissions:
        return None
    member_id: int = identity.member_id
    return member_id


def _intro(request: Request, errors: Mapping[str, str]) -> dict[str, Any]:
    service, form, who = request.find(questionnaires), request.matchdict["form"], None
    member_id = _himself(request)
    offer = service.form(request.region.code, form, member_id)
    standing = None
    if member_id is not None:
        who = service.respondent(member_id)
        standing = service.answering.open_of(member_id, form)
    return {
        "form": card(offer, request.locale_name),
        "fits": offer.fits(who.age if who else None),
        "consented": who is not None and service.consented(who),
        "consent": worded(request, service.consent()),
        "consent_version": service.consent().version,
        "needs_sex": who is not None and offer.by_sex and who.sex is None,
        "begun": standing is not None and service.offers.lets_finish(standing),
        "sex": request.POST.get("sex", ""),
        "errors": errors,
    }
