"""Privacy (隐私): export of everything about a member, erasure, and how long what is kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from suwen.accounts.identity import PRIVATE
from suwen.accounts.people.merging import PORT as MERGERS
from suwen.accounts.personal_data import Retention, keep_for, register
from suwen.kernel.i18n import _
from suwen.privacy import models, periods, retention
from suwen.privacy.erasing import erase
from suwen.privacy.exporting import export
from suwen.privacy.merging import merger
from suwen.privacy.personal import PrivacyData, purge_exports, purge_requests
from suwen.privacy.requests import FAILED, KINDS

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

__all__ = ["models"]

ROUTES: Final = (
    ("privacy.home", "/me/privacy"),
    ("privacy.pushes", "/me/privacy/pushes"),
    ("privacy.export", "/me/privacy/export"),
    ("privacy.export_status", "/me/privacy/export/status"),
    ("privacy.download", "/me/privacy/export/{id}/download"),
    ("privacy.erasure", "/me/privacy/erasure"),
    ("privacy.erasure_cancel", "/me/privacy/erasure/{id}/cancel"),
    ("privacy.receipt", "/privacy/receipts/{number}"),
    ("privacy.receipt_status", "/privacy/receipts/{number}/status"),
    ("admin.consents", "/admin/consents"),
    ("admin.consent", "/admin/consents/{purpose}"),
    ("admin.consent_text", "/admin/consents/{purpose}/texts/{id}"),
    ("admin.consent_text_move", "/admin/consents/{purpose}/texts/{id}/{step:publish|discard}"),
    ("admin.privacy", "/admin/privacy"),
    ("admin.privacy_retry", "/admin/privacy/requests/{id}/retry"),
    ("admin.privacy_rule", "/admin/privacy/rules/{code}"),
)
RULES: Final = (
    Retention(periods.EXPORTS, _("会员的个人信息副本"), 7, 1, purge_exports),
    Retention("privacy.requests", _("隐私请求与注销回执"), 1095, 180, purge_requests),
    Retention(periods.GRACE, _("注销前可以反悔的天数"), 0, 0),
    Retention(periods.KEY_BACKUP, _("密钥库备份最长保存天数（注销回执据此写明日期）"), 30, 0),
)


def install(house: House) -> None:
    """Wire the house: what both the web process and a worker need."""
    register(house, PrivacyData())
    house.ports.setdefault(MERGERS, []).append(merger())
    for rule in RULES:
        keep_for(house, rule)
    for kind, handler in (("export", export), ("erasure", erase)):
        house.outbox.handler(KINDS[kind], partial(handler, house))
    house.jobs.periodic("privacy.retention", lambda: retention.nightly(house), every_minutes=60)


def failed(_house: House, db: Session) -> int:
    """Requests that a person should look at."""
    query = select(func.count()).select_from(models.PrivacyRequest)
    return db.scalar(query.where(models.PrivacyRequest.state == FAILED)) or 0


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    install(config.registry.house)
    for name, path in ROUTES:
        config.add_route(name, path)
    config.scan("suwen.privacy.views")
    config.add_suwen_permission("staff.privacy", _("处理隐私请求和保存期限"), "members")
    config.add_suwen_nav(
        "storefront.member",
        _("隐私中心"),
        "privacy.home",
        order=825,
        permission=PRIVATE,
        icon="eye-slash",
    )
    for title, route, order, permission, icon in (
        (_("授权文本"), "admin.consents", 60, "staff.consents", "file-earmark-text"),
        (_("隐私与保存期限"), "admin.privacy", 70, "staff.privacy", "eye-slash"),
    ):
        config.add_suwen_nav(
            "admin.members", title, route, order=order, permission=permission, icon=icon
        )
    config.add_suwen_counter(
        _("失败的隐私请求"), "admin.privacy", "staff.privacy", failed, query={"state": FAILED}
    )
