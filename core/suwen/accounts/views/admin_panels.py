"""Panels of a member's page that accounts themselves have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from suwen.accounts import agents
from suwen.accounts.models import Member, MemberTag, PostalAddress, Subject
from suwen.accounts.people.changing import LONGEST_TAG
from suwen.accounts.people.listing import VIEW, role_title
from suwen.accounts.people.revealing import Reveals
from suwen.accounts.services import accounts
from suwen.accounts.staffing.models import Branch, Role, StaffGrant, StaffMember
from suwen.accounts.views import admin_people as shared
from suwen.admin.panels import member_panel
from suwen.kernel.audit import AuditEvent
from suwen.kernel.i18n import _
from suwen.kernel.sessions import sessions

if TYPE_CHECKING:
    from pyramid.request import Request

RECENT: Final = 10
FOLDER: Final = "admin/members/panels"

EVENTS: Final = {
    "member.register": _("注册"),
    "member.open": _("由工作人员开通账户"),
    "member.reveal": _("查看完整信息"),
    "member.tag": _("加标签"),
    "member.untag": _("去标签"),
    "member.branch": _("调整分支机构"),
    "member.disable": _("禁用账户"),
    "member.enable": _("恢复账户"),
    "member.merge": _("并入另一个账户"),
    "member.absorb": _("另一个账户并入"),
    "member.impersonate": _("客服代操作开始"),
    "member.impersonate_end": _("客服代操作结束"),
    "session.open": _("登录"),
    "session.revoke": _("退出登录"),
    "session.close": _("退出登录"),
    "session.close_all": _("退出全部设备"),
    "login.add": _("绑定登录方式"),
    "login.change": _("更换登录方式"),
    "login.remove": _("解绑登录方式"),
    "totp.enrol": _("开启两步验证"),
    "totp.replace": _("更换身份验证器"),
    "totp.reset": _("关闭两步验证"),
    "recovery_code.use": _("使用恢复码"),
    "recovery_code.renew": _("生成新的恢复码"),
    "member.agree": _("同意协议的新文本"),
    "member.erased": _("完成注销"),
    "password.change": _("修改密码"),
    "password.reset": _("重设密码"),
    "role.grant": _("授予角色"),
    "role.revoke": _("收回角色"),
}


@member_panel("profile", _("资料"), VIEW, f"{FOLDER}/profile.jinja2", order=10)
def profile(request: Request, member_id: int) -> dict[str, Any]:
    """Masked values, each with the way to see it; how many addresses; which branch."""
    found = request.db.get(Member, member_id)
    addresses = select(func.count()).select_from(PostalAddress)
    subjects = select(func.count()).select_from(Subject).where(Subject.removed_at.is_(None))
    branch = request.db.get(Branch, found.branch_id) if found.branch_id else None
    return {
        "fields": Reveals(request.house, request.db, found).fields(),
        "may_reveal": shared.REVEAL in request.identity.permissions,
        "addresses": request.db.scalar(addresses.where(PostalAddress.member_id == member_id)),
        "subjects": request.db.scalar(subjects.where(Subject.member_id == member_id)),
        "branch": branch,
        "branches": shared.branches(request, shared.EDIT),
        "may_edit": shared.EDIT in request.identity.permissions,
        "must_have_branch": request.identity.branches_of(shared.EDIT) is not None,
    }


@member_panel("tags", _("标签"), VIEW, f"{FOLDER}/tags.jinja2", order=15)
def tags(request: Request, member_id: int) -> dict[str, Any]:
    """Tags, and a field for another."""
    query = select(MemberTag.tag).where(MemberTag.member_id == member_id).order_by(MemberTag.tag)
    return {
        "tags": request.db.scalars(query).all(),
        "longest": LONGEST_TAG,
        "may_edit": shared.EDIT in request.identity.permissions,
    }


@member_panel("consents", _("授权"), VIEW, f"{FOLDER}/consents.jinja2", order=70)
def consents(request: Request, member_id: int) -> dict[str, Any]:
    """What he has agreed to for himself; nobody changes it for him."""
    service = accounts(request.house, request.db)
    himself = select(Subject.id).where(Subject.member_id == member_id, Subject.relation == "self")
    subject_id = request.db.scalar(himself)
    return {"standings": service.consents.standings(subject_id) if subject_id else []}


@member_panel("sessions", _("登录会话"), VIEW, f"{FOLDER}/sessions.jinja2", order=80)
def open_sessions(request: Request, member_id: int) -> dict[str, Any]:
    """Where he is signed in, and who acts for him."""
    rows = sessions(request.house.settings, request.db).of(member_id)
    shown = [(row, *agents.names(row.user_agent)) for row in rows[:RECENT]]
    return {
        "sessions": shown,
        "more": len(rows) - len(shown),
        "may_edit": shared.EDIT in request.identity.permissions,
    }


@member_panel("roles", _("员工角色"), "staff.staff", f"{FOLDER}/roles.jinja2", order=85)
def roles(request: Request, member_id: int) -> dict[str, Any]:
    """Which roles he holds, and where."""
    query = (
        select(StaffGrant, Role.title, Branch.name)
        .outerjoin(Role, Role.code == StaffGrant.role)
        .outerjoin(Branch, Branch.id == StaffGrant.branch_id)
        .where(StaffGrant.member_id == member_id)
        .order_by(StaffGrant.id)
    )
    rows = request.db.execute(query).all()
    return {
        "grants": [(grant, role_title(grant.role, title), branch) for grant, title, branch in rows],
        "place": request.db.get(StaffMember, member_id),
        "names": {region.code: region.name for region in request.regions},
    }


@member_panel("audit", _("操作记录"), VIEW, f"{FOLDER}/audit.jinja2", order=90)
def events(request: Request, member_id: int) -> dict[str, Any]:
    """What was done with the account; values stay in the audit log."""
    query = (
        select(AuditEvent, Member.display_name)
        .outerjoin(Member, Member.id == AuditEvent.actor_id)
        .where(AuditEvent.object_kind == "member", AuditEvent.object_id == str(member_id))
        .order_by(AuditEvent.id.desc())
        .limit(RECENT)
    )
    return {
        "events": request.db.execute(query).all(),
        "titles": EVENTS,
        "may_audit": "staff.audit" in request.identity.permissions,
    }
