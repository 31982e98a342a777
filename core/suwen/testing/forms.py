"""What a questionnaire scorer says: its form, its wording and its advice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import pytest

from suwen.hookspecs.questionnaire import (
    FormDefinition,
    QuestionnaireScorer,
    ScoreResult,
    Sheet,
)
from suwen.testing.sheets import SEXES, sample_sheets

LOCALES: Final = ("zh_CN", "en")
_MARKUP: Final = re.compile(r"[<>\x00-\x08\x0b-\x1f\x7f]|&#?\w+;|\]\(|\*\*")


class FormContract:
    """The part of the questionnaire contract that reads; see ``QuestionnaireScorerContract``."""

    @pytest.fixture
    def scorer(self) -> QuestionnaireScorer:
        """The scorer under test."""
        raise NotImplementedError("a subclass gives the scorer")

    @pytest.fixture
    def measures(self) -> Mapping[str, str]:
        """Measures that a sheet of the form needs beside its answers."""
        return {}

    @pytest.fixture
    def settings(self, scorer: QuestionnaireScorer) -> Mapping[str, Any]:
        """The settings of a region that chose nothing."""
        return MappingProxyType(scorer.settings_schema().deserialize({}))

    @pytest.fixture
    def sheets(self, scorer: QuestionnaireScorer, measures: Mapping[str, str]) -> Sequence[Sheet]:
        """Sheets of all kinds, the same ones in every run."""
        return sample_sheets(scorer.form(), measures)

    @pytest.fixture
    def scales(
        self, scorer: QuestionnaireScorer, settings: Mapping[str, Any], sheets: Sequence[Sheet]
    ) -> tuple[str, ...]:
        """Codes of the scales in the order scored."""
        return tuple(score.scale for score in scorer.score(sheets[0], settings).scores)

    def test_it_says_what_it_is(self, scorer: QuestionnaireScorer) -> None:
        """Codes, versions and the name of the standard, which results are stored with."""
        assert isinstance(scorer, QuestionnaireScorer), "does not follow the Protocol"
        info, form = scorer.info, scorer.form()
        for name in ("code", "version", "form_code", "form_version", "wording_version"):
            text = getattr(info, name)
            assert text, f"info.{name} is empty"
            assert text.isascii(), f"info.{name} is a code: {text!r}"
        assert info.title, "info.title is empty"
        assert info.standard, "info.standard is empty"
        assert (form.code, form.version) == (info.form_code, info.form_version)
        assert info.min_age >= 0
        assert info.max_age is None or info.max_age >= info.min_age
        assert scorer.form() == form, "the form changes from call to call"

    def test_form_is_well_formed(self, scorer: QuestionnaireScorer) -> None:
        """Ids and options are unique; everything is there in both languages."""
        form = scorer.form()
        ids = [item.id for item in form.items]
        assert ids, "the form has no item"
        assert len(set(ids)) == len(ids), "an item id is used twice"
        assert all(type(number) is int for number in ids), "an item id is not an integer"
        values = [option.value for option in form.options]
        assert len(values) > 1, "the form has fewer than two options"
        assert len(set(values)) == len(values), "an option is given twice"
        assert all(type(value) is int for value in values), "an option is not an integer"
        for item in form.items:
            # An item with variants needs no common text: the sex decides which one is shown.
            assert item.texts or item.variants, f"item {item.id} has no text"
            assert not item.variants or set(item.variants) == set(SEXES), f"item {item.id}"
        for name, texts in _form_texts(form):
            for locale in LOCALES:
                assert texts.get(locale, "").strip(), f"{name} has no text in {locale}"

    def test_texts_carry_no_markup(
        self, scorer: QuestionnaireScorer, scales: tuple[str, ...]
    ) -> None:
        """Plain text only: pages, PDF and messages escape it each in their own way."""
        texts = [(name, text) for name, by in _form_texts(scorer.form()) for text in by.values()]
        everything = _naming(scales)
        for locale in LOCALES:
            for section in scorer.advise(everything, locale):
                parts = (
                    section.title,
                    section.features,
                    *(t for row in section.advice for t in row),
                )
                texts += [(f"advice for {section.scale}", part) for part in parts]
        for name, text in texts:
            assert not _MARKUP.search(text), f"{name} holds markup: {text!r}"

    def test_advice_covers_every_type(
        self, scorer: QuestionnaireScorer, scales: tuple[str, ...]
    ) -> None:
        """Features and advice in both languages for each type, in the order named."""
        chinese, english = (scorer.advise(_naming(scales), locale) for locale in LOCALES)
        for sections in (chinese, english):
            assert tuple(section.scale for section in sections) == scales
            for section in sections:
                assert section.title.strip(), section.scale
                assert section.features.strip(), section.scale
                assert section.advice, f"{section.scale} has no advice"
                assert all(name.strip() and text.strip() for name, text in section.advice)
        for one, other in zip(chinese, english, strict=True):
            assert one.features != other.features, f"{one.scale} is not translated"
            assert len(one.advice) == len(other.advice), one.scale
        named = scorer.advise(_naming(scales[-1:], scales[:1]), LOCALES[0])
        assert [section.scale for section in named] == [scales[-1], scales[0]]
        assert not scorer.advise(_naming(()), LOCALES[0]), "advice where no type is named"


def _form_texts(form: FormDefinition) -> list[tuple[str, Mapping[str, str]]]:
    texts = [("the title", form.titles), ("the introduction", form.intro)]
    texts += [(f"option {option.value}", option.labels) for option in form.options]
    for item in form.items:
        if item.texts:
            texts.append((f"item {item.id}", item.texts))
        texts += [(f"item {item.id}, {sex}", text) for sex, text in item.variants.items()]
    return texts


def _naming(types: Sequence[str], tendencies: Sequence[str] = ()) -> ScoreResult:
    return ScoreResult((), tuple(types), tuple(tendencies), "biased" if types else "undetermined")
