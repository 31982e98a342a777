"""Consents in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.accounts import schemas
from suwen.accounts.dependants import require_guardian
from suwen.accounts.identity import PRIVATE
from suwen.accounts.purposes import worded
from suwen.accounts.services import accounts
from suwen.api.operations import operation

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.accounts.consents import Standing
    from suwen.accounts.models import Subject


def _subject(request: Request, subject_id: int | None) -> Subject:
    """The member's own subject or a dependant's; raises ``NotFound`` for anybody else's."""
    service, member_id = request.find(accounts), request.identity.member_id
    wanted = subject_id or service.subject_of(member_id)
    found: Subject = service.consents.subject_of(member_id, wanted)
    return found


@operation(
    "list_consents",
    "GET",
    "/me/consents",
    permission=PRIVATE,
    query=schemas.ConsentQuery(),
    answer=schemas.ConsentList(),
)
def list_consents(request: Request) -> dict[str, Any]:
    """All purposes with their present texts, and where the member or a dependant stands."""
    subject = _subject(request, request.query["subject_id"])
    standings = request.find(accounts).consents.standings(
        subject.id, oneself=subject.relation == "self"
    )
    items = [consent_out(request, subject.id, item) for item in standings]
    return {"items": items, "next_cursor": None}


@operation(
    "give_consent",
    "POST",
    "/me/consents",
    permission=PRIVATE,
    body=schemas.ConsentIn(),
    answer=schemas.ConsentOut(),
    status=201,
    idempotent=True,
)
def give_consent(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Agree to the present text of a purpose, for oneself or for a dependant."""
    service, purpose = request.find(accounts).consents, body["purpose"]
    subject = _subject(request, body["subject_id"])
    require_guardian(request.house, request.db, subject)
    service.give(
        subject.id,
        purpose,
        request.actor,
        version=body["version"],
        shown=worded(request, service.present(purpose)).text,
        channel=request.identity.surface,
    )
    standings = service.standings(subject.id, oneself=subject.relation == "self")
    return next(
        consent_out(request, subject.id, item) for item in standings if item.purpose == purpose
    )


@operation(
    "withdraw_consent",
    "DELETE",
    "/me/consents/{purpose}",
    permission=PRIVATE,
    query=schemas.ConsentQuery(),
    status=204,
)
def withdraw_consent(request: Request) -> None:
    """Withdraw a consent, with the effect that the list names."""
    subject = _subject(request, request.query["subject_id"])
    request.find(accounts).consents.withdraw(
        subject.id,
        request.matchdict["purpose"],
        request.actor,
        audience=request.query["audience_id"] or 0,
    )


def consent_out(request: Request, subject_id: int, standing: Standing) -> dict[str, Any]:
    about, wording = standing.about, worded(request, standing.about)
    return {
        "purpose": standing.purpose,
        "subject_id": str(subject_id),
        "version": about.version,
        "title": wording.title,
        "text": wording.text,
        "effect": wording.effect,
        "withdrawable": about.withdrawable,
        "required": about.required,
        "audience_id": str(standing.audience_id) if standing.audience_id else None,
        "given": standing.given,
        "given_version": standing.given_version,
        "given_at": standing.given_at.isoformat() if standing.given_at else None,
    }
