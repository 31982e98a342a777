"""Branches of the demonstration, who works where, and a role that the administrator made.

Names of branches, streets' house numbers and telephone numbers are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from suwen.accounts.models import Member
from suwen.accounts.roles import EVERYWHERE
from suwen.accounts.staffing.branches import BranchWish, branch_book
from suwen.accounts.staffing.models import NO_BRANCH, Branch, Role
from suwen.accounts.staffing.roles import RoleWish, role_book
from suwen.kernel.audit import SYSTEM, Actor
from suwen.places.models import CollectionPoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

CLINIC: Final = "YYL-01"
PARTNER: Final = "CS-01"
BRANCHES: Final = (
    BranchWish(
        CLINIC,
        "素问岳阳楼门诊部",
        "clinic",
        "430602",
        address="巴陵中路 468 号一楼",
        phone="0730-0000168",
        regions=("4306",),
        permissions=(
            "staff.branches",
            "staff.cashier",
            "staff.members",
            "staff.members.edit",
            "staff.orders",
            "staff.staff",
        ),
    ),
    BranchWish(
        PARTNER,
        "长沙湘江医学检验合作实验室",
        "partner",
        "430104",
        address="麓谷大道 662 号 4 栋 3 层",
        phone="0731-0000166",
        permissions=("staff.branches", "staff.members", "staff.orders", "staff.staff"),
    ),
)
POINTS: Final = {CLINIC: ("洞庭健康服务站",), PARTNER: ("长沙岳麓采集点",)}
DESK: Final = RoleWish(
    "门店前台",
    "登记到店会员、查看订单、确认收款",
    ("staff.orders", "staff.cashier", "staff.members"),
)


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody of the staff: ``key`` begins the address, ``below`` is another's key."""

    key: str
    role: str
    title: str
    below: str | None = "administrator"
    branch: str | None = None


POSTS: Final = (
    Post("administrator", "administrator", "周明 平台管理员", below=None),
    Post("finance", "finance", "刘静 财务"),
    Post("catalog", "catalog", "陈晓 商品编辑"),
    Post("customer_service", "customer_service", "李敏 客服主管"),
    Post("cashier", "cashier", "黄丽 收银员"),
    Post("branch_administrator", "branch_administrator", "彭建国 门诊部主任", branch=CLINIC),
    Post("sampling", "sampling", "唐婷 采样护士", "branch_administrator", CLINIC),
    Post("clinic-desk", "desk", "郑洁 门诊前台", "branch_administrator", CLINIC),
    Post("changsha-manager", "branch_administrator", "谭伟 实验室主任", branch=PARTNER),
    Post("report_importer", "report_importer", "袁芳 报告导入员"),
    Post("laboratory", "laboratory", "湘江检验 报告岗"),
    Post("expert", "expert", "宋致远 主任医师"),
    Post("auditor", "auditor", "何正 审计员", below=None),
)
"""One for every built-in role, and two more at the branches. The auditor stands apart."""


class Offices:
    """Opens branches and makes the role; what stands already is left as it is."""

    def __init__(self, house: House, db: Session) -> None:
        """Write to ``db``."""
        self._house, self._db = house, db
        self._codes: dict[str, str] = {}

    def open(self) -> None:
        """Open the branches and give them their collection points."""
        book = branch_book(self._house, self._db)
        standing = set(self._db.scalars(select(Branch.code)))
        for wish in BRANCHES:
            if wish.code in standing:
                continue
            branch = book.create(SYSTEM, wish)
            self._db.execute(
                update(CollectionPoint)
                .where(CollectionPoint.name.in_(POINTS[wish.code]))
                .values(branch_id=branch.id)
            )

    def role(self, administrator: int) -> str:
        """Code of the role that the administrator made."""
        found = self._db.scalar(select(Role.code).where(Role.title == DESK.title))
        if found is not None:
            return found
        return role_book(self._house, self._db).create(Actor("staff", administrator), DESK).code

    def grant(self, post: Post, staff: Mapping[str, int]) -> tuple[str, str, int]:
        """Role, region and branch of a post."""
        role = self.role(staff["administrator"]) if post.role == "desk" else post.role
        if post.branch is None:
            return role, EVERYWHERE, NO_BRANCH
        query = select(Branch.id).where(Branch.code == post.branch)
        return role, EVERYWHERE, self._db.scalars(query).one()

    def enrol(self, member_id: int) -> None:
        """Let a member belong to the clinic, unless he belongs somewhere."""
        clinic = select(Branch.id).where(Branch.code == CLINIC).scalar_subquery()
        self._db.execute(
            update(Member)
            .where(Member.id == member_id, Member.branch_id.is_(None))
            .values(branch_id=clinic)
        )
