"""What accounts keep about a member: who he is, how he signs in, what he agreed to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from suwen.accounts.models import (
    ApiToken,
    Consent,
    Login,
    Member,
    MemberTag,
    PostalAddress,
    RecoveryCode,
    Subject,
    VerificationCode,
)
from suwen.accounts.personal_data import Erased, OpenItem
from suwen.accounts.services import accounts
from suwen.accounts.staffing.models import SavedView, StaffGrant, StaffMember
from suwen.kernel import clock
from suwen.kernel.i18n import _
from suwen.kernel.sessions import WebSession

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.services import AccountService
    from suwen.kernel.house import House

ERASED: str = "erased"
ERASED_NAME: str = "已注销会员"
_QUIET = {"synchronize_session": False}
_OWN = (Login, PostalAddress, RecoveryCode, MemberTag, StaffGrant, StaffMember)
_EMPTY: Mapping[str, Any] = {
    "group_name": None,
    "group_nature": None,
    "region_code": None,
    "branch_id": None,
    "name_index": None,
    "profile": None,
    "password_hash": None,
    "password_changed_at": None,
    "totp_secret": None,
    "totp_confirmed_at": None,
}


class AccountData:
    """The account itself. Erasing it is the last thing of all: then nobody is left to tell."""

    name = "accounts"
    title = _("账户、资料、地址与授权")

    def __init__(self, house: House) -> None:
        """Sealed values are opened with the keys of ``house``."""
        self._house = house

    def export(self, db: Session, member_id: int) -> Mapping[str, Any]:
        """Profile, logins, addresses, sessions, tags, dependants and consents."""
        service = accounts(self._house, db)
        member = service.profiles.member(member_id)
        profile = asdict(service.profiles.read(member_id))
        born = profile["birth_date"]
        return {
            "id": str(member_id),
            "kind": member.kind,
            "display_name": member.display_name,
            "group_name": member.group_name,
            "group_nature": member.group_nature,
            "region_code": member.region_code,
            "locale": member.locale,
            "registered_at": member.created_at.isoformat(),
            "two_step_verification": member.totp_confirmed_at is not None,
            "profile": {**profile, "birth_date": born.isoformat() if born else None},
            "logins": [asdict(contact) for contact in service.logins.of(member_id)],
            "addresses": [asdict(one) for one in service.addresses(member_id).all()],
            "tags": list(db.scalars(select(MemberTag.tag).where(MemberTag.member_id == member_id))),
            "sessions": _sessions(db, member_id),
            "people": [self._person(db, row, service) for row in _subjects(db, member_id)],
        }

    def _person(self, db: Session, row: Subject, service: AccountService) -> dict[str, Any]:
        facts: dict[str, Any] = {"id": str(row.id), "relation": row.relation}
        if row.sealed is not None:
            cipher = self._house.vault.subject(row.id)
            facts |= json.loads(cipher.open_text(row.sealed, f"subject:sealed:{row.id}"))
        query = select(Consent).where(Consent.subject_id == row.id).order_by(Consent.id)
        facts["consents"] = [_consent(service, one) for one in db.scalars(query)]
        return facts

    def open_items(self, db: Session, member_id: int) -> Sequence[OpenItem]:
        """Staff hand back their rights first."""
        # A place without a role too: it may hold others below it.
        count = sum(
            db.scalar(select(func.count()).select_from(model).where(model.member_id == member_id))
            or 0
            for model in (StaffGrant, StaffMember)
        )
        what = _("您还有员工权限，请管理员先收回")
        return [OpenItem(what, count, "", "staff")] if count else []

    def erase(self, db: Session, member_id: int) -> Sequence[Erased]:
        """Delete what signs in and where parcels go, and leave a number in the member's place."""
        indexes = self._code_indexes(db, member_id)
        codes = VerificationCode.address_index.in_(indexes)
        db.execute(delete(VerificationCode).where(codes), execution_options=_QUIET)
        for model in _OWN:
            db.execute(delete(model).where(model.member_id == member_id), execution_options=_QUIET)
        views = SavedView.staff_id == member_id
        db.execute(delete(SavedView).where(views), execution_options=_QUIET)
        opened = select(WebSession.id).where(WebSession.member_id == member_id)
        tokens = ApiToken.session_id.in_(opened)
        db.execute(delete(ApiToken).where(tokens), execution_options=_QUIET)
        mine = WebSession.member_id == member_id
        db.execute(delete(WebSession).where(mine), execution_options=_QUIET)
        self._anonymise(db, member_id)
        reason = _("证明处理个人信息曾经得到同意；只含编号、用途、版本和时间")
        log = _("依法留存的操作记录，只含编号；其中的个人信息已随密钥销毁")
        return [
            Erased(_("账户资料、登录方式、地址、登录会话与标签"), "erased"),
            Erased(_("会员记录"), "anonymised", _("只剩编号，以便账目和记录前后一致")),
            Erased(_("授权同意记录"), "kept", reason),
            Erased(_("审计日志"), "kept", log),
        ]

    def _code_indexes(self, db: Session, member_id: int) -> list[str]:
        vault = self._house.vault
        return [
            vault.blind_index("verification code", f"{contact.kind}:{contact.value}")
            for contact in accounts(self._house, db).logins.of(member_id)
        ]

    def _anonymise(self, db: Session, member_id: int) -> None:
        moment = clock.now()
        persons = (member_id, *merged_into(db, member_id))
        subjects = select(Subject.id).where(Subject.member_id.in_(persons))
        db.execute(
            update(Consent)
            .where(Consent.subject_id.in_(subjects), Consent.withdrawn_at.is_(None))
            .values(withdrawn_at=moment),
            execution_options=_QUIET,
        )
        db.execute(
            update(Subject)
            .where(Subject.member_id.in_(persons))
            .values(sealed=None, removed_at=moment),
            execution_options=_QUIET,
        )
        # Whoever named him as a relative is left with what he wrote himself.
        taken = update(Subject).where(Subject.linked_id.in_(subjects)).values(linked_id=None)
        db.execute(taken, execution_options=_QUIET)
        db.execute(
            update(Member)
            .where(Member.id.in_(persons))
            .values(state=ERASED, display_name=ERASED_NAME, totp_last_step=0, **_EMPTY),
            execution_options=_QUIET,
        )


