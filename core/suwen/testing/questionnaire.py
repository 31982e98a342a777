"""Contract suite of the questionnaire family.

Subclass it in the tests of a scorer plugin::

    class TestContract(QuestionnaireScorerContract):
        @pytest.fixture
        def scorer(self) -> QuestionnaireScorer:
            return MyScorer()

        @pytest.fixture
        def vectors(self) -> Sequence[PublishedVector]:
            return read_vectors()

Every test asks the scorer only through its Protocol, so it holds for any form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

import pytest

from suwen.hookspecs.questionnaire import (
    QuestionnaireScorer,
    ScoreResult,
    Sheet,
)
from suwen.testing.forms import LOCALES, FormContract
from suwen.testing.purity import impure_calls
from suwen.testing.sheets import (
    SEXES,
    item_effects,
    refused,
    same_raws,
    with_answers,
)

STATUSES: Final = frozenset(
    {"balanced", "mostly_balanced", "biased", "tendency_only", "undetermined"}
)
_FULL: Final = 100


@dataclass(frozen=True, slots=True)
class PublishedVector:
    """A sheet with its known outcome. What is left empty is not compared."""

    name: str
    answers: Mapping[int, int]
    raw: Mapping[str, int] = field(default_factory=dict)
    verdicts: Mapping[str, str] = field(default_factory=dict)
    types: tuple[str, ...] | None = None
    tendencies: tuple[str, ...] | None = None
    status: str | None = None
    sex: str = SEXES[0]
    measures: Mapping[str, str] = field(default_factory=dict)


class QuestionnaireScorerContract(FormContract):
    """What every scorer must do. Subclass it and give ``scorer``; ``vectors`` is welcome."""

    @pytest.fixture
    def vectors(self) -> Sequence[PublishedVector]:
        """Published or hand-checked sheets."""
        return ()

    def test_result_is_well_formed(
        self,
        scorer: QuestionnaireScorer,
        settings: Mapping[str, Any],
        sheets: Sequence[Sheet],
        scales: tuple[str, ...],
    ) -> None:
        """Exact scores in range, types among the scales, a status that fits them."""
        assert len(set(scales)) == len(scales), "a scale is scored twice"
        for sheet in sheets:
            result = scorer.score(sheet, settings)
            assert tuple(score.scale for score in result.scores) == scales
            for score in result.scores:
                assert type(score.raw) is int, f"{score.scale}: raw is not an integer"
                assert type(score.converted) is Fraction, f"{score.scale}: not an exact fraction"
                assert 0 <= score.converted <= _FULL, f"{score.scale}: {score.converted}"
                assert score.verdict, f"{score.scale} has no verdict"
                assert score.title, f"{score.scale} has no title"
                assert score.distance is None or score.distance > 0, f"{score.scale}: distance"
            _check_status(result, scales)

    def test_same_sheet_same_bytes(
        self, scorer: QuestionnaireScorer, settings: Mapping[str, Any], sheets: Sequence[Sheet]
    ) -> None:
        """Twice the same sheet, and once with its answers in another order."""
        for sheet in sheets:
            first = repr(scorer.score(sheet, settings)).encode()
            assert repr(scorer.score(sheet, settings)).encode() == first, "differs when repeated"
            turned = with_answers(sheet, dict(reversed(list(sheet.answers.items()))))
            again = repr(scorer.score(turned, settings)).encode()
            assert again == first, "depends on the order in which the answers came"

    def test_no_answer_is_made_up(
        self, scorer: QuestionnaireScorer, settings: Mapping[str, Any], sheets: Sequence[Sheet]
    ) -> None:
        """A sheet that lacks any one item, or all, is refused and the items are named."""
        sheet = sheets[0]
        for item in sheet.answers:
            rest = {key: value for key, value in sheet.answers.items() if key != item}
            found = refused(scorer, with_answers(sheet, rest), settings)
            assert found == {str(item): "missing"}, f"item {item} missing: {found}"
        found = refused(scorer, with_answers(sheet, {}), settings)
        assert found == {str(item): "missing" for item in sheet.answers}

    def test_extra_items_are_refused(
        self, scorer: QuestionnaireScorer, settings: Mapping[str, Any], sheets: Sequence[Sheet]
    ) -> None:
        """An item of another form does not slip in."""
        sheet = sheets[0]
        stranger = max(sheet.answers) + 1
        for key in (stranger, 0, -1, f"{stranger}", "text"):
            answers: dict[Any, int] = {**sheet.answers, key: next(iter(sheet.answers.values()))}
            found = refused(scorer, with_answers(sheet, answers), settings)
            assert found == {str(key): "unknown"}, f"extra item {key!r}: {found}"

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            ("below", "out_of_range"),
            ("above", "out_of_range"),
            (10**30, "out_of_range"),
            (2.0, "not_an_integer"),
            (2.5, "not_an_integer"),
            (True, "not_an_integer"),
            ("3", "not_an_integer"),
            ("", "not_an_integer"),
            (None, "not_an_integer"),
            (Fraction(3), "not_an_integer"),
        ],
    )
    def test_impossible_answers_are_refused(
        self,
        scorer: QuestionnaireScorer,
        settings: Mapping[str, Any],
        sheets: Sequence[Sheet],
        value: Any,
        problem: str,
    ) -> None:
        """Anything but one of the options, at any item, is refused and named."""
        values = [option.value for option in scorer.form().options]
        value = {"below": min(values) - 1, "above": max(values) + 1}.get(value, value)
        sheet = sheets[0]
        for item in sheet.answers:
            answers = {**sheet.answers, item: value}
            found = refused(scorer, with_answers(sheet, answers), settings)
            assert found == {str(item): problem}, f"item {item} = {value!r}: {found}"

    def test_foreign_sheets_are_refused(
        self, scorer: QuestionnaireScorer, settings: Mapping[str, Any], sheets: Sequence[Sheet]
    ) -> None:
        """Form and version are checked with the answers, and so is the variant shown."""
        good = sheets[0]
        code, version, answers = good.form_code, good.form_version, good.answers
        foreign = [Sheet(f"{code}x", version, answers, good.sex, good.measures)]
        foreign.append(Sheet(code, f"{version}x", answers, good.sex, good.measures))
        if any(item.variants for item in scorer.form().items):
            foreign.append(Sheet(code, version, answers, None, good.measures))
            foreign.append(Sheet(code, version, answers, "unheard-of", good.measures))
        for sheet in foreign:
            assert refused(scorer, sheet, settings), f"scored {sheet}"

    def test_verdict_follows_from_the_raw_sums(
        self, scorer: QuestionnaireScorer, settings: Mapping[str, Any], sheets: Sequence[Sheet]
    ) -> None:
        """Sheets with the same raw sums have the same result, whatever the single answers."""
        effects = item_effects(scorer, sheets[0], settings)
        for sheet in sheets:
            result = scorer.score(sheet, settings)
            for other in same_raws(sheet, effects):
                twin = scorer.score(other, settings)
                raws = [score.raw for score in result.scores]
                assert [score.raw for score in twin.scores] == raws, "effects of items are not even"
                assert twin == result, f"same raw sums, another result: {other.answers}"

    def test_it_is_pure(
        self, scorer: QuestionnaireScorer, settings: Mapping[str, Any], sheets: Sequence[Sheet]
    ) -> None:
        """No clock, no chance, nothing from outside; the arguments are only read."""
        sheet = with_answers(sheets[-1], MappingProxyType(dict(sheets[-1].answers)))
        result = scorer.score(sheet, settings)
        calls = impure_calls(lambda: scorer.score(sheet, settings))
        calls += impure_calls(scorer.form)
        for locale in LOCALES:
            calls += impure_calls(lambda name=locale: scorer.advise(result, name))  # type: ignore[misc]
        assert not calls, f"not pure: {', '.join(calls)}"

    def test_published_vectors(
        self,
        scorer: QuestionnaireScorer,
        settings: Mapping[str, Any],
        vectors: Sequence[PublishedVector],
    ) -> None:
        """Known sheets have their known outcome."""
        code, version = scorer.info.form_code, scorer.info.form_version
        for vector in vectors:
            sheet = Sheet(code, version, vector.answers, vector.sex, vector.measures)
            result = scorer.score(sheet, settings)
            raw = {score.scale: score.raw for score in result.scores}
            verdicts = {score.scale: score.verdict for score in result.scores}
            assert raw | dict(vector.raw) == raw, vector.name
            assert verdicts | dict(vector.verdicts) == verdicts, vector.name
            for name in ("types", "tendencies", "status"):
                known = getattr(vector, name)
                assert known is None or getattr(result, name) == known, f"{vector.name}: {name}"


def _check_status(result: ScoreResult, scales: tuple[str, ...]) -> None:
    status, types, tendencies = result.status, result.types, result.tendencies
    assert status in STATUSES, f"unknown status {status}"
    assert set(types) <= set(scales), "a type is no scale"
    assert set(tendencies) <= set(scales), "a tendency is no scale"
    assert not set(types) & set(tendencies), "a type is named twice"
    assert bool(types) == (status in {"balanced", "mostly_balanced", "biased"}), status
    if status in {"balanced", "undetermined"}:
        assert not tendencies, status
    if status == "tendency_only":
        assert tendencies, status
    assert all(0 <= line <= _FULL for line in result.cut_offs.values()), "cut-off out of range"
