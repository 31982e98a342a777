"""Which forms a region offers, to whom, and which begun sessions may still be finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import colander
import structlog

from suwen.forms.schemas import from_text
from suwen.kernel.plugins.switch import secrets_of
from suwen.questionnaires.errors import FormChanged, FormOff, NotOffered

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from suwen.hookspecs.questionnaire import FormDefinition, QuestionnaireScorer, ScorerInfo
    from suwen.kernel.plugins.registry import Registered, TypedRegistry
    from suwen.kernel.plugins.switch import Switch
    from suwen.questionnaires.models import AnsweringSession

log = structlog.get_logger(__name__)

YOUNGEST: Final = 14
"""Under 14 a guardian would answer, for whom these forms are not validated."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A form with the scorer that reads it here. ``settings`` are validated."""

    scorer: QuestionnaireScorer
    settings: Mapping[str, Any]

    @property
    def info(self) -> ScorerInfo:
        """Codes, versions, standard."""
        return self.scorer.info

    @property
    def form(self) -> FormDefinition:
        """Items and options."""
        return self.scorer.form()

    @property
    def min_age(self) -> int:
        """Years from which it is offered: the region's setting, else the scorer's own limit."""
        return max(YOUNGEST, int(self.settings.get("min_age", self.info.min_age)))

    @property
    def by_sex(self) -> bool:
        """Whether some item is worded by sex."""
        return any(item.variants for item in self.form.items)

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings as text, to be kept with sessions and results."""
        schema = self.scorer.settings_schema()
        secret = secrets_of(schema)
        text = schema.serialize(dict(self.settings))
        return {
            name: value
            for name, value in text.items()
            if value is not colander.null and name not in secret
        }

    def fits(self, age: int | None) -> bool:
        """Whether it is meant for this age; an age that is not known fits."""
        if age is None:
            return True
        return self.min_age <= age and (self.info.max_age is None or age <= self.info.max_age)


class Offers:
    """Looks at the switch and the installed scorers."""

    def __init__(
        self, db: Session, switch: Switch, scorers: TypedRegistry[QuestionnaireScorer]
    ) -> None:
        """Read the switch through ``db``."""
        self._db = db
        self._switch = switch
        self._scorers = scorers

    def all(self, region: str) -> Sequence[Offer]:
        """One offer per form: where two scorers read it, the region's order decides."""
        found: dict[str, Offer] = {}
        for item in self._switch.offering(self._db, region).of(self._scorers):
            offer = self._offer(region, item)
            if offer is not None:
                found.setdefault(offer.info.form_code, offer)
        return tuple(found.values())

    def get(self, region: str, form_code: str) -> Offer:
        """The offer of this form; raises ``NotOffered``."""
        for offer in self.all(region):
            if offer.info.form_code == form_code:
                return offer
        raise NotOffered

    def _offer(self, region: str, item: Registered[QuestionnaireScorer]) -> Offer | None:
        try:
            return Offer(item.obj, self._switch.settings(self._db, region, item))
        except colander.Invalid:
            # Switched on before the package grew a setting: staff see it, members must not fail.
            log.warning("questionnaire.unconfigured", scorer=item.code, region=region)
            return None

    def finishing(self, row: AnsweringSession) -> Offer:
        """The scorer of a begun session with the parameters it began with.

        Draining lets it be finished. Raises ``FormOff`` or ``FormChanged``.
        """
        item = self._scorers.find(row.scorer_code)
        if item is None or not self._on(row.region, item.plugin):
            raise FormOff
        info = item.obj.info
        begun = (row.form_code, row.form_version, row.wording_version)
        if (info.form_code, info.form_version, info.wording_version) != begun:
            raise FormChanged
        try:
            return Offer(item.obj, from_text(item.obj.settings_schema(), row.parameters))
        except colander.Invalid:
            raise FormChanged from None

    def lets_finish(self, row: AnsweringSession) -> bool:
        """Whether a begun session can be finished now."""
        try:
            self.finishing(row)
        except (FormOff, FormChanged):
            return False
        return True

    def _on(self, region: str, plugin: str) -> bool:
        return self._switch.offering(self._db, region).state(plugin) != "disabled"

    def installed(self, scorer_code: str) -> QuestionnaireScorer | None:
        """The scorer of an old result, whatever the switch says; None once uninstalled."""
        item = self._scorers.find(scorer_code)
        return item.obj if item is not None else None
