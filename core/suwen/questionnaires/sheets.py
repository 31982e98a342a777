"""Answer sheets as they come in, and what is said about them. Nothing here reads or writes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final

from suwen.hookspecs.questionnaire import FormDefinition, Sheet
from suwen.kernel.i18n import _

FAST: Final = timedelta(seconds=1)
"""A median below this per item is worth a second look by an expert."""
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,3}", re.ASCII)
_SHOWN: Final = 20


def whole(text: Any) -> Any:
    """A whole number written in ASCII digits as an int; anything else as it is, to be refused."""
    return int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) else text


def by_item(answers: Mapping[Any, Any]) -> dict[Any, Any]:
    """Answers by item number; JSON and forms know text keys only. Values stay as they are."""
    return {whole(item): value for item, value in answers.items()}


def acceptable(form: FormDefinition, answers: Mapping[Any, Any]) -> dict[int, int]:
    """Those answers that could stand in a finished sheet."""
    items = {item.id for item in form.items}
    values = {option.value for option in form.options}
    return {
        item: value
        for item, value in answers.items()
        if type(item) is int and item in items and type(value) is int and value in values
    }


def refusals(form: FormDefinition, findings: Mapping[str, str]) -> dict[str, str]:
    """A scorer's findings as messages by field, items in the order shown."""
    order = {str(item.id): place for place, item in enumerate(form.items)}
    ranked = sorted(findings.items(), key=lambda pair: order.get(pair[0], len(order)))
    return {_field(name, order): _message(form, name, problem, order) for name, problem in ranked}


def _field(name: str, order: Mapping[str, int]) -> str:
    if name == "sex" or name.startswith("measures."):
        return name[: _SHOWN * 2]
    return f"answers.{name if name in order else name[:_SHOWN]}"


def _message(form: FormDefinition, name: str, problem: str, order: Mapping[str, int]) -> str:
    values = [option.value for option in form.options]
    place = order[name] + 1 if name in order else name[:_SHOWN]
    numbers = {"n": place, "low": min(values), "high": max(values)}
    return _MESSAGES.get(problem, _MESSAGES["unknown"]) % numbers  # type: ignore[no-any-return]


_MESSAGES: Final = {
    "missing": _("请回答第 ${n} 题"),
    "out_of_range": _("第 ${n} 题的答案应在 ${low} 到 ${high} 之间"),
    "not_an_integer": _("第 ${n} 题的答案应为 ${low} 到 ${high} 的整数"),
    "unknown": _("这份问卷没有第 ${n} 项"),
}


def canonical(sheet: Sheet, wording_version: str) -> bytes:
    """The sheet as bytes: equal sheets, and only they, are equal."""
    parts = {
        "form": [sheet.form_code, sheet.form_version, wording_version],
        "answers": sorted(sheet.answers.items()),
        "sex": sheet.sex,
        "measures": sorted(sheet.measures.items()),
    }
    return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def flags_of(
    answers: Mapping[int, int], moments: Mapping[int, int], taken: timedelta | None
) -> tuple[str, ...]:
    """What an expert should know: ``uniform`` (all answers equal), ``fast``.

    ``moments`` are milliseconds from the beginning to each item's answer, where every one was
    saved as it came; else the whole time ``taken`` counts, None where it is not known.
    """
    flags = ["uniform"] if len(set(answers.values())) == 1 and len(answers) > 1 else []
    pace = _pace(answers, moments, taken)
    if pace is not None and pace < FAST:
        flags.append("fast")
    return tuple(flags)


def _pace(
    answers: Mapping[int, int], moments: Mapping[int, int], taken: timedelta | None
) -> timedelta | None:
    if answers and set(answers) <= set(moments):
        times = [0, *sorted(moments[item] for item in answers)]
        return timedelta(milliseconds=median(b - a for a, b in pairwise(times)))
    return None if taken is None else taken / max(1, len(answers))
