"""Questionnaires: the one service that surfaces and upper domains talk to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from suwen.accounts.consents import OldVersion
from suwen.accounts.errors import ConsentRequired
from suwen.accounts.profiles import SEXES
from suwen.accounts.services import accounts
from suwen.hookspecs.questionnaire import Sheet, SheetInvalid
from suwen.kernel import clock
from suwen.questionnaires import sheets
from suwen.questionnaires.answering import Answering, Respondent
from suwen.questionnaires.errors import (
    AgeOutside,
    BeginRefused,
    FormChanged,
    FormOff,
    NotOffered,
    SessionClosed,
    SexDiffers,
    SexRequired,
    SheetRefused,
)
from suwen.questionnaires.offering import Offer, Offers
from suwen.questionnaires.records import Draft, Findings
from suwen.questionnaires.results import Results
from suwen.questionnaires.states import ABANDONED, OPEN, SUBMITTED

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.accounts.consents import Purpose
    from suwen.accounts.services import AccountService
    from suwen.kernel.audit import Actor
    from suwen.kernel.house import House
    from suwen.questionnaires.models import AnsweringSession, Result

PURPOSE: Final = "sensitive_data"
"""Consent without which no item is asked."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is given before the first item. ``consent`` is the version that was agreed to."""

    consent: str | None = None
    sex: str | None = None
    consent_text: str | None = None
    """As it was shown; the Chinese text unless said."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A sheet as it came: any key, any value. ``answered_by`` is self, guardian or staff."""

    answers: Mapping[Any, Any]
    measures: Mapping[str, str] = field(default_factory=dict)
    answered_by: str = "self"


