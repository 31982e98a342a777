"""Dependants in the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suwen.accounts import dependant_schemas as schemas
from suwen.accounts.dependants import Details
from suwen.accounts.views.dependants import PRIVATE, family
from suwen.accounts.views.me_api import id_in_path
from suwen.api.operations import operation

if TYPE_CHECKING:
    from pyramid.request import Request

    from suwen.accounts.dependants import Dependant


def dependant_out(one: Dependant) -> dict[str, Any]:
    """A dependant as the API shows it."""
    return {
        "subject_id": str(one.subject_id),
        "relation": one.relation,
        "name": one.name,
        "birth_date": one.birth_date.isoformat(),
        "sex": one.sex,
        "age": one.age,
        "is_minor": one.is_minor,
        "is_linked": one.is_linked,
    }


@operation(
    "list_dependants",
    "GET",
    "/me/dependants",
    permission=PRIVATE,
    answer=schemas.DependantList,
)
def list_dependants(request: Request) -> dict[str, Any]:
    """The member's dependants, at most twenty."""
    return {"items": [dependant_out(one) for one in family(request).all()], "next_cursor": None}


@operation(
    "create_dependant",
    "POST",
    "/me/dependants",
    permission=PRIVATE,
    body=schemas.DependantIn(),
    answer=schemas.DependantOut(),
    status=201,
    idempotent=True,
)
def create_dependant(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Add a dependant; a minor needs the guardian's consents before a specimen is taken."""
    return dependant_out(family(request).add(body["relation"], _details(body), request.actor))


def _details(body: dict[str, Any]) -> Details:
    return Details(body["name"], body["birth_date"], body["sex"])


@operation(
    "update_dependant",
    "PATCH",
    "/me/dependants/{id}",
    permission=PRIVATE,
    body=schemas.DependantChange(),
    answer=schemas.DependantOut(),
)
def update_dependant(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Change what is given and leave the rest."""
    people, key = family(request), id_in_path(request)
    one = people.get(key)
    standing = {name: getattr(one, name) for name in ("relation", "name", "birth_date", "sex")}
    values = {**standing, **body}
    return dependant_out(people.update(key, values["relation"], _details(values), request.actor))


@operation("delete_dependant", "DELETE", "/me/dependants/{id}", permission=PRIVATE, status=204)
def delete_dependant(request: Request) -> None:
    """Take a dependant off the list; health data stay until they are erased."""
    family(request).remove(id_in_path(request), request.actor)
