"""How complete a profile is, what is missing, and what for it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from suwen.accounts.models import GROUP, INDIVIDUAL, Member
from suwen.kernel.i18n import _

if TYPE_CHECKING:
    from suwen.accounts.profiles import Profile

ADDRESS: Final = "delivery_address"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A field that completes the profile, and what it is good for."""

    field: str
    title: str
    reason: str


_ADDRESS: Final = Wanted(ADDRESS, _("收货地址"), _("采样包和纸质报告寄到这里"))
WANTED: Final[Mapping[str, tuple[Wanted, ...]]] = {
    INDIVIDUAL: (
        Wanted("real_name", _("真实姓名"), _("报告按姓名与您的检测核对，以免发错人")),
        Wanted("birth_date", _("出生日期"), _("与姓名一起核对报告，体质判定也要用到年龄")),
        Wanted("sex", _("性别"), _("部分检测和体质量表的题目因性别而异")),
        Wanted("occupation", _("职业"), _("健康建议会结合您的工作方式")),
        _ADDRESS,
    ),
    GROUP: (
        Wanted("name", _("单位名称"), _("发票和团体订单以此为准")),
        Wanted("nature", _("单位性质"), _("我们据此提供合适的团体方案")),
        Wanted("real_name", _("联系人姓名"), _("送货和对账时知道找谁")),
        _ADDRESS,
    ),
}


@dataclass(frozen=True, slots=True)
class Completion:
    """``percent`` of the wanted fields are there; ``missing`` are the others, in order."""

    percent: int
    missing: tuple[Wanted, ...]


def completion(member: Member, profile: Profile, *, has_address: bool) -> Completion:
    """How complete the profile is."""
    there = {
        "real_name": profile.real_name,
        "birth_date": profile.birth_date,
        "sex": profile.sex,
        "occupation": profile.occupation,
        "name": member.group_name,
        "nature": member.group_nature,
        ADDRESS: has_address,
    }
    wanted = WANTED[GROUP if member.kind == GROUP else INDIVIDUAL]
    missing = tuple(item for item in wanted if not there[item.field])
    return Completion(100 * (len(wanted) - len(missing)) // len(wanted), missing)
