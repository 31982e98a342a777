"""Pages of the member centre: overview and profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts import schemas
from suwen.accounts.completion import completion
from suwen.accounts.models import GROUP, NATURES, Member
from suwen.accounts.overview import cards
from suwen.accounts.profiles import Profile
from suwen.accounts.services import AccountService, accounts
from suwen.accounts.views.forms import blank, refused
from suwen.forms.schemas import validated
from suwen.kernel import clock
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request

PRIVATE = "member.private"
ENOUGH_LOGINS = 2


def _service(request: Request) -> AccountService:
    service: AccountService = request.find(accounts)
    return service


@view_config(
    route_name="accounts.home",
    request_method="GET",
    renderer="accounts/home.jinja2",
    permission="member",
)
def home(request: Request) -> Mapping[str, Any]:
    """Overview: what waits, what there is, and the way to everything that is the member's."""
    identity, service = request.identity, _service(request)
    own = PRIVATE in identity.permissions
    return {
        "needs_totp": identity.needs_totp,
        "is_group": identity.kind == GROUP,
        "cards": cards(request),
        "completion": _completion(request, service) if own else None,
        "logins": len(service.logins.of(identity.member_id)) if own else ENOUGH_LOGINS,
        "has_totp": identity.has_totp or not own,
    }


def _completion(
    request: Request, service: AccountService, read: tuple[Member, Profile] | None = None
) -> Any:
    member_id = request.identity.member_id
    profiles = service.profiles
    member, profile = read or (profiles.member(member_id), profiles.read(member_id))
    return completion(member, profile, has_address=service.addresses(member_id).exists())


@view_config(
    route_name="accounts.profile",
    request_method="GET",
    renderer="accounts/profile.jinja2",
    permission=PRIVATE,
)
def profile_form(request: Request) -> Mapping[str, Any]:
    """The profile as it is."""
    service, member_id = _service(request), request.identity.member_id
    member, profile = service.profiles.member(member_id), service.profiles.read(member_id)
    values = {name: getattr(profile, name) for name in Profile.__slots__}
    values["birth_date"] = profile.birth_date.isoformat() if profile.birth_date else ""
    values.update(
        region_code=member.region_code, name=member.group_name, nature=member.group_nature
    )
    return {**blank(**values), **_profile_frame(request, (member, profile))}


def _profile_frame(request: Request, read: tuple[Member, Profile] | None = None) -> dict[str, Any]:
    service = _service(request)
    regions = request.house.regions.all(request.db)
    return {
        "logins": service.logins.of(request.identity.member_id),
        "is_group": request.identity.kind == GROUP,
        "natures": NATURES,
        "regions_to_choose": [(region.code, region.name) for region in regions],
        "completion": _completion(request, service, read),
        "earliest": schemas.EARLIEST,
        "today": clock.today(),
    }


@view_config(
    route_name="accounts.profile",
    request_method="POST",
    renderer="accounts/profile.jinja2",
    permission=PRIVATE,
)
def save_profile(request: Request) -> Any:
    """Save; an emptied field is emptied."""
    try:
        given = validated(schemas.ProfileIn(), request.POST)
        if "region_code" in given:
            request.house.regions.resolve(request.db, given["region_code"])
    except SuwenError as error:
        return {**refused(request, error), **_profile_frame(request)}
    changes = {name: given.get(name) for name in Profile.__slots__}
    _service(request).profiles.update(request.identity.member_id, {**given, **changes})
    request.flash("success", _("资料已保存"))
    return HTTPSeeOther(location=request.route_path("accounts.profile"))