def merged_into(db: Session, member_id: int) -> Sequence[int]:
    """Members that were merged into this one: what is left of them is his."""
    return db.scalars(select(Member.id).where(Member.merged_into == member_id)).all()


def _subjects(db: Session, member_id: int) -> Sequence[Subject]:
    query = select(Subject).where(Subject.member_id == member_id).order_by(Subject.id)
    return db.scalars(query).all()


def _sessions(db: Session, member_id: int) -> list[dict[str, Any]]:
    query = select(WebSession).where(WebSession.member_id == member_id).order_by(WebSession.id)
    return [
        {
            "surface": row.surface,
            "opened_at": row.created_at.isoformat(),
            "seen_at": row.seen_at.isoformat(),
            "ended_at": row.revoked_at.isoformat() if row.revoked_at else None,
            "device": row.user_agent,
        }
        for row in db.scalars(query)
    ]


def _consent(service: AccountService, row: Consent) -> dict[str, Any]:
    text = service.consents.texts.texts_by_version(row.purpose).get(row.version)
    return {
        "purpose": row.purpose,
        "version": row.version,
        "text": str(text.text) if text else None,
        "text_sha256": row.text_hash,
        "channel": row.channel,
        "given_at": row.given_at.isoformat(),
        "withdrawn_at": row.withdrawn_at.isoformat() if row.withdrawn_at else None,
    }


def purge_sessions(house: House, before: datetime) -> int:
    """Retention: a batch of sessions that ended before the moment, their tokens with them."""
    ended = WebSession.ends_at < before
    batch = select(WebSession.id).where(ended).order_by(WebSession.ends_at).limit(1000)
    with house.database.transaction() as db:
        gone = db.scalars(
            delete(WebSession).where(WebSession.id.in_(batch)).returning(WebSession.id),
            execution_options=_QUIET,
        ).all()
    return len(gone)
