"""Pages of the member's addresses (收货地址、报告查收地址)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.view import view_config

from suwen.accounts import schemas
from suwen.accounts.addresses import MAX_ADDRESSES, PURPOSES, USES, Address, AddressBook, defaults
from suwen.accounts.services import accounts
from suwen.accounts.views.forms import Values, blank, kept, refused, target
from suwen.accounts.views.me_api import checked_address, id_in_path
from suwen.forms import divisions
from suwen.forms.schemas import validated
from suwen.kernel.errors import SuwenError
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.request import Request


def _book(request: Request) -> AddressBook:
    found: AddressBook = request.find(accounts).addresses(request.identity.member_id)
    return found


@view_config(
    route_name="accounts.addresses",
    request_method="GET",
    renderer="accounts/addresses.jinja2",
    permission="member",
)
def addresses(request: Request) -> Mapping[str, Any]:
    """All addresses, and which of them stands first for what."""
    found = _book(request).all()
    first = defaults(found)
    items = [
        {
            "address": item,
            "division": _division(request, item),
            "first_for": [USES[use] for use, key in first.items() if key == item.id],
        }
        for item in found
    ]
    return {"items": items, "purposes": PURPOSES, "is_full": len(found) >= MAX_ADDRESSES}


def _division(request: Request, address: Address) -> str:
    known: divisions.Divisions | None = request.house.ports.get(divisions.PORT)
    fits = known is not None and known.exists(address.region_code)
    return known.full_name(address.region_code) if known is not None and fits else ""


def _frame(request: Request, address: Address | None, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "address": address,
        "purposes": list(PURPOSES.items()),
        "picker": divisions.picker(request.house, values),
    }


@view_config(
    route_name="accounts.address_new",
    request_method="GET",
    renderer="accounts/address.jinja2",
    permission="member",
)
def new_address(request: Request) -> Mapping[str, Any]:
    """An empty form; the address of the page may say what it is for."""
    wished = request.GET.get("purpose", "")
    purpose = wished if wished in PURPOSES else "both"
    values = {"next": request.GET.get("next", ""), "purpose": purpose}
    return {**blank(**values), **_frame(request, None, values)}


@view_config(
    route_name="accounts.address_new",
    request_method="POST",
    renderer="accounts/address.jinja2",
    permission="member",
)
def create_address(request: Request) -> Any:
    """Add an address."""
    if divisions.turning(request.POST, "region_code"):
        return _turned(request, None)
    try:
        _book(request).create(**_given(request))
    except SuwenError as error:
        return {**refused(request, error), **_frame(request, None, request.POST)}
    request.flash("success", _("地址已保存"))
    return HTTPSeeOther(location=target(request, request.route_path("accounts.addresses")))


def _given(request: Request) -> dict[str, Any]:
    values = {**request.POST, "region_code": divisions.picked(request.POST, "region_code")}
    found = checked_address(request, validated(schemas.AddressIn(), values))
    divisions.require_finest(request.house, found["region_code"])
    return found


def _turned(request: Request, address: Address | None) -> dict[str, Any]:
    """The same form with the next level of divisions, or with what was looked for."""
    form = {**blank(), "values": Values(kept(request))}
    return {**form, **_frame(request, address, request.POST), "turned": True}


@view_config(
    route_name="accounts.address",
    request_method="GET",
    renderer="accounts/address.jinja2",
    permission="member",
)
def address_form(request: Request) -> Mapping[str, Any]:
    """An address as it is; another member's does not exist."""
    address = _book(request).get(id_in_path(request))
    values = {name: getattr(address, name) for name in type(address).__slots__}
    return {**blank(**values), **_frame(request, address, values)}


@view_config(
    route_name="accounts.address",
    request_method="POST",
    renderer="accounts/address.jinja2",
    permission="member",
)
def save_address(request: Request) -> Any:
    """Save an address."""
    book = _book(request)
    address = book.get(id_in_path(request))
    if divisions.turning(request.POST, "region_code"):
        return _turned(request, address)
    try:
        book.update(address.id, _given(request))
    except SuwenError as error:
        return {**refused(request, error), **_frame(request, address, request.POST)}
    request.flash("success", _("地址已保存"))
    return HTTPSeeOther(location=request.route_path("accounts.addresses"))


@view_config(
    route_name="accounts.address_delete",
    request_method="GET",
    renderer="accounts/address_delete.jinja2",
    permission="member",
)
def ask_to_delete(request: Request) -> Mapping[str, Any]:
    """Show once more what would be deleted."""
    address = _book(request).get(id_in_path(request))
    return {"address": address, "division": _division(request, address)}


@view_config(route_name="accounts.address_delete", request_method="POST", permission="member")
def delete_address(request: Request) -> HTTPSeeOther:
    """Delete it."""
    _book(request).delete(id_in_path(request))
    request.flash("info", _("地址已删除"))
    return HTTPSeeOther(location=request.route_path("accounts.addresses"))
