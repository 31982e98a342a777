"""What the API says of questionnaires, and what it accepts."""

from __future__ import annotations

from typing import Any

import colander

from suwen.accounts.profiles import SEXES
from suwen.forms.schemas import (
    DateTimeOut,
    MapOf,
    PageQuery,
    StrictBoolean,
    StrictInteger,
    Text,
    listing,
)
from suwen.kernel.i18n import _

STATUSES = ("balanced", "mostly_balanced", "biased", "tendency_only", "undetermined")
MAX_ITEMS = 500


class Answers(MapOf):
    """Answers by item. Only the scorer judges them, so that one refusal names every bad item."""

    def __init__(self) -> None:
        """Documented as what forms accept."""
        super().__init__(StrictInteger(1, 5), max_items=MAX_ITEMS, key=r"[1-9][0-9]{0,3}")

    def read(self, node: colander.SchemaNode, value: Any) -> dict[str, Any]:
        """The answers as they came."""
        if not isinstance(value, dict) or len(value) > self.max_items:
            raise colander.Invalid(node, _("填写的内容无效"))
        return dict(value)


class Strings(colander.SequenceSchema):
    """Codes."""

    code = colander.SchemaNode(Text())


class SubmitIn(colander.MappingSchema):
    """A whole answer sheet. ``sex`` only where the profile has none."""

    answers = colander.SchemaNode(Answers())
    measures = colander.SchemaNode(MapOf(Text(), max_items=20), missing=None)
    sex = colander.SchemaNode(Text(), validator=colander.OneOf(SEXES), missing=None)


class QuestionnaireOut(colander.MappingSchema):
    """A form that the region offers."""

    id = colander.SchemaNode(Text())
    title = colander.SchemaNode(Text())
    item_count = colander.SchemaNode(StrictInteger(0))
    min_age = colander.SchemaNode(StrictInteger(0))
    max_age = colander.SchemaNode(StrictInteger(0), missing=None)
    scorer = colander.SchemaNode(Text())
    standard = colander.SchemaNode(Text())
    version = colander.SchemaNode(Text())
    """Of the scorer."""


class OptionOut(colander.MappingSchema):
    """An answer that may be given."""

    value = colander.SchemaNode(StrictInteger())
    label = colander.SchemaNode(Text())


class Options(colander.SequenceSchema):
    """Answers that may be given."""

    option = OptionOut()


class ItemOut(colander.MappingSchema):
    """A question; ``variants`` by sex where the profile does not say which is meant."""

    id = colander.SchemaNode(Text())
    text = colander.SchemaNode(Text(), missing=None)
    variants = colander.SchemaNode(MapOf(Text()), missing=None)


class Items(colander.SequenceSchema):
    """Questions in order."""

    item = ItemOut()


class QuestionnaireDetail(QuestionnaireOut):
    """A form with its questions."""

    intro = colander.SchemaNode(Text())
    form_version = colander.SchemaNode(Text())
    wording_version = colander.SchemaNode(Text())
    needs_sex = colander.SchemaNode(StrictBoolean())
    consent_purpose = colander.SchemaNode(Text())
    options = Options()
    items = Items()


class ScoreOut(colander.MappingSchema):
    """A scale. The verdict follows from the raw sum, never from the rounded number."""

    scale = colander.SchemaNode(Text())
    title = colander.SchemaNode(Text())
    raw = colander.SchemaNode(StrictInteger())
    converted = colander.SchemaNode(colander.Float())
    verdict = colander.SchemaNode(Text())
    distance = colander.SchemaNode(StrictInteger(0), missing=None)


class Scores(colander.SequenceSchema):
    """Scales in the form's order."""

    score = ScoreOut()


class AdviceTextOut(colander.MappingSchema):
    """Advice under one heading."""

    title = colander.SchemaNode(Text())
    text = colander.SchemaNode(Text())


class AdviceTexts(colander.SequenceSchema):
    """Advice by heading."""

    text = AdviceTextOut()


class AdviceOut(colander.MappingSchema):
    """Features and general advice of one type."""

    scale = colander.SchemaNode(Text())
    title = colander.SchemaNode(Text())
    features = colander.SchemaNode(Text())
    texts = AdviceTexts()


class AdviceSections(colander.SequenceSchema):
    """Advice for the named types, then for the tendencies."""

    section = AdviceOut()


class ResultListed(colander.MappingSchema):
    """A result in a list, without what it says: that is read one by one, and put on record."""

    id = colander.SchemaNode(Text())
    questionnaire = colander.SchemaNode(Text())
    title = colander.SchemaNode(Text())
    scorer = colander.SchemaNode(Text())
    standard = colander.SchemaNode(Text())
    version = colander.SchemaNode(Text())
    created_at = colander.SchemaNode(DateTimeOut())


class ResultOut(ResultListed):
    """A result. For reference, no diagnosis."""

    form_version = colander.SchemaNode(Text())
    wording_version = colander.SchemaNode(Text())
    parameters = colander.SchemaNode(MapOf(Text()))
    status = colander.SchemaNode(Text(), validator=colander.OneOf(STATUSES))
    types = Strings()
    tendencies = Strings()
    scores = Scores()
    cut_offs = colander.SchemaNode(MapOf(StrictInteger(0, 100)))
    advice = AdviceSections()
    flags = Strings()
    answered_by = colander.SchemaNode(Text())
    sheet_hash = colander.SchemaNode(Text())
    notice = colander.SchemaNode(Text())


QuestionnaireList = listing(QuestionnaireOut())
ResultList = listing(ResultListed())
ResultQuery = PageQuery
