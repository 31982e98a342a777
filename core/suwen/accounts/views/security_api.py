"""The account's safety in the API: addresses, sessions, password and second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.accounts import agents
from suwen.accounts import security_schemas as schemas
from suwen.accounts.changing import Change
from suwen.accounts.codes import LASTS
from suwen.accounts.network import network_of
from suwen.accounts.schemas import PasswordIn
from suwen.accounts.services import accounts
from suwen.accounts.views.me_api import id_in_path
from suwen.api.operations import operation
from suwen.kernel.errors import Conflict
from suwen.kernel.i18n import translate

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.accounts.logins import LoginInfo
    from suwen.kernel.sessions import WebSession

PRIVATE = "member.private"


@operation("list_logins", "GET", "/me/logins", permission=PRIVATE, answer=schemas.LoginList())
def list_logins(request: Request) -> dict[str, Any]:
    """What signs the member in: phone, e-mail and providers, masked."""
    found = request.find(accounts).logins.all(request.identity.member_id)
    return {"items": [_login_out(one) for one in found], "next_cursor": None}


def _login_out(one: LoginInfo) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "kind": one.kind,
        "address": one.contact.masked,
        "receives_codes": one.reachable,
        "verified_at": one.verified_at.isoformat(),
    }


@operation(
    "create_login_codes",
    "POST",
    "/me/login-codes",
    permission=PRIVATE,
    body=schemas.LoginCodesIn(),
    answer=schemas.LoginCodesOut(),
    status=202,
    step_up=True,
)
def create_login_codes(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Send a code to a new address and one to an address that the member has."""
    old = request.find(accounts).changing.ask(
        request.identity.member_id,
        Change(**body),
        network=network_of(request.client_address),
        region=request.region.code,
        locale=request.locale_name,
    )
    return {
        "old_address": old.masked if old else None,
        "expires_in_s": int(LASTS.total_seconds()),
        "retry_after_s": 60,
    }


@operation(
    "create_login",
    "POST",
    "/me/logins",
    permission=PRIVATE,
    body=schemas.LoginIn(),
    answer=schemas.LoginOut(),
    status=201,
    step_up=True,
)
def create_login(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Add an address, or change one, by the codes of both ends; other sessions end."""
    code, old_code = body.pop("code"), body.pop("old_code") or ""
    identity = request.identity
    made = request.find(accounts).changing.finish(
        identity.member_id,
        Change(**body),
        code,
        old_code,
        actor=request.actor,
        network=network_of(request.client_address),
        session_id=identity.session_id,
        checkpoint=request.commit_step,
    )
    return _login_out(made)


@operation(
    "delete_login", "DELETE", "/me/logins/{id}", permission=PRIVATE, status=204, step_up=True
)
def delete_login(request: Request) -> None:
    """Take a way to sign in away; the last address stays. Other sessions end."""
    identity = request.identity
    request.find(accounts).changing.remove(
        identity.member_id,
        id_in_path(request),
        actor=request.actor,
        session_id=identity.session_id,
    )


@operation("list_sessions", "GET", "/me/sessions", permission=PRIVATE, answer=schemas.SessionList())
def list_sessions(request: Request) -> dict[str, Any]:
    """Where the member is signed in, the latest used first."""
    rows = request.find(accounts).sessions.of(request.identity.member_id)
    return {"items": [_session_out(request, row) for row in rows], "next_cursor": None}


def _session_out(request: Request, row: WebSession) -> dict[str, Any]:
    browser, system = agents.names(row.user_agent)
    return {
        "id": str(row.id),
        "surface": row.surface,
        "browser": translate(request, browser) if browser else None,
        "system": system,
        "created_at": row.created_at.isoformat(),
        "seen_at": row.seen_at.isoformat(),
        "current": row.id == request.identity.session_id,
        "by_staff": row.impersonator_id is not None,
    }


@operation("delete_session", "DELETE", "/me/sessions/{id}", permission=PRIVATE, status=204)
def delete_session(request: Request) -> None:
    """Sign one device out."""
    service = request.find(accounts)
    service.sign_out(request.identity.member_id, id_in_path(request), request.actor)


@operation("delete_sessions", "DELETE", "/me/sessions", permission=PRIVATE, status=204)
def delete_sessions(request: Request) -> None:
    """Sign out everywhere, here too."""
    request.find(accounts).sign_out_everywhere(request.identity.member_id, request.actor)


@operation(
    "change_password",
    "PUT",
    "/me/password",
    permission=PRIVATE,
    body=PasswordIn(),
    status=204,
    step_up=True,
)
def change_password(request: Request, body: dict[str, Any]) -> None:
    """Set a new password; other sessions end."""
    identity = request.identity
    request.find(accounts).signing.change_password(
        identity.member_id, body["password"], identity.session_id, request.commit_step
    )


@operation("get_totp", "GET", "/me/totp", permission=PRIVATE, answer=schemas.TotpOut())
def get_totp(request: Request) -> dict[str, Any]:
    """Whether the second factor is on, and how many recovery codes are left."""
    identity = request.identity
    left = request.find(accounts).second_factor.left(identity.member_id)
    return {"enabled": identity.has_totp, "recovery_codes_left": left}


@operation(
    "begin_totp",
    "POST",
    "/me/totp",
    permission=PRIVATE,
    answer=schemas.EnrolmentOut(),
    status=201,
    step_up=True,
)
def begin_totp(request: Request) -> dict[str, Any]:
    """A seed for an authenticator; it counts once ``confirm_totp`` has had its first code."""
    if request.identity.has_totp:
        raise Conflict
    enrolment = request.find(accounts).totp.begin(request.identity.member_id)
    return {"secret": enrolment.secret, "uri": enrolment.uri}


@operation(
    "confirm_totp",
    "POST",
    "/me/totp/confirmation",
    permission=PRIVATE,
    body=schemas.TotpIn(),
    answer=schemas.RecoveryCodesOut(),
    step_up=True,
)
def confirm_totp(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Switch the second factor on; the recovery codes are shown this once. Other sessions end."""
    identity, service = request.identity, request.find(accounts)
    if identity.has_totp:
        raise Conflict
    codes = service.second_factor.enrol(
        identity.member_id, body["totp"], request.actor, request.commit_step
    )
    service.sessions.revoke_all(identity.member_id, keep=identity.session_id)
    return {"recovery_codes": list(codes)}


@operation(
    "renew_recovery_codes",
    "POST",
    "/me/totp/recovery-codes",
    permission=PRIVATE,
    body=schemas.TotpIn(),
    answer=schemas.RecoveryCodesOut(),
    step_up=True,
)
def renew_recovery_codes(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Ten new recovery codes in the place of all others, shown this once."""
    codes = request.find(accounts).second_factor.renew_codes(
        request.identity.member_id, body["totp"], request.actor, request.commit_step
    )
    return {"recovery_codes": list(codes)}


@operation(
    "disable_totp",
    "POST",
    "/me/totp/removal",
    permission=PRIVATE,
    body=schemas.TotpIn(),
    status=204,
    step_up=True,
)
def disable_totp(request: Request, body: dict[str, Any]) -> None:
    """Switch the second factor off; whoever works here may not. Other sessions end."""
    identity, service = request.identity, request.find(accounts)
    service.second_factor.switch_off(
        identity.member_id,
        body["totp"],
        request.actor,
        is_staff=bool(identity.grants),
        checkpoint=request.commit_step,
    )
    service.sessions.revoke_all(identity.member_id, keep=identity.session_id)
