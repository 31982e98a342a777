"""Questionnaires (量表): constitution forms, their answers, results and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.accounts.people.merging import PORT as MERGERS
from suwen.accounts.personal_data import Retention, keep_for, register
from suwen.kernel.i18n import _
from suwen.questionnaires import personal, tasks
from suwen.questionnaires.merging import merger
from suwen.questionnaires.services import questionnaires

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from suwen.kernel.house import House

__all__ = ["questionnaires"]

ROUTES = (
    ("questionnaires.list", "/questionnaires"),
    ("questionnaires.form", "/questionnaires/{form}"),
    ("questionnaires.answer", "/questionnaires/sessions/{session}"),
    ("questionnaires.save", "/questionnaires/sessions/{session}/answers"),
    ("questionnaires.abandon", "/questionnaires/sessions/{session}/abandon"),
    ("questionnaires.results", "/me/results"),
    ("questionnaires.result", "/me/results/{result}"),
)


def install(house: House) -> None:
    """Wire the house: what both the web process and a worker need."""
    house.jobs.periodic(
        "questionnaires.close_forgotten", lambda: tasks.close_forgotten(house), every_minutes=60
    )
    register(house, personal.QuestionnaireData(house))
    keep_for(
        house,
        Retention("questionnaires.abandoned", _("未完成的答题"), 90, 1, personal.purge_abandoned),
    )


def includeme(config: Configurator) -> None:
    """Mount pages and operations."""
    install(config.registry.house)
    config.registry.house.ports.setdefault(MERGERS, []).append(merger())
    for name, path in ROUTES:
        config.add_route(name, path)
    config.scan("suwen.questionnaires.views")
    config.add_suwen_nav("storefront.main", _("体质自测"), "questionnaires.list", order=20)
    config.add_suwen_nav(
        "storefront.member",
        _("测评结果"),
        "questionnaires.results",
        order=30,
        permission="member.private",
        icon="activity",
    )
