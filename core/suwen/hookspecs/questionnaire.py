"""Questionnaire scorers (量表计分): a versioned form and the pure rule that scores it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

from suwen import hookspec


@dataclass(frozen=True, slots=True)
class ScorerInfo:
    """``standard`` names the document the rule comes from. Ages are years at answering."""

    code: str
    version: str
    form_code: str
    form_version: str
    wording_version: str
    title: str
    standard: str
    min_age: int = 18
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class AnswerOption:
    """One allowed answer and its label per locale."""

    value: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """One question. ``texts`` maps locale to wording; ``variants`` maps a sex (``female``,
    ``male``) to such a mapping where the wording differs.
    """

    id: int
    texts: Mapping[str, str]
    variants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """Items in the order shown, and the answers they share."""

    code: str
    version: str
    titles: Mapping[str, str]
    intro: Mapping[str, str]
    items: tuple[ItemDefinition, ...]
    options: tuple[AnswerOption, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A complete set of answers. ``sex`` says which variants were shown."""

    form_code: str
    form_version: str
    answers: Mapping[int, int]
    sex: str | None = None
    measures: Mapping[str, str] = field(default_factory=dict)


class SheetInvalid(Exception):
    """The sheet is not complete or holds an impossible answer; nothing is scored.

    ``items`` maps the item id to ``missing``, ``out_of_range``, ``not_an_integer`` or ``unknown``.
    """

    def __init__(self, items: Mapping[str, str]) -> None:
        """Keep the finding per item."""
        super().__init__(f"{len(items)} items are not acceptable")
        self.items = dict(items)


@dataclass(frozen=True, slots=True)
class ScaleScore:
    """One scale. ``converted`` is exact (0 to 100); ``distance`` is raw points to the next cut-off
    above, None when there is none.
    """

    scale: str
    title: str
    raw: int
    converted: Fraction
    verdict: str
    distance: int | None = None


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """``types`` are the named types in order, ``tendencies`` the likely ones. ``status`` is
    ``balanced``, ``mostly_balanced``, ``biased``, ``tendency_only`` or ``undetermined``.
    """

    scores: tuple[ScaleScore, ...]
    types: tuple[str, ...]
    tendencies: tuple[str, ...]
    status: str
    cut_offs: Mapping[str, int] = field(default_factory=dict)
    """Converted-score lines to draw: for example {"是": 40, "倾向是": 30}."""


@dataclass(frozen=True, slots=True)
class AdviceSection:
    """General advice for one type; no drug and no promise of effect."""

    scale: str
    title: str
    features: str
    advice: tuple[tuple[str, str], ...]


@runtime_checkable
class QuestionnaireScorer(Protocol):
    """A form with its scoring rule. All methods are pure: same sheet, same result."""

    info: ScorerInfo
    settings_schema: type

    def form(self) -> FormDefinition:
        """The form that this scorer reads."""
        ...

    def score(self, sheet: Sheet, settings: Mapping[str, Any]) -> ScoreResult:
        """Score a complete sheet; raises ``SheetInvalid`` for any other."""
        ...

    def advise(self, result: ScoreResult, locale: str) -> Sequence[AdviceSection]:
        """Features and advice for the named types and tendencies."""
        ...


@hookspec
def suwen_questionnaire_scorers() -> Sequence[QuestionnaireScorer]:  # type: ignore[empty-body]
    """Register questionnaire scorers. Called once at start-up."""
