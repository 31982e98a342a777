"""Answer sheets for contract suites: of all kinds, and the same ones in every run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from suwen.hookspecs.questionnaire import (
    FormDefinition,
    QuestionnaireScorer,
    Sheet,
    SheetInvalid,
)

SEXES: Final = ("female", "male")
_MIXED: Final = 60
_SEED: Final = 157

Effect = tuple[int, ...]


def sample_sheets(form: FormDefinition, measures: Mapping[str, str]) -> list[Sheet]:
    """Uniform sheets of each answer, then mixed ones that lean to each side."""
    ids = [item.id for item in form.items]
    values = sorted(option.value for option in form.options)
    chance = random.Random(_SEED)  # noqa: S311 - repeatable data, no secret
    answers = [dict.fromkeys(ids, value) for value in values]
    for _ in range(_MIXED):
        # Mostly low answers: on evenly drawn sheets every scale is high and no rule is tried.
        weights = [chance.random() ** 3 for _ in values]
        answers.append(dict(zip(ids, chance.choices(values, weights, k=len(ids)), strict=True)))
    return [
        Sheet(form.code, form.version, given, SEXES[place % len(SEXES)], measures)
        for place, given in enumerate(answers)
    ]


def item_effects(
    scorer: QuestionnaireScorer, base: Sheet, settings: Mapping[str, Any]
) -> dict[Effect, list[int]]:
    """Items grouped by what one point more does to each scale's raw sum."""
    before = _raws(scorer, base, settings)
    groups: dict[Effect, list[int]] = {}
    for item, value in base.answers.items():
        raised = _raws(scorer, _changed(base, {item: value + 1}), settings)
        effect = tuple(after - old for after, old in zip(raised, before, strict=True))
        groups.setdefault(effect, []).append(item)
    return groups


def same_raws(sheet: Sheet, effects: Mapping[Effect, list[int]]) -> Iterator[Sheet]:
    """Other sheets with the same raw sums: items of one effect exchange their answers."""
    for items in effects.values():
        turned = dict(zip(items, [sheet.answers[item] for item in reversed(items)], strict=True))
        if turned != {item: sheet.answers[item] for item in items}:
            yield _changed(sheet, turned)
        for one, other in pairwise(items):
            low, high = sheet.answers[one], sheet.answers[other]
            if high - low > 1:
                yield _changed(sheet, {one: low + 1, other: high - 1})


def with_answers(sheet: Sheet, answers: Mapping[Any, Any]) -> Sheet:
    """The sheet with these answers and no others."""
    return Sheet(sheet.form_code, sheet.form_version, answers, sheet.sex, sheet.measures)


def refused(
    scorer: QuestionnaireScorer, sheet: Sheet, settings: Mapping[str, Any]
) -> Mapping[str, str]:
    """Findings per item of a sheet that must be refused; fails when it is scored."""
    try:
        result = scorer.score(sheet, settings)
    except SheetInvalid as error:
        return error.items
    raise AssertionError(f"scored a sheet that it must refuse: {result.status}")


def _raws(scorer: QuestionnaireScorer, sheet: Sheet, settings: Mapping[str, Any]) -> list[int]:
    return [score.raw for score in scorer.score(sheet, settings).scores]


def _changed(sheet: Sheet, answers: Mapping[int, int]) -> Sheet:
    return with_answers(sheet, {**sheet.answers, **answers})
