"""The constitution report: what a result says, in the reader's language.

It is built from the stored numbers alone. Advice comes from the scorer's own texts and is missing
once the scorer is uninstalled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog
from markupsafe import Markup

from suwen.kernel.i18n import _
from suwen.questionnaires.figures import one_decimal
from suwen.questionnaires.radar import FEWEST, radar_svg
from suwen.questionnaires.words import FLAGS, LIKELY, MOSTLY, NO, YES

if TYPE_CHECKING:
    from suwen.hookspecs.questionnaire import (
        AdviceSection,
        QuestionnaireScorer,
        ScaleScore,
        ScoreResult,
    )
    from suwen.questionnaires.results import Reading

log = structlog.get_logger(__name__)

Translate = Callable[[str], str]

_CALM: Final = frozenset({"balanced", "mostly_balanced"})
_SENTENCES: Final = {
    "balanced": _("您的体质为${types}"),
    "mostly_balanced": _("您的体质基本是${types}"),
    "biased": _("您的体质为${types}"),
    "tendency_only": _("没有判定为某一种体质"),
    "undetermined": _("未达判定标准"),
}
_MIXED: Final = _("您的体质为${types}（兼夹）")
_TENDENCIES: Final = _("并有${types}的倾向")
_ONLY_TENDENCIES: Final = _("但有${types}的倾向，请留意相应的生活调养")
_UNDETERMINED: Final = _(
    "各项得分都没有到判定界线，本次不判定体质类型，也不给出分型建议。"
    "下面列出各项得分和距界线的差距供您参考，需要时可请专家评估。"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One scale in the table. ``distance`` is in raw points to the next cut-off above."""

    scale: str
    title: str
    raw: int
    converted: str
    verdict: str
    tone: str
    distance: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """What the page shows. ``radar`` is None where a chart says nothing."""

    sentence: str
    explanation: str
    tone: str
    lines: Sequence[Line]
    radar: Markup | None
    sections: Sequence[AdviceSection]
    remarks: Sequence[str]
    has_scorer: bool


def build(
    reading: Reading, scorer: QuestionnaireScorer | None, locale: str, translate: Translate
) -> Report:
    """The report of a result; ``translate`` gives a message id in the reader's language."""
    outcome = reading.findings.outcome
    lines = [_line(score, outcome.status, translate) for score in outcome.scores]
    return Report(
        sentence=_sentence(outcome, translate),
        explanation=_explanation(outcome, translate),
        tone=_status_tone(outcome.status),
        lines=lines,
        radar=_radar(outcome, lines, translate),
        sections=advice(outcome, scorer, locale),
        remarks=[translate(FLAGS[flag]) for flag in reading.findings.flags if flag in FLAGS],
        has_scorer=scorer is not None,
    )


def advice(
    outcome: ScoreResult, scorer: QuestionnaireScorer | None, locale: str
) -> Sequence[AdviceSection]:
    """Features and advice from the installed scorer; none for an undetermined result."""
    if scorer is None or outcome.status == "undetermined":
        return ()
    try:
        return tuple(scorer.advise(outcome, locale))
    except Exception:
        # A newer package may no longer know a type; the numbers stay readable all the same.
        log.exception("questionnaire.advice_failed", scorer=scorer.info.code)
        return ()


def _line(score: ScaleScore, status: str, translate: Translate) -> Line:
    return Line(
        scale=score.scale,
        title=translate(_(score.title)),
        raw=score.raw,
        converted=one_decimal(score.converted),
        verdict=translate(_(score.verdict)),
        tone=_verdict_tone(score.verdict, status),
        distance=score.distance,
    )


def _verdict_tone(verdict: str, status: str) -> str:
    if verdict == YES:
        return "ok" if status in _CALM else "warn"
    return {MOSTLY: "ok", LIKELY: "info", NO: "none"}.get(verdict, "none")


def _status_tone(status: str) -> str:
    if status in _CALM:
        return "ok"
    return "warn" if status == "biased" else "info"


def _sentence(outcome: ScoreResult, translate: Translate) -> str:
    mixed = outcome.status == "biased" and len(outcome.types) > 1
    text = _MIXED if mixed else _SENTENCES.get(outcome.status, _SENTENCES["undetermined"])
    return translate(text % {"types": _names(outcome, outcome.types, translate)})


def _explanation(outcome: ScoreResult, translate: Translate) -> str:
    if outcome.status == "undetermined":
        return translate(_UNDETERMINED)
    if not outcome.tendencies:
        return ""
    text = _ONLY_TENDENCIES if outcome.status == "tendency_only" else _TENDENCIES
    return translate(text % {"types": _names(outcome, outcome.tendencies, translate)})


def _names(outcome: ScoreResult, scales: Sequence[str], translate: Translate) -> str:
    titles = {score.scale: translate(_(score.title)) for score in outcome.scores}
    return translate(_("、")).join(titles.get(scale, scale) for scale in scales)


def _radar(outcome: ScoreResult, lines: Sequence[Line], translate: Translate) -> Markup | None:
    if len(lines) < FEWEST:
        return None
    spoken = _("${title} ${score} 分，${verdict}")
    parts = [
        translate(spoken % {"title": line.title, "score": line.converted, "verdict": line.verdict})
        for line in lines
    ]
    svg = radar_svg(
        [score.converted for score in outcome.scores],
        {translate(_(name)): value for name, value in outcome.cut_offs.items()},
        [line.title for line in lines],
        translate(_("各项得分雷达图")),
        translate(_("；")).join(parts),
    )
    return Markup(svg)  # noqa: S704 - radar_svg escapes every text it is given
