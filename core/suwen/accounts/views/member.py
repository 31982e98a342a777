"""Pages of the member centre: overview, profile, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts import schemas
from suwen.accounts.models import GROUP, NATURES
from suwen.accounts.profiles import Address, Profile
from suwen.accounts.services import AccountService, accounts
from suwen.accounts.views.forms import blank, refused, target
from suwen.accounts.views.me_api import checked_address, id_in_path
from suwen.forms.schemas import validated
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request


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
    """Overview: the way to everything that is the member's."""
    return {"needs_totp": request.identity.needs_totp}


@view_config(
    route_name="accounts.profile",
    request_method="GET",
    renderer="accounts/profile.jinja2",
    permission="member",
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
    return {**blank(**values), **_profile_frame(request)}


def _profile_frame(request: Request) -> dict[str, Any]:
    logins = _service(request).logins.of(request.identity.member_id)
    regions = request.house.regions.all(request.db)
    return {
        "logins": logins,
        "is_group": request.identity.kind == GROUP,
        "natures": NATURES,
        "regions_to_choose": [(region.code, region.name) for region in regions],
    }


@view_config(
    route_name="accounts.profile",
    request_method="POST",
    renderer="accounts/profile.jinja2",
    permission="member",
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


@view_config(
    route_name="accounts.addresses",
    request_method="GET",
    renderer="accounts/addresses.jinja2",
    permission="member",
)
def addresses(request: Request) -> Mapping[str, Any]:
    """All addresses."""
    return {"addresses": _service(request).addresses(request.identity.member_id).all()}


@view_config(
    route_name="accounts.address_new",
    request_method="GET",
    renderer="accounts/address.jinja2",
    permission="member",
)
def new_address(request: Request) -> Mapping[str, Any]:
    """An empty form."""
    frame = _address_frame(request, None)
    return {**blank(next=request.GET.get("next", "")), **frame}


def _address_frame(request: Request, address: Address | None) -> dict[str, Any]:
    """Cities to choose from, as ``(province, [(code, city)])``, once places has filled the port."""
    cities = request.house.ports.get("cities")
    return {"address": address, "cities": cities() if cities else ()}


@view_config(
    route_name="accounts.address_new",
    request_method="POST",
    renderer="accounts/address.jinja2",
    permission="member",
)
def create_address(request: Request) -> Any:
    """Add an address."""
    try:
        values = checked_address(request, validated(schemas.AddressIn(), request.POST))
        _service(request).addresses(request.identity.member_id).create(**values)
    except SuwenError as error:
        return {**refused(request, error), **_address_frame(request, None)}
    request.flash("success", _("地址已保存"))
    return HTTPSeeOther(location=target(request, request.route_path("accounts.addresses")))


@view_config(
    route_name="accounts.address",
    request_method="GET",
    renderer="accounts/address.jinja2",
    permission="member",
)
def address_form(request: Request) -> Mapping[str, Any]:
    """An address as it is; another member's does not exist."""
    address = _service(request).addresses(request.identity.member_id).get(id_in_path(request))
    values = {name: getattr(address, name) for name in type(address).__slots__}
    return {**blank(**values), **_address_frame(request, address)}


@view_config(
    route_name="accounts.address",
    request_method="POST",
    renderer="accounts/address.jinja2",
    permission="member",
)
def save_address(request: Request) -> Any:
    """Save or delete an address."""
    book = _service(request).addresses(request.identity.member_id)
    address = book.get(id_in_path(request))
    if request.POST.get("action") == "delete":
        book.delete(address.id)
        request.flash("info", _("地址已删除"))
        return HTTPSeeOther(location=request.route_path("accounts.addresses"))
    try:
        values = checked_address(request, validated(schemas.AddressIn(), request.POST))
        book.update(address.id, values)
    except SuwenError as error:
        return {**refused(request, error), **_address_frame(request, address)}
    request.flash("success", _("地址已保存"))
    return HTTPSeeOther(location=request.route_path("accounts.addresses"))
