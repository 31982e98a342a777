"""What is sealed: the draft of a session and the findings of a result, as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from suwen.hookspecs.questionnaire import ScaleScore, ScoreResult


@dataclass(frozen=True, slots=True)
class Draft:
    """Answers so far. ``moments`` are milliseconds from the beginning to each answer."""

    sex: str | None = None
    answers: Mapping[int, int] = field(default_factory=dict)
    moments: Mapping[int, int] = field(default_factory=dict)

    def with_answer(self, item: int, value: int | None, moment: int | None = None) -> Draft:
        """The draft with one answer given, changed, or with None taken back.

        Without ``moment`` it is not known when the answer came.
        """
        answers = {key: old for key, old in self.answers.items() if key != item}
        moments = {key: old for key, old in self.moments.items() if key != item}
        if value is not None:
            answers[item] = value
            if moment is not None:
                moments[item] = moment
        return Draft(self.sex, answers, moments)

    def dumps(self) -> str:
        """As JSON text."""
        parts = {"sex": self.sex, "answers": dict(self.answers), "moments": dict(self.moments)}
        return json.dumps(parts)

    @classmethod
    def loads(cls, text: bytes) -> Draft:
        """From JSON text."""
        parts = json.loads(text)
        return cls(parts["sex"], _by_number(parts["answers"]), _by_number(parts["moments"]))


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that a result says. ``age`` is in years at answering."""

    answers: Mapping[int, int]
    outcome: ScoreResult
    sex: str | None = None
    age: int | None = None
    measures: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def dumps(self) -> str:
        """As JSON text; converted scores keep numerator and denominator."""
        parts = {
            "answers": dict(self.answers),
            "sex": self.sex,
            "age": self.age,
            "measures": dict(self.measures),
            "flags": self.flags,
            "scores": [_score_out(score) for score in self.outcome.scores],
            "types": self.outcome.types,
            "tendencies": self.outcome.tendencies,
            "status": self.outcome.status,
            "cut_offs": dict(self.outcome.cut_offs),
        }
        return json.dumps(parts, ensure_ascii=False)

    @classmethod
    def loads(cls, text: bytes) -> Findings:
        """From JSON text."""
        parts = json.loads(text)
        outcome = ScoreResult(
            scores=tuple(_score_in(row) for row in parts["scores"]),
            types=tuple(parts["types"]),
            tendencies=tuple(parts["tendencies"]),
            status=parts["status"],
            cut_offs=parts["cut_offs"],
        )
        return cls(
            answers=_by_number(parts["answers"]),
            outcome=outcome,
            sex=parts["sex"],
            age=parts["age"],
            measures=parts["measures"],
            flags=tuple(parts["flags"]),
        )


def _score_out(score: ScaleScore) -> dict[str, str | int | None]:
    return {
        "scale": score.scale,
        "title": score.title,
        "raw": score.raw,
        "numerator": score.converted.numerator,
        "denominator": score.converted.denominator,
        "verdict": score.verdict,
        "distance": score.distance,
    }


def _score_in(row: dict[str, object]) -> ScaleScore:
    parts = dict(row)
    converted = Fraction(parts.pop("numerator"), parts.pop("denominator"))  # type: ignore[call-overload]
    return ScaleScore(converted=converted, **parts)  # type: ignore[arg-type]


def _by_number(values: Mapping[str, int]) -> dict[int, int]:
    return {int(key): value for key, value in values.items()}