class QuestionnaireService:
    """``offers`` says what a region has, ``answering`` keeps open sessions, ``results`` the rest."""

    def __init__(
        self, people: AccountService, offers: Offers, answering: Answering, results: Results
    ) -> None:
        """Profiles and consents come from ``people``."""
        self._people = people
        self.offers = offers
        self.answering = answering
        self.results = results

    def respondent(self, member_id: int) -> Respondent:
        """The member as the one who answers about himself."""
        profile = self._people.profiles.read(member_id)
        age = None if profile.birth_date is None else age_on(clock.today(), profile.birth_date)
        return Respondent(member_id, self._people.subject_of(member_id), profile.sex, age)

    def offered(self, region: str, who: Respondent | None = None) -> Sequence[Offer]:
        """Forms that may be begun here; those for the oldest first, being the most specific."""
        age = who.age if who else None
        found = [offer for offer in self.offers.all(region) if offer.fits(age)]
        return sorted(found, key=lambda offer: -offer.min_age) if age is not None else found

    def form(self, region: str, form_code: str, member_id: int | None = None) -> Offer:
        """A form to look at: offered here, or begun by the member. Raises ``NotOffered``."""
        standing = self.answering.open_of(member_id, form_code) if member_id else None
        try:
            return self.offers.get(region, form_code)
        except NotOffered:
            if standing is None:
                raise
        try:
            return self.offers.finishing(standing)
        except (FormOff, FormChanged):
            raise NotOffered from None

    def consented(self, who: Respondent) -> bool:
        """Whether the consent to sensitive data stands."""
        return self._people.consents.has(who.subject_id, PURPOSE)

    def consent(self) -> Purpose:
        """What is asked before a form is begun."""
        return self._people.consents.present(PURPOSE)

    def begin(
        self, member_id: int, region: str, form_code: str, wish: Wish, actor: Actor
    ) -> AnsweringSession:
        """Take the consent and the sex where they are missing, then begin or go on.

        Raises ``NotOffered``, ``AgeOutside``, or ``BeginRefused`` with the fields ``consent`` and
        ``sex``.
        """
        who, offer = self.respondent(member_id), self.offers.get(region, form_code)
        _check_age(offer, who)
        problems: dict[str, str] = {}
        if not self.consented(who):
            problems |= self._consent_problem(wish)
        if offer.by_sex and who.sex is None and wish.sex not in SEXES:
            problems["sex"] = SexRequired.message
        if problems:
            raise BeginRefused(fields=problems)
        if wish.consent is not None:
            self._people.consents.give(who.subject_id, PURPOSE, actor, shown=wish.consent_text)
        who = self._with_sex(who, offer, wish.sex)
        return self.answering.begin(who, region, offer)

    def _consent_problem(self, wish: Wish) -> dict[str, str]:
        if wish.consent is None:
            return {"consent": ConsentRequired.message}
        if wish.consent != self.consent().version:
            return {"consent": OldVersion.message}
        return {}

    def _with_sex(self, who: Respondent, offer: Offer, given: str | None) -> Respondent:
        """The respondent with a sex where the form needs one; what was missing is kept."""
        if not offer.by_sex:
            return who
        if who.sex is None and given is None:
            raise SexRequired
        if who.sex is None:
            self._people.profiles.update(who.member_id, {"sex": given})
        elif given not in {None, who.sex}:
            raise SexDiffers
        return Respondent(who.member_id, who.subject_id, who.sex or given, who.age)

    def resume(self, member_id: int, public_id: str) -> tuple[AnsweringSession, Offer, Draft]:
        """An open session to go on with; raises as ``save_answer``."""
        row, offer = self._to_go_on(member_id, public_id, lock=False)
        return row, offer, self.answering.draft(row)

    def save_answer(self, member_id: int, public_id: str, item: Any, value: Any) -> int:
        """Save one answer of an open session; how many items are answered now.

        ``value`` "" takes the answer back. Raises ``NotFound``, ``SessionClosed``, ``FormOff``,
        ``FormChanged``, ``ConsentRequired``, or ``SheetRefused`` for an impossible answer.
        """
        row, offer = self._to_go_on(member_id, public_id)
        draft = self.answering.save(row, offer, sheets.whole(item), sheets.whole(value))
        return len(draft.answers)

    def save_all(self, member_id: int, public_id: str, answers: Mapping[Any, Any]) -> None:
        """Save what is acceptable of an unfinished sheet; raises as ``save_answer``."""
        row, offer = self._to_go_on(member_id, public_id)
        self.answering.save_all(row, offer, sheets.by_item(answers))

    def _to_go_on(
        self, member_id: int, public_id: str, *, lock: bool = True
    ) -> tuple[AnsweringSession, Offer]:
        row = self.answering.own(member_id, public_id, lock=lock)
        if row.state != OPEN:
            raise SessionClosed
        self._people.consents.require(row.subject_id, PURPOSE)
        return row, self.offers.finishing(row)

    def abandon(self, member_id: int, public_id: str) -> None:
        """Give up an open session and forget its answers; raises ``IllegalTransition``."""
        row = self.answering.own(member_id, public_id, lock=True)
        self.answering.close(row, ABANDONED)

    def submit(
        self, member_id: int, public_id: str, submission: Submission, actor: Actor
    ) -> Result:
        """Score a session once; whoever submits again gets the first result.

        Raises ``SheetRefused`` with the items that are wrong, and then nothing is kept; else as
        ``save_answer``.
        """
        row = self.answering.own(member_id, public_id, lock=True)
        if row.state == SUBMITTED:
            done = self.results.of_session(row.id)
            if done is not None:
                return done
        row, offer = self._to_go_on(member_id, public_id)
        taken = clock.now() - row.started_at
        return self._score(row, offer, submission, actor, taken)

    def respond(
        self,
        member_id: int,
        region: str,
        form_code: str,
        submission: Submission,
        actor: Actor,
        sex: str | None = None,
    ) -> Result:
        """Score a whole sheet at once, finishing the open session if there is one.

        Raises ``ConsentRequired``, ``NotOffered``, ``AgeOutside``, ``SexRequired``, ``SexDiffers``
        or ``SheetRefused``.
        """
        who = self.respondent(member_id)
        if not self.consented(who):
            raise ConsentRequired(PURPOSE)
        standing = self.answering.open_of(member_id, form_code)
        if standing is not None and self.offers.lets_finish(standing):
            return self.submit(member_id, standing.public_id, submission, actor)
        offer = self.offers.get(region, form_code)
        _check_age(offer, who)
        row = self.answering.begin(self._with_sex(who, offer, sex), region, offer)
        return self._score(row, offer, submission, actor, None)

    def _score(
        self,
        row: AnsweringSession,
        offer: Offer,
        submission: Submission,
        actor: Actor,
        taken: Any,
    ) -> Result:
        draft = self.answering.draft(row)
        answers = sheets.by_item(submission.answers)
        sheet = Sheet(
            row.form_code, row.form_version, answers, draft.sex, dict(submission.measures)
        )
        try:
            outcome = offer.scorer.score(sheet, offer.settings)
        except SheetInvalid as error:
            raise SheetRefused(sheets.refusals(offer.form, error.items)) from None
        findings = Findings(
            answers=sheet.answers,
            outcome=outcome,
            sex=draft.sex,
            age=self.respondent(row.member_id).age,
            measures=sheet.measures,
            flags=sheets.flags_of(sheet.answers, draft.moments, taken),
        )
        self.answering.close(row, SUBMITTED)
        return self.results.write(row, offer, sheet, findings, submission.answered_by, actor)


def _check_age(offer: Offer, who: Respondent) -> None:
    if not offer.fits(who.age):
        raise AgeOutside


def age_on(day: date, born: date) -> int:
    """Completed years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def questionnaires(house: House, db: Session) -> QuestionnaireService:
    """The service of one unit of work."""
    offers = Offers(db, house.switch, house.host.scorers)
    answering = Answering(db, house.vault, offers)
    results = Results(db, house.vault, house.audit, house.events)
    return QuestionnaireService(accounts(house, db), offers, answering, results)
