"""The job that erases a member, in steps that each happen once and whole.

First the door is closed, then the keys of the member and his dependants are destroyed: from then on
nobody reads what they sealed, whatever happens to the rest. Then every plugin and every domain
deletes its rows, and last the account goes. A step and its lines of the receipt are one transaction,
so a job that died is gone on with where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from sqlalchemy import select, update

from suwen.accounts.models import Consent, Member, Subject
from suwen.accounts.personal import ERASED, AccountData, merged_into
from suwen.accounts.personal_data import DomainData, Erased, personal_data
from suwen.accounts.services import accounts
from suwen.kernel import clock
from suwen.kernel.audit import SYSTEM
from suwen.kernel.i18n import _
from suwen.messaging.services import messaging
from suwen.privacy.models import PrivacyRequest
from suwen.privacy.periods import KEY_BACKUP, periods
from suwen.privacy.plugins import plugin_data
from suwen.privacy.receipts import receipt_number
from suwen.privacy.requests import CANCELLED, DONE, EXPIRED, EXPORT, requests
from suwen.privacy.working import TakenOver, Work, fail, named, ours, take

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.contacts import Contact
    from suwen.kernel.house import House

log = structlog.get_logger(__name__)

Lines = Sequence[Erased]
Step = tuple[str, Callable[[], None], Callable[["Session"], Lines]]
"""Name, what happens outside any transaction before it, and what happens inside."""
_QUIET: Final = {"synchronize_session": False}
REACHED_BY: Final = ("email", "phone")
"""A letter has room for the link."""


def erase(house: House, payload: Mapping[str, Any]) -> None:
    """Outbox handler: erase the member, going on where a dead job stopped."""
    work = take(house, int(payload["request"]))
    if work is None:
        return
    try:
        if _may_begin(house, work):
            Erasing(house, work).run()
    except TakenOver:
        log.info("privacy.taken_over", request=work.id)
    except Exception as error:
        fail(house, work, error)
        raise


def _may_begin(house: House, work: Work) -> bool:
    """Whether nothing is open; what came up during the days of grace stops the erasure."""
    with house.database.transaction() as db:
        row = ours(db, work)
        items = requests(house, db).open_items(work.member_id, forfeit=row.forfeits)
        if row.receipt or not items:
            return True
        row.state, row.open_key, row.finished_at = CANCELLED, None, clock.now()
        row.error = "open_items"
        return False


class Erasing:
    """One erasure. ``done`` are the steps that the receipt knows already."""

    def __init__(self, house: House, work: Work) -> None:
        """Erase the member of ``work``."""
        self._house, self._work = house, work
        self._member_id = work.member_id

    def run(self) -> None:
        """All steps that are not done."""
        steps = self._steps()
        done = self._done()
        for number, (name, before, act) in enumerate(steps, 1):
            if name not in done:
                with named(name):
                    before()
                    self._carry_out(name, act, number * 100 // len(steps))

    def _done(self) -> set[str]:
        with self._house.database.snapshot() as db:
            return {line["step"] for line in db.get_one(PrivacyRequest, self._work.id).receipt}

    def _carry_out(self, name: str, act: Callable[[Session], Lines], progress: int) -> None:
        with self._house.database.transaction() as db:
            row = ours(db, self._work)
            lines = act(db) or (Erased(""),)
            row.receipt = [*row.receipt, *(_line(name, line) for line in lines)]
            row.progress = progress

    def _steps(self) -> Sequence[Step]:
        with self._house.database.snapshot() as db:
            plugins = cast("Sequence[DomainData]", plugin_data(self._house, db))
        domains = [one for one in personal_data(self._house) if not isinstance(one, AccountData)]
        stores = [*plugins, *reversed(domains)]
        return [
            ("door", _nothing, self._close_door),
            ("keys", self._destroy_keys, self._note_keys),
            ("exports", self._delete_exports, self._forget_exports),
            *((one.name, self._deleter(one), self._eraser(one)) for one in stores),
            ("accounts", _nothing, self._end),
        ]

    def _close_door(self, db: Session) -> Lines:
        """Nobody is signed in any more, nobody can sign in, and nothing is agreed to."""
        service, moment = accounts(self._house, db), clock.now()
        service.sessions.revoke_all(self._member_id)
        state = update(Member).where(Member.id == self._member_id).values(state=ERASED)
        db.execute(state, execution_options=_QUIET)
        mine = select(Subject.id).where(Subject.member_id == self._member_id)
        db.execute(
            update(Consent)
            .where(Consent.subject_id.in_(mine), Consent.withdrawn_at.is_(None))
            .values(withdrawn_at=moment),
            execution_options=_QUIET,
        )
        return ()

    def _destroy_keys(self) -> None:
        with self._house.database.snapshot() as db:
            persons = (self._member_id, *merged_into(db, self._member_id))
            query = select(Subject.id).where(Subject.member_id.in_(persons))
            subjects = db.scalars(query).all()
        for subject_id in subjects:
            self._house.vault.destroy(subject_id)

    def _note_keys(self, db: Session) -> Lines:
        days = periods(self._house, db).days(KEY_BACKUP)
        until = (clock.now() + timedelta(days=days)).astimezone(clock.SHANGHAI).date()
        row = db.get_one(PrivacyRequest, self._work.id)
        row.expires_at = clock.now() + timedelta(days=days)
        reason = _("密钥库的最后一份备份于 ${day} 到期，此后任何人都无法恢复")
        what = _("健康资料、个人资料与审计细节的密钥（数据随之不可读）")
        return [Erased(what, "erased", reason % {"day": until.isoformat()})]

    def _exports(self, db: Session) -> Sequence[PrivacyRequest]:
        query = select(PrivacyRequest).where(
            PrivacyRequest.member_id == self._member_id, PrivacyRequest.kind == EXPORT
        )
        return db.scalars(query).all()

    def _delete_exports(self) -> None:
        with self._house.database.snapshot() as db:
            names = [name for row in self._exports(db) for name in row.parts]
        for name in names:
            self._house.files.delete(name)

    def _forget_exports(self, db: Session) -> Lines:
        rows = self._exports(db)
        for row in rows:
            row.state, row.open_key, row.run = EXPIRED, None, None
            row.parts, row.file_key, row.size = [], None, None
        return [Erased(_("您申请过的个人信息副本"), "erased", count=len(rows))] if rows else ()

    def _deleter(self, store: DomainData) -> Callable[[], None]:
        """Files are deleted before their rows, outside the transaction; twice does no harm."""
        names_of = getattr(store, "stored", None)

        def delete() -> None:
            if names_of is None:
                return
            with self._house.database.snapshot() as db:
                names = list(names_of(db, self._member_id))
            for name in names:
                self._house.files.delete(name)

        return delete

    def _eraser(self, store: DomainData) -> Callable[[Session], Lines]:
        return lambda db: store.erase(db, self._member_id)

    def _end(self, db: Session) -> Lines:
        """The account goes, and the last message is written, in one transaction."""
        service = accounts(self._house, db)
        contacts = service.logins.of(self._member_id)
        member = service.profiles.member(self._member_id)
        region, locale = member.region_code, member.locale
        lines = AccountData(self._house).erase(db, self._member_id)
        row = db.get_one(PrivacyRequest, self._work.id)
        row.state, row.open_key, row.finished_at = DONE, None, clock.now()
        self._house.audit.write(db, SYSTEM, "member.erased", "member", self._member_id)
        self._farewell(db, contacts, region, locale)
        return lines

    def _farewell(
        self, db: Session, contacts: Sequence[Contact], region: str | None, locale: str
    ) -> None:
        reached = [one for kind in REACHED_BY for one in contacts if one.kind == kind]
        for contact in reached:
            told = messaging(self._house, db).send_to(
                (contact.kind, contact.value),
                "erasure_done",
                {"number": receipt_number(self._house, self._work.id)},
                key=f"erasure_done:{self._work.id}",
                region=self._house.regions.resolve(db, region).code,
                locale=locale,
            )
            if told:
                return


def _nothing() -> None:
    """Most steps touch nothing but the database."""


def _line(step: str, line: Erased) -> dict[str, Any]:
    return {
        "step": step,
        "what": _words(line.what),
        "action": line.action,
        "reason": _words(line.reason),
        "count": line.count,
    }


def _words(text: Any) -> str:
    """A message id stays one; one with values keeps them, in Chinese."""
    return str(text.interpolate() if getattr(text, "mapping", None) else text)
