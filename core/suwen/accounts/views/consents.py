"""Pages of consents: what is asked for whom, what was agreed to when, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config
from sqlalchemy import select

from suwen.accounts.consents import Past, Standing
from suwen.accounts.dependants import RELATIONS as DEPENDENT
from suwen.accounts.dependants import dependants, require_guardian
from suwen.accounts.identity import PRIVATE
from suwen.accounts.models import Member, Subject
from suwen.accounts.purposes import Wording, worded
from suwen.accounts.services import AccountService, accounts
from suwen.accounts.views.forms import target
from suwen.kernel import ids
from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _, translate

if TYPE_CHECKING:
    from pyramid.request import Request

RELATIONS: Final = {
    "self": _("我自己"),
    "child": _("子女"),
    "parent": _("父母"),
    "spouse": _("配偶"),
    "other": _("其他家人"),
}
CHANNELS: Final = {
    "web": _("网站"),
    "api": _("APP"),
    "admin": _("工作人员代为登记"),
    "cli": _("工作人员代为登记"),
    "system": _("系统"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A purpose on the page, in the reader's language; ``audience`` names a group."""

    standing: Standing
    wording: Wording
    audience: str


def service_of(request: Request) -> AccountService:
    """The service of accounts."""
    service: AccountService = request.find(accounts)
    return service


def subject_asked(request: Request) -> Subject:
    """The person whom the page is about: the member's own, or one of his dependants.

    Raises ``NotFound`` for anybody else's.
    """
    service, member_id = service_of(request), request.identity.member_id
    asked = request.params.get("subject")
    if not asked:
        return service.consents.subject_of(member_id, service.subject_of(member_id))
    return service.consents.subject_of(member_id, ids.parse(asked) or 0)


def name_of(request: Request, subject: Subject) -> str:
    """What the member calls the person."""
    return translate(request, RELATIONS.get(subject.relation, RELATIONS["other"]))


def _audiences(request: Request, standings: Sequence[Standing]) -> Mapping[int, str]:
    wanted = {one.audience_id for one in standings if one.audience_id}
    if not wanted:
        return {}
    query = select(Member.id, Member.display_name).where(Member.id.in_(wanted))
    return {row.id: row.display_name for row in request.db.execute(query)}


def shown(request: Request, subject: Subject) -> Sequence[Shown]:
    """Every purpose that is asked about the person."""
    standings = service_of(request).consents.standings(
        subject.id, oneself=subject.relation == "self"
    )
    names = _audiences(request, standings)
    return [
        Shown(one, worded(request, one.about), names.get(one.audience_id, "")) for one in standings
    ]


def _family(request: Request) -> Mapping[int, str]:
    """Names of the children for whom the member decides; adults decide for themselves."""
    found = dependants(request.house, request.db, request.identity.member_id).all()
    return {one.subject_id: one.name for one in found if one.is_minor}


@view_config(
    route_name="accounts.consents",
    request_method="GET",
    renderer="accounts/consents.jinja2",
    permission=PRIVATE,
)
def consents(request: Request) -> Mapping[str, Any]:
    """Every purpose, its text, where the person stands and what withdrawing does."""
    subject = subject_asked(request)
    names = _family(request)
    people = [
        one
        for one in service_of(request).consents.subjects_of(request.identity.member_id)
        if one.id in names or one.relation not in DEPENDENT or one.id == subject.id
    ]
    return {
        "items": shown(request, subject),
        "subject": subject,
        "people": people,
        "names": {one.id: names.get(one.id) or name_of(request, one) for one in people},
        "asked": request.GET.get("purpose"),
        "next": request.GET.get("next", ""),
    }


@view_config(route_name="accounts.consents", request_method="POST", permission=PRIVATE)
def give(request: Request) -> HTTPSeeOther:
    """Agree to one purpose."""
    service, subject = service_of(request).consents, subject_asked(request)
    purpose = request.POST.get("purpose", "")
    require_guardian(request.house, request.db, subject)
    service.give(
        subject.id,
        purpose,
        request.actor,
        version=request.POST.get("version"),
        shown=worded(request, service.present(purpose)).text,
        channel=request.identity.surface,
    )
    request.flash("success", _("已记录您的同意"))
    return HTTPSeeOther(location=target(request, _back(request, subject)))


def _back(request: Request, subject: Subject) -> str:
    query = {} if subject.relation == "self" else {"subject": subject.id}
    path: str = request.route_path("accounts.consents", _query=query)
    return path


def _one(request: Request) -> tuple[Subject, Shown]:
    subject, purpose = subject_asked(request), request.matchdict["purpose"]
    audience = ids.parse(request.params.get("audience")) or 0
    for one in shown(request, subject):
        if (one.standing.purpose, one.standing.audience_id) == (purpose, audience):
            return subject, one
    raise NotFound


@view_config(
    route_name="accounts.consent",
    request_method="GET",
    renderer="accounts/consent.jinja2",
    permission=PRIVATE,
)
def consent(request: Request) -> Mapping[str, Any]:
    """One purpose: its text now, what was agreed to when, and what taking it back does."""
    subject, one = _one(request)
    service = service_of(request).consents
    known = service.texts.texts_by_version(one.standing.purpose)
    history: Sequence[tuple[Past, Wording | None]] = [
        (past, worded(request, known[past.version]) if past.version in known else None)
        for past in service.history(subject.id, one.standing.purpose)
        if past.audience_id == one.standing.audience_id
    ]
    return {
        "item": one,
        "subject": subject,
        "history": history,
        "name": name_of(request, subject),
        "channels": CHANNELS,
        "back": _back(request, subject),
    }


@view_config(route_name="accounts.consent", request_method="POST", permission=PRIVATE)
def withdraw(request: Request) -> HTTPSeeOther:
    """Take the consent back, and say what that has done."""
    subject, one = _one(request)
    service_of(request).consents.withdraw(
        subject.id, one.standing.purpose, request.actor, audience=one.standing.audience_id
    )
    effect = translate(request, one.wording.effect)
    request.flash("info", _("已撤回授权。${effect}", mapping={"effect": effect}))
    return HTTPSeeOther(location=_back(request, subject))
