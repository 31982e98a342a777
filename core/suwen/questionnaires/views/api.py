"""Questionnaires and results in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from suwen.api.operations import operation
from suwen.kernel.i18n import _, translate
from suwen.questionnaires.report import advice
from suwen.questionnaires.schemas import (
    QuestionnaireDetail,
    QuestionnaireList,
    ResultList,
    ResultOut,
    ResultQuery,
    SubmitIn,
)
from suwen.questionnaires.services import PURPOSE, Submission, questionnaires
from suwen.questionnaires.words import in_locale

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.hookspecs.questionnaire import AdviceSection, ItemDefinition, ScaleScore
    from suwen.questionnaires.offering import Offer
    from suwen.questionnaires.results import Listed, Reading

NOTICE: Final = _("结果仅供参考，不是医学诊断")
_PLACES: Final = 4


@operation(
    "list_questionnaires",
    "GET",
    "/questionnaires",
    permission="public",
    answer=QuestionnaireList,
)
def list_questionnaires(request: Request) -> dict[str, Any]:
    """Forms that the region offers, to the caller's age where it is known."""
    service, who = request.find(questionnaires), None
    if request.identity is not None:
        who = service.respondent(request.identity.member_id)
    offers = service.offered(request.region.code, who)
    return {"items": [offer_out(request, offer) for offer in offers], "next_cursor": None}


@operation(
    "get_questionnaire",
    "GET",
    "/questionnaires/{id}",
    permission="public",
    answer=QuestionnaireDetail(),
)
def get_questionnaire(request: Request) -> dict[str, Any]:
    """A form with its items and the answers that may be given."""
    service, member_id = request.find(questionnaires), None
    sex = None
    if request.identity is not None:
        member_id = request.identity.member_id
        sex = service.respondent(member_id).sex
    offer = service.form(request.region.code, request.matchdict["id"], member_id)
    locale, form = request.locale_name, offer.form
    return {
        **offer_out(request, offer),
        "intro": in_locale(form.intro, locale),
        "form_version": offer.info.form_version,
        "wording_version": offer.info.wording_version,
        "needs_sex": offer.by_sex,
        "consent_purpose": PURPOSE,
        "options": [
            {"value": option.value, "label": in_locale(option.labels, locale)}
            for option in form.options
        ],
        "items": [item_out(item, sex, locale) for item in form.items],
    }


def offer_out(request: Request, offer: Offer) -> dict[str, Any]:
    """A form as lists show it."""
    info = offer.info
    return {
        "id": info.form_code,
        "title": in_locale(offer.form.titles, request.locale_name),
        "item_count": len(offer.form.items),
        "min_age": offer.min_age,
        "max_age": info.max_age,
        "scorer": info.code,
        "standard": translate(request, info.standard),
        "version": info.version,
    }


def item_out(item: ItemDefinition, sex: str | None, locale: str) -> dict[str, Any]:
    """A question in the wording for ``sex``, or with its variants while that is not known."""
    texts = item.variants.get(sex or "", item.texts)
    open_variants = item.variants and sex not in item.variants
    variants = {name: in_locale(text, locale) for name, text in item.variants.items()}
    return {
        "id": str(item.id),
        "text": in_locale(texts, locale) or None,
        "variants": variants if open_variants else None,
    }


@operation(
    "submit_response",
    "POST",
    "/questionnaires/{id}/responses",
    permission="member.private",
    body=SubmitIn(),
    answer=ResultOut(),
    status=201,
    idempotent=True,
)
def submit_response(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Score a whole sheet; nothing is kept of one that is incomplete or wrong."""
    service, member_id = request.find(questionnaires), request.identity.member_id
    row = service.respond(
        member_id,
        request.region.code,
        request.matchdict["id"],
        Submission(body["answers"], body["measures"] or {}),
        request.actor,
        body["sex"],
    )
    return result_out(request, service.results.read(member_id, row.public_id, request.actor))


@operation(
    "list_results",
    "GET",
    "/me/results",
    permission="member.private",
    query=ResultQuery(),
    answer=ResultList,
)
def list_results(request: Request) -> dict[str, Any]:
    """Own results, newest first, without what they say."""
    service, asked = request.find(questionnaires), request.query
    page = service.results.page(request.identity.member_id, asked["cursor"], asked["limit"])
    return {
        "items": [listed_out(request, row) for row in page.items],
        "next_cursor": page.next_cursor,
    }


@operation(
    "get_result",
    "GET",
    "/me/results/{id}",
    permission="member.private",
    answer=ResultOut(),
    writes=True,
)
def get_result(request: Request) -> dict[str, Any]:
    """One's own result; this reading goes on record."""
    service, member_id = request.find(questionnaires), request.identity.member_id
    reading = service.results.read(member_id, request.matchdict["id"], request.actor)
    return result_out(request, reading)


def listed_out(request: Request, row: Listed | Any) -> dict[str, Any]:
    """What lists show of a result."""
    return {
        "id": row.public_id,
        "questionnaire": row.form_code,
        "title": in_locale(row.titles, request.locale_name),
        "scorer": row.scorer_code,
        "standard": translate(request, row.standard),
        "version": row.scorer_version,
        "created_at": row.created_at,
    }


def result_out(request: Request, reading: Reading) -> dict[str, Any]:
    """A result with all its numbers, and advice while its scorer is installed."""
    row, findings, outcome = reading.row, reading.findings, reading.findings.outcome
    scorer = request.find(questionnaires).offers.installed(row.scorer_code)
    return {
        **listed_out(request, row),
        "form_version": row.form_version,
        "wording_version": row.wording_version,
        "parameters": row.parameters,
        "status": outcome.status,
        "types": list(outcome.types),
        "tendencies": list(outcome.tendencies),
        "scores": [score_out(request, score) for score in outcome.scores],
        "cut_offs": dict(outcome.cut_offs),
        "advice": [section_out(s) for s in advice(outcome, scorer, request.locale_name)],
        "flags": list(findings.flags),
        "answered_by": row.answered_by,
        "sheet_hash": row.sheet_mac,
        "notice": translate(request, NOTICE),
    }


def score_out(request: Request, score: ScaleScore) -> dict[str, Any]:
    """A scale; ``converted`` is rounded for people."""
    return {
        "scale": score.scale,
        "title": translate(request, score.title),
        "raw": score.raw,
        "converted": float(round(score.converted, _PLACES)),
        "verdict": score.verdict,
        "distance": score.distance,
    }


def section_out(section: AdviceSection) -> dict[str, Any]:
    """Features and advice of one type."""
    return {
        "scale": section.scale,
        "title": section.title,
        "features": section.features,
        "texts": [{"title": title, "text": text} for title, text in section.advice],
    }
