"""The site with the money domains alone; WebTest's environ says who is there."""

from pyramid.config import Configurator
from webtest import TestApp

from suwen.accounts.identity import Identity, held
from suwen.accounts.staffing.grants import Grant
from suwen.app import ini_of

INCLUDES = (
    "kernel.i18n",
    "kernel.web",
    "kernel.themes",
    "forms",
    "api",
    "storefront",
    "admin",
    "ledger",
    "accounts",
    "payments",
)


class Policy:
    """``test.member`` is who is signed in, ``test.grants`` are staff roles by region."""

    def identity(self, request):
        member = request.environ.get("test.member")
        if member is None:
            return None
        grants = tuple(Grant.of(*grant) for grant in request.environ.get("test.grants", ()))
        return Identity(
            member_id=member,
            display_name="张三",
            kind="individual",
            permissions=held(grants) | {"member", "member.private"},
            region_code=None,
            session_id=1,
            elevated=True,
            surface="web",
            grants=grants,
            has_totp=True,
        )

    def authenticated_userid(self, request):
        found = self.identity(request)
        return found and str(found.member_id)

    def permits(self, request, context, permission):
        found = self.identity(request)
        return permission == "public" or (found is not None and permission in found.permissions)


class Browser(TestApp):
    """``as_(7)`` is the same site for a member, ``as_(42, ("finance", "*"))`` for staff."""

    def as_(self, member, *grants):
        environ = {**self.extra_environ, "test.member": member, "test.grants": grants}
        return Browser(self.app, extra_environ=environ)


def browser(house):
    config = Configurator(settings=ini_of(house))
    config.registry.house = house
    config.set_security_policy(Policy())
    for name in INCLUDES:
        config.include(f"suwen.{name}")
    config.add_route("orders.order", "/orders/{number}")
    return Browser(config.make_wsgi_app(), extra_environ={"REMOTE_ADDR": "198.51.100.9"})
