"""Consents: one per purpose, each to a text of a known version, each withdrawable.

Sensitive data need a separate consent that is not ticked beforehand (PIPL Art. 14, 29), and
withdrawing must be as easy as giving (Art. 15). Upper floors hear ``consent_withdrawn`` and act.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from suwen.accounts.errors import ConsentRequired, NotWithdrawable
from suwen.accounts.models import Consent, Subject
from suwen.hookspecs.lifecycle import Event
from suwen.kernel import clock, ids
from suwen.kernel.db import take_turns
from suwen.kernel.errors import Invalid, NotFound
from suwen.kernel.i18n import _
from suwen.kernel.regions import DEFAULT_CODE

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.kernel.audit import Actor, AuditLog
    from suwen.kernel.events import EventBus

TERMS: Final = "terms"
PRIVACY: Final = "privacy"
MARKETING: Final = "marketing"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is asked, and what withdrawing it does. Changing ``text`` needs a new ``version``."""

    title: str
    text: str
    effect: str
    version: str = "2026-11"
    withdrawable: bool = True
    for_oneself: bool = True
    """False for what is only asked about somebody else."""

    @property
    def text_hash(self) -> str:
        """SHA-256 of the Chinese text that was shown."""
        return hashlib.sha256(str(self.text).encode()).hexdigest()


PURPOSES: Final[Mapping[str, Purpose]] = {
    TERMS: Purpose(
        _("用户协议"),
        _("我已阅读并同意素问健康服务的用户协议，了解服务内容、费用与退款规则。"),
        _("这是使用账户的前提，注销账户即告终止。"),
        withdrawable=False,
    ),
    PRIVACY: Purpose(
        _("隐私政策"),
        _("我已阅读隐私政策，了解素问为提供服务收集哪些个人信息、如何保护与保存。"),
        _("这是使用账户的前提，注销账户即告终止。"),
        withdrawable=False,
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
    ),
    "health_push": Purpose(
        _("健康标签个性化推送（选填）"),
        _("我同意根据我的健康标签推荐文章与服务。不同意不影响任何服务。"),
        _("立即停止按健康标签推荐。"),
    ),
    MARKETING: Purpose(
        _("营销消息（选填）"),
        _("我同意接收优惠与活动消息。不同意不影响任何服务。"),
        _("立即停止发送营销消息。"),
    ),
    "guardian": Purpose(
        _("监护人同意"),
        _("我是受检人的监护人，同意为其进行检测并处理其健康信息。"),
        _("停止受检人尚未完成的检测与分析。"),
        for_oneself=False,
    ),
}


class UnknownPurpose(NotFound):
    """No consent of this purpose exists."""

    code = "unknown_purpose"


class OldVersion(Invalid):
    """The text has changed since it was read."""

    code = "old_consent_version"
    message = _("授权文本已更新，请重新阅读后再同意")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subject stands with one purpose."""

    purpose: str
    about: Purpose
    given: bool
    given_version: str | None = None
    given_at: datetime | None = None


class Consents:
    """Gives, withdraws and asks for consents."""

    def __init__(self, db: Session, events: EventBus, audit: AuditLog) -> None:
        """Withdrawals are published on ``events``."""
        self._db = db
        self._events = events
        self._audit = audit

    def give(
        self, subject_id: int, purpose: str, actor: Actor, *, version: str | None = None
    ) -> Consent:
        """Record a consent; giving it again changes nothing.

        ``version`` is the one that was read. Raises ``UnknownPurpose`` or ``OldVersion``.
        """
        about = _about(purpose)
        if version is not None and version != about.version:
            raise OldVersion(fields={"version": OldVersion.message})
        # The second of two clicks waits for the first.
        take_turns(self._db, f"{Consent.__tablename__}:{subject_id}")
        standing = self._live(subject_id).get(purpose)
        if standing is not None and standing.version == about.version:
            return standing
        row = Consent(
            id=ids.new_id(),
            subject_id=subject_id,
            member_id=actor.id or 0,
            purpose=purpose,
            version=about.version,
            text_hash=about.text_hash,
            given_at=clock.now(),
        )
        self._db.add(row)
        self._db.flush()
        self._audit.write(
            self._db,
            actor,
            "consent.give",
            "consent",
            row.id,
            subject_id=subject_id,
            reason=purpose,
        )
        return row

    def withdraw(self, subject_id: int, purpose: str, actor: Actor) -> None:
        """End a consent. Raises ``NotWithdrawable``, or ``UnknownPurpose``."""
        if not _about(purpose).withdrawable:
            raise NotWithdrawable
        moment = clock.now()
        ended = self._db.scalars(
            update(Consent)
            .where(
                Consent.subject_id == subject_id,
                Consent.purpose == purpose,
                Consent.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=moment)
            .returning(Consent.id),
            execution_options={"synchronize_session": False},
        ).all()
        if not ended:
            return
        self._audit.write(
            self._db,
            actor,
            "consent.withdraw",
            "consent",
            ended[0],
            subject_id=subject_id,
            reason=purpose,
        )
        data = {"subject_id": subject_id, "member_id": actor.id, "purpose": purpose}
        key = f"consent_withdrawn:{ended[0]}"
        region = actor.region or DEFAULT_CODE
        self._events.publish(self._db, Event("consent_withdrawn", key, region, moment, data))

    def has(self, subject_id: int, purpose: str) -> bool:
        """Whether the present text of the purpose is agreed to."""
        row = self._live(subject_id).get(purpose)
        return row is not None and row.version == _about(purpose).version

    def require(self, subject_id: int, purpose: str) -> None:
        """Raise ``ConsentRequired`` unless agreed."""
        if not self.has(subject_id, purpose):
            raise ConsentRequired(purpose)

    def standings(self, subject_id: int) -> Sequence[Standing]:
        """Purposes in their order, with where the subject stands; a guardian's only once given."""
        live = self._live(subject_id)
        return [
            self._standing(name, about, live.get(name))
            for name, about in PURPOSES.items()
            if about.for_oneself or name in live
        ]

    def _standing(self, name: str, about: Purpose, row: Consent | None) -> Standing:
        if row is None:
            return Standing(name, about, given=False)
        return Standing(name, about, row.version == about.version, row.version, row.given_at)

    def _live(self, subject_id: int) -> dict[str, Consent]:
        query = (
            select(Consent)
            .where(Consent.subject_id == subject_id, Consent.withdrawn_at.is_(None))
            .order_by(Consent.id)
        )
        return {row.purpose: row for row in self._db.scalars(query).all()}

    def marketing_allowed(self, member_id: int) -> bool:
        """Whether the member himself agreed to marketing."""
        query = select(Subject.id).where(Subject.member_id == member_id, Subject.relation == "self")
        subject_id = self._db.scalars(query).first()
        return subject_id is not None and self.has(subject_id, MARKETING)


def _about(purpose: str) -> Purpose:
    try:
        return PURPOSES[purpose]
    except KeyError:
        raise UnknownPurpose from None
