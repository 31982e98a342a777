"""The questionnaire contract must find what is wrong: a small good scorer, and faulty ones."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import colander
import pytest

from suwen.hookspecs.questionnaire import (
    AdviceSection,
    AnswerOption,
    FormDefinition,
    ItemDefinition,
    ScaleScore,
    ScoreResult,
    ScorerInfo,
    Sheet,
    SheetInvalid,
)
from suwen.testing.questionnaire import PublishedVector, QuestionnaireScorerContract
from suwen.testing.sheets import sample_sheets

SCALES = {"A": (1, 2, 3), "B": (3, 4)}
BOTH = {"zh_CN": "文字", "en": "text"}


def _item(number):
    if number == 4:
        return ItemDefinition(4, {}, {"female": BOTH, "male": BOTH})
    return ItemDefinition(number, BOTH)


class Good:
    """Four items, two scales, item 3 in both."""

    settings_schema = colander.Schema
    info = ScorerInfo("good", "1", "good-4", "1", "w1", "好", "无")

    def form(self):
        options = tuple(AnswerOption(value, BOTH) for value in (1, 2, 3, 4, 5))
        items = tuple(_item(number) for number in (1, 2, 3, 4))
        return FormDefinition("good-4", "1", BOTH, BOTH, items, options)

    def check(self, sheet):
        found = {}
        if (sheet.form_code, sheet.form_version) != ("good-4", "1"):
            found["form_code"] = "unknown"
        if sheet.sex not in {"female", "male"}:
            found["sex"] = "unknown"
        found |= {str(n): "missing" for n in (1, 2, 3, 4) if n not in sheet.answers}
        for item, value in sheet.answers.items():
            if item not in {1, 2, 3, 4}:
                found[str(item)] = "unknown"
            elif type(value) is not int:
                found[str(item)] = "not_an_integer"
            elif not 1 <= value <= 5:
                found[str(item)] = "out_of_range"
        if found:
            raise SheetInvalid(found)

    def scale(self, name, raw):
        n = len(SCALES[name])
        converted = Fraction((raw - n) * 100, 4 * n)
        verdict = "是" if converted >= 40 else "否"
        return ScaleScore(name, name, raw, converted, verdict)

    def score(self, sheet, settings):
        self.check(sheet)
        return self.conclude(
            [
                self.scale(name, sum(sheet.answers[item] for item in items))
                for name, items in SCALES.items()
            ]
        )

    def conclude(self, scores):
        types = tuple(score.scale for score in scores if score.verdict == "是")
        status = "biased" if types else "undetermined"
        return ScoreResult(tuple(scores), types, (), status, {"是": 40})

    def advise(self, result, locale):
        return [
            AdviceSection(scale, scale, f"{locale} {scale}", ((locale, "x"),))
            for scale in (*result.types, *result.tendencies)
        ]


class TestGoodScorer(QuestionnaireScorerContract):
    @pytest.fixture
    def scorer(self):
        return Good()

    @pytest.fixture
    def vectors(self):
        answers = {1: 1, 2: 1, 3: 5, 4: 1}
        raw = {"A": 7, "B": 6}
        return [PublishedVector("one", answers, raw, {"A": "否", "B": "是"}, ("B",), (), "biased")]


def _run(test, scorer, **more):
    """One test of the suite, its fixtures filled as pytest would."""
    contract = QuestionnaireScorerContract()
    sheets = sample_sheets(scorer.form(), {})
    given = {"scorer": scorer, "settings": {}, "sheets": sheets, "scales": tuple(SCALES), **more}
    method = getattr(contract, test)
    names = method.__code__.co_varnames[1 : method.__code__.co_argcount]
    method(**{name: given[name] for name in names})


class MakesUpAnswers(Good):
    def score(self, sheet, settings):
        answers = {**dict.fromkeys((1, 2, 3, 4), 1), **sheet.answers}
        return super().score(replace(sheet, answers=answers), settings)


class IgnoresStrangers(Good):
    def score(self, sheet, settings):
        answers = {n: sheet.answers[n] for n in (1, 2, 3, 4) if n in sheet.answers}
        return super().score(replace(sheet, answers=answers), settings)


class Coerces(Good):
    def score(self, sheet, settings):
        answers = {
            item: int(value) if isinstance(value, (str, float, bool)) and value != "" else value
            for item, value in sheet.answers.items()
        }
        return super().score(replace(sheet, answers=answers), settings)


class NamesNoItem(Good):
    def score(self, sheet, settings):
        try:
            return super().score(sheet, settings)
        except SheetInvalid:
            raise SheetInvalid({}) from None


class LooksAtTheClock(Good):
    def score(self, sheet, settings):
        datetime.now(UTC)
        return super().score(sheet, settings)


class RollsDice(Good):
    def conclude(self, scores):
        result = super().conclude(scores)
        return replace(result, cut_offs={"是": random.randint(1, 99)})


class LooksAtOneAnswer(Good):
    def score(self, sheet, settings):
        result = super().score(sheet, settings)
        return replace(result, cut_offs={"是": 41}) if sheet.answers[1] == 5 else result


class DependsOnTheOrder(Good):
    def score(self, sheet, settings):
        result = super().score(sheet, settings)
        return replace(result, cut_offs={"是": next(iter(sheet.answers))})


class RoundsToFloat(Good):
    def scale(self, name, raw):
        score = super().scale(name, raw)
        return replace(score, converted=round(float(score.converted), 1))


class NamesTheHighestAnyway(Good):
    def conclude(self, scores):
        return replace(super().conclude(scores), types=("A",))


class AnyVariant(Good):
    def check(self, sheet):
        super().check(replace(sheet, sex="female"))


class AnyForm(Good):
    def check(self, sheet):
        super().check(replace(sheet, form_code="good-4"))


class Marked(Good):
    def form(self):
        return replace(super().form(), intro={"zh_CN": "<b>文字</b>", "en": "text"})


class MarkedAdvice(Good):
    def advise(self, result, locale):
        return [replace(row, features="a &amp; b") for row in super().advise(result, locale)]


class WithoutEnglish(Good):
    def form(self):
        return replace(super().form(), titles={"zh_CN": "文字"})


class TwiceTheSameItem(Good):
    def form(self):
        form = super().form()
        return replace(form, items=(*form.items, form.items[0]))


class OneVariant(Good):
    def form(self):
        form = super().form()
        lone = ItemDefinition(4, {}, {"female": BOTH})
        return replace(form, items=(*form.items[:3], lone))


class NoAdviceForTheLast(Good):
    def advise(self, result, locale):
        return [row for row in super().advise(result, locale) if row.scale != "B"]


class UntranslatedAdvice(Good):
    def advise(self, result, locale):
        return super().advise(result, "zh_CN")


class AdvisesNobody(Good):
    def advise(self, result, locale):
        return super().advise(result, locale) or super().advise(
            replace(result, types=("A",)), locale
        )


class AnotherForm(Good):
    info = ScorerInfo("good", "1", "other", "1", "w1", "好", "无")


@pytest.mark.parametrize(
    ("faulty", "test"),
    [
        (MakesUpAnswers, "test_no_answer_is_made_up"),
        (NamesNoItem, "test_no_answer_is_made_up"),
        (IgnoresStrangers, "test_extra_items_are_refused"),
        (LooksAtTheClock, "test_it_is_pure"),
        (RollsDice, "test_same_sheet_same_bytes"),
        (RollsDice, "test_it_is_pure"),
        (LooksAtOneAnswer, "test_verdict_follows_from_the_raw_sums"),
        (DependsOnTheOrder, "test_same_sheet_same_bytes"),
        (RoundsToFloat, "test_result_is_well_formed"),
        (NamesTheHighestAnyway, "test_result_is_well_formed"),
        (AnyVariant, "test_foreign_sheets_are_refused"),
        (AnyForm, "test_foreign_sheets_are_refused"),
        (Marked, "test_texts_carry_no_markup"),
        (MarkedAdvice, "test_texts_carry_no_markup"),
        (WithoutEnglish, "test_form_is_well_formed"),
        (TwiceTheSameItem, "test_form_is_well_formed"),
        (OneVariant, "test_form_is_well_formed"),
        (NoAdviceForTheLast, "test_advice_covers_every_type"),
        (UntranslatedAdvice, "test_advice_covers_every_type"),
        (AdvisesNobody, "test_advice_covers_every_type"),
        (AnotherForm, "test_it_says_what_it_is"),
    ],
)
def test_a_fault_is_found(faulty, test):
    _run(test, Good())
    with pytest.raises(AssertionError):
        _run(test, faulty())


@pytest.mark.parametrize(
    ("value", "problem"),
    [(True, "not_an_integer"), (2.0, "not_an_integer"), ("3", "not_an_integer")],
)
def test_coercion_is_found(value, problem):
    test = "test_impossible_answers_are_refused"
    _run(test, Good(), value=value, problem=problem)
    with pytest.raises(AssertionError):
        _run(test, Coerces(), value=value, problem=problem)


@pytest.mark.parametrize(
    "change", [{"raw": {"A": 8}}, {"raw": {"C": 1}}, {"types": ("A",)}, {"status": "balanced"}]
)
def test_a_wrong_vector_is_found(change):
    vector = PublishedVector("one", {1: 1, 2: 1, 3: 5, 4: 1}, {"A": 7})
    _run("test_published_vectors", Good(), vectors=[vector])
    with pytest.raises(AssertionError, match="one"):
        _run("test_published_vectors", Good(), vectors=[replace(vector, **change)])


def test_samples_are_the_same_in_every_run():
    form = Good().form()
    assert sample_sheets(form, {}) == sample_sheets(form, {})
    assert {sheet.sex for sheet in sample_sheets(form, {})} == {"female", "male"}
    assert isinstance(sample_sheets(form, {})[0], Sheet)
