"""The member's own account in the API: profile, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.accounts import schemas
from suwen.accounts.addresses import Address, parse_phone
from suwen.accounts.completion import Completion, completion
from suwen.accounts.contacts import EMAIL, PHONE
from suwen.accounts.profiles import Profile
from suwen.accounts.services import accounts
from suwen.api.operations import operation
from suwen.kernel import ids
from suwen.kernel.errors import NotFound

if TYPE_CHECKING:
    from pyramid.request import Request


@operation("get_me", "GET", "/me", permission="member", answer=schemas.MeOut())
def get_me(request: Request) -> dict[str, Any]:
    """The member's own account."""
    return me_out(request, request.identity.member_id)


@operation(
    "update_me",
    "PATCH",
    "/me",
    permission="member",
    body=schemas.ProfileIn(),
    answer=schemas.MeOut(),
)
def update_me(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Change what is given and leave the rest; null empties a field of the profile."""
    if "region_code" in body:
        request.house.regions.resolve(request.db, body["region_code"])
    group = body.pop("group", None) or {}
    emptied = {
        name: None
        for name, value in request.json_body.items()
        if value is None and name in Profile.__slots__
    }
    changes = {**body, **group, **emptied}
    request.find(accounts).profiles.update(request.identity.member_id, changes)
    return me_out(request, request.identity.member_id)


@operation(
    "list_addresses",
    "GET",
    "/me/addresses",
    permission="member",
    answer=schemas.AddressList(),
)
def list_addresses(request: Request) -> dict[str, Any]:
    """The member's postal addresses, the default first."""
    found = request.find(accounts).addresses(request.identity.member_id).all()
    return {"items": [address_out(item) for item in found], "next_cursor": None}


@operation(
    "create_address",
    "POST",
    "/me/addresses",
    permission="member",
    body=schemas.AddressIn(),
    answer=schemas.AddressOut(),
    status=201,
    idempotent=True,
)
def create_address(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Add a postal address; the first one is the default."""
    book = request.find(accounts).addresses(request.identity.member_id)
    return address_out(book.create(**checked_address(request, body)))


@operation(
    "update_address",
    "PATCH",
    "/me/addresses/{id}",
    permission="member",
    body=schemas.AddressChange(),
    answer=schemas.AddressOut(),
)
def update_address(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Change a postal address."""
    book = request.find(accounts).addresses(request.identity.member_id)
    return address_out(book.update(id_in_path(request), checked_address(request, body)))


@operation("delete_address", "DELETE", "/me/addresses/{id}", permission="member", status=204)
def delete_address(request: Request) -> None:
    """Delete a postal address."""
    request.find(accounts).addresses(request.identity.member_id).delete(id_in_path(request))


def id_in_path(request: Request) -> int:
    """The id of the path; raises ``NotFound`` for anything that is none."""
    found = ids.parse(request.matchdict["id"])
    if found is None:
        raise NotFound
    return found


def checked_address(request: Request, values: dict[str, Any]) -> dict[str, Any]:
    """Phone in canonical form and a known region; raises ``BadPhone`` or ``UnknownRegion``."""
    checked = dict(values)
    if "phone" in checked:
        checked["phone"] = parse_phone(checked["phone"])
    if "region_code" in checked:
        request.house.regions.resolve(request.db, checked["region_code"])
    return checked


def me_out(request: Request, member_id: int) -> dict[str, Any]:
    service = request.find(accounts)
    member, profile = service.profiles.member(member_id), service.profiles.read(member_id)
    logins = {contact.kind: contact.masked for contact in service.logins.of(member_id)}
    identity = request.identity
    group = {"name": member.group_name, "nature": member.group_nature}
    return {
        "id": str(member_id),
        "kind": member.kind,
        "display_name": member.display_name,
        "phone": logins.get(PHONE),
        "email": logins.get(EMAIL),
        "real_name": profile.real_name,
        "birth_date": profile.birth_date.isoformat() if profile.birth_date else None,
        "sex": profile.sex,
        "occupation": profile.occupation,
        "region_code": member.region_code,
        "locale": member.locale,
        **group,
        "group": group if member.group_name else None,
        "subject_id": str(service.subject_of(member_id)),
        "totp": member.totp_confirmed_at is not None,
        "permissions": sorted(identity.permissions) if identity else ["member"],
        "completion": completion_out(
            completion(member, profile, has_address=service.addresses(member_id).exists())
        ),
    }


def completion_out(found: Completion) -> dict[str, Any]:
    return {"percent": found.percent, "missing": [item.field for item in found.missing]}


def address_out(address: Address) -> dict[str, Any]:
    return {
        "id": str(address.id),
        "recipient": address.recipient,
        "phone": address.phone,
        "region_code": address.region_code,
        "detail": address.detail,
        "is_default": address.is_default,
        "purpose": address.purpose,
    }
