"""What is asked for consent, and the texts that are shipped with the program.

Administrators may write newer texts (``consent_texts``); then the newest published one is asked.
Sensitive data need a separate consent that is not ticked beforehand (PIPL Art. 14, 29), giving data
to another processor too (Art. 23), and withdrawing must be as easy as giving (Art. 15).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from suwen.kernel.errors import NotFound
from suwen.kernel.i18n import _, translate

if TYPE_CHECKING:
    from pyramid.request import Request

TERMS: Final = "terms"
PRIVACY: Final = "privacy"
MARKETING: Final = "marketing"
HEALTH_PUSH: Final = "health_push"
GUARDIAN: Final = "guardian"


class UnknownPurpose(NotFound):
    """No consent of this purpose exists."""

    code = "unknown_purpose"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is asked, and what withdrawing it does. Changing ``text`` needs a new ``version``.

    Texts of administrators bring their own English; it is empty where the catalogue has it.
    """

    title: str
    text: str
    effect: str
    version: str = "2026-11"
    withdrawable: bool = True
    required: bool = True
    """Whether a service cannot be given without it."""
    about: str = "any"
    """``self``, ``other`` or ``any``: whom it can be about; ``group``: asked by a group's pages."""
    title_en: str = ""
    text_en: str = ""
    effect_en: str = ""

    @property
    def for_oneself(self) -> bool:
        """False for what is only asked about somebody else, or by a group."""
        return self.about in {"self", "any"}

    @property
    def for_others(self) -> bool:
        """Whether it is asked about a dependant."""
        return self.about in {"other", "any"}

    @property
    def text_hash(self) -> str:
        """SHA-256 of the Chinese text."""
        return hash_of(str(self.text))


@dataclass(frozen=True, slots=True)
class Wording:
    """A purpose in one language, as it is shown."""

    title: str
    text: str
    effect: str


def hash_of(text: str) -> str:
    """SHA-256 of a text that was shown, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def worded(request: Request, purpose: Purpose) -> Wording:
    """The purpose in the language of the request."""
    english = request.locale_name.startswith("en")
    pairs = (
        (purpose.title, purpose.title_en),
        (purpose.text, purpose.text_en),
        (purpose.effect, purpose.effect_en),
    )
    return Wording(*(en if english and en else translate(request, zh) for zh, en in pairs))


PURPOSES: Final[Mapping[str, Purpose]] = {
    TERMS: Purpose(
        _("用户协议"),
        _("我已阅读并同意素问健康服务的用户协议，了解服务内容、费用与退款规则。"),
        _("这是使用账户的前提，注销账户即告终止。"),
        withdrawable=False,
        about="self",
    ),
    PRIVACY: Purpose(
        _("隐私政策"),
        _("我已阅读隐私政策，了解素问为提供服务收集哪些个人信息、如何保护与保存。"),
        _("这是使用账户的前提，注销账户即告终止。"),
        withdrawable=False,
        about="self",
    ),
    "testing": Purpose(
        _("基因检测知情同意"),
        _("我了解检测的目的、范围、局限与可能的结果，同意对我的样本进行所购项目的检测。"),
        _("尚未检测的样本不再检测；已出具的报告仍保留在您的档案中。"),
    ),
    "sensitive_data": Purpose(
        _("敏感个人信息处理"),
        _("我单独同意素问为出具报告和健康建议处理我的基因与健康信息。"),
        _("停止导入新的健康资料与分析；已有资料可导出或删除。"),
    ),
    "specimen": Purpose(
        _("样本交由检测机构"),
        _("我单独同意素问把我的样本和检测所需的信息交给承担检测的机构。"),
        _("尚未寄出的样本不再寄送；已寄出的会通知机构停止并按规定处置。"),
    ),
    "research": Purpose(
        _("科研使用（选填）"),
        _("我同意去除身份信息后的数据用于健康研究。不同意不影响任何服务。"),
        _("今后的研究不再使用您的数据；已发表的统计结果无法撤回。"),
        required=False,
    ),
    "expert_sharing": Purpose(
        _("交由专家解读（选填）"),
        _(
            "我同意把我的报告与测评结果提供给素问的专家，用于为我解读和出具建议。不同意不影响其他服务。"
        ),
        _("专家不能再查看您的资料；已出具的建议仍保留在您的档案中。"),
        required=False,
    ),
    "secondary_findings": Purpose(
        _("意外发现告知（选填）"),
        _("检测中如有与所购项目无关、但可能影响健康的发现，我希望被告知。不同意则不会告知。"),
        _("今后的检测不再告知意外发现；已告知的内容不受影响。"),
        required=False,
    ),
    "group_results": Purpose(
        _("向团体提供结果（选填）"),
        _(
            "我同意把我的检测结果提供给为我购买检测的单位。不同意不影响检测，单位只知道检测是否完成。"
        ),
        _("单位不能再查看您的结果；单位此前已查看的内容无法收回。"),
        required=False,
        about="group",
    ),
    HEALTH_PUSH: Purpose(
        _("健康标签个性化推送（选填）"),
        _("我同意根据我的健康标签推荐文章与服务。不同意不影响任何服务。"),
        _("立即停止按健康标签推荐。"),
        required=False,
        about="self",
    ),
    MARKETING: Purpose(
        _("营销消息（选填）"),
        _("我同意接收优惠与活动消息。不同意不影响任何服务。"),
        _("立即停止发送营销消息。"),
        required=False,
        about="self",
    ),
    GUARDIAN: Purpose(
        _("监护人同意"),
        _("我是受检人的监护人，同意为其进行检测并处理其健康信息。"),
        _("停止受检人尚未完成的检测与分析。"),
        about="other",
    ),
}


def shipped(name: str) -> Purpose:
    """The text that came with the program; raises ``UnknownPurpose``."""
    try:
        return PURPOSES[name]
    except KeyError:
        raise UnknownPurpose from None
