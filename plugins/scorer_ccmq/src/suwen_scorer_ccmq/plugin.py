"""Entry point of the plugin ``scorer_ccmq``."""

from __future__ import annotations

from collections.abc import Sequence

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.questionnaire import QuestionnaireScorer
from suwen.kernel.i18n import _
from suwen_scorer_ccmq.scorer import CcmqScorer

plugin_info = PluginInfo(
    id="scorer_ccmq",
    title=_("中医体质辨识（成人）"),
    family="questionnaire",
    description=_("按 ZYYXH/T157-2009 计分的成人体质自测问卷，60 题、九种体质"),
)


@hookimpl
def suwen_questionnaire_scorers() -> Sequence[QuestionnaireScorer]:
    """The adult form."""
    return (CcmqScorer(),)
