"""The back office with one person in it."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from suwen.accounts.identity import Identity, held
from suwen.accounts.staffing.grants import Grant


class Policy:
    """One person with grants ``(role, region)``."""

    def __init__(self, *grants):
        self.grants = tuple(Grant.of(*grant) for grant in grants)

    def identity(self, request):
        return Identity(
            member_id=11,
            display_name="管理员",
            kind="individual",
            permissions=held(self.grants) | {"member", "member.private"},
            region_code=None,
            session_id=1,
            elevated=True,
            surface="web",
            grants=self.grants,
            has_totp=True,
        )

    def authenticated_userid(self, request):
        return "11"

    def permits(self, request, context, permission):
        return permission == "public" or permission in self.identity(request).permissions


@pytest.fixture
def house(house_with):
    return house_with("disabled", "slow", "wrong_version")


@pytest.fixture
def site(house):
    def build(*grants):
        config = Configurator(settings={"suwen.environment": "development"})
        config.registry.house = house
        config.set_security_policy(Policy(*(grants or (("administrator", "*"),))))
        for name in ("kernel.i18n", "kernel.web", "kernel.themes", "forms"):
            config.include(f"suwen.{name}")
        for name in ("storefront", "admin", "kernel.plugins.mount"):
            config.include(f"suwen.{name}")
        config.add_suwen_counter("待办甲", "admin.plugins", "staff.plugins", lambda house, db: 3)
        config.add_suwen_counter("待办乙", "admin.plugins", "staff.finance", lambda house, db: 4)
        return TestApp(config.make_wsgi_app())

    return build


@pytest.fixture
def app(site):
    return site()
