"""The member's privacy pages: what is kept and why, a copy of it, and leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from suwen.accounts.identity import PRIVATE
from suwen.accounts.purposes import HEALTH_PUSH, MARKETING, worded
from suwen.accounts.services import accounts
from suwen.kernel import ids
from suwen.kernel.errors import NotFound, SuwenError
from suwen.kernel.i18n import _, translate
from suwen.privacy import wording
from suwen.privacy.periods import EXPORTS, GRACE, KEY_BACKUP, periods
from suwen.privacy.receipts import receipt, receipt_number
from suwen.privacy.requests import (
    ERASURE,
    EXPORT,
    RUNNING,
    WAITING,
    WORDS,
    Requests,
    requests,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

    from suwen.privacy.models import PrivacyRequest
    from suwen.privacy.requests import Copy

SWITCHES = (HEALTH_PUSH, MARKETING)


def _service(request: Request) -> Requests:
    service: Requests = request.find(requests)
    return service


def _switches(request: Request) -> list[dict[str, Any]]:
    service = request.find(accounts)
    subject_id = service.subject_of(request.identity.member_id)
    return [
        {
            "purpose": name,
            "on": service.consents.has(subject_id, name),
            "wording": worded(request, service.consents.present(name)),
            "version": service.consents.present(name).version,
        }
        for name in SWITCHES
    ]


@view_config(
    route_name="privacy.home",
    request_method="GET",
    renderer="privacy/home.jinja2",
    permission=PRIVATE,
)
def home(request: Request) -> Mapping[str, Any]:
    """What is kept and why, and the way to everything one may ask for."""
    service, member_id = _service(request), request.identity.member_id
    return {
        "held": wording.HELD,
        "switches": _switches(request),
        "copy": service.latest(member_id, EXPORT),
        "erasure": service.latest(member_id, ERASURE),
        "states": wording.STATES,
        "tones": wording.TONES,
    }


@view_config(route_name="privacy.pushes", request_method="POST", permission=PRIVATE)
def switch(request: Request) -> HTTPSeeOther:
    """Personalised pushes and marketing, on or off: a consent given or withdrawn."""
    purpose = request.POST.get("purpose", "")
    if purpose not in SWITCHES:
        raise NotFound
    service = request.find(accounts)
    subject_id, consents = service.subject_of(request.identity.member_id), service.consents
    if request.POST.get("on") == "1":
        consents.give(
            subject_id,
            purpose,
            request.actor,
            version=request.POST.get("version"),
            shown=worded(request, consents.present(purpose)).text,
            channel=request.identity.surface,
        )
        request.flash("success", _("已开启"))
    else:
        consents.withdraw(subject_id, purpose, request.actor)
        request.flash("info", _("已关闭，立即生效"))
    return HTTPSeeOther(location=request.route_path("privacy.home"))


@view_config(
    route_name="privacy.export",
    request_method="GET",
    renderer="privacy/export.jinja2",
    permission=PRIVATE,
)
def export_page(request: Request) -> Mapping[str, Any]:
    """What the copy holds, how far it is, and the way to it."""
    request.require_step_up()
    return {
        "copy": _service(request).latest(request.identity.member_id, EXPORT),
        "days": request.find(periods).days(EXPORTS),
        "states": wording.STATES,
        "tones": wording.TONES,
    }


@view_config(route_name="privacy.export", request_method="POST", permission=PRIVATE)
def ask_export(request: Request) -> HTTPSeeOther:
    """Ask for a copy; a second click finds the first."""
    request.require_step_up()
    _service(request).ask_export(request.identity.member_id, request.actor)
    request.flash("success", _("已开始准备，完成后会通知您"))
    return HTTPSeeOther(location=request.route_path("privacy.export"))


@view_config(
    route_name="privacy.export_status", request_method="GET", renderer="json", permission=PRIVATE
)
def export_status(request: Request) -> dict[str, Any]:
    """What the page asks while the copy is being made."""
    copy = _service(request).latest(request.identity.member_id, EXPORT)
    return _news(request, copy, request.route_path("privacy.export"))


def _news(request: Request, row: PrivacyRequest | None, url: str) -> dict[str, Any]:
    if row is None:
        return {"done": True, "url": url}
    text = translate(request, wording.STATES[row.state])
    done = row.state not in {WAITING, RUNNING}
    return {"state": row.state, "done": done, "url": url, "text": f"{text} {row.progress} %"}


@view_config(route_name="privacy.download", request_method="GET", permission=PRIVATE, writes=True)
def download(request: Request) -> Response:
    """The copy itself, piece by piece."""
    request.require_step_up()
    request_id = ids.parse(request.matchdict["id"]) or 0
    found = _service(request).hand_over(request.identity.member_id, request_id, request.actor)
    return copy_response(found)


def copy_response(found: Copy) -> Response:
    """An archive on its way to its owner: never cached, never shown in a frame."""
    response = Response(app_iter=found.pieces, content_type="application/zip")
    response.content_length = found.size
    name = quote(found.name, safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response.headers["Cache-Control"] = "no-store, private"
    return response


@view_config(
    route_name="privacy.erasure",
    request_method="GET",
    renderer="privacy/erasure.jinja2",
    permission=PRIVATE,
)
def erasure_page(request: Request) -> Mapping[str, Any]:
    """What goes, what stays and why, and what must be settled first."""
    request.require_step_up()
    return _erasure(request, {})


def _erasure(request: Request, errors: Mapping[str, str]) -> dict[str, Any]:
    service, member_id = _service(request), request.identity.member_id
    latest = service.latest(member_id, ERASURE)
    return {
        "request_row": latest,
        "number": receipt_number(request.house, latest.id) if latest else None,
        "open_items": service.open_items(member_id),
        "goes": wording.GOES,
        "stays": wording.STAYS,
        "grace": request.find(periods).days(GRACE),
        "key_backup": request.find(periods).days(KEY_BACKUP),
        "word": WORDS[1] if request.locale_name.startswith("en") else WORDS[0],
        "errors": errors,
        "states": wording.STATES,
        "tones": wording.TONES,
    }


@view_config(
    route_name="privacy.erasure",
    request_method="POST",
    renderer="privacy/erasure.jinja2",
    permission=PRIVATE,
)
def ask_erasure(request: Request) -> Any:
    """Erase the member, once the word was typed and nothing is open."""
    request.require_step_up()
    try:
        row = _service(request).ask_erasure(
            request.identity.member_id,
            request.POST.get("confirm", ""),
            request.actor,
            forfeit=request.POST.get("forfeit") == "1",
        )
    except SuwenError as error:
        request.response.status_int = error.status
        return _erasure(request, error.fields or {"": error.text})
    number = receipt_number(request.house, row.id)
    return HTTPSeeOther(location=request.route_path("privacy.receipt", number=number))


@view_config(route_name="privacy.erasure_cancel", request_method="POST", permission=PRIVATE)
def cancel(request: Request) -> HTTPSeeOther:
    """Think better of it."""
    request_id = ids.parse(request.matchdict["id"]) or 0
    _service(request).cancel(request.identity.member_id, request_id, request.actor)
    request.flash("success", _("已取消，您的账户保持不变"))
    return HTTPSeeOther(location=request.route_path("privacy.home"))


@view_config(
    route_name="privacy.receipt",
    request_method="GET",
    renderer="privacy/receipt.jinja2",
    permission="public",
)
def show_receipt(request: Request) -> Any:
    """How far an erasure is and what became of what; for whoever has the number."""
    number = request.matchdict["number"]
    row: PrivacyRequest = receipt(request.house, request.db, number)
    shown = {
        "row": row,
        "number": number,
        "lines": [line for line in row.receipt if line["what"]],
        "actions": wording.ACTIONS,
        "states": wording.STATES,
        "tones": wording.TONES,
    }
    request.response.headers["Cache-Control"] = "no-store, private"
    request.response.headers["X-Robots-Tag"] = "noindex"
    return shown


@view_config(
    route_name="privacy.receipt_status", request_method="GET", renderer="json", permission="public"
)
def receipt_status(request: Request) -> dict[str, Any]:
    """What the receipt's page asks while the job runs."""
    number = request.matchdict["number"]
    row = receipt(request.house, request.db, number)
    return _news(request, row, request.route_path("privacy.receipt", number=number))
