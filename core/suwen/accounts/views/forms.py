"""What the form pages share: errors beside fields, nothing lost, no way out of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pyramid.csrf import new_csrf_token
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import remember

from suwen.accounts import devices
from suwen.accounts.network import network_of
from suwen.accounts.policy import device
from suwen.accounts.services import accounts
from suwen.kernel.errors import SuwenError
from suwen.kernel.themes.preferences import local_path

if TYPE_CHECKING:
    from pyramid.request import Request

_NOT_KEPT: Final = frozenset({"password", "totp", "new_totp", "csrf_token"})


class Values(dict[str, Any]):
    """What fields hold; one that was not given is empty."""

    def __missing__(self, _name: str) -> str:
        """Templates are strict about names that are not there."""
        return ""


class Messages(dict[str, str]):
    """Messages by field; a field without one has None."""

    def __missing__(self, _name: str) -> None:
        """Templates are strict about names that are not there."""


def kept(request: Request) -> Values:
    """What was typed, secrets excepted, to show it again.

    A code that came by message stays: it ends soon, and who mistyped something else needs it.
    """
    return Values({name: value for name, value in request.POST.items() if name not in _NOT_KEPT})


def refused(request: Request, error: SuwenError) -> dict[str, Any]:
    """Answer 422 (429 for limits) and give the messages by field; the empty name has no field."""
    request.response.status_int = error.status if error.status == 429 else 422
    wait = getattr(error, "retry_after_s", None)
    if wait is not None:
        request.response.headers["Retry-After"] = str(wait)
    fields = {name.rpartition(".")[2]: text for name, text in error.fields.items()}
    return {"errors": Messages(fields or {"": error.text}), "values": kept(request)}


def target(request: Request, default: str = "/me") -> str:
    """Where to go afterwards: a path of this site that was asked for, else ``default``."""
    asked = request.params.get("next")
    return local_path(asked) if asked else default


def signed_in(request: Request, member_id: int) -> HTTPSeeOther:
    """Sign this browser in under a new token and go on; the session before it ends."""
    service = request.find(accounts)
    before = request.identity
    if before is not None:
        service.sessions.revoke(before.member_id, before.session_id)
    known = devices.known(request, member_id)
    token = service.open_browser_session(member_id, device(request), known=known)
    response = with_token(request, token, target(request))
    devices.remember(request, response, member_id)
    return response


def with_token(request: Request, token: str, where: str) -> HTTPSeeOther:
    """Give the browser its new session token, and a new CSRF token with it."""
    new_csrf_token(request)
    return HTTPSeeOther(location=where, headers=remember(request, "", token=token))


def blank(**values: Any) -> dict[str, Any]:
    """An empty form."""
    return {"values": Values(values), "errors": Messages()}


def network(request: Request) -> str:
    return network_of(request.client_address)


def send_code(request: Request, purpose: str) -> dict[str, Any]:
    """Send a code for the form's address; what was typed stays."""
    request.find(accounts).request_code(
        request.POST.get("address", ""),
        purpose,
        network=network(request),
        region=request.region.code,
        locale=request.locale_name,
    )
    return {"values": kept(request), "errors": Messages(), "sent": True}
