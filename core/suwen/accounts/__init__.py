"""Accounts (账户): members, how they sign in, what they agreed to, and staff roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.accounts import directory, people, tasks
from suwen.accounts.identity import Identity, actor
from suwen.accounts.network import client_address, proxies
from suwen.accounts.personal import AccountData, purge_sessions
from suwen.accounts.personal_data import Retention, keep_for, register
from suwen.accounts.policy import SecurityPolicy, require_step_up
from suwen.accounts.services import accounts
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from suwen.kernel.house import House

__all__ = ["Identity", "accounts", "actor"]


def install(house: House) -> None:
    """Wire the house: what both the web process and a worker need."""
    directory.fill_ports(house)
    people.install(house)
    register(house, AccountData(house))
    keep_for(house, Retention("sessions", _("已结束的登录会话"), 30, 0, purge_sessions))
    house.jobs.periodic("accounts.purge", lambda: tasks.purge(house), every_minutes=30)


def includeme(config: Configurator) -> None:
    """Mount the security policy, the pages and the operations."""
    house: House = config.registry.house
    install(house)
    config.registry["suwen.trusted_proxies"] = proxies(house.settings.trusted_proxies)
    config.include("suwen.accounts.staffing")
    config.include("suwen.accounts.people.routes")
    config.include("suwen.accounts.views.agreeing")
    config.add_tween("suwen.accounts.hosts.host_tween", under="suwen.kernel.web.guard_tween")
    config.set_security_policy(SecurityPolicy(house.settings))
    config.add_request_method(require_step_up, "require_step_up")
    config.add_request_method(actor, "actor", reify=True)
    config.add_request_method(client_address, "client_address", reify=True)
    config.include("suwen.accounts.routes")
    config.scan("suwen.accounts.views")
