"""Signing in through the API: tokens instead of cookies, otherwise the same services as the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.accounts import schemas
from suwen.accounts.codes import LASTS
from suwen.accounts.network import network_of
from suwen.accounts.policy import device
from suwen.accounts.services import Registration, accounts
from suwen.accounts.signing import Proof
from suwen.accounts.views.me_api import me_out
from suwen.api.operations import operation
from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.accounts.tokens import TokenPair


@operation(
    "create_verification_code",
    "POST",
    "/verification-codes",
    permission="public",
    body=schemas.CodeIn(),
    answer=schemas.CodeOut(),
    status=202,
)
def create_verification_code(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Send a one-time code; the answer is the same whether the address is known or not."""
    request.find(accounts).request_code(
        body["address"],
        body["purpose"],
        network=network_of(request.client_address),
        region=request.region.code,
        locale=request.locale_name,
    )
    return {"expires_in_s": int(LASTS.total_seconds()), "retry_after_s": 60}


@operation(
    "register",
    "POST",
    "/registrations",
    permission="public",
    body=schemas.RegistrationIn(validator=schemas.group_fits),
    answer=schemas.RegisteredOut(),
    status=201,
    idempotent=True,
)
def register(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Register; sending the agreement's texts with the form is the APP's duty."""
    group = body["group"] or {}
    wanted = Registration(
        surface="api",
        address=body["address"],
        code=body["code"],
        password=body["password"],
        region=_region(request, body["region_code"]),
        kind=body["kind"],
        group_name=group.get("name"),
        group_nature=group.get("nature"),
        referral_code=body["referral_code"],
        locale=request.locale_name,
    )
    service = request.find(accounts)
    member = service.register(wanted, network_of(request.client_address), request.commit_step)
    pair = service.open_app_session(member.id, device(request))
    return {"member": me_out(request, member.id), **tokens_out(pair)}


def _region(request: Request, code: str | None) -> str:
    if code is None:
        return str(request.region.code)
    request.house.regions.resolve(request.db, code)
    return code


@operation(
    "sign_in",
    "POST",
    "/sessions",
    permission="public",
    body=schemas.SignInIn(),
    answer=schemas.TokensOut(),
    status=201,
    idempotent=True,
)
def sign_in(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a password or a code; an account with TOTP answers 401 ``totp_required``."""
    address, proof = body.pop("address"), Proof(**body)
    _need_one(proof)
    service = request.find(accounts)
    member_id = service.signing.authenticate(
        address, proof, network_of(request.client_address), request.commit_step
    )
    return tokens_out(service.open_app_session(member_id, device(request)))


def _need_one(proof: Proof) -> None:
    if proof.password is None and proof.code is None and proof.totp is None:
        text = _("请填写密码或验证码")
        raise Invalid(text, fields={"password": text})


@operation(
    "reset_password",
    "POST",
    "/password-resets",
    permission="public",
    body=schemas.ResetIn(),
    status=204,
)
def reset_password(request: Request, body: dict[str, Any]) -> None:
    """Set a new password by a code of purpose ``reset``; every sign-in ends."""
    network = network_of(request.client_address)
    signing = request.find(accounts).signing
    signing.reset_password(
        body["address"], body["code"], body["password"], network, request.commit_step
    )


@operation(
    "refresh_token",
    "POST",
    "/sessions/refresh",
    permission="public",
    body=schemas.RefreshIn(),
    answer=schemas.TokensOut(),
    status=201,
)
def refresh_token(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Exchange a refresh token for new tokens; a replayed one ends the sign-in."""
    tokens = request.find(accounts).tokens
    return tokens_out(tokens.refresh(body["refresh_token"], request.commit_step))


@operation("sign_out", "DELETE", "/sessions/current", permission="member", status=204)
def sign_out(request: Request) -> None:
    """End this sign-in with all its tokens."""
    identity = request.identity
    request.find(accounts).sign_out(identity.member_id, identity.session_id, request.actor)


@operation(
    "step_up",
    "POST",
    "/sessions/step-up",
    permission="member.private",
    body=schemas.StepUpIn(),
    answer=schemas.StepUpOut(),
)
def step_up(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Prove oneself again by password, code or TOTP before something sensitive."""
    proof = Proof(**body)
    _need_one(proof)
    identity = request.identity
    until = request.find(accounts).signing.step_up(
        identity.member_id,
        identity.session_id,
        proof,
        network_of(request.client_address),
        request.commit_step,
    )
    return {"elevated_until": until.isoformat()}


def tokens_out(pair: TokenPair) -> dict[str, Any]:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_at": pair.expires_at.isoformat(),
        "token_type": "Bearer",
    }
