"""The first thing that somebody sees for whom staff opened an account: the terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import colander
from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.view import forbidden_view_config, view_config

from suwen.accounts.errors import AgreementNeeded
from suwen.accounts.identity import AGREE
from suwen.accounts.people.agreeing import Agreement
from suwen.accounts.purposes import worded
from suwen.accounts.views.forms import blank, refused, target
from suwen.accounts.views.refusals import came_from
from suwen.api.operations import operation
from suwen.api.problems import problem
from suwen.forms.schemas import Text
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

_API: Final = r"^/api(/|$)"
_PAGES: Final = r"^(?!/api(/|$))"


class MustAgree:
    """View predicate: whether whoever asks has still to agree."""

    def __init__(self, value: bool, _config: Any) -> None:  # noqa: FBT001 - Pyramid's contract
        """``must_agree=True`` in a view's configuration."""
        self._value = value

    def text(self) -> str:
        """As Pyramid tells of it."""
        return f"must_agree = {self._value}"

    phash = text

    def __call__(self, _context: Any, request: Request) -> bool:
        """Look at the identity, which the refusal has read."""
        identity = request.identity
        return (identity is not None and identity.must_agree) is self._value


def includeme(config: Configurator) -> None:
    """Before the views are scanned: routes and the predicate."""
    config.add_view_predicate("must_agree", MustAgree)
    config.add_route("accounts.agree", "/me/agreement")


@forbidden_view_config(path_info=_PAGES, must_agree=True)
def to_terms(error: HTTPForbidden, request: Request) -> HTTPSeeOther:  # noqa: ARG001
    """Agree first, then come back."""
    query = {"next": came_from(request)}
    return HTTPSeeOther(request.route_path("accounts.agree", _query=query))


@forbidden_view_config(path_info=_API, must_agree=True)
def api_terms(error: HTTPForbidden, request: Request) -> Response:  # noqa: ARG001
    """Tell the APP what is missing."""
    return problem(request, 403, "agreement_required", AgreementNeeded.message)


def _agreement(request: Request) -> Agreement:
    return Agreement(request.house, request.db, request.identity.member_id)


def _texts(request: Request) -> list[dict[str, str]]:
    return [
        {"purpose": name, "version": about.version, "title": words.title, "text": words.text}
        for name, about in _agreement(request).asked()
        for words in (worded(request, about),)
    ]


def _agree(request: Request, versions: Mapping[str, str]) -> None:
    shown = {
        one["purpose"]: (versions[one["purpose"]], one["text"])
        for one in _texts(request)
        if versions.get(one["purpose"])
    }
    _agreement(request).agree(shown, request.actor, request.identity.surface)


@view_config(
    route_name="accounts.agree",
    request_method="GET",
    renderer="accounts/agree.jinja2",
    permission=AGREE,
)
def show(request: Request) -> Any:
    """The terms; nothing is ticked beforehand."""
    if not request.identity.must_agree:
        return HTTPSeeOther(target(request))
    return {"texts": _texts(request), **blank(next=request.GET.get("next", ""))}


@view_config(
    route_name="accounts.agree",
    request_method="POST",
    renderer="accounts/agree.jinja2",
    permission=AGREE,
)
def agree(request: Request) -> Any:
    """Agree, and go on."""
    try:
        if request.POST.get("agree") != "1":
            raise AgreementNeeded
        _agree(request, request.POST)
    except SuwenError as error:
        return {"texts": _texts(request), **refused(request, error)}
    request.flash("success", _("欢迎使用素问，您可以补充资料和设置两步验证"))
    return HTTPSeeOther(target(request))


class TermOut(colander.MappingSchema):
    purpose = colander.SchemaNode(Text())
    version = colander.SchemaNode(Text())
    title = colander.SchemaNode(Text())
    text = colander.SchemaNode(Text())


class Terms(colander.SequenceSchema):
    term = TermOut()


class AgreementOut(colander.MappingSchema):
    items = Terms()


class AgreementIn(colander.MappingSchema):
    terms = colander.SchemaNode(Text(), validator=colander.Length(max=12))
    privacy = colander.SchemaNode(Text(), validator=colander.Length(max=12))


@operation("read_agreement", "GET", "/me/agreement", permission=AGREE, answer=AgreementOut())
def read_agreement(request: Request) -> dict[str, Any]:
    """The terms that an account opened by staff has to agree to before anything else."""
    return {"items": _texts(request)}


@operation("agree", "POST", "/me/agreement", permission=AGREE, body=AgreementIn(), status=204)
def give_agreement(request: Request, body: dict[str, Any]) -> None:
    """Agree to the versions of the terms and of the privacy policy that were read."""
    _agree(request, body)
