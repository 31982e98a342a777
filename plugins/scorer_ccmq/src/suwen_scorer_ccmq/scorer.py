"""The scorer: pure, and the same bytes for the same sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import colander

from suwen.hookspecs.questionnaire import (
    AdviceSection,
    FormDefinition,
    ScoreResult,
    ScorerInfo,
    Sheet,
)
from suwen.kernel.i18n import _
from suwen_scorer_ccmq import data, table
from suwen_scorer_ccmq.key import load_key
from suwen_scorer_ccmq.rules import NO, Band, balanced_verdict, status_of
from suwen_scorer_ccmq.sheet import SheetReader
from suwen_scorer_ccmq.texts import Advice, build_form

CODE: Final = "ccmq"
VERSION: Final = "1.0.0"
FORM_VERSION: Final = "1"
ADULT: Final = 18
YOUNGEST: Final = 14
OLDEST: Final = 100

_by_rank = attrgetter("rank")


class Settings(colander.Schema):
    """What a region may choose."""

    # The standard's own lower limit is not known; under 14 the form is offered to nobody.
    min_age = colander.SchemaNode(
        colander.Integer(),
        title=_("最低年龄（岁）"),
        description=_("低于这个年龄的人不会看到成人问卷"),
        missing=ADULT,
        default=ADULT,
        validator=colander.Range(min=YOUNGEST, max=OLDEST),
    )


class CcmqScorer:
    """Adult form of ZYYXH/T157-2009: 60 items, nine types, converted scores."""

    settings_schema: type = Settings

    def __init__(self) -> None:
        """Read the data files and work out every cell; raises ``KeyDamaged`` if they are off."""
        key = load_key(data.read("key.json"))
        wording = data.read("wording.json")
        self.key = key
        self.info = ScorerInfo(
            code=CODE,
            version=VERSION,
            form_code=key.form,
            form_version=FORM_VERSION,
            wording_version=wording["version"],
            title=wording["titles"]["zh_CN"],
            standard=f"{key.standard}《中医体质分类与判定》（中华中医药学会标准，2009）",
            min_age=ADULT,
        )
        self._form = build_form(wording, key, FORM_VERSION)
        self._advice = Advice(data.read("types.json"), key)
        self._sheets = SheetReader(key, FORM_VERSION)
        self._cut_offs = {
            "倾向是": key.tendency_from,
            "是": key.yes_from,
            key.balanced.titles["zh_CN"]: key.own_min,
        }
        self._mirror = bytes.maketrans(
            bytes(range(key.answer_min, key.answer_max + 1)),
            bytes(range(key.answer_max, key.answer_min - 1, -1)),
        )
        self._biased = [
            (table.reader(scale, key), table.biased_cells(scale, key)) for scale in key.biased
        ]
        self._read_balanced = table.reader(key.balanced, key)
        self._balanced = table.balanced_cells(key)
        self._place = key.scales.index(key.balanced)

    def form(self) -> FormDefinition:
        """The 60 items in our own wording."""
        return self._form

    def score(self, sheet: Sheet, settings: Mapping[str, Any]) -> ScoreResult:  # noqa: ARG002 - the rule has no parameter
        """Nine scores and what follows; raises ``SheetInvalid`` unless exactly 60 answers fit."""
        answers = self._sheets.read(sheet)
        both = answers + answers.translate(self._mirror)
        cells = [known[sum(read(both))] for read, known in self._biased]
        worst = max([cell.band for cell in cells])
        balanced = self._balanced[sum(self._read_balanced(both))]
        verdict = balanced_verdict(own=balanced.own, worst=worst)
        scores = [cell.score for cell in cells]
        scores.insert(self._place, balanced.scores[verdict])
        named = [cell for cell in cells if cell.band is not Band.NO]
        named.sort(key=_by_rank, reverse=True)
        types = tuple([cell.code for cell in named if cell.band is Band.YES])
        return ScoreResult(
            scores=tuple(scores),
            types=types if verdict == NO else (self.key.balanced.code,),
            tendencies=tuple([cell.code for cell in named if cell.band is Band.LIKELY]),
            status=status_of(verdict, worst),
            cut_offs=dict(self._cut_offs),
        )

    def advise(self, result: ScoreResult, locale: str) -> Sequence[AdviceSection]:
        """Sections for the named types, then for the tendencies; none when no type is named."""
        return self._advice.sections((*result.types, *result.tendencies), locale)
